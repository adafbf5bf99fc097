/* Schedules, their states, and what they are made of, as bytes: see record.h. */
#include "store/record.h"

#include "model/job.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static void
pack_trigger(struct buf *b, const struct trigger *t)
{
	pack_u8(b, (uint8_t)t->kind);
	pack_str(b, t->expression);
	pack_u64(b, t->cron.seconds);
	pack_u64(b, t->cron.minutes);
	pack_u32(b, t->cron.hours);
	pack_u32(b, t->cron.days);
	pack_u32(b, t->cron.last_days);
	pack_u32(b, t->cron.near_days);
	pack_u32(b, t->cron.months);
	pack_u8(b, t->cron.weekdays);
	for (size_t i = 0; i < COUNT(t->cron.nth); i++)
		pack_u8(b, t->cron.nth[i]);
	pack_bool(b, t->cron.days_star);
	pack_bool(b, t->cron.weekdays_star);
	pack_bool(b, t->cron.every_year);
	for (size_t i = 0; i < COUNT(t->cron.years); i++)
		pack_u64(b, t->cron.years[i]);
	pack_str(b, t->time_zone);
	pack_u8(b, (uint8_t)t->dst_gap);
	pack_u8(b, (uint8_t)t->dst_fold);
	pack_i64(b, t->every_us);
	pack_i64(b, t->anchor_us);
	pack_i64(b, t->at_us);
	pack_i64(b, t->start_us);
}

enum { TRIGGER_BYTES_MIN = 116 };

static void
unpack_trigger(struct unpack *u, struct arena *a, struct trigger *t)
{
	uint32_t months;

	t->kind = unpack_word(u, TRIGGER_CRON, TRIGGER_REBOOT);
	t->expression = unpack_str(u, a);
	t->cron.seconds = unpack_u64(u);
	t->cron.minutes = unpack_u64(u);
	t->cron.hours = unpack_u32(u);
	t->cron.days = unpack_u32(u);
	t->cron.last_days = unpack_u32(u);
	t->cron.near_days = unpack_u32(u);
	months = unpack_u32(u);
	u->failed = u->failed || months > UINT16_MAX;
	t->cron.months = (uint16_t)months;
	t->cron.weekdays = unpack_u8(u);
	for (size_t i = 0; i < COUNT(t->cron.nth); i++)
		t->cron.nth[i] = unpack_u8(u);
	t->cron.days_star = unpack_bool(u);
	t->cron.weekdays_star = unpack_bool(u);
	t->cron.every_year = unpack_bool(u);
	for (size_t i = 0; i < COUNT(t->cron.years); i++)
		t->cron.years[i] = unpack_u64(u);
	t->time_zone = unpack_str(u, a);
	t->dst_gap = unpack_word(u, DST_GAP_AFTER, DST_GAP_SKIP);
	t->dst_fold = unpack_word(u, DST_FOLD_FIRST, DST_FOLD_BOTH);
	t->every_us = unpack_i64(u);
	t->anchor_us = unpack_i64(u);
	t->at_us = unpack_i64(u);
	t->start_us = unpack_i64(u);
}

/* Beyond `max` only if that says anything. */
static void
pack_retries(struct buf *b, const struct retries *r)
{
	pack_u32(b, r->max);
	if (!r->max)
		return;
	pack_i64(b, r->delay_us);
	pack_u32(b, r->factor);
	pack_i64(b, r->max_delay_us);
	pack_i64(b, r->jitter_us);
	pack_texts(b, r->on, r->on_count);
}

static void
unpack_retries(struct unpack *u, struct arena *a, struct retries *r)
{
	*r = (struct retries){.max = unpack_u32(u)};
	if (!r->max)
		return;
	r->delay_us = unpack_i64(u);
	r->factor = unpack_u32(u);
	r->max_delay_us = unpack_i64(u);
	r->jitter_us = unpack_i64(u);
	r->on = unpack_texts(u, a, &r->on_count);
}

