/* Secrets: see secrets.h. */
#include "service/secrets.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "model/placeholder.h"
#include "model/task_text.h"
#include "service/internal.h"

/* Of one secret: no other opens with it. */
static int
key_of(struct txn *txn, struct arena *a, uint64_t tenant_id, const char *name,
    unsigned char key[SECRET_KEY_BYTES], struct err *err)
{
	const unsigned char *master;
	const char *what =
	    arena_printf(a, "secret %llu %s", (unsigned long long)tenant_id, name);
	int rc = store_key(txn, a, &master, err);

	if (!rc)
		secret_hash(master, what, strlen(what), key);
	return rc;
}

struct deed_on_secret {
	struct service *sv;
	const struct actor *actor;
	int64_t now_us;
	const char *name, *value;
	struct arena arena;
};

static int
seal(struct txn *txn, struct deed_on_secret *c, struct secret *s, struct err *err)
{
	unsigned char key[SECRET_KEY_BYTES], nonce[SECRET_NONCE_BYTES], *sealed;
	size_t len = strlen(c->value);
	int rc = key_of(txn, &c->arena, s->tenant_id, s->name, key, err);

	if (rc)
		return rc;
	c->sv->random(nonce, sizeof nonce);
	sealed = arena_alloc(&c->arena, len + SECRET_SEAL_BYTES);
	secret_seal(key, nonce, c->value, len, sealed);
	s->sealed = sealed;
	s->sealed_len = len + SECRET_SEAL_BYTES;
	return 0;
}

static int
check_room(struct txn *txn, struct deed_on_secret *c, struct err *err)
{
	struct secret *list;
	size_t count;
	int rc = store_secret_list(txn, &c->arena, c->actor->tenant_id, &list, &count, err);

	if (!rc && count >= SECRETS_MAX)
		return err_fail(err, ERR_CONFLICT, "There cannot be more than %d secrets",
		    (int)SECRETS_MAX);
	return rc;
}

static int
set_body(struct txn *txn, void *ctx, struct err *err)
{
	struct deed_on_secret *c = ctx;
	struct secret s;
	int rc = store_secret_get(txn, &c->arena, c->actor->tenant_id, c->name, &s, err);

	if (rc == ERR_MISSING) {
		s.created_us = c->now_us;
		rc = check_room(txn, c, err);
	}
	s.modified_us = c->now_us;
	s.modified_by = c->actor->user_id;
	if (!rc)
		rc = seal(txn, c, &s, err);
	if (!rc)
		rc = store_secret_put(txn, &s, err);
	return rc ? rc
		  : audit_note(
			txn, c->actor, c->now_us, "secret.set", 0, err, "name %s", c->name);
}

static int
check_value(const char *value, struct err *err)
{
	size_t len = strlen(value);

	if (len < SECRET_VALUE_MIN || len > SECRET_VALUE_MAX || !utf8_valid(value, len))
		return err_fail(err, ERR_INPUT,
		    "Invalid value: value: must have %d to %d bytes of UTF-8; a shorter one "
		    "could not be masked in what tasks write",
		    (int)SECRET_VALUE_MIN, (int)SECRET_VALUE_MAX);
	return 0;
}

int
service_set_secret(struct service *sv, const struct actor *actor, int64_t now_us,
    const char *name, const char *value, struct err *err)
{
	struct deed_on_secret c = {sv, actor, now_us, name, value, ARENA_INIT};
	int rc = require_admin_scope(actor, SCOPE_MANAGE, err);

	if (!rc && !secret_name_is_valid(name, strlen(name)))
		rc = err_fail(err, ERR_INPUT,
		    "Invalid value: name: must be 1 to %d letters, digits, `_`, `-` and `.`",
		    (int)SECRET_NAME_MAX);
	if (!rc)
		rc = check_value(value, err);
	if (!rc)
		rc = store_run(sv->store, set_body, &c, err);
	arena_release(&c.arena);
	return rc;
}

/* ---- list ---- */

struct listing {
	const struct actor *actor;
	struct arena *arena;
	struct secret *list;
	size_t count;
};

