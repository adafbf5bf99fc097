/* The steps of a run: see run.h. */
#include "service/run.h"

/* The tasks of a new execution, with copies of their definitions. */
static int
make_tasks(
    struct txn *txn, const struct run_request *r, const struct execution *e, struct err *err)
{
	int rc;

	for (uint32_t i = 0; i < e->task_count; i++) {
		struct task t = {
		    .execution_id = e->id,
		    .schedule_id = e->schedule_id,
		    .tenant_id = e->tenant_id,
		    .ordinal = i,
		    .status = r->stopped ? TASK_CONDITION : TASK_PENDING,
		    .def = r->schedule->tasks[i],
		    .output_bytes = -1,
		};

		rc = store_next_id(txn, &t.id, err);
		if (!rc)
			rc = store_task_put(txn, &t, err);
		if (rc)
			return rc;
	}
	return 0;
}

int
run_make(struct txn *txn, const struct run_request *r, struct schedule_state *state,
    uint64_t *execution_id, struct err *err)
{
	const struct schedule *s = r->schedule;
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
	};
	int rc;

	rc = store_next_id(txn, &e.id, err);
	if (!rc)
		rc = store_execution_put(txn, &e, err);
	if (!rc)
		rc = make_tasks(txn, r, &e, err);
	if (rc)
		return rc;
	if (!r->stopped && (s->overlap == OVERLAP_ALLOW || state->active == 0)) {
		rc = store_queue_put(txn, e.id, err);
		state->active++;
	} else if (!r->stopped) {
		rc = store_waiting_put(txn, s->id, e.id, err);
		state->waiting++;
	}
	if (rc)
		return rc;
	state->last_execution_id = e.id;
	*execution_id = e.id;
	return 0;
}

/* An active execution has ended: its place goes to the first that waits. */
static int
pass_turn(struct txn *txn, struct arena *a, uint64_t schedule_id, bool *queued, struct err *err)
{
	struct schedule_state state;
	uint64_t next;
	int rc;

	rc = store_state_get(txn, a, schedule_id, &state, err);
	if (rc == ERR_MISSING)
		return 0; /* the schedule was deleted meanwhile, and with it what waited */
	if (rc)
		return rc;
	if (state.active > 0)
		state.active--;
	if (state.waiting > 0 && state.active == 0) {
		rc = store_waiting_first(txn, schedule_id, &next, err);
		if (!rc)
			rc = store_waiting_remove(txn, schedule_id, next, err);
		if (!rc)
			rc = store_queue_put(txn, next, err);
		if (rc)
			return err_wrap(err, rc, "schedule %llu: next in turn",
			    (unsigned long long)schedule_id);
		state.waiting--;
		state.active++;
		*queued = true;
	}
	return store_state_put(txn, &state, err);
}

int
run_end_task(struct txn *txn, struct arena *a, struct task *task, enum task_status status,
    bool *queued, struct err *err)
{
	struct execution e;
	int rc;

	if (task_status_ended(task->status))
		return 0;
	task->status = status;
	rc = store_active_remove(txn, task->id, err);
	if (rc && rc != ERR_MISSING)
		return rc;
	rc = store_task_put(txn, task, err);
	if (!rc)
		rc = store_execution_get(txn, a, task->execution_id, &e, err);
	if (rc)
		return rc;
	e.tasks_ended++;
	if (e.tasks_ended == e.task_count)
		e.end_us = task->attempts[task->attempt_count - 1].end_us;
	rc = store_execution_put(txn, &e, err);
	if (rc || e.tasks_ended < e.task_count)
		return rc;
	return pass_turn(txn, a, task->schedule_id, queued, err);
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
	if (e.on_lost == ON_LOST_FAIL)
		return run_end_task(txn, a, task, TASK_LOST, queued, err);

	task->status = TASK_PENDING;
	rc = store_active_remove(txn, task->id, err);
	if (!rc)
		rc = store_task_put(txn, task, err);
	if (!rc)
		rc = store_queue_put(txn, e.id, err);
	/* Another task of the same execution may have brought it back already. */
	if (rc == ERR_CONFLICT)
		rc = 0;
	*queued = true;
	return rc;
}

int
run_cancel_waiting(struct txn *txn, struct arena *a, struct schedule_state *state,
    uint64_t execution_id, int64_t now_us, const char *reason, struct err *err)
{
	struct attempt never = {
	    .number = 1,
	    .start_us = INSTANT_NEVER,
	    .end_us = now_us,
	    .exit_code = -1,
	    .reason = reason,
	};
	struct execution e;
	struct task *tasks;
	size_t count;
	int rc;

	rc = store_waiting_remove(txn, state->schedule_id, execution_id, err);
	if (!rc)
		rc = store_execution_get(txn, a, execution_id, &e, err);
	if (!rc)
		rc = store_task_list(txn, a, execution_id, &tasks, &count, err);
	for (size_t i = 0; !rc && i < count; i++) {
		tasks[i].status = TASK_CANCELLED;
		tasks[i].attempts = &never;
		tasks[i].attempt_count = 1;
		rc = store_task_put(txn, &tasks[i], err);
	}
	if (rc)
		return rc;
	e.tasks_ended = e.task_count;
	e.end_us = now_us;
	state->waiting--;
	return store_execution_put(txn, &e, err);
}

int
run_plan(struct txn *txn, struct schedule_state *state, int64_t due_us, struct err *err)
{
	int rc = 0;

	if (state->next_due_us != INSTANT_NEVER)
		rc = store_plan_remove(
		    txn, (struct firing){state->schedule_id, state->next_due_us}, err);
	if (!rc && due_us != INSTANT_NEVER)
		rc = store_plan_put(txn, (struct firing){state->schedule_id, due_us}, err);
	if (rc)
		return err_wrap(
		    err, rc, "plan schedule %llu", (unsigned long long)state->schedule_id);
	state->next_due_us = due_us;
	return 0;
}
