/*
 * The event loop: see loop.h.
 *
 * The loop is never libev's default one, which would take SIGCHLD for itself.
 */
#include "proc/loop.h"

#include <ev.h>
#include <stdlib.h>

#include "base/mem.h"

struct loop {
	struct ev_loop *ev;
};

struct loop_watch {
	ev_io io; /* first: libev hands out its address */
	struct loop *loop;
	void (*ready)(void *ctx, int events);
	void *ctx;
};

struct loop_timer {
	ev_timer timer; /* first, as above */
	struct loop *loop;
	void (*expired)(void *ctx);
	void *ctx;
};

int
loop_open(struct loop **loop, struct err *err)
{
	struct ev_loop *ev = ev_loop_new(EVFLAG_AUTO | EVFLAG_NOENV);

	*loop = NULL;
	if (!ev)
		return err_fail(
		    err, ERR_IO, "open the event loop: no descriptor, or no usable mechanism");
	*loop = mem_alloc(sizeof **loop);
	(*loop)->ev = ev;
	return 0;
}

void
loop_close(struct loop *loop)
{
	if (!loop)
		return;
	ev_loop_destroy(loop->ev);
	free(loop);
}

void
loop_run(struct loop *loop)
{
	ev_run(loop->ev, 0);
}

void
loop_run_once(struct loop *loop)
{
	ev_run(loop->ev, EVRUN_ONCE);
}

void
loop_stop(struct loop *loop)
{
	ev_break(loop->ev, EVBREAK_ALL);
}

static void
on_io(struct ev_loop *ev, ev_io *io, int revents)
{
	struct loop_watch *watch = (struct loop_watch *)io;

	(void)ev;
	/* EV_ERROR: the descriptor is not open. The callback finds out by using it. */
	watch->ready(watch->ctx, (revents & (EV_READ | EV_ERROR) ? LOOP_READABLE : 0) |
				     (revents & (EV_WRITE | EV_ERROR) ? LOOP_WRITABLE : 0));
}

static int
ev_events(int events)
{
	return (events & LOOP_READABLE ? EV_READ : 0) | (events & LOOP_WRITABLE ? EV_WRITE : 0);
}

struct loop_watch *
loop_watch_new(
    struct loop *loop, int fd, int events, void (*ready)(void *ctx, int events), void *ctx)
{
	struct loop_watch *watch = mem_alloc(sizeof *watch);

	watch->loop = loop;
	watch->ready = ready;
	watch->ctx = ctx;
	ev_io_init(&watch->io, on_io, fd, ev_events(events));
	if (events)
		ev_io_start(loop->ev, &watch->io);
	return watch;
}

void
loop_watch_set(struct loop_watch *watch, int events)
{
	ev_io_stop(watch->loop->ev, &watch->io);
	ev_io_set(&watch->io, watch->io.fd, ev_events(events));
	if (events)
		ev_io_start(watch->loop->ev, &watch->io);
}

void
loop_watch_free(struct loop_watch *watch)
{
	if (!watch)
		return;
	ev_io_stop(watch->loop->ev, &watch->io);
	free(watch);
}

static void
on_timer(struct ev_loop *ev, ev_timer *t, int revents)
{
	struct loop_timer *timer = (struct loop_timer *)t;

	(void)ev;
	(void)revents;
	timer->expired(timer->ctx);
}

struct loop_timer *
loop_timer_new(struct loop *loop, void (*expired)(void *ctx), void *ctx)
{
	struct loop_timer *timer = mem_alloc(sizeof *timer);

	timer->loop = loop;
	timer->expired = expired;
	timer->ctx = ctx;
	ev_timer_init(&timer->timer, on_timer, 0., 0.);
	return timer;
}

void
loop_timer_set(struct loop_timer *timer, int64_t delay_us)
{
	struct ev_loop *ev = timer->loop->ev;

	ev_timer_stop(ev, &timer->timer);
	/* The loop's idea of now is as old as the round: a long callback before would make the
	 * timer early. */
	ev_now_update(ev);
	ev_timer_set(&timer->timer, delay_us > 0 ? (double)delay_us / 1e6 : 0., 0.);
	ev_timer_start(ev, &timer->timer);
}

void
loop_timer_unset(struct loop_timer *timer)
{
	ev_timer_stop(timer->loop->ev, &timer->timer);
}

void
loop_timer_free(struct loop_timer *timer)
{
	if (!timer)
		return;
	loop_timer_unset(timer);
	free(timer);
}
