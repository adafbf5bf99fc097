/* Sessions: wire/openspecimen.md 2.2 and 2.3. */
#include <string.h>

#include "faces/openspecimen/call.h"

/* Also for a name that is locked, which is not told apart. */
static int
refuse(struct call *c, int64_t locked_us)
{
	if (locked_us)
		response_header(c->res, "Retry-After",
		    arena_printf(c->req->arena, "%lld",
			(long long)((locked_us + SECOND_US - 1) / SECOND_US)));
	specimen_set_cookie(c, NULL);
	specimen_refuse(
	    c, 400, "AUTH_INVALID_CREDENTIALS", "Username or password is incorrect.");
	return 0;
}

static int
answer_session(struct call *c, const char *token)
{
	const struct user *user;
	struct json_writer *w;
	int ret = specimen_get_user(c, c->actor.user_id, &user);

	if (ret)
		return ret;
	specimen_set_cookie(c, token);
	w = specimen_begin(c);
	json_object(w);
	json_name(w, "id");
	json_number(w, (int64_t)user->id);
	specimen_write_names(w, user->name);
	specimen_write_text(w, "loginName", user->name);
	specimen_write_text(w, "token", token);
	json_name(w, "admin");
	json_bool(w, role_is_admin(user->role));
	json_name(w, "instituteAdmin");
	json_bool(w, false);
	json_end_object(w);
	return specimen_answer(c, w);
}

/* As it was said: a password may begin or end with a blank. */
static int
read_password(struct call *c, const char **password)
{
	const struct json *value = json_member(c->body, "password");

	*password = NULL;
	if (!value || value->type == JSON_NULL)
		return 0;
	if (value->type != JSON_STRING && value->type != JSON_NUMBER)
		return specimen_wrong_json(c, "password");
	*password = value->text;
	return 0;
}

int
specimen_log_in(struct call *c)
{
	const char *domain = "openspecimen", *password;
	struct login who = {
	    .remote = request_param(c->req, "REMOTE_ADDR"),
	    .now_us = c->req->now_us,
	    .idle_us = c->face->openspecimen_idle_us,
	};
	char token[TOKEN_TEXT];
	int64_t locked_us = 0;
	int ret;

	ret = specimen_text(c, c->body, "loginName", &who.name);
	if (!ret)
		ret = read_password(c, &password);
	if (!ret)
		ret = specimen_text(c, c->body, "domainName", &domain);
	if (ret)
		return ret;
	if (!who.name || !password || strcmp(domain, "openspecimen"))
		return refuse(c, 0);
	ret = service_login(c->face->service, &who, password, token, &locked_us, &c->err);
	if (!ret)
		ret = service_authenticate(
		    c->face->service, c->req->arena, c->req->now_us, token, &c->actor, &c->err);
	if (!ret)
		ret = answer_session(c, token);
	return ret == ERR_IDENTITY ? refuse(c, locked_us) : ret;
}

int
specimen_log_out(struct call *c)
{
	struct json_writer *w;
	int ret = service_logout(c->face->service, &c->actor, c->req->now_us, NULL, &c->err);

	if (ret)
		return ret;
	specimen_set_cookie(c, NULL);
	w = specimen_begin(c);
	json_object(w);
	specimen_write_text(w, "Status", "Success");
	json_end_object(w);
	return specimen_answer(c, w);
}
