/* The HTTP request of a task: see definition.h. */
#include <stdio.h>
#include <string.h>

#include "model/http.h"
#include "wire/member.h"

static int
read_headers(struct reader *r, const struct json *value, void *at)
{
	struct http_def *h = at;
	const struct json *m = value->first;
	int ret = 0;

	if (!json_is(value, JSON_OBJECT))
		return refuse(r, "must be an object");
	h->header_count =
	    value->count <= HTTP_HEADERS_MAX ? value->count : HTTP_HEADERS_MAX + 1;
	h->headers = arena_array(r->arena, h->header_count, sizeof *h->headers);
	for (size_t i = 0; !ret && i < h->header_count; i++, m = m->next) {
		size_t back = push_member(r, m->name);

		h->headers[i].name = m->name;
		ret = read_string(r, m, &h->headers[i].value);
		path_pop(r, back);
	}
	return ret;
}

/* 409, "409", "2xx" or "200-204". */
static bool
parse_range(const struct json *value, struct http_range *range)
{
	unsigned first, last;
	int64_t n;
	int end = 0;

	if (!json_integer(value, 100, 599, &n)) {
		*range = (struct http_range){(uint16_t)n, (uint16_t)n};
		return true;
	}
	if (!json_is(value, JSON_STRING))
		return false;
	if (strlen(value->text) == 3 && strspn(value->text, "12345") == 1 &&
	    !strcmp(value->text + 1, "xx")) {
		range->first = (uint16_t)((value->text[0] - '0') * 100);
		range->last = (uint16_t)(range->first + 99);
		return true;
	}
	if (strspn(value->text, "0123456789-") < strlen(value->text) ||
	    sscanf(value->text, "%3u%n-%3u%n", &first, &end, &last, &end) < 1 ||
	    value->text[end])
		return false;
	if (!strchr(value->text, '-'))
		last = first;
	*range = (struct http_range){(uint16_t)first, (uint16_t)last};
	return true;
}

static const struct http_range success = {200, 299};

static int
read_range(struct reader *r, const struct json *value, struct http_range *range)
{
	return parse_range(value, range)
		   ? 0
		   : refuse(r, "must be statuses such as 200, \"2xx\" or \"200-204\"");
}

static int
read_expect(struct reader *r, const struct json *value, void *at)
{
	struct http_def *h = at;
	const struct json *element = value->first;
	int ret;

	if (!json_is(value, JSON_ARRAY)) {
		h->expect_count = 1;
		h->expect = arena_array(r->arena, 1, sizeof *h->expect);
		return read_range(r, value, h->expect);
	}
	ret = read_list(
	    r, value, HTTP_EXPECT_MAX, sizeof *h->expect, &h->expect, &h->expect_count);
	for (size_t i = 0; !ret && i < h->expect_count; i++, element = element->next) {
		size_t back = path_push(r, "[%zu]", i);

		ret = read_range(r, element, &h->expect[i]);
		path_pop(r, back);
	}
	return ret;
}

static int
read_verify(struct reader *r, const struct json *value, void *at)
{
	bool verify = true;
	int ret = read_bool(r, value, &verify);

	*(bool *)at = !verify;
	return ret;
}

static const struct field tls_fields[] = {
    {"caFile", read_string, offsetof(struct http_def, ca_file)},
    {"clientCert", read_string, offsetof(struct http_def, client_cert)},
    {"clientKey", read_string, offsetof(struct http_def, client_key)},
    {"verify", read_verify, offsetof(struct http_def, unverified)},
};

static int
read_tls(struct reader *r, const struct json *value, void *at)
{
	return read_members(r, value, tls_fields, COUNT(tls_fields), at);
}

static int
read_redirects(struct reader *r, const struct json *value, void *at)
{
	int64_t n = 0;
	int ret = read_number(r, value, 0, HTTP_REDIRECTS_MAX, &n);

	*(uint32_t *)at = (uint32_t)n;
	return ret;
}

