/*
 * Which schedules an actor sees, for walks over what belongs to many of them. Only a token with
 * tags makes it a question, and neighbours in a walk are mostly of few schedules: what was
 * answered once is kept for the walk.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "service/internal.h"

struct sight {
	uint64_t schedule_id; /* 0: free */
	bool seen;
};

/* The slot of a schedule, or the free one where it belongs. */
static struct sight *
slot_of(const struct sights *s, uint64_t schedule_id)
{
	size_t i = (size_t)(schedule_id * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (s->cap - 1);

	while (s->slots[i].schedule_id && s->slots[i].schedule_id != schedule_id)
		i = (i + 1) & (s->cap - 1);
	return &s->slots[i];
}

/* Half of the slots stay free. */
static void
grow(struct sights *s)
{
	struct sights bigger = {.count = s->count, .cap = s->cap ? s->cap * 2 : 64};

	bigger.slots = mem_alloc(bigger.cap * sizeof *bigger.slots);
	for (size_t i = 0; i < s->cap; i++) {
		if (s->slots[i].schedule_id)
			*slot_of(&bigger, s->slots[i].schedule_id) = s->slots[i];
	}
	free(s->slots);
	*s = bigger;
}

int
sights_ask(struct txn *txn, struct arena *a, struct sights *s, const struct actor *actor,
    uint64_t schedule_id, bool *seen, struct err *err)
{
	struct schedule schedule;
	struct sight *slot;
	int rc;

	*seen = true;
	if (!actor->tag_count)
		return 0;
	if (s->count * 2 >= s->cap)
		grow(s);
	slot = slot_of(s, schedule_id);
	if (!slot->schedule_id) {
		rc = own_schedule(txn, a, actor, schedule_id, &schedule, err);
		if (rc && rc != ERR_MISSING)
			return rc;
		*slot = (struct sight){schedule_id, !rc};
		s->count++;
	}
	*seen = slot->seen;
	return 0;
}

void
sights_release(struct sights *s)
{
	free(s->slots);
	*s = (struct sights){0};
}
