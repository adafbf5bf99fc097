/* Named calendars as JSON: see calendar_definition.h. member.h says how an object is read. */
#include "wire/calendar_definition.h"

#include <stdio.h>
#include <string.h>

#include "wire/member.h"

/* An entry as it is written: what some members mean depends on others. */
struct entry_text {
	const char *text, *time_zone;
	const char *date, *yearly, *weekly, *from, *rrule; /* one of these says the kind */
	const char *to, *start, *duration;
	const char **except;
	size_t except_count;
};

static int
read_except(struct reader *r, const struct json *value, void *at)
{
	struct entry_text *t = at;

	return read_strings(r, value, EXCLUSION_EXCEPT_MAX, &t->except, &t->except_count);
}

static const struct field entry_fields[] = {
    {"text", read_string, offsetof(struct entry_text, text)},
    {"timeZone", read_string, offsetof(struct entry_text, time_zone)},
    {"date", read_string, offsetof(struct entry_text, date)},
    {"yearly", read_string, offsetof(struct entry_text, yearly)},
    {"weekly", read_string, offsetof(struct entry_text, weekly)},
    {"from", read_string, offsetof(struct entry_text, from)},
    {"rrule", read_string, offsetof(struct entry_text, rrule)},
    {"to", read_string, offsetof(struct entry_text, to)},
    {"start", read_string, offsetof(struct entry_text, start)},
    {"duration", read_string, offsetof(struct entry_text, duration)},
    {"except", read_except, 0},
};

/* A fault of one member. */
static int
refuse_member(struct reader *r, const char *name, const char *mend)
{
	size_t back = push_member(r, name);
	int ret = refuse(r, mend);

	path_pop(r, back);
	return ret;
}

static int
missing(struct reader *r, const char *name)
{
	size_t back = push_member(r, name);
	int ret = err_fail(r->err, ERR_INPUT, "Missing value: %s", r->path);

	path_pop(r, back);
	return ret;
}

/* ---- what each kind makes of them ---- */

static int
take_date(struct reader *r, const char *name, const char *text, int64_t *day)
{
	struct civil civil;
	int64_t offset_us;
	bool zoned;

	if (strlen(text) != strlen("2026-12-25") ||
	    civil_parse(text, &civil, &zoned, &offset_us) || zoned || civil.hour)
		return refuse_member(r, name, "must be a date such as 2026-12-25");
	*day = civil_days(civil.year, civil.month, civil.day);
	return 0;
}

static int
take_dates(struct reader *r, const struct entry_text *t, struct exclusion *e)
{
	int ret = take_date(r, "date", t->date, &e->first_day);

	e->kind = EXCLUSION_DATES;
	e->last_day = e->first_day;
	return ret || !t->to ? ret : take_date(r, "to", t->to, &e->last_day);
}

/* 12-25, as month * 100 + day; which of them exist exclusion_check() says. */
static int
take_day_of_year(struct reader *r, const char *name, const char *text, int *date)
{
	if (strlen(text) != 5 || strspn(text, "0123456789") != 2 || text[2] != '-' ||
	    strspn(text + 3, "0123456789") != 2)
		return refuse_member(r, name, "must be a date such as 12-25");
	*date = (text[0] - '0') * 1000 + (text[1] - '0') * 100 + (text[3] - '0') * 10 +
		(text[4] - '0');
	return 0;
}

static int
take_yearly(struct reader *r, const struct entry_text *t, struct exclusion *e)
{
	int ret = take_day_of_year(r, "yearly", t->yearly, &e->first_date);

	e->kind = EXCLUSION_YEARLY;
	e->last_date = e->first_date;
	return ret || !t->to ? ret : take_day_of_year(r, "to", t->to, &e->last_date);
}

static int
take_weekly(struct reader *r, const struct entry_text *t, struct exclusion *e)
{
	struct err why;

	return exclusion_parse_weekly(t->weekly, e, &why) ? refuse_member(r, "weekly", why.text)
							  : 0;
}

