/* Due times for people, and definitions compared: pure functions of definitions and instants. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "model/difference.h"
#include "model/preview.h"
#include "wire/definition.h"

enum { CAP = 40 };

static struct zones *zones;
static struct arena arena;
static struct err err;
static struct preview list[CAP];
static size_t count;

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

static int64_t
instant(const char *text)
{
	int64_t us;

	if (instant_parse(text, &us))
		fail_msg("%s", text);
	return us;
}

/* A definition with these triggers, read at noon of 2026-01-01. */
static struct schedule
read_text(const char *text)
{
	const struct json *value;
	struct schedule s;

	if (json_parse(&arena, text, strlen(text), &value, &err) ||
	    definition_read(
		&arena, value, "Europe/Amsterdam", instant("2026-01-01T12:00:00Z"), &s, &err))
		fail_msg("%s: %s", text, err.text);
	return s;
}

#define TASKS "\"tasks\":[{\"name\":\"t\",\"command\":[\"/bin/true\"]}]"

static struct schedule
with_triggers(const char *triggers)
{
	return read_text(
	    arena_printf(&arena, "{\"name\":\"n\"," TASKS ",\"triggers\":[%s]}", triggers));
}

static void
preview(const struct schedule *s, const char *from, size_t cap)
{
	assert_true(cap <= CAP);
	if (schedule_preview(s, zones, "Asia/Tokyo", instant(from), list, cap, &count, &err))
		fail_msg("%s", err.text);
}

static void
assert_due(size_t i, const char *due, const char *local, const char *note)
{
	char text[INSTANT_TEXT], where[INSTANT_LOCAL_TEXT], words[PREVIEW_NOTE];

	assert_true(i < count);
	instant_format(list[i].due_us, text);
	instant_format_local(list[i].due_us, list[i].offset_s, where);
	preview_note(&list[i], words);
	assert_string_equal(text, due);
	assert_string_equal(where, local);
	assert_string_equal(words, note);
}

/* ---- preview ---- */

static void
the_due_times_of_all_triggers_come_in_one_row(void **state)
{
	struct schedule s = with_triggers("{\"cron\":\"0 8 * * *\"},{\"every\":\"12h\"},"
					  "{\"at\":\"2026-01-02T00:00:00.5Z\"}");

	(void)state;
	preview(&s, "2026-01-01T12:00:00Z", 5);
	assert_int_equal(count, 5);
	assert_due(0, "2026-01-01T12:00:00.000Z", "2026-01-01T21:00:00.000+09:00", "");
	assert_due(1, "2026-01-02T00:00:00.000Z", "2026-01-02T09:00:00.000+09:00", "");
	assert_due(2, "2026-01-02T00:00:00.500Z", "2026-01-02T09:00:00.500+09:00", "");
	assert_due(3, "2026-01-02T07:00:00.000Z", "2026-01-02T08:00:00.000+01:00", "");
	assert_due(4, "2026-01-02T12:00:00.000Z", "2026-01-02T21:00:00.000+09:00", "");
	assert_string_equal(list[0].time_zone, "Asia/Tokyo");
	assert_string_equal(list[3].time_zone, "Europe/Amsterdam");
}

static void
triggers_that_are_due_at_once_are_one_due_time(void **state)
{
	struct schedule s = with_triggers(
	    "{\"cron\":\"0 * * * *\"},{\"every\":\"1h\"},{\"cron\":\"0 13 * * *\"}");

	(void)state;
	preview(&s, "2026-01-01T12:00:00Z", 2);
	assert_due(0, "2026-01-01T12:00:00.000Z", "2026-01-01T13:00:00.000+01:00",
	    "3 triggers are due at once: one run");
	assert_due(1, "2026-01-01T13:00:00.000Z", "2026-01-01T14:00:00.000+01:00",
	    "2 triggers are due at once: one run");
}

static void
a_time_that_the_clock_skips_is_moved_and_says_so(void **state)
{
	struct schedule s = with_triggers("{\"cron\":\"30 2 * * *\"}");

	(void)state;
	preview(&s, "2026-03-28T00:00:00Z", 3);
	assert_due(0, "2026-03-28T01:30:00.000Z", "2026-03-28T02:30:00.000+01:00", "");
	assert_due(1, "2026-03-29T01:00:00.000Z", "2026-03-29T03:00:00.000+02:00",
	    "02:30 does not exist on this day: moved to the first instant after the clock "
	    "change");
	assert_due(2, "2026-03-30T00:30:00.000Z", "2026-03-30T02:30:00.000+02:00", "");
}

