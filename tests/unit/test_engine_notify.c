/*
 * Notifications in the simulation: each rule tells once what it is for and nothing else, and what
 * was told arrives whoever dies.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "simulation.h"

static const char *ops[] = {"ops@example.org"};

static struct notify_rule
mail_rule(enum notify_event on, uint32_t failures, int64_t by_us)
{
	return (struct notify_rule){
	    .on = on, .failures = failures, .by_us = by_us, .to = ops, .to_count = 1};
}

/* The messages, oldest first. */
static struct notice *notices;
static size_t notice_count;
/* Where the oldest goes. */
static struct notice_target target;

static int
list_body(struct txn *txn, void *ctx, struct err *err)
{
	int rc;

	(void)ctx;
	rc = store_notice_list(
	    txn, &sim.arena, sim.admin.tenant_id, 0, 10000, &notices, &notice_count, err);
	if (rc || !notice_count)
		return rc;
	return store_target_get(
	    txn, &sim.arena, notices[notice_count - 1].target_id, &target, err);
}

static void
look(void)
{
	if (__real_store_run(sim.ts.st, list_body, NULL, &sim.err))
		temp_store_die("list notices", &sim.err);
	for (size_t i = 0; i < notice_count / 2; i++) {
		struct notice swap = notices[i];

		notices[i] = notices[notice_count - 1 - i];
		notices[notice_count - 1 - i] = swap;
	}
}

/* "failed recovered": what was told so far. */
static const char *
told(void)
{
	struct buf text = BUF_INIT;
	const char *copy;

	look();
	for (size_t i = 0; i < notice_count; i++)
		buf_addf(&text, "%s%s", i ? " " : "", notify_event_name(notices[i].event));
	copy = arena_printf(&sim.arena, "%s", text.len ? text.data : "");
	buf_release(&text);
	return copy;
}

/* A schedule that runs when it is called, and tells `rule`. */
static uint64_t
on_demand(struct notify_rule *rules, size_t count)
{
	struct schedule s = sim_schedule("nightly", NULL, 0);

	s.notify = rules;
	s.notify_count = count;
	return sim_create(s);
}

/* Runs that end with these exit codes, one after another. */
static void
run_with(uint64_t id, const char *codes)
{
	for (; *codes; codes++) {
		sim.exit_code = *codes - '0';
		sim_call(id);
		sim_pass(10 * SECOND_US);
	}
}

/* ---- how runs end ---- */

static void
each_rule_tells_what_it_is_for_once(void **state)
{
	static const struct {
		enum notify_event on;
		uint32_t failures;
		const char *codes, *told;
	} rows[] = {
	    {NOTIFY_FAILED, 1, "0", ""},
	    {NOTIFY_FAILED, 1, "1", "failed"},
	    {NOTIFY_FAILED, 1, "111", "failed"},
	    {NOTIFY_FAILED, 1, "101", "failed failed"},
	    {NOTIFY_FAILED, 3, "11", ""},
	    {NOTIFY_FAILED, 3, "1101", ""},
	    {NOTIFY_FAILED, 3, "110111111", "failed"},
	    {NOTIFY_RECOVERED, 1, "00", ""},
	    {NOTIFY_RECOVERED, 1, "1", ""},
	    {NOTIFY_RECOVERED, 1, "1100", "recovered"},
	    {NOTIFY_RECOVERED, 2, "101", ""},
	    {NOTIFY_RECOVERED, 2, "110", "recovered"},
	    {NOTIFY_CHANGED, 1, "000", ""},
	    {NOTIFY_CHANGED, 1, "11", "changed"},
	    {NOTIFY_CHANGED, 1, "0110", "changed changed"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct notify_rule rule = mail_rule(rows[i].on, rows[i].failures, 0);

		sim_make();
		run_with(on_demand(&rule, 1), rows[i].codes);
		if (strcmp(told(), rows[i].told))
			print_error("row %zu\n", i);
		assert_string_equal(told(), rows[i].told);
		sim_remove();
	}
	(void)state;
}

static void
a_message_says_what_happened(void **state)
{
	struct notify_rule rules[] = {mail_rule(NOTIFY_FAILED, 2, 0),
	    mail_rule(NOTIFY_RECOVERED, 1, 0), mail_rule(NOTIFY_CHANGED, 1, 0)};
	uint64_t id = on_demand(rules, 3);

	(void)state;
	run_with(id, "0440");
	look();
	assert_int_equal(notice_count, 4);
	assert_string_equal(notices[0].text,
	    "\"nightly\" changed from succeeded to failed: task \"only\": Exit code 4");
	assert_string_equal(
	    notices[1].text, "\"nightly\" failed 2 times in a row: task \"only\": Exit code 4");
	assert_int_equal(notices[1].failures, 2);
	assert_string_equal(notices[2].text, "\"nightly\" succeeded again after 2 failures");
	assert_string_equal(notices[3].text, "\"nightly\" changed from failed to succeeded");
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(notices[i].schedule_id, id);
		assert_int_equal(notices[i].state, NOTICE_DELIVERED);
		assert_true(notices[i].execution_id != 0);
	}
}

