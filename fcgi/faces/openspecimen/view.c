/*
 * What the core knows, in OpenSpecimen's words: jobs, runs and users. A job and a run have all
 * their members always, null where there is nothing; of a user those are left out that have no
 * value.
 *
 * Users of this server have one name, which stands where a client shows the first one.
 */
#include "calendar/civil.h"
#include "faces/openspecimen/call.h"

#define MILLI_US (SECOND_US / 1000)

/* The only class that runs queries. */
static const char query_task[] =
    "com.krishagni.catissueplus.core.administrative.services.impl.ScheduledQueryTask";

static const char system_user[] = "$system";

void
specimen_write_text(struct json_writer *w, const char *name, const char *text)
{
	json_name(w, name);
	if (text)
		json_string(w, text);
	else
		json_null(w);
}

static void
write_number(struct json_writer *w, const char *name, int64_t n)
{
	json_name(w, name);
	json_number(w, n);
}

/* A number that is there, or null. */
static void
write_optional(struct json_writer *w, const char *name, bool there, int64_t n)
{
	json_name(w, name);
	if (there)
		json_number(w, n);
	else
		json_null(w);
}

static void
write_bool(struct json_writer *w, const char *name, bool value)
{
	json_name(w, name);
	json_bool(w, value);
}

void
specimen_write_date(struct json_writer *w, const char *name, int64_t us, int64_t none)
{
	int64_t ms = us / MILLI_US - (us % MILLI_US < 0);

	write_optional(w, name, us != none, ms);
}

/* ---- users ---- */

static struct specimen_user *
find_met(const struct call *c, uint64_t id)
{
	struct specimen_user *u = c->users;

	while (u && u->user.id != id)
		u = u->next;
	return u;
}

/* Look a user up, once. 0 is nobody, or the system. */
static int
meet(struct call *c, uint64_t id)
{
	struct specimen_user *u;
	int ret;

	if (!id || find_met(c, id))
		return 0;
	u = arena_alloc(c->req->arena, sizeof *u);
	ret =
	    service_see_user(c->face->service, c->req->arena, &c->actor, id, &u->user, &c->err);
	if (ret && ret != ERR_MISSING)
		return ret;
	u->known = !ret;
	u->user.id = id;
	u->next = c->users;
	c->users = u;
	return 0;
}

static int
meet_all(struct call *c, const uint64_t *ids, size_t count)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < count; i++)
		ret = meet(c, ids[i]);
	return ret;
}

int
specimen_get_user(struct call *c, uint64_t id, const struct user **user)
{
	int ret = meet(c, id);
	const struct specimen_user *u = ret ? NULL : find_met(c, id);

	if (ret || !u || !u->known)
		return ret ? ret : err_fail(&c->err, ERR_IDENTITY, "the user is gone");
	*user = &u->user;
	return 0;
}

void
specimen_write_names(struct json_writer *w, const char *name)
{
	specimen_write_text(w, "firstName", name);
	specimen_write_text(w, "lastName", "");
}

/* Whoever is no user any more, or never was one, is shown by what is left of him. */
static void
write_user(struct call *c, struct json_writer *w, uint64_t id)
{
	const struct specimen_user *u = id ? find_met(c, id) : NULL;
	const char *name = !id ? system_user : u && u->known ? u->user.name : NULL;
	bool admin = !id || (name && role_is_admin(u->user.role));

	json_object(w);
	write_number(w, "id", (int64_t)id);
	specimen_write_text(w, "type", admin ? "SUPER" : "NONE");
	if (name) {
		specimen_write_names(w, name);
		specimen_write_text(w, "loginName", name);
	}
	specimen_write_text(w, "domain", "openspecimen");
	if (id && name && u->user.email)
		specimen_write_text(w, "emailAddress", u->user.email);
	write_bool(w, "admin", admin);
	write_bool(w, "instituteAdmin", false);
	write_bool(w, "manageForms", false);
	write_number(w, "cpCount", 0);
	specimen_write_text(
	    w, "activityStatus", !id || (name && u->user.enabled) ? "Active" : "Disabled");
	json_end_object(w);
}

static void
write_users(
    struct call *c, struct json_writer *w, const char *name, const uint64_t *ids, size_t count)
{
	json_name(w, name);
	json_array(w);
	for (size_t i = 0; i < count; i++)
		write_user(c, w, ids[i]);
	json_end_array(w);
}

/* ---- jobs ---- */

int
specimen_meet_job(struct call *c, const struct job_view *v)
{
	int ret = meet(c, v->schedule.definition.created_by);

	if (!ret)
		ret = meet(c, v->job.run_as);
	if (!ret)
		ret = meet_all(c, v->job.recipients, v->job.recipient_count);
	if (!ret)
		ret = meet_all(c, v->job.shared_with, v->job.shared_count);
	return ret;
}

