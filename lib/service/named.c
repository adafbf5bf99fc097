/* Runs by id or name: see named.h. */
#include "service/named.h"

#include <string.h>

#include "base/id.h"
#include "service/internal.h"

struct named {
	struct service *sv;
	struct arena *arena;
	const struct actor *actor;
	int64_t now_us;
	const char *text;
	uint64_t schedule_id;
	struct execution *e;
};

/* Fails: ERR_MISSING also when the text spells no id. */
static int
by_id(struct txn *txn, struct named *c, struct err *err)
{
	struct schedule s;
	uint64_t id;
	int rc = id_parse(c->text, strlen(c->text), &id);

	if (!rc)
		rc = own_schedule(txn, c->arena, c->actor, id, &s, err);
	if (!rc)
		c->schedule_id = id;
	return rc;
}

static int
by_name(struct txn *txn, struct named *c, struct err *err)
{
	struct schedule s;
	uint64_t id;
	int rc = store_schedule_by_name(txn, c->actor->tenant_id, c->text, &id, err);

	if (!rc)
		rc = own_schedule(txn, c->arena, c->actor, id, &s, err);
	if (!rc)
		c->schedule_id = id;
	return rc;
}

static int
resolve_body(struct txn *txn, void *ctx, struct err *err)
{
	struct named *c = ctx;
	bool is_number =
	    c->text[strspn(c->text, "0123456789")] == '\0' && strlen(c->text) < ID_HEX_LEN;
	int rc;

	rc = is_number ? by_name(txn, c, err) : by_id(txn, c, err);
	if (rc == ERR_MISSING)
		rc = is_number ? by_id(txn, c, err) : by_name(txn, c, err);
	return rc == ERR_MISSING ? err_fail(err, rc, "Schedule not found") : rc;
}

static int
get_body(struct txn *txn, void *ctx, struct err *err)
{
	struct named *c = ctx;

	return store_execution_get(txn, c->arena, c->e->id, c->e, err);
}

static int
run_body(void *ctx, struct err *err)
{
	struct named *c = ctx;
	uint64_t id;
	int rc = store_run(c->sv->store, resolve_body, c, err);

	if (!rc)
		rc = service_run_schedule(
		    c->sv, c->actor, c->now_us, c->schedule_id, false, NULL, &id, err);
	if (rc)
		return rc;
	c->e->id = id;
	return store_run(c->sv->store, get_body, c, err);
}

int
service_run_named(struct service *sv, struct arena *a, const struct actor *actor,
    int64_t now_us, const char *text, struct execution *e, struct err *err)
{
	struct named c = {
	    .sv = sv,
	    .arena = a,
	    .actor = actor,
	    .now_us = now_us,
	    .text = text,
	    .e = e,
	};
	int rc = require_scope(actor, SCOPE_RUN, err);

	/* Longer than any name: whatever it is, it means nothing. */
	if (!rc && strlen(text) > SCHEDULE_NAME_MAX * 4)
		rc = err_fail(err, ERR_MISSING, "Schedule not found");
	return rc ? rc : service_together(sv, run_body, &c, err);
}
