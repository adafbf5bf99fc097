/* What the use cases about scheduled jobs share: see jobs.h. */
#ifndef SERVICE_JOB_INTERNAL_H
#define SERVICE_JOB_INTERNAL_H

#include "service/internal.h"
#include "service/jobs.h"

/* A user who may do less than an administrator needs the right. Fails: ERR_DENIED. */
MUST_CHECK int require_job_right(
    const struct actor *actor, enum job_right right, enum scope scope, struct err *err);

/* An administrator, the one who made it, or one of those that it is shared with. */
bool job_is_shared(const struct actor *actor, const struct schedule *s);
MUST_CHECK int require_shared(
    const struct actor *actor, const struct schedule *s, struct err *err);

/* The zone that rules are told by. Fails: ERR_IO when the setting's is none. */
MUST_CHECK int job_zone(struct service *sv, struct job_zone *zone, struct err *err);

/* What the configuration registers under a task's name, or a query's number (then `task` is NULL).
 * NULL: nothing. */
const struct job_command *job_command(
    const struct service *sv, const char *task, uint64_t query_id);

/* The job that a schedule is: what is kept with it, or what its definition amounts to. */
struct job job_shown(
    const struct service *sv, const struct job_zone *zone, const struct schedule *s);

/* What is kept with a schedule after another door gave it the definition `s`: as before, but that
 * other triggers are another rule, and another command another task. */
struct job job_after_edit(const struct service *sv, const struct job_zone *zone,
    const struct schedule *before, const struct schedule *s);

/* Fill what is derived; view->schedule is filled. */
void job_view_fill(const struct service *sv, const struct job_zone *zone, int64_t now_us,
    struct job_view *view);

/* view_schedule() and that. */
MUST_CHECK int view_job(struct txn *txn, struct arena *a, const struct deed *d, uint64_t id,
    struct job_view *view, struct err *err);

/* ---- job_runs.c ---- */

/* When the latest run started; INSTANT_NEVER: there was none. */
MUST_CHECK int job_last_start(
    struct txn *txn, uint64_t schedule_id, int64_t *start_us, struct err *err);

/* Why a run ended that had not started when a later request came. */
#define RUN_REPLACED "a later request took its place"

/* ---- job_faults.c ---- */

/* What a caller says, and against what it is judged. */
struct job_judging {
	const struct deed *deed;
	struct arena *arena;
	const struct job_new *n;
	const struct job *before; /* as it is shown; NULL: it is new */
	int64_t start_us;	  /* that it will have */
	struct job_faults *faults;
};

/* Judge all of it but whether the name is free: afresh into *faults, and into *job where there are
 * none. Fails: as the store. */
MUST_CHECK int job_judge(
    struct txn *txn, const struct job_judging *j, struct job *job, struct err *err);

void job_fault(struct job_faults *faults, const char *code, const char *message);

#endif