static void
several_that_the_clock_skips_become_one(void **state)
{
	struct schedule s = with_triggers("{\"cron\":\"*/15 2 * * *\"},{\"every\":\"1h\"}");

	(void)state;
	preview(&s, "2026-03-29T01:00:00Z", 1);
	assert_due(0, "2026-03-29T01:00:00.000Z", "2026-03-29T03:00:00.000+02:00",
	    "4 due times from 02:00 to 02:45 do not exist on this day: merged into one at the "
	    "first instant after the clock change; 2 triggers are due at once: one run");
}

static void
what_is_due_when_the_clock_has_changed_is_nothing_unusual(void **state)
{
	struct schedule skip = with_triggers("{\"cron\":\"30 2 * * *\",\"dstGap\":\"skip\"}");
	struct schedule three = with_triggers("{\"cron\":\"0 3 * * *\"}");

	(void)state;
	preview(&skip, "2026-03-29T00:00:00Z", 1);
	assert_due(0, "2026-03-30T00:30:00.000Z", "2026-03-30T02:30:00.000+02:00", "");
	preview(&three, "2026-03-29T00:00:00Z", 1);
	assert_due(0, "2026-03-29T01:00:00.000Z", "2026-03-29T03:00:00.000+02:00", "");
}

static void
a_time_that_comes_twice_says_which_it_is(void **state)
{
	static const char first[] = "02:30 comes twice on this day: this is the first";
	static const char second[] = "02:30 comes twice on this day: this is the second";
	struct schedule s = with_triggers("{\"cron\":\"30 2 * * *\"}");

	(void)state;
	preview(&s, "2026-10-25T00:00:00Z", 2);
	assert_due(0, "2026-10-25T00:30:00.000Z", "2026-10-25T02:30:00.000+02:00", first);
	assert_due(1, "2026-10-26T01:30:00.000Z", "2026-10-26T02:30:00.000+01:00", "");
	s = with_triggers("{\"cron\":\"30 2 * * *\",\"dstFold\":\"second\"}");
	preview(&s, "2026-10-25T00:00:00Z", 1);
	assert_due(0, "2026-10-25T01:30:00.000Z", "2026-10-25T02:30:00.000+01:00", second);
	s = with_triggers("{\"cron\":\"30 2 * * *\",\"dstFold\":\"both\"}");
	preview(&s, "2026-10-25T00:00:00Z", 3);
	assert_due(0, "2026-10-25T00:30:00.000Z", "2026-10-25T02:30:00.000+02:00", first);
	assert_due(1, "2026-10-25T01:30:00.000Z", "2026-10-25T02:30:00.000+01:00", second);
	assert_due(2, "2026-10-26T01:30:00.000Z", "2026-10-26T02:30:00.000+01:00", "");
}

static void
a_preview_begins_at_its_instant_and_keeps_to_start_and_end(void **state)
{
	struct schedule s =
	    read_text("{\"name\":\"n\"," TASKS ",\"triggers\":[{\"cron\":\"0 0 * * *\","
		      "\"timeZone\":\"UTC\"},{\"at\":\"2026-05-01T00:00:00Z\"}],"
		      "\"startDate\":\"2026-02-02T00:00:00Z\","
		      "\"endDate\":\"2026-02-04T00:00:00Z\"}");

	(void)state;
	/* When it was made does not matter. */
	s.created_us = instant("2026-02-03T12:00:00Z");
	preview(&s, "2026-01-01T00:00:00Z", CAP);
	assert_int_equal(count, 2);
	assert_due(0, "2026-02-02T00:00:00.000Z", "2026-02-02T00:00:00.000+00:00", "");
	preview(&s, "2026-02-03T00:00:00Z", CAP);
	assert_int_equal(count, 1);
	preview(&s, "2026-02-03T00:00:00.001Z", CAP);
	assert_int_equal(count, 0);
}

