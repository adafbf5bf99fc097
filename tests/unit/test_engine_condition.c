/*
 * Conditions: a command of its own that says whether the tasks run. It begins by the same known
 * start as they do, so whoever dies, the tasks run after it was met or not at all, and the due
 * time keeps its one entry in the ledger.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "simulation.h"

static struct schedule
conditional(const char *name, struct trigger *triggers, size_t trigger_count)
{
	static const char *argv[] = {"/bin/test", NULL};
	static struct task_def condition = {.name = "condition", .argv = argv, .argc = 1};
	struct schedule s = sim_schedule(name, triggers, trigger_count);

	s.condition = &condition;
	return s;
}

static uint64_t
call(uint64_t id, bool check_triggers)
{
	uint64_t run;

	assert_int_equal(service_run_schedule(&sim.sv, &sim.admin, sim.now_us, id,
			     check_triggers, NULL, &run, &sim.err),
	    0);
	return run;
}

static void
cancel(uint64_t id)
{
	assert_int_equal(
	    service_cancel_execution(&sim.sv, &sim.admin, sim.now_us, id, &sim.err), 0);
}

static struct task
task_of(uint64_t execution_id)
{
	size_t count;
	struct task *t = sim_tasks(execution_id, &count);

	assert_int_equal(count, 1);
	return t[0];
}

/* How often conditions and tasks really ran. */
static size_t
runs(bool of_conditions)
{
	size_t n = 0;

	for (size_t i = 0; i < sim.run_count; i++)
		n += sim.runs[i].is_condition == of_conditions;
	return n;
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
	for (size_t i = 0; i < sim.run_count; i++)
		assert_false(sim.runs[i].alive);
}

/* ---- what it decides
 * ---------------------------------------------------------------------------------- */

static void
the_tasks_run_when_it_is_met(void **state)
{
	struct trigger at = sim_at(SIM_BEGIN + MINUTE_US);
	uint64_t id = sim_create(conditional("once", &at, 1));
	struct execution *e;
	struct occurrence *o;
	size_t count;

	(void)state;
	sim_run_until(at.at_us + SECOND_US);
	e = sim_executions(id, &count);
	assert_int_equal(task_of(e->id).status, TASK_WAITING);
	assert_int_equal(e->start_us, INSTANT_NEVER);
	assert_int_equal(runs(true), 1);
	sim_run_until(at.at_us + 3 * SECOND_US);
	assert_int_equal(task_of(e->id).status, TASK_RUNNING);
	sim_pass(MINUTE_US);
	assert_int_equal(task_of(e->id).status, TASK_SUCCEEDED);
	assert_int_equal(runs(true), 1);
	assert_int_equal(runs(false), 1);
	e = sim_executions(id, &count);
	assert_int_equal(e->start_us, at.at_us + 2 * SECOND_US);
	assert_int_equal(e->end_us, at.at_us + 4 * SECOND_US);
	assert_int_equal(e->task_count, 1);
	o = sim_ledger(id, &count);
	assert_int_equal(count, 1);
	assert_int_equal(o->verdict, VERDICT_RAN);
	assert_idle(id);
}

static void
nothing_runs_when_it_is_not_and_the_ledger_says_so(void **state)
{
	struct trigger every = sim_cron("* * * * *", "UTC");
	uint64_t id = sim_create(conditional("minutely", &every, 1));
	struct execution *e;
	struct occurrence *o;
	struct task t;
	size_t count;

	(void)state;
	sim.condition_exit_code = 1;
	sim_run_until(SIM_BEGIN + 2 * MINUTE_US + 10 * SECOND_US);
	o = sim_ledger(id, &count);
	assert_int_equal(count, 2);
	e = sim_executions(id, &count);
	assert_int_equal(count, 2);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(o[i].verdict, VERDICT_SKIPPED_CONDITION);
		assert_int_equal(o[i].count, 1);
		assert_int_equal(o[i].execution_id, e[1 - i].id);
		assert_string_equal(o[i].reason, "it failed");
		t = task_of(e[i].id);
		assert_int_equal(t.status, TASK_CONDITION);
		assert_int_equal(t.attempt_count, 0);
		assert_int_equal(e[i].start_us, INSTANT_NEVER);
		assert_int_equal(e[i].end_us, e[i].triggered_us + 2 * SECOND_US);
	}
	assert_int_equal(runs(false), 0);
	sim.condition_exit_code = 0;
	sim_pass(MINUTE_US);
	assert_int_equal(sim_ledger(id, &count)[2].verdict, VERDICT_RAN);
	assert_idle(id);
}

