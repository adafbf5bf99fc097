/* Who the application runs as once it has what only root can give it. */
#ifndef APP_IDENTITY_H
#define APP_IDENTITY_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "config/config.h"

struct identity {
	bool change; /* false: stay who one is; the rest then says who that is */
	uid_t uid;
	gid_t gid;
	gid_t socket_gid;
	const char *user; /* borrowed from the configuration; NULL unless `change` */
};

/* Look up the names in the configuration. Fails: ERR_INPUT for an unknown one. */
MUST_CHECK int identity_find(const struct config *config, struct identity *id, struct err *err);

/* Make a directory that belongs to it, unless it is there. Its parent must be. */
MUST_CHECK int identity_make_dir(
    const struct identity *id, const char *path, mode_t mode, struct err *err);

/* For files that it is to own: act as it for a while, and as oneself again. */
MUST_CHECK int identity_assume(const struct identity *id, struct err *err);
MUST_CHECK int identity_resume(const struct identity *id, struct err *err);

/* Become it for good: groups, gid, uid, and no way back. */
MUST_CHECK int identity_become(const struct identity *id, struct err *err);

#endif
