/* What the scheduler must look at: the queue, the waiting, the active and the cancels, each a
 * table of keys alone. */
#include "store/internal.h"

#include "base/id.h"

int
store_queue_put(struct txn *txn, uint64_t execution_id, struct err *err)
{
	return table_mark(txn, TABLE_QUEUE, key_id(txn, execution_id), err);
}

int
store_queue_remove(struct txn *txn, uint64_t execution_id, struct err *err)
{
	return table_delete(txn, TABLE_QUEUE, key_id(txn, execution_id), err);
}

/* The first in the queue from `id` on. Fails: ERR_MISSING. */
static int
queue_from(struct cursor *c, uint64_t id, uint64_t *found, struct err *err)
{
	int code = cursor_seek(c, key_id(c->txn, id), err);

	if (!code)
		*found = unpack_u64(&c->key);
	return code;
}

/* What of each tenant is next, and how many tenants there are. */
struct turns {
	uint64_t *next; /* 0: nothing is left of it */
	size_t count, cap;
	size_t first; /* whose turn it is */
};

static int
begin_turns(struct cursor *c, struct arena *a, uint64_t last, struct turns *t, struct err *err)
{
	uint64_t id;
	int code = queue_from(c, 0, &id, err);

	while (!code) {
		t->next = array_grow(a, t->next, t->count, &t->cap, sizeof *t->next);
		if (id_space(id) <= id_space(last) && last)
			t->first = t->count + 1;
		t->next[t->count++] = id;
		code = queue_from(c, id_in_space(id_space(id) + 1, 0), &id, err);
	}
	return code == ERR_MISSING ? 0 : code;
}

/* Take the turn of a tenant: *next becomes what it has behind `*next`, 0 for nothing. */
static int
take_turn(struct cursor *c, uint64_t *next, struct err *err)
{
	uint64_t id;
	int code = queue_from(c, *next + 1, &id, err);

	if (code && code != ERR_MISSING)
		return code;
	*next = !code && id_space(id) == id_space(*next) ? id : 0;
	return 0;
}

int
store_queue_list(struct txn *txn, uint64_t last, uint64_t *execution_ids, size_t cap,
    size_t *count, struct err *err)
{
	struct arena scratch = ARENA_INIT;
	struct turns t = {0};
	size_t n = 0, before;
	struct cursor c;
	int code;

	*count = 0;
	code = cursor_open(txn, TABLE_QUEUE, 0, 0, &c, err);
	if (!code && cap)
		code = begin_turns(&c, &scratch, last, &t, err);
	do {
		before = n;
		for (size_t i = 0; !code && i < t.count && n < cap; i++) {
			uint64_t *next = &t.next[(t.first + i) % t.count];

			if (!*next)
				continue;
			execution_ids[n++] = *next;
			code = take_turn(&c, next, err);
		}
	} while (!code && n > before && n < cap);
	code = cursor_close(&c, code, err);
	arena_release(&scratch);
	if (!code)
		*count = n;
	return code;
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
