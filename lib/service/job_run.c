/*
 * A run of a scheduled job on demand: wire/openspecimen.md 3.3.
 *
 * One job never runs twice at a time, and no request waits behind another: while the job runs a
 * request is dropped, and one that has not started yet gives way to a later one.
 */
#include "service/fire.h"
#include "service/job_internal.h"
#include "service/run.h"

/* So many executions are looked at; behind them whatever goes on counts as running. */
enum { LOOKS_MAX = 1000, LOOKS_STEP = 16 };

/* What stands in the way of another run. */
struct obstacles {
	bool runs;
	struct execution request; /* that has not started; id 0: none */
};

/* Has a command of it begun, or may begin any moment? */
static int
has_begun(
    struct txn *txn, struct arena *a, const struct execution *e, bool *begun, struct err *err)
{
	struct task *tasks;
	size_t count;
	int rc;

	*begun = e->start_us != INSTANT_NEVER;
	if (*begun)
		return 0;
	rc = store_task_list(txn, a, e->id, &tasks, &count, err);
	for (size_t i = 0; !rc && i < count; i++)
		*begun |= task_status_active(tasks[i].status);
	return rc;
}

/* One that has not ended. What ran before and waits for its turn to run again is no obstacle. */
static int
look_at(struct txn *txn, struct arena *a, const struct execution *e, struct obstacles *o,
    struct err *err)
{
	bool waits, begun = e->start_us != INSTANT_NEVER;
	int rc = store_waiting_has(txn, e->schedule_id, e->id, &waits, err);

	if (!rc && !waits)
		rc = has_begun(txn, a, e, &begun, err);
	if (rc)
		return rc;
	if (begun && !waits)
		o->runs = true;
	if (!begun && e->exclusive)
		o->request = *e;
	return 0;
}

static int
find_obstacles(struct txn *txn, struct arena *a, const struct schedule_state *state,
    struct obstacles *o, struct err *err)
{
	uint32_t left = state->active + state->waiting;
	uint64_t before = 0;
	int rc = 0;

	*o = (struct obstacles){0};
	for (int looks = 0; !rc && left > 0 && looks < LOOKS_MAX; looks += LOOKS_STEP) {
		struct execution *list;
		size_t count;

		rc = store_execution_list(
		    txn, a, state->schedule_id, before, LOOKS_STEP, &list, &count, err);
		for (size_t i = 0; !rc && i < count; i++) {
			before = list[i].id;
			if (list[i].end_us != INSTANT_NEVER)
				continue;
			left--;
			rc = look_at(txn, a, &list[i], o, err);
		}
	}
	if (left > 0)
		o->runs = true;
	return rc;
}

struct job_start {
	struct deed deed;
	struct arena arena; /* of one try */
	struct arena *out;
	uint64_t id;
	const char *args;
	uint64_t execution_id; /* 0: dropped */
	struct job_view *view;
	bool more; /* more is due than fits into one transaction: only that was done */
};

static int
make_run(struct txn *txn, struct job_start *c, const struct schedule *s,
    struct schedule_state *state, struct err *err)
{
	const struct deed *d = &c->deed;
	/* It waits its turn, whatever others may do beside each other. */
	struct schedule serial = *s;
	struct run_request request = {
	    .schedule = &serial,
	    .origin = ORIGIN_CALL,
	    .due_us = INSTANT_NEVER,
	    .now_us = d->now_us,
	    .actor_id = d->actor->user_id,
	    .token_id = d->actor->token_id,
	    .args = c->args,
	    .exclusive = true,
	};
	int rc;

	serial.overlap = OVERLAP_SKIP;
	rc = run_make(txn, &request, state, &c->execution_id, err);
	if (!rc)
		rc = store_state_put(txn, state, err);
	return rc ? rc : note_run(txn, d, c->id, c->execution_id, err);
}

static int
take_place(struct txn *txn, struct job_start *c, const struct schedule *s,
    struct schedule_state *state, struct err *err)
{
	struct obstacles o;
	int rc = find_obstacles(txn, &c->arena, state, &o, err);

	if (rc || o.runs)
		return rc;
	if (o.request.id) {
		rc = run_cancel(txn, &c->arena, &o.request, c->deed.now_us, RUN_REPLACED, err);
		if (!rc)
			rc = store_state_get(txn, &c->arena, c->id, state, err);
	}
	return rc ? rc : make_run(txn, c, s, state, err);
}

static int
start_body(struct txn *txn, void *ctx, struct err *err)
{
	struct job_start *c = ctx;
	const struct deed *d = &c->deed;
	struct schedule_state state;
	struct schedule s;
	bool queued = false;
	int rc;

	c->execution_id = 0;
	arena_clear(&c->arena);
	rc = own_schedule(txn, &c->arena, d->actor, c->id, &s, err);
	if (!rc)
		rc = require_job_right(d->actor, JOB_READ, SCOPE_RUN, err);
	if (!rc)
		rc = require_shared(d->actor, &s, err);
	if (!rc)
		rc = store_state_get(txn, &c->arena, c->id, &state, err);
	/* What is due already comes first: a call at the full minute must not push it aside. */
	if (!rc)
		rc = fire_due(txn, &s, &state, d->sv->zones, d->now_us, &queued, &c->more, err);
	if (!rc)
		rc = store_state_put(txn, &state, err);
	if (rc || c->more)
		return rc;
	rc = view_job(txn, c->out, d, c->id, c->view, err);
	return rc || !c->view->active ? rc : take_place(txn, c, &s, &state, err);
}

int
service_run_job(struct service *sv, struct arena *a, const struct actor *actor, int64_t now_us,
    uint64_t id, const char *args, uint64_t *execution_id, struct job_view *view,
    struct err *err)
{
	struct job_start c = {
	    .deed = {sv, actor, now_us}, .out = a, .id = id, .args = args, .view = view};
	int rc = check_args(args, err);

	if (!rc)
		rc = store_has_room(sv->store, err);
	do {
		if (!rc)
			rc = store_run(sv->store, start_body, &c, err);
	} while (!rc && c.more);
	arena_release(&c.arena);
	*execution_id = c.execution_id;
	if (!rc)
		ring(sv);
	return rc;
}
