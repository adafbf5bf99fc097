/* `schedule run`, `execution list`, `cancel`, `show` and `log`. */
#include "ctl/ctl.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/id.h"
#include "ctl/print.h"

enum {
	POLL_MS = 200,
	POLL_FAILURES_MAX = 150, /* half a minute: the service may be on its way up again */
	SUCCEEDED = 1,
};

/* ---- run ---- */

static int
start_run(struct ctl *ctl, uint64_t schedule_id, uint64_t *id, struct err *err)
{
	struct ctl_request rq;
	struct ctl_reply reply;
	int ret;

	ctl_request_begin(&rq);
	json_object(rq.w);
	json_name(rq.w, "scheduleId");
	json_guid(rq.w, schedule_id);
	json_name(rq.w, "checkTriggers");
	json_bool(rq.w, false);
	json_end_object(rq.w);
	ret = ctl_ask(ctl, &ctl->arena, "tasks/runSchedule", &rq, &reply, err);
	if (ret)
		return ret;
	if (reply.value->type != JSON_STRING ||
	    id_parse(reply.value->text, reply.value->len, id))
		return err_fail(err, ERR_IO, "the service's answer: this is no execution id");
	if (!ctl_put_json(ctl, &reply))
		ctl_put_line(ctl_text_id(&ctl->arena, reply.value));
	/* Who waits wants to know now what he waits for. */
	fflush(stdout);
	return 0;
}

static int
read_status(struct ctl *ctl, struct arena *a, uint64_t id, int64_t *status,
    struct ctl_reply *reply, struct err *err)
{
	int ret = ctl_ask_id(ctl, a, "tasks/getScheduleExecutionStatus", id, reply, err);

	if (!ret && json_integer(json_member(reply->value, "status"), 0, 99, status))
		ret = err_fail(err, ERR_IO, "the service's answer: it has no status");
	return ret;
}

/* The service may restart meanwhile: the run's outcome is in the store, so asking again finds
 * it. */
static int
wait_for_end(struct ctl *ctl, uint64_t id, struct err *err)
{
	static const struct timespec pause = {.tv_nsec = POLL_MS * 1000000L};
	struct arena a = ARENA_INIT;
	struct ctl_reply reply;
	int64_t status;
	int ret, failures = 0;

	/* At the top: `failures` questions in a row were not answered. */
	for (;;) {
		ret = read_status(ctl, &a, id, &status, &reply, err);
		if (!ret && ctl_status_ended(status))
			break;
		failures = ret ? failures + 1 : 0;
		if (failures > POLL_FAILURES_MAX || (ret && ret != ERR_BUSY && ret != ERR_IO))
			break;
		arena_clear(&a);
		nanosleep(&pause, NULL);
	}
	if (!ret && !ctl_put_json(ctl, &reply))
		ctl_put_line(ctl_status_word(status));
	if (!ret && status != SUCCEEDED)
		ctl->exit = CTL_RUN_FAILED;
	arena_release(&a);
	return ret;
}

int
ctl_schedule_run(struct ctl *ctl, struct err *err)
{
	uint64_t schedule_id, id;
	int ret;

	ret = ctl_schedule_id(ctl, ctl->operands[0], &schedule_id, err);
	if (!ret)
		ret = start_run(ctl, schedule_id, &id, err);
	if (!ret && ctl->options.wait)
		ret = wait_for_end(ctl, id, err);
	return ret;
}

static int
get_execution(struct ctl *ctl, struct ctl_reply *reply, struct err *err)
{
	uint64_t id;
	int ret;

	ret = ctl_id(ctl->operands[0], "execution", &id, err);
	return ret ? ret : ctl_ask_id(ctl, &ctl->arena, "tasks/getExecution", id, reply, err);
}

static const char *
status_of(const struct json *object)
{
	int64_t status;

	return json_integer(json_member(object, "status"), 0, 99, &status)
		   ? "unknown"
		   : ctl_status_word(status);
}

/* ---- list and cancel ---- */

static void
query_schedule(void *ctx, struct json_writer *w)
{
	const uint64_t *id = ctx;

	if (!*id)
		return;
	json_name(w, "scheduleId");
	json_guid(w, *id);
}

static void
add_execution(struct ctl *ctl, struct table *t, const struct json *execution)
{
	table_cell(t, ctl_member_id(&ctl->arena, execution, "executionId"));
	table_cell(t, ctl_member_id(&ctl->arena, execution, "scheduleId"));
	table_cell(t, status_of(execution));
	table_cell(t, ctl_member(execution, "origin"));
	table_cell(t, ctl_member(execution, "triggeredDate"));
	table_cell(t, ctl_member(execution, "startDate"));
	table_cell(t, ctl_member(execution, "endDate"));
}

int
ctl_execution_list(struct ctl *ctl, struct err *err)
{
	static const char *const titles[] = {
	    "ID", "SCHEDULE", "STATUS", "ORIGIN", "TRIGGERED", "STARTED", "ENDED"};
	uint64_t id = 0;
	int ret = 0;

	if (ctl->operand_count)
		ret = ctl_schedule_id(ctl, ctl->operands[0], &id, err);
	return ret ? ret
		   : ctl_list(ctl, "tasks/listExecutions", query_schedule, &id, titles,
			 sizeof titles / sizeof *titles, add_execution, err);
}

int
ctl_execution_cancel(struct ctl *ctl, struct err *err)
{
	struct ctl_reply reply;
	uint64_t id;
	int ret;

	ret = ctl_id(ctl->operands[0], "execution", &id, err);
	if (!ret)
		ret = ctl_ask_id(ctl, &ctl->arena, "tasks/cancelExecution", id, &reply, err);
	if (!ret)
		ctl_put_json(ctl, &reply);
	return ret;
}

