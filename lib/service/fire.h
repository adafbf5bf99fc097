/*
 * Settle what is due: every due time of a schedule up to now gets its one ledger entry, and
 * those that run their execution, in the transaction that moves the plan on.
 *
 * The engine does it when the time has come. A use case that changes what a due time would meet
 * (suspend, resume, delete) does it first for that schedule, so that each due time is judged by
 * what was in force when it was due.
 */
#ifndef SERVICE_FIRE_H
#define SERVICE_FIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "model/clock_step.h"
#include "model/execution.h"
#include "model/schedule.h"
#include "store/store.h"

/* Up to this late, its schedule's jitter not counted, a due time is served as if nothing had
 * happened; later it is a misfire and the policy decides. */
#define FIRE_ON_TIME_US (30 * SECOND_US)

/* Due times of one schedule that one transaction settles at most; *more says that some are
 * left. */
enum { FIRE_BATCH = 2000 };

/*
 * Settle the due times of `s` whose runs were to start at or before now_us: a due time that waits
 * for its jitter has not come yet, and one that a calendar defers is settled when its turn comes;
 * until then the plan has that turn. *state is changed and not stored;
 * state->next_due_us and the plan agree afterwards. *queued becomes true when there is
 * something to begin; *more tells whether due times are left.
 *
 * A schedule whose next due time cannot be worked out (its time zone is gone from the system)
 * would be tried for ever: it is taken out of the plan and suspended with the reason, and a
 * line is logged.
 */
MUST_CHECK int fire_due(struct txn *txn, const struct schedule *s, struct schedule_state *state,
    struct zones *zones, int64_t now_us, bool *queued, bool *more, struct err *err);

/* What fire_settle() does otherwise than fire_due(). */
enum {
	FIRE_HASTEN = 1, /* what waits for its jitter starts now; it is not late */
	FIRE_AMONG = 2,	 /* entries may lie between these due times: no range goes over them */
};

MUST_CHECK int fire_settle(struct txn *txn, const struct schedule *s,
    struct schedule_state *state, struct zones *zones, int64_t now_us, unsigned how,
    bool *queued, bool *more, struct err *err);

/* Its schedule is deleted by a user: what waits for its jitter gets an entry that says so. */
MUST_CHECK int fire_drop_due(struct txn *txn, const struct schedule *s,
    struct schedule_state *state, struct zones *zones, int64_t now_us, uint64_t by_id,
    struct err *err);

/*
 * Plan a schedule that fire_due() had to give up, from where it stopped: what was due since is
 * to be settled next. One that is planned or finished is left as it is.
 *
 * Fails: as schedule_next_due(), while the zone is still missing.
 */
MUST_CHECK int fire_take_up(struct txn *txn, const struct schedule *s,
    struct schedule_state *state, struct zones *zones, struct err *err);

/*
 * The calendars of a schedule, or its definition, have changed: a due time that is deferred is
 * deferred from now on to when they let it run; if they do now, it is planned for now. All that is
 * due was settled before. *state is changed and not stored.
 *
 * Fails: as schedule_next_due(); ERR_INPUT for a calendar's zone that is missing.
 */
MUST_CHECK int fire_defer_again(struct txn *txn, const struct schedule *s,
    struct schedule_state *state, struct zones *zones, int64_t now_us, struct err *err);

/* A due time that is deferred will not run: its entry says why. The plan stays as it is. */
MUST_CHECK int fire_drop_deferred(struct txn *txn, const struct schedule *s,
    struct schedule_state *state, int64_t now_us, const char *reason, struct err *err);

/* ---- clock.c ---- */

/* The wall clock jumped: kept, and noted in the audit of the first tenant. */
MUST_CHECK int fire_note_step(struct txn *txn, struct arena *a, const struct clock_step *step,
    int64_t now_us, struct err *err);

/* A due time was missed. If a step of the clock passed over it, and no outage, the reason says so,
 * and so does the verdict instead of missed_down. */
MUST_CHECK int fire_blame_clock(struct txn *txn, struct arena *a, const struct schedule *s,
    int64_t due_us, enum verdict *verdict, const char **reason, struct err *err);

#endif
