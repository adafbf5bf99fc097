/* Calendars in iCalendar's form: see ics.h. */
#include "calendar/ics.h"

#include <libical/ical.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "calendar/rrule.h"

enum { DEPTH_MAX = 6, COMPONENT_NAME_MAX = 32, YEAR_FIRST = 1900, YEAR_LAST = 2999 };

/* A time of an event. */
struct when {
	int64_t local_us;
	bool is_date;
	const char *zone; /* NULL: floating */
};

/* One event of a series that is told again: it does not take place when the series says. */
struct override {
	const char *uid;
	struct when when;
};

struct import {
	struct arena *arena;
	struct zones *zones;
	struct ics *out;
	size_t cap, note_cap;
	bool zone_given, zone_used;
	icalcomponent *root;
	size_t *lines; /* on which line each event begins */
	size_t line_count, line_cap;
	struct override *overrides;
	size_t override_count;

	/* The event at hand. */
	size_t number; /* from 1 */
	icalcomponent *event;
	const char *text;
	struct err *err;
};

static void
note(struct import *m, const char *text)
{
	struct ics *out = m->out;

	if (!out->notes)
		out->notes = arena_array(m->arena, ICS_NOTES_MAX + 1, sizeof *out->notes);
	if (out->note_count < ICS_NOTES_MAX)
		out->notes[out->note_count++] = text;
	else if (out->note_count == ICS_NOTES_MAX)
		out->notes[out->note_count++] = "and others";
}

/* ---- the lines, before anybody reads them ---- */

struct scan {
	struct import *m;
	size_t number;	     /* of the line at hand, from 1 */
	size_t first_number; /* where it begins, before it was folded */
	char stack[DEPTH_MAX][COMPONENT_NAME_MAX];
	size_t depth;
	bool any;
};

static int
line_fault(struct scan *s, const char *mend)
{
	return err_fail(s->m->err, ERR_INPUT, "line %zu: %s", s->first_number, mend);
}

static void
count_event(struct import *m, size_t line)
{
	if (m->line_count == m->line_cap) {
		size_t *bigger;

		m->line_cap = m->line_cap ? m->line_cap * 2 : 64;
		bigger = arena_array(m->arena, m->line_cap, sizeof *bigger);
		if (m->line_count)
			memcpy(bigger, m->lines, m->line_count * sizeof *bigger);
		m->lines = bigger;
	}
	m->lines[m->line_count++] = line;
}

static bool
is_one_of(const char *name, const char *const *names)
{
	for (; *names; names++) {
		if (!strcasecmp(name, *names))
			return true;
	}
	return false;
}

/* A component begins: what it may stand in, and whether anybody looks at it. */
static int
begin_component(struct scan *s, const char *name)
{
	static const char *const top[] = {"VEVENT", "VTIMEZONE", NULL};
	static const char *const inner[] = {"STANDARD", "DAYLIGHT", "VALARM", NULL};
	const char *parent = s->depth ? s->stack[s->depth - 1] : "";

	if (s->depth == DEPTH_MAX)
		return line_fault(s, "components are nested too deeply");
	if (!strcasecmp(name, "VCALENDAR") != !s->depth)
		return line_fault(s, s->depth ? "a VCALENDAR within another component"
					      : "must be BEGIN:VCALENDAR");
	if (!strcasecmp(name, "VEVENT")) {
		if (strcasecmp(parent, "VCALENDAR"))
			return line_fault(s, "a VEVENT outside of the VCALENDAR");
		if (s->m->line_count == ICS_EVENTS_MAX)
			return line_fault(s, "there are more than 2000 events");
		count_event(s->m, s->first_number);
	} else if (s->depth && !is_one_of(name, s->depth == 1 ? top : inner)) {
		note(s->m, arena_printf(s->m->arena, "line %zu: %s was left out",
			       s->first_number, name));
	}
	memcpy(s->stack[s->depth++], name, strlen(name) + 1);
	return 0;
}

