/*
 * Notifications: what is remembered of schedules with rules, their alarms, and the outbox.
 *
 * Three of the tables follow others and are never written alone: alarms_by_time lists the alarms
 * that have a due time; target_queues lists the messages that wait, by target; outbox and sending
 * list the targets by what they do.
 */
#include "store/record.h"

#include <string.h>

#include "base/id.h"

static const struct buf *
key_time(struct txn *txn, int64_t us, uint64_t first, const uint64_t *second)
{
	buf_reset(&txn->key);
	pack_i64(&txn->key, us);
	pack_u64(&txn->key, first);
	if (second)
		pack_u64(&txn->key, *second);
	return &txn->key;
}

static int
fine_if_missing(int code)
{
	return code == ERR_MISSING ? 0 : code;
}

/* ---- health ---- */

int
store_health_get(struct txn *txn, uint64_t schedule_id, struct health *h, struct err *err)
{
	const struct buf *key = key_id(txn, schedule_id);
	struct unpack u;
	int code = table_get(txn, TABLE_HEALTH, key, DB_RMW, &u, err);

	*h = (struct health){.schedule_id = schedule_id, .last_success_us = INSTANT_NEVER};
	if (code)
		return code;
	unpack_health(&u, h);
	return record_finish(txn, TABLE_HEALTH, key->data, key->len, &u, err);
}

int
store_health_put(struct txn *txn, const struct health *h, struct err *err)
{
	struct buf *record = record_begin(txn);

	pack_health(record, h);
	return table_put(txn, TABLE_HEALTH, key_id(txn, h->schedule_id), record, err);
}

int
store_health_remove(struct txn *txn, uint64_t schedule_id, struct err *err)
{
	uint64_t ids[32];
	size_t count;
	int code;

	code = fine_if_missing(table_delete(txn, TABLE_HEALTH, key_id(txn, schedule_id), err));
	do {
		count = 0;
		if (!code)
			code = store_alarm_list(txn, schedule_id, 0, ids, 32, &count, err);
		for (size_t i = 0; !code && i < count; i++)
			code = store_alarm_remove(txn, schedule_id, ids[i], err);
	} while (!code && count == 32);
	return code;
}

/* ---- alarms ---- */

static const struct buf *
alarm_time_key(struct txn *txn, const struct alarm *alarm)
{
	return key_time(txn, alarm->due_us, alarm->schedule_id, &alarm->execution_id);
}

int
store_alarm_get(struct txn *txn, uint64_t schedule_id, uint64_t execution_id,
    struct alarm *alarm, struct err *err)
{
	const struct buf *key = key_ids(txn, schedule_id, execution_id);
	struct unpack u;
	int code = table_get(txn, TABLE_ALARMS, key, DB_RMW, &u, err);

	*alarm = (struct alarm){.schedule_id = schedule_id, .execution_id = execution_id};
	if (code)
		return code;
	unpack_alarm(&u, alarm);
	return record_finish(txn, TABLE_ALARMS, key->data, key->len, &u, err);
}

int
store_alarm_remove(
    struct txn *txn, uint64_t schedule_id, uint64_t execution_id, struct err *err)
{
	struct alarm old;
	int code = store_alarm_get(txn, schedule_id, execution_id, &old, err);

	if (!code && old.due_us != INSTANT_NEVER)
		code = table_delete(txn, TABLE_ALARMS_BY_TIME, alarm_time_key(txn, &old), err);
	if (!code)
		code = table_delete(
		    txn, TABLE_ALARMS, key_ids(txn, schedule_id, execution_id), err);
	return fine_if_missing(code);
}

