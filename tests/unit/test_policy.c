/* What the master decides, with a clock of its own and children that do as they are told. */
#include "app/policy.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"

#define S INT64_C(1000000)

enum { WORKER = SLOT_WORKERS };

struct bench {
	struct policy p;
	int64_t now;
	struct buf told; /* every action in a word or two, since the last look */
	int signalled[SLOT_COUNT];
	int recoveries;
	bool ended;
};

static const struct policy_limits two_to_four = {2, 4, 20 * S};

static void
add_child(struct buf *b, int slot)
{
	if (slot == SLOT_SCHEDULER)
		buf_adds(b, "scheduler");
	else if (slot == SLOT_RECOVERY)
		buf_adds(b, "recovery");
	else if (slot == SLOT_RUNNER)
		buf_adds(b, "runner");
	else
		buf_addf(b, "w%d", slot);
}

static const char *
name_of(int signal)
{
	return signal == SIGKILL   ? "KILL"
	       : signal == SIGTERM ? "TERM"
	       : signal == SIGHUP  ? "HUP"
	       : signal == SIGUSR1 ? "USR1"
				   : "?";
}

static void
note(struct bench *b, const struct policy_action *a)
{
	if (b->told.len)
		buf_adds(&b->told, ", ");
	switch (a->verb) {
	case POLICY_START:
		buf_addc(&b->told, '+');
		add_child(&b->told, a->slot);
		b->recoveries += a->slot == SLOT_RECOVERY;
		b->signalled[a->slot] = 0;
		break;
	case POLICY_SIGNAL:
		buf_addf(&b->told, "%s ", name_of(a->signal));
		add_child(&b->told, a->slot);
		b->signalled[a->slot] = a->signal;
		break;
	case POLICY_WAIT:
		buf_addf(&b->told, "wait %ds", (int)(a->delay_us / S));
		break;
	case POLICY_READY:
		buf_adds(&b->told, "ready");
		break;
	case POLICY_END:
		buf_addf(&b->told, "end %d", a->exit_code);
		b->ended = true;
		break;
	}
}

/* Do everything that is to be done now; answers it in words, until the next call. */
static const char *
acts(struct bench *b)
{
	struct policy_action a;
	int steps = 0;

	buf_reset(&b->told);
	while (policy_next(&b->p, b->now, &a)) {
		/* It must come to an end of its own accord. */
		assert_true(++steps < 1000);
		note(b, &a);
	}
	assert_true(policy_wake(&b->p, b->now) > b->now);
	return b->told.data ? b->told.data : "";
}

static void
ends(struct bench *b, int slot, enum policy_end how)
{
	policy_ended(&b->p, slot, how, true, b->now);
}

/* Whoever was sent SIGKILL is reaped. */
static void
the_killed_end(struct bench *b)
{
	for (int slot = 0; slot < SLOT_COUNT; slot++) {
		if (b->p.children[slot].alive && b->signalled[slot] == SIGKILL)
			ends(b, slot, END_KILLED);
	}
}

static struct bench
begun(const struct policy_limits *limits)
{
	struct bench b = {.now = 1000 * S};

	policy_init(&b.p, limits, b.now);
	return b;
}

static struct bench
serving(void)
{
	struct bench b = begun(&two_to_four);

	acts(&b);
	ends(&b, SLOT_RECOVERY, END_CLEAN);
	acts(&b);
	return b;
}

/* The whole way from a loss to the next service. */
static void
recover(struct bench *b)
{
	acts(b);
	the_killed_end(b);
	acts(b);
	while (!b->p.children[SLOT_RECOVERY].alive) {
		b->now = policy_wake(&b->p, b->now);
		acts(b);
	}
	ends(b, SLOT_RECOVERY, END_CLEAN);
}

static void
nobody_starts_before_the_store_is_recovered(void **state)
{
	struct bench b = begun(&two_to_four);

	(void)state;
	assert_string_equal(acts(&b), "+recovery");
	b.now += 60 * S;
	assert_string_equal(acts(&b), "");
	ends(&b, SLOT_RECOVERY, END_CLEAN);
	assert_string_equal(acts(&b), "+runner, +scheduler, +w1, +w2, ready");
	assert_string_equal(acts(&b), "");
	buf_release(&b.told);
}

