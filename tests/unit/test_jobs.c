/*
 * Schedules as OpenSpecimen's scheduled jobs: what is refused and in which words, what is shown,
 * who may do what, runs on demand. With the engine at work on a clock that is a number:
 * tests/unit/simulation.h. The rows are those of wire/openspecimen.md 8.2.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "service/jobs.h"
#include "service/results.h"
#include "simulation.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const char *const nightly_argv[] = {"/bin/nightly", "-v", NULL};
static const char *const weekly_argv[] = {"/bin/weekly", NULL};
static const char *const query_argv[] = {"/bin/query", "5", NULL};
static const struct job_command commands[] = {
    {.name = "nightly", .argv = nightly_argv, .argc = 2},
    {.name = "weekly", .argv = weekly_argv, .argc = 1},
    {.name = "Counts", .query_id = 5, .argv = query_argv, .argc = 2},
};
static struct job_settings settings;

/* Users of the first tenant: whoever makes a job, another, and one without any right. */
static struct actor ann, bob, cid;

static struct actor
make_user(const char *name, unsigned rights)
{
	struct user_new n = {.name = name, .role = ROLE_VIEWER};
	struct actor actor = {.name = name,
	    .tenant_id = sim.admin.tenant_id,
	    .role = ROLE_VIEWER,
	    .scopes = SCOPE_ALL,
	    .job_rights = rights};

	if (service_create_user(&sim.sv, &sim.admin, sim.now_us, &n, &actor.user_id, &sim.err))
		temp_store_die(name, &sim.err);
	return actor;
}

static int
make_world(void **state)
{
	(void)state;
	sim_make();
	settings = (struct job_settings){
	    .time_zone = "UTC", .commands = commands, .command_count = COUNT(commands)};
	sim.sv.jobs = &settings;
	ann = make_user("ann", JOB_RIGHTS_ALL);
	bob = make_user("bob", JOB_READ);
	cid = make_user("cid", 0);
	return 0;
}

static int
remove_world(void **state)
{
	(void)state;
	sim_stop_engine();
	assert_int_equal(sim.failures, 0);
	assert_true(temp_store_is_sound(&sim.ts));
	sim_remove();
	return 0;
}

/* ---- words for what follows ---- */

static void
ok_at(int code, const char *call, int line)
{
	if (code)
		fail_msg("line %d: %s: %d: %s", line, call, code, sim.err.text);
}

#define ok(call) ok_at((call), #call, __LINE__)

#define refused(call, code, words)                          \
	do {                                                \
		assert_int_equal((call), (code));           \
		assert_string_equal(sim.err.text, (words)); \
	} while (0)

static int64_t
at(const char *text)
{
	int64_t us;

	if (instant_parse(text, &us))
		fail_msg("%s", text);
	return us;
}

/* Numbers are unsaid, the task is registered, it is on demand. */
static struct job_new
plain(const char *name)
{
	return (struct job_new){
	    .name = name,
	    .start_us = JOB_UNSAID,
	    .end_us = INSTANT_NEVER,
	    .repeat = JOB_ON_DEMAND,
	    .minute = JOB_UNSAID,
	    .hour = JOB_UNSAID,
	    .month_day = JOB_UNSAID,
	    .hourly_interval = JOB_UNSAID,
	    .minutely_interval = JOB_UNSAID,
	    .type = JOB_INTERNAL,
	    .task = "nightly",
	};
}

static struct job_new
daily(const char *name, int hour, int minute)
{
	struct job_new n = plain(name);

	n.repeat = JOB_DAILY;
	n.hour = hour;
	n.minute = minute;
	return n;
}

static struct job_faults faults;

static int
create_as(const struct actor *actor, const struct job_new *n, struct job_view *view)
{
	return service_create_job(
	    &sim.sv, &sim.arena, actor, sim.now_us, n, &faults, view, &sim.err);
}

static uint64_t
create(const struct actor *actor, struct job_new n)
{
	struct job_view view;

	ok(create_as(actor, &n, &view));
	return view.schedule.definition.id;
}

static int
update_as(
    const struct actor *actor, uint64_t id, const struct job_new *n, struct job_view *view)
{
	return service_update_job(
	    &sim.sv, &sim.arena, actor, sim.now_us, id, n, &faults, view, &sim.err);
}

static struct job_view
job_at(uint64_t id, int64_t now_us)
{
	struct job_view view;

	ok(service_get_job(&sim.sv, &sim.arena, &sim.admin, now_us, id, &view, &sim.err));
	return view;
}

static struct job_view
job_of(uint64_t id)
{
	return job_at(id, sim.now_us);
}

static int
get_as(const struct actor *actor, uint64_t id)
{
	struct job_view view;

	return service_get_job(&sim.sv, &sim.arena, actor, sim.now_us, id, &view, &sim.err);
}

static int
delete_as(const struct actor *actor, uint64_t id, struct job_view *view)
{
	return service_delete_job(&sim.sv, &sim.arena, actor, sim.now_us, id, view, &sim.err);
}

static int
run_as(const struct actor *actor, uint64_t id, const char *args, uint64_t *execution)
{
	struct job_view view;

	return service_run_job(
	    &sim.sv, &sim.arena, actor, sim.now_us, id, args, execution, &view, &sim.err);
}

/* 0: dropped. */
static uint64_t
run(uint64_t id, const char *args)
{
	uint64_t execution;

	ok(run_as(&sim.admin, id, args, &execution));
	return execution;
}

static struct job_run *
runs_by(const struct actor *actor, const struct job_run_query *q, size_t *count)
{
	struct job_run *list;

	ok(service_list_job_runs(&sim.sv, &sim.arena, actor, q, &list, count, &sim.err));
	return list;
}

static struct job_run_query
all_runs(uint64_t id)
{
	return (struct job_run_query){
	    .job_id = id, .from_us = INT64_MIN, .to_us = INSTANT_NEVER, .cap = 100};
}

static struct job_run *
runs_of(uint64_t id, size_t *count)
{
	struct job_run_query q = all_runs(id);

	return runs_by(&sim.admin, &q, count);
}

/* ---- what is refused ---- */

/* The codes without their common beginning, with a blank between. */
static const char *
codes(void)
{
	static char text[1024];
	const char *head = "SCHEDULED_JOB_";

	*text = '\0';
	for (size_t i = 0; i < faults.count; i++) {
		const char *code = faults.list[i].code;

		if (!strncmp(code, head, strlen(head)))
			code += strlen(head);
		snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i ? " " : "",
		    code);
	}
	return text;
}

static void
set_daily(struct job_new *n)
{
	n->repeat = JOB_DAILY;
	n->hour = 1;
	n->minute = 2;
}

/* clang-format off */
#define ON(name, statement) static void name(struct job_new *n) { statement; }
ON(say_nothing, *n = plain(NULL); n->repeat = 0; n->type = 0; n->task = NULL)
ON(no_time, n->repeat = JOB_DAILY)
ON(hour_24, set_daily(n); n->hour = 24)
ON(hour_negative, set_daily(n); n->hour = -1)
ON(minute_60, set_daily(n); n->minute = 60)
ON(minute_huge, set_daily(n); n->minute = INT64_MAX)
ON(no_weekday, set_daily(n); n->repeat = JOB_WEEKLY)
ON(bad_weekday, set_daily(n); n->repeat = JOB_WEEKLY; n->weekday = JOB_UNKNOWN_WORD)
ON(day_32, set_daily(n); n->repeat = JOB_MONTHLY; n->month_day = 32)
ON(no_day, set_daily(n); n->repeat = JOB_MONTHLY)
ON(all_of_a_week, n->repeat = JOB_WEEKLY)
ON(no_minute, n->repeat = JOB_HOURLY)
ON(hours_0, n->repeat = JOB_HOURLY; n->minute = 0; n->hourly_interval = 0)
ON(hours_huge, n->repeat = JOB_HOURLY; n->minute = 0; n->hourly_interval = INT64_MAX)
ON(minutes_negative, n->repeat = JOB_MINUTELY; n->minutely_interval = -1)
ON(minutes_huge, n->repeat = JOB_MINUTELY; n->minutely_interval = INT64_MAX)
ON(yearly, n->repeat = JOB_UNKNOWN_WORD; n->hour = 77)
ON(end_first, n->start_us = 2000; n->end_us = 1999)
ON(end_past, n->end_us = 1000)
ON(bad_status, n->status = JOB_UNKNOWN_WORD)
ON(bad_type, n->type = JOB_UNKNOWN_WORD; n->task = NULL)
ON(external, n->type = JOB_EXTERNAL; n->task = NULL)
ON(no_task, n->task = NULL)
ON(bad_task, n->task = "com.example.None")
ON(path_as_task, n->task = "/bin/nightly")
ON(title_as_task, n->task = "Counts")
ON(no_query, n->type = JOB_QUERY)
ON(bad_query, n->type = JOB_QUERY; n->query_id = 6)
ON(bad_run_as, n->run_as = 999)
ON(long_name, static char name[257]; memset(name, 'x', 256); n->name = name)
ON(control_name, n->name = "a\nb")
static const uint64_t strangers[] = {3000, 4000, 3000};
ON(bad_recipients, n->recipients = strangers; n->recipient_count = 3)
ON(bad_shared, n->shared_with = strangers; n->shared_count = 1)
ON(far_too_many, n->recipients = arena_array(&sim.arena, 501, 8); n->recipient_count = 501)
ON(everything, say_nothing(n); n->repeat = JOB_MONTHLY; n->end_us = 0; n->start_us = 1;
    n->status = JOB_UNKNOWN_WORD; n->run_as = 999; bad_recipients(n); bad_shared(n))