int
store_alarm_put(struct txn *txn, const struct alarm *alarm, struct err *err)
{
	struct buf *record;
	int code = store_alarm_remove(txn, alarm->schedule_id, alarm->execution_id, err);

	if (!code && alarm->due_us != INSTANT_NEVER)
		code = table_mark(txn, TABLE_ALARMS_BY_TIME, alarm_time_key(txn, alarm), err);
	if (code)
		return code;
	record = record_begin(txn);
	pack_alarm(record, alarm);
	return table_put(txn, TABLE_ALARMS,
	    key_ids(txn, alarm->schedule_id, alarm->execution_id), record, err);
}

int
store_alarm_due(struct txn *txn, int64_t until_us, struct alarm *alarms, size_t cap,
    size_t *count, struct err *err)
{
	struct cursor c;
	size_t n = 0;
	int code;

	*count = 0;
	code = cursor_open(txn, TABLE_ALARMS_BY_TIME, 0, 0, &c, err);
	while (!code && n < cap) {
		code = cursor_move(&c, n ? DB_NEXT : DB_FIRST, err);
		if (code)
			break;
		alarms[n] = (struct alarm){.due_us = unpack_i64(&c.key)};
		alarms[n].schedule_id = unpack_u64(&c.key);
		alarms[n].execution_id = unpack_u64(&c.key);
		if (alarms[n].due_us > until_us)
			break;
		n++;
	}
	code = cursor_close(&c, fine_if_missing(code), err);
	if (!code)
		*count = n;
	return code;
}

int
store_alarm_list(struct txn *txn, uint64_t schedule_id, uint64_t from, uint64_t *execution_ids,
    size_t cap, size_t *count, struct err *err)
{
	return table_numbers(txn, TABLE_ALARMS, key_ids(txn, schedule_id, from), &schedule_id,
	    0, execution_ids, cap, count, err);
}

/* ---- messages ---- */

static int
get_notice(struct txn *txn, struct arena *a, uint64_t id, uint32_t flags, struct notice *n,
    struct err *err)
{
	const struct buf *key = key_id(txn, id);
	struct unpack u;
	int code = table_get(txn, TABLE_NOTICES, key, flags, &u, err);

	*n = (struct notice){.id = id};
	if (code)
		return code;
	unpack_notice(&u, a, n);
	return record_finish(txn, TABLE_NOTICES, key->data, key->len, &u, err);
}

int
store_notice_get(
    struct txn *txn, struct arena *a, uint64_t id, struct notice *n, struct err *err)
{
	return get_notice(txn, a, id, 0, n, err);
}

static const struct buf *
queue_key(struct txn *txn, const struct notice *n)
{
	buf_reset(&txn->key);
	pack_u64(&txn->key, n->target_id);
	pack_i64(&txn->key, n->turn_us);
	pack_u64(&txn->key, n->id);
	return &txn->key;
}

int
store_notice_put(struct txn *txn, const struct notice *n, struct err *err)
{
	struct arena scratch = ARENA_INIT;
	struct buf *record;
	struct notice old;
	int code;

	code = get_notice(txn, &scratch, n->id, DB_RMW, &old, err);
	if (!code && (old.tenant_id != n->tenant_id || old.target_id != n->target_id))
		code = err_fail(err, ERR_CONFLICT, "a message keeps its tenant and its target");
	if (!code && old.state == NOTICE_WAITING)
		code = table_delete(txn, TABLE_TARGET_QUEUES, queue_key(txn, &old), err);
	code = fine_if_missing(code);
	if (!code && n->state == NOTICE_WAITING)
		code = table_mark(txn, TABLE_TARGET_QUEUES, queue_key(txn, n), err);
	if (!code) {
		record = record_begin(txn);
		pack_notice(record, n);
		code = table_put(txn, TABLE_NOTICES, key_id(txn, n->id), record, err);
	}
	arena_release(&scratch);
	return code;
}

int
store_notice_next(
    struct txn *txn, struct arena *a, uint64_t target_id, struct notice *n, struct err *err)
{
	uint64_t id;
	size_t count;
	int code = table_numbers(txn, TABLE_TARGET_QUEUES, key_id(txn, target_id), &target_id,
	    0, &id, 1, &count, err);

