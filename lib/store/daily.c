/* What is kept for a day and then swept: log-ins that failed, and the answers to calls that may
 * be repeated. */
#include "store/record.h"

/* ---- failed log-ins ---- */

int
store_failures_get(struct txn *txn, const unsigned char hash[DAILY_HASH_BYTES],
    struct failures *f, struct err *err)
{
	const struct buf *key = key_bytes(txn, hash, DAILY_HASH_BYTES);
	struct unpack u;
	int code = table_get(txn, TABLE_FAILURES, key, DB_RMW, &u, err);

	*f = (struct failures){0};
	if (code)
		return code;
	unpack_failures(&u, f);
	return record_finish(txn, TABLE_FAILURES, key->data, key->len, &u, err);
}

int
store_failures_put(struct txn *txn, const unsigned char hash[DAILY_HASH_BYTES],
    const struct failures *f, struct err *err)
{
	struct buf *record = record_begin(txn);

	pack_failures(record, f);
	return table_put(
	    txn, TABLE_FAILURES, key_bytes(txn, hash, DAILY_HASH_BYTES), record, err);
}

int
store_failures_remove(
    struct txn *txn, const unsigned char hash[DAILY_HASH_BYTES], struct err *err)
{
	int code =
	    table_delete(txn, TABLE_FAILURES, key_bytes(txn, hash, DAILY_HASH_BYTES), err);

	return code == ERR_MISSING ? 0 : code;
}

static int
failures_are_old(struct cursor *c, int64_t now_us, bool *is_dead, struct err *err)
{
	struct failures f;

	unpack_failures(&c->record, &f);
	*is_dead = now_us - f.last_us > DAILY_US;
	return record_finish(
	    c->txn, TABLE_FAILURES, c->raw_key.data, c->raw_key.size, &c->record, err);
}

/* ---- answers ---- */

static bool
is_old(const struct answer *n, int64_t now_us)
{
	return now_us - n->made_us > DAILY_US;
}

static int
get_answer(struct txn *txn, struct arena *a, uint64_t user_id,
    const unsigned char key[DAILY_HASH_BYTES], uint32_t flags, struct answer *n,
    struct err *err)
{
	const struct buf *k = key_id_bytes(txn, user_id, key, DAILY_HASH_BYTES);
	struct unpack u;
	int code = table_get(txn, TABLE_ANSWERS, k, flags, &u, err);

	*n = (struct answer){0};
	if (code)
		return code;
	unpack_answer(&u, a, n);
	return record_finish(txn, TABLE_ANSWERS, k->data, k->len, &u, err);
}

int
store_answer_get(struct txn *txn, struct arena *a, uint64_t user_id,
    const unsigned char key[DAILY_HASH_BYTES], int64_t now_us, struct answer *n,
    struct err *err)
{
	int code = get_answer(txn, a, user_id, key, 0, n, err);

	if (!code && is_old(n, now_us))
		return err_fail(err, ERR_MISSING, "the answer is too old");
	return code;
}

int
store_answer_insert(struct txn *txn, uint64_t user_id,
    const unsigned char key[DAILY_HASH_BYTES], const struct answer *n, struct err *err)
{
	struct arena scratch = ARENA_INIT;
	struct buf *record;
	struct answer old;
	int code;

	code = get_answer(txn, &scratch, user_id, key, DB_RMW, &old, err);
	if (!code && !is_old(&old, n->made_us))
		code = err_fail(err, ERR_CONFLICT, "the key has an answer already");
	if (!code || code == ERR_MISSING) {
		record = record_begin(txn);
		pack_answer(record, n);
		code = table_put(txn, TABLE_ANSWERS,
		    key_id_bytes(txn, user_id, key, DAILY_HASH_BYTES), record, err);
	}
	arena_release(&scratch);
	return code;
}

static int
answer_is_old(struct cursor *c, int64_t now_us, bool *is_dead, struct err *err)
{
	struct arena scratch = ARENA_INIT;
	struct answer n = {0};
	int code;

	unpack_answer(&c->record, &scratch, &n);
	code = record_finish(
	    c->txn, TABLE_ANSWERS, c->raw_key.data, c->raw_key.size, &c->record, err);
	*is_dead = !code && is_old(&n, now_us);
	arena_release(&scratch);
	return code;
}

int
store_daily_sweep(struct txn *txn, int64_t now_us, size_t cap, size_t *removed, struct err *err)
{
	size_t answers = 0;
	int code;

	code = sweep_round(
	    txn, SWEEP_FAILURES, TABLE_FAILURES, failures_are_old, now_us, cap, removed, err);
	if (!code)
		code = sweep_round(txn, SWEEP_ANSWERS, TABLE_ANSWERS, answer_is_old, now_us,
		    cap, &answers, err);
	*removed += answers;
	return code;
}
