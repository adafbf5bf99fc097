/*
 * The master: see master.h. It does what policy_next() says and tells policy what happened.
 *
 * Whoever may open the store inherits the descriptor of its lock, so the lock is free only when
 * the last of them has gone, however this process itself ended. All children die with it
 * (PR_SET_PDEATHSIG). The runner gets neither the lock nor the listening sockets; both ends of
 * its channel are kept here, so that neither side sees the other's death.
 */
#include "app/master.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/notify.h"
#include "app/policy.h"
#include "app/worker.h"
#include "base/log.h"
#include "proc/channel.h"
#include "proc/clock.h"
#include "proc/fd.h"
#include "proc/signal.h"
#include "store/store.h"

enum { EXIT_NO_PROGRAM = 127, NUMBER_TEXT = 24 };

#define SECOND_US INT64_C(1000000)
/* The board is looked at, and the pool grows, at most so often. */
#define LOOK_US (SECOND_US / 20)
/* What a recovery may take: that of gigabytes of log, on a slow disk. */
#define RECOVERY_LIMIT_US (600 * SECOND_US)
/* A scheduler that has nothing to do still shows every ten seconds that it is there. */
#define SCHEDULER_SILENCE_US (15 * SECOND_US)
#define COMPLAIN_US	     (10 * SECOND_US)

struct master {
	const struct master_options *options;
	struct snapshot *snapshot;
	struct sockets *sockets;
	struct policy policy;
	struct board *board;
	int board_fd, bell, signals;
	int scheduler_end, runner_end; /* of the channel */
	uint64_t schedulers;	       /* started so far: each has a generation of its own */
	pid_t self, pids[SLOT_COUNT];
	int64_t recovery_mono_us; /* when it was started */
	int64_t looked_mono_us;
	int64_t killing_mono_us; /* since when, or when it was last complained of; 0: not */
	bool ready;		 /* once */
};

static const char *
role_of(int slot)
{
	if (slot == SLOT_SCHEDULER)
		return "scheduler";
	if (slot == SLOT_RECOVERY)
		return "recovery";
	if (slot == SLOT_RUNNER)
		return "runner";
	return "worker";
}

/* ---- starting -------------------------------------------------------------------------- */

/* In the child: die with the master, also if it died before this. */
static void
tie_to_master(const struct master *m)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != m->self)
		_exit(1);
}

/* What the master alone needs. A worker keeps the sockets, the bell, the lock and the board. */
static void
close_own(struct master *m)
{
	fd_drop(&m->signals);
	fd_drop(&m->board_fd);
	fd_drop(&m->scheduler_end);
	fd_drop(&m->runner_end);
}

static struct store_options
store_options(const struct config *c)
{
	return (struct store_options){
	    .dir = c->store_dir,
	    .cache_bytes = c->store_cache_bytes,
	    .reserve_bytes = c->store_reserve_bytes,
	};
}

static _Noreturn void
be_recovery(struct master *m)
{
	const struct store_options options = store_options(&m->snapshot->config);
	struct err err = {0};
	int rc;

	log_identity("recovery");
	close_own(m);
	rc = store_recover(&options, &err);
	if (rc)
		log_error("%s", err.text);
	_exit(rc ? 1 : 0);
}

static _Noreturn void
be_worker(struct master *m, int slot)
{
	const struct worker w = {
	    .config = &m->snapshot->config,
	    .sockets = m->sockets,
	    .board = m->board,
	    .slot = (uint32_t)slot,
	    .bell_fd = m->bell,
	};

	log_identity("worker");
	close_own(m);
	_exit(worker_run(&w));
}

/*
 * Signals stay blocked across exec, so that one which arrives before the program listens is not
 * lost and ends nothing.
 */
static _Noreturn void
be_program(const struct master *m, const char *const *argv, const int *keep, size_t count)
{
	close_range(STDERR_FILENO + 1, UINT_MAX, CLOSE_RANGE_CLOEXEC);
	for (size_t i = 0; i < count; i++)
		fcntl(keep[i], F_SETFD, 0);
	execveat(m->options->programs_fd, argv[0], (char *const *)argv, environ, 0);
	log_error("%s: %s", argv[0], strerror(errno));
	_exit(EXIT_NO_PROGRAM);
}

static _Noreturn void
be_scheduler(const struct master *m)
{
	const int keep[] = {
	    m->options->lock_fd, m->snapshot->fd, m->scheduler_end, m->board_fd, m->bell};
	char channel[NUMBER_TEXT], board[NUMBER_TEXT], bell[NUMBER_TEXT],
	    generation[NUMBER_TEXT];
	const char *argv[] = {"carillon-scheduler", "--config", m->snapshot->path, "--channel",
	    channel, "--board", board, "--bell", bell, "--generation", generation, NULL};

	snprintf(channel, sizeof channel, "%d", m->scheduler_end);
	snprintf(board, sizeof board, "%d", m->board_fd);
	snprintf(bell, sizeof bell, "%d", m->bell);
	snprintf(generation, sizeof generation, "%" PRIu64, m->schedulers);
	be_program(m, argv, keep, sizeof keep / sizeof *keep);
}

