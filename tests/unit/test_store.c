/*
 * The store's functions, and its transactions alone and between processes. What a disk, a kill
 * or a damaged directory does is in test_store_crash.c.
 */
#include "store_support.h"

#include <sched.h>
#include <stdatomic.h>

#include "base/id.h"
#include "store/internal.h"

/* ---- functions: each test is the body of a transaction that is aborted in the end, so that
 * all share one store that stays empty
 * ------------------------------------------------------------------------------------- */

struct trial {
	void (*steps)(struct txn *txn);
};

static int
undone(struct txn *txn, void *ctx, struct err *e)
{
	const struct trial *trial = ctx;

	(void)e;
	trial->steps(txn);
	return ERR_INPUT;
}

static void
in_a_transaction(void **state)
{
	assert_int_equal(store_run(st, undone, *state, &err), ERR_INPUT);
	arena_release(&arena);
}

#define ok(call) ok_at((call), #call, __LINE__)

static void
ok_at(int code, const char *call, int line)
{
	if (code)
		fail_msg("line %d: %s: %d: %s", line, call, code, err.text);
}

/* ---- schedules ---- */

static void
a_schedule_comes_back_as_it_was_put(struct txn *txn)
{
	struct schedule s = schedule_of(1, 10, "Nightly"), got;

	ok(store_schedule_put(txn, &s, &err));
	ok(store_schedule_get(txn, &arena, 10, &got, &err));
	assert_int_equal(got.id, 10);
	assert_int_equal(got.tenant_id, 1);
	assert_string_equal(got.name, "Nightly");
	assert_int_equal(got.task_count, 1);
	assert_string_equal(got.tasks[0].argv[1], "hello");
	assert_null(got.tasks[0].argv[2]);
}

static void
an_unknown_schedule_is_missing(struct txn *txn)
{
	struct schedule s = schedule_of(1, 10, "a");
	struct schedule_state state;
	uint64_t id;

	assert_int_equal(store_schedule_get(txn, &arena, 10, &s, &err), ERR_MISSING);
	assert_non_null(strstr(err.text, "schedules 10"));
	assert_int_equal(store_schedule_remove(txn, &s, &err), ERR_MISSING);
	assert_int_equal(store_schedule_by_name(txn, 1, "a", &id, &err), ERR_MISSING);
	assert_int_equal(store_state_get(txn, &arena, 10, &state, &err), ERR_MISSING);
}

static void
a_schedule_is_found_by_its_name_in_its_tenant_only(struct txn *txn)
{
	struct schedule a = schedule_of(1, 10, "a"), other = schedule_of(2, 11, "a");
	uint64_t id;

	ok(store_schedule_put(txn, &a, &err));
	ok(store_schedule_put(txn, &other, &err));
	ok(store_schedule_by_name(txn, 1, "a", &id, &err));
	assert_int_equal(id, 10);
	ok(store_schedule_by_name(txn, 2, "a", &id, &err));
	assert_int_equal(id, 11);
	assert_int_equal(store_schedule_by_name(txn, 1, "A", &id, &err), ERR_MISSING);
	assert_int_equal(store_schedule_by_name(txn, 1, "", &id, &err), ERR_MISSING);
}

static void
two_live_schedules_of_a_tenant_never_share_a_name(struct txn *txn)
{
	struct schedule a = schedule_of(1, 10, "a"), b = schedule_of(1, 11, "b");
	uint64_t id;

	ok(store_schedule_put(txn, &a, &err));
	ok(store_schedule_put(txn, &b, &err));
	b.name = "a";
	assert_int_equal(store_schedule_put(txn, &b, &err), ERR_CONFLICT);
	assert_string_equal(err.text, "the name \"a\" is taken");
	ok(store_schedule_by_name(txn, 1, "b", &id, &err));
	assert_int_equal(id, 11);
	ok(store_schedule_get(txn, &arena, 11, &b, &err));
	assert_string_equal(b.name, "b");
}

static void
a_renamed_schedule_gives_its_old_name_free(struct txn *txn)
{
	struct schedule a = schedule_of(1, 10, "a"), b = schedule_of(1, 11, "a");
	uint64_t id;

	ok(store_schedule_put(txn, &a, &err));
	a.name = "z";
	ok(store_schedule_put(txn, &a, &err));
	ok(store_schedule_put(txn, &a, &err));
	assert_int_equal(store_schedule_by_name(txn, 1, "a", &id, &err), ERR_MISSING);
	ok(store_schedule_put(txn, &b, &err));
}

static void
a_removed_schedule_leaves_name_state_and_plan_but_its_history_stays(struct txn *txn)
{
	struct schedule a = schedule_of(1, 10, "a");
	struct schedule_state state = state_of(10);
	struct execution e = execution_of(10, 20), *list;
	struct occurrence o = {.schedule_id = 10,
			      .due_us = 5,
			      .to_us = 5,
			      .count = 1,
			      .verdict = VERDICT_MISSED_DOWN},
			  *ledger;
	struct firing due[4];
	uint64_t id;
	size_t count;

	ok(store_schedule_put(txn, &a, &err));
	state.next_due_us = 77;
	ok(store_state_put(txn, &state, &err));
	ok(store_plan_put(txn, (struct firing){10, 77}, &err));
	ok(store_execution_put(txn, &e, &err));
	ok(store_ledger_insert(txn, &o, &err));

	/* The name that the caller has in hand may be an old one. */
	a.name = "something else";
	ok(store_schedule_remove(txn, &a, &err));
	assert_int_equal(store_schedule_get(txn, &arena, 10, &a, &err), ERR_MISSING);
	assert_int_equal(store_schedule_by_name(txn, 1, "a", &id, &err), ERR_MISSING);
	assert_int_equal(store_state_get(txn, &arena, 10, &state, &err), ERR_MISSING);
	ok(store_plan_due(txn, INT64_MAX, due, 4, &count, &err));
	assert_int_equal(count, 0);
	ok(store_execution_list(txn, &arena, 10, 0, 9, &list, &count, &err));
	assert_int_equal(count, 1);
	ok(store_ledger_list(txn, &arena, 10, 0, 9, 9, &ledger, &count, &err));
	assert_int_equal(count, 1);
}

static void
a_state_comes_back_as_it_was_put(struct txn *txn)
{
	struct schedule_state state = state_of(10), got;

	state.suspended = true;
	state.suspended_reason = "holidays";
	state.active = 3;
	ok(store_state_put(txn, &state, &err));
	ok(store_state_get(txn, &arena, 10, &got, &err));
	assert_true(got.suspended);
	assert_string_equal(got.suspended_reason, "holidays");
	assert_int_equal(got.active, 3);
	assert_int_equal(got.next_due_us, INSTANT_NEVER);
}

/* ---- the walk over names ---- */

struct seen {
	char text[4096];
	size_t count;
	size_t stop_after; /* 0: never */
};

static int
see_name(void *ctx, const char *name, uint64_t id)
{
	struct seen *seen = ctx;
	size_t len = strlen(seen->text);

	if (seen->count < 20)
		snprintf(seen->text + len, sizeof seen->text - len, "%s=%d ", name, (int)id);
	seen->count++;
	return seen->stop_after == seen->count ? 42 : 0;
}

static void
put_names(struct txn *txn)
{
	static const struct {
		uint64_t tenant, id;
		const char *name;
	} rows[] = {{1, 10, "b"}, {1, 11, "a"}, {1, 12, "\xc3\xa9"}, {1, 13, "a b"},
	    {2, 14, "aa"}, {UINT64_C(1) << 32, 15, "c"}};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct schedule s = schedule_of(rows[i].tenant, rows[i].id, rows[i].name);

		ok(store_schedule_put(txn, &s, &err));
	}
}

static void
names_come_in_byte_order_and_of_one_tenant(struct txn *txn)
{
	struct seen seen = {0};

	put_names(txn);
	ok(store_schedule_names(txn, 1, NULL, see_name, &seen, &err));
	assert_string_equal(seen.text, "a=11 a b=13 b=10 \xc3\xa9=12 ");
}

