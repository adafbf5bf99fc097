/*
 * Schedules: see schedule.h. A definition that passes here can be stored, planned and run as it
 * stands: sizes are bounded, so that nothing later has to ask whether they are.
 *
 * Texts of errors never repeat what was given: it may be long, or no text at all.
 */
#include "model/schedule.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "model/after.h"
#include "model/group.h"
#include "model/http.h"
#include "model/notify.h"
#include "model/retry.h"
#include "model/task_text.h"

#define TIMEOUT_MAX_US (365 * DAY_US)
#define SPAN_MAX_US    (36500 * DAY_US)
#define JITTER_MAX_US  DAY_US

/* The JSON name of the member that is looked at: `tasks[0].command`. */
struct member {
	char name[64];
};

static struct member member(const char *fmt, ...) PRINTF_LIKE(1, 2);

static struct member
member(const char *fmt, ...)
{
	struct member m;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(m.name, sizeof m.name, fmt, ap);
	va_end(ap);
	return m;
}

static int
missing(struct err *err, struct member m)
{
	return err_fail(err, ERR_INPUT, "Missing value: %s", m.name);
}

static int
invalid(struct err *err, struct member m, const char *mend)
{
	return err_fail(err, ERR_INPUT, "Invalid value: %s: %s", m.name, mend);
}

/* Does a well-formed text have a control character (C0, DEL, C1) that is not in `allowed`? */
static bool
has_control(const char *text, const char *allowed)
{
	for (; *text; text++) {
		if (utf8_control(text) && !strchr(allowed, *text))
			return true;
	}
	return false;
}

static int
check_utf8(const char *text, struct member m, struct err *err)
{
	if (!utf8_valid(text, strlen(text)))
		return invalid(err, m, "must be UTF-8");
	return 0;
}

/* One line of text, not empty. */
static int
check_line(const char *text, size_t max_points, struct member m, struct err *err)
{
	int ret;

	if (!text || !*text)
		return missing(err, m);
	ret = check_utf8(text, m, err);
	if (ret)
		return ret;
	if (has_control(text, ""))
		return invalid(err, m, "must have no control characters");
	if (utf8_length(text, strlen(text)) > max_points)
		return err_fail(err, ERR_INPUT,
		    "Invalid value: %s: must have at most %zu characters", m.name, max_points);
	return 0;
}

static int
check_count(size_t count, size_t max, struct member m, struct err *err)
{
	if (count > max)
		return err_fail(err, ERR_INPUT,
		    "Invalid value: %s: must have at most %zu entries", m.name, max);
	return 0;
}

static int
check_span(int64_t us, int64_t min_us, int64_t max_us, struct member m, struct err *err)
{
	char low[INSTANT_TEXT], high[INSTANT_TEXT];

	if (us >= min_us && us <= max_us)
		return 0;
	duration_format(min_us, low);
	duration_format(max_us, high);
	return err_fail(
	    err, ERR_INPUT, "Invalid value: %s: must be within %s and %s", m.name, low, high);
}

static int
check_tags(const struct schedule *s, struct err *err)
{
	int ret = check_count(s->tag_count, SCHEDULE_TAGS_MAX, member("tags"), err);

	for (size_t i = 0; !ret && i < s->tag_count; i++) {
		ret = check_line(s->tags[i], SCHEDULE_NAME_MAX, member("tags[%zu]", i), err);
		for (size_t j = 0; !ret && j < i; j++) {
			if (!strcmp(s->tags[i], s->tags[j]))
				ret = err_fail(err, ERR_INPUT,
				    "Invalid value: tags[%zu]: is the same as tags[%zu]; leave "
				    "one out",
				    i, j);
		}
	}
	return ret;
}

static int
check_calendars(const struct schedule *s, struct err *err)
{
	int ret = check_count(
	    s->calendar_count, SCHEDULE_CALENDARS_MAX, member("calendars.exclude"), err);

	for (size_t i = 0; !ret && i < s->calendar_count; i++) {
		ret = check_line(s->calendars[i], SCHEDULE_NAME_MAX,
		    member("calendars.exclude[%zu]", i), err);
		for (size_t j = 0; !ret && j < i; j++) {
			if (!strcmp(s->calendars[i], s->calendars[j]))
				ret = err_fail(err, ERR_INPUT,
				    "Invalid value: calendars.exclude[%zu]: is the same as "
				    "calendars.exclude[%zu]; leave one out",
				    i, j);
		}
	}
	return ret;
}

