/*
 * Which face answers a request: the first that owns its path. What no face owns is answered
 * here, as is the question whether the application works at all.
 */
#include "app/route.h"

#include <string.h>

#include "base/log.h"
#include "faces/api3/api3.h"

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
route(const struct face *face, const struct request *req, struct response *res)
{
	if (!strcmp(req->path, "/healthz"))
		health(face, req, res);
	else if (api3_owns(req->path))
		api3_handle(face, req, res);
	else
		response_set(res, 404, "text/plain", "Not found\n");
}
