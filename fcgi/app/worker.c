/*
 * A worker: one connection, one request, one arena, again.
 *
 * Signals come in at one place only, while it waits: never in the middle of a request, because
 * libfcgi takes an interrupted read for the end of the body. On the board it is busy exactly
 * while it may hold locks of the store, from its start (the master says so) to its end: a client
 * that is slow to send or to take is bounded by the connection's time limits instead and never
 * looks like a stuck worker.
 */
#include "app/worker.h"

#include <errno.h>
#include <fcgiapp.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app/registered.h"
#include "app/request.h"
#include "app/route.h"
#include "base/log.h"
#include "calendar/zone.h"
#include "proc/clock.h"

enum { CLIENT_TIMEOUT_S = 10, PAUSE_NS = 100 * 1000 * 1000 };

/* So long a log-in waits for its turn to hash a password; then it is told to come again. */
#define HEAVY_WAIT_US (1000 * 1000)

/* So often it looks whether the system's time zones were changed. */
#define ZONES_US (10 * INT64_C(1000000))

struct serving {
	const struct worker *worker;
	int64_t zones_mono_us; /* when it did so last */
	struct service service;
	struct face face;
	struct arena arena;	 /* of one request */
	struct arena registered; /* what the configuration registers, and more that stays */
	sigset_t open_mask;	 /* while it waits */
	uint64_t served;
	bool recover, pausing;
};

static volatile sig_atomic_t told_to_drain, told_to_leave;

static void
on_signal(int signal)
{
	if (signal == SIGTERM)
		told_to_drain = 1;
	else
		told_to_leave = 1;
}

static void
ring(void *ctx)
{
	const struct worker *w = ctx;
	const uint64_t one = 1;

	/* Full means that it rings already. */
	if (write(w->bell_fd, &one, sizeof one) < 0 && errno != EAGAIN)
		log_error("the bell: %s", strerror(errno));
}

static struct board_slot *
slot_of(const struct worker *w)
{
	return &w->board->slots[w->slot];
}

/* A call that takes long is not one that is stuck. */
static void
progress(void *ctx)
{
	const struct worker *w = ctx;

	board_busy(slot_of(w), clock_mono_us());
}

static int
enter_heavy(void *ctx)
{
	const struct worker *w = ctx;

	return board_enter_heavy(w->board, w->slot, HEAVY_WAIT_US);
}

static void
leave_heavy(void *ctx)
{
	const struct worker *w = ctx;

	board_leave_heavy(w->board, w->slot);
}

static size_t
read_stream(void *ctx, char *buf, size_t len)
{
	int n = FCGX_GetStr(buf, (int)len, ctx);

	return n > 0 ? (size_t)n : 0;
}

/* Everything that may touch the store. */
static void
answer(struct serving *s, const struct request *req, struct response *res)
{
	struct board_slot *slot = slot_of(s->worker);

	board_busy(slot, clock_mono_us());
	route(&s->face, req, res);
	board_idle(slot, clock_mono_us());
	s->recover = res->recover;
}

static bool
write_stream(void *ctx, const char *data, size_t len)
{
	return FCGX_PutStr(data, (int)len, ctx) == (int)len;
}

static void
write_response(FCGX_Request *fcgi, const struct request *req, const struct response *res)
{
	struct buf head = BUF_INIT;

	response_head(res, &head);
	FCGX_PutStr(head.data, (int)head.len, fcgi->out);
	response_write_body(res, req, write_stream, fcgi->out);
	buf_release(&head);
}

static void
serve_request(struct serving *s, FCGX_Request *fcgi, bool private_socket)
{
	struct response res = {0};
	struct request req;
	struct err err = {0};
	uint64_t announced;

	if (request_init(&req, &s->arena, fcgi->envp, &announced, &err)) {
		log_warn("a request that cannot be read: %s", err.text);
		route_refuse(&res, 400);
	} else {
		req.private_socket = private_socket;
		request_read_body(
		    &req, announced, s->worker->config->body_max_bytes, read_stream, fcgi->in);
		req.now_us = clock_wall_us();
		answer(s, &req, &res);
	}
	write_response(fcgi, &req, &res);
	response_release(&res);
}

/*
 * One connection, which carries one request. libfcgi is given the connection instead of the
 * listening socket, because its own accept() knows no time limits and would wait for a silent
 * client.
 */
static void
serve_connection(struct serving *s, int fd, bool private_socket)
{
	const struct timeval limit = {.tv_sec = CLIENT_TIMEOUT_S};
	FCGX_Request fcgi;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
	FCGX_InitRequest(&fcgi, -1, FCGI_FAIL_ACCEPT_ON_INTR);
	fcgi.ipcFd = fd;
	/* Else libfcgi closes what it has not opened before it reads from it. */
	fcgi.keepConnection = 1;
	if (FCGX_Accept_r(&fcgi))
		return;
	serve_request(s, &fcgi, private_socket);
	/* A connection that the web server keeps would own this worker. */
	fcgi.keepConnection = 0;
	FCGX_Finish_r(&fcgi);
	arena_clear(&s->arena);
	s->served++;
}

/* Serve one connection of a listening socket; false when none waits. */
static bool
serve_one(struct serving *s, const struct listener *l)
{
	int fd;

	if (l->fd < 0)
		return false;
	fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0) {
		/* Out of descriptors or memory: the queue stays readable, so do not spin. */
		s->pausing = errno != EAGAIN && errno != EINTR && errno != ECONNABORTED;
		if (s->pausing)
			log_error("accept: %s", strerror(errno));
		return false;
	}
	slot_of(s->worker)->taken = 1;
	serve_connection(s, fd, l == &s->worker->sockets->private);
	slot_of(s->worker)->taken = 0;
	return true;
}

