/* Civil time: the calendar against itself day by day, and the texts of instants and durations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "calendar/civil.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static void
every_day_of_ten_thousand_years_has_its_number_and_its_weekday(void **state)
{
	int64_t days = civil_days(1, 1, 1);
	int weekday = 1; /* 0001-01-01 was a Monday */

	(void)state;
	assert_int_equal(days, -719162);
	for (int y = 1; y <= 9999; y++) {
		for (int m = 1; m <= 12; m++) {
			for (int d = 1; d <= civil_month_length(y, m); d++) {
				struct civil c = civil_from_us(days * DAY_US);

				if (civil_days(y, m, d) != days || c.year != y ||
				    c.month != m || c.day != d ||
				    civil_weekday(days) != weekday)
					fail_msg("%04d-%02d-%02d", y, m, d);
				days++;
				weekday = (weekday + 1) % 7;
			}
		}
	}
	assert_int_equal(civil_days(1970, 1, 1), 0);
	assert_int_equal(civil_weekday(0), 4);
}

static void
months_know_the_leap_years(void **state)
{
	(void)state;
	assert_int_equal(civil_month_length(2000, 2), 29);
	assert_int_equal(civil_month_length(1900, 2), 28);
	assert_int_equal(civil_month_length(2100, 2), 28);
	assert_int_equal(civil_month_length(2024, 2), 29);
	assert_int_equal(civil_month_length(2026, 2), 28);
	assert_int_equal(civil_month_length(2026, 12), 31);
}

static void
an_instant_and_its_civil_time_are_inverse(void **state)
{
	static const int64_t instants[] = {0, -1, 1, 999999, -1000000, 86399999999, 86400000000,
	    -86400000001, INT64_C(1795331400123456), INT64_C(-62135596800000000),
	    INT64_C(253402300799999999)};

	(void)state;
	for (size_t i = 0; i < COUNT(instants); i++) {
		struct civil c = civil_from_us(instants[i]);

		assert_int_equal(civil_to_us(&c), instants[i]);
		assert_in_range(c.hour, 0, 23);
		assert_in_range(c.minute, 0, 59);
		assert_in_range(c.second, 0, 59);
		assert_in_range(c.micro, 0, 999999);
	}
}

static void
an_instant_is_written_cut_to_the_millisecond(void **state)
{
	static const struct {
		int64_t us;
		const char *text;
	} cases[] = {
	    {0, "1970-01-01T00:00:00.000Z"},
	    {999, "1970-01-01T00:00:00.000Z"},
	    {1000, "1970-01-01T00:00:00.001Z"},
	    {-1, "1969-12-31T23:59:59.999Z"},
	    {INT64_C(1795331400123999), "2026-11-22T07:10:00.123Z"},
	    {INT64_C(-62135596800000000), "0001-01-01T00:00:00.000Z"},
	    {INT64_C(253402300799999999), "9999-12-31T23:59:59.999Z"},
	};
	char text[INSTANT_TEXT];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		instant_format(cases[i].us, text);
		assert_string_equal(text, cases[i].text);
	}
	/* No instant is too long to be written. */
	instant_format(INSTANT_NEVER, text);
	instant_format(INT64_MIN, text);
	assert_true(strlen(text) < sizeof text);
}

static void
an_instant_is_read_with_its_offset(void **state)
{
	static const struct {
		const char *text;
		int64_t us;
	} cases[] = {
	    {"1970-01-01T00:00:00Z", 0},
	    {"1970-01-01t00:00:00z", 0},
	    {"1970-01-01 00:00:00Z", 0},
	    {"1970-01-01T01:00:00+01:00", 0},
	    {"1969-12-31T23:59:00-00:01", 0},
	    {"1970-01-01T00:00:00-00:00", 0},
	    {"1970-01-01T00:00:00.5Z", 500000},
	    {"1970-01-01T00:00:00.000001Z", 1},
	    {"1970-01-01T00:00:00.123456789Z", 123456},
	    {"1969-12-31T23:59:59.999999Z", -1},
	    {"2024-02-29T12:00:00Z", INT64_C(1709208000000000)},
	    {"2026-12-24T18:00:00+23:59", INT64_C(1798048860000000)},
	    {"0001-01-01T00:00:00Z", INT64_C(-62135596800000000)},
	    {"9999-12-31T23:59:59.999999Z", INT64_C(253402300799999999)},
	};
	int64_t us;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		us = 77;
		if (instant_parse(cases[i].text, &us) || us != cases[i].us)
			fail_msg("%s is %lld", cases[i].text, (long long)us);
	}
}

