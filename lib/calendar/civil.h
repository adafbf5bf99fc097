/*
 * Civil time: the proleptic Gregorian calendar and the texts of instants and durations. No
 * zones here (zone.h).
 *
 * An instant is int64_t microseconds since 1970-01-01T00:00:00Z without leap seconds. Usable
 * years are 1 to 9999.
 */
#ifndef CALENDAR_CIVIL_H
#define CALENDAR_CIVIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define SECOND_US INT64_C(1000000)
#define MINUTE_US (60 * SECOND_US)
#define HOUR_US	  (60 * MINUTE_US)
#define DAY_US	  (24 * HOUR_US)

/* No such instant: nothing is due ever again, or no bound. Later than all others. */
#define INSTANT_NEVER INT64_MAX

struct civil {
	int year;   /* 1 to 9999 */
	int month;  /* 1 to 12 */
	int day;    /* 1 to 31 */
	int hour;   /* 0 to 23 */
	int minute; /* 0 to 59 */
	int second; /* 0 to 59 */
	int micro;  /* 0 to 999999 */
};

/* Days from 1970-01-01 to the given date; negative before. The date must exist. */
int64_t civil_days(int year, int month, int day);

/* 0 is Sunday. `days` as from civil_days(). */
int civil_weekday(int64_t days);

int civil_month_length(int year, int month);

/* As if the civil time were UTC. */
int64_t civil_to_us(const struct civil *c);
struct civil civil_from_us(int64_t us);

enum { INSTANT_TEXT = 32 };

/* 2026-11-22T09:30:00.000Z: UTC, cut to milliseconds. */
void instant_format(int64_t us, char out[INSTANT_TEXT]);

enum { INSTANT_LOCAL_TEXT = 48 };

/* 2026-11-22T10:30:00.000+01:00: local time, cut to milliseconds. An offset with seconds, as
 * there were before 1972, is written with them. */
void instant_format_local(int64_t us, int32_t offset_s, char out[INSTANT_LOCAL_TEXT]);

/*
 * Read RFC 3339: date, `T` or a space, time, optional fraction of 1 to 9 digits (cut to
 * microseconds), and an offset, which is required.
 *
 * Fails: ERR_INPUT for everything else, for dates that do not exist and for second 60.
 */
MUST_CHECK int instant_parse(const char *text, int64_t *us);

/*
 * Read what ISO 8601 and people write: a date with or without hyphens, alone or with `T` or a
 * space and a time with or without colons, down to the minute, the second or a fraction of it,
 * and perhaps an offset: `Z`, `+01:00`, `+0100`, `+01`. A space in place of the plus is one too,
 * because queries lose it. What is not there is 0.
 *
 * *zoned tells whether there is an offset.
 *
 * Fails: ERR_INPUT for everything else, for dates that do not exist and for second 60.
 */
MUST_CHECK int civil_parse(
    const char *text, struct civil *civil, bool *zoned, int64_t *offset_us);

/*
 * Read a duration: a whole number with unit `ms s m h d w` ("90s", "15m", "2h", "7d"), several
 * of them from large to small ("1h30m"), or ISO 8601 without years and months ("PT15M",
 * "P1DT2H"). Not negative.
 *
 * Fails: ERR_INPUT, also beyond 1000 years.
 */
MUST_CHECK int duration_parse(const char *text, int64_t *us);

/* The shortest text that duration_parse() reads back: "90s", "15m", "0s". */
void duration_format(int64_t us, char out[INSTANT_TEXT]);

#endif
