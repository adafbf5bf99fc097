/*
 * HTTP requests of attempts, through libcurl's multi interface on the runner's loop: nothing here
 * waits. The only module that sees libcurl.
 *
 * A request is sent at most once: connections are not kept and not shared, so libcurl has never a
 * reason to try again. Each address that is connected to, also that of a redirect, is one that
 * network_refusal() lets through and whose port is allowed; proxies of the environment, users in
 * addresses and other schemes are not used.
 */
#ifndef RUNNER_HTTP_H
#define RUNNER_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "proc/channel.h"
#include "proc/loop.h"

struct http_client;
struct http_call;

struct http_limits {
	const char *allow, *ports, *tls_dir; /* as in struct config */
};

/*
 * `loop` and the texts are borrowed until http_client_close().
 *
 * Fails: ERR_IO, also when libcurl cannot look up names without waiting.
 */
MUST_CHECK int http_client_open(struct loop *loop, const struct http_limits *limits,
    struct http_client **client, struct err *err);
/* Its calls must have been freed before. */
void http_client_close(struct http_client *client);

/* Called with what comes; the bytes are borrowed for the call. */
struct http_sink {
	void (*body)(void *ctx, const char *data, size_t len);
	void (*head)(
	    void *ctx, const char *data, size_t len); /* whole lines of headers, and faults */
	void *ctx;
};

/* A call that is not sent. Nothing of `request` is borrowed. */
struct http_call *http_call_new(struct http_client *client, const struct channel_http *request,
    const struct http_sink *sink);

/* Send it. */
void http_call_begin(struct http_call *call);

/* Whatever it does is over, and nothing more comes of it; fine at any time, but not within the
 * sink's functions. */
void http_call_free(struct http_call *call);

/* Is it over? *status is that of the last answer, 0 for none; *reason is NULL for an answer that came
 * whole, and else says what went wrong until the call is freed. */
bool http_call_ended(const struct http_call *call, int *status, const char **reason);

/* Seconds that an answer with 429 or 503 asked to wait; -1: it did not. */
int64_t http_call_retry_after_s(const struct http_call *call);

#endif
