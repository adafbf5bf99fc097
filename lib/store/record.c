/*
 * Records: the bytes of each struct, as FORMAT.md lists them.
 *
 * Fields only ever come at the end, with a new version; what a key says is not said again in
 * its record. Faults in the bytes are sticky in the unpack and found once, by record_finish().
 */
#include "store/internal.h"

#include <string.h>

#include "model/job.h"

static void
pack_bool(struct buf *b, bool v)
{
	pack_u8(b, v ? 1 : 0);
}

static bool
unpack_bool(struct unpack *u)
{
	uint8_t v = unpack_u8(u);

	if (v > 1)
		u->failed = true;
	return v == 1;
}

/* A word of the model, which are numbered from `first` to `last`: whoever reads a record may
 * switch on it. */
static uint8_t
unpack_word(struct unpack *u, uint8_t first, uint8_t last)
{
	uint8_t v = unpack_u8(u);

	if (v >= first && v <= last)
		return v;
	u->failed = true;
	return first;
}

/* Small whole numbers of either sign: pids, exit codes, signals. */
static int32_t
unpack_i32(struct unpack *u)
{
	int64_t v = unpack_i64(u);

	if (v < INT32_MIN || v > INT32_MAX) {
		u->failed = true;
		return 0;
	}
	return (int32_t)v;
}

/* A text that is never NULL. */
static const char *
unpack_text(struct unpack *u, struct arena *a)
{
	const char *s = unpack_str(u, a);

	if (!s) {
		u->failed = true;
		return "";
	}
	return s;
}

/* Keys of fixed length that are no texts. */
static void
unpack_hash(struct unpack *u, struct arena *a, unsigned char *hash, size_t len)
{
	size_t got;
	const void *data = unpack_bytes(u, a, &got);

	if (got == len)
		memcpy(hash, data, len);
	else
		u->failed = true;
}

static void
pack_texts(struct buf *b, const char *const *texts, size_t count)
{
	pack_u32(b, (uint32_t)count);
	for (size_t i = 0; i < count; i++)
		pack_str(b, texts[i]);
}

static const char **
unpack_texts(struct unpack *u, struct arena *a, size_t *count)
{
	const char **texts;

	*count = unpack_count(u, 4);
	texts = arena_array(a, *count, sizeof *texts);
	for (size_t i = 0; i < *count; i++)
		texts[i] = unpack_text(u, a);
	return texts;
}

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

	t->kind = unpack_word(u, TRIGGER_CRON, TRIGGER_RRULE);
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

static void
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
}

enum { TASK_DEF_BYTES_MIN = 42 };

static void
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
	pack_u8(b, (uint8_t)s->overlap);
	pack_u8(b, (uint8_t)s->misfire);
	pack_i64(b, s->misfire_window_us);
	pack_u8(b, (uint8_t)s->on_lost);
	pack_i64(b, s->keep_us);
	pack_bool(b, s->condition);
	if (s->condition)
		pack_task_def(b, s->condition);
	pack_u32(b, (uint32_t)s->task_count);
	for (size_t i = 0; i < s->task_count; i++)
		pack_task_def(b, &s->tasks[i]);
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
	s->overlap = unpack_word(u, OVERLAP_SKIP, OVERLAP_ALLOW);
	s->misfire = unpack_word(u, MISFIRE_ONE, MISFIRE_ALL);
	s->misfire_window_us = unpack_i64(u);
	s->on_lost = unpack_word(u, ON_LOST_FAIL, ON_LOST_RERUN);
	s->keep_us = unpack_i64(u);
	s->condition = NULL;
	if (unpack_bool(u)) {
		s->condition = arena_array(a, 1, sizeof *s->condition);
		unpack_task_def(u, a, s->condition);
	}
	s->task_count = unpack_count(u, TASK_DEF_BYTES_MIN);
	s->tasks = arena_array(a, s->task_count, sizeof *s->tasks);
	for (size_t i = 0; i < s->task_count; i++)
		unpack_task_def(u, a, &s->tasks[i]);
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
	pack_i64(b, s->range_due_us);
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
	s->range_due_us = unpack_i64(u);
	s->last_execution_id = unpack_u64(u);
	s->active = unpack_u32(u);
	s->waiting = unpack_u32(u);
}

void
pack_occurrence(struct buf *b, const struct occurrence *o)
{
	pack_i64(b, o->to_us);
	pack_u64(b, o->count);
	pack_u8(b, (uint8_t)o->verdict);
	pack_u64(b, o->execution_id);
	pack_str(b, o->reason);
	pack_i64(b, o->decided_us);
	pack_u64(b, o->suspended_by);
	pack_i64(b, o->suspended_us);
}

