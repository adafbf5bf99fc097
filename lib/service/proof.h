/*
 * The proof that no schedule stops in silence: every schedule that is due again has its next due time in
 * its state, and there an entry in the plan; and that due time is the one that its definition gives. The
 * scheduler goes through all schedules again and again, a batch at a time. What is wrong is repaired,
 * and the audit and the log say so.
 *
 * The same walk finds what a change of the system's time zones moves: that is no fault.
 */
#ifndef SERVICE_PROOF_H
#define SERVICE_PROOF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "calendar/zone.h"
#include "store/store.h"

/* What was found among so many schedules. */
struct proof {
	uint64_t schedules;
	uint64_t suspended;
	uint64_t planned; /* have an entry in the plan */
	uint64_t overdue; /* and that should have been handled a minute ago */
	uint64_t found;	  /* faults: each is one schedule */
	uint64_t repaired;
	uint64_t moved; /* by other rules of their time zones */
};

/*
 * Look at the next `cap` schedules above *after; *after moves on, and is 0 when these were the last.
 * With zones_reads() other than `zone_reads` the rules of time zones may be others than when the schedules
 * were planned; what is due by a local clock and not when it is planned has moved. Else that is a fault as well.
 * What the new rules put into the past is not due any more, as after an edit.
 *
 * A single schedule that cannot be read is a fault that is not repaired.
 */
MUST_CHECK int proof_check(struct txn *txn, struct arena *a, struct zones *zones,
    int64_t now_us, uint64_t zone_reads, uint64_t *after, size_t cap, struct proof *p,
    struct err *err);

#endif
