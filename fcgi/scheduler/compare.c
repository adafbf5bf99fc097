/*
 * A new scheduler compares what the store says is under way with what the runner holds.
 *
 *   store     runner         what happened                     what follows
 *   starting  not known      START was lost, with the runner   START again: it certainly
 *                            or before it left                 never ran
 *   starting  held           its pid was not made durable      as if it were reported now
 *   running   held           RELEASE was lost                  RELEASE; KILL if it is
 *                                                              cancelling
 *   running   running        nothing                           nothing; KILL if it is
 *                                                              cancelling
 *   either    ended          its end was not made durable      as if it were reported now
 *   running   not known      the runner died                   sweep its processes, then
 *                                                              onLost decides; at once for
 *                                                              a request, which has none
 *   nothing   held, running  the store was put back            KILL
 *   nothing   ended          FORGET was lost                   FORGET
 *
 * It is done once in the life of an engine, and again from its beginning when the store fails
 * it: what the runner told is kept until the comparison is durable.
 */
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "scheduler/internal.h"

struct comparison {
	struct engine *e;
	struct reports reports; /* what the known ones amount to */
	size_t stale_count;	/* attempts whose runner died */
	uint64_t running;
};

static int
by_attempt(const void *a, const void *b)
{
	const struct report *x = a, *y = b;

	if (x->task_id != y->task_id)
		return x->task_id < y->task_id ? -1 : 1;
	return x->attempt < y->attempt ? -1 : x->attempt > y->attempt;
}

static struct report *
find_known(struct engine *e, uint64_t id, uint32_t attempt)
{
	struct report key = {.task_id = id, .attempt = attempt};

	return e->known.count
		   ? bsearch(&key, e->known.items, e->known.count, sizeof key, by_attempt)
		   : NULL;
}

static void
add_stale(struct comparison *c, const struct task *t, const struct attempt *attempt)
{
	struct channel_message m = {
	    .type = CHANNEL_STALE,
	    .task_id = t->id,
	    .attempt = attempt->number,
	    .pid = attempt->pid,
	    .pid_start_ticks = attempt->pid_start_ticks,
	};

	c->stale_count++;
	engine_add_order(c->e, &m);
}

/* A request has left nothing behind that would have to be swept. */
static void
report_lost(struct comparison *c, const struct task *t, const struct attempt *attempt)
{
	struct channel_message m = {
	    .type = CHANNEL_SWEPT,
	    .task_id = t->id,
	    .attempt = attempt->number,
	};

	reports_add(&c->reports, &m);
}

/* What is known of an attempt comes in as if the runner reported it now. */
static void
report_known(struct comparison *c, const struct report *r)
{
	struct channel_message m = {
	    .type = r->phase == PHASE_ENDED ? CHANNEL_ENDED : CHANNEL_HELD,
	    .task_id = r->task_id,
	    .attempt = r->attempt,
	    .pid = r->pid,
	    .pid_start_ticks = r->pid_start_ticks,
	    .started = r->started,
	    .timed_out = r->timed_out,
	    .killed = r->killed,
	    .exit_code = r->exit_code,
	    .signal = r->signal,
	    .http_status = r->http_status,
	    .end_us = r->end_us,
	    .retry_after_us = r->retry_after_us,
	    .output_bytes = r->output_bytes,
	    .cpu_user_us = r->cpu_user_us,
	    .cpu_system_us = r->cpu_system_us,
	    .memory_bytes = r->memory_bytes,
	    .reason = r->reason,
	    .last_line = r->last_line,
	    .results = r->results,
	    .result_count = r->result_count,
	};

	reports_add(&c->reports, &m);
}

/* If the runner has it: *known, and it goes on from there. */
static void
match_known(void *ctx, uint64_t id, uint32_t attempt, bool *known)
{
	struct comparison *c = ctx;
	struct report *r = find_known(c->e, id, attempt);

	*known = r;
	if (!r)
		return;
	r->matched = true;
	c->running++;
	report_known(c, r);
}