static void
a_preview_is_what_the_plan_will_do(void **state)
{
	struct schedule s = with_triggers(
	    "{\"cron\":\"*/20 1-3 * * *\"},{\"every\":\"47m\"},"
	    "{\"cron\":\"30 2 * * *\",\"timeZone\":\"America/New_York\",\"dstFold\":\"both\"}");
	int64_t due_us = instant("2026-10-24T12:00:00Z") - 1;

	(void)state;
	preview(&s, "2026-10-24T12:00:00Z", CAP);
	assert_int_equal(count, CAP);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(schedule_next_due(&s, zones, due_us, &due_us, &err), 0);
		assert_true(list[i].due_us == due_us);
	}
}

static void
a_zone_that_is_not_known_is_a_fault_of_the_definition(void **state)
{
	struct schedule s =
	    with_triggers("{\"cron\":\"0 8 * * *\",\"timeZone\":\"Mars/Olympus\"}");

	(void)state;
	assert_int_equal(
	    schedule_preview(&s, zones, "UTC", 0, list, 1, &count, &err), ERR_INPUT);
	assert_string_equal(err.text,
	    "Invalid value: triggers[0].timeZone: unknown time zone \"Mars/Olympus\"");
}

static void
the_last_due_time_before_an_instant_is_found(void **state)
{
	static const struct {
		const char *after, *before, *last;
	} cases[] = {
	    {"2026-01-05T00:00:00Z", "2026-01-07T07:00:00.001Z", "2026-01-07T07:00:00Z"},
	    {"2026-01-05T00:00:00Z", "2026-01-07T07:00:00Z", "2026-01-06T07:00:00Z"},
	    {"2026-01-05T00:00:00Z", "2999-01-01T00:00:00Z", "2998-12-31T07:00:00Z"},
	    {"2026-01-06T07:00:00Z", "2026-01-07T07:00:00Z", NULL},
	    {"2026-01-07T07:00:00Z", "2026-01-05T07:00:00Z", NULL},
	    {"2026-01-06T06:59:59.999999Z", "2026-01-06T07:00:00.000001Z",
		"2026-01-06T07:00:00Z"},
	};
	struct schedule s = with_triggers("{\"cron\":\"0 8 * * *\"}");

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int64_t last_us;

		assert_int_equal(schedule_last_due(&s, zones, instant(cases[i].after),
				     instant(cases[i].before), &last_us, &err),
		    0);
		assert_true(
		    last_us == (cases[i].last ? instant(cases[i].last) : INSTANT_NEVER));
	}
}

/* ---- texts ---- */

static void
local_times_have_their_offset(void **state)
{
	static const struct {
		int32_t offset_s;
		const char *text;
	} cases[] = {
	    {0, "1970-01-01T00:00:00.000+00:00"},
	    {19800, "1970-01-01T05:30:00.000+05:30"},
	    {-12600, "1969-12-31T20:30:00.000-03:30"},
	    {-1, "1969-12-31T23:59:59.000-00:00:01"},
	    {1172, "1970-01-01T00:19:32.000+00:19:32"},
	};
	char text[INSTANT_LOCAL_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		instant_format_local(0, cases[i].offset_s, text);
		assert_string_equal(text, cases[i].text);
	}
}

static void
triggers_are_described_as_they_are_written(void **state)
{
	struct schedule s = with_triggers("{\"cron\":\"30 2 * * 1-5\"},{\"every\":\"90m\"},"
					  "{\"at\":\"2026-12-24T18:00:00+01:00\"}");
	static const char *const texts[] = {
	    "cron 30 2 * * 1-5", "every 90m", "at 2026-12-24T17:00:00.000Z"};
	char text[TRIGGER_TEXT];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		trigger_describe(&s.triggers[i], text);
		assert_string_equal(text, texts[i]);
	}
}

/* ---- differences ---- */

#define FULL(name, description, tags, type, triggers, start, end, tasks, overlap, misfire,   \
    window, lost, days)                                                                      \
	"{\"name\":\"" name "\",\"description\":\"" description "\",\"tags\":" tags          \
	",\"scheduleType\":" type ",\"triggers\":" triggers ",\"startDate\":" start          \
	",\"endDate\":" end ",\"tasks\":" tasks ",\"overlap\":\"" overlap                    \
	"\",\"misfire\":\"" misfire "\",\"misfireWindow\":\"" window "\",\"onLost\":\"" lost \
	"\",\"keep\":{\"days\":" days "}}"

#define CRON	"[{\"cron\":\"0 8 * * *\"}]"
#define COMMAND "[{\"name\":\"t\",\"command\":[\"/bin/true\"]}]"

