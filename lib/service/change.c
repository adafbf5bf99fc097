/*
 * What changes a schedule: another definition, suspend, resume, delete; one, or many at once.
 *
 * Whatever changes what a due time would meet first settles what is due already (fire.h), so
 * that every due time is judged by what was in force when it was due. A definition and the state
 * are separate records: an edit leaves a suspension alone, and a suspension the definition.
 */
#include <string.h>

#include "model/advice.h"
#include "model/difference.h"
#include "service/boot.h"
#include "service/excluded.h"
#include "service/fire.h"
#include "service/job_internal.h"
#include "service/notify.h"
#include "service/run.h"

static int
settle(struct txn *txn, struct changing *c, struct err *err)
{
	bool queued = false;

	/* What is due by now is due by the old definition. */
	return fire_settle(txn, &c->s, &c->state, c->deed.sv->zones, c->deed.now_us,
	    c->hasten ? FIRE_HASTEN : 0, &queued, &c->more, err);
}

int
change_begin(struct txn *txn, struct changing *c, uint64_t id, struct err *err)
{
	struct err unknown;
	int rc;

	c->more = false;
	rc = own_schedule(txn, c->arena, c->deed.actor, id, &c->s, err);
	if (!rc)
		rc = store_state_get(txn, c->arena, id, &c->state, err);
	if (!rc)
		rc = settle(txn, c, err);
	/* What was due since it was given up is due still, if it can be worked out again. */
	if (!rc && schedule_is_given_up(&c->state) &&
	    !fire_take_up(txn, &c->s, &c->state, c->deed.sv->zones, &unknown))
		rc = settle(txn, c, err);
	/* Not before all is settled that was due while it lasted. */
	if (!rc && !c->more && c->state.suspended &&
	    !schedule_is_suspended(&c->state, c->deed.now_us))
		schedule_end_suspension(&c->state);
	return rc;
}

/* ---- another definition ---- */

void
keep_anchors(struct schedule *s, const struct schedule *before)
{
	for (size_t i = 0; i < s->trigger_count; i++) {
		struct trigger *t = &s->triggers[i];

		for (size_t j = 0; t->anchor_open && j < before->trigger_count; j++) {
			const struct trigger *old = &before->triggers[j];

			if (old->kind == TRIGGER_EVERY && old->every_us == t->every_us) {
				t->anchor_us = old->anchor_us;
				t->anchor_open = false;
			}
		}
	}
}

static bool
had_one_shot(const struct schedule *s, int64_t at_us)
{
	for (size_t i = 0; i < s->trigger_count; i++) {
		if (s->triggers[i].kind == TRIGGER_AT && s->triggers[i].at_us == at_us)
			return at_us >= s->start_us && at_us < s->end_us;
	}
	return false;
}

/* Is a one-shot that is past new, and its due time not settled with another? */
static int
is_new_one_shot(struct txn *txn, const struct changing *c, const struct schedule *s, size_t i,
    bool *is_new, struct err *err)
{
	const struct trigger *t = &s->triggers[i];
	struct occurrence o;
	int rc;

	*is_new = false;
	if (t->kind != TRIGGER_AT || schedule_is_used_up(s, &c->state) ||
	    t->at_us > c->deed.now_us || t->at_us < s->start_us || t->at_us >= s->end_us ||
	    had_one_shot(&c->s, t->at_us))
		return 0;
	/* Its entry would stand behind one that is still to be written. */
	if (c->state.deferred_us != INSTANT_NEVER)
		return err_fail(err, ERR_INPUT,
		    "Invalid value: triggers[%zu].at: is past, while a due time is deferred; "
		    "run the schedule instead",
		    i);
	rc = store_ledger_last(txn, c->arena, s->id, t->at_us, &o, err);
	*is_new = rc == ERR_MISSING || (!rc && o.to_us < t->at_us);
	if (*is_new || rc)
		return *is_new ? 0 : rc;
	if (o.due_us == t->at_us || o.to_us == t->at_us)
		return 0;
	/* Entries of the ledger are never taken apart. */
	return err_fail(err, ERR_INPUT,
	    "Invalid value: triggers[%zu].at: lies among due times that were passed over", i);
}

/*
 * One-shots that are past when they are written: they are due as well, and the misfire policy
 * decides, as for a new schedule. All else is due from now on.
 */
