/* The families of commands whose runner died: see sweep.h. */
#include "runner/sweep.h"

#include <inttypes.h>
#include <signal.h>

#include "base/log.h"
#include "base/mem.h"

#define LOOK_MIN_US INT64_C(10000)
#define LOOK_MAX_US INT64_C(1000000)

struct sweep {
	struct channel_message stale; /* points to nothing */
	int64_t look_mono_us, pause_us;
	bool complained;
};

static bool
is_same(const struct channel_message *a, const struct channel_message *b)
{
	return a->pid == b->pid && a->pid_start_ticks == b->pid_start_ticks &&
	       a->task_id == b->task_id && a->attempt == b->attempt;
}

void
sweeps_add(struct sweeps *s, const struct channel_message *stale, int64_t now_mono_us)
{
	for (size_t i = 0; i < s->count; i++) {
		if (is_same(&s->list[i].stale, stale))
			return;
	}
	if (s->count == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 16;
		s->list = mem_resize(s->list, s->cap * sizeof *s->list);
	}
	s->list[s->count++] = (struct sweep){
	    .stale = *stale, .look_mono_us = now_mono_us, .pause_us = LOOK_MIN_US};
}

static void
say_once(struct sweep *w, const char *text)
{
	if (!w->complained)
		log_error("task %" PRIu64 " attempt %" PRIu32
			  ": session %d of a dead runner: %s",
		    w->stale.task_id, w->stale.attempt, (int)w->stale.pid, text);
	w->complained = true;
}

/* Is anybody left? Who cannot be found out about may live. */
static bool
kill_family(struct sweep *w, struct census *census)
{
	struct family family = {
	    .leader = w->stale.pid,
	    .born = w->stale.pid_start_ticks,
	    .task_id = w->stale.task_id,
	};
	size_t living, unsure;
	struct err err;

	if (census_take(census, &err)) {
		say_once(w, err.text);
		return true;
	}
	living = family_signal(census, &family, SIGKILL, &unsure);
	if (unsure)
		say_once(w, "somebody lives in it who may be a stranger, and is let alone");
	else if (living && w->pause_us == LOOK_MAX_US)
		say_once(w, "somebody in it does not end");
	return living > 0;
}

int64_t
sweeps_step(struct sweeps *s, struct census *census, int64_t now_mono_us,
    void (*swept)(void *ctx, const struct channel_message *m), void *ctx)
{
	int64_t next_us = INT64_MAX;
	size_t kept = 0;

	for (size_t i = 0; i < s->count; i++) {
		struct sweep w = s->list[i];

		if (w.look_mono_us <= now_mono_us) {
			if (!kill_family(&w, census)) {
				w.stale.type = CHANNEL_SWEPT;
				swept(ctx, &w.stale);
				continue;
			}
			w.look_mono_us = now_mono_us + w.pause_us;
			w.pause_us =
			    w.pause_us * 2 < LOOK_MAX_US ? w.pause_us * 2 : LOOK_MAX_US;
		}
		next_us = w.look_mono_us < next_us ? w.look_mono_us : next_us;
		s->list[kept++] = w;
	}
	s->count = kept;
	return next_us;
}

void
sweeps_clear(struct sweeps *s)
{
	free(s->list);
	*s = (struct sweeps)SWEEPS_INIT;
}
