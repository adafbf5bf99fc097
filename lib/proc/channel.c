/*
 * The conversation of scheduler and runner: see channel.h.
 *
 * A message is one packet: version, type, then the groups of fields that its type has, always
 * in the order of the enum below.
 */
#include "proc/channel.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/pack.h"

enum {
	F_GENERATION = 1,
	F_ATTEMPT = 2,
	F_COMMAND = 4,
	F_PHASE = 8,
	F_PROCESS = 16,
	F_END = 32,

	RESULT_BYTES_MIN = 37,
};

/* The groups of a type's fields; 0: no such type. */
static unsigned
fields_of(unsigned type)
{
	switch (type) {
	case CHANNEL_HELLO:
	case CHANNEL_WELCOME:
	case CHANNEL_READY:
		return F_GENERATION;
	case CHANNEL_START:
		return F_ATTEMPT | F_COMMAND;
	case CHANNEL_RELEASE:
	case CHANNEL_KILL:
	case CHANNEL_FORGET:
		return F_ATTEMPT;
	case CHANNEL_STOP:
		return F_GENERATION;
	case CHANNEL_HELD:
	case CHANNEL_STALE:
	case CHANNEL_SWEPT:
		return F_ATTEMPT | F_PROCESS;
	case CHANNEL_KNOWN:
		return F_ATTEMPT | F_PHASE | F_PROCESS | F_END;
	case CHANNEL_ENDED:
		return F_ATTEMPT | F_PROCESS | F_END;
	default:
		return 0;
	}
}

static void
pack_http(struct buf *b, const struct channel_http *h)
{
	pack_str(b, h->method);
	pack_str(b, h->url);
	pack_list(b, h->headers);
	pack_str(b, h->body);
	pack_str(b, h->ca_file);
	pack_str(b, h->client_cert);
	pack_str(b, h->client_key);
	pack_u8(b, h->unverified);
	pack_u8(b, h->secret);
	pack_u32(b, h->redirects);
	pack_u64(b, h->max_bytes);
	pack_i64(b, h->connect_us);
}

static const struct channel_http *
unpack_http(struct unpack *u, struct arena *a)
{
	struct channel_http *h = arena_array(a, 1, sizeof *h);

	h->method = unpack_str(u, a);
	h->url = unpack_str(u, a);
	h->headers = unpack_list(u, a);
	h->body = unpack_str(u, a);
	h->ca_file = unpack_str(u, a);
	h->client_cert = unpack_str(u, a);
	h->client_key = unpack_str(u, a);
	h->unverified = unpack_u8(u);
	h->secret = unpack_u8(u);
	h->redirects = unpack_u32(u);
	h->max_bytes = unpack_u64(u);
	h->connect_us = unpack_i64(u);
	if (!h->method || !h->url)
		u->failed = true;
	return h;
}

static void
pack_command(struct buf *b, const struct channel_message *m)
{
	pack_list(b, m->argv);
	pack_list(b, m->env);
	pack_list(b, m->shown);
	pack_str(b, m->cwd);
	pack_str(b, m->output_dir);
	pack_i64(b, m->timeout_us);
	pack_i64(b, m->kill_grace_us);
	pack_u64(b, m->output_max_bytes);
	pack_u64(b, m->results_max_bytes);
	pack_list(b, m->mask);
	pack_str(b, m->refusal);
	pack_u8(b, m->http != NULL);
	if (m->http)
		pack_http(b, m->http);
	pack_str(b, m->input);
	pack_str(b, m->user);
	pack_str(b, m->group);
	pack_u32(b, m->umask);
	pack_u32(b, (uint32_t)m->nice);
	pack_u8(b, m->limited);
	for (int i = 0; i < CHANNEL_LIMITS; i++)
		pack_u64(b, m->limits[i]);
}

static void
unpack_command(struct unpack *u, struct arena *a, struct channel_message *m)
{
	m->argv = unpack_list(u, a);
	m->env = unpack_list(u, a);
	m->shown = unpack_list(u, a);
	m->cwd = unpack_str(u, a);
	m->output_dir = unpack_str(u, a);
	m->timeout_us = unpack_i64(u);
	m->kill_grace_us = unpack_i64(u);
	m->output_max_bytes = unpack_u64(u);
	m->results_max_bytes = unpack_u64(u);
	m->mask = unpack_list(u, a);
	m->refusal = unpack_str(u, a);
	if (unpack_u8(u))
		m->http = unpack_http(u, a);
	m->input = unpack_str(u, a);
	m->user = unpack_str(u, a);
	m->group = unpack_str(u, a);
	m->umask = unpack_u32(u);
	m->nice = (int32_t)unpack_u32(u);
	m->limited = unpack_u8(u);
	for (int i = 0; i < CHANNEL_LIMITS; i++)
		m->limits[i] = unpack_u64(u);
}

