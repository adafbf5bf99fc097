/* Retries: which failures are followed by another attempt, and when it is due. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/retry.h"

static struct attempt attempts[] = {
    {.number = 4, .start_us = 900 * SECOND_US, .end_us = 1000 * SECOND_US, .exit_code = 1}};

static struct task
task_with(struct retries r)
{
	attempts[0].exit_code = 1;
	attempts[0].signal = 0;
	attempts[0].retry_after_us = 0;
	attempts[0].http_status = 0;
	return (struct task){
	    .id = 7, .def.retries = r, .attempts = attempts, .attempt_count = 1};
}

/* ---- which failures ---- */

static void
a_cause_is_an_exit_code_a_range_of_them_or_a_word(void **state)
{
	static const char *const good[] = {
	    "1", "255", "64-78", "7-7", "007", "signal", "timeout", "unstarted"};
	static const char *const bad[] = {"", "0", "256", "1-256", "0-5", "8-7", "1-", "-1",
	    "1-2-3", " 1", "1 ", "0x1", "1000000000000000000000", "lost", "Timeout", "5xx"};

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_true(retry_cause_valid(good[i], false));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		if (retry_cause_valid(bad[i], false))
			fail_msg("\"%s\" was taken for a cause", bad[i]);
	}
}

static void
of_a_request_it_is_a_status_a_range_of_them_a_class_or_a_word(void **state)
{
	static const char *const good[] = {
	    "100", "599", "500-504", "4xx", "5xx", "timeout", "unstarted"};
	static const char *const bad[] = {
	    "", "99", "600", "500-600", "0xx", "6xx", "5x", "5xxx", "5xx-599", "signal"};

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_true(retry_cause_valid(good[i], true));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		if (retry_cause_valid(bad[i], true))
			fail_msg("\"%s\" was taken for a cause", bad[i]);
	}
}

