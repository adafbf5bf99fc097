/*
 * Cron expressions: see cron.h. The text becomes one bit mask a field; matching is looking up
 * bits, and a search leaps over whole months, days and hours whose bit is not set.
 */
#include "calendar/cron.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { FIELD_MINUTE, FIELD_HOUR, FIELD_DAY, FIELD_MONTH, FIELD_WEEKDAY, FIELDS };

struct field {
	const char *label;
	int low, high;
	const char *const *names; /* of the values from `first_name` on; NULL if it has none */
	int name_count, first_name;
};

static const char *const month_names[] = {
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
static const char *const weekday_names[] = {"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"};

static const struct field fields[FIELDS] = {
    [FIELD_MINUTE] = {"minute", 0, 59, NULL, 0, 0},
    [FIELD_HOUR] = {"hour", 0, 23, NULL, 0, 0},
    [FIELD_DAY] = {"day of month", 1, 31, NULL, 0, 0},
    [FIELD_MONTH] = {"month", 1, 12, month_names, 12, 1},
    [FIELD_WEEKDAY] = {"day of week", 0, 7, weekday_names, 7, 0},
};

static const struct {
	const char *name, *expression;
} nicknames[] = {
    {"@yearly", "0 0 1 1 *"},
    {"@annually", "0 0 1 1 *"},
    {"@monthly", "0 0 1 * *"},
    {"@weekly", "0 0 * * 0"},
    {"@daily", "0 0 * * *"},
    {"@midnight", "0 0 * * *"},
    {"@hourly", "0 * * * *"},
};

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* An expression that is being read. */
struct reader {
	const char *text, *at;
	struct err *err;
};

static int
column(const struct reader *r, const char *at)
{
	return (int)(at - r->text) + 1;
}

static bool
blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool
letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static void
skip_blanks(struct reader *r)
{
	while (blank(*r->at))
		r->at++;
}

static bool
field_ends(char c)
{
	return !c || blank(c);
}

/* What stands at the reader is neither `wanted` nor anything else that is served there. */
static int
unexpected(const struct reader *r, const struct field *f, const char *wanted)
{
	unsigned char c = (unsigned char)*r->at;
	int col = column(r, r->at);

	if (field_ends(*r->at) || c == ',')
		return err_fail(
		    r->err, ERR_INPUT, "column %d: %s: %s is missing", col, f->label, wanted);
	if (strchr("?LW#H~", c))
		return err_fail(r->err, ERR_INPUT,
		    "column %d: %s: `%c` is not served; write `*`, numbers, ranges, steps and "
		    "lists",
		    col, f->label, c);
	if (c > 0x20 && c < 0x7f)
		return err_fail(r->err, ERR_INPUT, "column %d: %s: `%c` where %s is expected",
		    col, f->label, c, wanted);
	return err_fail(
	    r->err, ERR_INPUT, "column %d: %s: %s is expected", col, f->label, wanted);
}

static int
read_number(struct reader *r, const struct field *f, int *value)
{
	const char *start = r->at;
	int v = 0, shown;

	for (; *r->at >= '0' && *r->at <= '9'; r->at++) {
		/* Far beyond any field's range, and far below an overflow. */
		if (v < 100000)
			v = v * 10 + (*r->at - '0');
	}
	if (r->at == start)
		return unexpected(
		    r, f, f->names ? "a number or a three-letter name" : "a number");
	if (v < f->low || v > f->high) {
		shown = (int)(r->at - start < 12 ? r->at - start : 12);
		return err_fail(r->err, ERR_INPUT, "column %d: %s %.*s is not within %d to %d",
		    column(r, start), f->label, shown, start, f->low, f->high);
	}
	*value = v;
	return 0;
}

/* A number or a name. */
static int
read_value(struct reader *r, const struct field *f, int *value)
{
	const char *start = r->at;
	size_t len = 0;

	while (letter(start[len]))
		len++;
	/* One or two letters are no try at a name: `L`, `W`. */
	if (len < 3)
		return read_number(r, f, value);
	for (int i = 0; len == 3 && i < f->name_count; i++) {
		if (!strncasecmp(start, f->names[i], 3)) {
			*value = f->first_name + i;
			r->at += 3;
			return 0;
		}
	}
	if (!f->names)
		return err_fail(r->err, ERR_INPUT,
		    "column %d: %s: names have no place here; write a number", column(r, start),
		    f->label);
	return err_fail(r->err, ERR_INPUT,
	    "column %d: %s: no such name; write a number or three letters from %s to %s",
	    column(r, start), f->label, f->names[0], f->names[f->name_count - 1]);
}

/* The last value that `*` and `a/n` reach: 7 is only Sunday once more. */
static int
field_last(const struct field *f)
{
	return f == &fields[FIELD_WEEKDAY] ? 6 : f->high;
}

/* What may stand before a step: `*`, a value or a range. */
static int
read_range(struct reader *r, const struct field *f, int *first, int *last, bool *single)
{
	const char *start = r->at;
	int ret;

	*single = false;
	if (*r->at == '*') {
		r->at++;
		*first = f->low;
		*last = field_last(f);
		return 0;
	}
	ret = read_value(r, f, first);
	if (ret)
		return ret;
	if (*r->at != '-') {
		*single = true;
		*last = *first;
		return 0;
	}
	r->at++;
	ret = read_value(r, f, last);
	if (ret)
		return ret;
	/* `FRI-SUN` reads as `5-7`. */
	if (f == &fields[FIELD_WEEKDAY] && *last == 0 && *first > 0 && letter(r->at[-1]))
		*last = 7;
	if (*first > *last)
		return err_fail(r->err, ERR_INPUT,
		    "column %d: %s: the range runs backwards; write it as two: `%d-%d,%d-%d`",
		    column(r, start), f->label, *first, f->high, f->low, *last);
	return 0;
}

/* One element of a list, into the mask. */
static int
read_element(struct reader *r, const struct field *f, uint64_t *mask)
{
	struct field step_field = {.label = "step", .low = 1};
	int first, last, step = 1, ret;
	bool single;

	ret = read_range(r, f, &first, &last, &single);
	if (ret)
		return ret;
	if (*r->at == '/') {
		r->at++;
		step_field.high = field_last(f) - f->low + 1;
		ret = read_number(r, &step_field, &step);
		if (ret)
			return ret;
		if (single && last < field_last(f))
			last = field_last(f);
	}
	for (int v = first; v <= last; v += step)
		*mask |= UINT64_C(1) << v;
	return 0;
}

static int
read_field(struct reader *r, const struct field *f, uint64_t *mask)
{
	int ret;

	*mask = 0;
	for (;;) {
		ret = read_element(r, f, mask);
		if (ret)
			return ret;
		if (field_ends(*r->at))
			return 0;
		if (*r->at != ',')
			return unexpected(r, f, "`,`, `-`, `/` or a blank");
		r->at++;
	}
}

/* Five there must be; with any other number the faults inside the fields would mislead. */
static int
check_field_count(struct reader *r)
{
	const char *p = r->text, *sixth = NULL;
	int n = 0;

	for (;; n++) {
		while (blank(*p))
			p++;
		if (!*p)
			break;
		if (n == FIELDS)
			sixth = p;
		while (!field_ends(*p))
			p++;
	}
	if (n == FIELDS)
		return 0;
	return err_fail(r->err, ERR_INPUT,
	    "column %d: %d field%s where five are expected: minute, hour, day of month, month, "
	    "day of week",
	    column(r, sixth ? sixth : p), n, n == 1 ? "" : "s");
}

/* Put the expression that a name such as `@daily` stands for in its place. */
static int
read_nickname(struct reader *r)
{
	size_t len = strcspn(r->at, " \t");
	const char *rest = r->at + len;

	while (blank(*rest))
		rest++;
	if (*rest)
		return err_fail(r->err, ERR_INPUT,
		    "column %d: nothing may follow a name that begins with `@`",
		    column(r, rest));
	for (size_t i = 0; i < COUNT(nicknames); i++) {
		if (len == strlen(nicknames[i].name) &&
		    !strncasecmp(r->at, nicknames[i].name, len)) {
			r->text = r->at = nicknames[i].expression;
			return 0;
		}
	}
	if (len == 7 && !strncasecmp(r->at, "@reboot", len))
		return err_fail(r->err, ERR_INPUT,
		    "column %d: @reboot is not served: a schedule is due at times, not at "
		    "starts",
		    column(r, r->at));
	return err_fail(r->err, ERR_INPUT,
	    "column %d: no such name; write @hourly, @daily, @weekly, @monthly, @yearly or "
	    "five fields",
	    column(r, r->at));
}

/*
 * Does any year have a day that matches? When either field suffices, some weekday always does.
 * When both must match, every date of the year falls on each weekday in some year, the leap day
 * too, so that only the dates decide.
 */
static bool
ever_matches(const struct cron *cron)
{
	enum { LEAP_YEAR = 2000 };

	if (!cron->days_star && !cron->weekdays_star)
		return true;
	for (int month = 1; month <= 12; month++) {
		uint32_t dates = (UINT32_C(2) << civil_month_length(LEAP_YEAR, month)) - 2;

		if ((cron->months >> month & 1) && (cron->days & dates))
			return true;
	}
	return false;
}

int
cron_parse(const char *text, struct cron *cron, struct err *err)
{
	struct reader r = {.text = text, .at = text, .err = err};
	const char *start[FIELDS];
	uint64_t masks[FIELDS];
	int ret;

	skip_blanks(&r);
	if (*r.at == '@') {
		ret = read_nickname(&r);
		if (ret)
			return ret;
	}
	ret = check_field_count(&r);
	if (ret)
		return ret;
	for (int i = 0; i < FIELDS; i++) {
		skip_blanks(&r);
		start[i] = r.at;
		ret = read_field(&r, &fields[i], &masks[i]);
		if (ret)
			return ret;
	}
	*cron = (struct cron){
	    .minutes = masks[FIELD_MINUTE],
	    .hours = (uint32_t)masks[FIELD_HOUR],
	    .days = (uint32_t)masks[FIELD_DAY],
	    .months = (uint16_t)masks[FIELD_MONTH],
	    .weekdays = (uint8_t)((masks[FIELD_WEEKDAY] | masks[FIELD_WEEKDAY] >> 7) & 0x7f),
	    .days_star = *start[FIELD_DAY] == '*',
	    .weekdays_star = *start[FIELD_WEEKDAY] == '*',
	};
	if (!ever_matches(cron))
		return err_fail(err, ERR_INPUT,
		    "column %d: day of month: no month of the expression has such a day, so it "
		    "would never be due",
		    column(&r, start[FIELD_DAY]));
	return 0;
}

static bool
day_matches(const struct cron *cron, const struct civil *c)
{
	int weekday = civil_weekday(civil_days(c->year, c->month, c->day));
	bool by_date = cron->days >> c->day & 1, by_weekday = cron->weekdays >> weekday & 1;

	if (cron->days_star || cron->weekdays_star)
		return by_date && by_weekday;
	return by_date || by_weekday;
}

/* The lowest bit of the mask at or above `from`; -1 if there is none. */
static int
bit_from(uint64_t mask, int from)
{
	mask = mask >> from << from;
	return mask ? __builtin_ctzll(mask) : -1;
}

static int64_t
month_start_us(int year, int month)
{
	return civil_days(year, month, 1) * DAY_US;
}

/*
 * One step of the search from the whole minute `at_us`: the same minute when it matches, else a
 * later one with nothing that matches between the two.
 */
static int64_t
leap(const struct cron *cron, int64_t at_us)
{
	struct civil c = civil_from_us(at_us);
	int64_t day_us = civil_days(c.year, c.month, c.day) * DAY_US;
	int month = bit_from(cron->months, c.month), hour, minute;

	if (month < 0)
		return month_start_us(c.year + 1, bit_from(cron->months, 1));
	if (month > c.month)
		return month_start_us(c.year, month);
	if (!day_matches(cron, &c))
		return day_us + DAY_US;
	hour = bit_from(cron->hours, c.hour);
	if (hour < 0)
		return day_us + DAY_US;
	if (hour > c.hour)
		return day_us + hour * HOUR_US + bit_from(cron->minutes, 0) * MINUTE_US;
	minute = bit_from(cron->minutes, c.minute);
	if (minute < 0)
		return day_us + (hour + 1) * HOUR_US;
	return day_us + hour * HOUR_US + minute * MINUTE_US;
}

int64_t
cron_next_civil(const struct cron *cron, int64_t from_us, int64_t to_us)
{
	const int64_t first_us = month_start_us(1, 1), end_us = month_start_us(10000, 1);
	int64_t at_us = from_us > first_us ? from_us : first_us, past_us, next_us;

	if (to_us > end_us)
		to_us = end_us;
	if (at_us >= to_us)
		return INSTANT_NEVER;
	/* Up to a whole minute; counted from the first instant, as % of a negative number
	 * rounds the other way. */
	past_us = (at_us - first_us) % MINUTE_US;
	if (past_us)
		at_us += MINUTE_US - past_us;
	while (at_us < to_us) {
		next_us = leap(cron, at_us);
		if (next_us == at_us)
			return at_us;
		at_us = next_us;
	}
	return INSTANT_NEVER;
}
