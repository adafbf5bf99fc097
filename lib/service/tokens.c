/*
 * Tokens. A token's secret is never stored: its record stands under a hash keyed with a secret
 * of the store's own, so neither a copied table nor a timing difference in the look-up helps
 * anyone to a token.
 *
 * Whoever makes a token gives away no more than he has: its scopes, tags and life lie within
 * those of the token that he came with.
 */
#include <string.h>

#include "service/internal.h"
#include "service/secret.h"

/* What one user can have; enough for any use, and a bound to what has to be removed with him. */
enum { SESSIONS_MAX = 1000, KEYS_MAX = 1000 };

void
token_secret(struct service *sv, char text[TOKEN_TEXT])
{
	unsigned char raw[TOKEN_BYTES];

	sv->random(raw, sizeof raw);
	secret_token_text(raw, text);
}

int
token_issue(
    struct txn *txn, struct arena *a, struct token *t, const char *text, struct err *err)
{
	const unsigned char *key;
	int rc = store_key(txn, a, &key, err);

	if (!rc)
		rc = store_next_id(txn, t->tenant_id, &t->id, err);
	if (rc)
		return rc;
	secret_token_hash(key, text, t->hash);
	return store_token_put(txn, t, err);
}

static int
drop_oldest(struct txn *txn, struct arena *a, uint64_t id, struct err *err)
{
	struct token t;
	int rc = store_token_by_id(txn, a, id, &t, err);

	return rc ? rc : store_token_remove(txn, &t, err);
}

int
session_issue(struct txn *txn, struct arena *a, const struct service *sv,
    const struct user *user, const struct login *who, const struct holder *maker,
    const char *text, struct err *err)
{
	const struct token *with = maker ? &maker->token : NULL;
	struct token t = {
	    .kind = TOKEN_SESSION,
	    .user_id = user->id,
	    .tenant_id = user->tenant_id,
	    .created_us = who->now_us,
	    .used_us = who->now_us,
	    .idle_us = who->idle_us ? who->idle_us : sv->session_idle_us,
	    .expires_us = with ? with->expires_us : INSTANT_NEVER,
	    .epoch = user->epoch,
	    .scopes = with ? with->scopes : SCOPE_ALL,
	    .tags = with ? with->tags : NULL,
	    .tag_count = with ? with->tag_count : 0,
	    .made_by = maker ? maker->user.id : 0,
	    .made_with = with && with->kind == TOKEN_KEY ? with->id : 0,
	    .grants = maker ? maker->user.grants : 0,
	};
	uint64_t oldest;
	size_t count;
	int rc;

	rc = store_token_count(
	    txn, user->tenant_id, user->id, TOKEN_SESSION, &count, &oldest, err);
	if (!rc && count >= SESSIONS_MAX)
		rc = drop_oldest(txn, a, oldest, err);
	return rc ? rc : token_issue(txn, a, &t, text, err);
}

int
session_is_over(struct txn *txn, struct arena *a, const struct token *t,
    const struct user *user, bool *over, struct err *err)
{
	struct token with;
	struct user maker;
	int rc;

	*over = t->epoch != user->epoch;
	if (*over || !t->made_by)
		return 0;
	rc = store_user_get(txn, a, t->made_by, &maker, err);
	if (!rc)
		*over = !maker.enabled || maker.grants != t->grants ||
			!role_is_admin(maker.role) || maker.role < user->role;
	/* A session of his may have died of idleness since: that is no reason. */
	if (!rc && !*over && t->made_with)
		rc = store_token_by_id(txn, a, t->made_with, &with, err);
	if (rc == ERR_MISSING)
		*over = true;
	return rc == ERR_MISSING ? 0 : rc;
}

/*
 * Whoever was let in with a key finds it gone. A session leaves no trace, because it also goes
 * when it is idle; so when one is ended its user no longer vouches for anybody whom he let in.
 */
int
token_end(struct txn *txn, struct arena *a, const struct token *t, struct err *err)
{
	struct user owner;
	int rc = 0;

	if (t->lets_in) {
		rc = store_user_get(txn, a, t->user_id, &owner, err);
		if (!rc) {
			owner.grants++;
			rc = store_user_put(txn, &owner, err);
		}
	}
	return rc && rc != ERR_MISSING ? rc : store_token_remove(txn, t, err);
}

