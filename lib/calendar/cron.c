/*
 * Cron expressions: see cron.h. The text becomes one bit mask a field, and a few more for the days
 * that depend on the month; matching is looking up bits, and a search leaps over whole years,
 * months, days, hours and minutes whose bit is not set.
 */
#include "calendar/cron.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/hash.h"

enum {
	FIELD_SECOND,
	FIELD_MINUTE,
	FIELD_HOUR,
	FIELD_DAY,
	FIELD_MONTH,
	FIELD_WEEKDAY,
	FIELD_YEAR,
	FIELDS
};

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
    [FIELD_SECOND] = {"second", 0, 59, NULL, 0, 0},
    [FIELD_MINUTE] = {"minute", 0, 59, NULL, 0, 0},
    [FIELD_HOUR] = {"hour", 0, 23, NULL, 0, 0},
    [FIELD_DAY] = {"day of month", 1, 31, NULL, 0, 0},
    [FIELD_MONTH] = {"month", 1, 12, month_names, 12, 1},
    [FIELD_WEEKDAY] = {"day of week", 0, 7, weekday_names, 7, 0},
    [FIELD_YEAR] = {"year", CRON_YEAR_FIRST, CRON_YEAR_LAST, NULL, 0, 0},
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

/* ---- the search ---- */

/* The weekday, Monday to Friday, of the same month that is nearest to a day of it. */
static int
nearest_weekday(int day, int length, int weekday)
{
	if (weekday == 6)
		return day > 1 ? day - 1 : day + 2;
	if (weekday == 0)
		return day < length ? day + 1 : day - 2;
	return day;
}

/* Is it the nearest weekday to one of the days that ask for it? */
static bool
near_matches(const struct cron *cron, int day, int length, int weekday)
{
	for (int d = day - 2; d <= day + 2; d++) {
		if (d < 1 || d > length)
			continue;
		if (!(cron->near_days >> d & 1) && !((cron->near_days & 1) && d == length))
			continue;
		if (nearest_weekday(d, length, (weekday + d - day + 7) % 7) == day)
			return true;
	}
	return false;
}

