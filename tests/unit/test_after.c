/* What a task waits for: which definitions are refused, and what the tasks before it decide. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/after.h"
#include "model/difference.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static struct arena arena;
static struct err err;

static int
forget(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

/* "a", "!a", "*a": after a has succeeded, failed, ended; blanks between them. "|" in front: one
 * is enough. */
static struct task_def
task_after(const char *name, const char *after)
{
	static const char *argv[] = {"/bin/true", NULL};
	struct task_def t = {.name = name, .argv = argv, .argc = 1};
	char *word, *rest = arena_strdup(&arena, after);

	t.after_any = *rest == '|';
	rest += t.after_any;
	t.after = arena_array(&arena, strlen(rest) + 1, sizeof *t.after);
	while ((word = strtok_r(rest, " ", &rest)))
		t.after[t.after_count++] = (struct task_after){
		    word + (*word == '!' || *word == '*'), *word == '!'	  ? AFTER_FAILED
							   : *word == '*' ? AFTER_ALWAYS
									  : AFTER_SUCCEEDED};
	return t;
}

/* Of tasks a, b, c ... what each waits for; NULL ends. */
static struct schedule
schedule_of(const char *const *afters)
{
	struct schedule s = {.name = "x",
	    .description = "",
	    .start_us = INT64_MIN,
	    .end_us = INSTANT_NEVER,
	    .keep_us = 7 * DAY_US};

	s.tasks = arena_array(&arena, SCHEDULE_TASKS_MAX, sizeof *s.tasks);
	for (; afters[s.task_count]; s.task_count++)
		s.tasks[s.task_count] =
		    task_after(arena_printf(&arena, "%c", (int)('a' + s.task_count)),
			afters[s.task_count]);
	return s;
}

