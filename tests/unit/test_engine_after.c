/*
 * Tasks that wait for others of their execution: in which order they run, what is skipped, what
 * is handed on, and that all of it holds whoever dies, when it is cancelled and when something
 * runs again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

#include "model/after.h"

#include "simulation.h"

/* ---- definitions: "a", "b a", "-c !a *b", "d |b c" is a task that comes after others: "!" after
 * their failure, "*" after any end, "|" one of them is enough; "-" in front: it fails.
 * ---- */

static struct task_def
task_of_words(const char *text)
{
	static const char *succeeds[] = {"/bin/true", NULL}, *fails[] = {"/bin/false", NULL};
	bool fail = *text == '-';
	struct task_def t = {.argv = fail ? fails : succeeds, .argc = 1};
	char *word, *rest = arena_strdup(&sim.arena, text + fail);

	t.name = strtok_r(rest, " ", &rest);
	t.after = arena_array(&sim.arena, strlen(text), sizeof *t.after);
	while ((word = strtok_r(rest, " ", &rest))) {
		t.after_any |= *word == '|';
		word += *word == '|';
		t.after[t.after_count++] = (struct task_after){
		    word + (*word == '!' || *word == '*'), *word == '!'	  ? AFTER_FAILED
							   : *word == '*' ? AFTER_ALWAYS
									  : AFTER_SUCCEEDED};
	}
	return t;
}

/* Tasks are parted by commas. */
static struct schedule
schedule_of(const char *tasks)
{
	static unsigned number;
	struct schedule s =
	    sim_schedule(arena_printf(&sim.arena, "chain %u", ++number), NULL, 0);
	char *one, *rest = arena_strdup(&sim.arena, tasks);

	s.tasks = arena_array(&sim.arena, SCHEDULE_TASKS_MAX, sizeof *s.tasks);
	s.task_count = 0;
	while ((one = strtok_r(rest, ",", &rest)))
		s.tasks[s.task_count++] = task_of_words(one + strspn(one, " "));
	return s;
}

static uint64_t
create(const char *tasks)
{
	return sim_create(schedule_of(tasks));
}

/* The statuses of an execution's tasks, a letter each: waiting, pending, starting (r), running
 * (R), succeeded (S), failed, timed out, cancelled (X), lost, skipped (K), condition (C),
 * cancelling (c). */
static const char *
statuses(uint64_t execution_id)
{
	static const char letters[] = "wprRSFTXLKCc";
	size_t count;
	struct task *tasks = sim_tasks(execution_id, &count);
	char *text = arena_alloc(&sim.arena, count + 1);

	for (size_t i = 0; i < count; i++)
		text[i] = letters[tasks[i].status];
	text[count] = '\0';
	return text;
}

static struct execution
execution_of(uint64_t schedule_id, uint64_t id)
{
	size_t count;
	struct execution *list = sim_executions(schedule_id, &count);

	for (size_t i = 0; i < count; i++) {
		if (list[i].id == id)
			return list[i];
	}
	fail_msg("no execution %llu", (unsigned long long)id);
	return list[0];
}

static struct task *
named(uint64_t execution_id, const char *name)
{
	size_t count;
	struct task *tasks = sim_tasks(execution_id, &count), *t;

	t = (struct task *)after_find(tasks, count, name);
	assert_non_null(t);
	return t;
}

static void
rerun(uint64_t execution_id, const char *name)
{
	if (service_rerun_task(
		&sim.sv, &sim.admin, sim.now_us, named(execution_id, name)->id, &sim.err))
		fail_msg("%s: %s", name, sim.err.text);
}

static void
cancel(uint64_t id)
{
	assert_int_equal(
	    service_cancel_execution(&sim.sv, &sim.admin, sim.now_us, id, &sim.err), 0);
}

static void
assert_idle(uint64_t id)
{
	struct schedule_state state = sim_state(id);

	assert_int_equal(sim_left(), 0);
	assert_int_equal(state.active, 0);
	assert_int_equal(state.waiting, 0);
	assert_int_equal(sim.ward_count, 0);
	for (size_t i = 0; i < sim.run_count; i++)
		assert_false(sim.runs[i].alive);
}

/* The first instant at which a command of the task began; INSTANT_NEVER: none did. */
static int64_t
began(const struct task *t)
{
	for (size_t i = 0; i < sim.run_count; i++) {
		if (sim.runs[i].task_id == t->id)
			return sim.runs[i].start_us;
	}
	return INSTANT_NEVER;
}

static bool
ran(const struct task *t)
{
	return began(t) != INSTANT_NEVER;
}

static int64_t
ended(const struct task *t)
{
	return t->attempts[t->attempt_count - 1].end_us;
}

/*
 * What must be true of every execution that ended by itself: who ran was allowed to, not before
 * all of those (or one of them) had ended; who was skipped had no way to run any more.
 */
static void
check_order(uint64_t execution_id)
{
	size_t count;
	struct task *tasks = sim_tasks(execution_id, &count);

	for (size_t i = 0; i < count; i++) {
		struct task *t = &tasks[i];
		int64_t first_us = INSTANT_NEVER, last_us = INT64_MIN;
		enum after_decision decision = after_decide(t, tasks, count);

		assert_true(task_status_ended(t->status));
		assert_int_equal(decision, t->status == TASK_SKIPPED ? AFTER_SKIP : AFTER_GO);
		if (t->status == TASK_SKIPPED)
			assert_false(ran(t));
		if (!ran(t) || !t->def.after_count)
			continue;
		for (size_t k = 0; k < t->def.after_count; k++) {
			int64_t us = ended(after_find(tasks, count, t->def.after[k].task));

			first_us = us < first_us ? us : first_us;
			last_us = us > last_us ? us : last_us;
		}
		assert_true(began(t) >= (t->def.after_any ? first_us : last_us));
	}
}

