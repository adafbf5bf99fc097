/* Boots, told to schedules: see boot.h. */
#include "service/boot.h"

#include <string.h>

#include "base/log.h"
#include "base/pack.h"
#include "service/fire.h"
#include "service/run.h"

/* The last boot, as the store's value "boot" has it. */
struct boot {
	uint64_t number; /* 0: none was seen yet */
	int64_t noticed_us;
	uint64_t told; /* schedules up to this one know it */
	bool told_all;
	const char *identity;
};

static const char value_name[] = "boot";

/* Due times stand whole milliseconds apart: that is how far instants are shown. */
#define STEP_US (SECOND_US / 1000)

static int
get_boot(struct txn *txn, struct arena *a, struct boot *b, struct err *err)
{
	const void *data;
	struct unpack u;
	size_t len;
	int rc = store_value_get(txn, a, value_name, &data, &len, err);

	*b = (struct boot){.told_all = true, .identity = ""};
	if (rc)
		return rc == ERR_MISSING ? 0 : rc;
	unpack_init(&u, data, len);
	b->number = unpack_u64(&u);
	b->noticed_us = unpack_i64(&u);
	b->told = unpack_u64(&u);
	b->told_all = unpack_u8(&u);
	b->identity = unpack_str(&u, a);
	if (unpack_finish(&u) || !b->identity)
		return err_fail(err, ERR_IO, "the store's value \"%s\" is damaged", value_name);
	return 0;
}

static int
put_boot(struct txn *txn, const struct boot *b, struct err *err)
{
	struct buf record = BUF_INIT;
	int rc;

	pack_u64(&record, b->number);
	pack_i64(&record, b->noticed_us);
	pack_u64(&record, b->told);
	pack_u8(&record, b->told_all);
	pack_str(&record, b->identity);
	rc = store_value_put(txn, value_name, record.data, record.len, err);
	buf_release(&record);
	return rc;
}

int
boot_notice(struct txn *txn, struct arena *a, const char *identity, int64_t now_us, bool *open,
    struct err *err)
{
	struct boot b;
	int rc = get_boot(txn, a, &b, err);

	*open = !rc && !b.told_all;
	if (rc || *open || strcmp(b.identity, identity) == 0)
		return rc;
	*open = b.number > 0;
	b = (struct boot){
	    .number = b.number + 1,
	    .noticed_us = now_us - now_us % STEP_US,
	    .told_all = !*open,
	    .identity = identity,
	};
	return put_boot(txn, &b, err);
}

int
boot_pass_over(struct txn *txn, struct arena *a, const struct schedule *s,
    struct schedule_state *state, struct err *err)
{
	struct boot b;
	int rc;

	if (!schedule_awaits_boot(s))
		return 0;
	rc = get_boot(txn, a, &b, err);
	if (!rc)
		state->boot = b.number;
	return rc;
}

/* ---- telling ---- */

struct telling {
	struct txn *txn;
	struct arena *arena;
	struct zones *zones;
	int64_t now_us;
	struct boot boot;
	struct schedule s;
	struct schedule_state state;
	bool queued, more;
};

/*
 * The boot before may not be settled yet, and a due time that a calendar defers must not meet one
 * that comes before its turn: both are settled as far as they have come. Nothing waits for its jitter
 * any longer: there is one boot at a time in a state.
 */
static int
settle_before(struct telling *g, struct err *err)
{
	const struct schedule_state *state = &g->state;
	struct schedule s = g->s;
	bool pending = state->boot_us && state->next_due_us <= state->boot_us;
	int64_t now_us = g->now_us;
	int rc;

	if (!pending && state->deferred_us == INSTANT_NEVER)
		return 0;
	if (pending) {
		s.jitter_us = 0;
		now_us = state->boot_us > now_us ? state->boot_us : now_us;
	}
	rc = fire_due(g->txn, &s, &g->state, g->zones, now_us, &g->queued, &g->more, err);
	if (rc || g->more || g->state.deferred_us == INSTANT_NEVER)
		return rc;
	return fire_drop_deferred(g->txn, &g->s, &g->state, g->now_us,
	    "a calendar excluded it, and the machine was started before its turn came: that "
	    "stands for it",
	    err);
}

