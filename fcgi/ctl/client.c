/*
 * A FastCGI client: see client.h. The numbers are those of the FastCGI specification 1.0;
 * libfcgi has no client side.
 *
 * A server may answer before it has read the whole request, and may then close: so reading and
 * writing go side by side, and a broken pipe while writing is no failure until the answer turns
 * out to be incomplete.
 */
#include "ctl/client.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { HEADER_LEN = 8, VERSION = 1, REQUEST_ID = 1, RESPONDER = 1, SHORT_LENGTH_MAX = 127 };

enum record {
	BEGIN_REQUEST = 1,
	END_REQUEST = 3,
	PARAMS = 4,
	STDIN = 5,
	STDOUT = 6,
	STDERR = 7
};

enum protocol_status { REQUEST_COMPLETE = 0, OVERLOADED = 2 };

/* ---- requests ---- */

static void
record_header(struct buf *out, enum record type, size_t len)
{
	unsigned char header[HEADER_LEN] = {VERSION, (unsigned char)type, 0, REQUEST_ID,
	    (unsigned char)(len >> 8), (unsigned char)len};

	buf_add(out, header, sizeof header);
}

/* A stream: as many records as it takes, and the empty one that ends it. */
static void
stream(struct buf *out, enum record type, const char *data, size_t len)
{
	while (len > 0) {
		size_t n = len < CLIENT_RECORD_MAX ? len : CLIENT_RECORD_MAX;

		record_header(out, type, n);
		buf_add(out, data, n);
		data += n;
		len -= n;
	}
	record_header(out, type, 0);
}

static void
length(struct buf *out, size_t len)
{
	if (len > SHORT_LENGTH_MAX) {
		buf_addc(out, (char)(0x80 | len >> 24));
		buf_addc(out, (char)(len >> 16));
		buf_addc(out, (char)(len >> 8));
	}
	buf_addc(out, (char)len);
}

int
client_encode(struct buf *out, const struct client_request *request, struct err *err)
{
	static const char begin[HEADER_LEN] = {0, RESPONDER};
	struct buf params = BUF_INIT;
	int ret = 0;

	for (size_t i = 0; i < request->param_count; i++) {
		const struct client_param *p = &request->params[i];
		size_t name_len = strlen(p->name), value_len = strlen(p->value);

		if (name_len > CLIENT_BODY_MAX || value_len > CLIENT_BODY_MAX ||
		    params.len > CLIENT_BODY_MAX) {
			ret = err_fail(err, ERR_INPUT, "request: its parameters are too large");
			goto done;
		}
		length(&params, name_len);
		length(&params, value_len);
		buf_add(&params, p->name, name_len);
		buf_add(&params, p->value, value_len);
	}
	if (request->body_len > CLIENT_BODY_MAX) {
		ret = err_fail(err, ERR_INPUT, "request: its body is too large");
		goto done;
	}
	record_header(out, BEGIN_REQUEST, sizeof begin);
	buf_add(out, begin, sizeof begin);
	stream(out, PARAMS, params.data, params.len);
	stream(out, STDIN, request->body, request->body_len);
done:
	buf_release(&params);
	return ret;
}

/* ---- answers ---- */

static int
end_request(struct client_decoder *d, const unsigned char *content, size_t len, struct err *err)
{
	if (len < HEADER_LEN)
		return err_fail(err, ERR_IO, "answer: malformed end record");
	if (content[4] == OVERLOADED)
		return err_fail(err, ERR_BUSY, "the service is overloaded");
	if (content[4] != REQUEST_COMPLETE)
		return err_fail(err, ERR_IO,
		    "answer: the request was rejected (protocol status %d)", content[4]);
	d->ended = true;
	return 0;
}

static int
take_record(struct client_decoder *d, int type, const unsigned char *content, size_t len,
    struct err *err)
{
	switch (type) {
	case STDOUT:
		if (len > CLIENT_BODY_MAX - d->output.len)
			return err_fail(
			    err, ERR_IO, "answer: larger than %d bytes", CLIENT_BODY_MAX);
		buf_add(&d->output, content, len);
		return 0;
	case STDERR:
		if (len > CLIENT_STDERR_MAX - d->errors.len)
			len = CLIENT_STDERR_MAX - d->errors.len;
		buf_add(&d->errors, content, len);
		return 0;
	case END_REQUEST:
		return end_request(d, content, len, err);
	default:
		return err_fail(err, ERR_IO, "answer: unexpected record of type %d", type);
	}
}

