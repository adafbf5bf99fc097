/*
 * The check of a whole store: every page, then every record against those that it must agree
 * with. FORMAT.md lists the same invariants by the same numbers.
 *
 * Nobody else has the store open, so all is read without a transaction. Each table is walked
 * once and looks others up by key: what is kept in memory does not grow with the store. A
 * record that cannot be read is complained about by the walk of its own table and by no other.
 */
#include "store/record.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/mem.h"
#include "model/after.h"
#include "model/job.h"
#include "model/retry.h"

struct verify {
	void (*complain)(void *ctx, const char *line);
	void *ctx;
	uint64_t faults;
	struct txn txn;		  /* without a handle */
	struct arena arena;	  /* of one record and what is looked up for it */
	uint64_t *last_ids;	  /* the sequence of each space */
	enum table table;	  /* where the walk stands, */
	char key[KEY_TEXT];	  /* for people, */
	struct unpack *at;	  /* its key's fields */
	struct unpack *data;	  /* and its record's */
	struct occurrence before; /* the ledger's entry before this one */
};

/* Complain about the record where the walk stands. */
static void PRINTF_LIKE(2, 3) fault(struct verify *v, const char *fmt, ...)
{
	char line[KEY_TEXT + 256];
	va_list ap;
	int len;

	len = snprintf(line, sizeof line, "%s %s: ", tables[v->table].name, v->key);
	va_start(ap, fmt);
	vsnprintf(line + len, sizeof line - (size_t)len, fmt, ap);
	va_end(ap);
	v->faults++;
	v->complain(v->ctx, line);
}

/*
 * What a look-up found: true if the record is there and can be read. Complains, in the words
 * given, if it is not there.
 */
static bool PRINTF_LIKE(3, 4) found(struct verify *v, int code, const char *fmt, ...)
{
	char words[256];
	va_list ap;

	if (code != ERR_MISSING)
		return !code;
	va_start(ap, fmt);
	vsnprintf(words, sizeof words, fmt, ap);
	va_end(ap);
	fault(v, "%s", words);
	return false;
}

/* Is there an entry under this key? */
static bool
exists(struct verify *v, enum table t, const struct buf *key)
{
	struct unpack u;

	/* One that cannot be read is there too. */
	return table_get(&v->txn, t, key, 0, &u, NULL) != ERR_MISSING;
}

/* Complain about bytes that are no record of this table. */
static bool
decoded(struct verify *v)
{
	if (!unpack_finish(v->data))
		return true;
	fault(v, "the record is damaged");
	return false;
}

/* 8: a number was never given that the sequence may give yet. */
static void
check_id(struct verify *v, uint64_t id)
{
	unsigned space = id_space(id);
	uint64_t first = id_in_space(space, 1), last;

	last = space <= ID_SPACE_MAX ? v->last_ids[space] : 0;
	if (id < first || id > last)
		fault(v, "the id %" PRIu64 " is not among those given, %" PRIu64 " to %" PRIu64,
		    id, first, last);
}

static void
check_tenant(struct verify *v, uint64_t id)
{
	if (!exists(v, TABLE_TENANTS, key_id(&v->txn, id)))
		fault(v, "its tenant %" PRIu64 " does not exist", id);
}

/* 8: the number of what belongs to a tenant. */
static void
check_own_id(struct verify *v, uint64_t id, uint64_t tenant_id)
{
	check_id(v, id);
	if (id_space(id) != id_space(tenant_id))
		fault(v, "the id %" PRIu64 " is none of its tenant %" PRIu64, id, tenant_id);
}

/* ---- 1, 2: schedules, states, names and the plan
 * -------------------------------------------------- */

/* The name of a record leads back to it. */
static void
check_name(
    struct verify *v, enum table names, uint64_t tenant_id, const char *name, uint64_t id)
{
	uint64_t named;
	int code =
	    table_get_id(&v->txn, names, key_name(&v->txn, tenant_id, name), &named, NULL);

	if (found(v, code, "its name \"%s\" is not in %s", name, tables[names].name) &&
	    named != id)
		fault(v, "its name \"%s\" leads to %" PRIu64, name, named);
}

static void
visit_schedule(struct verify *v)
{
	struct schedule s = {.id = unpack_u64(v->at)};

	unpack_schedule(v->data, &v->arena, &s);
	if (!decoded(v))
		return;
	check_own_id(v, s.id, s.tenant_id);
	check_tenant(v, s.tenant_id);
	check_name(v, TABLE_NAMES, s.tenant_id, s.name, s.id);
	if (!exists(v, TABLE_STATES, key_id(&v->txn, s.id)))
		fault(v, "has no state");
	if (s.job && !job_is_sound(s.job))
		fault(v, "its job is none");
	for (size_t i = 0; i < s.calendar_count; i++) {
		uint64_t calendar_id;
		int code = table_get_id(&v->txn, TABLE_CALENDAR_NAMES,
		    key_name(&v->txn, s.tenant_id, s.calendars[i]), &calendar_id, NULL);

		if (found(v, code, "its calendar \"%s\" does not exist", s.calendars[i]) &&
		    !exists(v, TABLE_CALENDAR_USES, key_ids(&v->txn, calendar_id, s.id)))
			fault(v, "is not listed under its calendar \"%s\"", s.calendars[i]);
	}
}

/* What a name's entry says: the tenant and the name in the key, the id in the record. */
static bool
read_name(struct verify *v, uint64_t *tenant_id, const char **name, uint64_t *id)
{
	*tenant_id = unpack_u64(v->at);
	*name = arena_memdup(&v->arena, v->at->at, (size_t)(v->at->end - v->at->at));
	*id = unpack_u64(v->data);
	return decoded(v);
}

static void
visit_name(struct verify *v)
{
	uint64_t tenant_id, id;
	struct schedule s;
	const char *name;

	if (read_name(v, &tenant_id, &name, &id) &&
	    found(v, store_schedule_get(&v->txn, &v->arena, id, &s, NULL),
		"leads to schedule %" PRIu64 ", which does not exist", id) &&
	    (s.tenant_id != tenant_id || strcmp(s.name, name)))
		fault(v, "leads to schedule %" PRIu64 ", which has another name", id);
}

static void
visit_calendar(struct verify *v)
{
	struct calendar c = {.id = unpack_u64(v->at)};

	unpack_calendar(v->data, &v->arena, &c);
	if (!decoded(v))
		return;
	check_own_id(v, c.id, c.tenant_id);
	check_tenant(v, c.tenant_id);
	check_name(v, TABLE_CALENDAR_NAMES, c.tenant_id, c.name, c.id);
}

static void
visit_calendar_name(struct verify *v)
{
	uint64_t tenant_id, id;
	struct calendar c;
	const char *name;

	if (read_name(v, &tenant_id, &name, &id) &&
	    found(v, store_calendar_get(&v->txn, &v->arena, id, &c, NULL),
		"leads to calendar %" PRIu64 ", which does not exist", id) &&
	    (c.tenant_id != tenant_id || strcmp(c.name, name)))
		fault(v, "leads to calendar %" PRIu64 ", which has another name", id);
}

