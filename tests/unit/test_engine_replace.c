/*
 * The policy `replace`: a new run ends the one that goes on and begins when that has ended, whoever
 * dies in between; the ledger says of each what became of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "simulation.h"

static uint64_t
each_minute(void)
{
	static struct trigger each;
	struct schedule s = sim_schedule("replaced", &each, 1);

	each = sim_every(MINUTE_US);
	s.overlap = OVERLAP_REPLACE;
	return sim_create(s);
}

static void
assert_entry(const struct occurrence *o, enum verdict verdict, const char *reason)
{
	assert_int_equal(o->count, 1);
	assert_int_equal(o->verdict, verdict);
	assert_int_equal(!o->reason, !reason);
	if (reason)
		assert_string_equal(o->reason, reason);
}

static enum task_status
status_of(uint64_t execution_id)
{
	size_t count;

	return sim_tasks(execution_id, &count)->status;
}

static void
the_next_due_time_ends_the_run_and_begins_when_that_has_ended(void **state)
{
	uint64_t id = each_minute();
	struct occurrence *o;
	size_t count;

	(void)state;
	sim.takes_us = 90 * SECOND_US;
	sim.dies_after_us = 5 * SECOND_US;
	sim_run_until(SIM_BEGIN + 3 * MINUTE_US + SECOND_US);
	o = sim_ledger(id, &count);
	assert_int_equal(count, 3);
	assert_entry(&o[0], VERDICT_RAN, "a later run took its place while it ran");
	assert_entry(&o[1], VERDICT_RAN, NULL);
	assert_int_equal(status_of(o[0].execution_id), TASK_CANCELLED);
	assert_string_equal(sim_tasks(o[0].execution_id, &count)->attempts[0].reason,
	    "a later run took its place");
	assert_int_equal(status_of(o[1].execution_id), TASK_CANCELLING);
	assert_int_equal(status_of(o[2].execution_id), TASK_PENDING);
	assert_int_equal(sim.run_count, 2);
	assert_int_equal(sim.runs[1].start_us, SIM_BEGIN + 2 * MINUTE_US + 5 * SECOND_US);
	sim_pass(5 * SECOND_US);
	assert_int_equal(sim.run_count, 3);
	assert_int_equal(sim.failures, 0);
}

static void
of_several_that_come_while_one_is_being_ended_the_last_begins(void **state)
{
	uint64_t id = each_minute(), call;
	struct occurrence *o;
	size_t count;

	(void)state;
	sim.takes_us = HOUR_US;
	sim.dies_after_us = 150 * SECOND_US;
	sim_run_until(SIM_BEGIN + 4 * MINUTE_US + SECOND_US);
	o = sim_ledger(id, &count);
	assert_int_equal(count, 4);
	assert_entry(
	    &o[1], VERDICT_SKIPPED_OVERLAP, "a later run took its place before it began");
	assert_entry(
	    &o[2], VERDICT_SKIPPED_OVERLAP, "a later run took its place before it began");
	assert_entry(&o[3], VERDICT_RAN, NULL);
	assert_int_equal(status_of(o[2].execution_id), TASK_CANCELLED);
	/* A call takes its place in turn. */
	call = sim_call(id);
	assert_int_equal(sim_state(id).waiting, 1);
	assert_int_equal(sim_state(id).active, 1);
	sim_run_until(SIM_BEGIN + 2 * MINUTE_US + 151 * SECOND_US);
	assert_int_equal(sim.run_count, 2);
	assert_int_equal(status_of(call), TASK_RUNNING);
	o = sim_ledger(id, &count);
	assert_entry(&o[0], VERDICT_RAN, "a later run took its place while it ran");
	assert_entry(
	    &o[3], VERDICT_SKIPPED_OVERLAP, "a later run took its place before it began");
}

