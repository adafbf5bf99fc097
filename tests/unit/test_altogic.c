/*
 * The face Altogic without a store: the use cases are made up here, so that what is tested is the
 * translation alone, and the clock is a number. tests/api/test_altogic.py asks the real service.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "app/origin.h"
#include "faces/altogic/altogic.h"
#include "service/named.h"

#define HEX(n)	   "6361726900000000000000" n
#define ENV	   "62372c9b3cbd900007ee2cd8"
#define TASK	   "/_api/rest/v1/task"
#define STATUS(id) "/_api/rest/v1/task/" id
#define SIGN_IN	   "/_api/rest/v1/auth/signin-email"
#define SIGN_OUT   "/_api/rest/v1/auth/signout"

enum { OWNER = 7, USER = 8, TENANT = 1, SCHEDULE = 0x2a, EXECUTION = 0x2b };

#define TIME(ms) \
	(INT64_C(1647817253966000) + (ms)*MILLISECOND_US) /* 2022-03-20T23:00:53.966Z */
#define MILLISECOND_US (SECOND_US / 1000)

static struct {
	int ret; /* of every use case but who calls */
	struct execution execution;
	struct task tasks[3];
	size_t task_count;
	uint32_t scopes;
	bool denied; /* session and key leave nothing */
	int64_t locked_us;

	/* What was asked. */
	unsigned calls;
	char text[64], other[64];
	int64_t idle_us;
	uint64_t actor_user;
} fake;

static struct arena arena;
static struct response res;
static struct face face;

static void
note(char *to, const char *text)
{
	snprintf(to, sizeof fake.text, "%s", text ? text : "(none)");
}

static int
asked(const struct actor *actor, struct err *err)
{
	fake.calls++;
	fake.actor_user = actor ? actor->user_id : 0;
	return fake.ret ? err_fail(err, fake.ret, "the reason") : 0;
}

/* ---- the use cases ---- */

static enum client_fault
fault_of(const struct client_call *call)
{
	bool with_session = call->key && !strcmp(call->key, "ks");

	if (call->environment && strcmp(call->environment, ENV) != 0)
		return CLIENT_FAULT_ENVIRONMENT;
	if (!call->key || (strcmp(call->key, "k") != 0 && !with_session))
		return CLIENT_FAULT_KEY;
	if (call->session_needed == CLIENT_SESSION_NEVER ||
	    (call->session_needed == CLIENT_SESSION_AS_KEY_SAYS && !with_session))
		return CLIENT_FAULT_NONE;
	if (!call->session || !*call->session)
		return CLIENT_FAULT_NO_SESSION;
	return strcmp(call->session, "good") ? CLIENT_FAULT_SESSION : CLIENT_FAULT_NONE;
}

int
service_authenticate_client(struct service *sv, struct arena *a, const struct client_call *call,
    struct actor *actor, enum client_fault *fault, struct err *err)
{
	(void)sv, (void)a;
	*fault = fault_of(call);
	if (*fault)
		return err_fail(err, ERR_IDENTITY, "no");
	if (fake.denied)
		return err_fail(err, ERR_DENIED, "nothing is left");
	*actor = (struct actor){
	    .user_id = call->session && !strcmp(call->key, "ks") ? USER : OWNER,
	    .tenant_id = TENANT,
	    .scopes = fake.scopes,
	};
	return 0;
}

int
service_authenticate(struct service *sv, struct arena *a, int64_t now_us, const char *token,
    struct actor *actor, struct err *err)
{
	(void)sv, (void)a, (void)now_us, (void)token, (void)err;
	*actor = (struct actor){.user_id = USER, .email = "a@example.test"};
	return 0;
}

int
service_login(struct service *sv, const struct login *who, const char *password,
    char token[TOKEN_TEXT], int64_t *locked_us, struct err *err)
{
	(void)sv;
	assert_null(who->name);
	assert_int_equal(who->tenant_id, TENANT);
	note(fake.text, who->email);
	note(fake.other, password);
	fake.idle_us = who->idle_us;
	*locked_us = fake.locked_us;
	snprintf(token, TOKEN_TEXT, "dG9rZW4=");
	return asked(NULL, err);
}

int
service_logout(struct service *sv, const struct actor *actor, int64_t now_us, const char *token,
    struct err *err)
{
	(void)sv, (void)now_us;
	note(fake.text, token);
	return asked(actor, err);
}

