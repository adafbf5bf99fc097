/*
 * What is done to schedules while their timetable goes on: other definitions, suspensions with an
 * end, many at once, sets; and what can be told of them: lists, explanations. With the engine at
 * work on a clock that is a number. tests/unit/simulation.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/id.h"
#include "simulation.h"

#define AT(minutes) (SIM_BEGIN + (minutes)*MINUTE_US)

static int
make_world(void **state)
{
	(void)state;
	sim_make();
	sim.takes_us = SECOND_US;
	return 0;
}

static int
remove_world(void **state)
{
	(void)state;
	sim_stop_engine();
	assert_int_equal(sim.failures, 0);
	assert_true(temp_store_is_sound(&sim.ts));
	sim_remove();
	return 0;
}

/* ---- words for what follows ---- */

static void
ok_at(int code, const char *call, int line)
{
	if (code)
		fail_msg("line %d: %s: %d: %s", line, call, code, sim.err.text);
}

#define ok(call) ok_at((call), #call, __LINE__)

#define refused(call, code, words)                          \
	do {                                                \
		assert_int_equal((call), (code));           \
		assert_string_equal(sim.err.text, (words)); \
	} while (0)

static struct trigger minutely_trigger[] = {{.kind = TRIGGER_EVERY}};

static uint64_t
minutely(const char *name)
{
	minutely_trigger[0] = sim_every(MINUTE_US);
	return sim_create(sim_schedule(name, minutely_trigger, 1));
}

static struct schedule_view
view_of(uint64_t id)
{
	struct schedule_view v;

	ok(service_get_schedule(&sim.sv, &sim.arena, &sim.admin, id, &v, &sim.err));
	return v;
}

static int
update_as(const struct actor *actor, uint64_t id, uint64_t version, struct schedule s)
{
	return service_update_schedule(&sim.sv, actor, sim.now_us, id, version, &s, &sim.err);
}

static int
update(uint64_t id, uint64_t version, struct schedule s)
{
	return update_as(&sim.admin, id, version, s);
}

static int
suspend_until(uint64_t id, int64_t until_us, const char *reason)
{
	return service_suspend_until(
	    &sim.sv, &sim.admin, sim.now_us, id, until_us, reason, &sim.err);
}

static void
assert_entry(const struct occurrence *o, int64_t due_us, int64_t to_us, enum verdict verdict)
{
	assert_true(o->due_us == due_us);
	assert_true(o->to_us == to_us);
	assert_int_equal(o->verdict, verdict);
}

/* The ledger, one letter an entry: r ran, s suspended, o overlap, m missed. */
static void
assert_ledger(uint64_t id, const char *letters)
{
	struct occurrence *o;
	char text[64] = "";
	size_t count;

	o = sim_ledger(id, &count);
	assert_true(count < sizeof text);
	for (size_t i = 0; i < count; i++) {
		switch (o[i].verdict) {
		case VERDICT_RAN:
			text[i] = 'r';
			break;
		case VERDICT_SKIPPED_SUSPENDED:
			text[i] = 's';
			break;
		case VERDICT_SKIPPED_OVERLAP:
			text[i] = 'o';
			break;
		default:
			text[i] = 'm';
			break;
		}
	}
	assert_string_equal(text, letters);
}

static struct actor
with_tags(const char **tags, size_t count)
{
	struct actor a = sim.admin;

	a.tags = tags;
	a.tag_count = count;
	return a;
}

/* ---- update ---- */

static void
an_update_gives_another_definition_and_a_higher_version(void **state)
{
	uint64_t id = minutely("first");
	struct schedule_view v;
	struct schedule s;
	const char *tags[] = {"a"};

	(void)state;
	s = sim_schedule("second", NULL, 0);
	s.tags = tags;
	s.tag_count = 1;
	ok(update(id, 1, s));
	v = view_of(id);
	assert_string_equal(v.definition.name, "second");
	assert_int_equal(v.definition.version, 2);
	assert_int_equal(v.definition.tag_count, 1);
	assert_true(v.definition.created_us == SIM_BEGIN + 10 * SECOND_US);
	assert_true(v.next_run_us == INSTANT_NEVER);
	assert_false(v.finished);
	/* The old name is free again, and the new one is not. */
	minutely("first");
	refused(service_create_schedule(&sim.sv, &sim.admin, sim.now_us, &s, &id, &sim.err),
	    ERR_CONFLICT, "A schedule with this name exists: second");
}

static void
an_update_of_another_version_changes_nothing(void **state)
{
	uint64_t id = minutely("a"), other = minutely("b");

	(void)state;
	ok(update(id, 1, sim_schedule("c", minutely_trigger, 1)));
	refused(update(id, 1, sim_schedule("d", NULL, 0)), ERR_CONFLICT, "Version is 2, not 1");
	refused(update(id, 3, sim_schedule("d", NULL, 0)), ERR_CONFLICT, "Version is 2, not 3");
	assert_string_equal(view_of(id).definition.name, "c");
	refused(update(id, 2, sim_schedule("b", NULL, 0)), ERR_CONFLICT,
	    "A schedule with this name exists: b");
	assert_int_equal(view_of(id).definition.version, 2);
	assert_int_equal(view_of(other).definition.version, 1);
	assert_int_equal(update(123456, 1, sim_schedule("d", NULL, 0)), ERR_MISSING);
}

static void
what_was_due_before_an_update_is_settled_by_the_old_definition(void **state)
{
	struct trigger at_half = sim_every(MINUTE_US);
	uint64_t id = minutely("a");
	struct occurrence *o;
	size_t count;

	(void)state;
	at_half.anchor_us = SIM_BEGIN + 30 * SECOND_US;
	sim_run_until(AT(2) + 5 * SECOND_US);
	sim_stop_engine();
	sim.now_us = AT(3) + 15 * SECOND_US;
	ok(update(id, 1, sim_schedule("a", &at_half, 1)));
	sim_start_engine();
	sim_run_until(AT(5));
	o = sim_ledger(id, &count);
	assert_int_equal(count, 5);
	assert_entry(&o[2], AT(3), AT(3), VERDICT_RAN);
	assert_entry(&o[3], AT(3) + 30 * SECOND_US, AT(3) + 30 * SECOND_US, VERDICT_RAN);
	assert_entry(&o[4], AT(4) + 30 * SECOND_US, AT(4) + 30 * SECOND_US, VERDICT_RAN);
}

static void
nothing_is_due_before_an_update_that_the_update_brings(void **state)
{
	uint64_t id = sim_create(sim_schedule("a", NULL, 0));

	(void)state;
	sim_run_until(AT(60));
	minutely_trigger[0] = sim_every(MINUTE_US);
	ok(update(id, 1, sim_schedule("a", minutely_trigger, 1)));
	sim_run_until(AT(62) + SECOND_US);
	assert_ledger(id, "rr");
}

/* A worker whose clock was read before the scheduler's. */
static void
an_update_never_plans_what_the_ledger_has(void **state)
{
	uint64_t id = minutely("a");
	int64_t now_us;

	(void)state;
	sim_run_until(AT(3) + SECOND_US);
	now_us = sim.now_us;
	sim.now_us = AT(2) + 59 * SECOND_US;
	ok(update(id, 1, sim_schedule("a", minutely_trigger, 1)));
	sim.now_us = now_us;
	assert_true(view_of(id).next_run_us == AT(4));
	sim_run_until(AT(5) + SECOND_US);
	assert_ledger(id, "rrrrr");
}

static void
an_update_of_a_suspended_schedule_leaves_it_suspended(void **state)
{
	uint64_t id = minutely("a");
	struct schedule_view v;

	(void)state;
	ok(suspend_until(id, AT(5), "why"));
	sim_run_until(AT(1) + SECOND_US);
	ok(update(id, 1, sim_schedule("b", minutely_trigger, 1)));
	v = view_of(id);
	assert_true(v.state.suspended);
	assert_true(v.state.suspended_until_us == AT(5));
	assert_string_equal(v.state.suspended_reason, "why");
	sim_run_until(AT(6) + SECOND_US);
	/* An update begins a new entry, whatever the reason is. */
	assert_ledger(id, "ssrr");
}