static void
names_go_on_after_one_that_need_not_exist(struct txn *txn)
{
	struct seen seen = {0}, none = {0}, rest = {0};

	put_names(txn);
	ok(store_schedule_names(txn, 1, "a", see_name, &seen, &err));
	assert_string_equal(seen.text, "a b=13 b=10 \xc3\xa9=12 ");
	ok(store_schedule_names(txn, 1, "az", see_name, &rest, &err));
	assert_string_equal(rest.text, "b=10 \xc3\xa9=12 ");
	ok(store_schedule_names(txn, 1, "\xff", see_name, &none, &err));
	ok(store_schedule_names(txn, 9, NULL, see_name, &none, &err));
	assert_int_equal(none.count, 0);
}

static void
a_visit_that_answers_something_ends_the_walk(struct txn *txn)
{
	struct seen seen = {.stop_after = 2};

	put_names(txn);
	assert_int_equal(store_schedule_names(txn, 1, NULL, see_name, &seen, &err), 42);
	assert_int_equal(seen.count, 2);
}

static void
a_walk_over_many_names_misses_none_and_repeats_none(struct txn *txn)
{
	struct seen seen = {0};
	char name[256];

	/* Several of the steps in which they are read. */
	for (int i = 0; i < 700; i++) {
		struct schedule s = schedule_of(1, 1000 + (uint64_t)i, name);

		snprintf(name, sizeof name, "%0240d", i);
		ok(store_schedule_put(txn, &s, &err));
	}
	ok(store_schedule_names(txn, 1, NULL, see_name, &seen, &err));
	assert_int_equal(seen.count, 700);
}

/* ---- the plan ---- */

static void
the_plan_gives_what_is_due_oldest_first(struct txn *txn)
{
	struct firing due[3];
	size_t count;

	ok(store_plan_put(txn, (struct firing){1, 300}, &err));
	ok(store_plan_put(txn, (struct firing){2, -100}, &err));
	ok(store_plan_put(txn, (struct firing){3, 200}, &err));
	ok(store_plan_put(txn, (struct firing){4, 0}, &err));
	ok(store_plan_due(txn, 200, due, 3, &count, &err));
	assert_int_equal(count, 3);
	assert_int_equal(due[0].schedule_id, 2);
	assert_int_equal(due[0].due_us, -100);
	assert_int_equal(due[1].schedule_id, 4);
	assert_int_equal(due[2].schedule_id, 3);
	ok(store_plan_due(txn, 299, due, 2, &count, &err));
	assert_int_equal(count, 2);
	ok(store_plan_due(txn, -101, due, 3, &count, &err));
	assert_int_equal(count, 0);
}

static void
the_earliest_of_an_empty_plan_is_never(struct txn *txn)
{
	struct firing f = {1, 300};
	int64_t due_us;

	ok(store_plan_earliest(txn, &due_us, &err));
	assert_int_equal(due_us, INSTANT_NEVER);
	ok(store_plan_put(txn, f, &err));
	ok(store_plan_earliest(txn, &due_us, &err));
	assert_int_equal(due_us, 300);
	ok(store_plan_remove(txn, f, &err));
	assert_int_equal(store_plan_remove(txn, f, &err), ERR_MISSING);
	assert_non_null(strstr(err.text, "plan 300|1"));
}

/* ---- the ledger ---- */

static struct occurrence
missed(uint64_t schedule_id, int64_t due_us)
{
	return (struct occurrence){.schedule_id = schedule_id,
	    .due_us = due_us,
	    .to_us = due_us,
	    .count = 1,
	    .verdict = VERDICT_MISSED_DOWN};
}

static void
a_due_time_has_one_entry_for_good(struct txn *txn)
{
	struct occurrence o = missed(1, 100), *list;
	size_t count;

	ok(store_ledger_insert(txn, &o, &err));
	o.verdict = VERDICT_RAN;
	assert_int_equal(store_ledger_insert(txn, &o, &err), ERR_CONFLICT);
	ok(store_ledger_list(txn, &arena, 1, 0, 1000, 9, &list, &count, &err));
	assert_int_equal(count, 1);
	assert_int_equal(list[0].verdict, VERDICT_MISSED_DOWN);
}

static void
an_entry_grows_and_never_shrinks(struct txn *txn)
{
	struct occurrence o = missed(1, 100), *list;
	size_t count;

	assert_int_equal(store_ledger_extend(txn, &o, &err), ERR_MISSING);
	ok(store_ledger_insert(txn, &o, &err));
	o.to_us = 300;
	o.count = 3;
	ok(store_ledger_extend(txn, &o, &err));
	o.to_us = 200;
	assert_int_equal(store_ledger_extend(txn, &o, &err), ERR_CONFLICT);
	o.to_us = 300;
	o.count = 2;
	assert_int_equal(store_ledger_extend(txn, &o, &err), ERR_CONFLICT);
	ok(store_ledger_list(txn, &arena, 1, 100, 101, 9, &list, &count, &err));
	assert_int_equal(list[0].to_us, 300);
	assert_int_equal(list[0].count, 3);
}

static void
the_ledger_lists_from_and_before_and_at_most(struct txn *txn)
{
	struct occurrence *list;
	size_t count;

	for (int64_t due_us = -200; due_us <= 200; due_us += 100) {
		struct occurrence o = missed(1, due_us), other = missed(2, due_us);

		ok(store_ledger_insert(txn, &o, &err));
		ok(store_ledger_insert(txn, &other, &err));
	}
	ok(store_ledger_list(txn, &arena, 1, -100, 200, 9, &list, &count, &err));
	assert_int_equal(count, 3);
	assert_int_equal(list[0].due_us, -100);
	assert_int_equal(list[2].due_us, 100);
	assert_int_equal(list[2].schedule_id, 1);
	ok(store_ledger_list(txn, &arena, 1, INT64_MIN, INSTANT_NEVER, 2, &list, &count, &err));
	assert_int_equal(count, 2);
	ok(store_ledger_list(txn, &arena, 2, 201, INSTANT_NEVER, 9, &list, &count, &err));
	assert_int_equal(count, 0);
	ok(store_ledger_list(txn, &arena, 1, 0, 0, 9, &list, &count, &err));
	assert_int_equal(count, 0);
}

/* ---- executions and tasks ---- */

static void
a_ledger_entry_may_turn_out_not_to_have_run(struct txn *txn)
{
	struct occurrence o = {.schedule_id = 1,
			      .due_us = 5,
			      .to_us = 5,
			      .count = 1,
			      .verdict = VERDICT_RAN,
			      .execution_id = 20,
			      .decided_us = 6},
			  *list;
	size_t count;

	ok(store_ledger_insert(txn, &o, &err));
	ok(store_ledger_revise(txn, 1, 5, VERDICT_SKIPPED_CONDITION, "no", &err));
	ok(store_ledger_list(txn, &arena, 1, 0, 9, 9, &list, &count, &err));
	assert_int_equal(count, 1);
	assert_int_equal(list[0].verdict, VERDICT_SKIPPED_CONDITION);
	assert_string_equal(list[0].reason, "no");
	assert_int_equal(list[0].execution_id, 20);
	assert_int_equal(list[0].decided_us, 6);
	assert_int_equal(
	    store_ledger_revise(txn, 1, 6, VERDICT_SKIPPED_CONDITION, "no", &err), ERR_MISSING);
}

static void
executions_are_listed_newest_first(struct txn *txn)
{
	struct execution *list;
	size_t count;

	for (uint64_t id = 20; id < 29; id++) {
		struct execution e = execution_of(1 + id % 3, id);

		ok(store_execution_put(txn, &e, &err));
	}
	ok(store_execution_list(txn, &arena, 1, 0, 9, &list, &count, &err));
	assert_int_equal(count, 3);
	assert_int_equal(list[0].id, 27);
	assert_int_equal(list[2].id, 21);
	ok(store_execution_list(txn, &arena, 3, 0, 2, &list, &count, &err));
	assert_int_equal(count, 2);
	assert_int_equal(list[0].id, 26);
	ok(store_execution_list(txn, &arena, 2, 25, 9, &list, &count, &err));
	assert_int_equal(count, 1);
	assert_int_equal(list[0].id, 22);
	ok(store_execution_list(txn, &arena, 2, 22, 9, &list, &count, &err));
	assert_int_equal(count, 0);
	ok(store_execution_list(txn, &arena, 4, 0, 9, &list, &count, &err));
	assert_int_equal(count, 0);
	ok(store_execution_list(txn, &arena, 0, 0, 9, &list, &count, &err));
	assert_int_equal(count, 0);
}

