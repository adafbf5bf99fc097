/*
 * Boots of the machine, told to the schedules that are due at them.
 *
 * A boot is noticed when the scheduler starts and finds another identity (proc/boot.h) than the
 * last one; that moment is when its schedules are due. It becomes durable with a number, and then
 * all schedules are gone through in batches. How far that came is durable with each batch, and the
 * state of a schedule says which boot it knows: so a crash between any two of them neither loses
 * a due time nor doubles it. A boot that comes before the last one was told to all waits for that.
 */
#ifndef SERVICE_BOOT_H
#define SERVICE_BOOT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "model/schedule.h"
#include "store/store.h"

/*
 * The machine runs since the boot `identity`. *open tells that schedules are left to be told, of this
 * boot or of the one before it. The very first that a store sees is told to nobody: everything was made
 * after it.
 */
MUST_CHECK int boot_notice(struct txn *txn, struct arena *a, const char *identity,
    int64_t now_us, bool *open, struct err *err);

/*
 * Tell it to the next `cap` schedules. *queued as of fire_due().
 *
 * A schedule that cannot be planned (its zone is gone) is passed over, with a line in the log.
 */
MUST_CHECK int boot_tell(struct txn *txn, struct arena *a, struct zones *zones, int64_t now_us,
    size_t cap, bool *queued, struct err *err);

/* A schedule is new, or has another definition: boots up to now are none of its. */
MUST_CHECK int boot_pass_over(struct txn *txn, struct arena *a, const struct schedule *s,
    struct schedule_state *state, struct err *err);

#endif
