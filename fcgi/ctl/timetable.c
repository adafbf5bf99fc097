/*
 * `schedule update`, `apply`, `preview` and `explain`.
 *
 * Definitions come from files as their authors wrote them: they are put into the request as they
 * are, and what is wrong with them is the service's to tell.
 */
#include "ctl/ctl.h"

#include <string.h>

#include "ctl/print.h"

/* ---- files ---- */

/* A file that holds one JSON value of a type; *value lives in the arena. */
static int
read_json(struct ctl *ctl, const char *path, enum json_type type, const char *what,
    struct buf *text, const struct json **value, struct err *err)
{
	int ret = ctl_read_file(path, CTL_FILE_MAX, text, err);

	if (!ret)
		ret = json_parse(&ctl->arena, text->data, text->len, value, err);
	if (!ret && (*value)->type != type)
		ret = err_fail(err, ERR_INPUT, "not %s", what);
	return ret ? err_wrap(err, ret, "%s", path) : 0;
}

/* A member with a value that is JSON already, behind those before; the object stays open. */
static void
add_member(struct buf *body, const char *name, const char *text, size_t len)
{
	buf_addf(body, "%c\"%s\":", body->len ? ',' : '{', name);
	buf_add(body, text, len);
}

/* A member with a text of the command line. Fails: ERR_INPUT when it is no UTF-8. */
static int
add_text(struct buf *body, const char *name, const char *value, struct err *err)
{
	struct buf text = BUF_INIT;
	struct json_writer *w = json_writer_new(&text);
	int ret;

	json_string(w, value);
	ret = json_writer_finish(w);
	if (ret)
		ret = err_fail(err, ret, "%s: not UTF-8", name);
	else
		add_member(body, name, text.data, text.len);
	buf_release(&text);
	return ret;
}

static int
add_id(struct buf *body, uint64_t id, struct err *err)
{
	struct buf text = BUF_INIT;
	struct json_writer *w = json_writer_new(&text);
	int ret;

	json_guid(w, id);
	ret = json_writer_finish(w);
	if (ret)
		ret = err_fail(err, ret, "the id cannot be written");
	else
		add_member(body, "scheduleId", text.data, text.len);
	buf_release(&text);
	return ret;
}

/* ---- update ---- */

/* The version that the service has now. */
static int
add_version(struct ctl *ctl, struct buf *body, uint64_t id, struct err *err)
{
	struct ctl_reply reply;
	const char *version;
	int ret = ctl_ask_id(ctl, &ctl->arena, "tasks/getSchedule", id, &reply, err);

	if (ret)
		return ret;
	version = ctl_member(reply.value, "version");
	if (!version)
		return err_fail(err, ERR_IO, "the service did not tell the version");
	add_member(body, "version", version, strlen(version));
	return 0;
}

/* The members of an object as they are written, behind those in `body`. */
static void
add_members(struct buf *body, const struct buf *text, const struct json *object)
{
	const char *open = memchr(text->data, '{', text->len);

	buf_addc(body, body->len == 0 ? '{' : object->count > 0 ? ',' : ' ');
	open++;
	buf_add(body, open, text->len - (size_t)(open - text->data));
}

/* A file may name its schedule: then it is for that one only. */
static int
check_schedule(const struct json *definition, uint64_t id, const char *path, struct err *err)
{
	const char *word = ctl_member(definition, "scheduleId");
	uint64_t other;
	int ret;

	if (!word)
		return 0;
	ret = ctl_id(word, "schedule", &other, err);
	if (!ret && other != id)
		ret = err_fail(err, ERR_INPUT, "it is of the schedule %s", word);
	return ret ? err_wrap(err, ret, "%s", path) : 0;
}

int
ctl_schedule_update(struct ctl *ctl, struct err *err)
{
	struct buf text = BUF_INIT, body = BUF_INIT;
	const struct json *definition;
	struct ctl_reply reply;
	uint64_t id;
	int ret;

	ret = ctl_schedule_id(ctl, ctl->operands[0], &id, err);
	if (!ret)
		ret = read_json(ctl, ctl->operands[1], JSON_OBJECT, "a JSON object", &text,
		    &definition, err);
	if (!ret)
		ret = check_schedule(definition, id, ctl->operands[1], err);
	if (!ret && !json_member(definition, "scheduleId"))
		ret = add_id(&body, id, err);
	if (!ret && !json_member(definition, "version"))
		ret = add_version(ctl, &body, id, err);
	if (!ret) {
		add_members(&body, &text, definition);
		ret = ctl_ask_text(
		    ctl, &ctl->arena, "tasks/updateSchedule", body.data, body.len, &reply, err);
	}
	if (!ret)
		ctl_put_json(ctl, &reply);
	buf_release(&text);
	buf_release(&body);
	return ret;
}

/* ---- apply ---- */

