/*
 * Records: the bytes of each struct, as FORMAT.md lists them, and here what they are made of.
 *
 * Fields only ever come at the end, with a new version; what a key says is not said again in
 * its record. Faults in the bytes are sticky in the unpack and found once, by record_finish().
 */
#include "store/record.h"

#include <string.h>

void
pack_bool(struct buf *b, bool v)
{
	pack_u8(b, v ? 1 : 0);
}

bool
unpack_bool(struct unpack *u)
{
	uint8_t v = unpack_u8(u);

	if (v > 1)
		u->failed = true;
	return v == 1;
}

uint8_t
unpack_word(struct unpack *u, uint8_t first, uint8_t last)
{
	uint8_t v = unpack_u8(u);

	if (v >= first && v <= last)
		return v;
	u->failed = true;
	return first;
}

int32_t
unpack_i32(struct unpack *u)
{
	int64_t v = unpack_i64(u);

	if (v < INT32_MIN || v > INT32_MAX) {
		u->failed = true;
		return 0;
	}
	return (int32_t)v;
}

int
unpack_priority(struct unpack *u)
{
	int32_t v = unpack_i32(u);

	if (v < -SCHEDULE_PRIORITY_MAX || v > SCHEDULE_PRIORITY_MAX) {
		u->failed = true;
		return 0;
	}
	return v;
}

const char *
unpack_text(struct unpack *u, struct arena *a)
{
	const char *s = unpack_str(u, a);

	if (!s) {
		u->failed = true;
		return "";
	}
	return s;
}

void
unpack_hash(struct unpack *u, struct arena *a, unsigned char *hash, size_t len)
{
	size_t got;
	const void *data = unpack_bytes(u, a, &got);

	if (got == len)
		memcpy(hash, data, len);
	else
		u->failed = true;
}

void
pack_texts(struct buf *b, const char *const *texts, size_t count)
{
	pack_u32(b, (uint32_t)count);
	for (size_t i = 0; i < count; i++)
		pack_str(b, texts[i]);
}

const char **
unpack_texts(struct unpack *u, struct arena *a, size_t *count)
{
	const char **texts;

	*count = unpack_count(u, 4);
	texts = arena_array(a, *count, sizeof *texts);
	for (size_t i = 0; i < *count; i++)
		texts[i] = unpack_text(u, a);
	return texts;
}