static void
an_execution_keeps_its_schedule(struct txn *txn)
{
	struct execution e = execution_of(1, 20), got;

	assert_int_equal(store_execution_get(txn, &arena, 20, &got, &err), ERR_MISSING);
	ok(store_execution_put(txn, &e, &err));
	e.tasks_ended = 1;
	ok(store_execution_put(txn, &e, &err));
	e.schedule_id = 2;
	assert_int_equal(store_execution_put(txn, &e, &err), ERR_CONFLICT);
	ok(store_execution_get(txn, &arena, 20, &got, &err));
	assert_int_equal(got.schedule_id, 1);
	assert_int_equal(got.tasks_ended, 1);
}

static void
tasks_are_listed_by_ordinal(struct txn *txn)
{
	struct execution e = execution_of(1, 20), other = execution_of(1, 21);
	struct task *list;
	size_t count;

	ok(store_execution_put(txn, &e, &err));
	ok(store_execution_put(txn, &other, &err));
	for (uint32_t i = 0; i < 3; i++) {
		struct task t = task_of(&e, 40 - i, i), next = task_of(&other, 50 + i, i);

		ok(store_task_put(txn, &t, &err));
		ok(store_task_put(txn, &next, &err));
	}
	ok(store_task_list(txn, &arena, 20, &list, &count, &err));
	assert_int_equal(count, 3);
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(list[i].ordinal, i);
		assert_int_equal(list[i].id, 40 - i);
	}
	ok(store_task_list(txn, &arena, 22, &list, &count, &err));
	assert_int_equal(count, 0);
	assert_null(list);
}

static void
a_task_keeps_its_place_and_no_other_takes_it(struct txn *txn)
{
	struct execution e = execution_of(1, 20);
	struct task t = task_of(&e, 30, 0), rival = task_of(&e, 31, 0), got;

	assert_int_equal(store_task_get(txn, &arena, 30, &got, &err), ERR_MISSING);
	ok(store_execution_put(txn, &e, &err));
	ok(store_task_put(txn, &t, &err));
	assert_int_equal(store_task_put(txn, &rival, &err), ERR_CONFLICT);
	t.ordinal = 1;
	assert_int_equal(store_task_put(txn, &t, &err), ERR_CONFLICT);
	t.ordinal = 0;
	t.status = TASK_RUNNING;
	ok(store_task_put(txn, &t, &err));
	ok(store_task_get(txn, &arena, 30, &got, &err));
	assert_int_equal(got.status, TASK_RUNNING);
}

static void
results_are_listed_by_task_and_by_tenant(struct txn *txn)
{
	struct execution e = execution_of(10, 20);
	struct task t = task_of(&e, 30, 0), other = task_of(&e, 31, 1);
	struct result list[] = {
	    result_of(&t, 40, 1, 0),
	    result_of(&t, 41, 1, 1),
	    result_of(&other, 42, 1, 0),
	    result_of(&t, 43, 3, 0),
	    result_of(&t, 44, 3, 5),
	};
	struct result *got, one;
	size_t count;

	list[2].tenant_id = 2;
	for (size_t i = 0; i < 5; i++)
		ok(store_result_put(txn, &list[i], &err));
	/* Of the last attempt that left any, by number. */
	ok(store_result_list(txn, &arena, 30, &got, &count, &err));
	assert_int_equal(count, 2);
	assert_int_equal(got[0].id, 43);
	assert_int_equal(got[1].id, 44);
	assert_int_equal(got[1].number, 5);
	assert_string_equal(got[1].name, "a.csv");
	ok(store_result_list(txn, &arena, 29, &got, &count, &err));
	assert_int_equal(count, 0);

	ok(store_result_walk(txn, &arena, 1, 0, 3, &got, &count, &err));
	assert_int_equal(count, 3);
	assert_int_equal(got[0].id, 44);
	assert_int_equal(got[2].id, 41);
	ok(store_result_walk(txn, &arena, 1, 41, 3, &got, &count, &err));
	assert_int_equal(count, 1);
	assert_int_equal(got[0].id, 40);
	ok(store_result_walk(txn, &arena, 2, 0, 3, &got, &count, &err));
	assert_int_equal(count, 1);

	list[0].state = RESULT_CONSUMED;
	list[0].consumed_us = 7;
	ok(store_result_put(txn, &list[0], &err));
	ok(store_result_get(txn, &arena, 40, &one, &err));
	assert_int_equal(one.consumed_us, 7);
	assert_int_equal(store_result_get(txn, &arena, 45, &one, &err), ERR_MISSING);
}

static void
a_result_keeps_its_task_and_its_tenant(struct txn *txn)
{
	struct execution e = execution_of(10, 20);
	struct task t = task_of(&e, 30, 0);
	struct result r = result_of(&t, 40, 1, 0), moved = r, given = r;

	ok(store_result_put(txn, &r, &err));
	moved.task_id = 31;
	assert_int_equal(store_result_put(txn, &moved, &err), ERR_CONFLICT);
	given.tenant_id = 2;
	assert_int_equal(store_result_put(txn, &given, &err), ERR_CONFLICT);
}

static void
executions_of_a_schedule_or_a_tenant_are_listed_by_time(struct txn *txn)
{
	/* A clock that was set back: a later one may have been triggered earlier. */
	static const int64_t triggered_us[] = {10, 30, 20, 30, -5, 40};
	struct execution_place newest = EXECUTION_PLACE_NEWEST;
	struct execution *list;
	size_t count;

	for (uint64_t i = 0; i < 6; i++) {
		struct execution e = execution_of(11 + i % 2, 20 + i);

		e.tenant_id = i == 5 ? 2 : 1;
		e.triggered_us = triggered_us[i];
		ok(store_execution_put(txn, &e, &err));
		ok(store_execution_put(txn, &e, &err));
	}
	ok(store_execution_by_time(txn, &arena, 1, INT64_MIN, newest, 9, &list, &count, &err));
	assert_int_equal(count, 5);
	assert_int_equal(list[0].id, 23);
	assert_int_equal(list[1].id, 21);
	assert_int_equal(list[2].id, 22);
	assert_int_equal(list[3].id, 20);
	assert_int_equal(list[4].id, 24);
	/* Of one schedule. */
	ok(store_execution_by_time(txn, &arena, 11, INT64_MIN, newest, 9, &list, &count, &err));
	assert_int_equal(count, 3);
	assert_int_equal(list[0].id, 22);
	assert_int_equal(list[2].id, 24);
	/* From a time on, below another, so many. */
	ok(store_execution_by_time(
	    txn, &arena, 1, 20, (struct execution_place){30, 23}, 9, &list, &count, &err));
	assert_int_equal(count, 2);
	assert_int_equal(list[0].id, 21);
	assert_int_equal(list[1].id, 22);
	ok(store_execution_by_time(txn, &arena, 1, INT64_MIN, (struct execution_place){30, 0},
	    1, &list, &count, &err));
	assert_int_equal(count, 1);
	assert_int_equal(list[0].id, 22);
	ok(store_execution_by_time(txn, &arena, 3, INT64_MIN, newest, 9, &list, &count, &err));
	assert_int_equal(count, 0);
	list = arena_array(&arena, 1, sizeof *list);
	ok(store_execution_get(txn, &arena, 20, list, &err));
	list->triggered_us++;
	assert_int_equal(store_execution_put(txn, list, &err), ERR_CONFLICT);
}

