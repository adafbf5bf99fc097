/*
 * Users: made, changed, deleted and listed by administrators; and one's own password.
 *
 * Nobody touches who is above him, and nobody is raised above whoever raises him. The first
 * tenant keeps an Enterprise Admin, because nobody else could make the next one.
 */
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/mem.h"
#include "service/internal.h"
#include "service/secret.h"

/* ---- what all of them need ---- */

int
own_user(struct txn *txn, struct arena *a, const struct actor *actor, uint64_t id,
    struct user *u, struct err *err)
{
	int rc = store_user_get(txn, a, id, u, err);

	if (!rc && u->tenant_id != actor->tenant_id)
		rc = ERR_MISSING;
	return rc == ERR_MISSING ? err_fail(err, rc, "User not found") : rc;
}

static int
require_over(const struct actor *actor, enum role role, struct err *err)
{
	if (!actor_is_over(actor, role))
		return err_fail(err, ERR_DENIED, "Insufficient permissions");
	return 0;
}

static int
put_user(struct txn *txn, const struct user *u, struct err *err)
{
	int rc = store_user_put(txn, u, err);

	if (rc != ERR_CONFLICT)
		return rc;
	if (!strncmp(err->text, "the name", 8))
		return err_fail(err, rc, "A user with this name exists: %s", u->name);
	return err_fail(err, rc, "A user with this e-mail address exists");
}

struct others {
	struct txn *txn;
	struct arena *arena;
	uint64_t but;
	struct err *err;
	bool found;
};

/* Ends the walk at the first other Enterprise Admin who can log in. */
static int
visit_other(void *ctx, const char *name, uint64_t id)
{
	struct others *c = ctx;
	struct user u;
	int rc;

	(void)name;
	if (id == c->but)
		return 0;
	rc = store_user_get(c->txn, c->arena, id, &u, c->err);
	if (rc)
		return rc == ERR_MISSING ? 0 : rc;
	c->found = u.enabled && u.role == ROLE_ENTERPRISE_ADMIN;
	return c->found ? ERR_CONFLICT : 0;
}

/* May this Enterprise Admin stop being one? */
static int
check_not_last(struct txn *txn, struct arena *a, const struct user *u, struct err *err)
{
	struct others c = {.txn = txn, .arena = a, .but = u->id, .err = err};
	struct tenant first;
	int rc;

	if (u->role != ROLE_ENTERPRISE_ADMIN || !u->enabled)
		return 0;
	rc = store_tenant_first(txn, a, &first, err);
	if (rc || first.id != u->tenant_id)
		return rc;
	rc = store_user_names(txn, u->tenant_id, NULL, visit_other, &c, err);
	if (c.found)
		return 0;
	return rc ? rc : err_fail(err, ERR_CONFLICT, "The last Enterprise Admin must stay one");
}

/* ---- create ---- */

struct create {
	struct arena arena;
	const struct actor *actor;
	const struct user_new *n;
	struct user user;
};

static int
create_body(struct txn *txn, void *ctx, struct err *err)
{
	struct create *c = ctx;
	struct user *u = &c->user;
	struct tenant tenant;
	int rc;

	arena_clear(&c->arena);
	rc = live_tenant(txn, &c->arena, u->tenant_id, &tenant, err);
	if (rc)
		return rc == ERR_MISSING ? err_fail(err, ERR_INPUT, "Tenant not found") : rc;
	rc = store_next_id(txn, u->tenant_id, &u->id, err);
	if (!rc)
		rc = put_user(txn, u, err);
	if (rc)
		return rc;
	return audit_note(txn, c->actor, u->created_us, "user.create", u->id, err,
	    "name %s, role %s", u->name, role_name(u->role));
}

static int
check_new(const struct actor *actor, const struct user_new *n, struct err *err)
{
	int rc = require_admin_scope(actor, SCOPE_ACCESS, err);

	if (!rc)
		rc = require_over(actor, n->role, err);
	/* Without a password he comes in with what others give him of theirs. */
	if (!rc && n->password)
		rc = require_unlimited(actor, err);
	if (!rc && n->tenant_id && actor->role != ROLE_ENTERPRISE_ADMIN)
		rc = err_fail(err, ERR_DENIED, "Insufficient permissions");
	if (!rc)
		rc = user_name_check(n->name, err);
	if (!rc && n->email)
		rc = email_check(n->email, err);
	if (!rc && n->password)
		rc = check_password(n->password, "password", err);
	return rc;
}

