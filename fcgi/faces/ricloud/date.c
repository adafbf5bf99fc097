/* Dates: six decimals out; in, as much of one as a client gives. wire/ricloud.md 3.3. */
#include <stdio.h>
#include <string.h>

#include "calendar/civil.h"
#include "faces/ricloud/call.h"

void
ricloud_date_format(int64_t us, char out[RICLOUD_DATE_TEXT])
{
	struct civil c = civil_from_us(us);

	snprintf(out, RICLOUD_DATE_TEXT, "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", c.year, c.month,
	    c.day, c.hour, c.minute, c.second, c.micro);
}

/* Where a pattern ends in a text: `d` is a digit, `T` that or a space, `+` a sign, which a query
 * may have lost, and all else itself. NULL if the text does not begin so. */
static const char *
behind(const char *text, const char *pattern)
{
	for (; *pattern; pattern++, text++) {
		const char *any = *pattern == 'd'   ? "0123456789"
				  : *pattern == 'T' ? "T "
				  : *pattern == '+' ? "+- "
						    : NULL;

		if (!*text || (any ? !strchr(any, *text) : *text != *pattern))
			return NULL;
	}
	return text;
}

static bool
is_zone(const char *text)
{
	const char *colon = behind(text, "+dd:dd"), *none = behind(text, "+dddd");

	return !*text || !strcmp(text, "Z") || (colon && !*colon) || (none && !*none);
}

/* How long the span is that a text names; 0 for a text of another form. */
static int64_t
span_of(const char *text)
{
	const char *date = behind(text, "dddd-dd-dd"), *minute, *second;
	int64_t span = SECOND_US;
	size_t decimals;

	if (!date || !*date)
		return date ? DAY_US : 0;
	minute = behind(date, "Tdd:dd");
	if (!minute)
		return 0;
	second = behind(minute, ":dd");
	if (!second)
		return is_zone(minute) ? MINUTE_US : 0;
	if (*second != '.')
		return is_zone(second) ? SECOND_US : 0;
	decimals = strspn(second + 1, "0123456789");
	if (decimals < 1 || decimals > 6)
		return 0;
	for (size_t i = 0; i < decimals; i++)
		span /= 10;
	return is_zone(second + 1 + decimals) ? span : 0;
}

int
ricloud_date_read(const char *text, int64_t *first_us, int64_t *last_us)
{
	int64_t span = span_of(text), offset_us = 0;
	struct civil civil;
	bool zoned;

	if (!span || civil_parse(text, &civil, &zoned, &offset_us))
		return ERR_INPUT;
	*first_us = civil_to_us(&civil) - (zoned ? offset_us : 0);
	*last_us = *first_us + span - 1;
	return 0;
}
