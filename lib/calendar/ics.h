/*
 * Calendars in iCalendar's form (RFC 5545), read into excluded time: each event excludes the time
 * that it takes. libical reads the properties; lines, nesting and bounds are looked at before it sees
 * anything, so that a fault has its line.
 *
 * Served: DTSTART with DTEND or DURATION or neither, dates and times, UTC, local with TZID (a name
 * of the system's zones, or one whose VTIMEZONE or path says which) and floating (the calendar's
 * zone); RRULE as far as rrule.h goes, EXDATE, RDATE, and single events of a series that RECURRENCE-ID
 * moves or cancels. What would change when something is excluded and is not understood is a fault;
 * what is left out for another reason is noted.
 */
#ifndef CALENDAR_ICS_H
#define CALENDAR_ICS_H

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "calendar/exclusion.h"

enum {
	ICS_BYTES_MAX = 4 * 1024 * 1024,
	ICS_EVENTS_MAX = 2000,
	ICS_LINE_MAX = 64 * 1024, /* bytes of a line, unfolded */
	ICS_NOTES_MAX = 20,	  /* and one more, that there are others */
};

struct ics {
	struct exclusions excluded;
	const char *name;   /* X-WR-CALNAME; NULL: it has none */
	const char **notes; /* what was left out, and why: one line each */
	size_t note_count;
};

/*
 * Read a calendar. `time_zone` (NULL: its own X-WR-TIMEZONE, else UTC, with a note) is where its
 * dates and floating times are.
 *
 * Owns:  everything lives in the arena.
 * Fails: ERR_INPUT `line 7: …`, or `event 3 (line 41, "King's Day"): …`.
 */
MUST_CHECK int ics_read(struct arena *a, const char *text, size_t len, const char *time_zone,
    struct zones *zones, struct ics *ics, struct err *err);

#endif
