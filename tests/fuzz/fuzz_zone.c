/* Files of time zones: what is accepted is a sequence of segments without gap or overlap. */
#include "calendar/civil.h"
#include "calendar/zone.h"
#include "fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int64_t at_us = INT64_MIN;
	struct zone *zone;
	struct err err = {""};

	if (zone_parse(data, size, &zone, &err)) {
		holds_refusal(&err);
		return 0;
	}
	for (int i = 0; i < 200 && at_us != INSTANT_NEVER; i++) {
		struct zone_segment s = zone_segment_at(zone, at_us);

		HOLDS(s.start_us <= at_us && at_us < s.end_us);
		HOLDS(i == 0 || s.start_us == at_us);
		at_us = s.end_us;
	}
	(void)zone_instant(zone, INT64_C(1795526108) * SECOND_US);
	zone_free(zone);
	return 0;
}