static void
what_is_cancelled_is_neither_failure_nor_success(void **state)
{
	struct notify_rule rules[] = {mail_rule(NOTIFY_FAILED, 2, 0),
	    mail_rule(NOTIFY_RECOVERED, 1, 0), mail_rule(NOTIFY_CHANGED, 1, 0)};
	uint64_t id = on_demand(rules, 3), run;

	(void)state;
	run_with(id, "1");
	sim.takes_us = HOUR_US;
	run = sim_call(id);
	sim_pass(SECOND_US);
	assert_int_equal(
	    service_cancel_execution(&sim.sv, &sim.admin, sim.now_us, run, &sim.err), 0);
	sim_pass(SECOND_US);
	assert_string_equal(told(), "changed");
	sim.takes_us = SECOND_US;
	run_with(id, "1");
	assert_string_equal(told(), "changed failed");
}

/* ---- what comes with time ---- */

static void
a_run_that_starts_late_is_told_when_it_is_late(void **state)
{
	struct trigger every = sim_every(HOUR_US);
	struct schedule s = sim_schedule("hourly", &every, 1);
	struct notify_rule rule = mail_rule(NOTIFY_LATE, 1, 5 * MINUTE_US);

	(void)state;
	s.overlap = OVERLAP_QUEUE;
	s.notify = &rule;
	s.notify_count = 1;
	sim.takes_us = 70 * MINUTE_US;
	sim_create(s);
	sim_run_until(SIM_BEGIN + 2 * HOUR_US + 4 * MINUTE_US);
	assert_string_equal(told(), "");
	/* The second waits for ten minutes. */
	sim_run_until(SIM_BEGIN + 2 * HOUR_US + 5 * MINUTE_US);
	assert_string_equal(told(), "late");
	assert_string_equal(notices[0].text,
	    "\"hourly\" is late by more than 5m: it was due at 2026-11-22T11:30:00.000Z");
	sim_run_until(SIM_BEGIN + 2 * HOUR_US + 50 * MINUTE_US);
	assert_string_equal(told(), "late");
}

static void
a_run_that_an_outage_made_late_is_told(void **state)
{
	struct trigger every = sim_every(HOUR_US);
	struct schedule s = sim_schedule("hourly", &every, 1);
	struct notify_rule rule = mail_rule(NOTIFY_LATE, 1, 5 * MINUTE_US);

	(void)state;
	s.notify = &rule;
	s.notify_count = 1;
	sim_create(s);
	sim_run_until(SIM_BEGIN + 59 * MINUTE_US);
	sim_outage(4 * MINUTE_US);
	sim_pass(MINUTE_US);
	assert_string_equal(told(), "");
	sim_run_until(SIM_BEGIN + 2 * HOUR_US - MINUTE_US);
	sim_outage(10 * MINUTE_US);
	sim_pass(MINUTE_US);
	assert_string_equal(told(), "late");
}

static void
a_run_too_long_is_told_while_it_goes_on(void **state)
{
	struct notify_rule rules[] = {
	    mail_rule(NOTIFY_LONG, 1, HOUR_US), mail_rule(NOTIFY_LONG, 1, 2 * HOUR_US)};
	uint64_t id = on_demand(rules, 2);

	(void)state;
	sim.takes_us = HOUR_US - SECOND_US;
	sim_call(id);
	sim_pass(3 * HOUR_US);
	assert_string_equal(told(), "");
	sim.takes_us = 10 * HOUR_US;
	sim_call(id);
	sim_pass(HOUR_US + SECOND_US);
	assert_string_equal(told(), "long");
	sim_pass(HOUR_US);
	assert_string_equal(told(), "long long");
	sim_pass(10 * HOUR_US);
	assert_string_equal(told(), "long long");
}

static void
silence_is_told_once_until_a_success(void **state)
{
	struct notify_rule rules[] = {
	    mail_rule(NOTIFY_NO_SUCCESS, 1, DAY_US), mail_rule(NOTIFY_RECOVERED, 1, 0)};
	uint64_t id = on_demand(rules, 2);

	(void)state;
	sim_pass(DAY_US - SECOND_US);
	assert_string_equal(told(), "");
	sim_pass(SECOND_US);
	assert_string_equal(told(), "noSuccess");
	assert_string_equal(notices[0].text,
	    "\"nightly\" has had no success within 1d, since 2026-11-22T09:30:10.000Z");
	sim_pass(5 * DAY_US);
	assert_string_equal(told(), "noSuccess");
	run_with(id, "0");
	assert_string_equal(told(), "noSuccess recovered");
	sim_pass(DAY_US + SECOND_US);
	assert_string_equal(told(), "noSuccess recovered noSuccess");
}

