/*
 * A task that has ended runs again: under its id, as its next attempt, when it is its execution's
 * turn; and what that means for everybody else who wants to run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "simulation.h"

static int
try_rerun(uint64_t task_id)
{
	return service_rerun_task(&sim.sv, &sim.admin, sim.now_us, task_id, &sim.err);
}

static void
rerun(uint64_t task_id)
{
	assert_int_equal(try_rerun(task_id), 0);
}

static struct task
task_of(uint64_t execution_id)
{
	size_t count;

	return sim_tasks(execution_id, &count)[0];
}

static void
assert_idle(uint64_t id)
{
	struct schedule_state state = sim_state(id);

	assert_int_equal(sim_left(), 0);
	assert_int_equal(state.active, 0);
	assert_int_equal(state.waiting, 0);
	assert_int_equal(sim.ward_count, 0);
	assert_int_equal(sim.failures, 0);
}

static void
an_ended_task_runs_again_as_its_next_attempt(void **state)
{
	struct trigger at = sim_at(SIM_BEGIN + MINUTE_US);
	uint64_t id = sim_create(sim_schedule("once", &at, 1));
	struct execution before, *e;
	struct occurrence *o;
	struct task t;
	size_t count;

	(void)state;
	sim.exit_code = 1;
	sim_pass(2 * MINUTE_US);
	before = *sim_executions(id, &count);
	assert_int_equal(task_of(before.id).status, TASK_FAILED);

	sim.exit_code = 0;
	rerun(task_of(before.id).id);
	e = sim_executions(id, &count);
	assert_int_equal(count, 1);
	assert_int_equal(e->end_us, INSTANT_NEVER);
	assert_int_equal(e->tasks_ended, 0);
	t = task_of(before.id);
	assert_int_equal(t.status, TASK_PENDING);
	assert_int_equal(t.output_bytes, -1);
	assert_int_equal(sim_state(id).active, 1);

	sim_pass(SECOND_US);
	assert_int_equal(task_of(before.id).status, TASK_RUNNING);
	sim_pass(MINUTE_US);
	t = task_of(before.id);
	assert_int_equal(t.status, TASK_SUCCEEDED);
	assert_int_equal(t.attempt_count, 2);
	assert_int_equal(t.attempts[0].exit_code, 1);
	assert_int_equal(t.attempts[1].number, 2);
	e = sim_executions(id, &count);
	assert_int_equal(count, 1);
	assert_int_equal(e->origin, ORIGIN_TRIGGER);
	assert_int_equal(e->start_us, before.start_us);
	assert_int_equal(e->end_us, t.attempts[1].end_us);
	o = sim_ledger(id, &count);
	assert_int_equal(count, 1);
	assert_int_equal(o->verdict, VERDICT_RAN);
	assert_int_equal(o->execution_id, e->id);
	assert_idle(id);
}

static void
a_task_that_has_not_ended_is_still_running(void **state)
{
	uint64_t id = sim_create(sim_schedule("on demand", NULL, 0)), first = sim_call(id),
		 second = sim_call(id);

	(void)state;
	assert_int_equal(try_rerun(task_of(first).id), ERR_INPUT);
	assert_string_equal(sim.err.text, "Task is still running");
	sim_pass(SECOND_US);
	assert_int_equal(try_rerun(task_of(first).id), ERR_INPUT);
	assert_int_equal(try_rerun(task_of(second).id), ERR_INPUT);
	sim_pass(MINUTE_US);
	rerun(task_of(first).id);
	assert_int_equal(try_rerun(task_of(first).id), ERR_INPUT);
	sim_pass(MINUTE_US);
	assert_int_equal(sim.run_count, 3);
	assert_idle(id);
}

static void
a_task_of_a_deleted_schedule_does_not_run_again(void **state)
{
	uint64_t id = sim_create(sim_schedule("on demand", NULL, 0)), run = sim_call(id);

	(void)state;
	sim_pass(MINUTE_US);
	assert_int_equal(
	    service_delete_schedule(&sim.sv, &sim.admin, sim.now_us, id, &sim.err), 0);
	assert_int_equal(try_rerun(task_of(run).id), ERR_INPUT);
	assert_string_equal(sim.err.text, "Schedule not found");
	assert_int_equal(try_rerun(99999), ERR_MISSING);
	sim_pass(MINUTE_US);
	assert_int_equal(sim.run_count, 1);
}

static void
it_waits_for_its_turn_and_others_wait_for_it(void **state)
{
	uint64_t id = sim_create(sim_schedule("on demand", NULL, 0)), first = sim_call(id),
		 second, third;

	(void)state;
	sim_pass(MINUTE_US);
	second = sim_call(id);
	sim_settle();
	rerun(task_of(first).id);
	assert_int_equal(sim_state(id).active, 1);
	assert_int_equal(sim_state(id).waiting, 1);
	sim_pass(SECOND_US);
	assert_int_equal(task_of(first).status, TASK_PENDING);
	assert_int_equal(task_of(second).status, TASK_RUNNING);
	sim_pass(2 * SECOND_US);
	assert_int_equal(task_of(second).status, TASK_SUCCEEDED);
	assert_int_equal(task_of(first).status, TASK_RUNNING);
	third = sim_call(id);
	sim_settle();
	assert_int_equal(task_of(third).status, TASK_PENDING);
	sim_pass(MINUTE_US);
	assert_int_equal(sim.run_count, 4);
	assert_int_equal(task_of(third).status, TASK_SUCCEEDED);
	assert_idle(id);
}

static void
with_overlap_allow_it_runs_beside_others(void **state)
{
	struct schedule s = sim_schedule("on demand", NULL, 0);
	uint64_t id, first, second;

	(void)state;
	s.overlap = OVERLAP_ALLOW;
	id = sim_create(s);
	first = sim_call(id);
	sim_pass(MINUTE_US);
	second = sim_call(id);
	rerun(task_of(first).id);
	sim_pass(SECOND_US);
	assert_int_equal(task_of(first).status, TASK_RUNNING);
	assert_int_equal(task_of(second).status, TASK_RUNNING);
	sim_pass(MINUTE_US);
	assert_idle(id);
}

static void
due_times_meet_it_and_say_so(void **state)
{
	struct trigger t = sim_cron("* * * * *", "UTC");
	uint64_t id = sim_create(sim_schedule("minutely", &t, 1)), first, second;
	struct occurrence *o;
	size_t count;

	(void)state;
	sim_run_until(SIM_BEGIN + 2 * MINUTE_US + 10 * SECOND_US);
	first = sim_executions(id, &count)[1].id;
	second = sim_executions(id, &count)[0].id;
	assert_int_equal(count, 2);
	/* One that is older than others which have ended stands in the way. */
	sim.takes_us = 90 * SECOND_US;
	rerun(task_of(first).id);
	sim_run_until(SIM_BEGIN + 3 * MINUTE_US);
	o = sim_ledger(id, &count);
	assert_int_equal(count, 3);
	assert_int_equal(o[2].verdict, VERDICT_SKIPPED_OVERLAP);
	assert_int_equal(o[2].execution_id, first);
	/* One that is newer does, while an older one waits behind it. */
	rerun(task_of(second).id);
	sim_run_until(SIM_BEGIN + 3 * MINUTE_US + 50 * SECOND_US);
	assert_int_equal(task_of(second).status, TASK_RUNNING);
	rerun(task_of(first).id);
	sim_run_until(SIM_BEGIN + 4 * MINUTE_US);
	o = sim_ledger(id, &count);
	assert_int_equal(count, 4);
	assert_int_equal(o[3].verdict, VERDICT_SKIPPED_OVERLAP);
	assert_int_equal(o[3].execution_id, second);
	sim.takes_us = SECOND_US;
	assert_int_equal(
	    service_suspend_schedule(&sim.sv, &sim.admin, sim.now_us, id, NULL, &sim.err), 0);
	sim_pass(10 * MINUTE_US);
	assert_idle(id);
}

