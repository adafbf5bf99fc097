/* Strict UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* True when all `len` bytes are well-formed; a NUL byte is well-formed here. */
bool utf8_valid(const char *text, size_t len);

/* Bytes of the control character (C0, DEL, C1) that a well-formed text begins with; 0 if it begins
 * with none, or is empty. */
size_t utf8_control(const char *text);

/* Code points in a well-formed text. */
size_t utf8_length(const char *text, size_t len);

#endif
