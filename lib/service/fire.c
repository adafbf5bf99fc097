/*
 * Settle what is due: see fire.h.
 *
 * Neighbouring due times that do not run and share a verdict become one ledger entry with a
 * range, so that neither a long outage nor a long suspension fills the ledger. The open range
 * is remembered in the state, and the entry grows from batch to batch.
 */
#include "service/fire.h"

#include <string.h>

#include "base/log.h"
#include "model/difference.h"
#include "service/excluded.h"
#include "service/run.h"

/* The turns behind the one at hand that have come and that no calendar keeps from running: as many
 * of the next as matter, in order. They are looked for once and not anew for each that is settled,
 * because an outage may hold very many. */
struct ahead {
	int64_t *turns; /* a ring of `most`; NULL: not looked yet */
	size_t most, first, count;
	int64_t next_us; /* the due time at which the search goes on */
};

struct settling {
	struct txn *txn;
	struct arena arena;
	const struct schedule *s;
	struct schedule_state *state;
	struct zones *zones;
	int64_t now_us;
	unsigned how; /* FIRE_… */
	struct calendars calendars;
	bool calendars_known;
	bool queued;
	uint64_t holder_id;	 /* the run that stands in the way of all; 0: not looked up */
	struct occurrence range; /* count 0: none open */
	struct ahead ahead;
};

/* A due time, and when it meets what is in force: later than itself if calendars deferred it. */
struct turn {
	int64_t due_us, at_us;
	const char *why; /* it was deferred; NULL: it was not */
};

/* What becomes of one due time. */
struct judgement {
	enum verdict verdict;
	enum origin origin; /* if it ran */
	const char *reason;
};

/* When a run that has its turn at `at_us` is to start. */
static int64_t
firing_time(const struct settling *g, int64_t at_us)
{
	int64_t firing_us = schedule_firing_time(g->s, at_us);

	return (g->how & FIRE_HASTEN) && at_us <= g->now_us && firing_us > g->now_us
		   ? g->now_us
		   : firing_us;
}

static struct judgement
judge_misfire(const struct schedule *s, int64_t late_us, bool last)
{
	bool in_window = late_us <= s->misfire_window_us;

	switch (s->misfire) {
	case MISFIRE_SKIP:
		return (struct judgement){
		    VERDICT_MISSED_DOWN, 0, "nobody was there to fire it, and misfire is skip"};
	case MISFIRE_ONE:
		if (!in_window)
			break;
		if (last)
			return (struct judgement){VERDICT_RAN, ORIGIN_CATCH_UP, NULL};
		return (struct judgement){VERDICT_MISSED_DOWN, 0,
		    "nobody was there to fire it; a later due time stands for it"};
	case MISFIRE_ALL:
		if (!in_window)
			break;
		if (s->misfire_max && !last)
			return (struct judgement){VERDICT_MISSED_CAP, 0,
			    "nobody was there to fire it; as many later ones run as misfireMax "
			    "lets"};
		return (struct judgement){VERDICT_RAN, ORIGIN_CATCH_UP, NULL};
	}
	return (struct judgement){VERDICT_MISSED_WINDOW, 0,
	    "nobody was there to fire it until its misfireWindow had passed"};
}

