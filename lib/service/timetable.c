/*
 * Due times told to people: which will come, and what became of one that was.
 *
 * What has been is the ledger's to tell; what is to come, or was due and is not settled yet, the
 * definition's. Between the two there is nothing: due times that only the present definition has
 * and that are past were not due when it was their time.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "service/excluded.h"
#include "service/internal.h"

/* ---- preview ---- */

/* Beyond that many runs the bound is not looked for. */
enum { RUNS_AHEAD = 2000 };

/* No due time behind the last run that maxRuns leaves, if all of them run from `after_us` on. */
static int
bound_runs(struct zones *zones, struct schedule *s, const struct schedule_state *state,
    int64_t after_us, struct err *err)
{
	int64_t left = s->max_runs - (int64_t)state->runs, due_us = after_us;
	int rc = 0;

	/* Nor where a calendar may keep some of them from running. */
	if (!s->max_runs || left > RUNS_AHEAD || s->calendar_count)
		return 0;
	while (!rc && left-- > 0 && due_us != INSTANT_NEVER)
		rc = schedule_next_due(s, zones, due_us, &due_us, err);
	if (due_us != INSTANT_NEVER)
		s->end_us = schedule_is_used_up(s, state) ? INT64_MIN : due_us + 1;
	return rc;
}

struct exclude {
	struct service *sv;
	struct arena *arena;
	const struct schedule *s;
	struct preview *list;
	size_t count;
};

/* What the calendars make of one due time. */
static int
exclude_one(struct exclude *x, struct calendars *calendars, struct preview *p, struct err *err)
{
	const struct zone *zone;
	int rc;

	p->run_us = calendars_run_us(x->arena, calendars, x->s, p->due_us, &p->excluded);
	if (!p->excluded || p->run_us == INSTANT_NEVER)
		return 0;
	rc = zones_get(x->sv->zones, p->time_zone, &zone, err);
	if (!rc)
		p->run_offset_s = zone_segment_at(zone, p->run_us).offset_s;
	return rc;
}

static int
exclude_body(struct txn *txn, void *ctx, struct err *err)
{
	struct exclude *x = ctx;
	struct calendars calendars;
	int rc = calendars_load(txn, x->arena, x->s, x->sv->zones, &calendars, err);

	for (size_t i = 0; !rc && i < x->count; i++)
		rc = exclude_one(x, &calendars, &x->list[i], err);
	return rc;
}

static int
preview(struct service *sv, struct arena *a, const struct schedule *s, const char *time_zone,
    int64_t from_us, size_t cap, struct preview **list, size_t *count, struct err *err)
{
	struct exclude x = {.sv = sv, .arena = a, .s = s};
	int rc;

	*list = arena_array(a, cap, sizeof **list);
	rc = schedule_preview(s, sv->zones, time_zone, from_us, *list, cap, count, err);
	if (rc || !s->calendar_count)
		return rc;
	x.list = *list;
	x.count = *count;
	return store_run(sv->store, exclude_body, &x, err);
}

int
service_preview_definition(struct service *sv, struct arena *a, const struct actor *actor,
    const struct schedule *s, const char *time_zone, int64_t from_us, size_t cap,
    struct preview **list, size_t *count, struct err *err)
{
	static const struct schedule_state none;
	struct schedule bounded = *s;
	int rc = require_scope(actor, SCOPE_READ, err);

	*count = 0;
	bounded.created_us = INT64_MIN;
	bounded.tenant_id = actor->tenant_id;
	if (!rc)
		rc = bound_runs(sv->zones, &bounded, &none,
		    from_us == INT64_MIN ? from_us : from_us - 1, err);
	return rc ? rc : preview(sv, a, &bounded, time_zone, from_us, cap, list, count, err);
}

