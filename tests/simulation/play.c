/*
 * Plays a scenario to the real engine and the real store, under a clock that is a number, and
 * writes down what happened: the other half of tests/simulation/scenario.py and check.py.
 *
 * Input is one JSON object a line, in the order in which things happen; `at` is the clock's time
 * at which it does (microseconds; if it is past already, at once):
 *
 *	{"at": N, "do": "create", "key": "a name", "definition": {…}}
 *	    update (key, definition), suspend (key, until?, reason?), resume, delete, cancel, rerun,
 *	    call (key, check), down, up, loseRunner (power), crash (scheduler, runner: after how many
 *	    points at which it may die), step (us), calendar (name, definition: made, or changed),
 *	    end
 *
 * Output is one JSON array a line: what was done, with the clock's time; what the made-up runner
 * did, as it happened; and at the end the ledger and all executions as the use cases show them.
 * Nothing in it comes from a decision of the engine but what stands in the ledger and the
 * executions:
 *
 *	["did", now, error, id, <the line of input>, why]	error 1: there was nothing to do it to
 *	["start", now, schedule, execution, task, attempt, condition, takes, exit]
 *	["released", now, task, attempt]  ["ended", now, task, attempt, exit, started]
 *	["swept", now, task, attempt]     ["schedulerDied", now]  ["runnerDied", now]
 *	["ledger", schedule, due, to, count, verdict, execution, decided, by, since, reason]
 *	["execution", schedule, id, origin, due, triggered, start, end]
 *	["task", execution, id, name, status, [[attempt, start, end, exit]…]]
 *	["closed", now, schedule, alive, next, active, waiting]  ["done", steps, failures, complaints]
 *
 * A command is `/bin/sim TAKES SPREAD FAILS`: it takes so many microseconds and up to SPREAD more,
 * and fails FAILS times in a thousand, with an exit code of 1 to 3; by which attempt of which task
 * it is, so that a run again is another.
 */
#include <inttypes.h>

#include "base/id.h"
#include "service/calendars.h"
#include "wire/calendar_definition.h"
#include "wire/definition.h"
#include "wire/json.h"

#include "../unit/simulation.h"

enum { LINE_MAX_BYTES = 1 << 20, RUNS_KEPT = 256, PAGE = 1000, NOTHING_TO_DO = 1 };

struct known {
	char *key;
	uint64_t id;
	uint64_t version;
	bool deleted;
};

static struct known *known;
static size_t known_count;
static bool down; /* the scheduler is dead and stays so */
static uint64_t seed;

static void
die(const char *what)
{
	fprintf(stderr, "play: %s: %s\n", what, sim.err.text);
	exit(1);
}

static void
print_text(const char *text)
{
	struct buf b = {0};
	struct json_writer *w = json_writer_new(&b);

	if (text)
		json_string(w, text);
	else
		json_null(w);
	if (json_writer_finish(w))
		die("text");
	fwrite(b.data, 1, b.len, stdout);
	buf_release(&b);
}

/* ---- what the runner does ---- */

static uint64_t
mix(uint64_t x)
{
	x ^= x >> 33;
	x *= UINT64_C(0xff51afd7ed558ccd);
	x ^= x >> 33;
	x *= UINT64_C(0xc4ceb9fe1a85ec53);
	return x ^ x >> 33;
}

static uint64_t
id_of(const char *const *env, const char *name)
{
	size_t len = strlen(name);
	uint64_t id;

	for (; *env; env++) {
		if (!strncmp(*env, name, len) && (*env)[len] == '=' &&
		    !id_parse(*env + len + 1, strlen(*env + len + 1), &id))
			return id;
	}
	die(name);
	return 0;
}

/* `CARILLON_ATTEMPT` and the task's number decide, so that chance is the same in every run. */
static bool
behave(const struct channel_message *m, int64_t *takes_us, int *exit_code)
{
	const char *const *env = (const char *const *)m->env;
	uint64_t chance = mix(mix(seed + m->task_id) + m->attempt);
	uint64_t spread_us;

	if (!m->argv[1] || !m->argv[2] || !m->argv[3])
		die("a command that is none of ours");
	*takes_us = (int64_t)strtoull(m->argv[1], NULL, 10);
	spread_us = strtoull(m->argv[2], NULL, 10);
	if (spread_us)
		*takes_us += (int64_t)(chance / 1000 % spread_us);
	*exit_code =
	    chance % 1000 < strtoull(m->argv[3], NULL, 10) ? 1 + (int)(mix(chance) % 3) : 0;
	printf("[\"start\",%" PRId64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%u,%d,%" PRId64
	       ",%d]\n",
	    sim.now_us, id_of(env, "CARILLON_SCHEDULE_ID"), id_of(env, "CARILLON_EXECUTION_ID"),
	    m->task_id, m->attempt, strstr(m->output_dir, "condition") != NULL, *takes_us,
	    *exit_code);
	return true;
}