void
unpack_occurrence(struct unpack *u, struct arena *a, struct occurrence *o)
{
	o->to_us = unpack_i64(u);
	o->count = unpack_u64(u);
	o->verdict = unpack_word(u, VERDICT_RAN, VERDICT_MISSED_CLOCK);
	o->execution_id = unpack_u64(u);
	o->reason = unpack_str(u, a);
	o->decided_us = unpack_i64(u);
	o->suspended_by = unpack_u64(u);
	o->suspended_us = unpack_i64(u);
}

void
pack_execution(struct buf *b, const struct execution *e)
{
	pack_u64(b, e->tenant_id);
	pack_u64(b, e->schedule_id);
	pack_str(b, e->schedule_name);
	pack_u8(b, (uint8_t)e->origin);
	pack_i64(b, e->due_us);
	pack_i64(b, e->triggered_us);
	pack_i64(b, e->start_us);
	pack_i64(b, e->end_us);
	pack_u64(b, e->actor_id);
	pack_u64(b, e->token_id);
	pack_str(b, e->args);
	pack_u32(b, e->task_count);
	pack_u32(b, e->tasks_ended);
	pack_u8(b, (uint8_t)e->on_lost);
	pack_u64(b, e->condition_id);
	pack_i64(b, e->schedule_type);
	pack_u64(b, e->key_id);
	pack_bool(b, e->exclusive);
}

void
unpack_execution(struct unpack *u, struct arena *a, struct execution *e)
{
	e->tenant_id = unpack_u64(u);
	e->schedule_id = unpack_u64(u);
	e->schedule_name = unpack_text(u, a);
	e->origin = unpack_word(u, ORIGIN_TRIGGER, ORIGIN_RERUN);
	e->due_us = unpack_i64(u);
	e->triggered_us = unpack_i64(u);
	e->start_us = unpack_i64(u);
	e->end_us = unpack_i64(u);
	e->actor_id = unpack_u64(u);
	e->token_id = unpack_u64(u);
	e->args = unpack_str(u, a);
	e->task_count = unpack_u32(u);
	e->tasks_ended = unpack_u32(u);
	e->on_lost = unpack_word(u, ON_LOST_FAIL, ON_LOST_RERUN);
	e->condition_id = unpack_u64(u);
	e->schedule_type = unpack_i32(u);
	e->key_id = unpack_u64(u);
	e->exclusive = unpack_bool(u);
}

static void
pack_attempt(struct buf *b, const struct attempt *t)
{
	pack_u32(b, t->number);
	pack_i64(b, t->pid);
	pack_u64(b, t->pid_start_ticks);
	pack_i64(b, t->start_us);
	pack_i64(b, t->end_us);
	pack_i64(b, t->exit_code);
	pack_i64(b, t->signal);
	pack_str(b, t->reason);
	pack_str(b, t->last_line);
	pack_u32(b, t->results);
}

enum { ATTEMPT_BYTES_MIN = 64 };

static void
unpack_attempt(struct unpack *u, struct arena *a, struct attempt *t)
{
	t->number = unpack_u32(u);
	t->pid = unpack_i32(u);
	t->pid_start_ticks = unpack_u64(u);
	t->start_us = unpack_i64(u);
	t->end_us = unpack_i64(u);
	t->exit_code = unpack_i32(u);
	t->signal = unpack_i32(u);
	t->reason = unpack_str(u, a);
	t->last_line = unpack_str(u, a);
	t->results = unpack_u32(u);
}

void
pack_task(struct buf *b, const struct task *t)
{
	pack_u64(b, t->execution_id);
	pack_u64(b, t->schedule_id);
	pack_u64(b, t->tenant_id);
	pack_u32(b, t->ordinal);
	pack_u8(b, (uint8_t)t->status);
	pack_task_def(b, &t->def);
	pack_u32(b, (uint32_t)t->attempt_count);
	for (size_t i = 0; i < t->attempt_count; i++)
		pack_attempt(b, &t->attempts[i]);
	pack_i64(b, t->output_bytes);
	pack_i64(b, t->end_us);
}

