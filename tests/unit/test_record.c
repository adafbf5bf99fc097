/*
 * Records: what was packed comes back, and bytes that nobody packed are told from a record
 * without a crash.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/id.h"
#include "model/job.h"
#include "store/record.h"

/* ---- one full example of each kind
 * ------------------------------------------------------------------------------------- */

static const char *argv[] = {"/bin/echo", "", "two words", NULL};
static struct env_var env[] = {{"LANG", "C.UTF-8"}, {"EMPTY", ""}};
static const char *tags[] = {"sales", "nightly"};

static struct trigger triggers[] = {
    {
	.kind = TRIGGER_CRON,
	.expression = "30 2 * * 1-5",
	.cron = {.minutes = UINT64_C(1) << 59 | 1,
	    .hours = 1u << 23,
	    .days = 0xfffffffe,
	    .months = 0x1ffe,
	    .weekdays = 0x7f,
	    .days_star = true,
	    .weekdays_star = false},
	.time_zone = "Europe/Amsterdam",
	.dst_gap = 1,
	.dst_fold = 1,
    },
    {.kind = TRIGGER_EVERY, .every_us = 900000000, .anchor_us = -5},
    {.kind = TRIGGER_AT, .at_us = INT64_MAX - 1},
    {.kind = TRIGGER_RRULE, .expression = "FREQ=DAILY", .time_zone = "UTC", .start_us = -7},
    {.kind = TRIGGER_REBOOT},
};

static struct task_after after[] = {{"bare", AFTER_FAILED}, {"extract", AFTER_ALWAYS}};

static struct task_def task_defs[] = {
    {
	.name = "extract",
	.argv = argv,
	.argc = 3,
	.env = env,
	.env_count = 2,
	.cwd = "/srv",
	.timeout_us = 600000000,
	.kill_grace_us = 10000000,
	.accept_args = true,
	.result_file = "out.csv",
	.after = after,
	.after_count = 2,
	.after_any = true,
	.retries =
	    {
		.max = 3,
		.delay_us = 1,
		.factor = 150,
		.max_delay_us = INT64_MAX,
		.jitter_us = 2,
		.on = tags,
		.on_count = 2,
	    },
	.process = {.input = "a\nb",
	    .user = "reports",
	    .group = "staff",
	    .umask = 027,
	    .has_umask = true,
	    .nice = -5,
	    .limited = 1 << PROCESS_CPU | 1 << PROCESS_CORE,
	    .limits = {[PROCESS_CPU] = 60, [PROCESS_CORE] = 0}},
    },
    {.name = "bare", .argv = argv, .argc = 1},
};

static struct attempt attempts[] = {
    {.number = 1,
	.pid = 4711,
	.pid_start_ticks = UINT64_MAX,
	.start_us = 10,
	.end_us = 20,
	.exit_code = -1,
	.signal = 9,
	.reason = "killed",
	.last_line = "42 rows",
	.results = 3,
	.cpu_user_us = 7,
	.cpu_system_us = 8,
	.memory_bytes = 9},
    {.number = 2,
	.start_us = INSTANT_NEVER,
	.end_us = INSTANT_NEVER,
	.exit_code = -1,
	.due_us = 30,
	.retry_after_us = 40},
};

static const uint64_t users[] = {7, ID_MAX};

static const struct job job = {
    .rule = {.repeat = JOB_MONTHLY,
	.minutely_interval = 1,
	.hourly_interval = 1,
	.minute = 59,
	.hour = 23,
	.month_day = 31},
    .type = JOB_QUERY,
    .query_id = 12,
    .query_title = "Counts",
    .fixed_args = "-a b",
    .run_as = 9,
    .recipients = users,
    .recipient_count = 2,
    .shared_with = users + 1,
    .shared_count = 1,
    .rt_args_provided = JOB_FLAG_TRUE,
    .rt_args_help = "",
};

