/* Which face answers: see route.c. */
#ifndef APP_ROUTE_H
#define APP_ROUTE_H

#include "app/request.h"

/*
 * Fill *res, whatever the request is.
 *
 * A face sees the path as if it lay at the root. Through the private socket there is API3 alone,
 * and always at the root: that is where carillonctl looks for it.
 */
void route(const struct face *face, const struct request *req, struct response *res);

/*
 * Answer a request whose path cannot be told, or has no face. All clients can read what is said:
 * it has something of each face's form.
 */
void route_refuse(struct response *res, int status);

#endif
