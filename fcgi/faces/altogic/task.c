/* runOnce and getTaskStatus, and the object that both answer with: wire/altogic.md section 3. */
#include "base/id.h"
#include "faces/altogic/call.h"
#include "service/named.h"

#include <string.h>

/* For so long after it was triggered the state of a run is told. */
#define TOLD_US (7 * DAY_US)

/* ---- the state of a run ---- */

struct run {
	struct execution e;
	struct task *tasks;
	size_t count;
};

/* How much a task tells of why its run did not end well; 0: nothing. */
static int
badness(enum task_status status)
{
	switch (status) {
	case TASK_FAILED:
	case TASK_TIMED_OUT:
	case TASK_LOST:
		return 4;
	case TASK_CANCELLED:
		return 3;
	case TASK_CONDITION:
		return 2;
	case TASK_SKIPPED:
		return 1;
	case TASK_WAITING:
	case TASK_PENDING:
	case TASK_STARTING:
	case TASK_RUNNING:
	case TASK_CANCELLING:
	case TASK_RETRYING:
	case TASK_SUCCEEDED:
		break;
	}
	return 0;
}

/* The task of a run that says most about why it did not end well; NULL when it did. That some were
 * skipped spoils nothing where others ended well. */
static const struct task *
culprit(const struct run *run)
{
	const struct task *worst = NULL;
	bool well = false;

	for (size_t i = 0; i < run->count; i++) {
		int bad = badness(run->tasks[i].status);

		well |= run->tasks[i].status == TASK_SUCCEEDED;
		if (bad > (worst ? badness(worst->status) : 0))
			worst = &run->tasks[i];
	}
	return worst && worst->status == TASK_SKIPPED && well ? NULL : worst;
}

static const char *
code_of(enum task_status status)
{
	switch (status) {
	case TASK_TIMED_OUT:
		return "task_timeout";
	case TASK_CANCELLED:
		return "task_canceled";
	case TASK_CONDITION:
	case TASK_SKIPPED:
		return "task_skipped";
	case TASK_FAILED:
	case TASK_LOST:
	case TASK_WAITING:
	case TASK_PENDING:
	case TASK_STARTING:
	case TASK_RUNNING:
	case TASK_CANCELLING:
	case TASK_RETRYING:
	case TASK_SUCCEEDED:
		break;
	}
	return "task_failed";
}

static void
write_errors(struct json_writer *w, const struct task *t)
{
	const struct attempt *last =
	    t->attempt_count ? &t->attempts[t->attempt_count - 1] : NULL;
	char text[TASK_SUMMARY_TEXT];

	json_name(w, "errors");
	json_object(w);
	altogic_write_string(w, "origin", "server_error");
	altogic_write_string(w, "code", code_of(t->status));
	altogic_write_string(w, "message", task_summary(t, text));
	if (last && last->exit_code >= 0) {
		json_name(w, "details");
		json_object(w);
		json_name(w, "exitCode");
		json_number(w, last->exit_code);
		json_end_object(w);
	}
	json_end_object(w);
}

static bool
all_are(const struct run *run, bool (*is)(enum task_status status))
{
	for (size_t i = 0; i < run->count; i++) {
		if (!is(run->tasks[i].status))
			return false;
	}
	return true;
}

static bool
has_not_begun(enum task_status status)
{
	return status == TASK_WAITING || status == TASK_PENDING || status == TASK_RETRYING ||
	       status == TASK_STARTING;
}

static int64_t
later(int64_t a_us, int64_t b_us)
{
	return a_us > b_us ? a_us : b_us;
}

/*
 * The state is folded from the tasks as wire/api3.md 3.5 does. Between claim and release a run is
 * not told to be under way: when it started is not known yet. Times ascend, even if the clock was
 * set back in between.
 */