static _Noreturn void
be_runner(const struct master *m)
{
	const int keep[] = {m->snapshot->fd, m->runner_end};
	char channel[NUMBER_TEXT];
	const char *argv[] = {
	    "carillon-runner", "--config", m->snapshot->path, "--channel", channel, NULL};

	snprintf(channel, sizeof channel, "%d", m->runner_end);
	be_program(m, argv, keep, sizeof keep / sizeof *keep);
}

static _Noreturn void
be_child(struct master *m, int slot)
{
	tie_to_master(m);
	if (slot == SLOT_RECOVERY)
		be_recovery(m);
	if (slot == SLOT_SCHEDULER)
		be_scheduler(m);
	if (slot == SLOT_RUNNER)
		be_runner(m);
	be_worker(m, slot);
}

/* A channel that no other runner has used. No scheduler lives that could hold the old one. */
static int
renew_channel(struct master *m, struct err *err)
{
	int ends[2], rc;

	fd_drop(&m->scheduler_end);
	fd_drop(&m->runner_end);
	rc = channel_pair(ends, err);
	if (rc)
		return rc;
	m->scheduler_end = ends[0];
	m->runner_end = ends[1];
	return 0;
}

/* What must be so before the child lives. */
static int
prepare_start(struct master *m, int slot, int64_t now_mono_us, struct err *err)
{
	if (slot == SLOT_RUNNER)
		return renew_channel(m, err);
	if (slot == SLOT_SCHEDULER)
		m->schedulers++;
	if (slot == SLOT_RECOVERY) {
		m->recovery_mono_us = now_mono_us;
		notify_send("STATUS=recovering the store\nEXTEND_TIMEOUT_USEC=600000000");
		return 0;
	}
	/* Busy until it has joined the store, so that one which hangs there is noticed. */
	m->board->slots[slot].done = m->board->slots[slot].taken = 0;
	board_busy(&m->board->slots[slot], now_mono_us);
	return 0;
}

static void
start(struct master *m, int slot, int64_t now_mono_us)
{
	struct err err = {0};
	pid_t pid;
	int rc;

	rc = prepare_start(m, slot, now_mono_us, &err);
	pid = rc ? -1 : fork();
	if (pid == 0)
		be_child(m, slot);
	if (pid > 0) {
		m->pids[slot] = pid;
		return;
	}
	if (!rc)
		err_errno(&err, ERR_IO, errno, "fork");
	log_error("cannot start the %s: %s", role_of(slot), err.text);
	policy_not_started(&m->policy, slot, now_mono_us);
}

/* ---- what happens ---------------------------------------------------------------------- */

static enum policy_end
how_it_ended(int status)
{
	if (WIFSIGNALED(status))
		return END_KILLED;
	return WEXITSTATUS(status) ? END_FAILED : END_CLEAN;
}

/* One line for what was not asked for. A failed recovery has said why itself. */
static void
log_end(const struct policy_child *child, int slot, pid_t pid, int status)
{
	const char *then = slot == SLOT_RUNNER	   ? "it is started again"
			   : slot == SLOT_RECOVERY ? "it is made again"
						   : "the store recovers";

	if (child->killed)
		return;
	if (WIFSIGNALED(status))
		log_error("%s %d was killed by signal %d (%s): %s", role_of(slot), (int)pid,
		    WTERMSIG(status), strsignal(WTERMSIG(status)), then);
	else if (WEXITSTATUS(status) && slot != SLOT_RECOVERY)
		log_error("%s %d failed with code %d: %s", role_of(slot), (int)pid,
		    WEXITSTATUS(status), then);
	else if (slot == SLOT_RUNNER && !child->told)
		log_error("%s %d left by itself: %s", role_of(slot), (int)pid, then);
}

static void
reap(struct master *m)
{
	pid_t pid;
	int status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		int slot = 0;
		bool worked;

		while (slot < SLOT_COUNT && m->pids[slot] != pid)
			slot++;
		/* As process 1 of a container others' orphans come here too. */
		if (slot == SLOT_COUNT)
			continue;
		m->pids[slot] = 0;
		if (slot < BOARD_SLOTS)
			board_leave_heavy(m->board, (uint32_t)slot);
		log_end(&m->policy.children[slot], slot, pid, status);
		/* The first thing that is done is to join the store. */
		worked = slot < BOARD_SLOTS && m->board->slots[slot].done > 1;
		policy_ended(&m->policy, slot, how_it_ended(status), worked, clock_mono_us());
	}
}

