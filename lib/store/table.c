/*
 * Tables: one layer of get, put, delete and cursor over the library's handles, with the words
 * for what went wrong.
 *
 * Every access notes its failure in the transaction, so that a body that overlooks one cannot
 * commit half of what it meant. Codes of the library do not leave this file.
 */
#include "store/internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

const struct table_info tables[TABLE_COUNT] = {
    [TABLE_SCHEDULES] = {"schedules", "u"},
    [TABLE_STATES] = {"states", "u"},
    [TABLE_NAMES] = {"names", "us"},
    [TABLE_CALENDARS] = {"calendars", "u"},
    [TABLE_CALENDAR_NAMES] = {"calendar_names", "us"},
    [TABLE_CALENDAR_USES] = {"calendar_uses", "uu"},
    [TABLE_PLAN] = {"plan", "iu"},
    [TABLE_LEDGER] = {"ledger", "ui"},
    [TABLE_EXECUTIONS] = {"executions", "u"},
    [TABLE_EXECUTIONS_BY_SCHEDULE] = {"executions_by_schedule", "uu"},
    [TABLE_EXECUTIONS_BY_TIME] = {"executions_by_time", "uiu"},
    [TABLE_TASKS] = {"tasks", "u"},
    [TABLE_TASKS_BY_EXECUTION] = {"tasks_by_execution", "uw"},
    [TABLE_TASKS_BY_TENANT] = {"tasks_by_tenant", "uu"},
    [TABLE_RESULTS] = {"results", "u"},
    [TABLE_RESULTS_BY_TASK] = {"results_by_task", "uu"},
    [TABLE_RESULTS_BY_TENANT] = {"results_by_tenant", "uu"},
    [TABLE_QUEUE] = {"queue", "wu"},
    [TABLE_WAITING] = {"waiting", "uu"},
    [TABLE_ACTIVE] = {"active", "u"},
    [TABLE_CANCELS] = {"cancels", "u"},
    [TABLE_RETRIES] = {"retries", "iu"},
    [TABLE_CLOCK_STEPS] = {"clock_steps", "u"},
    [TABLE_GROUPS] = {"groups", "u"},
    [TABLE_GROUP_NAMES] = {"group_names", "us"},
    [TABLE_GROUP_PLACES] = {"group_places", "uu"},
    [TABLE_GROUP_WAITING] = {"group_waiting", "uuu"},
    [TABLE_HEALTH] = {"health", "u"},
    [TABLE_ALARMS] = {"alarms", "uu"},
    [TABLE_ALARMS_BY_TIME] = {"alarms_by_time", "iuu"},
    [TABLE_NOTICES] = {"notices", "u"},
    [TABLE_TARGETS] = {"targets", "u"},
    [TABLE_TARGET_NAMES] = {"target_names", "us"},
    [TABLE_TARGET_QUEUES] = {"target_queues", "uiu"},
    [TABLE_OUTBOX] = {"outbox", "iu"},
    [TABLE_SENDING] = {"sending", "u"},
    [TABLE_TENANTS] = {"tenants", "u"},
    [TABLE_TENANT_NAMES] = {"tenant_names", "us"},
    [TABLE_USERS] = {"users", "u"},
    [TABLE_USER_NAMES] = {"user_names", "us"},
    [TABLE_USER_EMAILS] = {"user_emails", "us"},
    [TABLE_TOKENS] = {"tokens", "b"},
    [TABLE_TOKENS_BY_ID] = {"tokens_by_id", "u"},
    [TABLE_TOKENS_BY_USER] = {"tokens_by_user", "uuu"},
    [TABLE_FAILURES] = {"failures", "b"},
    [TABLE_ANSWERS] = {"answers", "ub"},
    [TABLE_AUDIT] = {"audit", "uu"},
    [TABLE_SECRETS] = {"secrets", "us"},
    [TABLE_VALUES] = {"values", "s"},
    [TABLE_SEQUENCE] = {"sequence", "u"},
};

/* ---- keys ---- */

const struct buf *
key_id(struct txn *txn, uint64_t id)
{
	buf_reset(&txn->key);
	pack_u64(&txn->key, id);
	return &txn->key;
}