static void
a_failure_does_not_end_silence_and_a_success_puts_it_off(void **state)
{
	struct notify_rule rule = mail_rule(NOTIFY_NO_SUCCESS, 1, DAY_US);
	uint64_t id = on_demand(&rule, 1);

	(void)state;
	sim_pass(DAY_US - HOUR_US);
	run_with(id, "0");
	sim_pass(DAY_US - HOUR_US);
	run_with(id, "1");
	assert_string_equal(told(), "");
	sim_pass(HOUR_US);
	assert_string_equal(told(), "noSuccess");
}

static void
a_suspended_schedule_is_silent_by_will(void **state)
{
	struct notify_rule rule = mail_rule(NOTIFY_NO_SUCCESS, 1, DAY_US);
	uint64_t id = on_demand(&rule, 1);

	(void)state;
	assert_int_equal(
	    service_suspend_schedule(&sim.sv, &sim.admin, sim.now_us, id, NULL, &sim.err), 0);
	sim_pass(3 * DAY_US);
	assert_string_equal(told(), "");
	/* A run that was asked for begins no count. */
	run_with(id, "0");
	sim_pass(3 * DAY_US);
	assert_string_equal(told(), "");
	assert_int_equal(
	    service_resume_schedule(&sim.sv, &sim.admin, sim.now_us, id, &sim.err), 0);
	sim_pass(DAY_US - SECOND_US);
	assert_string_equal(told(), "");
	sim_pass(SECOND_US);
	assert_string_equal(told(), "noSuccess");
}

static void
silence_counts_from_the_end_of_a_suspension(void **state)
{
	struct notify_rule rule = mail_rule(NOTIFY_NO_SUCCESS, 1, DAY_US);
	uint64_t id = on_demand(&rule, 1);

	(void)state;
	assert_int_equal(service_suspend_until(&sim.sv, &sim.admin, sim.now_us, id,
			     sim.now_us + 2 * DAY_US, NULL, &sim.err),
	    0);
	sim_pass(3 * DAY_US - SECOND_US);
	assert_string_equal(told(), "");
	sim_pass(SECOND_US);
	assert_string_equal(told(), "noSuccess");
}

static void
other_rules_hold_from_when_they_are_written(void **state)
{
	struct notify_rule rule = mail_rule(NOTIFY_NO_SUCCESS, 1, 10 * DAY_US);
	uint64_t id = on_demand(&rule, 1);
	struct schedule s = sim_schedule("nightly", NULL, 0);

	(void)state;
	sim_pass(DAY_US);
	rule.by_us = 2 * DAY_US;
	s.notify = &rule;
	s.notify_count = 1;
	assert_int_equal(
	    service_update_schedule(&sim.sv, &sim.admin, sim.now_us, id, 1, &s, &sim.err), 0);
	sim_pass(DAY_US - SECOND_US);
	assert_string_equal(told(), "");
	sim_pass(SECOND_US);
	assert_string_equal(told(), "noSuccess");
	s.notify_count = 0;
	assert_int_equal(
	    service_update_schedule(&sim.sv, &sim.admin, sim.now_us, id, 2, &s, &sim.err), 0);
	sim_pass(5 * DAY_US);
	assert_string_equal(told(), "noSuccess");
}

static void
of_a_deleted_schedule_nothing_is_told(void **state)
{
	struct notify_rule rules[] = {mail_rule(NOTIFY_NO_SUCCESS, 1, DAY_US),
	    mail_rule(NOTIFY_LONG, 1, HOUR_US), mail_rule(NOTIFY_FAILED, 1, 0)};
	uint64_t id = on_demand(rules, 3);

	(void)state;
	sim.takes_us = 2 * HOUR_US;
	sim.exit_code = 1;
	sim_call(id);
	sim_pass(MINUTE_US);
	assert_int_equal(
	    service_delete_schedule(&sim.sv, &sim.admin, sim.now_us, id, &sim.err), 0);
	sim_pass(2 * DAY_US);
	assert_string_equal(told(), "");
}

/* ---- delivery ---- */

