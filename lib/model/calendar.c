/* Named calendars: see calendar.h. */
#include "model/calendar.h"

#include <stdbool.h>
#include <string.h>

#include "base/utf8.h"

static bool
is_text(const char *text, const char *allowed)
{
	if (!utf8_valid(text, strlen(text)))
		return false;
	for (const char *c = text; *c; c++) {
		if (utf8_control(c) && !strchr(allowed, *c))
			return false;
	}
	return true;
}

static int
check_head(const struct calendar *c, struct err *err)
{
	if (!c->name || !*c->name)
		return err_fail(err, ERR_INPUT, "Missing value: name");
	if (!is_text(c->name, "") || utf8_length(c->name, strlen(c->name)) > CALENDAR_NAME_MAX)
		return err_fail(err, ERR_INPUT,
		    "Invalid value: name: must be one line of at most %d characters",
		    CALENDAR_NAME_MAX);
	if (!is_text(c->description, "\t\n\r") ||
	    strlen(c->description) > CALENDAR_DESCRIPTION_MAX)
		return err_fail(err, ERR_INPUT,
		    "Invalid value: description: must be a text of at most %d bytes",
		    CALENDAR_DESCRIPTION_MAX);
	if (!c->excluded.time_zone || !*c->excluded.time_zone)
		return err_fail(err, ERR_INPUT, "Missing value: timeZone");
	if (c->excluded.count > CALENDAR_ENTRIES_MAX)
		return err_fail(err, ERR_INPUT,
		    "Invalid value: entries: must have at most %d entries",
		    CALENDAR_ENTRIES_MAX);
	return 0;
}

static size_t
entry_bytes(const struct exclusion *e)
{
	return strlen(e->text) + (e->time_zone ? strlen(e->time_zone) : 0) +
	       (e->rule ? strlen(e->rule) : 0) + e->except_count * sizeof *e->except;
}

int
calendar_validate(const struct calendar *c, struct err *err)
{
	int ret = check_head(c, err);
	size_t bytes = 0;
	struct err why;

	for (size_t i = 0; !ret && i < c->excluded.count; i++) {
		const struct exclusion *e = &c->excluded.list[i];

		if (!is_text(e->text, ""))
			return err_fail(err, ERR_INPUT,
			    "Invalid value: entries[%zu].text: must be one line", i);
		if (exclusion_check(e, &why))
			ret = err_fail(
			    err, ERR_INPUT, "Invalid value: entries[%zu].%s", i, why.text);
		bytes += entry_bytes(e);
	}
	if (!ret && bytes > CALENDAR_BYTES_MAX)
		return err_fail(err, ERR_INPUT,
		    "Invalid value: entries: all texts and exceptions together may have %d "
		    "bytes; these have %zu",
		    CALENDAR_BYTES_MAX, bytes);
	return ret;
}
