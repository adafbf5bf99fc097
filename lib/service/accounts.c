/*
 * Who: users, log-ins and tokens.
 *
 * A token's secret is never stored. Its record stands under a hash keyed with a secret of the
 * store's own, so neither a copied table nor a timing difference in the look-up helps anyone to
 * a token.
 */
#include <string.h>

#include "base/utf8.h"
#include "service/internal.h"
#include "service/secret.h"

/* The store's named value that holds the key of the token hashes. */
static const char token_key_name[] = "token-key";

/*
 * A session's use is noted at most so often, because each note is a write; and well before the
 * idle life is over, so that a token in use never dies.
 */
static bool
use_must_be_noted(const struct token *t, int64_t now_us)
{
	int64_t often_us = t->idle_us / 4 < 30 * SECOND_US ? t->idle_us / 4 : 30 * SECOND_US;

	return t->idle_us && now_us - t->used_us >= often_us;
}

int
require_admin(const struct actor *actor, struct err *err)
{
	if (!actor_is_admin(actor))
		return err_fail(err, ERR_DENIED, "Insufficient permissions");
	return 0;
}

void
ring(const struct service *sv)
{
	sv->ring(sv->ring_ctx);
}

static int
token_key(struct txn *txn, struct arena *a, const unsigned char **key, struct err *err)
{
	const void *data;
	size_t len;
	int rc;

	rc = store_value_get(txn, a, token_key_name, &data, &len, err);
	if (rc)
		return err_wrap(
		    err, rc == ERR_MISSING ? ERR_IO : rc, "key of the token hashes");
	if (len != SECRET_KEY_BYTES)
		return err_fail(err, ERR_IO, "key of the token hashes: %zu bytes long", len);
	*key = data;
	return 0;
}

/* ---- init ---- */

struct init {
	struct arena arena;
	unsigned char key[SECRET_KEY_BYTES];
};

static int
init_body(struct txn *txn, void *ctx, struct err *err)
{
	struct init *in = ctx;
	const void *data;
	uint64_t tenant;
	size_t len;
	int rc;

	rc = store_value_get(txn, &in->arena, token_key_name, &data, &len, err);
	if (rc != ERR_MISSING)
		return rc;
	rc = store_value_put(txn, token_key_name, in->key, sizeof in->key, err);
	if (!rc)
		rc = store_next_id(txn, &tenant, err);
	if (!rc)
		rc = store_tenant_put(txn, tenant, "main", err);
	return rc;
}

int
service_init(struct service *sv, struct err *err)
{
	struct init in = {0};
	int rc;

	sv->random(in.key, sizeof in.key);
	rc = store_run(sv->store, init_body, &in, err);
	arena_release(&in.arena);
	return rc;
}

/* ---- the administrator's command ---- */

struct system_actor {
	struct arena *arena;
	struct actor *actor;
};

static int
system_actor_body(struct txn *txn, void *ctx, struct err *err)
{
	struct system_actor *c = ctx;
	const char *tenant;

	*c->actor = (struct actor){.name = "$system", .role = ROLE_ENTERPRISE_ADMIN};
	return store_tenant_first(txn, c->arena, &c->actor->tenant_id, &tenant, err);
}

int
service_system_actor(struct service *sv, struct arena *a, struct actor *actor, struct err *err)
{
	struct system_actor c = {a, actor};
	int rc = store_run(sv->store, system_actor_body, &c, err);

	/* Without a first tenant nobody has run init: that is the operator's to mend, not a
	 * caller's. */
	return rc == ERR_MISSING
		   ? err_fail(err, ERR_IO, "the store is empty: run `carillonctl init` first")
		   : rc;
}

/* ---- tokens ---- */

struct issue {
	struct arena arena;
	const char *text;
	struct token token;
	const char *user_name; /* NULL: token.user_id is set */
	uint64_t tenant_id;
};

static int
issue_body(struct txn *txn, void *ctx, struct err *err)
{
	struct issue *c = ctx;
	const unsigned char *key;
	struct user user;
	int rc;

	if (c->user_name) {
		rc = store_user_by_name(txn, &c->arena, c->tenant_id, c->user_name, &user, err);
		if (rc)
			return rc;
		c->token.user_id = user.id;
	}
	rc = token_key(txn, &c->arena, &key, err);
	if (!rc)
		rc = store_next_id(txn, &c->token.id, err);
	if (rc)
		return rc;
	secret_token_hash(key, c->text, c->token.hash);
	return store_token_put(txn, &c->token, err);
}

/* Make a secret, store the token under its hash and hand the secret out. */
static int
issue(struct service *sv, struct issue *c, char text[TOKEN_TEXT], struct err *err)
{
	unsigned char raw[TOKEN_BYTES];
	int rc;

	sv->random(raw, sizeof raw);
	secret_token_text(raw, text);
	c->text = text;
	c->token.tenant_id = c->tenant_id;
	rc = store_run(sv->store, issue_body, c, err);
	arena_release(&c->arena);
	return rc;
}

int
service_create_token(struct service *sv, const struct actor *actor, int64_t now_us,
    const char *user_name, int64_t life_us, char token[TOKEN_TEXT], struct err *err)
{
	struct issue c = {
	    .token =
		{
		    .kind = TOKEN_KEY,
		    .created_us = now_us,
		    .used_us = now_us,
		    .expires_us = life_us ? now_us + life_us : INSTANT_NEVER,
		},
	    .user_name = user_name,
	    .tenant_id = actor->tenant_id,
	};
	int rc = require_admin(actor, err);

	return rc ? rc : issue(sv, &c, token, err);
}

