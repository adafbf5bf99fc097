/*
 * Result files as answers: see response_send_result() in request.h.
 *
 * What was recorded is what is sent, or nothing: a file that is no plain one, or of another size,
 * was not made by the runner. The worker reads it after it has let go of the store, a piece at a
 * time, so neither a large file nor a slow client costs more than this one worker.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/request.h"
#include "base/utf8.h"
#include "service/results.h"

enum { PIECE_BYTES = 64 * 1024 };

const char *
result_content_type(const char *name)
{
	static const struct {
		const char *extension, *type;
	} types[] = {
	    {".csv", "text/csv"},
	    {".txt", "text/plain"},
	    {".log", "text/plain"},
	    {".zip", "application/zip"},
	    {".pdf", "application/pdf"},
	    {".json", "application/json"},
	};
	const char *extension = strrchr(name, '.');

	for (size_t i = 0; extension && i < sizeof types / sizeof *types; i++) {
		if (!strcasecmp(extension, types[i].extension))
			return types[i].type;
	}
	return "application/octet-stream";
}

/* The name within quotes; one `_` for each character that cannot stand there. */
static const char *
disposition(struct arena *a, const char *name)
{
	struct buf text = BUF_INIT;
	const char *copy;

	for (size_t n; *name; name += n) {
		bool plain = *name >= 0x20 && *name < 0x7f && *name != '"' && *name != '\\';

		n = utf8_character(name, strlen(name));
		n = n ? n : 1;
		buf_addc(&text, plain ? *name : '_');
	}
	copy = arena_printf(
	    a, "attachment;filename=\"%.*s\"", (int)text.len, text.len ? text.data : "");
	buf_release(&text);
	return copy;
}

/* Fails: ERR_MISSING unless it is there as it was recorded. */
static int
open_result(const char *path, uint64_t bytes, int *fd, struct err *err)
{
	struct stat st;

	/* A name that is no plain file was not made by us: do not follow it, and do not wait for
	 * a fifo's writer. */
	*fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (*fd < 0 &&
	    (errno == ENOENT || errno == ELOOP || errno == ENOTDIR || errno == ENXIO))
		return err_fail(err, ERR_MISSING, "%s is not there", path);
	if (*fd < 0)
		return err_errno(err, ERR_IO, errno, "open %s", path);
	if (!fstat(*fd, &st) && S_ISREG(st.st_mode) && (uint64_t)st.st_size == bytes)
		return 0;
	close(*fd);
	return err_fail(err, ERR_MISSING, "%s is not the file that was recorded", path);
}

int
response_send_result(struct response *res, const struct request *req, const struct face *face,
    const struct result *r, const char *content_type, struct err *err)
{
	char path[RESULT_PATH_TEXT];
	int rc, fd;

	if (r->state == RESULT_EXPIRED)
		return err_fail(err, ERR_MISSING, "the result file was removed");
	rc = service_result_path(face->service, r, path, err);
	if (!rc)
		rc = open_result(arena_printf(req->arena, "%s/%s", face->output_dir, path),
		    r->bytes, &fd, err);
	if (rc)
		return rc;
	response_set(res, 200, content_type ? content_type : result_content_type(r->name), "");
	response_header(res, "Content-Disposition", disposition(req->arena, r->name));
	if (response_send_file(res, req, path)) {
		close(fd);
		return 0;
	}
	res->file = arena_alloc(req->arena, sizeof *res->file);
	*res->file = (struct response_file){.fd = fd, .bytes = r->bytes};
	return 0;
}

static void
write_file(const struct response_file *file,
    bool (*write)(void *ctx, const char *data, size_t len), void *ctx)
{
	static char piece[PIECE_BYTES];
	uint64_t left = file->bytes;
	ssize_t n = 1;

	while (left && n > 0) {
		n = read(file->fd, piece, left < sizeof piece ? (size_t)left : sizeof piece);
		if (n < 0 && errno == EINTR) {
			n = 1;
			continue;
		}
		if (n > 0 && !write(ctx, piece, (size_t)n))
			return;
		left -= n > 0 ? (uint64_t)n : 0;
	}
}

void
response_write_body(const struct response *res, const struct request *req,
    bool (*write)(void *ctx, const char *data, size_t len), void *ctx)
{
	if (!res->content_type || !strcmp(req->method, "HEAD"))
		return;
	if (res->file)
		write_file(res->file, write, ctx);
	else if (res->body.len)
		write(ctx, res->body.data, res->body.len);
}
