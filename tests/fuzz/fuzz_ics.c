/* Calendars in iCalendar's form: what is accepted can be asked, and passes its own checks. */
#include "calendar/ics.h"
#include "fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct zones *zones;
	struct arena arena = ARENA_INIT;
	struct exclusion_reader reader;
	struct excluded by;
	struct err err = {""};
	struct ics ics;
	int64_t free_us, at_us = INT64_C(1767225600) * SECOND_US; /* 2026 */

	if (!zones)
		zones = zones_new(NULL);
	if (ics_read(&arena, (const char *)data, size, NULL, zones, &ics, &err)) {
		holds_refusal(&err);
		goto done;
	}
	HOLDS(ics.note_count <= ICS_NOTES_MAX + 1);
	for (size_t i = 0; i < ics.excluded.count; i++)
		HOLDS(!exclusion_check(&ics.excluded.list[i], &err));
	if (exclusion_reader_init(&reader, &arena, &ics.excluded, 1, zones, &err))
		goto done;
	free_us = exclusion_first_free(&reader, at_us);
	HOLDS(free_us >= at_us);
	HOLDS(free_us == INSTANT_NEVER || !exclusion_at(&reader, free_us, &by));

done:
	arena_release(&arena);
	return 0;
}
