/*
 * Schedule definitions as JSON, both ways: the shape in DESIGN.md, "Schedule definitions", as
 * far as it is served (fcgi/API.md says how far).
 */
#ifndef WIRE_DEFINITION_H
#define WIRE_DEFINITION_H

#include "base/arena.h"
#include "base/err.h"
#include "model/schedule.h"
#include "wire/json.h"

/*
 * Read a definition into *s, defaults filled in; id, tenant, version and times stay zero. A
 * member that this server does not know, or knows and does not serve yet, is a fault: a policy
 * that is silently ignored is a lie. `default_zone` is what a cron trigger without `timeZone`
 * gets. An `every` trigger without `anchor` is anchored at `now_us`, cut to the whole second,
 * and says so (anchor_open).
 *
 * Owns:  strings live in the arena.
 * Fails: ERR_INPUT `Missing value: name`, `Invalid value: triggers[0].cron: column 6: hour 25
 * is not within 0 to 23`, `Invalid value: condition: not served`; what schedule_validate()
 * says.
 */
MUST_CHECK int definition_read(struct arena *a, const struct json *value,
    const char *default_zone, int64_t now_us, struct schedule *s, struct err *err);

/* Write the members of a definition into the object that is open in `w`. What is read back
 * gives the same schedule. */
void definition_write(struct json_writer *w, const struct schedule *s);

#endif
