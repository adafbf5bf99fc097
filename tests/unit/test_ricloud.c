/*
 * The face ricloud without a store: the use cases are made up here, so that what is tested is
 * the translation alone. Rows of wire/ricloud.md 8.2 that need a service are in
 * tests/api/test_ricloud.py.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "calendar/civil.h"
#include "faces/ricloud/call.h"
#include "faces/ricloud/ricloud.h"
#include "service/results.h"
#include "service/tasks.h"

enum { TENANT = 3, USER = 7, TASKS = 25 };

/* 2018-08-22T10:25:05Z */
#define TIME INT64_C(1534933505000000)

static struct {
	int ret; /* of every use case but the first */
	struct task_line lines[TASKS];
	size_t line_count;
	struct task task;
	struct execution execution;
	struct result results[3];
	size_t result_count;
	unsigned progress, acknowledged, listed;
	uint64_t id;
} fake;

static struct arena arena;
static struct response res;
static struct service service;
static struct face face = {.service = &service, .output_path = "/srv/output"};

/* ---- the use cases ---- */

int
service_authenticate(struct service *sv, struct arena *a, int64_t now_us, const char *token,
    struct actor *actor, struct err *err)
{
	(void)sv, (void)a, (void)now_us;
	*actor = (struct actor){.user_id = USER, .tenant_id = TENANT, .scopes = SCOPE_ALL};
	if (!strcmp(token, "tasks"))
		actor->scopes = SCOPE_READ;
	else if (!strcmp(token, "results"))
		actor->scopes = SCOPE_RESULTS;
	else if (strcmp(token, "T") != 0)
		return err_fail(err, ERR_IDENTITY, "no such token");
	return 0;
}

static int
asked(uint64_t id, struct err *err)
{
	fake.id = id;
	return fake.ret ? err_fail(err, fake.ret, "made up") : 0;
}

int
service_get_task(struct service *sv, struct arena *a, const struct actor *actor, uint64_t id,
    struct task *task, struct execution *e, struct err *err)
{
	(void)sv, (void)a, (void)actor;
	*task = fake.task;
	task->id = id;
	*e = fake.execution;
	return asked(id, err);
}

int
service_scan_tasks(struct service *sv, const struct actor *actor,
    void (*look)(void *ctx, const struct task_line *line), void *ctx, struct err *err)
{
	(void)sv, (void)actor;
	for (size_t i = 0; i < fake.line_count; i++)
		look(ctx, &fake.lines[i]);
	return asked(0, err);
}

int
service_task_due(struct service *sv, const struct actor *actor, uint64_t id, int64_t *due_us,
    struct err *err)
{
	(void)sv, (void)actor, (void)err;
	*due_us = id == 1 ? TIME : INSTANT_NEVER;
	return 0;
}

int
service_user_by_name(struct service *sv, const struct actor *actor, const char *name,
    uint64_t *id, struct err *err)
{
	(void)sv, (void)actor;
	*id = USER;
	return strcmp(name, "ann") ? err_fail(err, ERR_MISSING, "User not found") : 0;
}

void
service_progress(struct service *sv)
{
	(void)sv;
	fake.progress++;
}

int
service_get_result(struct service *sv, struct arena *a, const struct actor *actor, uint64_t id,
    struct result *r, struct err *err)
{
	(void)sv, (void)a, (void)actor;
	*r = fake.results[0];
	r->id = id;
	return asked(id, err);
}

int
service_list_results(struct service *sv, struct arena *a, const struct actor *actor,
    uint64_t task_id, struct result **list, size_t *count, struct err *err)
{
	(void)sv, (void)a, (void)actor;
	fake.listed++;
	*list = fake.results;
	*count = fake.result_count;
	return asked(task_id, err);
}

/* One on each page, as for a token with tags. */
int
service_walk_results(struct service *sv, struct arena *a, const struct actor *actor,
    uint64_t before, size_t cap, struct result **list, size_t *count, uint64_t *next,
    struct err *err)
{
	size_t i = 0;

	(void)sv, (void)a, (void)actor, (void)cap;
	while (before && i < fake.result_count && fake.results[i].id >= before)
		i++;
	*list = &fake.results[i];
	*count = i < fake.result_count;
	*next = i + 1 < fake.result_count ? fake.results[i].id : 0;
	return asked(0, err);
}

int
service_acknowledge_result(struct service *sv, struct arena *a, const struct actor *actor,
    int64_t now_us, uint64_t id, struct result *r, struct err *err)
{
	(void)sv, (void)a, (void)actor;
	fake.acknowledged++;
	*r = fake.results[0];
	r->id = id;
	r->state = RESULT_CONSUMED;
	r->consumed_us = now_us;
	return asked(id, err);
}

