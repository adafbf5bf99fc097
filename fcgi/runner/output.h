/*
 * What a command writes: from a pipe into a file, as it comes, so that it can be read while it
 * runs, and with that of the other stream into one that shows both in the order of their coming.
 *
 * The command is never held up and never told: of more than the limit head and tail are kept
 * (proc/excerpt.h), and what cannot be written is read, counted and dropped.
 *
 * The file of both has a line for each line, `2026-11-24T10:55:51.544Z stdout F text`, or for each
 * piece of one, `P` instead of `F`, where the rest of the line had not come yet: the format of
 * container runtimes (CRI), which log collectors read.
 */
#ifndef RUNNER_OUTPUT_H
#define RUNNER_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "proc/channel.h"
#include "proc/excerpt.h"
#include "runner/mask.h"

/* The beginning of a line: enough for whole characters up to CHANNEL_LINE_MAX bytes. */
struct output_line {
	char text[CHANNEL_LINE_MAX + 3];
	size_t len;
};

struct output {
	int pipe; /* reading end, non-blocking; -1 when it has ended */
	struct excerpt file;
	struct excerpt *both; /* where the lines of all streams go, tagged; borrowed */
	const char *tag;      /* which stream this is; borrowed */
	uint64_t bytes;	      /* that the command wrote, masked */
	struct mask mask;     /* what is not to be seen, and never reaches the file */
	struct output_line line, whole; /* that which goes on, and the last complete one that is
					  not empty */
};

#define OUTPUT_INIT                               \
	{                                         \
		.pipe = -1, .file = EXCERPT_INIT, \
	}

/*
 * Make the directory `path`, relative to `root`, and those above it. Symbolic links are not
 * followed.
 *
 * Owns:  *fd is the caller's.
 * Fails: ERR_INPUT when the path is absolute, empty, or has a part `..`; ERR_IO.
 */
MUST_CHECK int output_dir_make(int root, const char *path, int *fd, struct err *err);

/*
 * Make the file `name` in `dir` and a pipe that leads to it. A file that is there already is
 * emptied.
 *
 * `writer` NULL: there is no pipe, all comes through output_take().
 *
 * Owns:  output_close() ends it; `dir` is borrowed until then. *writer is the caller's, blocking, for the command.
 * Fails: ERR_IO; nothing is open then.
 */
MUST_CHECK int output_open(struct output *out, int dir, const char *name, uint64_t max_bytes,
    int *writer, struct err *err);

/* Nothing more comes: what may have become something masked is written as it is. Fails: as
 * output_take(). */
MUST_CHECK int output_end(struct output *out, struct err *err);

/* Take in what was written, as if it came from the pipe. Fails: ERR_IO once, as output_drain(). */
MUST_CHECK int output_take(struct output *out, const char *data, size_t len, struct err *err);

/*
 * Move what the pipe holds, up to about `limit` bytes, into the file. The pipe is closed and -1
 * when it has ended.
 *
 * Fails: ERR_IO once, when the file can first not be written; the pipe is drained all the same,
 * then and later.
 */
MUST_CHECK int output_drain(struct output *out, size_t limit, struct err *err);

/*
 * The last line that is not empty, as channel_message.last_line; false when there is none. A line
 * ends with a line feed or a carriage return, or is what came last. Also of what was dropped.
 */
bool output_last_line(const struct output *out, char text[CHANNEL_LINE_MAX + 1]);

/* Fine when it was never opened. */
void output_close(struct output *out);

#endif
