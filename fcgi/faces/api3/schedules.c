/* tasks/createSchedule, getSchedule, deleteSchedule: definitions in the native shape. */
#include "faces/api3/call.h"
#include "wire/definition.h"

int
api3_create_schedule(struct call *c)
{
	const struct request *req = c->req;
	struct schedule s;
	uint64_t id;
	int ret;

	ret =
	    definition_read(req->arena, c->body, c->face->time_zone, req->now_us, &s, &c->err);
	if (!ret)
		ret = service_create_schedule(
		    c->face->service, &c->actor, req->now_us, &s, &id, &c->err);
	return ret ? ret : api3_answer_id(c, id);
}

static void
write_suspended(struct json_writer *w, const struct schedule_state *state)
{
	json_name(w, "suspended");
	json_object(w);
	api3_write_user(w, "by", state->suspended_by);
	api3_write_string(w, "reason", state->suspended_reason);
	api3_write_instant(w, "since", state->suspended_us);
	json_end_object(w);
}

int
api3_get_schedule(struct call *c)
{
	struct schedule_view v;
	struct json_writer *w;
	int ret;

	ret = service_get_schedule(
	    c->face->service, c->req->arena, &c->actor, c->id, &v, &c->err);
	if (ret)
		return ret;
	w = api3_begin(c);
	json_object(w);
	json_name(w, "scheduleId");
	json_guid(w, v.definition.id);
	json_name(w, "version");
	json_number(w, (int64_t)v.definition.version);
	json_name(w, "status");
	json_number(w, api3_schedule_status(&v));
	api3_write_instant(w, "createdDate", v.definition.created_us);
	/* While it is suspended its due times pass without a run. */
	if (v.state.suspended)
		write_suspended(w, &v.state);
	else
		api3_write_instant(w, "nextRun", v.state.next_due_us);
	if (v.state.last_execution_id) {
		json_name(w, "lastExecution");
		json_guid(w, v.state.last_execution_id);
	}
	definition_write(w, &v.definition);
	json_end_object(w);
	return api3_answer(c, w);
}

int
api3_delete_schedule(struct call *c)
{
	int ret;

	ret = service_delete_schedule(
	    c->face->service, &c->actor, c->req->now_us, c->id, &c->err);
	return ret ? ret : api3_answer_modified(c, c->id);
}