static void
what_waits_begins_when_an_update_allows_runs_side_by_side(void **state)
{
	uint64_t id;
	struct schedule s;
	size_t count;
	struct execution *e;

	(void)state;
	minutely_trigger[0] = sim_every(MINUTE_US);
	s = sim_schedule("patient", minutely_trigger, 1);
	s.overlap = OVERLAP_QUEUE;
	id = sim_create(s);
	sim.takes_us = 150 * SECOND_US;
	sim_run_until(AT(6) + SECOND_US);
	assert_true(sim_state(id).waiting > 2);

	s.overlap = OVERLAP_ALLOW;
	ok(update(id, 1, s));
	sim_settle();
	assert_int_equal(sim_state(id).waiting, 0);
	sim_run_until(AT(20) + SECOND_US);
	e = sim_executions(id, &count);
	assert_int_equal(count, 20);
	for (size_t i = 3; i < count; i++)
		assert_int_not_equal(e[i].end_us, INSTANT_NEVER);
}

static void
what_is_queued_keeps_the_definition_that_it_was_made_with(void **state)
{
	uint64_t id = minutely("a"), first, second;
	static const char *argv[] = {"/bin/echo", "new", NULL};
	static struct task_def def[] = {
	    {.name = "x", .argv = argv, .argc = 2}, {.name = "y", .argv = argv, .argc = 2}};
	struct schedule s = sim_schedule("a", NULL, 0);
	struct task *tasks;
	size_t count;

	(void)state;
	sim.takes_us = 20 * SECOND_US;
	first = sim_call(id);
	second = sim_call(id);
	s.tasks = def;
	s.task_count = 2;
	ok(update(id, 1, s));
	sim_run_until(AT(2));
	for (int i = 0; i < 2; i++) {
		tasks = sim_tasks(i ? second : first, &count);
		assert_int_equal(count, 1);
		assert_string_equal(tasks[0].def.name, "only");
		assert_int_equal(tasks[0].status, TASK_SUCCEEDED);
	}
	sim_tasks(sim_call(id), &count);
	assert_int_equal(count, 2);
	sim_run_until(AT(3));
}

static void
a_one_shot_in_the_past_that_an_update_brings_is_decided_by_the_misfire_policy(void **state)
{
	struct trigger t[] = {sim_at(AT(57)), sim_at(AT(58)), sim_at(AT(59)), sim_at(AT(61))};
	uint64_t id = sim_create(sim_schedule("a", NULL, 0));
	struct schedule s = sim_schedule("a", t, 4);
	struct occurrence *o;
	size_t count;

	(void)state;
	sim_run_until(AT(60));
	s.misfire = MISFIRE_SKIP;
	ok(update(id, 1, s));
	sim_run_until(AT(62));
	o = sim_ledger(id, &count);
	assert_int_equal(count, 2);
	assert_entry(&o[0], AT(57), AT(59), VERDICT_MISSED_DOWN);
	assert_entry(&o[1], AT(61), AT(61), VERDICT_RAN);
	/* Said again they are not due again, whatever else is new. */
	t[3] = sim_at(AT(61) + 59 * SECOND_US);
	s.misfire = MISFIRE_ONE;
	ok(update(id, 2, s));
	sim_run_until(AT(63));
	assert_ledger(id, "mrr");
}

static void
a_one_shot_among_due_times_that_were_passed_over_is_refused(void **state)
{
	struct trigger t[] = {sim_every(MINUTE_US), sim_at(AT(2) + 30 * SECOND_US)};
	uint64_t id = minutely("a");

	(void)state;
	ok(suspend_until(id, 0, NULL));
	sim_run_until(AT(4) + SECOND_US);
	refused(update(id, 1, sim_schedule("a", t, 2)), ERR_INPUT,
	    "Invalid value: triggers[1].at: lies among due times that were passed over");
	/* One that is the end of them was settled with them. */
	t[1] = sim_at(AT(4));
	ok(update(id, 1, sim_schedule("a", t, 2)));
	assert_ledger(id, "s");
}

static void
one_shots_of_the_past_are_no_range_over_what_was_due_between_them(void **state)
{
	struct trigger t[] = {sim_every(MINUTE_US), sim_at(AT(1) + 30 * SECOND_US),
	    sim_at(AT(1) + 40 * SECOND_US), sim_at(AT(2) + 30 * SECOND_US)};
	uint64_t id = minutely("a");
	struct schedule s = sim_schedule("a", t, 4);
	struct occurrence *o;
	size_t count;

	(void)state;
	sim_run_until(AT(4) + SECOND_US);
	s.misfire = MISFIRE_SKIP;
	ok(update(id, 1, s));
	o = sim_ledger(id, &count);
	assert_int_equal(count, 6);
	assert_entry(
	    &o[1], AT(1) + 30 * SECOND_US, AT(1) + 40 * SECOND_US, VERDICT_MISSED_DOWN);
	assert_entry(&o[2], AT(2), AT(2), VERDICT_RAN);
	assert_entry(
	    &o[3], AT(2) + 30 * SECOND_US, AT(2) + 30 * SECOND_US, VERDICT_MISSED_DOWN);
}

static void
an_anchor_that_is_left_open_stays_where_it_was(void **state)
{
	struct trigger t = sim_every(7 * MINUTE_US);
	uint64_t id;

	(void)state;
	t.anchor_us = SIM_BEGIN + 3 * SECOND_US;
	t.anchor_open = true;
	id = sim_create(sim_schedule("a", &t, 1));
	sim_run_until(AT(30));
	t.anchor_us = AT(30);
	ok(update(id, 1, sim_schedule("a", &t, 1)));
	assert_true(view_of(id).definition.triggers[0].anchor_us == SIM_BEGIN + 3 * SECOND_US);
	/* Another interval is another timetable, and one that is chosen is chosen. */
	t.every_us = 6 * MINUTE_US;
	t.anchor_us = AT(30);
	t.anchor_open = true;
	ok(update(id, 2, sim_schedule("a", &t, 1)));
	assert_true(view_of(id).definition.triggers[0].anchor_us == AT(30));
	t.anchor_us = AT(29);
	t.anchor_open = false;
	ok(update(id, 3, sim_schedule("a", &t, 1)));
	assert_true(view_of(id).definition.triggers[0].anchor_us == AT(29));
}

static void
an_update_must_be_allowed(void **state)
{
	static const char *argv[] = {"/usr/bin/true", NULL};
	static struct task_def def = {.name = "only", .argv = argv, .argc = 1};
	const char *mine[] = {"mine"}, *other[] = {"other"};
	struct schedule s = sim_schedule("a", NULL, 0);
	struct actor narrow = with_tags(mine, 1), viewer = sim.admin, reader = sim.admin;
	uint64_t id;

	(void)state;
	s.tags = mine;
	s.tag_count = 1;
	id = sim_create(s);
	viewer.role = ROLE_PRO;
	reader.scopes = SCOPE_READ | SCOPE_RUN;
	assert_int_equal(update_as(&viewer, id, 1, s), ERR_DENIED);
	assert_int_equal(update_as(&reader, id, 1, s), ERR_DENIED);
	ok(update_as(&narrow, id, 1, s));
	/* It cannot move it out of its own sight. */
	s.tags = other;
	assert_int_equal(update_as(&narrow, id, 2, s), ERR_DENIED);
	ok(update(id, 2, s));
	assert_int_equal(update_as(&narrow, id, 3, s), ERR_DENIED);
	s.tags = mine;
	assert_int_equal(update_as(&narrow, id, 3, s), ERR_MISSING);
	s.tasks = &def;
	refused(update(id, 3, s), ERR_INPUT,
	    "Invalid value: tasks[0].command: /usr/bin/true is not below an allowed path");
}

