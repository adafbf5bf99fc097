/* Triggers: what is due next, above all where clocks change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "calendar/trigger.h"
#include "zone_names.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static struct zones *zones;

static int
open_zones(void **state)
{
	(void)state;
	zones = zones_new(NULL);
	return 0;
}

static int
close_zones(void **state)
{
	(void)state;
	zones_free(zones);
	return 0;
}

static const struct zone *
zone_of(const char *name)
{
	const struct zone *zone;
	struct err err;

	if (zones_get(zones, name, &zone, &err))
		fail_msg("%s: %s", name, err.text);
	return zone;
}

static int64_t
instant(const char *text)
{
	int64_t us;

	if (instant_parse(text, &us))
		fail_msg("%s", text);
	return us;
}

static struct trigger
cron(const char *expression, enum dst_gap gap, enum dst_fold fold)
{
	struct trigger t = {.kind = TRIGGER_CRON, .dst_gap = gap, .dst_fold = fold};
	struct err err;

	if (cron_parse(expression, 0, &t.cron, &err))
		fail_msg("%s: %s", expression, err.text);
	return t;
}

/* Which due times follow one another after `from`, strictly. */
static void
assert_due(const char *what, const struct trigger *t, const struct zone *zone, const char *from,
    const char *const due[])
{
	int64_t at_us = instant(from);

	for (size_t i = 0; due[i]; i++) {
		char got[INSTANT_TEXT];
		int64_t next_us = trigger_next(t, zone, at_us);

		assert_true(next_us > at_us);
		at_us = next_us;
		instant_format(at_us, got);
		if (at_us != instant(due[i]))
			fail_msg(
			    "%s after %s: [%zu] is %s, not %s", what, from, i, got, due[i]);
	}
}

/* ---- cron where clocks change ---- */

enum { AFTER = DST_GAP_AFTER, SKIP = DST_GAP_SKIP };
enum { FIRST = DST_FOLD_FIRST, SECOND = DST_FOLD_SECOND, BOTH = DST_FOLD_BOTH };

