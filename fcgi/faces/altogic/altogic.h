/*
 * The face Altogic: task.runOnce() and task.getTaskStatus() of Altogic's client libraries, and
 * sign-in and sign-out by e-mail for keys that need a user's session; wire/altogic.md.
 *
 * A face only translates. Whatever goes wrong is answered with JSON: the JavaScript library hangs
 * for ever on an error whose body is anything else.
 */
#ifndef FACES_ALTOGIC_H
#define FACES_ALTOGIC_H

#include <stdbool.h>

#include "app/request.h"

/* True for every path below /_api/ and /e:, also for those that altogic_handle() answers with
 * 404. */
bool altogic_owns(const char *path);

/* Answer a request whose path altogic_owns(). *res is complete afterwards, whatever happened. */
void altogic_handle(const struct face *face, const struct request *req, struct response *res);

#endif