int
service_preview_schedule(struct service *sv, struct arena *a, const struct actor *actor,
    uint64_t id, const char *time_zone, int64_t from_us, size_t cap, struct preview **list,
    size_t *count, struct err *err)
{
	struct schedule_view view;
	int rc = service_get_schedule(sv, a, actor, id, &view, err);

	*count = 0;
	if (!rc && view.state.next_due_us != INSTANT_NEVER)
		rc = bound_runs(
		    sv->zones, &view.definition, &view.state, view.state.next_due_us - 1, err);
	else if (!rc && schedule_is_used_up(&view.definition, &view.state))
		view.definition.end_us = INT64_MIN;
	return rc ? rc
		  : preview(sv, a, &view.definition, time_zone, from_us, cap, list, count, err);
}

/* ---- explain ---- */

struct explain {
	struct service *sv;
	struct arena *arena;
	const struct actor *actor;
	int64_t now_us;
	uint64_t id;
	const char *time_zone;
	struct explanation *e;

	struct txn *txn;
	struct schedule s;
	struct schedule_state state;
	int64_t from_us, to_us; /* the minute */
	bool found;
	bool settled;	     /* of what was found: it has an entry, */
	struct occurrence o; /* this one */
	struct preview p;    /* how the definition has it; trigger_count 0: it has not */
	struct calendars calendars;
	struct buf text;
};

static void
consider(struct explain *x, int64_t due_us, const struct occurrence *o)
{
	struct explanation *e = x->e;

	if (due_us < x->from_us || due_us >= x->to_us)
		return;
	if (x->found && llabs(due_us - e->at_us) >= llabs(e->due_us - e->at_us))
		return;
	x->found = true;
	e->due_us = due_us;
	x->settled = o != NULL;
	if (o)
		x->o = *o;
}

/* The definition's due times from `from_us` to before `to_us`. One whose zone is gone has none.
 */
static void
consider_definition(
    struct explain *x, int64_t from_us, int64_t to_us, const struct occurrence *o)
{
	int64_t due_us = from_us - 1;
	struct err unknown;

	while (!schedule_next_due(&x->s, x->sv->zones, due_us, &due_us, &unknown) &&
	       due_us < to_us)
		consider(x, due_us, o);
}

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* A range names only its ends; those between are the definition's. */
static void
consider_entry(struct explain *x, const struct occurrence *o)
{
	consider(x, o->due_us, o);
	consider(x, o->to_us, o);
	if (o->count > 2)
		consider_definition(
		    x, later(x->from_us, o->due_us), earlier(x->to_us, o->to_us), o);
}

enum { MINUTE_ENTRIES = 4096 };

static int
find_due(struct explain *x, struct err *err)
{
	struct occurrence *list, before;
	size_t count;
	int rc;

	rc = store_ledger_last(x->txn, x->arena, x->id, x->from_us - 1, &before, err);
	if (!rc)
		consider_entry(x, &before);
	if (rc && rc != ERR_MISSING)
		return rc;
	rc = store_ledger_list(
	    x->txn, x->arena, x->id, x->from_us, x->to_us, MINUTE_ENTRIES, &list, &count, err);
	for (size_t i = 0; !rc && i < count; i++)
		consider_entry(x, &list[i]);
	if (!rc && x->state.deferred_us != INSTANT_NEVER)
		consider(x, x->state.deferred_us, NULL);
	if (!rc && x->state.next_due_us != INSTANT_NEVER)
		consider_definition(x, later(x->from_us, x->state.next_due_us), x->to_us, NULL);
	return rc;
}

/* Which trigger it is, and how its clock shows the time. */
static void
find_trigger(struct explain *x)
{
	struct explanation *e = x->e;
	struct err unknown;
	size_t count;
	char *text;

	if (schedule_preview(
		&x->s, x->sv->zones, x->time_zone, e->due_us, &x->p, 1, &count, &unknown) ||
	    count == 0 || x->p.due_us != e->due_us) {
		x->p.trigger_count = 0;
		return;
	}
	text = arena_alloc(x->arena, TRIGGER_TEXT);
	trigger_describe(&x->s.triggers[x->p.trigger], text);
	e->trigger = text;
	e->time_zone = x->p.time_zone;
	e->offset_s = x->p.offset_s;
}

