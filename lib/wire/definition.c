/*
 * Schedule definitions as JSON: see definition.h.
 *
 * One table of members for each kind of object says which members there are, where they go and
 * how they are read; whatever is in no table is refused. A member that is null counts as absent:
 * the default stays. Bounds are schedule_validate()'s business: lists are read only one entry
 * further than it allows, so that it sees that there are too many.
 */
#include "wire/definition.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "calendar/rrule.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

enum { KEEP_DAYS_MIN = SCHEDULE_KEEP_US / DAY_US, KEEP_DAYS_MAX = 36500 };

struct reader {
	struct arena *arena;
	struct err *err;
	const char *default_zone;
	int64_t now_us;
	uint64_t seed;	/* of H in cron expressions: the schedule's name */
	char path[192]; /* of the value that is read: `tasks[0].command` */
	size_t path_len;
};

struct field {
	const char *name;
	int (*read)(struct reader *r, const struct json *value, void *at);
	size_t offset; /* of `at` in the object that is filled */
};

/* ---- where we are, and faults ---- */

static size_t path_push(struct reader *r, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Answers where path_pop() has to go back to. */
static size_t
path_push(struct reader *r, const char *fmt, ...)
{
	size_t back = r->path_len, room = sizeof r->path - back;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(r->path + back, room, fmt, ap);
	va_end(ap);
	r->path_len = back + ((size_t)n < room ? (size_t)n : room - 1);
	return back;
}

static void
path_pop(struct reader *r, size_t back)
{
	r->path_len = back;
	r->path[back] = '\0';
}

static size_t
push_member(struct reader *r, const char *name)
{
	return path_push(
	    r, "%s%s", r->path_len ? "." : "", json_shown(r->arena, *name ? name : "\"\""));
}

static int
refuse(struct reader *r, const char *mend)
{
	return err_fail(r->err, ERR_INPUT, "Invalid value: %s: %s",
	    r->path_len ? r->path : "definition", mend);
}

static int
read_not_served(struct reader *r, const struct json *value, void *at)
{
	(void)value;
	(void)at;
	return refuse(r, "not served");
}

/* ---- values ---- */

static int
read_string(struct reader *r, const struct json *value, void *at)
{
	const char **text = at;

	if (!json_is(value, JSON_STRING))
		return refuse(r, "must be a string");
	*text = value->text;
	return 0;
}

static int
read_bool(struct reader *r, const struct json *value, void *at)
{
	bool *b = at;

	if (!json_is(value, JSON_BOOL))
		return refuse(r, "must be true or false");
	*b = value->boolean;
	return 0;
}

static int
read_number(struct reader *r, const struct json *value, int64_t min, int64_t max, int64_t *n)
{
	if (json_integer(value, min, max, n))
		return err_fail(r->err, ERR_INPUT,
		    "Invalid value: %s: must be a whole number from %lld to %lld", r->path,
		    (long long)min, (long long)max);
	return 0;
}

static int
read_duration(struct reader *r, const struct json *value, void *at)
{
	if (!json_is(value, JSON_STRING) || duration_parse(value->text, at))
		return refuse(r, "must be a duration such as \"90s\", \"15m\", \"2h\", \"7d\"");
	return 0;
}

/* To the millisecond below: that is how far it can be written. */
static int
read_instant(struct reader *r, const struct json *value, void *at)
{
	int64_t *us = at, rest;

	if (!json_is(value, JSON_STRING) || instant_parse(value->text, us))
		return refuse(r, "must be a time such as \"2026-12-24T18:00:00+01:00\"");
	rest = *us % (SECOND_US / 1000);
	*us -= rest < 0 ? rest + SECOND_US / 1000 : rest;
	return 0;
}

/* One of `count` words; its index is the number that is durable. */
static int
read_word(struct reader *r, const struct json *value, const char *const *words, size_t count,
    size_t *index)
{
	char list[64] = "";
	size_t len = 0;

	for (size_t i = 0; i < count; i++) {
		if (value->type == JSON_STRING && !strcmp(value->text, words[i])) {
			*index = i;
			return 0;
		}
		len += (size_t)snprintf(list + len, sizeof list - len, "%s%s",
		    !i		    ? ""
		    : i + 1 < count ? ", "
				    : " or ",
		    words[i]);
	}
	return err_fail(r->err, ERR_INPUT, "Invalid value: %s: must be %s", r->path, list);
}

static const char *const overlap_words[] = {"skip", "queueOne", "queue", "allow"};
static const char *const misfire_words[] = {"one", "skip", "all"};
static const char *const on_lost_words[] = {"fail", "rerun"};
static const char *const gap_words[] = {"after", "skip"};
static const char *const fold_words[] = {"first", "second", "both"};
static const char *const when_words[] = {"succeeded", "failed", "always"};
static const char *const match_words[] = {"all", "any"};

static int
read_overlap(struct reader *r, const struct json *value, void *at)
{
	size_t i = 0;
	int ret;

	if (value->type == JSON_STRING && !strcmp(value->text, "replace"))
		return refuse(r, "not served");
	ret = read_word(r, value, overlap_words, COUNT(overlap_words), &i);
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

/* ---- objects and lists ---- */

static int
read_members(struct reader *r, const struct json *object, const struct field *fields,
    size_t count, void *into)
{
	int ret = 0;

	if (!json_is(object, JSON_OBJECT))
		return refuse(r, "must be an object");
	for (const struct json *m = object->first; m && !ret; m = m->next) {
		size_t back = push_member(r, m->name), i = 0;

		while (i < count && strcmp(fields[i].name, m->name))
			i++;
		if (i == count)
			ret = refuse(r, "there is no such member");
		else if (m->type != JSON_NULL)
			ret = fields[i].read(r, m, (char *)into + fields[i].offset);
		path_pop(r, back);
	}
	return ret;
}

/* Memory for the entries of a list, `max` and one more at most. */
static int
read_list(struct reader *r, const struct json *value, size_t max, size_t size, void *entries,
    size_t *count)
{
	if (!json_is(value, JSON_ARRAY))
		return refuse(r, "must be an array");
	*count = value->count <= max ? value->count : max + 1;
	*(void **)entries = arena_array(r->arena, *count, size);
	return 0;
}

static int
read_strings(
    struct reader *r, const struct json *value, size_t max, const char ***texts, size_t *count)
{
	const struct json *element;
	const char **list;
	int ret = 0;

	if (!json_is(value, JSON_ARRAY))
		return refuse(r, "must be an array");
	*count = value->count <= max ? value->count : max + 1;
	/* With a NULL behind the last. */
	list = arena_array(r->arena, *count + 1, sizeof *list);
	element = value->first;
	for (size_t i = 0; !ret && i < *count; i++, element = element->next) {
		size_t back = path_push(r, "[%zu]", i);

		ret = read_string(r, element, &list[i]);
		path_pop(r, back);
	}
	*texts = list;
	return ret;
}

/* ---- triggers ---- */

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
};

static bool
has(const struct json *object, const char *name)
{
	const struct json *m = json_member(object, name);

	return m && m->type != JSON_NULL;
}

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

	if (has(value, "cron") + has(value, "every") + has(value, "at") + has(value, "rrule") !=
	    1)
		return refuse(r, "must be one of cron, every, at and rrule");
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

static int
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

/* ---- tasks ---- */

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
};

