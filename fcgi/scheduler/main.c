/*
 * carillon-scheduler: owns the clock and the plan. Started by the master, never by hand.
 *
 *     carillon-scheduler --config FILE --channel FD --board FD --bell FD --generation N
 *
 * This file is the shell around the engine: it reads the clock, waits on descriptors and does
 * the housekeeping of the store. It sleeps on a timer of the wall clock that is cancelled when
 * the clock is set, so that a step is noticed at once. SIGTERM leaves when all commands have
 * ended: they are given the configured time to do so by themselves, then told to. SIGHUP leaves at once, so that another can take over with the commands
 * still running. Exits 0 when it was told to leave, 77 when the store is lost, 1 for everything
 * else.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/log.h"
#include "config/config.h"
#include "proc/board.h"
#include "proc/boot.h"
#include "proc/clock.h"
#include "proc/outbox.h"
#include "scheduler/engine.h"

enum { EXIT_STORE_LOST = 77 };

/* How long to wait after a failure that may pass. */
#define RETRY_US SECOND_US

/* Housekeeping comes at least so often, and only when nothing is due soon, unless it is
 * overdue. */
#define HOUSEKEEPING_US		(10 * SECOND_US)
#define HOUSEKEEPING_QUIET_US	(500 * 1000)
#define HOUSEKEEPING_OVERDUE_US (60 * SECOND_US)

/* Commands that are told to end have a grace of their own; longer than this none is waited for. */
#define END_US (30 * SECOND_US)

/* With other time zones there is no pause between two of them. */
#define HURRY_US 1000

/* So many parts of the proof come with each housekeeping. */
enum { RECORDS_SWEPT = 100, PROOF_PARTS = 8, HOST_TEXT = 256 };

struct scheduler {
	struct config config;
	struct store *store;
	struct zones *zones;
	struct engine *engine;
	struct outbox outbox;
	struct board *board;
	struct board_slot *slot;
	struct clock_offsets offsets; /* when the clock was last looked at */
	int channel, bell, timer, signals;
	const char *config_path;
	int board_fd;
	uint64_t generation;
	char host[HOST_TEXT];

	char boot[BOOT_TEXT];

	bool runner_gone, replaced, hurry;
	struct proof proof;   /* of the walk under way */
	int64_t kept_mono_us; /* the last housekeeping */
	/* INSTANT_NEVER while it is not asked to stop. */
	int64_t stop_mono_us;  /* when commands are told to end */
	int64_t leave_mono_us; /* when not even that was of use */
};

static int
usage(void)
{
	log_error("usage: carillon-scheduler --config FILE --channel FD --board FD --bell FD "
		  "--generation N");
	return 1;
}

