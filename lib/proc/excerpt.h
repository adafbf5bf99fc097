/*
 * A long text in files of which the head and the tail are kept, and what is between them is left
 * out: what a command writes.
 *
 * NAME has the text from its beginning, up to max_bytes; mostly that is all. Of one that is longer
 * NAME.tail has the end as well, behind a line of fixed length that tells where in the text it
 * begins and how much of NAME counts then. It is replaced whole, by rename, so whoever reads at
 * any moment, or after the writer was killed at any moment, finds an excerpt that is true.
 *
 * Offsets are those of the text itself, so who follows it while it grows never reads a byte twice.
 */
#ifndef PROC_EXCERPT_H
#define PROC_EXCERPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum { EXCERPT_NAME = 64, EXCERPT_TAIL_MAX = 1 << 20 };

struct excerpt {
	int dir; /* borrowed; -1 when it is closed */
	char name[EXCERPT_NAME];
	int file, tail; /* -1 until there is one */
	uint64_t max_bytes;
	uint64_t bytes;	     /* of the text so far */
	uint64_t tail_start; /* in the text */
	uint64_t tail_bytes;
	bool failed; /* it could not be written any more */
};

#define EXCERPT_INIT                               \
	{                                          \
		.dir = -1, .file = -1, .tail = -1, \
	}

/*
 * Make the file `name` in `dir`; one that is there already is emptied.
 *
 * Owns:  `dir` is borrowed until excerpt_close(). Fails: ERR_IO; nothing is open then.
 */
MUST_CHECK int excerpt_open(
    struct excerpt *x, int dir, const char *name, uint64_t max_bytes, struct err *err);

/* Add to the text. Fails: ERR_IO at the first fault; what comes later is counted only. */
MUST_CHECK int excerpt_add(struct excerpt *x, const char *data, size_t len, struct err *err);

/* Fine when it was never opened. */
void excerpt_close(struct excerpt *x);

/* How it stands for a reader. */
struct excerpt_view {
	int file, tail;	     /* -1: there is none */
	uint64_t head_bytes; /* of the text, from its beginning */
	uint64_t
	    tail_start; /* in the text, where the tail begins; head_bytes when all is there */
	uint64_t bytes; /* of the text, as far as it is known */
};

#define EXCERPT_VIEW_INIT               \
	{                               \
		.file = -1, .tail = -1, \
	}

/*
 * Open what was written under `path`. A text of which there is nothing is empty.
 *
 * Owns:  excerpt_view_close(). Fails: ERR_IO, also for what is no plain file.
 */
MUST_CHECK int excerpt_view(struct excerpt_view *v, const char *path, struct err *err);
void excerpt_view_close(struct excerpt_view *v);

/* Is the file NAME the whole text? */
bool excerpt_is_whole(const struct excerpt_view *v);

/*
 * Add the text from *offset on to `out`, about `limit` bytes at most; *offset is then where to go on.
 * In the place of what is left out stands a line that says how much that is.
 *
 * Fails: ERR_IO.
 */
MUST_CHECK int excerpt_read(const struct excerpt_view *v, uint64_t *offset, size_t limit,
    struct buf *out, struct err *err);

#endif