static int
end_component(struct scan *s, const char *name)
{
	if (!s->depth || strcasecmp(s->stack[s->depth - 1], name))
		return line_fault(s, "ends a component that did not begin");
	s->depth--;
	return 0;
}

/* BEGIN:VEVENT gives the component's name; NULL if the line is no such line. */
static const char *
component_name(const struct buf *line, const char *word, char name[COMPONENT_NAME_MAX])
{
	size_t len = strlen(word);
	const char *at = line->data + len;

	if (line->len <= len || strncasecmp(line->data, word, len))
		return NULL;
	len = strcspn(at, " \t");
	if (len >= COMPONENT_NAME_MAX)
		len = COMPONENT_NAME_MAX - 1;
	memcpy(name, at, len);
	name[len] = '\0';
	for (char *c = name; *c; c++)
		*c = *c > ' ' && *c <= '~' ? *c : '?';
	return name;
}

static int
scan_line(struct scan *s, const struct buf *line)
{
	char name[COMPONENT_NAME_MAX];

	if (!line->len)
		return 0;
	if (component_name(line, "BEGIN:", name)) {
		s->any = true;
		return begin_component(s, name);
	}
	if (component_name(line, "END:", name))
		return end_component(s, name);
	if (!s->depth)
		return line_fault(s, "must be BEGIN:VCALENDAR");
	if (!strchr(line->data, ':'))
		return line_fault(s, "has no colon");
	return 0;
}

/* A line that begins with a blank goes on with the one before. */
static int
scan_lines(struct scan *s, const char *text, size_t len)
{
	const char *end = text + len;
	struct buf line = BUF_INIT;
	int ret = 0;

	buf_add(&line, "", 0);
	while (!ret && text < end) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));
		size_t n = (size_t)((stop ? stop : end) - text);

		s->number++;
		if (n && text[n - 1] == '\r')
			n--;
		if (n && (*text == ' ' || *text == '\t')) {
			buf_add(&line, text + 1, n - 1);
		} else {
			ret = scan_line(s, &line);
			buf_reset(&line);
			buf_add(&line, text, n);
			s->first_number = s->number;
		}
		if (!ret && line.len > ICS_LINE_MAX)
			ret = line_fault(s, "is longer than 65536 bytes");
		text = stop ? stop + 1 : end;
	}
	if (!ret)
		ret = scan_line(s, &line);
	buf_release(&line);
	if (!ret && !s->any)
		return err_fail(s->m->err, ERR_INPUT, "must begin with BEGIN:VCALENDAR");
	if (!ret && s->depth)
		return err_fail(s->m->err, ERR_INPUT, "line %zu: END:%s is missing", s->number,
		    s->stack[s->depth - 1]);
	return ret;
}

static int
scan(struct import *m, const char *text, size_t len)
{
	struct scan s = {.m = m, .first_number = 1};
	const char *nul = memchr(text, '\0', len);

	if (len > ICS_BYTES_MAX)
		return err_fail(m->err, ERR_INPUT, "is longer than 4 MiB");
	if (nul || !utf8_valid(text, len))
		return err_fail(m->err, ERR_INPUT, "is no text in UTF-8");
	return scan_lines(&s, text, len);
}

/* ---- faults of an event ---- */

static int
fault(struct import *m, const char *mend)
{
	return err_fail(m->err, ERR_INPUT, "event %zu (line %zu%s%s%s): %s", m->number,
	    m->lines[m->number - 1], *m->text ? ", \"" : "", m->text, *m->text ? "\"" : "",
	    mend);
}

static void
note_event(struct import *m, const char *why)
{
	note(m, arena_printf(m->arena, "event %zu (line %zu%s%s%s) was left out: %s", m->number,
		    m->lines[m->number - 1], *m->text ? ", \"" : "", m->text,
		    *m->text ? "\"" : "", why));
}

/* ---- times ---- */

/* What a VTIMEZONE says that it is. */
static const char *
location_of(struct import *m, const char *tzid)
{
	icaltimezone *zone =
	    icalcomponent_get_timezone(icalcomponent_isa(m->event) == ICAL_VEVENT_COMPONENT
					   ? icalcomponent_get_parent(m->event)
					   : m->root,
		tzid);

	return zone ? icaltimezone_get_location(zone) : NULL;
}

