/* An arena: see arena.h. Chunks double as needed and the newest stands first. */
#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"

enum { CHUNK_BYTES = 16 * 1024, ALIGN = _Alignof(max_align_t) };

struct arena_chunk {
	struct arena_chunk *next;
	size_t used, size;
	_Alignas(max_align_t) unsigned char bytes[];
};

static struct arena_chunk *
chunk_new(size_t size)
{
	struct arena_chunk *c = mem_alloc(sizeof *c + size);

	c->size = size;
	return c;
}

void *
arena_alloc(struct arena *a, size_t size)
{
	struct arena_chunk *c = a->chunks;
	void *p;

	size = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	if (!c || c->size - c->used < size) {
		c = chunk_new(size > CHUNK_BYTES ? size : CHUNK_BYTES);
		c->next = a->chunks;
		a->chunks = c;
	}
	p = c->bytes + c->used;
	c->used += size;
	return p;
}

void *
arena_array(struct arena *a, size_t count, size_t size)
{
	if (size && count > SIZE_MAX / 2 / size) {
		log_error("out of memory: %zu elements of %zu bytes", count, size);
		abort();
	}
	return arena_alloc(a, count * size);
}

char *
arena_memdup(struct arena *a, const void *data, size_t len)
{
	char *p = arena_alloc(a, len + 1);

	if (len)
		memcpy(p, data, len);
	return p;
}

char *
arena_strdup(struct arena *a, const char *s)
{
	return arena_memdup(a, s, strlen(s));
}

char *
arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap, again;
	char *p;
	int len;

	va_start(ap, fmt);
	va_copy(again, ap);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (len < 0)
		abort();
	p = arena_alloc(a, (size_t)len + 1);
	vsnprintf(p, (size_t)len + 1, fmt, again);
	va_end(again);
	return p;
}

void
arena_clear(struct arena *a)
{
	struct arena_chunk *keep = a->chunks, *next;

	if (!keep)
		return;
	for (struct arena_chunk *c = keep->next; c; c = next) {
		next = c->next;
		free(c);
	}
	keep->next = NULL;
	if (keep->size > CHUNK_BYTES) {
		free(keep);
		a->chunks = NULL;
		return;
	}
	/* What is given out next must be zero again. */
	memset(keep->bytes, 0, keep->used);
	keep->used = 0;
}

void
arena_release(struct arena *a)
{
	struct arena_chunk *next;

	for (struct arena_chunk *c = a->chunks; c; c = next) {
		next = c->next;
		free(c);
	}
	a->chunks = NULL;
}
