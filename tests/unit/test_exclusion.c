/* Excluded time: what each kind excludes, on ordinary days and when clocks are changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "calendar/exclusion.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

struct world {
	struct arena arena;
	struct zones *zones;
};

static int
set_up(void **state)
{
	static struct world w;

	w = (struct world){.zones = zones_new(NULL)};
	*state = &w;
	return 0;
}

static int
tear_down(void **state)
{
	struct world *w = *state;

	zones_free(w->zones);
	arena_release(&w->arena);
	return 0;
}

static int64_t
instant(const char *text)
{
	int64_t us;

	if (instant_parse(text, &us))
		fail_msg("%s", text);
	return us;
}

static int64_t
local(const char *text)
{
	struct civil c;
	bool zoned;
	int64_t offset_us;

	if (civil_parse(text, &c, &zoned, &offset_us))
		fail_msg("%s", text);
	return civil_to_us(&c);
}

static struct exclusion
dates(const char *first, const char *last)
{
	return (struct exclusion){.kind = EXCLUSION_DATES,
	    .text = "",
	    .first_day = local(first) / DAY_US,
	    .last_day = local(last) / DAY_US};
}

static struct exclusion
yearly(int first, int last)
{
	return (struct exclusion){
	    .kind = EXCLUSION_YEARLY, .text = "", .first_date = first, .last_date = last};
}

static struct exclusion
weekly(const char *text)
{
	struct exclusion e = {.text = ""};
	struct err err = {""};

	if (exclusion_parse_weekly(text, &e, &err))
		fail_msg("%s: %s", text, err.text);
	return e;
}

static struct exclusion
rule(const char *text, const char *start, const char *duration)
{
	struct exclusion e = {
	    .kind = EXCLUSION_RULE, .text = "", .rule = text, .start_us = local(start)};
	struct err err = {""};

	assert_int_equal(duration_parse(duration, &e.duration_us), 0);
	if (exclusion_check(&e, &err))
		fail_msg("%s: %s", text, err.text);
	return e;
}

static struct exclusion_reader
reader_of(struct world *w, const char *zone, const struct exclusion *list, size_t count)
{
	struct exclusions *set = arena_array(&w->arena, 1, sizeof *set);
	struct exclusion *copy = arena_array(&w->arena, count, sizeof *copy);
	struct exclusion_reader r;
	struct err err = {""};

	memcpy(copy, list, count * sizeof *copy);
	*set = (struct exclusions){zone, copy, count};
	if (exclusion_reader_init(&r, &w->arena, set, 1, w->zones, &err))
		fail_msg("%s", err.text);
	return r;
}

/* The first instant that is not excluded. NULL: the instant itself. */
struct question {
	const char *at, *free;
};

static void
ask(void **state, const char *zone, struct exclusion e, const struct question *list,
    size_t count)
{
	struct exclusion_reader r = reader_of(*state, zone, &e, 1);
	struct excluded by;
	char got[INSTANT_TEXT];

	/* Backwards too: nothing depends on what was asked before. */
	for (size_t i = 0; i < 2 * count; i++) {
		const struct question *q = &list[i < count ? i : 2 * count - 1 - i];
		int64_t at_us = instant(q->at), free_us = exclusion_first_free(&r, at_us);

		instant_format(free_us, got);
		if (free_us != (q->free ? instant(q->free) : at_us))
			fail_msg("at %s: free from %s", q->at, got);
		if (exclusion_at(&r, at_us, &by) != (q->free != NULL))
			fail_msg("at %s: %s", q->at, q->free ? "not excluded" : "excluded");
	}
}

#define ASK(zone, e, ...)                                            \
	do {                                                         \
		static const struct question list[] = {__VA_ARGS__}; \
		ask(state, zone, e, list, COUNT(list));              \
	} while (0)

