/* Masking: whatever the pieces in which a text comes, it is not to be seen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "runner/mask.h"

static const char *const secrets[] = {"s3cret", "s3", "abcabcd", "line one\nline two", NULL};

static const struct {
	const char *text, *masked;
} cases[] = {
    {"", ""},
    {"plain", "plain"},
    {"s3cret", "***"},
    {"<s3cret>", "<***>"},
    {"s3cres3cret", "***cre***"},
    {"s3s3cret", "******"},
    {"s", "s"},
    {"s3", "***"},
    {"abcabcabcd", "abc***"},
    {"abcabc", "abcabc"},
    {"x line one\nline two y", "x *** y"},
    {"x line one\nline tw", "x line one\nline tw"},
};

static void
masked_in_pieces_of(size_t piece)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct mask m = MASK_INIT;
		const char *text = cases[i].text, *out;
		char got[200] = "";
		size_t left = strlen(text), n;

		mask_set(&m, secrets);
		for (size_t len; left; text += len, left -= len) {
			len = left < piece ? left : piece;
			n = mask_take(&m, text, len, 0, &out);
			strncat(got, out, n);
		}
		n = mask_take(&m, "", 0, 1, &out);
		strncat(got, out, n);
		assert_string_equal(got, cases[i].masked);
		mask_release(&m);
	}
}

static void
a_text_is_masked_whatever_the_pieces_it_comes_in(void **state)
{
	(void)state;
	for (size_t piece = 1; piece < 30; piece++)
		masked_in_pieces_of(piece);
}

static void
nothing_is_held_back_that_cannot_become_one(void **state)
{
	struct mask m = MASK_INIT;
	const char *out;

	(void)state;
	mask_set(&m, secrets);
	assert_int_equal(mask_take(&m, "hello s", 7, 0, &out), 6);
	assert_int_equal(mask_take(&m, "o", 1, 0, &out), 2);
	assert_memory_equal(out, "so", 2);
	mask_release(&m);
}

static void
without_texts_all_goes_through_as_it_is(void **state)
{
	struct mask m = MASK_INIT;
	const char *out, *data = "s3cret";

	(void)state;
	mask_set(&m, NULL);
	assert_int_equal(mask_take(&m, data, 6, 0, &out), 6);
	assert_ptr_equal(out, data);
	mask_release(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_text_is_masked_whatever_the_pieces_it_comes_in),
	    cmocka_unit_test(nothing_is_held_back_that_cannot_become_one),
	    cmocka_unit_test(without_texts_all_goes_through_as_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