static void
one_that_cannot_be_started_is_not_met(void **state)
{
	struct trigger at = sim_at(SIM_BEGIN + MINUTE_US);
	uint64_t id = sim_create(conditional("once", &at, 1));
	size_t count;

	(void)state;
	sim.cannot_fork = true;
	sim_pass(2 * MINUTE_US);
	assert_int_equal(sim_ledger(id, &count)->verdict, VERDICT_SKIPPED_CONDITION);
	assert_int_equal(task_of(sim_executions(id, &count)->id).status, TASK_CONDITION);
	assert_idle(id);
}

static void
a_call_evaluates_it_only_when_it_checks_triggers(void **state)
{
	uint64_t id = sim_create(conditional("on demand", NULL, 0)), run;
	size_t count;

	(void)state;
	sim.condition_exit_code = 1;
	run = call(id, true);
	sim_pass(MINUTE_US);
	assert_int_equal(task_of(run).status, TASK_CONDITION);
	run = call(id, false);
	sim_pass(MINUTE_US);
	assert_int_equal(task_of(run).status, TASK_SUCCEEDED);
	assert_int_equal(runs(true), 1);
	assert_int_equal(runs(false), 1);
	sim_ledger(id, &count);
	assert_int_equal(count, 0);
	assert_idle(id);
}

static void
a_suspended_schedule_that_checks_does_not_even_evaluate_it(void **state)
{
	struct trigger every = sim_cron("* * * * *", "UTC");
	uint64_t id = sim_create(conditional("minutely", &every, 1)), run;

	(void)state;
	assert_int_equal(
	    service_suspend_schedule(&sim.sv, &sim.admin, sim.now_us, id, NULL, &sim.err), 0);
	run = call(id, true);
	sim_pass(MINUTE_US);
	assert_int_equal(task_of(run).status, TASK_CONDITION);
	assert_int_equal(sim.run_count, 0);
}

static void
it_is_evaluated_when_the_run_has_its_turn(void **state)
{
	uint64_t id = sim_create(conditional("on demand", NULL, 0)), first = call(id, true),
		 second = call(id, true);

	(void)state;
	sim_pass(3 * SECOND_US);
	assert_int_equal(task_of(first).status, TASK_RUNNING);
	assert_int_equal(task_of(second).status, TASK_WAITING);
	assert_int_equal(runs(true), 1);
	/* What it would have said when the run was asked for does not matter. */
	sim.condition_exit_code = 1;
	sim_pass(MINUTE_US);
	assert_int_equal(task_of(first).status, TASK_SUCCEEDED);
	assert_int_equal(task_of(second).status, TASK_CONDITION);
	assert_idle(id);
}

static void
a_run_that_stopped_at_it_passes_its_turn_on(void **state)
{
	uint64_t id = sim_create(conditional("on demand", NULL, 0)), second;

	(void)state;
	sim.condition_exit_code = 1;
	call(id, true);
	second = call(id, false);
	sim_pass(MINUTE_US);
	assert_int_equal(task_of(second).status, TASK_SUCCEEDED);
	assert_idle(id);
}

static void
a_task_that_it_stopped_may_be_run_after_all(void **state)
{
	struct trigger at = sim_at(SIM_BEGIN + MINUTE_US);
	uint64_t id = sim_create(conditional("once", &at, 1)), run;
	struct task t;
	size_t count;

	(void)state;
	sim.condition_exit_code = 1;
	sim_pass(2 * MINUTE_US);
	run = sim_executions(id, &count)->id;
	assert_int_equal(
	    service_rerun_task(&sim.sv, &sim.admin, sim.now_us, task_of(run).id, &sim.err), 0);
	sim_pass(MINUTE_US);
	t = task_of(run);
	assert_int_equal(t.status, TASK_SUCCEEDED);
	assert_int_equal(t.attempt_count, 1);
	assert_int_equal(runs(true), 1);
	assert_int_equal(sim_ledger(id, &count)->verdict, VERDICT_SKIPPED_CONDITION);
	assert_idle(id);
}

