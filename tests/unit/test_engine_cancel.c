/*
 * Cancelling: in every state that an execution can be in, and with scheduler, runner or both
 * dying at every point on the way. What was cancelled ends as cancelled, nothing of it begins any
 * more, and its schedule goes on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "simulation.h"

static void
cancel(uint64_t id)
{
	assert_int_equal(
	    service_cancel_execution(&sim.sv, &sim.admin, sim.now_us, id, &sim.err), 0);
}

static uint64_t
on_demand(enum overlap overlap)
{
	struct schedule s = sim_schedule("on demand", NULL, 0);

	s.overlap = overlap;
	return sim_create(s);
}

static struct execution
execution_of(uint64_t schedule_id, uint64_t id)
{
	size_t count;
	struct execution *list = sim_executions(schedule_id, &count);

	for (size_t i = 0; i < count; i++) {
		if (list[i].id == id)
			return list[i];
	}
	fail_msg("no execution %llu", (unsigned long long)id);
	return list[0];
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

/* ---- state by state
 * ---------------------------------------------------------------------------------- */

static void
what_waits_is_cancelled_at_once_and_never_begins(void **state)
{
	uint64_t id = on_demand(OVERLAP_SKIP), first = sim_call(id), second = sim_call(id),
		 third = sim_call(id);
	struct task *t;
	size_t count;

	(void)state;
	sim_settle();
	cancel(second);
	t = sim_tasks(second, &count);
	assert_int_equal(t->status, TASK_CANCELLED);
	assert_string_equal(t->attempts[0].reason, "cancelled before it began");
	assert_int_equal(execution_of(id, second).end_us, sim.now_us);
	assert_int_equal(sim_state(id).waiting, 1);
	assert_int_equal(sim_state(id).active, 1);
	sim_pass(MINUTE_US);
	assert_int_equal(sim.run_count, 2);
	assert_int_equal(sim_tasks(first, &count)->status, TASK_SUCCEEDED);
	assert_int_equal(sim_tasks(third, &count)->status, TASK_SUCCEEDED);
	assert_idle(id);
}

static void
what_is_queued_is_cancelled_at_once_and_the_next_has_its_turn(void **state)
{
	uint64_t id, first, second;
	size_t count;

	(void)state;
	sim_stop_engine();
	id = on_demand(OVERLAP_SKIP);
	first = sim_call(id);
	second = sim_call(id);
	cancel(first);
	assert_int_equal(sim_tasks(first, &count)->status, TASK_CANCELLED);
	assert_int_equal(sim_state(id).active, 1);
	assert_int_equal(sim_state(id).waiting, 0);
	sim_start_engine();
	sim_pass(MINUTE_US);
	assert_int_equal(sim.run_count, 1);
	assert_int_equal(sim_tasks(first, &count)->status, TASK_CANCELLED);
	assert_int_equal(sim_tasks(second, &count)->status, TASK_SUCCEEDED);
	assert_idle(id);
}

static void
what_runs_is_cancelling_until_it_has_ended(void **state)
{
	uint64_t id = on_demand(OVERLAP_SKIP), first = sim_call(id), second = sim_call(id);
	struct task *t;
	size_t count;

	(void)state;
	sim.takes_us = HOUR_US;
	sim.dies_after_us = 10 * SECOND_US;
	sim_pass(SECOND_US);
	cancel(first);
	cancel(first);
	assert_int_equal(sim_tasks(first, &count)->status, TASK_CANCELLING);
	sim_pass(5 * SECOND_US);
	assert_int_equal(sim_tasks(first, &count)->status, TASK_CANCELLING);
	assert_int_equal(execution_of(id, first).end_us, INSTANT_NEVER);
	assert_int_equal(sim.run_count, 1);
	sim_pass(6 * SECOND_US);
	t = sim_tasks(first, &count);
	assert_int_equal(t->status, TASK_CANCELLED);
	assert_int_equal(t->attempt_count, 1);
	assert_int_equal(t->attempts[0].signal, 15);
	assert_string_equal(t->attempts[0].reason, "cancelled while it ran");
	assert_int_equal(execution_of(id, first).end_us, t->attempts[0].end_us);
	assert_int_equal(sim.run_count, 2);
	cancel(second);
	sim_pass(MINUTE_US);
	assert_idle(id);
}

