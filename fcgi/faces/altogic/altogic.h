/*
 * The face Altogic: what its client libraries call to run a scheduled task and to ask how the run
 * goes, and their sign-in (wire/altogic.md).
 */
#ifndef FACES_ALTOGIC_H
#define FACES_ALTOGIC_H

#include <stdbool.h>

#include "app/request.h"

/* True for every path below the base paths of that API: also for those that are answered 404. */
bool altogic_owns(const char *path);

/* Answer a request whose path altogic_owns(). *res is complete afterwards, whatever happened. */
void altogic_handle(const struct face *face, const struct request *req, struct response *res);

#endif
