/*
 * tasks/getExecution, listExecutions and listOccurrences: runs and the ledger in the native
 * shapes, page by page.
 *
 * A cursor is where the next page begins, with what the page is about before it: one that was
 * made for another schedule, another method or another range is refused, and not silently read
 * as something else.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "faces/api3/call.h"

enum { LIMIT_DEFAULT = 100, LIMIT_MAX = 1000, CURSOR_TEXT = 64 };

/* One letter a method. */
enum { CURSOR_EXECUTIONS = 'e', CURSOR_OCCURRENCES = 'o' };

struct page {
	uint64_t schedule_id;
	int64_t limit;
	bool has_cursor;
	uint64_t at; /* of the cursor */
};

static void
cursor_head(char out[CURSOR_TEXT], char kind, uint64_t schedule_id)
{
	snprintf(out, CURSOR_TEXT, "%c%" PRIx64 "-", kind, schedule_id);
}

static int
bad_cursor(struct call *c)
{
	return err_fail(&c->err, ERR_INPUT, "Invalid value: cursor");
}

static int
read_cursor(struct call *c, char kind, struct page *p)
{
	char head[CURSOR_TEXT];
	const char *text = NULL, *at;
	size_t len;

	if (api3_string(c->body, "cursor", &text, &c->err))
		return ERR_INPUT;
	if (!text)
		return 0;
	cursor_head(head, kind, p->schedule_id);
	if (strncmp(text, head, strlen(head)))
		return bad_cursor(c);
	at = text + strlen(head);
	len = strlen(at);
	if (len < 1 || len > 16 || strspn(at, "0123456789abcdef") != len)
		return bad_cursor(c);
	p->at = strtoull(at, NULL, 16);
	p->has_cursor = true;
	return 0;
}

static void
write_cursor(struct json_writer *w, char kind, uint64_t schedule_id, uint64_t at)
{
	char text[CURSOR_TEXT];
	size_t len;

	cursor_head(text, kind, schedule_id);
	len = strlen(text);
	snprintf(text + len, sizeof text - len, "%" PRIx64, at);
	api3_write_string(w, "cursor", text);
}

static int
read_page(struct call *c, char kind, struct page *p)
{
	int ret;

	*p = (struct page){.limit = LIMIT_DEFAULT};
	ret = api3_need_id(c->body, "scheduleId", &p->schedule_id, &c->err);
	if (!ret)
		ret = api3_integer(c->body, "limit", 1, LIMIT_MAX, &p->limit, &c->err);
	return ret ? ret : read_cursor(c, kind, p);
}

/* ---- executions ---- */

static void
write_attempt(struct json_writer *w, const struct attempt *at)
{
	json_object(w);
	json_name(w, "attempt");
	json_number(w, at->number);
	if (at->pid) {
		json_name(w, "pid");
		json_number(w, at->pid);
	}
	api3_write_instant(w, "startDate", at->start_us);
	api3_write_instant(w, "endDate", at->end_us);
	if (at->exit_code >= 0 && at->end_us != INSTANT_NEVER) {
		json_name(w, "exitCode");
		json_number(w, at->exit_code);
	}
	if (at->signal) {
		json_name(w, "signal");
		json_number(w, at->signal);
	}
	api3_write_string(w, "reason", at->reason);
	json_end_object(w);
}

static void
write_task(struct json_writer *w, const struct task *t)
{
	json_object(w);
	json_name(w, "taskId");
	json_guid(w, t->id);
	api3_write_string(w, "name", t->def.name);
	json_name(w, "status");
	json_number(w, api3_task_status(t->status));
	json_name(w, "attempts");
	json_array(w);
	for (size_t i = 0; i < t->attempt_count; i++)
		write_attempt(w, &t->attempts[i]);
	json_end_array(w);
	json_end_object(w);
}

