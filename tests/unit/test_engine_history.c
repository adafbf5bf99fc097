/*
 * Histories made by chance: schedules are made, suspended, resumed, called and deleted, time
 * passes, the clock is set, anybody dies and commits fail. Whatever happened, every due time,
 * worked out anew from the triggers, has exactly one entry in the ledger; no attempt began twice
 * (the simulation aborts if one does); nothing is stuck; and the check of the store finds
 * nothing.
 *
 * HISTORY_SEED=n tries one history again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "simulation.h"

enum { HISTORIES = 8, EVENTS = 80, SCHEDULES = 6, TRIGGERS = 3 };

struct life {
	uint64_t id;
	char name[32];
	struct trigger triggers[TRIGGERS];
	size_t trigger_count;
	int64_t created_us, start_us, end_us;
	int64_t limit_us; /* due times before this have their entry; set by the deletion */
	bool deleted;
};

static struct life lives[EVENTS];
static size_t life_count;
static uint64_t random_state;

/* Not random(): the same everywhere. xorshift64*. */
static uint32_t
below(uint32_t n)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (uint32_t)((random_state * UINT64_C(2685821657736338717)) >> 33) % n;
}

static bool
one_in(uint32_t n)
{
	return below(n) == 0;
}

/* ---- events
 * --------------------------------------------------------------------------------------- */

static struct trigger
some_trigger(void)
{
	static const char *const expressions[] = {
	    "*/7 * * * *", "30 2 * * *", "0,59 * * * *", "@hourly", "15 */5 * * 1-5"};

	switch (below(4)) {
	case 0:
		return sim_every((30 + below(7200)) * SECOND_US);
	case 1:
		return sim_at(sim.now_us + ((int64_t)below(7200) - 3600) * SECOND_US);
	default:
		return sim_cron(expressions[below(5)], one_in(2) ? "Europe/Amsterdam" : "UTC");
	}
}

static void
create(void)
{
	struct life *l = &lives[life_count];
	struct schedule s;

	*l = (struct life){.created_us = sim.now_us,
	    .start_us = INT64_MIN,
	    .end_us = INSTANT_NEVER,
	    .limit_us = INSTANT_NEVER};
	snprintf(l->name, sizeof l->name, "schedule %zu", life_count++);
	l->trigger_count = below(TRIGGERS + 1);
	for (size_t i = 0; i < l->trigger_count; i++)
		l->triggers[i] = some_trigger();
	if (one_in(4))
		l->start_us = sim.now_us + ((int64_t)below(7200) - 3600) * SECOND_US;
	if (one_in(4))
		l->end_us = sim.now_us + (7200 + below(36000)) * SECOND_US;
	s = sim_schedule(l->name, l->triggers, l->trigger_count);
	s.start_us = l->start_us;
	s.end_us = l->end_us;
	s.overlap = (enum overlap)below(4);
	s.misfire = (enum misfire)below(3);
	s.misfire_window_us = below(7200) * SECOND_US;
	s.on_lost = (enum on_lost)below(2);
	/* Bounds within which a trigger is never due are refused: it goes without them then. */
	if (service_create_schedule(&sim.sv, &sim.admin, sim.now_us, &s, &l->id, &sim.err) == 0)
		return;
	s.start_us = l->start_us = INT64_MIN;
	s.end_us = l->end_us = INSTANT_NEVER;
	l->id = sim_create(s);
}

/* A living schedule, or NULL. */
static struct life *
somebody(void)
{
	for (int i = 0; i < 10 && life_count; i++) {
		struct life *l = &lives[below((uint32_t)life_count)];

		if (!l->deleted)
			return l;
	}
	return NULL;
}

static size_t
alive(void)
{
	size_t n = 0;

	for (size_t i = 0; i < life_count; i++)
		n += !lives[i].deleted;
	return n;
}

static void
must(int rc)
{
	if (rc)
		fail_msg("%d: %s", rc, sim.err.text);
}

static void delete (struct life *l)
{
	int64_t next_us = sim_state(l->id).next_due_us;

	l->deleted = true;
	l->limit_us = next_us > sim.now_us ? next_us : sim.now_us + 1;
	must(service_delete_schedule(&sim.sv, &sim.admin, sim.now_us, l->id, &sim.err));
}

static void
set_fuses(void)
{
	sim.scheduler_fuse = one_in(3) ? 0 : 1 + below(40);
	sim.second_fuse = one_in(2) ? 0 : 1 + below(10);
	sim.runner_fuse = one_in(3) ? 0 : 1 + below(20);
	sim.die_together = one_in(4);
	sim.power_loss = one_in(4);
	sim.no_last_step = one_in(2);
	sim.restart_us = below(60) * SECOND_US;
}

static void
set_failures(void)
{
	sim.fail_code = one_in(2) ? ERR_BUSY : ERR_IO;
	sim.fail_after = below(20);
	sim.fail_count = 1 + below(3);
	sim.fail_late = one_in(2);
}

