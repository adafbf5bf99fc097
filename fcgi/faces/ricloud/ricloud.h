/*
 * The face ricloud: tasks and the results that they publish, for reading (wire/ricloud.md).
 */
#ifndef FACES_RICLOUD_H
#define FACES_RICLOUD_H

#include <stdbool.h>

#include "app/request.h"

/* True for the names that belong to that API and everything below them: also for those that are
 * answered 404. */
bool ricloud_owns(const char *path);

/* Answer a request whose path ricloud_owns(). *res is complete afterwards, whatever happened. */
void ricloud_handle(const struct face *face, const struct request *req, struct response *res);

#endif
