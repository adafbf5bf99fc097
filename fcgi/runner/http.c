/* HTTP requests of attempts: see http.h. */
#include "runner/http.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/network.h"

enum { NETWORKS_MAX = 256, PORTS_MAX = 256, REASON_TEXT = 256 };

struct ports {
	uint16_t first, last;
};

struct http_client {
	struct loop *loop;
	CURLM *multi;
	struct loop_timer *timer;
	char *tls_dir;
	struct network networks[NETWORKS_MAX];
	size_t network_count;
	struct ports ports[PORTS_MAX];
	size_t port_count;
};

struct http_call {
	struct http_client *client;
	struct http_sink sink;
	CURL *easy;
	bool added; /* libcurl has it */
	struct curl_slist *headers;
	char *url, *method, *body;
	uint32_t redirects;
	uint64_t max_bytes, got_bytes;
	bool secret;
	bool follow; /* the answer leads elsewhere, and we go there: it is not the last */
	bool begun, ended;
	int status;
	char error[CURL_ERROR_SIZE];
	char reason[REASON_TEXT]; /* "": none */
};

/* ---- the guard ---- */

static void refuse(struct http_call *call, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* The first reason is the one that counts. */
static void
refuse(struct http_call *call, const char *fmt, ...)
{
	va_list ap;

	if (call->reason[0])
		return;
	va_start(ap, fmt);
	vsnprintf(call->reason, sizeof call->reason, fmt, ap);
	va_end(ap);
}

static unsigned
port_of(const struct sockaddr *to)
{
	if (to->sa_family == AF_INET)
		return ntohs(((const struct sockaddr_in *)(const void *)to)->sin_port);
	return ntohs(((const struct sockaddr_in6 *)(const void *)to)->sin6_port);
}

static bool
port_is_allowed(const struct http_client *c, unsigned port)
{
	for (size_t i = 0; i < c->port_count; i++) {
		if (port >= c->ports[i].first && port <= c->ports[i].last)
			return true;
	}
	return false;
}

/* libcurl asks for a socket to one address: the last moment, and the only one that counts. */
static curl_socket_t
open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct http_call *call = ctx;
	struct http_client *c = call->client;
	const char *what = network_refusal(&to->addr, c->networks, c->network_count);

	(void)purpose;
	if (what) {
		refuse(call, "refused: its address is %s; see httpAllow", what);
		return CURL_SOCKET_BAD;
	}
	if (!port_is_allowed(c, port_of(&to->addr))) {
		refuse(call, "refused: its port is %u; see httpPorts", port_of(&to->addr));
		return CURL_SOCKET_BAD;
	}
	return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

/* ---- what comes ---- */

static size_t
on_body(char *data, size_t size, size_t count, void *ctx)
{
	struct http_call *call = ctx;
	size_t len = size * count;

	if (call->follow)
		return len;
	call->got_bytes += len;
	if (call->max_bytes && call->got_bytes > call->max_bytes) {
		refuse(call, "the answer has more than %" PRIu64 " bytes", call->max_bytes);
		return 0;
	}
	call->sink.body(call->sink.ctx, data, len);
	return len;
}

static bool
is_redirect(long status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 ||
	       status == 308;
}

static size_t
on_head(char *data, size_t size, size_t count, void *ctx)
{
	struct http_call *call = ctx;
	size_t len = size * count;
	long status = 0;

	curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
	call->follow = call->redirects && is_redirect(status);
	call->sink.head(call->sink.ctx, data, len);
	return len;
}

/* ---- requests ---- */

static bool
is_below(const char *dir, const char *path)
{
	size_t len = strlen(dir);

	return !strncmp(dir, path, len) && path[len] == '/' && !strstr(path, "/../");
}

/* The files lie where the configuration says; a definition must not reach others' keys. */
static void
set_tls(struct http_call *call, const struct channel_http *h)
{
	const struct {
		CURLoption option;
		const char *path;
	} files[] = {{CURLOPT_CAINFO, h->ca_file}, {CURLOPT_SSLCERT, h->client_cert},
	    {CURLOPT_SSLKEY, h->client_key}};
	CURL *easy = call->easy;

	for (size_t i = 0; i < 3; i++) {
		if (!files[i].path)
			continue;
		if (!is_below(call->client->tls_dir, files[i].path))
			refuse(
			    call, "refused: %s does not lie below httpTlsDir", files[i].path);
		else
			curl_easy_setopt(easy, files[i].option, files[i].path);
	}
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, h->unverified ? 0L : 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, h->unverified ? 0L : 2L);
}

