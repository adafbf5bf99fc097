/*
 * The engine fires what is due, once each, at the moment it is due; and what a schedule's
 * policies say becomes of the rest.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <malloc.h>
#include <sys/stat.h>

#include "base/id.h"

#include "simulation.h"

#ifdef __SANITIZE_ADDRESS__
size_t __sanitizer_get_current_allocated_bytes(void);
#endif

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

/* What is allocated now, without the simulation's own record. */
static size_t
allocated(void)
{
#ifdef __SANITIZE_ADDRESS__
	size_t bytes = __sanitizer_get_current_allocated_bytes();
#else
	size_t bytes = mallinfo2().uordblks;
#endif
	return bytes - sim.run_count * sizeof *sim.runs;
}

static void
a_long_history_takes_no_memory(void **state)
{
	size_t before;

	(void)state;
	minutely("minutely");
	sim_pass(HOUR_US);
	before = allocated();
	sim_pass(9 * HOUR_US);
	assert_in_range(allocated(), 0, before + 16 * 1024);
}

static void
schedules_that_are_due_at_one_instant_all_fire(void **state)
{
	uint64_t first = minutely("first"), second = minutely("second");
	size_t count;

	(void)state;
	sim_run_until(SIM_BEGIN + MINUTE_US);
	assert_int_equal(sim_ledger(first, &count)->verdict, VERDICT_RAN);
	assert_int_equal(count, 1);
	assert_int_equal(sim_ledger(second, &count)->verdict, VERDICT_RAN);
	assert_int_equal(count, 1);
	assert_int_equal(sim.run_count, 2);
}

static void
a_thousand_schedules_fire_at_once_in_batches(void **state)
{
	uint64_t ids[1000];
	size_t count;
	char name[32];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof name, "schedule %d", i);
		ids[i] = minutely(name);
	}
	sim_run_until(SIM_BEGIN + MINUTE_US);
	assert_int_equal(sim.run_count, 1000);
	for (int i = 0; i < 1000; i++) {
		const struct occurrence *o = sim_ledger(ids[i], &count);

		assert_int_equal(count, 1);
		assert_int_equal(o->verdict, VERDICT_RAN);
		assert_int_equal(o->decided_us, SIM_BEGIN + MINUTE_US);
	}
	sim_pass(10 * SECOND_US);
	assert_int_equal(sim_left(), 0);
	assert_int_equal(sim.failures, 0);
}

static void
no_more_attempts_than_the_limit_are_under_way(void **state)
{
	struct trigger t = sim_at(SIM_BEGIN + MINUTE_US);
	struct schedule s = sim_schedule("many", &t, 1);
	uint64_t id;

	(void)state;
	s.overlap = OVERLAP_ALLOW;
	id = sim_create(s);
	sim_stop_engine();
	for (int i = 0; i < 1100; i++)
		sim_call(id);
	sim_start_engine();
	sim_settle();
	assert_in_range(sim.run_count, 1000, 1063);
	sim_run_until(SIM_BEGIN + MINUTE_US - 1);
	assert_int_equal(sim.run_count, 1100);
	assert_int_equal(sim_left(), 0);
}

/* ---- who was not there
 * ---------------------------------------------------------------------------- */

static void
assert_entry(const struct occurrence *o, int64_t from_us, int64_t to_us, uint64_t count_of,
    enum verdict verdict)
{
	assert_string_equal(verdict_name(o->verdict), verdict_name(verdict));
	assert_int_equal(o->due_us, from_us);
	assert_int_equal(o->to_us, to_us);
	assert_int_equal(o->count, count_of);
	if (verdict == VERDICT_RAN)
		assert_true(o->execution_id != 0);
	else if (verdict != VERDICT_SKIPPED_SUSPENDED)
		assert_non_null(o->reason);
}

#define AT(minutes) (SIM_BEGIN + (minutes)*MINUTE_US)

/* Due every ten minutes; nobody is there from minute 5 to minute 185. */
static uint64_t
miss(enum misfire misfire, int64_t window_us)
{
	struct trigger t = sim_cron("*/10 * * * *", "UTC");
	struct schedule s = sim_schedule("every ten minutes", &t, 1);
	uint64_t id;

	s.misfire = misfire;
	s.misfire_window_us = window_us;
	id = sim_create(s);
	sim_run_until(AT(5));
	sim_outage(180 * MINUTE_US);
	return id;
}

static void
misfire_skip_runs_none_of_them(void **state)
{
	struct occurrence *o;
	size_t count;

	(void)state;
	o = sim_ledger(miss(MISFIRE_SKIP, HOUR_US), &count);
	assert_int_equal(count, 1);
	assert_entry(o, AT(10), AT(180), 18, VERDICT_MISSED_DOWN);
	assert_int_equal(sim.run_count, 0);
}

static void
misfire_one_runs_the_last_of_them(void **state)
{
	struct occurrence *o;
	uint64_t id = miss(MISFIRE_ONE, HOUR_US);
	size_t count;

	(void)state;
	o = sim_ledger(id, &count);
	assert_int_equal(count, 3);
	assert_entry(&o[0], AT(10), AT(120), 12, VERDICT_MISSED_WINDOW);
	assert_entry(&o[1], AT(130), AT(170), 5, VERDICT_MISSED_DOWN);
	assert_entry(&o[2], AT(180), AT(180), 1, VERDICT_RAN);
	assert_int_equal(sim_executions(id, &count)->origin, ORIGIN_CATCH_UP);
	assert_int_equal(count, 1);
	assert_int_equal(sim.run_count, 1);
}

static void
misfire_all_runs_each_within_the_window_one_after_the_other(void **state)
{
	struct occurrence *o;
	uint64_t id = miss(MISFIRE_ALL, HOUR_US);
	size_t count;

	(void)state;
	sim_pass(MINUTE_US);
	o = sim_ledger(id, &count);
	assert_int_equal(count, 7);
	assert_entry(&o[0], AT(10), AT(120), 12, VERDICT_MISSED_WINDOW);
	for (int i = 1; i < 7; i++)
		assert_entry(&o[i], AT(120 + 10 * i), AT(120 + 10 * i), 1, VERDICT_RAN);
	assert_int_equal(sim.run_count, 6);
	for (int i = 0; i < 6; i++)
		assert_int_equal(sim.runs[i].start_us, AT(185) + 2 * i * SECOND_US);
}

static void
what_is_older_than_the_window_never_runs(void **state)
{
	struct occurrence *o;
	size_t count;

	(void)state;
	o = sim_ledger(miss(MISFIRE_ONE, MINUTE_US), &count);
	assert_int_equal(count, 1);
	assert_entry(o, AT(10), AT(180), 18, VERDICT_MISSED_WINDOW);
}

