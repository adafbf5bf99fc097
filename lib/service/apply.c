/*
 * A set of schedules kept as one: see service_apply_schedules(). First it is found out what is
 * to be done, which is all that a dry run does, then it is done, in the same transaction.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "model/advice.h"
#include "service/excluded.h"
#include "service/internal.h"

struct apply {
	struct deed deed;
	const struct schedule_set *set;
	struct arena *out;    /* of the results */
	struct arena scratch; /* of a transaction */
	uint64_t *owned;      /* of the owner, when they were looked at; free() */
	size_t owned_count, owned_cap;
	struct applied *list;
	size_t count;
};

/* ---- the set itself ---- */

static int
check_owner(const char *owner, struct err *err)
{
	bool good = *owner && utf8_valid(owner, strlen(owner)) &&
		    utf8_length(owner, strlen(owner)) <= OWNER_MAX;

	for (const char *c = owner; good && *c; c++)
		good = !utf8_control(c);
	return good ? 0
		    : err_fail(err, ERR_INPUT,
			  "Invalid value: owner: must be one line of at most %d characters",
			  OWNER_MAX);
}

static int
compare_names(const void *x, const void *y)
{
	const struct schedule *const *a = x, *const *b = y;

	return strcmp((*a)->name, (*b)->name);
}

static int
check_names(const struct schedule_set *set, struct err *err)
{
	const struct schedule **sorted = mem_alloc((set->count + 1) * sizeof *sorted);
	int rc = 0;

	for (size_t i = 0; i < set->count; i++)
		sorted[i] = &set->schedules[i];
	qsort(sorted, set->count, sizeof *sorted, compare_names);
	for (size_t i = 1; !rc && i < set->count; i++) {
		if (strcmp(sorted[i]->name, sorted[i - 1]->name) == 0)
			rc = err_fail(err, ERR_INPUT,
			    "Invalid value: schedules[%zu].name: is the name of schedules[%zu] "
			    "too",
			    (size_t)(sorted[i] - set->schedules),
			    (size_t)(sorted[i - 1] - set->schedules));
	}
	free(sorted);
	return rc;
}

static int
check_set(const struct apply *c, struct err *err)
{
	const struct schedule_set *set = c->set;
	int rc = check_owner(set->owner, err);

	if (!rc && set->count > SET_MAX)
		rc = err_fail(err, ERR_INPUT,
		    "Invalid value: schedules: must have at most %d entries", SET_MAX);
	if (!rc)
		rc = check_names(set, err);
	for (size_t i = 0; !rc && i < set->count; i++) {
		rc = check_definition(&c->deed, &set->schedules[i], err);
		if (rc)
			rc = schedule_set_fault(i, rc, err);
	}
	return rc;
}

/* ---- what is to be done ---- */

static bool
is_owned(const struct apply *c, const struct schedule *s)
{
	return s->owner && strcmp(s->owner, c->set->owner) == 0;
}

static void
note_owned(void *ctx, const struct schedule_view *view)
{
	struct apply *c = ctx;

	if (!is_owned(c, &view->definition))
		return;
	if (c->owned_count == c->owned_cap) {
		c->owned_cap = c->owned_cap ? c->owned_cap * 2 : 64;
		c->owned = mem_resize(c->owned, c->owned_cap * sizeof *c->owned);
	}
	c->owned[c->owned_count++] = view->definition.id;
}

/* One of the set against what is there under its name. */
static int
plan_one(struct txn *txn, struct apply *c, struct schedule *s, struct err *err)
{
	struct applied *step = &c->list[c->count++];
	struct schedule old;
	int rc;

	*step = (struct applied){.name = s->name, .kind = APPLIED_CREATED};
	rc = store_schedule_by_name(txn, c->deed.actor->tenant_id, s->name, &step->id, err);
	if (rc == ERR_MISSING)
		return schedule_check_future(s, c->deed.sv->zones, c->deed.now_us, err);
	if (rc)
		return rc;
	rc = store_schedule_get(txn, &c->scratch, step->id, &old, err);
	if (rc)
		return rc;
	if (!actor_sees(c->deed.actor, &old) || !is_owned(c, &old))
		return err_fail(err, ERR_CONFLICT,
		    "A schedule with this name belongs to %s: %s",
		    old.owner ? "another owner" : "no owner", s->name);
	keep_anchors(s, &old);
	step->member_count = schedule_differences(&old, s, step->members);
	step->kind = step->member_count > 0 ? APPLIED_CHANGED : APPLIED_UNCHANGED;
	return 0;
}