static void
visit_calendar_use(struct verify *v)
{
	uint64_t id = unpack_u64(v->at), schedule_id = unpack_u64(v->at);
	struct calendar c;
	struct schedule s;

	if (!decoded(v) ||
	    !found(v, store_calendar_get(&v->txn, &v->arena, id, &c, NULL),
		"the calendar does not exist") ||
	    !found(v, store_schedule_get(&v->txn, &v->arena, schedule_id, &s, NULL),
		"the schedule does not exist"))
		return;
	for (size_t i = 0; i < s.calendar_count; i++) {
		if (!strcmp(s.calendars[i], c.name))
			return;
	}
	fault(v, "the schedule does not name the calendar");
}

/* 4: how many runs of a schedule go on and wait is what its state says. */
static void
check_counts(struct verify *v, const struct schedule_state *state)
{
	uint64_t active = 0, waiting = 0, id;
	struct execution e;
	struct cursor c;
	int code;

	code = cursor_open(&v->txn, TABLE_EXECUTIONS_BY_SCHEDULE, 0, 0, &c, NULL);
	if (!code)
		code = cursor_seek(&c, key_ids(&v->txn, state->schedule_id, 0), NULL);
	for (; !code && cursor_within(&c, state->schedule_id);
	     code = cursor_move(&c, DB_NEXT, NULL)) {
		unpack_u64(&c.key);
		id = unpack_u64(&c.key);
		if (store_execution_get(&v->txn, &v->arena, id, &e, NULL) ||
		    e.tasks_ended == e.task_count)
			continue;
		if (exists(v, TABLE_WAITING, key_ids(&v->txn, state->schedule_id, id)))
			waiting++;
		else
			active++;
	}
	/* Whatever was met is complained about where it belongs. */
	if (cursor_close(&c, 0, NULL))
		return;
	if (active != state->active)
		fault(v, "says that %" PRIu32 " executions are active, there are %" PRIu64,
		    state->active, active);
	if (waiting != state->waiting)
		fault(v, "says that %" PRIu32 " executions wait, there are %" PRIu64,
		    state->waiting, waiting);
}

/* 5: the plan goes on where the ledger ends. */
static void
check_settled(struct verify *v, const struct schedule_state *state)
{
	struct occurrence *list;
	size_t count;

	if (state->range_due_us != INSTANT_NEVER &&
	    !store_ledger_list(&v->txn, &v->arena, state->schedule_id, state->range_due_us,
		state->range_due_us + 1, 1, &list, &count, NULL) &&
	    count == 0)
		fault(
		    v, "its open range %" PRId64 " is not in the ledger", state->range_due_us);
	if (state->deferred_us != INSTANT_NEVER &&
	    (state->deferred_us >= state->next_due_us || state->next_due_us == INSTANT_NEVER ||
		(!store_ledger_list(&v->txn, &v->arena, state->schedule_id, state->deferred_us,
		     state->deferred_us + 1, 1, &list, &count, NULL) &&
		    count > 0)))
		fault(v, "its deferred due time %" PRId64 " is settled or not planned",
		    state->deferred_us);
	if (state->next_due_us == INSTANT_NEVER)
		return;
	if (!store_ledger_list(&v->txn, &v->arena, state->schedule_id, state->next_due_us,
		INSTANT_NEVER, 1, &list, &count, NULL) &&
	    count > 0)
		fault(v, "its next due time %" PRId64 " is in the ledger already",
		    state->next_due_us);
}

/* Of a table that is ordered by time. */
static const struct buf *
key_due(struct verify *v, int64_t due_us, uint64_t id)
{
	buf_reset(&v->txn.key);
	pack_i64(&v->txn.key, due_us);
	pack_u64(&v->txn.key, id);
	return &v->txn.key;
}

static void
visit_state(struct verify *v)
{
	struct schedule_state state = {.schedule_id = unpack_u64(v->at)};

	unpack_state(v->data, &v->arena, &state);
	if (!decoded(v))
		return;
	if (!exists(v, TABLE_SCHEDULES, key_id(&v->txn, state.schedule_id)))
		fault(v, "has no schedule");
	if (state.next_due_us != INSTANT_NEVER) {
		if (!exists(
			v, TABLE_PLAN, key_due(v, schedule_planned(&state), state.schedule_id)))
			fault(v, "its next due time %" PRId64 " is not planned",
			    state.next_due_us);
	}
	check_counts(v, &state);
	check_settled(v, &state);
	if (state.last_execution_id &&
	    !exists(v, TABLE_EXECUTIONS, key_id(&v->txn, state.last_execution_id)))
		fault(v, "its last execution %" PRIu64 " does not exist",
		    state.last_execution_id);
}

static void
visit_plan(struct verify *v)
{
	int64_t due_us = unpack_i64(v->at);
	struct schedule_state state;
	uint64_t id = unpack_u64(v->at);

	if (decoded(v) &&
	    found(v, store_state_get(&v->txn, &v->arena, id, &state, NULL),
		"its schedule has no state") &&
	    schedule_planned(&state) != due_us)
		fault(v, "its schedule is due next at %" PRId64, schedule_planned(&state));
}

/* ---- 3, 4: executions and tasks
 * ------------------------------------------------------------------- */

/* How many tasks of an execution, its condition among them, have a status. */
struct tally {
	uint32_t ended, active, pending, waiting, retrying;
	bool conditional; /* the condition has not ended */
};

static void
count_task(struct tally *n, enum task_status status)
{
	n->ended += task_status_ended(status);
	n->active += task_status_active(status);
	n->pending += status == TASK_PENDING;
	n->waiting += status == TASK_WAITING;
	n->retrying += status == TASK_RETRYING;
}

static const struct buf *
queue_key(struct verify *v, const struct execution *e)
{
	struct buf *key = &v->txn.key;

	buf_reset(key);
	pack_u32(key, priority_order(e->priority));
	pack_u64(key, e->id);
	return key;
}

/* Under which it waits for a place of its group. */
static const struct buf *
group_key(struct verify *v, const struct execution *e)
{
	return key_three(&v->txn, e->group_id, priority_order(e->priority), e->id);
}

/* An execution that has not ended is queued, waits for its turn, or has a task that runs: else
 * it never ends. */
static void
check_moving(struct verify *v, const struct execution *e, const struct tally *n)
{
	bool queued = exists(v, TABLE_QUEUE, queue_key(v, e));
	bool grouped = e->group_id && exists(v, TABLE_GROUP_WAITING, group_key(v, e));
	bool waits = exists(v, TABLE_WAITING, key_ids(&v->txn, e->schedule_id, e->id));

	if (queued && grouped)
		fault(v, "is queued and waits for a place of its group");
	if (e->group_id && n->active + n->retrying > 0 &&
	    !exists(v, TABLE_GROUP_PLACES, key_ids(&v->txn, e->group_id, e->id)))
		fault(v, "is under way and has no place of its group");
	queued |= grouped;
	if (queued && waits)
		fault(v, "is queued and waits");
	if (waits && n->active + n->retrying > 0)
		fault(v, "waits and is under way");
	if ((queued || waits) && !n->pending)
		fault(v, "is queued and has no pending task");
	if (!queued && !waits && (n->pending || !(n->active + n->retrying)))
		fault(v, "has not ended, is not queued, does not wait and does not run");
}

