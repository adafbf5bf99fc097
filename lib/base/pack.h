/*
 * Packing values into bytes and out again: the one codec of store records and process messages.
 *
 * Integers are big-endian and of fixed width, so that keys sort as numbers do; signed ones have
 * their sign bit flipped for the same reason. A string is a 32-bit length and its bytes.
 * Reading is sticky: after a fault every further value is zero or empty and unpack_finish()
 * tells.
 */
#ifndef BASE_PACK_H
#define BASE_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

void pack_u8(struct buf *b, uint8_t v);
void pack_u32(struct buf *b, uint32_t v);
void pack_u64(struct buf *b, uint64_t v);
void pack_i64(struct buf *b, int64_t v);
void pack_bytes(struct buf *b, const void *data, size_t len);

/* NULL and "" are different and both come back as they went in. */
void pack_str(struct buf *b, const char *s);

/* Texts, none of them NULL, up to the NULL behind the last; a NULL list is an empty one. */
void pack_list(struct buf *b, const char *const *list);

struct unpack {
	const unsigned char *at, *end; /* borrowed from the caller */
	bool failed;
};

void unpack_init(struct unpack *u, const void *data, size_t len);

uint8_t unpack_u8(struct unpack *u);
uint32_t unpack_u32(struct unpack *u);
uint64_t unpack_u64(struct unpack *u);
int64_t unpack_i64(struct unpack *u);

/* A copy in the arena with a NUL behind it; NULL where NULL was packed, and after a fault. */
const char *unpack_str(struct unpack *u, struct arena *a);

/* Texts with a NULL behind the last; never NULL itself. A NULL among them is a fault. */
const char **unpack_list(struct unpack *u, struct arena *a);

/* As unpack_str() for bytes; *len is 0 after a fault. */
const void *unpack_bytes(struct unpack *u, struct arena *a, size_t *len);

/* A number of elements that follow, each at least `each` bytes long: a count that the bytes
 * cannot hold is a fault. */
uint32_t unpack_count(struct unpack *u, size_t each);

/* Fails: ERR_IO when anything was missing, malformed, or is left over. */
MUST_CHECK int unpack_finish(const struct unpack *u);

#endif
