/* What the scheduler must look at: the queue, the waiting, the active and the cancels, each a
 * table of keys alone. */
#include "store/internal.h"

#include "base/id.h"

/* Under the priority that its execution has; one that does not exist is like most. */
static int
queue_key(struct txn *txn, uint64_t execution_id, const struct buf **key, struct err *err)
{
	struct arena scratch = ARENA_INIT;
	struct execution e;
	int code = store_execution_get(txn, &scratch, execution_id, &e, err);

	arena_release(&scratch);
	if (code == ERR_MISSING)
		code = 0;
	buf_reset(&txn->key);
	pack_u32(&txn->key, priority_order(e.priority));
	pack_u64(&txn->key, execution_id);
	*key = &txn->key;
	return code;
}

int
store_queue_put(struct txn *txn, uint64_t execution_id, struct err *err)
{
	const struct buf *key;
	int code = queue_key(txn, execution_id, &key, err);

	return code ? code : table_mark(txn, TABLE_QUEUE, key, err);
}

int
store_queue_remove(struct txn *txn, uint64_t execution_id, struct err *err)
{
	const struct buf *key;
	int code = queue_key(txn, execution_id, &key, err);

	return code ? code : table_delete(txn, TABLE_QUEUE, key, err);
}

/* Where in the queue an execution stands: those of one priority are a level. */
struct queue_place {
	uint32_t level;
	uint64_t id; /* 0: nothing is left */
};

/* The first in the queue from a place on. Fails: ERR_MISSING. */
static int
queue_from(
    struct cursor *c, struct queue_place from, struct queue_place *found, struct err *err)
{
	struct buf *key = &c->txn->key;
	int code;

	buf_reset(key);
	pack_u32(key, from.level);
	pack_u64(key, from.id);
	code = cursor_seek(c, key, err);
	if (!code) {
		found->level = unpack_u32(&c->key);
		found->id = unpack_u64(&c->key);
	}
	return code;
}

/* The same within a level; *id is 0 when nothing of it is left. */
static int
level_from(struct cursor *c, uint32_t level, uint64_t from, uint64_t *id, struct err *err)
{
	struct queue_place found;
	int code = queue_from(c, (struct queue_place){level, from}, &found, err);

	*id = !code && found.level == level ? found.id : 0;
	return code == ERR_MISSING ? 0 : code;
}

/* What of each tenant is next, and how many tenants there are. */
struct turns {
	uint32_t level;
	uint64_t *next; /* 0: nothing is left of it */
	size_t count, cap;
	size_t first; /* whose turn it is */
};

static int
begin_turns(struct cursor *c, struct arena *a, uint64_t last, struct turns *t, struct err *err)
{
	uint64_t id;
	int code = level_from(c, t->level, 0, &id, err);

	while (!code && id) {
		t->next = array_grow(a, t->next, t->count, &t->cap, sizeof *t->next);
		if (id_space(id) <= id_space(last) && last)
			t->first = t->count + 1;
		t->next[t->count++] = id;
		code = level_from(c, t->level, id_in_space(id_space(id) + 1, 0), &id, err);
	}
	return code;
}

/* Take the turn of a tenant: *next becomes what it has behind `*next`, 0 for nothing. */
static int
take_turn(struct cursor *c, uint32_t level, uint64_t *next, struct err *err)
{
	uint64_t id;
	int code = level_from(c, level, *next + 1, &id, err);

	if (!code)
		*next = id && id_space(id) == id_space(*next) ? id : 0;
	return code;
}

/* Those of one level, a tenant in turn, behind the `*n` that are there already. */
static int
list_level(struct cursor *c, uint32_t level, uint64_t last, uint64_t *ids, size_t cap,
    size_t *n, struct err *err)
{
	struct arena scratch = ARENA_INIT;
	struct turns t = {.level = level};
	int code = begin_turns(c, &scratch, last, &t, err);
	size_t before;

	do {
		before = *n;
		for (size_t i = 0; !code && i < t.count && *n < cap; i++) {
			uint64_t *next = &t.next[(t.first + i) % t.count];

			if (!*next)
				continue;
			ids[(*n)++] = *next;
			code = take_turn(c, level, next, err);
		}
	} while (!code && *n > before && *n < cap);
	arena_release(&scratch);
	return code;
}

enum { LEVELS = 2 * SCHEDULE_PRIORITY_MAX + 1 };