/* ---- show ---- */

static void
print_head(struct ctl *ctl, const struct json *execution, struct buf *out)
{
	static const char *const members[] = {
	    "origin", "due", "triggeredDate", "startDate", "endDate", "args"};
	static const char *const labels[] = {
	    "origin", "due", "triggered", "started", "ended", "args"};

	buf_addf(out, "execution  %s\n", ctl_member_id(&ctl->arena, execution, "executionId"));
	buf_addf(out, "schedule   %s\n", ctl_member_id(&ctl->arena, execution, "scheduleId"));
	buf_addf(out, "status     %s\n", status_of(execution));
	for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
		const char *text = ctl_member(execution, members[i]);

		if (!text)
			continue;
		buf_addf(out, "%-11s", labels[i]);
		print_text(out, text, strlen(text));
		buf_addc(out, '\n');
	}
}

/* A row for each attempt; a task without one has a row too. */
static void
add_task(struct ctl *ctl, struct table *t, const struct json *task)
{
	const struct json *attempts = json_member(task, "attempts");
	const struct json *attempt = attempts ? attempts->first : NULL;

	do {
		table_cell(t, ctl_member(task, "name"));
		table_cell(t, ctl_member_id(&ctl->arena, task, "taskId"));
		table_cell(t, status_of(task));
		table_cell(t, ctl_member(attempt, "attempt"));
		table_cell(t, ctl_member(attempt, "startDate"));
		table_cell(t, ctl_member(attempt, "endDate"));
		table_cell(t, ctl_member(attempt, "exitCode"));
		table_cell(t, ctl_member(attempt, "signal"));
		table_cell(t, ctl_member(attempt, "reason"));
		attempt = attempt ? attempt->next : NULL;
	} while (attempt);
}

int
ctl_execution_show(struct ctl *ctl, struct err *err)
{
	static const char *const titles[] = {
	    "TASK", "ID", "STATUS", "ATTEMPT", "STARTED", "ENDED", "EXIT", "SIGNAL", "REASON"};
	const struct json *tasks;
	struct buf out = BUF_INIT;
	struct ctl_reply reply;
	struct table t;
	int ret;

	ret = get_execution(ctl, &reply, err);
	if (ret || ctl_put_json(ctl, &reply))
		return ret;
	print_head(ctl, reply.value, &out);
	table_init(&t, titles, sizeof titles / sizeof *titles);
	tasks = json_member(reply.value, "tasks");
	for (const struct json *task = tasks ? tasks->first : NULL; task; task = task->next)
		add_task(ctl, &t, task);
	buf_addc(&out, '\n');
	table_print(&t, &out);
	ctl_put(&out);
	table_release(&t);
	buf_release(&out);
	return 0;
}

/* ---- log ---- */

/* The task that was named, or the only one there is. */
static int
choose_task(
    struct ctl *ctl, const struct json *execution, const char **task_id, struct err *err)
{
	const struct json *tasks = json_member(execution, "tasks");
	const char *wanted = ctl->options.task;

	if (!wanted && tasks && tasks->count > 1)
		return err_fail(err, ERR_INPUT,
		    "execution %s has %zu tasks: name one with --task (see execution show)",
		    ctl->operands[0], tasks->count);
	for (const struct json *t = tasks ? tasks->first : NULL; t; t = t->next) {
		const char *name = ctl_member(t, "name");

		*task_id = ctl_member(t, "taskId");
		if (*task_id && (!wanted || (name && !strcmp(name, wanted))))
			return 0;
	}
	if (wanted)
		return err_fail(
		    err, ERR_MISSING, "execution %s has no task %s", ctl->operands[0], wanted);
	return err_fail(err, ERR_MISSING, "execution %s has no task", ctl->operands[0]);
}

static int
read_log(struct ctl *ctl, struct arena *a, const char *task_id, int64_t offset,
    struct ctl_reply *reply, struct err *err)
{
	struct ctl_request rq;

	ctl_request_begin(&rq);
	json_object(rq.w);
	json_name(rq.w, "taskId");
	json_string(rq.w, task_id);
	json_name(rq.w, "stream");
	json_string(rq.w, ctl->options.both_streams ? "both"
			  : ctl->options.err_stream ? "stderr"
						    : "stdout");
	json_name(rq.w, "offset");
	json_number(rq.w, offset);
	json_end_object(rq.w);
	return ctl_send(ctl, a, "tasks/getTaskLog", &rq, reply, err);
}

/* Byte for byte, unless a terminal would take some of the bytes for orders. */
static void
put_log(const struct ctl_reply *reply)
{
	struct buf out = BUF_INIT;

	if (isatty(STDOUT_FILENO))
		print_lines(&out, reply->text, reply->len);
	else
		buf_add(&out, reply->text, reply->len);
	ctl_put(&out);
	buf_release(&out);
}

int
ctl_execution_log(struct ctl *ctl, struct err *err)
{
	struct arena a = ARENA_INIT;
	struct ctl_reply reply;
	const char *task_id = NULL;
	int64_t offset = 0;
	int ret;

	ret = get_execution(ctl, &reply, err);
	if (!ret)
		ret = choose_task(ctl, reply.value, &task_id, err);
	/* At the top: everything before `offset` was written out. An empty piece is the end,
	 * for now at least. */
	while (!ret) {
		arena_clear(&a);
		ret = read_log(ctl, &a, task_id, offset, &reply, err);
		if (ret || !reply.len)
			break;
		put_log(&reply);
		offset += (int64_t)reply.len;
	}
	arena_release(&a);
	return ret;
}
