/*
 * maxRuns and jitter: how many runs triggers cause, and how much later than its due time one
 * starts. Whatever happens meanwhile, each due time has its one entry in the ledger.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "simulation.h"

#define JITTER_US (10 * MINUTE_US)

/* Due each hour from SIM_BEGIN + 1 h on. */
static struct schedule
hourly(const char *name, struct trigger *trigger)
{
	*trigger = sim_every(HOUR_US);
	return sim_schedule(name, trigger, 1);
}

static uint64_t
create_jittered(struct schedule *s, struct trigger *trigger)
{
	*s = hourly("jittered", trigger);
	s->jitter_us = JITTER_US;
	s->id = sim_create(*s);
	return s->id;
}

static void
update(uint64_t id, uint64_t version, struct schedule s)
{
	assert_int_equal(
	    service_update_schedule(&sim.sv, &sim.admin, sim.now_us, id, version, &s, &sim.err),
	    0);
}

static void
suspend(uint64_t id)
{
	assert_int_equal(
	    service_suspend_schedule(&sim.sv, &sim.admin, sim.now_us, id, NULL, &sim.err), 0);
}

static size_t
ledger_count(uint64_t id)
{
	size_t count;

	sim_ledger(id, &count);
	return count;
}

static size_t
run_count(uint64_t id)
{
	size_t count;

	sim_executions(id, &count);
	return count;
}

/* ---- maxRuns
 * ------------------------------------------------------------------------------------ */

static void
nothing_is_due_after_the_last_run_of_max_runs(void **state)
{
	struct trigger trigger;
	struct schedule s = hourly("three", &trigger);
	uint64_t id;

	(void)state;
	s.max_runs = 3;
	id = sim_create(s);
	sim_pass(DAY_US);
	assert_int_equal(ledger_count(id), 3);
	assert_int_equal(run_count(id), 3);
	assert_int_equal(sim_state(id).runs, 3);
	assert_int_equal(sim_state(id).next_due_us, INSTANT_NEVER);
}

static void
calls_and_what_was_skipped_do_not_count_for_max_runs(void **state)
{
	struct trigger trigger;
	struct schedule s = hourly("three", &trigger);
	size_t count;
	uint64_t id;

	(void)state;
	s.max_runs = 3;
	id = sim_create(s);
	sim_call(id);
	suspend(id);
	sim_pass(5 * HOUR_US);
	assert_int_equal(
	    service_resume_schedule(&sim.sv, &sim.admin, sim.now_us, id, &sim.err), 0);
	sim_pass(DAY_US);
	assert_int_equal(sim_ledger(id, &count)[0].verdict, VERDICT_SKIPPED_SUSPENDED);
	assert_int_equal(count, 4);
	assert_int_equal(run_count(id), 4);
	assert_int_equal(sim_state(id).runs, 3);
}

static void
a_greater_max_runs_lets_a_schedule_go_on(void **state)
{
	struct trigger trigger;
	struct schedule s = hourly("two", &trigger);
	uint64_t id;

	(void)state;
	s.max_runs = 2;
	id = sim_create(s);
	sim_pass(5 * HOUR_US);
	s.description = "the same";
	update(id, 1, s);
	sim_pass(5 * HOUR_US);
	assert_int_equal(run_count(id), 2);
	s.max_runs = 5;
	update(id, 2, s);
	sim_pass(5 * HOUR_US);
	assert_int_equal(run_count(id), 5);
	assert_int_equal(ledger_count(id), 5);
}

static void
max_runs_bounds_what_is_caught_up(void **state)
{
	struct trigger trigger;
	struct schedule s = hourly("all", &trigger);
	uint64_t id;

	(void)state;
	s.max_runs = 3;
	s.misfire = MISFIRE_ALL;
	s.misfire_window_us = DAY_US;
	id = sim_create(s);
	sim_outage(10 * HOUR_US);
	sim_pass(HOUR_US);
	assert_int_equal(run_count(id), 3);
	assert_int_equal(ledger_count(id), 3);
}

/* Whoever dies at whatever point: the count is of the transaction that fires. */
static void
max_runs_is_kept_whoever_dies(void **state)
{
	(void)state;
	for (unsigned fuse = 1; fuse < 40; fuse++) {
		struct trigger trigger;
		struct schedule s = hourly("three", &trigger);
		uint64_t id;

		s.name = arena_printf(&sim.arena, "three %u", fuse);
		s.max_runs = 3;
		id = sim_create(s);
		sim.scheduler_fuse = fuse;
		sim_pass(8 * HOUR_US);
		assert_int_equal(ledger_count(id), 3);
		assert_int_equal(run_count(id), 3);
	}
	assert_true(sim.scheduler_deaths > 20);
}

