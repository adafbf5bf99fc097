/* In which order and how fast what is queued begins: groups, priorities, and the start rate. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "scheduler/pace.h"
#include "simulation.h"

#define TEST(name) cmocka_unit_test_setup_teardown(name, sim_setup, sim_teardown)

/* Runs on demand. */
static struct schedule
on_demand(const char *name)
{
	struct schedule s = sim_schedule(name, NULL, 0);

	s.overlap = OVERLAP_ALLOW;
	return s;
}

static uint64_t
in_group(const char *name, const char *group, int priority)
{
	struct schedule s = on_demand(name);

	s.group = group;
	s.priority = priority;
	return sim_create(s);
}

static void
set_limit(const char *group, uint32_t limit)
{
	assert_int_equal(
	    service_set_group(&sim.sv, &sim.admin, sim.now_us, group, limit, &sim.err), 0);
}

/* The execution that a run belongs to. */
static uint64_t
execution_of(const struct sim_run *r, const uint64_t *executions, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t n;
		struct task *t = sim_tasks(executions[i], &n);

		if (t->id == r->task_id)
			return executions[i];
	}
	return 0;
}

static size_t
alive(void)
{
	size_t n = 0;

	for (size_t i = 0; i < sim.run_count; i++)
		n += sim.runs[i].alive;
	return n;
}

/* ---- groups
 * --------------------------------------------------------------------------------------- */

static void
no_more_of_a_group_go_on_than_its_limit_and_they_begin_in_order(void **state)
{
	static const struct {
		uint32_t limit; /* 0: never set */
		size_t at_once;
	} cases[] = {{0, 1}, {1, 1}, {3, 3}, {100, 10}};

	(void)state;
	for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
		uint64_t ids[2], executions[10];
		size_t most = 0;

		sim_make();
		ids[0] = in_group("one", "disk", 0);
		ids[1] = in_group("other", "disk", 0);
		if (cases[k].limit)
			set_limit("disk", cases[k].limit);
		for (int i = 0; i < 10; i++)
			executions[i] = sim_call(ids[i % 2]);
		while (sim.run_count < 10 || alive()) {
			sim_pass(SECOND_US);
			most = alive() > most ? alive() : most;
		}
		assert_int_equal(most, cases[k].at_once);
		assert_int_equal(sim.run_count, 10);
		for (size_t i = 0; i < 10; i++)
			assert_int_equal(
			    execution_of(&sim.runs[i], executions, 10), executions[i]);
		sim_stop_engine();
		assert_true(temp_store_is_sound(&sim.ts));
		sim_remove();
	}
}

static void
a_full_group_does_not_hold_up_others(void **state)
{
	uint64_t full = in_group("full", "disk", 5), other = sim_create(on_demand("other"));
	struct group_view *groups;
	uint64_t execution;
	size_t count;

	(void)state;
	sim.takes_us = HOUR_US;
	for (int i = 0; i < 200; i++)
		execution = sim_call(full);
	sim_settle();
	sim_call(other);
	sim_settle();
	assert_int_equal(sim.run_count, 2);
	assert_int_equal(sim_left(), 2);
	assert_int_equal(sim_tasks(execution, &count)->status, TASK_PENDING);
	assert_int_equal(service_list_groups(&sim.sv, &sim.arena, &sim.admin, NULL, 10, &groups,
			     &count, &sim.err),
	    0);
	assert_int_equal(count, 1);
	assert_string_equal(groups->group.name, "disk");
	assert_int_equal(groups->group.limit, 1);
	assert_int_equal(groups->running, 1);
	assert_int_equal(groups->waiting, 199);
}

static void
groups_do_not_share_places(void **state)
{
	(void)state;
	sim_call(in_group("a", "disk", 0));
	sim_call(in_group("b", "net", 0));
	sim_call(in_group("c", "Disk", 0));
	sim_settle();
	assert_int_equal(sim.run_count, 3);
}