/* ---- nobody sees it
 * ---------------------------------------------------------------------------------- */

static void
it_is_no_task_of_its_execution_to_anybody(void **state)
{
	uint64_t id = sim_create(conditional("on demand", NULL, 0)), run = call(id, true);
	struct execution e, *list;
	struct task *tasks, t;
	size_t count;

	(void)state;
	sim_settle();
	list = sim_executions(id, &count);
	assert_true(list->condition_id != 0);
	assert_int_equal(service_get_execution(&sim.sv, &sim.arena, &sim.admin, run, &e, &tasks,
			     &count, &sim.err),
	    0);
	assert_int_equal(count, 1);
	assert_int_equal(service_get_task(&sim.sv, &sim.arena, &sim.admin, list->condition_id,
			     &t, &e, &sim.err),
	    ERR_MISSING);
	assert_int_equal(
	    service_rerun_task(&sim.sv, &sim.admin, sim.now_us, list->condition_id, &sim.err),
	    ERR_MISSING);
	sim_pass(MINUTE_US);
}

static void
its_command_must_be_allowed(void **state)
{
	static const char *argv[] = {"/usr/bin/false", NULL};
	struct task_def condition = {.name = "condition", .argv = argv, .argc = 1};
	struct schedule s = sim_schedule("on demand", NULL, 0);
	uint64_t id;

	(void)state;
	s.condition = &condition;
	assert_int_equal(
	    service_create_schedule(&sim.sv, &sim.admin, sim.now_us, &s, &id, &sim.err),
	    ERR_INPUT);
	assert_string_equal(sim.err.text,
	    "Invalid value: condition.command: /usr/bin/false is not below an allowed path");
}

/* ---- cancelled
 * --------------------------------------------------------------------------------------- */

static void
a_run_may_be_cancelled_before_and_while_it_is_evaluated(void **state)
{
	uint64_t id = sim_create(conditional("on demand", NULL, 0)), first = call(id, true),
		 second = call(id, true), third = call(id, true);

	(void)state;
	sim.dies_after_us = SECOND_US;
	sim_pass(SECOND_US / 2);
	cancel(first);
	cancel(second);
	assert_int_equal(task_of(first).status, TASK_WAITING);
	assert_int_equal(task_of(second).status, TASK_CANCELLED);
	sim_pass(SECOND_US + SECOND_US / 2);
	assert_int_equal(task_of(first).status, TASK_CANCELLED);
	sim_pass(MINUTE_US);
	assert_int_equal(task_of(third).status, TASK_SUCCEEDED);
	assert_int_equal(runs(true), 2);
	assert_int_equal(runs(false), 1);
	assert_idle(id);
}

static void
a_due_time_whose_run_was_cancelled_at_its_condition_still_says_that_it_ran(void **state)
{
	struct trigger at = sim_at(SIM_BEGIN + MINUTE_US);
	uint64_t id = sim_create(conditional("once", &at, 1));
	size_t count;

	(void)state;
	sim_run_until(at.at_us + SECOND_US);
	cancel(sim_executions(id, &count)->id);
	sim_pass(MINUTE_US);
	assert_int_equal(task_of(sim_executions(id, &count)->id).status, TASK_CANCELLED);
	assert_int_equal(sim_ledger(id, &count)->verdict, VERDICT_RAN);
	assert_int_equal(count, 1);
	assert_idle(id);
}

static void
a_schedule_may_be_deleted_while_it_is_evaluated(void **state)
{
	struct trigger at = sim_at(SIM_BEGIN + MINUTE_US);
	size_t count;

	(void)state;
	for (int exit_code = 0; exit_code < 2; exit_code++) {
		uint64_t id = sim_create(conditional("once", &at, 1)), waits;

		sim.condition_exit_code = exit_code;
		sim_run_until(at.at_us + SECOND_US);
		waits = call(id, true);
		assert_int_equal(
		    service_delete_schedule(&sim.sv, &sim.admin, sim.now_us, id, &sim.err), 0);
		sim_pass(MINUTE_US);
		assert_int_equal(task_of(waits).status, TASK_CANCELLED);
		assert_int_equal(task_of(sim_executions(id, &count)[1].id).status,
		    exit_code ? TASK_CONDITION : TASK_SUCCEEDED);
		assert_int_equal(sim_ledger(id, &count)->verdict,
		    exit_code ? VERDICT_SKIPPED_CONDITION : VERDICT_RAN);
		assert_int_equal(sim_left(), 0);
		at.at_us = sim.now_us + MINUTE_US;
	}
}

