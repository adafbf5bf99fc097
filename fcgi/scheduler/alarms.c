/*
 * Alarms: what is to be told of a schedule because time has passed. They are settled like due
 * times, behind them: a run that starts in this step was on time.
 */
#include "scheduler/internal.h"
#include "service/notify.h"

struct alarms {
	struct engine *e;
	bool more;
	int64_t earliest_us;
};

static int
settle_one(struct txn *txn, struct engine *e, const struct alarm *al, struct err *err)
{
	int rc;

	e->at_id = al->schedule_id;
	rc = notify_alarm(txn, &e->arena, al->schedule_id, al->execution_id, e->now_us, err);
	return rc ? err_wrap(
			err, rc, "alarm of schedule %llu", (unsigned long long)al->schedule_id)
		  : 0;
}

/* When the next is due that is not put aside; it may have several. */
static int
earliest(struct txn *txn, struct alarms *c, struct err *err)
{
	struct alarm next[ENGINE_BATCH];
	size_t count;
	int rc = store_alarm_due(txn, INSTANT_NEVER, next, ENGINE_BATCH, &count, err);

	c->earliest_us = INSTANT_NEVER;
	for (size_t i = count; !rc && i-- > 0;) {
		if (!aside_has(c->e, next[i].schedule_id))
			c->earliest_us = next[i].due_us;
	}
	return rc;
}

static int
alarms_body(struct txn *txn, void *ctx, struct err *err)
{
	struct alarms *c = ctx;
	struct engine *e = c->e;
	size_t cap = ENGINE_BATCH + e->aside_count, count;
	struct alarm *due = arena_array(&e->arena, cap, sizeof *due);
	int rc = store_alarm_due(txn, e->now_us, due, cap, &count, err);

	c->more = count == cap;
	for (size_t i = 0; !rc && i < count; i++) {
		if (!aside_has(e, due[i].schedule_id))
			rc = settle_one(txn, e, &due[i], err);
	}
	if (rc)
		return rc;
	e->at_id = 0;
	return earliest(txn, c, err);
}

int
alarms_settle(struct engine *e, int64_t *next_us, struct err *err)
{
	struct alarms c = {.e = e};
	int rc = engine_run_each(e, alarms_body, &c, err);

	*next_us = c.more ? e->now_us : c.earliest_us;
	return rc ? err_wrap(err, rc, "alarms") : 0;
}
