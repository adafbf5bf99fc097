/*
 * The use cases, with a store and a clock that is a number: who may do what to what, and what
 * the caller is told. What the engine makes of it is test_engine.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/id.h"
#include "service/named.h"

#include "temp_store.h"

/* 2026-11-22T09:30:00Z */
#define NOW (INT64_C(1795339800) * SECOND_US)

static struct temp_store temp;
static struct service sv;
static struct arena arena;
static struct actor admin;
static struct err err;
static unsigned rings;

static void
ring_bell(void *ctx)
{
	(void)ctx;
	rings++;
}

static int
make_service(void **state)
{
	static const char *const allow[] = {"/bin", "/opt/jobs/", "/srv/one", NULL};

	(void)state;
	temp_store_make(&temp);
	sv = (struct service){
	    .store = temp.st,
	    .zones = zones_new(NULL),
	    .command_allow = allow,
	    .session_idle_us = HOUR_US,
	    .random = secret_random,
	    .ring = ring_bell,
	};
	rings = 0;
	return secret_init(&err) || service_init(&sv, &err) ||
	       service_system_actor(&sv, &arena, &admin, &err);
}

static int
remove_service(void **state)
{
	(void)state;
	zones_free(sv.zones);
	arena_release(&arena);
	temp_store_remove(&temp);
	return 0;
}

#define assert_text(words)	assert_string_equal(err.text, words)
#define assert_ok(call)		must(call, __LINE__)
#define assert_code(call, code) assert_int_equal(call, code)

static void
must(int rc, int line)
{
	if (rc)
		fail_msg("line %d: %d: %s", line, rc, err.text);
}

static const char *argv[] = {"/bin/true", NULL};
static struct task_def task_defs[2] = {
    {.name = "first", .argv = argv, .argc = 1},
    {.name = "second", .argv = argv, .argc = 1},
};

static struct schedule
definition(const char *name)
{
	return (struct schedule){
	    .name = name,
	    .description = "",
	    .type = 1,
	    .start_us = INT64_MIN,
	    .end_us = INSTANT_NEVER,
	    .misfire_window_us = HOUR_US,
	    .keep_us = 7 * DAY_US,
	    .tasks = task_defs,
	    .task_count = 1,
	};
}

static uint64_t
create_as(const struct actor *actor, struct schedule s)
{
	uint64_t id;

	assert_ok(service_create_schedule(&sv, actor, NOW, &s, &id, &err));
	return id;
}

static uint64_t
create(struct schedule s)
{
	return create_as(&admin, s);
}

/* An hourly one, due at the next full hour. */
static uint64_t
create_hourly(const char *name)
{
	static struct trigger t = {
	    .kind = TRIGGER_CRON, .expression = "0 * * * *", .time_zone = "UTC"};
	struct schedule s = definition(name);

	assert_ok(cron_parse(t.expression, 0, &t.cron, &err));
	s.triggers = &t;
	s.trigger_count = 1;
	s.overlap = OVERLAP_QUEUE;
	return create(s);
}

/* Somebody of another tenant, with every right there. */
static struct actor
foreigner(void)
{
	struct actor other = admin;

	other.tenant_id++;
	other.user_id = 4711;
	other.role = ROLE_ENTERPRISE_ADMIN;
	return other;
}

static struct actor
with_role(enum role role)
{
	struct actor someone = admin;

	someone.user_id = 4712;
	someone.role = role;
	return someone;
}

static uint64_t
run(uint64_t id)
{
	uint64_t execution;

	assert_ok(service_run_schedule(&sv, &admin, NOW, id, false, NULL, &execution, &err));
	return execution;
}

/* ---- schedules ---- */

static void
what_is_created_is_shown(void **state)
{
	struct schedule_view v;
	uint64_t id = create_hourly("hourly");

	(void)state;
	assert_int_equal(rings, 1);
	assert_ok(service_get_schedule(&sv, &arena, &admin, id, &v, &err));
	assert_string_equal(v.definition.name, "hourly");
	assert_int_equal(v.definition.version, 1);
	assert_int_equal(v.definition.created_us, NOW);
	assert_int_equal(v.definition.tenant_id, admin.tenant_id);
	assert_int_equal(v.state.next_due_us, NOW + 30 * MINUTE_US);
	assert_false(v.state.suspended);
	assert_false(v.finished);
}