void
pack_channel_result(struct buf *b, const struct channel_result *r)
{
	pack_u32(b, r->number);
	pack_str(b, r->name);
	pack_u64(b, r->bytes);
	pack_bytes(b, r->md5, sizeof r->md5);
	pack_u8(b, r->json);
}

void
unpack_channel_result(struct unpack *u, struct arena *a, struct channel_result *r)
{
	const void *md5;
	size_t len;

	r->number = unpack_u32(u);
	r->name = unpack_str(u, a);
	r->bytes = unpack_u64(u);
	md5 = unpack_bytes(u, a, &len);
	r->json = unpack_u8(u);
	if (!r->name || len != sizeof r->md5)
		u->failed = true;
	else
		memcpy(r->md5, md5, sizeof r->md5);
}

static void
unpack_results(struct unpack *u, struct arena *a, struct channel_message *m)
{
	m->result_count = unpack_count(u, RESULT_BYTES_MIN);
	if (m->result_count > CHANNEL_RESULTS_MAX)
		u->failed = true;
	if (u->failed || !m->result_count) {
		m->result_count = 0;
		return;
	}
	m->results = arena_array(a, m->result_count, sizeof *m->results);
	for (uint32_t i = 0; i < m->result_count; i++)
		unpack_channel_result(u, a, &m->results[i]);
}

static void
pack_end(struct buf *b, const struct channel_message *m)
{
	pack_u8(b, m->started);
	pack_u8(b, m->timed_out);
	pack_u8(b, m->killed);
	pack_u32(b, (uint32_t)m->exit_code);
	pack_u32(b, (uint32_t)m->signal);
	pack_i64(b, m->end_us);
	pack_u32(b, (uint32_t)m->http_status);
	pack_i64(b, m->retry_after_us);
	pack_u64(b, m->output_bytes);
	pack_str(b, m->reason);
	pack_str(b, m->last_line);
	pack_u32(b, m->result_count);
	for (uint32_t i = 0; i < m->result_count; i++)
		pack_channel_result(b, &m->results[i]);
	pack_i64(b, m->cpu_user_us);
	pack_i64(b, m->cpu_system_us);
	pack_i64(b, m->memory_bytes);
}

static void
unpack_end(struct unpack *u, struct arena *a, struct channel_message *m)
{
	m->started = unpack_u8(u);
	m->timed_out = unpack_u8(u);
	m->killed = unpack_u8(u);
	m->exit_code = (int32_t)unpack_u32(u);
	m->signal = (int32_t)unpack_u32(u);
	m->end_us = unpack_i64(u);
	m->http_status = (int32_t)unpack_u32(u);
	m->retry_after_us = unpack_i64(u);
	m->output_bytes = unpack_u64(u);
	m->reason = unpack_str(u, a);
	m->last_line = unpack_str(u, a);
	unpack_results(u, a, m);
	m->cpu_user_us = unpack_i64(u);
	m->cpu_system_us = unpack_i64(u);
	m->memory_bytes = unpack_i64(u);
}

int
channel_pair(int fds[2], struct err *err)
{
	int bytes = 2 * CHANNEL_MESSAGE_MAX;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds)) {
		fds[0] = fds[1] = -1;
		return err_errno(err, ERR_IO, errno, "make the channel");
	}
	/* Where the default is smaller than usual; the kernel's maximum limits it silently. */
	for (int i = 0; i < 2; i++)
		setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
	return 0;
}

static int
send_packet(int fd, const struct buf *b, struct err *err)
{
	ssize_t n;

	if (b->len > CHANNEL_MESSAGE_MAX)
		return err_fail(err, ERR_INPUT,
		    "a message of %zu bytes is above the limit of %d", b->len,
		    CHANNEL_MESSAGE_MAX);
	do
		n = send(fd, b->data, b->len, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n >= 0)
		return 0;
	if (errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM)
		return err_fail(err, ERR_BUSY, "the channel is full");
	if (errno == EPIPE || errno == ECONNRESET)
		return err_fail(err, ERR_MISSING, "the peer has closed the channel");
	return err_errno(err, ERR_IO, errno, "send on the channel");
}

