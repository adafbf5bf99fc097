/*
 * One command: a child that is forked and held, and later let go or not.
 *
 * Held it has not run a single instruction of the command: it waits for one byte on its gate,
 * and when the gate closes instead, or the runner dies, it ends. It leads a session of its own,
 * and is the child of a keeper.
 */
#ifndef RUNNER_COMMAND_H
#define RUNNER_COMMAND_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "base/err.h"
#include "runner/attributes.h"
#include "runner/keeper.h"

struct command {
	pid_t pid;	      /* 0: there was none */
	bool there;	      /* not reaped: nobody else can have its number */
	bool ended;	      /* and how: */
	int status;	      /* as from waitpid() */
	uint64_t born;	      /* as in struct process */
	int gate;	      /* -1 once it is open or shut */
	int report;	      /* the child says here why it could not run the command */
	struct keeper keeper; /* its parent */
	/* What it used, once command_close() has reaped it. */
	struct rusage usage;
};

#define COMMAND_INIT                                             \
	{                                                        \
		.gate = -1, .report = -1, .keeper = KEEPER_INIT, \
	}

struct command_spec {
	const char *const *argv, *const *env; /* NULL at the end */
	const char *cwd;		      /* NULL: the root directory */
	int null_fd, stdout_fd, stderr_fd;    /* borrowed; above 2 */
	int cgroup_fd;			      /* where it enters its group; -1: it has none */
	const struct attributes *attributes;  /* borrowed */
	struct rlimit files;		      /* RLIMIT_NOFILE of the command */
};

/*
 * Fork a child that leads a new session and waits at its gate.
 *
 * Owns:  the caller ends it with command_shut() or command_release(), waits for its end, then
 * calls command_close(). Fails: ERR_IO when the system has no room for it; there is no child
 * then.
 */
MUST_CHECK int command_hold(
    struct command *cmd, const struct command_spec *spec, struct err *err);

/* Let it run. Answers false when the child had ended at its gate: nothing ran. */
bool command_release(struct command *cmd);

/* Shut the gate for good and kill the child: nothing ran. Its end is still to come. */
void command_shut(struct command *cmd);

/* Has the child ended? *status is then as from waitpid(). It stays a zombie until
 * command_close(), so that its number stays its own. */
bool command_ended(struct command *cmd, int *status);

/* The same for a moment at which it must not be missed: who has just ended is waited for. */
bool command_just_ended(struct command *cmd, int *status);

/*
 * After the child has ended: why the command was not run, as one line in `text`. Answers false
 * when it was run, or ended without a word.
 */
bool command_complaint(
    struct command *cmd, const char *program, const char *cwd, struct err *text);

/* Reap the child, which has ended, and close everything. Its keeper ends too: whom it has still is
 * the runner's then. Fine when there is none. */
void command_close(struct command *cmd);

#endif
