/*
 * What a command was really given at its start: kept in a file beside its output, so that it can
 * be looked up later, whatever became of its definition. No secret is in it: where a value has one
 * it stands as ${secret:NAME}.
 *
 * The runner writes it, because only the runner knows all of it, before the command is released.
 */
#ifndef PROC_STARTED_H
#define PROC_STARTED_H

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

struct started {
	const char **argv, **env; /* NULL at the end; env: "NAME=value" */
	const char *cwd, *user;	  /* who it ran as, by name, or by number where he has none */
	const char *group;	  /* likewise */
	uint32_t umask;
	int32_t nice;
};

/* Whole or not at all. Fails: ERR_IO. */
MUST_CHECK int started_write(
    int dir, const char *name, const struct started *s, struct err *err);

/* Fails: ERR_MISSING where there is none; ERR_IO. */
MUST_CHECK int started_read(
    struct arena *a, const char *path, struct started *s, struct err *err);

#endif