static void
write_rule(struct json_writer *w, const struct job_rule *r)
{
	bool timed = r->repeat != JOB_ON_DEMAND;
	bool daily = timed && r->repeat != JOB_MINUTELY && r->repeat != JOB_HOURLY;

	write_optional(w, "scheduledHour", daily, r->hour);
	write_optional(w, "scheduledMinute", timed, r->minute);
	specimen_write_text(w, "scheduledDayOfWeek",
	    r->repeat == JOB_WEEKLY ? specimen_weekdays[r->weekday - 1] : NULL);
	write_optional(w, "scheduledDayOfMonth", r->repeat == JOB_MONTHLY, r->month_day);
	write_optional(w, "hourlyInterval", timed, r->hourly_interval);
	write_optional(w, "minutelyInterval", timed, r->minutely_interval);
}

static void
write_task(struct json_writer *w, const struct job *job)
{
	bool query = job->type == JOB_QUERY;

	specimen_write_text(w, "type", specimen_types[job->type - 1]);
	specimen_write_text(w, "taskImplFqn", query ? query_task : job->task);
	specimen_write_text(w, "command", NULL);
	specimen_write_text(w, "fixedArgs", job->fixed_args);
	json_name(w, "savedQuery");
	if (!query) {
		json_null(w);
		return;
	}
	json_object(w);
	write_number(w, "id", (int64_t)job->query_id);
	specimen_write_text(w, "title", job->query_title);
	json_end_object(w);
}

static void
write_rt_args(struct json_writer *w, const struct job *job)
{
	json_name(w, "rtArgsProvided");
	if (job->rt_args_provided == JOB_FLAG_NONE)
		json_null(w);
	else
		json_bool(w, job->rt_args_provided == JOB_FLAG_TRUE);
	specimen_write_text(w, "rtArgsHelpText", job->rt_args_help);
}

void
specimen_write_job(struct call *c, struct json_writer *w, const struct job_view *v)
{
	const struct schedule *s = &v->schedule.definition;
	const struct job *job = &v->job;

	json_object(w);
	write_number(w, "id", (int64_t)s->id);
	specimen_write_text(w, "name", s->name);
	json_name(w, "createdBy");
	write_user(c, w, s->created_by);
	/* One that was made elsewhere may have no start: it is not due before it was made. */
	specimen_write_date(w, "startDate",
	    s->start_us == INT64_MIN ? s->created_us : s->start_us, INSTANT_NEVER);
	specimen_write_date(w, "endDate", s->end_us, INSTANT_NEVER);
	write_rule(w, &job->rule);
	specimen_write_date(w, "nextRunOn", v->next_run_us, INSTANT_NEVER);
	specimen_write_text(w, "activityStatus", v->disabled ? "Disabled" : "Active");
	specimen_write_text(w, "repeatSchedule", specimen_repeats[job->rule.repeat - 1]);
	write_task(w, job);
	json_name(w, "runAs");
	if (job->run_as)
		write_user(c, w, job->run_as);
	else
		json_null(w);
	write_users(c, w, "recipients", job->recipients, job->recipient_count);
	write_users(c, w, "sharedWith", job->shared_with, job->shared_count);
	write_bool(w, "isActiveJob", v->active);
	specimen_write_date(w, "lastRunOn", v->last_start_us, INSTANT_NEVER);
	write_rt_args(w, job);
	json_end_object(w);
}

/* ---- runs ---- */

int
specimen_meet_run(struct call *c, const struct job_run *r)
{
	return meet(c, r->run_by);
}

static const char *
run_status(const struct job_run *r)
{
	if (r->finished_us == INSTANT_NEVER)
		return "IN_PROGRESS";
	return r->succeeded ? "SUCCEEDED" : "FAILED";
}

void
specimen_write_run(struct call *c, struct json_writer *w, const struct job_run *r)
{
	json_object(w);
	write_number(w, "id", (int64_t)r->execution.id);
	write_number(w, "jobId", (int64_t)r->execution.schedule_id);
	specimen_write_text(w, "jobName", r->job_name);
	specimen_write_date(w, "startedAt", r->started_us, INSTANT_NEVER);
	specimen_write_date(w, "finishedAt", r->finished_us, INSTANT_NEVER);
	specimen_write_text(w, "status", run_status(r));
	specimen_write_text(w, "logFilePath", r->output);
	specimen_write_text(w, "message", r->message);
	json_name(w, "runBy");
	write_user(c, w, r->run_by);
	specimen_write_text(w, "rtArgs", r->execution.args);
	json_end_object(w);
}
