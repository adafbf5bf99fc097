/*
 * Retries: an attempt that fails is followed by another at its own due time, whoever dies in
 * between; the run keeps its turn meanwhile, and what waits for the task waits on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "simulation.h"

#include "model/retry.h"

static const char *const_argv[] = {"/bin/true", NULL};
static struct task_def defs[2];

/* On demand; one task, with this policy. */
static struct schedule
retried(struct retries r)
{
	struct schedule s = sim_schedule("retried", NULL, 0);

	if (r.max && !r.max_delay_us)
		r.max_delay_us = HOUR_US;
	if (r.max && !r.factor)
		r.factor = RETRY_FACTOR_UNIT;
	defs[0] = (struct task_def){
	    .name = "only", .argv = const_argv, .argc = 1, .kill_grace_us = 1, .retries = r};
	s.tasks = defs;
	return s;
}

static struct task
task_of(uint64_t execution_id)
{
	size_t count;

	return *sim_tasks(execution_id, &count);
}

static struct execution
only_execution(uint64_t id)
{
	size_t count;
	struct execution *e = sim_executions(id, &count);

	assert_int_equal(count, 1);
	return *e;
}

static void
assert_idle(uint64_t id)
{
	struct schedule_state state = sim_state(id);

	assert_int_equal(sim_left(), 0);
	assert_int_equal(state.active, 0);
	assert_int_equal(state.waiting, 0);
	assert_int_equal(sim.ward_count, 0);
	if (!sim.fail_code)
		assert_int_equal(sim.failures, 0);
}

/* ---- the attempts ---- */

static void
a_failed_attempt_is_followed_by_another_at_its_due_time(void **state)
{
	uint64_t id = sim_create(
	    retried((struct retries){.max = 3, .delay_us = 10 * SECOND_US, .factor = 200}));
	int64_t ended_us;
	uint64_t run;
	struct task t;

	(void)state;
	sim.failing = 2;
	run = sim_call(id);
	sim_pass(3 * SECOND_US);
	t = task_of(run);
	assert_int_equal(t.status, TASK_RETRYING);
	assert_int_equal(t.attempt_count, 2);
	assert_int_equal(t.attempts[0].exit_code, 1);
	ended_us = t.attempts[0].end_us;
	assert_int_equal(t.attempts[1].number, 2);
	assert_int_equal(t.attempts[1].due_us, ended_us + 10 * SECOND_US);
	assert_true(t.attempts[1].start_us == INSTANT_NEVER);
	assert_true(only_execution(id).end_us == INSTANT_NEVER);
	assert_true(t.end_us == INSTANT_NEVER);

	/* Not a moment before. */
	assert_int_equal(sim.wake_us, ended_us + 10 * SECOND_US);
	sim_run_until(ended_us + 10 * SECOND_US - 1);
	assert_int_equal(sim.run_count, 1);
	sim_run_until(ended_us + 10 * SECOND_US);
	assert_int_equal(sim.run_count, 2);

	sim_pass(HOUR_US);
	t = task_of(run);
	assert_int_equal(t.status, TASK_SUCCEEDED);
	assert_int_equal(t.attempt_count, 3);
	assert_int_equal(t.attempts[2].due_us, t.attempts[1].end_us + 20 * SECOND_US);
	assert_int_equal(t.attempts[2].start_us, t.attempts[2].due_us);
	assert_int_equal(sim.run_count, 3);
	assert_int_equal(only_execution(id).end_us, t.attempts[2].end_us);
	assert_idle(id);
}

static void
when_all_have_failed_the_task_has(void **state)
{
	uint64_t id = sim_create(retried((struct retries){.max = 2, .delay_us = MINUTE_US}));
	uint64_t run;
	struct task t;

	(void)state;
	sim.exit_code = 7;
	run = sim_call(id);
	sim_pass(HOUR_US);
	t = task_of(run);
	assert_int_equal(t.status, TASK_FAILED);
	assert_int_equal(t.attempt_count, 3);
	assert_int_equal(sim.run_count, 3);
	assert_int_equal(t.end_us, t.attempts[2].end_us);
	assert_int_equal(only_execution(id).end_us, t.end_us);
	assert_idle(id);
}