int
service_create_user(struct service *sv, const struct actor *actor, int64_t now_us,
    const struct user_new *n, uint64_t *id, struct err *err)
{
	char hash[SECRET_HASH_TEXT];
	struct create c = {
	    .actor = actor,
	    .n = n,
	    .user =
		{
		    .tenant_id = n->tenant_id ? n->tenant_id : actor->tenant_id,
		    .name = n->name,
		    .email = n->email,
		    .role = n->role,
		    .enabled = !n->disabled,
		    .created_us = now_us,
		    .job_rights = n->job_rights ? *n->job_rights : JOB_READ,
		},
	};
	int rc = check_new(actor, n, err);

	if (!rc && n->password) {
		rc = hash_password(sv, n->password, hash, err);
		c.user.password_hash = hash;
	}
	if (!rc)
		rc = store_run(sv->store, create_body, &c, err);
	arena_release(&c.arena);
	if (!rc)
		*id = c.user.id;
	return rc;
}

/* ---- update ---- */

struct update {
	struct arena arena;
	const struct actor *actor;
	int64_t now_us;
	uint64_t id;
	const struct user_change *change;
	const char *hash; /* of the new password; NULL: none */
};

/* His own, and those of others that he let in. */
static void
end_sessions(struct user *u)
{
	u->epoch++;
	u->grants++;
}

/* The user as he will be. */
static struct user
changed(const struct user *u, const struct user_change *change, const char *hash)
{
	struct user to = *u;

	if (change->role)
		to.role = *change->role;
	if (change->enabled)
		to.enabled = *change->enabled;
	if (change->email)
		to.email = *change->email ? change->email : NULL;
	if (hash)
		to.password_hash = hash;
	if (change->job_rights)
		to.job_rights = *change->job_rights;
	if (hash || to.role < u->role || (u->enabled && !to.enabled))
		end_sessions(&to);
	return to;
}

/* What was changed, without what it is now: a password is none of the audit's business. */
static int
note_update(struct txn *txn, const struct update *c, const struct user *to, struct err *err)
{
	const struct user_change *change = c->change;

	return audit_note(txn, c->actor, c->now_us, "user.update", to->id, err,
	    "name %s%s%s%s%s%s%s", to->name, change->role ? ", role " : "",
	    change->role ? role_name(to->role) : "",
	    !change->enabled ? ""
	    : to->enabled    ? ", enabled"
			     : ", disabled",
	    change->password ? ", password" : "", change->email ? ", e-mail address" : "",
	    change->job_rights ? ", rights on jobs" : "");
}

static int
update_body(struct txn *txn, void *ctx, struct err *err)
{
	struct update *c = ctx;
	struct user u, to;
	int rc;

	arena_clear(&c->arena);
	rc = own_user(txn, &c->arena, c->actor, c->id, &u, err);
	if (!rc)
		rc = require_over(c->actor, u.role, err);
	if (rc)
		return rc;
	to = changed(&u, c->change, c->hash);
	if (to.role != u.role || !to.enabled)
		rc = check_not_last(txn, &c->arena, &u, err);
	if (!rc)
		rc = put_user(txn, &to, err);
	return rc ? rc : note_update(txn, c, &to, err);
}

/* May it leave the user with more than he had? To take something away (he is disabled) is left
 * to whoever may change him at all. */
static bool
gives(const struct user_change *change)
{
	return change->role || change->password || change->job_rights ||
	       (change->enabled && *change->enabled);
}

