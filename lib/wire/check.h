/*
 * Is a stream of bytes one JSON text (RFC 8259)? Asked piece by piece: whatever comes, no more is
 * kept of it than of its longest token, and that is bounded.
 */
#ifndef WIRE_CHECK_H
#define WIRE_CHECK_H

#include <stdbool.h>
#include <stddef.h>

struct json_stream;

/* Owns: the caller frees it with json_stream_end(). */
struct json_stream *json_stream_begin(void);

/* The next bytes. False when they make sure that it is none: more need not be given. */
bool json_stream_more(struct json_stream *c, const char *data, size_t len);

/* Free it. True when all that was given is one JSON text: strict UTF-8, no deeper than a thousand
 * levels, without tokens of more than some megabytes. */
bool json_stream_end(struct json_stream *c);

#endif
