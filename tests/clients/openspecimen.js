// The calls of OpenSpecimen's own web pages about scheduled jobs, through axios as they make them: node openspecimen.js URL
// LOGIN PASSWORD TASK. Parameters go through URLSearchParams, without those that are null or undefined and with those that are
// empty; a failure is either 401 or an array of faults, of which a page shows `message (code)`. What was seen is one JSON object.
'use strict';
const axios = require('axios');

const [url, loginName, password, taskImplFqn] = process.argv.slice(2);
const http = axios.create({ baseURL: url + '/openspecimen/rest/ng/', headers: { 'X-OS-API-CLIENT': 'webui' } });

function params(given) {
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries(given || {})) {
        if (value !== null && value !== undefined) {
            search.append(name, value);
        }
    }
    return search;
}

async function get(path, query) {
    return (await http.get(path, { params: params(query) })).data;
}

async function failure(promise) {
    try {
        await promise;
    } catch (error) {
        const { status, data } = error.response;
        return status === 401 ? 401 : data.map(({ code, message }) => `${message} (${code})`);
    }
    return null;
}

const pause = () => new Promise((resolve) => setTimeout(resolve, 50));

async function ended(id) {
    for (;;) {
        const runs = await get(`scheduled-jobs/${id}/runs`, { maxResults: 100, fromDate: '', toDate: undefined, status: null });
        if (runs.length && runs[0].status !== 'IN_PROGRESS') {
            return runs;
        }
        await pause();
    }
}

async function main() {
    const seen = { stranger: await failure(get('scheduled-jobs')) };
    seen.wrong = await failure(http.post('sessions', { loginName, password: 'nope', domainName: 'openspecimen' }));
    const session = (await http.post('sessions', { loginName, password, domainName: 'openspecimen' })).data;
    http.defaults.headers['X-OS-API-TOKEN'] = session.token;

    const fresh = { name: `by axios ${Date.now()}`, type: 'INTERNAL', taskImplFqn, repeatSchedule: 'ONDEMAND',
        fixedArgs: 'result demo.csv id,name', startDate: new Date(), recipients: [], sharedWith: [], savedQuery: null, runAs: null };
    const job = (await http.post('scheduled-jobs', fresh)).data;
    seen.created = [typeof job.id, job.name === fresh.name, job.startDate === fresh.startDate.getTime(), job.isActiveJob];
    seen.again = await failure(http.post('scheduled-jobs', fresh));
    const list = await get('scheduled-jobs', { maxResults: '', query: '', type: '' });
    seen.listed = list.some(({ id }) => id === job.id);
    seen.counted = (await get('scheduled-jobs/count', { query: job.name, type: null })).count;

    // A form of edits sends back what it got.
    const got = await get(`scheduled-jobs/${job.id}`);
    const changed = { ...got, repeatSchedule: 'WEEKLY', scheduledDayOfWeek: 'FRIDAY', scheduledHour: '6', scheduledMinute: '30',
        startDate: new Date(got.startDate).toISOString(), recipients: [got.createdBy] };
    const put = (await http.put(`scheduled-jobs/${job.id}`, changed)).data;
    seen.changed = [put.repeatSchedule, put.scheduledHour, put.scheduledMinute, put.recipients.length,
        put.startDate === got.startDate];

    seen.run = (await http.post(`scheduled-jobs/${job.id}/runs`, { args: undefined })).data.id === job.id;
    const runs = await ended(job.id);
    seen.runs = [runs.length, runs[0].status, runs[0].rtArgs, runs[0].jobName === job.name];
    const day = new Date(Date.now() - 86400000).toISOString().slice(0, 16).replace('T', ' ');
    const ids = async (query) => (await get(`scheduled-jobs/${job.id}/runs`, query)).length;
    seen.bounded = [await ids({ fromDate: day, status: 'SUCCEEDED' }), await ids({ toDate: day }),
        await ids({ status: 'FAILED' })];
    // The link to a file is a plain one: a browser has the cookie and nothing else.
    const cookie = { Cookie: `osAuthToken=${encodeURIComponent(session.token)}` };
    const file = await axios.get(`${url}/openspecimen/rest/ng/scheduled-jobs/${job.id}/runs/${runs[0].id}/result-file`,
        { headers: cookie });
    seen.file = [runs[0].logFilePath, file.headers['content-type'], file.headers['content-disposition'], file.data];
    seen.noFile = await failure(get(`scheduled-jobs/${job.id}/runs/777777/result-file`));

    seen.removed = (await http.delete(`scheduled-jobs/${job.id}`, { data: {} })).data.activityStatus;
    seen.gone = await failure(get(`scheduled-jobs/${job.id}`));
    seen.out = (await http.delete('sessions')).data;
    seen.after = await failure(get('scheduled-jobs'));
    process.stdout.write(JSON.stringify(seen));
}

main();
