/* tasks/createSchedule, getSchedule, updateSchedule, listSchedules, deleteSchedule and
 * deleteSchedules: definitions in the native shape. */
#include <string.h>

#include "base/id.h"
#include "base/pack.h"
#include "faces/api3/call.h"
#include "model/advice.h"
#include "wire/definition.h"

/* They are deleted in one transaction, which can hold only so many locks. */
enum { DELETE_MAX = 1000 };

static int
read_definition(struct call *c, const struct json *value, struct schedule *s)
{
	return definition_read(
	    c->req->arena, value, c->face->time_zone, c->req->now_us, s, &c->err);
}

void
api3_warn(struct call *c, const struct schedule *s)
{
	const char **lines;
	size_t count = schedule_advice(s, c->req->arena, &lines);

	for (size_t i = 0; i < count; i++)
		response_header(c->res, "X-Schedule-Warning", lines[i]);
}

int
api3_create_schedule(struct call *c)
{
	struct schedule s;
	uint64_t id;
	int ret;

	ret = read_definition(c, c->body, &s);
	if (!ret)
		ret = service_create_schedule(
		    c->face->service, &c->actor, c->req->now_us, &s, &id, &c->err);
	if (ret)
		return ret;
	api3_warn(c, &s);
	return api3_answer_id(c, id);
}

/* What getSchedule answered may come back as it was: what is not the definition's is passed
 * over. */
int
api3_update_schedule(struct call *c)
{
	static const char *const others[] = {"scheduleId", "version", "status", "createdDate",
	    "nextRun", "suspended", "lastExecution", "triggeredRuns", "owner", "warnings",
	    NULL};
	struct schedule s;
	int64_t version = 0;
	uint64_t id;
	int found, ret;

	found = api3_need_id(c->body, "scheduleId", &id, &c->err);
	if (found && found != ERR_MISSING)
		return found;
	if (!api3_has(c->body, "version"))
		return err_fail(&c->err, ERR_INPUT, "Missing value: version");
	ret = api3_integer(c->body, "version", 1, INT64_MAX, &version, &c->err);
	if (!ret)
		ret = read_definition(c, api3_without(c->req->arena, c->body, others), &s);
	if (!ret)
		ret = found;
	if (!ret)
		ret = service_update_schedule(c->face->service, &c->actor, c->req->now_us, id,
		    (uint64_t)version, &s, &c->err);
	if (ret)
		return ret;
	api3_warn(c, &s);
	return api3_answer_modified(c, id);
}

static void
write_warnings(struct json_writer *w, const struct schedule *s, struct arena *a)
{
	const char **lines;
	size_t count = schedule_advice(s, a, &lines);

	if (!count)
		return;
	json_name(w, "warnings");
	json_array(w);
	for (size_t i = 0; i < count; i++)
		json_string(w, lines[i]);
	json_end_array(w);
}

static void
write_schedule(struct call *c, struct json_writer *w, const struct schedule_view *v)
{
	const struct schedule_state *state = &v->state;
	int64_t now_us = c->req->now_us;

	json_object(w);
	json_name(w, "scheduleId");
	json_guid(w, v->definition.id);
	json_name(w, "version");
	json_number(w, (int64_t)v->definition.version);
	json_name(w, "status");
	json_number(w, api3_schedule_status(v, now_us));
	api3_write_instant(w, "createdDate", v->definition.created_us);
	/* While it is suspended its due times pass without a run. */
	api3_write_instant(w, "nextRun", v->next_run_us);
	if (schedule_is_suspended(state, now_us))
		api3_write_suspended(
		    w, &(struct api3_suspension){state->suspended_by, state->suspended_reason,
			   state->suspended_us, state->suspended_until_us});
	if (state->last_execution_id) {
		json_name(w, "lastExecution");
		json_guid(w, state->last_execution_id);
	}
	json_name(w, "triggeredRuns");
	json_number(w, (int64_t)state->runs);
	api3_write_string(w, "owner", v->definition.owner);
	write_warnings(w, &v->definition, c->req->arena);
	definition_write(w, &v->definition);
	json_end_object(w);
}

int
api3_get_schedule(struct call *c)
{
	struct schedule_view v;
	struct json_writer *w;
	int ret;

	ret = service_get_schedule(
	    c->face->service, c->req->arena, &c->actor, c->id, &v, &c->err);
	if (ret)
		return ret;
	w = api3_begin(c);
	write_schedule(c, w, &v);
	return api3_answer(c, w);
}

/* ---- lists ---- */

static int
read_order(struct call *c, struct schedule_query *q)
{
	static const struct {
		const char *word;
		enum schedule_order order;
	} orders[] = {
	    {"name", ORDER_NAME}, {"nextRun", ORDER_NEXT_RUN}, {"createdDate", ORDER_CREATED}};
	const char *sort = "name";

	if (api3_string(c->body, "sort", &sort, &c->err))
		return ERR_INPUT;
	q->descending = sort[0] == '-';
	for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
		if (strcmp(orders[i].word, sort + q->descending) == 0) {
			q->order = orders[i].order;
			return 0;
		}
	}
	return err_fail(&c->err, ERR_INPUT,
	    "Invalid value: sort: must be name, nextRun or createdDate, with - in front to "
	    "turn "
	    "it round");
}