int
service_result_path(
    struct service *sv, const struct result *r, char path[RESULT_PATH_TEXT], struct err *err)
{
	(void)sv, (void)err;
	snprintf(path, RESULT_PATH_TEXT, "0/5/0/1.results/%u", r->number);
	return 0;
}

/* ---- calls ---- */

static const char *argv[] = {"/bin/echo", NULL};

static int
begin(void **state)
{
	static struct attempt attempt = {.number = 1, .results = 2};

	(void)state;
	memset(&fake, 0, sizeof fake);
	fake.line_count = TASKS;
	for (size_t i = 0; i < TASKS; i++)
		fake.lines[i] = (struct task_line){.id = TASKS - i,
		    .execution_id = 100 + i,
		    .schedule_id = 42,
		    .schedule_type = 1,
		    .due_us = INSTANT_NEVER,
		    .triggered_us = TIME - (int64_t)i * SECOND_US,
		    .status = TASK_PENDING,
		    .start_us = INSTANT_NEVER,
		    .end_us = INSTANT_NEVER};
	fake.task = (struct task){
	    .status = TASK_PENDING, .end_us = INSTANT_NEVER, .def = {.argv = argv, .argc = 1}};
	fake.execution = (struct execution){.id = 5,
	    .schedule_id = 42,
	    .schedule_type = 1,
	    .due_us = INSTANT_NEVER,
	    .triggered_us = TIME};
	fake.task.attempts = &attempt;
	fake.result_count = 3;
	for (size_t i = 0; i < 3; i++)
		fake.results[i] = (struct result){.id = 9 - i,
		    .task_id = i + 1,
		    .number = (uint32_t)i,
		    .name = i ? "b \"x\".csv" : "a.json",
		    .bytes = 10 + i,
		    .md5 = {0xd4, 0x1d, 0x8c},
		    .json = !i,
		    .state = (enum result_state)(RESULT_AVAILABLE + i),
		    .created_us = TIME + (int64_t)i,
		    .consumed_us = i ? TIME + 5 : INSTANT_NEVER,
		    .deleted_us = i == 2 ? TIME + 6 : INSTANT_NEVER};
	return 0;
}

static int
end(void **state)
{
	(void)state;
	response_release(&res);
	arena_release(&arena);
	return 0;
}

/* A call with an Authorization header, or none. */
static void
call_as(const char *authorization, const char *method, const char *path, const char *query,
    const char *body)
{
	char *params[2] = {NULL};
	struct request req = {.arena = &arena,
	    .method = method,
	    .path = path,
	    .query = query,
	    .params = params,
	    .body = body,
	    .body_len = strlen(body),
	    .now_us = TIME + 7};

	if (authorization)
		params[0] = arena_printf(&arena, "HTTP_AUTHORIZATION=%s", authorization);
	response_release(&res);
	ricloud_handle(&face, &req, &res);
	assert_string_equal(res.content_type, "application/json");
	assert_true(res.body.len > 0 && *res.body.data == '{');
}

static void
get(const char *path, const char *query)
{
	call_as("Token T", "GET", path, query, "");
}

static void
assert_body(int status, const char *text)
{
	assert_string_equal(res.body.data, text);
	assert_int_equal(res.status, status);
}

static void
assert_error(int status, const char *code)
{
	if (res.status != status || !strstr(res.body.data, code))
		fail_msg("wanted %d %s, got %d %s", status, code, res.status, res.body.data);
}

#define NOT_FOUND "{\"error\":\"not-found\",\"message\":\"Not found\"}"
#define WRONG(params)                                             \
	"{\"error\":\"invalid-parameter\",\"message\":\"Invalid " \
	"parameter\",\"params\":{" params "}}"

/* The whole list's ids, in one text. */
static const char *
ids(void)
{
	struct buf out = BUF_INIT;
	const char *text, *at = res.body.data;

	assert_int_equal(res.status, 200);
	while ((at = strstr(at, "{\"id\":"))) {
		at += 6;
		buf_addf(&out, "%s%.*s", out.len ? " " : "", (int)strcspn(at, ","), at);
	}
	text = arena_strdup(&arena, out.data ? out.data : "");
	buf_release(&out);
	return text;
}

static void
assert_list(const char *query, const char *wanted)
{
	get("/tasks", query);
	if (res.status != 200 || strcmp(ids(), wanted) != 0)
		fail_msg("%s: wanted %s, got %d %s", query, wanted, res.status,
		    res.status == 200 ? ids() : res.body.data);
}

static void
assert_total(const char *words)
{
	if (!strstr(res.body.data, words))
		fail_msg("no %s in %s", words, res.body.data);
}

/* ---- paths and the order of checks ---- */

