/*
 * The plan, the retries and the ledger: what is due, and what became of what was due.
 *
 * The plan's key is (due, schedule), so that its first entry is the next thing to do, and that of
 * the retries (due, task); the ledger's is (schedule, due).
 */
#include "store/record.h"

#include "base/mem.h"

/* Of a table that is ordered by time. */
static const struct buf *
time_key(struct txn *txn, int64_t due_us, uint64_t id)
{
	buf_reset(&txn->key);
	pack_i64(&txn->key, due_us);
	pack_u64(&txn->key, id);
	return &txn->key;
}

/* Its first entries up to `until_us`, `cap` at most, locked for writing. `take` keeps the n-th. */
static int
first_due(struct txn *txn, enum table table, int64_t until_us,
    void (*take)(void *list, size_t n, int64_t due_us, uint64_t id), void *list, size_t cap,
    size_t *count, struct err *err)
{
	struct cursor c;
	int64_t due_us;
	size_t n = 0;
	int code;

	*count = 0;
	code = cursor_open(txn, table, 0, DB_RMW, &c, err);
	while (!code && n < cap) {
		code = cursor_move(&c, n ? DB_NEXT : DB_FIRST, err);
		if (code)
			break;
		due_us = unpack_i64(&c.key);
		if (due_us > until_us)
			break;
		take(list, n++, due_us, unpack_u64(&c.key));
	}
	if (code == ERR_MISSING)
		code = 0;
	code = cursor_close(&c, code, err);
	if (!code)
		*count = n;
	return code;
}

int
store_plan_put(struct txn *txn, struct firing f, struct err *err)
{
	return table_mark(txn, TABLE_PLAN, time_key(txn, f.due_us, f.schedule_id), err);
}

int
store_plan_remove(struct txn *txn, struct firing f, struct err *err)
{
	return table_delete(txn, TABLE_PLAN, time_key(txn, f.due_us, f.schedule_id), err);
}

int
store_plan_has(struct txn *txn, struct firing f, bool *has, struct err *err)
{
	struct unpack u;
	int code =
	    table_get(txn, TABLE_PLAN, time_key(txn, f.due_us, f.schedule_id), 0, &u, err);

	*has = !code;
	return code == ERR_MISSING ? 0 : code;
}

static void
take_firing(void *list, size_t n, int64_t due_us, uint64_t id)
{
	struct firing *firings = list;

	firings[n] = (struct firing){id, due_us};
}

int
store_plan_due(struct txn *txn, int64_t until_us, struct firing *firings, size_t cap,
    size_t *count, struct err *err)
{
	return first_due(txn, TABLE_PLAN, until_us, take_firing, firings, cap, count, err);
}

int
store_plan_earliest(struct txn *txn, int64_t *due_us, struct err *err)
{
	struct cursor c;
	int code;

	*due_us = INSTANT_NEVER;
	code = cursor_open(txn, TABLE_PLAN, 0, 0, &c, err);
	if (!code)
		code = cursor_move(&c, DB_FIRST, err);
	if (!code)
		*due_us = unpack_i64(&c.key);
	if (code == ERR_MISSING)
		code = 0;
	return cursor_close(&c, code, err);
}

/* ---- retries ---- */

int
store_retry_put(struct txn *txn, struct retry r, struct err *err)
{
	return table_mark(txn, TABLE_RETRIES, time_key(txn, r.due_us, r.task_id), err);
}

int
store_retry_remove(struct txn *txn, struct retry r, struct err *err)
{
	return table_delete(txn, TABLE_RETRIES, time_key(txn, r.due_us, r.task_id), err);
}

static void
take_retry(void *list, size_t n, int64_t due_us, uint64_t id)
{
	struct retry *retries = list;

	retries[n] = (struct retry){id, due_us};
}

int
store_retry_due(struct txn *txn, int64_t until_us, struct retry *retries, size_t cap,
    size_t *count, struct err *err)
{
	return first_due(txn, TABLE_RETRIES, until_us, take_retry, retries, cap, count, err);
}

/* ---- the ledger ---- */

static const struct buf *
ledger_key(struct txn *txn, uint64_t schedule_id, int64_t due_us)
{
	buf_reset(&txn->key);
	pack_u64(&txn->key, schedule_id);
	pack_i64(&txn->key, due_us);
	return &txn->key;
}

static const struct buf *
occurrence_record(struct txn *txn, const struct occurrence *o)
{
	struct buf *record = record_begin(txn);

	pack_occurrence(record, o);
	return record;
}