/* How long a child may show no progress just now. */
static bool
is_stuck(const struct master *m, int slot, int64_t now_mono_us)
{
	const struct board_slot *shown = &m->board->slots[slot];
	int64_t limit_us = m->snapshot->config.stuck_after_us;

	if (slot == SLOT_RECOVERY)
		return now_mono_us - m->recovery_mono_us > RECOVERY_LIMIT_US;
	if (board_stuck(shown, now_mono_us, limit_us))
		return true;
	return slot == SLOT_SCHEDULER &&
	       now_mono_us - shown->touched_mono_us > limit_us + SCHEDULER_SILENCE_US;
}

/* A process that not even SIGKILL ends (in D state) keeps everybody waiting: say so. */
static void
watch_killing(struct master *m, int64_t now_mono_us)
{
	if (m->policy.phase != PHASE_KILLING)
		m->killing_mono_us = 0;
	else if (!m->killing_mono_us)
		m->killing_mono_us = now_mono_us;
	if (!m->killing_mono_us || now_mono_us - m->killing_mono_us < COMPLAIN_US)
		return;
	m->killing_mono_us = now_mono_us;
	for (int slot = 0; slot < SLOT_COUNT; slot++) {
		if (m->policy.children[slot].alive && m->policy.children[slot].killed)
			log_error("%s %d does not die: look for a disk that hangs",
			    role_of(slot), (int)m->pids[slot]);
	}
}

/* Tell policy what the board shows. */
static void
look(struct master *m, int64_t now_mono_us)
{
	if (now_mono_us - m->looked_mono_us < LOOK_US)
		return;
	m->looked_mono_us = now_mono_us;
	watch_killing(m, now_mono_us);
	for (int slot = 0; slot <= SLOT_RECOVERY; slot++) {
		const struct policy_child *child = &m->policy.children[slot];

		if (!child->alive || child->killed)
			continue;
		if (slot < BOARD_SLOTS)
			policy_observe(&m->policy, slot, m->board->slots[slot].taken);
		if (is_stuck(m, slot, now_mono_us)) {
			log_error("%s %d makes no progress: it is killed and the store "
				  "recovers",
			    role_of(slot), (int)m->pids[slot]);
			policy_stuck(&m->policy, slot);
		}
	}
	policy_tick(&m->policy, now_mono_us);
}

/* ---- reload and stop ------------------------------------------------------------------- */

static struct policy_limits
limits_of(const struct config *c)
{
	return (struct policy_limits){
	    .workers_min = (int)c->workers_min,
	    .workers_max = (int)c->workers_max,
	    .drain_us = c->drain_us,
	};
}

/* A quarter of the workers, and one at least, neither hashes passwords nor waits to do so: log-ins,
 * however many, leave them to the rest. */
static uint32_t
heavy_waiters_of(const struct config *c)
{
	uint64_t spare = c->workers_max >= 8 ? c->workers_max / 4 : 1;

	return c->workers_max > spare + BOARD_HEAVY
		   ? (uint32_t)(c->workers_max - spare - BOARD_HEAVY)
		   : 0;
}

static bool
same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

/* The processes that run must agree on where things are. */
static int
check_places(const struct config *old, const struct config *fresh, struct err *err)
{
	const char *name = NULL;

	if (!same(old->store_dir, fresh->store_dir))
		name = "storeDir";
	else if (!same(old->output_dir, fresh->output_dir))
		name = "outputDir";
	return name ? err_fail(err, ERR_INPUT, "%s can only change with a restart", name) : 0;
}

static void
mention_fixed(const struct config *old, const struct config *fresh)
{
	const struct {
		const char *name;
		bool changes;
	} fixed[] = {
	    {"socket", !same(old->socket, fresh->socket)},
	    {"privateSocket", !same(old->private_socket, fresh->private_socket)},
	    {"socketGroup", !same(old->socket_group, fresh->socket_group)},
	    {"socketMode", old->socket_mode != fresh->socket_mode},
	    {"backlog", old->backlog != fresh->backlog},
	    {"user", !same(old->user, fresh->user)},
	    {"group", !same(old->group, fresh->group)},
	};

	for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) {
		if (fixed[i].changes)
			log_warn("reload: %s stays as it was until a restart", fixed[i].name);
	}
}

