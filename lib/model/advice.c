/* What to look at again: see advice.h. */
#include "model/advice.h"

#include <stdio.h>
#include <string.h>

/* Fields of a cron expression, as they stand in one of seven. */
enum { MINUTE = 1, HOUR = 2, DAY = 3, WEEKDAY = 5, YEAR = 6, FIELDS = 7 };

#define ALL_HOURS   UINT32_C(0xffffff)
#define ALL_MINUTES ((UINT64_C(1) << 60) - 1)

/* The column, from 1, at which a field begins; 0: the expression does not have it. */
static int
column_of(const char *expression, int field)
{
	int column[FIELDS] = {0}, count = 0;

	for (const char *p = expression; count < FIELDS;) {
		p += strspn(p, " \t");
		if (!*p)
			break;
		column[count++] = (int)(p - expression) + 1;
		p += strcspn(p, " \t");
	}
	/* Five have no seconds in front. */
	if (count < 6)
		field--;
	return field < count ? column[field] : 0;
}

/* ---- never ---- */

/* Where a rule says that it ends. */
static int
rule_end_column(const char *rule)
{
	const char *at = strstr(rule, "UNTIL=");

	if (!at)
		at = strstr(rule, "COUNT=");
	return at ? (int)(at - rule) + 1 : 0;
}

/* The trigger alone, without startDate and endDate, is due after now: they are at fault. */
static bool
bounds_are_at_fault(const struct schedule *s, size_t i, struct zones *zones, int64_t now_us)
{
	struct schedule unbounded = *s;
	int64_t due_us;
	struct err unknown;

	unbounded.start_us = INT64_MIN;
	unbounded.end_us = INSTANT_NEVER;
	return !schedule_trigger_next(&unbounded, i, zones, now_us, &due_us, &unknown) &&
	       due_us != INSTANT_NEVER;
}

static int
refuse(const struct schedule *s, size_t i, struct zones *zones, int64_t now_us, struct err *err)
{
	const struct trigger *t = &s->triggers[i];

	if (t->kind == TRIGGER_AT)
		return err_fail(err, ERR_INPUT,
		    "Invalid value: triggers[%zu].at: must be within startDate and endDate, or "
		    "it "
		    "would never be due",
		    i);
	if (t->kind == TRIGGER_REBOOT || bounds_are_at_fault(s, i, zones, now_us))
		return err_fail(err, ERR_INPUT,
		    "Invalid value: endDate: triggers[%zu] would never be due before it", i);
	if (t->kind == TRIGGER_CRON)
		return err_fail(err, ERR_INPUT,
		    "Invalid value: triggers[%zu].cron: column %d: year: is past, so it would "
		    "never be due",
		    i, column_of(t->expression, YEAR));
	if (t->kind == TRIGGER_RRULE)
		return err_fail(err, ERR_INPUT,
		    "Invalid value: triggers[%zu].rrule: column %d: is over, so it would never "
		    "be due",
		    i, rule_end_column(t->expression));
	return err_fail(err, ERR_INPUT, "Invalid value: triggers[%zu]: would never be due", i);
}

static bool
is_due_once(const struct schedule *s, const struct trigger *t)
{
	return t->kind == TRIGGER_AT && t->at_us >= s->start_us && t->at_us < s->end_us;
}

int
schedule_check_future(
    const struct schedule *s, struct zones *zones, int64_t now_us, struct err *err)
{
	for (size_t i = 0; i < s->trigger_count; i++) {
		int64_t due_us;
		int ret;

		if (is_due_once(s, &s->triggers[i]))
			continue;
		/* The next boot may come at any time. */
		if (s->triggers[i].kind == TRIGGER_REBOOT && s->end_us > now_us)
			continue;
		ret = schedule_trigger_next(s, i, zones, now_us, &due_us, err);
		if (!ret && due_us == INSTANT_NEVER)
			ret = refuse(s, i, zones, now_us, err);
		if (ret)
			return ret;
	}
	return 0;
}

/* ---- hardly meant ---- */

static bool
names_weekdays(const struct cron *c)
{
	for (size_t i = 0; i < sizeof c->nth; i++) {
		if (c->nth[i])
			return true;
	}
	return c->weekdays != 0x7f;
}

static const char *
cron_advice(const struct trigger *t, size_t i, struct arena *a)
{
	const struct cron *c = &t->cron;

	if (c->minutes == ALL_MINUTES && c->hours != ALL_HOURS)
		return arena_printf(a,
		    "triggers[%zu].cron: column %d: minute: is due in every minute of the "
		    "hour; "
		    "write 0 for once, or */1 if that is meant",
		    i, column_of(t->expression, MINUTE));
	if (!c->days_star && !c->weekdays_star && names_weekdays(c))
		return arena_printf(a,
		    "triggers[%zu].cron: column %d: day of week: a day is due when either it "
		    "or "
		    "the day of month matches, not only when both do",
		    i, column_of(t->expression, WEEKDAY));
	return NULL;
}

/* Somebody who wrote a step has said that he means it. */
static bool
means_each_minute(const struct trigger *t)
{
	int column = column_of(t->expression, MINUTE);

	return column && t->expression[column - 1] == '*' && t->expression[column] == '/';
}

size_t
schedule_advice(const struct schedule *s, struct arena *a, const char ***lines)
{
	size_t count = 0;

	*lines = arena_array(a, s->trigger_count, sizeof **lines);
	for (size_t i = 0; i < s->trigger_count; i++) {
		const struct trigger *t = &s->triggers[i];
		const char *line = NULL;

		if (t->kind == TRIGGER_CRON && !means_each_minute(t))
			line = cron_advice(t, i, a);
		if (line)
			(*lines)[count++] = line;
	}
	return count;
}
