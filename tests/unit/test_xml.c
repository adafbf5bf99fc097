/* XML gives the same values as JSON and nothing but them, and whatever is written is XML. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "wire/definition.h"
#include "wire/xml.h"

#define DECLARATION "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

static struct arena arena;
static struct err err;

static int
forget(void **state)
{
	(void)state;
	arena_release(&arena);
	err.text[0] = '\0';
	return 0;
}

static const struct json *
parsed(const char *text)
{
	const struct json *v;

	if (xml_parse(&arena, text, strlen(text), &v, &err))
		fail_msg("%s: %s", text, err.text);
	return v;
}

static const struct json *
parsed_json(const char *text)
{
	const struct json *v;

	if (json_parse(&arena, text, strlen(text), &v, &err))
		fail_msg("%s: %s", text, err.text);
	return v;
}

static void
assert_refused(const char *text, size_t len, const char *why)
{
	const struct json *v;

	if (!xml_parse(&arena, text, len, &v, &err))
		fail_msg("accepted: %.80s", text);
	assert_null(v);
	if (!strstr(err.text, why))
		fail_msg("%.80s: \"%s\" does not contain \"%s\"", text, err.text, why);
	assert_null(strchr(err.text, '\n'));
}

/* Whether a value from XML can serve as all that one from JSON is. */
static bool
serves(const struct json *x, const struct json *j)
{
	const struct json *a, *b;

	if (!json_is(x, j->type) || x->count != j->count)
		return false;
	if (!x->name != !j->name || (x->name && strcmp(x->name, j->name)))
		return false;
	if (j->type == JSON_BOOL)
		return x->boolean == j->boolean;
	if (j->type == JSON_STRING || j->type == JSON_NUMBER)
		return x->len == j->len && !strcmp(x->text, j->text);
	for (a = x->first, b = j->first; a && b; a = a->next, b = b->next) {
		if (!serves(a, b))
			return false;
	}
	return !a && !b;
}

/* ---- reading ---- */

