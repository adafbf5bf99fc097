/*
 * The order in which a call is checked: origin, OPTIONS, credentials, path, method, size, then
 * the syntax of path, query and body. It is part of the contract (wire/openspecimen.md 2.4), as
 * are the headers of every answer, and stands here alone. What is left, whether a thing exists, who
 * may and what is wrong with a job, the use cases check in that order.
 */
#include "faces/openspecimen/openspecimen.h"

#include <string.h>
#include <strings.h>

#include "app/origin.h"
#include "faces/openspecimen/call.h"

static void
common_headers(struct response *res)
{
	response_header(res, "Access-Control-Allow-Credentials", "true");
	response_header(
	    res, "Access-Control-Allow-Methods", "POST, GET, PUT, DELETE, PATCH, OPTIONS");
	response_header(res, "Access-Control-Allow-Headers",
	    "Origin, Accept, Content-Type, X-OS-API-TOKEN, X-OS-API-CLIENT, "
	    "X-OS-IMPERSONATE-USER, X-OS-CLIENT-TZ, X-OS-SURVEY-TOKEN");
	response_header(res, "Access-Control-Expose-Headers",
	    "Content-Disposition, Content-Length, Content-Type");
	response_header(res, "Cache-Control", "no-cache, no-store, must-revalidate");
	response_header(res, "Pragma", "no-cache");
	response_header(res, "Expires", "Thu, 01 Jan 1970 00:00:00 GMT");
}

/*
 * The server's own pages: what the browser calls the host is what it asks. Where TLS ends before
 * the web server, a page has come by https, and we do not see it; the other way round does not
 * happen.
 */
static bool
is_own_origin(const struct request *req, const char *origin)
{
	const char *host = request_param(req, "HTTP_HOST");
	const char *https = request_param(req, "HTTPS");
	bool plain = !https || !*https || !strcasecmp(https, "off");

	if (!host || !*host)
		return false;
	return !strcasecmp(origin, arena_printf(req->arena, "https://%s", host)) ||
	       (plain && !strcasecmp(origin, arena_printf(req->arena, "http://%s", host)));
}

/* May a page of the request's origin call, if it names one? If so the answer says it. */
static bool
admit_origin(struct call *c)
{
	const char *origin = request_param(c->req, "HTTP_ORIGIN");

	if (!origin || !*origin)
		return true;
	if (!is_own_origin(c->req, origin) && !origin_allowed(c->face, c->req))
		return false;
	response_header(c->res, "Access-Control-Allow-Origin", origin);
	response_header(c->res, "Vary", "Origin");
	return true;
}

static void
refuse_method(struct call *c, const char *allow, const char *message)
{
	response_header(c->res, "Allow", allow);
	specimen_refuse(c, 405, "METHOD_NOT_ALLOWED", message);
}

/* Which pages of other sites a browser calls for. True when that alone is the whole answer. */
static bool
answer_origin(struct call *c, const char *allow)
{
	if (!admit_origin(c)) {
		refuse_method(c, allow,
		    arena_printf(c->req->arena,
			"Requests from the origin server %s not allowed",
			request_param(c->req, "HTTP_ORIGIN")));
		return true;
	}
	if (!strcmp(c->req->method, "OPTIONS")) {
		c->res->status = 200;
		return true;
	}
	return false;
}

/* Everything of the request that can be read without the store. */
static int
read_call(struct call *c, const char *const ids[SPECIMEN_IDS_MAX])
{
	int ret = specimen_read_ids(c, ids);

	if (ret)
		return ret;
	ret = query_read(c->req, &c->query, &c->query_count, &c->err);
	if (ret)
		return err_wrap(&c->err, ret, "Failed to convert value of type 'String'");
	return c->route->takes_body ? specimen_read_body(c) : 0;
}

void
openspecimen_handle(const struct face *face, const struct request *req, struct response *res)
{
	struct call c = {.face = face, .req = req, .res = res};
	const char *ids[SPECIMEN_IDS_MAX] = {NULL, NULL}, *path, *allow;
	bool known;
	int ret = 0;

	common_headers(res);
	path = specimen_below_base(req->arena, face->openspecimen_at, req->path, &c.context);
	c.route =
	    specimen_find_route(req->arena, req->method, path ? path : "", &known, &allow, ids);
	if (answer_origin(&c, allow))
		return;
	if (!c.route || !c.route->anybody)
		ret = specimen_authenticate(&c);
	if (ret) {
		specimen_fail(&c, ret);
		return;
	}
	if (!c.route && !known) {
		specimen_refuse(&c, 404, "NOT_FOUND", "Not found");
		return;
	}
	if (!c.route) {
		refuse_method(&c, allow, "Method not allowed");
		return;
	}
	if (req->body_too_large) {
		specimen_refuse(&c, 413, "REQUEST_TOO_LARGE", "Request body too large");
		return;
	}
	ret = read_call(&c, ids);
	if (!ret)
		ret = c.route->handle(&c);
	if (ret)
		specimen_fail(&c, ret);
}
