/* The HTTP request of a task: see http.h. */
#include "model/http.h"

#include <string.h>
#include <strings.h>

#include "base/utf8.h"
#include "model/difference.h"
#include "model/placeholder.h"

#define TIMEOUT_MAX_US (INT64_C(365) * 86400 * 1000000)
#define SECOND	       INT64_C(1000000)

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const char token_letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789!#$%&'*+-.^_`|~";

bool
http_is_expected(const struct http_def *h, int status)
{
	if (!h->expect_count)
		return status >= 200 && status <= 299;
	for (size_t i = 0; i < h->expect_count; i++) {
		if (status >= h->expect[i].first && status <= h->expect[i].last)
			return true;
	}
	return false;
}

/* ---- validation ---- */

struct check {
	const char *of;
	struct err *err;
};

static int
refuse(const struct check *c, const char *name, const char *mend)
{
	return err_fail(c->err, ERR_INPUT, "Invalid value: %s.%s: %s", c->of, name, mend);
}

static bool
is_text(const char *text, const char *controls)
{
	if (!utf8_valid(text, strlen(text)))
		return false;
	for (; *text; text++) {
		if (utf8_control(text) && !strchr(controls, *text))
			return false;
	}
	return true;
}

static int
check_method(const struct check *c, const char *method)
{
	/* A CONNECT is a tunnel to where no guard looks; a TRACE gives secrets back. */
	if (!*method || strspn(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-") < strlen(method) ||
	    strlen(method) > HTTP_METHOD_MAX || !strcmp(method, "CONNECT") ||
	    !strcmp(method, "TRACE"))
		return refuse(c, "method",
		    "must be a method in capitals such as GET or POST, not CONNECT or TRACE");
	return 0;
}

size_t
http_host(const char *url, const char **host)
{
	const char *slashes = strstr(url, "://");

	*host = slashes ? slashes + 3 : url;
	return strcspn(*host, "/?#");
}

static int
check_url(const struct check *c, const char *url)
{
	const char *host;
	size_t host_len = http_host(url, &host);
	struct err why;

	if (strncasecmp(url, "https://", 8) != 0 && strncasecmp(url, "http://", 7) != 0)
		return refuse(c, "url", "must begin with http:// or https://");
	if (strlen(url) > HTTP_URL_MAX)
		return err_fail(c->err, ERR_INPUT,
		    "Invalid value: %s.url: must have at most %d bytes", c->of, HTTP_URL_MAX);
	for (const char *p = url; *p; p++) {
		if (*p <= ' ' || *p >= 0x7f || *p == '\\' || *p == '"' || *p == '<' ||
		    *p == '>')
			return refuse(c, "url",
			    "must have no blanks and no characters but ASCII; write others as "
			    "%20");
	}
	if (!host_len || *host == ':')
		return refuse(c, "url", "must name a host");
	if (memchr(host, '@', host_len))
		return refuse(c, "url",
		    "must hold no user or password; put them into the header Authorization, "
		    "as a secret");
	if (memchr(host, '$', host_len))
		return refuse(c, "url", "its host must not be a placeholder");
	if (placeholder_check(url, PLACEHOLDER_NO_SECRET, &why))
		return refuse(c, "url", why.text);
	return 0;
}

/* Those that say where one message ends and the next begins, or to whom it is sent, and those that
 * the runner sets. */
static bool
is_reserved(const char *name)
{
	static const char *const names[] = {"Host", "Content-Length", "Transfer-Encoding",
	    "Connection", "Keep-Alive", "TE", "Trailer", "Upgrade", "Expect",
	    "Idempotency-Key"};

	for (size_t i = 0; i < COUNT(names); i++) {
		if (!strcasecmp(name, names[i]))
			return true;
	}
	return !strncasecmp(name, "X-Carillon-", 11) || !strncasecmp(name, "Proxy-", 6);
}

static int
check_header(const struct check *c, const struct http_def *h, size_t i)
{
	const struct http_header *header = &h->headers[i];
	struct err why;

	if (!*header->name || strspn(header->name, token_letters) < strlen(header->name))
		return refuse(c, "headers", "a name must be of letters, digits and `-`");
	if (is_reserved(header->name))
		return err_fail(c->err, ERR_INPUT,
		    "Invalid value: %s.headers: %s is set by the server; leave it out", c->of,
		    header->name);
	for (size_t j = 0; j < i; j++) {
		if (!strcasecmp(header->name, h->headers[j].name))
			return err_fail(c->err, ERR_INPUT,
			    "Invalid value: %s.headers: %s is there twice", c->of,
			    header->name);
	}
	if (!is_text(header->value, "\t"))
		return err_fail(c->err, ERR_INPUT,
		    "Invalid value: %s.headers.%s: must be one line of UTF-8", c->of,
		    header->name);
	if (placeholder_check(header->value, 0, &why))
		return err_fail(c->err, ERR_INPUT, "Invalid value: %s.headers.%s: %s", c->of,
		    header->name, why.text);
	return 0;
}

static int
check_body(const struct check *c, const struct http_def *h)
{
	struct err why;

	if (!h->body)
		return 0;
	if (!strcmp(h->method, "GET") || !strcmp(h->method, "HEAD"))
		return refuse(c, "body", "a GET or HEAD has none");
	if (!utf8_valid(h->body, strlen(h->body)))
		return refuse(c, "body", "must be UTF-8");
	return placeholder_check(h->body, 0, &why) ? refuse(c, "body", why.text) : 0;
}

static int
check_expect(const struct check *c, const struct http_def *h)
{
	if (h->expect_count > HTTP_EXPECT_MAX)
		return err_fail(c->err, ERR_INPUT,
		    "Invalid value: %s.expectStatus: must have at most %d entries", c->of,
		    HTTP_EXPECT_MAX);
	for (size_t i = 0; i < h->expect_count; i++) {
		if (h->expect[i].first < 100 || h->expect[i].last > 599 ||
		    h->expect[i].first > h->expect[i].last)
			return refuse(c, "expectStatus",
			    "must be statuses from 100 to 599, or classes such as \"2xx\"");
	}
	return 0;
}

static int
check_file(const struct check *c, const char *name, const char *path)
{
	if (!path)
		return 0;
	if (*path != '/' || strstr(path, "/../") || !is_text(path, ""))
		return refuse(c, name, "must be an absolute path without `..`");
	return 0;
}

static int
check_tls(const struct check *c, const struct http_def *h)
{
	int ret = check_file(c, "tls.caFile", h->ca_file);

	if (!ret)
		ret = check_file(c, "tls.clientCert", h->client_cert);
	if (!ret)
		ret = check_file(c, "tls.clientKey", h->client_key);
	if (!ret && h->client_key && !h->client_cert)
		ret = refuse(c, "tls.clientKey", "is of no use without clientCert");
	return ret;
}

static int
check_limits(const struct check *c, const struct http_def *h)
{
	if (h->redirects > HTTP_REDIRECTS_MAX)
		return err_fail(c->err, ERR_INPUT,
		    "Invalid value: %s.followRedirects: must be at most %d", c->of,
		    HTTP_REDIRECTS_MAX);
	if (h->max_bytes < 0 || h->max_bytes > HTTP_ANSWER_LIMIT)
		return err_fail(c->err, ERR_INPUT,
		    "Invalid value: %s.maxBytes: must be within 0 and %lld", c->of,
		    (long long)HTTP_ANSWER_LIMIT);
	if (h->connect_us < SECOND / 1000 || h->connect_us > 3600 * SECOND)
		return refuse(c, "connectTimeout", "must be within 1ms and 1h");
	if (h->async && (h->heartbeat_us < SECOND || h->heartbeat_us > TIMEOUT_MAX_US))
		return refuse(c, "heartbeat", "must be within 1s and 365d");
	return 0;
}

int
http_validate(const struct http_def *h, const char *of, struct err *err)
{
	struct check c = {of, err};
	int ret;

	if (!h->url || !*h->url)
		return err_fail(err, ERR_INPUT, "Missing value: %s.url", of);
	ret = check_method(&c, h->method);
	if (!ret)
		ret = check_url(&c, h->url);
	if (!ret && h->header_count > HTTP_HEADERS_MAX)
		ret = err_fail(err, ERR_INPUT,
		    "Invalid value: %s.headers: must have at most %d entries", of,
		    HTTP_HEADERS_MAX);
	for (size_t i = 0; !ret && i < h->header_count; i++)
		ret = check_header(&c, h, i);
	if (!ret)
		ret = check_body(&c, h);
	if (!ret)
		ret = check_expect(&c, h);
	if (!ret)
		ret = check_tls(&c, h);
	return ret ? ret : check_limits(&c, h);
}

/* ---- the rest ---- */

static bool
same_headers(const struct http_def *a, const struct http_def *b)
{
	if (a->header_count != b->header_count)
		return false;
	for (size_t i = 0; i < a->header_count; i++) {
		if (strcmp(a->headers[i].name, b->headers[i].name) != 0 ||
		    strcmp(a->headers[i].value, b->headers[i].value) != 0)
			return false;
	}
	return true;
}

static bool
same_expect(const struct http_def *a, const struct http_def *b)
{
	if (a->expect_count != b->expect_count)
		return false;
	for (size_t i = 0; i < a->expect_count; i++) {
		if (a->expect[i].first != b->expect[i].first ||
		    a->expect[i].last != b->expect[i].last)
			return false;
	}
	return true;
}

bool
http_same(const struct http_def *a, const struct http_def *b)
{
	if (!a || !b)
		return a == b;
	return same_text(a->method, b->method) && same_text(a->url, b->url) &&
	       same_headers(a, b) && same_text(a->body, b->body) && same_expect(a, b) &&
	       same_text(a->ca_file, b->ca_file) && same_text(a->client_cert, b->client_cert) &&
	       same_text(a->client_key, b->client_key) && a->unverified == b->unverified &&
	       a->redirects == b->redirects && a->max_bytes == b->max_bytes &&
	       a->connect_us == b->connect_us && a->async == b->async &&
	       a->heartbeat_us == b->heartbeat_us;
}

static size_t
bytes_of(const char *text)
{
	return text ? strlen(text) + 1 : 0;
}

size_t
http_bytes(const struct http_def *h)
{
	size_t n = bytes_of(h->method) + bytes_of(h->url) + bytes_of(h->body) +
		   bytes_of(h->ca_file) + bytes_of(h->client_cert) + bytes_of(h->client_key);

	for (size_t i = 0; i < h->header_count; i++)
		n += bytes_of(h->headers[i].name) + bytes_of(h->headers[i].value);
	return n;
}
