/*
 * Named calendars: see calendars.h.
 *
 * A change settles first what is due of the schedules that name the calendar, some in each
 * transaction: all due times until now have their entries then, judged by the calendar as it was. The
 * last transaction changes it, and looks at those of them that have a due time deferred.
 */
#include "service/calendars.h"

#include <stdio.h>
#include <string.h>

#include "service/fire.h"
#include "service/internal.h"

struct work {
	struct deed deed;
	struct arena arena; /* of a transaction */
	uint64_t id, version;
	struct calendar *c;
	bool done;	/* all that is due is settled */
	uint64_t after; /* the schedule that was looked at last; */
	uint64_t next;	/* and in the transaction under way */
};

static int
own_calendar(struct txn *txn, struct arena *a, const struct actor *actor, uint64_t id,
    struct calendar *c, struct err *err)
{
	int rc = store_calendar_get(txn, a, id, c, err);

	if (!rc && c->tenant_id != actor->tenant_id)
		rc = ERR_MISSING;
	return rc == ERR_MISSING ? err_fail(err, rc, "Calendar not found") : rc;
}

static int
check_zone(const struct deed *d, const char *name, const char *member, struct err *err)
{
	const struct zone *zone;
	struct err why;
	int rc = zones_get(d->sv->zones, name, &zone, &why);

	if (rc == ERR_INPUT)
		return err_fail(err, rc, "Invalid value: %s: %s", member, why.text);
	return rc ? err_fail(err, rc, "%s: %s", member, why.text) : 0;
}

static int
check_zones(const struct deed *d, const struct calendar *c, struct err *err)
{
	int rc = check_zone(d, c->excluded.time_zone, "timeZone", err);

	for (size_t i = 0; !rc && i < c->excluded.count; i++) {
		char member[48];

		if (!c->excluded.list[i].time_zone)
			continue;
		snprintf(member, sizeof member, "entries[%zu].timeZone", i);
		rc = check_zone(d, c->excluded.list[i].time_zone, member, err);
	}
	return rc;
}

static int
put(struct txn *txn, const struct calendar *c, struct err *err)
{
	int rc = store_calendar_put(txn, c, err);

	return rc == ERR_CONFLICT
		   ? err_fail(err, rc, "A calendar with this name exists: %s", c->name)
		   : rc;
}

static int
note(struct txn *txn, const struct work *w, const char *action, const struct calendar *c,
    struct err *err)
{
	return audit_note(txn, w->deed.actor, w->deed.now_us, action, c->id, err,
	    "name %s, %zu entries", c->name, c->excluded.count);
}

/* ---- create ---- */

static int
create_body(struct txn *txn, void *ctx, struct err *err)
{
	struct work *w = ctx;
	struct calendar *c = w->c;
	int rc;

	c->tenant_id = w->deed.actor->tenant_id;
	c->version = 1;
	c->created_us = c->modified_us = w->deed.now_us;
	rc = store_next_id(txn, c->tenant_id, &c->id, err);
	if (!rc)
		rc = put(txn, c, err);
	return rc ? rc : note(txn, w, "calendar.create", c, err);
}

/* What everybody needs who changes one. A calendar belongs to all schedules, also those that a token
 * with tags does not see. */
static int
require_change(const struct work *w, struct err *err)
{
	int rc = require_admin_scope(w->deed.actor, SCOPE_MANAGE, err);

	if (!rc)
		rc = require_no_tags(w->deed.actor, err);
	if (!rc && w->c)
		rc = check_zones(&w->deed, w->c, err);
	if (!rc && w->c)
		rc = store_has_room(w->deed.sv->store, err);
	return rc;
}

int
service_create_calendar(struct service *sv, const struct actor *actor, int64_t now_us,
    struct calendar *c, uint64_t *id, struct err *err)
{
	struct work w = {.deed = {sv, actor, now_us}, .c = c};
	int rc = require_change(&w, err);

	if (!rc)
		rc = store_run(sv->store, create_body, &w, err);
	*id = c->id;
	return rc;
}

/* ---- change ---- */

/* Schedules that are looked up at a time. */
enum { USES_STEP = 64 };

static int
settle_one(struct txn *txn, struct work *w, uint64_t schedule_id, bool *more, struct err *err)
{
	struct schedule_state state;
	struct schedule s;
	bool queued = false;
	int rc = store_state_get(txn, &w->arena, schedule_id, &state, err);

	*more = false;
	if (rc || state.next_due_us > w->deed.now_us)
		return rc;
	rc = store_schedule_get(txn, &w->arena, schedule_id, &s, err);
	if (!rc)
		rc = fire_due(
		    txn, &s, &state, w->deed.sv->zones, w->deed.now_us, &queued, more, err);
	return rc ? rc : store_state_put(txn, &state, err);
}