/* ---- sentences ---- */

static void
add_instant(struct explain *x, int64_t us)
{
	char text[INSTANT_LOCAL_TEXT];

	if (x->e->time_zone) {
		instant_format_local(us, x->e->offset_s, text);
		buf_adds(&x->text, text);
		return;
	}
	instant_format(us, text);
	buf_adds(&x->text, text);
}

/* In UTC: of other instants the offset is another. */
static void
add_utc(struct explain *x, int64_t us)
{
	char text[INSTANT_TEXT];

	instant_format(us, text);
	buf_adds(&x->text, text);
}

/* `, which cron 30 2 * * * in Europe/Amsterdam made due at …` */
static void
add_trigger(struct explain *x)
{
	char note[PREVIEW_NOTE];

	buf_adds(&x->text, ", due at ");
	add_instant(x, x->e->due_us);
	if (!x->e->trigger)
		return;
	buf_addf(&x->text, " by the trigger \"%s\"", x->e->trigger);
	if (trigger_is_local(&x->s.triggers[x->p.trigger]))
		buf_addf(&x->text, " in %s", x->e->time_zone);
	preview_note(&x->p, note);
	if (*note)
		buf_addf(&x->text, " (%s)", note);
}

static int
add_user(struct explain *x, uint64_t id, struct err *err)
{
	struct user user;
	int rc = 0;

	if (id)
		rc = store_user_get(x->txn, x->arena, id, &user, err);
	if (rc == ERR_MISSING)
		buf_adds(&x->text, "a user who is gone");
	else if (!rc)
		buf_adds(&x->text, id ? user.name : "the service's own command");
	return rc == ERR_MISSING ? 0 : rc;
}

static int
add_suspension(struct explain *x, struct err *err)
{
	const struct explanation *e = x->e;
	int rc = 0;

	/* Only fire_due() suspends without a user, and the administrator's command. */
	buf_adds(&x->text, "suspended by ");
	rc = add_user(x, e->suspended_by, err);
	if (e->suspended_us) {
		buf_adds(&x->text, " at ");
		add_utc(x, e->suspended_us);
	}
	if (e->suspended_until_us) {
		buf_adds(&x->text, " until ");
		add_utc(x, e->suspended_until_us);
	}
	if (e->suspended_reason)
		buf_addf(&x->text, " (%s)", e->suspended_reason);
	return rc;
}

static void
add_late(struct explain *x)
{
	char text[INSTANT_TEXT];

	duration_format(x->e->late_us / 1000 * 1000, text);
	buf_addf(&x->text, ", %s late", text);
}

/* Those of a run's tasks that never began, because of the tasks that they were after. */
static int
add_skipped(struct explain *x, struct err *err)
{
	const struct task *skipped = NULL;
	size_t count, number = 0;
	struct task *tasks;
	int rc;

	rc = store_task_list(x->txn, x->arena, x->e->execution_id, &tasks, &count, err);
	for (size_t i = 0; !rc && i < count; i++) {
		if (tasks[i].status == TASK_SKIPPED && !number++)
			skipped = &tasks[i];
	}
	if (rc || !skipped)
		return rc;
	if (number > 1)
		buf_addf(&x->text, "; %zu of its %zu tasks were not run", number, count);
	else
		buf_addf(&x->text, "; its task \"%s\" was %s", skipped->def.name,
		    skipped->attempts[skipped->attempt_count - 1].reason);
	return 0;
}

