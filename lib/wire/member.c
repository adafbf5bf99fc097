/* The members of a definition's objects: see member.h. */
#include "wire/member.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- where we are, and faults ---- */

size_t
path_push(struct reader *r, const char *fmt, ...)
{
	size_t back = r->path_len, room = sizeof r->path - back;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(r->path + back, room, fmt, ap);
	va_end(ap);
	r->path_len = back + ((size_t)n < room ? (size_t)n : room - 1);
	return back;
}

void
path_pop(struct reader *r, size_t back)
{
	r->path_len = back;
	r->path[back] = '\0';
}

size_t
push_member(struct reader *r, const char *name)
{
	return path_push(
	    r, "%s%s", r->path_len ? "." : "", json_shown(r->arena, *name ? name : "\"\""));
}

int
refuse(struct reader *r, const char *mend)
{
	return err_fail(r->err, ERR_INPUT, "Invalid value: %s: %s",
	    r->path_len ? r->path : "definition", mend);
}

int
read_not_served(struct reader *r, const struct json *value, void *at)
{
	(void)value;
	(void)at;
	return refuse(r, "not served");
}

/* ---- values ---- */

int
read_string(struct reader *r, const struct json *value, void *at)
{
	const char **text = at;

	if (!json_is(value, JSON_STRING))
		return refuse(r, "must be a string");
	*text = value->text;
	return 0;
}

int
read_bool(struct reader *r, const struct json *value, void *at)
{
	bool *b = at;

	if (!json_is(value, JSON_BOOL))
		return refuse(r, "must be true or false");
	*b = value->boolean;
	return 0;
}

int
read_number(struct reader *r, const struct json *value, int64_t min, int64_t max, int64_t *n)
{
	if (json_integer(value, min, max, n))
		return err_fail(r->err, ERR_INPUT,
		    "Invalid value: %s: must be a whole number from %lld to %lld", r->path,
		    (long long)min, (long long)max);
	return 0;
}

int
read_duration(struct reader *r, const struct json *value, void *at)
{
	if (!json_is(value, JSON_STRING) || duration_parse(value->text, at))
		return refuse(r, "must be a duration such as \"90s\", \"15m\", \"2h\", \"7d\"");
	return 0;
}

int
read_instant(struct reader *r, const struct json *value, void *at)
{
	int64_t *us = at, rest;

	if (!json_is(value, JSON_STRING) || instant_parse(value->text, us))
		return refuse(r, "must be a time such as \"2026-12-24T18:00:00+01:00\"");
	rest = *us % (SECOND_US / 1000);
	*us -= rest < 0 ? rest + SECOND_US / 1000 : rest;
	return 0;
}

int
read_word(struct reader *r, const struct json *value, const char *const *words, size_t count,
    size_t *index)
{
	char list[64] = "";
	size_t len = 0;

	for (size_t i = 0; i < count; i++) {
		if (value->type == JSON_STRING && !strcmp(value->text, words[i])) {
			*index = i;
			return 0;
		}
		len += (size_t)snprintf(list + len, sizeof list - len, "%s%s",
		    !i		    ? ""
		    : i + 1 < count ? ", "
				    : " or ",
		    words[i]);
	}
	return err_fail(r->err, ERR_INPUT, "Invalid value: %s: must be %s", r->path, list);
}

/* ---- objects and lists ---- */

int
read_members(struct reader *r, const struct json *object, const struct field *fields,
    size_t count, void *into)
{
	int ret = 0;

	if (!json_is(object, JSON_OBJECT))
		return refuse(r, "must be an object");
	for (const struct json *m = object->first; m && !ret; m = m->next) {
		size_t back = push_member(r, m->name), i = 0;

		while (i < count && strcmp(fields[i].name, m->name))
			i++;
		if (i == count)
			ret = refuse(r, "there is no such member");
		else if (m->type != JSON_NULL)
			ret = fields[i].read(r, m, (char *)into + fields[i].offset);
		path_pop(r, back);
	}
	return ret;
}

int
read_list(struct reader *r, const struct json *value, size_t max, size_t size, void *entries,
    size_t *count)
{
	if (!json_is(value, JSON_ARRAY))
		return refuse(r, "must be an array");
	*count = value->count <= max ? value->count : max + 1;
	*(void **)entries = arena_array(r->arena, *count, size);
	return 0;
}

int
read_strings(
    struct reader *r, const struct json *value, size_t max, const char ***texts, size_t *count)
{
	const struct json *element;
	const char **list;
	int ret = 0;

	if (!json_is(value, JSON_ARRAY))
		return refuse(r, "must be an array");
	*count = value->count <= max ? value->count : max + 1;
	/* With a NULL behind the last. */
	list = arena_array(r->arena, *count + 1, sizeof *list);
	element = value->first;
	for (size_t i = 0; !ret && i < *count; i++, element = element->next) {
		size_t back = path_push(r, "[%zu]", i);

		ret = read_string(r, element, &list[i]);
		path_pop(r, back);
	}
	*texts = list;
	return ret;
}

bool
has(const struct json *object, const char *name)
{
	const struct json *m = json_member(object, name);

	return m && m->type != JSON_NULL;
}

/* ---- writing ---- */

void
write_string(struct json_writer *w, const char *name, const char *text)
{
	json_name(w, name);
	if (text)
		json_string(w, text);
	else
		json_null(w);
}

void
write_strings(struct json_writer *w, const char *name, const char **texts, size_t count)
{
	json_name(w, name);
	json_array(w);
	for (size_t i = 0; i < count; i++)
		json_string(w, texts[i]);
	json_end_array(w);
}

void
write_duration(struct json_writer *w, const char *name, int64_t us)
{
	char text[INSTANT_TEXT];

	duration_format(us, text);
	write_string(w, name, text);
}

void
write_instant(struct json_writer *w, const char *name, int64_t us)
{
	json_name(w, name);
	if (us == INT64_MIN || us == INSTANT_NEVER)
		json_null(w);
	else
		json_instant(w, us);
}

void
write_limit(struct json_writer *w, const char *name, int64_t us)
{
	if (us)
		write_duration(w, name, us);
	else
		write_string(w, name, NULL);
}
