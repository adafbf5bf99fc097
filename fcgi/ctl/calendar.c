/* `calendar list`, `show`, `import` and `delete`. */
#include "ctl/ctl.h"

#include <stdio.h>
#include <string.h>

#include "base/id.h"
#include "calendar/ics.h"
#include "ctl/print.h"

/* ---- which a word means ---- */

struct wanted {
	const char *name;
	const char *id; /* GUID; NULL: not found yet */
};

static void
note_calendar(void *ctx, const struct json *calendar)
{
	struct wanted *w = ctx;
	const char *name = ctl_member(calendar, "name");

	if (name && !strcmp(name, w->name))
		w->id = ctl_member(calendar, "calendarId");
}

/* A calendar by id or, if the word is not spelled as one, by its exact name. */
static int
calendar_id(struct ctl *ctl, uint64_t *id, struct err *err)
{
	const char *word = ctl->operands[0];
	struct wanted wanted = {.name = word};
	int ret;

	if (!id_parse(word, strlen(word), id))
		return 0;
	ret = ctl_each(ctl, "tasks/listCalendars", NULL, note_calendar, &wanted, err);
	if (ret)
		return ret;
	if (!wanted.id)
		return err_fail(
		    err, ERR_MISSING, "%s: there is no calendar of this name", word);
	return ctl_id(wanted.id, "calendar", id, err);
}

/* ---- the commands ---- */

static void
row_of_calendar(struct ctl *ctl, struct table *t, const struct json *calendar)
{
	table_cell(t, ctl_member_id(&ctl->arena, calendar, "calendarId"));
	table_cell(t, ctl_member(calendar, "name"));
	table_cell(t, ctl_member(calendar, "timeZone"));
	table_cell(t, ctl_member(calendar, "entryCount"));
	table_cell(t, ctl_member(calendar, "schedules"));
	table_cell(t, ctl_member(calendar, "modifiedDate"));
}

int
ctl_calendar_list(struct ctl *ctl, struct err *err)
{
	static const char *const titles[] = {
	    "ID", "NAME", "ZONE", "ENTRIES", "SCHEDULES", "MODIFIED"};

	return ctl_list(ctl, "tasks/listCalendars", NULL, NULL, titles,
	    sizeof titles / sizeof *titles, row_of_calendar, err);
}

int
ctl_calendar_show(struct ctl *ctl, struct err *err)
{
	struct buf out = BUF_INIT;
	struct ctl_reply reply;
	uint64_t id;
	int ret;

	ret = calendar_id(ctl, &id, err);
	if (!ret)
		ret = ctl_ask_id(ctl, &ctl->arena, "tasks/getCalendar", id, &reply, err);
	if (ret || ctl_put_json(ctl, &reply))
		return ret;
	print_outline(&out, reply.value);
	ctl_put(&out);
	buf_release(&out);
	return 0;
}

/* What was left out of a calendar is told where faults are: it is not what was asked for. */
static void
put_notes(const struct json *notes)
{
	for (const struct json *one = notes ? notes->first : NULL; one; one = one->next) {
		struct buf line = BUF_INIT;

		print_text(&line, one->text, one->len);
		fprintf(stderr, "carillonctl: %s\n", line.data);
		buf_release(&line);
	}
}

int
ctl_calendar_import(struct ctl *ctl, struct err *err)
{
	struct buf text = BUF_INIT;
	struct ctl_request rq;
	struct ctl_reply reply;
	int ret;

	ret = ctl_read_file(ctl->operands[0], ICS_BYTES_MAX, &text, err);
	if (!ret && text.len && memchr(text.data, '\0', text.len))
		ret = err_fail(err, ERR_INPUT, "%s: holds a NUL", ctl->operands[0]);
	if (!ret) {
		ctl_request_begin(&rq);
		json_object(rq.w);
		ctl_write_string(rq.w, "ics", text.len ? text.data : "");
		ctl_write_string(rq.w, "name", ctl->options.name);
		ctl_write_string(rq.w, "timeZone", ctl->options.time_zone);
		if (ctl->options.replace) {
			json_name(rq.w, "replace");
			json_bool(rq.w, true);
		}
		json_end_object(rq.w);
		ret = ctl_ask(ctl, &ctl->arena, "tasks/importCalendar", &rq, &reply, err);
	}
	if (!ret && !ctl_put_json(ctl, &reply)) {
		put_notes(json_member(reply.value, "notes"));
		ctl_put_line(ctl_member_id(&ctl->arena, reply.value, "calendarId"));
	}
	buf_release(&text);
	return ret;
}

int
ctl_calendar_delete(struct ctl *ctl, struct err *err)
{
	struct ctl_reply reply;
	uint64_t id;
	int ret;

	ret = calendar_id(ctl, &id, err);
	if (!ret)
		ret = ctl_ask_id(ctl, &ctl->arena, "tasks/deleteCalendar", id, &reply, err);
	if (!ret)
		ctl_put_json(ctl, &reply);
	return ret;
}
