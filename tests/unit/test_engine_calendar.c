/*
 * Calendars: a due time that one excludes is skipped, or runs when it is not excluded any more. Each
 * has its one entry in the ledger, whatever is changed meanwhile.
 *
 * The simulation begins on Sunday, 2026-11-22, at 09:30 UTC.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "service/calendars.h"
#include "simulation.h"

static int64_t
at(const char *text)
{
	int64_t us;

	if (instant_parse(text, &us))
		fail_msg("%s", text);
	return us;
}

/* A calendar with one weekly window. */
static struct calendar
windows(const char *name, const char *weekly, struct exclusion *e)
{
	struct err err = {""};

	*e = (struct exclusion){.text = ""};
	if (exclusion_parse_weekly(weekly, e, &err))
		fail_msg("%s: %s", weekly, err.text);
	return (struct calendar){.name = name, .description = "", .excluded = {"UTC", e, 1}};
}

static uint64_t
make_calendar(const char *name, const char *weekly)
{
	struct exclusion e;
	struct calendar c = windows(name, weekly, &e);
	uint64_t id;

	if (service_create_calendar(&sim.sv, &sim.admin, sim.now_us, &c, &id, &sim.err))
		fail_msg("%s", sim.err.text);
	return id;
}

static void
change_calendar(uint64_t id, const char *name, const char *weekly)
{
	struct exclusion e;
	struct calendar c = windows(name, weekly, &e);

	if (service_update_calendar(&sim.sv, &sim.admin, sim.now_us, id, 0, &c, &sim.err))
		fail_msg("%s", sim.err.text);
}

static const char *calendar_names[] = {"quiet", "other", NULL};

static struct schedule
excluding(struct trigger *trigger, enum on_excluded on_excluded)
{
	struct schedule s = sim_schedule("nightly", trigger, 1);

	s.calendars = calendar_names;
	s.calendar_count = 1;
	s.on_excluded = on_excluded;
	return s;
}

static uint64_t
hourly(enum on_excluded on_excluded)
{
	static struct trigger trigger;

	trigger = sim_cron("0 * * * *", "UTC");
	return sim_create(excluding(&trigger, on_excluded));
}

/* The ledger, a line for each entry: `11:00-13:00 3 skipped_calendar reason`. */
static void
assert_ledger(uint64_t id, const char *expected)
{
	static char got[8192];
	size_t count, len = 0;
	struct occurrence *o = sim_ledger(id, &count);

	got[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		char from[INSTANT_TEXT], to[INSTANT_TEXT];

		instant_format(o[i].due_us, from);
		instant_format(o[i].to_us, to);
		len += (size_t)snprintf(got + len, sizeof got - len, "%.5s-%.5s %llu %s%s%s\n",
		    from + 11, to + 11, (unsigned long long)o[i].count,
		    verdict_name(o[i].verdict), o[i].reason ? " " : "",
		    o[i].reason ? o[i].reason : "");
	}
	assert_string_equal(got, expected);
	assert_int_equal(sim.failures, 0);
}

static void
an_excluded_due_time_is_skipped_and_named(void **state)
{
	uint64_t id;

	(void)state;
	make_calendar("quiet", "10:30-12:30");
	id = hourly(ON_EXCLUDED_SKIP);
	sim_run_until(at("2026-11-22T13:30:00Z"));
	assert_ledger(id,
	    "10:00-10:00 1 ran\n"
	    "11:00-12:00 2 skipped_calendar the calendar \"quiet\" excludes it (weekly "
	    "10:30-12:30)\n"
	    "13:00-13:00 1 ran\n");
	assert_int_equal(sim.run_count, 2);
}