static void
an_outage_of_weeks_is_few_entries(void **state)
{
	uint64_t id = minutely("minutely");
	struct occurrence *o;
	size_t count;

	(void)state;
	sim_outage(7 * DAY_US);
	o = sim_ledger(id, &count);
	assert_int_equal(count, 3);
	assert_entry(&o[0], AT(1), AT(7 * 1440 - 60), 7 * 1440 - 60, VERDICT_MISSED_WINDOW);
	assert_entry(&o[1], AT(7 * 1440 - 59), AT(7 * 1440 - 1), 59, VERDICT_MISSED_DOWN);
	assert_entry(&o[2], AT(7 * 1440), AT(7 * 1440), 1, VERDICT_RAN);
}

static void
a_short_stop_is_as_if_nothing_had_happened(void **state)
{
	uint64_t id = minutely("minutely");
	struct occurrence *o;
	size_t count;

	(void)state;
	sim_outage(70 * SECOND_US); /* until 20 seconds after the minute */
	o = sim_ledger(id, &count);
	assert_int_equal(count, 1);
	assert_entry(o, AT(1), AT(1), 1, VERDICT_RAN);
	assert_int_equal(sim_executions(id, &count)->origin, ORIGIN_TRIGGER);
}

/* ---- the clock is set
 * ----------------------------------------------------------------------------- */

static void
a_clock_set_back_repeats_nothing(void **state)
{
	uint64_t id = minutely("minutely");
	struct occurrence *o;
	size_t count;

	(void)state;
	sim_run_until(AT(30) + 10 * SECOND_US);
	sim.now_us = AT(10);
	sim.bell = true;
	sim_run_until(AT(32) + 10 * SECOND_US);
	o = sim_ledger(id, &count);
	assert_int_equal(count, 32);
	for (int i = 0; i < 32; i++)
		assert_entry(&o[i], AT(i + 1), AT(i + 1), 1, VERDICT_RAN);
	assert_int_equal(sim.run_count, 32);
}

static void
a_finished_schedule_resumed_after_the_clock_was_set_back_stays_finished(void **state)
{
	struct trigger t = sim_at(AT(10));
	uint64_t id = sim_create(sim_schedule("once", &t, 1)), other = minutely("minutely");
	size_t count;

	(void)state;
	sim_run_until(AT(11));
	sim.now_us = AT(5);
	assert_int_equal(
	    service_resume_schedule(&sim.sv, &sim.admin, sim.now_us, id, &sim.err), 0);
	sim_run_until(AT(20));
	sim_ledger(id, &count);
	assert_int_equal(count, 1);
	assert_int_equal(sim.failures, 0);
	sim_ledger(other, &count);
	assert_int_equal(count, 20);
}

/* ---- overlap
 * -------------------------------------------------------------------------------------- */

/* Due every minute, and a run takes two and a half. */
static uint64_t
overlap(enum overlap policy)
{
	struct trigger t = sim_cron("* * * * *", "UTC");
	struct schedule s = sim_schedule("slow", &t, 1);

	s.overlap = policy;
	sim.takes_us = 150 * SECOND_US;
	return sim_create(s);
}

static void
overlap_skip_drops_what_falls_into_a_run(void **state)
{
	uint64_t id = overlap(OVERLAP_SKIP);
	struct occurrence *o;
	size_t count;

	(void)state;
	sim_run_until(AT(6));
	o = sim_ledger(id, &count);
	assert_int_equal(count, 4);
	assert_entry(&o[0], AT(1), AT(1), 1, VERDICT_RAN);
	assert_entry(&o[1], AT(2), AT(3), 2, VERDICT_SKIPPED_OVERLAP);
	assert_int_equal(o[1].execution_id, o[0].execution_id);
	assert_entry(&o[2], AT(4), AT(4), 1, VERDICT_RAN);
	assert_entry(&o[3], AT(5), AT(6), 2, VERDICT_SKIPPED_OVERLAP);
	assert_int_equal(o[3].execution_id, o[2].execution_id);
}

static void
overlap_queue_one_keeps_one_for_later(void **state)
{
	uint64_t id = overlap(OVERLAP_QUEUE_ONE);
	struct occurrence *o;
	size_t count;

	(void)state;
	sim_run_until(AT(5));
	o = sim_ledger(id, &count);
	assert_int_equal(count, 5);
	assert_entry(&o[0], AT(1), AT(1), 1, VERDICT_RAN);
	assert_entry(&o[1], AT(2), AT(2), 1, VERDICT_RAN);
	assert_entry(&o[2], AT(3), AT(3), 1, VERDICT_SKIPPED_OVERLAP);
	assert_int_equal(o[2].execution_id, o[0].execution_id);
	assert_entry(&o[3], AT(4), AT(4), 1, VERDICT_RAN);
	assert_entry(&o[4], AT(5), AT(5), 1, VERDICT_SKIPPED_OVERLAP);
	assert_int_equal(sim.run_count, 2);
	assert_int_equal(sim.runs[1].start_us, AT(3) + 30 * SECOND_US);
}

static void
overlap_queue_keeps_all(void **state)
{
	uint64_t id = overlap(OVERLAP_QUEUE);
	struct occurrence *o;
	size_t count;

	(void)state;
	sim_run_until(AT(7));
	o = sim_ledger(id, &count);
	assert_int_equal(count, 7);
	for (int i = 0; i < 7; i++)
		assert_entry(&o[i], AT(i + 1), AT(i + 1), 1, VERDICT_RAN);
	assert_int_equal(sim.run_count, 3);
	for (int i = 0; i < 3; i++)
		assert_int_equal(sim.runs[i].start_us, AT(1) + i * 150 * SECOND_US);
}

static void
overlap_allow_runs_them_side_by_side(void **state)
{
	size_t count;

	(void)state;
	sim_ledger(overlap(OVERLAP_ALLOW), &count);
	sim_run_until(AT(3));
	assert_int_equal(sim.run_count, 3);
	for (int i = 0; i < 3; i++)
		assert_true(sim.runs[i].alive);
}

static void
calls_wait_for_their_turn_in_order(void **state)
{
	uint64_t id = sim_create(sim_schedule("on demand", NULL, 0)), calls[4];
	int64_t from_us = sim.now_us;
	struct execution *e;
	size_t count;

	(void)state;
	for (int i = 0; i < 3; i++)
		calls[i] = sim_call(id);
	sim_settle();
	assert_int_equal(sim.run_count, 1);
	sim_pass(3 * SECOND_US);
	calls[3] = sim_call(id);
	sim_pass(7 * SECOND_US);
	e = sim_executions(id, &count);
	assert_int_equal(count, 4);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(e[3 - i].id, calls[i]);
		assert_int_equal(e[3 - i].start_us, from_us + 2 * i * SECOND_US);
		assert_int_equal(e[3 - i].end_us, from_us + 2 * (i + 1) * SECOND_US);
	}
	sim_ledger(id, &count);
	assert_int_equal(count, 0);
}