static void
a_condition_is_not_among_the_tasks_of_its_execution(struct txn *txn)
{
	struct execution e = execution_of(10, 20);
	struct task t = task_of(&e, 30, 0), condition = task_of(&e, 31, TASK_ORDINAL_CONDITION),
		    *list;
	size_t count;

	ok(store_execution_put(txn, &e, &err));
	ok(store_task_put(txn, &condition, &err));
	ok(store_task_list(txn, &arena, 20, &list, &count, &err));
	assert_int_equal(count, 0);
	ok(store_task_put(txn, &t, &err));
	ok(store_task_list(txn, &arena, 20, &list, &count, &err));
	assert_int_equal(count, 1);
	assert_int_equal(list[0].id, 30);
	ok(store_task_get(txn, &arena, 31, &condition, &err));
}

static void
the_tasks_of_a_tenant_are_listed_newest_first_without_conditions(struct txn *txn)
{
	struct execution e = execution_of(10, 20), other = execution_of(11, 21);
	struct task_line lines[4];
	struct task t;
	size_t count;

	other.tenant_id = 2;
	ok(store_execution_put(txn, &e, &err));
	ok(store_execution_put(txn, &other, &err));
	for (uint32_t i = 0; i < 3; i++) {
		t = task_of(&e, 30 + 2 * i, i);
		ok(store_task_put(txn, &t, &err));
	}
	t = task_of(&e, 37, TASK_ORDINAL_CONDITION);
	ok(store_task_put(txn, &t, &err));
	t = task_of(&other, 33, 0);
	ok(store_task_put(txn, &t, &err));

	ok(store_task_lines(txn, 1, 0, lines, 4, &count, &err));
	assert_int_equal(count, 3);
	assert_int_equal(lines[0].id, 34);
	assert_int_equal(lines[2].id, 30);
	ok(store_task_lines(txn, 1, 34, lines, 1, &count, &err));
	assert_int_equal(count, 1);
	assert_int_equal(lines[0].id, 32);
	ok(store_task_lines(txn, 1, 30, lines, 4, &count, &err));
	assert_int_equal(count, 0);
	ok(store_task_lines(txn, 2, 0, lines, 4, &count, &err));
	assert_int_equal(count, 1);
	assert_int_equal(lines[0].id, 33);
	ok(store_task_lines(txn, 3, 0, lines, 4, &count, &err));
	assert_int_equal(count, 0);
	assert_int_equal(store_task_line(txn, 1, 37, lines, &err), ERR_MISSING);
}

static void
the_line_of_a_task_says_what_it_and_its_execution_say(struct txn *txn)
{
	struct execution e = execution_of(10, 20);
	struct attempt attempts[] = {
	    {.number = 1, .start_us = INSTANT_NEVER, .end_us = 7},
	    {.number = 2, .start_us = 8, .end_us = 9},
	    {.number = 3, .start_us = 10, .end_us = 11},
	};
	struct task t = task_of(&e, 30, 0);
	struct task_line line;

	e.schedule_type = 3;
	e.key_id = 4;
	e.actor_id = 5;
	e.due_us = 6;
	e.triggered_us = 7;
	ok(store_execution_put(txn, &e, &err));
	ok(store_task_put(txn, &t, &err));
	ok(store_task_line(txn, 1, 30, &line, &err));
	assert_true(task_line_equals(&line, &(struct task_line){.id = 30,
						.execution_id = 20,
						.schedule_id = 10,
						.schedule_type = 3,
						.key_id = 4,
						.actor_id = 5,
						.due_us = 6,
						.triggered_us = 7,
						.status = TASK_PENDING,
						.start_us = INSTANT_NEVER,
						.end_us = INSTANT_NEVER}));
	t.attempts = attempts;
	t.attempt_count = 3;
	t.status = TASK_LOST;
	t.end_us = 11;
	ok(store_task_put(txn, &t, &err));
	ok(store_task_line(txn, 1, 30, &line, &err));
	assert_int_equal(line.status, TASK_LOST);
	assert_int_equal(line.start_us, 8);
	assert_int_equal(line.end_us, 11);
	assert_int_equal(line.key_id, 4);
	t.tenant_id = 2;
	assert_int_equal(store_task_put(txn, &t, &err), ERR_CONFLICT);
}

static void
what_waits_can_be_asked_for_and_cancels_are_listed(struct txn *txn)
{
	uint64_t ids[4];
	size_t count;
	bool waits;

	ok(store_waiting_put(txn, 1, 20, &err));
	ok(store_waiting_has(txn, 1, 20, &waits, &err));
	assert_true(waits);
	ok(store_waiting_has(txn, 1, 21, &waits, &err));
	assert_false(waits);
	ok(store_cancel_put(txn, 9, &err));
	ok(store_cancel_put(txn, 7, &err));
	ok(store_cancel_list(txn, ids, 4, &count, &err));
	assert_int_equal(count, 2);
	assert_int_equal(ids[0], 7);
	ok(store_cancel_remove(txn, 7, &err));
	assert_int_equal(store_cancel_remove(txn, 7, &err), ERR_MISSING);
	ok(store_cancel_list(txn, ids, 4, &count, &err));
	assert_int_equal(count, 1);
}

/* A list that ends early would hide the rest of it. */
static void
what_is_listed_and_is_not_there_is_damage_and_no_end(struct txn *txn)
{
	struct execution *executions, e;
	struct task *tasks, t;
	size_t count;

	for (uint64_t id = 20; id < 23; id++) {
		e = execution_of(1, id);
		t = task_of(&e, id + 10, 0);
		ok(store_execution_put(txn, &e, &err));
		ok(store_task_put(txn, &t, &err));
	}
	ok(table_delete(txn, TABLE_EXECUTIONS, key_id(txn, 21), &err));
	ok(table_delete(txn, TABLE_TASKS, key_id(txn, 31), &err));
	assert_int_equal(
	    store_execution_list(txn, &arena, 1, 0, 9, &executions, &count, &err), ERR_IO);
	assert_string_equal(err.text, "executions 21: listed, and does not exist");
	assert_int_equal(store_task_list(txn, &arena, 21, &tasks, &count, &err), ERR_IO);
	assert_string_equal(err.text, "tasks 31: listed, and does not exist");
}

/* ---- queue, waiting, active ---- */

static void
the_queue_is_a_set_in_order_of_age(struct txn *txn)
{
	uint64_t ids[4];
	size_t count;

	ok(store_queue_list(txn, 0, ids, 4, &count, &err));
	assert_int_equal(count, 0);
	for (uint64_t id = 5; id > 0; id--)
		ok(store_queue_put(txn, id * 100, &err));
	ok(store_queue_put(txn, 100, &err));
	ok(store_queue_remove(txn, 200, &err));
	assert_int_equal(store_queue_remove(txn, 200, &err), ERR_MISSING);
	ok(store_queue_list(txn, 0, ids, 4, &count, &err));
	assert_int_equal(count, 4);
	assert_int_equal(ids[0], 100);
	assert_int_equal(ids[1], 300);
	ok(store_queue_list(txn, 0, ids, 0, &count, &err));
	assert_int_equal(count, 0);
}

static void
the_queue_is_one_of_each_tenant_in_turn(struct txn *txn)
{
	/* Space and number, in the order of the list, and behind which execution it goes on. */
	static const struct {
		uint64_t last;
		size_t cap, count;
		uint64_t list[7][2];
	} cases[] = {
	    {0, 9, 6, {{0, 1}, {3, 5}, {9, 2}, {0, 2}, {3, 6}, {0, 3}}},
	    {1, 9, 6, {{3, 5}, {9, 2}, {0, 1}, {3, 6}, {0, 2}, {0, 3}}},
	    {(UINT64_C(3) << 40) + 4, 2, 2, {{9, 2}, {0, 1}}},
	    {(UINT64_C(5) << 40) + 1, 4, 4, {{9, 2}, {0, 1}, {3, 5}, {0, 2}}},
	    {(UINT64_C(9) << 40) + 1, 1, 1, {{0, 1}}},
	    {(UINT64_C(4000) << 40) + 1, 1, 1, {{0, 1}}},
	};
	uint64_t ids[9];
	size_t count;

	for (size_t i = 0; i < cases[0].count; i++)
		ok(store_queue_put(txn,
		    id_in_space((unsigned)cases[0].list[i][0], cases[0].list[i][1]), &err));
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		ok(store_queue_list(txn, cases[i].last, ids, cases[i].cap, &count, &err));
		assert_int_equal(count, cases[i].count);
		for (size_t n = 0; n < count; n++)
			assert_int_equal(ids[n],
			    id_in_space((unsigned)cases[i].list[n][0], cases[i].list[n][1]));
	}
}