static bool
day_matches(const struct cron *cron, const struct civil *c)
{
	int weekday = civil_weekday(civil_days(c->year, c->month, c->day));
	int length = civil_month_length(c->year, c->month);
	uint8_t nth = cron->nth[weekday];
	bool by_date, by_weekday;

	by_date = cron->days >> c->day & 1 || cron->last_days >> (length - c->day) & 1 ||
		  (cron->near_days && near_matches(cron, c->day, length, weekday));
	by_weekday = cron->weekdays >> weekday & 1 || nth >> ((c->day - 1) / 7 + 1) & 1 ||
		     ((nth & 1) && c->day > length - 7);
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

/* The first year at or after `year` that the expression names; 10000 if there is none. */
static int
next_year(const struct cron *cron, int year)
{
	if (cron->every_year)
		return year;
	if (year < CRON_YEAR_FIRST)
		year = CRON_YEAR_FIRST;
	for (; year <= CRON_YEAR_LAST; year++) {
		int bit = year - CRON_YEAR_FIRST;

		if (cron->years[bit / 64] >> bit % 64 & 1)
			return year;
	}
	return 10000;
}

/*
 * One step of the search from the whole second `at_us`: the same second when it matches, else a
 * later one with nothing that matches between the two.
 */
static int64_t
leap(const struct cron *cron, int64_t at_us)
{
	struct civil c = civil_from_us(at_us);
	int64_t day_us = civil_days(c.year, c.month, c.day) * DAY_US;
	int year = next_year(cron, c.year), month = bit_from(cron->months, c.month);
	int hour, minute, second;

	if (year > c.year)
		return month_start_us(year, 1);
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
		return day_us + hour * HOUR_US;
	minute = bit_from(cron->minutes, c.minute);
	if (minute < 0)
		return day_us + (hour + 1) * HOUR_US;
	if (minute > c.minute)
		return day_us + hour * HOUR_US + minute * MINUTE_US;
	second = bit_from(cron->seconds, c.second);
	if (second < 0)
		return day_us + hour * HOUR_US + (minute + 1) * MINUTE_US;
	return day_us + hour * HOUR_US + minute * MINUTE_US + second * SECOND_US;
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
	/* Up to a whole second; counted from the first instant, as % of a negative number
	 * rounds the other way. */
	past_us = (at_us - first_us) % SECOND_US;
	if (past_us)
		at_us += SECOND_US - past_us;
	while (at_us < to_us) {
		next_us = leap(cron, at_us);
		if (next_us == at_us)
			return at_us;
		at_us = next_us;
	}
	return INSTANT_NEVER;
}

/* ---- reading ---- */

/* What a field names: values as bits; of years the distance from CRON_YEAR_FIRST. */
struct field_set {
	uint64_t values[3];
	uint32_t last_days, near_days;
	uint8_t nth[7];
};

/* An expression that is being read. */
struct reader {
	const char *text, *at;
	uint64_t seed; /* of the field that is being read, and another one for each H in it */
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

static bool
is_letter(char c, char upper)
{
	return c == upper || c == upper - 'A' + 'a';
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
	if (strchr("?LW#", c))
		return err_fail(r->err, ERR_INPUT, "column %d: %s: `%c` has no place here", col,
		    f->label, c);
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
	/* `FRIL` is a name and what is said of it. */
	if (f == &fields[FIELD_WEEKDAY] && len == 4 && is_letter(start[3], 'L'))
		len = 3;
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

static int
backwards(const struct reader *r, const struct field *f, const char *start, int first, int last)
{
	return err_fail(r->err, ERR_INPUT,
	    "column %d: %s: the range runs backwards; write it as two: `%d-%d,%d-%d`",
	    column(r, start), f->label, first, f->high, f->low, last);
}

/* Behind the first value of a range: `-` or `~`, and the last. */
static int
read_range_end(struct reader *r, const struct field *f, const char *start, int first, int *last)
{
	int ret;

	r->at++;
	ret = read_value(r, f, last);
	if (ret)
		return ret;
	/* `FRI-SUN` reads as `5-7`. */
	if (f == &fields[FIELD_WEEKDAY] && *last == 0 && first > 0 && letter(r->at[-1]))
		*last = 7;
	return first > *last ? backwards(r, f, start, first, *last) : 0;
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
	if (*r->at == '-')
		return read_range_end(r, f, start, *first, last);
	*single = true;
	*last = *first;
	return 0;
}

static int
read_step(struct reader *r, const struct field *f, int *step)
{
	struct field step_field = {
	    .label = "step", .low = 1, .high = field_last(f) - f->low + 1};

	r->at++;
	return read_number(r, &step_field, step);
}

static void
add(const struct field *f, struct field_set *set, int value)
{
	int bit = f == &fields[FIELD_YEAR] ? value - CRON_YEAR_FIRST : value;

	set->values[bit / 64] |= UINT64_C(1) << bit % 64;
}

/* splitmix64 */
uint64_t
cron_scatter(uint64_t x)
{
	x += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

/* One of `count` numbers from 0 on: the schedule's own. */
static int
own_number(struct reader *r, int count)
{
	r->seed = cron_scatter(r->seed);
	return (int)(r->seed % (uint64_t)count);
}

/* The last value that H takes: the days that every month has. */
static int
own_last(const struct field *f)
{
	return f == &fields[FIELD_DAY] ? 28 : field_last(f);
}

/* `H`, `H(0-29)`, `H/15`, `H(0-29)/10`: every 15th from one that is the schedule's own. */
static int
read_own(struct reader *r, const struct field *f, struct field_set *set)
{
	const char *start = ++r->at;
	int first = f->low, last = own_last(f), step = 0, ret;

	if (*r->at == '(') {
		r->at++;
		ret = read_value(r, f, &first);
		if (ret)
			return ret;
		if (*r->at != '-')
			return unexpected(r, f, "`-`");
		ret = read_range_end(r, f, start + 1, first, &last);
		if (ret)
			return ret;
		if (*r->at != ')')
			return unexpected(r, f, "`)`");
		r->at++;
	}
	if (*r->at == '/') {
		ret = read_step(r, f, &step);
		if (ret)
			return ret;
	}
	if (step == 0 || step > last - first + 1) {
		add(f, set, first + own_number(r, last - first + 1));
		return 0;
	}
	for (int v = first + own_number(r, step); v <= last; v += step)
		add(f, set, v);
	return 0;
}

/* What stands behind a `~`, whose first value was read: `10~20`, `10~`, `~20`, `~`. */
static int
read_tilde(struct reader *r, const struct field *f, const char *start, int first,
    struct field_set *set)
{
	int last = own_last(f), ret;

	if (field_ends(r->at[1]) || r->at[1] == ',') {
		r->at++;
		if (first > last)
			return backwards(r, f, start, first, last);
	} else {
		ret = read_range_end(r, f, start, first, &last);
		if (ret)
			return ret;
	}
	add(f, set, first + own_number(r, last - first + 1));
	return 0;
}

/* `L`, `L-3`, `LW` in the day of month. */
static int
read_last_day(struct reader *r, const struct field *f, struct field_set *set)
{
	struct field before = {.label = f->label, .low = 0, .high = 30};
	int days = 0, ret;

	r->at++;
	if (is_letter(*r->at, 'W')) {
		r->at++;
		set->near_days |= 1;
		return 0;
	}
	if (*r->at == '-') {
		r->at++;
		ret = read_number(r, &before, &days);
		if (ret)
			return ret;
	}
	set->last_days |= UINT32_C(1) << days;
	return 0;
}

/* What may stand behind a single value and say that it depends on the month: `15W`, `5L`, `5#2`.
 * *taken: it was so. */
static int
read_suffix(
    struct reader *r, const struct field *f, int value, struct field_set *set, bool *taken)
{
	struct field nth = {.label = "which of the month", .low = 1, .high = 5};
	int n, ret;

	*taken = true;
	if (f == &fields[FIELD_DAY] && is_letter(*r->at, 'W')) {
		r->at++;
		set->near_days |= UINT32_C(1) << value;
		return 0;
	}
	if (f == &fields[FIELD_WEEKDAY] && is_letter(*r->at, 'L')) {
		r->at++;
		set->nth[value % 7] |= 1;
		return 0;
	}
	if (f == &fields[FIELD_WEEKDAY] && *r->at == '#') {
		r->at++;
		ret = read_number(r, &nth, &n);
		if (ret)
			return ret;
		set->nth[value % 7] |= (uint8_t)(1 << n);
		return 0;
	}
	*taken = false;
	return 0;
}

/* Is the reader at a letter that stands for itself, and not at the beginning of a name? */
static bool
at_letter(const struct reader *r, char upper)
{
	return is_letter(*r->at, upper) && !(letter(r->at[1]) && letter(r->at[2]));
}

/* One element of a list, into the set. */
static int
read_element(struct reader *r, const struct field *f, struct field_set *set)
{
	const char *start = r->at;
	int first, last, step = 1, ret;
	bool single, taken;

	if (at_letter(r, 'H'))
		return read_own(r, f, set);
	if (f == &fields[FIELD_DAY] && at_letter(r, 'L'))
		return read_last_day(r, f, set);
	if (*r->at == '~')
		return read_tilde(r, f, start, f->low, set);
	ret = read_range(r, f, &first, &last, &single);
	if (ret)
		return ret;
	if (single && *r->at == '~')
		return read_tilde(r, f, start, first, set);
	if (single) {
		ret = read_suffix(r, f, first, set, &taken);
		if (ret || taken)
			return ret;
	}
	if (*r->at == '/') {
		ret = read_step(r, f, &step);
		if (ret)
			return ret;
		if (single && last < field_last(f))
			last = field_last(f);
	}
	for (int v = first; v <= last; v += step)
		add(f, set, v);
	return 0;
}

/* `?` alone says of one of the two day fields that the other decides, as `*` does. */
static bool
is_question(const struct reader *r, const struct field *f)
{
	return (f == &fields[FIELD_DAY] || f == &fields[FIELD_WEEKDAY]) && *r->at == '?' &&
	       field_ends(r->at[1]);
}

static int
read_field(struct reader *r, const struct field *f, struct field_set *set)
{
	int ret;

	*set = (struct field_set){0};
	if (is_question(r, f)) {
		r->at++;
		for (int v = f->low; v <= field_last(f); v++)
			add(f, set, v);
		return 0;
	}
	for (;;) {
		ret = read_element(r, f, set);
		if (ret)
			return ret;
		if (field_ends(*r->at))
			return 0;
		if (*r->at != ',')
			return unexpected(r, f, "`,`, `-`, `/` or a blank");
		r->at++;
	}
}

/* Fields that an expression may leave out at its beginning and end. */
enum { FIELDS_MIN = 5 };

/* Five to seven there must be; with any other number the faults inside the fields would
 * mislead. */
static int
count_fields(struct reader *r, int *count)
{
	const char *p = r->text, *eighth = NULL;
	int n = 0;

	for (;; n++) {
		while (blank(*p))
			p++;
		if (!*p)
			break;
		if (n == FIELDS)
			eighth = p;
		while (!field_ends(*p))
			p++;
	}
	*count = n;
	if (n >= FIELDS_MIN && n <= FIELDS)
		return 0;
	return err_fail(r->err, ERR_INPUT,
	    "column %d: %d field%s where five are expected: minute, hour, day of month, month, "
	    "day of week (six: seconds in front; seven: years behind)",
	    column(r, eighth ? eighth : p), n, n == 1 ? "" : "s");
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
		    "column %d: @reboot is no time; write {\"reboot\": true} as a trigger of "
		    "its own",
		    column(r, r->at));
	return err_fail(r->err, ERR_INPUT,
	    "column %d: no such name; write @hourly, @daily, @weekly, @monthly, @yearly or "
	    "five fields",
	    column(r, r->at));
}

/* Somebody who wrote `* 30 2 * * *` did not mean sixty times: every second is asked for with a
 * step. */
static int
check_seconds(const struct reader *r, const char *start)
{
	if (*start != '*' || start[1] == '/')
		return 0;
	return err_fail(r->err, ERR_INPUT,
	    "column %d: second: `*` would be due every second; write `0`, or `*/1` if that is "
	    "meant",
	    column(r, start));
}

/* What the fields that stand in the text say, into the sets; others keep what is in theirs. */
static int
read_fields(
    struct reader *r, int count, struct field_set sets[FIELDS], const char *start[FIELDS])
{
	uint64_t seed = r->seed;
	int ret;

	for (int i = count > FIELDS_MIN ? FIELD_SECOND : FIELD_MINUTE;
	     i <= (count == FIELDS ? FIELD_YEAR : FIELD_WEEKDAY); i++) {
		skip_blanks(r);
		start[i] = r->at;
		r->seed = seed + (uint64_t)i;
		ret = read_field(r, &fields[i], &sets[i]);
		if (!ret && i == FIELD_SECOND)
			ret = check_seconds(r, start[i]);
		if (ret)
			return ret;
	}
	return 0;
}

static bool
is_star(const char *field)
{
	return *field == '*' || *field == '?';
}

uint64_t
cron_seed(const char *name)
{
	return hash_add(HASH_BEGIN, name, strlen(name));
}

int
cron_parse(const char *text, uint64_t seed, struct cron *cron, struct err *err)
{
	struct reader r = {.text = text, .at = text, .seed = seed, .err = err};
	struct field_set sets[FIELDS] = {[FIELD_SECOND] = {.values = {1}},
	    [FIELD_YEAR] = {.values = {UINT64_MAX, UINT64_MAX, 3}}};
	const struct field_set *day = &sets[FIELD_DAY], *weekday = &sets[FIELD_WEEKDAY];
	const char *start[FIELDS];
	int count, ret;

	skip_blanks(&r);
	if (*r.at == '@') {
		ret = read_nickname(&r);
		if (ret)
			return ret;
	}
	ret = count_fields(&r, &count);
	if (!ret)
		ret = read_fields(&r, count, sets, start);
	if (ret)
		return ret;
	*cron = (struct cron){
	    .seconds = sets[FIELD_SECOND].values[0],
	    .minutes = sets[FIELD_MINUTE].values[0],
	    .hours = (uint32_t)sets[FIELD_HOUR].values[0],
	    .days = (uint32_t)day->values[0],
	    .last_days = day->last_days,
	    .near_days = day->near_days,
	    .months = (uint16_t)sets[FIELD_MONTH].values[0],
	    .weekdays = (uint8_t)((weekday->values[0] | weekday->values[0] >> 7) & 0x7f),
	    .days_star = is_star(start[FIELD_DAY]),
	    .weekdays_star = is_star(start[FIELD_WEEKDAY]),
	    .every_year = count < FIELDS,
	};
	memcpy(cron->nth, weekday->nth, sizeof cron->nth);
	memcpy(cron->years, sets[FIELD_YEAR].values, sizeof cron->years);
	/* The calendar repeats itself every 400 years. */
	if (cron_next_civil(cron, month_start_us(CRON_YEAR_FIRST, 1),
		month_start_us(CRON_YEAR_FIRST + 400, 1)) == INSTANT_NEVER)
		return err_fail(err, ERR_INPUT,
		    "column %d: day of month: no month of the expression has such a day, so it "
		    "would never be due",
		    column(&r, start[FIELD_DAY]));
	return 0;
}
