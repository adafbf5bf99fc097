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

	if (cron_parse(text, &c, &err))
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

#define FIVE "fields where five are expected: minute, hour, day of month, month, day of week"
#define LIST "is not served; write `*`, numbers, ranges, steps and lists"
#define NO_DAY \
	"day of month: no month of the expression has such a day, so it would never be due"

static void
faults_name_the_column_the_field_and_the_mend(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
	    {"", "column 1: 0 " FIVE},
	    {"  ", "column 3: 0 " FIVE},
	    {"*", "column 2: 1 field where five are expected: minute, hour, day of month, "
		  "month, day of week"},
	    {"* * * *", "column 8: 4 " FIVE},
	    {"* * * * * *", "column 11: 6 " FIVE},
	    {"0 0 0 * * * 2026", "column 11: 7 " FIVE},
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
	    {"* * L * *", "column 5: day of month: `L` " LIST},
	    {"* * 15W * *", "column 7: day of month: `W` " LIST},
	    {"* * ? * *", "column 5: day of month: `?` " LIST},
	    {"* * * * 5#2", "column 10: day of week: `#` " LIST},
	    {"H * * * *", "column 1: minute: `H` " LIST},
	    {"~ * * * *", "column 1: minute: `~` " LIST},
	    {"@",
		"column 1: no such name; write @hourly, @daily, @weekly, @monthly, @yearly or "
		"five fields"},
	    {" @every 5m", "column 9: nothing may follow a name that begins with `@`"},
	    {"@dailyx", "column 1: no such name; write @hourly, @daily, @weekly, @monthly, "
			"@yearly or five fields"},
	    {"@reboot", "column 1: @reboot is not served: a schedule is due at times, not at "
			"starts"},
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

		if (cron_parse(cases[i].text, &c, &err) != ERR_INPUT)
			fail_msg("accepted: %s", cases[i].text);
		if (strcmp(err.text, cases[i].why))
			fail_msg("%s:\n is  \"%s\"\n not \"%s\"", cases[i].text, err.text,
			    cases[i].why);
	}
}

static void
what_is_due_in_some_year_is_accepted(void **state)
{
	static const char *const texts[] = {
	    "0 0 29 2 *", "0 0 29 2 */6", "0 0 31 2 1", "0 0 30 2 0-6", "0 0 31 1,2 *"};

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

static void
a_part_of_a_minute_is_rounded_up_also_before_1970(void **state)
{
	struct cron c = parsed("* * * * *");
	static const int years[] = {1, 1969, 1970, 2026};

	(void)state;
	for (size_t i = 0; i < COUNT(years); i++) {
		int64_t from_us = at(years[i], 6, 1, 0, 0), to_us = from_us + DAY_US;

		assert_int_equal(cron_next_civil(&c, from_us + 1, to_us), from_us + MINUTE_US);
		assert_int_equal(cron_next_civil(&c, from_us - 1, to_us), from_us);
		assert_int_equal(
		    cron_next_civil(&c, from_us + MINUTE_US - 1, to_us), from_us + MINUTE_US);
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
	    cmocka_unit_test(a_part_of_a_minute_is_rounded_up_also_before_1970),
	    cmocka_unit_test(the_search_ends_before_its_bound),
	    cmocka_unit_test(the_search_leaps_over_nothing),
	};

	return cmocka_run_group_tests_name("cron", tests, NULL, NULL);
}