/* It has no name of its own in a definition. */
static int
read_condition(struct reader *r, const struct json *value, void *at)
{
	struct task_def *t = arena_array(r->arena, 1, sizeof *t);

	t->name = "condition";
	t->kill_grace_us = TASK_GRACE_US;
	*(struct task_def **)at = t;
	return read_members(r, value, condition_fields, COUNT(condition_fields), t);
}

/* Without a retry the rest of the policy says nothing. */
static int
read_retries(struct reader *r, const struct json *value, void *at)
{
	int64_t max = 0;

	(void)at;
	if (!json_is(value, JSON_OBJECT))
		return refuse(r, "must be an object");
	if (has(value, "max") && json_integer(json_member(value, "max"), 0, 0, &max))
		return refuse(r, "not served");
	for (const struct json *m = value->first; m; m = m->next) {
		if (strcmp(m->name, "max") && m->type != JSON_NULL)
			return refuse(r, "not served");
	}
	return 0;
}

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
    {"user", read_not_served, 0},
    {"http", read_not_served, 0},
    {"retries", read_retries, 0},
    {"resultFile", read_string, offsetof(struct task_def, result_file)},
    {"after", read_after, 0},
    {"afterMatch", read_after_match, offsetof(struct task_def, after_any)},
};

static int
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
		path_pop(r, back);
	}
	return ret;
}

/* ---- the definition ---- */

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
read_jitter(struct reader *r, const struct json *value, void *at)
{
	int64_t us = 0;
	int ret = read_duration(r, value, &us);

	(void)at;
	if (ret)
		return ret;
	return us ? refuse(r, "not served") : 0;
}