static void
the_first_that_waits_is_the_oldest_of_its_schedule(struct txn *txn)
{
	uint64_t id;

	assert_int_equal(store_waiting_first(txn, 1, &id, &err), ERR_MISSING);
	ok(store_waiting_put(txn, 2, 7, &err));
	assert_int_equal(store_waiting_first(txn, 1, &id, &err), ERR_MISSING);
	ok(store_waiting_put(txn, 1, 9, &err));
	ok(store_waiting_put(txn, 1, 8, &err));
	ok(store_waiting_first(txn, 1, &id, &err));
	assert_int_equal(id, 8);
	ok(store_waiting_remove(txn, 1, 8, &err));
	assert_int_equal(store_waiting_remove(txn, 1, 8, &err), ERR_MISSING);
	ok(store_waiting_first(txn, 1, &id, &err));
	assert_int_equal(id, 9);
}

static void
the_active_are_paged_by_id(struct txn *txn)
{
	uint64_t ids[2];
	size_t count;

	for (uint64_t id = 1; id <= 3; id++)
		ok(store_active_put(txn, id, &err));
	ok(store_active_list(txn, 0, ids, 2, &count, &err));
	assert_int_equal(count, 2);
	ok(store_active_list(txn, ids[1], ids, 2, &count, &err));
	assert_int_equal(count, 1);
	assert_int_equal(ids[0], 3);
	ok(store_active_list(txn, 3, ids, 2, &count, &err));
	assert_int_equal(count, 0);
	ok(store_active_remove(txn, 3, &err));
	assert_int_equal(store_active_remove(txn, 3, &err), ERR_MISSING);
}

/* ---- tenants, users, tokens, values, ids ---- */

static void
the_first_tenant_is_that_with_the_smallest_id(struct txn *txn)
{
	struct tenant first = {.id = 2, .name = "main", .enabled = true}, got,
		      later = {.id = 300, .name = "later"};

	assert_int_equal(store_tenant_first(txn, &arena, &got, &err), ERR_MISSING);
	ok(store_tenant_put(txn, &later, &err));
	ok(store_tenant_put(txn, &first, &err));
	ok(store_tenant_first(txn, &arena, &got, &err));
	assert_int_equal(got.id, 2);
	assert_string_equal(got.name, "main");
	assert_true(got.enabled);
}

static void
a_deleted_tenant_stays_and_gives_its_name_free(struct txn *txn)
{
	struct tenant t = {.id = 2, .name = "acme", .enabled = true}, got, *list;
	struct tenant other = {.id = 3, .name = "acme", .enabled = true};
	size_t count;

	ok(store_tenant_put(txn, &t, &err));
	assert_int_equal(store_tenant_put(txn, &other, &err), ERR_CONFLICT);
	t.deleted = true;
	ok(store_tenant_put(txn, &t, &err));
	ok(store_tenant_put(txn, &t, &err));
	ok(store_tenant_put(txn, &other, &err));
	ok(store_tenant_by_name(txn, &arena, "acme", &got, &err));
	assert_int_equal(got.id, 3);
	ok(store_tenant_list(txn, &arena, &list, &count, &err));
	assert_int_equal(count, 2);
	assert_true(list[0].deleted && !list[1].deleted);
}

static void
users_are_found_by_id_and_by_name(struct txn *txn)
{
	struct user u = user_of(1, 5, "ann"), same = user_of(1, 6, "ann"),
		    elsewhere = user_of(2, 7, "ann"), got;

	assert_int_equal(store_user_get(txn, &arena, 5, &got, &err), ERR_MISSING);
	ok(store_user_put(txn, &u, &err));
	assert_int_equal(store_user_put(txn, &same, &err), ERR_CONFLICT);
	ok(store_user_put(txn, &elsewhere, &err));
	ok(store_user_by_name(txn, &arena, 1, "ann", &got, &err));
	assert_int_equal(got.id, 5);
	u.name = "anna";
	ok(store_user_put(txn, &u, &err));
	assert_int_equal(store_user_by_name(txn, &arena, 1, "ann", &got, &err), ERR_MISSING);
	ok(store_user_get(txn, &arena, 5, &got, &err));
	assert_string_equal(got.name, "anna");
}

static void
an_address_belongs_to_one_user_of_a_tenant_in_any_case(struct txn *txn)
{
	struct user u = user_of(1, 5, "ann"), same = user_of(1, 6, "bob"),
		    elsewhere = user_of(2, 7, "bob"), got;

	u.email = "Ann@example.test";
	same.email = elsewhere.email = "aNN@example.test";
	ok(store_user_put(txn, &u, &err));
	ok(store_user_put(txn, &u, &err));
	assert_int_equal(store_user_put(txn, &same, &err), ERR_CONFLICT);
	assert_non_null(strstr(err.text, "the e-mail address"));
	ok(store_user_put(txn, &elsewhere, &err));
	u.email = NULL;
	ok(store_user_put(txn, &u, &err));
	same.id = 8;
	same.name = "carl";
	ok(store_user_put(txn, &same, &err));
	ok(store_user_get(txn, &arena, 8, &got, &err));
	assert_string_equal(got.email, "aNN@example.test");
	ok(store_user_remove(txn, &same, &err));
	assert_int_equal(store_user_get(txn, &arena, 8, &got, &err), ERR_MISSING);
	same.id = 9;
	ok(store_user_put(txn, &same, &err));
}

static void
a_token_with_another_secret_is_found_by_both_and_removed_with_both(struct txn *txn)
{
	struct token t = token_of(9, 5, 'a'), got;
	unsigned char b[TOKEN_HASH_BYTES], c[TOKEN_HASH_BYTES], a[TOKEN_HASH_BYTES];

	memset(a, 'a', sizeof a);
	memset(b, 'b', sizeof b);
	memset(c, 'c', sizeof c);
	ok(store_token_put(txn, &t, &err));
	ok(store_token_rotate(txn, &t, b, 100, 200, &err));
	ok(store_token_get(txn, &arena, a, &got, &err));
	assert_true(got.is_old && got.expires_us == 200);
	ok(store_token_by_id(txn, &arena, 9, &got, &err));
	assert_memory_equal(got.hash, b, sizeof b);
	assert_true(!got.is_old && got.expires_us == INSTANT_NEVER);
	/* The one before the last is gone with the next, at once and for good. */
	ok(store_token_rotate(txn, &t, c, 110, 200, &err));
	assert_int_equal(store_token_get(txn, &arena, a, &got, &err), ERR_MISSING);
	ok(store_token_get(txn, &arena, b, &got, &err));
	ok(store_token_remove(txn, &t, &err));
	assert_int_equal(store_token_get(txn, &arena, b, &got, &err), ERR_MISSING);
	assert_int_equal(store_token_get(txn, &arena, c, &got, &err), ERR_MISSING);
	assert_int_equal(store_token_by_id(txn, &arena, 9, &got, &err), ERR_MISSING);
}

static void
without_an_overlap_the_old_secret_is_gone_at_once(struct txn *txn)
{
	struct token t = token_of(9, 5, 'a'), got;
	unsigned char a[TOKEN_HASH_BYTES], b[TOKEN_HASH_BYTES];

	memset(a, 'a', sizeof a);
	memset(b, 'b', sizeof b);
	ok(store_token_put(txn, &t, &err));
	ok(store_token_rotate(txn, &t, b, 100, 100, &err));
	assert_int_equal(store_token_get(txn, &arena, a, &got, &err), ERR_MISSING);
	ok(store_token_get(txn, &arena, b, &got, &err));
	assert_false(got.has_old);
}

