/*
 * Concurrency groups: the steps inside a transaction, as in run.h.
 *
 * An execution takes a place of its group when it begins and keeps it until it has ended. One
 * that finds none leaves the queue and waits with the group, pending as before, so that it stands
 * in nobody's way; each place that becomes free puts the next of those back into the queue.
 */
#ifndef SERVICE_GROUP_H
#define SERVICE_GROUP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "model/execution.h"
#include "store/store.h"

/* The group of this name, made if there is none; NULL is 0, no group. */
MUST_CHECK int group_find(struct txn *txn, struct arena *a, uint64_t tenant_id,
    const char *name, uint64_t *id, struct err *err);

/* An execution is about to begin, and is out of the queue. *may: it has a place of its group, or
 * none to ask; else it waits for one. */
MUST_CHECK int group_enter(
    struct txn *txn, struct arena *a, const struct execution *e, bool *may, struct err *err);

/* An execution has ended, or never will begin. *queued becomes true when another gets its place.
 */
MUST_CHECK int group_leave(
    struct txn *txn, struct arena *a, const struct execution *e, bool *queued, struct err *err);

/* As many of those that wait as there are free places go into the queue. */
MUST_CHECK int group_pass(
    struct txn *txn, struct arena *a, uint64_t group_id, bool *queued, struct err *err);

#endif