static void
a_value_is_the_same_from_xml_and_from_json(void **state)
{
	static const struct {
		const char *xml, *json;
	} table[] = {
	    {"<value>x</value>", "\"x\""},
	    {"<value/>", "\"\""},
	    {"<value> x\n</value>", "\" x\\n\""},
	    {"<value>12</value>", "12"},
	    {"<value>12</value>", "\"12\""},
	    {"<value>-2.50e+1</value>", "-2.50e+1"},
	    {"<value>true</value>", "true"},
	    {"<value>false</value>", "false"},
	    {"<value>false</value>", "\"false\""},
	    {"<object/>", "{}"},
	    {"<object> <!-- nothing --> </object>", "{}"},
	    {"<list/>", "[]"},
	    {"<list><item>1</item><item/></list>", "[1,\"\"]"},
	    {"<list><item/><item/><item/></list>", "[{},[],\"\"]"},
	    {"<list><item><item>a</item></item><item> </item></list>", "[[\"a\"],[]]"},
	    {"<object><b><item>1</item><item>true</item></b><a>x&#10;\xc3\xbc</a></object>",
		"{\"b\":[1,true],\"a\":\"x\\n\xc3\xbc\"}"},
	    {"<object>\n\t<a>\r\n\t\t<b>1</b>\n\t</a>\n</object>\n", "{\"a\":{\"b\":1}}"},
	    {"<object><a><a><a>1</a></a></a></object>", "{\"a\":{\"a\":{\"a\":1}}}"},
	    {"<object><member name=\"a b\">1</member><member name=\"item\">2</member>"
	     "<member name=\"\">3</member><member name='member'/></object>",
		"{\"a b\":1,\"item\":2,\"\":3,\"member\":[]}"},
	    {"<object><member name=\"&amp;&#38;&lt;#38;&amp;#38;\">1</member></object>",
		"{\"&&<#38;&#38;\":1}"},
	    {"<object><member name=\"a&#9;b&#10;c\td\">1</member></object>",
		"{\"a\\tb\\nc d\":1}"},
	    {"<object><\xc3\xbc>1</\xc3\xbc><_a-b.c>2</_a-b.c></object>",
		"{\"\xc3\xbc\":1,\"_a-b.c\":2}"},
	    {"<value>a&amp;&lt;&gt;&quot;&apos;&#x1F600;</value>",
		"\"a&<>\\\"'\\ud83d\\ude00\""},
	    {"<value>a<![CDATA[<b>&amp;]]>c</value>", "\"a<b>&amp;c\""},
	    {"<value>a<!-- <b/> -->c</value>", "\"ac\""},
	    {"<value>a\r\nb\rc&#13;</value>", "\"a\\nb\\nc\\r\""},
	    {DECLARATION "<value>x</value>", "\"x\""},
	    {"\xef\xbb\xbf<value>x</value>", "\"x\""},
	    {"<?xml version='1.0' encoding='utf-16'?><value>\xc3\xbc</value>", "\"\xc3\xbc\""},
	    {"<?xml version='1.0' encoding='ISO-8859-1'?><value>\xc3\xbc</value>",
		"\"\xc3\xbc\""},
	    {"<?xml version='1.0' encoding='UTF-7'?><value>+AGE-</value>", "\"+AGE-\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		if (!serves(parsed(table[i].xml), parsed_json(table[i].json)))
			fail_msg("%s is not %s", table[i].xml, table[i].json);
	}
}

static void
a_text_serves_only_as_what_it_looks_like(void **state)
{
	/* s string, n number, b boolean, e array or object without anything in it */
	static const struct {
		const char *text, *as;
	} table[] = {
	    {"", "se"},
	    {" \n", "se"},
	    {"x", "s"},
	    {"0", "sn"},
	    {"-0", "sn"},
	    {"10.5E-3", "sn"},
	    {"1e5", "sn"},
	    {"01", "s"},
	    {"-", "s"},
	    {"1.", "s"},
	    {".5", "s"},
	    {"1e", "s"},
	    {"+1", "s"},
	    {" 1", "s"},
	    {"0x1", "s"},
	    {"NaN", "s"},
	    {"true", "sb"},
	    {"false", "sb"},
	    {"TRUE", "s"},
	    {"true ", "s"},
	    {"null", "s"},
	};
	static const struct {
		char letter;
		enum json_type type;
	} types[] = {{'s', JSON_STRING}, {'n', JSON_NUMBER}, {'b', JSON_BOOL},
	    {'e', JSON_ARRAY}, {'e', JSON_OBJECT}, {'-', JSON_NULL}};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		const struct json *v =
		    parsed(arena_printf(&arena, "<value>%s</value>", table[i].text));

		for (size_t t = 0; t < sizeof types / sizeof types[0]; t++) {
			if (json_is(v, types[t].type) !=
			    (strchr(table[i].as, types[t].letter) != NULL))
				fail_msg("\"%s\" as %c", table[i].text, types[t].letter);
		}
	}
	assert_false(json_is(NULL, JSON_STRING));
	assert_false(json_is(parsed_json("\"1\""), JSON_NUMBER));
	assert_false(json_is(parsed_json("\"\""), JSON_ARRAY));
	assert_false(json_is(parsed("<object/>"), JSON_ARRAY));
	assert_false(json_is(parsed("<list/>"), JSON_STRING));
}

