/*
 * Retries: whether an attempt that did not succeed is followed by another, and when.
 *
 * The n-th retry of a task is due delay * factor^(n-1) after the end of the attempt before it, at
 * most maxDelay, and a part of jitter later: which part follows from the task and the attempt, so
 * that whoever works it out again after a crash comes to the same instant.
 *
 * A lost attempt is none of this: nobody knows that it failed, and onLost decides.
 */
#ifndef MODEL_RETRY_H
#define MODEL_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "model/execution.h"

/* A failure as a definition names it: of a command an exit code "75", a range of them "64-78", or
 * "signal"; of a request a status "503", a range "500-504", or a class "5xx"; of both "timeout" and
 * "unstarted", which a request is that got no answer. */
bool retry_cause_valid(const char *text, bool request);

/* Is a task whose present attempt has ended with `status` to have another one for it? */
bool retry_follows(const struct task *t, enum task_status status);

/* When that one is due, of a task whose present attempt ended at `ended_us`. */
int64_t retry_due(const struct task *t, int64_t ended_us);

/* The attempt that is still to come, if the last one is: it has a number and a due time, and no
 * start and no end. */
struct attempt *retry_attempt(const struct task *t);

#endif