static void
a_name_is_taken_once_and_free_again_after_the_deletion(void **state)
{
	struct schedule s = definition("one");
	uint64_t id = create(s), again;

	(void)state;
	assert_code(service_create_schedule(&sv, &admin, NOW, &s, &again, &err), ERR_CONFLICT);
	assert_text("A schedule with this name exists: one");
	create(definition("One"));
	create_as(
	    &(struct actor){
		.tenant_id = 99, .role = ROLE_DOMAIN_ADMIN, .scopes = SCOPE_ALL, .name = "x"},
	    definition("one"));
	assert_ok(service_delete_schedule(&sv, &admin, NOW, id, &err));
	assert_true(create(definition("one")) > id);
}

static void
only_commands_of_the_allow_list_are_accepted(void **state)
{
	static const struct {
		const char *path;
		bool allowed;
	} rows[] = {
	    {"/bin/true", true},
	    {"/bin", true},
	    {"/bins/true", false},
	    {"/usr/bin/true", false},
	    {"/opt/jobs/a/b", true},
	    {"/opt/jobs2/a", false},
	    {"/opt", false},
	    {"/srv/one", true},
	    {"/srv/one2", false},
	};
	const char *words[] = {NULL, NULL};
	struct task_def def = {.name = "only", .argv = words, .argc = 1};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct schedule s = definition(rows[i].path);
		uint64_t id;
		int rc;

		words[0] = rows[i].path;
		s.tasks = &def;
		rc = service_create_schedule(&sv, &admin, NOW, &s, &id, &err);
		if (rc != (rows[i].allowed ? 0 : ERR_INPUT))
			fail_msg("%s: %d", rows[i].path, rc);
	}
	assert_non_null(strstr(err.text, "Invalid value: tasks[0].command: /srv/one2"));
}

static void
a_zone_that_the_system_does_not_know_is_refused(void **state)
{
	struct trigger t = {
	    .kind = TRIGGER_CRON, .expression = "0 * * * *", .time_zone = "Mars/Olympus"};
	struct schedule s = definition("far");
	uint64_t id;

	(void)state;
	s.triggers = &t;
	s.trigger_count = 1;
	assert_code(service_create_schedule(&sv, &admin, NOW, &s, &id, &err), ERR_INPUT);
	assert_non_null(strstr(err.text, "Invalid value: triggers[0].timeZone: "));
	assert_int_equal(rings, 0);
}

static void
assert_found(const char *name, enum name_match match, int type, const char *expected)
{
	struct schedule_view *list;
	char found[256] = "";
	size_t count;

	assert_ok(service_find_schedules(
	    &sv, &arena, &admin, name, match, type, &list, &count, &err));
	for (size_t i = 0; i < count; i++)
		snprintf(found + strlen(found), sizeof found - strlen(found), "%s%s",
		    i ? "|" : "", list[i].definition.name);
	assert_string_equal(found, expected);
}

static void
schedules_are_found_by_name_in_the_order_that_callers_rely_on(void **state)
{
	static const char *const names[] = {
	    "demo", "Demo", "DEMO", "a demo", "demo b", "other"};
	struct actor stranger = foreigner();

	(void)state;
	for (int i = 0; i < 6; i++) {
		struct schedule s = definition(names[i]);

		s.type = i % 2;
		create(s);
	}
	create_as(&stranger, definition("demo of others"));
	assert_found("demo", MATCH_EQUALS, -1, "demo|DEMO|Demo");
	assert_found("DEMO", MATCH_EQUALS, -1, "DEMO|Demo|demo");
	assert_found("dEMO", MATCH_EQUALS, -1, "DEMO|Demo|demo");
	assert_found("demo", MATCH_CONTAINS, -1, "demo|DEMO|Demo|a demo|demo b");
	assert_found("demo", MATCH_STARTS, -1, "demo|DEMO|Demo|demo b");
	assert_found("demo", MATCH_ENDS, -1, "demo|DEMO|Demo|a demo");
	assert_found("demo", MATCH_NOT_CONTAINS, -1, "other");
	assert_found("demo", MATCH_EQUALS, 0, "demo|DEMO");
	assert_found("demo", MATCH_EQUALS, 1, "Demo");
	assert_found("demo", MATCH_EQUALS, 2, "");
	assert_found("nobody", MATCH_CONTAINS, -1, "");
	assert_found(NULL, MATCH_EQUALS, -1, "DEMO|Demo|a demo|demo|demo b|other");
	assert_found("", MATCH_NOT_CONTAINS, 1, "Demo|a demo|other");
}

