/*
 * The face OpenSpecimen without a store: the use cases are made up here, so that what is tested is
 * the translation alone. The fakes answer with fake.ret, hand out what is in `fake`, and note what
 * they were asked. In brackets: rows of the contract's acceptance table.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/origin.h"
#include "base/id.h"
#include "calendar/zone.h"
#include "faces/openspecimen/openspecimen.h"
#include "model/result.h"
#include "service/jobs.h"

#define P    "/openspecimen/rest/ng"
#define JOBS P "/scheduled-jobs"

enum { USER = 7, OTHER = 8, GONE = 9, JOB = 12, RUN = 99 };

#define TIME(s) (INT64_C(1795331400000000) + (s)*SECOND_US) /* 2026-11-22T07:10:00Z */
#define MS(s)	(INT64_C(1795331400000) + (s)*1000)

static struct {
	int ret; /* of every use case about jobs */
	const char *text;
	struct job_faults faults;
	struct job_view views[2];
	size_t view_count;
	struct job_run runs[2];
	size_t run_count;
	int login_ret, send_ret;
	struct result result;
	int64_t locked_us;

	/* What was asked. */
	unsigned calls, seen_users, logins;
	uint64_t id, token_user;
	int64_t now_us, idle_us;
	char called[32], token[64], name[64], password[64], args[64];
	bool has_args;
	struct job_new n; /* its pointers live in `kept` */
	struct job_query query;
	struct job_run_query run_query;
} fake;

static struct arena arena, kept;
static struct response res;
static struct service sv;
static char dir[] = "/tmp/test-openspecimen-XXXXXX";
static struct face face = {
    .service = &sv,
    .output_dir = dir,
    .time_zone = "Europe/Amsterdam",
    .openspecimen_idle_us = 120 * MINUTE_US,
    .openspecimen_at = "",
};

/* ---- the use cases ---- */

static int
asked(const char *what, const struct actor *actor, uint64_t id, struct err *err)
{
	fake.calls++;
	snprintf(fake.called, sizeof fake.called, "%s", what);
	fake.id = id;
	assert_int_equal(actor->user_id, USER);
	return fake.ret ? err_fail(err, fake.ret, "%s", fake.text ? fake.text : "") : 0;
}

static void
note(char *to, const char *text)
{
	snprintf(to, sizeof fake.name, "%s", text ? text : "(none)");
}

int
service_authenticate(struct service *s, struct arena *a, int64_t now_us, const char *token,
    struct actor *actor, struct err *err)
{
	(void)s, (void)a, (void)now_us;
	note(fake.token, token);
	*actor = (struct actor){.user_id = USER, .token_id = 5, .name = "ann"};
	return strcmp(token, "good") ? err_fail(err, ERR_IDENTITY, "no such token") : 0;
}

int
service_login_once(struct service *s, struct arena *a, const struct login *who,
    const char *password, struct actor *actor, int64_t *locked_us, struct err *err)
{
	(void)s, (void)a;
	note(fake.name, who->name);
	note(fake.password, password);
	*locked_us = fake.locked_us;
	*actor = (struct actor){.user_id = USER, .name = "ann"};
	return strcmp(password, "pass:word") ? err_fail(err, ERR_IDENTITY, "wrong") : 0;
}

int
service_login(struct service *s, const struct login *who, const char *password,
    char token[TOKEN_TEXT], int64_t *locked_us, struct err *err)
{
	(void)s;
	fake.logins++;
	fake.idle_us = who->idle_us;
	note(fake.name, who->name);
	note(fake.password, password);
	*locked_us = fake.locked_us;
	snprintf(token, TOKEN_TEXT, "good");
	if (fake.login_ret)
		return err_fail(err, fake.login_ret, "busy");
	return strcmp(password, " abc ") ? err_fail(err, ERR_IDENTITY, "wrong") : 0;
}

int
service_logout(struct service *s, const struct actor *actor, int64_t now_us, const char *token,
    struct err *err)
{
	(void)s, (void)now_us;
	assert_null(token);
	return asked("logout", actor, actor->token_id, err);
}

int
service_see_user(struct service *s, struct arena *a, const struct actor *actor, uint64_t id,
    struct user *u, struct err *err)
{
	(void)s, (void)a, (void)actor;
	fake.seen_users++;
	if (id == GONE)
		return err_fail(err, ERR_MISSING, "User not found");
	*u = (struct user){
	    .id = id,
	    .name = id == USER ? "ann" : "bob",
	    .email = id == USER ? "ann@example.test" : NULL,
	    .role = id == USER ? ROLE_DOMAIN_ADMIN : ROLE_VIEWER,
	    .enabled = true,
	};
	return 0;
}

/* What a job is made of, for when the request is over. */
static void
keep(const struct job_new *n)
{
#define KEEP(member) fake.n.member = n->member ? arena_strdup(&kept, n->member) : NULL
	fake.n = *n;
	KEEP(name);
	KEEP(task);
	KEEP(fixed_args);
	KEEP(rt_args_help);
	fake.n.recipients = (const uint64_t *)arena_memdup(
	    &kept, n->recipients, n->recipient_count * sizeof *n->recipients);
	fake.n.shared_with = (const uint64_t *)arena_memdup(
	    &kept, n->shared_with, n->shared_count * sizeof *n->shared_with);
}

static int
answer_job(int ret, struct job_view *view)
{
	*view = fake.views[0];
	return ret;
}

int
service_create_job(struct service *s, struct arena *a, const struct actor *actor,
    int64_t now_us, const struct job_new *n, struct job_faults *faults, struct job_view *view,
    struct err *err)
{
	(void)s, (void)a;
	fake.now_us = now_us;
	keep(n);
	*faults = fake.faults;
	return answer_job(asked("create", actor, 0, err), view);
}

int
service_update_job(struct service *s, struct arena *a, const struct actor *actor,
    int64_t now_us, uint64_t id, const struct job_new *n, struct job_faults *faults,
    struct job_view *view, struct err *err)
{
	(void)s, (void)a;
	fake.now_us = now_us;
	keep(n);
	*faults = fake.faults;
	return answer_job(asked("update", actor, id, err), view);
}

int
service_delete_job(struct service *s, struct arena *a, const struct actor *actor,
    int64_t now_us, uint64_t id, struct job_view *view, struct err *err)
{
	(void)s, (void)a, (void)now_us;
	return answer_job(asked("delete", actor, id, err), view);
}

int
service_get_job(struct service *s, struct arena *a, const struct actor *actor, int64_t now_us,
    uint64_t id, struct job_view *view, struct err *err)
{
	(void)s, (void)a, (void)now_us;
	return answer_job(asked("get", actor, id, err), view);
}

int
service_list_jobs(struct service *s, struct arena *a, const struct actor *actor, int64_t now_us,
    const struct job_query *q, struct job_view **list, size_t *count, size_t *total,
    struct err *err)
{
	(void)s, (void)a, (void)now_us;
	fake.query = *q;
	note(fake.name, q->text);
	*list = fake.views;
	*count = q->cap ? fake.view_count : 0;
	*total = 42;
	return asked("list", actor, 0, err);
}

int
service_run_job(struct service *s, struct arena *a, const struct actor *actor, int64_t now_us,
    uint64_t id, const char *args, uint64_t *execution_id, struct job_view *view,
    struct err *err)
{
	(void)s, (void)a, (void)now_us;
	fake.has_args = args != NULL;
	note(fake.args, args);
	*execution_id = RUN;
	return answer_job(asked("run", actor, id, err), view);
}

int
service_list_job_runs(struct service *s, struct arena *a, const struct actor *actor,
    const struct job_run_query *q, struct job_run **list, size_t *count, struct err *err)
{
	(void)s, (void)a;
	fake.run_query = *q;
	*list = fake.runs;
	*count = fake.run_count;
	return asked("runs", actor, q->job_id, err);
}

int
service_get_job_run(struct service *s, struct arena *a, const struct actor *actor,
    uint64_t run_id, struct job_run *run, struct err *err)
{
	(void)s, (void)a;
	*run = fake.runs[0];
	return asked("run record", actor, run_id, err);
}

int
service_get_job_result(struct service *s, struct arena *a, const struct actor *actor,
    uint64_t run_id, struct result *r, struct err *err)
{
	(void)s, (void)a;
	*r = fake.result;
	return asked("result", actor, run_id, err);
}

int
response_send_result(struct response *to, const struct request *req, const struct face *f,
    const struct result *r, const char *content_type, struct err *err)
{
	(void)req, (void)f;
	assert_null(content_type);
	if (fake.send_ret)
		return err_fail(err, fake.send_ret, "gone");
	response_set(to, 200, "text/csv", r->name);
	return 0;
}

