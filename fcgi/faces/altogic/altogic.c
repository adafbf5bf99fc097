/*
 * The paths, and the order in which a call is checked: path, method, size, environment, client
 * key, API key, session, body. It is part of the contract (wire/altogic.md section 2) and stands
 * here alone, once for all calls.
 */
#include "faces/altogic/altogic.h"

#include <ctype.h>
#include <string.h>

#include "app/origin.h"
#include "faces/altogic/call.h"

enum { ENVIRONMENT_MAX = 64 };

static const char base[] = "/_api/rest/v1/";

static const struct endpoint {
	const char *path; /* below the base; one that ends in a slash is the head of an id */
	const char *method, *other; /* NULL: no other */
	const char *allow;	    /* where the method is neither */
	enum client_session session_needed;
	int (*handle)(struct call *c);
} endpoints[] = {
    {"task", "POST", NULL, NULL, CLIENT_SESSION_AS_KEY_SAYS, altogic_run_once},
    /* An id is missing, and not the method wrong. */
    {"task", "GET", NULL, "POST", CLIENT_SESSION_AS_KEY_SAYS, altogic_get_task_status},
    {"task/", "GET", "HEAD", "GET, HEAD", CLIENT_SESSION_AS_KEY_SAYS, altogic_get_task_status},
    {"auth/signin-email", "POST", NULL, "POST", CLIENT_SESSION_NEVER, altogic_sign_in},
    {"auth/signout", "POST", NULL, "POST", CLIENT_SESSION_ALWAYS, altogic_sign_out},
};

bool
altogic_owns(const char *path)
{
	return !strncmp(path, "/e:", 3) ||
	       (!strncmp(path, "/_api", 5) && (path[5] == '/' || !path[5]));
}

/* What stands behind the base path, and the environment in front of it; NULL if it is none. */
static const char *
split_path(struct call *c)
{
	const char *path = c->req->path, *end;

	if (!strncmp(path, "/e:", 3)) {
		path += 3;
		end = path + strcspn(path, "/");
		if (end == path || end - path > ENVIRONMENT_MAX)
			return NULL;
		for (const char *p = path; p < end; p++) {
			if (!isalnum((unsigned char)*p))
				return NULL;
		}
		c->environment = arena_memdup(c->req->arena, path, (size_t)(end - path));
		path = end;
	}
	return strncmp(path, base, sizeof base - 1) ? NULL : path + sizeof base - 1;
}

/* What `path` (below the base) is behind the endpoint's; NULL if it is another. */
static const char *
behind(const struct endpoint *e, const char *path)
{
	size_t len = strlen(e->path);

	if (strncmp(path, e->path, len) != 0)
		return NULL;
	return e->path[len - 1] == '/' || !path[len] ? path + len : NULL;
}

/* The endpoint, and what is allowed if it is none for this method; neither for an unknown path. */
static const struct endpoint *
find_endpoint(struct call *c, const char **allow)
{
	const char *path = split_path(c);

	*allow = NULL;
	for (size_t i = 0; path && i < sizeof endpoints / sizeof *endpoints; i++) {
		const struct endpoint *e = &endpoints[i];

		c->id = behind(e, path);
		if (!c->id)
			continue;
		c->name = e->path;
		if (!strcmp(c->req->method, e->method) ||
		    (e->other && !strcmp(c->req->method, e->other)))
			return e;
		*allow = e->allow;
	}
	return NULL;
}

/* Answers whether the page that calls is of an origin that is listed. */
static bool
allow_origin(struct call *c)
{
	const char *origin = origin_allowed(c->face, c->req);

	if (!origin)
		return false;
	response_header(c->res, "Access-Control-Allow-Origin", origin);
	response_header(c->res, "Access-Control-Allow-Credentials", "true");
	response_header(c->res, "Vary", "Origin");
	return true;
}

static void
answer_preflight(struct response *res)
{
	response_header(res, "Access-Control-Allow-Methods", "GET, POST, OPTIONS");
	response_header(res, "Access-Control-Allow-Headers",
	    "content-type, x-client, x-client-key, session, authorization");
	response_header(res, "Access-Control-Max-Age", "600");
	res->status = 204;
}

static bool
api_key_fits(const struct call *c)
{
	const char *key = request_param(c->req, "HTTP_AUTHORIZATION");
	unsigned char wanted[SECRET_HASH_BYTES], shown[SECRET_HASH_BYTES];

	if (!c->face->api_key)
		return true;
	if (!key)
		return false;
	/* How long it takes to compare hashes tells nothing of what they were made of. */
	secret_hash(NULL, c->face->api_key, strlen(c->face->api_key), wanted);
	secret_hash(NULL, key, strlen(key), shown);
	return !memcmp(wanted, shown, sizeof wanted);
}

static int
refuse_identity(struct call *c, const char *code, const char *message)
{
	return altogic_refuse(c, 401, code, message, NULL);
}

/* Work out who calls; c->actor. The API key stands between the client key and the session. */
static int
admit(struct call *c, const struct endpoint *e)
{
	const struct client_call call = {
	    .environment = c->environment,
	    .key = request_param(c->req, "HTTP_X_CLIENT_KEY"),
	    .session = request_param(c->req, "HTTP_SESSION"),
	    .session_needed = e->session_needed,
	    .now_us = c->req->now_us,
	};
	enum client_fault fault;
	int ret;

	ret = service_authenticate_client(
	    c->face->service, c->req->arena, &call, &c->actor, &fault, &c->err);
	if (ret && ret != ERR_IDENTITY && ret != ERR_DENIED)
		return ret;
	if (fault == CLIENT_FAULT_ENVIRONMENT)
		return altogic_refuse(
		    c, 404, "environment_not_found", "Environment not found", NULL);
	if (fault == CLIENT_FAULT_KEY)
		return refuse_identity(
		    c, "invalid_client_key", "Client key is missing or not valid");
	if (!api_key_fits(c))
		return refuse_identity(c, "invalid_api_key", "API key is missing or not valid");
	if (fault == CLIENT_FAULT_NO_SESSION)
		return refuse_identity(
		    c, "missing_session_token", "An active user session is required");
	if (fault == CLIENT_FAULT_SESSION)
		return refuse_identity(
		    c, "invalid_session_token", "Session token is not valid");
	c->actor.remote = request_param(c->req, "REMOTE_ADDR");
	return ret;
}

void
altogic_handle(const struct face *face, const struct request *req, struct response *res)
{
	struct call c = {.face = face, .req = req, .res = res};
	const struct endpoint *e;
	const char *allow;
	bool listed;
	int ret;

	listed = allow_origin(&c);
	if (listed && !strcmp(req->method, "OPTIONS")) {
		answer_preflight(res);
		return;
	}
	e = find_endpoint(&c, &allow);
	if (!e && !allow) {
		altogic_error(res, 404, "not_found", "Not found", NULL);
		return;
	}
	if (!e) {
		response_header(res, "Allow", allow);
		altogic_error(res, 405, "method_not_allowed", "Method not allowed", NULL);
		return;
	}
	if (req->body_too_large) {
		altogic_error(res, 413, "request_too_large", "Request body too large", NULL);
		return;
	}
	ret = admit(&c, e);
	if (!ret)
		ret = e->handle(&c);
	if (ret)
		altogic_fail(&c, ret);
}