static void
any_abnormal_end_kills_all_users_of_the_store_and_recovers_when_all_are_reaped(void **state)
{
	static const struct {
		int slot;
		enum policy_end how;
		const char *kills;
	} cases[] = {
	    {WORKER, END_KILLED, "KILL scheduler, KILL w2"},
	    {WORKER + 1, END_FAILED, "KILL scheduler, KILL w1"},
	    {SLOT_SCHEDULER, END_KILLED, "KILL w1, KILL w2"},
	    {SLOT_SCHEDULER, END_FAILED, "KILL w1, KILL w2"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct bench b = serving();
		bool first = true;

		ends(&b, cases[i].slot, cases[i].how);
		assert_string_equal(acts(&b), cases[i].kills);
		/* As long as one of them is not reaped nothing happens, however long it takes.
		 */
		for (int slot = 0; slot < SLOT_COUNT; slot++) {
			if (b.signalled[slot] != SIGKILL || !b.p.children[slot].alive)
				continue;
			if (!first)
				ends(&b, slot, END_KILLED);
			else
				first = false;
		}
		b.now += 3600 * S;
		assert_string_equal(acts(&b), "");
		the_killed_end(&b);
		assert_string_equal(acts(&b), "+recovery");
		ends(&b, SLOT_RECOVERY, END_CLEAN);
		assert_string_equal(acts(&b), "+scheduler, +w1, +w2, ready");
		buf_release(&b.told);
	}
}

static void
the_runner_outlives_a_recovery(void **state)
{
	struct bench b = serving();

	(void)state;
	ends(&b, WORKER, END_KILLED);
	recover(&b);
	assert_int_equal(b.signalled[SLOT_RUNNER], 0);
	assert_true(b.p.children[SLOT_RUNNER].alive);
	buf_release(&b.told);
}

static void
a_dead_runner_gets_a_successor_when_its_scheduler_has_left_and_nothing_else_happens(
    void **state)
{
	struct bench b = serving();

	(void)state;
	ends(&b, SLOT_RUNNER, END_KILLED);
	assert_string_equal(acts(&b), "HUP scheduler");
	b.now += S;
	assert_string_equal(acts(&b), "");
	ends(&b, SLOT_SCHEDULER, END_CLEAN);
	assert_string_equal(acts(&b), "+runner, +scheduler");
	assert_int_equal(b.recoveries, 1);
	buf_release(&b.told);
}

static void
a_runner_that_dies_again_and_again_is_started_less_and_less_often(void **state)
{
	struct bench b = serving();
	int64_t longest_us = 0;

	(void)state;
	for (int i = 0; i < 20; i++) {
		int64_t died = b.now;

		ends(&b, SLOT_RUNNER, END_FAILED);
		acts(&b);
		ends(&b, SLOT_SCHEDULER, END_CLEAN);
		acts(&b);
		while (!b.p.children[SLOT_RUNNER].alive) {
			b.now = policy_wake(&b.p, b.now);
			acts(&b);
		}
		if (i < 4)
			assert_int_equal(b.now, died);
		longest_us = b.now - died > longest_us ? b.now - died : longest_us;
	}
	assert_int_equal(longest_us, 30 * S);
	assert_int_equal(b.recoveries, 1);
	buf_release(&b.told);
}

static void
a_stuck_child_is_taken_for_dead(void **state)
{
	static const int slots[] = {SLOT_SCHEDULER, WORKER};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct bench b = serving();

		policy_stuck(&b.p, slots[i]);
		assert_string_equal(acts(&b), "KILL scheduler, KILL w1, KILL w2");
		recover(&b);
		assert_string_equal(acts(&b), "+scheduler, +w1, +w2, ready");
		buf_release(&b.told);
	}
}

static void
a_stuck_recovery_is_killed_and_made_again(void **state)
{
	struct bench b = begun(&two_to_four);

	(void)state;
	acts(&b);
	policy_stuck(&b.p, SLOT_RECOVERY);
	assert_string_equal(acts(&b), "KILL recovery");
	the_killed_end(&b);
	assert_string_equal(acts(&b), "+recovery");
	buf_release(&b.told);
}

