/*
 * What a task waits for: tasks of the same execution, and how they must have ended. Pure; the
 * definition is in schedule.h, the task's record in execution.h.
 */
#ifndef MODEL_AFTER_H
#define MODEL_AFTER_H

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "model/execution.h"
#include "model/schedule.h"

/*
 * Check what each task of a schedule waits for: names of other tasks, each once, that can be told
 * apart in its environment, and no task that waits for itself. Counts and names are
 * schedule_validate()'s, and checked before.
 *
 * Fails: ERR_INPUT `Invalid value: tasks[1].after[0].task: names no task of the schedule`.
 */
MUST_CHECK int after_validate(const struct schedule *s, struct err *err);

enum after_decision {
	AFTER_OPEN, /* what it waits for has not ended yet */
	AFTER_GO,   /* it may begin */
	AFTER_SKIP, /* it can never begin any more */
};

/*
 * What is to become of a task that waits for others, as far as is known now: one that has to
 * fail is enough, or with after_any one that holds.
 *
 * A task that timed out or is lost has failed. One that was skipped, cancelled or stopped has
 * neither failed nor succeeded; it has ended.
 */
enum after_decision after_decide(
    const struct task *t, const struct task *tasks, size_t task_count);

/* Why it is skipped, as one line: `not run: task "extract" failed`. */
const char *after_reason(
    struct arena *a, const struct task *t, const struct task *tasks, size_t task_count);

/* The task of that name; NULL: there is none. */
const struct task *after_find(const struct task *tasks, size_t task_count, const char *name);

enum { AFTER_VARIABLE_TEXT = SCHEDULE_TASK_NAME_MAX + 1 };

/* A task's name within the names of environment variables: letters of ASCII in capitals, and
 * digits; any other character is `_`. */
void after_variable(const char *name, char out[AFTER_VARIABLE_TEXT]);

#endif
