/* The engine: see engine.h. Here: the step, what is due, and what begins. */
#include "scheduler/engine.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "model/retry.h"
#include "scheduler/internal.h"
#include "service/boot.h"
#include "service/fire.h"
#include "service/group.h"

struct engine *
engine_new(const struct engine_options *options)
{
	struct engine *e = mem_alloc(sizeof *e);
	struct channel_message hello = {
	    .type = CHANNEL_HELLO, .generation = options->generation};

	e->options = *options;
	e->pace = (struct pace){
	    .rate = options->start_rate,
	    .burst = options->start_burst ? options->start_burst : 1,
	};
	options->order(options->ctx, &hello);
	return e;
}

void
engine_free(struct engine *e)
{
	if (!e)
		return;
	reports_drop(&e->known, e->known.count);
	reports_drop(&e->reports, e->reports.count);
	free(e->known.items);
	free(e->reports.items);
	free(e->aside);
	free(e->clock_steps);
	arena_release(&e->arena);
	free(e);
}

void
engine_report(struct engine *e, const struct channel_message *m)
{
	bool ours = m->generation == e->options.generation;

	if (m->type == CHANNEL_WELCOME && ours)
		e->welcomed = true;
	else if (!e->welcomed)
		return;
	else if (m->type == CHANNEL_READY && ours)
		e->compare = true;
	else if (m->type == CHANNEL_KNOWN)
		reports_add(&e->known, m);
	else if (m->type == CHANNEL_HELD || m->type == CHANNEL_ENDED ||
		 m->type == CHANNEL_SWEPT)
		reports_add(&e->reports, m);
}

void
engine_add_order(struct engine *e, const struct channel_message *m)
{
	if (e->order_count == e->order_cap) {
		struct channel_message *old = e->orders;

		e->order_cap = e->order_cap ? e->order_cap * 2 : ENGINE_BATCH;
		e->orders = arena_array(&e->arena, e->order_cap, sizeof *e->orders);
		if (old)
			memcpy(e->orders, old, e->order_count * sizeof *old);
	}
	e->orders[e->order_count++] = *m;
}

static void
forget_orders(struct engine *e)
{
	arena_clear(&e->arena);
	e->orders = NULL;
	e->order_count = e->order_cap = 0;
}

struct fresh {
	struct engine *e;
	int (*body)(struct txn *txn, void *ctx, struct err *err);
	void *ctx;
};

static int
fresh_body(struct txn *txn, void *ctx, struct err *err)
{
	struct fresh *c = ctx;
	int rc;

	forget_orders(c->e);
	c->e->at_id = 0;
	rc = c->body(txn, c->ctx, err);
	/* A commit that fails is nobody's fault alone. */
	if (!rc)
		c->e->at_id = 0;
	return rc;
}

int
engine_run(struct engine *e, int (*body)(struct txn *txn, void *ctx, struct err *err),
    void *ctx, struct err *err)
{
	struct fresh c = {e, body, ctx};
	uint32_t starts = 0;
	int rc;

	e->at_id = 0;
	rc = store_run(e->options.store, fresh_body, &c, err);

	for (size_t i = 0; !rc && i < e->order_count; i++) {
		starts += e->orders[i].type == CHANNEL_START;
		e->options.order(e->options.ctx, &e->orders[i]);
	}
	e->running += starts;
	pace_spend(&e->pace, e->now_us, starts);
	forget_orders(e);
	return rc;
}

/* ---- what is due ---- */

struct fire {
	struct engine *e;
	bool more, queued;
	int64_t earliest_us;
};

/* The plan and the state disagree: the state is right, because the ledger's entries go with it. */
static int
mend_plan(struct txn *txn, struct firing f, int64_t planned_us, struct err *err)
{
	int rc = store_plan_remove(txn, f, err);

	log_error("schedule %llu is planned for another due time than its state says: mended",
	    (unsigned long long)f.schedule_id);
	if (!rc && planned_us != INSTANT_NEVER)
		rc = store_plan_put(txn, (struct firing){f.schedule_id, planned_us}, err);
	return rc;
}