static void
tokens_are_listed_by_user_and_counted_by_kind(struct txn *txn)
{
	struct token *list, one = token_of(10, 5, 1), two = token_of(12, 5, 2),
			    other = token_of(11, 4, 3), foreign = token_of(13, 5, 4);
	uint64_t oldest;
	size_t count;

	two.kind = TOKEN_SESSION;
	foreign.tenant_id = 2;
	ok(store_token_put(txn, &one, &err));
	ok(store_token_put(txn, &two, &err));
	ok(store_token_put(txn, &other, &err));
	ok(store_token_put(txn, &foreign, &err));
	ok(store_token_list(
	    txn, &arena, 1, 0, (struct token_place){0}, 9, &list, &count, &err));
	assert_int_equal(count, 3);
	assert_int_equal(list[0].id, 11);
	assert_int_equal(list[2].id, 12);
	ok(store_token_list(
	    txn, &arena, 1, 0, (struct token_place){4, 11}, 1, &list, &count, &err));
	assert_int_equal(count, 1);
	assert_int_equal(list[0].id, 10);
	ok(store_token_list(
	    txn, &arena, 1, 5, (struct token_place){5, 10}, 9, &list, &count, &err));
	assert_int_equal(count, 1);
	assert_int_equal(list[0].id, 12);
	ok(store_token_count(txn, 1, 5, TOKEN_KEY, &count, &oldest, &err));
	assert_int_equal(count, 1);
	assert_int_equal(oldest, 10);
}

static void
entries_of_the_audit_are_read_in_both_directions(struct txn *txn)
{
	struct audit_entry e = {.tenant_id = 2, .actor_name = "ann", .action = "x"}, *list;
	size_t count;

	assert_int_equal(store_audit_last(txn, &arena, 2, &e, &err), ERR_MISSING);
	e = (struct audit_entry){.tenant_id = 2, .actor_name = "ann", .action = "x"};
	for (e.number = 1; e.number <= 3; e.number++)
		ok(store_audit_insert(txn, &e, &err));
	e.number = 1;
	e.tenant_id = 1;
	ok(store_audit_insert(txn, &e, &err));
	assert_int_equal(store_audit_insert(txn, &e, &err), ERR_CONFLICT);
	e.tenant_id = 3;
	ok(store_audit_insert(txn, &e, &err));
	ok(store_audit_last(txn, &arena, 2, &e, &err));
	assert_int_equal(e.number, 3);
	ok(store_audit_before(txn, &arena, 2, 3, 9, &list, &count, &err));
	assert_int_equal(count, 2);
	assert_int_equal(list[0].number, 2);
	ok(store_audit_before(txn, &arena, 2, 1, 9, &list, &count, &err));
	assert_int_equal(count, 0);
	ok(store_audit_from(txn, &arena, 2, 2, 9, &list, &count, &err));
	assert_int_equal(count, 2);
	assert_int_equal(list[1].number, 3);
}

static void
an_answer_is_kept_for_a_day(struct txn *txn)
{
	unsigned char key[DAILY_HASH_BYTES] = {1};
	struct answer n = {.made_us = 100, .data = "yes", .len = 3}, got;

	assert_int_equal(store_answer_get(txn, &arena, 5, key, 100, &got, &err), ERR_MISSING);
	ok(store_answer_insert(txn, 5, key, &n, &err));
	assert_int_equal(store_answer_insert(txn, 5, key, &n, &err), ERR_CONFLICT);
	assert_int_equal(store_answer_get(txn, &arena, 6, key, 100, &got, &err), ERR_MISSING);
	ok(store_answer_get(txn, &arena, 5, key, 100 + DAILY_US, &got, &err));
	assert_int_equal(got.len, 3);
	assert_int_equal(
	    store_answer_get(txn, &arena, 5, key, 101 + DAILY_US, &got, &err), ERR_MISSING);
	n.made_us = 101 + DAILY_US;
	ok(store_answer_insert(txn, 5, key, &n, &err));
}

static void
tokens_are_found_by_their_hash(struct txn *txn)
{
	struct token t = token_of(9, 5, 'h'), got;

	assert_int_equal(store_token_get(txn, &arena, t.hash, &got, &err), ERR_MISSING);
	assert_null(strstr(err.text, "68686868686868686868"));
	ok(store_token_put(txn, &t, &err));
	ok(store_token_get(txn, &arena, t.hash, &got, &err));
	assert_int_equal(got.user_id, 5);
	assert_memory_equal(got.hash, t.hash, sizeof t.hash);
	ok(store_token_remove(txn, &t, &err));
	assert_int_equal(store_token_remove(txn, &t, &err), ERR_MISSING);
}

static void
values_are_bytes_under_a_name(struct txn *txn)
{
	const void *data;
	size_t len;

	assert_int_equal(store_value_get(txn, &arena, "key", &data, &len, &err), ERR_MISSING);
	assert_null(data);
	ok(store_value_put(txn, "key", "a\0b", 3, &err));
	ok(store_value_put(txn, "empty", "", 0, &err));
	ok(store_value_get(txn, &arena, "key", &data, &len, &err));
	assert_int_equal(len, 3);
	assert_memory_equal(data, "a\0b", 3);
	ok(store_value_get(txn, &arena, "empty", &data, &len, &err));
	assert_int_equal(len, 0);
}

static void
ids_begin_at_one_and_ascend(struct txn *txn)
{
	uint64_t id;

	for (uint64_t i = 1; i < 5; i++) {
		ok(store_next_id(txn, 1, &id, &err));
		assert_int_equal(id, i);
	}
}

static void
each_tenant_has_numbers_of_its_own(struct txn *txn)
{
	uint64_t first, one, other, id;

	ok(store_next_id(txn, 0, &first, &err));
	assert_int_equal(first, 1);
	ok(store_new_tenant_id(txn, 6, &one, &err));
	assert_int_equal(one, id_in_space(7, 1));
	/* That space is taken, so it is the next. */
	ok(store_new_tenant_id(txn, 6 + ID_SPACE_MAX, &other, &err));
	assert_int_equal(other, id_in_space(8, 1));
	for (uint64_t i = 2; i < 5; i++) {
		ok(store_next_id(txn, one, &id, &err));
		assert_int_equal(id, id_in_space(7, i));
	}
	ok(store_next_id(txn, other, &id, &err));
	assert_int_equal(id, id_in_space(8, 2));
	ok(store_next_id(txn, first, &id, &err));
	assert_int_equal(id, 2);
}

static void
the_numbers_of_a_tenant_end_before_those_of_the_next(struct txn *txn)
{
	struct buf *record = record_begin(txn);
	uint64_t id;

	pack_u64(record, id_in_space(1, 0) - 2);
	ok(table_put(txn, TABLE_SEQUENCE, key_id(txn, ID_SPACE_MAX), record, &err));
	ok(store_next_id(txn, id_in_space(ID_SPACE_MAX, 1), &id, &err));
	assert_int_equal(id, ID_MAX);
	assert_int_equal(store_next_id(txn, id_in_space(ID_SPACE_MAX, 1), &id, &err), ERR_IO);
}

static void
a_tenant_without_numbers_is_one_too_many(struct txn *txn)
{
	uint64_t id;

	/* From the last on, round to the one before it. */
	for (uint32_t i = 0; i < ID_SPACE_MAX; i++)
		ok(store_new_tenant_id(txn, ID_SPACE_MAX - 1 + i, &id, &err));
	assert_int_equal(id, id_in_space(ID_SPACE_MAX - 1, 1));
	assert_int_equal(store_new_tenant_id(txn, 0, &id, &err), ERR_CONFLICT);
}

static void
a_record_of_a_newer_version_is_not_read(struct txn *txn)
{
	static const char newer[] = {RECORD_VERSION + 1, 0, 0, 0, 0};
	static const char ancient[] = {RECORD_OLDEST - 1, 0, 0, 0, 0};
	struct buf record = BUF_INIT;
	const void *data;
	size_t len;

	buf_add(&record, newer, sizeof newer);
	ok(table_put(txn, TABLE_VALUES, key_bytes(txn, "new", 3), &record, &err));
	assert_int_equal(store_value_get(txn, &arena, "new", &data, &len, &err), ERR_IO);
	assert_string_equal(
	    err.text, "values new: the record has version 2, this program reads up to 1");
	buf_reset(&record);
	buf_add(&record, ancient, sizeof ancient);
	ok(table_put(txn, TABLE_VALUES, key_bytes(txn, "old", 3), &record, &err));
	assert_int_equal(store_value_get(txn, &arena, "old", &data, &len, &err), ERR_IO);
	buf_release(&record);
}