/* clang-format on */

static const struct {
	void (*edit)(struct job_new *n);
	const char *codes;
	const char *message; /* of the first; NULL: not looked at */
} refusals[] = {
    {say_nothing, "NAME_REQUIRED REPEAT_SCHEDULE_REQUIRED INVALID_TYPE",
	"Job name is required."},
    {no_time, "INVALID_SCHEDULED_TIME INVALID_SCHEDULED_TIME", "Scheduled time is invalid."},
    {hour_24, "INVALID_SCHEDULED_TIME", NULL},
    {hour_negative, "INVALID_SCHEDULED_TIME", NULL},
    {minute_60, "INVALID_SCHEDULED_TIME", NULL},
    {minute_huge, "INVALID_SCHEDULED_TIME", NULL},
    {no_weekday, "INVALID_SCHEDULED_TIME", NULL},
    {bad_weekday, "INVALID_SCHEDULED_TIME", NULL},
    {day_32, "INVALID_SCHEDULED_TIME", NULL},
    {no_day, "INVALID_SCHEDULED_TIME", NULL},
    {all_of_a_week, "INVALID_SCHEDULED_TIME INVALID_SCHEDULED_TIME INVALID_SCHEDULED_TIME",
	NULL},
    {no_minute, "INVALID_SCHEDULED_TIME", NULL},
    {hours_0, "INVALID_SCHEDULED_TIME", NULL},
    {hours_huge, "INVALID_SCHEDULED_TIME", NULL},
    {minutes_negative, "INVALID_SCHEDULED_TIME", NULL},
    {minutes_huge, "INVALID_SCHEDULED_TIME", NULL},
    {yearly, "INVALID_REPEAT_SCHEDULE", "Repeat schedule is invalid."},
    {end_first, "END_DATE_BEFORE_START_DATE", "Job end-date is before start-date."},
    {end_past, "END_DATE_BEFORE_START_DATE", NULL},
    {bad_status, "ACTIVITY_STATUS_INVALID", "Invalid activity status."},
    {bad_type, "INVALID_TYPE", "Job type is invalid."},
    {external, "EXT_TASK_FORBIDDEN", "External commands are not allowed."},
    {no_task, "TASK_IMPL_FQN_REQUIRED", "Job implementation class is required."},
    {bad_task, "INVALID_TASK_IMPL_FQN", "Job  implementation class is invalid."},
    {path_as_task, "INVALID_TASK_IMPL_FQN", NULL},
    {title_as_task, "INVALID_TASK_IMPL_FQN", NULL},
    {no_query, "QUERY_REQ", "Saved query ID is required."},
    {bad_query, "QUERY_NOT_FOUND", "Saved query 6 does not exists."},
    {bad_run_as, "USER_NOT_FOUND", "User does not exist."},
    {bad_recipients, "USER_ONE_OR_MORE_NOT_FOUND",
	"One or more users do not exist. (IDs: [3000, 4000])"},
    {bad_shared, "USER_ONE_OR_MORE_NOT_FOUND", "One or more users do not exist. (IDs: [3000])"},
    {long_name, "INVALID_REQUEST",
	"Failed to convert value of type 'string' to required type 'name': longer than 255 "
	"characters"},
    {control_name, "INVALID_REQUEST", NULL},
    {far_too_many, "INVALID_REQUEST", NULL},
    {everything,
	"NAME_REQUIRED INVALID_SCHEDULED_TIME INVALID_SCHEDULED_TIME INVALID_SCHEDULED_TIME "
	"END_DATE_BEFORE_START_DATE ACTIVITY_STATUS_INVALID INVALID_TYPE USER_NOT_FOUND "
	"USER_ONE_OR_MORE_NOT_FOUND USER_ONE_OR_MORE_NOT_FOUND",
	NULL},
};

/* Rows 6 and 8. */
static void
each_fault_has_its_code_in_the_contracts_order(void **state)
{
	uint64_t id = create(&sim.admin, plain("there"));
	struct job_view view;

	(void)state;
	for (size_t i = 0; i < COUNT(refusals); i++) {
		struct job_new n = plain("n1");

		refusals[i].edit(&n);
		if (create_as(&sim.admin, &n, &view) != ERR_INPUT)
			fail_msg("row %zu is not refused", i);
		assert_string_equal(codes(), refusals[i].codes);
		if (refusals[i].message)
			assert_string_equal(faults.list[0].message, refusals[i].message);
		/* The same for a change. */
		if (update_as(&sim.admin, id, &n, &view) != ERR_INPUT)
			fail_msg("row %zu is not refused as a change", i);
		if (refusals[i].edit != end_past)
			assert_string_equal(codes(), refusals[i].codes);
	}
	assert_string_equal(job_of(id).schedule.definition.name, "there");
	assert_int_equal(job_of(id).schedule.definition.version, 1);
}

static void
a_user_of_another_tenant_does_not_exist(void **state)
{
	struct user_new u = {.name = "eve", .role = ROLE_VIEWER};
	struct job_new n = plain("n1");
	struct job_view view;

	(void)state;
	ok(service_create_tenant(
	    &sim.sv, &sim.admin, sim.now_us, "acme", &u.tenant_id, &sim.err));
	ok(service_create_user(&sim.sv, &sim.admin, sim.now_us, &u, &n.run_as, &sim.err));
	assert_int_equal(create_as(&sim.admin, &n, &view), ERR_INPUT);
	assert_string_equal(codes(), "USER_NOT_FOUND");
}

/* Row 7. */
static void
a_name_is_used_once_and_free_when_its_job_is_gone(void **state)
{
	uint64_t id = create(&sim.admin, plain("n1")), other;
	struct job_new again = plain("n1"), wrong = plain("n1");
	struct job_view view;

	(void)state;
	assert_int_equal(create_as(&sim.admin, &again, &view), ERR_INPUT);
	assert_string_equal(codes(), "DUP_JOB_NAME");
	assert_string_equal(faults.list[0].message, "A job with same name already exists.");
	/* It is looked at only when nothing else is wrong. */
	wrong.type = 0;
	assert_int_equal(create_as(&sim.admin, &wrong, &view), ERR_INPUT);
	assert_string_equal(codes(), "INVALID_TYPE");
	other = create(&sim.admin, plain("N1"));
	assert_int_equal(update_as(&sim.admin, other, &again, &view), ERR_INPUT);
	assert_string_equal(codes(), "DUP_JOB_NAME");
	ok(update_as(&sim.admin, id, &again, &view));
	ok(delete_as(&sim.admin, id, &view));
	ok(update_as(&sim.admin, other, &again, &view));
}

/* ---- what is shown ---- */

/* Row 5. */
static void
a_new_job_has_the_contracts_defaults(void **state)
{
	struct job_view v = job_of(create(&ann, plain("n1")));
	const struct schedule *s = &v.schedule.definition;

	(void)state;
	assert_string_equal(s->name, "n1");
	assert_int_equal(s->created_by, ann.user_id);
	assert_int_equal(s->start_us, sim.now_us);
	assert_true(s->end_us == INSTANT_NEVER);
	assert_int_equal(s->overlap, OVERLAP_SKIP);
	assert_int_equal(s->misfire, MISFIRE_SKIP);
	assert_true(v.active);
	assert_false(v.disabled);
	assert_true(v.next_run_us == INSTANT_NEVER);
	assert_true(v.last_start_us == INSTANT_NEVER);
	assert_int_equal(v.job.rule.repeat, JOB_ON_DEMAND);
	assert_int_equal(v.job.rule.hourly_interval, 0);
	assert_string_equal(v.job.task, "nightly");
	assert_int_equal(v.job.recipient_count, 0);
	assert_int_equal(v.job.rt_args_provided, JOB_FLAG_NONE);
}

static void
assert_argv(const struct schedule *s, const char *words)
{
	const char *const *argv = s->tasks[0].argv;
	char text[128] = "";

	assert_int_equal(s->task_count, 1);
	for (size_t i = 0; i < s->tasks[0].argc; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i ? " " : "",
		    argv[i]);
	assert_string_equal(text, words);
	assert_true(s->tasks[0].accept_args);
}

static void
what_is_said_comes_back(void **state)
{
	uint64_t people[] = {bob.user_id, cid.user_id, bob.user_id};
	struct job_new n = daily("n1", 23, 5);
	struct job_view v;

	(void)state;
	n.start_us = at("2026-01-01T00:00:00Z");
	n.end_us = at("2027-01-01T00:00:00Z");
	n.type = JOB_QUERY;
	n.query_id = 5;
	n.fixed_args = " -a  b\tc ";
	n.run_as = bob.user_id;
	n.recipients = people;
	n.recipient_count = 3;
	n.shared_with = people + 1;
	n.shared_count = 1;
	n.rt_args_provided = JOB_FLAG_FALSE;
	n.rt_args_help = "what to count";
	/* What neither the rule nor the type reads. */
	n.month_day = 77;
	n.weekday = JOB_UNKNOWN_WORD;
	n.minutely_interval = -5;
	v = job_of(create(&sim.admin, n));
	assert_int_equal(v.schedule.definition.start_us, n.start_us);
	assert_int_equal(v.schedule.definition.end_us / 1000, n.end_us / 1000);
	assert_true(
	    job_rule_same(&v.job.rule, &(struct job_rule){JOB_DAILY, 1, 1, 5, 23, 0, 0}));
	assert_int_equal(v.job.type, JOB_QUERY);
	assert_null(v.job.task);
	assert_int_equal(v.job.query_id, 5);
	assert_string_equal(v.job.query_title, "Counts");
	assert_string_equal(v.job.fixed_args, " -a  b\tc ");
	assert_int_equal(v.job.run_as, bob.user_id);
	assert_int_equal(v.job.recipient_count, 2);
	assert_int_equal(v.job.recipients[1], cid.user_id);
	assert_int_equal(v.job.shared_count, 1);
	assert_int_equal(v.job.rt_args_provided, JOB_FLAG_FALSE);
	assert_string_equal(v.job.rt_args_help, "what to count");
	assert_argv(&v.schedule.definition, "/bin/query 5 -a b c");
	assert_string_equal(
	    v.schedule.definition.tasks[0].result_file, "scheduled_query_5_${executionId}.csv");
	assert_int_equal(v.next_run_us, at("2026-11-22T23:05:00Z"));
}

