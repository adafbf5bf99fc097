/* Scheduled jobs as they are seen, by whom, and what stands in the configuration. */
#include <string.h>

#include "base/id.h"
#include "model/http.h"
#include "service/job_internal.h"

/* ---- who ---- */

int
require_job_right(
    const struct actor *actor, enum job_right right, enum scope scope, struct err *err)
{
	bool may = actor_is_admin(actor) || (actor->job_rights & right);

	return may && actor_may(actor, scope) ? 0 : err_fail(err, ERR_DENIED, JOB_NO_RIGHT);
}

bool
job_is_shared(const struct actor *actor, const struct schedule *s)
{
	return actor_is_admin(actor) || s->created_by == actor->user_id ||
	       (s->job &&
		   id_is_among(s->job->shared_with, s->job->shared_count, actor->user_id));
}

int
require_shared(const struct actor *actor, const struct schedule *s, struct err *err)
{
	return job_is_shared(actor, s) ? 0 : err_fail(err, ERR_DENIED, JOB_NOT_YOURS);
}

/* ---- the configuration ---- */

static const struct job_settings *
settings_of(const struct service *sv)
{
	static const struct job_settings none = {.time_zone = "UTC"};

	return sv->jobs ? sv->jobs : &none;
}

int
job_zone(struct service *sv, struct job_zone *zone, struct err *err)
{
	int rc;

	zone->name = settings_of(sv)->time_zone;
	rc = zones_get(sv->zones, zone->name, &zone->zone, err);
	return rc ? err_wrap(err, ERR_IO, "timeZone of the configuration") : 0;
}

const struct job_command *
job_command(const struct service *sv, const char *task, uint64_t query_id)
{
	const struct job_settings *j = settings_of(sv);

	for (size_t i = 0; i < j->command_count; i++) {
		const struct job_command *c = &j->commands[i];

		if (task ? c->query_id == 0 && !strcmp(c->name, task)
			 : c->query_id != 0 && c->query_id == query_id)
			return c;
	}
	return NULL;
}

/* The task that is registered for the command of a schedule, else its program. */
static const char *
task_shown(const struct service *sv, const struct schedule *s)
{
	const struct job_settings *j = settings_of(sv);
	const struct task_def *t = &s->tasks[0];

	for (size_t i = 0; i < j->command_count && s->task_count == 1; i++) {
		const struct job_command *c = &j->commands[i];

		if (!c->query_id && same_texts(c->argv, c->argc, t->argv, t->argc))
			return c->name;
	}
	return t->http ? t->http->url : t->argv[0];
}

/* ---- what is seen ---- */

struct job
job_shown(const struct service *sv, const struct job_zone *zone, const struct schedule *s)
{
	if (s->job)
		return *s->job;
	return (struct job){
	    .rule = job_rule_of(zone, s->triggers, s->trigger_count),
	    .type = JOB_INTERNAL,
	    .task = task_shown(sv, s),
	};
}

struct job
job_after_edit(const struct service *sv, const struct job_zone *zone,
    const struct schedule *before, const struct schedule *s)
{
	const struct task_def *old = &before->tasks[0], *new = &s->tasks[0];
	struct job job = *before->job;

	if (!job_rule_matches(&job.rule, zone, s->triggers, s->trigger_count))
		job.rule = job_rule_of(zone, s->triggers, s->trigger_count);
	if (before->task_count == s->task_count &&
	    same_texts(old->argv, old->argc, new->argv, new->argc))
		return job;
	job.type = JOB_INTERNAL;
	job.task = task_shown(sv, s);
	job.query_id = 0;
	job.query_title = job.fixed_args = NULL;
	return job;
}

/* Whatever start and end say: wire/openspecimen.md 3.4. */
static int64_t
next_run(const struct service *sv, const struct schedule *s, const struct schedule_state *state,
    int64_t now_us)
{
	struct schedule unbounded = *s;
	int64_t due_us;
	struct err unknown;

	unbounded.start_us = INT64_MIN;
	unbounded.end_us = INSTANT_NEVER;
	/* A zone that is gone is told when the time has come. */
	if (schedule_plan_next(&unbounded, state, sv->zones, now_us, &due_us, &unknown))
		return INSTANT_NEVER;
	return due_us;
}

void
job_view_fill(const struct service *sv, const struct job_zone *zone, int64_t now_us,
    struct job_view *view)
{
	const struct schedule *s = &view->schedule.definition;
	bool suspended = schedule_is_suspended(&view->schedule.state, now_us);

	view->job = job_shown(sv, zone, s);
	view->disabled = false;
	view->active = !suspended && (view->job.type != JOB_QUERY ||
					 job_command(sv, NULL, view->job.query_id));
	view->next_run_us = suspended || view->job.rule.repeat == JOB_ON_DEMAND
				? INSTANT_NEVER
				: next_run(sv, s, &view->schedule.state, now_us);
	view->last_start_us = INSTANT_NEVER;
}

int
view_job(struct txn *txn, struct arena *a, const struct deed *d, uint64_t id,
    struct job_view *view, struct err *err)
{
	struct job_zone zone;
	int rc = view_schedule(txn, a, d, id, &view->schedule, err);

	if (!rc)
		rc = job_zone(d->sv, &zone, err);
	if (!rc)
		job_view_fill(d->sv, &zone, d->now_us, view);
	return rc;
}