static void
what_ends_by_itself_while_it_is_cancelling_is_cancelled(void **state)
{
	uint64_t id = on_demand(OVERLAP_SKIP), first = sim_call(id);
	struct task *t;
	size_t count;

	(void)state;
	sim.dies_after_us = 10 * SECOND_US;
	sim_pass(SECOND_US);
	cancel(first);
	sim_pass(MINUTE_US);
	t = sim_tasks(first, &count);
	assert_int_equal(t->status, TASK_CANCELLED);
	assert_int_equal(t->attempts[0].exit_code, 0);
	assert_idle(id);
}

static void
what_has_ended_stays_as_it_is(void **state)
{
	uint64_t id = on_demand(OVERLAP_SKIP), first = sim_call(id);
	struct execution before;
	size_t count;

	(void)state;
	sim_pass(MINUTE_US);
	before = execution_of(id, first);
	cancel(first);
	sim_pass(MINUTE_US);
	assert_int_equal(sim_tasks(first, &count)->status, TASK_SUCCEEDED);
	assert_int_equal(execution_of(id, first).end_us, before.end_us);
	assert_idle(id);
}

static void
all_tasks_of_an_execution_are_cancelled(void **state)
{
	static const char *argv[] = {"/bin/true", NULL};
	static struct task_def defs[] = {
	    {.name = "a", .argv = argv, .argc = 1}, {.name = "b", .argv = argv, .argc = 1}};
	struct schedule s = sim_schedule("two", NULL, 0);
	uint64_t id, run;
	struct task *t;
	size_t count;

	(void)state;
	s.tasks = defs;
	s.task_count = 2;
	id = sim_create(s);
	run = sim_call(id);
	sim_pass(SECOND_US);
	cancel(run);
	sim_pass(SECOND_US);
	t = sim_tasks(run, &count);
	assert_int_equal(count, 2);
	assert_int_equal(t[0].status, TASK_CANCELLED);
	assert_int_equal(t[1].status, TASK_CANCELLED);
	assert_idle(id);
}

static void
a_run_of_a_deleted_schedule_can_be_cancelled(void **state)
{
	uint64_t id = on_demand(OVERLAP_SKIP), run = sim_call(id);
	size_t count;

	(void)state;
	sim_pass(SECOND_US);
	assert_int_equal(
	    service_delete_schedule(&sim.sv, &sim.admin, sim.now_us, id, &sim.err), 0);
	cancel(run);
	sim_pass(SECOND_US);
	assert_int_equal(sim_tasks(run, &count)->status, TASK_CANCELLED);
	assert_int_equal(sim_left(), 0);
}

static void
an_engine_that_drains_still_cancels(void **state)
{
	uint64_t id = on_demand(OVERLAP_SKIP), run = sim_call(id);
	size_t count;

	(void)state;
	sim.takes_us = HOUR_US;
	sim_pass(SECOND_US);
	engine_drain(sim.engine);
	cancel(run);
	sim_pass(SECOND_US);
	assert_int_equal(sim_tasks(run, &count)->status, TASK_CANCELLED);
	assert_true(engine_is_idle(sim.engine));
	assert_idle(id);
}

static void
a_stop_that_meets_what_is_cancelling_leaves_it_cancelled(void **state)
{
	struct schedule s = sim_schedule("rerun", NULL, 0);
	uint64_t id, run;
	size_t count;

	(void)state;
	s.on_lost = ON_LOST_RERUN;
	id = sim_create(s);
	run = sim_call(id);
	sim.takes_us = HOUR_US;
	sim.dies_after_us = SECOND_US;
	sim_pass(SECOND_US);
	cancel(run);
	engine_stop(sim.engine);
	sim.wake_us = sim.now_us;
	sim_pass(10 * SECOND_US);
	sim_outage(SECOND_US);
	sim_pass(MINUTE_US);
	assert_int_equal(sim.run_count, 1);
	assert_int_equal(sim_tasks(run, &count)->status, TASK_CANCELLED);
	assert_idle(id);
}

