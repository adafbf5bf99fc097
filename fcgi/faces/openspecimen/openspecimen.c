/* Which paths are OpenSpecimen's, and what is answered there. */
#include "faces/openspecimen/openspecimen.h"

#include <string.h>

bool
openspecimen_owns(const char *path)
{
	static const char *const bases[] = {
	    "/openspecimen/rest/ng", "/rest/ng", "/scheduled-jobs"};

	for (size_t i = 0; i < sizeof bases / sizeof bases[0]; i++) {
		size_t len = strlen(bases[i]);

		if (!strncmp(path, bases[i], len) && (path[len] == '/' || !path[len]))
			return true;
	}
	return false;
}

void
openspecimen_handle(const struct face *face, const struct request *req, struct response *res)
{
	(void)face, (void)req;
	response_set(res, 404, "application/json",
	    "[{\"code\":\"NOT_FOUND\",\"message\":\"Not found\"}]");
}
