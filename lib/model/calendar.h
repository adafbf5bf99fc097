/* A named calendar of a tenant: time in which schedules that name it do not run. */
#ifndef MODEL_CALENDAR_H
#define MODEL_CALENDAR_H

#include <stdint.h>

#include "base/err.h"
#include "calendar/exclusion.h"

enum {
	CALENDAR_NAME_MAX = 255,	 /* code points */
	CALENDAR_DESCRIPTION_MAX = 4096, /* bytes */
	CALENDAR_ENTRIES_MAX = 2000,
	CALENDAR_BYTES_MAX = 512 * 1024, /* all texts together */
};

struct calendar {
	uint64_t id, tenant_id;
	uint64_t version;	 /* 1 at creation, one more with each change */
	const char *name;	 /* unique in the tenant, byte for byte */
	const char *description; /* never NULL */
	struct exclusions excluded;
	int64_t created_us, modified_us;
};

/*
 * Check bounds, and what makes no sense. Time zones are not looked up.
 *
 * Fails: ERR_INPUT `Invalid value: entries[3].to: must not be before date`, `Missing value: name`.
 */
MUST_CHECK int calendar_validate(const struct calendar *c, struct err *err);

#endif
