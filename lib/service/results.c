/* Result files: see results.h. Whoever sees a task sees what it left. */
#include "service/results.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "service/internal.h"

struct results {
	struct arena *arena;
	const struct actor *actor;
	int64_t now_us;
	uint64_t id, before, *next;
	size_t cap;
	struct result *r, **list;
	size_t *count;
	struct task task;
	struct execution execution;
};

/* One that is not seen is not there. */
static int
own_result(struct txn *txn, struct results *c, struct err *err)
{
	int rc = store_result_get(txn, c->arena, c->id, c->r, err);

	if (!rc && c->r->tenant_id != c->actor->tenant_id)
		rc = ERR_MISSING;
	if (!rc)
		rc = own_task(
		    txn, c->arena, c->actor, c->r->task_id, &c->task, &c->execution, err);
	return rc == ERR_MISSING ? err_fail(err, rc, "Result not found") : rc;
}

static int
get_body(struct txn *txn, void *ctx, struct err *err)
{
	return own_result(txn, ctx, err);
}

int
service_get_result(struct service *sv, struct arena *a, const struct actor *actor, uint64_t id,
    struct result *r, struct err *err)
{
	struct results c = {.arena = a, .actor = actor, .id = id, .r = r};

	return store_run(sv->store, get_body, &c, err);
}

static int
list_body(struct txn *txn, void *ctx, struct err *err)
{
	struct results *c = ctx;
	int rc = own_task(txn, c->arena, c->actor, c->id, &c->task, &c->execution, err);

	return rc ? rc : store_result_list(txn, c->arena, c->id, c->list, c->count, err);
}

int
service_list_results(struct service *sv, struct arena *a, const struct actor *actor,
    uint64_t task_id, struct result **list, size_t *count, struct err *err)
{
	struct results c = {
	    .arena = a, .actor = actor, .id = task_id, .list = list, .count = count};

	return store_run(sv->store, list_body, &c, err);
}

static int
walk_body(struct txn *txn, void *ctx, struct err *err)
{
	struct results *c = ctx;
	uint64_t schedule_id = 0;
	bool seen = true;
	struct schedule s;
	size_t listed;
	int rc;

	rc = store_result_walk(
	    txn, c->arena, c->actor->tenant_id, c->before, c->cap, c->list, &listed, err);
	if (rc)
		return rc;
	*c->next = listed == c->cap && listed ? (*c->list)[listed - 1].id : 0;
	*c->count = 0;
	for (size_t i = 0; i < listed; i++) {
		const struct result *r = &(*c->list)[i];

		/* Neighbours are mostly of the same one. */
		if (c->actor->tag_count && r->schedule_id != schedule_id) {
			rc = own_schedule(txn, c->arena, c->actor, r->schedule_id, &s, err);
			if (rc && rc != ERR_MISSING)
				return rc;
			schedule_id = r->schedule_id;
			seen = !rc;
		}
		if (seen)
			(*c->list)[(*c->count)++] = *r;
	}
	return 0;
}

int
service_walk_results(struct service *sv, struct arena *a, const struct actor *actor,
    uint64_t before, size_t cap, struct result **list, size_t *count, uint64_t *next,
    struct err *err)
{
	struct results c = {.arena = a,
	    .actor = actor,
	    .before = before,
	    .cap = cap,
	    .list = list,
	    .count = count,
	    .next = next};

	return store_run(sv->store, walk_body, &c, err);
}

static int
acknowledge_body(struct txn *txn, void *ctx, struct err *err)
{
	struct results *c = ctx;
	int rc = own_result(txn, c, err);

	if (rc || c->r->state != RESULT_AVAILABLE)
		return rc;
	c->r->state = RESULT_CONSUMED;
	c->r->consumed_us = c->now_us;
	rc = store_result_put(txn, c->r, err);
	return rc ? rc
		  : audit_note(
			txn, c->actor, c->now_us, "result.acknowledge", c->id, err, NULL);
}

int
service_acknowledge_result(struct service *sv, struct arena *a, const struct actor *actor,
    int64_t now_us, uint64_t id, struct result *r, struct err *err)
{
	struct results c = {.arena = a, .actor = actor, .now_us = now_us, .id = id, .r = r};

	return store_run(sv->store, acknowledge_body, &c, err);
}

/* The result that a task's definition names; the first one with `any`. */
static int
result_of(struct txn *txn, struct results *c, const struct task *t, bool any, struct err *err)
{
	const char *name = task_result_file(c->arena, &t->def, t->execution_id);
	struct result *list;
	size_t count;
	int rc;

	if (!any && !name)
		return ERR_MISSING;
	rc = store_result_list(txn, c->arena, t->id, &list, &count, err);
	if (rc)
		return rc;
	for (size_t i = 0; i < count; i++) {
		if (any || !strcmp(list[i].name, name)) {
			*c->r = list[i];
			return 0;
		}
	}
	return ERR_MISSING;
}

static int
main_body(struct txn *txn, void *ctx, struct err *err)
{
	struct results *c = ctx;
	struct task *tasks;
	size_t count;
	int rc;

	rc = own_execution(txn, c->arena, c->actor, c->id, &c->execution, err);
	if (!rc)
		rc = store_task_list(txn, c->arena, c->id, &tasks, &count, err);
	if (rc)
		return rc;
	rc = ERR_MISSING;
	for (int any = 0; any < 2; any++) {
		for (size_t i = count; i-- > 0 && rc == ERR_MISSING;)
			rc = result_of(txn, c, &tasks[i], any, err);
	}
	return rc == ERR_MISSING ? err_fail(err, rc, "Result not found") : rc;
}

int
service_main_result(struct service *sv, struct arena *a, const struct actor *actor,
    uint64_t execution_id, struct result *r, struct err *err)
{
	struct results c = {.arena = a, .actor = actor, .id = execution_id, .r = r};

	return store_run(sv->store, main_body, &c, err);
}

static int
task_body(struct txn *txn, void *ctx, struct err *err)
{
	struct results *c = ctx;

	return store_task_get(txn, c->arena, c->r->task_id, &c->task, err);
}

int
service_result_path(
    struct service *sv, const struct result *r, char path[RESULT_PATH_TEXT], struct err *err)
{
	struct arena a = ARENA_INIT;
	struct result copy = *r;
	struct results c = {.arena = &a, .r = &copy};
	char dir[OUTPUT_DIR_TEXT];
	int rc = store_run(sv->store, task_body, &c, err);

	if (!rc) {
		task_output_dir(&c.task, dir);
		snprintf(path, RESULT_PATH_TEXT, "%s/%" PRIu32 ".results/%" PRIu32, dir,
		    r->attempt, r->number);
	}
	arena_release(&a);
	return rc;
}