static void
what_is_said_of_the_dead_changes_nothing(void **state)
{
	struct bench b = serving();

	(void)state;
	policy_stuck(&b.p, WORKER + 5);
	policy_observe(&b.p, WORKER + 5, true);
	assert_string_equal(acts(&b), "");
	buf_release(&b.told);
}

static void
a_loop_of_crashes_is_spread_out(void **state)
{
	struct bench b = serving();
	int64_t begin = b.now, last = b.now, gap = 0;

	(void)state;
	for (int i = 0; i < 30; i++) {
		ends(&b, WORKER, END_KILLED);
		recover(&b);
		acts(&b);
		gap = b.now - last;
		last = b.now;
		if (i < 4)
			assert_int_equal(b.now, begin);
	}
	assert_int_equal(gap, 30 * S);

	/* A quiet time later it is forgotten. */
	b.now += 60 * S;
	last = b.now;
	ends(&b, WORKER, END_KILLED);
	recover(&b);
	assert_int_equal(b.now, last);
	buf_release(&b.told);
}

static void
the_delay_of_a_recovery_is_told(void **state)
{
	struct bench b = serving();

	(void)state;
	for (int i = 0; i < 4; i++) {
		ends(&b, WORKER, END_KILLED);
		recover(&b);
		acts(&b);
	}
	ends(&b, WORKER, END_KILLED);
	acts(&b);
	the_killed_end(&b);
	assert_string_equal(acts(&b), "wait 1s");
	assert_string_equal(acts(&b), "");
	b.now += S;
	assert_string_equal(acts(&b), "+recovery");
	buf_release(&b.told);
}

static void
a_first_recovery_that_fails_ends_the_start_with_code_2(void **state)
{
	struct bench b = begun(&two_to_four);

	(void)state;
	acts(&b);
	ends(&b, SLOT_RECOVERY, END_FAILED);
	assert_string_equal(acts(&b), "end 2");
	assert_string_equal(acts(&b), "");
	buf_release(&b.told);
}

static void
a_first_recovery_that_is_killed_is_made_again(void **state)
{
	struct bench b = begun(&two_to_four);

	(void)state;
	acts(&b);
	ends(&b, SLOT_RECOVERY, END_KILLED);
	assert_string_equal(acts(&b), "+recovery");
	buf_release(&b.told);
}

static void
a_later_recovery_that_fails_is_made_again_after_a_while(void **state)
{
	struct bench b = serving();

	(void)state;
	ends(&b, WORKER, END_KILLED);
	acts(&b);
	the_killed_end(&b);
	acts(&b);
	ends(&b, SLOT_RECOVERY, END_FAILED);
	assert_string_equal(acts(&b), "wait 1s");
	b.now += S;
	assert_string_equal(acts(&b), "+recovery");
	ends(&b, SLOT_RECOVERY, END_FAILED);
	assert_string_equal(acts(&b), "wait 2s");
	b.now += 2 * S;
	assert_string_equal(acts(&b), "+recovery");
	ends(&b, SLOT_RECOVERY, END_CLEAN);
	assert_string_equal(acts(&b), "+scheduler, +w1, +w2, ready");
	buf_release(&b.told);
}

static void
what_cannot_be_started_is_tried_again_a_second_later(void **state)
{
	struct bench b = begun(&two_to_four);

	(void)state;
	acts(&b);
	policy_not_started(&b.p, SLOT_RECOVERY, b.now);
	assert_string_equal(acts(&b), "");
	b.now = policy_wake(&b.p, b.now);
	acts(&b);
	b.now += S;
	assert_string_equal(acts(&b), "+recovery");
	ends(&b, SLOT_RECOVERY, END_CLEAN);
	acts(&b);
	policy_not_started(&b.p, WORKER, b.now);
	assert_string_equal(acts(&b), "");
	b.now += S;
	assert_string_equal(acts(&b), "+w1");
	buf_release(&b.told);
}

static void
a_worker_that_retires_is_replaced_at_once(void **state)
{
	struct bench b = serving();

	(void)state;
	for (int i = 0; i < 20; i++) {
		policy_ended(&b.p, WORKER, END_CLEAN, true, b.now);
		assert_string_equal(acts(&b), "+w1");
	}
	buf_release(&b.told);
}