static void
a_deferred_due_time_runs_when_the_calendar_ends(void **state)
{
	struct execution *e;
	size_t count;
	uint64_t id;

	(void)state;
	make_calendar("quiet", "09:40-10:20");
	id = hourly(ON_EXCLUDED_DEFER);
	sim_run_until(at("2026-11-22T10:19:59Z"));
	assert_ledger(id, "");
	assert_int_equal(sim_state(id).deferred_us, at("2026-11-22T10:00:00Z"));
	assert_int_equal(sim_state(id).next_due_us, at("2026-11-22T10:20:00Z"));
	sim_run_until(at("2026-11-22T10:30:00Z"));
	assert_ledger(id,
	    "10:00-10:00 1 ran deferred to 2026-11-22T10:20:00.000Z: the calendar \"quiet\" "
	    "excludes it (weekly 09:40-10:20)\n");
	e = sim_executions(id, &count);
	assert_int_equal(count, 1);
	assert_int_equal(e->due_us, at("2026-11-22T10:00:00Z"));
	assert_int_equal(e->triggered_us, at("2026-11-22T10:20:00Z"));
	assert_int_equal(e->origin, ORIGIN_TRIGGER);
	assert_int_equal(sim_state(id).next_due_us, at("2026-11-22T11:00:00Z"));
}

static void
several_that_are_deferred_become_one_run(void **state)
{
	uint64_t id;

	(void)state;
	make_calendar("quiet", "09:40-12:20");
	id = hourly(ON_EXCLUDED_DEFER);
	sim_run_until(at("2026-11-22T13:30:00Z"));
	assert_ledger(id,
	    "10:00-11:00 2 skipped_calendar deferred to 2026-11-22T12:20:00.000Z: the calendar "
	    "\"quiet\" excludes it (weekly 09:40-12:20); a later due time stands for it\n"
	    "12:00-12:00 1 ran deferred to 2026-11-22T12:20:00.000Z: the calendar \"quiet\" "
	    "excludes it (weekly 09:40-12:20)\n"
	    "13:00-13:00 1 ran\n");
	assert_int_equal(sim.run_count, 2);
}

static void
one_that_is_due_when_the_calendar_ends_stands_for_the_deferred(void **state)
{
	uint64_t id;

	(void)state;
	make_calendar("quiet", "09:40-12:00");
	id = hourly(ON_EXCLUDED_DEFER);
	sim_run_until(at("2026-11-22T12:30:00Z"));
	assert_ledger(id,
	    "10:00-11:00 2 skipped_calendar deferred to 2026-11-22T12:00:00.000Z: the calendar "
	    "\"quiet\" excludes it (weekly 09:40-12:00); a later due time stands for it\n"
	    "12:00-12:00 1 ran\n");
}

static void
what_no_time_is_free_for_is_skipped(void **state)
{
	uint64_t id;

	(void)state;
	make_calendar("quiet", "Mon-Sun");
	id = hourly(ON_EXCLUDED_DEFER);
	sim_run_until(at("2026-11-22T11:30:00Z"));
	assert_ledger(id,
	    "10:00-11:00 2 skipped_calendar the calendar \"quiet\" excludes it (weekly "
	    "00:00-24:00), and no time is free to which it could be deferred\n");
}

static void
any_of_several_calendars_excludes(void **state)
{
	struct trigger trigger = sim_cron("0 * * * *", "UTC");
	struct schedule s = excluding(&trigger, ON_EXCLUDED_SKIP);
	uint64_t id;

	(void)state;
	make_calendar("quiet", "09:40-10:30");
	make_calendar("other", "11:40-12:30");
	s.calendar_count = 2;
	id = sim_create(s);
	sim_run_until(at("2026-11-22T12:30:00Z"));
	assert_ledger(id,
	    "10:00-10:00 1 skipped_calendar the calendar \"quiet\" excludes it (weekly "
	    "09:40-10:30)\n"
	    "11:00-11:00 1 ran\n"
	    "12:00-12:00 1 skipped_calendar the calendar \"other\" excludes it (weekly "
	    "11:40-12:30)\n");
}

/* ---- together with the other policies ---- */

static void
a_suspension_comes_before_a_calendar(void **state)
{
	uint64_t id;

	(void)state;
	make_calendar("quiet", "09:40-12:30");
	id = hourly(ON_EXCLUDED_DEFER);
	assert_int_equal(service_suspend_schedule(
			     &sim.sv, &sim.admin, sim.now_us, id, "stocktaking", &sim.err),
	    0);
	sim_run_until(at("2026-11-22T11:30:00Z"));
	assert_ledger(id, "10:00-11:00 2 skipped_suspended stocktaking\n");
}