static int
explain_run(struct explain *x, struct err *err)
{
	struct explanation *e = x->e;
	struct execution run;
	int rc = store_execution_get(x->txn, x->arena, e->execution_id, &run, err);

	if (rc == ERR_MISSING) {
		buf_adds(&x->text, "It ran");
		add_trigger(x);
		return 0;
	}
	if (rc)
		return rc;
	e->late_us =
	    (run.start_us != INSTANT_NEVER ? run.start_us : run.triggered_us) - e->due_us;
	if (run.start_us == INSTANT_NEVER && run.end_us == INSTANT_NEVER)
		buf_adds(&x->text, "It was fired and waits for its turn to begin");
	else if (run.start_us == INSTANT_NEVER)
		buf_adds(&x->text, "It was fired and ended before it began");
	else if (run.origin == ORIGIN_CATCH_UP)
		buf_adds(&x->text, "It was missed and ran afterwards, as misfire asks");
	else
		buf_adds(&x->text, "It ran");
	add_trigger(x);
	if (run.start_us != INSTANT_NEVER || run.end_us == INSTANT_NEVER)
		add_late(x);
	if (x->o.reason)
		buf_addf(&x->text, "; %s", x->o.reason);
	return add_skipped(x, err);
}

static int
explain_overlap(struct explain *x, struct err *err)
{
	char guid[ID_GUID_LEN + 1];
	struct execution run;
	int rc;

	buf_addf(&x->text, "It was skipped because %s",
	    x->o.reason ? x->o.reason : "another run had not ended");
	if (x->o.execution_id) {
		id_guid(x->o.execution_id, guid);
		buf_addf(&x->text, " (execution %s", guid);
		rc = store_execution_get(x->txn, x->arena, x->o.execution_id, &run, err);
		if (rc && rc != ERR_MISSING)
			return rc;
		if (!rc) {
			buf_adds(&x->text, ", triggered at ");
			add_utc(x, run.triggered_us);
		}
		buf_addc(&x->text, ')');
	}
	add_trigger(x);
	return 0;
}

static int
explain_suspended(struct explain *x, struct err *err)
{
	struct explanation *e = x->e;
	int rc;

	e->suspended = true;
	e->suspended_by = x->o.suspended_by;
	e->suspended_us = x->o.suspended_us;
	e->suspended_reason = x->o.reason;
	buf_adds(&x->text, "It was skipped because the schedule was ");
	rc = add_suspension(x, err);
	add_trigger(x);
	return rc;
}

static int
explain_settled(struct explain *x, struct err *err)
{
	x->e->verdict = verdict_name(x->o.verdict);
	x->e->execution_id = x->o.execution_id;
	switch (x->o.verdict) {
	case VERDICT_RAN:
		return explain_run(x, err);
	case VERDICT_SKIPPED_OVERLAP:
		return explain_overlap(x, err);
	case VERDICT_SKIPPED_SUSPENDED:
		return explain_suspended(x, err);
	case VERDICT_SKIPPED_CALENDAR:
		buf_adds(&x->text, "It was skipped");
		break;
	case VERDICT_SKIPPED_CONDITION:
		buf_adds(&x->text, "It was skipped because the condition said no");
		break;
	case VERDICT_MISSED_DOWN:
	case VERDICT_MISSED_WINDOW:
	case VERDICT_MISSED_CAP:
	case VERDICT_MISSED_CLOCK:
	case VERDICT_MISSED_DST_GAP:
		buf_adds(&x->text, "It was missed");
		break;
	}
	if (x->o.reason)
		buf_addf(&x->text, ": %s", x->o.reason);
	add_trigger(x);
	return 0;
}

/* Why a calendar keeps it from running at its time, and when it runs instead; NULL: none does. */
static const char *
excluded_why(struct explain *x, int64_t *run_us)
{
	int64_t due_us = x->e->due_us;
	const char *why;

	*run_us = calendars_run_us(x->arena, &x->calendars, &x->s, due_us, &why);
	if (due_us != x->state.deferred_us)
		return why;
	*run_us = x->state.next_due_us;
	return why ? why : "a calendar excluded it";
}

