/* What is wrong with when a schedule is due, though each of its expressions can be read: that it
 * never will be, or hardly is what was meant. Pure. */
#ifndef MODEL_ADVICE_H
#define MODEL_ADVICE_H

#include "model/schedule.h"

/*
 * Is each trigger due at least once after `now_us`, within startDate and endDate? A one-shot that
 * is past counts as due: the misfire policy decides about it.
 *
 * Fails: ERR_INPUT `Invalid value: triggers[0].cron: column 12: year: …` for one that never is any
 * more; as zones_get().
 */
MUST_CHECK int schedule_check_future(
    const struct schedule *s, struct zones *zones, int64_t now_us, struct err *err);

/* What its author should look at again, `triggers[0].cron: column 1: minute: …`, a line each; at
 * most one a trigger. The texts live in the arena. */
size_t schedule_advice(const struct schedule *s, struct arena *a, const char ***lines);

#endif