static void
put_schedule(struct buf *b)
{
	pack_schedule(b, &(struct schedule){
			     .tenant_id = 1,
			     .version = 3,
			     .name = "Nightly \xc3\xa9",
			     .description = "",
			     .tags = tags,
			     .tag_count = 2,
			     .type = 18,
			     .triggers = triggers,
			     .trigger_count = 3,
			     .start_us = INT64_MIN,
			     .end_us = INSTANT_NEVER,
			     .calendars = tags,
			     .calendar_count = 2,
			     .on_excluded = ON_EXCLUDED_DEFER,
			     .overlap = OVERLAP_ALLOW,
			     .misfire = MISFIRE_ALL,
			     .misfire_window_us = 3600000000,
			     .misfire_max = 7,
			     .on_lost = ON_LOST_RERUN,
			     .keep_us = 604800000000,
			     .priority = 9,
			     .group = "disk",
			     .condition = &task_defs[0],
			     .tasks = task_defs,
			     .task_count = 2,
			     .created_us = 100,
			     .modified_us = 200,
			     .created_by = 7,
			     .created_token = 8,
			     .owner = "site",
			     .job = &job,
			 });
}

static void
put_state(struct buf *b)
{
	pack_state(b, &(struct schedule_state){
			  .suspended = true,
			  .suspended_by = 7,
			  .suspended_us = 5,
			  .suspended_until_us = 6,
			  .suspended_reason = "",
			  .next_due_us = INSTANT_NEVER,
			  .range_due_us = 3,
			  .boot = 2,
			  .boot_us = 9,
			  .last_execution_id = ID_MAX,
			  .active = UINT32_MAX,
			  .waiting = 1,
		      });
}

static void
put_occurrence(struct buf *b)
{
	pack_occurrence(b, &(struct occurrence){
			       .to_us = 9,
			       .count = 4,
			       .verdict = VERDICT_MISSED_CLOCK,
			       .execution_id = 12,
			       .reason = NULL,
			       .decided_us = 11,
			       .suspended_by = 7,
			       .suspended_us = 8,
			   });
}

static void
put_execution(struct buf *b)
{
	pack_execution(b, &(struct execution){
			      .tenant_id = 1,
			      .schedule_id = 2,
			      .schedule_name = "Nightly",
			      .origin = ORIGIN_RERUN,
			      .due_us = -1,
			      .triggered_us = 1,
			      .start_us = 2,
			      .end_us = INSTANT_NEVER,
			      .actor_id = 3,
			      .token_id = 4,
			      .args = "a b",
			      .task_count = 2,
			      .tasks_ended = 1,
			      .condition_id = 31,
			      .exclusive = true,
			      .replaced_by = 6,
			      .priority = -9,
			      .group_id = 6,
			      .on_lost = ON_LOST_RERUN,
			      .schedule_type = 18,
			      .key_id = 5,
			  });
}

static void
put_task(struct buf *b)
{
	pack_task(b, &(struct task){
			 .execution_id = 1,
			 .schedule_id = 2,
			 .tenant_id = 3,
			 .ordinal = 1,
			 .status = TASK_CONDITION,
			 .def = task_defs[0],
			 .attempts = attempts,
			 .attempt_count = 2,
			 .retries = 9,
			 .output_bytes = -1,
			 .end_us = 21,
		     });
}

static void
put_task_line(struct buf *b)
{
	pack_task_line(b, &(struct task_line){
			      .execution_id = 1,
			      .schedule_id = 2,
			      .schedule_type = 18,
			      .key_id = 4,
			      .actor_id = 5,
			      .due_us = INSTANT_NEVER,
			      .triggered_us = 6,
			      .status = TASK_RETRYING,
			      .start_us = 7,
			      .end_us = INSTANT_NEVER,
			  });
}

static void
put_user(struct buf *b)
{
	pack_user(b, &(struct user){
			 .tenant_id = 1,
			 .name = "adminUser",
			 .email = "admin@example.test",
			 .password_hash = NULL,
			 .role = ROLE_ENTERPRISE_ADMIN,
			 .enabled = true,
			 .created_us = 8,
			 .epoch = 3,
			 .grants = 4,
			 .job_rights = JOB_READ | JOB_DELETE,
		     });
}

static void
put_tenant(struct buf *b)
{
	pack_tenant(b, &(struct tenant){.name = "acme", .enabled = true, .created_us = 4});
}

static void
put_failures(struct buf *b)
{
	pack_failures(b, &(struct failures){.count = 7, .last_us = 1, .until_us = 2});
}