static void
whole_dates_are_those_of_the_zone(void **state)
{
	ASK("Europe/Amsterdam", dates("2026-12-25", "2026-12-26"),
	    {"2026-12-24T22:59:59Z", NULL}, {"2026-12-24T23:00:00Z", "2026-12-26T23:00:00Z"},
	    {"2026-12-26T22:59:59.999999Z", "2026-12-26T23:00:00Z"},
	    {"2026-12-26T23:00:00Z", NULL}, {"2030-12-26T12:00:00Z", NULL});
	/* A day of 23 hours, and one of 25. */
	ASK("Europe/Amsterdam", dates("2026-03-29", "2026-03-29"),
	    {"2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"}, {"2026-03-29T22:00:00Z", NULL});
	ASK("Europe/Amsterdam", dates("2026-10-25", "2026-10-25"),
	    {"2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"}, {"2026-10-25T23:00:00Z", NULL});
	/* Samoa left out the 30th. */
	ASK("Pacific/Apia", dates("2011-12-30", "2011-12-30"), {"2011-12-30T09:59:59Z", NULL},
	    {"2011-12-30T10:00:00Z", NULL});
}

/* Midnight came twice in Havana: 00:00 to 00:59 of the 1st is told again. */
static void
a_date_that_a_clock_change_repeats_is_excluded_twice(void **state)
{
	ASK("America/Havana", dates("2026-11-01", "2026-11-01"), {"2026-11-01T03:59:59Z", NULL},
	    {"2026-11-01T04:30:00Z", "2026-11-02T05:00:00Z"},
	    {"2026-11-01T05:30:00Z", "2026-11-02T05:00:00Z"});
	/* In Sao Paulo it was the hour before midnight: the 17th ends, comes back and ends. */
	ASK("America/Sao_Paulo", dates("2018-02-18", "2018-02-18"),
	    {"2018-02-18T01:30:00Z", NULL}, {"2018-02-18T02:30:00Z", NULL},
	    {"2018-02-18T03:00:00Z", "2018-02-19T03:00:00Z"});
}

static void
dates_of_every_year_may_run_over_its_end(void **state)
{
	ASK("UTC", yearly(1225, 1225), {"2026-12-24T23:59:59Z", NULL},
	    {"2026-12-25T00:00:00Z", "2026-12-26T00:00:00Z"},
	    {"2031-12-25T12:00:00Z", "2031-12-26T00:00:00Z"});
	ASK("UTC", yearly(1224, 102), {"2026-12-23T23:59:59Z", NULL},
	    {"2026-12-31T00:00:00Z", "2027-01-03T00:00:00Z"},
	    {"2027-01-02T23:59:59Z", "2027-01-03T00:00:00Z"}, {"2027-01-03T00:00:00Z", NULL});
	ASK("UTC", yearly(229, 229), {"2027-03-01T00:00:00Z", NULL},
	    {"2028-02-29T12:00:00Z", "2028-03-01T00:00:00Z"}, {"2028-03-01T00:00:00Z", NULL});
}

static void
weekly_windows_go_by_the_clock(void **state)
{
	ASK("Europe/Amsterdam", weekly("Mon-Fri 08:00-18:00"), {"2026-11-23T06:59:59Z", NULL},
	    {"2026-11-23T07:00:00Z", "2026-11-23T17:00:00Z"}, {"2026-11-23T17:00:00Z", NULL},
	    {"2026-11-28T10:00:00Z", NULL}, {"2026-07-01T06:00:00Z", "2026-07-01T16:00:00Z"});
	ASK("UTC", weekly("Fri 22:00-06:00"), {"2026-11-27T21:59:59Z", NULL},
	    {"2026-11-27T22:00:00Z", "2026-11-28T06:00:00Z"},
	    {"2026-11-28T05:59:59Z", "2026-11-28T06:00:00Z"}, {"2026-11-28T22:00:00Z", NULL});
	ASK("UTC", weekly("Sat,Sun"), {"2026-11-27T23:59:59Z", NULL},
	    {"2026-11-28T00:00:00Z", "2026-11-30T00:00:00Z"});
	/* The gap: 02:00 to 02:59 is not there, so the window ends where it begins. */
	ASK("Europe/Amsterdam", weekly("01:30-02:30"),
	    {"2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z"}, {"2026-03-29T01:00:00Z", NULL});
	/* The fold: both are excluded, with the half hour between them free. */
	ASK("Europe/Amsterdam", weekly("02:00-02:30"), {"2026-10-24T23:59:59Z", NULL},
	    {"2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z"}, {"2026-10-25T00:30:00Z", NULL},
	    {"2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z"});
}

