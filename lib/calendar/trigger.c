/*
 * Triggers: see trigger.h. A local trigger walks the zone's segments: within one, local time is
 * linear, and the search works on local time alone. Whether a local time is due depends on
 * where else it occurs, never on where the search began, so that the due times after any
 * instant are a tail of one and the same sequence.
 *
 * A local time may occur in several segments, or in none, whatever the number of offset changes
 * close to each other.
 */
#include "calendar/trigger.h"

#include "calendar/rrule.h"

/* Segments further away than this from an instant cannot hold its local time: offsets differ by
 * at most 52 hours. */
#define REACH_US (53 * HOUR_US)

bool
trigger_is_local(const struct trigger *trigger)
{
	return trigger->kind == TRIGGER_CRON || trigger->kind == TRIGGER_RRULE;
}

/* The first local time at or after `from_us`, before `to_us`, that the trigger asks for. */
static int64_t
next_civil(const struct trigger *t, int64_t from_us, int64_t to_us)
{
	if (t->kind == TRIGGER_RRULE)
		return rrule_next_civil(t->expression, t->start_us, from_us, to_us);
	return cron_next_civil(&t->cron, from_us, to_us);
}

static int64_t
offset_us(const struct zone_segment *s)
{
	return s->offset_s * SECOND_US;
}

/* Does the local time occur in the segment? */
static bool
occurs_in(const struct zone_segment *s, int64_t civil_us)
{
	int64_t us = civil_us - offset_us(s);

	return us >= s->start_us && us < s->end_us;
}

/* Does the local time, which is about that of `us`, occur in a segment before `s`? */
static bool
occurs_before(const struct zone *zone, struct zone_segment s, int64_t us, int64_t civil_us)
{
	while (s.start_us > us - REACH_US) {
		s = zone_segment_at(zone, s.start_us - 1);
		if (occurs_in(&s, civil_us))
			return true;
	}
	return false;
}

/* The same behind `s`. */
static bool
occurs_behind(const struct zone *zone, struct zone_segment s, int64_t us, int64_t civil_us)
{
	while (s.end_us < us + REACH_US) {
		s = zone_segment_at(zone, s.end_us);
		if (occurs_in(&s, civil_us))
			return true;
	}
	return false;
}

/* Is the local time, which occurs in `s`, due there, or in another segment instead? */
static bool
chosen(const struct trigger *t, const struct zone *zone, const struct zone_segment *s,
    int64_t civil_us)
{
	int64_t us = civil_us - offset_us(s);

	switch (t->dst_fold) {
	case DST_FOLD_FIRST:
		return !occurs_before(zone, *s, us, civil_us);
	case DST_FOLD_SECOND:
		return !occurs_behind(zone, *s, us, civil_us);
	case DST_FOLD_BOTH:
		break;
	}
	return true;
}

/* The first match at or after `from_us` among the local times that are skipped where `s` begins,
 * and occur nowhere else; INSTANT_NEVER if there is none. */
static int64_t
gap_match(const struct trigger *t, const struct zone *zone, const struct zone_segment *s,
    int64_t from_us)
{
	struct zone_segment before;
	int64_t at_us, end_us;

	if (t->dst_gap == DST_GAP_SKIP)
		return INSTANT_NEVER;
	before = zone_segment_at(zone, s->start_us - 1);
	at_us = s->start_us + offset_us(&before);
	end_us = s->start_us + offset_us(s);
	if (at_us < from_us)
		at_us = from_us;
	for (;; at_us += SECOND_US) {
		at_us = next_civil(t, at_us, end_us);
		if (at_us == INSTANT_NEVER)
			return INSTANT_NEVER;
		if (!occurs_before(zone, *s, s->start_us, at_us) &&
		    !occurs_behind(zone, *s, s->start_us, at_us))
			return at_us;
	}
}

/* The first due time in the segment at or after `from_us`, before `to_us`. */
static int64_t
next_in_segment(const struct trigger *t, const struct zone *zone, const struct zone_segment *s,
    int64_t from_us, int64_t to_us)
{
	int64_t civil_us;

	if (s->start_us >= from_us && s->start_us < to_us && s->start_us > INT64_MIN &&
	    gap_match(t, zone, s, INT64_MIN) != INSTANT_NEVER)
		return s->start_us;
	if (from_us < s->start_us)
		from_us = s->start_us;
	if (to_us > s->end_us)
		to_us = s->end_us;
	civil_us = from_us + offset_us(s);
	for (;; civil_us += SECOND_US) {
		civil_us = next_civil(t, civil_us, to_us + offset_us(s));
		if (civil_us == INSTANT_NEVER)
			return INSTANT_NEVER;
		if (chosen(t, zone, s, civil_us))
			return civil_us - offset_us(s);
	}
}

