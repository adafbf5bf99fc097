/*
 * Who lives: the processes of the system as one reading of /proc shows them.
 *
 * A command's family is everything in the session that it was made the leader of. The kernel
 * gives a session's number to nobody else while one member lives; so when a process has that
 * number and is not the leader, the family is gone.
 */
#ifndef RUNNER_FAMILY_H
#define RUNNER_FAMILY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

struct process {
	pid_t pid, group, session;
	uint64_t start_ticks; /* since boot; field 22 of /proc/PID/stat */
	bool dead;	      /* a zombie, all its threads ended: it does nothing any more */
};

/* What one reading found. Old the moment it is made: use it within one step and read anew in
 * the next. */
struct census {
	struct process *list;
	size_t count, cap;
	bool read;
};

#define CENSUS_INIT \
	{           \
		0   \
	}

/* Fails: ERR_MISSING when there is no such process (any more). */
MUST_CHECK int process_read(pid_t pid, struct process *p);

/* How many children the calling process has, dead ones included; -1 when the kernel does not
 * tell. */
long process_children(void);

/* Read /proc unless that was done since the last census_forget(). Fails: ERR_IO. */
MUST_CHECK int census_take(struct census *c, struct err *err);

void census_forget(struct census *c);
void census_release(struct census *c);

/*
 * Send `signal` (0: none, only count) to everyone in the family of `leader` who lives, and
 * answer how many there are.
 *
 * `start_ticks` tells the leader from a stranger that was given its number later; with `reaped`
 * whoever has that number is a stranger.
 */
size_t family_signal(
    const struct census *c, pid_t leader, uint64_t start_ticks, bool reaped, int signal);

#endif
