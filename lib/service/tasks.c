/* The tasks of a tenant: see tasks.h. */
#include "service/tasks.h"

#include "service/internal.h"

enum { SCAN_STEP = 500 };

struct scan {
	const struct actor *actor;
	struct arena arena;
	struct sights sights;
	uint64_t before; /* of the step */
	struct task_line lines[SCAN_STEP];
	size_t count; /* that were read */
	bool seen[SCAN_STEP];
};

static int
step_body(struct txn *txn, void *ctx, struct err *err)
{
	struct scan *s = ctx;
	int rc;

	arena_clear(&s->arena);
	rc = store_task_lines(
	    txn, s->actor->tenant_id, s->before, s->lines, SCAN_STEP, &s->count, err);
	for (size_t i = 0; !rc && i < s->count; i++)
		rc = sights_ask(txn, &s->arena, &s->sights, s->actor, s->lines[i].schedule_id,
		    &s->seen[i], err);
	return rc;
}

int
service_scan_tasks(struct service *sv, const struct actor *actor,
    void (*look)(void *ctx, const struct task_line *line), void *ctx, struct err *err)
{
	struct scan s = {.actor = actor};
	int rc = require_scope(actor, SCOPE_READ, err);

	do {
		if (!rc)
			rc = store_run(sv->store, step_body, &s, err);
		service_progress(sv);
		for (size_t i = 0; !rc && i < s.count; i++) {
			if (s.seen[i])
				look(ctx, &s.lines[i]);
			s.before = s.lines[i].id;
		}
	} while (!rc && s.count == SCAN_STEP);
	sights_release(&s.sights);
	arena_release(&s.arena);
	return rc;
}

struct due {
	const struct actor *actor;
	uint64_t id;
	struct task_line line;
};

static int
due_body(struct txn *txn, void *ctx, struct err *err)
{
	struct due *c = ctx;

	return store_task_line(txn, c->actor->tenant_id, c->id, &c->line, err);
}

int
service_task_due(struct service *sv, const struct actor *actor, uint64_t id, int64_t *due_us,
    struct err *err)
{
	struct due c = {.actor = actor, .id = id};
	int rc = store_run(sv->store, due_body, &c, err);

	*due_us = rc ? INSTANT_NEVER : c.line.due_us;
	return rc == ERR_MISSING ? 0 : rc;
}