static const struct {
	const char *text, *why;
} refused[] = {
    {"", "the text is empty"},
    {" \n", "the text is empty"},
    {"x", "XML: line 1: "},
    {"{}", "XML: line 1: "},
    {"<", "XML: line 1: "},
    {"<!-- nothing else -->", "XML: line 1: "},
    {"<value>", "XML: line 1: "},
    {"<object><a>1</a>", "XML: line 1: "},
    {"<value>x</value>y", "XML: line 1: "},
    {"<value>x</value><value>y</value>", "XML: line 1: "},
    {"<value>\n\n<</value>", "XML: line 3: "},
    {"<object><a></b></object>", "XML: line 1: "},
    {"<object><a b></a></object>", "XML: line 1: "},
    {"<value>&</value>", "XML: line 1: "},
    {"<value>]]></value>", "XML: line 1: "},
    {" <?xml version='1.0'?><value/>", "XML: line 1: "},
    /* the root */
    {"<Value>x</Value>", "the root must be an object, a list or a value"},
    {"<html/>", "the root must be"},
    {"<item>1</item>", "the root must be"},
    {"<member name=\"a\">1</member>", "the root must be"},
    {"<value><a>1</a></value>", "a value holds a text alone"},
    {"<value><item/></value>", "a value holds a text alone"},
    {"<object><item>1</item></object>", "an item in an object"},
    {"<list><a>1</a></list>", "a member in a list"},
    /* inside */
    {"<list><item><a/><item/></item></list>", "an item in an object"},
    {"<list><item><item/><a/></item></list>", "a member in a list"},
    {"<object>x<a/></object>", "a text beside elements"},
    {"<object><a/>x</object>", "a text beside elements"},
    {"<object><a>x<b/></a></object>", "a text beside elements"},
    {"<object><a><b/><c/>&#120;</a></object>", "a text beside elements"},
    {"<object>\n<a><![CDATA[x]]><b/></a></object>", "XML: line 2: a text beside elements"},
    {"<object>x</object>", "a text beside elements"},
    {"<list>x</list>", "a text beside elements"},
    /* names */
    {"<object><a/><b/><a/></object>", "this object has \"a\" twice"},
    {"<object><a/><member name=\"a\"/></object>", "this object has \"a\" twice"},
    {"<list><item><a/><b/><a/></item></list>", "this object has \"a\" twice"},
    {"<object><member/></object>", "a member without a name"},
    {"<object><member name=\"a\" name=\"b\"/></object>", "XML: line 1: "},
    {"<object><member name=\"a\" type=\"b\"/></object>", "an attribute"},
    {"<object><member type=\"b\"/></object>", "an attribute"},
    {"<object><a name=\"b\"/></object>", "an attribute"},
    {"<object a=\"b\"/>", "an attribute"},
    {"<list><item name=\"a\"/></list>", "an attribute"},
    {"<value xml:lang=\"en\">x</value>", "an attribute"},
    /* namespaces */
    {"<value xmlns=\"urn:a\">x</value>", "a namespace"},
    {"<value xmlns:a=\"urn:a\">x</value>", "a namespace"},
    {"<object xmlns:a=\"urn:a\"><a:b/></object>", "a namespace"},
    {"<object><a:b/></object>", "XML: line 1: "},
    {"<object><a:b:c/></object>", "XML: line 1: "},
    {"<object><member a:name=\"b\"/></object>", "XML: line 1: "},
    {"<object><xml:a/></object>", "a namespace"},
    /* document types, entities, instructions */
    {"<!DOCTYPE value><value/>", "a DOCTYPE"},
    {"<!DOCTYPE value SYSTEM \"file:///etc/hostname\"><value/>", "a DOCTYPE"},
    {"<!DOCTYPE value [<!ENTITY a SYSTEM \"file:///etc/hostname\">]><value>&a;</value>",
	"a DOCTYPE"},
    {"<!DOCTYPE value [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><value>&b;</value>",
	"a DOCTYPE"},
    {"<!DOCTYPE value [<!ENTITY % a SYSTEM \"http://127.0.0.1:1/\"> %a;]><value/>",
	"a DOCTYPE"},
    {"<!DOCTYPE value [<!ATTLIST value a CDATA \"b\">]><value/>", "a DOCTYPE"},
    {"<value>&a;</value>", "XML: line 1: "},
    {"<value>&nbsp;</value>", "XML: line 1: "},
    {"<object><member name=\"&a;\"/></object>", "XML: line 1: "},
    {"<?a b?><value/>", "a processing instruction"},
    {"<?oasis-xml-catalog catalog=\"file:///tmp/catalog\"?><value/>",
	"a processing instruction"},
    {"<value>x<?a b?></value>", "a processing instruction"},
    {"<value><xi:include xmlns:xi=\"http://www.w3.org/2001/XInclude\" href=\"a\"/></value>",
	"a namespace"},
    /* characters */
    {"<value>\x01</value>", "XML: line 1: "},
    {"<value>&#0;</value>", "XML: line 1: "},
    {"<value>&#1;</value>", "XML: line 1: "},
    {"<value>&#xD800;</value>", "XML: line 1: "},
    {"<value>&#xFFFE;</value>", "XML: line 1: "},
    {"<value>&#x110000;</value>", "XML: line 1: "},
    {"<value>\xef\xbf\xbf</value>", "XML: line 1: "},
    {"<value>\xff</value>", "not UTF-8"},
    {"<value>\xc0\x80</value>", "not UTF-8"},
    {"<value>\xed\xa0\x80</value>", "not UTF-8"},
    {"<value>\xf4\x90\x80\x80</value>", "not UTF-8"},
    {"<?xml version='1.0' encoding='ISO-8859-1'?><value>\xe9</value>", "not UTF-8"},
    {"\xff\xfe<\xff", "not UTF-8"},
    {"\x4c\x6f\xa7\x94\x93", "not UTF-8"},
};

