/* A jump of the wall clock, and what it passed over. */
#ifndef MODEL_CLOCK_STEP_H
#define MODEL_CLOCK_STEP_H

#include <stddef.h>
#include <stdint.h>

/* The numbers are durable. */
enum clock_step_kind {
	CLOCK_STEP_SET = 1,   /* somebody set the clock, forward or back */
	CLOCK_STEP_SLEPT = 2, /* the machine was suspended and resumed */
};

struct clock_step {
	enum clock_step_kind kind;
	int64_t from_us, to_us; /* what the clock would show, and shows */
};

/*
 * The step that passed over the due time, of all that happened, oldest first; NULL: none did.
 * What a step back brings into the future again is passed over no more.
 */
const struct clock_step *clock_step_over(
    const struct clock_step *steps, size_t count, int64_t due_us);

enum { CLOCK_STEP_TEXT = 128 };

/* "the clock was set forward, from 2026-11-22T09:30:00.000Z to …". */
void clock_step_text(const struct clock_step *step, char out[CLOCK_STEP_TEXT]);

#endif
