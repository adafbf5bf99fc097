/* Base: arenas, buffers, errors, ids, packing, UTF-8 and the log. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/id.h"
#include "base/log.h"
#include "base/pack.h"
#include "base/utf8.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* ---- arena ---- */

static bool
all_zero(const unsigned char *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (p[i])
			return false;
	}
	return true;
}

static void
what_an_arena_gives_is_zero_aligned_and_apart(void **state)
{
	static const size_t sizes[] = {0, 1, 7, 16, 17, 4000, 16 * 1024, 100000, 3};
	struct arena a = ARENA_INIT;

	(void)state;
	for (int round = 0; round < 3; round++) {
		unsigned char *given[COUNT(sizes)];

		for (size_t i = 0; i < COUNT(sizes); i++) {
			given[i] = arena_alloc(&a, sizes[i]);
			assert_non_null(given[i]);
			assert_int_equal((uintptr_t)given[i] % _Alignof(max_align_t), 0);
			assert_true(all_zero(given[i], sizes[i]));
			memset(given[i], (int)i + 1, sizes[i]);
		}
		for (size_t i = 0; i < COUNT(sizes); i++) {
			for (size_t k = 0; k < sizes[i]; k++)
				assert_int_equal(given[i][k], i + 1);
		}
		arena_clear(&a);
	}
	arena_release(&a);
	arena_release(&a);
	assert_null(a.chunks);
}

static void
a_small_arena_is_used_again_and_is_zero_again(void **state)
{
	struct arena a = ARENA_INIT;
	unsigned char *first = arena_alloc(&a, 100), *again;

	(void)state;
	memset(first, 0xff, 100);
	arena_clear(&a);
	again = arena_alloc(&a, 200);
	assert_ptr_equal(again, first);
	assert_true(all_zero(again, 200));
	arena_release(&a);
	arena_clear(&a);
}

static void
copies_in_an_arena_end_with_a_nul(void **state)
{
	struct arena a = ARENA_INIT;
	char text[300];

	(void)state;
	assert_string_equal(arena_strdup(&a, ""), "");
	assert_string_equal(arena_strdup(&a, "abc"), "abc");
	assert_memory_equal(arena_memdup(&a, "a\0b", 3), "a\0b\0", 4);
	assert_string_equal(arena_memdup(&a, NULL, 0), "");
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	assert_string_equal(arena_printf(&a, "%s", text), text);
	assert_string_equal(arena_printf(&a, "%d-%s", 7, "x"), "7-x");
	assert_non_null(arena_array(&a, 0, 8));
	assert_non_null(arena_array(&a, 8, 0));
	arena_release(&a);
}

/* ---- buf ---- */

static void
a_buffer_grows_and_always_ends_with_a_nul(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_add(&b, NULL, 0);
	assert_string_equal(b.data, "");
	buf_adds(&b, "ab");
	buf_addc(&b, '\0');
	buf_addf(&b, "%d%s", 12, "x");
	assert_int_equal(b.len, 6);
	assert_memory_equal(b.data,
	    "ab\0"
	    "12x",
	    7);
	for (int i = 0; i < 5000; i++)
		buf_addf(&b, "%d", i % 10);
	assert_int_equal(b.len, 5006);
	assert_true(b.cap > b.len);
	assert_int_equal(strlen(b.data + 3), 5003);
	buf_reset(&b);
	assert_int_equal(b.len, 0);
	assert_string_equal(b.data, "");
	buf_adds(&b, "c");
	assert_string_equal(b.data, "c");
	buf_release(&b);
	assert_null(b.data);
	buf_reset(&b);
	buf_release(&b);
}

static void
room_that_is_not_used_up_is_no_part_of_the_text(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_adds(&b, "abcdefgh");
	buf_reset(&b);
	memcpy(buf_reserve(&b, 100), "ab", 2);
	b.len += 2;
	assert_string_equal(b.data, "ab");
	memset(buf_reserve(&b, 10000), 'x', 1);
	b.len++;
	assert_string_equal(b.data, "abx");
	assert_true(b.cap > 10002);
	buf_release(&b);
}

/* ---- err ---- */