static const struct {
	const char *zone, *expression;
	int gap, fold;
	const char *from, *due[6];
} changes[] = {
    /* Amsterdam, 2026-03-29: from 02:00 to 03:00 at 01:00Z. */
    {"Europe/Amsterdam", "30 2 * * *", AFTER, FIRST, "2026-03-28T00:00:00Z",
	{"2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"}},
    {"Europe/Amsterdam", "30 2 * * *", SKIP, FIRST, "2026-03-28T00:00:00Z",
	{"2026-03-28T01:30:00Z", "2026-03-30T00:30:00Z"}},
    /* Several that fall into the gap become one, and with what is due at its end too. */
    {"Europe/Amsterdam", "*/20 2 * * *", AFTER, FIRST, "2026-03-29T00:00:00Z",
	{"2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z"}},
    {"Europe/Amsterdam", "30,0 2,3 29 3 *", AFTER, FIRST, "2026-03-29T00:00:00Z",
	{"2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z", "2027-03-29T00:00:00Z"}},
    {"Europe/Amsterdam", "0 3 * * *", SKIP, FIRST, "2026-03-29T00:00:00Z",
	{"2026-03-29T01:00:00Z", "2026-03-30T01:00:00Z"}},
    {"Europe/Amsterdam", "0 2 * * *", AFTER, FIRST, "2026-03-29T00:59:59.999999Z",
	{"2026-03-29T01:00:00Z"}},
    {"Europe/Amsterdam", "0 2 * * *", AFTER, FIRST, "2026-03-29T01:00:00Z",
	{"2026-03-30T00:00:00Z"}},
    {"Europe/Amsterdam", "59 1 * * *", AFTER, FIRST, "2026-03-29T00:00:00Z",
	{"2026-03-29T00:59:00Z", "2026-03-29T23:59:00Z"}},
    /* 2026-10-25: from 03:00 to 02:00 at 01:00Z. */
    {"Europe/Amsterdam", "30 2 * * *", AFTER, FIRST, "2026-10-24T12:00:00Z",
	{"2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"}},
    {"Europe/Amsterdam", "30 2 * * *", AFTER, SECOND, "2026-10-24T12:00:00Z",
	{"2026-10-25T01:30:00Z", "2026-10-26T01:30:00Z"}},
    {"Europe/Amsterdam", "30 2 * * *", AFTER, BOTH, "2026-10-24T12:00:00Z",
	{"2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-26T01:30:00Z"}},
    {"Europe/Amsterdam", "0 2,3 * * *", AFTER, FIRST, "2026-10-24T12:00:00Z",
	{"2026-10-25T00:00:00Z", "2026-10-25T02:00:00Z", "2026-10-26T01:00:00Z"}},
    {"Europe/Amsterdam", "0 2,3 * * *", AFTER, SECOND, "2026-10-24T12:00:00Z",
	{"2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z", "2026-10-26T01:00:00Z"}},
    /* Asked between the two, the first is over and the second is not chosen. */
    {"Europe/Amsterdam", "30 2 * * *", AFTER, FIRST, "2026-10-25T00:45:00Z",
	{"2026-10-26T01:30:00Z"}},
    {"Europe/Amsterdam", "30 2 * * *", AFTER, BOTH, "2026-10-25T00:30:00Z",
	{"2026-10-25T01:30:00Z"}},
    {"Europe/Amsterdam", "* * * * *", AFTER, FIRST, "2026-10-25T00:58:00Z",
	{"2026-10-25T00:59:00Z", "2026-10-25T02:00:00Z"}},
    {"Europe/Amsterdam", "* * * * *", AFTER, BOTH, "2026-10-25T00:58:00Z",
	{"2026-10-25T00:59:00Z", "2026-10-25T01:00:00Z", "2026-10-25T01:01:00Z"}},
    /* By the footer's rule. */
    {"Europe/Amsterdam", "30 2 * * *", AFTER, FIRST, "2100-03-27T12:00:00Z",
	{"2100-03-28T01:00:00Z", "2100-03-29T00:30:00Z"}},
    {"America/New_York", "30 1 * * *", AFTER, SECOND, "2450-11-05T12:00:00Z",
	{"2450-11-06T06:30:00Z", "2450-11-07T06:30:00Z"}},
    /* Half an hour only: 01:30 to 02:00 is repeated, 02:00 to 02:30 skipped. */
    {"Australia/Lord_Howe", "45 1 * * *", AFTER, FIRST, "2026-04-04T00:00:00Z",
	{"2026-04-04T14:45:00Z", "2026-04-05T15:15:00Z"}},
    {"Australia/Lord_Howe", "45 1 * * *", AFTER, BOTH, "2026-04-04T00:00:00Z",
	{"2026-04-04T14:45:00Z", "2026-04-04T15:15:00Z", "2026-04-05T15:15:00Z"}},
    {"Australia/Lord_Howe", "15 1 * * *", AFTER, BOTH, "2026-04-04T00:00:00Z",
	{"2026-04-04T14:15:00Z", "2026-04-05T14:45:00Z"}},
    {"Australia/Lord_Howe", "15 2 * * *", AFTER, FIRST, "2026-10-03T00:00:00Z",
	{"2026-10-03T15:30:00Z", "2026-10-04T15:15:00Z"}},
    {"Australia/Lord_Howe", "15 2 * * *", SKIP, FIRST, "2026-10-03T00:00:00Z",
	{"2026-10-04T15:15:00Z"}},
    {"Australia/Lord_Howe", "45 2 * * *", SKIP, FIRST, "2026-10-03T00:00:00Z",
	{"2026-10-03T15:45:00Z", "2026-10-04T15:45:00Z"}},
    /* Apia had no 2011-12-30: what was due on it is due as the 31st begins. */
    {"Pacific/Apia", "0 9 * * *", AFTER, FIRST, "2011-12-29T12:00:00Z",
	{"2011-12-29T19:00:00Z", "2011-12-30T10:00:00Z", "2011-12-30T19:00:00Z"}},
    {"Pacific/Apia", "0 9 * * *", SKIP, FIRST, "2011-12-29T12:00:00Z",
	{"2011-12-29T19:00:00Z", "2011-12-30T19:00:00Z"}},
    {"Pacific/Apia", "0 0 30 12 *", AFTER, FIRST, "2011-01-01T00:00:00Z",
	{"2011-12-30T10:00:00Z", "2012-12-29T10:00:00Z"}},
    /* Winter is the exception: the same gap and fold. */
    {"Europe/Dublin", "30 1 * * *", AFTER, FIRST, "2026-03-28T12:00:00Z",
	{"2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"}},
    {"Europe/Dublin", "30 1 * * *", AFTER, SECOND, "2026-10-24T12:00:00Z",
	{"2026-10-25T01:30:00Z", "2026-10-26T01:30:00Z"}},
    /* At midnight: Cairo skips the first hour of 2026-04-24 and repeats the last of 10-29. */
    {"Africa/Cairo", "0 0 * * *", AFTER, FIRST, "2026-04-22T23:00:00Z",
	{"2026-04-23T22:00:00Z", "2026-04-24T21:00:00Z"}},
    {"Africa/Cairo", "30 23 29 10 *", AFTER, BOTH, "2026-10-01T00:00:00Z",
	{"2026-10-29T20:30:00Z", "2026-10-29T21:30:00Z"}},
    /* Local mean time had seconds: Calcutta was 5:53:28 ahead. */
    {"Asia/Kolkata", "0 12 * * *", AFTER, FIRST, "1850-01-01T00:00:00Z",
	{"1850-01-01T06:06:32Z", "1850-01-02T06:06:32Z"}},
};

