/* Calendars in iCalendar's form: what the events of a file exclude, and what a file must not be. The
 * times of many rules are compared with another implementation in tests/calendar. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "calendar/ics.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

#define CALENDAR(lines) "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" lines "END:VCALENDAR\r\n"
#define EVENT(lines)	"BEGIN:VEVENT\r\nUID:1\r\n" lines "END:VEVENT\r\n"

struct world {
	struct arena arena;
	struct zones *zones;
};

static int
set_up(void **state)
{
	static struct world w;

	w = (struct world){.zones = zones_new(NULL)};
	*state = &w;
	return 0;
}

static int
tear_down(void **state)
{
	struct world *w = *state;

	zones_free(w->zones);
	arena_release(&w->arena);
	return 0;
}

static int64_t
instant(const char *text)
{
	int64_t us;

	if (instant_parse(text, &us))
		fail_msg("%s", text);
	return us;
}

static struct ics
read_in(struct world *w, const char *text, const char *time_zone)
{
	struct err err = {""};
	struct ics ics;

	if (ics_read(&w->arena, text, strlen(text), time_zone, w->zones, &ics, &err))
		fail_msg("%s\n%s", err.text, text);
	return ics;
}

/* The excluded stretches of a year, as `from/to` one after another. */
static const char *
stretches(struct world *w, const struct ics *ics)
{
	int64_t at_us = instant("2026-01-01T00:00:00Z"), end_us = at_us + 365 * DAY_US;
	struct exclusion_reader r;
	struct buf text = BUF_INIT;
	struct err err = {""};
	const char *copy;

	assert_int_equal(
	    exclusion_reader_init(&r, &w->arena, &ics->excluded, 1, w->zones, &err), 0);
	buf_add(&text, "", 0);
	for (; at_us < end_us; at_us += 15 * MINUTE_US) {
		int64_t free_us = exclusion_first_free(&r, at_us);
		char from[INSTANT_TEXT], to[INSTANT_TEXT];

		if (free_us == at_us)
			continue;
		instant_format(at_us, from);
		instant_format(free_us, to);
		buf_addf(&text, "%s%.11s/%.11s", text.len ? " " : "", from + 5, to + 5);
		at_us = free_us;
	}
	copy = arena_strdup(&w->arena, text.data);
	buf_release(&text);
	return copy;
}