static int
settle_one_shots(struct txn *txn, struct changing *c, const struct schedule *s, struct err *err)
{
	struct schedule only = *s;
	int64_t first_us = INSTANT_NEVER;
	bool queued = false, more;
	int rc = 0;

	only.triggers = arena_array(c->arena, s->trigger_count, sizeof *only.triggers);
	only.trigger_count = 0;
	only.jitter_us = 0; /* they are late already */
	for (size_t i = 0; !rc && i < s->trigger_count; i++) {
		bool is_new;

		rc = is_new_one_shot(txn, c, s, i, &is_new, err);
		if (!rc && is_new) {
			only.triggers[only.trigger_count++] = s->triggers[i];
			if (s->triggers[i].at_us < first_us)
				first_us = s->triggers[i].at_us;
		}
	}
	if (rc || first_us == INSTANT_NEVER)
		return rc;
	c->state.range_due_us = INSTANT_NEVER;
	rc = run_plan(txn, &only, &c->state, first_us, err);
	/* They are too few for more than one batch. */
	return rc ? rc
		  : fire_settle(txn, &only, &c->state, c->deed.sv->zones, c->deed.now_us,
			FIRE_AMONG, &queued, &more, err);
}

/* From now on; or from what is settled already, if the scheduler's clock was read later. */
static int
plan_from_now(struct txn *txn, struct changing *c, const struct schedule *s, struct err *err)
{
	int64_t after_us = c->deed.now_us, due_us;
	struct occurrence o;
	int rc = store_ledger_last(txn, c->arena, s->id, INSTANT_NEVER, &o, err);

	if (!rc && o.to_us > after_us)
		after_us = o.to_us;
	if (rc && rc != ERR_MISSING)
		return rc;
	rc = schedule_plan_next(s, &c->state, c->deed.sv->zones, after_us, &due_us, err);
	c->state.range_due_us = INSTANT_NEVER;
	if (!rc)
		rc = run_plan(txn, s, &c->state, due_us, err);
	return rc ? rc
		  : fire_defer_again(txn, s, &c->state, c->deed.sv->zones, c->deed.now_us, err);
}

/* A job keeps what no definition says. */
static int
keep_job(struct changing *c, struct schedule *s, struct err *err)
{
	struct job_zone zone;
	struct job *job;
	int rc;

	s->job = c->job;
	if (c->job || !c->s.job)
		return 0;
	rc = job_zone(c->deed.sv, &zone, err);
	if (rc)
		return rc;
	job = arena_array(c->arena, 1, sizeof *job);
	*job = job_after_edit(c->deed.sv, &zone, &c->s, s);
	s->job = job;
	return 0;
}

int
change_definition(struct txn *txn, struct changing *c, struct schedule *s, struct err *err)
{
	int rc;

	s->id = c->s.id;
	s->tenant_id = c->s.tenant_id;
	s->version = c->s.version + 1;
	s->created_us = c->s.created_us;
	s->created_by = c->s.created_by;
	s->created_token = c->s.created_token;
	s->modified_us = c->deed.now_us;
	s->owner = c->s.owner;
	keep_anchors(s, &c->s);
	rc = calendars_check(txn, c->arena, s, err);
	if (!rc && !schedule_awaits_boot(&c->s))
		rc = boot_pass_over(txn, c->arena, s, &c->state, err);
	else if (!rc)
		schedule_know_boot(s, c->state.boot_us);
	if (!rc)
		rc = keep_job(c, s, err);
	if (rc)
		return rc;
	rc = store_schedule_put(txn, s, err);
	if (rc == ERR_CONFLICT)
		return err_fail(err, rc, "A schedule with this name exists: %s", s->name);
	/* The turns that they wait for may never come now: there is always one that goes on. */
	if (!rc && s->overlap == OVERLAP_ALLOW)
		rc = run_begin_waiting(txn, &c->state, err);
	if (!rc)
		rc = settle_one_shots(txn, c, s, err);
	if (!rc)
		rc = plan_from_now(txn, c, s, err);
	if (!rc)
		rc = notify_defined(txn, s, &c->state, c->deed.now_us, err);
	return rc ? rc : store_state_put(txn, &c->state, err);
}

/* ---- suspend, resume, delete ---- */

/* Said again it counts as another suspension, unless nothing is new about it. */
static int
suspend(
    struct txn *txn, struct changing *c, int64_t until_us, const char *reason, struct err *err)
{
	struct schedule_state *state = &c->state;
	bool new_reason = reason && (!state->suspended_reason ||
					strcmp(reason, state->suspended_reason) != 0);
	int rc;