int
service_run_named(struct service *sv, struct arena *a, const struct actor *actor,
    int64_t now_us, const char *text, struct execution *e, struct err *err)
{
	(void)sv, (void)a;
	note(fake.text, text);
	*e = fake.execution;
	e->triggered_us = now_us;
	return asked(actor, err);
}

int
service_get_execution(struct service *sv, struct arena *a, const struct actor *actor,
    uint64_t id, struct execution *e, struct task **tasks, size_t *task_count, struct err *err)
{
	int rc = asked(actor, err);

	(void)sv, (void)a;
	if (rc)
		return rc;
	if (id != EXECUTION)
		return err_fail(err, ERR_MISSING, "Execution not found");
	*e = fake.execution;
	*tasks = fake.tasks;
	*task_count = fake.task_count;
	return 0;
}

int
service_find_executions(struct service *sv, struct arena *a, const struct actor *actor,
    const struct execution_query *q, struct execution **list, size_t *count,
    struct execution_place *next, struct err *err)
{
	(void)sv, (void)a;
	assert_int_equal(q->before.triggered_us, INSTANT_NEVER);
	assert_int_equal(q->looks, 1);
	*next = (struct execution_place){0, 0};
	*list = &fake.execution;
	*count = fake.execution.id && fake.execution.triggered_us >= q->from_us;
	if (q->schedule_id != SCHEDULE)
		return err_fail(err, ERR_MISSING, "Schedule not found");
	return asked(actor, err);
}

const char *
origin_allowed(const struct face *f, const struct request *req)
{
	const char *origin = request_param(req, "HTTP_ORIGIN");

	(void)f;
	return origin && !strcmp(origin, "https://page.test") ? origin : NULL;
}

/* ---- calls ---- */

static int
set_up(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof fake);
	face = (struct face){.altogic_idle_us = DAY_US};
	fake.scopes = SCOPE_READ | SCOPE_RUN;
	fake.execution = (struct execution){
	    .id = EXECUTION,
	    .schedule_id = SCHEDULE,
	    .tenant_id = TENANT,
	    .schedule_name = "billOnDemand",
	    .triggered_us = TIME(0),
	    .start_us = INSTANT_NEVER,
	    .end_us = INSTANT_NEVER,
	};
	fake.tasks[0].status = TASK_PENDING;
	fake.task_count = 1;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	response_release(&res);
	arena_release(&arena);
	return 0;
}

static void
send_request(const struct request *req)
{
	response_release(&res);
	assert_true(altogic_owns(req->path));
	altogic_handle(&face, req, &res);
	buf_adds(&res.headers, "");
	buf_adds(&res.body, "");
}

/* `headers` as FastCGI parameters, with a NULL at the end. */
static struct request
request_of(const char *method, const char *path, const char *body, const char *const *headers)
{
	return (struct request){
	    .arena = &arena,
	    .method = method,
	    .path = path,
	    .query = "",
	    .params = (char *const *)headers,
	    .body = body,
	    .body_len = strlen(body),
	    .now_us = TIME(0),
	};
}

static const char *const k[] = {"HTTP_X_CLIENT_KEY=k", NULL};
static const char *const ks[] = {"HTTP_X_CLIENT_KEY=ks", "HTTP_SESSION=good", NULL};

static void
send_with(const char *const *headers, const char *method, const char *path, const char *body)
{
	struct request req = request_of(method, path, body, headers);

	send_request(&req);
}

static void
send_plain(const char *method, const char *path, const char *body)
{
	send_with(k, method, path, body);
}

static void
assert_body(const char *body)
{
	assert_int_equal(res.status, 200);
	assert_string_equal(res.content_type, "application/json");
	assert_string_equal(res.body.data, body);
}

/* One error in the contract's form; `details` with its comma, or "". */
static void
assert_error_with(int status, const char *code, const char *message, const char *details)
{
	char body[512];

	snprintf(body, sizeof body,
	    "{\"errors\":[{\"origin\":\"%s\",\"code\":\"%s\",\"message\":\"%s\"%s}]}",
	    status < 500 ? "client_error" : "server_error", code, message, details);
	assert_string_equal(res.body.data, body);
	assert_int_equal(res.status, status);
	assert_string_equal(res.content_type, "application/json");
	assert_int_equal(
	    !!strstr(res.headers.data, "WWW-Authenticate: Session realm=\"altogic\"\r\n"),
	    status == 401);
}

static void
assert_error(int status, const char *code, const char *message)
{
	assert_error_with(status, code, message, "");
}