/* A status is followed by another attempt with these causes. */
static void
each_failure_has_its_causes(void **state)
{
	static const struct {
		const char *on[3];
		enum task_status status;
		int32_t exit_code, signal;
		bool follows;
		int32_t http_status;
	} cases[] = {
	    {{NULL}, TASK_FAILED, 1, 0, true},
	    {{NULL}, TASK_FAILED, -1, 9, true},
	    {{NULL}, TASK_FAILED, -1, 0, true},
	    {{NULL}, TASK_TIMED_OUT, -1, 15, true},
	    {{NULL}, TASK_SUCCEEDED, 0, 0, false},
	    {{NULL}, TASK_CANCELLED, -1, 15, false},
	    {{NULL}, TASK_LOST, -1, 0, false},
	    {{"75"}, TASK_FAILED, 75, 0, true},
	    {{"75"}, TASK_FAILED, 74, 0, false},
	    {{"75"}, TASK_FAILED, -1, 75, false},
	    {{"75"}, TASK_TIMED_OUT, 75, 0, false},
	    {{"1", "64-78"}, TASK_FAILED, 64, 0, true},
	    {{"1", "64-78"}, TASK_FAILED, 78, 0, true},
	    {{"1", "64-78"}, TASK_FAILED, 79, 0, false},
	    {{"signal"}, TASK_FAILED, -1, 11, true},
	    {{"signal"}, TASK_FAILED, 1, 0, false},
	    {{"signal"}, TASK_FAILED, -1, 0, false},
	    {{"signal"}, TASK_TIMED_OUT, -1, 15, false},
	    {{"timeout"}, TASK_TIMED_OUT, -1, 15, true},
	    {{"timeout"}, TASK_FAILED, 1, 0, false},
	    {{"unstarted"}, TASK_FAILED, -1, 0, true},
	    {{"unstarted"}, TASK_FAILED, -1, 9, false},
	    {{"unstarted"}, TASK_FAILED, 1, 0, false},
	    {{"503"}, TASK_FAILED, -1, 0, true, 503},
	    {{"5xx"}, TASK_FAILED, -1, 0, true, 503},
	    {{"4xx", "500-502"}, TASK_FAILED, -1, 0, false, 503},
	    {{"unstarted"}, TASK_FAILED, -1, 0, false, 503},
	    {{"unstarted", "5xx"}, TASK_FAILED, -1, 0, true, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *on[3] = {cases[i].on[0], cases[i].on[1]};
		struct task t = task_with((struct retries){.max = 1, .on = on});

		while (on[t.def.retries.on_count])
			t.def.retries.on_count++;
		attempts[0].exit_code = cases[i].exit_code;
		attempts[0].signal = cases[i].signal;
		attempts[0].http_status = cases[i].http_status;
		if (retry_follows(&t, cases[i].status) != cases[i].follows)
			fail_msg("case %zu", i);
	}
}

static void
none_follows_when_all_were_made(void **state)
{
	struct task t = task_with((struct retries){.max = 2});

	(void)state;
	assert_true(retry_follows(&t, TASK_FAILED));
	t.retries = 1;
	assert_true(retry_follows(&t, TASK_FAILED));
	t.retries = 2;
	assert_false(retry_follows(&t, TASK_FAILED));
	t.def.retries.max = t.retries = 0;
	assert_false(retry_follows(&t, TASK_FAILED));
}

/* ---- when ---- */

/* How long after the end of the attempt before it the n-th retry is due. */
static int64_t
delay_of(struct task *t, uint32_t n)
{
	t->retries = n - 1;
	return retry_due(t, attempts[0].end_us) - attempts[0].end_us;
}

static void
the_delay_grows_by_the_factor_and_never_beyond_the_longest(void **state)
{
	static const struct {
		int64_t delay_us, max_us;
		uint32_t factor;
		int64_t expected_us[5];
	} cases[] = {
	    {10, 300, 200, {10, 20, 40, 80, 160}},
	    {10, 35, 200, {10, 20, 35, 35, 35}},
	    {10, 10, 1000, {10, 10, 10, 10, 10}},
	    {10, 300, 100, {10, 10, 10, 10, 10}},
	    {100, 10000, 150, {100, 150, 225, 337, 505}},
	    {0, 300, 1000, {0, 0, 0, 0, 0}},
	    {365 * DAY_US, 365 * DAY_US, 1000,
		{365 * DAY_US, 365 * DAY_US, 365 * DAY_US, 365 * DAY_US, 365 * DAY_US}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct task t = task_with((struct retries){.max = 100,
		    .delay_us = cases[i].delay_us,
		    .factor = cases[i].factor,
		    .max_delay_us = cases[i].max_us});

		for (uint32_t n = 1; n <= 5; n++)
			assert_int_equal(delay_of(&t, n), cases[i].expected_us[n - 1]);
		assert_true(delay_of(&t, 100) <= cases[i].max_us);
		assert_true(delay_of(&t, 100) >= cases[i].expected_us[4]);
	}
}

static void
what_was_called_may_ask_for_longer_but_not_beyond_the_longest(void **state)
{
	struct task t = task_with(
	    (struct retries){.max = 9, .delay_us = 10, .factor = 200, .max_delay_us = 100});

	(void)state;
	attempts[0].retry_after_us = 5;
	assert_int_equal(delay_of(&t, 1), 10);
	attempts[0].retry_after_us = 30;
	assert_int_equal(delay_of(&t, 1), 30);
	assert_int_equal(delay_of(&t, 3), 40);
	attempts[0].retry_after_us = INT64_MAX;
	assert_int_equal(delay_of(&t, 1), 100);
	attempts[0].retry_after_us = -1;
	assert_int_equal(delay_of(&t, 1), 10);
}

static void
jitter_is_added_within_its_bound_and_is_the_same_each_time(void **state)
{
	struct task t = task_with((struct retries){
	    .max = 9, .delay_us = 1000, .factor = 100, .max_delay_us = 1000, .jitter_us = 99});
	unsigned spread[4] = {0};

	(void)state;
	for (t.id = 1; t.id <= 1000; t.id++) {
		int64_t delay_us = delay_of(&t, 1);

		assert_in_range(delay_us, 1000, 1099);
		assert_int_equal(delay_of(&t, 1), delay_us);
		spread[(delay_us - 1000) / 25]++;
	}
	for (size_t i = 0; i < 4; i++)
		assert_in_range(spread[i], 200, 300);
	t.id = 7;
	for (uint32_t n = 1; n <= 100; n++) {
		attempts[0].number = n;
		spread[(delay_of(&t, 1) - 1000) / 25] = 0;
	}
	attempts[0].number = 4;
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(spread[i], 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_cause_is_an_exit_code_a_range_of_them_or_a_word),
	    cmocka_unit_test(of_a_request_it_is_a_status_a_range_of_them_a_class_or_a_word),
	    cmocka_unit_test(each_failure_has_its_causes),
	    cmocka_unit_test(none_follows_when_all_were_made),
	    cmocka_unit_test(the_delay_grows_by_the_factor_and_never_beyond_the_longest),
	    cmocka_unit_test(what_was_called_may_ask_for_longer_but_not_beyond_the_longest),
	    cmocka_unit_test(jitter_is_added_within_its_bound_and_is_the_same_each_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
