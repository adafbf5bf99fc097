/*
 * tasks/getExecution, listExecutions and listOccurrences: runs and the ledger in the native
 * shapes, page by page.
 */
#include "base/pack.h"
#include "faces/api3/call.h"

/* A page of executions by status looks at so many of them at most: what is rare may stand behind
 * a long history, and then a page is short, or empty, and the next goes on. */
enum { LOOKS_MAX = 2000, LOOKS_AT_ONCE = 200 };

/* ---- executions ---- */

void
api3_write_attempt(struct json_writer *w, const struct attempt *at)
{
	json_name(w, "attempt");
	json_number(w, at->number);
	if (at->pid) {
		json_name(w, "pid");
		json_number(w, at->pid);
	}
	if (at->due_us)
		api3_write_instant(w, "dueDate", at->due_us);
	api3_write_instant(w, "startDate", at->start_us);
	api3_write_instant(w, "endDate", at->end_us);
	if (at->exit_code >= 0 && at->end_us != INSTANT_NEVER) {
		json_name(w, "exitCode");
		json_number(w, at->exit_code);
	}
	if (at->http_status) {
		json_name(w, "httpStatus");
		json_number(w, at->http_status);
	}
	if (at->signal) {
		json_name(w, "signal");
		json_number(w, at->signal);
	}
	api3_write_string(w, "reason", at->reason);
	if (at->memory_bytes) {
		json_name(w, "cpuUserMs");
		json_number(w, at->cpu_user_us / 1000);
		json_name(w, "cpuSystemMs");
		json_number(w, at->cpu_system_us / 1000);
		json_name(w, "peakMemoryBytes");
		json_number(w, at->memory_bytes);
	}
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
	for (size_t i = 0; i < t->attempt_count; i++) {
		json_object(w);
		api3_write_attempt(w, &t->attempts[i]);
		json_end_object(w);
	}
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

/* What is asked for, and what was found of it so far. */
struct search {
	struct execution_query query;
	uint32_t statuses; /* bits; 0: all */
	struct api3_page page;
	struct api3_run *runs;
	size_t count;
	struct execution_place last; /* of those found, or looked at; {0, 0}: nothing is left */
	bool full;
};

/* ERR_INPUT for the cursor that it came from. */
static int
bad_cursor(struct call *c)
{
	return err_fail(&c->err, ERR_INPUT, "Invalid value: cursor");
}

static int
read_search(struct call *c, struct search *s)
{
	static const char *const members[] = {"scheduleId", "status", "from", "to", NULL};
	int64_t to_us = INSTANT_NEVER;
	struct unpack u;
	int missing, ret;

	*s = (struct search){.query = {.from_us = INT64_MIN}};
	missing = api3_id(c->body, "scheduleId", &s->query.schedule_id, &c->err);
	/* A fault of form is told before what only the store knows. */
	ret = missing == ERR_MISSING ? 0 : missing;
	if (!ret)
		ret =
		    api3_enums(c->body, "status", API3_TASK_STATUS_MAX, &s->statuses, &c->err);
	if (!ret)
		ret = api3_instant(c->body, "from", &s->query.from_us, &c->err);
	if (!ret)
		ret = api3_instant(c->body, "to", &to_us, &c->err);
	if (!ret)
		ret = api3_read_page(c, members, &s->page);
	if (ret || missing)
		return ret ? ret : missing;
	s->query.before = (struct execution_place){to_us, 0};
	if (!s->page.at_len)
		return 0;
	unpack_init(&u, s->page.at, s->page.at_len);
	s->query.before.triggered_us = unpack_i64(&u);
	s->query.before.id = unpack_u64(&u);
	return unpack_finish(&u) ? bad_cursor(c) : 0;
}

static int
load_run(struct call *c, struct arena *a, uint64_t id, struct api3_run *run)
{
	return service_get_execution(c->face->service, a, &c->actor, id, &run->execution,
	    &run->tasks, &run->task_count, &c->err);
}

/* Is it one that was asked for? What it takes to know is forgotten again. */
static int
fits(struct call *c, const struct search *s, uint64_t id, struct arena *scratch, bool *fits)
{
	struct api3_run run;
	int ret;

	*fits = true;
	if (!s->statuses)
		return 0;
	ret = load_run(c, scratch, id, &run);
	*fits = !ret && (s->statuses & UINT32_C(1) << api3_run_status(&run));
	arena_clear(scratch);
	return ret;
}

/* Take in one that was looked at. One more than the page holds tells that there are more. */
static int
take(struct call *c, struct search *s, const struct execution *e, struct arena *scratch)
{
	bool wanted;
	int ret = fits(c, s, e->id, scratch, &wanted);

	if (!ret && wanted && s->count == (size_t)s->page.limit)
		s->full = true;
	if (!ret && wanted && !s->full) {
		ret = load_run(c, c->req->arena, e->id, &s->runs[s->count]);
		s->count += !ret;
	}
	if (!s->full)
		s->last = (struct execution_place){e->triggered_us, e->id};
	/* Its time to be kept may have run out since it was listed. */
	return ret == ERR_MISSING ? 0 : ret;
}

static int
search(struct call *c, struct search *s)
{
	struct arena found = ARENA_INIT, scratch = ARENA_INIT;
	struct execution_place next = {0, 0};
	struct execution *list;
	size_t looks = 0, count;
	int ret;

	s->runs = arena_array(c->req->arena, (size_t)s->page.limit, sizeof *s->runs);
	s->query.looks = LOOKS_AT_ONCE;
	/* At the top: everything above `before` was looked at. */
	do {
		arena_clear(&found);
		ret = service_find_executions(c->face->service, &found, &c->actor, &s->query,
		    &list, &count, &next, &c->err);
		for (size_t i = 0; !ret && !s->full && i < count; i++)
			ret = take(c, s, &list[i], &scratch);
		s->query.before = next;
		looks += LOOKS_AT_ONCE;
	} while (!ret && !s->full && next.id && looks < LOOKS_MAX);
	if (!s->full)
		s->last = next;
	arena_release(&found);
	arena_release(&scratch);
	return ret;
}

int
api3_list_executions(struct call *c)
{
	struct buf at = BUF_INIT;
	struct json_writer *w;
	struct search s;
	int ret;

	ret = read_search(c, &s);
	if (!ret)
		ret = search(c, &s);
	if (ret)
		return ret;
	w = api3_begin_items(c);
	for (size_t i = 0; i < s.count; i++)
		write_run(w, &s.runs[i]);
	json_end_array(w);
	if (s.last.id) {
		pack_i64(&at, s.last.triggered_us);
		pack_u64(&at, s.last.id);
		api3_write_cursor(w, &s.page, at.data, at.len);
	}
	buf_release(&at);
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

struct range {
	uint64_t schedule_id;
	int64_t from_us, to_us;
	struct api3_page page;
};

static int
read_range(struct call *c, struct range *r)
{
	static const char *const members[] = {"scheduleId", "from", "to", NULL};
	struct unpack u;
	int missing, ret;

	*r = (struct range){.from_us = INT64_MIN, .to_us = INSTANT_NEVER};
	missing = api3_need_id(c->body, "scheduleId", &r->schedule_id, &c->err);
	ret = missing == ERR_MISSING ? 0 : missing;
	if (!ret)
		ret = api3_instant(c->body, "from", &r->from_us, &c->err);
	if (!ret)
		ret = api3_instant(c->body, "to", &r->to_us, &c->err);
	if (!ret)
		ret = api3_read_page(c, members, &r->page);
	if (ret || missing)
		return ret ? ret : missing;
	if (!r->page.at_len)
		return 0;
	unpack_init(&u, r->page.at, r->page.at_len);
	r->from_us = unpack_i64(&u);
	return unpack_finish(&u) ? bad_cursor(c) : 0;
}

int
api3_list_occurrences(struct call *c)
{
	struct occurrence *list;
	struct buf at = BUF_INIT;
	struct json_writer *w;
	size_t count, shown;
	struct range r;
	int ret;

	ret = read_range(c, &r);
	if (!ret)
		ret = service_list_occurrences(c->face->service, c->req->arena, &c->actor,
		    r.schedule_id, r.from_us, r.to_us, (size_t)r.page.limit + 1, &list, &count,
		    &c->err);
	if (ret)
		return ret;
	shown = api3_page_shown(&r.page, count);
	w = api3_begin_items(c);
	for (size_t i = 0; i < shown; i++)
		write_occurrence(w, &list[i]);
	json_end_array(w);
	if (count > shown) {
		pack_i64(&at, list[shown].due_us);
		api3_write_cursor(w, &r.page, at.data, at.len);
	}
	buf_release(&at);
	json_end_object(w);
	return api3_answer(c, w);
}
