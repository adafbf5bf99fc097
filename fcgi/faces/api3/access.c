/* access/createUser, createToken and whoAmI: who may call. */
#include "calendar/civil.h"
#include "faces/api3/call.h"

int
api3_create_user(struct call *c)
{
	const char *name, *role_text, *password = NULL;
	enum role role;
	uint64_t id;
	int ret;

	ret = api3_need_string(c->body, "userName", &name, &c->err);
	if (!ret)
		ret = api3_string(c->body, "password", &password, &c->err);
	if (!ret)
		ret = api3_need_string(c->body, "role", &role_text, &c->err);
	if (!ret && role_parse(role_text, &role))
		ret = err_fail(&c->err, ERR_INPUT, "Invalid value: role");
	if (!ret)
		ret = service_create_user(c->face->service, &c->actor, c->req->now_us, name,
		    password, role, &id, &c->err);
	return ret ? ret : api3_answer_id(c, id);
}

int
api3_create_token(struct call *c)
{
	const char *name, *life = NULL;
	char token[TOKEN_TEXT];
	int64_t life_us = 0;
	int ret;

	ret = api3_need_string(c->body, "userName", &name, &c->err);
	if (!ret)
		ret = api3_string(c->body, "expiresIn", &life, &c->err);
	/* "0s" asks for a token that is dead at once, and would get one that never dies. */
	if (!ret && life && (duration_parse(life, &life_us) || !life_us))
		ret = err_fail(&c->err, ERR_INPUT, "Invalid value: expiresIn");
	if (!ret)
		ret = service_create_token(
		    c->face->service, &c->actor, c->req->now_us, name, life_us, token, &c->err);
	return ret ? ret : api3_answer_string(c, token);
}

int
api3_who_am_i(struct call *c)
{
	struct json_writer *w = api3_begin(c);

	json_object(w);
	if (c->actor.user_id)
		api3_write_user(w, "userId", c->actor.user_id);
	api3_write_string(w, "userName", c->actor.name);
	api3_write_string(w, "role", role_name(c->actor.role));
	json_end_object(w);
	return api3_answer(c, w);
}
