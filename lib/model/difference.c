/* Definitions compared, member by member: see difference.h. */
#include "model/difference.h"

#include <string.h>

#include "model/http.h"
#include "model/notify.h"

bool
same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

bool
same_texts(const char *const *a, size_t a_count, const char *const *b, size_t b_count)
{
	if (a_count != b_count)
		return false;
	for (size_t i = 0; i < a_count; i++) {
		if (strcmp(a[i], b[i]) != 0)
			return false;
	}
	return true;
}

static bool
same_name(const struct schedule *a, const struct schedule *b)
{
	return same_text(a->name, b->name);
}

static bool
same_description(const struct schedule *a, const struct schedule *b)
{
	return same_text(a->description, b->description);
}

static bool
same_tags(const struct schedule *a, const struct schedule *b)
{
	return same_texts(a->tags, a->tag_count, b->tags, b->tag_count);
}

static bool
same_type(const struct schedule *a, const struct schedule *b)
{
	return a->type == b->type;
}

/* Only what its kind reads counts. */
static bool
same_trigger(const struct trigger *a, const struct trigger *b)
{
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case TRIGGER_CRON:
		return same_text(a->expression, b->expression) &&
		       same_text(a->time_zone, b->time_zone) && a->dst_gap == b->dst_gap &&
		       a->dst_fold == b->dst_fold;
	case TRIGGER_RRULE:
		return same_text(a->expression, b->expression) && a->start_us == b->start_us &&
		       same_text(a->time_zone, b->time_zone) && a->dst_gap == b->dst_gap &&
		       a->dst_fold == b->dst_fold;
	case TRIGGER_EVERY:
		return a->every_us == b->every_us && a->anchor_us == b->anchor_us;
	case TRIGGER_AT:
		return a->at_us == b->at_us;
	case TRIGGER_REBOOT:
		return true;
	}
	return false;
}

static bool
same_triggers(const struct schedule *a, const struct schedule *b)
{
	if (a->trigger_count != b->trigger_count)
		return false;
	for (size_t i = 0; i < a->trigger_count; i++) {
		if (!same_trigger(&a->triggers[i], &b->triggers[i]))
			return false;
	}
	return true;
}

static bool
same_start(const struct schedule *a, const struct schedule *b)
{
	return a->start_us == b->start_us;
}

static bool
same_end(const struct schedule *a, const struct schedule *b)
{
	return a->end_us == b->end_us;
}

static bool
same_max_runs(const struct schedule *a, const struct schedule *b)
{
	return a->max_runs == b->max_runs;
}

static bool
same_jitter(const struct schedule *a, const struct schedule *b)
{
	return a->jitter_us == b->jitter_us;
}

static bool
same_env(const struct task_def *a, const struct task_def *b)
{
	if (a->env_count != b->env_count)
		return false;
	for (size_t i = 0; i < a->env_count; i++) {
		if (strcmp(a->env[i].name, b->env[i].name) != 0 ||
		    strcmp(a->env[i].value, b->env[i].value) != 0)
			return false;
	}
	return true;
}

static bool
same_after(const struct task_def *a, const struct task_def *b)
{
	if (a->after_count != b->after_count || a->after_any != b->after_any)
		return false;
	for (size_t i = 0; i < a->after_count; i++) {
		if (strcmp(a->after[i].task, b->after[i].task) != 0 ||
		    a->after[i].when != b->after[i].when)
			return false;
	}
	return true;
}

static bool
same_retries(const struct retries *a, const struct retries *b)
{
	return a->max == b->max && a->delay_us == b->delay_us && a->factor == b->factor &&
	       a->max_delay_us == b->max_delay_us && a->jitter_us == b->jitter_us &&
	       same_texts(a->on, a->on_count, b->on, b->on_count);
}

static bool
same_task(const struct task_def *a, const struct task_def *b)
{
	return same_text(a->name, b->name) && same_texts(a->argv, a->argc, b->argv, b->argc) &&
	       same_env(a, b) && same_text(a->cwd, b->cwd) && a->timeout_us == b->timeout_us &&
	       a->kill_grace_us == b->kill_grace_us && a->accept_args == b->accept_args &&
	       same_text(a->result_file, b->result_file) && same_after(a, b) &&
	       http_same(a->http, b->http) && same_retries(&a->retries, &b->retries) &&
	       process_equals(&a->process, &b->process);
}

static bool
same_condition(const struct schedule *a, const struct schedule *b)
{
	if (!a->condition || !b->condition)
		return !a->condition && !b->condition;
	return same_task(a->condition, b->condition);
}

static bool
same_tasks(const struct schedule *a, const struct schedule *b)
{
	if (a->task_count != b->task_count)
		return false;
	for (size_t i = 0; i < a->task_count; i++) {
		if (!same_task(&a->tasks[i], &b->tasks[i]))
			return false;
	}
	return true;
}

static bool
same_calendars(const struct schedule *a, const struct schedule *b)
{
	return same_texts(a->calendars, a->calendar_count, b->calendars, b->calendar_count) &&
	       a->on_excluded == b->on_excluded;
}

static bool
same_overlap(const struct schedule *a, const struct schedule *b)
{
	return a->overlap == b->overlap;
}

static bool
same_misfire(const struct schedule *a, const struct schedule *b)
{
	return a->misfire == b->misfire;
}

static bool
same_window(const struct schedule *a, const struct schedule *b)
{
	return a->misfire_window_us == b->misfire_window_us;
}

static bool
same_on_lost(const struct schedule *a, const struct schedule *b)
{
	return a->on_lost == b->on_lost;
}

static bool
same_keep(const struct schedule *a, const struct schedule *b)
{
	return a->keep_us == b->keep_us;
}

static bool
same_misfire_max(const struct schedule *a, const struct schedule *b)
{
	return a->misfire_max == b->misfire_max;
}

static bool
same_priority(const struct schedule *a, const struct schedule *b)
{
	return a->priority == b->priority;
}

static bool
same_group(const struct schedule *a, const struct schedule *b)
{
	return same_text(a->group, b->group);
}

/* As wire/definition.c writes them. */
static const struct {
	const char *name;
	bool (*same)(const struct schedule *a, const struct schedule *b);
} comparisons[SCHEDULE_MEMBERS] = {
    {"name", same_name},
    {"description", same_description},
    {"tags", same_tags},
    {"scheduleType", same_type},
    {"triggers", same_triggers},
    {"startDate", same_start},
    {"endDate", same_end},
    {"maxRuns", same_max_runs},
    {"jitter", same_jitter},
    {"calendars", same_calendars},
    {"condition", same_condition},
    {"tasks", same_tasks},
    {"overlap", same_overlap},
    {"misfire", same_misfire},
    {"misfireWindow", same_window},
    {"onLost", same_on_lost},
    {"keep", same_keep},
    {"misfireMax", same_misfire_max},
    {"priority", same_priority},
    {"group", same_group},
    {"notify", notify_same},
};

size_t
schedule_differences(
    const struct schedule *a, const struct schedule *b, const char *members[SCHEDULE_MEMBERS])
{
	size_t count = 0;

	for (size_t i = 0; i < SCHEDULE_MEMBERS; i++) {
		if (!comparisons[i].same(a, b))
			members[count++] = comparisons[i].name;
	}
	return count;
}