/* All tasks wait for the condition as long as it has not ended. */
static void
check_condition(struct verify *v, const struct execution *e, struct tally *n)
{
	struct task t = {.status = TASK_SUCCEEDED};

	if (e->condition_id &&
	    (!found(v, store_task_get(&v->txn, &v->arena, e->condition_id, &t, NULL),
		 "its condition %" PRIu64 " does not exist", e->condition_id) ||
		t.execution_id != e->id || t.ordinal != TASK_ORDINAL_CONDITION)) {
		fault(v, "has no condition %" PRIu64, e->condition_id);
		return;
	}
	if (!task_status_ended(t.status) && n->waiting < e->task_count)
		fault(v, "%" PRIu32 " tasks wait for a condition that is %s", n->waiting,
		    task_status_name(t.status));
	n->conditional = !task_status_ended(t.status);
	count_task(n, t.status);
}

static void
check_tasks(struct verify *v, const struct execution *e)
{
	struct tally n = {0};
	struct task *tasks;
	uint32_t ended;
	size_t count;

	if (store_task_list(&v->txn, &v->arena, e->id, &tasks, &count, NULL))
		return;
	if (count != e->task_count)
		fault(v, "should have %" PRIu32 " tasks and has %zu", e->task_count, count);
	for (size_t i = 0; i < count; i++) {
		count_task(&n, tasks[i].status);
		if (tasks[i].ordinal != i)
			fault(v, "has no task of ordinal %zu", i);
	}
	ended = n.ended;
	check_condition(v, e, &n);
	for (size_t i = 0; i < count && !n.conditional; i++) {
		if (tasks[i].status == TASK_WAITING &&
		    after_decide(&tasks[i], tasks, count) != AFTER_OPEN)
			fault(v, "task %" PRIu64 " waits for nothing that is to come",
			    tasks[i].id);
	}
	if (ended != e->tasks_ended)
		fault(v, "says that %" PRIu32 " tasks have ended, %" PRIu32 " have",
		    e->tasks_ended, ended);
	if (ended < count)
		check_moving(v, e, &n);
}

/* Does an entry name the run that its due time made, even if that stopped at its condition? */
static bool
has_run(const struct occurrence *o)
{
	return o->verdict == VERDICT_RAN || o->verdict == VERDICT_SKIPPED_CONDITION;
}

/* 5: what a due time started is in the ledger. */
static void
check_ledgered(struct verify *v, const struct execution *e)
{
	struct occurrence *list;
	size_t count;
	bool replaced;

	if ((e->origin != ORIGIN_TRIGGER && e->origin != ORIGIN_CATCH_UP) ||
	    store_ledger_list(&v->txn, &v->arena, e->schedule_id, e->due_us, e->due_us + 1, 1,
		&list, &count, NULL))
		return;
	/* A later run took its place before it began; it may have run again since. */
	replaced = count && list[0].verdict == VERDICT_SKIPPED_OVERLAP;
	if (!count || !(has_run(&list[0]) || replaced) || list[0].execution_id != e->id)
		fault(v, "the ledger does not say that it ran for %" PRId64, e->due_us);
}

static const struct buf *
time_key(struct verify *v, uint64_t owner_id, const struct execution *e)
{
	struct buf *key = &v->txn.key;

	buf_reset(key);
	pack_u64(key, owner_id);
	pack_i64(key, e->triggered_us);
	pack_u64(key, e->id);
	return key;
}

static void
visit_execution(struct verify *v)
{
	struct execution e = {.id = unpack_u64(v->at)};

	unpack_execution(v->data, &v->arena, &e);
	if (!decoded(v))
		return;
	check_own_id(v, e.id, e.tenant_id);
	check_own_id(v, e.schedule_id, e.tenant_id);
	check_tenant(v, e.tenant_id);
	if (!exists(v, TABLE_EXECUTIONS_BY_SCHEDULE, key_ids(&v->txn, e.schedule_id, e.id)) ||
	    !exists(v, TABLE_EXECUTIONS_BY_TIME, time_key(v, e.schedule_id, &e)))
		fault(v, "is not listed under its schedule");
	if (!exists(v, TABLE_EXECUTIONS_BY_TIME, time_key(v, e.tenant_id, &e)))
		fault(v, "is not listed under its tenant");
	if (e.group_id && !exists(v, TABLE_GROUPS, key_id(&v->txn, e.group_id)))
		fault(v, "its group %" PRIu64 " does not exist", e.group_id);
	check_tasks(v, &e);
	check_ledgered(v, &e);
	if ((e.tasks_ended == e.task_count) != (e.end_us != INSTANT_NEVER))
		fault(v, "its end does not agree with its tasks");
}

/* An entry whose key names an execution of a schedule. */
static void
visit_of_schedule(struct verify *v)
{
	uint64_t schedule_id = unpack_u64(v->at), id = unpack_u64(v->at);
	struct execution e;

	if (!decoded(v) || !found(v, store_execution_get(&v->txn, &v->arena, id, &e, NULL),
			       "the execution does not exist"))
		return;
	if (e.schedule_id != schedule_id)
		fault(v, "the execution belongs to schedule %" PRIu64, e.schedule_id);
	if (v->table == TABLE_WAITING && e.tasks_ended == e.task_count)
		fault(v, "the execution has ended");
	if (v->table == TABLE_WAITING && !exists(v, TABLE_STATES, key_id(&v->txn, schedule_id)))
		fault(v, "the schedule does not exist");
}

static void
visit_by_time(struct verify *v)
{
	uint64_t owner_id = unpack_u64(v->at), id;
	int64_t triggered_us = unpack_i64(v->at);
	struct execution e;

	id = unpack_u64(v->at);
	if (decoded(v) &&
	    found(v, store_execution_get(&v->txn, &v->arena, id, &e, NULL),
		"the execution does not exist") &&
	    ((owner_id != e.schedule_id && owner_id != e.tenant_id) ||
		triggered_us != e.triggered_us))
		fault(v, "the execution is of another schedule, tenant or time");
}

static void
visit_queue(struct verify *v)
{
	uint32_t order = unpack_u32(v->at);
	uint64_t id = unpack_u64(v->at);
	struct execution e;

	if (!decoded(v) || !found(v, store_execution_get(&v->txn, &v->arena, id, &e, NULL),
			       "the execution does not exist"))
		return;
	if (e.tasks_ended == e.task_count)
		fault(v, "the execution has ended");
	if (order != priority_order(e.priority))
		fault(v, "the execution has the priority %d", e.priority);
}

/* ---- 12: concurrency groups
 * --------------------------------------------------------------------- */

static void
visit_group(struct verify *v)
{
	struct run_group g = {.id = unpack_u64(v->at)};

	unpack_group(v->data, &v->arena, &g);
	if (!decoded(v))
		return;
	check_own_id(v, g.id, g.tenant_id);
	check_tenant(v, g.tenant_id);
	check_name(v, TABLE_GROUP_NAMES, g.tenant_id, g.name, g.id);
	if (g.limit < 1 || g.limit > GROUP_LIMIT_MAX)
		fault(v, "its limit is %" PRIu32, g.limit);
}

