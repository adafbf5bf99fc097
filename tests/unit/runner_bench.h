/*
 * The real carillon-runner for tests, in a directory of its own: the test is its master, which
 * holds both ends of the channel, and its scheduler, which speaks on one of them.
 *
 * Nothing here waits for a fixed time: a message, a file or a process's end is waited for, with
 * a deadline. The test is a subreaper, so whatever a runner leaves behind becomes its child,
 * and bench_close() sees to it that nothing stays.
 */
#ifndef RUNNER_BENCH_H
#define RUNNER_BENCH_H

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/id.h"
#include "proc/channel.h"
#include "proc/clock.h"
#include "runner/family.h"

#define MS INT64_C(1000)

/* Above what a loaded machine needs; only a fault waits so long. */
#define PATIENCE_US (20 * 1000 * MS)

/* Whom commands may run as, where root tests: every system has him. */
#define BENCH_USER "daemon"

/* FILES: the soft limit of open files that the runner is started with. */
enum { INBOX = 4096, OUTPUT_MAX = 100000, FILES = 250 };

struct bench {
	char dir[64], config[96], program[512];
	int runner_end, scheduler_end;
	pid_t runner;	  /* 0: it has been waited for */
	rlim_t files_max; /* the runner's hard limit of open files; 0: the test's own */
	uint64_t generation;
	struct arena arena;
	struct channel_message inbox[INBOX]; /* came and was not asked for yet, oldest first */
	size_t inbox_count;
};

static inline const char *
bench_path(struct bench *b, const char *name)
{
	return arena_printf(&b->arena, "%s/%s", b->dir, name);
}

static inline void
bench_nap(void)
{
	poll(NULL, 0, 2);
}