static void
names_of_that_api_are_owned_and_no_others(void **state)
{
	static const char *const own[] = {"/tasks", "/tasks/1", "/results", "/ricloud",
	    "/ricloud/x", "/organisation", "/key", "/keys/2", "/users", "/sources", "/sessions",
	    "/polls", "/subscriptions", "/events", "/permissions", "/configs/storage"};
	static const char *const foreign[] = {
	    "/", "/tasksx", "/API3/tasks", "/Tasks", "/ricloudx", "/config", "/healthz"};

	(void)state;
	for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
		assert_true(ricloud_owns(own[i]));
	for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++)
		assert_false(ricloud_owns(foreign[i]));
}

static void
a_path_that_names_nothing_is_404_for_anybody_and_any_method(void **state)
{
	static const char *const paths[] = {"/tasks/", "/tasks/a b/c", "/tasks/1.0",
	    "/tasks/-1", "/tasks/+1", "/tasks/0x1", "/tasks/01", "/tasks/1/", "/tasks/1/ack",
	    "/tasks/1 ", "/tasks/63617269-6c6c-8000-8000-000000000001", "/results/",
	    "/results/1/ack/", "/results/1/acknowledge", "/results/a/ack", "/results//ack",
	    "/ricloud", "/ricloud/", "/ricloud/ricloud/tasks", "/ricloud/users", "/users",
	    "/configs/storage", "/key", "/tasks/\xd9\xa1"};

	(void)state;
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		call_as(NULL, "DELETE", paths[i], "", "");
		assert_body(404, NOT_FOUND);
	}
}

static void
an_id_of_any_length_is_looked_for(void **state)
{
	char path[5010] = "/tasks/";

	(void)state;
	fake.ret = ERR_MISSING;
	memset(path + 7, '9', 5000);
	get(path, "");
	assert_body(404, NOT_FOUND);
	assert_true(fake.id == UINT64_MAX);
	get("/tasks/0", "");
	assert_body(404, NOT_FOUND);
	call_as("Token x", "GET", path, "", "");
	assert_error(401, "unauthorized");
}

static void
the_alias_is_as_the_root(void **state)
{
	(void)state;
	get("/ricloud/tasks/17", "");
	assert_int_equal(res.status, 200);
	assert_int_equal(fake.id, 17);
	get("/ricloud/tasks", "");
	assert_total("\"url\":\"/tasks\"");
}

static void
other_methods_are_405_with_allow_before_size_and_token(void **state)
{
	static const struct {
		const char *method, *path, *allow;
	} rows[] = {
	    {"POST", "/tasks", "Allow: GET, HEAD\r\n"},
	    {"DELETE", "/tasks/1", "Allow: GET, HEAD\r\n"},
	    {"PUT", "/results/1", "Allow: GET, HEAD\r\n"},
	    {"POST", "/results/1", "Allow: GET, HEAD\r\n"},
	    {"OPTIONS", "/tasks", "Allow: GET, HEAD\r\n"},
	    {"get", "/tasks", "Allow: GET, HEAD\r\n"},
	    {"PUT", "/results/1/ack", "Allow: GET, HEAD, POST\r\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		call_as(NULL, rows[i].method, rows[i].path, "", "");
		assert_body(405,
		    "{\"error\":\"method-not-allowed\",\"message\":\"Method not allowed\"}");
		assert_string_equal(res.headers.data, rows[i].allow);
	}
}

static void
a_large_body_is_413_before_the_token(void **state)
{
	char *params[] = {NULL};
	struct request req = {.arena = &arena,
	    .method = "POST",
	    .path = "/results/1/ack",
	    .query = "",
	    .params = params,
	    .body = "",
	    .body_too_large = true};

	(void)state;
	response_release(&res);
	ricloud_handle(&face, &req, &res);
	assert_body(
	    413, "{\"error\":\"request-too-large\",\"message\":\"Request body too large\"}");
	/* Where the configuration lets more pass. */
	req.body_too_large = false;
	req.body_len = (1 << 20) + 1;
	ricloud_handle(&face, &req, &res);
	assert_error(413, "request-too-large");
}

static void
without_a_good_token_it_is_401_and_says_how(void **state)
{
	static const char *const bad[] = {NULL, "", "Token", "Token ", "Token   ",
	    "Token wrong", "TokenT", "Token\tT", "Bearer T", "Basic VDo=", "T"};
	static const char *const good[] = {"Token T", "token T", "TOKEN    T"};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		call_as(bad[i], "GET", "/tasks", "limit=0", "");
		assert_body(401,
		    "{\"error\":\"unauthorized\",\"message\":\"Missing or invalid token\"}");
		assert_string_equal(
		    res.headers.data, "WWW-Authenticate: Token realm=\"ricloud\"\r\n");
	}
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		call_as(good[i], "GET", "/tasks", "", "");
		assert_int_equal(res.status, 200);
	}
}

