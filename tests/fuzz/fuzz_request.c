/*
 * A request as the web server tells it: FastCGI parameters, one after each NUL, and what is read out
 * of them: method, path, length, query.
 */
#include "app/query.h"
#include "app/request.h"
#include "fuzz/fuzz.h"

enum { PARAMS_MAX = 50 };

static size_t
nothing(void *ctx, char *buf, size_t len)
{
	(void)ctx;
	(void)buf;
	(void)len;
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = ARENA_INIT;
	char *text = as_text(&arena, data, size), *end = text + size;
	char *params[PARAMS_MAX + 1] = {NULL};
	struct query_pair *pairs;
	uint64_t announced = 0;
	struct request req;
	struct err err = {""};
	size_t count = 0;

	for (char *at = text; at < end && count < PARAMS_MAX; at += strlen(at) + 1)
		params[count++] = at;
	if (request_init(&req, &arena, params, &announced, &err))
		holds_refusal(&err);
	HOLDS(req.path && req.query);
	HOLDS(!strstr(req.path, "//"));
	request_read_body(&req, announced, 1024, nothing, NULL);
	HOLDS(req.body && req.body_len == 0);
	if (query_read(&req, &pairs, &count, &err))
		holds_refusal(&err);
	else
		for (size_t i = 0; i < count; i++)
			HOLDS(query_value(pairs, count, pairs[i].name));
	arena_release(&arena);
	return 0;
}
