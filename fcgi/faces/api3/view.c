/*
 * What the core knows, in API3's words: status numbers and the objects of wire/api3.md 3.7. A
 * member without a value is left out, never null.
 */
#include "base/id.h"
#include "faces/api3/call.h"

enum {
	DATA_ONCE = 0,
	DATA_RECURRING = 1,
	DATA_ON_DEMAND = 2,

	RESULT_NONE = 0,
	RESULT_PATH = 2,
	RESULT_REMOVED = 6,
	OUTPUT_NO_PRINTING = 6,
};

/* Who is not a user: the administrator's command. */
static const char nobody[] = "00000000-0000-0000-0000-000000000000";

int
api3_task_status(enum task_status status)
{
	switch (status) {
	case TASK_WAITING:
	case TASK_PENDING:
	case TASK_STARTING:
	case TASK_RETRYING:
		return API3_PENDING;
	case TASK_RUNNING:
		return API3_RUNNING;
	case TASK_CANCELLING:
		return API3_CANCELING;
	case TASK_SUCCEEDED:
		return API3_FINISHED;
	case TASK_FAILED:
	case TASK_TIMED_OUT:
	case TASK_LOST:
		return API3_ERROR;
	case TASK_CANCELLED:
		return API3_CANCELED;
	case TASK_SKIPPED:
		return API3_STOPPED_WITHOUT_RUNNING;
	case TASK_CONDITION:
		return API3_STOPPED_AFTER_EVALUATION;
	}
	return API3_ERROR;
}

/* How many tasks have each status. */
struct tally {
	size_t of[API3_STOPPED_AFTER_EVALUATION + 1];
	size_t all;
};

static struct tally
count_tasks(const struct api3_run *run)
{
	struct tally t = {.all = run->task_count};

	for (size_t i = 0; i < run->task_count; i++)
		t.of[api3_task_status(run->tasks[i].status)]++;
	return t;
}

int
api3_run_status(const struct api3_run *run)
{
	static const int same[] = {
	    API3_FINISHED, API3_ERROR, API3_CANCELED, API3_STOPPED_AFTER_EVALUATION};
	struct tally t = count_tasks(run);
	/* The contract knows none that was skipped. Whatever it was skipped for tells by itself how
	 * the run went: one that runs only after a failure spoils nothing. */
	size_t ran = t.all - t.of[API3_STOPPED_WITHOUT_RUNNING];

	if (t.of[API3_RUNNING] || t.of[API3_CANCELING])
		return API3_RUNNING;
	if (t.of[API3_PENDING])
		return t.of[API3_PENDING] == t.all ? API3_PENDING : API3_RUNNING;
	for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
		if (ran && t.of[same[i]] == ran)
			return same[i];
	}
	return t.of[API3_FINISHED] ? API3_FINISHED_WITH_ERRORS : API3_ERROR;
}

int
api3_schedule_status(const struct schedule_view *v, int64_t now_us)
{
	switch (schedule_status(v, now_us)) {
	case STATUS_SUSPENDED:
		return API3_HOLD;
	case STATUS_FINISHED:
		return API3_SCHEDULE_FINISHED;
	case STATUS_IDLE:
	case STATUS_OTHER:
		break;
	}
	return API3_IDLE;
}

static int
data_type(const struct schedule *s)
{
	for (size_t i = 0; i < s->trigger_count; i++) {
		if (s->triggers[i].kind != TRIGGER_AT)
			return DATA_RECURRING;
	}
	return s->trigger_count ? DATA_ONCE : DATA_ON_DEMAND;
}

int
api3_runs(struct call *c, uint64_t schedule_id, uint64_t before, size_t cap,
    struct api3_run **runs, size_t *count, uint64_t *last, bool *more)
{
	struct service *sv = c->face->service;
	struct arena *a = c->req->arena;
	struct execution *list;
	size_t listed;
	int ret;

	*count = 0;
	*more = false;
	/* One more than asked for tells whether there are more. */
	ret = service_list_executions(
	    sv, a, &c->actor, schedule_id, before, cap + 1, &list, &listed, &c->err);
	if (ret)
		return ret;
	if (listed > cap) {
		listed = cap;
		*more = true;
	}
	*runs = arena_array(a, listed, sizeof **runs);
	for (size_t i = 0; i < listed; i++) {
		struct api3_run *run = *runs + *count;

		*last = list[i].id;
		ret = service_get_execution(sv, a, &c->actor, list[i].id, &run->execution,
		    &run->tasks, &run->task_count, &c->err);
		/* Its time to be kept may have run out since it was listed. */
		if (ret == ERR_MISSING)
			continue;
		if (ret)
			return ret;
		++*count;
	}
	return 0;
}

