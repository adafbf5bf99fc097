/* Orders that the runner's queue had no room for: kept in order and sent when there is room, so
 * that a busy runner never holds up the engine. */
#ifndef SCHEDULER_OUTBOX_H
#define SCHEDULER_OUTBOX_H

#include <stdbool.h>

#include "base/err.h"
#include "proc/channel.h"

struct outbox_item;

struct outbox {
	int fd; /* the channel; borrowed */
	struct outbox_item *first, **last;
};

void outbox_init(struct outbox *o, int fd);
void outbox_release(struct outbox *o);

/* Send the message, or copy it and send it later. */
void outbox_put(struct outbox *o, const struct channel_message *m);

/* Send what there is room for. Fails: ERR_MISSING when the runner has gone. */
MUST_CHECK int outbox_flush(struct outbox *o, struct err *err);

/* True when something waits: then watch the channel for room to write. */
bool outbox_waits(const struct outbox *o);

#endif