static void
set_method(struct http_call *call)
{
	CURL *easy = call->easy;

	curl_easy_setopt(easy, CURLOPT_NOBODY, 0L);
	curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
	/* Also an empty body has a length: without one servers wait, or refuse. */
	if (call->body || !strcmp(call->method, "POST") || !strcmp(call->method, "PUT") ||
	    !strcmp(call->method, "PATCH")) {
		const char *body = call->body ? call->body : "";

		curl_easy_setopt(easy, CURLOPT_POST, 1L);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(body));
		curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, body);
	}
	if (!strcmp(call->method, "HEAD"))
		curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, call->method);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, call->headers);
	curl_easy_setopt(easy, CURLOPT_URL, call->url);
}

static void
set_limits(struct http_call *call, const struct channel_http *h)
{
	CURL *easy = call->easy;

	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
	/* Neither proxies, passwords nor other things of the environment. */
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, call);
	/* Whatever libcurl may repeat by itself is a second request of one attempt. */
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	/* Neither signals, nor a thread that looks up a name and has to be waited for. */
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)(h->connect_us / 1000));
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "carillon");
}

static void
add_header(struct http_call *call, const char *line, bool leave_out)
{
	struct curl_slist *list;
	const char *colon = strchr(line, ':');
	char *empty = NULL;

	/* libcurl takes "Name:" for one that is to be left out, "Name;" for one without a value. */
	if (!leave_out && colon && !colon[1 + strspn(colon + 1, " \t")]) {
		empty = mem_strdup(line);
		empty[colon - line] = ';';
		empty[colon - line + 1] = '\0';
	}
	list = curl_slist_append(call->headers, empty ? empty : line);
	if (list)
		call->headers = list;
	else
		refuse(call, "out of memory");
	free(empty);
}

struct http_call *
http_call_new(struct http_client *client, const struct channel_http *request,
    const struct http_sink *sink)
{
	struct http_call *call = mem_alloc(sizeof *call);
	CURL *easy = curl_easy_init();
	bool typed = false;

	call->client = client;
	call->sink = *sink;
	call->easy = easy;
	call->url = mem_strdup(request->url);
	call->method = mem_strdup(request->method);
	call->body = request->body ? mem_strdup(request->body) : NULL;
	call->redirects = request->redirects;
	call->max_bytes = request->max_bytes;
	call->secret = request->secret;
	if (!easy) {
		refuse(call, "out of memory");
		return call;
	}
	/* It waits for a yes before it sends a long body, which not every server gives. */
	add_header(call, "Expect:", true);
	for (const char **line = request->headers; *line; line++) {
		typed = typed || !strncasecmp(*line, "Content-Type:", 13);
		add_header(call, *line, false);
	}
	/* libcurl would call it a form. */
	if (!typed)
		add_header(call, "Content-Type:", true);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, call);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call->error);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_head);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, call);
	set_limits(call, request);
	set_tls(call, request);
	return call;
}

static void
detach(struct http_call *call)
{
	if (call->added)
		curl_multi_remove_handle(call->client->multi, call->easy);
	call->added = false;
}

void
http_call_free(struct http_call *call)
{
	if (!call)
		return;
	detach(call);
	if (call->easy)
		curl_easy_cleanup(call->easy);
	curl_slist_free_all(call->headers);
	free(call->url);
	free(call->method);
	free(call->body);
	free(call);
}

/* Faults of names, connections and certificates go where the headers go. */
static void
end_call(struct http_call *call)
{
	call->ended = true;
	if (!call->reason[0])
		return;
	call->sink.head(call->sink.ctx, call->reason, strlen(call->reason));
	call->sink.head(call->sink.ctx, "\n", 1);
}

