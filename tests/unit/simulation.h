/*
 * A world for the engine: a store of its own, a clock that is a number, and a runner that is
 * made up. The runner takes the engine's orders and answers as proc/channel.h says, one message
 * at a time, so that scheduler and runner can be made to die between any two of them, and
 * before and after any commit.
 *
 * What holds at every moment, and aborts the test when it does not: no attempt is released
 * twice, and no task has two commands alive at a time, also not one left behind by a runner
 * that died.
 *
 * Linked with --wrap for store_run(), which is how a commit is made to fail, and for the log,
 * whose errors are counted and shown only with SIMULATION_LOG set.
 */
#ifndef SIMULATION_H
#define SIMULATION_H

#include <stdarg.h>

#include "base/mem.h"
#include "calendar/zone.h"
#include "scheduler/engine.h"
#include "service/service.h"

#include "temp_store.h"

int __real_store_run(struct store *st, int (*body)(struct txn *txn, void *ctx, struct err *err),
    void *ctx, struct err *err);
int __wrap_store_run(struct store *st, int (*body)(struct txn *txn, void *ctx, struct err *err),
    void *ctx, struct err *err);

void __wrap_log_warn(const char *fmt, ...);
void __wrap_log_error(const char *fmt, ...);

struct sim_queue {
	struct channel_message *items;
	size_t count, cap;
};

/* An attempt in the runner's hands. */
struct sim_ward {
	uint64_t task_id;
	uint32_t attempt;
	enum attempt_phase phase;
	bool is_condition, fails;
	bool is_notice; /* may be sent again after somebody died */
	bool started, killed, timed_out;
	int32_t pid, exit_code;
	int64_t takes_us;
	int64_t end_us; /* when it will end, or ended */
};

/* What a record of the simulation is made of. */
enum sim_moment { SIM_RELEASED, SIM_ENDED, SIM_SWEPT, SIM_SCHEDULER_DIED, SIM_RUNNER_DIED };

/* A command that was released: the proof. */
struct sim_run {
	uint64_t task_id;
	uint32_t attempt;
	int32_t pid;
	int64_t start_us, end_us;
	bool alive;
	bool is_condition;
};

struct sim {
	struct temp_store ts;
	struct zones *zones;
	struct service sv;
	struct actor admin;
	struct arena arena; /* of what the test reads */
	struct err err;

	int64_t now_us;

	struct engine *engine; /* NULL: dead */
	uint64_t generation;
	const char *boot; /* since which the machine runs */
	int64_t wake_us;  /* when it asked to be stepped */
	bool bell;
	unsigned failures;   /* of engine_step() */
	unsigned complaints; /* log_error() */
	uint64_t steps;

	struct sim_queue orders, reports;
	struct sim_ward *wards;
	size_t ward_count;
	struct sim_run *runs;
	size_t run_count;
	int32_t last_pid;

	/* How commands behave; /bin/false fails always. */
	uint32_t start_rate, start_burst; /* of the engine; 0: as they come */
	int64_t takes_us;
	int64_t dies_after_us; /* a KILL; 0: at once */
	int exit_code, condition_exit_code;
	unsigned failing;	/* so many fail with exit code 1 before that */
	bool time_out;		/* and not by themselves, but at their timeout */
	int64_t retry_after_us; /* what they ask for at their end */
	const char *last_line;	/* what they leave */
	struct channel_result *results;
	uint32_t result_count;
	bool cannot_fork;
	int notice_exit_code;
	unsigned notices_sent;
	bool told_end;					   /* the runner has sent an ENDED */
	void (*on_order)(const struct channel_message *m); /* looks at what leaves the engine */
	/* Decides how a command behaves; false: as all do. */
	bool (*behave)(const struct channel_message *start, int64_t *takes_us, int *exit_code);
	/* Hears what became of attempts and of who holds them, at that very moment. */
	void (*on_moment)(enum sim_moment moment, const struct sim_ward *w);