static void
what_is_no_value_is_refused_with_the_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
		assert_refused(refused[i].text, strlen(refused[i].text), refused[i].why);
	assert_refused("<value>a\0b</value>", 18, "a NUL character");
	assert_refused("<\0v\0/\0>\0", 8, "a NUL character");
	assert_refused("\0", 1, "a NUL character");
}

/* In memory of its own: a byte behind the end that is read is found. */
static const struct json *
parse_exactly(const char *text, size_t len)
{
	const struct json *v;
	char *exact = mem_alloc(len + !len);

	memcpy(exact, text, len);
	if (xml_parse(&arena, exact, len, &v, &err))
		assert_null(v);
	free(exact);
	return v;
}

static void
nothing_is_written_to_standard_error(void **state)
{
	int saved = dup(STDERR_FILENO);
	FILE *told = tmpfile();

	(void)state;
	assert_non_null(told);
	fflush(stderr);
	dup2(fileno(told), STDERR_FILENO);
	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
		parse_exactly(refused[i].text, strlen(refused[i].text));
	parse_exactly("<?xml version='1.0' encoding='UTF-7'?><value>+2AA-</value>", 58);
	parse_exactly("<?xml version='1.0' encoding='x-none'?><value/>", 47);
	parse_exactly("<?xml version='9.0'?><value/>", 29);
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	assert_int_equal(lseek(fileno(told), 0, SEEK_END), 0);
	fclose(told);
}

static const char *
nested(int depth, const char *inside)
{
	struct buf text = BUF_INIT;
	const char *copy;

	buf_adds(&text, "<list>");
	for (int i = 1; i < depth; i++)
		buf_adds(&text, "<item>");
	buf_adds(&text, inside);
	for (int i = 1; i < depth; i++)
		buf_adds(&text, "</item>");
	buf_adds(&text, "</list>");
	copy = arena_strdup(&arena, text.data);
	buf_release(&text);
	return copy;
}

static void
depth_is_bounded_as_in_json(void **state)
{
	const char *deeper = nested(JSON_DEPTH_MAX + 1, "<item/>");
	const char *deepest = nested(50000, "");

	(void)state;
	assert_int_equal(parsed(nested(JSON_DEPTH_MAX, "<item>x</item>"))->count, 1);
	assert_refused(deeper, strlen(deeper), "too deep");
	assert_refused(deepest, strlen(deepest), "too deep");
}

static void
values_are_bounded_and_many_members_are_quick(void **state)
{
	struct buf text = BUF_INIT;
	const struct json *v;

	(void)state;
	buf_adds(&text, "<object>");
	for (int i = 1; i < JSON_VALUES_MAX; i++)
		buf_addf(&text, "<a%d/>", i);
	buf_adds(&text, "</object>");
	assert_int_equal(xml_parse(&arena, text.data, text.len, &v, &err), 0);
	assert_int_equal(v->count, JSON_VALUES_MAX - 1);
	text.len -= strlen("</object>");
	buf_adds(&text, "<x/></object>");
	assert_refused(text.data, text.len, "too many values");
	buf_release(&text);
}

