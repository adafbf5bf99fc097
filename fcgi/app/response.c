/*
 * A response: see request.h. Nothing that a client sent can become a header line, because a
 * value with a control character never gets in.
 */
#include "app/request.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/log.h"

void
response_set(struct response *res, int status, const char *content_type, const char *text)
{
	res->status = status;
	res->content_type = content_type;
	buf_reset(&res->body);
	buf_adds(&res->body, text);
}

static bool
is_printable(const char *s)
{
	for (; *s; s++) {
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return false;
	}
	return true;
}

void
response_header(struct response *res, const char *name, const char *value)
{
	if (!is_printable(value)) {
		log_error("header %s dropped: its value has a control character", name);
		return;
	}
	buf_addf(&res->headers, "%s: %s\r\n", name, value);
}

/* As the path of a URI: whatever is not plain there is escaped. */
static void
add_escaped(struct buf *out, const char *path)
{
	for (; *path; path++) {
		unsigned char c = (unsigned char)*path;
		bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
			     (c >= 'a' && c <= 'z') || strchr("/._-", c);

		if (plain)
			buf_addc(out, (char)c);
		else
			buf_addf(out, "%%%02X", c);
	}
}

bool
response_send_file(struct response *res, const struct request *req, const char *path)
{
	const char *prefix = request_param(req, "CARILLON_ACCEL");
	struct buf uri = BUF_INIT;

	if (!prefix || !*prefix)
		return false;
	buf_adds(&uri, prefix);
	add_escaped(&uri, path);
	response_header(res, "X-Accel-Redirect", uri.data);
	buf_release(&uri);
	return true;
}

static const char *
reason_of(int status)
{
	static const struct {
		int status;
		const char *reason;
	} reasons[] = {
	    {200, "OK"},
	    {202, "Accepted"},
	    {204, "No Content"},
	    {206, "Partial Content"},
	    {304, "Not Modified"},
	    {400, "Bad Request"},
	    {401, "Unauthorized"},
	    {403, "Forbidden"},
	    {404, "Not Found"},
	    {405, "Method Not Allowed"},
	    {409, "Conflict"},
	    {413, "Content Too Large"},
	    {415, "Unsupported Media Type"},
	    {429, "Too Many Requests"},
	    {500, "Internal Server Error"},
	    {501, "Not Implemented"},
	    {503, "Service Unavailable"},
	};

	for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
		if (reasons[i].status == status)
			return reasons[i].reason;
	}
	return "Other";
}

static bool
has_header(const struct response *res, const char *name)
{
	const char *line = res->headers.len ? res->headers.data : NULL;
	size_t len = strlen(name);

	while (line && *line) {
		if (!strncasecmp(line, name, len) && line[len] == ':')
			return true;
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	return false;
}

static uint64_t
body_bytes(const struct response *res)
{
	return res->file ? res->file->bytes : res->content_type ? res->body.len : 0;
}

void
response_head(const struct response *res, struct buf *out)
{
	int status = res->status ? res->status : 500;

	buf_addf(out, "Status: %d %s\r\n", status, reason_of(status));
	if (res->content_type)
		buf_addf(out, "Content-Type: %s\r\n", res->content_type);
	/* RFC 9110, 8.6: never with these two. */
	if (status != 204 && status != 304)
		buf_addf(out, "Content-Length: %" PRIu64 "\r\n", body_bytes(res));
	if (!has_header(res, "Cache-Control"))
		buf_adds(out, "Cache-Control: no-store\r\n");
	buf_add(out, res->headers.data, res->headers.len);
	buf_adds(out, "\r\n");
}

void
response_release(struct response *res)
{
	buf_release(&res->headers);
	buf_release(&res->body);
	if (res->file)
		close(res->file->fd);
	*res = (struct response){0};
}