#define FIELD(name) ",\"details\":{\"field\":\"" name "\"}"
#define HEAD                                                                             \
	"{\"taskId\":\"" HEX("2b") "\",\"scheduledTaskId\":\"" HEX(                      \
	    "2a") "\",\"scheduledTaskName\":\"billOnDemand\",\"triggeredAt\":\"2022-03-" \
		  "20T23:00:53.966Z\",\"status\":"

/* ---- paths, methods, size ---- */

static void
it_owns_what_is_below_its_base_paths(void **state)
{
	static const struct {
		const char *path;
		bool owned;
	} rows[] = {
	    {"/_api", true},
	    {"/_api/", true},
	    {"/_api/rest/v1/task", true},
	    {"/e:abc/_api/rest/v1/task", true},
	    {"/e:", true},
	    {"/_apix", false},
	    {"/e", false},
	    {"/", false},
	    {"/API3/tasks", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_int_equal(altogic_owns(rows[i].path), rows[i].owned);
}

static void
an_unknown_path_is_404_before_anything_else(void **state)
{
	static const char *const none[] = {NULL};
	static const char *const paths[] = {"/_api", "/_api/rest/v1", "/_api/rest/v1/",
	    "/_api/rest/v1/nope", "/_api/rest/v1/tasks", "/_api/rest/v1/Task",
	    "/_api/rest/v2/task", "/_api/rest/v1/auth/signout/", "/_api/rest/v1/auth/signup",
	    "/e:/_api/rest/v1/task", "/e:a-b/_api/rest/v1/task", "/e:abc", "/e:abc/task",
	    "/e:12345678901234567890123456789012345678901234567890123456789012345"
	    "/_api/rest/v1/task"};

	(void)state;
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		send_with(none, "PUT", paths[i], "");
		assert_error(404, "not_found", "Not found");
	}
	assert_int_equal(fake.calls, 0);
}

static void
another_method_is_405_and_says_which_are_allowed(void **state)
{
	static const struct {
		const char *method, *path, *allow;
	} rows[] = {
	    {"PUT", TASK, "Allow: POST\r\n"},
	    {"HEAD", TASK, "Allow: POST\r\n"},
	    {"OPTIONS", TASK, "Allow: POST\r\n"},
	    {"DELETE", STATUS("x"), "Allow: GET, HEAD\r\n"},
	    {"POST", STATUS("x"), "Allow: GET, HEAD\r\n"},
	    {"POST", STATUS(""), "Allow: GET, HEAD\r\n"},
	    {"GET", SIGN_IN, "Allow: POST\r\n"},
	    {"GET", SIGN_OUT, "Allow: POST\r\n"},
	};
	static const char *const none[] = {NULL};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct request req = request_of(rows[i].method, rows[i].path, "", none);

		req.body_too_large = true;
		send_request(&req);
		assert_error(405, "method_not_allowed", "Method not allowed");
		assert_string_equal(res.headers.data, rows[i].allow);
	}
}

static void
a_body_over_the_limit_is_413_before_environment_and_key(void **state)
{
	static const char *const none[] = {NULL};
	struct request req = request_of("POST", "/e:no" TASK, "", none);

	(void)state;
	req.body_too_large = true;
	send_request(&req);
	assert_error(413, "request_too_large", "Request body too large");
}

/* ---- who calls ---- */

static void
who_calls_is_checked_in_the_contracts_order(void **state)
{
	static const char *const bad_session[] = {
	    "HTTP_X_CLIENT_KEY=ks", "HTTP_SESSION=bad", NULL};
	static const char *const no_session[] = {"HTTP_X_CLIENT_KEY=ks", "HTTP_SESSION=", NULL};
	static const char *const with_api_key[] = {
	    "HTTP_X_CLIENT_KEY=ks", "HTTP_AUTHORIZATION=api", NULL};
	static const char *const none[] = {"HTTP_SESSION=bad", NULL};

	(void)state;
	face.api_key = "api";
	send_with(none, "POST", "/e:no" TASK, "{");
	assert_error(404, "environment_not_found", "Environment not found");
	send_with(none, "POST", "/e:" ENV TASK, "{");
	assert_error(401, "invalid_client_key", "Client key is missing or not valid");
	send_with(bad_session, "POST", TASK, "{");
	assert_error(401, "invalid_api_key", "API key is missing or not valid");
	send_with(with_api_key, "POST", TASK, "{");
	assert_error(401, "missing_session_token", "An active user session is required");
	face.api_key = NULL;
	send_with(no_session, "POST", TASK, "{");
	assert_error(401, "missing_session_token", "An active user session is required");
	send_with(bad_session, "GET", STATUS("x"), "");
	assert_error(401, "invalid_session_token", "Session token is not valid");
	send_with(ks, "POST", TASK, "{");
	assert_error(400, "invalid_json", "Request body is not valid JSON");
	assert_int_equal(fake.calls, 0);
}

