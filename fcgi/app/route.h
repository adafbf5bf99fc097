/* Which face answers: see route.c. */
#ifndef APP_ROUTE_H
#define APP_ROUTE_H

#include "app/request.h"

/* Fill *res, whatever the request is. */
void route(const struct face *face, const struct request *req, struct response *res);

#endif
