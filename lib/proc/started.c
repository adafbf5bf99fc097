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

static void
pack_texts(struct buf *b, const char **list)
{
	uint32_t n = 0;

	while (list[n])
		n++;
	pack_u32(b, n);
	for (uint32_t i = 0; i < n; i++)
		pack_str(b, list[i]);
}

static const char **
unpack_texts(struct unpack *u, struct arena *a)
{
	uint32_t n = unpack_count(u, 4);
	const char **list = arena_array(a, (size_t)n + 1, sizeof *list);

	for (uint32_t i = 0; i < n; i++) {
		list[i] = unpack_str(u, a);
		if (!list[i])
			u->failed = true;
	}
	return list;
}

int
started_write(int dir, const char *name, const struct started *s, struct err *err)
{
	struct buf b = BUF_INIT;
	char next[64];
	int fd, rc = 0;

	pack_u8(&b, STARTED_VERSION);
	pack_texts(&b, s->argv);
	pack_texts(&b, s->env);
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
	s->argv = unpack_texts(&u, a);
	s->env = unpack_texts(&u, a);
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
