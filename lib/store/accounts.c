/* Tenants and users, and the indexes by which they are found: tenant_names, user_names,
 * user_emails. */
#include "store/record.h"

#include <string.h>

/* ---- tenants ---- */

/* Names of tenants stand in a table that is keyed by tenant, as all names: here that is none. */
enum { OF_NO_TENANT = 0 };

static int
get_tenant(struct txn *txn, struct arena *a, uint64_t id, uint32_t flags, struct tenant *t,
    struct err *err)
{
	const struct buf *key = key_id(txn, id);
	struct unpack u;
	int code = table_get(txn, TABLE_TENANTS, key, flags, &u, err);

	*t = (struct tenant){.id = id};
	if (code)
		return code;
	unpack_tenant(&u, a, t);
	return record_finish(txn, TABLE_TENANTS, key->data, key->len, &u, err);
}

int
store_tenant_get(
    struct txn *txn, struct arena *a, uint64_t id, struct tenant *t, struct err *err)
{
	return get_tenant(txn, a, id, 0, t, err);
}

/*
 * Let a name lead to `id`, and the old one no longer; either may be NULL. Fails: ERR_CONFLICT
 * when another has it; nothing changed.
 */
static int
name_change(struct txn *txn, enum table t, uint64_t tenant_id, const char *name, uint64_t id,
    uint64_t old_tenant_id, const char *old_name, struct err *err)
{
	if (name)
		return name_take(txn, t, tenant_id, name, id, old_tenant_id, old_name, err);
	return old_name ? table_delete(txn, t, key_name(txn, old_tenant_id, old_name), err) : 0;
}

int
store_tenant_put(struct txn *txn, const struct tenant *t, struct err *err)
{
	struct arena scratch = ARENA_INIT;
	struct buf *record;
	struct tenant old;
	int code;

	code = get_tenant(txn, &scratch, t->id, DB_RMW, &old, err);
	if (!code || code == ERR_MISSING)
		code = name_change(txn, TABLE_TENANT_NAMES, OF_NO_TENANT,
		    t->deleted ? NULL : t->name, t->id, OF_NO_TENANT,
		    code || old.deleted ? NULL : old.name, err);
	if (!code) {
		record = record_begin(txn);
		pack_tenant(record, t);
		code = table_put(txn, TABLE_TENANTS, key_id(txn, t->id), record, err);
	}
	arena_release(&scratch);
	return code;
}

int
store_tenant_by_name(
    struct txn *txn, struct arena *a, const char *name, struct tenant *t, struct err *err)
{
	uint64_t id;
	int code =
	    table_get_id(txn, TABLE_TENANT_NAMES, key_name(txn, OF_NO_TENANT, name), &id, err);

	return code ? code : store_tenant_get(txn, a, id, t, err);
}

static int
read_tenant(struct cursor *c, struct arena *a, struct tenant *t, struct err *err)
{
	*t = (struct tenant){.id = unpack_u64(&c->key)};
	unpack_tenant(&c->record, a, t);
	return record_finish(
	    c->txn, TABLE_TENANTS, c->raw_key.data, c->raw_key.size, &c->record, err);
}

int
store_tenant_first(struct txn *txn, struct arena *a, struct tenant *t, struct err *err)
{
	struct cursor c;
	int code;

	*t = (struct tenant){0};
	code = cursor_open(txn, TABLE_TENANTS, 0, 0, &c, err);
	if (!code)
		code = cursor_move(&c, DB_FIRST, err);
	if (!code)
		code = read_tenant(&c, a, t, err);
	return cursor_close(&c, code, err);
}

int
store_tenant_list(
    struct txn *txn, struct arena *a, struct tenant **list, size_t *count, struct err *err)
{
	struct tenant *items = NULL;
	size_t n = 0, room = 0;
	struct cursor c;
	int code;

	*list = NULL;
	*count = 0;
	code = cursor_open(txn, TABLE_TENANTS, 0, 0, &c, err);
	if (!code)
		code = cursor_move(&c, DB_FIRST, err);
	while (!code) {
		items = array_grow(a, items, n, &room, sizeof *items);
		code = read_tenant(&c, a, &items[n++], err);
		if (!code)
			code = cursor_move(&c, DB_NEXT, err);
	}
	code = cursor_close(&c, code == ERR_MISSING ? 0 : code, err);
	if (code)
		return code;
	*list = items;
	*count = n;
	return 0;
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

/* The spelling under which an address is found; NULL for none. */
static const char *
email_key(struct arena *a, const char *email)
{
	char *lower;

	if (!email)
		return NULL;
	lower = arena_alloc(a, strlen(email) + 1);
	text_to_lower(email, lower);
	return lower;
}

/* Let name and address lead to the user; `old` is as he was, NULL for a new one. */
static int
index_user(struct txn *txn, struct arena *a, const struct user *u, const struct user *old,
    struct err *err)
{
	uint64_t old_tenant = old ? old->tenant_id : 0;
	int code;

	code = name_change(txn, TABLE_USER_NAMES, u->tenant_id, u->name, u->id, old_tenant,
	    old ? old->name : NULL, err);
	if (code)
		return code;
	code = name_change(txn, TABLE_USER_EMAILS, u->tenant_id, email_key(a, u->email), u->id,
	    old_tenant, old ? email_key(a, old->email) : NULL, err);
	return code == ERR_CONFLICT
		   ? err_fail(err, code, "the e-mail address \"%s\" is taken", u->email)
		   : code;
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
		code = index_user(txn, &scratch, u, code ? NULL : &old, err);
	if (!code) {
		record = record_begin(txn);
		pack_user(record, u);
		code = table_put(txn, TABLE_USERS, key_id(txn, u->id), record, err);
	}
	arena_release(&scratch);
	return code;
}

int
store_user_remove(struct txn *txn, const struct user *u, struct err *err)
{
	struct arena scratch = ARENA_INIT;
	int code;

	code = table_delete(txn, TABLE_USER_NAMES, key_name(txn, u->tenant_id, u->name), err);
	if (!code && u->email)
		code = table_delete(txn, TABLE_USER_EMAILS,
		    key_name(txn, u->tenant_id, email_key(&scratch, u->email)), err);
	if (!code)
		code = table_delete(txn, TABLE_USERS, key_id(txn, u->id), err);
	arena_release(&scratch);
	return code;
}

static int
user_by(struct txn *txn, struct arena *a, enum table t, const struct buf *key, struct user *u,
    struct err *err)
{
	uint64_t id;
	int code = table_get_id(txn, t, key, &id, err);

	return code ? code : store_user_get(txn, a, id, u, err);
}

int
store_user_by_name(struct txn *txn, struct arena *a, uint64_t tenant_id, const char *name,
    struct user *u, struct err *err)
{
	return user_by(txn, a, TABLE_USER_NAMES, key_name(txn, tenant_id, name), u, err);
}

int
store_user_by_email(struct txn *txn, struct arena *a, uint64_t tenant_id, const char *email,
    struct user *u, struct err *err)
{
	return user_by(
	    txn, a, TABLE_USER_EMAILS, key_name(txn, tenant_id, email_key(a, email)), u, err);
}

int
store_user_names(struct txn *txn, uint64_t tenant_id, const char *after,
    int (*visit)(void *ctx, const char *name, uint64_t id), void *ctx, struct err *err)
{
	return names_walk(txn, TABLE_USER_NAMES, tenant_id, after, visit, ctx, err);
}
