/*
 * Steps of the clock. The shell finds them and tells; they become durable with the next step,
 * before anything is fired: a due time that one of them passed over must not be put down to an
 * outage, whoever settles it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "scheduler/internal.h"
#include "service/fire.h"

void
engine_clock_stepped(struct engine *e, const struct clock_step *step)
{
	char text[CLOCK_STEP_TEXT];

	clock_step_text(step, text);
	log_warn("%s", text);
	e->clock_steps =
	    mem_resize(e->clock_steps, (e->clock_step_count + 1) * sizeof *e->clock_steps);
	e->clock_steps[e->clock_step_count++] = *step;
}

static int
note_body(struct txn *txn, void *ctx, struct err *err)
{
	struct engine *e = ctx;
	int rc = 0;

	for (size_t i = 0; !rc && i < e->clock_step_count; i++)
		rc = fire_note_step(txn, &e->arena, &e->clock_steps[i], e->now_us, err);
	return rc;
}

int
clock_steps_note(struct engine *e, struct err *err)
{
	int rc = e->clock_step_count ? engine_run(e, note_body, e, err) : 0;

	if (rc)
		return err_wrap(err, rc, "note that the clock jumped");
	e->clock_step_count = 0;
	return 0;
}
