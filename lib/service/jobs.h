/*
 * Schedules as OpenSpecimen's scheduled jobs: use cases with that API's rights
 * (wire/openspecimen.md 2.4). As service.h in everything else. ERR_DENIED says which of its two
 * refusals in err->text: JOB_NO_RIGHT or JOB_NOT_YOURS.
 */
#ifndef SERVICE_JOBS_H
#define SERVICE_JOBS_H

#include "model/job.h"
#include "service/service.h"

#define JOB_NO_RIGHT  "User does not have sufficient rights."
#define JOB_NOT_YOURS "You do not have sufficient rights to perform this action."

/* A task or query that the configuration registers. */
struct job_command {
	const char *name;  /* of a task; of a query its number */
	uint64_t query_id; /* 0: a task */
	const char *title; /* of a query */
	const char *const *argv;
};

/* What a job is made of: everything that wire/openspecimen.md 3.1 lets a caller say. */
struct job_new {
	const char *name;
	int64_t start_us; /* INT64_MIN: now; on an update: as it was */
	int64_t end_us;	  /* INSTANT_NEVER: none */
	struct job job;
};

/* A job as it is seen: members that are derived stand beside the schedule's. */
struct job_view {
	struct schedule_view schedule;
	struct job job;	     /* also for a schedule that was made through another door */
	bool active;	     /* isActiveJob: not suspended, and its query is still registered */
	int64_t next_run_us; /* 3.4; INSTANT_NEVER: none */
	int64_t last_start_us; /* start of the latest run; INSTANT_NEVER: none; lists alone */
};

/* One fault in what a job is made of; several are told at once. */
struct job_faults {
	/* In the order of the contract; bounded by it. */
	struct {
		const char *code, *message;
	} list[24];
	size_t count;
};

/* Fails: ERR_INPUT with *faults filled (also the duplicate name). */
MUST_CHECK int service_create_job(struct service *sv, struct arena *a,
    const struct actor *actor, int64_t now_us, const struct job_new *n,
    struct job_faults *faults, struct job_view *view, struct err *err);
/* What shows the same rule and task as before keeps its triggers and tasks, whatever they are. */
MUST_CHECK int service_update_job(struct service *sv, struct arena *a,
    const struct actor *actor, int64_t now_us, uint64_t id, const struct job_new *n,
    struct job_faults *faults, struct job_view *view, struct err *err);
/* *view is as it was before. */
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