/* It ran again because somebody said so: the due time had been decided before. */
static void
one_that_runs_again_leaves_its_entry_as_it_was(void **state)
{
	uint64_t id = each_minute();
	struct occurrence *o;
	struct task *tasks;
	size_t count;

	(void)state;
	sim.takes_us = HOUR_US;
	sim.dies_after_us = 70 * SECOND_US;
	sim_run_until(SIM_BEGIN + 3 * MINUTE_US + SECOND_US);
	o = sim_ledger(id, &count);
	assert_entry(
	    &o[1], VERDICT_SKIPPED_OVERLAP, "a later run took its place before it began");
	tasks = sim_tasks(o[1].execution_id, &count);
	sim.takes_us = SECOND_US;
	assert_int_equal(
	    service_suspend_schedule(&sim.sv, &sim.admin, sim.now_us, id, NULL, &sim.err), 0);
	assert_int_equal(
	    service_rerun_task(&sim.sv, &sim.admin, sim.now_us, tasks[0].id, &sim.err), 0);
	sim_pass(HOUR_US);
	o = sim_ledger(id, &count);
	assert_int_equal(status_of(o[1].execution_id), TASK_SUCCEEDED);
	assert_entry(
	    &o[1], VERDICT_SKIPPED_OVERLAP, "a later run took its place before it began");
}

static void
what_waits_for_a_retry_is_replaced_at_once(void **state)
{
	struct schedule s = sim_schedule("replaced", NULL, 0);
	struct task_def def = s.tasks[0];
	uint64_t id, first, second;

	(void)state;
	def.retries = (struct retries){.max = 1,
	    .delay_us = HOUR_US,
	    .factor = RETRY_FACTOR_UNIT,
	    .max_delay_us = HOUR_US};
	s.tasks = &def;
	s.overlap = OVERLAP_REPLACE;
	id = sim_create(s);
	sim.failing = 1;
	first = sim_call(id);
	sim_pass(MINUTE_US);
	assert_int_equal(status_of(first), TASK_RETRYING);
	second = sim_call(id);
	assert_int_equal(status_of(first), TASK_CANCELLED);
	sim_pass(MINUTE_US);
	assert_int_equal(status_of(second), TASK_SUCCEEDED);
	assert_int_equal(sim_state(id).active, 0);
}

static void
a_scheduler_may_die_anywhere_and_the_last_begins_once(void **state)
{
	unsigned n = 0, deaths;

	(void)state;
	do {
		struct schedule s = sim_schedule("replaced", NULL, 0);
		uint64_t id, first, second;
		size_t count;

		s.overlap = OVERLAP_REPLACE;
		id = sim_create(s);
		sim.takes_us = MINUTE_US;
		sim.dies_after_us = 5 * SECOND_US;
		sim.run_count = 0;
		first = sim_call(id);
		sim_pass(10 * SECOND_US);
		sim.scheduler_deaths = 0;
		sim.scheduler_fuse = ++n;
		second = sim_call(id);
		sim_pass(HOUR_US);
		sim.scheduler_fuse = 0;
		deaths = sim.scheduler_deaths;
		assert_int_equal(status_of(first), TASK_CANCELLED);
		assert_int_equal(status_of(second), TASK_SUCCEEDED);
		assert_int_equal(sim_tasks(second, &count)->attempt_count, 1);
		assert_int_equal(sim.run_count, 2);
		assert_int_equal(sim_left(), 0);
		assert_int_equal(
		    service_delete_schedule(&sim.sv, &sim.admin, sim.now_us, id, &sim.err), 0);
		arena_clear(&sim.arena);
	} while (deaths);
	assert_true(n > 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, sim_setup, sim_teardown)
	    TEST(the_next_due_time_ends_the_run_and_begins_when_that_has_ended),
	    TEST(of_several_that_come_while_one_is_being_ended_the_last_begins),
	    TEST(one_that_runs_again_leaves_its_entry_as_it_was),
	    TEST(what_waits_for_a_retry_is_replaced_at_once),
	    TEST(a_scheduler_may_die_anywhere_and_the_last_begins_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
