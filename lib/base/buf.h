/*
 * A buffer of bytes that grows. A NUL always stands behind the last byte (and does not count in
 * `len`), so that `data` may be passed as a string.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stddef.h>

#include "base/err.h"

struct buf {
	char *data; /* never NULL after the first addition; owned by the buffer */
	size_t len, cap;
};

#define BUF_INIT  \
	{         \
		0 \
	}

void buf_add(struct buf *b, const void *data, size_t len);
void buf_adds(struct buf *b, const char *s);
void buf_addc(struct buf *b, char c);
void buf_addf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Make room for `len` more bytes, zeroed, and answer where they go; `b->len` is for the caller to
 * move on, by `len` or less. */
char *buf_reserve(struct buf *b, size_t len);

/* Empty, but keep the memory. */
void buf_reset(struct buf *b);

/* Empty and free; the buffer is valid and empty. */
void buf_release(struct buf *b);

#endif