	/* Points at which somebody may die: the n-th that is passed is the last. 0: nobody
	 * does. */
	unsigned scheduler_fuse, runner_fuse;
	unsigned second_fuse; /* of the scheduler that follows one that died */
	unsigned scheduler_deaths, runner_deaths;
	bool scheduler_dies, runner_dies;
	bool die_together; /* who dies takes the other along */
	bool power_loss;   /* and all commands too */
	bool stop_next;	   /* who comes back is told to stop at once */
	bool no_last_step; /* a scheduler whose runner dies does not come to settle what it read
			    */
	int64_t restart_us; /* how long it takes until who died is back */

	/* Commits of the engine that fail before they do anything: the next `fail_count` after
	 * `fail_after`, with this code. */
	int fail_code;
	unsigned fail_after, fail_count;
	bool fail_late; /* the body runs, and is undone */
	bool stepping;	/* the engine is at work, not the test */
};

/* The one world of the process: store_run() cannot be told about it. */
static struct sim sim;

/* ---- the log
 * ------------------------------------------------------------------------------------ */

static inline void
sim_show(const char *fmt, va_list ap)
{
	if (!getenv("SIMULATION_LOG"))
		return;
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
}

void
__wrap_log_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	sim_show(fmt, ap);
	va_end(ap);
}

void
__wrap_log_error(const char *fmt, ...)
{
	va_list ap;

	sim.complaints++;
	va_start(ap, fmt);
	sim_show(fmt, ap);
	va_end(ap);
}

/* ---- dying
 * ------------------------------------------------------------------------------------ */

static inline bool
sim_scheduler_point(void)
{
	if (sim.scheduler_dies || !sim.stepping)
		return sim.scheduler_dies;
	if (sim.scheduler_fuse && --sim.scheduler_fuse == 0) {
		sim.scheduler_dies = true;
		sim.runner_dies = sim.die_together;
	}
	return sim.scheduler_dies;
}

static inline bool
sim_runner_point(void)
{
	if (sim.runner_dies)
		return true;
	if (sim.runner_fuse && --sim.runner_fuse == 0) {
		sim.runner_dies = true;
		sim.scheduler_dies = sim.die_together;
	}
	return sim.runner_dies;
}

struct sim_undone {
	int (*body)(struct txn *txn, void *ctx, struct err *err);
	void *ctx;
};

static inline int
sim_undo(struct txn *txn, void *ctx, struct err *err)
{
	struct sim_undone *c = ctx;
	int rc = c->body(txn, c->ctx, err);

	return rc ? rc : err_fail(err, sim.fail_code, "made to fail");
}

int
__wrap_store_run(struct store *st, int (*body)(struct txn *txn, void *ctx, struct err *err),
    void *ctx, struct err *err)
{
	struct sim_undone undone = {body, ctx};
	int rc;

	if (!sim.stepping)
		return __real_store_run(st, body, ctx, err);
	if (sim.fail_count && sim.fail_after-- == 0) {
		sim.fail_after = 0;
		sim.fail_count--;
		return sim.fail_late ? __real_store_run(st, sim_undo, &undone, err)
				     : err_fail(err, sim.fail_code, "made to fail");
	}
	if (sim_scheduler_point())
		return err_fail(err, ERR_RECOVER, "died before the commit");
	rc = __real_store_run(st, body, ctx, err);
	if (!rc && sim_scheduler_point())
		return err_fail(err, ERR_RECOVER, "died after the commit");
	return rc;
}

/* ---- messages
 * ---------------------------------------------------------------------------------- */

static inline void
sim_push(struct sim_queue *q, const struct channel_message *m)
{
	if (q->count == q->cap) {
		q->cap = q->cap ? q->cap * 2 : 64;
		q->items = mem_resize(q->items, q->cap * sizeof *q->items);
	}
	q->items[q->count] = *m;
	/* What they point to dies with the sender's call; what is read of it is only whether it
	 * starts a condition, which `phase` keeps, and whether that fails, in `exit_code`. */
	if (m->type == CHANNEL_START) {
		if (strstr(m->output_dir, "condition"))
			q->items[q->count].phase = PHASE_HELD;
		q->items[q->count].exit_code = !strcmp(m->argv[0], "/bin/false");
		q->items[q->count].end_us = INSTANT_NEVER;
		if (sim.behave) {
			struct channel_message *kept = &q->items[q->count];
			int exit_code = kept->exit_code;

			if (sim.behave(m, &kept->end_us, &exit_code))
				kept->exit_code = exit_code;
		}
		q->items[q->count].timed_out = strstr(m->output_dir, "notifications") != NULL;
	}
	q->items[q->count].argv = q->items[q->count].env = NULL;
	q->items[q->count].cwd = q->items[q->count].output_dir = q->items[q->count].reason =
	    NULL;
	q->count++;
}

