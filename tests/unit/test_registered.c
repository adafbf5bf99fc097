/* What the configuration registers for OpenSpecimen's jobs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "app/registered.h"

static void
entries_become_commands(void **state)
{
	char nightly[] = "com.example.Nightly =  /bin/n  -v x", other[] = "a = /b = c",
	     query[] = "5  Counts by site = /q 5", zone[] = "Asia/Tokyo";
	char *tasks[] = {nightly, other, NULL}, *queries[] = {query, NULL};
	const struct config config = {
	    .time_zone = zone, .job_task = tasks, .saved_query = queries};
	struct arena a = ARENA_INIT;
	const struct job_settings *j = registered_jobs(&config, &a);

	(void)state;
	assert_string_equal(j->time_zone, "Asia/Tokyo");
	assert_int_equal(j->command_count, 3);
	assert_string_equal(j->commands[0].name, "com.example.Nightly");
	assert_int_equal(j->commands[0].query_id, 0);
	assert_int_equal(j->commands[0].argc, 3);
	assert_string_equal(j->commands[0].argv[0], "/bin/n");
	assert_string_equal(j->commands[0].argv[2], "x");
	assert_null(j->commands[0].argv[3]);
	assert_string_equal(j->commands[1].name, "a");
	assert_int_equal(j->commands[1].argc, 3);
	assert_string_equal(j->commands[1].argv[1], "=");
	assert_string_equal(j->commands[2].name, "Counts by site");
	assert_int_equal(j->commands[2].query_id, 5);
	assert_string_equal(j->commands[2].argv[1], "5");
	arena_release(&a);
}

static void
nothing_is_registered_by_default(void **state)
{
	const struct config config = {0};
	struct arena a = ARENA_INIT;

	(void)state;
	assert_int_equal(registered_jobs(&config, &a)->command_count, 0);
	arena_release(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(entries_become_commands),
	    cmocka_unit_test(nothing_is_registered_by_default),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
