/* No schedule stops in silence: what is damaged is found and repaired, and what other time zones move is
 * told apart from that. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "simulation.h"

#define TEST(name)  cmocka_unit_test_setup_teardown(name, sim_setup, sim_teardown)
#define AT(minutes) (SIM_BEGIN + (minutes)*MINUTE_US)

/* One walk over all schedules. */
static struct proof
prove(void)
{
	struct proof sum = {0}, p;
	bool ended = false, more;

	while (!ended) {
		assert_int_equal(
		    engine_prove(sim.engine, sim.now_us, &p, &ended, &more, &sim.err), 0);
		sum.schedules += p.schedules;
		sum.suspended += p.suspended;
		sum.planned += p.planned;
		sum.overdue += p.overdue;
		sum.found += p.found;
		sum.repaired += p.repaired;
		sum.moved += p.moved;
	}
	return sum;
}

static uint64_t
every_ten_minutes(const char *name)
{
	struct trigger t = sim_cron("*/10 * * * *", "UTC");

	return sim_create(sim_schedule(name, &t, 1));
}

/* ---- damage ---- */

struct damage {
	uint64_t id;
	struct firing from, to; /* due_us INSTANT_NEVER: none */
	int64_t next_due_us;
};

static int
damage_body(struct txn *txn, void *ctx, struct err *err)
{
	struct damage *d = ctx;
	struct arena a = ARENA_INIT;
	struct schedule_state state;
	int rc = store_state_get(txn, &a, d->id, &state, err);

	if (!rc && d->from.due_us != INSTANT_NEVER)
		rc = store_plan_remove(txn, d->from, err);
	if (!rc && d->to.due_us != INSTANT_NEVER)
		rc = store_plan_put(txn, d->to, err);
	state.next_due_us = d->next_due_us;
	if (!rc)
		rc = store_state_put(txn, &state, err);
	arena_release(&a);
	return rc;
}

/* The schedule has its plan's entry and its next due time otherwise than it should. */
static void
damage(uint64_t id, int64_t planned_us, int64_t next_due_us)
{
	int64_t due_us = sim_state(id).next_due_us;
	struct damage d = {id, {id, due_us}, {id, planned_us}, next_due_us};

	assert_int_equal(__real_store_run(sim.ts.st, damage_body, &d, &sim.err), 0);
}

static struct audit_entry
newest_audit(void)
{
	struct audit_query q = {.from_us = INT64_MIN, .to_us = INSTANT_NEVER, .cap = 1};
	struct audit_entry *list;
	uint64_t next;
	size_t count;

	assert_int_equal(service_list_audit(&sim.sv, &sim.arena, &sim.admin, &q, &list, &count,
			     &next, &sim.err),
	    0);
	assert_int_equal(count, 1);
	return list[0];
}

static void
what_is_damaged_is_repaired_and_runs_again(void **state)
{
	static const struct {
		const char *label, *words;
		int64_t planned_us, next_due_us;
	} cases[] = {
	    {"no entry", "its entry in the plan was missing", INSTANT_NEVER, AT(10)},
	    {"not planned", "it was not planned", INSTANT_NEVER, INSTANT_NEVER},
	    {"too late", "it was planned for another time", AT(50), AT(50)},
	    {"too early", "it was planned for another time", AT(5), AT(5)},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint64_t id, other;
		struct occurrence *o;
		struct audit_entry e;
		struct proof p;
		size_t count;

		sim_make();
		print_message("%s\n", cases[i].label);
		id = every_ten_minutes("damaged");
		other = every_ten_minutes("sound");
		sim_settle();
		prove(); /* the first one takes differences for those of time zones */
		damage(id, cases[i].planned_us, cases[i].next_due_us);
		p = prove();
		assert_int_equal(p.found, 1);
		assert_int_equal(p.repaired, 1);
		assert_int_equal(p.moved, 0);
		assert_int_equal(sim.complaints, 1);
		e = newest_audit();
		assert_string_equal(e.action, "schedule.repair");
		assert_int_equal(e.subject_id, id);
		assert_non_null(strstr(e.detail, cases[i].words));
		assert_non_null(strstr(e.detail, "is now at 2026-11-22T09:40:00.000Z"));
		assert_int_equal(prove().found, 0);
		sim.bell = true;
		sim_run_until(AT(25));
		for (int j = 0; j < 2; j++) {
			o = sim_ledger(j ? other : id, &count);
			assert_int_equal(count, 2);
			assert_int_equal(o[0].due_us, AT(10));
			assert_int_equal(o[1].due_us, AT(20));
		}
		sim_stop_engine();
		assert_true(temp_store_is_sound(&sim.ts));
		sim_remove();
	}
}