/* A tag with 100,000 attributes between two texts, refused before they are compared with one
 * another: libxml2 takes seconds for that. */
static void
assert_quick(const char *head, const char *name, const char *value)
{
	struct buf text = BUF_INIT;
	clock_t began;

	buf_adds(&text, head);
	for (int i = 0; i < 100000; i++)
		buf_addf(&text, "%s%d%s ", name, i, value);
	buf_adds(&text, "/>'></object>");
	began = clock();
	assert_refused(text.data, text.len, "XML: line 1: ");
	assert_true(clock() - began < CLOCKS_PER_SEC / 2);
	buf_release(&text);
}

static void
many_attributes_are_refused_quickly(void **state)
{
	static const char *const heads[] = {
	    "<object ",
	    "<?xml version='1.0'?><!-- <a ' --><object ",
	    "<object><a><![CDATA[<b ']]></a><a ",
	    /* behind a fault, which could hide the tag */
	    "<object><1 '><a ",
	    "<object>&x;<1 '><a ",
	    "<object a='<' '><a ",
	};

	(void)state;
	for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
		assert_quick(heads[i], "a", "=''");
		assert_quick(heads[i], "xmlns:a", "='b'");
		assert_quick(heads[i], "a", " = '>\"'");
	}
}

static void
what_only_looks_like_attributes_is_a_text(void **state)
{
	(void)state;
	assert_string_equal(parsed("<value>a='b' c='d'</value>")->text, "a='b' c='d'");
	assert_string_equal(
	    parsed("<value ><![CDATA[<a b='' c=''>]]></value>")->text, "<a b='' c=''>");
	assert_string_equal(parsed("<value><!-- <a b='' c=''> --><!----></value>")->text, "");
	assert_string_equal(parsed(DECLARATION "<value>'\"</value\n>")->text, "'\"");
	assert_string_equal(
	    parsed("<object><member name='>\"=\"'>'\"</member></object>")->first->name,
	    ">\"=\"");
}

/* ---- damaged texts ---- */

static const char whole[] = DECLARATION
    "<object>\n<name>Nightly &amp; sales &#252;</name><tags><item>a</item><item/></tags>"
    "<member name=\"two &quot;words&quot;\"><![CDATA[<x>]]></member><!-- c -->"
    "<triggers><item><cron>30 2 * * 1-5</cron><dstGap>after</dstGap></item></triggers>"
    "<deep><item><item><item><a><b/></a></item></item></item></deep></object>\n";

static void
assert_sound(const struct json *v)
{
	size_t n = 0;

	if (v->text) {
		assert_int_equal(strlen(v->text), v->len);
		assert_true(utf8_valid(v->text, v->len));
	}
	for (const struct json *e = v->first; e; e = e->next, n++) {
		assert_true(!e->name == (v->type == JSON_ARRAY));
		assert_sound(e);
	}
	assert_int_equal(n, v->count);
}

static void
half_a_text_is_refused_wherever_it_ends(void **state)
{
	size_t end = strlen(whole) - 1;

	(void)state;
	assert_non_null(parse_exactly(whole, end));
	for (size_t len = 0; len < end; len++)
		assert_null(parse_exactly(whole, len));
}

/* The same numbers in every run. */
static uint32_t
next_random(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(*seed >> 33);
}

