/*
 * The face OpenSpecimen: schedules as its scheduled jobs (wire/openspecimen.md).
 */
#ifndef FACES_OPENSPECIMEN_H
#define FACES_OPENSPECIMEN_H

#include <stdbool.h>

#include "app/request.h"

/* True for every path below the three base paths of that API: also for those that are answered
 * 404. */
bool openspecimen_owns(const char *path);

/* Answer a request whose path openspecimen_owns(). *res is complete afterwards, whatever happened. */
void openspecimen_handle(
    const struct face *face, const struct request *req, struct response *res);

#endif
