/* Steps of the clock: kept for the due times that they passed over, and noted in the audit. */
#include "base/buf.h"
#include "service/fire.h"
#include "service/internal.h"

int
fire_note_step(struct txn *txn, struct arena *a, const struct clock_step *step, int64_t now_us,
    struct err *err)
{
	struct actor actor = {.name = "$scheduler"};
	char text[CLOCK_STEP_TEXT];
	struct tenant tenant;
	int rc = store_clock_step_add(txn, step, err);

	if (!rc)
		rc = store_tenant_first(txn, a, &tenant, err);
	if (rc)
		return rc == ERR_MISSING ? 0 : rc; /* nobody works here yet */
	actor.tenant_id = tenant.id;
	clock_step_text(step, text);
	return audit_note(txn, &actor, now_us, "clock.step", 0, err, "%s", text);
}

/* Why the policy did not let it run. */
static const char *
policy_words(const struct schedule *s, enum verdict verdict)
{
	if (verdict == VERDICT_MISSED_WINDOW)
		return "and its misfireWindow had passed";
	if (verdict == VERDICT_MISSED_CAP)
		return "and as many later ones run as misfireMax lets";
	return s->misfire == MISFIRE_SKIP ? "and misfire is skip"
					  : "and a later due time stands for it";
}

int
fire_blame_clock(struct txn *txn, struct arena *a, const struct schedule *s, int64_t due_us,
    enum verdict *verdict, const char **reason, struct err *err)
{
	struct buf words = BUF_INIT;
	const struct clock_step *over;
	struct clock_step *steps;
	char text[CLOCK_STEP_TEXT];
	size_t count;
	int rc = store_clock_step_list(txn, a, &steps, &count, err);

	over = rc ? NULL : clock_step_over(steps, count, due_us);
	if (!over)
		return rc;
	clock_step_text(over, text);
	buf_addf(&words, "%s, %s", text, policy_words(s, *verdict));
	*reason = arena_strdup(a, words.data);
	buf_release(&words);
	if (*verdict == VERDICT_MISSED_DOWN)
		*verdict = VERDICT_MISSED_CLOCK;
	return 0;
}
