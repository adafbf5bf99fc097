/* All placeholders of a task, wherever they stand. Pure. */
#ifndef MODEL_TASK_TEXT_H
#define MODEL_TASK_TEXT_H

#include "model/placeholder.h"
#include "model/schedule.h"

/* Tell each placeholder in the arguments, the environment and the request of a task to `visit`, until
 * it answers other than 0, which is the answer then. */
int task_each_placeholder(
    const struct task_def *t, int (*visit)(void *ctx, const struct placeholder *p), void *ctx);

/*
 * Check that each `${result}` of a task of a schedule has a task that it is of: named, or the first
 * that it is after. `i`: which task.
 *
 * Fails: ERR_INPUT `Invalid value: tasks[1]: ${result:a} names no task that it is after`.
 */
MUST_CHECK int task_check_results(const struct schedule *s, size_t i, struct err *err);

/* Does the schedule name this secret anywhere? */
bool schedule_names_secret(const struct schedule *s, const char *name);

#endif