static inline struct channel_message
sim_pop(struct sim_queue *q)
{
	struct channel_message m = q->items[0];

	q->count--;
	memmove(q->items, q->items + 1, q->count * sizeof m);
	return m;
}

static inline void
sim_note(enum sim_moment moment, const struct sim_ward *w)
{
	if (sim.on_moment)
		sim.on_moment(moment, w);
}

static inline void
sim_order(void *ctx, const struct channel_message *m)
{
	(void)ctx;
	if (sim.on_order)
		sim.on_order(m);
	/* What a dead scheduler had not put on its way is lost. */
	if (!sim_scheduler_point())
		sim_push(&sim.orders, m);
}

/* ---- the runner
 * --------------------------------------------------------------------------------- */

static inline void
sim_tell(enum channel_type type, const struct sim_ward *w)
{
	struct channel_message m = {
	    .type = type,
	    .task_id = w->task_id,
	    .attempt = w->attempt,
	    .phase = w->phase,
	    .pid = w->pid,
	    .pid_start_ticks = (uint64_t)w->pid * 10,
	    .started = w->started,
	    .killed = w->killed,
	    .timed_out = w->timed_out,
	    .retry_after_us = w->started && w->phase == PHASE_ENDED ? sim.retry_after_us : 0,
	    .exit_code = w->phase == PHASE_ENDED ? w->exit_code : -1,
	    .signal = w->killed && w->started ? 15 : 0,
	    .end_us = w->end_us,
	};

	if (w->started && w->phase == PHASE_ENDED) {
		m.last_line = sim.last_line;
		m.results = sim.results;
		m.result_count = sim.result_count;
	}
	sim_push(&sim.reports, &m);
	sim.told_end |= type == CHANNEL_ENDED;
}

static inline struct sim_ward *
sim_ward(uint64_t task_id, uint32_t attempt)
{
	for (size_t i = 0; i < sim.ward_count; i++) {
		if (sim.wards[i].task_id == task_id && sim.wards[i].attempt == attempt)
			return &sim.wards[i];
	}
	return NULL;
}

/* Put an end to the command with this pid, whoever owns it. */
static inline void
sim_end_run(int32_t pid)
{
	for (size_t i = sim.run_count; i-- > 0;) {
		if (sim.runs[i].pid == pid && sim.runs[i].alive) {
			sim.runs[i].alive = false;
			sim.runs[i].end_us = sim.now_us;
		}
	}
}

/* What a message does takes no time; it is noted nowhere, and may be done twice. */
static inline void
sim_release_notice(struct sim_ward *w)
{
	w->phase = PHASE_RUNNING;
	w->started = true;
	w->exit_code = sim.notice_exit_code;
	w->end_us = sim.now_us;
	sim.notices_sent++;
}

static inline void
sim_release(struct sim_ward *w)
{
	for (size_t i = 0; i < sim.run_count; i++) {
		const struct sim_run *r = &sim.runs[i];

		if (r->task_id == w->task_id && (r->attempt == w->attempt || r->alive)) {
			fprintf(stderr, "task %llu: attempt %u began %s attempt %u\n",
			    (unsigned long long)w->task_id, w->attempt,
			    r->alive ? "beside" : "again after", r->attempt);
			abort();
		}
	}
	w->phase = PHASE_RUNNING;
	w->started = true;
	w->exit_code = w->fails ? 1 : w->is_condition ? sim.condition_exit_code : sim.exit_code;
	if (sim.failing && !w->is_condition) {
		sim.failing--;
		w->timed_out = sim.time_out;
		w->exit_code = sim.time_out ? -1 : 1;
	}
	if (w->takes_us == INSTANT_NEVER)
		w->takes_us = sim.takes_us;
	w->end_us = sim.now_us + w->takes_us;
	sim.runs = mem_resize(sim.runs, (sim.run_count + 1) * sizeof *sim.runs);
	sim.runs[sim.run_count++] = (struct sim_run){w->task_id, w->attempt, w->pid, sim.now_us,
	    w->end_us, w->takes_us > 0, w->is_condition};
	sim_note(SIM_RELEASED, w);
}

