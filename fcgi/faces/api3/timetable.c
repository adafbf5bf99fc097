/* tasks/runSchedule, suspendSchedule and resumeSchedule, and the two for many schedules: what is
 * done to a timetable. */
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

/* What suspending may say. */
struct hold {
	const char *reason;
	int64_t until_us; /* 0: none */
};

static int
read_hold(struct call *c, struct hold *h)
{
	*h = (struct hold){0};
	if (api3_string(c->body, "reason", &h->reason, &c->err))
		return ERR_INPUT;
	if (h->reason && strlen(h->reason) > REASON_BYTES_MAX)
		return err_fail(&c->err, ERR_INPUT,
		    "Invalid value: reason: longer than %d bytes", REASON_BYTES_MAX);
	if (api3_instant(c->body, "until", &h->until_us, &c->err))
		return ERR_INPUT;
	/* 0 stands for none; the instant of that number is past as well. */
	if (api3_has(c->body, "until") && h->until_us <= c->req->now_us)
		return err_fail(&c->err, ERR_INPUT, "Invalid value: until: is past");
	return 0;
}

/* API3 sends the id alone; the native form is an object that may say more. */
int
api3_suspend_schedule(struct call *c)
{
	struct hold h;
	int ret;

	ret = read_hold(c, &h);
	if (!ret)
		ret = service_suspend_until(c->face->service, &c->actor, c->req->now_us, c->id,
		    h.until_us, h.reason, &c->err);
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

/* ---- by tag ---- */

static int
read_tags(struct call *c, struct schedule_tags *tags)
{
	const char **list;
	int ret;

	if (!api3_has(c->body, "tags"))
		return err_fail(&c->err, ERR_INPUT, "Missing value: tags");
	ret = api3_strings(
	    c->req->arena, c->body, "tags", SCHEDULE_TAGS_MAX, &list, &tags->count, &c->err);
	if (!ret && !tags->count)
		ret = err_fail(&c->err, ERR_INPUT, "Invalid value: tags: must have an entry");
	tags->tags = list;
	return ret;
}

int
api3_suspend_schedules(struct call *c)
{
	struct schedule_tags tags;
	struct hold h;
	uint64_t *done;
	size_t count;
	int ret;

	ret = read_tags(c, &tags);
	if (!ret)
		ret = read_hold(c, &h);
	if (!ret)
		ret = service_suspend_tagged(c->face->service, c->req->arena, &c->actor,
		    c->req->now_us, &tags, h.until_us, h.reason, &done, &count, &c->err);
	return ret ? ret : api3_answer_modified_all(c, done, count, NULL);
}

int
api3_resume_schedules(struct call *c)
{
	struct schedule_tags tags;
	uint64_t *done;
	size_t count;
	int ret;

	ret = read_tags(c, &tags);
	if (!ret)
		ret = service_resume_tagged(c->face->service, c->req->arena, &c->actor,
		    c->req->now_us, &tags, &done, &count, &c->err);
	return ret ? ret : api3_answer_modified_all(c, done, count, NULL);
}
