/* The outbox: see outbox.h. */
#include "runner/outbox.h"

#include "base/mem.h"

size_t
outbox_waiting(const struct outbox *box)
{
	return box->count - box->first;
}

static void
append(struct outbox *box, const struct channel_message *m)
{
	if (box->count == box->cap) {
		box->cap = box->cap ? box->cap * 2 : 64;
		box->list = mem_resize(box->list, box->cap * sizeof *box->list);
	}
	box->list[box->count] = *m;
	if (m->reason)
		box->list[box->count].reason = mem_strdup(m->reason);
	box->count++;
}

int
outbox_send(struct outbox *box, const struct channel_message *m, struct err *err)
{
	int rc = outbox_waiting(box) ? ERR_BUSY : channel_send(box->channel, m, err);

	if (rc != ERR_BUSY)
		return rc;
	append(box, m);
	return 0;
}

int
outbox_flush(struct outbox *box, struct err *err)
{
	while (outbox_waiting(box)) {
		struct channel_message *m = &box->list[box->first];
		int rc = channel_send(box->channel, m, err);

		if (rc == ERR_BUSY)
			return 0;
		if (rc)
			return rc;
		free((char *)m->reason);
		box->first++;
	}
	outbox_clear(box);
	return 0;
}

void
outbox_clear(struct outbox *box)
{
	for (size_t i = box->first; i < box->count; i++)
		free((char *)box->list[i].reason);
	free(box->list);
	box->list = NULL;
	box->first = box->count = box->cap = 0;
}
