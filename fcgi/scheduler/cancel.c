/*
 * What became cancelling since the last step: the runner is told once to end it.
 *
 * An order that is lost is given again. Whoever takes over compares (compare.c), and an attempt
 * that is reported as held is ended then (reports.c): it is never released.
 */
#include "scheduler/internal.h"

struct cancels {
	struct engine *e;
	bool more;
};

static int
order_one(struct txn *txn, struct engine *e, uint64_t id, struct err *err)
{
	struct task t;
	int rc;

	rc = store_cancel_remove(txn, id, err);
	if (!rc)
		rc = store_task_get(txn, &e->arena, id, &t, err);
	if (rc)
		return err_wrap(err, rc, "cancel task %llu", (unsigned long long)id);
	if (t.status == TASK_CANCELLING) {
		struct channel_message kill = {
		    .type = CHANNEL_KILL,
		    .task_id = id,
		    .attempt = t.attempts[t.attempt_count - 1].number,
		};

		engine_add_order(e, &kill);
	}
	return 0;
}

static int
cancels_body(struct txn *txn, void *ctx, struct err *err)
{
	struct cancels *c = ctx;
	struct engine *e = c->e;
	size_t cap = ENGINE_BATCH + e->aside_count, count;
	uint64_t *ids = arena_array(&e->arena, cap, sizeof *ids);
	int rc;

	rc = store_cancel_list(txn, ids, cap, &count, err);
	c->more = count == cap;
	for (size_t i = 0; !rc && i < count; i++) {
		if (aside_has(e, ids[i]))
			continue;
		e->at_id = ids[i];
		rc = order_one(txn, e, ids[i], err);
	}
	return rc;
}

int
cancels_order(struct engine *e, bool *more, struct err *err)
{
	struct cancels c = {.e = e};
	int rc = engine_run_each(e, cancels_body, &c, err);

	*more = c.more;
	return rc ? err_wrap(err, rc, "cancel") : 0;
}
