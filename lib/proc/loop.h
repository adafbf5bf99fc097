/*
 * The event loop: descriptors that become ready, and times that come. The only module that sees
 * libev.
 *
 * One thread, one loop. Callbacks run one after another from loop_run() and may make, change
 * and free any watch or timer, their own included; what was freed is never called again.
 * Level-triggered: a callback comes again while its descriptor is ready.
 */
#ifndef PROC_LOOP_H
#define PROC_LOOP_H

#include <stdint.h>

#include "base/err.h"

struct loop;
struct loop_watch;
struct loop_timer;

enum { LOOP_READABLE = 1, LOOP_WRITABLE = 2 };

/* Fails: ERR_IO when the system gives no descriptor for it. */
MUST_CHECK int loop_open(struct loop **loop, struct err *err);

/* Its watches and timers must have been freed before. */
void loop_close(struct loop *loop);

/* Call back what is ready until loop_stop(). */
void loop_run(struct loop *loop);

/* As loop_run(), but return after one round: wait until something is ready and call it back. */
void loop_run_once(struct loop *loop);

/* Let loop_run() return when the present callback does. */
void loop_stop(struct loop *loop);

/*
 * Call `ready` whenever `fd` is ready in one of the ways of `events`, LOOP_READABLE |
 * LOOP_WRITABLE. The end of a stream and an error count as both.
 *
 * Owns:  the caller frees the watch, before it closes `fd`, which stays the caller's. `ctx` is
 * borrowed until then.
 */
struct loop_watch *loop_watch_new(
    struct loop *loop, int fd, int events, void (*ready)(void *ctx, int events), void *ctx);

/* Watch for `events` from now on; 0 pauses the watch. */
void loop_watch_set(struct loop_watch *watch, int events);

void loop_watch_free(struct loop_watch *watch);

/*
 * A timer that is not set. It calls `expired` once for each time that it was set.
 *
 * Owns:  the caller frees it; `ctx` is borrowed until then.
 */
struct loop_timer *loop_timer_new(struct loop *loop, void (*expired)(void *ctx), void *ctx);

/* Expire `delay_us` of monotonic time from now, or in the next round if that is not above 0; an
 * earlier setting is forgotten. */
void loop_timer_set(struct loop_timer *timer, int64_t delay_us);

/* Not set any more; fine when it is not. */
void loop_timer_unset(struct loop_timer *timer);

void loop_timer_free(struct loop_timer *timer);

#endif
