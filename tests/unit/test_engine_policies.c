/*
 * Tables of cases for the policies of overlap and misfire: a schedule that is due every ten
 * minutes, what its runs and outages do, and what its ledger says then. What is particular to one
 * policy has tests of its own beside its subject.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "simulation.h"

#define AT(minutes) (SIM_BEGIN + (minutes)*MINUTE_US)

static uint64_t
every_ten_minutes(struct schedule policies)
{
	struct trigger t = sim_cron("*/10 * * * *", "UTC");
	struct schedule s = sim_schedule("every ten minutes", &t, 1);

	s.overlap = policies.overlap;
	s.misfire = policies.misfire;
	s.misfire_window_us = policies.misfire_window_us;
	s.misfire_max = policies.misfire_max;
	return sim_create(s);
}

/* "10-30 3 missed_down, 40 ran": minutes, how many, and what became of them. */
static const char *
ledger_text(uint64_t id)
{
	struct buf text = BUF_INIT;
	struct occurrence *o;
	const char *copy;
	size_t count;

	o = sim_ledger(id, &count);
	for (size_t i = 0; i < count; i++) {
		int from = (int)((o[i].due_us - SIM_BEGIN) / MINUTE_US);
		int to = (int)((o[i].to_us - SIM_BEGIN) / MINUTE_US);

		buf_addf(&text, "%s%d", i ? ", " : "", from);
		if (o[i].count > 1)
			buf_addf(&text, "-%d %u", to, (unsigned)o[i].count);
		buf_addf(&text, " %s", verdict_name(o[i].verdict));
	}
	copy = arena_strdup(&sim.arena, text.len ? text.data : "");
	buf_release(&text);
	return copy;
}

/* The minutes at which commands were started. */
static const char *
starts_text(void)
{
	struct buf text = BUF_INIT;
	const char *copy;

	for (size_t i = 0; i < sim.run_count; i++)
		buf_addf(&text, "%s%d", i ? " " : "",
		    (int)((sim.runs[i].start_us - SIM_BEGIN) / MINUTE_US));
	copy = arena_strdup(&sim.arena, text.len ? text.data : "");
	buf_release(&text);
	return copy;
}

static void
leave_world(void)
{
	sim_stop_engine();
	assert_true(temp_store_is_sound(&sim.ts));
	sim_remove();
}

/* ---- overlap ---- */