static void
clock_changes_follow_the_policies(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(changes); i++) {
		struct trigger t = cron(changes[i].expression, changes[i].gap, changes[i].fold);

		assert_due(changes[i].expression, &t, zone_of(changes[i].zone), changes[i].from,
		    changes[i].due);
	}
}

/* A zone of which the file has nothing but a footer. */
static struct zone *
zone_by_rule(const char *rule)
{
	/* One local time, STD at +1, whose abbreviation takes four bytes. */
	static const char body[6 + 4] = {0, 0, 0x0e, 0x10, 0, 0, 'S', 'T', 'D', 0};
	struct buf file = BUF_INIT;
	struct zone *zone;
	struct err err;

	for (int i = 0; i < 2; i++) {
		static const char head[44] = {'T', 'Z', 'i', 'f', '2', [39] = 1, [43] = 4};

		buf_add(&file, head, sizeof head);
		buf_add(&file, body, sizeof body);
	}
	buf_addf(&file, "\n%s\n", rule);
	if (zone_parse(file.data, file.len, &zone, &err))
		fail_msg("%s: %s", rule, err.text);
	buf_release(&file);
	return zone;
}

static void
a_gap_that_was_there_before_it_opened_is_none(void **state)
{
	/* On the 10th of April, at 03:00 back to 02:00, and half an hour later on to 03:30. */
	struct zone *zone = zone_by_rule("STD-1WIN0,J100/3,J100/2:30");
	static const char *const shown[] = {
	    "2026-04-09T01:45:00Z", "2026-04-10T01:45:00Z", "2026-04-11T01:45:00Z", NULL};
	static const char *const skipped[] = {
	    "2026-04-09T02:15:00Z", "2026-04-10T02:30:00Z", "2026-04-11T02:15:00Z", NULL};
	static const char *const twice[] = {
	    "2026-04-09T01:15:00Z", "2026-04-10T02:15:00Z", "2026-04-11T01:15:00Z", NULL};
	struct trigger t = cron("45 2 * * *", DST_GAP_AFTER, DST_FOLD_SECOND);

	(void)state;
	assert_due("02:45", &t, zone, "2026-04-09T00:00:00Z", shown);
	t = cron("15 3 * * *", DST_GAP_AFTER, DST_FOLD_FIRST);
	assert_due("03:15", &t, zone, "2026-04-09T00:00:00Z", skipped);
	t = cron("15 2 * * *", DST_GAP_AFTER, DST_FOLD_SECOND);
	assert_due("02:15", &t, zone, "2026-04-09T00:00:00Z", twice);
	zone_free(zone);
}

/* Days since 1970 of the civil day that a due time stands for. */
static int64_t
day_of(const struct zone *zone, int64_t due_us, int64_t time_us)
{
	struct zone_segment s = zone_segment_at(zone, due_us), before;
	int64_t local_us = due_us + s.offset_s * SECOND_US, day;

	if ((local_us - time_us) % DAY_US == 0)
		return (local_us - time_us) / DAY_US;
	/* The time of the job fell into a gap that ends here. */
	assert_int_equal(s.start_us, due_us);
	before = zone_segment_at(zone, due_us - 1);
	day = (due_us + before.offset_s * SECOND_US - time_us + DAY_US - 1) / DAY_US;
	assert_true(day * DAY_US + time_us < local_us);
	return day;
}

/* Does the day wholly fall into the gap before the due time behind it? */
static bool
day_was_skipped(const struct zone *zone, int64_t due_us, int64_t day)
{
	struct zone_segment s = zone_segment_at(zone, due_us), before;

	before = zone_segment_at(zone, s.start_us - 1);
	return s.start_us + before.offset_s * SECOND_US <= day * DAY_US &&
	       s.start_us + s.offset_s * SECOND_US >= (day + 1) * DAY_US;
}

