/* Addresses of mail. */
#ifndef BASE_ADDRESS_H
#define BASE_ADDRESS_H

#include <stdbool.h>

enum {
	ADDRESS_MAX = 254,	/* bytes, RFC 5321 4.5.3.1.3 */
	ADDRESS_LOCAL_MAX = 64, /* bytes before the at sign, RFC 5321 4.5.3.1.1 */
};

/*
 * Is it a plain address such as ops@example.org?
 *
 * The dot-atoms of RFC 5322 3.4.1 without what ends a line or a header, or leads programs that
 * deliver mail astray: no option, no pipe, no file, no route.
 */
bool address_is_plain(const char *text);

#endif