static void
what_was_cancelled_may_run_again(void **state)
{
	uint64_t id = sim_create(sim_schedule("on demand", NULL, 0)), run = sim_call(id);
	struct task t;

	(void)state;
	assert_int_equal(
	    service_cancel_execution(&sim.sv, &sim.admin, sim.now_us, run, &sim.err), 0);
	rerun(task_of(run).id);
	sim_pass(MINUTE_US);
	t = task_of(run);
	assert_int_equal(t.status, TASK_SUCCEEDED);
	assert_int_equal(t.attempt_count, 2);
	assert_int_equal(t.attempts[0].start_us, INSTANT_NEVER);
	assert_idle(id);
}

static struct task_def *
two_tasks(void)
{
	static const char *argv[] = {"/bin/true", NULL};
	static struct task_def defs[] = {
	    {.name = "a", .argv = argv, .argc = 1}, {.name = "b", .argv = argv, .argc = 1}};

	return defs;
}

static void
one_task_of_two_runs_again_alone(void **state)
{
	struct schedule s = sim_schedule("two", NULL, 0);
	uint64_t id, first, second;
	struct task *t;
	size_t count;

	(void)state;
	s.tasks = two_tasks();
	s.task_count = 2;
	id = sim_create(s);
	first = sim_call(id);
	sim_pass(MINUTE_US);
	second = sim_call(id);
	sim_settle();
	/* It waits for its turn, though its execution has begun long ago; so does its neighbour. */
	t = sim_tasks(first, &count);
	rerun(t[1].id);
	sim_pass(SECOND_US);
	t = sim_tasks(first, &count);
	assert_int_equal(t[1].status, TASK_PENDING);
	sim_pass(MINUTE_US);
	t = sim_tasks(first, &count);
	assert_int_equal(t[0].attempt_count, 1);
	assert_int_equal(t[1].attempt_count, 2);
	assert_int_equal(sim.run_count, 5);

	/* Both of the second, the other as the first of them runs. */
	t = sim_tasks(second, &count);
	rerun(t[0].id);
	sim_pass(SECOND_US);
	rerun(t[1].id);
	assert_int_equal(sim_state(id).active, 1);
	sim_settle();
	assert_int_equal(sim_tasks(second, &count)[1].status, TASK_RUNNING);
	sim_pass(MINUTE_US);
	assert_int_equal(sim.run_count, 7);
	assert_int_equal(sim_executions(id, &count)[0].tasks_ended, 2);
	assert_idle(id);
}