static void
what_is_no_instant_is_refused(void **state)
{
	static const char *const texts[] = {
	    "",
	    "2026",
	    "2026-01-01",
	    "2026-01-01T00:00:00",
	    "2026-01-01T00:00Z",
	    "2026-01-01T00:00:00.Z",
	    "2026-01-01T00:00:00.1234567890Z",
	    "2026-01-01T00:00:00,5Z",
	    "2026-01-01T00:00:60Z",
	    "2026-01-01T24:00:00Z",
	    "2026-01-01T00:60:00Z",
	    "2026-13-01T00:00:00Z",
	    "2026-00-01T00:00:00Z",
	    "2026-02-29T00:00:00Z",
	    "2026-04-31T00:00:00Z",
	    "2026-01-00T00:00:00Z",
	    "0000-01-01T00:00:00Z",
	    "-2026-01-01T00:00:00Z",
	    "+2026-01-01T00:00:00Z",
	    "10000-01-01T00:00:00Z",
	    "2026-1-1T00:00:00Z",
	    "2026-01-01T00:00:00+1:00",
	    "2026-01-01T00:00:00+0100",
	    "2026-01-01T00:00:00+24:00",
	    "2026-01-01T00:00:00+01:60",
	    "2026-01-01T00:00:00ZZ",
	    "2026-01-01T00:00:00 Z",
	    " 2026-01-01T00:00:00Z",
	    "2026-01-01T00:00:00Z ",
	    "2026-01-01X00:00:00Z",
	    "0001-01-01T00:00:00+00:01",
	    "9999-12-31T23:59:59-00:01",
	};
	int64_t us = 77;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		if (instant_parse(texts[i], &us) != ERR_INPUT)
			fail_msg("accepted: %s", texts[i]);
		assert_int_equal(us, 77);
	}
}

static void
a_time_is_read_as_people_write_it(void **state)
{
	static const struct {
		const char *text, *same;
		int zoned;
	} cases[] = {
	    {"20220221", "2022-02-21T00:00:00Z", 0},
	    {"2022-02-21", "2022-02-21T00:00:00Z", 0},
	    {"20220221T061500", "2022-02-21T06:15:00Z", 0},
	    {"20220221T0615", "2022-02-21T06:15:00Z", 0},
	    {"20220221 061500.250", "2022-02-21T06:15:00.250Z", 0},
	    {"2022-02-21 06:15", "2022-02-21T06:15:00Z", 0},
	    {"2022-02-21T06:15", "2022-02-21T06:15:00Z", 0},
	    {"2022-02-21T06:15:01", "2022-02-21T06:15:01Z", 0},
	    {"2022-02-21T06:15:00.000Z", "2022-02-21T06:15:00Z", 1},
	    {"2022-02-21t06:15:00z", "2022-02-21T06:15:00Z", 1},
	    {"2022-02-21T06:15:00.000+01:00", "2022-02-21T06:15:00+01:00", 1},
	    {"2022-02-21T06:15:00.000 01:00", "2022-02-21T06:15:00+01:00", 1},
	    {"2022-02-21T06:15:00-0930", "2022-02-21T06:15:00-09:30", 1},
	    {"2022-02-21T06:15:00+02", "2022-02-21T06:15:00+02:00", 1},
	    {"20220221T061500+0100", "2022-02-21T06:15:00+01:00", 1},
	    {"20220221T061500 0100", "2022-02-21T06:15:00+01:00", 1},
	    {"20220221T061500Z", "2022-02-21T06:15:00Z", 1},
	    {"2022-02-21 06:15 01:00", "2022-02-21T06:15:00+01:00", 1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct civil c;
		bool zoned;
		int64_t offset_us, us;

		if (civil_parse(cases[i].text, &c, &zoned, &offset_us))
			fail_msg("%s", cases[i].text);
		assert_int_equal(instant_parse(cases[i].same, &us), 0);
		assert_int_equal(civil_to_us(&c) - offset_us, us);
		assert_int_equal(zoned, cases[i].zoned);
	}
}

static void
what_is_no_time_is_refused(void **state)
{
	static const char *const texts[] = {"", "junk", "2022", "202202", "2022022",
	    "202202211", "2022-02-30", "20220230", "2022-0221", "202202-21", "2022-2-21",
	    "2022-02-21T", "2022-02-21 ", "2022-02-21T06", "2022-02-21T06:1",
	    "2022-02-21T0615:00", "2022-02-21T06:1500", "2022-02-21T24:00", "2022-02-21T06:60",
	    "2022-02-21T06:15:60", "2022-02-21T06:15:00.", "2022-02-21T06:15.5",
	    "2022-02-21T06:15:00+1", "2022-02-21T06:15:00+01:", "2022-02-21T06:15:00+01:0",
	    "2022-02-21T06:15:00+24:00", "2022-02-21T06:15:00  01:00", "2022-02-21T06:15:00Zx",
	    "2022-02-21Z", "2022-02-21T06:15:00+01:00x", " 2022-02-21", "0000-01-01"};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct civil c;
		bool zoned;
		int64_t offset_us;

		if (!civil_parse(texts[i], &c, &zoned, &offset_us))
			fail_msg("%s", texts[i]);
	}
}