/* A row a member: what it differs in from the first, and in nothing else. */
static const struct {
	const char *member, *text;
} changes[] = {
    {NULL, FULL("n", "d", "[\"a\"]", "1", CRON, "null", "null", COMMAND, "skip", "one", "1h",
	       "fail", "7")},
    {"name", FULL("N", "d", "[\"a\"]", "1", CRON, "null", "null", COMMAND, "skip", "one", "1h",
		 "fail", "7")},
    {"description", FULL("n", "", "[\"a\"]", "1", CRON, "null", "null", COMMAND, "skip", "one",
			"1h", "fail", "7")},
    {"tags", FULL("n", "d", "[\"a\",\"b\"]", "1", CRON, "null", "null", COMMAND, "skip", "one",
		 "1h", "fail", "7")},
    {"tags", FULL("n", "d", "[\"b\"]", "1", CRON, "null", "null", COMMAND, "skip", "one", "1h",
		 "fail", "7")},
    {"scheduleType", FULL("n", "d", "[\"a\"]", "2", CRON, "null", "null", COMMAND, "skip",
			 "one", "1h", "fail", "7")},
    {"triggers", FULL("n", "d", "[\"a\"]", "1", "[]", "null", "null", COMMAND, "skip", "one",
		     "1h", "fail", "7")},
    {"triggers", FULL("n", "d", "[\"a\"]", "1", "[{\"cron\":\"0  8 * * *\"}]", "null", "null",
		     COMMAND, "skip", "one", "1h", "fail", "7")},
    {"triggers",
	FULL("n", "d", "[\"a\"]", "1", "[{\"cron\":\"0 8 * * *\",\"timeZone\":\"UTC\"}]",
	    "null", "null", COMMAND, "skip", "one", "1h", "fail", "7")},
    {"triggers",
	FULL("n", "d", "[\"a\"]", "1", "[{\"cron\":\"0 8 * * *\",\"dstGap\":\"skip\"}]", "null",
	    "null", COMMAND, "skip", "one", "1h", "fail", "7")},
    {"triggers",
	FULL("n", "d", "[\"a\"]", "1", "[{\"cron\":\"0 8 * * *\",\"dstFold\":\"both\"}]",
	    "null", "null", COMMAND, "skip", "one", "1h", "fail", "7")},
    {"triggers", FULL("n", "d", "[\"a\"]", "1", "[{\"every\":\"1h\"}]", "null", "null", COMMAND,
		     "skip", "one", "1h", "fail", "7")},
    {"calendars",
	FULL("n", "d", "[\"a\"]", "1", CRON, "null", "null,\"calendars\":{\"exclude\":[\"c\"]}",
	    COMMAND, "skip", "one", "1h", "fail", "7")},
    {"startDate", FULL("n", "d", "[\"a\"]", "1", CRON, "\"2026-01-01T00:00:00Z\"", "null",
		      COMMAND, "skip", "one", "1h", "fail", "7")},
    {"endDate", FULL("n", "d", "[\"a\"]", "1", CRON, "null", "\"2027-01-01T00:00:00Z\"",
		    COMMAND, "skip", "one", "1h", "fail", "7")},
    {"maxRuns", FULL("n", "d", "[\"a\"]", "1", CRON, "null", "null,\"maxRuns\":1", COMMAND,
		    "skip", "one", "1h", "fail", "7")},
    {"jitter", FULL("n", "d", "[\"a\"]", "1", CRON, "null", "null,\"jitter\":\"1m\"", COMMAND,
		   "skip", "one", "1h", "fail", "7")},
    {"condition", FULL("n", "d", "[\"a\"]", "1", CRON, "null", "null",
		      COMMAND ",\"condition\":{\"command\":[\"/bin/true\"]}", "skip", "one",
		      "1h", "fail", "7")},
    {"overlap", FULL("n", "d", "[\"a\"]", "1", CRON, "null", "null", COMMAND, "queue", "one",
		    "1h", "fail", "7")},
    {"misfire", FULL("n", "d", "[\"a\"]", "1", CRON, "null", "null", COMMAND, "skip", "all",
		    "1h", "fail", "7")},
    {"misfireWindow", FULL("n", "d", "[\"a\"]", "1", CRON, "null", "null", COMMAND, "skip",
			  "one", "2h", "fail", "7")},
    {"onLost", FULL("n", "d", "[\"a\"]", "1", CRON, "null", "null", COMMAND, "skip", "one",
		   "1h", "rerun", "7")},
    {"keep", FULL("n", "d", "[\"a\"]", "1", CRON, "null", "null", COMMAND, "skip", "one", "1h",
		 "fail", "8")},
    {"misfireMax", FULL("n", "d", "[\"a\"]", "1", CRON, "null", "null,\"misfireMax\":1",
		       COMMAND, "skip", "one", "1h", "fail", "7")},
    {"priority", FULL("n", "d", "[\"a\"]", "1", CRON, "null", "null,\"priority\":1", COMMAND,
		     "skip", "one", "1h", "fail", "7")},
    {"group", FULL("n", "d", "[\"a\"]", "1", CRON, "null", "null,\"group\":\"g\"", COMMAND,
		  "skip", "one", "1h", "fail", "7")},
    {"notify", FULL("n", "d", "[\"a\"]", "1", CRON, "null", "null",
		   COMMAND ",\"notify\":[{\"on\":\"failed\",\"mail\":{\"to\":[\"a@b\"]}}]",
		   "skip", "one", "1h", "fail", "7")},
};