/* ---- create ---- */

struct create {
	struct arena arena;
	const struct actor *actor;
	const struct token_new *n;
	struct token token;
	const char *text;
};

/* The user whom the token is for. */
static int
find_owner(struct txn *txn, struct create *c, struct user *u, struct err *err)
{
	const struct token_new *n = c->n;
	uint64_t tenant_id = c->actor->tenant_id;
	int rc;

	if (n->user_name)
		rc = store_user_by_name(txn, &c->arena, tenant_id, n->user_name, u, err);
	else
		rc = store_user_get(
		    txn, &c->arena, n->user_id ? n->user_id : c->actor->user_id, u, err);
	if (!rc && (u->tenant_id != tenant_id || (n->user_id && n->user_id != u->id)))
		rc = ERR_MISSING;
	return rc == ERR_MISSING ? err_fail(err, rc, "User not found") : rc;
}

static int
check_room(struct txn *txn, const struct user *u, enum token_kind kind, struct err *err)
{
	uint64_t oldest;
	size_t count;
	int rc = store_token_count(txn, u->tenant_id, u->id, kind, &count, &oldest, err);

	if (!rc && count >= KEYS_MAX)
		return err_fail(err, ERR_CONFLICT, "The user has %d tokens already", KEYS_MAX);
	return rc;
}

static int
create_body(struct txn *txn, void *ctx, struct err *err)
{
	struct create *c = ctx;
	const struct actor *actor = c->actor;
	struct user u;
	int rc;

	arena_clear(&c->arena);
	rc = find_owner(txn, c, &u, err);
	if (!rc && u.id != actor->user_id && !actor_is_over(actor, u.role))
		rc = err_fail(err, ERR_DENIED, "Insufficient permissions");
	if (!rc)
		rc = check_room(txn, &u, c->token.kind, err);
	if (rc)
		return rc;
	c->token.user_id = u.id;
	rc = token_issue(txn, &c->arena, &c->token, c->text, err);
	return rc ? rc
		  : audit_note(txn, actor, c->token.created_us, "token.create", c->token.id,
			err, "%sfor %s%s%s", c->n->is_client_key ? "client key " : "", u.name,
			c->token.name ? ", name " : "", c->token.name ? c->token.name : "");
}

/* Is it for the actor himself, as far as can be told without the store? */
static bool
names_oneself(const struct actor *actor, const struct token_new *n)
{
	if (!actor->user_id)
		return false;
	return (!n->user_id || n->user_id == actor->user_id) &&
	       (!n->user_name || !strcmp(n->user_name, actor->name));
}

/* What the new one may be used for. */
static uint32_t
scopes_of(const struct actor *actor, const struct token_new *n)
{
	if (n->scopes)
		return n->scopes;
	return n->is_client_key ? actor->scopes & CLIENT_SCOPES : actor->scopes;
}

static int
check_kind(const struct token_new *n, struct err *err)
{
	if (n->is_client_key && (n->scopes & ~(uint32_t)CLIENT_SCOPES))
		return err_fail(err, ERR_INPUT,
		    "Invalid value: scopes: of a client key they are read and run");
	if (n->needs_session && !n->is_client_key)
		return err_fail(
		    err, ERR_INPUT, "Invalid value: needsSession: only of a client key");
	return 0;
}

static int
check_new(const struct actor *actor, const struct token_new *n, struct err *err)
{
	int rc = require_scope(actor, SCOPE_ACCESS, err);

	/* Before anybody is looked up: who may not make it learns of nobody. */
	if (!rc && !names_oneself(actor, n))
		rc = require_admin(actor, err);
	if (!rc && !actor->user_id && !n->user_id && !n->user_name)
		rc = err_fail(err, ERR_INPUT, "Missing value: userName");
	if (!rc)
		rc = check_kind(n, err);
	/* Without any scope it would be of no use, and 0 means all of them. */
	if (!rc && ((n->scopes & ~actor->scopes) || !scopes_of(actor, n) ||
		       (n->tag_count && !actor_covers(actor, 0, n->tags, n->tag_count))))
		rc = err_fail(err, ERR_DENIED, "Insufficient permissions");
	return rc;
}

