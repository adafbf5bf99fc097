/*
 * The steps of a run inside a transaction: what the use cases and the scheduler's engine have
 * in common. Each runs in the body of a store_run(), changes *state in memory, and leaves
 * storing it to the caller.
 *
 * One run of a schedule at a time: an execution that may begin goes into the queue and counts
 * as active; one that must wait for its turn goes to the waiting. The end of an active one
 * moves the first of the waiting into the queue: the oldest, also where that is one that ended
 * before and runs again.
 *
 * A condition is a task of its own (TASK_ORDINAL_CONDITION), with attempts like any other; the
 * others wait for it. Its end makes them pending, or ends them and with them the execution.
 *
 * A task may wait for others of its execution (model/after.h): the end of one makes pending or
 * skips those of which that decides, in the same transaction. Skipping is an end too, and decides
 * about others.
 */
#ifndef SERVICE_RUN_H
#define SERVICE_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "model/execution.h"
#include "model/schedule.h"
#include "store/store.h"

/* The reason of what was ended because a later run of the schedule took its place. */
#define RUN_OVERTAKEN "a later run took its place"

/* What a new execution is made of. */
struct run_request {
	const struct schedule *schedule;
	enum origin origin;
	int64_t due_us; /* INSTANT_NEVER unless a due time causes it */
	int64_t now_us;
	uint64_t actor_id, token_id;
	const char *args; /* NULL if none */
	bool conditional; /* the schedule's condition is evaluated first, if it has one */
	bool stopped;	  /* triggers were checked and said no: it ends as it is made */
	bool exclusive;	  /* a later one of its kind takes its place, until it starts */
};

/* Make the execution and its tasks. It is queued if no other run stands in its way or the
 * policy is `allow`; otherwise it waits. */
MUST_CHECK int run_make(struct txn *txn, const struct run_request *r,
    struct schedule_state *state, uint64_t *execution_id, struct err *err);

/* An execution has something to do: into the queue, or it waits for its turn. */
MUST_CHECK int run_take_turn(struct txn *txn, const struct schedule *s,
    struct schedule_state *state, uint64_t execution_id, struct err *err);

/* All that wait for their turn begin: for a schedule whose runs do not wait any more. */
MUST_CHECK int run_begin_waiting(
    struct txn *txn, struct schedule_state *state, struct err *err);

/* An active execution has ended: its place goes to the first that waits, in the schedule's stored
 * state. *queued becomes true when there is one. */
MUST_CHECK int run_pass_turn(
    struct txn *txn, struct arena *a, uint64_t schedule_id, bool *queued, struct err *err);

/*
 * Note how the present attempt of a task ended, in the task and, with the last task, in the
 * execution and the schedule's stored state; *queued becomes true when a waiting execution got
 * its turn, or a condition was met. A task that has ended already is left as it is; one that is
 * cancelling ends as cancelled, whatever `status` says. task->attempts' last entry says when it
 * ended and how. With a retry left for it (model/retry.h) the task does not end: it is retrying, and that
 * is counted from `ended_us`, when it ended by the clock of now, which may have been set back
 * since the attempt started.
 */
MUST_CHECK int run_end_task(struct txn *txn, struct arena *a, struct task *task,
    enum task_status status, int64_t ended_us, bool *queued, struct err *err);

/* The next attempt of a task is due: it is pending, and its execution goes into the queue. If its
 * schedule was deleted meanwhile the task ends as cancelled. */
MUST_CHECK int run_begin_retry(struct txn *txn, struct arena *a, const struct retry *r,
    int64_t now_us, bool *queued, struct err *err);

/* End a task that no runner holds; an attempt that was never made says why. The execution is the
 * caller's to keep in step. */
MUST_CHECK int run_end_unrun(struct txn *txn, struct arena *a, struct task *t,
    enum task_status status, int64_t now_us, const char *reason, struct err *err);

/* Decide about the tasks of an execution that wait for others, as they are stored now: those that
 * may begin are pending and the execution is queued, and *queued becomes true; those that never
 * can are skipped and counted in e->tasks_ended, which the caller stores. */
MUST_CHECK int run_settle_followers(struct txn *txn, struct arena *a, struct execution *e,
    int64_t now_us, bool *queued, struct err *err);

/* A task runs again and is stored as pending: those that were skipped because of it, directly or
 * through others that were, wait again if nothing else forbids them. */
MUST_CHECK int run_reopen_followers(struct txn *txn, struct arena *a, const struct task *task,
    uint32_t *reopened, struct err *err);

/*
 * Nobody knows how the present attempt ended (or it was ended by the service's own stop): the
 * schedule's onLost decides. `fail`: the task ends as lost, as run_end_task(). `rerun`: the
 * execution is queued again and the task gets another attempt. One that is cancelling is
 * cancelled.
 */
MUST_CHECK int run_lose_task(
    struct txn *txn, struct arena *a, struct task *task, bool *queued, struct err *err);

/*
 * End an execution: what is not under way is cancelled at once, for `reason` (one line), what is
 * becomes cancelling, and the scheduler has it ended. *e, which has not ended, is as it is stored
 * afterwards.
 */
MUST_CHECK int run_cancel(struct txn *txn, struct arena *a, struct execution *e, int64_t now_us,
    const char *reason, struct err *err);

/* Under the policy `replace` the execution `by_id`, which is not stored yet, ends what has not ended
 * of its schedule: what waits at once, what goes on as run_cancel() does. A backfill is left alone, and
 * with `misfire: all` a catch-up: those wait for each other. */
MUST_CHECK int run_replace(struct txn *txn, const struct schedule *s,
    struct schedule_state *state, uint64_t by_id, int64_t now_us, struct err *err);

/* An execution has ended: if another one took its place its ledger entry says so. */
MUST_CHECK int run_note_replaced(struct txn *txn, const struct execution *e, struct err *err);

/* End a waiting execution without running it; `reason` is one line. */
MUST_CHECK int run_cancel_waiting(struct txn *txn, struct arena *a,
    struct schedule_state *state, uint64_t execution_id, int64_t now_us, const char *reason,
    struct err *err);

/* Move the plan's entry of a schedule to where `due_us` fires (INSTANT_NEVER: none) and note it
 * in the state. */
MUST_CHECK int run_plan(struct txn *txn, const struct schedule *s, struct schedule_state *state,
    int64_t due_us, struct err *err);

#endif
