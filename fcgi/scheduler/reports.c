/*
 * What the runner reports, made durable in batches: an attempt is held, has ended, or the
 * processes of a dead runner are swept away.
 *
 * A report may come twice and may be about something that is settled long ago; then the order
 * that follows from the store's present state is simply given again.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "model/http.h"
#include "scheduler/internal.h"
#include "service/notify.h"
#include "service/run.h"

static struct channel_result *
copy_results(const struct channel_message *m)
{
	struct channel_result *copy;

	if (!m->result_count)
		return NULL;
	copy = mem_alloc(m->result_count * sizeof *copy);
	for (uint32_t i = 0; i < m->result_count; i++) {
		copy[i] = m->results[i];
		copy[i].name = mem_strdup(m->results[i].name);
	}
	return copy;
}

static void
release(struct report *r)
{
	for (uint32_t i = 0; i < r->result_count; i++)
		free((char *)r->results[i].name);
	free(r->results);
	free(r->reason);
	free(r->last_line);
}

void
reports_add(struct reports *r, const struct channel_message *m)
{
	if (r->count == r->cap) {
		r->cap = r->cap ? r->cap * 2 : 64;
		r->items = mem_resize(r->items, r->cap * sizeof *r->items);
	}
	r->items[r->count++] = (struct report){
	    .type = m->type,
	    .task_id = m->task_id,
	    .attempt = m->attempt,
	    .phase = m->phase,
	    .pid = m->pid,
	    .pid_start_ticks = m->pid_start_ticks,
	    .started = m->started,
	    .timed_out = m->timed_out,
	    .killed = m->killed,
	    .exit_code = m->exit_code,
	    .signal = m->signal,
	    .http_status = m->http_status,
	    .end_us = m->end_us,
	    .retry_after_us = m->retry_after_us,
	    .output_bytes = m->output_bytes,
	    .cpu_user_us = m->cpu_user_us,
	    .cpu_system_us = m->cpu_system_us,
	    .memory_bytes = m->memory_bytes,
	    .reason = m->reason ? mem_strdup(m->reason) : NULL,
	    .last_line = m->last_line ? mem_strdup(m->last_line) : NULL,
	    .results = copy_results(m),
	    .result_count = m->result_count,
	};
}

void
reports_drop(struct reports *r, size_t count)
{
	for (size_t i = 0; i < count; i++)
		release(&r->items[i]);
	r->count -= count;
	if (r->count)
		memmove(r->items, r->items + count, r->count * sizeof *r->items);
}

static void
order(struct engine *e, enum channel_type type, const struct report *r)
{
	struct channel_message m = {.type = type, .task_id = r->task_id, .attempt = r->attempt};

	engine_add_order(e, &m);
}

/* The task whose present attempt the report is about. Fails: ERR_MISSING when the store knows
 * no such attempt to be under way. */
static int
active_task(struct txn *txn, struct engine *e, const struct report *r, struct task *t,
    struct attempt **attempt, struct err *err)
{
	int rc = store_task_get(txn, &e->arena, r->task_id, t, err);

	if (rc)
		return rc;
	if (!task_status_active(t->status))
		return ERR_MISSING;
	*attempt = &t->attempts[t->attempt_count - 1];
	return (*attempt)->number == r->attempt ? 0 : ERR_MISSING;
}

/* Its pid becomes durable. */
static int
note_pid(
    struct txn *txn, struct engine *e, struct task *t, const struct report *r, struct err *err)
{
	struct attempt *attempt = &t->attempts[t->attempt_count - 1];
	struct execution x;
	int rc;

	t->status = TASK_RUNNING;
	attempt->pid = r->pid;
	attempt->pid_start_ticks = r->pid_start_ticks;
	attempt->start_us = e->now_us;
	rc = store_task_put(txn, t, err);
	if (rc || t->ordinal == TASK_ORDINAL_CONDITION)
		return rc;
	rc = store_execution_get(txn, &e->arena, t->execution_id, &x, err);
	if (rc || x.start_us != INSTANT_NEVER)
		return rc;
	x.start_us = e->now_us;
	rc = store_execution_put(txn, &x, err);
	return rc ? rc : notify_started(txn, &e->arena, &x, err);
}

/* The child stands behind its gate: its pid becomes durable, and then it is released. One that
 * was cancelled meanwhile ends there. */
