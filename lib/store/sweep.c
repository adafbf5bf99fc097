/* Sweeps: a few records at a time, round and round, so that none is ever long. */
#include "store/internal.h"

#include <string.h>

/* A sweep that finds nothing dead still ends: it looks at so many records for each that it may
 * remove. */
enum { SWEEP_LOOKS = 16 };

/* The record behind the one looked at last, or the first one. */
static int
next(struct cursor *c, const struct place *place, bool begun, bool *round, struct err *err)
{
	int code;

	if (begun)
		code = cursor_move(c, DB_NEXT, err);
	else
		code = cursor_seek(c, key_bytes(c->txn, place->at, place->len), err);
	if (code != ERR_MISSING || *round)
		return code;
	*round = true;
	return cursor_move(c, DB_FIRST, err);
}

int
sweep_round(struct txn *txn, enum swept which, enum table t,
    int (*dead)(struct cursor *c, int64_t now_us, bool *is_dead, struct err *err),
    int64_t now_us, size_t cap, size_t *removed, struct err *err)
{
	struct place *place = &txn->swept[which];
	size_t looks = cap * SWEEP_LOOKS, n = 0;
	bool round = false, is_dead;
	struct cursor c;
	int code;

	*removed = 0;
	code = cursor_open(txn, t, DB_READ_COMMITTED, 0, &c, err);
	for (size_t i = 0; !code && i < looks && n < cap; i++) {
		code = next(&c, place, i > 0, &round, err);
		if (code || c.raw_key.size > sizeof place->at)
			break;
		place->len = c.raw_key.size;
		memcpy(place->at, c.raw_key.data, place->len);
		code = dead(&c, now_us, &is_dead, err);
		if (!code && is_dead) {
			code = cursor_delete(&c, err);
			n++;
		}
	}
	if (code == ERR_MISSING)
		code = 0;
	code = cursor_close(&c, code, err);
	if (!code)
		*removed = n;
	return code;
}