/* `last`: no later due time that runs has come yet, or with a misfireMax not that many. */
static struct judgement
judge(const struct settling *g, const struct turn *t, bool last)
{
	const struct schedule_state *state = g->state;
	/* Within its jitter a due time is not late. */
	int64_t late_us = g->now_us - t->at_us - g->s->jitter_us;
	int64_t firing_us = firing_time(g, t->at_us);
	bool busy = state->active + state->waiting > 0;
	struct judgement j = {VERDICT_RAN, ORIGIN_TRIGGER, NULL};

	if (schedule_is_suspended(state, firing_us))
		return (struct judgement){
		    VERDICT_SKIPPED_SUSPENDED, 0, state->suspended_reason};
	if (late_us > FIRE_ON_TIME_US)
		j = judge_misfire(g->s, late_us, last);
	/* `misfire: all` asks for every one of them: then they wait for each other. */
	if (j.verdict != VERDICT_RAN || !busy ||
	    (j.origin == ORIGIN_CATCH_UP && g->s->misfire == MISFIRE_ALL))
		return j;

	switch (g->s->overlap) {
	case OVERLAP_QUEUE_ONE:
		if (state->waiting == 0)
			return j;
		return (struct judgement){
		    VERDICT_SKIPPED_OVERLAP, 0, "one run goes on and another waits already"};
	case OVERLAP_SKIP:
		return (struct judgement){
		    VERDICT_SKIPPED_OVERLAP, 0, "the run before had not ended"};
	case OVERLAP_QUEUE:
	case OVERLAP_ALLOW:
	case OVERLAP_REPLACE:
		break;
	}
	return j;
}

/* Write the open range, as a new entry or as more of the one that the last batch left open. */
static int
close_range(struct settling *g, struct err *err)
{
	struct occurrence *r = &g->range;
	int rc;

	if (r->count == 0)
		return 0;
	rc = r->due_us == g->state->range_due_us ? store_ledger_extend(g->txn, r, err)
						 : store_ledger_insert(g->txn, r, err);
	g->state->range_due_us = r->due_us;
	r->count = 0;
	return rc;
}

static int
add_run(struct settling *g, int64_t due_us, const struct judgement *j, struct err *err)
{
	struct run_request request = {
	    .schedule = g->s,
	    .origin = j->origin,
	    .due_us = due_us,
	    .now_us = g->now_us,
	    .conditional = true,
	};
	struct occurrence o = {
	    .schedule_id = g->s->id,
	    .due_us = due_us,
	    .to_us = due_us,
	    .count = 1,
	    .verdict = VERDICT_RAN,
	    .reason = j->reason,
	    .decided_us = g->now_us,
	};
	int rc;

	rc = close_range(g, err);
	g->state->range_due_us = INSTANT_NEVER;
	if (!rc)
		rc = run_make(g->txn, &request, g->state, &o.execution_id, err);
	/* The entry that must not exist yet is what makes a second firing of the same due time
	 * impossible. */
	if (!rc)
		rc = store_ledger_insert(g->txn, &o, err);
	g->queued = true;
	g->state->runs++;
	return rc;
}

/* So many executions are looked at for the one that stands in the way; then it stays unnamed. */
enum { HOLDER_LOOKS = 1000 };

/* The newest execution below `before` that has not ended and does not wait. */
static int
find_holder_below(struct settling *g, uint64_t before, struct err *err)
{
	struct execution *list;
	size_t count = 1;
	bool waits;
	int rc = 0;

	for (int i = 0; !rc && i < HOLDER_LOOKS && count > 0 && !g->holder_id; i++) {
		rc = store_execution_list(
		    g->txn, &g->arena, g->s->id, before, 1, &list, &count, err);
		if (rc || !count)
			break;
		before = list->id;
		if (list->end_us != INSTANT_NEVER)
			continue;
		rc = store_waiting_has(g->txn, g->s->id, list->id, &waits, err);
		if (!rc && !waits)
			g->holder_id = list->id;
	}
	return rc;
}

/*
 * The run that stands in the way. Runs take their turns in the order of their ids, so mostly it
 * is older than all that wait; but one that ended before and waits to run again is older still.
 */
static int
find_holder(struct settling *g, uint64_t *id, struct err *err)
{
	uint64_t first = 0;
	int rc = 0;

	if (!g->holder_id) {
		rc = store_waiting_first(g->txn, g->s->id, &first, err);
		if (!rc || rc == ERR_MISSING)
			rc = find_holder_below(g, first, err);
	}
	if (!rc && !g->holder_id && first)
		rc = find_holder_below(g, 0, err);
	*id = g->holder_id;
	return rc;
}