static int
check_trigger(const struct trigger *t, size_t i, struct err *err)
{
	switch (t->kind) {
	case TRIGGER_CRON:
	case TRIGGER_RRULE:
		if (!t->expression || !*t->expression)
			return missing(
			    err, member(t->kind == TRIGGER_CRON ? "triggers[%zu].cron"
								: "triggers[%zu].rrule",
				     i));
		if (!t->time_zone || !*t->time_zone)
			return missing(err, member("triggers[%zu].timeZone", i));
		return 0;
	case TRIGGER_EVERY:
		return check_span(
		    t->every_us, SECOND_US, SPAN_MAX_US, member("triggers[%zu].every", i), err);
	case TRIGGER_AT:
		if (t->at_us >= TRIGGER_END_US)
			return invalid(
			    err, member("triggers[%zu].at", i), "must be before the year 3000");
		return 0;
	case TRIGGER_REBOOT:
		return 0;
	}
	return invalid(err, member("triggers[%zu]", i),
	    "must be one of cron, every, at, rrule and reboot");
}

static bool
has_parent_component(const char *path)
{
	for (const char *p = path; (p = strstr(p, "..")); p += 2) {
		if ((p == path || p[-1] == '/') && (p[2] == '/' || !p[2]))
			return true;
	}
	return false;
}

static int
check_placeholders(const char *text, unsigned rules, struct member m, struct err *err)
{
	struct err why;

	return placeholder_check(text, rules, &why) ? invalid(err, m, why.text) : 0;
}

/* `of`: whose command it is. */
static int
check_argv(const struct task_def *t, struct member of, struct err *err)
{
	struct member m = member("%s.command", of.name);
	int ret;

	if (!t->argc || !t->argv[0] || !*t->argv[0])
		return missing(err, m);
	ret = check_count(t->argc, SCHEDULE_ARGV_MAX, m, err);
	for (size_t k = 0; !ret && k < t->argc; k++)
		ret = check_utf8(t->argv[k], member("%s[%zu]", m.name, k), err);
	for (size_t k = 0; !ret && k < t->argc; k++)
		ret =
		    check_placeholders(t->argv[k], PLACEHOLDER_ARGUMENT | PLACEHOLDER_NO_SECRET,
			member("%s[%zu]", m.name, k), err);
	if (ret)
		return ret;
	if (t->argv[0][0] != '/')
		return invalid(err, m, "must begin with an absolute path");
	if (has_parent_component(t->argv[0]))
		return invalid(err, m, "must begin with a path that has no `..`");
	if (has_control(t->argv[0], ""))
		return invalid(err, m, "must begin with a path without control characters");
	return 0;
}

static bool
is_env_name(const char *name)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
	static const char digits[] = "0123456789";
	const char *p = name;

	if (!*p || !strchr(letters, *p))
		return false;
	while (*p && (strchr(letters, *p) || strchr(digits, *p)))
		p++;
	return !*p;
}

static int
check_env(const struct task_def *t, size_t i, struct err *err)
{
	struct member m = member("tasks[%zu].env", i);
	int ret = check_count(t->env_count, SCHEDULE_ENV_MAX, m, err);

	for (size_t k = 0; !ret && k < t->env_count; k++) {
		const char *name = t->env[k].name;

		if (!is_env_name(name))
			return invalid(
			    err, m, "names must be letters, digits and `_`, no digit first");
		if (!strncmp(name, "CARILLON_", 9))
			return invalid(
			    err, m, "names that begin with CARILLON_ are set by the server");
		for (size_t j = 0; j < k; j++) {
			if (!strcmp(name, t->env[j].name))
				return invalid(err, m, "a name is there twice");
		}
		ret = check_utf8(t->env[k].value, m, err);
		if (!ret)
			ret = check_placeholders(t->env[k].value, 0, m, err);
	}
	return ret;
}

