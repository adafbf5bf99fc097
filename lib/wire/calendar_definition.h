/* Named calendars as JSON, both ways: fcgi/API.md, "Calendars". */
#ifndef WIRE_CALENDAR_DEFINITION_H
#define WIRE_CALENDAR_DEFINITION_H

#include "base/arena.h"
#include "base/err.h"
#include "model/calendar.h"
#include "wire/json.h"

/*
 * Read a calendar into *c; id, tenant, version and times stay zero. What is no member is a fault.
 * `default_zone` is what one without `timeZone` gets.
 *
 * Owns:  strings live in the arena.
 * Fails: ERR_INPUT `Invalid value: entries[0].weekly: column 5: …`; what calendar_validate() says.
 */
MUST_CHECK int calendar_read(struct arena *a, const struct json *value,
    const char *default_zone, struct calendar *c, struct err *err);

/* Write the members of a calendar into the object that is open in `w`. What is read back gives the
 * same calendar. */
void calendar_write(struct json_writer *w, const struct calendar *c);

#endif
