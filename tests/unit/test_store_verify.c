/*
 * store_verify() finds each way in which records can disagree. A sound store is made once; each
 * test plants one fault into a copy of it and wants a complaint that names it.
 */
#include "store_support.h"

#include <fcntl.h>

#include "model/job.h"
#include "store/record.h"

static char sound_dir[sizeof dir];

/* What store_verify() said, in a child. */
static struct report {
	int code;
	size_t lines;
	struct err err;
	char text[32768];
} * report;

static void
note_line(void *ctx, const char *line)
{
	struct report *r = ctx;
	size_t len = strlen(r->text);

	r->lines++;
	snprintf(r->text + len, sizeof r->text - len, "%s\n", line);
}

static int
verify_work(void *ctx)
{
	struct report *r = ctx;

	*r = (struct report){0};
	r->code = store_verify(&options, note_line, r, &r->err);
	return 0;
}

static void
verify(void)
{
	assert_int_equal(finish(start(verify_work, report)), 0);
}

/* ---- a sound store
 * ----------------------------------------------------------------------------------- */

enum {
	TENANT = 1,
	USER = 2,
	TOKEN = 3,
	SCHEDULE = 10,	/* planned; one run goes on, one waits */
	ON_DEMAND = 11, /* one run in the queue, and one that its group holds */
	ENDED = 20,
	RUNNING = 21,
	WAITING = 22,
	QUEUED = 23,
	GROUP = 24, /* RUNNING has a place of it, GROUPED waits for one */
	GROUPED = 25,
	LAST_ID = 40,
};

static int64_t next_due_us = 1000;

static void
must(int code)
{
	if (code)
		fail_msg("%d: %s", code, err.text);
}

/* A key from as many of these as the table's key has fields of the kind. */
static const struct buf *
key_of(struct txn *txn, enum table t, const int64_t numbers[3], const char *text)
{
	struct buf *key = &txn->key;
	unsigned char hash[TOKEN_HASH_BYTES];

	buf_reset(key);
	for (const char *kind = tables[t].key; *kind; kind++) {
		switch (*kind) {
		case 'u':
			pack_u64(key, (uint64_t)*numbers++);
			break;
		case 'i':
			pack_i64(key, *numbers++);
			break;
		case 'w':
			pack_u32(key, (uint32_t)*numbers++);
			break;
		case 's':
			buf_adds(key, text);
			break;
		default:
			memset(hash, 'h', sizeof hash);
			buf_add(key, hash, sizeof hash);
			break;
		}
	}
	return key;
}

static void
put_number(
    struct txn *txn, enum table t, const int64_t numbers[3], const char *text, uint64_t n)
{
	struct buf *record = record_begin(txn);

	pack_u64(record, n);
	must(table_put(txn, t, key_of(txn, t, numbers, text), record, &err));
}

static void
put_task(struct txn *txn, const struct execution *e, uint64_t id, uint32_t ordinal,
    enum task_status status)
{
	struct task t = task_of(e, id, ordinal);
	struct attempt attempt = {.number = 1};

	t.status = status;
	attempt.results = id == 30 ? 2 : 0;
	t.attempts = &attempt;
	t.attempt_count = status != TASK_PENDING;
	t.end_us = task_status_ended(status) ? 0 : INSTANT_NEVER;
	must(store_task_put(txn, &t, &err));
	if (status == TASK_RUNNING)
		must(store_active_put(txn, id, &err));
}

static void
put_results(struct txn *txn, const struct execution *e)
{
	struct task t = task_of(e, 30, 0);
	struct result first = result_of(&t, 36, 1, 0), second = result_of(&t, 37, 1, 3);

	must(store_result_put(txn, &first, &err));
	must(store_result_put(txn, &second, &err));
}

static void
put_history(struct txn *txn)
{
	struct occurrence ran = {.schedule_id = SCHEDULE,
	    .due_us = 100,
	    .to_us = 100,
	    .count = 1,
	    .verdict = VERDICT_RAN,
	    .execution_id = ENDED};
	struct occurrence missed = {.schedule_id = SCHEDULE,
	    .due_us = 200,
	    .to_us = 400,
	    .count = 3,
	    .verdict = VERDICT_MISSED_DOWN};
	struct occurrence overlap = {.schedule_id = SCHEDULE,
	    .due_us = 500,
	    .to_us = 500,
	    .count = 1,
	    .verdict = VERDICT_SKIPPED_OVERLAP,
	    .execution_id = RUNNING};
	struct execution e = execution_of(SCHEDULE, ENDED);

	e.origin = ORIGIN_TRIGGER;
	e.due_us = 100;
	e.end_us = 150;
	e.tasks_ended = 1;
	must(store_execution_put(txn, &e, &err));
	put_task(txn, &e, 30, 0, TASK_SUCCEEDED);
	put_results(txn, &e);
	must(store_ledger_insert(txn, &ran, &err));
	must(store_ledger_insert(txn, &missed, &err));
	must(store_ledger_insert(txn, &overlap, &err));
}

/* A task that waits for the first one of its execution. */
static void
put_follower(struct txn *txn, const struct execution *e, uint64_t id, uint32_t ordinal)
{
	struct task t = task_of(e, id, ordinal);
	struct task_after after = {t.def.name, AFTER_SUCCEEDED};

	t.status = TASK_WAITING;
	t.def.after = &after;
	t.def.after_count = 1;
	must(store_task_put(txn, &t, &err));
}