static void
an_api_key_counts_only_where_it_is_configured(void **state)
{
	static const struct {
		const char *shown;
		bool accepted;
	} rows[] = {
	    {"HTTP_AUTHORIZATION=my-api-key", true},
	    {"HTTP_AUTHORIZATION=my-api-kez", false},
	    {"HTTP_AUTHORIZATION=my-api-key1", false},
	    {"HTTP_AUTHORIZATION=my-api", false},
	    {"HTTP_AUTHORIZATION=", false},
	    {"HTTP_AUTHORIZATION=Bearer my-api-key", false},
	    {NULL, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *const headers[] = {"HTTP_X_CLIENT_KEY=k", rows[i].shown, NULL};

		face.api_key = NULL;
		send_with(headers, "GET", STATUS("x"), "");
		assert_body("null");
		face.api_key = "my-api-key";
		send_with(headers, "GET", STATUS("x"), "");
		if (rows[i].accepted)
			assert_body("null");
		else
			assert_error(401, "invalid_api_key", "API key is missing or not valid");
	}
}

static void
what_the_key_may_not_do_is_403(void **state)
{
	(void)state;
	fake.ret = ERR_DENIED;
	send_plain("POST", TASK, "{\"taskNameOrId\":\"x\"}");
	assert_error(403, "forbidden", "Insufficient permissions");
	/* Behind the API key. */
	fake.denied = true;
	send_with(ks, "POST", TASK, "{");
	assert_error(403, "forbidden", "Insufficient permissions");
	face.api_key = "api";
	send_with(ks, "POST", TASK, "{");
	assert_error(401, "invalid_api_key", "API key is missing or not valid");
	face.api_key = NULL;
	fake.denied = false;
	/* Also for what is not there: else it would tell which ids there are. */
	fake.scopes = SCOPE_RUN;
	send_plain("GET", STATUS("x"), "");
	assert_error(403, "forbidden", "Insufficient permissions");
}

static void
a_fault_of_the_server_is_json_and_keeps_its_reason_to_itself(void **state)
{
	(void)state;
	fake.ret = ERR_BUSY;
	send_plain("POST", TASK, "{\"taskNameOrId\":\"x\"}");
	assert_error(503, "service_unavailable", "Service unavailable");
	assert_non_null(strstr(res.headers.data, "Retry-After: 1\r\n"));
	assert_false(res.recover);
	fake.ret = ERR_IO;
	send_plain("GET", STATUS("1"), "");
	assert_error(500, "internal_error", "Internal server error");
	fake.ret = ERR_RECOVER;
	send_plain("GET", STATUS("1"), "");
	assert_error(503, "service_unavailable", "Service unavailable");
	assert_true(res.recover);
}

/* ---- pages of other origins ---- */

#define ALLOWED                                              \
	"Access-Control-Allow-Origin: https://page.test\r\n" \
	"Access-Control-Allow-Credentials: true\r\nVary: Origin\r\n"

static void
a_listed_origin_may_read_every_answer_and_asks_before_any_check(void **state)
{
	static const char *const headers[] = {"HTTP_ORIGIN=https://page.test", NULL};

	(void)state;
	send_with(headers, "OPTIONS", "/e:no" TASK, "");
	assert_int_equal(res.status, 204);
	assert_null(res.content_type);
	assert_string_equal(res.headers.data,
	    ALLOWED "Access-Control-Allow-Methods: GET, POST, OPTIONS\r\n"
		    "Access-Control-Allow-Headers: content-type, x-client, x-client-key, "
		    "session, authorization\r\n"
		    "Access-Control-Max-Age: 600\r\n");
	/* A client that calls what is not served can read that. */
	send_with(headers, "OPTIONS", "/_api/rest/v1/db/object", "");
	assert_int_equal(res.status, 204);
	send_with(headers, "GET", "/_api/rest/v1/db/object", "");
	assert_error(404, "not_found", "Not found");
	assert_string_equal(res.headers.data, ALLOWED);
	send_with(headers, "GET", STATUS("x"), "");
	assert_error(401, "invalid_client_key", "Client key is missing or not valid");
	assert_memory_equal(res.headers.data, ALLOWED, sizeof ALLOWED - 1);
}

static void
an_origin_that_is_not_listed_gets_no_header(void **state)
{
	static const char *const headers[] = {
	    "HTTP_ORIGIN=https://other.test", "HTTP_X_CLIENT_KEY=k", NULL};

	(void)state;
	send_with(headers, "OPTIONS", STATUS("x"), "");
	assert_error(405, "method_not_allowed", "Method not allowed");
	assert_string_equal(res.headers.data, "Allow: GET, HEAD\r\n");
	send_with(headers, "GET", STATUS("x"), "");
	assert_body("null");
	assert_string_equal(res.headers.data, "");
}

/* ---- runOnce ---- */

static void
a_run_is_answered_as_it_was_made(void **state)
{
	(void)state;
	send_plain("POST", TASK, "{\"taskNameOrId\":\"billOnDemand\",\"more\":1}");
	assert_body(HEAD "\"pending\"}");
	assert_string_equal(fake.text, "billOnDemand");
	assert_int_equal(fake.actor_user, OWNER);
	assert_string_equal(res.headers.data, "");
	/* What the scheduler made of it meanwhile is not told. */
	fake.execution.start_us = TIME(1);
	send_with(ks, "POST", "/e:" ENV TASK, "{\"taskNameOrId\":\"g\\u00fcn \\\"sonu\\\"\"}");
	assert_body(HEAD "\"pending\"}");
	assert_string_equal(fake.text, "gün \"sonu\"");
	assert_int_equal(fake.actor_user, USER);
}

static void
what_means_no_task_is_404(void **state)
{
	(void)state;
	fake.ret = ERR_MISSING;
	send_plain("POST", TASK, "{\"taskNameOrId\":\"nope\"}");
	assert_error(404, "task_not_found", "Scheduled task not found");
}

static void
a_body_that_is_no_object_is_invalid_json(void **state)
{
	static const char *const bodies[] = {
	    "", "{", "[]", "\"x\"", "null", "{\"taskNameOrId\":\"\\ud800\"}", "{\"a\":1}x"};
	static const char *const paths[] = {TASK, SIGN_IN, SIGN_OUT};
	struct request req = request_of("POST", TASK, "{\"taskNameOrId\":\"x\"}", k);

	(void)state;
	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
		for (size_t p = 0; p < sizeof paths / sizeof *paths; p++) {
			send_with(ks, "POST", paths[p], bodies[i]);
			assert_error(400, "invalid_json", "Request body is not valid JSON");
		}
	}
	req.body_short = true;
	send_request(&req);
	assert_error(400, "invalid_json", "Request body is not valid JSON");
	assert_int_equal(fake.calls, 0);
}

