/*
 * Log-in: by name or address and password, or by an administrator's token.
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
	pack_str(&what, name.is_email ? "e-mail" : "login");
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

/* Fails: ERR_MISSING when there is no such user; tenant and lock are set all the same. */
static int
find_claimed(struct txn *txn, struct claim *c, struct tenant *tenant, struct err *err)
{
	const struct login *who = c->who;
	struct lock_name *lock = &c->lock;
	char *lower;
	int rc;

	*lock = (struct lock_name){.name = who->name, .is_email = !who->name};
	if (who->name)
		rc = find_tenant(txn, &c->arena, &lock->name, tenant, err);
	else if (who->tenant_id)
		rc = store_tenant_get(txn, &c->arena, who->tenant_id, tenant, err);
	else
		rc = store_tenant_first(txn, &c->arena, tenant, err);
	lock->tenant_id = tenant->id;
	if (!lock->is_email)
		return rc ? rc
			  : store_user_by_name(
				txn, &c->arena, tenant->id, lock->name, &c->user, err);
	lower = arena_alloc(&c->arena, strlen(who->email) + 1);
	text_to_lower(who->email, lower);
	lock->name = lower;
	return rc ? rc : store_user_by_email(txn, &c->arena, tenant->id, lower, &c->user, err);
}

static int
claim_body(struct txn *txn, void *ctx, struct err *err)
{
	struct claim *c = ctx;
	struct tenant tenant = {0};
	int rc;

	arena_clear(&c->arena);
	c->user = (struct user){0};
	rc = find_claimed(txn, c, &tenant, err);
	c->known = !rc && tenant.enabled && c->user.enabled;
	if (rc && rc != ERR_MISSING)
		return rc;
	return lock_until(txn, &c->arena, c->lock, c->who->now_us, &c->until_us, err);
}

/* Who does it, for the audit: nobody has proved to be the user yet, or just has. */
static struct actor
claimant(const struct claim *c)
{
	return (struct actor){
	    .user_id = c->user.id,
	    .tenant_id = c->lock.tenant_id,
	    .name = c->user.id ? c->user.name : c->lock.name,
	    .remote = c->who->remote,
	    .scopes = SCOPE_ALL,
	};
}

/* ---- by password ---- */

static int
wrong_pair(struct err *err)
{
	return err_fail(err, ERR_IDENTITY, "Invalid user name or password");
}

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

/* Find out whether it is he; if not, that counts. Fails: ERR_IDENTITY, *locked_us as in
 * service_login(). */
static int
prove(struct service *sv, struct claim *c, const char *password, int64_t *locked_us,
    struct err *err)
{
	int64_t now_us = c->who->now_us;
	bool matches = false;
	int rc;

	*locked_us = 0;
	rc = store_run(sv->store, claim_body, c, err);
	/* Outside any transaction: the work is long on purpose, and no lock may wait for it. */
	if (!rc && !c->until_us)
		rc = match_password(
		    sv, c->known ? c->user.password_hash : NULL, password, &matches, err);
	if (rc || (matches && c->known))
		return rc;
	if (!c->until_us)
		rc = store_run(sv->store, failed_body, c, err);
	if (rc)
		return rc;
	if (c->until_us > now_us)
		*locked_us = c->until_us - now_us;
	return wrong_pair(err);
}

/* The user who has proved to be himself, as he is now: while the password was tried he may have
 * been disabled. */
static int
proved_user(
    struct txn *txn, struct arena *a, struct claim *c, struct user *user, struct err *err)
{
	int rc = store_user_get(txn, a, c->user.id, user, err);

	if (rc == ERR_MISSING || (!rc && (!user->enabled || user->epoch != c->user.epoch)))
		return wrong_pair(err);
	return rc ? rc : lock_reset(txn, a, c->lock, err);
}

struct session {
	struct service *sv;
	struct claim *claim;
	const char *text;
};

static int
let_in_body(struct txn *txn, void *ctx, struct err *err)
{
	struct session *c = ctx;
	struct claim *claim = c->claim;
	struct actor actor = claimant(claim);
	struct user user;
	int rc;

	rc = proved_user(txn, &claim->arena, claim, &user, err);
	if (!rc)
		rc = session_issue(
		    txn, &claim->arena, c->sv, &user, claim->who, NULL, c->text, err);
	return rc ? rc
		  : audit_note(txn, &actor, claim->who->now_us, "login", user.id, err, NULL);
}

