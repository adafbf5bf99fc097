/* Schedules that are due once for each boot of the machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "simulation.h"

#define TEST(name) cmocka_unit_test_setup_teardown(name, sim_setup, sim_teardown)

static struct trigger at_boot = {.kind = TRIGGER_REBOOT};

/* The machine is off for a while, and then runs again. */
static void
reboot(const char *identity, int64_t off_us)
{
	sim.boot = identity;
	sim_outage(off_us);
}

static uint64_t
create(const char *name)
{
	return sim_create(sim_schedule(name, &at_boot, 1));
}

static void
assert_verdicts(uint64_t id, const enum verdict *expected, size_t expected_count)
{
	size_t count;
	struct occurrence *o = sim_ledger(id, &count);

	for (size_t i = 0; i < count && i < expected_count; i++)
		assert_string_equal(verdict_name(o[i].verdict), verdict_name(expected[i]));
	assert_int_equal(count, expected_count);
}

static void
assert_runs(uint64_t id, size_t expected)
{
	size_t count;

	sim_ledger(id, &count);
	assert_int_equal(count, expected);
	sim_executions(id, &count);
	assert_int_equal(count, expected);
	assert_int_equal(sim.complaints, 0);
}

static void
a_boot_is_due_once_and_a_restart_of_the_scheduler_is_none(void **state)
{
	uint64_t id = create("boot");
	struct occurrence *o;
	size_t count;

	(void)state;
	sim_pass(MINUTE_US);
	assert_runs(id, 0);
	sim_outage(HOUR_US);
	assert_runs(id, 0);
	reboot("second", HOUR_US);
	assert_runs(id, 1);
	o = sim_ledger(id, &count);
	assert_int_equal(o->due_us, sim.now_us);
	assert_int_equal(o->verdict, VERDICT_RAN);
	assert_int_equal(sim_executions(id, &count)->origin, ORIGIN_TRIGGER);
	sim_pass(DAY_US);
	sim_outage(HOUR_US);
	assert_runs(id, 1);
	reboot("third", HOUR_US);
	sim_pass(DAY_US);
	assert_runs(id, 2);
}

static void
a_schedule_that_is_made_after_a_boot_waits_for_the_next(void **state)
{
	uint64_t id, edited = create("edited");
	struct schedule s = sim_schedule("edited", NULL, 0);

	(void)state;
	sim_settle();
	assert_int_equal(
	    service_update_schedule(&sim.sv, &sim.admin, sim.now_us, edited, 1, &s, &sim.err),
	    0);
	/* Boots that it had no trigger for are none of its, also if they are told after it has one. */
	sim_stop_engine();
	sim.boot = "second";
	sim.now_us += HOUR_US;
	sim_start_engine();
	id = create("new");
	sim_settle();
	s = sim_schedule("edited", &at_boot, 1);
	assert_int_equal(
	    service_update_schedule(&sim.sv, &sim.admin, sim.now_us, edited, 2, &s, &sim.err),
	    0);
	sim_pass(HOUR_US);
	assert_runs(edited, 0);
	reboot("third", HOUR_US);
	assert_runs(edited, 1);
	(void)id;
}

/* The scheduler dies at each of its commits, and between them. */
static void
a_crash_neither_loses_a_boot_nor_doubles_it(void **state)
{
	(void)state;
	for (unsigned fuse = 1; fuse < 40; fuse++) {
		uint64_t ids[3];

		sim_make();
		ids[0] = create("one");
		ids[1] = create("two");
		ids[2] = create("three");
		sim_settle();
		sim_stop_engine();
		sim.boot = "second";
		sim.now_us += HOUR_US;
		sim_start_engine();
		sim.scheduler_fuse = fuse;
		sim_pass(MINUTE_US);
		for (size_t i = 0; i < 3; i++)
			assert_runs(ids[i], 1);
		sim_stop_engine();
		assert_true(temp_store_is_sound(&sim.ts));
		sim_remove();
	}
}

/* More schedules than one transaction tells. */
static void
a_second_boot_waits_until_the_first_was_told_to_all(void **state)
{
	enum { MANY = 600 };
	static uint64_t ids[MANY];
	unsigned between = 0;
	char name[16];

	(void)state;
	for (size_t i = 0; i < MANY; i++) {
		snprintf(name, sizeof name, "%zu", i);
		ids[i] = create(name);
	}
	sim_settle();
	for (unsigned fuse = 5; fuse < 14; fuse++) {
		char names[2][16];
		size_t before, after;

		snprintf(names[0], sizeof names[0], "boot %u", fuse);
		snprintf(names[1], sizeof names[1], "another %u", fuse);
		sim_ledger(ids[MANY - 1], &before);
		sim_stop_engine();
		sim.boot = names[0];
		sim.now_us += HOUR_US;
		sim_start_engine();
		sim.scheduler_fuse = fuse;
		while (!sim.scheduler_dies) {
			sim_runner_reads();
			sim_step();
		}
		if (sim_state(ids[0]).boot == sim_state(ids[MANY - 1]).boot) {
			/* Nobody was told yet, or all: that is no case of this. */
			sim_pass(2 * HOUR_US);
			continue;
		}
		between++;
		sim.boot = names[1];
		sim_pass(2 * HOUR_US);
		for (size_t i = 0; i < MANY; i++) {
			sim_ledger(ids[i], &after);
			assert_int_equal(after, before + 2);
		}
	}
	assert_true(between > 0);
	assert_int_equal(sim.complaints, 0);
}