static int
fire_one(struct txn *txn, struct fire *c, struct firing f, struct err *err)
{
	struct schedule_state state;
	struct schedule s;
	bool more;
	int rc;

	rc = store_schedule_get(txn, &c->e->arena, f.schedule_id, &s, err);
	if (rc == ERR_MISSING) {
		/* A damaged plan must not stop everybody else's. */
		log_error("schedule %llu is planned and does not exist: taken out of the plan",
		    (unsigned long long)f.schedule_id);
		return store_plan_remove(txn, f, err);
	}
	if (!rc)
		rc = store_state_get(txn, &c->e->arena, f.schedule_id, &state, err);
	if (!rc && schedule_planned(&state) != f.due_us)
		return mend_plan(txn, f, schedule_planned(&state), err);
	if (!rc)
		rc = fire_due(
		    txn, &s, &state, c->e->options.zones, c->e->now_us, &c->queued, &more, err);
	if (!rc)
		rc = store_state_put(txn, &state, err);
	if (!rc && more)
		c->more = true;
	return rc ? err_wrap(err, rc, "schedule %llu", (unsigned long long)f.schedule_id) : 0;
}

/* When the next one is due that is not put aside. */
static int
earliest(struct txn *txn, struct fire *c, struct err *err)
{
	size_t cap = c->e->aside_count + 1, count;
	struct firing *next;
	int rc;

	if (cap == 1)
		return store_plan_earliest(txn, &c->earliest_us, err);
	c->earliest_us = INSTANT_NEVER;
	next = arena_array(&c->e->arena, cap, sizeof *next);
	rc = store_plan_due(txn, INSTANT_NEVER, next, cap, &count, err);
	for (size_t i = count; !rc && i-- > 0;) {
		if (!aside_has(c->e, next[i].schedule_id))
			c->earliest_us = next[i].due_us;
	}
	return rc;
}

static int
fire_body(struct txn *txn, void *ctx, struct err *err)
{
	struct fire *c = ctx;
	struct engine *e = c->e;
	size_t cap = ENGINE_BATCH + e->aside_count, count;
	struct firing *due = arena_array(&e->arena, cap, sizeof *due);
	int rc;

	c->queued = false;
	rc = store_plan_due(txn, e->now_us, due, cap, &count, err);
	c->more = count == cap;
	for (size_t i = 0; !rc && i < count; i++) {
		if (aside_has(e, due[i].schedule_id))
			continue;
		e->at_id = due[i].schedule_id;
		rc = fire_one(txn, c, due[i], err);
	}
	if (rc)
		return rc;
	e->at_id = 0; /* what follows is about all of them */
	return earliest(txn, c, err);
}

/* ---- what begins ---- */

/* The tasks of an execution. */
struct tasks {
	struct task *items;
	size_t count;
};

/* Give a task its next attempt; the order to start it leaves after the commit. */
static int
begin_task(struct txn *txn, struct engine *e, const struct execution *x, struct task *t,
    const struct tasks *all, struct err *err)
{
	struct channel_message start;
	int rc;

	if (!retry_attempt(t))
		task_add_attempt(&e->arena, t);
	t->status = TASK_STARTING;
	rc = store_active_put(txn, t->id, err);
	if (!rc)
		rc = store_task_put(txn, t, err);
	if (rc)
		return err_wrap(err, rc, "begin task %llu", (unsigned long long)t->id);
	rc = dispatch_start(txn, e, x, t, all->items, all->count, &start, err);
	if (rc)
		return err_wrap(err, rc, "begin task %llu", (unsigned long long)t->id);
	engine_add_order(e, &start);
	return 0;
}

/* Its condition, unless that was met already. */
static int
begin_condition(struct txn *txn, struct engine *e, const struct execution *x, struct err *err)
{
	static const struct tasks none;
	struct task t;
	int rc = store_task_get(txn, &e->arena, x->condition_id, &t, err);

	return rc || t.status != TASK_PENDING ? rc : begin_task(txn, e, x, &t, &none, err);
}