static void
put_answer(struct buf *b)
{
	pack_answer(b, &(struct answer){.made_us = 4, .data = "yes", .len = 3});
}

static void
put_audit(struct buf *b)
{
	pack_audit(b, &(struct audit_entry){
			  .time_us = 1,
			  .actor_id = 2,
			  .token_id = 3,
			  .actor_name = "ann",
			  .action = "user.create",
			  .subject_id = 4,
			  .detail = "name bob",
			  .hash = {1, 2, 3},
		      });
}

static void
put_token(struct buf *b)
{
	pack_token(b, &(struct token){
			  .id = 1,
			  .user_id = 2,
			  .tenant_id = 3,
			  .kind = TOKEN_KEY,
			  .created_us = 4,
			  .used_us = 5,
			  .idle_us = 6,
			  .expires_us = INSTANT_NEVER,
			  .name = "nightly",
			  .scopes = SCOPE_READ | SCOPE_RUN,
			  .tags = tags,
			  .tag_count = 2,
			  .epoch = 1,
			  .needs_session = true,
			  .made_by = 2,
			  .made_with = 6,
			  .grants = 3,
			  .lets_in = true,
			  .has_old = true,
			  .old_hash = {9},
		      });
}

static void
put_result(struct buf *b)
{
	pack_result(b, &(struct result){
			   .tenant_id = 1,
			   .schedule_id = 2,
			   .execution_id = 3,
			   .task_id = 4,
			   .attempt = 5,
			   .number = 6,
			   .name = "sales.csv",
			   .bytes = UINT64_MAX,
			   .md5 = {1, 2, 255},
			   .json = true,
			   .state = RESULT_CONSUMED,
			   .created_us = 7,
			   .consumed_us = 8,
			   .deleted_us = INSTANT_NEVER,
		       });
}

static void
put_calendar(struct buf *b)
{
	static const int64_t except[] = {5, -5};
	static struct exclusion list[] = {
	    {.kind = EXCLUSION_YEARLY, .text = "", .first_date = 1224, .last_date = 102},
	    {.kind = EXCLUSION_WEEKLY,
		.text = "Office",
		.weekdays = 62,
		.from_s = 28800,
		.to_s = 64800},
	    {.kind = EXCLUSION_RULE,
		.text = "",
		.time_zone = "Asia/Tokyo",
		.rule = "FREQ=DAILY",
		.start_us = -1,
		.duration_us = 1,
		.except = except,
		.except_count = 2},
	};

	pack_calendar(b, &(struct calendar){
			     .tenant_id = 1,
			     .version = 2,
			     .name = "nl-holidays",
			     .description = "",
			     .excluded = {"Europe/Amsterdam", list, 3},
			     .created_us = 3,
			     .modified_us = 4,
			 });
}

/* ---- reading one back and packing it again
 * ----------------------------------------------------------------------------- */

static bool
known(int value, int first, int last)
{
	return value >= first && value <= last;
}

static bool
again_schedule(struct unpack *u, struct arena *a, struct buf *b)
{
	struct schedule s = {0};
	bool fine = true;

	unpack_schedule(u, a, &s);
	for (size_t i = 0; i < s.trigger_count; i++)
		fine = fine && known(s.triggers[i].kind, TRIGGER_CRON, TRIGGER_REBOOT) &&
		       known(s.triggers[i].dst_gap, 0, 1) &&
		       known(s.triggers[i].dst_fold, 0, 2);
	pack_schedule(b, &s);
	return fine && known(s.overlap, OVERLAP_SKIP, OVERLAP_REPLACE) &&
	       known(s.misfire, MISFIRE_ONE, MISFIRE_ALL) &&
	       (!s.job || (known(s.job->rule.repeat, JOB_MINUTELY, JOB_ON_DEMAND) &&
			      known(s.job->type, JOB_INTERNAL, JOB_QUERY) &&
			      known(s.job->rt_args_provided, JOB_FLAG_NONE, JOB_FLAG_TRUE))) &&
	       known(s.on_lost, ON_LOST_FAIL, ON_LOST_RERUN);
}