static void
a_damaged_record_is_named(struct txn *txn)
{
	struct buf record = BUF_INIT;
	struct schedule_state state;

	buf_addc(&record, RECORD_VERSION);
	ok(table_put(txn, TABLE_STATES, key_id(txn, 17), &record, &err));
	assert_int_equal(store_state_get(txn, &arena, 17, &state, &err), ERR_IO);
	assert_string_equal(err.text, "states 17: the record is damaged");
	buf_release(&record);
}

/* ---- transactions
 * ------------------------------------------------------------------------------------ */

static int
count_queue_body(struct txn *txn, void *ctx, struct err *e)
{
	uint64_t ids[2048];

	return store_queue_list(txn, 0, ids, 2048, ctx, e);
}

static size_t
queued(void)
{
	size_t count;

	run(count_queue_body, &count);
	return count;
}

static int
put_and_fail_body(struct txn *txn, void *ctx, struct err *e)
{
	uint64_t id;
	int code = store_next_id(txn, 1, &id, e);

	if (!code)
		code = store_queue_put(txn, 1, e);
	return code ? code : *(int *)ctx;
}

static void
nothing_of_a_failed_body_stays(void **state)
{
	int code = ERR_CONFLICT;

	(void)state;
	assert_int_equal(store_run(st, put_and_fail_body, &code, &err), ERR_CONFLICT);
	code = 42;
	assert_int_equal(store_run(st, put_and_fail_body, &code, &err), 42);
	assert_int_equal(queued(), 0);
}

static void
a_body_that_is_busy_for_its_own_reasons_runs_once(void **state)
{
	int code = ERR_BUSY;

	(void)state;
	assert_int_equal(store_run(st, put_and_fail_body, &code, &err), ERR_BUSY);
	assert_int_equal(queued(), 0);
}

static int
overlook_body(struct txn *txn, void *ctx, struct err *e)
{
	struct buf record = BUF_INIT;
	const void *data;
	size_t len;
	int code;

	(void)ctx;
	buf_addc(&record, RECORD_VERSION);
	code = table_put(txn, TABLE_VALUES, key_bytes(txn, "bad", 3), &record, e);
	buf_release(&record);
	if (!code && store_value_get(txn, &arena, "bad", &data, &len, NULL) == ERR_IO)
		code = store_queue_put(txn, 1, e);
	return code;
}

static void
a_body_that_overlooks_a_fault_is_not_committed(void **state)
{
	(void)state;
	assert_int_equal(store_run(st, overlook_body, NULL, &err), ERR_IO);
	assert_int_equal(queued(), 0);
}

static int
next_id_body(struct txn *txn, void *ctx, struct err *e)
{
	return store_next_id(txn, 1, ctx, e);
}

static void
what_was_committed_is_there_after_a_clean_restart(void **state)
{
	uint64_t id;

	(void)state;
	run(next_id_body, &id);
	assert_int_equal(id, 1);
	close_store();
	assert_int_equal(recover(), 0);
	open_store();
	run(next_id_body, &id);
	assert_int_equal(id, 2);
}

/* ---- the sweep of tokens, over several transactions ---- */

static int
put_tokens_body(struct txn *txn, void *ctx, struct err *e)
{
	(void)ctx;
	for (unsigned i = 0; i < 100; i++) {
		struct token t = token_of(1 + i, 5, (unsigned char)i);
		int code;

		if (i % 10 == 0)
			t.expires_us = 50;
		if (i % 10 == 1) {
			t.kind = TOKEN_SESSION;
			t.used_us = 40;
			t.idle_us = 20;
		}
		code = store_token_put(txn, &t, e);
		if (code)
			return code;
	}
	return 0;
}

struct sweep {
	int64_t now_us;
	size_t cap, removed;
};

static int
sweep_body(struct txn *txn, void *ctx, struct err *e)
{
	struct sweep *s = ctx;

	return store_token_sweep(txn, s->now_us, s->cap, &s->removed, e);
}

static void
sweeps_go_round_and_remove_what_is_dead(void **state)
{
	struct sweep s = {.now_us = 50, .cap = 3};
	size_t removed = 0;

	(void)state;
	run(sweep_body, &s);
	assert_int_equal(s.removed, 0);
	run(put_tokens_body, NULL);
	/* At 50 the expiry is not before now, and 20 of idleness are not over. */
	for (int i = 0; i < 5; i++) {
		run(sweep_body, &s);
		assert_int_equal(s.removed, 0);
	}
	s.now_us = 61;
	for (int i = 0; i < 10; i++) {
		run(sweep_body, &s);
		assert_true(s.removed <= 3);
		removed += s.removed;
	}
	assert_int_equal(removed, 20);
	run(sweep_body, &s);
	assert_int_equal(s.removed, 0);
}

static int
put_daily_body(struct txn *txn, void *ctx, struct err *e)
{
	unsigned char hash[DAILY_HASH_BYTES] = {0};
	int code = 0;

	(void)ctx;
	for (unsigned char i = 0; !code && i < 20; i++) {
		struct failures f = {.count = 1, .last_us = i % 2 ? 0 : 50};
		struct answer n = {.made_us = i % 2 ? 0 : 50, .data = "x", .len = 1};

		hash[0] = i;
		code = store_failures_put(txn, hash, &f, e);
		if (!code)
			code = store_answer_insert(txn, 5, hash, &n, e);
	}
	return code;
}

static int
daily_sweep_body(struct txn *txn, void *ctx, struct err *e)
{
	struct sweep *s = ctx;

	return store_daily_sweep(txn, s->now_us, s->cap, &s->removed, e);
}

static void
what_is_kept_for_a_day_is_swept_after_it(void **state)
{
	struct sweep s = {.now_us = DAILY_US, .cap = 100};

	(void)state;
	run(put_daily_body, NULL);
	run(daily_sweep_body, &s);
	assert_int_equal(s.removed, 0);
	s.now_us = DAILY_US + 1;
	run(daily_sweep_body, &s);
	assert_int_equal(s.removed, 20);
	run(daily_sweep_body, &s);
	assert_int_equal(s.removed, 0);
}

/* ---- several processes
 * ------------------------------------------------------------------------------------ */

enum { WORKERS = 4, INCREMENTS = 150 };

/* What the processes of a test share beside the store. */
static struct shared {
	atomic_uint arrived, attempts, failed;
	atomic_uint seen[WORKERS * INCREMENTS];
	atomic_uint ids[WORKERS * INCREMENTS + 1];
	struct err err;
} * shared;

