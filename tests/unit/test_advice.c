/* What is wrong with when a schedule is due: that it never is, or hardly as it was meant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "model/advice.h"
#include "wire/definition.h"

static struct arena arena;
static struct zones *zones;
static struct err err;

#define NOW_US (INT64_C(1795339800) * SECOND_US) /* 2026-11-22T09:30:00Z */

static struct schedule
definition(const char *members)
{
	const char *text = arena_printf(&arena,
	    "{\"name\":\"n\",\"tasks\":[{\"name\":\"t\",\"command\":[\"/bin/true\"]}],%s}",
	    members);
	const struct json *value;
	struct schedule s;

	if (json_parse(&arena, text, strlen(text), &value, &err) ||
	    definition_read(&arena, value, "Europe/Amsterdam", NOW_US, &s, &err))
		fail_msg("%s: %s", text, err.text);
	return s;
}

#define TRIGGER(members) "\"triggers\":[{" members "}]"

static const struct {
	const char *members, *why;
} never[] = {
    {TRIGGER("\"cron\":\"0 0 0 1 1 ? 2020\""),
	"Invalid value: triggers[0].cron: column 13: year: is past, so it would never be due"},
    {TRIGGER("\"cron\":\" 0 0  0 1 1 *  2020-2025\""),
	"Invalid value: triggers[0].cron: column 16: year: is past, so it would never be due"},
    {TRIGGER("\"cron\":\"0 0 * * *\"") ",\"endDate\":\"2026-11-22T20:00:00Z\"",
	"Invalid value: endDate: triggers[0] would never be due before it"},
    {TRIGGER("\"every\":\"1h\",\"anchor\":\"2026-01-01T00:00:00Z\"") ",\"endDate\":\"2026-11-"
								     "22T09:40:00Z\"",
	"Invalid value: endDate: triggers[0] would never be due before it"},
    {TRIGGER("\"every\":\"1h\"") ",\"endDate\":\"2020-01-01T00:00:00Z\"",
	"Invalid value: endDate: triggers[0] would never be due before it"},
    {TRIGGER(
	 "\"rrule\":\"FREQ=DAILY;UNTIL=20260201T000000Z\",\"start\":\"2026-01-01T00:00:00\""),
	"Invalid value: triggers[0].rrule: column 12: is over, so it would never be due"},
    {TRIGGER("\"rrule\":\"FREQ=DAILY;COUNT=3\",\"start\":\"2026-01-01T00:00:00\""),
	"Invalid value: triggers[0].rrule: column 12: is over, so it would never be due"},
    {"\"triggers\":[{\"cron\":\"@daily\"},{\"at\":\"2027-01-01T00:00:00Z\"}],"
     "\"endDate\":\"2026-12-01T00:00:00Z\"",
	"Invalid value: triggers[1].at: must be within startDate and endDate, or it would "
	"never be "
	"due"},
};

static void
a_trigger_that_is_never_due_any_more_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof never / sizeof *never; i++) {
		struct schedule s = definition(never[i].members);

		assert_int_equal(schedule_check_future(&s, zones, NOW_US, &err), ERR_INPUT);
		assert_string_equal(err.text, never[i].why);
	}
}

static void
one_that_is_due_once_more_is_not(void **state)
{
	static const char *const fine[] = {
	    TRIGGER("\"cron\":\"0 0 0 1 1 ? 2020-2027\""),
	    TRIGGER("\"cron\":\"0 0 * * *\"") ",\"endDate\":\"2026-11-22T23:00:01Z\"",
	    TRIGGER("\"at\":\"2020-01-01T00:00:00Z\""),
	    TRIGGER("\"rrule\":\"FREQ=DAILY;COUNT=999\",\"start\":\"2026-01-01T00:00:00\""),
	    TRIGGER("\"cron\":\"0 0 29 2 *\""),
	    "\"description\":\"on demand\"",
	};

	(void)state;
	for (size_t i = 0; i < sizeof fine / sizeof *fine; i++) {
		struct schedule s = definition(fine[i]);

		if (schedule_check_future(&s, zones, NOW_US, &err))
			fail_msg("%s: %s", fine[i], err.text);
	}
}

static void
what_is_hardly_meant_is_told_with_its_column(void **state)
{
	static const struct {
		const char *cron, *advice; /* NULL: none */
	} cases[] = {
	    {"* 2 * * *",
		"triggers[0].cron: column 1: minute: is due in every minute of the hour; "
		"write 0 for once, or */1 if that is meant"},
	    {"0  * 2 * * *",
		"triggers[0].cron: column 4: minute: is due in every minute of the hour; "
		"write 0 for once, or */1 if that is meant"},
	    {"0-59 8-17 * * *",
		"triggers[0].cron: column 1: minute: is due in every minute of the "
		"hour; write 0 for once, or */1 if that is meant"},
	    {"0 0 13 * 5",
		"triggers[0].cron: column 10: day of week: a day is due when either it or "
		"the day of month matches, not only when both do"},
	    {"0 0 13 * fri#2",
		"triggers[0].cron: column 10: day of week: a day is due when either it "
		"or the day of month matches, not only when both do"},
	    {"*/1 2 * * *", NULL},
	    {"* * * * *", NULL},
	    {"*/5 2 * * *", NULL},
	    {"0 2 * * 1-5", NULL},
	    {"0 2 */2 * 1", NULL},
	    {"0 0 13 * ?", NULL},
	    {"@daily", NULL},
	};
	const char **lines;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct schedule s =
		    definition(arena_printf(&arena, TRIGGER("\"cron\":\"%s\""), cases[i].cron));
		size_t count = schedule_advice(&s, &arena, &lines);

		assert_int_equal(count, cases[i].advice ? 1 : 0);
		if (count)
			assert_string_equal(lines[0], cases[i].advice);
	}
}

static int
set_up(void **state)
{
	(void)state;
	zones = zones_new(NULL);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	zones_free(zones);
	arena_release(&arena);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_trigger_that_is_never_due_any_more_is_refused),
	    cmocka_unit_test(one_that_is_due_once_more_is_not),
	    cmocka_unit_test(what_is_hardly_meant_is_told_with_its_column),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