static void
events_exclude_the_time_that_they_take(void **state)
{
	static const struct {
		const char *events, *excluded;
	} cases[] = {
	    {EVENT("DTSTART;VALUE=DATE:20260427\r\n"), "04-26T22:00/04-27T22:00"},
	    {EVENT("DTSTART;VALUE=DATE:20261224\r\nDTEND;VALUE=DATE:20261227\r\n"),
		"12-23T23:00/12-26T23:00"},
	    {EVENT("DTSTART;VALUE=DATE:20261224\r\nDURATION:P2D\r\n"),
		"12-23T23:00/12-25T23:00"},
	    {EVENT("DTSTART:20260501T200000Z\r\nDTEND:20260502T040000Z\r\n"),
		"05-01T20:00/05-02T04:00"},
	    {EVENT("DTSTART:20260501T200000\r\nDURATION:PT90M\r\n"), "05-01T18:00/05-01T19:30"},
	    {EVENT("DTSTART;TZID=Asia/Tokyo:20260501T200000\r\nDURATION:PT1H\r\n"),
		"05-01T11:00/05-01T12:00"},
	    /* Over a clock change: a day of the calendar, and real hours. */
	    {EVENT("DTSTART:20260328T120000\r\nDURATION:P1D\r\n"), "03-28T11:00/03-29T10:00"},
	    {EVENT("DTSTART:20260328T233000\r\nDURATION:PT4H\r\n"), "03-28T22:30/03-29T02:30"},
	    /* An end that is told holds, and the days are days also a week later. */
	    {EVENT("DTSTART:20260327T120000\r\nDTEND:20260330T120000\r\n"
		   "RRULE:FREQ=WEEKLY;COUNT=2\r\n"),
		"03-27T11:00/03-30T10:00 04-03T10:00/04-06T10:00"},
	    /* Series. */
	    {EVENT("DTSTART;VALUE=DATE:20200427\r\nRRULE:FREQ=YEARLY\r\n"),
		"04-26T22:00/04-27T22:00"},
	    {EVENT("DTSTART;TZID=Europe/Amsterdam:20260323T080000\r\n"
		   "DTEND;TZID=Europe/"
		   "Amsterdam:20260323T090000\r\nRRULE:FREQ=WEEKLY;COUNT=2\r\n"),
		"03-23T07:00/03-23T08:00 03-30T06:00/03-30T07:00"},
	    {EVENT("DTSTART:20260101T080000\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;COUNT=4\r\n"
		   "EXDATE:20260102T080000,20260103T080000\r\n"),
		"01-01T07:00/01-01T08:00 01-04T07:00/01-04T08:00"},
	    /* An exception in another zone, of another form. */
	    {EVENT("DTSTART:20260101T080000\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;COUNT=2\r\n"
		   "EXDATE:20260102T070000Z\r\n"),
		"01-01T07:00/01-01T08:00"},
	    {EVENT("DTSTART;VALUE=DATE:20260101\r\nRDATE;VALUE=DATE:20260105,20260107\r\n"),
		"01-01T00:00/01-01T23:00 01-04T23:00/01-05T23:00 01-06T23:00/01-07T23:00"},
	    {EVENT("DTSTART:20260101T080000Z\r\nDURATION:PT1H\r\n"
		   "RDATE;VALUE=PERIOD:20260105T080000Z/PT2H,20260106T080000Z/"
		   "20260106T083000Z\r\n"),
		"01-01T08:00/01-01T09:00 01-05T08:00/01-05T10:00 01-06T08:00/01-06T08:30"},
	    /* Its start takes place, whatever the rule says. */
	    {EVENT("DTSTART:20260101T080000Z\r\nDURATION:PT1H\r\n"
		   "RRULE:FREQ=WEEKLY;BYDAY=MO;UNTIL=20260105T080000Z\r\n"),
		"01-01T08:00/01-01T09:00 01-05T08:00/01-05T09:00"},
	    /* One of a series is moved, another is cancelled. */
	    {EVENT("DTSTART:20260101T080000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;COUNT=4\r\n")
		    EVENT("RECURRENCE-ID:20260102T080000Z\r\nDTSTART:20260102T120000Z\r\n"
			  "DURATION:PT30M\r\n") EVENT("RECURRENCE-ID:20260103T080000Z\r\n"
						      "DTSTART:20260103T080000Z\r\n"
						      "STATUS:CANCELLED\r\n"),
		"01-01T08:00/01-01T09:00 01-02T12:00/01-02T12:30 01-04T08:00/01-04T09:00"},
	    /* Folded lines, letters of any case, what does not matter here. */
	    {"begin:vevent\r\ndtstart;value=\r\n "
	     "date:2026\r\n\t0427\r\nLOCATION:\r\nFOO:bar\r\n"
	     "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\nend:vevent\r\n",
		"04-26T22:00/04-27T22:00"},
	    {"", ""},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct world *w = *state;
		const char *text = arena_printf(
		    &w->arena, "BEGIN:VCALENDAR\r\n%sEND:VCALENDAR\r\n", cases[i].events);
		struct ics ics = read_in(w, text, "Europe/Amsterdam");
		const char *got = stretches(w, &ics);

		if (strcmp(got, cases[i].excluded))
			fail_msg("%s%s", cases[i].events, got);
	}
}

static void
entries_have_the_summary_as_their_text(void **state)
{
	struct ics ics = read_in(*state,
	    CALENDAR("X-WR-CALNAME:Feestdagen\r\n" EVENT(
		"DTSTART;VALUE=DATE:20260427\r\nSUMMARY:Koningsdag\\, vrij\\n\r\n")),
	    "UTC");

	assert_string_equal(ics.name, "Feestdagen");
	assert_int_equal(ics.excluded.count, 1);
	assert_int_equal(strncmp(ics.excluded.list[0].text, "Koningsdag, vrij", 16), 0);
	assert_null(strchr(ics.excluded.list[0].text, '\n'));
	assert_int_equal(ics.note_count, 0);
}