static void
write_state(struct json_writer *w, const struct run *run)
{
	const struct task *worst = culprit(run);
	bool ended = all_are(run, task_status_ended);
	bool started = run->e.start_us != INSTANT_NEVER;
	int64_t start_us =
	    started ? later(run->e.start_us, run->e.triggered_us) : run->e.triggered_us;
	int64_t end_us = ended ? later(run->e.end_us, start_us) : start_us;

	/* It was tried: that moment is both. */
	if (ended && !started && worst && badness(worst->status) == badness(TASK_FAILED)) {
		started = true;
		start_us = end_us;
	}
	altogic_write_string(w, "status",
	    ended && worst			      ? "errors"
	    : ended				      ? "completed"
	    : started && !all_are(run, has_not_begun) ? "processing"
						      : "pending");
	if (started)
		altogic_write_instant(w, "startedAt", start_us);
	if (ended)
		altogic_write_instant(w, "completedAt", end_us);
	if (ended && worst)
		write_errors(w, worst);
}

/* The members that a run has from its beginning; the caller goes on, and ends the object. */
static void
write_head(struct json_writer *w, const struct execution *e)
{
	json_object(w);
	altogic_write_id(w, "taskId", e->id);
	altogic_write_id(w, "scheduledTaskId", e->schedule_id);
	altogic_write_string(w, "scheduledTaskName", e->schedule_name);
	altogic_write_instant(w, "triggeredAt", e->triggered_us);
}

int
altogic_run_once(struct call *c)
{
	struct json_writer *w;
	const struct json *body;
	const char *text;
	struct execution e;
	int ret;

	ret = altogic_read_body(c, &body);
	if (!ret)
		ret = altogic_need_string(c, body, "taskNameOrId", &text);
	if (!ret)
		ret = service_run_named(c->face->service, c->req->arena, &c->actor,
		    c->req->now_us, text, &e, &c->err);
	if (ret)
		return ret;
	/* As it was made: the scheduler may have begun it by now. */
	w = altogic_begin(c);
	write_head(w, &e);
	altogic_write_string(w, "status", "pending");
	json_end_object(w);
	return altogic_answer(c, w);
}

static int
get_run(struct call *c, uint64_t id, struct run *run)
{
	return service_get_execution(c->face->service, c->req->arena, &c->actor, id, &run->e,
	    &run->tasks, &run->count, &c->err);
}

/* The run with this id, or the latest run of the schedule with this id. */
static int
find_run(struct call *c, struct run *run)
{
	struct execution_query query = {
	    .from_us = c->req->now_us - TOLD_US,
	    .before = EXECUTION_PLACE_NEWEST,
	    .looks = 1,
	};
	struct execution_place next;
	struct execution *latest;
	size_t count;
	int ret;

	ret = id_parse(c->id, strlen(c->id), &query.schedule_id);
	if (ret)
		return ret;
	ret = get_run(c, query.schedule_id, run);
	if (!ret && c->req->now_us - run->e.triggered_us > TOLD_US)
		return ERR_MISSING;
	if (ret != ERR_MISSING)
		return ret;
	ret = service_find_executions(c->face->service, c->req->arena, &c->actor, &query,
	    &latest, &count, &next, &c->err);
	if (!ret && !count)
		ret = ERR_MISSING;
	return ret ? ret : get_run(c, latest->id, run);
}

int
altogic_get_task_status(struct call *c)
{
	struct json_writer *w;
	struct run run;
	int ret;

	if (!*c->id)
		return altogic_missing(c, "taskId");
	/* Without the right to look nobody learns which ids there are. */
	ret = actor_may(&c->actor, SCOPE_READ) ? find_run(c, &run) : ERR_DENIED;
	if (ret && ret != ERR_MISSING)
		return ret;
	w = altogic_begin(c);
	if (ret) {
		json_null(w);
	} else {
		write_head(w, &run.e);
		write_state(w, &run);
		json_end_object(w);
	}
	return altogic_answer(c, w);
}