static void
visit_group_name(struct verify *v)
{
	uint64_t tenant_id, id;
	const char *name;
	struct run_group g;

	if (read_name(v, &tenant_id, &name, &id) &&
	    found(v, store_group_get(&v->txn, &v->arena, id, &g, NULL),
		"leads to group %" PRIu64 ", which does not exist", id) &&
	    (g.tenant_id != tenant_id || strcmp(g.name, name)))
		fault(v, "leads to group %" PRIu64 ", which has another name", id);
}

/* An execution that has a place of a group, or waits for one. */
static void
visit_of_group(struct verify *v)
{
	bool waits = v->table == TABLE_GROUP_WAITING;
	uint64_t group_id = unpack_u64(v->at), order = waits ? unpack_u64(v->at) : 0, id;
	struct execution e;

	id = unpack_u64(v->at);
	if (!decoded(v) || !found(v, store_execution_get(&v->txn, &v->arena, id, &e, NULL),
			       "the execution does not exist"))
		return;
	if (e.group_id != group_id)
		fault(v, "the execution is of group %" PRIu64, e.group_id);
	if (e.tasks_ended == e.task_count)
		fault(v, "the execution has ended");
	if (waits && order != priority_order(e.priority))
		fault(v, "the execution has the priority %d", e.priority);
	if (waits && exists(v, TABLE_GROUP_PLACES, key_ids(&v->txn, group_id, id)))
		fault(v, "the execution has a place");
}

/* What its tenant's list says of a task. */
static void
check_line(struct verify *v, const struct execution *e, const struct task *t)
{
	struct task_line line, should = task_line_of(e, t);
	int code = store_task_line(&v->txn, t->tenant_id, t->id, &line, NULL);

	if (t->ordinal == TASK_ORDINAL_CONDITION) {
		if (code != ERR_MISSING)
			fault(v, "is a condition and listed under its tenant");
	} else if (found(v, code, "is not listed under its tenant %" PRIu64, t->tenant_id) &&
		   e->id && !task_line_equals(&line, &should)) {
		fault(v, "the line of it under its tenant says something else");
	}
}

/* 10: an attempt has as many results as it says, and they stand in order. */
static void
check_results(struct verify *v, const struct task *t)
{
	struct result r, before = {0};
	uint32_t *counts = arena_array(&v->arena, t->attempt_count, sizeof *counts);
	struct cursor c;
	int code;

	code = cursor_open(&v->txn, TABLE_RESULTS_BY_TASK, 0, 0, &c, NULL);
	if (!code)
		code = cursor_seek(&c, key_ids(&v->txn, t->id, 0), NULL);
	for (; !code && cursor_within(&c, t->id); code = cursor_move(&c, DB_NEXT, NULL)) {
		unpack_u64(&c.key);
		if (store_result_get(&v->txn, &v->arena, unpack_u64(&c.key), &r, NULL))
			continue;
		if (r.attempt < before.attempt ||
		    (r.attempt == before.attempt && before.id && r.number <= before.number))
			fault(v, "its result %" PRIu64 " is out of order", r.id);
		before = r;
		for (size_t i = 0; i < t->attempt_count; i++)
			counts[i] += t->attempts[i].number == r.attempt;
	}
	if (cursor_close(&c, 0, NULL))
		return;
	for (size_t i = 0; i < t->attempt_count; i++) {
		if (counts[i] != t->attempts[i].results)
			fault(v,
			    "says that attempt %" PRIu32 " left %" PRIu32
			    " results, there are %" PRIu32,
			    t->attempts[i].number, t->attempts[i].results, counts[i]);
	}
}

/* 4: one that is retrying has an attempt to come, and its place among the retries. */
static void
check_retry(struct verify *v, const struct task *t)
{
	const struct attempt *next = retry_attempt(t);

	if (t->status == TASK_RETRYING && !next)
		fault(v, "is retrying and has no attempt to come");
	else if (next && exists(v, TABLE_RETRIES, key_due(v, next->due_us, t->id)) !=
			     (t->status == TASK_RETRYING))
		fault(v, "is %s and %s among the retries", task_status_name(t->status),
		    t->status == TASK_RETRYING ? "does not stand" : "stands");
}

static void
visit_task(struct verify *v)
{
	struct task t = {.id = unpack_u64(v->at)};
	struct buf *key = &v->txn.key;
	struct execution e = {0};
	uint64_t listed;
	bool active;

	unpack_task(v->data, &v->arena, &t);
	if (!decoded(v))
		return;
	check_own_id(v, t.id, t.tenant_id);
	if (found(v, store_execution_get(&v->txn, &v->arena, t.execution_id, &e, NULL),
		"its execution %" PRIu64 " does not exist", t.execution_id)) {
		if (e.schedule_id != t.schedule_id || e.tenant_id != t.tenant_id)
			fault(v, "its execution %" PRIu64 " is of another schedule or tenant",
			    e.id);
		if ((t.ordinal == TASK_ORDINAL_CONDITION) != (e.condition_id == t.id))
			fault(v, "its execution %" PRIu64 " has another condition", e.id);
	}
	buf_reset(key);
	pack_u64(key, t.execution_id);
	pack_u32(key, t.ordinal);
	if (found(v, table_get_id(&v->txn, TABLE_TASKS_BY_EXECUTION, key, &listed, NULL),
		"is not listed under its execution %" PRIu64, t.execution_id) &&
	    listed != t.id)
		fault(v, "task %" PRIu64 " is listed in its place", listed);
	check_line(v, &e, &t);
	if (task_status_ended(t.status) == (t.end_us == INSTANT_NEVER))
		fault(v, "is %s and has %s end", task_status_name(t.status),
		    t.end_us == INSTANT_NEVER ? "no" : "an");
	active = exists(v, TABLE_ACTIVE, key_id(&v->txn, t.id));
	if (active != task_status_active(t.status))
		fault(v, "is %s and %s among the active", task_status_name(t.status),
		    active ? "stands" : "does not stand");
	check_results(v, &t);
	check_retry(v, &t);
	if (task_status_active(t.status) && !t.attempt_count)
		fault(v, "is %s and has no attempt", task_status_name(t.status));
}

static void
visit_task_of_execution(struct verify *v)
{
	uint64_t execution_id = unpack_u64(v->at), id = unpack_u64(v->data);
	uint32_t ordinal = unpack_u32(v->at);
	struct task t;

	if (decoded(v) &&
	    found(v, store_task_get(&v->txn, &v->arena, id, &t, NULL),
		"its task %" PRIu64 " does not exist", id) &&
	    (t.execution_id != execution_id || t.ordinal != ordinal))
		fault(v, "its task %" PRIu64 " has another place", id);
}

static void
visit_task_of_tenant(struct verify *v)
{
	uint64_t tenant_id = unpack_u64(v->at), id = unpack_u64(v->at);
	struct task_line line;
	struct task t;

	unpack_task_line(v->data, &line);
	if (decoded(v) &&
	    found(v, store_task_get(&v->txn, &v->arena, id, &t, NULL),
		"the task does not exist") &&
	    t.tenant_id != tenant_id)
		fault(v, "the task is of tenant %" PRIu64, t.tenant_id);
}

static void
visit_active(struct verify *v)
{
	if (decoded(v) && !exists(v, TABLE_TASKS, key_id(&v->txn, unpack_u64(v->at))))
		fault(v, "the task does not exist");
}

