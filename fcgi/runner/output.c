/* What a command writes: see output.h. */
#include "runner/output.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/utf8.h"
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
	out->max_bytes = max_bytes;
	if (writer)
		*writer = -1;
	out->file =
	    openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
	/* An attempt that was held when its runner was killed left an empty one. */
	if (out->file < 0 && errno == EEXIST)
		out->file =
		    openat(dir, name, O_WRONLY | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (out->file < 0)
		return err_errno(err, ERR_IO, errno, "output file %s", name);
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
	fd_drop(&out->file);
	fd_drop(&out->pipe);
	fd_drop(writer);
	return rc;
}

/* Write as much as the limit allows. Fails: ERR_IO at the first fault, with errno. */
static int
keep(struct output *out, const char *data, size_t len)
{
	uint64_t room = out->max_bytes - out->written;

	if (len > room)
		len = (size_t)room;
	while (len && !out->failed) {
		ssize_t n = write(out->file, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			out->failed = true;
			return ERR_IO;
		}
		out->written += (uint64_t)n;
		out->last = data[n - 1];
		data += n;
		len -= (size_t)n;
	}
	return 0;
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

static int
add(struct output *out, const char *data, size_t len, struct err *err)
{
	out->bytes += (uint64_t)len;
	note_lines(out, data, len);
	if (keep(out, data, len))
		return err_errno(err, ERR_IO, errno, "write the output after %" PRIu64 " bytes",
		    out->written);
	return 0;
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
	char line[80];
	uint64_t cut = out->bytes - out->written;
	int len;

	if (out->file >= 0 && cut) {
		len = snprintf(line, sizeof line, "%s[output cut: %" PRIu64 " bytes more]\n",
		    out->written && out->last != '\n' ? "\n" : "", cut);
		/* Where the disk is full the count stands in the record of the attempt all the
		 * same. */
		(void)!write(out->file, line, (size_t)len);
	}
	mask_release(&out->mask);
	fd_drop(&out->file);
	fd_drop(&out->pipe);
}