int
service_login(struct service *sv, const struct login *who, const char *password,
    char token[TOKEN_TEXT], int64_t *locked_us, struct err *err)
{
	struct claim c = {.who = who};
	struct session session = {.sv = sv, .claim = &c, .text = token};
	int rc = prove(sv, &c, password, locked_us, err);

	if (!rc) {
		token_secret(sv, token);
		rc = store_run(sv->store, let_in_body, &session, err);
	}
	arena_release(&c.arena);
	return rc;
}

struct login_once {
	struct arena *arena;
	struct claim *claim;
	struct actor *actor;
};

static int
once_body(struct txn *txn, void *ctx, struct err *err)
{
	struct login_once *c = ctx;
	struct tenant tenant;
	struct user user;
	int rc;

	rc = proved_user(txn, c->arena, c->claim, &user, err);
	if (!rc)
		rc = store_tenant_get(txn, c->arena, user.tenant_id, &tenant, err);
	if (rc)
		return rc;
	*c->actor = user_actor(&user, &tenant);
	c->actor->remote = c->claim->who->remote;
	return 0;
}

int
service_login_once(struct service *sv, struct arena *a, const struct login *who,
    const char *password, struct actor *actor, int64_t *locked_us, struct err *err)
{
	struct claim claim = {.who = who};
	struct login_once c = {a, &claim, actor};
	int rc = prove(sv, &claim, password, locked_us, err);

	if (!rc)
		rc = store_run(sv->store, once_body, &c, err);
	arena_release(&claim.arena);
	return rc;
}

/* ---- by an administrator's token ---- */

struct login_for {
	struct service *sv;
	struct arena arena;
	const char *admin_token;
	struct claim *claim;
	const char *text;
};

/* The administrator who shows his token. */
static int
find_admin(struct txn *txn, struct login_for *c, struct holder *h, struct actor *admin,
    struct err *err)
{
	int64_t now_us = c->claim->who->now_us;
	int rc = find_holder(txn, &c->arena, c->admin_token, now_us, h, err);

	if (!rc && h->token.kind == TOKEN_CLIENT)
		rc = ERR_MISSING;
	if (rc == ERR_MISSING)
		return err_fail(err, ERR_IDENTITY, "Invalid or missing token");
	if (rc)
		return rc;
	*admin = token_actor(h);
	admin->remote = c->claim->who->remote;
	rc = require_admin_scope(admin, SCOPE_ACCESS, err);
	/* What ends the one who let him in would not reach those whom he lets in. */
	if (!rc && h->token.made_by)
		rc = err_fail(err, ERR_DENIED, "Insufficient permissions");
	if (!rc && h->token.kind == TOKEN_SESSION && !h->token.lets_in) {
		h->token.lets_in = true;
		rc = store_token_put(txn, &h->token, err);
	}
	return rc ? rc : note_use(txn, h, now_us, err);
}

static int
let_in_for_body(struct txn *txn, void *ctx, struct err *err)
{
	struct login_for *c = ctx;
	struct claim *claim = c->claim;
	struct holder maker;
	struct actor admin;
	int rc;

	arena_clear(&c->arena);
	rc = find_admin(txn, c, &maker, &admin, err);
	if (!rc)
		rc = claim_body(txn, claim, err);
	if (rc)
		return rc;
	if (!claim->known || claim->lock.tenant_id != admin.tenant_id)
		return err_fail(err, ERR_MISSING, "User not found");
	if (!actor_is_over(&admin, claim->user.role))
		return err_fail(err, ERR_DENIED, "Insufficient permissions");
	rc = session_issue(
	    txn, &claim->arena, c->sv, &claim->user, claim->who, &maker, c->text, err);
	return rc ? rc
		  : audit_note(txn, &admin, claim->who->now_us, "login.token", claim->user.id,
			err, "for %s", claim->user.name);
}

int
service_login_for(struct service *sv, const struct login *who, const char *admin_token,
    char token[TOKEN_TEXT], struct err *err)
{
	struct claim claim = {.who = who};
	struct login_for c = {
	    .sv = sv, .admin_token = admin_token, .claim = &claim, .text = token};
	int rc;

	token_secret(sv, token);
	rc = store_run(sv->store, let_in_for_body, &c, err);
	arena_release(&claim.arena);
	arena_release(&c.arena);
	return rc;
}
