/* `user add` and `token create`. A password is never an argument: those are for everybody on
 * the machine to see. */
#include "ctl/ctl.h"

#include <string.h>

#include "base/id.h"

static void
string_member(struct json_writer *w, const char *name, const char *value)
{
	json_name(w, name);
	json_string(w, value);
}

static int
create_user(struct ctl *ctl, const char *password, struct ctl_reply *reply, struct err *err)
{
	struct ctl_request rq;

	ctl_request_begin(&rq);
	json_object(rq.w);
	string_member(rq.w, "userName", ctl->operands[0]);
	string_member(rq.w, "password", password);
	string_member(rq.w, "role", ctl->options.role);
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

int
ctl_token_create(struct ctl *ctl, struct err *err)
{
	const char *token;
	struct ctl_request rq;
	struct ctl_reply reply;
	int ret;

	ctl_request_begin(&rq);
	json_object(rq.w);
	string_member(rq.w, "userName", ctl->operands[0]);
	if (ctl->options.expires)
		string_member(rq.w, "expiresIn", ctl->options.expires);
	json_end_object(rq.w);
	ret = ctl_ask(ctl, &ctl->arena, "access/createToken", &rq, &reply, err);
	if (ret)
		return ret;
	token = ctl_member(reply.value, "token");
	if (!token)
		return err_fail(err, ERR_IO, "the service's answer: this is no token");
	ctl_put_line(token);
	return 0;
}
