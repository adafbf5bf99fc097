/* `user add`, `list`, `update` and `delete`. A password is never an argument: those are for
 * everybody on the machine to see. */
#include "ctl/ctl.h"

#include <string.h>

#include "base/id.h"
#include "ctl/print.h"

/* ---- whom a word means ---- */

struct wanted {
	const char *name;
	const char *id; /* GUID; NULL: not found yet */
};

static void
note_user(void *ctx, const struct json *user)
{
	struct wanted *w = ctx;
	const char *name = ctl_member(user, "userName");

	if (name && !strcmp(name, w->name))
		w->id = ctl_member(user, "userId");
}

static void
query_name(void *ctx, struct json_writer *w)
{
	const struct wanted *wanted = ctx;

	ctl_write_string(w, "query", wanted->name);
}

int
ctl_user_id(struct ctl *ctl, const char *word, uint64_t *id, struct err *err)
{
	struct wanted wanted = {.name = word};
	int ret;

	if (!id_parse(word, strlen(word), id))
		return 0;
	ret = ctl_each(ctl, "access/listUsers", query_name, note_user, &wanted, err);
	if (ret)
		return ret;
	if (!wanted.id)
		return err_fail(err, ERR_MISSING, "%s: there is no user of this name", word);
	return ctl_id(wanted.id, "user", id, err);
}

/* The member `jobRights`; "none" is none of them. */
static void
write_job_rights(struct json_writer *w, struct ctl *ctl)
{
	const char *list = ctl->options.job_rights;

	ctl_write_words(w, &ctl->arena, "jobRights", list && !strcmp(list, "none") ? "" : list);
}

/* ---- add ---- */

static int
create_user(struct ctl *ctl, const char *password, struct ctl_reply *reply, struct err *err)
{
	struct ctl_request rq;
	uint64_t tenant = 0;
	int ret = 0;

	if (ctl->options.tenant)
		ret = ctl_tenant_id(ctl, ctl->options.tenant, &tenant, err);
	if (ret)
		return ret;
	ctl_request_begin(&rq);
	json_object(rq.w);
	ctl_write_string(rq.w, "userName", ctl->operands[0]);
	ctl_write_string(rq.w, "password", password);
	ctl_write_string(rq.w, "role", ctl->options.role);
	ctl_write_string(rq.w, "email", ctl->options.email);
	write_job_rights(rq.w, ctl);
	if (tenant) {
		json_name(rq.w, "tenantId");
		json_guid(rq.w, tenant);
	}
	json_end_object(rq.w);
	return ctl_ask(ctl, &ctl->arena, "access/createUser", &rq, reply, err);
}

int
ctl_user_add(struct ctl *ctl, struct err *err)
{
	const char *path = ctl->options.password_file;
	struct buf password = BUF_INIT, out = BUF_INIT;
	struct ctl_reply reply;
	int ret;

	ret =
	    path ? ctl_read_password(path, &password, err) : ctl_make_password(&password, err);
	if (!ret)
		ret = create_user(ctl, password.data, &reply, err);
	if (ret)
		goto done;
	if (path)
		ctl_put_line(ctl_text_id(&ctl->arena, reply.value));
	else {
		buf_addf(&out, "%s\npassword: %s\n", ctl_text_id(&ctl->arena, reply.value),
		    password.data);
		ctl_put(&out);
	}
done:
	buf_release(&password);
	buf_release(&out);
	return ret;
}

/* ---- update and delete ---- */

int
ctl_user_update(struct ctl *ctl, struct err *err)
{
	const struct ctl_options *o = &ctl->options;
	struct buf password = BUF_INIT;
	struct ctl_request rq;
	struct ctl_reply reply;
	uint64_t id;
	int ret = 0;

	if (o->enable && o->disable)
		return err_fail(err, ERR_INPUT, "--enable and --disable cannot both be");
	if (o->password_file)
		ret = ctl_read_password(o->password_file, &password, err);
	if (!ret)
		ret = ctl_user_id(ctl, ctl->operands[0], &id, err);
	if (ret)
		goto done;
	ctl_request_begin(&rq);
	json_object(rq.w);
	json_name(rq.w, "userId");
	json_guid(rq.w, id);
	ctl_write_string(rq.w, "role", o->role);
	ctl_write_string(rq.w, "email", o->email);
	ctl_write_string(rq.w, "password", password.data);
	write_job_rights(rq.w, ctl);
	if (o->enable || o->disable) {
		json_name(rq.w, "enabled");
		json_bool(rq.w, o->enable);
	}
	json_end_object(rq.w);
	ret = ctl_ask(ctl, &ctl->arena, "access/updateUser", &rq, &reply, err);
	if (!ret)
		ctl_put_json(ctl, &reply);
done:
	buf_release(&password);
	return ret;
}

int
ctl_user_delete(struct ctl *ctl, struct err *err)
{
	struct ctl_reply reply;
	uint64_t id;
	int ret = ctl_user_id(ctl, ctl->operands[0], &id, err);

	if (!ret)
		ret = ctl_ask_id(ctl, &ctl->arena, "access/deleteUser", id, &reply, err);
	if (!ret)
		ctl_put_json(ctl, &reply);
	return ret;
}

/* ---- list ---- */

static void
row_of_user(struct ctl *ctl, struct table *t, const struct json *user)
{
	const struct json *enabled = json_member(user, "enabled");
	bool locked = json_member(user, "lockedUntil") != NULL;

	table_cell(t, ctl_member_id(&ctl->arena, user, "userId"));
	table_cell(t, ctl_member(user, "userName"));
	table_cell(t, ctl_member(user, "role"));
	table_cell(t, enabled && !enabled->boolean ? "disabled"
		      : locked			   ? "locked"
						   : "enabled");
	table_cell(t, ctl_words(&ctl->arena, json_member(user, "jobRights")));
	table_cell(t, ctl_member(user, "email"));
	table_cell(t, ctl_member(user, "createdDate"));
}

int
ctl_user_list(struct ctl *ctl, struct err *err)
{
	static const char *const titles[] = {
	    "ID", "NAME", "ROLE", "STATUS", "JOBS", "E-MAIL", "CREATED"};

	return ctl_list(ctl, "access/listUsers", NULL, NULL, titles,
	    sizeof titles / sizeof *titles, row_of_user, err);
}
