/* The model: what schedule_validate() lets pass and in which words it refuses, the next due time
 * of a schedule, and the names that are durable or shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "model/account.h"
#include "model/execution.h"
#include "model/schedule.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static struct zones *zones;
static struct err err;

/* One of everything, for a case to spoil. */
static struct world {
	struct schedule s;
	struct trigger triggers[SCHEDULE_TRIGGERS_MAX + 1];
	struct task_def tasks[SCHEDULE_TASKS_MAX + 1];
	char task_names[SCHEDULE_TASKS_MAX + 1][8];
	const char *tags[SCHEDULE_TAGS_MAX + 1];
	char tag_names[SCHEDULE_TAGS_MAX + 1][8];
	const char *argv[SCHEDULE_ARGV_MAX + 2];
	struct env_var env[SCHEDULE_ENV_MAX + 1];
	char env_names[SCHEDULE_ENV_MAX + 1][8];
	char text[SCHEDULE_BYTES_MAX + 1];
} w;

static struct trigger
cron_trigger(const char *expression, const char *zone)
{
	struct trigger t = {.kind = TRIGGER_CRON, .expression = expression, .time_zone = zone};

	if (cron_parse(expression, 0, &t.cron, &err))
		fail_msg("%s: %s", expression, err.text);
	return t;
}

static int
set_up(void **state)
{
	(void)state;
	memset(&w, 0, sizeof w);
	memset(w.text, 'x', sizeof w.text - 1);
	for (size_t i = 0; i < COUNT(w.triggers); i++)
		w.triggers[i] = cron_trigger("0 0 * * *", "UTC");
	for (size_t i = 0; i < COUNT(w.tags); i++) {
		snprintf(w.tag_names[i], sizeof w.tag_names[i], "tag%zu", i);
		w.tags[i] = w.tag_names[i];
	}
	for (size_t i = 0; i < COUNT(w.argv) - 1; i++)
		w.argv[i] = "/bin/true";
	for (size_t i = 0; i < COUNT(w.env); i++) {
		snprintf(w.env_names[i], sizeof w.env_names[i], "V%zu", i);
		w.env[i] = (struct env_var){w.env_names[i], ""};
	}
	for (size_t i = 0; i < COUNT(w.tasks); i++) {
		snprintf(w.task_names[i], sizeof w.task_names[i], "task%zu", i);
		w.tasks[i] = (struct task_def){
		    .name = w.task_names[i], .argv = w.argv, .argc = 1, .env = w.env};
	}
	w.s = (struct schedule){
	    .name = "Nightly",
	    .description = "",
	    .tags = w.tags,
	    .tag_count = 1,
	    .triggers = w.triggers,
	    .trigger_count = 1,
	    .start_us = INT64_MIN,
	    .end_us = INSTANT_NEVER,
	    .keep_us = 7 * DAY_US,
	    .tasks = w.tasks,
	    .task_count = 1,
	};
	err.text[0] = '\0';
	zones = zones_new(NULL);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	zones_free(zones);
	return 0;
}

/* What a case spoiled is whole again. */
static void
afresh(void)
{
	zones_free(zones);
	set_up(NULL);
}

static void
assert_valid(void)
{
	if (schedule_validate(&w.s, &err))
		fail_msg("%s", err.text);
}

static void
assert_invalid(const char *why)
{
	if (schedule_validate(&w.s, &err) != ERR_INPUT)
		fail_msg("accepted, but: %s", why);
	assert_string_equal(err.text, why);
}

/* ---- bounds ---- */

static void
a_schedule_may_be_as_large_as_the_bounds_say(void **state)
{
	(void)state;
	assert_valid();
	w.s.tag_count = SCHEDULE_TAGS_MAX;
	w.s.trigger_count = SCHEDULE_TRIGGERS_MAX;
	w.s.task_count = SCHEDULE_TASKS_MAX;
	w.s.type = SCHEDULE_TYPE_MAX;
	w.s.keep_us = 36500 * DAY_US;
	w.s.misfire_window_us = 36500 * DAY_US;
	w.tasks[0].argc = SCHEDULE_ARGV_MAX;
	w.tasks[0].env_count = SCHEDULE_ENV_MAX;
	w.tasks[0].timeout_us = 365 * DAY_US;
	w.tasks[0].kill_grace_us = 365 * DAY_US;
	w.s.description = w.text + SCHEDULE_BYTES_MAX - SCHEDULE_DESCRIPTION_MAX;
	w.s.name = w.text + SCHEDULE_BYTES_MAX - SCHEDULE_NAME_MAX;
	assert_valid();
	w.s.trigger_count = 0;
	w.s.tag_count = 0;
	assert_valid();
}