void
api3_write_instant(struct json_writer *w, const char *name, int64_t us)
{
	if (us == INSTANT_NEVER)
		return;
	json_name(w, name);
	json_instant(w, us);
}

void
api3_write_user(struct json_writer *w, const char *name, uint64_t user_id)
{
	json_name(w, name);
	if (user_id)
		json_guid(w, user_id);
	else
		json_string(w, nobody);
}

void
api3_write_string(struct json_writer *w, const char *name, const char *value)
{
	if (!value)
		return;
	json_name(w, name);
	json_string(w, value);
}

void
api3_write_suspended(struct json_writer *w, const struct api3_suspension *s)
{
	json_name(w, "suspended");
	json_object(w);
	api3_write_user(w, "by", s->by);
	api3_write_string(w, "reason", s->reason);
	if (s->since_us)
		api3_write_instant(w, "since", s->since_us);
	if (s->until_us)
		api3_write_instant(w, "until", s->until_us);
	json_end_object(w);
}

static void
write_number(struct json_writer *w, const char *name, int64_t n)
{
	json_name(w, name);
	json_number(w, n);
}

static void
write_id(struct json_writer *w, const char *name, uint64_t id)
{
	json_name(w, name);
	json_guid(w, id);
}

void
api3_write_schedule(struct json_writer *w, const struct schedule_view *v, int64_t now_us)
{
	const struct schedule *s = &v->definition;

	json_object(w);
	write_id(w, "scheduleId", s->id);
	api3_write_string(w, "name", s->name);
	api3_write_string(w, "description", s->description);
	write_number(w, "type", s->type);
	api3_write_instant(w, "createdDate", s->created_us);
	api3_write_user(w, "createdBy", s->created_by);
	if (s->start_us != INT64_MIN)
		api3_write_instant(w, "startDate", s->start_us);
	api3_write_instant(w, "endDate", s->end_us);
	write_number(w, "scheduleDataType", data_type(s));
	write_number(w, "status", api3_schedule_status(v, now_us));
	write_id(w, "tenantId", s->tenant_id);
	json_end_object(w);
}

static void
write_empty_array(struct json_writer *w, const char *name)
{
	json_name(w, name);
	json_array(w);
	json_end_array(w);
}

/* TaskSummary with its ErrorMessage: only for a task that failed. */
static void
write_task_summary(struct json_writer *w, const struct task *t, const char *message)
{
	const struct attempt *last =
	    t->attempt_count ? &t->attempts[t->attempt_count - 1] : NULL;

	json_name(w, "taskSummary");
	json_object(w);
	api3_write_string(w, "message", message);
	write_empty_array(w, "params");
	json_name(w, "error");
	json_object(w);
	write_number(w, "exceptionCategory", 0);
	api3_write_string(w, "msg", message);
	write_number(w, "code", last && last->exit_code > 0 ? last->exit_code : 0);
	write_empty_array(w, "params");
	json_name(w, "customData");
	json_object(w);
	json_end_object(w);
	api3_write_string(w, "stackTrace", "");
	json_name(w, "showErrorPopUpDialog");
	json_bool(w, false);
	json_end_object(w);
	json_end_object(w);
}

/* When a task began first: attempts that were cancelled before they began did not. */
static int64_t
task_start(const struct task *t)
{
	for (size_t i = 0; i < t->attempt_count; i++) {
		if (t->attempts[i].start_us != INSTANT_NEVER)
			return t->attempts[i].start_us;
	}
	return INSTANT_NEVER;
}

/* When a task ended; one that ended without an attempt ended with its execution. */
static int64_t
task_end(const struct execution *e, const struct task *t)
{
	if (!task_status_ended(t->status))
		return INSTANT_NEVER;
	return t->attempt_count ? t->attempts[t->attempt_count - 1].end_us : e->end_us;
}