/* A zone of the system for a TZID: itself, the end of a path such as
 * /example.org/Europe/Amsterdam, or what its definition says. NULL: unknown. */
static const char *
zone_name(struct import *m, const char *tzid)
{
	const struct zone *zone;
	const char *location;
	struct err unknown;

	for (const char *at = tzid; at; at = strchr(at, '/')) {
		at += *at == '/' && at != tzid;
		if (*at && *at != '/' && !zones_get(m->zones, at, &zone, &unknown))
			return arena_strdup(m->arena, at);
		if (*at == '/')
			at++;
	}
	location = location_of(m, tzid);
	if (location && !zones_get(m->zones, location, &zone, &unknown))
		return arena_strdup(m->arena, location);
	return NULL;
}

static bool
exists(struct icaltimetype t)
{
	return t.year >= YEAR_FIRST && t.year <= YEAR_LAST && t.month >= 1 && t.month <= 12 &&
	       t.day >= 1 && t.day <= civil_month_length(t.year, t.month) &&
	       (t.is_date || (t.hour >= 0 && t.hour <= 23 && t.minute >= 0 && t.minute <= 59 &&
				 t.second >= 0 && t.second <= 59));
}

/* A time of property `p`. */
static int
take_when(struct import *m, icalproperty *p, struct icaltimetype t, struct when *w)
{
	icalparameter *tzid = icalproperty_get_first_parameter(p, ICAL_TZID_PARAMETER);
	struct civil c = {t.year, t.month, t.day, 0, 0, 0, 0};
	char shown[80];

	*w = (struct when){.is_date = t.is_date};
	if (!exists(t))
		return fault(m, arena_printf(m->arena, "%s is no time from 1900 to 2999",
				    icalproperty_kind_to_string(icalproperty_isa(p))));
	if (!t.is_date) {
		c.hour = t.hour;
		c.minute = t.minute;
		c.second = t.second;
	}
	w->local_us = civil_to_us(&c);
	if (t.is_date)
		return 0;
	if (icaltime_is_utc(t))
		w->zone = "UTC";
	else if (tzid) {
		const char *name = icalparameter_get_tzid(tzid);

		w->zone = zone_name(m, name);
		if (w->zone)
			return 0;
		utf8_clean(shown, sizeof shown, name, strlen(name));
		return fault(m, arena_printf(m->arena,
				    "the time zone \"%s\" is not known: use a name such as "
				    "Europe/Amsterdam",
				    shown));
	}
	return 0;
}

/* The zone in which a time is; it was looked up before. */
static const struct zone *
zone_of(struct import *m, const struct when *w)
{
	const struct zone *zone = NULL;
	struct err unknown;

	m->zone_used = m->zone_used || !w->zone;
	if (zones_get(
		m->zones, w->zone ? w->zone : m->out->excluded.time_zone, &zone, &unknown))
		return NULL;
	return zone;
}

static int64_t
instant_of(struct import *m, const struct when *w)
{
	return zone_instant(zone_of(m, w), w->local_us);
}

