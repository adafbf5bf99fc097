/*
 * How fast starts may follow each other: so many in a second, and so many at once after a rest.
 * Pure: the time is an argument.
 *
 * Kept as the moment at which the starts so far would be over if they came evenly. Nothing of it
 * is durable: a scheduler that follows another begins rested.
 */
#ifndef SCHEDULER_PACE_H
#define SCHEDULER_PACE_H

#include <stdint.h>

struct pace {
	uint32_t rate;	  /* starts in a second; 0: as they come */
	uint32_t burst;	  /* at once; at least 1 */
	int64_t spent_us; /* of the wall clock, which may jump */
};

/* How many may start now. */
uint32_t pace_allows(const struct pace *p, int64_t now_us);

/* So many did. More than may is a debt. */
void pace_spend(struct pace *p, int64_t now_us, uint32_t starts);

/* When enough may start to be worth a step: one, or as many as come in a tenth of a second. */
int64_t pace_delay(const struct pace *p, int64_t now_us);

#endif
