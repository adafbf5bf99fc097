/* tasks/applySchedules: a set of definitions that is kept as one. */
#include "faces/api3/call.h"
#include "wire/definition.h"

static int
read_schedules(struct call *c, struct schedule_set *set)
{
	const struct json *list = json_member(c->body, "schedules"), *one;

	if (!api3_has(c->body, "schedules"))
		return err_fail(&c->err, ERR_INPUT, "Missing value: schedules");
	if (!json_is(list, JSON_ARRAY))
		return err_fail(
		    &c->err, ERR_INPUT, "Invalid value: schedules: must be an array");
	if (list->count > SET_MAX)
		return err_fail(&c->err, ERR_INPUT,
		    "Invalid value: schedules: must have at most %d entries", SET_MAX);
	set->schedules = arena_array(c->req->arena, list->count, sizeof *set->schedules);
	for (one = list->first; one; one = one->next, set->count++) {
		int ret = definition_read(c->req->arena, one, c->face->time_zone,
		    c->req->now_us, &set->schedules[set->count], &c->err);

		if (ret)
			return schedule_set_fault(set->count, ret, &c->err);
	}
	return 0;
}

static int
read_set(struct call *c, struct schedule_set *set)
{
	int ret;

	*set = (struct schedule_set){0};
	ret = api3_need_string(c->body, "owner", &set->owner, &c->err);
	if (!ret)
		ret = api3_bool(c->body, "prune", &set->prune, &c->err);
	if (!ret)
		ret = api3_bool(c->body, "dryRun", &set->dry_run, &c->err);
	return ret ? ret : read_schedules(c, set);
}

static void
write_applied(struct json_writer *w, const struct applied *one)
{
	json_object(w);
	if (one->id) {
		json_name(w, "scheduleId");
		json_guid(w, one->id);
	}
	api3_write_string(w, "name", one->name);
	if (one->kind == APPLIED_CHANGED) {
		json_name(w, "members");
		json_array(w);
		for (size_t i = 0; i < one->member_count; i++)
			json_string(w, one->members[i]);
		json_end_array(w);
	}
	json_end_object(w);
}

int
api3_apply_schedules(struct call *c)
{
	static const struct {
		const char *name;
		enum applied_kind kind;
	} parts[] = {{"created", APPLIED_CREATED}, {"changed", APPLIED_CHANGED},
	    {"unchanged", APPLIED_UNCHANGED}, {"deleted", APPLIED_DELETED}};
	struct schedule_set set;
	struct applied *list;
	struct json_writer *w;
	size_t count;
	int ret;

	ret = read_set(c, &set);
	if (!ret)
		ret = service_apply_schedules(c->face->service, c->req->arena, &c->actor,
		    c->req->now_us, &set, &list, &count, &c->err);
	if (ret)
		return ret;
	w = api3_begin(c);
	json_object(w);
	for (size_t p = 0; p < sizeof parts / sizeof *parts; p++) {
		json_name(w, parts[p].name);
		json_array(w);
		for (size_t i = 0; i < count; i++) {
			if (list[i].kind == parts[p].kind)
				write_applied(w, &list[i]);
		}
		json_end_array(w);
	}
	json_end_object(w);
	return api3_answer(c, w);
}
