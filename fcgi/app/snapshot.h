/*
 * The configuration as it was at one moment, for all processes.
 *
 * A scheduler that is started anew in the night must get the settings that the last start or
 * reload checked, and not a file that somebody is editing or that only root can read. So the
 * file is copied into memory that nobody can change any more, and the children read the copy.
 */
#ifndef APP_SNAPSHOT_H
#define APP_SNAPSHOT_H

#include "config/config.h"

struct snapshot {
	struct config config;
	int fd;	       /* the copy; close-on-exec */
	char path[32]; /* of the copy, in a process that has `fd` open */
};

#define SNAPSHOT_INIT    \
	{                \
		.fd = -1 \
	}

/*
 * Read and check `path`; what config_load() cannot know is checked too.
 *
 * Owns:  snapshot_release() frees what *s holds; it is valid and empty after a failure.
 * Fails: as config_load().
 */
MUST_CHECK int snapshot_take(const char *path, struct snapshot *s, struct err *err);
void snapshot_release(struct snapshot *s);

#endif