static void
a_larger_limit_begins_more_at_once_and_a_smaller_one_ends_nothing(void **state)
{
	uint64_t id = in_group("job", "disk", 0);

	(void)state;
	sim.takes_us = MINUTE_US;
	for (int i = 0; i < 6; i++)
		sim_call(id);
	sim_settle();
	assert_int_equal(sim.run_count, 1);
	set_limit("disk", 4);
	sim_settle();
	assert_int_equal(sim.run_count, 4);
	set_limit("disk", 1);
	sim_settle();
	assert_int_equal(alive(), 4);
	sim_pass(MINUTE_US);
	assert_int_equal(sim.run_count, 5);
	assert_int_equal(alive(), 1);
}

static void
the_place_of_what_was_cancelled_goes_to_the_next(void **state)
{
	uint64_t id = in_group("job", "disk", 0), executions[4];

	(void)state;
	sim.takes_us = HOUR_US;
	for (int i = 0; i < 4; i++)
		executions[i] = sim_call(id);
	sim_settle();
	/* One that waits, then the one that runs. */
	for (int i = 1; i >= 0; i--)
		assert_int_equal(service_cancel_execution(
				     &sim.sv, &sim.admin, sim.now_us, executions[i], &sim.err),
		    0);
	sim_settle();
	assert_int_equal(sim.run_count, 2);
	assert_int_equal(execution_of(&sim.runs[1], executions, 4), executions[2]);
	/* The next is on its way to the free place when it is cancelled: nobody must wait for it. */
	sim_stop_engine();
	sim.ward_count = 0;
	assert_int_equal(
	    service_cancel_execution(&sim.sv, &sim.admin, sim.now_us, executions[2], &sim.err),
	    0);
	assert_int_equal(
	    service_cancel_execution(&sim.sv, &sim.admin, sim.now_us, executions[3], &sim.err),
	    0);
	sim_start_engine();
	sim_settle();
	sim_call(id);
	sim_settle();
	assert_int_equal(sim.run_count, 3);
}

static void
what_its_triggers_stopped_asks_for_a_place_when_it_runs_again(void **state)
{
	struct trigger t = sim_every(DAY_US);
	struct schedule s = sim_schedule("stopped", &t, 1);
	uint64_t id, execution;
	size_t count;

	(void)state;
	s.group = "disk";
	s.start_us = sim.now_us + HOUR_US;
	id = sim_create(s);
	assert_int_equal(service_run_schedule(&sim.sv, &sim.admin, sim.now_us, id, true, NULL,
			     &execution, &sim.err),
	    0);
	sim.takes_us = HOUR_US;
	sim_call(in_group("job", "disk", 0));
	sim_settle();
	assert_int_equal(alive(), 1);
	assert_int_equal(service_rerun_task(&sim.sv, &sim.admin, sim.now_us,
			     sim_tasks(execution, &count)[0].id, &sim.err),
	    0);
	sim_settle();
	assert_int_equal(alive(), 1);
	sim_pass(HOUR_US);
	assert_int_equal(sim.run_count, 2);
}

static void
a_place_is_kept_between_tasks_and_asked_for_again_when_one_runs_again(void **state)
{
	static const char *argv[] = {"/bin/true", NULL};
	static struct task_after after = {"a", AFTER_SUCCEEDED};
	static struct task_def tasks[] = {{.name = "a", .argv = argv, .argc = 1},
	    {.name = "b", .argv = argv, .argc = 1, .after = &after, .after_count = 1}};
	struct schedule s = on_demand("two tasks");
	uint64_t first, second, id;
	size_t count;

	(void)state;
	s.group = "disk";
	s.tasks = tasks;
	s.task_count = 2;
	id = sim_create(s);
	first = sim_call(id);
	second = sim_call(id);
	sim_pass(3 * SECOND_US);
	assert_int_equal(sim_tasks(first, &count)[1].status, TASK_RUNNING);
	assert_int_equal(sim_tasks(second, &count)[0].status, TASK_PENDING);
	sim_pass(2 * SECOND_US);
	assert_int_equal(sim_tasks(second, &count)[0].status, TASK_RUNNING);
	assert_int_equal(service_rerun_task(&sim.sv, &sim.admin, sim.now_us,
			     sim_tasks(first, &count)[1].id, &sim.err),
	    0);
	sim_pass(SECOND_US);
	assert_int_equal(sim_tasks(first, &count)[1].status, TASK_PENDING);
	sim_pass(3 * SECOND_US);
	assert_int_equal(sim_tasks(first, &count)[1].status, TASK_RUNNING);
	sim_pass(4 * SECOND_US);
	assert_int_equal(sim_left(), 0);
}

