/*
 * Sign-in and sign-out by e-mail: wire/altogic.md 2.1 and 2.2. What these make and end are the
 * sessions that every face knows.
 */
#include "faces/altogic/call.h"

/* An instant in an answer, a user's id and his session's. */
static void
write_session(
    struct call *c, struct json_writer *w, const struct actor *user, const char *token)
{
	json_object(w);
	json_name(w, "user");
	json_object(w);
	altogic_write_id(w, "_id", user->user_id);
	altogic_write_string(w, "email", user->email ? user->email : "");
	json_end_object(w);
	json_name(w, "session");
	json_object(w);
	altogic_write_id(w, "userId", user->user_id);
	altogic_write_string(w, "token", token);
	altogic_write_instant(w, "creationDtm", c->req->now_us);
	json_name(w, "accessGroupKeys");
	json_array(w);
	json_end_array(w);
	json_end_object(w);
	json_end_object(w);
}

/* Seconds to wait, for a name that is locked after too many wrong passwords. */
static void
say_when_to_retry(struct call *c, int64_t locked_us)
{
	if (locked_us)
		response_header(c->res, "Retry-After",
		    arena_printf(c->req->arena, "%lld",
			(long long)((locked_us + SECOND_US - 1) / SECOND_US)));
}

int
altogic_sign_in(struct call *c)
{
	struct service *sv = c->face->service;
	struct login who = {
	    .tenant_id = c->actor.tenant_id,
	    .remote = request_param(c->req, "REMOTE_ADDR"),
	    .now_us = c->req->now_us,
	    .idle_us = c->face->altogic_idle_us,
	};
	const struct json *body;
	const char *password;
	char token[TOKEN_TEXT];
	int64_t locked_us = 0;
	struct json_writer *w;
	struct actor user;
	int ret;

	ret = altogic_read_body(c, &body);
	if (!ret)
		ret = altogic_need_string(c, body, "email", &who.email);
	if (!ret)
		ret = altogic_need_string(c, body, "password", &password);
	if (ret)
		return ret;
	ret = service_login(sv, &who, password, token, &locked_us, &c->err);
	say_when_to_retry(c, locked_us);
	if (ret == ERR_IDENTITY)
		return altogic_refuse(c, 401, "invalid_credentials",
		    "E-mail address or password is not valid", NULL);
	if (!ret)
		ret = service_authenticate(
		    sv, c->req->arena, c->req->now_us, token, &user, &c->err);
	if (ret)
		return ret;
	w = altogic_begin(c);
	write_session(c, w, &user, token);
	return altogic_answer(c, w);
}

int
altogic_sign_out(struct call *c)
{
	const struct json *body, *token;
	const char *other = NULL;
	int ret;

	ret = altogic_read_body(c, &body);
	if (ret)
		return ret;
	/* To the client library an empty one means the session that it has, too. */
	token = json_member(body, "token");
	if (token && token->type != JSON_NULL && !(token->type == JSON_STRING && !token->len)) {
		ret = altogic_need_string(c, body, "token", &other);
		if (ret)
			return ret;
	}
	ret = service_logout(c->face->service, &c->actor, c->req->now_us, other, &c->err);
	if (!ret)
		c->res->status = 200;
	return ret;
}
