/*
 * A request from FastCGI parameters: see request.h. What comes out is bounded and free of NULs,
 * whatever came in.
 */
#include "app/request.h"

#include <string.h>

static const char *
param(char *const *params, const char *name)
{
	size_t len = strlen(name);

	for (; *params; params++) {
		if (!strncmp(*params, name, len) && (*params)[len] == '=')
			return *params + len + 1;
	}
	return NULL;
}

const char *
request_param(const struct request *req, const char *name)
{
	return param(req->params, name);
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int
request_escape(const char *p)
{
	int high = *p == '%' ? hex_digit(p[1]) : -1;
	int low = high < 0 ? -1 : hex_digit(p[2]);

	return low < 0 ? -1 : high << 4 | low;
}

/* Decode %XX in place; false for a broken escape and for a NUL. */
static bool
decode(char *path)
{
	char *to = path;

	for (const char *from = path; *from; from++) {
		int byte = request_escape(from);

		if (*from != '%') {
			*to++ = *from;
			continue;
		}
		if (byte <= 0)
			return false;
		*to++ = (char)byte;
		from += 2;
	}
	*to = '\0';
	return true;
}

/* Repeated slashes become one, blanks at the end go, in place. */
static void
normalise(char *path)
{
	char *to = path;

	for (const char *from = path; *from; from++) {
		if (*from != '/' || from[1] != '/')
			*to++ = *from;
	}
	while (to > path && strchr(" \t\r\n", to[-1]))
		to--;
	*to = '\0';
}

/* Fails: ERR_INPUT; the path is "/" then. */
static int
read_path(struct request *req, struct err *err)
{
	const char *document = request_param(req, "DOCUMENT_URI");
	const char *script = request_param(req, "SCRIPT_NAME");
	const char *info = request_param(req, "PATH_INFO");
	const char *raw = request_param(req, "REQUEST_URI");
	char *path;

	req->path = "/";
	if (document && *document) {
		path = arena_strdup(req->arena, document);
	} else if ((script && *script) || (info && *info)) {
		path = arena_printf(req->arena, "%s%s", script ? script : "", info ? info : "");
	} else {
		path = arena_memdup(req->arena, raw ? raw : "", raw ? strcspn(raw, "?") : 0);
		if (!decode(path))
			return err_fail(err, ERR_INPUT, "the path has a broken escape");
	}
	normalise(path);
	if (*path)
		req->path = path;
	return 0;
}

/* Too many digits for a number are a large number. False for what is none, as if it were 0. */
static bool
read_length(const char *text, uint64_t *length)
{
	*length = 0;
	for (; text && *text; text++) {
		if (*text < '0' || *text > '9') {
			*length = 0;
			return false;
		}
		if (*length > (UINT64_MAX - 9) / 10)
			*length = (UINT64_MAX - 9) / 10;
		*length = *length * 10 + (uint64_t)(*text - '0');
	}
	return true;
}

int
request_init(struct request *req, struct arena *arena, char *const *params, uint64_t *announced,
    struct err *err)
{
	const char *method = param(params, "REQUEST_METHOD");
	const char *query = param(params, "QUERY_STRING");

	*announced = 0;
	*req = (struct request){.arena = arena, .params = params, .path = "/", .body = ""};
	req->method = method ? method : "";
	req->query = query ? query : "";
	if (!*req->method)
		return err_fail(err, ERR_INPUT, "the request has no method");
	req->body_short = !read_length(param(params, "CONTENT_LENGTH"), announced);
	return read_path(req, err);
}

void
request_read_body(struct request *req, uint64_t announced, uint64_t max_bytes,
    size_t (*read)(void *ctx, char *buf, size_t len), void *ctx)
{
	char *body;

	if (announced > max_bytes) {
		req->body_too_large = true;
		return;
	}
	body = arena_alloc(req->arena, (size_t)announced + 1);
	req->body_len = announced ? read(ctx, body, (size_t)announced) : 0;
	req->body_short |= req->body_len < announced;
	req->body = body;
}
