/*
 * Writing values, in whatever form: json.h tells the calls, writer.h the forms. Neither yajl nor
 * XML would notice a wrong bracket or a name without a value, so the places are ours.
 */
#include "wire/writer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "calendar/civil.h"

struct json_writer *
writer_new(const struct writer_form *form, void *end)
{
	struct json_writer *w = mem_alloc(sizeof *w);

	w->form = form;
	w->end = end;
	return w;
}

static enum writer_place *
place(struct json_writer *w)
{
	return &w->places[w->depth - 1];
}

/* True when a value may come now; it is then as good as written. */
static bool
begin_value(struct json_writer *w)
{
	if (w->failed)
		return false;
	if (w->depth ? *place(w) == BEFORE_NAME : w->begun) {
		w->failed = true;
		return false;
	}
	w->begun = true;
	if (w->depth && *place(w) == BEFORE_VALUE)
		*place(w) = BEFORE_NAME;
	return true;
}

static void
open_level(struct json_writer *w, enum writer_place first)
{
	if (!begin_value(w))
		return;
	if (w->depth == JSON_DEPTH_MAX) {
		w->failed = true;
		return;
	}
	w->places[w->depth++] = first;
	w->form->open(w, first == IN_ARRAY);
}

static void
close_level(struct json_writer *w, enum writer_place last)
{
	if (w->failed)
		return;
	if (!w->depth || *place(w) != last) {
		w->failed = true;
		return;
	}
	w->depth--;
	w->form->close(w, last == IN_ARRAY);
}

void
json_object(struct json_writer *w)
{
	open_level(w, BEFORE_NAME);
}

void
json_end_object(struct json_writer *w)
{
	close_level(w, BEFORE_NAME);
}

void
json_array(struct json_writer *w)
{
	open_level(w, IN_ARRAY);
}

void
json_end_array(struct json_writer *w)
{
	close_level(w, IN_ARRAY);
}

void
json_name(struct json_writer *w, const char *name)
{
	size_t len = strlen(name);

	if (w->failed)
		return;
	if (!w->depth || *place(w) != BEFORE_NAME || !utf8_valid(name, len)) {
		w->failed = true;
		return;
	}
	*place(w) = BEFORE_VALUE;
	w->form->name(w, name, len);
}

void
json_string(struct json_writer *w, const char *s)
{
	size_t len = strlen(s);

	if (!begin_value(w))
		return;
	if (utf8_valid(s, len))
		w->form->string(w, s, len);
	else
		w->failed = true;
}

void
json_number(struct json_writer *w, int64_t n)
{
	char text[32];

	snprintf(text, sizeof text, "%" PRId64, n);
	if (begin_value(w))
		w->form->word(w, text);
}

void
json_percent(struct json_writer *w, uint64_t part, uint64_t whole)
{
	char text[32];
	uint64_t hundredths;
	int len;

	if (!begin_value(w))
		return;
	if (part > whole) {
		w->failed = true;
		return;
	}
	/* Two decimals need no more than the leading bits. */
	while (whole > UINT64_MAX / 20000) {
		part >>= 1;
		whole >>= 1;
	}
	hundredths = whole ? (part * 10000 + whole / 2) / whole : 0;
	len = snprintf(
	    text, sizeof text, "%" PRIu64 ".%02" PRIu64, hundredths / 100, hundredths % 100);
	while (text[len - 1] == '0')
		len--;
	if (text[len - 1] == '.')
		len--;
	text[len] = '\0';
	w->form->word(w, text);
}

void
json_bool(struct json_writer *w, bool b)
{
	if (begin_value(w))
		w->form->word(w, b ? "true" : "false");
}

void
json_null(struct json_writer *w)
{
	if (begin_value(w))
		w->form->word(w, NULL);
}

void
json_instant(struct json_writer *w, int64_t us)
{
	char text[INSTANT_TEXT];

	instant_format(us, text);
	json_string(w, text);
}

void
json_guid(struct json_writer *w, uint64_t id)
{
	char text[ID_GUID_LEN + 1];

	id_guid(id, text);
	json_string(w, text);
}

int
json_writer_finish(struct json_writer *w)
{
	int ret = w->failed || w->depth || !w->begun ? ERR_INPUT : 0;

	w->form->free(w);
	free(w);
	return ret;
}