	if (!code && !count)
		code = err_fail(err, ERR_MISSING, "no message waits for the target");
	return code ? code
		    : table_listed(
			  txn, TABLE_NOTICES, id, store_notice_get(txn, a, id, n, err), err);
}

/* The id where the cursor stands, if it is of this space; 0: it is of another. */
static uint64_t
id_at(const struct cursor *c, unsigned space)
{
	struct unpack key = c->key;
	uint64_t id = unpack_u64(&key);

	return id_space(id) == space ? id : 0;
}

int
store_notice_list(struct txn *txn, struct arena *a, uint64_t tenant_id, uint64_t before,
    size_t cap, struct notice **list, size_t *count, struct err *err)
{
	unsigned space = id_space(tenant_id);
	struct notice *items = NULL;
	size_t n = 0, room = 0;
	struct cursor c;
	int code;

	*list = NULL;
	*count = 0;
	if (!before)
		before = id_in_space(space + 1, 0);
	code = cursor_open(txn, TABLE_NOTICES, 0, 0, &c, err);
	if (!code)
		code = cursor_seek_before(&c, key_id(txn, before), err);
	while (!code && n < cap && id_at(&c, space)) {
		items = array_grow(a, items, n, &room, sizeof *items);
		items[n] = (struct notice){.id = id_at(&c, space)};
		unpack_notice(&c.record, a, &items[n]);
		code = record_finish(
		    txn, TABLE_NOTICES, c.raw_key.data, c.raw_key.size, &c.record, err);
		if (code)
			break;
		n++;
		code = cursor_move(&c, DB_PREV, err);
	}
	code = cursor_close(&c, fine_if_missing(code), err);
	if (code)
		return code;
	*list = items;
	*count = n;
	return 0;
}

/* ---- targets ---- */

static int
get_target(struct txn *txn, struct arena *a, uint64_t id, uint32_t flags,
    struct notice_target *t, struct err *err)
{
	const struct buf *key = key_id(txn, id);
	struct unpack u;
	int code = table_get(txn, TABLE_TARGETS, key, flags, &u, err);

	*t = (struct notice_target){.id = id};
	if (code)
		return code;
	unpack_notice_target(&u, a, t);
	return record_finish(txn, TABLE_TARGETS, key->data, key->len, &u, err);
}

int
store_target_get(
    struct txn *txn, struct arena *a, uint64_t id, struct notice_target *t, struct err *err)
{
	return get_target(txn, a, id, DB_RMW, t, err);
}

/* Take it out of the lists that it stands in. */
static int
unlist_target(struct txn *txn, const struct notice_target *t, struct err *err)
{
	int code = 0;

	if (t->next_us != INSTANT_NEVER)
		code = table_delete(
		    txn, TABLE_OUTBOX, key_time(txn, t->next_us, t->id, NULL), err);
	if (!code && t->sending_id)
		code = table_delete(txn, TABLE_SENDING, key_id(txn, t->id), err);
	return code;
}

static int
list_target(struct txn *txn, const struct notice_target *t, struct err *err)
{
	int code = 0;

	if (t->next_us != INSTANT_NEVER)
		code =
		    table_mark(txn, TABLE_OUTBOX, key_time(txn, t->next_us, t->id, NULL), err);
	if (!code && t->sending_id)
		code = table_mark(txn, TABLE_SENDING, key_id(txn, t->id), err);
	return code;
}

int
store_target_put(
    struct txn *txn, const struct notice_target *t, const char *name, struct err *err)
{
	struct arena scratch = ARENA_INIT;
	struct notice_target old;
	struct buf *record;
	int code;