static void
put_grouped(struct txn *txn)
{
	struct run_group group = {.id = GROUP, .tenant_id = TENANT, .name = "disk", .limit = 2};
	struct execution grouped = execution_of(ON_DEMAND, GROUPED);
	size_t free;

	must(store_group_put(txn, &group, &err));
	must(store_group_take(txn, &group, RUNNING, &free, &err));
	grouped.group_id = GROUP;
	grouped.priority = 2;
	must(store_execution_put(txn, &grouped, &err));
	put_task(txn, &grouped, 26, 0, TASK_PENDING);
	must(store_group_wait(txn, GROUP, grouped.priority, GROUPED, &err));
}

static void
put_runs(struct txn *txn)
{
	struct execution running = execution_of(SCHEDULE, RUNNING),
			 waiting = execution_of(SCHEDULE, WAITING),
			 queued = execution_of(ON_DEMAND, QUEUED);

	running.task_count = 3;
	running.tasks_ended = 1;
	running.condition_id = 35;
	running.group_id = GROUP;
	must(store_execution_put(txn, &running, &err));
	put_task(txn, &running, 35, TASK_ORDINAL_CONDITION, TASK_SUCCEEDED);
	put_task(txn, &running, 31, 0, TASK_RUNNING);
	put_task(txn, &running, 32, 1, TASK_FAILED);
	put_follower(txn, &running, 38, 2);
	must(store_execution_put(txn, &waiting, &err));
	put_task(txn, &waiting, 33, 0, TASK_PENDING);
	must(store_waiting_put(txn, SCHEDULE, WAITING, &err));
	must(store_execution_put(txn, &queued, &err));
	put_task(txn, &queued, 34, 0, TASK_PENDING);
	must(store_queue_put(txn, QUEUED, &err));
}

static int
sound_body(struct txn *txn, void *ctx, struct err *e)
{
	struct schedule s = schedule_of(TENANT, SCHEDULE, "a"),
			d = schedule_of(TENANT, ON_DEMAND, "b");
	struct schedule_state state = state_of(SCHEDULE), on_demand = state_of(ON_DEMAND);
	struct user ann = user_of(TENANT, USER, "ann");
	struct token token = token_of(TOKEN, USER, 'h');
	struct tenant tenant = {.id = TENANT, .name = "main", .enabled = true};
	struct audit_entry entry = {.tenant_id = TENANT, .actor_name = "ann", .action = "x"};

	(void)ctx;
	(void)e;
	ann.email = "Ann@example.test";
	must(store_tenant_put(txn, &tenant, &err));
	must(store_user_put(txn, &ann, &err));
	for (entry.number = 1; entry.number <= 3; entry.number++)
		must(store_audit_insert(txn, &entry, &err));
	must(store_token_put(txn, &token, &err));
	must(store_value_put(txn, "token-key", "secret", 6, &err));
	put_number(txn, TABLE_SEQUENCE, (int64_t[3]){0}, NULL, LAST_ID);
	must(store_schedule_put(txn, &s, &err));
	must(store_schedule_put(txn, &d, &err));
	state.next_due_us = next_due_us;
	state.range_due_us = 500;
	state.active = state.waiting = 1;
	state.last_execution_id = WAITING;
	must(store_state_put(txn, &state, &err));
	must(store_plan_put(txn, (struct firing){SCHEDULE, next_due_us}, &err));
	on_demand.active = 2;
	must(store_state_put(txn, &on_demand, &err));
	put_history(txn);
	put_runs(txn);
	put_grouped(txn);
	return 0;
}

