/* What the files of the engine share; nobody outside this folder needs it. */
#ifndef SCHEDULER_INTERNAL_H
#define SCHEDULER_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "scheduler/engine.h"

enum {
	ENGINE_BATCH = 64, /* schedules, executions or reports in one transaction */
	ENGINE_RUNNING_MAX =
	    1000, /* attempts that the runner holds at a time; the rest stays queued */
};

/* A report of the runner that waits for its transaction. `reason` is owned. */
struct report {
	enum channel_type type; /* HELD, ENDED, SWEPT */
	uint64_t task_id;
	uint32_t attempt;
	enum attempt_phase phase; /* of a KNOWN */
	int32_t pid;
	uint64_t pid_start_ticks;
	bool started, timed_out, killed;
	int32_t exit_code, signal;
	int64_t end_us;
	uint64_t output_bytes;
	char *reason;
	bool matched; /* of a KNOWN: the store has it */
};

struct reports {
	struct report *items; /* oldest first; free() */
	size_t count, cap;
};

/* An attempt that a runner now dead had released: its processes are swept before it counts as
 * lost. */
struct stale {
	uint64_t task_id;
	uint32_t attempt;
	int32_t pid;
};

struct engine {
	struct engine_options options;
	struct arena arena; /* of one transaction's attempt */

	bool welcomed; /* what arrives before the WELCOME was meant for a predecessor */
	bool compare;  /* READY came: compare the store with what the runner holds */
	bool ready;
	bool stopping;

	uint64_t
	    running; /* attempts that the runner holds, or will when it has read its orders */
	struct reports known, reports;
	struct stale *stale;
	size_t stale_count;

	/* Orders that leave after the commit. They live in the arena. */
	struct channel_message *orders;
	size_t order_count, order_cap;
};

/* An order for after the commit; forgotten when the transaction is tried again. */
void engine_add_order(struct engine *e, const struct channel_message *m);

/* Run a transaction and let its orders leave if it was committed. The body starts with an empty
 * arena and no orders, each time. */
MUST_CHECK int engine_run(struct engine *e,
    int (*body)(struct txn *txn, void *ctx, struct err *err), void *ctx, struct err *err);

/* dispatch.c: the START of a task's present attempt; lives in the arena. */
struct channel_message dispatch_start(
    struct engine *e, const struct execution *x, const struct task *t);

/* reports.c */
void reports_add(struct reports *r, const struct channel_message *m);
void reports_drop(struct reports *r, size_t count);
MUST_CHECK int reports_settle(struct engine *e, int64_t now_us, struct err *err);

/* compare.c */
MUST_CHECK int compare_with_runner(struct engine *e, struct err *err);

#endif