static void
an_error_reads_from_the_whole_to_the_part(void **state)
{
	struct err err = {""};

	(void)state;
	assert_int_equal(err_fail(&err, ERR_BUSY, "lock %d not granted", 3), ERR_BUSY);
	assert_int_equal(err_wrap(&err, ERR_BUSY, "plan"), ERR_BUSY);
	assert_int_equal(err_wrap(&err, ERR_BUSY, "schedule %d", 17), ERR_BUSY);
	assert_string_equal(err.text, "schedule 17: plan: lock 3 not granted");
	assert_int_equal(err_errno(&err, ERR_IO, 2, "open %s", "/x"), ERR_IO);
	assert_string_equal(err.text, "open /x: No such file or directory");
	assert_int_equal(err_fail(NULL, ERR_IO, "x"), ERR_IO);
	assert_int_equal(err_wrap(NULL, ERR_IO, "x"), ERR_IO);
	assert_int_equal(err_errno(NULL, ERR_IO, 2, "x"), ERR_IO);
}

static void
an_error_that_becomes_too_long_loses_its_tail(void **state)
{
	char many[2000];
	struct err err = {""};

	(void)state;
	memset(many, 'x', sizeof many - 1);
	many[sizeof many - 1] = '\0';
	err_fail(&err, ERR_IO, "%s", many);
	assert_int_equal(strlen(err.text), sizeof err.text - 1);
	err_wrap(&err, ERR_IO, "head");
	assert_int_equal(strlen(err.text), sizeof err.text - 1);
	assert_memory_equal(err.text, "head: xxx", 9);
	err_wrap(&err, ERR_IO, "%s", many);
	assert_int_equal(strlen(err.text), sizeof err.text - 1);
	err_errno(&err, ERR_IO, 2, "%s", many);
	assert_int_equal(strlen(err.text), sizeof err.text - 1);
}

/* ---- id ---- */

static void
an_id_has_four_spellings(void **state)
{
	static const struct {
		uint64_t id;
		const char *decimal, *hex, *guid;
	} cases[] = {
	    {1, "1", "636172690000000000000001", "63617269-6c6c-8000-8000-000000000001"},
	    {42, "42", "63617269000000000000002a", "63617269-6c6c-8000-8000-00000000002a"},
	    {UINT64_C(0xabcdef0123456), "3022415463593046", "63617269000abcdef0123456",
		"63617269-6c6c-8000-800a-bcdef0123456"},
	    {ID_MAX, "9007199254740991", "63617269001fffffffffffff",
		"63617269-6c6c-8000-801f-ffffffffffff"},
	};
	char text[ID_GUID_LEN + 1];
	uint64_t id;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *spellings[] = {cases[i].decimal, cases[i].hex, cases[i].guid};

		id_guid(cases[i].id, text);
		assert_string_equal(text, cases[i].guid);
		id_hex(cases[i].id, text);
		assert_string_equal(text, cases[i].hex);
		for (size_t k = 0; k < COUNT(spellings); k++) {
			char upper[ID_GUID_LEN + 1];
			size_t len = strlen(spellings[k]);

			for (size_t c = 0; c <= len; c++)
				upper[c] = (char)(spellings[k][c] >= 'a' ? spellings[k][c] - 32
									 : spellings[k][c]);
			id = 0;
			if (id_parse(spellings[k], len, &id) || id != cases[i].id)
				fail_msg("%s", spellings[k]);
			id = 0;
			if (id_parse(upper, len, &id) || id != cases[i].id)
				fail_msg("%s", upper);
		}
	}
}

static void
what_is_no_id_of_ours_is_missing(void **state)
{
	static const char *const texts[] = {"", "0", "00", "042", "-1", "+1", " 1", "1 ", "1.0",
	    "1e3", "0x2a", "2a", "9007199254740992", "9999999999999999", "18446744073709551617",
	    "63617269000000000000000", "6361726900000000000000001", "636172690000000000000000",
	    "636172690020000000000000", "63617269ffffffffffffffff", "73617269000000000000002a",
	    "63617269000000000000002g", "63617269 00000000000002a",
	    "63617269-6c6c-8000-8000-000000000000", "63617269-6c6c-8000-8020-000000000000",
	    "63617269-6c6c-8000-8fff-ffffffffffff", "63617269-6c6c-8000-9000-00000000002a",
	    "63617269-6c6c-4000-8000-00000000002a", "00000000-0000-0000-0000-00000000002a",
	    "eeeeeeee-0000-4000-8000-000000000002", "63617269-6c6c-8000-8000000000000002a",
	    "63617269-6c6c-8000-8000-0000000000-a", "63617269-6c6c-8000-8-00-00000000002a",
	    "636172696c6c80008000000000000002a", "{63617269-6c6c-8000-8000-00000000002a}"};
	uint64_t id = 77;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		if (id_parse(texts[i], strlen(texts[i]), &id) != ERR_MISSING)
			fail_msg("accepted: %s", texts[i]);
		assert_int_equal(id, 77);
	}
	assert_int_equal(id_parse("4\0002", 3, &id), ERR_MISSING);
	assert_int_equal(id_parse("42x", 2, &id), 0);
	assert_int_equal(id, 42);
}