static void
happen(void)
{
	struct life *l = somebody();

	switch (l ? below(16) : 0) {
	case 0:
	case 1:
		if (alive() < SCHEDULES)
			create();
		break;
	case 2:
		must(service_suspend_schedule(&sim.sv, &sim.admin, sim.now_us, l->id,
		    one_in(2) ? "because" : NULL, &sim.err));
		break;
	case 3:
	case 4:
		must(service_resume_schedule(&sim.sv, &sim.admin, sim.now_us, l->id, &sim.err));
		break;
	case 5:
	case 6:
		sim_call(l->id);
		break;
	case 7:
		if (one_in(3))
			delete (l);
		break;
	case 8:
		sim_outage(below(4 * 3600) * SECOND_US);
		break;
	case 9:
		sim.now_us += ((int64_t)below(7200) - 3600) * SECOND_US;
		sim.bell = true;
		break;
	case 10:
	case 11:
		set_fuses();
		break;
	case 12:
		set_failures();
		break;
	case 13:
		sim.takes_us = below(600) * SECOND_US;
		sim.exit_code = one_in(4);
		break;
	default:
		sim_pass((1 + below(3600)) * SECOND_US);
		break;
	}
}

/* ---- what holds afterwards
 * ------------------------------------------------------------------------ */

/* The first due time behind `after_us`, from the triggers alone. */
static int64_t
due_behind(const struct life *l, int64_t after_us)
{
	int64_t first_us = INSTANT_NEVER;

	if (l->start_us != INT64_MIN && after_us < l->start_us)
		after_us = l->start_us - 1;
	for (size_t i = 0; i < l->trigger_count; i++) {
		const struct trigger *t = &l->triggers[i];
		const struct zone *zone = NULL;
		int64_t from_us = after_us, next_us;

		if (t->kind != TRIGGER_AT && from_us < l->created_us)
			from_us = l->created_us;
		if (t->kind == TRIGGER_CRON)
			must(zones_get(sim.zones, t->time_zone, &zone, &sim.err));
		next_us = trigger_next(t, zone, from_us);
		if (next_us < first_us)
			first_us = next_us;
	}
	return first_us < l->end_us ? first_us : INSTANT_NEVER;
}

/* Each due time has one entry, and each entry is about due times. */
static size_t
check_ledger(const struct life *l)
{
	int64_t due_us = due_behind(l, INT64_MIN);
	size_t count, ran = 0;
	struct occurrence *o = sim_ledger(l->id, &count);

	for (size_t i = 0; i < count; i++) {
		int64_t last_us = due_us;
		uint64_t n = 0;

		assert_int_equal(o[i].due_us, due_us);
		for (; due_us <= o[i].to_us; n++) {
			last_us = due_us;
			due_us = due_behind(l, due_us);
		}
		assert_int_equal(last_us, o[i].to_us);
		assert_int_equal(n, o[i].count);
		if (o[i].verdict == VERDICT_RAN) {
			assert_int_equal(n, 1);
			assert_true(o[i].execution_id != 0);
			ran++;
		}
	}
	if (l->deleted) {
		assert_true(due_us >= l->limit_us);
	} else {
		assert_int_equal(sim_state(l->id).next_due_us, due_us);
		assert_true(due_us > sim.now_us);
	}
	return ran;
}

static void
check_executions(const struct life *l, size_t ran)
{
	struct schedule_state state = sim_state(l->id);
	size_t count, tasks, fired = 0;
	struct execution *e = sim_executions(l->id, &count);

	for (size_t i = 0; i < count; i++) {
		const struct task *t = sim_tasks(e[i].id, &tasks);

		assert_int_equal(tasks, 1);
		assert_true(task_status_ended(t->status));
		assert_true(e[i].end_us != INSTANT_NEVER);
		fired += e[i].due_us != INSTANT_NEVER;
	}
	assert_int_equal(fired, ran);
	assert_int_equal(state.active, 0);
	assert_int_equal(state.waiting, 0);
}

/* Trouble ends, nothing new comes, and what there is gets done. */
static void
come_to_rest(void)
{
	sim.scheduler_fuse = sim.second_fuse = sim.runner_fuse = 0;
	sim.fail_count = 0;
	sim.takes_us = SECOND_US;
	sim.exit_code = 0;
	for (size_t i = 0; i < life_count; i++) {
		if (!lives[i].deleted)
			must(service_suspend_schedule(
			    &sim.sv, &sim.admin, sim.now_us, lives[i].id, NULL, &sim.err));
	}
	sim_pass(DAY_US);
}

static void
live(uint64_t seed)
{
	print_message("history %llu\n", (unsigned long long)seed);
	random_state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	life_count = 0;
	sim_make();
	for (int i = 0; i < EVENTS; i++)
		happen();
	come_to_rest();
	for (size_t i = 0; i < life_count; i++) {
		check_executions(&lives[i], check_ledger(&lives[i]));
		arena_clear(&sim.arena);
	}
	assert_int_equal(sim_left(), 0);
	assert_int_equal(sim.ward_count, 0);
	assert_int_equal(sim.complaints, 0);
	sim_stop_engine();
	assert_true(temp_store_is_sound(&sim.ts));
	sim_remove();
}

static void
every_due_time_has_one_entry_whatever_happens(void **state)
{
	const char *seed = getenv("HISTORY_SEED");

	(void)state;
	if (seed) {
		live(strtoull(seed, NULL, 10));
		return;
	}
	for (uint64_t i = 1; i <= HISTORIES; i++)
		live(i);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_due_time_has_one_entry_whatever_happens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