static int
take_instant(struct reader *r, const char *name, const char *text, int64_t *us)
{
	int64_t rest;

	if (instant_parse(text, us))
		return refuse_member(
		    r, name, "must be a time such as \"2026-12-24T18:00:00+01:00\"");
	/* That is how far it can be written. */
	rest = *us % (SECOND_US / 1000);
	*us -= rest < 0 ? rest + SECOND_US / 1000 : rest;
	return 0;
}

static int
take_range(struct reader *r, const struct entry_text *t, struct exclusion *e)
{
	int ret = take_instant(r, "from", t->from, &e->from_us);

	e->kind = EXCLUSION_RANGE;
	if (!ret && !t->to)
		ret = missing(r, "to");
	return ret ? ret : take_instant(r, "to", t->to, &e->to_us);
}

static int
take_local(struct reader *r, const char *name, const char *text, int64_t *us)
{
	struct civil civil;
	int64_t offset_us;
	bool zoned;

	if (civil_parse(text, &civil, &zoned, &offset_us) || zoned)
		return refuse_member(r, name, "must be local time such as 2026-01-01T00:00:00");
	civil.micro = 0;
	*us = civil_to_us(&civil);
	return 0;
}

static int
take_excepts(struct reader *r, const struct entry_text *t, struct exclusion *e)
{
	int64_t *except = arena_array(r->arena, t->except_count, sizeof *except);
	int ret = 0;

	for (size_t i = 0; !ret && i < t->except_count; i++) {
		char name[32];

		snprintf(name, sizeof name, "except[%zu]", i);
		ret = take_local(r, name, t->except[i], &except[i]);
	}
	e->except = except;
	e->except_count = t->except_count;
	return ret;
}

static int
take_rule(struct reader *r, const struct entry_text *t, struct exclusion *e)
{
	int ret;

	e->kind = EXCLUSION_RULE;
	e->rule = t->rrule;
	if (!t->start)
		return missing(r, "start");
	if (!t->duration)
		return missing(r, "duration");
	ret = take_local(r, "start", t->start, &e->start_us);
	if (!ret && duration_parse(t->duration, &e->duration_us))
		ret = refuse_member(r, "duration",
		    "must be a duration such as \"90s\", \"15m\", \"2h\", \"7d\"");
	return ret ? ret : take_excepts(r, t, e);
}

/* Members that belong to another kind would be ignored: that is a fault too. */
static int
check_kind(struct reader *r, const struct entry_text *t)
{
	const struct {
		const char *name;
		bool given, fits;
	} only[] = {
	    {"to", t->to, !t->weekly && !t->rrule},
	    {"timeZone", t->time_zone, !t->from},
	    {"start", t->start, t->rrule},
	    {"duration", t->duration, t->rrule},
	    {"except", t->except_count > 0, t->rrule},
	};

	if (!!t->date + !!t->yearly + !!t->weekly + !!t->from + !!t->rrule != 1)
		return refuse(r, "must be one of date, yearly, weekly, from and rrule");
	for (size_t i = 0; i < COUNT(only); i++) {
		if (only[i].given && !only[i].fits)
			return refuse_member(
			    r, only[i].name, "has no meaning for such an entry");
	}
	return 0;
}

static int
read_entry(struct reader *r, const struct json *value, struct exclusion *e)
{
	struct entry_text t = {.text = ""};
	int ret = read_members(r, value, entry_fields, COUNT(entry_fields), &t);

	if (!ret)
		ret = check_kind(r, &t);
	if (ret)
		return ret;
	*e = (struct exclusion){.text = t.text, .time_zone = t.time_zone};
	if (t.date)
		return take_dates(r, &t, e);
	if (t.yearly)
		return take_yearly(r, &t, e);
	if (t.weekly)
		return take_weekly(r, &t, e);
	return t.from ? take_range(r, &t, e) : take_rule(r, &t, e);
}

