/*
 * Who calls: a token in a header or a cookie, or a name and a password. The first of them that is
 * there decides, also when it is bad: wire/openspecimen.md 2.1.
 */
#include <string.h>
#include <strings.h>

#include "app/basic.h"
#include "faces/openspecimen/call.h"

static const char cookie_name[] = "osAuthToken";

/* Percent-decoded, without quotes around it. */
static const char *
cookie_value(struct arena *a, const char *text, size_t len)
{
	char *out, *to;

	if (len >= 2 && text[0] == '"' && text[len - 1] == '"') {
		text++;
		len -= 2;
	}
	out = to = arena_memdup(a, text, len);
	for (const char *from = out; *from; from++) {
		int byte = request_escape(from);

		/* A NUL is left as it was written: no token has an escape in it. */
		*to++ = byte > 0 ? (char)byte : *from;
		from += byte > 0 ? 2 : 0;
	}
	*to = '\0';
	return out;
}

/* The value of our cookie; NULL if there is none. */
static const char *
find_cookie(const struct request *req)
{
	const char *p = request_param(req, "HTTP_COOKIE");
	size_t name = sizeof cookie_name - 1;

	for (; p && *p; p += *p == ';') {
		size_t len;

		p += strspn(p, " \t");
		len = strcspn(p, ";");
		if (len > name && !strncmp(p, cookie_name, name) && p[name] == '=') {
			const char *value = p + name + 1;

			len -= name + 1;
			while (len && strchr(" \t", value[len - 1]))
				len--;
			return cookie_value(req->arena, value, len);
		}
		p += len;
	}
	return NULL;
}

bool
specimen_has_cookie(const struct request *req)
{
	return find_cookie(req) != NULL;
}

void
specimen_set_cookie(struct call *c, const char *token)
{
	const char *https = request_param(c->req, "HTTPS");
	bool tls = https && *https && strcasecmp(https, "off");

	response_header(c->res, "Set-Cookie",
	    arena_printf(c->req->arena, "%s=%s;Path=%s;HttpOnly;SameSite=Strict;%s%s",
		cookie_name, token ? token : "", c->context, token ? "" : "Max-Age=0;",
		token && tls ? "secure;" : ""));
}

static int
authenticate_basic(struct call *c)
{
	struct login who = {
	    .remote = request_param(c->req, "REMOTE_ADDR"),
	    .now_us = c->req->now_us,
	};
	const char *password;
	int64_t locked_us;

	if (basic_credentials(c->req, &who.name, &password))
		return ERR_IDENTITY;
	return service_login_once(
	    c->face->service, c->req->arena, &who, password, &c->actor, &locked_us, &c->err);
}

int
specimen_authenticate(struct call *c)
{
	const char *token = request_param(c->req, "HTTP_X_OS_API_TOKEN");
	int ret;

	if (!token || !*token)
		token = find_cookie(c->req);
	if (token && *token)
		ret = service_authenticate(
		    c->face->service, c->req->arena, c->req->now_us, token, &c->actor, &c->err);
	else
		ret = authenticate_basic(c);
	c->actor.remote = request_param(c->req, "REMOTE_ADDR");
	return ret;
}