/* Rows 23 to 25, through the zone of the configuration. */
static void
the_next_run_is_told_for_the_moment_of_the_answer(void **state)
{
	static const struct {
		struct job_new n; /* without what plain() says */
		const char *now, *next;
	} rows[] = {
	    {{.repeat = JOB_DAILY, .hour = 23, .minute = 0}, "2026-11-24T22:59:00+01:00",
		"2026-11-24T23:00:00+01:00"},
	    {{.repeat = JOB_DAILY, .hour = 23, .minute = 0}, "2026-11-24T23:00:00+01:00",
		"2026-11-25T23:00:00+01:00"},
	    {{.repeat = JOB_DAILY, .hour = 23, .minute = 0}, "2026-11-24T23:01:00+01:00",
		"2026-11-25T23:00:00+01:00"},
	    {{.repeat = JOB_HOURLY, .minute = 30, .hourly_interval = JOB_UNSAID},
		"2026-11-24T10:29:00+01:00", "2026-11-24T10:30:00+01:00"},
	    {{.repeat = JOB_HOURLY, .minute = 30, .hourly_interval = JOB_UNSAID},
		"2026-11-24T10:30:00+01:00", "2026-11-24T11:30:00+01:00"},
	    {{.repeat = JOB_HOURLY, .minute = 30, .hourly_interval = 3},
		"2026-11-24T10:30:00+01:00", "2026-11-24T13:30:00+01:00"},
	    {{.repeat = JOB_WEEKLY, .weekday = 4, .hour = 9, .minute = 0},
		"2026-11-24T12:00:00+01:00", "2026-11-25T09:00:00+01:00"},
	    {{.repeat = JOB_WEEKLY, .weekday = 4, .hour = 9, .minute = 0},
		"2026-11-25T08:59:00+01:00", "2026-11-25T09:00:00+01:00"},
	    {{.repeat = JOB_WEEKLY, .weekday = 4, .hour = 9, .minute = 0},
		"2026-11-25T09:00:00+01:00", "2026-12-02T09:00:00+01:00"},
	    {{.repeat = JOB_WEEKLY, .weekday = 4, .hour = 9, .minute = 0},
		"2026-11-26T12:00:00+01:00", "2026-12-02T09:00:00+01:00"},
	    {{.repeat = JOB_MONTHLY, .month_day = 15, .hour = 8, .minute = 0},
		"2026-12-14T12:00:00+01:00", "2026-12-15T08:00:00+01:00"},
	    {{.repeat = JOB_MONTHLY, .month_day = 15, .hour = 8, .minute = 0},
		"2026-12-15T07:59:00+01:00", "2026-12-15T08:00:00+01:00"},
	    {{.repeat = JOB_MONTHLY, .month_day = 15, .hour = 8, .minute = 0},
		"2026-12-15T08:00:00+01:00", "2027-01-15T08:00:00+01:00"},
	    {{.repeat = JOB_MONTHLY, .month_day = 15, .hour = 8, .minute = 0},
		"2026-12-16T00:00:00+01:00", "2027-01-15T08:00:00+01:00"},
	    {{.repeat = JOB_MONTHLY, .month_day = 31, .hour = 8, .minute = 0},
		"2027-02-01T00:00:00+01:00", "2027-02-28T08:00:00+01:00"},
	    {{.repeat = JOB_MINUTELY, .minutely_interval = 0}, "2026-11-24T10:00:30+01:00",
		"2026-11-24T10:01:00+01:00"},
	    {{.repeat = JOB_MINUTELY, .minutely_interval = JOB_UNSAID},
		"2026-11-24T10:00:00+01:00", "2026-11-24T10:01:00+01:00"},
	    {{.repeat = JOB_MINUTELY, .minutely_interval = 5}, "2026-11-24T10:00:30+01:00",
		"2026-11-24T10:01:00+01:00"},
	};

	(void)state;
	settings.time_zone = "Europe/Amsterdam";
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct job_new n = rows[i].n;
		uint64_t before, then;
		char name[16];

		/* A day before, and at that moment. */
		snprintf(name, sizeof name, "before %zu", i);
		n.name = name;
		n.end_us = INSTANT_NEVER;
		n.start_us = JOB_UNSAID;
		n.type = JOB_INTERNAL;
		n.task = "weekly";
		sim.now_us = at(rows[i].now) - DAY_US;
		before = create(&sim.admin, n);
		snprintf(name, sizeof name, "then %zu", i);
		sim.now_us = at(rows[i].now);
		then = create(&sim.admin, n);
		if (job_at(then, at(rows[i].now)).next_run_us != at(rows[i].next))
			fail_msg("row %zu", i);
		if (n.repeat != JOB_HOURLY && n.repeat != JOB_MINUTELY)
			assert_int_equal(
			    job_at(before, at(rows[i].now)).next_run_us, at(rows[i].next));
	}
}

/* Row 25: at whatever moment. */
static void
minutes_are_never_further_ahead_than_the_interval(void **state)
{
	static const int64_t intervals[] = {0, 1, 5};

	(void)state;
	for (size_t i = 0; i < COUNT(intervals); i++) {
		int64_t most_us = (intervals[i] ? intervals[i] : 1) * MINUTE_US;
		struct job_new n = plain("abc" + i);
		uint64_t id;

		n.repeat = JOB_MINUTELY;
		n.minutely_interval = intervals[i];
		id = create(&sim.admin, n);
		for (int64_t us = sim.now_us; us < sim.now_us + HOUR_US; us += 7 * SECOND_US) {
			struct job_view v = job_at(id, us);

			assert_true(v.next_run_us > us);
			assert_true(v.next_run_us <= us + most_us);
			assert_int_equal(v.next_run_us % MINUTE_US, 0);
			assert_int_equal(v.job.rule.minutely_interval, intervals[i]);
		}
	}
}

/* Row 26. */
static void
dates_keep_timed_runs_away_and_nothing_else(void **state)
{
	struct job_new late = daily("late", 9, 32), early = daily("early", 9, 32),
		       last = daily("last", 9, 32);
	uint64_t ids[3];
	size_t count;

	(void)state;
	late.start_us = SIM_BEGIN + DAY_US;
	early.start_us = 0;
	early.end_us = SIM_BEGIN + MINUTE_US;
	last.end_us = SIM_BEGIN + 2 * MINUTE_US; /* that very moment counts */
	ids[0] = create(&sim.admin, late);
	ids[1] = create(&sim.admin, early);
	ids[2] = create(&sim.admin, last);
	for (int i = 0; i < 3; i++) {
		struct job_view v = job_of(ids[i]);

		assert_true(v.active);
		assert_int_equal(v.next_run_us, SIM_BEGIN + 2 * MINUTE_US);
	}
	sim_run_until(SIM_BEGIN + 3 * MINUTE_US);
	for (int i = 0; i < 3; i++) {
		runs_of(ids[i], &count);
		assert_int_equal(count, i == 2);
		assert_int_equal(
		    job_of(ids[i]).next_run_us, SIM_BEGIN + 2 * MINUTE_US + DAY_US);
		assert_true(run(ids[i], NULL) != 0);
		sim_pass(MINUTE_US);
		runs_of(ids[i], &count);
		assert_int_equal(count, 1 + (i == 2));
	}
}

static void
a_suspended_job_is_not_active_and_runs_for_nobody(void **state)
{
	uint64_t id = create(&sim.admin, daily("n1", 9, 32));
	struct job_view v;
	size_t count;

	(void)state;
	ok(service_suspend_schedule(&sim.sv, &sim.admin, sim.now_us, id, NULL, &sim.err));
	v = job_of(id);
	assert_false(v.active);
	assert_false(v.disabled);
	assert_true(v.next_run_us == INSTANT_NEVER);
	assert_int_equal(run(id, NULL), 0);
	sim_pass(10 * MINUTE_US);
	runs_of(id, &count);
	assert_int_equal(count, 0);
	ok(service_resume_schedule(&sim.sv, &sim.admin, sim.now_us, id, &sim.err));
	assert_true(job_of(id).active);
	assert_true(run(id, NULL) != 0);
}

static void
a_job_of_a_query_that_is_gone_is_not_active(void **state)
{
	struct job_new n = plain("n1");
	uint64_t id;

	(void)state;
	n.type = JOB_QUERY;
	n.query_id = 5;
	id = create(&sim.admin, n);
	assert_true(job_of(id).active);
	settings.command_count = 2;
	assert_false(job_of(id).active);
	assert_string_equal(job_of(id).job.query_title, "Counts");
	assert_int_equal(run(id, NULL), 0);
}

/* ---- changes ---- */

