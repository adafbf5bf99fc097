/*
 * The outbox: messages to the scheduler that met a full channel, in the order in which they
 * were said.
 *
 * Bounded by what the runner holds: each attempt has a few words to say, and a new scheduler's
 * HELLO makes them all void.
 */
#ifndef RUNNER_OUTBOX_H
#define RUNNER_OUTBOX_H

#include <stddef.h>

#include "base/err.h"
#include "proc/channel.h"

struct outbox {
	int channel; /* borrowed */
	struct channel_message
	    *list; /* list[first..count) wait; their reasons are the outbox's */
	size_t first, count, cap;
};

/*
 * Send the message, or keep a copy of it while others wait or the channel is full.
 *
 * Fails: as channel_send(), but never ERR_BUSY.
 */
MUST_CHECK int outbox_send(
    struct outbox *box, const struct channel_message *m, struct err *err);

/* Send what waits until the channel is full again. Fails: as outbox_send(). */
MUST_CHECK int outbox_flush(struct outbox *box, struct err *err);

/* Forget all that waits. */
void outbox_clear(struct outbox *box);

/* How many wait. */
size_t outbox_waiting(const struct outbox *box);

#endif
