/* access: users, one's own password, and whoAmI. */
#include <string.h>

#include "faces/api3/call.h"

enum { JOB_RIGHTS_MAX = 4 };

static int
need_role(struct call *c, const char *text, enum role *role)
{
	return role_parse(text, role) ? err_fail(&c->err, ERR_INPUT, "Invalid value: role") : 0;
}

/* The member `jobRights`: absent leaves *given alone, an empty array is none of them. */
static int
read_job_rights(struct call *c, unsigned *rights, const unsigned **given)
{
	const char **names;
	enum job_right one;
	size_t count;

	*rights = 0;
	if (api3_strings(
		c->req->arena, c->body, "jobRights", JOB_RIGHTS_MAX, &names, &count, &c->err))
		return ERR_INPUT;
	for (size_t i = 0; i < count; i++) {
		if (job_right_parse(names[i], &one))
			return err_fail(&c->err, ERR_INPUT, "Invalid value: jobRights");
		*rights |= one;
	}
	if (api3_has(c->body, "jobRights"))
		*given = rights;
	return 0;
}

static void
write_job_rights(struct json_writer *w, unsigned rights)
{
	json_name(w, "jobRights");
	json_array(w);
	for (unsigned bit = 1; bit < JOB_RIGHTS_ALL; bit <<= 1) {
		if (rights & bit)
			json_string(w, job_right_name(bit));
	}
	json_end_array(w);
}

int
api3_create_user(struct call *c)
{
	unsigned job_rights;
	struct user_new n = {0};
	const char *role;
	bool enabled = true;
	uint64_t id;
	int ret;

	ret = api3_need_string(c->body, "userName", &n.name, &c->err);
	if (!ret)
		ret = api3_string(c->body, "password", &n.password, &c->err);
	if (!ret)
		ret = api3_string(c->body, "email", &n.email, &c->err);
	if (!ret)
		ret = api3_bool(c->body, "enabled", &enabled, &c->err);
	if (!ret)
		ret = read_job_rights(c, &job_rights, &n.job_rights);
	if (!ret)
		ret = api3_need_string(c->body, "role", &role, &c->err);
	if (!ret)
		ret = need_role(c, role, &n.role);
	if (!ret)
		ret = api3_id(c->body, "tenantId", &n.tenant_id, &c->err);
	if (ret == ERR_MISSING)
		ret = c->actor.role == ROLE_ENTERPRISE_ADMIN
			  ? err_fail(&c->err, ERR_INPUT, "Tenant not found")
			  : ERR_DENIED;
	if (ret)
		return ret;
	n.disabled = !enabled;
	ret =
	    service_create_user(c->face->service, &c->actor, c->req->now_us, &n, &id, &c->err);
	return ret ? ret : api3_answer_id(c, id);
}

int
api3_update_user(struct call *c)
{
	struct user_change change = {0};
	const char *role_text = NULL;
	bool enabled = true;
	unsigned job_rights;
	enum role role;
	uint64_t id;
	int form, ret;

	/* A fault of form is told before what only the store knows. */
	form = api3_need_id(c->body, "userId", &id, &c->err);
	if (form && form != ERR_MISSING)
		return form;
	ret = api3_string(c->body, "role", &role_text, &c->err);
	if (!ret && role_text) {
		ret = need_role(c, role_text, &role);
		change.role = &role;
	}
	if (!ret)
		ret = api3_string(c->body, "password", &change.password, &c->err);
	if (!ret)
		ret = api3_string(c->body, "email", &change.email, &c->err);
	if (!ret)
		ret = api3_bool(c->body, "enabled", &enabled, &c->err);
	if (!ret && api3_has(c->body, "enabled"))
		change.enabled = &enabled;
	if (!ret)
		ret = read_job_rights(c, &job_rights, &change.job_rights);
	if (!ret)
		ret = form;
	if (!ret)
		ret = service_update_user(
		    c->face->service, &c->actor, c->req->now_us, id, &change, &c->err);
	return ret ? ret : api3_answer_modified(c, id);
}

int
api3_delete_user(struct call *c)
{
	int ret =
	    service_delete_user(c->face->service, &c->actor, c->req->now_us, c->id, &c->err);

	return ret ? ret : api3_answer_modified(c, c->id);
}

static void
write_user(struct json_writer *w, const struct user_view *v)
{
	const struct user *u = &v->user;

	json_object(w);
	api3_write_user(w, "userId", u->id);
	api3_write_string(w, "userName", u->name);
	api3_write_string(w, "role", role_name(u->role));
	json_name(w, "enabled");
	json_bool(w, u->enabled);
	api3_write_string(w, "email", u->email);
	write_job_rights(w, user_job_rights(u));
	api3_write_instant(w, "createdDate", u->created_us);
	if (v->locked_us)
		api3_write_instant(w, "lockedUntil", v->locked_us);
	json_end_object(w);
}

int
api3_list_users(struct call *c)
{
	static const char *const members[] = {"query", NULL};
	const char *query = NULL, *after;
	struct user_view *list;
	struct api3_page page;
	struct json_writer *w;
	size_t count, total, shown;
	int ret;

	ret = api3_string(c->body, "query", &query, &c->err);
	if (!ret)
		ret = api3_read_page(c, members, &page);
	if (ret)
		return ret;
	after = api3_page_name(&page);
	ret = service_list_users(c->face->service, c->req->arena, &c->actor, c->req->now_us,
	    query, after, (size_t)page.limit + 1, &list, &count, &total, &c->err);
	if (ret)
		return ret;
	shown = api3_page_shown(&page, count);
	w = api3_begin_items(c);
	for (size_t i = 0; i < shown; i++)
		write_user(w, &list[i]);
	json_end_array(w);
	if (count > shown)
		api3_write_name_cursor(w, &page, list[shown - 1].user.name);
	json_name(w, "total");
	json_number(w, (int64_t)total);
	json_end_object(w);
	return api3_answer(c, w);
}

int
api3_change_password(struct call *c)
{
	const char *old_password, *new_password;
	int ret;

	ret = api3_need_string(c->body, "oldPassword", &old_password, &c->err);
	if (!ret)
		ret = api3_need_string(c->body, "newPassword", &new_password, &c->err);
	if (!ret)
		ret = service_change_password(c->face->service, &c->actor, c->req->now_us,
		    old_password, new_password, &c->err);
	return ret ? ret : api3_answer_modified(c, c->actor.user_id);
}

int
api3_who_am_i(struct call *c)
{
	const struct actor *actor = &c->actor;
	struct json_writer *w = api3_begin(c);

	json_object(w);
	if (actor->user_id)
		api3_write_user(w, "userId", actor->user_id);
	api3_write_string(w, "userName", actor->name);
	api3_write_string(w, "role", role_name(actor->role));
	json_name(w, "tenantId");
	json_guid(w, actor->tenant_id);
	api3_write_string(w, "tenant", actor->tenant);
	if (actor->token_id) {
		json_name(w, "tokenId");
		json_guid(w, actor->token_id);
	}
	write_job_rights(w, actor->job_rights);
	api3_write_limits(w, actor->scopes, actor->tags, actor->tag_count);
	json_end_object(w);
	return api3_answer(c, w);
}
