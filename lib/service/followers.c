/*
 * Tasks that wait for others of their execution: what the end of one decides, and what is open
 * again when it runs again. See model/after.h for what they wait for.
 */
#include "service/run.h"

#include "model/after.h"
#include "model/retry.h"

int
run_end_unrun(struct txn *txn, struct arena *a, struct task *t, enum task_status status,
    int64_t now_us, const char *reason, struct err *err)
{
	struct attempt *next = retry_attempt(t);
	int rc = 0;

	if (t->status == TASK_RETRYING)
		rc = store_retry_remove(
		    txn, (struct retry){t->id, next ? next->due_us : 0}, err);
	if (!next)
		next = task_add_attempt(a, t);
	next->end_us = now_us;
	next->reason = reason;
	t->status = status;
	t->end_us = now_us;
	return rc ? rc : store_task_put(txn, t, err);
}

int
run_settle_followers(struct txn *txn, struct arena *a, struct execution *e, int64_t now_us,
    bool *queued, struct err *err)
{
	enum after_decision decision;
	bool again, begins = false;
	struct task *tasks;
	size_t count;
	int rc;

	rc = store_task_list(txn, a, e->id, &tasks, &count, err);
	/* One that is skipped may decide about others, which may stand before it. */
	do {
		again = false;
		for (size_t i = 0; !rc && i < count; i++) {
			if (tasks[i].status != TASK_WAITING)
				continue;
			decision = after_decide(&tasks[i], tasks, count);
			if (decision == AFTER_GO) {
				tasks[i].status = TASK_PENDING;
				rc = store_task_put(txn, &tasks[i], err);
				begins = true;
			} else if (decision == AFTER_SKIP) {
				rc = run_end_unrun(txn, a, &tasks[i], TASK_SKIPPED, now_us,
				    after_reason(a, &tasks[i], tasks, count), err);
				e->tasks_ended++;
				again = true;
			}
		}
	} while (!rc && again);
	if (rc || !begins)
		return rc;
	*queued = true;
	return store_queue_put(txn, e->id, err);
}

/* Does it wait for a task that is open again? */
static bool
follows(const struct task *t, const struct task *tasks, size_t count, const bool *open)
{
	for (size_t k = 0; k < t->def.after_count; k++) {
		const struct task *before = after_find(tasks, count, t->def.after[k].task);

		if (before && open[before - tasks])
			return true;
	}
	return false;
}

int
run_reopen_followers(struct txn *txn, struct arena *a, const struct task *task,
    uint32_t *reopened, struct err *err)
{
	struct task *tasks;
	bool *open, again;
	size_t count;
	int rc;

	*reopened = 0;
	rc = store_task_list(txn, a, task->execution_id, &tasks, &count, err);
	if (rc)
		return rc;
	open = arena_array(a, count, sizeof *open);
	for (size_t i = 0; i < count; i++)
		open[i] = tasks[i].id == task->id;
	do {
		again = false;
		for (size_t i = 0; !rc && i < count; i++) {
			if (tasks[i].status != TASK_SKIPPED ||
			    !follows(&tasks[i], tasks, count, open) ||
			    after_decide(&tasks[i], tasks, count) != AFTER_OPEN)
				continue;
			tasks[i].status = TASK_WAITING;
			tasks[i].end_us = INSTANT_NEVER;
			tasks[i].retries = 0;
			rc = store_task_put(txn, &tasks[i], err);
			open[i] = again = true;
			++*reopened;
		}
	} while (!rc && again);
	return rc;
}
