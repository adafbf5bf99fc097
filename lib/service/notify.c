/* Notifications: see notify.h. */
#include "service/notify.h"

#include <inttypes.h>

#include "base/log.h"
#include "service/internal.h"

enum { ALARMS_AT_ONCE = 32 };

/* What a message is about. */
struct news {
	const struct schedule *s;
	const struct execution *e; /* NULL: none */
	int64_t now_us;
	uint32_t failures;
	const char *text;
};

/* ---- making messages ---- */

/* The target of a rule, made if there is none yet. */
static int
find_target(struct txn *txn, struct arena *a, const struct news *w, const struct notify_rule *r,
    const char *name, struct notice_target *t, struct err *err)
{
	uint64_t id;
	int rc = store_target_by_name(txn, w->s->tenant_id, name, &id, err);

	if (!rc)
		return store_target_get(txn, a, id, t, err);
	if (rc != ERR_MISSING)
		return rc;
	*t = (struct notice_target){
	    .tenant_id = w->s->tenant_id,
	    .url = r->url,
	    .secret = r->secret,
	    .to = r->to,
	    .to_count = r->to_count,
	    .next_us = INSTANT_NEVER,
	};
	return store_next_id(txn, t->tenant_id, &t->id, err);
}

/* One more than it can hold: counted, and told in the log when it begins. */
static void
drop(const struct news *w, struct notice_target *t)
{
	if (!t->dropped || w->now_us - t->dropped_us > HOUR_US)
		log_warn("schedule %" PRIu64 ": notifications are dropped: %d wait for the "
			 "same target already",
		    w->s->id, NOTICES_WAITING_MAX);
	t->dropped++;
	t->dropped_us = w->now_us;
}

static int
make(struct txn *txn, struct arena *a, const struct news *w, const struct notify_rule *r,
    struct err *err)
{
	const char *name = notify_target_name(a, r);
	struct notice n = {
	    .tenant_id = w->s->tenant_id,
	    .schedule_id = w->s->id,
	    .execution_id = w->e ? w->e->id : 0,
	    .schedule_name = w->s->name,
	    .event = r->on,
	    .made_us = w->now_us,
	    .failures = w->failures,
	    .text = w->text,
	    .state = NOTICE_WAITING,
	    .turn_us = w->now_us,
	    .tried_us = INSTANT_NEVER,
	    .end_us = INSTANT_NEVER,
	};
	struct notice_target t;
	int rc = find_target(txn, a, w, r, name, &t, err);

	if (rc)
		return rc;
	t.used_us = w->now_us;
	if (t.waiting >= NOTICES_WAITING_MAX) {
		drop(w, &t);
		return store_target_put(txn, &t, name, err);
	}
	/* Further away only when the clock was set back meanwhile. */
	if (!t.waiting || (!t.sending_id && t.next_us > w->now_us + HOUR_US))
		t.next_us = w->now_us;
	t.waiting++;
	n.target_id = t.id;
	rc = store_target_put(txn, &t, name, err);
	if (!rc)
		rc = store_next_id(txn, n.tenant_id, &n.id, err);
	return rc ? rc : store_notice_put(txn, &n, err);
}

/* ---- texts ---- */

/* Which task failed, and why. */
static const char *
failure_text(struct arena *a, const struct task *tasks, size_t count)
{
	char text[TASK_SUMMARY_TEXT];

	for (size_t i = 0; i < count; i++) {
		const char *summary = task_summary(&tasks[i], text);

		if (notify_outcome(&tasks[i], 1) == OUTCOME_FAILED)
			return arena_printf(a, "task \"%s\": %s", tasks[i].def.name,
			    summary ? summary : "failed");
	}
	return "failed";
}

static const char *
instant_text(struct arena *a, int64_t us)
{
	char text[INSTANT_TEXT];

	instant_format(us, text);
	return arena_strdup(a, text);
}

/* ---- silence ---- */

