/* A job as a client describes it: wire/openspecimen.md 3.1. What the values amount to is the
 * service's to say. */
#include <string.h>

#include "faces/openspecimen/call.h"

const char *const specimen_repeats[] = {
    "MINUTELY", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "ONDEMAND", NULL};
const char *const specimen_weekdays[] = {
    "SUNDAY", "MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", NULL};
const char *const specimen_types[] = {"INTERNAL", "QUERY", "EXTERNAL", NULL};
static const char *const statuses[] = {"Active", "Disabled", NULL};

/* A member that is one of some words: the place of it from 1 on, JOB_UNKNOWN_WORD for another, 0
 * for none. */
static int
read_word(struct call *c, const char *name, const char *const *words, int *value)
{
	const char *text = NULL;
	int ret = specimen_text(c, c->body, name, &text);

	*value = text ? JOB_UNKNOWN_WORD : 0;
	for (int i = 0; text && words[i]; i++) {
		if (!strcmp(words[i], text))
			*value = i + 1;
	}
	return ret;
}

/* Days of the week have numbers too. */
static int
read_weekday(struct call *c, int *value)
{
	static const char name[] = "scheduledDayOfWeek";
	const char *text = NULL;
	int ret = read_word(c, name, specimen_weekdays, value);

	if (ret || *value != JOB_UNKNOWN_WORD)
		return ret;
	ret = specimen_text(c, c->body, name, &text);
	if (!ret && strlen(text) == 1 && *text >= '1' && *text <= '7')
		*value = *text - '0';
	return ret;
}

static int
read_rule(struct call *c, struct job_new *n)
{
	int ret = read_word(c, "repeatSchedule", specimen_repeats, &n->repeat);

	if (!ret)
		ret = specimen_number(c, c->body, "scheduledMinute", &n->minute);
	if (!ret)
		ret = specimen_number(c, c->body, "scheduledHour", &n->hour);
	if (!ret)
		ret = read_weekday(c, &n->weekday);
	if (!ret)
		ret = specimen_number(c, c->body, "scheduledDayOfMonth", &n->month_day);
	if (!ret)
		ret = specimen_number(c, c->body, "hourlyInterval", &n->hourly_interval);
	if (!ret)
		ret = specimen_number(c, c->body, "minutelyInterval", &n->minutely_interval);
	if (!ret)
		ret = specimen_date(c, c->body, "startDate", &n->start_us);
	if (!ret)
		ret = specimen_date(c, c->body, "endDate", &n->end_us);
	return ret;
}

/* A query whose object has no id is as good as none. */
static int
read_query(struct call *c, uint64_t *id)
{
	const struct json *query = json_member(c->body, "savedQuery");
	int ret = specimen_reference(c, c->body, "savedQuery", id);

	if (!ret && query && query->type == JSON_OBJECT) {
		*id = 0;
		ret = specimen_id(c, query, "id", id);
	}
	return ret;
}

static int
read_task(struct call *c, struct job_new *n)
{
	int ret = read_word(c, "activityStatus", statuses, &n->status);

	if (!ret)
		ret = read_word(c, "type", specimen_types, &n->type);
	if (!ret)
		ret = specimen_text(c, c->body, "taskImplFqn", &n->task);
	if (!ret)
		ret = specimen_text(c, c->body, "fixedArgs", &n->fixed_args);
	if (!ret)
		ret = read_query(c, &n->query_id);
	return ret;
}

static int
read_people(struct call *c, struct job_new *n)
{
	int ret = specimen_reference(c, c->body, "runAs", &n->run_as);

	if (!ret)
		ret = specimen_references(
		    c, c->body, "recipients", &n->recipients, &n->recipient_count);
	if (!ret)
		ret = specimen_references(
		    c, c->body, "sharedWith", &n->shared_with, &n->shared_count);
	if (!ret)
		ret = specimen_text(c, c->body, "rtArgsHelpText", &n->rt_args_help);
	if (!ret)
		ret = specimen_flag(c, c->body, "rtArgsProvided", &n->rt_args_provided);
	return ret;
}

int
specimen_read_job(struct call *c, struct job_new *n)
{
	int ret;

	*n = (struct job_new){
	    .start_us = JOB_UNSAID,
	    .end_us = INSTANT_NEVER,
	    .minute = JOB_UNSAID,
	    .hour = JOB_UNSAID,
	    .month_day = JOB_UNSAID,
	    .hourly_interval = JOB_UNSAID,
	    .minutely_interval = JOB_UNSAID,
	};
	ret = specimen_text(c, c->body, "name", &n->name);
	if (!ret)
		ret = read_rule(c, n);
	if (!ret)
		ret = read_task(c, n);
	return ret ? ret : read_people(c, n);
}