/* ---- pack ---- */

static void
what_is_packed_comes_out_again(void **state)
{
	static const int64_t numbers[] = {0, 1, -1, 255, -256, INT64_MAX, INT64_MIN};
	struct arena a = ARENA_INIT;
	struct buf b = BUF_INIT;
	struct unpack u;
	const char *bytes;
	size_t len;

	(void)state;
	pack_u8(&b, 0xfe);
	pack_u32(&b, 0xfedcba98);
	pack_u64(&b, UINT64_C(0xfedcba9876543210));
	for (size_t i = 0; i < COUNT(numbers); i++)
		pack_i64(&b, numbers[i]);
	pack_str(&b, "text");
	pack_str(&b, "");
	pack_str(&b, NULL);
	pack_bytes(&b, "a\0b", 3);
	pack_u32(&b, 2);
	pack_u8(&b, 1);
	pack_u8(&b, 2);

	unpack_init(&u, b.data, b.len);
	assert_int_equal(unpack_u8(&u), 0xfe);
	assert_int_equal(unpack_u32(&u), 0xfedcba98);
	assert_true(unpack_u64(&u) == UINT64_C(0xfedcba9876543210));
	for (size_t i = 0; i < COUNT(numbers); i++)
		assert_true(unpack_i64(&u) == numbers[i]);
	assert_string_equal(unpack_str(&u, &a), "text");
	assert_string_equal(unpack_str(&u, &a), "");
	assert_null(unpack_str(&u, &a));
	bytes = unpack_bytes(&u, &a, &len);
	assert_int_equal(len, 3);
	assert_memory_equal(bytes, "a\0b\0", 4);
	assert_int_equal(unpack_count(&u, 1), 2);
	assert_int_equal(unpack_u8(&u), 1);
	assert_int_equal(unpack_finish(&u), ERR_IO);
	assert_int_equal(unpack_u8(&u), 2);
	assert_int_equal(unpack_finish(&u), 0);
	buf_release(&b);
	arena_release(&a);
}

static void
packed_numbers_sort_as_numbers_do(void **state)
{
	static const int64_t sorted[] = {
	    INT64_MIN, -1000000, -256, -1, 0, 1, 255, 256, 1000000, INT64_MAX};
	unsigned char last[8] = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(sorted); i++) {
		struct buf b = BUF_INIT;

		pack_i64(&b, sorted[i]);
		assert_int_equal(b.len, 8);
		assert_true(!i || memcmp(last, b.data, 8) < 0);
		memcpy(last, b.data, 8);
		buf_release(&b);
	}
}

static void
a_fault_stays_and_gives_zeros(void **state)
{
	struct arena a = ARENA_INIT;
	struct unpack u;
	size_t len = 77;

	(void)state;
	unpack_init(&u, "\1\2\3", 3);
	assert_int_equal(unpack_u32(&u), 0);
	/* There would be bytes enough for these. */
	assert_int_equal(unpack_u8(&u), 0);
	assert_true(unpack_i64(&u) == 0);
	assert_true(unpack_u64(&u) == 0);
	assert_int_equal(unpack_count(&u, 0), 0);
	assert_null(unpack_str(&u, &a));
	assert_null(unpack_bytes(&u, &a, &len));
	assert_int_equal(len, 0);
	assert_int_equal(unpack_finish(&u), ERR_IO);
	unpack_init(&u, NULL, 0);
	assert_int_equal(unpack_finish(&u), 0);
	assert_int_equal(unpack_u8(&u), 0);
	assert_int_equal(unpack_finish(&u), ERR_IO);
	arena_release(&a);
}

