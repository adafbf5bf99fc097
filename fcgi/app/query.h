/* The query of a URL, as HTML's forms and their URLSearchParams write it. */
#ifndef APP_QUERY_H
#define APP_QUERY_H

#include "app/request.h"

struct query_pair {
	const char *name, *value; /* decoded; "" where there is none */
};

/*
 * Read all parameters of a request, in their order. `+` is a blank; a percent sign that begins
 * no escape stands for itself; what stands between two ampersands may be nothing.
 *
 * Owns:  *pairs lives in the request's arena.
 * Fails: ERR_INPUT when a name or a value has a NUL in it or is not UTF-8.
 */
MUST_CHECK int query_read(
    const struct request *req, struct query_pair **pairs, size_t *count, struct err *err);

/* The value of the first parameter of this name; NULL without one. */
const char *query_value(const struct query_pair *pairs, size_t count, const char *name);

#endif
