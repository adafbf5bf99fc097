/* authentication/authenticateUser: wire/api3.md 2.1. The only answer of this face that is not
 * JSON is a bare token. */
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

int
api3_authenticate_user(struct call *c)
{
	const char *name, *password;
	char token[TOKEN_TEXT];
	int ret;

	ret = read_user_name(c, &name);
	if (!ret)
		ret = api3_need_string(c->body, "password", &password, &c->err);
	if (!ret)
		ret = service_login(
		    c->face->service, c->req->now_us, name, password, token, &c->err);
	if (!ret)
		response_set(c->res, 200, API3_TEXT, token);
	return ret;
}