static void
suspending_twice_keeps_the_latest_and_resuming_twice_succeeds(void **state)
{
	uint64_t id = create_hourly("hourly");
	struct schedule_view v;

	(void)state;
	assert_ok(service_suspend_schedule(&sv, &admin, NOW + 1, id, "first", &err));
	assert_ok(service_suspend_schedule(&sv, &admin, NOW + 2, id, "second", &err));
	assert_ok(service_get_schedule(&sv, &arena, &admin, id, &v, &err));
	assert_true(v.state.suspended);
	assert_int_equal(v.state.suspended_us, NOW + 2);
	assert_string_equal(v.state.suspended_reason, "second");
	assert_int_equal(v.state.next_due_us, NOW + 30 * MINUTE_US);
	assert_ok(service_resume_schedule(&sv, &admin, NOW + 3, id, &err));
	assert_ok(service_resume_schedule(&sv, &admin, NOW + 4, id, &err));
	assert_ok(service_get_schedule(&sv, &arena, &admin, id, &v, &err));
	assert_false(v.state.suspended);
	assert_null(v.state.suspended_reason);
	assert_true(rings >= 5);
}

static void
a_change_after_a_long_outage_settles_what_was_due_in_batches(void **state)
{
	struct trigger t = {.kind = TRIGGER_EVERY, .every_us = SECOND_US, .anchor_us = NOW};
	struct schedule s = definition("each second");
	struct occurrence *list;
	uint64_t id;
	size_t count;

	(void)state;
	s.triggers = &t;
	s.trigger_count = 1;
	s.misfire = MISFIRE_SKIP;
	id = create(s);
	assert_ok(service_suspend_schedule(&sv, &admin, NOW + 3 * HOUR_US, id, NULL, &err));
	assert_ok(service_list_occurrences(
	    &sv, &arena, &admin, id, INT64_MIN, INSTANT_NEVER, 10, &list, &count, &err));
	assert_int_equal(list[0].due_us, NOW + SECOND_US);
	assert_int_equal(list[0].to_us, NOW + 3 * HOUR_US - 31 * SECOND_US);
	assert_int_equal(list[0].count, 3 * 3600 - 31);
	assert_int_equal(list[1].verdict, VERDICT_RAN);
}

static void
deleting_leaves_what_ran_readable_and_ends_what_waits(void **state)
{
	uint64_t id = create(definition("one")), active = run(id), waiting = run(id);
	struct schedule_view v;
	struct execution e;
	struct task *tasks;
	size_t count;

	(void)state;
	assert_ok(service_delete_schedule(&sv, &admin, NOW + 1, id, &err));
	assert_code(service_get_schedule(&sv, &arena, &admin, id, &v, &err), ERR_MISSING);
	assert_text("Schedule not found");
	assert_code(service_delete_schedule(&sv, &admin, NOW, id, &err), ERR_MISSING);
	assert_ok(service_get_execution(&sv, &arena, &admin, active, &e, &tasks, &count, &err));
	assert_int_equal(tasks[0].status, TASK_PENDING);
	assert_ok(
	    service_get_execution(&sv, &arena, &admin, waiting, &e, &tasks, &count, &err));
	assert_int_equal(tasks[0].status, TASK_CANCELLED);
	assert_int_equal(e.end_us, NOW + 1);
}

/* ---- runs ---- */