/* What only a command has; a member that says nothing would be silently ignored. */
static int
check_request(const struct task_def *t, size_t i, struct err *err)
{
	const struct {
		const char *name;
		bool there;
	} members[] = {{"env", t->env_count}, {"cwd", t->cwd}, {"acceptArgs", t->accept_args},
	    {"resultFile", t->result_file}};

	if (t->argc)
		return invalid(err, member("tasks[%zu]", i),
		    "has a command and an http request; make two tasks of it");
	for (size_t k = 0; k < sizeof members / sizeof *members; k++) {
		if (members[k].there)
			return invalid(err, member("tasks[%zu].%s", i, members[k].name),
			    "only a command has one; leave it out");
	}
	if (!process_equals(&t->process, &(struct task_process){0}))
		return invalid(err, member("tasks[%zu]", i),
		    "an http request has no process: leave out stdin, user, group, umask, nice "
		    "and limits");
	return http_validate(t->http, member("tasks[%zu].http", i).name, err);
}

/* The name of a file in a directory, and of no other. */
static int
check_result_file(const char *name, struct member m, struct err *err)
{
	int ret = check_line(name, SCHEDULE_RESULT_FILE_MAX, m, err);

	if (ret)
		return ret;
	if (strlen(name) > SCHEDULE_RESULT_FILE_MAX)
		return err_fail(err, ERR_INPUT, "Invalid value: %s: must have at most %d bytes",
		    m.name, SCHEDULE_RESULT_FILE_MAX);
	if (strchr(name, '/') || !strcmp(name, ".") || !strcmp(name, ".."))
		return invalid(err, m, "must be the name of a file, without a directory");
	return 0;
}

static int
check_retries(const struct task_def *t, size_t i, struct err *err)
{
	const struct retries *r = &t->retries;
	int ret;

	if (!r->max)
		return 0;
	if (r->max > SCHEDULE_RETRIES_MAX)
		return err_fail(err, ERR_INPUT,
		    "Invalid value: tasks[%zu].retries.max: must be within 0 and %d", i,
		    SCHEDULE_RETRIES_MAX);
	if (r->factor < RETRY_FACTOR_UNIT || r->factor > RETRY_FACTOR_MAX)
		return err_fail(err, ERR_INPUT,
		    "Invalid value: tasks[%zu].retries.factor: must be within 1 and %d", i,
		    RETRY_FACTOR_MAX / RETRY_FACTOR_UNIT);
	ret = check_span(
	    r->delay_us, 0, TIMEOUT_MAX_US, member("tasks[%zu].retries.delay", i), err);
	if (!ret)
		ret = check_span(r->jitter_us, 0, TIMEOUT_MAX_US,
		    member("tasks[%zu].retries.jitter", i), err);
	if (!ret)
		ret = check_span(r->max_delay_us, 0, TIMEOUT_MAX_US,
		    member("tasks[%zu].retries.maxDelay", i), err);
	if (!ret && r->max_delay_us < r->delay_us)
		ret = invalid(err, member("tasks[%zu].retries.maxDelay", i),
		    "must not be shorter than delay");
	if (!ret)
		ret = check_count(r->on_count, SCHEDULE_RETRY_CAUSES_MAX,
		    member("tasks[%zu].retries.on", i), err);
	for (size_t k = 0; !ret && k < r->on_count; k++) {
		if (!retry_cause_valid(r->on[k], t->http))
			ret = invalid(err, member("tasks[%zu].retries.on[%zu]", i, k),
			    t->http ? "must be a status such as \"503\", \"500-504\" or "
				      "\"5xx\", timeout or unstarted"
				    : "must be an exit code from 1 to 255, a range such as "
				      "\"64-78\", signal, timeout or unstarted");
	}
	return ret;
}

