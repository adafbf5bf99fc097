/*
 * The engine fires what is due, once each, at the moment it is due; and what a schedule's
 * policies say becomes of the rest.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "simulation.h"

static int
make_world(void **state)
{
	(void)state;
	sim_make();
	return 0;
}

static int
remove_world(void **state)
{
	(void)state;
	sim_remove();
	return 0;
}

static uint64_t
minutely(const char *name)
{
	struct trigger t = sim_cron("* * * * *", "UTC");

	return sim_create(sim_schedule(name, &t, 1));
}

/* ---- on time
 * -------------------------------------------------------------------------------------- */

static void
ten_hours_of_a_minutely_schedule_are_six_hundred_runs_at_the_full_minute(void **state)
{
	uint64_t id = minutely("minutely");
	struct execution *executions;
	struct occurrence *ledger;
	size_t count, tasks;

	(void)state;
	sim_run_until(SIM_BEGIN + 10 * HOUR_US + 30 * SECOND_US);
	ledger = sim_ledger(id, &count);
	assert_int_equal(count, 600);
	executions = sim_executions(id, &count);
	assert_int_equal(count, 600);
	assert_int_equal(sim.run_count, 600);
	for (size_t i = 0; i < 600; i++) {
		int64_t due_us = SIM_BEGIN + (int64_t)(i + 1) * MINUTE_US;
		const struct execution *e = &executions[599 - i];

		assert_int_equal(ledger[i].due_us, due_us);
		assert_int_equal(ledger[i].to_us, due_us);
		assert_int_equal(ledger[i].count, 1);
		assert_int_equal(ledger[i].verdict, VERDICT_RAN);
		assert_int_equal(ledger[i].decided_us, due_us);
		assert_int_equal(ledger[i].execution_id, e->id);
		assert_int_equal(e->due_us, due_us);
		assert_int_equal(e->start_us, due_us);
		assert_int_equal(e->end_us, due_us + 2 * SECOND_US);
		assert_int_equal(sim_tasks(e->id, &tasks)->status, TASK_SUCCEEDED);
		assert_int_equal(tasks, 1);
		assert_int_equal(sim.runs[i].start_us, due_us);
	}
	/* For each minute: the due time, the pid, the end; and no idle turns beyond. */
	assert_true(sim.steps < 600 * 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		ten_hours_of_a_minutely_schedule_are_six_hundred_runs_at_the_full_minute,
		make_world, remove_world),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
