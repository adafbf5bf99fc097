/*
 * tasks/getTaskLog: what a command wrote, from an offset on, also while it runs.
 *
 * The task is read before the file: if the attempt has ended then, the file grows no more, and
 * its end is the log's end. A log that is asked for whole and has ended is the file as it is, and
 * a web server that can sends it.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "faces/api3/call.h"

enum { LOG_BYTES_MAX = 1 << 20 };

/* Which bytes of which attempt. */
struct piece {
	uint64_t task_id;
	int64_t attempt; /* 0: the last */
	const char *stream;
	int64_t offset, limit;
};

static int
read_piece(struct call *c, struct piece *p)
{
	int ret;

	*p = (struct piece){.stream = "stdout", .limit = LOG_BYTES_MAX};
	ret = api3_need_id(c->body, "taskId", &p->task_id, &c->err);
	if (!ret)
		ret = api3_integer(c->body, "attempt", 1, UINT32_MAX, &p->attempt, &c->err);
	if (!ret)
		ret = api3_string(c->body, "stream", &p->stream, &c->err);
	if (!ret && strcmp(p->stream, "stdout") && strcmp(p->stream, "stderr"))
		ret = err_fail(&c->err, ERR_INPUT, "Invalid value: stream");
	if (!ret)
		ret = api3_integer(
		    c->body, "offset", 0, INT64_MAX - LOG_BYTES_MAX, &p->offset, &c->err);
	if (!ret)
		ret = api3_integer(c->body, "limit", 1, LOG_BYTES_MAX, &p->limit, &c->err);
	return ret;
}

/* The attempt that is asked for; *at is NULL where the last is asked for and there is none yet:
 * of a task that is to run again, too. */
static int
find_attempt(struct call *c, const struct task *t, int64_t number, const struct attempt **at)
{
	*at = NULL;
	if (!number && t->attempt_count &&
	    (task_status_active(t->status) || task_status_ended(t->status)))
		*at = &t->attempts[t->attempt_count - 1];
	for (size_t i = 0; i < t->attempt_count && !*at; i++) {
		if (t->attempts[i].number == number)
			*at = &t->attempts[i];
	}
	if (number && !*at)
		return err_fail(&c->err, ERR_INPUT, "Invalid value: attempt");
	return 0;
}

/* Where the output directory has the log. */
static const char *
log_path(struct call *c, const struct task *t, const struct attempt *at, const char *stream)
{
	char dir[OUTPUT_DIR_TEXT];

	task_output_dir(t, dir);
	return arena_printf(c->req->arena, "%s/%" PRIu32 ".%s", dir, at->number, stream);
}

/* *fd is -1 where the command has written nothing, not even an empty file. */
static int
open_log(struct call *c, const char *path, int *fd, int64_t *size)
{
	struct stat st;

	path = arena_printf(c->req->arena, "%s/%s", c->face->output_dir, path);
	/* A name that is no plain file was not made by us: do not follow it, and do not wait
	 * for a fifo's writer. */
	*fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (*fd < 0 && errno == ENOENT)
		return 0;
	if (*fd < 0 || fstat(*fd, &st))
		return err_errno(&c->err, ERR_IO, errno, "open %s", path);
	if (!S_ISREG(st.st_mode))
		return err_fail(&c->err, ERR_IO, "%s is not a plain file", path);
	*size = st.st_size;
	return 0;
}

static int
read_bytes(struct call *c, int fd, const struct piece *p, struct buf *out)
{
	ssize_t n = 1;

	while (n && out->len < (size_t)p->limit) {
		size_t want = (size_t)p->limit - out->len;

		n = pread(
		    fd, buf_reserve(out, want), want, (off_t)(p->offset + (int64_t)out->len));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(&c->err, ERR_IO, errno, "read the output of a task");
		out->len += (size_t)n;
	}
	return 0;
}

/* Answer with the piece; *next is the offset behind it. */
static int
send_piece(struct call *c, const struct piece *p, int fd, const char *path, int64_t size,
    bool ended, int64_t *next)
{
	bool whole = ended && !p->offset && size > 0 && size <= p->limit;
	int ret;

	response_set(c->res, 200, API3_TEXT, "");
	*next = p->offset;
	if (whole && response_send_file(c->res, c->req, path)) {
		*next = size;
		return 0;
	}
	ret = fd >= 0 ? read_bytes(c, fd, p, &c->res->body) : 0;
	*next += (int64_t)c->res->body.len;
	return ret;
}

static void
number_header(struct call *c, const char *name, int64_t n)
{
	response_header(c->res, name, arena_printf(c->req->arena, "%" PRId64, n));
}

int
api3_get_task_log(struct call *c)
{
	const struct attempt *at;
	struct execution e;
	struct piece p;
	struct task t;
	const char *path = NULL;
	int64_t size = 0, next;
	bool ended;
	int ret, fd = -1;

	ret = read_piece(c, &p);
	if (!ret)
		ret = service_get_task(
		    c->face->service, c->req->arena, &c->actor, p.task_id, &t, &e, &c->err);
	if (!ret)
		ret = find_attempt(c, &t, p.attempt, &at);
	if (!ret && at) {
		path = log_path(c, &t, at, p.stream);
		ret = open_log(c, path, &fd, &size);
	}
	if (ret)
		goto done;
	ended = at ? at->end_us != INSTANT_NEVER : task_status_ended(t.status);
	ret = send_piece(c, &p, fd, path, size, ended, &next);
	if (ret)
		goto done;
	number_header(c, "X-Log-Offset", p.offset);
	number_header(c, "X-Log-Next-Offset", next);
	response_header(c->res, "X-Log-Complete", ended && next >= size ? "true" : "false");

done:
	if (fd >= 0)
		close(fd);
	return ret;
}