/* What a client that got a job sends back. */
static struct job_new
as_shown(const struct job_view *v)
{
	const struct job_rule *r = &v->job.rule;

	return (struct job_new){
	    .name = v->schedule.definition.name,
	    .start_us = v->schedule.definition.start_us / 1000 * 1000,
	    .end_us = v->schedule.definition.end_us == INSTANT_NEVER
			  ? INSTANT_NEVER
			  : v->schedule.definition.end_us / 1000 * 1000,
	    .repeat = r->repeat,
	    .minute = r->minute,
	    .hour = r->hour,
	    .month_day = r->month_day ? r->month_day : JOB_UNSAID,
	    .weekday = r->weekday,
	    .hourly_interval = r->hourly_interval ? r->hourly_interval : JOB_UNSAID,
	    .minutely_interval = r->minutely_interval,
	    .type = v->job.type,
	    .task = v->job.task,
	    .query_id = v->job.query_id,
	    .fixed_args = v->job.fixed_args,
	    .run_as = v->job.run_as,
	    .recipients = v->job.recipients,
	    .recipient_count = v->job.recipient_count,
	    .shared_with = v->job.shared_with,
	    .shared_count = v->job.shared_count,
	    .rt_args_provided = v->job.rt_args_provided,
	    .rt_args_help = v->job.rt_args_help,
	};
}

/* Row 21. */
static void
a_change_replaces_all_but_creator_and_start(void **state)
{
	struct job_new n = daily("n1", 1, 2), other = plain("n2");
	int64_t made_us = sim.now_us;
	struct job_view v;
	uint64_t id;

	(void)state;
	n.rt_args_help = "help";
	n.fixed_args = "x";
	n.run_as = bob.user_id;
	n.end_us = SIM_BEGIN + DAY_US;
	id = create(&ann, n);
	sim.now_us += MINUTE_US;
	other.task = "weekly";
	ok(update_as(&sim.admin, id, &other, &v));
	assert_int_equal(v.schedule.definition.id, id);
	assert_string_equal(v.schedule.definition.name, "n2");
	assert_int_equal(v.schedule.definition.created_by, ann.user_id);
	assert_int_equal(v.schedule.definition.start_us, made_us);
	assert_true(v.schedule.definition.end_us == INSTANT_NEVER);
	assert_int_equal(v.schedule.definition.version, 2);
	assert_int_equal(v.job.rule.repeat, JOB_ON_DEMAND);
	assert_null(v.job.rt_args_help);
	assert_int_equal(v.job.run_as, 0);
	assert_argv(&v.schedule.definition, "/bin/weekly");
	assert_int_equal(v.schedule.definition.trigger_count, 0);
}

static void
the_same_rule_goes_on_where_it_was(void **state)
{
	struct job_new n = plain("n1");
	struct job_view v, w;
	uint64_t id;

	(void)state;
	n.repeat = JOB_MINUTELY;
	n.minutely_interval = 7;
	id = create(&sim.admin, n);
	v = job_of(id);
	sim.now_us += 90 * SECOND_US;
	n = as_shown(&v);
	n.name = "n2";
	ok(update_as(&sim.admin, id, &n, &w));
	assert_int_equal(w.schedule.definition.triggers[0].anchor_us,
	    v.schedule.definition.triggers[0].anchor_us);
	n.minutely_interval = 8;
	ok(update_as(&sim.admin, id, &n, &w));
	assert_int_equal(w.next_run_us, SIM_BEGIN + 2 * MINUTE_US);
}

/* Two triggers and a task with a directory: nothing that a job could be made of. */
static void
what_was_made_elsewhere_survives_being_saved(void **state)
{
	static const char *argv[] = {"/bin/date", "+%s", NULL};
	struct task_def tasks[] = {{.name = "a", .argv = argv, .argc = 2, .cwd = "/tmp"},
	    {.name = "b", .argv = argv, .argc = 1}};
	struct trigger triggers[] = {
	    sim_cron("1 2 * * *", "UTC"), sim_cron("3 4 * * *", "UTC")};
	struct schedule s = sim_schedule("made by API3", triggers, 2);
	struct job_new n;
	struct job_view v, w;
	uint64_t id;

	(void)state;
	s.tasks = tasks;
	s.task_count = 2;
	id = sim_create(s);
	v = job_of(id);
	assert_int_equal(v.job.rule.repeat, JOB_ON_DEMAND);
	assert_int_equal(v.job.type, JOB_INTERNAL);
	assert_string_equal(v.job.task, "/bin/date");
	assert_true(v.next_run_us == INSTANT_NEVER);
	assert_true(v.active);
	n = as_shown(&v);
	n.rt_args_help = "help";
	n.start_us = JOB_UNSAID;
	ok(update_as(&sim.admin, id, &n, &w));
	assert_int_equal(w.schedule.definition.trigger_count, 2);
	assert_int_equal(w.schedule.definition.task_count, 2);
	assert_string_equal(w.schedule.definition.tasks[0].cwd, "/tmp");
	assert_true(w.schedule.definition.start_us == INT64_MIN);
	assert_string_equal(w.job.rt_args_help, "help");
	/* Another rule is another timetable, and the tasks stay. */
	n = as_shown(&w);
	set_daily(&n);
	ok(update_as(&sim.admin, id, &n, &w));
	assert_int_equal(w.schedule.definition.trigger_count, 1);
	assert_int_equal(w.schedule.definition.task_count, 2);
	n.task = "nightly";
	ok(update_as(&sim.admin, id, &n, &w));
	assert_argv(&w.schedule.definition, "/bin/nightly -v");
}

/* It can be said again, and nothing else: nobody knows what other arguments would mean to it. */
static void
what_is_registered_nowhere_takes_no_other_arguments(void **state)
{
	struct trigger t = sim_cron("1 2 * * *", "UTC");
	uint64_t id = sim_create(sim_schedule("made by API3", &t, 1));
	struct job_view v = job_of(id), w;
	struct job_new n = as_shown(&v);

	(void)state;
	ok(update_as(&sim.admin, id, &n, &w));
	n.fixed_args = "-x";
	assert_int_equal(update_as(&sim.admin, id, &n, &w), ERR_INPUT);
	assert_int_equal(faults.count, 1);
	assert_string_equal(faults.list[0].code, "SCHEDULED_JOB_INVALID_TASK_IMPL_FQN");
	v = job_of(id);
	assert_string_equal(v.job.task, w.job.task);
	assert_null(v.job.fixed_args);
}

static void
a_command_that_is_registered_is_shown_by_its_name(void **state)
{
	struct trigger t = sim_cron("*/10 * * * *", "UTC");
	struct schedule s = sim_schedule("made by API3", &t, 1);
	struct task_def task = *s.tasks;
	struct job_view v;

	(void)state;
	task.argv = (const char **)nightly_argv;
	task.argc = 2;
	s.tasks = &task;
	v = job_of(sim_create(s));
	assert_string_equal(v.job.task, "nightly");
	assert_int_equal(v.job.rule.repeat, JOB_MINUTELY);
	assert_int_equal(v.job.rule.minutely_interval, 10);
	assert_int_equal(v.next_run_us, SIM_BEGIN + 10 * MINUTE_US);
}

static struct job_view
edit_elsewhere(uint64_t id, const char *cron, const char **argv, size_t argc)
{
	struct job_view v = job_of(id);
	struct schedule s = v.schedule.definition;
	struct trigger t;

	s.job = NULL;
	if (cron) {
		t = sim_cron(cron, "UTC");
		s.triggers = &t;
		s.trigger_count = 1;
	}
	if (argv) {
		s.tasks[0].argv = argv;
		s.tasks[0].argc = argc;
	}
	ok(service_update_schedule(
	    &sim.sv, &sim.admin, sim.now_us, id, s.version, &s, &sim.err));
	return job_of(id);
}

static void
an_edit_elsewhere_shows_and_leaves_the_rest_alone(void **state)
{
	static const char *argv[] = {"/bin/weekly", NULL}, *unknown[] = {"/bin/date", NULL};
	struct job_new n = daily("n1", 1, 2);
	struct job_view v;
	uint64_t id;

	(void)state;
	n.run_as = bob.user_id;
	n.fixed_args = "x";
	id = create(&sim.admin, n);
	v = edit_elsewhere(id, NULL, NULL, 0);
	assert_int_equal(v.job.rule.hour, 1);
	assert_string_equal(v.job.task, "nightly");
	assert_string_equal(v.job.fixed_args, "x");
	v = edit_elsewhere(id, "30 2 * * 1", NULL, 0);
	assert_int_equal(v.job.rule.repeat, JOB_WEEKLY);
	assert_int_equal(v.job.rule.weekday, 2);
	assert_string_equal(v.job.task, "nightly");
	v = edit_elsewhere(id, "30 2 * 3 1", argv, 1);
	assert_int_equal(v.job.rule.repeat, JOB_ON_DEMAND);
	assert_string_equal(v.job.task, "weekly");
	assert_null(v.job.fixed_args);
	assert_int_equal(v.job.run_as, bob.user_id);
	v = edit_elsewhere(id, NULL, unknown, 1);
	assert_string_equal(v.job.task, "/bin/date");
}

static void
count_progress(void *ctx)
{
	++*(unsigned *)ctx;
}