static void
one_more_than_the_bounds_say_is_refused(void **state)
{
	(void)state;
#define SPOILED(change, why)         \
	do {                         \
		afresh();            \
		change;              \
		assert_invalid(why); \
	} while (0)
	SPOILED(w.s.tag_count = 33, "Invalid value: tags: must have at most 32 entries");
	SPOILED(
	    w.s.trigger_count = 33, "Invalid value: triggers: must have at most 32 entries");
	SPOILED(w.s.task_count = 33, "Invalid value: tasks: must have at most 32 entries");
	SPOILED(w.s.task_count = 0, "Missing value: tasks");
	SPOILED(w.tasks[0].argc = 1025,
	    "Invalid value: tasks[0].command: must have at most 1024 entries");
	SPOILED(w.tasks[0].env_count = 257,
	    "Invalid value: tasks[0].env: must have at most 256 entries");
	SPOILED(w.s.type = 19, "Invalid value: scheduleType: must be within 0 and 18");
	SPOILED(w.s.type = -1, "Invalid value: scheduleType: must be within 0 and 18");
	SPOILED(w.s.name = w.text + SCHEDULE_BYTES_MAX - 256,
	    "Invalid value: name: must have at most 255 characters");
	SPOILED(w.tasks[0].name = w.text + SCHEDULE_BYTES_MAX - 101,
	    "Invalid value: tasks[0].name: must have at most 100 characters");
	SPOILED(w.tags[0] = w.text + SCHEDULE_BYTES_MAX - 256,
	    "Invalid value: tags[0]: must have at most 255 characters");
	SPOILED(w.s.description = w.text + SCHEDULE_BYTES_MAX - 4097,
	    "Invalid value: description: must have at most 4096 bytes");
	SPOILED(w.s.keep_us = 7 * DAY_US - 1,
	    "Invalid value: keep.days: must be within 7d and 36500d");
	SPOILED(w.s.keep_us = 36500 * DAY_US + 1,
	    "Invalid value: keep.days: must be within 7d and 36500d");
	SPOILED(w.s.misfire_window_us = -1,
	    "Invalid value: misfireWindow: must be within 0s and 36500d");
	SPOILED(w.tasks[0].timeout_us = 365 * DAY_US + 1,
	    "Invalid value: tasks[0].timeout: must be within 0s and 365d");
	SPOILED(w.tasks[0].timeout_us = -1,
	    "Invalid value: tasks[0].timeout: must be within 0s and 365d");
	SPOILED(w.tasks[0].kill_grace_us = INT64_MIN,
	    "Invalid value: tasks[0].killGrace: must be within 0s and 365d");
	SPOILED(w.s.end_us = w.s.start_us = 0,
	    "Invalid value: endDate: must be later than startDate");
	SPOILED((w.s.end_us = 0, w.s.start_us = 1),
	    "Invalid value: endDate: must be later than startDate");
}

static void
all_texts_together_are_bounded_with_their_ends(void **state)
{
	size_t others = sizeof "Nightly" + sizeof "" + sizeof "tag0" + sizeof "0 0 * * *" +
			sizeof "UTC" + sizeof "task0" + sizeof "/bin/true";

	(void)state;
	w.tasks[0].argc = 2;
	w.argv[1] = w.text + others + 1;
	assert_valid();
	w.argv[1]--;
	assert_invalid("Invalid value: tasks: all texts of a schedule together may have 65536 "
		       "bytes; these have 65537");
}

/* ---- texts ---- */