static void
a_call_that_checks_triggers_does_nothing_after_max_runs(void **state)
{
	struct trigger trigger;
	struct schedule s = hourly("one", &trigger);
	uint64_t id, run;
	size_t count;

	(void)state;
	s.max_runs = 1;
	id = sim_create(s);
	sim_pass(3 * HOUR_US);
	assert_int_equal(service_run_schedule(
			     &sim.sv, &sim.admin, sim.now_us, id, true, NULL, &run, &sim.err),
	    0);
	sim_pass(HOUR_US);
	assert_int_equal(sim_tasks(run, &count)[0].status, TASK_CONDITION);
}

static void
a_preview_ends_with_the_last_run_of_max_runs(void **state)
{
	struct trigger trigger;
	struct schedule s = hourly("five", &trigger);
	struct preview *list;
	uint64_t id;
	size_t count;

	(void)state;
	s.max_runs = 5;
	id = sim_create(s);
	for (size_t ran = 0; ran <= 5; ran++) {
		assert_int_equal(service_preview_schedule(&sim.sv, &sim.arena, &sim.admin, id,
				     "UTC", sim.now_us, 100, &list, &count, &sim.err),
		    0);
		assert_int_equal(count, 5 - ran);
		sim_pass(HOUR_US);
	}
	assert_int_equal(service_preview_definition(&sim.sv, &sim.arena, &sim.admin, &s, "UTC",
			     sim.now_us, 100, &list, &count, &sim.err),
	    0);
	assert_int_equal(count, 5);
}

/* ---- jitter
 * ------------------------------------------------------------------------------------- */

static void
the_spread_is_the_same_each_time_and_fills_the_jitter(void **state)
{
	struct schedule s = {.id = 17, .jitter_us = JITTER_US};
	size_t quarters[4] = {0};

	(void)state;
	for (int i = 0; i < 4000; i++) {
		int64_t due_us = SIM_BEGIN + i * HOUR_US;
		int64_t spread_us = schedule_spread(&s, due_us);

		assert_in_range(spread_us, 0, JITTER_US);
		assert_int_equal(spread_us, schedule_spread(&s, due_us));
		quarters[spread_us * 4 / (JITTER_US + 1)]++;
	}
	for (int i = 0; i < 4; i++)
		assert_in_range(quarters[i], 850, 1150);
	s.jitter_us = 0;
	assert_int_equal(schedule_spread(&s, SIM_BEGIN), 0);
}

static void
a_run_starts_later_by_its_spread_and_keeps_its_due_time(void **state)
{
	struct trigger trigger;
	struct schedule s;
	uint64_t id = create_jittered(&s, &trigger);
	struct occurrence *ledger;
	struct execution *runs;
	size_t count;

	(void)state;
	sim_pass(10 * HOUR_US + JITTER_US);
	ledger = sim_ledger(id, &count);
	assert_int_equal(count, 10);
	runs = sim_executions(id, &count);
	assert_int_equal(count, 10);
	for (size_t i = 0; i < count; i++) {
		int64_t due_us = SIM_BEGIN + (int64_t)(i + 1) * HOUR_US;

		assert_int_equal(ledger[i].due_us, due_us);
		assert_int_equal(ledger[i].verdict, VERDICT_RAN);
		assert_int_equal(runs[count - 1 - i].due_us, due_us);
		assert_int_equal(runs[count - 1 - i].origin, ORIGIN_TRIGGER);
		assert_int_equal(
		    runs[count - 1 - i].triggered_us, due_us + schedule_spread(&s, due_us));
	}
}

static void
within_its_jitter_a_due_time_is_not_late(void **state)
{
	struct trigger trigger;
	struct schedule s = hourly("strict", &trigger);
	size_t count;
	uint64_t id;

	(void)state;
	s.jitter_us = JITTER_US;
	s.misfire = MISFIRE_SKIP;
	id = sim_create(s);
	/* Away over its due time, and back when its jitter is just over. */
	sim_run_until(SIM_BEGIN + HOUR_US - MINUTE_US);
	sim_outage(MINUTE_US + JITTER_US);
	assert_int_equal(sim_ledger(id, &count)[0].verdict, VERDICT_RAN);
	sim_run_until(SIM_BEGIN + 2 * HOUR_US - MINUTE_US);
	sim_outage(2 * MINUTE_US + JITTER_US);
	assert_int_equal(sim_ledger(id, &count)[1].verdict, VERDICT_MISSED_DOWN);
}