const struct buf *
key_ids(struct txn *txn, uint64_t first, uint64_t second)
{
	buf_reset(&txn->key);
	pack_u64(&txn->key, first);
	pack_u64(&txn->key, second);
	return &txn->key;
}

const struct buf *
key_name(struct txn *txn, uint64_t tenant_id, const char *name)
{
	buf_reset(&txn->key);
	pack_u64(&txn->key, tenant_id);
	buf_adds(&txn->key, name);
	return &txn->key;
}

const struct buf *
key_three(struct txn *txn, uint64_t first, uint64_t second, uint64_t third)
{
	buf_reset(&txn->key);
	pack_u64(&txn->key, first);
	pack_u64(&txn->key, second);
	pack_u64(&txn->key, third);
	return &txn->key;
}

const struct buf *
key_id_bytes(struct txn *txn, uint64_t id, const void *data, size_t len)
{
	buf_reset(&txn->key);
	pack_u64(&txn->key, id);
	buf_add(&txn->key, data, len);
	return &txn->key;
}

const struct buf *
key_bytes(struct txn *txn, const void *data, size_t len)
{
	buf_reset(&txn->key);
	buf_add(&txn->key, data, len);
	return &txn->key;
}

/* One field of a key as text. */
static void
describe_field(char kind, struct unpack *u, struct buf *out)
{
	size_t rest = (size_t)(u->end - u->at);

	switch (kind) {
	case 'u':
		buf_addf(out, "%" PRIu64, unpack_u64(u));
		break;
	case 'i':
		buf_addf(out, "%" PRId64, unpack_i64(u));
		break;
	case 'w':
		buf_addf(out, "%" PRIu32, unpack_u32(u));
		break;
	case 's':
		buf_add(out, u->at, rest);
		u->at = u->end;
		break;
	default:
		/* The head of a hash tells it apart, and is of no use to a thief. */
		for (size_t i = 0; i < rest && i < 4; i++)
			buf_addf(out, "%02x", u->at[i]);
		u->at = u->end;
		break;
	}
}

void
key_describe(enum table t, const void *key, size_t len, char out[KEY_TEXT])
{
	struct buf text = BUF_INIT;
	struct unpack u;

	unpack_init(&u, key, len);
	for (const char *kind = tables[t].key; *kind && !u.failed; kind++) {
		if (kind != tables[t].key)
			buf_addc(&text, '|');
		describe_field(*kind, &u, &text);
	}
	snprintf(out, KEY_TEXT, "%s", text.len ? text.data : "");
	buf_release(&text);
}

/* ---- failures ---- */

/* What an access to a record ended with, noted in the transaction. */
static int
table_fail(
    struct txn *txn, enum table t, const void *key, size_t len, int dbret, struct err *err)
{
	char text[KEY_TEXT] = "";

	if (!dbret)
		return 0;
	if (err && key)
		key_describe(t, key, len, text);
	return txn_note(
	    txn, db_fail(err, dbret, "%s%s%s", tables[t].name, *text ? " " : "", text));
}

int
record_finish(struct txn *txn, enum table t, const void *key, size_t len,
    const struct unpack *u, struct err *err)
{
	char text[KEY_TEXT];

	if (!unpack_finish(u))
		return 0;
	key_describe(t, key, len, text);
	return txn_note(
	    txn, err_fail(err, ERR_IO, "%s %s: the record is damaged", tables[t].name, text));
}

int
table_listed(struct txn *txn, enum table t, uint64_t id, int code, struct err *err)
{
	if (code != ERR_MISSING)
		return code;
	return txn_note(txn, err_fail(err, ERR_IO, "%s %" PRIu64 ": listed, and does not exist",
				 tables[t].name, id));
}

int
record_open(struct txn *txn, enum table t, const void *key, size_t len, const DBT *data,
    struct unpack *u, struct err *err)
{
	char text[KEY_TEXT];
	uint8_t version;