static int
parse_arguments(struct scheduler *s, int argc, char **argv)
{
	static const struct option options[] = {
	    {"config", required_argument, NULL, 'c'},
	    {"channel", required_argument, NULL, 'r'},
	    {"board", required_argument, NULL, 'b'},
	    {"bell", required_argument, NULL, 'l'},
	    {"generation", required_argument, NULL, 'g'},
	    {0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		long long number = strtoll(optarg ? optarg : "", NULL, 10);

		switch (option) {
		case 'c':
			s->config_path = optarg;
			break;
		case 'r':
			s->channel = (int)number;
			break;
		case 'b':
			s->board_fd = (int)number;
			break;
		case 'l':
			s->bell = (int)number;
			break;
		case 'g':
			s->generation = (uint64_t)number;
			break;
		default:
			return -1;
		}
	}
	return optind == argc && s->config_path && s->channel >= 0 && s->board_fd >= 0 &&
		       s->bell >= 0
		   ? 0
		   : -1;
}

static void
order(void *ctx, const struct channel_message *m)
{
	struct scheduler *s = ctx;

	outbox_put(&s->outbox, m);
}

/* Where the clocks stood when the scheduler before this one worked last. */
static struct clock_offsets
offsets_before(const struct board *board)
{
	const struct board_clock *c = &board->clock;

	return c->known ? (struct clock_offsets){c->wall_us, c->boot_us} : clock_offsets();
}

/* What jumped until now is durable. */
static void
keep_offsets(struct board_clock *c, struct clock_offsets o)
{
	c->wall_us = o.wall_us;
	c->boot_us = o.boot_us;
	c->known = 1;
}

static int
start(struct scheduler *s, struct err *err)
{
	struct engine_options options = {
	    .generation = s->generation,
	    .order = order,
	    .ctx = s,
	};
	sigset_t mask;
	int rc;

	rc = config_load(s->config_path, &s->config, err);
	if (!rc)
		rc = board_map(s->board_fd, &s->board, err);
	if (rc)
		return rc;
	s->slot = &s->board->slots[0];
	board_busy(s->slot, clock_mono_us());

	/* All signals: one that is not expected ends nothing halfway. */
	sigfillset(&mask);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	sigemptyset(&mask);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGHUP);
	s->signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	s->timer = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (s->signals < 0 || s->timer < 0)
		return err_errno(err, ERR_IO, errno, "make the timer");

	rc = store_open(
	    &(struct store_options){
		.dir = s->config.store_dir,
		.cache_bytes = s->config.store_cache_bytes,
		.reserve_bytes = s->config.store_reserve_bytes,
	    },
	    &s->store, err);
	if (rc)
		return rc;
	s->zones = zones_new(getenv("TZDIR"));
	outbox_init(&s->outbox, s->channel);
	options.store = s->store;
	options.zones = s->zones;
	/* Everything else goes on without. */
	if (boot_identity(NULL, s->boot, err))
		log_error("reboot triggers are not served: %s", err->text);
	else
		options.boot = s->boot;
	options.output_max_bytes = s->config.output_max_bytes;
	options.results_max_bytes = s->config.results_max_bytes;
	options.start_rate = (uint32_t)s->config.start_rate;
	options.start_burst = (uint32_t)s->config.start_burst;
	options.sendmail = s->config.sendmail;
	options.mail_from = s->config.mail_from;
	if (!gethostname(s->host, sizeof s->host - 1))
		options.host = s->host;
	s->engine = engine_new(&options);
	s->offsets = offsets_before(s->board);
	return 0;
}

static void
jumped(struct scheduler *s, enum clock_step_kind kind, int64_t to_us, int64_t by_us)
{
	if (by_us)
		engine_clock_stepped(
		    s->engine, &(struct clock_step){
				   .kind = kind, .from_us = to_us - by_us, .to_us = to_us});
}

/* Tell the engine if the clock jumped since the last look. */
static void
look_at_clock(struct scheduler *s)
{
	struct clock_offsets now = clock_offsets();
	struct clock_jump jump = clock_compare(s->offsets, now);
	int64_t now_us = clock_wall_us();

	s->offsets = now;
	jumped(s, CLOCK_STEP_SLEPT, now_us - jump.set_us, jump.slept_us);
	jumped(s, CLOCK_STEP_SET, now_us, jump.set_us);
}

/* Take in everything that the runner has sent, also what it sent before it died. */
static void
read_reports(struct scheduler *s)
{
	struct arena arena = ARENA_INIT;
	struct channel_message m;
	struct err err;
	int rc;

	while (!(rc = channel_receive(s->channel, &arena, &m, &err))) {
		engine_report(s->engine, &m);
		arena_clear(&arena);
	}
	arena_release(&arena);
	if (rc == ERR_MISSING)
		s->runner_gone = true;
	else if (rc != ERR_BUSY)
		log_error("%s", err.text);
}

static int
sweep_body(struct txn *txn, void *ctx, struct err *err)
{
	const int64_t *now_us = ctx;
	size_t removed;
	int rc = store_token_sweep(txn, *now_us, RECORDS_SWEPT, &removed, err);

	if (!rc)
		rc = store_daily_sweep(txn, *now_us, RECORDS_SWEPT, &removed, err);
	return rc ? rc : store_notice_sweep(txn, *now_us, RECORDS_SWEPT, &removed, err);
}

