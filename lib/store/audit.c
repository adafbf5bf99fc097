/* The audit: entries under their tenant and number, never overwritten and never removed. */
#include "store/record.h"

static int
read_entry(struct cursor *c, struct arena *a, struct audit_entry *e, struct err *err)
{
	*e = (struct audit_entry){.tenant_id = unpack_u64(&c->key)};
	e->number = unpack_u64(&c->key);
	unpack_audit(&c->record, a, e);
	return record_finish(
	    c->txn, TABLE_AUDIT, c->raw_key.data, c->raw_key.size, &c->record, err);
}

int
store_audit_last(struct txn *txn, struct arena *a, uint64_t tenant_id, struct audit_entry *e,
    struct err *err)
{
	struct cursor c;
	int code;

	*e = (struct audit_entry){.tenant_id = tenant_id};
	code = cursor_open(txn, TABLE_AUDIT, 0, DB_RMW, &c, err);
	if (!code)
		code = cursor_seek_below(&c, tenant_id, 0, err);
	if (!code && !cursor_within(&c, tenant_id))
		code = err_fail(err, ERR_MISSING, "the audit is empty");
	if (!code)
		code = read_entry(&c, a, e, err);
	return cursor_close(&c, code, err);
}

int
store_audit_insert(struct txn *txn, const struct audit_entry *e, struct err *err)
{
	struct buf *record = record_begin(txn);

	pack_audit(record, e);
	return table_insert(
	    txn, TABLE_AUDIT, key_ids(txn, e->tenant_id, e->number), record, err);
}

/* Entries of a tenant in one direction, from where the cursor stands after a code of 0. */
static int
collect(struct cursor *c, int code, uint64_t tenant_id, uint32_t direction, struct arena *a,
    size_t cap, struct audit_entry **list, size_t *count, struct err *err)
{
	struct audit_entry *items = NULL;
	size_t n = 0, room = 0;

	*list = NULL;
	*count = 0;
	while (!code && n < cap && cursor_within(c, tenant_id)) {
		items = array_grow(a, items, n, &room, sizeof *items);
		code = read_entry(c, a, &items[n++], err);
		if (!code && n < cap)
			code = cursor_move(c, direction, err);
	}
	code = cursor_close(c, code == ERR_MISSING ? 0 : code, err);
	if (code)
		return code;
	*list = items;
	*count = n;
	return 0;
}

int
store_audit_before(struct txn *txn, struct arena *a, uint64_t tenant_id, uint64_t before,
    size_t cap, struct audit_entry **list, size_t *count, struct err *err)
{
	struct cursor c;
	int code = cursor_open(txn, TABLE_AUDIT, DB_READ_COMMITTED, 0, &c, err);

	if (!code)
		code = cursor_seek_below(&c, tenant_id, before, err);
	return collect(&c, code, tenant_id, DB_PREV, a, cap, list, count, err);
}

int
store_audit_from(struct txn *txn, struct arena *a, uint64_t tenant_id, uint64_t from,
    size_t cap, struct audit_entry **list, size_t *count, struct err *err)
{
	struct cursor c;
	int code = cursor_open(txn, TABLE_AUDIT, DB_READ_COMMITTED, 0, &c, err);

	if (!code)
		code = cursor_seek(&c, key_ids(txn, tenant_id, from), err);
	return collect(&c, code, tenant_id, DB_NEXT, a, cap, list, count, err);
}
