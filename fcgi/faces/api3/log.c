/*
 * tasks/getTaskLog: what a command wrote, from an offset on, also while it runs; tasks/getAttempt:
 * how it was started.
 *
 * The task is read before the file: if the attempt has ended then, the file grows no more, and
 * its end is the log's end. A log that is asked for whole and has ended is the file as it is, and
 * a web server that can sends it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "faces/api3/call.h"
#include "proc/excerpt.h"
#include "proc/started.h"

enum { LOG_BYTES_MAX = 1 << 20 };

/* Which bytes of which attempt. */
struct piece {
	uint64_t task_id;
	int64_t attempt; /* 0: the last */
	const char *stream;
	int64_t offset, limit;
};

static int
read_piece(struct call *c, struct piece *p)
{
	int ret;

	*p = (struct piece){.stream = "stdout", .limit = LOG_BYTES_MAX};
	ret = api3_need_id(c->body, "taskId", &p->task_id, &c->err);
	if (!ret)
		ret = api3_integer(c->body, "attempt", 1, UINT32_MAX, &p->attempt, &c->err);
	if (!ret)
		ret = api3_string(c->body, "stream", &p->stream, &c->err);
	if (!ret && strcmp(p->stream, "stdout") && strcmp(p->stream, "stderr") &&
	    strcmp(p->stream, "both"))
		ret = err_fail(&c->err, ERR_INPUT, "Invalid value: stream");
	if (!ret)
		ret = api3_integer(
		    c->body, "offset", 0, INT64_MAX - LOG_BYTES_MAX, &p->offset, &c->err);
	if (!ret)
		ret = api3_integer(c->body, "limit", 1, LOG_BYTES_MAX, &p->limit, &c->err);
	return ret;
}

/* The attempt that is asked for; *at is NULL where the last is asked for and there is none yet:
 * of a task that is to run again, too. */
static int
find_attempt(struct call *c, const struct task *t, int64_t number, const struct attempt **at)
{
	*at = NULL;
	if (!number && t->attempt_count &&
	    (task_status_active(t->status) || task_status_ended(t->status)))
		*at = &t->attempts[t->attempt_count - 1];
	for (size_t i = 0; i < t->attempt_count && !*at; i++) {
		if (t->attempts[i].number == number)
			*at = &t->attempts[i];
	}
	if (number && !*at)
		return err_fail(&c->err, ERR_INPUT, "Invalid value: attempt");
	return 0;
}

/* Where the output directory has the log. */
static const char *
log_path(struct call *c, const struct task *t, const struct attempt *at, const char *stream)
{
	char dir[OUTPUT_DIR_TEXT];

	task_output_dir(t, dir);
	return arena_printf(c->req->arena, "%s/%" PRIu32 ".%s", dir, at->number, stream);
}

static int
open_log(struct call *c, const char *path, struct excerpt_view *v)
{
	path = arena_printf(c->req->arena, "%s/%s", c->face->output_dir, path);
	return excerpt_view(v, path, &c->err);
}

/* Answer with the piece; *next is the offset behind it. */
static int
send_piece(struct call *c, struct piece *p, const struct excerpt_view *v, const char *path,
    bool ended, int64_t *next)
{
	bool whole = ended && !p->offset && v->bytes > 0 && excerpt_is_whole(v) &&
		     v->bytes <= (uint64_t)p->limit;
	uint64_t at = (uint64_t)p->offset;
	int ret;

	response_set(c->res, 200, API3_TEXT, "");
	if (whole && response_send_file(c->res, c->req, path)) {
		*next = (int64_t)v->bytes;
		return 0;
	}
	ret = excerpt_read(v, &at, (size_t)p->limit, &c->res->body, &c->err);
	*next = (int64_t)at;
	return ret;
}

static void
number_header(struct call *c, const char *name, int64_t n)
{
	response_header(c->res, name, arena_printf(c->req->arena, "%" PRId64, n));
}

int
api3_get_task_log(struct call *c)
{
	const struct attempt *at;
	struct execution e;
	struct piece p;
	struct task t;
	struct excerpt_view view = EXCERPT_VIEW_INIT;
	const char *path = NULL;
	int64_t next;
	bool ended;
	int ret;

	ret = read_piece(c, &p);
	if (!ret)
		ret = service_get_task(
		    c->face->service, c->req->arena, &c->actor, p.task_id, &t, &e, &c->err);
	if (!ret)
		ret = find_attempt(c, &t, p.attempt, &at);
	if (!ret && at) {
		path = log_path(c, &t, at, p.stream);
		ret = open_log(c, path, &view);
	}
	if (ret)
		goto done;
	ended = at ? at->end_us != INSTANT_NEVER : task_status_ended(t.status);
	ret = send_piece(c, &p, &view, path, ended, &next);
	if (ret)
		goto done;
	number_header(c, "X-Log-Offset", p.offset);
	number_header(c, "X-Log-Next-Offset", next);
	response_header(
	    c->res, "X-Log-Complete", ended && next >= (int64_t)view.bytes ? "true" : "false");
	if (view.tail_start > view.head_bytes)
		number_header(
		    c, "X-Log-Left-Out", (int64_t)(view.tail_start - view.head_bytes));

done:
	excerpt_view_close(&view);
	return ret;
}

/* ---- how it was started ---- */

static void
write_env(struct json_writer *w, struct arena *a, const char **env)
{
	json_object(w);
	for (; *env; env++) {
		size_t len = strcspn(*env, "=");

		json_name(w, arena_memdup(a, *env, len));
		json_string(w, (*env)[len] ? *env + len + 1 : "");
	}
	json_end_object(w);
}

static void
write_started(struct json_writer *w, struct arena *a, const struct started *s)
{
	char mask[8];

	json_name(w, "started");
	json_object(w);
	json_name(w, "command");
	json_array(w);
	for (size_t i = 0; s->argv[i]; i++)
		json_string(w, s->argv[i]);
	json_end_array(w);
	json_name(w, "env");
	write_env(w, a, s->env);
	api3_write_string(w, "cwd", s->cwd);
	api3_write_string(w, "user", s->user);
	api3_write_string(w, "group", s->group);
	snprintf(mask, sizeof mask, "%04o", (unsigned)s->umask & 07777);
	api3_write_string(w, "umask", mask);
	json_name(w, "nice");
	json_number(w, s->nice);
	json_end_object(w);
}

int
api3_get_attempt(struct call *c)
{
	struct piece p = {0};
	const struct attempt *at;
	struct json_writer *w;
	struct execution e;
	struct started s;
	struct task t;
	int ret, there;

	ret = api3_need_id(c->body, "taskId", &p.task_id, &c->err);
	if (!ret)
		ret = api3_integer(c->body, "attempt", 1, UINT32_MAX, &p.attempt, &c->err);
	if (!ret)
		ret = service_get_task(
		    c->face->service, c->req->arena, &c->actor, p.task_id, &t, &e, &c->err);
	if (!ret)
		ret = find_attempt(c, &t, p.attempt, &at);
	if (!ret && !at)
		ret = err_fail(&c->err, ERR_MISSING, "The task has no attempt yet");
	if (ret)
		return ret;
	there = started_read(c->req->arena,
	    arena_printf(
		c->req->arena, "%s/%s", c->face->output_dir, log_path(c, &t, at, "start")),
	    &s, &c->err);
	/* A request has none, and an attempt that is not held yet. */
	if (there && there != ERR_MISSING)
		return there;
	w = api3_begin(c);
	json_object(w);
	api3_write_attempt(w, at);
	if (!there)
		write_started(w, c->req->arena, &s);
	json_end_object(w);
	return api3_answer(c, w);
}