static void
a_suspension_stops_what_waits_for_its_jitter(void **state)
{
	struct trigger trigger;
	struct schedule s;
	uint64_t id = create_jittered(&s, &trigger);
	struct occurrence *ledger;
	size_t count;

	(void)state;
	assert_true(schedule_spread(&s, SIM_BEGIN + HOUR_US) > 0);
	sim_run_until(SIM_BEGIN + HOUR_US);
	suspend(id);
	sim_pass(JITTER_US);
	ledger = sim_ledger(id, &count);
	assert_int_equal(count, 1);
	assert_int_equal(ledger[0].due_us, SIM_BEGIN + HOUR_US);
	assert_int_equal(ledger[0].verdict, VERDICT_SKIPPED_SUSPENDED);
}

static void
an_edit_starts_what_waits_for_its_jitter(void **state)
{
	struct trigger trigger;
	struct schedule s;
	uint64_t id = create_jittered(&s, &trigger);
	struct occurrence *ledger;
	size_t count;

	(void)state;
	assert_true(schedule_spread(&s, SIM_BEGIN + HOUR_US) > 0);
	sim_run_until(SIM_BEGIN + HOUR_US);
	assert_int_equal(ledger_count(id), 0);
	s.jitter_us = 0;
	update(id, 1, s);
	ledger = sim_ledger(id, &count);
	assert_int_equal(count, 1);
	assert_int_equal(ledger[0].due_us, SIM_BEGIN + HOUR_US);
	assert_int_equal(ledger[0].verdict, VERDICT_RAN);
	sim_pass(HOUR_US);
	assert_int_equal(ledger_count(id), 2);
	assert_int_equal(run_count(id), 2);
}

static void
what_an_edit_hastens_is_not_late(void **state)
{
	struct trigger trigger;
	struct schedule s = hourly("strict", &trigger);
	struct occurrence *ledger;
	size_t count;

	(void)state;
	s.jitter_us = 20 * HOUR_US;
	s.misfire = MISFIRE_SKIP;
	s.id = sim_create(s);
	assert_true(schedule_spread(&s, SIM_BEGIN + HOUR_US) > 10 * MINUTE_US);
	sim_run_until(SIM_BEGIN + HOUR_US + 10 * MINUTE_US);
	update(s.id, 1, s);
	ledger = sim_ledger(s.id, &count);
	assert_int_equal(count, 1);
	assert_int_equal(ledger[0].verdict, VERDICT_RAN);
}

static void
what_waits_for_its_jitter_when_its_schedule_is_deleted_has_its_entry(void **state)
{
	struct trigger trigger;
	struct schedule s = hourly("slow", &trigger);
	struct occurrence *ledger;
	size_t count;

	(void)state;
	s.jitter_us = 20 * HOUR_US;
	s.id = sim_create(s);
	assert_true(schedule_spread(&s, SIM_BEGIN + HOUR_US) > 2 * HOUR_US);
	sim_run_until(SIM_BEGIN + 3 * HOUR_US);
	assert_int_equal(
	    service_delete_schedule(&sim.sv, &sim.admin, sim.now_us, s.id, &sim.err), 0);
	sim_pass(DAY_US);
	ledger = sim_ledger(s.id, &count);
	assert_int_equal(count, 1);
	assert_int_equal(ledger[0].due_us, SIM_BEGIN + HOUR_US);
	assert_int_equal(ledger[0].to_us, SIM_BEGIN + 3 * HOUR_US);
	assert_int_equal(ledger[0].count, 3);
	assert_int_equal(ledger[0].verdict, VERDICT_SKIPPED_SUSPENDED);
	assert_non_null(strstr(ledger[0].reason, "was deleted"));
}

