/* tasks/findSchedule and getSchedulesForUser: wire/api3.md 3.2 and 3.3. */
#include "faces/api3/call.h"

struct criteria {
	const char *name;
	int match, type;
};

static int
read_criteria(struct call *c, struct criteria *k)
{
	const struct json *search = json_member(c->body, "searchCriteria");

	*k = (struct criteria){.match = MATCH_EQUALS, .type = -1};
	if (search && !json_is(search, JSON_OBJECT) && search->type != JSON_NULL)
		return err_fail(&c->err, ERR_INPUT, "Invalid value: searchCriteria");
	if (api3_string(search, "searchValue", &k->name, &c->err))
		return ERR_INPUT;
	if (api3_enum(search, "searchMatchType", MATCH_ENDS, &k->match, &c->err))
		return ERR_INPUT;
	return api3_enum(c->body, "scheduleType", SCHEDULE_TYPE_MAX, &k->type, &c->err);
}

static int
answer_schedules(struct call *c, const struct schedule_view *list, size_t count)
{
	struct json_writer *w = api3_begin(c);

	json_array(w);
	for (size_t i = 0; i < count; i++)
		api3_write_schedule(w, &list[i], c->req->now_us);
	json_end_array(w);
	return api3_answer(c, w);
}

int
api3_find_schedule(struct call *c)
{
	struct schedule_view *list;
	struct criteria k;
	size_t count;
	int ret;

	ret = read_criteria(c, &k);
	if (ret)
		return ret;
	ret = service_find_schedules(c->face->service, c->req->arena, &c->actor, k.name,
	    (enum name_match)k.match, k.type, &list, &count, &c->err);
	return ret ? ret : answer_schedules(c, list, count);
}

int
api3_get_schedules_for_user(struct call *c)
{
	struct schedule_view *list;
	uint64_t user_id;
	size_t count;
	int ret;

	ret = service_find_user(c->face->service, &c->actor, c->id_text, &user_id, &c->err);
	if (!ret)
		ret = service_schedules_of(c->face->service, c->req->arena, &c->actor, user_id,
		    &list, &count, &c->err);
	return ret ? ret : answer_schedules(c, list, count);
}