int
service_create_token(struct service *sv, const struct actor *actor, int64_t now_us,
    const struct token_new *n, struct token_made *made, struct err *err)
{
	bool own_tags = n->tag_count == 0;
	struct create c = {
	    .actor = actor,
	    .n = n,
	    .token =
		{
		    .kind = n->is_client_key ? TOKEN_CLIENT : TOKEN_KEY,
		    .needs_session = n->needs_session,
		    .tenant_id = actor->tenant_id,
		    .created_us = now_us,
		    .expires_us =
			actor_bounds(actor, n->life_us ? now_us + n->life_us : INSTANT_NEVER),
		    .name = n->name,
		    .scopes = scopes_of(actor, n),
		    .tags = own_tags ? actor->tags : n->tags,
		    .tag_count = own_tags ? actor->tag_count : n->tag_count,
		},
	    .text = made->text,
	};
	int rc = check_new(actor, n, err);

	if (!rc) {
		token_secret(sv, made->text);
		rc = store_run(sv->store, create_body, &c, err);
	}
	made->id = c.token.id;
	made->expires_us = c.token.expires_us;
	arena_release(&c.arena);
	return rc;
}

/* ---- rotate and revoke ---- */

struct change {
	struct arena arena;
	const struct actor *actor;
	int64_t now_us;
	uint64_t id;
	int64_t overlap_us;
	struct token token;
	const char *text;
};

static bool
is_over(const struct token *t, int64_t now_us)
{
	return t->expires_us <= now_us || (t->idle_us && now_us - t->used_us > t->idle_us);
}

/* A token that the actor may change: his own, or as an administrator one of a user who is not
 * above him. Others' tokens are to anybody else as if there were none. */
static int
own_token(struct txn *txn, struct change *c, struct user *owner, struct err *err)
{
	const struct actor *actor = c->actor;
	struct token *t = &c->token;
	int rc;

	arena_clear(&c->arena);
	rc = store_token_by_id(txn, &c->arena, c->id, t, err);
	if (!rc && (t->tenant_id != actor->tenant_id ||
		       (t->user_id != actor->user_id && !actor_is_admin(actor)) ||
		       is_over(t, c->now_us)))
		rc = ERR_MISSING;
	if (!rc)
		rc = store_user_get(txn, &c->arena, t->user_id, owner, err);
	if (rc)
		return rc == ERR_MISSING ? err_fail(err, rc, "Token not found") : rc;
	if (owner->id != actor->user_id && !actor_is_over(actor, owner->role))
		return err_fail(err, ERR_DENIED, "Insufficient permissions");
	return 0;
}

static int
rotate_body(struct txn *txn, void *ctx, struct err *err)
{
	struct change *c = ctx;
	unsigned char hash[TOKEN_HASH_BYTES];
	struct token *t = &c->token;
	const unsigned char *key;
	struct user owner;
	int rc;

	rc = own_token(txn, c, &owner, err);
	if (!rc && t->kind == TOKEN_SESSION)
		rc = err_fail(
		    err, ERR_INPUT, "Invalid value: tokenId: a session has no other secret");
	/* Its new secret is in the actor's hands. */
	if (!rc && (!actor_covers(c->actor, t->scopes, t->tags, t->tag_count) ||
		       actor_bounds(c->actor, t->expires_us) < t->expires_us))
		rc = err_fail(err, ERR_DENIED, "Insufficient permissions");
	if (!rc)
		rc = store_key(txn, &c->arena, &key, err);
	if (rc)
		return rc;
	secret_token_hash(key, c->text, hash);
	rc = store_token_rotate(txn, t, hash, c->now_us, c->now_us + c->overlap_us, err);
	return rc ? rc
		  : audit_note(txn, c->actor, c->now_us, "token.rotate", t->id, err, "for %s",
			owner.name);
}

