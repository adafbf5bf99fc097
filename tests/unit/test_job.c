/* Scheduled jobs: which triggers a rule is made into, when they are due, and which triggers are a
 * rule. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "model/job.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static struct zones *zones;
static struct arena arena;
static struct job_zone amsterdam = {.name = "Europe/Amsterdam"};

static int
open_zones(void **state)
{
	struct err err;

	(void)state;
	zones = zones_new(NULL);
	return zones_get(zones, amsterdam.name, &amsterdam.zone, &err);
}

static int
close_zones(void **state)
{
	(void)state;
	zones_free(zones);
	arena_release(&arena);
	return 0;
}

static int64_t
local(const char *text)
{
	char instant[INSTANT_TEXT];
	int64_t us, offset_us;

	snprintf(instant, sizeof instant, "%sZ", text);
	if (instant_parse(instant, &us))
		fail_msg("%s", text);
	offset_us = zone_segment_at(amsterdam.zone, us).offset_s * SECOND_US;
	return us - zone_segment_at(amsterdam.zone, us - offset_us).offset_s * SECOND_US;
}

struct made {
	struct trigger *triggers;
	size_t count;
};

static struct made
make(const struct job_rule *rule, int64_t now_us)
{
	struct made m;
	struct err err;

	if (job_rule_triggers(rule, &amsterdam, now_us, &arena, &m.triggers, &m.count, &err))
		fail_msg("%s", err.text);
	return m;
}

static int64_t
next(const struct made *m, int64_t after_us)
{
	int64_t first_us = INSTANT_NEVER;

	for (size_t i = 0; i < m->count; i++) {
		int64_t due_us = trigger_next(&m->triggers[i], amsterdam.zone, after_us);

		if (due_us < first_us)
			first_us = due_us;
	}
	return first_us;
}

#define MINUTELY(n)                            \
	{                                      \
		JOB_MINUTELY, n, 1, 0, 0, 0, 0 \
	}
#define HOURLY(n, m)                         \
	{                                    \
		JOB_HOURLY, 1, n, m, 0, 0, 0 \
	}
#define DAILY(h, m)                         \
	{                                   \
		JOB_DAILY, 1, 1, m, h, 0, 0 \
	}
#define WEEKLY(d, h, m)                      \
	{                                    \
		JOB_WEEKLY, 1, 1, m, h, d, 0 \
	}
#define MONTHLY(d, h, m)                      \
	{                                     \
		JOB_MONTHLY, 1, 1, m, h, 0, d \
	}
#define ON_DEMAND                               \
	{                                       \
		JOB_ON_DEMAND, 0, 0, 0, 0, 0, 0 \
	}

/* Rows 23 to 25 of the contract's acceptance table; saved at that moment or, where it is given,
 * earlier. 2026-11-24 is a Tuesday. */
