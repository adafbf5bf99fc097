/*
 * What the master does about its children: decided here from events and the time alone, done in
 * master.c.
 *
 * Keeps the rule of the store: whoever had it open and ended other than with exit code 0, or is
 * stuck, may have left a lock behind. Then every user of the store is killed, all of them are
 * reaped, one child recovers it, and only then it is opened again. The runner never opens the
 * store and outlives all of that.
 */
#ifndef APP_POLICY_H
#define APP_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "proc/board.h"

/* A child's place in the table; up to BOARD_SLOTS it is also its slot on the board. */
enum {
	SLOT_SCHEDULER = 0,
	SLOT_WORKERS = 1,
	SLOT_RECOVERY = BOARD_SLOTS,
	SLOT_RUNNER,
	SLOT_COUNT,
};

enum policy_verb {
	POLICY_START,  /* start the child of `slot`; a runner gets a new channel */
	POLICY_SIGNAL, /* send `signal` to the child of `slot` */
	POLICY_WAIT,   /* too many recoveries: the next one starts only after `delay_us` */
	POLICY_READY,  /* everything runs: at the start, and after each recovery */
	POLICY_END,    /* no child is left: leave with `exit_code` */
};

struct policy_action {
	enum policy_verb verb;
	int slot, signal, exit_code;
	int64_t delay_us;
};

/* How a child ended. */
enum policy_end {
	END_CLEAN,  /* exit code 0 */
	END_FAILED, /* another exit code */
	END_KILLED, /* a signal, its own or ours */
};

struct policy_limits {
	int workers_min, workers_max;
	int64_t drain_us; /* how long a stop waits for workers, then for the scheduler */
};

struct policy_child {
	bool alive, busy, killed;
	int told; /* the last signal that asked it to leave; 0: none */
	uint64_t generation;
	int64_t deadline_mono_us; /* told: when patience ends */
};

enum { THROTTLE_BURST = 5 };

/* Starts of one kind: more than a burst of them within ten seconds are spread out, each time
 * further. */
struct policy_throttle {
	int64_t starts[THROTTLE_BURST]; /* a ring, in time not spent waiting */
	unsigned count, level;
	bool failed; /* the next one is spread out even if it is the first */
	int64_t waited_us;
	int64_t due_mono_us; /* the next start is not earlier */
};

enum policy_phase {
	PHASE_RECOVERING, /* nobody but the recovery child has the store open */
	PHASE_SERVING,
	PHASE_KILLING,	/* all users of the store are being killed and reaped */
	PHASE_STOPPING, /* workers, then the scheduler, then the runner are asked to leave */
	PHASE_GONE,
};

struct policy {
	struct policy_limits limits;
	enum policy_phase phase;
	struct policy_child children[SLOT_COUNT];
	struct policy_throttle recoveries, runners, schedulers, workers;
	uint64_t
	    generation; /* of the configuration: older workers and schedulers are replaced */
	int workers_wanted;
	int64_t spare_since_mono_us; /* since when some worker has always been idle */
	int64_t delay_us;	     /* to be told with POLICY_WAIT */
	bool recovered;		     /* the store has been recovered once */
	bool ready;		     /* told since the last recovery */
	bool stopping, hard;
	bool drained; /* of a stop: no scheduler is started to wait for the commands */
	int exit_code;
};

void policy_init(struct policy *p, const struct policy_limits *limits, int64_t now_mono_us);

/*
 * Take the next thing to do at `now_mono_us`; false when there is none until policy_wake() or
 * an event. A taken action counts as done: a start that failed is told with
 * policy_not_started().
 */
bool policy_next(struct policy *p, int64_t now_mono_us, struct policy_action *action);

/* When policy_next() and policy_tick() are to be called again at the latest, if no event comes
 * before. */
int64_t policy_wake(const struct policy *p, int64_t now_mono_us);

/* The child of `slot` could not be started: the same is tried again a second later. */
void policy_not_started(struct policy *p, int slot, int64_t now_mono_us);

/* The child of `slot` was reaped. `worked`: it did something useful before; others are not
 * replaced at once. */
void policy_ended(
    struct policy *p, int slot, enum policy_end how, bool worked, int64_t now_mono_us);

/* The child of `slot` hangs: as if it had died with a lock in its hands. */
void policy_stuck(struct policy *p, int slot);

/* What the board says of a worker: whether a client has it, a slow one included. Then, once for
 * all of them, let the pool grow or shrink by one. */
void policy_observe(struct policy *p, int slot, bool busy);
void policy_tick(struct policy *p, int64_t now_mono_us);

/* Begin to stop; the second time kill everybody at once. */
void policy_stop(struct policy *p);

/* New limits, and a new generation of workers and scheduler. Changes nothing once it stops. */
void policy_reload(struct policy *p, const struct policy_limits *limits);

#endif