static void
a_run_and_its_tasks_are_there_when_the_caller_is_answered(void **state)
{
	struct schedule s = definition("two tasks");
	struct execution e, of_task;
	struct task *tasks, task;
	uint64_t id, execution;
	size_t count;

	(void)state;
	s.task_count = 2;
	id = create(s);
	rings = 0;
	assert_ok(
	    service_run_schedule(&sv, &admin, NOW + 5, id, true, "a b", &execution, &err));
	assert_int_equal(rings, 1);
	assert_ok(
	    service_get_execution(&sv, &arena, &admin, execution, &e, &tasks, &count, &err));
	assert_int_equal(e.schedule_id, id);
	assert_string_equal(e.schedule_name, "two tasks");
	assert_int_equal(e.origin, ORIGIN_CALL);
	assert_int_equal(e.due_us, INSTANT_NEVER);
	assert_int_equal(e.triggered_us, NOW + 5);
	assert_int_equal(e.start_us, INSTANT_NEVER);
	assert_int_equal(e.end_us, INSTANT_NEVER);
	assert_string_equal(e.args, "a b");
	assert_int_equal(count, 2);
	assert_string_equal(tasks[0].def.name, "first");
	assert_string_equal(tasks[1].def.name, "second");
	assert_true(tasks[0].id < tasks[1].id);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(tasks[i].status, TASK_PENDING);
		assert_int_equal(tasks[i].output_bytes, -1);
	}
	assert_ok(service_get_task(&sv, &arena, &admin, tasks[1].id, &task, &of_task, &err));
	assert_int_equal(task.ordinal, 1);
	assert_int_equal(of_task.id, execution);
}

static enum task_status
status_of(uint64_t execution)
{
	struct execution e;
	struct task *tasks;
	size_t count;

	assert_ok(
	    service_get_execution(&sv, &arena, &admin, execution, &e, &tasks, &count, &err));
	assert_int_equal(e.end_us != INSTANT_NEVER, tasks[0].status == TASK_CONDITION);
	return tasks[0].status;
}

static uint64_t
run_checked(uint64_t id, int64_t now_us, bool check)
{
	uint64_t execution;

	assert_ok(service_run_schedule(&sv, &admin, now_us, id, check, NULL, &execution, &err));
	return execution;
}

static void
checked_triggers_say_no_when_suspended_or_out_of_bounds(void **state)
{
	uint64_t hourly = create_hourly("hourly"), on_demand = create(definition("on demand"));
	struct trigger t = {.kind = TRIGGER_AT, .at_us = NOW + 30 * SECOND_US};
	struct schedule s = definition("bounded");
	uint64_t bounded;

	(void)state;
	s.triggers = &t;
	s.trigger_count = 1;
	s.start_us = NOW + 10 * SECOND_US;
	s.end_us = NOW + 60 * SECOND_US;
	bounded = create(s);
	assert_int_equal(status_of(run_checked(hourly, NOW, true)), TASK_PENDING);
	assert_int_equal(status_of(run_checked(bounded, NOW, true)), TASK_CONDITION);
	assert_int_equal(status_of(run_checked(bounded, NOW, false)), TASK_PENDING);
	assert_int_equal(
	    status_of(run_checked(bounded, NOW + 10 * SECOND_US, true)), TASK_PENDING);
	assert_int_equal(
	    status_of(run_checked(bounded, NOW + 60 * SECOND_US, true)), TASK_CONDITION);

	assert_ok(service_suspend_schedule(&sv, &admin, NOW, hourly, NULL, &err));
	assert_ok(service_suspend_schedule(&sv, &admin, NOW, on_demand, NULL, &err));
	assert_int_equal(status_of(run_checked(hourly, NOW, true)), TASK_CONDITION);
	assert_int_equal(status_of(run_checked(hourly, NOW, false)), TASK_PENDING);
	/* Without a trigger there is nothing that could say no. */
	assert_int_equal(status_of(run_checked(on_demand, NOW, true)), TASK_PENDING);
}

static void
arguments_are_bounded_and_well_formed(void **state)
{
	uint64_t id = create(definition("one")), execution;
	char args[8194];

	(void)state;
	memset(args, 'a', sizeof args);
	args[8192] = '\0';
	assert_ok(service_run_schedule(&sv, &admin, NOW, id, false, args, &execution, &err));
	args[8192] = 'a';
	args[8193] = '\0';
	assert_code(service_run_schedule(&sv, &admin, NOW, id, false, args, &execution, &err),
	    ERR_INPUT);
	assert_code(service_run_schedule(&sv, &admin, NOW, id, false, "\xff", &execution, &err),
	    ERR_INPUT);
	assert_non_null(strstr(err.text, "Invalid value: args"));
}

