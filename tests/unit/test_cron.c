/* Cron expressions: what they mean, what is refused and at which column, and the search. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "calendar/cron.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static struct cron
parsed(const char *text)
{
	struct cron c;
	struct err err = {""};

	if (cron_parse(text, 0, &c, &err))
		fail_msg("%s: %s", text, err.text);
	return c;
}

static int64_t
at(int year, int month, int day, int hour, int minute)
{
	struct civil c = {year, month, day, hour, minute, 0, 0};

	return civil_to_us(&c);
}

/* ---- fields ---- */

/* "0-5,7" of the bits that are set. */
static void
show(uint64_t mask, char *out, size_t size)
{
	size_t len = 0;

	out[0] = '\0';
	for (int i = 0; i < 64; i++) {
		int end = i;

		if (!(mask >> i & 1))
			continue;
		while (end < 63 && (mask >> (end + 1) & 1))
			end++;
		len += (size_t)snprintf(out + len, size - len, end > i ? "%s%d-%d" : "%s%d",
		    len ? "," : "", i, end);
		i = end;
	}
}

static void
each_field_becomes_the_values_that_it_names(void **state)
{
	static const struct {
		const char *field;
		int which; /* 0 minute … 4 day of week */
		const char *values;
	} cases[] = {
	    {"*", 0, "0-59"},
	    {"*", 1, "0-23"},
	    {"*", 2, "1-31"},
	    {"*", 3, "1-12"},
	    {"*", 4, "0-6"},
	    {"0", 0, "0"},
	    {"59", 0, "59"},
	    {"05", 0, "5"},
	    {"000005", 0, "5"},
	    {"1,2,5", 0, "1-2,5"},
	    {"5,1", 0, "1,5"},
	    {"5,5", 0, "5"},
	    {"0-59", 0, "0-59"},
	    {"7-7", 0, "7"},
	    {"*/15", 0, "0,15,30,45"},
	    {"*/40", 0, "0,40"},
	    {"*/60", 0, "0"},
	    {"3/20", 0, "3,23,43"},
	    {"59/2", 0, "59"},
	    {"10-20/5", 0, "10,15,20"},
	    {"10-20/11", 0, "10"},
	    {"1-3,10-20/5,*/30", 0, "0-3,10,15,20,30"},
	    {"*/2", 2, "1,3,5,7,9,11,13,15,17,19,21,23,25,27,29,31"},
	    {"*/31", 2, "1"},
	    {"2/10", 2, "2,12,22"},
	    {"*/5", 3, "1,6,11"},
	    {"JAN", 3, "1"},
	    {"dec", 3, "12"},
	    {"Mar-MAY", 3, "3-5"},
	    {"feb/4", 3, "2,6,10"},
	    {"jan,7,OCT-12/2", 3, "1,7,10,12"},
	    {"SUN", 4, "0"},
	    {"7", 4, "0"},
	    {"0-7", 4, "0-6"},
	    {"5-7", 4, "0,5-6"},
	    {"fri-sun", 4, "0,5-6"},
	    {"SAT-SUN", 4, "0,6"},
	    {"sun-tue", 4, "0-2"},
	    {"SUN-SUN", 4, "0"},
	    {"mon-fri/2", 4, "1,3,5"},
	    {"*/2", 4, "0,2,4,6"},
	    {"*/7", 4, "0"},
	    {"7/2", 4, "0"},
	    {"1/3", 4, "1,4"},
	    {"sat,sun", 4, "0,6"},
	};
	char text[64], got[256];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *f[] = {"*", "*", "*", "*", "*"};
		struct cron c;
		uint64_t masks[5];

		f[cases[i].which] = cases[i].field;
		snprintf(text, sizeof text, "%s %s %s %s %s", f[0], f[1], f[2], f[3], f[4]);
		c = parsed(text);
		masks[0] = c.minutes;
		masks[1] = c.hours;
		masks[2] = c.days;
		masks[3] = c.months;
		masks[4] = c.weekdays;
		show(masks[cases[i].which], got, sizeof got);
		if (strcmp(got, cases[i].values))
			fail_msg("%s is %s, not %s", text, got, cases[i].values);
	}
}

static void
blanks_around_fields_do_not_matter(void **state)
{
	struct cron a = parsed("1 2 3 4 5"), b = parsed(" \t1\t2  3 \t 4 5 \t");

	(void)state;
	assert_memory_equal(&a, &b, sizeof a);
}

