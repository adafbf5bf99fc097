/*
 * The order in which a call is checked: path, HTTP method, size, token, role, whether it is
 * served, body. It is part of the contract (wire/api3.md 3.1) and stands here alone, once for
 * all methods.
 */
#include "faces/api3/api3.h"

#include <string.h>
#include <strings.h>

#include "faces/api3/call.h"

bool
api3_owns(const char *path)
{
	return !strncasecmp(path, "/api3", 5) && (path[5] == '/' || !path[5]);
}

static bool
role_suffices(const struct call *c)
{
	switch (c->method->who) {
	case API3_ADMINS:
		return actor_is_admin(&c->actor);
	case API3_ENTERPRISE:
		return c->actor.role == ROLE_ENTERPRISE_ADMIN;
	case API3_ANYBODY:
	case API3_ALL_ROLES:
		break;
	}
	return true;
}

/* Work out who calls, and whether the role and the token's scopes suffice. */
static int
admit(struct call *c)
{
	struct service *sv = c->face->service;
	struct arena *a = c->req->arena;
	const char *token;
	int ret;

	if (c->method->who == API3_ANYBODY)
		return 0;
	if (c->req->private_socket) {
		ret = service_system_actor(sv, a, &c->actor, &c->err);
	} else {
		token = request_param(c->req, "HTTP_PATOKEN");
		if (!token || !*token)
			return ERR_IDENTITY;
		ret = service_authenticate(sv, a, c->req->now_us, token, &c->actor, &c->err);
	}
	if (ret)
		return ret;
	c->actor.remote = request_param(c->req, "REMOTE_ADDR");
	return role_suffices(c) && actor_may(&c->actor, c->method->scope) ? 0 : ERR_DENIED;
}

static void
not_implemented(struct call *c)
{
	response_set(c->res, 501, API3_TEXT,
	    arena_printf(c->req->arena, "Not implemented: %s", c->name));
}

void
api3_handle(const struct face *face, const struct request *req, struct response *res)
{
	struct call c = {.face = face, .req = req, .res = res};
	bool listed;
	int ret;

	response_header(res, "Cache-Control", "no-store");
	listed = api3_allow_origin(face, req, res);
	if (api3_is_openapi(req->path)) {
		api3_answer_openapi(req, res);
		return;
	}
	c.method = api3_find_method(req->path, &c.name);
	if (!c.method) {
		response_set(res, 404, API3_TEXT, "Unknown method");
		return;
	}
	if (listed && !strcmp(req->method, "OPTIONS")) {
		api3_answer_preflight(res);
		return;
	}
	if (strcmp(req->method, "POST")) {
		response_header(res, "Allow", "POST");
		response_set(res, 405, API3_TEXT, "Method not allowed");
		return;
	}
	if (req->body_too_large) {
		response_set(res, 413, API3_TEXT, "Request body too large");
		return;
	}

	ret = admit(&c);
	if (!ret && !c.method->handle) {
		not_implemented(&c);
		return;
	}
	if (!ret)
		ret = api3_read_body(&c);
	if (!ret)
		ret = api3_call_once(&c);
	if (ret)
		api3_fail(&c, ret);
}