static void
visit_cancel(struct verify *v)
{
	struct task t;

	if (decoded(v) &&
	    found(v, store_task_get(&v->txn, &v->arena, unpack_u64(v->at), &t, NULL),
		"the task does not exist") &&
	    t.status != TASK_CANCELLING)
		fault(v, "the task is %s", task_status_name(t.status));
}

/* ---- 12, 13: notifications
 * ---------------------------------------------------------------------------------------- */

static void
check_schedule(struct verify *v, uint64_t id)
{
	if (!exists(v, TABLE_SCHEDULES, key_id(&v->txn, id)))
		fault(v, "the schedule does not exist");
}

static void
visit_health(struct verify *v)
{
	struct health h = {.schedule_id = unpack_u64(v->at)};

	unpack_health(v->data, &h);
	if (!decoded(v))
		return;
	check_schedule(v, h.schedule_id);
	if ((h.last == OUTCOME_FAILED) != (h.failures > 0))
		fault(v, "says %u failures in a row", h.failures);
}

/* Does this list, in which a time stands before ids, have the entry? */
static bool
listed_at(struct verify *v, enum table t, int64_t us, uint64_t first, const uint64_t *second)
{
	buf_reset(&v->txn.key);
	pack_i64(&v->txn.key, us);
	pack_u64(&v->txn.key, first);
	if (second)
		pack_u64(&v->txn.key, *second);
	return exists(v, t, &v->txn.key);
}

static void
visit_alarm(struct verify *v)
{
	struct alarm al = {.schedule_id = unpack_u64(v->at)};
	struct execution e;

	al.execution_id = unpack_u64(v->at);
	unpack_alarm(v->data, &al);
	if (!decoded(v))
		return;
	check_schedule(v, al.schedule_id);
	if ((al.event == NOTIFY_NO_SUCCESS) != !al.execution_id)
		fault(v, "is about %s", notify_event_name(al.event));
	if (al.due_us != INSTANT_NEVER &&
	    !listed_at(v, TABLE_ALARMS_BY_TIME, al.due_us, al.schedule_id, &al.execution_id))
		fault(v, "is not listed by time");
	if (al.execution_id &&
	    found(v, store_execution_get(&v->txn, &v->arena, al.execution_id, &e, NULL),
		"the execution does not exist") &&
	    e.end_us != INSTANT_NEVER)
		fault(v, "the execution has ended");
}

static void
visit_alarm_time(struct verify *v)
{
	int64_t due_us = unpack_i64(v->at);
	uint64_t schedule_id = unpack_u64(v->at), execution_id = unpack_u64(v->at);
	struct alarm al;

	if (decoded(v) &&
	    found(v, store_alarm_get(&v->txn, schedule_id, execution_id, &al, NULL),
		"the alarm does not exist") &&
	    al.due_us != due_us)
		fault(v, "the alarm is due at another time");
}

static void
visit_notice(struct verify *v)
{
	struct notice n = {.id = unpack_u64(v->at)};
	struct notice_target t;
	bool listed;

	unpack_notice(v->data, &v->arena, &n);
	if (!decoded(v))
		return;
	check_own_id(v, n.id, n.tenant_id);
	if ((n.state == NOTICE_WAITING) != (n.end_us == INSTANT_NEVER))
		fault(v, "is %s and %s", notice_state_name(n.state),
		    n.end_us == INSTANT_NEVER ? "has no end" : "has an end");
	buf_reset(&v->txn.key);
	pack_u64(&v->txn.key, n.target_id);
	pack_i64(&v->txn.key, n.turn_us);
	pack_u64(&v->txn.key, n.id);
	listed = exists(v, TABLE_TARGET_QUEUES, &v->txn.key);
	if (listed != (n.state == NOTICE_WAITING))
		fault(v, "is %s and %s its target's queue", notice_state_name(n.state),
		    listed ? "in" : "not in");
	if (found(v, store_target_get(&v->txn, &v->arena, n.target_id, &t, NULL),
		"its target does not exist") &&
	    t.tenant_id != n.tenant_id)
		fault(v, "its target is of another tenant");
}

/* How many wait in its queue, one more than it says at most. */
static size_t
count_waiting(struct verify *v, const struct notice_target *t)
{
	uint64_t *ids = arena_array(&v->arena, (size_t)t->waiting + 1, sizeof *ids);
	size_t count = 0;

	(void)!table_numbers(&v->txn, TABLE_TARGET_QUEUES, key_id(&v->txn, t->id), &t->id, 0,
	    ids, (size_t)t->waiting + 1, &count, NULL);
	return count;
}

static void
visit_target(struct verify *v)
{
	struct notice_target t = {.id = unpack_u64(v->at)};
	struct notice n;

	unpack_notice_target(v->data, &v->arena, &t);
	if (!decoded(v))
		return;
	check_own_id(v, t.id, t.tenant_id);
	if (t.waiting > NOTICES_WAITING_MAX || count_waiting(v, &t) != t.waiting)
		fault(v, "says that %u messages wait", t.waiting);
	if (t.next_us != INSTANT_NEVER && !listed_at(v, TABLE_OUTBOX, t.next_us, t.id, NULL))
		fault(v, "is not in the outbox");
	if (t.waiting && (t.next_us == INSTANT_NEVER) == !t.sending_id)
		fault(v, "has %s", t.sending_id ? "two turns" : "no turn");
	if (t.sending_id && !exists(v, TABLE_SENDING, key_id(&v->txn, t.id)))
		fault(v, "is not among those that are sent to");
	if (t.sending_id &&
	    found(v, store_notice_get(&v->txn, &v->arena, t.sending_id, &n, NULL),
		"the message under way does not exist") &&
	    (n.state != NOTICE_WAITING || n.target_id != t.id))
		fault(v, "the message under way is none of those that wait");
}

static void
visit_target_name(struct verify *v)
{
	uint64_t tenant_id = unpack_u64(v->at), id = unpack_u64(v->data);
	struct notice_target t;

	if (decoded(v) &&
	    found(v, store_target_get(&v->txn, &v->arena, id, &t, NULL),
		"the target does not exist") &&
	    t.tenant_id != tenant_id)
		fault(v, "the target is of another tenant");
}

static void
visit_target_queue(struct verify *v)
{
	struct notice n;
	uint64_t target_id = unpack_u64(v->at), id;

	unpack_i64(v->at);
	id = unpack_u64(v->at);
	if (decoded(v) &&
	    found(v, store_notice_get(&v->txn, &v->arena, id, &n, NULL),
		"the message does not exist") &&
	    n.target_id != target_id)
		fault(v, "the message is for another target");
}

static void
visit_outbox(struct verify *v)
{
	int64_t next_us = unpack_i64(v->at);
	struct notice_target t;

	if (decoded(v) &&
	    found(v, store_target_get(&v->txn, &v->arena, unpack_u64(v->at), &t, NULL),
		"the target does not exist") &&
	    t.next_us != next_us)
		fault(v, "the target has its turn at another time");
}

static void
visit_sending(struct verify *v)
{
	struct notice_target t;

	if (decoded(v) &&
	    found(v, store_target_get(&v->txn, &v->arena, unpack_u64(v->at), &t, NULL),
		"the target does not exist") &&
	    !t.sending_id)
		fault(v, "nothing is under way to the target");
}

