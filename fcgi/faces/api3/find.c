/* tasks/findSchedule: wire/api3.md 3.3. */
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

int
api3_find_schedule(struct call *c)
{
	struct schedule_view *list;
	struct criteria k;
	struct json_writer *w;
	size_t count;
	int ret;

	ret = read_criteria(c, &k);
	if (ret)
		return ret;
	ret = service_find_schedules(c->face->service, c->req->arena, &c->actor, k.name,
	    (enum name_match)k.match, k.type, &list, &count, &c->err);
	if (ret)
		return ret;
	w = api3_begin(c);
	json_array(w);
	for (size_t i = 0; i < count; i++)
		api3_write_schedule(w, &list[i]);
	json_end_array(w);
	return api3_answer(c, w);
}