static int
note_held(struct txn *txn, struct engine *e, const struct report *r, struct err *err)
{
	struct attempt *attempt;
	struct task t;
	int rc;

	rc = active_task(txn, e, r, &t, &attempt, err);
	if (rc == ERR_MISSING) {
		rc = notices_held(txn, e, r, err);
		if (!rc || rc == ERR_MISSING)
			order(e, rc ? CHANNEL_KILL : CHANNEL_RELEASE, r);
		return rc == ERR_MISSING ? 0 : rc;
	}
	if (!rc && t.status == TASK_CANCELLING) {
		order(e, CHANNEL_KILL, r);
		return 0;
	}
	if (!rc && t.status == TASK_STARTING)
		rc = note_pid(txn, e, &t, r, err);
	if (!rc)
		order(e, CHANNEL_RELEASE, r);
	return rc;
}

/* Has a request got what it hoped for? An answer that did not come whole has a reason. */
static enum task_status
answered_as(struct engine *e, struct task *t, const struct report *r)
{
	struct attempt *attempt = &t->attempts[t->attempt_count - 1];

	if (r->reason || !r->http_status)
		return TASK_FAILED;
	if (http_is_expected(t->def.http, r->http_status))
		return TASK_SUCCEEDED;
	attempt->reason = arena_printf(&e->arena, "answered with status %d", r->http_status);
	return TASK_FAILED;
}

static enum task_status
ended_as(struct engine *e, struct task *t, const struct report *r)
{
	if (!r->started)
		return TASK_FAILED;
	if (r->timed_out)
		return TASK_TIMED_OUT;
	if (t->def.http)
		return answered_as(e, t, r);
	return r->exit_code == 0 ? TASK_SUCCEEDED : TASK_FAILED;
}

/* It was ended while it was held: it certainly never ran, so the attempt is taken back and made
 * again. That of a retry stays due. */
static int
take_back(struct txn *txn, struct arena *a, struct task *t, struct err *err)
{
	struct attempt taken = t->attempts[--t->attempt_count];
	int rc;

	if (taken.due_us)
		task_add_attempt(a, t)->due_us = taken.due_us;
	t->status = TASK_PENDING;
	rc = store_active_remove(txn, t->id, err);
	if (!rc)
		rc = store_task_put(txn, t, err);
	return rc ? rc : store_queue_put(txn, t->execution_id, err);
}

_Static_assert((int)CHANNEL_LINE_MAX == (int)ATTEMPT_LINE_MAX, "a last line fits");
_Static_assert((int)CHANNEL_RESULTS_MAX == (int)RESULT_FILES_MAX, "all result files fit");
_Static_assert((int)CHANNEL_MD5_BYTES == (int)RESULT_MD5_BYTES, "a checksum fits");

/* The result files of an attempt, in the transaction that ends it: so they are known exactly once. */
static int
note_results(struct txn *txn, const struct report *r, const struct task *t,
    struct attempt *attempt, struct err *err)
{
	struct result result = {
	    .tenant_id = t->tenant_id,
	    .schedule_id = t->schedule_id,
	    .execution_id = t->execution_id,
	    .task_id = t->id,
	    .attempt = attempt->number,
	    .state = RESULT_AVAILABLE,
	    .created_us = attempt->end_us,
	    .consumed_us = INSTANT_NEVER,
	    .deleted_us = INSTANT_NEVER,
	};
	int rc = 0;

	attempt->results = r->result_count;
	for (uint32_t i = 0; !rc && i < r->result_count; i++) {
		result.number = r->results[i].number;
		result.name = r->results[i].name;
		result.bytes = r->results[i].bytes;
		memcpy(result.md5, r->results[i].md5, sizeof result.md5);
		result.json = r->results[i].json;
		rc = store_next_id(txn, t->tenant_id, &result.id, err);
		if (!rc)
			rc = store_result_put(txn, &result, err);
	}
	return rc;
}

/* *ended counts the attempts that were under way until now. */
static int
note_ended(
    struct txn *txn, struct engine *e, const struct report *r, uint64_t *ended, struct err *err)
{
	struct attempt *attempt;
	bool queued = false;
	struct task t;
	int rc;

