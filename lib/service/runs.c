/* Runs: start one, and see what became of it. */
#include <string.h>

#include "base/id.h"
#include "base/utf8.h"
#include "service/excluded.h"
#include "service/fire.h"
#include "service/internal.h"
#include "service/run.h"

enum { ARGS_MAX = 8192 };

struct start {
	struct service *sv;
	struct arena arena;
	const struct actor *actor;
	int64_t now_us;
	uint64_t schedule_id;
	bool check_triggers;
	const char *args;
	uint64_t execution_id;
	bool more; /* more is due than fits into one transaction: only that was done */
};

/* What would keep a trigger from firing now. */
static int
trigger_says_no(struct txn *txn, struct start *c, const struct schedule *s,
    const struct schedule_state *state, bool *no, struct err *err)
{
	struct calendars calendars;
	struct excluded by;
	int rc;

	*no = s->trigger_count > 0 &&
	      (schedule_is_suspended(state, c->now_us) || schedule_is_used_up(s, state) ||
		  c->now_us < s->start_us || c->now_us >= s->end_us);
	if (*no || !s->calendar_count)
		return 0;
	rc = calendars_load(txn, &c->arena, s, c->sv->zones, &calendars, err);
	*no = !rc && calendars_exclude(&calendars, c->now_us, &by);
	return rc;
}

int
note_run(struct txn *txn, const struct deed *d, uint64_t schedule_id, uint64_t execution_id,
    struct err *err)
{
	char guid[ID_GUID_LEN + 1];

	id_guid(execution_id, guid);
	return audit_note(
	    txn, d->actor, d->now_us, "schedule.run", schedule_id, err, "execution %s", guid);
}

int
check_args(const char *args, struct err *err)
{
	if (args && (strlen(args) > ARGS_MAX || !utf8_valid(args, strlen(args))))
		return err_fail(
		    err, ERR_INPUT, "Invalid value: args: at most %d bytes of UTF-8", ARGS_MAX);
	return 0;
}

static int
start_body(struct txn *txn, void *ctx, struct err *err)
{
	struct start *c = ctx;
	struct schedule_state state;
	struct schedule s;
	struct run_request request = {
	    .schedule = &s,
	    .origin = ORIGIN_CALL,
	    .due_us = INSTANT_NEVER,
	    .now_us = c->now_us,
	    .actor_id = c->actor->user_id,
	    .token_id = c->actor->token_id,
	    .args = c->args,
	};
	const struct deed deed = {c->sv, c->actor, c->now_us};
	bool queued = false;
	int rc;

	arena_clear(&c->arena);
	rc = own_schedule(txn, &c->arena, c->actor, c->schedule_id, &s, err);
	if (!rc)
		rc = store_state_get(txn, &c->arena, c->schedule_id, &state, err);
	/* What is due already comes first: a call at the full minute must not push it aside. */
	if (!rc)
		rc = fire_due(txn, &s, &state, c->sv->zones, c->now_us, &queued, &c->more, err);
	if (rc || c->more)
		return rc ? rc : store_state_put(txn, &state, err);
	request.conditional = c->check_triggers;
	if (c->check_triggers)
		rc = trigger_says_no(txn, c, &s, &state, &request.stopped, err);
	if (!rc)
		rc = run_make(txn, &request, &state, &c->execution_id, err);
	if (!rc)
		rc = store_state_put(txn, &state, err);
	return rc ? rc : note_run(txn, &deed, c->schedule_id, c->execution_id, err);
}

int
service_run_schedule(struct service *sv, const struct actor *actor, int64_t now_us,
    uint64_t schedule_id, bool check_triggers, const char *args, uint64_t *execution_id,
    struct err *err)
{
	struct start c = {
	    .sv = sv,
	    .actor = actor,
	    .now_us = now_us,
	    .schedule_id = schedule_id,
	    .check_triggers = check_triggers,
	    .args = args,
	};
	int rc = require_scope(actor, SCOPE_RUN, err);

	if (!rc)
		rc = check_args(args, err);
	if (!rc)
		rc = store_has_room(sv->store, err);
	do {
		if (!rc)
			rc = store_run(sv->store, start_body, &c, err);
	} while (!rc && c.more);
	arena_release(&c.arena);
	if (rc)
		return rc;
	*execution_id = c.execution_id;
	ring(sv);
	return 0;
}

struct look {
	struct arena *arena;
	const struct actor *actor;
	uint64_t id;
	struct execution *e;
	struct task *task, **tasks;
	size_t *task_count;
};