/* It meets what is in force when its turn comes. */
static void
a_deferred_one_meets_a_suspension_that_came_meanwhile(void **state)
{
	uint64_t id;

	(void)state;
	make_calendar("quiet", "09:40-10:20");
	id = hourly(ON_EXCLUDED_DEFER);
	sim_run_until(at("2026-11-22T10:10:00Z"));
	assert_int_equal(service_suspend_schedule(
			     &sim.sv, &sim.admin, sim.now_us, id, "stocktaking", &sim.err),
	    0);
	sim_run_until(at("2026-11-22T11:30:00Z"));
	assert_ledger(id, "10:00-11:00 2 skipped_suspended stocktaking\n");
}

static void
after_an_outage_what_was_excluded_is_not_missed(void **state)
{
	uint64_t id;

	(void)state;
	make_calendar("quiet", "09:40-10:20");
	id = hourly(ON_EXCLUDED_SKIP);
	sim_outage(90 * MINUTE_US);
	sim_settle();
	assert_ledger(id,
	    "10:00-10:00 1 skipped_calendar the calendar \"quiet\" excludes it (weekly "
	    "09:40-10:20)\n"
	    "11:00-11:00 1 ran\n");
}

/* Also when that window has ended and nothing else has come due since. */
static void
an_excluded_one_does_not_stand_for_another_when_its_window_is_over(void **state)
{
	struct trigger trigger = sim_cron("0 * * * *", "UTC");
	struct schedule s = excluding(&trigger, ON_EXCLUDED_SKIP);
	uint64_t id;

	(void)state;
	make_calendar("quiet", "10:40-11:20");
	s.misfire_window_us = 3 * HOUR_US;
	id = sim_create(s);
	sim_outage(130 * MINUTE_US); /* till 11:40 */
	sim_settle();
	assert_ledger(id,
	    "10:00-10:00 1 ran\n"
	    "11:00-11:00 1 skipped_calendar the calendar \"quiet\" excludes it (weekly "
	    "10:40-11:20)\n");
}

/* One that was deferred to the window's end does, and is the one that runs. */
static void
a_deferred_one_stands_for_another_when_its_window_is_over(void **state)
{
	struct trigger trigger = sim_cron("0 * * * *", "UTC");
	struct schedule s = excluding(&trigger, ON_EXCLUDED_DEFER);
	uint64_t id;

	(void)state;
	make_calendar("quiet", "10:40-11:20");
	s.misfire_window_us = 3 * HOUR_US;
	id = sim_create(s);
	sim_outage(130 * MINUTE_US); /* till 11:40 */
	sim_settle();
	assert_ledger(id,
	    "10:00-10:00 1 missed_down nobody was there to fire it; a later due time stands "
	    "for it\n"
	    "11:00-11:00 1 ran deferred to 2026-11-22T11:20:00.000Z: the calendar \"quiet\" "
	    "excludes it (weekly 10:40-11:20)\n");
}

/* An excluded one that came later does not stand for it. */
static void
after_an_outage_the_last_that_may_run_does(void **state)
{
	struct trigger trigger = sim_cron("0 * * * *", "UTC");
	struct schedule s = excluding(&trigger, ON_EXCLUDED_SKIP);
	uint64_t id;

	(void)state;
	make_calendar("quiet", "10:40-12:20");
	s.misfire_window_us = 3 * HOUR_US;
	id = sim_create(s);
	sim_outage(160 * MINUTE_US); /* till 12:10 */
	sim_settle();
	assert_ledger(id,
	    "10:00-10:00 1 ran\n"
	    "11:00-12:00 2 skipped_calendar the calendar \"quiet\" excludes it (weekly "
	    "10:40-12:20)\n");
}

static void
a_deferred_one_is_late_from_its_turn_on(void **state)
{
	uint64_t id;
	struct execution *e;
	size_t count;

	(void)state;
	make_calendar("quiet", "09:40-10:50");
	id = hourly(ON_EXCLUDED_DEFER);
	sim_outage(85 * MINUTE_US); /* till 10:55 */
	sim_settle();
	assert_ledger(id,
	    "10:00-10:00 1 ran deferred to 2026-11-22T10:50:00.000Z: the calendar \"quiet\" "
	    "excludes it (weekly 09:40-10:50)\n");
	e = sim_executions(id, &count);
	assert_int_equal(e->origin, ORIGIN_CATCH_UP);
}