static void
a_call_at_the_full_minute_does_not_push_the_due_time_aside(void **state)
{
	uint64_t id = minutely("minutely");
	size_t count;

	(void)state;
	sim_run_until(AT(1) - 1);
	/* The worker is faster than the scheduler. */
	sim.now_us = AT(1);
	sim_call(id);
	sim_settle();
	assert_entry(sim_ledger(id, &count), AT(1), AT(1), 1, VERDICT_RAN);
}

/* More is due than one transaction settles. */
static void
a_call_after_a_long_outage_does_not_push_the_catch_up_aside(void **state)
{
	struct trigger every = sim_every(SECOND_US);
	struct schedule s = sim_schedule("secondly", &every, 1);
	int64_t last_us = AT(39) - SECOND_US;
	uint64_t id, execution;
	struct execution *e;
	struct occurrence *o;
	size_t count;

	(void)state;
	s.end_us = AT(39);
	id = sim_create(s);
	sim_settle();
	sim_stop_engine();
	sim.now_us = AT(40);
	execution = sim_call(id);
	sim_start_engine();
	sim_settle();

	e = sim_executions(id, &count);
	assert_int_equal(count, 2);
	assert_int_equal(e[0].id, execution);
	assert_int_equal(e[1].origin, ORIGIN_CATCH_UP);
	o = sim_ledger(id, &count);
	assert_int_equal(count, 2);
	assert_entry(&o[1], last_us, last_us, 1, VERDICT_RAN);
}

static void
an_execution_that_ended_as_it_was_made_stands_in_nobodys_way(void **state)
{
	struct trigger t = sim_cron("* * * * *", "UTC");
	struct schedule s = sim_schedule("slow", &t, 1);
	struct occurrence *o;
	uint64_t id, stopped;
	size_t count;

	(void)state;
	s.end_us = AT(60);
	sim.takes_us = 90 * SECOND_US;
	id = sim_create(s);
	sim_run_until(AT(1) + SECOND_US);
	/* A clock that is an hour ahead says that the end has come. */
	assert_int_equal(service_run_schedule(
			     &sim.sv, &sim.admin, AT(1), id, true, NULL, &stopped, &sim.err),
	    0);
	sim_run_until(AT(2));
	o = sim_ledger(id, &count);
	assert_int_equal(count, 2);
	assert_entry(&o[1], AT(2), AT(2), 1, VERDICT_SKIPPED_OVERLAP);
	assert_int_equal(o[1].execution_id, o[0].execution_id);
}

/* ---- suspended, bounded, past
 * ----------------------------------------------------------------------- */

static void
suspend(uint64_t id, const char *reason)
{
	assert_int_equal(
	    service_suspend_schedule(&sim.sv, &sim.admin, sim.now_us, id, reason, &sim.err), 0);
}

static void
resume(uint64_t id)
{
	assert_int_equal(
	    service_resume_schedule(&sim.sv, &sim.admin, sim.now_us, id, &sim.err), 0);
}

static void
due_times_while_suspended_are_one_entry_with_the_reason(void **state)
{
	uint64_t id = minutely("minutely");
	struct occurrence *o;
	size_t count;

	(void)state;
	sim_run_until(AT(2) + SECOND_US);
	suspend(id, "stocktaking");
	sim_run_until(AT(5) + SECOND_US);
	resume(id);
	sim_run_until(AT(6) + SECOND_US);
	suspend(id, "stocktaking");
	sim_run_until(AT(8) + SECOND_US);
	o = sim_ledger(id, &count);
	assert_int_equal(count, 5);
	assert_entry(&o[0], AT(1), AT(1), 1, VERDICT_RAN);
	assert_entry(&o[1], AT(2), AT(2), 1, VERDICT_RAN);
	assert_entry(&o[2], AT(3), AT(5), 3, VERDICT_SKIPPED_SUSPENDED);
	assert_string_equal(o[2].reason, "stocktaking");
	assert_entry(&o[3], AT(6), AT(6), 1, VERDICT_RAN);
	assert_entry(&o[4], AT(7), AT(8), 2, VERDICT_SKIPPED_SUSPENDED);
	assert_string_equal(o[4].reason, "stocktaking");
}

static void
a_second_suspension_with_another_reason_is_an_entry_of_its_own(void **state)
{
	uint64_t id = minutely("minutely");
	struct occurrence *o;
	size_t count;

	(void)state;
	suspend(id, "stocktaking");
	sim_run_until(AT(2) + SECOND_US);
	resume(id);
	suspend(id, "holiday");
	sim_run_until(AT(4) + SECOND_US);
	o = sim_ledger(id, &count);
	assert_int_equal(count, 2);
	assert_entry(&o[0], AT(1), AT(2), 2, VERDICT_SKIPPED_SUSPENDED);
	assert_string_equal(o[0].reason, "stocktaking");
	assert_entry(&o[1], AT(3), AT(4), 2, VERDICT_SKIPPED_SUSPENDED);
	assert_string_equal(o[1].reason, "holiday");
}

static void
what_was_due_before_a_suspension_is_not_suspended_by_it(void **state)
{
	uint64_t id = minutely("minutely");
	struct occurrence *o;
	size_t count;

	(void)state;
	sim_run_until(AT(1) - 1);
	sim.now_us = AT(1) + SECOND_US;
	suspend(id, NULL);
	sim_run_until(AT(3));
	o = sim_ledger(id, &count);
	assert_int_equal(count, 2);
	assert_entry(&o[0], AT(1), AT(1), 1, VERDICT_RAN);
	assert_entry(&o[1], AT(2), AT(3), 2, VERDICT_SKIPPED_SUSPENDED);
	assert_int_equal(sim.run_count, 1);
}

static void
what_was_due_before_a_resumption_stays_suspended(void **state)
{
	uint64_t id = minutely("minutely");
	struct occurrence *o;
	size_t count;

	(void)state;
	suspend(id, NULL);
	sim_run_until(AT(1) - 1);
	sim.now_us = AT(1) + SECOND_US;
	resume(id);
	sim_run_until(AT(2));
	o = sim_ledger(id, &count);
	assert_int_equal(count, 2);
	assert_entry(&o[0], AT(1), AT(1), 1, VERDICT_SKIPPED_SUSPENDED);
	assert_entry(&o[1], AT(2), AT(2), 1, VERDICT_RAN);
}

static void
start_and_end_bound_the_due_times(void **state)
{
	struct trigger t = sim_cron("* * * * *", "UTC");
	struct schedule s = sim_schedule("bounded", &t, 1);
	struct occurrence *o;
	struct schedule_view view;
	uint64_t id;
	size_t count;

	(void)state;
	s.start_us = AT(3);
	s.end_us = AT(6);
	id = sim_create(s);
	sim_run_until(AT(20));
	o = sim_ledger(id, &count);
	assert_int_equal(count, 3);
	for (int i = 0; i < 3; i++)
		assert_entry(&o[i], AT(3 + i), AT(3 + i), 1, VERDICT_RAN);
	assert_int_equal(
	    service_get_schedule(&sim.sv, &sim.arena, &sim.admin, id, &view, &sim.err), 0);
	assert_true(view.finished);
	assert_int_equal(sim.wake_us, INSTANT_NEVER);
}

