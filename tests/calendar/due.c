/*
 * Prints due times for tests/calendar/test_oracle.py. Each line of input is
 *
 *	expression|zone|gap|fold|from_us|count
 *
 * where the expression is cron's, `RRULE:rule@start_us` with a start in local time, or
 * `EVERY:every_us@anchor_us`,
 * with gap `after` or `skip` and fold `first`, `second` or `both`; each line of output is the
 * first `count` due times after from_us, in microseconds, with blanks between, or `error: ` and
 * the reason.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calendar/rrule.h"
#include "calendar/trigger.h"
#include "calendar/zone.h"

enum { FIELDS = 6 };

static bool
split(char *line, char *field[FIELDS])
{
	line[strcspn(line, "\n")] = '\0';
	for (int i = 0; i < FIELDS; i++)
		field[i] = strsep(&line, "|");
	return field[FIELDS - 1] && !line;
}

static int
read_expression(char *text, struct trigger *t, struct err *err)
{
	char *start = strrchr(text, '@');

	if (!strncmp(text, "EVERY:", 6) && start) {
		t->kind = TRIGGER_EVERY;
		t->every_us = strtoll(text + 6, NULL, 10);
		t->anchor_us = strtoll(start + 1, NULL, 10);
		return 0;
	}
	if (strncmp(text, "RRULE:", 6) || !start)
		return cron_parse(text, cron_seed(text), &t->cron, err);
	*start = '\0';
	t->kind = TRIGGER_RRULE;
	t->expression = text + 6;
	t->start_us = strtoll(start + 1, NULL, 10);
	return rrule_check(t->expression, t->start_us, err);
}

static int
answer(struct zones *zones, char *line, struct err *err)
{
	const struct zone *zone;
	struct trigger t = {.kind = TRIGGER_CRON};
	char *field[FIELDS];
	int64_t at_us;
	int ret;

	if (!split(line, field))
		return err_fail(err, ERR_INPUT, "six fields are expected");
	ret = read_expression(field[0], &t, err);
	if (ret)
		return ret;
	ret = zones_get(zones, field[1], &zone, err);
	if (ret)
		return ret;
	t.dst_gap = strcmp(field[2], "skip") ? DST_GAP_AFTER : DST_GAP_SKIP;
	t.dst_fold = !strcmp(field[3], "first")	   ? DST_FOLD_FIRST
		     : !strcmp(field[3], "second") ? DST_FOLD_SECOND
						   : DST_FOLD_BOTH;
	at_us = strtoll(field[4], NULL, 10);
	for (long n = strtol(field[5], NULL, 10); n > 0; n--) {
		at_us = trigger_next(&t, zone, at_us);
		if (at_us == INSTANT_NEVER)
			break;
		printf("%" PRId64 " ", at_us);
	}
	putchar('\n');
	return 0;
}

int
main(void)
{
	struct zones *zones = zones_new(NULL);
	struct err err = {""};
	char line[1024];

	while (fgets(line, sizeof line, stdin)) {
		if (answer(zones, line, &err))
			printf("error: %s\n", err.text);
	}
	zones_free(zones);
	return 0;
}
