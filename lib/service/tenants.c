/* Tenants: for Enterprise Admins, who manage them all and work in their own. */
#include "service/internal.h"

static int
require_enterprise(const struct actor *actor, struct err *err)
{
	if (actor->role != ROLE_ENTERPRISE_ADMIN)
		return err_fail(err, ERR_DENIED, "Insufficient permissions");
	return require_scope(actor, SCOPE_ACCESS, err);
}

static int
get_tenant(struct txn *txn, struct arena *a, uint64_t id, struct tenant *t, struct err *err)
{
	int rc = store_tenant_get(txn, a, id, t, err);

	if (!rc && t->deleted)
		rc = ERR_MISSING;
	return rc == ERR_MISSING ? err_fail(err, rc, "Tenant not found") : rc;
}

int
live_tenant(struct txn *txn, struct arena *a, uint64_t id, struct tenant *t, struct err *err)
{
	int rc = get_tenant(txn, a, id, t, err);

	if (!rc && !t->enabled)
		return err_fail(err, ERR_MISSING, "Tenant not found");
	return rc;
}

struct change {
	struct arena arena;
	const struct actor *actor;
	int64_t now_us;
	uint64_t id;
	uint32_t wish; /* for the numbers of a new one */
	const char *name;
	const bool *enabled;
};

static int
put_tenant(struct txn *txn, const struct tenant *t, struct err *err)
{
	int rc = store_tenant_put(txn, t, err);

	return rc == ERR_CONFLICT
		   ? err_fail(err, rc, "A tenant with this name exists: %s", t->name)
		   : rc;
}

static int
check_name(const char *name, struct err *err)
{
	if (!tenant_name_is_valid(name))
		return err_fail(err, ERR_INPUT,
		    "Invalid value: name: 1 to %d of a-z, 0-9 and -, not - first",
		    TENANT_NAME_MAX);
	return 0;
}

static int
run_change(struct service *sv, struct change *c,
    int (*body)(struct txn *txn, void *ctx, struct err *err), struct err *err)
{
	int rc = require_enterprise(c->actor, err);

	if (!rc && c->name)
		rc = check_name(c->name, err);
	if (!rc)
		rc = store_run(sv->store, body, c, err);
	arena_release(&c->arena);
	return rc;
}

static int
create_body(struct txn *txn, void *ctx, struct err *err)
{
	struct change *c = ctx;
	struct tenant t = {.name = c->name, .enabled = true, .created_us = c->now_us};
	int rc;

	rc = store_new_tenant_id(txn, c->wish, &t.id, err);
	if (!rc)
		rc = put_tenant(txn, &t, err);
	if (rc)
		return rc;
	c->id = t.id;
	return audit_note(
	    txn, c->actor, c->now_us, "tenant.create", t.id, err, "name %s", t.name);
}

int
service_create_tenant(struct service *sv, const struct actor *actor, int64_t now_us,
    const char *name, uint64_t *id, struct err *err)
{
	struct change c = {.actor = actor, .now_us = now_us, .name = name};
	int rc;

	sv->random(&c.wish, sizeof c.wish);
	rc = run_change(sv, &c, create_body, err);
	if (!rc)
		*id = c.id;
	return rc;
}

/* The tenant that everything begins with, and that its administrators work in. */
static int
check_not_first(struct txn *txn, struct arena *a, uint64_t id, struct err *err)
{
	struct tenant first;
	int rc = store_tenant_first(txn, a, &first, err);

	if (!rc && first.id == id)
		return err_fail(err, ERR_CONFLICT, "The first tenant stays");
	return rc;
}