static int
share(void **state)
{
	shared = mmap(
	    NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return shared == MAP_FAILED ? -1 : make_store(state);
}

static int
unshare_all(void **state)
{
	munmap(shared, sizeof *shared);
	return drop_store(state);
}

/* Wait until `count` processes are here; the alarm of the child is the deadline. */
static void
meet(unsigned count)
{
	atomic_fetch_add(&shared->arrived, 1);
	while (atomic_load(&shared->arrived) < count)
		sched_yield();
}

/* In a child: assertions belong to the parent. */
static int
tell_failure(int code)
{
	if (code)
		shared->err = err;
	return code ? 1 : 0;
}

struct crossing {
	bool queue_first;
	bool met;
};

/* Two of these lock two tables in opposite order. */
static int
cross_body(struct txn *txn, void *ctx, struct err *e)
{
	struct crossing *c = ctx;
	int code = 0;

	atomic_fetch_add(&shared->attempts, 1);
	for (int i = 0; !code && i < 2; i++) {
		if (c->queue_first == (i == 0))
			code = store_queue_put(txn, c->queue_first ? 1 : 2, e);
		else
			code = store_active_put(txn, c->queue_first ? 1 : 2, e);
		if (i == 0 && !c->met) {
			c->met = true;
			meet(2);
		}
	}
	return code;
}

static int
cross(void *ctx)
{
	struct crossing c = {.queue_first = ctx != NULL};
	int code = store_open(&options, &st, &err);

	if (!code)
		code = store_run(st, cross_body, &c, &err);
	close_store();
	return tell_failure(code);
}

static void
a_deadlock_of_two_processes_ends_with_the_work_of_both_done(void **state)
{
	pid_t pids[2];

	(void)state;
	pids[0] = start(cross, NULL);
	pids[1] = start(cross, shared);
	for (int i = 0; i < 2; i++)
		if (finish(pids[i]))
			fail_msg("%s", shared->err.text);
	/* Else they did not meet in it. */
	assert_true(atomic_load(&shared->attempts) >= 3);
	assert_int_equal(queued(), 2);
}

struct increment {
	uint64_t before, id;
};

static int
increment_body(struct txn *txn, void *ctx, struct err *e)
{
	struct increment *c = ctx;
	struct arena a = ARENA_INIT;
	const void *data;
	size_t len;
	int code;

	c->before = 0;
	code = store_value_get(txn, &a, "n", &data, &len, e);
	if (!code)
		memcpy(&c->before, data, sizeof c->before);
	if (!code || code == ERR_MISSING) {
		uint64_t after = c->before + 1;

		code = store_value_put(txn, "n", &after, sizeof after, e);
	}
	if (!code)
		code = store_next_id(txn, 1, &c->id, e);
	arena_release(&a);
	return code;
}

static int
increment(void *ctx)
{
	int code = store_open(&options, &st, &err);

	(void)ctx;
	meet(WORKERS);
	for (int i = 0; !code && i < INCREMENTS; i++) {
		struct increment c;

		code = store_run(st, increment_body, &c, &err);
		if (!code && c.before < WORKERS * INCREMENTS)
			atomic_fetch_add(&shared->seen[c.before], 1);
		if (!code && c.id <= WORKERS * INCREMENTS)
			atomic_fetch_add(&shared->ids[c.id], 1);
	}
	close_store();
	return tell_failure(code);
}

static void
increments_of_several_processes_all_count_once(void **state)
{
	pid_t pids[WORKERS];
	struct increment c;

	(void)state;
	for (int i = 0; i < WORKERS; i++)
		pids[i] = start(increment, NULL);
	for (int i = 0; i < WORKERS; i++)
		if (finish(pids[i]))
			fail_msg("%s", shared->err.text);
	for (unsigned i = 0; i < WORKERS * INCREMENTS; i++)
		if (shared->seen[i] != 1 || shared->ids[i + 1] != 1)
			fail_msg("%u was seen by %u, id %u given to %u", i, shared->seen[i],
			    i + 1, shared->ids[i + 1]);
	run(increment_body, &c);
	assert_int_equal(c.before, WORKERS * INCREMENTS);
}

/* ------------------------------------------------------------------------------------------ */

#define TRIAL(steps)                                                   \
	{                                                              \
#steps, in_a_transaction, NULL, NULL, (struct trial[]) \
		{                                                      \
			{                                              \
				steps                                  \
			}                                              \
		}                                                      \
	}
#define ALONE(test)  cmocka_unit_test_setup_teardown(test, make_store, drop_store)
#define SHARED(test) cmocka_unit_test_setup_teardown(test, share, unshare_all)

static int
begin(void **state)
{
	return make_base(state) || make_store(state);
}

int
main(void)
{
	const struct CMUnitTest functions[] = {
	    TRIAL(a_schedule_comes_back_as_it_was_put),
	    TRIAL(an_unknown_schedule_is_missing),
	    TRIAL(a_schedule_is_found_by_its_name_in_its_tenant_only),
	    TRIAL(two_live_schedules_of_a_tenant_never_share_a_name),
	    TRIAL(a_renamed_schedule_gives_its_old_name_free),
	    TRIAL(a_removed_schedule_leaves_name_state_and_plan_but_its_history_stays),
	    TRIAL(a_state_comes_back_as_it_was_put),
	    TRIAL(names_come_in_byte_order_and_of_one_tenant),
	    TRIAL(names_go_on_after_one_that_need_not_exist),
	    TRIAL(a_visit_that_answers_something_ends_the_walk),
	    TRIAL(a_walk_over_many_names_misses_none_and_repeats_none),
	    TRIAL(the_plan_gives_what_is_due_oldest_first),
	    TRIAL(the_earliest_of_an_empty_plan_is_never),
	    TRIAL(a_due_time_has_one_entry_for_good),
	    TRIAL(an_entry_grows_and_never_shrinks),
	    TRIAL(the_ledger_lists_from_and_before_and_at_most),
	    TRIAL(executions_are_listed_newest_first),
	    TRIAL(a_ledger_entry_may_turn_out_not_to_have_run),
	    TRIAL(results_are_listed_by_task_and_by_tenant),
	    TRIAL(a_result_keeps_its_task_and_its_tenant),
	    TRIAL(executions_of_a_schedule_or_a_tenant_are_listed_by_time),
	    TRIAL(a_condition_is_not_among_the_tasks_of_its_execution),
	    TRIAL(the_tasks_of_a_tenant_are_listed_newest_first_without_conditions),
	    TRIAL(the_line_of_a_task_says_what_it_and_its_execution_say),
	    TRIAL(what_waits_can_be_asked_for_and_cancels_are_listed),
	    TRIAL(an_execution_keeps_its_schedule),
	    TRIAL(tasks_are_listed_by_ordinal),
	    TRIAL(a_task_keeps_its_place_and_no_other_takes_it),
	    TRIAL(what_is_listed_and_is_not_there_is_damage_and_no_end),
	    TRIAL(the_queue_is_a_set_in_order_of_age),
	    TRIAL(the_queue_is_one_of_each_tenant_in_turn),
	    TRIAL(the_first_that_waits_is_the_oldest_of_its_schedule),
	    TRIAL(the_active_are_paged_by_id),
	    TRIAL(the_first_tenant_is_that_with_the_smallest_id),
	    TRIAL(a_deleted_tenant_stays_and_gives_its_name_free),
	    TRIAL(users_are_found_by_id_and_by_name),
	    TRIAL(an_address_belongs_to_one_user_of_a_tenant_in_any_case),
	    TRIAL(tokens_are_found_by_their_hash),
	    TRIAL(a_token_with_another_secret_is_found_by_both_and_removed_with_both),
	    TRIAL(without_an_overlap_the_old_secret_is_gone_at_once),
	    TRIAL(tokens_are_listed_by_user_and_counted_by_kind),
	    TRIAL(entries_of_the_audit_are_read_in_both_directions),
	    TRIAL(an_answer_is_kept_for_a_day),
	    TRIAL(values_are_bytes_under_a_name),
	    TRIAL(ids_begin_at_one_and_ascend),
	    TRIAL(each_tenant_has_numbers_of_its_own),
	    TRIAL(the_numbers_of_a_tenant_end_before_those_of_the_next),
	    TRIAL(a_tenant_without_numbers_is_one_too_many),
	    TRIAL(a_record_of_a_newer_version_is_not_read),
	    TRIAL(a_damaged_record_is_named),
	};
	const struct CMUnitTest transactions[] = {
	    ALONE(nothing_of_a_failed_body_stays),
	    ALONE(a_body_that_is_busy_for_its_own_reasons_runs_once),
	    ALONE(a_body_that_overlooks_a_fault_is_not_committed),
	    ALONE(what_was_committed_is_there_after_a_clean_restart),
	    ALONE(sweeps_go_round_and_remove_what_is_dead),
	    ALONE(what_is_kept_for_a_day_is_swept_after_it),
	    SHARED(a_deadlock_of_two_processes_ends_with_the_work_of_both_done),
	    SHARED(increments_of_several_processes_all_count_once),
	};
	int failed = cmocka_run_group_tests(functions, begin, drop_store);

	return failed + cmocka_run_group_tests(transactions, NULL, remove_base);
}
