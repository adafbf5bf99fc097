/* Cross-origin calls: which pages of other sites may call a face, and read what it answers. */
#ifndef APP_ORIGIN_H
#define APP_ORIGIN_H

#include "app/request.h"

/* The request's Origin if the setting allowedOrigins lists it (or lists `*`); NULL otherwise. */
const char *origin_allowed(const struct face *face, const struct request *req);

#endif