static int
count_silence(
    struct txn *txn, const struct schedule *s, int64_t from_us, bool plans, struct err *err)
{
	struct alarm al = {
	    .schedule_id = s->id,
	    .event = NOTIFY_NO_SUCCESS,
	    .base_us = from_us,
	    .told_us = from_us,
	};

	al.due_us = plans ? notify_alarm_due(s, &al) : INSTANT_NEVER;
	return store_alarm_put(txn, &al, err);
}

/* One that was given up is suspended by nobody: that is a fault, and its silence tells. */
static bool
is_silent_by_will(const struct schedule_state *state, int64_t at_us)
{
	return schedule_is_suspended(state, at_us) && !schedule_is_given_up(state);
}

int
notify_suspended(struct txn *txn, const struct schedule *s, const struct schedule_state *state,
    struct err *err)
{
	if (!s->notify_count || schedule_is_given_up(state))
		return 0;
	if (!state->suspended_until_us)
		return count_silence(txn, s, state->suspended_us, false, err);
	return count_silence(txn, s, state->suspended_until_us, true, err);
}

/* ---- how runs end ---- */

struct ending {
	struct news news;
	enum run_outcome outcome, before;
	bool recovers;
	uint32_t failures_before;
	const char *why; /* it failed */
};

/* What the end of a run is to this rule; NULL: nothing. */
static const char *
ending_text(struct arena *a, const struct ending *g, const struct notify_rule *r)
{
	const char *name = g->news.s->name;

	switch (r->on) {
	case NOTIFY_FAILED:
		if (g->outcome != OUTCOME_FAILED || g->news.failures != r->failures)
			return NULL;
		if (r->failures == 1)
			return arena_printf(a, "\"%s\" failed: %s", name, g->why);
		return arena_printf(a, "\"%s\" failed %" PRIu32 " times in a row: %s", name,
		    r->failures, g->why);
	case NOTIFY_RECOVERED:
		if (g->outcome != OUTCOME_SUCCEEDED ||
		    !(g->failures_before >= r->failures || g->recovers))
			return NULL;
		if (!g->failures_before)
			return arena_printf(a, "\"%s\" succeeded again", name);
		return arena_printf(a, "\"%s\" succeeded again after %" PRIu32 " failure%s",
		    name, g->failures_before, g->failures_before == 1 ? "" : "s");
	case NOTIFY_CHANGED:
		if (g->outcome == g->before ||
		    (g->before == OUTCOME_NONE && g->outcome == OUTCOME_SUCCEEDED))
			return NULL;
		if (g->outcome == OUTCOME_SUCCEEDED)
			return arena_printf(a, "\"%s\" changed from failed to succeeded", name);
		return arena_printf(a, "\"%s\" changed %sto failed: %s", name,
		    g->before == OUTCOME_SUCCEEDED ? "from succeeded " : "", g->why);
	case NOTIFY_LATE:
	case NOTIFY_LONG:
	case NOTIFY_NO_SUCCESS:
		break;
	}
	return NULL;
}

/* A success: silence counts from now on, or from the end of a suspension. */
static int
end_silence(struct txn *txn, struct arena *a, const struct schedule *s, int64_t now_us,
    bool *told, struct err *err)
{
	struct schedule_state state;
	struct alarm al;
	int rc = store_alarm_get(txn, s->id, 0, &al, err);

	*told = !rc && al.told_us > al.base_us;
	if (!rc || rc == ERR_MISSING)
		rc = store_state_get(txn, a, s->id, &state, err);
	if (rc)
		return rc;
	if (is_silent_by_will(&state, now_us))
		return notify_suspended(txn, s, &state, err);
	return count_silence(txn, s, now_us, true, err);
}

