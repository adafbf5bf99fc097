/* What becomes of due times that a jump of the wall clock passes over, or brings back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "simulation.h"

#define TEST(name)  cmocka_unit_test_setup_teardown(name, sim_setup, sim_teardown)
#define AT(minutes) (SIM_BEGIN + (minutes)*MINUTE_US)

static uint64_t
every_ten_minutes(enum misfire misfire, int64_t window_us)
{
	static struct trigger t;
	struct schedule s = sim_schedule("every ten minutes", &t, 1);

	t = sim_cron("*/10 * * * *", "UTC");
	s.misfire = misfire;
	s.misfire_window_us = window_us;
	return sim_create(s);
}

/* A run of entries of one verdict. */
struct expected {
	int from, to; /* minutes */
	unsigned count;
	enum verdict verdict;
	const char *reason; /* how it ends */
};

static bool
ends_with(const char *text, const char *end)
{
	size_t len = text ? strlen(text) : 0;

	return len >= strlen(end) && !strcmp(text + len - strlen(end), end);
}

static void
assert_ledger(uint64_t id, const struct expected *expected)
{
	struct occurrence *o;
	size_t count, n = 0;

	o = sim_ledger(id, &count);
	for (; expected[n].count; n++) {
		assert_true(n < count);
		assert_string_equal(
		    verdict_name(o[n].verdict), verdict_name(expected[n].verdict));
		assert_int_equal(o[n].due_us, AT(expected[n].from));
		assert_int_equal(o[n].to_us, AT(expected[n].to));
		assert_int_equal(o[n].count, expected[n].count);
		if (expected[n].reason && !ends_with(o[n].reason, expected[n].reason))
			fail_msg("%s", o[n].reason);
	}
	assert_int_equal(count, n);
}