/* ---- deaths
 * ------------------------------------------------------------------------------------------ */

struct outcome {
	enum task_status status;
	size_t attempts;
	unsigned scheduler_deaths, runner_deaths;
};

/* A schedule that is due once, with the fuses set; then an hour passes. */
static struct outcome
live_through(enum on_lost on_lost, unsigned scheduler_fuse, unsigned runner_fuse)
{
	struct trigger at = sim_at(sim.now_us + 30 * SECOND_US);
	struct schedule s = conditional("once", &at, 1);
	struct occurrence *o;
	struct execution *e;
	struct outcome out;
	struct task t;
	size_t count;
	uint64_t id;

	s.on_lost = on_lost;
	id = sim_create(s);
	sim.run_count = 0;
	sim.scheduler_deaths = sim.runner_deaths = 0;
	sim.scheduler_fuse = scheduler_fuse;
	sim.runner_fuse = runner_fuse;
	sim_pass(HOUR_US);
	sim.scheduler_fuse = sim.runner_fuse = 0;

	o = sim_ledger(id, &count);
	assert_int_equal(count, 1);
	e = sim_executions(id, &count);
	assert_int_equal(count, 1);
	assert_int_equal(o->execution_id, e->id);
	assert_true(e->end_us != INSTANT_NEVER);
	t = task_of(e->id);
	out = (struct outcome){
	    t.status, t.attempt_count, sim.scheduler_deaths, sim.runner_deaths};
	if (t.status == TASK_CONDITION) {
		assert_int_equal(o->verdict, VERDICT_SKIPPED_CONDITION);
		assert_int_equal(t.attempt_count, 0);
		assert_int_equal(runs(false), 0);
	} else {
		assert_int_equal(o->verdict, VERDICT_RAN);
		assert_in_range(runs(false), t.status == TASK_SUCCEEDED, t.attempt_count);
		assert_in_range(runs(true), 1, 1 + out.runner_deaths);
	}
	assert_idle(id);
	assert_int_equal(
	    service_delete_schedule(&sim.sv, &sim.admin, sim.now_us, id, &sim.err), 0);
	arena_clear(&sim.arena);
	return out;
}

static void
live_through_deaths_of_the_scheduler(enum task_status expected)
{
	struct outcome out;
	unsigned n = 0;

	do {
		out = live_through(ON_LOST_FAIL, ++n, 0);
		assert_int_equal(out.status, expected);
		assert_int_equal(out.attempts, expected == TASK_SUCCEEDED);
		assert_int_equal(runs(true), 1);
	} while (out.scheduler_deaths);
	assert_true(n > 20);
}

static void
a_scheduler_may_die_anywhere_and_nothing_is_disturbed(void **state)
{
	(void)state;
	live_through_deaths_of_the_scheduler(TASK_SUCCEEDED);
	sim.restart_us = MINUTE_US;
	live_through_deaths_of_the_scheduler(TASK_SUCCEEDED);
	sim.condition_exit_code = 1;
	live_through_deaths_of_the_scheduler(TASK_CONDITION);
	sim.restart_us = SECOND_US;
	live_through_deaths_of_the_scheduler(TASK_CONDITION);
}

/* A condition of which nobody knows how it ended is evaluated again, or counts as not met, as
 * onLost says; a task as ever. */
static void
assert_decided(struct outcome out, enum on_lost on_lost)
{
	bool met = sim.condition_exit_code == 0;

	if (on_lost == ON_LOST_RERUN)
		assert_int_equal(out.status, met ? TASK_SUCCEEDED : TASK_CONDITION);
	else if (!met)
		assert_int_equal(out.status, TASK_CONDITION);
	else if (out.status != TASK_SUCCEEDED && out.status != TASK_LOST)
		assert_int_equal(out.status, TASK_CONDITION);
	if (!out.runner_deaths)
		assert_int_equal(out.status, met ? TASK_SUCCEEDED : TASK_CONDITION);
}

