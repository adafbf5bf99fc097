/* The pace of starts: see pace.h. */
#include "scheduler/pace.h"

#include "model/schedule.h"

enum { STEPS_IN_A_SECOND = 10 };

/* The last to begin may have this many tasks. */
enum { DEBT_MAX = SCHEDULE_TASKS_MAX };

/* How far ahead the starts so far reach. Further than they can means that the clock was set back:
 * then as far as a whole burst. */
static int64_t
ahead_us(const struct pace *p, int64_t now_us)
{
	int64_t ahead = p->spent_us - now_us;

	if (ahead < 0)
		return 0;
	if (ahead > (p->burst + DEBT_MAX) * SECOND_US / p->rate)
		return p->burst * SECOND_US / p->rate;
	return ahead;
}

uint32_t
pace_allows(const struct pace *p, int64_t now_us)
{
	int64_t free_us;

	if (!p->rate)
		return UINT32_MAX;
	free_us = p->burst * SECOND_US - ahead_us(p, now_us) * p->rate;
	return free_us < SECOND_US ? 0 : (uint32_t)(free_us / SECOND_US);
}

void
pace_spend(struct pace *p, int64_t now_us, uint32_t starts)
{
	if (!p->rate || !starts)
		return;
	p->spent_us = now_us + ahead_us(p, now_us) + starts * SECOND_US / p->rate;
}

int64_t
pace_delay(const struct pace *p, int64_t now_us)
{
	uint32_t wanted = p->rate / STEPS_IN_A_SECOND;
	int64_t lacking;

	if (!p->rate)
		return 0;
	if (wanted > p->burst)
		wanted = p->burst;
	if (wanted < 1)
		wanted = 1;
	/* In millionths of a start. */
	lacking = (int64_t)wanted * SECOND_US -
		  (p->burst * SECOND_US - ahead_us(p, now_us) * p->rate);
	return lacking <= 0 ? 0 : (lacking + p->rate - 1) / p->rate;
}