static void
new_work_is_refused_before_the_disk_is_full(void **state)
{
	uint64_t id = create(definition("one")), execution;
	struct schedule s = definition("another");

	(void)state;
	store_close(temp.st);
	temp.options.reserve_bytes = UINT64_MAX / 2;
	temp_store_open(&temp);
	sv.store = temp.st;
	assert_code(service_run_schedule(&sv, &admin, NOW, id, false, NULL, &execution, &err),
	    ERR_BUSY);
	assert_code(service_create_schedule(&sv, &admin, NOW, &s, &id, &err), ERR_BUSY);
	assert_int_equal(rings, 1);
}

/* ---- lists ---- */

static void
executions_are_listed_newest_first_page_by_page(void **state)
{
	uint64_t id = create(definition("one")), other = create(definition("other")), ids[5];
	uint64_t before = 0;
	struct execution *list;
	size_t count;

	(void)state;
	for (int i = 0; i < 5; i++) {
		ids[i] = run(id);
		run(other);
	}
	for (int i = 4; i >= 0; i -= (int)count) {
		assert_ok(service_list_executions(
		    &sv, &arena, &admin, id, before, 2, &list, &count, &err));
		assert_int_equal(count, i > 0 ? 2 : 1);
		for (size_t j = 0; j < count; j++)
			assert_int_equal(list[j].id, ids[i - (int)j]);
		before = list[count - 1].id;
	}
	assert_ok(
	    service_list_executions(&sv, &arena, &admin, id, before, 2, &list, &count, &err));
	assert_int_equal(count, 0);
}

static void
occurrences_are_listed_between_two_instants(void **state)
{
	uint64_t id = create_hourly("hourly");
	struct occurrence *list;
	size_t count;

	(void)state;
	/* Each suspension settles what was due until then. */
	for (int i = 1; i <= 4; i++)
		assert_ok(service_resume_schedule(&sv, &admin,
		    NOW + i * HOUR_US - 29 * MINUTE_US - 50 * SECOND_US, id, &err));
	assert_ok(service_list_occurrences(&sv, &arena, &admin, id, NOW + 90 * MINUTE_US,
	    NOW + 210 * MINUTE_US, 10, &list, &count, &err));
	assert_int_equal(count, 2);
	assert_int_equal(list[0].due_us, NOW + 90 * MINUTE_US);
	assert_int_equal(list[1].due_us, NOW + 150 * MINUTE_US);
	assert_ok(service_list_occurrences(
	    &sv, &arena, &admin, id, INT64_MIN, INSTANT_NEVER, 3, &list, &count, &err));
	assert_int_equal(count, 3);
	assert_int_equal(list[0].due_us, NOW + 30 * MINUTE_US);
}

/* ---- who may ---- */

static void
what_another_tenant_owns_is_missing(void **state)
{
	struct actor other = foreigner();
	uint64_t id = create(definition("one")), execution = run(id);
	struct schedule_view v, *views;
	struct occurrence *occurrences;
	struct execution e, *executions;
	struct task t, *tasks;
	uint64_t ignored;
	size_t count;

	(void)state;
	assert_ok(
	    service_get_execution(&sv, &arena, &admin, execution, &e, &tasks, &count, &err));
	assert_code(service_get_schedule(&sv, &arena, &other, id, &v, &err), ERR_MISSING);
	assert_text("Schedule not found");
	assert_code(service_delete_schedule(&sv, &other, NOW, id, &err), ERR_MISSING);
	assert_code(service_suspend_schedule(&sv, &other, NOW, id, NULL, &err), ERR_MISSING);
	assert_code(service_resume_schedule(&sv, &other, NOW, id, &err), ERR_MISSING);
	assert_code(service_run_schedule(&sv, &other, NOW, id, false, NULL, &ignored, &err),
	    ERR_MISSING);
	assert_code(
	    service_list_executions(&sv, &arena, &other, id, 0, 9, &executions, &count, &err),
	    ERR_MISSING);
	assert_code(service_list_occurrences(&sv, &arena, &other, id, INT64_MIN, INSTANT_NEVER,
			9, &occurrences, &count, &err),
	    ERR_MISSING);
	assert_code(
	    service_get_task(&sv, &arena, &other, tasks[0].id, &t, &e, &err), ERR_MISSING);
	assert_text("Task not found");
	assert_code(
	    service_get_execution(&sv, &arena, &other, execution, &e, &tasks, &count, &err),
	    ERR_MISSING);
	assert_text("Execution not found");
	assert_ok(service_find_schedules(
	    &sv, &arena, &other, NULL, MATCH_EQUALS, -1, &views, &count, &err));
	assert_int_equal(count, 0);
	/* And an id that nobody has is told in the same words. */
	assert_code(service_get_schedule(&sv, &arena, &admin, 123456, &v, &err), ERR_MISSING);
	assert_text("Schedule not found");
}