static void
a_target_that_is_down_is_tried_again_and_then_given_up(void **state)
{
	struct audit_query q = {.to_us = INSTANT_NEVER, .action = "notification", .cap = 9};
	struct notify_rule rule = mail_rule(NOTIFY_FAILED, 1, 0);
	uint64_t id = on_demand(&rule, 1), next;
	struct audit_entry *entries;
	size_t count;

	(void)state;
	sim.notice_exit_code = 75;
	run_with(id, "1");
	look();
	assert_int_equal(notices[0].state, NOTICE_WAITING);
	assert_int_equal(notices[0].tries, 1);
	sim_pass(HOUR_US);
	look();
	assert_in_range(notices[0].tries, 5, 12);
	sim_pass(26 * HOUR_US);
	look();
	assert_int_equal(notices[0].state, NOTICE_GIVEN_UP);
	assert_in_range(notices[0].tries, 20, 40);
	assert_int_equal(target.waiting, 0);
	if (service_list_audit(
		&sim.sv, &sim.arena, &sim.admin, &q, &entries, &count, &next, &sim.err))
		temp_store_die("list the audit", &sim.err);
	assert_int_equal(count, 1);
	assert_int_equal(entries[0].subject_id, notices[0].id);
	assert_string_equal(entries[0].detail,
	    arena_printf(&sim.arena,
		"schedule nightly, failed, after %u tries: sendmail exited with 75",
		(unsigned)notices[0].tries));
}

static void
what_could_not_be_delivered_is_when_the_target_is_back(void **state)
{
	struct notify_rule rule = mail_rule(NOTIFY_FAILED, 1, 0);
	uint64_t id = on_demand(&rule, 1);

	(void)state;
	sim.notice_exit_code = 75;
	run_with(id, "1010101");
	look();
	assert_int_equal(notice_count, 4);
	sim.notice_exit_code = 0;
	sim_pass(HOUR_US);
	look();
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(notices[i].state, NOTICE_DELIVERED);
	assert_int_equal(target.failures, 0);
}

static void
a_full_outbox_drops_and_counts(void **state)
{
	struct notify_rule rule = mail_rule(NOTIFY_CHANGED, 1, 0);
	uint64_t id = on_demand(&rule, 1);

	(void)state;
	sim.notice_exit_code = 75;
	sim.takes_us = SECOND_US / 10;
	for (int i = 0; i < NOTICES_WAITING_MAX / 2 + 3; i++)
		run_with(id, "10");
	look();
	assert_int_equal(notice_count, NOTICES_WAITING_MAX);
	assert_int_equal(target.waiting, NOTICES_WAITING_MAX);
	assert_int_equal(target.dropped, 6);
}

static void
whoever_dies_each_message_is_made_once_and_arrives(void **state)
{
	struct notify_rule rule = mail_rule(NOTIFY_FAILED, 1, 0);

	(void)state;
	for (unsigned fuse = 1; fuse < 200; fuse++) {
		bool runner = fuse % 2, both = fuse % 3 == 0;

		uint64_t id;

		sim_make();
		id = on_demand(&rule, 1);
		sim_settle();
		if (runner)
			sim.runner_fuse = (fuse + 1) / 2;
		else
			sim.scheduler_fuse = fuse / 2;
		sim.die_together = both;
		sim.exit_code = 1;
		sim_call(id);
		sim_pass(MINUTE_US);
		look();
		assert_int_equal(notice_count, 1);
		assert_int_equal(notices[0].state, NOTICE_DELIVERED);
		assert_in_range(sim.notices_sent, 1, 2);
		if (!sim.runner_deaths && !sim.scheduler_deaths && fuse > 100)
			fuse = 200;
		sim_remove();
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define SIM(test) cmocka_unit_test_setup_teardown(test, sim_setup, sim_teardown)
	    cmocka_unit_test(each_rule_tells_what_it_is_for_once),
	    SIM(a_message_says_what_happened),
	    SIM(what_is_cancelled_is_neither_failure_nor_success),
	    SIM(a_run_that_starts_late_is_told_when_it_is_late),
	    SIM(a_run_that_an_outage_made_late_is_told),
	    SIM(a_run_too_long_is_told_while_it_goes_on),
	    SIM(silence_is_told_once_until_a_success),
	    SIM(a_failure_does_not_end_silence_and_a_success_puts_it_off),
	    SIM(a_suspended_schedule_is_silent_by_will),
	    SIM(silence_counts_from_the_end_of_a_suspension),
	    SIM(other_rules_hold_from_when_they_are_written),
	    SIM(of_a_deleted_schedule_nothing_is_told),
	    SIM(a_target_that_is_down_is_tried_again_and_then_given_up),
	    SIM(what_could_not_be_delivered_is_when_the_target_is_back),
	    SIM(a_full_outbox_drops_and_counts),
	    cmocka_unit_test(whoever_dies_each_message_is_made_once_and_arrives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