static bool
same_skip(const struct occurrence *a, const struct occurrence *b)
{
	return a->verdict == b->verdict && a->execution_id == b->execution_id &&
	       a->suspended_by == b->suspended_by && a->suspended_us == b->suspended_us &&
	       same_text(a->reason, b->reason);
}

/* Is it one more of the open range? */
static int
joins_range(struct settling *g, const struct occurrence *o, bool *joins, struct err *err)
{
	struct occurrence last;
	int rc;

	*joins = g->range.count > 0 && same_skip(&g->range, o);
	if (!*joins || !(g->how & FIRE_AMONG))
		return 0;
	rc = store_ledger_last(g->txn, &g->arena, g->s->id, o->due_us, &last, err);
	*joins = rc == ERR_MISSING || (!rc && last.due_us <= g->range.due_us);
	return rc == ERR_MISSING ? 0 : rc;
}

static int
add_skip(struct settling *g, int64_t due_us, const struct judgement *j, struct err *err)
{
	struct occurrence o = {
	    .schedule_id = g->s->id,
	    .due_us = due_us,
	    .to_us = due_us,
	    .count = 1,
	    .verdict = j->verdict,
	    .reason = j->reason,
	    .decided_us = g->now_us,
	};
	bool joins = false;
	int rc = 0;

	if (j->verdict == VERDICT_SKIPPED_OVERLAP)
		rc = find_holder(g, &o.execution_id, err);
	if (j->verdict == VERDICT_SKIPPED_SUSPENDED) {
		o.suspended_by = g->state->suspended_by;
		o.suspended_us = g->state->suspended_us;
	}
	if (!rc)
		rc = joins_range(g, &o, &joins, err);
	if (rc)
		return rc;
	if (joins) {
		g->range.to_us = due_us;
		g->range.count++;
		return 0;
	}
	rc = close_range(g, err);
	g->state->range_due_us = INSTANT_NEVER;
	g->range = o;
	return rc;
}

/* Take up the range that the last batch left open. */
static int
open_range(struct settling *g, struct err *err)
{
	int64_t due_us = g->state->range_due_us;
	struct occurrence *list;
	size_t count;
	int rc;

	if (due_us == INSTANT_NEVER)
		return 0;
	rc = store_ledger_list(
	    g->txn, &g->arena, g->s->id, due_us, due_us + 1, 1, &list, &count, err);
	if (rc)
		return rc;
	if (count == 1)
		g->range = list[0];
	else
		g->state->range_due_us = INSTANT_NEVER;
	return 0;
}

/*
 * The due time behind `due_us` cannot be worked out, for the reason in *err: the schedule is
 * suspended, and the due time's entry says why. Its range stays open: there fire_take_up() goes
 * on. What may pass, such as a failing disk, is no such reason: then all is tried again.
 */
static int
give_up(struct settling *g, int64_t due_us, struct err *err)
{
	static const struct judgement j = {VERDICT_SKIPPED_SUSPENDED, 0,
	    "what is due behind it cannot be worked out: time zone not known to this system"};

	log_error("schedule %llu is suspended: %s", (unsigned long long)g->s->id, err->text);
	g->state->suspended = true;
	g->state->suspended_by = 0;
	g->state->suspended_us = g->now_us;
	g->state->suspended_until_us = 0;
	g->state->suspended_reason = j.reason;
	if (g->state->deferred_us != INSTANT_NEVER)
		due_us = g->state->deferred_us;
	g->state->deferred_us = INSTANT_NEVER;
	return add_skip(g, due_us, &j, err);
}

/* ---- calendars ---- */

static int
know_calendars(struct settling *g, struct err *err)
{
	int rc;

	if (g->calendars_known)
		return 0;
	rc = calendars_load(g->txn, &g->arena, g->s, g->zones, &g->calendars, err);
	g->calendars_known = !rc;
	return rc;
}