static void
what_can_never_end_or_is_no_task_is_refused(void **state)
{
	static const struct {
		const char *afters[6], *why;
	} cases[] = {
	    {{"", "a", "a b"}, NULL},
	    {{"b c", "c", ""}, NULL},
	    {{"", "!a", "*b", "|a !b *c"}, NULL},
	    {{"a"}, "Invalid value: tasks[0].after[0].task: names the task itself"},
	    {{"", "*b"}, "Invalid value: tasks[1].after[0].task: names the task itself"},
	    {{"", "a d", ""},
		"Invalid value: tasks[1].after[1].task: names no task of the schedule"},
	    {{"", "A"}, "Invalid value: tasks[1].after[0].task: names no task of the schedule"},
	    {{"", "a a"}, "Invalid value: tasks[1].after[1].task: is named by after[0] too; "
			  "leave one out"},
	    {{"", "", "a b !a"}, "Invalid value: tasks[2].after[2].task: is named by after[0] "
				 "too; leave one out"},
	    {{"b", "a"}, "Invalid value: tasks[0].after: waits for itself, by way of tasks[1]"},
	    {{"", "a c", "a d", "a b"}, "Invalid value: tasks[1].after: waits for itself, by "
					"way of tasks[2], tasks[3]"},
	    /* One enough does not mend it, nor how they end. */
	    {{"|c b", "", "*a"},
		"Invalid value: tasks[0].after: waits for itself, by way of tasks[2]"},
	    /* Who only waits for a circle is not on it. */
	    {{"b", "c", "d", "c"},
		"Invalid value: tasks[2].after: waits for itself, by way of tasks[3]"},
	    {{"e", "a", "", "", "b c"}, "Invalid value: tasks[0].after: waits for itself, by "
					"way of tasks[4], tasks[1]"},
	    {{"|"}, "Invalid value: tasks[0].afterMatch: any of no tasks never holds"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct schedule s = schedule_of(cases[i].afters);
		int ret = schedule_validate(&s, &err);

		if (cases[i].why ? ret != ERR_INPUT || strcmp(err.text, cases[i].why) : ret)
			fail_msg("%zu: %d %s", i, ret, err.text);
	}
}

static void
the_longest_circle_fits_into_its_text(void **state)
{
	const char *afters[SCHEDULE_TASKS_MAX + 1];
	struct schedule s;
	size_t n = SCHEDULE_TASKS_MAX;

	(void)state;
	for (size_t i = 0; i < n; i++)
		afters[i] = "";
	afters[n] = NULL;
	s = schedule_of(afters);
	for (size_t i = 0; i < n; i++) {
		s.tasks[i].name = arena_printf(&arena, "t%zu", i);
		s.tasks[i].after = arena_array(&arena, 1, sizeof *s.tasks[i].after);
		s.tasks[i].after_count = 1;
	}
	for (size_t i = 0; i < n; i++)
		s.tasks[i].after[0] =
		    (struct task_after){s.tasks[(i + n - 1) % n].name, AFTER_SUCCEEDED};
	assert_int_equal(schedule_validate(&s, &err), ERR_INPUT);
	assert_non_null(
	    strstr(err.text, "tasks[0].after: waits for itself, by way of tasks[31]"));
	assert_string_equal(err.text + strlen(err.text) - 20, ", tasks[2], tasks[1]");
	/* Without the last link all is well. */
	s.tasks[0].after_count = 0;
	assert_int_equal(schedule_validate(&s, &err), 0);
}

static void
a_task_waits_for_no_more_than_there_can_be(void **state)
{
	struct schedule s = schedule_of((const char *const[]){"", "a", NULL});

	(void)state;
	s.tasks[1].after_count = SCHEDULE_TASKS_MAX + 1;
	assert_int_equal(schedule_validate(&s, &err), ERR_INPUT);
	assert_string_equal(
	    err.text, "Invalid value: tasks[1].after: must have at most 32 entries");
}

static void
names_that_the_environment_cannot_tell_apart_are_refused(void **state)
{
	static const struct {
		const char *first, *second;
		bool same;
	} cases[] = {
	    {"load", "load2", false},
	    {"load", "Load", true},
	    {"load data", "load-data", true},
	    {"\xc3\xbc", "\xe6\x97\xa5", true},
	    {"\xc3\xbc", "__", false},
	    {"1", "2", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct schedule s = schedule_of((const char *const[]){"", "", "*a *b", NULL});
		int ret;

		s.tasks[0].name = s.tasks[2].after[0].task = cases[i].first;
		s.tasks[1].name = s.tasks[2].after[1].task = cases[i].second;
		ret = schedule_validate(&s, &err);
		if (ret != (cases[i].same ? ERR_INPUT : 0))
			fail_msg("%s, %s: %s", cases[i].first, cases[i].second, err.text);
		if (cases[i].same)
			assert_non_null(
			    strstr(err.text, "tasks[2].after[1].task: has the same "
					     "name as after[0] in the environment"));
		/* Nobody waits for both of them: it does not matter. */
		s.tasks[2].after_count = 1;
		assert_int_equal(schedule_validate(&s, &err), 0);
	}
}

static void
a_name_in_the_environment_is_capitals_digits_and_underscores(void **state)
{
	static const struct {
		const char *name, *variable;
	} cases[] = {
	    {"extract", "EXTRACT"},
	    {"Load 2 tables", "LOAD_2_TABLES"},
	    {"\xc3\xa4-\xf0\x9f\x94\x94.z", "____Z"},
	    {"", ""},
	};
	char out[AFTER_VARIABLE_TEXT], name[SCHEDULE_TASK_NAME_MAX * 4 + 1] = "";

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		after_variable(cases[i].name, out);
		assert_string_equal(out, cases[i].variable);
	}
	for (int i = 0; i < SCHEDULE_TASK_NAME_MAX; i++)
		memcpy(name + i * 4, "\xf0\x9f\x94\x94", 4);
	after_variable(name, out);
	assert_int_equal(strlen(out), SCHEDULE_TASK_NAME_MAX);
	assert_int_equal(strspn(out, "_"), SCHEDULE_TASK_NAME_MAX);
}

static void
a_definition_that_waits_otherwise_is_another(void **state)
{
	static const char *const afters[] = {"", "a", "!a", "|a", "b", "a b", "b a"};
	const char *members[SCHEDULE_MEMBERS];

	(void)state;
	for (size_t i = 0; i < COUNT(afters); i++) {
		for (size_t k = 0; k < COUNT(afters); k++) {
			struct schedule s = schedule_of(
					    (const char *const[]){"", "", afters[i], NULL}),
					t = schedule_of(
					    (const char *const[]){"", "", afters[k], NULL});

			assert_int_equal(schedule_differences(&s, &t, members), i != k);
			if (i != k)
				assert_string_equal(members[0], "tasks");
		}
	}
}

/* ---- what is decided
 * ---------------------------------------------------------------------------------- */

/* A task's status as a letter. */
static enum task_status
status_of(char letter)
{
	static const char letters[] = "wprRSFTXLKCc";

	return (enum task_status)(strchr(letters, letter) - letters);
}

/* The last of the tasks waits for the others, a, b, c. */
static struct task *
tasks_before(const char *after, const char *statuses, size_t *count)
{
	struct task *tasks = arena_array(&arena, strlen(statuses) + 1, sizeof *tasks);

	*count = strlen(statuses);
	for (size_t i = 0; i < *count; i++) {
		tasks[i].def.name = arena_printf(&arena, "%c", (int)('a' + i));
		tasks[i].status = status_of(statuses[i]);
	}
	tasks[*count].def = task_after("last", after);
	++*count;
	return tasks;
}

static void
how_a_task_ended_decides_about_the_one_after_it(void **state)
{
	/* For each status: what becomes of a task after it that wants success, failure, any end.
	 */
	static const struct {
		char status;
		const char *decisions; /* of "a", "!a", "*a": open, go, skip */
		const char *reason;
	} cases[] = {
	    {'w', "ooo", NULL},
	    {'p', "ooo", NULL},
	    {'r', "ooo", NULL},
	    {'R', "ooo", NULL},
	    {'c', "ooo", NULL},
	    {'S', "gsg", "not run: task \"a\" succeeded"},
	    {'F', "sgg", "not run: task \"a\" failed"},
	    {'T', "sgg", "not run: task \"a\" timed out"},
	    {'L', "sgg", "not run: task \"a\" was lost"},
	    {'X', "ssg", "not run: task \"a\" was cancelled"},
	    {'K', "ssg", "not run: task \"a\" was not run"},
	    {'C', "ssg", "not run: task \"a\" was not run"},
	};
	static const char *const afters[] = {"a", "!a", "*a"};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		for (int when = 0; when < 3; when++) {
			char status[] = {cases[i].status, '\0'};
			size_t count;
			struct task *tasks = tasks_before(afters[when], status, &count);
			char got = "ogs"[after_decide(&tasks[1], tasks, count)];

			if (got != cases[i].decisions[when])
				fail_msg("%c %s: %c", cases[i].status, afters[when], got);
			if (got == 's')
				assert_string_equal(
				    after_reason(&arena, &tasks[1], tasks, count),
				    cases[i].reason);
		}
	}
}

