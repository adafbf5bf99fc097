/*
 * The order in which a call is checked: path, HTTP method, size, token, scope, parameters
 * (wire/ricloud.md 2), once for all resources.
 */
#include "faces/ricloud/ricloud.h"

#include <string.h>
#include <strings.h>

#include "faces/ricloud/call.h"
#include "service/results.h"
#include "service/tasks.h"
#include "wire/check.h"

/* Whatever the configuration allows others. */
enum { BODY_MAX = 1 << 20 };

static bool
method_fits(const struct ricloud_call *c)
{
	const char *method = c->req->method;

	return !strcmp(method, "GET") || !strcmp(method, "HEAD") ||
	       (c->route.what == RICLOUD_ACKNOWLEDGE && !strcmp(method, "POST"));
}

/* What stands behind the scheme of the Authorization header; NULL for another scheme, and
 * without a token. */
static const char *
token_of(const struct request *req)
{
	static const char scheme[] = "Token";
	const char *header = request_param(req, "HTTP_AUTHORIZATION"), *token;

	if (!header || strncasecmp(header, scheme, sizeof scheme - 1) != 0)
		return NULL;
	header += sizeof scheme - 1;
	token = header + strspn(header, " ");
	return token > header && *token ? token : NULL;
}

static bool
is_of_tasks(const struct ricloud_call *c)
{
	return c->route.what == RICLOUD_TASKS || c->route.what == RICLOUD_TASK;
}

static int
admit(struct ricloud_call *c)
{
	const char *token = token_of(c->req);
	int ret;

	if (!token)
		return ERR_IDENTITY;
	ret = service_authenticate(
	    c->face->service, c->req->arena, c->req->now_us, token, &c->actor, &c->err);
	if (ret)
		return ret;
	c->actor.remote = request_param(c->req, "REMOTE_ADDR");
	return actor_may(&c->actor, is_of_tasks(c) ? SCOPE_READ : SCOPE_RESULTS) ? 0
										 : ERR_DENIED;
}

static int
answer_task(struct ricloud_call *c)
{
	struct json_writer *w;
	struct task_line line;
	struct execution e;
	struct task t;
	int ret = service_get_task(
		c->face->service, c->req->arena, &c->actor, c->route.id, &t, &e, &c->err),
	    end;

	if (ret)
		return ret;
	line = task_line_of(&e, &t);
	w = ricloud_begin(c);
	ret = ricloud_write_task(c, w, &line, &t);
	end = ricloud_finish(c, w);
	return ret ? ret : end;
}

static int
answer_result(struct ricloud_call *c, const struct result *r)
{
	struct json_writer *w;
	int64_t due_us;
	int ret = service_task_due(c->face->service, &c->actor, r->task_id, &due_us, &c->err),
	    end;

	if (ret)
		return ret;
	w = ricloud_begin(c);
	ret = ricloud_write_result(c, w, r, due_us);
	end = ricloud_finish(c, w);
	return ret ? ret : end;
}

static int
get_result(struct ricloud_call *c)
{
	struct result r;
	int ret = service_get_result(
	    c->face->service, c->req->arena, &c->actor, c->route.id, &r, &c->err);

	return ret ? ret : answer_result(c, &r);
}

static bool
is_json(const char *text, size_t len)
{
	struct json_stream *stream = json_stream_begin();

	(void)json_stream_more(stream, text, len);
	return json_stream_end(stream);
}

/* The body says nothing, but it must be JSON if there is one. */
static int
acknowledge(struct ricloud_call *c)
{
	const struct request *req = c->req;
	struct result r;
	int ret = 0;

	if (req->body_short || (req->body_len && !is_json(req->body, req->body_len)))
		ret = ERR_INPUT;
	if (!ret)
		ret = service_acknowledge_result(c->face->service, req->arena, &c->actor,
		    req->now_us, c->route.id, &r, &c->err);
	return ret ? ret : answer_result(c, &r);
}

static int
serve(struct ricloud_call *c)
{
	switch (c->route.what) {
	case RICLOUD_TASKS:
		return ricloud_list_tasks(c);
	case RICLOUD_TASK:
		return answer_task(c);
	case RICLOUD_RESULTS:
		return ricloud_list_results(c);
	case RICLOUD_RESULT:
		return get_result(c);
	case RICLOUD_ACKNOWLEDGE:
		break;
	}
	return acknowledge(c);
}

void
ricloud_handle(const struct face *face, const struct request *req, struct response *res)
{
	struct ricloud_call c = {.face = face, .req = req, .res = res};
	int ret;

	if (!ricloud_find_route(req->path, &c.route)) {
		ricloud_refuse(res, 404);
		return;
	}
	if (!method_fits(&c)) {
		response_header(res, "Allow",
		    c.route.what == RICLOUD_ACKNOWLEDGE ? "GET, HEAD, POST" : "GET, HEAD");
		ricloud_refuse(res, 405);
		return;
	}
	if (req->body_too_large || req->body_len > BODY_MAX) {
		ricloud_refuse(res, 413);
		return;
	}
	ret = admit(&c);
	if (!ret)
		ret = serve(&c);
	if (ret)
		ricloud_fail(&c, ret);
}