#define WAIT_UNTIL(condition)                                               \
	do {                                                                \
		int64_t deadline_us_ = clock_mono_us() + PATIENCE_US;       \
                                                                            \
		while (!(condition)) {                                      \
			if (clock_mono_us() > deadline_us_)                 \
				fail_msg("waited in vain for " #condition); \
			bench_nap();                                        \
		}                                                           \
	} while (0)

/* ---- life ---- */

static inline void
bench_start_runner(struct bench *b)
{
	char fd[16];

	snprintf(fd, sizeof fd, "%d", b->runner_end);
	b->runner = fork();
	if (b->runner == 0) {
		struct rlimit files;

		/* As the master does it. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		getrlimit(RLIMIT_NOFILE, &files);
		files.rlim_cur = FILES;
		if (b->files_max)
			files.rlim_cur = files.rlim_max = b->files_max;
		setrlimit(RLIMIT_NOFILE, &files);
		fcntl(b->runner_end, F_SETFD, 0);
		execl(b->program, "carillon-runner", "--config", b->config, "--channel", fd,
		    (char *)NULL);
		_exit(126);
	}
}

static inline void
bench_open_channel(struct bench *b)
{
	struct err err;
	int ends[2];

	assert_int_equal(channel_pair(ends, &err), 0);
	b->runner_end = ends[0];
	b->scheduler_end = ends[1];
	b->inbox_count = 0;
}

static inline void
bench_close_channel(struct bench *b)
{
	if (b->runner_end >= 0)
		close(b->runner_end);
	if (b->scheduler_end >= 0)
		close(b->scheduler_end);
	b->runner_end = b->scheduler_end = -1;
}

static inline int
bench_open(void **state)
{
	struct bench *b = calloc(1, sizeof *b);
	char self[400];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	FILE *f;

	/* The program stands beside the directory of the tests. */
	for (int up = 0; n > 0 && up < 2; up++) {
		while (n > 0 && self[n - 1] != '/')
			n--;
		n -= n > 0;
	}
	self[n > 0 ? n : 0] = '\0';
	snprintf(b->program, sizeof b->program, "%s/carillon-runner", self);
	snprintf(b->dir, sizeof b->dir, "/tmp/carillon-runner.XXXXXX");
	if (!mkdtemp(b->dir) || prctl(PR_SET_CHILD_SUBREAPER, 1))
		return -1;
	snprintf(b->config, sizeof b->config, "%s/carillon.xml", b->dir);
	f = fopen(b->config, "w");
	if (!f)
		return -1;
	fprintf(f,
	    "<carillon><outputDir>%s/out</outputDir><runAs><user>%s</user></runAs></"
	    "carillon>\n",
	    b->dir, BENCH_USER);
	fclose(f);
	bench_open_channel(b);
	bench_start_runner(b);
	*state = b;
	return 0;
}

static inline int
bench_remove(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

/* Whoever is still this process's child. */
static inline void
bench_kill_children(void)
{
	pid_t pids[512];
	int64_t deadline_us = clock_mono_us() + PATIENCE_US;

	while (clock_mono_us() < deadline_us) {
		long count = process_children(pids, 512);

		if (count <= 0)
			return;
		for (long i = 0; i < count && i < 512; i++) {
			kill(pids[i], SIGKILL);
			waitpid(pids[i], NULL, 0);
		}
	}
}

static inline int
bench_close(void **state)
{
	struct bench *b = *state;

	bench_close_channel(b);
	bench_kill_children();
	nftw(b->dir, bench_remove, 16, FTW_DEPTH | FTW_PHYS);
	arena_release(&b->arena);
	free(b);
	return 0;
}

/* Wait for the runner's end; answers its wait status. */
static inline int
bench_runner_end(struct bench *b)
{
	int status;

	WAIT_UNTIL(waitpid(b->runner, &status, WNOHANG) == b->runner);
	b->runner = 0;
	return status;
}

/* ---- messages ---- */

static inline void
bench_send(struct bench *b, const struct channel_message *m)
{
	struct err err;
	int rc;

	WAIT_UNTIL((rc = channel_send(b->scheduler_end, m, &err)) != ERR_BUSY);
	assert_int_equal(rc, 0);
}

static inline void
bench_order(struct bench *b, enum channel_type type, uint64_t task_id)
{
	bench_send(
	    b, &(struct channel_message){.type = type, .task_id = task_id, .attempt = 1});
}

static inline struct channel_message
bench_receive(struct bench *b)
{
	struct channel_message m;
	struct err err;
	int rc;

	WAIT_UNTIL((rc = channel_receive(b->scheduler_end, &b->arena, &m, &err)) != ERR_BUSY);
	assert_int_equal(rc, 0);
	return m;
}

static inline struct channel_message
bench_take(struct bench *b, size_t i)
{
	struct channel_message m = b->inbox[i];

	b->inbox_count--;
	memmove(b->inbox + i, b->inbox + i + 1, (b->inbox_count - i) * sizeof m);
	return m;
}

/* The next message of the runner, in the order in which they were sent. */
static inline struct channel_message
bench_next(struct bench *b)
{
	return b->inbox_count ? bench_take(b, 0) : bench_receive(b);
}

/* The first message of that type about that task; 0: whichever. What comes before it stays in
 * the inbox. */
static inline struct channel_message
bench_expect(struct bench *b, enum channel_type type, uint64_t task_id)
{
	for (size_t i = 0;; i++) {
		if (i == b->inbox_count) {
			assert_true(i < INBOX);
			b->inbox[b->inbox_count++] = bench_receive(b);
		}
		if (b->inbox[i].type == type && (!task_id || b->inbox[i].task_id == task_id))
			return bench_take(b, i);
	}
}

/* Say HELLO as a new scheduler. After its READY every order before it has been carried out. */
static inline void
bench_hello(struct bench *b)
{
	struct channel_message m = {.type = CHANNEL_HELLO, .generation = ++b->generation};

	bench_send(b, &m);
	assert_int_equal(bench_expect(b, CHANNEL_WELCOME, 0).generation, b->generation);
}

/* Every order so far has been carried out. Forgets what came meanwhile. */
static inline void
bench_settle(struct bench *b)
{
	bench_hello(b);
	assert_int_equal(bench_expect(b, CHANNEL_READY, 0).generation, b->generation);
	b->inbox_count = 0;
}

/* ---- commands ---- */

/* A START of `/bin/sh -c script`, to be changed before it is sent. */
static inline struct channel_message
bench_shell(struct bench *b, uint64_t task_id, const char *script)
{
	const char **argv = arena_array(&b->arena, 4, sizeof *argv);
	const char **env = arena_array(&b->arena, 4, sizeof *env);
	char guid[ID_GUID_LEN + 1];

	id_guid(task_id, guid);
	argv[0] = "/bin/sh";
	argv[1] = "-c";
	argv[2] = script;
	env[0] = "PATH=/usr/bin:/bin";
	env[1] = arena_printf(&b->arena, "CARILLON_TASK_ID=%s", guid);
	return (struct channel_message){
	    .type = CHANNEL_START,
	    .task_id = task_id,
	    .attempt = 1,
	    .argv = argv,
	    .env = env,
	    .cwd = b->dir,
	    .output_dir = arena_printf(&b->arena, "t/%" PRIu64, task_id),
	    .kill_grace_us = 10 * 1000 * MS,
	    .output_max_bytes = OUTPUT_MAX,
	    .umask = 022,
	};
}

/* The same with a directory for result files. */
static inline struct channel_message
bench_shell_with_results(struct bench *b, uint64_t task_id, const char *script)
{
	struct channel_message m = bench_shell(b, task_id, script);

	m.results_max_bytes = UINT64_C(1) << 40;
	return m;
}

/* Start it and wait until it is held. */
static inline struct channel_message
bench_hold(struct bench *b, uint64_t task_id, const char *script)
{
	struct channel_message m = bench_shell(b, task_id, script);

	bench_send(b, &m);
	return bench_expect(b, CHANNEL_HELD, task_id);
}

/* Start it and let it run. Answers its pid. */
static inline pid_t
bench_run(struct bench *b, uint64_t task_id, const char *script)
{
	struct channel_message held = bench_hold(b, task_id, script);

	bench_order(b, CHANNEL_RELEASE, task_id);
	return held.pid;
}

/* Run what was started otherwise, to its end. */
static inline struct channel_message
bench_run_to_end(struct bench *b, const struct channel_message *start)
{
	bench_send(b, start);
	bench_expect(b, CHANNEL_HELD, start->task_id);
	bench_order(b, CHANNEL_RELEASE, start->task_id);
	return bench_expect(b, CHANNEL_ENDED, start->task_id);
}

/* ---- the world ---- */

static inline bool
bench_exists(struct bench *b, const char *name)
{
	return access(bench_path(b, name), F_OK) == 0;
}

/* A file's text, or NULL. */
static inline char *
bench_read(struct bench *b, const char *name)
{
	static char text[256 * 1024];
	int fd = open(bench_path(b, name), O_RDONLY);
	ssize_t n;

	if (fd < 0)
		return NULL;
	n = read(fd, text, sizeof text - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

static inline char *
bench_output(struct bench *b, uint64_t task_id, const char *stream)
{
	return bench_read(
	    b, arena_printf(&b->arena, "out/t/%" PRIu64 "/1.%s", task_id, stream));
}

/* The number that a command has written into a file; waits for it. */
static inline pid_t
bench_pid(struct bench *b, const char *name)
{
	char *text;
	pid_t pid;

	WAIT_UNTIL((text = bench_read(b, name)) && strchr(text, '\n'));
	pid = (pid_t)strtol(text, NULL, 10);
	assert_true(pid > 1);
	return pid;
}

/* Lives as more than a zombie. Reaps it if it is this process's child and dead. */
static inline bool
bench_lives(pid_t pid)
{
	struct process p;

	waitpid(pid, NULL, WNOHANG);
	return !process_read(pid, &p) && !p.dead;
}

#define BENCH(name) cmocka_unit_test_setup_teardown(name, bench_open, bench_close)

#endif