static int
explain_future(struct explain *x, struct err *err)
{
	const struct schedule_state *state = &x->state;
	struct explanation *e = x->e;
	const char *why;
	int64_t run_us;

	e->verdict = "future";
	why = excluded_why(x, &run_us);
	if (e->due_us == state->deferred_us)
		buf_adds(&x->text, "It is deferred");
	else if (e->due_us <= x->now_us)
		buf_adds(&x->text, "Its time has come and it is about to be handled");
	else if (schedule_is_suspended(state, e->due_us))
		buf_adds(&x->text, "It has not come yet and will be skipped");
	else if (why)
		buf_addf(&x->text, "It has not come yet and will be %s",
		    run_us == INSTANT_NEVER ? "skipped" : "deferred");
	else
		buf_adds(&x->text, "It has not come yet");
	add_trigger(x);
	if (why && !schedule_is_suspended(state, e->due_us)) {
		if (run_us != INSTANT_NEVER) {
			buf_adds(&x->text, ", to ");
			add_utc(x, run_us);
		}
		buf_addf(&x->text, ", because %s", why);
	}
	if (!schedule_is_suspended(state, e->due_us))
		return 0;
	e->suspended = true;
	e->suspended_by = state->suspended_by;
	e->suspended_us = state->suspended_us;
	e->suspended_until_us = state->suspended_until_us;
	e->suspended_reason = state->suspended_reason;
	buf_adds(&x->text, ", because the schedule is ");
	return add_suspension(x, err);
}

/* ---- not due ---- */

/* What was due last before the minute: settled, or to come. */
static int
last_before(struct explain *x, int64_t *due_us, struct err *err)
{
	struct err unknown;
	struct occurrence o;
	int rc;

	*due_us = INSTANT_NEVER;
	if (x->state.next_due_us < x->from_us &&
	    !schedule_last_due(
		&x->s, x->sv->zones, x->state.next_due_us - 1, x->from_us, due_us, &unknown) &&
	    *due_us != INSTANT_NEVER)
		return 0;
	rc = store_ledger_last(x->txn, x->arena, x->id, x->from_us - 1, &o, err);
	if (rc)
		return rc == ERR_MISSING ? 0 : rc;
	*due_us = o.to_us;
	if (o.to_us < x->from_us)
		return 0;
	/* Within a range; the first of it is certain. */
	*due_us = o.due_us;
	if (!schedule_last_due(&x->s, x->sv->zones, o.due_us, x->from_us, &o.to_us, &unknown) &&
	    o.to_us != INSTANT_NEVER)
		*due_us = o.to_us;
	return 0;
}

static int
next_behind(struct explain *x, int64_t *due_us, struct err *err)
{
	struct occurrence *list, o;
	struct err unknown;
	size_t count;
	int rc;

	rc = store_ledger_last(x->txn, x->arena, x->id, x->to_us - 1, &o, err);
	if (rc && rc != ERR_MISSING)
		return rc;
	if (!rc && o.to_us >= x->to_us) {
		*due_us = o.to_us;
		if (!schedule_next_due(
			&x->s, x->sv->zones, x->to_us - 1, &o.due_us, &unknown) &&
		    o.due_us < o.to_us)
			*due_us = o.due_us;
		return 0;
	}
	rc = store_ledger_list(
	    x->txn, x->arena, x->id, x->to_us, INSTANT_NEVER, 1, &list, &count, err);
	if (rc)
		return rc;
	*due_us = count > 0 ? list[0].due_us : x->state.next_due_us;
	if (*due_us < x->to_us &&
	    schedule_next_due(&x->s, x->sv->zones, x->to_us - 1, due_us, &unknown))
		*due_us = INSTANT_NEVER;
	return 0;
}

/* Has the present definition a due time in the minute, now that it is past? */
static bool
would_be_due(const struct explain *x)
{
	struct err unknown;
	struct preview p;
	size_t count;

	return x->to_us <= x->now_us &&
	       !schedule_preview(
		   &x->s, x->sv->zones, x->time_zone, x->from_us, &p, 1, &count, &unknown) &&
	       count > 0 && p.due_us < x->to_us;
}