/* What is over need not be kept: the checker looks for what began twice. */
static void
prune_runs(void)
{
	size_t kept = 0;

	if (sim.run_count < RUNS_KEPT)
		return;
	for (size_t i = 0; i < sim.run_count; i++) {
		if (sim.runs[i].alive)
			sim.runs[kept++] = sim.runs[i];
	}
	sim.run_count = kept;
}

static void
note(enum sim_moment moment, const struct sim_ward *w)
{
	switch (moment) {
	case SIM_RELEASED:
		printf("[\"released\",%" PRId64 ",%" PRIu64 ",%u]\n", sim.now_us, w->task_id,
		    w->attempt);
		break;
	case SIM_ENDED:
		printf("[\"ended\",%" PRId64 ",%" PRIu64 ",%u,%d,%d]\n", sim.now_us, w->task_id,
		    w->attempt, w->exit_code, w->started);
		prune_runs();
		break;
	case SIM_SWEPT:
		printf("[\"swept\",%" PRId64 ",%" PRIu64 ",%u]\n", sim.now_us, w->task_id,
		    w->attempt);
		break;
	case SIM_SCHEDULER_DIED:
		printf("[\"schedulerDied\",%" PRId64 "]\n", sim.now_us);
		break;
	case SIM_RUNNER_DIED:
		printf("[\"runnerDied\",%" PRId64 "]\n", sim.now_us);
		break;
	}
}

/* ---- time ---- */

static int64_t
next_end(int64_t until_us)
{
	for (size_t i = 0; i < sim.ward_count; i++) {
		if (sim.wards[i].phase == PHASE_RUNNING && sim.wards[i].end_us < until_us)
			until_us = sim.wards[i].end_us;
	}
	return until_us;
}

static void
lose_runner(bool power)
{
	note(SIM_RUNNER_DIED, NULL);
	sim.ward_count = 0;
	sim.orders.count = sim.reports.count = 0;
	for (size_t i = 0; power && i < sim.run_count; i++)
		sim.runs[i].alive = false;
}

/* Nobody decides; the runner goes on, or dies too. */
static void
pass_down(int64_t until_us)
{
	for (;;) {
		sim_reap();
		if (sim.runner_dies)
			lose_runner(sim.power_loss);
		sim.runner_dies = sim.scheduler_dies = false;
		if (sim.now_us >= until_us)
			return;
		sim.now_us = next_end(until_us);
	}
}

static void
pass_until(int64_t until_us)
{
	if (down)
		pass_down(until_us);
	else
		sim_run_until(until_us);
}

/* Of steps that happened while nobody decides the next scheduler learns from the board. */
static struct clock_step *unseen;
static size_t unseen_count;

/* What is under way takes as long as before, whatever the clock says. */
static void
step_clock(int64_t us)
{
	struct clock_step step = {CLOCK_STEP_SET, sim.now_us, sim.now_us + us};

	for (size_t i = 0; i < sim.ward_count; i++) {
		if (sim.wards[i].phase == PHASE_RUNNING)
			sim.wards[i].end_us += us;
	}
	for (size_t i = 0; i < sim.run_count; i++) {
		if (sim.runs[i].alive)
			sim.runs[i].end_us += us;
	}
	if (!down) {
		sim_clock_jumps(step.kind, step.to_us);
		return;
	}
	sim.now_us = step.to_us;
	unseen = mem_resize(unseen, (unseen_count + 1) * sizeof *unseen);
	unseen[unseen_count++] = step;
}

/* Nobody dies before he has made the steps durable: the board is not played. */
static void
see_steps(void)
{
	unsigned scheduler = sim.scheduler_fuse, runner = sim.runner_fuse;

	for (size_t i = 0; i < unseen_count; i++)
		engine_clock_stepped(sim.engine, &unseen[i]);
	unseen_count = 0;
	sim.scheduler_fuse = sim.runner_fuse = 0;
	sim_settle();
	sim.scheduler_fuse = scheduler;
	sim.runner_fuse = runner;
}

