/* All placeholders of a task: see task_text.h. */
#include "model/task_text.h"

#include <string.h>

#include "model/http.h"
#include "model/notify.h"

static int
each_of_request(
    const struct http_def *h, int (*visit)(void *ctx, const struct placeholder *p), void *ctx)
{
	int ret = placeholder_each(h->url, PLACEHOLDER_NO_SECRET, visit, ctx);

	for (size_t i = 0; !ret && i < h->header_count; i++)
		ret = placeholder_each(h->headers[i].value, 0, visit, ctx);
	return ret || !h->body ? ret : placeholder_each(h->body, 0, visit, ctx);
}

int
task_each_placeholder(
    const struct task_def *t, int (*visit)(void *ctx, const struct placeholder *p), void *ctx)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < t->argc; i++)
		ret = placeholder_each(t->argv[i], PLACEHOLDER_ARGUMENT, visit, ctx);
	for (size_t i = 0; !ret && i < t->env_count; i++)
		ret = placeholder_each(t->env[i].value, 0, visit, ctx);
	return ret || !t->http ? ret : each_of_request(t->http, visit, ctx);
}

static bool
is_name(const struct placeholder *p, const char *name)
{
	return strlen(name) == p->of_len && !memcmp(name, p->of, p->of_len);
}

struct results {
	const struct task_def *task;
	size_t index;
	struct err *err;
};

static int
check_result(void *ctx, const struct placeholder *p)
{
	const struct results *c = ctx;

	if (p->name != PLACEHOLDER_RESULT)
		return 0;
	if (!p->of && c->task->after_count)
		return 0;
	for (size_t i = 0; p->of && i < c->task->after_count; i++) {
		if (is_name(p, c->task->after[i].task))
			return 0;
	}
	return err_fail(c->err, ERR_INPUT,
	    "Invalid value: tasks[%zu]: has a ${result} of no task that it is after; name that "
	    "task in its after",
	    c->index);
}

int
task_check_results(const struct schedule *s, size_t i, struct err *err)
{
	struct results c = {&s->tasks[i], i, err};

	return task_each_placeholder(&s->tasks[i], check_result, &c);
}

static int
names_secret(void *ctx, const struct placeholder *p)
{
	return p->name == PLACEHOLDER_SECRET && is_name(p, ctx);
}

bool
schedule_names_secret(const struct schedule *s, const char *name)
{
	for (size_t i = 0; i < s->notify_count; i++) {
		if (s->notify[i].secret && !strcmp(s->notify[i].secret, name))
			return true;
	}
	for (size_t i = 0; i < s->task_count; i++) {
		if (task_each_placeholder(&s->tasks[i], names_secret, (void *)name))
			return true;
	}
	return false;
}
