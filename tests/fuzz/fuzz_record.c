/*
 * Records: the first byte says of which kind, the rest is what might stand on a disk. What unpacks is
 * packed again and unpacks as the same.
 */
#include "fuzz/fuzz.h"
#include "store/record.h"

/* One round: the bytes into *out, packed anew; false when they are no such record. */
typedef bool (*round_trip)(struct unpack *u, struct arena *a, struct buf *out);

#define KIND(name, type)                                                             \
	static bool again_##name(struct unpack *u, struct arena *a, struct buf *out) \
	{                                                                            \
		struct type v = {0};                                                 \
                                                                                     \
		unpack_##name(u, a, &v);                                             \
		if (unpack_finish(u))                                                \
			return false;                                                \
		pack_##name(out, &v);                                                \
		return true;                                                         \
	}

KIND(schedule, schedule)
KIND(state, schedule_state)
KIND(occurrence, occurrence)
KIND(execution, execution)
KIND(task, task)
KIND(result, result)
KIND(calendar, calendar)
KIND(tenant, tenant)
KIND(user, user)
KIND(token, token)
KIND(answer, answer)
KIND(audit, audit_entry)

static const round_trip kinds[] = {again_schedule, again_state, again_occurrence,
    again_execution, again_task, again_result, again_calendar, again_tenant, again_user,
    again_token, again_answer, again_audit};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = ARENA_INIT;
	struct buf first = BUF_INIT, second = BUF_INIT;
	round_trip again;
	struct unpack u;

	if (size < 1)
		return 0;
	again = kinds[data[0] % (sizeof kinds / sizeof kinds[0])];
	unpack_init(&u, data + 1, size - 1);
	if (again(&u, &arena, &first)) {
		unpack_init(&u, first.data, first.len);
		HOLDS(again(&u, &arena, &second));
		HOLDS(first.len == second.len);
		HOLDS(!first.len || memcmp(first.data, second.data, first.len) == 0);
	}
	buf_release(&first);
	buf_release(&second);
	arena_release(&arena);
	return 0;
}