static void
the_zone_is_the_callers_or_the_files_or_utc_with_a_note(void **state)
{
	const char *own = CALENDAR(
	    "X-WR-TIMEZONE:Europe/Amsterdam\r\n" EVENT("DTSTART;VALUE=DATE:20260427\r\n"));
	const char *none = CALENDAR(EVENT("DTSTART;VALUE=DATE:20260427\r\n"));
	const char *utc = CALENDAR(EVENT("DTSTART:20260427T080000Z\r\nDURATION:PT1H\r\n"));
	struct ics ics;

	ics = read_in(*state, own, "Asia/Tokyo");
	assert_string_equal(ics.excluded.time_zone, "Asia/Tokyo");
	ics = read_in(*state, own, NULL);
	assert_string_equal(ics.excluded.time_zone, "Europe/Amsterdam");
	assert_int_equal(ics.note_count, 0);
	ics = read_in(*state, none, NULL);
	assert_string_equal(ics.excluded.time_zone, "UTC");
	assert_int_equal(ics.note_count, 1);
	assert_string_equal(
	    ics.notes[0], "it names no time zone that is known: its dates are those of UTC");
	ics = read_in(*state, utc, NULL);
	assert_int_equal(ics.note_count, 0);
}

static void
a_zone_is_found_by_its_path_or_its_definition(void **state)
{
	static const char *const texts[] = {
	    CALENDAR(EVENT("DTSTART;TZID=/freeassociation.sourceforge.net/Asia/Tokyo:"
			   "20260501T200000\r\nDURATION:PT1H\r\n")),
	    CALENDAR(
		"BEGIN:VTIMEZONE\r\nTZID:Tokyo Standard Time\r\nX-LIC-LOCATION:Asia/Tokyo\r\n"
		"BEGIN:STANDARD\r\nDTSTART:16010101T000000\r\nTZOFFSETFROM:+0900\r\n"
		"TZOFFSETTO:+0900\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n" EVENT(
		    "DTSTART;TZID=Tokyo Standard Time:20260501T200000\r\nDURATION:PT1H\r\n")),
	};

	for (size_t i = 0; i < COUNT(texts); i++) {
		struct ics ics = read_in(*state, texts[i], "UTC");

		assert_string_equal(stretches(*state, &ics), "05-01T11:00/05-01T12:00");
	}
}

static void
what_is_left_out_is_noted(void **state)
{
	struct ics ics = read_in(*state,
	    CALENDAR("BEGIN:VTODO\r\nEND:VTODO\r\nBEGIN:X-FOO\r\nEND:X-FOO\r\n" EVENT(
		"DTSTART:20260427T080000Z\r\nSUMMARY:A moment\r\n")
		    EVENT("DTSTART:20260427T080000Z\r\nDURATION:PT1H\r\nSTATUS:CANCELLED\r\n")),
	    "UTC");

	assert_int_equal(ics.excluded.count, 0);
	assert_int_equal(ics.note_count, 4);
	assert_string_equal(ics.notes[0], "line 3: VTODO was left out");
	assert_string_equal(ics.notes[1], "line 5: X-FOO was left out");
	assert_string_equal(
	    ics.notes[2], "event 1 (line 7, \"A moment\") was left out: it takes no time");
	assert_string_equal(ics.notes[3], "event 2 (line 12) was left out: it is cancelled");
}