int
channel_send(int fd, const struct channel_message *m, struct err *err)
{
	unsigned fields = fields_of(m->type);
	struct buf b = BUF_INIT;
	int rc;

	if (!fields)
		return err_fail(
		    err, ERR_INPUT, "a message of the unknown type %d", (int)m->type);
	pack_u8(&b, CHANNEL_VERSION);
	pack_u8(&b, (uint8_t)m->type);
	if (fields & F_GENERATION)
		pack_u64(&b, m->generation);
	if (fields & F_ATTEMPT) {
		pack_u64(&b, m->task_id);
		pack_u32(&b, m->attempt);
	}
	if (fields & F_COMMAND)
		pack_command(&b, m);
	if (fields & F_PHASE)
		pack_u8(&b, (uint8_t)m->phase);
	if (fields & F_PROCESS) {
		pack_u32(&b, (uint32_t)m->pid);
		pack_u64(&b, m->pid_start_ticks);
	}
	if (fields & F_END)
		pack_end(&b, m);
	rc = send_packet(fd, &b, err);
	buf_release(&b);
	return rc;
}

/* Take one packet out of the queue whatever it is, so that a bad one cannot stand in the way
 * for ever. */
static int
receive_packet(int fd, struct arena *a, char **data, size_t *len, struct err *err)
{
	ssize_t n;

	/* ECONNRESET says once that the peer closed without reading all; what it sent before is
	 * still there. */
	do
		n = recv(fd, NULL, 0, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT);
	while (n < 0 && (errno == EINTR || errno == ECONNRESET));
	if (n > CHANNEL_MESSAGE_MAX) {
		(void)!recv(fd, NULL, 0, MSG_TRUNC | MSG_DONTWAIT);
		return err_fail(
		    err, ERR_INPUT, "a message of %zd bytes arrived, above the limit", n);
	}
	if (n > 0) {
		*data = arena_alloc(a, (size_t)n);
		n = recv(fd, *data, (size_t)n, MSG_DONTWAIT);
	}
	if (n == 0)
		return err_fail(err, ERR_MISSING, "the peer has closed the channel");
	/* Short of memory is no reason to give a peer up. */
	if (n < 0 && (errno == EAGAIN || errno == ENOMEM))
		return err_fail(err, ERR_BUSY, "no message");
	if (n < 0)
		return err_errno(err, ERR_IO, errno, "receive on the channel");
	*len = (size_t)n;
	return 0;
}

static void
unpack_message(struct unpack *u, struct arena *a, unsigned fields, struct channel_message *m)
{
	if (fields & F_GENERATION)
		m->generation = unpack_u64(u);
	if (fields & F_ATTEMPT) {
		m->task_id = unpack_u64(u);
		m->attempt = unpack_u32(u);
	}
	if (fields & F_COMMAND)
		unpack_command(u, a, m);
	if (fields & F_PHASE)
		m->phase = unpack_u8(u);
	if (fields & F_PROCESS) {
		m->pid = (int32_t)unpack_u32(u);
		m->pid_start_ticks = unpack_u64(u);
	}
	if (fields & F_END)
		unpack_end(u, a, m);
}

int
channel_receive(int fd, struct arena *a, struct channel_message *m, struct err *err)
{
	struct unpack u;
	unsigned version, type, fields;
	char *data = NULL;
	size_t len = 0;
	int rc;

	*m = (struct channel_message){.exit_code = -1};
	rc = receive_packet(fd, a, &data, &len, err);
	if (rc)
		return rc;
	unpack_init(&u, data, len);
	version = unpack_u8(&u);
	if (version != CHANNEL_VERSION)
		return err_fail(err, ERR_INPUT,
		    "a message of version %u arrived, this is version %d", version,
		    CHANNEL_VERSION);
	type = unpack_u8(&u);
	fields = fields_of(type);
	if (!fields)
		return err_fail(
		    err, ERR_INPUT, "a message of the unknown type %u arrived", type);
	m->type = type;
	unpack_message(&u, a, fields, m);
	if (unpack_finish(&u) ||
	    ((fields & F_PHASE) && (m->phase < PHASE_HELD || m->phase > PHASE_ENDED)))
		return err_fail(err, ERR_INPUT, "a malformed message of type %u arrived", type);
	return 0;
}
