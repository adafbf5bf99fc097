/*
 * A whole run with the generated TypeScript client: client.js BASE USER PASSWORD NAME. It is compiled strictly, so that
 * what it reads is what the description says. Prints what it saw as one line of JSON.
 *
 * This client hands out an answer that is a string as it came, with the quotes of JSON, and sends it back quoted again.
 */
import * as carillon from './generated';

declare const process: { argv: string[]; exitCode: number };

async function main(basePath: string, userName: string, password: string, name: string) {
	const login = new carillon.AuthenticationApi(new carillon.Configuration({ basePath, fetchApi: fetch }));
	const token = await login.authenticateUser({ body: { userName, password } });
	const configuration = new carillon.Configuration({ basePath, fetchApi: fetch, apiKey: () => token });
	const tasks = new carillon.TasksApi(configuration);
	const caller: carillon.Caller = await new carillon.AccessApi(configuration).whoAmI({});

	const body: carillon.Definition = {
		name,
		tasks: [{ name: 'main', command: ['/bin/sh', '-c', 'echo out'], env: { LANG: 'C' } }],
		triggers: [{ cron: '0 0 1 1 *', timeZone: 'Europe/Amsterdam' }],
		endDate: new Date(Date.UTC(2035, 0, 1)),
		overlap: carillon.DefinitionOverlapEnum.Skip,
	};
	const made: string = await tasks.createSchedule({ body, idempotencyKey: `typescript-${name}` });
	const again: string = await tasks.createSchedule({ body, idempotencyKey: `typescript-${name}` });
	const found: carillon.ScheduleView[] = await tasks.findSchedule({
		body: { searchCriteria: { searchValue: name, searchMatchType: 2 } },
	});
	const scheduleId = found[0].scheduleId;
	const schedule: carillon.Schedule = await tasks.getSchedule({ body: scheduleId });

	const execution: string = await tasks.runSchedule({ body: { scheduleId, checkTriggers: false } });
	const [{ id: taskId }] = await tasks.getTasksIds({ body: execution });
	const deadline = Date.now() + 60000;
	let status: carillon.ExecutionStatus = await tasks.getScheduleExecutionStatus({ body: execution });
	while ((status.status === 0 || status.status === 4) && Date.now() < deadline) {
		await new Promise((wake) => setTimeout(wake, 20));
		status = await tasks.getScheduleExecutionStatus({ body: execution });
	}
	const task: carillon.TaskView = await tasks.getTaskData({ body: taskId });
	const whole: carillon.Execution = await tasks.getExecution({ body: execution });
	const log: string = await tasks.getTaskLog({ body: { taskId } });

	const suspended: carillon.ModifiedItems = await tasks.suspendSchedule({ body: scheduleId });
	const held: carillon.Schedule = await tasks.getSchedule({ body: scheduleId });
	await tasks.resumeSchedule({ body: scheduleId });
	const deleted: carillon.ModifiedItems = await tasks.deleteSchedules({ body: [scheduleId] });
	const failure = await tasks.getSchedule({ body: scheduleId }).then(
		() => null,
		async (response: Response) => [response.status, await response.text()],
	);

	return {
		caller: [caller.userName, caller.role],
		same: made === again && made === `"${scheduleId}"` && schedule.scheduleId === scheduleId,
		schedule: [schedule.name, schedule.version, schedule.endDate?.getUTCFullYear(), schedule.triggers?.[0].timeZone],
		status: status.status,
		task: [task.id === taskId, task.status, task.startDate! <= task.endDate!],
		execution: [whole.origin, whole.tasks[0].attempts[0].exitCode],
		log,
		suspended: [suspended.success, suspended.modifiedList.map((one) => one.id === scheduleId)],
		held: [held.status, held.suspended?.by === caller.userId],
		deleted: deleted.success,
		failure,
	};
}

const [, , basePath, userName, password, name] = process.argv;
main(basePath, userName, password, name).then(
	(seen) => console.log(JSON.stringify(seen)),
	async (fault) => {
		console.error(fault, fault instanceof Response ? await fault.text() : '');
		process.exitCode = 1;
	},
);