static void
live_through_deaths(enum on_lost on_lost)
{
	struct outcome out;
	unsigned n = 0;

	do {
		out = live_through(on_lost, 0, ++n);
		assert_decided(out, on_lost);
	} while (out.scheduler_deaths + out.runner_deaths > 0);
	assert_true(n > 4);
	n = 0;
	do {
		out = live_through(on_lost, ++n, 0);
		assert_decided(out, on_lost);
	} while (out.scheduler_deaths + out.runner_deaths > 0);
}

static void
live_through_all(void)
{
	for (int exit_code = 0; exit_code < 2; exit_code++) {
		sim.condition_exit_code = exit_code;
		live_through_deaths(ON_LOST_FAIL);
		live_through_deaths(ON_LOST_RERUN);
	}
}

static void
a_runner_may_die_anywhere_and_on_lost_decides(void **state)
{
	(void)state;
	live_through_all();
	sim.no_last_step = true;
	live_through_all();
}

static void
both_may_die_together_anywhere(void **state)
{
	(void)state;
	sim.die_together = true;
	live_through_all();
}

static void
the_power_may_fail_anywhere(void **state)
{
	(void)state;
	sim.die_together = sim.power_loss = true;
	live_through_all();
}

static void
a_stop_at_any_point_begins_nothing_more_and_the_next_goes_on(void **state)
{
	unsigned deaths = 1;

	(void)state;
	for (unsigned n = 1; deaths; n++) {
		struct trigger at = sim_at(sim.now_us + 30 * SECOND_US);
		struct schedule s = conditional("once", &at, 1);
		size_t count;
		uint64_t id;

		s.on_lost = ON_LOST_RERUN;
		id = sim_create(s);
		sim.scheduler_deaths = 0;
		sim.scheduler_fuse = n;
		sim.stop_next = true;
		while (!sim.scheduler_deaths && sim.now_us < at.at_us + MINUTE_US)
			sim_pass(SECOND_US);
		deaths = sim.scheduler_deaths;
		sim.scheduler_fuse = 0;
		sim.stop_next = false;
		sim_outage(SECOND_US);
		sim_pass(HOUR_US);
		assert_int_equal(sim_ledger(id, &count)->verdict, VERDICT_RAN);
		assert_int_equal(
		    task_of(sim_executions(id, &count)->id).status, TASK_SUCCEEDED);
		assert_idle(id);
		assert_int_equal(
		    service_delete_schedule(&sim.sv, &sim.admin, sim.now_us, id, &sim.err), 0);
		arena_clear(&sim.arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, sim_setup, sim_teardown)
	    TEST(the_tasks_run_when_it_is_met),
	    TEST(nothing_runs_when_it_is_not_and_the_ledger_says_so),
	    TEST(one_that_cannot_be_started_is_not_met),
	    TEST(a_call_evaluates_it_only_when_it_checks_triggers),
	    TEST(a_suspended_schedule_that_checks_does_not_even_evaluate_it),
	    TEST(it_is_evaluated_when_the_run_has_its_turn),
	    TEST(a_run_that_stopped_at_it_passes_its_turn_on),
	    TEST(a_task_that_it_stopped_may_be_run_after_all),
	    TEST(it_is_no_task_of_its_execution_to_anybody),
	    TEST(its_command_must_be_allowed),
	    TEST(a_run_may_be_cancelled_before_and_while_it_is_evaluated),
	    TEST(a_due_time_whose_run_was_cancelled_at_its_condition_still_says_that_it_ran),
	    TEST(a_schedule_may_be_deleted_while_it_is_evaluated),
	    TEST(a_scheduler_may_die_anywhere_and_nothing_is_disturbed),
	    TEST(a_runner_may_die_anywhere_and_on_lost_decides),
	    TEST(both_may_die_together_anywhere),
	    TEST(the_power_may_fail_anywhere),
	    TEST(a_stop_at_any_point_begins_nothing_more_and_the_next_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