/* ---- what is done ---- */

static struct known *
find_known(const struct json *line)
{
	const struct json *key = json_member(line, "key");

	for (size_t i = 0; key && i < known_count; i++) {
		if (!strcmp(known[i].key, key->text))
			return &known[i];
	}
	return NULL;
}

static int64_t
number(const struct json *line, const char *name, int64_t otherwise)
{
	int64_t n;

	return json_integer(json_member(line, name), INT64_MIN / 2, INT64_MAX / 2, &n)
		   ? otherwise
		   : n;
}

static bool
is_true(const struct json *line, const char *name)
{
	const struct json *v = json_member(line, name);

	return v && json_is(v, JSON_BOOL) && v->boolean;
}

static int
do_define(const struct json *line, struct known *k, uint64_t *id)
{
	struct schedule s;
	int rc = definition_read(
	    &sim.arena, json_member(line, "definition"), "UTC", sim.now_us, &s, &sim.err);

	if (rc)
		return rc;
	if (k) {
		rc = service_update_schedule(
		    &sim.sv, &sim.admin, sim.now_us, k->id, k->version, &s, &sim.err);
		k->version += !rc;
		*id = k->id;
		return rc;
	}
	rc = service_create_schedule(&sim.sv, &sim.admin, sim.now_us, &s, id, &sim.err);
	if (rc)
		return rc;
	known = mem_resize(known, (known_count + 1) * sizeof *known);
	known[known_count++] = (struct known){
	    .key = mem_strdup(json_member(line, "key")->text), .id = *id, .version = 1};
	return 0;
}

/* The oldest execution that has not ended, or with `ended` the newest that has. */
static uint64_t
some_execution(uint64_t schedule_id, bool ended)
{
	struct execution *list;
	uint64_t found = 0;
	size_t count;

	if (service_list_executions(
		&sim.sv, &sim.arena, &sim.admin, schedule_id, 0, 20, &list, &count, &sim.err))
		die("list");
	for (size_t i = 0; i < count; i++) {
		if ((list[i].end_us != INSTANT_NEVER) != ended)
			continue;
		found = list[i].id;
		if (ended)
			break;
	}
	return found;
}

static int
do_rerun(uint64_t schedule_id, uint64_t *task_id)
{
	uint64_t execution = some_execution(schedule_id, true);
	struct execution e;
	struct task *tasks;
	size_t count;

	if (!execution)
		return NOTHING_TO_DO;
	if (service_get_execution(
		&sim.sv, &sim.arena, &sim.admin, execution, &e, &tasks, &count, &sim.err))
		die("execution");
	*task_id = tasks[count - 1].id;
	return service_rerun_task(&sim.sv, &sim.admin, sim.now_us, *task_id, &sim.err);
}

static int
do_to_schedule(const char *what, const struct json *line, struct known *k, uint64_t *id)
{
	const struct json *reason = json_member(line, "reason");

	*id = k->id;
	if (!strcmp(what, "suspend"))
		return service_suspend_until(&sim.sv, &sim.admin, sim.now_us, k->id,
		    number(line, "until", 0), reason ? reason->text : NULL, &sim.err);
	if (!strcmp(what, "resume"))
		return service_resume_schedule(
		    &sim.sv, &sim.admin, sim.now_us, k->id, &sim.err);
	if (!strcmp(what, "call"))
		return service_run_schedule(&sim.sv, &sim.admin, sim.now_us, k->id,
		    is_true(line, "check"), NULL, id, &sim.err);
	if (!strcmp(what, "cancel")) {
		*id = some_execution(k->id, false);
		return *id ? service_cancel_execution(
				 &sim.sv, &sim.admin, sim.now_us, *id, &sim.err)
			   : NOTHING_TO_DO;
	}
	if (!strcmp(what, "rerun"))
		return do_rerun(k->id, id);
	if (!strcmp(what, "delete")) {
		k->deleted = true;
		return service_delete_schedule(
		    &sim.sv, &sim.admin, sim.now_us, k->id, &sim.err);
	}
	die(what);
	return 0;
}

