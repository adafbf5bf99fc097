/*
 * What is wrong with what a job is to be made of: all of it at once, in the order of
 * wire/openspecimen.md 5, which is the order of the calls in job_judge().
 */
#include <stdio.h>
#include <string.h>

#include "base/id.h"
#include "base/utf8.h"
#include "service/job_internal.h"

/* Recipients and those that a job is shared with: each is looked up. */
enum { JOB_USERS_MAX = 500 };

/* The code for what no other code says; its texts begin like this. */
#define NOT_CONVERTED "Failed to convert value of type '"

void
job_fault(struct job_faults *faults, const char *code, const char *message)
{
	if (faults->count == sizeof faults->list / sizeof faults->list[0])
		return;
	faults->list[faults->count].code = code;
	faults->list[faults->count++].message = message;
}

/* ---- what needs no store ---- */

static void
judge_text(const struct job_judging *j, const char *text, size_t max, const char *member)
{
	if (text && utf8_length(text, strlen(text)) > max)
		job_fault(j->faults, "INVALID_REQUEST",
		    arena_printf(j->arena,
			NOT_CONVERTED "string' to required type '%s': longer "
				      "than %zu characters",
			member, max));
}

static void
judge_name(const struct job_judging *j)
{
	if (!j->n->name)
		job_fault(j->faults, "SCHEDULED_JOB_NAME_REQUIRED", "Job name is required.");
	judge_text(j, j->n->name, SCHEDULE_NAME_MAX, "name");
}

static void
judge_time(const struct job_judging *j, int64_t value, int64_t min, int64_t max)
{
	if (value < min || value > max)
		job_fault(j->faults, "SCHEDULED_JOB_INVALID_SCHEDULED_TIME",
		    "Scheduled time is invalid.");
}

/* One that is not said is 1. */
static int64_t
judge_interval(const struct job_judging *j, int64_t value, int64_t min, int64_t max)
{
	if (value == JOB_UNSAID)
		return 1;
	judge_time(j, value, min, max);
	return value;
}

static void
judge_rule(const struct job_judging *j, struct job_rule *r)
{
	const struct job_new *n = j->n;
	bool timed =
	    n->repeat == JOB_DAILY || n->repeat == JOB_WEEKLY || n->repeat == JOB_MONTHLY;

	*r = (struct job_rule){.repeat = (enum job_repeat)n->repeat};
	if (n->repeat == 0)
		job_fault(j->faults, "SCHEDULED_JOB_REPEAT_SCHEDULE_REQUIRED",
		    "Job repeat scheduled is required.");
	if (n->repeat == JOB_UNKNOWN_WORD)
		job_fault(j->faults, "SCHEDULED_JOB_INVALID_REPEAT_SCHEDULE",
		    "Repeat schedule is invalid.");
	if (n->repeat <= 0 || n->repeat == JOB_ON_DEMAND)
		return;
	r->minutely_interval = r->hourly_interval = 1;
	if (timed || n->repeat == JOB_HOURLY) {
		judge_time(j, n->minute, 0, 59);
		r->minute = (int)n->minute;
	}
	if (timed) {
		judge_time(j, n->hour, 0, 23);
		r->hour = (int)n->hour;
	}
	if (n->repeat == JOB_WEEKLY) {
		judge_time(j, n->weekday, 1, 7);
		r->weekday = n->weekday;
	}
	if (n->repeat == JOB_MONTHLY) {
		judge_time(j, n->month_day, 1, 31);
		r->month_day = (int)n->month_day;
	}
	if (n->repeat == JOB_HOURLY)
		r->hourly_interval = judge_interval(j, n->hourly_interval, 1, JOB_HOURS_MAX);
	if (n->repeat == JOB_MINUTELY)
		r->minutely_interval =
		    judge_interval(j, n->minutely_interval, 0, JOB_MINUTES_MAX);
}

static void
judge_dates_and_status(const struct job_judging *j)
{
	if (j->n->end_us < j->start_us)
		job_fault(j->faults, "SCHEDULED_JOB_END_DATE_BEFORE_START_DATE",
		    "Job end-date is before start-date.");
	if (j->n->status == JOB_UNKNOWN_WORD)
		job_fault(j->faults, "ACTIVITY_STATUS_INVALID", "Invalid activity status.");
}

/* What a schedule from another door is shown with is registered nowhere, and so is what the
 * configuration names no more. It can be said again: then the command stays. Of another nobody
 * knows what it is made of. */
static bool
is_task(const struct job_judging *j, const char *name)
{
	return job_command(j->deed->sv, name, 0) ||
	       (j->before && j->before->task && !strcmp(j->before->task, name) &&
		   same_text(j->before->fixed_args, j->n->fixed_args));
}

