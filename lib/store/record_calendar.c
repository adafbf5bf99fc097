/* Calendars as bytes: see record.h. */
#include "store/record.h"

static void
pack_exclusion(struct buf *b, const struct exclusion *e)
{
	pack_u8(b, (uint8_t)e->kind);
	pack_str(b, e->text);
	pack_str(b, e->time_zone);
	pack_i64(b, e->first_day);
	pack_i64(b, e->last_day);
	pack_i64(b, e->first_date);
	pack_i64(b, e->last_date);
	pack_u8(b, e->weekdays);
	pack_i64(b, e->from_s);
	pack_i64(b, e->to_s);
	pack_i64(b, e->from_us);
	pack_i64(b, e->to_us);
	pack_str(b, e->rule);
	pack_i64(b, e->start_us);
	pack_i64(b, e->duration_us);
	pack_u32(b, (uint32_t)e->except_count);
	for (size_t i = 0; i < e->except_count; i++)
		pack_i64(b, e->except[i]);
}

enum { EXCLUSION_BYTES_MIN = 98 };

static void
unpack_exclusion(struct unpack *u, struct arena *a, struct exclusion *e)
{
	int64_t *except;

	e->kind = unpack_word(u, EXCLUSION_DATES, EXCLUSION_RULE);
	e->text = unpack_text(u, a);
	e->time_zone = unpack_str(u, a);
	e->first_day = unpack_i64(u);
	e->last_day = unpack_i64(u);
	e->first_date = unpack_i32(u);
	e->last_date = unpack_i32(u);
	e->weekdays = unpack_u8(u);
	e->from_s = unpack_i32(u);
	e->to_s = unpack_i32(u);
	e->from_us = unpack_i64(u);
	e->to_us = unpack_i64(u);
	e->rule = unpack_str(u, a);
	e->start_us = unpack_i64(u);
	e->duration_us = unpack_i64(u);
	e->except_count = unpack_count(u, 8);
	e->except = except = arena_array(a, e->except_count, sizeof *except);
	for (size_t i = 0; i < e->except_count; i++)
		except[i] = unpack_i64(u);
	/* Whoever reads it may go by them. */
	if ((e->kind == EXCLUSION_RULE && !e->rule) ||
	    (e->kind == EXCLUSION_YEARLY && (e->first_date < 101 || e->first_date > 1231 ||
						e->last_date < 101 || e->last_date > 1231)))
		u->failed = true;
}

void
pack_calendar(struct buf *b, const struct calendar *c)
{
	pack_u64(b, c->tenant_id);
	pack_u64(b, c->version);
	pack_str(b, c->name);
	pack_str(b, c->description);
	pack_str(b, c->excluded.time_zone);
	pack_u32(b, (uint32_t)c->excluded.count);
	for (size_t i = 0; i < c->excluded.count; i++)
		pack_exclusion(b, &c->excluded.list[i]);
	pack_i64(b, c->created_us);
	pack_i64(b, c->modified_us);
}

void
unpack_calendar(struct unpack *u, struct arena *a, struct calendar *c)
{
	c->tenant_id = unpack_u64(u);
	c->version = unpack_u64(u);
	c->name = unpack_text(u, a);
	c->description = unpack_text(u, a);
	c->excluded.time_zone = unpack_text(u, a);
	c->excluded.count = unpack_count(u, EXCLUSION_BYTES_MIN);
	c->excluded.list = arena_array(a, c->excluded.count, sizeof *c->excluded.list);
	for (size_t i = 0; i < c->excluded.count; i++)
		unpack_exclusion(u, a, &c->excluded.list[i]);
	c->created_us = unpack_i64(u);
	c->modified_us = unpack_i64(u);
}
