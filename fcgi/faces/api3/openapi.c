/*
 * GET /API3/openapi.yaml: fcgi/openapi.yaml as it was when this was compiled. It is part of the
 * program, so that no file can be missing or be another version's; the Makefile compiles this
 * again when it changes.
 */
#include <string.h>
#include <strings.h>

#include "faces/api3/call.h"

__asm__(".pushsection .rodata\n"
	"openapi_begin: .incbin \"fcgi/openapi.yaml\"\n"
	"openapi_end:\n"
	".popsection\n");
extern const char openapi_begin[], openapi_end[];

bool
api3_is_openapi(const char *path)
{
	return !strncasecmp(path, "/api3/", 6) && !strcmp(path + 6, "openapi.yaml");
}

void
api3_answer_openapi(const struct request *req, struct response *res)
{
	if (strcmp(req->method, "GET") && strcmp(req->method, "HEAD")) {
		response_header(res, "Allow", "GET, HEAD");
		response_set(res, 405, API3_TEXT, "Method not allowed");
		return;
	}
	response_set(res, 200, "application/yaml", "");
	buf_add(&res->body, openapi_begin, (size_t)(openapi_end - openapi_begin));
}