int
service_update_user(struct service *sv, const struct actor *actor, int64_t now_us, uint64_t id,
    const struct user_change *change, struct err *err)
{
	struct update c = {.actor = actor, .now_us = now_us, .id = id, .change = change};
	char hash[SECRET_HASH_TEXT];
	int rc;

	rc = require_admin_scope(actor, SCOPE_ACCESS, err);
	if (!rc && change->role)
		rc = require_over(actor, *change->role, err);
	if (!rc && gives(change))
		rc = require_unlimited(actor, err);
	if (!rc && change->email && *change->email)
		rc = email_check(change->email, err);
	if (!rc && change->password) {
		rc = check_password(change->password, "password", err);
		if (!rc)
			rc = hash_password(sv, change->password, hash, err);
		c.hash = hash;
	}
	if (!rc)
		rc = store_run(sv->store, update_body, &c, err);
	arena_release(&c.arena);
	return rc;
}

/* ---- delete ---- */

/* One after the other from the first on: what is removed makes room for the next. */
static int
remove_tokens(struct txn *txn, struct arena *a, const struct user *u, struct err *err)
{
	struct token *some;
	size_t count = 1;
	int rc = 0;

	while (!rc && count > 0) {
		rc = store_token_list(txn, a, u->tenant_id, u->id, (struct token_place){0}, 100,
		    &some, &count, err);
		for (size_t i = 0; !rc && i < count; i++)
			rc = store_token_remove(txn, &some[i], err);
	}
	return rc;
}

static int
delete_body(struct txn *txn, void *ctx, struct err *err)
{
	struct update *c = ctx;
	struct user u;
	int rc;

	arena_clear(&c->arena);
	rc = own_user(txn, &c->arena, c->actor, c->id, &u, err);
	if (!rc)
		rc = require_over(c->actor, u.role, err);
	if (!rc)
		rc = check_not_last(txn, &c->arena, &u, err);
	if (!rc)
		rc = remove_tokens(txn, &c->arena, &u, err);
	if (!rc)
		rc = store_user_remove(txn, &u, err);
	return rc ? rc
		  : audit_note(
			txn, c->actor, c->now_us, "user.delete", u.id, err, "name %s", u.name);
}

int
service_delete_user(
    struct service *sv, const struct actor *actor, int64_t now_us, uint64_t id, struct err *err)
{
	struct update c = {.actor = actor, .now_us = now_us, .id = id};
	int rc = require_admin_scope(actor, SCOPE_ACCESS, err);

	if (!rc)
		rc = store_run(sv->store, delete_body, &c, err);
	arena_release(&c.arena);
	return rc;
}

/* ---- one's own password ---- */

struct renew {
	struct arena arena;
	const struct actor *actor;
	int64_t now_us;
	struct user user;
	int64_t until_us;
	const char *hash;
};

static int
look_body(struct txn *txn, void *ctx, struct err *err)
{
	struct renew *c = ctx;
	int rc;

	arena_clear(&c->arena);
	rc = own_user(txn, &c->arena, c->actor, c->actor->user_id, &c->user, err);
	if (!rc)
		rc = lock_until(txn, &c->arena,
		    (struct lock_name){c->user.tenant_id, c->user.name, false}, c->now_us,
		    &c->until_us, err);
	return rc;
}

struct wrong {
	struct arena arena;
	uint64_t user_id;
	int64_t now_us, until_us;
};

static int
wrong_body(struct txn *txn, void *ctx, struct err *err)
{
	struct wrong *c = ctx;
	struct user u;
	int rc;

	arena_clear(&c->arena);
	rc = store_user_get(txn, &c->arena, c->user_id, &u, err);
	if (rc)
		return rc == ERR_MISSING ? 0 : rc;
	return lock_failed(txn, &c->arena, (struct lock_name){u.tenant_id, u.name, false},
	    c->now_us, &c->until_us, err);
}

int
count_wrong_password(struct service *sv, uint64_t user_id, int64_t now_us, struct err *err)
{
	struct wrong c = {.user_id = user_id, .now_us = now_us};
	int rc;

	if (store_is_running(sv->store)) {
		sv->wrong_password.user_id = user_id;
		sv->wrong_password.now_us = now_us;
		return 0;
	}
	rc = store_run(sv->store, wrong_body, &c, err);
	arena_release(&c.arena);
	return rc;
}