/* ---- suspended until ---- */

static void
a_suspension_ends_by_itself_at_its_instant(void **state)
{
	uint64_t id = minutely("a");
	struct schedule_view v;
	struct occurrence *o;
	size_t count;

	(void)state;
	sim_run_until(AT(1) + SECOND_US);
	ok(suspend_until(id, AT(4), "why"));
	v = view_of(id);
	assert_int_equal(schedule_status(&v, AT(4) - 1), STATUS_SUSPENDED);
	assert_int_equal(schedule_status(&v, AT(4)), STATUS_IDLE);
	assert_true(v.next_run_us == AT(4));
	sim_run_until(AT(5) + SECOND_US);
	o = sim_ledger(id, &count);
	assert_int_equal(count, 4);
	assert_entry(&o[0], AT(1), AT(1), VERDICT_RAN);
	assert_entry(&o[1], AT(2), AT(3), VERDICT_SKIPPED_SUSPENDED);
	assert_string_equal(o[1].reason, "why");
	assert_true(o[1].suspended_us == AT(1) + SECOND_US);
	assert_entry(&o[2], AT(4), AT(4), VERDICT_RAN);
	assert_false(view_of(id).state.suspended);
}

static void
a_due_time_a_moment_before_the_end_is_suspended(void **state)
{
	uint64_t id = minutely("a");

	(void)state;
	ok(suspend_until(id, AT(2) + 1, NULL));
	sim_run_until(AT(3) + SECOND_US);
	assert_ledger(id, "sr");
}

/* More is due than one transaction settles. */
static void
a_call_after_a_long_outage_does_not_end_a_suspension_too_early(void **state)
{
	struct trigger every = sim_every(SECOND_US);
	struct schedule s = sim_schedule("secondly", &every, 1);
	int64_t until_us = AT(60);
	struct occurrence *o;
	size_t count;
	uint64_t id;

	(void)state;
	s.end_us = AT(65);
	id = sim_create(s);
	sim_settle();
	ok(suspend_until(id, until_us, "holidays"));
	sim_stop_engine();
	sim.now_us = AT(70) + SECOND_US / 2;
	ok(service_suspend_schedule(&sim.sv, &sim.admin, sim.now_us, id, "again", &sim.err));
	sim_start_engine();
	sim_pass(SECOND_US);

	assert_ledger(id, "smr");
	o = sim_ledger(id, &count);
	assert_entry(
	    &o[0], SIM_BEGIN + 11 * SECOND_US, until_us - SECOND_US, VERDICT_SKIPPED_SUSPENDED);
	assert_entry(&o[2], AT(65) - SECOND_US, AT(65) - SECOND_US, VERDICT_RAN);
}

static void
a_suspension_that_ended_while_nobody_was_there_ended_when_it_said(void **state)
{
	struct schedule s = sim_schedule("a", minutely_trigger, 1);
	struct occurrence *o;
	uint64_t id;
	size_t count;

	(void)state;
	minutely_trigger[0] = sim_every(MINUTE_US);
	s.misfire = MISFIRE_ALL;
	s.overlap = OVERLAP_QUEUE;
	id = sim_create(s);
	ok(suspend_until(id, AT(5), NULL));
	sim_run_until(AT(2) + SECOND_US);
	sim_outage(10 * MINUTE_US);
	sim_run_until(AT(13) + SECOND_US);
	o = sim_ledger(id, &count);
	assert_entry(&o[0], AT(1), AT(4), VERDICT_SKIPPED_SUSPENDED);
	assert_int_equal(count, 10);
	for (size_t i = 1; i < count; i++)
		assert_entry(&o[i], AT(4 + (int)i), AT(4 + (int)i), VERDICT_RAN);
}

static void
the_latest_word_about_a_suspension_holds(void **state)
{
	uint64_t id = minutely("a");
	struct actor bob = sim.admin;
	struct schedule_view v;

	(void)state;
	bob.user_id = 77;
	ok(suspend_until(id, AT(3), "first"));
	sim.now_us += SECOND_US;
	/* The same once more is nothing new. */
	ok(service_suspend_until(&sim.sv, &bob, sim.now_us, id, AT(3), "first", &sim.err));
	v = view_of(id);
	assert_int_equal(v.state.suspended_by, 0);
	assert_true(v.state.suspended_us == SIM_BEGIN + 10 * SECOND_US);
	/* Another end, and the reason that was given before. */
	ok(service_suspend_until(&sim.sv, &bob, sim.now_us, id, AT(5), NULL, &sim.err));
	v = view_of(id);
	assert_int_equal(v.state.suspended_by, 77);
	assert_string_equal(v.state.suspended_reason, "first");
	assert_true(v.state.suspended_until_us == AT(5));
	/* For good. */
	ok(suspend_until(id, 0, "second"));
	v = view_of(id);
	assert_true(v.state.suspended_until_us == 0);
	assert_string_equal(v.state.suspended_reason, "second");
	assert_true(v.next_run_us == INSTANT_NEVER);
	sim_run_until(AT(6) + SECOND_US);
	assert_ledger(id, "s");
}

static void
a_suspension_that_is_over_may_be_followed_by_another(void **state)
{
	uint64_t id = minutely("a");

	(void)state;
	ok(suspend_until(id, AT(0) + 30 * SECOND_US, "first"));
	sim.now_us = AT(0) + 40 * SECOND_US;
	ok(suspend_until(id, AT(2), NULL));
	assert_null(view_of(id).state.suspended_reason);
	refused(
	    suspend_until(id, sim.now_us, NULL), ERR_INPUT, "Invalid value: until: is past");
	sim_run_until(AT(2) + SECOND_US);
	assert_ledger(id, "sr");
}

/* Each due time keeps who suspended it, also when the reasons are the same. */
static void
two_suspensions_in_a_row_are_two_entries(void **state)
{
	uint64_t id = minutely("a");
	struct occurrence *o;
	size_t count;

	(void)state;
	ok(suspend_until(id, 0, "why"));
	sim_run_until(AT(2) + SECOND_US);
	ok(service_resume_schedule(&sim.sv, &sim.admin, sim.now_us, id, &sim.err));
	ok(suspend_until(id, 0, "why"));
	sim_run_until(AT(4) + SECOND_US);
	o = sim_ledger(id, &count);
	assert_int_equal(count, 2);
	assert_entry(&o[0], AT(1), AT(2), VERDICT_SKIPPED_SUSPENDED);
	assert_entry(&o[1], AT(3), AT(4), VERDICT_SKIPPED_SUSPENDED);
	assert_true(o[1].suspended_us == AT(2) + SECOND_US);
}

static void
a_schedule_may_be_resumed_before_its_suspension_ends(void **state)
{
	uint64_t id = minutely("a");

	(void)state;
	ok(suspend_until(id, AT(5), NULL));
	sim_run_until(AT(2) + SECOND_US);
	ok(service_resume_schedule(&sim.sv, &sim.admin, sim.now_us, id, &sim.err));
	sim_run_until(AT(3) + SECOND_US);
	assert_ledger(id, "sr");
	assert_true(view_of(id).state.suspended_until_us == 0);
}

static void
a_schedule_whose_last_due_time_a_suspension_swallows_is_finished_when_it_ends(void **state)
{
	struct trigger t = sim_at(AT(2));
	uint64_t id = sim_create(sim_schedule("a", &t, 1));
	struct schedule_view v;

	(void)state;
	ok(suspend_until(id, AT(5), NULL));
	v = view_of(id);
	assert_true(v.next_run_us == INSTANT_NEVER);
	sim_run_until(AT(3));
	v = view_of(id);
	assert_int_equal(schedule_status(&v, AT(3)), STATUS_SUSPENDED);
	assert_int_equal(schedule_status(&v, AT(5)), STATUS_FINISHED);
}

