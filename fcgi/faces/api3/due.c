/* tasks/previewSchedule and explainSchedule: due times told to people. */
#include "faces/api3/call.h"
#include "wire/definition.h"

enum { PREVIEW_DEFAULT = 10, PREVIEW_MAX = 1000 };

struct asked {
	uint64_t id;
	struct schedule definition;
	bool has_definition;
	int64_t from_us, count;
};

static int
read_asked(struct call *c, struct asked *k)
{
	int found = 0, ret = 0;

	*k = (struct asked){.from_us = c->req->now_us, .count = PREVIEW_DEFAULT};
	k->has_definition = api3_has(c->body, "definition");
	if (k->has_definition && api3_has(c->body, "scheduleId"))
		return err_fail(
		    &c->err, ERR_INPUT, "Invalid value: definition: there is a scheduleId too");
	if (k->has_definition)
		ret = definition_read(c->req->arena, json_member(c->body, "definition"),
		    c->face->time_zone, c->req->now_us, &k->definition, &c->err);
	else
		found = api3_need_id(c->body, "scheduleId", &k->id, &c->err);
	if (ret || (found && found != ERR_MISSING))
		return ret ? ret : found;
	ret = api3_instant(c->body, "from", &k->from_us, &c->err);
	if (!ret)
		ret = api3_integer(c->body, "count", 1, PREVIEW_MAX, &k->count, &c->err);
	return ret ? ret : found;
}

static void
write_local(struct json_writer *w, int64_t us, int32_t offset_s, const char *time_zone)
{
	char text[INSTANT_LOCAL_TEXT];

	instant_format_local(us, offset_s, text);
	api3_write_string(w, "local", text);
	api3_write_string(w, "timeZone", time_zone);
}

static void
write_due(struct json_writer *w, const struct preview *p)
{
	char note[PREVIEW_NOTE];

	preview_note(p, note);
	json_object(w);
	api3_write_instant(w, "due", p->due_us);
	write_local(w, p->due_us, p->offset_s, p->time_zone);
	if (*note)
		api3_write_string(w, "note", note);
	json_end_object(w);
}

/* What no list of times can show. */
static void
warn_of_boots(struct call *c, const struct schedule *s)
{
	for (size_t i = 0; i < s->trigger_count; i++) {
		if (s->triggers[i].kind == TRIGGER_REBOOT)
			response_header(c->res, "X-Schedule-Warning",
			    arena_printf(c->req->arena,
				"triggers[%zu].reboot: is due at each boot of the machine; "
				"nobody knows when that is",
				i));
	}
}

int
api3_preview_schedule(struct call *c)
{
	struct service *sv = c->face->service;
	struct schedule_view view;
	struct preview *list;
	struct json_writer *w;
	struct asked k;
	size_t count;
	int ret;

	ret = read_asked(c, &k);
	if (!ret && k.has_definition)
		ret = service_preview_definition(sv, c->req->arena, &c->actor, &k.definition,
		    c->face->time_zone, k.from_us, (size_t)k.count, &list, &count, &c->err);
	else if (!ret)
		ret = service_preview_schedule(sv, c->req->arena, &c->actor, k.id,
		    c->face->time_zone, k.from_us, (size_t)k.count, &list, &count, &c->err);
	if (!ret && !k.has_definition) {
		ret = service_get_schedule(sv, c->req->arena, &c->actor, k.id, &view, &c->err);
		k.definition = view.definition;
	}
	if (ret)
		return ret;
	if (k.has_definition)
		api3_warn(c, &k.definition);
	warn_of_boots(c, &k.definition);
	w = api3_begin(c);
	json_array(w);
	for (size_t i = 0; i < count; i++)
		write_due(w, &list[i]);
	json_end_array(w);
	return api3_answer(c, w);
}

static void
write_explanation(struct json_writer *w, uint64_t id, const struct explanation *e)
{
	json_object(w);
	json_name(w, "scheduleId");
	json_guid(w, id);
	api3_write_instant(w, "at", e->at_us);
	api3_write_instant(w, "due", e->due_us);
	api3_write_string(w, "verdict", e->verdict);
	api3_write_string(w, "reason", e->reason);
	if (e->execution_id) {
		json_name(w, "executionId");
		json_guid(w, e->execution_id);
	}
	api3_write_string(w, "trigger", e->trigger);
	if (e->time_zone)
		write_local(w, e->due_us, e->offset_s, e->time_zone);
	if (e->late_us >= 0) {
		json_name(w, "latenessMs");
		json_number(w, e->late_us / 1000);
	}
	if (e->suspended)
		api3_write_suspended(
		    w, &(struct api3_suspension){e->suspended_by, e->suspended_reason,
			   e->suspended_us, e->suspended_until_us});
	json_end_object(w);
}

int
api3_explain_schedule(struct call *c)
{
	struct explanation e;
	struct json_writer *w;
	int64_t at_us = 0;
	uint64_t id;
	int found, ret;

	found = api3_need_id(c->body, "scheduleId", &id, &c->err);
	if (found && found != ERR_MISSING)
		return found;
	if (!api3_has(c->body, "at"))
		return err_fail(&c->err, ERR_INPUT, "Missing value: at");
	ret = api3_instant(c->body, "at", &at_us, &c->err);
	if (!ret)
		ret = found;
	if (!ret)
		ret = service_explain_schedule(c->face->service, c->req->arena, &c->actor,
		    c->req->now_us, id, at_us, c->face->time_zone, &e, &c->err);
	if (ret)
		return ret;
	w = api3_begin(c);
	write_explanation(w, id, &e);
	return api3_answer(c, w);
}