static int
list_body(struct txn *txn, void *ctx, struct err *err)
{
	struct listing *c = ctx;

	return store_secret_list(txn, c->arena, c->actor->tenant_id, &c->list, &c->count, err);
}

int
service_list_secrets(struct service *sv, struct arena *a, const struct actor *actor,
    struct secret **list, size_t *count, struct err *err)
{
	struct listing c = {.actor = actor, .arena = a};
	int rc = require_admin_scope(actor, SCOPE_MANAGE, err);

	if (!rc)
		rc = store_run(sv->store, list_body, &c, err);
	/* Not even encrypted do they leave. */
	for (size_t i = 0; !rc && i < c.count; i++) {
		c.list[i].sealed = NULL;
		c.list[i].sealed_len = 0;
	}
	*list = c.list;
	*count = rc ? 0 : c.count;
	return rc;
}

/* ---- delete ---- */

struct ids {
	uint64_t *items;
	size_t count, cap;
};

static int
note_id(void *ctx, const char *name, uint64_t id)
{
	struct ids *ids = ctx;

	(void)name;
	if (ids->count == ids->cap) {
		ids->cap = ids->cap ? ids->cap * 2 : 64;
		ids->items = mem_resize(ids->items, ids->cap * sizeof *ids->items);
	}
	ids->items[ids->count++] = id;
	return 0;
}

static int
check_unused(struct txn *txn, struct deed_on_secret *c, struct err *err)
{
	struct arena one = ARENA_INIT;
	struct ids ids = {0};
	int rc = store_schedule_names(txn, c->actor->tenant_id, NULL, note_id, &ids, err);

	for (size_t i = 0; !rc && i < ids.count; i++) {
		struct schedule s;

		arena_clear(&one);
		rc = store_schedule_get(txn, &one, ids.items[i], &s, err);
		if (rc == ERR_MISSING)
			rc = 0;
		else if (!rc && schedule_names_secret(&s, c->name))
			rc = err_fail(err, ERR_CONFLICT,
			    "The secret is named by the schedule %s", s.name);
	}
	free(ids.items);
	arena_release(&one);
	return rc;
}

static int
delete_body(struct txn *txn, void *ctx, struct err *err)
{
	struct deed_on_secret *c = ctx;
	struct secret s;
	int rc = store_secret_get(txn, &c->arena, c->actor->tenant_id, c->name, &s, err);

	if (!rc)
		rc = check_unused(txn, c, err);
	if (!rc)
		rc = store_secret_remove(txn, c->actor->tenant_id, c->name, err);
	if (rc)
		return rc == ERR_MISSING ? err_fail(err, rc, "Secret not found") : rc;
	return audit_note(
	    txn, c->actor, c->now_us, "secret.delete", 0, err, "name %s", c->name);
}

int
service_delete_secret(struct service *sv, const struct actor *actor, int64_t now_us,
    const char *name, struct err *err)
{
	struct deed_on_secret c = {sv, actor, now_us, name, NULL, ARENA_INIT};
	int rc = require_admin_scope(actor, SCOPE_MANAGE, err);

	if (!rc && !secret_name_is_valid(name, strlen(name)))
		rc = err_fail(err, ERR_MISSING, "Secret not found");
	if (!rc)
		rc = store_run(sv->store, delete_body, &c, err);
	arena_release(&c.arena);
	return rc;
}

/* ---- use ---- */

int
secret_value(struct txn *txn, struct arena *a, uint64_t tenant_id, const char *name,
    const char **value, struct err *err)
{
	unsigned char key[SECRET_KEY_BYTES];
	struct secret s;
	char *text;
	int rc = store_secret_get(txn, a, tenant_id, name, &s, err);

	if (!rc)
		rc = key_of(txn, a, tenant_id, name, key, err);
	if (rc)
		return rc;
	if (s.sealed_len < SECRET_SEAL_BYTES)
		return err_fail(err, ERR_IO, "secret %s cannot be opened", name);
	text = arena_alloc(a, s.sealed_len - SECRET_SEAL_BYTES + 1);
	if (secret_unseal(key, s.sealed, s.sealed_len, (unsigned char *)text))
		return err_fail(err, ERR_IO, "secret %s cannot be opened", name);
	*value = text;
	return 0;
}