static void
a_one_shot_in_the_past_is_decided_by_the_misfire_policy(void **state)
{
	static const struct {
		const char *name;
		enum misfire misfire;
		int64_t ago_us;
		enum verdict verdict;
	} rows[] = {
	    {"a moment ago", MISFIRE_SKIP, SECOND_US, VERDICT_RAN},
	    {"skip", MISFIRE_SKIP, 10 * MINUTE_US, VERDICT_MISSED_DOWN},
	    {"one", MISFIRE_ONE, 10 * MINUTE_US, VERDICT_RAN},
	    {"all", MISFIRE_ALL, 10 * MINUTE_US, VERDICT_RAN},
	    {"too old", MISFIRE_ONE, 2 * HOUR_US, VERDICT_MISSED_WINDOW},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int64_t at_us = sim.now_us - rows[i].ago_us;
		struct trigger t = sim_at(at_us);
		struct schedule s = sim_schedule(rows[i].name, &t, 1);
		uint64_t id;
		size_t count;

		s.misfire = rows[i].misfire;
		id = sim_create(s);
		sim_settle();
		assert_entry(sim_ledger(id, &count), at_us, at_us, 1, rows[i].verdict);
		assert_int_equal(count, 1);
	}
}

static void
nothing_but_one_shots_is_due_before_the_schedule_was_made(void **state)
{
	struct trigger triggers[] = {
	    sim_at(AT(-100)), sim_cron("* * * * *", "UTC"), sim_every(30 * SECOND_US)};
	uint64_t id = sim_create(sim_schedule("mixed", triggers, 3));
	struct occurrence *o;
	size_t count;

	(void)state;
	sim_run_until(AT(1) - 1);
	o = sim_ledger(id, &count);
	assert_int_equal(count, 2);
	assert_entry(&o[0], AT(-100), AT(-100), 1, VERDICT_MISSED_WINDOW);
	assert_entry(&o[1], AT(0) + 30 * SECOND_US, AT(0) + 30 * SECOND_US, 1, VERDICT_RAN);
}

/* ---- deleted
 * -------------------------------------------------------------------------------------- */

static void
a_schedule_may_be_deleted_while_it_runs(void **state)
{
	uint64_t id = minutely("minutely"), waits;
	struct task *t;
	size_t count;

	(void)state;
	sim_run_until(AT(1));
	waits = sim_call(id);
	assert_int_equal(
	    service_delete_schedule(&sim.sv, &sim.admin, sim.now_us, id, &sim.err), 0);
	sim_run_until(AT(5));
	sim_ledger(id, &count);
	assert_int_equal(count, 1);
	assert_int_equal(sim.run_count, 1);
	assert_int_equal(sim_left(), 0);
	t = sim_tasks(sim_executions(id, &count)[1].id, &count);
	assert_int_equal(t->status, TASK_SUCCEEDED);
	t = sim_tasks(waits, &count);
	assert_int_equal(t->status, TASK_CANCELLED);
	assert_string_equal(t->attempts[0].reason, "its schedule was deleted");
	assert_int_equal(sim.complaints, 0);
	assert_int_equal(sim.wake_us, INSTANT_NEVER);
}

static void
a_run_that_is_lost_after_its_schedule_was_deleted_is_run_again(void **state)
{
	struct trigger t = sim_at(AT(1));
	struct schedule s = sim_schedule("once", &t, 1);
	uint64_t id;
	size_t count;

	(void)state;
	s.on_lost = ON_LOST_RERUN;
	id = sim_create(s);
	sim_run_until(AT(1) + SECOND_US);
	assert_int_equal(
	    service_delete_schedule(&sim.sv, &sim.admin, sim.now_us, id, &sim.err), 0);
	sim.runner_dies = true;
	sim_run_until(AT(5));
	assert_int_equal(sim.run_count, 2);
	assert_int_equal(sim_left(), 0);
	assert_int_equal(
	    sim_tasks(sim_executions(id, &count)->id, &count)->status, TASK_SUCCEEDED);
}

/* ---- how commands end
 * ----------------------------------------------------------------------------- */

static void
a_command_that_fails_is_failed_and_the_next_run_comes(void **state)
{
	uint64_t id = minutely("minutely");
	struct execution *e;
	struct task *t;
	size_t count;

	(void)state;
	sim.exit_code = 3;
	sim_run_until(AT(1) + 10 * SECOND_US);
	sim.exit_code = 0;
	sim.cannot_fork = true;
	sim_run_until(AT(2) + 10 * SECOND_US);
	sim.cannot_fork = false;
	sim_run_until(AT(3) + 10 * SECOND_US);
	e = sim_executions(id, &count);
	assert_int_equal(count, 3);
	t = sim_tasks(e[2].id, &count);
	assert_int_equal(t->status, TASK_FAILED);
	assert_int_equal(t->attempts[0].exit_code, 3);
	t = sim_tasks(e[1].id, &count);
	assert_int_equal(t->status, TASK_FAILED);
	assert_int_equal(t->attempts[0].start_us, INSTANT_NEVER);
	assert_int_equal(t->attempts[0].exit_code, -1);
	assert_int_equal(sim_tasks(e[0].id, &count)->status, TASK_SUCCEEDED);
	assert_int_equal(sim_left(), 0);
}

static void
an_end_that_comes_after_the_clock_was_set_back_is_not_before_its_start(void **state)
{
	uint64_t id = minutely("minutely");
	struct attempt *a;
	size_t count;

	(void)state;
	sim_run_until(AT(1));
	sim.wards[0].end_us = sim.now_us = AT(0);
	sim_settle();
	a = sim_tasks(sim_executions(id, &count)->id, &count)->attempts;
	assert_int_equal(a->start_us, AT(1));
	assert_int_equal(a->end_us, AT(1));
}

/* ---- stop
 * ----------------------------------------------------------------------------------------- */

static void
begin_stop(void)
{
	engine_stop(sim.engine);
	sim.wake_us = sim.now_us;
}

static void
a_stop_ends_what_runs_and_begins_nothing(void **state)
{
	uint64_t id = minutely("minutely"), other = minutely("other");
	struct task *t;
	size_t count;

	(void)state;
	sim_run_until(AT(1));
	assert_false(engine_is_idle(sim.engine));
	sim_call(id);
	begin_stop();
	assert_false(engine_is_idle(sim.engine));
	sim_settle();
	assert_true(engine_is_idle(sim.engine));
	t = sim_tasks(sim_executions(id, &count)[1].id, &count);
	assert_int_equal(t->status, TASK_LOST);
	assert_string_equal(t->attempts[0].reason, "the service was stopped while it ran");
	/* What is due later belongs to the next engine. */
	sim_run_until(AT(2));
	sim_ledger(other, &count);
	assert_int_equal(count, 1);
	assert_int_equal(sim.run_count, 2);
	sim_outage(SECOND_US);
	sim_ledger(other, &count);
	assert_int_equal(count, 2);
	sim_pass(10 * SECOND_US);
	assert_int_equal(sim_left(), 0);
}

