/* A task that has ended runs again, under its id and in its execution. */
#include "service/fire.h"
#include "service/internal.h"
#include "service/run.h"

#include "base/id.h"

struct rerun {
	struct service *sv;
	struct arena arena;
	const struct actor *actor;
	int64_t now_us;
	uint64_t id;
	bool more; /* more is due than fits into one transaction: only that was done */
};

/* The execution goes on, or waits for its turn like any other that has something to do. */
static int
reopen(struct txn *txn, struct arena *a, struct execution *e, const struct task *t,
    const struct schedule *s, struct schedule_state *state, struct err *err)
{
	bool ended = e->end_us != INSTANT_NEVER, waits;
	uint32_t followers;
	int rc;

	rc = run_reopen_followers(txn, a, t, &followers, err);
	if (rc)
		return rc;
	e->tasks_ended -= 1 + followers;
	e->end_us = INSTANT_NEVER;
	e->replaced_by = 0;
	rc = store_execution_put(txn, e, err);
	if (rc)
		return rc;
	if (ended)
		return run_take_turn(txn, s, state, e->id, err);
	rc = store_waiting_has(txn, s->id, e->id, &waits, err);
	if (rc || waits)
		return rc;
	return store_queue_put(txn, e->id, err);
}

static int
note_rerun(struct txn *txn, const struct rerun *c, const struct task *t, struct err *err)
{
	char guid[ID_GUID_LEN + 1];

	id_guid(t->execution_id, guid);
	return audit_note(txn, c->actor, c->now_us, "task.rerun", t->id, err,
	    "execution %s, name %s", guid, t->def.name);
}

static int
rerun_body(struct txn *txn, void *ctx, struct err *err)
{
	struct rerun *c = ctx;
	struct schedule_state state;
	struct schedule s;
	struct execution e;
	struct task t;
	bool queued = false;
	int rc;

	arena_clear(&c->arena);
	rc = own_task(txn, &c->arena, c->actor, c->id, &t, &e, err);
	if (rc)
		return rc;
	if (!task_status_ended(t.status))
		return err_fail(err, ERR_INPUT, "Task is still running");
	rc = store_schedule_get(txn, &c->arena, t.schedule_id, &s, err);
	if (rc == ERR_MISSING)
		return err_fail(err, ERR_INPUT, "Schedule not found");
	if (!rc)
		rc = store_state_get(txn, &c->arena, s.id, &state, err);
	/* What is due already comes first, as for a run: it must not meet this one. */
	if (!rc)
		rc = fire_due(txn, &s, &state, c->sv->zones, c->now_us, &queued, &c->more, err);
	if (rc || c->more)
		return rc ? rc : store_state_put(txn, &state, err);
	t.status = TASK_PENDING;
	t.output_bytes = -1;
	t.end_us = INSTANT_NEVER;
	t.retries = 0;
	rc = store_task_put(txn, &t, err);
	if (!rc)
		rc = reopen(txn, &c->arena, &e, &t, &s, &state, err);
	if (!rc)
		rc = store_state_put(txn, &state, err);
	return rc ? rc : note_rerun(txn, c, &t, err);
}

int
service_rerun_task(
    struct service *sv, const struct actor *actor, int64_t now_us, uint64_t id, struct err *err)
{
	struct rerun c = {.sv = sv, .actor = actor, .now_us = now_us, .id = id};
	int rc = require_scope(actor, SCOPE_RUN, err);

	if (!rc)
		rc = store_has_room(sv->store, err);
	do {
		if (!rc)
			rc = store_run(sv->store, rerun_body, &c, err);
	} while (!rc && c.more);
	if (!rc)
		ring(sv);
	arena_release(&c.arena);
	return rc;
}