static int
tell_ending(struct txn *txn, struct arena *a, struct ending *g, const struct task *tasks,
    size_t count, struct err *err)
{
	const struct schedule *s = g->news.s;
	struct health h;
	int rc = store_health_get(txn, s->id, &h, err);

	if (rc && rc != ERR_MISSING)
		return rc;
	g->before = h.last;
	g->failures_before = h.failures;
	h.last = g->outcome;
	h.failures = g->outcome == OUTCOME_FAILED ? h.failures + 1 : 0;
	rc = 0;
	if (g->outcome == OUTCOME_SUCCEEDED) {
		h.last_success_us = g->news.now_us;
		rc = end_silence(txn, a, s, g->news.now_us, &g->recovers, err);
	} else {
		g->why = failure_text(a, tasks, count);
	}
	g->news.failures = h.failures;
	for (size_t i = 0; !rc && i < s->notify_count; i++) {
		g->news.text = ending_text(a, g, &s->notify[i]);
		if (g->news.text)
			rc = make(txn, a, &g->news, &s->notify[i], err);
	}
	return rc ? rc : store_health_put(txn, &h, err);
}

int
notify_ended(struct txn *txn, struct arena *a, const struct execution *e, struct err *err)
{
	struct schedule s;
	struct ending g = {.news = {.s = &s, .e = e, .now_us = e->end_us}};
	struct task *tasks;
	size_t count;
	int rc = store_schedule_get(txn, a, e->schedule_id, &s, err);

	if (rc || !s.notify_count)
		return rc == ERR_MISSING ? 0 : rc;
	rc = store_alarm_remove(txn, s.id, e->id, err);
	if (!rc)
		rc = store_task_list(txn, a, e->id, &tasks, &count, err);
	if (rc)
		return rc;
	g.outcome = notify_outcome(tasks, count);
	return g.outcome ? tell_ending(txn, a, &g, tasks, count, err) : 0;
}

/* ---- what comes with time ---- */

static const char *
alarm_text(struct arena *a, const struct news *w, const struct alarm *al, int64_t by_us)
{
	const char *name = w->s->name, *base = instant_text(a, al->base_us);
	char by[INSTANT_TEXT];

	duration_format(by_us, by);
	switch (al->event) {
	case NOTIFY_LATE:
		return arena_printf(
		    a, "\"%s\" is late by more than %s: it was due at %s", name, by, base);
	case NOTIFY_LONG:
		return arena_printf(
		    a, "\"%s\" has run for more than %s: it started at %s", name, by, base);
	default:
		return arena_printf(
		    a, "\"%s\" has had no success within %s, since %s", name, by, base);
	}
}

/* Tell what of an alarm is over and was not told yet, and when it is to be looked at next. */
static int
tell_alarm(struct txn *txn, struct arena *a, struct news *w, struct alarm *al, struct err *err)
{
	struct health h = {0};
	int rc = 0;

	if (al->event == NOTIFY_NO_SUCCESS) {
		rc = store_health_get(txn, w->s->id, &h, err);
		rc = rc == ERR_MISSING ? 0 : rc;
		w->failures = h.failures;
	}
	for (size_t i = 0; !rc && i < w->s->notify_count; i++) {
		const struct notify_rule *r = &w->s->notify[i];
		int64_t over_us = al->base_us + r->by_us;

		if (r->on != al->event || over_us <= al->told_us || over_us > w->now_us)
			continue;
		w->text = alarm_text(a, w, al, r->by_us);
		rc = make(txn, a, w, r, err);
	}
	if (al->told_us < w->now_us && al->due_us <= w->now_us)
		al->told_us = w->now_us;
	al->due_us = notify_alarm_due(w->s, al);
	return rc;
}

int
notify_alarm(struct txn *txn, struct arena *a, uint64_t schedule_id, uint64_t execution_id,
    int64_t now_us, struct err *err)
{
	struct schedule_state state;
	struct schedule s;
	struct execution e;
	struct news w = {.s = &s, .now_us = now_us};
	struct alarm al;
	int rc = store_alarm_get(txn, schedule_id, execution_id, &al, err);

	if (!rc)
		rc = store_schedule_get(txn, a, schedule_id, &s, err);
	if (!rc)
		rc = store_state_get(txn, a, schedule_id, &state, err);
	if (!rc && !execution_id && is_silent_by_will(&state, now_us))
		return notify_suspended(txn, &s, &state, err);
	if (!rc && execution_id) {
		rc = store_execution_get(txn, a, execution_id, &e, err);
		w.e = &e;
	}
	if (rc == ERR_MISSING) {
		log_error("schedule %" PRIu64 " has an alarm for what does not exist: removed",
		    schedule_id);
		return store_alarm_remove(txn, schedule_id, execution_id, err);
	}
	if (!rc)
		rc = tell_alarm(txn, a, &w, &al, err);
	return rc ? rc : store_alarm_put(txn, &al, err);
}

