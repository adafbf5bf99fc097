/* Steps of the clock: see clock_step.h. */
#include "model/clock_step.h"

#include <stdio.h>

#include "calendar/civil.h"

const struct clock_step *
clock_step_over(const struct clock_step *steps, size_t count, int64_t due_us)
{
	const struct clock_step *over = NULL;

	for (size_t i = 0; i < count; i++) {
		if (steps[i].from_us < due_us && due_us <= steps[i].to_us)
			over = &steps[i];
		else if (steps[i].to_us < due_us && due_us <= steps[i].from_us)
			over = NULL;
	}
	return over;
}

void
clock_step_text(const struct clock_step *step, char out[CLOCK_STEP_TEXT])
{
	char from[INSTANT_TEXT], to[INSTANT_TEXT];
	const char *what = "the machine slept";

	if (step->kind == CLOCK_STEP_SET)
		what = step->to_us > step->from_us ? "the clock was set forward"
						   : "the clock was set back";
	instant_format(step->from_us, from);
	instant_format(step->to_us, to);
	snprintf(out, CLOCK_STEP_TEXT, "%s, from %s to %s", what, from, to);
}
