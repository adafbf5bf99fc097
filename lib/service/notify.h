/*
 * What happens to a schedule with rules for notifications, and the messages that follow from it:
 * steps inside a transaction, like those of run.h.
 *
 * A message is made in the transaction of what it tells, so it is made exactly once. Counting
 * begins when the first rule is written; what was before says nothing. What comes with time alone
 * (late, long, noSuccess) stands as an alarm in the store, which the engine settles.
 */
#ifndef SERVICE_NOTIFY_H
#define SERVICE_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "model/execution.h"
#include "model/notify.h"
#include "model/schedule.h"
#include "store/store.h"

/* Fails: ERR_INPUT when this server cannot deliver what the rules ask for. */
MUST_CHECK int notify_served(bool sends_mail, const struct schedule *s, struct err *err);

/* A definition was written: its alarms follow its rules. */
MUST_CHECK int notify_defined(struct txn *txn, const struct schedule *s,
    const struct schedule_state *state, int64_t now_us, struct err *err);

/* The schedule is suspended, or is not any more: while it is, its silence is nothing to tell,
 * and afterwards that counts anew. */
MUST_CHECK int notify_suspended(struct txn *txn, const struct schedule *s,
    const struct schedule_state *state, struct err *err);
MUST_CHECK int notify_resumed(
    struct txn *txn, const struct schedule *s, int64_t now_us, struct err *err);

/* An execution was made, its first task starts, it has ended. It is stored as it is then. */
MUST_CHECK int notify_made(
    struct txn *txn, const struct schedule *s, const struct execution *e, struct err *err);
MUST_CHECK int notify_started(
    struct txn *txn, struct arena *a, const struct execution *e, struct err *err);
MUST_CHECK int notify_ended(
    struct txn *txn, struct arena *a, const struct execution *e, struct err *err);

/* An alarm is due. */
MUST_CHECK int notify_alarm(struct txn *txn, struct arena *a, uint64_t schedule_id,
    uint64_t execution_id, int64_t now_us, struct err *err);

/* ---- the outbox ---- */

/*
 * Take the next message of a target whose turn it is: it counts as under way, and is ordered after
 * the commit. What is too old is given up first. *found is false when nothing is left to be
 * sent.
 */
MUST_CHECK int notify_take(struct txn *txn, struct arena *a, uint64_t target_id, int64_t now_us,
    struct notice_target *t, struct notice *n, bool *found, struct err *err);

/* What became of the message that is under way to a target. */
enum notify_try {
	NOTIFY_DONE,   /* it arrived */
	NOTIFY_FAULT,  /* it did not: again later, `error` says why */
	NOTIFY_UNDONE, /* it was not tried: again at once */
};
/* `rest_us`: the target asked to be let alone so long; 0: it did not. */
MUST_CHECK int notify_tried(struct txn *txn, struct notice_target *t, struct notice *n,
    enum notify_try what, const char *error, int64_t rest_us, int64_t now_us, struct err *err);

#endif