static void
damage(uint64_t *seed, struct buf *text)
{
	static const char *pieces[] = {"<", ">", "&", "\"", "]]>", "<!DOCTYPE a [", "<![CDATA[",
	    "&#38;", "&#0;", "&a;", "<item>", "</item>", "<member name=\"", "<?a ", "<!--",
	    "\t", "\xff", "\xc3", "xmlns:a=\"b\" ", "<a:b>", "%a;"};
	const char *piece = pieces[next_random(seed) % (sizeof pieces / sizeof pieces[0])];
	size_t at = next_random(seed) % text->len, from = next_random(seed) % text->len;
	size_t len = strlen(piece);

	switch (next_random(seed) % 4) {
	case 0:
		text->data[at] ^= (char)(1 << next_random(seed) % 8);
		break;
	case 1:
		if (at + len <= text->len)
			memcpy(text->data + at, piece, len);
		break;
	case 2: /* a part of itself elsewhere */
		len = next_random(seed) % 40;
		if (at + len <= text->len && from + len <= text->len)
			memmove(text->data + at, text->data + from, len);
		break;
	case 3:
		text->len = at + 1;
		break;
	}
}

static void
a_damaged_text_gives_a_sound_value_or_none(void **state)
{
	uint64_t seed = 20260101;
	size_t read = 0;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct buf text = BUF_INIT;
		const struct json *v;

		buf_add(&text, whole, sizeof whole - 1);
		for (uint32_t n = 1 + next_random(&seed) % 4; n; n--)
			damage(&seed, &text);
		v = parse_exactly(text.data, text.len);
		if (v) {
			read++;
			assert_sound(v);
		}
		buf_release(&text);
		arena_clear(&arena);
	}
	/* Not all damage is seen: a letter for a letter. If none were read, nothing was tried. */
	assert_true(read > 100 && read < 19000);
}

/* ---- writing ---- */

static void
writing_is_compact_and_escapes(void **state)
{
	struct buf out = BUF_INIT;
	struct json_writer *w = xml_writer_new(&out);

	(void)state;
	json_object(w);
	json_name(w, "a\"b");
	json_string(w, "<\x01&>\t\n\r]]>\"'\xc3\xbc");
	json_name(w, "gone");
	json_null(w);
	json_name(w, "n");
	json_array(w);
	json_number(w, INT64_MIN);
	json_bool(w, true);
	json_percent(w, 1, 3);
	json_object(w);
	json_end_object(w);
	json_array(w);
	json_string(w, "");
	json_end_array(w);
	json_object(w);
	json_name(w, "deep");
	json_bool(w, false);
	json_name(w, "er");
	json_object(w);
	json_name(w, "item");
	json_number(w, 1);
	json_end_object(w);
	json_end_object(w);
	json_end_array(w);
	json_name(w, "id");
	json_guid(w, 42);
	json_name(w, "at");
	json_instant(w, INT64_C(1795339800000999));
	json_end_object(w);
	assert_int_equal(json_writer_finish(w), 0);
	assert_string_equal(out.data, DECLARATION
	    "<object><member "
	    "name=\"a&quot;b\">&lt;\xef\xbf\xbd&amp;&gt;\t\n&#13;]]&gt;\"'\xc3\xbc"
	    "</member><n><item>-9223372036854775808</item><item>true</item><item>33.33</item>"
	    "<item></item><item><item></item></item><item><deep>false</deep><er>"
	    "<member name=\"item\">1</member></er></item></n>"
	    "<id>63617269-6c6c-8000-8000-00000000002a</id><at>2026-11-22T09:30:00.000Z</at>"
	    "</object>");
	buf_release(&out);
}

