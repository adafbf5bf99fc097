/* tasks/cancelExecution, reRunTask, getTaskOutputs, getTaskOutputsForUser and getTaskOutput. */
#include "faces/api3/call.h"

int
api3_cancel_execution(struct call *c)
{
	int ret = service_cancel_execution(
	    c->face->service, &c->actor, c->req->now_us, c->id, &c->err);

	return ret ? ret : api3_answer_modified(c, c->id);
}

int
api3_rerun_task(struct call *c)
{
	int ret =
	    service_rerun_task(c->face->service, &c->actor, c->req->now_us, c->id, &c->err);

	return ret ? ret : api3_answer_modified(c, c->id);
}

static int
answer_outputs(struct call *c, uint64_t task_id)
{
	struct json_writer *w;
	struct result *list;
	size_t count;
	int ret;

	ret = service_list_results(
	    c->face->service, c->req->arena, &c->actor, task_id, &list, &count, &c->err);
	if (ret)
		return ret;
	w = api3_begin(c);
	json_array(w);
	for (size_t i = 0; i < count; i++) {
		json_object(w);
		json_name(w, "id");
		json_guid(w, list[i].id);
		api3_write_string(w, "name", list[i].name);
		json_end_object(w);
	}
	json_end_array(w);
	return api3_answer(c, w);
}

int
api3_get_task_outputs(struct call *c)
{
	return answer_outputs(c, c->id);
}

/* Outputs are not per user; who is named must be one. */
int
api3_get_task_outputs_for_user(struct call *c)
{
	const char *user = NULL;
	uint64_t task_id;
	int missing, ret;

	missing = api3_need_id(c->body, "taskId", &task_id, &c->err);
	ret = missing == ERR_MISSING ? 0 : missing;
	if (!ret)
		ret = api3_string(c->body, "userId", &user, &c->err);
	if (ret || missing)
		return ret ? ret : missing;
	if (user)
		ret = service_know_user(c->face->service, &c->actor, user, &c->err);
	if (ret == ERR_MISSING)
		return err_fail(&c->err, ERR_INPUT, "User not found");
	return ret ? ret : answer_outputs(c, task_id);
}

/* The bytes themselves, whatever is accepted. */
int
api3_get_task_output(struct call *c)
{
	struct result r;
	int ret =
	    service_get_result(c->face->service, c->req->arena, &c->actor, c->id, &r, &c->err);

	if (ret)
		return ret;
	ret = response_send_result(c->res, c->req, c->face, &r, NULL, &c->err);
	return ret == ERR_MISSING ? err_fail(&c->err, ERR_INPUT, "Output was removed") : ret;
}