static void
changing_needs_an_administrator_and_looking_and_running_do_not(void **state)
{
	uint64_t id = create(definition("one"));

	(void)state;
	for (enum role role = ROLE_VIEWER; role <= ROLE_ENTERPRISE_ADMIN; role++) {
		struct actor a = with_role(role);
		int expected = role >= ROLE_DOMAIN_ADMIN ? 0 : ERR_DENIED;
		struct schedule s = definition(role_name(role));
		struct schedule_view v, *list;
		uint64_t made = 0, execution;
		size_t count;

		assert_ok(service_get_schedule(&sv, &arena, &a, id, &v, &err));
		assert_ok(service_find_schedules(
		    &sv, &arena, &a, NULL, MATCH_EQUALS, -1, &list, &count, &err));
		assert_true(count >= 1);
		assert_ok(
		    service_run_schedule(&sv, &a, NOW, id, false, NULL, &execution, &err));
		assert_code(service_create_schedule(&sv, &a, NOW, &s, &made, &err), expected);
		if (expected)
			assert_text("Insufficient permissions");
		assert_code(service_suspend_schedule(&sv, &a, NOW, id, NULL, &err), expected);
		assert_code(service_resume_schedule(&sv, &a, NOW, id, &err), expected);
		assert_code(
		    service_delete_schedule(&sv, &a, NOW, made ? made : id, &err), expected);
	}
}

static void
a_run_knows_who_asked_for_it(void **state)
{
	uint64_t id = create(definition("one")), execution;
	struct actor a = with_role(ROLE_ANALYST);
	struct execution e;
	struct task *tasks;
	size_t count;

	(void)state;
	a.token_id = 77;
	assert_ok(service_run_schedule(&sv, &a, NOW, id, false, NULL, &execution, &err));
	assert_ok(service_get_execution(&sv, &arena, &a, execution, &e, &tasks, &count, &err));
	assert_int_equal(e.actor_id, 4712);
	assert_int_equal(e.token_id, 77);
	assert_ok(
	    service_get_execution(&sv, &arena, &admin, run(id), &e, &tasks, &count, &err));
	assert_int_equal(e.actor_id, 0);
}

/* ---- log-in and tokens ---- */

static uint64_t
make_user(const char *name, const char *password, bool disabled)
{
	uint64_t id;

	assert_ok(service_create_user(&sv, &admin, NOW,
	    &(struct user_new){
		.name = name, .password = password, .role = ROLE_PRO, .disabled = disabled},
	    &id, &err));
	return id;
}

static int
login(const char *name, const char *password, char token[TOKEN_TEXT])
{
	struct login who = {.name = name, .now_us = NOW};
	int64_t locked_us;

	return service_login(&sv, &who, password, token, &locked_us, &err);
}

static int
authenticate(const char *token, int64_t now_us, struct actor *actor)
{
	return service_authenticate(&sv, &arena, now_us, token, actor, &err);
}

static void
only_the_right_password_of_an_enabled_user_lets_in(void **state)
{
	uint64_t ann = make_user("ann", "abc123!", false);
	char token[TOKEN_TEXT];
	struct actor actor;

	(void)state;
	make_user("bob", "abc123!", true);
	make_user("cleo", NULL, false);
	assert_code(login("ann", "abc123", token), ERR_IDENTITY);
	assert_text("Invalid user name or password");
	assert_code(login("ann", "", token), ERR_IDENTITY);
	assert_code(login("Ann", "abc123!", token), ERR_IDENTITY);
	assert_code(login("nobody", "abc123!", token), ERR_IDENTITY);
	assert_text("Invalid user name or password");
	assert_code(login("bob", "abc123!", token), ERR_IDENTITY);
	assert_code(login("cleo", "", token), ERR_IDENTITY);
	assert_ok(login("ann", "abc123!", token));
	assert_ok(authenticate(token, NOW, &actor));
	assert_int_equal(actor.user_id, ann);
	assert_int_equal(actor.role, ROLE_PRO);
	assert_string_equal(actor.name, "ann");
	assert_int_equal(actor.tenant_id, admin.tenant_id);
	assert_code(authenticate("", NOW, &actor), ERR_IDENTITY);
	assert_text("Invalid or missing token");
	token[0] ^= 1;
	assert_code(authenticate(token, NOW, &actor), ERR_IDENTITY);
}

