/*
 * Which face a request goes to, with faces that are made up: each owns a path by its own name and
 * one that two of them share, and notes what it was asked for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#include "app/route.h"
#include "faces/altogic/altogic.h"
#include "faces/api3/api3.h"
#include "faces/openspecimen/openspecimen.h"
#include "faces/ricloud/ricloud.h"

static char asked[64];
static struct response res;

static bool
begins(const char *path, const char *with)
{
	return !strncmp(path, with, strlen(with));
}

bool
api3_owns(const char *path)
{
	return begins(path, "/api3");
}

bool
altogic_owns(const char *path)
{
	return begins(path, "/altogic");
}

bool
ricloud_owns(const char *path)
{
	return begins(path, "/ricloud") || begins(path, "/both");
}

bool
openspecimen_owns(const char *path)
{
	return begins(path, "/openspecimen") || begins(path, "/both");
}

static void
note(const char *name, const struct request *req, struct response *to)
{
	snprintf(asked, sizeof asked, "%s %s", name, req->path);
	response_set(to, 200, "text/plain", "");
}

void
api3_handle(const struct face *face, const struct request *req, struct response *to)
{
	(void)face;
	note("api3", req, to);
}

void
altogic_handle(const struct face *face, const struct request *req, struct response *to)
{
	(void)face;
	note("altogic", req, to);
}

void
ricloud_handle(const struct face *face, const struct request *req, struct response *to)
{
	(void)face;
	note("ricloud", req, to);
}

void
openspecimen_handle(const struct face *face, const struct request *req, struct response *to)
{
	(void)face;
	note("openspecimen", req, to);
}

static void
assert_goes(const struct face *face, const char *path, bool private_socket, const char *to)
{
	struct request req = {.method = "GET", .path = path, .private_socket = private_socket};

	snprintf(asked, sizeof asked, "nobody");
	route(face, &req, &res);
	assert_string_equal(asked, to);
	assert_int_equal(res.status, strcmp(to, "nobody") ? 200 : 404);
	response_release(&res);
}

static void
at_the_root_each_face_gets_what_it_owns(void **state)
{
	const struct face face = {
	    .api3_at = "", .altogic_at = "", .ricloud_at = "", .openspecimen_at = ""};

	(void)state;
	assert_goes(&face, "/api3/x", false, "api3 /api3/x");
	assert_goes(&face, "/altogic", false, "altogic /altogic");
	assert_goes(&face, "/ricloud/1", false, "ricloud /ricloud/1");
	assert_goes(&face, "/openspecimen", false, "openspecimen /openspecimen");
	assert_goes(&face, "/both", false, "ricloud /both");
	assert_goes(&face, "/", false, "nobody");
	assert_goes(&face, "/x/api3", false, "nobody");
}

static void
below_a_prefix_a_face_sees_the_path_as_at_the_root(void **state)
{
	const struct face face = {
	    .api3_at = "/a", .altogic_at = "/a/b", .ricloud_at = "", .openspecimen_at = "/a/b"};

	(void)state;
	assert_goes(&face, "/a/api3/x", false, "api3 /api3/x");
	assert_goes(&face, "/a/b/altogic", false, "altogic /altogic");
	assert_goes(&face, "/a/b/openspecimen/", false, "openspecimen /openspecimen/");
	assert_goes(&face, "/api3/x", false, "nobody");
	assert_goes(&face, "/a/altogic", false, "nobody");
	assert_goes(&face, "/aapi3", false, "nobody");
	assert_goes(&face, "/ab/altogic", false, "nobody");
	assert_goes(&face, "/a", false, "nobody");
	assert_goes(&face, "/a/", false, "nobody");
	assert_goes(&face, "/A/api3", false, "nobody");
}

static void
the_longest_prefix_wins(void **state)
{
	const struct face one = {.ricloud_at = "", .openspecimen_at = "/both"};
	const struct face other = {.ricloud_at = "/both", .openspecimen_at = ""};

	(void)state;
	assert_goes(&one, "/both/both", false, "openspecimen /both");
	assert_goes(&one, "/both/x", false, "ricloud /both/x");
	assert_goes(&other, "/both/both", false, "ricloud /both");
	assert_goes(&other, "/both/x", false, "openspecimen /both/x");
}

static void
a_face_that_is_off_owns_nothing(void **state)
{
	const struct face face = {.openspecimen_at = ""};

	(void)state;
	assert_goes(&face, "/api3/x", false, "nobody");
	assert_goes(&face, "/altogic", false, "nobody");
	assert_goes(&face, "/both", false, "openspecimen /both");
}

static void
the_private_socket_leads_to_api3_alone_wherever_it_lies(void **state)
{
	const struct face off = {.altogic_at = "", .ricloud_at = "", .openspecimen_at = ""};
	const struct face moved = {.api3_at = "/a"};

	(void)state;
	assert_goes(&off, "/api3/x", true, "api3 /api3/x");
	assert_goes(&moved, "/api3/x", true, "api3 /api3/x");
	assert_goes(&moved, "/a/api3/x", true, "nobody");
	assert_goes(&off, "/altogic", true, "nobody");
	assert_goes(&off, "/both", true, "nobody");
}

static void
what_nobody_owns_is_said_in_json_that_all_clients_read(void **state)
{
	const struct face face = {0};
	const struct request req = {.method = "GET", .path = "/"};

	(void)state;
	route(&face, &req, &res);
	assert_int_equal(res.status, 404);
	assert_string_equal(res.content_type, "application/json");
	assert_string_equal(res.body.data,
	    "{\"error\":\"not-found\",\"message\":\"Not found\",\"errors\":[{\"origin\":"
	    "\"client_error\",\"code\":\"not_found\",\"message\":\"Not found\"}]}");
	route_refuse(&res, 400);
	assert_int_equal(res.status, 400);
	assert_string_equal(res.body.data,
	    "{\"error\":\"bad-request\",\"message\":\"Bad request\",\"errors\":[{\"origin\":"
	    "\"client_error\",\"code\":\"bad_request\",\"message\":\"Bad request\"}]}");
	response_release(&res);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(at_the_root_each_face_gets_what_it_owns),
	    cmocka_unit_test(below_a_prefix_a_face_sees_the_path_as_at_the_root),
	    cmocka_unit_test(the_longest_prefix_wins),
	    cmocka_unit_test(a_face_that_is_off_owns_nothing),
	    cmocka_unit_test(the_private_socket_leads_to_api3_alone_wherever_it_lies),
	    cmocka_unit_test(what_nobody_owns_is_said_in_json_that_all_clients_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