static void
pack_process(struct buf *b, const struct task_process *p)
{
	pack_str(b, p->input);
	pack_str(b, p->user);
	pack_str(b, p->group);
	pack_bool(b, p->has_umask);
	pack_u32(b, p->umask);
	pack_i64(b, p->nice);
	pack_u8(b, p->limited);
	for (int i = 0; i < PROCESS_LIMITS; i++) {
		if (process_has_limit(p, (enum process_limit)i))
			pack_u64(b, p->limits[i]);
	}
}

enum { PROCESS_BYTES_MIN = 26 };

static void
unpack_process(struct unpack *u, struct arena *a, struct task_process *p)
{
	p->input = unpack_str(u, a);
	p->user = unpack_str(u, a);
	p->group = unpack_str(u, a);
	p->has_umask = unpack_bool(u);
	p->umask = unpack_u32(u);
	p->nice = unpack_i32(u);
	p->limited = unpack_word(u, 0, (1 << PROCESS_LIMITS) - 1);
	for (int i = 0; i < PROCESS_LIMITS; i++) {
		if (process_has_limit(p, (enum process_limit)i))
			p->limits[i] = unpack_u64(u);
	}
}

void
pack_task_def(struct buf *b, const struct task_def *d)
{
	pack_str(b, d->name);
	pack_u32(b, (uint32_t)d->argc);
	for (size_t i = 0; i < d->argc; i++)
		pack_str(b, d->argv[i]);
	pack_u32(b, (uint32_t)d->env_count);
	for (size_t i = 0; i < d->env_count; i++) {
		pack_str(b, d->env[i].name);
		pack_str(b, d->env[i].value);
	}
	pack_str(b, d->cwd);
	pack_i64(b, d->timeout_us);
	pack_i64(b, d->kill_grace_us);
	pack_bool(b, d->accept_args);
	pack_str(b, d->result_file);
	pack_u32(b, (uint32_t)d->after_count);
	for (size_t i = 0; i < d->after_count; i++) {
		pack_str(b, d->after[i].task);
		pack_u8(b, (uint8_t)d->after[i].when);
	}
	pack_bool(b, d->after_any);
	pack_http(b, d->http);
	pack_retries(b, &d->retries);
	pack_process(b, &d->process);
}

enum { TASK_DEF_BYTES_MIN = 47 + PROCESS_BYTES_MIN };

void
unpack_task_def(struct unpack *u, struct arena *a, struct task_def *d)
{
	d->name = unpack_text(u, a);
	d->argc = unpack_count(u, 4);
	d->argv = arena_array(a, d->argc + 1, sizeof *d->argv);
	for (size_t i = 0; i < d->argc; i++)
		d->argv[i] = unpack_text(u, a);
	d->env_count = unpack_count(u, 8);
	d->env = arena_array(a, d->env_count, sizeof *d->env);
	for (size_t i = 0; i < d->env_count; i++) {
		d->env[i].name = unpack_text(u, a);
		d->env[i].value = unpack_text(u, a);
	}
	d->cwd = unpack_str(u, a);
	d->timeout_us = unpack_i64(u);
	d->kill_grace_us = unpack_i64(u);
	d->accept_args = unpack_bool(u);
	d->result_file = unpack_str(u, a);
	d->after_count = unpack_count(u, 5);
	d->after = arena_array(a, d->after_count, sizeof *d->after);
	for (size_t i = 0; i < d->after_count; i++) {
		d->after[i].task = unpack_text(u, a);
		d->after[i].when = unpack_word(u, AFTER_SUCCEEDED, AFTER_ALWAYS);
	}
	d->after_any = unpack_bool(u);
	d->http = unpack_http(u, a);
	unpack_retries(u, a, &d->retries);
	unpack_process(u, a, &d->process);
}

static void
pack_ids(struct buf *b, const uint64_t *ids, size_t count)
{
	pack_u32(b, (uint32_t)count);
	for (size_t i = 0; i < count; i++)
		pack_u64(b, ids[i]);
}

