/*
 * The outbox: messages that met a full channel, kept in order and sent when there is room, so
 * that a busy peer never holds up who speaks.
 *
 * What is said last stands last: while one message waits, all later ones wait behind it. What
 * may wait is bounded by what the speaker has to say, not here.
 */
#ifndef PROC_OUTBOX_H
#define PROC_OUTBOX_H

#include <stdbool.h>

#include "base/err.h"
#include "proc/channel.h"

struct outbox_item;

struct outbox {
	int fd; /* the channel; borrowed */
	struct outbox_item *first, **last;
};

/* The outbox must not be moved to another address afterwards. */
void outbox_init(struct outbox *o, int fd);
void outbox_release(struct outbox *o);

/* Forget all that waits. */
void outbox_clear(struct outbox *o);

/* Send the message, or keep a copy of it and of all that it points to for outbox_flush(), which
 * also tells what went wrong. */
void outbox_put(struct outbox *o, const struct channel_message *m);

/*
 * Send what there is room for. A message that can never be sent is logged and dropped.
 *
 * Fails: ERR_MISSING when the peer has closed, ERR_IO; what was not sent still waits.
 */
MUST_CHECK int outbox_flush(struct outbox *o, struct err *err);

/* True when something waits: then watch the channel for room to write. */
bool outbox_waits(const struct outbox *o);

#endif
