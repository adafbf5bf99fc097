/* Schedules: make one, show it, find it. What changes one is in change.c. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "model/advice.h"
#include "service/boot.h"
#include "service/excluded.h"
#include "service/internal.h"
#include "service/notify.h"
#include "service/run.h"

int
own_schedule(struct txn *txn, struct arena *a, const struct actor *actor, uint64_t id,
    struct schedule *s, struct err *err)
{
	int rc = store_schedule_get(txn, a, id, s, err);

	if (!rc && !actor_sees(actor, s))
		rc = ERR_MISSING;
	return rc == ERR_MISSING ? err_fail(err, rc, "Schedule not found") : rc;
}

/* ---- create ---- */

/* An entry of the allow-list is a program, or a directory and everything below it. */
static bool
command_is_allowed(const char *const *allow, const char *path)
{
	for (; *allow; allow++) {
		size_t len = strlen(*allow);

		while (len > 0 && (*allow)[len - 1] == '/')
			len--;
		if (!strncmp(*allow, path, len) && (path[len] == '\0' || path[len] == '/'))
			return true;
	}
	return false;
}

/* NULL: it may run as it says, or says nothing. */
static const char *
refused_user(const struct service *sv, const struct task_def *t)
{
	const char *user = t->process.user;

	return user && !process_user_is_listed(sv->run_as, user) ? user : NULL;
}

static int
check_users(const struct service *sv, const struct schedule *s, struct err *err)
{
	const char *user = s->condition ? refused_user(sv, s->condition) : NULL;

	if (user)
		return err_fail(err, ERR_INPUT,
		    "Invalid value: condition.user: the setting runAs does not list %s", user);
	for (size_t i = 0; i < s->task_count; i++) {
		user = refused_user(sv, &s->tasks[i]);
		if (user)
			return err_fail(err, ERR_INPUT,
			    "Invalid value: tasks[%zu].user: the setting runAs does not list "
			    "%s",
			    i, user);
	}
	return 0;
}

static int
check_against_system(const struct service *sv, const struct schedule *s, struct err *err)
{
	const struct zone *zone;
	int ret = check_users(sv, s, err);

	if (ret)
		return ret;
	if (s->condition && !command_is_allowed(sv->command_allow, s->condition->argv[0]))
		return err_fail(err, ERR_INPUT,
		    "Invalid value: condition.command: %s is not below an allowed path",
		    s->condition->argv[0]);
	for (size_t i = 0; i < s->task_count; i++) {
		if (s->tasks[i].http)
			continue;
		if (!command_is_allowed(sv->command_allow, s->tasks[i].argv[0]))
			return err_fail(err, ERR_INPUT,
			    "Invalid value: tasks[%zu].command: %s is not below an allowed "
			    "path",
			    i, s->tasks[i].argv[0]);
	}
	for (size_t i = 0; i < s->trigger_count; i++) {
		struct err why;
		int rc;

		if (!trigger_is_local(&s->triggers[i]))
			continue;
		rc = zones_get(sv->zones, s->triggers[i].time_zone, &zone, &why);
		if (rc == ERR_INPUT)
			return err_fail(
			    err, rc, "Invalid value: triggers[%zu].timeZone: %s", i, why.text);
		if (rc)
			return err_fail(err, rc, "triggers[%zu].timeZone: %s", i, why.text);
	}
	return notify_served(sv->sends_mail, s, err);
}

/*
 * A new schedule's first due time: after now, but for a one-shot that is past already. That one
 * is due as well, and the misfire policy decides: a run that was asked for never vanishes in
 * silence.
 */
static int
first_due(struct zones *zones, const struct schedule *s, int64_t now_us, int64_t *due_us,
    struct err *err)
{
	int rc = schedule_next_due(s, zones, now_us, due_us, err);

	for (size_t i = 0; !rc && i < s->trigger_count; i++) {
		const struct trigger *t = &s->triggers[i];

		if (t->kind == TRIGGER_AT && t->at_us < *due_us && t->at_us >= s->start_us &&
		    t->at_us < s->end_us)
			*due_us = t->at_us;
	}
	return rc;
}

int
make_schedule(struct txn *txn, const struct deed *d, struct schedule *s, struct err *err)
{
	struct schedule_state state = {.next_due_us = INSTANT_NEVER,
	    .range_due_us = INSTANT_NEVER,
	    .deferred_us = INSTANT_NEVER};
	struct arena scratch = ARENA_INIT;
	int64_t due_us;
	int rc;

	s->tenant_id = d->actor->tenant_id;
	rc = calendars_check(txn, &scratch, s, err);
	arena_release(&scratch);
	if (rc)
		return rc;
	s->created_by = d->actor->user_id;
	s->created_token = d->actor->token_id;
	s->created_us = s->modified_us = d->now_us;
	s->version = 1;
	rc = first_due(d->sv->zones, s, d->now_us, &due_us, err);
	if (!rc)
		rc = store_next_id(txn, s->tenant_id, &s->id, err);
	if (!rc)
		rc = store_schedule_put(txn, s, err);
	if (rc == ERR_CONFLICT)
		return err_fail(err, rc, "A schedule with this name exists: %s", s->name);
	if (rc)
		return rc;
	state.schedule_id = s->id;
	rc = boot_pass_over(txn, &scratch, s, &state, err);
	arena_release(&scratch);
	if (rc)
		return rc;
	rc = run_plan(txn, s, &state, due_us, err);
	if (!rc)
		rc = notify_defined(txn, s, &state, d->now_us, err);
	return rc ? rc : store_state_put(txn, &state, err);
}