int
service_rotate_token(struct service *sv, const struct actor *actor, int64_t now_us, uint64_t id,
    int64_t overlap_us, struct token_made *made, struct err *err)
{
	struct change c = {.actor = actor,
	    .now_us = now_us,
	    .id = id,
	    .overlap_us = overlap_us,
	    .text = made->text};
	int rc = require_scope(actor, SCOPE_ACCESS, err);

	if (!rc) {
		token_secret(sv, made->text);
		rc = store_run(sv->store, rotate_body, &c, err);
	}
	made->id = id;
	made->expires_us = c.token.expires_us;
	arena_release(&c.arena);
	return rc;
}

static int
revoke_body(struct txn *txn, void *ctx, struct err *err)
{
	struct change *c = ctx;
	struct user owner;
	int rc;

	rc = own_token(txn, c, &owner, err);
	if (!rc)
		rc = token_end(txn, &c->arena, &c->token, err);
	return rc ? rc
		  : audit_note(txn, c->actor, c->now_us, "token.revoke", c->id, err, "for %s",
			owner.name);
}

int
service_revoke_token(
    struct service *sv, const struct actor *actor, int64_t now_us, uint64_t id, struct err *err)
{
	struct change c = {.actor = actor, .now_us = now_us, .id = id};
	int rc = require_scope(actor, SCOPE_ACCESS, err);

	if (!rc)
		rc = store_run(sv->store, revoke_body, &c, err);
	arena_release(&c.arena);
	return rc;
}

/* ---- list ---- */

struct list {
	struct arena *arena;
	const struct actor *actor;
	int64_t now_us;
	uint64_t user_id;
	struct token_place after, next;
	size_t cap;
	struct token *items;
	size_t count;
};

/* A session that is over stands there until it is swept. */
static int
is_shown(struct txn *txn, struct list *c, const struct token *t, bool *shown, struct err *err)
{
	struct user u;
	bool over = true;
	int rc;

	*shown = !is_over(t, c->now_us);
	if (!*shown || t->kind != TOKEN_SESSION)
		return 0;
	rc = store_user_get(txn, c->arena, t->user_id, &u, err);
	if (!rc)
		rc = session_is_over(txn, c->arena, t, &u, &over, err);
	*shown = !over;
	return rc == ERR_MISSING ? 0 : rc;
}

static int
list_body(struct txn *txn, void *ctx, struct err *err)
{
	struct list *c = ctx;
	struct token_place at = c->after;
	struct token *some;
	size_t n = c->cap;
	bool shown;
	int rc = 0;

	c->items = arena_array(c->arena, c->cap, sizeof *c->items);
	c->count = 0;
	c->next = (struct token_place){0};
	while (!rc && n == c->cap && c->count < c->cap) {
		rc = store_token_list(
		    txn, c->arena, c->actor->tenant_id, c->user_id, at, c->cap, &some, &n, err);
		for (size_t i = 0; !rc && i < n && c->count < c->cap; i++) {
			at = (struct token_place){some[i].user_id, some[i].id};
			rc = is_shown(txn, c, &some[i], &shown, err);
			if (!rc && shown)
				c->items[c->count++] = some[i];
		}
	}
	if (c->count == c->cap)
		c->next = at;
	return rc;
}

int
service_list_tokens(struct service *sv, struct arena *a, const struct actor *actor,
    int64_t now_us, uint64_t user_id, struct token_place after, size_t cap, struct token **list,
    size_t *count, struct token_place *next, struct err *err)
{
	bool admin = actor_is_admin(actor);
	struct list c = {
	    .arena = a,
	    .actor = actor,
	    .now_us = now_us,
	    .user_id = user_id || admin ? user_id : actor->user_id,
	    .after = after,
	    .cap = cap,
	};
	int rc = require_scope(actor, SCOPE_ACCESS, err);

	if (!rc && c.user_id != actor->user_id && !admin)
		rc = err_fail(err, ERR_DENIED, "Insufficient permissions");
	if (!rc)
		rc = store_run(sv->store, list_body, &c, err);
	if (rc)
		return rc;
	*list = c.items;
	*count = c.count;
	*next = c.next;
	return 0;
}