static void
a_range_ends_before_its_end(void **state)
{
	struct exclusion e = {.kind = EXCLUSION_RANGE,
	    .text = "",
	    .from_us = instant("2026-05-01T20:00:00Z"),
	    .to_us = instant("2026-05-02T04:00:00Z")};

	ASK("UTC", e, {"2026-05-01T19:59:59Z", NULL},
	    {"2026-05-01T20:00:00Z", "2026-05-02T04:00:00Z"}, {"2026-05-02T04:00:00Z", NULL});
}

static void
a_rules_windows_last_days_of_the_calendar_and_real_hours(void **state)
{
	ASK("UTC", rule("FREQ=MONTHLY;BYMONTHDAY=-1", "2026-01-31T18:00", "8h"),
	    {"2026-01-31T17:59:59Z", NULL}, {"2026-02-28T18:00:00Z", "2026-03-01T02:00:00Z"},
	    {"2026-03-01T01:59:59Z", "2026-03-01T02:00:00Z"}, {"2026-03-01T02:00:00Z", NULL});
	ASK("Europe/Amsterdam", rule("FREQ=WEEKLY;BYDAY=SA", "2026-01-03T12:00", "1d"),
	    {"2026-03-28T11:00:00Z", "2026-03-29T10:00:00Z"},
	    {"2026-10-24T10:00:00Z", "2026-10-25T11:00:00Z"});
	/* From 23:00 on for four hours: in the night of the change till 04:00. */
	ASK("Europe/Amsterdam", rule("FREQ=DAILY", "2026-01-01T23:00", "4h"),
	    {"2026-03-28T22:00:00Z", "2026-03-29T02:00:00Z"}, {"2026-03-29T02:00:00Z", NULL});
	/* One that would begin in the gap begins behind it. */
	ASK("Europe/Amsterdam", rule("FREQ=DAILY", "2026-01-01T02:30", "1h"),
	    {"2026-03-29T00:59:59Z", NULL}, {"2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z"});
	/* UNTIL in UTC bounds the beginnings. */
	ASK("Europe/Amsterdam",
	    rule("FREQ=DAILY;UNTIL=20260102T070000Z", "2026-01-01T08:00", "1h"),
	    {"2026-01-02T07:30:00Z", "2026-01-02T08:00:00Z"}, {"2026-01-03T07:30:00Z", NULL});
	/* They may overlap: what ends last counts. */
	ASK("UTC", rule("FREQ=HOURLY;UNTIL=20260101T230000", "2026-01-01T00:00", "3h"),
	    {"2026-01-01T00:00:00Z", "2026-01-02T02:00:00Z"}, {"2026-01-02T02:00:00Z", NULL});
}

static void
a_rule_leaves_out_what_it_excepts(void **state)
{
	int64_t except[] = {local("2026-01-02T08:00")};
	struct exclusion e = rule("FREQ=DAILY", "2026-01-01T08:00", "1h");

	e.except = except;
	e.except_count = 1;
	ASK("UTC", e, {"2026-01-01T08:00:00Z", "2026-01-01T09:00:00Z"},
	    {"2026-01-02T08:00:00Z", NULL}, {"2026-01-03T08:00:00Z", "2026-01-03T09:00:00Z"});
}