static void
judge_task(const struct job_judging *j, struct job *job)
{
	job->task = j->n->task;
	if (!job->task)
		job_fault(j->faults, "SCHEDULED_JOB_TASK_IMPL_FQN_REQUIRED",
		    "Job implementation class is required.");
	else if (!is_task(j, job->task))
		job_fault(j->faults, "SCHEDULED_JOB_INVALID_TASK_IMPL_FQN",
		    "Job  implementation class is invalid.");
}

static void
judge_query(const struct job_judging *j, struct job *job)
{
	const struct job_command *query = job_command(j->deed->sv, NULL, j->n->query_id);

	if (j->n->query_id == 0) {
		job_fault(j->faults, "SCHEDULED_JOB_QUERY_REQ", "Saved query ID is required.");
	} else if (!query) {
		job_fault(j->faults, "QUERY_NOT_FOUND",
		    arena_printf(j->arena, "Saved query %llu does not exists.",
			(unsigned long long)j->n->query_id));
	} else {
		job->query_id = query->query_id;
		job->query_title = query->name;
	}
}

static void
judge_type(const struct job_judging *j, struct job *job)
{
	if (j->n->type == JOB_EXTERNAL)
		job_fault(j->faults, "SCHEDULED_JOB_EXT_TASK_FORBIDDEN",
		    "External commands are not allowed.");
	else if (j->n->type == JOB_INTERNAL)
		judge_task(j, job);
	else if (j->n->type == JOB_QUERY)
		judge_query(j, job);
	else
		job_fault(j->faults, "SCHEDULED_JOB_INVALID_TYPE", "Job type is invalid.");
	job->type = (enum job_type)j->n->type;
}

/* ---- users ---- */

static int
judge_run_as(struct txn *txn, const struct job_judging *j, struct err *err)
{
	struct user u;
	int rc;

	if (!j->n->run_as)
		return 0;
	rc = own_user(txn, j->arena, j->deed->actor, j->n->run_as, &u, err);
	if (rc == ERR_MISSING)
		job_fault(j->faults, "USER_NOT_FOUND", "User does not exist.");
	return rc == ERR_MISSING ? 0 : rc;
}

/* Each of them once, in the order in which they were said. */
static int
judge_users(struct txn *txn, const struct job_judging *j, const uint64_t *ids, size_t count,
    const char *member, const uint64_t **known, size_t *known_count, struct err *err)
{
	uint64_t *list = arena_array(j->arena, count, sizeof *list);
	const char *missing = NULL;
	size_t n = 0;

	*known = list;
	*known_count = 0;
	if (count > JOB_USERS_MAX) {
		job_fault(j->faults, "INVALID_REQUEST",
		    arena_printf(j->arena,
			NOT_CONVERTED "array' to required type '%s': more than %d users",
			member, JOB_USERS_MAX));
		return 0;
	}
	for (size_t i = 0; i < count; i++) {
		struct user u;
		int rc;

		if (id_is_among(list, n, ids[i]))
			continue;
		list[n++] = ids[i];
		rc = own_user(txn, j->arena, j->deed->actor, ids[i], &u, err);
		if (rc == ERR_MISSING)
			missing = arena_printf(j->arena, "%s%s%llu", missing ? missing : "",
			    missing ? ", " : "", (unsigned long long)ids[i]);
		else if (rc)
			return rc;
	}
	*known_count = n;
	if (missing)
		job_fault(j->faults, "USER_ONE_OR_MORE_NOT_FOUND",
		    arena_printf(
			j->arena, "One or more users do not exist. (IDs: [%s])", missing));
	return 0;
}

int
job_judge(struct txn *txn, const struct job_judging *j, struct job *job, struct err *err)
{
	const struct job_new *n = j->n;
	int rc;

	j->faults->count = 0;
	*job = (struct job){
	    .fixed_args = n->fixed_args,
	    .run_as = n->run_as,
	    .rt_args_provided = n->rt_args_provided,
	    .rt_args_help = n->rt_args_help,
	};
	judge_name(j);
	judge_rule(j, &job->rule);
	judge_dates_and_status(j);
	judge_type(j, job);
	rc = judge_run_as(txn, j, err);
	if (!rc)
		rc = judge_users(txn, j, n->recipients, n->recipient_count, "recipients",
		    &job->recipients, &job->recipient_count, err);
	if (!rc)
		rc = judge_users(txn, j, n->shared_with, n->shared_count, "sharedWith",
		    &job->shared_with, &job->shared_count, err);
	judge_text(j, n->fixed_args, SCHEDULE_BYTES_MAX, "fixedArgs");
	judge_text(j, n->rt_args_help, SCHEDULE_BYTES_MAX, "rtArgsHelpText");
	return rc;
}
