/*
 * Runs of scheduled jobs: executions that have started, or ended without. See jobs.h.
 *
 * One that ended and waits to run again is still shown with its end: a job is never seen to run
 * twice at a time.
 */
#include <string.h>

#include "service/job_internal.h"
#include "service/results.h"

/* ---- which executions are runs ---- */

/* It gave way to a later request and left no trace. */
static int
was_replaced(struct txn *txn, struct arena *a, const struct execution *e, bool *replaced,
    struct err *err)
{
	struct task *tasks;
	size_t count;
	int rc;

	*replaced = false;
	if (!e->exclusive || e->start_us != INSTANT_NEVER)
		return 0;
	rc = store_task_list(txn, a, e->id, &tasks, &count, err);
	for (size_t i = 0; !rc && i < count; i++) {
		const struct task *t = &tasks[i];
		const char *why =
		    t->attempt_count ? t->attempts[t->attempt_count - 1].reason : NULL;

		*replaced |= why && !strcmp(why, RUN_REPLACED);
	}
	return rc;
}

/* When the run started, or was to; INSTANT_NEVER: it is no run yet. */
static int64_t
start_of(const struct execution *e)
{
	if (e->start_us != INSTANT_NEVER)
		return e->start_us;
	return e->end_us != INSTANT_NEVER ? e->triggered_us : INSTANT_NEVER;
}

static int
is_run(struct txn *txn, struct arena *a, const struct execution *e, bool *is, struct err *err)
{
	bool replaced = false;
	int rc = 0;

	*is = start_of(e) != INSTANT_NEVER;
	if (*is)
		rc = was_replaced(txn, a, e, &replaced, err);
	*is = *is && !replaced;
	return rc;
}

int
job_last_start(struct txn *txn, uint64_t schedule_id, int64_t *start_us, struct err *err)
{
	enum { LOOKS_MAX = 1000, LOOKS_STEP = 4 };
	struct arena scratch = ARENA_INIT;
	uint64_t before = 0;
	size_t count = LOOKS_STEP;
	int rc = 0;

	*start_us = INSTANT_NEVER;
	for (int i = 0; !rc && i < LOOKS_MAX && count == LOOKS_STEP; i += LOOKS_STEP) {
		struct execution *list;

		rc = store_execution_list(
		    txn, &scratch, schedule_id, before, LOOKS_STEP, &list, &count, err);
		for (size_t j = 0; !rc && j < count && *start_us == INSTANT_NEVER; j++) {
			bool is;

			before = list[j].id;
			rc = is_run(txn, &scratch, &list[j], &is, err);
			if (!rc && is)
				*start_us = start_of(&list[j]);
		}
		if (*start_us != INSTANT_NEVER)
			break;
	}
	arena_release(&scratch);
	return rc;
}

/* ---- what a run shows ---- */

/* Its last attempt is over, and no other has begun. */
static bool
has_stopped(const struct task *t)
{
	return task_status_ended(t->status) ||
	       (!task_status_active(t->status) && t->attempt_count > 0);
}

static bool
went_well(const struct task *t)
{
	const struct attempt *last = &t->attempts[t->attempt_count - 1];

	if (task_status_ended(t->status))
		return t->status == TASK_SUCCEEDED;
	return last->exit_code == 0 && !last->reason;
}

/* A task that is to run again is as its last attempt left it. */
static const char *
why_not(struct arena *a, const struct task *t)
{
	char text[TASK_SUMMARY_TEXT];
	struct task ended = *t;

	if (!task_status_ended(t->status))
		ended.status = TASK_FAILED;
	return arena_strdup(a, task_summary(&ended, text));
}

static int64_t
last_end(const struct execution *e, const struct task *tasks, size_t count)
{
	int64_t end_us = e->end_us;

	for (size_t i = 0; e->end_us == INSTANT_NEVER && i < count; i++) {
		const struct task *t = &tasks[i];
		int64_t us =
		    t->attempt_count ? t->attempts[t->attempt_count - 1].end_us : INSTANT_NEVER;

		if (us != INSTANT_NEVER && (end_us == INSTANT_NEVER || us > end_us))
			end_us = us;
	}
	return end_us;
}

/* *r has the execution. Those that were skipped because another decided so say nothing. */
static void
fold(struct arena *a, struct job_run *r, const struct task *tasks, size_t count)
{
	const struct task *bad = NULL, *skipped = NULL;
	bool well = false, stopped = true;

	for (size_t i = 0; i < count; i++) {
		stopped = stopped && has_stopped(&tasks[i]);
		if (!has_stopped(&tasks[i]))
			continue;
		if (tasks[i].status == TASK_SKIPPED)
			skipped = &tasks[i];
		else if (went_well(&tasks[i]))
			well = true;
		else if (!bad)
			bad = &tasks[i];
	}
	r->started_us = start_of(&r->execution);
	r->finished_us = stopped ? last_end(&r->execution, tasks, count) : INSTANT_NEVER;
	r->succeeded = stopped && well && !bad;
	if (stopped && !r->succeeded && (bad || skipped))
		r->message = why_not(a, bad ? bad : skipped);
}

