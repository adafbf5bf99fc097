/* `group list` and `group set`. */
#include "ctl/ctl.h"

#include <stdlib.h>
#include <string.h>

#include "ctl/print.h"

static void
row_of_group(struct ctl *ctl, struct table *t, const struct json *group)
{
	(void)ctl;
	table_cell(t, ctl_member(group, "name"));
	table_cell(t, ctl_member(group, "limit"));
	table_cell(t, ctl_member(group, "running"));
	table_cell(t, ctl_member(group, "waiting"));
}

int
ctl_group_list(struct ctl *ctl, struct err *err)
{
	static const char *const titles[] = {"NAME", "LIMIT", "RUNNING", "WAITING"};

	return ctl_list(ctl, "tasks/listGroups", NULL, NULL, titles,
	    sizeof titles / sizeof *titles, row_of_group, err);
}

int
ctl_group_set(struct ctl *ctl, struct err *err)
{
	const char *limit = ctl->operands[1];
	struct ctl_request rq;
	struct ctl_reply reply;
	int ret;

	if (!*limit || strlen(limit) > 9 || strspn(limit, "0123456789") != strlen(limit))
		return err_fail(
		    err, ERR_INPUT, "%s: the limit is a number from 1 to 1000", limit);
	ctl_request_begin(&rq);
	json_object(rq.w);
	ctl_write_string(rq.w, "name", ctl->operands[0]);
	json_name(rq.w, "limit");
	json_number(rq.w, strtol(limit, NULL, 10));
	json_end_object(rq.w);
	ret = ctl_ask(ctl, &ctl->arena, "tasks/setGroup", &rq, &reply, err);
	if (!ret)
		ctl_put_json(ctl, &reply);
	return ret;
}