/* ---- what runs, and in which order
 * -------------------------------------------------------------------- */

static void
each_combination_ends_as_it_must(void **state)
{
	static const struct {
		const char *tasks, *statuses;
	} cases[] = {
	    {"a, b a", "SS"},
	    {"b a, a", "SS"},
	    {"-a, b a", "FK"},
	    {"a, b !a", "SK"},
	    {"-a, b !a", "FS"},
	    {"a, b *a", "SS"},
	    {"-a, b *a", "FS"},
	    {"-a, -b *a", "FF"},
	    /* Skipping passes on, and is an end. */
	    {"-a, b a, c b", "FKK"},
	    {"c b, b a, -a", "KKF"},
	    {"-a, b a, c !b", "FKK"},
	    {"-a, b a, c *b", "FKS"},
	    {"-a, b a, c *b, d c", "FKSS"},
	    {"-a, b a, c *a *b", "FKS"},
	    /* A fork, and a join. */
	    {"a, b a, c a, d b c", "SSSS"},
	    {"a, -b a, c a, d b c", "SFSK"},
	    {"a, -b a, c a, d *b *c", "SFSS"},
	    {"a, -b a, c a, d |b c", "SFSS"},
	    {"a, -b a, -c a, d |b c", "SFFK"},
	    {"a, -b a, -c a, d !b !c", "SFFS"},
	    {"a, b a, -c a, d !b !c", "SSFK"},
	    {"a, b a, -c a, d |!b !c", "SSFS"},
	    {"-a, b, c |a b, d |!a !b", "FSSS"},
	    /* One chain beside another, and a task alone. */
	    {"a, b a, -c, d c, e", "SSFKS"},
	    /* Clear up whatever happens. */
	    {"-extract, load extract, alert |!extract !load, clear *load *alert", "FKSS"},
	    {"extract, -load extract, alert |!extract !load, clear *load *alert", "SFSS"},
	    {"extract, load extract, alert |!extract !load, clear *load *alert", "SSKS"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint64_t id = create(cases[i].tasks), run = sim_call(id);

		sim_pass(MINUTE_US);
		if (strcmp(statuses(run), cases[i].statuses))
			fail_msg("%s: %s", cases[i].tasks, statuses(run));
		check_order(run);
		assert_idle(id);
		assert_int_equal(sim.failures + sim.complaints, 0);
		assert_int_equal(
		    service_delete_schedule(&sim.sv, &sim.admin, sim.now_us, id, &sim.err), 0);
	}
}

static void
a_task_begins_when_the_one_before_it_has_ended(void **state)
{
	uint64_t id = create("a, b a, c b"), run = sim_call(id);
	int64_t begin_us = sim.now_us;
	struct execution e;

	(void)state;
	sim_pass(SECOND_US);
	assert_string_equal(statuses(run), "Rww");
	sim_pass(2 * SECOND_US);
	assert_string_equal(statuses(run), "SRw");
	assert_int_equal(execution_of(id, run).tasks_ended, 1);
	assert_int_equal(execution_of(id, run).end_us, INSTANT_NEVER);
	sim_pass(2 * SECOND_US);
	assert_string_equal(statuses(run), "SSR");
	sim_pass(MINUTE_US);
	assert_string_equal(statuses(run), "SSS");
	e = execution_of(id, run);
	assert_int_equal(e.start_us, begin_us);
	assert_int_equal(e.end_us, begin_us + 6 * SECOND_US);
	assert_int_equal(named(run, "b")->attempts[0].start_us, begin_us + 2 * SECOND_US);
	assert_idle(id);
}

static void
those_that_wait_for_the_same_run_side_by_side(void **state)
{
	uint64_t id = create("a, b a, c a, d b c"), run = sim_call(id);

	(void)state;
	sim_pass(3 * SECOND_US);
	assert_string_equal(statuses(run), "SRRw");
	sim_pass(2 * SECOND_US);
	assert_string_equal(statuses(run), "SSSR");
	sim_pass(MINUTE_US);
	assert_idle(id);
}

static void
with_any_the_first_that_holds_is_enough(void **state)
{
	uint64_t id = create("a, b, c b, d |a c"), run = sim_call(id);

	(void)state;
	sim_pass(3 * SECOND_US);
	/* It does not wait for c; and there is one run of it, not a second when c has ended. */
	assert_string_equal(statuses(run), "SSRR");
	sim_pass(MINUTE_US);
	assert_string_equal(statuses(run), "SSSS");
	assert_int_equal(sim.run_count, 4);
	assert_idle(id);
}

static void
one_that_is_skipped_says_why_and_when(void **state)
{
	uint64_t id = create("-a, b a, c b"), run = sim_call(id);
	int64_t end_us = sim.now_us + 2 * SECOND_US;
	char text[TASK_SUMMARY_TEXT];
	struct task *b, *c;

	(void)state;
	sim_pass(MINUTE_US);
	b = named(run, "b");
	c = named(run, "c");
	assert_string_equal(task_summary(b, text), "not run: task \"a\" failed");
	assert_string_equal(task_summary(c, text), "not run: task \"b\" was not run");
	assert_int_equal(b->attempt_count, 1);
	assert_int_equal(b->attempts[0].start_us, INSTANT_NEVER);
	assert_int_equal(b->attempts[0].end_us, end_us);
	assert_int_equal(c->attempts[0].end_us, end_us);
	assert_int_equal(execution_of(id, run).end_us, end_us);
	assert_int_equal(sim.run_count, 1);
}

static void
explain_tells_what_was_skipped_of_a_run(void **state)
{
	static const struct {
		const char *tasks, *end;
	} cases[] = {
	    {"a, b a", " late."},
	    {"-a, b a, c !a", " late; its task \"b\" was not run: task \"a\" failed."},
	    {"c b, b a, -a", " late; 2 of its 3 tasks were not run."},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct trigger at = sim_at(sim.now_us + MINUTE_US);
		struct schedule s = schedule_of(cases[i].tasks);
		struct explanation e;
		size_t len, end;
		uint64_t id;

		s.triggers = &at;
		s.trigger_count = 1;
		id = sim_create(s);
		sim_pass(HOUR_US);
		assert_int_equal(service_explain_schedule(&sim.sv, &sim.arena, &sim.admin,
				     sim.now_us, id, at.at_us, "UTC", &e, &sim.err),
		    0);
		len = strlen(e.reason);
		end = strlen(cases[i].end);
		if (len < end || strcmp(e.reason + len - end, cases[i].end))
			fail_msg("%s", e.reason);
	}
}

static void
one_that_cannot_be_started_has_failed(void **state)
{
	uint64_t id = create("a, b a, c !a"), run = sim_call(id);

	(void)state;
	sim.cannot_fork = true;
	sim_settle();
	assert_string_equal(statuses(run), "FKF");
	assert_idle(id);
}

static void
the_next_run_waits_until_the_last_task_has_ended(void **state)
{
	struct trigger every = sim_cron("* * * * *", "UTC");
	struct schedule s = schedule_of("a, b a");
	struct occurrence *o;
	size_t count;
	uint64_t id, run, next;

	(void)state;
	s.triggers = &every;
	s.trigger_count = 1;
	id = sim_create(s);
	sim.takes_us = 50 * SECOND_US;
	sim_run_until(SIM_BEGIN + MINUTE_US + SECOND_US);
	run = sim_executions(id, &count)->id;
	next = sim_call(id);
	sim_run_until(SIM_BEGIN + 2 * MINUTE_US + SECOND_US);
	assert_string_equal(statuses(run), "SR");
	assert_string_equal(statuses(next), "pw");
	o = sim_ledger(id, &count);
	assert_int_equal(count, 2);
	assert_int_equal(o[1].verdict, VERDICT_SKIPPED_OVERLAP);
	assert_int_equal(o[1].execution_id, run);
	sim_pass(MINUTE_US);
	assert_string_equal(statuses(run), "SS");
	assert_string_equal(statuses(next), "Rw");
	assert_int_equal(
	    service_suspend_schedule(&sim.sv, &sim.admin, sim.now_us, id, NULL, &sim.err), 0);
	sim_pass(HOUR_US);
	assert_string_equal(statuses(next), "SS");
	assert_idle(id);
}

static void
a_run_goes_on_with_the_definition_that_it_was_made_with(void **state)
{
	struct schedule other = schedule_of("a, b, c");
	uint64_t id = create("a, b a, c b"), run = sim_call(id);

	(void)state;
	sim_pass(SECOND_US);
	assert_int_equal(
	    service_update_schedule(&sim.sv, &sim.admin, sim.now_us, id, 1, &other, &sim.err),
	    0);
	sim_pass(2 * SECOND_US);
	assert_string_equal(statuses(run), "SRw");
	/* Even when there is none any more. */
	assert_int_equal(
	    service_delete_schedule(&sim.sv, &sim.admin, sim.now_us, id, &sim.err), 0);
	sim_pass(MINUTE_US);
	assert_string_equal(statuses(run), "SSS");
	assert_int_equal(sim_left(), 0);
}

/* ---- with a condition
 * ---------------------------------------------------------------------------------- */

static void
when_its_condition_is_met_only_those_begin_that_wait_for_no_task(void **state)
{
	static const char *argv[] = {"/bin/test", NULL};
	struct task_def condition = {.name = "condition", .argv = argv, .argc = 1};
	struct schedule s = schedule_of("a, b a, -c, d c");
	uint64_t id, run;

	(void)state;
	s.condition = &condition;
	id = sim_create(s);
	assert_int_equal(service_run_schedule(
			     &sim.sv, &sim.admin, sim.now_us, id, true, NULL, &run, &sim.err),
	    0);
	sim_pass(SECOND_US);
	assert_string_equal(statuses(run), "wwww");
	sim_pass(2 * SECOND_US);
	assert_string_equal(statuses(run), "RwRw");
	sim_pass(MINUTE_US);
	assert_string_equal(statuses(run), "SSFK");
	assert_idle(id);

	sim.condition_exit_code = 1;
	assert_int_equal(service_run_schedule(
			     &sim.sv, &sim.admin, sim.now_us, id, true, NULL, &run, &sim.err),
	    0);
	sim_pass(MINUTE_US);
	assert_string_equal(statuses(run), "CCCC");
	/* One of them may run after all; that is no word about those after it. */
	rerun(run, "a");
	sim_pass(MINUTE_US);
	assert_string_equal(statuses(run), "SCCC");
	assert_idle(id);
}

/* ---- what is handed on
 * --------------------------------------------------------------------------------- */

/* The variables CARILLON_AFTER_… of the last command that was started with some. */
static struct buf handed_on;

static void
note_variables(const struct channel_message *m)
{
	bool first = true;

	for (size_t i = 0; m->type == CHANNEL_START && m->env[i]; i++) {
		if (strncmp(m->env[i], "CARILLON_AFTER_", 15))
			continue;
		if (first)
			buf_reset(&handed_on);
		first = false;
		buf_addf(&handed_on, "%s\n", m->env[i] + 15);
	}
}

static const char *
all_handed_on(void)
{
	const char *text = arena_strdup(&sim.arena, handed_on.len ? handed_on.data : "");

	buf_release(&handed_on);
	return text;
}

static void
a_task_finds_how_those_before_it_ended_and_their_last_lines(void **state)
{
	(void)state;
	sim.on_order = note_variables;
	sim.last_line = "42 rows = \xc3\xbc";
	sim_call(create("a, b"));
	sim_pass(MINUTE_US);
	assert_string_equal(all_handed_on(), "");

	sim_call(create("first, -second, x *first *second"));
	sim_pass(MINUTE_US);
	assert_string_equal(all_handed_on(), "FIRST_STATUS=succeeded\nFIRST_EXIT_CODE=0\n"
					     "FIRST_LINE=42 rows = \xc3\xbc\n"
					     "SECOND_STATUS=failed\nSECOND_EXIT_CODE=1\n"
					     "SECOND_LINE=42 rows = \xc3\xbc\n");
	/* One that was skipped has nothing to hand on, and one that still runs has not yet. */
	sim_call(create("-a-1, b a-1, x *b"));
	sim_pass(MINUTE_US);
	assert_string_equal(all_handed_on(), "B_STATUS=skipped\nB_EXIT_CODE=\nB_LINE=\n");
	sim.last_line = NULL;
	sim_call(create("a-1, b a-1, x |a-1 b"));
	sim_pass(3 * SECOND_US);
	assert_string_equal(all_handed_on(),
	    "A_1_STATUS=succeeded\nA_1_EXIT_CODE=0\nA_1_LINE=\n"
	    "B_STATUS=starting\nB_EXIT_CODE=\nB_LINE=\n");
	sim_pass(MINUTE_US);
}

static void
the_same_is_handed_on_when_the_first_order_to_start_was_lost(void **state)
{
	struct schedule s = schedule_of("a, b a");
	uint64_t id;
	const char *first;

	(void)state;
	id = sim_create(s);
	sim.on_order = note_variables;
	sim.last_line = "line";
	sim_call(id);
	sim_pass(SECOND_US);
	for (int i = 0; i < 10 && !handed_on.len; i++) {
		sim.now_us += SECOND_US;
		sim_runner_reads();
		sim_step();
	}
	first = all_handed_on();
	assert_string_equal(first, "A_STATUS=succeeded\nA_EXIT_CODE=0\nA_LINE=line\n");
	sim.orders.count = 0;
	sim_outage(SECOND_US);
	assert_string_equal(all_handed_on(), first);
	sim_pass(MINUTE_US);
	assert_idle(id);
}

static int ends[2] = {-1, -1};
static size_t sent;

static void
send_for_real(const struct channel_message *m)
{
	if (m->type != CHANNEL_START)
		return;
	if (channel_send(ends[0], m, &sim.err))
		fail_msg("%s", sim.err.text);
	if (channel_receive(ends[1], &sim.arena, &(struct channel_message){0}, &sim.err))
		fail_msg("%s", sim.err.text);
	sent++;
}

static void
repeat(char *out, const char *text, size_t times)
{
	for (size_t i = 0; i < times; i++)
		memcpy(out + i * strlen(text), text, strlen(text));
	out[times * strlen(text)] = '\0';
}

/* As much as a definition may hold, the longest lines handed on, and the most arguments. */
static void
the_largest_task_fits_into_its_order(void **state)
{
	static char text[SCHEDULE_BYTES_MAX], line[ATTEMPT_LINE_MAX + 1], args[8192 + 1];
	struct schedule s = schedule_of("a");
	struct task_def *last = &s.tasks[SCHEDULE_TASKS_MAX - 1];
	uint64_t run;

	(void)state;
	repeat(line, "x", ATTEMPT_LINE_MAX);
	repeat(args, "x ", 4096);
	s.task_count = SCHEDULE_TASKS_MAX;
	*last = (struct task_def){.name = "last", .accept_args = true};
	last->after = arena_array(&sim.arena, SCHEDULE_TASKS_MAX, sizeof *last->after);
	last->after_count = SCHEDULE_TASKS_MAX - 1;
	for (size_t i = 0; i < last->after_count; i++) {
		s.tasks[i] = s.tasks[0];
		s.tasks[i].name = arena_printf(&sim.arena, "%0100zu", i);
		last->after[i] = (struct task_after){s.tasks[i].name, AFTER_ALWAYS};
	}
	last->argc = SCHEDULE_ARGV_MAX;
	last->argv = arena_array(&sim.arena, last->argc + 1, sizeof *last->argv);
	last->argv[0] = "/bin/true";
	for (size_t i = 1; i < last->argc; i++)
		last->argv[i] = "";
	last->env_count = SCHEDULE_ENV_MAX;
	last->env = arena_array(&sim.arena, last->env_count, sizeof *last->env);
	for (size_t i = 0; i < last->env_count; i++)
		last->env[i] = (struct env_var){arena_printf(&sim.arena, "E%zu", i), ""};
	last->argv[1] = text;
	repeat(text, "x", sizeof text - 1);
	for (size_t len = sizeof text - 1; schedule_validate(&s, &sim.err); len--) {
		assert_non_null(strstr(sim.err.text, "all texts"));
		text[len - 1] = '\0';
	}
	assert_true(strlen(text) > SCHEDULE_BYTES_MAX / 2);

	assert_int_equal(channel_pair(ends, &sim.err), 0);
	sent = 0;
	sim.last_line = line;
	sim.on_order = send_for_real;
	assert_int_equal(service_run_schedule(&sim.sv, &sim.admin, sim.now_us, sim_create(s),
			     false, args, &run, &sim.err),
	    0);
	sim_pass(MINUTE_US);
	assert_int_equal(sent, SCHEDULE_TASKS_MAX);
	assert_int_equal(named(run, "last")->status, TASK_SUCCEEDED);
	close(ends[0]);
	close(ends[1]);
}

static void
of_a_lost_task_only_the_word_is_known(void **state)
{
	uint64_t id = create("a, b !a"), run = sim_call(id);

	(void)state;
	sim.on_order = note_variables;
	sim.last_line = "line";
	sim_pass(SECOND_US);
	sim.runner_fuse = 1;
	sim_pass(MINUTE_US);
	assert_string_equal(statuses(run), "LS");
	assert_string_equal(all_handed_on(), "A_STATUS=lost\nA_EXIT_CODE=\nA_LINE=\n");
	assert_idle(id);
}

/* ---- cancelled
 * ------------------------------------------------------------------------------------------ */

static void
a_run_can_be_cancelled_at_every_moment(void **state)
{
	static const struct {
		int64_t after_us;
		const char *at_once, *at_last;
		size_t runs;
	} cases[] = {
	    {0, "cXXXX", "XXXXX", 1},
	    {SECOND_US, "cXXXX", "XXXXX", 1},
	    {3 * SECOND_US, "SccXX", "SXXXX", 3},
	    /* b has failed then: d was skipped, and e begun. */
	    {5 * SECOND_US, "SSFKc", "SSFKX", 4},
	    {MINUTE_US, "SSFKS", "SSFKS", 4},
	};
	uint64_t id = create("a, b a, -c a, d b c, e !c"), run;

	(void)state;
	sim.dies_after_us = SECOND_US / 2;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		run = sim_call(id);
		sim.run_count = 0;
		sim_pass(cases[i].after_us);
		cancel(run);
		assert_string_equal(statuses(run), cases[i].at_once);
		sim_pass(MINUTE_US);
		assert_string_equal(statuses(run), cases[i].at_last);
		assert_int_equal(sim.run_count, cases[i].runs);
		assert_idle(id);
	}
	/* Queued, and not looked at by anybody. */
	sim_stop_engine();
	run = sim_call(id);
	cancel(run);
	assert_string_equal(statuses(run), "XXXXX");
	/* Between two tasks: what is pending has not begun. */
	sim_start_engine();
	assert_idle(id);
}