static void
a_rule_is_due_when_the_contract_says(void **state)
{
	static const struct {
		struct job_rule rule;
		const char *now, *due, *saved;
	} rows[] = {
	    {DAILY(23, 0), "2026-11-24T22:59:59", "2026-11-24T23:00:00", NULL},
	    {DAILY(23, 0), "2026-11-24T23:00:00", "2026-11-25T23:00:00", NULL},
	    {DAILY(23, 0), "2026-11-24T23:01:00", "2026-11-25T23:00:00", NULL},
	    {HOURLY(1, 30), "2026-11-24T10:29:00", "2026-11-24T10:30:00", NULL},
	    {HOURLY(1, 30), "2026-11-24T10:30:00", "2026-11-24T11:30:00", NULL},
	    {HOURLY(3, 30), "2026-11-24T10:29:59", "2026-11-24T10:30:00", NULL},
	    {HOURLY(3, 30), "2026-11-24T10:30:00", "2026-11-24T13:30:00", NULL},
	    {HOURLY(3, 30), "2026-11-24T10:30:10.5", "2026-11-24T13:30:00", NULL},
	    {HOURLY(3, 30), "2026-11-24T10:30:00", "2026-11-24T13:30:00",
		"2026-11-24T10:29:59"},
	    {HOURLY(3, 30), "2026-11-24T13:30:00", "2026-11-24T16:30:00",
		"2026-11-24T10:31:00"},
	    {HOURLY(3, 0), "2026-11-24T10:00:59", "2026-11-24T13:00:00", NULL},
	    {WEEKLY(4, 9, 0), "2026-11-24T12:00:00", "2026-11-25T09:00:00", NULL},
	    {WEEKLY(4, 9, 0), "2026-11-25T08:59:00", "2026-11-25T09:00:00", NULL},
	    {WEEKLY(4, 9, 0), "2026-11-25T09:00:00", "2026-12-02T09:00:00", NULL},
	    {WEEKLY(4, 9, 0), "2026-11-26T08:00:00", "2026-12-02T09:00:00", NULL},
	    {WEEKLY(1, 0, 0), "2026-11-24T12:00:00", "2026-11-29T00:00:00", NULL},
	    {WEEKLY(7, 0, 0), "2026-11-24T12:00:00", "2026-11-28T00:00:00", NULL},
	    {MONTHLY(15, 8, 0), "2026-11-14T12:00:00", "2026-11-15T08:00:00", NULL},
	    {MONTHLY(15, 8, 0), "2026-11-15T07:59:00", "2026-11-15T08:00:00", NULL},
	    {MONTHLY(15, 8, 0), "2026-11-15T08:00:00", "2026-12-15T08:00:00", NULL},
	    {MONTHLY(15, 8, 0), "2026-11-16T00:00:00", "2026-12-15T08:00:00", NULL},
	    {MONTHLY(31, 8, 0), "2026-02-01T00:00:00", "2026-02-28T08:00:00", NULL},
	    {MONTHLY(31, 8, 0), "2028-02-01T00:00:00", "2028-02-29T08:00:00", NULL},
	    {MONTHLY(31, 8, 0), "2026-04-30T08:00:00", "2026-05-31T08:00:00", NULL},
	    {MONTHLY(30, 8, 0), "2026-02-01T00:00:00", "2026-02-28T08:00:00", NULL},
	    {MONTHLY(30, 8, 0), "2026-02-28T08:00:00", "2026-03-30T08:00:00", NULL},
	    {MONTHLY(30, 8, 0), "2026-03-30T08:00:00", "2026-04-30T08:00:00", NULL},
	    {MONTHLY(29, 8, 0), "2026-02-01T00:00:00", "2026-02-28T08:00:00", NULL},
	    {MONTHLY(29, 8, 0), "2028-02-01T00:00:00", "2028-02-29T08:00:00", NULL},
	    {MONTHLY(29, 8, 0), "2028-02-29T08:00:00", "2028-03-29T08:00:00", NULL},
	    {MINUTELY(0), "2026-11-24T10:00:00", "2026-11-24T10:01:00", NULL},
	    {MINUTELY(1), "2026-11-24T10:00:59.9", "2026-11-24T10:01:00", NULL},
	    {MINUTELY(5), "2026-11-24T10:02:00", "2026-11-24T10:03:00", NULL},
	    {MINUTELY(5), "2026-11-24T10:03:00", "2026-11-24T10:08:00", "2026-11-24T10:02:00"},
	    /* Clocks go forward on 29 March at 02:00, and back on 25 October at 03:00. */
	    {DAILY(2, 30), "2026-03-28T12:00:00", "2026-03-29T03:00:00", NULL},
	    {DAILY(2, 30), "2026-03-29T03:00:00", "2026-03-30T02:30:00", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct made m =
		    make(&rows[i].rule, local(rows[i].saved ? rows[i].saved : rows[i].now));

		if (next(&m, local(rows[i].now)) != local(rows[i].due))
			fail_msg(
			    "row %zu: at %s is not due at %s", i, rows[i].now, rows[i].due);
	}
}

static void
what_is_doubled_by_a_clock_change_is_due_once(void **state)
{
	static const struct job_rule rule = DAILY(2, 30);
	int64_t before_us = local("2026-10-24T12:00:00"), due_us;
	struct made m = make(&rule, before_us);

	(void)state;
	due_us = next(&m, next(&m, before_us));
	assert_int_equal(due_us, local("2026-10-26T02:30:00"));
}

static void
on_demand_is_never_due(void **state)
{
	static const struct job_rule rule = ON_DEMAND;
	struct made m = make(&rule, 0);

	(void)state;
	assert_int_equal(m.count, 0);
	assert_true(job_rule_matches(&rule, &amsterdam, m.triggers, m.count));
}

/* Also of triggers of which nobody knows any more what rule they come from. The 29th and the 30th
 * are two triggers, which no rule can be told from. */
static void
a_rule_is_known_again_by_its_triggers(void **state)
{
	static const struct {
		struct job_rule rule;
		bool lost;
	} rows[] = {
	    {MINUTELY(1), false},
	    {MINUTELY(7), false},
	    {HOURLY(1, 59), false},
	    {HOURLY(5, 30), false},
	    {DAILY(0, 0), false},
	    {WEEKLY(1, 23, 59), false},
	    {WEEKLY(7, 1, 2), false},
	    {MONTHLY(1, 1, 2), false},
	    {MONTHLY(28, 1, 2), false},
	    {MONTHLY(29, 1, 2), true},
	    {MONTHLY(30, 1, 2), true},
	    {MONTHLY(31, 1, 2), false},
	    {ON_DEMAND, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct made m = make(&rows[i].rule, local("2026-11-24T10:31:12"));
		struct job_rule again = job_rule_of(&amsterdam, m.triggers, m.count);

		for (size_t j = 0; j < COUNT(rows); j++)
			assert_int_equal(
			    job_rule_matches(&rows[j].rule, &amsterdam, m.triggers, m.count),
			    i == j);
		if (rows[i].lost)
			assert_int_equal(again.repeat, JOB_ON_DEMAND);
		else if (!job_rule_same(&again, &rows[i].rule))
			fail_msg("row %zu comes back as another rule: %d", i, again.repeat);
	}
}

static void
triggers_of_another_door_are_the_rule_that_they_amount_to(void **state)
{
	static const struct {
		const char *cron;
		struct job_rule rule;
	} rows[] = {
	    {"* * * * *", MINUTELY(1)},
	    {"*/5 * * * *", MINUTELY(5)},
	    {"0-59/30 * * * *", MINUTELY(30)},
	    {"*/7 * * * *", ON_DEMAND},
	    {"5-59/10 * * * *", ON_DEMAND},
	    {"0 * * * *", HOURLY(1, 0)},
	    {"@hourly", HOURLY(1, 0)},
	    {"0 */2 * * *", ON_DEMAND},
	    {"@daily", DAILY(0, 0)},
	    {"30 2 * * 0-6", DAILY(2, 30)},
	    {"30 2 * * 1-5", ON_DEMAND},
	    {"30 2 * * 7", WEEKLY(1, 2, 30)},
	    {"30 2 * * FRI", WEEKLY(6, 2, 30)},
	    {"30 2 1-31 * FRI", ON_DEMAND},
	    {"30 2 * * FRIL", ON_DEMAND},
	    {"30 2 15 * *", MONTHLY(15, 2, 30)},
	    {"30 2 15 * 1", ON_DEMAND},
	    {"30 2 15W * *", ON_DEMAND},
	    {"30 2 15W,L * *", ON_DEMAND},
	    {"30 2 31 * *", ON_DEMAND},
	    {"30 2 L * *", MONTHLY(31, 2, 30)},
	    {"30 2 L-1 * *", ON_DEMAND},
	    {"30 2 15,L * *", ON_DEMAND},
	    {"30 2 15 3 *", ON_DEMAND},
	    {"30 2,3 * * *", ON_DEMAND},
	    {"0 30 2 * * *", DAILY(2, 30)},
	    {"1 30 2 * * *", ON_DEMAND},
	    {"0 30 2 * * * 2027", ON_DEMAND},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct trigger t = {.kind = TRIGGER_CRON,
		    .expression = rows[i].cron,
		    .time_zone = amsterdam.name};
		struct job_rule rule;
		struct err err;

		if (cron_parse(rows[i].cron, 0, &t.cron, &err))
			fail_msg("%s: %s", rows[i].cron, err.text);
		rule = job_rule_of(&amsterdam, &t, 1);
		if (!job_rule_same(&rule, &rows[i].rule))
			fail_msg("%s: %d", rows[i].cron, rule.repeat);
	}
}

static void
what_no_rule_can_say_is_on_demand(void **state)
{
	static const struct job_rule daily = DAILY(2, 30);
	struct made m = make(&daily, 0);
	struct trigger t = *m.triggers, two[2] = {t, t};

	(void)state;
	assert_int_equal(job_rule_of(&amsterdam, two, 2).repeat, JOB_ON_DEMAND);
	assert_int_equal(job_rule_of(&amsterdam, NULL, 0).repeat, JOB_ON_DEMAND);
	t.time_zone = "Asia/Tokyo";
	assert_int_equal(job_rule_of(&amsterdam, &t, 1).repeat, JOB_ON_DEMAND);
	/* The server's zone was another when it was said. */
	assert_true(job_rule_matches(&daily, &amsterdam, &t, 1));
	t = *m.triggers;
	t.dst_gap = DST_GAP_SKIP;
	assert_int_equal(job_rule_of(&amsterdam, &t, 1).repeat, JOB_ON_DEMAND);
	assert_false(job_rule_matches(&daily, &amsterdam, &t, 1));
	t = (struct trigger){.kind = TRIGGER_AT, .at_us = 1};
	assert_int_equal(job_rule_of(&amsterdam, &t, 1).repeat, JOB_ON_DEMAND);
	t = (struct trigger){.kind = TRIGGER_EVERY, .every_us = 90 * SECOND_US};
	assert_int_equal(job_rule_of(&amsterdam, &t, 1).repeat, JOB_ON_DEMAND);
}

static void
a_job_says_what_its_rule_and_type_need_and_no_more(void **state)
{
	static const struct {
		struct job job;
		bool sound;
	} rows[] = {
	    {{.rule = DAILY(23, 59), .type = JOB_INTERNAL, .task = "t"}, true},
	    {{.rule = DAILY(24, 0), .type = JOB_INTERNAL, .task = "t"}, false},
	    {{.rule = DAILY(0, 60), .type = JOB_INTERNAL, .task = "t"}, false},
	    {{.rule = HOURLY(0, 0), .type = JOB_INTERNAL, .task = "t"}, false},
	    {{.rule = MINUTELY(0), .type = JOB_INTERNAL, .task = "t"}, true},
	    {{.rule = MINUTELY(-1), .type = JOB_INTERNAL, .task = "t"}, false},
	    {{.rule = WEEKLY(0, 1, 1), .type = JOB_INTERNAL, .task = "t"}, false},
	    {{.rule = WEEKLY(8, 1, 1), .type = JOB_INTERNAL, .task = "t"}, false},
	    {{.rule = MONTHLY(0, 1, 1), .type = JOB_INTERNAL, .task = "t"}, false},
	    {{.rule = MONTHLY(32, 1, 1), .type = JOB_INTERNAL, .task = "t"}, false},
	    {{.rule = {JOB_DAILY, 1, 1, 0, 0, 0, 5}, .type = JOB_INTERNAL, .task = "t"}, false},
	    {{.rule = {JOB_DAILY, 1, 1, 0, 0, 5, 0}, .type = JOB_INTERNAL, .task = "t"}, false},
	    {{.rule = {JOB_DAILY, 2, 1, 0, 0, 0, 0}, .type = JOB_INTERNAL, .task = "t"}, false},
	    {{.rule = {JOB_DAILY, 1, 2, 0, 0, 0, 0}, .type = JOB_INTERNAL, .task = "t"}, false},
	    {{.rule = {JOB_HOURLY, 1, 1, 0, 5, 0, 0}, .type = JOB_INTERNAL, .task = "t"},
		false},
	    {{.rule = {JOB_ON_DEMAND, 1, 1, 0, 0, 0, 0}, .type = JOB_INTERNAL, .task = "t"},
		false},
	    {{.rule = {0}, .type = JOB_INTERNAL, .task = "t"}, false},
	    {{.rule = ON_DEMAND, .type = JOB_INTERNAL, .task = "t"}, true},
	    {{.rule = ON_DEMAND, .type = JOB_INTERNAL}, false},
	    {{.rule = ON_DEMAND, .type = JOB_INTERNAL, .task = "t", .query_id = 1}, false},
	    {{.rule = ON_DEMAND, .type = JOB_QUERY, .query_id = 1, .query_title = "q"}, true},
	    {{.rule = ON_DEMAND, .type = JOB_QUERY, .query_id = 1}, false},
	    {{.rule = ON_DEMAND, .type = JOB_QUERY, .query_title = "q"}, false},
	    {{.rule = ON_DEMAND,
		 .type = JOB_QUERY,
		 .query_id = 1,
		 .query_title = "q",
		 .task = "t"},
		false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (job_is_sound(&rows[i].job) != rows[i].sound)
			fail_msg("row %zu", i);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_rule_is_due_when_the_contract_says),
	    cmocka_unit_test(what_is_doubled_by_a_clock_change_is_due_once),
	    cmocka_unit_test(on_demand_is_never_due),
	    cmocka_unit_test(a_rule_is_known_again_by_its_triggers),
	    cmocka_unit_test(triggers_of_another_door_are_the_rule_that_they_amount_to),
	    cmocka_unit_test(what_no_rule_can_say_is_on_demand),
	    cmocka_unit_test(a_job_says_what_its_rule_and_type_need_and_no_more),
	};

	return cmocka_run_group_tests(tests, open_zones, close_zones);
}
