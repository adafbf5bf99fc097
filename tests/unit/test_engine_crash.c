/*
 * Known start: scheduler, runner, or both die at every single point of a run, and each time no
 * attempt runs twice (the simulation aborts if one does), nothing is stuck, and the ledger has
 * its one entry.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "simulation.h"

/* What each command leaves. */
static struct channel_result left[] = {
    {.number = 0, .name = "a.csv", .bytes = 5, .md5 = {1}},
    {.number = 3, .name = "b.json", .bytes = 7, .md5 = {2}, .json = true},
};

enum { LEFT = sizeof left / sizeof left[0] };

static int
make_world(void **state)
{
	(void)state;
	sim_make();
	sim.last_line = "42 rows";
	sim.results = left;
	sim.result_count = LEFT;
	return 0;
}

/* How a run came out. */
struct outcome {
	enum task_status status;
	size_t attempts, runs; /* runs: how often the command really began */
	unsigned scheduler_deaths, runner_deaths;
};

static void
assert_nothing_is_left(uint64_t id)
{
	struct schedule_state state = sim_state(id);

	assert_int_equal(sim_left(), 0);
	assert_int_equal(state.active, 0);
	assert_int_equal(state.waiting, 0);
	assert_int_equal(sim.ward_count, 0);
	for (size_t i = 0; i < sim.run_count; i++)
		assert_false(sim.runs[i].alive);
}

static int
count_results_body(struct txn *txn, void *ctx, struct err *err)
{
	size_t *count = ctx;
	struct result *list;

	return store_result_walk(
	    txn, &sim.arena, sim.admin.tenant_id, 0, SIZE_MAX, &list, count, err);
}

/* How many result files are known in the whole store. */
static size_t
count_results(void)
{
	size_t count;

	assert_int_equal(__real_store_run(sim.ts.st, count_results_body, &count, &sim.err), 0);
	return count;
}

/* Whatever died and when: of a run whose end is known all files are known, each once, and of one
 * that was lost none. `before`: those that were known before it. */
static void
assert_results_are_known_once(const struct task *t, size_t before)
{
	size_t expected = 0;

	for (size_t i = 0; i < t->attempt_count; i++) {
		const struct attempt *a = &t->attempts[i];
		bool known = a->exit_code == 0;

		assert_int_equal(a->results, known ? LEFT : 0);
		assert_int_equal(!a->last_line, !known);
		if (known)
			assert_string_equal(a->last_line, "42 rows");
		expected += a->results;
	}
	assert_int_equal(t->status == TASK_SUCCEEDED, expected > 0);
	assert_int_equal(count_results() - before, expected);
}

/* A schedule that is due once, with the fuses set; then an hour passes. */
static struct outcome
live_through(enum on_lost on_lost, unsigned scheduler_fuse, unsigned runner_fuse)
{
	struct trigger at = sim_at(sim.now_us + 30 * SECOND_US);
	struct schedule s = sim_schedule("once", &at, 1);
	struct outcome out = {0};
	struct execution *e;
	struct occurrence *o;
	struct task *t;
	size_t count, results;
	uint64_t id;

	s.on_lost = on_lost;
	id = sim_create(s);
	results = count_results();
	sim.run_count = 0;
	sim.scheduler_deaths = sim.runner_deaths = 0;
	sim.scheduler_fuse = scheduler_fuse;
	sim.runner_fuse = runner_fuse;
	sim_pass(HOUR_US);
	sim.scheduler_fuse = sim.runner_fuse = sim.second_fuse = 0;

	o = sim_ledger(id, &count);
	assert_int_equal(count, 1);
	assert_int_equal(o->verdict, VERDICT_RAN);
	assert_int_equal(o->due_us, at.at_us);
	e = sim_executions(id, &count);
	assert_int_equal(count, 1);
	assert_int_equal(o->execution_id, e->id);
	assert_true(e->end_us != INSTANT_NEVER);
	t = sim_tasks(e->id, &count);
	assert_int_equal(count, 1);
	assert_nothing_is_left(id);
	assert_results_are_known_once(t, results);
	out.status = t->status;
	out.attempts = t->attempt_count;
	out.runs = sim.run_count;
	out.scheduler_deaths = sim.scheduler_deaths;
	out.runner_deaths = sim.runner_deaths;
	assert_int_equal(
	    service_delete_schedule(&sim.sv, &sim.admin, sim.now_us, id, &sim.err), 0);
	arena_clear(&sim.arena);
	assert_int_equal(sim.failures, 0);
	return out;
}

