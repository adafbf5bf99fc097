// The npm client `altogic`, unmodified, for tests: node altogic.js. It reads one JSON object a line and writes one for each.
// {"url", "key", "options"} makes a client; {"call": "task.runOnce", "args": [...]} calls it and answers {"value"}, or
// {"rejected"}, or {"unsettled": true} when the promise has not settled within the deadline. An unhandled rejection, which
// would kill any program that uses the client, is told in place of whatever the next answer is: {"unhandled"}.
'use strict';
const readline = require('readline');
const { createClient } = require('altogic');

const DEADLINE_MS = Number(process.env.DEADLINE_MS || 20000);
const unhandled = [];

process.on('unhandledRejection', (reason) => unhandled.push(String(reason)));

function within(promise) {
    let timer;
    const deadline = new Promise((resolve) => {
        timer = setTimeout(() => resolve({ unsettled: true }), DEADLINE_MS);
    });
    const settled = promise.then((value) => ({ value: value ?? null }), (error) => ({ rejected: String(error) }));
    return Promise.race([settled, deadline]).finally(() => clearTimeout(timer));
}

let client = null;

async function answer(line) {
    const order = JSON.parse(line);
    if (order.url !== undefined) {
        client = createClient(order.url, order.key, order.options);
        return {};
    }
    const [manager, method] = order.call.split('.');
    // What JSON cannot say.
    const args = order.args.map((arg) => (arg === null ? undefined : arg));
    const told = await within((async () => client[manager][method](...args))());
    // A rejection is unhandled once the tasks that were queued with it have run.
    await new Promise((resolve) => setImmediate(resolve));
    return unhandled.length ? { unhandled: unhandled.splice(0) } : told;
}

async function main() {
    for await (const line of readline.createInterface({ input: process.stdin })) {
        process.stdout.write(JSON.stringify(await answer(line)) + '\n');
    }
}

main();
