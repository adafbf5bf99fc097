/* Executions by time: of one schedule, or all that the actor sees. */
#include "service/internal.h"

struct history {
	struct arena *arena;
	const struct actor *actor;
	const struct execution_query *query;
	struct sights sights;
	struct execution *list;
	size_t count;
	struct execution_place last;
	bool more;
};

static int
history_body(struct txn *txn, void *ctx, struct err *err)
{
	struct history *c = ctx;
	const struct execution_query *q = c->query;
	struct execution *list;
	struct schedule s;
	size_t listed;
	bool seen = true;
	int rc = 0;

	c->count = 0;
	if (q->schedule_id)
		rc = own_schedule(txn, c->arena, c->actor, q->schedule_id, &s, err);
	if (!rc)
		rc = store_execution_by_time(txn, c->arena,
		    q->schedule_id ? q->schedule_id : c->actor->tenant_id, q->from_us,
		    q->before, q->looks + 1, &list, &listed, err);
	if (rc)
		return rc;
	c->more = listed > q->looks;
	if (c->more)
		listed--;
	c->list = list;
	for (size_t i = 0; i < listed; i++) {
		c->last = (struct execution_place){list[i].triggered_us, list[i].id};
		if (!q->schedule_id)
			rc = sights_ask(txn, c->arena, &c->sights, c->actor,
			    list[i].schedule_id, &seen, err);
		if (rc)
			return rc;
		if (seen)
			list[c->count++] = list[i];
	}
	return 0;
}

int
service_find_executions(struct service *sv, struct arena *a, const struct actor *actor,
    const struct execution_query *q, struct execution **list, size_t *count,
    struct execution_place *next, struct err *err)
{
	struct history c = {.arena = a, .actor = actor, .query = q};
	int rc = require_scope(actor, SCOPE_READ, err);

	if (!rc)
		rc = store_run(sv->store, history_body, &c, err);
	sights_release(&c.sights);
	if (rc)
		return rc;
	*list = c.list;
	*count = c.count;
	*next = c.more ? c.last : (struct execution_place){0, 0};
	return 0;
}
