/*
 * JSON through yajl: see json.h.
 *
 * yajl decodes leniently: it turns lone surrogates into "?" or broken UTF-8, lets NULs through,
 * bounds neither depth nor number and hands out names twice. So the raw text is checked before
 * yajl sees it and everything else is counted in the callbacks; whatever comes out of
 * json_parse() is strict in all of it.
 */
#include "wire/json.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <yajl/yajl_gen.h>
#include <yajl/yajl_parse.h>

#include "base/id.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "calendar/civil.h"

enum { SHOWN_BYTES = 64 };

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
	for (char *p = shown; *p; p++) {
		if (iscntrl((unsigned char)*p))
			*p = '?';
	}
	return shown;
}

static void *
yajl_mem_alloc(void *ctx, size_t size)
{
	(void)ctx;
	return mem_alloc(size);
}

static void *
yajl_mem_resize(void *ctx, void *old, size_t size)
{
	(void)ctx;
	return mem_resize(old, size);
}

static void
yajl_mem_free(void *ctx, void *p)
{
	(void)ctx;
	free(p);
}

/* yajl itself does not look whether an allocation succeeded. */
static yajl_alloc_funcs never_null = {yajl_mem_alloc, yajl_mem_resize, yajl_mem_free, NULL};

/* ---- checks of the raw text ---- */

/* Where the text stops being UTF-8; called only when it does. */
static size_t
utf8_fault(const char *text, size_t len)
{
	size_t at = 0, n;

	while (at < len) {
		unsigned char lead = (unsigned char)text[at];

		n = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
		if (n > len - at || !utf8_valid(text + at, n))
			break;
		at += n;
	}
	return at;
}

/* The value of \uXXXX at `p`; -1 if there is none. */
static int
unicode_escape(const char *p, const char *end)
{
	int value = 0;

	if (end - p < 6 || p[0] != '\\' || p[1] != 'u')
		return -1;
	for (int i = 2; i < 6; i++) {
		int c = tolower((unsigned char)p[i]);

		if (!isxdigit(c))
			return -1;
		value = value * 16 + (c <= '9' ? c - '0' : c - 'a' + 10);
	}
	return value;
}

static bool
is_high(int unit)
{
	return unit >= 0xd800 && unit <= 0xdbff;
}

static bool
is_low(int unit)
{
	return unit >= 0xdc00 && unit <= 0xdfff;
}

/*
 * Check the escapes in the strings of a raw text. In a text that is JSON a quote outside of
 * strings always begins one; in any other text yajl finds the fault that we step over here.
 */
static int
check_escapes(const char *text, size_t len, struct err *err)
{
	const char *end = text + len;
	bool inside = false;

	for (const char *p = text; p < end; p++) {
		int unit;

		if (*p == '"')
			inside = !inside;
		if (!inside || *p != '\\')
			continue;
		unit = unicode_escape(p, end);
		if (unit == 0)
			return err_fail(
			    err, ERR_INPUT, "JSON: byte %td: a NUL character", p - text);
		if (is_low(unit) || (is_high(unit) && !is_low(unicode_escape(p + 6, end))))
			return err_fail(err, ERR_INPUT,
			    "JSON: byte %td: half of a surrogate pair", p - text);
		p += is_high(unit) ? 11 : unit >= 0 ? 5 : 1;
	}
	return 0;
}

static int
check_raw(const char *text, size_t len, struct err *err)
{
	size_t blanks = 0;

	while (blanks < len && strchr(" \t\r\n", text[blanks]) && text[blanks])
		blanks++;
	if (blanks == len)
		return err_fail(err, ERR_INPUT, "JSON: the text is empty");
	if (!utf8_valid(text, len))
		return err_fail(
		    err, ERR_INPUT, "JSON: byte %zu: not UTF-8", utf8_fault(text, len));
	if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
		return err_fail(err, ERR_INPUT, "JSON: byte 0: a byte order mark");
	return check_escapes(text, len, err);
}

/* ---- the tree ---- */

struct level {
	struct json *open, *last;
	const char *name; /* of the member whose value comes next */
};

struct parser {
	struct arena *arena;
	yajl_handle yajl;
	struct err *err;
	const struct json **sorted; /* scratch of has_duplicate() */
	size_t sorted_cap;
	struct json *root;
	size_t values, depth;
	struct level levels[JSON_DEPTH_MAX];
	bool failed; /* we found the fault, and the text stands in `err` */
};

