/*
 * One identity, spelled four ways.
 *
 * A schedule, execution, task, user or token is one number from 1 to ID_MAX. API3 spells it as
 * a GUID (RFC 9562, version 8, with the fixed head "carill"), Altogic as 24 hex digits, ricloud
 * and OpenSpecimen in decimal. The spellings are reversible without a look-up and every face
 * accepts any of them.
 */
#ifndef BASE_ID_H
#define BASE_ID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* JavaScript keeps integers exactly up to here. */
#define ID_MAX ((UINT64_C(1) << 53) - 1)

enum { ID_GUID_LEN = 36, ID_HEX_LEN = 24 };

/*
 * The bits above ID_SPACE_BITS say whose a number is: 0 the first tenant's, whose numbers are 1,
 * 2, 3 and so on, and by chance one of 1 to ID_SPACE_MAX for every other tenant. Each counts for
 * itself, so that from its numbers nobody learns how much the others do, or that there are any.
 */
enum { ID_SPACE_BITS = 40, ID_SPACE_MAX = (1 << (53 - ID_SPACE_BITS)) - 1 };

static inline unsigned
id_space(uint64_t id)
{
	return (unsigned)(id >> ID_SPACE_BITS);
}

static inline uint64_t
id_in_space(unsigned space, uint64_t number)
{
	return (uint64_t)space << ID_SPACE_BITS | number;
}

bool id_is_among(const uint64_t *ids, size_t count, uint64_t id);

/* 63617269-6c6c-8000-8000-00000000002a, lower case. */
void id_guid(uint64_t id, char out[ID_GUID_LEN + 1]);

/* 63617269000000000000002a, lower case. */
void id_hex(uint64_t id, char out[ID_HEX_LEN + 1]);

/*
 * Read any spelling, hex digits in any case, exactly `len` bytes.
 *
 * Fails: ERR_MISSING for everything else, also for a GUID or hex id of another maker: to a
 * caller a foreign id and an unknown one are the same.
 */
MUST_CHECK int id_parse(const char *text, size_t len, uint64_t *id);

#endif
