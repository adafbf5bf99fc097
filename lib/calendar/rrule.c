/* Recurrence rules: see rrule.h. Nothing is kept between two calls: a rule is read anew each
 * time, which costs microseconds, and no due time depends on what was asked before. */
#include "calendar/rrule.h"

#include <libical/ical.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* No search begins behind the year 3000: see TRIGGER_END_US. */
#define LAST_US (INT64_C(32600000000) * SECOND_US)

static struct icaltimetype
to_ical(int64_t us)
{
	struct civil c = civil_from_us(us);
	struct icaltimetype t = icaltime_null_time();

	t.year = c.year;
	t.month = c.month;
	t.day = c.day;
	t.hour = c.hour;
	t.minute = c.minute;
	t.second = c.second;
	return t;
}

/* A date alone means its last second. */
static int64_t
from_ical(struct icaltimetype t)
{
	struct civil c = {t.year, t.month, t.day, t.hour, t.minute, t.second, 0};

	if (t.is_date) {
		c.hour = 23;
		c.minute = c.second = 59;
	}
	return civil_to_us(&c);
}

/* The value of a part of the rule, such as "COUNT="; NULL if it has none. */
static const char *
part(const char *text, const char *name)
{
	size_t len = strlen(name);

	for (const char *p = text; p; p = strchr(p, ';')) {
		p += *p == ';';
		if (!strncasecmp(p, name, len))
			return p + len;
	}
	return NULL;
}

static int
check_parts(const char *text, struct err *err)
{
	if (strlen(text) > RRULE_BYTES_MAX)
		return err_fail(err, ERR_INPUT, "must have at most %d bytes", RRULE_BYTES_MAX);
	if (!strncasecmp(text, "RRULE:", 6))
		return err_fail(err, ERR_INPUT, "must begin behind `RRULE:`");
	for (const char *p = text; *p; p++) {
		if (*p <= ' ' || *p > '~')
			return err_fail(err, ERR_INPUT,
			    "column %d: must have neither blanks nor other letters than "
			    "ASCII's",
			    (int)(p - text) + 1);
	}
	if (!part(text, "FREQ="))
		return err_fail(err, ERR_INPUT, "FREQ is missing");
	if (part(text, "RSCALE="))
		return err_fail(err, ERR_INPUT, "RSCALE is not served");
	return 0;
}

/* A list of a rule ends with its largest value. */
static bool
given(const short *list)
{
	return list[0] != ICAL_RECURRENCE_ARRAY_MAX;
}

static bool
several(const short *list)
{
	return given(list) && list[1] != ICAL_RECURRENCE_ARRAY_MAX;
}

static bool
has_negative(const short *list)
{
	for (; given(list); list++) {
		if (*list < 0)
			return true;
	}
	return false;
}

static int
check_rule(const struct icalrecurrencetype *rule, struct err *err)
{
	if (rule->freq == ICAL_NO_RECURRENCE)
		return err_fail(err, ERR_INPUT, "is no rule of RFC 5545");
	if (rule->freq == ICAL_SECONDLY_RECURRENCE || rule->freq == ICAL_MINUTELY_RECURRENCE)
		return err_fail(err, ERR_INPUT,
		    "FREQ is served from HOURLY to YEARLY; use an every or a cron trigger");
	/* What follows the library gets wrong. */
	if (given(rule->by_week_no))
		return err_fail(err, ERR_INPUT, "BYWEEKNO is not served");
	if (given(rule->by_year_day) &&
	    (given(rule->by_month) || given(rule->by_month_day) || given(rule->by_day)))
		return err_fail(
		    err, ERR_INPUT, "BYYEARDAY is served without other parts that name days");
	if (given(rule->by_set_pos) && (several(rule->by_hour) || several(rule->by_minute)))
		return err_fail(err, ERR_INPUT,
		    "BYSETPOS is served with one BYHOUR and one BYMINUTE at most");
	if (rule->freq < ICAL_WEEKLY_RECURRENCE && has_negative(rule->by_month_day))
		return err_fail(err, ERR_INPUT,
		    "a negative BYMONTHDAY is served with MONTHLY and YEARLY alone");
	/* Counted hours of rare days would be looked for one by one, from the start, each time. */
	if (rule->freq == ICAL_HOURLY_RECURRENCE && rule->count &&
	    (given(rule->by_month) || given(rule->by_month_day) || given(rule->by_day) ||
		given(rule->by_year_day)))
		return err_fail(err, ERR_INPUT,
		    "COUNT is not served with HOURLY and parts that name days; use UNTIL");
	if (rule->count > RRULE_COUNT_MAX)
		return err_fail(
		    err, ERR_INPUT, "COUNT is served up to %d; use UNTIL", RRULE_COUNT_MAX);
	return 0;
}

/* Where the search ends, which keeps the library from looking for ever: it knows no end. */
static void
bound(struct icalrecurrencetype *rule, int64_t start_us, int64_t from_us, int64_t to_us)
{
	struct icaltimetype until = rule->until;
	int64_t end_us = LAST_US;

	if (rule->freq == ICAL_HOURLY_RECURRENCE)
		end_us =
		    (rule->count ? start_us + RRULE_HORIZON_US : from_us) + RRULE_HORIZON_US;
	if (to_us < end_us)
		end_us = to_us;
	if (!icaltime_is_null_time(until) && !icaltime_is_utc(until) &&
	    from_ical(until) < end_us)
		end_us = from_ical(until);
	rule->until = to_ical(end_us);
}

/*
 * Every nth week on a Sunday, in weeks that end with it: the library counts from the week of the
 * first Sunday and not from that of the start. It is that Sunday, every nth week.
 */
