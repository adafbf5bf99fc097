/* Descriptors: see fd.h. */
#include "proc/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

int
fd_write_all(int fd, const void *data, size_t len)
{
	const char *at = data;

	while (len) {
		ssize_t n = write(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? ERR_BUSY : ERR_IO;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

int
fd_set_nonblocking(int fd, struct err *err)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return err_errno(err, ERR_IO, errno, "descriptor %d: set non-blocking", fd);
	return 0;
}

int
fd_set_cloexec(int fd, struct err *err)
{
	int flags = fcntl(fd, F_GETFD);

	if (flags < 0 || fcntl(fd, F_SETFD, flags | FD_CLOEXEC) < 0)
		return err_errno(err, ERR_IO, errno, "descriptor %d: set close-on-exec", fd);
	return 0;
}

void
fd_drop(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

int
fd_open_standard(struct err *err)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
		if (fd < 0)
			return err_errno(err, ERR_IO, errno, "open /dev/null");
	} while (fd <= STDERR_FILENO && fcntl(fd, F_SETFD, 0) == 0);
	close(fd);
	return 0;
}

void
fd_close_except(int *keep, size_t count)
{
	unsigned from = STDERR_FILENO + 1;

	for (size_t i = 1; i < count; i++) {
		for (size_t k = i; k && keep[k - 1] > keep[k]; k--) {
			int swap = keep[k];

			keep[k] = keep[k - 1];
			keep[k - 1] = swap;
		}
	}
	for (size_t i = 0; i < count; i++) {
		if (keep[i] < (int)from)
			continue;
		if ((unsigned)keep[i] > from)
			close_range(from, (unsigned)keep[i] - 1, 0);
		from = (unsigned)keep[i] + 1;
	}
	close_range(from, UINT_MAX, 0);
}