static void
a_field_that_begins_with_a_star_is_remembered(void **state)
{
	static const struct {
		const char *text;
		bool days, weekdays;
	} cases[] = {
	    {"0 0 * * *", true, true},
	    {"0 0 */2 * 1", true, false},
	    {"0 0 1 * */2", false, true},
	    {"0 0 1-31 * 0-6", false, false},
	    {"0 0 1,*/2 * 1", false, false},
	    {"0 0 *,1 * 1", true, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct cron c = parsed(cases[i].text);

		if (c.days_star != cases[i].days || c.weekdays_star != cases[i].weekdays)
			fail_msg("%s", cases[i].text);
	}
}

static void
names_with_an_at_stand_for_expressions(void **state)
{
	static const struct {
		const char *name, *expression;
	} cases[] = {
	    {"@yearly", "0 0 1 1 *"},
	    {"@annually", "0 0 1 1 *"},
	    {"@monthly", "0 0 1 * *"},
	    {"@weekly", "0 0 * * 0"},
	    {"@daily", "0 0 * * *"},
	    {"@midnight", "0 0 * * *"},
	    {"@hourly", "0 * * * *"},
	    {" @Daily ", "0 0 * * *"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct cron a = parsed(cases[i].name), b = parsed(cases[i].expression);

		if (memcmp(&a, &b, sizeof a))
			fail_msg("%s", cases[i].name);
	}
}

/* ---- faults ---- */

#define FIVE                                                                             \
	"where five are expected: minute, hour, day of month, month, day of week (six: " \
	"seconds "                                                                       \
	"in front; seven: years behind)"
#define NO_PLACE "has no place here"
#define NO_DAY \
	"day of month: no month of the expression has such a day, so it would never be due"
#define EVERY_SECOND \
	"second: `*` would be due every second; write `0`, or `*/1` if that is meant"

static void
faults_name_the_column_the_field_and_the_mend(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
	    {"", "column 1: 0 fields " FIVE},
	    {"  ", "column 3: 0 fields " FIVE},
	    {"*", "column 2: 1 field " FIVE},
	    {"* * * *", "column 8: 4 fields " FIVE},
	    {"0 0 0 * * * 2026 1", "column 18: 8 fields " FIVE},
	    {"* * * * * *", "column 1: " EVERY_SECOND},
	    {"*,5 30 2 * * *", "column 1: " EVERY_SECOND},
	    {" * 30 2 * * * 2026", "column 2: " EVERY_SECOND},
	    {"60 0 0 * * *", "column 1: second 60 is not within 0 to 59"},
	    {"0 0 0 * * * 1969", "column 13: year 1969 is not within 1970 to 2099"},
	    {"0 0 0 * * * 2100", "column 13: year 2100 is not within 1970 to 2099"},
	    {"0 0 0 29 2 * 2026-2027", "column 7: " NO_DAY},
	    {"60 * * * *", "column 1: minute 60 is not within 0 to 59"},
	    {"* 24 * * *", "column 3: hour 24 is not within 0 to 23"},
	    {"  * 25 * * *", "column 5: hour 25 is not within 0 to 23"},
	    {"* * 0 * *", "column 5: day of month 0 is not within 1 to 31"},
	    {"* * 32 * *", "column 5: day of month 32 is not within 1 to 31"},
	    {"* * * 0 *", "column 7: month 0 is not within 1 to 12"},
	    {"* * * 13 *", "column 7: month 13 is not within 1 to 12"},
	    {"* * * * 8", "column 9: day of week 8 is not within 0 to 7"},
	    {"4294967296 * * * *", "column 1: minute 4294967296 is not within 0 to 59"},
	    {"99999999999999999999999 * * * *",
		"column 1: minute 999999999999 is not within 0 to 59"},
	    {"1,2,60 * * * *", "column 5: minute 60 is not within 0 to 59"},
	    {"1-60 * * * *", "column 3: minute 60 is not within 0 to 59"},
	    {"20-10 * * * *",
		"column 1: minute: the range runs backwards; write it as two: `20-59,0-10`"},
	    {"0 0 * * 6-1",
		"column 9: day of week: the range runs backwards; write it as two: `6-7,0-1`"},
	    {"0 0 * * fri-mon",
		"column 9: day of week: the range runs backwards; write it as two: `5-7,0-1`"},
	    {"*/0 * * * *", "column 3: step 0 is not within 1 to 60"},
	    {"*/61 * * * *", "column 3: step 61 is not within 1 to 60"},
	    {"* * * * */8", "column 11: step 8 is not within 1 to 7"},
	    {"*/ * * * *", "column 3: step: a number is missing"},
	    {"*/-1 * * * *", "column 3: step: `-` where a number is expected"},
	    {"*/*/2 * * * *", "column 3: step: `*` where a number is expected"},
	    {"1/2/3 * * * *",
		"column 4: minute: `/` where `,`, `-`, `/` or a blank is expected"},
	    {"1-2-3 * * * *",
		"column 4: minute: `-` where `,`, `-`, `/` or a blank is expected"},
	    {"*-5 * * * *", "column 2: minute: `-` where `,`, `-`, `/` or a blank is expected"},
	    {"*5 * * * *", "column 2: minute: `5` where `,`, `-`, `/` or a blank is expected"},
	    {", * * * *", "column 1: minute: a number is missing"},
	    {"1, * * * *", "column 3: minute: a number is missing"},
	    {"1,,2 * * * *", "column 3: minute: a number is missing"},
	    {"1- * * * *", "column 3: minute: a number is missing"},
	    {"-5 * * * *", "column 1: minute: `-` where a number is expected"},
	    {"+5 * * * *", "column 1: minute: `+` where a number is expected"},
	    {"1.5 * * * *", "column 2: minute: `.` where `,`, `-`, `/` or a blank is expected"},
	    {"\xc3\xbc * * * *", "column 1: minute: a number is expected"},
	    {"1\n* * * * 5", "column 2: minute: `,`, `-`, `/` or a blank is expected"},
	    {"* * * 1\n *", "column 8: month: `,`, `-`, `/` or a blank is expected"},
	    {"jan * * * *", "column 1: minute: names have no place here; write a number"},
	    {"* * * foo *", "column 7: month: no such name; write a number or three letters "
			    "from JAN to DEC"},
	    {"* * * january *", "column 7: month: no such name; write a number or three "
				"letters from JAN to DEC"},
	    {"* * * * jan",
		"column 9: day of week: no such name; write a number or three letters from SUN "
		"to SAT"},
	    {"* * * ja *",
		"column 7: month: `j` where a number or a three-letter name is expected"},
	    {"L * * * *", "column 1: minute: `L` " NO_PLACE},
	    {"* * * L *", "column 7: month: `L` " NO_PLACE},
	    {"* * * * L", "column 9: day of week: `L` " NO_PLACE},
	    {"* * W * *", "column 5: day of month: `W` " NO_PLACE},
	    {"* * 15W-20 * *",
		"column 8: day of month: `-` where `,`, `-`, `/` or a blank is expected"},
	    {"* * 1-15W * *", "column 9: day of month: `W` " NO_PLACE},
	    {"* * L-31 * *", "column 7: day of month 31 is not within 0 to 30"},
	    {"* * L-3W * *", "column 8: day of month: `W` " NO_PLACE},
	    {"* * L- * *", "column 7: day of month: a number is missing"},
	    {"* * 5L * *", "column 6: day of month: `L` " NO_PLACE},
	    {"* * 5#2 * *", "column 6: day of month: `#` " NO_PLACE},
	    {"* * * * 5W", "column 10: day of week: `W` " NO_PLACE},
	    {"* * * * 5#0", "column 11: which of the month 0 is not within 1 to 5"},
	    {"* * * * 5#6", "column 11: which of the month 6 is not within 1 to 5"},
	    {"* * * * 5#", "column 11: which of the month: a number is missing"},
	    {"* ? * * *", "column 3: hour: `?` " NO_PLACE},
	    {"* * ?,1 * *", "column 5: day of month: `?` " NO_PLACE},
	    {"H(5 * * * *", "column 4: minute: `-` is missing"},
	    {"H(5-9 * * * *", "column 6: minute: `)` is missing"},
	    {"H(9-5) * * * *",
		"column 3: minute: the range runs backwards; write it as two: `9-59,0-5`"},
	    {"H(0-60) * * * *", "column 5: minute 60 is not within 0 to 59"},
	    {"H/0 * * * *", "column 3: step 0 is not within 1 to 60"},
	    {"20~10 * * * *",
		"column 1: minute: the range runs backwards; write it as two: `20-59,0-10`"},
	    {"~/5 * * * *", "column 2: minute: `/` where a number is expected"},
	    {"1-5~9 * * * *",
		"column 4: minute: `~` where `,`, `-`, `/` or a blank is expected"},
	    {"@",
		"column 1: no such name; write @hourly, @daily, @weekly, @monthly, @yearly or "
		"five fields"},
	    {" @every 5m", "column 9: nothing may follow a name that begins with `@`"},
	    {"@dailyx", "column 1: no such name; write @hourly, @daily, @weekly, @monthly, "
			"@yearly or five fields"},
	    {"@reboot",
		"column 1: @reboot is no time; write {\"reboot\": true} as a trigger of "
		"its own"},
	    {"@daily *", "column 8: nothing may follow a name that begins with `@`"},
	    {"0 0 31 2 *", "column 5: " NO_DAY},
	    {"0 0 30 feb *", "column 5: " NO_DAY},
	    {"0 0 31 4,6,9,11 *", "column 5: " NO_DAY},
	    {"0 0 30-31 2 */2", "column 5: " NO_DAY},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct cron c;
		struct err err = {""};

		if (cron_parse(cases[i].text, 0, &c, &err) != ERR_INPUT)
			fail_msg("accepted: %s", cases[i].text);
		if (strcmp(err.text, cases[i].why))
			fail_msg("%s:\n is  \"%s\"\n not \"%s\"", cases[i].text, err.text,
			    cases[i].why);
	}
}

static void
what_is_due_in_some_year_is_accepted(void **state)
{
	static const char *const texts[] = {"0 0 29 2 *", "0 0 29 2 */6", "0 0 31 2 1",
	    "0 0 30 2 0-6", "0 0 31 1,2 *", "0 0 L-28 2 *", "0 0 31W * *", "0 0 */2 2 5#5",
	    "0 0 0 29 2 * 2028"};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct cron c = parsed(texts[i]);

		if (cron_next_civil(&c, at(2000, 1, 1, 0, 0), at(2400, 1, 1, 0, 0)) ==
		    INSTANT_NEVER)
			fail_msg("%s", texts[i]);
	}
}