/* It was told to end and takes its time; unless it ends by itself before. */
static inline void
sim_end_later(struct sim_ward *w)
{
	int64_t end_us = sim.now_us + sim.dies_after_us;

	if (end_us > w->end_us)
		return;
	w->killed = true;
	w->exit_code = -1;
	w->end_us = end_us;
	for (size_t i = 0; i < sim.run_count; i++) {
		if (sim.runs[i].pid == w->pid)
			sim.runs[i].end_us = end_us;
	}
}

static inline void
sim_kill(struct sim_ward *w)
{
	if (w->phase == PHASE_ENDED)
		return;
	if (w->phase == PHASE_RUNNING && sim.dies_after_us) {
		if (!w->killed)
			sim_end_later(w);
		return;
	}
	if (w->phase == PHASE_RUNNING)
		sim_end_run(w->pid);
	w->killed = true;
	w->exit_code = -1;
	w->phase = PHASE_ENDED;
	w->end_us = sim.now_us;
	sim_note(SIM_ENDED, w);
	sim_tell(CHANNEL_ENDED, w);
}

static inline void
sim_take_in(const struct channel_message *m)
{
	struct sim_ward w = {.task_id = m->task_id,
	    .attempt = m->attempt,
	    .phase = PHASE_HELD,
	    .is_condition = m->phase == PHASE_HELD,
	    .fails = m->exit_code,
	    .takes_us = m->end_us,
	    .is_notice = m->timed_out,
	    .pid = ++sim.last_pid,
	    .exit_code = -1};

	if (sim.cannot_fork) {
		w.phase = PHASE_ENDED;
		w.end_us = sim.now_us;
	}
	sim.wards = mem_resize(sim.wards, (sim.ward_count + 1) * sizeof *sim.wards);
	sim.wards[sim.ward_count++] = w;
	sim_tell(w.phase == PHASE_ENDED ? CHANNEL_ENDED : CHANNEL_HELD, &w);
}

static inline void
sim_greet(uint64_t generation)
{
	struct channel_message m = {.type = CHANNEL_WELCOME, .generation = generation};

	sim_push(&sim.reports, &m);
	for (size_t i = 0; i < sim.ward_count; i++)
		sim_tell(CHANNEL_KNOWN, &sim.wards[i]);
	m.type = CHANNEL_READY;
	sim_push(&sim.reports, &m);
}

static inline void
sim_sweep(const struct channel_message *m)
{
	struct channel_message swept = {.type = CHANNEL_SWEPT,
	    .task_id = m->task_id,
	    .attempt = m->attempt,
	    .pid = m->pid,
	    .pid_start_ticks = m->pid_start_ticks};

	sim_end_run(m->pid);
	sim_note(SIM_SWEPT, &(struct sim_ward){.task_id = m->task_id, .attempt = m->attempt});
	sim_push(&sim.reports, &swept);
}

static inline void
sim_obey(const struct channel_message *m)
{
	struct sim_ward *w = sim_ward(m->task_id, m->attempt);

	switch (m->type) {
	case CHANNEL_HELLO:
		sim_greet(m->generation);
		break;
	case CHANNEL_START:
		if (w)
			sim_tell(w->phase == PHASE_ENDED ? CHANNEL_ENDED : CHANNEL_HELD, w);
		else
			sim_take_in(m);
		break;
	case CHANNEL_RELEASE:
		if (w && w->phase == PHASE_HELD && w->is_notice)
			sim_release_notice(w);
		else if (w && w->phase == PHASE_HELD)
			sim_release(w);
		else if (w && w->phase == PHASE_ENDED)
			sim_tell(CHANNEL_ENDED, w);
		break;
	case CHANNEL_KILL:
		if (w)
			sim_kill(w);
		break;
	case CHANNEL_FORGET:
		if (w && w->phase == PHASE_ENDED)
			*w = sim.wards[--sim.ward_count];
		break;
	case CHANNEL_STALE:
		sim_sweep(m);
		break;
	case CHANNEL_STOP:
		for (size_t i = 0; i < sim.ward_count; i++)
			sim_kill(&sim.wards[i]);
		break;
	default:
		abort();
	}
}