int
notify_made(
    struct txn *txn, const struct schedule *s, const struct execution *e, struct err *err)
{
	struct alarm al = {
	    .schedule_id = s->id,
	    .execution_id = e->id,
	    .event = NOTIFY_LATE,
	    .base_us = e->due_us,
	    .told_us = e->due_us,
	};

	if (e->due_us == INSTANT_NEVER || e->end_us != INSTANT_NEVER ||
	    !notify_asks(s, NOTIFY_LATE))
		return 0;
	al.due_us = notify_alarm_due(s, &al);
	return store_alarm_put(txn, &al, err);
}

int
notify_started(struct txn *txn, struct arena *a, const struct execution *e, struct err *err)
{
	struct schedule s;
	struct news w = {.s = &s, .e = e, .now_us = e->start_us};
	struct alarm al, next = {
			     .schedule_id = e->schedule_id,
			     .execution_id = e->id,
			     .event = NOTIFY_LONG,
			     .base_us = e->start_us,
			     .told_us = e->start_us,
			 };
	int rc = store_schedule_get(txn, a, e->schedule_id, &s, err);

	if (rc || !s.notify_count)
		return rc == ERR_MISSING ? 0 : rc;
	/* It starts just now, and its alarm may not have been looked at. */
	rc = store_alarm_get(txn, s.id, e->id, &al, err);
	if (!rc && al.event == NOTIFY_LATE && al.due_us <= e->start_us)
		rc = tell_alarm(txn, a, &w, &al, err);
	if (rc && rc != ERR_MISSING)
		return rc;
	if (!notify_asks(&s, NOTIFY_LONG))
		return store_alarm_remove(txn, s.id, e->id, err);
	next.due_us = notify_alarm_due(&s, &next);
	return store_alarm_put(txn, &next, err);
}

/* ---- definitions and suspensions ---- */

/* The alarms that there are follow other rules. */
static int
plan_again(struct txn *txn, const struct schedule *s, bool silent, struct err *err)
{
	uint64_t ids[ALARMS_AT_ONCE], from = 0;
	struct alarm al;
	size_t count;
	int rc;

	do {
		rc = store_alarm_list(txn, s->id, from, ids, ALARMS_AT_ONCE, &count, err);
		for (size_t i = 0; !rc && i < count; i++) {
			from = ids[i] + 1;
			rc = store_alarm_get(txn, s->id, ids[i], &al, err);
			if (rc)
				break;
			al.due_us =
			    !ids[i] && silent ? INSTANT_NEVER : notify_alarm_due(s, &al);
			rc = store_alarm_put(txn, &al, err);
		}
	} while (!rc && count == ALARMS_AT_ONCE);
	return rc;
}

int
notify_served(bool sends_mail, const struct schedule *s, struct err *err)
{
	for (size_t i = 0; i < s->notify_count; i++) {
		if (!s->notify[i].url && !sends_mail)
			return err_fail(err, ERR_INPUT,
			    "Invalid value: notify[%zu].mail: this server sends no mail", i);
	}
	return 0;
}

int
notify_defined(struct txn *txn, const struct schedule *s, const struct schedule_state *state,
    int64_t now_us, struct err *err)
{
	bool silent = is_silent_by_will(state, now_us);
	struct alarm al;
	int rc;

	if (!s->notify_count)
		return store_health_remove(txn, s->id, err);
	rc = store_alarm_get(txn, s->id, 0, &al, err);
	if (rc == ERR_MISSING)
		rc = silent ? notify_suspended(txn, s, state, err)
			    : count_silence(txn, s, now_us, true, err);
	return rc ? rc : plan_again(txn, s, silent && !state->suspended_until_us, err);
}

