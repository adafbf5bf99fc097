/*
 * Idempotency-Key: a call that is repeated with the same key within a day gets the first one's
 * answer, byte for byte, and has no effect of its own.
 */
#include <string.h>

#include "base/pack.h"
#include "faces/api3/call.h"

/* One attempt: what an earlier one wrote to the response is gone. */
struct attempt_of {
	struct call *call;
	size_t headers_len; /* before the handler was called */
};

static void
forget(struct response *res, size_t headers_len)
{
	buf_reset(&res->body);
	res->headers.len = headers_len;
	if (res->headers.data)
		res->headers.data[headers_len] = '\0';
}

/* What is kept: the type and the body of a 200. */
static int
work(void *ctx, struct buf *answer, struct err *err)
{
	struct attempt_of *w = ctx;
	struct call *c = w->call;
	int ret;

	forget(c->res, w->headers_len);
	ret = c->method->handle(c);
	*err = c->err;
	if (ret)
		return ret;
	if (c->res->status != 200)
		return err_fail(
		    err, ERR_IO, "%s: an answer of status %d", c->name, c->res->status);
	pack_str(answer, c->res->content_type);
	pack_bytes(answer, c->res->body.data, c->res->body.len);
	return 0;
}

static int
replay(struct call *c, const char *answer, size_t len)
{
	const char *type, *body;
	struct unpack u;
	size_t body_len;

	unpack_init(&u, answer, len);
	type = unpack_str(&u, c->req->arena);
	body = unpack_bytes(&u, c->req->arena, &body_len);
	if (unpack_finish(&u) || !type || !body)
		return err_fail(&c->err, ERR_IO, "a kept answer cannot be read");
	response_set(c->res, 200, type, "");
	buf_add(&c->res->body, body, body_len);
	response_header(c->res, "Idempotency-Replayed", "true");
	return 0;
}

int
api3_call_once(struct call *c)
{
	const char *key = request_param(c->req, "HTTP_IDEMPOTENCY_KEY");
	struct attempt_of w = {c, c->res->headers.len};
	struct once once = {
	    .key = key,
	    .method = arena_printf(c->req->arena, "%d/%s", (int)c->method->service, c->name),
	    .body = c->req->body,
	    .body_len = c->req->body_len,
	};
	const char *answer = NULL;
	bool replayed;
	size_t len;
	int ret;

	if (!key || c->method->effect != API3_WRITES)
		return c->method->handle(c);
	ret = service_once(c->face->service, c->req->arena, &c->actor, c->req->now_us, &once,
	    work, &w, &replayed, &answer, &len, &c->err);
	return ret || !replayed ? ret : replay(c, answer, len);
}