static void
list_applied(struct buf *out, const struct json *answer, const char *part)
{
	const struct json *items = json_member(answer, part), *members;

	for (const struct json *s = items ? items->first : NULL; s; s = s->next) {
		const char *name = ctl_member(s, "name");

		buf_addf(out, "%s ", part);
		print_text(out, name ? name : "", name ? strlen(name) : 0);
		members = json_member(s, "members");
		for (const struct json *m = members ? members->first : NULL; m; m = m->next) {
			buf_adds(out, m == members->first ? " (" : ", ");
			print_text(out, m->text, m->len);
		}
		buf_adds(out, members && members->first ? ")\n" : "\n");
	}
}

static void
put_applied(const struct json *answer)
{
	static const char *const parts[] = {"created", "changed", "deleted"};
	const struct json *same = json_member(answer, "unchanged");
	struct buf out = BUF_INIT;

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		list_applied(&out, answer, parts[i]);
	buf_addf(&out, "%zu unchanged\n", same ? same->count : 0);
	ctl_put(&out);
	buf_release(&out);
}

int
ctl_schedule_apply(struct ctl *ctl, struct err *err)
{
	struct buf text = BUF_INIT, body = BUF_INIT;
	const struct json *list;
	struct ctl_reply reply;
	int ret;

	ret = read_json(ctl, ctl->operands[0], JSON_ARRAY, "a JSON array of definitions", &text,
	    &list, err);
	if (!ret)
		ret = add_text(&body, "owner", ctl->options.owner, err);
	if (!ret) {
		if (ctl->options.prune)
			add_member(&body, "prune", "true", 4);
		if (ctl->options.dry_run)
			add_member(&body, "dryRun", "true", 4);
		add_member(&body, "schedules", text.data, text.len);
		buf_addc(&body, '}');
		ret = ctl_ask_text(
		    ctl, &ctl->arena, "tasks/applySchedules", body.data, body.len, &reply, err);
	}
	if (!ret && !ctl_put_json(ctl, &reply))
		put_applied(reply.value);
	buf_release(&text);
	buf_release(&body);
	return ret;
}

/* ---- preview and explain ---- */

static void
put_due_times(const struct json *list)
{
	static const char *const titles[] = {"DUE", "LOCAL", "ZONE", "NOTE"};
	struct buf out = BUF_INIT;
	struct table t;

	table_init(&t, titles, sizeof titles / sizeof *titles);
	for (const struct json *due = list->first; due; due = due->next) {
		table_cell(&t, ctl_member(due, "due"));
		table_cell(&t, ctl_member(due, "local"));
		table_cell(&t, ctl_member(due, "timeZone"));
		table_cell(&t, ctl_member(due, "note"));
	}
	table_print(&t, &out);
	ctl_put(&out);
	table_release(&t);
	buf_release(&out);
}

/* A schedule that is there, or a definition in a file. */
static int
add_subject(struct ctl *ctl, struct buf *body, struct err *err)
{
	struct buf text = BUF_INIT;
	const struct json *definition;
	uint64_t id;
	int ret;

	if (!ctl->options.file) {
		ret = ctl_schedule_id(ctl, ctl->operands[0], &id, err);
		return ret ? ret : add_id(body, id, err);
	}
	ret = read_json(
	    ctl, ctl->operands[0], JSON_OBJECT, "a JSON object", &text, &definition, err);
	if (!ret)
		add_member(body, "definition", text.data, text.len);
	buf_release(&text);
	return ret;
}

int
ctl_schedule_preview(struct ctl *ctl, struct err *err)
{
	const char *count = ctl->options.count;
	struct buf body = BUF_INIT;
	struct ctl_reply reply;
	int ret = 0;

	if (count && (!*count || strspn(count, "0123456789") != strlen(count)))
		return err_fail(err, ERR_INPUT, "--count %s: not a number", count);
	ret = add_subject(ctl, &body, err);
	if (!ret && ctl->options.from)
		ret = add_text(&body, "from", ctl->options.from, err);
	if (!ret) {
		if (count)
			add_member(&body, "count", count, strlen(count));
		buf_addc(&body, '}');
		ret = ctl_ask_text(ctl, &ctl->arena, "tasks/previewSchedule", body.data,
		    body.len, &reply, err);
	}
	if (!ret && !ctl_put_json(ctl, &reply))
		put_due_times(reply.value);
	buf_release(&body);
	return ret;
}

int
ctl_schedule_explain(struct ctl *ctl, struct err *err)
{
	struct buf body = BUF_INIT, out = BUF_INIT;
	struct ctl_reply reply;
	const char *reason;
	int ret = add_subject(ctl, &body, err);

	if (!ret)
		ret = add_text(&body, "at", ctl->operands[1], err);
	if (!ret) {
		buf_addc(&body, '}');
		ret = ctl_ask_text(ctl, &ctl->arena, "tasks/explainSchedule", body.data,
		    body.len, &reply, err);
	}
	if (!ret && !ctl_put_json(ctl, &reply)) {
		reason = ctl_member(reply.value, "reason");
		print_text(&out, reason ? reason : "", reason ? strlen(reason) : 0);
		buf_addc(&out, '\n');
		ctl_put(&out);
	}
	buf_release(&body);
	buf_release(&out);
	return ret;
}