static void
write_run(struct json_writer *w, const struct api3_run *run)
{
	const struct execution *e = &run->execution;

	json_object(w);
	json_name(w, "executionId");
	json_guid(w, e->id);
	json_name(w, "scheduleId");
	json_guid(w, e->schedule_id);
	json_name(w, "status");
	json_number(w, api3_run_status(run));
	api3_write_string(w, "origin", origin_name(e->origin));
	api3_write_instant(w, "due", e->due_us);
	api3_write_instant(w, "triggeredDate", e->triggered_us);
	api3_write_instant(w, "startDate", e->start_us);
	api3_write_instant(w, "endDate", e->end_us);
	if (e->actor_id)
		api3_write_user(w, "actor", e->actor_id);
	api3_write_string(w, "args", e->args);
	json_name(w, "tasks");
	json_array(w);
	for (size_t i = 0; i < run->task_count; i++)
		write_task(w, &run->tasks[i]);
	json_end_array(w);
	json_end_object(w);
}

int
api3_get_execution(struct call *c)
{
	struct json_writer *w;
	struct api3_run run;
	int ret;

	ret = service_get_execution(c->face->service, c->req->arena, &c->actor, c->id,
	    &run.execution, &run.tasks, &run.task_count, &c->err);
	if (ret)
		return ret;
	w = api3_begin(c);
	write_run(w, &run);
	return api3_answer(c, w);
}

int
api3_list_executions(struct call *c)
{
	struct json_writer *w;
	struct api3_run *runs;
	struct page p;
	uint64_t last;
	size_t count;
	bool more;
	int ret;

	ret = read_page(c, CURSOR_EXECUTIONS, &p);
	if (!ret && p.has_cursor && !p.at)
		ret = bad_cursor(c);
	if (!ret)
		ret = api3_runs(
		    c, p.schedule_id, p.at, (size_t)p.limit, &runs, &count, &last, &more);
	if (ret)
		return ret;
	w = api3_begin(c);
	json_object(w);
	json_name(w, "items");
	json_array(w);
	for (size_t i = 0; i < count; i++)
		write_run(w, &runs[i]);
	json_end_array(w);
	if (more)
		write_cursor(w, CURSOR_EXECUTIONS, p.schedule_id, last);
	json_end_object(w);
	return api3_answer(c, w);
}

/* ---- the ledger ---- */

static void
write_occurrence(struct json_writer *w, const struct occurrence *o)
{
	json_object(w);
	api3_write_instant(w, "due", o->due_us);
	if (o->count > 1) {
		api3_write_instant(w, "to", o->to_us);
		json_name(w, "count");
		json_number(w, (int64_t)o->count);
	}
	api3_write_string(w, "verdict", verdict_name(o->verdict));
	api3_write_string(w, "reason", o->reason);
	if (o->execution_id) {
		json_name(w, "executionId");
		json_guid(w, o->execution_id);
	}
	json_end_object(w);
}

/* A cursor stands within the range that it was made for. */
static int
read_range(struct call *c, const struct page *p, int64_t *from_us, int64_t *to_us)
{
	*from_us = INT64_MIN;
	*to_us = INSTANT_NEVER;
	if (api3_instant(c->body, "from", from_us, &c->err) ||
	    api3_instant(c->body, "to", to_us, &c->err))
		return ERR_INPUT;
	if (!p->has_cursor)
		return 0;
	if ((int64_t)p->at < *from_us || (int64_t)p->at >= *to_us)
		return bad_cursor(c);
	*from_us = (int64_t)p->at;
	return 0;
}

int
api3_list_occurrences(struct call *c)
{
	struct occurrence *list;
	int64_t from_us, to_us;
	struct json_writer *w;
	struct page p;
	size_t count, shown;
	int ret;

	ret = read_page(c, CURSOR_OCCURRENCES, &p);
	if (!ret)
		ret = read_range(c, &p, &from_us, &to_us);
	if (!ret)
		ret = service_list_occurrences(c->face->service, c->req->arena, &c->actor,
		    p.schedule_id, from_us, to_us, (size_t)p.limit + 1, &list, &count, &c->err);
	if (ret)
		return ret;
	shown = count > (size_t)p.limit ? (size_t)p.limit : count;
	w = api3_begin(c);
	json_object(w);
	json_name(w, "items");
	json_array(w);
	for (size_t i = 0; i < shown; i++)
		write_occurrence(w, &list[i]);
	json_end_array(w);
	if (count > shown)
		write_cursor(
		    w, CURSOR_OCCURRENCES, p.schedule_id, (uint64_t)list[shown].due_us);
	json_end_object(w);
	return api3_answer(c, w);
}