/* ---- the search ---- */

static void
the_next_minute_is_at_or_behind_the_question(void **state)
{
	static const struct {
		const char *text;
		int64_t from[5], next[5];
	} cases[] = {
	    {"* * * * *", {2026, 1, 1, 0, 0}, {2026, 1, 1, 0, 0}},
	    {"30 2 * * *", {2026, 1, 1, 2, 30}, {2026, 1, 1, 2, 30}},
	    {"30 2 * * *", {2026, 1, 1, 2, 31}, {2026, 1, 2, 2, 30}},
	    {"30 2 * * *", {2026, 12, 31, 3, 0}, {2027, 1, 1, 2, 30}},
	    {"59 23 31 12 *", {2026, 1, 1, 0, 0}, {2026, 12, 31, 23, 59}},
	    {"0 0 1 1 *", {2026, 1, 1, 0, 1}, {2027, 1, 1, 0, 0}},
	    {"0 0 29 2 *", {2096, 3, 1, 0, 0}, {2104, 2, 29, 0, 0}},
	    {"0 0 31 * *", {2026, 2, 1, 0, 0}, {2026, 3, 31, 0, 0}},
	    {"5,10 4-6/2 * * *", {2026, 1, 1, 4, 11}, {2026, 1, 1, 6, 5}},
	    /* 2026-11-22 is a Sunday. */
	    {"0 0 * * 0", {2026, 11, 22, 0, 0}, {2026, 11, 22, 0, 0}},
	    {"0 0 * * 7", {2026, 11, 22, 0, 1}, {2026, 11, 29, 0, 0}},
	    /* Either: the 13th, and every Friday. */
	    {"0 0 13 * 5", {2026, 11, 7, 0, 0}, {2026, 11, 13, 0, 0}},
	    {"0 0 13 * 5", {2026, 11, 14, 0, 0}, {2026, 11, 20, 0, 0}},
	    {"0 0 13 * 5", {2026, 12, 12, 0, 0}, {2026, 12, 13, 0, 0}},
	    /* Both: one of them begins with a star. */
	    {"0 0 */2 * 1", {2026, 11, 1, 0, 0}, {2026, 11, 9, 0, 0}},
	    {"0 0 29 2 */6", {2026, 1, 1, 0, 0}, {2032, 2, 29, 0, 0}},
	    {"0 0 1 * */3", {2026, 11, 2, 0, 0}, {2027, 5, 1, 0, 0}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const int64_t *f = cases[i].from, *n = cases[i].next;
		struct cron c = parsed(cases[i].text);
		char got[INSTANT_TEXT];
		int64_t us = cron_next_civil(&c,
		    at((int)f[0], (int)f[1], (int)f[2], (int)f[3], (int)f[4]),
		    at(3000, 1, 1, 0, 0));

		instant_format(us, got);
		if (us != at((int)n[0], (int)n[1], (int)n[2], (int)n[3], (int)n[4]))
			fail_msg("%s: %s", cases[i].text, got);
	}
}

static int64_t
at_second(const int64_t t[6])
{
	return at((int)t[0], (int)t[1], (int)t[2], (int)t[3], (int)t[4]) + t[5] * SECOND_US;
}

static void
seconds_years_and_days_that_depend_on_the_month(void **state)
{
	static const struct {
		const char *text;
		int64_t from[6], next[6];
	} cases[] = {
	    {"30 * * * * *", {2026, 1, 1, 0, 0, 30}, {2026, 1, 1, 0, 0, 30}},
	    {"30 * * * * *", {2026, 1, 1, 0, 0, 31}, {2026, 1, 1, 0, 1, 30}},
	    {"*/20 59 23 31 12 *", {2026, 12, 31, 23, 59, 41}, {2027, 12, 31, 23, 59, 0}},
	    {"*/1 * * * * *", {2026, 1, 1, 0, 0, 59}, {2026, 1, 1, 0, 0, 59}},
	    {"0 0 0 1 1 ? 2030", {2026, 1, 1, 0, 0, 1}, {2030, 1, 1, 0, 0, 0}},
	    {"0 0 0 1 1 ? 2024,2028/4", {2028, 1, 1, 0, 0, 1}, {2032, 1, 1, 0, 0, 0}},
	    {"0 0 0 1 1 * *", {2026, 1, 1, 0, 0, 1}, {2027, 1, 1, 0, 0, 0}},
	    /* The month's end. */
	    {"0 0 L * *", {2026, 2, 1, 0, 0, 0}, {2026, 2, 28, 0, 0, 0}},
	    {"0 0 L 2 *", {2027, 3, 1, 0, 0, 0}, {2028, 2, 29, 0, 0, 0}},
	    {"0 0 L-2 * *", {2026, 4, 1, 0, 0, 0}, {2026, 4, 28, 0, 0, 0}},
	    {"0 0 1,L * *", {2026, 4, 2, 0, 0, 0}, {2026, 4, 30, 0, 0, 0}},
	    /* 2026-08-15 is a Saturday, 2026-11-15 a Sunday. */
	    {"0 0 15W * *", {2026, 8, 1, 0, 0, 0}, {2026, 8, 14, 0, 0, 0}},
	    {"0 0 15W * *", {2026, 11, 1, 0, 0, 0}, {2026, 11, 16, 0, 0, 0}},
	    {"0 0 16W * *", {2026, 11, 1, 0, 0, 0}, {2026, 11, 16, 0, 0, 0}},
	    /* Never into the next month: 2026-08-01 is a Saturday, 2026-05-31 a Sunday. */
	    {"0 0 1W * *", {2026, 8, 1, 0, 0, 0}, {2026, 8, 3, 0, 0, 0}},
	    {"0 0 31W * *", {2026, 5, 1, 0, 0, 0}, {2026, 5, 29, 0, 0, 0}},
	    {"0 0 31W * *", {2026, 6, 1, 0, 0, 0}, {2026, 7, 31, 0, 0, 0}},
	    {"0 0 LW * *", {2026, 5, 1, 0, 0, 0}, {2026, 5, 29, 0, 0, 0}},
	    {"0 0 lw * *", {2026, 2, 1, 0, 0, 0}, {2026, 2, 27, 0, 0, 0}},
	    /* The last and the nth of a weekday. */
	    {"0 0 * * 5L", {2026, 11, 1, 0, 0, 0}, {2026, 11, 27, 0, 0, 0}},
	    {"0 0 ? * FRIL", {2026, 11, 28, 0, 0, 0}, {2026, 12, 25, 0, 0, 0}},
	    {"0 0 * * sun#2", {2026, 11, 1, 0, 0, 0}, {2026, 11, 8, 0, 0, 0}},
	    {"0 0 * * 7#5", {2026, 11, 1, 0, 0, 0}, {2026, 11, 29, 0, 0, 0}},
	    {"0 0 * * mon#5", {2026, 12, 1, 0, 0, 0}, {2027, 3, 29, 0, 0, 0}},
	    {"0 0 * * mon#1,fri", {2026, 11, 3, 0, 0, 0}, {2026, 11, 6, 0, 0, 0}},
	    /* Either, as ever: the last day, and every Monday. */
	    {"0 0 L * 1", {2026, 11, 24, 0, 0, 0}, {2026, 11, 30, 0, 0, 0}},
	    {"0 0 L * 1", {2026, 12, 1, 0, 0, 0}, {2026, 12, 7, 0, 0, 0}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct cron c = parsed(cases[i].text);
		char got[INSTANT_TEXT];
		int64_t us =
		    cron_next_civil(&c, at_second(cases[i].from), at(3000, 1, 1, 0, 0));

		instant_format(us, got);
		if (us != at_second(cases[i].next))
			fail_msg("%s: %s", cases[i].text, got);
	}
}

/* ---- H ---- */

static int
bits(uint64_t mask)
{
	return __builtin_popcountll(mask);
}

static struct cron
parsed_for(const char *text, const char *name)
{
	struct cron c;
	struct err err = {""};

	if (cron_parse(text, cron_seed(name), &c, &err))
		fail_msg("%s: %s", text, err.text);
	return c;
}

static void
the_own_values_of_a_schedule_stay_the_same_and_within_their_bounds(void **state)
{
	char name[16];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		struct cron a, b;

		snprintf(name, sizeof name, "job %d", i);
		a = parsed_for("H(10-19) H/6 H h(3-4) H", name);
		b = parsed_for("H(10-19) H/6 H h(3-4) H", name);
		assert_memory_equal(&a, &b, sizeof a);
		assert_int_equal(bits(a.minutes), 1);
		assert_int_equal(a.minutes & ~(UINT64_C(0x3ff) << 10), 0);
		assert_int_equal(bits(a.hours), 4);
		assert_true(a.hours & 0x3f);
		assert_true(a.hours == ((a.hours & 0x3f) * UINT32_C(0x41041)));
		assert_int_equal(bits(a.days), 1);
		assert_int_equal(a.days & ~UINT32_C(0x1ffffffe), 0);
		assert_true(a.months == 1 << 3 || a.months == 1 << 4);
		assert_int_equal(bits(a.weekdays), 1);
		a = parsed_for("~ 5~6 20~ ~3 *", name);
		assert_int_equal(bits(a.minutes), 1);
		assert_true(a.hours == 1 << 5 || a.hours == 1 << 6);
		assert_int_equal(a.days & ~UINT32_C(0x1ff00000), 0);
		assert_int_equal(a.months & ~0xe, 0);
	}
}

/* A thousand schedules over sixty minutes: some seventeen each. */
static void
many_schedules_are_spread(void **state)
{
	int count[60] = {0};
	char name[16];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		struct cron c;

		snprintf(name, sizeof name, "job %d", i);
		c = parsed_for("H H * * *", name);
		count[__builtin_ctzll(c.minutes)]++;
	}
	for (int i = 0; i < 60; i++) {
		if (count[i] < 4 || count[i] > 40)
			fail_msg("%d at minute %d", count[i], i);
	}
}