static void
a_member_that_is_missing_or_no_text_is_named(void **state)
{
#define MISSING "missing_required_value", "Missing value: "
#define INVALID "invalid_value", "Invalid value: "
	static const struct {
		const char *path, *body, *code, *message, *details;
	} rows[] = {
	    {TASK, "{}", MISSING "taskNameOrId", FIELD("taskNameOrId")},
	    {TASK, "{\"taskNameOrId\":null}", MISSING "taskNameOrId", FIELD("taskNameOrId")},
	    {TASK, "{\"taskNameOrId\":\"\"}", MISSING "taskNameOrId", FIELD("taskNameOrId")},
	    {TASK, "{\"taskNameOrId\":5}", INVALID "taskNameOrId", FIELD("taskNameOrId")},
	    {TASK, "{\"taskNameOrId\":[]}", INVALID "taskNameOrId", FIELD("taskNameOrId")},
	    {SIGN_IN, "{\"password\":\"x\"}", MISSING "email", FIELD("email")},
	    {SIGN_IN, "{\"email\":1}", INVALID "email", FIELD("email")},
	    {SIGN_IN, "{\"email\":\"a@b.c\"}", MISSING "password", FIELD("password")},
	    {SIGN_OUT, "{\"token\":1}", INVALID "token", FIELD("token")},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		send_with(ks, "POST", rows[i].path, rows[i].body);
		assert_error_with(400, rows[i].code, rows[i].message, rows[i].details);
	}
	assert_int_equal(fake.calls, 0);
}

/* ---- getTaskStatus ---- */

static void
look(void)
{
	send_plain("GET", STATUS(HEX("2b")), "");
}

