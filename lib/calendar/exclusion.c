/*
 * Excluded time: see exclusion.h.
 *
 * Each entry answers with a stretch: from when until when the same holds as at the instant that was
 * asked for. Stretches are kept, so that ascending questions cost a comparison each, and whoever
 * looks for a free instant goes from the end of one to the end of the next.
 */
#include "calendar/exclusion.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "calendar/rrule.h"
#include "calendar/trigger.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

enum { DAY_S = 86400 };

/* From from_us to before to_us an entry excludes all or nothing. */
struct stretch {
	int64_t from_us, to_us;
	bool excluded;
};

struct zone_of_entry {
	const struct zone *zone;
	struct stretch last; /* empty: nothing is known yet */
};

/* Of one calendar. */
struct zone_of_set {
	struct zone_of_entry *entries;
	struct stretch last; /* of all entries together, */
	size_t by;	     /* this one excludes it */
};

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* ---- weekly windows ---- */

static const char *const day_names[] = {
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

/* The weekday that stands at *p: three letters, or its whole name; -1 if there is none. */
static int
take_weekday(const char **p)
{
	for (int i = 0; i < 7; i++) {
		size_t len = strlen(day_names[i]);

		if (strncasecmp(*p, day_names[i], 3))
			continue;
		*p += strncasecmp(*p, day_names[i], len) ? 3 : len;
		return i;
	}
	return -1;
}

static bool
take_number(const char **p, int max, int *n)
{
	*n = 0;
	for (int i = 0; i < 2; i++, (*p)++) {
		if (**p < '0' || **p > '9')
			return false;
		*n = *n * 10 + (**p - '0');
	}
	return *n <= max;
}

/* 08:00 or 08:00:30; 24:00 too. */
static bool
take_time(const char **p, int32_t *seconds)
{
	int hour, minute, second = 0;

	if (!take_number(p, 24, &hour) || *(*p)++ != ':' || !take_number(p, 59, &minute))
		return false;
	if (**p == ':' && ((*p)++, !take_number(p, 59, &second)))
		return false;
	*seconds = (hour * 60 + minute) * 60 + second;
	return *seconds <= DAY_S;
}

static int
weekly_fault(const char *text, const char *at, const char *mend, struct err *err)
{
	return err_fail(err, ERR_INPUT, "column %d: %s", (int)(at - text) + 1, mend);
}

/* `Mon-Fri,Sun`, and the blanks behind it. */
static int
parse_weekdays(const char *text, const char **p, uint8_t *weekdays, struct err *err)
{
	const char *mend = "must be a weekday such as Mon, or a time such as 08:00-18:00";

	*weekdays = 0;
	while (**p && (**p < '0' || **p > '9')) {
		const char *at = *p;
		int first = take_weekday(p), last = first;

		if (first < 0)
			return weekly_fault(text, at, mend, err);
		if (**p == '-') {
			at = ++*p;
			last = take_weekday(p);
			if (last < 0)
				return weekly_fault(text, at, "must be a weekday", err);
		}
		for (int day = first;; day = (day + 1) % 7) {
			*weekdays |= (uint8_t)(1 << day);
			if (day == last)
				break;
		}
		if (**p == ',') {
			++*p;
			continue;
		}
		if (**p && **p != ' ')
			return weekly_fault(text, *p, "must be a comma, or a blank", err);
		*p += strspn(*p, " ");
		if (**p && (**p < '0' || **p > '9'))
			return weekly_fault(
			    text, *p, "must be a time such as 08:00-18:00", err);
	}
	return 0;
}

int
exclusion_parse_weekly(const char *text, struct exclusion *e, struct err *err)
{
	const char *p = text + strspn(text, " "), *at;
	int ret;

	e->kind = EXCLUSION_WEEKLY;
	if (!*p)
		return weekly_fault(text, p, "must be such as Mon-Fri 08:00-18:00", err);
	ret = parse_weekdays(text, &p, &e->weekdays, err);
	if (ret)
		return ret;
	if (!e->weekdays)
		e->weekdays = 0x7f;
	e->from_s = 0;
	e->to_s = DAY_S;
	if (!*p)
		return 0;
	at = p;
	if (!take_time(&p, &e->from_s) || *p++ != '-' || e->from_s == DAY_S)
		return weekly_fault(text, at, "must be two times such as 08:00-18:00", err);
	at = p;
	if (!take_time(&p, &e->to_s))
		return weekly_fault(text, at, "must be a time from 00:00 to 24:00", err);
	if (*p)
		return weekly_fault(text, p, "must be the end", err);
	/* Over midnight; from a time to the same one is a whole day. */
	if (e->to_s <= e->from_s)
		e->to_s += DAY_S;
	return 0;
}

static void
add_time(char *out, size_t size, int32_t seconds)
{
	size_t len = strlen(out);
	unsigned s = (unsigned)seconds % (DAY_S + 1);

	snprintf(out + len, size - len, "%02u:%02u", s / 3600, s / 60 % 60);
	len = strlen(out);
	if (s % 60)
		snprintf(out + len, size - len, ":%02u", s % 60);
}

void
exclusion_format_weekly(const struct exclusion *e, char out[INSTANT_TEXT * 2])
{
	enum { SIZE = INSTANT_TEXT * 2 };
	size_t len = 0;

	out[0] = '\0';
	/* From Monday, as people do. */
	for (int i = 1; i <= 7 && e->weekdays != 0x7f; i++) {
		int last = i;

		if (!(e->weekdays & 1 << i % 7))
			continue;
		while (last < 7 && e->weekdays & 1 << (last + 1) % 7)
			last++;
		len += (size_t)snprintf(
		    out + len, SIZE - len, "%s%.3s", len ? "," : "", day_names[i % 7]);
		if (last > i)
			len += (size_t)snprintf(
			    out + len, SIZE - len, "-%.3s", day_names[last % 7]);
		i = last;
	}
	if (e->from_s == 0 && e->to_s == DAY_S && len)
		return;
	if (len)
		snprintf(out + len, SIZE - len, " ");
	add_time(out, SIZE, e->from_s);
	len = strlen(out);
	snprintf(out + len, SIZE - len, "-");
	add_time(out, SIZE, e->to_s > DAY_S ? e->to_s - DAY_S : e->to_s);
}

/* ---- what makes no sense ---- */

static bool
is_date_of_some_year(int date)
{
	int month = date / 100, day = date % 100;

	return month >= 1 && month <= 12 && day >= 1 && day <= civil_month_length(2000, month);
}

static int
check_rule(const struct exclusion *e, struct err *err)
{
	int ret = rrule_check(e->rule, e->start_us, err);

	if (ret)
		return err_wrap(err, ret, "rrule");
	if (e->duration_us <= 0 || e->duration_us > EXCLUSION_DURATION_MAX_US)
		return err_fail(
		    err, ERR_INPUT, "duration: must be above 0 and at most 366 days");
	if (e->except_count > EXCLUSION_EXCEPT_MAX)
		return err_fail(err, ERR_INPUT, "except: must have at most %d entries",
		    EXCLUSION_EXCEPT_MAX);
	return 0;
}

int
exclusion_check(const struct exclusion *e, struct err *err)
{
	if (strlen(e->text) > EXCLUSION_TEXT_MAX)
		return err_fail(
		    err, ERR_INPUT, "text: must have at most %d bytes", EXCLUSION_TEXT_MAX);
	switch (e->kind) {
	case EXCLUSION_DATES:
		if (e->last_day < e->first_day)
			return err_fail(err, ERR_INPUT, "to: must not be before date");
		break;
	case EXCLUSION_YEARLY:
		if (!is_date_of_some_year(e->first_date))
			return err_fail(err, ERR_INPUT, "yearly: must be a date such as 12-25");
		if (!is_date_of_some_year(e->last_date))
			return err_fail(err, ERR_INPUT, "to: must be a date such as 12-26");
		break;
	case EXCLUSION_WEEKLY:
		break;
	case EXCLUSION_RANGE:
		if (e->to_us <= e->from_us)
			return err_fail(err, ERR_INPUT, "to: must be behind from");
		break;
	case EXCLUSION_RULE:
		return check_rule(e, err);
	}
	return 0;
}

static void
format_day(int64_t days, char out[INSTANT_TEXT])
{
	instant_format(days * DAY_US, out);
	out[strlen("2026-01-01")] = '\0';
}

void
exclusion_describe(const struct exclusion *e, char out[EXCLUSION_DESCRIPTION])
{
	enum { SIZE = EXCLUSION_DESCRIPTION };
	char from[INSTANT_TEXT * 2] = "", to[INSTANT_TEXT] = "";
	bool single = false;

	if (*e->text) {
		snprintf(out, SIZE, "%s", e->text);
		return;
	}
	switch (e->kind) {
	case EXCLUSION_DATES:
		format_day(e->first_day, from);
		format_day(e->last_day, to);
		single = e->first_day == e->last_day;
		break;
	case EXCLUSION_YEARLY:
		snprintf(from, sizeof from, "yearly %02d-%02d", e->first_date / 100,
		    e->first_date % 100);
		snprintf(to, sizeof to, "%02d-%02d", e->last_date / 100, e->last_date % 100);
		single = e->first_date == e->last_date;
		break;
	case EXCLUSION_WEEKLY:
		exclusion_format_weekly(e, from);
		snprintf(out, SIZE, "weekly %s", from);
		return;
	case EXCLUSION_RANGE:
		instant_format(e->from_us, from);
		instant_format(e->to_us, to);
		break;
	case EXCLUSION_RULE:
		duration_format(e->duration_us, to);
		snprintf(out, SIZE, "rrule %s for %s", e->rule, to);
		return;
	}
	snprintf(out, SIZE, "%s%s%s", from, single ? "" : " to ", single ? "" : to);
}

/* ---- one entry ---- */

/* A local answer, from the instant that was asked for to the local time at which it may become
 * another: at the latest when the clock is changed. */
static struct stretch
until_local(const struct zone_segment *seg, int64_t at_us, int64_t local_to_us, bool excluded)
{
	int64_t to_us = local_to_us == INSTANT_NEVER ? INSTANT_NEVER
						     : local_to_us - seg->offset_s * SECOND_US;

	return (struct stretch){at_us, earlier(to_us, seg->end_us), excluded};
}

static int64_t
local_at(const struct zone_segment *seg, int64_t at_us)
{
	return at_us + seg->offset_s * SECOND_US;
}

static int64_t
day_of(int64_t local_us)
{
	return local_us / DAY_US - (local_us % DAY_US < 0);
}

static struct stretch
dates_stretch(const struct exclusion *e, const struct zone *zone, int64_t at_us)
{
	struct zone_segment seg = zone_segment_at(zone, at_us);
	int64_t day = day_of(local_at(&seg, at_us));

	if (day < e->first_day)
		return until_local(&seg, at_us, e->first_day * DAY_US, false);
	if (day <= e->last_day)
		return until_local(&seg, at_us, (e->last_day + 1) * DAY_US, true);
	return until_local(&seg, at_us, INSTANT_NEVER, false);
}

/* Where a date of the year begins; one that the year has not where the next does. */
static int64_t
day_of_year(int year, int date)
{
	if (date == 229 && civil_month_length(year, 2) < 29)
		date = 301;
	return civil_days(year, date / 100, date % 100);
}

static struct stretch
yearly_stretch(const struct exclusion *e, const struct zone *zone, int64_t at_us)
{
	struct zone_segment seg = zone_segment_at(zone, at_us);
	int64_t local_us = local_at(&seg, at_us), day = day_of(local_us), to = INT64_MAX;
	struct civil c = civil_from_us(local_us);
	int date = c.month * 100 + c.day;
	bool excluded = e->first_date <= e->last_date
			    ? date >= e->first_date && date <= e->last_date
			    : date >= e->first_date || date <= e->last_date;

	/* The next beginning, or the next day behind an end. */
	for (int year = c.year; year <= c.year + 1; year++) {
		int64_t begins = day_of_year(year, e->first_date);
		int64_t ends = day_of_year(year, e->last_date);

		if (e->last_date != 229 || civil_month_length(year, 2) == 29)
			ends++;
		if (begins > day && begins < to)
			to = begins;
		if (ends > day && ends < to)
			to = ends;
	}
	return until_local(&seg, at_us, to * DAY_US, excluded);
}

static bool
has_weekday(const struct exclusion *e, int64_t day)
{
	return e->weekdays & 1 << civil_weekday(day);
}

static struct stretch
weekly_stretch(const struct exclusion *e, const struct zone *zone, int64_t at_us)
{
	struct zone_segment seg = zone_segment_at(zone, at_us);
	int64_t local_us = local_at(&seg, at_us), day = day_of(local_us);

	/* Yesterday's may last till today. */
	for (int64_t d = day - 1; d <= day; d++) {
		int64_t from_us = d * DAY_US + e->from_s * SECOND_US;
		int64_t to_us = d * DAY_US + e->to_s * SECOND_US;

		if (has_weekday(e, d) && local_us >= from_us && local_us < to_us)
			return until_local(&seg, at_us, to_us, true);
	}
	for (int64_t d = day; d <= day + 7; d++) {
		int64_t from_us = d * DAY_US + e->from_s * SECOND_US;

		if (has_weekday(e, d) && from_us > local_us)
			return until_local(&seg, at_us, from_us, false);
	}
	return until_local(&seg, at_us, INSTANT_NEVER, false);
}

static struct stretch
range_stretch(const struct exclusion *e, int64_t at_us)
{
	if (at_us < e->from_us)
		return (struct stretch){at_us, e->from_us, false};
	if (at_us < e->to_us)
		return (struct stretch){at_us, e->to_us, true};
	return (struct stretch){at_us, INSTANT_NEVER, false};
}

static bool
is_excepted(const struct exclusion *e, int64_t local_us)
{
	for (size_t i = 0; i < e->except_count; i++) {
		if (e->except[i] == local_us)
			return true;
	}
	return false;
}

/* From which local time on the rule is looked at for a window that lasts at `at_us`. */
static int64_t
look_from(const struct exclusion *e, const struct zone_segment *seg, int64_t at_us)
{
	int64_t from_us = local_at(seg, at_us) - e->duration_us;

	/* No clock was ever changed by more than a day; and where there was no change since it
	 * began, a window has no other length than its own. */
	if (seg->start_us > at_us - e->duration_us - 2 * DAY_US)
		from_us -= 2 * DAY_US;
	return from_us;
}

static struct stretch
rule_stretch(const struct exclusion *e, const struct zone *zone, int64_t at_us)
{
	struct zone_segment seg = zone_segment_at(zone, at_us);
	int64_t until_us = rrule_until_utc(e->rule), rest_us = e->duration_us % DAY_US;
	int64_t local_us = look_from(e, &seg, at_us);

	for (;; local_us++) {
		int64_t begin_us, end_us;

		local_us = rrule_next_civil(e->rule, e->start_us, local_us, TRIGGER_END_US);
		if (local_us == INSTANT_NEVER)
			break;
		begin_us = zone_instant(zone, local_us);
		if (begin_us > until_us)
			break;
		if (is_excepted(e, local_us))
			continue;
		if (begin_us > at_us)
			return (struct stretch){at_us, begin_us, false};
		end_us = zone_instant(zone, local_us + e->duration_us - rest_us) + rest_us;
		if (end_us > at_us)
			return (struct stretch){begin_us, end_us, true};
	}
	return (struct stretch){at_us, INSTANT_NEVER, false};
}

static struct stretch
entry_stretch(const struct exclusion *e, const struct zone *zone, int64_t at_us)
{
	switch (e->kind) {
	case EXCLUSION_DATES:
		return dates_stretch(e, zone, at_us);
	case EXCLUSION_YEARLY:
		return yearly_stretch(e, zone, at_us);
	case EXCLUSION_WEEKLY:
		return weekly_stretch(e, zone, at_us);
	case EXCLUSION_RANGE:
		return range_stretch(e, at_us);
	case EXCLUSION_RULE:
		return rule_stretch(e, zone, at_us);
	}
	return (struct stretch){at_us, INSTANT_NEVER, false};
}

/* ---- all of them ---- */

int
exclusion_reader_init(struct exclusion_reader *r, struct arena *a,
    const struct exclusions *sets, size_t count, struct zones *zones, struct err *err)
{
	*r = (struct exclusion_reader){.sets = sets,
	    .count = count,
	    .zones = arena_array(a, count, sizeof *r->zones),
	    .free_from_us = 0,
	    .free_us = 0};
	for (size_t i = 0; i < count; i++) {
		struct zone_of_entry *entries = arena_array(a, sets[i].count, sizeof *entries);

		r->zones[i].entries = entries;
		for (size_t j = 0; j < sets[i].count; j++) {
			const struct exclusion *e = &sets[i].list[j];
			int ret;

			if (e->kind == EXCLUSION_RANGE)
				continue;
			ret = zones_get(zones, e->time_zone ? e->time_zone : sets[i].time_zone,
			    &entries[j].zone, err);
			if (ret)
				return ret;
		}
	}
	return 0;
}

static bool
holds(const struct stretch *s, int64_t at_us)
{
	return at_us >= s->from_us && at_us < s->to_us;
}

/* One calendar: its first entry that excludes the instant, or that none does. */
static const struct stretch *
set_stretch(struct zone_of_set *z, const struct exclusions *set, int64_t at_us)
{
	struct stretch all = {at_us, INSTANT_NEVER, false};

	if (holds(&z->last, at_us))
		return &z->last;
	for (size_t i = 0; i < set->count && !all.excluded; i++) {
		struct zone_of_entry *entry = &z->entries[i];

		if (!holds(&entry->last, at_us))
			entry->last = entry_stretch(&set->list[i], entry->zone, at_us);
		/* While those in front of it say nothing. */
		all.to_us = earlier(all.to_us, entry->last.to_us);
		all.excluded = entry->last.excluded;
		z->by = i;
	}
	z->last = all;
	return &z->last;
}

bool
exclusion_at(struct exclusion_reader *r, int64_t at_us, struct excluded *by)
{
	for (size_t i = 0; i < r->count; i++) {
		const struct stretch *s = set_stretch(&r->zones[i], &r->sets[i], at_us);

		if (!s->excluded)
			continue;
		*by = (struct excluded){i, r->zones[i].by, s->to_us};
		return true;
	}
	return false;
}

int64_t
exclusion_first_free(struct exclusion_reader *r, int64_t at_us)
{
	int64_t us = at_us;
	struct excluded by;
	int steps = 0;

	/* Nothing between the two is free. */
	if (at_us >= r->free_from_us && at_us < r->free_us)
		return r->free_us;
	while (us < TRIGGER_END_US && steps++ < EXCLUSION_STEPS && exclusion_at(r, us, &by))
		us = by.until_us;
	if (us >= TRIGGER_END_US || steps > EXCLUSION_STEPS)
		us = INSTANT_NEVER;
	r->free_from_us = at_us;
	r->free_us = us;
	return us;
}
