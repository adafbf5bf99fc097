/*
 * What a command's process is like beside its arguments and environment: who it runs as, what it
 * reads, how much of the machine it may have. Everything is looked up before the fork; the child
 * only makes system calls.
 */
#ifndef RUNNER_ATTRIBUTES_H
#define RUNNER_ATTRIBUTES_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "proc/channel.h"

/* What the child may fail at. */
enum attribute {
	ATTRIBUTE_NONE = 0,
	ATTRIBUTE_USER = 1,
	ATTRIBUTE_NICE = 2,
	ATTRIBUTE_PRIVILEGES = 3,
	ATTRIBUTE_LIMIT = 4, /* and which: + enum channel_limit */
};

struct attributes {
	int input; /* a file with what it is to read, at its beginning; -1: nothing */
	bool change;
	uid_t uid;
	gid_t gid, *groups;
	int group_count;
	char *user, *home; /* NULL unless `change` */
	mode_t umask;
	int nice;
	uint8_t limited;
	uint64_t limits[CHANNEL_LIMITS];
};

#define ATTRIBUTES_INIT      \
	{                    \
		.input = -1, \
	}

/*
 * Find out what a START asks for. `run_as`: users that it may name, NULL at the end.
 *
 * Owns:  attributes_release(), also after a failure.
 * Fails: ERR_DENIED for a user that is not listed; ERR_INPUT for one that there is not, and for
 * a group that is none of its; ERR_IO.
 */
MUST_CHECK int attributes_find(struct attributes *a, const char *const *run_as,
    const struct channel_message *m, struct err *err);

void attributes_release(struct attributes *a);

/*
 * In the child: become so, for good. Privileges are gone then unless it runs as root, and no
 * program gets any by its setuid bit. Answers what failed, with errno; 0: all is done.
 */
int attributes_assume(const struct attributes *a);

/* For "cannot ...": `set its limit of memory`. */
const char *attribute_text(int attribute);

#endif