static void
a_run_may_end_by_itself_before_the_stop_and_nothing_else_begins(void **state)
{
	uint64_t id = minutely("minutely");
	struct execution *x;
	size_t count;

	(void)state;
	sim_run_until(AT(1));
	assert_false(engine_is_idle(sim.engine));
	sim_call(id);
	engine_drain(sim.engine);
	sim.wake_us = sim.now_us;
	sim_settle();
	assert_false(engine_is_idle(sim.engine));
	sim_run_until(AT(3));
	assert_true(engine_is_idle(sim.engine));
	assert_int_equal(sim.run_count, 1);
	x = sim_executions(id, &count);
	assert_int_equal(count, 2);
	assert_int_equal(sim_tasks(x[1].id, &count)->status, TASK_SUCCEEDED);
	assert_int_equal(sim_tasks(x[0].id, &count)->status, TASK_PENDING);
	/* The stop itself changes no more, and the next engine goes on. */
	begin_stop();
	sim_settle();
	sim_outage(SECOND_US);
	sim_pass(10 * SECOND_US);
	assert_int_equal(sim_left(), 0);
}

static void
a_run_ended_by_a_stop_is_run_again_if_its_schedule_says_so(void **state)
{
	struct trigger t = sim_at(AT(1));
	struct schedule s = sim_schedule("once", &t, 1);
	struct task *task;
	uint64_t id;
	size_t count;

	(void)state;
	s.on_lost = ON_LOST_RERUN;
	id = sim_create(s);
	sim_run_until(AT(1) + SECOND_US);
	begin_stop();
	sim_settle();
	assert_true(engine_is_idle(sim.engine));
	assert_int_equal(sim.run_count, 1);
	sim_outage(HOUR_US);
	sim_pass(MINUTE_US);
	task = sim_tasks(sim_executions(id, &count)->id, &count);
	assert_int_equal(task->status, TASK_SUCCEEDED);
	assert_int_equal(task->attempt_count, 2);
	assert_int_equal(sim.run_count, 2);
}

static void
hold(const struct channel_message *m)
{
	/* It never leaves the gate: the stop overtakes. */
	if (m->type == CHANNEL_RELEASE)
		engine_stop(sim.engine);
}

static void
a_run_that_a_stop_met_at_the_gate_never_ran_and_runs_later(void **state)
{
	struct trigger t = sim_at(AT(1));
	uint64_t id = sim_create(sim_schedule("once", &t, 1));
	struct task *task;
	size_t count;

	(void)state;
	sim.on_order = hold;
	sim_run_until(AT(1) + SECOND_US);
	sim.on_order = NULL;
	assert_int_equal(sim.run_count, 0);
	assert_true(engine_is_idle(sim.engine));
	task = sim_tasks(sim_executions(id, &count)->id, &count);
	assert_int_equal(task->status, TASK_PENDING);
	assert_int_equal(task->attempt_count, 0);
	sim_outage(HOUR_US);
	sim_pass(MINUTE_US);
	task = sim_tasks(sim_executions(id, &count)->id, &count);
	assert_int_equal(task->status, TASK_SUCCEEDED);
	assert_int_equal(task->attempts[0].number, 1);
	assert_int_equal(sim.run_count, 1);
}

static void
an_end_that_is_told_twice_counts_once(void **state)
{
	uint64_t first = sim_create(sim_schedule("first", NULL, 0));
	uint64_t second = sim_create(sim_schedule("second", NULL, 0));
	struct channel_message ended = {.type = CHANNEL_ENDED, .attempt = 1, .started = true};

	(void)state;
	sim_call(first);
	sim_settle();
	sim.takes_us = HOUR_US;
	sim_call(second);
	sim_settle();
	ended.task_id = sim.runs[0].task_id;
	sim_pass(MINUTE_US);
	sim_push(&sim.reports, &ended);
	sim_push(&sim.reports, &ended);
	sim_settle();
	assert_true(sim.runs[1].alive);
	assert_false(engine_is_idle(sim.engine));
}

static void
an_engine_is_not_idle_before_it_knows_what_the_runner_holds(void **state)
{
	uint64_t id = sim_create(sim_schedule("one", NULL, 0));

	(void)state;
	assert_false(engine_is_idle(sim.engine));
	sim_settle();
	assert_true(engine_is_idle(sim.engine));
	sim.takes_us = HOUR_US;
	sim_call(id);
	sim_settle();
	sim.scheduler_dies = true;
	sim_settle();
	assert_int_equal(sim.scheduler_deaths, 1);
	assert_false(engine_is_idle(sim.engine));
	sim_pass(2 * HOUR_US);
	assert_true(engine_is_idle(sim.engine));
}

static unsigned kills, forgets;

static void
count_orders(const struct channel_message *m)
{
	kills += m->type == CHANNEL_KILL;
	forgets += m->type == CHANNEL_FORGET;
}

static void
a_report_on_what_is_not_under_way_is_answered_and_changes_nothing(void **state)
{
	uint64_t id = sim_create(sim_schedule("one", NULL, 0));
	struct channel_message held = {.type = CHANNEL_HELD, .task_id = 9001, .attempt = 1};
	struct channel_message ended = {.type = CHANNEL_ENDED, .attempt = 9, .started = true};
	size_t count;

	(void)state;
	sim.takes_us = HOUR_US;
	sim_call(id);
	sim_settle();
	kills = forgets = 0;
	sim.on_order = count_orders;
	ended.task_id = sim.runs[0].task_id;
	sim_push(&sim.reports, &held);
	sim_push(&sim.reports, &ended);
	sim_settle();
	assert_int_equal(kills, 1);
	assert_int_equal(forgets, 1);
	assert_int_equal(
	    sim_tasks(sim_executions(id, &count)->id, &count)->status, TASK_RUNNING);
	assert_false(engine_is_idle(sim.engine));
}