static void
a_run_is_cancelled_between_two_of_its_tasks(void **state)
{
	uint64_t id = create("a, b a, c b"), run = sim_call(id);

	(void)state;
	sim_pass(SECOND_US);
	/* The end of a is settled, and b stays in the queue: nothing more is begun. */
	engine_drain(sim.engine);
	sim_pass(MINUTE_US);
	assert_string_equal(statuses(run), "Spw");
	cancel(run);
	assert_string_equal(statuses(run), "SXX");
	sim_outage(SECOND_US);
	sim_pass(MINUTE_US);
	assert_int_equal(sim.run_count, 1);
	assert_idle(id);
}

static void
a_cancelled_task_leads_to_nothing_more(void **state)
{
	uint64_t id = create("a, b *a, c !a"), run = sim_call(id);

	(void)state;
	sim_pass(SECOND_US);
	cancel(run);
	sim_pass(MINUTE_US);
	assert_string_equal(statuses(run), "XXX");
	assert_int_equal(sim.run_count, 1);
	assert_idle(id);
}

/* ---- run again
 * ------------------------------------------------------------------------------------------ */

static void
the_end_of_one_that_runs_again_decides_about_those_that_were_skipped_because_of_it(void **state)
{
	static const struct {
		const char *tasks, *first, *again, *meanwhile, *last;
	} cases[] = {
	    /* All fail first, and then succeed: sim.exit_code. */
	    {"a, b a", "FK", "a", "Rw", "SS"},
	    {"a, b a, c b", "FKK", "a", "Rww", "SSS"},
	    {"c b, b a, a", "KKF", "a", "wwR", "SSS"},
	    /* What has run does not run again, and what was right to skip is skipped again. */
	    {"a, b !a", "FF", "a", "RF", "SF"},
	    {"a, b *a", "FF", "a", "RF", "SF"},
	    {"a, b a, c *a *b", "FKF", "a", "RwF", "SSF"},
	    /* Another one still forbids it. */
	    {"a, b, c a b", "FFK", "a", "RFK", "SFK"},
	    {"a, b, c a b, d c", "FFKK", "b", "FRKK", "FSKK"},
	    {"a, b, c |a b", "FFK", "a", "RFw", "SFS"},
	    /* Neither does what waits for nothing that was skipped. */
	    {"a, b a, c, d c", "FKFK", "a", "RwFK", "SSFK"},
	    /* One that was skipped runs when it is told to, and leads on. */
	    {"a, b a, c b", "FKK", "b", "FRw", "FSS"},
	    {"a, b a, c b", "FKK", "c", "FKR", "FKS"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint64_t id = create(cases[i].tasks), run = sim_call(id);

		sim.exit_code = 1;
		sim_pass(MINUTE_US);
		assert_string_equal(statuses(run), cases[i].first);
		sim.exit_code = 0;
		rerun(run, cases[i].again);
		sim_pass(SECOND_US);
		if (strcmp(statuses(run), cases[i].meanwhile))
			fail_msg("%s: %s", cases[i].tasks, statuses(run));
		assert_int_equal(execution_of(id, run).end_us, INSTANT_NEVER);
		sim_pass(MINUTE_US);
		if (strcmp(statuses(run), cases[i].last))
			fail_msg("%s: %s", cases[i].tasks, statuses(run));
		assert_true(execution_of(id, run).end_us != INSTANT_NEVER);
		assert_idle(id);
	}
}

static void
the_other_way_round_what_failed_then_runs_what_was_skipped(void **state)
{
	uint64_t id = create("a, b a, c !a"), run = sim_call(id);

	(void)state;
	sim_pass(MINUTE_US);
	assert_string_equal(statuses(run), "SSK");
	sim.exit_code = 1;
	rerun(run, "a");
	sim_pass(SECOND_US);
	assert_string_equal(statuses(run), "RSw");
	sim.exit_code = 0;
	sim_pass(MINUTE_US);
	/* b has run behind a success; that stays. */
	assert_string_equal(statuses(run), "FSS");
	assert_idle(id);
}

static void
both_that_failed_may_run_again_in_any_order(void **state)
{
	uint64_t id = create("a, b, c a b"), run;

	(void)state;
	for (int together = 0; together < 2; together++) {
		run = sim_call(id);
		sim.exit_code = 1;
		sim_pass(MINUTE_US);
		assert_string_equal(statuses(run), "FFK");
		sim.exit_code = 0;
		rerun(run, "a");
		if (!together)
			sim_pass(MINUTE_US);
		assert_string_equal(statuses(run), together ? "pFK" : "SFK");
		rerun(run, "b");
		assert_string_equal(statuses(run), together ? "ppw" : "Spw");
		sim_pass(MINUTE_US);
		assert_string_equal(statuses(run), "SSS");
		assert_int_equal(named(run, "c")->attempt_count, 2);
		assert_idle(id);
	}
}

static void
one_that_waits_waits_for_what_runs_again(void **state)
{
	uint64_t id = create("a, b, c b, d a c"), run = sim_call(id);

	(void)state;
	sim_pass(3 * SECOND_US);
	assert_string_equal(statuses(run), "SSRw");
	rerun(run, "a");
	sim.takes_us = HOUR_US;
	sim_settle();
	assert_string_equal(statuses(run), "RSRw");
	sim.takes_us = SECOND_US;
	sim_pass(10 * SECOND_US);
	assert_string_equal(statuses(run), "RSSw");
	sim_pass(2 * HOUR_US);
	assert_string_equal(statuses(run), "SSSS");
	check_order(run);
	assert_idle(id);
}

static void
what_was_skipped_again_says_so_again(void **state)
{
	uint64_t id = create("-a, b a"), run = sim_call(id);
	struct task *b;

	(void)state;
	sim_pass(MINUTE_US);
	rerun(run, "a");
	sim_pass(MINUTE_US);
	assert_string_equal(statuses(run), "FK");
	b = named(run, "b");
	assert_int_equal(b->attempt_count, 2);
	assert_int_equal(b->attempts[1].number, 2);
	assert_string_equal(b->attempts[1].reason, "not run: task \"a\" failed");
	assert_true(b->attempts[1].end_us > b->attempts[0].end_us);
	assert_idle(id);
}

static void
one_that_waits_again_can_be_cancelled_and_deleted_with_its_schedule(void **state)
{
	uint64_t id = create("a, b a"), run = sim_call(id);

	(void)state;
	sim.exit_code = 1;
	sim_pass(MINUTE_US);
	sim_call(id);
	sim_settle();
	rerun(run, "a");
	assert_string_equal(statuses(run), "pw");
	cancel(run);
	assert_string_equal(statuses(run), "XX");
	/* b was skipped because a had failed; it was cancelled since. */
	rerun(run, "a");
	assert_string_equal(statuses(run), "pX");
	assert_int_equal(
	    service_delete_schedule(&sim.sv, &sim.admin, sim.now_us, id, &sim.err), 0);
	assert_string_equal(statuses(run), "XX");
	sim_pass(MINUTE_US);
	assert_int_equal(sim_left(), 0);
}

static void
one_that_was_cancelled_runs_again_alone(void **state)
{
	uint64_t id = create("a, b a, c b"), run = sim_call(id);

	(void)state;
	sim_pass(SECOND_US);
	cancel(run);
	sim_pass(SECOND_US);
	rerun(run, "a");
	sim_pass(MINUTE_US);
	assert_string_equal(statuses(run), "SXX");
	assert_idle(id);
}

/* ---- deaths
 * --------------------------------------------------------------------------------------------- */

static const char all_kinds[] = "a, b a, -c a, d b c, e |!c d, f *d *e, g f, h !g";

/* Answers how many deaths there were. */
static unsigned
live_through(
    const char *tasks, enum on_lost on_lost, unsigned scheduler_fuse, unsigned runner_fuse)
{
	struct trigger at = sim_at(sim.now_us + 30 * SECOND_US);
	struct schedule s = schedule_of(tasks);
	struct execution *e;
	struct task *list;
	unsigned deaths;
	size_t count;
	uint64_t id;

	s.triggers = &at;
	s.trigger_count = 1;
	s.on_lost = on_lost;
	id = sim_create(s);
	sim.run_count = 0;
	sim.scheduler_deaths = sim.runner_deaths = 0;
	sim.scheduler_fuse = scheduler_fuse;
	sim.runner_fuse = runner_fuse;
	sim_pass(HOUR_US);
	sim.scheduler_fuse = sim.runner_fuse = 0;
	deaths = sim.scheduler_deaths + sim.runner_deaths;

	e = sim_executions(id, &count);
	assert_int_equal(count, 1);
	assert_int_equal(e->tasks_ended, e->task_count);
	assert_true(e->end_us != INSTANT_NEVER);
	check_order(e->id);
	if (!sim.runner_deaths || on_lost == ON_LOST_RERUN)
		assert_null(strchr(statuses(e->id), 'L'));
	list = sim_tasks(e->id, &count);
	for (size_t i = 0; i < count && !sim.runner_deaths; i++)
		assert_int_equal(list[i].attempt_count, 1);
	if (!sim.runner_deaths && !strcmp(tasks, all_kinds))
		assert_string_equal(statuses(e->id), "SSFKSSSK");
	assert_idle(id);
	assert_int_equal(sim.failures + sim.complaints, 0);
	assert_int_equal(
	    service_delete_schedule(&sim.sv, &sim.admin, sim.now_us, id, &sim.err), 0);
	arena_clear(&sim.arena);
	return deaths;
}

static void
live_through_all(enum on_lost on_lost)
{
	unsigned n = 1;

	while (live_through(all_kinds, on_lost, n, 0) > 0)
		n++;
	assert_true(n > 60);
	for (n = 1; live_through(all_kinds, on_lost, 0, n) > 0;)
		n++;
	assert_true(n > 20);
}

static void
a_scheduler_or_a_runner_may_die_anywhere_and_the_order_holds(void **state)
{
	(void)state;
	live_through_all(ON_LOST_FAIL);
	live_through_all(ON_LOST_RERUN);
	sim.no_last_step = true;
	live_through_all(ON_LOST_FAIL);
}

static void
both_may_die_together_anywhere_and_the_power_may_fail(void **state)
{
	(void)state;
	sim.die_together = true;
	live_through_all(ON_LOST_FAIL);
	sim.power_loss = true;
	live_through_all(ON_LOST_RERUN);
}

static void
a_commit_may_fail_anywhere_and_no_task_is_forgotten(void **state)
{
	(void)state;
	for (unsigned n = 0;; n++) {
		uint64_t id = create(all_kinds), run = sim_call(id);

		sim.fail_code = n % 2 ? ERR_IO : ERR_BUSY;
		sim.fail_late = n % 3 == 0;
		sim.fail_after = n;
		sim.fail_count = 2;
		sim_pass(HOUR_US);
		assert_string_equal(statuses(run), "SSFKSSSK");
		assert_idle(id);
		arena_clear(&sim.arena);
		if (sim.fail_count == 2)
			break;
		sim.fail_count = 0;
	}
}

static void
a_stop_at_any_point_begins_nothing_more_and_the_next_goes_on(void **state)
{
	unsigned deaths = 1;

	(void)state;
	for (unsigned n = 1; deaths; n++) {
		struct schedule s = schedule_of("a, b a, c b");
		uint64_t id, run;
		size_t begun;

		s.on_lost = ON_LOST_RERUN;
		id = sim_create(s);
		sim_settle();
		run = sim_call(id);
		sim.scheduler_deaths = 0;
		sim.scheduler_fuse = n;
		sim.stop_next = true;
		sim_pass(MINUTE_US);
		deaths = sim.scheduler_deaths;
		sim.scheduler_fuse = 0;
		sim.stop_next = false;
		if (deaths) {
			assert_true(engine_is_idle(sim.engine));
			begun = sim.run_count;
			sim_pass(MINUTE_US);
			assert_int_equal(sim.run_count, begun);
		}
		sim_outage(SECOND_US);
		sim_pass(HOUR_US);
		assert_string_equal(statuses(run), "SSS");
		assert_idle(id);
		arena_clear(&sim.arena);
	}
}

/* ---- at random
 * ------------------------------------------------------------------------------------------ */

static uint32_t seed;

static uint32_t
random_below(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

/* Up to seven tasks, each after some of those that were made before it; in any order. */
static const char *
random_tasks(void)
{
	uint32_t count = 2 + random_below(6), shift = random_below(8);
	struct buf text = BUF_INIT;
	char *lines[8];
	const char *all;

	for (uint32_t i = 0; i < count; i++) {
		buf_reset(&text);
		buf_addf(&text, "%s%c", random_below(3) ? "" : "-", (int)('a' + i));
		for (uint32_t k = 0; k < i; k++) {
			if (random_below(2))
				buf_addf(&text, " %s%s%c", random_below(4) ? "" : "|",
				    (const char *[]){"", "", "!", "*"}[random_below(4)],
				    (int)('a' + k));
		}
		lines[i] = arena_strdup(&sim.arena, text.data);
	}
	buf_reset(&text);
	for (uint32_t i = 0; i < count; i++)
		buf_addf(&text, "%s%s", i ? "," : "", lines[(i + shift) % count]);
	all = arena_strdup(&sim.arena, text.data);
	buf_release(&text);
	return all;
}

/* Whatever is done to it, a run ends, and what the store says of it holds (sim_teardown()). */
static void
run_and_disturb(uint64_t id, uint64_t run)
{
	for (uint32_t i = random_below(6); i > 0; i--) {
		struct task *tasks;
		size_t count;

		sim.exit_code = (int)random_below(2);
		sim.scheduler_fuse = random_below(3) ? 0 : 1 + random_below(40);
		sim.runner_fuse = random_below(3) ? 0 : 1 + random_below(12);
		sim_pass(random_below(5) * SECOND_US / 2);
		tasks = sim_tasks(run, &count);
		if (random_below(8) == 0)
			cancel(run);
		else if (service_rerun_task(&sim.sv, &sim.admin, sim.now_us,
			     tasks[random_below((uint32_t)count)].id, &sim.err))
			assert_string_equal(sim.err.text, "Task is still running");
		if (random_below(4) == 0)
			sim_call(id);
	}
	sim.scheduler_fuse = sim.runner_fuse = 0;
	sim_pass(HOUR_US);
}

static void
whatever_waits_for_whatever_it_comes_to_its_end(void **state)
{
	(void)state;
	for (seed = 1; seed <= 150; seed++) {
		uint32_t first = seed;
		const char *tasks = random_tasks();
		struct schedule s = schedule_of(tasks);
		struct execution *list;
		size_t count;
		uint64_t id, run;

		s.on_lost = random_below(2) ? ON_LOST_FAIL : ON_LOST_RERUN;
		s.overlap = random_below(2) ? OVERLAP_SKIP : OVERLAP_ALLOW;
		id = sim_create(s);
		run = sim_call(id);
		sim_pass(HOUR_US);
		check_order(run);
		run_and_disturb(id, sim_call(id));
		list = sim_executions(id, &count);
		for (size_t i = 0; i < count; i++) {
			if (list[i].end_us == INSTANT_NEVER ||
			    strspn(statuses(list[i].id), "SFXLK") < list[i].task_count)
				fail_msg("%u: %s: %s", first, tasks, statuses(list[i].id));
		}
		assert_idle(id);
		assert_int_equal(sim.failures + sim.complaints, 0);
		assert_int_equal(
		    service_delete_schedule(&sim.sv, &sim.admin, sim.now_us, id, &sim.err), 0);
		sim.run_count = 0;
		arena_clear(&sim.arena);
		seed = first;
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, sim_setup, sim_teardown)
	    TEST(each_combination_ends_as_it_must),
	    TEST(a_task_begins_when_the_one_before_it_has_ended),
	    TEST(those_that_wait_for_the_same_run_side_by_side),
	    TEST(with_any_the_first_that_holds_is_enough),
	    TEST(one_that_is_skipped_says_why_and_when),
	    TEST(explain_tells_what_was_skipped_of_a_run),
	    TEST(one_that_cannot_be_started_has_failed),
	    TEST(the_next_run_waits_until_the_last_task_has_ended),
	    TEST(a_run_goes_on_with_the_definition_that_it_was_made_with),
	    TEST(when_its_condition_is_met_only_those_begin_that_wait_for_no_task),
	    TEST(a_task_finds_how_those_before_it_ended_and_their_last_lines),
	    TEST(the_same_is_handed_on_when_the_first_order_to_start_was_lost),
	    TEST(the_largest_task_fits_into_its_order),
	    TEST(of_a_lost_task_only_the_word_is_known),
	    TEST(a_run_can_be_cancelled_at_every_moment),
	    TEST(a_run_is_cancelled_between_two_of_its_tasks),
	    TEST(a_cancelled_task_leads_to_nothing_more),
	    TEST(
		the_end_of_one_that_runs_again_decides_about_those_that_were_skipped_because_of_it),
	    TEST(the_other_way_round_what_failed_then_runs_what_was_skipped),
	    TEST(both_that_failed_may_run_again_in_any_order),
	    TEST(one_that_waits_waits_for_what_runs_again),
	    TEST(what_was_skipped_again_says_so_again),
	    TEST(one_that_waits_again_can_be_cancelled_and_deleted_with_its_schedule),
	    TEST(one_that_was_cancelled_runs_again_alone),
	    TEST(a_scheduler_or_a_runner_may_die_anywhere_and_the_order_holds),
	    TEST(both_may_die_together_anywhere_and_the_power_may_fail),
	    TEST(a_commit_may_fail_anywhere_and_no_task_is_forgotten),
	    TEST(a_stop_at_any_point_begins_nothing_more_and_the_next_goes_on),
	    TEST(whatever_waits_for_whatever_it_comes_to_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
