/*
 * Cron expressions: five fields (minute hour day-of-month month day-of-week) with names,
 * ranges, steps and lists, and the names @yearly @annually @monthly @weekly @daily @midnight
 * @hourly.
 *
 * Day of month and day of week combine as in Vixie cron: a day matches when either does, unless
 * one of the two fields begins with `*`: then both must. Sunday is 0 and 7. A range may not run
 * backwards. `a/n` means `a-max/n`, with Saturday as the last day of the week.
 */
#ifndef CALENDAR_CRON_H
#define CALENDAR_CRON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "calendar/civil.h"

struct cron {
	uint64_t minutes;   /* bit 0 to 59 */
	uint32_t hours;	    /* bit 0 to 23 */
	uint32_t days;	    /* bit 1 to 31 */
	uint16_t months;    /* bit 1 to 12 */
	uint8_t weekdays;   /* bit 0 to 6, Sunday is 0 */
	bool days_star;	    /* the day-of-month field begins with `*` */
	bool weekdays_star; /* the day-of-week field begins with `*` */
};

/*
 * Read an expression.
 *
 * Fails: ERR_INPUT, the text names the column (from 1), the field and the mend: `column 6: hour
 * 25 is not within 0 to 23`; also for an expression that no day ever matches (`0 0 31 2 *`).
 */
MUST_CHECK int cron_parse(const char *text, struct cron *cron, struct err *err);

/*
 * The first matching civil minute at or after `from` (as civil microseconds: civil_to_us()),
 * before `to`. INSTANT_NEVER if there is none. Pure arithmetic on local time: zones are the
 * trigger's business.
 */
int64_t cron_next_civil(const struct cron *cron, int64_t from_us, int64_t to_us);

#endif