static int
check_task(const struct schedule *s, size_t i, struct err *err)
{
	const struct task_def *t = &s->tasks[i];
	int ret;

	ret = check_line(t->name, SCHEDULE_TASK_NAME_MAX, member("tasks[%zu].name", i), err);
	if (ret)
		return ret;
	for (size_t j = 0; j < i; j++) {
		if (!strcmp(t->name, s->tasks[j].name))
			return err_fail(err, ERR_INPUT,
			    "Invalid value: tasks[%zu].name: is the name of tasks[%zu] too; "
			    "give each its own",
			    i, j);
	}
	ret = t->http ? check_request(t, i, err) : check_argv(t, member("tasks[%zu]", i), err);
	if (!ret)
		ret = check_env(t, i, err);
	if (!ret && t->cwd && t->cwd[0] != '/')
		ret = invalid(err, member("tasks[%zu].cwd", i), "must be an absolute path");
	if (!ret && t->cwd)
		ret = check_line(t->cwd, SCHEDULE_BYTES_MAX, member("tasks[%zu].cwd", i), err);
	if (!ret)
		ret = check_span(
		    t->timeout_us, 0, TIMEOUT_MAX_US, member("tasks[%zu].timeout", i), err);
	if (!ret)
		ret = check_span(t->kill_grace_us, 0, TIMEOUT_MAX_US,
		    member("tasks[%zu].killGrace", i), err);
	if (!ret && t->result_file)
		ret =
		    check_result_file(t->result_file, member("tasks[%zu].resultFile", i), err);
	if (!ret)
		ret = check_retries(t, i, err);
	if (!ret)
		ret = check_count(
		    t->after_count, SCHEDULE_TASKS_MAX, member("tasks[%zu].after", i), err);
	if (!ret)
		ret = task_check_results(s, i, err);
	if (!ret)
		ret = process_validate(&t->process, member("tasks[%zu]", i).name, err);
	return ret;
}

static int
check_condition(const struct task_def *t, struct err *err)
{
	int ret = check_argv(t, member("condition"), err);

	if (!ret)
		ret = process_validate(&t->process, "condition", err);
	return ret ? ret
		   : check_span(
			 t->timeout_us, 0, TIMEOUT_MAX_US, member("condition.timeout"), err);
}

/* With its NUL, so that empty strings have a price too. */
static size_t
string_bytes(const char *s)
{
	return s ? strlen(s) + 1 : 0;
}

static size_t
task_bytes(const struct task_def *t)
{
	size_t n = string_bytes(t->name) + string_bytes(t->cwd) + string_bytes(t->result_file);

	for (size_t i = 0; i < t->argc; i++)
		n += string_bytes(t->argv[i]);
	for (size_t i = 0; i < t->env_count; i++)
		n += string_bytes(t->env[i].name) + string_bytes(t->env[i].value);
	for (size_t i = 0; i < t->after_count; i++)
		n += string_bytes(t->after[i].task);
	if (t->http)
		n += http_bytes(t->http);
	for (size_t i = 0; i < t->retries.on_count; i++)
		n += string_bytes(t->retries.on[i]);
	return n + process_bytes(&t->process);
}

static int
check_bytes(const struct schedule *s, struct err *err)
{
	size_t n =
	    string_bytes(s->name) + string_bytes(s->description) + string_bytes(s->group);

	for (size_t i = 0; i < s->tag_count; i++)
		n += string_bytes(s->tags[i]);
	for (size_t i = 0; i < s->calendar_count; i++)
		n += string_bytes(s->calendars[i]);
	for (size_t i = 0; i < s->trigger_count; i++)
		n += string_bytes(s->triggers[i].expression) +
		     string_bytes(s->triggers[i].time_zone);
	if (s->condition)
		n += task_bytes(s->condition);
	for (size_t i = 0; i < s->task_count; i++)
		n += task_bytes(&s->tasks[i]);
	n += notify_bytes(s);
	if (n > SCHEDULE_BYTES_MAX)
		return err_fail(err, ERR_INPUT,
		    "Invalid value: tasks: all texts of a schedule together may have %d bytes; "
		    "these have %zu",
		    SCHEDULE_BYTES_MAX, n);
	return 0;
}

int
schedule_check_group(const char *name, const char *at, struct err *err)
{
	return check_line(name, GROUP_NAME_MAX, member("%s", at), err);
}