/* ---- who may
 * ----------------------------------------------------------------------------------------- */

static void
who_started_it_and_administrators_may_cancel(void **state)
{
	struct actor ann = sim.admin, bob;
	uint64_t id = on_demand(OVERLAP_SKIP), run;

	(void)state;
	ann.role = ROLE_VIEWER;
	ann.user_id = 1001;
	bob = ann;
	bob.user_id = 1002;
	assert_int_equal(
	    service_run_schedule(&sim.sv, &ann, sim.now_us, id, false, NULL, &run, &sim.err),
	    0);
	assert_int_equal(
	    service_cancel_execution(&sim.sv, &bob, sim.now_us, run, &sim.err), ERR_DENIED);
	bob.tenant_id++;
	assert_int_equal(
	    service_cancel_execution(&sim.sv, &bob, sim.now_us, run, &sim.err), ERR_MISSING);
	assert_int_equal(service_cancel_execution(&sim.sv, &ann, sim.now_us, run, &sim.err), 0);
	run = sim_call(id);
	assert_int_equal(
	    service_cancel_execution(&sim.sv, &ann, sim.now_us, run, &sim.err), ERR_DENIED);
	ann.role = ROLE_DOMAIN_ADMIN;
	assert_int_equal(service_cancel_execution(&sim.sv, &ann, sim.now_us, run, &sim.err), 0);
	ann.scopes = SCOPE_READ;
	assert_int_equal(
	    service_cancel_execution(&sim.sv, &ann, sim.now_us, run, &sim.err), ERR_DENIED);
	sim_pass(MINUTE_US);
	assert_idle(id);
}

/* ---- deaths
 * ------------------------------------------------------------------------------------------ */

/* When it is cancelled: as an order leaves, before the runner has it; or while it runs. */
enum moment { AT_START, AT_RELEASE, WHILE_IT_RUNS, MOMENTS };

static struct {
	enum moment moment;
	uint64_t execution; /* 0: cancelled */
	size_t runs;	    /* that had begun when it was cancelled */
} plot;

static void
carry_out(void)
{
	bool stepping = sim.stepping;

	sim.stepping = false;
	cancel(plot.execution);
	sim.stepping = stepping;
	plot.execution = 0;
	plot.runs = sim.run_count;
}

static void
watch(const struct channel_message *m)
{
	if (plot.execution && plot.moment != WHILE_IT_RUNS &&
	    m->type == (plot.moment == AT_START ? CHANNEL_START : CHANNEL_RELEASE))
		carry_out();
}

/* Answers how many deaths there were. */
static unsigned
live_through(enum moment moment, unsigned scheduler_fuse, unsigned runner_fuse)
{
	struct schedule s = sim_schedule("rerun", NULL, 0);
	struct task *t;
	uint64_t id, run;
	unsigned deaths;
	size_t count;

	s.on_lost = ON_LOST_RERUN;
	id = sim_create(s);
	sim_settle();
	sim.run_count = 0;
	run = sim_call(id);
	plot.moment = moment;
	plot.execution = run;
	sim.scheduler_deaths = sim.runner_deaths = 0;
	sim.scheduler_fuse = scheduler_fuse;
	sim.runner_fuse = runner_fuse;
	sim_pass(SECOND_US);
	if (plot.execution)
		carry_out();
	sim_pass(HOUR_US);
	sim.scheduler_fuse = sim.runner_fuse = 0;
	deaths = sim.scheduler_deaths + sim.runner_deaths;

	t = sim_tasks(run, &count);
	assert_int_equal(t->status, TASK_CANCELLED);
	assert_in_range(t->attempt_count, 1, sim.runner_deaths + 1);
	/* A command whose RELEASE is on its way may run for a moment. */
	assert_in_range(sim.run_count, plot.runs, plot.runs + (moment == AT_RELEASE));
	assert_idle(id);
	assert_int_equal(
	    service_delete_schedule(&sim.sv, &sim.admin, sim.now_us, id, &sim.err), 0);
	arena_clear(&sim.arena);
	return deaths;
}

