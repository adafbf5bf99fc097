/* What the files of the engine share; nobody outside this folder needs it. */
#ifndef SCHEDULER_INTERNAL_H
#define SCHEDULER_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "model/placeholder.h"
#include "scheduler/engine.h"
#include "scheduler/pace.h"

enum {
	ENGINE_BATCH = 64, /* schedules, executions or reports in one transaction */
	BOOT_BATCH = 256,  /* schedules that are asked whether they wait for a boot */
	ENGINE_RUNNING_MAX =
	    1000, /* attempts that the runner holds at a time; the rest stays queued */
};

/* A report of the runner that waits for its transaction. Texts and results are owned. */
struct report {
	enum channel_type type; /* HELD, ENDED, SWEPT */
	uint64_t task_id;
	uint32_t attempt;
	enum attempt_phase phase; /* of a KNOWN */
	int32_t pid;
	uint64_t pid_start_ticks;
	bool started, timed_out, killed;
	int32_t exit_code, signal, http_status;
	int64_t end_us, retry_after_us;
	uint64_t output_bytes;
	int64_t cpu_user_us, cpu_system_us, memory_bytes;
	char *reason, *last_line;
	struct channel_result *results;
	uint32_t result_count;
	bool matched; /* of a KNOWN: the store has it */
	bool settled; /* acted on by the transaction under way */
};

struct reports {
	struct report *items; /* oldest first; free() */
	size_t count, cap;
};

/* A schedule, execution or task that failed alone; see aside.c. */
struct aside {
	uint64_t id;
	int64_t until_us, wait_us;
};

struct engine {
	struct engine_options options;
	int64_t now_us;	    /* of the step */
	struct arena arena; /* of one transaction's attempt */

	bool welcomed; /* what arrives before the WELCOME was meant for a predecessor */
	bool compare;  /* READY came: compare the store with what the runner holds */
	bool ready;
	bool boot_told;	 /* all schedules know of the boot */
	uint64_t proved; /* schedules up to this one, in the walk under way */
	bool walked; /* the first walk is over: it finds what changed while nobody was there */
	uint64_t zone_reads; /* zones_reads() at the end of the walk before */
	bool zones_changed;  /* the walk under way looks for what they move */
	bool stopping;	     /* begins nothing more */
	bool stop_ordered;

	/* Attempts under way that the runner holds, or will when it has read its orders. */
	uint64_t running;
	struct reports known, reports;

	struct aside *aside; /* what is let alone for a while */
	size_t aside_count;
	uint64_t at_id;	     /* what the transaction under way is working at; 0: at none */
	unsigned failures;   /* of single things in this step */
	uint64_t last_begun; /* execution: the next is of the tenant whose turn comes then */

	struct pace pace;     /* of starts */
	unsigned begin_count; /* batches that began something */

	struct clock_step *clock_steps; /* not durable yet; free() */
	size_t clock_step_count;

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

/* As engine_run() for a body that works through many things and notes in at_id which one it is
 * working at: what fails alone is put aside, and the rest is done without it. The body leaves
 * out what aside_has(). */
MUST_CHECK int engine_run_each(struct engine *e,
    int (*body)(struct txn *txn, void *ctx, struct err *err), void *ctx, struct err *err);

/* aside.c: is it to be let alone now? */
bool aside_has(const struct engine *e, uint64_t id);
/* Until the first of them is to be tried again; INSTANT_NEVER: there is none. */
int64_t aside_delay(const struct engine *e);

/* dispatch.c: the START of a task's present attempt; lives in the arena. `tasks` are those of the
 * execution; a task that waited for none of them needs none. */
MUST_CHECK int dispatch_start(struct txn *txn, struct engine *e, const struct execution *x,
    const struct task *t, const struct task *tasks, size_t task_count,
    struct channel_message *start, struct err *err);

/* fill.c: the placeholders of one attempt. */
struct fill {
	struct engine *e;
	struct txn *txn;
	const struct execution *execution;
	const struct task *task, *tasks;
	size_t task_count;
	struct err *err;
	int rc;		     /* of reading secrets; what was filled is of no use then */
	const char *missing; /* why one has no value; NULL: all have */
	bool secret;	     /* one of the texts held a secret */
	bool shown;	     /* a secret is not read but told by its name */
	const char **mask;   /* NULL at the end */
	size_t mask_count, mask_cap;
};

const char *fill_text(
    struct fill *f, const char *text, unsigned rules, enum placeholder_form form);

/* request.c: the HTTP request of an attempt, with values in place. */
const struct channel_http *request_build(struct fill *f);

/* reports.c */
void reports_add(struct reports *r, const struct channel_message *m);
/* Drop the `count` oldest. */
void reports_drop(struct reports *r, size_t count);
MUST_CHECK int reports_settle(struct engine *e, struct err *err);

/* cancel.c: have the runner end what became cancelling. *more: there is more of it. */
MUST_CHECK int cancels_order(struct engine *e, bool *more, struct err *err);

/* retries.c: what is due of them goes into the queue. *next_us is when the next is due, now if there
 * is more. */
MUST_CHECK int retries_begin(struct engine *e, int64_t *next_us, struct err *err);

/* clock.c: what engine_clock_stepped() told. */
MUST_CHECK int clock_steps_note(struct engine *e, struct err *err);

/* alarms.c: tell what time has brought about. *next_us is when to look again. */
MUST_CHECK int alarms_settle(struct engine *e, int64_t *next_us, struct err *err);

/* notices.c: let messages leave whose turn it is. *next_us as above. */
enum { NOTICES_SENDING_MAX = 16 /* under way at a time */ };
MUST_CHECK int notices_send(struct engine *e, int64_t *next_us, struct err *err);
/* A report about no task: is it about a message under way? It may be released; its end is noted.
 * Fails: ERR_MISSING: it is about none. */
MUST_CHECK int notices_held(
    struct txn *txn, struct engine *e, const struct report *r, struct err *err);
MUST_CHECK int notices_ended(
    struct txn *txn, struct engine *e, const struct report *r, struct err *err);
/* What was under way is ordered again, unless `match` finds that the runner has it. */
MUST_CHECK int notices_compare(struct txn *txn, struct engine *e,
    void (*match)(void *ctx, uint64_t id, uint32_t attempt, bool *known), void *ctx,
    struct err *err);

/* notice.c: the order to send a message; lives in the arena. Fails: ERR_INPUT when it cannot be
 * sent as things are. */
MUST_CHECK int notice_start(struct txn *txn, struct engine *e, const struct notice_target *t,
    const struct notice *n, struct channel_message *start, struct err *err);

/* compare.c */
MUST_CHECK int compare_with_runner(struct engine *e, struct err *err);

#endif
