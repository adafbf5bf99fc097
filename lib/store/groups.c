/*
 * Concurrency groups: found by group_names, and which executions hold one of their places
 * (group_places) or wait for one (group_waiting). How full a group is is counted there, so that it
 * cannot disagree with who is in it.
 */
#include "store/record.h"

void
unpack_group(struct unpack *u, struct arena *a, struct run_group *g)
{
	g->tenant_id = unpack_u64(u);
	g->name = unpack_text(u, a);
	g->limit = unpack_u32(u);
}

static int
get_group(struct txn *txn, struct arena *a, uint64_t id, uint32_t flags, struct run_group *g,
    struct err *err)
{
	const struct buf *key = key_id(txn, id);
	struct unpack u;
	int code = table_get(txn, TABLE_GROUPS, key, flags, &u, err);

	*g = (struct run_group){.id = id};
	if (code)
		return code;
	unpack_group(&u, a, g);
	return record_finish(txn, TABLE_GROUPS, key->data, key->len, &u, err);
}

int
store_group_get(
    struct txn *txn, struct arena *a, uint64_t id, struct run_group *g, struct err *err)
{
	return get_group(txn, a, id, 0, g, err);
}

int
store_group_lock(
    struct txn *txn, struct arena *a, uint64_t id, struct run_group *g, struct err *err)
{
	return get_group(txn, a, id, DB_RMW, g, err);
}

int
store_group_by_name(struct txn *txn, struct arena *a, uint64_t tenant_id, const char *name,
    struct run_group *g, struct err *err)
{
	uint64_t id;
	int code =
	    table_get_id(txn, TABLE_GROUP_NAMES, key_name(txn, tenant_id, name), &id, err);

	*g = (struct run_group){.tenant_id = tenant_id, .name = name};
	return code ? code
		    : table_listed(
			  txn, TABLE_GROUPS, id, store_group_get(txn, a, id, g, err), err);
}

int
store_group_put(struct txn *txn, const struct run_group *g, struct err *err)
{
	struct arena scratch = ARENA_INIT;
	struct buf *record;
	struct run_group old;
	int code = store_group_lock(txn, &scratch, g->id, &old, err);

	arena_release(&scratch);
	if (code == ERR_MISSING)
		code = name_take(
		    txn, TABLE_GROUP_NAMES, g->tenant_id, g->name, g->id, 0, NULL, err);
	if (code)
		return code;
	record = record_begin(txn);
	pack_u64(record, g->tenant_id);
	pack_str(record, g->name);
	pack_u32(record, g->limit);
	return table_put(txn, TABLE_GROUPS, key_id(txn, g->id), record, err);
}

int
store_group_names(struct txn *txn, uint64_t tenant_id, const char *after,
    int (*visit)(void *ctx, const char *name, uint64_t id), void *ctx, struct err *err)
{
	return names_walk(txn, TABLE_GROUP_NAMES, tenant_id, after, visit, ctx, err);
}

/* ---- places ---- */

int
store_group_count(
    struct txn *txn, uint64_t group_id, size_t *held, size_t *waiting, struct err *err)
{
	static const enum table which[] = {TABLE_GROUP_PLACES, TABLE_GROUP_WAITING};
	size_t *const counts[] = {held, waiting};
	int code = 0;

	for (size_t i = 0; !code && i < 2; i++) {
		struct cursor c;

		*counts[i] = 0;
		code = cursor_open(txn, which[i], 0, 0, &c, err);
		if (!code)
			code = cursor_seek(&c, key_ids(txn, group_id, 0), err);
		for (; !code && cursor_within(&c, group_id);
		     code = cursor_move(&c, DB_NEXT, err))
			++*counts[i];
		code = cursor_close(&c, code == ERR_MISSING ? 0 : code, err);
	}
	return code;
}

int
store_group_take(struct txn *txn, const struct run_group *g, uint64_t execution_id,
    size_t *free, struct err *err)
{
	uint64_t ids[GROUP_LIMIT_MAX];
	size_t cap = g->limit < GROUP_LIMIT_MAX ? g->limit : GROUP_LIMIT_MAX, held;
	int code = table_numbers(
	    txn, TABLE_GROUP_PLACES, key_ids(txn, g->id, 0), &g->id, 0, ids, cap, &held, err);

	if (code)
		return code;
	*free = cap - held;
	if (!execution_id || !*free)
		return 0;
	--*free;
	return table_mark(txn, TABLE_GROUP_PLACES, key_ids(txn, g->id, execution_id), err);
}

int
store_group_holds(
    struct txn *txn, uint64_t group_id, uint64_t execution_id, bool *holds, struct err *err)
{
	struct unpack u;
	int code = table_get(
	    txn, TABLE_GROUP_PLACES, key_ids(txn, group_id, execution_id), DB_RMW, &u, err);

	*holds = !code;
	return code == ERR_MISSING ? 0 : code;
}

int
store_group_leave(struct txn *txn, uint64_t group_id, uint64_t execution_id, struct err *err)
{
	return table_delete(txn, TABLE_GROUP_PLACES, key_ids(txn, group_id, execution_id), err);
}

/* Those that wait, higher priorities first. */
static const struct buf *
waiting_key(struct txn *txn, uint64_t group_id, int priority, uint64_t execution_id)
{
	return key_three(txn, group_id, priority_order(priority), execution_id);
}

int
store_group_wait(
    struct txn *txn, uint64_t group_id, int priority, uint64_t execution_id, struct err *err)
{
	return table_mark(
	    txn, TABLE_GROUP_WAITING, waiting_key(txn, group_id, priority, execution_id), err);
}

int
store_group_unwait(
    struct txn *txn, uint64_t group_id, int priority, uint64_t execution_id, struct err *err)
{
	return table_delete(
	    txn, TABLE_GROUP_WAITING, waiting_key(txn, group_id, priority, execution_id), err);
}

int
store_group_next(struct txn *txn, uint64_t group_id, uint64_t *execution_ids, size_t cap,
    size_t *count, struct err *err)
{
	return table_numbers(txn, TABLE_GROUP_WAITING, key_ids(txn, group_id, 0), &group_id,
	    DB_RMW, execution_ids, cap, count, err);
}
