/* The query of a URL: see query.h. As the URL standard reads application/x-www-form-urlencoded,
 * but that text which no form can hold is refused and not mended. */
#include "app/query.h"

#include <string.h>

#include "base/utf8.h"

static const char *
decode(struct arena *a, const char *text, size_t len, bool *sound)
{
	char *out = arena_memdup(a, text, len), *to = out;

	for (const char *from = out; *from; from++) {
		int byte = request_escape(from);

		*to++ = byte >= 0 ? (char)byte : *from == '+' ? ' ' : *from;
		from += byte >= 0 ? 2 : 0;
	}
	*to = '\0';
	*sound &= !memchr(out, '\0', (size_t)(to - out)) && utf8_valid(out, (size_t)(to - out));
	return out;
}

int
query_read(const struct request *req, struct query_pair **pairs, size_t *count, struct err *err)
{
	const char *p = req->query;
	size_t most = 1;
	bool sound = true;

	for (const char *c = p; *c; c++)
		most += *c == '&';
	*pairs = arena_array(req->arena, most, sizeof **pairs);
	*count = 0;
	while (*p) {
		size_t len = strcspn(p, "&"), name = strcspn(p, "&=");
		bool has_value = name < len;

		if (len) {
			(*pairs)[(*count)++] = (struct query_pair){
			    .name = decode(req->arena, p, name, &sound),
			    .value = decode(req->arena, p + name + has_value,
				len - name - has_value, &sound),
			};
		}
		p += len + (p[len] == '&');
	}
	return sound ? 0 : err_fail(err, ERR_INPUT, "the query is not UTF-8 text");
}

const char *
query_value(const struct query_pair *pairs, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (!strcmp(pairs[i].name, name))
			return pairs[i].value;
	}
	return NULL;
}