int
api3_first_output(struct call *c, const struct task *t, struct result *output)
{
	struct result *list;
	size_t count = 0, i = 0;
	int ret;

	output->id = 0;
	while (i < t->attempt_count && !t->attempts[i].results)
		i++;
	if (i == t->attempt_count)
		return 0;
	ret = service_list_results(
	    c->face->service, c->req->arena, &c->actor, t->id, &list, &count, &c->err);
	if (!ret && count)
		*output = list[0];
	/* Its time to be kept may have run out. */
	return ret == ERR_MISSING ? 0 : ret;
}

int
api3_load_outputs(struct call *c, struct api3_run *run)
{
	int ret = 0;

	run->outputs = arena_array(c->req->arena, run->task_count, sizeof *run->outputs);
	for (size_t i = 0; !ret && i < run->task_count; i++)
		ret = api3_first_output(c, &run->tasks[i], &run->outputs[i]);
	return ret;
}

void
api3_write_task(struct json_writer *w, const struct execution *e, const struct task *t,
    const struct result *output)
{
	char text[TASK_SUMMARY_TEXT];
	const char *line = task_summary(t, text);

	json_object(w);
	write_id(w, "id", t->id);
	api3_write_string(w, "description", e->schedule_name);
	write_number(w, "status", api3_task_status(t->status));
	write_number(w, "resultType",
	    !output->id			      ? RESULT_NONE
	    : output->state == RESULT_EXPIRED ? RESULT_REMOVED
					      : RESULT_PATH);
	if (output->id) {
		write_id(w, "outputId", output->id);
		api3_write_string(w, "result", output->name);
	}
	if (e->actor_id)
		api3_write_user(w, "executorId", e->actor_id);
	api3_write_string(w, "summary", line);
	if (api3_task_status(t->status) == API3_ERROR)
		write_task_summary(w, t, line);
	api3_write_instant(w, "startDate", task_start(t));
	api3_write_instant(w, "endDate", task_end(e, t));
	json_end_object(w);
}

/* The message of the first task that failed; "" if none did. */
static const char *
first_error(const struct api3_run *run, char text[TASK_SUMMARY_TEXT])
{
	for (size_t i = 0; i < run->task_count; i++) {
		if (api3_task_status(run->tasks[i].status) == API3_ERROR)
			return task_summary(&run->tasks[i], text);
	}
	return "";
}

/* ExecutionViewData's pairs of percentage and count; every task is in exactly one of them. */
static void
write_counts(struct json_writer *w, const struct api3_run *run)
{
	struct tally t = count_tasks(run);
	const struct {
		const char *percent, *count;
		size_t n;
	} pairs[] = {
	    {"successPct", "successCount", t.of[API3_FINISHED]},
	    {"partialSuccessPct", "partialSuccessCount", t.of[API3_FINISHED_WITH_ERRORS]},
	    {"failedPct", "failedCount", t.of[API3_ERROR]},
	    /* The contract has no place for a task that was skipped: nobody cancelled it, but
	       it did not run either. */
	    {"canceledPct", "canceledCount",
		t.of[API3_CANCELED] + t.of[API3_STOPPED_WITHOUT_RUNNING]},
	    {"runningPct", "runningCount", t.of[API3_RUNNING] + t.of[API3_CANCELING]},
	    {"pendingPct", "pendingCount", t.of[API3_PENDING]},
	    {"triggerStoppedPct", "triggerStoppedCount", t.of[API3_STOPPED_AFTER_EVALUATION]},
	};

	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		json_name(w, pairs[i].percent);
		json_percent(w, pairs[i].n, t.all ? t.all : 1);
		write_number(w, pairs[i].count, (int64_t)pairs[i].n);
	}
}

void
api3_write_execution(struct json_writer *w, const struct api3_run *run)
{
	const struct execution *e = &run->execution;
	char text[TASK_SUMMARY_TEXT];

	json_object(w);
	write_id(w, "id", e->id);
	api3_write_instant(w, "startDate", e->start_us);
	api3_write_instant(w, "endDate", e->end_us);
	write_number(w, "outputType", OUTPUT_NO_PRINTING);
	write_counts(w, run);
	json_name(w, "items");
	json_array(w);
	for (size_t i = 0; i < run->task_count; i++)
		api3_write_task(w, e, &run->tasks[i], &run->outputs[i]);
	json_end_array(w);
	api3_write_string(w, "error", first_error(run, text));
	json_end_object(w);
}