static void
add_proof(struct scheduler *s, const struct proof *p, bool ended)
{
	struct board_proof *b = &s->board->proof;
	struct proof *sum = &s->proof;

	b->found += p->found;
	b->repaired += p->repaired;
	b->moved += p->moved;
	sum->schedules += p->schedules;
	sum->suspended += p->suspended;
	sum->planned += p->planned;
	sum->overdue += p->overdue;
	if (!ended)
		return;
	b->schedules = sum->schedules;
	b->suspended = sum->suspended;
	b->planned = sum->planned;
	b->overdue = sum->overdue;
	b->ended_us = clock_wall_us();
	*sum = (struct proof){0};
}

/* A few parts of the proof; with other time zones what they move is found soon: *more. */
static int
prove(struct scheduler *s, bool *more, struct err *err)
{
	bool ended = false;
	struct proof p;
	int rc = 0;

	*more = false;
	for (int i = 0; !rc && !ended && i < PROOF_PARTS; i++) {
		rc = engine_prove(s->engine, clock_wall_us(), &p, &ended, more, err);
		if (!rc)
			add_proof(s, &p, ended);
	}
	return rc;
}

static void
tell_zone(void *ctx, const char *name, const char *fault)
{
	struct scheduler *s = ctx;

	if (fault) {
		log_warn("time zone %s stays as it was: %s", name, fault);
		return;
	}
	log_warn("time zone %s has other rules now", name);
	engine_zones_changed(s->engine);
	s->proof = (struct proof){0};
}

/*
 * What keeps recovery short and the disk tidy; it may take a moment, so it waits until nothing
 * is due soon. A failure is no reason to be late for what is due: the next time may do better.
 *
 * Fails: ERR_RECOVER.
 */
static int
keep_house(struct scheduler *s, int64_t delay_us, struct err *err)
{
	int64_t now_mono_us = clock_mono_us(), since_us = now_mono_us - s->kept_mono_us;
	int64_t now_us = clock_wall_us();
	bool more = false;
	int rc;

	if (since_us < HOUSEKEEPING_US ||
	    (delay_us < HOUSEKEEPING_QUIET_US && since_us < HOUSEKEEPING_OVERDUE_US))
		return 0;
	s->kept_mono_us = now_mono_us;
	rc = store_checkpoint(s->store, s->config.checkpoint_bytes, err);
	if (!rc)
		rc = store_run(s->store, sweep_body, &now_us, err);
	zones_refresh(s->zones, tell_zone, s);
	if (!rc)
		rc = prove(s, &more, err);
	s->hurry = more;
	if (more)
		s->kept_mono_us = now_mono_us - HOUSEKEEPING_US;
	if (rc == ERR_RECOVER)
		return err_wrap(err, rc, "housekeeping");
	if (rc)
		log_error("housekeeping: %s", err->text);
	return 0;
}

static int
set_timer(struct scheduler *s, int64_t now_us, int64_t delay_us)
{
	int64_t at_us = now_us + delay_us;
	struct itimerspec when = {.it_value = {at_us / SECOND_US, at_us % SECOND_US * 1000}};

	return timerfd_settime(
	    s->timer, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &when, NULL);
}

static int64_t
no_later_than(int64_t delay_us, int64_t at_mono_us)
{
	int64_t left_us;

	if (at_mono_us == INSTANT_NEVER)
		return delay_us;
	left_us = at_mono_us - clock_mono_us();
	/* The timer is of another clock: a little later is better than a little earlier. */
	return delay_us > left_us ? left_us + 1000 : delay_us;
}

static void
begin_stop(struct scheduler *s)
{
	s->stop_mono_us = clock_mono_us() + s->config.drain_us;
	s->leave_mono_us = s->stop_mono_us + END_US;
	engine_drain(s->engine);
}

/* Commands had their time to end by themselves. */
static void
end_commands(struct scheduler *s)
{
	if (clock_mono_us() < s->stop_mono_us)
		return;
	engine_stop(s->engine);
	s->stop_mono_us = INSTANT_NEVER;
}