static void
attach(struct http_call *call)
{
	set_method(call);
	call->follow = false;
	call->got_bytes = 0;
	if (!call->reason[0] && curl_multi_add_handle(call->client->multi, call->easy))
		refuse(call, "the request could not be made");
	if (call->reason[0])
		end_call(call);
	else
		call->added = true;
}

void
http_call_begin(struct http_call *call)
{
	if (!call->begun)
		attach(call);
	call->begun = true;
}

bool
http_call_ended(const struct http_call *call, int *status, const char **reason)
{
	*status = call->status;
	*reason = call->reason[0] ? call->reason : NULL;
	return call->ended;
}

/* ---- redirects ---- */

/* Scheme, host and port of an address: bytes from its beginning. */
static size_t
origin_len(const char *url)
{
	const char *slashes = strstr(url, "://");

	return slashes ? (size_t)(slashes - url) + 3 + strcspn(slashes + 3, "/?#") : 0;
}

static bool
same_origin(const char *a, const char *b)
{
	size_t len = origin_len(a);

	return len == origin_len(b) && !strncasecmp(a, b, len);
}

/* What names the sender is not for others. */
static void
drop_credentials(struct http_call *call)
{
	static const char *const names[] = {"Authorization:", "Cookie:", "X-Carillon-Report-"};
	struct curl_slist *kept = NULL, *list;

	for (struct curl_slist *line = call->headers; line; line = line->next) {
		bool private = false;

		for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		private = private || !strncasecmp(line->data, names[i], strlen(names[i]));
		list = private ? kept : curl_slist_append(kept, line->data);
		kept = list ? list : kept;
	}
	curl_slist_free_all(call->headers);
	call->headers = kept;
}

/* Where libcurl says that the answer leads; it resolved what is relative. */
static bool
follow(struct http_call *call)
{
	const char *to = NULL;

	if (curl_easy_getinfo(call->easy, CURLINFO_REDIRECT_URL, &to) || !to || !origin_len(to))
		return false;
	if (!strncasecmp(call->url, "https:", 6) && strncasecmp(to, "https:", 6) != 0) {
		refuse(call, "refused: it was redirected from https to http");
		return false;
	}
	if (!same_origin(call->url, to)) {
		if (call->secret) {
			refuse(call, "refused: it was redirected to another host, which is not "
				     "to see its secrets");
			return false;
		}
		drop_credentials(call);
	}
	/* As browsers do: RFC 9110, 15.4. */
	if ((call->status == 303 && strcmp(call->method, "HEAD") != 0) ||
	    ((call->status == 301 || call->status == 302) && !strcmp(call->method, "POST"))) {
		free(call->method);
		free(call->body);
		call->method = mem_strdup("GET");
		call->body = NULL;
	}
	call->redirects--;
	to = mem_strdup(to);
	free(call->url);
	call->url = (char *)to;
	attach(call);
	return true;
}

/* ---- libcurl and the loop ---- */

static void
settle(struct http_call *call, CURLcode result)
{
	long status = 0;

	curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
	call->status = (int)status;
	detach(call);
	if (result)
		refuse(call, "%s", call->error[0] ? call->error : curl_easy_strerror(result));
	else if (call->follow && follow(call))
		return;
	else if (call->follow && !call->reason[0])
		refuse(call, "it was redirected to nowhere");
	end_call(call);
}

static void
settle_all(struct http_client *c)
{
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(c->multi, &left))) {
		struct http_call *call = NULL;
		CURLcode result = m->data.result;

		if (m->msg == CURLMSG_DONE &&
		    !curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &call) && call)
			settle(call, result);
	}
}

struct socket_watch {
	struct http_client *client;
	curl_socket_t fd;
	struct loop_watch *watch;
};

static void
act(struct http_client *c, curl_socket_t fd, int events)
{
	int running;

	curl_multi_socket_action(c->multi, fd, events, &running);
	settle_all(c);
}

static void
on_socket(void *ctx, int events)
{
	struct socket_watch *s = ctx;

	/* It may be freed within. */
	act(s->client, s->fd,
	    (events & LOOP_READABLE ? CURL_CSELECT_IN : 0) |
		(events & LOOP_WRITABLE ? CURL_CSELECT_OUT : 0));
}