	rc = active_task(txn, e, r, &t, &attempt, err);
	if (rc == ERR_MISSING) {
		rc = notices_ended(txn, e, r, err);
		*ended += !rc;
		if (!rc || rc == ERR_MISSING)
			order(e, CHANNEL_FORGET, r);
		return rc == ERR_MISSING ? 0 : rc;
	}
	if (rc)
		return rc;
	/* The clock may have been set back since the start. */
	attempt->end_us = attempt->start_us != INSTANT_NEVER && r->end_us < attempt->start_us
			      ? attempt->start_us
			      : r->end_us;
	attempt->exit_code = r->exit_code;
	attempt->signal = r->signal;
	attempt->http_status = r->http_status;
	attempt->reason = r->reason;
	attempt->last_line = r->last_line;
	attempt->retry_after_us = r->retry_after_us;
	attempt->cpu_user_us = r->cpu_user_us;
	attempt->cpu_system_us = r->cpu_system_us;
	attempt->memory_bytes = r->memory_bytes;
	t.output_bytes = (int64_t)r->output_bytes;
	rc = note_results(txn, r, &t, attempt, err);
	if (rc)
		return rc;
	if (r->killed && !r->started && t.status != TASK_CANCELLING) {
		rc = take_back(txn, &e->arena, &t, err);
	} else if (r->killed && !r->timed_out) {
		attempt->reason = "the service was stopped while it ran";
		rc = run_lose_task(txn, &e->arena, &t, &queued, err);
	} else {
		rc = run_end_task(
		    txn, &e->arena, &t, ended_as(e, &t, r), r->end_us, &queued, err);
	}
	if (rc)
		return rc;
	(*ended)++;
	order(e, CHANNEL_FORGET, r);
	return 0;
}

/* Nothing of a dead runner's command is left: now it is safe to call it lost, or to run it
 * again. */
static int
note_swept(struct txn *txn, struct engine *e, const struct report *r, struct err *err)
{
	struct attempt *attempt;
	bool queued = false;
	struct task t;
	int rc;

	rc = active_task(txn, e, r, &t, &attempt, err);
	if (rc == ERR_MISSING || (!rc && attempt->pid != r->pid))
		return 0;
	if (rc)
		return rc;
	attempt->end_us = e->now_us;
	attempt->reason = "the service died while it ran: how it ended is not known";
	return run_lose_task(txn, &e->arena, &t, &queued, err);
}

struct settle {
	struct engine *e;
	size_t settled;
	uint64_t ended;
};

static int
settle_one(struct txn *txn, struct settle *c, const struct report *r, struct err *err)
{
	int rc;

	if (r->type == CHANNEL_HELD)
		rc = note_held(txn, c->e, r, err);
	else if (r->type == CHANNEL_ENDED)
		rc = note_ended(txn, c->e, r, &c->ended, err);
	else
		rc = note_swept(txn, c->e, r, err);
	return rc ? err_wrap(err, rc, "report on task %llu", (unsigned long long)r->task_id)
		  : 0;
}

static int
settle_body(struct txn *txn, void *ctx, struct err *err)
{
	struct settle *c = ctx;
	struct engine *e = c->e;
	int rc = 0;

	c->settled = 0;
	c->ended = 0;
	for (size_t i = 0; i < e->reports.count; i++)
		e->reports.items[i].settled = false;
	for (size_t i = 0; !rc && i < e->reports.count && c->settled < ENGINE_BATCH; i++) {
		struct report *r = &e->reports.items[i];

		/* Reports on one task stay in order: all of them wait. */
		if (aside_has(e, r->task_id))
			continue;
		e->at_id = r->task_id;
		rc = settle_one(txn, c, r, err);
		r->settled = true;
		c->settled++;
	}
	return rc;
}

/* Drop what was settled and keep the rest in order. */
static void
drop_settled(struct engine *e)
{
	size_t kept = 0;

	for (size_t i = 0; i < e->reports.count; i++) {
		struct report *r = &e->reports.items[i];

		if (!r->settled) {
			e->reports.items[kept++] = *r;
			continue;
		}
		release(r);
	}
	e->reports.count = kept;
}

int
reports_settle(struct engine *e, struct err *err)
{
	struct settle c = {.e = e, .settled = 1};

	while (e->reports.count > 0 && c.settled > 0) {
		int rc = engine_run_each(e, settle_body, &c, err);

		if (rc)
			return rc;
		e->running -= c.ended < e->running ? c.ended : e->running;
		drop_settled(e);
	}
	return 0;
}
