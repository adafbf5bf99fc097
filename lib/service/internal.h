/* What the use cases of this folder share and nobody else needs. */
#ifndef SERVICE_INTERNAL_H
#define SERVICE_INTERNAL_H

#include "base/err.h"
#include "model/account.h"
#include "service/service.h"

/* Fails: ERR_DENIED unless the actor is an Enterprise or Domain Admin. */
MUST_CHECK int require_admin(const struct actor *actor, struct err *err);

/* The schedule, if it is one of the actor's tenant. Fails: ERR_MISSING. */
MUST_CHECK int own_schedule(struct txn *txn, struct arena *a, const struct actor *actor,
    uint64_t id, struct schedule *s, struct err *err);

/* Tell the scheduler that there is something to look at. Only after a commit. */
void ring(const struct service *sv);

#endif