static void
what_the_runner_holds_and_the_store_does_not_know_is_ended(void **state)
{
	uint64_t id = sim_create(sim_schedule("one", NULL, 0));
	struct sim_ward strangers[] = {
	    {.task_id = 9001, .attempt = 1, .phase = PHASE_HELD, .pid = 9001, .exit_code = -1},
	    {.task_id = 9002,
		.attempt = 1,
		.phase = PHASE_RUNNING,
		.started = true,
		.pid = 9002,
		.end_us = INSTANT_NEVER},
	    {.task_id = 9003, .attempt = 1, .phase = PHASE_ENDED, .pid = 9003},
	    /* An older attempt of a task that runs, and one that is not known. */
	    {.attempt = 0, .phase = PHASE_ENDED, .started = true},
	    {.attempt = 2, .phase = PHASE_ENDED, .started = true},
	};
	size_t count;

	(void)state;
	sim.takes_us = HOUR_US;
	sim_call(id);
	sim_settle();
	sim.wards = mem_resize(sim.wards, (sim.ward_count + 5) * sizeof *sim.wards);
	for (int i = 0; i < 5; i++) {
		if (!strangers[i].task_id)
			strangers[i].task_id = sim.runs[0].task_id;
		sim.wards[sim.ward_count++] = strangers[i];
	}
	sim.scheduler_dies = true;
	sim_settle();
	assert_int_equal(sim.ward_count, 1);
	sim_pass(2 * HOUR_US);
	assert_int_equal(
	    sim_tasks(sim_executions(id, &count)->id, &count)->status, TASK_SUCCEEDED);
	assert_int_equal(sim.run_count, 1);
}

/* ---- what must not stop the others
 * ---------------------------------------------------------------- */

static char zone_dir[80];

static void
copy_zone(void)
{
	char path[128], data[8192];
	size_t len;
	FILE *f;

	snprintf(path, sizeof path, "%s/Here", zone_dir);
	f = fopen("/usr/share/zoneinfo/Europe/Amsterdam", "rb");
	assert_non_null(f);
	len = fread(data, 1, sizeof data, f);
	fclose(f);
	f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	fclose(f);
}

/* A service that starts anew looks at the system's zones anew. */
static void
restart_with_zones(void)
{
	sim_stop_engine();
	zones_free(sim.zones);
	sim.zones = sim.sv.zones = zones_new(zone_dir);
	sim_start_engine();
	sim_settle();
}

static void
a_zone_that_disappears_suspends_its_schedule_and_no_due_time_is_lost(void **state)
{
	struct trigger t = sim_cron("* * * * *", "Here");
	uint64_t id, other = minutely("other");
	struct schedule_view view;
	struct occurrence *o;
	char path[128];
	size_t count;

	(void)state;
	snprintf(zone_dir, sizeof zone_dir, "%s/zones", sim.ts.dir);
	snprintf(path, sizeof path, "%s/Here", zone_dir);
	assert_int_equal(mkdir(zone_dir, 0700), 0);
	copy_zone();
	restart_with_zones();
	id = sim_create(sim_schedule("here", &t, 1));
	sim_run_until(AT(2) + SECOND_US);

	unlink(path);
	restart_with_zones();
	sim_run_until(AT(5) + SECOND_US);
	assert_int_equal(sim.failures, 0);
	assert_int_equal(sim.complaints, 1);
	sim_ledger(other, &count);
	assert_int_equal(count, 5);
	o = sim_ledger(id, &count);
	assert_int_equal(count, 3);
	assert_entry(&o[2], AT(3), AT(3), 1, VERDICT_SKIPPED_SUSPENDED);
	assert_non_null(o[2].reason);
	assert_int_equal(
	    service_get_schedule(&sim.sv, &sim.arena, &sim.admin, id, &view, &sim.err), 0);
	assert_true(view.state.suspended);
	assert_false(view.finished);
	assert_int_equal(
	    service_resume_schedule(&sim.sv, &sim.admin, sim.now_us, id, &sim.err), ERR_INPUT);

	copy_zone();
	restart_with_zones();
	resume(id);
	sim_run_until(AT(6) + SECOND_US);
	o = sim_ledger(id, &count);
	assert_int_equal(count, 4);
	assert_entry(&o[2], AT(3), AT(5), 3, VERDICT_SKIPPED_SUSPENDED);
	assert_entry(&o[3], AT(6), AT(6), 1, VERDICT_RAN);
}

/* A link to itself stands for a disk or a system that fails for a while. */
static void
a_zone_that_cannot_be_read_for_a_while_suspends_nothing(void **state)
{
	struct trigger t = sim_cron("* * * * *", "Here");
	uint64_t id, other = minutely("other");
	struct occurrence *o;
	char path[128];
	size_t count;

	(void)state;
	snprintf(zone_dir, sizeof zone_dir, "%s/zones", sim.ts.dir);
	snprintf(path, sizeof path, "%s/Here", zone_dir);
	assert_int_equal(mkdir(zone_dir, 0700), 0);
	copy_zone();
	restart_with_zones();
	id = sim_create(sim_schedule("here", &t, 1));
	sim_run_until(AT(2) + SECOND_US);

	unlink(path);
	assert_int_equal(symlink("Here", path), 0);
	restart_with_zones();
	sim_run_until(AT(3) + 5 * SECOND_US);
	assert_int_equal(sim.failures, 0);
	assert_false(sim_state(id).suspended);
	sim_ledger(other, &count);
	assert_int_equal(count, 3);

	unlink(path);
	copy_zone();
	sim_run_until(AT(4) + SECOND_US);
	o = sim_ledger(id, &count);
	assert_int_equal(count, 4);
	assert_entry(&o[2], AT(3), AT(3), 1, VERDICT_RAN);
}

/* A due time that has its entry already cannot be settled: that is what the entry is for. */
static int
spoil_body(struct txn *txn, void *ctx, struct err *err)
{
	struct occurrence o = {.due_us = AT(1), .to_us = AT(1), .count = 1};

	o.schedule_id = *(uint64_t *)ctx;
	o.verdict = VERDICT_MISSED_DOWN;
	return store_ledger_insert(txn, &o, err);
}

static void
schedules_that_cannot_be_settled_do_not_stop_the_others(void **state)
{
	uint64_t bad[40], good;
	char name[32];
	size_t count;

	(void)state;
	for (int i = 0; i < 40; i++) {
		snprintf(name, sizeof name, "bad %d", i);
		bad[i] = minutely(name);
		assert_int_equal(__real_store_run(sim.ts.st, spoil_body, &bad[i], &sim.err), 0);
	}
	good = minutely("good");
	sim_run_until(AT(10) + SECOND_US);
	sim_ledger(good, &count);
	assert_int_equal(count, 10);
	sim_ledger(bad[0], &count);
	assert_int_equal(count, 1);
	assert_int_equal(sim_state(bad[0]).next_due_us, AT(1));
	/* Each is tried again now and then, and complained about; but nobody spins. */
	assert_in_range(sim.complaints, 40 * 10, 40 * 20);
	assert_in_range(sim.steps, 1, 40 * 20 + 100);

	assert_int_equal(
	    service_delete_schedule(&sim.sv, &sim.admin, sim.now_us, good, &sim.err), 0);
	for (int i = 0; i < 40; i++)
		assert_int_equal(
		    service_delete_schedule(&sim.sv, &sim.admin, AT(0), bad[i], &sim.err), 0);
	sim_pass(30 * MINUTE_US);
	assert_int_equal(sim.wake_us, INSTANT_NEVER);
}

