/*
 * Recurrence rules of iCalendar (RFC 5545, 3.3.10), worked out by libical on local time: zones are
 * the trigger's business. A rule begins at its start, which gives what the rule leaves open (the
 * minute, the weekday), and counts only if it matches.
 *
 * Served: FREQ from HOURLY to YEARLY, INTERVAL, WKST, UNTIL, COUNT up to RRULE_COUNT_MAX, and all
 * BY… parts where the library agrees with the standard: no BYWEEKNO, BYYEARDAY alone, BYSETPOS
 * not among several hours or minutes. SECONDLY and MINUTELY are cron's and every's.
 */
#ifndef CALENDAR_RRULE_H
#define CALENDAR_RRULE_H

#include <stdint.h>

#include "base/err.h"
#include "calendar/civil.h"

enum { RRULE_COUNT_MAX = 1000, RRULE_BYTES_MAX = 500 };

/* An HOURLY rule that matches nothing for so long is taken to match nothing any more. The rarest is
 * a weekday on the leap day: forty years, over a century without one. Others are looked at to the
 * end of time. */
#define RRULE_HORIZON_US (INT64_C(50) * 366 * DAY_US)

/*
 * Is it a rule, and does it ever match? `start_us` is local time as civil_to_us() gives it.
 *
 * Fails: ERR_INPUT with the reason.
 */
MUST_CHECK int rrule_check(const char *text, int64_t start_us, struct err *err);

/* UNTIL where it is given in UTC, as the standard wants it; it bounds instants and not local times.
 * INSTANT_NEVER: there is none, or it is local. */
int64_t rrule_until_utc(const char *text);

/*
 * The first match at or after `from_us`, before `to_us`, all in local time; INSTANT_NEVER if there
 * is none. A local UNTIL is honoured, one in UTC is not. `text` has passed rrule_check().
 */
int64_t rrule_next_civil(const char *text, int64_t start_us, int64_t from_us, int64_t to_us);

#endif
