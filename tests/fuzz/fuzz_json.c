/* JSON: what is read can be written, and reads back as the same; numbers as the texts they were. */
#include "fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = ARENA_INIT;
	struct buf first = BUF_INIT, second = BUF_INIT;
	struct json_writer *w;
	const struct json *v;
	struct err err = {""};

	if (json_parse(&arena, (const char *)data, size, &v, &err)) {
		HOLDS(!v);
		holds_refusal(&err);
		goto done;
	}
	w = json_writer_new(&first);
	write_value(w, v);
	HOLDS(!json_writer_finish(w));
	HOLDS(!json_parse(&arena, first.data, first.len, &v, &err));
	w = json_writer_new(&second);
	write_value(w, v);
	HOLDS(!json_writer_finish(w));
	HOLDS(first.len == second.len && memcmp(first.data, second.data, first.len) == 0);

done:
	buf_release(&first);
	buf_release(&second);
	arena_release(&arena);
	return 0;
}
