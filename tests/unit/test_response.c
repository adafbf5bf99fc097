/* What a response says before its body. */
#include "app/request.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct response res;
static struct buf head;

static const char *
head_of(void)
{
	buf_reset(&head);
	response_head(&res, &head);
	return head.data;
}

static void
a_response_tells_status_type_and_length(void **state)
{
	(void)state;
	response_set(&res, 200, "text/plain", "hello");
	response_header(&res, "X-One", "1");
	assert_string_equal(head_of(), "Status: 200 OK\r\n"
				       "Content-Type: text/plain\r\n"
				       "Content-Length: 5\r\n"
				       "Cache-Control: no-store\r\n"
				       "X-One: 1\r\n"
				       "\r\n");
}

static void
a_face_that_says_what_may_be_cached_is_not_contradicted(void **state)
{
	(void)state;
	response_set(&res, 200, "text/plain", "hello");
	response_header(&res, "X-Cache-Control", "1");
	assert_non_null(strstr(head_of(), "\r\nCache-Control: no-store\r\nX-Cache-Control"));
	response_header(&res, "Cache-Control", "no-store");
	head_of();
	assert_null(strstr(strstr(head.data, "\r\nCache-Control") + 1, "\r\nCache-Control"));
}

static struct request
with_accel(const char *param)
{
	static char *params[2];

	params[0] = (char *)param;
	return (struct request){.params = params};
}

static void
a_file_is_named_only_to_a_web_server_that_can_send_it(void **state)
{
	struct request without = with_accel("DOCUMENT_URI=/"), req;

	(void)state;
	assert_false(response_send_file(&res, &without, "1/2.stdout"));
	req = with_accel("CARILLON_ACCEL=");
	assert_false(response_send_file(&res, &req, "1/2.stdout"));
	assert_int_equal(res.headers.len, 0);
	req = with_accel("CARILLON_ACCEL=/out/");
	assert_true(response_send_file(&res, &req, "1/2.stdout"));
	assert_string_equal(res.headers.data, "X-Accel-Redirect: /out/1/2.stdout\r\n");
}

/* What a command called its result may be anything. */
static void
a_file_of_any_name_is_named_as_one_path(void **state)
{
	struct request req = with_accel("CARILLON_ACCEL=/out/");

	(void)state;
	assert_true(response_send_file(&res, &req, "a b?c%d\r\ne\xc3\xa9"));
	assert_string_equal(
	    res.headers.data, "X-Accel-Redirect: /out/a%20b%3Fc%25d%0D%0Ae%C3%A9\r\n");
}

static void
a_second_answer_takes_the_place_of_the_first(void **state)
{
	(void)state;
	response_set(&res, 200, "text/plain", "a long first answer");
	response_set(&res, 400, "application/json", "{}");
	assert_string_equal(res.body.data, "{}");
	assert_non_null(strstr(head_of(), "Status: 400 Bad Request\r\n"));
	assert_non_null(strstr(head.data, "Content-Length: 2\r\n"));
}

static void
a_body_with_a_nul_keeps_its_length(void **state)
{
	(void)state;
	response_set(&res, 200, "application/octet-stream", "");
	buf_add(&res.body, "a\0b", 3);
	assert_non_null(strstr(head_of(), "Content-Length: 3\r\n"));
}

static void
a_status_that_was_never_set_is_a_500(void **state)
{
	(void)state;
	assert_non_null(strstr(head_of(), "Status: 500 Internal Server Error\r\n"));
	assert_non_null(strstr(head.data, "Content-Length: 0\r\n"));
	assert_null(strstr(head.data, "Content-Type"));
}

static void
answers_that_have_no_body_tell_no_length(void **state)
{
	static const int statuses[] = {204, 304};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		response_set(&res, statuses[i], NULL, "");
		assert_null(strstr(head_of(), "Content-Length"));
	}
}

static void
an_unusual_status_still_has_a_reason(void **state)
{
	(void)state;
	response_set(&res, 599, NULL, "");
	assert_non_null(strstr(head_of(), "Status: 599 Other\r\n"));
}

/* What is logged meanwhile does not belong to the test's output. */
static void
drop_header(const char *value)
{
	int kept = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY);

	dup2(null, STDERR_FILENO);
	response_header(&res, "X-Bad", value);
	dup2(kept, STDERR_FILENO);
	close(kept);
	close(null);
}

static void
nothing_that_could_be_a_second_line_becomes_a_header(void **state)
{
	static const char *const values[] = {
	    "a\r\nSet-Cookie: b",
	    "a\nSet-Cookie: b",
	    "a\rSet-Cookie: b",
	    "\r\n\r\nbody",
	    "a\x01",
	    "a\x7f",
	    "a\tb",
	};

	(void)state;
	response_set(&res, 200, "text/plain", "");
	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		drop_header(values[i]);
		assert_null(strstr(head_of(), "X-Bad"));
		assert_null(strstr(head.data, "Set-Cookie"));
	}
	response_header(&res, "X-Good", "kept \xc3\xa9");
	assert_non_null(strstr(head_of(), "X-Good: kept \xc3\xa9\r\n\r\n"));
}

static int
release(void **state)
{
	(void)state;
	response_release(&res);
	buf_release(&head);
	return 0;
}

static void
a_released_response_can_be_used_again(void **state)
{
	(void)state;
	response_set(&res, 200, "text/plain", "x");
	response_header(&res, "X-One", "1");
	response_release(&res);
	response_release(&res);
	assert_non_null(strstr(head_of(), "Status: 500"));
	assert_null(strstr(head.data, "X-One"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(a_response_tells_status_type_and_length, release),
	    cmocka_unit_test_teardown(
		a_face_that_says_what_may_be_cached_is_not_contradicted, release),
	    cmocka_unit_test_teardown(
		a_file_is_named_only_to_a_web_server_that_can_send_it, release),
	    cmocka_unit_test_teardown(a_file_of_any_name_is_named_as_one_path, release),
	    cmocka_unit_test_teardown(a_second_answer_takes_the_place_of_the_first, release),
	    cmocka_unit_test_teardown(a_body_with_a_nul_keeps_its_length, release),
	    cmocka_unit_test_teardown(a_status_that_was_never_set_is_a_500, release),
	    cmocka_unit_test_teardown(answers_that_have_no_body_tell_no_length, release),
	    cmocka_unit_test_teardown(an_unusual_status_still_has_a_reason, release),
	    cmocka_unit_test_teardown(
		nothing_that_could_be_a_second_line_becomes_a_header, release),
	    cmocka_unit_test_teardown(a_released_response_can_be_used_again, release),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
