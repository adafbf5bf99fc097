/*
 * The master's decisions: see policy.h.
 *
 * policy_next() looks at the present state only and answers the first thing that is not as it
 * should be; events only change the state. So nothing is remembered twice and an event in the
 * middle of another needs no case of its own.
 */
#include "app/policy.h"

#include <signal.h>
#include <string.h>

enum {
	SECOND_US = 1000000,
	WINDOW_US = 10 * SECOND_US, /* of a throttle */
	DELAY_MAX_US = 30 * SECOND_US,
	RETRY_US = SECOND_US,		     /* after a start that failed */
	SPARE_US = 30 * SECOND_US,	     /* an idle worker is kept that long */
	SCHEDULER_LEAVE_US = 30 * SECOND_US, /* without commands to wait for, but with a step */
	SCHEDULER_EXTRA_US = 35 * SECOND_US, /* on top of its drain: commands are told to end */
	RUNNER_LEAVE_US = 5 * SECOND_US,
	TICK_BUSY_US = SECOND_US / 10,
	TICK_IDLE_US = SECOND_US / 2,
};

void
policy_init(struct policy *p, const struct policy_limits *limits, int64_t now_mono_us)
{
	memset(p, 0, sizeof *p);
	p->limits = *limits;
	p->workers_wanted = limits->workers_min;
	p->spare_since_mono_us = now_mono_us;
	p->phase = PHASE_KILLING;
}

/*
 * Note a start that is wanted now and work out when it may happen. Time spent waiting does not
 * count, so that a loop of crashes stays one however far its starts were spread already.
 */
static int64_t
throttle_take(struct policy_throttle *t, int64_t now_mono_us)
{
	int64_t at = now_mono_us - t->waited_us, delay_us = 0;
	int64_t *oldest = &t->starts[t->count % THROTTLE_BURST];

	if (t->failed || (t->count >= THROTTLE_BURST && at - *oldest < WINDOW_US))
		t->level++;
	else
		t->level = 0;
	if (t->level > 5)
		delay_us = DELAY_MAX_US;
	else if (t->level)
		delay_us = (int64_t)SECOND_US << (t->level - 1);
	*oldest = at;
	t->failed = false;
	t->count++;
	t->waited_us += delay_us;
	t->due_mono_us = now_mono_us + delay_us;
	return delay_us;
}

static bool
is_worker(int slot)
{
	return slot >= SLOT_WORKERS && slot < BOARD_SLOTS;
}

static bool
start(struct policy *p, int slot, struct policy_action *action)
{
	p->children[slot] = (struct policy_child){.alive = true, .generation = p->generation};
	*action = (struct policy_action){.verb = POLICY_START, .slot = slot};
	return true;
}

static bool
tell(struct policy *p, int slot, int signal, int64_t deadline_mono_us,
    struct policy_action *action)
{
	struct policy_child *c = &p->children[slot];

	if (signal == SIGKILL)
		c->killed = true;
	c->told = signal;
	c->deadline_mono_us = deadline_mono_us;
	*action = (struct policy_action){.verb = POLICY_SIGNAL, .slot = slot, .signal = signal};
	return true;
}

/* The one event: someone may have left a lock of the store behind. */
static void
store_lost(struct policy *p)
{
	if (p->phase != PHASE_GONE)
		p->phase = PHASE_KILLING;
}

/* True when a user of the store was told to leave and has not. */
static bool
overdue(const struct policy *p, int64_t now_mono_us)
{
	for (int slot = 0; slot < SLOT_RECOVERY; slot++) {
		const struct policy_child *c = &p->children[slot];

		if (c->alive && c->told && now_mono_us >= c->deadline_mono_us)
			return true;
	}
	return false;
}