static void
walk_days(const char *name, int minute, const char *from, const char *to)
{
	const struct zone *zone = zone_of(name);
	int64_t at_us = instant(from), to_us = instant(to), time_us = minute * MINUTE_US;
	int64_t day, last;
	struct trigger t;
	char text[32];

	snprintf(text, sizeof text, "%d %d * * *", minute % 60, minute / 60);
	t = cron(text, DST_GAP_AFTER, DST_FOLD_FIRST);
	at_us = trigger_next(&t, zone, at_us);
	last = day_of(zone, at_us, time_us);
	while (at_us < to_us) {
		at_us = trigger_next(&t, zone, at_us);
		day = day_of(zone, at_us, time_us);
		if (day == last + 2 && day_was_skipped(zone, at_us, last + 1))
			last++;
		if (day != last + 1)
			fail_msg("%s: %s: day %lld follows day %lld", name, text,
			    (long long)day, (long long)last);
		last = day;
	}
}

static void
a_daily_job_is_due_exactly_once_on_every_day_in_every_zone(void **state)
{
	static char names[ZONE_NAMES_MAX][ZONE_NAME_SIZE];
	size_t count = zone_names(names);

	(void)state;
	assert_true(count > 300);
	for (size_t i = 0; i < count; i++) {
		/* Zones change at different times of the day. */
		static const int minutes[] = {150, 0, 30, 90, 1439};

		walk_days(names[i], 150, "2000-01-01T00:00:00Z", "2041-01-01T00:00:00Z");
		walk_days(names[i], minutes[i % COUNT(minutes)], "2000-01-01T00:00:00Z",
		    "2012-01-01T00:00:00Z");
	}
	walk_days("Europe/Amsterdam", 150, "2090-01-01T00:00:00Z", "2210-01-01T00:00:00Z");
	walk_days("Pacific/Apia", 0, "2011-01-01T00:00:00Z", "2013-01-01T00:00:00Z");
	walk_days("Australia/Lord_Howe", 135, "2000-01-01T00:00:00Z", "2041-01-01T00:00:00Z");
}

static void
the_due_times_after_any_instant_are_a_tail_of_one_sequence(void **state)
{
	const struct zone *zone = zone_of("Australia/Lord_Howe");

	(void)state;
	for (int policy = 0; policy < 6; policy++) {
		struct trigger t = cron("*/10 1-3 * * *", policy % 2, policy / 2);
		int64_t due_us = trigger_next(&t, zone, instant("2026-04-04T13:00:00Z"));

		for (int64_t us = instant("2026-04-04T13:00:00Z");
		     us < instant("2026-04-04T17:00:00Z"); us += 37 * SECOND_US) {
			while (due_us <= us)
				due_us = trigger_next(&t, zone, due_us);
			assert_int_equal(trigger_next(&t, zone, us), due_us);
			assert_int_equal(trigger_next(&t, zone, due_us - 1), due_us);
		}
	}
}

static void
cron_has_an_end_and_no_beginning(void **state)
{
	struct trigger t = cron("0 0 1 1 *", DST_GAP_AFTER, DST_FOLD_FIRST);
	const struct zone *utc = zone_of("UTC"), *zone = zone_of("Europe/Amsterdam");

	(void)state;
	assert_int_equal(trigger_next(&t, utc, instant("2998-06-01T00:00:00Z")),
	    TRIGGER_END_US - 365 * DAY_US);
	assert_true(trigger_next(&t, utc, instant("2999-01-01T00:00:00Z")) == INSTANT_NEVER);
	/* In local time the year 3000 begins an hour before the end. */
	assert_int_equal(
	    trigger_next(&t, zone, instant("2999-06-01T00:00:00Z")), TRIGGER_END_US - HOUR_US);
	assert_true(trigger_next(&t, zone, TRIGGER_END_US - HOUR_US) == INSTANT_NEVER);
	assert_true(trigger_next(&t, utc, TRIGGER_END_US) == INSTANT_NEVER);
	assert_true(trigger_next(&t, utc, INSTANT_NEVER) == INSTANT_NEVER);
	assert_int_equal(trigger_next(&t, utc, INT64_MIN), instant("0002-01-01T00:00:00Z"));
	assert_true(trigger_next(&t, zone, INT64_MIN) > INT64_MIN);
}

/* ---- every and at ---- */

