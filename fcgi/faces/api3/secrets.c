/* tasks: secrets, which go in and never out. */
#include "service/secrets.h"
#include "faces/api3/call.h"

int
api3_set_secret(struct call *c)
{
	const char *name, *value;
	int ret = api3_need_string(c->body, "name", &name, &c->err);

	if (!ret)
		ret = api3_need_string(c->body, "value", &value, &c->err);
	if (!ret)
		ret = service_set_secret(
		    c->face->service, &c->actor, c->req->now_us, name, value, &c->err);
	return ret ? ret : api3_answer_modified_all(c, NULL, 0, NULL);
}

int
api3_delete_secret(struct call *c)
{
	const char *name;
	int ret = api3_need_string(c->body, "name", &name, &c->err);

	if (!ret)
		ret = service_delete_secret(
		    c->face->service, &c->actor, c->req->now_us, name, &c->err);
	return ret ? ret : api3_answer_modified_all(c, NULL, 0, NULL);
}

int
api3_list_secrets(struct call *c)
{
	struct secret *list;
	struct json_writer *w;
	size_t count;
	int ret = service_list_secrets(
	    c->face->service, c->req->arena, &c->actor, &list, &count, &c->err);

	if (ret)
		return ret;
	w = api3_begin_items(c);
	for (size_t i = 0; i < count; i++) {
		json_object(w);
		api3_write_string(w, "name", list[i].name);
		api3_write_instant(w, "createdDate", list[i].created_us);
		api3_write_instant(w, "modifiedDate", list[i].modified_us);
		api3_write_user(w, "modifiedBy", list[i].modified_by);
		json_end_object(w);
	}
	json_end_array(w);
	json_end_object(w);
	return api3_answer(c, w);
}