/* Else whoever has many is taken for stuck, and with him everybody else's calls end. */
static void
long_lists_tell_that_they_go_on(void **state)
{
	uint64_t id = create(&sim.admin, daily("n1", 9, 31));
	struct job_query q = {.cap = 10};
	unsigned jobs = 0, runs = 0;
	struct job_view *list;
	size_t count, total;

	(void)state;
	create(&sim.admin, plain("n2"));
	sim.sv.progress = count_progress;
	sim.sv.progress_ctx = &jobs;
	ok(service_list_jobs(
	    &sim.sv, &sim.arena, &sim.admin, sim.now_us, &q, &list, &count, &total, &sim.err));
	sim.sv.progress_ctx = &runs;
	runs_of(id, &count);
	sim.sv.progress = NULL;
	assert_true(jobs >= 2);
	assert_true(runs >= 1);
}

/* Row 22. */
static void
a_deleted_job_is_gone_and_its_runs_stay(void **state)
{
	uint64_t id = create(&sim.admin, daily("n1", 9, 31));
	char suffix[32];
	struct job_view v;
	size_t count;

	(void)state;
	sim_pass(MINUTE_US);
	ok(delete_as(&sim.admin, id, &v));
	snprintf(suffix, sizeof suffix, "n1_%lld", (long long)(sim.now_us / 1000));
	assert_string_equal(v.schedule.definition.name, suffix);
	assert_true(v.disabled);
	assert_false(v.active);
	refused(get_as(&sim.admin, id), ERR_MISSING, "Schedule not found");
	assert_int_equal(delete_as(&sim.admin, id, &v), ERR_MISSING);
	assert_true(create(&sim.admin, plain("n1")) != id);
	runs_of(id, &count);
	assert_int_equal(count, 1);
	sim_pass(DAY_US);
	runs_of(id, &count);
	assert_int_equal(count, 1);
}

static void
the_name_of_a_deleted_job_is_cut_before_its_suffix(void **state)
{
	struct job_view v;
	char name[256];
	const char *rest;

	(void)state;
	/* 85 characters of three bytes do not fill the 241; 250 letters do. */
	memset(name, 'x', 250);
	name[250] = '\0';
	ok(delete_as(&sim.admin, create(&sim.admin, plain(name)), &v));
	rest = strchr(v.schedule.definition.name, '_');
	assert_int_equal(rest - v.schedule.definition.name, 241);
	for (int i = 0; i < 85; i++)
		memcpy(name + 3 * i, "\xe2\x82\xac", 4);
	ok(delete_as(&sim.admin, create(&sim.admin, plain(name)), &v));
	rest = strchr(v.schedule.definition.name, '_');
	assert_int_equal(rest - v.schedule.definition.name, 255);
}

static void
a_job_that_is_disabled_keeps_its_name_and_is_gone(void **state)
{
	struct job_new n = daily("n1", 9, 31), made = plain("n3");
	struct job_view v;
	uint64_t id = create(&sim.admin, n);
	size_t count;

	(void)state;
	n.status = JOB_DISABLED;
	n.name = "n2";
	ok(update_as(&sim.admin, id, &n, &v));
	assert_string_equal(v.schedule.definition.name, "n2");
	assert_true(v.disabled);
	assert_false(v.active);
	assert_true(v.next_run_us == INSTANT_NEVER);
	assert_int_equal(get_as(&sim.admin, id), ERR_MISSING);
	create(&sim.admin, plain("n1"));
	create(&sim.admin, plain("n2"));
	sim_pass(DAY_US);
	runs_of(id, &count);
	assert_int_equal(count, 0);
	made.status = JOB_DISABLED;
	ok(create_as(&sim.admin, &made, &v));
	assert_true(v.disabled);
	assert_int_equal(get_as(&sim.admin, v.schedule.definition.id), ERR_MISSING);
	create(&sim.admin, plain("n3"));
}

/* ---- lists ---- */

static struct job_view *
list_as(const struct actor *actor, struct job_query q, size_t *count, size_t *total)
{
	struct job_view *list;

	ok(service_list_jobs(
	    &sim.sv, &sim.arena, actor, sim.now_us, &q, &list, count, total, &sim.err));
	return list;
}

/* Row 9. */
static void
jobs_are_listed_newest_first_by_name_and_type(void **state)
{
	struct job_new query = plain("Counts of the night");
	struct job_view *list;
	size_t count, total;
	uint64_t ids[4];

	(void)state;
	query.type = JOB_QUERY;
	query.query_id = 5;
	ids[0] = create(&sim.admin, plain("Nightly"));
	ids[1] = create(&sim.admin, query);
	ids[2] = sim_create(sim_schedule("made by API3", NULL, 0));
	ids[3] = create(&sim.admin, plain("50%_done"));
	list = list_as(&sim.admin, (struct job_query){.cap = 100}, &count, &total);
	assert_int_equal(count, 4);
	assert_int_equal(total, 4);
	for (int i = 0; i < 4; i++)
		assert_int_equal(list[i].schedule.definition.id, ids[3 - i]);
	list = list_as(
	    &sim.admin, (struct job_query){.text = "NIGHT", .cap = 100}, &count, &total);
	assert_int_equal(count, 2);
	list_as(&sim.admin, (struct job_query){.text = "%", .cap = 100}, &count, &total);
	assert_int_equal(count, 1);
	list = list_as(
	    &sim.admin, (struct job_query){.type = JOB_QUERY, .cap = 100}, &count, &total);
	assert_int_equal(count, 1);
	assert_int_equal(list[0].schedule.definition.id, ids[1]);
	list_as(
	    &sim.admin, (struct job_query){.type = JOB_INTERNAL, .cap = 100}, &count, &total);
	assert_int_equal(count, 3);
	list = list_as(&sim.admin, (struct job_query){.start = 1, .cap = 1}, &count, &total);
	assert_int_equal(count, 1);
	assert_int_equal(total, 4);
	assert_int_equal(list[0].schedule.definition.id, ids[2]);
	list_as(&sim.admin, (struct job_query){.start = 9, .cap = SIZE_MAX}, &count, &total);
	assert_int_equal(count, 0);
	list_as(&sim.admin, (struct job_query){.cap = 0}, &count, &total);
	assert_int_equal(count, 0);
	assert_int_equal(total, 4);
}

static void
a_list_tells_when_each_job_ran_last(void **state)
{
	uint64_t id = create(&sim.admin, plain("n1"));
	struct job_view *list;
	size_t count, total;
	int64_t start_us;

	(void)state;
	list = list_as(&sim.admin, (struct job_query){.cap = 9}, &count, &total);
	assert_true(list[0].last_start_us == INSTANT_NEVER);
	run(id, NULL);
	sim_pass(MINUTE_US);
	start_us = sim_executions(id, &count)->start_us;
	list = list_as(&sim.admin, (struct job_query){.cap = 9}, &count, &total);
	assert_int_equal(list[0].last_start_us, start_us);
	/* What has not started is no run yet. */
	run(id, NULL);
	list = list_as(&sim.admin, (struct job_query){.cap = 9}, &count, &total);
	assert_int_equal(list[0].last_start_us, start_us);
}

/* ---- who ---- */

#define DENIED	"User does not have sufficient rights."
#define NOT_HIS "You do not have sufficient rights to perform this action."

enum call { LIST, GET, RUN, CREATE, UPDATE, DELETE, LIST_RUNS, GET_RUN, RESULT };

struct ids {
	uint64_t job, run;
};

static int
do_call(enum call call, const struct actor *actor, struct ids ids)
{
	struct job_new n = plain("n9");
	struct job_query q = {.cap = 9};
	struct job_run_query rq = all_runs(ids.job);
	struct job_view view, *list;
	struct job_run run, *runs;
	struct result result;
	uint64_t execution;
	size_t count, total;

	switch (call) {
	case LIST:
		return service_list_jobs(&sim.sv, &sim.arena, actor, sim.now_us, &q, &list,
		    &count, &total, &sim.err);
	case GET:
		return get_as(actor, ids.job);
	case RUN:
		return run_as(actor, ids.job, NULL, &execution);
	case CREATE:
		return create_as(actor, &n, &view);
	case UPDATE:
		return update_as(actor, ids.job, &n, &view);
	case DELETE:
		return delete_as(actor, ids.job, &view);
	case LIST_RUNS:
		return service_list_job_runs(
		    &sim.sv, &sim.arena, actor, &rq, &runs, &count, &sim.err);
	case GET_RUN:
		return service_get_job_run(&sim.sv, &sim.arena, actor, ids.run, &run, &sim.err);
	case RESULT:
		return service_get_job_result(
		    &sim.sv, &sim.arena, actor, ids.run, &result, &sim.err);
	}
	return 0;
}

/* The actors: with all rights, who made the job; with READ; without any. What the job is to him. */
enum { MAKER = 1, SHARED, RECIPIENT, RUNNER, STRANGER };

struct permission {
	enum call call;
	unsigned rights;
	int is;
	const char *denied; /* NULL: he may */
};