/* Commands that have come to their end; their runner may die before it tells. */
static inline void
sim_reap(void)
{
	for (size_t i = 0; i < sim.run_count; i++) {
		if (sim.runs[i].alive && sim.runs[i].end_us <= sim.now_us)
			sim.runs[i].alive = false;
	}
	for (size_t i = 0; i < sim.ward_count && !sim.runner_dies; i++) {
		struct sim_ward *w = &sim.wards[i];

		if (w->phase != PHASE_RUNNING || w->end_us > sim.now_us)
			continue;
		if (sim_runner_point())
			break;
		w->phase = PHASE_ENDED;
		sim_note(SIM_ENDED, w);
		sim_tell(CHANNEL_ENDED, w);
		sim_runner_point();
	}
}

static inline void
sim_runner_reads(void)
{
	while (sim.orders.count > 0 && !sim_runner_point()) {
		struct channel_message m = sim_pop(&sim.orders);

		sim_obey(&m);
		sim_runner_point();
	}
	sim_reap();
}

/* ---- the scheduler
 * ------------------------------------------------------------------------------- */

static inline void
sim_start_engine(void)
{
	sim.engine = engine_new(&(struct engine_options){
	    .store = sim.ts.st,
	    .zones = sim.zones,
	    .generation = ++sim.generation,
	    .results_max_bytes = 1,
	    .start_rate = sim.start_rate,
	    .start_burst = sim.start_burst,
	    .boot = sim.boot,
	    .sendmail = "/usr/sbin/sendmail",
	    .mail_from = "carillon@example.org",
	    .host = "example.org",
	    .order = sim_order,
	});
	sim.wake_us = sim.now_us;
}

static inline void
sim_stop_engine(void)
{
	engine_free(sim.engine);
	sim.engine = NULL;
}

static inline void
sim_step(void)
{
	int64_t delay_us;
	struct err err;
	int rc;

	sim.stepping = true;
	sim.bell = false;
	while (sim.reports.count > 0 && !sim_scheduler_point()) {
		struct channel_message m = sim_pop(&sim.reports);

		engine_report(sim.engine, &m);
	}
	if (!sim.scheduler_dies) {
		sim.steps++;
		rc = engine_step(sim.engine, sim.now_us, &delay_us, &err);
		if (rc && rc != ERR_RECOVER) {
			sim.failures++;
			sim.err = err;
			delay_us = SECOND_US;
		}
		sim.wake_us = delay_us == INSTANT_NEVER ? INSTANT_NEVER : sim.now_us + delay_us;
		sim_scheduler_point();
	}
	sim.stepping = false;
}

/* Who died comes back: a new pair if it was the runner, and always a new engine. */
static inline void
sim_revive(void)
{
	if (sim.runner_dies && !sim.scheduler_dies && !sim.no_last_step) {
		sim_step();
		sim.scheduler_dies = false;
	}
	if (sim.scheduler_dies)
		sim_note(SIM_SCHEDULER_DIED, NULL);
	if (sim.runner_dies) {
		sim_note(SIM_RUNNER_DIED, NULL);
		sim.ward_count = 0;
		sim.orders.count = sim.reports.count = 0;
		for (size_t i = 0; sim.power_loss && i < sim.run_count; i++)
			sim.runs[i].alive = false;
	}
	sim_stop_engine();
	sim.now_us += sim.restart_us;
	sim.runner_deaths += sim.runner_dies;
	sim.scheduler_deaths += sim.scheduler_dies;
	if (sim.scheduler_dies) {
		sim.scheduler_fuse = sim.second_fuse;
		sim.second_fuse = 0;
	}
	sim.scheduler_dies = sim.runner_dies = false;
	sim_start_engine();
	if (sim.stop_next)
		engine_stop(sim.engine);
}

/* Everything that can happen without time passing. */
static inline void
sim_settle(void)
{
	for (unsigned round = 0;; round++) {
		if (round > 100000) {
			fprintf(stderr, "the engine never comes to rest: %s\n", sim.err.text);
			abort();
		}
		if (!sim.runner_dies)
			sim_runner_reads();
		if (!sim.runner_dies && !sim.scheduler_dies) {
			if (sim.reports.count == 0 && sim.wake_us > sim.now_us && !sim.bell)
				return;
			sim_step();
		}
		if (sim.runner_dies || sim.scheduler_dies)
			sim_revive();
	}
}

