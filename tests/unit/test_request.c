/* What a request's FastCGI parameters and its body become. */
#include "app/query.h"
#include "app/request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { PARAMS_MAX = 8 };

static struct arena arena;
static struct request req;
static uint64_t announced;
static struct err err;

/* A request with these parameters, besides a method. */
static int
request_with(const char *const *params)
{
	static char *list[PARAMS_MAX + 2];
	size_t n = 0;

	list[n++] = (char *)"REQUEST_METHOD=POST";
	while (*params)
		list[n++] = (char *)*params++;
	list[n] = NULL;
	err.text[0] = '\0';
	return request_init(&req, &arena, list, &announced, &err);
}

static void
the_path_comes_from_the_best_source(void **state)
{
	static const struct {
		const char *params[PARAMS_MAX], *path;
	} cases[] = {
	    {{"DOCUMENT_URI=/a/b"}, "/a/b"},
	    {{"DOCUMENT_URI=/a", "SCRIPT_NAME=/s", "REQUEST_URI=/r"}, "/a"},
	    {{"DOCUMENT_URI=", "SCRIPT_NAME=/s"}, "/s"},
	    {{"SCRIPT_NAME=/API3", "PATH_INFO=/tasks/x", "REQUEST_URI=/r"}, "/API3/tasks/x"},
	    {{"SCRIPT_NAME=", "PATH_INFO=/tasks/x"}, "/tasks/x"},
	    {{"PATH_INFO=/tasks/x"}, "/tasks/x"},
	    {{"REQUEST_URI=/API3/x?y=/z"}, "/API3/x"},
	    {{"REQUEST_URI=?"}, "/"},
	    {{NULL}, "/"},
	    /* What a server has decoded already is not decoded again. */
	    {{"DOCUMENT_URI=/a%20b"}, "/a%20b"},
	    {{"SCRIPT_NAME=/a%zz"}, "/a%zz"},
	    /* A name that only begins like one that counts. */
	    {{"DOCUMENT_URI_X=/x", "XREQUEST_URI=/y", "REQUEST_URI=/z"}, "/z"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(request_with(cases[i].params), 0);
		assert_string_equal(req.path, cases[i].path);
	}
}

static void
the_path_is_normalised(void **state)
{
	static const struct {
		const char *given, *path;
	} cases[] = {
	    {"DOCUMENT_URI=//API3///tasks//x", "/API3/tasks/x"},
	    {"DOCUMENT_URI=/a/", "/a/"},
	    {"DOCUMENT_URI=////", "/"},
	    {"DOCUMENT_URI=/a  ", "/a"},
	    {"DOCUMENT_URI=/a \t\r\n", "/a"},
	    {"DOCUMENT_URI=/a b", "/a b"},
	    {"DOCUMENT_URI= ", "/"},
	    {"REQUEST_URI=/API3/tasks/findSchedule%20", "/API3/tasks/findSchedule"},
	    {"REQUEST_URI=/a%20%20?x", "/a"},
	    {"REQUEST_URI=/a%2fb%2F%2Fc", "/a/b/c"},
	    {"REQUEST_URI=/%41%c3%a9", "/A\xc3\xa9"},
	    {"REQUEST_URI=/a%2520", "/a%20"},
	    {"REQUEST_URI=/%25", "/%"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *params[] = {cases[i].given, NULL};

		assert_int_equal(request_with(params), 0);
		assert_string_equal(req.path, cases[i].path);
	}
}

static void
a_path_with_a_nul_or_a_broken_escape_is_refused(void **state)
{
	static const char *const given[] = {
	    "REQUEST_URI=/a%00b",
	    "REQUEST_URI=/a%",
	    "REQUEST_URI=/a%2",
	    "REQUEST_URI=/a%2?b",
	    "REQUEST_URI=/a%zz",
	    "REQUEST_URI=/a%+1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
		const char *params[] = {given[i], NULL};

		assert_int_equal(request_with(params), ERR_INPUT);
		assert_non_null(strstr(err.text, "path"));
		/* It can be answered all the same. */
		assert_string_equal(req.path, "/");
		assert_string_equal(req.body, "");
	}
}

static void
a_request_without_a_method_is_refused(void **state)
{
	char *none[] = {(char *)"DOCUMENT_URI=/a", NULL};
	char *empty[] = {(char *)"REQUEST_METHOD=", NULL};
	char *nothing[] = {NULL};

	(void)state;
	assert_int_equal(request_init(&req, &arena, none, &announced, &err), ERR_INPUT);
	assert_int_equal(request_init(&req, &arena, empty, &announced, &err), ERR_INPUT);
	assert_int_equal(request_init(&req, &arena, nothing, &announced, &err), ERR_INPUT);
	assert_string_equal(req.method, "");
	assert_string_equal(req.query, "");
}

static void
a_length_that_is_no_plain_number_is_that_of_a_body_that_did_not_come(void **state)
{
	static const struct {
		const char *given;
		bool broken;
		uint64_t announced;
	} cases[] = {
	    {"CONTENT_LENGTH=", false, 0},
	    {"CONTENT_LENGTH=0", false, 0},
	    {"CONTENT_LENGTH=0017", false, 17},
	    {"CONTENT_LENGTH=4294967297", false, 4294967297},
	    {"CONTENT_LENGTH=18446744073709551615", false, UINT64_MAX},
	    {"CONTENT_LENGTH=-1", true, 0},
	    {"CONTENT_LENGTH=+1", true, 0},
	    {"CONTENT_LENGTH= 1", true, 0},
	    {"CONTENT_LENGTH=1 ", true, 0},
	    {"CONTENT_LENGTH=0x10", true, 0},
	    {"CONTENT_LENGTH=1,1", true, 0},
	    {"CONTENT_LENGTH=ten", true, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *params[] = {cases[i].given, NULL};

		assert_int_equal(request_with(params), 0);
		assert_true(req.body_short == cases[i].broken);
		if (cases[i].announced == UINT64_MAX)
			assert_true(announced > (uint64_t)1 << 60);
		else
			assert_int_equal(announced, cases[i].announced);
	}
}

static void
a_number_of_too_many_digits_stays_large(void **state)
{
	const char *params[] = {"CONTENT_LENGTH=99999999999999999999999999999999999999", NULL};

	(void)state;
	assert_int_equal(request_with(params), 0);
	assert_true(announced > (uint64_t)1 << 60);
}

static void
parameters_are_found_by_their_whole_name(void **state)
{
	const char *params[] = {"HTTP_PATOKEN_2=no", "HTTP_PATOKEN=yes=", "EMPTY=", NULL};

	(void)state;
	assert_int_equal(request_with(params), 0);
	assert_string_equal(request_param(&req, "HTTP_PATOKEN"), "yes=");
	assert_string_equal(request_param(&req, "EMPTY"), "");
	assert_null(request_param(&req, "HTTP_PATOKE"));
	assert_null(request_param(&req, "HTTP_PATOKEN="));
}

/* ---- the body -------------------------------------------------------------------------- */

struct source {
	const char *text;
	size_t len, asked;
	int calls;
};

static size_t
take(void *ctx, char *buf, size_t len)
{
	struct source *s = ctx;
	size_t n = len < s->len ? len : s->len;

	s->calls++;
	s->asked = len;
	memcpy(buf, s->text, n);
	return n;
}

static void
read_body(struct source *s, uint64_t length, uint64_t max)
{
	const char *none[] = {NULL};

	assert_int_equal(request_with(none), 0);
	request_read_body(&req, length, max, take, s);
}

static void
a_body_is_read_to_its_announced_length_and_no_further(void **state)
{
	struct source s = {"hello, world", 12};

	(void)state;
	read_body(&s, 5, 5);
	assert_int_equal(req.body_len, 5);
	assert_string_equal(req.body, "hello");
	assert_int_equal(s.asked, 5);
	assert_false(req.body_too_large || req.body_short);
}

static void
a_body_that_is_too_large_is_not_read(void **state)
{
	struct source s = {"hello", 5};

	(void)state;
	read_body(&s, 6, 5);
	assert_true(req.body_too_large);
	assert_int_equal(s.calls, 0);
	assert_string_equal(req.body, "");
	read_body(&s, UINT64_MAX, 5);
	assert_true(req.body_too_large);
}

static void
a_body_that_ends_early_is_marked(void **state)
{
	const char *broken[] = {"CONTENT_LENGTH=ten", NULL};
	struct source s = {"hel", 3};

	(void)state;
	assert_int_equal(request_with(broken), 0);
	request_read_body(&req, announced, 100, take, &s);
	assert_true(req.body_short);
	assert_int_equal(s.calls, 0);
	read_body(&s, 5, 100);
	assert_true(req.body_short);
	assert_string_equal(req.body, "hel");
	s.len = 0;
	read_body(&s, 5, 100);
	assert_true(req.body_short);
	assert_string_equal(req.body, "");
}

static void
no_body_is_an_empty_one(void **state)
{
	struct source s = {"hello", 5};

	(void)state;
	read_body(&s, 0, 100);
	assert_int_equal(s.calls, 0);
	assert_int_equal(req.body_len, 0);
	assert_string_equal(req.body, "");
	assert_false(req.body_too_large || req.body_short);
}

/* As "a=1 b=2 ", for comparing. */
static const char *
query_as_text(const char *query)
{
	static char text[256];
	struct query_pair *pairs;
	size_t count, len = 0;

	req = (struct request){.arena = &arena, .query = query};
	if (query_read(&req, &pairs, &count, &err))
		return NULL;
	text[0] = '\0';
	for (size_t i = 0; i < count; i++)
		len += (size_t)snprintf(
		    text + len, sizeof text - len, "%s=%s|", pairs[i].name, pairs[i].value);
	return text;
}

static void
a_query_is_read_as_forms_write_it(void **state)
{
	static const struct {
		const char *query, *text;
	} cases[] = {
	    {"", ""},
	    {"&&", ""},
	    {"a=1&b=2", "a=1|b=2|"},
	    {"a=1&a=2", "a=1|a=2|"},
	    {"a", "a=|"},
	    {"a=", "a=|"},
	    {"=1", "=1|"},
	    {"a=b=c", "a=b=c|"},
	    {"a=2022-02-21+06%3A15", "a=2022-02-21 06:15|"},
	    {"a=%2b+%2B", "a=+ +|"},
	    {"date%5Bgt%5D=x", "date[gt]=x|"},
	    {"a%3Db=c%26d", "a=b=c&d|"},
	    {"a=%C3%A9", "a=\xc3\xa9|"},
	    {"a=100%&b=%zz&c=%4", "a=100%|b=%zz|c=%4|"},
	    {"a=%4&b=1", "a=%4|b=1|"},
	    {"a=%2541", "a=%41|"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_string_equal(query_as_text(cases[i].query), cases[i].text);
}

static void
a_query_that_is_no_text_is_refused(void **state)
{
	(void)state;
	assert_null(query_as_text("a=%00"));
	assert_null(query_as_text("a=1&b%00=2"));
	assert_null(query_as_text("a=%e9"));
	assert_null(query_as_text("a=%C3&b=%A9"));
}

static void
the_first_of_several_parameters_counts(void **state)
{
	static const struct query_pair pairs[] = {{"a", "1"}, {"b", ""}, {"a", "2"}};

	(void)state;
	assert_string_equal(query_value(pairs, 3, "a"), "1");
	assert_string_equal(query_value(pairs, 3, "b"), "");
	assert_null(query_value(pairs, 3, "c"));
	assert_null(query_value(pairs, 0, "a"));
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
	    cmocka_unit_test(the_path_comes_from_the_best_source),
	    cmocka_unit_test(the_path_is_normalised),
	    cmocka_unit_test(a_path_with_a_nul_or_a_broken_escape_is_refused),
	    cmocka_unit_test(a_request_without_a_method_is_refused),
	    cmocka_unit_test(
		a_length_that_is_no_plain_number_is_that_of_a_body_that_did_not_come),
	    cmocka_unit_test(a_number_of_too_many_digits_stays_large),
	    cmocka_unit_test(parameters_are_found_by_their_whole_name),
	    cmocka_unit_test(a_body_is_read_to_its_announced_length_and_no_further),
	    cmocka_unit_test(a_body_that_is_too_large_is_not_read),
	    cmocka_unit_test(a_body_that_ends_early_is_marked),
	    cmocka_unit_test(no_body_is_an_empty_one),
	    cmocka_unit_test(a_query_is_read_as_forms_write_it),
	    cmocka_unit_test(a_query_that_is_no_text_is_refused),
	    cmocka_unit_test(the_first_of_several_parameters_counts),
	};

	return cmocka_run_group_tests(tests, NULL, release);
}