static int
do_calendar(const struct json *line)
{
	struct calendar_view now;
	struct calendar c;
	uint64_t id;
	int rc =
	    calendar_read(&sim.arena, json_member(line, "definition"), "UTC", &c, &sim.err);

	if (rc)
		return rc;
	rc = service_calendar_by_name(&sim.sv, &sim.admin, c.name, &id, &sim.err);
	if (rc == ERR_MISSING)
		return service_create_calendar(
		    &sim.sv, &sim.admin, sim.now_us, &c, &id, &sim.err);
	if (!rc)
		rc = service_get_calendar(&sim.sv, &sim.arena, &sim.admin, id, &now, &sim.err);
	return rc ? rc
		  : service_update_calendar(&sim.sv, &sim.admin, sim.now_us, id,
			now.calendar.version, &c, &sim.err);
}

static void
do_to_all(const char *what, const struct json *line)
{
	if (!strcmp(what, "down")) {
		sim_stop_engine();
		sim.orders.count = sim.reports.count = 0;
		down = true;
	} else if (!strcmp(what, "up")) {
		sim_start_engine();
		down = false;
		see_steps();
	} else if (!strcmp(what, "loseRunner")) {
		lose_runner(is_true(line, "power"));
	} else if (!strcmp(what, "crash")) {
		sim.scheduler_fuse = (unsigned)number(line, "scheduler", 0);
		sim.runner_fuse = (unsigned)number(line, "runner", 0);
		sim.die_together = is_true(line, "together");
		sim.power_loss = is_true(line, "power");
		sim.no_last_step = is_true(line, "noLastStep");
	} else if (!strcmp(what, "step")) {
		step_clock(number(line, "us", 0));
	}
}

static void
play(const char *text, size_t len)
{
	const struct json *line, *what;
	struct known *k;
	uint64_t id = 0;
	int rc = 0;

	if (json_parse(&sim.arena, text, len, &line, &sim.err))
		die("scenario");
	what = json_member(line, "do");
	pass_until(number(line, "at", 0));
	if (!strcmp(what->text, "step"))
		do_to_all("step", line);
	k = find_known(line);
	if (k && k->deleted)
		return;
	if (k || !strcmp(what->text, "create"))
		rc = strcmp(what->text, "create") && strcmp(what->text, "update")
			 ? do_to_schedule(what->text, line, k, &id)
			 : do_define(line, k, &id);
	else if (!strcmp(what->text, "calendar"))
		rc = do_calendar(line);
	printf("[\"did\",%" PRId64 ",%d,%" PRIu64 ",%.*s,", sim.now_us, rc, id, (int)len, text);
	print_text(rc < 0 ? sim.err.text : NULL);
	printf("]\n");
	if (!k && strcmp(what->text, "step"))
		do_to_all(what->text, line);
	else if (!k && !down)
		see_steps();
	if (!down)
		sim_settle();
	arena_clear(&sim.arena);
}

/* ---- what became of it ---- */

static void
print_instant(int64_t us)
{
	if (us == INSTANT_NEVER)
		printf(",null");
	else
		printf(",%" PRId64, us);
}

struct page {
	uint64_t schedule_id, before;
	int64_t from_us;
	struct occurrence *occurrences;
	struct execution *executions;
	size_t count;
};

/* Nothing shows a schedule that was deleted; its records are still there. */
static int
deleted_ledger(struct txn *txn, void *ctx, struct err *err)
{
	struct page *p = ctx;

	return store_ledger_list(txn, &sim.arena, p->schedule_id, p->from_us, INSTANT_NEVER,
	    PAGE, &p->occurrences, &p->count, err);
}

static int
deleted_executions(struct txn *txn, void *ctx, struct err *err)
{
	struct page *p = ctx;

	return store_execution_list(
	    txn, &sim.arena, p->schedule_id, p->before, PAGE, &p->executions, &p->count, err);
}

static void
print_ledger(const struct known *k)
{
	struct page p = {.schedule_id = k->id, .from_us = INT64_MIN};

	do {
		arena_clear(&sim.arena);
		if (k->deleted ? store_run(sim.ts.st, deleted_ledger, &p, &sim.err)
			       : service_list_occurrences(&sim.sv, &sim.arena, &sim.admin,
				     k->id, p.from_us, INSTANT_NEVER, PAGE, &p.occurrences,
				     &p.count, &sim.err))
			die("ledger");
		for (size_t i = 0; i < p.count; i++) {
			const struct occurrence *o = &p.occurrences[i];

			printf("[\"ledger\",%" PRIu64 ",%" PRId64 ",%" PRId64 ",%" PRIu64
			       ",\"%s\",%" PRIu64 ",%" PRId64 ",%" PRIu64 ",%" PRId64 ",",
			    k->id, o->due_us, o->to_us, o->count, verdict_name(o->verdict),
			    o->execution_id, o->decided_us, o->suspended_by, o->suspended_us);
			print_text(o->reason);
			printf("]\n");
			p.from_us = o->due_us + 1;
		}
	} while (p.count == PAGE);
}

