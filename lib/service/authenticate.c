/*
 * Who holds a token: of API3 and the other faces that know one secret, and of Altogic's clients,
 * who show a key and, where that key wants it, a session beside it. And how a session ends.
 */
#include <string.h>

#include "base/id.h"
#include "service/internal.h"
#include "service/secret.h"

/*
 * A token's use is noted at most so often, because each note is a write; and well before the
 * idle life is over, so that a token in use never dies.
 */
static bool
use_must_be_noted(const struct token *t, int64_t now_us)
{
	int64_t often_us = 30 * SECOND_US;

	if (t->idle_us && t->idle_us / 4 < often_us)
		often_us = t->idle_us / 4;
	return now_us - t->used_us >= often_us;
}

/* ---- what stands behind a token ---- */

static bool
is_dead(const struct token *t, int64_t now_us)
{
	return now_us >= t->expires_us || (t->idle_us && now_us - t->used_us > t->idle_us);
}

/* Fails: ERR_MISSING when whom it belongs to, or who let him in, is no longer what he was. */
static int
check_standing(struct txn *txn, struct arena *a, const struct holder *h, struct err *err)
{
	bool over = false;
	int rc = 0;

	if (!h->user.enabled || !h->tenant.enabled || h->tenant.deleted)
		return ERR_MISSING;
	if (h->token.kind == TOKEN_SESSION)
		rc = session_is_over(txn, a, &h->token, &h->user, &over, err);
	return !rc && over ? ERR_MISSING : rc;
}

int
find_holder(struct txn *txn, struct arena *a, const char *text, int64_t now_us,
    struct holder *h, struct err *err)
{
	unsigned char hash[TOKEN_HASH_BYTES];
	const unsigned char *key;
	int rc = store_key(txn, a, &key, err);

	if (rc)
		return rc;
	secret_token_hash(key, text, hash);
	rc = store_token_get(txn, a, hash, &h->token, err);
	if (!rc && is_dead(&h->token, now_us))
		rc = ERR_MISSING;
	if (!rc)
		rc = store_user_get(txn, a, h->token.user_id, &h->user, err);
	if (!rc)
		rc = store_tenant_get(txn, a, h->user.tenant_id, &h->tenant, err);
	return rc ? rc : check_standing(txn, a, h, err);
}

int
note_use(struct txn *txn, struct holder *h, int64_t now_us, struct err *err)
{
	if (!use_must_be_noted(&h->token, now_us))
		return 0;
	h->token.used_us = now_us;
	return store_token_put(txn, &h->token, err);
}

struct actor
user_actor(const struct user *user, const struct tenant *tenant)
{
	return (struct actor){
	    .user_id = user->id,
	    .tenant_id = user->tenant_id,
	    .name = user->name,
	    .email = user->email,
	    .role = user->role,
	    .scopes = SCOPE_ALL,
	    .tenant = tenant->name,
	    .job_rights = user_job_rights(user),
	};
}

struct actor
token_actor(const struct holder *h)
{
	struct actor actor = user_actor(&h->user, &h->tenant);

	actor.token_id = h->token.id;
	actor.scopes = h->token.scopes;
	actor.tags = h->token.tags;
	actor.tag_count = h->token.tag_count;
	actor.expires_us = h->token.expires_us;
	return actor;
}

/* ---- by a token alone ---- */

struct authenticate {
	struct arena *arena;
	const char *text;
	int64_t now_us;
	struct actor *actor;
};

static int
authenticate_body(struct txn *txn, void *ctx, struct err *err)
{
	struct authenticate *c = ctx;
	struct holder h;
	int rc = find_holder(txn, c->arena, c->text, c->now_us, &h, err);

	if (!rc && h.token.kind == TOKEN_CLIENT)
		rc = ERR_MISSING;
	if (rc)
		return rc == ERR_MISSING
			   ? err_fail(err, ERR_IDENTITY, "Invalid or missing token")
			   : rc;
	*c->actor = token_actor(&h);
	return note_use(txn, &h, c->now_us, err);
}

int
service_authenticate(struct service *sv, struct arena *a, int64_t now_us, const char *token,
    struct actor *actor, struct err *err)
{
	struct authenticate c = {a, token, now_us, actor};

	return store_run(sv->store, authenticate_body, &c, err);
}

/* ---- by a client key ---- */

struct client {
	struct arena *arena;
	const struct client_call *call;
	struct actor *actor;
	enum client_fault fault;
};

static int
refuse(struct client *c, enum client_fault fault, struct err *err)
{
	c->fault = fault;
	return err_fail(err, ERR_IDENTITY, "Invalid or missing client key or session");
}

/* The tenant that an environment means. Fails: ERR_MISSING. */
static int
find_environment(struct txn *txn, struct client *c, struct tenant *t, struct err *err)
{
	const char *name = c->call->environment;
	uint64_t id;
	int rc = ERR_MISSING;

	if (!name)
		return store_tenant_first(txn, c->arena, t, err);
	if (!id_parse(name, strlen(name), &id))
		rc = store_tenant_get(txn, c->arena, id, t, err);
	/* A name may be spelled like an id. */
	if (rc == ERR_MISSING)
		rc = store_tenant_by_name(txn, c->arena, name, t, err);
	if (!rc && (!t->enabled || t->deleted))
		rc = ERR_MISSING;
	return rc;
}