static void
both_tasks_may_be_told_to_run_again_before_the_first_has_begun(void **state)
{
	struct schedule s = sim_schedule("two", NULL, 0);
	uint64_t id, run;
	struct task *t;
	size_t count;

	(void)state;
	s.tasks = two_tasks();
	s.task_count = 2;
	id = sim_create(s);
	run = sim_call(id);
	sim_pass(MINUTE_US);
	t = sim_tasks(run, &count);
	rerun(t[0].id);
	rerun(t[1].id);
	assert_int_equal(sim_executions(id, &count)->tasks_ended, 0);
	sim_pass(MINUTE_US);
	t = sim_tasks(run, &count);
	assert_int_equal(t[0].attempt_count, 2);
	assert_int_equal(t[1].attempt_count, 2);
	assert_int_equal(sim.run_count, 4);
	assert_idle(id);
}

static void
both_tasks_may_wait_to_run_again_and_one_be_cancelled_meanwhile(void **state)
{
	struct schedule s = sim_schedule("two", NULL, 0);
	uint64_t id, first;
	struct task *t;
	size_t count;

	(void)state;
	s.tasks = two_tasks();
	s.task_count = 2;
	id = sim_create(s);
	first = sim_call(id);
	sim_pass(MINUTE_US);
	sim_call(id);
	sim_settle();
	t = sim_tasks(first, &count);
	rerun(t[0].id);
	assert_int_equal(sim_state(id).waiting, 1);
	rerun(t[1].id);
	assert_int_equal(sim_state(id).waiting, 1);
	/* It only waits: what is under way are the tasks of the other. */
	assert_int_equal(sim_left(), 2);
	assert_int_equal(
	    service_cancel_execution(&sim.sv, &sim.admin, sim.now_us, first, &sim.err), 0);
	rerun(t[0].id);
	sim_pass(MINUTE_US);
	t = sim_tasks(first, &count);
	assert_int_equal(t[0].status, TASK_SUCCEEDED);
	assert_int_equal(t[0].attempt_count, 3);
	assert_int_equal(t[1].status, TASK_CANCELLED);
	assert_int_equal(sim.run_count, 5);
	assert_idle(id);
}

