/* Named values, and the one sequence. The sequence has a table of its own, so that its lock is
 * its own too. */
#include "store/internal.h"

#include <inttypes.h>
#include <string.h>

#include "base/id.h"

int
store_value_get(struct txn *txn, struct arena *a, const char *name, const void **data,
    size_t *len, struct err *err)
{
	const struct buf *key = key_bytes(txn, name, strlen(name));
	struct unpack u;
	int code = table_get(txn, TABLE_VALUES, key, 0, &u, err);

	*data = NULL;
	*len = 0;
	if (code)
		return code;
	*data = unpack_bytes(&u, a, len);
	return record_finish(txn, TABLE_VALUES, key->data, key->len, &u, err);
}

int
store_value_put(
    struct txn *txn, const char *name, const void *data, size_t len, struct err *err)
{
	struct buf *record = record_begin(txn);

	pack_bytes(record, data, len);
	return table_put(txn, TABLE_VALUES, key_bytes(txn, name, strlen(name)), record, err);
}

int
store_next_id(struct txn *txn, uint64_t *id, struct err *err)
{
	const struct buf *key = key_bytes(txn, "id", 2);
	struct buf *record;
	struct unpack u;
	uint64_t last = 0;
	int code;

	*id = 0;
	/* Locked for writing until the commit: this is what makes numbers ascend in the order
	 * of commits. */
	code = table_get(txn, TABLE_SEQUENCE, key, DB_RMW, &u, err);
	if (!code) {
		last = unpack_u64(&u);
		code = record_finish(txn, TABLE_SEQUENCE, key->data, key->len, &u, err);
	} else if (code == ERR_MISSING) {
		code = 0;
	}
	if (code)
		return code;
	if (last >= ID_MAX)
		return err_fail(
		    err, ERR_IO, "the sequence has reached its end, %" PRIu64, last);
	record = record_begin(txn);
	pack_u64(record, last + 1);
	code = table_put(txn, TABLE_SEQUENCE, key, record, err);
	if (!code)
		*id = last + 1;
	return code;
}