static void
workers_that_leave_without_having_served_are_not_replaced_in_a_frenzy(void **state)
{
	struct bench b = serving();
	int starts = 0;

	(void)state;
	for (int64_t end = b.now + 60 * S; b.now < end; b.now = policy_wake(&b.p, b.now)) {
		if (b.p.children[WORKER].alive)
			policy_ended(&b.p, WORKER, END_CLEAN, false, b.now);
		acts(&b);
		starts += b.p.children[WORKER].alive;
	}
	assert_in_range(starts, 5, 15);
	buf_release(&b.told);
}

/* ---- reload ---------------------------------------------------------------------------- */

static void
a_reload_starts_the_new_before_the_old_leave(void **state)
{
	struct bench b = serving();
	const struct policy_limits three = {3, 4, 20 * S};

	(void)state;
	policy_reload(&b.p, &three);
	assert_string_equal(acts(&b), "HUP scheduler, +w3, +w4, +w5, USR1 w1, USR1 w2");
	ends(&b, WORKER, END_CLEAN);
	ends(&b, SLOT_SCHEDULER, END_CLEAN);
	ends(&b, WORKER + 1, END_CLEAN);
	assert_string_equal(acts(&b), "+scheduler");
	assert_int_equal(b.recoveries, 1);
	buf_release(&b.told);
}

static void
reloads_in_a_row_leave_one_generation(void **state)
{
	struct bench b = serving();
	int alive = 0;

	(void)state;
	for (int i = 0; i < 100; i++) {
		policy_reload(&b.p, &two_to_four);
		acts(&b);
	}
	for (int round = 0; round < 100; round++) {
		for (int slot = 0; slot < SLOT_RECOVERY; slot++) {
			if (b.p.children[slot].alive && b.signalled[slot])
				ends(&b, slot, END_CLEAN);
		}
		acts(&b);
	}
	for (int slot = WORKER; slot < BOARD_SLOTS; slot++)
		alive += b.p.children[slot].alive;
	assert_int_equal(alive, 2);
	assert_int_equal(b.recoveries, 1);
	buf_release(&b.told);
}

static void
a_worker_that_is_replaced_may_take_its_time_for_a_slow_client(void **state)
{
	struct bench b = serving();
	const struct policy_limits hasty = {2, 4, 0};

	(void)state;
	policy_reload(&b.p, &hasty);
	assert_string_equal(acts(&b), "HUP scheduler, +w3, +w4, USR1 w1, USR1 w2");
	ends(&b, SLOT_SCHEDULER, END_CLEAN);
	assert_string_equal(acts(&b), "+scheduler");
	b.now += 600 * S;
	assert_string_equal(acts(&b), "");
	ends(&b, WORKER, END_CLEAN);
	assert_string_equal(acts(&b), "");
	assert_int_equal(b.recoveries, 1);
	buf_release(&b.told);
}

static void
a_scheduler_that_does_not_leave_is_taken_for_dead(void **state)
{
	struct bench b = serving();

	(void)state;
	policy_reload(&b.p, &two_to_four);
	acts(&b);
	b.now += 31 * S;
	assert_string_equal(acts(&b), "KILL scheduler, KILL w1, KILL w2, KILL w3, KILL w4");
	buf_release(&b.told);
}

/* ---- the pool -------------------------------------------------------------------------- */

static void
all_busy(struct bench *b, bool busy)
{
	for (int slot = WORKER; slot < BOARD_SLOTS; slot++)
		policy_observe(&b->p, slot, busy);
}

static void
the_pool_grows_while_all_are_busy_up_to_its_limit(void **state)
{
	struct bench b = serving();

	(void)state;
	all_busy(&b, true);
	policy_tick(&b.p, b.now);
	assert_string_equal(acts(&b), "+w3");
	policy_tick(&b.p, b.now);
	assert_string_equal(acts(&b), "");
	all_busy(&b, true);
	policy_tick(&b.p, b.now);
	assert_string_equal(acts(&b), "+w4");
	all_busy(&b, true);
	policy_tick(&b.p, b.now);
	assert_string_equal(acts(&b), "");
	buf_release(&b.told);
}

