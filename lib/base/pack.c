/* Packing values into bytes and out again: see pack.h. */
#include "base/pack.h"

#include <string.h>

/* A string's length field when the string is NULL. */
#define NULL_LEN UINT32_MAX

void
pack_u8(struct buf *b, uint8_t v)
{
	buf_add(b, &v, 1);
}

void
pack_u32(struct buf *b, uint32_t v)
{
	unsigned char raw[4];

	for (int i = 3; i >= 0; i--, v >>= 8)
		raw[i] = (unsigned char)v;
	buf_add(b, raw, sizeof raw);
}

void
pack_u64(struct buf *b, uint64_t v)
{
	unsigned char raw[8];

	for (int i = 7; i >= 0; i--, v >>= 8)
		raw[i] = (unsigned char)v;
	buf_add(b, raw, sizeof raw);
}

void
pack_i64(struct buf *b, int64_t v)
{
	pack_u64(b, (uint64_t)v ^ (UINT64_C(1) << 63));
}

void
pack_bytes(struct buf *b, const void *data, size_t len)
{
	pack_u32(b, (uint32_t)len);
	buf_add(b, data, len);
}

void
pack_str(struct buf *b, const char *s)
{
	if (s)
		pack_bytes(b, s, strlen(s));
	else
		pack_u32(b, NULL_LEN);
}

void
pack_list(struct buf *b, const char *const *list)
{
	uint32_t n = 0;

	while (list && list[n])
		n++;
	pack_u32(b, n);
	for (uint32_t i = 0; i < n; i++)
		pack_str(b, list[i]);
}

void
unpack_init(struct unpack *u, const void *data, size_t len)
{
	u->at = data;
	u->end = u->at + len;
	u->failed = false;
}

/* The next `len` bytes, or NULL and a fault. */
static const unsigned char *
take(struct unpack *u, size_t len)
{
	const unsigned char *p = u->at;

	if (u->failed || (size_t)(u->end - u->at) < len) {
		u->failed = true;
		return NULL;
	}
	u->at += len;
	return p;
}

static uint64_t
take_be(struct unpack *u, size_t width)
{
	const unsigned char *p = take(u, width);
	uint64_t v = 0;

	for (size_t i = 0; p && i < width; i++)
		v = v << 8 | p[i];
	return v;
}

uint8_t
unpack_u8(struct unpack *u)
{
	return (uint8_t)take_be(u, 1);
}

uint32_t
unpack_u32(struct unpack *u)
{
	return (uint32_t)take_be(u, 4);
}

uint64_t
unpack_u64(struct unpack *u)
{
	return take_be(u, 8);
}

int64_t
unpack_i64(struct unpack *u)
{
	uint64_t v = take_be(u, 8);

	return u->failed ? 0 : (int64_t)(v ^ (UINT64_C(1) << 63));
}

const void *
unpack_bytes(struct unpack *u, struct arena *a, size_t *len)
{
	uint32_t n = unpack_u32(u);
	const unsigned char *p;

	*len = 0;
	if (u->failed || n == NULL_LEN)
		return NULL;
	p = take(u, n);
	if (!p)
		return NULL;
	*len = n;
	return arena_memdup(a, p, n);
}

const char *
unpack_str(struct unpack *u, struct arena *a)
{
	size_t len;
	const char *s = unpack_bytes(u, a, &len);

	/* A NUL inside would cut the string short where nobody sees it. */
	if (s && strlen(s) != len) {
		u->failed = true;
		return NULL;
	}
	return s;
}

uint32_t
unpack_count(struct unpack *u, size_t each)
{
	uint32_t n = unpack_u32(u);

	if (!u->failed && each && n > (size_t)(u->end - u->at) / each)
		u->failed = true;
	return u->failed ? 0 : n;
}

const char **
unpack_list(struct unpack *u, struct arena *a)
{
	uint32_t n = unpack_count(u, 4);
	const char **list = arena_array(a, (size_t)n + 1, sizeof *list);

	for (uint32_t i = 0; i < n; i++) {
		list[i] = unpack_str(u, a);
		if (!list[i])
			u->failed = true;
	}
	return list;
}

int
unpack_finish(const struct unpack *u)
{
	return u->failed || u->at != u->end ? ERR_IO : 0;
}
