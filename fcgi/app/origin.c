/* Which origins are listed: see origin.h. A browser sends no more than scheme, host and port, and
 * compares bytes. */
#include "app/origin.h"

#include <string.h>

static bool
is_listed(const char *list, const char *origin)
{
	size_t len = strlen(origin);

	for (const char *p = list; len && p && *p;) {
		size_t word = strcspn(p, " ");

		if ((word == 1 && *p == '*') || (word == len && !memcmp(p, origin, len)))
			return true;
		p += word + (p[word] == ' ');
	}
	return false;
}

const char *
origin_allowed(const struct face *face, const struct request *req)
{
	const char *origin = request_param(req, "HTTP_ORIGIN");

	return origin && is_listed(face->allowed_origins, origin) ? origin : NULL;
}
