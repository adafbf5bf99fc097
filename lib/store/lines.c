/*
 * The tasks of a tenant in short: tasks_by_tenant. Lists of tasks are filtered by what stands
 * there alone, so that a filter over very many reads few bytes of each and nothing else.
 *
 * A line follows its task: store_task_put() calls line_follow(). What it says of the execution
 * never changes after the insert.
 */
#include "store/record.h"

/* What changes in a line is the same. */
static bool
same(const struct task *t, const struct task *old)
{
	struct task_line is = {0}, was = {0};

	task_line_update(&is, t);
	task_line_update(&was, old);
	return task_line_equals(&is, &was);
}

static int
first_line(struct txn *txn, struct arena *a, const struct task *t, struct task_line *line,
    struct err *err)
{
	struct execution e;
	int code = store_execution_get(txn, a, t->execution_id, &e, err);

	*line = task_line_of(&e, t);
	return code;
}

int
line_follow(struct txn *txn, struct arena *a, const struct task *t, const struct task *old,
    struct err *err)
{
	struct task_line line;
	struct buf *record;
	int code;

	if (t->ordinal == TASK_ORDINAL_CONDITION || (old && same(t, old)))
		return 0;
	code = old ? store_task_line(txn, t->tenant_id, t->id, &line, err)
		   : first_line(txn, a, t, &line, err);
	if (code)
		return code;
	task_line_update(&line, t);
	record = record_begin(txn);
	pack_task_line(record, &line);
	return table_put(
	    txn, TABLE_TASKS_BY_TENANT, key_ids(txn, t->tenant_id, t->id), record, err);
}

int
store_task_line(
    struct txn *txn, uint64_t tenant_id, uint64_t id, struct task_line *line, struct err *err)
{
	const struct buf *key = key_ids(txn, tenant_id, id);
	struct unpack u;
	int code = table_get(txn, TABLE_TASKS_BY_TENANT, key, 0, &u, err);

	*line = (struct task_line){.id = id};
	if (code)
		return code;
	unpack_task_line(&u, line);
	return record_finish(txn, TABLE_TASKS_BY_TENANT, key->data, key->len, &u, err);
}

int
store_task_lines(struct txn *txn, uint64_t tenant_id, uint64_t before, struct task_line *lines,
    size_t cap, size_t *count, struct err *err)
{
	struct cursor c;
	size_t n = 0;
	int code;

	*count = 0;
	/* Of all that was read no page stays locked but the last. */
	code = cursor_open(txn, TABLE_TASKS_BY_TENANT, DB_READ_COMMITTED, 0, &c, err);
	if (!code)
		code = cursor_seek_below(&c, tenant_id, before, err);
	while (!code && n < cap && cursor_within(&c, tenant_id)) {
		unpack_u64(&c.key);
		lines[n] = (struct task_line){.id = unpack_u64(&c.key)};
		unpack_task_line(&c.record, &lines[n]);
		code = record_finish(
		    txn, TABLE_TASKS_BY_TENANT, c.raw_key.data, c.raw_key.size, &c.record, err);
		if (code)
			break;
		n++;
		code = cursor_move(&c, DB_PREV, err);
	}
	if (code == ERR_MISSING)
		code = 0;
	code = cursor_close(&c, code, err);
	if (!code)
		*count = n;
	return code;
}
