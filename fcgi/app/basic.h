/* The credentials of HTTP's Basic scheme (RFC 7617). */
#ifndef APP_BASIC_H
#define APP_BASIC_H

#include "app/request.h"

/*
 * Read a request's header Authorization: what stands before the first colon, and what behind it.
 *
 * Owns:  both live in the request's arena.
 * Fails: ERR_MISSING without such a header, and for another scheme; ERR_INPUT for what is not
 * base64 of UTF-8 text with a colon in it, and for a NUL.
 */
MUST_CHECK int basic_credentials(
    const struct request *req, const char **name, const char **password);

#endif
