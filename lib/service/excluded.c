/* What the calendars of a schedule exclude: see excluded.h. */
#include "service/excluded.h"

static int
load_one(struct txn *txn, struct arena *a, const struct schedule *s, size_t i,
    struct calendar *c, struct err *err)
{
	int rc = store_calendar_by_name(txn, a, s->tenant_id, s->calendars[i], c, err);

	return rc == ERR_MISSING
		   ? err_fail(err, ERR_INPUT,
			 "Invalid value: calendars.exclude[%zu]: there is no calendar \"%s\"",
			 i, s->calendars[i])
		   : rc;
}

int
calendars_load(struct txn *txn, struct arena *a, const struct schedule *s, struct zones *zones,
    struct calendars *c, struct err *err)
{
	struct exclusions *sets = arena_array(a, s->calendar_count, sizeof *sets);
	struct calendar calendar;
	int rc = 0;

	*c = (struct calendars){.names = s->calendars};
	for (size_t i = 0; !rc && i < s->calendar_count; i++) {
		rc = load_one(txn, a, s, i, &calendar, err);
		sets[i] = calendar.excluded;
	}
	return rc ? rc
		  : exclusion_reader_init(&c->reader, a, sets, s->calendar_count, zones, err);
}

int
calendars_check(struct txn *txn, struct arena *a, const struct schedule *s, struct err *err)
{
	struct calendar calendar;
	int rc = 0;

	for (size_t i = 0; !rc && i < s->calendar_count; i++)
		rc = load_one(txn, a, s, i, &calendar, err);
	return rc;
}

bool
calendars_exclude(struct calendars *c, int64_t at_us, struct excluded *by)
{
	return exclusion_at(&c->reader, at_us, by);
}

const char *
calendars_reason(struct arena *a, const struct calendars *c, const struct excluded *by)
{
	char text[EXCLUSION_DESCRIPTION];

	exclusion_describe(&c->reader.sets[by->set].list[by->entry], text);
	return arena_printf(a, "the calendar \"%s\" excludes it (%s)", c->names[by->set], text);
}

int64_t
calendars_run_us(struct arena *a, struct calendars *c, const struct schedule *s, int64_t due_us,
    const char **why)
{
	struct excluded by;

	*why = NULL;
	if (!calendars_exclude(c, due_us, &by))
		return due_us;
	*why = calendars_reason(a, c, &by);
	return s->on_excluded == ON_EXCLUDED_DEFER ? exclusion_first_free(&c->reader, due_us)
						   : INSTANT_NEVER;
}