static void
print_execution(uint64_t id)
{
	struct execution e;
	struct task *tasks;
	size_t count;

	if (service_get_execution(
		&sim.sv, &sim.arena, &sim.admin, id, &e, &tasks, &count, &sim.err))
		die("execution");
	printf("[\"execution\",%" PRIu64 ",%" PRIu64 ",\"%s\"", e.schedule_id, e.id,
	    origin_name(e.origin));
	print_instant(e.due_us);
	print_instant(e.triggered_us);
	print_instant(e.start_us);
	print_instant(e.end_us);
	printf("]\n");
	for (size_t i = 0; i < count; i++) {
		const struct task *t = &tasks[i];

		printf("[\"task\",%" PRIu64 ",%" PRIu64 ",", e.id, t->id);
		print_text(t->def.name);
		printf(",\"%s\",[", task_status_name(t->status));
		for (size_t j = 0; j < t->attempt_count; j++) {
			const struct attempt *a = &t->attempts[j];

			printf("%s[%u", j ? "," : "", a->number);
			print_instant(a->start_us);
			print_instant(a->end_us);
			printf(",%d]", a->exit_code);
		}
		printf("]]\n");
	}
}

static void
print_executions(const struct known *k)
{
	struct page p = {.schedule_id = k->id};
	uint64_t ids[PAGE];

	do {
		arena_clear(&sim.arena);
		if (k->deleted ? store_run(sim.ts.st, deleted_executions, &p, &sim.err)
			       : service_list_executions(&sim.sv, &sim.arena, &sim.admin, k->id,
				     p.before, PAGE, &p.executions, &p.count, &sim.err))
			die("executions");
		for (size_t i = 0; i < p.count; i++)
			ids[i] = p.executions[i].id;
		for (size_t i = 0; i < p.count; i++) {
			arena_clear(&sim.arena);
			print_execution(ids[i]);
			p.before = ids[i];
		}
	} while (p.count == PAGE);
}

static void
close_schedule(const struct known *k)
{
	struct schedule_state s = {.next_due_us = INSTANT_NEVER};

	if (!k->deleted)
		s = sim_state(k->id);
	printf("[\"closed\",%" PRId64 ",%" PRIu64 ",%d", sim.now_us, k->id, !k->deleted);
	print_instant(s.next_due_us);
	printf(",%u,%u]\n", s.active, s.waiting);
	print_ledger(k);
	print_executions(k);
}

int
main(int argc, char **argv)
{
	static char line[LINE_MAX_BYTES];
	unsigned count = 0;
	bool sound;

	seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
	sim_make();
	sim.ts.options.cache_bytes = 64 << 20;
	sim.restart_us = 0;
	sim.dies_after_us = seed % 2 ? 7 * SECOND_US : 0;
	sim.behave = behave;
	sim.on_moment = note;
	sim_stop_engine();
	sim.orders.count = 0;
	sim.now_us = argc > 2 ? strtoll(argv[2], NULL, 10) : SIM_BEGIN;
	sim_start_engine();
	while (fgets(line, sizeof line, stdin)) {
		play(line, strcspn(line, "\n"));
		if (++count % 64 == 0 && store_checkpoint(sim.ts.st, 4 << 20, &sim.err))
			die("checkpoint");
	}
	for (size_t i = 0; i < known_count; i++)
		close_schedule(&known[i]);
	sim_stop_engine();
	sound = temp_store_is_sound(&sim.ts);
	printf("[\"done\",%" PRIu64 ",%u,%u,%d]\n", sim.steps, sim.failures, sim.complaints,
	    sound);
	sim_remove();
	for (size_t i = 0; i < known_count; i++)
		free(known[i].key);
	free(known);
	free(unseen);
	return sound && fflush(stdout) == 0 ? 0 : 1;
}
