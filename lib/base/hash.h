/*
 * FNV-1a, 64 bits: tells things apart that nobody forges, and is the same for ever. Not for what comes
 * from somebody who may want two things to look alike.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#define HASH_BEGIN UINT64_C(0xcbf29ce484222325)

/* The hash of what `hash` stands for and these bytes behind it. */
static inline uint64_t
hash_add(uint64_t hash, const void *data, size_t len)
{
	const unsigned char *bytes = data;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
	return hash;
}

#endif