int
check_definition(const struct deed *d, struct schedule *s, struct err *err)
{
	s->tenant_id = d->actor->tenant_id;
	/* A token that sees only some schedules makes only such. */
	if (!actor_sees(d->actor, s))
		return err_fail(err, ERR_DENIED, "Insufficient permissions");
	return check_against_system(d->sv, s, err);
}

struct create {
	struct deed deed;
	struct schedule *s;
};

static int
create_body(struct txn *txn, void *ctx, struct err *err)
{
	struct create *c = ctx;
	int rc = make_schedule(txn, &c->deed, c->s, err);

	return rc ? rc
		  : audit_note(txn, c->deed.actor, c->deed.now_us, "schedule.create", c->s->id,
			err, "name %s", c->s->name);
}

int
service_create_schedule(struct service *sv, const struct actor *actor, int64_t now_us,
    struct schedule *s, uint64_t *id, struct err *err)
{
	struct create c = {{sv, actor, now_us}, s};
	int rc;

	rc = require_admin_scope(actor, SCOPE_MANAGE, err);
	if (!rc)
		rc = check_definition(&c.deed, s, err);
	if (!rc)
		rc = schedule_check_future(s, sv->zones, now_us, err);
	if (!rc)
		rc = store_has_room(sv->store, err);
	if (!rc)
		rc = store_run(sv->store, create_body, &c, err);
	if (rc)
		return rc;
	*id = s->id;
	ring(sv);
	return 0;
}

/* ---- show and find ---- */

/* The first due time, or what calendars make of it, that runs: `due_us` or one behind it. What
 * cannot be worked out is told when the time has come. */
static int64_t
first_run(struct txn *txn, struct arena *a, const struct schedule *s, struct zones *zones,
    int64_t due_us)
{
	struct calendars calendars;
	struct excluded by;
	struct err unknown;

	if (!s->calendar_count || calendars_load(txn, a, s, zones, &calendars, &unknown))
		return due_us;
	for (int i = 0; due_us != INSTANT_NEVER && i < EXCLUSION_STEPS; i++) {
		int64_t free_us;

		if (!calendars_exclude(&calendars, due_us, &by))
			return due_us;
		free_us = exclusion_first_free(&calendars.reader, due_us);
		if (free_us == INSTANT_NEVER || s->on_excluded == ON_EXCLUDED_DEFER)
			return free_us;
		if (schedule_next_due(s, zones, free_us - 1, &due_us, &unknown))
			return INSTANT_NEVER;
	}
	return INSTANT_NEVER;
}

/* When it is due next without a suspension. */
static int64_t
next_due(const struct schedule *s, const struct schedule_state *state, struct zones *zones)
{
	int64_t due_us = state->next_due_us;
	struct err unknown;

	if (!state->suspended)
		return due_us;
	if (!state->suspended_until_us)
		return INSTANT_NEVER;
	if (due_us >= state->suspended_until_us)
		return due_us;
	/* A zone that is gone is told when the time has come. */
	if (schedule_plan_next(
		s, state, zones, state->suspended_until_us - 1, &due_us, &unknown))
		return INSTANT_NEVER;
	return due_us;
}

int
view_schedule(struct txn *txn, struct arena *a, const struct deed *d, uint64_t id,
    struct schedule_view *view, struct err *err)
{
	int rc = own_schedule(txn, a, d->actor, id, &view->definition, err);

	if (!rc)
		rc = store_state_get(txn, a, id, &view->state, err);
	if (rc)
		return rc;
	view->finished = view->definition.trigger_count > 0 &&
			 view->state.next_due_us == INSTANT_NEVER &&
			 (!schedule_awaits_boot(&view->definition) ||
			     schedule_is_used_up(&view->definition, &view->state)) &&
			 !schedule_is_given_up(&view->state);
	view->next_run_us = first_run(txn, a, &view->definition, d->sv->zones,
	    next_due(&view->definition, &view->state, d->sv->zones));
	return 0;
}

struct get {
	struct arena *arena;
	struct deed deed;
	uint64_t id;
	struct schedule_view *view;
};

static int
get_body(struct txn *txn, void *ctx, struct err *err)
{
	struct get *c = ctx;

	return view_schedule(txn, c->arena, &c->deed, c->id, c->view, err);
}