static void
an_interval_counts_from_its_anchor_in_both_directions(void **state)
{
	static const struct {
		int64_t every_us;
		const char *anchor, *from, *due[4];
	} cases[] = {
	    {15 * MINUTE_US, "2026-01-01T00:00:00Z", "2026-06-01T12:07:00Z",
		{"2026-06-01T12:15:00Z", "2026-06-01T12:30:00Z"}},
	    {15 * MINUTE_US, "2026-01-01T00:00:00Z", "2025-12-31T23:37:00Z",
		{"2025-12-31T23:45:00Z", "2026-01-01T00:00:00Z", "2026-01-01T00:15:00Z"}},
	    {15 * MINUTE_US, "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z",
		{"2026-01-01T00:15:00Z"}},
	    {15 * MINUTE_US, "2026-01-01T00:00:00Z", "2025-12-31T23:59:59.999999Z",
		{"2026-01-01T00:00:00Z"}},
	    {15 * MINUTE_US, "2026-01-01T00:00:00Z", "2025-12-31T23:45:00Z",
		{"2026-01-01T00:00:00Z"}},
	    {7 * DAY_US, "2026-01-01T00:00:00.250Z", "1969-12-31T00:00:00Z",
		{"1970-01-01T00:00:00.250Z", "1970-01-08T00:00:00.250Z"}},
	    /* A day is 24 hours of real time, whatever the clocks do. */
	    {DAY_US, "2026-03-28T01:30:00Z", "2026-03-28T02:00:00Z",
		{"2026-03-29T01:30:00Z", "2026-03-30T01:30:00Z"}},
	    {SECOND_US, "9999-12-31T23:59:59Z", "0001-01-01T00:00:00.5Z",
		{"0001-01-01T00:00:01Z"}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct trigger t = {.kind = TRIGGER_EVERY,
		    .every_us = cases[i].every_us,
		    .anchor_us = instant(cases[i].anchor)};

		assert_due(cases[i].anchor, &t, NULL, cases[i].from, cases[i].due);
	}
}

static void
an_interval_ends_with_the_year_3000_and_survives_the_ends_of_time(void **state)
{
	struct trigger t = {
	    .kind = TRIGGER_EVERY, .every_us = HOUR_US, .anchor_us = TRIGGER_END_US};

	(void)state;
	assert_int_equal(
	    trigger_next(&t, NULL, TRIGGER_END_US - HOUR_US - 1), TRIGGER_END_US - HOUR_US);
	assert_true(trigger_next(&t, NULL, TRIGGER_END_US - HOUR_US) == INSTANT_NEVER);
	assert_true(trigger_next(&t, NULL, INSTANT_NEVER) == INSTANT_NEVER);
	assert_true(trigger_next(&t, NULL, INT64_MIN) <= INT64_MIN + HOUR_US);
	t.anchor_us = instant("9999-12-31T23:59:59Z");
	assert_true(trigger_next(&t, NULL, INT64_MIN) <= INT64_MIN + HOUR_US);
	t.every_us = 36500 * DAY_US;
	t.anchor_us = instant("0001-01-01T00:00:00Z");
	assert_true(trigger_next(&t, NULL, TRIGGER_END_US - 1) == INSTANT_NEVER);
}

static void
a_one_shot_is_due_once(void **state)
{
	struct trigger t = {.kind = TRIGGER_AT, .at_us = instant("2026-12-24T17:00:00.001Z")};

	(void)state;
	assert_int_equal(trigger_next(&t, NULL, INT64_MIN), t.at_us);
	assert_int_equal(trigger_next(&t, NULL, t.at_us - 1), t.at_us);
	assert_true(trigger_next(&t, NULL, t.at_us) == INSTANT_NEVER);
	assert_true(trigger_next(&t, NULL, t.at_us + 1) == INSTANT_NEVER);
	t.at_us = TRIGGER_END_US - 1;
	assert_int_equal(trigger_next(&t, NULL, 0), t.at_us);
	t.at_us = TRIGGER_END_US;
	assert_true(trigger_next(&t, NULL, 0) == INSTANT_NEVER);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(clock_changes_follow_the_policies),
	    cmocka_unit_test(a_gap_that_was_there_before_it_opened_is_none),
	    cmocka_unit_test(a_daily_job_is_due_exactly_once_on_every_day_in_every_zone),
	    cmocka_unit_test(the_due_times_after_any_instant_are_a_tail_of_one_sequence),
	    cmocka_unit_test(cron_has_an_end_and_no_beginning),
	    cmocka_unit_test(an_interval_counts_from_its_anchor_in_both_directions),
	    cmocka_unit_test(an_interval_ends_with_the_year_3000_and_survives_the_ends_of_time),
	    cmocka_unit_test(a_one_shot_is_due_once),
	};

	return cmocka_run_group_tests_name("trigger", tests, open_zones, close_zones);
}