static int
explain_not_due(struct explain *x, struct err *err)
{
	int64_t last_us, next_us;
	int rc;

	x->e->verdict = "not_due";
	rc = last_before(x, &last_us, err);
	if (!rc)
		rc = next_behind(x, &next_us, err);
	if (rc)
		return rc;
	if (x->s.trigger_count == 0)
		buf_adds(&x->text, "It has no triggers and runs on demand only");
	else if (x->to_us <= x->s.created_us)
		buf_adds(&x->text, "The schedule did not exist yet");
	else if (would_be_due(x))
		buf_adds(&x->text, "Nothing was due in this minute: the definition was "
				   "another, or the schedule was not planned");
	else
		buf_adds(&x->text, "Nothing is due in this minute");
	if (schedule_is_used_up(&x->s, &x->state))
		buf_addf(
		    &x->text, "; the %" PRId64 " runs of its maxRuns are over", x->s.max_runs);
	if (schedule_awaits_boot(&x->s) && !schedule_is_used_up(&x->s, &x->state))
		buf_adds(&x->text, "; it is due each time when the machine was started");
	buf_adds(&x->text, "; due before: ");
	if (last_us == INSTANT_NEVER)
		buf_adds(&x->text, "never");
	else
		add_utc(x, last_us);
	buf_adds(&x->text, ", due next: ");
	if (next_us == INSTANT_NEVER)
		buf_adds(&x->text, "never");
	else
		add_utc(x, next_us);
	return 0;
}

static int
explain_body(struct txn *txn, void *ctx, struct err *err)
{
	struct explain *x = ctx;
	int64_t at_us = x->e->at_us;
	int rc;

	*x->e = (struct explanation){.at_us = at_us, .due_us = INSTANT_NEVER, .late_us = -1};
	buf_reset(&x->text);
	x->txn = txn;
	x->found = x->settled = false;
	x->p = (struct preview){0};
	rc = own_schedule(txn, x->arena, x->actor, x->id, &x->s, err);
	if (!rc)
		rc = store_state_get(txn, x->arena, x->id, &x->state, err);
	if (!rc) {
		/* With a zone that is gone nobody knows. */
		rc = calendars_load(txn, x->arena, &x->s, x->sv->zones, &x->calendars, err);
		if (rc == ERR_INPUT)
			x->calendars = (struct calendars){.reader.count = rc = 0};
	}
	if (!rc)
		rc = find_due(x, err);
	if (rc)
		return rc;
	if (x->found)
		find_trigger(x);
	if (!x->found)
		rc = explain_not_due(x, err);
	else
		rc = x->settled ? explain_settled(x, err) : explain_future(x, err);
	return rc;
}

/* Minutes of UTC are those of every zone in use. */
static int64_t
minute_of(int64_t us)
{
	int64_t past_us = us % MINUTE_US;

	return us - (past_us < 0 ? past_us + MINUTE_US : past_us);
}

int
service_explain_schedule(struct service *sv, struct arena *a, const struct actor *actor,
    int64_t now_us, uint64_t id, int64_t at_us, const char *time_zone, struct explanation *e,
    struct err *err)
{
	struct explain x = {.sv = sv,
	    .arena = a,
	    .actor = actor,
	    .now_us = now_us,
	    .id = id,
	    .time_zone = time_zone,
	    .e = e,
	    .from_us = minute_of(at_us),
	    .to_us = minute_of(at_us) + MINUTE_US};
	int rc = require_scope(actor, SCOPE_READ, err);

	*e = (struct explanation){.at_us = at_us};
	if (!rc)
		rc = store_run(sv->store, explain_body, &x, err);
	if (!rc) {
		buf_addc(&x.text, '.');
		e->reason = arena_strdup(a, x.text.data);
	}
	buf_release(&x.text);
	return rc;
}
