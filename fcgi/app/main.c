/*
 * carillon: the FastCGI application.
 *
 *     carillon [--config FILE] [--test | --version | --help]
 *
 * This file goes from the command line to the moment when all that only the first process can
 * do is done: the store is locked, the sockets listen, the privileges are gone. Nothing that
 * runs or exists is touched before it is known that this start can succeed. From there
 * master.c leads. Exits 0 after an ordinary stop, 1 when it cannot start, 2 when the store
 * cannot be recovered at the start.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "app/identity.h"
#include "app/master.h"
#include "app/notify.h"
#include "app/snapshot.h"
#include "app/sockets.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/version.h"
#include "proc/clock.h"
#include "proc/fd.h"
#include "proc/signal.h"
#include "store/store.h"

#define DEFAULT_CONFIG "/etc/carillon/carillon.xml"

/* How long the children of a master that was killed may take to be gone, first from the store
 * and then from the sockets. */
#define GRACE_US	INT64_C(2000000)
#define SOCKET_GRACE_US INT64_C(200000)

enum { PAUSE_NS = 50 * 1000 * 1000 };

static const char usage[] =
    "usage: carillon [--config FILE]   serve (FILE: " DEFAULT_CONFIG ")\n"
    "       carillon [--config FILE] --test\n"
    "                                  read and check the configuration\n"
    "       carillon --version\n"
    "       carillon --help\n"
    "Signals: TERM stops when all requests are answered, a second one at once;\n"
    "HUP reads the configuration again.\n";

struct start {
	const char *config_path;
	bool test;
	struct snapshot snapshot;
	struct identity identity;
	struct sockets sockets;
	int programs_fd, lock_fd; /* see master.h */
};

/* ---- what the command line says -------------------------------------------------------- */

/* Answers an exit code, or -1 to go on. */
static int
read_arguments(struct start *s, int argc, char **argv)
{
	static const struct option options[] = {
	    {"config", required_argument, NULL, 'c'},
	    {"test", no_argument, NULL, 't'},
	    {"version", no_argument, NULL, 'v'},
	    {"help", no_argument, NULL, 'h'},
	    {0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			s->config_path = optarg;
			break;
		case 't':
			s->test = true;
			break;
		case 'v':
			puts("carillon " CARILLON_VERSION);
			return 0;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			/* getopt has said what is wrong. */
			return 1;
		}
	}
	if (optind < argc) {
		fprintf(
		    stderr, "carillon: what is \"%s\"? see carillon --help\n", argv[optind]);
		return 1;
	}
	return -1;
}

/* ---- what can be checked without changing anything ------------------------------------- */

/*
 * Open the folder that this program lies in. The others are started from there by descriptor:
 * the user who is dropped to need not be able to walk the way.
 */
static int
open_programs(int *fd, struct err *err)
{
	char self[4096];
	ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);

	if (len < 0)
		return err_errno(err, ERR_IO, errno, "/proc/self/exe");
	self[len] = '\0';
	*fd = open(dirname(self), O_PATH | O_DIRECTORY | O_CLOEXEC);
	return *fd < 0 ? err_errno(err, ERR_IO, errno, "%s", self) : 0;
}

static int
check_program(int folder, const char *name, struct err *err)
{
	if (faccessat(folder, name, X_OK, AT_EACCESS))
		return err_errno(err, ERR_IO, errno,
		    "%s must lie beside this program and be executable", name);
	return 0;
}

static int
check(struct start *s, struct err *err)
{
	int rc;

	rc = snapshot_take(s->config_path, &s->snapshot, err);
	if (!rc)
		rc = identity_find(&s->snapshot.config, &s->identity, err);
	if (!rc)
		rc = open_programs(&s->programs_fd, err);
	if (!rc)
		rc = check_program(s->programs_fd, "carillon-scheduler", err);
	if (!rc)
		rc = check_program(s->programs_fd, "carillon-runner", err);
	return rc;
}

/* ---- the store and its lock, as the user who will use it ------------------------------- */

/*
 * A start never makes a store: a disk that was not mounted must not look like a new
 * installation.
 */
static int
check_store(const struct start *s, struct err *err)
{
	const char *dir = s->snapshot.config.store_dir;
	struct buf path = BUF_INIT;
	struct stat st;
	int rc = 0;

	buf_addf(&path, "%s/format", dir);
	if (stat(dir, &st))
		rc = err_errno(err, errno == ENOENT ? ERR_MISSING : ERR_IO, errno, "%s", dir);
	else if (st.st_uid != geteuid())
		rc = err_fail(err, ERR_INPUT,
		    "%s belongs to user %u, and the service runs as %u: chown it, or start as "
		    "its owner",
		    dir, (unsigned)st.st_uid, (unsigned)geteuid());
	else if (faccessat(AT_FDCWD, path.data, R_OK, AT_EACCESS))
		rc = err_errno(
		    err, errno == ENOENT ? ERR_MISSING : ERR_IO, errno, "%s", path.data);
	if (rc == ERR_MISSING)
		err_fail(err, rc,
		    "%s holds no store: mount its disk, or make one with carillonctl init",
		    dir);
	buf_release(&path);
	return rc;
}

