/* What a command was given at its start: see started.h. */
#include "proc/started.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/pack.h"
#include "proc/fd.h"

enum { STARTED_VERSION = 1, STARTED_BYTES_MAX = 1 << 20 };

int
started_write(int dir, const char *name, const struct started *s, struct err *err)
{
	struct buf b = BUF_INIT;
	char next[64];
	int fd, rc = 0;

	pack_u8(&b, STARTED_VERSION);
	pack_list(&b, s->argv);
	pack_list(&b, s->env);
	pack_str(&b, s->cwd);
	pack_str(&b, s->user);
	pack_str(&b, s->group);
	pack_u32(&b, s->umask);
	pack_i64(&b, s->nice);
	snprintf(next, sizeof next, "%s.next", name);
	(void)!unlinkat(dir, next, 0);
	fd = openat(dir, next, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
	if (fd < 0 || fd_write_all(fd, b.data, b.len) || renameat(dir, next, dir, name))
		rc = err_errno(err, ERR_IO, errno, "write %s", name);
	fd_drop(&fd);
	buf_release(&b);
	return rc;
}

static int
read_all(int fd, struct buf *b)
{
	ssize_t n;

	do {
		n = read(fd, buf_reserve(b, 16384), 16384);
		if (n > 0)
			b->len += (size_t)n;
	} while ((n > 0 && b->len < STARTED_BYTES_MAX) || (n < 0 && errno == EINTR));
	return n < 0 ? -1 : 0;
}

int
started_read(struct arena *a, const char *path, struct started *s, struct err *err)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC), rc = 0;
	struct buf b = BUF_INIT;
	struct unpack u;

	if (fd < 0 && errno == ENOENT)
		return err_fail(err, ERR_MISSING, "there is no %s", path);
	if (fd < 0 || read_all(fd, &b)) {
		rc = err_errno(err, ERR_IO, errno, "read %s", path);
		goto done;
	}
	unpack_init(&u, b.data, b.len);
	if (unpack_u8(&u) != STARTED_VERSION)
		u.failed = true;
	s->argv = unpack_list(&u, a);
	s->env = unpack_list(&u, a);
	s->cwd = unpack_str(&u, a);
	s->user = unpack_str(&u, a);
	s->group = unpack_str(&u, a);
	s->umask = unpack_u32(&u);
	s->nice = (int32_t)unpack_i64(&u);
	if (u.failed || !s->cwd || !s->user || !s->group)
		rc = err_fail(err, ERR_IO, "%s is damaged", path);

done:
	fd_drop(&fd);
	buf_release(&b);
	return rc;
}