static int
set_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *mine)
{
	struct http_client *c = ctx;
	struct socket_watch *s = mine;
	int events = (what & CURL_POLL_IN ? LOOP_READABLE : 0) |
		     (what & CURL_POLL_OUT ? LOOP_WRITABLE : 0);

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (s)
			loop_watch_free(s->watch);
		free(s);
		curl_multi_assign(c->multi, fd, NULL);
		return 0;
	}
	if (s) {
		loop_watch_set(s->watch, events);
		return 0;
	}
	s = mem_alloc(sizeof *s);
	s->client = c;
	s->fd = fd;
	s->watch = loop_watch_new(c->loop, fd, events, on_socket, s);
	curl_multi_assign(c->multi, fd, s);
	return 0;
}

static void
on_time(void *ctx)
{
	act(ctx, CURL_SOCKET_TIMEOUT, 0);
}

static int
set_time(CURLM *multi, long timeout_ms, void *ctx)
{
	struct http_client *c = ctx;

	(void)multi;
	if (timeout_ms < 0)
		loop_timer_unset(c->timer);
	else
		loop_timer_set(c->timer, (int64_t)timeout_ms * 1000);
	return 0;
}

/* ---- the client ---- */

static int
read_limits(struct http_client *c, const struct http_limits *limits, struct err *err)
{
	size_t len;

	for (const char *p = limits->allow ? limits->allow : ""; *(p += strspn(p, " "));
	     p += len) {
		len = strcspn(p, " ");
		if (c->network_count == NETWORKS_MAX ||
		    !network_parse(p, len, &c->networks[c->network_count++]))
			return err_fail(
			    err, ERR_INPUT, "httpAllow: too many, or not a network");
	}
	for (const char *p = limits->ports; *(p += strspn(p, " ")); p += len) {
		struct ports *range = &c->ports[c->port_count];
		char *end;

		len = strcspn(p, " ");
		if (++c->port_count == PORTS_MAX)
			return err_fail(err, ERR_INPUT, "httpPorts: too many");
		range->first = range->last = (uint16_t)strtoul(p, &end, 10);
		if (*end == '-')
			range->last = (uint16_t)strtoul(end + 1, NULL, 10);
	}
	return 0;
}

int
http_client_open(struct loop *loop, const struct http_limits *limits,
    struct http_client **client, struct err *err)
{
	const curl_version_info_data *version;
	struct http_client *c;
	int rc;

	*client = NULL;
	if (curl_global_init(CURL_GLOBAL_DEFAULT))
		return err_fail(err, ERR_IO, "libcurl cannot be initialised");
	version = curl_version_info(CURLVERSION_NOW);
	if (!(version->features & CURL_VERSION_ASYNCHDNS) ||
	    !(version->features & CURL_VERSION_SSL))
		return err_fail(err, ERR_IO,
		    "libcurl %s cannot be used: it has no TLS, or waits for names",
		    version->version);
	c = mem_alloc(sizeof *c);
	c->loop = loop;
	c->tls_dir = mem_strdup(limits->tls_dir);
	c->timer = loop_timer_new(loop, on_time, c);
	c->multi = curl_multi_init();
	rc = c->multi ? read_limits(c, limits, err)
		      : err_fail(err, ERR_IO, "libcurl cannot be initialised");
	if (rc) {
		http_client_close(c);
		return rc;
	}
	curl_multi_setopt(c->multi, CURLMOPT_SOCKETFUNCTION, set_socket);
	curl_multi_setopt(c->multi, CURLMOPT_SOCKETDATA, c);
	curl_multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, set_time);
	curl_multi_setopt(c->multi, CURLMOPT_TIMERDATA, c);
	*client = c;
	return 0;
}

void
http_client_close(struct http_client *client)
{
	if (!client)
		return;
	if (client->multi)
		curl_multi_cleanup(client->multi);
	loop_timer_free(client->timer);
	free(client->tls_dir);
	free(client);
	curl_global_cleanup();
}

int64_t
http_call_retry_after_s(const struct http_call *call)
{
	curl_off_t seconds = 0;

	if ((call->status != 429 && call->status != 503) ||
	    curl_easy_getinfo(call->easy, CURLINFO_RETRY_AFTER, &seconds) || seconds <= 0)
		return -1;
	return seconds;
}