static void
a_schedule_that_is_deleted_takes_what_waits_to_run_again_along(void **state)
{
	struct schedule s = sim_schedule("two", NULL, 0);
	uint64_t id, first;
	struct task *t;
	size_t count;

	(void)state;
	s.tasks = two_tasks();
	s.task_count = 2;
	id = sim_create(s);
	first = sim_call(id);
	sim_pass(MINUTE_US);
	sim_call(id);
	sim_settle();
	rerun(sim_tasks(first, &count)[1].id);
	assert_int_equal(
	    service_delete_schedule(&sim.sv, &sim.admin, sim.now_us, id, &sim.err), 0);
	sim_pass(MINUTE_US);
	t = sim_tasks(first, &count);
	assert_int_equal(t[0].status, TASK_SUCCEEDED);
	assert_int_equal(t[1].status, TASK_CANCELLED);
	assert_int_equal(t[1].attempt_count, 2);
	assert_int_equal(sim.run_count, 4);
	assert_int_equal(sim_left(), 0);
}

static void
whoever_dies_it_runs_again_at_most_once(void **state)
{
	uint64_t id = sim_create(sim_schedule("on demand", NULL, 0)), run;
	unsigned deaths = 1;
	struct task t;

	(void)state;
	for (int who = 0; who < 3; who++) {
		sim.die_together = who == 2;
		for (unsigned n = 1; deaths || n == 1; n++) {
			run = sim_call(id);
			sim_pass(MINUTE_US);
			rerun(task_of(run).id);
			sim.run_count = 0;
			sim.scheduler_deaths = sim.runner_deaths = 0;
			sim.scheduler_fuse = who == 1 ? 0 : n;
			sim.runner_fuse = who == 1 ? n : 0;
			sim_pass(MINUTE_US);
			sim.scheduler_fuse = sim.runner_fuse = 0;
			deaths = sim.scheduler_deaths + sim.runner_deaths;
			t = task_of(run);
			assert_int_equal(t.attempt_count, 2);
			assert_in_range(sim.run_count, t.status == TASK_SUCCEEDED, 1);
			if (!sim.runner_deaths || t.status != TASK_LOST)
				assert_int_equal(t.status, TASK_SUCCEEDED);
			assert_idle(id);
			arena_clear(&sim.arena);
		}
		deaths = 1;
	}
}

/* More is due than one transaction settles. */
static void
a_task_that_runs_again_after_a_long_outage_does_not_push_the_catch_up_aside(void **state)
{
	struct trigger every = sim_every(SECOND_US);
	struct schedule s = sim_schedule("secondly", &every, 1);
	struct occurrence *o;
	size_t count;
	uint64_t id, first;

	(void)state;
	s.end_us = SIM_BEGIN + 39 * MINUTE_US;
	id = sim_create(s);
	first = sim_call(id);
	sim_settle();
	sim.now_us += SECOND_US / 2;
	assert_int_equal(
	    service_cancel_execution(&sim.sv, &sim.admin, sim.now_us, first, &sim.err), 0);
	sim_settle();
	sim_stop_engine();
	sim.now_us = SIM_BEGIN + 40 * MINUTE_US;
	rerun(task_of(first).id);
	sim_start_engine();
	sim_settle();

	o = sim_ledger(id, &count);
	assert_int_equal(count, 2);
	assert_int_equal(o[1].due_us, s.end_us - SECOND_US);
	assert_int_equal(o[1].verdict, VERDICT_RAN);
	sim_pass(MINUTE_US);
	assert_idle(id);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, sim_setup, sim_teardown)
	    TEST(an_ended_task_runs_again_as_its_next_attempt),
	    TEST(a_task_that_has_not_ended_is_still_running),
	    TEST(a_task_of_a_deleted_schedule_does_not_run_again),
	    TEST(it_waits_for_its_turn_and_others_wait_for_it),
	    TEST(with_overlap_allow_it_runs_beside_others),
	    TEST(due_times_meet_it_and_say_so),
	    TEST(what_was_cancelled_may_run_again),
	    TEST(one_task_of_two_runs_again_alone),
	    TEST(both_tasks_may_be_told_to_run_again_before_the_first_has_begun),
	    TEST(both_tasks_may_wait_to_run_again_and_one_be_cancelled_meanwhile),
	    TEST(a_schedule_that_is_deleted_takes_what_waits_to_run_again_along),
	    TEST(whoever_dies_it_runs_again_at_most_once),
	    TEST(a_task_that_runs_again_after_a_long_outage_does_not_push_the_catch_up_aside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
