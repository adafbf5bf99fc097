/*
 * Executions and tasks, and the indexes by which they are listed: executions_by_schedule,
 * executions_by_time (under the schedule and under the tenant) and tasks_by_execution. What these
 * indexes are made of never changes after the insert, so an update leaves them alone; that of
 * lines.c follows its task.
 */
#include "store/record.h"

static int
get_execution(struct txn *txn, struct arena *a, uint64_t id, uint32_t flags,
    struct execution *e, struct err *err)
{
	const struct buf *key = key_id(txn, id);
	struct unpack u;
	int code = table_get(txn, TABLE_EXECUTIONS, key, flags, &u, err);

	*e = (struct execution){.id = id};
	if (code)
		return code;
	unpack_execution(&u, a, e);
	return record_finish(txn, TABLE_EXECUTIONS, key->data, key->len, &u, err);
}

int
store_execution_get(
    struct txn *txn, struct arena *a, uint64_t id, struct execution *e, struct err *err)
{
	return get_execution(txn, a, id, 0, e, err);
}

static const struct buf *
time_key(struct txn *txn, uint64_t owner_id, struct execution_place at)
{
	buf_reset(&txn->key);
	pack_u64(&txn->key, owner_id);
	pack_i64(&txn->key, at.triggered_us);
	pack_u64(&txn->key, at.id);
	return &txn->key;
}

static int
index_execution(struct txn *txn, const struct execution *e, struct err *err)
{
	struct execution_place at = {e->triggered_us, e->id};
	int code = table_mark(
	    txn, TABLE_EXECUTIONS_BY_SCHEDULE, key_ids(txn, e->schedule_id, e->id), err);

	if (!code)
		code = table_mark(
		    txn, TABLE_EXECUTIONS_BY_TIME, time_key(txn, e->schedule_id, at), err);
	if (!code)
		code = table_mark(
		    txn, TABLE_EXECUTIONS_BY_TIME, time_key(txn, e->tenant_id, at), err);
	return code;
}

int
store_execution_put(struct txn *txn, const struct execution *e, struct err *err)
{
	struct arena scratch = ARENA_INIT;
	struct buf *record;
	struct execution old;
	int code;

	code = get_execution(txn, &scratch, e->id, DB_RMW, &old, err);
	if (code == ERR_MISSING)
		code = index_execution(txn, e, err);
	else if (!code && (old.schedule_id != e->schedule_id || old.tenant_id != e->tenant_id ||
			      old.triggered_us != e->triggered_us))
		code = err_fail(err, ERR_CONFLICT,
		    "an execution keeps its schedule, its tenant and when it was triggered");
	if (!code) {
		record = record_begin(txn);
		pack_execution(record, e);
		code = table_put(txn, TABLE_EXECUTIONS, key_id(txn, e->id), record, err);
	}
	arena_release(&scratch);
	return code;
}

int
store_execution_list(struct txn *txn, struct arena *a, uint64_t schedule_id, uint64_t before,
    size_t cap, struct execution **list, size_t *count, struct err *err)
{
	struct execution *items = NULL;
	size_t n = 0, room = 0;
	struct cursor c;
	uint64_t id;
	int code;

	*list = NULL;
	*count = 0;
	code = cursor_open(txn, TABLE_EXECUTIONS_BY_SCHEDULE, 0, 0, &c, err);
	if (!code)
		code = cursor_seek_below(&c, schedule_id, before, err);
	while (!code && n < cap && cursor_within(&c, schedule_id)) {
		items = array_grow(a, items, n, &room, sizeof *items);
		unpack_u64(&c.key);
		id = unpack_u64(&c.key);
		code = table_listed(txn, TABLE_EXECUTIONS, id,
		    store_execution_get(txn, a, id, &items[n], err), err);
		if (code)
			break;
		n++;
		code = cursor_move(&c, DB_PREV, err);
	}
	if (code == ERR_MISSING)
		code = 0;
	code = cursor_close(&c, code, err);
	if (code)
		return code;
	*list = items;
	*count = n;
	return 0;
}

/* Where the cursor stands in executions_by_time. */
static struct execution_place
place_at(const struct cursor *c)
{
	struct execution_place at;
	struct unpack key = c->key;

	unpack_u64(&key);
	at.triggered_us = unpack_i64(&key);
	at.id = unpack_u64(&key);
	return at;
}

