/*
 * The steps of a run inside a transaction: what the use cases and the scheduler's engine have in common. Each runs in the body of a store_run().
 */
#ifndef SERVICE_RUN_H
#define SERVICE_RUN_H

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "model/execution.h"
#include "model/schedule.h"
#include "store/store.h"

/* What a new execution is made of. */
struct run_request {
	const struct schedule *schedule;
	enum origin origin;
	int64_t due_us; /* INSTANT_NEVER unless a due time causes it */
	int64_t now_us;
	uint64_t actor_id, token_id;
	const char *args; /* NULL if none */
	bool stopped;	  /* triggers were checked and said no: it ends as it is made */
};

/* Make the execution and its tasks, and queue it unless it is `stopped`. The caller stores the state. */
MUST_CHECK int run_make(struct txn *txn, const struct run_request *r, struct schedule_state *state, uint64_t *execution_id,
    struct err *err);

/*
 * Note how an attempt ended: task and, with its last task, execution and schedule state; the next one that waits is
 * queued. A task that has ended already is left as it is. *more: something was queued.
 */
MUST_CHECK int run_end_task(struct txn *txn, struct arena *a, struct task *task, enum task_status status, int64_t end_us,
    bool *more, struct err *err);

/* Move the plan's entry of a schedule to `due_us` (INSTANT_NEVER: none) and note it in the state, which the caller stores. */
MUST_CHECK int run_plan(struct txn *txn, struct schedule_state *state, int64_t due_us, struct err *err);

#endif
