/* Named calendars: for administrators of the tenant; whoever may read schedules may see them. As
 * service.h in everything else. */
#ifndef SERVICE_CALENDARS_H
#define SERVICE_CALENDARS_H

#include "model/calendar.h"
#include "service/service.h"

/* Takes a calendar as calendar_read() gives it. Fails: ERR_CONFLICT when the name is taken; ERR_INPUT
 * for a time zone that the system does not know. */
MUST_CHECK int service_create_calendar(struct service *sv, const struct actor *actor,
    int64_t now_us, struct calendar *c, uint64_t *id, struct err *err);

/*
 * Give a calendar other contents, if it still has the version that the caller saw (0: whichever it
 * has). What was due until now was judged by the old ones; what is deferred runs when the new ones let
 * it.
 *
 * Fails: ERR_CONFLICT `Version is 3, not 2`, and for another name while schedules name it.
 */
MUST_CHECK int service_update_calendar(struct service *sv, const struct actor *actor,
    int64_t now_us, uint64_t id, uint64_t version, struct calendar *c, struct err *err);

struct calendar_view {
	struct calendar calendar;
	size_t uses; /* schedules that name it */
};

MUST_CHECK int service_get_calendar(struct service *sv, struct arena *a,
    const struct actor *actor, uint64_t id, struct calendar_view *view, struct err *err);
/* Fails: ERR_MISSING. */
MUST_CHECK int service_calendar_by_name(struct service *sv, const struct actor *actor,
    const char *name, uint64_t *id, struct err *err);

/* By name, behind the name `after` (NULL: from the first), `cap` at most; of their entries only how
 * many there are. */
MUST_CHECK int service_list_calendars(struct service *sv, struct arena *a,
    const struct actor *actor, const char *after, size_t cap, struct calendar_view **list,
    size_t *count, struct err *err);

/* Fails: ERR_CONFLICT while a schedule names it. */
MUST_CHECK int service_delete_calendar(struct service *sv, const struct actor *actor,
    int64_t now_us, uint64_t id, struct err *err);

#endif
