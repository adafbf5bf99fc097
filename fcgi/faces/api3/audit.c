/* audit/list and audit/verify. */
#include <stdio.h>

#include "faces/api3/call.h"

enum { HASH_TEXT = 2 * AUDIT_HASH_BYTES + 1 };

static void
write_hash(struct json_writer *w, const char *name, const unsigned char hash[AUDIT_HASH_BYTES])
{
	char text[HASH_TEXT];

	for (size_t i = 0; i < AUDIT_HASH_BYTES; i++)
		snprintf(text + 2 * i, 3, "%02x", hash[i]);
	api3_write_string(w, name, text);
}

static void
write_number(struct json_writer *w, const char *name, uint64_t n)
{
	json_name(w, name);
	json_number(w, (int64_t)n);
}

static void
write_entry(struct json_writer *w, const struct audit_entry *e)
{
	json_object(w);
	write_number(w, "number", e->number);
	api3_write_instant(w, "time", e->time_us);
	if (e->actor_id)
		api3_write_user(w, "actor", e->actor_id);
	api3_write_string(w, "actorName", e->actor_name);
	if (e->token_id) {
		json_name(w, "tokenId");
		json_guid(w, e->token_id);
	}
	api3_write_string(w, "remote", e->remote);
	api3_write_string(w, "action", e->action);
	if (e->subject_id) {
		json_name(w, "subject");
		json_guid(w, e->subject_id);
	}
	api3_write_string(w, "detail", e->detail);
	write_hash(w, "hash", e->hash);
	json_end_object(w);
}

static int
read_query(struct call *c, struct api3_page *page, struct audit_query *q)
{
	static const char *const members[] = {"from", "to", "action", NULL};
	int ret;

	*q = (struct audit_query){.from_us = INT64_MIN, .to_us = INSTANT_NEVER};
	ret = api3_instant(c->body, "from", &q->from_us, &c->err);
	if (!ret)
		ret = api3_instant(c->body, "to", &q->to_us, &c->err);
	if (!ret)
		ret = api3_string(c->body, "action", &q->action, &c->err);
	if (!ret)
		ret = api3_read_page(c, members, page);
	if (ret)
		return ret;
	q->cap = (size_t)page->limit;
	return api3_page_number(c, page, &q->before);
}

int
api3_list_audit(struct call *c)
{
	struct audit_entry *list;
	struct api3_page page;
	struct audit_query q;
	struct json_writer *w;
	uint64_t next;
	size_t count;
	int ret;

	ret = read_query(c, &page, &q);
	if (!ret)
		ret = service_list_audit(c->face->service, c->req->arena, &c->actor, &q, &list,
		    &count, &next, &c->err);
	if (ret)
		return ret;
	w = api3_begin_items(c);
	for (size_t i = 0; i < count; i++)
		write_entry(w, &list[i]);
	json_end_array(w);
	if (next)
		api3_write_number_cursor(w, &page, next);
	json_end_object(w);
	return api3_answer(c, w);
}

int
api3_verify_audit(struct call *c)
{
	struct audit_verdict v;
	struct json_writer *w;
	int ret = service_verify_audit(c->face->service, &c->actor, &v, &c->err);

	if (ret)
		return ret;
	w = api3_begin(c);
	json_object(w);
	json_name(w, "valid");
	json_bool(w, !v.first_bad);
	write_number(w, "count", v.count);
	write_hash(w, "head", v.head);
	if (v.first_bad)
		write_number(w, "firstBad", v.first_bad);
	json_end_object(w);
	return api3_answer(c, w);
}