const char *
origin_allowed(const struct face *f, const struct request *req)
{
	const char *origin = request_param(req, "HTTP_ORIGIN");

	(void)f;
	return origin && !strcmp(origin, "https://pages.test") ? origin : NULL;
}

/* ---- requests ---- */

enum { HEADERS_MAX = 6 };

/* A request with these headers, "NAME=value", NULL at the end; `uri` may have a query. */
static void
ask(const char *method, const char *uri, const char *body, const char *const *headers)
{
	size_t path = strcspn(uri, "?"), n = 0;
	char *params[HEADERS_MAX + 2];
	struct request req = {
	    .arena = &arena,
	    .method = method,
	    .path = arena_memdup(&arena, uri, path),
	    .query = uri[path] ? uri + path + 1 : "",
	    .params = params,
	    .body = body ? body : "",
	    .body_len = body ? strlen(body) : 0,
	    .now_us = TIME(0),
	};

	params[n++] = (char *)"HTTP_HOST=example.test";
	while (headers && *headers)
		params[n++] = (char *)*headers++;
	params[n] = NULL;
	response_release(&res);
	openspecimen_handle(&face, &req, &res);
}

static const char *const with_token[] = {"HTTP_X_OS_API_TOKEN=good", NULL};

static void
call(const char *method, const char *uri, const char *body)
{
	ask(method, uri, body, with_token);
}

static const char *
body(void)
{
	return res.body.data ? res.body.data : "";
}

static bool
has(const char *line)
{
	const char *found = res.headers.data ? strstr(res.headers.data, line) : NULL;
	size_t len = strlen(line);

	return found && (found == res.headers.data || found[-1] == '\n') &&
	       !strncmp(found + len, "\r\n", 2);
}

static bool
has_name(const char *name)
{
	const char *found = strstr(res.headers.data, name);

	return found && found[-1] == '\n';
}

/* The answer is one fault. */
static void
is_fault(int status, const char *code, const char *message)
{
	const char *text =
	    arena_printf(&arena, "[{\"code\":\"%s\",\"message\":\"%s\"}]", code, message);

	assert_string_equal(body(), text);
	assert_int_equal(res.status, status);
	assert_string_equal(res.content_type, "application/json");
}

/* The answer is INVALID_REQUEST, and its message begins so. */
static void
is_invalid(const char *begin)
{
	const char *text =
	    arena_printf(&arena, "[{\"code\":\"INVALID_REQUEST\",\"message\":\"%s", begin);

	if (res.status != 400 || strncmp(body(), text, strlen(text)))
		fail_msg("%d %s", res.status, body());
	assert_int_equal(fake.calls, 0);
}

/* The member of the only object in the answer, as it stands there. */
static const char *
member(const char *name)
{
	const char *mark = arena_printf(&arena, "\"%s\":", name), *p = strstr(body(), mark);
	size_t len = 0, depth = 0;
	bool text = false;

	if (!p)
		return NULL;
	p += strlen(mark);
	for (; p[len] && (text || depth || !strchr(",}]", p[len])); len++) {
		text ^= p[len] == '"';
		if (!text)
			depth += (strchr("{[", p[len]) != NULL) -
				 (size_t)(strchr("}]", p[len]) != NULL);
	}
	return arena_memdup(&arena, p, len);
}

static void
is_member(const char *name, const char *value)
{
	const char *found = member(name);

	if (!found || strcmp(found, value))
		fail_msg("%s: %s, not %s", name, found ? found : "(absent)", value);
}

static struct job_view
a_job(void)
{
	return (struct job_view){
	    .schedule = {.definition = {.id = JOB,
			     .name = "n1",
			     .start_us = TIME(0),
			     .end_us = INSTANT_NEVER,
			     .created_us = TIME(-60),
			     .created_by = USER}},
	    .job = {.rule = {.repeat = JOB_ON_DEMAND}, .type = JOB_INTERNAL, .task = "nightly"},
	    .active = true,
	    .next_run_us = INSTANT_NEVER,
	    .last_start_us = INSTANT_NEVER,
	};
}

static struct job_run
a_run(void)
{
	return (struct job_run){
	    .execution = {.id = RUN, .schedule_id = JOB, .schedule_name = "old"},
	    .job_name = "n1",
	    .started_us = TIME(1) + 999,
	    .finished_us = INSTANT_NEVER,
	    .run_by = USER,
	};
}

static int
set_up(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof fake);
	fake.views[0] = a_job();
	fake.runs[0] = a_run();
	face.openspecimen_at = "";
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	arena_clear(&arena);
	arena_clear(&kept);
	return 0;
}

/* ---- paths ---- */

static void
the_face_owns_its_three_bases(void **state)
{
	static const char *const ours[] = {P, P "/", P "/nope", "/rest/ng", "/rest/ng/sessions",
	    "/scheduled-jobs", "/scheduled-jobs/", "/scheduled-jobs/1/x"};
	static const char *const others[] = {"/", "/openspecimen", "/openspecimen/",
	    "/sessions", "/rest", "/rest/ngx", "/scheduled-jobsx", "/Scheduled-Jobs",
	    "/REST/ng", "/openspecimen/scheduled-jobs", "/openspecimen/rest/ngx"};

	(void)state;
	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
		if (!openspecimen_owns(ours[i]))
			fail_msg("%s", ours[i]);
	}
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		if (openspecimen_owns(others[i]))
			fail_msg("%s", others[i]);
	}
}

static void
each_method_of_a_path_has_its_use_case(void **state)
{
	static const struct {
		const char *method, *path, *body, *called;
		uint64_t id;
	} cases[] = {
	    {"GET", JOBS, NULL, "list", 0},
	    {"GET", JOBS "/", NULL, "list", 0},
	    {"GET", "/rest/ng/scheduled-jobs", NULL, "list", 0},
	    {"GET", "/scheduled-jobs", NULL, "list", 0},
	    {"GET", "/scheduled-jobs/", NULL, "list", 0},
	    {"HEAD", JOBS, NULL, "list", 0},
	    {"GET", JOBS "/count", NULL, "list", 0},
	    {"POST", JOBS, "{}", "create", 0},
	    {"GET", JOBS "/12", NULL, "get", 12},
	    {"GET", JOBS "/12/", NULL, "get", 12},
	    {"GET", "/scheduled-jobs/12", NULL, "get", 12},
	    {"GET", JOBS "/63617269-6c6c-8000-8000-00000000000c", NULL, "get", 12},
	    {"GET", JOBS "/0", NULL, "get", ID_MAX + 1},
	    {"GET", JOBS "/-1", NULL, "get", ID_MAX + 1},
	    {"GET", JOBS "/99999999999999999999", NULL, "get", ID_MAX + 1},
	    {"PUT", JOBS "/12", "{\"id\":13}", "update", 12},
	    {"DELETE", JOBS "/12", NULL, "delete", 12},
	    {"DELETE", JOBS "/12", "not even JSON", "delete", 12},
	    {"POST", JOBS "/12/runs", "{}", "run", 12},
	    {"GET", JOBS "/12/runs", NULL, "runs", 12},
	    {"GET", JOBS "/12/runs/99", NULL, "run record", 99},
	    {"GET", JOBS "/777/runs/99/", NULL, "run record", 99},
	    {"DELETE", P "/sessions", NULL, "logout", 5},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		call(cases[i].method, cases[i].path, cases[i].body);
		if (res.status != 200)
			fail_msg("%s %s: %s", cases[i].method, cases[i].path, body());
		assert_string_equal(fake.called, cases[i].called);
		assert_int_equal(fake.id, cases[i].id);
	}
	assert_int_equal(fake.calls, sizeof cases / sizeof *cases);
}

static void
a_path_that_nobody_has_is_404(void **state)
{
	static const char *const paths[] = {P, P "/", P "/nope", JOBS "/1/nope",
	    JOBS "/1/runs/2/x", JOBS "/1/runs/2/result-file/x", "/scheduled-jobs/1/2",
	    P "/Sessions", P "/Scheduled-jobs", "/rest/ng"};

	(void)state;
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		call("GET", paths[i], NULL);
		is_fault(404, "NOT_FOUND", "Not found");
	}
}

