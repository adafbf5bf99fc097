/* access: tenants. */
#include "faces/api3/call.h"

int
api3_create_tenant(struct call *c)
{
	const char *name;
	uint64_t id;
	int ret = api3_need_string(c->body, "name", &name, &c->err);

	if (!ret)
		ret = service_create_tenant(
		    c->face->service, &c->actor, c->req->now_us, name, &id, &c->err);
	return ret ? ret : api3_answer_id(c, id);
}

int
api3_update_tenant(struct call *c)
{
	const char *name = NULL;
	bool enabled = true;
	uint64_t id;
	int form, ret;

	/* A fault of form is told before what only the store knows. */
	form = api3_need_id(c->body, "tenantId", &id, &c->err);
	if (form && form != ERR_MISSING)
		return form;
	ret = api3_string(c->body, "name", &name, &c->err);
	if (!ret)
		ret = api3_bool(c->body, "enabled", &enabled, &c->err);
	if (!ret)
		ret = form;
	if (!ret)
		ret = service_update_tenant(c->face->service, &c->actor, c->req->now_us, id,
		    name, api3_has(c->body, "enabled") ? &enabled : NULL, &c->err);
	return ret ? ret : api3_answer_modified(c, id);
}

int
api3_delete_tenant(struct call *c)
{
	int ret =
	    service_delete_tenant(c->face->service, &c->actor, c->req->now_us, c->id, &c->err);

	return ret ? ret : api3_answer_modified(c, c->id);
}

int
api3_list_tenants(struct call *c)
{
	struct tenant *list;
	struct json_writer *w;
	size_t count;
	int ret;

	ret = service_list_tenants(
	    c->face->service, c->req->arena, &c->actor, &list, &count, &c->err);
	if (ret)
		return ret;
	w = api3_begin_items(c);
	for (size_t i = 0; i < count; i++) {
		json_object(w);
		json_name(w, "tenantId");
		json_guid(w, list[i].id);
		api3_write_string(w, "name", list[i].name);
		json_name(w, "enabled");
		json_bool(w, list[i].enabled);
		api3_write_instant(w, "createdDate", list[i].created_us);
		json_end_object(w);
	}
	json_end_array(w);
	json_end_object(w);
	return api3_answer(c, w);
}