static void
a_session_lives_as_long_as_it_is_used(void **state)
{
	char token[TOKEN_TEXT];
	struct actor actor;

	(void)state;
	make_user("ann", "abc123!", false);
	assert_ok(login("ann", "abc123!", token));
	assert_ok(authenticate(token, NOW + 59 * MINUTE_US, &actor));
	assert_ok(authenticate(token, NOW + 118 * MINUTE_US, &actor));
	/* Looked at with a clock that was set back, it does not live longer or shorter. */
	assert_ok(authenticate(token, NOW, &actor));
	assert_ok(authenticate(token, NOW + 177 * MINUTE_US, &actor));
	assert_code(authenticate(token, NOW + 238 * MINUTE_US, &actor), ERR_IDENTITY);
	assert_text("Invalid or missing token");
}

static void
a_key_lives_until_it_expires(void **state)
{
	struct token_made forever, short_lived;
	struct actor actor;

	(void)state;
	make_user("ann", NULL, false);
	assert_ok(service_create_token(
	    &sv, &admin, NOW, &(struct token_new){.user_name = "ann"}, &forever, &err));
	assert_ok(service_create_token(&sv, &admin, NOW,
	    &(struct token_new){.user_name = "ann", .life_us = DAY_US}, &short_lived, &err));
	assert_int_equal(forever.expires_us, INSTANT_NEVER);
	assert_int_equal(short_lived.expires_us, NOW + DAY_US);
	assert_ok(authenticate(short_lived.text, NOW + DAY_US - 1, &actor));
	assert_code(authenticate(short_lived.text, NOW + DAY_US, &actor), ERR_IDENTITY);
	assert_ok(authenticate(forever.text, NOW + 1000 * DAY_US, &actor));
	assert_int_equal(actor.token_id, forever.id);
}

static void
a_name_of_a_user_is_taken_once(void **state)
{
	struct actor viewer = with_role(ROLE_VIEWER);
	struct user_new n = {.name = "ann", .role = ROLE_VIEWER};
	uint64_t id;

	(void)state;
	make_user("ann", NULL, false);
	assert_code(service_create_user(&sv, &admin, NOW, &n, &id, &err), ERR_CONFLICT);
	n.name = "eve";
	assert_code(service_create_user(&sv, &viewer, NOW, &n, &id, &err), ERR_DENIED);
	n.name = "";
	assert_code(service_create_user(&sv, &admin, NOW, &n, &id, &err), ERR_INPUT);
}

static void
init_twice_changes_nothing(void **state)
{
	char token[TOKEN_TEXT];
	struct actor actor;

	(void)state;
	make_user("ann", "abc123!", false);
	assert_ok(login("ann", "abc123!", token));
	assert_ok(service_init(&sv, &err));
	assert_ok(authenticate(token, NOW, &actor));
	assert_ok(service_system_actor(&sv, &arena, &actor, &err));
	assert_int_equal(actor.tenant_id, admin.tenant_id);
}

/* ---- runs by id or name ---- */

static int
run_named_as(const struct actor *actor, const char *text, struct execution *e)
{
	return service_run_named(&sv, &arena, actor, NOW, text, e, &err);
}

static void
a_run_is_asked_for_by_id_or_by_exact_name(void **state)
{
	uint64_t id = create(definition("gün \"sonu\""));
	char guid[ID_GUID_LEN + 1], hex[ID_HEX_LEN + 1], number[24];
	const char *const spellings[] = {"gün \"sonu\"", guid, hex, number};
	const char *const others[] = {"GÜN \"SONU\"", "gün", "", "0", "-1",
	    "6237b225b9a84d607cd79044", "99999999999999999999"};
	struct task *tasks;
	struct execution e;
	size_t count;

	(void)state;
	id_guid(id, guid);
	id_hex(id, hex);
	snprintf(number, sizeof number, "%llu", (unsigned long long)id);
	for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
		rings = 0;
		assert_ok(run_named_as(&admin, spellings[i], &e));
		assert_int_equal(rings, 1);
		assert_int_equal(e.schedule_id, id);
		assert_string_equal(e.schedule_name, "gün \"sonu\"");
		assert_int_equal(e.triggered_us, NOW);
		assert_int_equal(e.origin, ORIGIN_CALL);
		assert_ok(
		    service_get_execution(&sv, &arena, &admin, e.id, &e, &tasks, &count, &err));
		assert_int_equal(count, 1);
	}
	rings = 0;
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		assert_code(run_named_as(&admin, others[i], &e), ERR_MISSING);
	assert_int_equal(rings, 0);
}

