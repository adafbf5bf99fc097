/*
 * What the fuzz targets share. Each target is one fuzz_X.c with an LLVMFuzzerTestOneInput(), which
 * libFuzzer calls (make fuzz), and replay.c for the inputs that are kept (make check).
 *
 * A target does more than wait for a crash: what is accepted must come back the same when it is
 * written and read again, and what is refused must say so in one line.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "wire/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* As assert(), also where NDEBUG is set, with a word for whoever reads the report. */
#define HOLDS(condition)                                                                  \
	do {                                                                              \
		if (!(condition)) {                                                       \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, \
			    #condition);                                                  \
			abort();                                                          \
		}                                                                         \
	} while (0)

/* A refusal is one line, and says something. */
static inline void
holds_refusal(const struct err *err)
{
	HOLDS(err->text[0] != '\0');
	HOLDS(!strpbrk(err->text, "\r\n"));
}

/* The bytes with a NUL behind them: a caller's text, cut at the first NUL of its own. */
static inline char *
as_text(struct arena *a, const uint8_t *data, size_t size)
{
	return arena_memdup(a, data, size);
}

/* Write a value that was read, and finish. Answers as json_writer_finish(). */
static inline void
write_value(struct json_writer *w, const struct json *v)
{
	const struct json *at;

	switch (v->type) {
	case JSON_NULL:
		json_null(w);
		break;
	case JSON_BOOL:
		json_bool(w, v->boolean);
		break;
	case JSON_NUMBER: /* the writers write whole numbers only; as a text it stays what it was */
	case JSON_STRING:
		json_string(w, v->text);
		break;
	case JSON_ARRAY:
		json_array(w);
		for (at = v->first; at; at = at->next)
			write_value(w, at);
		json_end_array(w);
		break;
	case JSON_OBJECT:
		json_object(w);
		for (at = v->first; at; at = at->next) {
			json_name(w, at->name);
			write_value(w, at);
		}
		json_end_object(w);
		break;
	}
}

#endif
