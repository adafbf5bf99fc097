/*
 * Scheduled jobs: what their rules mean as triggers, and which triggers are a rule: see job.h.
 *
 * A rule says less than triggers can: whatever is not exactly what a rule would be made into has
 * no rule, and is shown as on demand.
 */
#include "model/job.h"

#include <string.h>

static bool
within(int64_t value, int64_t min, int64_t max)
{
	return value >= min && value <= max;
}

static bool
rule_is_sound(const struct job_rule *r)
{
	bool timed =
	    r->repeat == JOB_DAILY || r->repeat == JOB_WEEKLY || r->repeat == JOB_MONTHLY;

	if (!within(r->repeat, JOB_MINUTELY, JOB_ON_DEMAND))
		return false;
	if (r->repeat == JOB_ON_DEMAND)
		return r->minutely_interval == 0 && r->hourly_interval == 0 && r->minute == 0 &&
		       r->hour == 0 && r->weekday == 0 && r->month_day == 0;
	if (r->repeat == JOB_MINUTELY
		? !within(r->minutely_interval, 0, JOB_MINUTES_MAX) || r->minute != 0
		: r->minutely_interval != 1)
		return false;
	if (r->repeat == JOB_HOURLY ? !within(r->hourly_interval, 1, JOB_HOURS_MAX)
				    : r->hourly_interval != 1)
		return false;
	return within(r->minute, 0, 59) && within(r->hour, 0, timed ? 23 : 0) &&
	       (r->repeat == JOB_WEEKLY ? within(r->weekday, 1, 7) : r->weekday == 0) &&
	       (r->repeat == JOB_MONTHLY ? within(r->month_day, 1, 31) : r->month_day == 0);
}

bool
job_is_sound(const struct job *j)
{
	if (!rule_is_sound(&j->rule))
		return false;
	if (j->type == JOB_INTERNAL)
		return j->task && j->query_id == 0 && !j->query_title;
	return !j->task && j->query_id != 0 && j->query_title;
}

bool
job_rule_same(const struct job_rule *a, const struct job_rule *b)
{
	return a->repeat == b->repeat && a->minutely_interval == b->minutely_interval &&
	       a->hourly_interval == b->hourly_interval && a->minute == b->minute &&
	       a->hour == b->hour && a->weekday == b->weekday && a->month_day == b->month_day;
}

/* ---- a rule as triggers ---- */

/* How long from one run to the next; 0: that is for the calendar to say. */
static int64_t
interval_us(const struct job_rule *r)
{
	if (r->repeat == JOB_MINUTELY)
		return (r->minutely_interval ? r->minutely_interval : 1) * MINUTE_US;
	if (r->repeat == JOB_HOURLY && r->hourly_interval > 1)
		return r->hourly_interval * HOUR_US;
	return 0;
}

enum { EXPRESSION_TEXT = 48, EXPRESSIONS_MAX = 2 };

/* Each is "minute hour day month weekday". Returns how many there are. */
static size_t
expressions_of(const struct job_rule *r, char text[EXPRESSIONS_MAX][EXPRESSION_TEXT])
{
	size_t n = 0;

	if (interval_us(r))
		return 0;
	if (r->repeat == JOB_HOURLY)
		snprintf(text[n++], EXPRESSION_TEXT, "%d * * * *", r->minute);
	if (r->repeat == JOB_DAILY)
		snprintf(text[n++], EXPRESSION_TEXT, "%d %d * * *", r->minute, r->hour);
	if (r->repeat == JOB_WEEKLY)
		snprintf(text[n++], EXPRESSION_TEXT, "%d %d * * %d", r->minute, r->hour,
		    r->weekday - 1);
	if (r->repeat != JOB_MONTHLY)
		return n;
	if (r->month_day < 31)
		snprintf(text[n++], EXPRESSION_TEXT, "%d %d %d * *", r->minute, r->hour,
		    r->month_day);
	/* February is the one month that may lack the 29th and the 30th. In a leap year both say
	 * the 29th, which is due once all the same. */
	if (r->month_day > 28)
		snprintf(text[n++], EXPRESSION_TEXT, "%d %d L %s *", r->minute, r->hour,
		    r->month_day < 31 ? "2" : "*");
	return n;
}

static int64_t
local_us(const struct job_zone *zone, int64_t us)
{
	return us + zone_segment_at(zone->zone, us).offset_s * SECOND_US;
}

/* Where an interval begins: a full minute after now. Hours: at the rule's minute of this hour if
 * that is still to come, else as many hours later as the rule says. */
static int64_t
first_us(const struct job_rule *r, const struct job_zone *zone, int64_t now_us)
{
	struct civil now = civil_from_us(local_us(zone, now_us));
	int64_t minute_us = now_us - now.second * SECOND_US - now.micro;

	if (r->repeat == JOB_MINUTELY)
		return minute_us + MINUTE_US;
	return minute_us + (r->minute - now.minute) * MINUTE_US +
	       (now.minute >= r->minute ? interval_us(r) : 0);
}

int
job_rule_triggers(const struct job_rule *rule, const struct job_zone *zone, int64_t now_us,
    struct arena *a, struct trigger **triggers, size_t *count, struct err *err)
{
	char text[EXPRESSIONS_MAX][EXPRESSION_TEXT];
	struct trigger *t = arena_array(a, EXPRESSIONS_MAX, sizeof *t);
	int rc = 0;

