/* Whether a stream of bytes is one JSON text, whatever pieces it comes in. */
#include "wire/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"

static bool
is_json(const char *text, size_t len, size_t piece)
{
	struct json_stream *c = json_stream_begin();

	for (size_t at = 0; at < len; at += piece) {
		if (!json_stream_more(c, text + at, len - at < piece ? len - at : piece))
			break;
	}
	return json_stream_end(c);
}

static void
one_json_text_is_told_from_all_else_in_any_pieces(void **state)
{
	static const struct {
		const char *text;
		bool json;
	} cases[] = {
	    {"{}", true},
	    {" [1, 2.5e400, -0]\n", true},
	    {"\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\\u0000\"", true},
	    {"null", true},
	    {"17", true},
	    {"{\"a\":1,\"a\":2}", true},
	    {"", false},
	    {" \n", false},
	    {"{} {}", false},
	    {"1,2", false},
	    {"[1,]", false},
	    {"[1", false},
	    {"\"\xc3\"", false},
	    {"\"\xe2\x82", false},
	    {"\"\xc0\x80\"", false},
	    {"\"\xed\xa0\x80\"", false},
	    {"\"a\nb\"", false},
	    {"\xef\xbb\xbf{}", false},
	    {"{}\xff", false},
	    {"a,b\n1,2\n", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		for (size_t piece = 1; piece < 12; piece++) {
			if (is_json(cases[i].text, strlen(cases[i].text), piece) !=
			    cases[i].json)
				fail_msg("case %zu in pieces of %zu", i, piece);
		}
	}
	assert_false(is_json("{}\0", 3, 3));
}

static void
depth_and_tokens_are_bounded(void **state)
{
	struct buf text = BUF_INIT;
	size_t len = 20u << 20;

	(void)state;
	for (int i = 0; i < 1000; i++)
		buf_addc(&text, '[');
	for (int i = 0; i < 1000; i++)
		buf_addc(&text, ']');
	assert_true(is_json(text.data, text.len, 100));
	buf_reset(&text);
	memset(buf_reserve(&text, len + 2), '[', len);
	assert_false(is_json(text.data, 1 << 20, 4096));
	memset(text.data, 'x', len);
	text.data[0] = text.data[len - 1] = '"';
	assert_false(is_json(text.data, len, 1 << 16));
	/* Many small tokens are no large one. */
	text.data[0] = '[';
	for (size_t i = 1; i < len - 2; i++)
		text.data[i] = i % 2 ? '1' : ',';
	memcpy(text.data + len - 2, " ]", 2);
	assert_true(is_json(text.data, len, 1 << 16));
	buf_release(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_json_text_is_told_from_all_else_in_any_pieces),
	    cmocka_unit_test(depth_and_tokens_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
