/*
 * What a command writes: from a pipe into a file, as it comes, so that it can be read while it
 * runs.
 *
 * The command is never held up and never told: what is beyond the limit, or cannot be written,
 * is read, counted and dropped.
 */
#ifndef RUNNER_OUTPUT_H
#define RUNNER_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "proc/channel.h"
#include "runner/mask.h"

/* The beginning of a line: enough for whole characters up to CHANNEL_LINE_MAX bytes. */
struct output_line {
	char text[CHANNEL_LINE_MAX + 3];
	size_t len;
};

struct output {
	int pipe; /* reading end, non-blocking; -1 when it has ended */
	int file;
	uint64_t max_bytes;
	uint64_t bytes;			/* that the command wrote, masked */
	uint64_t written;		/* that stand in the file */
	char last;			/* the file's last byte */
	bool failed;			/* the file could not be written any more */
	struct mask mask;		/* what is not to be seen, and never reaches the file */
	struct output_line line, whole; /* that which goes on, and the last complete one that is
					  not empty */
};

#define OUTPUT_INIT                     \
	{                               \
		.pipe = -1, .file = -1, \
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
 * Owns:  output_close() ends it. *writer is the caller's, blocking, for the command.
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

/* Write the line about what was cut off, if anything was, and close everything. Fine when it
 * was never opened. */
void output_close(struct output *out);

#endif
