/*
 * Tokens. A record stands under the hash of the secret, which is all that is kept of it;
 * tokens_by_id leads to the present hash of each, tokens_by_user lists them.
 *
 * A token that was given another secret has two records for a while: the present one, which
 * knows the hash before it, and the old one, which only expires. The indexes know the present
 * one alone.
 */
#include "store/record.h"

#include <string.h>

static const struct buf *
hash_key(struct txn *txn, const unsigned char hash[TOKEN_HASH_BYTES])
{
	return key_bytes(txn, hash, TOKEN_HASH_BYTES);
}

static int
put_record(struct txn *txn, const struct token *t, struct err *err)
{
	struct buf *record = record_begin(txn);

	pack_token(record, t);
	return table_put(txn, TABLE_TOKENS, hash_key(txn, t->hash), record, err);
}

static int
index_token(struct txn *txn, const struct token *t, struct err *err)
{
	struct buf *record = record_begin(txn);
	int code;

	pack_bytes(record, t->hash, sizeof t->hash);
	code = table_put(txn, TABLE_TOKENS_BY_ID, key_id(txn, t->id), record, err);
	if (code)
		return code;
	record = record_begin(txn);
	pack_u8(record, (uint8_t)t->kind);
	return table_put(txn, TABLE_TOKENS_BY_USER,
	    key_three(txn, t->tenant_id, t->user_id, t->id), record, err);
}

int
store_token_put(struct txn *txn, const struct token *t, struct err *err)
{
	struct unpack u;
	int code;

	/* What the indexes say never changes: a token in use is written often. */
	code = t->is_old
		   ? 0
		   : table_get(txn, TABLE_TOKENS, hash_key(txn, t->hash), DB_RMW, &u, err);
	if (code == ERR_MISSING)
		code = index_token(txn, t, err);
	return code ? code : put_record(txn, t, err);
}

int
store_token_get(struct txn *txn, struct arena *a, const unsigned char hash[TOKEN_HASH_BYTES],
    struct token *t, struct err *err)
{
	const struct buf *key = hash_key(txn, hash);
	struct unpack u;
	int code = table_get(txn, TABLE_TOKENS, key, 0, &u, err);

	*t = (struct token){0};
	memcpy(t->hash, hash, sizeof t->hash);
	if (code)
		return code;
	unpack_token(&u, a, t);
	return record_finish(txn, TABLE_TOKENS, key->data, key->len, &u, err);
}

/* The hash that a record of tokens_by_id names. */
static int
get_hash(
    struct txn *txn, struct arena *a, uint64_t id, const unsigned char **hash, struct err *err)
{
	const struct buf *key = key_id(txn, id);
	struct unpack u;
	size_t len;
	int code = table_get(txn, TABLE_TOKENS_BY_ID, key, 0, &u, err);

	if (code)
		return code;
	*hash = unpack_bytes(&u, a, &len);
	u.failed = u.failed || len != TOKEN_HASH_BYTES;
	return record_finish(txn, TABLE_TOKENS_BY_ID, key->data, key->len, &u, err);
}

int
store_token_by_id(
    struct txn *txn, struct arena *a, uint64_t id, struct token *t, struct err *err)
{
	const unsigned char *hash;
	int code = get_hash(txn, a, id, &hash, err);

	*t = (struct token){.id = id};
	return code ? code : store_token_get(txn, a, hash, t, err);
}

/* The record of a secret before; a sweep may have been there. */
static int
remove_old(struct txn *txn, const unsigned char hash[TOKEN_HASH_BYTES], struct err *err)
{
	int code = table_delete(txn, TABLE_TOKENS, hash_key(txn, hash), err);

	return code == ERR_MISSING ? 0 : code;
}

static int
remove_indexes(struct txn *txn, const struct token *t, struct err *err)
{
	int code = table_delete(txn, TABLE_TOKENS_BY_ID, key_id(txn, t->id), err);

	if (!code)
		code = table_delete(txn, TABLE_TOKENS_BY_USER,
		    key_three(txn, t->tenant_id, t->user_id, t->id), err);
	if (!code && t->has_old)
		code = remove_old(txn, t->old_hash, err);
	return code;
}

int
store_token_remove(struct txn *txn, const struct token *t, struct err *err)
{
	int code = table_delete(txn, TABLE_TOKENS, hash_key(txn, t->hash), err);

	return code || t->is_old ? code : remove_indexes(txn, t, err);
}