static void
a_checked_call_runs_when_the_suspension_is_over(void **state)
{
	uint64_t id = minutely("a"), execution;
	struct task *tasks;
	size_t count;

	(void)state;
	ok(suspend_until(id, AT(0) + 30 * SECOND_US, NULL));
	ok(service_run_schedule(
	    &sim.sv, &sim.admin, AT(0) + 29 * SECOND_US, id, true, NULL, &execution, &sim.err));
	tasks = sim_tasks(execution, &count);
	assert_int_equal(tasks[0].status, TASK_CONDITION);
	ok(service_run_schedule(
	    &sim.sv, &sim.admin, AT(0) + 30 * SECOND_US, id, true, NULL, &execution, &sim.err));
	sim_run_until(AT(0) + 40 * SECOND_US);
	tasks = sim_tasks(execution, &count);
	assert_int_equal(tasks[0].status, TASK_SUCCEEDED);
}

/* ---- many at once ---- */

static uint64_t
tagged(const char *name, const char **tags, size_t count)
{
	struct schedule s;

	minutely_trigger[0] = sim_every(MINUTE_US);
	s = sim_schedule(name, minutely_trigger, 1);
	s.tags = tags;
	s.tag_count = count;
	return sim_create(s);
}

static void
schedules_with_one_of_the_tags_are_suspended_and_resumed(void **state)
{
	const char *a[] = {"a"}, *b[] = {"b"}, *ac[] = {"c", "a"}, *asked[] = {"a", "b"};
	struct schedule_tags tags = {asked, 2}, none = {(const char *[]){"z"}, 1};
	uint64_t one = tagged("1", a, 1), two = tagged("2", b, 1), three = tagged("3", ac, 2),
		 four = tagged("4", &ac[0], 1), *done;
	size_t count;

	(void)state;
	ok(service_suspend_tagged(&sim.sv, &sim.arena, &sim.admin, sim.now_us, &tags, AT(3),
	    "all", &done, &count, &sim.err));
	assert_int_equal(count, 3);
	assert_int_equal(done[0], one);
	assert_int_equal(done[1], two);
	assert_int_equal(done[2], three);
	assert_string_equal(view_of(two).state.suspended_reason, "all");
	assert_true(view_of(two).state.suspended_until_us == AT(3));
	assert_false(view_of(four).state.suspended);
	sim_run_until(AT(1) + SECOND_US);
	tags.count = 1;
	ok(service_resume_tagged(
	    &sim.sv, &sim.arena, &sim.admin, sim.now_us, &tags, &done, &count, &sim.err));
	assert_int_equal(count, 2);
	sim_run_until(AT(2) + SECOND_US);
	assert_ledger(one, "sr");
	assert_ledger(two, "s");
	assert_ledger(three, "sr");
	assert_ledger(four, "rr");
	ok(service_suspend_tagged(&sim.sv, &sim.arena, &sim.admin, sim.now_us, &none, 0, NULL,
	    &done, &count, &sim.err));
	assert_int_equal(count, 0);
}

static void
tags_reach_only_what_the_actor_sees(void **state)
{
	const char *a[] = {"a", "mine"}, *b[] = {"a"}, *mine[] = {"mine"};
	struct schedule_tags tags = {a, 1};
	struct actor narrow = with_tags(mine, 1), viewer = sim.admin;
	uint64_t one = tagged("1", a, 2), two = tagged("2", b, 1), *done;
	size_t count;

	(void)state;
	viewer.role = ROLE_PRO;
	ok(service_suspend_tagged(
	    &sim.sv, &sim.arena, &narrow, sim.now_us, &tags, 0, NULL, &done, &count, &sim.err));
	assert_int_equal(count, 1);
	assert_true(view_of(one).state.suspended);
	assert_false(view_of(two).state.suspended);
	assert_int_equal(service_suspend_tagged(&sim.sv, &sim.arena, &viewer, sim.now_us, &tags,
			     0, NULL, &done, &count, &sim.err),
	    ERR_DENIED);
}

static void
those_of_many_that_are_there_are_deleted(void **state)
{
	uint64_t ids[] = {minutely("a"), 123456, minutely("b"), 0, 0}, done[5];
	struct schedule_view v;
	size_t count;

	(void)state;
	ids[3] = ids[0];
	ok(service_delete_schedules(
	    &sim.sv, &sim.admin, sim.now_us, ids, 5, done, &count, &sim.err));
	assert_int_equal(count, 2);
	assert_int_equal(done[0], ids[0]);
	assert_int_equal(done[1], ids[2]);
	assert_int_equal(
	    service_get_schedule(&sim.sv, &sim.arena, &sim.admin, ids[2], &v, &sim.err),
	    ERR_MISSING);
	ok(service_delete_schedules(
	    &sim.sv, &sim.admin, sim.now_us, ids, 0, done, &count, &sim.err));
	assert_int_equal(count, 0);
}

/* ---- lists ---- */

static struct schedule_query
everything(void)
{
	return (struct schedule_query){.type = -1, .now_us = sim.now_us, .cap = 100};
}

/* The names of a list, each followed by a blank. */
static const char *
names_as(const struct actor *actor, const struct schedule_query *q, size_t total)
{
	struct schedule_place next;
	struct schedule_view *list;
	size_t count, all;
	const char *names = "";

	ok(service_list_schedules(
	    &sim.sv, &sim.arena, actor, q, &list, &count, &all, &next, &sim.err));
	assert_int_equal(all, total);
	assert_int_equal(next.id, 0);
	for (size_t i = 0; i < count; i++)
		names = arena_printf(&sim.arena, "%s%s ", names, list[i].definition.name);
	return names;
}

static const char *
names_of(const struct schedule_query *q, size_t total)
{
	return names_as(&sim.admin, q, total);
}

static void
schedules_are_listed_by_what_they_are(void **state)
{
	const char *ab[] = {"a", "b"}, *b[] = {"b"}, *z[] = {"z"};
	struct trigger once = sim_at(AT(1));
	struct schedule s = sim_schedule("Done", &once, 1);
	struct schedule_query q = everything();
	struct actor narrow = with_tags(b, 1), other = sim.admin;
	uint64_t held = tagged("held", b, 1);

	(void)state;
	tagged("alpha", ab, 2);
	s.description = "Nightly report";
	s.type = 3;
	sim_create(s);
	ok(suspend_until(held, AT(10), NULL));
	sim_run_until(AT(2));
	q.now_us = AT(2);
	assert_string_equal(names_of(&q, 3), "Done alpha held ");
	q.text = "LPH";
	assert_string_equal(names_of(&q, 1), "alpha ");
	q.text = "night";
	assert_string_equal(names_of(&q, 1), "Done ");
	q = everything();
	q.tags = ab;
	q.tag_count = 2;
	assert_string_equal(names_of(&q, 1), "alpha ");
	q.tags = b;
	q.tag_count = 1;
	assert_string_equal(names_of(&q, 2), "alpha held ");
	q.tags = z;
	assert_string_equal(names_of(&q, 0), "");
	q = everything();
	q.statuses = STATUS_FINISHED;
	assert_string_equal(names_of(&q, 1), "Done ");
	q.statuses = STATUS_IDLE | STATUS_FINISHED;
	assert_string_equal(names_of(&q, 2), "Done alpha ");
	q.statuses = STATUS_SUSPENDED;
	assert_string_equal(names_of(&q, 1), "held ");
	q.now_us = AT(10);
	assert_string_equal(names_of(&q, 0), "");
	q.statuses = STATUS_OTHER;
	assert_string_equal(names_of(&q, 0), "");
	q = everything();
	q.type = 3;
	assert_string_equal(names_of(&q, 1), "Done ");
	q = everything();
	assert_string_equal(names_as(&narrow, &q, 2), "alpha held ");
	other.tenant_id = 99;
	assert_string_equal(names_as(&other, &q, 0), "");
}