static int64_t
next_local(const struct trigger *t, const struct zone *zone, int64_t after_us)
{
	const int64_t first_us = civil_days(1, 1, 2) * DAY_US;
	int64_t from_us = after_us < first_us ? first_us : after_us + 1;
	int64_t due_us = INSTANT_NEVER;

	while (due_us == INSTANT_NEVER && from_us < TRIGGER_END_US) {
		struct zone_segment s = zone_segment_at(zone, from_us);
		int64_t civil_us;

		due_us = next_in_segment(t, zone, &s, from_us, TRIGGER_END_US);
		from_us = s.end_us;
		if (due_us != INSTANT_NEVER || from_us >= TRIGGER_END_US)
			break;
		/* Segments that end long before the next local time need not be searched. */
		civil_us = next_civil(t, from_us - REACH_US, TRIGGER_END_US + REACH_US);
		if (civil_us == INSTANT_NEVER)
			break;
		if (from_us < civil_us - REACH_US)
			from_us = civil_us - REACH_US;
	}
	return due_us;
}

/* The bound of a rule in UTC is one of instants. */
static int64_t
next_rrule(const struct trigger *t, const struct zone *zone, int64_t after_us)
{
	int64_t until_us = rrule_until_utc(t->expression), due_us;

	if (after_us >= until_us)
		return INSTANT_NEVER;
	due_us = next_local(t, zone, after_us);
	return due_us <= until_us ? due_us : INSTANT_NEVER;
}

static int64_t
next_every(const struct trigger *t, int64_t after_us)
{
	uint64_t every = (uint64_t)t->every_us, distance, step;

	/* Distances are unsigned, as they may be twice as far as a signed one reaches. */
	if (after_us < t->anchor_us) {
		distance = (uint64_t)t->anchor_us - (uint64_t)after_us;
		return (int64_t)((uint64_t)t->anchor_us - (distance - 1) / every * every);
	}
	distance = (uint64_t)after_us - (uint64_t)t->anchor_us;
	step = every - distance % every;
	if (step > (uint64_t)INT64_MAX - (uint64_t)after_us)
		return INSTANT_NEVER;
	return after_us + (int64_t)step;
}

int64_t
trigger_next(const struct trigger *trigger, const struct zone *zone, int64_t after_us)
{
	int64_t due_us = INSTANT_NEVER;

	if (after_us >= TRIGGER_END_US)
		return INSTANT_NEVER;
	switch (trigger->kind) {
	case TRIGGER_CRON:
		due_us = next_local(trigger, zone, after_us);
		break;
	case TRIGGER_RRULE:
		due_us = next_rrule(trigger, zone, after_us);
		break;
	case TRIGGER_EVERY:
		due_us = next_every(trigger, after_us);
		break;
	case TRIGGER_AT:
		due_us = trigger->at_us > after_us ? trigger->at_us : INSTANT_NEVER;
		break;
	case TRIGGER_REBOOT:
		if (trigger->boot_us && trigger->boot_us > after_us)
			due_us = trigger->boot_us;
		break;
	}
	return due_us < TRIGGER_END_US ? due_us : INSTANT_NEVER;
}

struct touch
trigger_touch(const struct trigger *trigger, const struct zone *zone, int64_t due_us)
{
	struct touch touch = {.kind = TOUCH_NONE};
	struct zone_segment s;
	int64_t civil_us;

	if (!trigger_is_local(trigger))
		return touch;
	s = zone_segment_at(zone, due_us);
	civil_us = due_us + offset_us(&s);
	if (s.start_us == due_us) {
		int64_t at_us = gap_match(trigger, zone, &s, INT64_MIN);

		for (; at_us != INSTANT_NEVER;
		     at_us = gap_match(trigger, zone, &s, at_us + SECOND_US)) {
			if (touch.count++ == 0)
				touch.first_us = at_us;
			touch.last_us = at_us;
		}
	}
	if (touch.count > 0)
		touch.kind = TOUCH_GAP;
	else if (occurs_behind(zone, s, due_us, civil_us))
		touch.kind = TOUCH_FOLD_FIRST;
	else if (occurs_before(zone, s, due_us, civil_us))
		touch.kind = TOUCH_FOLD_SECOND;
	return touch;
}