static int
compare_task(struct txn *txn, struct comparison *c, uint64_t id, struct err *err)
{
	struct engine *e = c->e;
	struct channel_message start;
	struct attempt *attempt;
	struct task t, *tasks;
	struct execution x;
	size_t count;
	bool known;
	int rc;

	rc = store_task_get(txn, &e->arena, id, &t, err);
	if (rc && rc != ERR_MISSING)
		return rc;
	if (rc || !task_status_active(t.status)) {
		log_error("task %llu is among the active and is not under way: taken out",
		    (unsigned long long)id);
		return store_active_remove(txn, id, err);
	}
	attempt = &t.attempts[t.attempt_count - 1];
	match_known(c, id, attempt->number, &known);
	if (known)
		return 0;
	/* That it was held is durable: it may have run. */
	if (attempt->start_us != INSTANT_NEVER) {
		if (attempt->pid)
			add_stale(c, &t, attempt);
		else
			report_lost(c, &t, attempt);
		return 0;
	}
	/* It stays as it is for the engine that comes after the stop. */
	if (e->stopping)
		return 0;
	rc = store_execution_get(txn, &e->arena, t.execution_id, &x, err);
	if (!rc)
		rc = store_task_list(txn, &e->arena, t.execution_id, &tasks, &count, err);
	if (rc)
		return rc;
	rc = dispatch_start(txn, e, &x, &t, tasks, count, &start, err);
	if (rc)
		return rc;
	engine_add_order(e, &start);
	return 0;
}

/* Its record cannot be read: whatever runs of it goes on, until an engine can read it. */
static void
let_alone(struct comparison *c, uint64_t id)
{
	for (size_t i = 0; i < c->e->known.count; i++) {
		if (c->e->known.items[i].task_id == id)
			c->e->known.items[i].matched = true;
	}
}

static void
end_unmatched(struct comparison *c)
{
	struct engine *e = c->e;

	for (size_t i = 0; i < e->known.count; i++) {
		const struct report *r = &e->known.items[i];
		struct channel_message m = {
		    .type = r->phase == PHASE_ENDED ? CHANNEL_FORGET : CHANNEL_KILL,
		    .task_id = r->task_id,
		    .attempt = r->attempt,
		};

		if (r->matched)
			continue;
		engine_add_order(e, &m);
	}
}

static int
compare_body(struct txn *txn, void *ctx, struct err *err)
{
	struct comparison *c = ctx;
	uint64_t ids[ENGINE_BATCH], after = 0;
	size_t count;
	int rc;

	for (size_t i = 0; i < c->e->known.count; i++)
		c->e->known.items[i].matched = false;
	reports_drop(&c->reports, c->reports.count);
	c->stale_count = 0;
	c->running = 0;
	do {
		rc = store_active_list(txn, after, ids, ENGINE_BATCH, &count, err);
		for (size_t i = 0; !rc && i < count; i++) {
			after = c->e->at_id = ids[i];
			if (aside_has(c->e, ids[i]))
				let_alone(c, ids[i]);
			else
				rc = compare_task(txn, c, ids[i], err);
		}
	} while (!rc && count == ENGINE_BATCH);
	c->e->at_id = rc ? c->e->at_id : 0;
	if (!rc)
		rc = notices_compare(txn, c->e, match_known, c, err);
	if (!rc)
		end_unmatched(c);
	return rc;
}

int
compare_with_runner(struct engine *e, struct err *err)
{
	struct comparison c = {.e = e};
	size_t later = e->reports.count;
	int rc;

	if (e->known.count)
		qsort(e->known.items, e->known.count, sizeof *e->known.items, by_attempt);
	rc = engine_run_each(e, compare_body, &c, err);
	if (rc)
		goto done;

	/* What the runner reported since it told its list comes behind what the list says. */
	e->running += c.running;
	c.reports.items =
	    mem_resize(c.reports.items, (c.reports.count + later) * sizeof *c.reports.items);
	for (size_t i = 0; i < later; i++)
		c.reports.items[c.reports.count++] = e->reports.items[i];
	e->reports.count = 0;
	free(e->reports.items);
	e->reports = c.reports;
	e->reports.cap = c.reports.count;
	c.reports = (struct reports){0};
	if (c.stale_count)
		log_warn("%zu commands of a runner that died are being ended", c.stale_count);

	reports_drop(&e->known, e->known.count);

done:
	reports_drop(&c.reports, c.reports.count);
	free(c.reports.items);
	return rc;
}