/* More than fits into one transaction; of every kind that there is. */
static void
what_is_sound_is_left_alone_and_counted(void **state)
{
	struct schedule s = sim_schedule("on demand", NULL, 0);
	struct trigger t[] = {sim_cron("0 9 * * *", "Asia/Tokyo"), sim_every(HOUR_US),
	    sim_at(AT(1)), {.kind = TRIGGER_REBOOT}};
	char name[32];
	struct proof p;
	uint64_t id;

	(void)state;
	for (int i = 0; i < 200; i++) {
		snprintf(name, sizeof name, "%d", i);
		s = sim_schedule(name, &t[i % 4], 1);
		s.jitter_us = i % 3 ? 0 : MINUTE_US;
		s.max_runs = i % 5 ? 0 : 1;
		id = sim_create(s);
	}
	id = sim_create(sim_schedule("on demand", NULL, 0));
	id = every_ten_minutes("held");
	assert_int_equal(
	    service_suspend_schedule(&sim.sv, &sim.admin, sim.now_us, id, "not now", &sim.err),
	    0);
	for (int i = 0; i < 30; i++) {
		p = prove();
		assert_int_equal(p.found, 0);
		assert_int_equal(p.moved, 0);
		assert_int_equal(p.overdue, 0);
		assert_int_equal(p.schedules, 202);
		assert_int_equal(p.suspended, 1);
		sim_pass(7 * HOUR_US);
		/* What was set ahead or back moves nothing either. */
		sim_clock_jumps(CLOCK_STEP_SET, sim.now_us + (i % 2 ? -HOUR_US : HOUR_US));
		sim_settle();
	}
	assert_int_equal(sim.complaints, 0);
}

/* ---- time zones ---- */

static char zone_dir[96];

/* Another file takes the place of the zone's, as packages do it. */
static void
install_zone(const char *from)
{
	char path[128], fresh[128], data[8192];
	size_t len;
	FILE *f;

	snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", from);
	f = fopen(path, "rb");
	assert_non_null(f);
	len = fread(data, 1, sizeof data, f);
	fclose(f);
	snprintf(path, sizeof path, "%s/Here", zone_dir);
	snprintf(fresh, sizeof fresh, "%s/fresh", zone_dir);
	f = fopen(fresh, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	fclose(f);
	assert_int_equal(rename(fresh, path), 0);
}

struct told {
	unsigned changed, faults;
};

static void
tell(void *ctx, const char *name, const char *fault)
{
	struct told *t = ctx;

	assert_string_equal(name, "Here");
	if (fault)
		t->faults++;
	else
		t->changed++;
}

static struct told
refresh(void)
{
	struct told t = {0};

	zones_refresh(sim.zones, tell, &t);
	if (t.changed)
		engine_zones_changed(sim.engine);
	return t;
}

static void
other_time_zones_move_what_is_due_by_them(void **state)
{
	struct trigger nine = {.kind = TRIGGER_AT}, every = sim_every(HOUR_US);
	uint64_t id, other;
	struct audit_entry e;
	struct occurrence *o;
	char path[128];
	struct proof p;
	size_t count;

	(void)state;
	snprintf(zone_dir, sizeof zone_dir, "%s/zones", sim.ts.dir);
	assert_int_equal(mkdir(zone_dir, 0700), 0);
	install_zone("Europe/Amsterdam");
	sim_stop_engine();
	zones_free(sim.zones);
	sim.zones = sim.sv.zones = zones_new(zone_dir);
	sim_start_engine();
	nine = sim_cron("0 9 * * *", "Here");
	id = sim_create(sim_schedule("here", &nine, 1));
	other = sim_create(sim_schedule("elapsed", &every, 1));
	sim_settle();
	prove();

	/* The same rules in another file are no change, and a file that is none is told and not used. */
	install_zone("Europe/Amsterdam");
	assert_int_equal(refresh().changed, 0);
	snprintf(path, sizeof path, "%s/Here", zone_dir);
	assert_int_equal(truncate(path, 100), 0);
	assert_int_equal(refresh().faults, 1);
	unlink(path);
	assert_int_equal(refresh().faults, 1);
	assert_int_equal(prove().moved, 0);

	install_zone("Asia/Tokyo");
	assert_int_equal(refresh().changed, 1);
	assert_int_equal(refresh().changed, 0);
	p = prove();
	assert_int_equal(p.moved, 1);
	assert_int_equal(p.found, 0);
	e = newest_audit();
	assert_string_equal(e.action, "schedule.move");
	assert_int_equal(e.subject_id, id);
	assert_non_null(strstr(e.detail, "due next at 2026-11-23T08:00:00.000Z and is now at "
					 "2026-11-23T00:00:00.000Z"));
	assert_int_equal(prove().moved, 0);
	sim.bell = true;
	sim_pass(DAY_US);
	o = sim_ledger(id, &count);
	assert_int_equal(count, 1);
	assert_int_equal(o[0].due_us, AT(0) + 14 * HOUR_US + 30 * MINUTE_US);
	sim_ledger(other, &count);
	assert_int_equal(count, 24);
	assert_int_equal(sim.complaints, 0);

	/* Nobody was there when they changed back. */
	sim_stop_engine();
	install_zone("Europe/Amsterdam");
	zones_free(sim.zones);
	sim.zones = sim.sv.zones = zones_new(zone_dir);
	sim_start_engine();
	sim_settle();
	p = prove();
	assert_int_equal(p.moved, 1);
	assert_int_equal(p.found, 0);
	unlink(path);
	rmdir(zone_dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_damaged_is_repaired_and_runs_again),
	    TEST(what_is_sound_is_left_alone_and_counted),
	    TEST(other_time_zones_move_what_is_due_by_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