void
unpack_task(struct unpack *u, struct arena *a, struct task *t)
{
	t->execution_id = unpack_u64(u);
	t->schedule_id = unpack_u64(u);
	t->tenant_id = unpack_u64(u);
	t->ordinal = unpack_u32(u);
	t->status = unpack_word(u, TASK_WAITING, TASK_CANCELLING);
	unpack_task_def(u, a, &t->def);
	t->attempt_count = unpack_count(u, ATTEMPT_BYTES_MIN);
	t->attempts = arena_array(a, t->attempt_count, sizeof *t->attempts);
	for (size_t i = 0; i < t->attempt_count; i++)
		unpack_attempt(u, a, &t->attempts[i]);
	t->output_bytes = unpack_i64(u);
	t->end_us = unpack_i64(u);
}

void
pack_task_line(struct buf *b, const struct task_line *l)
{
	pack_u64(b, l->execution_id);
	pack_u64(b, l->schedule_id);
	pack_u8(b, (uint8_t)l->schedule_type);
	pack_u64(b, l->key_id);
	pack_u64(b, l->actor_id);
	pack_i64(b, l->due_us);
	pack_i64(b, l->triggered_us);
	pack_u8(b, (uint8_t)l->status);
	pack_i64(b, l->start_us);
	pack_i64(b, l->end_us);
}

void
unpack_task_line(struct unpack *u, struct task_line *l)
{
	l->execution_id = unpack_u64(u);
	l->schedule_id = unpack_u64(u);
	l->schedule_type = unpack_u8(u);
	l->key_id = unpack_u64(u);
	l->actor_id = unpack_u64(u);
	l->due_us = unpack_i64(u);
	l->triggered_us = unpack_i64(u);
	l->status = unpack_word(u, TASK_WAITING, TASK_CANCELLING);
	l->start_us = unpack_i64(u);
	l->end_us = unpack_i64(u);
}

void
pack_result(struct buf *b, const struct result *r)
{
	pack_u64(b, r->tenant_id);
	pack_u64(b, r->schedule_id);
	pack_u64(b, r->execution_id);
	pack_u64(b, r->task_id);
	pack_u32(b, r->attempt);
	pack_u32(b, r->number);
	pack_str(b, r->name);
	pack_u64(b, r->bytes);
	pack_bytes(b, r->md5, sizeof r->md5);
	pack_bool(b, r->json);
	pack_u8(b, (uint8_t)r->state);
	pack_i64(b, r->created_us);
	pack_i64(b, r->consumed_us);
	pack_i64(b, r->deleted_us);
}

void
unpack_result(struct unpack *u, struct arena *a, struct result *r)
{
	r->tenant_id = unpack_u64(u);
	r->schedule_id = unpack_u64(u);
	r->execution_id = unpack_u64(u);
	r->task_id = unpack_u64(u);
	r->attempt = unpack_u32(u);
	r->number = unpack_u32(u);
	r->name = unpack_text(u, a);
	r->bytes = unpack_u64(u);
	unpack_hash(u, a, r->md5, sizeof r->md5);
	r->json = unpack_bool(u);
	r->state = unpack_word(u, RESULT_AVAILABLE, RESULT_EXPIRED);
	r->created_us = unpack_i64(u);
	r->consumed_us = unpack_i64(u);
	r->deleted_us = unpack_i64(u);
}

void
pack_tenant(struct buf *b, const struct tenant *t)
{
	pack_str(b, t->name);
	pack_bool(b, t->enabled);
	pack_bool(b, t->deleted);
	pack_i64(b, t->created_us);
}

void
unpack_tenant(struct unpack *u, struct arena *a, struct tenant *t)
{
	t->name = unpack_text(u, a);
	t->enabled = unpack_bool(u);
	t->deleted = unpack_bool(u);
	t->created_us = unpack_i64(u);
}

void
pack_user(struct buf *b, const struct user *user)
{
	pack_u64(b, user->tenant_id);
	pack_str(b, user->name);
	pack_str(b, user->email);
	pack_str(b, user->password_hash);
	pack_u8(b, (uint8_t)user->role);
	pack_bool(b, user->enabled);
	pack_i64(b, user->created_us);
	pack_u32(b, user->epoch);
	pack_u32(b, user->grants);
	pack_u32(b, user->job_rights);
}

void
unpack_user(struct unpack *u, struct arena *a, struct user *user)
{
	user->tenant_id = unpack_u64(u);
	user->name = unpack_text(u, a);
	user->email = unpack_str(u, a);
	user->password_hash = unpack_str(u, a);
	user->role = unpack_word(u, ROLE_VIEWER, ROLE_ENTERPRISE_ADMIN);
	user->enabled = unpack_bool(u);
	user->created_us = unpack_i64(u);
	user->epoch = unpack_u32(u);
	user->grants = unpack_u32(u);
	user->job_rights = unpack_u32(u);
	u->failed = u->failed || user->job_rights > JOB_RIGHTS_ALL;
}