static void
schedules_are_listed_in_the_order_that_is_asked_for(void **state)
{
	struct trigger t[] = {sim_at(AT(30)), sim_at(AT(10)), sim_at(AT(20))};
	struct schedule_query q = everything();

	(void)state;
	sim_create(sim_schedule("b", &t[0], 1));
	sim.now_us += SECOND_US;
	sim_create(sim_schedule("c", &t[1], 1));
	sim.now_us += SECOND_US;
	sim_create(sim_schedule("a", &t[2], 1));
	sim.now_us += SECOND_US;
	sim_create(sim_schedule("d", NULL, 0));
	assert_string_equal(names_of(&q, 4), "a b c d ");
	q.descending = true;
	assert_string_equal(names_of(&q, 4), "d c b a ");
	q.order = ORDER_CREATED;
	assert_string_equal(names_of(&q, 4), "d a c b ");
	q.descending = false;
	assert_string_equal(names_of(&q, 4), "b c a d ");
	q.order = ORDER_NEXT_RUN;
	assert_string_equal(names_of(&q, 4), "c a b d ");
	q.descending = true;
	assert_string_equal(names_of(&q, 4), "b a c d ");
}

/* Page by page it is the same list, each order and direction. */
static void
pages_make_the_whole_list(void **state)
{
	enum { SCHEDULES = 23 };
	struct trigger t[3] = {sim_at(AT(30)), sim_at(AT(10)), sim_at(AT(10))};

	(void)state;
	for (int i = 0; i < SCHEDULES; i++) {
		char name[16];

		snprintf(name, sizeof name, "s%d", i);
		sim_create(sim_schedule(name, &t[i % 3], i % 4 ? 1 : 0));
		sim.now_us += i % 5 ? 0 : SECOND_US;
	}
	for (int way = 0; way < 6; way++) {
		struct schedule_query q = everything();
		uint64_t seen[SCHEDULES];
		size_t pages = 0, n = 0;
		struct schedule_view *all, *list;
		struct schedule_place next;
		size_t count, total;

		q.order = (enum schedule_order)(way / 2);
		q.descending = way % 2;
		ok(service_list_schedules(&sim.sv, &sim.arena, &sim.admin, &q, &all, &count,
		    &total, &next, &sim.err));
		assert_int_equal(count, SCHEDULES);
		q.cap = 5;
		do {
			ok(service_list_schedules(&sim.sv, &sim.arena, &sim.admin, &q, &list,
			    &count, &total, &next, &sim.err));
			assert_int_equal(total, SCHEDULES);
			for (size_t i = 0; i < count; i++)
				seen[n++] = list[i].definition.id;
			/* Of a name that is all that a cursor keeps. */
			if (q.order == ORDER_NAME && next.id)
				next =
				    (struct schedule_place){.name = next.name, .id = next.id};
			q.after = next;
			if (q.order == ORDER_NAME)
				q.after.id = 0;
			pages++;
		} while (next.id);
		assert_int_equal(pages, 5);
		assert_int_equal(n, SCHEDULES);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(seen[i], all[i].definition.id);
	}
}

/* ---- sets ---- */

struct set {
	struct schedule schedules[6];
	struct schedule_set set;
	struct applied *list;
	size_t count;
};

static void
set_add(struct set *s, const char *name, const char *description)
{
	static struct trigger t;

	t = sim_every(MINUTE_US);
	s->schedules[s->set.count] = sim_schedule(name, &t, 1);
	s->schedules[s->set.count++].description = description;
}

static struct set
set_of(const char *owner)
{
	return (struct set){.set = {.owner = owner, .prune = true}};
}

static int
apply_as(const struct actor *actor, struct set *s)
{
	s->set.schedules = s->schedules;
	return service_apply_schedules(
	    &sim.sv, &sim.arena, actor, sim.now_us, &s->set, &s->list, &s->count, &sim.err);
}

/* What became of each: `+a ~b(tags) =c -d `. */
static void
assert_applied(const struct set *s, const char *expected)
{
	static const char marks[] = {[APPLIED_CREATED] = '+',
	    [APPLIED_CHANGED] = '~',
	    [APPLIED_UNCHANGED] = '=',
	    [APPLIED_DELETED] = '-'};
	const char *text = "";

	for (size_t i = 0; i < s->count; i++) {
		text = arena_printf(
		    &sim.arena, "%s%c%s", text, marks[s->list[i].kind], s->list[i].name);
		for (size_t j = 0; j < s->list[i].member_count; j++)
			text = arena_printf(&sim.arena, "%s:%s", text, s->list[i].members[j]);
		text = arena_printf(&sim.arena, "%s ", text);
	}
	assert_string_equal(text, expected);
}

static size_t
schedules_now(void)
{
	struct schedule_query q = everything();
	struct schedule_place next;
	struct schedule_view *list;
	size_t count, total;

	ok(service_list_schedules(
	    &sim.sv, &sim.arena, &sim.admin, &q, &list, &count, &total, &next, &sim.err));
	return total;
}

static void
a_set_is_made_changed_and_pruned(void **state)
{
	struct set first = set_of("site"), second = set_of("site");
	uint64_t foreign = minutely("foreign"), b;

	(void)state;
	set_add(&first, "a", "");
	set_add(&first, "b", "");
	set_add(&first, "c", "");
	ok(apply_as(&sim.admin, &first));
	assert_applied(&first, "+a +b +c ");
	b = first.list[1].id;
	assert_string_equal(view_of(b).definition.owner, "site");
	/* The same again touches nothing. */
	ok(apply_as(&sim.admin, &first));
	assert_applied(&first, "=a =b =c ");
	assert_int_equal(view_of(b).definition.version, 1);
	assert_int_equal(first.list[1].id, b);

	set_add(&second, "d", "");
	set_add(&second, "b", "other");
	set_add(&second, "a", "");
	ok(apply_as(&sim.admin, &second));
	assert_applied(&second, "+d ~b:description =a -c ");
	assert_int_equal(view_of(b).definition.version, 2);
	assert_string_equal(view_of(b).definition.owner, "site");
	assert_int_equal(schedules_now(), 4);
	assert_int_equal(view_of(foreign).definition.version, 1);
	sim_run_until(AT(1) + SECOND_US);
	assert_ledger(b, "r");
	/* Nothing at all is a set too. */
	second.set.count = 0;
	ok(apply_as(&sim.admin, &second));
	assert_applied(&second, "-a -b -d ");
	assert_int_equal(schedules_now(), 1);
}

static void
a_dry_run_tells_and_does_nothing(void **state)
{
	struct set s = set_of("site");

	(void)state;
	set_add(&s, "a", "");
	set_add(&s, "b", "");
	ok(apply_as(&sim.admin, &s));
	s = set_of("site");
	set_add(&s, "b", "x");
	set_add(&s, "c", "");
	s.set.dry_run = true;
	ok(apply_as(&sim.admin, &s));
	assert_applied(&s, "~b:description +c -a ");
	assert_int_equal(s.list[1].id, 0);
	assert_int_equal(schedules_now(), 2);
	ok(apply_as(&sim.admin, &s));
	assert_applied(&s, "~b:description +c -a ");
}

static void
without_prune_what_is_not_in_the_set_stays(void **state)
{
	struct set s = set_of("site");

	(void)state;
	set_add(&s, "a", "");
	set_add(&s, "b", "");
	ok(apply_as(&sim.admin, &s));
	s.set.count = 1;
	s.set.prune = false;
	ok(apply_as(&sim.admin, &s));
	assert_applied(&s, "=a ");
	assert_int_equal(schedules_now(), 2);
}