static int
check_head(const struct schedule *s, struct err *err)
{
	int ret = check_line(s->name, SCHEDULE_NAME_MAX, member("name"), err);

	if (!ret)
		ret = check_utf8(s->description, member("description"), err);
	if (ret)
		return ret;
	if (has_control(s->description, "\t\n\r"))
		return invalid(err, member("description"),
		    "must have no control characters but tabs and line ends");
	if (strlen(s->description) > SCHEDULE_DESCRIPTION_MAX)
		return err_fail(err, ERR_INPUT,
		    "Invalid value: description: must have at most %d bytes",
		    SCHEDULE_DESCRIPTION_MAX);
	if (s->type < 0 || s->type > SCHEDULE_TYPE_MAX)
		return err_fail(err, ERR_INPUT,
		    "Invalid value: scheduleType: must be within 0 and %d", SCHEDULE_TYPE_MAX);
	if (s->start_us >= s->end_us)
		return invalid(err, member("endDate"), "must be later than startDate");
	if (s->misfire_max > SCHEDULE_MISFIRE_MAX)
		return err_fail(err, ERR_INPUT,
		    "Invalid value: misfireMax: must be a whole number from 1 to %d",
		    SCHEDULE_MISFIRE_MAX);
	if (s->priority < -SCHEDULE_PRIORITY_MAX || s->priority > SCHEDULE_PRIORITY_MAX)
		return err_fail(err, ERR_INPUT,
		    "Invalid value: priority: must be within %d and %d", -SCHEDULE_PRIORITY_MAX,
		    SCHEDULE_PRIORITY_MAX);
	ret = s->group ? schedule_check_group(s->group, "group", err) : 0;
	if (ret)
		return ret;
	if (s->max_runs < 0 || s->max_runs > SCHEDULE_MAX_RUNS_MAX)
		return err_fail(err, ERR_INPUT,
		    "Invalid value: maxRuns: must be a whole number from 1 to %d",
		    SCHEDULE_MAX_RUNS_MAX);
	ret = check_span(s->jitter_us, 0, JITTER_MAX_US, member("jitter"), err);
	if (!ret)
		ret = check_span(
		    s->misfire_window_us, 0, SPAN_MAX_US, member("misfireWindow"), err);
	if (!ret)
		ret = check_span(
		    s->keep_us, SCHEDULE_KEEP_US, SPAN_MAX_US, member("keep.days"), err);
	return ret;
}

int
schedule_validate(const struct schedule *s, struct err *err)
{
	int ret = check_head(s, err);

	if (!ret)
		ret = check_tags(s, err);
	if (!ret)
		ret = check_count(
		    s->trigger_count, SCHEDULE_TRIGGERS_MAX, member("triggers"), err);
	for (size_t i = 0; !ret && i < s->trigger_count; i++)
		ret = check_trigger(&s->triggers[i], i, err);
	if (!ret)
		ret = check_calendars(s, err);
	if (!ret && s->condition)
		ret = check_condition(s->condition, err);
	if (!ret && !s->task_count)
		ret = missing(err, member("tasks"));
	if (!ret)
		ret = check_count(s->task_count, SCHEDULE_TASKS_MAX, member("tasks"), err);
	for (size_t i = 0; !ret && i < s->task_count; i++)
		ret = check_task(s, i, err);
	if (!ret)
		ret = after_validate(s, err);
	if (!ret)
		ret = notify_validate(s, err);
	if (!ret)
		ret = check_bytes(s, err);
	return ret;
}

bool
schedule_is_suspended(const struct schedule_state *state, int64_t at_us)
{
	return state->suspended &&
	       (state->suspended_until_us == 0 || at_us < state->suspended_until_us);
}

void
schedule_end_suspension(struct schedule_state *state)
{
	state->suspended = false;
	state->suspended_by = 0;
	state->suspended_us = 0;
	state->suspended_until_us = 0;
	state->suspended_reason = NULL;
}

bool
schedule_is_given_up(const struct schedule_state *state)
{
	return state->suspended && state->suspended_until_us == 0 &&
	       state->next_due_us == INSTANT_NEVER && state->range_due_us != INSTANT_NEVER;
}