static void
a_call_does_not_hasten_what_waits_for_its_jitter(void **state)
{
	struct trigger trigger;
	struct schedule s;
	uint64_t id = create_jittered(&s, &trigger);

	(void)state;
	sim_run_until(SIM_BEGIN + HOUR_US);
	sim_call(id);
	assert_int_equal(run_count(id), 1);
	assert_int_equal(ledger_count(id), 0);
	sim_pass(JITTER_US);
	assert_int_equal(ledger_count(id), 1);
}

/* More of them wait than one at a time: they bunch, and none is lost or late. */
static void
a_jitter_longer_than_the_distance_loses_nothing(void **state)
{
	struct trigger trigger = sim_every(MINUTE_US);
	struct schedule s = sim_schedule("bunch", &trigger, 1);
	struct occurrence *ledger;
	size_t count;
	uint64_t id;

	(void)state;
	s.jitter_us = 7 * MINUTE_US;
	s.overlap = OVERLAP_QUEUE;
	id = sim_create(s);
	sim_run_until(SIM_BEGIN + HOUR_US + s.jitter_us + MINUTE_US);
	ledger = sim_ledger(id, &count);
	assert_true(count >= 60);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(ledger[i].due_us, SIM_BEGIN + (int64_t)(i + 1) * MINUTE_US);
		assert_int_equal(ledger[i].verdict, VERDICT_RAN);
		assert_in_range(
		    ledger[i].decided_us, ledger[i].due_us, ledger[i].due_us + s.jitter_us);
	}
	assert_true(sim_executions(id, &count)[0].origin == ORIGIN_TRIGGER);
}

static void
jitter_spreads_schedules_of_one_time(void **state)
{
	struct trigger trigger;
	int64_t first_us = INSTANT_NEVER, last_us = 0;
	uint64_t ids[20];
	size_t count;

	(void)state;
	for (size_t i = 0; i < 20; i++) {
		struct schedule s = hourly("", &trigger);

		s.name = arena_printf(&sim.arena, "spread %zu", i);
		s.jitter_us = JITTER_US;
		ids[i] = sim_create(s);
	}
	sim_run_until(SIM_BEGIN + HOUR_US + JITTER_US);
	for (size_t i = 0; i < 20; i++) {
		int64_t us = sim_executions(ids[i], &count)[0].triggered_us;

		assert_int_equal(count, 1);
		first_us = us < first_us ? us : first_us;
		last_us = us > last_us ? us : last_us;
	}
	assert_true(last_us - first_us > JITTER_US / 2);
}

static void
a_preview_tells_the_spread(void **state)
{
	struct trigger trigger;
	struct schedule s;
	uint64_t id = create_jittered(&s, &trigger);
	struct preview *list;
	char note[PREVIEW_NOTE];
	size_t count;

	(void)state;
	assert_int_equal(service_preview_schedule(&sim.sv, &sim.arena, &sim.admin, id, "UTC",
			     sim.now_us, 2, &list, &count, &sim.err),
	    0);
	assert_int_equal(count, 2);
	assert_int_equal(list[0].due_us, SIM_BEGIN + HOUR_US);
	assert_int_equal(list[0].spread_us, schedule_spread(&s, SIM_BEGIN + HOUR_US));
	preview_note(&list[0], note);
	assert_non_null(strstr(note, " later, by its jitter"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, sim_setup, sim_teardown)
	    T(nothing_is_due_after_the_last_run_of_max_runs),
	    T(calls_and_what_was_skipped_do_not_count_for_max_runs),
	    T(a_greater_max_runs_lets_a_schedule_go_on),
	    T(max_runs_bounds_what_is_caught_up),
	    T(max_runs_is_kept_whoever_dies),
	    T(a_call_that_checks_triggers_does_nothing_after_max_runs),
	    T(a_preview_ends_with_the_last_run_of_max_runs),
	    T(the_spread_is_the_same_each_time_and_fills_the_jitter),
	    T(a_run_starts_later_by_its_spread_and_keeps_its_due_time),
	    T(within_its_jitter_a_due_time_is_not_late),
	    T(a_suspension_stops_what_waits_for_its_jitter),
	    T(an_edit_starts_what_waits_for_its_jitter),
	    T(what_an_edit_hastens_is_not_late),
	    T(what_waits_for_its_jitter_when_its_schedule_is_deleted_has_its_entry),
	    T(a_call_does_not_hasten_what_waits_for_its_jitter),
	    T(a_jitter_longer_than_the_distance_loses_nothing),
	    T(jitter_spreads_schedules_of_one_time),
	    T(a_preview_tells_the_spread),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