/* Without a calendar it does not matter what happens on its days. */
static int
read_calendars(struct reader *r, const struct json *value, void *at)
{
	const struct json *exclude = json_member(value, "exclude");

	(void)at;
	if (!json_is(value, JSON_OBJECT))
		return refuse(r, "must be an object");
	for (const struct json *m = value->first; m; m = m->next) {
		if (m->type != JSON_NULL && strcmp(m->name, "exclude") &&
		    strcmp(m->name, "onExcluded"))
			return refuse(r, "not served");
	}
	if (exclude && exclude->type != JSON_NULL && !json_is(exclude, JSON_ARRAY))
		return refuse(r, "not served");
	return exclude && exclude->count ? refuse(r, "not served") : 0;
}

static const struct field schedule_fields[] = {
    {"name", read_string, offsetof(struct schedule, name)},
    {"description", read_string, offsetof(struct schedule, description)},
    {"tags", read_tags, 0},
    {"scheduleType", read_type, offsetof(struct schedule, type)},
    {"triggers", read_triggers, 0},
    {"startDate", read_instant, offsetof(struct schedule, start_us)},
    {"endDate", read_instant, offsetof(struct schedule, end_us)},
    {"maxRuns", read_not_served, 0},
    {"jitter", read_jitter, 0},
    {"calendars", read_calendars, 0},
    {"condition", read_condition, offsetof(struct schedule, condition)},
    {"tasks", read_tasks, 0},
    {"overlap", read_overlap, offsetof(struct schedule, overlap)},
    {"misfire", read_misfire, offsetof(struct schedule, misfire)},
    {"misfireWindow", read_duration, offsetof(struct schedule, misfire_window_us)},
    {"onLost", read_on_lost, offsetof(struct schedule, on_lost)},
    {"keep", read_keep, offsetof(struct schedule, keep_us)},
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
write_string(struct json_writer *w, const char *name, const char *text)
{
	json_name(w, name);
	if (text)
		json_string(w, text);
	else
		json_null(w);
}

static void
write_strings(struct json_writer *w, const char *name, const char **texts, size_t count)
{
	json_name(w, name);
	json_array(w);
	for (size_t i = 0; i < count; i++)
		json_string(w, texts[i]);
	json_end_array(w);
}

static void
write_duration(struct json_writer *w, const char *name, int64_t us)
{
	char text[INSTANT_TEXT];

	duration_format(us, text);
	write_string(w, name, text);
}

/* null for a bound that is none. */
static void
write_instant(struct json_writer *w, const char *name, int64_t us)
{
	json_name(w, name);
	if (us == INT64_MIN || us == INSTANT_NEVER)
		json_null(w);
	else
		json_instant(w, us);
}

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
	}
	json_end_object(w);
}

/* null for none. */
static void
write_limit(struct json_writer *w, const char *name, int64_t us)
{
	if (us)
		write_duration(w, name, us);
	else
		write_string(w, name, NULL);
}

static void
write_condition(struct json_writer *w, const struct task_def *t)
{
	if (!t) {
		write_string(w, "condition", NULL);
		return;
	}
	json_name(w, "condition");
	json_object(w);
	write_strings(w, "command", t->argv, t->argc);
	write_limit(w, "timeout", t->timeout_us);
	json_end_object(w);
}

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

static void
write_task(struct json_writer *w, const struct task_def *t)
{
	json_object(w);
	write_string(w, "name", t->name);
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
	write_after(w, t);
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
	json_name(w, "triggers");
	json_array(w);
	for (size_t i = 0; i < s->trigger_count; i++)
		write_trigger(w, &s->triggers[i]);
	json_end_array(w);
	write_instant(w, "startDate", s->start_us);
	write_instant(w, "endDate", s->end_us);
	write_condition(w, s->condition);
	json_name(w, "tasks");
	json_array(w);
	for (size_t i = 0; i < s->task_count; i++)
		write_task(w, &s->tasks[i]);
	json_end_array(w);
	write_string(w, "overlap", overlap_words[s->overlap]);
	write_string(w, "misfire", misfire_words[s->misfire]);
	write_duration(w, "misfireWindow", s->misfire_window_us);
	write_string(w, "onLost", on_lost_words[s->on_lost]);
	json_name(w, "keep");
	json_object(w);
	json_name(w, "days");
	json_number(w, s->keep_us / DAY_US);
	json_end_object(w);
}