static void
the_pool_shrinks_when_one_was_idle_for_long_down_to_its_limit(void **state)
{
	struct bench b = serving();

	(void)state;
	for (int i = 0; i < 2; i++) {
		all_busy(&b, true);
		policy_tick(&b.p, b.now);
		acts(&b);
	}
	all_busy(&b, false);
	policy_tick(&b.p, b.now);
	b.now += 29 * S;
	policy_tick(&b.p, b.now);
	assert_string_equal(acts(&b), "");
	b.now += 2 * S;
	policy_tick(&b.p, b.now);
	assert_string_equal(acts(&b), "USR1 w4");
	ends(&b, WORKER + 3, END_CLEAN);
	policy_tick(&b.p, b.now);
	assert_string_equal(acts(&b), "USR1 w3");
	ends(&b, WORKER + 2, END_CLEAN);
	b.now += 3600 * S;
	policy_tick(&b.p, b.now);
	assert_string_equal(acts(&b), "");
	buf_release(&b.told);
}

/* ---- stop ------------------------------------------------------------------------------ */

static void
a_stop_asks_workers_then_the_scheduler_then_the_runner(void **state)
{
	struct bench b = serving();

	(void)state;
	policy_stop(&b.p);
	assert_string_equal(acts(&b), "TERM w1, TERM w2");
	ends(&b, WORKER, END_CLEAN);
	assert_string_equal(acts(&b), "");
	ends(&b, WORKER + 1, END_CLEAN);
	assert_string_equal(acts(&b), "TERM scheduler");
	ends(&b, SLOT_SCHEDULER, END_CLEAN);
	assert_string_equal(acts(&b), "TERM runner");
	ends(&b, SLOT_RUNNER, END_CLEAN);
	assert_string_equal(acts(&b), "end 0");
	buf_release(&b.told);
}

static void
a_stop_during_a_reload_reaches_those_that_were_told_to_leave(void **state)
{
	struct bench b = serving();

	(void)state;
	policy_reload(&b.p, &two_to_four);
	acts(&b);
	policy_stop(&b.p);
	assert_string_equal(acts(&b), "TERM w1, TERM w2, TERM w3, TERM w4");
	buf_release(&b.told);
}

/* Commands have their time to end by themselves, also when the stop comes while one scheduler
 * takes over from another. */
static void
a_stop_between_two_schedulers_has_another_wait_for_the_commands(void **state)
{
	static const char *const then[] = {"TERM w1, TERM w2", "+scheduler, TERM scheduler"};

	(void)state;
	for (int has_left = 0; has_left < 2; has_left++) {
		struct bench b = serving();

		b.p.generation++; /* as a reload, but for the workers */
		b.p.children[WORKER].generation++;
		b.p.children[WORKER + 1].generation++;
		assert_string_equal(acts(&b), "HUP scheduler");
		if (has_left)
			ends(&b, SLOT_SCHEDULER, END_CLEAN);
		policy_stop(&b.p);
		assert_string_equal(acts(&b), then[0]);
		ends(&b, WORKER, END_CLEAN);
		ends(&b, WORKER + 1, END_CLEAN);
		if (!has_left) {
			assert_string_equal(acts(&b), "TERM scheduler");
			ends(&b, SLOT_SCHEDULER, END_CLEAN);
		}
		assert_string_equal(acts(&b), then[1]);
		ends(&b, SLOT_SCHEDULER, END_CLEAN);
		assert_string_equal(acts(&b), "TERM runner");
		ends(&b, SLOT_RUNNER, END_CLEAN);
		assert_string_equal(acts(&b), "end 0");
		buf_release(&b.told);
	}
}

/* It is tried once: a stop comes to its end in any case. */
static void
a_scheduler_that_cannot_be_started_does_not_hold_up_a_stop(void **state)
{
	struct bench b = serving();
	struct policy_action a;

	(void)state;
	policy_reload(&b.p, &two_to_four);
	acts(&b);
	ends(&b, SLOT_SCHEDULER, END_CLEAN);
	policy_stop(&b.p);
	acts(&b);
	for (int i = 0; i < 4; i++)
		ends(&b, WORKER + i, END_CLEAN);
	assert_true(policy_next(&b.p, b.now, &a));
	assert_int_equal(a.verb, POLICY_START);
	policy_not_started(&b.p, SLOT_SCHEDULER, b.now);
	assert_string_equal(acts(&b), "TERM runner");
	buf_release(&b.told);
}

