/*
 * Pages of lists. A cursor is the query that it belongs to, as a hash, and where the next page
 * begins, both in hex: opaque to callers, and refused with any other query.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/pack.h"
#include "faces/api3/call.h"

enum { QUERY_DIGITS = 16 };

static uint64_t mix_value(uint64_t hash, const struct json *value);

static uint64_t
mix_parts(uint64_t hash, const struct json *value)
{
	for (const struct json *one = value->first; one; one = one->next)
		hash = mix_value(hash, one);
	return hash;
}

static uint64_t
mix_value(uint64_t hash, const struct json *value)
{
	const char kind[2] = {(char)('0' + (int)value->type), value->boolean ? '1' : '0'};

	hash = hash_add(hash, kind, sizeof kind);
	if (value->text)
		hash = hash_add(hash, value->text, value->len + 1);
	return mix_parts(hash, value);
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool
from_hex(const char *text, struct api3_page *page)
{
	size_t len = strlen(text);

	if (!len || len % 2 || len / 2 > API3_CURSOR_BYTES_MAX)
		return false;
	for (size_t i = 0; i < len; i += 2) {
		int high = hex_digit(text[i]), low = hex_digit(text[i + 1]);

		if (high < 0 || low < 0)
			return false;
		page->at[i / 2] = (unsigned char)(high << 4 | low);
	}
	page->at_len = len / 2;
	return true;
}

static void
query_text(const struct api3_page *page, char out[QUERY_DIGITS + 1])
{
	snprintf(out, QUERY_DIGITS + 1, "%016" PRIx64, page->query);
}

int
api3_read_page(struct call *c, const char *const *members, struct api3_page *page)
{
	char query[QUERY_DIGITS + 1];
	const char *cursor = NULL;

	*page = (struct api3_page){.limit = API3_LIMIT_DEFAULT};
	page->query = hash_add(HASH_BEGIN, c->name, strlen(c->name));
	for (; *members; members++) {
		const struct json *value = json_member(c->body, *members);

		page->query = hash_add(page->query, *members, strlen(*members) + 1);
		if (value && value->type != JSON_NULL)
			page->query = mix_value(page->query, value);
	}
	if (api3_integer(c->body, "limit", 1, API3_LIMIT_MAX, &page->limit, &c->err) ||
	    api3_string(c->body, "cursor", &cursor, &c->err))
		return ERR_INPUT;
	if (!cursor)
		return 0;
	query_text(page, query);
	if (strncmp(cursor, query, QUERY_DIGITS) || !from_hex(cursor + QUERY_DIGITS, page))
		return err_fail(&c->err, ERR_INPUT, "Invalid value: cursor");
	return 0;
}

void
api3_write_cursor(
    struct json_writer *w, const struct api3_page *page, const void *at, size_t len)
{
	char text[QUERY_DIGITS + 2 * API3_CURSOR_BYTES_MAX + 1];
	const unsigned char *bytes = at;

	query_text(page, text);
	for (size_t i = 0; i < len && i < API3_CURSOR_BYTES_MAX; i++)
		snprintf(text + QUERY_DIGITS + 2 * i, 3, "%02x", bytes[i]);
	api3_write_string(w, "cursor", text);
}

void
api3_write_name_cursor(struct json_writer *w, const struct api3_page *page, const char *name)
{
	api3_write_cursor(w, page, name, strlen(name));
}

int
api3_page_number(struct call *c, const struct api3_page *page, uint64_t *number)
{
	struct unpack u;

	*number = 0;
	if (!page->at_len)
		return 0;
	unpack_init(&u, page->at, page->at_len);
	*number = unpack_u64(&u);
	return unpack_finish(&u) || !*number
		   ? err_fail(&c->err, ERR_INPUT, "Invalid value: cursor")
		   : 0;
}

void
api3_write_number_cursor(struct json_writer *w, const struct api3_page *page, uint64_t number)
{
	struct buf at = BUF_INIT;

	pack_u64(&at, number);
	api3_write_cursor(w, page, at.data, at.len);
	buf_release(&at);
}
