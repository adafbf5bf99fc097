/*
 * The walk over the names of a tenant, in byte order: many with one call of the library and no
 * lock left behind, so that a long list stands in nobody's way.
 */
#include "store/internal.h"

#include <stdlib.h>

#include "base/mem.h"

struct name_walk {
	enum table table;
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
	code = record_open(txn, w->table, key->data, key->size, data, &u, err);
	if (code)
		return code;
	id = unpack_u64(&u);
	code = record_finish(txn, w->table, key->data, key->size, &u, err);
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

	code = cursor_open(txn, w->table, DB_READ_COMMITTED | DB_CURSOR_BULK, 0, &c, err);
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
names_walk(struct txn *txn, enum table t, uint64_t tenant_id, const char *after,
    int (*visit)(void *ctx, const char *name, uint64_t id), void *ctx, struct err *err)
{
	struct name_walk w = {
	    .table = t, .tenant_id = tenant_id, .visit = visit, .ctx = ctx, .more = true};
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
