/* Trees of values: how they are built (tree.h) and how they are asked (json.h). */
#include "wire/tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

enum { SHOWN_BYTES = 64 };

/* ---- building ---- */

static bool
fail(struct tree *t, const char *why)
{
	if (!t->fault)
		t->fault = why;
	return false;
}

struct json *
tree_add(struct tree *t, enum json_type type)
{
	struct tree_level *in = t->depth ? &t->levels[t->depth - 1] : NULL;
	struct json *v;

	if (++t->values > JSON_VALUES_MAX) {
		fail(t, "too many values");
		return NULL;
	}
	v = arena_alloc(t->arena, sizeof *v);
	v->type = type;
	if (!in) {
		t->root = v;
		return v;
	}
	if (in->last)
		in->last->next = v;
	else
		in->open->first = v;
	in->last = v;
	in->open->count++;
	v->name = in->name;
	in->name = NULL;
	return v;
}

bool
tree_open(struct tree *t, struct json *v)
{
	if (t->depth == JSON_DEPTH_MAX)
		return fail(t, "too deep");
	t->levels[t->depth++] = (struct tree_level){.open = v};
	return true;
}

static int
by_name(const void *a, const void *b)
{
	const struct json *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

/* A name that stands twice in `object`, or NULL. Sorted, because a hostile object has 100,000
 * members. */
static const char *
duplicate(struct tree *t, const struct json *object)
{
	size_t n = 0;

	if (object->count > t->sorted_cap) {
		t->sorted_cap = object->count * 2;
		t->sorted = mem_resize(t->sorted, t->sorted_cap * sizeof *t->sorted);
	}
	for (const struct json *m = object->first; m; m = m->next)
		t->sorted[n++] = m;
	if (n > 1)
		qsort(t->sorted, n, sizeof *t->sorted, by_name);
	for (size_t i = 1; i < n; i++) {
		if (!strcmp(t->sorted[i - 1]->name, t->sorted[i]->name))
			return t->sorted[i]->name;
	}
	return NULL;
}

bool
tree_close(struct tree *t)
{
	const struct json *open = t->levels[t->depth - 1].open;
	const char *twice = open->type == JSON_OBJECT ? duplicate(t, open) : NULL;

	if (twice)
		return fail(t, arena_printf(t->arena, "this object has \"%s\" twice",
				   json_shown(t->arena, twice)));
	t->depth--;
	return true;
}

/* A copy in the arena, or NULL and a fault. */
static const char *
copy(struct tree *t, const char *text, size_t len)
{
	if (memchr(text, '\0', len)) {
		fail(t, "a NUL character");
		return NULL;
	}
	if (!utf8_valid(text, len)) {
		fail(t, "a string is not UTF-8");
		return NULL;
	}
	return arena_memdup(t->arena, text, len);
}

bool
tree_name(struct tree *t, const char *name, size_t len)
{
	return (t->levels[t->depth - 1].name = copy(t, name, len)) != NULL;
}

bool
tree_text(struct tree *t, struct json *v, const char *text, size_t len)
{
	v->text = copy(t, text, len);
	v->len = len;
	return v->text != NULL;
}

struct json *
tree_inside(const struct tree *t)
{
	return t->depth ? t->levels[t->depth - 1].open : NULL;
}

void
tree_release(struct tree *t)
{
	free(t->sorted);
	t->sorted = NULL;
	t->sorted_cap = 0;
}

/* ---- asking ---- */

static const char *
skip_digits(const char *s)
{
	return s + strspn(s, "0123456789");
}

/* As JSON writes it: RFC 8259, 6. */
static bool
is_number(const char *s)
{
	const char *end;

	s += *s == '-';
	end = *s == '0' ? s + 1 : skip_digits(s);
	if (end == s)
		return false;
	if (*end == '.') {
		s = end + 1;
		end = skip_digits(s);
		if (end == s)
			return false;
	}
	if (*end == 'e' || *end == 'E') {
		s = end + 1;
		s += *s == '+' || *s == '-';
		end = skip_digits(s);
		if (end == s)
			return false;
	}
	return !*end;
}

bool
json_is(const struct json *value, enum json_type type)
{
	if (!value || value->type == type)
		return value != NULL;
	if (!value->untyped)
		return false;
	switch (type) {
	case JSON_BOOL:
		return !strcmp(value->text, "true") || !strcmp(value->text, "false");
	case JSON_NUMBER:
		return is_number(value->text);
	case JSON_ARRAY:
	case JSON_OBJECT:
		return !value->text[strspn(value->text, " \t\r\n")];
	case JSON_NULL:
	case JSON_STRING:
		break;
	}
	return false;
}

const struct json *
json_member(const struct json *object, const char *name)
{
	if (!object || object->type != JSON_OBJECT)
		return NULL;
	for (const struct json *m = object->first; m; m = m->next) {
		if (!strcmp(m->name, name))
			return m;
	}
	return NULL;
}

int
json_integer(const struct json *value, int64_t min, int64_t max, int64_t *out)
{
	const char *digits;
	long long n;

	if (!json_is(value, JSON_NUMBER))
		return ERR_INPUT;
	digits = value->text + (value->text[0] == '-');
	if (*skip_digits(digits))
		return ERR_INPUT;
	errno = 0;
	n = strtoll(value->text, NULL, 10);
	if (errno || n < min || n > max)
		return ERR_INPUT;
	*out = n;
	return 0;
}

const char *
json_shown(struct arena *a, const char *s)
{
	size_t len = strlen(s);
	bool cut = len > SHOWN_BYTES;
	char *shown;

	if (cut) {
		len = SHOWN_BYTES;
		while (len && ((unsigned char)s[len] & 0xc0) == 0x80)
			len--;
	}
	shown = arena_printf(a, "%.*s%s", (int)len, s, cut ? "..." : "");
	for (char *p = shown, *to = shown; (*to = *p); to++) {
		size_t control = utf8_control(p);

		if (control)
			*to = '?';
		p += control ? control : 1;
	}
	return shown;
}