/* For the callbacks: 0 makes yajl stop. */
static int
stop(struct parser *p, const char *why)
{
	p->failed = true;
	err_fail(
	    p->err, ERR_INPUT, "JSON: byte %zu: %s", yajl_get_bytes_consumed(p->yajl), why);
	return 0;
}

static struct json *
add(struct parser *p, enum json_type type)
{
	struct level *in = p->depth ? &p->levels[p->depth - 1] : NULL;
	struct json *v;

	if (++p->values > JSON_VALUES_MAX) {
		stop(p, "too many values");
		return NULL;
	}
	v = arena_alloc(p->arena, sizeof *v);
	v->type = type;
	if (!in) {
		p->root = v;
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

/* A string's bytes in the arena, or NULL and a fault. */
static const char *
text_of(struct parser *p, const unsigned char *text, size_t len)
{
	if (memchr(text, '\0', len)) {
		stop(p, "a NUL character");
		return NULL;
	}
	if (!utf8_valid((const char *)text, len)) {
		stop(p, "a string is not UTF-8");
		return NULL;
	}
	return arena_memdup(p->arena, text, len);
}

static int
on_null(void *ctx)
{
	return add(ctx, JSON_NULL) != NULL;
}

static int
on_bool(void *ctx, int value)
{
	struct json *v = add(ctx, JSON_BOOL);

	if (v)
		v->boolean = value;
	return v != NULL;
}

static int
on_text(struct parser *p, enum json_type type, const unsigned char *text, size_t len)
{
	struct json *v = add(p, type);

	if (!v)
		return 0;
	v->text = text_of(p, text, len);
	v->len = len;
	return v->text != NULL;
}

static int
on_number(void *ctx, const char *text, size_t len)
{
	return on_text(ctx, JSON_NUMBER, (const unsigned char *)text, len);
}

static int
on_string(void *ctx, const unsigned char *text, size_t len)
{
	return on_text(ctx, JSON_STRING, text, len);
}

static int
on_name(void *ctx, const unsigned char *text, size_t len)
{
	struct parser *p = ctx;

	return (p->levels[p->depth - 1].name = text_of(p, text, len)) != NULL;
}

static int
on_start(struct parser *p, enum json_type type)
{
	struct json *v;

	if (p->depth == JSON_DEPTH_MAX)
		return stop(p, "too deep");
	v = add(p, type);
	if (!v)
		return 0;
	p->levels[p->depth++] = (struct level){.open = v};
	return 1;
}

static int
on_start_object(void *ctx)
{
	return on_start(ctx, JSON_OBJECT);
}

static int
on_start_array(void *ctx)
{
	return on_start(ctx, JSON_ARRAY);
}

static int
on_end_array(void *ctx)
{
	struct parser *p = ctx;

	p->depth--;
	return 1;
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
duplicate(struct parser *p, const struct json *object)
{
	size_t n = 0;

	if (object->count > p->sorted_cap) {
		p->sorted_cap = object->count * 2;
		p->sorted = mem_resize(p->sorted, p->sorted_cap * sizeof *p->sorted);
	}
	for (const struct json *m = object->first; m; m = m->next)
		p->sorted[n++] = m;
	if (n > 1)
		qsort(p->sorted, n, sizeof *p->sorted, by_name);
	for (size_t i = 1; i < n; i++) {
		if (!strcmp(p->sorted[i - 1]->name, p->sorted[i]->name))
			return p->sorted[i]->name;
	}
	return NULL;
}

static int
on_end_object(void *ctx)
{
	struct parser *p = ctx;
	const char *twice = duplicate(p, p->levels[p->depth - 1].open);

	if (twice)
		return stop(p, arena_printf(p->arena, "this object has \"%s\" twice",
				   json_shown(p->arena, twice)));
	p->depth--;
	return 1;
}

static const yajl_callbacks callbacks = {
    .yajl_null = on_null,
    .yajl_boolean = on_bool,
    .yajl_number = on_number,
    .yajl_string = on_string,
    .yajl_start_map = on_start_object,
    .yajl_map_key = on_name,
    .yajl_end_map = on_end_object,
    .yajl_start_array = on_start_array,
    .yajl_end_array = on_end_array,
};

/* Translate what yajl found. */
static int
yajl_fail(struct parser *p)
{
	unsigned char *why;
	size_t at = yajl_get_bytes_consumed(p->yajl);

	if (p->failed)
		return ERR_INPUT;
	why = yajl_get_error(p->yajl, 0, NULL, 0);
	err_fail(p->err, ERR_INPUT, "JSON: byte %zu: %.*s", at,
	    (int)strcspn((const char *)why, "\n"), (const char *)why);
	yajl_free_error(p->yajl, why);
	return ERR_INPUT;
}

int
json_parse(
    struct arena *a, const char *text, size_t len, const struct json **value, struct err *err)
{
	struct parser p = {.arena = a, .err = err};
	yajl_status status;
	int ret;

	*value = NULL;
	ret = check_raw(text, len, err);
	if (ret)
		return ret;
	p.yajl = yajl_alloc(&callbacks, &never_null, &p);
	status = yajl_parse(p.yajl, (const unsigned char *)text, len);
	if (status == yajl_status_ok)
		status = yajl_complete_parse(p.yajl);
	if (status == yajl_status_ok)
		*value = p.root;
	else
		ret = yajl_fail(&p);
	yajl_free(p.yajl);
	free(p.sorted);
	return ret;
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

	if (!value || value->type != JSON_NUMBER)
		return ERR_INPUT;
	digits = value->text + (value->text[0] == '-');
	if (!*digits || digits[strspn(digits, "0123456789")])
		return ERR_INPUT;
	errno = 0;
	n = strtoll(value->text, NULL, 10);
	if (errno || n < min || n > max)
		return ERR_INPUT;
	*out = n;
	return 0;
}

/* ---- writing ---- */

enum place { IN_ARRAY, BEFORE_NAME, BEFORE_VALUE };

/* yajl_gen does not notice a wrong bracket nor a name without a value, so the places are ours.
 */
struct json_writer {
	yajl_gen gen;
	bool failed, begun;
	size_t depth;
	enum place places[JSON_DEPTH_MAX];
};

static void
to_buf(void *ctx, const char *text, size_t len)
{
	buf_add(ctx, text, len);
}

struct json_writer *
json_writer_new(struct buf *out)
{
	struct json_writer *w = mem_alloc(sizeof *w);

	w->gen = yajl_gen_alloc(&never_null);
	yajl_gen_config(w->gen, yajl_gen_print_callback, to_buf, out);
	return w;
}

static enum place *
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
check(struct json_writer *w, yajl_gen_status status)
{
	if (status != yajl_gen_status_ok)
		w->failed = true;
}

static void
open_level(struct json_writer *w, enum place first)
{
	if (!begin_value(w))
		return;
	if (w->depth == JSON_DEPTH_MAX) {
		w->failed = true;
		return;
	}
	w->places[w->depth++] = first;
	check(w, first == IN_ARRAY ? yajl_gen_array_open(w->gen) : yajl_gen_map_open(w->gen));
}

static void
close_level(struct json_writer *w, enum place last)
{
	if (w->failed)
		return;
	if (!w->depth || *place(w) != last) {
		w->failed = true;
		return;
	}
	w->depth--;
	check(w, last == IN_ARRAY ? yajl_gen_array_close(w->gen) : yajl_gen_map_close(w->gen));
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

static void
write_text(struct json_writer *w, const char *s)
{
	size_t len = strlen(s);

	if (!utf8_valid(s, len))
		w->failed = true;
	else
		check(w, yajl_gen_string(w->gen, (const unsigned char *)s, len));
}

void
json_name(struct json_writer *w, const char *name)
{
	if (w->failed)
		return;
	if (!w->depth || *place(w) != BEFORE_NAME) {
		w->failed = true;
		return;
	}
	*place(w) = BEFORE_VALUE;
	write_text(w, name);
}

void
json_string(struct json_writer *w, const char *s)
{
	if (begin_value(w))
		write_text(w, s);
}

void
json_number(struct json_writer *w, int64_t n)
{
	if (begin_value(w))
		check(w, yajl_gen_integer(w->gen, n));
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
	check(w, yajl_gen_number(w->gen, text, (size_t)len));
}

void
json_bool(struct json_writer *w, bool b)
{
	if (begin_value(w))
		check(w, yajl_gen_bool(w->gen, b));
}

void
json_null(struct json_writer *w)
{
	if (begin_value(w))
		check(w, yajl_gen_null(w->gen));
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

	yajl_gen_free(w->gen);
	free(w);
	return ret;
}
