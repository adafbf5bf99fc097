/*
 * The policy `replace`: a new run takes the place of those of its schedule that have not ended.
 *
 * What goes on is cancelled like by a call, so the new run begins when it has ended, and is one of
 * those that wait until then: a still later one takes its place in turn. The ledger says of each
 * what became of it.
 */
#include "service/run.h"

/* So many executions are looked at for those that have not ended. */
enum { LOOKS_MAX = 1000, LOOKS_STEP = 16 };

int
run_note_replaced(struct txn *txn, const struct execution *e, struct err *err)
{
	bool began = e->start_us != INSTANT_NEVER;
	struct arena scratch = ARENA_INIT;
	struct occurrence o;
	int rc;

	if (!e->replaced_by || e->due_us == INSTANT_NEVER)
		return 0;
	/* What was said of it before it was made to run again stands. */
	rc = store_ledger_last(txn, &scratch, e->schedule_id, e->due_us, &o, err);
	if (!rc && o.verdict == VERDICT_RAN)
		rc = store_ledger_revise(txn, e->schedule_id, e->due_us,
		    began ? VERDICT_RAN : VERDICT_SKIPPED_OVERLAP,
		    began ? RUN_OVERTAKEN " while it ran" : RUN_OVERTAKEN " before it began",
		    err);
	arena_release(&scratch);
	return rc;
}

/* Is there something of it that was not told to end? */
static int
goes_on(struct txn *txn, struct arena *a, const struct execution *e, bool *is, struct err *err)
{
	struct task *tasks;
	size_t count;
	int rc = store_task_list(txn, a, e->id, &tasks, &count, err);

	*is = false;
	for (size_t i = 0; !rc && i < count; i++)
		*is |=
		    !task_status_ended(tasks[i].status) && tasks[i].status != TASK_CANCELLING;
	return rc;
}

static int
replace_one(struct txn *txn, struct arena *a, struct execution *e, uint64_t by_id,
    int64_t now_us, struct err *err)
{
	bool is;
	int rc = goes_on(txn, a, e, &is, err);

	if (rc || !is)
		return rc;
	e->replaced_by = by_id;
	rc = store_execution_put(txn, e, err);
	if (!rc)
		rc = run_cancel(txn, a, e, now_us, RUN_OVERTAKEN, err);
	if (!rc && e->end_us != INSTANT_NEVER)
		rc = run_note_replaced(txn, e, err);
	return rc;
}

static bool
is_spared(const struct schedule *s, const struct execution *e)
{
	return e->origin == ORIGIN_BACKFILL ||
	       (e->origin == ORIGIN_CATCH_UP && s->misfire == MISFIRE_ALL);
}

int
run_replace(struct txn *txn, const struct schedule *s, struct schedule_state *state,
    uint64_t by_id, int64_t now_us, struct err *err)
{
	uint32_t left = state->active + state->waiting;
	struct arena arena = ARENA_INIT;
	struct schedule_state stored;
	uint64_t before = 0;
	size_t count = 1;
	int rc;

	if (!left)
		return 0;
	/* What is cancelled gives its turn on in the stored state. */
	rc = store_state_put(txn, state, err);
	for (int looks = 0; !rc && left > 0 && count > 0 && looks < LOOKS_MAX;
	     looks += LOOKS_STEP) {
		struct execution *list;

		rc = store_execution_list(
		    txn, &arena, s->id, before, LOOKS_STEP, &list, &count, err);
		for (size_t i = 0; !rc && left > 0 && i < count; i++) {
			before = list[i].id;
			if (list[i].end_us != INSTANT_NEVER)
				continue;
			left--;
			if (!is_spared(s, &list[i]))
				rc = replace_one(txn, &arena, &list[i], by_id, now_us, err);
		}
	}
	if (!rc)
		rc = store_state_get(txn, &arena, s->id, &stored, err);
	if (!rc) {
		state->active = stored.active;
		state->waiting = stored.waiting;
	}
	arena_release(&arena);
	return rc;
}
