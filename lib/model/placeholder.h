/*
 * Placeholders in the texts of a task: `${scheduledDate}`, `${result}`, `${secret:NAME}`. Pure.
 *
 *   scheduleId scheduleName executionId taskId attempt    as in the environment of a command
 *   scheduledTime                                         2026-11-22T09:30:00.000Z
 *   scheduledDate                                         2026-11-22, in UTC
 *   args                                                  of the run
 *   result, result:TASK                                   the last line of the task before this one
 *   secret:NAME                                           a secret of the tenant
 *
 * `$${` stands for `${`. In the argument vector of a command, which may hold a script, only those are
 * placeholders that cannot mean anything to a shell (ids, times, the attempt); whatever else looks
 * like one is let alone.
 */
#ifndef MODEL_PLACEHOLDER_H
#define MODEL_PLACEHOLDER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

enum {
	PLACEHOLDER_NO_SECRET = 1, /* a secret is refused */
	PLACEHOLDER_ARGUMENT = 2,  /* of an argument vector */

	SECRET_NAME_MAX = 64, /* bytes */
};

enum placeholder_name {
	PLACEHOLDER_SCHEDULE_ID,
	PLACEHOLDER_EXECUTION_ID,
	PLACEHOLDER_TASK_ID,
	PLACEHOLDER_ATTEMPT,
	PLACEHOLDER_SCHEDULED_TIME,
	PLACEHOLDER_SCHEDULED_DATE,
	PLACEHOLDER_SCHEDULE_NAME, /* from here on: free text */
	PLACEHOLDER_ARGS,
	PLACEHOLDER_RESULT,
	PLACEHOLDER_SECRET,
};

/* One that stands in a text. */
struct placeholder {
	enum placeholder_name name;
	const char *of; /* TASK or NAME, of_len bytes; NULL: none */
	size_t of_len;
};

/* Where the value goes, and what must not happen there. */
enum placeholder_form {
	PLACEHOLDER_PLAIN, /* as it is */
	PLACEHOLDER_LINE,  /* control characters become blanks */
	PLACEHOLDER_URL,   /* what is not unreserved is written %20 */
	PLACEHOLDER_JSON,  /* as within a string of JSON */
};

/* Letters, digits, `_`, `-` and `.`, SECRET_NAME_MAX at most. */
bool secret_name_is_valid(const char *name, size_t len);

/* Fails: ERR_INPUT with what is wrong and how to mend it. */
MUST_CHECK int placeholder_check(const char *text, unsigned rules, struct err *why);

/* Tell all of a text that was checked to `visit`, until it answers other than 0, which is the
 * answer then. */
int placeholder_each(const char *text, unsigned rules,
    int (*visit)(void *ctx, const struct placeholder *p), void *ctx);

/*
 * The text with values in place. `value` answers NULL when there is none: *failed is then true, and
 * an empty text stands for it.
 */
const char *placeholder_fill(struct arena *a, const char *text, unsigned rules,
    enum placeholder_form form,
    const char *(*value)(void *ctx, struct arena *a, const struct placeholder *p), void *ctx,
    bool *failed);

/* A value as it stands in the form. */
const char *placeholder_form(struct arena *a, const char *value, enum placeholder_form form);

#endif
