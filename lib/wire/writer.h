/*
 * What the writers of this folder share: writer.c keeps account of what may come next and turns
 * every value into a text; a form only spells it, and is never called out of order.
 */
#ifndef WIRE_WRITER_H
#define WIRE_WRITER_H

#include "wire/json.h"

enum writer_place { IN_ARRAY, BEFORE_NAME, BEFORE_VALUE };

/* How things are spelled. Texts are UTF-8 with a NUL behind them, borrowed for the call. */
struct writer_form {
	/* w->depth is that of the new level already, or of the closed one no more. */
	void (*open)(struct json_writer *w, bool array);
	void (*close)(struct json_writer *w, bool array);
	void (*name)(struct json_writer *w, const char *name, size_t len);
	void (*string)(struct json_writer *w, const char *s, size_t len);
	/* A number, true or false; NULL: null. */
	void (*word)(struct json_writer *w, const char *word);
	void (*free)(struct json_writer *w);
};

struct json_writer {
	const struct writer_form *form;
	void *end; /* of the form: where the text goes */
	bool failed, begun;
	size_t depth;
	enum writer_place places[JSON_DEPTH_MAX];
};

struct json_writer *writer_new(const struct writer_form *form, void *end);

#endif
