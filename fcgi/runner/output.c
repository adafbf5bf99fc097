/* What a command writes: see output.h. */
#include "runner/output.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/utf8.h"
#include "proc/clock.h"
#include "proc/fd.h"

enum { CHUNK_BYTES = 64 * 1024 };

/* Enter `name` below *fd, making it if need be; *fd becomes the new directory. */
static int
descend(int *fd, const char *name)
{
	int next;

	if (mkdirat(*fd, name, 0750) && errno != EEXIST)
		return -1;
	next = openat(*fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (next < 0)
		return -1;
	close(*fd);
	*fd = next;
	return 0;
}

int
output_dir_make(int root, const char *path, int *fd, struct err *err)
{
	char part[256];
	const char *at = path;

	*fd = -1;
	if (!*path || *path == '/')
		return err_fail(
		    err, ERR_INPUT, "output directory \"%s\": not a relative path", path);
	*fd = fcntl(root, F_DUPFD_CLOEXEC, 0);
	if (*fd < 0)
		return err_errno(err, ERR_IO, errno, "output directory %s", path);
	while (*at) {
		size_t len = strcspn(at, "/");

		if (!len || len >= sizeof part ||
		    (at[0] == '.' && (len == 1 || (len == 2 && at[1] == '.')))) {
			fd_drop(fd);
			return err_fail(
			    err, ERR_INPUT, "output directory \"%s\": not a plain path", path);
		}
		memcpy(part, at, len);
		part[len] = '\0';
		if (descend(fd, part)) {
			int saved = errno;

			fd_drop(fd);
			return err_errno(err, ERR_IO, saved, "output directory %s", path);
		}
		at += len + (at[len] == '/');
	}
	return 0;
}

int
output_open(struct output *out, int dir, const char *name, uint64_t max_bytes, int *writer,
    struct err *err)
{
	int ends[2], rc;

	*out = (struct output)OUTPUT_INIT;
	if (writer)
		*writer = -1;
	rc = excerpt_open(&out->file, dir, name, max_bytes, err);
	if (rc)
		return rc;
	if (!writer)
		return 0;
	if (pipe2(ends, O_CLOEXEC)) {
		rc = err_errno(err, ERR_IO, errno, "output pipe");
		goto fail;
	}
	out->pipe = ends[0];
	*writer = ends[1];
	rc = fd_set_nonblocking(out->pipe, err);
	if (rc)
		goto fail;
	return 0;

fail:
	excerpt_close(&out->file);
	fd_drop(&out->pipe);
	fd_drop(writer);
	return rc;
}

/* ---- the last line ---- */

static void
line_add(struct output_line *line, const char *data, size_t len)
{
	size_t room = sizeof line->text - line->len;

	if (len > room)
		len = room;
	memcpy(line->text + line->len, data, len);
	line->len += len;
}

/* Where the run of bytes that ends at `end` begins, which are all line ends, or none is. */
static size_t
run_start(const char *data, size_t end, bool ends)
{
	while (end && (data[end - 1] == '\n' || data[end - 1] == '\r') == ends)
		end--;
	return end;
}

static void
note_lines(struct output *out, const char *data, size_t len)
{
	size_t rest = run_start(data, len, false), end, start;

	if (!rest) {
		line_add(&out->line, data, len);
		return;
	}
	end = run_start(data, rest, true);
	start = run_start(data, end, false);
	/* The first line of the data goes on from what came before. */
	if (!start)
		line_add(&out->line, data, end);
	else
		out->line.len = 0;
	if (start)
		line_add(&out->line, data + start, end - start);
	if (out->line.len)
		out->whole = out->line;
	out->line.len = 0;
	line_add(&out->line, data + rest, len - rest);
}

bool
output_last_line(const struct output *out, char text[CHANNEL_LINE_MAX + 1])
{
	const struct output_line *line = out->line.len ? &out->line : &out->whole;

	return utf8_clean(text, CHANNEL_LINE_MAX + 1, line->text, line->len) > 0;
}

/* Each line, or what there is of it. */
static int
add_tagged(struct output *out, const char *data, size_t len, struct err *err)
{
	char time[CLOCK_TEXT];
	struct buf lines = BUF_INIT;
	int rc;

	clock_text(clock_wall_us(), time);
	while (len) {
		const char *end = memchr(data, '\n', len);
		size_t n = end ? (size_t)(end - data) : len;

		buf_addf(&lines, "%s %s %c ", time, out->tag, end ? 'F' : 'P');
		buf_add(&lines, data, n);
		buf_addc(&lines, '\n');
		data += n + (end != NULL);
		len -= n + (end != NULL);
	}
	rc = excerpt_add(out->both, lines.data, lines.len, err);
	buf_release(&lines);
	return rc;
}

static int
add(struct output *out, const char *data, size_t len, struct err *err)
{
	int rc;

	out->bytes += (uint64_t)len;
	note_lines(out, data, len);
	rc = excerpt_add(&out->file, data, len, err);
	if (!rc && out->both)
		rc = add_tagged(out, data, len, err);
	return rc;
}

int
output_take(struct output *out, const char *data, size_t len, struct err *err)
{
	const char *seen;
	size_t n = mask_take(&out->mask, data, len, 0, &seen);

	return n ? add(out, seen, n, err) : 0;
}

int
output_end(struct output *out, struct err *err)
{
	const char *seen;
	size_t n = mask_take(&out->mask, "", 0, 1, &seen);

	return n ? add(out, seen, n, err) : 0;
}

int
output_drain(struct output *out, size_t limit, struct err *err)
{
	static char chunk[CHUNK_BYTES];
	int rc = 0;

	for (size_t done = 0; out->pipe >= 0 && done < limit;) {
		ssize_t n = read(out->pipe, chunk, sizeof chunk);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n <= 0) {
			fd_drop(&out->pipe);
			break;
		}
		done += (size_t)n;
		if (output_take(out, chunk, (size_t)n, err))
			rc = ERR_IO;
	}
	return rc;
}

void
output_close(struct output *out)
{
	mask_release(&out->mask);
	excerpt_close(&out->file);
	fd_drop(&out->pipe);
}
