/* The steps of a run: see run.h. */
#include "service/run.h"

#include "base/log.h"
#include "model/retry.h"
#include "service/group.h"
#include "service/notify.h"

static int
make_task(struct txn *txn, const struct execution *e, struct task t, struct err *err)
{
	int rc = t.id ? 0 : store_next_id(txn, e->tenant_id, &t.id, err);

	t.execution_id = e->id;
	t.schedule_id = e->schedule_id;
	t.tenant_id = e->tenant_id;
	t.output_bytes = -1;
	t.end_us = e->end_us;
	return rc ? rc : store_task_put(txn, &t, err);
}

/* What a task does when nothing of its execution has begun, and no condition stands before it. */
static enum task_status
first_status(const struct task_def *def)
{
	return def->after_count ? TASK_WAITING : TASK_PENDING;
}

/* The tasks of a new execution, with copies of their definitions. */
static int
make_tasks(
    struct txn *txn, const struct run_request *r, const struct execution *e, struct err *err)
{
	int rc = 0;

	for (uint32_t i = 0; !rc && i < e->task_count; i++) {
		struct task t = {.ordinal = i, .def = r->schedule->tasks[i]};

		t.status = r->stopped	     ? TASK_CONDITION
			   : e->condition_id ? TASK_WAITING
					     : first_status(&t.def);
		rc = make_task(txn, e, t, err);
	}
	if (!rc && e->condition_id)
		rc = make_task(txn, e,
		    (struct task){.id = e->condition_id,
			.ordinal = TASK_ORDINAL_CONDITION,
			.status = TASK_PENDING,
			.def = *r->schedule->condition},
		    err);
	return rc;
}

int
run_take_turn(struct txn *txn, const struct schedule *s, struct schedule_state *state,
    uint64_t execution_id, struct err *err)
{
	if (s->overlap == OVERLAP_ALLOW || state->active == 0) {
		state->active++;
		return store_queue_put(txn, execution_id, err);
	}
	state->waiting++;
	return store_waiting_put(txn, s->id, execution_id, err);
}

/* Does it end what goes on? */
static bool
replaces(const struct run_request *r)
{
	const struct schedule *s = r->schedule;

	return s->overlap == OVERLAP_REPLACE && !r->stopped && r->origin != ORIGIN_BACKFILL &&
	       !(r->origin == ORIGIN_CATCH_UP && s->misfire == MISFIRE_ALL);
}

int
run_make(struct txn *txn, const struct run_request *r, struct schedule_state *state,
    uint64_t *execution_id, struct err *err)
{
	const struct schedule *s = r->schedule;
	struct arena scratch = ARENA_INIT;
	struct execution e = {
	    .tenant_id = s->tenant_id,
	    .schedule_id = s->id,
	    .schedule_name = s->name,
	    .origin = r->origin,
	    .due_us = r->due_us,
	    .triggered_us = r->now_us,
	    .start_us = INSTANT_NEVER,
	    .end_us = r->stopped ? r->now_us : INSTANT_NEVER,
	    .actor_id = r->actor_id,
	    .token_id = r->token_id,
	    .args = r->args,
	    .task_count = (uint32_t)s->task_count,
	    .tasks_ended = r->stopped ? (uint32_t)s->task_count : 0,
	    .on_lost = s->on_lost,
	    .exclusive = r->exclusive,
	    .priority = s->priority,
	    .schedule_type = s->type,
	    .key_id = r->token_id ? r->token_id : s->created_token,
	};
	int rc;

	rc = store_next_id(txn, e.tenant_id, &e.id, err);
	if (!rc && replaces(r))
		rc = run_replace(txn, s, state, e.id, r->now_us, err);
	if (!rc && r->conditional && s->condition && !r->stopped)
		rc = store_next_id(txn, e.tenant_id, &e.condition_id, err);
	/* Also of one that is stopped: it may be made to run again. */
	if (!rc)
		rc = group_find(txn, &scratch, e.tenant_id, s->group, &e.group_id, err);
	arena_release(&scratch);
	if (!rc)
		rc = store_execution_put(txn, &e, err);
	if (!rc)
		rc = make_tasks(txn, r, &e, err);
	if (!rc && !r->stopped)
		rc = run_take_turn(txn, s, state, e.id, err);
	if (!rc)
		rc = notify_made(txn, s, &e, err);
	if (rc)
		return rc;
	state->last_execution_id = e.id;
	*execution_id = e.id;
	return 0;
}

