/* Cron: what is accepted has a due time, and due times grow and match by the clock. */
#include "calendar/cron.h"
#include "fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = ARENA_INIT;
	const char *text = as_text(&arena, data, size < 300 ? size : 300);
	int64_t at_us = 0, end_us = INT64_C(4102444800) * SECOND_US; /* 2100 */
	struct err err = {""};
	struct cron cron;

	if (cron_parse(text, cron_seed("Nightly sales"), &cron, &err)) {
		holds_refusal(&err);
		goto done;
	}
	for (int i = 0; i < 20; i++) {
		int64_t due_us = cron_next_civil(&cron, at_us, end_us);
		struct civil c;

		if (due_us == INSTANT_NEVER)
			break;
		HOLDS(due_us >= at_us && due_us < end_us);
		c = civil_from_us(due_us);
		HOLDS(cron.seconds >> c.second & 1 && cron.minutes >> c.minute & 1);
		HOLDS(cron.hours >> c.hour & 1 && cron.months >> c.month & 1);
		HOLDS(c.micro == 0);
		/* Whoever asks from there gets the same. */
		HOLDS(cron_next_civil(&cron, due_us, end_us) == due_us);
		at_us = due_us + SECOND_US;
	}

done:
	arena_release(&arena);
	return 0;
}
