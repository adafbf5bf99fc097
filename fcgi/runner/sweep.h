/*
 * The families of commands whose runner died: killed until nobody of them is left.
 *
 * The main process died with its runner, but what it had started may live; and nobody will ever
 * learn what became of it, so it must not go on beside a second run.
 */
#ifndef RUNNER_SWEEP_H
#define RUNNER_SWEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proc/channel.h"
#include "runner/family.h"

struct sweep;

struct sweeps {
	struct sweep *list;
	size_t count, cap;
};

#define SWEEPS_INIT \
	{           \
		0   \
	}

/* Begin what a STALE asks for; the same a second time changes nothing. */
void sweeps_add(struct sweeps *s, const struct channel_message *stale, int64_t now_mono_us);

/*
 * Kill who lives. `swept` is called for each family of which nobody does, with the answer to
 * its STALE. Answers when to be called again, INT64_MAX when there is nothing to sweep.
 */
int64_t sweeps_step(struct sweeps *s, struct census *census, int64_t now_mono_us,
    void (*swept)(void *ctx, const struct channel_message *m), void *ctx);

/* Forget all of them. */
void sweeps_clear(struct sweeps *s);

#endif