static bool
again_state(struct unpack *u, struct arena *a, struct buf *b)
{
	struct schedule_state s = {0};

	unpack_state(u, a, &s);
	pack_state(b, &s);
	return true;
}

static bool
again_occurrence(struct unpack *u, struct arena *a, struct buf *b)
{
	struct occurrence o = {0};

	unpack_occurrence(u, a, &o);
	pack_occurrence(b, &o);
	return known(o.verdict, VERDICT_RAN, VERDICT_MISSED_CAP);
}

static bool
again_execution(struct unpack *u, struct arena *a, struct buf *b)
{
	struct execution e = {0};

	unpack_execution(u, a, &e);
	pack_execution(b, &e);
	return known(e.origin, ORIGIN_TRIGGER, ORIGIN_RERUN) &&
	       known(e.on_lost, ON_LOST_FAIL, ON_LOST_RERUN);
}

static bool
again_task(struct unpack *u, struct arena *a, struct buf *b)
{
	struct task t = {0};

	unpack_task(u, a, &t);
	pack_task(b, &t);
	return known(t.status, TASK_WAITING, TASK_RETRYING);
}

static bool
again_task_line(struct unpack *u, struct arena *a, struct buf *b)
{
	struct task_line l = {0};

	(void)a;
	unpack_task_line(u, &l);
	pack_task_line(b, &l);
	return known(l.status, TASK_WAITING, TASK_RETRYING);
}

static bool
again_user(struct unpack *u, struct arena *a, struct buf *b)
{
	struct user user = {0};

	unpack_user(u, a, &user);
	pack_user(b, &user);
	return known(user.role, ROLE_VIEWER, ROLE_ENTERPRISE_ADMIN) &&
	       user.job_rights <= JOB_RIGHTS_ALL;
}

static bool
again_token(struct unpack *u, struct arena *a, struct buf *b)
{
	struct token t = {0};

	unpack_token(u, a, &t);
	pack_token(b, &t);
	return known(t.kind, TOKEN_SESSION, TOKEN_CLIENT);
}

static bool
again_tenant(struct unpack *u, struct arena *a, struct buf *b)
{
	struct tenant t = {0};

	unpack_tenant(u, a, &t);
	pack_tenant(b, &t);
	return true;
}

static bool
again_result(struct unpack *u, struct arena *a, struct buf *b)
{
	struct result r = {0};

	unpack_result(u, a, &r);
	pack_result(b, &r);
	return known(r.state, RESULT_AVAILABLE, RESULT_EXPIRED);
}

static bool
again_failures(struct unpack *u, struct arena *a, struct buf *b)
{
	struct failures f = {0};

	(void)a;
	unpack_failures(u, &f);
	pack_failures(b, &f);
	return true;
}

static bool
again_answer(struct unpack *u, struct arena *a, struct buf *b)
{
	struct answer n = {0};

	unpack_answer(u, a, &n);
	pack_answer(b, &n);
	return true;
}

static bool
again_audit(struct unpack *u, struct arena *a, struct buf *b)
{
	struct audit_entry e = {0};

	unpack_audit(u, a, &e);
	pack_audit(b, &e);
	return true;
}

static bool
again_calendar(struct unpack *u, struct arena *a, struct buf *b)
{
	struct calendar c = {0};
	bool fine = true;

	unpack_calendar(u, a, &c);
	for (size_t i = 0; i < c.excluded.count; i++)
		fine = fine && known(c.excluded.list[i].kind, EXCLUSION_DATES, EXCLUSION_RULE);
	pack_calendar(b, &c);
	return fine;
}

static const struct codec {
	const char *name;
	void (*put)(struct buf *b);
	/* False when a word of the model has a value that it does not have. */
	bool (*again)(struct unpack *u, struct arena *a, struct buf *b);
} codecs[] = {
    {"schedule", put_schedule, again_schedule},
    {"state", put_state, again_state},
    {"occurrence", put_occurrence, again_occurrence},
    {"execution", put_execution, again_execution},
    {"task", put_task, again_task},
    {"task line", put_task_line, again_task_line},
    {"user", put_user, again_user},
    {"token", put_token, again_token},
    {"tenant", put_tenant, again_tenant},
    {"result", put_result, again_result},
    {"failures", put_failures, again_failures},
    {"answer", put_answer, again_answer},
    {"audit", put_audit, again_audit},
    {"calendar", put_calendar, again_calendar},
};

