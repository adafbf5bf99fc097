/* The listening sockets: see sockets.h. */
#include "app/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"

enum { SYSTEMD_FIRST_FD = 3 };

/*
 * The address of a path. One that is too long for an address is named through a descriptor of
 * its directory, *dir_fd, which the caller closes; else that is -1.
 */
static int
address_of(const char *path, struct sockaddr_un *address, int *dir_fd, struct err *err)
{
	const char *slash = strrchr(path, '/');
	char *dir;
	int n;

	*dir_fd = -1;
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (strlen(path) < sizeof address->sun_path) {
		memcpy(address->sun_path, path, strlen(path) + 1);
		return 0;
	}
	dir = mem_strdup(path);
	if (slash)
		dir[slash == path ? 1 : slash - path] = '\0';
	*dir_fd = open(slash ? dir : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	free(dir);
	if (*dir_fd < 0)
		return err_errno(err, ERR_IO, errno, "open the directory of %s", path);
	n = snprintf(address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d/%s",
	    *dir_fd, slash ? slash + 1 : path);
	if (n < (int)sizeof address->sun_path)
		return 0;
	close(*dir_fd);
	*dir_fd = -1;
	return err_fail(err, ERR_INPUT, "the name of the socket %s is too long", path);
}

/* 0 when somebody answers, else what connect() failed with. */
static int
knock(const char *path)
{
	struct sockaddr_un address;
	int fd, dir_fd, rc = 0;

	if (address_of(path, &address, &dir_fd, NULL))
		return ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address))
		rc = errno;
	/* A full queue belongs to somebody, and so does a socket of another kind. */
	if (rc == EAGAIN || rc == EPROTOTYPE)
		rc = 0;
	if (fd >= 0)
		close(fd);
	if (dir_fd >= 0)
		close(dir_fd);
	return rc;
}

bool
socket_answers(const char *path)
{
	return knock(path) == 0;
}

/* True for a listening Unix socket. */
static bool
is_listening(int fd)
{
	int value = 0;
	socklen_t len = sizeof value;

	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &len) || !value)
		return false;
	len = sizeof value;
	return !getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &value, &len) && value == AF_UNIX;
}

static int
prepare(int fd, struct err *err)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC))
		return err_errno(err, ERR_IO, errno, "prepare the listening socket");
	return 0;
}

static int
take_over(struct sockets *s, int fd, const char *private_path, bool kept, struct err *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	socklen_t len = sizeof address - 1;
	struct listener *l = &s->public;

	if (!is_listening(fd))
		return err_fail(err, ERR_INPUT,
		    "the inherited descriptor %d is not a listening Unix socket: pass one "
		    "(ListenStream=/run/...), never a TCP port",
		    fd);
	if (!getsockname(fd, (struct sockaddr *)&address, &len) && private_path &&
	    !strcmp(address.sun_path, private_path))
		l = &s->private;
	if (l->fd >= 0)
		return err_fail(err, ERR_INPUT,
		    "more than one socket was inherited and none is the private one (%s): name "
		    "that path in the socket unit",
		    private_path);
	l->fd = fd;
	l->kept = kept;
	return prepare(fd, err);
}

static int
from_systemd(struct sockets *s, const char *private_path, struct err *err)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	long count = 0;
	int rc = 0;

	if (pid && fds && strtol(pid, NULL, 10) == (long)getpid())
		count = strtol(fds, NULL, 10);
	for (int i = 0; i < count && !rc; i++)
		rc = take_over(s, SYSTEMD_FIRST_FD + i, private_path, true, err);
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	return rc;
}

/* Descriptor 0, as FastCGI's own way of starting an application has it. */
static bool
stdin_listens(void)
{
	int value = 0;
	socklen_t len = sizeof value;

	return !getsockopt(STDIN_FILENO, SOL_SOCKET, SO_ACCEPTCONN, &value, &len) && value;
}

int
sockets_check_starter(struct err *err)
{
	char path[64], name[16];
	ssize_t len = -1;
	int fd;

	if (!stdin_listens())
		return 0;
	snprintf(path, sizeof path, "/proc/%d/comm", (int)getppid());
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		len = read(fd, name, sizeof name - 1);
		close(fd);
	}
	name[len > 0 ? len : 0] = '\0';
	if (strcmp(name, "apache2\n") && strcmp(name, "httpd\n"))
		return 0;
	return err_fail(err, ERR_INPUT,
	    "started by Apache's mod_fcgid, which starts and kills processes as it sees fit: "
	    "run "
	    "carillon as a service of its own, and use mod_proxy_fcgi (apache/carillon.conf)");
}

