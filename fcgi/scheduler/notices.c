/*
 * The delivery of notifications: what waits in the store's outbox leaves as orders to the runner,
 * like attempts of tasks and with ids from the same sequence, so that no two are ever the same.
 *
 * A message may arrive twice, and arrives once at least or is given up visibly: what is under way
 * when somebody dies is ordered again. So a child is released as soon as it is held. One target
 * has one message under way; of those that cannot be reached each costs one place for the time
 * of one try.
 */
#include "base/log.h"
#include "scheduler/internal.h"
#include "service/notify.h"

struct sending {
	struct engine *e;
	size_t room;
	bool more;
	int64_t earliest_us;
};

static int
send_one(struct txn *txn, struct sending *c, uint64_t target_id, struct err *err)
{
	struct engine *e = c->e;
	struct channel_message start;
	struct notice_target t;
	struct notice n;
	bool found;
	int rc;

	e->at_id = target_id;
	rc = notify_take(txn, &e->arena, target_id, e->now_us, &t, &n, &found, err);
	if (rc || !found)
		return rc;
	rc = notice_start(txn, e, &t, &n, &start, err);
	/* It cannot even be written: as if it had been tried. */
	if (rc == ERR_INPUT)
		return notify_tried(txn, &t, &n, NOTIFY_FAULT,
		    arena_strdup(&e->arena, err->text), 0, e->now_us, err);
	if (rc)
		return rc;
	engine_add_order(e, &start);
	c->room--;
	return 0;
}

static int
earliest(struct txn *txn, struct sending *c, struct err *err)
{
	struct target_turn next[ENGINE_BATCH];
	size_t count;
	int rc = store_outbox_due(txn, INSTANT_NEVER, next, ENGINE_BATCH, &count, err);

	c->earliest_us = INSTANT_NEVER;
	for (size_t i = count; !rc && i-- > 0;) {
		if (!aside_has(c->e, next[i].target_id))
			c->earliest_us = next[i].next_us;
	}
	return rc;
}

static int
send_body(struct txn *txn, void *ctx, struct err *err)
{
	struct sending *c = ctx;
	struct engine *e = c->e;
	size_t cap = ENGINE_BATCH + e->aside_count, count;
	struct target_turn *turns = arena_array(&e->arena, cap, sizeof *turns);
	uint64_t sending[NOTICES_SENDING_MAX];
	int rc;

	rc = store_sending_list(txn, sending, NOTICES_SENDING_MAX, &count, err);
	c->room = NOTICES_SENDING_MAX - count;
	c->more = false;
	c->earliest_us = INSTANT_NEVER;
	/* With all places taken the next end makes room. */
	if (rc || !c->room)
		return rc;
	rc = store_outbox_due(txn, e->now_us, turns, cap, &count, err);
	for (size_t i = 0; !rc && i < count && c->room; i++) {
		if (!aside_has(e, turns[i].target_id))
			rc = send_one(txn, c, turns[i].target_id, err);
	}
	e->at_id = rc ? e->at_id : 0;
	if (rc || !c->room)
		return rc;
	c->more = count == cap;
	return earliest(txn, c, err);
}

int
notices_send(struct engine *e, int64_t *next_us, struct err *err)
{
	struct sending c = {.e = e};
	int rc = engine_run_each(e, send_body, &c, err);

	*next_us = c.more ? e->now_us : c.earliest_us;
	return rc ? err_wrap(err, rc, "notifications") : 0;
}

/* ---- what the runner reports ---- */

/* The message that the report is about. Fails: ERR_MISSING: none that is under way. */
static int
under_way(struct txn *txn, struct engine *e, const struct report *r, struct notice *n,
    struct notice_target *t, struct err *err)
{
	int rc = store_notice_get(txn, &e->arena, r->task_id, n, err);

	if (!rc)
		rc = store_target_get(txn, &e->arena, n->target_id, t, err);
	if (!rc && (t->sending_id != n->id || n->tries != r->attempt))
		rc = ERR_MISSING;
	return rc;
}

int
notices_held(struct txn *txn, struct engine *e, const struct report *r, struct err *err)
{
	struct notice_target t;
	struct notice n;

	return under_way(txn, e, r, &n, &t, err);
}

/* Why it did not arrive; NULL: it did. */
static const char *
fault_of(struct engine *e, const struct notice_target *t, const struct report *r)
{
	bool answered = r->http_status >= 200 && r->http_status < 300;

	if (r->started && !r->timed_out && (t->url ? answered && !r->reason : !r->exit_code))
		return NULL;
	if (r->reason)
		return r->reason;
	if (!r->started)
		return "it could not be sent";
	if (r->timed_out)
		return "not done in time";
	if (t->url)
		return arena_printf(&e->arena, "answered with status %d", r->http_status);
	return r->signal ? arena_printf(&e->arena, "sendmail was ended by signal %d", r->signal)
			 : arena_printf(&e->arena, "sendmail exited with %d", r->exit_code);
}

int
notices_ended(struct txn *txn, struct engine *e, const struct report *r, struct err *err)
{
	struct notice_target t;
	const char *fault;
	struct notice n;
	int rc = under_way(txn, e, r, &n, &t, err);

	if (rc)
		return rc;
	if (r->killed && !r->timed_out)
		return notify_tried(txn, &t, &n, NOTIFY_UNDONE, NULL, 0, e->now_us, err);
	fault = fault_of(e, &t, r);
	return notify_tried(txn, &t, &n, fault ? NOTIFY_FAULT : NOTIFY_DONE, fault,
	    r->retry_after_us, e->now_us, err);
}

int
notices_compare(struct txn *txn, struct engine *e,
    void (*match)(void *ctx, uint64_t id, uint32_t attempt, bool *known), void *ctx,
    struct err *err)
{
	uint64_t targets[NOTICES_SENDING_MAX];
	size_t count;
	int rc = store_sending_list(txn, targets, NOTICES_SENDING_MAX, &count, err);

	for (size_t i = 0; !rc && i < count; i++) {
		struct channel_message start;
		struct notice_target t;
		struct notice n;
		bool known;

		rc = store_target_get(txn, &e->arena, targets[i], &t, err);
		if (!rc)
			rc = store_notice_get(txn, &e->arena, t.sending_id, &n, err);
		if (rc)
			return err_wrap(err, rc, "notifications");
		match(ctx, n.id, n.tries, &known);
		if (known)
			continue;
		/* The stop may have taken it back; whoever comes next sends it. */
		rc = e->stopping ? ERR_INPUT : notice_start(txn, e, &t, &n, &start, err);
		if (rc == ERR_INPUT)
			rc = notify_tried(txn, &t, &n, NOTIFY_UNDONE, NULL, 0, e->now_us, err);
		else if (!rc)
			engine_add_order(e, &start);
	}
	return rc;
}