int
client_decode(struct client_decoder *d, const void *data, size_t len, struct err *err)
{
	const unsigned char *at, *end;
	int ret = 0;

	buf_add(&d->raw, data, len);
	at = (const unsigned char *)d->raw.data;
	end = at + d->raw.len;
	while (!d->ended && end - at >= HEADER_LEN) {
		size_t content_len = (size_t)at[4] << 8 | at[5], padding = at[6];

		if (at[0] != VERSION || at[2] != 0 || at[3] != REQUEST_ID)
			return err_fail(err, ERR_IO, "answer: this is not FastCGI");
		if ((size_t)(end - at) < HEADER_LEN + content_len + padding)
			break;
		ret = take_record(d, at[1], at + HEADER_LEN, content_len, err);
		if (ret)
			return ret;
		at += HEADER_LEN + content_len + padding;
	}
	d->raw.len = (size_t)(end - at);
	memmove(d->raw.data, at, d->raw.len);
	return 0;
}

/* Move the header's lines to the answer; *rest is where the body begins. False if the header
 * does not end. */
static bool
split_header(const struct buf *output, struct client_answer *answer, size_t *rest)
{
	size_t at = 0;

	while (at < output->len) {
		const char *line = output->data + at;
		const char *nl = memchr(line, '\n', output->len - at);
		size_t len;

		if (!nl)
			return false;
		len = (size_t)(nl - line);
		at += len + 1;
		if (len > 0 && line[len - 1] == '\r')
			len--;
		if (len == 0) {
			*rest = at;
			return true;
		}
		buf_add(&answer->header, line, len);
		buf_addc(&answer->header, '\n');
	}
	return false;
}

/* Digits alone, up to `max`. */
static bool
number(const char *text, size_t max, size_t *out)
{
	size_t n = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		n = n * 10 + (size_t)(*text - '0');
		if (n > max)
			return false;
	}
	*out = n;
	return true;
}

int
client_decode_finish(struct client_decoder *d, struct client_answer *answer, struct err *err)
{
	char value[32];
	size_t rest, n;

	if (!d->ended)
		return err_fail(err, ERR_IO, "answer: it broke off");
	if (!split_header(&d->output, answer, &rest))
		return err_fail(err, ERR_IO, "answer: its header does not end");
	answer->status = 200;
	if (client_answer_header(answer, "Status", value, sizeof value)) {
		value[strcspn(value, " ")] = '\0';
		if (!number(value, 999, &n) || n < 100)
			return err_fail(err, ERR_IO, "answer: malformed status");
		answer->status = (int)n;
	}
	buf_add(&answer->body, d->output.data + rest, d->output.len - rest);
	if (client_answer_header(answer, "Content-Length", value, sizeof value) &&
	    (!number(value, CLIENT_BODY_MAX, &n) || n != answer->body.len))
		return err_fail(err, ERR_IO, "answer: it is not as long as it says");
	buf_add(&answer->errors, d->errors.data, d->errors.len);
	return 0;
}

bool
client_answer_header(
    const struct client_answer *answer, const char *name, char *value, size_t size)
{
	size_t name_len = strlen(name);
	const char *line = answer->header.len ? answer->header.data : "";

	for (; *line; line += strcspn(line, "\n") + 1) {
		const char *from, *to = line + strcspn(line, "\n");

		if (strncasecmp(line, name, name_len) != 0 || line[name_len] != ':')
			continue;
		from = line + name_len + 1;
		while (from < to && isblank((unsigned char)*from))
			from++;
		while (to > from && isblank((unsigned char)to[-1]))
			to--;
		snprintf(value, size, "%.*s", (int)(to - from), from);
		return true;
	}
	return false;
}

void
client_answer_release(struct client_answer *answer)
{
	buf_release(&answer->header);
	buf_release(&answer->body);
	buf_release(&answer->errors);
}

void
client_decoder_release(struct client_decoder *d)
{
	buf_release(&d->raw);
	buf_release(&d->output);
	buf_release(&d->errors);
}

/* ---- the connection ---- */

/* Fill in an address for `path`; *dir_fd keeps its directory open, as long as the address is
 * used, where that is the way. */
static int
address(const char *path, struct sockaddr_un *sun, int *dir_fd, struct err *err)
{
	const char *slash = strrchr(path, '/');
	struct buf dir = BUF_INIT;
	int len;

	*sun = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (strlen(path) < sizeof sun->sun_path) {
		memcpy(sun->sun_path, path, strlen(path));
		return 0;
	}
	if (!slash)
		return err_fail(err, ERR_INPUT, "%s: no socket can have so long a name", path);
	buf_add(&dir, path, (size_t)(slash - path) + 1);
	*dir_fd = open(dir.data, O_PATH | O_DIRECTORY | O_CLOEXEC);
	buf_release(&dir);
	if (*dir_fd < 0)
		return err_errno(
		    err, errno == EACCES ? ERR_DENIED : ERR_BUSY, errno, "%s", path);
	len = snprintf(
	    sun->sun_path, sizeof sun->sun_path, "/proc/self/fd/%d/%s", *dir_fd, slash + 1);
	if (len < 0 || (size_t)len >= sizeof sun->sun_path)
		return err_fail(err, ERR_INPUT, "%s: no socket can have so long a name", path);
	return 0;
}

