/* Recurrence rules: what is refused, where the library is mended, and the bounds. The due times of
 * many rules are compared with another implementation in tests/calendar. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "calendar/rrule.h"
#include "calendar/trigger.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static int64_t
at(const char *text)
{
	struct civil c;
	bool zoned;
	int64_t offset_us;

	if (civil_parse(text, &c, &zoned, &offset_us))
		fail_msg("%s", text);
	return civil_to_us(&c);
}

static void
what_is_no_rule_or_not_served_is_refused_with_the_reason(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
	    {"", "FREQ is missing"},
	    {"BYDAY=MO", "FREQ is missing"},
	    {"FREQ=OFTEN", "is no rule of RFC 5545"},
	    {"FREQ=DAILY;BYHOUR=24", "is no rule of RFC 5545"},
	    {"FREQ=DAILY;COLOUR=RED", "is no rule of RFC 5545"},
	    {"RRULE:FREQ=DAILY", "must begin behind `RRULE:`"},
	    {"FREQ=DAILY\nX",
		"column 11: must have neither blanks nor other letters than ASCII's"},
	    {"FREQ=MINUTELY",
		"FREQ is served from HOURLY to YEARLY; use an every or a cron trigger"},
	    {"FREQ=DAILY;COUNT=1001", "COUNT is served up to 1000; use UNTIL"},
	    {"FREQ=HOURLY;COUNT=9;BYMONTH=2;BYMONTHDAY=29;BYDAY=SA",
		"COUNT is not served with HOURLY and parts that name days; use UNTIL"},
	    {"FREQ=DAILY;BYMONTHDAY=-1",
		"a negative BYMONTHDAY is served with MONTHLY and YEARLY alone"},
	    {"FREQ=YEARLY;BYWEEKNO=20", "BYWEEKNO is not served"},
	    {"FREQ=YEARLY;BYMONTH=1;BYYEARDAY=1",
		"BYYEARDAY is served without other parts that name days"},
	    {"FREQ=MONTHLY;BYDAY=MO;BYHOUR=1,2;BYSETPOS=1",
		"BYSETPOS is served with one BYHOUR and one BYMINUTE at most"},
	    {"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "would never be due from its start on"},
	    {"FREQ=DAILY;UNTIL=20251231", "would never be due from its start on"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct err err = {""};

		if (rrule_check(cases[i].text, at("2026-01-01"), &err) != ERR_INPUT)
			fail_msg("accepted: %s", cases[i].text);
		assert_string_equal(err.text, cases[i].why);
	}
}

static void
the_next_local_time_is_at_or_behind_the_question(void **state)
{
	static const struct {
		const char *text, *start, *from, *next; /* NULL: none */
	} cases[] = {
	    {"FREQ=DAILY", "2026-01-01T09:30", "2025-01-01", "2026-01-01T09:30"},
	    {"FREQ=DAILY", "2026-01-01T09:30", "2026-03-01T09:30", "2026-03-01T09:30"},
	    {"FREQ=DAILY", "2026-01-01T09:30", "2026-03-01T09:31", "2026-03-02T09:30"},
	    {"FREQ=MONTHLY;BYDAY=-1FR", "2026-01-01T17:00", "2026-02-01", "2026-02-27T17:00"},
	    {"FREQ=MONTHLY;BYMONTHDAY=31", "2026-01-31", "2026-02-01", "2026-03-31"},
	    /* Counted from the start, whatever is asked. */
	    {"FREQ=DAILY;COUNT=3", "2026-01-01", "2026-01-03", "2026-01-03"},
	    {"FREQ=DAILY;COUNT=3", "2026-01-01", "2026-01-04", NULL},
	    {"FREQ=DAILY;UNTIL=20260103T000000", "2026-01-01", "2026-01-03", "2026-01-03"},
	    {"FREQ=DAILY;UNTIL=20260103", "2026-01-01T12:00", "2026-01-03", "2026-01-03T12:00"},
	    {"FREQ=DAILY;UNTIL=20260103", "2026-01-01T12:00", "2026-01-04", NULL},
	    /* Where the library needs help. */
	    {"FREQ=YEARLY;BYMONTHDAY=-1", "2026-01-15", "2026-02-01", "2026-02-28"},
	    {"FREQ=HOURLY;INTERVAL=7", "2026-01-01", "2026-01-01T08:00", "2026-01-01T14:00"},
	    {"FREQ=HOURLY;INTERVAL=7;BYMONTH=12", "1994-03-23", "1996-10-04",
		"1996-12-01T02:00"},
	    {"FREQ=WEEKLY;INTERVAL=2;BYDAY=SU", "2026-11-24T08:00", "2026-11-24",
		"2026-11-29T08:00"},
	    {"FREQ=WEEKLY;INTERVAL=2;BYDAY=SU", "2026-11-24T08:00", "2026-11-30",
		"2026-12-13T08:00"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t us = rrule_next_civil(
		    cases[i].text, at(cases[i].start), at(cases[i].from), at("2999-01-01"));
		char got[INSTANT_TEXT];

		if (us == (cases[i].next ? at(cases[i].next) : INSTANT_NEVER))
			continue;
		instant_format(us, got);
		fail_msg("%s from %s: %s", cases[i].text, cases[i].from, got);
	}
}

/* 08:00 in New York is 13:00 UTC in winter. */
static void
an_end_in_utc_bounds_instants(void **state)
{
	struct trigger t = {.kind = TRIGGER_RRULE, .start_us = at("2026-01-01T08:00")};
	struct zones *zones = zones_new(NULL);
	const struct zone *zone;
	struct err err = {""};

	(void)state;
	assert_int_equal(zones_get(zones, "America/New_York", &zone, &err), 0);
	t.expression = "FREQ=DAILY;UNTIL=20260102T130000Z";
	assert_int_equal(
	    trigger_next(&t, zone, at("2026-01-01T13:00")), at("2026-01-02T13:00"));
	assert_true(trigger_next(&t, zone, at("2026-01-02T13:00")) == INSTANT_NEVER);
	t.expression = "FREQ=DAILY;UNTIL=20260102T125959Z";
	assert_true(trigger_next(&t, zone, at("2026-01-01T13:00")) == INSTANT_NEVER);
	zones_free(zones);
}

/* What 20 searches over many years cost, in the processor's time. */
static clock_t
cost(const char *text)
{
	int64_t start_us = at("2026-01-01T08:00");
	clock_t begin = clock();

	for (int i = 0; i < 20; i++)
		assert_int_equal(
		    rrule_next_civil(text, start_us, start_us + i * SECOND_US, INSTANT_NEVER),
		    at("2048-02-29T00:00"));
	return clock() - begin;
}

/* A schedule has many triggers, a preview many due times, and all others wait meanwhile. */
static void
the_hours_of_a_rare_day_cost_no_more_than_the_day(void **state)
{
	clock_t day = cost("FREQ=DAILY;BYHOUR=0;BYMINUTE=0;BYMONTH=2;BYMONTHDAY=29;BYDAY=SA");

	(void)state;
	assert_true(cost("FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=SA") < 4 * day);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_no_rule_or_not_served_is_refused_with_the_reason),
	    cmocka_unit_test(the_next_local_time_is_at_or_behind_the_question),
	    cmocka_unit_test(an_end_in_utc_bounds_instants),
	    cmocka_unit_test(the_hours_of_a_rare_day_cost_no_more_than_the_day),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
