/* tasks/getScheduleExecutionStatus, getTasksIds, getTasks, getTaskData, getExecutions: what
 * became of runs, in API3's shapes. */
#include "faces/api3/call.h"

/* getExecutions has no way to ask for a second page; listExecutions has. */
enum { EXECUTIONS_MAX = 1000 };

static int
get_run(struct call *c, struct api3_run *run)
{
	return service_get_execution(c->face->service, c->req->arena, &c->actor, c->id,
	    &run->execution, &run->tasks, &run->task_count, &c->err);
}

int
api3_get_execution_status(struct call *c)
{
	struct json_writer *w;
	struct api3_run run;
	int ret;

	ret = get_run(c, &run);
	if (ret)
		return ret;
	w = api3_begin(c);
	json_object(w);
	json_name(w, "status");
	json_number(w, api3_run_status(&run));
	json_end_object(w);
	return api3_answer(c, w);
}

int
api3_get_tasks_ids(struct call *c)
{
	struct json_writer *w;
	struct api3_run run;
	int ret;

	ret = get_run(c, &run);
	if (ret)
		return ret;
	w = api3_begin(c);
	json_array(w);
	for (size_t i = 0; i < run.task_count; i++) {
		json_object(w);
		json_name(w, "id");
		json_guid(w, run.tasks[i].id);
		json_end_object(w);
	}
	json_end_array(w);
	return api3_answer(c, w);
}

int
api3_get_tasks(struct call *c)
{
	struct json_writer *w;
	struct api3_run run;
	int ret;

	ret = get_run(c, &run);
	if (!ret)
		ret = api3_load_outputs(c, &run);
	if (ret)
		return ret;
	w = api3_begin(c);
	json_array(w);
	for (size_t i = 0; i < run.task_count; i++)
		api3_write_task(w, &run.execution, &run.tasks[i], &run.outputs[i]);
	json_end_array(w);
	return api3_answer(c, w);
}

int
api3_get_task_data(struct call *c)
{
	struct json_writer *w;
	struct result output;
	struct execution e;
	struct task t;
	int ret;

	ret = service_get_task(
	    c->face->service, c->req->arena, &c->actor, c->id, &t, &e, &c->err);
	if (!ret)
		ret = api3_first_output(c, &t, &output);
	if (ret)
		return ret;
	w = api3_begin(c);
	api3_write_task(w, &e, &t, &output);
	return api3_answer(c, w);
}

int
api3_get_executions(struct call *c)
{
	struct json_writer *w;
	struct api3_run *runs;
	uint64_t last;
	size_t count;
	bool more;
	int ret;

	ret = api3_runs(c, c->id, 0, EXECUTIONS_MAX, &runs, &count, &last, &more);
	for (size_t i = 0; !ret && i < count; i++)
		ret = api3_load_outputs(c, &runs[i]);
	if (ret)
		return ret;
	w = api3_begin(c);
	json_array(w);
	for (size_t i = 0; i < count; i++)
		api3_write_execution(w, &runs[i]);
	json_end_array(w);
	return api3_answer(c, w);
}