static void
visit_retry(struct verify *v)
{
	int64_t due_us = unpack_i64(v->at);
	const struct attempt *next;
	struct task t;

	if (!decoded(v) ||
	    !found(v, store_task_get(&v->txn, &v->arena, unpack_u64(v->at), &t, NULL),
		"the task does not exist"))
		return;
	next = retry_attempt(&t);
	if (t.status != TASK_RETRYING)
		fault(v, "the task is %s", task_status_name(t.status));
	else if (next && next->due_us != due_us)
		fault(v, "the task is due at %" PRId64, next->due_us);
}

static void
visit_clock_step(struct verify *v)
{
	struct clock_step step;

	unpack_clock_step(v->data, &step);
	if (decoded(v) && step.from_us == step.to_us)
		fault(v, "is no step");
}

/* ---- 10: result files
 * ----------------------------------------------------------------------------- */

static void
visit_result(struct verify *v)
{
	struct result r = {.id = unpack_u64(v->at)};
	struct task t;
	size_t i = 0;

	unpack_result(v->data, &v->arena, &r);
	if (!decoded(v))
		return;
	check_own_id(v, r.id, r.tenant_id);
	if (found(v, store_task_get(&v->txn, &v->arena, r.task_id, &t, NULL),
		"its task %" PRIu64 " does not exist", r.task_id)) {
		if (t.execution_id != r.execution_id || t.schedule_id != r.schedule_id ||
		    t.tenant_id != r.tenant_id)
			fault(v, "its task %" PRIu64 " is of another execution", t.id);
		while (i < t.attempt_count && t.attempts[i].number != r.attempt)
			i++;
		if (i == t.attempt_count)
			fault(
			    v, "its task %" PRIu64 " has no attempt %" PRIu32, t.id, r.attempt);
	}
	if (!exists(v, TABLE_RESULTS_BY_TASK, key_ids(&v->txn, r.task_id, r.id)))
		fault(v, "is not listed under its task");
	if (!exists(v, TABLE_RESULTS_BY_TENANT, key_ids(&v->txn, r.tenant_id, r.id)))
		fault(v, "is not listed under its tenant");
	if ((r.state == RESULT_EXPIRED) != (r.deleted_us != INSTANT_NEVER) ||
	    (r.state == RESULT_CONSUMED && r.consumed_us == INSTANT_NEVER))
		fault(v, "its state and its times do not agree");
}

/* An entry under a task or a tenant. */
static void
visit_listed_result(struct verify *v)
{
	uint64_t owner_id = unpack_u64(v->at), id = unpack_u64(v->at);
	struct result r;

	if (decoded(v) &&
	    found(v, store_result_get(&v->txn, &v->arena, id, &r, NULL),
		"the result does not exist") &&
	    owner_id != (v->table == TABLE_RESULTS_BY_TASK ? r.task_id : r.tenant_id))
		fault(v, "the result is of another task or tenant");
}

/* ---- 5: the ledger
 * -------------------------------------------------------------------------------- */

static void
check_run(struct verify *v, const struct occurrence *o)
{
	struct execution e;

	if (!has_run(o) && !o->execution_id)
		return;
	if (found(v, store_execution_get(&v->txn, &v->arena, o->execution_id, &e, NULL),
		"its execution %" PRIu64 " does not exist", o->execution_id) &&
	    (e.schedule_id != o->schedule_id || (has_run(o) && e.due_us != o->due_us)))
		fault(v, "its execution %" PRIu64 " is of another schedule or due time", e.id);
}

static void
visit_occurrence(struct verify *v)
{
	struct occurrence o = {0};

	o.schedule_id = unpack_u64(v->at);
	o.due_us = unpack_i64(v->at);
	unpack_occurrence(v->data, &v->arena, &o);
	if (!decoded(v))
		return;
	if (v->before.schedule_id == o.schedule_id && v->before.to_us >= o.due_us)
		fault(v, "lies in the range before it, %" PRId64 " to %" PRId64,
		    v->before.due_us, v->before.to_us);
	if (!o.count || (o.count == 1 && o.to_us != o.due_us) ||
	    (o.count > 1 && o.to_us <= o.due_us) || (o.count > 1 && has_run(&o)))
		fault(v, "its range to %" PRId64 " and its count %" PRIu64 " do not agree",
		    o.to_us, o.count);
	check_id(v, o.schedule_id);
	check_run(v, &o);
	v->before = o;
}

/* ---- 6, 7: tenants, users, tokens
 * ----------------------------------------------------------------- */

static void
visit_tenant(struct verify *v)
{
	struct tenant t = {.id = unpack_u64(v->at)};

	unpack_tenant(v->data, &v->arena, &t);
	if (!decoded(v))
		return;
	check_id(v, t.id);
	if (!t.deleted)
		check_name(v, TABLE_TENANT_NAMES, 0, t.name, t.id);
}

static void
visit_tenant_name(struct verify *v)
{
	uint64_t no_tenant, id;
	struct tenant t;
	const char *name;

	if (read_name(v, &no_tenant, &name, &id) &&
	    found(v, store_tenant_get(&v->txn, &v->arena, id, &t, NULL),
		"leads to tenant %" PRIu64 ", which does not exist", id) &&
	    (no_tenant || t.deleted || strcmp(t.name, name)))
		fault(v, "leads to tenant %" PRIu64 ", which has another name", id);
}

/* The spelling under which an e-mail address is found. */
static const char *
lowered(struct verify *v, const char *text)
{
	char *lower = arena_alloc(&v->arena, strlen(text) + 1);

	text_to_lower(text, lower);
	return lower;
}

static void
visit_user(struct verify *v)
{
	struct user user = {.id = unpack_u64(v->at)};

	unpack_user(v->data, &v->arena, &user);
	if (!decoded(v))
		return;
	check_own_id(v, user.id, user.tenant_id);
	check_tenant(v, user.tenant_id);
	check_name(v, TABLE_USER_NAMES, user.tenant_id, user.name, user.id);
	if (user.email)
		check_name(
		    v, TABLE_USER_EMAILS, user.tenant_id, lowered(v, user.email), user.id);
}

/* An entry of user_names or user_emails. */
static void
visit_user_name(struct verify *v)
{
	bool email = v->table == TABLE_USER_EMAILS;
	uint64_t tenant_id, id;
	struct user user;
	const char *name, *his;

	if (!read_name(v, &tenant_id, &name, &id) ||
	    !found(v, store_user_get(&v->txn, &v->arena, id, &user, NULL),
		"leads to user %" PRIu64 ", who does not exist", id))
		return;
	his = email ? lowered(v, user.email ? user.email : "") : user.name;
	if (user.tenant_id != tenant_id || strcmp(his, name))
		fault(v, "leads to user %" PRIu64 ", who has another %s", id,
		    email ? "address" : "name");
}

/* A token leads to its user, and is found by its id and under him; one that was replaced, by
 * the token that replaced it. */