int
service_get_schedule(struct service *sv, struct arena *a, const struct actor *actor,
    uint64_t id, struct schedule_view *view, struct err *err)
{
	struct get c = {a, {sv, actor, 0}, id, view};
	int rc = require_scope(actor, SCOPE_READ, err);

	return rc ? rc : store_run(sv->store, get_body, &c, err);
}

struct find {
	struct arena *arena;
	struct deed deed;
	const char *name;
	size_t name_len;
	enum name_match match;
	int type;
	uint64_t created_by; /* 0: by anybody */
	uint64_t *ids;	     /* of the names that match; free() */
	size_t id_count, id_cap;
	struct schedule_view *list;
	size_t count;
};

/* As ASCII letters, whatever the locale. */
static int
lower(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

static bool
same_letters(const char *a, const char *b, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (lower((unsigned char)a[i]) != lower((unsigned char)b[i]))
			return false;
	}
	return true;
}

static bool
contains(const char *name, size_t len, const char *part, size_t part_len)
{
	for (size_t at = 0; at + part_len <= len; at++) {
		if (same_letters(name + at, part, part_len))
			return true;
	}
	return false;
}

bool
text_contains(const char *text, const char *part)
{
	return contains(text, strlen(text), part, strlen(part));
}

static bool
name_matches(const struct find *c, const char *name)
{
	size_t len = strlen(name), want = c->name_len;

	if (want == 0)
		return true;
	switch (c->match) {
	case MATCH_CONTAINS:
		return contains(name, len, c->name, want);
	case MATCH_NOT_CONTAINS:
		return !contains(name, len, c->name, want);
	case MATCH_EQUALS:
		return len == want && same_letters(name, c->name, len);
	case MATCH_STARTS:
		return len >= want && same_letters(name, c->name, want);
	case MATCH_ENDS:
		return len >= want && same_letters(name + len - want, c->name, want);
	}
	return false;
}

static int
note_match(void *ctx, const char *name, uint64_t id)
{
	struct find *c = ctx;

	if (!name_matches(c, name))
		return 0;
	if (c->id_count == c->id_cap) {
		c->id_cap = c->id_cap ? c->id_cap * 2 : 64;
		c->ids = mem_resize(c->ids, c->id_cap * sizeof *c->ids);
	}
	c->ids[c->id_count++] = id;
	return 0;
}

static int
find_body(struct txn *txn, void *ctx, struct err *err)
{
	struct find *c = ctx;
	int rc;

	c->id_count = c->count = 0;
	rc = store_schedule_names(txn, c->deed.actor->tenant_id, NULL, note_match, c, err);
	if (rc)
		return rc;
	c->list = arena_array(c->arena, c->id_count, sizeof *c->list);
	for (size_t i = 0; i < c->id_count; i++) {
		struct schedule_view *view = &c->list[c->count];

		rc = view_schedule(txn, c->arena, &c->deed, c->ids[i], view, err);
		if (rc == ERR_MISSING)
			continue; /* deleted since its name was read */
		if (rc)
			return rc;
		if ((c->type < 0 || view->definition.type == c->type) &&
		    (!c->created_by || view->definition.created_by == c->created_by))
			c->count++;
	}
	return 0;
}

/* Names come in byte order; the one that is spelled as it was asked for goes to the front. */
static void
exact_name_first(struct schedule_view *list, size_t count, const char *name)
{
	for (size_t i = 1; i < count; i++) {
		if (strcmp(list[i].definition.name, name) == 0) {
			struct schedule_view exact = list[i];

			memmove(list + 1, list, i * sizeof *list);
			list[0] = exact;
			return;
		}
	}
}

static int
find(struct service *sv, struct find *c, struct schedule_view **list, size_t *count,
    struct err *err)
{
	int rc = require_scope(c->deed.actor, SCOPE_READ, err);

	if (!rc)
		rc = store_run(sv->store, find_body, c, err);
	free(c->ids);
	if (rc)
		return rc;
	exact_name_first(c->list, c->count, c->name);
	*list = c->list;
	*count = c->count;
	return 0;
}

int
service_find_schedules(struct service *sv, struct arena *a, const struct actor *actor,
    const char *name, enum name_match match, int type, struct schedule_view **list,
    size_t *count, struct err *err)
{
	struct find c = {
	    .arena = a,
	    .deed = {sv, actor, 0},
	    .name = name ? name : "",
	    .name_len = name ? strlen(name) : 0,
	    .match = match,
	    .type = type,
	};

	return find(sv, &c, list, count, err);
}

int
service_schedules_of(struct service *sv, struct arena *a, const struct actor *actor,
    uint64_t user_id, struct schedule_view **list, size_t *count, struct err *err)
{
	struct find c = {
	    .arena = a, .deed = {sv, actor, 0}, .name = "", .type = -1, .created_by = user_id};

	return find(sv, &c, list, count, err);
}