/* Wait until something is due, was reported, asked for, or set. */
static void
wait_for_work(struct scheduler *s, int64_t now_us, int64_t delay_us)
{
	struct pollfd fds[] = {
	    {.fd = s->channel,
		.events = (short)(POLLIN | (outbox_waits(&s->outbox) ? POLLOUT : 0))},
	    {.fd = s->bell, .events = POLLIN},
	    {.fd = s->timer, .events = POLLIN},
	    {.fd = s->signals, .events = POLLIN},
	};
	struct signalfd_siginfo signal;
	uint64_t n;

	if (delay_us > HOUSEKEEPING_US)
		delay_us = HOUSEKEEPING_US;
	if (s->hurry && delay_us > HURRY_US)
		delay_us = HURRY_US;
	delay_us = no_later_than(delay_us, s->stop_mono_us);
	delay_us = no_later_than(delay_us, s->leave_mono_us);
	set_timer(s, now_us, delay_us);
	board_idle(s->slot, clock_mono_us());
	/* The timer is of the wall clock, which may be set back while it is set: so not without
	 * end. */
	poll(fds, sizeof fds / sizeof *fds, (int)(2 * HOUSEKEEPING_US / 1000));
	board_busy(s->slot, clock_mono_us());

	/* Also when it was cancelled: the next step looks at the clock in any case. */
	if (read(s->timer, &n, sizeof n) < 0 && errno != EAGAIN && errno != ECANCELED)
		log_error("timer: %s", strerror(errno));
	if (read(s->bell, &n, sizeof n) < 0 && errno != EAGAIN)
		log_error("bell: %s", strerror(errno));
	while (read(s->signals, &signal, sizeof signal) == (ssize_t)sizeof signal) {
		if (signal.ssi_signo == SIGHUP) {
			s->replaced = true;
			continue;
		}
		if (s->leave_mono_us == INSTANT_NEVER)
			begin_stop(s);
	}
}

static bool
must_stop(const struct scheduler *s)
{
	if (s->replaced)
		return true;
	if (s->leave_mono_us == INSTANT_NEVER)
		return false;
	return (engine_is_idle(s->engine) && !outbox_waits(&s->outbox)) ||
	       clock_mono_us() >= s->leave_mono_us;
}

/*
 * Fails: ERR_RECOVER, and what a single step may fail with; then *delay_us is RETRY_US. What was
 * committed before the failure has its orders, and those leave all the same.
 */
static int
step(struct scheduler *s, int64_t now_us, int64_t *delay_us, struct err *err)
{
	struct err unsent;
	int rc;

	read_reports(s);
	end_commands(s);
	look_at_clock(s);
	rc = engine_step(s->engine, now_us, delay_us, err);
	if (rc == ERR_RECOVER)
		return rc;
	if (rc)
		*delay_us = RETRY_US;
	else
		keep_offsets(&s->board->clock, s->offsets);
	if (!s->runner_gone && outbox_flush(&s->outbox, &unsent))
		log_error("%s", unsent.text);
	return rc ? rc : keep_house(s, *delay_us, err);
}

/* What holds at the top: everything that was due and reported before this moment is durable, or
 * failed and is tried again in a while. */
static int
run(struct scheduler *s)
{
	for (;;) {
		int64_t now_us = clock_wall_us(), delay_us;
		struct err err;
		int rc = step(s, now_us, &delay_us, &err);

		if (rc)
			log_error("%s", err.text);
		if (rc == ERR_RECOVER)
			return EXIT_STORE_LOST;
		/* What it told before it died is settled by now, unless the store fails. */
		if (s->runner_gone)
			return 1;
		if (must_stop(s))
			return 0;
		/* Also when more is due already: that is no reason to miss a signal. */
		wait_for_work(s, now_us, delay_us);
	}
}

int
main(int argc, char **argv)
{
	struct scheduler s = {.channel = -1,
	    .board_fd = -1,
	    .bell = -1,
	    .stop_mono_us = INSTANT_NEVER,
	    .leave_mono_us = INSTANT_NEVER};
	struct err err;
	int rc;

	log_identity("scheduler");
	if (parse_arguments(&s, argc, argv))
		return usage();
	rc = start(&s, &err);
	if (rc) {
		log_error("%s", err.text);
		return rc == ERR_RECOVER ? EXIT_STORE_LOST : 1;
	}
	rc = run(&s);
	engine_free(s.engine);
	outbox_release(&s.outbox);
	zones_free(s.zones);
	/* After a loss the store must not be touched again, not even to close it. */
	if (rc != EXIT_STORE_LOST)
		store_close(s.store);
	config_release(&s.config);
	return rc;
}