/* At its top: the phase is KILLING. Leaves it when nobody is left who had the store open. */
static bool
next_killing(struct policy *p, int64_t now_mono_us, struct policy_action *action)
{
	int last = p->hard ? SLOT_RUNNER : SLOT_RECOVERY;
	bool alive = false;

	for (int slot = 0; slot <= last; slot++) {
		struct policy_child *c = &p->children[slot];

		if (c->alive && !c->killed)
			return tell(p, slot, SIGKILL, INT64_MAX, action);
		alive |= c->alive;
	}
	if (alive)
		return false;
	if (p->stopping) {
		/* The store must not be opened again before it is recovered. */
		p->drained = true;
		p->phase = PHASE_STOPPING;
		return policy_next(p, now_mono_us, action);
	}
	p->phase = PHASE_RECOVERING;
	p->ready = false;
	p->workers_wanted = p->limits.workers_min;
	p->delay_us = throttle_take(&p->recoveries, now_mono_us);
	return policy_next(p, now_mono_us, action);
}

static bool
next_recovering(struct policy *p, int64_t now_mono_us, struct policy_action *action)
{
	if (p->delay_us) {
		*action = (struct policy_action){.verb = POLICY_WAIT, .delay_us = p->delay_us};
		p->delay_us = 0;
		return true;
	}
	if (!p->children[SLOT_RECOVERY].alive && now_mono_us >= p->recoveries.due_mono_us)
		return start(p, SLOT_RECOVERY, action);
	return false;
}

/* Runner and scheduler: the scheduler has a runner to talk to or does not run. */
static bool
next_pair(struct policy *p, int64_t now_mono_us, struct policy_action *action)
{
	const struct policy_child *runner = &p->children[SLOT_RUNNER];
	const struct policy_child *scheduler = &p->children[SLOT_SCHEDULER];
	int64_t deadline_mono_us = now_mono_us + SCHEDULER_LEAVE_US;

	if (!runner->alive && scheduler->alive) {
		if (!scheduler->told)
			return tell(p, SLOT_SCHEDULER, SIGHUP, deadline_mono_us, action);
		return false;
	}
	if (!runner->alive)
		return now_mono_us >= p->runners.due_mono_us && start(p, SLOT_RUNNER, action);
	if (!scheduler->alive)
		return now_mono_us >= p->schedulers.due_mono_us &&
		       start(p, SLOT_SCHEDULER, action);
	if (scheduler->generation != p->generation && !scheduler->told)
		return tell(p, SLOT_SCHEDULER, SIGHUP, deadline_mono_us, action);
	return false;
}

/* Workers of the present generation that were not told to leave. */
static int
workers_count(const struct policy *p, int *idle)
{
	int count = 0;

	*idle = -1;
	for (int slot = SLOT_WORKERS; slot < BOARD_SLOTS; slot++) {
		const struct policy_child *c = &p->children[slot];

		if (!c->alive || c->told || c->generation != p->generation)
			continue;
		count++;
		if (!c->busy)
			*idle = slot;
	}
	return count;
}

static int
free_slot(const struct policy *p)
{
	for (int slot = SLOT_WORKERS; slot < BOARD_SLOTS; slot++) {
		if (!p->children[slot].alive)
			return slot;
	}
	return -1;
}

static bool
next_worker(struct policy *p, int64_t now_mono_us, struct policy_action *action)
{
	int idle, slot, count = workers_count(p, &idle);

	if (count < p->workers_wanted && now_mono_us >= p->workers.due_mono_us) {
		slot = free_slot(p);
		if (slot >= 0)
			return start(p, slot, action);
	}
	/* However slow its client is, nobody waits for one of these; one that hangs in the
	 * store is found to be stuck. */
	for (slot = SLOT_WORKERS; slot < BOARD_SLOTS; slot++) {
		const struct policy_child *c = &p->children[slot];

		if (c->alive && !c->told && c->generation != p->generation)
			return tell(p, slot, SIGUSR1, INT64_MAX, action);
	}
	if (count > p->workers_wanted && idle >= 0)
		return tell(p, idle, SIGUSR1, INT64_MAX, action);
	return false;
}

static bool
all_run(const struct policy *p)
{
	int idle;

	return p->children[SLOT_RUNNER].alive && p->children[SLOT_SCHEDULER].alive &&
	       workers_count(p, &idle) >= p->limits.workers_min;
}