static void
a_name_of_another_owner_stops_the_whole_set(void **state)
{
	struct set s = set_of("site"), other = set_of("elsewhere");

	(void)state;
	set_add(&other, "theirs", "");
	ok(apply_as(&sim.admin, &other));
	minutely("nobodys");
	set_add(&s, "a", "");
	set_add(&s, "theirs", "");
	refused(apply_as(&sim.admin, &s), ERR_CONFLICT,
	    "A schedule with this name belongs to another owner: theirs");
	s.schedules[1].name = "nobodys";
	refused(apply_as(&sim.admin, &s), ERR_CONFLICT,
	    "A schedule with this name belongs to no owner: nobodys");
	assert_int_equal(schedules_now(), 2);
}

static void
a_fault_in_a_set_names_the_schedule_and_nothing_is_done(void **state)
{
	static const char *argv[] = {"/usr/bin/true", NULL};
	static struct task_def def = {.name = "only", .argv = argv, .argc = 1};
	struct set s = set_of("site");

	(void)state;
	set_add(&s, "a", "");
	set_add(&s, "b", "");
	s.schedules[1].tasks = &def;
	refused(apply_as(&sim.admin, &s), ERR_INPUT,
	    "Invalid value: schedules[1].tasks[0].command: /usr/bin/true is not below an "
	    "allowed path");
	s.set.count = 1;
	set_add(&s, "c", "");
	set_add(&s, "a", "");
	refused(apply_as(&sim.admin, &s), ERR_INPUT,
	    "Invalid value: schedules[2].name: is the name of schedules[0] too");
	s.set.owner = "";
	refused(apply_as(&sim.admin, &s), ERR_INPUT,
	    "Invalid value: owner: must be one line of at most 100 characters");
	s.set.owner = "a\nb";
	assert_int_equal(apply_as(&sim.admin, &s), ERR_INPUT);
	assert_int_equal(schedules_now(), 0);
}

static void
a_set_keeps_what_is_not_its_business(void **state)
{
	struct set s = set_of("site");
	struct trigger t = sim_every(7 * MINUTE_US);
	struct schedule_view v;
	uint64_t id;

	(void)state;
	t.anchor_open = true;
	set_add(&s, "a", "");
	s.schedules[0].triggers = &t;
	ok(apply_as(&sim.admin, &s));
	id = s.list[0].id;
	ok(suspend_until(id, 0, "why"));
	/* The file says `every 7m` still; when it is read plays no part. */
	t.anchor_us = sim.now_us;
	t.anchor_open = true;
	s.schedules[0].description = "x";
	ok(apply_as(&sim.admin, &s));
	assert_applied(&s, "~a:description ");
	v = view_of(id);
	assert_true(v.definition.triggers[0].anchor_us == SIM_BEGIN);
	assert_true(v.state.suspended);
	/* Edited by hand it is put right again. */
	ok(update(id, 2, sim_schedule("a", minutely_trigger, 1)));
	assert_string_equal(view_of(id).definition.owner, "site");
	t.anchor_us = sim.now_us;
	t.anchor_open = true;
	ok(apply_as(&sim.admin, &s));
	assert_applied(&s, "~a:description:triggers ");
}

static void
a_set_is_for_administrators_and_within_their_tags(void **state)
{
	const char *mine[] = {"mine"};
	struct actor narrow = with_tags(mine, 1), viewer = sim.admin;
	struct set s = set_of("site");

	(void)state;
	viewer.role = ROLE_PRO;
	set_add(&s, "a", "");
	assert_int_equal(apply_as(&viewer, &s), ERR_DENIED);
	assert_int_equal(apply_as(&narrow, &s), ERR_DENIED);
	ok(apply_as(&sim.admin, &s));
	/* What it does not see it does not prune, and cannot take. */
	s.schedules[0].tags = mine;
	s.schedules[0].tag_count = 1;
	assert_int_equal(apply_as(&narrow, &s), ERR_CONFLICT);
	s.schedules[0].name = "b";
	ok(apply_as(&narrow, &s));
	assert_applied(&s, "+b ");
	assert_int_equal(schedules_now(), 2);
}

static void
every_change_is_in_the_audit(void **state)
{
	const char *tags[] = {"a"};
	struct schedule_tags by_tag = {tags, 1};
	uint64_t id = tagged("t", tags, 1), *done, gone[1];
	struct audit_query q = {.from_us = INT64_MIN, .to_us = INSTANT_NEVER, .cap = 20};
	struct set s = set_of("site");
	struct audit_entry *list;
	const char *text = "";
	uint64_t next;
	size_t count;
	struct schedule d;

	(void)state;
	minutely_trigger[0] = sim_every(MINUTE_US);
	d = sim_schedule("t", minutely_trigger, 1);
	d.tags = tags;
	d.tag_count = 1;
	ok(update(id, 1, d));
	ok(suspend_until(id, AT(3), "why"));
	ok(service_resume_tagged(
	    &sim.sv, &sim.arena, &sim.admin, sim.now_us, &by_tag, &done, &count, &sim.err));
	set_add(&s, "a", "");
	ok(apply_as(&sim.admin, &s));
	s.schedules[0].description = "x";
	ok(apply_as(&sim.admin, &s));
	s.set.dry_run = true;
	s.set.count = 0;
	ok(apply_as(&sim.admin, &s));
	s.set.dry_run = false;
	ok(apply_as(&sim.admin, &s));
	ok(service_delete_schedules(
	    &sim.sv, &sim.admin, sim.now_us, &id, 1, gone, &count, &sim.err));
	ok(service_list_audit(
	    &sim.sv, &sim.arena, &sim.admin, &q, &list, &count, &next, &sim.err));
	for (size_t i = count; i-- > 0;)
		text = arena_printf(
		    &sim.arena, "%s%s (%s)\n", text, list[i].action, list[i].detail);
	assert_string_equal(text,
	    "schedule.create (name t)\n"
	    "schedule.update (name t)\n"
	    "schedule.suspend (name t until 2026-11-22T09:33:00.000Z: why)\n"
	    "schedule.resume (name t)\n"
	    "schedule.create (name a, by the set of site)\n"
	    "schedule.update (name a, by the set of site)\n"
	    "schedule.delete (name a, by the set of site)\n"
	    "schedule.delete (name t)\n");
}

/* ---- explain ---- */

static struct explanation
explain(uint64_t id, int64_t at_us)
{
	struct explanation e;

	ok(service_explain_schedule(&sim.sv, &sim.arena, &sim.admin, sim.now_us, id, at_us,
	    "Asia/Tokyo", &e, &sim.err));
	return e;
}

static void
assert_explained(
    const struct explanation *e, int64_t due_us, const char *verdict, const char *reason)
{
	assert_true(e->due_us == due_us);
	assert_string_equal(e->verdict, verdict);
	assert_string_equal(e->reason, reason);
}

/* 2026-11-22T09:30Z is 10:30 in Amsterdam and 18:30 in Tokyo. */
static void
a_run_is_explained_by_its_trigger_and_how_late_it_was(void **state)
{
	struct trigger t = sim_cron("* * * * *", "Europe/Amsterdam");
	uint64_t id = sim_create(sim_schedule("a", &t, 1));
	struct explanation e;

	(void)state;
	sim_run_until(AT(2) + SECOND_US);
	e = explain(id, AT(1) + 59 * SECOND_US);
	assert_explained(&e, AT(1), "ran",
	    "It ran, due at 2026-11-22T10:31:00.000+01:00 by the trigger \"cron * * * * *\" in "
	    "Europe/Amsterdam, 0s late.");
	assert_true(e.at_us == AT(1) + 59 * SECOND_US);
	assert_string_equal(e.trigger, "cron * * * * *");
	assert_string_equal(e.time_zone, "Europe/Amsterdam");
	assert_int_equal(e.offset_s, 3600);
	assert_true(e.execution_id != 0);
	assert_true(e.late_us >= 0 && e.late_us < SECOND_US);
	assert_false(e.suspended);
}

