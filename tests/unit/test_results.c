/* Result files: who sees which, and how one is sent. */
#include "service/results.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "app/request.h"
#include "base/mem.h"
#include "temp_store.h"

enum { TENANT = 1, FOREIGN = 2, SCHEDULE = 10, OTHER_SCHEDULE = 11, NOW_US = 5000 };

static struct temp_store ts;
static struct service sv;
static struct face face;
static struct arena arena;
static struct err err;
static char output[sizeof ts.dir + 16];
static const char *argv[] = {"/bin/true", NULL};
static const char *tags[] = {"sales"};
static struct actor admin = {.user_id = 1,
    .tenant_id = TENANT,
    .token_id = 1,
    .name = "ann",
    .role = ROLE_DOMAIN_ADMIN,
    .scopes = SCOPE_ALL};

static void
ok(int rc)
{
	if (rc)
		fail_msg("%d: %s", rc, err.text);
}

/* ---- a store with results
 * ------------------------------------------------------------------------------ */

static void
put_schedule(struct txn *txn, uint64_t id, const char *name, size_t tag_count)
{
	struct task_def def = {.name = "t", .argv = argv, .argc = 1};
	struct schedule s = {.id = id,
	    .tenant_id = TENANT,
	    .version = 1,
	    .name = name,
	    .description = "",
	    .tags = tags,
	    .tag_count = tag_count,
	    .start_us = INT64_MIN,
	    .end_us = INSTANT_NEVER,
	    .tasks = &def,
	    .task_count = 1};
	struct schedule_state state = {.schedule_id = id,
	    .next_due_us = INSTANT_NEVER,
	    .range_due_us = INSTANT_NEVER,
	    .deferred_us = INSTANT_NEVER};

	ok(store_schedule_put(txn, &s, &err));
	ok(store_state_put(txn, &state, &err));
}

static struct execution
put_execution(struct txn *txn, uint64_t id, uint64_t schedule_id, uint32_t tasks)
{
	struct execution e = {.id = id,
	    .tenant_id = schedule_id == FOREIGN ? FOREIGN : TENANT,
	    .schedule_id = schedule_id,
	    .schedule_name = "s",
	    .origin = ORIGIN_CALL,
	    .due_us = INSTANT_NEVER,
	    .start_us = 1,
	    .end_us = 2,
	    .task_count = tasks,
	    .tasks_ended = tasks};

	ok(store_execution_put(txn, &e, &err));
	return e;
}

/* A task with attempts that left so many results each. */
static void
put_task(struct txn *txn, const struct execution *e, uint64_t id, uint32_t ordinal,
    const char *result_file, const uint32_t *counts, size_t attempts)
{
	struct attempt list[4] = {0};
	struct task t = {.id = id,
	    .execution_id = e->id,
	    .schedule_id = e->schedule_id,
	    .tenant_id = e->tenant_id,
	    .ordinal = ordinal,
	    .status = TASK_SUCCEEDED,
	    .end_us = 2,
	    .def = {.name = "t", .argv = argv, .argc = 1, .result_file = result_file},
	    .attempts = list,
	    .attempt_count = attempts};

	for (size_t i = 0; i < attempts; i++)
		list[i] = (struct attempt){.number = (uint32_t)i + 1, .results = counts[i]};
	ok(store_task_put(txn, &t, &err));
	for (size_t i = 0; i < attempts; i++) {
		for (uint32_t n = 0; n < counts[i]; n++) {
			struct result r = {.id = id * 10 + i * 4 + n,
			    .tenant_id = e->tenant_id,
			    .schedule_id = e->schedule_id,
			    .execution_id = e->id,
			    .task_id = id,
			    .attempt = (uint32_t)i + 1,
			    .number = n,
			    .name = arena_printf(
				&arena, "%c%llu.csv", 'a' + (int)n, (unsigned long long)e->id),
			    .bytes = 5,
			    .state = RESULT_AVAILABLE,
			    .consumed_us = INSTANT_NEVER,
			    .deleted_us = INSTANT_NEVER};

			ok(store_result_put(txn, &r, &err));
		}
	}
}

