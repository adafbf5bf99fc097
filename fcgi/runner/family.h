/*
 * Who lives: the processes of the system as one reading of /proc shows them.
 *
 * A command's family is everything in the session that it was made the leader of, and where its
 * end was asked for also who left it: all who descend from its keeper (keeper.h). While the
 * leader is there, be it as a zombie, the kernel gives its number to nobody else: the runner
 * therefore reaps a main process only when nobody of its family is left. Of the family of a
 * dead runner's command the leader may be gone, and its number may be another's.
 */
#ifndef RUNNER_FAMILY_H
#define RUNNER_FAMILY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

struct process {
	pid_t pid, parent, group, session;
	uint64_t born; /* which boot, and ticks since it: with the pid, one process for ever */
	bool dead;     /* a zombie, all its threads ended: it does nothing any more */
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

struct family {
	pid_t leader;
	uint64_t born;	  /* the leader */
	uint64_t task_id; /* stands in the environment of its members */
	bool ours;	  /* the leader is not reaped: its number is its own */
	pid_t keeper; /* all who descend from it belong to the family too; 0: there is none */
};

/* Fails: ERR_MISSING when there is no such process (any more), ERR_IO when /proc cannot be
 * read. */
MUST_CHECK int process_read(pid_t pid, struct process *p);

/* Has the caller's child ended? It is not reaped; *status is as waitpid() would have it. Safe after
 * a fork. */
bool process_child_ended(pid_t pid, int *status);

/*
 * The children of the calling process, dead ones included, into list[0..cap).
 *
 * Answers how many there are, which may be more than `cap`; -1 when the kernel does not tell.
 */
long process_children(pid_t *list, size_t cap);
/* The same of another, whose only thread it is. */
long process_children_of(pid_t pid, pid_t *list, size_t cap);

/* Read /proc unless that was done since the last census_forget(). Fails: ERR_IO. */
MUST_CHECK int census_take(struct census *c, struct err *err);

void census_forget(struct census *c);
void census_release(struct census *c);

/*
 * Send `signal` (0: none, only count) to everyone in the family who lives, and answer how many
 * there are.
 *
 * Where the leader is gone only those count who carry the task's number in their environment;
 * *unsure, which may be NULL, is how many others there are in a session of that number. They
 * are let alone: a stranger's number may have come round.
 */
size_t family_signal(
    const struct census *c, const struct family *f, int signal, size_t *unsure);

#endif