/* A token of this kind and tenant. Fails: ERR_MISSING. */
static int
find_shown(struct txn *txn, struct client *c, const char *text, bool is_key, uint64_t tenant_id,
    struct holder *h, struct err *err)
{
	int rc = text && *text ? find_holder(txn, c->arena, text, c->call->now_us, h, err)
			       : ERR_MISSING;
	enum token_kind kind = is_key ? TOKEN_CLIENT : TOKEN_SESSION;

	if (!rc && (h->token.kind != kind || h->token.tenant_id != tenant_id))
		rc = ERR_MISSING;
	return rc ? rc : note_use(txn, h, c->call->now_us, err);
}

/*
 * Take away what a key leaves out. It and a session that both have tags leave those that both
 * have: less than what carries one of each, but never more. False when that is nothing at all,
 * because no tags would mean everything.
 */
static bool
cut_to_key(struct arena *a, struct actor *actor, const struct token *key)
{
	const char **tags = arena_array(a, actor->tag_count, sizeof *tags);
	size_t count = 0;

	actor->scopes &= key->scopes;
	actor->expires_us = actor_bounds(actor, key->expires_us);
	if (!key->tag_count)
		return actor->scopes != 0;
	if (!actor->tag_count) {
		actor->tags = key->tags;
		actor->tag_count = key->tag_count;
		return actor->scopes != 0;
	}
	for (size_t i = 0; i < actor->tag_count; i++) {
		for (size_t k = 0; k < key->tag_count; k++) {
			if (!strcmp(actor->tags[i], key->tags[k])) {
				tags[count++] = actor->tags[i];
				break;
			}
		}
	}
	actor->tags = tags;
	actor->tag_count = count;
	return actor->scopes != 0 && count > 0;
}

/* Let the user of a session be who calls. */
static int
take_session(struct txn *txn, struct client *c, const struct holder *key, struct err *err)
{
	const char *text = c->call->session;
	struct holder session;
	int rc;

	if (!text || !*text)
		return refuse(c, CLIENT_FAULT_NO_SESSION, err);
	rc = find_shown(txn, c, text, false, key->tenant.id, &session, err);
	if (rc)
		return rc == ERR_MISSING ? refuse(c, CLIENT_FAULT_SESSION, err) : rc;
	*c->actor = token_actor(&session);
	/* To end a session takes no rights. */
	if (c->call->session_needed == CLIENT_SESSION_ALWAYS ||
	    cut_to_key(c->arena, c->actor, &key->token))
		return 0;
	return err_fail(err, ERR_DENIED, "Insufficient permissions");
}

static bool
needs_session(const struct client *c, const struct token *key)
{
	switch (c->call->session_needed) {
	case CLIENT_SESSION_AS_KEY_SAYS:
		break;
	case CLIENT_SESSION_NEVER:
		return false;
	case CLIENT_SESSION_ALWAYS:
		return true;
	}
	return key->needs_session;
}

static int
client_body(struct txn *txn, void *ctx, struct err *err)
{
	struct client *c = ctx;
	struct tenant tenant;
	struct holder key;
	int rc;

	c->fault = CLIENT_FAULT_NONE;
	rc = find_environment(txn, c, &tenant, err);
	if (rc)
		return rc == ERR_MISSING ? refuse(c, CLIENT_FAULT_ENVIRONMENT, err) : rc;
	rc = find_shown(txn, c, c->call->key, true, tenant.id, &key, err);
	if (rc)
		return rc == ERR_MISSING ? refuse(c, CLIENT_FAULT_KEY, err) : rc;
	if (needs_session(c, &key.token))
		return take_session(txn, c, &key, err);
	*c->actor = token_actor(&key);
	return 0;
}

int
service_authenticate_client(struct service *sv, struct arena *a, const struct client_call *call,
    struct actor *actor, enum client_fault *fault, struct err *err)
{
	struct client c = {.arena = a, .call = call, .actor = actor};
	int rc = store_run(sv->store, client_body, &c, err);

	*fault = c.fault;
	return rc;
}

/* ---- log-out ---- */

struct logout {
	struct arena arena;
	const struct actor *actor;
	int64_t now_us;
	const char *text; /* NULL: the actor's own */
};

static int
find_own_session(struct txn *txn, struct logout *c, struct token *t, struct err *err)
{
	unsigned char hash[TOKEN_HASH_BYTES];
	const unsigned char *key;
	int rc;

	if (!c->text)
		return store_token_by_id(txn, &c->arena, c->actor->token_id, t, err);
	rc = store_key(txn, &c->arena, &key, err);
	if (rc)
		return rc;
	secret_token_hash(key, c->text, hash);
	return store_token_get(txn, &c->arena, hash, t, err);
}

static int
logout_body(struct txn *txn, void *ctx, struct err *err)
{
	struct logout *c = ctx;
	struct token t;
	int rc;

	arena_clear(&c->arena);
	rc = find_own_session(txn, c, &t, err);
	if (rc)
		return rc == ERR_MISSING ? 0 : rc;
	if (t.kind != TOKEN_SESSION || t.user_id != c->actor->user_id)
		return 0;
	rc = token_end(txn, &c->arena, &t, err);
	return rc ? rc : audit_note(txn, c->actor, c->now_us, "logout", t.user_id, err, NULL);
}

int
service_logout(struct service *sv, const struct actor *actor, int64_t now_us, const char *token,
    struct err *err)
{
	struct logout c = {.actor = actor, .now_us = now_us, .text = token};
	int rc = store_run(sv->store, logout_body, &c, err);

	arena_release(&c.arena);
	return rc;
}