static void
the_first_entry_that_excludes_it_is_named(void **state)
{
	struct world *w = *state;
	struct exclusion list[] = {
	    weekly("Mon"), dates("2026-11-24", "2026-11-24"), weekly("Mon-Wed 08:00-18:00")};
	struct exclusion_reader r = reader_of(w, "UTC", list, COUNT(list));
	struct excluded by;

	assert_true(exclusion_at(&r, instant("2026-11-23T12:00:00Z"), &by));
	assert_int_equal(by.entry, 0);
	assert_true(exclusion_at(&r, instant("2026-11-24T12:00:00Z"), &by));
	assert_int_equal(by.entry, 1);
	assert_true(exclusion_at(&r, instant("2026-11-25T12:00:00Z"), &by));
	assert_int_equal(by.entry, 2);
	assert_false(exclusion_at(&r, instant("2026-11-25T18:00:00Z"), &by));
	/* From Monday through all of them. */
	assert_int_equal(exclusion_first_free(&r, instant("2026-11-23T00:00:00Z")),
	    instant("2026-11-25T00:00:00Z"));
}

static void
what_excludes_everything_ends_the_search(void **state)
{
	struct exclusion list[] = {weekly("Mon-Sun"), yearly(101, 1231),
	    rule("FREQ=HOURLY", "2026-01-01T00:00", "1h"), dates("1990-01-01", "2999-12-31")};

	for (size_t i = 0; i < COUNT(list); i++) {
		struct exclusion_reader r = reader_of(*state, "Europe/Amsterdam", &list[i], 1);

		assert_true(
		    exclusion_first_free(&r, instant("2026-11-24T12:00:00Z")) == INSTANT_NEVER);
	}
}

static void
an_entry_may_have_a_zone_of_its_own(void **state)
{
	struct exclusion e = dates("2026-12-25", "2026-12-25");

	e.time_zone = "Asia/Tokyo";
	ASK("UTC", e, {"2026-12-24T15:00:00Z", "2026-12-25T15:00:00Z"});
}

static void
an_unknown_zone_is_a_fault(void **state)
{
	struct world *w = *state;
	struct exclusion e = weekly("Mon");
	struct exclusions set = {"Mars/Olympus", &e, 1};
	struct exclusion_reader r;
	struct err err = {""};

	assert_int_equal(
	    exclusion_reader_init(&r, &w->arena, &set, 1, w->zones, &err), ERR_INPUT);
	assert_string_equal(err.text, "unknown time zone \"Mars/Olympus\"");
}

static void
weekly_windows_are_read_and_written(void **state)
{
	static const struct {
		const char *text, *written;
	} cases[] = {
	    {"Mon-Fri 08:00-18:00", NULL},
	    {"Mon-Wed,Fri,Sun 08:00-18:00:30", NULL},
	    {"monday-FRIDAY  08:00-18:00", "Mon-Fri 08:00-18:00"},
	    {"Sat-Mon", "Mon,Sat-Sun"},
	    {"Fri 22:00-06:00", NULL},
	    {"Sun", NULL},
	    {"08:00-18:00", NULL},
	    {"Sun-Sat", "00:00-24:00"},
	    {"00:00-24:00", NULL},
	    {"12:00-12:00", NULL},
	    {"Mon 00:00-24:00", "Mon"},
	    {"Mon 00:00-00:00", "Mon"},
	    {"12:00-24:00", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct exclusion e = weekly(cases[i].text);
		char got[INSTANT_TEXT * 2];

		exclusion_format_weekly(&e, got);
		assert_string_equal(got, cases[i].written ? cases[i].written : cases[i].text);
	}
}

static void
what_is_no_weekly_window_is_refused_with_the_column(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
	    {"", "column 1: must be such as Mon-Fri 08:00-18:00"},
	    {"Mo", "column 1: must be a weekday such as Mon, or a time such as 08:00-18:00"},
	    {"Mon-", "column 5: must be a weekday"},
	    {"Monda", "column 4: must be a comma, or a blank"},
	    {"Mon Tue", "column 5: must be a time such as 08:00-18:00"},
	    {"Mon 8:00-18:00", "column 5: must be two times such as 08:00-18:00"},
	    {"Mon 08:00", "column 5: must be two times such as 08:00-18:00"},
	    {"Mon 24:00-24:00", "column 5: must be two times such as 08:00-18:00"},
	    {"Mon 08:00-24:01", "column 11: must be a time from 00:00 to 24:00"},
	    {"Mon 08:00-25:00", "column 11: must be a time from 00:00 to 24:00"},
	    {"Mon 08:00-18:00 ", "column 16: must be the end"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct exclusion e = {.text = ""};
		struct err err = {""};

		if (exclusion_parse_weekly(cases[i].text, &e, &err) != ERR_INPUT)
			fail_msg("accepted: %s", cases[i].text);
		assert_string_equal(err.text, cases[i].why);
	}
}

static void
what_makes_no_sense_is_refused_by_its_member(void **state)
{
	struct exclusion backwards = dates("2026-01-02", "2026-01-02");
	struct exclusion range = {
	    .kind = EXCLUSION_RANGE, .text = "", .from_us = 5, .to_us = 5};
	struct exclusion endless = rule("FREQ=DAILY", "2026-01-01", "1h");
	struct exclusion never = endless;
	struct exclusion no_date = yearly(230, 301);
	const struct {
		const struct exclusion *e;
		const char *why;
	} cases[] = {
	    {&backwards, "to: must not be before date"},
	    {&range, "to: must be behind from"},
	    {&endless, "duration: must be above 0 and at most 366 days"},
	    {&never, "rrule: would never be due from its start on"},
	    {&no_date, "yearly: must be a date such as 12-25"},
	};

	(void)state;
	backwards.last_day--;
	endless.duration_us = EXCLUSION_DURATION_MAX_US + 1;
	never.rule = "FREQ=DAILY;UNTIL=20251231";
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct err err = {""};

		assert_int_equal(exclusion_check(cases[i].e, &err), ERR_INPUT);
		assert_string_equal(err.text, cases[i].why);
	}
}