static void
the_nearest_due_time_within_the_minute_is_meant(void **state)
{
	struct trigger t = sim_every(10 * SECOND_US);
	uint64_t id = sim_create(sim_schedule("a", &t, 1));

	(void)state;
	sim_run_until(AT(2));
	assert_true(explain(id, AT(1) + 14 * SECOND_US).due_us == AT(1) + 10 * SECOND_US);
	assert_true(explain(id, AT(1) + 16 * SECOND_US).due_us == AT(1) + 20 * SECOND_US);
	assert_true(explain(id, AT(1) + 59 * SECOND_US).due_us == AT(1) + 50 * SECOND_US);
	assert_true(explain(id, AT(1)).due_us == AT(1));
	assert_true(explain(id, AT(1) - 1).due_us == AT(1) - 10 * SECOND_US);
}

static void
a_catch_up_says_that_it_was_missed_first(void **state)
{
	uint64_t id = minutely("a");
	struct explanation e;

	(void)state;
	sim_run_until(AT(1) + SECOND_US);
	sim_outage(3 * MINUTE_US);
	sim_run_until(AT(4) + 10 * SECOND_US);
	e = explain(id, AT(3));
	assert_explained(&e, AT(3), "missed_down",
	    "It was missed: nobody was there to fire it; a later due time stands for it, due "
	    "at "
	    "2026-11-22T18:33:00.000+09:00 by the trigger \"every 1m\".");
	assert_true(e.late_us == -1);
	e = explain(id, AT(4));
	assert_string_equal(e.verdict, "ran");
}

static void
an_overlap_names_the_run_that_stood_in_the_way(void **state)
{
	uint64_t id = minutely("a");
	struct explanation e;
	struct execution *x;
	size_t count;
	char guid[ID_GUID_LEN + 1];

	(void)state;
	sim.takes_us = 90 * SECOND_US;
	sim_run_until(AT(2) + SECOND_US);
	x = sim_executions(id, &count);
	assert_int_equal(count, 1);
	id_guid(x[0].id, guid);
	e = explain(id, AT(2));
	assert_explained(&e, AT(2), "skipped_overlap",
	    arena_printf(&sim.arena,
		"It was skipped because the run before had not ended (execution %s, triggered "
		"at 2026-11-22T09:31:00.000Z), due at 2026-11-22T18:32:00.000+09:00 by the "
		"trigger \"every 1m\".",
		guid));
	assert_int_equal(e.execution_id, x[0].id);
	sim_run_until(AT(3));
}

static void
a_suspension_is_explained_by_who_when_and_why(void **state)
{
	struct user_new n = {.name = "ann", .role = ROLE_DOMAIN_ADMIN};
	struct actor ann = sim.admin;
	uint64_t id = minutely("a");
	struct explanation e;

	(void)state;
	ok(service_create_user(&sim.sv, &sim.admin, sim.now_us, &n, &ann.user_id, &sim.err));
	ok(service_suspend_until(
	    &sim.sv, &ann, sim.now_us, id, AT(4), "the disk is full", &sim.err));
	e = explain(id, AT(2));
	assert_explained(&e, AT(2), "future",
	    "It has not come yet and will be skipped, due at 2026-11-22T18:32:00.000+09:00 by "
	    "the trigger \"every 1m\", because the schedule is suspended by ann at "
	    "2026-11-22T09:30:10.000Z until 2026-11-22T09:34:00.000Z (the disk is full).");
	assert_true(e.suspended);
	assert_true(e.suspended_until_us == AT(4));
	e = explain(id, AT(4));
	assert_explained(&e, AT(4), "future",
	    "It has not come yet, due at 2026-11-22T18:34:00.000+09:00 by the trigger \"every "
	    "1m\".");
	sim_run_until(AT(5) + SECOND_US);
	/* In the middle of a row, and long after it is over. */
	e = explain(id, AT(2) + 7 * SECOND_US);
	assert_explained(&e, AT(2), "skipped_suspended",
	    "It was skipped because the schedule was suspended by ann at "
	    "2026-11-22T09:30:10.000Z (the disk is full), due at "
	    "2026-11-22T18:32:00.000+09:00 by the trigger \"every 1m\".");
	assert_true(e.suspended);
	assert_int_equal(e.suspended_by, ann.user_id);
	assert_true(e.suspended_us == SIM_BEGIN + 10 * SECOND_US);
	assert_string_equal(e.suspended_reason, "the disk is full");
	assert_int_equal(e.execution_id, 0);
	ok(service_delete_user(&sim.sv, &sim.admin, sim.now_us, ann.user_id, &sim.err));
	e = explain(id, AT(2));
	assert_non_null(strstr(e.reason, "suspended by a user who is gone at"));
	e = explain(id, AT(4));
	assert_string_equal(e.verdict, "ran");
}

static void
what_is_not_due_says_what_was_before_and_comes_next(void **state)
{
	struct trigger t = sim_every(10 * MINUTE_US);
	uint64_t id = sim_create(sim_schedule("a", &t, 1)),
		 demand = sim_create(sim_schedule("d", NULL, 0));
	struct explanation e;

	(void)state;
	sim_run_until(AT(21));
	e = explain(id, AT(15));
	assert_explained(&e, INSTANT_NEVER, "not_due",
	    "Nothing is due in this minute; due before: 2026-11-22T09:40:00.000Z, due next: "
	    "2026-11-22T09:50:00.000Z.");
	assert_null(e.trigger);
	e = explain(id, AT(25));
	assert_string_equal(e.reason, "Nothing is due in this minute; due before: "
				      "2026-11-22T09:50:00.000Z, due next: "
				      "2026-11-22T10:00:00.000Z.");
	e = explain(id, AT(75));
	assert_string_equal(e.reason, "Nothing is due in this minute; due before: "
				      "2026-11-22T10:40:00.000Z, due next: "
				      "2026-11-22T10:50:00.000Z.");
	e = explain(id, AT(-10));
	assert_string_equal(e.reason, "The schedule did not exist yet; due before: never, due "
				      "next: 2026-11-22T09:40:00.000Z.");
	e = explain(demand, AT(10));
	assert_explained(&e, INSTANT_NEVER, "not_due",
	    "It has no triggers and runs on demand only; due before: never, due next: never.");
}

static void
what_another_definition_would_have_made_due_was_not_due(void **state)
{
	struct trigger hourly = sim_every(HOUR_US);
	uint64_t id = sim_create(sim_schedule("a", &hourly, 1));
	struct explanation e;

	(void)state;
	sim_run_until(AT(5) + SECOND_US);
	minutely_trigger[0] = sim_every(MINUTE_US);
	ok(update(id, 1, sim_schedule("a", minutely_trigger, 1)));
	sim_run_until(AT(7));
	e = explain(id, AT(3));
	assert_explained(&e, INSTANT_NEVER, "not_due",
	    "Nothing was due in this minute: the definition was another, or the schedule was "
	    "not planned; due before: never, due next: 2026-11-22T09:36:00.000Z.");
	e = explain(id, AT(6));
	assert_string_equal(e.verdict, "ran");
}

/* What ran by a trigger that is no more has no trigger to name. */
static void
a_run_of_a_definition_before_is_still_explained(void **state)
{
	uint64_t id = minutely("a");
	struct explanation e;

	(void)state;
	sim_run_until(AT(1) + SECOND_US);
	ok(update(id, 1, sim_schedule("a", NULL, 0)));
	e = explain(id, AT(1));
	assert_explained(&e, AT(1), "ran", "It ran, due at 2026-11-22T09:31:00.000Z, 0s late.");
	assert_null(e.trigger);
	assert_null(e.time_zone);
}

