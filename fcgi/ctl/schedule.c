/* `schedule add`, `list`, `show`, `suspend`, `resume`, `delete` and `ledger`. */
#include "ctl/ctl.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ctl/print.h"

int
ctl_schedule_add(struct ctl *ctl, struct err *err)
{
	struct buf definition = BUF_INIT;
	struct ctl_reply reply;
	int ret;

	ret = ctl_read_file(ctl->operands[0], CTL_FILE_MAX, &definition, err);
	if (!ret)
		ret = ctl_ask_text(ctl, &ctl->arena, "tasks/createSchedule", definition.data,
		    definition.len, &reply, err);
	if (!ret && !ctl_put_json(ctl, &reply))
		ctl_put_line(ctl_text_id(&ctl->arena, reply.value));
	buf_release(&definition);
	return ret;
}

/* API3 ScheduleStatus and ScheduleDataType: wire/api3.md 3.7 and 3.8. */
static const char *
word_of(
    const struct json *schedule, const char *member, const char *const *words, int64_t count)
{
	int64_t n;

	if (json_integer(json_member(schedule, member), 0, count - 1, &n))
		return "unknown";
	return words[n];
}

int
ctl_schedule_list(struct ctl *ctl, struct err *err)
{
	static const char *const titles[] = {"ID", "NAME", "STATUS", "RUNS", "CREATED"};
	static const char *const statuses[] = {
	    "active", "stopped", "finished", "deleted", "suspended", "cancelled"};
	static const char *const kinds[] = {"once", "repeatedly", "on demand"};
	struct ctl_request rq;
	struct ctl_reply reply;
	struct buf out = BUF_INIT;
	struct table t;
	int ret;

	ctl_request_begin(&rq);
	json_object(rq.w);
	json_end_object(rq.w);
	ret = ctl->options.json
		  ? ctl_send(ctl, &ctl->arena, "tasks/findSchedule", &rq, &reply, err)
		  : ctl_ask(ctl, &ctl->arena, "tasks/findSchedule", &rq, &reply, err);
	if (ret || ctl_put_json(ctl, &reply))
		return ret;
	table_init(&t, titles, sizeof titles / sizeof *titles);
	for (const struct json *s = reply.value->first; s; s = s->next) {
		table_cell(&t, ctl_member_id(&ctl->arena, s, "scheduleId"));
		table_cell(&t, ctl_member(s, "name"));
		table_cell(&t, word_of(s, "status", statuses, 6));
		table_cell(&t, word_of(s, "scheduleDataType", kinds, 3));
		table_cell(&t, ctl_member(s, "createdDate"));
	}
	table_print(&t, &out);
	ctl_put(&out);
	table_release(&t);
	buf_release(&out);
	return 0;
}

int
ctl_schedule_show(struct ctl *ctl, struct err *err)
{
	struct buf out = BUF_INIT;
	struct ctl_reply reply;
	uint64_t id;
	int ret;

	ret = ctl_schedule_id(ctl, ctl->operands[0], &id, err);
	if (!ret)
		ret = ctl_ask_id(ctl, &ctl->arena, "tasks/getSchedule", id, &reply, err);
	if (ret || ctl_put_json(ctl, &reply))
		return ret;
	print_outline(&out, reply.value);
	ctl_put(&out);
	buf_release(&out);
	return 0;
}

/* A method that takes an id and changes the schedule; it says nothing when all went well. */
static int
change(struct ctl *ctl, const char *method, struct err *err)
{
	struct ctl_reply reply;
	uint64_t id;
	int ret;

	ret = ctl_schedule_id(ctl, ctl->operands[0], &id, err);
	if (!ret)
		ret = ctl_ask_id(ctl, &ctl->arena, method, id, &reply, err);
	if (!ret)
		ctl_put_json(ctl, &reply);
	return ret;
}

int
ctl_schedule_suspend(struct ctl *ctl, struct err *err)
{
	struct ctl_request rq;
	struct ctl_reply reply;
	uint64_t id;
	int ret;

	ret = ctl_schedule_id(ctl, ctl->operands[0], &id, err);
	if (ret)
		return ret;
	ctl_request_begin(&rq);
	json_object(rq.w);
	json_name(rq.w, "scheduleId");
	json_guid(rq.w, id);
	ctl_write_string(rq.w, "until", ctl->options.until);
	ctl_write_string(rq.w, "reason", ctl->options.reason);
	json_end_object(rq.w);
	ret = ctl_ask(ctl, &ctl->arena, "tasks/suspendSchedule", &rq, &reply, err);
	if (!ret)
		ctl_put_json(ctl, &reply);
	return ret;
}

int
ctl_schedule_resume(struct ctl *ctl, struct err *err)
{
	return change(ctl, "tasks/resumeSchedule", err);
}

int
ctl_schedule_delete(struct ctl *ctl, struct err *err)
{
	return change(ctl, "tasks/deleteSchedule", err);
}

/* ---- the ledger ---- */

static int
ledger_page(struct ctl *ctl, struct arena *a, uint64_t id, const char *cursor,
    struct ctl_reply *reply, struct err *err)
{
	struct ctl_request rq;

	ctl_request_begin(&rq);
	json_object(rq.w);
	json_name(rq.w, "scheduleId");
	json_guid(rq.w, id);
	if (cursor) {
		json_name(rq.w, "cursor");
		json_string(rq.w, cursor);
	}
	json_end_object(rq.w);
	return ctl_ask(ctl, a, "tasks/listOccurrences", &rq, reply, err);
}

static void
add_occurrences(struct table *t, struct arena *a, const struct json *page)
{
	const struct json *items = json_member(page, "items");

	for (const struct json *o = items ? items->first : NULL; o; o = o->next) {
		const char *count = ctl_member(o, "count");

		table_cell(t, ctl_member(o, "due"));
		table_cell(t, ctl_member(o, "to"));
		table_cell(t, count ? count : "1");
		table_cell(t, ctl_member(o, "verdict"));
		table_cell(t, ctl_member_id(a, o, "executionId"));
		table_cell(t, ctl_member(o, "reason"));
	}
}

int
ctl_schedule_ledger(struct ctl *ctl, struct err *err)
{
	static const char *const titles[] = {
	    "DUE", "TO", "COUNT", "VERDICT", "EXECUTION", "REASON"};
	struct arena page = ARENA_INIT;
	struct buf out = BUF_INIT;
	struct ctl_reply reply;
	char *cursor = NULL;
	struct table t;
	uint64_t id;
	int ret;

	table_init(&t, titles, sizeof titles / sizeof *titles);
	ret = ctl_schedule_id(ctl, ctl->operands[0], &id, err);
	while (!ret) {
		const char *next;

		ret = ledger_page(ctl, &page, id, cursor, &reply, err);
		if (ret)
			break;
		if (!ctl_put_json(ctl, &reply))
			add_occurrences(&t, &page, reply.value);
		next = ctl_member(reply.value, "cursor");
		if (!next)
			break;
		free(cursor);
		cursor = mem_strdup(next);
		arena_clear(&page);
	}
	if (!ret && !ctl->options.json) {
		table_print(&t, &out);
		ctl_put(&out);
	}
	free(cursor);
	arena_release(&page);
	table_release(&t);
	buf_release(&out);
	return ret;
}
