/* The listening sockets: paths taken over and paths let alone, and sockets that came along. */
#include "app/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64], path[128];
static struct err err;

static int
make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof folder, "/tmp/carillon-sockets.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof path, "%s/s", folder);
	return 0;
}

static int
remove_folder(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

static struct socket_options
options_for(const char *where)
{
	return (struct socket_options){
	    .path = where, .mode = 0660, .uid = (uid_t)-1, .gid = (gid_t)-1, .backlog = 8};
}

static int
open_at(struct listener *l, const char *where)
{
	const struct socket_options o = options_for(where);

	*l = (struct listener){.fd = -1};
	err.text[0] = '\0';
	return listener_open(l, &o, &err);
}

static void
close_listener(struct listener *l)
{
	listener_unlink(l);
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
}

/* A plain socket at the path; listening or not, and of any kind. */
static int
foreign_socket(int kind, bool listens)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, kind, 0);

	memcpy(address.sun_path, path, strlen(path) + 1);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	if (listens)
		assert_int_equal(listen(fd, 1), 0);
	return fd;
}

static ino_t
inode_of(const char *where)
{
	struct stat st;

	return lstat(where, &st) ? 0 : st.st_ino;
}

/* Nothing but the socket itself is left behind, whatever happened. */
static void
nothing_else_in_folder(void)
{
	unlink(path);
	assert_int_equal(rmdir(folder), 0);
	assert_int_equal(mkdir(folder, 0700), 0);
}

static void
a_new_socket_listens_with_its_mode_whatever_the_umask(void **state)
{
	mode_t mask = umask(0177);
	struct listener l;
	struct stat st;

	(void)state;
	assert_int_equal(open_at(&l, path), 0);
	umask(mask);
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0660);
	assert_true(socket_answers(path));
	assert_true(fcntl(l.fd, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(l.fd, F_GETFD) & FD_CLOEXEC);
	assert_false(l.kept);
	close_listener(&l);
	assert_int_equal(inode_of(path), 0);
	nothing_else_in_folder();
}

static void
a_socket_file_that_a_dead_server_left_is_taken_over(void **state)
{
	ino_t old;
	struct listener l;

	(void)state;
	close(foreign_socket(SOCK_STREAM, true));
	old = inode_of(path);
	assert_false(socket_answers(path));
	assert_int_equal(open_at(&l, path), 0);
	assert_true(inode_of(path) != old);
	assert_true(socket_answers(path));
	close_listener(&l);
	nothing_else_in_folder();
}

static void
a_path_on_which_somebody_answers_is_let_alone(void **state)
{
	int fd = foreign_socket(SOCK_STREAM, true);
	ino_t old = inode_of(path);
	struct listener l;

	(void)state;
	assert_int_equal(open_at(&l, path), ERR_CONFLICT);
	assert_non_null(strstr(err.text, path));
	assert_int_equal(l.fd, -1);
	assert_int_equal(inode_of(path), old);
	close(fd);
	nothing_else_in_folder();
}

