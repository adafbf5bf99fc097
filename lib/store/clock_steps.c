/* The steps of the clock, numbered as they happened; the last STEPS_KEPT of them. */
#include "store/record.h"

enum { STEPS_KEPT = 256 };

static int
last_number(struct txn *txn, uint64_t *number, struct err *err)
{
	struct cursor c;
	int code = cursor_open(txn, TABLE_CLOCK_STEPS, 0, DB_RMW, &c, err);

	*number = 0;
	if (!code)
		code = cursor_move(&c, DB_LAST, err);
	if (!code)
		*number = unpack_u64(&c.key);
	return cursor_close(&c, code == ERR_MISSING ? 0 : code, err);
}

int
store_clock_step_add(struct txn *txn, const struct clock_step *step, struct err *err)
{
	uint64_t number;
	struct buf *record;
	int code = last_number(txn, &number, err);

	if (code)
		return code;
	number++;
	record = record_begin(txn);
	pack_u8(record, (uint8_t)step->kind);
	pack_i64(record, step->from_us);
	pack_i64(record, step->to_us);
	code = table_insert(txn, TABLE_CLOCK_STEPS, key_id(txn, number), record, err);
	if (!code && number > STEPS_KEPT) {
		code =
		    table_delete(txn, TABLE_CLOCK_STEPS, key_id(txn, number - STEPS_KEPT), err);
		if (code == ERR_MISSING)
			code = 0;
	}
	return code;
}

void
unpack_clock_step(struct unpack *u, struct clock_step *step)
{
	step->kind = unpack_word(u, CLOCK_STEP_SET, CLOCK_STEP_SLEPT);
	step->from_us = unpack_i64(u);
	step->to_us = unpack_i64(u);
}

int
store_clock_step_list(
    struct txn *txn, struct arena *a, struct clock_step **list, size_t *count, struct err *err)
{
	struct clock_step *items = NULL;
	size_t n = 0, room = 0;
	struct cursor c;
	int code;

	*list = NULL;
	*count = 0;
	code = cursor_open(txn, TABLE_CLOCK_STEPS, 0, 0, &c, err);
	if (!code)
		code = cursor_move(&c, DB_FIRST, err);
	while (!code) {
		items = array_grow(a, items, n, &room, sizeof *items);
		unpack_clock_step(&c.record, &items[n++]);
		code = record_finish(
		    txn, TABLE_CLOCK_STEPS, c.raw_key.data, c.raw_key.size, &c.record, err);
		if (!code)
			code = cursor_move(&c, DB_NEXT, err);
	}
	code = cursor_close(&c, code == ERR_MISSING ? 0 : code, err);
	if (code)
		return code;
	*list = items;
	*count = n;
	return 0;
}
