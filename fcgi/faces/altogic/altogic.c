/* Which paths are Altogic's, and what is answered there. */
#include "faces/altogic/altogic.h"

#include <string.h>

bool
altogic_owns(const char *path)
{
	return !strcmp(path, "/_api") || !strncmp(path, "/_api/", 6) ||
	       !strncmp(path, "/e:", 3);
}

void
altogic_handle(const struct face *face, const struct request *req, struct response *res)
{
	(void)face, (void)req;
	response_set(res, 404, "application/json",
	    "{\"errors\":[{\"origin\":\"client_error\",\"code\":\"not_found\","
	    "\"message\":\"Not found\"}]}");
}
