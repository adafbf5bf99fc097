/*
 * JSON or XML: what a request's Content-Type says of its body, and which of the two its Accept
 * prefers (RFC 9110, 12.5.1).
 *
 * JSON is what everybody speaks who says nothing, too much or nonsense: XML is read only where
 * it is declared, and written only where it is named and weighs more.
 */
#include <string.h>
#include <strings.h>

#include "faces/api3/call.h"

struct piece {
	const char *at;
	size_t len;
};

/* The part of `rest` before the next separator, without blanks around it; `rest` moves behind.
 */
static struct piece
next_piece(struct piece *rest, char separator)
{
	const char *end = memchr(rest->at, separator, rest->len);
	size_t len = end ? (size_t)(end - rest->at) : rest->len, gone = len + (end != NULL);
	struct piece p = {rest->at, len};

	rest->at += gone;
	rest->len -= gone;
	while (p.len && strchr(" \t", p.at[0])) {
		p.at++;
		p.len--;
	}
	while (p.len && strchr(" \t", p.at[p.len - 1]))
		p.len--;
	return p;
}

static bool
is(struct piece p, const char *word)
{
	return p.len == strlen(word) && !strncasecmp(p.at, word, p.len);
}

static bool
is_xml(struct piece type)
{
	return is(type, "application/xml") || is(type, "text/xml");
}

/* A weight in thousandths: 0 to 1 with three decimals at most; -1 for anything else. */
static int
weight(struct piece p)
{
	int thousandths = 0, unit = 1000;

	if (!p.len || p.len > 5 || (p.at[0] != '0' && p.at[0] != '1') ||
	    (p.len > 1 && p.at[1] != '.'))
		return -1;
	for (size_t i = 0; i < p.len; i++) {
		if (i == 1)
			continue;
		if (p.at[i] < '0' || p.at[i] > '9')
			return -1;
		thousandths += (p.at[i] - '0') * unit;
		unit /= 10;
	}
	return thousandths <= 1000 ? thousandths : -1;
}

/* The weight among a media range's parameters, 1000 without one. */
static int
weight_of(struct piece parameters)
{
	while (parameters.len) {
		struct piece p = next_piece(&parameters, ';');

		if (p.len >= 2 && !strncasecmp(p.at, "q=", 2))
			return weight((struct piece){p.at + 2, p.len - 2});
	}
	return 1000;
}

static void
raise_to(int *best, int to)
{
	if (to > *best)
		*best = to;
}

bool
api3_sends_xml(const struct request *req)
{
	const char *type = request_param(req, "CONTENT_TYPE");
	struct piece rest = {type, type ? strlen(type) : 0};

	return type && is_xml(next_piece(&rest, ';'));
}

bool
api3_wants_xml(const struct request *req)
{
	const char *accept = request_param(req, "HTTP_ACCEPT");
	struct piece rest = {accept, accept ? strlen(accept) : 0};
	int xml = -1, json = -1, application = -1, any = -1;

	while (rest.len) {
		struct piece range = next_piece(&rest, ',');
		struct piece type = next_piece(&range, ';');
		int w = weight_of(range);

		if (is_xml(type))
			raise_to(&xml, w);
		else if (is(type, "application/json"))
			raise_to(&json, w);
		else if (is(type, "application/*"))
			raise_to(&application, w);
		else if (is(type, "*/*"))
			raise_to(&any, w);
	}
	/* The range that says most of JSON is the one that counts. */
	if (json < 0)
		json = application >= 0 ? application : any;
	return xml > 0 && xml > json;
}