static void
a_fault_names_the_line_or_the_event(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
	    {"", "must begin with BEGIN:VCALENDAR"},
	    {"<html>", "line 1: must be BEGIN:VCALENDAR"},
	    {"BEGIN:VEVENT\r\nEND:VEVENT\r\n", "line 1: must be BEGIN:VCALENDAR"},
	    {"BEGIN:VCALENDAR\r\n", "line 1: END:VCALENDAR is missing"},
	    {"BEGIN:VCALENDAR\r\nEND:VEVENT\r\n",
		"line 2: ends a component that did not begin"},
	    {CALENDAR("FOO\r\n"), "line 3: has no colon"},
	    {CALENDAR("BEGIN:VCALENDAR\r\n"), "line 3: a VCALENDAR within another component"},
	    {CALENDAR("BEGIN:VALARM\r\n" EVENT("") "END:VALARM\r\n"),
		"line 4: a VEVENT outside of the VCALENDAR"},
	    {CALENDAR("BEGIN:A\r\nBEGIN:B\r\nBEGIN:C\r\nBEGIN:D\r\nBEGIN:E\r\nBEGIN:F\r\n"),
		"line 8: components are nested too deeply"},
	    {"\xff", "is no text in UTF-8"},
	    {CALENDAR(EVENT("SUMMARY:Lunch\r\n")),
		"event 1 (line 3, \"Lunch\"): DTSTART is missing"},
	    {CALENDAR(EVENT("DTSTART;VALUE=DATE:20260101\r\n")
		     EVENT("DTSTART;VALUE=DATE:20260230\r\n")),
		"event 2 (line 7): DTSTART is no time from 1900 to 2999"},
	    {CALENDAR(EVENT("DTSTART:20260101T080060\r\n")),
		"event 1 (line 3): DTSTART is no time from 1900 to 2999"},
	    {CALENDAR(EVENT("DTSTART:99999999T000000Z\r\n")),
		"event 1 (line 3): DTSTART is no time from 1900 to 2999"},
	    {CALENDAR(EVENT("DTSTART:soon\r\n")), "event 1 (line 3): DTSTART cannot be read"},
	    {CALENDAR(EVENT("DTSTART:20260101T080000\r\nDTEND:never\r\n")),
		"event 1 (line 3): DTEND cannot be read"},
	    {CALENDAR(EVENT("DTSTART:20260101T080000\r\nDTEND;VALUE=DATE:20260102\r\n")),
		"event 1 (line 3): DTSTART and DTEND must both be dates or both be times"},
	    {CALENDAR(EVENT("DTSTART:20260101T080000\r\nDTEND:20260101T070000\r\n")),
		"event 1 (line 3): DTEND is before DTSTART"},
	    {CALENDAR(EVENT("DTSTART:20260101T080000\r\nDURATION:-PT1H\r\n")),
		"event 1 (line 3): DURATION is negative"},
	    {CALENDAR(EVENT("DTSTART;VALUE=DATE:20260101\r\nDURATION:PT1H\r\n")),
		"event 1 (line 3): DURATION of a date must be whole days"},
	    {CALENDAR(EVENT("DTSTART;TZID=W. Europe Standard Time:20260101T080000\r\n"
			    "DURATION:PT1H\r\n")),
		"event 1 (line 3): the time zone \"W. Europe Standard Time\" is not known: use "
		"a "
		"name such as Europe/Amsterdam"},
	    {CALENDAR(
		 EVENT("DTSTART;TZID=../../etc/passwd:20260101T080000\r\nDURATION:PT1H\r\n")),
		"event 1 (line 3): the time zone \"../../etc/passwd\" is not known: use a name "
		"such as Europe/Amsterdam"},
	    {CALENDAR(EVENT("DTSTART;VALUE=DATE:20260101\r\nRRULE:FREQ=OFTEN\r\n")),
		"event 1 (line 3): RRULE cannot be read"},
	    {CALENDAR(
		 EVENT("DTSTART;VALUE=DATE:20260101\r\nRRULE:FREQ=YEARLY;BYWEEKNO=20\r\n")),
		"event 1 (line 3): rrule: BYWEEKNO is not served"},
	    {CALENDAR(
		 EVENT("DTSTART:20260101T080000\r\nDURATION:PT1M\r\nRRULE:FREQ=SECONDLY\r\n")),
		"event 1 (line 3): rrule: FREQ is served from HOURLY to YEARLY; use an every "
		"or a "
		"cron trigger"},
	    {CALENDAR(EVENT("DTSTART;VALUE=DATE:20260101\r\nEXRULE:FREQ=DAILY\r\n")),
		"event 1 (line 3): EXRULE is not served"},
	    {CALENDAR(EVENT("DTSTART:20260101T080000\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY\r\n"
			    "EXDATE;VALUE=DATE:20260102\r\n")),
		"event 1 (line 3): DTSTART and EXDATE must both be dates or both be times"},
	    {CALENDAR(EVENT("DTSTART:20260101T080000\r\n"
			    "RECURRENCE-ID;RANGE=THISANDFUTURE:20260101T080000\r\n")),
		"event 1 (line 3): RECURRENCE-ID with RANGE is not served"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct world *w = *state;
		struct err err = {""};
		struct ics ics;

		if (ics_read(&w->arena, cases[i].text, strlen(cases[i].text), "UTC", w->zones,
			&ics, &err) != ERR_INPUT)
			fail_msg("accepted: %s", cases[i].text);
		if (strcmp(err.text, cases[i].why))
			fail_msg("%s\n%s", cases[i].text, err.text);
	}
}

