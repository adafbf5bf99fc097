/*
 * Log-in: by name and password, or by an administrator's token; and who holds a token.
 *
 * A name that failed several times in a row is locked for a while, which grows. That is counted
 * under a hash of the name and for every name, whether there is such a user or not, so that
 * neither the answers nor the store tell which names exist.
 */
#include <string.h>

#include "base/pack.h"
#include "service/internal.h"
#include "service/secret.h"

enum { FAILURES_FREE = 5 };
#define LOCK_FIRST_US SECOND_US
#define LOCK_MAX_US   (15 * MINUTE_US)

/*
 * A session's use is noted at most so often, because each note is a write; and well before the
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

/* ---- failures in a row ---- */

static int
lock_hash(struct txn *txn, struct arena *a, struct lock_name name,
    unsigned char hash[DAILY_HASH_BYTES], struct err *err)
{
	struct buf what = BUF_INIT;
	const unsigned char *key;
	int rc = store_key(txn, a, &key, err);

	if (rc)
		return rc;
	pack_str(&what, "login");
	pack_u64(&what, name.tenant_id);
	pack_str(&what, name.name);
	secret_hash(key, what.data, what.len, hash);
	buf_release(&what);
	return 0;
}

static int
get_failures(struct txn *txn, struct arena *a, struct lock_name name, int64_t now_us,
    unsigned char hash[DAILY_HASH_BYTES], struct failures *f, struct err *err)
{
	int rc = lock_hash(txn, a, name, hash, err);

	if (!rc)
		rc = store_failures_get(txn, hash, f, err);
	if (rc == ERR_MISSING || (!rc && now_us - f->last_us > DAILY_US)) {
		*f = (struct failures){0};
		rc = 0;
	}
	return rc;
}

int
lock_until(struct txn *txn, struct arena *a, struct lock_name name, int64_t now_us,
    int64_t *until_us, struct err *err)
{
	unsigned char hash[DAILY_HASH_BYTES];
	struct failures f;
	int rc = get_failures(txn, a, name, now_us, hash, &f, err);

	*until_us = !rc && f.until_us > now_us ? f.until_us : 0;
	return rc;
}

static int64_t
lock_length(uint32_t failures)
{
	int64_t us = LOCK_FIRST_US;

	if (failures < FAILURES_FREE)
		return 0;
	for (uint32_t n = FAILURES_FREE; n < failures && us < LOCK_MAX_US; n++)
		us *= 2;
	return us < LOCK_MAX_US ? us : LOCK_MAX_US;
}

int
lock_failed(struct txn *txn, struct arena *a, struct lock_name name, int64_t now_us,
    int64_t *until_us, struct err *err)
{
	unsigned char hash[DAILY_HASH_BYTES];
	struct failures f;
	int rc = get_failures(txn, a, name, now_us, hash, &f, err);

	*until_us = 0;
	if (rc)
		return rc;
	if (f.count < UINT32_MAX)
		f.count++;
	f.last_us = now_us;
	if (lock_length(f.count))
		f.until_us = now_us + lock_length(f.count);
	*until_us = f.until_us;
	return store_failures_put(txn, hash, &f, err);
}

int
lock_reset(struct txn *txn, struct arena *a, struct lock_name name, struct err *err)
{
	unsigned char hash[DAILY_HASH_BYTES];
	struct failures f;
	int rc = lock_hash(txn, a, name, hash, err);

	/* Nearly always there is nothing to write. */
	if (!rc)
		rc = store_failures_get(txn, hash, &f, err);
	if (rc)
		return rc == ERR_MISSING ? 0 : rc;
	return store_failures_remove(txn, hash, err);
}

/* ---- whom a name means ---- */

/*
 * "ann@acme": ann of the tenant acme, if there is one of that name; every other name is a user's
 * of the first tenant. *name is what the user is called there.
 */
static int
find_tenant(
    struct txn *txn, struct arena *a, const char **name, struct tenant *t, struct err *err)
{
	const char *at = strrchr(*name, '@');
	int rc = ERR_MISSING;