/* What becomes of a task that fails once in a way: is it tried again? */
static void
on_says_which_failures_are_retried(void **state)
{
	static const struct {
		const char *on;
		bool time_out, cannot_fork;
		size_t attempts;
	} cases[] = {
	    {NULL, false, false, 2},
	    {NULL, true, false, 2},
	    {NULL, false, true, 2},
	    {"1", false, false, 2},
	    {"2-9", false, false, 1},
	    {"timeout", false, false, 1},
	    {"timeout", true, false, 2},
	    {"1", true, false, 1},
	    {"unstarted", false, true, 2},
	    {"unstarted", false, false, 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *on[] = {cases[i].on};
		struct retries r = {
		    .max = 1, .delay_us = SECOND_US, .on = on, .on_count = on[0] != NULL};
		uint64_t id = sim_create(retried(r)), run;

		sim.failing = 1;
		sim.time_out = cases[i].time_out;
		sim.cannot_fork = cases[i].cannot_fork;
		run = sim_call(id);
		sim_settle();
		sim.cannot_fork = false;
		sim.failing = 0;
		sim_pass(MINUTE_US);
		if (task_of(run).attempt_count != cases[i].attempts)
			fail_msg("case %zu: %zu attempts", i, task_of(run).attempt_count);
		assert_int_equal(task_of(run).status, cases[i].attempts == 2 ? TASK_SUCCEEDED
						      : cases[i].time_out    ? TASK_TIMED_OUT
									     : TASK_FAILED);
		assert_idle(id);
		assert_int_equal(
		    service_delete_schedule(&sim.sv, &sim.admin, sim.now_us, id, &sim.err), 0);
	}
}

static void
what_was_called_is_left_alone_for_as_long_as_it_asked(void **state)
{
	uint64_t id = sim_create(retried((struct retries){
		     .max = 1, .delay_us = SECOND_US, .max_delay_us = 10 * MINUTE_US})),
		 run;
	struct task t;

	(void)state;
	sim.failing = 1;
	sim.retry_after_us = 2 * MINUTE_US;
	run = sim_call(id);
	sim_pass(MINUTE_US);
	t = task_of(run);
	assert_int_equal(t.attempts[0].retry_after_us, 2 * MINUTE_US);
	assert_int_equal(t.attempts[1].due_us, t.attempts[0].end_us + 2 * MINUTE_US);
}

static void
a_retry_that_came_due_while_nobody_was_there_begins_at_once(void **state)
{
	uint64_t id = sim_create(retried((struct retries){.max = 1, .delay_us = MINUTE_US})),
		 run;

	(void)state;
	sim.failing = 1;
	run = sim_call(id);
	sim_pass(10 * SECOND_US);
	sim_outage(DAY_US);
	sim_pass(10 * SECOND_US);
	assert_int_equal(task_of(run).status, TASK_SUCCEEDED);
	assert_idle(id);
}

/* ---- what goes on around it ---- */

static void
a_run_that_waits_for_its_retry_keeps_its_turn(void **state)
{
	struct trigger each = sim_every(MINUTE_US);
	struct schedule s = retried((struct retries){.max = 1, .delay_us = 150 * SECOND_US});
	struct occurrence *o;
	size_t count;
	uint64_t id;

	(void)state;
	s.triggers = &each;
	s.trigger_count = 1;
	sim.failing = 1;
	id = sim_create(s);
	sim_pass(4 * MINUTE_US);
	o = sim_ledger(id, &count);
	assert_int_equal(count, 3);
	assert_int_equal(o[0].verdict, VERDICT_RAN);
	assert_int_equal(o[1].verdict, VERDICT_SKIPPED_OVERLAP);
	assert_int_equal(o[1].count, 2);
	assert_int_equal(o[1].execution_id, o[0].execution_id);
	assert_int_equal(o[2].verdict, VERDICT_RAN);
	assert_int_equal(sim.run_count, 3);
}

static void
what_is_after_it_decides_when_the_last_attempt_has_ended(void **state)
{
	struct task_after after = {"only", AFTER_FAILED};
	struct schedule s = retried((struct retries){.max = 2, .delay_us = MINUTE_US});
	struct task *t;
	size_t count;
	uint64_t id, run;

	(void)state;
	defs[1] = (struct task_def){
	    .name = "alert", .argv = const_argv, .argc = 1, .after = &after, .after_count = 1};
	s.task_count = 2;
	id = sim_create(s);
	sim.failing = 3;
	run = sim_call(id);
	sim_pass(90 * SECOND_US);
	t = sim_tasks(run, &count);
	assert_int_equal(t[0].status, TASK_RETRYING);
	assert_int_equal(t[1].status, TASK_WAITING);
	sim_pass(HOUR_US);
	t = sim_tasks(run, &count);
	assert_int_equal(t[0].status, TASK_FAILED);
	assert_int_equal(t[0].attempt_count, 3);
	assert_int_equal(t[1].status, TASK_SUCCEEDED);
	assert_true(t[1].attempts[0].start_us >= t[0].end_us);
	assert_idle(id);

	sim.failing = 1;
	run = sim_call(id);
	sim_pass(HOUR_US);
	t = sim_tasks(run, &count);
	assert_int_equal(t[0].status, TASK_SUCCEEDED);
	assert_int_equal(t[1].status, TASK_SKIPPED);
	assert_idle(id);
}

static void
a_cancel_during_the_wait_ends_it_at_once(void **state)
{
	uint64_t id = sim_create(retried((struct retries){.max = 3, .delay_us = MINUTE_US})),
		 run, next;
	struct task t;

	(void)state;
	sim.failing = 1;
	run = sim_call(id);
	next = sim_call(id);
	sim_pass(10 * SECOND_US);
	assert_int_equal(task_of(run).status, TASK_RETRYING);
	assert_int_equal(sim_state(id).waiting, 1);
	assert_int_equal(
	    service_cancel_execution(&sim.sv, &sim.admin, sim.now_us, run, &sim.err), 0);
	t = task_of(run);
	assert_int_equal(t.status, TASK_CANCELLED);
	assert_int_equal(t.attempt_count, 2);
	assert_int_equal(t.attempts[1].end_us, sim.now_us);
	assert_string_equal(t.attempts[1].reason, "cancelled before it began");
	sim_pass(HOUR_US);
	assert_int_equal(task_of(run).attempt_count, 2);
	assert_int_equal(task_of(next).status, TASK_SUCCEEDED);
	assert_int_equal(sim.run_count, 2);
	assert_idle(id);
}

static void
a_cancel_while_it_runs_is_not_followed_by_another_attempt(void **state)
{
	uint64_t id = sim_create(retried((struct retries){.max = 3, .delay_us = MINUTE_US})),
		 run;

	(void)state;
	run = sim_call(id);
	sim_pass(SECOND_US);
	assert_int_equal(
	    service_cancel_execution(&sim.sv, &sim.admin, sim.now_us, run, &sim.err), 0);
	sim_pass(HOUR_US);
	assert_int_equal(task_of(run).status, TASK_CANCELLED);
	assert_int_equal(sim.run_count, 1);
	assert_idle(id);
}

static void
a_suspension_leaves_the_retries_of_what_goes_on_alone(void **state)
{
	uint64_t id = sim_create(retried((struct retries){.max = 1, .delay_us = MINUTE_US})),
		 run;

	(void)state;
	sim.failing = 1;
	run = sim_call(id);
	sim_pass(10 * SECOND_US);
	assert_int_equal(
	    service_suspend_schedule(&sim.sv, &sim.admin, sim.now_us, id, NULL, &sim.err), 0);
	sim_pass(HOUR_US);
	assert_int_equal(task_of(run).status, TASK_SUCCEEDED);
	assert_idle(id);
}

static void
what_is_left_of_a_deleted_schedule_is_not_tried_again(void **state)
{
	uint64_t id, run;
	struct task t;

	(void)state;
	/* While it runs, and while it waits. */
	for (int waits = 0; waits < 2; waits++) {
		id = sim_create(retried((struct retries){.max = 1, .delay_us = MINUTE_US}));
		sim.failing = 1;
		run = sim_call(id);
		sim_pass(waits ? 10 * SECOND_US : SECOND_US);
		assert_int_equal(
		    service_delete_schedule(&sim.sv, &sim.admin, sim.now_us, id, &sim.err), 0);
		sim_pass(HOUR_US);
		t = task_of(run);
		assert_int_equal(t.status, waits ? TASK_CANCELLED : TASK_FAILED);
		assert_int_equal(t.attempt_count, waits ? 2 : 1);
		assert_true(t.end_us != INSTANT_NEVER);
		if (waits)
			assert_string_equal(t.attempts[1].reason, "its schedule was deleted");
		assert_int_equal(sim_left(), 0);
	}
	assert_int_equal(sim.run_count, 2);
}

static void
one_that_is_asked_to_run_again_has_all_its_retries_again(void **state)
{
	uint64_t id = sim_create(retried((struct retries){.max = 1, .delay_us = MINUTE_US})),
		 run;
	struct task t;

	(void)state;
	sim.exit_code = 1;
	run = sim_call(id);
	sim_pass(HOUR_US);
	assert_int_equal(task_of(run).attempt_count, 2);
	assert_int_equal(
	    service_rerun_task(&sim.sv, &sim.admin, sim.now_us, task_of(run).id, &sim.err), 0);
	sim_pass(HOUR_US);
	t = task_of(run);
	assert_int_equal(t.status, TASK_FAILED);
	assert_int_equal(t.attempt_count, 4);
	assert_int_equal(t.attempts[2].due_us, 0);
	assert_int_equal(t.attempts[3].due_us, t.attempts[2].end_us + MINUTE_US);
	assert_idle(id);
}

/* ---- lost attempts: onLost alone decides ---- */

static void
a_lost_attempt_takes_none_of_the_retries(void **state)
{
	(void)state;
	for (int rerun = 0; rerun < 2; rerun++) {
		struct schedule s = retried((struct retries){.max = 1, .delay_us = MINUTE_US});
		uint64_t id, run;
		struct task t;

		s.on_lost = rerun ? ON_LOST_RERUN : ON_LOST_FAIL;
		id = sim_create(s);
		run = sim_call(id);
		sim_pass(SECOND_US);
		sim.runner_dies = true;
		/* The one after that fails, and has its retry. */
		sim.failing = rerun;
		sim_pass(HOUR_US);
		t = task_of(run);
		assert_int_equal(t.status, rerun ? TASK_SUCCEEDED : TASK_LOST);
		assert_int_equal(t.attempt_count, rerun ? 3 : 1);
		assert_int_equal(t.retries, rerun);
		assert_int_equal(rerun ? t.attempts[1].due_us : 0, 0);
		assert_idle(id);
		assert_int_equal(
		    service_delete_schedule(&sim.sv, &sim.admin, sim.now_us, id, &sim.err), 0);
	}
}

static void
a_retry_that_was_stopped_at_its_gate_stays_due(void **state)
{
	uint64_t id = sim_create(retried((struct retries){.max = 1, .delay_us = MINUTE_US})),
		 run;
	struct task t;
	int64_t due_us;

	(void)state;
	sim.failing = 1;
	run = sim_call(id);
	sim_pass(10 * SECOND_US);
	due_us = task_of(run).attempts[1].due_us;
	sim.now_us = due_us;
	sim_step();
	sim_runner_reads();
	/* It is held, and nobody has read that yet. */
	assert_int_equal(sim.wards[0].phase, PHASE_HELD);
	engine_stop(sim.engine);
	sim_settle();
	t = task_of(run);
	assert_int_equal(t.status, TASK_PENDING);
	assert_int_equal(t.attempt_count, 2);
	assert_int_equal(t.attempts[1].due_us, due_us);
	assert_int_equal(t.attempts[1].pid, 0);
	sim_outage(SECOND_US);
	sim_pass(MINUTE_US);
	t = task_of(run);
	assert_int_equal(t.status, TASK_SUCCEEDED);
	assert_int_equal(t.attempt_count, 2);
	assert_idle(id);
}

/* ---- deaths ---- */

/* A run that fails twice and then succeeds, with the fuses set. */
static struct task
live_through(enum on_lost on_lost, unsigned scheduler_fuse, unsigned runner_fuse)
{
	struct schedule s =
	    retried((struct retries){.max = 2, .delay_us = 10 * SECOND_US, .factor = 200});
	struct trigger at = sim_at(sim.now_us + 30 * SECOND_US);
	struct occurrence *o;
	struct task t;
	size_t count;
	uint64_t id;

	s.triggers = &at;
	s.trigger_count = 1;
	s.on_lost = on_lost;
	id = sim_create(s);
	sim.run_count = 0;
	sim.failing = 2;
	sim.scheduler_deaths = sim.runner_deaths = 0;
	sim.scheduler_fuse = scheduler_fuse;
	sim.runner_fuse = runner_fuse;
	sim_pass(HOUR_US);
	sim.scheduler_fuse = sim.runner_fuse = 0;
	o = sim_ledger(id, &count);
	assert_int_equal(count, 1);
	assert_int_equal(o->verdict, VERDICT_RAN);
	t = task_of(o->execution_id);
	assert_idle(id);
	for (size_t i = 1; i < t.attempt_count; i++) {
		const struct attempt *a = &t.attempts[i];

		assert_int_equal(a->number, i + 1);
		/* Each has its place in time, and began no earlier. */
		if (a->due_us && a->start_us != INSTANT_NEVER)
			assert_true(a->start_us >= a->due_us);
		if (a->due_us)
			assert_in_range(
			    a->due_us - a[-1].end_us, 10 * SECOND_US, 20 * SECOND_US);
	}
	assert_int_equal(
	    service_delete_schedule(&sim.sv, &sim.admin, sim.now_us, id, &sim.err), 0);
	return t;
}

static void
a_scheduler_may_die_anywhere_and_each_attempt_is_made_once(void **state)
{
	unsigned n = 0;

	(void)state;
	do {
		struct task t = live_through(ON_LOST_FAIL, ++n, 0);

		assert_int_equal(t.status, TASK_SUCCEEDED);
		assert_int_equal(t.attempt_count, 3);
		assert_int_equal(t.retries, 2);
		assert_int_equal(sim.run_count, 3);
		arena_clear(&sim.arena);
	} while (sim.scheduler_deaths);
	assert_true(n > 60);
}

static void
a_scheduler_may_be_away_for_longer_than_the_wait(void **state)
{
	(void)state;
	sim.restart_us = MINUTE_US;
	a_scheduler_may_die_anywhere_and_each_attempt_is_made_once(state);
}

/* Only of the attempt that its runner took along nobody knows how it ended. */
static void
live_through_deaths_of_the_runner(void)
{
	unsigned n = 0;

	do {
		struct task t = live_through(ON_LOST_RERUN, 0, ++n);

		/* The command that was lost may have been one of those that fail. */
		assert_int_equal(t.status, TASK_SUCCEEDED);
		assert_in_range(t.attempt_count, 3, 4);
		assert_in_range(t.retries, 1, 2);
		assert_in_range(sim.run_count, 3, 4);
		arena_clear(&sim.arena);
	} while (sim.runner_deaths);
	n = 0;
	do {
		struct task t = live_through(ON_LOST_FAIL, 0, ++n);

		if (t.status != TASK_LOST)
			assert_int_equal(t.status, TASK_SUCCEEDED);
		assert_in_range(t.attempt_count, 1, 3);
		arena_clear(&sim.arena);
	} while (sim.runner_deaths);
}

static void
a_runner_may_die_anywhere(void **state)
{
	(void)state;
	live_through_deaths_of_the_runner();
	sim.no_last_step = true;
	live_through_deaths_of_the_runner();
	sim.die_together = true;
	live_through_deaths_of_the_runner();
}

static void
a_commit_may_fail_anywhere(void **state)
{
	(void)state;
	for (int late = 0; late < 2; late++) {
		for (unsigned n = 0;; n++) {
			struct task t;

			sim.fail_code = ERR_IO;
			sim.fail_late = late;
			sim.fail_after = n;
			sim.fail_count = 2;
			t = live_through(ON_LOST_FAIL, 0, 0);
			assert_int_equal(t.status, TASK_SUCCEEDED);
			assert_int_equal(t.attempt_count, 3);
			assert_int_equal(sim.run_count, 3);
			arena_clear(&sim.arena);
			if (sim.fail_count == 2)
				break;
		}
		sim.fail_count = 0;
	}
}

static void
a_retry_does_not_wait_for_a_clock_that_was_set_back(void **state)
{
	struct schedule s = retried((struct retries){.max = 1,
	    .delay_us = MINUTE_US,
	    .factor = RETRY_FACTOR_UNIT,
	    .max_delay_us = MINUTE_US});
	int64_t ended_us;
	struct task t;
	uint64_t run;
	size_t count;

	(void)state;
	sim.takes_us = HOUR_US;
	sim.failing = 1;
	run = sim_call(sim_create(s));
	sim_pass(MINUTE_US);
	sim_clock_jumps(CLOCK_STEP_SET, sim.now_us - DAY_US);
	sim.wards[0].end_us -= DAY_US;
	sim.runs[0].end_us -= DAY_US;
	ended_us = sim.wards[0].end_us;
	sim_run_until(ended_us);
	t = *sim_tasks(run, &count);
	assert_int_equal(t.status, TASK_RETRYING);
	assert_int_equal(t.attempts[1].due_us, ended_us + MINUTE_US);
	assert_true(t.attempts[0].end_us >= t.attempts[0].start_us);
}

/* ---- many ---- */

static void
the_first_of_many_that_wait_is_waited_for(void **state)
{
	struct schedule s = retried((struct retries){
	    .max = 1, .delay_us = HOUR_US, .max_delay_us = HOUR_US, .jitter_us = HOUR_US});
	int64_t first_us = INSTANT_NEVER;
	uint64_t id, runs[200];
	size_t count;

	(void)state;
	s.overlap = OVERLAP_ALLOW;
	id = sim_create(s);
	sim.failing = 200;
	for (size_t i = 0; i < 200; i++)
		runs[i] = sim_call(id);
	sim_pass(MINUTE_US);
	for (size_t i = 0; i < 200; i++) {
		struct task t = *sim_tasks(runs[i], &count);

		assert_int_equal(t.status, TASK_RETRYING);
		if (t.attempts[1].due_us < first_us)
			first_us = t.attempts[1].due_us;
	}
	assert_int_equal(sim.wake_us, first_us);
	sim_pass(3 * HOUR_US);
	assert_int_equal(sim.run_count, 400);
	assert_idle(id);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, sim_setup, sim_teardown)
	    TEST(a_failed_attempt_is_followed_by_another_at_its_due_time),
	    TEST(a_retry_does_not_wait_for_a_clock_that_was_set_back),
	    TEST(when_all_have_failed_the_task_has),
	    TEST(on_says_which_failures_are_retried),
	    TEST(what_was_called_is_left_alone_for_as_long_as_it_asked),
	    TEST(a_retry_that_came_due_while_nobody_was_there_begins_at_once),
	    TEST(a_run_that_waits_for_its_retry_keeps_its_turn),
	    TEST(what_is_after_it_decides_when_the_last_attempt_has_ended),
	    TEST(a_cancel_during_the_wait_ends_it_at_once),
	    TEST(a_cancel_while_it_runs_is_not_followed_by_another_attempt),
	    TEST(a_suspension_leaves_the_retries_of_what_goes_on_alone),
	    TEST(what_is_left_of_a_deleted_schedule_is_not_tried_again),
	    TEST(one_that_is_asked_to_run_again_has_all_its_retries_again),
	    TEST(a_lost_attempt_takes_none_of_the_retries),
	    TEST(a_retry_that_was_stopped_at_its_gate_stays_due),
	    TEST(a_scheduler_may_die_anywhere_and_each_attempt_is_made_once),
	    TEST(a_scheduler_may_be_away_for_longer_than_the_wait),
	    TEST(a_runner_may_die_anywhere),
	    TEST(a_commit_may_fail_anywhere),
	    TEST(the_first_of_many_that_wait_is_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
