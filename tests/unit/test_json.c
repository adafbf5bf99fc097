/* JSON is strict in both directions: what yajl lets through, json.c refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/mem.h"
#include "wire/json.h"

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

	if (json_parse(&arena, text, strlen(text), &v, &err))
		fail_msg("%s: %s", text, err.text);
	return v;
}

static void
assert_refused(const char *text, size_t len, const char *why)
{
	const struct json *v;

	if (!json_parse(&arena, text, len, &v, &err))
		fail_msg("accepted: %.80s", text);
	assert_null(v);
	if (!strstr(err.text, why))
		fail_msg("%.80s: \"%s\" does not contain \"%s\"", text, err.text, why);
	assert_null(strchr(err.text, '\n'));
}

static void
a_tree_keeps_order_names_and_raw_numbers(void **state)
{
	const struct json *v = parsed(" {\"b\":[1,-2.50e+1,true,null],\"a\":\"x\\n\\u00fc\"} ");
	const struct json *b, *at;

	(void)state;
	assert_int_equal(v->type, JSON_OBJECT);
	assert_int_equal(v->count, 2);
	assert_string_equal(v->first->name, "b");
	b = json_member(v, "b");
	assert_int_equal(b->count, 4);
	at = b->first;
	assert_string_equal(at->text, "1");
	assert_null(at->name);
	at = at->next;
	assert_string_equal(at->text, "-2.50e+1");
	at = at->next;
	assert_true(at->boolean);
	at = at->next;
	assert_int_equal(at->type, JSON_NULL);
	assert_null(at->next);
	assert_string_equal(json_member(v, "a")->text, "x\n\xc3\xbc");
	assert_int_equal(json_member(v, "a")->len, 4);
	assert_null(json_member(v, "c"));
	assert_null(json_member(b, "b"));
	assert_null(json_member(NULL, "b"));
}

static void
any_value_may_stand_alone(void **state)
{
	(void)state;
	assert_string_equal(parsed("\"\"")->text, "");
	assert_string_equal(parsed("12")->text, "12");
	assert_false(parsed("false")->boolean);
	assert_int_equal(parsed("[]")->count, 0);
	assert_int_equal(parsed("{}")->count, 0);
	assert_string_equal(parsed("\"\\ud83d\\ude00\"")->text, "\xf0\x9f\x98\x80");
	assert_string_equal(parsed("\"\\\\ud800\\\"\"")->text, "\\ud800\"");
	assert_string_equal(json_member(parsed("{\"\":5}"), "")->text, "5");
}

static void
what_is_no_json_is_refused_with_the_byte(void **state)
{
	static const struct {
		const char *text, *why;
	} table[] = {
	    {"", "the text is empty"},
	    {" \n", "the text is empty"},
	    {"\xef\xbb\xbf{}", "byte order mark"},
	    {"{} x", "JSON: byte "},
	    {"{}{}", "JSON: byte "},
	    {"[1,]", "JSON: byte "},
	    {"\f1", "JSON: byte 0: only blanks, tabs and line ends may stand here"},
	    {"[1,\v2]", "JSON: byte 3: only blanks, tabs and line ends may stand here"},
	    {"{\"a\\\"\":1}\f", "JSON: byte 9: only blanks, tabs and line ends may stand here"},
	    {"\"\\", "JSON: byte "},
	    {"\"a\nb\"", "JSON: byte "},
	    {"/**/1", "JSON: byte "},
	    {"[1 2]", "JSON: byte "},
	    {"{\"a\"}", "JSON: byte "},
	    {"{a:1}", "JSON: byte "},
	    {"{\"a\":1", "premature EOF"},
	    {"\"a", "premature EOF"},
	    {"01", "JSON: byte "},
	    {"1.", "JSON: byte "},
	    {"-", "JSON: byte "},
	    {"+1", "JSON: byte "},
	    {"NaN", "JSON: byte "},
	    {"nul", "JSON: byte "},
	    {"'a'", "JSON: byte "},
	    {"/* no */ 1", "JSON: byte "},
	    {"\"a\tb\"", "JSON: byte "},
	    {"\"\\x41\"", "JSON: byte "},
	    {"\"\\u12g4\"", "JSON: byte "},
	    {"\"a\xff\"", "byte 2: not UTF-8"},
	    {"\"\xc3\xbc\xc0\x80\"", "byte 3: not UTF-8"},
	    {"\"\xed\xa0\x80\"", "byte 1: not UTF-8"},
	    {"\"\xf4\x90\x80\x80\"", "byte 1: not UTF-8"},
	    {"\"\xe2\x82", "byte 1: not UTF-8"},
	    {"\"ab\\u0000\"", "byte 3: a NUL"},
	    {"{\"\\u0000\":1}", "byte 2: a NUL"},
	    {"\"\\ud800\"", "byte 1: half of a surrogate pair"},
	    {"\"\\ud800x\"", "half of a surrogate pair"},
	    {"\"\\udc00\"", "half of a surrogate pair"},
	    {"\"\\uD800\\uD800\"", "half of a surrogate pair"},
	    {"\"\\ud800\\n\"", "half of a surrogate pair"},
	    {"[\"\\\"\",\"\\\\\\uDFFF\"]", "byte 9: half of a surrogate pair"},
	    {"{\"\\udbff\":1}", "half of a surrogate pair"},
	    {"{\"a\":1,\"b\":2,\"a\":3}", "this object has \"a\" twice"},
	    {"[{\"\\u0061\\n\":1,\"a\\u000a\":2}]", "this object has \"a?\" twice"},
	    {"{\"\":1,\"\":2}", "this object has \"\" twice"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		assert_refused(table[i].text, strlen(table[i].text), table[i].why);
	assert_refused("\"a\0b\"", 5, "JSON: byte ");
	assert_refused("1\0", 2, "JSON: byte ");
	assert_refused("\0", 1, "JSON: byte ");
}