static bool
enough(const struct serving *s)
{
	return s->recover || s->served >= s->worker->config->worker_requests;
}

/* What was queued at sockets that close with us; whoever keeps a queue serves it later. */
static void
drain(struct serving *s)
{
	const struct sockets *sockets = s->worker->sockets;

	while (!s->recover) {
		bool any = false;

		if (!sockets->private.kept)
			any |= serve_one(s, &sockets->private);
		if (!s->recover && !sockets->public.kept)
			any |= serve_one(s, &sockets->public);
		if (!any)
			return;
	}
}

/* ppoll() delivers none while connections are ready: under load it alone would never notice. */
static void
look_for_signals(void)
{
	const struct timespec now = {0};
	sigset_t ours;
	int signal;

	sigemptyset(&ours);
	sigaddset(&ours, SIGTERM);
	sigaddset(&ours, SIGUSR1);
	while ((signal = sigtimedwait(&ours, NULL, &now)) > 0)
		on_signal(signal);
}

static bool
must_leave(const struct serving *s)
{
	look_for_signals();
	return enough(s) || told_to_leave || told_to_drain;
}

/* The scheduler tells. */
static void
tell_zone(void *ctx, const char *name, const char *fault)
{
	(void)ctx;
	(void)name;
	(void)fault;
}

/* Before a request, not within one: it may have a zone in its hands. */
static void
look_at_zones(struct serving *s)
{
	int64_t now_mono_us = clock_mono_us();

	if (now_mono_us - s->zones_mono_us < ZONES_US)
		return;
	s->zones_mono_us = now_mono_us;
	zones_refresh(s->service.zones, tell_zone, NULL);
}

/* At the top of the loop: no request is under way, and every signal so far has been looked at.
 */
static void
serve(struct serving *s)
{
	const struct sockets *sockets = s->worker->sockets;
	const struct timespec pause = {.tv_nsec = PAUSE_NS};

	while (!must_leave(s)) {
		struct pollfd fds[] = {
		    {.fd = sockets->private.fd, .events = POLLIN},
		    {.fd = sockets->public.fd, .events = POLLIN},
		};

		if (ppoll(fds, s->pausing ? 0 : 2, s->pausing ? &pause : NULL, &s->open_mask) <
		    0)
			continue;
		s->pausing = false;
		look_at_zones(s);
		if (fds[0].revents)
			serve_one(s, &sockets->private);
		if (fds[1].revents && !enough(s))
			serve_one(s, &sockets->public);
	}
	if (told_to_drain)
		drain(s);
}

static void
listen_to_signals(struct serving *s)
{
	struct sigaction action = {.sa_handler = on_signal};

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGUSR1, &action, NULL);
	sigfillset(&s->open_mask);
	sigdelset(&s->open_mask, SIGTERM);
	sigdelset(&s->open_mask, SIGUSR1);
}

/* By the name of our directory, whether or not one may walk there from the root. */
static const char *
absolute(struct arena *a, const char *path)
{
	char here[PATH_MAX];

	return *path == '/' || !getcwd(here, sizeof here)
		   ? path
		   : arena_printf(a, "%s/%s", here, path);
}

static int
join_store(struct serving *s, struct err *err)
{
	const struct config *c = s->worker->config;
	const struct store_options options = {
	    .dir = c->store_dir,
	    .cache_bytes = c->store_cache_bytes,
	    .reserve_bytes = c->store_reserve_bytes,
	};

	s->service = (struct service){
	    .zones = zones_new(getenv("TZDIR")),
	    .command_allow = (const char *const *)c->command_allow,
	    .run_as = (const char *const *)c->run_as,
	    .jobs = registered_jobs(c, &s->registered),
	    .session_idle_us = c->session_idle_us,
	    .sends_mail = c->sendmail,
	    .random = randombytes_buf,
	    .ring = ring,
	    .ring_ctx = (void *)s->worker,
	    .progress = progress,
	    .progress_ctx = (void *)s->worker,
	    .heavy_enter = enter_heavy,
	    .heavy_leave = leave_heavy,
	    .heavy_ctx = (void *)s->worker,
	};
	s->face = (struct face){
	    .service = &s->service,
	    .output_dir = c->output_dir,
	    .output_path = absolute(&s->registered, c->output_dir),
	    .time_zone = c->time_zone,
	    .allowed_origins = c->allowed_origins,
	    .api_key = c->altogic_api_key,
	    .altogic_idle_us = c->altogic_idle_us,
	    .openspecimen_idle_us = c->openspecimen_idle_us,
	    .api3_at = c->api3_at,
	    .altogic_at = c->altogic_at,
	    .ricloud_at = c->ricloud_at,
	    .openspecimen_at = c->openspecimen_at,
	};
	return store_open(&options, &s->service.store, err);
}

int
worker_run(const struct worker *w)
{
	struct serving s = {.worker = w};
	struct err err = {0};
	int rc;

	/* libfcgi puts its own handlers where there are none. */
	FCGX_Init();
	listen_to_signals(&s);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || sodium_init() < 0) {
		log_error("cannot prepare: %s", strerror(errno));
		return WORKER_EXIT_FAILED;
	}
	rc = join_store(&s, &err);
	if (rc) {
		log_error("%s", err.text);
		return rc == ERR_RECOVER ? WORKER_EXIT_RECOVER : WORKER_EXIT_FAILED;
	}
	board_idle(slot_of(w), clock_mono_us());
	serve(&s);
	board_busy(slot_of(w), clock_mono_us());
	/* Not one more call into a store that is lost. */
	if (s.recover)
		return WORKER_EXIT_RECOVER;
	store_close(s.service.store);
	zones_free(s.service.zones);
	arena_release(&s.registered);
	arena_release(&s.arena);
	return 0;
}
