/* What commands read besides their command line: files, passwords, random bytes. */
#include "ctl/ctl.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "service/secret.h"

enum { PASSWORD_LEN = 20 };

static int
open_input(const char *path, int *fd, struct err *err)
{
	*fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC) : dup(STDIN_FILENO);
	if (*fd < 0)
		return err_errno(err, ERR_INPUT, errno, "%s", path);
	return 0;
}

/* Read up to and with the first `stop`, or to the end if it is 0. */
static int
read_until(int fd, const char *path, char stop, size_t max, struct buf *out, struct err *err)
{
	/* At the top: out holds everything read so far, at most max bytes. */
	for (;;) {
		/* A terminal and a pipe hand on what stands behind a line to the next reader.
		 */
		size_t want = stop ? 1 : 16 * 1024;
		ssize_t n = read(fd, buf_reserve(out, want), want);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, ERR_IO, errno, "%s", path);
		out->len += (size_t)n;
		if (out->len > max)
			return err_fail(err, ERR_INPUT, "%s: more than %zu bytes", path, max);
		if (n == 0 || (stop && out->data[out->len - 1] == stop))
			return 0;
	}
}

int
ctl_read_file(const char *path, size_t max, struct buf *out, struct err *err)
{
	int fd, ret;

	ret = open_input(path, &fd, err);
	if (ret)
		return ret;
	ret = read_until(fd, path, '\0', max, out, err);
	close(fd);
	return ret;
}

/* Read a line that does not show on the terminal. */
static int
read_unseen(int fd, const char *path, struct buf *out, struct err *err)
{
	struct termios before, silent;
	bool terminal = tcgetattr(fd, &before) == 0;
	int ret;

	if (terminal) {
		silent = before;
		silent.c_lflag &= ~(tcflag_t)ECHO;
		fputs("Password: ", stderr);
		if (tcsetattr(fd, TCSAFLUSH, &silent))
			return err_errno(err, ERR_IO, errno, "terminal");
	}
	ret = read_until(fd, path, '\n', SECRET_PASSWORD_MAX + 2, out, err);
	if (terminal) {
		tcsetattr(fd, TCSAFLUSH, &before);
		fputc('\n', stderr);
	}
	return ret;
}

int
ctl_read_password(const char *path, struct buf *out, struct err *err)
{
	int fd, ret;

	ret = open_input(path, &fd, err);
	if (ret)
		return ret;
	ret = read_unseen(fd, path, out, err);
	close(fd);
	if (ret)
		return ret;
	if (out->len && out->data[out->len - 1] == '\n')
		out->data[--out->len] = '\0';
	if (out->len && out->data[out->len - 1] == '\r')
		out->data[--out->len] = '\0';
	if (!out->len)
		return err_fail(err, ERR_INPUT, "%s: the password is empty", path);
	if (memchr(out->data, '\0', out->len))
		return err_fail(err, ERR_INPUT, "%s: the password holds a NUL", path);
	return 0;
}

int
ctl_make_password(struct buf *out, struct err *err)
{
	/* 32 of them, so that five bits of a byte choose one evenly. */
	static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789";
	unsigned char random[PASSWORD_LEN];
	int ret;

	_Static_assert(sizeof letters == 33, "five bits choose a letter");
	ret = secret_init(err);
	if (ret)
		return ret;
	secret_random(random, sizeof random);
	for (size_t i = 0; i < sizeof random; i++)
		buf_addc(out, letters[random[i] & 31]);
	return 0;
}
