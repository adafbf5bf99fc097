/*
 * What fails alone is put aside for a while, so that one damaged record cannot keep everything
 * else from being done. At first for a second, because the fault may be the disk's and pass;
 * then longer each time.
 */
#include "base/log.h"
#include "base/mem.h"
#include "scheduler/internal.h"

#define WAIT_MIN_US SECOND_US
#define WAIT_MAX_US (64 * SECOND_US)
/* One that has not failed again for so long is forgotten. */
#define FORGOTTEN_US (10 * MINUTE_US)

/* With more failures than this in one step something general is wrong. */
enum { FAILURES_MAX = 16 };

/* Also over when the clock was set back behind its beginning. */
static bool
waits(const struct aside *a, int64_t now_us)
{
	return a->until_us > now_us && a->until_us - now_us <= a->wait_us;
}

bool
aside_has(const struct engine *e, uint64_t id)
{
	for (size_t i = 0; i < e->aside_count; i++) {
		if (e->aside[i].id == id)
			return waits(&e->aside[i], e->now_us);
	}
	return false;
}

int64_t
aside_delay(const struct engine *e)
{
	int64_t delay_us = INSTANT_NEVER;

	for (size_t i = 0; i < e->aside_count; i++) {
		const struct aside *a = &e->aside[i];

		if (waits(a, e->now_us) && a->until_us - e->now_us < delay_us)
			delay_us = a->until_us - e->now_us;
	}
	return delay_us;
}

static struct aside *
find_or_add(struct engine *e, uint64_t id)
{
	size_t kept = 0;

	for (size_t i = 0; i < e->aside_count; i++) {
		if (e->aside[i].id == id || waits(&e->aside[i], e->now_us) ||
		    e->now_us - e->aside[i].until_us < FORGOTTEN_US)
			e->aside[kept++] = e->aside[i];
	}
	e->aside_count = kept;
	for (size_t i = 0; i < kept; i++) {
		if (e->aside[i].id == id)
			return &e->aside[i];
	}
	e->aside = mem_resize(e->aside, (kept + 1) * sizeof *e->aside);
	e->aside[kept] = (struct aside){.id = id};
	e->aside_count++;
	return &e->aside[kept];
}

static bool
put_aside(struct engine *e, uint64_t id, const struct err *why)
{
	struct aside *a;

	if (e->failures == FAILURES_MAX)
		return false;
	e->failures++;
	a = find_or_add(e, id);
	a->wait_us = a->wait_us ? a->wait_us * 2 : WAIT_MIN_US;
	if (a->wait_us > WAIT_MAX_US)
		a->wait_us = WAIT_MAX_US;
	a->until_us = e->now_us + a->wait_us;
	log_error("%s: put aside for %llds", why->text, (long long)(a->wait_us / SECOND_US));
	return true;
}

int
engine_run_each(struct engine *e, int (*body)(struct txn *txn, void *ctx, struct err *err),
    void *ctx, struct err *err)
{
	int rc;

	do {
		rc = engine_run(e, body, ctx, err);
	} while (rc && rc != ERR_BUSY && rc != ERR_RECOVER && e->at_id &&
		 put_aside(e, e->at_id, err));
	return rc;
}