/* At every point of a history of three runs. */
static void
places_are_right_whoever_dies(void **state)
{
	(void)state;
	for (unsigned fuse = 1; fuse <= 60; fuse++) {
		uint64_t id;

		sim_make();
		id = in_group("job", "disk", 0);
		sim.scheduler_fuse = fuse;
		if (fuse % 2)
			sim.runner_fuse = fuse / 2 + 1;
		for (int i = 0; i < 3; i++)
			sim_call(id);
		for (int i = 0; i < 60; i++) {
			sim_pass(SECOND_US / 2);
			assert_in_range(alive(), 0, 1);
		}
		assert_int_equal(sim_left(), 0);
		assert_in_range(sim.run_count, 1, 3);
		sim.scheduler_fuse = sim.runner_fuse = 0;
		sim_call(id);
		sim_settle();
		assert_int_equal(alive(), 1);
		sim_pass(5 * SECOND_US);
		sim_stop_engine();
		assert_true(temp_store_is_sound(&sim.ts));
		sim_remove();
	}
}

static void
a_limit_is_a_small_number_and_a_group_has_a_name(void **state)
{
	static const struct {
		const char *name;
		uint32_t limit;
		const char *why;
	} cases[] = {
	    {"disk", 0, "Invalid value: limit: must be a whole number from 1 to 1000"},
	    {"disk", 1001, "Invalid value: limit: must be a whole number from 1 to 1000"},
	    {"", 1, "Missing value: name"},
	    {"a\tb", 1, "Invalid value: name: must have no control characters"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(service_set_group(&sim.sv, &sim.admin, sim.now_us,
				     cases[i].name, cases[i].limit, &sim.err),
		    ERR_INPUT);
		assert_string_equal(sim.err.text, cases[i].why);
	}
}

/* ---- priorities
 * ----------------------------------------------------------------------------------- */

static void
higher_priorities_begin_first_and_equal_ones_in_order(void **state)
{
	static const int priorities[] = {0, -9, 3, 0, 9, 3};
	static const size_t order[] = {4, 2, 5, 0, 3, 1};
	static const char *const names[] = {"a", "b", "c", "d", "e", "f"};
	uint64_t executions[6];

	(void)state;
	sim_stop_engine();
	sim.start_rate = 1;
	sim.start_burst = 1;
	for (size_t i = 0; i < 6; i++)
		executions[i] = sim_call(in_group(names[i], NULL, priorities[i]));
	sim_start_engine();
	sim_pass(10 * SECOND_US);
	assert_int_equal(sim.run_count, 6);
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(
		    execution_of(&sim.runs[i], executions, 6), executions[order[i]]);
}

static void
those_that_wait_for_a_group_go_by_priority_too(void **state)
{
	uint64_t low = in_group("low", "disk", -1), high = in_group("high", "disk", 1);
	uint64_t executions[3];

	(void)state;
	executions[0] = sim_call(low);
	executions[1] = sim_call(low);
	sim_settle();
	executions[2] = sim_call(high);
	sim_pass(10 * SECOND_US);
	assert_int_equal(execution_of(&sim.runs[0], executions, 3), executions[0]);
	assert_int_equal(execution_of(&sim.runs[1], executions, 3), executions[2]);
	assert_int_equal(execution_of(&sim.runs[2], executions, 3), executions[1]);
}

/* More of a high priority is asked for than may start, without end. */
static void
a_low_priority_does_not_starve(void **state)
{
	uint64_t high = in_group("high", NULL, 9), low = in_group("low", NULL, -9), execution;
	size_t count;

	(void)state;
	sim_stop_engine();
	sim.start_rate = 10;
	sim.start_burst = 10;
	for (int i = 0; i < 100; i++)
		sim_call(high);
	execution = sim_call(low);
	sim_start_engine();
	for (int i = 0; i < 30 && sim_tasks(execution, &count)->status == TASK_PENDING; i++) {
		sim_pass(SECOND_US / 10);
		for (int k = 0; k < 2; k++)
			sim_call(high);
	}
	assert_int_not_equal(sim_tasks(execution, &count)->status, TASK_PENDING);
}

/* ---- the start rate
 * ------------------------------------------------------------------------------- */

static void
what_is_due_at_once_becomes_a_ramp(void **state)
{
	struct trigger t = sim_at(SIM_BEGIN + MINUTE_US);
	size_t in_second[20] = {0};

	(void)state;
	sim_stop_engine();
	sim.start_rate = 20;
	sim.start_burst = 50;
	for (int i = 0; i < 200; i++) {
		char name[16];

		snprintf(name, sizeof name, "%d", i);
		sim_create(sim_schedule(name, &t, 1));
	}
	sim_start_engine();
	sim_pass(10 * MINUTE_US);
	assert_int_equal(sim.run_count, 200);
	for (size_t i = 0; i < 200; i++) {
		int64_t s = (sim.runs[i].start_us - t.at_us) / SECOND_US;

		assert_in_range(s, 0, 19);
		in_second[s]++;
	}
	/* The burst and what comes in the first second; then the rate. */
	assert_in_range(in_second[0], 66, 70);
	for (int s = 1; s <= 6; s++)
		assert_int_equal(in_second[s], 20);
	assert_int_equal(sim_left(), 0);
	/* In tenths of a second, not one by one. */
	assert_in_range(sim.steps, 60, 250);
}

static void
a_pace_allows_a_burst_and_then_the_rate(void **state)
{
	static const struct {
		const char *label;
		uint32_t rate, burst;
		int64_t spent_at_us;
		uint32_t spent;
		int64_t now_us;
		uint32_t allows;
		int64_t delay_us;
	} cases[] = {
	    {"rested", 10, 5, 0, 0, 0, 5, 0},
	    {"half of the burst", 10, 6, 0, 3, 0, 3, 0},
	    {"all of it", 10, 5, 0, 5, 0, 0, 100000},
	    {"not yet", 10, 5, 0, 5, 99999, 0, 1},
	    {"one more", 10, 5, 0, 5, 100000, 1, 0},
	    {"rested again", 10, 5, 0, 5, 500000, 5, 0},
	    {"never more than the burst", 10, 5, 0, 5, 3600 * SECOND_US, 5, 0},
	    {"a debt", 10, 1, 0, 3, 0, 0, 300000},
	    {"a fast one, a tenth of a second at a time", 1000, 500, 0, 500, 0, 0, 100000},
	    {"a slow one", 1, 1, 0, 1, 0, 0, SECOND_US},
	    {"the clock is set back", 10, 5, 3600 * SECOND_US, 5, 0, 0, 100000},
	    {"the clock is set forward", 10, 5, 0, 5, 3600 * SECOND_US, 5, 0},
	    {"no rate", 0, 1, 0, 500, 0, UINT32_MAX, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct pace p = {.rate = cases[i].rate, .burst = cases[i].burst};

		pace_spend(&p, cases[i].spent_at_us, cases[i].spent);
		if (pace_allows(&p, cases[i].now_us) != cases[i].allows ||
		    pace_delay(&p, cases[i].now_us) != cases[i].delay_us)
			fail_msg("%s: %u, %lld", cases[i].label,
			    pace_allows(&p, cases[i].now_us),
			    (long long)pace_delay(&p, cases[i].now_us));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(no_more_of_a_group_go_on_than_its_limit_and_they_begin_in_order),
	    TEST(a_full_group_does_not_hold_up_others),
	    TEST(groups_do_not_share_places),
	    TEST(a_larger_limit_begins_more_at_once_and_a_smaller_one_ends_nothing),
	    TEST(the_place_of_what_was_cancelled_goes_to_the_next),
	    TEST(what_its_triggers_stopped_asks_for_a_place_when_it_runs_again),
	    TEST(a_place_is_kept_between_tasks_and_asked_for_again_when_one_runs_again),
	    cmocka_unit_test(places_are_right_whoever_dies),
	    TEST(a_limit_is_a_small_number_and_a_group_has_a_name),
	    TEST(higher_priorities_begin_first_and_equal_ones_in_order),
	    TEST(those_that_wait_for_a_group_go_by_priority_too),
	    TEST(a_low_priority_does_not_starve),
	    TEST(what_is_due_at_once_becomes_a_ramp),
	    cmocka_unit_test(a_pace_allows_a_burst_and_then_the_rate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
