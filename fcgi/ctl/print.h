/*
 * Text for people. Whatever came from elsewhere (names, reasons, log lines) goes through
 * print_text(), so that nothing that a user or a command wrote can move the cursor of the
 * administrator's terminal or make a line of its own.
 */
#ifndef CTL_PRINT_H
#define CTL_PRINT_H

#include <stddef.h>
#include <stdio.h>

#include "base/buf.h"
#include "wire/json.h"

/* Append `text` with control characters, marks of writing direction and whatever is no UTF-8 as
 * \xNN, a byte each. */
void print_text(struct buf *out, const char *text, size_t len);

/* As print_text(), but line feeds and tabs stay. */
void print_lines(struct buf *out, const char *text, size_t len);

/* A JSON value as an indented outline, a member a line. */
void print_outline(struct buf *out, const struct json *value);

/* Columns padded with blanks to the same width, titles above. */
struct table {
	const char *const *titles; /* borrowed */
	size_t columns;
	char **cells; /* row by row; owned */
	size_t count, cap;
};

void table_init(struct table *t, const char *const *titles, size_t columns);
/* The next cell of the present row; NULL and "" show as "-". */
void table_cell(struct table *t, const char *text);
void table_print(const struct table *t, struct buf *out);
void table_release(struct table *t);

#endif