static void
check_listed(struct verify *v, const struct token *t)
{
	struct token listed;
	int code = store_token_by_id(&v->txn, &v->arena, t->id, &listed, NULL);

	if (t->is_old && code == ERR_MISSING)
		return; /* it expires by itself */
	if (!found(v, code, "is not listed by its id %" PRIu64, t->id))
		return;
	if (t->is_old ? !listed.has_old || memcmp(listed.old_hash, t->hash, sizeof t->hash)
		      : memcmp(listed.hash, t->hash, sizeof t->hash))
		fault(v, "its id %" PRIu64 " leads to another token", t->id);
	if (!exists(
		v, TABLE_TOKENS_BY_USER, key_three(&v->txn, t->tenant_id, t->user_id, t->id)))
		fault(v, "is not listed under its user");
}

static void
visit_token(struct verify *v)
{
	struct token t = {0};
	struct user user;

	if (v->at->end - v->at->at == TOKEN_HASH_BYTES)
		memcpy(t.hash, v->at->at, sizeof t.hash);
	else
		fault(v, "the key is no hash of a token");
	unpack_token(v->data, &v->arena, &t);
	if (!decoded(v))
		return;
	check_own_id(v, t.id, t.tenant_id);
	if (found(v, store_user_get(&v->txn, &v->arena, t.user_id, &user, NULL),
		"its user %" PRIu64 " does not exist", t.user_id) &&
	    user.tenant_id != t.tenant_id)
		fault(v, "its user %" PRIu64 " is of another tenant", t.user_id);
	if (t.kind != TOKEN_SESSION && (t.made_by || t.made_with || t.lets_in))
		fault(v, "is no session, and another made it or it lets others in");
	if (t.kind != TOKEN_CLIENT && t.needs_session)
		fault(v, "is no client key, and needs a session");
	check_listed(v, &t);
}

static void
visit_token_id(struct verify *v)
{
	uint64_t id = unpack_u64(v->at);
	struct token t;
	size_t len;
	const unsigned char *hash = unpack_bytes(v->data, &v->arena, &len);

	v->data->failed = v->data->failed || len != TOKEN_HASH_BYTES;
	if (decoded(v) &&
	    found(v, store_token_get(&v->txn, &v->arena, hash, &t, NULL),
		"its token does not exist") &&
	    t.id != id)
		fault(v, "its token has the id %" PRIu64, t.id);
}

static void
visit_token_of_user(struct verify *v)
{
	uint64_t tenant_id = unpack_u64(v->at), user_id = unpack_u64(v->at),
		 id = unpack_u64(v->at);
	uint8_t kind = unpack_u8(v->data);
	struct token t;

	if (decoded(v) &&
	    found(v, store_token_by_id(&v->txn, &v->arena, id, &t, NULL),
		"its token does not exist") &&
	    (t.tenant_id != tenant_id || t.user_id != user_id || t.kind != kind))
		fault(v, "its token is of another user or kind");
}

/* ---- 9: what is kept for a day, and the audit
 * ----------------------------------------------------- */

/* The rest of a key is a hash of the length of all of them. */
static void
check_hash_key(struct verify *v)
{
	if (v->at->end - v->at->at != DAILY_HASH_BYTES)
		fault(v, "the key is no hash");
}

static void
visit_failures(struct verify *v)
{
	struct failures f;

	check_hash_key(v);
	unpack_failures(v->data, &f);
	(void)decoded(v);
}

static void
visit_answer(struct verify *v)
{
	struct answer n;

	unpack_u64(v->at);
	check_hash_key(v);
	unpack_answer(v->data, &v->arena, &n);
	(void)decoded(v);
}

static void
visit_audit(struct verify *v)
{
	struct audit_entry e = {.tenant_id = unpack_u64(v->at)};

	e.number = unpack_u64(v->at);
	unpack_audit(v->data, &v->arena, &e);
	if (!decoded(v))
		return;
	check_tenant(v, e.tenant_id);
	if (!e.number || (e.number > 1 && !exists(v, TABLE_AUDIT,
					      key_ids(&v->txn, e.tenant_id, e.number - 1))))
		fault(v, "the entry before it is missing");
}

static void
visit_secret(struct verify *v)
{
	uint64_t tenant_id = unpack_u64(v->at);
	size_t len;

	(void)unpack_i64(v->data);
	(void)unpack_i64(v->data);
	(void)unpack_u64(v->data);
	unpack_bytes(v->data, &v->arena, &len);
	if (decoded(v) && !exists(v, TABLE_TENANTS, key_id(&v->txn, tenant_id)))
		fault(v, "its tenant does not exist");
}

static void
visit_value(struct verify *v)
{
	size_t len;

	unpack_bytes(v->data, &v->arena, &len);
	(void)decoded(v);
}

static void
visit_sequence(struct verify *v)
{
	uint64_t space = unpack_u64(v->at), last = unpack_u64(v->data);

	if (!decoded(v))
		return;
	if (space > ID_SPACE_MAX ||
	    (space &&
		!exists(v, TABLE_TENANTS, key_id(&v->txn, id_in_space((unsigned)space, 1)))))
		fault(v, "there is no such sequence");
	if (last >= id_in_space(1, 0))
		fault(v, "it is past its end");
}

/* ---- the walk
 * ------------------------------------------------------------------------------------- */

static void (*const visits[TABLE_COUNT])(struct verify *v) = {
    [TABLE_SCHEDULES] = visit_schedule,
    [TABLE_STATES] = visit_state,
    [TABLE_NAMES] = visit_name,
    [TABLE_CALENDARS] = visit_calendar,
    [TABLE_CALENDAR_NAMES] = visit_calendar_name,
    [TABLE_CALENDAR_USES] = visit_calendar_use,
    [TABLE_PLAN] = visit_plan,
    [TABLE_LEDGER] = visit_occurrence,
    [TABLE_EXECUTIONS] = visit_execution,
    [TABLE_EXECUTIONS_BY_SCHEDULE] = visit_of_schedule,
    [TABLE_EXECUTIONS_BY_TIME] = visit_by_time,
    [TABLE_TASKS] = visit_task,
    [TABLE_TASKS_BY_EXECUTION] = visit_task_of_execution,
    [TABLE_TASKS_BY_TENANT] = visit_task_of_tenant,
    [TABLE_RESULTS] = visit_result,
    [TABLE_RESULTS_BY_TASK] = visit_listed_result,
    [TABLE_RESULTS_BY_TENANT] = visit_listed_result,
    [TABLE_QUEUE] = visit_queue,
    [TABLE_WAITING] = visit_of_schedule,
    [TABLE_ACTIVE] = visit_active,
    [TABLE_CANCELS] = visit_cancel,
    [TABLE_RETRIES] = visit_retry,
    [TABLE_HEALTH] = visit_health,
    [TABLE_ALARMS] = visit_alarm,
    [TABLE_ALARMS_BY_TIME] = visit_alarm_time,
    [TABLE_NOTICES] = visit_notice,
    [TABLE_TARGETS] = visit_target,
    [TABLE_TARGET_NAMES] = visit_target_name,
    [TABLE_TARGET_QUEUES] = visit_target_queue,
    [TABLE_OUTBOX] = visit_outbox,
    [TABLE_SENDING] = visit_sending,
    [TABLE_CLOCK_STEPS] = visit_clock_step,
    [TABLE_GROUPS] = visit_group,
    [TABLE_GROUP_NAMES] = visit_group_name,
    [TABLE_GROUP_PLACES] = visit_of_group,
    [TABLE_GROUP_WAITING] = visit_of_group,
    [TABLE_TENANTS] = visit_tenant,
    [TABLE_TENANT_NAMES] = visit_tenant_name,
    [TABLE_USERS] = visit_user,
    [TABLE_USER_NAMES] = visit_user_name,
    [TABLE_USER_EMAILS] = visit_user_name,
    [TABLE_TOKENS] = visit_token,
    [TABLE_TOKENS_BY_ID] = visit_token_id,
    [TABLE_TOKENS_BY_USER] = visit_token_of_user,
    [TABLE_FAILURES] = visit_failures,
    [TABLE_ANSWERS] = visit_answer,
    [TABLE_AUDIT] = visit_audit,
    [TABLE_SECRETS] = visit_secret,
    [TABLE_VALUES] = visit_value,
    [TABLE_SEQUENCE] = visit_sequence,
};

