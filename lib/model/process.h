/*
 * What a command's process is like beside its arguments and environment: who it runs as, what it
 * reads, and how much of the machine it may have. All zero: as the service's own, and nothing to
 * read.
 */
#ifndef MODEL_PROCESS_H
#define MODEL_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Limits of one process (getrlimit(2)), but for the number of processes, which is of all that its
 * user has. The numbers are durable. */
enum process_limit {
	PROCESS_CPU = 0,    /* seconds */
	PROCESS_MEMORY = 1, /* bytes of address space */
	PROCESS_FILES = 2,  /* open at once */
	PROCESS_PROCESSES = 3,
	PROCESS_FILE_SIZE = 4, /* bytes */
	PROCESS_CORE = 5,      /* bytes of a core file */
	PROCESS_LIMITS = 6,
};

enum {
	PROCESS_INPUT_MAX = 32768, /* bytes */
	PROCESS_USER_MAX = 64,	   /* bytes */
	PROCESS_UMASK_DEFAULT = 022,
};

struct task_process {
	const char *input; /* what it finds on its standard input; NULL: nothing */
	const char *user;  /* NULL: the service's */
	const char *group; /* one of the user's; NULL: the user's first. Never without a user */
	uint32_t umask;	   /* if has_umask, else PROCESS_UMASK_DEFAULT */
	bool has_umask;
	int32_t nice;
	uint8_t limited; /* a bit for each limit that there is: 1 << enum process_limit */
	uint64_t limits[PROCESS_LIMITS];
};

/* "cpu", "memory", "files", "processes", "fileSize", "core": as in a definition. */
const char *process_limit_name(enum process_limit limit);

bool process_has_limit(const struct task_process *p, enum process_limit limit);

bool process_equals(const struct task_process *a, const struct task_process *b);

/* Of its texts, with their NULs. */
size_t process_bytes(const struct task_process *p);

/* Check the bounds; `of` is whose process it is: `tasks[0]`. Fails: ERR_INPUT as
 * schedule_validate(). */
MUST_CHECK int process_validate(const struct task_process *p, const char *of, struct err *err);

/* Is the user in a list of names that ends with NULL? */
bool process_user_is_listed(const char *const *list, const char *user);

#endif
