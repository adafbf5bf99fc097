/* tasks: concurrency groups. */
#include <string.h>

#include "faces/api3/call.h"

int
api3_set_group(struct call *c)
{
	const char *name;
	int64_t limit = 0;
	int ret = api3_need_string(c->body, "name", &name, &c->err);

	if (!ret && !api3_has(c->body, "limit"))
		ret = err_fail(&c->err, ERR_INPUT, "Missing value: limit");
	if (!ret)
		ret = api3_integer(c->body, "limit", 0, UINT32_MAX, &limit, &c->err);
	if (!ret)
		ret = service_set_group(c->face->service, &c->actor, c->req->now_us, name,
		    (uint32_t)limit, &c->err);
	return ret ? ret : api3_answer_modified_all(c, NULL, 0, NULL);
}

static void
write_group(struct json_writer *w, const struct group_view *v)
{
	json_object(w);
	api3_write_string(w, "name", v->group.name);
	json_name(w, "limit");
	json_number(w, v->group.limit);
	json_name(w, "running");
	json_number(w, (int64_t)v->running);
	json_name(w, "waiting");
	json_number(w, (int64_t)v->waiting);
	json_end_object(w);
}

int
api3_list_groups(struct call *c)
{
	static const char *const members[] = {NULL};
	struct group_view *list;
	struct api3_page page;
	struct json_writer *w;
	size_t count, shown;
	int ret = api3_read_page(c, members, &page);

	if (!ret)
		ret = service_list_groups(c->face->service, c->req->arena, &c->actor,
		    api3_page_name(&page), (size_t)page.limit + 1, &list, &count, &c->err);
	if (ret)
		return ret;
	shown = api3_page_shown(&page, count);
	w = api3_begin_items(c);
	for (size_t i = 0; i < shown; i++)
		write_group(w, &list[i]);
	json_end_array(w);
	if (count > shown)
		api3_write_name_cursor(w, &page, list[shown - 1].group.name);
	json_end_object(w);
	return api3_answer(c, w);
}
