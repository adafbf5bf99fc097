/* What carillonctl shows to people. */
#include "ctl/print.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void
assert_printed(void (*print)(struct buf *, const char *, size_t), const char *text, size_t len,
    const char *expected)
{
	struct buf out = BUF_INIT;

	print(&out, text, len);
	buf_addc(&out, '\0');
	assert_string_equal(out.data, expected);
	buf_release(&out);
}

static void
no_control_character_reaches_the_terminal(void **state)
{
	(void)state;
	assert_printed(
	    print_text, "a\033[2Jb\n\t\r\0\x7f", 11, "a\\x1b[2Jb\\x0a\\x09\\x0d\\x00\\x7f");
	/* CSI as one character of C1, in UTF-8 and raw. */
	assert_printed(print_text,
	    "\xc2\x9b"
	    "31m",
	    5, "\\xc2\\x9b31m");
	assert_printed(print_text,
	    "\x9b"
	    "31m",
	    4, "\\x9b31m");
	/* Right-to-left override, line separator, isolate. */
	assert_printed(print_text, "\xe2\x80\xae", 3, "\\xe2\\x80\\xae");
	assert_printed(print_text, "\xe2\x80\xa8", 3, "\\xe2\\x80\\xa8");
	assert_printed(print_text, "\xe2\x81\xa6", 3, "\\xe2\\x81\\xa6");
}

static void
letters_of_every_script_stay(void **state)
{
	static const char text[] =
	    "Zo\xc3\xab \xe2\x82\xac \xe6\x97\xa5 \xf0\x9f\x94\x94 \xc2\xa0";

	(void)state;
	assert_printed(print_text, text, sizeof text - 1, text);
}

static void
a_sequence_that_is_cut_off_is_escaped(void **state)
{
	(void)state;
	assert_printed(print_text, "a\xe2\x82", 3, "a\\xe2\\x82");
	assert_printed(print_text, "\xc3(", 2, "\\xc3(");
}

static void
a_log_keeps_its_lines_and_nothing_else(void **state)
{
	(void)state;
	assert_printed(print_lines, "one\n\ttwo\r\033c\0", 12, "one\n\ttwo\\x0d\\x1bc\\x00");
}

static void
columns_are_as_wide_as_their_widest_cell(void **state)
{
	static const char *const titles[] = {"ID", "NAME", "STATUS"};
	struct buf out = BUF_INIT;
	struct table t;

	(void)state;
	table_init(&t, titles, 3);
	table_cell(&t, "17");
	table_cell(&t, "Zo\xc3\xab");
	table_cell(&t, "active");
	table_cell(&t, "4711");
	table_cell(&t, "x\ny");
	table_cell(&t, NULL);
	table_print(&t, &out);
	assert_string_equal(out.data, "ID    NAME    STATUS\n"
				      "17    Zo\xc3\xab     active\n"
				      "4711  x\\x0ay  -\n");
	table_release(&t);
	buf_release(&out);
}

static void
a_table_without_rows_is_its_titles(void **state)
{
	static const char *const titles[] = {"ID", "NAME"};
	struct buf out = BUF_INIT;
	struct table t;

	(void)state;
	table_init(&t, titles, 2);
	table_print(&t, &out);
	assert_string_equal(out.data, "ID  NAME\n");
	table_release(&t);
	buf_release(&out);
}

static void
an_outline_shows_every_member(void **state)
{
	static const char text[] =
	    "{\"name\":\"a\\u001b\",\"n\":1.50,\"on\":true,\"none\":null,"
	    "\"tags\":[\"x\",\"y\"],\"empty\":[],\"env\":{},"
	    "\"tasks\":[{\"name\":\"t\",\"argv\":[\"/bin/a\"]},{\"name\":\"u\"}]}";
	struct arena a = ARENA_INIT;
	struct buf out = BUF_INIT;
	const struct json *value;
	struct err err;

	(void)state;
	assert_int_equal(json_parse(&a, text, sizeof text - 1, &value, &err), 0);
	print_outline(&out, value);
	assert_string_equal(out.data, "name: a\\x1b\nn: 1.50\non: yes\nnone: -\ntags: x  y\n"
				      "empty: none\nenv: none\ntasks:\n"
				      "  -\n    name: t\n    argv: /bin/a\n"
				      "  -\n    name: u\n");
	buf_release(&out);
	arena_release(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(no_control_character_reaches_the_terminal),
	    cmocka_unit_test(letters_of_every_script_stay),
	    cmocka_unit_test(a_sequence_that_is_cut_off_is_escaped),
	    cmocka_unit_test(a_log_keeps_its_lines_and_nothing_else),
	    cmocka_unit_test(columns_are_as_wide_as_their_widest_cell),
	    cmocka_unit_test(a_table_without_rows_is_its_titles),
	    cmocka_unit_test(an_outline_shows_every_member),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