/* Six due times, and runs that end between them. */
static void
what_falls_into_a_run_is_decided_by_overlap(void **state)
{
	static const struct {
		const char *label;
		enum overlap overlap;
		int takes; /* minutes */
		const char *ledger, *starts;
	} cases[] = {
	    {"skip, short runs", OVERLAP_SKIP, 4,
		"10 ran, 20 ran, 30 ran, 40 ran, 50 ran, 60 ran", "10 20 30 40 50 60"},
	    {"skip, over two", OVERLAP_SKIP, 24,
		"10 ran, 20-30 2 skipped_overlap, 40 ran, 50-60 2 skipped_overlap", "10 40"},
	    {"skip, over all", OVERLAP_SKIP, 100, "10 ran, 20-60 5 skipped_overlap", "10"},
	    {"queueOne, short runs", OVERLAP_QUEUE_ONE, 4,
		"10 ran, 20 ran, 30 ran, 40 ran, 50 ran, 60 ran", "10 20 30 40 50 60"},
	    {"queueOne, over one", OVERLAP_QUEUE_ONE, 14,
		"10 ran, 20 ran, 30 ran, 40 ran, 50 skipped_overlap, 60 ran", "10 24 38 52 66"},
	    {"queueOne, over two", OVERLAP_QUEUE_ONE, 24,
		"10 ran, 20 ran, 30 skipped_overlap, 40 ran, 50 skipped_overlap, 60 ran",
		"10 34 58 82"},
	    {"queueOne, over all", OVERLAP_QUEUE_ONE, 100,
		"10 ran, 20 ran, 30-60 4 skipped_overlap", "10 110"},
	    {"queue, over two", OVERLAP_QUEUE, 24,
		"10 ran, 20 ran, 30 ran, 40 ran, 50 ran, 60 ran", "10 34 58 82 106 130"},
	    {"allow, over two", OVERLAP_ALLOW, 24,
		"10 ran, 20 ran, 30 ran, 40 ran, 50 ran, 60 ran", "10 20 30 40 50 60"},
	    {"replace, over two", OVERLAP_REPLACE, 24,
		"10 ran, 20 ran, 30 ran, 40 ran, 50 ran, 60 ran", "10 20 30 40 50 60"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint64_t id;

		print_message("%s\n", cases[i].label);
		sim_make();
		sim.takes_us = cases[i].takes * MINUTE_US;
		id = every_ten_minutes((struct schedule){
		    .overlap = cases[i].overlap, .misfire_window_us = HOUR_US});
		sim_run_until(AT(61));
		assert_int_equal(service_suspend_schedule(
				     &sim.sv, &sim.admin, sim.now_us, id, NULL, &sim.err),
		    0);
		sim_run_until(AT(200));
		assert_string_equal(starts_text(), cases[i].starts);
		assert_non_null(strstr(ledger_text(id), cases[i].ledger));
		leave_world();
	}
}

/* ---- misfire ---- */

/* Nobody is there from minute 5 on. */
static void
what_nobody_was_there_for_is_decided_by_misfire(void **state)
{
	static const struct {
		const char *label;
		enum misfire misfire;
		int window, most;
		int64_t back_us; /* somebody is there again */
		const char *ledger, *starts;
	} cases[] = {
	    {"skip", MISFIRE_SKIP, 60, 0, 185 * MINUTE_US, "10-180 18 missed_down", ""},
	    {"skip, and one is on time", MISFIRE_SKIP, 60, 0, 180 * MINUTE_US + 9 * SECOND_US,
		"10-170 17 missed_down, 180 ran", "180"},
	    {"one", MISFIRE_ONE, 60, 0, 185 * MINUTE_US,
		"10-120 12 missed_window, 130-170 5 missed_down, 180 ran", "185"},
	    {"one, and one is on time", MISFIRE_ONE, 60, 0, 180 * MINUTE_US + 9 * SECOND_US,
		"10-120 12 missed_window, 130-170 5 missed_down, 180 ran", "180"},
	    {"one, none in the window", MISFIRE_ONE, 4, 0, 185 * MINUTE_US,
		"10-180 18 missed_window", ""},
	    {"all", MISFIRE_ALL, 30, 0, 185 * MINUTE_US,
		"10-150 15 missed_window, 160 ran, 170 ran, 180 ran", "185 186 187"},
	    {"all, none in the window", MISFIRE_ALL, 4, 0, 185 * MINUTE_US,
		"10-180 18 missed_window", ""},
	    {"all, at most one", MISFIRE_ALL, 60, 1, 185 * MINUTE_US,
		"10-120 12 missed_window, 130-170 5 missed_cap, 180 ran", "185"},
	    {"all, at most three", MISFIRE_ALL, 60, 3, 185 * MINUTE_US,
		"10-120 12 missed_window, 130-150 3 missed_cap, 160 ran, 170 ran, 180 ran",
		"185 186 187"},
	    {"all, at most as many as there are", MISFIRE_ALL, 30, 3, 185 * MINUTE_US,
		"10-150 15 missed_window, 160 ran, 170 ran, 180 ran", "185 186 187"},
	    {"all, the window is shorter", MISFIRE_ALL, 30, 5, 185 * MINUTE_US,
		"10-150 15 missed_window, 160 ran, 170 ran, 180 ran", "185 186 187"},
	    {"all, one that is on time counts", MISFIRE_ALL, 60, 2,
		180 * MINUTE_US + 9 * SECOND_US,
		"10-120 12 missed_window, 130-160 4 missed_cap, 170 ran, 180 skipped_overlap",
		"180"},
	    {"one, a cap says nothing", MISFIRE_ONE, 60, 3, 185 * MINUTE_US,
		"10-120 12 missed_window, 130-170 5 missed_down, 180 ran", "185"},
	    {"skip, a cap says nothing", MISFIRE_SKIP, 60, 3, 185 * MINUTE_US,
		"10-180 18 missed_down", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint64_t id;

		print_message("%s\n", cases[i].label);
		sim_make();
		sim.takes_us = MINUTE_US;
		id = every_ten_minutes((struct schedule){.misfire = cases[i].misfire,
		    .misfire_window_us = cases[i].window * MINUTE_US,
		    .misfire_max = (uint32_t)cases[i].most});
		sim_run_until(AT(5));
		sim_outage(cases[i].back_us - 5 * MINUTE_US);
		sim_run_until(AT(189));
		assert_string_equal(ledger_text(id), cases[i].ledger);
		assert_string_equal(starts_text(), cases[i].starts);
		leave_world();
	}
}

/* More than one transaction settles, and each batch knows what comes behind it. */
static void
of_a_very_long_outage_the_last_run_whatever_the_batches(void **state)
{
	struct trigger t = sim_cron("* * * * *", "UTC");
	struct schedule s = sim_schedule("every minute", &t, 1);
	struct occurrence *o;
	size_t count;
	uint64_t id;

	(void)state;
	sim_make();
	s.misfire = MISFIRE_ALL;
	s.misfire_window_us = 60 * DAY_US;
	s.misfire_max = 1000;
	id = sim_create(s);
	sim_outage(5 * DAY_US + 40 * SECOND_US);
	sim_settle();
	o = sim_ledger(id, &count);
	assert_int_equal(count, 1001);
	assert_int_equal(o[0].count, 5 * 1440 - 1000);
	assert_int_equal(o[0].verdict, VERDICT_MISSED_CAP);
	assert_string_equal(o[0].reason,
	    "nobody was there to fire it; as many later ones run as misfireMax lets");
	assert_int_equal(o[1].verdict, VERDICT_RAN);
	assert_int_equal(o[1000].due_us, AT(5 * 1440));
	leave_world();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_falls_into_a_run_is_decided_by_overlap),
	    cmocka_unit_test(what_nobody_was_there_for_is_decided_by_misfire),
	    cmocka_unit_test(of_a_very_long_outage_the_last_run_whatever_the_batches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