/* An hour and a minute that go together would halve the spread. */
static void
fields_are_spread_by_themselves(void **state)
{
	struct cron a = parsed_for("H H H * *", "x"), b = parsed_for("H,H,H,H * * * *", "x");

	(void)state;
	assert_false((__builtin_ctzll(a.minutes) % 24) == __builtin_ctz(a.hours) &&
		     __builtin_ctz(a.hours) == __builtin_ctz(a.days));
	assert_true(bits(b.minutes) > 1);
}

static void
a_part_of_a_second_is_rounded_up_also_before_1970(void **state)
{
	struct cron c = parsed("*/1 * * * * *");
	static const int years[] = {1, 1969, 1970, 2026};

	(void)state;
	for (size_t i = 0; i < COUNT(years); i++) {
		int64_t from_us = at(years[i], 6, 1, 0, 0), to_us = from_us + DAY_US;

		assert_int_equal(cron_next_civil(&c, from_us + 1, to_us), from_us + SECOND_US);
		assert_int_equal(cron_next_civil(&c, from_us - 1, to_us), from_us);
		assert_int_equal(
		    cron_next_civil(&c, from_us + SECOND_US - 1, to_us), from_us + SECOND_US);
	}
}

static void
the_search_ends_before_its_bound(void **state)
{
	struct cron c = parsed("30 2 * * *");
	int64_t due_us = at(2026, 1, 1, 2, 30);

	(void)state;
	assert_true(cron_next_civil(&c, due_us, due_us) == INSTANT_NEVER);
	assert_int_equal(cron_next_civil(&c, due_us, due_us + 1), due_us);
	assert_true(cron_next_civil(&c, due_us + 1, due_us) == INSTANT_NEVER);
	assert_true(cron_next_civil(&c, due_us + 1, due_us + DAY_US) == INSTANT_NEVER);
	assert_int_equal(cron_next_civil(&c, INT64_MIN, INSTANT_NEVER), at(1, 1, 1, 2, 30));
	assert_true(
	    cron_next_civil(&c, at(9999, 12, 31, 3, 0), INSTANT_NEVER) == INSTANT_NEVER);
}