static int
begin_execution(struct txn *txn, struct engine *e, uint64_t id, struct err *err)
{
	struct execution x;
	struct tasks all;
	bool may;
	int rc;

	rc = store_queue_remove(txn, id, err);
	if (!rc)
		rc = store_execution_get(txn, &e->arena, id, &x, err);
	if (rc == ERR_MISSING) {
		log_error("execution %llu is queued and does not exist: dropped",
		    (unsigned long long)id);
		return 0;
	}
	if (!rc)
		rc = group_enter(txn, &e->arena, &x, &may, err);
	if (!rc && !may)
		return 0;
	if (!rc)
		rc = store_task_list(txn, &e->arena, id, &all.items, &all.count, err);
	if (!rc && x.condition_id)
		rc = begin_condition(txn, e, &x, err);
	for (size_t i = 0; !rc && i < all.count; i++) {
		if (all.items[i].status == TASK_PENDING)
			rc = begin_task(txn, e, &x, &all.items[i], &all, err);
	}
	return rc ? err_wrap(err, rc, "begin execution %llu", (unsigned long long)id) : 0;
}

struct begin {
	struct engine *e;
	bool more;
	bool paced; /* more could begin, and is not to yet */
};

/* Every so many batches the lowest priority comes first: else it would wait for ever behind higher
 * ones that never end. */
enum { BEGIN_LOWEST = 8 };

static int
list_queue(struct txn *txn, struct engine *e, uint64_t *ids, size_t cap, size_t *count,
    struct err *err)
{
	bool lowest = e->begin_count % BEGIN_LOWEST == BEGIN_LOWEST - 1;

	return lowest ? store_queue_list_lowest(txn, e->last_begun, ids, cap, count, err)
		      : store_queue_list(txn, e->last_begun, ids, cap, count, err);
}

/* Is there no place for another attempt, or not yet? */
static bool
must_wait(struct begin *c)
{
	struct engine *e = c->e;
	bool full = e->running + e->order_count >= ENGINE_RUNNING_MAX;

	c->paced = !full && e->order_count >= pace_allows(&e->pace, e->now_us);
	if (full || c->paced)
		c->more = false;
	return full || c->paced;
}

static int
begin_body(struct txn *txn, void *ctx, struct err *err)
{
	struct begin *c = ctx;
	struct engine *e = c->e;
	size_t cap = ENGINE_BATCH + e->aside_count, count;
	uint64_t *ids = arena_array(&e->arena, cap, sizeof *ids);
	int rc;

	c->paced = false;
	rc = list_queue(txn, e, ids, cap, &count, err);
	c->more = count == cap;
	for (size_t i = 0; !rc && i < count; i++) {
		if (aside_has(e, ids[i]))
			continue;
		if (must_wait(c))
			break;
		e->at_id = e->last_begun = ids[i];
		rc = begin_execution(txn, e, ids[i], err);
	}
	return rc;
}

/* ---- boots ---- */

struct booted {
	struct engine *e;
	bool open, queued;
};

static int
boot_body(struct txn *txn, void *ctx, struct err *err)
{
	struct booted *c = ctx;
	struct engine *e = c->e;
	int rc = boot_notice(txn, &e->arena, e->options.boot, e->now_us, &c->open, err);

	c->queued = false;
	if (rc || !c->open)
		return rc;
	return boot_tell(
	    txn, &e->arena, e->options.zones, e->now_us, BOOT_BATCH, &c->queued, err);
}

/* One transaction of it; *more: schedules are left, or another boot. */
static int
boots_tell(struct engine *e, bool *more, struct err *err)
{
	struct booted c = {.e = e};
	int rc;

	*more = false;
	if (e->boot_told || !e->options.boot)
		return 0;
	rc = engine_run(e, boot_body, &c, err);
	if (rc)
		return err_wrap(err, rc, "tell that the machine was started");
	/* Whoever was told may have been told of the boot before this one. */
	e->boot_told = !c.open;
	*more = !e->boot_told;
	return 0;
}

/* ---- the step ---- */

static int64_t
earlier(int64_t a_us, int64_t b_us)
{
	return a_us < b_us ? a_us : b_us;
}