	unpack_init(u, data->data, data->size);
	version = unpack_u8(u);
	if (version >= RECORD_OLDEST && version <= RECORD_VERSION)
		return 0;
	key_describe(t, key, len, text);
	return txn_note(
	    txn, err_fail(err, ERR_IO,
		     "%s %s: the record has version %u, this program reads up to %d",
		     tables[t].name, text, version, RECORD_VERSION));
}

struct buf *
record_begin(struct txn *txn)
{
	buf_reset(&txn->record);
	pack_u8(&txn->record, RECORD_VERSION);
	return &txn->record;
}

/* ---- single records ---- */

/* For the library to read from; it has no const. */
static DBT
dbt_of(const struct buf *b)
{
	return (DBT){.data = b->data, .size = (uint32_t)b->len};
}

int
table_get(struct txn *txn, enum table t, const struct buf *key, uint32_t flags,
    struct unpack *u, struct err *err)
{
	DB *db = txn->st->tables[t];
	DBT k = dbt_of(key), data = {.data = txn->data, .flags = DB_DBT_REALLOC};
	int dbret;

	dbret = db->get(db, txn->handle, &k, &data, flags);
	txn->data = data.data;
	if (dbret)
		return table_fail(txn, t, key->data, key->len, dbret, err);
	return record_open(txn, t, key->data, key->len, &data, u, err);
}

static int
write_record(struct txn *txn, enum table t, const struct buf *key, const struct buf *record,
    uint32_t flags, struct err *err)
{
	DB *db = txn->st->tables[t];
	DBT k = dbt_of(key), data = dbt_of(record);

	txn->dirty = true;
	return table_fail(
	    txn, t, key->data, key->len, db->put(db, txn->handle, &k, &data, flags), err);
}

int
table_put(struct txn *txn, enum table t, const struct buf *key, const struct buf *record,
    struct err *err)
{
	return write_record(txn, t, key, record, 0, err);
}

int
table_insert(struct txn *txn, enum table t, const struct buf *key, const struct buf *record,
    struct err *err)
{
	return write_record(txn, t, key, record, DB_NOOVERWRITE, err);
}

int
table_delete(struct txn *txn, enum table t, const struct buf *key, struct err *err)
{
	DB *db = txn->st->tables[t];
	DBT k = dbt_of(key);

	txn->dirty = true;
	return table_fail(txn, t, key->data, key->len, db->del(db, txn->handle, &k, 0), err);
}

int
table_get_id(
    struct txn *txn, enum table t, const struct buf *key, uint64_t *id, struct err *err)
{
	struct unpack u;
	int code = table_get(txn, t, key, 0, &u, err);

	*id = 0;
	if (code)
		return code;
	*id = unpack_u64(&u);
	return record_finish(txn, t, key->data, key->len, &u, err);
}

int
table_mark(struct txn *txn, enum table t, const struct buf *key, struct err *err)
{
	return table_put(txn, t, key, record_begin(txn), err);
}

int
name_take(struct txn *txn, enum table t, uint64_t tenant_id, const char *name, uint64_t id,
    uint64_t old_tenant_id, const char *old_name, struct err *err)
{
	struct buf *record;
	int code;

	if (old_name && old_tenant_id == tenant_id && !strcmp(old_name, name))
		return 0;
	record = record_begin(txn);
	pack_u64(record, id);
	code = table_insert(txn, t, key_name(txn, tenant_id, name), record, err);
	if (code == ERR_CONFLICT)
		return err_fail(err, code, "the name \"%s\" is taken", name);
	if (!code && old_name)
		code = table_delete(txn, t, key_name(txn, old_tenant_id, old_name), err);
	return code;
}

/* ---- cursors ---- */

int
cursor_open(struct txn *txn, enum table t, uint32_t open_flags, uint32_t get_flags,
    struct cursor *c, struct err *err)
{
	DB *db = txn->st->tables[t];
	int dbret;

	*c = (struct cursor){.txn = txn,
	    .table = t,
	    .flags = get_flags,
	    .raw_key = {.flags = DB_DBT_REALLOC},
	    .raw_data = {.flags = DB_DBT_REALLOC}};
	dbret = db->cursor(db, txn->handle, &c->dbc, open_flags);
	if (dbret)
		c->dbc = NULL;
	return table_fail(txn, t, NULL, 0, dbret, err);
}

