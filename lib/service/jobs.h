/*
 * Schedules as OpenSpecimen's scheduled jobs: use cases with that API's rights
 * (wire/openspecimen.md 2.4). As service.h in everything else, with two exceptions: ERR_DENIED
 * says which of the API's two refusals in err->text, JOB_NO_RIGHT or JOB_NOT_YOURS, and what is
 * missing is told before what is refused.
 *
 * A face reads JSON: types, words, dates. What the values amount to is judged here, all of it, so
 * that the faults stand in one list in the contract's order.
 */
#ifndef SERVICE_JOBS_H
#define SERVICE_JOBS_H

#include "model/job.h"
#include "service/service.h"

#define JOB_NO_RIGHT  "User does not have sufficient rights."
#define JOB_NOT_YOURS "You do not have sufficient rights to perform this action."

/* A task or a saved query that the configuration registers. */
struct job_command {
	const char *name;  /* of a task; of a query its title */
	uint64_t query_id; /* 0: a task */
	const char *const *argv;
	size_t argc;
};

/* What the configuration says about jobs. */
struct job_settings {
	const char *time_zone; /* of their rules */
	const struct job_command *commands;
	size_t command_count;
};

/* Numbers that the caller did not say. */
#define JOB_UNSAID INT64_MIN

/* Members that are one of some words: 0 when the caller did not say it, and this for a word that
 * is none of them. */
enum { JOB_UNKNOWN_WORD = -1 };

enum job_status { JOB_ACTIVE = 1, JOB_DISABLED = 2 };

/* A type that can no longer be made; beside those of enum job_type. */
enum { JOB_EXTERNAL = 3 };

/*
 * What a job is made of: everything that wire/openspecimen.md 3.1 lets a caller say, as he said it.
 * Texts are trimmed, and NULL where there is none or nothing is left. What the rule or the type
 * does not read may be anything.
 */
struct job_new {
	const char *name;
	int64_t start_us; /* JOB_UNSAID: now; on an update: as it was */
	int64_t end_us;	  /* INSTANT_NEVER: none */
	int repeat;	  /* enum job_repeat, or a word */
	int64_t minute, hour, month_day, hourly_interval, minutely_interval; /* JOB_UNSAID */
	int weekday; /* 1 Sunday to 7 Saturday, or a word */
	int status;  /* enum job_status, or a word: 0 is JOB_ACTIVE */
	int type;    /* enum job_type, JOB_EXTERNAL, or a word */
	const char *task;
	uint64_t query_id; /* 0: none was said */
	const char *fixed_args;
	uint64_t run_as; /* 0: none */
	const uint64_t *recipients, *shared_with;
	size_t recipient_count, shared_count;
	enum job_flag rt_args_provided;
	const char *rt_args_help;
};

/* A job as it is seen: members that are derived stand beside the schedule's. */
struct job_view {
	struct schedule_view schedule;
	struct job job; /* also for a schedule that was made through another door */
	bool disabled;	/* it has just been removed; the definition's name is the last one */
	bool active;	/* isActiveJob: not disabled, not suspended, its query is registered */
	int64_t next_run_us;   /* 3.4; INSTANT_NEVER: none */
	int64_t last_start_us; /* start of the latest run; INSTANT_NEVER: none; lists alone */
};

/* Faults in what a job is made of, in the order of the contract: code and text of section 5,
 * without HTML's escapes. There are 15 at most. */
struct job_faults {
	struct {
		const char *code, *message;
	} list[24];
	size_t count;
};

/* With JOB_DISABLED a job is made and removed at once: it keeps its name and is seen nowhere.
 * Fails: ERR_INPUT with at least one fault in *faults, whose texts live in the arena. */
MUST_CHECK int service_create_job(struct service *sv, struct arena *a,
    const struct actor *actor, int64_t now_us, const struct job_new *n,
    struct job_faults *faults, struct job_view *view, struct err *err);
/*
 * Replace all that a job is made of but its creator. What says the same rule as service_get_job()
 * showed leaves the triggers as they are, and what says the same type, task and fixed arguments
 * leaves the tasks: whatever they are, and however they came about. JOB_DISABLED removes the
 * job under the name that it has then.
 *
 * Fails: as service_create_job(); ERR_MISSING.
 */
MUST_CHECK int service_update_job(struct service *sv, struct arena *a,
    const struct actor *actor, int64_t now_us, uint64_t id, const struct job_new *n,
    struct job_faults *faults, struct job_view *view, struct err *err);
/* *view is as it was, disabled, and its name has the contract's suffix. */
MUST_CHECK int service_delete_job(struct service *sv, struct arena *a,
    const struct actor *actor, int64_t now_us, uint64_t id, struct job_view *view,
    struct err *err);
MUST_CHECK int service_get_job(struct service *sv, struct arena *a, const struct actor *actor,
    int64_t now_us, uint64_t id, struct job_view *view, struct err *err);

struct job_query {
	const char *text;   /* in the name, ASCII letters of any case; NULL: any */
	enum job_type type; /* 0: any */
	size_t start, cap;
};
/* By id, descending; *total without start and cap. */
MUST_CHECK int service_list_jobs(struct service *sv, struct arena *a, const struct actor *actor,
    int64_t now_us, const struct job_query *q, struct job_view **list, size_t *count,
    size_t *total, struct err *err);

/* 3.3: dropped while one runs (*execution_id is 0), in place of an earlier request that has not
 * started; nothing happens when the job is not active. */
MUST_CHECK int service_run_job(struct service *sv, struct arena *a, const struct actor *actor,
    int64_t now_us, uint64_t id, const char *args, uint64_t *execution_id,
    struct job_view *view, struct err *err);

/* A run: an execution that has started, or ended without. */
struct job_run {
	struct execution execution;
	const char *job_name;		 /* the present one, or that when it ran */
	int64_t started_us, finished_us; /* INSTANT_NEVER: still runs */
	bool succeeded;			 /* when finished */
	const char *message;		 /* why not; NULL if it did, or runs */
	const char *output;		 /* name of its result file; NULL: none */
	uint64_t run_by;		 /* user; 0: the system */
};

enum job_run_status { JOB_RUN_ANY = 0, JOB_RUN_IN_PROGRESS, JOB_RUN_SUCCEEDED, JOB_RUN_FAILED };

struct job_run_query {
	uint64_t job_id;
	int64_t from_us, to_us; /* both inclusive; INT64_MIN, INSTANT_NEVER: open */
	enum job_run_status status;
	size_t start, cap;
};
MUST_CHECK int service_list_job_runs(struct service *sv, struct arena *a,
    const struct actor *actor, const struct job_run_query *q, struct job_run **list,
    size_t *count, struct err *err);
MUST_CHECK int service_get_job_run(struct service *sv, struct arena *a,
    const struct actor *actor, uint64_t run_id, struct job_run *run, struct err *err);

/* The result file of a run, for who ran it and for the job's recipients. Fails: ERR_MISSING for
 * the run; ERR_INPUT when it has none. */
struct result;
MUST_CHECK int service_get_job_result(struct service *sv, struct arena *a,
    const struct actor *actor, uint64_t run_id, struct result *r, struct err *err);

/* A user of the actor's tenant, whoever asks; without his password's hash. */
MUST_CHECK int service_see_user(struct service *sv, struct arena *a, const struct actor *actor,
    uint64_t id, struct user *u, struct err *err);

#endif