/* The session that asks for it goes on: it has just proved to be his. */
static int
keep_session(struct txn *txn, struct renew *c, uint32_t epoch, struct err *err)
{
	struct token t;
	int rc;

	if (!c->actor->token_id)
		return 0;
	rc = store_token_by_id(txn, &c->arena, c->actor->token_id, &t, err);
	if (rc || t.kind != TOKEN_SESSION)
		return rc == ERR_MISSING ? 0 : rc;
	t.epoch = epoch;
	return store_token_put(txn, &t, err);
}

static int
renew_body(struct txn *txn, void *ctx, struct err *err)
{
	struct renew *c = ctx;
	uint32_t epoch = c->user.epoch;
	struct user u;
	int rc;

	rc = own_user(txn, &c->arena, c->actor, c->actor->user_id, &u, err);
	/* Another has changed it in between: the old password is no longer the old one. */
	if (!rc && u.epoch != epoch)
		return err_fail(err, ERR_INPUT, "Invalid value: oldPassword");
	u.password_hash = c->hash;
	end_sessions(&u);
	if (!rc)
		rc = store_user_put(txn, &u, err);
	if (!rc)
		rc = keep_session(txn, c, u.epoch, err);
	if (!rc)
		rc = lock_reset(
		    txn, &c->arena, (struct lock_name){u.tenant_id, u.name, false}, err);
	return rc ? rc : audit_note(txn, c->actor, c->now_us, "user.password", u.id, err, NULL);
}

int
service_change_password(struct service *sv, const struct actor *actor, int64_t now_us,
    const char *old_password, const char *new_password, struct err *err)
{
	struct renew c = {.actor = actor, .now_us = now_us};
	char hash[SECRET_HASH_TEXT];
	bool matches = false;
	int rc;

	rc = check_password(new_password, "newPassword", err);
	if (!rc)
		rc = store_run(sv->store, look_body, &c, err);
	if (!rc && !c.until_us)
		rc = match_password(sv, c.user.password_hash, old_password, &matches, err);
	if (!rc && !matches && !c.until_us)
		rc = count_wrong_password(sv, c.user.id, now_us, err);
	if (!rc && !matches)
		rc = err_fail(err, ERR_INPUT, "Invalid value: oldPassword");
	if (!rc)
		rc = hash_password(sv, new_password, hash, err);
	c.hash = hash;
	if (!rc)
		rc = store_run(sv->store, renew_body, &c, err);
	arena_release(&c.arena);
	return rc;
}

/* ---- list ---- */

struct found {
	const char *name;
	uint64_t id;
};

struct list {
	struct arena *arena;
	const struct actor *actor;
	int64_t now_us;
	const char *query; /* in small letters; NULL: all */
	const char *after;
	size_t cap;
	struct found *names;
	size_t name_count, name_cap;
	struct user_view *items;
	size_t count, total;
};

static int
note_name(void *ctx, const char *name, uint64_t id)
{
	struct list *c = ctx;

	if (c->name_count == c->name_cap) {
		c->name_cap = c->name_cap ? 2 * c->name_cap : 64;
		c->names = mem_resize(c->names, c->name_cap * sizeof *c->names);
	}
	c->names[c->name_count++] = (struct found){arena_strdup(c->arena, name), id};
	return 0;
}

static bool
contains(struct arena *a, const char *text, const char *query)
{
	char *lower;

	if (!text)
		return false;
	lower = arena_alloc(a, strlen(text) + 1);
	text_to_lower(text, lower);
	return strstr(lower, query) != NULL;
}

/* By name or by address, whichever is locked longer. */
static int
locked_until(
    struct txn *txn, struct list *c, const struct user *u, int64_t *until_us, struct err *err)
{
	struct lock_name lock = {u->tenant_id, u->name, false};
	int64_t email_us = 0;
	char *lower;
	int rc = lock_until(txn, c->arena, lock, c->now_us, until_us, err);

	if (rc || !u->email)
		return rc;
	lower = arena_alloc(c->arena, strlen(u->email) + 1);
	text_to_lower(u->email, lower);
	lock = (struct lock_name){u->tenant_id, lower, true};
	rc = lock_until(txn, c->arena, lock, c->now_us, &email_us, err);
	if (email_us > *until_us)
		*until_us = email_us;
	return rc;
}