static int
read_entries(struct reader *r, const struct json *value, void *at)
{
	struct exclusions *x = at;
	const struct json *element = value->first;
	int ret =
	    read_list(r, value, CALENDAR_ENTRIES_MAX, sizeof *x->list, &x->list, &x->count);

	for (size_t i = 0; !ret && i < x->count; i++, element = element->next) {
		size_t back = path_push(r, "[%zu]", i);

		ret = read_entry(r, element, &x->list[i]);
		path_pop(r, back);
	}
	return ret;
}

static const struct field calendar_fields[] = {
    {"name", read_string, offsetof(struct calendar, name)},
    {"description", read_string, offsetof(struct calendar, description)},
    {"timeZone", read_string, offsetof(struct calendar, excluded.time_zone)},
    {"entries", read_entries, offsetof(struct calendar, excluded)},
};

int
calendar_read(struct arena *a, const struct json *value, const char *default_zone,
    struct calendar *c, struct err *err)
{
	struct reader r = {.arena = a, .err = err};
	int ret;

	*c = (struct calendar){.description = "", .excluded.time_zone = default_zone};
	ret = read_members(&r, value, calendar_fields, COUNT(calendar_fields), c);
	return ret ? ret : calendar_validate(c, err);
}

/* ---- writing ---- */

static void
write_day(struct json_writer *w, const char *name, int64_t day)
{
	char text[INSTANT_TEXT];

	instant_format(day * DAY_US, text);
	text[strlen("2026-01-01")] = '\0';
	write_string(w, name, text);
}

static void
write_day_of_year(struct json_writer *w, const char *name, int date)
{
	char text[16];

	snprintf(text, sizeof text, "%02d-%02d", date / 100, date % 100);
	write_string(w, name, text);
}

static const char *
local_text(int64_t us, char text[INSTANT_TEXT])
{
	instant_format(us, text);
	text[strlen("2026-01-01T00:00:00")] = '\0';
	return text;
}

static void
write_rule(struct json_writer *w, const struct exclusion *e)
{
	char text[INSTANT_TEXT];

	write_string(w, "rrule", e->rule);
	write_string(w, "start", local_text(e->start_us, text));
	write_duration(w, "duration", e->duration_us);
	if (!e->except_count)
		return;
	json_name(w, "except");
	json_array(w);
	for (size_t i = 0; i < e->except_count; i++)
		json_string(w, local_text(e->except[i], text));
	json_end_array(w);
}

static void
write_entry(struct json_writer *w, const struct exclusion *e)
{
	char text[INSTANT_TEXT * 2];

	json_object(w);
	if (*e->text)
		write_string(w, "text", e->text);
	switch (e->kind) {
	case EXCLUSION_DATES:
		write_day(w, "date", e->first_day);
		if (e->last_day != e->first_day)
			write_day(w, "to", e->last_day);
		break;
	case EXCLUSION_YEARLY:
		write_day_of_year(w, "yearly", e->first_date);
		if (e->last_date != e->first_date)
			write_day_of_year(w, "to", e->last_date);
		break;
	case EXCLUSION_WEEKLY:
		exclusion_format_weekly(e, text);
		write_string(w, "weekly", text);
		break;
	case EXCLUSION_RANGE:
		write_instant(w, "from", e->from_us);
		write_instant(w, "to", e->to_us);
		break;
	case EXCLUSION_RULE:
		write_rule(w, e);
		break;
	}
	if (e->time_zone)
		write_string(w, "timeZone", e->time_zone);
	json_end_object(w);
}

void
calendar_write(struct json_writer *w, const struct calendar *c)
{
	write_string(w, "name", c->name);
	write_string(w, "description", c->description);
	write_string(w, "timeZone", c->excluded.time_zone);
	json_name(w, "entries");
	json_array(w);
	for (size_t i = 0; i < c->excluded.count; i++)
		write_entry(w, &c->excluded.list[i]);
	json_end_array(w);
}
