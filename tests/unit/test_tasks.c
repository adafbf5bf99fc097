/*
 * Walks over the tasks of a tenant: every task that the actor sees, once, newest first, and the
 * call shows that it is at work.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "service/tasks.h"

#include "temp_store.h"

#define NOW (INT64_C(1795339800) * SECOND_US)

/* More than two steps of a walk. */
enum { TASKS = 1203 };

static struct temp_store temp;
static struct service sv;
static struct arena arena;
static struct actor admin;
static struct err err;
static unsigned progress;
static uint64_t schedules[3]; /* tagged a, tagged b, and one that was deleted */

static void
must(int rc)
{
	if (rc)
		fail_msg("%d: %s", rc, err.text);
}

static void
ring_bell(void *ctx)
{
	(void)ctx;
}

static void
note_progress(void *ctx)
{
	unsigned *count = ctx;

	++*count;
}

static const char *argv[] = {"/bin/true", NULL};
static struct task_def task_def = {.name = "main", .argv = argv, .argc = 1};

static uint64_t
create(const char *name, const char *tag)
{
	struct schedule s = {
	    .name = name,
	    .description = "",
	    .tags = &tag,
	    .tag_count = 1,
	    .type = 1,
	    .start_us = INT64_MIN,
	    .end_us = INSTANT_NEVER,
	    .keep_us = 7 * DAY_US,
	    .tasks = &task_def,
	    .task_count = 1,
	};
	uint64_t id;

	must(service_create_schedule(&sv, &admin, NOW, &s, &id, &err));
	return id;
}

/* An execution of each of the schedules in turn, each with a condition and a task. */
static int
fill_body(struct txn *txn, void *ctx, struct err *e)
{
	(void)ctx, (void)e;
	for (uint64_t i = 0; i < TASKS; i++) {
		struct execution x = {
		    .id = 10000 + 3 * i,
		    .tenant_id = admin.tenant_id,
		    .schedule_id = schedules[i % 3],
		    .schedule_name = "a",
		    .origin = ORIGIN_TRIGGER,
		    .due_us = NOW + (int64_t)i,
		    .triggered_us = NOW,
		    .task_count = 1,
		};
		struct task t = {
		    .id = x.id + 1,
		    .execution_id = x.id,
		    .schedule_id = x.schedule_id,
		    .tenant_id = x.tenant_id,
		    .status = TASK_PENDING,
		    .def = task_def,
		    .end_us = INSTANT_NEVER,
		};

		must(store_execution_put(txn, &x, &err));
		must(store_task_put(txn, &t, &err));
		t.id++;
		t.ordinal = TASK_ORDINAL_CONDITION;
		must(store_task_put(txn, &t, &err));
	}
	return 0;
}

static int
make_service(void **state)
{
	static const char *const allow[] = {"/bin", NULL};

	(void)state;
	temp_store_make(&temp);
	sv = (struct service){
	    .store = temp.st,
	    .zones = zones_new(NULL),
	    .command_allow = allow,
	    .random = secret_random,
	    .ring = ring_bell,
	    .progress = note_progress,
	    .progress_ctx = &progress,
	};
	if (secret_init(&err) || service_init(&sv, &err) ||
	    service_system_actor(&sv, &arena, &admin, &err))
		return -1;
	schedules[0] = create("first", "a");
	schedules[1] = create("second", "b");
	schedules[2] = create("third", "a");
	must(store_run(sv.store, fill_body, NULL, &err));
	must(service_delete_schedule(&sv, &admin, NOW, schedules[2], &err));
	return 0;
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

struct seen {
	size_t count;
	uint64_t last;
	unsigned of[3]; /* of each schedule */
	int64_t due_sum_us;
};

static void
look(void *ctx, const struct task_line *line)
{
	struct seen *s = ctx;

	assert_true(!s->last || line->id < s->last);
	s->last = line->id;
	s->count++;
	s->due_sum_us += line->due_us - NOW;
	for (int i = 0; i < 3; i++)
		s->of[i] += line->schedule_id == schedules[i];
}

static struct seen
scan_as(const struct actor *actor)
{
	struct seen s = {0};

	progress = 0;
	must(service_scan_tasks(&sv, actor, look, &s, &err));
	return s;
}

static void
every_task_is_seen_once_and_no_condition(void **state)
{
	struct seen s = scan_as(&admin);

	(void)state;
	assert_int_equal(s.count, TASKS);
	assert_int_equal(s.due_sum_us, (int64_t)TASKS * (TASKS - 1) / 2);
	assert_int_equal(s.last, 10001);
	assert_true(progress >= 3);
}

static void
a_token_with_tags_sees_the_tasks_of_its_schedules_alone(void **state)
{
	static const char *tag[] = {"a"}, *nothing[] = {"c"};
	struct actor limited = admin;
	struct seen s;

	(void)state;
	limited.tags = tag;
	limited.tag_count = 1;
	s = scan_as(&limited);
	assert_int_equal(s.count, TASKS / 3);
	assert_int_equal(s.of[0], TASKS / 3);
	limited.tags = nothing;
	assert_int_equal(scan_as(&limited).count, 0);
}

static void
another_tenant_sees_none_and_who_may_not_read_is_denied(void **state)
{
	struct actor other = admin;
	struct seen s = {0};

	(void)state;
	other.tenant_id++;
	assert_int_equal(scan_as(&other).count, 0);
	other = admin;
	other.scopes = SCOPE_RESULTS;
	assert_int_equal(service_scan_tasks(&sv, &other, look, &s, &err), ERR_DENIED);
	assert_int_equal(s.count, 0);
}

static void
who_reads_a_result_is_told_what_caused_its_task(void **state)
{
	struct actor reader = admin;
	int64_t due_us;

	(void)state;
	reader.scopes = SCOPE_RESULTS;
	must(service_task_due(&sv, &reader, 10001 + 3 * 7, &due_us, &err));
	assert_int_equal(due_us, NOW + 7);
	must(service_task_due(&sv, &reader, 4711, &due_us, &err));
	assert_true(due_us == INSTANT_NEVER);
	reader.tenant_id++;
	must(service_task_due(&sv, &reader, 10001, &due_us, &err));
	assert_true(due_us == INSTANT_NEVER);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_task_is_seen_once_and_no_condition),
	    cmocka_unit_test(a_token_with_tags_sees_the_tasks_of_its_schedules_alone),
	    cmocka_unit_test(another_tenant_sees_none_and_who_may_not_read_is_denied),
	    cmocka_unit_test(who_reads_a_result_is_told_what_caused_its_task),
	};

	return cmocka_run_group_tests(tests, make_service, remove_service);
}