static void
a_scope_opens_its_own_resource_before_parameters_are_read(void **state)
{
	(void)state;
	call_as("Token results", "GET", "/tasks", "limit=0", "");
	assert_body(403,
	    "{\"error\":\"missing-scope\",\"message\":\"The key lacks the required scope\"}");
	call_as("Token results", "GET", "/results", "", "");
	assert_int_equal(res.status, 200);
	call_as("Token tasks", "POST", "/results/1/ack", "", "{");
	assert_error(403, "missing-scope");
	call_as("Token tasks", "GET", "/tasks/1", "", "");
	assert_int_equal(res.status, 200);
}

static void
faults_of_the_server_are_told_from_those_of_the_client(void **state)
{
	(void)state;
	fake.ret = ERR_BUSY;
	get("/tasks", "");
	assert_body(503, "{\"error\":\"unavailable\",\"message\":\"Service unavailable\"}");
	assert_false(res.recover);
	fake.ret = ERR_RECOVER;
	get("/tasks/1", "");
	assert_error(503, "unavailable");
	assert_true(res.recover);
	fake.ret = ERR_IO;
	get("/results", "");
	assert_body(500, "{\"error\":\"server-error\",\"message\":\"Internal server error\"}");
}

/* ---- objects ---- */

static void
a_pending_task_has_all_attributes(void **state)
{
	(void)state;
	get("/tasks/17", "limit=0&colour=red");
	assert_body(200,
	    "{\"id\":17,\"resource\":\"task\",\"organisation\":3,\"key\":0,\"user\":null,"
	    "\"source\":42,\"session\":5,\"poll\":null,\"source_type\":\"etl\","
	    "\"type\":\"schedule.run.command\",\"target\":\"/bin/echo\",\"state\":\"pending\","
	    "\"results\":[],\"error\":null,\"date_created\":\"2018-08-22T10:25:05.000000Z\","
	    "\"date_started\":null,\"date_completed\":null}");
	assert_int_equal(fake.listed, 0);
}

static void
a_task_that_has_ended_has_results_and_dates(void **state)
{
	(void)state;
	fake.execution.key_id = 8;
	fake.execution.actor_id = USER;
	fake.execution.due_us = TIME + 1234;
	fake.execution.schedule_type = 99;
	fake.task.status = TASK_SUCCEEDED;
	fake.task.attempt_count = 1;
	fake.task.attempts[0].start_us = TIME + 154530;
	fake.task.end_us = TIME + SECOND_US;
	fake.result_count = 1;
	get("/tasks/1", "");
	assert_body(200,
	    "{\"id\":1,\"resource\":\"task\",\"organisation\":3,\"key\":8,\"user\":7,"
	    "\"source\":42,\"session\":5,\"poll\":1534933505001,\"source_type\":null,"
	    "\"type\":\"schedule.run.command\",\"target\":\"/bin/echo\","
	    "\"state\":\"succeeded\",\"results\":[{\"id\":9,\"resource\":\"result\",\"task\":1,"
	    "\"poll\":1534933505001,\"identifier\":\"a.json\",\"type\":\"json\","
	    "\"url\":\"local:///srv/output/0/5/0/1.results/0\","
	    "\"checksum\":\"d41d8c00000000000000000000000000\",\"size\":10,"
	    "\"state\":\"available\",\"date_created\":\"2018-08-22T10:25:05.000000Z\","
	    "\"date_consumed\":null,\"date_deleted\":null}],\"error\":null,"
	    "\"date_created\":\"2018-08-22T10:25:05.000000Z\","
	    "\"date_started\":\"2018-08-22T10:25:05.154530Z\","
	    "\"date_completed\":\"2018-08-22T10:25:06.000000Z\"}");
	assert_int_equal(fake.listed, 1);
}

