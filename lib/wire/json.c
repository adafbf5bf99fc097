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
#include <yajl/yajl_gen.h>
#include <yajl/yajl_parse.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "wire/tree.h"
#include "wire/writer.h"

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
 * Check the escapes in the strings of a raw text, and the white space between them, where yajl
 * takes form feeds and vertical tabs too. In a text that is JSON a quote outside of strings always
 * begins one; in any other text yajl finds the fault that we step over here.
 */
static int
check_lenient(const char *text, size_t len, struct err *err)
{
	const char *end = text + len;
	bool inside = false;

	for (const char *p = text; p < end; p++) {
		int unit;

		if (*p == '"')
			inside = !inside;
		if (!inside && (*p == '\f' || *p == '\v'))
			return err_fail(err, ERR_INPUT,
			    "JSON: byte %td: only blanks, tabs and line ends may stand here",
			    p - text);
		if (!inside || *p != '\\')
			continue;
		unit = unicode_escape(p, end);
		if (unit == 0)
			return err_fail(
			    err, ERR_INPUT, "JSON: byte %td: a NUL character", p - text);
		if (is_low(unit) || (is_high(unit) && !is_low(unicode_escape(p + 6, end))))
			return err_fail(err, ERR_INPUT,
			    "JSON: byte %td: half of a surrogate pair", p - text);
		p += is_high(unit) ? 11 : unit >= 0 ? 5 : p + 1 < end;
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
	return check_lenient(text, len, err);
}

/* ---- reading ---- */

struct parser {
	struct tree tree;
	yajl_handle yajl;
};

static int
add(struct parser *p, enum json_type type)
{
	return tree_add(&p->tree, type) != NULL;
}

static int
on_null(void *ctx)
{
	return add(ctx, JSON_NULL);
}

static int
on_bool(void *ctx, int value)
{
	struct parser *p = ctx;
	struct json *v = tree_add(&p->tree, JSON_BOOL);

	if (v)
		v->boolean = value;
	return v != NULL;
}

static int
on_text(struct parser *p, enum json_type type, const unsigned char *text, size_t len)
{
	struct json *v = tree_add(&p->tree, type);

	return v && tree_text(&p->tree, v, (const char *)text, len);
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

	return tree_name(&p->tree, (const char *)text, len);
}

static int
on_start(struct parser *p, enum json_type type)
{
	struct json *v = tree_add(&p->tree, type);

	return v && tree_open(&p->tree, v);
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
on_end(void *ctx)
{
	struct parser *p = ctx;

	return tree_close(&p->tree);
}

/* 0 makes yajl stop: the fault stands in the tree. */
static const yajl_callbacks callbacks = {
    .yajl_null = on_null,
    .yajl_boolean = on_bool,
    .yajl_number = on_number,
    .yajl_string = on_string,
    .yajl_start_map = on_start_object,
    .yajl_map_key = on_name,
    .yajl_end_map = on_end,
    .yajl_start_array = on_start_array,
    .yajl_end_array = on_end,
};

/* Translate what yajl found, or the tree. */
static int
yajl_fail(struct parser *p, struct err *err)
{
	unsigned char *why;
	size_t at = yajl_get_bytes_consumed(p->yajl);

	if (p->tree.fault)
		return err_fail(err, ERR_INPUT, "JSON: byte %zu: %s", at, p->tree.fault);
	why = yajl_get_error(p->yajl, 0, NULL, 0);
	err_fail(err, ERR_INPUT, "JSON: byte %zu: %.*s", at,
	    (int)strcspn((const char *)why, "\n"), (const char *)why);
	yajl_free_error(p->yajl, why);
	return ERR_INPUT;
}

int
json_parse(
    struct arena *a, const char *text, size_t len, const struct json **value, struct err *err)
{
	struct parser p = {.tree = {.arena = a}};
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
		*value = p.tree.root;
	else
		ret = yajl_fail(&p, err);
	yajl_free(p.yajl);
	tree_release(&p.tree);
	return ret;
}

/* ---- writing ---- */

static void
to_buf(void *ctx, const char *text, size_t len)
{
	buf_add(ctx, text, len);
}

static void
check(struct json_writer *w, yajl_gen_status status)
{
	if (status != yajl_gen_status_ok)
		w->failed = true;
}

static void
gen_open(struct json_writer *w, bool array)
{
	check(w, array ? yajl_gen_array_open(w->end) : yajl_gen_map_open(w->end));
}

static void
gen_close(struct json_writer *w, bool array)
{
	check(w, array ? yajl_gen_array_close(w->end) : yajl_gen_map_close(w->end));
}

static void
gen_string(struct json_writer *w, const char *s, size_t len)
{
	check(w, yajl_gen_string(w->end, (const unsigned char *)s, len));
}

static void
gen_word(struct json_writer *w, const char *word)
{
	check(w, word ? yajl_gen_number(w->end, word, strlen(word)) : yajl_gen_null(w->end));
}

static void
gen_free(struct json_writer *w)
{
	yajl_gen_free(w->end);
}

struct json_writer *
json_writer_new(struct buf *out)
{
	static const struct writer_form form = {
	    gen_open, gen_close, gen_string, gen_string, gen_word, gen_free};
	yajl_gen gen = yajl_gen_alloc(&never_null);

	yajl_gen_config(gen, yajl_gen_print_callback, to_buf, out);
	return writer_new(&form, gen);
}