/* Execution 20: the first task names b20.csv, which it left in its first attempt; the second left
 * files in two attempts, and nothing in the last. 21: of a schedule with a tag. 22: nothing named
 * and nothing left. 23: of another tenant. */
static int
fill(struct txn *txn, void *ctx, struct err *e)
{
	struct tenant tenant = {.id = TENANT, .name = "main", .enabled = true};
	struct execution x;

	(void)ctx;
	(void)e;
	ok(store_tenant_put(txn, &tenant, &err));
	put_schedule(txn, SCHEDULE, "s", 0);
	put_schedule(txn, OTHER_SCHEDULE, "tagged", 1);
	x = put_execution(txn, 20, SCHEDULE, 2);
	put_task(txn, &x, 30, 0, "b${executionId}.csv", (uint32_t[]){2}, 1);
	put_task(txn, &x, 31, 1, NULL, (uint32_t[]){1, 2, 0}, 3);
	x = put_execution(txn, 21, OTHER_SCHEDULE, 1);
	put_task(txn, &x, 32, 0, "missing.csv", (uint32_t[]){2}, 1);
	x = put_execution(txn, 22, SCHEDULE, 1);
	put_task(txn, &x, 33, 0, NULL, NULL, 0);
	x = put_execution(txn, 23, FOREIGN, 1);
	put_task(txn, &x, 34, 0, NULL, (uint32_t[]){1}, 1);
	return 0;
}

static int
open_all(void **state)
{
	(void)state;
	temp_store_make(&ts);
	sv = (struct service){.store = ts.st};
	snprintf(output, sizeof output, "%s/output", ts.dir);
	face = (struct face){.service = &sv, .output_dir = output};
	return store_run(ts.st, fill, NULL, &err);
}

static int
close_all(void **state)
{
	(void)state;
	temp_store_remove(&ts);
	arena_release(&arena);
	return 0;
}

/* ---- what is seen
 * ------------------------------------------------------------------------------------- */

static void
a_task_lists_what_its_last_attempt_that_left_any_left(void **state)
{
	struct result *list;
	size_t count;

	(void)state;
	ok(service_list_results(&sv, &arena, &admin, 31, &list, &count, &err));
	assert_int_equal(count, 2);
	assert_int_equal(list[0].attempt, 2);
	assert_int_equal(list[0].id, 314);
	assert_int_equal(list[1].id, 315);
	ok(service_list_results(&sv, &arena, &admin, 33, &list, &count, &err));
	assert_int_equal(count, 0);
	assert_int_equal(
	    service_list_results(&sv, &arena, &admin, 34, &list, &count, &err), ERR_MISSING);
}

static void
results_of_others_are_not_there(void **state)
{
	struct actor tagged = admin;
	struct result r;

	(void)state;
	assert_int_equal(service_get_result(&sv, &arena, &admin, 340, &r, &err), ERR_MISSING);
	assert_string_equal(err.text, "Result not found");
	assert_int_equal(service_get_result(&sv, &arena, &admin, 9, &r, &err), ERR_MISSING);
	ok(service_get_result(&sv, &arena, &admin, 300, &r, &err));
	assert_string_equal(r.name, "a20.csv");

	tagged.tags = tags;
	tagged.tag_count = 1;
	assert_int_equal(service_get_result(&sv, &arena, &tagged, 300, &r, &err), ERR_MISSING);
	assert_int_equal(
	    service_acknowledge_result(&sv, &arena, &tagged, NOW_US, 300, &r, &err),
	    ERR_MISSING);
	assert_int_equal(service_main_result(&sv, &arena, &tagged, 20, &r, &err), ERR_MISSING);
	ok(service_get_result(&sv, &arena, &tagged, 320, &r, &err));
}

