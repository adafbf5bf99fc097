/*
 * Schedule definitions: what is accepted reads back as the same from JSON and from its record, and
 * its due times grow.
 */
#include "fuzz/fuzz.h"
#include "model/difference.h"
#include "store/record.h"
#include "wire/definition.h"

static const int64_t now_us = INT64_C(1795526108) * SECOND_US; /* 2026-11-24 */

static int
read_definition(
    struct arena *a, const char *text, size_t len, struct schedule *s, struct err *err)
{
	const struct json *v;
	int rc = json_parse(a, text, len, &v, err);

	return rc ? rc : definition_read(a, v, "Europe/Amsterdam", now_us, s, err);
}

static void
write_definition(struct buf *out, const struct schedule *s)
{
	struct json_writer *w = json_writer_new(out);

	json_object(w);
	definition_write(w, s);
	json_end_object(w);
	HOLDS(!json_writer_finish(w));
}

static void
holds_same(const struct buf *a, const struct buf *b)
{
	HOLDS(a->len == b->len && memcmp(a->data, b->data, a->len) == 0);
}

static void
holds_no_difference(const struct schedule *a, const struct schedule *b)
{
	const char *members[SCHEDULE_MEMBERS];

	HOLDS(schedule_differences(a, b, members) == 0);
}

static void
holds_due_times(const struct schedule *s)
{
	static struct zones *zones;
	int64_t at_us = now_us, due_us;
	struct err err;

	if (!zones)
		zones = zones_new(NULL);
	for (int i = 0; i < 5; i++) {
		if (schedule_next_due(s, zones, at_us, &due_us, &err))
			return; /* a zone that is unknown here */
		if (due_us == INSTANT_NEVER)
			return;
		HOLDS(due_us > at_us);
		at_us = due_us;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = ARENA_INIT;
	struct buf first = BUF_INIT, second = BUF_INIT, record = BUF_INIT;
	struct schedule s = {0}, again = {0};
	struct err err = {""};
	struct unpack u;

	if (read_definition(&arena, (const char *)data, size, &s, &err)) {
		holds_refusal(&err);
		goto done;
	}
	write_definition(&first, &s);
	HOLDS(!read_definition(&arena, first.data, first.len, &again, &err));
	write_definition(&second, &again);
	holds_same(&first, &second);
	holds_no_difference(&s, &again);

	pack_schedule(&record, &s);
	unpack_init(&u, record.data, record.len);
	memset(&again, 0, sizeof again);
	unpack_schedule(&u, &arena, &again);
	HOLDS(!unpack_finish(&u));
	buf_reset(&second);
	write_definition(&second, &again);
	holds_same(&first, &second);
	holds_no_difference(&s, &again);
	holds_due_times(&s);

done:
	buf_release(&first);
	buf_release(&second);
	buf_release(&record);
	arena_release(&arena);
	return 0;
}