static const struct permission permissions[] = {
    {LIST, 0, MAKER, DENIED},
    {LIST, JOB_READ, STRANGER, NULL},
    {GET, 0, MAKER, DENIED},
    {GET, JOB_RIGHTS_ALL & ~JOB_READ, MAKER, DENIED},
    {GET, JOB_READ, MAKER, NULL},
    {GET, JOB_READ, SHARED, NULL},
    {GET, JOB_READ, RECIPIENT, NOT_HIS},
    {GET, JOB_READ, STRANGER, NOT_HIS},
    {RUN, 0, MAKER, DENIED},
    {RUN, JOB_READ, MAKER, NULL},
    {RUN, JOB_READ, SHARED, NULL},
    {RUN, JOB_RIGHTS_ALL, STRANGER, NOT_HIS},
    {CREATE, 0, STRANGER, DENIED},
    {CREATE, JOB_READ, STRANGER, DENIED},
    {CREATE, JOB_CREATE, STRANGER, NULL},
    {UPDATE, JOB_READ, SHARED, DENIED},
    {UPDATE, JOB_UPDATE, SHARED, NOT_HIS},
    {UPDATE, JOB_UPDATE, MAKER, NULL},
    {UPDATE, JOB_RIGHTS_ALL & ~JOB_UPDATE, MAKER, DENIED},
    {DELETE, JOB_RIGHTS_ALL & ~JOB_DELETE, MAKER, DENIED},
    {DELETE, JOB_DELETE, SHARED, NOT_HIS},
    {DELETE, JOB_DELETE, MAKER, NULL},
    {LIST_RUNS, 0, MAKER, DENIED},
    {LIST_RUNS, JOB_READ, STRANGER, NULL},
    {GET_RUN, 0, RUNNER, DENIED},
    {GET_RUN, JOB_READ, RUNNER, NOT_HIS}, /* he saw the job when he ran it */
    {GET_RUN, JOB_READ, SHARED, NOT_HIS},
    {GET_RUN, JOB_READ, MAKER, NOT_HIS},
    {RESULT, 0, RECIPIENT, NULL},
    {RESULT, 0, RUNNER, NULL},
    {RESULT, JOB_RIGHTS_ALL, MAKER, NOT_HIS},
    {RESULT, JOB_RIGHTS_ALL, SHARED, NOT_HIS},
};

/* A job of the maker, shared with one and mailed to another, with a run of a third. */
static struct ids
make_job_for(const struct permission *p, struct actor *who)
{
	struct job_new n = plain("n1");
	struct actor maker = ann;
	struct ids ids;
	struct job_run *runs;
	size_t count;

	*who = bob;
	who->job_rights = p->rights;
	if (p->is == MAKER)
		maker = *who;
	maker.job_rights = JOB_RIGHTS_ALL;
	n.shared_with = n.recipients = &who->user_id;
	n.shared_count = p->is == SHARED || p->is == RUNNER;
	n.recipient_count = p->is == RECIPIENT;
	ids.job = create(&maker, n);
	if (p->is == RUNNER) {
		struct actor runner = bob;

		ok(run_as(&runner, ids.job, NULL, &ids.run));
		n.shared_count = 0;
		ok(update_as(&maker, ids.job, &n, &(struct job_view){0}));
	} else {
		run(ids.job, NULL);
	}
	sim_pass(MINUTE_US);
	runs = runs_of(ids.job, &count);
	assert_int_equal(count, 1);
	ids.run = runs->execution.id;
	return ids;
}

/* Row 27 and the table of section 2.4. */
static void
each_call_has_its_rights(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(permissions); i++) {
		const struct permission *p = &permissions[i];
		struct job_view view;
		struct actor who;
		struct ids ids = make_job_for(p, &who);
		int rc = do_call(p->call, &who, ids);
		/* There is no result file; who may ask for it is told that. */
		int expected = p->denied ? ERR_DENIED : p->call == RESULT ? ERR_INPUT : 0;

		if (rc != expected || (p->denied && strcmp(sim.err.text, p->denied)))
			fail_msg("row %zu: %d: %s", i, rc, sim.err.text);
		sim_pass(MINUTE_US);
		if (p->call == CREATE && !p->denied)
			ok(delete_as(&sim.admin,
			    list_as(&sim.admin, (struct job_query){.cap = 1}, &(size_t){0},
				&(size_t){0})
				->schedule.definition.id,
			    &view));
		if (p->call != DELETE || p->denied)
			ok(delete_as(&sim.admin, ids.job, &view));
	}
}

static void
a_token_that_lacks_the_scope_takes_the_right_away(void **state)
{
	static const struct {
		enum call call;
		unsigned scope;
	} rows[] = {
	    {LIST, SCOPE_READ},
	    {GET, SCOPE_READ},
	    {RUN, SCOPE_RUN},
	    {CREATE, SCOPE_MANAGE},
	    {UPDATE, SCOPE_MANAGE},
	    {DELETE, SCOPE_MANAGE},
	    {LIST_RUNS, SCOPE_READ},
	    {GET_RUN, SCOPE_READ},
	    {RESULT, SCOPE_RESULTS},
	};
	struct ids ids = {.job = create(&sim.admin, plain("n1"))};

	(void)state;
	run(ids.job, NULL);
	sim_pass(MINUTE_US);
	ids.run = runs_of(ids.job, &(size_t){0})->execution.id;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct actor limited = sim.admin;

		limited.scopes = SCOPE_ALL & ~rows[i].scope;
		refused(do_call(rows[i].call, &limited, ids), ERR_DENIED, DENIED);
	}
}

static void
what_is_missing_is_told_before_what_is_refused(void **state)
{
	static const enum call calls[] = {GET, RUN, UPDATE, DELETE, GET_RUN, RESULT};

	(void)state;
	for (size_t i = 0; i < COUNT(calls); i++)
		assert_int_equal(
		    do_call(calls[i], &cid, (struct ids){777777, 777777}), ERR_MISSING);
}

static void
nothing_of_another_tenant_is_seen(void **state)
{
	struct actor eve = sim.admin;
	struct ids ids = {.job = create(&sim.admin, plain("n1"))};
	static const enum call calls[] = {GET, RUN, UPDATE, DELETE, GET_RUN, RESULT};
	struct job_run_query rq = all_runs(ids.job);
	size_t count, total;

	(void)state;
	run(ids.job, NULL);
	sim_pass(MINUTE_US);
	ids.run = runs_of(ids.job, &count)->execution.id;
	ok(service_create_tenant(
	    &sim.sv, &sim.admin, sim.now_us, "acme", &eve.tenant_id, &sim.err));
	for (size_t i = 0; i < COUNT(calls); i++)
		assert_int_equal(do_call(calls[i], &eve, ids), ERR_MISSING);
	list_as(&eve, (struct job_query){.cap = 9}, &count, &total);
	assert_int_equal(total, 0);
	runs_by(&eve, &rq, &count);
	assert_int_equal(count, 0);
	ok(delete_as(&sim.admin, ids.job, &(struct job_view){0}));
	runs_by(&eve, &rq, &count);
	assert_int_equal(count, 0);
}

static void
others_see_their_own_and_what_is_shared(void **state)
{
	struct job_new n = plain("shared");
	struct job_view *list;
	size_t count, total;

	(void)state;
	create(&ann, plain("hers"));
	n.shared_with = &bob.user_id;
	n.shared_count = 1;
	create(&ann, n);
	list = list_as(&bob, (struct job_query){.cap = 9}, &count, &total);
	assert_int_equal(total, 1);
	assert_string_equal(list[0].schedule.definition.name, "shared");
	list_as(&ann, (struct job_query){.cap = 9}, &count, &total);
	assert_int_equal(total, 2);
}

static void
a_token_with_tags_sees_the_job_that_it_makes(void **state)
{
	const char *tags[] = {"blue", "red"};
	struct actor tagged = sim.admin;
	uint64_t id;

	(void)state;
	tagged.tags = tags;
	tagged.tag_count = 2;
	id = create(&tagged, plain("n1"));
	assert_int_equal(get_as(&tagged, id), 0);
	assert_int_equal(get_as(&tagged, create(&sim.admin, plain("n2"))), ERR_MISSING);
	assert_int_equal(job_of(id).schedule.definition.tag_count, 1);
}

/* ---- runs ---- */

/* Rows 11, 12 and 14. */
static void
a_run_goes_on_and_ends(void **state)
{
	uint64_t id = create(&sim.admin, plain("n1"));
	struct job_run *r;
	size_t count;

	(void)state;
	sim.takes_us = MINUTE_US;
	ok(run_as(&ann, sim_create(sim_schedule("x", NULL, 0)), NULL, &(uint64_t){0}) ? 0 : 1);
	run(id, "a b c");
	r = runs_of(id, &count);
	assert_int_equal(count, 0); /* it appears when it starts */
	sim_pass(SECOND_US);
	r = runs_of(id, &count);
	assert_int_equal(count, 1);
	assert_string_equal(r->execution.args, "a b c");
	assert_true(r->finished_us == INSTANT_NEVER);
	assert_null(r->message);
	assert_int_equal(r->run_by, 0);
	assert_int_equal(r->execution.schedule_id, id);
	assert_string_equal(r->job_name, "n1");
	sim_pass(MINUTE_US);
	r = runs_of(id, &count);
	assert_int_equal(r->finished_us - r->started_us, MINUTE_US);
	assert_true(r->succeeded);
	assert_null(r->message);
	assert_null(r->output);
	sim.exit_code = 3;
	run(id, NULL);
	sim_pass(2 * MINUTE_US);
	r = runs_of(id, &count);
	assert_int_equal(count, 2);
	assert_false(r->succeeded);
	assert_true(r->finished_us != INSTANT_NEVER);
	assert_non_null(r->message);
	assert_null(r->execution.args);
}

static void
a_run_that_never_started_failed(void **state)
{
	uint64_t id = create(&sim.admin, plain("n1")), execution;
	struct job_run *r;
	size_t count;

	(void)state;
	execution = run(id, NULL);
	ok(service_cancel_execution(&sim.sv, &sim.admin, sim.now_us, execution, &sim.err));
	r = runs_of(id, &count);
	assert_int_equal(count, 1);
	assert_false(r->succeeded);
	assert_int_equal(r->started_us, sim.now_us);
	assert_int_equal(r->finished_us, sim.now_us);
	assert_string_equal(r->message, "cancelled before it began");
}

