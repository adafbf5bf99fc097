/* The tasks of a definition, and its condition: see definition.h. */
#include <stdlib.h>
#include <string.h>

#include "model/http.h"
#include "wire/member.h"

static const char *const when_words[] = {"succeeded", "failed", "always"};
static const char *const match_words[] = {"all", "any"};

static int
read_command(struct reader *r, const struct json *value, void *at)
{
	struct task_def *t = at;

	return read_strings(r, value, SCHEDULE_ARGV_MAX, &t->argv, &t->argc);
}

static int
read_env(struct reader *r, const struct json *value, void *at)
{
	struct task_def *t = at;
	const struct json *m = value->first;
	int ret = 0;

	if (!json_is(value, JSON_OBJECT))
		return refuse(r, "must be an object");
	t->env_count = value->count <= SCHEDULE_ENV_MAX ? value->count : SCHEDULE_ENV_MAX + 1;
	t->env = arena_array(r->arena, t->env_count, sizeof *t->env);
	for (size_t i = 0; !ret && i < t->env_count; i++, m = m->next) {
		size_t back = push_member(r, m->name);

		t->env[i].name = m->name;
		ret = read_string(r, m, &t->env[i].value);
		path_pop(r, back);
	}
	return ret;
}

static const struct field condition_fields[] = {
    {"command", read_command, 0},
    {"timeout", read_duration, offsetof(struct task_def, timeout_us)},
    {"user", read_string, offsetof(struct task_def, process.user)},
    {"group", read_string, offsetof(struct task_def, process.group)},
};

/* It has no name of its own in a definition. */
int
read_condition(struct reader *r, const struct json *value, void *at)
{
	struct task_def *t = arena_array(r->arena, 1, sizeof *t);

	t->name = "condition";
	t->kill_grace_us = TASK_GRACE_US;
	*(struct task_def **)at = t;
	return read_members(r, value, condition_fields, COUNT(condition_fields), t);
}

/* ---- retries ---- */

static int
read_retry_max(struct reader *r, const struct json *value, void *at)
{
	int64_t n = 0;
	int ret = read_number(r, value, 0, SCHEDULE_RETRIES_MAX, &n);

	*(uint32_t *)at = (uint32_t)n;
	return ret;
}

/* 2, 1.5, 1.25. */
static int
read_factor(struct reader *r, const struct json *value, void *at)
{
	const char *text, *point;
	size_t whole, part;

	if (!json_is(value, JSON_NUMBER))
		return refuse(r, "must be a number such as 2 or 1.5");
	text = value->text;
	whole = strspn(text, "0123456789");
	point = text + whole;
	part = *point == '.' ? strspn(point + 1, "0123456789") : 0;
	if (!whole || whole > 2 || part > 2 || point[*point == '.' ? part + 1 : 0])
		return refuse(r,
		    "must be a number from 1 to 10 with two digits behind the point at most");
	*(uint32_t *)at = (uint32_t)strtoul(text, NULL, 10) * RETRY_FACTOR_UNIT;
	if (part)
		*(uint32_t *)at +=
		    (uint32_t)strtoul(point + 1, NULL, 10) * (part == 1 ? 10 : 1);
	return 0;
}

/* Exit codes may be numbers. */
static int
read_causes(struct reader *r, const struct json *value, void *at)
{
	struct retries *retries = at;
	const struct json *element = value->first;
	int ret = read_list(r, value, SCHEDULE_RETRY_CAUSES_MAX, sizeof *retries->on,
	    &retries->on, &retries->on_count);

	for (size_t i = 0; !ret && i < retries->on_count; i++, element = element->next) {
		size_t back = path_push(r, "[%zu]", i);

		if (json_is(element, JSON_NUMBER))
			retries->on[i] = element->text;
		else
			ret = read_string(r, element, &retries->on[i]);
		path_pop(r, back);
	}
	return ret;
}