	/* What was given up has no end that it could be planned for. */
	if (!schedule_is_given_up(state) &&
	    (!state->suspended || until_us != state->suspended_until_us || new_reason)) {
		if (!state->suspended || new_reason)
			state->suspended_reason = reason;
		state->suspended = true;
		state->suspended_by = c->deed.actor->user_id;
		state->suspended_us = c->deed.now_us;
		state->suspended_until_us = until_us;
	}
	rc = notify_suspended(txn, &c->s, state, err);
	return rc ? rc : store_state_put(txn, state, err);
}

/* One that still cannot be planned stays given up, and this tells why. */
static int
resume(struct txn *txn, struct changing *c, struct err *err)
{
	int rc = 0;

	if (schedule_is_given_up(&c->state))
		rc = fire_take_up(txn, &c->s, &c->state, c->deed.sv->zones, err);
	schedule_end_suspension(&c->state);
	if (!rc)
		rc = notify_resumed(txn, &c->s, c->deed.now_us, err);
	return rc ? rc : store_state_put(txn, &c->state, err);
}

int
change_delete(struct txn *txn, struct changing *c, struct err *err)
{
	uint64_t waiting;
	int rc = 0;

	while (!rc && c->state.waiting > 0) {
		rc = store_waiting_first(txn, c->s.id, &waiting, err);
		if (!rc)
			rc = run_cancel_waiting(txn, c->arena, &c->state, waiting,
			    c->deed.now_us, "its schedule was deleted", err);
	}
	if (!rc)
		rc = fire_drop_due(txn, &c->s, &c->state, c->deed.sv->zones, c->deed.now_us,
		    c->deed.actor->user_id, err);
	if (!rc)
		rc = fire_drop_deferred(txn, &c->s, &c->state, c->deed.now_us,
		    "its schedule was deleted while it was deferred", err);
	if (!rc)
		rc = store_state_put(txn, &c->state, err);
	return rc ? rc : store_schedule_remove(txn, &c->s, err);
}

/* ---- the use cases ---- */

enum change_kind { CHANGE_DEFINITION, CHANGE_SUSPEND, CHANGE_RESUME, CHANGE_DELETE };

static const char *const actions[] = {
    [CHANGE_DEFINITION] = "schedule.update",
    [CHANGE_SUSPEND] = "schedule.suspend",
    [CHANGE_RESUME] = "schedule.resume",
    [CHANGE_DELETE] = "schedule.delete",
};

struct change {
	struct changing changing;
	struct arena arena;
	enum change_kind kind;
	uint64_t id;

	/* CHANGE_DEFINITION */
	uint64_t version;
	struct schedule *definition;
	/* CHANGE_SUSPEND */
	int64_t until_us;
	const char *reason;

	/* Many at once. */
	const uint64_t *ids;
	size_t count;
	const char *const *tags; /* each of them must have one; NULL: not looked at */
	size_t tag_count;
	uint64_t *done;
	size_t done_count;
};

/* Is it due at other times than before? A schedule that is over can still be renamed. */
static bool
is_due_otherwise(const struct schedule *before, const struct schedule *s)
{
	const char *members[SCHEDULE_MEMBERS];
	size_t count = schedule_differences(before, s, members);

	for (size_t i = 0; i < count; i++) {
		if (same_text(members[i], "triggers") || same_text(members[i], "startDate") ||
		    same_text(members[i], "endDate"))
			return true;
	}
	return false;
}

static int
define(struct txn *txn, struct change *c, struct err *err)
{
	struct changing *g = &c->changing;
	int rc;

	if (g->s.version != c->version)
		return err_fail(err, ERR_CONFLICT, "Version is %llu, not %llu",
		    (unsigned long long)g->s.version, (unsigned long long)c->version);
	keep_anchors(c->definition, &g->s);
	if (is_due_otherwise(&g->s, c->definition)) {
		rc = schedule_check_future(
		    c->definition, g->deed.sv->zones, g->deed.now_us, err);
		if (rc)
			return rc;
	}
	return change_definition(txn, g, c->definition, err);
}