static void
a_reload_during_a_stop_changes_nothing(void **state)
{
	struct bench b = serving();

	(void)state;
	policy_stop(&b.p);
	acts(&b);
	policy_reload(&b.p, &two_to_four);
	assert_string_equal(acts(&b), "");
	buf_release(&b.told);
}

static void
who_does_not_drain_in_time_is_killed_and_the_stop_goes_on(void **state)
{
	struct bench b = serving();

	(void)state;
	policy_stop(&b.p);
	acts(&b);
	ends(&b, WORKER, END_CLEAN);
	b.now += 21 * S;
	assert_string_equal(acts(&b), "KILL scheduler, KILL w2");
	the_killed_end(&b);
	assert_string_equal(acts(&b), "TERM runner");
	b.now += 6 * S;
	assert_string_equal(acts(&b), "KILL runner");
	ends(&b, SLOT_RUNNER, END_KILLED);
	assert_string_equal(acts(&b), "end 0");
	buf_release(&b.told);
}

static void
a_second_stop_kills_everybody_at_once(void **state)
{
	struct bench b = serving();

	(void)state;
	policy_stop(&b.p);
	acts(&b);
	policy_stop(&b.p);
	assert_string_equal(acts(&b), "KILL scheduler, KILL w1, KILL w2, KILL runner");
	the_killed_end(&b);
	assert_string_equal(acts(&b), "end 0");
	buf_release(&b.told);
}

static void
a_crash_during_a_stop_is_left_to_the_next_start(void **state)
{
	struct bench b = serving();

	(void)state;
	policy_stop(&b.p);
	acts(&b);
	ends(&b, WORKER, END_KILLED);
	assert_string_equal(acts(&b), "KILL scheduler, KILL w2");
	the_killed_end(&b);
	assert_string_equal(acts(&b), "TERM runner");
	ends(&b, SLOT_RUNNER, END_CLEAN);
	assert_string_equal(acts(&b), "end 0");
	assert_int_equal(b.recoveries, 1);
	buf_release(&b.told);
}

static void
a_stop_during_a_recovery_ends_it(void **state)
{
	struct bench b = begun(&two_to_four);

	(void)state;
	acts(&b);
	policy_stop(&b.p);
	assert_string_equal(acts(&b), "KILL recovery");
	the_killed_end(&b);
	assert_string_equal(acts(&b), "end 0");
	policy_stop(&b.p);
	assert_string_equal(acts(&b), "");
	buf_release(&b.told);
}

/* ---- whatever happens ------------------------------------------------------------------ */

/* Small, and the same on every machine. */
static unsigned
chance(unsigned *seed, unsigned below)
{
	*seed = *seed * 1103515245 + 12345;
	return (*seed >> 16) % below;
}

/* Never is the store recovered while one of its users lives, and never used while it is. */
static void
check_store_rule(const struct bench *b)
{
	bool users = false;

	for (int slot = 0; slot < SLOT_RECOVERY; slot++)
		users |= b->p.children[slot].alive;
	assert_false(users && b->p.children[SLOT_RECOVERY].alive);
}

static void
something_happens(struct bench *b, unsigned *seed)
{
	int slot = (int)chance(seed, 10);

	if (slot == 9)
		slot = SLOT_RUNNER;
	else if (slot == 8)
		slot = SLOT_RECOVERY;
	switch (chance(seed, 12)) {
	case 0:
		policy_reload(&b->p, &two_to_four);
		break;
	case 1:
		policy_stuck(&b->p, slot);
		break;
	case 2:
		policy_observe(&b->p, slot, chance(seed, 2));
		policy_tick(&b->p, b->now);
		break;
	case 3:
		the_killed_end(b);
		break;
	case 4:
		b->now += (int64_t)chance(seed, 40) * S;
		break;
	default:
		if (b->p.children[slot].alive)
			policy_ended(&b->p, slot, chance(seed, 3) ? END_CLEAN : END_KILLED,
			    chance(seed, 2), b->now);
	}
}