/* The search leaps; this one does not. */
static bool
matches(const struct cron *c, int64_t us)
{
	struct civil t = civil_from_us(us);
	int weekday = civil_weekday(civil_days(t.year, t.month, t.day));
	bool date = c->days >> t.day & 1, day = c->weekdays >> weekday & 1;

	return (c->minutes >> t.minute & 1) && (c->hours >> t.hour & 1) &&
	       (c->months >> t.month & 1) &&
	       (c->days_star || c->weekdays_star ? date && day : date || day);
}

static void
the_search_leaps_over_nothing(void **state)
{
	static const char *const texts[] = {"*/7 3-5 * * *", "0 0 1,15 * 3",
	    "59 23 28-31 2,3 *", "13 */11 */9 */5 *", "0 12 * 2 sat-sun", "1-5 0 31 * *"};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct cron c = parsed(texts[i]);
		int64_t to_us = at(2028, 7, 1, 0, 0);
		int64_t next_us = cron_next_civil(&c, at(2027, 12, 1, 0, 0), to_us);

		for (int64_t us = at(2027, 12, 1, 0, 0); us < to_us; us += MINUTE_US) {
			if (matches(&c, us) != (us == next_us))
				fail_msg("%s", texts[i]);
			if (us == next_us)
				next_us = cron_next_civil(&c, us + 1, to_us);
		}
		assert_true(next_us == INSTANT_NEVER);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_field_becomes_the_values_that_it_names),
	    cmocka_unit_test(blanks_around_fields_do_not_matter),
	    cmocka_unit_test(a_field_that_begins_with_a_star_is_remembered),
	    cmocka_unit_test(names_with_an_at_stand_for_expressions),
	    cmocka_unit_test(faults_name_the_column_the_field_and_the_mend),
	    cmocka_unit_test(what_is_due_in_some_year_is_accepted),
	    cmocka_unit_test(the_next_minute_is_at_or_behind_the_question),
	    cmocka_unit_test(a_part_of_a_second_is_rounded_up_also_before_1970),
	    cmocka_unit_test(seconds_years_and_days_that_depend_on_the_month),
	    cmocka_unit_test(
		the_own_values_of_a_schedule_stay_the_same_and_within_their_bounds),
	    cmocka_unit_test(many_schedules_are_spread),
	    cmocka_unit_test(fields_are_spread_by_themselves),
	    cmocka_unit_test(the_search_ends_before_its_bound),
	    cmocka_unit_test(the_search_leaps_over_nothing),
	};

	return cmocka_run_group_tests_name("cron", tests, NULL, NULL);
}