static void
settle_sundays(struct icalrecurrencetype *rule, int64_t *start_us)
{
	struct civil c = civil_from_us(*start_us);
	int64_t days = civil_days(c.year, c.month, c.day);

	if (rule->freq != ICAL_WEEKLY_RECURRENCE || rule->week_start == ICAL_SUNDAY_WEEKDAY ||
	    several(rule->by_day) || rule->by_day[0] != ICAL_SUNDAY_WEEKDAY)
		return;
	rule->by_day[0] = ICAL_RECURRENCE_ARRAY_MAX;
	days += (7 - civil_weekday(days)) % 7;
	/* Nothing of the day is left out; its parts give what the rule leaves open all the same. */
	if (given(rule->by_hour))
		c.hour = 0;
	if (given(rule->by_minute))
		c.minute = 0;
	*start_us =
	    days * DAY_US + c.hour * HOUR_US + c.minute * MINUTE_US + c.second * SECOND_US;
}

/* An hour of the rule not long before `from_us`, to begin with: the library loses count of the
 * hours when it is told to begin somewhere. */
static int64_t
hourly_start(const struct icalrecurrencetype *rule, int64_t start_us, int64_t from_us)
{
	int64_t step_us = rule->interval * HOUR_US;

	return start_us + (from_us - start_us) / step_us * step_us;
}

/*
 * Read a rule. A day of the month without a month means every month of the year (RFC 5545, the
 * table in 3.3.10); the library takes that of the start.
 */
static struct icalrecurrencetype
parse(const char *text)
{
	struct icalrecurrencetype rule = icalrecurrencetype_from_string(text);

	if (rule.freq == ICAL_YEARLY_RECURRENCE && given(rule.by_month_day) &&
	    !given(rule.by_month)) {
		for (short month = 1; month <= 12; month++)
			rule.by_month[month - 1] = month;
		rule.by_month[12] = ICAL_RECURRENCE_ARRAY_MAX;
	}
	return rule;
}

/* Days are looked at instead of their hours where the rule names them: there may be many before
 * one that it means. */
static bool
names_days(const struct icalrecurrencetype *rule)
{
	return given(rule->by_month) || given(rule->by_month_day) || given(rule->by_day);
}

/* The first of those days that ends behind `from_us`, as its beginning. */
static int64_t
next_day(const struct icalrecurrencetype *hourly, int64_t from_us, int64_t to_us)
{
	struct icalrecurrencetype rule = *hourly;
	struct civil c = civil_from_us(from_us);
	int64_t day_us = civil_days(c.year, c.month, c.day) * DAY_US;
	icalrecur_iterator *it;
	struct icaltimetype t;

	rule.freq = ICAL_DAILY_RECURRENCE;
	rule.interval = 1;
	rule.by_hour[0] = rule.by_minute[0] = rule.by_second[0] = rule.by_set_pos[0] =
	    ICAL_RECURRENCE_ARRAY_MAX;
	rule.until = to_ical(to_us);
	it = icalrecur_iterator_new(rule, to_ical(day_us));
	if (!it)
		return INSTANT_NEVER;
	t = icalrecur_iterator_next(it);
	icalrecur_iterator_free(it);
	return icaltime_is_null_time(t) ? INSTANT_NEVER : from_ical(t);
}

static int64_t
next(struct icalrecurrencetype rule, int64_t start_us, int64_t from_us, int64_t to_us)
{
	icalrecur_iterator *it;
	int64_t us = INSTANT_NEVER;

	if (from_us < start_us)
		from_us = start_us;
	settle_sundays(&rule, &start_us);
	if (from_us >= to_us || from_us >= LAST_US)
		return INSTANT_NEVER;
	bound(&rule, start_us, from_us, to_us);
	if (rule.freq == ICAL_HOURLY_RECURRENCE && !rule.count) {
		if (names_days(&rule)) {
			int64_t day_us = next_day(&rule, from_us, from_us + RRULE_HORIZON_US);

			if (day_us == INSTANT_NEVER || day_us >= to_us)
				return INSTANT_NEVER;
			from_us = day_us > from_us ? day_us : from_us;
		}
		start_us = hourly_start(&rule, start_us, from_us);
	}
	it = icalrecur_iterator_new(rule, to_ical(start_us));
	if (!it)
		return INSTANT_NEVER;
	/* What is counted is counted from the start. */
	if (!rule.count && from_us > start_us && rule.freq != ICAL_HOURLY_RECURRENCE)
		icalrecur_iterator_set_start(it, to_ical(from_us));
	do {
		struct icaltimetype t = icalrecur_iterator_next(it);

		us = icaltime_is_null_time(t) ? INSTANT_NEVER : from_ical(t);
	} while (us < from_us);
	icalrecur_iterator_free(it);
	return us < to_us ? us : INSTANT_NEVER;
}

int
rrule_check(const char *text, int64_t start_us, struct err *err)
{
	struct icalrecurrencetype rule;
	int ret = check_parts(text, err);

	if (ret)
		return ret;
	icalerror_set_errors_are_fatal(0);
	rule = parse(text);
	ret = check_rule(&rule, err);
	if (ret)
		return ret;
	rule.count = 0;
	if (next(rule, start_us, start_us, INSTANT_NEVER) == INSTANT_NEVER)
		return err_fail(err, ERR_INPUT, "would never be due from its start on");
	return 0;
}

int64_t
rrule_until_utc(const char *text)
{
	struct icaltimetype until = icalrecurrencetype_from_string(text).until;

	if (icaltime_is_null_time(until) || !icaltime_is_utc(until))
		return INSTANT_NEVER;
	return from_ical(until);
}

int64_t
rrule_next_civil(const char *text, int64_t start_us, int64_t from_us, int64_t to_us)
{
	return next(parse(text), start_us, from_us, to_us);
}