void
pack_token(struct buf *b, const struct token *t)
{
	pack_u64(b, t->id);
	pack_u64(b, t->user_id);
	pack_u64(b, t->tenant_id);
	pack_u8(b, (uint8_t)t->kind);
	pack_i64(b, t->created_us);
	pack_i64(b, t->used_us);
	pack_i64(b, t->idle_us);
	pack_i64(b, t->expires_us);
	pack_str(b, t->name);
	/* All of them is a word of its own: it covers scopes that are still to come. */
	pack_u32(b, t->scopes == SCOPE_ALL ? 0 : t->scopes);
	pack_texts(b, t->tags, t->tag_count);
	pack_u32(b, t->epoch);
	pack_bool(b, t->needs_session);
	pack_u64(b, t->made_by);
	pack_u64(b, t->made_with);
	pack_u32(b, t->grants);
	pack_bool(b, t->lets_in);
	pack_bool(b, t->is_old);
	pack_bool(b, t->has_old);
	if (t->has_old)
		pack_bytes(b, t->old_hash, sizeof t->old_hash);
}

void
unpack_token(struct unpack *u, struct arena *a, struct token *t)
{
	t->id = unpack_u64(u);
	t->user_id = unpack_u64(u);
	t->tenant_id = unpack_u64(u);
	t->kind = unpack_word(u, TOKEN_SESSION, TOKEN_CLIENT);
	t->created_us = unpack_i64(u);
	t->used_us = unpack_i64(u);
	t->idle_us = unpack_i64(u);
	t->expires_us = unpack_i64(u);
	t->name = unpack_str(u, a);
	t->scopes = unpack_u32(u);
	if (t->scopes == 0)
		t->scopes = SCOPE_ALL;
	else if (t->scopes >= SCOPE_ALL)
		u->failed = true;
	t->tags = unpack_texts(u, a, &t->tag_count);
	t->epoch = unpack_u32(u);
	t->needs_session = unpack_bool(u);
	t->made_by = unpack_u64(u);
	t->made_with = unpack_u64(u);
	t->grants = unpack_u32(u);
	t->lets_in = unpack_bool(u);
	t->is_old = unpack_bool(u);
	t->has_old = unpack_bool(u);
	if (t->has_old)
		unpack_hash(u, a, t->old_hash, sizeof t->old_hash);
}

void
pack_failures(struct buf *b, const struct failures *f)
{
	pack_u32(b, f->count);
	pack_i64(b, f->last_us);
	pack_i64(b, f->until_us);
}

void
unpack_failures(struct unpack *u, struct failures *f)
{
	f->count = unpack_u32(u);
	f->last_us = unpack_i64(u);
	f->until_us = unpack_i64(u);
}

void
pack_answer(struct buf *b, const struct answer *n)
{
	pack_i64(b, n->made_us);
	pack_bytes(b, n->request, sizeof n->request);
	pack_bytes(b, n->data, n->len);
}

void
unpack_answer(struct unpack *u, struct arena *a, struct answer *n)
{
	n->made_us = unpack_i64(u);
	unpack_hash(u, a, n->request, sizeof n->request);
	n->data = unpack_bytes(u, a, &n->len);
}

void
pack_audit(struct buf *b, const struct audit_entry *e)
{
	pack_i64(b, e->time_us);
	pack_u64(b, e->actor_id);
	pack_u64(b, e->token_id);
	pack_str(b, e->actor_name);
	pack_str(b, e->remote);
	pack_str(b, e->action);
	pack_u64(b, e->subject_id);
	pack_str(b, e->detail);
	pack_bytes(b, e->hash, sizeof e->hash);
}

void
unpack_audit(struct unpack *u, struct arena *a, struct audit_entry *e)
{
	e->time_us = unpack_i64(u);
	e->actor_id = unpack_u64(u);
	e->token_id = unpack_u64(u);
	e->actor_name = unpack_text(u, a);
	e->remote = unpack_str(u, a);
	e->action = unpack_text(u, a);
	e->subject_id = unpack_u64(u);
	e->detail = unpack_str(u, a);
	unpack_hash(u, a, e->hash, sizeof e->hash);
}