static int
list_body(struct txn *txn, void *ctx, struct err *err)
{
	struct list *c = ctx;
	struct user u;
	int rc;

	c->name_count = c->count = c->total = 0;
	c->items = arena_array(c->arena, c->cap, sizeof *c->items);
	rc = store_user_names(txn, c->actor->tenant_id, NULL, note_name, c, err);
	for (size_t i = 0; !rc && i < c->name_count; i++) {
		rc = store_user_get(txn, c->arena, c->names[i].id, &u, err);
		if (rc == ERR_MISSING) {
			rc = 0; /* deleted since his name was read */
			continue;
		}
		if (rc || (c->query && !contains(c->arena, u.name, c->query) &&
			      !contains(c->arena, u.email, c->query)))
			continue;
		c->total++;
		if (c->count == c->cap || (c->after && strcmp(u.name, c->after) <= 0))
			continue;
		c->items[c->count] = (struct user_view){.user = u};
		rc = locked_until(txn, c, &u, &c->items[c->count].locked_us, err);
		c->count++;
	}
	return rc;
}

int
service_list_users(struct service *sv, struct arena *a, const struct actor *actor,
    int64_t now_us, const char *query, const char *after, size_t cap, struct user_view **list,
    size_t *count, size_t *total, struct err *err)
{
	struct list c = {
	    .arena = a, .actor = actor, .now_us = now_us, .after = after, .cap = cap};
	char *lower = arena_alloc(a, query ? strlen(query) + 1 : 1);
	int rc = require_admin_scope(actor, SCOPE_ACCESS, err);

	if (query) {
		text_to_lower(query, lower);
		c.query = lower;
	}
	if (!rc)
		rc = store_run(sv->store, list_body, &c, err);
	free(c.names);
	if (rc)
		return rc;
	*list = c.items;
	*count = c.count;
	*total = c.total;
	return 0;
}

/* ---- by id or name ---- */

struct find {
	struct arena arena;
	const struct actor *actor;
	const char *text;
	uint64_t id; /* 0: by name */
	struct user user;
};

static int
find_body(struct txn *txn, void *ctx, struct err *err)
{
	struct find *c = ctx;
	int rc = ERR_MISSING;

	arena_clear(&c->arena);
	if (c->id)
		rc = own_user(txn, &c->arena, c->actor, c->id, &c->user, err);
	/* A name may be spelled like an id. */
	if (rc == ERR_MISSING)
		rc = store_user_by_name(
		    txn, &c->arena, c->actor->tenant_id, c->text, &c->user, err);
	return rc == ERR_MISSING ? err_fail(err, rc, "User not found") : rc;
}

/* A user of the tenant: *id. */
static int
find_user(struct service *sv, struct find c, uint64_t *id, struct err *err)
{
	int rc = store_run(sv->store, find_body, &c, err);

	*id = c.user.id;
	arena_release(&c.arena);
	return rc;
}

static int
find_in_tenant(struct service *sv, const struct actor *actor, const char *text, uint64_t *id,
    struct err *err)
{
	struct find c = {.actor = actor, .text = text};

	if (id_parse(text, strlen(text), &c.id))
		c.id = 0;
	return find_user(sv, c, id, err);
}

int
service_know_user(
    struct service *sv, const struct actor *actor, const char *text, struct err *err)
{
	uint64_t id;

	return find_in_tenant(sv, actor, text, &id, err);
}

int
service_user_by_name(struct service *sv, const struct actor *actor, const char *name,
    uint64_t *id, struct err *err)
{
	return find_user(sv, (struct find){.actor = actor, .text = name}, id, err);
}

int
service_find_user(struct service *sv, const struct actor *actor, const char *text, uint64_t *id,
    struct err *err)
{
	uint64_t own;
	int rc;

	if (id_parse(text, strlen(text), &own))
		own = 0;
	if (actor->user_id && (own == actor->user_id || !strcmp(text, actor->name))) {
		*id = actor->user_id;
		return 0;
	}
	rc = require_admin(actor, err);
	return rc ? rc : find_in_tenant(sv, actor, text, id, err);
}