static int
read_statuses(struct call *c, struct schedule_query *q)
{
	uint32_t set = 0;
	int ret = api3_enums(c->body, "status", API3_SCHEDULE_STATUS_MAX, &set, &c->err);

	if (ret || !set)
		return ret;
	q->statuses = STATUS_OTHER;
	if (set & 1u << API3_IDLE)
		q->statuses |= STATUS_IDLE;
	if (set & 1u << API3_SCHEDULE_FINISHED)
		q->statuses |= STATUS_FINISHED;
	if (set & 1u << API3_HOLD)
		q->statuses |= STATUS_SUSPENDED;
	return 0;
}

/* Where the page before ended: a name, or a key and an id. */
static int
read_place(struct call *c, const struct api3_page *page, struct schedule_query *q)
{
	struct unpack u;

	if (!page->at_len)
		return 0;
	if (q->order == ORDER_NAME) {
		q->after.name = (const char *)page->at;
		return 0;
	}
	unpack_init(&u, page->at, page->at_len);
	q->after.key = unpack_i64(&u);
	q->after.id = unpack_u64(&u);
	return unpack_finish(&u) || !q->after.id
		   ? err_fail(&c->err, ERR_INPUT, "Invalid value: cursor")
		   : 0;
}

static void
write_place(
    struct json_writer *w, const struct api3_page *page, const struct schedule_place *next)
{
	struct buf at = BUF_INIT;

	if (next->name) {
		buf_adds(&at, next->name);
	} else {
		pack_i64(&at, next->key);
		pack_u64(&at, next->id);
	}
	api3_write_cursor(w, page, at.data, at.len);
	buf_release(&at);
}

static int
read_query(struct call *c, struct api3_page *page, struct schedule_query *q)
{
	static const char *const members[] = {"query", "tags", "status", "type", "sort", NULL};
	const char **tags;
	int ret;

	*q = (struct schedule_query){.type = -1, .now_us = c->req->now_us};
	ret = api3_string(c->body, "query", &q->text, &c->err);
	if (!ret)
		ret = api3_strings(c->req->arena, c->body, "tags", SCHEDULE_TAGS_MAX, &tags,
		    &q->tag_count, &c->err);
	if (!ret)
		ret = read_statuses(c, q);
	if (!ret)
		ret = api3_enum(c->body, "type", SCHEDULE_TYPE_MAX, &q->type, &c->err);
	if (!ret)
		ret = read_order(c, q);
	if (!ret)
		ret = api3_read_page(c, members, page);
	if (ret)
		return ret;
	q->tags = tags;
	q->cap = (size_t)page->limit;
	return read_place(c, page, q);
}

int
api3_list_schedules(struct call *c)
{
	struct schedule_place next;
	struct schedule_view *list;
	struct schedule_query q;
	struct api3_page page;
	struct json_writer *w;
	size_t count, total;
	int ret;

	ret = read_query(c, &page, &q);
	if (!ret)
		ret = service_list_schedules(c->face->service, c->req->arena, &c->actor, &q,
		    &list, &count, &total, &next, &c->err);
	if (ret)
		return ret;
	w = api3_begin_items(c);
	for (size_t i = 0; i < count; i++)
		write_schedule(c, w, &list[i]);
	json_end_array(w);
	if (next.id)
		write_place(w, &page, &next);
	json_name(w, "total");
	json_number(w, (int64_t)total);
	json_end_object(w);
	return api3_answer(c, w);
}

/* ---- delete ---- */

int
api3_delete_schedule(struct call *c)
{
	int ret;

	ret = service_delete_schedule(
	    c->face->service, &c->actor, c->req->now_us, c->id, &c->err);
	return ret ? ret : api3_answer_modified(c, c->id);
}

/* The first that was not there, as it was sent; NULL if all were. */
static const char *
first_unknown(struct call *c, const uint64_t *ids, const uint64_t *done, size_t done_count)
{
	for (const struct json *one = c->body->first; one; one = one->next, ids++) {
		if (!*ids || !id_is_among(done, done_count, *ids))
			return arena_printf(c->req->arena, "Schedule not found: %s",
			    json_shown(c->req->arena, one->text));
	}
	return NULL;
}

/* wire/api3.md 3.6. */
int
api3_delete_schedules(struct call *c)
{
	size_t count = c->body->count, done_count;
	uint64_t *ids, *done;
	int ret;

	if (count > DELETE_MAX)
		return err_fail(&c->err, ERR_INPUT,
		    "Invalid value: scheduleId: must have at most %d entries", DELETE_MAX);
	ids = arena_array(c->req->arena, count, sizeof *ids);
	done = arena_array(c->req->arena, count, sizeof *done);
	ret = api3_ids(c, "scheduleId", ids);
	if (!ret)
		ret = service_delete_schedules(c->face->service, &c->actor, c->req->now_us, ids,
		    count, done, &done_count, &c->err);
	if (ret)
		return ret;
	return api3_answer_modified_all(
	    c, done, done_count, first_unknown(c, ids, done, done_count));
}