/* ---- the scheduler dies
 * --------------------------------------------------------------------------- */

static void
live_through_deaths_of_the_scheduler(enum on_lost on_lost)
{
	unsigned n = 0;

	for (;;) {
		struct outcome out = live_through(on_lost, ++n, 0);

		assert_int_equal(out.status, TASK_SUCCEEDED);
		assert_int_equal(out.attempts, 1);
		assert_int_equal(out.runs, 1);
		if (!out.scheduler_deaths)
			break;
	}
	/* Commit and order of START, RELEASE and FORGET, three reports, and the steps. */
	assert_true(n > 20);
}

static void
a_scheduler_may_die_anywhere_and_the_run_is_not_disturbed(void **state)
{
	(void)state;
	live_through_deaths_of_the_scheduler(ON_LOST_FAIL);
	live_through_deaths_of_the_scheduler(ON_LOST_RERUN);
}

static void
a_run_that_ends_while_no_scheduler_lives_is_recorded_by_the_next(void **state)
{
	(void)state;
	sim.restart_us = MINUTE_US;
	live_through_deaths_of_the_scheduler(ON_LOST_FAIL);
}

static void
a_scheduler_may_die_twice(void **state)
{
	(void)state;
	for (unsigned n = 1;; n++) {
		struct outcome out = {.scheduler_deaths = 2};

		for (unsigned m = 1; out.scheduler_deaths == 2; m++) {
			sim.second_fuse = m;
			out = live_through(ON_LOST_RERUN, n, 0);
			assert_int_equal(out.status, TASK_SUCCEEDED);
			assert_int_equal(out.runs, 1);
		}
		if (out.scheduler_deaths == 0)
			break;
	}
}

/* ---- the runner dies
 * ------------------------------------------------------------------------------- */

/* A runner that dies takes knowledge with it: then, and only then, onLost decides. */
static void
assert_lost_or_done(struct outcome out, enum on_lost on_lost)
{
	if (on_lost == ON_LOST_RERUN) {
		assert_int_equal(out.status, TASK_SUCCEEDED);
		assert_in_range(out.runs, 1, 2);
		assert_in_range(out.attempts, out.runs, 2);
		return;
	}
	assert_int_equal(out.attempts, 1);
	assert_in_range(out.runs, out.status == TASK_SUCCEEDED, 1);
	if (out.status != TASK_SUCCEEDED)
		assert_int_equal(out.status, TASK_LOST);
}

static void
live_through_deaths_of_the_runner(enum on_lost on_lost)
{
	unsigned n = 0;
	struct outcome out;

	do {
		out = live_through(on_lost, 0, ++n);
		assert_lost_or_done(out, on_lost);
	} while (out.runner_deaths);
	assert_int_equal(out.attempts, 1);
	assert_int_equal(out.status, TASK_SUCCEEDED);
	assert_true(n > 4);
}

static void
a_runner_may_die_anywhere_and_on_lost_decides(void **state)
{
	(void)state;
	live_through_deaths_of_the_runner(ON_LOST_FAIL);
	live_through_deaths_of_the_runner(ON_LOST_RERUN);
	sim.no_last_step = true;
	live_through_deaths_of_the_runner(ON_LOST_FAIL);
	live_through_deaths_of_the_runner(ON_LOST_RERUN);
}

