/*
 * The board: one page of shared memory on which every process that has the store open shows
 * that it is alive.
 *
 * The master makes it and reads it; each user of the store writes its own slot. A slot that is
 * BUSY and has not been touched for the configured time is stuck (stopped, in a debugger, in D
 * state), perhaps with a lock of the store in its hands, and is treated as dead. The
 * scheduler's slot also shows its generation, so that it is never used twice.
 */
#ifndef PROC_BOARD_H
#define PROC_BOARD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum { BOARD_SLOTS = 128 };

struct board_slot {
	_Atomic int64_t touched_mono_us;
	_Atomic uint32_t busy;	/* 1 while it does something that must come to an end */
	_Atomic uint32_t done;	/* requests or steps since it started */
	_Atomic uint32_t taken; /* 1 while a worker has a client, busy or waiting for him */
};

/* Where the clocks stood at the scheduler's last step: one that follows it finds a jump that
 * happened in between. Offsets as in clock.h. */
struct board_clock {
	_Atomic uint32_t known;
	_Atomic int64_t wall_us, boot_us;
};

/* How many processes may do heavy work (much memory, much time) at once. */
enum { BOARD_HEAVY = 2 };

/* What the scheduler has found out about all schedules: service/proof.h. Counters count from the start of
 * the master; the others are those of the last walk that came to its end. */
struct board_proof {
	_Atomic int64_t ended_us; /* wall clock; 0: none has ended yet */
	_Atomic uint64_t schedules, suspended, planned, overdue;
	_Atomic uint64_t found, repaired, moved; /* counters */
};

struct board {
	struct board_slot slots[BOARD_SLOTS];  /* slot 0 is the scheduler's */
	_Atomic uint32_t heavy[BOARD_HEAVY];   /* whose turn it is: slot + 1; 0: nobody's */
	_Atomic uint32_t waiting[BOARD_SLOTS]; /* who waits for it, likewise */
	/* So many may wait: the others serve what is not heavy. The master's to set. */
	_Atomic uint32_t heavy_waiters;
	struct board_clock clock;
	struct board_proof proof;
};

/* Owns: *fd is the caller's, not close-on-exec, for processes that map it after exec. */
MUST_CHECK int board_make(struct board **board, int *fd, struct err *err);
MUST_CHECK int board_map(int fd, struct board **board, struct err *err);

void board_busy(struct board_slot *slot, int64_t now_mono_us);
void board_idle(struct board_slot *slot, int64_t now_mono_us);

/* True when the slot is busy and was not touched for `limit_us`. */
bool board_stuck(const struct board_slot *slot, int64_t now_mono_us, int64_t limit_us);

/*
 * Take one of the few places for heavy work, for the process of this slot. Fails: ERR_BUSY when
 * none became free within `wait_us`, and at once when so many wait already as may.
 */
MUST_CHECK int board_enter_heavy(struct board *board, uint32_t slot, int64_t wait_us);
/* Give it back; also for a process that died with it. */
void board_leave_heavy(struct board *board, uint32_t slot);

#endif
