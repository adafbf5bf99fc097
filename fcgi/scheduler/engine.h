/*
 * The engine: decides what is due, what begins, and what an end means. Pure but for the store:
 * the time is an argument and orders to the runner leave through one function, so that decades
 * can be simulated in a test.
 *
 *     delay_us = engine_step(engine, now_us); wait so long, for the bell, or for the runner;
 * repeat
 *
 * What holds at every step: an order leaves only after the commit that it stands on. So START
 * follows the claim, RELEASE follows the durable pid, FORGET follows the durable end; and
 * whatever dies in between, the store knows what cannot have happened.
 *
 * Nothing is kept in memory that the store does not know, but for the reports that wait for the
 * next step, and for what failed alone and is let alone for a while (aside.c).
 */
#ifndef SCHEDULER_ENGINE_H
#define SCHEDULER_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "model/clock_step.h"
#include "proc/channel.h"
#include "service/proof.h"
#include "store/store.h"

struct engine;

struct engine_options {
	struct store *store;
	struct zones *zones;
	uint64_t generation; /* of this scheduler; never used before on the same channel */
	uint64_t output_max_bytes, results_max_bytes;
	/* Attempts that start in a second, and at once after a rest; rate 0: as they come. */
	uint32_t start_rate, start_burst;
	/* Of notifications by mail: the program (NULL: none is sent), the sender's address and the
	 * name of this machine (NULL: not known). */
	const char *sendmail, *mail_from, *host;

	/* proc/boot.h, borrowed; NULL: not known, and no reboot trigger is due. */
	const char *boot;

	/* Give the runner an order; it must not fail: keep what cannot be sent at once. The
	 * message is borrowed for the call. */
	void (*order)(void *ctx, const struct channel_message *m);
	void *ctx;
};

/* Says HELLO. Nothing is fired or begun until the runner has told what it holds. */
struct engine *engine_new(const struct engine_options *options);
void engine_free(struct engine *e);

/* Take in a report of the runner; it is acted on by the next step. What it points to is copied.
 */
void engine_report(struct engine *e, const struct channel_message *m);

/* The wall clock jumped: durable with the next step that succeeds, before anything is fired. */
void engine_clock_stepped(struct engine *e, const struct clock_step *step);

/*
 * Do what is due at `now_us` and tell how long nothing will be: at most the time to the next
 * due time, 0 when more is to be done at once, INSTANT_NEVER when only a report or the bell can
 * change anything.
 *
 * Fails: ERR_BUSY, ERR_IO: try again in a while; ERR_RECOVER: leave the process.
 */
MUST_CHECK int engine_step(
    struct engine *e, int64_t now_us, int64_t *delay_us, struct err *err);

/*
 * Look at the next schedules, a bounded number: service/proof.h. *more tells that there is more to be done
 * soon, because time zones have changed. `*p` is what was found in this part alone; when the walk has come
 * to its end (*ended) the next call begins another.
 *
 * To be called between two steps. Fails: as engine_step().
 */
MUST_CHECK int engine_prove(struct engine *e, int64_t now_us, struct proof *p, bool *ended,
    bool *more, struct err *err);

/* Time zones have other rules: the walk begins anew, and moves what they move. */
void engine_zones_changed(struct engine *e);

/* The service is about to stop: begin nothing more, and let what runs come to its end. */
void engine_drain(struct engine *e);

/* The service stops: begin nothing more and end what runs. */
void engine_stop(struct engine *e);

/* True when the runner has told what it holds, and nothing that was begun is left. */
bool engine_is_idle(const struct engine *e);

#endif