static int
step(struct engine *e, int64_t *delay_us, struct err *err)
{
	struct fire fire = {.e = e};
	struct begin begin = {.e = e};
	int64_t retry_us, alarm_us, notice_us, next_us, paced_us;
	bool cancels, boots;
	int rc = clock_steps_note(e, err);

	if (rc)
		return rc;
	if (e->compare) {
		rc = compare_with_runner(e, err);
		if (rc)
			return err_wrap(err, rc, "compare with the runner");
		e->compare = false;
		e->ready = true;
	}
	if (!e->ready)
		return 0;
	rc = reports_settle(e, err);
	if (!rc)
		rc = cancels_order(e, &cancels, err);
	if (!rc && cancels)
		*delay_us = 0;
	if (rc || e->stopping)
		return rc;
	rc = boots_tell(e, &boots, err);
	if (rc)
		return rc;
	rc = engine_run_each(e, fire_body, &fire, err);
	if (rc)
		return err_wrap(err, rc, "fire");
	/* A run that is due may have taken the place of another. */
	if (fire.queued)
		rc = cancels_order(e, &cancels, err);
	if (rc)
		return rc;
	rc = retries_begin(e, &retry_us, err);
	if (rc)
		return rc;
	/* An attempt counts as the runner's from the commit on, also before it has read its
	 * order. With the runner full, the next end makes room. */
	if (e->running < ENGINE_RUNNING_MAX)
		rc = engine_run_each(e, begin_body, &begin, err);
	if (rc)
		return err_wrap(err, rc, "begin");
	e->begin_count++;
	rc = alarms_settle(e, &alarm_us, err);
	if (!rc)
		rc = notices_send(e, &notice_us, err);
	if (rc)
		return rc;
	next_us = earlier(earlier(fire.earliest_us, retry_us), earlier(alarm_us, notice_us));
	if (fire.more || begin.more || cancels || boots)
		*delay_us = 0;
	else if (next_us != INSTANT_NEVER)
		*delay_us = next_us > e->now_us ? next_us - e->now_us : 0;
	paced_us = begin.paced ? pace_delay(&e->pace, e->now_us) : INSTANT_NEVER;
	if (paced_us < *delay_us)
		*delay_us = paced_us;
	return 0;
}

int
engine_step(struct engine *e, int64_t now_us, int64_t *delay_us, struct err *err)
{
	int64_t aside_us;
	int rc;

	e->now_us = now_us;
	e->failures = 0;
	*delay_us = INSTANT_NEVER;
	rc = step(e, delay_us, err);
	aside_us = aside_delay(e);
	if (aside_us < *delay_us)
		*delay_us = aside_us;
	return rc;
}

/* ---- the proof ---- */

struct proving {
	struct engine *e;
	int64_t now_us;
	uint64_t after;
	struct proof proof;
};

static int
prove_body(struct txn *txn, void *ctx, struct err *err)
{
	struct proving *c = ctx;
	struct engine *e = c->e;

	c->after = e->proved;
	c->proof = (struct proof){0};
	return proof_check(txn, &e->arena, e->options.zones, c->now_us,
	    e->walked ? e->zone_reads : UINT64_MAX, &c->after, ENGINE_BATCH, &c->proof, err);
}

void
engine_zones_changed(struct engine *e)
{
	e->zones_changed = true;
	e->proved = 0;
}

int
engine_prove(
    struct engine *e, int64_t now_us, struct proof *p, bool *ended, bool *more, struct err *err)
{
	struct proving c = {.e = e, .now_us = now_us};
	int rc = engine_run(e, prove_body, &c, err);

	*ended = *more = false;
	if (rc)
		return err_wrap(err, rc, "prove that all schedules are planned");
	e->proved = c.after;
	*p = c.proof;
	*ended = c.after == 0;
	if (*ended) {
		e->walked = true;
		e->zones_changed = false;
		e->zone_reads = zones_reads(e->options.zones);
	}
	*more = e->zones_changed;
	return 0;
}

void
engine_drain(struct engine *e)
{
	e->stopping = true;
}

void
engine_stop(struct engine *e)
{
	struct channel_message stop = {.type = CHANNEL_STOP};

	if (!e->stop_ordered)
		e->options.order(e->options.ctx, &stop);
	e->stopping = e->stop_ordered = true;
}

bool
engine_is_idle(const struct engine *e)
{
	return e->ready && e->running == 0 && e->reports.count == 0;
}
