/* tasks/runSchedule, suspendSchedule and resumeSchedule: what is done to a schedule's
 * timetable. */
#include <string.h>

#include "faces/api3/call.h"

enum { REASON_BYTES_MAX = 1024 };

int
api3_run_schedule(struct call *c)
{
	uint64_t schedule_id, execution_id;
	bool check_triggers = true;
	int ret;

	ret = api3_need_id(c->body, "scheduleId", &schedule_id, &c->err);
	/* A fault of form is told before what only the store knows. */
	if (ret && ret != ERR_MISSING)
		return ret;
	if (api3_bool(c->body, "checkTriggers", &check_triggers, &c->err))
		return ERR_INPUT;
	if (!ret)
		ret = service_run_schedule(c->face->service, &c->actor, c->req->now_us,
		    schedule_id, check_triggers, NULL, &execution_id, &c->err);
	return ret ? ret : api3_answer_id(c, execution_id);
}

/* API3 sends the id alone; the native form is an object that may say why. */
int
api3_suspend_schedule(struct call *c)
{
	const char *reason = NULL;
	int ret;

	if (api3_string(c->body, "reason", &reason, &c->err))
		return ERR_INPUT;
	if (reason && strlen(reason) > REASON_BYTES_MAX)
		return err_fail(&c->err, ERR_INPUT,
		    "Invalid value: reason: longer than %d bytes", REASON_BYTES_MAX);
	if (json_member(c->body, "until"))
		return err_fail(&c->err, ERR_INPUT, "Invalid value: until: not served");
	ret = service_suspend_schedule(
	    c->face->service, &c->actor, c->req->now_us, c->id, reason, &c->err);
	return ret ? ret : api3_answer_modified(c, c->id);
}

int
api3_resume_schedule(struct call *c)
{
	int ret;

	ret = service_resume_schedule(
	    c->face->service, &c->actor, c->req->now_us, c->id, &c->err);
	return ret ? ret : api3_answer_modified(c, c->id);
}