int
store_execution_by_time(struct txn *txn, struct arena *a, uint64_t owner_id, int64_t from_us,
    struct execution_place before, size_t cap, struct execution **list, size_t *count,
    struct err *err)
{
	struct execution *items = NULL;
	struct execution_place at;
	size_t n = 0, room = 0;
	struct cursor c;
	int code;

	*list = NULL;
	*count = 0;
	code = cursor_open(txn, TABLE_EXECUTIONS_BY_TIME, 0, 0, &c, err);
	if (!code)
		code = cursor_seek_before(&c, time_key(txn, owner_id, before), err);
	while (!code && n < cap && cursor_within(&c, owner_id)) {
		at = place_at(&c);
		if (at.triggered_us < from_us)
			break;
		items = array_grow(a, items, n, &room, sizeof *items);
		code = table_listed(txn, TABLE_EXECUTIONS, at.id,
		    store_execution_get(txn, a, at.id, &items[n], err), err);
		if (code)
			break;
		n++;
		code = cursor_move(&c, DB_PREV, err);
	}
	if (code == ERR_MISSING)
		code = 0;
	code = cursor_close(&c, code, err);
	if (code)
		return code;
	*list = items;
	*count = n;
	return 0;
}

/* ---- tasks ---- */

static int
get_task(struct txn *txn, struct arena *a, uint64_t id, uint32_t flags, struct task *t,
    struct err *err)
{
	const struct buf *key = key_id(txn, id);
	struct unpack u;
	int code = table_get(txn, TABLE_TASKS, key, flags, &u, err);

	*t = (struct task){.id = id};
	if (code)
		return code;
	unpack_task(&u, a, t);
	return record_finish(txn, TABLE_TASKS, key->data, key->len, &u, err);
}

int
store_task_get(struct txn *txn, struct arena *a, uint64_t id, struct task *t, struct err *err)
{
	return get_task(txn, a, id, 0, t, err);
}

/* The new task's place among the tasks of its execution. */
static int
index_task(struct txn *txn, const struct task *t, struct err *err)
{
	struct buf *record = record_begin(txn);

	pack_u64(record, t->id);
	buf_reset(&txn->key);
	pack_u64(&txn->key, t->execution_id);
	pack_u32(&txn->key, t->ordinal);
	return table_insert(txn, TABLE_TASKS_BY_EXECUTION, &txn->key, record, err);
}

int
store_task_put(struct txn *txn, const struct task *t, struct err *err)
{
	struct arena scratch = ARENA_INIT;
	struct buf *record;
	struct task old;
	bool new;
	int code;

	code = get_task(txn, &scratch, t->id, DB_RMW, &old, err);
	new = code == ERR_MISSING;
	if (new)
		code = index_task(txn, t, err);
	else if (!code && (old.execution_id != t->execution_id ||
			      old.tenant_id != t->tenant_id || old.ordinal != t->ordinal))
		code = err_fail(
		    err, ERR_CONFLICT, "a task keeps its execution, tenant and ordinal");
	if (!code) {
		record = record_begin(txn);
		pack_task(record, t);
		code = table_put(txn, TABLE_TASKS, key_id(txn, t->id), record, err);
	}
	if (!code)
		code = line_follow(txn, &scratch, t, new ? NULL : &old, err);
	arena_release(&scratch);
	return code;
}

int
store_task_list(struct txn *txn, struct arena *a, uint64_t execution_id, struct task **list,
    size_t *count, struct err *err)
{
	struct task *items = NULL;
	size_t n = 0, room = 0;
	struct cursor c;
	uint64_t id;
	int code;

	*list = NULL;
	*count = 0;
	code = cursor_open(txn, TABLE_TASKS_BY_EXECUTION, 0, 0, &c, err);
	if (!code)
		code = cursor_seek(&c, key_id(txn, execution_id), err);
	while (!code && cursor_within(&c, execution_id)) {
		items = array_grow(a, items, n, &room, sizeof *items);
		unpack_u64(&c.key);
		/* The last, if there is one. */
		if (unpack_u32(&c.key) == TASK_ORDINAL_CONDITION)
			break;
		id = unpack_u64(&c.record);
		code = table_listed(
		    txn, TABLE_TASKS, id, store_task_get(txn, a, id, &items[n], err), err);
		if (code)
			break;
		n++;
		code = cursor_move(&c, DB_NEXT, err);
	}
	if (code == ERR_MISSING)
		code = 0;
	code = cursor_close(&c, code, err);
	if (code)
		return code;
	*list = items;
	*count = n;
	return 0;
}