static void
a_deferred_one_meets_a_run_that_goes_on(void **state)
{
	uint64_t id;

	(void)state;
	make_calendar("quiet", "09:40-10:20");
	id = hourly(ON_EXCLUDED_DEFER);
	sim.takes_us = HOUR_US;
	sim_run_until(at("2026-11-22T10:10:00Z"));
	sim_call(id);
	sim_run_until(at("2026-11-22T10:30:00Z"));
	assert_ledger(id, "10:00-10:00 1 skipped_overlap the run before had not ended\n");
}

/* ---- changes ---- */

static void
a_due_time_is_judged_by_the_calendar_that_was_in_force(void **state)
{
	uint64_t id, calendar;

	(void)state;
	calendar = make_calendar("quiet", "09:40-10:20");
	id = hourly(ON_EXCLUDED_SKIP);
	/* The scheduler is down, so nothing is settled when it changes. */
	sim_stop_engine();
	sim.now_us = at("2026-11-22T10:10:00Z");
	change_calendar(calendar, "quiet", "10:40-11:20");
	sim_start_engine();
	sim_run_until(at("2026-11-22T11:10:00Z"));
	assert_ledger(id,
	    "10:00-10:00 1 skipped_calendar the calendar \"quiet\" excludes it (weekly "
	    "09:40-10:20)\n"
	    "11:00-11:00 1 skipped_calendar the calendar \"quiet\" excludes it (weekly "
	    "10:40-11:20)\n");
}

static void
a_change_moves_what_is_deferred(void **state)
{
	uint64_t id, calendar;

	(void)state;
	calendar = make_calendar("quiet", "09:40-10:50");
	id = hourly(ON_EXCLUDED_DEFER);
	sim_run_until(at("2026-11-22T10:10:00Z"));
	change_calendar(calendar, "quiet", "09:40-10:30");
	assert_int_equal(sim_state(id).next_due_us, at("2026-11-22T10:30:00Z"));
	/* To now, if nothing keeps it any more. */
	change_calendar(calendar, "quiet", "Mon");
	sim_settle();
	assert_ledger(id,
	    "10:00-10:00 1 ran deferred to 2026-11-22T10:10:00.000Z: a calendar excluded it\n");
	assert_int_equal(sim_state(id).next_due_us, at("2026-11-22T11:00:00Z"));
}

static void
a_change_that_reaches_the_next_due_time_lets_that_stand_for_it(void **state)
{
	uint64_t id, calendar;

	(void)state;
	calendar = make_calendar("quiet", "09:40-10:50");
	id = hourly(ON_EXCLUDED_DEFER);
	sim_run_until(at("2026-11-22T10:10:00Z"));
	change_calendar(calendar, "quiet", "09:40-11:20");
	assert_int_equal(sim_state(id).deferred_us, INSTANT_NEVER);
	sim_run_until(at("2026-11-22T11:30:00Z"));
	assert_ledger(id,
	    "10:00-10:00 1 skipped_calendar deferred to 2026-11-22T11:20:00.000Z: the calendar "
	    "\"quiet\" excludes it (weekly 09:40-11:20); a later due time stands for it\n"
	    "11:00-11:00 1 ran deferred to 2026-11-22T11:20:00.000Z: the calendar \"quiet\" "
	    "excludes it (weekly 09:40-11:20)\n");
}

static void
another_definition_keeps_what_is_deferred(void **state)
{
	struct trigger trigger = sim_cron("45 * * * *", "UTC");
	struct schedule s = excluding(&trigger, ON_EXCLUDED_DEFER);
	uint64_t id;

	(void)state;
	make_calendar("quiet", "09:40-10:20");
	id = hourly(ON_EXCLUDED_DEFER);
	sim_run_until(at("2026-11-22T10:10:00Z"));
	assert_int_equal(
	    service_update_schedule(&sim.sv, &sim.admin, sim.now_us, id, 1, &s, &sim.err), 0);
	sim_run_until(at("2026-11-22T10:50:00Z"));
	assert_ledger(id,
	    "10:00-10:00 1 ran deferred to 2026-11-22T10:20:00.000Z: the calendar \"quiet\" "
	    "excludes it (weekly 09:40-10:20)\n"
	    "10:45-10:45 1 ran\n");
}

