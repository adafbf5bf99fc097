/*
 * carillon-runner: holds, runs and watches the commands. Started by the master, never by hand.
 *
 *     carillon-runner --config FILE --channel FD
 *
 * This file is the shell around runner.c: arguments, the loop, signals, the clocks. It outlives
 * schedulers, because the master keeps both ends of the channel; when the channel's other end
 * is gone, so is the master, and the runner ends its commands and leaves, so that nothing goes
 * on that nobody will hear of. Should it die itself, its commands die with it.
 *
 * Exits 0 when it was told to stop and all commands have ended, 1 for everything else.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "config/config.h"
#include "proc/clock.h"
#include "proc/fd.h"
#include "proc/loop.h"
#include "proc/signal.h"
#include "runner/runner.h"

/* How long commands have to end by themselves when the master has died: a new one may be
 * waiting to sweep them. */
#define ORPHAN_GRACE_US INT64_C(1000000)

/* How long the last words may wait for a scheduler that does not read. */
#define LAST_WORDS_US INT64_C(2000000)

struct shell {
	const char *config_path;
	struct config config;
	struct ward_house house;
	struct cgroups cgroups;
	char *output_path, *user, *group;
	struct runner *runner;
	struct loop_timer *timer;
	struct loop_watch *channel_watch, *signal_watch;
	int channel, signals;
	pid_t parent;
	bool died;  /* a child may have ended since the last step */
	bool waits; /* something waits for room in the channel */
	bool leaving, orphan;
	int64_t leave_mono_us; /* idle and leaving: not later than this */
};

static int
usage(void)
{
	log_error("usage: carillon-runner --config FILE --channel FD");
	return 1;
}

static int
parse_arguments(struct shell *s, int argc, char **argv)
{
	static const struct option options[] = {
	    {"config", required_argument, NULL, 'c'},
	    {"channel", required_argument, NULL, 'r'},
	    {0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'c')
			s->config_path = optarg;
		else if (option == 'r')
			s->channel = (int)strtol(optarg, NULL, 10);
		else
			return -1;
	}
	return optind == argc && s->config_path && s->channel > STDERR_FILENO ? 0 : -1;
}

static void
leave(struct shell *s, int64_t grace_max_us)
{
	s->leaving = true;
	runner_stop(s->runner, grace_max_us, clock_wall_us(), clock_mono_us());
}

/* The master has died, or has given up on this runner. */
static void
on_lost_channel(struct shell *s, const struct err *err)
{
	if (!s->channel_watch)
		return;
	log_error("%s: stopping", err->text);
	loop_watch_free(s->channel_watch);
	s->channel_watch = NULL;
	s->orphan = true;
	leave(s, ORPHAN_GRACE_US);
}

static void
on_channel(void *ctx, int events)
{
	struct shell *s = ctx;
	struct err err;

	if (!(events & LOOP_READABLE))
		return;
	if (runner_read(s->runner, clock_wall_us(), clock_mono_us(), &err))
		on_lost_channel(s, &err);
}

static void
on_signals(void *ctx, int events)
{
	struct shell *s = ctx;
	int signal;

	(void)events;
	while ((signal = signals_take(s->signals))) {
		if (signal == SIGCHLD)
			s->died = true;
		else if (getppid() != s->parent) {
			s->orphan = true;
			leave(s, ORPHAN_GRACE_US);
		} else
			leave(s, INT64_MAX);
	}
}

static void
on_time(void *ctx)
{
	(void)ctx;
}

/* Whatever came in through the master's carelessness ends here; nothing of it reaches a
 * command. */
static int
take_descriptors(struct shell *s, struct err *err)
{
	int keep[] = {s->channel};

	fd_close_except(keep, 1);
	return fd_set_cloexec(s->channel, err);
}

/* Each command costs the runner some descriptors: it takes what it may have, and gives its
 * commands what it was given. */
static int
raise_files(struct rlimit *given, struct err *err)
{
	struct rlimit all;

	if (getrlimit(RLIMIT_NOFILE, given))
		return err_errno(err, ERR_IO, errno, "read the limit of open files");
	all = *given;
	all.rlim_cur = all.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &all))
		return err_errno(err, ERR_IO, errno, "raise the limit of open files");
	return 0;
}

static char *
own_name(void)
{
	const struct passwd *entry = getpwuid(geteuid());
	char *name = NULL;

	if (entry)
		return mem_strdup(entry->pw_name);
	return asprintf(&name, "%u", (unsigned)geteuid()) < 0 ? NULL : name;
}

static char *
own_group(void)
{
	const struct group *entry = getgrgid(getegid());
	char *name = NULL;

	if (entry)
		return mem_strdup(entry->gr_name);
	return asprintf(&name, "%u", (unsigned)getegid()) < 0 ? NULL : name;
}