int64_t
schedule_spread(const struct schedule *s, int64_t due_us)
{
	/* Whole milliseconds: that is how far instants are shown. */
	const int64_t step_us = SECOND_US / 1000;

	return s->jitter_us < step_us
		   ? 0
		   : (int64_t)(cron_scatter(cron_scatter(s->id) ^ (uint64_t)due_us) %
			       (uint64_t)(s->jitter_us / step_us + 1)) *
			 step_us;
}

int64_t
schedule_firing_time(const struct schedule *s, int64_t due_us)
{
	return due_us == INSTANT_NEVER ? due_us : due_us + schedule_spread(s, due_us);
}

int64_t
schedule_planned(const struct schedule_state *state)
{
	return state->next_due_us == INSTANT_NEVER ? INSTANT_NEVER
						   : state->next_due_us + state->spread_us;
}

bool
schedule_awaits_boot(const struct schedule *s)
{
	for (size_t i = 0; i < s->trigger_count; i++) {
		if (s->triggers[i].kind == TRIGGER_REBOOT)
			return true;
	}
	return false;
}

void
schedule_know_boot(struct schedule *s, int64_t boot_us)
{
	for (size_t i = 0; i < s->trigger_count; i++) {
		if (s->triggers[i].kind == TRIGGER_REBOOT)
			s->triggers[i].boot_us = boot_us;
	}
}

bool
schedule_is_used_up(const struct schedule *s, const struct schedule_state *state)
{
	return s->max_runs && state->runs >= (uint64_t)s->max_runs;
}

int
schedule_plan_next(const struct schedule *s, const struct schedule_state *state,
    struct zones *zones, int64_t after_us, int64_t *due_us, struct err *err)
{
	if (!schedule_is_used_up(s, state))
		return schedule_next_due(s, zones, after_us, due_us, err);
	*due_us = INSTANT_NEVER;
	return 0;
}

int
schedule_trigger_next(const struct schedule *s, size_t trigger, struct zones *zones,
    int64_t after_us, int64_t *due_us, struct err *err)
{
	const struct trigger *t = &s->triggers[trigger];
	const struct zone *zone = NULL;
	int ret;

	/* A due time at the very start counts. */
	if (s->start_us > INT64_MIN && after_us < s->start_us - 1)
		after_us = s->start_us - 1;
	/* A one-shot may be past when the schedule is made; a timetable begins with it. */
	if (t->kind != TRIGGER_AT && t->kind != TRIGGER_REBOOT && after_us < s->created_us)
		after_us = s->created_us;
	if (trigger_is_local(t)) {
		ret = zones_get(zones, t->time_zone, &zone, err);
		if (ret)
			return err_wrap(
			    err, ret, "Invalid value: triggers[%zu].timeZone", trigger);
	}
	*due_us = trigger_next(t, zone, after_us);
	if (*due_us >= s->end_us)
		*due_us = INSTANT_NEVER;
	return 0;
}

int
schedule_next_due(const struct schedule *s, struct zones *zones, int64_t after_us,
    int64_t *due_us, struct err *err)
{
	int64_t first_us = INSTANT_NEVER;

	for (size_t i = 0; i < s->trigger_count; i++) {
		int64_t next_us;
		int ret = schedule_trigger_next(s, i, zones, after_us, &next_us, err);

		if (ret)
			return ret;
		if (next_us < first_us)
			first_us = next_us;
	}
	*due_us = first_us;
	return 0;
}

/* Nothing is due between `high` and `before_us`; what is due last is `low`, or between the two,
 * and that stretch is halved until it is empty. */
int
schedule_last_due(const struct schedule *s, struct zones *zones, int64_t after_us,
    int64_t before_us, int64_t *due_us, struct err *err)
{
	int64_t low_us = after_us, high_us = before_us, next_us;

	*due_us = INSTANT_NEVER;
	while (low_us < high_us) {
		/* Both may be far out. */
		int64_t middle_us =
		    low_us + (int64_t)(((uint64_t)high_us - (uint64_t)low_us) / 2);
		int ret = schedule_next_due(s, zones, middle_us, &next_us, err);

		if (ret)
			return ret;
		if (next_us < before_us)
			*due_us = low_us = next_us;
		else
			high_us = middle_us;
	}
	return 0;
}