static const struct field retry_fields[] = {
    {"max", read_retry_max, offsetof(struct retries, max)},
    {"delay", read_duration, offsetof(struct retries, delay_us)},
    {"factor", read_factor, offsetof(struct retries, factor)},
    {"maxDelay", read_duration, offsetof(struct retries, max_delay_us)},
    {"jitter", read_duration, offsetof(struct retries, jitter_us)},
    {"on", read_causes, 0},
};

/* Without a retry the rest of the policy says nothing. */
static int
read_retries(struct reader *r, const struct json *value, void *at)
{
	struct retries *retries = at;
	int ret;

	retries->delay_us = RETRY_DELAY_US;
	retries->factor = RETRY_FACTOR;
	ret = read_members(r, value, retry_fields, COUNT(retry_fields), retries);
	if (ret)
		return ret;
	if (!has(value, "maxDelay"))
		retries->max_delay_us = retries->delay_us > RETRY_DELAY_MAX_US
					    ? retries->delay_us
					    : RETRY_DELAY_MAX_US;
	for (size_t i = 0; !retries->max && i < COUNT(retry_fields); i++) {
		if (!has(value, retry_fields[i].name) || !strcmp(retry_fields[i].name, "max"))
			continue;
		push_member(r, retry_fields[i].name);
		return refuse(r, "says nothing without max; give max from 1 on");
	}
	if (!retries->max)
		*retries = (struct retries){0};
	return 0;
}

/* ---- after ---- */

static int
read_when(struct reader *r, const struct json *value, void *at)
{
	size_t i = 0;
	int ret = read_word(r, value, when_words, COUNT(when_words), &i);

	*(enum after_when *)at = AFTER_SUCCEEDED + i;
	return ret;
}

static const struct field after_fields[] = {
    {"task", read_string, offsetof(struct task_after, task)},
    {"when", read_when, offsetof(struct task_after, when)},
};

static int
read_after(struct reader *r, const struct json *value, void *at)
{
	struct task_def *t = at;
	const struct json *element = value->first;
	int ret = read_list(
	    r, value, SCHEDULE_TASKS_MAX, sizeof *t->after, &t->after, &t->after_count);

	for (size_t i = 0; !ret && i < t->after_count; i++, element = element->next) {
		size_t back = path_push(r, "[%zu]", i);

		t->after[i].when = AFTER_SUCCEEDED;
		ret = read_members(r, element, after_fields, COUNT(after_fields), &t->after[i]);
		path_pop(r, back);
	}
	return ret;
}

static int
read_after_match(struct reader *r, const struct json *value, void *at)
{
	size_t i = 0;
	int ret = read_word(r, value, match_words, COUNT(match_words), &i);

	*(bool *)at = i;
	return ret;
}

static const struct field task_fields[] = {
    {"name", read_string, offsetof(struct task_def, name)},
    {"command", read_command, 0},
    {"env", read_env, 0},
    {"cwd", read_string, offsetof(struct task_def, cwd)},
    {"timeout", read_duration, offsetof(struct task_def, timeout_us)},
    {"killGrace", read_duration, offsetof(struct task_def, kill_grace_us)},
    {"acceptArgs", read_bool, offsetof(struct task_def, accept_args)},
    {"stdin", read_string, offsetof(struct task_def, process.input)},
    {"user", read_string, offsetof(struct task_def, process.user)},
    {"group", read_string, offsetof(struct task_def, process.group)},
    {"umask", read_umask, 0},
    {"nice", read_nice, offsetof(struct task_def, process.nice)},
    {"limits", read_limits, offsetof(struct task_def, process)},
    {"cgroup", read_not_served, 0},
    {"http", read_http, offsetof(struct task_def, http)},
    {"retries", read_retries, offsetof(struct task_def, retries)},
    {"resultFile", read_string, offsetof(struct task_def, result_file)},
    {"after", read_after, 0},
    {"afterMatch", read_after_match, offsetof(struct task_def, after_any)},
};

/* A request ends at once when it is told to, and never waits for ever. One whose target reports later
 * has its heartbeat. */