/* Events, or characters, without end. */
static void
size_and_number_are_bounded(void **state)
{
	struct world *w = *state;
	struct buf text = BUF_INIT;
	struct err err = {""};
	struct ics ics;

	buf_adds(&text, "BEGIN:VCALENDAR\r\n");
	for (int i = 0; i <= ICS_EVENTS_MAX; i++)
		buf_adds(&text, EVENT("DTSTART;VALUE=DATE:20260101\r\n"));
	assert_int_equal(
	    ics_read(&w->arena, text.data, text.len, "UTC", w->zones, &ics, &err), ERR_INPUT);
	assert_string_equal(err.text, "line 8002: there are more than 2000 events");

	buf_reset(&text);
	buf_adds(&text, "BEGIN:VCALENDAR\r\nSUMMARY:");
	while (text.len < 140000)
		buf_adds(&text, "long\r\n ");
	assert_int_equal(
	    ics_read(&w->arena, text.data, text.len, "UTC", w->zones, &ics, &err), ERR_INPUT);
	assert_string_equal(err.text, "line 2: is longer than 65536 bytes");
	buf_release(&text);

	assert_int_equal(
	    ics_read(&w->arena, "BEGIN:VCALENDAR\0", 16, "UTC", w->zones, &ics, &err),
	    ERR_INPUT);
	assert_string_equal(err.text, "is no text in UTF-8");
}

/* Whatever is cut off or turned over in a file, it is read or refused. */
static void
broken_files_are_read_or_refused(void **state)
{
	static const char whole[] = CALENDAR("X-WR-TIMEZONE:Europe/Amsterdam\r\n" EVENT(
	    "DTSTART;TZID=Europe/Amsterdam:20260101T080000\r\nDURATION:PT1H\r\n"
	    "RRULE:FREQ=WEEKLY;BYDAY=MO,TU;UNTIL=20270101T000000Z\r\n"
	    "EXDATE;TZID=Europe/Amsterdam:20260105T080000,20260106T080000\r\n"
	    "RDATE;VALUE=PERIOD:20260105T080000Z/PT2H\r\nSUMMARY:x\r\n")
		EVENT("RECURRENCE-ID:20260112T070000Z\r\nDTSTART;VALUE=DATE:20260112\r\n"));
	struct world *w = *state;
	unsigned seed = 1;

	for (int i = 0; i < 4000; i++) {
		char text[sizeof whole];
		size_t len = sizeof whole - 1;
		struct arena arena = ARENA_INIT;
		struct err err = {""};
		struct ics ics;

		memcpy(text, whole, sizeof whole);
		for (int j = 0; j < 1 + i % 3; j++) {
			seed = seed * 1103515245 + 12345;
			text[(seed >> 8) % len] = ":;,=\r\n 09ZTPA\xc3"[(seed >> 4) % 14];
		}
		if (i % 5 == 0)
			len = (seed >> 8) % len;
		if (ics_read(&arena, text, len, NULL, w->zones, &ics, &err) && !*err.text)
			fail_msg("no reason: %s", text);
		arena_release(&arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(events_exclude_the_time_that_they_take),
	    cmocka_unit_test(entries_have_the_summary_as_their_text),
	    cmocka_unit_test(the_zone_is_the_callers_or_the_files_or_utc_with_a_note),
	    cmocka_unit_test(a_zone_is_found_by_its_path_or_its_definition),
	    cmocka_unit_test(what_is_left_out_is_noted),
	    cmocka_unit_test(a_fault_names_the_line_or_the_event),
	    cmocka_unit_test(size_and_number_are_bounded),
	    cmocka_unit_test(broken_files_are_read_or_refused),
	};

	return cmocka_run_group_tests_name("ics", tests, set_up, tear_down);
}
