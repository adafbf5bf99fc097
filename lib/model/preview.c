/* Due times for people: see preview.h. */
#include "model/preview.h"

#include <stdio.h>
#include <string.h>

/* How the due time looks on the clock of its trigger's zone. */
static int
locate(const struct schedule *s, struct zones *zones, const char *time_zone, struct preview *p,
    struct err *err)
{
	const struct trigger *t = &s->triggers[p->trigger];
	const struct zone *zone;
	int ret;

	p->time_zone = trigger_is_local(t) ? t->time_zone : time_zone;
	ret = zones_get(zones, p->time_zone, &zone, err);
	if (ret)
		return ret;
	p->offset_s = zone_segment_at(zone, p->due_us).offset_s;
	p->touch = trigger_touch(t, zone, p->due_us);
	p->spread_us = s->id ? schedule_spread(s, p->due_us) : 0;
	return 0;
}

int
schedule_preview(const struct schedule *s, struct zones *zones, const char *time_zone,
    int64_t from_us, struct preview *list, size_t cap, size_t *count, struct err *err)
{
	int64_t next_us[SCHEDULE_TRIGGERS_MAX];
	struct schedule any = *s;
	int ret;

	*count = 0;
	any.created_us = INT64_MIN;
	for (size_t i = 0; i < s->trigger_count; i++) {
		ret = schedule_trigger_next(&any, i, zones,
		    from_us == INT64_MIN ? from_us : from_us - 1, &next_us[i], err);
		if (ret)
			return ret;
	}
	/* next_us: of each trigger the first due time that is not in the list yet. */
	while (*count < cap) {
		struct preview p = {.due_us = INSTANT_NEVER};

		for (size_t i = 0; i < s->trigger_count; i++) {
			if (next_us[i] < p.due_us) {
				p.due_us = next_us[i];
				p.trigger = i;
			}
		}
		if (p.due_us == INSTANT_NEVER)
			return 0;
		for (size_t i = 0; i < s->trigger_count; i++) {
			if (next_us[i] != p.due_us)
				continue;
			p.trigger_count++;
			ret = schedule_trigger_next(&any, i, zones, p.due_us, &next_us[i], err);
			if (ret)
				return ret;
		}
		ret = locate(s, zones, time_zone, &p, err);
		if (ret)
			return ret;
		list[(*count)++] = p;
	}
	return 0;
}

/* 02:30, as people write it. */
static void
clock_time(int64_t civil_us, char out[8])
{
	struct civil c = civil_from_us(civil_us);

	snprintf(out, 8, "%02u:%02u", (unsigned)c.hour % 24, (unsigned)c.minute % 60);
}

static void
add_note(char out[PREVIEW_NOTE], const char *text)
{
	size_t len = strlen(out);

	snprintf(out + len, PREVIEW_NOTE - len, "%s%s", len ? "; " : "", text);
}

static void
note_excluded(const struct preview *p, char out[PREVIEW_NOTE])
{
	char text[INSTANT_LOCAL_TEXT];

	add_note(out, p->excluded);
	if (p->run_us == INSTANT_NEVER) {
		add_note(out, "it is skipped");
		return;
	}
	instant_format_local(p->run_us, p->run_offset_s, text);
	add_note(out, "it is deferred to ");
	snprintf(out + strlen(out), PREVIEW_NOTE - strlen(out), "%s", text);
}

void
preview_note(const struct preview *p, char out[PREVIEW_NOTE])
{
	char first[8], last[8], merged[64] = "", delay[INSTANT_TEXT];
	const struct touch *t = &p->touch;

	if (p->trigger_count > 1)
		snprintf(merged, sizeof merged, "%zu triggers are due at once: one run",
		    p->trigger_count);
	clock_time(t->first_us, first);
	clock_time(t->last_us, last);
	out[0] = '\0';
	switch (t->kind) {
	case TOUCH_NONE:
		break;
	case TOUCH_GAP:
		if (t->count == 1)
			snprintf(out, PREVIEW_NOTE,
			    "%s does not exist on this day: moved to the first instant after "
			    "the clock change",
			    first);
		else
			snprintf(out, PREVIEW_NOTE,
			    "%zu due times from %s to %s do not exist on this day: merged into "
			    "one at the first instant after the clock change",
			    t->count, first, last);
		break;
	case TOUCH_FOLD_FIRST:
		clock_time(p->due_us + p->offset_s * SECOND_US, first);
		snprintf(
		    out, PREVIEW_NOTE, "%s comes twice on this day: this is the first", first);
		break;
	case TOUCH_FOLD_SECOND:
		clock_time(p->due_us + p->offset_s * SECOND_US, first);
		snprintf(
		    out, PREVIEW_NOTE, "%s comes twice on this day: this is the second", first);
		break;
	}
	if (*merged)
		add_note(out, merged);
	if (p->spread_us) {
		duration_format(p->spread_us, delay);
		snprintf(merged, sizeof merged, "starts %s later, by its jitter", delay);
		add_note(out, merged);
	}
	if (p->excluded)
		note_excluded(p, out);
}

void
trigger_describe(const struct trigger *t, char out[TRIGGER_TEXT])
{
	char text[INSTANT_TEXT];

	switch (t->kind) {
	case TRIGGER_CRON:
		snprintf(out, TRIGGER_TEXT, "cron %s", t->expression);
		break;
	case TRIGGER_RRULE:
		snprintf(out, TRIGGER_TEXT, "rrule %s", t->expression);
		break;
	case TRIGGER_EVERY:
		duration_format(t->every_us, text);
		snprintf(out, TRIGGER_TEXT, "every %s", text);
		break;
	case TRIGGER_AT:
		instant_format(t->at_us, text);
		snprintf(out, TRIGGER_TEXT, "at %s", text);
		break;
	case TRIGGER_REBOOT:
		snprintf(out, TRIGGER_TEXT, "reboot");
		break;
	}
}