int
cursor_move(struct cursor *c, uint32_t where, struct err *err)
{
	int dbret = c->dbc->get(c->dbc, &c->raw_key, &c->raw_data, where | c->flags);

	if (dbret)
		return table_fail(c->txn, c->table, NULL, 0, dbret, err);
	unpack_init(&c->key, c->raw_key.data, c->raw_key.size);
	return record_open(
	    c->txn, c->table, c->raw_key.data, c->raw_key.size, &c->raw_data, &c->record, err);
}

int
cursor_seek(struct cursor *c, const struct buf *key, struct err *err)
{
	c->raw_key.data = mem_resize(c->raw_key.data, key->len + 1);
	memcpy(c->raw_key.data, key->data, key->len);
	c->raw_key.size = (uint32_t)key->len;
	return cursor_move(c, DB_SET_RANGE, err);
}

int
cursor_seek_before(struct cursor *c, const struct buf *key, struct err *err)
{
	int code = cursor_seek(c, key, err);

	if (code == ERR_MISSING)
		return cursor_move(c, DB_LAST, err);
	return code ? code : cursor_move(c, DB_PREV, err);
}

int
cursor_seek_below(struct cursor *c, uint64_t prefix, uint64_t before, struct err *err)
{
	return cursor_seek_before(
	    c, key_ids(c->txn, prefix, before ? before : UINT64_MAX), err);
}

int
cursor_bulk(struct cursor *c, const struct buf *from, DBT *bulk, struct err *err)
{
	DBT key = dbt_of(from);

	return table_fail(c->txn, c->table, NULL, 0,
	    c->dbc->get(c->dbc, &key, bulk, DB_SET_RANGE | DB_MULTIPLE_KEY), err);
}

int
cursor_delete(struct cursor *c, struct err *err)
{
	c->txn->dirty = true;
	return table_fail(
	    c->txn, c->table, c->raw_key.data, c->raw_key.size, c->dbc->del(c->dbc, 0), err);
}

bool
cursor_within(const struct cursor *c, uint64_t prefix)
{
	struct unpack key = c->key;

	return unpack_u64(&key) == prefix && !key.failed;
}

int
cursor_close(struct cursor *c, int code, struct err *err)
{
	int dbret = c->dbc ? c->dbc->close(c->dbc) : 0;

	c->dbc = NULL;
	free(c->raw_key.data);
	free(c->raw_data.data);
	c->raw_key.data = c->raw_data.data = NULL;
	return dbret && !code ? table_fail(c->txn, c->table, NULL, 0, dbret, err) : code;
}

/* The number that a key ends with. */
static uint64_t
last_number(const struct cursor *c)
{
	struct unpack u = c->key;

	if (u.end - u.at > 8)
		u.at = u.end - 8;
	return unpack_u64(&u);
}

int
table_numbers(struct txn *txn, enum table t, const struct buf *from, const uint64_t *prefix,
    uint32_t get_flags, uint64_t *numbers, size_t cap, size_t *count, struct err *err)
{
	struct cursor c;
	size_t n = 0;
	int code;

	*count = 0;
	if (!cap)
		return 0;
	code = cursor_open(txn, t, 0, get_flags, &c, err);
	if (!code)
		code = cursor_seek(&c, from, err);
	while (!code && (!prefix || cursor_within(&c, *prefix))) {
		numbers[n++] = last_number(&c);
		if (n == cap)
			break;
		code = cursor_move(&c, DB_NEXT, err);
	}
	if (code == ERR_MISSING)
		code = 0;
	code = cursor_close(&c, code, err);
	if (!code)
		*count = n;
	return code;
}

void *
array_grow(struct arena *a, void *array, size_t count, size_t *cap, size_t size)
{
	void *bigger;

	if (count < *cap)
		return array;
	*cap = *cap ? *cap * 2 : 16;
	bigger = arena_array(a, *cap, size);
	if (count)
		memcpy(bigger, array, count * size);
	return bigger;
}