static void
a_method_that_a_path_has_not_is_405(void **state)
{
	static const struct {
		const char *method, *path, *allow;
	} cases[] = {
	    {"PATCH", JOBS "/12", "Allow: GET, HEAD, PUT, DELETE, OPTIONS"},
	    {"POST", JOBS "/12", "Allow: GET, HEAD, PUT, DELETE, OPTIONS"},
	    {"PUT", JOBS, "Allow: GET, HEAD, POST, OPTIONS"},
	    {"PUT", JOBS "/count", "Allow: GET, HEAD, OPTIONS"},
	    {"GET", P "/sessions", "Allow: POST, DELETE, OPTIONS"},
	    {"get", JOBS, "Allow: GET, HEAD, POST, OPTIONS"},
	    {"POST", JOBS "/1/runs/2/result-file", "Allow: GET, HEAD, OPTIONS"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		call(cases[i].method, cases[i].path, "{}");
		is_fault(405, "METHOD_NOT_ALLOWED", "Method not allowed");
		assert_true(has(cases[i].allow));
	}
	assert_int_equal(fake.calls, 0);
}

static void
an_id_that_is_no_number_is_refused(void **state)
{
	(void)state;
	call("GET", JOBS "/abc", NULL);
	is_invalid("Failed to convert value of type");
	call("GET", JOBS "/12x", NULL);
	is_invalid("Failed to convert value of type");
	call("GET", JOBS "/1/runs/abc", NULL);
	is_invalid("Failed to convert value of type");
	call("GET", JOBS "/abc/runs/1", NULL);
	is_invalid("Failed to convert value of type");
	call("GET", JOBS "/<b>&", NULL);
	is_invalid("Failed to convert value of type 'String' to required type 'Long': id: "
		   "\\\"&lt;b&gt;&amp;\\\"");
}

/* ---- what every answer has ---- */

static void
every_answer_has_the_headers(void **state)
{
	static const char *const lines[] = {
	    "Access-Control-Allow-Credentials: true",
	    "Access-Control-Allow-Methods: POST, GET, PUT, DELETE, PATCH, OPTIONS",
	    "Access-Control-Allow-Headers: Origin, Accept, Content-Type, X-OS-API-TOKEN, "
	    "X-OS-API-CLIENT, X-OS-IMPERSONATE-USER, X-OS-CLIENT-TZ, X-OS-SURVEY-TOKEN",
	    "Access-Control-Expose-Headers: Content-Disposition, Content-Length, Content-Type",
	    "Cache-Control: no-cache, no-store, must-revalidate",
	    "Pragma: no-cache",
	    "Expires: Thu, 01 Jan 1970 00:00:00 GMT",
	};
	static const char *const foreign[] = {"HTTP_ORIGIN=https://evil.test", NULL};
	static const struct {
		const char *method, *path;
		const char *const *headers;
		int status;
	} cases[] = {
	    {"GET", JOBS, with_token, 200},
	    {"GET", JOBS, NULL, 401},
	    {"GET", P "/nope", with_token, 404},
	    {"PATCH", JOBS, with_token, 405},
	    {"GET", JOBS "/abc", with_token, 400},
	    {"OPTIONS", JOBS, NULL, 200},
	    {"GET", JOBS, foreign, 405},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		ask(cases[i].method, cases[i].path, NULL, cases[i].headers);
		assert_int_equal(res.status, cases[i].status);
		for (size_t k = 0; k < sizeof lines / sizeof *lines; k++) {
			if (!has(lines[k]))
				fail_msg("%s", lines[k]);
		}
		assert_false(has_name("Access-Control-Allow-Origin"));
	}
}

static void
a_browser_may_ask_before_it_calls(void **state)
{
	static const char *const listed[] = {"HTTP_ORIGIN=https://pages.test", NULL};

	(void)state;
	ask("OPTIONS", P "/nope", NULL, NULL);
	assert_int_equal(res.status, 200);
	assert_string_equal(body(), "");
	ask("OPTIONS", JOBS, NULL, listed);
	assert_int_equal(res.status, 200);
	assert_true(has("Access-Control-Allow-Origin: https://pages.test"));
}

/* [29] */
static void
pages_of_other_sites_may_call_where_they_are_listed(void **state)
{
	static const struct {
		const char *origin, *https;
		bool may;
	} cases[] = {
	    {"HTTP_ORIGIN=https://pages.test", "HTTPS=", true},
	    {"HTTP_ORIGIN=https://evil.test", "HTTPS=", false},
	    {"HTTP_ORIGIN=null", "HTTPS=", false},
	    {"HTTP_ORIGIN=http://example.test", "HTTPS=", true},
	    {"HTTP_ORIGIN=http://EXAMPLE.test", "HTTPS=off", true},
	    {"HTTP_ORIGIN=https://example.test", "HTTPS=on", true},
	    /* TLS may end before the web server, but it cannot begin there. */
	    {"HTTP_ORIGIN=https://example.test", "HTTPS=", true},
	    {"HTTP_ORIGIN=http://example.test", "HTTPS=on", false},
	    {"HTTP_ORIGIN=http://example.test:8080", "HTTPS=", false},
	    {"HTTP_ORIGIN=http://example.test.evil.test", "HTTPS=", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *const headers[] = {
		    with_token[0], cases[i].origin, cases[i].https, NULL};

		ask("GET", JOBS, NULL, headers);
		if (res.status != (cases[i].may ? 200 : 405))
			fail_msg("%s %s: %d", cases[i].origin, cases[i].https, res.status);
		assert_int_equal(has_name("Access-Control-Allow-Origin"), cases[i].may);
		assert_int_equal(has_name("Vary: Origin"), cases[i].may);
	}
	/* Before the credentials are looked at, and where OPTIONS would be answered. */
	{
		static const char *const foreign[] = {"HTTP_ORIGIN=https://a.test/<x>", NULL};

		ask("OPTIONS", JOBS, NULL, foreign);
		is_fault(405, "METHOD_NOT_ALLOWED",
		    "Requests from the origin server https://a.test/&lt;x&gt; not allowed");
		assert_true(has("Allow: GET, HEAD, POST, OPTIONS"));
	}
}

static void
the_checks_come_in_the_contracts_order(void **state)
{
	struct request req = {
	    .arena = &arena,
	    .method = "POST",
	    .path = JOBS "/abc",
	    .query = "",
	    .body = "",
	    .body_too_large = true,
	    .params = (char *[]){(char *)"HTTP_X_OS_API_TOKEN=bad", NULL},
	};

	(void)state;
	response_release(&res);
	openspecimen_handle(&face, &req, &res);
	assert_int_equal(res.status, 401);
	req.params = (char *[]){(char *)"HTTP_X_OS_API_TOKEN=good", NULL};
	response_release(&res);
	openspecimen_handle(&face, &req, &res);
	assert_int_equal(res.status, 405);
	req.method = "PUT";
	response_release(&res);
	openspecimen_handle(&face, &req, &res);
	is_fault(413, "REQUEST_TOO_LARGE", "Request body too large");
	req.body_too_large = false;
	response_release(&res);
	openspecimen_handle(&face, &req, &res);
	is_invalid("Failed to convert value of type");
	req.path = JOBS "/12";
	response_release(&res);
	openspecimen_handle(&face, &req, &res);
	is_invalid("Required request body is missing");
	/* Before a body, the query. */
	ask("POST", JOBS "?x=%00", NULL, with_token);
	is_invalid("Failed to convert value of type");
}

/* ---- credentials ---- */

#define CHALLENGE "WWW-Authenticate: Basic realm=\"OpenSpecimen\""

/* [1] */
static void
without_credentials_a_browsers_page_is_not_challenged(void **state)
{
	static const char *const webui[] = {"HTTP_X_OS_API_CLIENT=webui", NULL};

	(void)state;
	ask("GET", JOBS, NULL, NULL);
	is_fault(401, "UNAUTHORIZED",
	    "You must supply valid credentials to access the OpenSpecimen REST API");
	assert_true(has(CHALLENGE));
	assert_false(has_name("Set-Cookie"));
	ask("GET", JOBS, NULL, webui);
	assert_int_equal(res.status, 401);
	assert_false(has_name("WWW-Authenticate"));
}

#define BASIC_GOOD "HTTP_AUTHORIZATION=Basic YW5uOnBhc3M6d29yZA==" /* ann:pass:word */
#define BASIC_BAD  "HTTP_AUTHORIZATION=Basic YW5uOm5vcGU="

/* [2] */
static void
the_first_credentials_decide(void **state)
{
	static const struct {
		const char *headers[4];
		int status;
	} cases[] = {
	    {{BASIC_GOOD}, 200},
	    {{BASIC_BAD}, 401},
	    {{"HTTP_AUTHORIZATION=Basic !"}, 401},
	    {{"HTTP_AUTHORIZATION=Bearer good"}, 401},
	    {{"HTTP_X_OS_API_TOKEN=bad", BASIC_GOOD}, 401},
	    {{"HTTP_X_OS_API_TOKEN=", BASIC_GOOD}, 200},
	    {{"HTTP_X_OS_API_TOKEN=good", BASIC_BAD}, 200},
	    {{"HTTP_X_OS_API_TOKEN=", "HTTP_COOKIE=osAuthToken=good"}, 200},
	    {{"HTTP_X_OS_API_TOKEN=good", "HTTP_COOKIE=osAuthToken=bad"}, 200},
	    {{"HTTP_X_OS_API_TOKEN=bad", "HTTP_COOKIE=osAuthToken=good"}, 401},
	    {{"HTTP_COOKIE=osAuthToken=good"}, 200},
	    {{"HTTP_COOKIE=osAuthToken=bad", BASIC_GOOD}, 401},
	    {{"HTTP_COOKIE=osAuthToken=", BASIC_GOOD}, 200},
	    {{"HTTP_COOKIE=a=b; osAuthToken=good; c=d"}, 200},
	    {{"HTTP_COOKIE=a=b;osAuthToken=good ;c=d"}, 200},
	    {{"HTTP_COOKIE=osAuthToken=\"good\""}, 200},
	    {{"HTTP_COOKIE=osAuthToken=g%6F%6fd"}, 200},
	    {{"HTTP_COOKIE=xosAuthToken=good"}, 401},
	    {{"HTTP_COOKIE=osAuthTokenX=good"}, 401},
	    {{"HTTP_COOKIE=osauthtoken=good"}, 401},
	    {{"HTTP_COOKIE=a=osAuthToken=good"}, 401},
	    {{"HTTP_COOKIE=osAuthToken=good%00x"}, 401},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bool cookie = false;

		ask("GET", JOBS, NULL, cases[i].headers);
		if (res.status != cases[i].status)
			fail_msg("%s: %d", cases[i].headers[0], res.status);
		for (const char *const *h = cases[i].headers; *h; h++)
			cookie |= strstr(*h, "HTTP_COOKIE=osAuthToken=") != NULL;
		assert_int_equal(res.status == 401 && cookie, has_name("Set-Cookie"));
	}
	assert_string_equal(fake.name, "(none)");
}

static void
a_cookie_that_is_bad_is_forgotten(void **state)
{
	static const char *const bad[] = {"HTTP_COOKIE=osAuthToken=bad", NULL};

	(void)state;
	ask("GET", JOBS, NULL, bad);
	assert_true(has("Set-Cookie: "
			"osAuthToken=;Path=/openspecimen;HttpOnly;SameSite=Strict;Max-Age=0;"));
	ask("GET", "/rest/ng/scheduled-jobs", NULL, bad);
	assert_true(has("Set-Cookie: osAuthToken=;Path=/;HttpOnly;SameSite=Strict;Max-Age=0;"));
}

#define SIGN_IN "{\"loginName\":\"ann\",\"password\":\" abc \",\"domainName\":\"openspecimen\"}"

/* [3] */
static void
a_log_in_answers_with_a_token_and_a_cookie(void **state)
{
	static const char *const tls[] = {
	    "HTTPS=on", "HTTP_X_OS_API_TOKEN=bad", "HTTP_COOKIE=osAuthToken=bad", NULL};

	(void)state;
	ask("POST", P "/sessions", SIGN_IN, NULL);
	assert_int_equal(res.status, 200);
	assert_string_equal(body(),
	    "{\"id\":7,\"firstName\":\"ann\",\"lastName\":\"\",\"loginName\":\"ann\","
	    "\"token\":\"good\",\"admin\":true,\"instituteAdmin\":false}");
	assert_true(
	    has("Set-Cookie: osAuthToken=good;Path=/openspecimen;HttpOnly;SameSite=Strict;"));
	assert_string_equal(fake.password, " abc ");
	assert_true(fake.idle_us == 120 * MINUTE_US);
	/* Credentials that come along do not matter. */
	ask("POST", "/rest/ng/sessions", SIGN_IN, tls);
	assert_int_equal(res.status, 200);
	assert_true(
	    has("Set-Cookie: osAuthToken=good;Path=/;HttpOnly;SameSite=Strict;secure;"));
}

static void
the_cookie_counts_where_the_face_lies(void **state)
{
	(void)state;
	face.openspecimen_at = "/ops";
	ask("POST", P "/sessions", SIGN_IN, NULL);
	assert_true(has(
	    "Set-Cookie: osAuthToken=good;Path=/ops/openspecimen;HttpOnly;SameSite=Strict;"));
	ask("POST", "/rest/ng/sessions", SIGN_IN, NULL);
	assert_true(has("Set-Cookie: osAuthToken=good;Path=/ops;HttpOnly;SameSite=Strict;"));
}

static void
a_log_in_that_fails_clears_the_cookie(void **state)
{
	static const char *const bodies[] = {
	    "{\"loginName\":\"ann\",\"password\":\"nope\"}",
	    "{\"loginName\":\"ann\"}",
	    "{\"password\":\" abc \"}",
	    "{\"loginName\":null,\"password\":\" abc \"}",
	    "{\"loginName\":\"ann\",\"password\":\" abc \",\"domainName\":\"ldap\"}",
	    "{}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
		ask("POST", P "/sessions", bodies[i], NULL);
		is_fault(400, "AUTH_INVALID_CREDENTIALS", "Username or password is incorrect.");
		assert_true(has("Set-Cookie: osAuthToken=;Path=/openspecimen;HttpOnly;"
				"SameSite=Strict;Max-Age=0;"));
		assert_false(has_name("Retry-After"));
		assert_false(has_name("WWW-Authenticate"));
	}
	assert_int_equal(fake.logins, 1);
	fake.locked_us = 1500 * 1000;
	ask("POST", P "/sessions", bodies[0], NULL);
	assert_true(has("Retry-After: 2"));
	ask("POST", P "/sessions", NULL, NULL);
	is_invalid("Required request body is missing");
	ask("POST", P "/sessions", "{\"loginName\":[],\"password\":\"x\"}", NULL);
	is_invalid("JSON parse error");
	ask("POST", P "/sessions", "{\"loginName\":\"a\",\"password\":{}}", NULL);
	is_invalid("JSON parse error");
}

static void
a_domain_that_is_null_is_our_own(void **state)
{
	(void)state;
	ask("POST", P "/sessions",
	    "{\"loginName\":\" ann \",\"password\":\" abc \",\"domainName\":null}", NULL);
	assert_int_equal(res.status, 200);
	assert_string_equal(fake.name, "ann");
}

/* [4] */
static void
a_log_out_ends_the_token_and_clears_the_cookie(void **state)
{
	(void)state;
	call("DELETE", P "/sessions", NULL);
	assert_string_equal(body(), "{\"Status\":\"Success\"}");
	assert_true(has("Set-Cookie: "
			"osAuthToken=;Path=/openspecimen;HttpOnly;SameSite=Strict;Max-Age=0;"));
	ask("DELETE", P "/sessions", NULL, NULL);
	assert_int_equal(res.status, 401);
}

/* ---- jobs ---- */

static const char *const job_members[] = {"id", "name", "createdBy", "startDate", "endDate",
    "scheduledHour", "scheduledMinute", "scheduledDayOfWeek", "scheduledDayOfMonth",
    "hourlyInterval", "minutelyInterval", "nextRunOn", "activityStatus", "repeatSchedule",
    "type", "taskImplFqn", "command", "fixedArgs", "savedQuery", "runAs", "recipients",
    "sharedWith", "isActiveJob", "lastRunOn", "rtArgsProvided", "rtArgsHelpText"};

#define ANN                                                                              \
	"{\"id\":7,\"type\":\"SUPER\",\"firstName\":\"ann\",\"lastName\":\"\","          \
	"\"loginName\":\"ann\",\"domain\":\"openspecimen\","                             \
	"\"emailAddress\":\"ann@example.test\",\"admin\":true,\"instituteAdmin\":false," \
	"\"manageForms\":false,\"cpCount\":0,\"activityStatus\":\"Active\"}"
#define BOB                                                                    \
	"{\"id\":8,\"type\":\"NONE\",\"firstName\":\"bob\",\"lastName\":\"\"," \
	"\"loginName\":\"bob\",\"domain\":\"openspecimen\",\"admin\":false,"   \
	"\"instituteAdmin\":false,\"manageForms\":false,\"cpCount\":0,"        \
	"\"activityStatus\":\"Active\"}"
#define NOBODY                                                                     \
	"{\"id\":9,\"type\":\"NONE\",\"domain\":\"openspecimen\",\"admin\":false," \
	"\"instituteAdmin\":false,\"manageForms\":false,\"cpCount\":0,"            \
	"\"activityStatus\":\"Disabled\"}"

/* [5] */
static void
a_job_on_demand_has_all_its_members(void **state)
{
	(void)state;
	call("GET", JOBS "/12", NULL);
	assert_int_equal(res.status, 200);
	assert_string_equal(res.content_type, "application/json");
	assert_string_equal(body(),
	    "{\"id\":12,\"name\":\"n1\",\"createdBy\":" ANN ",\"startDate\":1795331400000,"
	    "\"endDate\":null,\"scheduledHour\":null,\"scheduledMinute\":null,"
	    "\"scheduledDayOfWeek\":null,\"scheduledDayOfMonth\":null,"
	    "\"hourlyInterval\":null,\"minutelyInterval\":null,\"nextRunOn\":null,"
	    "\"activityStatus\":\"Active\",\"repeatSchedule\":\"ONDEMAND\","
	    "\"type\":\"INTERNAL\",\"taskImplFqn\":\"nightly\",\"command\":null,"
	    "\"fixedArgs\":null,\"savedQuery\":null,\"runAs\":null,\"recipients\":[],"
	    "\"sharedWith\":[],\"isActiveJob\":true,\"lastRunOn\":null,"
	    "\"rtArgsProvided\":null,\"rtArgsHelpText\":null}");
}

static void
a_rule_shows_what_it_reads(void **state)
{
	static const struct {
		struct job_rule rule;
		const char *hour, *minute, *weekday, *month_day, *hourly, *minutely, *repeat;
	} cases[] = {
	    {{JOB_MINUTELY, 5, 1, 0, 0, 0, 0}, "null", "0", "null", "null", "1", "5",
		"\"MINUTELY\""},
	    {{JOB_MINUTELY, 0, 1, 0, 0, 0, 0}, "null", "0", "null", "null", "1", "0",
		"\"MINUTELY\""},
	    {{JOB_HOURLY, 1, 3, 30, 0, 0, 0}, "null", "30", "null", "null", "3", "1",
		"\"HOURLY\""},
	    {{JOB_DAILY, 1, 1, 0, 23, 0, 0}, "23", "0", "null", "null", "1", "1", "\"DAILY\""},
	    {{JOB_WEEKLY, 1, 1, 5, 9, 4, 0}, "9", "5", "\"WEDNESDAY\"", "null", "1", "1",
		"\"WEEKLY\""},
	    {{JOB_MONTHLY, 1, 1, 0, 8, 0, 31}, "8", "0", "null", "31", "1", "1", "\"MONTHLY\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		fake.views[0].job.rule = cases[i].rule;
		call("GET", JOBS "/12", NULL);
		is_member("scheduledHour", cases[i].hour);
		is_member("scheduledMinute", cases[i].minute);
		is_member("scheduledDayOfWeek", cases[i].weekday);
		is_member("scheduledDayOfMonth", cases[i].month_day);
		is_member("hourlyInterval", cases[i].hourly);
		is_member("minutelyInterval", cases[i].minutely);
		is_member("repeatSchedule", cases[i].repeat);
	}
}

static void
a_job_shows_its_people_and_its_query(void **state)
{
	static const uint64_t recipients[] = {OTHER, GONE}, shared[] = {USER, OTHER};
	struct job_view *v = &fake.views[0];

	(void)state;
	v->schedule.definition.end_us = TIME(3600);
	v->schedule.definition.created_by = 0;
	v->next_run_us = TIME(60);
	v->last_start_us = TIME(-60) + 1;
	v->active = false;
	v->job.type = JOB_QUERY;
	v->job.task = NULL;
	v->job.query_id = 3;
	v->job.query_title = "All \"people\"";
	v->job.fixed_args = "-v";
	v->job.run_as = OTHER;
	v->job.recipients = recipients;
	v->job.recipient_count = 2;
	v->job.shared_with = shared;
	v->job.shared_count = 2;
	v->job.rt_args_provided = JOB_FLAG_TRUE;
	v->job.rt_args_help = "which day";
	call("GET", JOBS "/12", NULL);
	is_member("endDate", "1795335000000");
	is_member("nextRunOn", "1795331460000");
	is_member("lastRunOn", "1795331340000");
	is_member("isActiveJob", "false");
	is_member("activityStatus\":\"Active\",\"repeatSchedule", "\"ONDEMAND\"");
	assert_non_null(strstr(body(), "\"type\":\"QUERY\",\"taskImplFqn\":"
				       "\"com.krishagni.catissueplus.core.administrative."
				       "services.impl.ScheduledQueryTask\","));
	assert_non_null(
	    strstr(body(), "\"savedQuery\":{\"id\":3,\"title\":\"All \\\"people\\\"\"}"));
	is_member("fixedArgs", "\"-v\"");
	is_member("runAs", BOB);
	is_member("recipients", "[" BOB "," NOBODY "]");
	is_member("sharedWith", "[" ANN "," BOB "]");
	is_member("rtArgsProvided", "true");
	is_member("rtArgsHelpText", "\"which day\"");
	assert_non_null(strstr(member("createdBy"), "\"loginName\":\"$system\""));
	/* Each of them is looked up once. */
	assert_int_equal(fake.seen_users, 3);
}

static void
a_job_that_was_removed_is_disabled(void **state)
{
	(void)state;
	fake.views[0].disabled = true;
	fake.views[0].active = false;
	fake.views[0].schedule.definition.name = "n1_1795331400000";
	call("DELETE", JOBS "/12", NULL);
	is_member("name", "\"n1_1795331400000\"");
	is_member("isActiveJob", "false");
	assert_non_null(strstr(body(), "\"activityStatus\":\"Disabled\",\"repeatSchedule\""));
}

static void
a_schedule_without_a_start_begins_when_it_was_made(void **state)
{
	(void)state;
	fake.views[0].schedule.definition.start_us = INT64_MIN;
	call("GET", JOBS "/12", NULL);
	is_member("startDate", "1795331340000");
	/* Before 1970 the milliseconds go down too. */
	fake.views[0].schedule.definition.start_us = -1;
	call("GET", JOBS "/12", NULL);
	is_member("startDate", "-1");
}

static void
jobs_are_listed_as_a_bare_array(void **state)
{
	(void)state;
	call("GET", JOBS, NULL);
	assert_string_equal(body(), "[]");
	assert_int_equal(fake.query.cap, 100);
	assert_int_equal(fake.query.start, 0);
	assert_int_equal(fake.query.type, 0);
	assert_string_equal(fake.name, "(none)");
	fake.view_count = 2;
	fake.views[1] = a_job();
	fake.views[1].schedule.definition.id = 11;
	call("GET", JOBS, NULL);
	assert_memory_equal(body(), "[{\"id\":12,", 10);
	assert_non_null(strstr(body(), "},{\"id\":11,"));
	assert_int_equal(fake.seen_users, 1);
	call("GET", JOBS "/count", NULL);
	assert_string_equal(body(), "{\"count\":42}");
	assert_int_equal(fake.query.cap, 0);
}

/* [9] */
static void
a_list_is_asked_for_in_the_query(void **state)
{
	static const struct {
		const char *query, *text;
		int type;
		size_t start, cap;
	} cases[] = {
	    {"maxResults=&query=&type=", "(none)", 0, 0, 100},
	    {"query=NIGHT", "NIGHT", 0, 0, 100},
	    {"query=a+b%25_", "a b%_", 0, 0, 100},
	    {"type=QUERY", "(none)", JOB_QUERY, 0, 100},
	    {"type=INTERNAL", "(none)", JOB_INTERNAL, 0, 100},
	    {"type=EXTERNAL", "(none)", JOB_EXTERNAL, 0, 100},
	    {"startAt=1&maxResults=1", "(none)", 0, 1, 1},
	    {"maxResults=0", "(none)", 0, 0, 0},
	    {"maxResults=10001", "(none)", 0, 0, 10000},
	    {"maxResults=99999999999999999999", "(none)", 0, 0, 10000},
	    {"maxResults=7&maxResults=8&unknown=x", "(none)", 0, 0, 7},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		call("GET", arena_printf(&arena, JOBS "?%s", cases[i].query), NULL);
		assert_int_equal(res.status, 200);
		assert_string_equal(fake.name, cases[i].text);
		assert_int_equal(fake.query.type, cases[i].type);
		assert_int_equal(fake.query.start, cases[i].start);
		assert_int_equal(fake.query.cap, cases[i].cap);
	}
}

static void
a_query_that_cannot_be_read_is_refused(void **state)
{
	static const char *const queries[] = {"type=FOO", "type=query", "type=INTERNAL%20",
	    "maxResults=-1", "startAt=-1", "maxResults=x", "maxResults=1.5", "startAt=1x",
	    "query=%ff"};

	(void)state;
	for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
		call("GET", arena_printf(&arena, JOBS "?%s", queries[i]), NULL);
		is_invalid("Failed to convert value of type");
	}
	call("GET", JOBS "/count?type=FOO", NULL);
	is_invalid("Failed to convert value of type");
	/* Where no query is read, any will do. */
	call("GET", JOBS "/12?type=FOO", NULL);
	assert_int_equal(res.status, 200);
}

/* ---- jobs as clients describe them ---- */

static void
create(const char *text)
{
	call("POST", JOBS, text);
	if (res.status != 200)
		fail_msg("%s: %s", text, body());
}

static void
what_is_not_said_stays_unsaid(void **state)
{
	static const char *const bodies[] = {
	    "{}",
	    "{\"name\":null,\"type\":null,\"recipients\":null,\"runAs\":null,\"startDate\":"
	    "null,"
	    "\"savedQuery\":null,\"scheduledHour\":null,\"rtArgsProvided\":null}",
	    "{\"name\":\"  \",\"type\":\"\",\"recipients\":\"\",\"runAs\":\"\","
	    "\"startDate\":\"\",\"endDate\":\" \",\"savedQuery\":\"\",\"scheduledHour\":\"\","
	    "\"rtArgsProvided\":\"\",\"scheduledDayOfWeek\":\"\"}",
	    /* Unknown members, and those that are only shown. */
	    "{\"x\":1,\"id\":\"abc\",\"createdBy\":5,\"nextRunOn\":\"x\",\"isActiveJob\":7,"
	    "\"lastRunOn\":[],\"command\":{}}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
		const struct job_new *n = &fake.n;

		create(bodies[i]);
		assert_true(!n->name && !n->task && !n->fixed_args && !n->rt_args_help);
		assert_true(n->start_us == JOB_UNSAID && n->end_us == INSTANT_NEVER);
		assert_true(n->minute == JOB_UNSAID && n->hour == JOB_UNSAID &&
			    n->month_day == JOB_UNSAID && n->hourly_interval == JOB_UNSAID &&
			    n->minutely_interval == JOB_UNSAID);
		assert_int_equal(n->repeat, 0);
		assert_int_equal(n->weekday, 0);
		assert_int_equal(n->status, 0);
		assert_int_equal(n->type, 0);
		assert_int_equal(n->query_id, 0);
		assert_int_equal(n->run_as, 0);
		assert_int_equal(n->recipient_count + n->shared_count, 0);
		assert_int_equal(n->rt_args_provided, JOB_FLAG_NONE);
	}
}

static void
a_job_is_read_as_it_is_shown(void **state)
{
	const struct job_new *n = &fake.n;

	(void)state;
	create(
	    "{\"id\":5,\"name\":\" n2 \",\"createdBy\":{\"id\":1},\"startDate\":1795331400000,"
	    "\"endDate\":1795331400001,\"scheduledHour\":23,\"scheduledMinute\":59,"
	    "\"scheduledDayOfWeek\":\"SATURDAY\",\"scheduledDayOfMonth\":31,"
	    "\"hourlyInterval\":2,\"minutelyInterval\":0,\"nextRunOn\":null,"
	    "\"activityStatus\":\"Active\",\"repeatSchedule\":\"WEEKLY\",\"type\":\"QUERY\","
	    "\"taskImplFqn\":\"nightly\",\"command\":null,\"fixedArgs\":\"-v\\tx\\n\","
	    "\"savedQuery\":{\"id\":3,\"title\":\"t\"},\"runAs\":{\"id\":8,\"admin\":false},"
	    "\"recipients\":[{\"id\":8},{\"id\":9}],\"sharedWith\":[{\"id\":7}],"
	    "\"isActiveJob\":true,\"lastRunOn\":null,\"rtArgsProvided\":false,"
	    "\"rtArgsHelpText\":\"h\"}");
	assert_string_equal(n->name, "n2");
	assert_true(n->start_us == TIME(0) && n->end_us == TIME(0) + 1000);
	assert_true(n->hour == 23 && n->minute == 59 && n->month_day == 31);
	assert_true(n->hourly_interval == 2 && n->minutely_interval == 0);
	assert_int_equal(n->weekday, 7);
	assert_int_equal(n->status, JOB_ACTIVE);
	assert_int_equal(n->repeat, JOB_WEEKLY);
	assert_int_equal(n->type, JOB_QUERY);
	assert_string_equal(n->task, "nightly");
	assert_string_equal(n->fixed_args, "-v\tx");
	assert_int_equal(n->query_id, 3);
	assert_int_equal(n->run_as, 8);
	assert_int_equal(n->recipient_count, 2);
	assert_int_equal(n->recipients[0], 8);
	assert_int_equal(n->recipients[1], 9);
	assert_int_equal(n->shared_count, 1);
	assert_int_equal(n->shared_with[0], 7);
	assert_int_equal(n->rt_args_provided, JOB_FLAG_FALSE);
	assert_string_equal(n->rt_args_help, "h");
	assert_true(fake.now_us == TIME(0));
}

/* [31] */
static void
numbers_and_booleans_may_be_strings(void **state)
{
	(void)state;
	create("{\"name\":5,\"scheduledHour\":\" 23 \",\"scheduledMinute\":\"0\","
	       "\"hourlyInterval\":\"-1\",\"rtArgsProvided\":\"TRUE\","
	       "\"startDate\":\"1795331400000\",\"runAs\":{\"id\":\"8\"},"
	       "\"recipients\":[{\"id\":\"63617269000000000000002a\"},null],"
	       "\"scheduledDayOfWeek\":4}");
	assert_string_equal(fake.n.name, "5");
	assert_true(fake.n.hour == 23 && fake.n.minute == 0 && fake.n.hourly_interval == -1);
	assert_int_equal(fake.n.rt_args_provided, JOB_FLAG_TRUE);
	assert_true(fake.n.start_us == TIME(0));
	assert_int_equal(fake.n.run_as, 8);
	assert_int_equal(fake.n.recipient_count, 1);
	assert_int_equal(fake.n.recipients[0], 42);
	assert_int_equal(fake.n.weekday, 4);
}

static void
a_word_that_is_none_is_the_services_to_judge(void **state)
{
	(void)state;
	create("{\"repeatSchedule\":\"YEARLY\",\"scheduledDayOfWeek\":\"FUNDAY\","
	       "\"activityStatus\":\"active\",\"type\":\"FOO\"}");
	assert_int_equal(fake.n.repeat, JOB_UNKNOWN_WORD);
	assert_int_equal(fake.n.weekday, JOB_UNKNOWN_WORD);
	assert_int_equal(fake.n.status, JOB_UNKNOWN_WORD);
	assert_int_equal(fake.n.type, JOB_UNKNOWN_WORD);
	create(
	    "{\"type\":\"EXTERNAL\",\"activityStatus\":\"Disabled\",\"scheduledDayOfWeek\":8}");
	assert_int_equal(fake.n.type, JOB_EXTERNAL);
	assert_int_equal(fake.n.status, JOB_DISABLED);
	assert_int_equal(fake.n.weekday, JOB_UNKNOWN_WORD);
}

static void
whom_or_what_nobody_is_is_the_services_to_judge(void **state)
{
	(void)state;
	create("{\"runAs\":{},\"savedQuery\":{\"title\":\"x\"},"
	       "\"recipients\":[{\"id\":-3},{}],\"sharedWith\":[]}");
	assert_true(fake.n.run_as == ID_MAX + 1);
	assert_int_equal(fake.n.query_id, 0);
	assert_int_equal(fake.n.recipient_count, 2);
	assert_true(fake.n.recipients[0] == ID_MAX + 1 && fake.n.recipients[1] == ID_MAX + 1);
	create("{\"savedQuery\":{\"id\":-1}}");
	assert_true(fake.n.query_id == ID_MAX + 1);
}

static void
a_body_of_the_wrong_kind_is_broken_json(void **state)
{
	static const struct {
		const char *body, *begin;
	} cases[] = {
	    {NULL, "Required request body is missing"},
	    {"", "Required request body is missing"},
	    {" \n", "Required request body is missing"},
	    {"null", "Required request body is missing"},
	    {"{", "JSON parse error: byte 1: "},
	    {"nope", "JSON parse error"},
	    {"{\"a\":1,\"a\":2}", "JSON parse error"},
	    {"[]", "JSON parse error"},
	    {"5", "JSON parse error"},
	    {"{\"name\":[]}", "JSON parse error: name"},
	    {"{\"name\":{}}", "JSON parse error: name"},
	    {"{\"scheduledHour\":{}}", "JSON parse error"},
	    {"{\"repeatSchedule\":[\"DAILY\"]}", "JSON parse error"},
	    {"{\"recipients\":{\"id\":3}}", "JSON parse error: recipients"},
	    {"{\"recipients\":[3]}", "JSON parse error: recipients"},
	    {"{\"runAs\":3}", "JSON parse error: runAs"},
	    {"{\"runAs\":\"ann\"}", "JSON parse error: runAs"},
	    {"{\"savedQuery\":3}", "JSON parse error: savedQuery"},
	    {"{\"scheduledHour\":\"x\"}", "Failed to convert value of type"},
	    {"{\"scheduledHour\":1.5}", "Failed to convert value of type"},
	    {"{\"scheduledHour\":99999999999999999999}", "Failed to convert value of type"},
	    {"{\"rtArgsProvided\":\"perhaps\"}", "Failed to convert value of type"},
	    {"{\"recipients\":[{\"id\":\"x\"}]}", "Failed to convert value of type"},
	    {"{\"savedQuery\":{\"id\":\"x\"}}", "Failed to convert value of type"},
	    {"{\"startDate\":\"junk\"}", "Failed to convert value of type"},
	    {"{\"endDate\":\"2017-02-30\"}", "Failed to convert value of type"},
	    {"{\"startDate\":253402300800000}", "Failed to convert value of type"},
	    {"{\"startDate\":9223372036854775807}", "Failed to convert value of type"},
	    {"{\"startDate\":1.5e12}", "Failed to convert value of type"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		call("POST", JOBS, cases[i].body);
		is_invalid(cases[i].begin);
		call("PUT", JOBS "/12", cases[i].body);
		is_invalid(cases[i].begin);
	}
}

static void
dates_of_a_job_come_in_three_ways(void **state)
{
	static const struct {
		const char *date, *instant;
	} cases[] = {
	    {"1487574000000", "2017-02-20T07:00:00Z"},
	    {"\"1487574000000\"", "2017-02-20T07:00:00Z"},
	    {"-1", "1969-12-31T23:59:59.999Z"},
	    {"0", "1970-01-01T00:00:00Z"},
	    /* The server's own day begins an hour before that of UTC. */
	    {"\"2017-02-20\"", "2017-02-19T23:00:00Z"},
	    {"\"2017-02-20T06:00:00.000Z\"", "2017-02-20T06:00:00Z"},
	    {"\"2017-02-20T06:00:00.000+05:30\"", "2017-02-20T00:30:00Z"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int64_t us;

		assert_int_equal(instant_parse(cases[i].instant, &us), 0);
		create(arena_printf(
		    &arena, "{\"startDate\":%s,\"endDate\":%s}", cases[i].date, cases[i].date));
		assert_true(fake.n.start_us == us && fake.n.end_us == us);
	}
}

static void
all_faults_are_told_in_their_order(void **state)
{
	(void)state;
	fake.ret = ERR_INPUT;
	fake.faults = (struct job_faults){
	    .list = {{"SCHEDULED_JOB_NAME_REQUIRED", "Job name is required."},
		{"QUERY_NOT_FOUND", "Saved query \"3\" <x> & y does not exists."}},
	    .count = 2,
	};
	for (int i = 0; i < 2; i++) {
		call(i ? "PUT" : "POST", i ? JOBS "/12" : JOBS, "{}");
		assert_int_equal(res.status, 400);
		assert_string_equal(body(),
		    "[{\"code\":\"SCHEDULED_JOB_NAME_REQUIRED\","
		    "\"message\":\"Job name is required.\"},"
		    "{\"code\":\"QUERY_NOT_FOUND\",\"message\":"
		    "\"Saved query \\\"3\\\" &lt;x&gt; &amp; y does not exists.\"}]");
	}
}

/* ---- what use cases refuse ---- */

static void
what_a_use_case_refuses_has_its_code(void **state)
{
	static const struct {
		int ret;
		const char *text, *path;
		int status;
		const char *code, *message;
	} cases[] = {
	    {ERR_MISSING, "", JOBS "/12", 400, "SCHEDULED_JOB_NOT_FOUND",
		"Job does not exist."},
	    {ERR_MISSING, "", JOBS "/12/runs/99", 400, "SCHEDULED_JOB_JOB_RUN_NOT_FOUND",
		"Job run does not exist."},
	    {ERR_DENIED, JOB_NO_RIGHT, JOBS, 400, "RBAC_ACCESS_DENIED", JOB_NO_RIGHT},
	    {ERR_DENIED, "Insufficient permissions", JOBS, 400, "RBAC_ACCESS_DENIED",
		JOB_NO_RIGHT},
	    {ERR_DENIED, JOB_NOT_YOURS, JOBS "/12", 400, "SCHEDULED_JOB_OP_NOT_ALLOWED",
		JOB_NOT_YOURS},
	    {ERR_INPUT, "too <long>", JOBS "/12", 400, "INVALID_REQUEST", "too &lt;long&gt;"},
	    {ERR_CONFLICT, "changed", JOBS "/12", 400, "INVALID_REQUEST", "changed"},
	    {ERR_BUSY, "x", JOBS, 503, "SERVICE_UNAVAILABLE", "Service unavailable"},
	    {ERR_IO, "secret", JOBS, 500, "internal_error", "Sorry, something went wrong."},
	    {ERR_RECOVER, "x", JOBS, 503, "SERVICE_UNAVAILABLE", "Service unavailable"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		fake.ret = cases[i].ret;
		fake.text = cases[i].text;
		call("GET", cases[i].path, NULL);
		is_fault(cases[i].status, cases[i].code, cases[i].message);
		assert_int_equal(res.recover, cases[i].ret == ERR_RECOVER);
	}
}

static void
a_log_in_may_be_told_to_come_again(void **state)
{
	(void)state;
	fake.login_ret = ERR_BUSY;
	ask("POST", P "/sessions", SIGN_IN, NULL);
	is_fault(503, "SERVICE_UNAVAILABLE", "Service unavailable");
	assert_true(has("Retry-After: 1"));
}

/* ---- runs ---- */

/* [12] */
static void
arguments_of_a_run_are_one_text(void **state)
{
	static const struct {
		const char *body, *args;
	} cases[] = {
	    {"{\"args\":\"a b c\"}", "a b c"},
	    {"{}", NULL},
	    {"{\"args\":null}", NULL},
	    {"{\"args\":\"\"}", NULL},
	    {"{\"args\":\" \\t\\n\"}", NULL},
	    {"{\"args\":\" x  y \"}", "x  y"},
	    {"{\"args\":5}", "5"},
	    {"{\"args\":1.50}", "1.50"},
	    {"{\"args\":true}", "true"},
	    {"{\"args\":\"a\",\"other\":[]}", "a"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		call("POST", JOBS "/12/runs", cases[i].body);
		assert_int_equal(res.status, 200);
		is_member("name", "\"n1\"");
		assert_int_equal(fake.has_args, cases[i].args != NULL);
		if (cases[i].args)
			assert_string_equal(fake.args, cases[i].args);
	}
	fake.calls = 0;
	call("POST", JOBS "/12/runs", NULL);
	is_invalid("Required request body is missing");
	call("POST", JOBS "/12/runs", "{\"args\":[]}");
	is_invalid("JSON parse error: args");
	call("POST", JOBS "/12/runs", "{\"args\":{}}");
	is_invalid("JSON parse error: args");
	call("POST", JOBS "/12/runs", "\"a\"");
	is_invalid("JSON parse error");
}

static void
a_run_has_all_its_members(void **state)
{
	static const char *const members[] = {"id", "jobId", "jobName", "startedAt",
	    "finishedAt", "status", "logFilePath", "message", "runBy", "rtArgs"};

	(void)state;
	call("GET", JOBS "/12/runs/99", NULL);
	assert_string_equal(body(),
	    "{\"id\":99,\"jobId\":12,\"jobName\":\"n1\",\"startedAt\":1795331401000,"
	    "\"finishedAt\":null,\"status\":\"IN_PROGRESS\",\"logFilePath\":null,"
	    "\"message\":null,\"runBy\":" ANN ",\"rtArgs\":null}");
	fake.runs[0].finished_us = TIME(2);
	fake.runs[0].succeeded = true;
	fake.runs[0].output = "x.csv";
	fake.runs[0].execution.args = "a b c";
	fake.runs[0].run_by = 0;
	call("GET", JOBS "/12/runs/99", NULL);
	is_member("finishedAt", "1795331402000");
	is_member("status", "\"SUCCEEDED\"");
	is_member("logFilePath", "\"x.csv\"");
	is_member("rtArgs", "\"a b c\"");
	assert_non_null(strstr(member("runBy"), "\"loginName\":\"$system\""));
	fake.runs[0].succeeded = false;
	fake.runs[0].message = "exit code 1";
	call("GET", JOBS "/12/runs/99", NULL);
	is_member("status", "\"FAILED\"");
	is_member("message", "\"exit code 1\"");
	for (size_t i = 0; i < sizeof members / sizeof *members; i++)
		assert_non_null(member(members[i]));
}

static void
runs_are_listed_as_a_bare_array(void **state)
{
	(void)state;
	call("GET", JOBS "/777777/runs", NULL);
	assert_string_equal(body(), "[]");
	fake.run_count = 2;
	fake.runs[1] = a_run();
	fake.runs[1].execution.id = 98;
	call("GET", JOBS "/12/runs", NULL);
	assert_memory_equal(body(), "[{\"id\":99,", 10);
	assert_non_null(strstr(body(), "},{\"id\":98,"));
}

/* [15, 18] */
static void
runs_are_asked_for_by_status_and_page(void **state)
{
	static const struct {
		const char *query;
		enum job_run_status status;
		size_t start, cap;
	} cases[] = {
	    {"", JOB_RUN_ANY, 0, 100},
	    {"maxResults=&fromDate=&toDate=&status=", JOB_RUN_ANY, 0, 100},
	    {"status=IN_PROGRESS", JOB_RUN_IN_PROGRESS, 0, 100},
	    {"status=SUCCEEDED", JOB_RUN_SUCCEEDED, 0, 100},
	    {"status=FAILED&startAt=2&maxResults=1", JOB_RUN_FAILED, 2, 1},
	    {"maxResults=10001", JOB_RUN_ANY, 0, 10000},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		call("GET", arena_printf(&arena, JOBS "/12/runs?%s", cases[i].query), NULL);
		assert_int_equal(res.status, 200);
		assert_int_equal(fake.run_query.job_id, 12);
		assert_int_equal(fake.run_query.status, cases[i].status);
		assert_int_equal(fake.run_query.start, cases[i].start);
		assert_int_equal(fake.run_query.cap, cases[i].cap);
		assert_true(fake.run_query.from_us == INT64_MIN);
		assert_true(fake.run_query.to_us == INSTANT_NEVER);
	}
	fake.calls = 0;
	call("GET", JOBS "/12/runs?status=DONE", NULL);
	is_invalid("Failed to convert value of type");
	call("GET", JOBS "/12/runs?maxResults=-1", NULL);
	is_invalid("Failed to convert value of type");
}

/* [16] */
static void
times_of_runs_come_in_all_the_ways(void **state)
{
	static const struct {
		const char *text, *instant;
	} cases[] = {
	    {"20220221", "2022-02-20T23:00:00Z"},
	    {"20220221T061500", "2022-02-21T05:15:00Z"},
	    {"2022-02-21%2006%3A15", "2022-02-21T05:15:00Z"},
	    {"2022-02-21+06:15", "2022-02-21T05:15:00Z"},
	    {"2022-02-21T06%3A15%3A00.000Z", "2022-02-21T06:15:00Z"},
	    {"2022-02-21T06:15:00.000%2B01:00", "2022-02-21T05:15:00Z"},
	    {"2022-02-21T06:15:00.000+01:00", "2022-02-21T05:15:00Z"},
	    {"2022-02-21T06:15:00.000-0500", "2022-02-21T11:15:00Z"},
	    {"2022-02-21", "2022-02-20T23:00:00Z"},
	    {"2022-02-21T06:15:01", "2022-02-21T05:15:01Z"},
	    {"2022-02-21T06:15:01Z", "2022-02-21T06:15:01Z"},
	    {"20220221T061500%2B0200", "2022-02-21T04:15:00Z"},
	    {"20220221T061500Z", "2022-02-21T06:15:00Z"},
	    /* In summer the server's clock is another hour ahead. */
	    {"20220721T061500", "2022-07-21T04:15:00Z"},
	    {"2022-03-27+02:30", "2022-03-27T01:00:00Z"},
	    {"2022-10-30+02:30", "2022-10-30T00:30:00Z"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *text = cases[i].text;
		int64_t us;

		assert_int_equal(instant_parse(cases[i].instant, &us), 0);
		call("GET",
		    arena_printf(&arena, JOBS "/12/runs?fromDate=%s&toDate=%s", text, text),
		    NULL);
		if (res.status != 200 || fake.run_query.from_us != us)
			fail_msg("%s: %s", text, body());
		/* What is shown has no more than milliseconds. */
		assert_true(fake.run_query.to_us == us + 999);
	}
	fake.calls = 0;
	call("GET", JOBS "/12/runs?fromDate=junk", NULL);
	is_invalid("Failed to convert value of type");
	call("GET", JOBS "/12/runs?toDate=2022-02-30", NULL);
	is_invalid("Failed to convert value of type");
}

/* [20] */
static void
a_result_file_is_sent_or_it_is_said_why_not(void **state)
{
	static const char path[] = JOBS "/1/runs/99/result-file";

	(void)state;
	fake.result.name = "x.csv";
	call("GET", path, NULL);
	assert_int_equal(res.status, 200);
	assert_string_equal(body(), "x.csv");
	assert_int_equal(fake.id, 99);
	assert_true(has("Cache-Control: no-cache, no-store, must-revalidate"));
	fake.send_ret = ERR_MISSING;
	call("GET", path, NULL);
	is_fault(400, "SCHEDULED_JOB_RESULT_DATA_FILE_NOT_FOUND",
	    "Job run result data file is damaged or replaced.");
	fake.ret = ERR_INPUT;
	call("GET", path, NULL);
	is_fault(400, "SCHEDULED_JOB_RESULT_DATA_FILE_NOT_AVAILABLE",
	    "Job run result data file is not generated.");
	fake.ret = ERR_MISSING;
	call("GET", path, NULL);
	is_fault(400, "SCHEDULED_JOB_JOB_RUN_NOT_FOUND", "Job run does not exist.");
	fake.ret = ERR_DENIED;
	fake.text = JOB_NOT_YOURS;
	call("GET", path, NULL);
	is_fault(400, "SCHEDULED_JOB_OP_NOT_ALLOWED", JOB_NOT_YOURS);
}

/* [34] */
static void
every_member_of_a_job_is_always_there(void **state)
{
	(void)state;
	call("POST", JOBS, "{}");
	for (size_t i = 0; i < sizeof job_members / sizeof *job_members; i++) {
		if (!member(job_members[i]))
			fail_msg("%s", job_members[i]);
	}
	assert_int_equal(sizeof job_members / sizeof *job_members, 26);
}

static int
begin(void **state)
{
	(void)state;
	sv.zones = zones_new(NULL);
	return mkdtemp(dir) ? 0 : -1;
}

static int
end(void **state)
{
	(void)state;
	zones_free(sv.zones);
	response_release(&res);
	arena_release(&arena);
	arena_release(&kept);
	return rmdir(dir);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(the_face_owns_its_three_bases),
	    TEST(each_method_of_a_path_has_its_use_case),
	    TEST(a_path_that_nobody_has_is_404),
	    TEST(a_method_that_a_path_has_not_is_405),
	    TEST(an_id_that_is_no_number_is_refused),
	    TEST(every_answer_has_the_headers),
	    TEST(a_browser_may_ask_before_it_calls),
	    TEST(pages_of_other_sites_may_call_where_they_are_listed),
	    TEST(the_checks_come_in_the_contracts_order),
	    TEST(without_credentials_a_browsers_page_is_not_challenged),
	    TEST(the_first_credentials_decide),
	    TEST(a_cookie_that_is_bad_is_forgotten),
	    TEST(a_log_in_answers_with_a_token_and_a_cookie),
	    TEST(the_cookie_counts_where_the_face_lies),
	    TEST(a_log_in_that_fails_clears_the_cookie),
	    TEST(a_domain_that_is_null_is_our_own),
	    TEST(a_log_out_ends_the_token_and_clears_the_cookie),
	    TEST(a_job_on_demand_has_all_its_members),
	    TEST(a_rule_shows_what_it_reads),
	    TEST(a_job_shows_its_people_and_its_query),
	    TEST(a_job_that_was_removed_is_disabled),
	    TEST(a_schedule_without_a_start_begins_when_it_was_made),
	    TEST(jobs_are_listed_as_a_bare_array),
	    TEST(a_list_is_asked_for_in_the_query),
	    TEST(a_query_that_cannot_be_read_is_refused),
	    TEST(what_is_not_said_stays_unsaid),
	    TEST(a_job_is_read_as_it_is_shown),
	    TEST(numbers_and_booleans_may_be_strings),
	    TEST(a_word_that_is_none_is_the_services_to_judge),
	    TEST(whom_or_what_nobody_is_is_the_services_to_judge),
	    TEST(a_body_of_the_wrong_kind_is_broken_json),
	    TEST(dates_of_a_job_come_in_three_ways),
	    TEST(all_faults_are_told_in_their_order),
	    TEST(what_a_use_case_refuses_has_its_code),
	    TEST(a_log_in_may_be_told_to_come_again),
	    TEST(arguments_of_a_run_are_one_text),
	    TEST(a_run_has_all_its_members),
	    TEST(runs_are_listed_as_a_bare_array),
	    TEST(runs_are_asked_for_by_status_and_page),
	    TEST(times_of_runs_come_in_all_the_ways),
	    TEST(a_result_file_is_sent_or_it_is_said_why_not),
	    TEST(every_member_of_a_job_is_always_there),
	};

	return cmocka_run_group_tests_name("openspecimen", tests, begin, end);
}