static int
read_max_bytes(struct reader *r, const struct json *value, void *at)
{
	return read_number(r, value, 0, HTTP_ANSWER_LIMIT, at);
}

static int
read_async(struct reader *r, const struct json *value, void *at)
{
	int ret = read_bool(r, value, at);

	return !ret && *(bool *)at ? refuse(r, "not served") : ret;
}

static const struct field http_fields[] = {
    {"method", read_string, offsetof(struct http_def, method)},
    {"url", read_string, offsetof(struct http_def, url)},
    {"headers", read_headers, 0},
    {"body", read_string, offsetof(struct http_def, body)},
    {"expectStatus", read_expect, 0},
    {"tls", read_tls, 0},
    {"followRedirects", read_redirects, offsetof(struct http_def, redirects)},
    {"maxBytes", read_max_bytes, offsetof(struct http_def, max_bytes)},
    {"connectTimeout", read_duration, offsetof(struct http_def, connect_us)},
    {"async", read_async, offsetof(struct http_def, async)},
    {"heartbeat", read_duration, offsetof(struct http_def, heartbeat_us)},
};

int
read_http(struct reader *r, const struct json *value, void *at)
{
	struct http_def *h = arena_array(r->arena, 1, sizeof *h);
	int ret;

	h->method = HTTP_METHOD;
	h->max_bytes = HTTP_ANSWER_MAX;
	h->connect_us = HTTP_CONNECT_US;
	*(struct http_def **)at = h;
	ret = read_members(r, value, http_fields, COUNT(http_fields), h);
	if (ret)
		return ret;
	if (!h->expect_count) {
		h->expect_count = 1;
		h->expect = arena_array(r->arena, 1, sizeof *h->expect);
		*h->expect = success;
	}
	if (!h->async && has(value, "heartbeat")) {
		push_member(r, "heartbeat");
		return refuse(r, "only a request with async has one");
	}
	if (h->async && !has(value, "heartbeat"))
		h->heartbeat_us = HTTP_HEARTBEAT_US;
	return 0;
}

/* ---- writing ---- */

static void
write_range(struct json_writer *w, const struct http_range *range)
{
	char text[16];

	if (range->first % 100 == 0 && range->last == range->first + 99)
		snprintf(text, sizeof text, "%dxx", range->first / 100);
	else if (range->first == range->last)
		snprintf(text, sizeof text, "%d", range->first);
	else
		snprintf(text, sizeof text, "%d-%d", range->first, range->last);
	json_string(w, text);
}

static void
write_expect(struct json_writer *w, const struct http_def *h)
{
	json_name(w, "expectStatus");
	json_array(w);
	if (!h->expect_count)
		write_range(w, &success);
	for (size_t i = 0; i < h->expect_count; i++)
		write_range(w, &h->expect[i]);
	json_end_array(w);
}

static void
write_tls(struct json_writer *w, const struct http_def *h)
{
	json_name(w, "tls");
	json_object(w);
	write_string(w, "caFile", h->ca_file);
	write_string(w, "clientCert", h->client_cert);
	write_string(w, "clientKey", h->client_key);
	json_name(w, "verify");
	json_bool(w, !h->unverified);
	json_end_object(w);
}

void
write_http(struct json_writer *w, const struct http_def *h)
{
	json_name(w, "http");
	json_object(w);
	write_string(w, "method", h->method);
	write_string(w, "url", h->url);
	json_name(w, "headers");
	json_object(w);
	for (size_t i = 0; i < h->header_count; i++)
		write_string(w, h->headers[i].name, h->headers[i].value);
	json_end_object(w);
	write_string(w, "body", h->body);
	write_expect(w, h);
	write_tls(w, h);
	json_name(w, "followRedirects");
	json_number(w, h->redirects);
	json_name(w, "maxBytes");
	json_number(w, h->max_bytes);
	write_duration(w, "connectTimeout", h->connect_us);
	json_name(w, "async");
	json_bool(w, h->async);
	if (h->async)
		write_duration(w, "heartbeat", h->heartbeat_us);
	json_end_object(w);
}