static void
what_is_due_and_not_handled_yet_says_so(void **state)
{
	uint64_t id = minutely("a");
	struct explanation e;

	(void)state;
	sim_stop_engine();
	sim.now_us = AT(1) + SECOND_US;
	e = explain(id, AT(1));
	assert_explained(&e, AT(1), "future",
	    "Its time has come and it is about to be handled, due at "
	    "2026-11-22T18:31:00.000+09:00 by the trigger \"every 1m\".");
	sim_start_engine();
	sim_settle();
}

static void
a_clock_change_is_part_of_the_explanation(void **state)
{
	struct trigger t = sim_cron("30 2 * * *", "Europe/Amsterdam");
	uint64_t id = sim_create(sim_schedule("a", &t, 1));
	struct explanation e;
	int64_t gap_us;

	(void)state;
	assert_int_equal(instant_parse("2027-03-28T01:00:00Z", &gap_us), 0);
	e = explain(id, gap_us);
	assert_explained(&e, gap_us, "future",
	    "It has not come yet, due at 2027-03-28T03:00:00.000+02:00 by the trigger \"cron "
	    "30 "
	    "2 * * *\" in Europe/Amsterdam (02:30 does not exist on this day: moved to the "
	    "first instant after the clock change).");
	sim_run_until(gap_us + SECOND_US);
	e = explain(id, gap_us);
	assert_string_equal(e.verdict, "ran");
	assert_non_null(strstr(e.reason, "(02:30 does not exist on this day"));
}

static void
the_ends_of_time_are_explained_too(void **state)
{
	static const char *const ends[] = {"0001-01-01T00:00:00Z",
	    "0001-01-01T00:00:59.999999Z", "2999-12-31T23:59:59Z", "3000-01-01T00:00:00Z",
	    "9999-12-31T23:59:59.999999Z"};
	struct trigger t[] = {
	    sim_cron("30 2 29 2 *", "Europe/Amsterdam"), sim_every(SECOND_US), sim_at(AT(1))};
	struct schedule s = sim_schedule("a", t, 3);
	uint64_t id, rare = sim_create(sim_schedule("rare", &t[0], 1));
	struct preview *list;
	size_t count;

	(void)state;
	s.overlap = OVERLAP_QUEUE;
	id = sim_create(s);
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		int64_t at_us;

		assert_int_equal(instant_parse(ends[i], &at_us), 0);
		assert_non_null(explain(id, at_us).reason);
		assert_non_null(explain(rare, at_us).reason);
		ok(service_preview_schedule(&sim.sv, &sim.arena, &sim.admin, rare, "UTC", at_us,
		    1000, &list, &count, &sim.err));
		ok(service_preview_schedule(&sim.sv, &sim.arena, &sim.admin, id, "UTC", at_us,
		    1000, &list, &count, &sim.err));
	}
}

static void
only_who_sees_a_schedule_has_it_explained(void **state)
{
	const char *mine[] = {"mine"};
	struct actor narrow = with_tags(mine, 1), other = sim.admin, runner = sim.admin;
	uint64_t id = minutely("a");
	struct explanation e;
	struct preview *list;
	size_t count;

	(void)state;
	other.tenant_id = 99;
	runner.scopes = SCOPE_RUN;
	assert_int_equal(service_explain_schedule(&sim.sv, &sim.arena, &narrow, sim.now_us, id,
			     AT(1), "UTC", &e, &sim.err),
	    ERR_MISSING);
	assert_int_equal(service_explain_schedule(&sim.sv, &sim.arena, &other, sim.now_us, id,
			     AT(1), "UTC", &e, &sim.err),
	    ERR_MISSING);
	assert_int_equal(service_explain_schedule(&sim.sv, &sim.arena, &runner, sim.now_us, id,
			     AT(1), "UTC", &e, &sim.err),
	    ERR_DENIED);
	assert_int_equal(service_preview_schedule(&sim.sv, &sim.arena, &other, id, "UTC", AT(0),
			     3, &list, &count, &sim.err),
	    ERR_MISSING);
	ok(service_preview_schedule(
	    &sim.sv, &sim.arena, &sim.admin, id, "UTC", AT(0), 3, &list, &count, &sim.err));
	assert_int_equal(count, 3);
	assert_true(list[0].due_us == AT(0));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_world, remove_world)
	const struct CMUnitTest tests[] = {
	    TEST(an_update_gives_another_definition_and_a_higher_version),
	    TEST(an_update_of_another_version_changes_nothing),
	    TEST(what_was_due_before_an_update_is_settled_by_the_old_definition),
	    TEST(nothing_is_due_before_an_update_that_the_update_brings),
	    TEST(an_update_never_plans_what_the_ledger_has),
	    TEST(an_update_of_a_suspended_schedule_leaves_it_suspended),
	    TEST(what_waits_begins_when_an_update_allows_runs_side_by_side),
	    TEST(what_is_queued_keeps_the_definition_that_it_was_made_with),
	    TEST(a_one_shot_in_the_past_that_an_update_brings_is_decided_by_the_misfire_policy),
	    TEST(a_one_shot_among_due_times_that_were_passed_over_is_refused),
	    TEST(one_shots_of_the_past_are_no_range_over_what_was_due_between_them),
	    TEST(an_anchor_that_is_left_open_stays_where_it_was),
	    TEST(an_update_must_be_allowed),
	    TEST(a_suspension_ends_by_itself_at_its_instant),
	    TEST(a_due_time_a_moment_before_the_end_is_suspended),
	    TEST(a_suspension_that_ended_while_nobody_was_there_ended_when_it_said),
	    TEST(a_call_after_a_long_outage_does_not_end_a_suspension_too_early),
	    TEST(the_latest_word_about_a_suspension_holds),
	    TEST(a_suspension_that_is_over_may_be_followed_by_another),
	    TEST(two_suspensions_in_a_row_are_two_entries),
	    TEST(a_schedule_may_be_resumed_before_its_suspension_ends),
	    TEST(a_schedule_whose_last_due_time_a_suspension_swallows_is_finished_when_it_ends),
	    TEST(a_checked_call_runs_when_the_suspension_is_over),
	    TEST(schedules_with_one_of_the_tags_are_suspended_and_resumed),
	    TEST(tags_reach_only_what_the_actor_sees),
	    TEST(those_of_many_that_are_there_are_deleted),
	    TEST(schedules_are_listed_by_what_they_are),
	    TEST(schedules_are_listed_in_the_order_that_is_asked_for),
	    TEST(pages_make_the_whole_list),
	    TEST(a_set_is_made_changed_and_pruned),
	    TEST(a_dry_run_tells_and_does_nothing),
	    TEST(without_prune_what_is_not_in_the_set_stays),
	    TEST(a_name_of_another_owner_stops_the_whole_set),
	    TEST(a_fault_in_a_set_names_the_schedule_and_nothing_is_done),
	    TEST(a_set_keeps_what_is_not_its_business),
	    TEST(a_set_is_for_administrators_and_within_their_tags),
	    TEST(every_change_is_in_the_audit),
	    TEST(a_run_is_explained_by_its_trigger_and_how_late_it_was),
	    TEST(the_nearest_due_time_within_the_minute_is_meant),
	    TEST(a_catch_up_says_that_it_was_missed_first),
	    TEST(an_overlap_names_the_run_that_stood_in_the_way),
	    TEST(a_suspension_is_explained_by_who_when_and_why),
	    TEST(what_is_not_due_says_what_was_before_and_comes_next),
	    TEST(what_another_definition_would_have_made_due_was_not_due),
	    TEST(a_run_of_a_definition_before_is_still_explained),
	    TEST(what_is_due_and_not_handled_yet_says_so),
	    TEST(a_clock_change_is_part_of_the_explanation),
	    TEST(the_ends_of_time_are_explained_too),
	    TEST(only_who_sees_a_schedule_has_it_explained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
