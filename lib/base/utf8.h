/* Strict UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* True when all `len` bytes are well-formed; a NUL byte is well-formed here. */
bool utf8_valid(const char *text, size_t len);

/* Code points in a well-formed text. */
size_t utf8_length(const char *text, size_t len);

#endif