static const char *const other_tasks[] = {
    "[{\"name\":\"u\",\"command\":[\"/bin/true\"]}]",
    "[{\"name\":\"t\",\"command\":[\"/bin/true\",\"x\"]}]",
    "[{\"name\":\"t\",\"command\":[\"/bin/false\"]}]",
    "[{\"name\":\"t\",\"command\":[\"/bin/true\"],\"env\":{\"A\":\"1\"}}]",
    "[{\"name\":\"t\",\"command\":[\"/bin/true\"],\"cwd\":\"/srv\"}]",
    "[{\"name\":\"t\",\"command\":[\"/bin/true\"],\"timeout\":\"1m\"}]",
    "[{\"name\":\"t\",\"command\":[\"/bin/true\"],\"killGrace\":\"1s\"}]",
    "[{\"name\":\"t\",\"command\":[\"/bin/true\"],\"acceptArgs\":true}]",
    "[{\"name\":\"t\",\"command\":[\"/bin/true\"],\"resultFile\":\"r\"}]",
    "[{\"name\":\"t\",\"command\":[\"/bin/true\"]},{\"name\":\"u\",\"command\":[\"/bin/"
    "true\"]}]",
};

static void
each_member_that_differs_is_named(void **state)
{
	const char *members[SCHEDULE_MEMBERS];
	struct schedule first = read_text(changes[0].text), again = read_text(changes[0].text);

	(void)state;
	again.id = 9;
	again.version = 7;
	again.created_us = again.modified_us = 5;
	again.owner = "somebody";
	assert_int_equal(schedule_differences(&first, &again, members), 0);
	for (size_t i = 1; i < sizeof changes / sizeof *changes; i++) {
		struct schedule other = read_text(changes[i].text);

		assert_int_equal(schedule_differences(&first, &other, members), 1);
		assert_string_equal(members[0], changes[i].member);
		assert_int_equal(schedule_differences(&other, &first, members), 1);
	}
}

static void
whatever_differs_in_calendars_is_noticed(void **state)
{
	static const char *const calendars[] = {
	    "null",
	    "{\"exclude\":[\"a\"]}",
	    "{\"exclude\":[\"b\"]}",
	    "{\"exclude\":[\"a\",\"b\"]}",
	    "{\"exclude\":[\"a\"],\"onExcluded\":\"defer\"}",
	};
	const char *members[SCHEDULE_MEMBERS];

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		for (size_t k = 0; k < 5; k++) {
			struct schedule a = read_text(arena_printf(&arena,
					    "{\"name\":\"n\",\"calendars\":%s," TASKS "}",
					    calendars[i])),
					b = read_text(arena_printf(&arena,
					    "{\"name\":\"n\",\"calendars\":%s," TASKS "}",
					    calendars[k]));

			assert_int_equal(schedule_differences(&a, &b, members), i != k);
		}
	}
}