/* The first of those that wait goes into the queue. */
static int
begin_next(struct txn *txn, struct schedule_state *state, struct err *err)
{
	uint64_t next;
	int rc = store_waiting_first(txn, state->schedule_id, &next, err);

	if (!rc)
		rc = store_waiting_remove(txn, state->schedule_id, next, err);
	if (!rc)
		rc = store_queue_put(txn, next, err);
	if (rc)
		return err_wrap(err, rc, "schedule %llu: next in turn",
		    (unsigned long long)state->schedule_id);
	state->waiting--;
	state->active++;
	return 0;
}

int
run_begin_waiting(struct txn *txn, struct schedule_state *state, struct err *err)
{
	int rc = 0;

	while (!rc && state->waiting > 0)
		rc = begin_next(txn, state, err);
	return rc;
}

int
run_pass_turn(
    struct txn *txn, struct arena *a, uint64_t schedule_id, bool *queued, struct err *err)
{
	struct schedule_state state;
	int rc;

	rc = store_state_get(txn, a, schedule_id, &state, err);
	if (rc == ERR_MISSING)
		return 0; /* the schedule was deleted meanwhile, and with it what waited */
	if (rc)
		return rc;
	if (state.active > 0)
		state.active--;
	if (state.waiting > 0 && state.active == 0) {
		rc = begin_next(txn, &state, err);
		if (rc)
			return rc;
		*queued = true;
	}
	return store_state_put(txn, &state, err);
}

/* The present attempt of a task is over. */
static int
leave(struct txn *txn, const struct task *task, struct err *err)
{
	int rc = store_active_remove(txn, task->id, err);

	if (!rc || rc == ERR_MISSING)
		rc = store_cancel_remove(txn, task->id, err);
	if (!rc || rc == ERR_MISSING)
		rc = store_task_put(txn, task, err);
	return rc;
}

/* Nothing of the execution ran but its condition, and that said no. */
static int
note_unmet(
    struct txn *txn, const struct execution *e, const struct attempt *last, struct err *err)
{
	const char *reason = last->reason ? last->reason : "it failed";

	return e->due_us == INSTANT_NEVER ? 0
					  : store_ledger_revise(txn, e->schedule_id, e->due_us,
						VERDICT_SKIPPED_CONDITION, reason, err);
}

/* The tasks that waited for a condition, now that it has ended. */
static int
end_condition(struct txn *txn, struct arena *a, const struct task *condition,
    struct execution *e, bool *queued, struct err *err)
{
	const struct attempt *last = &condition->attempts[condition->attempt_count - 1];
	bool met = condition->status == TASK_SUCCEEDED;
	bool cancelled = condition->status == TASK_CANCELLED;
	struct task *tasks;
	size_t count;
	int rc;

	rc = store_task_list(txn, a, e->id, &tasks, &count, err);
	for (size_t i = 0; !rc && i < count; i++) {
		tasks[i].status = met	      ? first_status(&tasks[i].def)
				  : cancelled ? TASK_CANCELLED
					      : TASK_CONDITION;
		if (!met)
			tasks[i].end_us = last->end_us;
		rc = store_task_put(txn, &tasks[i], err);
	}
	if (rc)
		return rc;
	if (met) {
		*queued = true;
		return store_queue_put(txn, e->id, err);
	}
	e->tasks_ended = e->task_count;
	e->end_us = last->end_us;
	rc = group_leave(txn, a, e, queued, err);
	if (!rc)
		rc = store_execution_put(txn, e, err);
	if (!rc)
		rc = cancelled ? run_note_replaced(txn, e, err) : note_unmet(txn, e, last, err);
	if (!rc)
		rc = notify_ended(txn, a, e, err);
	return rc ? rc : run_pass_turn(txn, a, e->schedule_id, queued, err);
}

/* The present attempt did not succeed: another one follows, at its own due time. */
static int
retry(struct txn *txn, struct arena *a, struct task *task, int64_t ended_us, struct err *err)
{
	int64_t due_us = retry_due(task, ended_us);
	int rc;

	task_add_attempt(a, task)->due_us = due_us;
	task->retries++;
	task->status = TASK_RETRYING;
	rc = store_retry_put(txn, (struct retry){task->id, due_us}, err);
	return rc ? rc : leave(txn, task, err);
}

/* What belonged to a schedule that was deleted goes to its end, and no further. */
static int
may_retry(struct txn *txn, struct arena *a, const struct task *task, enum task_status status,
    bool *may, struct err *err)
{
	struct schedule_state state;
	int rc = 0;

	*may = retry_follows(task, status);
	if (*may)
		rc = store_state_get(txn, a, task->schedule_id, &state, err);
	*may = *may && !rc;
	return rc == ERR_MISSING ? 0 : rc;
}

