/*
 * Civil time: see civil.h. Days are counted in years that begin in March, so that the leap day
 * is the last of its year, and in eras of 400 years, after which the Gregorian calendar
 * repeats.
 */
#include "calendar/civil.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { ERA_YEARS = 400, ERA_DAYS = 146097, EPOCH_DAYS = 719468 /* 0000-03-01 to 1970-01-01 */ };

/* 1000 years of 365.25 days. */
#define DURATION_MAX_US (365250 * DAY_US)

static int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

int64_t
civil_days(int year, int month, int day)
{
	int64_t y = year - (month <= 2);
	int64_t era = floor_div(y, ERA_YEARS);
	int64_t year_of_era = y - era * ERA_YEARS;
	int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	int64_t day_of_era =
	    year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

	return era * ERA_DAYS + day_of_era - EPOCH_DAYS;
}

int
civil_weekday(int64_t days)
{
	/* 1970-01-01 was a Thursday. */
	int64_t w = (days + 4) % 7;

	return (int)(w < 0 ? w + 7 : w);
}

int
civil_month_length(int year, int month)
{
	static const int length[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return length[month - 1] + (month == 2 && leap);
}

int64_t
civil_to_us(const struct civil *c)
{
	return civil_days(c->year, c->month, c->day) * DAY_US + c->hour * HOUR_US +
	       c->minute * MINUTE_US + c->second * SECOND_US + c->micro;
}

struct civil
civil_from_us(int64_t us)
{
	int64_t days = floor_div(us, DAY_US), rest = (us % DAY_US + DAY_US) % DAY_US;
	int64_t era = floor_div(days + EPOCH_DAYS, ERA_DAYS);
	int64_t doe = days + EPOCH_DAYS - era * ERA_DAYS;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;
	int month = (int)(mp < 10 ? mp + 3 : mp - 9);

	return (struct civil){
	    .year = (int)(yoe + era * ERA_YEARS) + (month <= 2),
	    .month = month,
	    .day = (int)(doy - (153 * mp + 2) / 5 + 1),
	    .hour = (int)(rest / HOUR_US),
	    .minute = (int)(rest % HOUR_US / MINUTE_US),
	    .second = (int)(rest % MINUTE_US / SECOND_US),
	    .micro = (int)(rest % SECOND_US),
	};
}

void
instant_format(int64_t us, char out[INSTANT_TEXT])
{
	struct civil c = civil_from_us(us);

	snprintf(out, INSTANT_TEXT, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", c.year, c.month,
	    c.day, c.hour, c.minute, c.second, c.micro / 1000);
}

void
instant_format_local(int64_t us, int32_t offset_s, char out[INSTANT_LOCAL_TEXT])
{
	int32_t distance = offset_s < 0 ? -offset_s : offset_s;
	char text[INSTANT_TEXT], seconds[8] = "";

	instant_format(us + offset_s * SECOND_US, text);
	text[strlen(text) - 1] = '\0'; /* the Z */
	if (distance % 60)
		snprintf(seconds, sizeof seconds, ":%02d", (int)(distance % 60));
	snprintf(out, INSTANT_LOCAL_TEXT, "%s%c%02d:%02d%s", text, offset_s < 0 ? '-' : '+',
	    (int)(distance / 3600 % 100), (int)(distance / 60 % 60), seconds);
}

/* Exactly `width` digits with a value from `low` to `high`; moves *p behind them. */
static bool
digits(const char **p, int width, int low, int high, int *value)
{
	int v = 0;

	for (int i = 0; i < width; i++, (*p)++) {
		if (**p < '0' || **p > '9')
			return false;
		v = v * 10 + (**p - '0');
	}
	*value = v;
	return v >= low && v <= high;
}

static bool
literal(const char **p, char c)
{
	if (**p != c)
		return false;
	(*p)++;
	return true;
}

/* An optional fraction of a second: 1 to 9 digits, the seventh and later are cut. */
static bool
fraction(const char **p, int *micro)
{
	int n = 0, scale = 100000;

	*micro = 0;
	if (!literal(p, '.'))
		return true;
	for (; **p >= '0' && **p <= '9'; (*p)++, n++, scale /= 10)
		*micro += (**p - '0') * scale;
	return n >= 1 && n <= 9;
}

static bool
utc_offset(const char **p, int64_t *offset_us)
{
	int sign = **p == '-' ? -1 : 1, hour, minute;

	*offset_us = 0;
	if (literal(p, 'Z') || literal(p, 'z'))
		return true;
	if (!literal(p, '+') && !literal(p, '-'))
		return false;
	if (!digits(p, 2, 0, 23, &hour) || !literal(p, ':') || !digits(p, 2, 0, 59, &minute))
		return false;
	*offset_us = sign * (hour * HOUR_US + minute * MINUTE_US);
	return true;
}

int
instant_parse(const char *text, int64_t *us)
{
	const char *p = text;
	struct civil c;
	int64_t offset_us, at_us;

	if (!digits(&p, 4, 1, 9999, &c.year) || !literal(&p, '-') ||
	    !digits(&p, 2, 1, 12, &c.month) || !literal(&p, '-') ||
	    !digits(&p, 2, 1, civil_month_length(c.year, c.month), &c.day))
		return ERR_INPUT;
	if (!literal(&p, 'T') && !literal(&p, 't') && !literal(&p, ' '))
		return ERR_INPUT;
	if (!digits(&p, 2, 0, 23, &c.hour) || !literal(&p, ':') ||
	    !digits(&p, 2, 0, 59, &c.minute) || !literal(&p, ':') ||
	    !digits(&p, 2, 0, 59, &c.second) || !fraction(&p, &c.micro))
		return ERR_INPUT;
	if (!utc_offset(&p, &offset_us) || *p)
		return ERR_INPUT;
	at_us = civil_to_us(&c) - offset_us;
	/* The offset may lead out of the usable years at either end. */
	if (at_us < civil_days(1, 1, 1) * DAY_US || at_us >= civil_days(10000, 1, 1) * DAY_US)
		return ERR_INPUT;
	*us = at_us;
	return 0;
}

/* One of the two ways to write all of it: with the separator, or without any. */
static bool
part_of(const char **p, bool extended, char separator, int low, int high, int *value)
{
	return (!extended || literal(p, separator)) && digits(p, 2, low, high, value);
}

static bool
loose_date(const char **p, struct civil *c)
{
	bool extended;

	if (!digits(p, 4, 1, 9999, &c->year))
		return false;
	extended = **p == '-';
	return part_of(p, extended, '-', 1, 12, &c->month) &&
	       part_of(p, extended, '-', 1, civil_month_length(c->year, c->month), &c->day);
}

static bool
loose_time(const char **p, struct civil *c)
{
	bool extended;

	if (!digits(p, 2, 0, 23, &c->hour))
		return false;
	extended = **p == ':';
	if (!part_of(p, extended, ':', 0, 59, &c->minute))
		return false;
	/* Seconds, if they are there. */
	if (extended ? **p != ':' : **p < '0' || **p > '9')
		return true;
	return part_of(p, extended, ':', 0, 59, &c->second) && fraction(p, &c->micro);
}

static bool
loose_offset(const char **p, int64_t *offset_us)
{
	int sign = **p == '-' ? -1 : 1, hour, minute = 0;

	if (literal(p, 'Z') || literal(p, 'z'))
		return true;
	if (!literal(p, '+') && !literal(p, '-') && !literal(p, ' '))
		return false;
	if (!digits(p, 2, 0, 23, &hour) ||
	    (**p && !part_of(p, **p == ':', ':', 0, 59, &minute)))
		return false;
	*offset_us = sign * (hour * HOUR_US + minute * MINUTE_US);
	return true;
}

int
civil_parse(const char *text, struct civil *civil, bool *zoned, int64_t *offset_us)
{
	const char *p = text;

	*civil = (struct civil){0};
	*offset_us = 0;
	*zoned = false;
	if (!loose_date(&p, civil))
		return ERR_INPUT;
	if (!*p)
		return 0;
	if (!literal(&p, 'T') && !literal(&p, 't') && !literal(&p, ' '))
		return ERR_INPUT;
	if (!loose_time(&p, civil))
		return ERR_INPUT;
	*zoned = *p != '\0';
	return *zoned && (!loose_offset(&p, offset_us) || *p) ? ERR_INPUT : 0;
}

struct unit {
	const char *name;
	int64_t us;
};

/* From large to small; of two names that both fit a text the later is meant: "ms", not "m". */
static const struct unit plain_units[] = {
    {"w", 7 * DAY_US},
    {"d", DAY_US},
    {"h", HOUR_US},
    {"m", MINUTE_US},
    {"s", SECOND_US},
    {"ms", SECOND_US / 1000},
};
static const struct unit iso_date_units[] = {{"W", 7 * DAY_US}, {"D", DAY_US}};
static const struct unit iso_time_units[] = {
    {"H", HOUR_US}, {"M", MINUTE_US}, {"S", SECOND_US}};

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* A duration that is being read. */
struct reading {
	const char *at;
	int64_t total_us;
	int64_t last_us; /* the unit before; the next must be smaller */
};

/* One number with its unit, of those given. */
static bool
part(struct reading *r, const struct unit *units, size_t count)
{
	const struct unit *u = NULL;
	const char *p = r->at;
	int64_t n = 0;

	for (; *p >= '0' && *p <= '9'; p++) {
		n = n * 10 + (*p - '0');
		if (n > DURATION_MAX_US)
			return false;
	}
	if (p == r->at)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!strncmp(p, units[i].name, strlen(units[i].name)))
			u = &units[i];
	}
	if (!u || u->us >= r->last_us || n > (DURATION_MAX_US - r->total_us) / u->us)
		return false;
	r->total_us += n * u->us;
	r->last_us = u->us;
	r->at = p + strlen(u->name);
	return true;
}

