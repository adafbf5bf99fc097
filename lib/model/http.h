/*
 * The HTTP request of a task: what is asked, of whom, and what counts as success. Pure; pointers are
 * borrowed from the arena that they came from.
 */
#ifndef MODEL_HTTP_H
#define MODEL_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum {
	HTTP_METHOD_MAX = 20, /* bytes */
	HTTP_URL_MAX = 4096,  /* bytes */
	HTTP_HEADERS_MAX = 64,
	HTTP_EXPECT_MAX = 16,
	HTTP_REDIRECTS_MAX = 20,
};

/* What a request has that does not say otherwise. */
#define HTTP_METHOD	  "POST"
#define HTTP_TIMEOUT_US	  (INT64_C(5) * 60 * 1000000)
#define HTTP_CONNECT_US	  (INT64_C(10) * 1000000)
#define HTTP_HEARTBEAT_US (INT64_C(60) * 60 * 1000000)
#define HTTP_ANSWER_MAX	  (INT64_C(10) << 20)
#define HTTP_ANSWER_LIMIT (INT64_C(1) << 30)

struct http_header {
	const char *name, *value;
};

/* Statuses that count as success. */
struct http_range {
	uint16_t first, last;
};

struct http_def {
	const char *method; /* a token of capitals */
	const char *url; /* http:// or https://; its values may be placeholders, not its host */
	struct http_header *headers;
	size_t header_count;
	const char *body; /* NULL: none */
	struct http_range *expect;
	size_t expect_count;	 /* 0: 200 to 299 */
	const char *ca_file;	 /* NULL: the system's authorities */
	const char *client_cert; /* NULL: none */
	const char *client_key;	 /* NULL: it stands in the certificate's file */
	bool unverified;	 /* whoever answers is taken for the one that was asked */
	uint32_t redirects; /* that are followed at most; 0: one is an answer like any other */
	int64_t max_bytes;  /* of the answer; a longer one has failed */
	int64_t connect_us; /* until the connection stands, TLS included */
	bool async;	    /* a target that answers 202 reports later how it ended */
	int64_t heartbeat_us; /* it must report within this, and again */
};

/* Is this what the task hopes for? */
bool http_is_expected(const struct http_def *h, int status);

/*
 * Check a request; `of` is the member that it stands in, `tasks[0].http`.
 *
 * Fails: ERR_INPUT `Invalid value: tasks[0].http.url: must begin with http:// or https://`.
 */
MUST_CHECK int http_validate(const struct http_def *h, const char *of, struct err *err);

bool http_same(const struct http_def *a, const struct http_def *b);

/* The host and port that an address names: bytes at *host. */
size_t http_host(const char *url, const char **host);

/* Of all its texts, each with its NUL. */
size_t http_bytes(const struct http_def *h);

#endif