static void
an_empty_id_is_a_missing_value(void **state)
{
	(void)state;
	send_plain("GET", TASK, "");
	assert_error_with(
	    400, "missing_required_value", "Missing value: taskId", FIELD("taskId"));
	send_plain("GET", STATUS(""), "");
	assert_error_with(
	    400, "missing_required_value", "Missing value: taskId", FIELD("taskId"));
}

static void
an_unknown_id_is_null_and_no_error(void **state)
{
	static const char *const paths[] = {STATUS("undefined"), STATUS("a b/ç"),
	    STATUS("6237b225b9a84d607cd79044"), STATUS(HEX("99")), STATUS("0"), STATUS("/")};

	(void)state;
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		send_plain("GET", paths[i], "");
		assert_body("null");
	}
}

static void
the_states_of_a_run(void **state)
{
	(void)state;
	look();
	assert_body(HEAD "\"pending\"}");
	fake.tasks[0].status = TASK_STARTING;
	look();
	assert_body(HEAD "\"pending\"}");
	fake.tasks[0].status = TASK_RETRYING;
	look();
	assert_body(HEAD "\"pending\"}");
	fake.tasks[0].status = TASK_RUNNING;
	fake.execution.start_us = TIME(43);
	look();
	assert_body(HEAD "\"processing\",\"startedAt\":\"2022-03-20T23:00:54.009Z\"}");
	fake.tasks[0].status = TASK_CANCELLING;
	look();
	assert_body(HEAD "\"processing\",\"startedAt\":\"2022-03-20T23:00:54.009Z\"}");
	fake.tasks[0].status = TASK_SUCCEEDED;
	fake.execution.end_us = TIME(70);
	look();
	assert_body(HEAD "\"completed\",\"startedAt\":\"2022-03-20T23:00:54.009Z\","
			 "\"completedAt\":\"2022-03-20T23:00:54.036Z\"}");
	/* It runs again. */
	fake.tasks[0].status = TASK_PENDING;
	fake.execution.end_us = INSTANT_NEVER;
	look();
	assert_body(HEAD "\"pending\",\"startedAt\":\"2022-03-20T23:00:54.009Z\"}");
}

#define BOTH_TIMES                                    \
	",\"startedAt\":\"2022-03-20T23:00:54.009Z\"" \
	",\"completedAt\":\"2022-03-20T23:00:54.036Z\""
#define END_TIME ",\"completedAt\":\"2022-03-20T23:00:54.036Z\""