/* Does a key have the fields of its table, and nothing else? */
static bool
key_fits(enum table t, struct unpack u)
{
	size_t rest;

	for (const char *kind = tables[t].key; *kind; kind++) {
		rest = (size_t)(u.end - u.at);
		switch (*kind) {
		case 'u':
			unpack_u64(&u);
			break;
		case 'i':
			unpack_i64(&u);
			break;
		case 'w':
			unpack_u32(&u);
			break;
		default:
			u.failed = u.failed || (*kind == 's' && memchr(u.at, '\0', rest));
			u.at = u.end;
			break;
		}
	}
	return !unpack_finish(&u);
}

/* The record where the cursor stands. */
static void
visit(struct verify *v, struct cursor *c)
{
	struct err err;

	v->at = &c->key;
	v->data = &c->record;
	unpack_init(&c->key, c->raw_key.data, c->raw_key.size);
	key_describe(v->table, c->raw_key.data, c->raw_key.size, v->key);
	if (!key_fits(v->table, c->key)) {
		fault(v, "the key is damaged");
	} else if (record_open(&v->txn, v->table, c->raw_key.data, c->raw_key.size,
		       &c->raw_data, &c->record, &err)) {
		v->faults++;
		v->complain(v->ctx, err.text);
	} else {
		visits[v->table](v);
	}
	arena_clear(&v->arena);
}

static int
walk(struct verify *v, enum table t, struct err *err)
{
	struct cursor c;
	int code, dbret = 0;

	v->table = t;
	v->before = (struct occurrence){0};
	code = cursor_open(&v->txn, t, 0, 0, &c, err);
	/* Not cursor_move(): it fails at a record of a newer version, and this goes on. */
	while (!code && !v->txn.st->lost &&
	       !(dbret = c.dbc->get(c.dbc, &c.raw_key, &c.raw_data, DB_NEXT)))
		visit(v, &c);
	if (v->txn.st->lost)
		return err_fail(
		    err, ERR_IO, "%s: the store was lost while it was read", tables[t].name);
	if (!code && dbret != DB_NOTFOUND)
		code = db_fail(err, dbret, "%s", tables[t].name);
	return cursor_close(&c, code, err);
}

/* The last id given in a space: below its first while there is none, and every one where that
 * cannot be read. */
static uint64_t
last_given(struct txn *txn, unsigned space)
{
	uint64_t number;
	int code = table_get_id(txn, TABLE_SEQUENCE, key_id(txn, space), &number, NULL);

	if (code && code != ERR_MISSING)
		return UINT64_MAX;
	return id_in_space(space, code ? 0 : number);
}

static int
verify_records(struct verify *v, const struct store_options *options, struct err *err)
{
	struct store *st;
	int code = store_open(options, &st, err);

	if (code)
		return code;
	txn_init(&v->txn, st);
	v->last_ids = mem_alloc((ID_SPACE_MAX + 1) * sizeof *v->last_ids);
	for (unsigned space = 0; space <= ID_SPACE_MAX; space++)
		v->last_ids[space] = last_given(&v->txn, space);
	for (int t = 0; !code && t < TABLE_COUNT; t++)
		code = walk(v, t, err);
	free(v->last_ids);
	txn_release(&v->txn);
	arena_release(&v->arena);
	store_close(st);
	return code;
}

/* ---- pages
 * ---------------------------------------------------------------------------------------- */

static void
page_fault(const DB_ENV *env, const char *prefix, const char *text)
{
	struct verify *v = env->app_private;
	char line[512];

	(void)prefix;
	/* What follows from a bad page in the library is nothing new to people. */
	if (strstr(text, "PANIC") || strstr(text, "DB_RUNRECOVERY"))
		return;
	snprintf(line, sizeof line, "%s: %s", tables[v->table].name, text);
	v->faults++;
	v->complain(v->ctx, line);
}

/* The file as it lies on the disk. The library lets go of the handle in any case. */
static int
verify_file(struct verify *v, DB_ENV *env, const char *path)
{
	uint64_t before = v->faults;
	DB *db = NULL;
	int dbret;

	dbret = db_create(&db, env, 0);
	if (!dbret)
		dbret = db->verify(db, path, NULL, NULL, 0);
	if (dbret != DB_VERIFY_BAD && dbret != DB_RUNRECOVERY)
		return dbret;
	if (v->faults == before)
		page_fault(env, NULL, "the pages are damaged");
	return 0;
}

/*
 * In an environment of this process alone, and a new one for each table: a bad page is the end
 * of the environment that met it, and must not hide those of other tables.
 */
static int
verify_table(struct verify *v, enum table t, const char *dir, struct err *err)
{
	struct buf path = BUF_INIT;
	DB_ENV *env = NULL;
	int dbret;

	v->table = t;
	buf_addf(&path, "%s/data/%s.db", dir, tables[t].name);
	dbret = db_env_create(&env, 0);
	if (!dbret) {
		env->app_private = v;
		env->set_errcall(env, page_fault);
		dbret = env->open(env, NULL, DB_CREATE | DB_PRIVATE | DB_INIT_MPOOL, 0);
		if (!dbret)
			dbret = verify_file(v, env, path.data);
		/* What a lost environment says to that is of no interest. */
		(void)env->close(env, 0);
	}
	dbret = db_fail(err, dbret, "%s", path.data);
	buf_release(&path);
	return dbret;
}

static int
verify_pages(struct verify *v, const char *dir, struct err *err)
{
	int code = 0;

	for (int t = 0; !code && t < TABLE_COUNT; t++)
		code = verify_table(v, t, dir, err);
	return code;
}

int
store_verify(const struct store_options *options, void (*complain)(void *ctx, const char *line),
    void *ctx, struct err *err)
{
	struct verify v = {.complain = complain, .ctx = ctx};
	int code;

	/* Recovery would make a store where there is none. */
	code = home_require(options->dir, err);
	if (!code)
		code = store_recover(options, err);
	if (!code)
		code = verify_pages(&v, options->dir, err);
	if (!code && !v.faults)
		code = verify_records(&v, options, err);
	if (!code && v.faults)
		code = err_fail(err, ERR_IO, "%s: %" PRIu64 " fault%s", options->dir, v.faults,
		    v.faults == 1 ? "" : "s");
	return code == ERR_INPUT || !code ? code : ERR_IO;
}
