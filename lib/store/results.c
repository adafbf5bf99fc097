/*
 * Result files: what is known of them, and the indexes results_by_task and results_by_tenant. A
 * later attempt has results with higher ids, and those of one attempt ascend with their numbers.
 */
#include "store/record.h"

static int
get_result(struct txn *txn, struct arena *a, uint64_t id, uint32_t flags, struct result *r,
    struct err *err)
{
	const struct buf *key = key_id(txn, id);
	struct unpack u;
	int code = table_get(txn, TABLE_RESULTS, key, flags, &u, err);

	*r = (struct result){.id = id};
	if (code)
		return code;
	unpack_result(&u, a, r);
	return record_finish(txn, TABLE_RESULTS, key->data, key->len, &u, err);
}

int
store_result_get(
    struct txn *txn, struct arena *a, uint64_t id, struct result *r, struct err *err)
{
	return get_result(txn, a, id, 0, r, err);
}

int
store_result_put(struct txn *txn, const struct result *r, struct err *err)
{
	struct arena scratch = ARENA_INIT;
	struct buf *record;
	struct result old;
	int code;

	code = get_result(txn, &scratch, r->id, DB_RMW, &old, err);
	if (code == ERR_MISSING) {
		code = table_mark(
		    txn, TABLE_RESULTS_BY_TASK, key_ids(txn, r->task_id, r->id), err);
		if (!code)
			code = table_mark(txn, TABLE_RESULTS_BY_TENANT,
			    key_ids(txn, r->tenant_id, r->id), err);
	} else if (!code && (old.task_id != r->task_id || old.tenant_id != r->tenant_id)) {
		code = err_fail(err, ERR_CONFLICT, "a result keeps its task and its tenant");
	}
	if (!code) {
		record = record_begin(txn);
		pack_result(record, r);
		code = table_put(txn, TABLE_RESULTS, key_id(txn, r->id), record, err);
	}
	arena_release(&scratch);
	return code;
}

/* Newest first, from the last below `before` on; one_attempt: those of the first that is met. */
static int
walk(struct txn *txn, struct arena *a, enum table index, uint64_t owner_id, uint64_t before,
    bool one_attempt, size_t cap, struct result **list, size_t *count, struct err *err)
{
	struct result *items = NULL;
	size_t n = 0, room = 0;
	struct cursor c;
	uint64_t id;
	int code;

	*list = NULL;
	*count = 0;
	code = cursor_open(txn, index, 0, 0, &c, err);
	if (!code)
		code = cursor_seek_below(&c, owner_id, before, err);
	while (!code && n < cap && cursor_within(&c, owner_id)) {
		items = array_grow(a, items, n, &room, sizeof *items);
		unpack_u64(&c.key);
		id = unpack_u64(&c.key);
		code = table_listed(
		    txn, TABLE_RESULTS, id, store_result_get(txn, a, id, &items[n], err), err);
		if (code || (one_attempt && items[n].attempt != items[0].attempt))
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

int
store_result_list(struct txn *txn, struct arena *a, uint64_t task_id, struct result **list,
    size_t *count, struct err *err)
{
	int code =
	    walk(txn, a, TABLE_RESULTS_BY_TASK, task_id, 0, true, SIZE_MAX, list, count, err);

	for (size_t i = 0; !code && i < *count / 2; i++) {
		struct result other = (*list)[i];

		(*list)[i] = (*list)[*count - 1 - i];
		(*list)[*count - 1 - i] = other;
	}
	return code;
}

int
store_result_walk(struct txn *txn, struct arena *a, uint64_t tenant_id, uint64_t before,
    size_t cap, struct result **list, size_t *count, struct err *err)
{
	return walk(
	    txn, a, TABLE_RESULTS_BY_TENANT, tenant_id, before, false, cap, list, count, err);
}