static bool
next_serving(struct policy *p, int64_t now_mono_us, struct policy_action *action)
{
	if (overdue(p, now_mono_us)) {
		store_lost(p);
		return policy_next(p, now_mono_us, action);
	}
	if (next_pair(p, now_mono_us, action) || next_worker(p, now_mono_us, action))
		return true;
	if (!p->ready && all_run(p)) {
		p->ready = true;
		*action = (struct policy_action){.verb = POLICY_READY};
		return true;
	}
	return false;
}

/* Ask one child to leave, once; after a hint to restart the order to stop is still news. */
static bool
ask(struct policy *p, int slot, int64_t deadline_mono_us, struct policy_action *action)
{
	return p->children[slot].told != SIGTERM &&
	       tell(p, slot, SIGTERM, deadline_mono_us, action);
}

/*
 * The scheduler waits for the commands of the runner. One that was told to make room for another
 * leaves at once, whatever it is told after that: then another does it, which is tried once.
 */
static bool
next_drain(struct policy *p, int64_t deadline_mono_us, struct policy_action *action)
{
	const struct policy_child *scheduler = &p->children[SLOT_SCHEDULER];

	if (!scheduler->alive) {
		p->drained = true;
		return start(p, SLOT_SCHEDULER, action);
	}
	if (scheduler->told != SIGTERM && scheduler->told != SIGHUP)
		p->drained = true;
	return ask(p, SLOT_SCHEDULER, deadline_mono_us, action);
}

static bool
next_stopping(struct policy *p, int64_t now_mono_us, struct policy_action *action)
{
	const struct policy_child *runner = &p->children[SLOT_RUNNER];
	int64_t drained_mono_us = now_mono_us + p->limits.drain_us;
	bool alive = false;

	if (overdue(p, now_mono_us)) {
		store_lost(p);
		return policy_next(p, now_mono_us, action);
	}
	for (int slot = SLOT_WORKERS; slot < BOARD_SLOTS; slot++) {
		if (!p->children[slot].alive)
			continue;
		if (ask(p, slot, drained_mono_us, action))
			return true;
		alive = true;
	}
	if (alive)
		return false;
	if (p->children[SLOT_SCHEDULER].alive || (runner->alive && !p->drained))
		return next_drain(p, drained_mono_us + SCHEDULER_EXTRA_US, action);
	if (runner->alive) {
		if (runner->told && !runner->killed && now_mono_us >= runner->deadline_mono_us)
			return tell(p, SLOT_RUNNER, SIGKILL, INT64_MAX, action);
		return !runner->killed &&
		       ask(p, SLOT_RUNNER, now_mono_us + RUNNER_LEAVE_US, action);
	}
	p->phase = PHASE_GONE;
	*action = (struct policy_action){.verb = POLICY_END, .exit_code = p->exit_code};
	return true;
}

bool
policy_next(struct policy *p, int64_t now_mono_us, struct policy_action *action)
{
	switch (p->phase) {
	case PHASE_KILLING:
		return next_killing(p, now_mono_us, action);
	case PHASE_RECOVERING:
		return next_recovering(p, now_mono_us, action);
	case PHASE_SERVING:
		return next_serving(p, now_mono_us, action);
	case PHASE_STOPPING:
		return next_stopping(p, now_mono_us, action);
	case PHASE_GONE:
		break;
	}
	return false;
}

static void
sooner(int64_t *wake_mono_us, int64_t now_mono_us, int64_t at_mono_us)
{
	if (at_mono_us > now_mono_us && at_mono_us < *wake_mono_us)
		*wake_mono_us = at_mono_us;
}