static void
a_root_is_named_after_its_value(void **state)
{
	static const struct {
		char call;
		const char *text;
	} table[] = {
	    {'s', "<value>x</value>"},
	    {'n', "<value>7</value>"},
	    {'b', "<value>false</value>"},
	    {'[', "<list></list>"},
	    {'{', "<object></object>"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct buf out = BUF_INIT;
		struct json_writer *w = xml_writer_new(&out);

		switch (table[i].call) {
		case 's':
			json_string(w, "x");
			break;
		case 'n':
			json_number(w, 7);
			break;
		case 'b':
			json_bool(w, false);
			break;
		case '[':
			json_array(w);
			json_end_array(w);
			break;
		case '{':
			json_object(w);
			json_end_object(w);
			break;
		}
		assert_int_equal(json_writer_finish(w), 0);
		assert_string_equal(out.data + strlen(DECLARATION), table[i].text);
		buf_release(&out);
	}
}

static void
null_is_refused_where_it_cannot_be_left_out(void **state)
{
	struct buf out = BUF_INIT;
	struct json_writer *w = xml_writer_new(&out);

	(void)state;
	json_null(w);
	assert_int_equal(json_writer_finish(w), ERR_INPUT);
	w = xml_writer_new(&out);
	json_array(w);
	json_null(w);
	json_end_array(w);
	assert_int_equal(json_writer_finish(w), ERR_INPUT);
	w = xml_writer_new(&out);
	json_string(w, "\xff");
	assert_int_equal(json_writer_finish(w), ERR_INPUT);
	buf_release(&out);
}

/* One text as a member's value and as its name, written and read again. */
static void
assert_survives(const char *text, const char *as)
{
	struct buf out = BUF_INIT;
	struct json_writer *w = xml_writer_new(&out);
	const struct json *v;

	json_object(w);
	json_name(w, text);
	json_object(w);
	json_name(w, "a");
	json_string(w, text);
	json_end_object(w);
	json_end_object(w);
	assert_int_equal(json_writer_finish(w), 0);
	v = parsed(out.data);
	assert_string_equal(v->first->name, as);
	assert_string_equal(json_member(v->first, "a")->text, as);
	buf_release(&out);
}

static void
every_character_survives_or_is_replaced(void **state)
{
	static const struct {
		const char *text, *as;
	} table[] = {
	    {"", ""},
	    {" a  b ", " a  b "},
	    {"\t\n\r\r\n", "\t\n\r\r\n"},
	    {"&#38;&amp;", "&#38;&amp;"},
	    {"]]><!--", "]]><!--"},
	    {"item", "item"},
	    {"member", "member"},
	    {"xmlns", "xmlns"},
	    {"XmLa", "XmLa"},
	    {"a:b", "a:b"},
	    {"1a", "1a"},
	    {"-a", "-a"},
	    {"a-1._", "a-1._"},
	    {"\x7f\xc2\x80\xc2\x85", "\x7f\xc2\x80\xc2\x85"},
	    {"\xe2\x80\xa8", "\xe2\x80\xa8"},
	    {"\xef\xbf\xbd", "\xef\xbf\xbd"},
	    {"a\xef\xbf\xbe-\xef\xbf\xbf", "a\xef\xbf\xbd-\xef\xbf\xbd"},
	    {"\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		assert_survives(table[i].text, table[i].as);
	for (char c = 1; c < 0x7f; c++) {
		char text[] = {'a', c, 'b', '\0'};
		bool carried = c >= 0x20 || c == '\t' || c == '\n' || c == '\r';

		assert_survives(text, carried ? text
					      : "a\xef\xbf\xbd"
						"b");
	}
}

/* ---- definitions ---- */

/* The definition in `value` as one of the writers writes it. */
static const char *
written(const struct json *value, struct json_writer *writer_new(struct buf *out))
{
	struct buf out = BUF_INIT;
	struct json_writer *w = writer_new(&out);
	struct schedule s;
	const char *text;

	if (definition_read(&arena, value, "UTC", INT64_C(1795339800000000), &s, &err))
		fail_msg("%s", err.text);
	json_object(w);
	definition_write(w, &s);
	json_end_object(w);
	assert_int_equal(json_writer_finish(w), 0);
	text = arena_strdup(&arena, out.data);
	buf_release(&out);
	return text;
}

static void
a_definition_is_the_same_in_both(void **state)
{
	static const char json[] =
	    "{\"name\":\"7\",\"description\":\"\",\"tags\":[\"true\",\"b\"],\"scheduleType\":3,"
	    "\"triggers\":[{\"cron\":\"30 2 * * "
	    "1-5\",\"dstGap\":\"skip\"},{\"every\":\"15m\"}],"
	    "\"tasks\":[{\"name\":\"a\",\"command\":[\"/bin/true\",\"\",\"1\"],\"env\":"
	    "{\"item\":\"1\",\"LANG\":\"C\"},\"acceptArgs\":true},{\"name\":\"b\",\"command\":"
	    "[\"/bin/true\"],\"env\":{}}],\"overlap\":\"queue\",\"keep\":{\"days\":9}}";
	static const char xml[] =
	    "<object><name>7</name><description/><tags><item>true</item><item>b</item></tags>"
	    "<scheduleType>3</scheduleType><triggers><item><cron>30 2 * * "
	    "1-5</cron><dstGap>skip"
	    "</dstGap></item><item><every>15m</every></item></triggers><tasks><item><name>a</"
	    "name>"
	    "<command><item>/bin/true</item><item/><item>1</item></command><env><member "
	    "name=\"item\">1</member><LANG>C</LANG></env><acceptArgs>true</acceptArgs></"
	    "item><item>"
	    "<name>b</name><command><item>/bin/true</item></command><env/></item></tasks>"
	    "<overlap>queue</overlap><keep><days>9</days></keep></object>";
	const char *from_json = written(parsed_json(json), json_writer_new);

	(void)state;
	assert_string_equal(written(parsed(xml), json_writer_new), from_json);
	assert_string_equal(
	    written(parsed(written(parsed_json(json), xml_writer_new)), json_writer_new),
	    from_json);
}

static void
a_definition_is_refused_in_the_same_words(void **state)
{
	static const struct {
		const char *xml, *why;
	} table[] = {
	    {"<object/>", "Missing value: name"},
	    {"<object><name><a/></name></object>", "Invalid value: name: must be a string"},
	    {"<object><scheduleType>x</scheduleType></object>",
		"Invalid value: scheduleType: must be a whole number from 0 to 18"},
	    {"<object><tags>x</tags></object>", "Invalid value: tags: must be an array"},
	    {"<object><tags><a/></tags></object>", "Invalid value: tags: must be an array"},
	    {"<object><keep>7</keep></object>", "Invalid value: keep: must be an object"},
	    {"<object><tasks><item><acceptArgs>yes</acceptArgs></item></tasks></object>",
		"Invalid value: tasks[0].acceptArgs: must be true or false"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct schedule s;

		assert_int_equal(
		    definition_read(&arena, parsed(table[i].xml), "UTC", 0, &s, &err),
		    ERR_INPUT);
		assert_string_equal(err.text, table[i].why);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(a_value_is_the_same_from_xml_and_from_json, forget),
	    cmocka_unit_test_teardown(a_text_serves_only_as_what_it_looks_like, forget),
	    cmocka_unit_test_teardown(what_is_no_value_is_refused_with_the_line, forget),
	    cmocka_unit_test_teardown(nothing_is_written_to_standard_error, forget),
	    cmocka_unit_test_teardown(depth_is_bounded_as_in_json, forget),
	    cmocka_unit_test_teardown(values_are_bounded_and_many_members_are_quick, forget),
	    cmocka_unit_test_teardown(many_attributes_are_refused_quickly, forget),
	    cmocka_unit_test_teardown(what_only_looks_like_attributes_is_a_text, forget),
	    cmocka_unit_test_teardown(half_a_text_is_refused_wherever_it_ends, forget),
	    cmocka_unit_test_teardown(a_damaged_text_gives_a_sound_value_or_none, forget),
	    cmocka_unit_test_teardown(writing_is_compact_and_escapes, forget),
	    cmocka_unit_test_teardown(a_root_is_named_after_its_value, forget),
	    cmocka_unit_test_teardown(null_is_refused_where_it_cannot_be_left_out, forget),
	    cmocka_unit_test_teardown(every_character_survives_or_is_replaced, forget),
	    cmocka_unit_test_teardown(a_definition_is_the_same_in_both, forget),
	    cmocka_unit_test_teardown(a_definition_is_refused_in_the_same_words, forget),
	};

	return cmocka_run_group_tests_name("xml", tests, NULL, NULL);
}
