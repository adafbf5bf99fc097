/*
 * Runs for callers who have one word for a schedule: its id or its name (Altogic's clients). As
 * service.h in everything else.
 */
#ifndef SERVICE_NAMED_H
#define SERVICE_NAMED_H

#include "service/service.h"

/*
 * Start the schedule that `text` means, as service_run_schedule() without checking triggers; *e is
 * the execution as it was made, all in one transaction.
 *
 * A GUID or 24 hex digits are looked up as an id first; then `text` as a name, byte for byte; then,
 * as a decimal number, as an id: a name that is a number is not taken for another schedule.
 *
 * Owns:  *e lives in the arena.
 * Fails: ERR_MISSING when it means none.
 */
MUST_CHECK int service_run_named(struct service *sv, struct arena *a, const struct actor *actor,
    int64_t now_us, const char *text, struct execution *e, struct err *err);

#endif
