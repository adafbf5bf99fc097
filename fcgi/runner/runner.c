/* What the runner holds, and what it answers: see runner.h. */
#include "runner/runner.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "base/log.h"
#include "base/mem.h"
#include "proc/outbox.h"
#include "runner/sweep.h"

/* Orders in one runner_read(): the pipes of running commands have their turn in between. */
enum { ORDERS_AT_ONCE = 64, COLLECTORS_MAX = 4 };

/* `told`: the scheduler that said HELLO last has been told that it ended. */
struct entry {
	struct ward *ward;
	bool told;
};

struct runner {
	const struct ward_house *house;
	int channel;
	struct outbox outbox;
	struct entry *entries; /* in the order of their STARTs */
	size_t count, cap;
	struct sweeps sweeps;
	struct census census;
	struct arena arena; /* of one order */
	pid_t *children;
	size_t children_cap;
	bool leaving;
};

struct runner *
runner_new(const struct ward_house *house, int channel)
{
	struct runner *r = mem_alloc(sizeof *r);

	r->house = house;
	r->channel = channel;
	outbox_init(&r->outbox, channel);
	return r;
}

void
runner_free(struct runner *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->count; i++)
		ward_free(r->entries[i].ward);
	free(r->entries);
	free(r->children);
	sweeps_clear(&r->sweeps);
	census_release(&r->census);
	arena_release(&r->arena);
	outbox_release(&r->outbox);
	free(r);
}

/* ---- the table ---- */

static struct entry *
find(struct runner *r, const struct channel_message *m)
{
	for (size_t i = 0; i < r->count; i++) {
		const struct ward *w = r->entries[i].ward;

		if (w->task_id == m->task_id && w->attempt == m->attempt)
			return &r->entries[i];
	}
	return NULL;
}

static struct entry *
add(struct runner *r, struct ward *w)
{
	if (r->count == r->cap) {
		r->cap = r->cap ? r->cap * 2 : 64;
		r->entries = mem_resize(r->entries, r->cap * sizeof *r->entries);
	}
	r->entries[r->count] = (struct entry){.ward = w};
	return &r->entries[r->count++];
}

static void
take_out(struct runner *r, struct entry *e)
{
	ward_free(e->ward);
	r->count--;
	memmove(e, e + 1, (size_t)(r->entries + r->count - e) * sizeof *e);
}

static void
say(struct runner *r, struct entry *e, enum channel_type type)
{
	struct channel_message m = ward_message(e->ward, type);

	e->told = e->ward->stage == WARD_ENDED;
	outbox_put(&r->outbox, &m);
}

/* ---- orders ---- */

/* Whatever was meant for a scheduler before this one is void. */
static void
hello(struct runner *r, const struct channel_message *m)
{
	struct channel_message welcome = {.type = CHANNEL_WELCOME, .generation = m->generation};
	struct channel_message ready = {.type = CHANNEL_READY, .generation = m->generation};

	outbox_clear(&r->outbox);
	sweeps_clear(&r->sweeps);
	outbox_put(&r->outbox, &welcome);
	for (size_t i = 0; i < r->count; i++)
		say(r, &r->entries[i], CHANNEL_KNOWN);
	outbox_put(&r->outbox, &ready);
}

static void
start(struct runner *r, const struct channel_message *m, struct entry *e, int64_t now_us)
{
	/* Who comes next starts it again. */
	if (!e && r->leaving)
		return;
	if (!e)
		e = add(r, ward_new(r->house, m, now_us));
	say(r, e, e->ward->stage == WARD_ENDED ? CHANNEL_ENDED : CHANNEL_HELD);
}

static void
forget(struct runner *r, struct entry *e)
{
	if (e->ward->stage == WARD_ENDED)
		take_out(r, e);
	else
		log_error("task %" PRIu64 " attempt %" PRIu32
			  ": not forgotten, it has not ended",
		    e->ward->task_id, e->ward->attempt);
}

/* An order about one attempt; NULL: there is none, and never was or is forgotten. */
static void
obey(struct runner *r, const struct channel_message *m, struct entry *e,
    const struct ward_view *view)
{
	bool ended = e && e->ward->stage == WARD_ENDED;

	if (m->type == CHANNEL_START)
		start(r, m, e, view->now_us);
	else if (e && m->type == CHANNEL_FORGET)
		forget(r, e);
	else if (ended)
		say(r, e, CHANNEL_ENDED);
	else if (e && m->type == CHANNEL_RELEASE)
		ward_release(e->ward, view->now_mono_us);
	else if (e && m->type == CHANNEL_KILL)
		ward_stop(e->ward, e->ward->kill_grace_us, view);
}

static void
stop_all(struct runner *r, int64_t grace_max_us, const struct ward_view *view)
{
	for (size_t i = 0; i < r->count; i++) {
		struct ward *w = r->entries[i].ward;

		ward_stop(
		    w, w->kill_grace_us < grace_max_us ? w->kill_grace_us : grace_max_us, view);
	}
}

