/*
 * A request and its response as the faces see them: plain values, so that a face needs no
 * FastCGI and can be tested without. Everything in both is borrowed from the request's arena.
 */
#ifndef APP_REQUEST_H
#define APP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "service/service.h"

struct face;
struct result;

struct request {
	struct arena *arena;
	const char *method;  /* as sent: "POST" */
	const char *path;    /* decoded, repeated slashes made one, blanks at the end cut off */
	const char *query;   /* raw, without the question mark; never NULL */
	char *const *params; /* FastCGI parameters, "NAME=value", NULL at the end */
	const char *body;    /* never NULL, NUL behind it */
	size_t body_len;
	bool body_too_large; /* over the limit: it was not read */
	bool body_short; /* it ended before its announced length (the client has gone), or what
			    was announced is no length, and nothing of it was read */
	bool private_socket; /* came through the socket that only the service's user can open */
	int64_t now_us;	     /* wall clock when it was read */
};

/*
 * Fill *req from FastCGI parameters ("NAME=value", NULL at the end; borrowed), without the
 * body.
 *
 * The path is DOCUMENT_URI, else SCRIPT_NAME and PATH_INFO, which web servers decode, else that
 * of REQUEST_URI, which they do not. *announced is the length in CONTENT_LENGTH; 0 without it.
 *
 * Fails: ERR_INPUT without a method, and for a path with a NUL or a broken escape; *req can be
 * answered all the same.
 */
MUST_CHECK int request_init(struct request *req, struct arena *arena, char *const *params,
    uint64_t *announced, struct err *err);

/*
 * Read the body, unless more than `max_bytes` were announced. `read` copies up to `len` bytes
 * and answers how many; fewer than asked for mean the end.
 */
void request_read_body(struct request *req, uint64_t announced, uint64_t max_bytes,
    size_t (*read)(void *ctx, char *buf, size_t len), void *ctx);

/* A FastCGI parameter by name ("HTTP_PATOKEN", "REMOTE_ADDR"); NULL if absent. */
const char *request_param(const struct request *req, const char *name);

/* The byte that an escape "%2F" stands for; -1 if `p` does not begin with one. */
int request_escape(const char *p);

/* A file that is sent in place of the body, read as it is written. */
struct response_file {
	int fd;
	uint64_t bytes;
};

struct response {
	int status;
	const char *content_type; /* NULL: no body */
	/* Further lines, each ended by \r\n; constants and checked values only. */
	struct buf headers;
	struct buf body;
	struct response_file *file; /* NULL: the body */
	bool recover; /* the store is lost (ERR_RECOVER): the worker leaves after this answer */
};

/* Set status, type and body at once, in place of whatever was there. `text` is copied. */
void response_set(struct response *res, int status, const char *content_type, const char *text);

/*
 * Add one header line. A value with a control character is a bug in the caller and is dropped
 * with a log line.
 */
void response_header(struct response *res, const char *name, const char *value);

/*
 * Let the web server send a file of the output directory, `path` relative to that, in place of
 * the body; status, type and headers stay the answer's.
 *
 * True if it can, which it says in the parameter CARILLON_ACCEL (nginx/carillon.conf): where it
 * finds that directory. Otherwise false, nothing has changed, and the caller sends the bytes.
 */
bool response_send_file(struct response *res, const struct request *req, const char *path);

/*
 * Answer 200 with a result file: its bytes, sent by the web server if it can, else read by the worker
 * as the client takes them, without the store. `content_type` NULL: by the file's name. The name is
 * told as `attachment;filename="..."`, with `_` for whatever cannot stand there. A HEAD is answered
 * alike, without the bytes.
 *
 * Fails: ERR_MISSING when the file is gone, or is not the one that was recorded; ERR_IO; *res is then
 * as it was.
 */
MUST_CHECK int response_send_result(struct response *res, const struct request *req,
    const struct face *face, const struct result *r, const char *content_type, struct err *err);

/* Of a result file, by its extension; without a charset. */
const char *result_content_type(const char *name);

/* Hand the body, or the file, to `write` in pieces, nothing where there is none. A file that has
 * become shorter ends early. `write` answers false when nobody listens any more. */
void response_write_body(const struct response *res, const struct request *req,
    bool (*write)(void *ctx, const char *data, size_t len), void *ctx);

/*
 * Everything before the body as FastCGI wants it, the empty line included. An unset status is
 * a 500; nothing is ever kept in a cache, unless a header says otherwise.
 */
void response_head(const struct response *res, struct buf *out);

/* Free what it holds; it is valid and empty. */
void response_release(struct response *res);

/* What a face works with besides the request. */
struct face {
	struct service *service;
	const char *output_dir;	     /* what commands wrote, see config.h */
	const char *output_path;     /* the same as others may be told: absolute */
	const char *time_zone;	     /* of triggers that name none */
	const char *allowed_origins; /* with one blank between them; NULL: none */
	const char *api_key; /* that Altogic's clients must send as Authorization; NULL: none */
	int64_t altogic_idle_us, openspecimen_idle_us; /* of sessions made there */
	/* Where a face lies: "" at the root, "/ops" below that, NULL: it is switched off. */
	const char *api3_at, *altogic_at, *ricloud_at, *openspecimen_at;
};

#endif
