/* Head and tail of a long text: see excerpt.h. */
#include "proc/excerpt.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proc/fd.h"

enum { PIECE_BYTES = 64 * 1024 };

/* "<where the tail begins> <bytes of the head>\n", each of 20 digits. */
#define LEAD_FORMAT "%020" PRIu64 " %020" PRIu64 "\n"
enum { LEAD_BYTES = 42 };

/* A half each, but no more for the tail than can be copied in a moment. */
static uint64_t
tail_max(const struct excerpt *x)
{
	return x->max_bytes / 2 < EXCERPT_TAIL_MAX ? x->max_bytes / 2 : EXCERPT_TAIL_MAX;
}

/* ---- writing ---- */

int
excerpt_open(struct excerpt *x, int dir, const char *name, uint64_t max_bytes, struct err *err)
{
	char tail[EXCERPT_NAME + 8];

	*x = (struct excerpt)EXCERPT_INIT;
	x->max_bytes = max_bytes;
	x->dir = dir;
	snprintf(x->name, sizeof x->name, "%s", name);
	x->file = openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
	/* An attempt that was held when its runner was killed left an empty one. */
	if (x->file < 0 && errno == EEXIST) {
		x->file =
		    openat(dir, name, O_RDWR | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		snprintf(tail, sizeof tail, "%s.tail", name);
		(void)!unlinkat(dir, tail, 0);
	}
	if (x->file < 0)
		return err_errno(err, ERR_IO, errno, "output file %s", name);
	return 0;
}

static int
copy(int from, off_t at, int to, uint64_t len)
{
	static char piece[PIECE_BYTES];

	while (len) {
		size_t want = len < sizeof piece ? (size_t)len : sizeof piece;
		ssize_t n = pread(from, piece, want, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			errno = EIO;
		if (n <= 0 || fd_write_all(to, piece, (size_t)n))
			return ERR_IO;
		at += n;
		len -= (uint64_t)n;
	}
	return 0;
}

/* Begin a tail that has the last `len` bytes of what there is, which stand in `from` at `at`. */
static int
replace_tail(struct excerpt *x, int from, off_t at, uint64_t len)
{
	char next[EXCERPT_NAME + 16], name[EXCERPT_NAME + 8], lead[LEAD_BYTES + 1];
	int fd;

	snprintf(next, sizeof next, "%s.tail.next", x->name);
	snprintf(name, sizeof name, "%s.tail", x->name);
	snprintf(lead, sizeof lead, LEAD_FORMAT, x->bytes - len, x->max_bytes - tail_max(x));
	(void)!unlinkat(x->dir, next, 0);
	fd = openat(x->dir, next, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
	if (fd < 0)
		return ERR_IO;
	if (fd_write_all(fd, lead, LEAD_BYTES) || copy(from, at, fd, len) ||
	    renameat(x->dir, next, x->dir, name)) {
		fd_drop(&fd);
		return ERR_IO;
	}
	fd_drop(&x->tail);
	x->tail = fd;
	x->tail_start = x->bytes - len;
	x->tail_bytes = len;
	return 0;
}

static int
shorten_tail(struct excerpt *x)
{
	uint64_t len = tail_max(x);

	return replace_tail(x, x->tail, (off_t)(LEAD_BYTES + x->tail_bytes - len), len);
}

/* Write what the file, or the tail, has room for; *data and *len are then the rest. */
static int
add_some(struct excerpt *x, const char **data, size_t *len)
{
	bool in_tail = x->tail >= 0;
	uint64_t room = in_tail ? 2 * tail_max(x) - x->tail_bytes : x->max_bytes - x->bytes;
	size_t n = *len < room ? *len : (size_t)room;

	if (n && fd_write_all(in_tail ? x->tail : x->file, *data, n))
		return ERR_IO;
	x->bytes += n;
	if (in_tail)
		x->tail_bytes += n;
	*data += n;
	*len -= n;
	if (!*len)
		return 0;
	if (in_tail)
		return shorten_tail(x);
	return replace_tail(x, x->file, (off_t)(x->max_bytes - tail_max(x)), tail_max(x));
}

int
excerpt_add(struct excerpt *x, const char *data, size_t len, struct err *err)
{
	uint64_t before = x->bytes, whole = x->bytes + len;
	int rc = 0;

	while (!x->failed && len && !rc) {
		/* Where nothing is kept there is only something to be counted. */
		if (x->tail >= 0 && !tail_max(x))
			break;
		rc = add_some(x, &data, &len);
	}
	x->failed = x->failed || rc;
	x->bytes = whole;
	return rc ? err_errno(
			err, ERR_IO, errno, "write the output after %" PRIu64 " bytes", before)
		  : 0;
}

void
excerpt_close(struct excerpt *x)
{
	/* Where the disk is full the count stands in the record of the attempt all the same. */
	if (x->tail >= 0 && !x->failed && (x->tail_bytes > tail_max(x) || !tail_max(x)))
		(void)!(tail_max(x) ? shorten_tail(x) : replace_tail(x, x->file, 0, 0));
	fd_drop(&x->file);
	fd_drop(&x->tail);
	x->dir = -1;
}

/* ---- reading ---- */

/* *fd is -1 where there is none. */
static int
open_plain(const char *path, int *fd, uint64_t *size, struct err *err)
{
	struct stat st;

	/* A name that is no plain file was not made by us: do not follow it, and do not wait
	 * for a fifo's writer. */
	*size = 0;
	*fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (*fd < 0 && errno == ENOENT)
		return 0;
	if (*fd < 0 || fstat(*fd, &st))
		return err_errno(err, ERR_IO, errno, "open %s", path);
	if (!S_ISREG(st.st_mode))
		return err_fail(err, ERR_IO, "%s is not a plain file", path);
	*size = (uint64_t)st.st_size;
	return 0;
}

static bool
read_lead(struct excerpt_view *v, uint64_t size, uint64_t file_bytes)
{
	char lead[LEAD_BYTES + 1] = "";

	if (size < LEAD_BYTES || pread(v->tail, lead, LEAD_BYTES, 0) != LEAD_BYTES ||
	    sscanf(lead, "%" SCNu64 " %" SCNu64, &v->tail_start, &v->head_bytes) != 2 ||
	    v->head_bytes > file_bytes || v->tail_start < v->head_bytes)
		return false;
	v->bytes = v->tail_start + (size - LEAD_BYTES);
	return true;
}

int
excerpt_view(struct excerpt_view *v, const char *path, struct err *err)
{
	struct buf name = BUF_INIT;
	uint64_t size, tail_size = 0;
	int rc;

	*v = (struct excerpt_view)EXCERPT_VIEW_INIT;
	rc = open_plain(path, &v->file, &size, err);
	if (!rc && v->file >= 0) {
		buf_addf(&name, "%s.tail", path);
		rc = open_plain(name.data, &v->tail, &tail_size, err);
		buf_release(&name);
	}
	v->head_bytes = v->tail_start = v->bytes = size;
	if (!rc && v->tail >= 0 && !read_lead(v, tail_size, size))
		rc = err_fail(err, ERR_IO, "%s.tail is damaged", path);
	if (rc)
		excerpt_view_close(v);
	return rc;
}

void
excerpt_view_close(struct excerpt_view *v)
{
	fd_drop(&v->file);
	fd_drop(&v->tail);
}

bool
excerpt_is_whole(const struct excerpt_view *v)
{
	return v->file >= 0 && v->tail < 0;
}

/* From one of the files, until `end` of the text or the limit. */
static int
read_file(int fd, uint64_t at, uint64_t *offset, uint64_t end, size_t limit, struct buf *out,
    struct err *err)
{
	while (*offset < end && out->len < limit) {
		size_t want = limit - out->len;
		ssize_t n;

		if (want > end - *offset)
			want = (size_t)(end - *offset);
		n = pread(fd, buf_reserve(out, want), want, (off_t)at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, ERR_IO, errno, "read the output of a task");
		if (n == 0)
			break;
		out->len += (size_t)n;
		at += (uint64_t)n;
		*offset += (uint64_t)n;
	}
	return 0;
}

int
excerpt_read(const struct excerpt_view *v, uint64_t *offset, size_t limit, struct buf *out,
    struct err *err)
{
	char line[80];
	size_t len;
	int rc = 0;

	limit += out->len;
	if (*offset < v->head_bytes)
		rc = read_file(v->file, *offset, offset, v->head_bytes, limit, out, err);
	if (rc || *offset < v->head_bytes || v->tail < 0)
		return rc;
	if (*offset < v->tail_start) {
		if (out->len == limit)
			return 0;
		len = (size_t)snprintf(line, sizeof line, "\n[%" PRIu64 " bytes left out]\n",
		    v->tail_start - v->head_bytes);
		buf_add(out, line, len);
		*offset = v->tail_start;
	}
	if (out->len >= limit)
		return 0;
	return read_file(
	    v->tail, LEAD_BYTES + (*offset - v->tail_start), offset, v->bytes, limit, out, err);
}