/* The levels that have something, from the highest priority on. */
static int
find_levels(struct cursor *c, uint32_t levels[LEVELS], size_t *count, struct err *err)
{
	struct queue_place at = {0};
	int code = 0;

	*count = 0;
	while (!code && *count < LEVELS) {
		code = queue_from(c, at, &at, err);
		if (code)
			break;
		levels[(*count)++] = at.level;
		at = (struct queue_place){at.level + 1, 0};
	}
	return code == ERR_MISSING ? 0 : code;
}

static int
list_queue(struct txn *txn, uint64_t last, bool lowest_first, uint64_t *ids, size_t cap,
    size_t *count, struct err *err)
{
	uint32_t levels[LEVELS];
	size_t n = 0, level_count = 0;
	struct cursor c;
	int code;

	*count = 0;
	code = cursor_open(txn, TABLE_QUEUE, 0, 0, &c, err);
	if (!code && cap)
		code = find_levels(&c, levels, &level_count, err);
	for (size_t i = 0; !code && i < level_count && n < cap; i++)
		code = list_level(&c, levels[lowest_first ? level_count - 1 - i : i], last, ids,
		    cap, &n, err);
	code = cursor_close(&c, code, err);
	if (!code)
		*count = n;
	return code;
}

int
store_queue_list(struct txn *txn, uint64_t last, uint64_t *execution_ids, size_t cap,
    size_t *count, struct err *err)
{
	return list_queue(txn, last, false, execution_ids, cap, count, err);
}

int
store_queue_list_lowest(struct txn *txn, uint64_t last, uint64_t *execution_ids, size_t cap,
    size_t *count, struct err *err)
{
	return list_queue(txn, last, true, execution_ids, cap, count, err);
}

int
store_waiting_put(struct txn *txn, uint64_t schedule_id, uint64_t execution_id, struct err *err)
{
	return table_mark(txn, TABLE_WAITING, key_ids(txn, schedule_id, execution_id), err);
}

int
store_waiting_remove(
    struct txn *txn, uint64_t schedule_id, uint64_t execution_id, struct err *err)
{
	return table_delete(txn, TABLE_WAITING, key_ids(txn, schedule_id, execution_id), err);
}

int
store_waiting_first(
    struct txn *txn, uint64_t schedule_id, uint64_t *execution_id, struct err *err)
{
	size_t count;
	int code;

	*execution_id = 0;
	code = table_numbers(txn, TABLE_WAITING, key_ids(txn, schedule_id, 0), &schedule_id, 0,
	    execution_id, 1, &count, err);
	if (!code && !count)
		code = err_fail(err, ERR_MISSING, "no execution of the schedule waits");
	return code;
}

int
store_waiting_has(
    struct txn *txn, uint64_t schedule_id, uint64_t execution_id, bool *waits, struct err *err)
{
	struct unpack u;
	int code = table_get(
	    txn, TABLE_WAITING, key_ids(txn, schedule_id, execution_id), DB_RMW, &u, err);

	*waits = !code;
	return code == ERR_MISSING ? 0 : code;
}

int
store_active_put(struct txn *txn, uint64_t task_id, struct err *err)
{
	return table_mark(txn, TABLE_ACTIVE, key_id(txn, task_id), err);
}

int
store_active_remove(struct txn *txn, uint64_t task_id, struct err *err)
{
	return table_delete(txn, TABLE_ACTIVE, key_id(txn, task_id), err);
}

int
store_active_list(struct txn *txn, uint64_t after, uint64_t *task_ids, size_t cap,
    size_t *count, struct err *err)
{
	return table_numbers(
	    txn, TABLE_ACTIVE, key_id(txn, after + 1), NULL, 0, task_ids, cap, count, err);
}

int
store_cancel_put(struct txn *txn, uint64_t task_id, struct err *err)
{
	return table_mark(txn, TABLE_CANCELS, key_id(txn, task_id), err);
}

int
store_cancel_remove(struct txn *txn, uint64_t task_id, struct err *err)
{
	return table_delete(txn, TABLE_CANCELS, key_id(txn, task_id), err);
}

int
store_cancel_list(
    struct txn *txn, uint64_t *task_ids, size_t cap, size_t *count, struct err *err)
{
	return table_numbers(
	    txn, TABLE_CANCELS, key_id(txn, 0), NULL, 0, task_ids, cap, count, err);
}