static void
a_server_whose_queue_is_full_answers_all_the_same(void **state)
{
	int fd = foreign_socket(SOCK_STREAM, true), clients[16];
	struct listener l;

	(void)state;
	/* Each knock takes a place. */
	for (size_t i = 0; i < sizeof clients / sizeof *clients; i++) {
		struct sockaddr_un address = {.sun_family = AF_UNIX};

		memcpy(address.sun_path, path, strlen(path) + 1);
		clients[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		if (connect(clients[i], (struct sockaddr *)&address, sizeof address))
			assert_int_equal(errno, EAGAIN);
	}
	assert_int_equal(open_at(&l, path), ERR_CONFLICT);
	for (size_t i = 0; i < sizeof clients / sizeof *clients; i++)
		close(clients[i]);
	close(fd);
	nothing_else_in_folder();
}

static void
a_socket_of_another_kind_belongs_to_somebody(void **state)
{
	int fd = foreign_socket(SOCK_DGRAM, false);
	struct listener l;

	(void)state;
	assert_int_equal(open_at(&l, path), ERR_CONFLICT);
	close(fd);
	nothing_else_in_folder();
}

static void
what_is_not_a_socket_is_let_alone(void **state)
{
	char text[8] = "";
	struct listener l;
	int fd;

	(void)state;
	fd = open(path, O_RDWR | O_CREAT, 0600);
	assert_int_equal(write(fd, "mine", 4), 4);
	assert_int_equal(open_at(&l, path), ERR_INPUT);
	assert_non_null(strstr(err.text, path));
	assert_int_equal(pread(fd, text, 4, 0), 4);
	assert_string_equal(text, "mine");
	close(fd);
	unlink(path);

	/* A link too, wherever it leads. */
	assert_int_equal(symlink("/nowhere", path), 0);
	assert_int_equal(open_at(&l, path), ERR_INPUT);
	nothing_else_in_folder();
}

static void
a_folder_that_is_not_there_is_named(void **state)
{
	char deep[160];
	struct listener l;

	(void)state;
	snprintf(deep, sizeof deep, "%s/missing/s", folder);
	assert_int_equal(open_at(&l, deep), ERR_IO);
	assert_non_null(strstr(err.text, deep));
}

static void
a_path_longer_than_an_address_works(void **state)
{
	char deep[256];
	struct listener l, second;

	(void)state;
	snprintf(deep, sizeof deep, "%s/%0100d", folder, 0);
	assert_int_equal(mkdir(deep, 0700), 0);
	strncat(deep, "/s", sizeof deep - strlen(deep) - 1);
	assert_int_equal(open_at(&l, deep), 0);
	assert_true(socket_answers(deep));
	assert_int_equal(open_at(&second, deep), ERR_CONFLICT);
	close_listener(&l);
	*strrchr(deep, '/') = '\0';
	assert_int_equal(rmdir(deep), 0);
}

static void
unlinking_leaves_a_successors_socket_alone(void **state)
{
	struct listener old, next;
	ino_t now;

	(void)state;
	assert_int_equal(open_at(&old, path), 0);
	unlink(path);
	assert_int_equal(open_at(&next, path), 0);
	now = inode_of(path);
	close_listener(&old);
	assert_int_equal(inode_of(path), now);
	close_listener(&next);
	nothing_else_in_folder();
}

static void
what_waits_in_the_queue_survives_the_unlinking(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int client = socket(AF_UNIX, SOCK_STREAM, 0);
	struct listener l;

	(void)state;
	assert_int_equal(open_at(&l, path), 0);
	memcpy(address.sun_path, path, strlen(path) + 1);
	assert_int_equal(connect(client, (struct sockaddr *)&address, sizeof address), 0);
	listener_unlink(&l);
	assert_true(accept(l.fd, NULL, NULL) >= 0);
	close(l.fd);
	close(client);
}

/* ---- sockets that came along ----------------------------------------------------------- */

/* Run in a child whose descriptors from 3 on are the given ones; its exit code is the answer.
 */
static int
in_child(int (*what)(void), const int *fds, int count, bool as_stdin)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		char number[16];

		for (int i = 0; i < count; i++)
			dup2(fds[i], 60 + i);
		for (int i = 0; i < count; i++)
			dup2(60 + i, as_stdin ? i : 3 + i);
		snprintf(number, sizeof number, "%d", (int)getpid());
		setenv("LISTEN_PID", number, 1);
		snprintf(number, sizeof number, "%d", as_stdin ? 0 : count);
		setenv("LISTEN_FDS", number, 1);
		setenv("LISTEN_FDNAMES", "x", 1);
		_exit(what());
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

enum {
	FOUND_NONE = 0,
	FOUND_PUBLIC = 1,
	FOUND_PRIVATE = 2,
	KEPT = 4,
	REFUSED = 64,
	WRONG = 99
};

/* What sockets_inherit() found, as a sum. */
static int
inherit(void)
{
	struct sockets s = SOCKETS_INIT;
	int found = 0;

	if (sockets_inherit(&s, path, &err))
		return REFUSED;
	if (getenv("LISTEN_PID") || getenv("LISTEN_FDS") || getenv("LISTEN_FDNAMES"))
		return WRONG;
	found |= s.public.fd >= 0 ? FOUND_PUBLIC : 0;
	found |= s.private.fd >= 0 ? FOUND_PRIVATE : 0;
	found |= s.public.kept ? KEPT : 0;
	if (s.public.path || s.private.path || s.public.fd == STDIN_FILENO)
		return WRONG;
	if (s.public.fd >= 0 && !(fcntl(s.public.fd, F_GETFL) & O_NONBLOCK))
		return WRONG;
	return found;
}

/* As if systemd had meant another process. */
static int
inherit_for_another(void)
{
	setenv("LISTEN_PID", "1", 1);
	return inherit();
}

static void
sockets_of_systemd_are_taken_and_the_private_one_known_by_its_path(void **state)
{
	struct listener other;
	char elsewhere[160];
	int fds[2];

	(void)state;
	snprintf(elsewhere, sizeof elsewhere, "%s/other", folder);
	assert_int_equal(open_at(&other, elsewhere), 0);
	fds[0] = other.fd;
	fds[1] = foreign_socket(SOCK_STREAM, true);
	assert_int_equal(in_child(inherit, fds, 1, false), FOUND_PUBLIC | KEPT);
	assert_int_equal(in_child(inherit, fds, 2, false), FOUND_PUBLIC | FOUND_PRIVATE | KEPT);
	assert_int_equal(in_child(inherit, fds + 1, 1, false), FOUND_PRIVATE);
	assert_int_equal(in_child(inherit, fds, 0, false), FOUND_NONE);
	assert_int_equal(in_child(inherit_for_another, fds, 2, false), FOUND_NONE);
	/* Two of which none is private. */
	fds[1] = dup(fds[0]);
	assert_int_equal(in_child(inherit, fds, 2, false), REFUSED);
	close_listener(&other);
	nothing_else_in_folder();
}

static void
a_socket_of_spawn_fcgi_is_taken_from_descriptor_0_and_closes_with_us(void **state)
{
	struct listener other;

	(void)state;
	assert_int_equal(open_at(&other, path), 0);
	/* It is not bound to the private path there. */
	snprintf(path, sizeof path, "%s/elsewhere", folder);
	assert_int_equal(in_child(inherit, &other.fd, 1, true), FOUND_PUBLIC);
	close_listener(&other);
}

static void
what_is_no_listening_unix_socket_is_refused(void **state)
{
	struct sockaddr_in address = {
	    .sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int tcp = socket(AF_INET, SOCK_STREAM, 0), file = open("/dev/null", O_RDONLY),
	    deaf = foreign_socket(SOCK_STREAM, false);

	(void)state;
	assert_int_equal(bind(tcp, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(tcp, 1), 0);
	assert_int_equal(in_child(inherit, &tcp, 1, false), REFUSED);
	assert_int_equal(in_child(inherit, &file, 1, false), REFUSED);
	assert_int_equal(in_child(inherit, &deaf, 1, false), REFUSED);
	assert_int_equal(in_child(inherit, &tcp, 1, true), REFUSED);
	assert_int_equal(in_child(inherit, &file, 1, true), FOUND_NONE);
	close(tcp);
	close(file);
	close(deaf);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_FOLDER(a_new_socket_listens_with_its_mode_whatever_the_umask),
	    IN_FOLDER(a_socket_file_that_a_dead_server_left_is_taken_over),
	    IN_FOLDER(a_path_on_which_somebody_answers_is_let_alone),
	    IN_FOLDER(a_server_whose_queue_is_full_answers_all_the_same),
	    IN_FOLDER(a_socket_of_another_kind_belongs_to_somebody),
	    IN_FOLDER(what_is_not_a_socket_is_let_alone),
	    IN_FOLDER(a_folder_that_is_not_there_is_named),
	    IN_FOLDER(a_path_longer_than_an_address_works),
	    IN_FOLDER(unlinking_leaves_a_successors_socket_alone),
	    IN_FOLDER(what_waits_in_the_queue_survives_the_unlinking),
	    IN_FOLDER(sockets_of_systemd_are_taken_and_the_private_one_known_by_its_path),
	    IN_FOLDER(a_socket_of_spawn_fcgi_is_taken_from_descriptor_0_and_closes_with_us),
	    IN_FOLDER(what_is_no_listening_unix_socket_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
