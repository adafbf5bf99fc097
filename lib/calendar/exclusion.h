/*
 * Excluded time: what a named calendar takes out of a timetable. Pure.
 *
 * Local kinds are read off the clock of a time zone: an instant is excluded when the clock shows an
 * excluded date or time then, so that of an hour that a clock change repeats both are. A rule's
 * windows begin at local times and last: the whole days of their duration are days of the local
 * calendar, the rest is real time; one that would begin in a gap begins behind it.
 */
#ifndef CALENDAR_EXCLUSION_H
#define CALENDAR_EXCLUSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "calendar/civil.h"
#include "calendar/zone.h"

/* The numbers are durable. */
enum exclusion_kind {
	EXCLUSION_DATES = 1,  /* whole local dates */
	EXCLUSION_YEARLY = 2, /* those of every year; may run over its end */
	EXCLUSION_WEEKLY = 3, /* between two times of some weekdays, perhaps over midnight */
	EXCLUSION_RANGE = 4,  /* from one instant to before another */
	EXCLUSION_RULE = 5,   /* from each local time of a recurrence rule on */
};

struct exclusion {
	enum exclusion_kind kind;
	const char *text;      /* what it is, for people; "": its own description says it */
	const char *time_zone; /* IANA name; NULL: the calendar's. Not of a range */

	int64_t first_day, last_day; /* EXCLUSION_DATES, as civil_days() gives them */
	int first_date,
	    last_date; /* EXCLUSION_YEARLY: month * 100 + day, 29 February included */

	uint8_t weekdays; /* EXCLUSION_WEEKLY: bit 0 to 6, Sunday is 0; on which it begins */
	int32_t from_s;	  /* 0 to 86399 */
	int32_t to_s;	  /* behind from_s; above 86400 it ends on the day after */

	int64_t from_us, to_us; /* EXCLUSION_RANGE */

	const char *rule;      /* EXCLUSION_RULE, see rrule.h */
	int64_t start_us;      /* local, as civil_to_us() */
	int64_t duration_us;   /* above 0, EXCLUSION_DURATION_MAX_US at most */
	const int64_t *except; /* local beginnings that it leaves out */
	size_t except_count;
};

#define EXCLUSION_DURATION_MAX_US (INT64_C(366) * DAY_US)

enum {
	EXCLUSION_TEXT_MAX = 200,    /* bytes of a text */
	EXCLUSION_EXCEPT_MAX = 1000, /* of one rule */
	EXCLUSION_DESCRIPTION = 800,
};

/* All that one calendar excludes. */
struct exclusions {
	const char *time_zone;
	struct exclusion *list;
	size_t count;
};

/*
 * Read `Mon-Fri 08:00-18:00`: weekdays (lists and ranges of names, also over the week's end; none:
 * all) and a time from and to (24:00 is the day's end; one that is not behind the first is on the
 * day after; none: the whole day). *e gets what belongs to EXCLUSION_WEEKLY.
 *
 * Fails: ERR_INPUT with the column and the mend.
 */
MUST_CHECK int exclusion_parse_weekly(const char *text, struct exclusion *e, struct err *err);

/* What exclusion_parse_weekly() reads back. */
void exclusion_format_weekly(const struct exclusion *e, char out[INSTANT_TEXT * 2]);

/*
 * Check what the reader of a text cannot: bounds and what makes no sense. The time zone is not
 * looked up.
 *
 * Fails: ERR_INPUT `to: must not be before date`, the member first.
 */
MUST_CHECK int exclusion_check(const struct exclusion *e, struct err *err);

/* `Christmas`, or without a text `weekly Mon-Fri 08:00-18:00`, `2026-12-24 to 2026-12-26`. */
void exclusion_describe(const struct exclusion *e, char out[EXCLUSION_DESCRIPTION]);

/* Answers questions about some calendars at once; what it worked out last it keeps. */
struct exclusion_reader {
	const struct exclusions *sets;
	size_t count;
	struct zone_of_set *zones; /* of each set, and its entries */
	int64_t free_from_us,
	    free_us; /* the answer of exclusion_first_free() for this stretch */
};

/* What excludes an instant. */
struct excluded {
	size_t set, entry;
	int64_t until_us; /* this entry lasts so long at least; INSTANT_NEVER: for ever */
};

/*
 * Begin to ask.
 *
 * Owns:  *sets is borrowed while it is asked, and so is the arena's memory.
 * Fails: as zones_get().
 */
MUST_CHECK int exclusion_reader_init(struct exclusion_reader *r, struct arena *a,
    const struct exclusions *sets, size_t count, struct zones *zones, struct err *err);

/* Is an instant excluded by any of them? *by is the first entry of the first. */
bool exclusion_at(struct exclusion_reader *r, int64_t at_us, struct excluded *by);

/* So many entries are left behind one after the other by exclusion_first_free(). */
enum { EXCLUSION_STEPS = 1000 };

/* The first instant at or after `at_us` that none of them excludes; INSTANT_NEVER if there is none
 * before the year 3000, or none within EXCLUSION_STEPS (nearly three years of single days). */
int64_t exclusion_first_free(struct exclusion_reader *r, int64_t at_us);

#endif
