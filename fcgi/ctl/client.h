/*
 * A FastCGI client: one request over one connection, as a web server would send it.
 *
 * Everything is bounded: what a request may hold, how much of an answer is kept, how long a
 * silent server is waited for. An answer is whole or it is an error; nothing that broke off is
 * ever handed out.
 */
#ifndef CTL_CLIENT_H
#define CTL_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

enum {
	CLIENT_RECORD_MAX = 65535,
	CLIENT_BODY_MAX = 64 * 1024 * 1024, /* of a request, and of an answer with its header */
	CLIENT_STDERR_MAX = 64 * 1024,	    /* more is dropped */
	CLIENT_SILENCE_S = 60,
};

/* One parameter of a request. */
struct client_param {
	const char *name, *value;
};

struct client_request {
	const struct client_param *params;
	size_t param_count;
	const char *body;
	size_t body_len;
};

/* What came back. */
struct client_answer {
	int status;	   /* 200 when the header names none */
	struct buf header; /* lines, each ended by \n, without the empty one */
	struct buf body;
	struct buf errors; /* what the server wrote to the standard error of the request */
};

#define CLIENT_ANSWER_INIT \
	{                  \
		0          \
	}

/*
 * Connect to a Unix socket. A path longer than a socket address holds is reached through its
 * directory.
 *
 * Owns:  *fd is the caller's, close-on-exec.
 * Fails: ERR_BUSY when nobody listens there, ERR_DENIED when we may not, ERR_INPUT for a file
 * name that no address can hold, ERR_IO.
 */
MUST_CHECK int client_connect(const char *path, int *fd, struct err *err);

/*
 * Send a request over a fresh connection and read its answer to the end. The connection is of
 * no use afterwards.
 *
 * Owns:  *answer, which must be initialised, is the caller's, also after a failure.
 * Fails: ERR_INPUT when the request is too large, ERR_BUSY when the server is overloaded or
 * silent for CLIENT_SILENCE_S, ERR_IO when the answer broke off, is malformed or too large. The
 * request may then have been carried out.
 */
MUST_CHECK int client_exchange(int fd, const struct client_request *request,
    struct client_answer *answer, struct err *err);

/* The value of a header line, name in any case, blanks around it cut off, up to `size` with the
 * NUL. False if there is none. */
bool client_answer_header(
    const struct client_answer *answer, const char *name, char *value, size_t size);

void client_answer_release(struct client_answer *answer);

/* ---- the codec, for who moves the bytes himself ---- */

/* Append the records of a whole request. Fails: ERR_INPUT when it is too large; `out` is then
 * of no use. */
MUST_CHECK int client_encode(
    struct buf *out, const struct client_request *request, struct err *err);

/* An answer under way. */
struct client_decoder {
	struct buf raw;	   /* what makes no whole record yet */
	struct buf output; /* header and body */
	struct buf errors;
	bool ended; /* END_REQUEST was seen: nothing more is wanted */
};

#define CLIENT_DECODER_INIT \
	{                   \
		0           \
	}

/* Take in the next bytes, in pieces of any size. Fails: ERR_IO, ERR_BUSY (overloaded); no
 * further call then. */
MUST_CHECK int client_decode(
    struct client_decoder *d, const void *data, size_t len, struct err *err);

/* Split header and body into *answer. Fails: ERR_IO when the answer has not ended or is
 * malformed. */
MUST_CHECK int client_decode_finish(
    struct client_decoder *d, struct client_answer *answer, struct err *err);

void client_decoder_release(struct client_decoder *d);

#endif
