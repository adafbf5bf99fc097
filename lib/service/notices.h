/* The notifications of a tenant, for those who look after it: what was told, what waits, and why. */
#ifndef SERVICE_NOTICES_H
#define SERVICE_NOTICES_H

#include "model/notify.h"
#include "service/service.h"

struct notice_query {
	uint64_t schedule_id;	 /* 0: of all that the actor sees */
	enum notice_state state; /* 0: any */
	uint64_t before;	 /* with a lower id; 0: from the newest */
	size_t cap;
};

struct notice_view {
	struct notice notice;
	struct notice_target target;
};

/*
 * Newest first, `cap` at most. *next: where to go on, 0 at the end; with few that match a page may
 * have less than `cap` and still not be the last.
 *
 * Fails: ERR_DENIED; ERR_MISSING when there is no such schedule.
 */
MUST_CHECK int service_list_notices(struct service *sv, struct arena *a,
    const struct actor *actor, const struct notice_query *q, struct notice_view **list,
    size_t *count, uint64_t *next, struct err *err);

#endif
