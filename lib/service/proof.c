/* That no schedule stops in silence: see proof.h. */
#include "service/proof.h"

#include "base/log.h"
#include "service/internal.h"
#include "service/run.h"

/* So long after its time something still counts as being handled. */
#define HANDLED_US MINUTE_US

struct proving {
	struct txn *txn;
	struct arena *arena;
	struct zones *zones;
	int64_t now_us;
	uint64_t zone_reads;
	struct proof *proof;
	struct schedule s;
	struct schedule_state state;
};

static bool
is_local(const struct schedule *s)
{
	for (size_t i = 0; i < s->trigger_count; i++) {
		if (trigger_is_local(&s->triggers[i]))
			return true;
	}
	return false;
}

static int
note(struct proving *g, const char *action, const char *words, int64_t from_us, int64_t to_us,
    struct err *err)
{
	struct actor actor = {.name = "$scheduler", .tenant_id = g->s.tenant_id};
	char from[INSTANT_TEXT] = "never", to[INSTANT_TEXT] = "never";

	if (from_us != INSTANT_NEVER)
		instant_format(from_us, from);
	if (to_us != INSTANT_NEVER)
		instant_format(to_us, to);
	return audit_note(g->txn, &actor, g->now_us, action, g->s.id, err,
	    "name %s: %s; it was due next at %s and is now at %s", g->s.name, words, from, to);
}

/* Plan it anew, and say in the audit why. */
static int
plan_anew(
    struct proving *g, const char *action, const char *words, int64_t due_us, struct err *err)
{
	int64_t before_us = g->state.next_due_us;
	int rc = run_plan(g->txn, &g->s, &g->state, due_us, err);

	if (!rc)
		rc = store_state_put(g->txn, &g->state, err);
	return rc ? rc : note(g, action, words, before_us, due_us, err);
}

static int
repair(struct proving *g, const char *fault, int64_t due_us, struct err *err)
{
	int rc = plan_anew(g, "schedule.repair", fault, due_us, err);

	if (rc)
		return rc;
	log_error("schedule %llu: %s: repaired", (unsigned long long)g->s.id, fault);
	g->proof->found++;
	g->proof->repaired++;
	return 0;
}

static int
move(struct proving *g, int64_t due_us, struct err *err)
{
	int rc = plan_anew(
	    g, "schedule.move", "the rules of its time zone have changed", due_us, err);

	if (rc)
		return rc;
	log_warn("schedule %llu is due at another time by the new rules of its time zone",
	    (unsigned long long)g->s.id);
	g->proof->moved++;
	return 0;
}

/* There is an entry where the state says; else there is one afterwards. */
static int
check_plan(struct proving *g, struct err *err)
{
	struct firing f = {g->s.id, schedule_planned(&g->state)};
	bool has;
	int rc;

	if (f.due_us == INSTANT_NEVER)
		return 0;
	g->proof->planned++;
	rc = store_plan_has(g->txn, f, &has, err);
	if (rc)
		return rc;
	if (has) {
		g->proof->overdue += f.due_us + HANDLED_US < g->now_us;
		return 0;
	}
	rc = store_plan_put(g->txn, f, err);
	return rc ? rc
		  : repair(g, "its entry in the plan was missing", g->state.next_due_us, err);
}

/* When it is due next by its definition. What is settled is behind it, also if the clock stood elsewhere. */
static int
expect(struct proving *g, int64_t *due_us, struct err *err)
{
	int64_t after_us = g->now_us;
	struct occurrence o;
	int rc = store_ledger_last(g->txn, g->arena, g->s.id, INSTANT_NEVER, &o, err);

	if (rc && rc != ERR_MISSING)
		return rc;
	if (!rc && o.to_us > after_us)
		after_us = o.to_us;
	if (g->s.modified_us > after_us)
		after_us = g->s.modified_us;
	return schedule_plan_next(&g->s, &g->state, g->zones, after_us, due_us, err);
}

static int
check_due(struct proving *g, struct err *err)
{
	const struct schedule_state *state = &g->state;
	int64_t due_us;
	int rc;

	/* It is being handled, or has a turn that calendars gave it, or nobody can say when it is due. */
	if (state->next_due_us <= g->now_us || state->deferred_us != INSTANT_NEVER ||
	    schedule_is_given_up(state))
		return 0;
	rc = expect(g, &due_us, err);
	/* A zone that is gone is told when the time has come. */
	if (rc == ERR_INPUT || (!rc && due_us == state->next_due_us))
		return 0;
	if (rc)
		return rc;
	if (zones_reads(g->zones) != g->zone_reads && is_local(&g->s) &&
	    state->next_due_us != INSTANT_NEVER)
		return move(g, due_us, err);
	return repair(g,
	    state->next_due_us == INSTANT_NEVER ? "it was not planned"
						: "it was planned for another time than its "
						  "definition says",
	    due_us, err);
}

static int
renew_state(struct proving *g, struct err *err)
{
	g->state = (struct schedule_state){.schedule_id = g->s.id,
	    .next_due_us = INSTANT_NEVER,
	    .range_due_us = INSTANT_NEVER,
	    .deferred_us = INSTANT_NEVER};
	return store_state_put(g->txn, &g->state, err);
}

static int
check_one(struct proving *g, uint64_t id, struct err *err)
{
	int rc = store_schedule_get(g->txn, g->arena, id, &g->s, err);

	if (rc)
		return rc == ERR_MISSING ? 0 : rc;
	rc = store_state_get(g->txn, g->arena, id, &g->state, err);
	if (rc == ERR_MISSING)
		rc = renew_state(g, err);
	if (!rc)
		rc = check_plan(g, err);
	if (!rc)
		rc = check_due(g, err);
	g->proof->schedules++;
	g->proof->suspended += !rc && schedule_is_suspended(&g->state, g->now_us);
	return rc;
}

int
proof_check(struct txn *txn, struct arena *a, struct zones *zones, int64_t now_us,
    uint64_t zone_reads, uint64_t *after, size_t cap, struct proof *p, struct err *err)
{
	struct proving g = {.txn = txn,
	    .arena = a,
	    .zones = zones,
	    .now_us = now_us,
	    .zone_reads = zone_reads,
	    .proof = p};
	uint64_t *ids = arena_array(a, cap, sizeof *ids);
	size_t count = 0;
	int rc = store_schedule_ids(txn, *after, ids, cap, &count, err);

	for (size_t i = 0; !rc && i < count; i++) {
		rc = check_one(&g, ids[i], err);
		/* One that is damaged must not keep the others from being looked at. */
		if (rc == ERR_IO || rc == ERR_INPUT) {
			log_error("schedule %llu cannot be proved: %s",
			    (unsigned long long)ids[i], err->text);
			p->found++;
			rc = 0;
		}
	}
	if (!rc)
		*after = count < cap ? 0 : ids[count - 1];
	return rc;
}
