/*
 * Schedule definitions as JSON: see definition.h. Triggers and tasks have files of their own, and
 * member.h says how an object is read.
 */
#include "wire/definition.h"

#include <string.h>

#include "wire/member.h"

enum { KEEP_DAYS_MIN = SCHEDULE_KEEP_US / DAY_US, KEEP_DAYS_MAX = 36500 };

static const char *const overlap_words[] = {"skip", "queueOne", "queue", "allow", "replace"};
static const char *const misfire_words[] = {"one", "skip", "all"};
static const char *const on_excluded_words[] = {"skip", "defer"};
static const char *const on_lost_words[] = {"fail", "rerun"};

static int
read_overlap(struct reader *r, const struct json *value, void *at)
{
	size_t i = 0;
	int ret = read_word(r, value, overlap_words, COUNT(overlap_words), &i);

	*(enum overlap *)at = i;
	return ret;
}

static int
read_misfire(struct reader *r, const struct json *value, void *at)
{
	size_t i = 0;
	int ret = read_word(r, value, misfire_words, COUNT(misfire_words), &i);

	*(enum misfire *)at = i;
	return ret;
}

static int
read_on_lost(struct reader *r, const struct json *value, void *at)
{
	size_t i = 0;
	int ret = read_word(r, value, on_lost_words, COUNT(on_lost_words), &i);

	*(enum on_lost *)at = i;
	return ret;
}

static int
read_tags(struct reader *r, const struct json *value, void *at)
{
	struct schedule *s = at;

	return read_strings(r, value, SCHEDULE_TAGS_MAX, &s->tags, &s->tag_count);
}

static int
read_type(struct reader *r, const struct json *value, void *at)
{
	int64_t n = 0;
	int ret = read_number(r, value, 0, SCHEDULE_TYPE_MAX, &n);

	*(int *)at = (int)n;
	return ret;
}

static int
read_misfire_max(struct reader *r, const struct json *value, void *at)
{
	int64_t n = 0;
	int ret = read_number(r, value, 1, SCHEDULE_MISFIRE_MAX, &n);

	*(uint32_t *)at = (uint32_t)n;
	return ret;
}

static int
read_priority(struct reader *r, const struct json *value, void *at)
{
	int64_t n = 0;
	int ret = read_number(r, value, -SCHEDULE_PRIORITY_MAX, SCHEDULE_PRIORITY_MAX, &n);

	*(int *)at = (int)n;
	return ret;
}

static int
read_days(struct reader *r, const struct json *value, void *at)
{
	int64_t n = 0;
	int ret = read_number(r, value, KEEP_DAYS_MIN, KEEP_DAYS_MAX, &n);

	*(int64_t *)at = n * DAY_US;
	return ret;
}

static const struct field keep_fields[] = {
    {"days", read_days, 0},
    {"executions", read_not_served, 0},
};

static int
read_keep(struct reader *r, const struct json *value, void *at)
{
	return read_members(r, value, keep_fields, COUNT(keep_fields), at);
}

static int
read_max_runs(struct reader *r, const struct json *value, void *at)
{
	return read_number(r, value, 1, SCHEDULE_MAX_RUNS_MAX, at);
}

static int
read_exclude(struct reader *r, const struct json *value, void *at)
{
	struct schedule *s = at;

	return read_strings(
	    r, value, SCHEDULE_CALENDARS_MAX, &s->calendars, &s->calendar_count);
}

static int
read_on_excluded(struct reader *r, const struct json *value, void *at)
{
	struct schedule *s = at;
	size_t i = 0;
	int ret = read_word(r, value, on_excluded_words, COUNT(on_excluded_words), &i);

	s->on_excluded = i;
	return ret;
}

static const struct field calendars_fields[] = {
    {"exclude", read_exclude, 0},
    {"onExcluded", read_on_excluded, 0},
};

static int
read_calendars(struct reader *r, const struct json *value, void *at)
{
	struct schedule *s = at;
	int ret = read_members(r, value, calendars_fields, COUNT(calendars_fields), s);

	/* Without a calendar it does not matter what happens on its days. */
	if (!ret && !s->calendar_count)
		s->on_excluded = ON_EXCLUDED_SKIP;
	return ret;
}

