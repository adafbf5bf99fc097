/* The calls about jobs: wire/openspecimen.md 3 and 3.1. */
#include "faces/openspecimen/call.h"

enum { LIST_DEFAULT = 100, LIST_MAX = 10000 };

static int
answer_job(struct call *c, const struct job_view *v)
{
	struct json_writer *w;
	int ret = specimen_meet_job(c, v);

	if (ret)
		return ret;
	w = specimen_begin(c);
	specimen_write_job(c, w, v);
	return specimen_answer(c, w);
}

/* ---- lists ---- */

static int
read_filter(struct call *c, struct job_query *q)
{
	int type = -1;
	int ret = specimen_query_word(c, "type", specimen_types, &type);

	*q = (struct job_query){.text = specimen_query(c, "query"), .type = type + 1};
	return ret;
}

int
specimen_list_jobs(struct call *c)
{
	struct job_view *list;
	struct json_writer *w;
	struct job_query q;
	size_t count, total;
	int ret = read_filter(c, &q);

	q.cap = LIST_DEFAULT;
	if (!ret)
		ret = specimen_query_size(c, "startAt", SIZE_MAX / 2, &q.start);
	if (!ret)
		ret = specimen_query_size(c, "maxResults", LIST_MAX, &q.cap);
	if (!ret)
		ret = service_list_jobs(c->face->service, c->req->arena, &c->actor,
		    c->req->now_us, &q, &list, &count, &total, &c->err);
	for (size_t i = 0; !ret && i < count; i++)
		ret = specimen_meet_job(c, &list[i]);
	if (ret)
		return ret;
	w = specimen_begin(c);
	json_array(w);
	for (size_t i = 0; i < count; i++)
		specimen_write_job(c, w, &list[i]);
	json_end_array(w);
	return specimen_answer(c, w);
}

int
specimen_count_jobs(struct call *c)
{
	struct job_view *list;
	struct json_writer *w;
	struct job_query q;
	size_t count, total;
	int ret = read_filter(c, &q);

	if (!ret)
		ret = service_list_jobs(c->face->service, c->req->arena, &c->actor,
		    c->req->now_us, &q, &list, &count, &total, &c->err);
	if (ret)
		return ret;
	w = specimen_begin(c);
	json_object(w);
	json_name(w, "count");
	json_number(w, (int64_t)total);
	json_end_object(w);
	return specimen_answer(c, w);
}

/* ---- one job ---- */

int
specimen_get_job(struct call *c)
{
	struct job_view v;
	int ret = service_get_job(
	    c->face->service, c->req->arena, &c->actor, c->req->now_us, c->job_id, &v, &c->err);

	return ret ? ret : answer_job(c, &v);
}

int
specimen_create_job(struct call *c)
{
	struct job_view v;
	struct job_new n;
	int ret = specimen_read_job(c, &n);

	if (!ret)
		ret = service_create_job(c->face->service, c->req->arena, &c->actor,
		    c->req->now_us, &n, &c->faults, &v, &c->err);
	return ret ? ret : answer_job(c, &v);
}

int
specimen_update_job(struct call *c)
{
	struct job_view v;
	struct job_new n;
	int ret = specimen_read_job(c, &n);

	if (!ret)
		ret = service_update_job(c->face->service, c->req->arena, &c->actor,
		    c->req->now_us, c->job_id, &n, &c->faults, &v, &c->err);
	return ret ? ret : answer_job(c, &v);
}

int
specimen_delete_job(struct call *c)
{
	struct job_view v;
	int ret = service_delete_job(
	    c->face->service, c->req->arena, &c->actor, c->req->now_us, c->job_id, &v, &c->err);

	return ret ? ret : answer_job(c, &v);
}

/* The run itself appears when it starts: the answer is the job. */
int
specimen_run_job(struct call *c)
{
	const char *args = NULL;
	uint64_t execution_id;
	struct job_view v;
	int ret = specimen_text(c, c->body, "args", &args);

	if (!ret)
		ret = service_run_job(c->face->service, c->req->arena, &c->actor,
		    c->req->now_us, c->job_id, args, &execution_id, &v, &c->err);
	return ret ? ret : answer_job(c, &v);
}