static void
durations_come_in_two_spellings(void **state)
{
	static const struct {
		const char *text;
		int64_t us;
	} cases[] = {
	    {"0s", 0},
	    {"1ms", 1000},
	    {"90s", 90 * SECOND_US},
	    {"15m", 15 * MINUTE_US},
	    {"2h", 2 * HOUR_US},
	    {"7d", 7 * DAY_US},
	    {"1w", 7 * DAY_US},
	    {"1h30m", 90 * MINUTE_US},
	    {"1w1d1h1m1s1ms", 8 * DAY_US + HOUR_US + MINUTE_US + SECOND_US + 1000},
	    {"1m1ms", MINUTE_US + 1000},
	    {"007d", 7 * DAY_US},
	    {"PT15M", 15 * MINUTE_US},
	    {"P1DT2H", 26 * HOUR_US},
	    {"P1D", DAY_US},
	    {"P2W", 14 * DAY_US},
	    {"P1W1DT1H1M1S", 8 * DAY_US + HOUR_US + MINUTE_US + SECOND_US},
	    {"PT0S", 0},
	    {"365250d", 365250 * DAY_US},
	};
	int64_t us;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		us = 77;
		if (duration_parse(cases[i].text, &us) || us != cases[i].us)
			fail_msg("%s is %lld", cases[i].text, (long long)us);
	}
}

static void
what_is_no_duration_is_refused(void **state)
{
	static const char *const texts[] = {"", "5", "s", "-5s", "+5s", "5 s", " 5s", "5s ",
	    "1.5h", "5S", "5M", "5D", "1m1h", "1s1s", "1ms1s", "5x", "5mm", "P", "PT", "P1DT",
	    "P5M", "P1Y", "PT1D", "P1H", "PT1M1H", "PT5", "p1d", "pt1m", "PT1.5S", "P-1D",
	    "P1D ", "PT1MT1S", "365251d", "365250d1ms", "99999999999999999999s", "31557600001s",
	    "9223372036854775807w", "P365250DT1S"};
	int64_t us = 77;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		if (duration_parse(texts[i], &us) != ERR_INPUT)
			fail_msg("accepted: %s", texts[i]);
		assert_int_equal(us, 77);
	}
}

static void
a_duration_is_written_as_short_as_can_be_and_reads_back(void **state)
{
	static const struct {
		int64_t us;
		const char *text;
	} cases[] = {
	    {0, "0s"},
	    {999, "0s"},
	    {1000, "1ms"},
	    {1500000, "1500ms"},
	    {90 * SECOND_US, "90s"},
	    {60 * SECOND_US, "1m"},
	    {15 * MINUTE_US, "15m"},
	    {90 * MINUTE_US, "90m"},
	    {25 * HOUR_US, "25h"},
	    {7 * DAY_US, "7d"},
	    {14 * DAY_US, "2w"},
	    {36500 * DAY_US, "36500d"},
	    {DAY_US + 1000, "1d1ms"},
	    {8 * DAY_US + HOUR_US + MINUTE_US + SECOND_US + 1000, NULL},
	    {365250 * DAY_US - 1000, NULL},
	};
	char text[INSTANT_TEXT];
	int64_t us;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		duration_format(cases[i].us, text);
		if (cases[i].text)
			assert_string_equal(text, cases[i].text);
		assert_int_equal(duration_parse(text, &us), 0);
		assert_int_equal(us, cases[i].us - cases[i].us % 1000);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_day_of_ten_thousand_years_has_its_number_and_its_weekday),
	    cmocka_unit_test(months_know_the_leap_years),
	    cmocka_unit_test(an_instant_and_its_civil_time_are_inverse),
	    cmocka_unit_test(an_instant_is_written_cut_to_the_millisecond),
	    cmocka_unit_test(an_instant_is_read_with_its_offset),
	    cmocka_unit_test(what_is_no_instant_is_refused),
	    cmocka_unit_test(a_time_is_read_as_people_write_it),
	    cmocka_unit_test(what_is_no_time_is_refused),
	    cmocka_unit_test(durations_come_in_two_spellings),
	    cmocka_unit_test(what_is_no_duration_is_refused),
	    cmocka_unit_test(a_duration_is_written_as_short_as_can_be_and_reads_back),
	};

	return cmocka_run_group_tests_name("civil", tests, NULL, NULL);
}
