/* tasks/createCalendar, updateCalendar, getCalendar, listCalendars, deleteCalendar, importCalendar. */
#include <string.h>

#include "calendar/ics.h"
#include "faces/api3/call.h"
#include "service/calendars.h"
#include "wire/calendar_definition.h"

static int
read_calendar(struct call *c, const struct json *value, struct calendar *calendar)
{
	return calendar_read(c->req->arena, value, c->face->time_zone, calendar, &c->err);
}

int
api3_create_calendar(struct call *c)
{
	struct calendar calendar;
	uint64_t id;
	int ret = read_calendar(c, c->body, &calendar);

	if (!ret)
		ret = service_create_calendar(
		    c->face->service, &c->actor, c->req->now_us, &calendar, &id, &c->err);
	return ret ? ret : api3_answer_id(c, id);
}

/* What getCalendar answered may come back as it was. */
int
api3_update_calendar(struct call *c)
{
	static const char *const others[] = {
	    "calendarId", "version", "createdDate", "modifiedDate", "schedules", NULL};
	struct calendar calendar;
	int64_t version = 0;
	uint64_t id;
	int found, ret;

	/* A fault of form is told before what only the store knows. */
	found = api3_need_id(c->body, "calendarId", &id, &c->err);
	if (found && found != ERR_MISSING)
		return found;
	if (!api3_has(c->body, "version"))
		return err_fail(&c->err, ERR_INPUT, "Missing value: version");
	ret = api3_integer(c->body, "version", 1, INT64_MAX, &version, &c->err);
	if (!ret)
		ret = read_calendar(c, api3_without(c->req->arena, c->body, others), &calendar);
	if (!ret)
		ret = found;
	if (!ret)
		ret = service_update_calendar(c->face->service, &c->actor, c->req->now_us, id,
		    (uint64_t)version, &calendar, &c->err);
	return ret ? ret : api3_answer_modified(c, id);
}

int
api3_delete_calendar(struct call *c)
{
	int ret = service_delete_calendar(
	    c->face->service, &c->actor, c->req->now_us, c->id, &c->err);

	return ret ? ret : api3_answer_modified(c, c->id);
}

static void
write_head(struct json_writer *w, const struct calendar_view *v)
{
	json_name(w, "calendarId");
	json_guid(w, v->calendar.id);
	json_name(w, "version");
	json_number(w, (int64_t)v->calendar.version);
	api3_write_instant(w, "createdDate", v->calendar.created_us);
	api3_write_instant(w, "modifiedDate", v->calendar.modified_us);
	json_name(w, "schedules");
	json_number(w, (int64_t)v->uses);
}

int
api3_get_calendar(struct call *c)
{
	struct calendar_view v;
	struct json_writer *w;
	int ret = service_get_calendar(
	    c->face->service, c->req->arena, &c->actor, c->id, &v, &c->err);

	if (ret)
		return ret;
	w = api3_begin(c);
	json_object(w);
	write_head(w, &v);
	calendar_write(w, &v.calendar);
	json_end_object(w);
	return api3_answer(c, w);
}

static void
write_item(struct json_writer *w, const struct calendar_view *v)
{
	json_object(w);
	write_head(w, v);
	api3_write_string(w, "name", v->calendar.name);
	api3_write_string(w, "description", v->calendar.description);
	api3_write_string(w, "timeZone", v->calendar.excluded.time_zone);
	json_name(w, "entryCount");
	json_number(w, (int64_t)v->calendar.excluded.count);
	json_end_object(w);
}

int
api3_list_calendars(struct call *c)
{
	static const char *const members[] = {NULL};
	struct calendar_view *list;
	struct api3_page page;
	struct json_writer *w;
	size_t count, shown;
	int ret = api3_read_page(c, members, &page);

	if (!ret)
		ret = service_list_calendars(c->face->service, c->req->arena, &c->actor,
		    api3_page_name(&page), (size_t)page.limit + 1, &list, &count, &c->err);
	if (ret)
		return ret;
	shown = api3_page_shown(&page, count);
	w = api3_begin_items(c);
	for (size_t i = 0; i < shown; i++)
		write_item(w, &list[i]);
	json_end_array(w);
	if (count > shown)
		api3_write_name_cursor(w, &page, list[shown - 1].calendar.name);
	json_end_object(w);
	return api3_answer(c, w);
}

/* ---- import ---- */

struct import {
	const char *name, *description, *time_zone, *text;
	bool replace;
	struct ics ics;
	struct calendar calendar;
};

static int
read_import(struct call *c, struct import *i)
{
	struct err why;
	int ret = api3_need_string(c->body, "ics", &i->text, &c->err);

	if (!ret)
		ret = api3_string(c->body, "name", &i->name, &c->err);
	if (!ret)
		ret = api3_string(c->body, "description", &i->description, &c->err);
	if (!ret)
		ret = api3_string(c->body, "timeZone", &i->time_zone, &c->err);
	if (!ret)
		ret = api3_bool(c->body, "replace", &i->replace, &c->err);
	if (ret)
		return ret;
	ret = ics_read(c->req->arena, i->text, strlen(i->text), i->time_zone,
	    c->face->service->zones, &i->ics, &why);
	if (ret)
		return err_fail(&c->err, ret, "Invalid value: ics: %s", why.text);
	i->calendar = (struct calendar){
	    .name = i->name ? i->name : i->ics.name,
	    .description = i->description ? i->description : "",
	    .excluded = i->ics.excluded,
	};
	return calendar_validate(&i->calendar, &c->err);
}

/* Make it, or give the one that has the name other contents. */
static int
put_import(struct call *c, struct import *i, uint64_t *id)
{
	struct service *sv = c->face->service;
	struct calendar_view old;
	int ret = ERR_MISSING;

	if (i->replace)
		ret = service_calendar_by_name(sv, &c->actor, i->calendar.name, id, &c->err);
	if (ret == ERR_MISSING)
		return service_create_calendar(
		    sv, &c->actor, c->req->now_us, &i->calendar, id, &c->err);
	/* What a file does not have stays, unless it was told. */
	if (!ret && !i->description) {
		ret = service_get_calendar(sv, c->req->arena, &c->actor, *id, &old, &c->err);
		i->calendar.description = ret ? "" : old.calendar.description;
	}
	return ret ? ret
		   : service_update_calendar(
			 sv, &c->actor, c->req->now_us, *id, 0, &i->calendar, &c->err);
}

int
api3_import_calendar(struct call *c)
{
	struct import i = {0};
	struct json_writer *w;
	uint64_t id;
	int ret = read_import(c, &i);

	if (!ret)
		ret = put_import(c, &i, &id);
	if (ret)
		return ret;
	w = api3_begin(c);
	json_object(w);
	json_name(w, "calendarId");
	json_guid(w, id);
	json_name(w, "version");
	json_number(w, (int64_t)i.calendar.version);
	json_name(w, "entryCount");
	json_number(w, (int64_t)i.calendar.excluded.count);
	json_name(w, "notes");
	json_array(w);
	for (size_t n = 0; n < i.ics.note_count; n++)
		json_string(w, i.ics.notes[n]);
	json_end_array(w);
	json_end_object(w);
	return api3_answer(c, w);
}