/* When the boot is due: behind all that has its entry, also if the clock was set back. */
static int
find_due(struct telling *g, int64_t *due_us, struct err *err)
{
	struct occurrence o;
	int rc = store_ledger_last(g->txn, g->arena, g->s.id, INSTANT_NEVER, &o, err);

	*due_us = g->boot.noticed_us;
	if (!rc && o.to_us >= *due_us)
		*due_us = o.to_us - o.to_us % STEP_US + STEP_US;
	return rc == ERR_MISSING ? 0 : rc;
}

static int
plan(struct telling *g, bool again, struct err *err)
{
	int64_t next_us = INSTANT_NEVER;
	int rc;

	/* Nothing is due: what could not be worked out is not worked out here. */
	if (schedule_is_given_up(&g->state) || schedule_is_used_up(&g->s, &g->state))
		return 0;
	rc = schedule_next_due(&g->s, g->zones, g->state.boot_us - 1, &next_us, err);
	if (rc || (!again && next_us >= g->state.next_due_us))
		return rc;
	return run_plan(g->txn, &g->s, &g->state, next_us, err);
}

/* Where the clock stands behind what has its entry, nobody waits until it has come there: many a
 * machine knows the time only a while after its start, or never. */
static int
fire_ahead(struct telling *g, struct err *err)
{
	struct schedule s = g->s;

	if (g->state.boot_us <= g->now_us || g->state.next_due_us != g->state.boot_us)
		return 0;
	s.jitter_us = 0;
	return fire_due(
	    g->txn, &s, &g->state, g->zones, g->state.boot_us, &g->queued, &g->more, err);
}

static int
tell(struct telling *g, struct err *err)
{
	bool deferred = g->state.deferred_us != INSTANT_NEVER;
	int64_t due_us;
	int rc = settle_before(g, err);

	if (!rc && g->more)
		return store_state_put(g->txn, &g->state, err);
	if (!rc)
		rc = find_due(g, &due_us, err);
	if (rc)
		return rc;
	g->state.boot = g->boot.number;
	g->state.boot_us = due_us;
	schedule_know_boot(&g->s, due_us);
	rc = plan(g, deferred, err);
	if (!rc)
		rc = fire_ahead(g, err);
	if (rc == ERR_INPUT) {
		log_error("schedule %llu is not told that the machine was started: %s",
		    (unsigned long long)g->s.id, err->text);
		rc = 0;
	}
	return rc ? rc : store_state_put(g->txn, &g->state, err);
}

static int
tell_one(struct telling *g, uint64_t id, struct err *err)
{
	int rc = store_schedule_get(g->txn, g->arena, id, &g->s, err);

	g->more = false;
	if (rc || !schedule_awaits_boot(&g->s))
		return rc == ERR_MISSING ? 0 : rc;
	rc = store_state_get(g->txn, g->arena, id, &g->state, err);
	if (!rc && g->state.boot < g->boot.number)
		rc = tell(g, err);
	return rc ? err_wrap(err, rc, "schedule %llu", (unsigned long long)id) : 0;
}

int
boot_tell(struct txn *txn, struct arena *a, struct zones *zones, int64_t now_us, size_t cap,
    bool *queued, struct err *err)
{
	struct telling g = {.txn = txn, .arena = a, .zones = zones, .now_us = now_us};
	uint64_t *ids = arena_array(a, cap, sizeof *ids);
	size_t count = 0;
	int rc = get_boot(txn, a, &g.boot, err);

	*queued = false;
	if (!rc && !g.boot.told_all)
		rc = store_schedule_ids(txn, g.boot.told, ids, cap, &count, err);
	if (rc || g.boot.told_all)
		return rc;
	g.boot.told_all = count < cap;
	for (size_t i = 0; !rc && i < count; i++) {
		rc = tell_one(&g, ids[i], err);
		if (g.more) {
			g.boot.told_all = false;
			break;
		}
		g.boot.told = ids[i];
	}
	*queued = g.queued;
	return rc ? rc : put_boot(txn, &g.boot, err);
}
