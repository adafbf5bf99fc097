/*
 * Values for the placeholders of one attempt. A secret is read here, when its START is ordered, and
 * goes nowhere but into that order: no record, no log and no answer ever holds it.
 */
#include <stdio.h>
#include <string.h>

#include "base/id.h"
#include "model/after.h"
#include "scheduler/internal.h"
#include "service/secrets.h"

static const char *
guid(struct arena *a, uint64_t id)
{
	char text[ID_GUID_LEN + 1];

	id_guid(id, text);
	return arena_strdup(a, text);
}

static const char *
scheduled(struct arena *a, const struct execution *x, bool day)
{
	char text[INSTANT_TEXT];

	instant_format(x->due_us != INSTANT_NEVER ? x->due_us : x->triggered_us, text);
	return day ? arena_memdup(a, text, strcspn(text, "T")) : arena_strdup(a, text);
}

/* The last line of a task before this one; the first that it is after, if it is not named. */
static const char *
result_of(const struct fill *f, struct arena *a, const struct placeholder *p)
{
	const struct task_def *def = &f->task->def;
	const struct task *before;
	const struct attempt *last;
	const char *name = p->of	      ? arena_memdup(a, p->of, p->of_len)
			   : def->after_count ? def->after[0].task
					      : NULL;

	before = name ? after_find(f->tasks, f->task_count, name) : NULL;
	if (!before || !before->attempt_count || !task_status_ended(before->status))
		return "";
	last = &before->attempts[before->attempt_count - 1];
	return last->last_line ? last->last_line : "";
}

static void
add_mask(struct fill *f, const char *text)
{
	if (f->mask_count + 1 >= f->mask_cap) {
		size_t cap = f->mask_cap ? f->mask_cap * 2 : 16;
		const char **mask = arena_array(&f->e->arena, cap, sizeof *mask);

		if (f->mask_count)
			memcpy(mask, f->mask, f->mask_count * sizeof *mask);
		f->mask = mask;
		f->mask_cap = cap;
	}
	f->mask[f->mask_count++] = text;
}

/* In the forms in which it may come out again: whole, as within JSON, and each line of several. */
static void
mask_secret(struct fill *f, const char *text)
{
	struct arena *a = &f->e->arena;
	const char *json = placeholder_form(a, text, PLACEHOLDER_JSON);
	size_t len;

	add_mask(f, text);
	if (strcmp(json, text) != 0)
		add_mask(f, json);
	for (const char *line = text; *line; line += len + (line[len] != '\0')) {
		len = strcspn(line, "\r\n");
		if (len >= SECRET_VALUE_MIN && len < strlen(text))
			add_mask(f, arena_memdup(a, line, len));
	}
}

static const char *
secret(struct fill *f, struct arena *a, const struct placeholder *p)
{
	const char *name = arena_memdup(a, p->of, p->of_len), *text = NULL;
	int rc = f->rc ? f->rc
		       : secret_value(f->txn, a, f->execution->tenant_id, name, &text, f->err);

	if (rc == ERR_MISSING)
		f->missing = arena_printf(a, "there is no secret %s", name);
	else if (rc)
		f->rc = rc;
	else
		mask_secret(f, text);
	f->secret = true;
	return text;
}

static const char *
value(void *ctx, struct arena *a, const struct placeholder *p)
{
	struct fill *f = ctx;
	const struct execution *x = f->execution;
	const struct task *t = f->task;

	switch (p->name) {
	case PLACEHOLDER_SCHEDULE_ID:
		return guid(a, x->schedule_id);
	case PLACEHOLDER_EXECUTION_ID:
		return guid(a, x->id);
	case PLACEHOLDER_TASK_ID:
		return guid(a, t->id);
	case PLACEHOLDER_ATTEMPT:
		return arena_printf(a, "%u", t->attempts[t->attempt_count - 1].number);
	case PLACEHOLDER_SCHEDULED_TIME:
		return scheduled(a, x, false);
	case PLACEHOLDER_SCHEDULED_DATE:
		return scheduled(a, x, true);
	case PLACEHOLDER_SCHEDULE_NAME:
		return x->schedule_name;
	case PLACEHOLDER_ARGS:
		return x->args ? x->args : "";
	case PLACEHOLDER_RESULT:
		return result_of(f, a, p);
	case PLACEHOLDER_SECRET:
		if (f->shown)
			return arena_printf(a, "${secret:%.*s}", (int)p->of_len, p->of);
		return secret(f, a, p);
	}
	return NULL;
}

const char *
fill_text(struct fill *f, const char *text, unsigned rules, enum placeholder_form form)
{
	bool failed = false;

	return placeholder_fill(&f->e->arena, text, rules, form, value, f, &failed);
}