static int
settle_request(struct reader *r, const struct json *value, struct task_def *t)
{
	if (has(value, "killGrace")) {
		push_member(r, "killGrace");
		return refuse(r, "only a command has one; leave it out");
	}
	t->kill_grace_us = 0;
	if (!has(value, "timeout") && !t->http->async)
		t->timeout_us = HTTP_TIMEOUT_US;
	return 0;
}

int
read_tasks(struct reader *r, const struct json *value, void *at)
{
	struct schedule *s = at;
	const struct json *element = value->first;
	int ret = read_list(
	    r, value, SCHEDULE_TASKS_MAX, sizeof *s->tasks, &s->tasks, &s->task_count);

	for (size_t i = 0; !ret && i < s->task_count; i++, element = element->next) {
		size_t back = path_push(r, "[%zu]", i);

		s->tasks[i].kill_grace_us = TASK_GRACE_US;
		ret = read_members(r, element, task_fields, COUNT(task_fields), &s->tasks[i]);
		if (!ret && s->tasks[i].http)
			ret = settle_request(r, element, &s->tasks[i]);
		path_pop(r, back);
	}
	return ret;
}

/* ---- writing ---- */

static void
write_after(struct json_writer *w, const struct task_def *t)
{
	json_name(w, "after");
	json_array(w);
	for (size_t i = 0; i < t->after_count; i++) {
		json_object(w);
		write_string(w, "task", t->after[i].task);
		write_string(w, "when", when_words[t->after[i].when - AFTER_SUCCEEDED]);
		json_end_object(w);
	}
	json_end_array(w);
	write_string(w, "afterMatch", match_words[t->after_any]);
}

/* null for none. */
static void
write_retries(struct json_writer *w, const struct retries *r)
{
	if (!r->max) {
		write_string(w, "retries", NULL);
		return;
	}
	json_name(w, "retries");
	json_object(w);
	json_name(w, "max");
	json_number(w, r->max);
	write_duration(w, "delay", r->delay_us);
	json_name(w, "factor");
	json_percent(w, r->factor, 100 * RETRY_FACTOR_UNIT);
	write_duration(w, "maxDelay", r->max_delay_us);
	write_duration(w, "jitter", r->jitter_us);
	write_strings(w, "on", r->on, r->on_count);
	json_end_object(w);
}

static void
write_command(struct json_writer *w, const struct task_def *t)
{
	write_strings(w, "command", t->argv, t->argc);
	json_name(w, "env");
	json_object(w);
	for (size_t i = 0; i < t->env_count; i++)
		write_string(w, t->env[i].name, t->env[i].value);
	json_end_object(w);
	write_string(w, "cwd", t->cwd);
	write_limit(w, "timeout", t->timeout_us);
	write_duration(w, "killGrace", t->kill_grace_us);
	json_name(w, "acceptArgs");
	json_bool(w, t->accept_args);
	write_string(w, "resultFile", t->result_file);
}

static void
write_task(struct json_writer *w, const struct task_def *t)
{
	json_object(w);
	write_string(w, "name", t->name);
	if (t->http) {
		write_http(w, t->http);
		write_limit(w, "timeout", t->timeout_us);
	} else {
		write_command(w, t);
	}
	write_retries(w, &t->retries);
	write_after(w, t);
	write_process(w, &t->process);
	json_end_object(w);
}

void
write_tasks(struct json_writer *w, const struct schedule *s)
{
	json_name(w, "tasks");
	json_array(w);
	for (size_t i = 0; i < s->task_count; i++)
		write_task(w, &s->tasks[i]);
	json_end_array(w);
}

void
write_condition(struct json_writer *w, const struct schedule *s)
{
	const struct task_def *t = s->condition;

	if (!t) {
		write_string(w, "condition", NULL);
		return;
	}
	json_name(w, "condition");
	json_object(w);
	write_strings(w, "command", t->argv, t->argc);
	write_limit(w, "timeout", t->timeout_us);
	write_process(w, &t->process);
	json_end_object(w);
}