/* The rest of look_ahead(): add to those that are known. */
static int
find_ahead(struct settling *g, struct ahead *a, struct err *err)
{
	struct excluded by;
	int rc = 0;

	while (!rc && a->count < a->most && firing_time(g, a->next_us) <= g->now_us) {
		int64_t free_us = a->next_us;
		bool runs;

		if (calendars_exclude(&g->calendars, a->next_us, &by))
			free_us = exclusion_first_free(&g->calendars.reader, a->next_us);
		if (firing_time(g, free_us) > g->now_us)
			break;
		runs = free_us == a->next_us || g->s->on_excluded == ON_EXCLUDED_DEFER;
		if (runs)
			a->turns[(a->first + a->count++) % a->most] = free_us;
		/* None that is due until then runs, or all of them are one run. */
		rc = schedule_next_due(
		    g->s, g->zones, runs ? free_us : free_us - 1, &a->next_us, err);
	}
	return rc;
}

/*
 * Have so many later turns come that a missed one at t->at_us is not to run: one, or misfireMax?
 * `next_us` is the due time behind it.
 */
static int
look_ahead(
    struct settling *g, const struct turn *t, int64_t next_us, bool *enough, struct err *err)
{
	struct ahead *a = &g->ahead;
	int rc;

	if (!a->turns) {
		a->most =
		    g->s->misfire == MISFIRE_ALL && g->s->misfire_max ? g->s->misfire_max : 1;
		a->turns = arena_array(&g->arena, a->most, sizeof *a->turns);
		a->next_us = next_us;
	}
	while (a->count && a->turns[a->first] <= t->at_us) {
		a->first = (a->first + 1) % a->most;
		a->count--;
	}
	if (a->next_us < next_us)
		a->next_us = next_us;
	rc = find_ahead(g, a, err);
	*enough = a->count == a->most;
	return rc;
}

static const char *
deferral(struct settling *g, int64_t free_us, const char *why)
{
	char text[INSTANT_TEXT];

	instant_format(free_us, text);
	return arena_printf(&g->arena, "deferred to %s: %s", text, why);
}

/*
 * What the calendars make of a due time that would have its turn at t->at_us: it is skipped
 * (*reason), it is deferred to later than now (*wait_us, when its turn comes), or it has its turn,
 * perhaps later than it asked for. `next_us` is the due time behind it: one that comes before the
 * deferred one could run stands for it, and so do all that are deferred to the same instant for each
 * other, the last one for all.
 */
static void
meet_calendars(
    struct settling *g, struct turn *t, int64_t next_us, int64_t *wait_us, const char **reason)
{
	const char *why = NULL;
	struct excluded by;
	int64_t free_us;

	*wait_us = INSTANT_NEVER;
	*reason = NULL;
	if (t->at_us != t->due_us)
		t->why = deferral(g, t->at_us,
		    calendars_exclude(&g->calendars, t->due_us, &by)
			? calendars_reason(&g->arena, &g->calendars, &by)
			: "a calendar excluded it");
	if (!calendars_exclude(&g->calendars, t->at_us, &by))
		return;
	why = calendars_reason(&g->arena, &g->calendars, &by);
	*reason = why;
	if (g->s->on_excluded == ON_EXCLUDED_SKIP)
		return;
	free_us = exclusion_first_free(&g->calendars.reader, t->at_us);
	if (free_us == INSTANT_NEVER) {
		*reason = arena_printf(
		    &g->arena, "%s, and no time is free to which it could be deferred", why);
	} else if (next_us <= free_us) {
		*reason = arena_printf(
		    &g->arena, "%s; a later due time stands for it", deferral(g, free_us, why));
	} else {
		*reason = NULL;
		t->at_us = free_us;
		t->why = deferral(g, free_us, why);
		if (firing_time(g, free_us) > g->now_us)
			*wait_us = free_us;
	}
}