static void
each_kind_is_described(void **state)
{
	struct exclusion range = {.kind = EXCLUSION_RANGE,
	    .text = "",
	    .from_us = instant("2026-05-01T20:00:00Z"),
	    .to_us = instant("2026-05-02T04:00:00Z")};
	struct exclusion named = weekly("Mon");
	const struct {
		struct exclusion e;
		const char *text;
	} cases[] = {
	    {dates("2026-12-25", "2026-12-25"), "2026-12-25"},
	    {dates("2026-12-24", "2026-12-26"), "2026-12-24 to 2026-12-26"},
	    {yearly(1224, 102), "yearly 12-24 to 01-02"},
	    {weekly("Mon-Fri 08:00-18:00"), "weekly Mon-Fri 08:00-18:00"},
	    {range, "2026-05-01T20:00:00.000Z to 2026-05-02T04:00:00.000Z"},
	    {rule("FREQ=DAILY", "2026-01-01", "90m"), "rrule FREQ=DAILY for 90m"},
	    {(named.text = "Quiet Monday", named), "Quiet Monday"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char got[EXCLUSION_DESCRIPTION];

		exclusion_describe(&cases[i].e, got);
		assert_string_equal(got, cases[i].text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(whole_dates_are_those_of_the_zone),
	    cmocka_unit_test(a_date_that_a_clock_change_repeats_is_excluded_twice),
	    cmocka_unit_test(dates_of_every_year_may_run_over_its_end),
	    cmocka_unit_test(weekly_windows_go_by_the_clock),
	    cmocka_unit_test(a_range_ends_before_its_end),
	    cmocka_unit_test(a_rules_windows_last_days_of_the_calendar_and_real_hours),
	    cmocka_unit_test(a_rule_leaves_out_what_it_excepts),
	    cmocka_unit_test(the_first_entry_that_excludes_it_is_named),
	    cmocka_unit_test(what_excludes_everything_ends_the_search),
	    cmocka_unit_test(an_entry_may_have_a_zone_of_its_own),
	    cmocka_unit_test(an_unknown_zone_is_a_fault),
	    cmocka_unit_test(weekly_windows_are_read_and_written),
	    cmocka_unit_test(what_is_no_weekly_window_is_refused_with_the_column),
	    cmocka_unit_test(what_makes_no_sense_is_refused_by_its_member),
	    cmocka_unit_test(each_kind_is_described),
	};

	return cmocka_run_group_tests_name("exclusion", tests, set_up, tear_down);
}
