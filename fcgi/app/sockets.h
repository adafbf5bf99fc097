/*
 * The listening sockets: inherited from systemd or spawn-fcgi, or made here. Unix sockets only,
 * because whoever can talk FastCGI to the application is trusted to be the web server.
 *
 * A path is taken over by rename() of a socket that is ready in every respect, so a connection
 * meets the old server or the new one and never none; a path on which somebody answers is never
 * taken.
 */
#ifndef APP_SOCKETS_H
#define APP_SOCKETS_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

struct listener {
	int fd;	    /* -1: none; non-blocking and close-on-exec */
	char *path; /* ours to unlink; NULL for an inherited socket */
	dev_t dev;
	ino_t ino;
	bool kept; /* somebody else keeps the queue when we leave */
};

struct sockets {
	struct listener public, private;
};

struct socket_options {
	const char *path;
	mode_t mode;
	uid_t uid; /* (uid_t)-1, (gid_t)-1: as the process */
	gid_t gid;
	int backlog;
};

#define SOCKETS_INIT                                         \
	{                                                    \
		.public = {.fd = -1}, .private = {.fd = -1}, \
	}

/*
 * Refuse to be a process of Apache's mod_fcgid, which leaves descriptor 0 as spawn-fcgi does, but
 * then starts more of us and kills them as it sees fit: nobody would own the store.
 *
 * Fails: ERR_INPUT, with what to do instead.
 */
MUST_CHECK int sockets_check_starter(struct err *err);

/*
 * Take over what systemd (LISTEN_FDS) or spawn-fcgi (descriptor 0) left. A socket bound to
 * `private_path` is the private one. Both stay as they are when nothing was left. The
 * environment variables are removed.
 *
 * Fails: ERR_INPUT for a socket that is not a listening Unix socket, and for two that are not
 * private.
 */
MUST_CHECK int sockets_inherit(struct sockets *s, const char *private_path, struct err *err);

/*
 * Listen at a path. A socket file on which nobody answers is replaced.
 *
 * Fails: ERR_CONFLICT when somebody answers there; ERR_INPUT when the path is something else
 * than a socket; ERR_IO.
 */
MUST_CHECK int listener_open(
    struct listener *l, const struct socket_options *options, struct err *err);

/* Remove the path if it is still this socket's: nobody connects any more, what is in the queue
 * stays there. */
void listener_unlink(struct listener *l);

/* True when a server accepts connections at `path`. */
bool socket_answers(const char *path);

#endif
