/* `token create`, `list`, `rotate` and `revoke`. A token is printed the once that it is handed
 * out. */
#include "ctl/ctl.h"

#include <string.h>

#include "ctl/print.h"

static int
put_token(const struct ctl_reply *reply, struct err *err)
{
	const char *token = ctl_member(reply->value, "token");

	if (!token)
		return err_fail(err, ERR_IO, "the service's answer: this is no token");
	ctl_put_line(token);
	return 0;
}

int
ctl_token_create(struct ctl *ctl, struct err *err)
{
	const struct ctl_options *o = &ctl->options;
	struct ctl_request rq;
	struct ctl_reply reply;
	int ret;

	ctl_request_begin(&rq);
	json_object(rq.w);
	ctl_write_string(rq.w, "userName", ctl->operands[0]);
	ctl_write_string(rq.w, "expiresIn", o->expires);
	ctl_write_string(rq.w, "name", o->name);
	ctl_write_string(rq.w, "kind", o->client_key ? "clientKey" : NULL);
	if (o->needs_session) {
		json_name(rq.w, "needsSession");
		json_bool(rq.w, true);
	}
	ctl_write_words(rq.w, &ctl->arena, "scopes", o->scopes);
	ctl_write_words(rq.w, &ctl->arena, "tags", o->tags);
	json_end_object(rq.w);
	ret = ctl_ask(ctl, &ctl->arena, "access/createToken", &rq, &reply, err);
	return ret ? ret : put_token(&reply, err);
}

int
ctl_token_rotate(struct ctl *ctl, struct err *err)
{
	struct ctl_request rq;
	struct ctl_reply reply;
	uint64_t id;
	int ret = ctl_id(ctl->operands[0], "token", &id, err);

	if (ret)
		return ret;
	ctl_request_begin(&rq);
	json_object(rq.w);
	json_name(rq.w, "tokenId");
	json_guid(rq.w, id);
	ctl_write_string(rq.w, "overlap", ctl->options.overlap);
	json_end_object(rq.w);
	ret = ctl_ask(ctl, &ctl->arena, "access/rotateToken", &rq, &reply, err);
	return ret ? ret : put_token(&reply, err);
}

int
ctl_token_revoke(struct ctl *ctl, struct err *err)
{
	struct ctl_reply reply;
	uint64_t id;
	int ret = ctl_id(ctl->operands[0], "token", &id, err);

	if (!ret)
		ret = ctl_ask_id(ctl, &ctl->arena, "access/revokeToken", id, &reply, err);
	if (!ret)
		ctl_put_json(ctl, &reply);
	return ret;
}

/* ---- list ---- */

static void
row_of_token(struct ctl *ctl, struct table *t, const struct json *token)
{
	const char *scopes = ctl_words(&ctl->arena, json_member(token, "scopes"));
	const struct json *needs = json_member(token, "needsSession");
	const char *kind = ctl_member(token, "kind");

	table_cell(t, ctl_member_id(&ctl->arena, token, "tokenId"));
	table_cell(t, ctl_member_id(&ctl->arena, token, "userId"));
	table_cell(
	    t, needs && needs->boolean ? arena_printf(&ctl->arena, "%s+session", kind) : kind);
	table_cell(t, ctl_member(token, "name"));
	table_cell(t, scopes ? scopes : "all");
	table_cell(t, ctl_words(&ctl->arena, json_member(token, "tags")));
	table_cell(t, ctl_member(token, "usedDate"));
	table_cell(t, ctl_member(token, "expiresDate"));
}

static void
write_owner(void *ctx, struct json_writer *w)
{
	const uint64_t *user = ctx;

	json_name(w, "userId");
	json_guid(w, *user);
}

int
ctl_token_list(struct ctl *ctl, struct err *err)
{
	static const char *const titles[] = {
	    "ID", "USER", "KIND", "NAME", "SCOPES", "TAGS", "USED", "EXPIRES"};
	const char *word = ctl->options.user;
	uint64_t user;
	int ret = word ? ctl_user_id(ctl, word, &user, err) : 0;

	return ret ? ret
		   : ctl_list(ctl, "access/listTokens", word ? write_owner : NULL, &user,
			 titles, sizeof titles / sizeof *titles, row_of_token, err);
}