int64_t
policy_wake(const struct policy *p, int64_t now_mono_us)
{
	int64_t wake_mono_us = now_mono_us + TICK_IDLE_US;

	for (int slot = 0; slot < SLOT_COUNT; slot++) {
		const struct policy_child *c = &p->children[slot];

		if (!c->alive)
			continue;
		if (c->busy)
			sooner(&wake_mono_us, now_mono_us, now_mono_us + TICK_BUSY_US);
		if (c->told)
			sooner(&wake_mono_us, now_mono_us, c->deadline_mono_us);
	}
	sooner(&wake_mono_us, now_mono_us, p->recoveries.due_mono_us);
	sooner(&wake_mono_us, now_mono_us, p->runners.due_mono_us);
	sooner(&wake_mono_us, now_mono_us, p->schedulers.due_mono_us);
	sooner(&wake_mono_us, now_mono_us, p->workers.due_mono_us);
	return wake_mono_us;
}

static struct policy_throttle *
throttle_of(struct policy *p, int slot)
{
	if (slot == SLOT_RECOVERY)
		return &p->recoveries;
	if (slot == SLOT_RUNNER)
		return &p->runners;
	if (slot == SLOT_SCHEDULER)
		return &p->schedulers;
	return &p->workers;
}

void
policy_not_started(struct policy *p, int slot, int64_t now_mono_us)
{
	p->children[slot].alive = false;
	throttle_of(p, slot)->due_mono_us = now_mono_us + RETRY_US;
}

static void
recovery_ended(struct policy *p, enum policy_end how)
{
	if (p->phase != PHASE_RECOVERING)
		return;
	if (how == END_CLEAN) {
		p->phase = PHASE_SERVING;
		p->recovered = true;
		return;
	}
	store_lost(p);
	if (how != END_FAILED)
		return;
	if (!p->recovered) {
		/* It said why: an operator is watching and a retry would only say it again. */
		p->stopping = true;
		p->exit_code = 2;
		return;
	}
	/* A full disk does not go away in a moment: no burst for that. */
	p->recoveries.failed = true;
}

void
policy_ended(struct policy *p, int slot, enum policy_end how, bool worked, int64_t now_mono_us)
{
	bool told = p->children[slot].told;

	p->children[slot].alive = false;
	p->children[slot].busy = false;
	if (slot == SLOT_RUNNER) {
		throttle_take(&p->runners, now_mono_us);
		return;
	}
	if (slot == SLOT_RECOVERY) {
		recovery_ended(p, how);
		return;
	}
	if (p->phase == PHASE_KILLING)
		return;
	if (how != END_CLEAN) {
		store_lost(p);
		return;
	}
	if (!told && (slot == SLOT_SCHEDULER || !worked))
		throttle_take(throttle_of(p, slot), now_mono_us);
}

void
policy_stuck(struct policy *p, int slot)
{
	if (p->children[slot].alive)
		store_lost(p);
}

void
policy_observe(struct policy *p, int slot, bool busy)
{
	if (is_worker(slot) && p->children[slot].alive)
		p->children[slot].busy = busy;
}

void
policy_tick(struct policy *p, int64_t now_mono_us)
{
	int idle, count = workers_count(p, &idle);

	if (p->phase != PHASE_SERVING || idle < 0)
		p->spare_since_mono_us = now_mono_us;
	if (p->phase != PHASE_SERVING || count < p->workers_wanted)
		return;
	if (idle < 0 && p->workers_wanted < p->limits.workers_max)
		p->workers_wanted++;
	else if (p->workers_wanted > p->limits.workers_min &&
		 now_mono_us - p->spare_since_mono_us > SPARE_US)
		p->workers_wanted--;
}

void
policy_stop(struct policy *p)
{
	if (p->phase == PHASE_GONE)
		return;
	/* A recovery that is cut off is simply made again at the next start. */
	if (p->stopping) {
		p->hard = true;
		p->phase = PHASE_KILLING;
	} else if (p->phase == PHASE_SERVING) {
		p->phase = PHASE_STOPPING;
	} else {
		p->phase = PHASE_KILLING;
	}
	p->stopping = true;
}

void
policy_reload(struct policy *p, const struct policy_limits *limits)
{
	if (p->stopping)
		return;
	p->limits = *limits;
	p->generation++;
	if (p->workers_wanted < limits->workers_min)
		p->workers_wanted = limits->workers_min;
	if (p->workers_wanted > limits->workers_max)
		p->workers_wanted = limits->workers_max;
}
