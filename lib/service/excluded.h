/*
 * What the calendars of a schedule exclude, inside a transaction. Within it every question is about
 * the same calendars.
 */
#ifndef SERVICE_EXCLUDED_H
#define SERVICE_EXCLUDED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "calendar/exclusion.h"
#include "model/schedule.h"
#include "store/store.h"

struct calendars {
	struct exclusion_reader reader; /* a set each, in the schedule's order */
	const char **names;
};

/*
 * Load the calendars that a schedule names; one without excludes nothing.
 *
 * Owns:  everything lives in the arena; the names are the schedule's.
 * Fails: ERR_INPUT when a time zone is not known to this system, or a name to the tenant: then the
 * text is `Invalid value: calendars.exclude[0]: there is no calendar "x"`.
 */
MUST_CHECK int calendars_load(struct txn *txn, struct arena *a, const struct schedule *s,
    struct zones *zones, struct calendars *c, struct err *err);

/* Only whether there are such calendars. Fails: ERR_INPUT as above. */
MUST_CHECK int calendars_check(
    struct txn *txn, struct arena *a, const struct schedule *s, struct err *err);

bool calendars_exclude(struct calendars *c, int64_t at_us, struct excluded *by);

/* `the calendar "nl-holidays" excludes it (King's Day)`. Lives in the arena. */
const char *calendars_reason(
    struct arena *a, const struct calendars *c, const struct excluded *by);

/* When a due time runs: itself, or when what excludes it ends; INSTANT_NEVER: not, or not for years.
 * *why: why it is not itself, NULL if it is; lives in the arena. */
int64_t calendars_run_us(struct arena *a, struct calendars *c, const struct schedule *s,
    int64_t due_us, const char **why);

#endif
