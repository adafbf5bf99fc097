/* What a task waits for: see after.h. */
#include "model/after.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

void
after_variable(const char *name, char out[AFTER_VARIABLE_TEXT])
{
	size_t len = 0;

	for (const char *p = name; *p && len < AFTER_VARIABLE_TEXT - 1; p++) {
		/* The rest of a character of several bytes. */
		if (((unsigned char)*p & 0xc0) == 0x80)
			continue;
		if (*p >= 'a' && *p <= 'z')
			out[len++] = (char)(*p - 'a' + 'A');
		else if ((*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9'))
			out[len++] = *p;
		else
			out[len++] = '_';
	}
	out[len] = '\0';
}

/* ---- definitions ---- */

static bool
find_def(const struct schedule *s, const char *name, size_t *at)
{
	for (*at = 0; *at < s->task_count; ++*at) {
		if (!strcmp(s->tasks[*at].name, name))
			return true;
	}
	return false;
}

static bool
same_variable(const char *a, const char *b)
{
	char x[AFTER_VARIABLE_TEXT], y[AFTER_VARIABLE_TEXT];

	after_variable(a, x);
	after_variable(b, y);
	return !strcmp(x, y);
}

static int
check_entry(const struct schedule *s, size_t i, size_t k, struct err *err)
{
	const struct task_def *t = &s->tasks[i];
	const char *name = t->after[k].task;
	size_t at;

	if (!name || !*name)
		return err_fail(
		    err, ERR_INPUT, "Missing value: tasks[%zu].after[%zu].task", i, k);
	if (!find_def(s, name, &at))
		return err_fail(err, ERR_INPUT,
		    "Invalid value: tasks[%zu].after[%zu].task: names no task of the schedule",
		    i, k);
	if (at == i)
		return err_fail(err, ERR_INPUT,
		    "Invalid value: tasks[%zu].after[%zu].task: names the task itself", i, k);
	for (size_t j = 0; j < k; j++) {
		if (!strcmp(name, t->after[j].task))
			return err_fail(err, ERR_INPUT,
			    "Invalid value: tasks[%zu].after[%zu].task: is named by after[%zu] "
			    "too; leave one out",
			    i, k, j);
		if (same_variable(name, t->after[j].task))
			return err_fail(err, ERR_INPUT,
			    "Invalid value: tasks[%zu].after[%zu].task: has the same name as "
			    "after[%zu] in the environment, where only letters and digits "
			    "count; "
			    "rename one of the tasks",
			    i, k, j);
	}
	return 0;
}

/* Take away what waits for nothing that is left, until nothing changes: what stays waits for
 * itself, or for such a task. */
static bool
find_left(const struct schedule *s, bool left[SCHEDULE_TASKS_MAX])
{
	size_t count = s->task_count, before, at;

	for (size_t i = 0; i < count; i++)
		left[i] = true;
	do {
		before = count;
		for (size_t i = 0; i < s->task_count; i++) {
			const struct task_def *t = &s->tasks[i];
			bool waits = false;

			for (size_t k = 0; k < t->after_count; k++)
				waits |= find_def(s, t->after[k].task, &at) && left[at];
			if (left[i] && !waits) {
				left[i] = false;
				count--;
			}
		}
	} while (count < before);
	return count > 0;
}

/* One of those that it waits for and that are left: there is one. */
static size_t
step_back(const struct schedule *s, const bool left[SCHEDULE_TASKS_MAX], size_t i)
{
	const struct task_def *t = &s->tasks[i];
	size_t at;

	for (size_t k = 0; k < t->after_count; k++) {
		if (find_def(s, t->after[k].task, &at) && left[at])
			return at;
	}
	return i;
}

static int
check_circles(const struct schedule *s, struct err *err)
{
	bool left[SCHEDULE_TASKS_MAX];
	char way[SCHEDULE_TASKS_MAX * sizeof "tasks[31], "];
	size_t at = 0, first, len = 0;

	if (!find_left(s, left))
		return 0;
	while (!left[at])
		at++;
	/* So many steps back are enough to be on the circle. */
	for (size_t i = 0; i < s->task_count; i++)
		at = step_back(s, left, at);
	first = at;
	for (size_t i = step_back(s, left, at); i != at; i = step_back(s, left, i)) {
		if (i < first)
			first = i;
	}
	for (size_t i = step_back(s, left, first); i != first; i = step_back(s, left, i))
		len += (size_t)snprintf(
		    way + len, sizeof way - len, "%stasks[%zu]", len ? ", " : "", i);
	return err_fail(err, ERR_INPUT,
	    "Invalid value: tasks[%zu].after: waits for itself, by way of %s", first, way);
}

int
after_validate(const struct schedule *s, struct err *err)
{
	for (size_t i = 0; i < s->task_count; i++) {
		const struct task_def *t = &s->tasks[i];

		if (t->after_any && !t->after_count)
			return err_fail(err, ERR_INPUT,
			    "Invalid value: tasks[%zu].afterMatch: any of no tasks never holds",
			    i);
		for (size_t k = 0; k < t->after_count; k++) {
			int ret = check_entry(s, i, k, err);

			if (ret)
				return ret;
		}
	}
	return check_circles(s, err);
}

/* ---- runs ---- */

const struct task *
after_find(const struct task *tasks, size_t task_count, const char *name)
{
	for (size_t i = 0; i < task_count; i++) {
		if (!strcmp(tasks[i].def.name, name))
			return &tasks[i];
	}
	return NULL;
}

static bool
holds(enum after_when when, enum task_status status)
{
	switch (when) {
	case AFTER_SUCCEEDED:
		return status == TASK_SUCCEEDED;
	case AFTER_FAILED:
		return status == TASK_FAILED || status == TASK_TIMED_OUT || status == TASK_LOST;
	case AFTER_ALWAYS:
		return task_status_ended(status);
	}
	return false;
}

/* How many of those that a task waits for hold, or have not ended; the others never will. */
struct count {
	size_t hold, open;
	const struct task *never; /* the first of these */
};

static struct count
count_before(const struct task *t, const struct task *tasks, size_t task_count)
{
	struct count n = {0};

	for (size_t k = 0; k < t->def.after_count; k++) {
		const struct task_after *after = &t->def.after[k];
		const struct task *before = after_find(tasks, task_count, after->task);

		if (before && holds(after->when, before->status))
			n.hold++;
		else if (before && !task_status_ended(before->status))
			n.open++;
		else if (!n.never)
			n.never = before;
	}
	return n;
}

enum after_decision
after_decide(const struct task *t, const struct task *tasks, size_t task_count)
{
	struct count n = count_before(t, tasks, task_count);
	size_t all = t->def.after_count;

	if (t->def.after_any)
		return n.hold ? AFTER_GO : n.open ? AFTER_OPEN : AFTER_SKIP;
	if (n.hold + n.open < all)
		return AFTER_SKIP;
	return n.hold == all ? AFTER_GO : AFTER_OPEN;
}

static const char *
ending(enum task_status status)
{
	switch (status) {
	case TASK_SUCCEEDED:
		return "succeeded";
	case TASK_FAILED:
		return "failed";
	case TASK_TIMED_OUT:
		return "timed out";
	case TASK_CANCELLED:
		return "was cancelled";
	case TASK_LOST:
		return "was lost";
	case TASK_SKIPPED:
	case TASK_CONDITION:
		return "was not run";
	case TASK_WAITING:
	case TASK_PENDING:
	case TASK_STARTING:
	case TASK_RUNNING:
	case TASK_CANCELLING:
	case TASK_RETRYING:
		break;
	}
	return "has not ended";
}

const char *
after_reason(struct arena *a, const struct task *t, const struct task *tasks, size_t task_count)
{
	const struct task *never = count_before(t, tasks, task_count).never;

	if (!never || (t->def.after_any && t->def.after_count > 1))
		return "not run: no task before it ended as it waits for";
	return arena_printf(
	    a, "not run: task \"%s\" %s", never->def.name, ending(never->status));
}
