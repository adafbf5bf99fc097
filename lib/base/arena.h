/*
 * An arena: memory that is given out piece by piece and taken back all at once.
 *
 * Each request and each tick has one. What `wire` and `store` hand out lives in the arena that
 * was passed in and dies with its next arena_clear() or arena_release().
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

#include "base/err.h"

struct arena_chunk;

struct arena {
	struct arena_chunk *chunks; /* newest first */
};

#define ARENA_INIT \
	{          \
		0  \
	}

/* Zeroed memory aligned for any type; never NULL, also for size 0. */
void *arena_alloc(struct arena *a, size_t size);

/* `count` zeroed elements; aborts when the product overflows. */
void *arena_array(struct arena *a, size_t count, size_t size);

char *arena_strdup(struct arena *a, const char *s);

/* A copy of `len` bytes with a NUL behind it. */
char *arena_memdup(struct arena *a, const void *data, size_t len);

char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Take everything back and keep one chunk for the next round. */
void arena_clear(struct arena *a);

/* Take everything back; the arena is valid and empty. */
void arena_release(struct arena *a);

#endif
