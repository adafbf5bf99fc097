/* Calendars, their names, and which schedules name them: calendars, calendar_names, calendar_uses. */
#include "store/record.h"

#include "model/difference.h"

static int
get_calendar(struct txn *txn, struct arena *a, uint64_t id, uint32_t flags, struct calendar *c,
    struct err *err)
{
	const struct buf *key = key_id(txn, id);
	struct unpack u;
	int code = table_get(txn, TABLE_CALENDARS, key, flags, &u, err);

	*c = (struct calendar){.id = id};
	if (code)
		return code;
	unpack_calendar(&u, a, c);
	return record_finish(txn, TABLE_CALENDARS, key->data, key->len, &u, err);
}

int
store_calendar_get(
    struct txn *txn, struct arena *a, uint64_t id, struct calendar *c, struct err *err)
{
	return get_calendar(txn, a, id, 0, c, err);
}

int
store_calendar_by_name(struct txn *txn, struct arena *a, uint64_t tenant_id, const char *name,
    struct calendar *c, struct err *err)
{
	uint64_t id;
	int code =
	    table_get_id(txn, TABLE_CALENDAR_NAMES, key_name(txn, tenant_id, name), &id, err);

	return code ? code : store_calendar_get(txn, a, id, c, err);
}

int
store_calendar_put(struct txn *txn, const struct calendar *c, struct err *err)
{
	struct arena scratch = ARENA_INIT;
	struct calendar old;
	struct buf *record;
	int code = get_calendar(txn, &scratch, c->id, DB_RMW, &old, err);

	if (!code || code == ERR_MISSING)
		code = name_take(txn, TABLE_CALENDAR_NAMES, c->tenant_id, c->name, c->id,
		    old.tenant_id, code ? NULL : old.name, err);
	if (!code) {
		record = record_begin(txn);
		pack_calendar(record, c);
		code = table_put(txn, TABLE_CALENDARS, key_id(txn, c->id), record, err);
	}
	arena_release(&scratch);
	return code;
}

int
store_calendar_remove(struct txn *txn, const struct calendar *c, struct err *err)
{
	int code =
	    table_delete(txn, TABLE_CALENDAR_NAMES, key_name(txn, c->tenant_id, c->name), err);

	return code ? code : table_delete(txn, TABLE_CALENDARS, key_id(txn, c->id), err);
}

int
store_calendar_names(struct txn *txn, uint64_t tenant_id, const char *after,
    int (*visit)(void *ctx, const char *name, uint64_t id), void *ctx, struct err *err)
{
	return names_walk(txn, TABLE_CALENDAR_NAMES, tenant_id, after, visit, ctx, err);
}

int
store_calendar_uses(struct txn *txn, uint64_t id, uint64_t after, uint64_t *schedule_ids,
    size_t cap, size_t *count, struct err *err)
{
	return table_numbers(txn, TABLE_CALENDAR_USES, key_ids(txn, id, after + 1), &id, 0,
	    schedule_ids, cap, count, err);
}

/* Put a schedule under each calendar that it names, or take it from there. */
static int
note_uses(struct txn *txn, const struct schedule *s, bool uses, struct err *err)
{
	int code = 0;
	uint64_t id;

	for (size_t i = 0; !code && i < s->calendar_count; i++) {
		code = table_get_id(txn, TABLE_CALENDAR_NAMES,
		    key_name(txn, s->tenant_id, s->calendars[i]), &id, err);
		if (!code && uses)
			code =
			    table_mark(txn, TABLE_CALENDAR_USES, key_ids(txn, id, s->id), err);
		else if (!code)
			code = table_delete(
			    txn, TABLE_CALENDAR_USES, key_ids(txn, id, s->id), err);
	}
	return code;
}

int
calendar_uses_follow(
    struct txn *txn, const struct schedule *s, const struct schedule *old, struct err *err)
{
	int code = 0;

	if (s && old &&
	    same_texts(s->calendars, s->calendar_count, old->calendars, old->calendar_count))
		return 0;
	if (old)
		code = note_uses(txn, old, false, err);
	if (!code && s)
		code = note_uses(txn, s, true, err);
	return code;
}
