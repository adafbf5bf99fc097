/* Text for people: see print.h. */
#include "ctl/print.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

enum { SEQUENCE_MAX = 4, GAP = 2 };

/* Bytes of the character at `text`; 0 if it is no UTF-8. */
static size_t
character(const char *text, size_t len)
{
	for (size_t n = 1; n <= SEQUENCE_MAX && n <= len; n++) {
		if (utf8_valid(text, n))
			return n;
	}
	return 0;
}

/*
 * C0, DEL and C1; and the characters from U+2028 to U+202E and U+2066 to U+2069, which break
 * lines or turn the direction of writing and so make a text look like another.
 */
static bool
is_control(const char *text, size_t n)
{
	const unsigned char *p = (const unsigned char *)text;

	if (n == 1)
		return p[0] < 0x20 || p[0] == 0x7f;
	if (n == 2)
		return p[0] == 0xc2 && p[1] < 0xa0;
	if (n == 3 && p[0] == 0xe2)
		return (p[1] == 0x80 && p[2] >= 0xa8 && p[2] <= 0xae) ||
		       (p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9);
	return false;
}

static void
escape(struct buf *out, const char *text, size_t len, const char *keep)
{
	while (len > 0) {
		size_t n = character(text, len);
		bool plain = n && (!is_control(text, n) || (*text && strchr(keep, *text)));

		n = n ? n : 1;
		for (size_t i = 0; !plain && i < n; i++)
			buf_addf(out, "\\x%02x", (unsigned char)text[i]);
		if (plain)
			buf_add(out, text, n);
		text += n;
		len -= n;
	}
}

void
print_text(struct buf *out, const char *text, size_t len)
{
	escape(out, text, len, "");
}

void
print_lines(struct buf *out, const char *text, size_t len)
{
	escape(out, text, len, "\n\t");
}

/* ---- outlines ---- */

static void
scalar(struct buf *out, const struct json *value)
{
	switch (value->type) {
	case JSON_NULL:
		buf_adds(out, "-");
		break;
	case JSON_BOOL:
		buf_adds(out, value->boolean ? "yes" : "no");
		break;
	case JSON_NUMBER:
	case JSON_STRING:
		print_text(out, value->text, value->len);
		break;
	case JSON_ARRAY:
	case JSON_OBJECT:
		buf_adds(out, "none");
		break;
	}
}

/* True for an array of which every element fits into the line: strings and numbers. */
static bool
fits_a_line(const struct json *value)
{
	if (value->type != JSON_ARRAY)
		return value->count == 0 || value->type != JSON_OBJECT;
	for (const struct json *e = value->first; e; e = e->next) {
		if (e->type == JSON_ARRAY || e->type == JSON_OBJECT)
			return false;
	}
	return true;
}

static void
in_line(struct buf *out, const struct json *value)
{
	if (value->type != JSON_ARRAY || !value->count) {
		scalar(out, value);
		return;
	}
	for (const struct json *e = value->first; e; e = e->next) {
		scalar(out, e);
		if (e->next)
			buf_adds(out, "  ");
	}
}

/* The depth is bounded by the JSON reader's. */
static void
outline(struct buf *out, const struct json *value, int indent)
{
	for (const struct json *e = value->first; e; e = e->next) {
		buf_addf(out, "%*s", indent, "");
		if (value->type == JSON_OBJECT) {
			print_text(out, e->name, strlen(e->name));
			buf_addc(out, ':');
		} else {
			buf_addc(out, '-');
		}
		if (fits_a_line(e)) {
			buf_addc(out, ' ');
			in_line(out, e);
			buf_addc(out, '\n');
		} else {
			buf_addc(out, '\n');
			outline(out, e, indent + GAP);
		}
	}
}

void
print_outline(struct buf *out, const struct json *value)
{
	if (!fits_a_line(value)) {
		outline(out, value, 0);
		return;
	}
	in_line(out, value);
	buf_addc(out, '\n');
}

/* ---- tables ---- */

void
table_init(struct table *t, const char *const *titles, size_t columns)
{
	*t = (struct table){.titles = titles, .columns = columns};
}

void
table_cell(struct table *t, const char *text)
{
	struct buf cell = BUF_INIT;

	if (!text || !*text)
		text = "-";
	print_text(&cell, text, strlen(text));
	if (t->count == t->cap) {
		t->cap = t->cap ? t->cap * 2 : 64;
		t->cells = mem_resize(t->cells, t->cap * sizeof *t->cells);
	}
	t->cells[t->count++] = cell.data;
}

static size_t
width(const char *text)
{
	return utf8_length(text, strlen(text));
}

static size_t
column_width(const struct table *t, size_t column)
{
	size_t max = width(t->titles[column]);

	for (size_t i = column; i < t->count; i += t->columns) {
		if (width(t->cells[i]) > max)
			max = width(t->cells[i]);
	}
	return max;
}

static void
row(struct buf *out, const char *const *cells, const size_t *widths, size_t columns)
{
	for (size_t i = 0; i < columns; i++) {
		buf_adds(out, cells[i]);
		if (i + 1 < columns)
			buf_addf(out, "%*s", (int)(widths[i] - width(cells[i]) + GAP), "");
	}
	buf_addc(out, '\n');
}

void
table_print(const struct table *t, struct buf *out)
{
	size_t *widths = mem_alloc(t->columns * sizeof *widths);

	for (size_t i = 0; i < t->columns; i++)
		widths[i] = column_width(t, i);
	row(out, t->titles, widths, t->columns);
	for (size_t i = 0; i + t->columns <= t->count; i += t->columns)
		row(out, (const char *const *)t->cells + i, widths, t->columns);
	free(widths);
}

void
table_release(struct table *t)
{
	for (size_t i = 0; i < t->count; i++)
		free(t->cells[i]);
	free(t->cells);
	*t = (struct table){0};
}
