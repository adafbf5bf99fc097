/*
 * Lists: one walk over all tasks or results that the key sees, which counts what matches and
 * keeps a page of it. wire/ricloud.md 3.4.
 *
 * A list is no snapshot: what is made or changed during the walk may be counted or not. What an
 * item says agrees with the filters that it passed, because it is written from what they saw.
 */
#include "faces/ricloud/call.h"
#include "service/results.h"
#include "service/tasks.h"

enum { WALK_STEP = 500 };

struct page {
	struct ricloud_call *c;
	struct ricloud_list list;
	uint64_t total; /* that match */
	size_t count;	/* that are shown */
	bool more;	/* would be, but for the limit */
	struct task_line *lines;
	struct shown {
		struct result result;
		int64_t due_us;
	} * results;
};

/* Count one that matches; true if it is shown. */
static bool
take(struct page *p, uint64_t id)
{
	p->total++;
	if (!ricloud_is_within(&p->list, id))
		return false;
	p->more = p->count == p->list.limit;
	return !p->more;
}

/* Write the list around what `write` writes of each item. */
static int
answer(struct page *p, const char *url,
    int (*write)(struct page *p, struct json_writer *w, size_t i))
{
	struct json_writer *w = ricloud_begin(p->c);
	int ret = 0, end;

	json_object(w);
	json_name(w, "resource");
	json_string(w, "list");
	json_name(w, "data");
	json_array(w);
	for (size_t i = 0; !ret && i < p->count; i++)
		ret = write(p, w, i);
	json_end_array(w);
	json_name(w, "has_more");
	json_bool(w, p->more);
	json_name(w, "total_count");
	json_number(w, (int64_t)p->total);
	json_name(w, "url");
	json_string(w, url);
	json_end_object(w);
	end = ricloud_finish(p->c, w);
	return ret ? ret : end;
}

/* ---- tasks ---- */

static struct ricloud_value
id_value(uint64_t id)
{
	return (struct ricloud_value){.none = !id, .number = (int64_t)id};
}

static struct ricloud_value
text_value(const char *text)
{
	return (struct ricloud_value){.none = !text, .text = text};
}

static struct ricloud_value
date_value(int64_t us)
{
	return (struct ricloud_value){.none = us == INSTANT_NEVER, .number = us};
}

static struct ricloud_value
poll_value(int64_t due_us)
{
	struct ricloud_value v = {0};

	v.none = !ricloud_poll(due_us, &v.number);
	return v;
}

static struct ricloud_value
value_of_task(const void *item, enum ricloud_field field)
{
	const struct task_line *line = item;

	switch (field) {
	case FIELD_KEY:
		return (struct ricloud_value){.number = (int64_t)line->key_id};
	case FIELD_USER:
		return id_value(line->actor_id);
	case FIELD_SOURCE:
		return id_value(line->schedule_id);
	case FIELD_SESSION:
		return id_value(line->execution_id);
	case FIELD_POLL:
		return poll_value(line->due_us);
	case FIELD_SOURCE_TYPE:
		return text_value(ricloud_source_type(line->schedule_type));
	case FIELD_TYPE:
		return text_value(RICLOUD_TASK_TYPE);
	case FIELD_STATE:
		return text_value(ricloud_task_state(line->status));
	case FIELD_CREATED:
		return date_value(line->triggered_us);
	case FIELD_STARTED:
		return date_value(line->start_us);
	case FIELD_COMPLETED:
		return date_value(line->end_us);
	case FIELD_TASK:
	case FIELD_IDENTIFIER:
	case FIELD_CONSUMED:
	case FIELD_COUNT:
		break;
	}
	return (struct ricloud_value){.none = true};
}

static void
look_at_task(void *ctx, const struct task_line *line)
{
	struct page *p = ctx;

	if (ricloud_matches(&p->list, value_of_task, line) && take(p, line->id))
		p->lines[p->count++] = *line;
}