int
sockets_inherit(struct sockets *s, const char *private_path, struct err *err)
{
	int fd, rc;

	rc = from_systemd(s, private_path, err);
	if (rc || s->public.fd >= 0)
		return rc;
	if (!stdin_listens())
		return 0;
	/* Descriptor 0 becomes /dev/null for everybody later. */
	fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, SYSTEMD_FIRST_FD);
	if (fd < 0)
		return err_errno(err, ERR_IO, errno, "keep the inherited socket");
	return take_over(s, fd, private_path, false, err);
}

/* Fails unless the path is free, or holds a socket that nobody listens to. */
static int
check_path(const char *path, struct err *err)
{
	struct stat st;
	int answer;

	if (lstat(path, &st))
		return errno == ENOENT ? 0 : err_errno(err, ERR_IO, errno, "socket %s", path);
	if (!S_ISSOCK(st.st_mode))
		return err_fail(err, ERR_INPUT,
		    "socket %s: something else than a socket is there: move it away", path);
	answer = knock(path);
	if (!answer)
		return err_fail(err, ERR_CONFLICT,
		    "socket %s: another server answers there: stop it, or configure another "
		    "path",
		    path);
	if (answer != ECONNREFUSED && answer != ENOENT)
		return err_errno(err, ERR_IO, answer, "socket %s: see who listens there", path);
	return 0;
}

/*
 * Bind to a name, with the mode from the first moment: a chmod() later could meet something else
 * under that name. Nobody is let in before listen().
 */
static int
bind_to(int fd, const char *path, mode_t mode, struct err *err)
{
	struct sockaddr_un address;
	int dir_fd, rc;
	mode_t mask;

	rc = address_of(path, &address, &dir_fd, err);
	if (rc)
		return rc;
	mask = umask(~mode & 0777);
	if (bind(fd, (struct sockaddr *)&address, sizeof address))
		rc = err_errno(err, ERR_IO, errno, "make the socket %s", path);
	umask(mask);
	if (dir_fd >= 0)
		close(dir_fd);
	return rc;
}

/* Give the new socket to its owner, let connections in, and move it to its place. */
static int
publish(int fd, const char *temporary, const struct socket_options *o, struct stat *st,
    struct err *err)
{
	if (lchown(temporary, o->uid, o->gid))
		return err_errno(err, ERR_IO, errno,
		    "socket %s: give it to its group: start as root or as a member", o->path);
	if (listen(fd, o->backlog))
		return err_errno(err, ERR_IO, errno, "listen at %s", o->path);
	if (lstat(temporary, st) || rename(temporary, o->path))
		return err_errno(err, ERR_IO, errno, "socket %s: put it in place", o->path);
	return 0;
}

int
listener_open(struct listener *l, const struct socket_options *options, struct err *err)
{
	size_t size = strlen(options->path) + 32;
	char *temporary = mem_alloc(size);
	struct stat st;
	bool bound = false;
	int fd = -1, rc;

	snprintf(temporary, size, "%s.%d.new", options->path, (int)getpid());
	rc = check_path(options->path, err);
	if (rc)
		goto done;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		rc = err_errno(err, ERR_IO, errno, "make the socket %s", options->path);
		goto done;
	}
	/* In a container the process that was killed half-way here had the same number. */
	unlink(temporary);
	rc = bind_to(fd, temporary, options->mode, err);
	if (rc)
		goto done;
	bound = true;
	rc = publish(fd, temporary, options, &st, err);
	if (rc)
		goto done;
	*l = (struct listener){
	    .fd = fd, .path = mem_strdup(options->path), .dev = st.st_dev, .ino = st.st_ino};
	fd = -1;
	bound = false;

done:
	if (bound)
		unlink(temporary);
	if (fd >= 0)
		close(fd);
	free(temporary);
	return rc;
}

void
listener_unlink(struct listener *l)
{
	struct stat st;

	if (!l->path)
		return;
	/* Not ours any more if somebody put another in its place; whoever dropped privileges
	 * may not be able to. */
	if (!lstat(l->path, &st) && st.st_dev == l->dev && st.st_ino == l->ino)
		unlink(l->path);
	free(l->path);
	l->path = NULL;
}
