/* What the scheduler must look at: the queue, the waiting, the active and the cancels, each a
 * table of keys alone. */
#include "store/internal.h"

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

int
store_queue_list(
    struct txn *txn, uint64_t *execution_ids, size_t cap, size_t *count, struct err *err)
{
	return table_numbers(
	    txn, TABLE_QUEUE, key_id(txn, 0), NULL, 0, execution_ids, cap, count, err);
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
