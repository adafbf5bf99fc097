/*
 * Control groups (cgroup v2), where a directory of theirs was delegated to the service: each attempt
 * of a command has one of its own, in which all that it starts stays, wherever it goes. There its
 * limits hold for all of it together, and the kernel ends all of it at once.
 *
 * The keeper stays outside. A group that still has somebody when its attempt has ended (who left
 * the session of a command that ended by itself) is removed when it has not.
 */
#ifndef RUNNER_CGROUP_H
#define RUNNER_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "proc/channel.h"

struct cgroups {
	const char *path; /* the delegated directory; NULL: there is none. Borrowed */
	int root;	  /* -1: there is none, or it cannot be used */
	char **left;	  /* names of groups that could not be removed yet */
	size_t left_count;
};

#define CGROUPS_INIT        \
	{                   \
		.root = -1, \
	}

/*
 * Take the directory over: its controllers are given to the groups in it, as far as it has them, and
 * groups of an earlier runner are removed.
 *
 * Owns:  cgroups_close(). `path` is borrowed until then; NULL or "": commands have no groups.
 * Fails: ERR_IO when it is none; then no command can be started.
 */
MUST_CHECK int cgroups_open(struct cgroups *all, const char *path, struct err *err);
void cgroups_close(struct cgroups *all);

struct cgroup {
	int dir;   /* -1: it has none */
	int procs; /* who writes "0" there is in it; -1 once nobody is to enter any more */
	char name[48];
};

#define CGROUP_INIT                     \
	{                               \
		.dir = -1, .procs = -1, \
	}

/*
 * Make the group of an attempt, with the limits of memory and of processes that its START has.
 *
 * Owns:  cgroup_end(). Fails: ERR_IO, also when a limit cannot be set because there is no controller
 * for it: it would be none.
 */
MUST_CHECK int cgroup_make(struct cgroups *all, const struct channel_message *start,
    struct cgroup *g, struct err *err);

/* Kill all that are in it. Fine without one. */
void cgroup_kill(const struct cgroup *g);

/* Remove it, now or when it is empty. Fine without one. */
void cgroup_end(struct cgroups *all, struct cgroup *g);

#endif