static void
no_length_and_no_count_is_believed(void **state)
{
	static const struct {
		const char *bytes;
		size_t len, each;
		uint32_t count;
		int ret;
	} counts[] = {
	    {"\0\0\0\2ab", 6, 1, 2, 0},
	    {"\0\0\0\3ab", 6, 1, 0, ERR_IO},
	    {"\0\0\0\1ab", 6, 2, 1, 0},
	    {"\0\0\0\2ab", 6, 2, 0, ERR_IO},
	    {"\xff\xff\xff\xff"
	     "ab",
		6, 1, 0, ERR_IO},
	    {"\xff\xff\xff\xff"
	     "ab",
		6, SIZE_MAX, 0, ERR_IO},
	    {"\0\0\0\0ab", 6, 8, 0, 0},
	};
	static const struct {
		const char *bytes;
		size_t len;
	} strings[] = {{"\0\0\0\3ab", 6},
	    {"\xff\xff\xff\xfe"
	     "ab",
		6},
	    {"\0\0\0\2a\0", 6}, {"\0\0\0", 3}};
	struct arena a = ARENA_INIT;
	struct unpack u;

	(void)state;
	for (size_t i = 0; i < COUNT(counts); i++) {
		unpack_init(&u, counts[i].bytes, counts[i].len);
		assert_int_equal(unpack_count(&u, counts[i].each), counts[i].count);
		assert_int_equal(u.failed, counts[i].ret != 0);
	}
	for (size_t i = 0; i < COUNT(strings); i++) {
		unpack_init(&u, strings[i].bytes, strings[i].len);
		assert_null(unpack_str(&u, &a));
		assert_int_equal(unpack_finish(&u), ERR_IO);
	}
	arena_release(&a);
}

/* ---- utf8 ---- */

