/*
 * Which face answers a request: the one that owns its path, of those that are not switched off.
 * A face may lie below a prefix, which nobody but this file sees; a face below one goes before
 * those at the root. What no face owns is answered here, as is the question whether the
 * application works at all.
 */
#include "app/route.h"

#include <string.h>

#include "base/log.h"
#include "faces/altogic/altogic.h"
#include "faces/api3/api3.h"
#include "faces/openspecimen/openspecimen.h"
#include "faces/ricloud/ricloud.h"

struct place {
	size_t at; /* of the member of struct face that says where it lies */
	bool (*owns)(const char *path);
	void (*handle)(
	    const struct face *face, const struct request *req, struct response *res);
};

static const struct place places[] = {
    {offsetof(struct face, api3_at), api3_owns, api3_handle},
    {offsetof(struct face, altogic_at), altogic_owns, altogic_handle},
    {offsetof(struct face, ricloud_at), ricloud_owns, ricloud_handle},
    {offsetof(struct face, openspecimen_at), openspecimen_owns, openspecimen_handle},
};

enum { PLACES = sizeof places / sizeof places[0] };

static int
read_something(struct txn *txn, void *ctx, struct err *err)
{
	int64_t *due_us = ctx;

	return store_plan_earliest(txn, due_us, err);
}

static void
health(const struct face *face, const struct request *req, struct response *res)
{
	struct err err = {0};
	int64_t due_us;
	int rc;

	if (strcmp(req->method, "GET") && strcmp(req->method, "HEAD")) {
		response_set(res, 405, "text/plain", "Method not allowed\n");
		response_header(res, "Allow", "GET, HEAD");
		return;
	}
	rc = store_run(face->service->store, read_something, &due_us, &err);
	if (!rc) {
		response_set(res, 200, "text/plain", "ok\n");
		return;
	}
	log_error("healthz: %s", err.text);
	response_set(res, 503, "text/plain", "Service unavailable\n");
	res->recover = rc == ERR_RECOVER;
}

void
route_refuse(struct response *res, int status)
{
	if (status == 404)
		response_set(res, status, "application/json",
		    "{\"error\":\"not-found\",\"message\":\"Not found\",\"errors\":[{"
		    "\"origin\":\"client_error\",\"code\":\"not_found\","
		    "\"message\":\"Not found\"}]}");
	else
		response_set(res, status, "application/json",
		    "{\"error\":\"bad-request\",\"message\":\"Bad request\",\"errors\":[{"
		    "\"origin\":\"client_error\",\"code\":\"bad_request\","
		    "\"message\":\"Bad request\"}]}");
}

/* Where the face lies for this request; NULL: nowhere. */
static const char *
prefix_of(const struct place *place, const struct face *face, const struct request *req)
{
	if (req->private_socket)
		return place->owns == api3_owns ? "" : NULL;
	return *(const char *const *)((const char *)face + place->at);
}

/* The rest of a path below a prefix; NULL if it lies elsewhere. */
static const char *
below(const char *path, const char *prefix)
{
	size_t len = strlen(prefix);

	if (strncmp(path, prefix, len) != 0)
		return NULL;
	path += len;
	return *path == '/' ? path : NULL;
}

/* The longest prefix wins. *path is then the path below it. */
static const struct place *
find(const struct face *face, const struct request *req, const char **path)
{
	const struct place *found = NULL;
	size_t longest = 0;

	for (const struct place *p = places; p < places + PLACES; p++) {
		const char *prefix = prefix_of(p, face, req);
		const char *rest = prefix ? below(req->path, prefix) : NULL;

		if (!rest || !p->owns(rest) || (found && strlen(prefix) <= longest))
			continue;
		found = p;
		longest = strlen(prefix);
		*path = rest;
	}
	return found;
}

void
route(const struct face *face, const struct request *req, struct response *res)
{
	struct request inner = *req;
	const struct place *place;

	if (!strcmp(req->path, "/healthz")) {
		health(face, req, res);
		return;
	}
	place = find(face, req, &inner.path);
	if (place)
		place->handle(face, &inner, res);
	else
		route_refuse(res, 404);
}