static void
a_definition_that_does_not_defer_any_more_skips_it(void **state)
{
	struct trigger trigger = sim_cron("0 * * * *", "UTC");
	struct schedule s = excluding(&trigger, ON_EXCLUDED_SKIP);
	uint64_t id;

	(void)state;
	make_calendar("quiet", "09:40-10:20");
	id = hourly(ON_EXCLUDED_DEFER);
	sim_run_until(at("2026-11-22T10:10:00Z"));
	assert_int_equal(
	    service_update_schedule(&sim.sv, &sim.admin, sim.now_us, id, 1, &s, &sim.err), 0);
	sim_run_until(at("2026-11-22T11:10:00Z"));
	assert_ledger(id,
	    "10:00-10:00 1 skipped_calendar the calendar \"quiet\" excludes it (weekly "
	    "09:40-10:20)\n"
	    "11:00-11:00 1 ran\n");
}

static void
a_deleted_schedule_says_what_became_of_what_was_deferred(void **state)
{
	uint64_t id;

	(void)state;
	make_calendar("quiet", "09:40-10:20");
	id = hourly(ON_EXCLUDED_DEFER);
	sim_run_until(at("2026-11-22T10:10:00Z"));
	assert_int_equal(
	    service_delete_schedule(&sim.sv, &sim.admin, sim.now_us, id, &sim.err), 0);
	sim_run_until(at("2026-11-22T10:30:00Z"));
	assert_ledger(id,
	    "10:00-10:00 1 skipped_calendar its schedule was deleted while it was deferred\n");
	assert_int_equal(sim.run_count, 0);
}

/* ---- calls ---- */

static void
a_call_that_checks_triggers_meets_the_calendar(void **state)
{
	uint64_t id, run;
	size_t count;

	(void)state;
	make_calendar("quiet", "09:00-10:20");
	id = hourly(ON_EXCLUDED_DEFER);
	assert_int_equal(service_run_schedule(
			     &sim.sv, &sim.admin, sim.now_us, id, true, NULL, &run, &sim.err),
	    0);
	assert_int_equal(sim_tasks(run, &count)->status, TASK_CONDITION);
	assert_int_equal(service_run_schedule(
			     &sim.sv, &sim.admin, sim.now_us, id, false, NULL, &run, &sim.err),
	    0);
	sim_settle();
	assert_int_equal(sim.run_count, 1);
}

static void
a_calendar_in_use_is_neither_deleted_nor_renamed(void **state)
{
	uint64_t id, calendar;
	struct exclusion e;
	struct calendar c;

	(void)state;
	calendar = make_calendar("quiet", "09:40-10:20");
	id = hourly(ON_EXCLUDED_SKIP);
	assert_int_equal(
	    service_delete_calendar(&sim.sv, &sim.admin, sim.now_us, calendar, &sim.err),
	    ERR_CONFLICT);
	assert_string_equal(sim.err.text, "The calendar is in use, by the schedule nightly");
	c = windows("loud", "09:40-10:20", &e);
	assert_int_equal(
	    service_update_calendar(&sim.sv, &sim.admin, sim.now_us, calendar, 1, &c, &sim.err),
	    ERR_CONFLICT);
	assert_string_equal(
	    sim.err.text, "Schedules name the calendar quiet: it cannot have another name");
	c = windows("quiet", "09:40-10:20", &e);
	assert_int_equal(
	    service_update_calendar(&sim.sv, &sim.admin, sim.now_us, calendar, 2, &c, &sim.err),
	    ERR_CONFLICT);
	assert_string_equal(sim.err.text, "Version is 1, not 2");
	assert_int_equal(
	    service_delete_schedule(&sim.sv, &sim.admin, sim.now_us, id, &sim.err), 0);
	assert_int_equal(
	    service_delete_calendar(&sim.sv, &sim.admin, sim.now_us, calendar, &sim.err), 0);
}

static void
a_calendar_that_does_not_exist_is_refused(void **state)
{
	struct trigger trigger = sim_cron("0 * * * *", "UTC");
	struct schedule s = excluding(&trigger, ON_EXCLUDED_SKIP);
	uint64_t id;

	(void)state;
	assert_int_equal(
	    service_create_schedule(&sim.sv, &sim.admin, sim.now_us, &s, &id, &sim.err),
	    ERR_INPUT);
	assert_string_equal(sim.err.text,
	    "Invalid value: calendars.exclude[0]: there is no calendar \"quiet\"");
}