static void
every_status_has_a_state_and_failures_have_a_code(void **state)
{
	static const struct {
		enum task_status status;
		const char *state, *error;
	} rows[] = {
	    {TASK_WAITING, "\"suspended\"", "null"},
	    {TASK_PENDING, "\"pending\"", "null"},
	    {TASK_STARTING, "\"pending\"", "null"},
	    {TASK_RETRYING, "\"pending\"", "null"},
	    {TASK_RUNNING, "\"processing\"", "null"},
	    {TASK_CANCELLING, "\"processing\"", "null"},
	    {TASK_SUCCEEDED, "\"succeeded\"", "null"},
	    {TASK_FAILED, "\"failed\"", "\"task-failed\""},
	    {TASK_LOST, "\"failed\"", "\"task-failed\""},
	    {TASK_TIMED_OUT, "\"failed\"", "\"task-timeout\""},
	    {TASK_CANCELLED, "\"failed\"", "\"task-canceled\""},
	    {TASK_SKIPPED, "\"failed\"", "\"task-skipped\""},
	    {TASK_CONDITION, "\"failed\"", "\"task-skipped\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		fake.task.status = rows[i].status;
		get("/tasks/1", "");
		assert_total(arena_printf(&arena, "\"state\":%s,\"results\":[],\"error\":%s,",
		    rows[i].state, rows[i].error));
	}
}

static void
the_types_of_sources_are_those_of_schedules(void **state)
{
	(void)state;
	assert_string_equal(ricloud_source_type(0), "printing");
	assert_string_equal(ricloud_source_type(SCHEDULE_TYPE_MAX), "update_private_roles");
	for (int i = 0; i <= SCHEDULE_TYPE_MAX; i++)
		assert_non_null(ricloud_source_type(i));
	assert_null(ricloud_source_type(SCHEDULE_TYPE_MAX + 1));
	assert_null(ricloud_source_type(-1));
}

static void
a_result_has_all_attributes(void **state)
{
	(void)state;
	fake.results[0] = fake.results[2];
	get("/results/7", "x");
	assert_body(200,
	    "{\"id\":7,\"resource\":\"result\",\"task\":3,\"poll\":null,"
	    "\"identifier\":\"b \\\"x\\\".csv\",\"type\":\"file\","
	    "\"url\":\"local:///srv/output/0/5/0/1.results/2\","
	    "\"checksum\":\"d41d8c00000000000000000000000000\",\"size\":12,"
	    "\"state\":\"expired\",\"date_created\":\"2018-08-22T10:25:05.000002Z\","
	    "\"date_consumed\":\"2018-08-22T10:25:05.000005Z\","
	    "\"date_deleted\":\"2018-08-22T10:25:05.000006Z\"}");
	fake.ret = ERR_MISSING;
	get("/results/7", "");
	assert_body(404, NOT_FOUND);
}

static void
acknowledging_takes_any_json_and_none(void **state)
{
	static const char *const bodies[] = {
	    "null", "", "{}", "[1,2]", "\"x\"", " 7 ", "{\"a\":1,\"a\":\"\\u0000\"}"};
	char deep[1001];

	(void)state;
	for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
		call_as("Token T", "POST", "/results/9/ack", "limit=x", bodies[i]);
		assert_int_equal(res.status, 200);
		assert_total("\"state\":\"consumed\"");
		assert_total("\"date_consumed\":\"2018-08-22T10:25:05.000007Z\"");
	}
	memset(deep, '[', 500);
	memset(deep + 500, ']', 500);
	deep[1000] = '\0';
	call_as("Token T", "POST", "/results/9/ack", "", deep);
	assert_int_equal(res.status, 200);
	get("/results/9/ack", "");
	assert_int_equal(res.status, 200);
	assert_int_equal(fake.acknowledged, sizeof bodies / sizeof bodies[0] + 2);
	fake.ret = ERR_MISSING;
	get("/results/9/ack", "");
	assert_body(404, NOT_FOUND);
}

static void
a_broken_body_acknowledges_nothing(void **state)
{
	static const char *const bodies[] = {
	    "{", "nul", "null null", "{'a':1}", "\"\xff\"", "]"};

	(void)state;
	for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
		call_as("Token T", "POST", "/results/9/ack", "", bodies[i]);
		assert_body(400, "{\"error\":\"invalid-body\","
				 "\"message\":\"Request body is not valid JSON\"}");
	}
	assert_int_equal(fake.acknowledged, 0);
}

/* ---- lists ---- */

static void
a_list_has_five_members_and_ten_items(void **state)
{
	(void)state;
	get("/tasks", "");
	assert_string_equal(ids(), "25 24 23 22 21 20 19 18 17 16");
	assert_int_equal(
	    strncmp(res.body.data, "{\"resource\":\"list\",\"data\":[{\"id\":25,", 36), 0);
	assert_total("],\"has_more\":true,\"total_count\":25,\"url\":\"/tasks\"}");
	get("/tasks", "limit=1000");
	assert_total("],\"has_more\":false,\"total_count\":25,\"url\":\"/tasks\"}");
	get("/tasks", "state=failed");
	assert_body(200, "{\"resource\":\"list\",\"data\":[],\"has_more\":false,"
			 "\"total_count\":0,\"url\":\"/tasks\"}");
}

