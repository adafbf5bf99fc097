/* Named values, and the sequences. These have a table of their own, so that its locks are their own
 * too. */
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

/* The last number given in a space, locked for writing until the commit: this is what makes
 * numbers ascend in the order of commits. 0: none was. */
static int
last_given(struct txn *txn, unsigned space, uint64_t *last, struct err *err)
{
	const struct buf *key = key_id(txn, space);
	struct unpack u;
	int code = table_get(txn, TABLE_SEQUENCE, key, DB_RMW, &u, err);

	*last = 0;
	if (code)
		return code == ERR_MISSING ? 0 : code;
	*last = unpack_u64(&u);
	return record_finish(txn, TABLE_SEQUENCE, key->data, key->len, &u, err);
}

static int
give(struct txn *txn, unsigned space, uint64_t number, uint64_t *id, struct err *err)
{
	struct buf *record = record_begin(txn);
	int code;

	pack_u64(record, number);
	code = table_put(txn, TABLE_SEQUENCE, key_id(txn, space), record, err);
	if (!code)
		*id = id_in_space(space, number);
	return code;
}

int
store_next_id(struct txn *txn, uint64_t tenant_id, uint64_t *id, struct err *err)
{
	unsigned space = id_space(tenant_id);
	uint64_t last;
	int code = last_given(txn, space, &last, err);

	*id = 0;
	if (code)
		return code;
	if (last >= id_in_space(1, 0) - 1)
		return err_fail(err, ERR_IO,
		    "the sequence of tenant %" PRIu64 " has reached its end, %" PRIu64,
		    tenant_id, last);
	return give(txn, space, last + 1, id, err);
}

int
store_new_tenant_id(struct txn *txn, uint32_t wish, uint64_t *id, struct err *err)
{
	*id = 0;
	for (unsigned i = 0; i < ID_SPACE_MAX; i++) {
		unsigned space = 1 + (wish % ID_SPACE_MAX + i) % ID_SPACE_MAX;
		uint64_t last;
		int code = last_given(txn, space, &last, err);

		if (code)
			return code;
		if (!last)
			return give(txn, space, 1, id, err);
	}
	return err_fail(err, ERR_CONFLICT,
	    "There cannot be more than %d tenants besides the first", ID_SPACE_MAX);
}