static void
whose_a_run_is(void **state)
{
	struct job_new n = daily("n1", 9, 31);
	struct job_run_query q;
	struct job_run *r;
	size_t count;
	uint64_t id;

	(void)state;
	n.shared_with = &bob.user_id;
	n.shared_count = 1;
	id = create(&ann, n);
	q = all_runs(id);
	sim_pass(MINUTE_US);
	r = runs_of(id, &count);
	assert_int_equal(r->run_by, 0);
	n.run_as = ann.user_id;
	ok(update_as(&sim.admin, id, &n, &(struct job_view){0}));
	r = runs_of(id, &count);
	assert_int_equal(r->run_by, ann.user_id);
	ok(run_as(&bob, id, NULL, &(uint64_t){0}));
	sim_pass(MINUTE_US);
	r = runs_of(id, &count);
	assert_int_equal(count, 2);
	assert_int_equal(r->run_by, bob.user_id);
	/* Others see their own. */
	r = runs_by(&ann, &q, &count);
	assert_int_equal(count, 1);
	assert_int_equal(r->run_by, ann.user_id);
	r = runs_by(&bob, &q, &count);
	assert_int_equal(count, 1);
	assert_int_equal(r->run_by, bob.user_id);
	/* And nothing of what is not shared with them any more. */
	n.shared_count = 0;
	ok(update_as(&sim.admin, id, &n, &(struct job_view){0}));
	runs_by(&bob, &q, &count);
	assert_int_equal(count, 0);
	assert_int_equal(do_call(GET_RUN, &bob, (struct ids){id, r->execution.id}), ERR_DENIED);
	/* What is gone is still his. */
	ok(delete_as(&sim.admin, id, &(struct job_view){0}));
	runs_by(&bob, &q, &count);
	assert_int_equal(count, 1);
	assert_int_equal(do_call(GET_RUN, &bob, (struct ids){id, r->execution.id}), 0);
}

/* Rows 15 to 18. */
static void
runs_are_listed_by_time_and_outcome(void **state)
{
	uint64_t id = create(&sim.admin, plain("n1"));
	struct job_run_query q = all_runs(id);
	struct job_run *all, *r;
	size_t count;

	(void)state;
	for (int i = 0; i < 4; i++) {
		sim.exit_code = i % 2;
		sim.takes_us = i == 3 ? HOUR_US : SECOND_US;
		run(id, NULL);
		sim_pass(MINUTE_US);
	}
	all = runs_by(&sim.admin, &q, &count);
	assert_int_equal(count, 4);
	for (int i = 0; i < 3; i++)
		assert_true(all[i].execution.id > all[i + 1].execution.id);
	q.status = JOB_RUN_IN_PROGRESS;
	r = runs_by(&sim.admin, &q, &count);
	assert_int_equal(count, 1);
	assert_int_equal(r->execution.id, all[0].execution.id);
	q.status = JOB_RUN_SUCCEEDED;
	r = runs_by(&sim.admin, &q, &count);
	assert_int_equal(count, 2);
	assert_int_equal(r[0].execution.id, all[1].execution.id);
	q.start = 1;
	r = runs_by(&sim.admin, &q, &count);
	assert_int_equal(count, 1);
	assert_int_equal(r->execution.id, all[3].execution.id);
	q = all_runs(id);
	q.status = JOB_RUN_FAILED;
	r = runs_by(&sim.admin, &q, &count);
	assert_int_equal(count, 1);
	assert_int_equal(r->execution.id, all[2].execution.id);
	q = all_runs(id);
	q.from_us = all[2].started_us;
	q.to_us = all[1].started_us;
	r = runs_by(&sim.admin, &q, &count);
	assert_int_equal(count, 2);
	q.to_us = all[0].started_us - 1; /* an unfinished one, too, by when it started */
	runs_by(&sim.admin, &q, &count);
	assert_int_equal(count, 2);
	q.to_us++;
	runs_by(&sim.admin, &q, &count);
	assert_int_equal(count, 3);
	q = all_runs(id);
	q.cap = 1;
	r = runs_by(&sim.admin, &q, &count);
	assert_int_equal(count, 1);
	assert_int_equal(r->execution.id, all[0].execution.id);
	q.cap = 0;
	runs_by(&sim.admin, &q, &count);
	assert_int_equal(count, 0);
	runs_of(777777, &count);
	assert_int_equal(count, 0);
}

static void
a_long_history_is_listed_in_steps(void **state)
{
	uint64_t id = create(&sim.admin, plain("n1"));
	struct job_run_query q = all_runs(id);
	struct job_run *all, *r;
	size_t count;

	(void)state;
	sim.takes_us = 0;
	for (int i = 0; i < 230; i++) {
		sim.exit_code = i == 0;
		run(id, NULL);
		sim_pass(SECOND_US);
	}
	q.cap = 10000;
	all = runs_by(&sim.admin, &q, &count);
	assert_int_equal(count, 230);
	for (size_t i = 1; i < count; i++)
		assert_true(all[i].execution.id < all[i - 1].execution.id);
	q.start = 95;
	q.cap = 120;
	r = runs_by(&sim.admin, &q, &count);
	assert_int_equal(count, 120);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(r[i].execution.id, all[95 + i].execution.id);
	q = all_runs(id);
	q.status = JOB_RUN_FAILED;
	r = runs_by(&sim.admin, &q, &count);
	assert_int_equal(count, 1);
	assert_int_equal(r->execution.id, all[229].execution.id);
}

/* ---- one at a time ---- */

static size_t
going_on(uint64_t id)
{
	struct job_run_query q = all_runs(id);
	size_t count;

	q.status = JOB_RUN_IN_PROGRESS;
	runs_by(&sim.admin, &q, &count);
	return count;
}

/* Row 13. */
static void
a_request_is_dropped_while_the_job_runs(void **state)
{
	uint64_t id = create(&sim.admin, plain("n1"));
	struct job_run *r;
	size_t count;

	(void)state;
	sim.takes_us = MINUTE_US;
	assert_true(run(id, "first") != 0);
	sim_pass(SECOND_US);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(run(id, "more"), 0);
		sim_pass(SECOND_US);
		assert_int_equal(going_on(id), 1);
	}
	sim_pass(HOUR_US);
	r = runs_of(id, &count);
	assert_int_equal(count, 1);
	assert_string_equal(r->execution.args, "first");
	sim_executions(id, &count);
	assert_int_equal(count, 1);
}

static void
a_request_that_has_not_started_gives_way_to_a_later_one(void **state)
{
	uint64_t id = create(&sim.admin, plain("n1"));
	struct job_run *r;
	size_t count;

	(void)state;
	assert_true(run(id, "first") != 0);
	assert_true(run(id, "second") != 0);
	assert_true(run(id, "third") != 0);
	sim_pass(HOUR_US);
	r = runs_of(id, &count);
	assert_int_equal(count, 1);
	assert_string_equal(r->execution.args, "third");
	assert_int_equal(sim.run_count, 1);
}

/* API3 asks for a run and waits for its turn; the job's own request waits behind it, and is still
 * one when it gives way. */
static void
a_request_behind_a_run_of_another_door_gives_way_too(void **state)
{
	uint64_t id = create(&sim.admin, plain("n1"));
	struct job_run *r;
	size_t count;

	(void)state;
	sim_call(id);
	assert_true(run(id, "first") != 0);
	assert_true(run(id, "second") != 0);
	sim.takes_us = MINUTE_US;
	sim_pass(SECOND_US);
	assert_int_equal(going_on(id), 1);
	/* Now the other one runs. */
	assert_int_equal(run(id, "third"), 0);
	sim_pass(HOUR_US);
	r = runs_of(id, &count);
	assert_int_equal(count, 2);
	assert_string_equal(r[0].execution.args, "second");
	assert_null(r[1].execution.args);
}

static void
runs_that_go_side_by_side_elsewhere_do_not_here(void **state)
{
	struct schedule s = sim_schedule("made by API3", NULL, 0);
	uint64_t id;
	size_t count;

	(void)state;
	s.overlap = OVERLAP_ALLOW;
	id = sim_create(s);
	sim.takes_us = MINUTE_US;
	sim_call(id);
	assert_true(run(id, "x") != 0);
	sim_pass(SECOND_US);
	assert_int_equal(going_on(id), 1);
	sim_pass(HOUR_US);
	runs_of(id, &count);
	assert_int_equal(count, 2);
}

/* The command is held at its gate, and nobody has been told that it started. */
static void
a_request_is_dropped_while_a_run_is_about_to_start(void **state)
{
	uint64_t id = create(&sim.admin, plain("n1"));
	struct job_run *r;
	size_t count;

	(void)state;
	sim_settle();
	run(id, "first");
	sim_step();
	assert_int_equal(
	    sim_tasks(sim_executions(id, &count)->id, &count)->status, TASK_STARTING);
	assert_int_equal(going_on(id), 0);
	assert_int_equal(run(id, "second"), 0);
	sim_pass(HOUR_US);
	r = runs_of(id, &count);
	assert_int_equal(count, 1);
	assert_string_equal(r->execution.args, "first");
}

static void
a_timed_run_is_skipped_while_the_job_runs(void **state)
{
	uint64_t id = create(&sim.admin, daily("n1", 9, 31));
	struct occurrence *ledger;
	size_t count;

	(void)state;
	sim.takes_us = HOUR_US;
	run(id, NULL);
	sim_pass(10 * MINUTE_US);
	runs_of(id, &count);
	assert_int_equal(count, 1);
	ledger = sim_ledger(id, &count);
	assert_int_equal(count, 1);
	assert_int_equal(ledger->verdict, VERDICT_SKIPPED_OVERLAP);
}