static void
cursors_bound_a_page_and_not_the_count(void **state)
{
	(void)state;
	assert_list("after_id=16", "15 14 13 12 11 10 9 8 7 6");
	assert_total("\"has_more\":true,\"total_count\":25");
	assert_list("after_id=6", "5 4 3 2 1");
	assert_total("\"has_more\":false,\"total_count\":25");
	assert_list("before_id=23", "25 24");
	assert_total("\"has_more\":false,\"total_count\":25");
	assert_list("before_id=3&limit=2", "25 24");
	assert_total("\"has_more\":true,\"total_count\":25");
	assert_list("after_id=10&before_id=7", "9 8");
	assert_total("\"has_more\":false");
	assert_list("after_id=7&before_id=10", "");
	assert_list("after_id=0", "");
	assert_list("after_id=99999999999999999999999&limit=1", "25");
	assert_list("before_id=99999999999999999999999", "");
}

static void
each_filter_alone_and_two_together(void **state)
{
	(void)state;
	fake.lines[3].key_id = 8;	    /* 22 */
	fake.lines[4].actor_id = USER;	    /* 21 */
	fake.lines[5].actor_id = 9;	    /* 20 */
	fake.lines[6].schedule_id = 43;	    /* 19 */
	fake.lines[7].due_us = TIME + 999;  /* 18 */
	fake.lines[8].schedule_type = 2;    /* 17 */
	fake.lines[9].status = TASK_FAILED; /* 16 */
	fake.lines[10].status = TASK_LOST;  /* 15 */
	fake.lines[10].schedule_id = 43;
	fake.lines[11].status = TASK_WAITING; /* 14 */
	fake.lines[12].schedule_type = 99;    /* 13 */

	assert_list("key=8", "22");
	assert_list("key=0&limit=1", "25");
	assert_total("\"total_count\":24");
	assert_list("user=7", "21");
	assert_list("user=ann", "21");
	assert_list("user=bob", "");
	assert_list("user=7&user=9", "21 20");
	assert_list("user=ann&user=9", "21 20");
	assert_list("source=43", "19 15");
	assert_list("source=43&source=44", "19 15");
	assert_list("session=103", "22");
	assert_list("poll=1534933505000", "18");
	assert_list("poll=0", "");
	assert_list("source_type=machine_learning", "17");
	assert_list("source_type=nonsense", "");
	assert_list("type=schedule.run.command&limit=1", "25");
	assert_list("type=schedule.run", "");
	assert_list("type=Schedule.run.command", "");
	assert_list("state=failed", "16 15");
	assert_list("state=suspended&state=failed", "16 15 14");
	assert_list("state=failed&source=43", "15");
	assert_list("source=43&state=failed&source=42", "16 15");
	assert_list("source=9223372036854775807", "");
	assert_list("source=99999999999999999999999", "");
	assert_list("&&state=failed&", "16 15");
}

static void
dates_are_filtered_by_precision_and_by_operators(void **state)
{
	(void)state;
	fake.lines[0].start_us = TIME;		   /* 25 */
	fake.lines[1].start_us = TIME + 999999;	   /* 24 */
	fake.lines[2].start_us = TIME + SECOND_US; /* 23 */
	fake.lines[3].start_us = TIME + 123456;	   /* 22 */
	fake.lines[4].start_us = TIME + DAY_US;	   /* 21 */
	fake.lines[5].end_us = TIME + 1;	   /* 20 */

	assert_list("date_started=2018-08-22", "25 24 23 22");
	assert_list("date_started=2018-08-22T10:25", "25 24 23 22");
	assert_list("date_started=2018-08-22T10%3A25%3A05Z", "25 24 22");
	assert_list("date_started=2018-08-22T10:25:05.123Z", "22");
	assert_list("date_started=2018-08-22T10:25:05.123456Z", "22");
	assert_list("date_started=2018-08-22T10:25:05.123457Z", "");
	assert_list("date_started=2018-08-22+10:25:05", "25 24 22");
	assert_list("date_started=2018-08-22T12:25:05%2B02:00", "25 24 22");
	assert_list("date_started=2018-08-22T12:25:05+02:00", "25 24 22");
	assert_list("date_started=2018-08-22T12:25:05+0200", "25 24 22");
	assert_list("date_started=2018-08-22T07:55:05-02:30", "25 24 22");
	assert_list("date_started[gt]=2018-08-22T10:25:05Z", "24 23 22 21");
	assert_list("date_started%5Bgte%5D=2018-08-22T10:25:05Z", "25 24 23 22 21");
	assert_list("date_started__lt=2018-08-22T10:25:06Z", "25 24 22");
	assert_list("date_started[lte]=2018-08-22T10:25:06Z", "25 24 23 22");
	assert_list("date_started[gte]=2018-08-22T10:25:06&date_started__lt=2018-08-23", "23");
	assert_list("date_started[gte]=2018-08-22&date_started[gte]=2018-08-23", "21");
	assert_list("date_started=2018-08-22T10:25:06&date_started=2018-08-23", "23 21");
	assert_list("date_started=2018-08-22&date_started[gt]=2018-08-22T10:25:06", "");
	assert_list("date_completed[lt]=2030-01-01", "20");
	assert_list("date_completed[gt]=1970-01-01", "20");
	assert_list("date_created=2018-08-22T10:25:04Z", "24");
	assert_list("date_started[gte]=2018-08-23&date_created[gte]=2018-08-22", "21");
	assert_list("date_started[lt]=0001-01-01", "");
	assert_list("date_started[lt]=9999-12-31T23:59:59-23:59", "25 24 23 22 21");
}

