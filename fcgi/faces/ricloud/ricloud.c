/* Which paths are ricloud's, and what is answered there. */
#include "faces/ricloud/ricloud.h"

#include <string.h>

bool
ricloud_owns(const char *path)
{
	static const char *const names[] = {"tasks", "results", "ricloud", "organisation",
	    "key", "keys", "users", "sources", "sessions", "polls", "subscriptions", "events",
	    "permissions", "configs"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		size_t len = strlen(names[i]);

		if (!strncmp(path + 1, names[i], len) &&
		    (path[1 + len] == '/' || !path[1 + len]))
			return true;
	}
	return false;
}

void
ricloud_handle(const struct face *face, const struct request *req, struct response *res)
{
	(void)face, (void)req;
	response_set(res, 404, "application/json",
	    "{\"error\":\"not-found\",\"message\":\"Not found\"}");
}
