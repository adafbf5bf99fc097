/* Notifications as callers see them: see notices.h. */
#include "service/notices.h"

#include "service/internal.h"

enum { STEP = 200, LOOKS_MAX = 10000 };

struct listing {
	struct arena *arena;
	const struct actor *actor;
	const struct notice_query *q;
	struct sights sights;
	struct notice_view *list;
	size_t count, looks;
	uint64_t next;
};

static int
is_wanted(
    struct txn *txn, struct listing *c, const struct notice *n, bool *wanted, struct err *err)
{
	const struct notice_query *q = c->q;

	*wanted = (!q->schedule_id || n->schedule_id == q->schedule_id) &&
		  (!q->state || n->state == q->state);
	if (!*wanted || q->schedule_id)
		return 0;
	return sights_ask(txn, c->arena, &c->sights, c->actor, n->schedule_id, wanted, err);
}

/* Neighbours go mostly to the same target. */
static int
add(struct txn *txn, struct listing *c, const struct notice *n, struct err *err)
{
	struct notice_view *v = &c->list[c->count];
	int rc = 0;

	v->notice = *n;
	if (c->count && v[-1].target.id == n->target_id)
		v->target = v[-1].target;
	else
		rc = store_target_get(txn, c->arena, n->target_id, &v->target, err);
	c->count += !rc;
	return rc;
}

/* The next few, of which `before` is the last that was looked at. */
static int
look(struct txn *txn, struct listing *c, uint64_t *before, size_t *found, struct err *err)
{
	struct notice *some;
	int rc = store_notice_list(
	    txn, c->arena, c->actor->tenant_id, *before, STEP, &some, found, err);

	for (size_t i = 0; !rc && i < *found && !c->next; i++) {
		bool wanted;

		rc = is_wanted(txn, c, &some[i], &wanted, err);
		if (rc)
			break;
		if (c->count == c->q->cap || c->looks++ == LOOKS_MAX) {
			c->next = *before;
			break;
		}
		*before = some[i].id;
		if (wanted)
			rc = add(txn, c, &some[i], err);
	}
	return rc;
}

static int
list_body(struct txn *txn, void *ctx, struct err *err)
{
	struct listing *c = ctx;
	uint64_t before = c->q->before;
	struct schedule s;
	size_t found = STEP;
	int rc = 0;

	c->list = arena_array(c->arena, c->q->cap, sizeof *c->list);
	c->count = c->looks = 0;
	c->next = 0;
	if (c->q->schedule_id)
		rc = own_schedule(txn, c->arena, c->actor, c->q->schedule_id, &s, err);
	while (!rc && found == STEP && !c->next)
		rc = look(txn, c, &before, &found, err);
	return rc;
}

int
service_list_notices(struct service *sv, struct arena *a, const struct actor *actor,
    const struct notice_query *q, struct notice_view **list, size_t *count, uint64_t *next,
    struct err *err)
{
	struct listing c = {.arena = a, .actor = actor, .q = q};
	int rc = require_scope(actor, SCOPE_READ, err);

	if (!rc)
		rc = store_run(sv->store, list_body, &c, err);
	sights_release(&c.sights);
	if (rc)
		return rc;
	*list = c.list;
	*count = c.count;
	*next = c.next;
	return 0;
}