static void
an_unreadable_date_is_400(void **state)
{
	static const char *const bad[] = {"garbage", "gt", "2018-08", "2018-8-22", "20180822",
	    "2018-02-30", "2018-13-01", "0000-01-01", "2018-08-22T", "2018-08-22T10",
	    "2018-08-22T1025", "2018-08-22T24:00:00", "2018-08-22T10:25:60", "2018-08-22T10:60",
	    "2018-08-22T10:25:05.", "2018-08-22T10:25:05.1234567", "2018-08-22T10:25:05,5",
	    "2018-08-22T10:25:05ZZ", "2018-08-22T10:25:05z", "2018-08-22T10:25:05%2B02",
	    "2018-08-22T10:25:05%2B24:00", "2018-08-22T10:25:05%2B02:60", "2018-08-22Z",
	    "2018-08-22t10:25:05", "%202018-08-22", "2018-08-22%20", "1534933505",
	    "2018-08-22T10:25:05%2B2:00", "-2018-08-22"};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		get("/tasks", arena_printf(&arena, "date_started[gte]=%s", bad[i]));
		if (res.status != 400)
			fail_msg("%s was read", bad[i]);
		assert_body(400, WRONG("\"date_started\":[\"Not a date or datetime\"]"));
	}
}

static void
what_is_wrong_with_parameters_is_told_of_each(void **state)
{
	static const struct {
		const char *query, *params;
	} rows[] = {
#define LIMIT	 "\"limit\":[\"Must be an integer from 1 to 1000\"]"
#define ID(name) "\"" name "\":[\"Not an integer id\"]"
	    {"limit=0", LIMIT},
	    {"limit=-1", LIMIT},
	    {"limit=1001", LIMIT},
	    {"limit=x", LIMIT},
	    {"limit=", LIMIT},
	    {"limit", LIMIT},
	    {"limit=1e3", LIMIT},
	    {"limit=010", LIMIT},
	    {"limit=+5", LIMIT},
	    {"limit=5.0", LIMIT},
	    {"limit=18446744073709551617", LIMIT},
	    {"limit=5&limit=5", "\"limit\":[\"Must not be repeated\"]"},
	    {"after_id=x", ID("after_id")},
	    {"after_id=", ID("after_id")},
	    {"before_id=-1", ID("before_id")},
	    {"after_id=1&after_id=1", "\"after_id\":[\"Must not be repeated\"]"},
	    {"before_id=1&before_id=2", "\"before_id\":[\"Must not be repeated\"]"},
	    {"key=abc", ID("key")},
	    {"source=63617269-6c6c-8000-8000-00000000002a", ID("source")},
	    {"session=1,2", ID("session")},
	    {"poll=2018-08-22", ID("poll")},
	    {"state=done", "\"state\":[\"Not one of: pending, processing, suspended, "
			   "succeeded, failed\"]"},
	    {"state=Pending", "\"state\":[\"Not one of: pending, processing, suspended, "
			      "succeeded, failed\"]"},
	    {"state=", "\"state\":[\"Must not be empty\"]"},
	    {"type=", "\"type\":[\"Must not be empty\"]"},
	    {"user", "\"user\":[\"Must not be empty\"]"},
	    {"date_created=", "\"date_created\":[\"Must not be empty\"]"},
	    {"date_created[gte]=", "\"date_created\":[\"Must not be empty\"]"},
	    {"colour=red", "\"colour\":[\"Unknown parameter\"]"},
	    {"colour=", "\"colour\":[\"Unknown parameter\"]"},
	    {"=1", "\"\":[\"Unknown parameter\"]"},
	    {"State=failed", "\"State\":[\"Unknown parameter\"]"},
	    {"task=1", "\"task\":[\"Unknown parameter\"]"},
	    {"identifier=x", "\"identifier\":[\"Unknown parameter\"]"},
	    {"date_created[eq]=2018-08-22", "\"date_created[eq]\":[\"Unknown parameter\"]"},
	    {"date_created[]=2018-08-22", "\"date_created[]\":[\"Unknown parameter\"]"},
	    {"date_created[=2018-08-22", "\"date_created[\":[\"Unknown parameter\"]"},
	    {"date_created]=2018-08-22", "\"date_created]\":[\"Unknown parameter\"]"},
	    {"date_created__=2018-08-22", "\"date_created__\":[\"Unknown parameter\"]"},
	    {"state[gte]=failed", "\"state[gte]\":[\"Unknown parameter\"]"},
	    {"limit[gte]=1", "\"limit[gte]\":[\"Unknown parameter\"]"},
	    {"%22=1", "\"\\\"\":[\"Unknown parameter\"]"},
	    {"state=%FF", "\"query\":[\"Not UTF-8 text\"]"},
	    {"state=fail%00ed", "\"query\":[\"Not UTF-8 text\"]"},
	    {"date_created=gt&date_created=lt",
		"\"date_created\":[\"Not a date or datetime\",\"Not a date or datetime\"]"},
	    {"key=a&limit=0&key=b",
		"\"key\":[\"Not an integer id\",\"Not an integer id\"]," LIMIT},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		get("/tasks", rows[i].query);
		if (!strstr(res.body.data, rows[i].params))
			fail_msg("%s: %s", rows[i].query, res.body.data);
		assert_body(400, arena_printf(&arena, WRONG("%s"), rows[i].params));
	}
}