static int
connect_fail(const char *path, int errnum, struct err *err)
{
	switch (errnum) {
	case ENOENT:
	case ECONNREFUSED:
		return err_fail(
		    err, ERR_BUSY, "the service is not running: nobody listens at %s", path);
	case EACCES:
	case EPERM:
		return err_fail(err, ERR_DENIED,
		    "%s: permission denied: only root and the service's user may connect",
		    path);
	case EAGAIN:
		return err_fail(err, ERR_BUSY, "%s: the service does not answer", path);
	default:
		return err_errno(err, ERR_IO, errnum, "%s", path);
	}
}

int
client_connect(const char *path, int *fd, struct err *err)
{
	struct timeval silence = {.tv_sec = CLIENT_SILENCE_S};
	struct sockaddr_un sun;
	int dir_fd = -1, ret;

	*fd = -1;
	ret = address(path, &sun, &dir_fd, err);
	if (ret)
		goto done;
	*fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*fd < 0) {
		ret = err_errno(err, ERR_IO, errno, "socket");
		goto done;
	}
	/* While the backlog is full connect() waits, for as long as this says. */
	if (setsockopt(*fd, SOL_SOCKET, SO_SNDTIMEO, &silence, sizeof silence) < 0 ||
	    connect(*fd, (const struct sockaddr *)&sun, sizeof sun) < 0)
		ret = connect_fail(path, errno, err);
done:
	if (dir_fd >= 0)
		close(dir_fd);
	if (ret && *fd >= 0) {
		close(*fd);
		*fd = -1;
	}
	return ret;
}

/* Write what the socket takes now. A server that has stopped reading may have answered: then
 * there is nothing more to write. */
static int
write_some(int fd, const struct buf *out, size_t *sent, struct err *err)
{
	ssize_t n = send(fd, out->data + *sent, out->len - *sent, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n >= 0)
		*sent += (size_t)n;
	else if (errno == EPIPE || errno == ECONNRESET)
		*sent = out->len;
	else if (errno != EAGAIN && errno != EINTR)
		return err_errno(err, ERR_IO, errno, "send");
	return 0;
}

/* Read what has arrived; *eof when no more will. */
static int
read_some(int fd, struct client_decoder *d, bool *eof, struct err *err)
{
	char piece[16 * 1024];
	ssize_t n = recv(fd, piece, sizeof piece, MSG_DONTWAIT);

	if (n > 0)
		return client_decode(d, piece, (size_t)n, err);
	if (n == 0 || errno == ECONNRESET)
		*eof = true;
	else if (errno != EAGAIN && errno != EINTR)
		return err_errno(err, ERR_IO, errno, "receive");
	return 0;
}

static int
move_bytes(int fd, const struct buf *out, struct client_decoder *d, struct err *err)
{
	struct pollfd p = {.fd = fd};
	size_t sent = 0;
	bool eof = false;
	int ret = 0;

	/* At the top: the answer has not ended, and `sent` bytes of the request are on their
	 * way. */
	while (!ret && !d->ended && !eof) {
		p.events = (short)(POLLIN | (sent < out->len ? POLLOUT : 0));
		p.revents = 0;
		ret = poll(&p, 1, CLIENT_SILENCE_S * 1000);
		if (ret == 0)
			return err_fail(err, ERR_BUSY, "the service was silent for %d seconds",
			    CLIENT_SILENCE_S);
		if (ret < 0 && errno != EINTR)
			return err_errno(err, ERR_IO, errno, "poll");
		ret = 0;
		if (p.revents & POLLOUT)
			ret = write_some(fd, out, &sent, err);
		if (!ret && p.revents & ~POLLOUT)
			ret = read_some(fd, d, &eof, err);
	}
	return ret;
}

int
client_exchange(
    int fd, const struct client_request *request, struct client_answer *answer, struct err *err)
{
	struct client_decoder decoder = CLIENT_DECODER_INIT;
	struct buf out = BUF_INIT;
	int ret;

	ret = client_encode(&out, request, err);
	if (!ret)
		ret = move_bytes(fd, &out, &decoder, err);
	if (!ret)
		ret = client_decode_finish(&decoder, answer, err);
	buf_release(&out);
	client_decoder_release(&decoder);
	return ret;
}
