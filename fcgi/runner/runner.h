/*
 * What the runner holds, and what it answers.
 *
 * Each attempt is in the table from its START to its FORGET, whatever becomes of schedulers
 * meanwhile; so an order that comes twice finds what the first one made. Only RELEASE lets a
 * command run, and it finds only the child that a START made and that was reported with HELD.
 *
 * The caller waits, reads the clocks and knows when a child has ended; here nothing waits.
 */
#ifndef RUNNER_RUNNER_H
#define RUNNER_RUNNER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "runner/ward.h"

struct runner;

/* `channel` and what `house` names are borrowed until runner_free(). */
struct runner *runner_new(const struct ward_house *house, int channel);

/* Kills nobody: for a runner that is idle, or whose process ends with it. */
void runner_free(struct runner *r);

/*
 * Carry out what the scheduler has sent, up to a bounded number of orders. Whatever cannot be
 * understood is logged and dropped.
 *
 * Fails: ERR_MISSING when nobody can send any more; ERR_IO when the channel cannot be used.
 */
MUST_CHECK int runner_read(
    struct runner *r, int64_t now_us, int64_t now_mono_us, struct err *err);

/*
 * Do what is due and answer how long to sleep, INT64_MAX for until something happens. `died`: a
 * child may have ended since the last step.
 */
int64_t runner_step(struct runner *r, bool died, int64_t now_us, int64_t now_mono_us);

/*
 * Tell the scheduler what there is room for; *waits when the channel was full.
 *
 * Fails: ERR_MISSING, ERR_IO as channel_send(); what is untold is then forgotten.
 */
MUST_CHECK int runner_tell(struct runner *r, bool *waits, struct err *err);

/* Stop every command, each after its own grace but none later than after `grace_max_us`, and
 * start no other from now on. */
void runner_stop(struct runner *r, int64_t grace_max_us, int64_t now_us, int64_t now_mono_us);

/* True when no command is held or runs. */
bool runner_is_idle(const struct runner *r);

#endif
