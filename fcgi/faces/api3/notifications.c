/* tasks/listNotifications: what was told, what waits, and why something did not arrive. */
#include <string.h>

#include "faces/api3/call.h"
#include "service/notices.h"

static void
write_where(struct json_writer *w, const struct notice_target *t)
{
	json_name(w, t->url ? "webhook" : "mail");
	json_object(w);
	if (t->url) {
		api3_write_string(w, "url", t->url);
	} else {
		json_name(w, "to");
		json_array(w);
		for (size_t i = 0; i < t->to_count; i++)
			json_string(w, t->to[i]);
		json_end_array(w);
	}
	json_end_object(w);
}

static void
write_id(struct json_writer *w, const char *name, uint64_t id)
{
	json_name(w, name);
	json_guid(w, id);
}

static void
write_notice(struct json_writer *w, const struct notice_view *v)
{
	const struct notice *n = &v->notice;
	bool waits = n->state == NOTICE_WAITING && v->target.next_us != INSTANT_NEVER;

	json_object(w);
	write_id(w, "notificationId", n->id);
	write_id(w, "scheduleId", n->schedule_id);
	api3_write_string(w, "scheduleName", n->schedule_name);
	if (n->execution_id)
		write_id(w, "executionId", n->execution_id);
	api3_write_string(w, "event", notify_event_name(n->event));
	api3_write_string(w, "text", n->text);
	write_where(w, &v->target);
	api3_write_string(w, "status", notice_state_name(n->state));
	json_name(w, "tries");
	json_number(w, n->tries);
	api3_write_instant(w, "createdDate", n->made_us);
	if (n->tried_us != INSTANT_NEVER)
		api3_write_instant(w, "triedDate", n->tried_us);
	if (n->end_us != INSTANT_NEVER)
		api3_write_instant(w, "endDate", n->end_us);
	if (waits)
		api3_write_instant(w, "nextTry", v->target.next_us);
	if (n->error)
		api3_write_string(w, "error", n->error);
	json_end_object(w);
}

static int
read_status(struct call *c, enum notice_state *state)
{
	const char *word = NULL;

	if (api3_string(c->body, "status", &word, &c->err))
		return ERR_INPUT;
	for (int i = NOTICE_WAITING; word && i <= NOTICE_GIVEN_UP; i++) {
		if (!strcmp(word, notice_state_name(i)))
			*state = i;
	}
	return word && !*state
		   ? err_fail(&c->err, ERR_INPUT,
			 "Invalid value: status: must be waiting, delivered or givenUp")
		   : 0;
}

static int
read_query(struct call *c, struct api3_page *page, struct notice_query *q)
{
	static const char *const members[] = {"scheduleId", "status", NULL};
	int ret = 0;

	*q = (struct notice_query){0};
	if (api3_has(c->body, "scheduleId"))
		ret = api3_need_id(c->body, "scheduleId", &q->schedule_id, &c->err);
	/* A fault of form is told before what only the store knows. */
	if (!ret || ret == ERR_MISSING)
		ret = read_status(c, &q->state) || api3_read_page(c, members, page) ? ERR_INPUT
										    : ret;
	if (ret)
		return ret;
	q->cap = (size_t)page->limit;
	return api3_page_number(c, page, &q->before);
}

int
api3_list_notifications(struct call *c)
{
	struct notice_view *list;
	struct api3_page page;
	struct notice_query q;
	struct json_writer *w;
	uint64_t next;
	size_t count;
	int ret;

	ret = read_query(c, &page, &q);
	if (!ret)
		ret = service_list_notices(c->face->service, c->req->arena, &c->actor, &q,
		    &list, &count, &next, &c->err);
	if (ret)
		return ret;
	w = api3_begin_items(c);
	for (size_t i = 0; i < count; i++)
		write_notice(w, &list[i]);
	json_end_array(w);
	if (next)
		api3_write_number_cursor(w, &page, next);
	json_end_object(w);
	return api3_answer(c, w);
}