static bool
is_in_set(const struct schedule_set *set, const char *name)
{
	for (size_t i = 0; i < set->count; i++) {
		if (strcmp(set->schedules[i].name, name) == 0)
			return true;
	}
	return false;
}

static int
plan_prune(struct txn *txn, struct apply *c, uint64_t id, struct err *err)
{
	struct schedule s;
	int rc = own_schedule(txn, &c->scratch, c->deed.actor, id, &s, err);

	if (rc)
		return rc == ERR_MISSING ? 0 : rc;
	if (is_owned(c, &s) && !is_in_set(c->set, s.name))
		c->list[c->count++] = (struct applied){
		    .id = id, .name = arena_strdup(c->out, s.name), .kind = APPLIED_DELETED};
	return 0;
}

static int
plan(struct txn *txn, struct apply *c, struct err *err)
{
	int rc = 0;

	c->list = arena_array(c->out, c->set->count + c->owned_count, sizeof *c->list);
	c->count = 0;
	for (size_t i = 0; !rc && i < c->set->count; i++) {
		rc = calendars_check(txn, &c->scratch, &c->set->schedules[i], err);
		rc = rc ? schedule_set_fault(i, rc, err)
			: plan_one(txn, c, &c->set->schedules[i], err);
	}
	for (size_t i = 0; !rc && i < c->owned_count; i++)
		rc = plan_prune(txn, c, c->owned[i], err);
	return rc;
}

/* ---- doing it ---- */

/* How a change of one that is there goes on: `s` is its new definition, NULL deletes it. */
static int
change_step(struct txn *txn, struct apply *c, uint64_t id, struct schedule *s, struct err *err)
{
	struct changing g = {.deed = c->deed, .arena = &c->scratch, .hasten = s};
	int rc = change_begin(txn, &g, id, err);

	if (!rc && g.more)
		rc = err_fail(err, ERR_BUSY,
		    "schedule %llu: more is due than can be settled at once",
		    (unsigned long long)id);
	if (rc)
		return rc;
	return s ? change_definition(txn, &g, s, err) : change_delete(txn, &g, err);
}

static int
do_step(struct txn *txn, struct apply *c, size_t i, struct err *err)
{
	struct applied *step = &c->list[i];
	struct schedule *s = i < c->set->count ? &c->set->schedules[i] : NULL;
	const char *action = NULL;
	int rc = 0;

	switch (step->kind) {
	case APPLIED_UNCHANGED:
		return 0;
	case APPLIED_CREATED:
		action = "schedule.create";
		s->owner = c->set->owner;
		rc = make_schedule(txn, &c->deed, s, err);
		step->id = s->id;
		break;
	case APPLIED_CHANGED:
		action = "schedule.update";
		rc = change_step(txn, c, step->id, s, err);
		break;
	case APPLIED_DELETED:
		action = "schedule.delete";
		rc = change_step(txn, c, step->id, NULL, err);
		break;
	}
	if (rc && s)
		rc = schedule_set_fault(i, rc, err);
	return rc ? rc
		  : audit_note(txn, c->deed.actor, c->deed.now_us, action, step->id, err,
			"name %s, by the set of %s", step->name, c->set->owner);
}

static int
apply_body(struct txn *txn, void *ctx, struct err *err)
{
	struct apply *c = ctx;
	int rc;

	arena_clear(&c->scratch);
	rc = plan(txn, c, err);
	for (size_t i = 0; !rc && !c->set->dry_run && i < c->count; i++)
		rc = do_step(txn, c, i, err);
	return rc;
}

int
service_apply_schedules(struct service *sv, struct arena *a, const struct actor *actor,
    int64_t now_us, const struct schedule_set *set, struct applied **list, size_t *count,
    struct err *err)
{
	struct apply c = {.deed = {sv, actor, now_us}, .set = set, .out = a};
	int rc = require_admin_scope(actor, SCOPE_MANAGE, err);

	if (!rc)
		rc = check_set(&c, err);
	if (!rc && !set->dry_run)
		rc = store_has_room(sv->store, err);
	if (!rc && set->prune)
		rc = scan_schedules(&c.deed, note_owned, &c, err);
	if (!rc)
		rc = store_run(sv->store, apply_body, &c, err);
	if (!rc && !set->dry_run)
		ring(sv);
	free(c.owned);
	arena_release(&c.scratch);
	*list = c.list;
	*count = c.count;
	return rc;
}