/* What follows the P of ISO 8601. */
static bool
iso_parts(struct reading *r)
{
	while (*r->at && *r->at != 'T') {
		if (!part(r, iso_date_units, COUNT(iso_date_units)))
			return false;
	}
	if (!literal(&r->at, 'T'))
		return true;
	do {
		if (!part(r, iso_time_units, COUNT(iso_time_units)))
			return false;
	} while (*r->at);
	return true;
}

int
duration_parse(const char *text, int64_t *us)
{
	struct reading r = {.at = text, .last_us = INT64_MAX};

	if (literal(&r.at, 'P')) {
		if (!*r.at || !iso_parts(&r))
			return ERR_INPUT;
	} else {
		do {
			if (!part(&r, plain_units, COUNT(plain_units)))
				return ERR_INPUT;
		} while (*r.at);
	}
	*us = r.total_us;
	return 0;
}

/* Write `us` in the units that `mask` names, bit 0 for the smallest. False if they leave a
 * remainder. */
static bool
spell(int64_t us, unsigned mask, char out[INSTANT_TEXT])
{
	size_t len = 0;

	for (size_t i = 0; i < COUNT(plain_units); i++) {
		const struct unit *u = &plain_units[i];

		if (!(mask >> (COUNT(plain_units) - 1 - i) & 1) || us < u->us)
			continue;
		len += (size_t)snprintf(
		    out + len, INSTANT_TEXT - len, "%" PRId64 "%s", us / u->us, u->name);
		us %= u->us;
	}
	return us == 0 && len > 0;
}

void
duration_format(int64_t us, char out[INSTANT_TEXT])
{
	char text[INSTANT_TEXT];
	size_t shortest = INSTANT_TEXT;

	memcpy(out, "0s", sizeof "0s");
	us -= us % (SECOND_US / 1000);
	/* Of equally short ones the first, with the smaller units: "7d", not "1w". */
	for (unsigned mask = 1; mask < 1u << COUNT(plain_units); mask++) {
		if (!spell(us, mask, text) || strlen(text) >= shortest)
			continue;
		shortest = strlen(text);
		memcpy(out, text, shortest + 1);
	}
}