static void
a_line_is_one_line_of_utf8(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
	    {NULL, "Missing value: %s"},
	    {"", "Missing value: %s"},
	    {"a\xff", "Invalid value: %s: must be UTF-8"},
	    {"a\nb", "Invalid value: %s: must have no control characters"},
	    {"a\tb", "Invalid value: %s: must have no control characters"},
	    {"a\x7f", "Invalid value: %s: must have no control characters"},
	    {"a\xc2\x80", "Invalid value: %s: must have no control characters"},
	    {"a\xc2\x9f", "Invalid value: %s: must have no control characters"},
	    {"a\xc2\xa0", NULL},
	    {"\xf0\x9f\x94\x94 bells", NULL},
	    {" ", NULL},
	};
	const char **members[] = {&w.s.name, &w.tags[0], &w.tasks[0].name};
	static const char *const names[] = {"name", "tags[0]", "tasks[0].name"};
	char why[128];

	(void)state;
	for (size_t m = 0; m < COUNT(members); m++) {
		for (size_t i = 0; i < COUNT(cases); i++) {
			afresh();
			*members[m] = cases[i].text;
			if (!cases[i].why) {
				assert_valid();
				continue;
			}
			/* The text's only %s is the member. */
			snprintf(why, sizeof why, "%.*s%s%s",
			    (int)(strstr(cases[i].why, "%s") - cases[i].why), cases[i].why,
			    names[m], strstr(cases[i].why, "%s") + 2);
			assert_invalid(why);
		}
	}
}

static void
characters_are_counted_and_not_bytes(void **state)
{
	char name[2 * SCHEDULE_NAME_MAX + 3] = "";

	(void)state;
	for (size_t i = 0; i < SCHEDULE_NAME_MAX; i++)
		memcpy(name + 2 * i, "\xc3\xbc", 3);
	w.s.name = name;
	assert_valid();
	memcpy(name + 2 * SCHEDULE_NAME_MAX, "x", 2);
	assert_invalid("Invalid value: name: must have at most 255 characters");
}

static void
a_description_may_have_lines(void **state)
{
	(void)state;
	w.s.description = "a\n\tb\r\n";
	assert_valid();
	w.s.description = "a\x01";
	assert_invalid(
	    "Invalid value: description: must have no control characters but tabs and "
	    "line ends");
	w.s.description = "\xc3";
	assert_invalid("Invalid value: description: must be UTF-8");
}

static void
what_stands_twice_is_refused(void **state)
{
	(void)state;
	w.s.tag_count = 3;
	w.tags[2] = "tag0";
	assert_invalid("Invalid value: tags[2]: is the same as tags[0]; leave one out");
	afresh();
	w.s.task_count = 3;
	w.tasks[2].name = "task1";
	assert_invalid(
	    "Invalid value: tasks[2].name: is the name of tasks[1] too; give each its "
	    "own");
	/* Byte for byte. */
	w.tasks[2].name = "Task1";
	assert_valid();
	w.tasks[0].env_count = 2;
	w.env[1].name = "V0";
	assert_invalid("Invalid value: tasks[0].env: a name is there twice");
}

