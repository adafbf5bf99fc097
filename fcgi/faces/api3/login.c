/*
 * authentication/authenticateUser and authenticateUserByToken: wire/api3.md 2.1 and 2.2. The
 * only answers of this face that are not JSON are their bare tokens.
 */
#include "faces/api3/call.h"

/* Both spellings are in use; `userName` wins. */
static int
read_user_name(struct call *c, const char **name)
{
	*name = NULL;
	if (api3_string(c->body, "userName", name, &c->err))
		return ERR_INPUT;
	if (!*name && api3_string(c->body, "username", name, &c->err))
		return ERR_INPUT;
	return *name ? 0 : api3_need_string(c->body, "userName", name, &c->err);
}

static struct login
who(const struct call *c, const char *name)
{
	return (struct login){
	    .name = name,
	    .remote = request_param(c->req, "REMOTE_ADDR"),
	    .now_us = c->req->now_us,
	};
}

int
api3_authenticate_user(struct call *c)
{
	const char *name, *password;
	char token[TOKEN_TEXT];
	struct login login;
	int64_t locked_us = 0;
	int ret;

	ret = read_user_name(c, &name);
	if (!ret)
		ret = api3_need_string(c->body, "password", &password, &c->err);
	if (ret)
		return ret;
	login = who(c, name);
	ret = service_login(c->face->service, &login, password, token, &locked_us, &c->err);
	if (!ret)
		response_set(c->res, 200, API3_TEXT, token);
	if (locked_us)
		response_header(c->res, "Retry-After",
		    arena_printf(c->req->arena, "%lld",
			(long long)((locked_us + SECOND_US - 1) / SECOND_US)));
	return ret;
}

int
api3_authenticate_by_token(struct call *c)
{
	const char *name, *admin_token;
	char token[TOKEN_TEXT];
	struct login login;
	int ret;

	ret = api3_need_string(c->body, "userIdentity", &name, &c->err);
	if (!ret)
		ret = api3_need_string(c->body, "token", &admin_token, &c->err);
	if (ret)
		return ret;
	login = who(c, name);
	ret = service_login_for(c->face->service, &login, admin_token, token, &c->err);
	if (!ret)
		response_set(c->res, 200, API3_TEXT, token);
	return ret;
}