static int
make_sound(void **state)
{
	report = mmap(
	    NULL, sizeof *report, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	/* No room for a ballast: it would only cost time. */
	options.reserve_bytes = UINT64_MAX / 2;
	if (report == MAP_FAILED || make_base(state) || make_store(state))
		return -1;
	run(sound_body, NULL);
	close_store();
	memcpy(sound_dir, dir, sizeof dir);
	return 0;
}

static void
copy_sound(void)
{
	choose_dir(NULL);
	shell(
	    "mkdir %s && cd %s && cp -r --sparse=always data log format %s/ && mkdir %s/region",
	    dir, sound_dir, dir, dir);
	assert_int_equal(recover(), 0);
}

static int
leave(void **state)
{
	return drop_store(state);
}

static void
a_sound_store_has_no_fault(void **state)
{
	(void)state;
	copy_sound();
	verify();
	assert_string_equal(report->text, "");
	assert_int_equal(report->code, 0);
	assert_string_equal(report->err.text, "");
}

static void
a_new_store_has_no_fault(void **state)
{
	(void)state;
	choose_dir(NULL);
	assert_int_equal(recover(), 0);
	verify();
	assert_string_equal(report->text, "");
	assert_int_equal(report->code, 0);
	assert_string_equal(report->err.text, "");
}

static void
where_there_is_no_store_none_is_made(void **state)
{
	(void)state;
	choose_dir(NULL);
	shell("mkdir %s", dir);
	verify();
	assert_int_equal(report->code, ERR_IO);
	assert_non_null(strstr(report->err.text, "is not a store yet"));
	shell("rmdir %s", dir);
	verify();
	assert_int_equal(report->code, ERR_IO);
	assert_int_equal(access(dir, F_OK), -1);
	shell("mkdir %s", dir);
}

/* ---- faults
 * ----------------------------------------------------------------------------------------- */

enum plant { DROP, MARK, NUMBER, EDIT };

/* What an EDIT changes; loaded before, stored after. */
struct records {
	struct schedule s;
	struct schedule_state state;
	struct execution ended, running, waiting;
	struct task task, condition, follower; /* of RUNNING */
	struct user user;
	struct token token;
	struct occurrence ran, missed;
	struct result result;
};

struct fault {
	const char *name;
	enum plant plant;
	enum table table;
	int64_t numbers[3];
	const char *text;
	uint64_t number;
	void (*edit)(struct records *r);
	const char *complaint;
};

static void
store_edited(struct txn *txn, const struct records *r)
{
	const struct {
		enum table t;
		int64_t numbers[3];
		void (*pack)(struct buf *, const void *);
		const void *record;
	} rows[] = {
#define ROW(t, a, b, pack, record) \
	{t, {a, b}, (void (*)(struct buf *, const void *))pack, record}
	    ROW(TABLE_SCHEDULES, SCHEDULE, 0, pack_schedule, &r->s),
	    ROW(TABLE_STATES, SCHEDULE, 0, pack_state, &r->state),
	    ROW(TABLE_EXECUTIONS, ENDED, 0, pack_execution, &r->ended),
	    ROW(TABLE_EXECUTIONS, RUNNING, 0, pack_execution, &r->running),
	    ROW(TABLE_EXECUTIONS, WAITING, 0, pack_execution, &r->waiting),
	    ROW(TABLE_TASKS, 31, 0, pack_task, &r->task),
	    ROW(TABLE_TASKS, 35, 0, pack_task, &r->condition),
	    ROW(TABLE_TASKS, 38, 0, pack_task, &r->follower),
	    ROW(TABLE_USERS, USER, 0, pack_user, &r->user),
	    ROW(TABLE_TOKENS, 0, 0, pack_token, &r->token),
	    ROW(TABLE_LEDGER, SCHEDULE, 100, pack_occurrence, &r->ran),
	    ROW(TABLE_LEDGER, SCHEDULE, 200, pack_occurrence, &r->missed),
	    ROW(TABLE_RESULTS, 37, 0, pack_result, &r->result),
#undef ROW
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct buf *record = record_begin(txn);

		rows[i].pack(record, rows[i].record);
		must(table_put(txn, rows[i].t, key_of(txn, rows[i].t, rows[i].numbers, NULL),
		    record, &err));
	}
}

static void
edit_records(struct txn *txn, const struct fault *f)
{
	struct token key = token_of(0, 0, 'h');
	struct occurrence *ledger;
	struct records r;
	size_t count;

	must(store_schedule_get(txn, &arena, SCHEDULE, &r.s, &err));
	must(store_state_get(txn, &arena, SCHEDULE, &r.state, &err));
	must(store_execution_get(txn, &arena, ENDED, &r.ended, &err));
	must(store_execution_get(txn, &arena, RUNNING, &r.running, &err));
	must(store_execution_get(txn, &arena, WAITING, &r.waiting, &err));
	must(store_task_get(txn, &arena, 31, &r.task, &err));
	must(store_task_get(txn, &arena, 35, &r.condition, &err));
	must(store_task_get(txn, &arena, 38, &r.follower, &err));
	must(store_user_get(txn, &arena, USER, &r.user, &err));
	must(store_token_get(txn, &arena, key.hash, &r.token, &err));
	must(store_ledger_list(txn, &arena, SCHEDULE, 0, 300, 2, &ledger, &count, &err));
	r.ran = ledger[0];
	r.missed = ledger[1];
	must(store_result_get(txn, &arena, 37, &r.result, &err));
	f->edit(&r);
	store_edited(txn, &r);
}

static int
plant_body(struct txn *txn, void *ctx, struct err *e)
{
	const struct fault *f = ctx;
	const struct buf *key = key_of(txn, f->table, f->numbers, f->text);

	(void)e;
	switch (f->plant) {
	case DROP:
		must(table_delete(txn, f->table, key, &err));
		break;
	case MARK:
		must(table_mark(txn, f->table, key, &err));
		break;
	case NUMBER:
		put_number(txn, f->table, f->numbers, f->text, f->number);
		break;
	case EDIT:
		edit_records(txn, f);
		break;
	}
	return 0;
}

static void
is_complained_about(void **state)
{
	struct fault *f = *state;

	copy_sound();
	open_store();
	run(plant_body, f);
	close_store();
	verify();
	if (!strstr(report->text, f->complaint))
		fail_msg("wanted: %s\ngot:\n%s", f->complaint, report->text);
	assert_int_equal(report->code, ERR_IO);
	assert_non_null(strstr(report->err.text, "fault"));
}

static const struct job job_of_no_query = {
    .rule = {.repeat = JOB_ON_DEMAND}, .type = JOB_QUERY, .query_title = "counts"};

/* clang-format off */
#define ON(name, statement) static void name(struct records *r) { statement; }
ON(rename_schedule, r->s.name = "z")
ON(move_schedule, r->s.tenant_id = 39)
ON(no_job, r->s.job = &job_of_no_query)
ON(due_later, r->state.next_due_us = 2000)
ON(due_never, r->state.next_due_us = INSTANT_NEVER)
ON(due_again, r->state.next_due_us = 300)
ON(one_more_active, r->state.active++)
ON(none_waiting, r->state.waiting = 0)
ON(open_range, r->state.range_due_us = 450)
ON(last_unknown, r->state.last_execution_id = 39)
ON(adopted, r->ended.schedule_id = ON_DEMAND)
ON(one_task_more, r->ended.task_count = 2)
ON(one_end_more, r->running.tasks_ended = 2)
ON(no_end, r->ended.end_us = INSTANT_NEVER)
ON(other_due, r->ended.due_us = 101)
ON(waiting_ended, r->waiting.tasks_ended = 1; r->waiting.end_us = 9)
ON(other_group, r->running.group_id = 39)
ON(no_group, r->running.group_id = 0)
ON(foreign_tenant, r->running.tenant_id = 39)
ON(task_done, r->task.status = TASK_SUCCEEDED)
ON(task_pending, r->task.status = TASK_PENDING)
ON(task_retrying, r->task.status = TASK_RETRYING)
ON(task_due, r->task.status = TASK_RETRYING; r->task.attempts[0].due_us = 5; r->task.attempts[0].start_us = r->task.attempts[0].end_us = INSTANT_NEVER)
ON(task_waiting, r->task.status = TASK_WAITING)
ON(condition_pending, r->condition.status = TASK_PENDING; r->condition.end_us = INSTANT_NEVER)
ON(follower_of_nobody, r->follower.def.after_count = 0)
ON(follower_of_no_task, r->follower.def.after[0].task = "no task")
ON(follower_of_an_ended_one, r->follower.def.after_any = true; r->follower.def.after[0].when = AFTER_ALWAYS; r->task.status = TASK_FAILED; r->task.end_us = 5)
ON(no_condition, r->running.condition_id = 0)
ON(other_condition, r->running.condition_id = 32)
ON(lost_condition, r->running.condition_id = 39)
ON(other_time, r->ended.triggered_us += 5)
ON(skipped_other, r->ran.verdict = VERDICT_SKIPPED_CONDITION; r->ran.execution_id = RUNNING)
ON(task_orphan, r->task.execution_id = 39)
ON(task_moved, r->task.ordinal = 5)
ON(task_strange, r->task.schedule_id = ON_DEMAND)
ON(task_ended, r->task.end_us = 5)
ON(task_condition, r->task.ordinal = TASK_ORDINAL_CONDITION)
ON(no_attempt, r->task.attempt_count = 0)
ON(rename_user, r->user.name = "bob")
ON(move_user, r->user.tenant_id = 39)
ON(other_address, r->user.email = "bob@example.test")
ON(no_user, r->token.user_id = 39)
ON(token_replaced, r->token.is_old = true)
ON(session, r->token.kind = TOKEN_SESSION)
ON(no_token_id, r->token.id = 41)
ON(strange_token_id, r->token.id = (UINT64_C(5) << 40) + 1)
ON(ran_unknown, r->ran.execution_id = 39)
ON(ran_nothing, r->ran.execution_id = 0)
ON(ran_other, r->ran.execution_id = RUNNING)
ON(ran_twice, r->ran.count = 2)
ON(ran_range, r->ran.count = 2; r->ran.to_us = 110)
ON(overlapping, r->missed.to_us = 500)
ON(backwards, r->missed.to_us = 150)
ON(no_count, r->missed.count = 0)

ON(result_orphan, r->result.task_id = 39)
ON(result_strange, r->result.execution_id = RUNNING)
ON(result_attempt, r->result.attempt = 2)
ON(result_order, r->result.number = 0)
ON(result_tenant, r->result.tenant_id = 39)
ON(result_state, r->result.state = RESULT_CONSUMED)
ON(result_gone, r->result.deleted_us = 9)

static struct fault faults[] = {
    {"a schedule without state", DROP, TABLE_STATES, {ON_DEMAND}, .complaint = "schedules 11: has no state"},
    {"a state without schedule", DROP, TABLE_SCHEDULES, {ON_DEMAND}, .complaint = "states 11: has no schedule"},
    {"a schedule without its name", DROP, TABLE_NAMES, {TENANT}, "a", .complaint = "schedules 10: its name \"a\" is not in names"},
    {"a name of another schedule", NUMBER, TABLE_NAMES, {TENANT}, "a", 11, .complaint = "schedules 10: its name \"a\" leads to 11"},
    {"a name that leads nowhere", NUMBER, TABLE_NAMES, {TENANT}, "x", 39, .complaint = "names 1|x: leads to schedule 39, which does not exist"},
    {"a second name", NUMBER, TABLE_NAMES, {TENANT}, "x", 10, .complaint = "names 1|x: leads to schedule 10, which has another name"},
    {"a schedule under an old name", EDIT, .edit = rename_schedule, .complaint = "names 1|a: leads to schedule 10, which has another name"},
    {"a schedule of no tenant", EDIT, .edit = move_schedule, .complaint = "schedules 10: its tenant 39 does not exist"},
    {"a job of no query", EDIT, .edit = no_job, .complaint = "schedules 10: its job is none"},
    {"a due time that is not planned", DROP, TABLE_PLAN, {1000, SCHEDULE}, .complaint = "states 10: its next due time 1000 is not planned"},
    {"a plan for a time that is not due", EDIT, .edit = due_later, .complaint = "plan 1000|10: its schedule is due next at 2000"},
    {"a plan for what is never due", EDIT, .edit = due_never, .complaint = "plan 1000|10: its schedule is due next"},
    {"a second plan", MARK, TABLE_PLAN, {1001, SCHEDULE}, .complaint = "plan 1001|10: its schedule is due next at 1000"},
    {"a plan for no schedule", MARK, TABLE_PLAN, {1001, 39}, .complaint = "plan 1001|39: its schedule has no state"},
    {"a due time that was settled", EDIT, .edit = due_again, .complaint = "states 10: its next due time 300 is in the ledger already"},
    {"a run too many in the state", EDIT, .edit = one_more_active, .complaint = "states 10: says that 2 executions are active, there are 1"},
    {"a waiting one too few", EDIT, .edit = none_waiting, .complaint = "states 10: says that 0 executions wait, there are 1"},
    {"an open range that is none", EDIT, .edit = open_range, .complaint = "states 10: its open range 450 is not in the ledger"},
    {"a last run that is none", EDIT, .edit = last_unknown, .complaint = "states 10: its last execution 39 does not exist"},
    {"an execution that is not listed", DROP, TABLE_EXECUTIONS_BY_SCHEDULE, {SCHEDULE, ENDED}, .complaint = "executions 20: is not listed under its schedule"},
    {"a listed execution that is none", MARK, TABLE_EXECUTIONS_BY_SCHEDULE, {SCHEDULE, 39}, .complaint = "executions_by_schedule 10|39: the execution does not exist"},
    {"an execution listed elsewhere", EDIT, .edit = adopted, .complaint = "executions_by_schedule 10|20: the execution belongs to schedule 11"},
    {"an execution that its tenant does not list", DROP, TABLE_EXECUTIONS_BY_TIME, {TENANT, 0, ENDED}, .complaint = "executions 20: is not listed under its tenant"},
    {"an execution that its schedule does not list by time", DROP, TABLE_EXECUTIONS_BY_TIME, {SCHEDULE, 0, ENDED}, .complaint = "executions 20: is not listed under its schedule"},
    {"an execution listed under another time", EDIT, .edit = other_time, .complaint = "executions_by_time 10|0|20: the execution is of another schedule, tenant or time"},
    {"an execution listed under another owner", MARK, TABLE_EXECUTIONS_BY_TIME, {2, 0, ENDED}, .complaint = "executions_by_time 2|0|20: the execution is of another schedule, tenant or time"},
    {"an execution listed by time that is none", MARK, TABLE_EXECUTIONS_BY_TIME, {TENANT, 0, 39}, .complaint = "executions_by_time 1|0|39: the execution does not exist"},
    {"a task that waits for nothing", EDIT, .edit = task_waiting, .complaint = "executions 21: task 31 waits for nothing that is to come"},
    {"tasks that do not wait for their condition", EDIT, .edit = condition_pending, .complaint = "executions 21: 1 tasks wait for a condition that is pending"},
    {"a task that waits for no task", EDIT, .edit = follower_of_nobody, .complaint = "executions 21: task 38 waits for nothing that is to come"},
    {"a task that waits for a task that is none", EDIT, .edit = follower_of_no_task, .complaint = "executions 21: task 38 waits for nothing that is to come"},
    {"a task that waits for one that has ended", EDIT, .edit = follower_of_an_ended_one, .complaint = "executions 21: task 38 waits for nothing that is to come"},
    {"a condition of nothing", EDIT, .edit = no_condition, .complaint = "tasks 35: its execution 21 has another condition"},
    {"a task for a condition", EDIT, .edit = other_condition, .complaint = "executions 21: has no condition 32"},
    {"a lost condition", EDIT, .edit = lost_condition, .complaint = "executions 21: its condition 39 does not exist"},
    {"a cancel of nothing", MARK, TABLE_CANCELS, {39}, .complaint = "cancels 39: the task does not exist"},
    {"a cancel of what is not cancelling", MARK, TABLE_CANCELS, {31}, .complaint = "cancels 31: the task is running"},
    {"a retry of nothing", MARK, TABLE_RETRIES, {5, 39}, .complaint = "retries 5|39: the task does not exist"},
    {"a retry of what runs", MARK, TABLE_RETRIES, {5, 31}, .complaint = "retries 5|31: the task is running"},
    {"a task that is retrying without an attempt to come", EDIT, .edit = task_retrying, .complaint = "tasks 31: is retrying and has no attempt to come"},
    {"a retry that is never due", EDIT, .edit = task_due, .complaint = "tasks 31: is retrying and does not stand among the retries"},
    {"a step of the clock that is none", MARK, TABLE_CLOCK_STEPS, {1}, .complaint = "clock_steps 1: the record is damaged"},
    {"a skipped run of another execution", EDIT, .edit = skipped_other, .complaint = "ledger 10|100: its execution 21 is of another schedule or due time"},
    {"a lost execution", DROP, TABLE_EXECUTIONS, {ENDED}, .complaint = "ledger 10|100: its execution 20 does not exist"},
    {"an execution of no tenant", EDIT, .edit = foreign_tenant, .complaint = "tasks 31: its execution 21 is of another schedule or tenant"},
    {"a task too few", EDIT, .edit = one_task_more, .complaint = "executions 20: should have 2 tasks and has 1"},
    {"an end too many", EDIT, .edit = one_end_more, .complaint = "executions 21: says that 2 tasks have ended, 1 have"},
    {"an ended execution without end", EDIT, .edit = no_end, .complaint = "executions 20: its end does not agree with its tasks"},
    {"a run that the ledger lacks", DROP, TABLE_LEDGER, {SCHEDULE, 100}, .complaint = "executions 20: the ledger does not say that it ran for 100"},
    {"a run for another time", EDIT, .edit = other_due, .complaint = "ledger 10|100: its execution 20 is of another schedule or due time"},
    {"a task that is not listed", DROP, TABLE_TASKS_BY_EXECUTION, {RUNNING, 1}, .complaint = "tasks 32: is not listed under its execution 21"},
    {"a task in the place of another", NUMBER, TABLE_TASKS_BY_EXECUTION, {RUNNING, 1}, NULL, 30, .complaint = "tasks 32: task 30 is listed in its place"},
    {"a listed task that is none", NUMBER, TABLE_TASKS_BY_EXECUTION, {RUNNING, 2}, NULL, 39, .complaint = "tasks_by_execution 21|2: its task 39 does not exist"},
    {"a lost task", DROP, TABLE_TASKS, {32}, .complaint = "tasks_by_execution 21|1: its task 32 does not exist"},
    {"a task of no execution", EDIT, .edit = task_orphan, .complaint = "tasks 31: its execution 39 does not exist"},
    {"a task of another ordinal", EDIT, .edit = task_moved, .complaint = "tasks_by_execution 21|0: its task 31 has another place"},
    {"a task of another schedule", EDIT, .edit = task_strange, .complaint = "tasks 31: its execution 21 is of another schedule"},
    {"a running task without attempt", EDIT, .edit = no_attempt, .complaint = "tasks 31: is running and has no attempt"},
    {"an ended task among the active", EDIT, .edit = task_done, .complaint = "tasks 31: is succeeded and stands among the active"},
    {"a running task that nobody watches", DROP, TABLE_ACTIVE, {31}, .complaint = "tasks 31: is running and does not stand among the active"},
    {"a task that its tenant does not list", DROP, TABLE_TASKS_BY_TENANT, {TENANT, 32}, .complaint = "tasks 32: is not listed under its tenant 1"},
    {"a task that its tenant lists as another", EDIT, .edit = task_done, .complaint = "tasks 31: the line of it under its tenant says something else"},
    {"a condition that its tenant lists", EDIT, .edit = task_condition, .complaint = "tasks 31: is a condition and listed under its tenant"},
    {"an end of what runs", EDIT, .edit = task_ended, .complaint = "tasks 31: is running and has an end"},
    {"an ended task without end", EDIT, .edit = task_done, .complaint = "tasks 31: is succeeded and has no end"},
    {"an active task that is none", MARK, TABLE_ACTIVE, {39}, .complaint = "active 39: the task does not exist"},
    {"an execution that never goes on", EDIT, .edit = task_pending, .complaint = "executions 21: has not ended, is not queued, does not wait and does not run"},
    {"an execution that fell out of the queue", DROP, TABLE_QUEUE, {9, QUEUED}, .complaint = "executions 23: has not ended, is not queued"},
    {"an ended execution in the queue", MARK, TABLE_QUEUE, {9, ENDED}, .complaint = "queue 9|20: the execution has ended"},
    {"a queued execution that is none", MARK, TABLE_QUEUE, {9, 39}, .complaint = "queue 9|39: the execution does not exist"},
    {"a queued execution with nothing to do", MARK, TABLE_QUEUE, {9, RUNNING}, .complaint = "executions 21: is queued and has no pending task"},
    {"an execution that waits in the queue", MARK, TABLE_QUEUE, {9, WAITING}, .complaint = "executions 22: is queued and waits"},
    {"an execution that fell out of the waiting", DROP, TABLE_WAITING, {SCHEDULE, WAITING}, .complaint = "executions 22: has not ended, is not queued"},
    {"a waiting execution that is none", MARK, TABLE_WAITING, {SCHEDULE, 39}, .complaint = "waiting 10|39: the execution does not exist"},
    {"an execution that waits for another schedule", MARK, TABLE_WAITING, {ON_DEMAND, WAITING}, .complaint = "waiting 11|22: the execution belongs to schedule 10"},
    {"an ended execution that waits", EDIT, .edit = waiting_ended, .complaint = "waiting 10|22: the execution has ended"},
    {"a running execution that waits", MARK, TABLE_WAITING, {SCHEDULE, RUNNING}, .complaint = "executions 21: waits and is under way"},
    {"a queued execution of another priority", MARK, TABLE_QUEUE, {8, QUEUED}, .complaint = "queue 8|23: the execution has the priority 0"},
    {"a group without its name", DROP, TABLE_GROUP_NAMES, {TENANT}, "disk", .complaint = "groups 24: its name \"disk\" is not in group_names"},
    {"a lost group", DROP, TABLE_GROUPS, {GROUP}, .complaint = "executions 21: its group 24 does not exist"},
    {"a group's name that leads nowhere", NUMBER, TABLE_GROUP_NAMES, {TENANT}, "x", 39, .complaint = "group_names 1|x: leads to group 39, which does not exist"},
    {"a group's second name", NUMBER, TABLE_GROUP_NAMES, {TENANT}, "x", GROUP, .complaint = "group_names 1|x: leads to group 24, which has another name"},
    {"a place that was lost", DROP, TABLE_GROUP_PLACES, {GROUP, RUNNING}, .complaint = "executions 21: is under way and has no place of its group"},
    {"a place of what has ended", MARK, TABLE_GROUP_PLACES, {GROUP, ENDED}, .complaint = "group_places 24|20: the execution has ended"},
    {"a place of nothing", MARK, TABLE_GROUP_PLACES, {GROUP, 39}, .complaint = "group_places 24|39: the execution does not exist"},
    {"a place of what is in no group", EDIT, .edit = no_group, .complaint = "group_places 24|21: the execution is of group 0"},
    {"an execution of a group that is none", EDIT, .edit = other_group, .complaint = "executions 21: its group 39 does not exist"},
    {"a place of what waits for one", MARK, TABLE_GROUP_PLACES, {GROUP, GROUPED}, .complaint = "group_waiting 24|7|25: the execution has a place"},
    {"an execution that its group forgot", DROP, TABLE_GROUP_WAITING, {GROUP, 7, GROUPED}, .complaint = "executions 25: has not ended, is not queued"},
    {"an execution that waits for its group under another priority", MARK, TABLE_GROUP_WAITING, {GROUP, 9, GROUPED}, .complaint = "group_waiting 24|9|25: the execution has the priority 2"},
    {"an execution in the queue that waits for its group", MARK, TABLE_QUEUE, {7, GROUPED}, .complaint = "executions 25: is queued and waits for a place of its group"},
    {"a run of an unknown execution", EDIT, .edit = ran_unknown, .complaint = "ledger 10|100: its execution 39 does not exist"},
    {"a run of no execution", EDIT, .edit = ran_nothing, .complaint = "ledger 10|100: its execution 0 does not exist"},
    {"a run of another execution", EDIT, .edit = ran_other, .complaint = "ledger 10|100: its execution 21 is of another schedule or due time"},
    {"a run counted twice", EDIT, .edit = ran_twice, .complaint = "ledger 10|100: its range to 100 and its count 2 do not agree"},
    {"a run with a range", EDIT, .edit = ran_range, .complaint = "ledger 10|100: its range to 110 and its count 2 do not agree"},
    {"ranges that overlap", EDIT, .edit = overlapping, .complaint = "ledger 10|500: lies in the range before it, 200 to 500"},
    {"a range that goes backwards", EDIT, .edit = backwards, .complaint = "ledger 10|200: its range to 150"},
    {"an entry that counts nothing", EDIT, .edit = no_count, .complaint = "ledger 10|200: its range to 400 and its count 0"},
    {"a user without his name", DROP, TABLE_USER_NAMES, {TENANT}, "ann", .complaint = "users 2: its name \"ann\" is not in user_names"},
    {"a lost user", DROP, TABLE_USERS, {USER}, .complaint = "user_names 1|ann: leads to user 2, who does not exist"},
    {"a user under an old name", EDIT, .edit = rename_user, .complaint = "user_names 1|ann: leads to user 2, who has another name"},
    {"a user of no tenant", EDIT, .edit = move_user, .complaint = "users 2: its tenant 39 does not exist"},
    {"a user without his address", DROP, TABLE_USER_EMAILS, {TENANT}, "ann@example.test", .complaint = "users 2: its name \"ann@example.test\" is not in user_emails"},
    {"an address that leads nowhere", NUMBER, TABLE_USER_EMAILS, {TENANT}, "eve@example.test", 39, .complaint = "user_emails 1|eve@example.test: leads to user 39, who does not exist"},
    {"a user with another address", EDIT, .edit = other_address, .complaint = "user_emails 1|ann@example.test: leads to user 2, who has another address"},
    {"a tenant without its name", DROP, TABLE_TENANT_NAMES, {0}, "main", .complaint = "tenants 1: its name \"main\" is not in tenant_names"},
    {"a tenant's second name", NUMBER, TABLE_TENANT_NAMES, {0}, "acme", 1, .complaint = "tenant_names 0|acme: leads to tenant 1, which has another name"},
    {"a token that is not found by its id", DROP, TABLE_TOKENS_BY_ID, {TOKEN}, .complaint = "tokens 68686868: is not listed by its id 3"},
    {"a token that is not listed", DROP, TABLE_TOKENS_BY_USER, {TENANT, USER, TOKEN}, .complaint = "tokens 68686868: is not listed under its user"},
    {"a lost token", DROP, TABLE_TOKENS, {0}, .complaint = "tokens_by_id 3: its token does not exist"},
    {"a listed token of another kind", EDIT, .edit = session, .complaint = "tokens_by_user 1|2|3: its token is of another user or kind"},
    {"a token that replaced itself", EDIT, .edit = token_replaced, .complaint = "tokens 68686868: its id 3 leads to another token"},
    {"a lost entry of the audit", DROP, TABLE_AUDIT, {TENANT, 2}, .complaint = "audit 1|3: the entry before it is missing"},
    {"a token of nobody", EDIT, .edit = no_user, .complaint = "tokens 68686868: its user 39 does not exist"},
    {"a token with an id not given yet", EDIT, .edit = no_token_id, .complaint = "tokens 68686868: the id 41 is not among those given, 1 to 40"},
    {"a lost tenant", DROP, TABLE_TENANTS, {TENANT}, .complaint = "schedules 10: its tenant 1 does not exist"},
    {"a sequence that would give numbers again", NUMBER, TABLE_SEQUENCE, {0}, NULL, 22, .complaint = "executions 23: the id 23 is not among those given, 1 to 22"},
    {"a result that its task does not list", DROP, TABLE_RESULTS_BY_TASK, {30, 37}, .complaint = "results 37: is not listed under its task"},
    {"a result that its tenant does not list", DROP, TABLE_RESULTS_BY_TENANT, {TENANT, 37}, .complaint = "results 37: is not listed under its tenant"},
    {"a listed result that is none", MARK, TABLE_RESULTS_BY_TENANT, {TENANT, 39}, .complaint = "results_by_tenant 1|39: the result does not exist"},
    {"a result listed under another task", MARK, TABLE_RESULTS_BY_TASK, {31, 36}, .complaint = "results_by_task 31|36: the result is of another task or tenant"},
    {"a lost result", DROP, TABLE_RESULTS, {37}, .complaint = "tasks 30: says that attempt 1 left 2 results, there are 1"},
    {"a result of no task", EDIT, .edit = result_orphan, .complaint = "results 37: its task 39 does not exist"},
    {"a result of another execution", EDIT, .edit = result_strange, .complaint = "results 37: its task 30 is of another execution"},
    {"a result of no attempt", EDIT, .edit = result_attempt, .complaint = "results 37: its task 30 has no attempt 2"},
    {"a result out of order", EDIT, .edit = result_order, .complaint = "tasks 30: its result 37 is out of order"},
    {"a result of another tenant", EDIT, .edit = result_tenant, .complaint = "results 37: is not listed under its tenant"},
    {"a consumed result without a time", EDIT, .edit = result_state, .complaint = "results 37: its state and its times do not agree"},
    {"a deleted result that is not expired", EDIT, .edit = result_gone, .complaint = "results 37: its state and its times do not agree"},
    {"a lost sequence", DROP, TABLE_SEQUENCE, {0}, .complaint = "tenants 1: the id 1 is not among those given"},
    {"a sequence of no tenant", NUMBER, TABLE_SEQUENCE, {5}, NULL, 50, .complaint = "sequence 5: there is no such sequence"},
    {"a sequence that is none", NUMBER, TABLE_SEQUENCE, {8192}, NULL, 50, .complaint = "sequence 8192: there is no such sequence"},
    {"a sequence past its end", NUMBER, TABLE_SEQUENCE, {0}, NULL, INT64_C(1) << 40, .complaint = "sequence 0: it is past its end"},
    {"a token with another tenant's number", EDIT, .edit = strange_token_id, .complaint = "tokens 68686868: the id 5497558138881 is none of its tenant 1"},
};
/* clang-format on */

enum { FAULT_COUNT = sizeof faults / sizeof faults[0] };

/* ---- damage in each table at once
 * ----------------------------------------------------------------------------------------- */

static int
damage_body(struct txn *txn, void *ctx, struct err *e)
{
	static const int64_t numbers[3] = {7, 8, 9};
	const struct buf *record = ctx;

	(void)e;
	for (int t = 0; t < TABLE_COUNT; t++)
		must(table_put(txn, t, key_of(txn, t, numbers, "id"), record, &err));
	return 0;
}

static void
assert_each_table_complains(const char *words)
{
	char line[KEY_TEXT * 2];

	for (int t = 0; t < TABLE_COUNT; t++) {
		const char *at = report->text;

		snprintf(line, sizeof line, "%s ", tables[t].name);
		for (; at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL)
			if (!strncmp(at, line, strlen(line)) && strstr(at, words) &&
			    strstr(at, words) < strchr(at, '\n'))
				break;
		if (!at)
			fail_msg("%s: no complaint \"%s\" in\n%s", tables[t].name, words,
			    report->text);
	}
}

static void
plant_in_each_table(const void *bytes, size_t len)
{
	struct buf record = BUF_INIT;

	copy_sound();
	open_store();
	buf_add(&record, bytes, len);
	run(damage_body, &record);
	buf_release(&record);
	close_store();
	verify();
}

static void
a_record_that_is_not_one_is_found_in_each_table(void **state)
{
	(void)state;
	plant_in_each_table("\x01\x02\x03", 3);
	assert_each_table_complains("the record is damaged");
}

static void
a_record_of_a_newer_version_is_found_in_each_table(void **state)
{
	(void)state;
	plant_in_each_table("\x02", 1);
	assert_each_table_complains("the record has version 2");
}

static int
bad_keys_body(struct txn *txn, void *ctx, struct err *e)
{
	(void)ctx;
	(void)e;
	for (int t = 0; t < TABLE_COUNT; t++)
		/* Too short for a number, and a NUL where a text is. */
		must(table_put(txn, t, key_bytes(txn, "a\0b", 3), record_begin(txn), &err));
	return 0;
}

static void
a_key_that_is_not_one_is_found_in_each_table(void **state)
{
	(void)state;
	copy_sound();
	open_store();
	run(bad_keys_body, NULL);
	close_store();
	verify();
	assert_each_table_complains("the key is ");
}

/* ---- pages
 * ---------------------------------------------------------------------------------------- */

static void
spoil_page(const char *table)
{
	char path[sizeof dir + 64], byte;
	int fd;

	snprintf(path, sizeof path, "%s/data/%s.db", dir, table);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_int_equal(pread(fd, &byte, 1, 4096 + 4000), 1);
	byte ^= 1;
	assert_int_equal(pwrite(fd, &byte, 1, 4096 + 4000), 1);
	close(fd);
}

static void
a_bad_byte_in_a_page_is_found_in_every_table_that_has_one(void **state)
{
	(void)state;
	copy_sound();
	spoil_page("executions");
	spoil_page("users");
	verify();
	assert_int_equal(report->code, ERR_IO);
	if (!strstr(report->text, "executions: ") || !strstr(report->text, "users: ") ||
	    strstr(report->text, "names: ") || strstr(report->text, "PANIC"))
		fail_msg("%s%s", report->text, report->err.text);
}

/* ------------------------------------------------------------------------------------------ */

int
main(void)
{
	static const struct CMUnitTest others[] = {
	    cmocka_unit_test_teardown(a_sound_store_has_no_fault, leave),
	    cmocka_unit_test_teardown(a_new_store_has_no_fault, leave),
	    cmocka_unit_test_teardown(where_there_is_no_store_none_is_made, leave),
	    cmocka_unit_test_teardown(a_record_that_is_not_one_is_found_in_each_table, leave),
	    cmocka_unit_test_teardown(
		a_record_of_a_newer_version_is_found_in_each_table, leave),
	    cmocka_unit_test_teardown(a_key_that_is_not_one_is_found_in_each_table, leave),
	    cmocka_unit_test_teardown(
		a_bad_byte_in_a_page_is_found_in_every_table_that_has_one, leave),
	};
	enum { OTHERS = sizeof others / sizeof others[0] };
	struct CMUnitTest tests[OTHERS + FAULT_COUNT];

	memcpy(tests, others, sizeof others);
	for (size_t i = 0; i < FAULT_COUNT; i++)
		tests[OTHERS + i] = (struct CMUnitTest){.name = faults[i].name,
		    .test_func = is_complained_about,
		    .teardown_func = leave,
		    .initial_state = &faults[i]};
	return cmocka_run_group_tests(tests, make_sound, remove_base);
}
