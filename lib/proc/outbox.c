/* Messages that wait for room: see outbox.h. */
#include "proc/outbox.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"

struct outbox_item {
	struct outbox_item *next;
	struct arena arena; /* what the message points to */
	struct channel_message message;
};

void
outbox_init(struct outbox *o, int fd)
{
	o->fd = fd;
	o->first = NULL;
	o->last = &o->first;
}

static void
drop_first(struct outbox *o)
{
	struct outbox_item *item = o->first;

	o->first = item->next;
	if (!o->first)
		o->last = &o->first;
	arena_release(&item->arena);
	free(item);
}

void
outbox_release(struct outbox *o)
{
	outbox_clear(o);
}

void
outbox_clear(struct outbox *o)
{
	while (o->first)
		drop_first(o);
}

static const char **
copy_list(struct arena *a, const char **list)
{
	const char **copy;
	size_t n = 0;

	if (!list)
		return NULL;
	while (list[n])
		n++;
	copy = arena_array(a, n + 1, sizeof *copy);
	for (size_t i = 0; i < n; i++)
		copy[i] = arena_strdup(a, list[i]);
	return copy;
}

static const char *
copy_text(struct arena *a, const char *text)
{
	return text ? arena_strdup(a, text) : NULL;
}

static const struct channel_http *
copy_http(struct arena *a, const struct channel_http *h)
{
	struct channel_http *copy = arena_array(a, 1, sizeof *copy);

	*copy = *h;
	copy->method = copy_text(a, h->method);
	copy->url = copy_text(a, h->url);
	copy->headers = copy_list(a, h->headers);
	copy->body = copy_text(a, h->body);
	copy->ca_file = copy_text(a, h->ca_file);
	copy->client_cert = copy_text(a, h->client_cert);
	copy->client_key = copy_text(a, h->client_key);
	return copy;
}

void
outbox_put(struct outbox *o, const struct channel_message *m)
{
	struct outbox_item *item;
	struct err err;

	if (!o->first && !channel_send(o->fd, m, &err))
		return;
	item = mem_alloc(sizeof *item);
	item->message = *m;
	item->message.argv = copy_list(&item->arena, m->argv);
	item->message.env = copy_list(&item->arena, m->env);
	item->message.mask = copy_list(&item->arena, m->mask);
	item->message.refusal = copy_text(&item->arena, m->refusal);
	item->message.http = m->http ? copy_http(&item->arena, m->http) : NULL;
	item->message.cwd = copy_text(&item->arena, m->cwd);
	item->message.output_dir = copy_text(&item->arena, m->output_dir);
	item->message.reason = copy_text(&item->arena, m->reason);
	*o->last = item;
	o->last = &item->next;
}

int
outbox_flush(struct outbox *o, struct err *err)
{
	while (o->first) {
		int rc = channel_send(o->fd, &o->first->message, err);

		if (rc == ERR_BUSY)
			return 0;
		if (rc == ERR_INPUT)
			log_error("message %d on task %" PRIu64 " cannot be sent: %s",
			    (int)o->first->message.type, o->first->message.task_id, err->text);
		else if (rc)
			return rc;
		drop_first(o);
	}
	return 0;
}

bool
outbox_waits(const struct outbox *o)
{
	return o->first != NULL;
}
