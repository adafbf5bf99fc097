/* The triggers of a definition: see definition.h. */
#include <string.h>

#include "calendar/rrule.h"
#include "wire/member.h"

static const char *const gap_words[] = {"after", "skip"};
static const char *const fold_words[] = {"first", "second", "both"};

static int
read_gap(struct reader *r, const struct json *value, void *at)
{
	size_t i = 0;
	int ret = read_word(r, value, gap_words, COUNT(gap_words), &i);

	*(enum dst_gap *)at = i;
	return ret;
}

static int
read_fold(struct reader *r, const struct json *value, void *at)
{
	size_t i = 0;
	int ret = read_word(r, value, fold_words, COUNT(fold_words), &i);

	*(enum dst_fold *)at = i;
	return ret;
}

static int
read_cron(struct reader *r, const struct json *value, void *at)
{
	struct trigger *t = at;
	struct err why;

	if (read_string(r, value, &t->expression))
		return ERR_INPUT;
	t->kind = TRIGGER_CRON;
	return cron_parse(t->expression, r->seed, &t->cron, &why) ? refuse(r, why.text) : 0;
}

static int
read_rrule(struct reader *r, const struct json *value, void *at)
{
	struct trigger *t = at;

	t->kind = TRIGGER_RRULE;
	return read_string(r, value, &t->expression);
}

/* Local time: an offset has no place in it. */
static int
read_start(struct reader *r, const struct json *value, void *at)
{
	struct trigger *t = at;
	struct civil civil;
	const char *text = NULL;
	int64_t offset_us;
	bool zoned;

	if (read_string(r, value, &text))
		return ERR_INPUT;
	if (civil_parse(text, &civil, &zoned, &offset_us) || zoned)
		return refuse(r, "must be local time such as 2026-01-01T00:00:00");
	civil.micro = 0;
	t->start_us = civil_to_us(&civil);
	return 0;
}

static int
read_every(struct reader *r, const struct json *value, void *at)
{
	struct trigger *t = at;

	t->kind = TRIGGER_EVERY;
	return read_duration(r, value, &t->every_us);
}

static int
read_at(struct reader *r, const struct json *value, void *at)
{
	struct trigger *t = at;

	t->kind = TRIGGER_AT;
	return read_instant(r, value, &t->at_us);
}

static int
read_reboot(struct reader *r, const struct json *value, void *at)
{
	struct trigger *t = at;
	bool yes = false;
	int ret = read_bool(r, value, &yes);

	t->kind = TRIGGER_REBOOT;
	return ret || yes ? ret : refuse(r, "must be true; leave the trigger out for none");
}

static const struct field trigger_fields[] = {
    {"cron", read_cron, 0},
    {"timeZone", read_string, offsetof(struct trigger, time_zone)},
    {"dstGap", read_gap, offsetof(struct trigger, dst_gap)},
    {"dstFold", read_fold, offsetof(struct trigger, dst_fold)},
    {"every", read_every, 0},
    {"anchor", read_instant, offsetof(struct trigger, anchor_us)},
    {"at", read_at, 0},
    {"rrule", read_rrule, 0},
    {"start", read_start, 0},
    {"reboot", read_reboot, 0},
};

/* Members that belong to another kind of trigger would be ignored: that is a fault too. */
static int
check_kind(struct reader *r, const struct json *value, const struct trigger *t)
{
	const struct {
		const char *name;
		bool fits;
		const char *mend;
	} only[] = {
	    {"timeZone", trigger_is_local(t), "only a cron or rrule trigger has one"},
	    {"dstGap", trigger_is_local(t), "only a cron or rrule trigger has one"},
	    {"dstFold", trigger_is_local(t), "only a cron or rrule trigger has one"},
	    {"anchor", t->kind == TRIGGER_EVERY, "only an every trigger has one"},
	    {"start", t->kind == TRIGGER_RRULE, "only an rrule trigger has one"},
	};

	if (has(value, "cron") + has(value, "every") + has(value, "at") + has(value, "rrule") +
		has(value, "reboot") !=
	    1)
		return refuse(r, "must be one of cron, every, at, rrule and reboot");
	for (size_t i = 0; i < COUNT(only); i++) {
		if (!has(value, only[i].name) || only[i].fits)
			continue;
		push_member(r, only[i].name);
		return refuse(r, only[i].mend);
	}
	return 0;
}

static int
check_rrule(struct reader *r, const struct json *value, const struct trigger *t)
{
	struct err why;

	if (!has(value, "start")) {
		push_member(r, "start");
		return err_fail(r->err, ERR_INPUT, "Missing value: %s", r->path);
	}
	push_member(r, "rrule");
	return rrule_check(t->expression, t->start_us, &why) ? refuse(r, why.text) : 0;
}

static int
read_trigger(struct reader *r, const struct json *value, struct trigger *t)
{
	int ret = read_members(r, value, trigger_fields, COUNT(trigger_fields), t);

	if (!ret)
		ret = check_kind(r, value, t);
	if (ret)
		return ret;
	if (trigger_is_local(t) && !t->time_zone)
		t->time_zone = r->default_zone;
	if (t->kind == TRIGGER_RRULE)
		return check_rrule(r, value, t);
	if (t->kind == TRIGGER_EVERY && !has(value, "anchor")) {
		t->anchor_us = r->now_us - r->now_us % SECOND_US;
		t->anchor_open = true;
	}
	return 0;
}

int
read_triggers(struct reader *r, const struct json *value, void *at)
{
	struct schedule *s = at;
	const struct json *element = value->first;
	int ret = read_list(r, value, SCHEDULE_TRIGGERS_MAX, sizeof *s->triggers, &s->triggers,
	    &s->trigger_count);

	for (size_t i = 0; !ret && i < s->trigger_count; i++, element = element->next) {
		size_t back = path_push(r, "[%zu]", i);

		ret = read_trigger(r, element, &s->triggers[i]);
		path_pop(r, back);
	}
	return ret;
}

/* ---- writing ---- */

static void
write_zone(struct json_writer *w, const struct trigger *t)
{
	write_string(w, "timeZone", t->time_zone);
	write_string(w, "dstGap", gap_words[t->dst_gap]);
	write_string(w, "dstFold", fold_words[t->dst_fold]);
}

static void
write_start(struct json_writer *w, int64_t start_us)
{
	char text[INSTANT_TEXT];

	instant_format(start_us, text);
	text[strlen("2026-01-01T00:00:00")] = '\0';
	write_string(w, "start", text);
}

static void
write_trigger(struct json_writer *w, const struct trigger *t)
{
	json_object(w);
	switch (t->kind) {
	case TRIGGER_CRON:
		write_string(w, "cron", t->expression);
		write_zone(w, t);
		break;
	case TRIGGER_RRULE:
		write_string(w, "rrule", t->expression);
		write_start(w, t->start_us);
		write_zone(w, t);
		break;
	case TRIGGER_EVERY:
		write_duration(w, "every", t->every_us);
		write_instant(w, "anchor", t->anchor_us);
		break;
	case TRIGGER_AT:
		write_instant(w, "at", t->at_us);
		break;
	case TRIGGER_REBOOT:
		json_name(w, "reboot");
		json_bool(w, true);
		break;
	}
	json_end_object(w);
}

void
write_triggers(struct json_writer *w, const struct schedule *s)
{
	json_name(w, "triggers");
	json_array(w);
	for (size_t i = 0; i < s->trigger_count; i++)
		write_trigger(w, &s->triggers[i]);
	json_end_array(w);
}