static int
open_places(struct shell *s, struct err *err)
{
	const char *root = s->config.output_dir;

	if (mkdir(root, 0750) && errno != EEXIST)
		return err_errno(err, ERR_IO, errno, "output directory %s", root);
	s->house.output_root = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* Commands are told of it from another directory, by a name that leads to it for them too:
	 * where a parent is closed to us, past the parents. */
	s->output_path = realpath(root, NULL);
	if (!s->output_path && errno == EACCES &&
	    asprintf(&s->output_path, "/proc/%d/fd/%d", (int)getpid(), s->house.output_root) <
		0)
		s->output_path = NULL;
	if (s->house.output_root < 0 || !s->output_path)
		return err_errno(err, ERR_IO, errno, "output directory %s", root);
	s->house.output_path = s->output_path;
	s->house.user = s->user = own_name();
	s->house.group = s->group = own_group();
	s->house.run_as = (const char *const *)s->config.run_as;
	s->house.null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (s->house.null_fd < 0)
		return err_errno(err, ERR_IO, errno, "open /dev/null");
	return 0;
}

static int
start(struct shell *s, struct err *err)
{
	static const int signals[] = {SIGTERM, SIGCHLD};
	int rc = fd_open_standard(err);

	/* The file may be a descriptor that the master left open for it. */
	if (!rc)
		rc = config_load(s->config_path, &s->config, err);
	if (!rc)
		rc = take_descriptors(s, err);
	if (!rc)
		rc = raise_files(&s->house.files, err);
	if (!rc)
		rc = open_places(s, err);
	if (!rc)
		rc = signals_open(signals, 2, &s->signals, err);
	if (!rc)
		rc = loop_open(&s->house.loop, err);
	if (rc)
		return rc;

	/* What a command leaves behind becomes the runner's child, so that it is found. And when
	 * the master dies the runner is told rather than killed: killed it could end the
	 * commands, but not what they have started. If the master is dead already the channel
	 * says so. */
	s->parent = getppid();
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) || prctl(PR_SET_PDEATHSIG, SIGTERM))
		return err_errno(err, ERR_IO, errno, "become the reaper of orphans");
	rc = http_client_open(s->house.loop,
	    &(struct http_limits){
		.allow = s->config.http_allow,
		.ports = s->config.http_ports,
		.tls_dir = s->config.http_tls_dir,
	    },
	    &s->house.http, err);
	if (rc)
		return rc;
	/* Commands say why they cannot start then; requests go on. */
	s->house.cgroups = &s->cgroups;
	if (cgroups_open(&s->cgroups, s->config.cgroup_dir, err))
		log_error("%s", err->text);
	s->runner = runner_new(&s->house, s->channel);
	s->timer = loop_timer_new(s->house.loop, on_time, s);
	s->channel_watch =
	    loop_watch_new(s->house.loop, s->channel, LOOP_READABLE, on_channel, s);
	s->signal_watch =
	    loop_watch_new(s->house.loop, s->signals, LOOP_READABLE, on_signals, s);
	return 0;
}

/* Everything has ended and the scheduler has been told, or does not listen. */
static bool
may_leave(struct shell *s, bool waits)
{
	int64_t now_mono_us = clock_mono_us();

	if (!s->leaving || !runner_is_idle(s->runner))
		return false;
	if (!waits || !s->channel_watch)
		return true;
	if (!s->leave_mono_us)
		s->leave_mono_us = now_mono_us + LAST_WORDS_US;
	return now_mono_us >= s->leave_mono_us;
}

/* What holds at the top: all that was due is done, and what there was room for is told. */
static int
run(struct shell *s)
{
	for (;;) {
		bool died = s->died, waits;
		int64_t delay_us;
		struct err err;

		s->died = false;
		delay_us = runner_step(s->runner, died, clock_wall_us(), clock_mono_us());
		if (runner_tell(s->runner, &waits, &err))
			on_lost_channel(s, &err);
		if (may_leave(s, waits))
			return s->orphan;
		if (s->leave_mono_us && delay_us > LAST_WORDS_US)
			delay_us = LAST_WORDS_US;
		if (s->channel_watch)
			loop_watch_set(
			    s->channel_watch, LOOP_READABLE | (waits ? LOOP_WRITABLE : 0));
		if (delay_us == INT64_MAX)
			loop_timer_unset(s->timer);
		else
			loop_timer_set(s->timer, delay_us);
		loop_run_once(s->house.loop);
	}
}

int
main(int argc, char **argv)
{
	struct shell s = {.channel = -1,
	    .signals = -1,
	    .cgroups = CGROUPS_INIT,
	    .house = {.output_root = -1, .null_fd = -1}};
	struct err err;
	int rc;

	signals_block();
	log_identity("runner");
	if (parse_arguments(&s, argc, argv))
		return usage();
	rc = start(&s, &err) ? 1 : 0;
	if (rc)
		log_error("%s", err.text);
	else
		rc = run(&s);
	loop_watch_free(s.channel_watch);
	loop_watch_free(s.signal_watch);
	loop_timer_free(s.timer);
	runner_free(s.runner);
	http_client_close(s.house.http);
	cgroups_close(&s.cgroups);
	loop_close(s.house.loop);
	free(s.output_path);
	free(s.user);
	free(s.group);
	config_release(&s.config);
	return rc;
}
