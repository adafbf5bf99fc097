/*
 * Secrets: named values of a tenant that can be set and used, and never be read. They are encrypted
 * in the store, with a key that is derived for each from the store's own: what is moved to another
 * name or tenant cannot be opened there.
 */
#ifndef SERVICE_SECRETS_H
#define SERVICE_SECRETS_H

#include "model/secret.h"
#include "service/service.h"

/* Set one, new or not: attempts that start from now on get this value. Fails: ERR_DENIED,
 * ERR_INPUT, ERR_CONFLICT when there are too many. */
MUST_CHECK int service_set_secret(struct service *sv, const struct actor *actor, int64_t now_us,
    const char *name, const char *value, struct err *err);

/* Those of the tenant, without their values. Fails: ERR_DENIED. */
MUST_CHECK int service_list_secrets(struct service *sv, struct arena *a,
    const struct actor *actor, struct secret **list, size_t *count, struct err *err);

/* Fails: ERR_DENIED; ERR_MISSING; ERR_CONFLICT while a schedule names it. */
MUST_CHECK int service_delete_secret(struct service *sv, const struct actor *actor,
    int64_t now_us, const char *name, struct err *err);

/* The value, for the scheduler alone. Fails: ERR_MISSING. */
MUST_CHECK int secret_value(struct txn *txn, struct arena *a, uint64_t tenant_id,
    const char *name, const char **value, struct err *err);

#endif