/* One due time that no calendar keeps from its turn. */
static int
settle_turn(struct settling *g, const struct turn *t, int64_t next_us, struct err *err)
{
	struct judgement j;
	bool enough;
	int rc = look_ahead(g, t, next_us, &enough, err);

	if (rc)
		return rc;
	j = judge(g, t, !enough);
	if (j.verdict == VERDICT_RAN)
		j.reason = t->why;
	if (j.verdict == VERDICT_MISSED_DOWN || j.verdict == VERDICT_MISSED_WINDOW ||
	    j.verdict == VERDICT_MISSED_CAP)
		rc = fire_blame_clock(g->txn, &g->arena, g->s, firing_time(g, t->at_us),
		    &j.verdict, &j.reason, err);
	if (rc)
		return rc;
	return j.verdict == VERDICT_RAN ? add_run(g, t->due_us, &j, err)
					: add_skip(g, t->due_us, &j, err);
}

/*
 * Settle one due time, or defer it: the one that was deferred until *wake_us, or else the one that
 * is *wake_us. *wake_us moves on to when there is something to settle next.
 */
static int
settle_calendars(struct settling *g, int64_t next_us, int64_t *wake_us, struct err *err)
{
	struct schedule_state *state = g->state;
	struct turn t = {.due_us = *wake_us, .at_us = *wake_us};
	struct judgement j = {.verdict = VERDICT_SKIPPED_CALENDAR};
	int64_t wait_us;

	if (state->deferred_us != INSTANT_NEVER)
		t.due_us = state->deferred_us;
	state->deferred_us = INSTANT_NEVER;
	*wake_us = next_us;
	/* What is suspended is not asked any further. */
	if (!schedule_is_suspended(state, firing_time(g, t.at_us))) {
		meet_calendars(g, &t, next_us, &wait_us, &j.reason);
		if (j.reason)
			return add_skip(g, t.due_us, &j, err);
		if (wait_us != INSTANT_NEVER) {
			state->deferred_us = t.due_us;
			*wake_us = wait_us;
			return 0;
		}
	}
	return settle_turn(g, &t, next_us, err);
}

/* Settle one due time; *due_us moves on to the next. */
static int
settle_one(struct settling *g, int64_t *due_us, struct err *err)
{
	int64_t next_us = INSTANT_NEVER;
	int rc;

	/* Nobody is waked when a suspension ends: the first due time behind it finds it over. */
	if (g->state->suspended && !schedule_is_suspended(g->state, firing_time(g, *due_us)))
		schedule_end_suspension(g->state);
	rc = schedule_next_due(g->s, g->zones, *due_us, &next_us, err);
	if (!rc)
		rc = know_calendars(g, err);
	if (rc == ERR_INPUT) {
		rc = give_up(g, *due_us, err);
		*due_us = INSTANT_NEVER;
	} else if (!rc) {
		rc = settle_calendars(g, next_us, due_us, err);
	}
	if (schedule_is_used_up(g->s, g->state) && g->state->deferred_us == INSTANT_NEVER)
		*due_us = INSTANT_NEVER;
	return rc;
}

int
fire_settle(struct txn *txn, const struct schedule *s, struct schedule_state *state,
    struct zones *zones, int64_t now_us, unsigned how, bool *queued, bool *more,
    struct err *err)
{
	struct settling g = {
	    .txn = txn, .s = s, .state = state, .zones = zones, .now_us = now_us, .how = how};
	int64_t due_us = state->next_due_us, firing_us = firing_time(&g, due_us);
	int rc;

	*more = false;
	if (firing_us > now_us)
		return 0;
	rc = open_range(&g, err);
	for (int i = 0; !rc && firing_us <= now_us && i < FIRE_BATCH; i++) {
		rc = settle_one(&g, &due_us, err);
		firing_us = firing_time(&g, due_us);
	}
	if (!rc)
		rc = close_range(&g, err);
	if (!rc)
		rc = run_plan(txn, s, state, due_us, err);
	if (g.queued)
		*queued = true;
	*more = firing_us <= now_us;
	arena_release(&g.arena);
	return rc;
}

int
fire_due(struct txn *txn, const struct schedule *s, struct schedule_state *state,
    struct zones *zones, int64_t now_us, bool *queued, bool *more, struct err *err)
{
	return fire_settle(txn, s, state, zones, now_us, 0, queued, more, err);
}