/* What is due comes before a request at the same moment, and the request is then the later one
 * that waits. */
static void
what_is_due_comes_before_a_request(void **state)
{
	uint64_t id = create(&sim.admin, daily("n1", 9, 31));
	struct job_run *r;
	size_t count;

	(void)state;
	sim.now_us = SIM_BEGIN + MINUTE_US;
	assert_true(run(id, "x") != 0);
	sim_pass(MINUTE_US);
	r = runs_of(id, &count);
	assert_int_equal(count, 2);
	assert_int_equal(r[1].execution.origin, ORIGIN_TRIGGER);
	assert_int_equal(r[0].execution.origin, ORIGIN_CALL);
}

/* An old run is asked to run again while another goes on: until its turn comes it shows how it
 * ended. */
static void
what_waits_to_run_again_is_not_shown_as_running(void **state)
{
	uint64_t id = create(&sim.admin, plain("n1"));
	struct job_run *r;
	struct task *t;
	size_t count;

	(void)state;
	sim.takes_us = MINUTE_US;
	sim.exit_code = 3;
	t = sim_tasks(run(id, "old"), &count);
	sim_pass(HOUR_US);
	run(id, "new");
	sim_pass(SECOND_US);
	ok(service_rerun_task(&sim.sv, &sim.admin, sim.now_us, t->id, &sim.err));
	sim_pass(SECOND_US);
	r = runs_of(id, &count);
	assert_int_equal(count, 2);
	assert_int_equal(going_on(id), 1);
	assert_string_equal(r[1].execution.args, "old");
	assert_false(r[1].succeeded);
	assert_true(r[1].finished_us < sim.now_us - MINUTE_US);
	assert_non_null(r[1].message);
	/* It does not keep a request away either. */
	assert_int_equal(run(id, "later"), 0);
	sim.exit_code = 0;
	sim_pass(90 * SECOND_US);
	r = runs_of(id, &count);
	assert_int_equal(going_on(id), 1);
	assert_true(r[1].finished_us == INSTANT_NEVER);
	sim_pass(HOUR_US);
	r = runs_of(id, &count);
	assert_true(r[1].succeeded);
}

static void
what_waits_to_run_again_keeps_no_request_away(void **state)
{
	uint64_t id = create(&sim.admin, plain("n1"));
	struct task *t;
	size_t count;

	(void)state;
	t = sim_tasks(run(id, "old"), &count);
	sim_pass(HOUR_US);
	sim_call(id);
	ok(service_rerun_task(&sim.sv, &sim.admin, sim.now_us, t->id, &sim.err));
	assert_true(run(id, "new") != 0);
	sim_pass(HOUR_US);
	runs_of(id, &count);
	assert_int_equal(count, 3);
}

/* Row 33, and whoever dies at whatever moment: one run at a time, and none is left open. */
static void
deaths_leave_one_run_at_a_time(void **state)
{
	unsigned deaths = 1;

	(void)state;
	for (unsigned fuse = 1; deaths > 0; fuse++) {
		char name[16];
		struct job_run *r;
		uint64_t id;
		size_t count;

		snprintf(name, sizeof name, "n%u", fuse);
		id = create(&sim.admin, plain(name));
		sim.scheduler_deaths = sim.runner_deaths = 0;
		sim.scheduler_fuse = fuse;
		sim.runner_fuse = fuse;
		run(id, "first");
		run(id, "second");
		sim_pass(SECOND_US);
		run(id, "third");
		assert_true(going_on(id) <= 1);
		sim_pass(MINUTE_US);
		deaths = sim.scheduler_deaths + sim.runner_deaths;
		sim.scheduler_fuse = sim.runner_fuse = 0;
		sim_pass(MINUTE_US);
		assert_int_equal(going_on(id), 0);
		r = runs_of(id, &count);
		assert_true(count >= 1);
		assert_string_equal(r[count - 1].execution.args, "second");
		for (size_t i = 0; i < count; i++)
			assert_true(r[i].succeeded || r[i].message);
		if (fuse > 100)
			fail_msg("the fuse never burns out");
	}
}

/* ---- several processes at once ---- */

enum { CALLERS = 4, CALLS = 25 };

struct together {
	volatile int ready, go;
	volatile uint64_t made[CALLERS][CALLS];
};

static void
call_often(struct together *t, int caller, uint64_t id)
{
	struct arena a = ARENA_INIT;
	struct service sv = sim.sv;
	struct err err;

	if (store_open(&sim.ts.options, &sv.store, &err))
		_exit(1);
	__atomic_fetch_add(&t->ready, 1, __ATOMIC_SEQ_CST);
	while (!t->go)
		usleep(100);
	for (int i = 0; i < CALLS; i++) {
		struct job_view view;
		uint64_t execution;
		char args[32];

		snprintf(args, sizeof args, "%d-%d", caller, i);
		if (service_run_job(
			&sv, &a, &sim.admin, sim.now_us, id, args, &execution, &view, &err))
			_exit(2);
		t->made[caller][i] = execution;
		arena_clear(&a);
	}
	arena_release(&a);
	store_close(sv.store);
	_exit(0);
}

static void
callers_at_once_leave_one_request(void **state)
{
	struct together *t =
	    mmap(NULL, sizeof *t, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint64_t id = create(&sim.admin, plain("n1")), last = 0;
	struct execution *e;
	struct job_run *r;
	pid_t pids[CALLERS];
	size_t count, open = 0;

	(void)state;
	assert_true(t != MAP_FAILED);
	for (int i = 0; i < CALLERS; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] == 0)
			call_often(t, i, id);
	}
	for (int i = 0; i < 10000 && t->ready < CALLERS; i++)
		usleep(1000);
	assert_int_equal(t->ready, CALLERS);
	t->go = 1;
	for (int i = 0; i < CALLERS; i++) {
		int status;

		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	e = sim_executions(id, &count);
	assert_int_equal(count, CALLERS * CALLS);
	for (size_t i = 0; i < count; i++)
		open += e[i].end_us == INSTANT_NEVER;
	assert_int_equal(open, 1);
	/* The last that was made is the one that is left. */
	for (int i = 0; i < CALLERS; i++) {
		for (int j = 0; j < CALLS; j++) {
			assert_true(t->made[i][j] != 0);
			if (t->made[i][j] > last)
				last = t->made[i][j];
		}
	}
	sim_pass(MINUTE_US);
	r = runs_of(id, &count);
	assert_int_equal(count, 1);
	assert_int_equal(r->execution.id, last);
	assert_int_equal(sim.run_count, 1);
	munmap(t, sizeof *t);
}

#define test(name) cmocka_unit_test_setup_teardown(name, make_world, remove_world)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    test(each_fault_has_its_code_in_the_contracts_order),
	    test(a_user_of_another_tenant_does_not_exist),
	    test(a_name_is_used_once_and_free_when_its_job_is_gone),
	    test(a_new_job_has_the_contracts_defaults),
	    test(what_is_said_comes_back),
	    test(the_next_run_is_told_for_the_moment_of_the_answer),
	    test(minutes_are_never_further_ahead_than_the_interval),
	    test(dates_keep_timed_runs_away_and_nothing_else),
	    test(a_suspended_job_is_not_active_and_runs_for_nobody),
	    test(a_job_of_a_query_that_is_gone_is_not_active),
	    test(a_change_replaces_all_but_creator_and_start),
	    test(the_same_rule_goes_on_where_it_was),
	    test(what_was_made_elsewhere_survives_being_saved),
	    test(a_command_that_is_registered_is_shown_by_its_name),
	    test(what_is_registered_nowhere_takes_no_other_arguments),
	    test(long_lists_tell_that_they_go_on),
	    test(an_edit_elsewhere_shows_and_leaves_the_rest_alone),
	    test(a_deleted_job_is_gone_and_its_runs_stay),
	    test(the_name_of_a_deleted_job_is_cut_before_its_suffix),
	    test(a_job_that_is_disabled_keeps_its_name_and_is_gone),
	    test(jobs_are_listed_newest_first_by_name_and_type),
	    test(a_list_tells_when_each_job_ran_last),
	    test(each_call_has_its_rights),
	    test(a_token_that_lacks_the_scope_takes_the_right_away),
	    test(what_is_missing_is_told_before_what_is_refused),
	    test(nothing_of_another_tenant_is_seen),
	    test(others_see_their_own_and_what_is_shared),
	    test(a_token_with_tags_sees_the_job_that_it_makes),
	    test(a_run_goes_on_and_ends),
	    test(a_run_that_never_started_failed),
	    test(whose_a_run_is),
	    test(runs_are_listed_by_time_and_outcome),
	    test(a_long_history_is_listed_in_steps),
	    test(a_request_is_dropped_while_the_job_runs),
	    test(a_request_that_has_not_started_gives_way_to_a_later_one),
	    test(a_request_behind_a_run_of_another_door_gives_way_too),
	    test(runs_that_go_side_by_side_elsewhere_do_not_here),
	    test(a_request_is_dropped_while_a_run_is_about_to_start),
	    test(a_timed_run_is_skipped_while_the_job_runs),
	    test(what_is_due_comes_before_a_request),
	    test(what_waits_to_run_again_is_not_shown_as_running),
	    test(what_waits_to_run_again_keeps_no_request_away),
	    test(deaths_leave_one_run_at_a_time),
	    test(callers_at_once_leave_one_request),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