/* ---- log-in ---- */

struct find_user {
	struct arena arena;
	const char *name;
	struct user user;
};

static int
find_user_body(struct txn *txn, void *ctx, struct err *err)
{
	struct find_user *c = ctx;
	const char *tenant_name;
	uint64_t tenant;
	int rc;

	rc = store_tenant_first(txn, &c->arena, &tenant, &tenant_name, err);
	if (!rc)
		rc = store_user_by_name(txn, &c->arena, tenant, c->name, &c->user, err);
	return rc;
}

int
service_login(struct service *sv, int64_t now_us, const char *name, const char *password,
    char token[TOKEN_TEXT], struct err *err)
{
	struct find_user c = {.name = name};
	struct issue session = {.token = {.kind = TOKEN_SESSION, .expires_us = INSTANT_NEVER}};
	bool matches;
	int rc;

	rc = store_run(sv->store, find_user_body, &c, err);
	if (rc && rc != ERR_MISSING)
		goto done;
	/* Outside any transaction: the work is long on purpose, and no lock may wait for it. */
	matches = secret_password_matches(rc ? NULL : c.user.password_hash, password);
	if (rc || !matches || !c.user.enabled) {
		rc = err_fail(err, ERR_IDENTITY, "Invalid user name or password");
		goto done;
	}
	session.tenant_id = c.user.tenant_id;
	session.token.user_id = c.user.id;
	session.token.created_us = now_us;
	session.token.used_us = now_us;
	session.token.idle_us = sv->session_idle_us;
	rc = issue(sv, &session, token, err);

done:
	arena_release(&c.arena);
	return rc;
}

struct authenticate {
	struct arena *arena;
	const char *text;
	int64_t now_us;
	struct actor *actor;
};

static bool
token_is_dead(const struct token *t, int64_t now_us)
{
	return now_us >= t->expires_us || (t->idle_us && now_us - t->used_us > t->idle_us);
}

static int
authenticate_body(struct txn *txn, void *ctx, struct err *err)
{
	struct authenticate *c = ctx;
	unsigned char hash[TOKEN_HASH_BYTES];
	const unsigned char *key;
	struct token token;
	struct user user;
	int rc;

	rc = token_key(txn, c->arena, &key, err);
	if (rc)
		return rc;
	secret_token_hash(key, c->text, hash);
	rc = store_token_get(txn, hash, &token, err);
	if (!rc && token_is_dead(&token, c->now_us))
		rc = ERR_MISSING;
	if (!rc)
		rc = store_user_get(txn, c->arena, token.user_id, &user, err);
	if (!rc && !user.enabled)
		rc = ERR_MISSING;
	if (rc)
		return rc == ERR_MISSING
			   ? err_fail(err, ERR_IDENTITY, "Invalid or missing token")
			   : rc;
	*c->actor = (struct actor){user.id, user.tenant_id, token.id, user.name, user.role};
	if (!use_must_be_noted(&token, c->now_us))
		return 0;
	token.used_us = c->now_us;
	return store_token_put(txn, &token, err);
}

int
service_authenticate(struct service *sv, struct arena *a, int64_t now_us, const char *token,
    struct actor *actor, struct err *err)
{
	struct authenticate c = {a, token, now_us, actor};

	return store_run(sv->store, authenticate_body, &c, err);
}

/* ---- users ---- */

static int
create_user_body(struct txn *txn, void *ctx, struct err *err)
{
	struct user *u = ctx;
	int rc;

	rc = store_next_id(txn, &u->id, err);
	if (!rc)
		rc = store_user_put(txn, u, err);
	return rc == ERR_CONFLICT
		   ? err_fail(err, rc, "A user with this name exists: %s", u->name)
		   : rc;
}

static int
check_user_name(const char *name, struct err *err)
{
	size_t len = strlen(name);

	if (len == 0)
		return err_fail(err, ERR_INPUT, "Missing value: userName");
	if (len > 255 || !utf8_valid(name, len))
		return err_fail(
		    err, ERR_INPUT, "Invalid value: userName: at most 255 bytes of UTF-8");
	for (const unsigned char *p = (const unsigned char *)name; *p; p++) {
		if (*p < 0x20 || *p == 0x7f)
			return err_fail(
			    err, ERR_INPUT, "Invalid value: userName: no control characters");
	}
	return 0;
}

int
service_create_user(struct service *sv, const struct actor *actor, int64_t now_us,
    const char *name, const char *password, enum role role, uint64_t *id, struct err *err)
{
	char hash[SECRET_HASH_TEXT];
	struct user u = {
	    .tenant_id = actor->tenant_id,
	    .name = name,
	    .role = role,
	    .enabled = true,
	    .created_us = now_us,
	};
	int rc;

	rc = require_admin(actor, err);
	if (!rc)
		rc = check_user_name(name, err);
	if (!rc && password && (!*password || strlen(password) > SECRET_PASSWORD_MAX))
		rc = err_fail(err, ERR_INPUT, "Invalid value: password: 1 to %d bytes",
		    SECRET_PASSWORD_MAX);
	if (!rc && password) {
		rc = secret_hash_password(password, hash, err);
		u.password_hash = hash;
	}
	if (!rc)
		rc = store_run(sv->store, create_user_body, &u, err);
	if (!rc)
		*id = u.id;
	return rc;
}