static void
whatever_happens_the_store_is_never_recovered_under_its_users(void **state)
{
	(void)state;
	for (unsigned run = 0; run < 200; run++) {
		struct bench b = begun(&two_to_four);
		unsigned seed = run;

		for (int i = 0; i < 300; i++) {
			struct policy_action a;

			something_happens(&b, &seed);
			while (policy_next(&b.p, b.now, &a)) {
				note(&b, &a);
				check_store_rule(&b);
			}
			buf_reset(&b.told);
			assert_true(policy_wake(&b.p, b.now) > b.now);
		}
		/* And in the end it serves: nothing got lost on the way. */
		for (int i = 0; i < 200 && !b.p.ready; i++) {
			the_killed_end(&b);
			for (int slot = 0; slot <= SLOT_RECOVERY; slot++) {
				if (b.p.children[slot].alive &&
				    (b.signalled[slot] || slot == SLOT_RECOVERY))
					ends(&b, slot, END_CLEAN);
			}
			acts(&b);
			b.now = policy_wake(&b.p, b.now);
		}
		assert_true(b.p.ready);
		buf_release(&b.told);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nobody_starts_before_the_store_is_recovered),
	    cmocka_unit_test(
		any_abnormal_end_kills_all_users_of_the_store_and_recovers_when_all_are_reaped),
	    cmocka_unit_test(the_runner_outlives_a_recovery),
	    cmocka_unit_test(
		a_dead_runner_gets_a_successor_when_its_scheduler_has_left_and_nothing_else_happens),
	    cmocka_unit_test(a_runner_that_dies_again_and_again_is_started_less_and_less_often),
	    cmocka_unit_test(a_stuck_child_is_taken_for_dead),
	    cmocka_unit_test(a_stuck_recovery_is_killed_and_made_again),
	    cmocka_unit_test(what_is_said_of_the_dead_changes_nothing),
	    cmocka_unit_test(a_loop_of_crashes_is_spread_out),
	    cmocka_unit_test(the_delay_of_a_recovery_is_told),
	    cmocka_unit_test(a_first_recovery_that_fails_ends_the_start_with_code_2),
	    cmocka_unit_test(a_first_recovery_that_is_killed_is_made_again),
	    cmocka_unit_test(a_later_recovery_that_fails_is_made_again_after_a_while),
	    cmocka_unit_test(what_cannot_be_started_is_tried_again_a_second_later),
	    cmocka_unit_test(a_worker_that_retires_is_replaced_at_once),
	    cmocka_unit_test(
		workers_that_leave_without_having_served_are_not_replaced_in_a_frenzy),
	    cmocka_unit_test(a_reload_starts_the_new_before_the_old_leave),
	    cmocka_unit_test(reloads_in_a_row_leave_one_generation),
	    cmocka_unit_test(a_worker_that_is_replaced_may_take_its_time_for_a_slow_client),
	    cmocka_unit_test(a_scheduler_that_does_not_leave_is_taken_for_dead),
	    cmocka_unit_test(the_pool_grows_while_all_are_busy_up_to_its_limit),
	    cmocka_unit_test(the_pool_shrinks_when_one_was_idle_for_long_down_to_its_limit),
	    cmocka_unit_test(a_stop_asks_workers_then_the_scheduler_then_the_runner),
	    cmocka_unit_test(a_stop_during_a_reload_reaches_those_that_were_told_to_leave),
	    cmocka_unit_test(a_stop_between_two_schedulers_has_another_wait_for_the_commands),
	    cmocka_unit_test(a_scheduler_that_cannot_be_started_does_not_hold_up_a_stop),
	    cmocka_unit_test(a_reload_during_a_stop_changes_nothing),
	    cmocka_unit_test(who_does_not_drain_in_time_is_killed_and_the_stop_goes_on),
	    cmocka_unit_test(a_second_stop_kills_everybody_at_once),
	    cmocka_unit_test(a_crash_during_a_stop_is_left_to_the_next_start),
	    cmocka_unit_test(a_stop_during_a_recovery_ends_it),
	    cmocka_unit_test(whatever_happens_the_store_is_never_recovered_under_its_users),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