static void
live_through_all(void)
{
	sim.on_order = watch;
	for (int moment = 0; moment < MOMENTS; moment++) {
		for (unsigned n = 1; live_through(moment, n, 0) > 0;)
			n++;
		for (unsigned n = 1; live_through(moment, 0, n) > 0;)
			n++;
	}
}

static void
whoever_dies_what_was_cancelled_ends_as_cancelled(void **state)
{
	(void)state;
	live_through_all();
}

static void
both_may_die_while_it_is_cancelling(void **state)
{
	(void)state;
	sim.die_together = true;
	live_through_all();
	sim.power_loss = true;
	live_through_all();
}

static void
whoever_dies_while_it_takes_its_time_to_end(void **state)
{
	(void)state;
	/* What nobody ends is still there at the end. */
	sim.takes_us = DAY_US;
	sim.dies_after_us = 10 * SECOND_US;
	live_through_all();
	sim.no_last_step = true;
	live_through_all();
}

static void
each_may_die_at_any_point_of_a_cancelling(void **state)
{
	(void)state;
	sim.on_order = watch;
	for (int moment = 0; moment < MOMENTS; moment++) {
		bool any = true;

		for (unsigned n = 1; any; n++) {
			unsigned deaths = 1;

			any = false;
			for (unsigned m = 1; deaths && m < 40; m++) {
				deaths = live_through(moment, n, m);
				any = any || sim.scheduler_deaths;
				deaths = sim.runner_deaths;
			}
		}
	}
}

static void
a_commit_may_fail_anywhere_while_it_is_cancelling(void **state)
{
	(void)state;
	sim.on_order = watch;
	for (int moment = 0; moment < MOMENTS; moment++) {
		for (unsigned n = 0;; n++) {
			struct schedule s = sim_schedule("rerun", NULL, 0);
			uint64_t id = sim_create(s), run;
			size_t count;

			sim_settle();
			run = sim_call(id);
			plot.moment = moment;
			plot.execution = run;
			sim.fail_code = n % 2 ? ERR_IO : ERR_BUSY;
			sim.fail_late = n % 3 == 0;
			sim.fail_after = n;
			sim.fail_count = 2;
			sim_pass(SECOND_US);
			if (plot.execution)
				carry_out();
			sim_pass(HOUR_US);
			assert_int_equal(sim_tasks(run, &count)->status, TASK_CANCELLED);
			sim.failures = 0;
			assert_idle(id);
			assert_int_equal(service_delete_schedule(
					     &sim.sv, &sim.admin, sim.now_us, id, &sim.err),
			    0);
			arena_clear(&sim.arena);
			if (sim.fail_count == 2)
				break;
			sim.fail_count = 0;
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, sim_setup, sim_teardown)
	    TEST(what_waits_is_cancelled_at_once_and_never_begins),
	    TEST(what_is_queued_is_cancelled_at_once_and_the_next_has_its_turn),
	    TEST(what_runs_is_cancelling_until_it_has_ended),
	    TEST(what_ends_by_itself_while_it_is_cancelling_is_cancelled),
	    TEST(what_has_ended_stays_as_it_is),
	    TEST(all_tasks_of_an_execution_are_cancelled),
	    TEST(a_run_of_a_deleted_schedule_can_be_cancelled),
	    TEST(an_engine_that_drains_still_cancels),
	    TEST(a_stop_that_meets_what_is_cancelling_leaves_it_cancelled),
	    TEST(who_started_it_and_administrators_may_cancel),
	    TEST(whoever_dies_what_was_cancelled_ends_as_cancelled),
	    TEST(both_may_die_while_it_is_cancelling),
	    TEST(whoever_dies_while_it_takes_its_time_to_end),
	    TEST(each_may_die_at_any_point_of_a_cancelling),
	    TEST(a_commit_may_fail_anywhere_while_it_is_cancelling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