	if (at && tenant_name_is_valid(at + 1))
		rc = store_tenant_by_name(txn, a, at + 1, t, err);
	if (rc != ERR_MISSING) {
		*name = arena_memdup(a, *name, (size_t)(at - *name));
		return rc;
	}
	return store_tenant_first(txn, a, t, err);
}

/* Whom somebody means, and whether he may come in as such. */
struct claim {
	struct arena arena;
	const struct login *who;
	struct lock_name lock; /* tenant and name as they were understood */
	bool known;	       /* there is such a user, and he may log in */
	struct user user;
	int64_t until_us;
};

static int
claim_body(struct txn *txn, void *ctx, struct err *err)
{
	struct claim *c = ctx;
	struct tenant tenant;
	int rc;

	arena_clear(&c->arena);
	c->user = (struct user){0};
	c->lock.name = c->who->name;
	rc = find_tenant(txn, &c->arena, &c->lock.name, &tenant, err);
	if (rc)
		return rc;
	c->lock.tenant_id = tenant.id;
	rc = lock_until(txn, &c->arena, c->lock, c->who->now_us, &c->until_us, err);
	if (!rc)
		rc = store_user_by_name(txn, &c->arena, tenant.id, c->lock.name, &c->user, err);
	c->known = !rc && tenant.enabled && c->user.enabled;
	return rc == ERR_MISSING ? 0 : rc;
}

/* Who does it, for the audit: nobody has proved to be the user yet, or just has. */
static struct actor
claimant(const struct claim *c)
{
	return (struct actor){
	    .user_id = c->user.id,
	    .tenant_id = c->lock.tenant_id,
	    .name = c->lock.name,
	    .remote = c->who->remote,
	    .scopes = SCOPE_ALL,
	};
}

/* ---- by password ---- */

static int
failed_body(struct txn *txn, void *ctx, struct err *err)
{
	struct claim *c = ctx;
	struct actor actor = claimant(c);
	int64_t now_us = c->who->now_us;
	int rc = lock_failed(txn, &c->arena, c->lock, now_us, &c->until_us, err);

	/* Only of users that exist: else anybody could fill the audit with invented names. */
	if (rc || c->until_us <= now_us || !c->user.id)
		return rc;
	return audit_note(txn, &actor, now_us, "login.locked", c->user.id, err, "for %lld s",
	    (long long)((c->until_us - now_us) / SECOND_US));
}

struct session {
	struct service *sv;
	struct claim *claim;
	const char *text;
	const struct actor *limits; /* NULL: none */
};

static int
let_in_body(struct txn *txn, void *ctx, struct err *err)
{
	struct session *c = ctx;
	struct claim *claim = c->claim;
	struct actor actor = claimant(claim);
	int64_t now_us = claim->who->now_us;
	struct user user;
	int rc;

	/* As he is now: while the password was tried he may have been disabled. */
	rc = store_user_get(txn, &claim->arena, claim->user.id, &user, err);
	if (rc == ERR_MISSING || (!rc && (!user.enabled || user.epoch != claim->user.epoch)))
		return err_fail(err, ERR_IDENTITY, "Invalid user name or password");
	if (!rc)
		rc = lock_reset(txn, &claim->arena, claim->lock, err);
	if (!rc)
		rc =
		    session_issue(txn, &claim->arena, c->sv, &user, NULL, now_us, c->text, err);
	return rc ? rc : audit_note(txn, &actor, now_us, "login", user.id, err, NULL);
}