int
notify_resumed(struct txn *txn, const struct schedule *s, int64_t now_us, struct err *err)
{
	return s->notify_count ? count_silence(txn, s, now_us, true, err) : 0;
}

/* ---- the outbox ---- */

/* A message is not waiting any more. */
static int
end_notice(struct txn *txn, struct notice_target *t, struct notice *n, enum notice_state state,
    int64_t now_us, struct err *err)
{
	struct actor actor = {.name = "$scheduler"};
	int rc;

	n->state = state;
	n->end_us = now_us;
	if (t->waiting > 0)
		t->waiting--;
	if (state == NOTICE_GIVEN_UP && !n->error)
		n->error = "others for the same target failed for so long";
	if (state == NOTICE_GIVEN_UP)
		log_error("notification %" PRIu64 " of schedule %" PRIu64
			  " is given up after %" PRIu32 " tries: %s",
		    n->id, n->schedule_id, n->tries, n->error);
	rc = store_notice_put(txn, n, err);
	if (rc || state != NOTICE_GIVEN_UP)
		return rc;
	actor.tenant_id = n->tenant_id;
	return audit_note(txn, &actor, now_us, "notification.giveUp", n->id, err,
	    "schedule %s, %s, after %" PRIu32 " tries: %s", n->schedule_name,
	    notify_event_name(n->event), n->tries, n->error);
}

static bool
is_too_old(const struct notice *n, int64_t now_us)
{
	return now_us - n->made_us > NOTICE_LIFE_US;
}

int
notify_take(struct txn *txn, struct arena *a, uint64_t target_id, int64_t now_us,
    struct notice_target *t, struct notice *n, bool *found, struct err *err)
{
	int rc = store_target_get(txn, a, target_id, t, err);

	*found = false;
	while (!rc && !*found) {
		rc = store_notice_next(txn, a, target_id, n, err);
		if (rc)
			break;
		/* What was never tried gets its try, unless the target is known to be down. */
		*found = !is_too_old(n, now_us) || (!n->tries && !t->failures);
		if (!*found)
			rc = end_notice(txn, t, n, NOTICE_GIVEN_UP, now_us, err);
	}
	if (rc && rc != ERR_MISSING)
		return rc;
	rc = 0;
	t->next_us = INSTANT_NEVER;
	if (*found) {
		t->sending_id = n->id;
		n->tries++;
		n->tried_us = now_us;
		rc = store_notice_put(txn, n, err);
	}
	return rc ? rc : store_target_put(txn, t, NULL, err);
}

int
notify_tried(struct txn *txn, struct notice_target *t, struct notice *n, enum notify_try what,
    const char *error, int64_t rest_us, int64_t now_us, struct err *err)
{
	int rc;

	t->sending_id = 0;
	t->next_us = now_us;
	switch (what) {
	case NOTIFY_DONE:
		t->failures = 0;
		n->error = NULL;
		rc = end_notice(txn, t, n, NOTICE_DELIVERED, now_us, err);
		break;
	case NOTIFY_FAULT:
		t->failures++;
		t->next_us = now_us + notice_backoff(t->failures);
		if (rest_us > NOTICE_REST_US)
			rest_us = NOTICE_REST_US;
		if (t->next_us < now_us + rest_us)
			t->next_us = now_us + rest_us;
		n->error = error ? error : "failed";
		/* The others have their turn before it comes again. */
		n->turn_us = now_us;
		rc = is_too_old(n, now_us) ? end_notice(txn, t, n, NOTICE_GIVEN_UP, now_us, err)
					   : store_notice_put(txn, n, err);
		break;
	default:
		n->tries--;
		rc = store_notice_put(txn, n, err);
		break;
	}
	if (!t->waiting)
		t->next_us = INSTANT_NEVER;
	return rc ? rc : store_target_put(txn, t, NULL, err);
}