/* Who ran it: the caller, else the user that the job is to run as. */
static uint64_t
runner_of(const struct execution *e, const struct schedule *s)
{
	if (e->actor_id || e->origin == ORIGIN_CALL)
		return e->actor_id;
	return s && s->job ? s->job->run_as : 0;
}

static int
fill_run(struct txn *txn, struct arena *a, const struct execution *e, const struct schedule *s,
    struct job_run *r, bool *has_results, struct err *err)
{
	struct task *tasks;
	size_t count;
	int rc = store_task_list(txn, a, e->id, &tasks, &count, err);

	if (rc)
		return rc;
	*r = (struct job_run){.execution = *e,
	    .job_name = s ? s->name : e->schedule_name,
	    .run_by = runner_of(e, s)};
	fold(a, r, tasks, count);
	*has_results = false;
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < tasks[i].attempt_count; j++)
			*has_results |= tasks[i].attempts[j].results > 0;
	}
	return 0;
}

/* The name of its result file; NULL while it runs, and when there is none. */
static int
name_output(struct service *sv, struct arena *a, const struct actor *actor, struct job_run *r,
    struct err *err)
{
	struct result result;
	int rc;

	if (r->finished_us == INSTANT_NEVER)
		return 0;
	rc = service_main_result(sv, a, actor, r->execution.id, &result, err);
	if (!rc)
		r->output = result.name;
	return rc == ERR_MISSING ? 0 : rc;
}

/* ---- list ---- */

/* So many executions are looked at in one transaction. */
enum { LIST_STEP = 100 };

/* How far a list has come. */
struct progress {
	uint64_t before;
	size_t skipped, count;
	bool done;
};

struct list {
	const struct actor *actor;
	const struct job_run_query *q;
	struct arena scratch, *out;
	struct progress so_far, next;
	struct job_run *runs;
	bool *has_results;
	size_t room;
};

static bool
matches(const struct list *c, const struct job_run *r)
{
	const struct job_run_query *q = c->q;
	bool ended = r->finished_us != INSTANT_NEVER;

	if (r->started_us < q->from_us || r->started_us > q->to_us)
		return false;
	switch (q->status) {
	case JOB_RUN_ANY:
		break;
	case JOB_RUN_IN_PROGRESS:
		return !ended;
	case JOB_RUN_SUCCEEDED:
		return ended && r->succeeded;
	case JOB_RUN_FAILED:
		return ended && !r->succeeded;
	}
	return true;
}

/* For one more in the page. */
static void
make_room(struct list *c)
{
	size_t room = c->room ? c->room * 2 : 32;
	struct job_run *runs;
	bool *has_results;

	if (c->next.count < c->room)
		return;
	runs = arena_array(c->out, room, sizeof *runs);
	has_results = arena_array(c->out, room, sizeof *has_results);
	if (c->room) {
		memcpy(runs, c->runs, c->room * sizeof *runs);
		memcpy(has_results, c->has_results, c->room * sizeof *has_results);
	}
	c->runs = runs;
	c->has_results = has_results;
	c->room = room;
}

/* *s is NULL for a job that was removed. */
static int
look_at(struct txn *txn, struct list *c, uint64_t id, const struct schedule *s, struct err *err)
{
	struct execution e;
	struct job_run r;
	bool is, has_results;
	int rc = store_execution_get(txn, &c->scratch, id, &e, err);

	if (rc)
		return rc;
	if (e.tenant_id != c->actor->tenant_id ||
	    (!actor_is_admin(c->actor) && runner_of(&e, s) != c->actor->user_id))
		return 0;
	rc = is_run(txn, &c->scratch, &e, &is, err);
	if (!rc && is)
		rc = fill_run(txn, &c->scratch, &e, s, &r, &has_results, err);
	if (rc || !is || !matches(c, &r))
		return rc;
	if (c->next.skipped < c->q->start) {
		c->next.skipped++;
		return 0;
	}
	/* Once more, to stay. */
	make_room(c);
	rc = store_execution_get(txn, c->out, id, &e, err);
	if (!rc)
		rc = fill_run(txn, c->out, &e, s, &c->runs[c->next.count],
		    &c->has_results[c->next.count], err);
	c->next.count++;
	return rc;
}

/* The job, if the actor sees it; *s is NULL when it was removed. Fails: ERR_MISSING when he does
 * not see it. */
static int
list_job(struct txn *txn, struct list *c, const struct schedule **s, struct err *err)
{
	struct schedule *job = arena_array(c->out, 1, sizeof *job);
	int rc = store_schedule_get(txn, c->out, c->q->job_id, job, err);

	*s = rc ? NULL : job;
	/* What a removed one was tagged with nobody knows any more. */
	if (rc == ERR_MISSING)
		return c->actor->tag_count ? ERR_MISSING : 0;
	if (!rc && (!actor_sees(c->actor, job) || !job_is_shared(c->actor, job)))
		rc = ERR_MISSING;
	return rc;
}