static int
wander_body(struct txn *txn, void *ctx, struct err *err)
{
	struct schedule_state state;
	int rc = store_state_get(txn, &sim.arena, *(uint64_t *)ctx, &state, err);

	state.next_due_us = AT(2);
	return rc ? rc : store_state_put(txn, &state, err);
}

static void
a_plan_that_disagrees_with_the_state_is_mended(void **state)
{
	uint64_t id = minutely("minutely");
	size_t count;

	(void)state;
	assert_int_equal(__real_store_run(sim.ts.st, wander_body, &id, &sim.err), 0);
	sim_run_until(AT(4));
	assert_int_equal(sim_ledger(id, &count)->due_us, AT(2));
	assert_int_equal(count, 3);
	assert_int_equal(sim.complaints, 1);
}

static int
queue_body(struct txn *txn, void *ctx, struct err *err)
{
	uint64_t nobody;
	int rc;

	(void)ctx;
	rc = store_next_id(txn, 0, &nobody, err);
	return rc ? rc : store_queue_put(txn, nobody, err);
}

static void
an_execution_that_is_queued_and_does_not_exist_is_dropped(void **state)
{
	uint64_t id = sim_create(sim_schedule("one", NULL, 0));

	(void)state;
	for (int i = 0; i < 100; i++)
		assert_int_equal(__real_store_run(sim.ts.st, queue_body, NULL, &sim.err), 0);
	sim_call(id);
	sim_settle();
	assert_int_equal(sim.complaints, 100);
	assert_int_equal(sim.run_count, 1);
}

static void
tenants_take_turns(void **state)
{
	static const bool others[] = {false, true, false, true, false, true, false};
	struct schedule any = sim_schedule("any", NULL, 0);
	struct actor main_admin = sim.admin;
	uint64_t here, there;

	(void)state;
	any.overlap = OVERLAP_ALLOW;
	here = sim_create(any);
	assert_int_equal(service_create_tenant(&sim.sv, &main_admin, sim.now_us, "acme",
			     &sim.admin.tenant_id, &sim.err),
	    0);
	there = sim_create(any);
	/* Whatever was asked for first: one of each, and the rest of whoever has more. */
	sim_call(there);
	sim_call(there);
	sim.admin.tenant_id = main_admin.tenant_id;
	for (int i = 0; i < 3; i++)
		sim_call(here);
	sim_settle();
	/* The first tenant had the last turn. */
	sim_call(here);
	sim.admin.tenant_id = id_in_space(id_space(there), 1);
	sim_call(there);
	sim_settle();
	assert_int_equal(sim.run_count, 7);
	for (size_t i = 0; i < 7; i++)
		assert_int_equal(id_space(sim.runs[i].task_id) != 0, others[i]);
}

struct damage {
	uint64_t task_id;
	enum task_status status;
};

static int
damage_body(struct txn *txn, void *ctx, struct err *err)
{
	struct damage *c = ctx;
	struct task t;
	int rc;

	rc = store_task_get(txn, &sim.arena, c->task_id, &t, err);
	t.status = c->status;
	return rc ? rc : store_task_put(txn, &t, err);
}

/* A word that no reader knows: the record cannot be read any more. */
static void
damage(uint64_t task_id)
{
	struct damage c = {task_id, 99};

	assert_int_equal(__real_store_run(sim.ts.st, damage_body, &c, &sim.err), 0);
}

static void
a_damaged_task_does_not_keep_others_from_ending(void **state)
{
	uint64_t bad = sim_create(sim_schedule("bad", NULL, 0));
	uint64_t good = minutely("good"), bad_task;
	size_t count;

	(void)state;
	sim.takes_us = HOUR_US;
	sim_call(bad);
	sim_settle();
	bad_task = sim.runs[0].task_id;
	sim.takes_us = 2 * SECOND_US;
	damage(bad_task);
	sim_pass(2 * HOUR_US);
	sim_ledger(good, &count);
	assert_int_equal(count, 120);
	assert_int_equal(
	    sim_tasks(sim_executions(good, &count)[1].id, &count)->status, TASK_SUCCEEDED);
	assert_in_range(sim.complaints, 10, 100);
	assert_int_equal(sim.failures, 0);
	/* Its end is not forgotten: not here, and not by the runner. */
	assert_non_null(sim_ward(bad_task, 1));
	assert_false(engine_is_idle(sim.engine));
}

static void
a_damaged_task_does_not_keep_an_engine_from_beginning(void **state)
{
	uint64_t bad = sim_create(sim_schedule("bad", NULL, 0));
	uint64_t also_bad = sim_create(sim_schedule("also bad", NULL, 0));
	uint64_t good = minutely("good");
	size_t count;

	(void)state;
	sim.takes_us = HOUR_US;
	sim_call(bad);
	sim_settle();
	damage(sim.runs[0].task_id);
	sim_stop_engine();
	damage(sim_tasks(sim_call(also_bad), &count)->id);
	sim.takes_us = 2 * SECOND_US;
	sim_start_engine();
	sim_pass(10 * MINUTE_US);
	sim_ledger(good, &count);
	assert_int_equal(count, 10);
	/* The command goes on: nobody can say that it should not. */
	assert_true(sim.runs[0].alive);
	assert_int_equal(sim.run_count, 11);
	assert_int_equal(sim.failures, 0);
}

/* ---- what a command is given
 * ---------------------------------------------------------------------- */

static struct arena seen_arena;
static const char *seen_argv[8], *seen_env[32], *seen_cwd, *seen_dir;
static int64_t seen_timeout_us, seen_grace_us;
static uint64_t seen_results_max_bytes;

static void
see_start(const struct channel_message *m)
{
	if (m->type != CHANNEL_START)
		return;
	memset(seen_argv, 0, sizeof seen_argv);
	memset(seen_env, 0, sizeof seen_env);
	for (int i = 0; m->argv[i]; i++)
		seen_argv[i] = arena_strdup(&seen_arena, m->argv[i]);
	for (int i = 0; m->env[i]; i++)
		seen_env[i] = arena_strdup(&seen_arena, m->env[i]);
	seen_cwd = arena_strdup(&seen_arena, m->cwd);
	seen_dir = arena_strdup(&seen_arena, m->output_dir);
	seen_timeout_us = m->timeout_us;
	seen_grace_us = m->kill_grace_us;
	seen_results_max_bytes = m->results_max_bytes;
}

static void
assert_env(const char *name, const char *value)
{
	int found = 0;

	for (int i = 0; seen_env[i]; i++) {
		size_t len = strlen(name);

		if (strncmp(seen_env[i], name, len) || seen_env[i][len] != '=')
			continue;
		assert_string_equal(seen_env[i] + len + 1, value);
		found++;
	}
	assert_int_equal(found, 1);
}

