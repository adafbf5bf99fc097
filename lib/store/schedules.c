/* Schedules: definition and state, each a record of its own, and the live names of each tenant.
 */
#include "store/internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static int
get_schedule(struct txn *txn, struct arena *a, uint64_t id, uint32_t flags, struct schedule *s,
    struct err *err)
{
	const struct buf *key = key_id(txn, id);
	struct unpack u;
	int code = table_get(txn, TABLE_SCHEDULES, key, flags, &u, err);

	*s = (struct schedule){.id = id};
	if (code)
		return code;
	unpack_schedule(&u, a, s);
	return record_finish(txn, TABLE_SCHEDULES, key->data, key->len, &u, err);
}

int
store_schedule_get(
    struct txn *txn, struct arena *a, uint64_t id, struct schedule *s, struct err *err)
{
	return get_schedule(txn, a, id, 0, s, err);
}

int
store_schedule_put(struct txn *txn, const struct schedule *s, struct err *err)
{
	struct arena scratch = ARENA_INIT;
	struct buf *record;
	struct schedule old;
	int code;

	code = get_schedule(txn, &scratch, s->id, DB_RMW, &old, err);
	if (!code || code == ERR_MISSING)
		code = name_take(txn, TABLE_NAMES, s->tenant_id, s->name, s->id, old.tenant_id,
		    code ? NULL : old.name, err);
	if (!code) {
		record = record_begin(txn);
		pack_schedule(record, s);
		code = table_put(txn, TABLE_SCHEDULES, key_id(txn, s->id), record, err);
	}
	arena_release(&scratch);
	return code;
}

/* Remove the state, if there is one, and the plan's entry that it names. */
static int
remove_state(struct txn *txn, struct arena *a, uint64_t id, struct err *err)
{
	struct schedule_state state;
	int code = store_state_get(txn, a, id, &state, err);

	if (code == ERR_MISSING)
		return 0;
	if (code)
		return code;
	if (state.next_due_us != INSTANT_NEVER)
		code = store_plan_remove(
		    txn, (struct firing){.schedule_id = id, .due_us = state.next_due_us}, err);
	if (!code)
		code = table_delete(txn, TABLE_STATES, key_id(txn, id), err);
	return code;
}

int
store_schedule_remove(struct txn *txn, const struct schedule *s, struct err *err)
{
	struct arena scratch = ARENA_INIT;
	struct schedule stored;
	int code;

	code = get_schedule(txn, &scratch, s->id, DB_RMW, &stored, err);
	if (!code)
		code = table_delete(
		    txn, TABLE_NAMES, key_name(txn, stored.tenant_id, stored.name), err);
	if (!code)
		code = remove_state(txn, &scratch, s->id, err);
	if (!code)
		code = table_delete(txn, TABLE_SCHEDULES, key_id(txn, s->id), err);
	arena_release(&scratch);
	return code;
}

int
store_schedule_by_name(
    struct txn *txn, uint64_t tenant_id, const char *name, uint64_t *id, struct err *err)
{
	return table_get_id(txn, TABLE_NAMES, key_name(txn, tenant_id, name), id, err);
}

/* ---- the walk over names ---- */

struct name_walk {
	uint64_t tenant_id;
	int (*visit)(void *ctx, const char *name, uint64_t id);
	void *ctx;
	struct buf from; /* where the next step begins */
	struct buf name; /* the one being visited, with its NUL */
	bool more;
};

enum { BULK_BYTES = 64 * 1024 };

/* Visit one entry and step behind it: no name holds a NUL, so one put behind it makes its
 * direct successor. */
static int
visit_name(
    struct name_walk *w, struct txn *txn, const DBT *key, const DBT *data, struct err *err)
{
	struct unpack u;
	uint64_t tenant_id, id;
	int code;

	unpack_init(&u, key->data, key->size);
	tenant_id = unpack_u64(&u);
	w->more = !u.failed && tenant_id == w->tenant_id;
	if (!w->more)
		return 0;
	buf_reset(&w->name);
	buf_add(&w->name, u.at, (size_t)(u.end - u.at));
	buf_reset(&w->from);
	buf_add(&w->from, key->data, key->size);
	buf_addc(&w->from, '\0');
	code = record_open(txn, TABLE_NAMES, key->data, key->size, data, &u, err);
	if (code)
		return code;
	id = unpack_u64(&u);
	code = record_finish(txn, TABLE_NAMES, key->data, key->size, &u, err);
	return code ? code : w->visit(w->ctx, w->name.data, id);
}

/* One step: many names with one call and no lock left behind, then visit them. */
static int
walk_step(struct name_walk *w, struct txn *txn, DBT *bulk, struct err *err)
{
	DBT key = {0}, data = {0};
	struct cursor c;
	void *at;
	int code;

	code = cursor_open(txn, TABLE_NAMES, DB_READ_COMMITTED | DB_CURSOR_BULK, 0, &c, err);
	if (!code)
		code = cursor_bulk(&c, &w->from, bulk, err);
	code = cursor_close(&c, code, err);
	w->more = !code;
	if (code)
		return code == ERR_MISSING ? 0 : code;
	DB_MULTIPLE_INIT(at, bulk);
	while (!code && w->more) {
		DB_MULTIPLE_KEY_NEXT(at, bulk, key.data, key.size, data.data, data.size);
		if (!at)
			break;
		code = visit_name(w, txn, &key, &data, err);
	}
	return code;
}

int
store_schedule_names(struct txn *txn, uint64_t tenant_id, const char *after,
    int (*visit)(void *ctx, const char *name, uint64_t id), void *ctx, struct err *err)
{
	struct name_walk w = {.tenant_id = tenant_id, .visit = visit, .ctx = ctx, .more = true};
	DBT bulk = {.data = mem_alloc(BULK_BYTES), .ulen = BULK_BYTES, .flags = DB_DBT_USERMEM};
	int code = 0;

	pack_u64(&w.from, tenant_id);
	if (after) {
		buf_adds(&w.from, after);
		buf_addc(&w.from, '\0');
	}
	while (!code && w.more)
		code = walk_step(&w, txn, &bulk, err);
	buf_release(&w.from);
	buf_release(&w.name);
	free(bulk.data);
	return code;
}

/* ---- state ---- */

int
store_state_get(struct txn *txn, struct arena *a, uint64_t schedule_id,
    struct schedule_state *state, struct err *err)
{
	const struct buf *key = key_id(txn, schedule_id);
	struct unpack u;
	int code = table_get(txn, TABLE_STATES, key, 0, &u, err);

	*state = (struct schedule_state){.schedule_id = schedule_id};
	if (code)
		return code;
	unpack_state(&u, a, state);
	return record_finish(txn, TABLE_STATES, key->data, key->len, &u, err);
}

int
store_state_put(struct txn *txn, const struct schedule_state *state, struct err *err)
{
	struct buf *record = record_begin(txn);

	pack_state(record, state);
	return table_put(txn, TABLE_STATES, key_id(txn, state->schedule_id), record, err);
}