static void
only_what_is_well_formed_is_utf8(void **state)
{
	static const struct {
		const char *text;
		bool valid;
	} cases[] = {
	    {"", true},
	    {"abc\x7f", true},
	    {"\xc2\x80", true},
	    {"\xdf\xbf", true},
	    {"\xe0\xa0\x80", true},
	    {"\xed\x9f\xbf", true},
	    {"\xee\x80\x80", true},
	    {"\xef\xbf\xbf", true},
	    {"\xf0\x90\x80\x80", true},
	    {"\xf4\x8f\xbf\xbf", true},
	    {"a\xc3\xbc"
	     "b\xe2\x82\xac\xf0\x9f\x98\x80",
		true},
	    {"\x80", false},
	    {"\xbf", false},
	    {"\xc0\x80", false},
	    {"\xc1\xbf", false},
	    {"\xc2", false},
	    {"\xc2"
	     "a",
		false},
	    {"\xc2\xc2", false},
	    {"\xe0\x9f\xbf", false},
	    {"\xe0\x80\x80", false},
	    {"\xe2\x82", false},
	    {"\xe2\x82"
	     "a",
		false},
	    {"\xe2"
	     "a\x82",
		false},
	    {"\xed\xa0\x80", false},
	    {"\xed\xbf\xbf", false},
	    {"\xf0\x8f\xbf\xbf", false},
	    {"\xf0\x9f\x98", false},
	    {"\xf0\x9f\x98"
	     "a",
		false},
	    {"\xf4\x90\x80\x80", false},
	    {"\xf5\x80\x80\x80", false},
	    {"\xf8\x88\x80\x80\x80", false},
	    {"\xfe", false},
	    {"\xff", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		if (utf8_valid(cases[i].text, strlen(cases[i].text)) != cases[i].valid)
			fail_msg("case %zu", i);
	}
	assert_true(utf8_valid("a\0b", 3));
	/* What stands behind the length does not complete it. */
	assert_false(utf8_valid("\xe2\x82\xac", 2));
	assert_int_equal(utf8_length("a\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80", 10), 4);
	assert_int_equal(utf8_length("", 0), 0);
}

static void
control_characters_are_those_below_and_above_ascii(void **state)
{
	static const struct {
		const char *text;
		size_t len;
	} cases[] = {{"\x01", 1},
	    {"\x1f"
	     "a",
		1},
	    {"\x7f", 1}, {"\xc2\x80", 2},
	    {"\xc2\x9f"
	     "a",
		2},
	    {"", 0}, {" ", 0}, {"~", 0}, {"\xc2\xa0", 0}, {"\xc3\x80", 0}, {"\xc2\xbf", 0},
	    {"a\n", 0}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(utf8_control(cases[i].text), cases[i].len);
}

static void
any_bytes_become_one_line_of_whole_characters(void **state)
{
	static const struct {
		const char *bytes;
		size_t len, size;
		const char *line;
	} cases[] = {
	    {"", 0, 10, ""},
	    {"a\tb", 3, 10, "a\tb"},
	    {"abc", 3, 3, "ab"},
	    {"abc", 3, 1, ""},
	    {"\xc3\xbc\xc3\xbc", 4, 4, "\xc3\xbc"},
	    {"a\nb", 3, 10,
		"a\xef\xbf\xbd"
		"b"},
	    {"\x7f", 1, 10, "\xef\xbf\xbd"},
	    {"\0x", 2, 10,
		"\xef\xbf\xbd"
		"x"},
	    {"\xc2\x85", 2, 10, "\xef\xbf\xbd"},
	    {"\xe2\x82", 2, 10, "\xef\xbf\xbd\xef\xbf\xbd"},
	    {"\xff\xff", 2, 4, "\xef\xbf\xbd"},
	    {"\xf0\x9f\x98\x80", 4, 5, "\xf0\x9f\x98\x80"},
	    {"\xf0\x9f\x98\x80", 4, 4, ""},
	};
	char line[10];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t len = utf8_clean(line, cases[i].size, cases[i].bytes, cases[i].len);

		assert_string_equal(line, cases[i].line);
		assert_int_equal(len, strlen(line));
	}
}

/* ---- log ---- */

static char logged[8192];

/* What one call writes to stderr, in one read of a pipe that keeps writes apart. */
static void
log_through(int *saved, int pipe_fd[2], bool done)
{
	if (!done) {
		assert_int_equal(pipe2(pipe_fd, O_DIRECT), 0);
		*saved = dup(STDERR_FILENO);
		dup2(pipe_fd[1], STDERR_FILENO);
		return;
	}
	dup2(*saved, STDERR_FILENO);
	close(*saved);
	close(pipe_fd[1]);
	logged[read(pipe_fd[0], logged, sizeof logged - 1)] = '\0';
	close(pipe_fd[0]);
}

static const char *
log_of(const char *text)
{
	int saved, pipe_fd[2];

	log_through(&saved, pipe_fd, false);
	log_warn("%s", text);
	log_through(&saved, pipe_fd, true);
	return logged;
}

static void
nothing_that_is_logged_makes_a_line_or_moves_a_terminal(void **state)
{
	static const struct {
		const char *text, *shown;
	} cases[] = {
	    {"plain \xc3\xbc \xe2\x82\xac", "plain \xc3\xbc \xe2\x82\xac"},
	    {"", ""},
	    {"a\nb\r\tc", "a\\x0ab\\x0d\\x09c"},
	    {"\x1b[31m\x7f", "\\x1b[31m\\x7f"},
	    /* The control characters above ASCII: a terminal takes this one for ESC [. */
	    {"a\xc2\x9b"
	     "31m",
		"a\\xc2\\x9b31m"},
	    {"\xc2\x80\xc2\x9f\xc2\xa0", "\\xc2\\x80\\xc2\\x9f\xc2\xa0"},
	    /* What is no UTF-8 is shown byte by byte. */
	    {"a\x9b"
	     "b\xff\xc3",
		"a\\x9bb\\xff\\xc3"},
	};
	char want[256];

	(void)state;
	log_identity("test");
	for (size_t i = 0; i < COUNT(cases); i++) {
		snprintf(
		    want, sizeof want, "test[%d]: warn: %s\n", (int)getpid(), cases[i].shown);
		assert_string_equal(log_of(cases[i].text), want);
	}
}

static void
a_line_of_the_log_is_bounded(void **state)
{
	static char text[5000];

	(void)state;
	log_identity("test");
	memset(text, '\n', sizeof text - 1);
	log_of(text);
	assert_in_range(strlen(logged), 1000, 4096 + 64);
	assert_int_equal(logged[strlen(logged) - 1], '\n');
	assert_ptr_equal(strchr(logged, '\n'), logged + strlen(logged) - 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_an_arena_gives_is_zero_aligned_and_apart),
	    cmocka_unit_test(a_small_arena_is_used_again_and_is_zero_again),
	    cmocka_unit_test(copies_in_an_arena_end_with_a_nul),
	    cmocka_unit_test(a_buffer_grows_and_always_ends_with_a_nul),
	    cmocka_unit_test(room_that_is_not_used_up_is_no_part_of_the_text),
	    cmocka_unit_test(an_error_reads_from_the_whole_to_the_part),
	    cmocka_unit_test(an_error_that_becomes_too_long_loses_its_tail),
	    cmocka_unit_test(an_id_has_four_spellings),
	    cmocka_unit_test(what_is_no_id_of_ours_is_missing),
	    cmocka_unit_test(what_is_packed_comes_out_again),
	    cmocka_unit_test(packed_numbers_sort_as_numbers_do),
	    cmocka_unit_test(a_fault_stays_and_gives_zeros),
	    cmocka_unit_test(no_length_and_no_count_is_believed),
	    cmocka_unit_test(only_what_is_well_formed_is_utf8),
	    cmocka_unit_test(any_bytes_become_one_line_of_whole_characters),
	    cmocka_unit_test(control_characters_are_those_below_and_above_ascii),
	    cmocka_unit_test(nothing_that_is_logged_makes_a_line_or_moves_a_terminal),
	    cmocka_unit_test(a_line_of_the_log_is_bounded),
	};

	return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
