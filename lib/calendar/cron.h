/*
 * Cron expressions: five fields (minute hour day-of-month month day-of-week), six with seconds in
 * front, seven with years (1970 to 2099) behind; with names, ranges, steps and lists, and the names
 * @yearly @annually @monthly @weekly @daily @midnight @hourly.
 *
 * Day of month and day of week combine as in Vixie cron: a day matches when either does, unless
 * one of the two fields begins with `*` (or is `?`, which says the same): then both must. Sunday
 * is 0 and 7, whatever the number of fields. A range may not run backwards. `a/n` means `a-max/n`,
 * with Saturday as the last day of the week.
 *
 *   day of month   L the last, L-3 three days before it, 15W the weekday (Monday to Friday) of the
 *                  same month that is nearest to the 15th, LW the last weekday
 *   day of week    FRIL or 5L the last Friday of the month, FRI#2 or 5#2 the second
 *   any field      H a value that belongs to the schedule, so that many do not start at once;
 *                  H(0-29), H/15, H(0-29)/10. `~`, `10~20`: the same in OpenBSD's spelling. In
 *                  the day of month H stays below 29.
 */
#ifndef CALENDAR_CRON_H
#define CALENDAR_CRON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "calendar/civil.h"

struct cron {
	uint64_t seconds;   /* bit 0 to 59 */
	uint64_t minutes;   /* bit 0 to 59 */
	uint32_t hours;	    /* bit 0 to 23 */
	uint32_t days;	    /* bit 1 to 31 */
	uint32_t last_days; /* bit n: n days before the month's last */
	uint32_t
	    near_days;	  /* bit 1 to 31: the weekday nearest to it; bit 0: the last weekday */
	uint16_t months;  /* bit 1 to 12 */
	uint8_t weekdays; /* bit 0 to 6, Sunday is 0 */
	uint8_t nth[7]; /* of each weekday: bit 1 to 5 that one of the month, bit 0 the last */
	bool days_star; /* the day-of-month field begins with `*` or is `?` */
	bool weekdays_star; /* the day-of-week field begins with `*` or is `?` */
	bool every_year;    /* there is no field of years; else */
	uint64_t years[3];  /* bit n: 1970 + n, up to 2099 */
};

enum { CRON_YEAR_FIRST = 1970, CRON_YEAR_LAST = 2099 };

/* What the H of the schedule with this name comes from. */
uint64_t cron_seed(const char *name);

/* Every number gives another, as good as random, and always the same. */
uint64_t cron_scatter(uint64_t x);

/*
 * Read an expression.
 *
 * Fails: ERR_INPUT, the text names the column (from 1), the field and the mend: `column 6: hour
 * 25 is not within 0 to 23`; also for an expression that no day ever matches (`0 0 31 2 *`), and
 * for one that is due every second and does not say so clearly.
 */
MUST_CHECK int cron_parse(const char *text, uint64_t seed, struct cron *cron, struct err *err);

/*
 * The first matching civil second at or after `from` (as civil microseconds: civil_to_us()),
 * before `to`. INSTANT_NEVER if there is none. Pure arithmetic on local time: zones are the
 * trigger's business.
 */
int64_t cron_next_civil(const struct cron *cron, int64_t from_us, int64_t to_us);

#endif