int
store_ledger_insert(struct txn *txn, const struct occurrence *o, struct err *err)
{
	return table_insert(txn, TABLE_LEDGER, ledger_key(txn, o->schedule_id, o->due_us),
	    occurrence_record(txn, o), err);
}

/* The entry that begins at due_us, for a change. */
static int
get_occurrence(struct txn *txn, struct arena *a, uint64_t schedule_id, int64_t due_us,
    struct occurrence *o, struct err *err)
{
	const struct buf *key = ledger_key(txn, schedule_id, due_us);
	struct unpack u;
	int code = table_get(txn, TABLE_LEDGER, key, DB_RMW, &u, err);

	*o = (struct occurrence){.schedule_id = schedule_id, .due_us = due_us};
	if (code)
		return code;
	unpack_occurrence(&u, a, o);
	return record_finish(txn, TABLE_LEDGER, key->data, key->len, &u, err);
}

static int
put_occurrence(struct txn *txn, const struct occurrence *o, struct err *err)
{
	return table_put(txn, TABLE_LEDGER, ledger_key(txn, o->schedule_id, o->due_us),
	    occurrence_record(txn, o), err);
}

int
store_ledger_revise(struct txn *txn, uint64_t schedule_id, int64_t due_us, enum verdict verdict,
    const char *reason, struct err *err)
{
	struct arena scratch = ARENA_INIT;
	struct occurrence o;
	int code = get_occurrence(txn, &scratch, schedule_id, due_us, &o, err);

	o.verdict = verdict;
	o.reason = reason;
	if (!code)
		code = put_occurrence(txn, &o, err);
	arena_release(&scratch);
	return code;
}

int
store_ledger_extend(struct txn *txn, const struct occurrence *o, struct err *err)
{
	struct arena scratch = ARENA_INIT;
	struct occurrence old;
	int code = get_occurrence(txn, &scratch, o->schedule_id, o->due_us, &old, err);

	if (code)
		goto done;
	if (o->to_us < old.to_us || o->count < old.count) {
		code = err_fail(err, ERR_CONFLICT, "ledger: an entry never shrinks");
		goto done;
	}
	code = put_occurrence(txn, o, err);

done:
	arena_release(&scratch);
	return code;
}

/* The entry where the cursor stands. */
static int
read_occurrence(struct cursor *c, struct arena *a, struct occurrence *o, struct err *err)
{
	struct unpack key = c->key;

	*o = (struct occurrence){.schedule_id = unpack_u64(&key)};
	o->due_us = unpack_i64(&key);
	unpack_occurrence(&c->record, a, o);
	return record_finish(
	    c->txn, TABLE_LEDGER, c->raw_key.data, c->raw_key.size, &c->record, err);
}

int
store_ledger_last(struct txn *txn, struct arena *a, uint64_t schedule_id, int64_t us,
    struct occurrence *o, struct err *err)
{
	struct cursor c;
	int code;

	/* Nothing is due at the very last instant: the one behind `us` always exists. */
	if (us == INT64_MAX)
		us--;
	code = cursor_open(txn, TABLE_LEDGER, 0, 0, &c, err);
	if (!code)
		code = cursor_seek_before(&c, ledger_key(txn, schedule_id, us + 1), err);
	if (!code && !cursor_within(&c, schedule_id))
		code = err_fail(err, ERR_MISSING, "the ledger has no entry so early");
	if (!code)
		code = read_occurrence(&c, a, o, err);
	return cursor_close(&c, code, err);
}

int
store_ledger_list(struct txn *txn, struct arena *a, uint64_t schedule_id, int64_t from_us,
    int64_t to_us, size_t cap, struct occurrence **list, size_t *count, struct err *err)
{
	struct occurrence *items = NULL;
	size_t n = 0, room = 0;
	struct cursor c;
	int code;

	*list = NULL;
	*count = 0;
	code = cursor_open(txn, TABLE_LEDGER, 0, 0, &c, err);
	if (!code)
		code = cursor_seek(&c, ledger_key(txn, schedule_id, from_us), err);
	for (; !code && n < cap && cursor_within(&c, schedule_id);
	     code = cursor_move(&c, DB_NEXT, err)) {
		items = array_grow(a, items, n, &room, sizeof *items);
		code = read_occurrence(&c, a, &items[n], err);
		if (code || items[n].due_us >= to_us)
			break;
		n++;
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
