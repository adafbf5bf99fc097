/* The wire dialect of OpenSpecimen's scheduled jobs: wire/openspecimen.md. */
#ifndef FACES_OPENSPECIMEN_H
#define FACES_OPENSPECIMEN_H

#include "app/request.h"

/* What lies below /openspecimen/rest/ng and /rest/ng, and /scheduled-jobs itself. */
bool openspecimen_owns(const char *path);

/* Fill *res, whatever the request is. */
void openspecimen_handle(
    const struct face *face, const struct request *req, struct response *res);

#endif
