/*
 * JSON (RFC 8259) through yajl, hardened; and the values themselves, which xml.h reads and
 * writes too.
 *
 * Reading: the whole text must be strict UTF-8, one value, at most JSON_DEPTH_MAX deep and
 * JSON_VALUES_MAX values; a name twice in one object, a NUL (also as \u0000) and a lone
 * surrogate are faults. Numbers keep their raw text. Writing is sticky: a fault is remembered,
 * later calls do nothing, json_writer_finish() tells.
 */
#ifndef WIRE_JSON_H
#define WIRE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

enum { JSON_DEPTH_MAX = 32, JSON_VALUES_MAX = 100000 };

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json {
	enum json_type type;
	/*
	 * A JSON_STRING from a text that has no types, which may also stand for something else:
	 * ask json_is() and not `type` whether it can be what is wanted.
	 */
	bool untyped;
	bool boolean;
	const char *text;	  /* string: decoded, number: as written; NUL behind it */
	size_t len;		  /* of text */
	const char *name;	  /* of the member, when inside an object */
	const struct json *first; /* of an array's elements or an object's members */
	const struct json *next;  /* behind this one */
	size_t count;		  /* elements or members */
};

/*
 * Read one value with blanks around it. `text` need not have a NUL behind it.
 *
 * Owns:  *value lives in the arena; NULL after a failure.
 * Fails: ERR_INPUT `JSON: byte 17: a NUL character`: what is wrong and the byte, from 0, at
 * which it was noticed; also for an empty text.
 */
MUST_CHECK int json_parse(
    struct arena *a, const char *text, size_t len, const struct json **value, struct err *err);

/*
 * True when the value is of the type or, without a type of its own, can serve as one: any text
 * as a string, "true" and "false" as a boolean, what JSON would call a number as a number, and
 * nothing but blanks as an array or an object without anything in it. What the type needs of
 * `boolean`, `text`, `first` and `count` is then valid. False for NULL.
 */
bool json_is(const struct json *value, enum json_type type);

/* The member, or NULL if `object` has none or is no object. */
const struct json *json_member(const struct json *object, const char *name);

/* An integer from min to max, no fraction, no exponent. Fails: ERR_INPUT, also for NULL. */
MUST_CHECK int json_integer(const struct json *value, int64_t min, int64_t max, int64_t *out);

/*
 * A client's text as it may stand in a message: control characters replaced, cut to some 64
 * bytes.
 *
 * Owns:  lives in the arena.
 */
const char *json_shown(struct arena *a, const char *s);

struct json_writer;

/* Writes JSON; xml.h has another. Appends to `out`, which must outlive the writer. */
struct json_writer *json_writer_new(struct buf *out);

void json_object(struct json_writer *w);
void json_end_object(struct json_writer *w);
void json_array(struct json_writer *w);
void json_end_array(struct json_writer *w);
void json_name(struct json_writer *w, const char *name);
void json_string(struct json_writer *w, const char *s);
void json_number(struct json_writer *w, int64_t n);
/* 100 * part / whole, two decimals at most: 33.33, 100; 0 of 0 is 0, 2 of 1 is a fault. */
void json_percent(struct json_writer *w, uint64_t part, uint64_t whole);
void json_bool(struct json_writer *w, bool b);
void json_null(struct json_writer *w);
/* As 2026-11-22T09:30:00.000Z. */
void json_instant(struct json_writer *w, int64_t us);
/* As a GUID, see base/id.h. */
void json_guid(struct json_writer *w, uint64_t id);

/* Frees the writer. Fails: ERR_INPUT if any call was out of order or a string was not UTF-8;
 * `out` is then of no use. */
MUST_CHECK int json_writer_finish(struct json_writer *w);

#endif
