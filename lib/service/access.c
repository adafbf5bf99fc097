/*
 * What all use cases begin with: who may, the bell, the store's own secret, several use cases as
 * one.
 */
#include <string.h>

#include "service/internal.h"
#include "service/secret.h"

/* The store's named value that holds the key of all keyed hashes. */
static const char store_key_name[] = "token-key";

int
require_admin(const struct actor *actor, struct err *err)
{
	if (!actor_is_admin(actor))
		return err_fail(err, ERR_DENIED, "Insufficient permissions");
	return 0;
}

int
require_scope(const struct actor *actor, enum scope scope, struct err *err)
{
	if (!actor_may(actor, scope))
		return err_fail(err, ERR_DENIED, "Insufficient permissions");
	return 0;
}

int
require_admin_scope(const struct actor *actor, enum scope scope, struct err *err)
{
	int rc = require_admin(actor, err);

	return rc ? rc : require_scope(actor, scope, err);
}

int
require_no_tags(const struct actor *actor, struct err *err)
{
	if (actor->tag_count)
		return err_fail(err, ERR_DENIED, "Insufficient permissions");
	return 0;
}

int
require_unlimited(const struct actor *actor, struct err *err)
{
	int rc = require_no_tags(actor, err);

	return rc ? rc : require_scope(actor, SCOPE_ALL, err);
}

void
service_progress(struct service *sv)
{
	if (sv->progress)
		sv->progress(sv->progress_ctx);
}

void
ring(struct service *sv)
{
	if (store_is_running(sv->store))
		sv->must_ring = true;
	else
		sv->ring(sv->ring_ctx);
}

/* ---- several as one ---- */

struct together {
	struct service *sv;
	int (*body)(void *ctx, struct err *err);
	void *ctx;
};

static int
together_body(struct txn *txn, void *ctx, struct err *err)
{
	struct together *c = ctx;

	(void)txn;
	return c->body(c->ctx, err);
}

/* What remains of a failure though nothing of it was committed: a guessed password is counted, or
 * the guess is not answered. */
static int
settle_failure(struct service *sv, int rc, struct err *err)
{
	struct err why = {0};
	int counted = 0;

	if (sv->wrong_password.user_id)
		counted = count_wrong_password(
		    sv, sv->wrong_password.user_id, sv->wrong_password.now_us, &why);
	if (counted)
		*err = why;
	return counted ? counted : rc;
}

int
service_together(
    struct service *sv, int (*body)(void *ctx, struct err *err), void *ctx, struct err *err)
{
	struct together c = {sv, body, ctx};
	bool outermost = !store_is_running(sv->store);
	int rc;

	if (outermost) {
		sv->must_ring = false;
		sv->wrong_password.user_id = 0;
	}
	rc = store_run(sv->store, together_body, &c, err);
	if (outermost && !rc && sv->must_ring)
		ring(sv);
	return outermost && rc ? settle_failure(sv, rc, err) : rc;
}

/* ---- the store's own secret ---- */

int
store_key(struct txn *txn, struct arena *a, const unsigned char **key, struct err *err)
{
	const void *data;
	size_t len;
	int rc;

	rc = store_value_get(txn, a, store_key_name, &data, &len, err);
	if (rc)
		return err_wrap(
		    err, rc == ERR_MISSING ? ERR_IO : rc, "key of the token hashes");
	if (len != SECRET_KEY_BYTES)
		return err_fail(err, ERR_IO, "key of the token hashes: %zu bytes long", len);
	*key = data;
	return 0;
}

struct init {
	struct arena arena;
	unsigned char key[SECRET_KEY_BYTES];
};

static int
init_body(struct txn *txn, void *ctx, struct err *err)
{
	struct init *in = ctx;
	struct tenant tenant = {.name = "main", .enabled = true};
	const void *data;
	size_t len;
	int rc;

	rc = store_value_get(txn, &in->arena, store_key_name, &data, &len, err);
	if (rc != ERR_MISSING)
		return rc;
	rc = store_value_put(txn, store_key_name, in->key, sizeof in->key, err);
	if (!rc)
		rc = store_next_id(txn, 0, &tenant.id, err);
	if (!rc)
		rc = store_tenant_put(txn, &tenant, err);
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
	struct tenant tenant;
	int rc = store_tenant_first(txn, c->arena, &tenant, err);

	*c->actor = (struct actor){
	    .tenant_id = tenant.id,
	    .tenant = tenant.name,
	    .name = "$system",
	    .role = ROLE_ENTERPRISE_ADMIN,
	    .scopes = SCOPE_ALL,
	    .job_rights = JOB_RIGHTS_ALL,
	};
	return rc;
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

/* ---- passwords ---- */

int
check_password(const char *password, const char *member, struct err *err)
{
	if (!*password || strlen(password) > SECRET_PASSWORD_MAX)
		return err_fail(err, ERR_INPUT, "Invalid value: %s: 1 to %d bytes", member,
		    SECRET_PASSWORD_MAX);
	return 0;
}

static int
enter_heavy(struct service *sv, struct err *err)
{
	if (sv->heavy_enter && sv->heavy_enter(sv->heavy_ctx))
		return err_fail(err, ERR_BUSY, "too many passwords are being hashed");
	return 0;
}

static void
leave_heavy(struct service *sv)
{
	if (sv->heavy_leave)
		sv->heavy_leave(sv->heavy_ctx);
}

int
hash_password(
    struct service *sv, const char *password, char hash[SECRET_HASH_TEXT], struct err *err)
{
	int rc = enter_heavy(sv, err);

	if (rc)
		return rc;
	rc = secret_hash_password(password, hash, err);
	leave_heavy(sv);
	return rc;
}

int
match_password(
    struct service *sv, const char *hash, const char *password, bool *matches, struct err *err)
{
	int rc = enter_heavy(sv, err);

	if (rc)
		return rc;
	*matches = secret_password_matches(hash, password);
	leave_heavy(sv);
	return 0;
}