/* What is due of the next schedules. */
static int
settle_body(struct txn *txn, void *ctx, struct err *err)
{
	struct work *w = ctx;
	uint64_t ids[USES_STEP];
	size_t count;
	bool more = false;
	int rc;

	arena_clear(&w->arena);
	w->done = false;
	w->next = w->after;
	rc = store_calendar_uses(txn, w->id, w->after, ids, USES_STEP, &count, err);
	for (size_t i = 0; !rc && !more && i < count; i++) {
		rc = settle_one(txn, w, ids[i], &more, err);
		w->next = more ? w->next : ids[i];
	}
	w->done = !rc && !more && count < USES_STEP;
	return rc;
}

/* As settle_body(), which may run twice. */
static int
settle(struct work *w, struct err *err)
{
	int rc = 0;

	while (!rc && !w->done) {
		rc = store_run(w->deed.sv->store, settle_body, w, err);
		w->after = w->next;
		service_progress(w->deed.sv);
	}
	return rc;
}

static int
defer_again(struct txn *txn, struct work *w, uint64_t schedule_id, struct err *err)
{
	struct schedule_state state;
	struct schedule s;
	int rc = store_state_get(txn, &w->arena, schedule_id, &state, err);

	if (rc || state.deferred_us == INSTANT_NEVER)
		return rc;
	rc = store_schedule_get(txn, &w->arena, schedule_id, &s, err);
	if (!rc)
		rc = fire_defer_again(txn, &s, &state, w->deed.sv->zones, w->deed.now_us, err);
	return rc ? rc : store_state_put(txn, &state, err);
}

static int
defer_all_again(struct txn *txn, struct work *w, struct err *err)
{
	uint64_t ids[USES_STEP], after = 0;
	size_t count = USES_STEP;
	int rc = 0;

	while (!rc && count == USES_STEP) {
		rc = store_calendar_uses(txn, w->id, after, ids, USES_STEP, &count, err);
		for (size_t i = 0; !rc && i < count; i++)
			rc = defer_again(txn, w, ids[i], err);
		after = count ? ids[count - 1] : after;
	}
	return rc;
}

static int
update_body(struct txn *txn, void *ctx, struct err *err)
{
	struct work *w = ctx;
	struct calendar old;
	uint64_t used_by;
	size_t count;
	int rc;

	arena_clear(&w->arena);
	rc = own_calendar(txn, &w->arena, w->deed.actor, w->id, &old, err);

	if (!rc && w->version && old.version != w->version)
		rc = err_fail(err, ERR_CONFLICT, "Version is %llu, not %llu",
		    (unsigned long long)old.version, (unsigned long long)w->version);
	if (!rc)
		rc = store_calendar_uses(txn, w->id, 0, &used_by, 1, &count, err);
	if (!rc && count && strcmp(old.name, w->c->name))
		rc = err_fail(err, ERR_CONFLICT,
		    "Schedules name the calendar %s: it cannot have another name", old.name);
	if (rc)
		return rc;
	w->c->id = old.id;
	w->c->tenant_id = old.tenant_id;
	w->c->version = old.version + 1;
	w->c->created_us = old.created_us;
	w->c->modified_us = w->deed.now_us;
	rc = put(txn, w->c, err);
	if (!rc)
		rc = defer_all_again(txn, w, err);
	return rc ? rc : note(txn, w, "calendar.update", w->c, err);
}

static int
look_body(struct txn *txn, void *ctx, struct err *err)
{
	struct work *w = ctx;
	struct calendar c;

	arena_clear(&w->arena);
	return own_calendar(txn, &w->arena, w->deed.actor, w->id, &c, err);
}

int
service_update_calendar(struct service *sv, const struct actor *actor, int64_t now_us,
    uint64_t id, uint64_t version, struct calendar *c, struct err *err)
{
	struct work w = {.deed = {sv, actor, now_us}, .id = id, .version = version, .c = c};
	int rc = require_change(&w, err);

	if (!rc)
		rc = store_run(sv->store, look_body, &w, err);
	if (!rc)
		rc = settle(&w, err);
	if (!rc)
		rc = store_run(sv->store, update_body, &w, err);
	if (!rc)
		ring(sv);
	arena_release(&w.arena);
	return rc;
}

/* ---- delete ---- */

static int
delete_body(struct txn *txn, void *ctx, struct err *err)
{
	struct work *w = ctx;
	struct calendar c;
	struct schedule s;
	uint64_t used_by;
	size_t count;
	int rc;

	arena_clear(&w->arena);
	rc = own_calendar(txn, &w->arena, w->deed.actor, w->id, &c, err);
	if (!rc)
		rc = store_calendar_uses(txn, w->id, 0, &used_by, 1, &count, err);
	if (!rc && count) {
		rc = store_schedule_get(txn, &w->arena, used_by, &s, err);
		return rc ? rc
			  : err_fail(err, ERR_CONFLICT,
				"The calendar is in use, by the schedule %s", s.name);
	}
	if (!rc)
		rc = store_calendar_remove(txn, &c, err);
	return rc ? rc : note(txn, w, "calendar.delete", &c, err);
}