int
fire_take_up(struct txn *txn, const struct schedule *s, struct schedule_state *state,
    struct zones *zones, struct err *err)
{
	struct settling g = {.txn = txn, .s = s, .state = state};
	int64_t due_us = INSTANT_NEVER;
	int rc;

	if (state->next_due_us != INSTANT_NEVER)
		return 0;
	rc = open_range(&g, err);
	if (!rc && g.range.count > 0)
		rc = schedule_plan_next(s, state, zones, g.range.to_us, &due_us, err);
	if (!rc)
		rc = run_plan(txn, s, state, due_us, err);
	arena_release(&g.arena);
	return rc;
}

int
fire_defer_again(struct txn *txn, const struct schedule *s, struct schedule_state *state,
    struct zones *zones, int64_t now_us, struct err *err)
{
	struct settling g = {
	    .txn = txn, .s = s, .state = state, .zones = zones, .now_us = now_us};
	struct turn t = {.due_us = state->deferred_us, .at_us = now_us};
	struct judgement j = {.verdict = VERDICT_SKIPPED_CALENDAR};
	int64_t next_us, wake_us;
	int rc;

	if (state->deferred_us == INSTANT_NEVER)
		return 0;
	if (schedule_is_used_up(s, state))
		return fire_drop_deferred(
		    txn, s, state, now_us, "it was deferred, and all runs are over", err);
	rc = open_range(&g, err);
	if (!rc)
		rc = schedule_plan_next(s, state, zones, now_us, &next_us, err);
	if (!rc)
		rc = know_calendars(&g, err);
	if (rc)
		goto done;
	meet_calendars(&g, &t, next_us, &wake_us, &j.reason);
	if (j.reason) {
		state->deferred_us = INSTANT_NEVER;
		wake_us = next_us;
		rc = add_skip(&g, t.due_us, &j, err);
		if (!rc)
			rc = close_range(&g, err);
	} else if (wake_us == INSTANT_NEVER) {
		wake_us = now_us; /* nothing keeps it any more */
	}
	if (!rc)
		rc = run_plan(txn, s, state, wake_us, err);

done:
	arena_release(&g.arena);
	return rc;
}

int
fire_drop_deferred(struct txn *txn, const struct schedule *s, struct schedule_state *state,
    int64_t now_us, const char *reason, struct err *err)
{
	struct occurrence o = {
	    .schedule_id = s->id,
	    .due_us = state->deferred_us,
	    .to_us = state->deferred_us,
	    .count = 1,
	    .verdict = VERDICT_SKIPPED_CALENDAR,
	    .reason = reason,
	    .decided_us = now_us,
	};

	if (state->deferred_us == INSTANT_NEVER)
		return 0;
	state->deferred_us = INSTANT_NEVER;
	return store_ledger_insert(txn, &o, err);
}

int
fire_drop_due(struct txn *txn, const struct schedule *s, struct schedule_state *state,
    struct zones *zones, int64_t now_us, uint64_t by_id, struct err *err)
{
	static const struct judgement j = {VERDICT_SKIPPED_SUSPENDED, 0,
	    "its schedule was deleted while it waited for its jitter"};
	struct settling g = {
	    .txn = txn, .s = s, .state = state, .zones = zones, .now_us = now_us};
	int64_t due_us = state->next_due_us;
	int rc;

	if (state->deferred_us != INSTANT_NEVER || due_us > now_us)
		return 0;
	state->suspended_by = by_id;
	state->suspended_us = now_us;
	rc = open_range(&g, err);
	while (!rc && due_us <= now_us) {
		rc = add_skip(&g, due_us, &j, err);
		if (!rc)
			rc = schedule_next_due(s, zones, due_us, &due_us, err);
		/* What is behind it cannot be known: see give_up(). */
		if (rc == ERR_INPUT) {
			rc = 0;
			break;
		}
	}
	if (!rc)
		rc = close_range(&g, err);
	arena_release(&g.arena);
	return rc;
}