static int
list_body(struct txn *txn, void *ctx, struct err *err)
{
	struct list *c = ctx;
	const struct schedule *s;
	struct execution *list;
	size_t count;
	int rc;

	arena_clear(&c->scratch);
	c->next = c->so_far;
	rc = list_job(txn, c, &s, err);
	if (rc) {
		c->next.done = true;
		return rc == ERR_MISSING ? 0 : rc;
	}
	rc = store_execution_list(
	    txn, &c->scratch, c->q->job_id, c->next.before, LIST_STEP, &list, &count, err);
	for (size_t i = 0; !rc && i < count && c->next.count < c->q->cap; i++) {
		c->next.before = list[i].id;
		rc = look_at(txn, c, list[i].id, s, err);
	}
	c->next.done = count < LIST_STEP || c->next.count == c->q->cap;
	return rc;
}

int
service_list_job_runs(struct service *sv, struct arena *a, const struct actor *actor,
    const struct job_run_query *q, struct job_run **list, size_t *count, struct err *err)
{
	struct list c = {.actor = actor, .q = q, .out = a};
	int rc = require_job_right(actor, JOB_READ, SCOPE_READ, err);

	c.so_far.done = q->cap == 0;
	while (!rc && !c.so_far.done) {
		rc = store_run(sv->store, list_body, &c, err);
		c.so_far = c.next;
		service_progress(sv);
	}
	for (size_t i = 0; !rc && i < c.so_far.count; i++) {
		service_progress(sv);
		if (c.has_results[i])
			rc = name_output(sv, a, actor, &c.runs[i], err);
	}
	arena_release(&c.scratch);
	*list = c.runs;
	*count = c.so_far.count;
	return rc;
}

/* ---- one ---- */

struct get {
	struct arena *arena;
	const struct actor *actor;
	uint64_t id;
	struct job_run *run;
	bool has_results;
	bool for_result;
};

static bool
is_recipient(const struct actor *actor, const struct schedule *s)
{
	for (size_t i = 0; s && s->job && i < s->job->recipient_count; i++) {
		if (s->job->recipients[i] == actor->user_id)
			return true;
	}
	return false;
}

/* *s is NULL when the job was removed: then who ran it is all that is left to ask. */
static int
check_access(const struct get *c, const struct schedule *s, struct err *err)
{
	const struct actor *actor = c->actor;
	bool his = actor_is_admin(actor) || c->run->run_by == actor->user_id;

	if (c->for_result) {
		if (!actor_may(actor, SCOPE_RESULTS))
			return err_fail(err, ERR_DENIED, JOB_NO_RIGHT);
		return his || is_recipient(actor, s) ? 0
						     : err_fail(err, ERR_DENIED, JOB_NOT_YOURS);
	}
	if (!his || (s && !job_is_shared(actor, s)))
		return err_fail(err, ERR_DENIED, JOB_NOT_YOURS);
	return 0;
}

static int
get_body(struct txn *txn, void *ctx, struct err *err)
{
	struct get *c = ctx;
	struct schedule schedule;
	const struct schedule *s = &schedule;
	struct execution e;
	bool is;
	int rc = own_execution(txn, c->arena, c->actor, c->id, &e, err);

	if (!rc)
		rc = is_run(txn, c->arena, &e, &is, err);
	if (!rc && !is)
		rc = err_fail(err, ERR_MISSING, "Execution not found");
	if (rc)
		return rc;
	rc = store_schedule_get(txn, c->arena, e.schedule_id, &schedule, err);
	if (rc == ERR_MISSING) {
		s = NULL;
		rc = 0;
	}
	if (!rc && !c->for_result)
		rc = require_job_right(c->actor, JOB_READ, SCOPE_READ, err);
	if (!rc)
		rc = fill_run(txn, c->arena, &e, s, c->run, &c->has_results, err);
	return rc ? rc : check_access(c, s, err);
}

int
service_get_job_run(struct service *sv, struct arena *a, const struct actor *actor,
    uint64_t run_id, struct job_run *run, struct err *err)
{
	struct get c = {.arena = a, .actor = actor, .id = run_id, .run = run};
	int rc = store_run(sv->store, get_body, &c, err);

	return rc || !c.has_results ? rc : name_output(sv, a, actor, run, err);
}

int
service_get_job_result(struct service *sv, struct arena *a, const struct actor *actor,
    uint64_t run_id, struct result *r, struct err *err)
{
	struct job_run run;
	struct get c = {
	    .arena = a, .actor = actor, .id = run_id, .run = &run, .for_result = true};
	int rc = store_run(sv->store, get_body, &c, err);

	if (rc)
		return rc;
	rc = run.finished_us == INSTANT_NEVER
		 ? ERR_MISSING
		 : service_main_result(sv, a, actor, run_id, r, err);
	return rc == ERR_MISSING ? err_fail(err, ERR_INPUT, "The run left no result file") : rc;
}