static void
an_id_goes_before_a_name_and_a_name_before_a_number(void **state)
{
	char hex[ID_HEX_LEN + 1], number[24];
	struct execution e;
	uint64_t id;

	(void)state;
	id = create(definition("meant"));
	id_hex(id, hex);
	snprintf(number, sizeof number, "%llu", (unsigned long long)id);
	create(definition(hex));
	assert_ok(run_named_as(&admin, hex, &e));
	assert_int_equal(e.schedule_id, id);
	assert_ok(run_named_as(&admin, number, &e));
	assert_int_equal(e.schedule_id, id);
	create(definition(number));
	assert_ok(run_named_as(&admin, number, &e));
	assert_string_equal(e.schedule_name, number);
}

static void
what_an_actor_does_not_see_he_cannot_name(void **state)
{
	static const char *tags[] = {"other"};
	uint64_t id = create(definition("hidden"));
	struct actor other = foreigner(), tagged = admin, reader = admin;
	char text[SCHEDULE_NAME_MAX * 4 + 2], hex[ID_HEX_LEN + 1];
	struct execution e;

	(void)state;
	id_hex(id, hex);
	tagged.tags = tags;
	tagged.tag_count = 1;
	reader.scopes = SCOPE_READ;
	assert_code(run_named_as(&other, "hidden", &e), ERR_MISSING);
	assert_code(run_named_as(&other, hex, &e), ERR_MISSING);
	assert_code(run_named_as(&tagged, "hidden", &e), ERR_MISSING);
	assert_code(run_named_as(&tagged, hex, &e), ERR_MISSING);
	assert_code(run_named_as(&reader, "hidden", &e), ERR_DENIED);
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	assert_code(run_named_as(&admin, text, &e), ERR_MISSING);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_service, remove_service)
	const struct CMUnitTest tests[] = {
	    TEST(what_is_created_is_shown),
	    TEST(a_name_is_taken_once_and_free_again_after_the_deletion),
	    TEST(only_commands_of_the_allow_list_are_accepted),
	    TEST(a_zone_that_the_system_does_not_know_is_refused),
	    TEST(schedules_are_found_by_name_in_the_order_that_callers_rely_on),
	    TEST(suspending_twice_keeps_the_latest_and_resuming_twice_succeeds),
	    TEST(a_change_after_a_long_outage_settles_what_was_due_in_batches),
	    TEST(deleting_leaves_what_ran_readable_and_ends_what_waits),
	    TEST(a_run_and_its_tasks_are_there_when_the_caller_is_answered),
	    TEST(checked_triggers_say_no_when_suspended_or_out_of_bounds),
	    TEST(arguments_are_bounded_and_well_formed),
	    TEST(new_work_is_refused_before_the_disk_is_full),
	    TEST(executions_are_listed_newest_first_page_by_page),
	    TEST(occurrences_are_listed_between_two_instants),
	    TEST(what_another_tenant_owns_is_missing),
	    TEST(changing_needs_an_administrator_and_looking_and_running_do_not),
	    TEST(a_run_knows_who_asked_for_it),
	    TEST(only_the_right_password_of_an_enabled_user_lets_in),
	    TEST(a_session_lives_as_long_as_it_is_used),
	    TEST(a_key_lives_until_it_expires),
	    TEST(a_name_of_a_user_is_taken_once),
	    TEST(init_twice_changes_nothing),
	    TEST(a_run_is_asked_for_by_id_or_by_exact_name),
	    TEST(an_id_goes_before_a_name_and_a_name_before_a_number),
	    TEST(what_an_actor_does_not_see_he_cannot_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
