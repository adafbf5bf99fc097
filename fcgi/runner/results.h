/*
 * Result files: what a command left in its directory for them, taken out of its reach, measured
 * and listed.
 *
 * While it runs the command has "<task's directory>/<attempt>.work" (CARILLON_RESULT_DIR). When all
 * of it has ended, a child of the runner takes what lies there: plain files with one name, owned by
 * who the command ran as, that stand directly in the directory and have names that can be shown.
 * They are moved to "<attempt>.results/<number>", so that no name which a command chose is ever part
 * of a path, and nothing can be made to point elsewhere. Whatever else lies there stays where it is.
 *
 * The runner itself neither reads nor waits: a file may be large, and a file system may hang.
 */
#ifndef RUNNER_RESULTS_H
#define RUNNER_RESULTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "proc/channel.h"

/* Where the results of an attempt are; a name is relative to the task's directory. */
enum { RESULTS_NAME = 32 };
void results_work_name(uint32_t attempt, char name[RESULTS_NAME]);

/*
 * Make the directory that a command writes into, in its task's. One that is there already is moved
 * aside, unless it is empty: whatever it holds is not this attempt's. It belongs to `owner`.
 *
 * Fails: ERR_IO.
 */
MUST_CHECK int results_make(int task_dir, uint32_t attempt, uid_t owner, struct err *err);

/* Remove the directory if it is empty, or gone. False when something lies there. */
bool results_drop(int task_dir, uint32_t attempt);

struct collector {
	pid_t pid; /* 0: there is none */
	int pipe;  /* what it has to say comes here, then an end; -1 */
	struct buf said;
};

#define COLLECTOR_INIT      \
	{                   \
		.pipe = -1, \
	}

/*
 * Have a child collect what an attempt left that belongs to `owner`, of `max_bytes` together at most.
 *
 * Owns:  collector_end() or collector_kill(). Fails: ERR_IO when the system has no room for it.
 */
MUST_CHECK int collector_begin(struct collector *c, int task_dir, uint32_t attempt, uid_t owner,
    uint64_t max_bytes, struct err *err);

/* Take in what the pipe holds. True when it has ended. */
bool collector_read(struct collector *c);

/*
 * After the pipe has ended: the list, and one line about what was not taken ("": nothing), from
 * the arena. It is empty, with a line, when the child did not come to its end.
 */
void collector_end(struct collector *c, struct arena *a, struct channel_result **list,
    uint32_t *count, const char **note);

/* Give up: the child is killed, and reaped by whoever reaps strangers. Fine when there is none. */
void collector_kill(struct collector *c);

/* ---- collect.c: what the child does ---- */

/* Collect, and say what collector_end() reads. */
void collect(int task_dir, uint32_t attempt, uid_t owner, uint64_t max_bytes, struct buf *out);

/* Make a directory; one of that name is moved aside unless it is empty. Fails: ERR_IO, with errno. */
MUST_CHECK int results_fresh_dir(int dir, const char *name, mode_t mode);

#endif