int
store_token_rotate(struct txn *txn, struct token *t, const unsigned char hash[TOKEN_HASH_BYTES],
    int64_t now_us, int64_t old_until_us, struct err *err)
{
	struct token old = *t;
	int code = 0;

	if (t->has_old)
		code = remove_old(txn, t->old_hash, err);
	old.is_old = true;
	old.has_old = false;
	if (old_until_us < old.expires_us)
		old.expires_us = old_until_us;
	t->has_old = old.expires_us > now_us;
	if (!code)
		code = t->has_old ? put_record(txn, &old, err) : remove_old(txn, t->hash, err);
	memcpy(t->old_hash, t->hash, sizeof t->hash);
	memcpy(t->hash, hash, sizeof t->hash);
	if (!code)
		code = index_token(txn, t, err);
	return code ? code : put_record(txn, t, err);
}

/* ---- lists ---- */

/* The user of the entry where the cursor stands, if it is one of the range. */
static bool
in_range(const struct cursor *c, uint64_t tenant_id, uint64_t user_id, struct token_place *at)
{
	struct unpack key = c->key;
	uint64_t tenant = unpack_u64(&key);

	at->user_id = unpack_u64(&key);
	at->id = unpack_u64(&key);
	return !key.failed && tenant == tenant_id && (!user_id || at->user_id == user_id);
}

int
store_token_list(struct txn *txn, struct arena *a, uint64_t tenant_id, uint64_t user_id,
    struct token_place after, size_t cap, struct token **list, size_t *count, struct err *err)
{
	uint64_t from = after.user_id > user_id ? after.user_id : user_id;
	struct token *items = NULL;
	size_t n = 0, room = 0;
	struct token_place at;
	struct cursor c;
	int code;

	*list = NULL;
	*count = 0;
	code = cursor_open(txn, TABLE_TOKENS_BY_USER, 0, 0, &c, err);
	if (!code)
		code = cursor_seek(&c,
		    key_three(txn, tenant_id, from, from == after.user_id ? after.id + 1 : 0),
		    err);
	while (!code && n < cap && in_range(&c, tenant_id, user_id, &at)) {
		items = array_grow(a, items, n, &room, sizeof *items);
		code = store_token_by_id(txn, a, at.id, &items[n], err);
		if (code)
			break;
		n++;
		code = cursor_move(&c, DB_NEXT, err);
	}
	code = cursor_close(&c, code == ERR_MISSING ? 0 : code, err);
	if (code)
		return code;
	*list = items;
	*count = n;
	return 0;
}

int
store_token_count(struct txn *txn, uint64_t tenant_id, uint64_t user_id, enum token_kind kind,
    size_t *count, uint64_t *oldest, struct err *err)
{
	struct token_place at;
	struct cursor c;
	int code;

	*count = 0;
	*oldest = 0;
	code = cursor_open(txn, TABLE_TOKENS_BY_USER, 0, 0, &c, err);
	if (!code)
		code = cursor_seek(&c, key_three(txn, tenant_id, user_id, 0), err);
	while (!code && in_range(&c, tenant_id, user_id, &at)) {
		if (unpack_u8(&c.record) == (uint8_t)kind) {
			if (!*count)
				*oldest = at.id;
			++*count;
		}
		code = cursor_move(&c, DB_NEXT, err);
	}
	return cursor_close(&c, code == ERR_MISSING ? 0 : code, err);
}

/* ---- sweep ---- */

static bool
token_died_before(const struct token *t, int64_t now_us)
{
	if (t->idle_us && t->used_us < now_us - t->idle_us)
		return true;
	return t->expires_us < now_us;
}

static int
token_is_dead(struct cursor *c, int64_t now_us, bool *is_dead, struct err *err)
{
	struct arena scratch = ARENA_INIT;
	struct token t = {0};
	int code;

	unpack_token(&c->record, &scratch, &t);
	code = record_finish(
	    c->txn, TABLE_TOKENS, c->raw_key.data, c->raw_key.size, &c->record, err);
	*is_dead = !code && token_died_before(&t, now_us);
	if (*is_dead && !t.is_old)
		code = remove_indexes(c->txn, &t, err);
	arena_release(&scratch);
	return code;
}

int
store_token_sweep(struct txn *txn, int64_t now_us, size_t cap, size_t *removed, struct err *err)
{
	return sweep_round(
	    txn, SWEEP_TOKENS, TABLE_TOKENS, token_is_dead, now_us, cap, removed, err);
}
