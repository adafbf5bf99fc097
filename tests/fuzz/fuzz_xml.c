/* XML: what is read can be written as XML and as JSON, and the XML reads back as the same. */
#include "fuzz/fuzz.h"
#include "wire/xml.h"

static int
write_xml(struct buf *out, const struct json *v)
{
	struct json_writer *w = xml_writer_new(out);

	write_value(w, v);
	return json_writer_finish(w);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = ARENA_INIT;
	struct buf first = BUF_INIT, second = BUF_INIT, json = BUF_INIT;
	struct json_writer *w;
	const struct json *v;
	struct err err = {""};

	if (xml_parse(&arena, (const char *)data, size, &v, &err)) {
		HOLDS(!v);
		holds_refusal(&err);
		goto done;
	}
	HOLDS(!write_xml(&first, v));
	HOLDS(!xml_parse(&arena, first.data, first.len, &v, &err));
	HOLDS(!write_xml(&second, v));
	HOLDS(first.len == second.len && memcmp(first.data, second.data, first.len) == 0);
	w = json_writer_new(&json);
	write_value(w, v);
	HOLDS(!json_writer_finish(w));

done:
	buf_release(&first);
	buf_release(&second);
	buf_release(&json);
	arena_release(&arena);
	return 0;
}