static void
a_walk_goes_from_the_newest_to_the_oldest_in_pages(void **state)
{
	static const uint64_t expected[] = {321, 320, 315, 314, 310, 301, 300};
	struct actor tagged = admin;
	struct result *list;
	uint64_t next = 0;
	size_t count, seen = 0;

	(void)state;
	do {
		ok(service_walk_results(
		    &sv, &arena, &admin, next, 3, &list, &count, &next, &err));
		for (size_t i = 0; i < count; i++)
			assert_int_equal(list[i].id, expected[seen++]);
	} while (next);
	assert_int_equal(seen, 7);

	tagged.tags = tags;
	tagged.tag_count = 1;
	ok(service_walk_results(&sv, &arena, &tagged, 0, 9, &list, &count, &next, &err));
	assert_int_equal(count, 2);
	assert_int_equal(list[1].id, 320);
	assert_int_equal(next, 0);
}

static void
the_result_of_a_run_is_the_one_that_a_task_names_or_the_first_of_the_last_task(void **state)
{
	struct result r;

	(void)state;
	ok(service_main_result(&sv, &arena, &admin, 20, &r, &err));
	assert_int_equal(r.id, 301);
	ok(service_main_result(&sv, &arena, &admin, 21, &r, &err));
	assert_int_equal(r.id, 320);
	assert_int_equal(service_main_result(&sv, &arena, &admin, 22, &r, &err), ERR_MISSING);
	assert_int_equal(service_main_result(&sv, &arena, &admin, 23, &r, &err), ERR_MISSING);
}

static void
what_is_acknowledged_twice_keeps_its_first_time(void **state)
{
	struct result r;

	(void)state;
	ok(service_acknowledge_result(&sv, &arena, &admin, NOW_US, 300, &r, &err));
	assert_int_equal(r.state, RESULT_CONSUMED);
	assert_int_equal(r.consumed_us, NOW_US);
	ok(service_acknowledge_result(&sv, &arena, &admin, NOW_US + 1, 300, &r, &err));
	assert_int_equal(r.consumed_us, NOW_US);
	ok(service_get_result(&sv, &arena, &admin, 300, &r, &err));
	assert_int_equal(r.state, RESULT_CONSUMED);
}

/* ---- what is sent
 * ------------------------------------------------------------------------------------- */

static struct response res;
static char *no_params[] = {NULL}, accel[] = "CARILLON_ACCEL=/out/",
	    *accel_params[] = {accel, NULL};

static struct request
request_of(const char *method, char *const *params)
{
	return (struct request){.arena = &arena, .method = method, .params = params};
}

static int
release(void **state)
{
	(void)state;
	response_release(&res);
	return 0;
}

static const char *
made(const char *path)
{
	return arena_printf(&arena, "%s/%s", output, path);
}