static void
what_a_runner_told_before_it_died_counts(void **state)
{
	struct outcome out;
	unsigned n = 0;

	(void)state;
	do {
		sim.told_end = false;
		out = live_through(ON_LOST_FAIL, 0, ++n);
		if (sim.told_end)
			assert_int_equal(out.status, TASK_SUCCEEDED);
	} while (out.runner_deaths);
}

/* ---- both die
 * --------------------------------------------------------------------------------------- */

static void
live_through_deaths_of_both(enum on_lost on_lost)
{
	unsigned n = 0;
	struct outcome out;

	sim.die_together = true;
	do {
		out = live_through(on_lost, ++n, 0);
		assert_lost_or_done(out, on_lost);
	} while (out.scheduler_deaths + out.runner_deaths > 0);
	n = 0;
	do {
		out = live_through(on_lost, 0, ++n);
		assert_lost_or_done(out, on_lost);
	} while (out.scheduler_deaths + out.runner_deaths > 0);
}

static void
both_may_die_together_anywhere(void **state)
{
	(void)state;
	live_through_deaths_of_both(ON_LOST_FAIL);
	live_through_deaths_of_both(ON_LOST_RERUN);
}

static void
the_power_may_fail_anywhere(void **state)
{
	(void)state;
	sim.power_loss = true;
	live_through_deaths_of_both(ON_LOST_FAIL);
	live_through_deaths_of_both(ON_LOST_RERUN);
}

/* Every point of the one with every point of the other. */
static void
live_through_deaths_of_each(enum on_lost on_lost)
{
	bool any = true;

	for (unsigned n = 1; any; n++) {
		struct outcome out = {.runner_deaths = 1};

		any = false;
		for (unsigned m = 1; out.runner_deaths; m++) {
			out = live_through(on_lost, n, m);
			assert_lost_or_done(out, on_lost);
			any = any || out.scheduler_deaths;
		}
	}
}

static void
each_may_die_at_any_point_of_its_own(void **state)
{
	(void)state;
	live_through_deaths_of_each(ON_LOST_FAIL);
	live_through_deaths_of_each(ON_LOST_RERUN);
}

/* ---- told to stop before it knows anything
 * ------------------------------------------------------------ */

static void
an_engine_that_is_told_to_stop_at_once_begins_nothing(void **state)
{
	bool died = true;

	(void)state;
	for (unsigned n = 1; died; n++) {
		struct trigger at = sim_at(sim.now_us + 30 * SECOND_US);
		struct schedule s = sim_schedule("once", &at, 1);
		enum task_status status;
		size_t count, begun;
		uint64_t id;

		s.on_lost = ON_LOST_RERUN;
		id = sim_create(s);
		sim.run_count = 0;
		sim.scheduler_deaths = 0;
		sim.scheduler_fuse = n;
		sim.stop_next = true;
		while (!sim.scheduler_deaths && sim.now_us < at.at_us + MINUTE_US)
			sim_pass(SECOND_US);
		died = sim.scheduler_deaths > 0;
		sim.scheduler_fuse = 0;
		sim.stop_next = false;
		if (died) {
			assert_true(engine_is_idle(sim.engine));
			begun = sim.run_count;
			sim_pass(MINUTE_US);
			assert_int_equal(sim.run_count, begun);
		}
		sim_outage(SECOND_US);
		sim_pass(HOUR_US);
		sim_ledger(id, &count);
		assert_int_equal(count, 1);
		status = sim_tasks(sim_executions(id, &count)->id, &count)->status;
		assert_int_equal(status, TASK_SUCCEEDED);
		assert_nothing_is_left(id);
		assert_int_equal(
		    service_delete_schedule(&sim.sv, &sim.admin, sim.now_us, id, &sim.err), 0);
		arena_clear(&sim.arena);
	}
}

