/*
 * Values as XML: see xml.h. It is written without libxml2: all that there is to do is to close
 * what was opened and to escape texts.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "wire/writer.h"
#include "wire/xml.h"

#define PLAIN "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"

struct xml_end {
	struct buf *out;
	/* Names of the open members, each with a NUL behind it; that of the level at `at`. */
	struct buf names;
	size_t at[JSON_DEPTH_MAX];
};

static bool
is_plain(const char *name)
{
	if (!strcmp(name, "item") || !strcmp(name, "member") || !strncasecmp(name, "xml", 3))
		return false;
	return *name && strchr(PLAIN, *name) && !name[strspn(name, PLAIN "0123456789-.")];
}

/* The bytes at `s` that are one character without a place in XML 1.0; 0 if it has one. */
static size_t
unspeakable(const char *s)
{
	unsigned char c = (unsigned char)*s;

	if (c < 0x20)
		return c != '\t' && c != '\n' && c != '\r';
	return !strncmp(s, "\xef\xbf\xbe", 3) || !strncmp(s, "\xef\xbf\xbf", 3) ? 3 : 0;
}

static void
escape(struct buf *out, const char *s, bool attribute)
{
	for (; *s; s++) {
		size_t gone = unspeakable(s);

		if (gone) {
			buf_adds(out, "\xef\xbf\xbd");
			s += gone - 1;
		} else if (*s == '&') {
			buf_adds(out, "&amp;");
		} else if (*s == '<') {
			buf_adds(out, "&lt;");
		} else if (*s == '>') {
			buf_adds(out, "&gt;");
		} else if (*s == '"' && attribute) {
			buf_adds(out, "&quot;");
		} else if (*s == '\r' || (attribute && (*s == '\n' || *s == '\t'))) {
			/* A reader makes something else of the character itself. */
			buf_addf(out, "&#%d;", *s);
		} else {
			buf_addc(out, *s);
		}
	}
}

/* The tag of a value on level `depth` that is, at the root, a `root`. */
static void
tag(struct json_writer *w, size_t depth, const char *root, bool end)
{
	struct xml_end *x = w->end;
	struct buf *out = x->out;
	const char *name;

	if (!depth && !end)
		buf_adds(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
	buf_adds(out, end ? "</" : "<");
	if (!depth) {
		buf_adds(out, root);
	} else if (w->places[depth - 1] == IN_ARRAY) {
		buf_adds(out, "item");
	} else {
		name = x->names.data + x->at[depth - 1];
		buf_adds(out, is_plain(name) ? name : "member");
		if (!end && !is_plain(name)) {
			buf_adds(out, " name=\"");
			escape(out, name, true);
			buf_addc(out, '"');
		}
	}
	buf_addc(out, '>');
}

static const char *
root_of(bool array)
{
	return array ? "list" : "object";
}

static void
xml_open(struct json_writer *w, bool array)
{
	struct xml_end *x = w->end;

	x->at[w->depth - 1] = x->names.len;
	tag(w, w->depth - 1, root_of(array), false);
}

static void
xml_close(struct json_writer *w, bool array)
{
	struct xml_end *x = w->end;

	x->names.len = x->at[w->depth];
	tag(w, w->depth, root_of(array), true);
}

static void
xml_name(struct json_writer *w, const char *name, size_t len)
{
	struct xml_end *x = w->end;

	x->names.len = x->at[w->depth - 1];
	buf_add(&x->names, name, len + 1);
}

static void
xml_string(struct json_writer *w, const char *s, size_t len)
{
	struct xml_end *x = w->end;

	(void)len;
	tag(w, w->depth, "value", false);
	escape(x->out, s, false);
	tag(w, w->depth, "value", true);
}

static void
xml_word(struct json_writer *w, const char *word)
{
	if (word)
		xml_string(w, word, strlen(word));
	else if (!w->depth || w->places[w->depth - 1] == IN_ARRAY)
		w->failed = true;
}

static void
xml_free(struct json_writer *w)
{
	struct xml_end *x = w->end;

	buf_release(&x->names);
	free(x);
}

struct json_writer *
xml_writer_new(struct buf *out)
{
	static const struct writer_form form = {
	    xml_open, xml_close, xml_name, xml_string, xml_word, xml_free};
	struct xml_end *x = mem_alloc(sizeof *x);

	x->out = out;
	return writer_new(&form, x);
}