	*triggers = t;
	*count = expressions_of(rule, text);
	for (size_t i = 0; !rc && i < *count; i++) {
		t[i] = (struct trigger){.kind = TRIGGER_CRON,
		    .expression = arena_strdup(a, text[i]),
		    .time_zone = zone->name};
		rc = cron_parse(text[i], 0, &t[i].cron, err);
	}
	if (!interval_us(rule))
		return rc;
	t[0] = (struct trigger){.kind = TRIGGER_EVERY,
	    .every_us = interval_us(rule),
	    .anchor_us = first_us(rule, zone, now_us)};
	*count = 1;
	return 0;
}

/* ---- triggers as a rule ---- */

static int
minute_of(const struct trigger *every, const struct job_zone *zone)
{
	return civil_from_us(local_us(zone, every->anchor_us)).minute;
}

static bool
is_plain_cron(const struct trigger *t)
{
	return t->kind == TRIGGER_CRON && t->dst_gap == DST_GAP_AFTER &&
	       t->dst_fold == DST_FOLD_FIRST;
}

bool
job_rule_matches(const struct job_rule *rule, const struct job_zone *zone,
    const struct trigger *triggers, size_t count)
{
	char text[EXPRESSIONS_MAX][EXPRESSION_TEXT];
	size_t expressions = expressions_of(rule, text);

	if (interval_us(rule))
		return count == 1 && triggers->kind == TRIGGER_EVERY &&
		       triggers->every_us == interval_us(rule) &&
		       (rule->repeat == JOB_MINUTELY ||
			   minute_of(triggers, zone) == rule->minute);
	if (count != expressions)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!is_plain_cron(&triggers[i]) || strcmp(triggers[i].expression, text[i]) ||
		    strcmp(triggers[i].time_zone, triggers[0].time_zone))
			return false;
	}
	return true;
}

/* The one value of a set; -1 when there are several. */
static int
only_value(uint64_t set)
{
	int value = 0;

	if (!set || (set & (set - 1)))
		return -1;
	while (!(set & 1)) {
		set >>= 1;
		value++;
	}
	return value;
}

/* Sets of all values of a field. */
#define ALL_HOURS    ((UINT32_C(1) << 24) - 1)
#define ALL_DAYS     UINT32_C(0xfffffffe)
#define ALL_MONTHS   0x1ffe
#define ALL_WEEKDAYS 0x7f

/* Every so many minutes, if that divides an hour: as the expression has it, from its beginning. */
static int
minute_step(uint64_t minutes)
{
	for (int step = 1; step <= 30; step++) {
		uint64_t set = 0;

		for (int m = 0; m < 60; m += step)
			set |= UINT64_C(1) << m;
		if (60 % step == 0 && set == minutes)
			return step;
	}
	return 0;
}

/* Nothing is said that a rule cannot say. */
static bool
is_plain(const struct cron *c)
{
	for (size_t i = 0; i < sizeof c->nth; i++) {
		if (c->nth[i])
			return false;
	}
	return c->seconds == 1 && c->months == ALL_MONTHS && c->every_year &&
	       c->near_days == 0 && (c->last_days == 0 || (c->last_days == 1 && c->days == 0));
}

static bool
is_every_day(const struct cron *c)
{
	return c->days == ALL_DAYS && c->weekdays == ALL_WEEKDAYS;
}

/* Of a day, a week, a month: *r has minute and hour. */
static bool
set_days(const struct cron *c, struct job_rule *r)
{
	int day = c->last_days ? 31 : only_value(c->days), weekday = only_value(c->weekdays);

	if (is_every_day(c)) {
		r->repeat = JOB_DAILY;
		return true;
	}
	if (c->days == ALL_DAYS && c->days_star && weekday >= 0) {
		r->repeat = JOB_WEEKLY;
		r->weekday = weekday + 1;
		return true;
	}
	r->repeat = JOB_MONTHLY;
	r->month_day = day;
	return c->weekdays == ALL_WEEKDAYS && c->weekdays_star && day >= 1 &&
	       (day <= 28 || c->last_days);
}

static bool
rule_of_cron(const struct cron *c, struct job_rule *r)
{
	int minute = only_value(c->minutes), hour = only_value(c->hours);
	bool hourly = is_every_day(c) && c->hours == ALL_HOURS;

	r->minutely_interval = r->hourly_interval = 1;
	if (hourly && minute_step(c->minutes)) {
		r->repeat = JOB_MINUTELY;
		r->minutely_interval = minute_step(c->minutes);
		return true;
	}
	r->minute = minute;
	if (hourly) {
		r->repeat = JOB_HOURLY;
		return minute >= 0;
	}
	r->hour = hour;
	return minute >= 0 && hour >= 0 && set_days(c, r);
}

static bool
rule_of_every(const struct trigger *t, const struct job_zone *zone, struct job_rule *r)
{
	r->minutely_interval = r->hourly_interval = 1;
	if (t->every_us % HOUR_US == 0) {
		r->repeat = JOB_HOURLY;
		r->hourly_interval = t->every_us / HOUR_US;
		r->minute = minute_of(t, zone);
		return true;
	}
	r->repeat = JOB_MINUTELY;
	r->minutely_interval = t->every_us / MINUTE_US;
	return t->every_us % MINUTE_US == 0;
}

struct job_rule
job_rule_of(const struct job_zone *zone, const struct trigger *triggers, size_t count)
{
	static const struct job_rule none = {.repeat = JOB_ON_DEMAND};
	struct job_rule r = {0};

	if (count != 1)
		return none;
	if (triggers->kind == TRIGGER_EVERY && rule_of_every(triggers, zone, &r))
		return r;
	if (is_plain_cron(triggers) && !strcmp(triggers->time_zone, zone->name) &&
	    is_plain(&triggers->cron) && rule_of_cron(&triggers->cron, &r))
		return r;
	return none;
}