	code = get_target(txn, &scratch, t->id, DB_RMW, &old, err);
	if (!code)
		code = unlist_target(txn, &old, err);
	else if (code == ERR_MISSING)
		code = name_take(txn, TABLE_TARGET_NAMES, t->tenant_id, name, t->id,
		    t->tenant_id, NULL, err);
	if (!code)
		code = list_target(txn, t, err);
	if (!code) {
		record = record_begin(txn);
		pack_notice_target(record, t);
		code = table_put(txn, TABLE_TARGETS, key_id(txn, t->id), record, err);
	}
	arena_release(&scratch);
	return code;
}

int
store_target_by_name(
    struct txn *txn, uint64_t tenant_id, const char *name, uint64_t *id, struct err *err)
{
	return table_get_id(txn, TABLE_TARGET_NAMES, key_name(txn, tenant_id, name), id, err);
}

int
store_outbox_due(struct txn *txn, int64_t until_us, struct target_turn *turns, size_t cap,
    size_t *count, struct err *err)
{
	struct cursor c;
	size_t n = 0;
	int code;

	*count = 0;
	code = cursor_open(txn, TABLE_OUTBOX, 0, 0, &c, err);
	while (!code && n < cap) {
		code = cursor_move(&c, n ? DB_NEXT : DB_FIRST, err);
		if (code)
			break;
		turns[n].next_us = unpack_i64(&c.key);
		turns[n].target_id = unpack_u64(&c.key);
		if (turns[n].next_us > until_us)
			break;
		n++;
	}
	code = cursor_close(&c, fine_if_missing(code), err);
	if (!code)
		*count = n;
	return code;
}

int
store_sending_list(
    struct txn *txn, uint64_t *target_ids, size_t cap, size_t *count, struct err *err)
{
	return table_numbers(
	    txn, TABLE_SENDING, key_id(txn, 0), NULL, 0, target_ids, cap, count, err);
}

/* ---- sweep ---- */

static int
notice_is_old(struct cursor *c, int64_t now_us, bool *is_dead, struct err *err)
{
	struct arena scratch = ARENA_INIT;
	struct notice n = {0};
	int code;

	unpack_notice(&c->record, &scratch, &n);
	code = record_finish(
	    c->txn, TABLE_NOTICES, c->raw_key.data, c->raw_key.size, &c->record, err);
	*is_dead = !code && n.state != NOTICE_WAITING && n.end_us < now_us - NOTICE_HISTORY_US;
	arena_release(&scratch);
	return code;
}

/* A message of it is older than it is unused, and goes before it. */
static int
target_is_unused(struct cursor *c, int64_t now_us, bool *is_dead, struct err *err)
{
	struct notify_rule rule = {0};
	struct arena scratch = ARENA_INIT;
	struct notice_target t = {0};
	int code;

	unpack_notice_target(&c->record, &scratch, &t);
	code = record_finish(
	    c->txn, TABLE_TARGETS, c->raw_key.data, c->raw_key.size, &c->record, err);
	*is_dead = !code && !t.waiting && !t.sending_id && t.next_us == INSTANT_NEVER &&
		   t.used_us < now_us - 2 * NOTICE_HISTORY_US;
	if (*is_dead) {
		rule.url = t.url;
		rule.secret = t.secret;
		rule.to = t.to;
		rule.to_count = t.to_count;
		code = table_delete(c->txn, TABLE_TARGET_NAMES,
		    key_name(c->txn, t.tenant_id, notify_target_name(&scratch, &rule)), err);
	}
	arena_release(&scratch);
	return code;
}

int
store_notice_sweep(
    struct txn *txn, int64_t now_us, size_t cap, size_t *removed, struct err *err)
{
	size_t targets = 0;
	int code;

	code = sweep_round(
	    txn, SWEEP_NOTICES, TABLE_NOTICES, notice_is_old, now_us, cap, removed, err);
	if (!code)
		code = sweep_round(txn, SWEEP_TARGETS, TABLE_TARGETS, target_is_unused, now_us,
		    cap, &targets, err);
	*removed += targets;
	return code;
}