static void
a_run_that_did_not_end_well_says_why(void **state)
{
	static struct attempt failed = {.start_us = 1, .exit_code = 3};
	static struct attempt killed = {.start_us = 1, .exit_code = -1, .signal = 9};
	static struct attempt never = {
	    .start_us = INSTANT_NEVER, .exit_code = -1, .reason = "no such program"};
	static const struct {
		enum task_status status;
		struct attempt *attempt;
		bool started;
		const char *times, *code, *rest;
	} rows[] = {
	    {TASK_FAILED, &failed, true, BOTH_TIMES, "task_failed",
		"Exit code 3\",\"details\":{\"exitCode\":3}"},
	    {TASK_FAILED, &killed, true, BOTH_TIMES, "task_failed", "Ended by signal 9\""},
	    /* It was tried: that moment is both times. */
	    {TASK_FAILED, &never, false, ",\"startedAt\":\"2022-03-20T23:00:54.036Z\"" END_TIME,
		"task_failed", "no such program\""},
	    {TASK_LOST, &killed, true, BOTH_TIMES, "task_failed",
		"Lost: how it ended is not known\""},
	    {TASK_TIMED_OUT, &killed, true, BOTH_TIMES, "task_timeout", "Timed out\""},
	    {TASK_CANCELLED, &killed, true, BOTH_TIMES, "task_canceled", "Cancelled\""},
	    {TASK_CANCELLED, NULL, false, END_TIME, "task_canceled", "Cancelled\""},
	    {TASK_CONDITION, NULL, false, END_TIME, "task_skipped",
		"Not run: the trigger said no\""},
	    {TASK_SKIPPED, NULL, false, END_TIME, "task_skipped",
		"Skipped: a task before it decided so\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char body[512];

		fake.tasks[0] = (struct task){
		    .status = rows[i].status,
		    .attempts = rows[i].attempt,
		    .attempt_count = rows[i].attempt ? 1 : 0,
		};
		fake.execution.start_us = rows[i].started ? TIME(43) : INSTANT_NEVER;
		fake.execution.end_us = TIME(70);
		look();
		snprintf(body, sizeof body,
		    HEAD "\"errors\"%s,\"errors\":{\"origin\":\"server_error\",\"code\":\"%s\","
			 "\"message\":\"%s}}",
		    rows[i].times, rows[i].code, rows[i].rest);
		assert_body(body);
	}
}

static void
a_run_of_several_tasks_has_one_state(void **state)
{
	static const struct {
		enum task_status tasks[3];
		const char *status, *code; /* NULL: none */
	} rows[] = {
	    {{TASK_PENDING, TASK_WAITING, TASK_WAITING}, "pending", NULL},
	    {{TASK_RUNNING, TASK_WAITING, TASK_PENDING}, "processing", NULL},
	    {{TASK_SUCCEEDED, TASK_PENDING, TASK_WAITING}, "processing", NULL},
	    {{TASK_FAILED, TASK_RUNNING, TASK_SUCCEEDED}, "processing", NULL},
	    {{TASK_SUCCEEDED, TASK_SUCCEEDED, TASK_SUCCEEDED}, "completed", NULL},
	    {{TASK_SUCCEEDED, TASK_FAILED, TASK_SKIPPED}, "errors", "task_failed"},
	    {{TASK_SKIPPED, TASK_CANCELLED, TASK_TIMED_OUT}, "errors", "task_timeout"},
	    {{TASK_CANCELLED, TASK_SUCCEEDED, TASK_SKIPPED}, "errors", "task_canceled"},
	    {{TASK_SKIPPED, TASK_CONDITION, TASK_SUCCEEDED}, "errors", "task_skipped"},
	    /* One that runs only after a failure spoils nothing. */
	    {{TASK_SUCCEEDED, TASK_SKIPPED, TASK_SKIPPED}, "completed", NULL},
	    {{TASK_SKIPPED, TASK_SKIPPED, TASK_SKIPPED}, "errors", "task_skipped"},
	};

	(void)state;
	fake.task_count = 3;
	fake.execution.start_us = TIME(43);
	fake.execution.end_us = TIME(70);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char part[64];

		for (size_t t = 0; t < 3; t++)
			fake.tasks[t] = (struct task){.status = rows[i].tasks[t]};
		look();
		snprintf(part, sizeof part, "\"status\":\"%s\"", rows[i].status);
		assert_non_null(strstr(res.body.data, part));
		snprintf(part, sizeof part, "\"code\":\"%s\"", rows[i].code);
		assert_int_equal(!!strstr(res.body.data, part), rows[i].code != NULL);
		assert_int_equal(!!strstr(res.body.data, "\"code\""), rows[i].code != NULL);
	}
}

static void
times_ascend_even_if_the_clock_was_set_back(void **state)
{
	(void)state;
	fake.tasks[0].status = TASK_SUCCEEDED;
	fake.execution.start_us = TIME(-5000);
	fake.execution.end_us = TIME(-7000);
	look();
	assert_body(HEAD "\"completed\",\"startedAt\":\"2022-03-20T23:00:53.966Z\","
			 "\"completedAt\":\"2022-03-20T23:00:53.966Z\"}");
}

static void
a_run_is_told_for_seven_days(void **state)
{
	static const struct {
		int64_t age_us;
		bool told;
	} rows[] = {
	    {6 * DAY_US + 23 * HOUR_US, true},
	    {7 * DAY_US, true},
	    {7 * DAY_US + SECOND_US, false},
	    {8 * DAY_US, false},
	};
	static const char *const paths[] = {
	    STATUS(HEX("2b")), STATUS(HEX("2a")), "/e:" ENV STATUS("43")};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		for (size_t p = 0; p < sizeof paths / sizeof *paths; p++) {
			struct request req = request_of("GET", paths[p], "", k);

			req.now_us = TIME(0) + rows[i].age_us;
			send_request(&req);
			assert_body(rows[i].told ? HEAD "\"pending\"}" : "null");
		}
	}
}

static void
the_id_of_a_scheduled_task_gives_its_latest_run(void **state)
{
	(void)state;
	send_plain("GET", STATUS(HEX("2a")), "");
	assert_body(HEAD "\"pending\"}");
	send_plain("HEAD", STATUS(HEX("2A")), "");
	assert_body(HEAD "\"pending\"}");
	fake.execution.id = 0;
	send_plain("GET", STATUS(HEX("2a")), "");
	assert_body("null");
}

/* ---- sessions ---- */

