/* The calls about runs: wire/openspecimen.md 3.2, 3.5 and 3.6. */
#include "calendar/civil.h"
#include "faces/openspecimen/call.h"
#include "model/result.h"

#define MILLI_US (SECOND_US / 1000)

enum { LIST_DEFAULT = 100, LIST_MAX = 10000 };

/* In the order of enum job_run_status, from 1 on. */
static const char *const statuses[] = {"IN_PROGRESS", "SUCCEEDED", "FAILED", NULL};

/* What is shown has milliseconds, so that is what is compared. */
static int
read_times(struct call *c, struct job_run_query *q)
{
	int ret = specimen_query_date(c, "fromDate", &q->from_us);

	if (!ret)
		ret = specimen_query_date(c, "toDate", &q->to_us);
	if (ret)
		return ret;
	if (q->from_us != INT64_MIN)
		q->from_us -= ((q->from_us % MILLI_US) + MILLI_US) % MILLI_US;
	if (q->to_us != INSTANT_NEVER)
		q->to_us += MILLI_US - 1 - ((q->to_us % MILLI_US) + MILLI_US) % MILLI_US;
	return 0;
}

static int
read_run_query(struct call *c, struct job_run_query *q)
{
	int status = -1, ret;

	*q = (struct job_run_query){
	    .job_id = c->job_id,
	    .from_us = INT64_MIN,
	    .to_us = INSTANT_NEVER,
	    .cap = LIST_DEFAULT,
	};
	ret = read_times(c, q);
	if (!ret)
		ret = specimen_query_word(c, "status", statuses, &status);
	if (!ret)
		ret = specimen_query_size(c, "startAt", SIZE_MAX / 2, &q->start);
	if (!ret)
		ret = specimen_query_size(c, "maxResults", LIST_MAX, &q->cap);
	q->status = (enum job_run_status)(status + 1);
	return ret;
}

int
specimen_list_runs(struct call *c)
{
	struct job_run_query q;
	struct json_writer *w;
	struct job_run *list;
	size_t count;
	int ret = read_run_query(c, &q);

	if (!ret)
		ret = service_list_job_runs(
		    c->face->service, c->req->arena, &c->actor, &q, &list, &count, &c->err);
	for (size_t i = 0; !ret && i < count; i++)
		ret = specimen_meet_run(c, &list[i]);
	if (ret)
		return ret;
	w = specimen_begin(c);
	json_array(w);
	for (size_t i = 0; i < count; i++)
		specimen_write_run(c, w, &list[i]);
	json_end_array(w);
	return specimen_answer(c, w);
}

int
specimen_get_run(struct call *c)
{
	struct json_writer *w;
	struct job_run run;
	int ret = service_get_job_run(
	    c->face->service, c->req->arena, &c->actor, c->run_id, &run, &c->err);

	if (!ret)
		ret = specimen_meet_run(c, &run);
	if (ret)
		return ret;
	w = specimen_begin(c);
	specimen_write_run(c, w, &run);
	return specimen_answer(c, w);
}

int
specimen_send_result(struct call *c)
{
	struct result r;
	int ret = service_get_job_result(
	    c->face->service, c->req->arena, &c->actor, c->run_id, &r, &c->err);

	if (ret == ERR_INPUT) {
		specimen_refuse(c, 400, "SCHEDULED_JOB_RESULT_DATA_FILE_NOT_AVAILABLE",
		    "Job run result data file is not generated.");
		return 0;
	}
	if (ret)
		return ret;
	ret = response_send_result(c->res, c->req, c->face, &r, NULL, &c->err);
	if (ret == ERR_MISSING) {
		specimen_refuse(c, 400, "SCHEDULED_JOB_RESULT_DATA_FILE_NOT_FOUND",
		    "Job run result data file is damaged or replaced.");
		return 0;
	}
	return ret;
}