int
service_delete_calendar(
    struct service *sv, const struct actor *actor, int64_t now_us, uint64_t id, struct err *err)
{
	struct work w = {.deed = {sv, actor, now_us}, .id = id};
	int rc = require_change(&w, err);

	if (!rc)
		rc = store_run(sv->store, delete_body, &w, err);
	arena_release(&w.arena);
	return rc;
}

/* ---- show ---- */

struct show {
	struct arena *arena;
	const struct actor *actor;
	uint64_t id;
	const char *name, *after;
	struct calendar_view *list;
	size_t count, cap;
};

static int
view_calendar(struct txn *txn, struct arena *a, const struct show *c, uint64_t id,
    struct calendar_view *view, struct err *err)
{
	uint64_t ids[USES_STEP], after = 0;
	size_t count = USES_STEP;
	int rc = own_calendar(txn, a, c->actor, id, &view->calendar, err);

	view->uses = 0;
	while (!rc && count == USES_STEP) {
		rc = store_calendar_uses(txn, id, after, ids, USES_STEP, &count, err);
		after = count ? ids[count - 1] : after;
		view->uses += count;
	}
	return rc;
}

/* Without its entries, which may be many. */
static int
view_head(
    struct txn *txn, struct show *c, uint64_t id, struct calendar_view *view, struct err *err)
{
	struct arena scratch = ARENA_INIT;
	int rc = view_calendar(txn, &scratch, c, id, view, err);
	struct calendar *calendar = &view->calendar;

	if (!rc) {
		calendar->name = arena_strdup(c->arena, calendar->name);
		calendar->description = arena_strdup(c->arena, calendar->description);
		calendar->excluded.time_zone =
		    arena_strdup(c->arena, calendar->excluded.time_zone);
		calendar->excluded.list = NULL;
	}
	arena_release(&scratch);
	return rc;
}

static int
get_body(struct txn *txn, void *ctx, struct err *err)
{
	struct show *c = ctx;

	return view_calendar(txn, c->arena, c, c->id, c->list, err);
}

int
service_get_calendar(struct service *sv, struct arena *a, const struct actor *actor,
    uint64_t id, struct calendar_view *view, struct err *err)
{
	struct show c = {.arena = a, .actor = actor, .id = id, .list = view};
	int rc = require_scope(actor, SCOPE_READ, err);

	return rc ? rc : store_run(sv->store, get_body, &c, err);
}

static int
by_name_body(struct txn *txn, void *ctx, struct err *err)
{
	struct show *c = ctx;
	struct calendar calendar;
	int rc =
	    store_calendar_by_name(txn, c->arena, c->actor->tenant_id, c->name, &calendar, err);

	c->id = calendar.id;
	return rc == ERR_MISSING ? err_fail(err, rc, "Calendar not found") : rc;
}

int
service_calendar_by_name(struct service *sv, const struct actor *actor, const char *name,
    uint64_t *id, struct err *err)
{
	struct arena scratch = ARENA_INIT;
	struct show c = {.arena = &scratch, .actor = actor, .name = name};
	int rc = require_scope(actor, SCOPE_READ, err);

	if (!rc)
		rc = store_run(sv->store, by_name_body, &c, err);
	arena_release(&scratch);
	*id = rc ? 0 : c.id;
	return rc;
}

static int
note_name(void *ctx, const char *name, uint64_t id)
{
	struct show *c = ctx;

	(void)name;
	if (c->count == c->cap)
		return 1; /* enough */
	c->list[c->count++].calendar.id = id;
	return 0;
}

static int
list_body(struct txn *txn, void *ctx, struct err *err)
{
	struct show *c = ctx;
	size_t n = 0;
	int rc;

	c->count = 0;
	rc = store_calendar_names(txn, c->actor->tenant_id, c->after, note_name, c, err);
	if (rc > 0)
		rc = 0;
	for (size_t i = 0; !rc && i < c->count; i++) {
		rc = view_head(txn, c, c->list[i].calendar.id, &c->list[n], err);
		if (!rc)
			n++;
		else if (rc == ERR_MISSING)
			rc = 0; /* deleted since its name was read */
	}
	c->count = n;
	return rc;
}

int
service_list_calendars(struct service *sv, struct arena *a, const struct actor *actor,
    const char *after, size_t cap, struct calendar_view **list, size_t *count, struct err *err)
{
	struct show c = {.arena = a,
	    .actor = actor,
	    .after = after,
	    .list = arena_array(a, cap, sizeof *c.list),
	    .cap = cap};
	int rc = require_scope(actor, SCOPE_READ, err);

	if (!rc)
		rc = store_run(sv->store, list_body, &c, err);
	*list = c.list;
	*count = c.count;
	return rc;
}