static void
a_command_is_an_absolute_path_and_its_arguments(void **state)
{
	static const struct {
		const char *path, *why;
	} cases[] = {
	    {NULL, "Missing value: tasks[0].command"},
	    {"", "Missing value: tasks[0].command"},
	    {"true", "Invalid value: tasks[0].command: must begin with an absolute path"},
	    {"./true", "Invalid value: tasks[0].command: must begin with an absolute path"},
	    {"/bin/../sbin/x",
		"Invalid value: tasks[0].command: must begin with a path that has no `..`"},
	    {"/..", "Invalid value: tasks[0].command: must begin with a path that has no `..`"},
	    {"/bin/..",
		"Invalid value: tasks[0].command: must begin with a path that has no `..`"},
	    {"/bin/a\nb",
		"Invalid value: tasks[0].command: must begin with a path without control "
		"characters"},
	    {"/bin/\xff", "Invalid value: tasks[0].command[0]: must be UTF-8"},
	    {"/bin/..a", NULL},
	    {"/bin/a..", NULL},
	    {"/bin/.../x", NULL},
	    {"/bin/a b", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		w.argv[0] = cases[i].path;
		if (cases[i].why)
			assert_invalid(cases[i].why);
		else
			assert_valid();
	}
	w.tasks[0].argc = 0;
	assert_invalid("Missing value: tasks[0].command");
	w.tasks[0].argc = 3;
	w.argv[0] = "/bin/sh";
	w.argv[1] = "";
	w.argv[2] = "a\n\x01../b";
	assert_valid();
	w.argv[2] = "\x80";
	assert_invalid("Invalid value: tasks[0].command[2]: must be UTF-8");
}

static void
the_environment_has_names_that_a_shell_knows(void **state)
{
	static const char letters[] = "Invalid value: tasks[0].env: names must be letters, "
				      "digits and `_`, no digit first";
	static const char ours[] = "Invalid value: tasks[0].env: names that begin with "
				   "CARILLON_ are set by the server";
	static const struct {
		const char *name, *why;
	} cases[] = {{"A", NULL}, {"_a9", NULL}, {"PATH", NULL}, {"CARILLON", NULL},
	    {"carillon_x", NULL}, {"", letters}, {"9A", letters}, {"A B", letters},
	    {"A=B", letters}, {"\xc3\xbc", letters}, {"a-b", letters}, {"CARILLON_", ours},
	    {"CARILLON_TASK_ID", ours}};

	(void)state;
	w.tasks[0].env_count = 1;
	for (size_t i = 0; i < COUNT(cases); i++) {
		w.env[0].name = cases[i].name;
		if (cases[i].why)
			assert_invalid(cases[i].why);
		else
			assert_valid();
	}
	w.env[0] = (struct env_var){"A", "a\nb="};
	assert_valid();
	w.env[0].value = "\xff";
	assert_invalid("Invalid value: tasks[0].env: must be UTF-8");
}

static void
a_working_directory_is_absolute(void **state)
{
	(void)state;
	w.tasks[0].cwd = "/";
	assert_valid();
	w.tasks[0].cwd = "srv";
	assert_invalid("Invalid value: tasks[0].cwd: must be an absolute path");
	w.tasks[0].cwd = "";
	assert_invalid("Invalid value: tasks[0].cwd: must be an absolute path");
	w.tasks[0].cwd = "/a\nb";
	assert_invalid("Invalid value: tasks[0].cwd: must have no control characters");
}

static void
a_trigger_is_of_one_kind_and_complete(void **state)
{
	(void)state;
	w.triggers[0] = (struct trigger){.kind = TRIGGER_EVERY, .every_us = SECOND_US};
	assert_valid();
	w.triggers[0].every_us = SECOND_US - 1;
	assert_invalid("Invalid value: triggers[0].every: must be within 1s and 36500d");
	w.triggers[0].every_us = 0;
	assert_invalid("Invalid value: triggers[0].every: must be within 1s and 36500d");
	w.triggers[0] = (struct trigger){.kind = TRIGGER_AT, .at_us = TRIGGER_END_US - 1};
	assert_valid();
	w.triggers[0].at_us = TRIGGER_END_US;
	assert_invalid("Invalid value: triggers[0].at: must be before the year 3000");
	w.triggers[0].kind = 0;
	assert_invalid(
	    "Invalid value: triggers[0]: must be one of cron, every, at, rrule and reboot");
	afresh();
	w.triggers[0].time_zone = NULL;
	assert_invalid("Missing value: triggers[0].timeZone");
	afresh();
	w.triggers[0].expression = "";
	assert_invalid("Missing value: triggers[0].cron");
}

/* ---- due times ---- */

static int64_t
instant(const char *text)
{
	int64_t us;

	if (instant_parse(text, &us))
		fail_msg("%s", text);
	return us;
}

static void
assert_next(const char *after, const char *due)
{
	char got[INSTANT_TEXT];
	int64_t due_us = 0;

	if (schedule_next_due(&w.s, zones, instant(after), &due_us, &err))
		fail_msg("%s", err.text);
	if (!due) {
		assert_true(due_us == INSTANT_NEVER);
		return;
	}
	instant_format(due_us, got);
	if (due_us != instant(due))
		fail_msg("after %s: %s, not %s", after, got, due);
}

static void
of_several_triggers_the_first_is_next_and_two_at_once_are_one(void **state)
{
	(void)state;
	w.triggers[0] = cron_trigger("0 6 * * *", "Asia/Tokyo");
	w.triggers[1] = (struct trigger){.kind = TRIGGER_EVERY,
	    .every_us = 7 * HOUR_US,
	    .anchor_us = instant("2026-01-01T21:00:00Z")};
	w.triggers[2] =
	    (struct trigger){.kind = TRIGGER_AT, .at_us = instant("2026-01-02T12:00:00Z")};
	w.s.trigger_count = 3;
	assert_next("2026-01-01T20:00:00Z", "2026-01-01T21:00:00Z");
	assert_next("2026-01-01T21:00:00Z", "2026-01-02T04:00:00Z");
	assert_next("2026-01-02T04:00:00Z", "2026-01-02T11:00:00Z");
	assert_next("2026-01-02T11:00:00Z", "2026-01-02T12:00:00Z");
	assert_next("2026-01-02T12:00:00Z", "2026-01-02T18:00:00Z");
	assert_next("2026-01-02T18:00:00Z", "2026-01-02T21:00:00Z");
}

static void
nothing_is_due_before_the_start_nor_at_the_end(void **state)
{
	(void)state;
	w.s.start_us = instant("2026-02-01T00:00:00Z");
	w.s.end_us = instant("2026-02-03T00:00:00Z");
	/* The start itself counts. */
	assert_next("2025-01-01T00:00:00Z", "2026-02-01T00:00:00Z");
	assert_next("2026-01-31T23:59:59.999999Z", "2026-02-01T00:00:00Z");
	assert_next("2026-02-01T00:00:00Z", "2026-02-02T00:00:00Z");
	assert_next("2026-02-02T00:00:00Z", NULL);
	assert_next("2026-03-01T00:00:00Z", NULL);
	w.s.end_us++;
	assert_next("2026-02-02T00:00:00Z", "2026-02-03T00:00:00Z");
	w.s.start_us++;
	assert_next("2025-01-01T00:00:00Z", "2026-02-02T00:00:00Z");
}

static void
a_timetable_begins_when_the_schedule_is_made_but_a_one_shot_may_be_past(void **state)
{
	(void)state;
	w.s.created_us = instant("2026-02-01T12:00:00Z");
	assert_next("2026-01-01T12:00:00Z", "2026-02-02T00:00:00Z");
	w.s.created_us = instant("2026-02-02T00:00:00Z");
	assert_next("2026-01-01T12:00:00Z", "2026-02-03T00:00:00Z");
	w.triggers[1] =
	    (struct trigger){.kind = TRIGGER_AT, .at_us = instant("2026-01-15T00:00:00Z")};
	w.s.trigger_count = 2;
	assert_next("2026-01-01T12:00:00Z", "2026-01-15T00:00:00Z");
	assert_next("2026-01-15T00:00:00Z", "2026-02-03T00:00:00Z");
}

static void
on_demand_only_is_never_due(void **state)
{
	(void)state;
	w.s.trigger_count = 0;
	assert_next("2026-01-01T00:00:00Z", NULL);
}

static void
a_zone_that_is_gone_is_named_with_its_trigger(void **state)
{
	int64_t due_us;

	(void)state;
	w.s.trigger_count = 2;
	w.triggers[1].time_zone = "Europe/Nowhere";
	assert_int_equal(schedule_next_due(&w.s, zones, 0, &due_us, &err), ERR_INPUT);
	assert_string_equal(err.text,
	    "Invalid value: triggers[1].timeZone: unknown time zone \"Europe/Nowhere\"");
}

/* ---- executions and names ---- */

static void
the_output_of_a_task_has_a_place_of_its_own(void **state)
{
	char out[OUTPUT_DIR_TEXT];
	struct task t = {.execution_id = 43};

	(void)state;
	task_output_dir(&t, out);
	assert_string_equal(out, "0/43/0");
	t.execution_id = 123456;
	t.ordinal = 31;
	task_output_dir(&t, out);
	assert_string_equal(out, "123/123456/31");
	t.execution_id = UINT64_MAX;
	t.ordinal = UINT32_MAX - 1;
	task_output_dir(&t, out);
	assert_string_equal(out, "18446744073709551/18446744073709551615/4294967294");
	t.ordinal = TASK_ORDINAL_CONDITION;
	task_output_dir(&t, out);
	assert_string_equal(out, "18446744073709551/18446744073709551615/condition");
}

static void
each_status_has_its_name_and_knows_whether_it_is_an_end(void **state)
{
	static const struct {
		enum task_status status;
		const char *name;
		bool ended, active;
	} cases[] = {
	    {TASK_WAITING, "waiting", false},
	    {TASK_PENDING, "pending", false},
	    {TASK_STARTING, "starting", false, true},
	    {TASK_RUNNING, "running", false, true},
	    {TASK_SUCCEEDED, "succeeded", true},
	    {TASK_FAILED, "failed", true},
	    {TASK_TIMED_OUT, "timed_out", true},
	    {TASK_CANCELLED, "cancelled", true},
	    {TASK_LOST, "lost", true},
	    {TASK_SKIPPED, "skipped", true},
	    {TASK_CONDITION, "condition", true},
	    {TASK_CANCELLING, "cancelling", false, true},
	    {TASK_RETRYING, "retrying", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(cases[i].status, i);
		assert_string_equal(task_status_name(cases[i].status), cases[i].name);
		assert_int_equal(task_status_ended(cases[i].status), cases[i].ended);
		assert_int_equal(task_status_active(cases[i].status), cases[i].active);
	}
	assert_string_equal(task_status_name(99), "unknown");
}

static void
origins_verdicts_and_roles_keep_their_numbers_and_names(void **state)
{
	static const char *const origins[] = {
	    "trigger", "call", "catchUp", "backfill", "reRun"};
	static const char *const verdicts[] = {"ran", "skipped_overlap", "skipped_suspended",
	    "skipped_calendar", "skipped_condition", "missed_down", "missed_window",
	    "missed_dst_gap", "missed_clock", "missed_cap"};
	static const char *const roles[] = {
	    "viewer", "analyst", "pro", "domainAdmin", "enterpriseAdmin"};

	(void)state;
	for (size_t i = 0; i < COUNT(origins); i++)
		assert_string_equal(origin_name(i + 1), origins[i]);
	for (size_t i = 0; i < COUNT(verdicts); i++)
		assert_string_equal(verdict_name(i + 1), verdicts[i]);
	for (size_t i = 0; i < COUNT(roles); i++) {
		struct actor actor = {.role = i + 1};
		enum role role;

		assert_string_equal(role_name(i + 1), roles[i]);
		assert_int_equal(role_parse(roles[i], &role), 0);
		assert_int_equal(role, i + 1);
		assert_int_equal(actor_is_admin(&actor), i >= 3);
	}
	assert_string_equal(origin_name(0), "unknown");
	assert_string_equal(verdict_name(99), "unknown");
}

static void
what_is_no_role_is_refused(void **state)
{
	static const char *const texts[] = {"", "Viewer", "admin", "unknown", "viewer "};
	enum role role = ROLE_PRO;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++)
		assert_int_equal(role_parse(texts[i], &role), ERR_INPUT);
	assert_int_equal(role, ROLE_PRO);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(a_schedule_may_be_as_large_as_the_bounds_say),
	    TEST(one_more_than_the_bounds_say_is_refused),
	    TEST(all_texts_together_are_bounded_with_their_ends),
	    TEST(a_line_is_one_line_of_utf8),
	    TEST(characters_are_counted_and_not_bytes),
	    TEST(a_description_may_have_lines),
	    TEST(what_stands_twice_is_refused),
	    TEST(a_command_is_an_absolute_path_and_its_arguments),
	    TEST(the_environment_has_names_that_a_shell_knows),
	    TEST(a_working_directory_is_absolute),
	    TEST(a_trigger_is_of_one_kind_and_complete),
	    TEST(of_several_triggers_the_first_is_next_and_two_at_once_are_one),
	    TEST(nothing_is_due_before_the_start_nor_at_the_end),
	    TEST(a_timetable_begins_when_the_schedule_is_made_but_a_one_shot_may_be_past),
	    TEST(on_demand_only_is_never_due),
	    TEST(a_zone_that_is_gone_is_named_with_its_trigger),
	    TEST(the_output_of_a_task_has_a_place_of_its_own),
	    TEST(each_status_has_its_name_and_knows_whether_it_is_an_end),
	    TEST(origins_verdicts_and_roles_keep_their_numbers_and_names),
	    TEST(what_is_no_role_is_refused),
	};

	return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
