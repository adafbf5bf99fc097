/*
 * Retries whose time has come: their tasks are pending again, and begin like any other.
 *
 * They stand in the store ordered by time, so what waits costs no memory, and who dies here
 * leaves them where they are.
 */
#include "scheduler/internal.h"
#include "service/run.h"

struct retries_due {
	struct engine *e;
	int64_t next_us;
};

/* When the next one is due that is not put aside. */
static int
find_next(struct txn *txn, struct retries_due *c, struct err *err)
{
	struct engine *e = c->e;
	size_t cap = e->aside_count + 1, count;
	struct retry *next = arena_array(&e->arena, cap, sizeof *next);
	int rc = store_retry_due(txn, INSTANT_NEVER, next, cap, &count, err);

	c->next_us = INSTANT_NEVER;
	for (size_t i = count; !rc && i-- > 0;) {
		if (!aside_has(e, next[i].task_id))
			c->next_us = next[i].due_us;
	}
	return rc;
}

static int
retries_body(struct txn *txn, void *ctx, struct err *err)
{
	struct retries_due *c = ctx;
	struct engine *e = c->e;
	size_t cap = ENGINE_BATCH + e->aside_count, count;
	struct retry *due = arena_array(&e->arena, cap, sizeof *due);
	bool queued;
	int rc;

	rc = store_retry_due(txn, e->now_us, due, cap, &count, err);
	for (size_t i = 0; !rc && i < count; i++) {
		if (aside_has(e, due[i].task_id))
			continue;
		e->at_id = due[i].task_id;
		rc = run_begin_retry(txn, &e->arena, &due[i], e->now_us, &queued, err);
		if (rc)
			return err_wrap(
			    err, rc, "retry of task %llu", (unsigned long long)due[i].task_id);
	}
	if (rc)
		return rc;
	e->at_id = 0; /* what follows is about all of them */
	return find_next(txn, c, err);
}

int
retries_begin(struct engine *e, int64_t *next_us, struct err *err)
{
	struct retries_due c = {.e = e};
	int rc = engine_run_each(e, retries_body, &c, err);

	*next_us = c.next_us;
	return rc;
}
