/* Secrets: the store keeps what it cannot read. */
#include "store/record.h"

#include <string.h>

static void
unpack_secret(struct unpack *u, struct arena *a, struct secret *s)
{
	s->created_us = unpack_i64(u);
	s->modified_us = unpack_i64(u);
	s->modified_by = unpack_u64(u);
	s->sealed = unpack_bytes(u, a, &s->sealed_len);
}

int
store_secret_put(struct txn *txn, const struct secret *s, struct err *err)
{
	struct buf *record = record_begin(txn);

	pack_i64(record, s->created_us);
	pack_i64(record, s->modified_us);
	pack_u64(record, s->modified_by);
	pack_bytes(record, s->sealed, s->sealed_len);
	return table_put(txn, TABLE_SECRETS, key_name(txn, s->tenant_id, s->name), record, err);
}

int
store_secret_get(struct txn *txn, struct arena *a, uint64_t tenant_id, const char *name,
    struct secret *s, struct err *err)
{
	const struct buf *key = key_name(txn, tenant_id, name);
	struct unpack u;
	int code = table_get(txn, TABLE_SECRETS, key, 0, &u, err);

	*s = (struct secret){.tenant_id = tenant_id, .name = arena_strdup(a, name)};
	if (code)
		return code;
	unpack_secret(&u, a, s);
	return record_finish(txn, TABLE_SECRETS, key->data, key->len, &u, err);
}

int
store_secret_remove(struct txn *txn, uint64_t tenant_id, const char *name, struct err *err)
{
	return table_delete(txn, TABLE_SECRETS, key_name(txn, tenant_id, name), err);
}

int
store_secret_list(struct txn *txn, struct arena *a, uint64_t tenant_id, struct secret **list,
    size_t *count, struct err *err)
{
	struct cursor c;
	size_t cap = 0;
	int code;

	*list = NULL;
	*count = 0;
	code = cursor_open(txn, TABLE_SECRETS, 0, 0, &c, err);
	if (!code)
		code = cursor_seek(&c, key_id(txn, tenant_id), err);
	while (!code && cursor_within(&c, tenant_id)) {
		struct secret *s;

		*list = array_grow(a, *list, *count, &cap, sizeof **list);
		s = &(*list)[(*count)++];
		*s = (struct secret){.tenant_id = tenant_id};
		unpack_u64(&c.key);
		s->name = arena_memdup(a, c.key.at, (size_t)(c.key.end - c.key.at));
		unpack_secret(&c.record, a, s);
		code = record_finish(
		    txn, TABLE_SECRETS, c.raw_key.data, c.raw_key.size, &c.record, err);
		if (!code)
			code = cursor_move(&c, DB_NEXT, err);
	}
	return cursor_close(&c, code == ERR_MISSING ? 0 : code, err);
}