static int
write_task(struct page *p, struct json_writer *w, size_t i)
{
	struct ricloud_call *c = p->c;
	struct arena scratch = ARENA_INIT;
	struct execution e;
	struct task t;
	int ret = service_get_task(
	    c->face->service, &scratch, &c->actor, p->lines[i].id, &t, &e, &c->err);

	if (!ret)
		ret = ricloud_write_task(c, w, &p->lines[i], &t);
	arena_release(&scratch);
	/* It has gone since. */
	return ret == ERR_MISSING ? 0 : ret;
}

int
ricloud_list_tasks(struct ricloud_call *c)
{
	struct page p = {.c = c};
	int ret = ricloud_read_list(c, &p.list);

	if (ret)
		return ret;
	p.lines = arena_array(c->req->arena, p.list.limit, sizeof *p.lines);
	ret = service_scan_tasks(c->face->service, &c->actor, look_at_task, &p, &c->err);
	return ret ? ret : answer(&p, "/tasks", write_task);
}

/* ---- results ---- */

static struct ricloud_value
value_of_result(const void *item, enum ricloud_field field)
{
	const struct shown *s = item;

	switch (field) {
	case FIELD_TASK:
		return id_value(s->result.task_id);
	case FIELD_POLL:
		return poll_value(s->due_us);
	case FIELD_STATE:
		return text_value(ricloud_result_state(s->result.state));
	case FIELD_IDENTIFIER:
		return text_value(s->result.name);
	case FIELD_CREATED:
		return date_value(s->result.created_us);
	case FIELD_CONSUMED:
		return date_value(s->result.consumed_us);
	case FIELD_KEY:
	case FIELD_USER:
	case FIELD_SOURCE:
	case FIELD_SESSION:
	case FIELD_SOURCE_TYPE:
	case FIELD_TYPE:
	case FIELD_STARTED:
	case FIELD_COMPLETED:
	case FIELD_COUNT:
		break;
	}
	return (struct ricloud_value){.none = true};
}

static int
look_at_result(struct page *p, const struct result *r)
{
	struct shown s = {.result = *r, .due_us = INSTANT_NEVER};
	int ret = 0;

	/* What was fetched or is gone only who asks for it sees. */
	if (r->state != RESULT_AVAILABLE && !ricloud_has_condition(&p->list, FIELD_STATE))
		return 0;
	if (ricloud_has_condition(&p->list, FIELD_POLL))
		ret = service_task_due(
		    p->c->face->service, &p->c->actor, r->task_id, &s.due_us, &p->c->err);
	if (ret || !ricloud_matches(&p->list, value_of_result, &s) || !take(p, r->id))
		return ret;
	s.result.name = arena_strdup(p->c->req->arena, r->name);
	p->results[p->count++] = s;
	return 0;
}

static int
write_result(struct page *p, struct json_writer *w, size_t i)
{
	struct ricloud_call *c = p->c;
	const struct result *r = &p->results[i].result;
	int64_t due_us;
	int ret = service_task_due(c->face->service, &c->actor, r->task_id, &due_us, &c->err);

	return ret ? ret : ricloud_write_result(c, w, r, due_us);
}

static int
walk_results(struct page *p)
{
	struct ricloud_call *c = p->c;
	struct arena scratch = ARENA_INIT;
	uint64_t before = 0;
	struct result *list;
	size_t count;
	int ret;

	do {
		arena_clear(&scratch);
		ret = service_walk_results(c->face->service, &scratch, &c->actor, before,
		    WALK_STEP, &list, &count, &before, &c->err);
		for (size_t i = 0; !ret && i < count; i++)
			ret = look_at_result(p, &list[i]);
		service_progress(c->face->service);
	} while (!ret && before);
	arena_release(&scratch);
	return ret;
}

int
ricloud_list_results(struct ricloud_call *c)
{
	struct page p = {.c = c};
	int ret = ricloud_read_list(c, &p.list);

	if (ret)
		return ret;
	p.results = arena_array(c->req->arena, p.list.limit, sizeof *p.results);
	ret = walk_results(&p);
	return ret ? ret : answer(&p, "/results", write_result);
}