static void
put_file(const char *path, const char *text)
{
	char *full = arena_strdup(&arena, made(path));
	int fd;

	for (char *p = full + 1; (p = strchr(p, '/')); *p++ = '/') {
		*p = '\0';
		mkdir(full, 0700);
	}
	fd = open(full, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static bool
collect(void *ctx, const char *data, size_t len)
{
	buf_add(ctx, data, len);
	return true;
}

static struct result
result_named(const char *name)
{
	struct result r;

	ok(service_get_result(&sv, &arena, &admin, 301, &r, &err));
	r.name = name;
	put_file("0/20/0/1.results/1", "a,b\n1");
	return r;
}

static void
a_result_is_sent_with_its_type_and_the_name_to_save_it_under(void **state)
{
	struct result r = result_named("b20.csv");
	struct request get = request_of("GET", no_params), head = request_of("HEAD", no_params);
	struct buf text = BUF_INIT;

	(void)state;
	ok(response_send_result(&res, &get, &face, &r, NULL, &err));
	response_head(&res, &text);
	assert_string_equal(text.data,
	    "Status: 200 OK\r\n"
	    "Content-Type: text/csv\r\n"
	    "Content-Length: 5\r\n"
	    "Cache-Control: no-store\r\n"
	    "Content-Disposition: attachment;filename=\"b20.csv\"\r\n"
	    "\r\n");
	buf_reset(&text);
	response_write_body(&res, &head, collect, &text);
	assert_int_equal(text.len, 0);
	response_write_body(&res, &get, collect, &text);
	assert_int_equal(text.len, 5);
	assert_memory_equal(text.data, "a,b\n1", 5);
	buf_release(&text);
}

static void
a_web_server_that_can_sends_it_itself(void **state)
{
	struct result r = result_named("x");
	struct request get = request_of("GET", accel_params);

	(void)state;
	ok(response_send_result(&res, &get, &face, &r, "text/x", &err));
	assert_null(res.file);
	assert_string_equal(res.content_type, "text/x");
	assert_non_null(
	    strstr(res.headers.data, "X-Accel-Redirect: /out/0/20/0/1.results/1\r\n"));
}

static void
a_name_cannot_break_out_of_its_header(void **state)
{
	struct result r = result_named("\"a\\b\xc3\xa9\xe2\x82\xac c;d\".csv");
	struct request get = request_of("GET", no_params);

	(void)state;
	ok(response_send_result(&res, &get, &face, &r, NULL, &err));
	assert_non_null(
	    strstr(res.headers.data, "attachment;filename=\"_a_b__ c;d_.csv\"\r\n"));
}

static void
a_file_that_is_gone_or_another_is_told_from_one_that_is_there(void **state)
{
	struct result r = result_named("x"), expired = r;
	struct request get = request_of("GET", accel_params);
	const char *path = made("0/20/0/1.results/1");

	(void)state;
	expired.state = RESULT_EXPIRED;
	assert_int_equal(
	    response_send_result(&res, &get, &face, &expired, NULL, &err), ERR_MISSING);
	put_file("0/20/0/1.results/1", "longer than it was");
	assert_int_equal(response_send_result(&res, &get, &face, &r, NULL, &err), ERR_MISSING);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(response_send_result(&res, &get, &face, &r, NULL, &err), ERR_MISSING);
	put_file("0/20/0/secret", "12345");
	assert_int_equal(symlink("../secret", path), 0);
	assert_int_equal(response_send_result(&res, &get, &face, &r, NULL, &err), ERR_MISSING);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(response_send_result(&res, &get, &face, &r, NULL, &err), ERR_MISSING);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(response_send_result(&res, &get, &face, &r, NULL, &err), ERR_MISSING);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(res.status, 0);
	assert_int_equal(res.headers.len, 0);
}

/* ---- what a run's own file is called
 * ------------------------------------------------------------------ */

static void
the_number_of_the_execution_takes_the_place_of_its_mark(void **state)
{
	static const struct {
		const char *definition, *name;
	} cases[] = {
	    {NULL, NULL},
	    {"a.csv", "a.csv"},
	    {"q_${executionId}.csv", "q_17.csv"},
	    {"${executionId}${executionId}", "1717"},
	    {"${executionId", "${executionId"},
	    {"$${executionId}%s", "$17%s"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct task_def def = {.result_file = cases[i].definition};
		const char *name = task_result_file(&arena, &def, 17);

		if (cases[i].name)
			assert_string_equal(name, cases[i].name);
		else
			assert_null(name);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_task_lists_what_its_last_attempt_that_left_any_left),
	    cmocka_unit_test(results_of_others_are_not_there),
	    cmocka_unit_test(a_walk_goes_from_the_newest_to_the_oldest_in_pages),
	    cmocka_unit_test(
		the_result_of_a_run_is_the_one_that_a_task_names_or_the_first_of_the_last_task),
	    cmocka_unit_test(what_is_acknowledged_twice_keeps_its_first_time),
	    cmocka_unit_test_teardown(
		a_result_is_sent_with_its_type_and_the_name_to_save_it_under, release),
	    cmocka_unit_test_teardown(a_web_server_that_can_sends_it_itself, release),
	    cmocka_unit_test_teardown(a_name_cannot_break_out_of_its_header, release),
	    cmocka_unit_test_teardown(
		a_file_that_is_gone_or_another_is_told_from_one_that_is_there, release),
	    cmocka_unit_test(the_number_of_the_execution_takes_the_place_of_its_mark),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}