static inline void
sim_run_until(int64_t until_us)
{
	for (;;) {
		int64_t next_us = until_us;

		sim_settle();
		if (sim.now_us >= until_us)
			return;
		if (sim.wake_us < next_us)
			next_us = sim.wake_us;
		for (size_t i = 0; i < sim.ward_count; i++) {
			const struct sim_ward *w = &sim.wards[i];

			if (w->phase == PHASE_RUNNING && w->end_us < next_us)
				next_us = w->end_us;
		}
		sim.now_us = next_us;
	}
}

static inline void
sim_pass(int64_t us)
{
	sim_run_until(sim.now_us + us);
}

/* Nobody is there for a while, and then all are back. Commands end by themselves. */
static inline void
sim_outage(int64_t us)
{
	sim_stop_engine();
	sim.now_us += us;
	sim_start_engine();
	sim_settle();
}

/* The wall clock jumps, and the scheduler, if there is one, notices at once. */
static inline void
sim_clock_jumps(enum clock_step_kind kind, int64_t to_us)
{
	struct clock_step step = {kind, sim.now_us, to_us};

	sim.now_us = to_us;
	engine_clock_stepped(sim.engine, &step);
	sim.bell = true;
}

/* ---- the world
 * ----------------------------------------------------------------------------------- */

static inline void
sim_random(void *buf, size_t len)
{
	memset(buf, 7, len);
}

static inline void
sim_ring(void *ctx)
{
	(void)ctx;
	sim.bell = true;
}

/* 2026-11-22T09:30:00Z, a full minute. */
#define SIM_BEGIN (INT64_C(1795339800) * SECOND_US)

static inline void
sim_make(void)
{
	static const char *const allow[] = {"/bin", NULL};

	memset(&sim, 0, sizeof sim);
	temp_store_make(&sim.ts);
	sim.zones = zones_new(NULL);
	sim.now_us = SIM_BEGIN + 10 * SECOND_US;
	sim.restart_us = SECOND_US / 10;
	sim.boot = "first";
	sim.takes_us = 2 * SECOND_US;
	sim.sv = (struct service){
	    .store = sim.ts.st,
	    .zones = sim.zones,
	    .command_allow = allow,
	    .session_idle_us = HOUR_US,
	    .sends_mail = true,
	    .random = sim_random,
	    .ring = sim_ring,
	};
	if (service_init(&sim.sv, &sim.err) ||
	    service_system_actor(&sim.sv, &sim.arena, &sim.admin, &sim.err))
		temp_store_die("init", &sim.err);
	sim_start_engine();
}

static inline void
sim_remove(void)
{
	sim_stop_engine();
	zones_free(sim.zones);
	arena_release(&sim.arena);
	free(sim.orders.items);
	free(sim.reports.items);
	free(sim.wards);
	free(sim.runs);
	temp_store_remove(&sim.ts);
}

/* Around a test: a world, and a store that is sound at its end. */
static inline int
sim_setup(void **state)
{
	(void)state;
	sim_make();
	return 0;
}

static inline int
sim_teardown(void **state)
{
	bool sound;

	(void)state;
	sim_stop_engine();
	sound = temp_store_is_sound(&sim.ts);
	sim_remove();
	return sound ? 0 : -1;
}

/* ---- schedules, and what became of them
 * ---------------------------------------------------------- */

static inline struct trigger
sim_cron(const char *expression, const char *time_zone)
{
	struct trigger t = {
	    .kind = TRIGGER_CRON, .expression = expression, .time_zone = time_zone};

	if (cron_parse(expression, 0, &t.cron, &sim.err))
		temp_store_die(expression, &sim.err);
	return t;
}

static inline struct trigger
sim_every(int64_t every_us)
{
	return (struct trigger){
	    .kind = TRIGGER_EVERY, .every_us = every_us, .anchor_us = SIM_BEGIN};
}

static inline struct trigger
sim_at(int64_t at_us)
{
	return (struct trigger){.kind = TRIGGER_AT, .at_us = at_us};
}