static void
sign_in_answers_with_user_and_session(void **state)
{
	static const char *const key[] = {"HTTP_X_CLIENT_KEY=ks", NULL};

	(void)state;
	send_with(key, "POST", SIGN_IN, "{\"email\":\"A@example.test\",\"password\":\"pw\"}");
	assert_body("{\"user\":{\"_id\":\"" HEX(
	    "08") "\",\"email\":\"a@example.test\"},"
		  "\"session\":{\"userId\":\"" HEX("08") "\",\"token\":\"dG9rZW4=\","
							 "\"creationDtm\":\"2022-03-20T23:00:"
							 "53.966Z\",\"accessGroupKeys\":[]}}");
	assert_string_equal(fake.text, "A@example.test");
	assert_string_equal(fake.other, "pw");
	assert_int_equal(fake.idle_us, DAY_US);
}

static void
a_wrong_pair_is_401_and_a_lock_says_how_long(void **state)
{
	(void)state;
	fake.ret = ERR_IDENTITY;
	send_plain("POST", SIGN_IN, "{\"email\":\"a@b.c\",\"password\":\"pw\"}");
	assert_error(401, "invalid_credentials", "E-mail address or password is not valid");
	assert_null(strstr(res.headers.data, "Retry-After"));
	fake.locked_us = 1500 * MILLISECOND_US;
	send_plain("POST", SIGN_IN, "{\"email\":\"a@b.c\",\"password\":\"pw\"}");
	assert_error(401, "invalid_credentials", "E-mail address or password is not valid");
	assert_non_null(strstr(res.headers.data, "Retry-After: 2\r\n"));
}

static void
sign_out_ends_a_session_and_answers_nothing(void **state)
{
	static const struct {
		const char *body, *token;
	} rows[] = {
	    {"{}", "(none)"},
	    {"{\"token\":null}", "(none)"},
	    {"{\"token\":\"\"}", "(none)"},
	    {"{\"token\":\"other\"}", "other"},
	};
	static const char *const with_session[] = {
	    "HTTP_X_CLIENT_KEY=k", "HTTP_SESSION=good", NULL};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		send_with(with_session, "POST", SIGN_OUT, rows[i].body);
		assert_int_equal(res.status, 200);
		assert_null(res.content_type);
		assert_string_equal(res.body.data, "");
		assert_string_equal(fake.text, rows[i].token);
	}
}

static void
sign_out_needs_a_session_whatever_the_key(void **state)
{
	static const char *const bad[] = {"HTTP_X_CLIENT_KEY=k", "HTTP_SESSION=bad", NULL};

	(void)state;
	send_plain("POST", SIGN_OUT, "{}");
	assert_error(401, "missing_session_token", "An active user session is required");
	send_with(bad, "POST", SIGN_OUT, "{}");
	assert_error(401, "invalid_session_token", "Session token is not valid");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(it_owns_what_is_below_its_base_paths),
	    TEST(an_unknown_path_is_404_before_anything_else),
	    TEST(another_method_is_405_and_says_which_are_allowed),
	    TEST(a_body_over_the_limit_is_413_before_environment_and_key),
	    TEST(who_calls_is_checked_in_the_contracts_order),
	    TEST(an_api_key_counts_only_where_it_is_configured),
	    TEST(what_the_key_may_not_do_is_403),
	    TEST(a_fault_of_the_server_is_json_and_keeps_its_reason_to_itself),
	    TEST(a_listed_origin_may_read_every_answer_and_asks_before_any_check),
	    TEST(an_origin_that_is_not_listed_gets_no_header),
	    TEST(a_run_is_answered_as_it_was_made),
	    TEST(what_means_no_task_is_404),
	    TEST(a_body_that_is_no_object_is_invalid_json),
	    TEST(a_member_that_is_missing_or_no_text_is_named),
	    TEST(an_empty_id_is_a_missing_value),
	    TEST(an_unknown_id_is_null_and_no_error),
	    TEST(the_states_of_a_run),
	    TEST(a_run_that_did_not_end_well_says_why),
	    TEST(a_run_of_several_tasks_has_one_state),
	    TEST(times_ascend_even_if_the_clock_was_set_back),
	    TEST(a_run_is_told_for_seven_days),
	    TEST(the_id_of_a_scheduled_task_gives_its_latest_run),
	    TEST(sign_in_answers_with_user_and_session),
	    TEST(a_wrong_pair_is_401_and_a_lock_says_how_long),
	    TEST(sign_out_ends_a_session_and_answers_nothing),
	    TEST(sign_out_needs_a_session_whatever_the_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