static void
results_are_listed_unless_they_were_fetched(void **state)
{
	(void)state;
	get("/results", "");
	assert_string_equal(ids(), "9");
	assert_total("\"poll\":1534933505000,");
	assert_total("],\"has_more\":false,\"total_count\":1,\"url\":\"/results\"}");
	assert_int_equal(fake.progress, 3);
	get("/results", "state=available&state=consumed&state=expired");
	assert_string_equal(ids(), "9 8 7");
	get("/results", "state=expired");
	assert_string_equal(ids(), "7");
	get("/results", "state=consumed&limit=1&after_id=8");
	assert_string_equal(ids(), "");
	assert_total("\"has_more\":false,\"total_count\":1");
}

static void
results_have_filters_of_their_own(void **state)
{
#define ALL "state=available&state=consumed&state=expired&"
	static const struct {
		const char *query, *ids;
	} rows[] = {
	    {ALL "task=2", "8"},
	    {ALL "task=2&task=3", "8 7"},
	    {ALL "poll=1534933505000", "9"},
	    {"poll=1", ""},
	    {ALL "identifier=a.json", "9"},
	    {ALL "identifier=b+%22x%22.csv", "8 7"},
	    {ALL "date_created=2018-08-22T10:25:05.000001Z", "8"},
	    {ALL "date_consumed=2018-08-22", "8 7"},
	    {ALL "date_consumed[gt]=2018-08-22T10:25:05.000005Z", ""},
	    {ALL "limit=1", "9"},
	    {ALL "after_id=9", "8 7"},
	    {ALL "before_id=7", "9 8"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		get("/results", rows[i].query);
		if (res.status != 200 || strcmp(ids(), rows[i].ids) != 0)
			fail_msg("%s: %s", rows[i].query, res.body.data);
	}
	get("/results", "state=pending");
	assert_body(400, WRONG("\"state\":[\"Not one of: available, consumed, expired\"]"));
	get("/results", "key=1");
	assert_body(400, WRONG("\"key\":[\"Unknown parameter\"]"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(names_of_that_api_are_owned_and_no_others),
	    TEST(a_path_that_names_nothing_is_404_for_anybody_and_any_method),
	    TEST(an_id_of_any_length_is_looked_for),
	    TEST(the_alias_is_as_the_root),
	    TEST(other_methods_are_405_with_allow_before_size_and_token),
	    TEST(a_large_body_is_413_before_the_token),
	    TEST(without_a_good_token_it_is_401_and_says_how),
	    TEST(a_scope_opens_its_own_resource_before_parameters_are_read),
	    TEST(faults_of_the_server_are_told_from_those_of_the_client),
	    TEST(a_pending_task_has_all_attributes),
	    TEST(a_task_that_has_ended_has_results_and_dates),
	    TEST(every_status_has_a_state_and_failures_have_a_code),
	    TEST(the_types_of_sources_are_those_of_schedules),
	    TEST(a_result_has_all_attributes),
	    TEST(acknowledging_takes_any_json_and_none),
	    TEST(a_broken_body_acknowledges_nothing),
	    TEST(a_list_has_five_members_and_ten_items),
	    TEST(cursors_bound_a_page_and_not_the_count),
	    TEST(each_filter_alone_and_two_together),
	    TEST(dates_are_filtered_by_precision_and_by_operators),
	    TEST(an_unreadable_date_is_400),
	    TEST(what_is_wrong_with_parameters_is_told_of_each),
	    TEST(results_are_listed_unless_they_were_fetched),
	    TEST(results_have_filters_of_their_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
