/*
 * Triggers: when. From an expression and an instant to the next due time. Pure.
 */
#ifndef CALENDAR_TRIGGER_H
#define CALENDAR_TRIGGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "calendar/civil.h"
#include "calendar/cron.h"
#include "calendar/zone.h"

/* 3000-01-01T00:00:00Z: nothing is due from here on. */
#define TRIGGER_END_US (INT64_C(32503680000) * SECOND_US)

/* The numbers are durable. */
enum trigger_kind {
	TRIGGER_CRON = 1,
	TRIGGER_EVERY = 2,
	TRIGGER_AT = 3,
	TRIGGER_RRULE = 4,
	TRIGGER_REBOOT = 5
};

/* What becomes of a local time that a clock change skips. */
enum dst_gap {
	DST_GAP_AFTER = 0, /* due at the first instant after the gap; several that fall into one
			      gap become one */
	DST_GAP_SKIP = 1,  /* not due */
};

/* Which of the instants of a local time that a clock change repeats; of more than two, SECOND
 * is the last. */
enum dst_fold { DST_FOLD_FIRST = 0, DST_FOLD_SECOND = 1, DST_FOLD_BOTH = 2 };

struct trigger {
	enum trigger_kind kind;

	/* TRIGGER_CRON and TRIGGER_RRULE: local time */
	const char *expression; /* as it was written: of cron, or the rule */
	struct cron cron;	/* what a cron expression means */
	int64_t start_us; /* where a rule begins, in local time as civil_to_us() gives it */
	const char *time_zone; /* IANA name */
	enum dst_gap dst_gap;
	enum dst_fold dst_fold;

	/* TRIGGER_EVERY: anchor + n * every, n any whole number; real elapsed time, zones and
	 * DST do not enter. */
	int64_t every_us; /* at least one second */
	int64_t anchor_us;
	bool anchor_open; /* nobody chose it: it is when the definition was read. Not kept. */

	/* TRIGGER_AT */
	int64_t at_us;

	/* TRIGGER_REBOOT: due once for each boot of the machine. Nobody knows the boots to come, so it
	 * has one due time at most: the last boot that its schedule was told of. */
	int64_t boot_us; /* 0: none. Not kept with the definition: schedule_state has it */
};

/* Does it go by the clocks of a time zone? */
bool trigger_is_local(const struct trigger *trigger);

/*
 * The first due time strictly after `after_us`; INSTANT_NEVER if there is none before the year
 * 3000.
 *
 * `zone` is read only for a local trigger. A fold or gap of any size is honoured, also where a
 * zone moves its offset for other reasons than DST. With the defaults a daily job is due
 * exactly once on every civil day.
 */
int64_t trigger_next(const struct trigger *trigger, const struct zone *zone, int64_t after_us);

/* What a clock change has to do with a due time. */
enum touch_kind {
	TOUCH_NONE = 0,
	TOUCH_GAP,	   /* its local time, or several, do not exist: it comes after them */
	TOUCH_FOLD_FIRST,  /* its local time comes again, */
	TOUCH_FOLD_SECOND, /* or has come before */
};

struct touch {
	enum touch_kind kind;
	/* TOUCH_GAP: the local times that were moved here, as civil_to_us(). */
	int64_t first_us, last_us;
	size_t count;
};

/* `due_us` is a due time of the trigger. */
struct touch trigger_touch(
    const struct trigger *trigger, const struct zone *zone, int64_t due_us);

#endif
