/*
 * What an HTTP target gets: the definition's request with values in place, and headers that tell which
 * attempt it is, as the environment tells a command.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/id.h"
#include "model/http.h"
#include "scheduler/internal.h"

enum { OWN_HEADERS = 12 };

/* Made of occurrence and task, or of the run where no due time caused it: all attempts have the same,
 * whatever dies in between. */
static const char *
idempotency_key(struct arena *a, const struct execution *x, const struct task *t)
{
	char guid[ID_GUID_LEN + 1];

	if (x->due_us == INSTANT_NEVER) {
		id_guid(x->id, guid);
		return arena_printf(a, "%s-%u", guid, t->ordinal);
	}
	id_guid(x->schedule_id, guid);
	return arena_printf(a, "%s-%lld-%u", guid, (long long)(x->due_us / 1000), t->ordinal);
}

static bool
is_json(const struct http_def *h)
{
	for (size_t i = 0; i < h->header_count; i++) {
		if (!strcasecmp(h->headers[i].name, "Content-Type"))
			return strstr(h->headers[i].value, "json");
	}
	return false;
}

/* Headers of what a command has in its environment. */
static size_t
own_headers(struct fill *f, const char **list)
{
	static const struct {
		const char *name, *value;
	} headers[] = {
	    {"X-Carillon-Schedule-Id", "${scheduleId}"},
	    {"X-Carillon-Schedule-Name", "${scheduleName}"},
	    {"X-Carillon-Execution-Id", "${executionId}"},
	    {"X-Carillon-Task-Id", "${taskId}"},
	    {"X-Carillon-Scheduled-Time", "${scheduledTime}"},
	    {"X-Carillon-Attempt", "${attempt}"},
	    {"X-Carillon-Args", "${args}"},
	};
	struct arena *a = &f->e->arena;
	size_t n = 0;

	for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
		list[n++] = arena_printf(a, "%s: %s", headers[i].name,
		    fill_text(f, headers[i].value, 0, PLACEHOLDER_LINE));
	list[n++] =
	    arena_printf(a, "Idempotency-Key: %s", idempotency_key(a, f->execution, f->task));
	return n;
}

const struct channel_http *
request_build(struct fill *f)
{
	const struct http_def *h = f->task->def.http;
	struct arena *a = &f->e->arena;
	struct channel_http *request = arena_array(a, 1, sizeof *request);
	const char **headers = arena_array(a, h->header_count + OWN_HEADERS, sizeof *headers);
	size_t n = own_headers(f, headers);

	for (size_t i = 0; i < h->header_count; i++)
		headers[n++] = arena_printf(a, "%s: %s", h->headers[i].name,
		    fill_text(f, h->headers[i].value, 0, PLACEHOLDER_LINE));
	*request = (struct channel_http){
	    .method = h->method,
	    .url = fill_text(f, h->url, PLACEHOLDER_NO_SECRET, PLACEHOLDER_URL),
	    .headers = headers,
	    .body = h->body ? fill_text(f, h->body, 0,
				  is_json(h) ? PLACEHOLDER_JSON : PLACEHOLDER_PLAIN)
			    : NULL,
	    .ca_file = h->ca_file,
	    .client_cert = h->client_cert,
	    .client_key = h->client_key,
	    .unverified = h->unverified,
	    .redirects = h->redirects,
	    .max_bytes = (uint64_t)h->max_bytes,
	    .connect_us = h->connect_us,
	};
	request->secret = f->secret;
	return request;
}