int
run_begin_retry(struct txn *txn, struct arena *a, const struct retry *r, int64_t now_us,
    bool *queued, struct err *err)
{
	struct schedule_state state;
	struct attempt *next;
	struct task t;
	int rc;

	rc = store_retry_remove(txn, *r, err);
	if (!rc)
		rc = store_task_get(txn, a, r->task_id, &t, err);
	if (rc)
		return rc;
	next = retry_attempt(&t);
	if (t.status != TASK_RETRYING || !next || next->due_us != r->due_us) {
		log_error("task %llu is among the retries and is not retrying: taken out",
		    (unsigned long long)t.id);
		return 0;
	}
	rc = store_state_get(txn, a, t.schedule_id, &state, err);
	if (rc == ERR_MISSING) {
		next->end_us = now_us;
		next->reason = "its schedule was deleted";
		return run_end_task(txn, a, &t, TASK_CANCELLED, now_us, queued, err);
	}
	*queued = true;
	t.status = TASK_PENDING;
	if (!rc)
		rc = store_task_put(txn, &t, err);
	return rc ? rc : store_queue_put(txn, t.execution_id, err);
}

int
run_end_task(struct txn *txn, struct arena *a, struct task *task, enum task_status status,
    int64_t ended_us, bool *queued, struct err *err)
{
	struct attempt *last = &task->attempts[task->attempt_count - 1];
	struct execution e;
	bool again;
	int rc;

	if (task_status_ended(task->status))
		return 0;
	rc = store_execution_get(txn, a, task->execution_id, &e, err);
	if (rc)
		return rc;
	if (task->status == TASK_CANCELLING) {
		status = TASK_CANCELLED;
		last->reason = e.replaced_by			 ? RUN_OVERTAKEN
			       : last->start_us == INSTANT_NEVER ? "cancelled before it began"
								 : "cancelled while it ran";
	}
	rc = may_retry(txn, a, task, status, &again, err);
	if (rc || again)
		return rc ? rc : retry(txn, a, task, ended_us, err);
	task->status = status;
	task->end_us = last->end_us;
	rc = leave(txn, task, err);
	if (rc)
		return rc;
	if (task->ordinal == TASK_ORDINAL_CONDITION)
		return end_condition(txn, a, task, &e, queued, err);
	e.tasks_ended++;
	if (e.tasks_ended < e.task_count)
		rc = run_settle_followers(txn, a, &e, last->end_us, queued, err);
	if (e.tasks_ended == e.task_count)
		e.end_us = last->end_us;
	if (!rc && e.tasks_ended == e.task_count)
		rc = group_leave(txn, a, &e, queued, err);
	if (!rc)
		rc = store_execution_put(txn, &e, err);
	if (!rc && e.tasks_ended == e.task_count)
		rc = run_note_replaced(txn, &e, err);
	if (rc || e.tasks_ended < e.task_count)
		return rc;
	rc = notify_ended(txn, a, &e, err);
	return rc ? rc : run_pass_turn(txn, a, task->schedule_id, queued, err);
}

int
run_lose_task(
    struct txn *txn, struct arena *a, struct task *task, bool *queued, struct err *err)
{
	struct execution e;
	int rc;

	rc = store_execution_get(txn, a, task->execution_id, &e, err);
	if (rc)
		return rc;
	if (e.on_lost == ON_LOST_FAIL || task->status == TASK_CANCELLING)
		return run_end_task(txn, a, task, TASK_LOST,
		    task->attempts[task->attempt_count - 1].end_us, queued, err);

	task->status = TASK_PENDING;
	rc = leave(txn, task, err);
	/* Another task of the same execution may have brought it back already; that is all the same.
	 */
	if (!rc)
		rc = store_queue_put(txn, e.id, err);
	*queued = true;
	return rc;
}

int
run_plan(struct txn *txn, const struct schedule *s, struct schedule_state *state,
    int64_t due_us, struct err *err)
{
	struct firing f = {state->schedule_id, schedule_planned(state)};
	int rc = 0;

	if (f.due_us != INSTANT_NEVER)
		rc = store_plan_remove(txn, f, err);
	f.due_us = schedule_firing_time(s, due_us);
	if (!rc && due_us != INSTANT_NEVER)
		rc = store_plan_put(txn, f, err);
	if (rc)
		return err_wrap(
		    err, rc, "plan schedule %llu", (unsigned long long)state->schedule_id);
	state->next_due_us = due_us;
	state->spread_us = due_us == INSTANT_NEVER ? 0 : f.due_us - due_us;
	return 0;
}