static void
the_policies_hold_for_a_boot_as_for_any_due_time(void **state)
{
	static const enum verdict suspended[] = {VERDICT_SKIPPED_SUSPENDED};
	static const enum verdict overlap[] = {VERDICT_RAN, VERDICT_SKIPPED_OVERLAP};
	struct schedule s = sim_schedule("bounded", &at_boot, 1);
	uint64_t ids[5];
	size_t count;

	(void)state;
	sim.takes_us = 5 * HOUR_US;
	ids[0] = create("suspended");
	ids[1] = create("overlap");
	s.max_runs = 1;
	s.overlap = OVERLAP_ALLOW;
	ids[2] = sim_create(s);
	s.name = "ends before";
	s.max_runs = 0;
	s.end_us = sim.now_us + MINUTE_US;
	ids[3] = sim_create(s);
	s.name = "jitter";
	s.end_us = INSTANT_NEVER;
	s.jitter_us = HOUR_US;
	ids[4] = sim_create(s);
	assert_int_equal(service_suspend_schedule(
			     &sim.sv, &sim.admin, sim.now_us, ids[0], "not now", &sim.err),
	    0);
	sim_settle();
	reboot("second", HOUR_US);
	assert_verdicts(ids[0], suspended, 1);
	assert_verdicts(ids[1], overlap, 1);
	sim_ledger(ids[4], &count);
	assert_int_equal(count, 0); /* it waits for its jitter, */
	reboot("third", MINUTE_US);
	assert_verdicts(ids[1], overlap, 2);
	assert_verdicts(ids[2], overlap, 1);
	assert_verdicts(ids[3], NULL, 0);
	sim_ledger(ids[4], &count);
	assert_int_equal(count, 1); /* but not longer than until the next boot */
	sim_pass(HOUR_US);
	sim_ledger(ids[4], &count);
	assert_int_equal(count, 2);
}

static void
a_boot_stands_for_what_was_missed_while_the_machine_was_off(void **state)
{
	static const enum verdict expected[] = {VERDICT_RAN, VERDICT_MISSED_DOWN, VERDICT_RAN};
	struct trigger both[] = {at_boot, sim_every(10 * MINUTE_US)};
	struct schedule s = sim_schedule("both", both, 2);
	uint64_t id = sim_create(s);
	struct occurrence *o;
	size_t count;

	(void)state;
	sim_pass(10 * MINUTE_US);
	reboot("second", 35 * MINUTE_US);
	assert_verdicts(id, expected, 3);
	o = sim_ledger(id, &count);
	assert_int_equal(o[1].count, 3);
	assert_int_equal(o[2].due_us, sim.now_us);
}

/* A machine without a battery begins in the past. */
static void
a_boot_runs_at_once_also_where_the_clock_stands_before_the_last_entry(void **state)
{
	uint64_t id = create("boot");
	struct occurrence *o;
	size_t count;

	(void)state;
	sim_settle();
	reboot("second", HOUR_US);
	sim_pass(MINUTE_US);
	sim.now_us -= 400 * DAY_US;
	reboot("third", 0);
	sim_pass(MINUTE_US);
	assert_runs(id, 2);
	o = sim_ledger(id, &count);
	assert_int_equal(o[1].due_us, o[0].due_us + SECOND_US / 1000);
	sim_pass(500 * DAY_US);
	assert_runs(id, 2);
}

static void
a_boot_is_explained_and_a_schedule_that_waits_for_one_is_not_finished(void **state)
{
	uint64_t id = create("boot");
	struct schedule_view view;
	struct explanation e;

	(void)state;
	sim_settle();
	assert_int_equal(
	    service_get_schedule(&sim.sv, &sim.arena, &sim.admin, id, &view, &sim.err), 0);
	assert_false(view.finished);
	assert_int_equal(service_explain_schedule(&sim.sv, &sim.arena, &sim.admin, sim.now_us,
			     id, sim.now_us, "UTC", &e, &sim.err),
	    0);
	assert_non_null(strstr(e.reason, "it is due each time when the machine was started"));
	reboot("second", HOUR_US);
	assert_int_equal(service_explain_schedule(&sim.sv, &sim.arena, &sim.admin, sim.now_us,
			     id, sim.now_us, "UTC", &e, &sim.err),
	    0);
	assert_string_equal(e.verdict, "ran");
	assert_non_null(strstr(e.reason, "by the trigger \"reboot\""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_boot_is_due_once_and_a_restart_of_the_scheduler_is_none),
	    TEST(a_schedule_that_is_made_after_a_boot_waits_for_the_next),
	    cmocka_unit_test(a_crash_neither_loses_a_boot_nor_doubles_it),
	    TEST(a_second_boot_waits_until_the_first_was_told_to_all),
	    TEST(the_policies_hold_for_a_boot_as_for_any_due_time),
	    TEST(a_boot_stands_for_what_was_missed_while_the_machine_was_off),
	    TEST(a_boot_runs_at_once_also_where_the_clock_stands_before_the_last_entry),
	    TEST(a_boot_is_explained_and_a_schedule_that_waits_for_one_is_not_finished),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
