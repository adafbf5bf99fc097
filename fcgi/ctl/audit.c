/* `audit list` and `verify`. */
#include "ctl/ctl.h"

#include "ctl/print.h"

static void
row_of_entry(struct ctl *ctl, struct table *t, const struct json *entry)
{
	table_cell(t, ctl_member(entry, "number"));
	table_cell(t, ctl_member(entry, "time"));
	table_cell(t, ctl_member(entry, "actorName"));
	table_cell(t, ctl_member(entry, "remote"));
	table_cell(t, ctl_member(entry, "action"));
	table_cell(t, ctl_member_id(&ctl->arena, entry, "subject"));
	table_cell(t, ctl_member(entry, "detail"));
}

int
ctl_audit_list(struct ctl *ctl, struct err *err)
{
	static const char *const titles[] = {
	    "NUMBER", "TIME", "WHO", "FROM", "WHAT", "SUBJECT", "DETAIL"};

	return ctl_list(ctl, "audit/list", NULL, NULL, titles, sizeof titles / sizeof *titles,
	    row_of_entry, err);
}

int
ctl_audit_verify(struct ctl *ctl, struct err *err)
{
	struct ctl_request rq;
	struct ctl_reply reply;
	struct buf out = BUF_INIT;
	const struct json *valid;
	const char *head, *count;
	int ret;

	ctl_request_begin(&rq);
	json_object(rq.w);
	json_end_object(rq.w);
	ret = ctl_ask(ctl, &ctl->arena, "audit/verify", &rq, &reply, err);
	if (ret)
		return ret;
	valid = json_member(reply.value, "valid");
	count = ctl_member(reply.value, "count");
	head = ctl_member(reply.value, "head");
	if (!valid || !count || !head)
		return err_fail(err, ERR_IO, "the service's answer: this is no verdict");
	if (!valid->boolean)
		return err_fail(err, ERR_CONFLICT, "entry %s was altered, or one before it",
		    ctl_member(reply.value, "firstBad"));
	if (!ctl_put_json(ctl, &reply)) {
		buf_addf(&out, "%s entries, head %s\n", count, head);
		ctl_put(&out);
	}
	buf_release(&out);
	return 0;
}