static void
an_excluded_due_time_says_what_becomes_of_it(void **state)
{
	char note[PREVIEW_NOTE];
	struct preview p = {.due_us = instant("2026-12-25T08:00:00Z"),
	    .trigger_count = 1,
	    .excluded = "the calendar \"a\" excludes it (Christmas)",
	    .run_us = INSTANT_NEVER};

	(void)state;
	preview_note(&p, note);
	assert_string_equal(note, "the calendar \"a\" excludes it (Christmas); it is skipped");
	p.run_us = instant("2026-12-26T23:00:00Z");
	p.run_offset_s = 3600;
	preview_note(&p, note);
	assert_string_equal(note,
	    "the calendar \"a\" excludes it (Christmas); it is deferred to "
	    "2026-12-27T00:00:00.000+01:00");
}

static void
whatever_differs_in_a_condition_is_noticed(void **state)
{
	static const char *const conditions[] = {
	    "{\"command\":[\"/bin/true\"]}",
	    "{\"command\":[\"/bin/true\",\"x\"]}",
	    "{\"command\":[\"/bin/true\"],\"timeout\":\"1m\"}",
	};
	const char *members[SCHEDULE_MEMBERS];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		for (size_t k = 0; k < 3; k++) {
			struct schedule a = read_text(arena_printf(&arena,
					    "{\"name\":\"n\",\"condition\":%s," TASKS "}",
					    conditions[i])),
					b = read_text(arena_printf(&arena,
					    "{\"name\":\"n\",\"condition\":%s," TASKS "}",
					    conditions[k]));

			assert_int_equal(schedule_differences(&a, &b, members), i != k);
		}
	}
}

static void
whatever_differs_in_a_task_is_noticed(void **state)
{
	const char *members[SCHEDULE_MEMBERS];
	struct schedule first = read_text("{\"name\":\"n\"," TASKS "}");

	(void)state;
	for (size_t i = 0; i < sizeof other_tasks / sizeof *other_tasks; i++) {
		struct schedule other = read_text(
		    arena_printf(&arena, "{\"name\":\"n\",\"tasks\":%s}", other_tasks[i]));

		assert_int_equal(schedule_differences(&first, &other, members), 1);
		assert_string_equal(members[0], "tasks");
	}
}

/* Whoever adds a member to definitions adds a comparison and a row above. */
static void
every_member_of_a_definition_is_compared(void **state)
{
	struct schedule s = read_text(changes[0].text);
	struct buf out = BUF_INIT;
	struct json_writer *w = json_writer_new(&out);
	const struct json *value;
	size_t known = 0;

	(void)state;
	/* Written only where they say something. */
	s.misfire_max = 1;
	s.priority = 1;
	s.group = "g";
	json_object(w);
	definition_write(w, &s);
	json_end_object(w);
	assert_int_equal(json_writer_finish(w), 0);
	assert_int_equal(json_parse(&arena, out.data, out.len, &value, &err), 0);
	buf_release(&out);
	assert_int_equal(value->count, SCHEDULE_MEMBERS);
	for (const struct json *m = value->first; m; m = m->next, known = 0) {
		for (size_t i = 1; i < sizeof changes / sizeof *changes; i++)
			known += strcmp(changes[i].member, m->name) == 0;
		if (!known && strcmp(m->name, "tasks") != 0)
			fail_msg("%s has no row", m->name);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(the_due_times_of_all_triggers_come_in_one_row),
	    TEST(triggers_that_are_due_at_once_are_one_due_time),
	    TEST(a_time_that_the_clock_skips_is_moved_and_says_so),
	    TEST(several_that_the_clock_skips_become_one),
	    TEST(what_is_due_when_the_clock_has_changed_is_nothing_unusual),
	    TEST(a_time_that_comes_twice_says_which_it_is),
	    TEST(a_preview_begins_at_its_instant_and_keeps_to_start_and_end),
	    TEST(a_preview_is_what_the_plan_will_do),
	    TEST(a_zone_that_is_not_known_is_a_fault_of_the_definition),
	    TEST(the_last_due_time_before_an_instant_is_found),
	    TEST(local_times_have_their_offset),
	    TEST(triggers_are_described_as_they_are_written),
	    TEST(each_member_that_differs_is_named),
	    TEST(whatever_differs_in_calendars_is_noticed),
	    TEST(an_excluded_due_time_says_what_becomes_of_it),
	    TEST(whatever_differs_in_a_condition_is_noticed),
	    TEST(whatever_differs_in_a_task_is_noticed),
	    TEST(every_member_of_a_definition_is_compared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
