/* The credentials of HTTP's Basic scheme. */
#include "app/basic.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct arena arena;
static const char *name, *password;

static int
read_header(const char *value)
{
	char line[128];
	char *params[] = {line, NULL};
	struct request req = {.arena = &arena, .params = params};

	snprintf(line, sizeof line, "HTTP_AUTHORIZATION=%s", value);
	name = password = NULL;
	return basic_credentials(&req, &name, &password);
}

static void
what_stands_before_the_first_colon_is_the_name(void **state)
{
	static const struct {
		const char *header, *name, *password;
	} cases[] = {
	    {"Basic YW5uOmFiYw==", "ann", "abc"},
	    {"basic  YW5uOmFiYw==", "ann", "abc"},
	    {"BASIC YW5uOmFiYw", "ann", "abc"},
	    {"Basic YW5uOmFiYw== ", "ann", "abc"},
	    {"Basic YW5uOmE6Yjo=", "ann", "a:b:"},
	    {"Basic OmFiYw==", "", "abc"},
	    {"Basic YW5uOg==", "ann", ""},
	    {"Basic asOpOsOp", "j\xc3\xa9", "\xc3\xa9"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(read_header(cases[i].header), 0);
		assert_string_equal(name, cases[i].name);
		assert_string_equal(password, cases[i].password);
	}
}

static void
another_scheme_is_no_basic_one(void **state)
{
	static char *none[] = {(char *)"HTTP_AUTHORIZATION_X=Basic YW5uOmFiYw==", NULL};
	struct request req = {.arena = &arena, .params = none};

	(void)state;
	assert_int_equal(basic_credentials(&req, &name, &password), ERR_MISSING);
	assert_int_equal(read_header(""), ERR_MISSING);
	assert_int_equal(read_header("Bearer YW5uOmFiYw=="), ERR_MISSING);
	assert_int_equal(read_header("Basic"), ERR_MISSING);
	assert_int_equal(read_header("BasicYW5uOmFiYw=="), ERR_MISSING);
}

static void
what_is_no_pair_is_refused(void **state)
{
	static const char *const headers[] = {"Basic ", "Basic %", "Basic YW5u",
	    "Basic YW5uOmFiYw==!", "Basic YW5uOgA=", "Basic YW5uOuk=", "Basic ann:abc"};

	(void)state;
	for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
		assert_int_equal(read_header(headers[i]), ERR_INPUT);
}

static int
release(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_stands_before_the_first_colon_is_the_name),
	    cmocka_unit_test(another_scheme_is_no_basic_one),
	    cmocka_unit_test(what_is_no_pair_is_refused),
	};

	return cmocka_run_group_tests_name("basic", tests, NULL, release);
}