static int
do_change(struct txn *txn, struct change *c, struct err *err)
{
	switch (c->kind) {
	case CHANGE_DEFINITION:
		return define(txn, c, err);
	case CHANGE_SUSPEND:
		return suspend(txn, &c->changing, c->until_us, c->reason, err);
	case CHANGE_RESUME:
		return resume(txn, &c->changing, err);
	case CHANGE_DELETE:
		return change_delete(txn, &c->changing, err);
	}
	return 0;
}

static int
note_change(struct txn *txn, const struct change *c, struct err *err)
{
	const struct changing *g = &c->changing;
	char until[INSTANT_TEXT];

	if (c->kind != CHANGE_SUSPEND)
		return audit_note(txn, g->deed.actor, g->deed.now_us, actions[c->kind], g->s.id,
		    err, "name %s",
		    c->kind == CHANGE_DEFINITION ? c->definition->name : g->s.name);
	if (c->until_us)
		instant_format(c->until_us, until);
	return audit_note(txn, g->deed.actor, g->deed.now_us, actions[c->kind], g->s.id, err,
	    "name %s%s%s%s%s", g->s.name, c->until_us ? " until " : "",
	    c->until_us ? until : "", c->reason ? ": " : "", c->reason ? c->reason : "");
}

/* While more is due than fits into one transaction only that is done. */
static int
change_one(struct txn *txn, struct change *c, struct err *err)
{
	int rc;

	arena_clear(&c->arena);
	c->changing.hasten = c->kind == CHANGE_DEFINITION;
	rc = change_begin(txn, &c->changing, c->id, err);
	if (rc)
		return rc;
	if (c->changing.more)
		return store_state_put(txn, &c->changing.state, err);
	rc = do_change(txn, c, err);
	return rc ? rc : note_change(txn, c, err);
}

static int
change_body(struct txn *txn, void *ctx, struct err *err)
{
	return change_one(txn, ctx, err);
}

static bool
has_a_tag(const struct schedule *s, const char *const *tags, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < s->tag_count; j++) {
			if (strcmp(tags[i], s->tags[j]) == 0)
				return true;
		}
	}
	return false;
}

/* Is it there, and still one of those that are meant? */
static int
is_meant(struct txn *txn, struct change *c, bool *meant, struct err *err)
{
	struct schedule s;
	int rc;

	arena_clear(&c->arena);
	rc = own_schedule(txn, &c->arena, c->changing.deed.actor, c->id, &s, err);
	*meant = !rc && (!c->tags || has_a_tag(&s, c->tags, c->tag_count));
	return rc == ERR_MISSING ? 0 : rc;
}

static int
change_many_body(struct txn *txn, void *ctx, struct err *err)
{
	struct change *c = ctx;
	bool meant;
	int rc = 0;

	c->done_count = 0;
	for (size_t i = 0; !rc && i < c->count; i++) {
		c->id = c->ids[i];
		rc = is_meant(txn, c, &meant, err);
		if (rc || !meant)
			continue;
		rc = change_one(txn, c, err);
		if (!rc && c->changing.more)
			rc = err_fail(err, ERR_BUSY,
			    "schedule %llu: more is due than can be settled at once",
			    (unsigned long long)c->id);
		c->done[c->done_count++] = c->id;
	}
	return rc;
}

static int
change(struct change *c, struct err *err)
{
	struct deed *deed = &c->changing.deed;
	int rc = require_admin_scope(deed->actor, SCOPE_MANAGE, err);

	c->changing.arena = &c->arena;
	do {
		if (!rc)
			rc = store_run(
			    deed->sv->store, c->ids ? change_many_body : change_body, c, err);
	} while (!rc && c->changing.more);
	/* Also without a new run: the time of the next one may have changed. */
	if (!rc)
		ring(deed->sv);
	arena_release(&c->arena);
	return rc;
}

int
service_update_schedule(struct service *sv, const struct actor *actor, int64_t now_us,
    uint64_t id, uint64_t version, struct schedule *s, struct err *err)
{
	struct change c = {.changing.deed = {sv, actor, now_us},
	    .kind = CHANGE_DEFINITION,
	    .id = id,
	    .version = version,
	    .definition = s};
	int rc = require_admin_scope(actor, SCOPE_MANAGE, err);

	if (!rc)
		rc = check_definition(&c.changing.deed, s, err);
	if (!rc)
		rc = store_has_room(sv->store, err);
	return rc ? rc : change(&c, err);
}