static void
all_of_them_or_any_of_them_must_hold(void **state)
{
	static const struct {
		const char *after, *statuses;
		enum after_decision decision;
		const char *reason;
	} cases[] = {
	    {"", "SF", AFTER_GO, NULL},
	    {"a b", "SS", AFTER_GO, NULL},
	    {"a b", "SR", AFTER_OPEN, NULL},
	    {"a b", "wp", AFTER_OPEN, NULL},
	    /* One that fails is enough, whatever becomes of the other. */
	    {"a b", "FR", AFTER_SKIP, "not run: task \"a\" failed"},
	    {"a b", "RF", AFTER_SKIP, "not run: task \"b\" failed"},
	    {"a b", "FX", AFTER_SKIP, "not run: task \"a\" failed"},
	    {"a !b", "SF", AFTER_GO, NULL},
	    {"a !b", "SS", AFTER_SKIP, "not run: task \"b\" succeeded"},
	    {"*a *b *c", "SFK", AFTER_GO, NULL},
	    {"*a *b *c", "SFR", AFTER_OPEN, NULL},
	    {"|a b", "Sw", AFTER_GO, NULL},
	    {"|a b", "wS", AFTER_GO, NULL},
	    {"|a b", "FS", AFTER_GO, NULL},
	    {"|a b", "FR", AFTER_OPEN, NULL},
	    {"|a b", "RF", AFTER_OPEN, NULL},
	    {"|a b", "FF", AFTER_SKIP, "not run: no task before it ended as it waits for"},
	    {"|!a !b *c", "SSR", AFTER_OPEN, NULL},
	    {"|!a !b *c", "SSX", AFTER_GO, NULL},
	    {"|a", "F", AFTER_SKIP, "not run: task \"a\" failed"},
	    {"|a", "S", AFTER_GO, NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t count;
		struct task *tasks = tasks_before(cases[i].after, cases[i].statuses, &count),
			    *last = &tasks[count - 1];

		if (after_decide(last, tasks, count) != cases[i].decision)
			fail_msg("%s of %s", cases[i].after, cases[i].statuses);
		if (cases[i].reason)
			assert_string_equal(
			    after_reason(&arena, last, tasks, count), cases[i].reason);
	}
}

/* Nothing makes one; a damaged store must not stop anybody. */
static void
a_task_after_one_that_does_not_exist_is_skipped(void **state)
{
	size_t count;
	struct task *tasks = tasks_before("a z", "R", &count);

	(void)state;
	assert_int_equal(after_decide(&tasks[1], tasks, count), AFTER_SKIP);
	assert_string_equal(after_reason(&arena, &tasks[1], tasks, count),
	    "not run: no task before it ended as it waits for");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_teardown(name, forget)
	    TEST(what_can_never_end_or_is_no_task_is_refused),
	    TEST(the_longest_circle_fits_into_its_text),
	    TEST(a_task_waits_for_no_more_than_there_can_be),
	    TEST(names_that_the_environment_cannot_tell_apart_are_refused),
	    TEST(a_name_in_the_environment_is_capitals_digits_and_underscores),
	    TEST(a_definition_that_waits_otherwise_is_another),
	    TEST(how_a_task_ended_decides_about_the_one_after_it),
	    TEST(all_of_them_or_any_of_them_must_hold),
	    TEST(a_task_after_one_that_does_not_exist_is_skipped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
