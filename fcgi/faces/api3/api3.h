/*
 * The face API3: tasks, authentication and the native methods beside them, as wire/api3.md and
 * fcgi/API.md say.
 *
 * A face only translates: it reads a request, calls one use case of lib/service and writes what
 * came of it. It keeps nothing between two calls.
 */
#ifndef FACES_API3_H
#define FACES_API3_H

#include <stdbool.h>

#include "app/request.h"

/* True for every path below /API3/, in any case of letters: also for those that api3_handle()
 * answers with 404. */
bool api3_owns(const char *path);

/*
 * Answer a request whose path api3_owns(). *res is complete afterwards, whatever happened:
 * status, headers, body, and `recover` when the store is lost.
 */
void api3_handle(const struct face *face, const struct request *req, struct response *res);

#endif