static const struct field schedule_fields[] = {
    {"name", read_string, offsetof(struct schedule, name)},
    {"description", read_string, offsetof(struct schedule, description)},
    {"tags", read_tags, 0},
    {"scheduleType", read_type, offsetof(struct schedule, type)},
    {"triggers", read_triggers, 0},
    {"startDate", read_instant, offsetof(struct schedule, start_us)},
    {"endDate", read_instant, offsetof(struct schedule, end_us)},
    {"maxRuns", read_max_runs, offsetof(struct schedule, max_runs)},
    {"jitter", read_duration, offsetof(struct schedule, jitter_us)},
    {"calendars", read_calendars, 0},
    {"condition", read_condition, offsetof(struct schedule, condition)},
    {"tasks", read_tasks, 0},
    {"overlap", read_overlap, offsetof(struct schedule, overlap)},
    {"misfire", read_misfire, offsetof(struct schedule, misfire)},
    {"misfireWindow", read_duration, offsetof(struct schedule, misfire_window_us)},
    {"onLost", read_on_lost, offsetof(struct schedule, on_lost)},
    {"keep", read_keep, offsetof(struct schedule, keep_us)},
    {"misfireMax", read_misfire_max, offsetof(struct schedule, misfire_max)},
    {"priority", read_priority, offsetof(struct schedule, priority)},
    {"group", read_string, offsetof(struct schedule, group)},
    {"notify", read_notify, 0},
};

int
definition_read(struct arena *a, const struct json *value, const char *default_zone,
    int64_t now_us, struct schedule *s, struct err *err)
{
	struct reader r = {
	    .arena = a, .err = err, .default_zone = default_zone, .now_us = now_us};
	const struct json *name = json_member(value, "name");
	int ret;

	if (name && json_is(name, JSON_STRING))
		r.seed = cron_seed(name->text);

	*s = (struct schedule){
	    .description = "",
	    .type = SCHEDULE_TYPE_DEFAULT,
	    .start_us = INT64_MIN,
	    .end_us = INSTANT_NEVER,
	    .misfire_window_us = SCHEDULE_WINDOW_US,
	    .keep_us = SCHEDULE_KEEP_US,
	};
	ret = read_members(&r, value, schedule_fields, COUNT(schedule_fields), s);
	return ret ? ret : schedule_validate(s, err);
}

/* ---- writing ---- */

static void
write_calendars(struct json_writer *w, const struct schedule *s)
{
	json_name(w, "calendars");
	if (!s->calendar_count) {
		json_null(w);
		return;
	}
	json_object(w);
	write_strings(w, "exclude", s->calendars, s->calendar_count);
	write_string(w, "onExcluded", on_excluded_words[s->on_excluded]);
	json_end_object(w);
}

void
definition_write(struct json_writer *w, const struct schedule *s)
{
	write_string(w, "name", s->name);
	write_string(w, "description", s->description);
	write_strings(w, "tags", s->tags, s->tag_count);
	json_name(w, "scheduleType");
	json_number(w, s->type);
	write_triggers(w, s);
	write_instant(w, "startDate", s->start_us);
	write_instant(w, "endDate", s->end_us);
	json_name(w, "maxRuns");
	if (s->max_runs)
		json_number(w, s->max_runs);
	else
		json_null(w);
	write_duration(w, "jitter", s->jitter_us);
	write_calendars(w, s);
	write_condition(w, s);
	write_tasks(w, s);
	write_string(w, "overlap", overlap_words[s->overlap]);
	write_string(w, "misfire", misfire_words[s->misfire]);
	write_duration(w, "misfireWindow", s->misfire_window_us);
	write_string(w, "onLost", on_lost_words[s->on_lost]);
	json_name(w, "keep");
	json_object(w);
	json_name(w, "days");
	json_number(w, s->keep_us / DAY_US);
	json_end_object(w);
	/* Only where they are asked for: most are equal, and in no group. */
	if (s->misfire_max) {
		json_name(w, "misfireMax");
		json_number(w, s->misfire_max);
	}
	if (s->priority) {
		json_name(w, "priority");
		json_number(w, s->priority);
	}
	if (s->group)
		write_string(w, "group", s->group);
	write_notify(w, s);
}
