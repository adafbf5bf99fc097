/* Notifications as bytes: see record.h. */
#include "store/record.h"

static void
pack_address(
    struct buf *b, const char *url, const char *secret, const char *const *to, size_t to_count)
{
	pack_str(b, url);
	pack_str(b, secret);
	pack_texts(b, to, to_count);
}

enum { RULE_BYTES_MIN = 25 };

void
pack_notify_rules(struct buf *b, const struct schedule *s)
{
	pack_u32(b, (uint32_t)s->notify_count);
	for (size_t i = 0; i < s->notify_count; i++) {
		const struct notify_rule *r = &s->notify[i];

		pack_u8(b, (uint8_t)r->on);
		pack_u32(b, r->failures);
		pack_i64(b, r->by_us);
		pack_address(b, r->url, r->secret, r->to, r->to_count);
	}
}

void
unpack_notify_rules(struct unpack *u, struct arena *a, struct schedule *s)
{
	s->notify_count = unpack_count(u, RULE_BYTES_MIN);
	s->notify = arena_array(a, s->notify_count, sizeof *s->notify);
	for (size_t i = 0; i < s->notify_count; i++) {
		struct notify_rule *r = &s->notify[i];

		r->on = unpack_word(u, NOTIFY_FAILED, NOTIFY_NO_SUCCESS);
		r->failures = unpack_u32(u);
		r->by_us = unpack_i64(u);
		r->url = unpack_str(u, a);
		r->secret = unpack_str(u, a);
		r->to = unpack_texts(u, a, &r->to_count);
		if (!r->to_count)
			r->to = NULL;
	}
}

void
pack_health(struct buf *b, const struct health *h)
{
	pack_u8(b, (uint8_t)h->last);
	pack_u32(b, h->failures);
	pack_i64(b, h->last_success_us);
}

void
unpack_health(struct unpack *u, struct health *h)
{
	h->last = unpack_word(u, OUTCOME_NONE, OUTCOME_FAILED);
	h->failures = unpack_u32(u);
	h->last_success_us = unpack_i64(u);
}

void
pack_alarm(struct buf *b, const struct alarm *al)
{
	pack_u8(b, (uint8_t)al->event);
	pack_i64(b, al->base_us);
	pack_i64(b, al->told_us);
	pack_i64(b, al->due_us);
}

void
unpack_alarm(struct unpack *u, struct alarm *al)
{
	al->event = unpack_word(u, NOTIFY_LATE, NOTIFY_NO_SUCCESS);
	al->base_us = unpack_i64(u);
	al->told_us = unpack_i64(u);
	al->due_us = unpack_i64(u);
}

void
pack_notice(struct buf *b, const struct notice *n)
{
	pack_u64(b, n->tenant_id);
	pack_u64(b, n->schedule_id);
	pack_u64(b, n->execution_id);
	pack_u64(b, n->target_id);
	pack_str(b, n->schedule_name);
	pack_u8(b, (uint8_t)n->event);
	pack_i64(b, n->made_us);
	pack_u32(b, n->failures);
	pack_str(b, n->text);
	pack_u8(b, (uint8_t)n->state);
	pack_u32(b, n->tries);
	pack_i64(b, n->turn_us);
	pack_i64(b, n->tried_us);
	pack_i64(b, n->end_us);
	pack_str(b, n->error);
}

void
unpack_notice(struct unpack *u, struct arena *a, struct notice *n)
{
	n->tenant_id = unpack_u64(u);
	n->schedule_id = unpack_u64(u);
	n->execution_id = unpack_u64(u);
	n->target_id = unpack_u64(u);
	n->schedule_name = unpack_text(u, a);
	n->event = unpack_word(u, NOTIFY_FAILED, NOTIFY_NO_SUCCESS);
	n->made_us = unpack_i64(u);
	n->failures = unpack_u32(u);
	n->text = unpack_text(u, a);
	n->state = unpack_word(u, NOTICE_WAITING, NOTICE_GIVEN_UP);
	n->tries = unpack_u32(u);
	n->turn_us = unpack_i64(u);
	n->tried_us = unpack_i64(u);
	n->end_us = unpack_i64(u);
	n->error = unpack_str(u, a);
}

void
pack_notice_target(struct buf *b, const struct notice_target *t)
{
	pack_u64(b, t->tenant_id);
	pack_address(b, t->url, t->secret, t->to, t->to_count);
	pack_u32(b, t->waiting);
	pack_u32(b, t->failures);
	pack_u64(b, t->dropped);
	pack_i64(b, t->dropped_us);
	pack_i64(b, t->used_us);
	pack_i64(b, t->next_us);
	pack_u64(b, t->sending_id);
}

void
unpack_notice_target(struct unpack *u, struct arena *a, struct notice_target *t)
{
	t->tenant_id = unpack_u64(u);
	t->url = unpack_str(u, a);
	t->secret = unpack_str(u, a);
	t->to = unpack_texts(u, a, &t->to_count);
	t->waiting = unpack_u32(u);
	t->failures = unpack_u32(u);
	t->dropped = unpack_u64(u);
	t->dropped_us = unpack_i64(u);
	t->used_us = unpack_i64(u);
	t->next_us = unpack_i64(u);
	t->sending_id = unpack_u64(u);
}