/* All that only looks. */
static int
look(struct service *sv, const struct actor *actor,
    int (*body)(struct txn *txn, void *ctx, struct err *err), void *ctx, struct err *err)
{
	int rc = require_scope(actor, SCOPE_READ, err);

	return rc ? rc : store_run(sv->store, body, ctx, err);
}

int
own_execution(struct txn *txn, struct arena *a, const struct actor *actor, uint64_t id,
    struct execution *e, struct err *err)
{
	int rc = store_execution_get(txn, a, id, e, err);
	struct schedule s;

	if (!rc && e->tenant_id != actor->tenant_id)
		rc = ERR_MISSING;
	/* What a deleted schedule was tagged with nobody knows any more. */
	if (!rc && actor->tag_count)
		rc = own_schedule(txn, a, actor, e->schedule_id, &s, err);
	return rc == ERR_MISSING ? err_fail(err, rc, "Execution not found") : rc;
}

int
own_task(struct txn *txn, struct arena *a, const struct actor *actor, uint64_t id,
    struct task *t, struct execution *e, struct err *err)
{
	int rc = store_task_get(txn, a, id, t, err);

	if (!rc && t->ordinal == TASK_ORDINAL_CONDITION)
		rc = ERR_MISSING;
	if (!rc)
		rc = own_execution(txn, a, actor, t->execution_id, e, err);
	return rc == ERR_MISSING ? err_fail(err, rc, "Task not found") : rc;
}

static int
get_execution_body(struct txn *txn, void *ctx, struct err *err)
{
	struct look *c = ctx;
	int rc = own_execution(txn, c->arena, c->actor, c->id, c->e, err);

	return rc ? rc : store_task_list(txn, c->arena, c->id, c->tasks, c->task_count, err);
}

int
service_get_execution(struct service *sv, struct arena *a, const struct actor *actor,
    uint64_t id, struct execution *e, struct task **tasks, size_t *task_count, struct err *err)
{
	struct look c = {.arena = a,
	    .actor = actor,
	    .id = id,
	    .e = e,
	    .tasks = tasks,
	    .task_count = task_count};

	return look(sv, actor, get_execution_body, &c, err);
}

static int
get_task_body(struct txn *txn, void *ctx, struct err *err)
{
	struct look *c = ctx;

	return own_task(txn, c->arena, c->actor, c->id, c->task, c->e, err);
}

int
service_get_task(struct service *sv, struct arena *a, const struct actor *actor, uint64_t id,
    struct task *task, struct execution *e, struct err *err)
{
	struct look c = {.arena = a, .actor = actor, .id = id, .e = e, .task = task};

	return look(sv, actor, get_task_body, &c, err);
}

struct list {
	struct arena *arena;
	const struct actor *actor;
	uint64_t schedule_id, before;
	int64_t from_us, to_us;
	size_t cap;
	struct execution **executions;
	struct occurrence **occurrences;
	size_t *count;
};

static int
list_executions_body(struct txn *txn, void *ctx, struct err *err)
{
	struct list *c = ctx;
	struct schedule s;
	int rc = own_schedule(txn, c->arena, c->actor, c->schedule_id, &s, err);

	return rc ? rc
		  : store_execution_list(txn, c->arena, c->schedule_id, c->before, c->cap,
			c->executions, c->count, err);
}

int
service_list_executions(struct service *sv, struct arena *a, const struct actor *actor,
    uint64_t schedule_id, uint64_t before, size_t cap, struct execution **list, size_t *count,
    struct err *err)
{
	struct list c = {
	    .arena = a,
	    .actor = actor,
	    .schedule_id = schedule_id,
	    .before = before,
	    .cap = cap,
	    .executions = list,
	    .count = count,
	};

	return look(sv, actor, list_executions_body, &c, err);
}

static int
list_occurrences_body(struct txn *txn, void *ctx, struct err *err)
{
	struct list *c = ctx;
	struct schedule s;
	int rc = own_schedule(txn, c->arena, c->actor, c->schedule_id, &s, err);

	return rc ? rc
		  : store_ledger_list(txn, c->arena, c->schedule_id, c->from_us, c->to_us,
			c->cap, c->occurrences, c->count, err);
}

int
service_list_occurrences(struct service *sv, struct arena *a, const struct actor *actor,
    uint64_t schedule_id, int64_t from_us, int64_t to_us, size_t cap, struct occurrence **list,
    size_t *count, struct err *err)
{
	struct list c = {
	    .arena = a,
	    .actor = actor,
	    .schedule_id = schedule_id,
	    .from_us = from_us,
	    .to_us = to_us,
	    .cap = cap,
	    .occurrences = list,
	    .count = count,
	};

	return look(sv, actor, list_occurrences_body, &c, err);
}