static void
the_same_name_in_two_objects_is_no_duplicate(void **state)
{
	(void)state;
	assert_int_equal(parsed("{\"a\":{\"a\":[{\"a\":1},{\"a\":2}]},\"b\":1}")->count, 2);
}

static void
no_byte_behind_the_length_is_read(void **state)
{
	static const char *texts[] = {"\"\\ud800", "\"\\u00", "\"\\", "  ", "[\"a\", 12"};
	const struct json *v;

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		size_t len = strlen(texts[i]);
		char *exact = mem_alloc(len);

		memcpy(exact, texts[i], len);
		assert_int_equal(json_parse(&arena, exact, len, &v, &err), ERR_INPUT);
		free(exact);
	}
}

static void
depth_is_bounded(void **state)
{
	char text[2 * JSON_DEPTH_MAX + 3];

	(void)state;
	memset(text, '[', JSON_DEPTH_MAX + 1);
	memset(text + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
	assert_refused(text, 2 * JSON_DEPTH_MAX + 2, "too deep");
	text[2 * JSON_DEPTH_MAX + 1] = '\0';
	assert_int_equal(parsed(text + 1)->type, JSON_ARRAY);
}

static void
values_are_bounded_and_many_members_are_quick(void **state)
{
	struct buf text = BUF_INIT;
	const struct json *v;

	(void)state;
	buf_adds(&text, "{");
	for (int i = 1; i < JSON_VALUES_MAX; i++)
		buf_addf(&text, "%s\"%d\":0", i > 1 ? "," : "", i);
	buf_adds(&text, "}");
	assert_int_equal(json_parse(&arena, text.data, text.len, &v, &err), 0);
	assert_int_equal(v->count, JSON_VALUES_MAX - 1);
	text.len--;
	buf_adds(&text, ",\"x\":0}");
	assert_refused(text.data, text.len, "too many values");
	buf_release(&text);
}

static void
an_integer_has_neither_fraction_nor_exponent(void **state)
{
	static const char *bad[] = {"1.0", "1e2", "\"1\"", "null", "true", "[]",
	    "9223372036854775808", "-9223372036854775809", "11", "-6"};
	int64_t n = 42;

	(void)state;
	assert_int_equal(json_integer(parsed("-0"), -5, 10, &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(json_integer(parsed("10"), -5, 10, &n), 0);
	assert_int_equal(n, 10);
	assert_int_equal(
	    json_integer(parsed("-9223372036854775808"), INT64_MIN, INT64_MAX, &n), 0);
	assert_true(n == INT64_MIN);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		if (json_integer(parsed(bad[i]), -5, 10, &n) != ERR_INPUT)
			fail_msg("accepted: %s", bad[i]);
	}
	assert_int_equal(json_integer(NULL, -5, 10, &n), ERR_INPUT);
}

static void
what_is_shown_of_a_text_is_short_and_printable(void **state)
{
	char text[66];

	(void)state;
	assert_string_equal(json_shown(&arena, "a\nb\x7f\xc3\xbc"), "a?b?\xc3\xbc");
	assert_string_equal(json_shown(&arena, "\xc2\x9b"
					       "31m\xc2\xa0"),
	    "?31m\xc2\xa0");
	memset(text, 'a', 63);
	memcpy(text + 63, "\xc3\xbc", 3);
	assert_int_equal(strlen(json_shown(&arena, text)), 63 + 3);
}

static void
writing_is_compact_and_escapes(void **state)
{
	struct buf out = BUF_INIT;
	struct json_writer *w = json_writer_new(&out);
	static const uint64_t percents[][2] = {{1, 3}, {2, 3}, {1, 1}, {1, 8}, {0, 5}, {1, 10},
	    {0, 0}, {UINT64_MAX / 2, UINT64_MAX}};

	(void)state;
	json_object(w);
	json_name(w, "a\"b");
	json_string(w, "\x01/\n\xc3\xbc\\");
	json_name(w, "n");
	json_array(w);
	json_number(w, INT64_MIN);
	json_bool(w, true);
	json_null(w);
	json_object(w);
	json_end_object(w);
	for (size_t i = 0; i < sizeof percents / sizeof percents[0]; i++)
		json_percent(w, percents[i][0], percents[i][1]);
	json_end_array(w);
	json_name(w, "id");
	json_guid(w, 42);
	json_end_object(w);
	assert_int_equal(json_writer_finish(w), 0);
	assert_string_equal(out.data,
	    "{\"a\\\"b\":\"\\u0001/\\n\xc3\xbc\\\\\","
	    "\"n\":[-9223372036854775808,true,null,{},33.33,66.67,100,12.5,0,10,0,50],"
	    "\"id\":\"63617269-6c6c-8000-8000-00000000002a\"}");
	buf_release(&out);
}

static void
an_instant_is_written_in_utc_with_milliseconds(void **state)
{
	struct buf out = BUF_INIT;
	struct json_writer *w = json_writer_new(&out);

	(void)state;
	json_instant(w, INT64_C(1795339800000999));
	assert_int_equal(json_writer_finish(w), 0);
	assert_string_equal(out.data, "\"2026-11-22T09:30:00.000Z\"");
	buf_release(&out);
}

/* Each letter is one call: object { }, array [ ], name n, string s, bad string x, percent of
 * nothing %. */
static int
written(const char *calls)
{
	struct buf out = BUF_INIT;
	struct json_writer *w = json_writer_new(&out);
	int ret;

	for (const char *c = calls; *c; c++) {
		switch (*c) {
		case '{':
			json_object(w);
			break;
		case '}':
			json_end_object(w);
			break;
		case '[':
			json_array(w);
			break;
		case ']':
			json_end_array(w);
			break;
		case 'n':
			json_name(w, "n");
			break;
		case 's':
			json_string(w, "s");
			break;
		case 'x':
			json_string(w, "\xff");
			break;
		case '%':
			json_percent(w, 2, 1);
			break;
		}
	}
	ret = json_writer_finish(w);
	buf_release(&out);
	return ret;
}

static void
calls_out_of_order_are_remembered_until_the_end(void **state)
{
	static const char *good[] = {"s", "{}", "[]", "{ns}", "{n{}n[]}", "[s[]{}]"};
	static const char *bad[] = {"", "{", "[", "{n}", "{s}", "n", "[n]", "}", "]", "{]",
	    "[}", "{n]", "ss", "{}{}", "{nn}", "{ns", "x", "{nx}", "[xs]", "%", "[%s]", "[s}]"};
	char deep[JSON_DEPTH_MAX * 2 + 3] = "";

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		if (written(good[i]))
			fail_msg("refused: %s", good[i]);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		if (written(bad[i]) != ERR_INPUT)
			fail_msg("accepted: %s", bad[i]);
	}
	memset(deep, '[', JSON_DEPTH_MAX + 1);
	memset(deep + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
	assert_int_equal(written(deep), ERR_INPUT);
	deep[2 * JSON_DEPTH_MAX + 1] = '\0';
	assert_int_equal(written(deep + 1), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(a_tree_keeps_order_names_and_raw_numbers, forget),
	    cmocka_unit_test_teardown(any_value_may_stand_alone, forget),
	    cmocka_unit_test_teardown(what_is_no_json_is_refused_with_the_byte, forget),
	    cmocka_unit_test_teardown(the_same_name_in_two_objects_is_no_duplicate, forget),
	    cmocka_unit_test_teardown(no_byte_behind_the_length_is_read, forget),
	    cmocka_unit_test_teardown(depth_is_bounded, forget),
	    cmocka_unit_test_teardown(values_are_bounded_and_many_members_are_quick, forget),
	    cmocka_unit_test_teardown(an_integer_has_neither_fraction_nor_exponent, forget),
	    cmocka_unit_test_teardown(what_is_shown_of_a_text_is_short_and_printable, forget),
	    cmocka_unit_test_teardown(writing_is_compact_and_escapes, forget),
	    cmocka_unit_test_teardown(an_instant_is_written_in_utc_with_milliseconds, forget),
	    cmocka_unit_test_teardown(calls_out_of_order_are_remembered_until_the_end, forget),
	};

	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
