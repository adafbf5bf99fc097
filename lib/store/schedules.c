/* Schedules: definition and state, each a record of its own, and the live names of each tenant.
 */
#include "store/record.h"

#include <string.h>

static int
get_schedule(struct txn *txn, struct arena *a, uint64_t id, uint32_t flags, struct schedule *s,
    struct err *err)
{
	const struct buf *key = key_id(txn, id);
	struct unpack u;
	int code = table_get(txn, TABLE_SCHEDULES, key, flags, &u, err);

	*s = (struct schedule){.id = id};
	if (code)
		return code;
	unpack_schedule(&u, a, s);
	return record_finish(txn, TABLE_SCHEDULES, key->data, key->len, &u, err);
}

/* When a reboot trigger was due last is a matter of the state. */
static int
know_boot(struct txn *txn, struct arena *a, struct schedule *s, struct err *err)
{
	struct schedule_state state;
	int code;

	if (!schedule_awaits_boot(s))
		return 0;
	code = store_state_get(txn, a, s->id, &state, err);
	if (!code)
		schedule_know_boot(s, state.boot_us);
	return code == ERR_MISSING ? 0 : code;
}

int
store_schedule_get(
    struct txn *txn, struct arena *a, uint64_t id, struct schedule *s, struct err *err)
{
	int code = get_schedule(txn, a, id, 0, s, err);

	return code ? code : know_boot(txn, a, s, err);
}

int
store_schedule_ids(
    struct txn *txn, uint64_t after, uint64_t *ids, size_t cap, size_t *count, struct err *err)
{
	return table_numbers(
	    txn, TABLE_SCHEDULES, key_id(txn, after + 1), NULL, 0, ids, cap, count, err);
}

int
store_schedule_put(struct txn *txn, const struct schedule *s, struct err *err)
{
	struct arena scratch = ARENA_INIT;
	struct buf *record;
	struct schedule old;
	int code;

	code = get_schedule(txn, &scratch, s->id, DB_RMW, &old, err);
	if (!code || code == ERR_MISSING)
		code = name_take(txn, TABLE_NAMES, s->tenant_id, s->name, s->id, old.tenant_id,
		    code ? NULL : old.name, err);
	if (!code)
		code = calendar_uses_follow(txn, s, old.name ? &old : NULL, err);
	if (!code) {
		record = record_begin(txn);
		pack_schedule(record, s);
		code = table_put(txn, TABLE_SCHEDULES, key_id(txn, s->id), record, err);
	}
	arena_release(&scratch);
	return code;
}

/* Remove the state, if there is one, and the plan's entry that it names. */
static int
remove_state(struct txn *txn, struct arena *a, uint64_t id, struct err *err)
{
	struct schedule_state state;
	int code = store_state_get(txn, a, id, &state, err);

	if (code == ERR_MISSING)
		return 0;
	if (code)
		return code;
	if (state.next_due_us != INSTANT_NEVER)
		code = store_plan_remove(txn,
		    (struct firing){.schedule_id = id, .due_us = schedule_planned(&state)},
		    err);
	if (!code)
		code = table_delete(txn, TABLE_STATES, key_id(txn, id), err);
	return code;
}

int
store_schedule_remove(struct txn *txn, const struct schedule *s, struct err *err)
{
	struct arena scratch = ARENA_INIT;
	struct schedule stored;
	int code;

	code = get_schedule(txn, &scratch, s->id, DB_RMW, &stored, err);
	if (!code)
		code = table_delete(
		    txn, TABLE_NAMES, key_name(txn, stored.tenant_id, stored.name), err);
	if (!code)
		code = calendar_uses_follow(txn, NULL, &stored, err);
	if (!code)
		code = remove_state(txn, &scratch, s->id, err);
	if (!code)
		code = store_health_remove(txn, s->id, err);
	if (!code)
		code = table_delete(txn, TABLE_SCHEDULES, key_id(txn, s->id), err);
	arena_release(&scratch);
	return code;
}

int
store_schedule_by_name(
    struct txn *txn, uint64_t tenant_id, const char *name, uint64_t *id, struct err *err)
{
	return table_get_id(txn, TABLE_NAMES, key_name(txn, tenant_id, name), id, err);
}

int
store_schedule_names(struct txn *txn, uint64_t tenant_id, const char *after,
    int (*visit)(void *ctx, const char *name, uint64_t id), void *ctx, struct err *err)
{
	return names_walk(txn, TABLE_NAMES, tenant_id, after, visit, ctx, err);
}

/* ---- state ---- */

int
store_state_get(struct txn *txn, struct arena *a, uint64_t schedule_id,
    struct schedule_state *state, struct err *err)
{
	const struct buf *key = key_id(txn, schedule_id);
	struct unpack u;
	int code = table_get(txn, TABLE_STATES, key, 0, &u, err);

	*state = (struct schedule_state){.schedule_id = schedule_id};
	if (code)
		return code;
	unpack_state(&u, a, state);
	return record_finish(txn, TABLE_STATES, key->data, key->len, &u, err);
}

int
store_state_put(struct txn *txn, const struct schedule_state *state, struct err *err)
{
	struct buf *record = record_begin(txn);

	pack_state(record, state);
	return table_put(txn, TABLE_STATES, key_id(txn, state->schedule_id), record, err);
}