/* One task, no triggers but those given, the definition's defaults. */
static inline struct schedule
sim_schedule(const char *name, struct trigger *triggers, size_t trigger_count)
{
	static const char *argv[] = {"/bin/true", NULL};
	static struct task_def task = {.name = "only", .argv = argv, .argc = 1};

	return (struct schedule){
	    .name = name,
	    .description = "",
	    .triggers = triggers,
	    .trigger_count = trigger_count,
	    .start_us = INT64_MIN,
	    .end_us = INSTANT_NEVER,
	    .misfire_window_us = HOUR_US,
	    .keep_us = 7 * DAY_US,
	    .tasks = &task,
	    .task_count = 1,
	};
}

static inline uint64_t
sim_create(struct schedule s)
{
	uint64_t id;

	if (service_create_schedule(&sim.sv, &sim.admin, sim.now_us, &s, &id, &sim.err))
		temp_store_die(s.name, &sim.err);
	return id;
}

static inline uint64_t
sim_call(uint64_t id)
{
	uint64_t execution;

	if (service_run_schedule(
		&sim.sv, &sim.admin, sim.now_us, id, false, NULL, &execution, &sim.err))
		temp_store_die("run", &sim.err);
	return execution;
}

struct sim_look {
	uint64_t id;
	struct occurrence *ledger;
	struct execution *executions;
	struct task *tasks;
	struct schedule_state state;
	size_t count, left;
	int rc;
};

static inline void
sim_look(struct sim_look *look, int (*body)(struct txn *txn, void *ctx, struct err *err))
{
	if (__real_store_run(sim.ts.st, body, look, &sim.err))
		temp_store_die("look", &sim.err);
}

static inline int
sim_ledger_body(struct txn *txn, void *ctx, struct err *err)
{
	struct sim_look *c = ctx;

	return store_ledger_list(txn, &sim.arena, c->id, INT64_MIN, INSTANT_NEVER, 100000,
	    &c->ledger, &c->count, err);
}

static inline struct occurrence *
sim_ledger(uint64_t schedule_id, size_t *count)
{
	struct sim_look c = {.id = schedule_id};

	sim_look(&c, sim_ledger_body);
	*count = c.count;
	return c.ledger;
}

static inline int
sim_executions_body(struct txn *txn, void *ctx, struct err *err)
{
	struct sim_look *c = ctx;

	return store_execution_list(
	    txn, &sim.arena, c->id, 0, 100000, &c->executions, &c->count, err);
}

/* Newest first. */
static inline struct execution *
sim_executions(uint64_t schedule_id, size_t *count)
{
	struct sim_look c = {.id = schedule_id};

	sim_look(&c, sim_executions_body);
	*count = c.count;
	return c.executions;
}

static inline int
sim_tasks_body(struct txn *txn, void *ctx, struct err *err)
{
	struct sim_look *c = ctx;

	return store_task_list(txn, &sim.arena, c->id, &c->tasks, &c->count, err);
}

static inline struct task *
sim_tasks(uint64_t execution_id, size_t *count)
{
	struct sim_look c = {.id = execution_id};

	sim_look(&c, sim_tasks_body);
	*count = c.count;
	return c.tasks;
}

static inline int
sim_state_body(struct txn *txn, void *ctx, struct err *err)
{
	struct sim_look *c = ctx;

	c->rc = store_state_get(txn, &sim.arena, c->id, &c->state, err);
	return c->rc == ERR_MISSING ? 0 : c->rc;
}

static inline struct schedule_state
sim_state(uint64_t schedule_id)
{
	struct sim_look c = {.id = schedule_id};

	sim_look(&c, sim_state_body);
	return c.state;
}

static inline int
sim_left_body(struct txn *txn, void *ctx, struct err *err)
{
	struct sim_look *c = ctx;
	uint64_t ids[8];
	size_t queued, active;
	int rc;

	rc = store_queue_list(txn, 0, ids, 8, &queued, err);
	if (!rc)
		rc = store_active_list(txn, 0, ids, 8, &active, err);
	c->left = queued + active;
	return rc;
}

/* How much is queued or under way. */
static inline size_t
sim_left(void)
{
	struct sim_look c = {0};

	sim_look(&c, sim_left_body);
	return c.left;
}

#endif