/* Minute 15; the clock shows minute 185 then. */
static void
a_step_forward_is_decided_by_the_misfire_policy_and_told_apart(void **state)
{
	static const struct {
		const char *label;
		enum clock_step_kind kind;
		enum misfire misfire;
		int64_t window_us;
		struct expected expected[16];
	} cases[] = {
	    {"one", CLOCK_STEP_SET, MISFIRE_ONE, HOUR_US,
		{{10, 10, 1, VERDICT_RAN, NULL},
		    {20, 120, 11, VERDICT_MISSED_WINDOW, ", and its misfireWindow had passed"},
		    {130, 170, 5, VERDICT_MISSED_CLOCK,
			"the clock was set forward, from 2026-11-22T09:45:00.000Z to "
			"2026-11-22T12:35:00.000Z, and a later due time stands for it"},
		    {180, 180, 1, VERDICT_RAN, NULL}}},
	    {"skip", CLOCK_STEP_SET, MISFIRE_SKIP, HOUR_US,
		{{10, 10, 1, VERDICT_RAN, NULL},
		    {20, 180, 17, VERDICT_MISSED_CLOCK, ", and misfire is skip"}}},
	    {"all", CLOCK_STEP_SET, MISFIRE_ALL, 20 * MINUTE_US,
		{{10, 10, 1, VERDICT_RAN, NULL},
		    {20, 160, 15, VERDICT_MISSED_WINDOW, ", and its misfireWindow had passed"},
		    {170, 170, 1, VERDICT_RAN, NULL}, {180, 180, 1, VERDICT_RAN, NULL}}},
	    {"suspended machine", CLOCK_STEP_SLEPT, MISFIRE_SKIP, HOUR_US,
		{{10, 10, 1, VERDICT_RAN, NULL},
		    {20, 180, 17, VERDICT_MISSED_CLOCK,
			"the machine slept, from 2026-11-22T09:45:00.000Z to "
			"2026-11-22T12:35:00.000Z, and misfire is skip"}}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint64_t id;

		sim_make();
		print_message("%s\n", cases[i].label);
		id = every_ten_minutes(cases[i].misfire, cases[i].window_us);
		sim_run_until(AT(15));
		sim_clock_jumps(cases[i].kind, AT(185));
		sim_settle();
		assert_ledger(id, cases[i].expected);
		sim_stop_engine();
		assert_true(temp_store_is_sound(&sim.ts));
		sim_remove();
	}
}

/* Who noticed the step did not live to see what it passed over. */
static void
a_step_is_remembered_when_the_scheduler_dies_after_it(void **state)
{
	uint64_t id = every_ten_minutes(MISFIRE_SKIP, HOUR_US);

	(void)state;
	sim_run_until(AT(15));
	sim_clock_jumps(CLOCK_STEP_SET, AT(45));
	sim.scheduler_fuse = 2; /* the step is durable, and nothing else is */
	sim.restart_us = 30 * MINUTE_US;
	sim_settle();
	assert_int_equal(sim.scheduler_deaths, 1);
	assert_ledger(id, (struct expected[]){{10, 10, 1, VERDICT_RAN, NULL},
			      {20, 40, 3, VERDICT_MISSED_CLOCK, ", and misfire is skip"},
			      {50, 70, 3, VERDICT_MISSED_DOWN, "and misfire is skip"}, {0}});
}

static void
a_step_that_could_not_be_noted_is_noted_before_anything_is_fired(void **state)
{
	uint64_t id = every_ten_minutes(MISFIRE_SKIP, HOUR_US);

	(void)state;
	sim_run_until(AT(15));
	sim_clock_jumps(CLOCK_STEP_SET, AT(45));
	sim.fail_code = ERR_IO;
	sim.fail_count = 2;
	sim_run_until(AT(46));
	assert_int_equal(sim.failures, 2);
	assert_ledger(id, (struct expected[]){{10, 10, 1, VERDICT_RAN, NULL},
			      {20, 40, 3, VERDICT_MISSED_CLOCK, ", and misfire is skip"}, {0}});
}

/* Forward by mistake and back again, and then nobody is there. */
static void
what_is_due_again_after_a_step_back_was_not_passed_over(void **state)
{
	uint64_t id;

	(void)state;
	sim_run_until(AT(15));
	sim_clock_jumps(CLOCK_STEP_SET, AT(105));
	sim_settle();
	sim_clock_jumps(CLOCK_STEP_SET, AT(25));
	sim_settle();
	id = every_ten_minutes(MISFIRE_SKIP, HOUR_US);
	sim_outage(30 * MINUTE_US);
	assert_ledger(id,
	    (struct expected[]){{30, 50, 3, VERDICT_MISSED_DOWN, "and misfire is skip"}, {0}});
}

static void
a_step_back_repeats_nothing(void **state)
{
	uint64_t id = every_ten_minutes(MISFIRE_SKIP, HOUR_US);

	(void)state;
	sim_run_until(AT(35));
	sim_clock_jumps(CLOCK_STEP_SET, AT(5));
	sim_run_until(AT(39));
	assert_ledger(
	    id, (struct expected[]){{10, 10, 1, VERDICT_RAN, NULL},
		    {20, 20, 1, VERDICT_RAN, NULL}, {30, 30, 1, VERDICT_RAN, NULL}, {0}});
	sim_run_until(AT(45));
	assert_int_equal(sim.run_count, 4);
}

static void
a_short_step_is_as_if_nothing_had_happened(void **state)
{
	uint64_t id = every_ten_minutes(MISFIRE_SKIP, HOUR_US);

	(void)state;
	sim_run_until(AT(10) - 5 * SECOND_US);
	sim_clock_jumps(CLOCK_STEP_SET, AT(10) + 20 * SECOND_US);
	sim_settle();
	assert_ledger(id, (struct expected[]){{10, 10, 1, VERDICT_RAN, NULL}, {0}});
}

static void
each_step_is_in_the_audit(void **state)
{
	struct audit_query q = {
	    .from_us = INT64_MIN, .to_us = INSTANT_NEVER, .action = "clock", .cap = 10};
	struct audit_entry *list;
	uint64_t next;
	size_t count;

	(void)state;
	sim_run_until(AT(1));
	sim_clock_jumps(CLOCK_STEP_SET, AT(3));
	sim_settle();
	sim_clock_jumps(CLOCK_STEP_SET, AT(2));
	sim_clock_jumps(CLOCK_STEP_SLEPT, AT(4));
	sim_settle();
	assert_int_equal(service_list_audit(&sim.sv, &sim.arena, &sim.admin, &q, &list, &count,
			     &next, &sim.err),
	    0);
	assert_int_equal(count, 3);
	assert_string_equal(list[0].action, "clock.step");
	assert_string_equal(list[0].detail,
	    "the machine slept, from 2026-11-22T09:32:00.000Z to 2026-11-22T09:34:00.000Z");
	assert_string_equal(list[1].detail,
	    "the clock was set back, from 2026-11-22T09:33:00.000Z to "
	    "2026-11-22T09:32:00.000Z");
	assert_string_equal(list[2].detail,
	    "the clock was set forward, from 2026-11-22T09:31:00.000Z to "
	    "2026-11-22T09:33:00.000Z");
}

static int
count_body(struct txn *txn, void *ctx, struct err *err)
{
	struct sim_look *c = ctx;
	struct clock_step *steps;
	int rc = store_clock_step_list(txn, &sim.arena, &steps, &c->count, err);

	c->id = (uint64_t)steps[0].from_us;
	return rc;
}

static void
only_the_last_steps_are_kept(void **state)
{
	struct sim_look look = {0};

	(void)state;
	for (int i = 0; i < 300; i++)
		sim_clock_jumps(CLOCK_STEP_SET, AT(i + 1));
	sim_settle();
	sim_look(&look, count_body);
	assert_int_equal(look.count, 256);
	assert_int_equal(look.id, AT(44));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_step_forward_is_decided_by_the_misfire_policy_and_told_apart),
	    TEST(a_step_is_remembered_when_the_scheduler_dies_after_it),
	    TEST(a_step_that_could_not_be_noted_is_noted_before_anything_is_fired),
	    TEST(what_is_due_again_after_a_step_back_was_not_passed_over),
	    TEST(a_step_back_repeats_nothing),
	    TEST(a_short_step_is_as_if_nothing_had_happened),
	    TEST(each_step_is_in_the_audit),
	    TEST(only_the_last_steps_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
