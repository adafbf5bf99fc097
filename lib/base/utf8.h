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

/* Bytes of the well-formed character that `len` bytes of text begin with; 0 if they begin with none,
 * or are too few for it. */
size_t utf8_character(const char *text, size_t len);

/*
 * Make one line of well-formed text of any bytes, at most size - 1 of them, a NUL behind: what is
 * not well-formed and control characters but tabs become U+FFFD, and no character is cut in two.
 *
 * Answers its length.
 */
size_t utf8_clean(char *out, size_t size, const char *bytes, size_t len);

/* Code points in a well-formed text. */
size_t utf8_length(const char *text, size_t len);

#endif