static void
a_command_gets_its_arguments_and_an_environment_of_its_own(void **state)
{
	static const char *argv[] = {"/bin/echo", "fixed", NULL};
	struct env_var env[] = {{"LANG", "nl_NL.UTF-8"}, {"MORE", "a=b"}};
	struct task_def def = {
	    .name = "only",
	    .argv = argv,
	    .argc = 2,
	    .env = env,
	    .env_count = 2,
	    .cwd = "/srv",
	    .timeout_us = 7,
	    .kill_grace_us = 8,
	    .accept_args = true,
	    .result_file = "r_${executionId}.csv",
	};
	struct schedule s = sim_schedule("named", NULL, 0);
	uint64_t id, execution;
	char guid[ID_GUID_LEN + 1], dir[64];
	size_t count;

	(void)state;
	s.tasks = &def;
	id = sim_create(s);
	assert_int_equal(service_run_schedule(&sim.sv, &sim.admin, sim.now_us, id, false,
			     "  one two   three ", &execution, &sim.err),
	    0);
	sim.on_order = see_start;
	sim_settle();
	assert_string_equal(seen_argv[0], "/bin/echo");
	assert_string_equal(seen_argv[1], "fixed");
	assert_string_equal(seen_argv[2], "one");
	assert_string_equal(seen_argv[3], "two");
	assert_string_equal(seen_argv[4], "three");
	assert_null(seen_argv[5]);
	assert_string_equal(seen_cwd, "/srv");
	snprintf(dir, sizeof dir, "%llu/%llu/0", (unsigned long long)execution / 1000,
	    (unsigned long long)execution);
	assert_string_equal(seen_dir, dir);
	assert_int_equal(seen_timeout_us, 7);
	assert_int_equal(seen_grace_us, 8);
	assert_env("LANG", "nl_NL.UTF-8");
	assert_env("MORE", "a=b");
	assert_env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	id_guid(id, guid);
	assert_env("CARILLON_SCHEDULE_ID", guid);
	assert_env("CARILLON_SCHEDULE_NAME", "named");
	id_guid(execution, guid);
	assert_env("CARILLON_EXECUTION_ID", guid);
	id_guid(sim_tasks(execution, &count)->id, guid);
	assert_env("CARILLON_TASK_ID", guid);
	assert_env("CARILLON_SCHEDULED_TIME", "2026-11-22T09:30:10.000Z");
	assert_env("CARILLON_ATTEMPT", "1");
	assert_env("CARILLON_ARGS", "  one two   three ");
	snprintf(dir, sizeof dir, "r_%llu.csv", (unsigned long long)execution);
	assert_env("CARILLON_RESULT_FILE", dir);
	assert_int_equal(seen_results_max_bytes, 1);
	for (count = 0; seen_env[count];)
		count++;
	assert_int_equal(count, 11);
	arena_release(&seen_arena);
}

static void
the_scheduled_time_of_a_late_run_is_when_it_was_due(void **state)
{
	(void)state;
	sim.on_order = see_start;
	miss(MISFIRE_ONE, HOUR_US);
	assert_env("CARILLON_SCHEDULED_TIME", "2026-11-22T12:30:00.000Z");
	arena_release(&seen_arena);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_world, remove_world)
	const struct CMUnitTest tests[] = {
	    TEST(ten_hours_of_a_minutely_schedule_are_six_hundred_runs_at_the_full_minute),
	    TEST(a_long_history_takes_no_memory),
	    TEST(schedules_that_are_due_at_one_instant_all_fire),
	    TEST(a_thousand_schedules_fire_at_once_in_batches),
	    TEST(no_more_attempts_than_the_limit_are_under_way),
	    TEST(misfire_skip_runs_none_of_them),
	    TEST(misfire_one_runs_the_last_of_them),
	    TEST(misfire_all_runs_each_within_the_window_one_after_the_other),
	    TEST(what_is_older_than_the_window_never_runs),
	    TEST(an_outage_of_weeks_is_few_entries),
	    TEST(a_short_stop_is_as_if_nothing_had_happened),
	    TEST(a_clock_set_back_repeats_nothing),
	    TEST(a_finished_schedule_resumed_after_the_clock_was_set_back_stays_finished),
	    TEST(overlap_skip_drops_what_falls_into_a_run),
	    TEST(overlap_queue_one_keeps_one_for_later),
	    TEST(overlap_queue_keeps_all),
	    TEST(overlap_allow_runs_them_side_by_side),
	    TEST(calls_wait_for_their_turn_in_order),
	    TEST(a_call_at_the_full_minute_does_not_push_the_due_time_aside),
	    TEST(a_call_after_a_long_outage_does_not_push_the_catch_up_aside),
	    TEST(an_execution_that_ended_as_it_was_made_stands_in_nobodys_way),
	    TEST(due_times_while_suspended_are_one_entry_with_the_reason),
	    TEST(a_second_suspension_with_another_reason_is_an_entry_of_its_own),
	    TEST(what_was_due_before_a_suspension_is_not_suspended_by_it),
	    TEST(what_was_due_before_a_resumption_stays_suspended),
	    TEST(start_and_end_bound_the_due_times),
	    TEST(a_one_shot_in_the_past_is_decided_by_the_misfire_policy),
	    TEST(nothing_but_one_shots_is_due_before_the_schedule_was_made),
	    TEST(a_schedule_may_be_deleted_while_it_runs),
	    TEST(a_run_that_is_lost_after_its_schedule_was_deleted_is_run_again),
	    TEST(a_command_that_fails_is_failed_and_the_next_run_comes),
	    TEST(an_end_that_comes_after_the_clock_was_set_back_is_not_before_its_start),
	    TEST(a_stop_ends_what_runs_and_begins_nothing),
	    TEST(a_run_may_end_by_itself_before_the_stop_and_nothing_else_begins),
	    TEST(a_run_ended_by_a_stop_is_run_again_if_its_schedule_says_so),
	    TEST(a_run_that_a_stop_met_at_the_gate_never_ran_and_runs_later),
	    TEST(an_end_that_is_told_twice_counts_once),
	    TEST(an_engine_is_not_idle_before_it_knows_what_the_runner_holds),
	    TEST(a_report_on_what_is_not_under_way_is_answered_and_changes_nothing),
	    TEST(what_the_runner_holds_and_the_store_does_not_know_is_ended),
	    TEST(a_zone_that_disappears_suspends_its_schedule_and_no_due_time_is_lost),
	    TEST(a_zone_that_cannot_be_read_for_a_while_suspends_nothing),
	    TEST(schedules_that_cannot_be_settled_do_not_stop_the_others),
	    TEST(a_plan_that_disagrees_with_the_state_is_mended),
	    TEST(an_execution_that_is_queued_and_does_not_exist_is_dropped),
	    TEST(tenants_take_turns),
	    TEST(a_damaged_task_does_not_keep_others_from_ending),
	    TEST(a_damaged_task_does_not_keep_an_engine_from_beginning),
	    TEST(a_command_gets_its_arguments_and_an_environment_of_its_own),
	    TEST(the_scheduled_time_of_a_late_run_is_when_it_was_due),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