static void
the_next_run_is_one_that_no_calendar_excludes(void **state)
{
	struct schedule_view view;
	uint64_t id;

	(void)state;
	make_calendar("quiet", "09:40-12:20");
	id = hourly(ON_EXCLUDED_SKIP);
	assert_int_equal(
	    service_get_schedule(&sim.sv, &sim.arena, &sim.admin, id, &view, &sim.err), 0);
	assert_int_equal(view.next_run_us, at("2026-11-22T13:00:00Z"));
}

static void
assert_explained(uint64_t id, const char *at_text, const char *verdict, const char *reason)
{
	struct explanation e;

	assert_int_equal(service_explain_schedule(&sim.sv, &sim.arena, &sim.admin, sim.now_us,
			     id, at(at_text), "UTC", &e, &sim.err),
	    0);
	assert_string_equal(e.verdict, verdict);
	assert_string_equal(e.reason, reason);
}

static void
an_explanation_names_the_calendar_and_its_entry(void **state)
{
	uint64_t id;

	(void)state;
	make_calendar("quiet", "09:40-11:20");
	id = hourly(ON_EXCLUDED_DEFER);
	assert_explained(id, "2026-11-22T11:00:00Z", "future",
	    "It has not come yet and will be deferred, due at 2026-11-22T11:00:00.000+00:00 by "
	    "the trigger \"cron 0 * * * *\" in UTC, to 2026-11-22T11:20:00.000Z, because the "
	    "calendar \"quiet\" excludes it (weekly 09:40-11:20).");
	sim_run_until(at("2026-11-22T11:10:00Z"));
	assert_explained(id, "2026-11-22T10:00:00Z", "skipped_calendar",
	    "It was skipped: deferred to 2026-11-22T11:20:00.000Z: the calendar \"quiet\" "
	    "excludes it (weekly 09:40-11:20); a later due time stands for it, due at "
	    "2026-11-22T10:00:00.000+00:00 by the trigger \"cron 0 * * * *\" in UTC.");
	assert_explained(id, "2026-11-22T11:00:00Z", "future",
	    "It is deferred, due at 2026-11-22T11:00:00.000+00:00 by the trigger \"cron 0 * * "
	    "* *\" in UTC, to 2026-11-22T11:20:00.000Z, because the calendar \"quiet\" "
	    "excludes it (weekly 09:40-11:20).");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, sim_setup, sim_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(an_excluded_due_time_is_skipped_and_named),
	    TEST(a_deferred_due_time_runs_when_the_calendar_ends),
	    TEST(several_that_are_deferred_become_one_run),
	    TEST(one_that_is_due_when_the_calendar_ends_stands_for_the_deferred),
	    TEST(what_no_time_is_free_for_is_skipped),
	    TEST(any_of_several_calendars_excludes),
	    TEST(a_suspension_comes_before_a_calendar),
	    TEST(a_deferred_one_meets_a_suspension_that_came_meanwhile),
	    TEST(after_an_outage_what_was_excluded_is_not_missed),
	    TEST(an_excluded_one_does_not_stand_for_another_when_its_window_is_over),
	    TEST(a_deferred_one_stands_for_another_when_its_window_is_over),
	    TEST(after_an_outage_the_last_that_may_run_does),
	    TEST(a_deferred_one_is_late_from_its_turn_on),
	    TEST(a_deferred_one_meets_a_run_that_goes_on),
	    TEST(a_due_time_is_judged_by_the_calendar_that_was_in_force),
	    TEST(a_change_moves_what_is_deferred),
	    TEST(a_change_that_reaches_the_next_due_time_lets_that_stand_for_it),
	    TEST(another_definition_keeps_what_is_deferred),
	    TEST(a_definition_that_does_not_defer_any_more_skips_it),
	    TEST(a_deleted_schedule_says_what_became_of_what_was_deferred),
	    TEST(a_call_that_checks_triggers_meets_the_calendar),
	    TEST(a_calendar_in_use_is_neither_deleted_nor_renamed),
	    TEST(a_calendar_that_does_not_exist_is_refused),
	    TEST(the_next_run_is_one_that_no_calendar_excludes),
	    TEST(an_explanation_names_the_calendar_and_its_entry),
	};

	return cmocka_run_group_tests_name("engine and calendars", tests, NULL, NULL);
}
