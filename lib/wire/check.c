/* Whether bytes are JSON: see check.h. The grammar is yajl's; its bounds and strict UTF-8 are ours. */
#include "wire/check.h"

#include <stdlib.h>
#include <string.h>

#include <yajl/yajl_parse.h>

#include "base/mem.h"
#include "base/utf8.h"

enum { DEPTH_MAX = 1000, TOKEN_BYTES_MAX = 16 << 20 };

struct json_stream {
	yajl_handle parser;
	unsigned depth;
	size_t unread; /* bytes since the last token that was whole */
	char part[4];  /* the beginning of a character that goes on in the next piece */
	size_t part_len;
	bool failed;
};

static int
on_value(void *ctx)
{
	struct json_stream *c = ctx;

	c->unread = 0;
	return 1;
}

static int
on_bool(void *ctx, int value)
{
	(void)value;
	return on_value(ctx);
}

/* As text: no number is too large. */
static int
on_text(void *ctx, const char *text, size_t len)
{
	(void)text;
	(void)len;
	return on_value(ctx);
}

static int
on_string(void *ctx, const unsigned char *text, size_t len)
{
	(void)text;
	(void)len;
	return on_value(ctx);
}

static int
on_open(void *ctx)
{
	struct json_stream *c = ctx;

	return on_value(ctx) && ++c->depth <= DEPTH_MAX;
}

static int
on_close(void *ctx)
{
	struct json_stream *c = ctx;

	c->depth--;
	return on_value(ctx);
}

static const yajl_callbacks callbacks = {
    .yajl_null = on_value,
    .yajl_boolean = on_bool,
    .yajl_number = on_text,
    .yajl_string = on_string,
    .yajl_start_map = on_open,
    .yajl_map_key = on_string,
    .yajl_end_map = on_close,
    .yajl_start_array = on_open,
    .yajl_end_array = on_close,
};

struct json_stream *
json_stream_begin(void)
{
	struct json_stream *c = mem_alloc(sizeof *c);

	c->parser = yajl_alloc(&callbacks, NULL, c);
	if (!c->parser)
		abort();
	return c;
}

/* Strict UTF-8 over all pieces. */
static bool
check_utf8(struct json_stream *c, const char *data, size_t len)
{
	size_t at = 0, n;

	while (c->part_len && at < len) {
		c->part[c->part_len++] = data[at++];
		if (utf8_character(c->part, c->part_len))
			c->part_len = 0;
		else if (c->part_len == sizeof c->part)
			return false;
	}
	for (; at < len; at += n) {
		n = (unsigned char)data[at] < 0x80 ? 1 : utf8_character(data + at, len - at);
		if (n)
			continue;
		c->part_len = len - at;
		if (c->part_len >= sizeof c->part)
			return false;
		memcpy(c->part, data + at, c->part_len);
		break;
	}
	return true;
}

bool
json_stream_more(struct json_stream *c, const char *data, size_t len)
{
	if (c->failed)
		return false;
	c->unread += len;
	c->failed = !check_utf8(c, data, len) ||
		    yajl_parse(c->parser, (const unsigned char *)data, len) != yajl_status_ok ||
		    c->unread > TOKEN_BYTES_MAX;
	return !c->failed;
}

bool
json_stream_end(struct json_stream *c)
{
	bool is_json =
	    !c->failed && !c->part_len && yajl_complete_parse(c->parser) == yajl_status_ok;

	yajl_free(c->parser);
	free(c);
	return is_json;
}