static int
update_body(struct txn *txn, void *ctx, struct err *err)
{
	struct change *c = ctx;
	struct tenant t;
	int rc;

	rc = get_tenant(txn, &c->arena, c->id, &t, err);
	if (!rc && c->enabled && !*c->enabled)
		rc = check_not_first(txn, &c->arena, c->id, err);
	if (rc)
		return rc;
	if (c->name)
		t.name = c->name;
	if (c->enabled)
		t.enabled = *c->enabled;
	rc = put_tenant(txn, &t, err);
	return rc ? rc
		  : audit_note(txn, c->actor, c->now_us, "tenant.update", t.id, err,
			"name %s, %s", t.name, t.enabled ? "enabled" : "disabled");
}

int
service_update_tenant(struct service *sv, const struct actor *actor, int64_t now_us,
    uint64_t id, const char *name, const bool *enabled, struct err *err)
{
	struct change c = {
	    .actor = actor, .now_us = now_us, .id = id, .name = name, .enabled = enabled};

	return run_change(sv, &c, update_body, err);
}

static int
note_any(void *ctx, const char *name, uint64_t id)
{
	bool *any = ctx;

	(void)name, (void)id;
	*any = true;
	return ERR_CONFLICT; /* one is enough */
}

static int
check_empty(struct txn *txn, struct arena *a, uint64_t id, struct err *err)
{
	struct secret *secrets;
	size_t count = 0;
	bool any = false;
	int rc;

	rc = store_user_names(txn, id, NULL, note_any, &any, err);
	if (!rc)
		rc = store_schedule_names(txn, id, NULL, note_any, &any, err);
	if (!rc)
		rc = store_calendar_names(txn, id, NULL, note_any, &any, err);
	if (!rc)
		rc = store_secret_list(txn, a, id, &secrets, &count, err);
	return any || count ? err_fail(err, ERR_CONFLICT,
				  "The tenant has users, schedules, calendars or secrets")
			    : rc;
}

static int
delete_body(struct txn *txn, void *ctx, struct err *err)
{
	struct change *c = ctx;
	struct tenant t;
	int rc;

	rc = get_tenant(txn, &c->arena, c->id, &t, err);
	if (!rc)
		rc = check_not_first(txn, &c->arena, c->id, err);
	if (!rc)
		rc = check_empty(txn, &c->arena, c->id, err);
	if (rc)
		return rc;
	/* The record stays: what ran for the tenant, and its audit, belong to it for ever. */
	t.deleted = true;
	t.enabled = false;
	rc = store_tenant_put(txn, &t, err);
	return rc ? rc
		  : audit_note(txn, c->actor, c->now_us, "tenant.delete", t.id, err, "name %s",
			t.name);
}

int
service_delete_tenant(
    struct service *sv, const struct actor *actor, int64_t now_us, uint64_t id, struct err *err)
{
	struct change c = {.actor = actor, .now_us = now_us, .id = id};

	return run_change(sv, &c, delete_body, err);
}

struct list {
	struct arena *arena;
	struct tenant *items;
	size_t count;
};

static int
list_body(struct txn *txn, void *ctx, struct err *err)
{
	struct list *c = ctx;
	size_t all, n = 0;
	int rc;

	rc = store_tenant_list(txn, c->arena, &c->items, &all, err);
	if (rc)
		return rc;
	for (size_t i = 0; i < all; i++) {
		if (!c->items[i].deleted)
			c->items[n++] = c->items[i];
	}
	c->count = n;
	return 0;
}

static int
first_made_first(const void *a, const void *b)
{
	const struct tenant *x = a, *y = b;

	if (x->created_us != y->created_us)
		return x->created_us < y->created_us ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

int
service_list_tenants(struct service *sv, struct arena *a, const struct actor *actor,
    struct tenant **list, size_t *count, struct err *err)
{
	struct list c = {.arena = a};
	int rc = require_enterprise(actor, err);

	if (!rc)
		rc = store_run(sv->store, list_body, &c, err);
	if (rc)
		return rc;
	if (c.count)
		qsort(c.items, c.count, sizeof *c.items, first_made_first);
	*list = c.items;
	*count = c.count;
	return 0;
}
