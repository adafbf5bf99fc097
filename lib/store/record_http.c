/* The HTTP requests of tasks as bytes: see record.h. */
#include "model/http.h"
#include "store/record.h"

void
pack_http(struct buf *b, const struct http_def *h)
{
	pack_bool(b, h);
	if (!h)
		return;
	pack_str(b, h->method);
	pack_str(b, h->url);
	pack_u32(b, (uint32_t)h->header_count);
	for (size_t i = 0; i < h->header_count; i++) {
		pack_str(b, h->headers[i].name);
		pack_str(b, h->headers[i].value);
	}
	pack_str(b, h->body);
	pack_u32(b, (uint32_t)h->expect_count);
	for (size_t i = 0; i < h->expect_count; i++) {
		pack_u32(b, h->expect[i].first);
		pack_u32(b, h->expect[i].last);
	}
	pack_str(b, h->ca_file);
	pack_str(b, h->client_cert);
	pack_str(b, h->client_key);
	pack_bool(b, h->unverified);
	pack_u32(b, h->redirects);
	pack_i64(b, h->max_bytes);
	pack_i64(b, h->connect_us);
	pack_bool(b, h->async);
	pack_i64(b, h->heartbeat_us);
}

static uint16_t
unpack_status(struct unpack *u)
{
	uint32_t n = unpack_u32(u);

	if (n > UINT16_MAX)
		u->failed = true;
	return (uint16_t)n;
}

struct http_def *
unpack_http(struct unpack *u, struct arena *a)
{
	struct http_def *h;

	if (!unpack_bool(u))
		return NULL;
	h = arena_array(a, 1, sizeof *h);
	h->method = unpack_text(u, a);
	h->url = unpack_text(u, a);
	h->header_count = unpack_count(u, 8);
	h->headers = arena_array(a, h->header_count, sizeof *h->headers);
	for (size_t i = 0; i < h->header_count; i++) {
		h->headers[i].name = unpack_text(u, a);
		h->headers[i].value = unpack_text(u, a);
	}
	h->body = unpack_str(u, a);
	h->expect_count = unpack_count(u, 8);
	h->expect = arena_array(a, h->expect_count, sizeof *h->expect);
	for (size_t i = 0; i < h->expect_count; i++) {
		h->expect[i].first = unpack_status(u);
		h->expect[i].last = unpack_status(u);
	}
	h->ca_file = unpack_str(u, a);
	h->client_cert = unpack_str(u, a);
	h->client_key = unpack_str(u, a);
	h->unverified = unpack_bool(u);
	h->redirects = unpack_u32(u);
	h->max_bytes = unpack_i64(u);
	h->connect_us = unpack_i64(u);
	h->async = unpack_bool(u);
	h->heartbeat_us = unpack_i64(u);
	return h;
}
