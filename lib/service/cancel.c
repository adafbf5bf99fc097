/*
 * Cancelling an execution, in any state that it may be in.
 *
 * What the runner does not hold is cancelled at once. What it holds, or soon may, becomes
 * cancelling: durable first, and then the scheduler tells the runner to end it. Whoever dies
 * before that is done finds it so, and no other attempt is ever made of it.
 */
#include "service/group.h"
#include "service/internal.h"
#include "service/notify.h"
#include "service/run.h"

#include "base/id.h"

static int
cancel_task(struct txn *txn, struct arena *a, struct task *t, int64_t now_us,
    const char *reason, struct err *err)
{
	int rc;

	if (task_status_ended(t->status) || t->status == TASK_CANCELLING)
		return 0;
	if (!task_status_active(t->status))
		return run_end_unrun(txn, a, t, TASK_CANCELLED, now_us, reason, err);
	t->status = TASK_CANCELLING;
	rc = store_task_put(txn, t, err);
	return rc ? rc : store_cancel_put(txn, t->id, err);
}

/* All tasks that have not ended, also those that wait for others. Those that wait for a condition
 * that is under way end with it. */
static int
cancel_tasks(struct txn *txn, struct arena *a, struct execution *e, int64_t now_us,
    const char *reason, struct err *err)
{
	struct task condition = {.status = TASK_SUCCEEDED}, *tasks;
	uint32_t ended = 0;
	bool queued; /* the caller rings in any case */
	size_t count;
	int rc = 0;

	if (e->condition_id)
		rc = store_task_get(txn, a, e->condition_id, &condition, err);
	if (!rc)
		rc = cancel_task(txn, a, &condition, now_us, reason, err);
	if (!rc)
		rc = store_task_list(txn, a, e->id, &tasks, &count, err);
	for (size_t i = 0; !rc && i < count; i++) {
		if (tasks[i].status != TASK_WAITING || task_status_ended(condition.status))
			rc = cancel_task(txn, a, &tasks[i], now_us, reason, err);
		ended += task_status_ended(tasks[i].status);
	}
	if (rc)
		return rc;
	e->tasks_ended = ended;
	if (ended == e->task_count) {
		e->end_us = now_us;
		rc = group_leave(txn, a, e, &queued, err);
	}
	if (!rc)
		rc = store_execution_put(txn, e, err);
	if (rc || e->end_us == INSTANT_NEVER)
		return rc;
	return notify_ended(txn, a, e, err);
}

int
run_cancel_waiting(struct txn *txn, struct arena *a, struct schedule_state *state,
    uint64_t execution_id, int64_t now_us, const char *reason, struct err *err)
{
	struct execution e;
	int rc;

	rc = store_waiting_remove(txn, state->schedule_id, execution_id, err);
	if (!rc)
		rc = store_execution_get(txn, a, execution_id, &e, err);
	if (!rc)
		rc = cancel_tasks(txn, a, &e, now_us, reason, err);
	if (!rc)
		state->waiting--;
	return rc;
}

static int
cancel_waiting(struct txn *txn, struct arena *a, struct execution *e, int64_t now_us,
    const char *reason, struct err *err)
{
	struct schedule_state state;
	int rc;

	rc = store_state_get(txn, a, e->schedule_id, &state, err);
	if (!rc)
		rc = run_cancel_waiting(txn, a, &state, e->id, now_us, reason, err);
	if (!rc)
		rc = store_state_put(txn, &state, err);
	return rc ? rc : store_execution_get(txn, a, e->id, e, err);
}

int
run_cancel(struct txn *txn, struct arena *a, struct execution *e, int64_t now_us,
    const char *reason, struct err *err)
{
	bool waits, queued;
	int rc;

	rc = store_waiting_has(txn, e->schedule_id, e->id, &waits, err);
	if (rc)
		return rc;
	if (waits)
		return cancel_waiting(txn, a, e, now_us, reason, err);
	rc = store_queue_remove(txn, e->id, err);
	if (!rc || rc == ERR_MISSING)
		rc = cancel_tasks(txn, a, e, now_us, reason, err);
	if (rc || e->end_us == INSTANT_NEVER)
		return rc;
	return run_pass_turn(txn, a, e->schedule_id, &queued, err);
}

/* ---- the use case ---- */

struct cancel {
	struct arena arena;
	const struct actor *actor;
	int64_t now_us;
	uint64_t id;
	bool done; /* it had not ended */
};

static int
note_cancel(struct txn *txn, const struct cancel *c, const struct execution *e, struct err *err)
{
	char guid[ID_GUID_LEN + 1];

	id_guid(e->schedule_id, guid);
	return audit_note(txn, c->actor, c->now_us, "execution.cancel", e->id, err,
	    "schedule %s, name %s", guid, e->schedule_name);
}

static int
cancel_body(struct txn *txn, void *ctx, struct err *err)
{
	struct cancel *c = ctx;
	struct execution e;
	int rc;

	arena_clear(&c->arena);
	c->done = false;
	rc = own_execution(txn, &c->arena, c->actor, c->id, &e, err);
	if (rc)
		return rc;
	if (!actor_is_admin(c->actor) && (!e.actor_id || e.actor_id != c->actor->user_id))
		return err_fail(err, ERR_DENIED, "Insufficient permissions");
	if (e.end_us != INSTANT_NEVER)
		return 0;
	c->done = true;
	rc = run_cancel(txn, &c->arena, &e, c->now_us, "cancelled before it began", err);
	return rc ? rc : note_cancel(txn, c, &e, err);
}

int
service_cancel_execution(
    struct service *sv, const struct actor *actor, int64_t now_us, uint64_t id, struct err *err)
{
	struct cancel c = {.actor = actor, .now_us = now_us, .id = id};
	int rc = require_scope(actor, SCOPE_RUN, err);

	if (!rc)
		rc = store_run(sv->store, cancel_body, &c, err);
	if (!rc && c.done)
		ring(sv);
	arena_release(&c.arena);
	return rc;
}
