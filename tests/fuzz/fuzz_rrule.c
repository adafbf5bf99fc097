/* Recurrence rules: what is accepted has its matches in order, at or behind its start. */
#include "calendar/rrule.h"
#include "fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* 2026-01-01 00:00 and the leap day of 2028, by the clock. */
	static const int64_t starts_us[] = {
	    INT64_C(1767225600) * SECOND_US, INT64_C(1835438400) * SECOND_US};
	struct arena arena = ARENA_INIT;
	const char *text;
	int64_t start_us, from_us;
	struct err err = {""};

	if (size < 1)
		return 0;
	start_us = starts_us[data[0] % 2];
	text = as_text(&arena, data + 1, size - 1);
	if (rrule_check(text, start_us, &err)) {
		holds_refusal(&err);
		goto done;
	}
	(void)rrule_until_utc(text);
	from_us = start_us;
	for (int i = 0; i < 5; i++) {
		int64_t to_us = from_us + INT64_C(400) * DAY_US;
		int64_t at_us = rrule_next_civil(text, start_us, from_us, to_us);

		if (at_us == INSTANT_NEVER)
			break;
		HOLDS(at_us >= from_us && at_us < to_us);
		HOLDS(rrule_next_civil(text, start_us, at_us, to_us) == at_us);
		from_us = at_us + SECOND_US;
	}

done:
	arena_release(&arena);
	return 0;
}