static bool
same_zone(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

/* The same time on the clock of another. */
static int64_t
local_as(struct import *m, const struct when *w, const struct when *other)
{
	int64_t us;

	if (w->is_date || other->is_date || same_zone(w->zone, other->zone))
		return w->local_us;
	us = instant_of(m, w);
	return us + zone_segment_at(zone_of(m, other), us).offset_s * SECOND_US;
}

/* ---- one event ---- */

/* What the properties of the event at hand say. */
struct event {
	struct when start;
	int64_t duration_us; /* whole days of it are local ones */
	int64_t end_us;	     /* of the first, if DTEND gives it; else INSTANT_NEVER */
	int64_t *except;
	size_t except_count, except_cap;
};

static icalproperty *
first(struct import *m, icalproperty_kind kind)
{
	return icalcomponent_get_first_property(m->event, kind);
}

static icalproperty *
next(struct import *m, icalproperty_kind kind)
{
	return icalcomponent_get_next_property(m->event, kind);
}

/* What libical could not read it has put into properties of its own. */
static int
check_broken(struct import *m)
{
	static const char *const names[] = {"DTSTART", "DTEND", "DURATION", "RRULE", "RDATE",
	    "EXDATE", "EXRULE", "RECURRENCE-ID", "STATUS"};

	for (icalproperty *p = first(m, ICAL_XLICERROR_PROPERTY); p;
	     p = next(m, ICAL_XLICERROR_PROPERTY)) {
		const char *text = icalproperty_get_xlicerror(p);

		for (size_t i = 0; text && i < sizeof names / sizeof names[0]; i++) {
			const char *at = strstr(text, names[i]);

			if (at)
				return fault(
				    m, arena_printf(m->arena, "%s cannot be read", names[i]));
		}
	}
	return 0;
}

static int
take_duration(struct import *m, icalproperty *p, struct event *e)
{
	struct icaldurationtype d = icalproperty_get_duration(p);
	int64_t days = (int64_t)d.weeks * 7 + d.days;

	if (d.is_neg)
		return fault(m, "DURATION is negative");
	if (days > 1000000 || d.hours > 10000000 || d.minutes > 100000000)
		return fault(m, "DURATION is too long");
	e->duration_us =
	    days * DAY_US + d.hours * HOUR_US + d.minutes * MINUTE_US + d.seconds * SECOND_US;
	if (e->start.is_date && e->duration_us % DAY_US)
		return fault(m, "DURATION of a date must be whole days");
	return 0;
}

/*
 * How long it takes from a local time until another: as many whole days of the local calendar as
 * there are, and the real time that is left. So it also ends when the file says where the clock
 * changes meanwhile.
 */
static int64_t
length_until(struct import *m, const struct when *start, const struct when *end)
{
	int64_t days_us = local_as(m, end, start) - start->local_us;
	int64_t us = instant_of(m, end) - instant_of(m, start);

	if (us < 0 || days_us < DAY_US)
		return us;
	days_us -= days_us % DAY_US;
	us = instant_of(m, end) - zone_instant(zone_of(m, start), start->local_us + days_us);
	return days_us + us;
}

static int
take_end(struct import *m, icalproperty *p, struct event *e)
{
	struct when end;
	int ret = take_when(m, p, icalproperty_get_dtend(p), &end);

	if (ret)
		return ret;
	if (end.is_date != e->start.is_date)
		return fault(m, "DTSTART and DTEND must both be dates or both be times");
	if (end.is_date) {
		e->duration_us = end.local_us - e->start.local_us;
	} else {
		e->end_us = instant_of(m, &end);
		e->duration_us = length_until(m, &e->start, &end);
	}
	return e->duration_us < 0 ? fault(m, "DTEND is before DTSTART") : 0;
}

static int
take_length(struct import *m, struct event *e)
{
	icalproperty *end = first(m, ICAL_DTEND_PROPERTY);
	icalproperty *duration = first(m, ICAL_DURATION_PROPERTY);

	if (end && duration)
		return fault(m, "must have one of DTEND and DURATION");
	if (end)
		return take_end(m, end, e);
	if (duration)
		return take_duration(m, duration, e);
	e->duration_us = e->start.is_date ? DAY_US : 0;
	return 0;
}

static int
add_except(struct import *m, struct event *e, const struct when *w, const char *property)
{
	if (w->is_date != e->start.is_date)
		return fault(
		    m, arena_printf(m->arena,
			   "DTSTART and %s must both be dates or both be times", property));
	if (e->except_count == EXCLUSION_EXCEPT_MAX)
		return fault(m, "has more than 1000 exceptions");
	if (e->except_count == e->except_cap) {
		int64_t *bigger;

		e->except_cap = e->except_cap ? e->except_cap * 2 : 8;
		bigger = arena_array(m->arena, e->except_cap, sizeof *bigger);
		if (e->except_count)
			memcpy(bigger, e->except, e->except_count * sizeof *bigger);
		e->except = bigger;
	}
	e->except[e->except_count++] = local_as(m, w, &e->start);
	return 0;
}

static const char *
uid_of(struct import *m)
{
	icalproperty *p = first(m, ICAL_UID_PROPERTY);
	const char *uid = p ? icalproperty_get_uid(p) : NULL;

	return uid ? uid : "";
}

/* EXDATE, and what is told again. */
static int
take_exceptions(struct import *m, struct event *e)
{
	const char *uid = uid_of(m);
	struct when w;
	int ret = 0;

	for (icalproperty *p = first(m, ICAL_EXDATE_PROPERTY); !ret && p;
	     p = next(m, ICAL_EXDATE_PROPERTY)) {
		ret = take_when(m, p, icalproperty_get_exdate(p), &w);
		if (!ret)
			ret = add_except(m, e, &w, "EXDATE");
	}
	for (size_t i = 0; !ret && i < m->override_count; i++) {
		if (*uid && !strcmp(m->overrides[i].uid, uid))
			ret = add_except(m, e, &m->overrides[i].when, "RECURRENCE-ID");
	}
	return ret;
}

static bool
is_excepted(const struct event *e, int64_t local_us)
{
	for (size_t i = 0; i < e->except_count; i++) {
		if (e->except[i] == local_us)
			return true;
	}
	return false;
}

static int
add(struct import *m, struct exclusion x)
{
	struct exclusions *out = &m->out->excluded;
	struct err why;

	if (out->count == ICS_EVENTS_MAX)
		return fault(m, "is one more than the 2000 entries that a calendar may have");
	x.text = m->text;
	if (exclusion_check(&x, &why))
		return fault(m, why.text);
	if (out->count == m->cap) {
		struct exclusion *bigger;

		m->cap = m->cap ? m->cap * 2 : 64;
		bigger = arena_array(m->arena, m->cap, sizeof *bigger);
		if (out->count)
			memcpy(bigger, out->list, out->count * sizeof *bigger);
		out->list = bigger;
	}
	out->list[out->count++] = x;
	return 0;
}

/* One time that takes place once. `end_us` INSTANT_NEVER: as long as the event says. */
static int
add_once(struct import *m, const struct event *e, const struct when *w, int64_t end_us)
{
	int64_t rest_us = e->duration_us % DAY_US;

	if (w->is_date) {
		int64_t day = w->local_us / DAY_US - (w->local_us % DAY_US < 0);

		m->zone_used = true;
		return add(m, (struct exclusion){.kind = EXCLUSION_DATES,
				  .first_day = day,
				  .last_day = day + e->duration_us / DAY_US - 1});
	}
	if (end_us == INSTANT_NEVER)
		end_us = zone_instant(zone_of(m, w), w->local_us + e->duration_us - rest_us) +
			 rest_us;
	return add(
	    m, (struct exclusion){
		   .kind = EXCLUSION_RANGE, .from_us = instant_of(m, w), .to_us = end_us});
}

static int
add_rule(struct import *m, const struct event *e, icalproperty *p, bool *has_start)
{
	char *text = icalproperty_get_value_as_string_r(p);
	struct exclusion x = {.kind = EXCLUSION_RULE,
	    .time_zone = e->start.zone,
	    .rule = arena_strdup(m->arena, text ? text : ""),
	    .start_us = e->start.local_us,
	    .duration_us = e->duration_us,
	    .except = e->except,
	    .except_count = e->except_count};
	int ret;

	icalmemory_free_buffer(text);
	m->zone_used = m->zone_used || !e->start.zone;
	ret = add(m, x);
	if (!ret && rrule_next_civil(x.rule, x.start_us, x.start_us, x.start_us + SECOND_US) ==
			x.start_us)
		*has_start = true;
	return ret;
}

static int
add_rdate(struct import *m, const struct event *e, icalproperty *p)
{
	struct icaldatetimeperiodtype t = icalproperty_get_rdate(p);
	bool period = !icaltime_is_null_time(t.period.start);
	struct event own = *e;
	struct when w, end;
	int ret = take_when(m, p, period ? t.period.start : t.time, &w);

	if (ret)
		return ret;
	if (w.is_date != e->start.is_date)
		return fault(m, "DTSTART and RDATE must both be dates or both be times");
	if (is_excepted(e, local_as(m, &w, &e->start)))
		return 0;
	if (!period)
		return add_once(m, e, &w, INSTANT_NEVER);
	if (!icaltime_is_null_time(t.period.end)) {
		ret = take_when(m, p, t.period.end, &end);
		return ret ? ret : add_once(m, e, &w, instant_of(m, &end));
	}
	own.duration_us = (int64_t)icaldurationtype_as_int(t.period.duration) * SECOND_US;
	return add_once(m, &own, &w, INSTANT_NEVER);
}

/* The first time, those of the rules, and those that are listed. */
static int
add_times(struct import *m, const struct event *e)
{
	bool has_start = is_excepted(e, e->start.local_us);
	icalproperty *p;
	int ret = 0;

	for (p = first(m, ICAL_RRULE_PROPERTY); !ret && p; p = next(m, ICAL_RRULE_PROPERTY))
		ret = add_rule(m, e, p, &has_start);
	/* A series takes place at its start, whatever its rule says. */
	if (!ret && !has_start)
		ret = add_once(m, e, &e->start, e->end_us);
	for (p = first(m, ICAL_RDATE_PROPERTY); !ret && p; p = next(m, ICAL_RDATE_PROPERTY))
		ret = add_rdate(m, e, p);
	return ret;
}

static bool
is_cancelled(struct import *m)
{
	icalproperty *p = first(m, ICAL_STATUS_PROPERTY);

	return p && icalproperty_get_status(p) == ICAL_STATUS_CANCELLED;
}

static int
read_event(struct import *m)
{
	struct event e = {.end_us = INSTANT_NEVER};
	bool again = first(m, ICAL_RECURRENCEID_PROPERTY);
	icalproperty *start = first(m, ICAL_DTSTART_PROPERTY);
	int ret = check_broken(m);

	if (ret)
		return ret;
	if (is_cancelled(m)) {
		if (!again)
			note_event(m, "it is cancelled");
		return 0;
	}
	if (!start)
		return fault(m, "DTSTART is missing");
	if (first(m, ICAL_EXRULE_PROPERTY))
		return fault(m, "EXRULE is not served");
	ret = take_when(m, start, icalproperty_get_dtstart(start), &e.start);
	if (!ret)
		ret = take_length(m, &e);
	if (ret)
		return ret;
	if (e.duration_us == 0) {
		note_event(m, "it takes no time");
		return 0;
	}
	if (again) /* not a part of itself */
		return add_once(m, &e, &e.start, e.end_us);
	ret = take_exceptions(m, &e);
	return ret ? ret : add_times(m, &e);
}

/* ---- all of them ---- */

static void
go_to(struct import *m, icalcomponent *event)
{
	icalproperty *p = icalcomponent_get_first_property(event, ICAL_SUMMARY_PROPERTY);
	const char *text = p ? icalproperty_get_summary(p) : NULL;
	char clean[EXCLUSION_TEXT_MAX + 1] = "";

	m->event = event;
	m->number++;
	if (text)
		utf8_clean(clean, sizeof clean, text, strlen(text));
	m->text = arena_strdup(m->arena, clean);
}

static int
note_override(struct import *m)
{
	icalproperty *p = first(m, ICAL_RECURRENCEID_PROPERTY);
	struct override *o = &m->overrides[m->override_count];
	icalparameter *range;

	if (!p)
		return 0;
	range = icalproperty_get_first_parameter(p, ICAL_RANGE_PARAMETER);
	if (range)
		return fault(m, "RECURRENCE-ID with RANGE is not served");
	o->uid = uid_of(m);
	m->override_count++;
	return take_when(m, p, icalproperty_get_recurrenceid(p), &o->when);
}

/* The library found other events than there are lines that begin one. */
static int
not_read(struct import *m)
{
	return err_fail(
	    m->err, ERR_INPUT, "its %zu events cannot be told apart", m->line_count);
}

static int
each_event(struct import *m, int (*visit)(struct import *m))
{
	bool several = icalcomponent_isa(m->root) == ICAL_XROOT_COMPONENT;
	icalcomponent *calendar =
	    several ? icalcomponent_get_first_component(m->root, ICAL_VCALENDAR_COMPONENT)
		    : m->root;
	int ret = 0;

	m->number = 0;
	while (!ret && calendar) {
		icalcompiter i = icalcomponent_begin_component(calendar, ICAL_VEVENT_COMPONENT);

		for (; !ret && icalcompiter_deref(&i); icalcompiter_next(&i)) {
			if (m->number == m->line_count)
				return not_read(m);
			go_to(m, icalcompiter_deref(&i));
			ret = visit(m);
		}
		calendar = several ? icalcomponent_get_next_component(
					 m->root, ICAL_VCALENDAR_COMPONENT)
				   : NULL;
	}
	return ret;
}

/* The value of a property of the calendar that has no name in the standard; NULL: none. */
static const char *
x_property(struct import *m, const char *name)
{
	icalcomponent *calendar =
	    icalcomponent_isa(m->root) == ICAL_XROOT_COMPONENT
		? icalcomponent_get_first_component(m->root, ICAL_VCALENDAR_COMPONENT)
		: m->root;

	if (!calendar)
		return NULL;
	for (icalproperty *p = icalcomponent_get_first_property(calendar, ICAL_X_PROPERTY); p;
	     p = icalcomponent_get_next_property(calendar, ICAL_X_PROPERTY)) {
		if (!strcasecmp(icalproperty_get_x_name(p), name))
			return icalproperty_get_x(p);
	}
	return NULL;
}

static int
find_zone(struct import *m, const char *time_zone)
{
	const char *own = x_property(m, "X-WR-TIMEZONE");
	const struct zone *zone;
	struct err unknown;

	m->zone_given = true;
	if (time_zone) {
		m->out->excluded.time_zone = time_zone;
		return zones_get(m->zones, time_zone, &zone, m->err);
	}
	m->zone_given = own && !zones_get(m->zones, own, &zone, &unknown);
	m->out->excluded.time_zone = m->zone_given ? arena_strdup(m->arena, own) : "UTC";
	return 0;
}

static int
import(struct import *m, const char *time_zone)
{
	const char *name = x_property(m, "X-WR-CALNAME");
	int ret = find_zone(m, time_zone);

	if (ret)
		return ret;
	if (name) {
		char *clean = arena_alloc(m->arena, EXCLUSION_TEXT_MAX + 1);

		utf8_clean(clean, EXCLUSION_TEXT_MAX + 1, name, strlen(name));
		m->out->name = clean;
	}
	m->overrides = arena_array(m->arena, m->line_count + 1, sizeof *m->overrides);
	ret = each_event(m, note_override);
	if (!ret)
		ret = each_event(m, read_event);
	if (!ret && m->number != m->line_count)
		return not_read(m);
	if (!ret && m->zone_used && !m->zone_given)
		note(m, "it names no time zone that is known: its dates are those of UTC");
	return ret;
}

int
ics_read(struct arena *a, const char *text, size_t len, const char *time_zone,
    struct zones *zones, struct ics *ics, struct err *err)
{
	struct import m = {.arena = a, .zones = zones, .out = ics, .text = "", .err = err};
	int ret;

	*ics = (struct ics){0};
	ret = scan(&m, text, len);
	if (ret)
		return ret;
	icalerror_set_errors_are_fatal(0);
	m.root = icalparser_parse_string(arena_memdup(a, text, len));
	if (!m.root)
		return err_fail(err, ERR_INPUT, "is no calendar");
	ret = import(&m, time_zone);
	icalcomponent_free(m.root);
	return ret;
}