static const uint64_t *
unpack_ids(struct unpack *u, struct arena *a, size_t *count)
{
	uint64_t *ids;

	*count = unpack_count(u, 8);
	ids = arena_array(a, *count, sizeof *ids);
	for (size_t i = 0; i < *count; i++)
		ids[i] = unpack_u64(u);
	return ids;
}

static void
pack_job(struct buf *b, const struct job *j)
{
	pack_u8(b, (uint8_t)j->rule.repeat);
	pack_i64(b, j->rule.minutely_interval);
	pack_i64(b, j->rule.hourly_interval);
	pack_i64(b, j->rule.minute);
	pack_i64(b, j->rule.hour);
	pack_i64(b, j->rule.weekday);
	pack_i64(b, j->rule.month_day);
	pack_u8(b, (uint8_t)j->type);
	pack_str(b, j->task);
	pack_u64(b, j->query_id);
	pack_str(b, j->query_title);
	pack_str(b, j->fixed_args);
	pack_u64(b, j->run_as);
	pack_ids(b, j->recipients, j->recipient_count);
	pack_ids(b, j->shared_with, j->shared_count);
	pack_u8(b, (uint8_t)j->rt_args_provided);
	pack_str(b, j->rt_args_help);
}

static struct job *
unpack_job(struct unpack *u, struct arena *a)
{
	struct job *j = arena_array(a, 1, sizeof *j);

	j->rule.repeat = unpack_word(u, JOB_MINUTELY, JOB_ON_DEMAND);
	j->rule.minutely_interval = unpack_i64(u);
	j->rule.hourly_interval = unpack_i64(u);
	j->rule.minute = unpack_i32(u);
	j->rule.hour = unpack_i32(u);
	j->rule.weekday = unpack_i32(u);
	j->rule.month_day = unpack_i32(u);
	j->type = unpack_word(u, JOB_INTERNAL, JOB_QUERY);
	j->task = unpack_str(u, a);
	j->query_id = unpack_u64(u);
	j->query_title = unpack_str(u, a);
	j->fixed_args = unpack_str(u, a);
	j->run_as = unpack_u64(u);
	j->recipients = unpack_ids(u, a, &j->recipient_count);
	j->shared_with = unpack_ids(u, a, &j->shared_count);
	j->rt_args_provided = unpack_word(u, JOB_FLAG_NONE, JOB_FLAG_TRUE);
	j->rt_args_help = unpack_str(u, a);
	return j;
}

void
pack_schedule(struct buf *b, const struct schedule *s)
{
	pack_u64(b, s->tenant_id);
	pack_u64(b, s->version);
	pack_str(b, s->name);
	pack_str(b, s->description);
	pack_texts(b, s->tags, s->tag_count);
	pack_i64(b, s->type);
	pack_u32(b, (uint32_t)s->trigger_count);
	for (size_t i = 0; i < s->trigger_count; i++)
		pack_trigger(b, &s->triggers[i]);
	pack_i64(b, s->start_us);
	pack_i64(b, s->end_us);
	pack_i64(b, s->max_runs);
	pack_i64(b, s->jitter_us);
	pack_texts(b, s->calendars, s->calendar_count);
	pack_u8(b, (uint8_t)s->on_excluded);
	pack_u8(b, (uint8_t)s->overlap);
	pack_u8(b, (uint8_t)s->misfire);
	pack_i64(b, s->misfire_window_us);
	pack_u32(b, s->misfire_max);
	pack_u8(b, (uint8_t)s->on_lost);
	pack_i64(b, s->keep_us);
	pack_i64(b, s->priority);
	pack_str(b, s->group);
	pack_bool(b, s->condition);
	if (s->condition)
		pack_task_def(b, s->condition);
	pack_u32(b, (uint32_t)s->task_count);
	for (size_t i = 0; i < s->task_count; i++)
		pack_task_def(b, &s->tasks[i]);
	pack_notify_rules(b, s);
	pack_i64(b, s->created_us);
	pack_i64(b, s->modified_us);
	pack_u64(b, s->created_by);
	pack_u64(b, s->created_token);
	pack_str(b, s->owner);
	pack_bool(b, s->job);
	if (s->job)
		pack_job(b, s->job);
}

