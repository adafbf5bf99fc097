/* Tenants, users and tokens. A token is found by the hash of its secret, which is all that is
 * kept of it. */
#include "store/internal.h"

#include <string.h>

/* A sweep that finds nothing dead still ends: it looks at so many tokens for each that it may
 * remove. */
enum { SWEEP_LOOKS = 16 };

int
store_tenant_put(struct txn *txn, uint64_t id, const char *name, struct err *err)
{
	struct buf *record = record_begin(txn);

	pack_str(record, name);
	return table_put(txn, TABLE_TENANTS, key_id(txn, id), record, err);
}

int
store_tenant_first(
    struct txn *txn, struct arena *a, uint64_t *id, const char **name, struct err *err)
{
	struct cursor c;
	int code;

	*id = 0;
	*name = NULL;
	code = cursor_open(txn, TABLE_TENANTS, 0, 0, &c, err);
	if (!code)
		code = cursor_move(&c, DB_FIRST, err);
	if (!code) {
		*id = unpack_u64(&c.key);
		*name = unpack_str(&c.record, a);
		code = record_finish(
		    txn, TABLE_TENANTS, c.raw_key.data, c.raw_key.size, &c.record, err);
	}
	return cursor_close(&c, code, err);
}

/* ---- users ---- */

static int
get_user(struct txn *txn, struct arena *a, uint64_t id, uint32_t flags, struct user *u,
    struct err *err)
{
	const struct buf *key = key_id(txn, id);
	struct unpack in;
	int code = table_get(txn, TABLE_USERS, key, flags, &in, err);

	*u = (struct user){.id = id};
	if (code)
		return code;
	unpack_user(&in, a, u);
	return record_finish(txn, TABLE_USERS, key->data, key->len, &in, err);
}

int
store_user_get(struct txn *txn, struct arena *a, uint64_t id, struct user *u, struct err *err)
{
	return get_user(txn, a, id, 0, u, err);
}

int
store_user_put(struct txn *txn, const struct user *u, struct err *err)
{
	struct arena scratch = ARENA_INIT;
	struct buf *record;
	struct user old;
	int code;

	code = get_user(txn, &scratch, u->id, DB_RMW, &old, err);
	if (!code || code == ERR_MISSING)
		code = name_take(txn, TABLE_USER_NAMES, u->tenant_id, u->name, u->id,
		    old.tenant_id, code ? NULL : old.name, err);
	if (!code) {
		record = record_begin(txn);
		pack_user(record, u);
		code = table_put(txn, TABLE_USERS, key_id(txn, u->id), record, err);
	}
	arena_release(&scratch);
	return code;
}

int
store_user_by_name(struct txn *txn, struct arena *a, uint64_t tenant_id, const char *name,
    struct user *u, struct err *err)
{
	uint64_t id;
	int code =
	    table_get_id(txn, TABLE_USER_NAMES, key_name(txn, tenant_id, name), &id, err);

	return code ? code : store_user_get(txn, a, id, u, err);
}

/* ---- tokens ---- */

int
store_token_put(struct txn *txn, const struct token *t, struct err *err)
{
	struct buf *record = record_begin(txn);

	pack_token(record, t);
	return table_put(
	    txn, TABLE_TOKENS, key_bytes(txn, t->hash, sizeof t->hash), record, err);
}

int
store_token_get(struct txn *txn, const unsigned char hash[TOKEN_HASH_BYTES], struct token *t,
    struct err *err)
{
	const struct buf *key = key_bytes(txn, hash, TOKEN_HASH_BYTES);
	struct unpack u;
	int code = table_get(txn, TABLE_TOKENS, key, 0, &u, err);

	*t = (struct token){0};
	memcpy(t->hash, hash, sizeof t->hash);
	if (code)
		return code;
	unpack_token(&u, t);
	return record_finish(txn, TABLE_TOKENS, key->data, key->len, &u, err);
}

int
store_token_remove(struct txn *txn, const unsigned char hash[TOKEN_HASH_BYTES], struct err *err)
{
	return table_delete(txn, TABLE_TOKENS, key_bytes(txn, hash, TOKEN_HASH_BYTES), err);
}

static bool
token_died_before(const struct token *t, int64_t now_us)
{
	if (t->idle_us && t->used_us < now_us - t->idle_us)
		return true;
	return t->expires_us < now_us;
}

/* The token behind the one looked at last, or the first one. */
static int
sweep_next(struct cursor *c, bool begun, bool *round, struct err *err)
{
	int code;

	if (begun)
		code = cursor_move(c, DB_NEXT, err);
	else
		code =
		    cursor_seek(c, key_bytes(c->txn, c->txn->swept, sizeof c->txn->swept), err);
	if (code != ERR_MISSING || *round)
		return code;
	*round = true;
	return cursor_move(c, DB_FIRST, err);
}

int
store_token_sweep(struct txn *txn, int64_t now_us, size_t cap, size_t *removed, struct err *err)
{
	size_t looks = cap * SWEEP_LOOKS, n = 0;
	bool round = false;
	struct cursor c;
	struct token t;
	int code;

	*removed = 0;
	code = cursor_open(txn, TABLE_TOKENS, DB_READ_COMMITTED, 0, &c, err);
	for (size_t i = 0; !code && i < looks && n < cap; i++) {
		code = sweep_next(&c, i > 0, &round, err);
		if (code || c.raw_key.size != sizeof txn->swept)
			break;
		memcpy(txn->swept, c.raw_key.data, sizeof txn->swept);
		unpack_token(&c.record, &t);
		code = record_finish(
		    txn, TABLE_TOKENS, c.raw_key.data, c.raw_key.size, &c.record, err);
		if (!code && token_died_before(&t, now_us)) {
			code = cursor_delete(&c, err);
			n++;
		}
	}
	if (code == ERR_MISSING)
		code = 0;
	code = cursor_close(&c, code, err);
	if (!code)
		*removed = n;
	return code;
}