/* ---- commits that fail
 * ------------------------------------------------------------------------------- */

static void
live_through_failures(int code, bool late)
{
	struct trigger at;
	struct schedule s;
	size_t count;
	uint64_t id;

	sim.takes_us = MINUTE_US;
	for (unsigned n = 0;; n++) {
		at = sim_at(sim.now_us + 30 * SECOND_US);
		s = sim_schedule("once", &at, 1);
		id = sim_create(s);
		sim.run_count = 0;
		sim.fail_code = code;
		sim.fail_late = late;
		sim.fail_after = n;
		sim.fail_count = 2;
		/* A scheduler that has just begun has most to lose: it compares. */
		sim_run_until(at.at_us + SECOND_US);
		sim.scheduler_dies = true;
		sim_pass(HOUR_US);

		sim_ledger(id, &count);
		assert_int_equal(count, 1);
		assert_int_equal(sim.run_count, 1);
		assert_int_equal(
		    sim_tasks(sim_executions(id, &count)->id, &count)->status, TASK_SUCCEEDED);
		assert_nothing_is_left(id);
		assert_int_equal(
		    service_delete_schedule(&sim.sv, &sim.admin, sim.now_us, id, &sim.err), 0);
		arena_clear(&sim.arena);
		assert_int_equal(sim.complaints, 0);
		if (sim.fail_count == 2)
			break;
		sim.fail_count = 0;
	}
}

static void
a_commit_may_fail_anywhere_and_nothing_is_lost(void **state)
{
	(void)state;
	live_through_failures(ERR_BUSY, false);
	live_through_failures(ERR_IO, false);
	live_through_failures(ERR_BUSY, true);
	live_through_failures(ERR_IO, true);
}

static enum task_status
status_of(uint64_t execution_id)
{
	size_t count;

	return sim_tasks(execution_id, &count)->status;
}

static void
obey_one_order(void)
{
	struct channel_message m = sim_pop(&sim.orders);

	assert_int_equal(m.type, CHANNEL_STALE);
	sim_obey(&m);
	sim_step();
}

/* After a start of the machine, or when the numbers have come round. */
static void
of_two_commands_with_one_pid_each_is_lost_when_its_own_session_is_swept(void **state)
{
	uint64_t one, other;

	(void)state;
	sim.takes_us = HOUR_US;
	one = sim_call(sim_create(sim_schedule("one", NULL, 0)));
	sim_settle();
	sim.last_pid = 0;
	other = sim_call(sim_create(sim_schedule("other", NULL, 0)));
	sim_settle();
	assert_int_equal(sim.runs[0].pid, sim.runs[1].pid);

	sim_stop_engine();
	sim.ward_count = 0;
	sim_start_engine();
	sim_runner_reads();
	sim_step();
	assert_int_equal(sim.orders.count, 2);
	obey_one_order();
	assert_int_equal(status_of(one), TASK_LOST);
	assert_int_equal(status_of(other), TASK_RUNNING);
	obey_one_order();
	assert_int_equal(status_of(other), TASK_LOST);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_world, sim_teardown)
	    TEST(a_scheduler_may_die_anywhere_and_the_run_is_not_disturbed),
	    TEST(a_run_that_ends_while_no_scheduler_lives_is_recorded_by_the_next),
	    TEST(a_scheduler_may_die_twice),
	    TEST(a_runner_may_die_anywhere_and_on_lost_decides),
	    TEST(what_a_runner_told_before_it_died_counts),
	    TEST(of_two_commands_with_one_pid_each_is_lost_when_its_own_session_is_swept),
	    TEST(both_may_die_together_anywhere),
	    TEST(the_power_may_fail_anywhere),
	    TEST(each_may_die_at_any_point_of_its_own),
	    TEST(an_engine_that_is_told_to_stop_at_once_begins_nothing),
	    TEST(a_commit_may_fail_anywhere_and_nothing_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
