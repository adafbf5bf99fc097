/* A buffer of bytes that grows: see buf.h. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* As buf_reserve(), but what is there is not zeroed. */
static char *
grow(struct buf *b, size_t len)
{
	size_t need = b->len + len + 1;

	if (need > b->cap) {
		size_t cap = b->cap ? b->cap : 128;

		while (cap < need)
			cap *= 2;
		b->data = mem_resize(b->data, cap);
		b->cap = cap;
	}
	b->data[b->len + len] = '\0';
	return b->data + b->len;
}

char *
buf_reserve(struct buf *b, size_t len)
{
	return memset(grow(b, len), 0, len);
}

void
buf_add(struct buf *b, const void *data, size_t len)
{
	char *to = grow(b, len);

	if (len)
		memcpy(to, data, len);
	b->len += len;
}

void
buf_adds(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void
buf_addc(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void
buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap, again;
	int len;

	va_start(ap, fmt);
	va_copy(again, ap);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (len < 0)
		abort();
	vsnprintf(grow(b, (size_t)len), (size_t)len + 1, fmt, again);
	va_end(again);
	b->len += (size_t)len;
}

void
buf_reset(struct buf *b)
{
	b->len = 0;
	if (b->data)
		b->data[0] = '\0';
}

void
buf_release(struct buf *b)
{
	free(b->data);
	*b = (struct buf)BUF_INIT;
}