void
unpack_schedule(struct unpack *u, struct arena *a, struct schedule *s)
{
	s->tenant_id = unpack_u64(u);
	s->version = unpack_u64(u);
	s->name = unpack_text(u, a);
	s->description = unpack_text(u, a);
	s->tags = unpack_texts(u, a, &s->tag_count);
	s->type = unpack_i32(u);
	s->trigger_count = unpack_count(u, TRIGGER_BYTES_MIN);
	s->triggers = arena_array(a, s->trigger_count, sizeof *s->triggers);
	for (size_t i = 0; i < s->trigger_count; i++)
		unpack_trigger(u, a, &s->triggers[i]);
	s->start_us = unpack_i64(u);
	s->end_us = unpack_i64(u);
	s->max_runs = unpack_i64(u);
	s->jitter_us = unpack_i64(u);
	s->calendars = unpack_texts(u, a, &s->calendar_count);
	s->on_excluded = unpack_word(u, ON_EXCLUDED_SKIP, ON_EXCLUDED_DEFER);
	s->overlap = unpack_word(u, OVERLAP_SKIP, OVERLAP_REPLACE);
	s->misfire = unpack_word(u, MISFIRE_ONE, MISFIRE_ALL);
	s->misfire_window_us = unpack_i64(u);
	s->misfire_max = unpack_u32(u);
	s->on_lost = unpack_word(u, ON_LOST_FAIL, ON_LOST_RERUN);
	s->keep_us = unpack_i64(u);
	s->priority = unpack_priority(u);
	s->group = unpack_str(u, a);
	s->condition = NULL;
	if (unpack_bool(u)) {
		s->condition = arena_array(a, 1, sizeof *s->condition);
		unpack_task_def(u, a, s->condition);
	}
	s->task_count = unpack_count(u, TASK_DEF_BYTES_MIN);
	s->tasks = arena_array(a, s->task_count, sizeof *s->tasks);
	for (size_t i = 0; i < s->task_count; i++)
		unpack_task_def(u, a, &s->tasks[i]);
	unpack_notify_rules(u, a, s);
	s->created_us = unpack_i64(u);
	s->modified_us = unpack_i64(u);
	s->created_by = unpack_u64(u);
	s->created_token = unpack_u64(u);
	s->owner = unpack_str(u, a);
	s->job = unpack_bool(u) ? unpack_job(u, a) : NULL;
}

void
pack_state(struct buf *b, const struct schedule_state *s)
{
	pack_bool(b, s->suspended);
	pack_u64(b, s->suspended_by);
	pack_i64(b, s->suspended_us);
	pack_i64(b, s->suspended_until_us);
	pack_str(b, s->suspended_reason);
	pack_i64(b, s->next_due_us);
	pack_i64(b, s->spread_us);
	pack_u64(b, s->runs);
	pack_i64(b, s->range_due_us);
	pack_i64(b, s->deferred_us);
	pack_u64(b, s->boot);
	pack_i64(b, s->boot_us);
	pack_u64(b, s->last_execution_id);
	pack_u32(b, s->active);
	pack_u32(b, s->waiting);
}

void
unpack_state(struct unpack *u, struct arena *a, struct schedule_state *s)
{
	s->suspended = unpack_bool(u);
	s->suspended_by = unpack_u64(u);
	s->suspended_us = unpack_i64(u);
	s->suspended_until_us = unpack_i64(u);
	s->suspended_reason = unpack_str(u, a);
	s->next_due_us = unpack_i64(u);
	s->spread_us = unpack_i64(u);
	s->runs = unpack_u64(u);
	s->range_due_us = unpack_i64(u);
	s->deferred_us = unpack_i64(u);
	s->boot = unpack_u64(u);
	s->boot_us = unpack_i64(u);
	s->last_execution_id = unpack_u64(u);
	s->active = unpack_u32(u);
	s->waiting = unpack_u32(u);
}
