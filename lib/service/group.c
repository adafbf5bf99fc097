/* Concurrency groups: the steps (see group.h), and the use cases. */
#include "service/group.h"

#include <string.h>

#include "base/utf8.h"
#include "service/internal.h"

int
group_find(struct txn *txn, struct arena *a, uint64_t tenant_id, const char *name, uint64_t *id,
    struct err *err)
{
	struct run_group g = {0};
	int rc;

	*id = 0;
	if (!name)
		return 0;
	rc = store_group_by_name(txn, a, tenant_id, name, &g, err);
	if (rc == ERR_MISSING) {
		g.limit = GROUP_LIMIT_DEFAULT;
		rc = store_next_id(txn, tenant_id, &g.id, err);
		if (!rc)
			rc = store_group_put(txn, &g, err);
	}
	*id = g.id;
	return rc;
}

/* Forget that it waits, if it does. */
static int
unwait(struct txn *txn, const struct execution *e, struct err *err)
{
	int rc = store_group_unwait(txn, e->group_id, e->priority, e->id, err);

	return rc == ERR_MISSING ? 0 : rc;
}

int
group_enter(
    struct txn *txn, struct arena *a, const struct execution *e, bool *may, struct err *err)
{
	struct run_group g;
	size_t free;
	int rc;

	*may = true;
	if (!e->group_id)
		return 0;
	rc = store_group_holds(txn, e->group_id, e->id, may, err);
	if (rc || *may)
		return rc;
	rc = store_group_lock(txn, a, e->group_id, &g, err);
	if (!rc)
		rc = store_group_take(txn, &g, 0, &free, err);
	if (rc)
		return rc;
	*may = free > 0;
	if (!*may)
		return store_group_wait(txn, g.id, e->priority, e->id, err);
	rc = store_group_take(txn, &g, e->id, &free, err);
	return rc ? rc : unwait(txn, e, err);
}

int
group_pass(struct txn *txn, struct arena *a, uint64_t group_id, bool *queued, struct err *err)
{
	uint64_t next[GROUP_LIMIT_MAX];
	struct execution e;
	size_t free, count;
	struct run_group g;
	int rc;

	rc = store_group_lock(txn, a, group_id, &g, err);
	if (!rc)
		rc = store_group_take(txn, &g, 0, &free, err);
	if (!rc)
		rc = store_group_next(txn, group_id, next, free, &count, err);
	for (size_t i = 0; !rc && i < count; i++) {
		rc = store_execution_get(txn, a, next[i], &e, err);
		if (!rc)
			rc = unwait(txn, &e, err);
		if (!rc)
			rc = store_queue_put(txn, e.id, err);
		*queued = true;
	}
	return rc;
}

int
group_leave(
    struct txn *txn, struct arena *a, const struct execution *e, bool *queued, struct err *err)
{
	int rc;

	if (!e->group_id)
		return 0;
	rc = store_group_leave(txn, e->group_id, e->id, err);
	if (!rc || rc == ERR_MISSING)
		rc = unwait(txn, e, err);
	/* Also if it had no place: it may have been the next, and on its way to the free one. */
	return rc ? rc : group_pass(txn, a, e->group_id, queued, err);
}

/* ---- the use cases ---- */

struct set {
	struct service *sv;
	struct arena arena;
	const struct actor *actor;
	int64_t now_us;
	const char *name;
	uint32_t limit;
};

static int
set_body(struct txn *txn, void *ctx, struct err *err)
{
	struct set *c = ctx;
	bool queued = false;
	struct run_group g;
	uint64_t id;
	int rc;

	arena_clear(&c->arena);
	rc = group_find(txn, &c->arena, c->actor->tenant_id, c->name, &id, err);
	if (!rc)
		rc = store_group_get(txn, &c->arena, id, &g, err);
	if (rc)
		return rc;
	g.limit = c->limit;
	rc = store_group_put(txn, &g, err);
	if (!rc)
		rc = group_pass(txn, &c->arena, id, &queued, err);
	return rc ? rc
		  : audit_note(txn, c->actor, c->now_us, "group.set", id, err,
			"name %s, limit %u", c->name, c->limit);
}

int
service_set_group(struct service *sv, const struct actor *actor, int64_t now_us,
    const char *name, uint32_t limit, struct err *err)
{
	struct set c = {
	    .sv = sv, .actor = actor, .now_us = now_us, .name = name, .limit = limit};
	int rc = require_admin_scope(actor, SCOPE_MANAGE, err);

	if (!rc)
		rc = require_no_tags(actor, err);
	if (!rc)
		rc = schedule_check_group(name, "name", err);
	if (!rc && (limit < 1 || limit > GROUP_LIMIT_MAX))
		rc = err_fail(err, ERR_INPUT,
		    "Invalid value: limit: must be a whole number from 1 to %d",
		    GROUP_LIMIT_MAX);
	if (!rc)
		rc = store_has_room(sv->store, err);
	if (!rc)
		rc = store_run(sv->store, set_body, &c, err);
	arena_release(&c.arena);
	if (!rc)
		ring(sv);
	return rc;
}

struct list {
	struct arena *arena;
	const struct actor *actor;
	const char *after;
	struct group_view *items;
	uint64_t *ids;
	size_t count, cap;
};

/* One more than `cap` tells that the list goes on. */
enum { GROUPS_FULL = 1 };

static int
add_group(void *ctx, const char *name, uint64_t id)
{
	struct list *c = ctx;

	(void)name;
	if (c->count == c->cap)
		return GROUPS_FULL;
	c->ids[c->count++] = id;
	return 0;
}

static int
list_body(struct txn *txn, void *ctx, struct err *err)
{
	struct list *c = ctx;
	int rc;

	c->count = 0;
	rc = store_group_names(txn, c->actor->tenant_id, c->after, add_group, c, err);
	if (rc == GROUPS_FULL)
		rc = 0;
	for (size_t i = 0; !rc && i < c->count; i++) {
		struct group_view *v = &c->items[i];

		rc = store_group_get(txn, c->arena, c->ids[i], &v->group, err);
		if (!rc)
			rc = store_group_count(txn, v->group.id, &v->running, &v->waiting, err);
	}
	return rc;
}

int
service_list_groups(struct service *sv, struct arena *a, const struct actor *actor,
    const char *after, size_t cap, struct group_view **list, size_t *count, struct err *err)
{
	struct list c = {
	    .arena = a,
	    .actor = actor,
	    .after = after,
	    .items = arena_array(a, cap, sizeof *c.items),
	    .ids = arena_array(a, cap, sizeof *c.ids),
	    .cap = cap,
	};
	int rc = require_scope(actor, SCOPE_READ, err);

	if (!rc)
		rc = require_no_tags(actor, err);
	if (!rc)
		rc = store_run(sv->store, list_body, &c, err);
	*list = c.items;
	*count = c.count;
	return rc;
}