static void
reload(struct master *m)
{
	struct snapshot fresh;
	struct policy_limits limits;
	struct err err = {0};
	char reloading[64];
	int rc;

	if (m->policy.stopping)
		return;
	snprintf(reloading, sizeof reloading, "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
	    clock_mono_us());
	if (m->ready)
		notify_send(reloading);
	rc = snapshot_take(m->options->config_path, &fresh, &err);
	if (!rc)
		rc = check_places(&m->snapshot->config, &fresh.config, &err);
	if (rc) {
		log_error("reload refused, everything stays as it was: %s", err.text);
		snapshot_release(&fresh);
	} else {
		mention_fixed(&m->snapshot->config, &fresh.config);
		snapshot_release(m->snapshot);
		*m->snapshot = fresh;
		limits = limits_of(&fresh.config);
		policy_reload(&m->policy, &limits);
		m->board->heavy_waiters = heavy_waiters_of(&fresh.config);
		log_info("reload: new workers and a new scheduler take over");
	}
	if (m->ready)
		notify_send("READY=1");
}

/* Nobody new finds the way; what is in the queues by now is served. */
static void
stop(struct master *m, int signal)
{
	log_info("%s: stopping%s", strsignal(signal), m->policy.stopping ? " at once" : "");
	notify_send("STOPPING=1");
	listener_unlink(&m->sockets->public);
	listener_unlink(&m->sockets->private);
	policy_stop(&m->policy);
}

static void
take_signals(struct master *m)
{
	int signal;

	while ((signal = signals_take(m->signals))) {
		if (signal == SIGHUP)
			reload(m);
		else if (signal != SIGCHLD)
			stop(m, signal);
	}
}

/* ---- the loop -------------------------------------------------------------------------- */

static const char *
name_of(const struct listener *l)
{
	return l->path ? l->path : "an inherited socket";
}

static void
tell_ready(struct master *m)
{
	log_info("ready: the web server at %s, carillonctl at %s, %d workers, store %s",
	    name_of(&m->sockets->public), name_of(&m->sockets->private),
	    m->policy.workers_wanted, m->snapshot->config.store_dir);
	m->ready = true;
	notify_send("READY=1\nSTATUS=ready");
}

static void
act(struct master *m, const struct policy_action *action, int64_t now_mono_us)
{
	switch (action->verb) {
	case POLICY_START:
		start(m, action->slot, now_mono_us);
		break;
	case POLICY_SIGNAL:
		if (m->pids[action->slot] > 0)
			kill(m->pids[action->slot], action->signal);
		break;
	case POLICY_WAIT:
		log_error("the store is lost again and again: the next recovery is in %d s",
		    (int)(action->delay_us / SECOND_US));
		break;
	case POLICY_READY:
		tell_ready(m);
		break;
	case POLICY_END:
		break;
	}
}

static void
wait_for_events(const struct master *m, int64_t wake_mono_us)
{
	struct pollfd fd = {.fd = m->signals, .events = POLLIN};
	int64_t delay_us = wake_mono_us - clock_mono_us();

	/* Rounded up: else it would come too early, and find nothing to do. */
	poll(&fd, 1, delay_us > 0 ? (int)((delay_us + 999) / 1000) : 0);
}

/* At its top: what policy knows may be old, and nothing is half done. */
static int
serve(struct master *m)
{
	struct policy_action action;
	int64_t now_mono_us;

	for (;;) {
		take_signals(m);
		reap(m);
		now_mono_us = clock_mono_us();
		look(m, now_mono_us);
		while (policy_next(&m->policy, now_mono_us, &action)) {
			if (action.verb == POLICY_END)
				return action.exit_code;
			act(m, &action, now_mono_us);
		}
		wait_for_events(m, policy_wake(&m->policy, now_mono_us));
	}
}

static int
open_means(struct master *m, struct err *err)
{
	static const int signals[] = {SIGCHLD, SIGTERM, SIGINT, SIGQUIT, SIGHUP};
	int rc;

	rc = signals_open(signals, sizeof signals / sizeof *signals, &m->signals, err);
	if (!rc)
		rc = board_make(&m->board, &m->board_fd, err);
	if (!rc)
		rc = fd_set_cloexec(m->board_fd, err);
	if (rc)
		return rc;
	m->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return m->bell < 0 ? err_errno(err, ERR_IO, errno, "make the bell") : 0;
}

int
master_run(
    const struct master_options *options, struct snapshot *snapshot, struct sockets *sockets)
{
	struct master m = {
	    .options = options,
	    .snapshot = snapshot,
	    .sockets = sockets,
	    .board_fd = -1,
	    .bell = -1,
	    .signals = -1,
	    .scheduler_end = -1,
	    .runner_end = -1,
	    .self = getpid(),
	};
	const struct policy_limits limits = limits_of(&snapshot->config);
	struct err err = {0};
	int code = 1;

	if (open_means(&m, &err)) {
		log_error("%s", err.text);
	} else {
		policy_init(&m.policy, &limits, clock_mono_us());
		m.board->heavy_waiters = heavy_waiters_of(&snapshot->config);
		code = serve(&m);
	}
	close_own(&m);
	fd_drop(&m.bell);
	return code;
}