enum { CODEC_COUNT = sizeof codecs / sizeof codecs[0] };

/*
 * Read bytes as a record, from memory of exactly their length so that a sanitizer sees a step
 * behind it. What reads without a fault must pack to the same bytes.
 */
static int
reread(const struct codec *c, const void *data, size_t len)
{
	char *copy = test_malloc(len ? len : 1);
	struct arena arena = ARENA_INIT;
	struct buf out = BUF_INIT;
	struct unpack u;
	bool fine;
	int code;

	memcpy(copy, data, len);
	unpack_init(&u, copy, len);
	fine = c->again(&u, &arena, &out);
	code = unpack_finish(&u);
	if (!code && !fine)
		fail_msg("%s: a value that the model does not know was read", c->name);
	if (!code && (out.len != len || memcmp(out.data, data, len)))
		fail_msg("%s: what was read does not pack to the same bytes", c->name);
	buf_release(&out);
	arena_release(&arena);
	test_free(copy);
	return code;
}

static void
every_record_comes_back_as_it_was_packed(void **state)
{
	(void)state;
	for (size_t i = 0; i < CODEC_COUNT; i++) {
		struct buf b = BUF_INIT;

		codecs[i].put(&b);
		if (reread(&codecs[i], b.data, b.len))
			fail_msg("%s was not read", codecs[i].name);
		buf_release(&b);
	}
}

static void
a_record_cut_short_anywhere_is_damaged(void **state)
{
	(void)state;
	for (size_t i = 0; i < CODEC_COUNT; i++) {
		struct buf b = BUF_INIT;

		codecs[i].put(&b);
		for (size_t len = 0; len < b.len; len++)
			if (reread(&codecs[i], b.data, len) != ERR_IO)
				fail_msg("%s was read from %zu of %zu bytes", codecs[i].name,
				    len, b.len);
		buf_release(&b);
	}
}

static void
bytes_behind_a_record_are_damage(void **state)
{
	(void)state;
	for (size_t i = 0; i < CODEC_COUNT; i++) {
		struct buf b = BUF_INIT;

		codecs[i].put(&b);
		buf_addc(&b, '\0');
		assert_int_equal(reread(&codecs[i], b.data, b.len), ERR_IO);
		buf_release(&b);
	}
}

/* Every byte takes every value: most are other numbers, none may crash, and reread() looks at
 * what was let through. */
static void
a_garbled_byte_never_reads_as_something_else(void **state)
{
	(void)state;
	for (size_t i = 0; i < CODEC_COUNT; i++) {
		struct buf b = BUF_INIT;

		codecs[i].put(&b);
		for (size_t at = 0; at < b.len; at++) {
			char was = b.data[at];

			for (int value = 0; value < 256; value++) {
				b.data[at] = (char)value;
				(void)reread(&codecs[i], b.data, b.len);
			}
			b.data[at] = was;
		}
		buf_release(&b);
	}
}

static void
garbage_never_crashes_the_reader(void **state)
{
	uint64_t seed = 88172645463325252u;
	unsigned char raw[96];

	(void)state;
	for (int round = 0; round < 20000; round++) {
		for (size_t i = 0; i < sizeof raw; i++) {
			seed ^= seed << 13;
			seed ^= seed >> 7;
			seed ^= seed << 17;
			/* Small counts and lengths get further than large ones. */
			raw[i] = round % 2 && seed % 4 ? 0 : (unsigned char)(seed >> 32);
		}
		for (size_t i = 0; i < CODEC_COUNT; i++)
			(void)reread(&codecs[i], raw, seed % sizeof raw);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_record_comes_back_as_it_was_packed),
	    cmocka_unit_test(a_record_cut_short_anywhere_is_damaged),
	    cmocka_unit_test(bytes_behind_a_record_are_damage),
	    cmocka_unit_test(a_garbled_byte_never_reads_as_something_else),
	    cmocka_unit_test(garbage_never_crashes_the_reader),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