int
service_login(struct service *sv, const struct login *who, const char *password,
    char token[TOKEN_TEXT], int64_t *locked_us, struct err *err)
{
	struct claim c = {.who = who};
	struct session session = {.sv = sv, .claim = &c, .text = token};
	bool matches = false;
	int rc;

	*locked_us = 0;
	rc = store_run(sv->store, claim_body, &c, err);
	if (rc)
		goto done;
	if (c.until_us) {
		rc = ERR_IDENTITY;
		goto refuse;
	}
	/* Outside any transaction: the work is long on purpose, and no lock may wait for it. */
	rc = match_password(sv, c.known ? c.user.password_hash : NULL, password, &matches, err);
	if (rc)
		goto done;
	if (matches && c.known) {
		token_secret(sv, token);
		rc = store_run(sv->store, let_in_body, &session, err);
		goto done;
	}
	rc = store_run(sv->store, failed_body, &c, err);
	if (rc)
		goto done;
	rc = ERR_IDENTITY;

refuse:
	if (c.until_us > who->now_us)
		*locked_us = c.until_us - who->now_us;
	err_fail(err, rc, "Invalid user name or password");
done:
	arena_release(&c.arena);
	return rc;
}

/* ---- by an administrator's token ---- */

static int
let_in_for_body(struct txn *txn, void *ctx, struct err *err)
{
	struct session *c = ctx;
	struct claim *claim = c->claim;
	const struct actor *admin = c->limits;
	int rc = claim_body(txn, claim, err);

	if (rc)
		return rc;
	if (!claim->known || claim->lock.tenant_id != admin->tenant_id)
		return err_fail(err, ERR_MISSING, "User not found");
	if (!actor_is_over(admin, claim->user.role))
		return err_fail(err, ERR_DENIED, "Insufficient permissions");
	rc = session_issue(
	    txn, &claim->arena, c->sv, &claim->user, admin, claim->who->now_us, c->text, err);
	return rc ? rc
		  : audit_note(txn, admin, claim->who->now_us, "login.token", claim->user.id,
			err, "for %s", claim->user.name);
}

int
service_login_for(struct service *sv, const struct login *who, const char *admin_token,
    char token[TOKEN_TEXT], struct err *err)
{
	struct arena arena = ARENA_INIT;
	struct claim claim = {.who = who};
	struct actor admin;
	struct session c = {.sv = sv, .claim = &claim, .text = token, .limits = &admin};
	int rc;

	rc = service_authenticate(sv, &arena, who->now_us, admin_token, &admin, err);
	if (!rc)
		rc = require_admin_scope(&admin, SCOPE_ACCESS, err);
	if (!rc) {
		admin.remote = who->remote;
		token_secret(sv, token);
		rc = store_run(sv->store, let_in_for_body, &c, err);
	}
	arena_release(&claim.arena);
	arena_release(&arena);
	return rc;
}

/* ---- by a token ---- */

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

static bool
token_is_of(const struct token *t, const struct user *user, const struct tenant *tenant)
{
	if (!user->enabled || !tenant->enabled || tenant->deleted)
		return false;
	return t->kind != TOKEN_SESSION || t->epoch == user->epoch;
}

static int
authenticate_body(struct txn *txn, void *ctx, struct err *err)
{
	struct authenticate *c = ctx;
	unsigned char hash[TOKEN_HASH_BYTES];
	const unsigned char *key;
	struct tenant tenant;
	struct token token;
	struct user user;
	int rc;

	rc = store_key(txn, c->arena, &key, err);
	if (rc)
		return rc;
	secret_token_hash(key, c->text, hash);
	rc = store_token_get(txn, c->arena, hash, &token, err);
	if (!rc && token_is_dead(&token, c->now_us))
		rc = ERR_MISSING;
	if (!rc)
		rc = store_user_get(txn, c->arena, token.user_id, &user, err);
	if (!rc)
		rc = store_tenant_get(txn, c->arena, user.tenant_id, &tenant, err);
	if (!rc && !token_is_of(&token, &user, &tenant))
		rc = ERR_MISSING;
	if (rc)
		return rc == ERR_MISSING
			   ? err_fail(err, ERR_IDENTITY, "Invalid or missing token")
			   : rc;
	*c->actor = (struct actor){
	    .user_id = user.id,
	    .tenant_id = user.tenant_id,
	    .token_id = token.id,
	    .name = user.name,
	    .role = user.role,
	    .scopes = token.scopes,
	    .tags = token.tags,
	    .tag_count = token.tag_count,
	    .expires_us = token.expires_us,
	    .tenant = tenant.name,
	};
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