int
service_suspend_schedule(struct service *sv, const struct actor *actor, int64_t now_us,
    uint64_t id, const char *reason, struct err *err)
{
	return service_suspend_until(sv, actor, now_us, id, 0, reason, err);
}

static int
check_until(int64_t until_us, int64_t now_us, struct err *err)
{
	if (until_us && until_us <= now_us)
		return err_fail(err, ERR_INPUT, "Invalid value: until: is past");
	return 0;
}

int
service_suspend_until(struct service *sv, const struct actor *actor, int64_t now_us,
    uint64_t id, int64_t until_us, const char *reason, struct err *err)
{
	struct change c = {.changing.deed = {sv, actor, now_us},
	    .kind = CHANGE_SUSPEND,
	    .id = id,
	    .until_us = until_us,
	    .reason = reason};
	int rc = check_until(until_us, now_us, err);

	return rc ? rc : change(&c, err);
}

int
service_resume_schedule(
    struct service *sv, const struct actor *actor, int64_t now_us, uint64_t id, struct err *err)
{
	struct change c = {
	    .changing.deed = {sv, actor, now_us}, .kind = CHANGE_RESUME, .id = id};

	return change(&c, err);
}

int
service_delete_schedule(
    struct service *sv, const struct actor *actor, int64_t now_us, uint64_t id, struct err *err)
{
	struct change c = {
	    .changing.deed = {sv, actor, now_us}, .kind = CHANGE_DELETE, .id = id};

	return change(&c, err);
}

/* ---- many at once ---- */

int
service_delete_schedules(struct service *sv, const struct actor *actor, int64_t now_us,
    const uint64_t *ids, size_t count, uint64_t *done, size_t *done_count, struct err *err)
{
	struct change c = {.changing.deed = {sv, actor, now_us},
	    .kind = CHANGE_DELETE,
	    .ids = ids,
	    .count = count,
	    .done = done};
	int rc = change(&c, err);

	*done_count = c.done_count;
	return rc;
}

struct tagged {
	const struct schedule_tags *tags;
	struct arena *arena;
	uint64_t *ids;
	size_t count, cap;
};

static void
note_tagged(void *ctx, const struct schedule_view *view)
{
	struct tagged *t = ctx;
	uint64_t *bigger;

	if (!has_a_tag(&view->definition, t->tags->tags, t->tags->count))
		return;
	if (t->count == t->cap) {
		t->cap = t->cap ? t->cap * 2 : 64;
		bigger = arena_array(t->arena, t->cap, sizeof *bigger);
		if (t->count)
			memcpy(bigger, t->ids, t->count * sizeof *bigger);
		t->ids = bigger;
	}
	t->ids[t->count++] = view->definition.id;
}

static int
change_tagged(
    struct change *c, struct arena *a, const struct schedule_tags *tags, struct err *err)
{
	struct tagged t = {.tags = tags, .arena = a};
	int rc = require_admin_scope(c->changing.deed.actor, SCOPE_MANAGE, err);

	if (!rc)
		rc = scan_schedules(&c->changing.deed, note_tagged, &t, err);
	if (rc || !t.count)
		return rc;
	c->ids = t.ids;
	c->count = t.count;
	c->tags = tags->tags;
	c->tag_count = tags->count;
	c->done = arena_array(a, t.count, sizeof *c->done);
	return change(c, err);
}

int
service_suspend_tagged(struct service *sv, struct arena *a, const struct actor *actor,
    int64_t now_us, const struct schedule_tags *tags, int64_t until_us, const char *reason,
    uint64_t **done, size_t *done_count, struct err *err)
{
	struct change c = {.changing.deed = {sv, actor, now_us},
	    .kind = CHANGE_SUSPEND,
	    .until_us = until_us,
	    .reason = reason};
	int rc = check_until(until_us, now_us, err);

	if (!rc)
		rc = change_tagged(&c, a, tags, err);
	*done = c.done;
	*done_count = c.done_count;
	return rc;
}

int
service_resume_tagged(struct service *sv, struct arena *a, const struct actor *actor,
    int64_t now_us, const struct schedule_tags *tags, uint64_t **done, size_t *done_count,
    struct err *err)
{
	struct change c = {.changing.deed = {sv, actor, now_us}, .kind = CHANGE_RESUME};
	int rc = change_tagged(&c, a, tags, err);

	*done = c.done;
	*done_count = c.done_count;
	return rc;
}