static bool
pause_until(int64_t end_mono_us)
{
	const struct timespec pause = {.tv_nsec = PAUSE_NS};

	if (clock_mono_us() >= end_mono_us)
		return false;
	nanosleep(&pause, NULL);
	return true;
}

static int
lock_store(struct start *s, struct err *err)
{
	const char *dir = s->snapshot.config.store_dir;
	int64_t end_mono_us = clock_mono_us() + GRACE_US;
	int rc, back;

	rc = identity_assume(&s->identity, err);
	if (rc)
		return rc;
	rc = check_store(s, err);
	if (!rc) {
		do
			rc = store_lock(dir, &s->lock_fd, err);
		while (rc == ERR_BUSY && pause_until(end_mono_us));
	}
	if (rc == ERR_BUSY)
		err_fail(err, rc,
		    "%s is in use by another carillon, or by carillonctl: stop that first",
		    dir);
	back = identity_resume(&s->identity, rc ? NULL : err);
	return rc ? rc : back;
}

/* ---- the sockets ----------------------------------------------------------------------- */

static int
make_parent(const struct identity *id, const char *path, struct err *err)
{
	char *copy = mem_strdup(path);
	/* The web server must get through. */
	int rc = identity_make_dir(id, dirname(copy), 0755, err);

	free(copy);
	return rc;
}

static int
listen_at(
    struct listener *l, const struct start *s, const char *path, bool private, struct err *err)
{
	const struct config *c = &s->snapshot.config;
	const struct identity *id = &s->identity;
	const struct socket_options options = {
	    .path = path,
	    .mode = private ? 0600 : (mode_t)c->socket_mode,
	    .uid = id->change ? id->uid : (uid_t)-1,
	    .gid = private ? (id->change ? id->gid : (gid_t)-1) : id->socket_gid,
	    .backlog = (int)c->backlog,
	};
	int64_t end_mono_us = clock_mono_us() + SOCKET_GRACE_US;
	int rc;

	if (l->fd >= 0)
		return 0;
	rc = make_parent(id, path, err);
	/* The store is ours, so whoever answers may be a worker that is dying just now. It is
	 * asked a few times only, because that costs another server places in its queue. */
	if (!rc) {
		do
			rc = listener_open(l, &options, err);
		while (rc == ERR_CONFLICT && pause_until(end_mono_us));
	}
	return rc;
}

static int
open_sockets(struct start *s, struct err *err)
{
	const struct config *c = &s->snapshot.config;
	int rc;

	rc = listen_at(&s->sockets.private, s, c->private_socket, true, err);
	if (!rc)
		rc = listen_at(&s->sockets.public, s, c->socket, false, err);
	return rc;
}

/* ---- from here to the master ----------------------------------------------------------- */

/* The standard descriptors are open and stdin is nobody's; nothing else came along. */
static int
tidy_descriptors(struct start *s, struct err *err)
{
	int keep[] = {
	    s->sockets.public.fd, s->sockets.private.fd, s->snapshot.fd, s->programs_fd};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int failed = null < 0 || dup2(null, STDIN_FILENO) < 0;

	if (failed)
		err_errno(err, ERR_IO, errno, "open /dev/null");
	fd_close_except(keep, sizeof keep / sizeof *keep);
	return failed ? ERR_IO : 0;
}

static int
prepare(struct start *s, struct err *err)
{
	const struct config *c = &s->snapshot.config;
	int rc;

	rc = sockets_inherit(&s->sockets, c->private_socket, err);
	if (!rc)
		rc = tidy_descriptors(s, err);
	if (!rc)
		rc = lock_store(s, err);
	if (!rc)
		rc = identity_make_dir(&s->identity, c->output_dir, 0750, err);
	if (!rc)
		rc = open_sockets(s, err);
	if (!rc)
		rc = identity_become(&s->identity, err);
	return rc;
}

static int
serve(struct start *s)
{
	const struct master_options options = {
	    .config_path = s->config_path,
	    .programs_fd = s->programs_fd,
	    .lock_fd = s->lock_fd,
	};
	struct err err = {0};
	int code;

	notify_init();
	if (prepare(s, &err)) {
		log_error("%s", err.text);
		code = 1;
	} else {
		if (geteuid() == 0)
			log_warn("running as root, and so do the commands: see the setting "
				 "user");
		code = master_run(&options, &s->snapshot, &s->sockets);
	}
	listener_unlink(&s->sockets.public);
	listener_unlink(&s->sockets.private);
	return code;
}

int
main(int argc, char **argv)
{
	struct start s = {
	    .config_path = DEFAULT_CONFIG,
	    .snapshot = SNAPSHOT_INIT,
	    .sockets = SOCKETS_INIT,
	    .programs_fd = -1,
	    .lock_fd = -1,
	};
	struct err err = {0};
	int code;

	signals_block();
	code = read_arguments(&s, argc, argv);
	if (code >= 0)
		return code;
	code = 1;
	if (fd_open_standard(&err) || sockets_check_starter(&err) || check(&s, &err))
		log_error("%s", err.text);
	else if (s.test)
		code = printf("carillon: %s: no fault\n", s.config_path) < 0;
	else
		code = serve(&s);
	snapshot_release(&s.snapshot);
	return code;
}