static void
carry_out(struct runner *r, const struct channel_message *m, const struct ward_view *view)
{
	switch (m->type) {
	case CHANNEL_HELLO:
		hello(r, m);
		break;
	case CHANNEL_START:
	case CHANNEL_RELEASE:
	case CHANNEL_KILL:
	case CHANNEL_FORGET:
		obey(r, m, find(r, m), view);
		break;
	case CHANNEL_STALE:
		sweeps_add(&r->sweeps, m, view->now_mono_us);
		break;
	case CHANNEL_STOP:
		stop_all(r, INT64_MAX, view);
		break;
	default:
		log_error("a message of type %d arrived: not one for a runner", (int)m->type);
	}
}

int
runner_read(struct runner *r, int64_t now_us, int64_t now_mono_us, struct err *err)
{
	struct ward_view view = {
	    .now_us = now_us, .now_mono_us = now_mono_us, .census = &r->census};
	int rc = 0;

	census_forget(&r->census);
	for (int i = 0; i < ORDERS_AT_ONCE && (!rc || rc == ERR_INPUT); i++) {
		struct channel_message m;

		arena_clear(&r->arena);
		rc = channel_receive(r->channel, &r->arena, &m, err);
		if (!rc)
			carry_out(r, &m, &view);
		else if (rc == ERR_INPUT)
			log_error("%s", err->text);
	}
	return rc == ERR_BUSY || rc == ERR_INPUT ? 0 : rc;
}

int
runner_tell(struct runner *r, bool *waits, struct err *err)
{
	int rc = outbox_flush(&r->outbox, err);

	if (rc)
		outbox_clear(&r->outbox);
	*waits = outbox_waits(&r->outbox);
	return rc;
}

void
runner_stop(struct runner *r, int64_t grace_max_us, int64_t now_us, int64_t now_mono_us)
{
	struct ward_view view = {
	    .now_us = now_us, .now_mono_us = now_mono_us, .census = &r->census};

	r->leaving = true;
	census_forget(&r->census);
	stop_all(r, grace_max_us, &view);
}

bool
runner_is_idle(const struct runner *r)
{
	for (size_t i = 0; i < r->count; i++) {
		if (r->entries[i].ward->stage != WARD_ENDED)
			return false;
	}
	return true;
}

/* ---- the step ---- */

static bool
is_ours(const struct runner *r, pid_t pid)
{
	for (size_t i = 0; i < r->count; i++) {
		if (ward_owns(r->entries[i].ward, pid))
			return true;
	}
	return false;
}

/* Reap those who asked to outlive their command. */
static void
reap_strangers(struct runner *r)
{
	long count = process_children(r->children, r->children_cap);

	if (count > (long)r->children_cap) {
		r->children_cap = (size_t)count * 2;
		r->children = mem_resize(r->children, r->children_cap * sizeof *r->children);
		count = process_children(r->children, r->children_cap);
	}
	for (long i = 0; i < count && i < (long)r->children_cap; i++) {
		if (!is_ours(r, r->children[i]))
			(void)!waitpid(r->children[i], NULL, WNOHANG);
	}
}

/* Those that wait to collect begin, as far as there is room. Answers when one is to be stepped. */
static int64_t
let_collect(struct runner *r, const struct ward_view *view)
{
	int64_t next_us = INT64_MAX, due_us;
	unsigned busy = 0;

	for (size_t i = 0; i < r->count; i++)
		busy += ward_collects(r->entries[i].ward);
	for (size_t i = 0; i < r->count && busy < COLLECTORS_MAX; i++) {
		struct ward *w = r->entries[i].ward;

		if (!ward_wants_collector(w))
			continue;
		ward_collect(w, view);
		busy += ward_collects(w);
		due_us = ward_step(w, view);
		next_us = due_us < next_us ? due_us : next_us;
	}
	return next_us;
}

static int64_t
step_wards(struct runner *r, const struct ward_view *view)
{
	int64_t next_us = INT64_MAX, due_us;
	bool wants = false;

	for (size_t i = 0; i < r->count; i++) {
		due_us = ward_step(r->entries[i].ward, view);
		next_us = due_us < next_us ? due_us : next_us;
		wants = wants || ward_wants_collector(r->entries[i].ward);
	}
	if (wants) {
		due_us = let_collect(r, view);
		next_us = due_us < next_us ? due_us : next_us;
	}
	for (size_t i = 0; i < r->count; i++) {
		struct entry *e = &r->entries[i];

		if (e->ward->stage == WARD_ENDED && !e->told)
			say(r, e, CHANNEL_ENDED);
	}
	return next_us;
}

static void
tell_swept(void *ctx, const struct channel_message *m)
{
	struct runner *r = ctx;

	outbox_put(&r->outbox, m);
}

int64_t
runner_step(struct runner *r, bool died, int64_t now_us, int64_t now_mono_us)
{
	struct ward_view view = {
	    .now_us = now_us, .now_mono_us = now_mono_us, .census = &r->census};
	int64_t wards_us, sweeps_us, next_us;

	census_forget(&r->census);
	if (died)
		reap_strangers(r);
	wards_us = step_wards(r, &view);
	sweeps_us = sweeps_step(&r->sweeps, &r->census, now_mono_us, tell_swept, r);
	next_us = wards_us < sweeps_us ? wards_us : sweeps_us;
	if (next_us == INT64_MAX)
		return next_us;
	return next_us > now_mono_us ? next_us - now_mono_us : 0;
}
