/* `tenant add` and `list`. */
#include "ctl/ctl.h"

#include <string.h>

#include "base/id.h"
#include "ctl/print.h"

int
ctl_tenant_id(struct ctl *ctl, const char *word, uint64_t *id, struct err *err)
{
	struct ctl_request rq;
	struct ctl_reply reply;
	const struct json *items;
	int ret;

	if (!id_parse(word, strlen(word), id))
		return 0;
	ctl_request_begin(&rq);
	json_object(rq.w);
	json_end_object(rq.w);
	ret = ctl_ask(ctl, &ctl->arena, "access/listTenants", &rq, &reply, err);
	if (ret)
		return ret;
	items = json_member(reply.value, "items");
	for (const struct json *t = items ? items->first : NULL; t; t = t->next) {
		const char *name = ctl_member(t, "name"), *guid = ctl_member(t, "tenantId");

		if (name && guid && !strcmp(name, word))
			return ctl_id(guid, "tenant", id, err);
	}
	return err_fail(err, ERR_MISSING, "%s: there is no tenant of this name", word);
}

int
ctl_tenant_add(struct ctl *ctl, struct err *err)
{
	struct ctl_request rq;
	struct ctl_reply reply;
	int ret;

	ctl_request_begin(&rq);
	json_object(rq.w);
	ctl_write_string(rq.w, "name", ctl->operands[0]);
	json_end_object(rq.w);
	ret = ctl_ask(ctl, &ctl->arena, "access/createTenant", &rq, &reply, err);
	if (!ret)
		ctl_put_line(ctl_text_id(&ctl->arena, reply.value));
	return ret;
}

static void
row_of_tenant(struct ctl *ctl, struct table *t, const struct json *tenant)
{
	const struct json *enabled = json_member(tenant, "enabled");

	table_cell(t, ctl_member_id(&ctl->arena, tenant, "tenantId"));
	table_cell(t, ctl_member(tenant, "name"));
	table_cell(t, enabled && !enabled->boolean ? "disabled" : "enabled");
	table_cell(t, ctl_member(tenant, "createdDate"));
}

int
ctl_tenant_list(struct ctl *ctl, struct err *err)
{
	static const char *const titles[] = {"ID", "NAME", "STATUS", "CREATED"};

	return ctl_list(ctl, "access/listTenants", NULL, NULL, titles,
	    sizeof titles / sizeof *titles, row_of_tenant, err);
}
