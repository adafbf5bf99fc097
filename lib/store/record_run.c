/* What came of schedules: occurrences, executions, tasks and results, as bytes: see record.h. */
#include "store/record.h"

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
	o->verdict = unpack_word(u, VERDICT_RAN, VERDICT_MISSED_CAP);
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
	pack_u64(b, e->replaced_by);
	pack_i64(b, e->priority);
	pack_u64(b, e->group_id);
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
	e->replaced_by = unpack_u64(u);
	e->priority = unpack_priority(u);
	e->group_id = unpack_u64(u);
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
	pack_i64(b, t->http_status);
	pack_i64(b, t->signal);
	pack_str(b, t->reason);
	pack_str(b, t->last_line);
	pack_u32(b, t->results);
	pack_i64(b, t->due_us);
	pack_i64(b, t->retry_after_us);
	pack_i64(b, t->cpu_user_us);
	pack_i64(b, t->cpu_system_us);
	pack_i64(b, t->memory_bytes);
}

enum { ATTEMPT_BYTES_MIN = 112 };

static void
unpack_attempt(struct unpack *u, struct arena *a, struct attempt *t)
{
	t->number = unpack_u32(u);
	t->pid = unpack_i32(u);
	t->pid_start_ticks = unpack_u64(u);
	t->start_us = unpack_i64(u);
	t->end_us = unpack_i64(u);
	t->exit_code = unpack_i32(u);
	t->http_status = unpack_i32(u);
	t->signal = unpack_i32(u);
	t->reason = unpack_str(u, a);
	t->last_line = unpack_str(u, a);
	t->results = unpack_u32(u);
	t->due_us = unpack_i64(u);
	t->retry_after_us = unpack_i64(u);
	t->cpu_user_us = unpack_i64(u);
	t->cpu_system_us = unpack_i64(u);
	t->memory_bytes = unpack_i64(u);
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
	pack_u32(b, t->retries);
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
	t->status = unpack_word(u, TASK_WAITING, TASK_RETRYING);
	unpack_task_def(u, a, &t->def);
	t->attempt_count = unpack_count(u, ATTEMPT_BYTES_MIN);
	t->attempts = arena_array(a, t->attempt_count, sizeof *t->attempts);
	for (size_t i = 0; i < t->attempt_count; i++)
		unpack_attempt(u, a, &t->attempts[i]);
	t->retries = unpack_u32(u);
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
	l->status = unpack_word(u, TASK_WAITING, TASK_RETRYING);
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
