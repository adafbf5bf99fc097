/* Zones: known transitions, the footer's rules in years to come, and files that are not what they
 * should be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "calendar/civil.h"
#include "calendar/zone.h"
#include "zone_names.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static struct zones *zones;
static struct err err;

static int
set_up(void **state)
{
	(void)state;
	zones = zones_new(NULL);
	err.text[0] = '\0';
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	zones_free(zones);
	return 0;
}

static const struct zone *
zone_of(const char *name)
{
	const struct zone *zone;

	if (zones_get(zones, name, &zone, &err))
		fail_msg("%s: %s", name, err.text);
	return zone;
}

static int64_t
instant(const char *text)
{
	int64_t us;

	if (instant_parse(text, &us))
		fail_msg("%s", text);
	return us;
}

/* ---- what the world did and will do ---- */

static void
clocks_change_when_the_world_says(void **state)
{
	static const struct {
		const char *name, *at;
		int before_s, after_s;
		bool dst;
		const char *abbreviation; /* from then on */
	} cases[] = {
	    {"Europe/Amsterdam", "2026-03-29T01:00:00Z", 3600, 7200, true, "CEST"},
	    {"Europe/Amsterdam", "2026-10-25T01:00:00Z", 7200, 3600, false, "CET"},
	    {"Europe/Amsterdam", "2037-10-25T01:00:00Z", 7200, 3600, false, "CET"},
	    {"Europe/Amsterdam", "2038-03-28T01:00:00Z", 3600, 7200, true, "CEST"},
	    {"Europe/Amsterdam", "2100-03-28T01:00:00Z", 3600, 7200, true, "CEST"},
	    {"Europe/Amsterdam", "2100-10-31T01:00:00Z", 7200, 3600, false, "CET"},
	    {"Europe/Amsterdam", "9998-10-25T01:00:00Z", 7200, 3600, false, "CET"},
	    {"America/New_York", "2007-03-11T07:00:00Z", -18000, -14400, true, "EDT"},
	    {"America/New_York", "2007-11-04T06:00:00Z", -14400, -18000, false, "EST"},
	    {"America/New_York", "2038-03-14T07:00:00Z", -18000, -14400, true, "EDT"},
	    {"America/New_York", "2450-11-06T06:00:00Z", -14400, -18000, false, "EST"},
	    /* Half an hour, and the summer is at the turn of the year. */
	    {"Australia/Lord_Howe", "2026-04-04T15:00:00Z", 39600, 37800, false, "+1030"},
	    {"Australia/Lord_Howe", "2026-10-03T15:30:00Z", 37800, 39600, true, "+11"},
	    {"Australia/Lord_Howe", "2120-04-06T15:00:00Z", 39600, 37800, false, "+1030"},
	    /* A day that there never was. */
	    {"Pacific/Apia", "2011-12-30T10:00:00Z", -36000, 50400, true, "+14"},
	    /* The winter is the exception. */
	    {"Europe/Dublin", "2026-03-29T01:00:00Z", 0, 3600, false, "IST"},
	    {"Europe/Dublin", "2026-10-25T01:00:00Z", 3600, 0, true, "GMT"},
	    {"Europe/Dublin", "2100-10-31T01:00:00Z", 3600, 0, true, "GMT"},
	    {"Africa/Casablanca", "2026-02-15T02:00:00Z", 3600, 0, true, "+00"},
	    /* Two hours at once. */
	    {"Antarctica/Troll", "2026-10-25T01:00:00Z", 7200, 0, false, "+00"},
	    /* Footers with times before midnight and beyond the day. */
	    {"America/Nuuk", "2050-03-27T01:00:00Z", -7200, -3600, true, "-01"},
	    {"Asia/Gaza", "2090-10-27T23:00:00Z", 10800, 7200, false, "EET"},
	    {"Africa/Cairo", "2100-10-28T21:00:00Z", 10800, 7200, false, "EET"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct zone *zone = zone_of(cases[i].name);
		int64_t at_us = instant(cases[i].at);
		struct zone_segment before = zone_segment_at(zone, at_us - 1);
		struct zone_segment after = zone_segment_at(zone, at_us);

		if (before.end_us != at_us || after.start_us != at_us)
			fail_msg("%s: nothing happens at %s", cases[i].name, cases[i].at);
		if (before.offset_s != cases[i].before_s || after.offset_s != cases[i].after_s)
			fail_msg("%s at %s: %d to %d", cases[i].name, cases[i].at,
			    before.offset_s, after.offset_s);
		assert_int_equal(after.dst, cases[i].dst);
		assert_string_equal(after.abbreviation, cases[i].abbreviation);
	}
}

static void
utc_needs_no_file_and_never_changes(void **state)
{
	struct zones *none = zones_new("/nonexistent");
	const struct zone *zone;
	struct zone_segment s;

	(void)state;
	assert_int_equal(zones_get(none, "UTC", &zone, &err), 0);
	s = zone_segment_at(zone, 0);
	assert_true(s.start_us == INT64_MIN && s.end_us == INSTANT_NEVER);
	assert_int_equal(s.offset_s, 0);
	assert_string_equal(s.abbreviation, "UTC");
	assert_int_equal(zones_get(none, "Europe/Amsterdam", &zone, &err), ERR_IO);
	assert_string_equal(err.text, "/nonexistent: No such file or directory");
	zones_free(none);
}

/* Segments of the stretch from `from_us` on: no hole, no overlap, no change that is none. */
static size_t
walk(const struct zone *zone, int64_t from_us, int64_t to_us)
{
	struct zone_segment s = zone_segment_at(zone, from_us), next;
	size_t n = 1;

	assert_true(s.start_us <= from_us);
	for (; s.end_us < to_us; s = next, n++) {
		struct zone_segment last = zone_segment_at(zone, s.end_us - 1);

		assert_true(s.end_us > s.start_us);
		assert_memory_equal(&last, &s, sizeof s);
		next = zone_segment_at(zone, s.end_us);
		assert_int_equal(next.start_us, s.end_us);
		assert_int_not_equal(next.offset_s, s.offset_s);
		assert_true(n < 100000);
	}
	return n;
}

static void
the_segments_of_every_zone_have_neither_holes_nor_overlaps(void **state)
{
	static char names[ZONE_NAMES_MAX][ZONE_NAME_SIZE];
	size_t count = zone_names(names);

	(void)state;
	assert_true(count > 300);
	for (size_t i = 0; i < count; i++)
		walk(zone_of(names[i]), instant("1800-01-01T00:00:00Z"),
		    instant("2200-01-01T00:00:00Z"));
	walk(zone_of("Europe/Dublin"), INT64_MIN, INSTANT_NEVER);
	walk(zone_of("Asia/Gaza"), INT64_MIN, INSTANT_NEVER);
}

static void
a_zone_is_loaded_once(void **state)
{
	(void)state;
	assert_ptr_equal(zone_of("Asia/Tokyo"), zone_of("Asia/Tokyo"));
	assert_ptr_not_equal(zone_of("Asia/Tokyo"), zone_of("Asia/Seoul"));
}

/* ---- names ---- */

static void
no_name_leads_out_of_the_directory(void **state)
{
	static const char *const names[] = {"", "/", ".", "..", "../passwd", "/etc/passwd",
	    "Europe/../Europe/Amsterdam", "Europe//Amsterdam", "Europe/", "Europe/Amsterdam ",
	    "Europe/Amsterdam\n", "Europe\\Amsterdam", "tzdata.zi", "\xc3\xbc", "%s%n",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
	const struct zone *zone = NULL;

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		if (zones_get(zones, names[i], &zone, &err) != ERR_INPUT)
			fail_msg("accepted: %s", names[i]);
		assert_string_equal(err.text,
		    "unknown time zone; a name such as \"Europe/Amsterdam\" is expected");
		assert_null(zone);
	}
}

static void
an_unknown_zone_is_named(void **state)
{
	const struct zone *zone;

	(void)state;
	assert_int_equal(zones_get(zones, "Europe/Nowhere", &zone, &err), ERR_INPUT);
	assert_string_equal(err.text, "unknown time zone \"Europe/Nowhere\"");
	assert_int_equal(zones_get(zones, "Europe", &zone, &err), ERR_INPUT);
	assert_string_equal(err.text, "unknown time zone \"Europe\"");
	assert_int_equal(zones_get(zones, "UTC/x", &zone, &err), ERR_INPUT);
	assert_string_equal(err.text, "unknown time zone \"UTC/x\"");
}

static void
what_is_no_zone_file_is_unknown(void **state)
{
	char dir[] = "/tmp/test-zone-XXXXXX", path[64];
	const struct zone *zone;
	struct zones *mine;
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(dir));
	mine = zones_new(dir);
	snprintf(path, sizeof path, "%s/Text", dir);
	f = fopen(path, "w");
	fputs("no zone", f);
	fclose(f);
	assert_int_equal(zones_get(mine, "Text", &zone, &err), ERR_INPUT);
	assert_string_equal(err.text, "unknown time zone \"Text\"");
	f = fopen(path, "w");
	fputs("TZif", f);
	fclose(f);
	assert_int_equal(zones_get(mine, "Text", &zone, &err), ERR_INPUT);
	assert_string_equal(err.text,
	    "time zone \"Text\" is of no use: time zone data: this is "
	    "no whole TZif file");
	f = fopen(path, "w");
	fputs("TZif", f);
	assert_int_equal(ftruncate(fileno(f), 1 << 20), 0);
	fclose(f);
	assert_int_equal(zones_get(mine, "Text", &zone, &err), ERR_INPUT);
	assert_string_equal(err.text, "unknown time zone \"Text\"");
	unlink(path);
	/* Nor does it wait for somebody to write into it. */
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(zones_get(mine, "Text", &zone, &err), ERR_INPUT);
	unlink(path);
	rmdir(dir);
	zones_free(mine);
}

/* ---- files by hand ---- */

struct type {
	int32_t offset_s;
	unsigned char dst, abbreviation;
};

struct file {
	char version;
	struct type types[4];
	size_t type_count;
	int64_t times[4];
	unsigned char indexes[4];
	size_t time_count;
	const char *chars;
	size_t char_count;
	uint32_t leaps;
	const char *footer; /* with its newlines */
};

/* Standard +1, summer +2; changes at 1000 s and 2000 s. */
static const struct file plain = {
    .version = '2',
    .types = {{3600, 0, 0}, {7200, 1, 4}},
    .type_count = 2,
    .times = {1000, 2000},
    .indexes = {1, 0},
    .time_count = 2,
    .chars = "STD\0DST",
    .char_count = 8,
    .footer = "\nSTD-1\n",
};

static void
add_be(struct buf *b, int64_t v, int width)
{
	while (width--)
		buf_addc(b, (char)(v >> (8 * width)));
}

static void
add_block(struct buf *b, const struct file *f, bool full, int width)
{
	static const char zeros[15];
	size_t times = full ? f->time_count : 0, leaps = full ? f->leaps : 0;

	buf_adds(b, "TZif");
	buf_addc(b, f->version);
	buf_add(b, zeros, 15);
	add_be(b, 0, 4);
	add_be(b, 0, 4);
	add_be(b, (int64_t)leaps, 4);
	add_be(b, (int64_t)times, 4);
	add_be(b, full ? (int64_t)f->type_count : 1, 4);
	add_be(b, full ? (int64_t)f->char_count : 1, 4);
	for (size_t i = 0; i < times; i++)
		add_be(b, f->times[i], width);
	buf_add(b, f->indexes, times);
	for (size_t i = 0; full && i < f->type_count; i++) {
		add_be(b, f->types[i].offset_s, 4);
		buf_addc(b, (char)f->types[i].dst);
		buf_addc(b, (char)f->types[i].abbreviation);
	}
	if (full)
		buf_add(b, f->chars, f->char_count);
	else
		buf_add(b, zeros, 7);
	for (size_t i = 0; i < leaps; i++)
		buf_add(b, zeros, 12);
}

/* Parses in memory of exactly that size, so that a sanitizer sees a byte read too far. */
static int
parse_bytes(const void *data, size_t len, struct zone **zone)
{
	void *exact = malloc(len ? len : 1);
	int ret;

	memcpy(exact, data, len);
	ret = zone_parse(exact, len, zone, &err);
	free(exact);
	return ret;
}

static int
parse_file(const struct file *f, struct zone **zone)
{
	struct buf b = BUF_INIT;
	int ret;

	if (f->version) {
		add_block(&b, f, false, 4);
		add_block(&b, f, true, 8);
		buf_adds(&b, f->footer);
	} else {
		add_block(&b, f, true, 4);
	}
	ret = parse_bytes(b.data, b.len, zone);
	buf_release(&b);
	return ret;
}

static void
both_kinds_of_file_say_the_same(void **state)
{
	struct file f = plain;
	struct zone *zone;

	(void)state;
	for (const char *version = "234"; version; version = *version ? version + 1 : NULL) {
		f.version = *version;
		assert_int_equal(parse_file(&f, &zone), 0);
		assert_int_equal(zone_segment_at(zone, 999 * SECOND_US).offset_s, 3600);
		assert_int_equal(zone_segment_at(zone, 1000 * SECOND_US).offset_s, 7200);
		assert_int_equal(zone_segment_at(zone, 2000 * SECOND_US).offset_s, 3600);
		assert_true(zone_segment_at(zone, 2000 * SECOND_US).end_us == INSTANT_NEVER);
		zone_free(zone);
	}
}

static void
transitions_without_another_offset_are_none(void **state)
{
	struct file f = plain;
	struct zone *zone;

	(void)state;
	f.types[2] = (struct type){3600, 1, 4};
	f.type_count = 3;
	f.indexes[0] = 2;
	assert_int_equal(parse_file(&f, &zone), 0);
	assert_int_equal(walk(zone, INT64_MIN, INSTANT_NEVER), 1);
	zone_free(zone);
}

static void
a_file_that_begins_at_the_big_bang_is_read(void **state)
{
	struct file f = plain;
	struct zone *zone;

	(void)state;
	f.times[0] = -(INT64_C(1) << 59);
	f.times[1] = INT64_MAX;
	f.footer = "\nDST-2\n";
	assert_int_equal(parse_file(&f, &zone), 0);
	assert_int_equal(zone_segment_at(zone, INT64_MIN).offset_s, 7200);
	assert_int_equal(walk(zone, INT64_MIN, INSTANT_NEVER), 1);
	zone_free(zone);
}

static void
a_file_that_contradicts_itself_is_refused(void **state)
{
	struct file f;
	struct zone *zone;

	(void)state;
#define REFUSED(why)                                                   \
	do {                                                           \
		assert_int_equal(parse_file(&f, &zone), ERR_INPUT);    \
		assert_string_equal(err.text, "time zone data: " why); \
		assert_null(zone);                                     \
	} while (0)

	f = plain;
	f.version = '5';
	REFUSED("its version is not known");
	f.version = '1';
	REFUSED("its version is not known");
	f = plain;
	f.leaps = 1;
	REFUSED("it counts leap seconds, instants do not");
	f = plain;
	f.indexes[1] = 2;
	REFUSED("a transition leads to no local time");
	f = plain;
	f.times[1] = f.times[0];
	REFUSED("transitions are not in order");
	f = plain;
	f.types[1].offset_s = 26 * 3600 + 1;
	REFUSED("a local time is out of range");
	f.types[1].offset_s = INT32_MIN;
	REFUSED("a local time is out of range");
	f = plain;
	f.types[0].dst = 2;
	REFUSED("a local time is out of range");
	f = plain;
	f.types[1].abbreviation = 8;
	REFUSED("an abbreviation is out of range");
	f = plain;
	f.char_count = 7;
	REFUSED("an abbreviation is out of range");
	f = plain;
	f.type_count = 0;
	f.time_count = 0;
	REFUSED("it has no local time");
	f = plain;
	f.footer = "";
	REFUSED("it has no footer");
	f.footer = "STD-1\n";
	REFUSED("it has no footer");
	f.footer = "\nSTD-1";
	REFUSED("its footer does not end");
	f.footer = "\nSTD-3\n";
	REFUSED("its footer contradicts its last transition");
	/* Summer for ever, and the last transition leads to standard time. */
	f.footer = "\nSTD-1DST0,0/0,J365/23\n";
	REFUSED("its footer contradicts its last transition");
#undef REFUSED
}

static void
a_footer_that_is_no_rule_is_refused(void **state)
{
	static const char *const footers[] = {"ST-1", "STD", "STD-", "STD-1:60", "STD-1:00:60",
	    "STD-25", "<STD-1", "<>-1", "<S.T>-1", "STD-1DST", "STD-1DST,", "STD-1DST,M3.5.0",
	    "STD-1DST,M3.5.0,", "STD-1DST,M3.5.0,M10.5.0,", "STD-1DST,M0.5.0,M10.5.0",
	    "STD-1DST,M13.5.0,M10.5.0", "STD-1DST,M3.0.0,M10.5.0", "STD-1DST,M3.6.0,M10.5.0",
	    "STD-1DST,M3.5.7,M10.5.0", "STD-1DST,M3.5,M10.5.0", "STD-1DST,J0,J365",
	    "STD-1DST,J1,J366", "STD-1DST,0,366", "STD-1DST,-1,365", "STD-1DST,M3.5.0/168,J1",
	    "STD-1DST,M3.5.0/,J1", "STD-1DST,M3.5.0/1:60,J1", " STD-1", "STD -1", "STD-1 ",
	    "STD--1", "STD-99999999999999999999", ":Europe/Amsterdam"};
	char text[64];
	struct file f = plain;
	struct zone *zone;

	(void)state;
	for (size_t i = 0; i < COUNT(footers); i++) {
		snprintf(text, sizeof text, "\n%s\n", footers[i]);
		f.footer = text;
		if (parse_file(&f, &zone) != ERR_INPUT)
			fail_msg("accepted: %s", footers[i]);
		assert_string_equal(err.text, "time zone data: its footer is no rule");
	}
}

static void
the_footer_rules_behind_the_last_transition(void **state)
{
	/* When the clock changes in the year of `first`, and the offsets then. */
	static const struct {
		const char *footer, *first, *second;
		int first_s, second_s;
	} cases[] = {
	    {"STD-1DST,M3.5.0,M10.5.0/3", "2100-03-28T01:00:00Z", "2100-10-31T01:00:00Z", 7200,
		3600},
	    /* J60 is always the first of March, 59 is the leap day in a leap year. */
	    {"STD-1DST,J60/0,J304/0", "2100-02-28T23:00:00Z", "2100-10-30T22:00:00Z", 7200,
		3600},
	    {"STD-1DST,J60/0,J304/0", "2096-02-29T23:00:00Z", "2096-10-30T22:00:00Z", 7200,
		3600},
	    {"STD-1DST,59/0,303/0", "2100-02-28T23:00:00Z", "2100-10-30T22:00:00Z", 7200, 3600},
	    {"STD-1DST,59/0,303/0", "2096-02-28T23:00:00Z", "2096-10-29T22:00:00Z", 7200, 3600},
	    {"<+01>-1<+0330>-3:30:00,M3.1.1/-1,M11.4.6/25:30", "2100-02-28T22:00:00Z",
		"2100-11-27T22:00:00Z", 12600, 3600},
	    /* Negative: the winter is the exception. */
	    {"STD-1WIN0,M10.5.0,M3.5.0/1", "2100-03-28T01:00:00Z", "2100-10-31T01:00:00Z", 3600,
		0},
	    /* Beyond the ends of the year. */
	    {"STD-1DST,J365/48,J182/0", "2100-01-01T23:00:00Z", "2100-06-30T22:00:00Z", 7200,
		3600},
	};
	struct file f = plain;
	char text[64];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct zone *zone;
		struct zone_segment s;

		snprintf(text, sizeof text, "\n%s\n", cases[i].footer);
		f.footer = text;
		if (parse_file(&f, &zone))
			fail_msg("%s: %s", cases[i].footer, err.text);
		snprintf(text, sizeof text, "%.4s-01-01T00:00:00Z", cases[i].first);
		s = zone_segment_at(zone, instant(text));
		if (s.end_us != instant(cases[i].first)) {
			instant_format(s.end_us, text);
			fail_msg("%s: first %s", cases[i].footer, text);
		}
		s = zone_segment_at(zone, s.end_us);
		assert_int_equal(s.offset_s, cases[i].first_s);
		if (s.end_us != instant(cases[i].second)) {
			instant_format(s.end_us, text);
			fail_msg("%s: second %s", cases[i].footer, text);
		}
		assert_int_equal(zone_segment_at(zone, s.end_us).offset_s, cases[i].second_s);
		walk(zone, INT64_MIN, INSTANT_NEVER);
		zone_free(zone);
	}
}

static void
a_rule_that_never_changes_anything_is_none(void **state)
{
	static const struct {
		const char *footer;
		int offset_s;
	} cases[] = {
	    /* Summer for ever, as in RFC 8536's own example. */
	    {"STD-2DST-1,0/0,J365/23", 3600},
	    {"STD-1DST-1,M3.5.0,M10.5.0", 3600},
	    {"STD-1", 3600},
	    {"", 3600},
	};
	struct file f = plain;
	char text[64];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct zone *zone;

		snprintf(text, sizeof text, "\n%s\n", cases[i].footer);
		f.footer = text;
		assert_int_equal(parse_file(&f, &zone), 0);
		for (int64_t at_us = instant("2050-01-01T00:00:00Z");
		     at_us < instant("2054-01-01T00:00:00Z"); at_us += 10 * DAY_US) {
			if (zone_segment_at(zone, at_us).offset_s != cases[i].offset_s)
				fail_msg("%s", cases[i].footer);
		}
		walk(zone, INT64_MIN, INSTANT_NEVER);
		zone_free(zone);
	}
}

/* ---- damage ---- */

static size_t
read_real(const char *name, unsigned char *data, size_t size)
{
	char path[128];
	size_t len;
	FILE *f;

	snprintf(path, sizeof path, ZONE_DIR "/%s", name);
	f = fopen(path, "rb");
	assert_non_null(f);
	len = fread(data, 1, size, f);
	fclose(f);
	assert_true(len > 0 && len < size);
	return len;
}

static void
no_part_of_a_file_is_a_file(void **state)
{
	static const char *const names[] = {"Europe/Amsterdam", "Asia/Gaza", "Asia/Tokyo"};
	static unsigned char data[65536];

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		size_t whole = read_real(names[i], data, sizeof data);

		for (size_t len = 0; len < whole; len++) {
			struct zone *zone;

			if (parse_bytes(data, len, &zone) != ERR_INPUT)
				fail_msg("%s: accepted %zu of %zu bytes", names[i], len, whole);
			assert_null(zone);
		}
	}
}

static void
a_damaged_file_is_refused_or_still_a_sequence_of_segments(void **state)
{
	static const unsigned char flips[] = {0x01, 0x80, 0xff, 0x10};
	static unsigned char data[65536];
	size_t len = read_real("Australia/Lord_Howe", data, sizeof data), read = 0;

	(void)state;
	for (size_t at = 0; at < len; at++) {
		for (size_t i = 0; i < COUNT(flips); i++) {
			struct zone *zone;

			data[at] ^= flips[i];
			if (!parse_bytes(data, len, &zone)) {
				walk(zone, INT64_MIN, instant("2045-01-01T00:00:00Z"));
				zone_free(zone);
				read++;
			}
			data[at] ^= flips[i];
		}
	}
	assert_true(read > 0);
}

static void
a_local_time_is_one_instant(void **state)
{
	static const struct {
		const char *zone, *local, *instant;
	} cases[] = {
	    {"UTC", "2026-11-22T07:10:00Z", "2026-11-22T07:10:00Z"},
	    {"Europe/Amsterdam", "2026-01-15T12:00:00Z", "2026-01-15T11:00:00Z"},
	    {"Europe/Amsterdam", "2026-07-15T12:00:00Z", "2026-07-15T10:00:00Z"},
	    /* What is skipped comes at the end of the gap. */
	    {"Europe/Amsterdam", "2026-03-29T01:59:59Z", "2026-03-29T00:59:59Z"},
	    {"Europe/Amsterdam", "2026-03-29T02:00:00Z", "2026-03-29T01:00:00Z"},
	    {"Europe/Amsterdam", "2026-03-29T02:30:00Z", "2026-03-29T01:00:00Z"},
	    {"Europe/Amsterdam", "2026-03-29T03:00:00Z", "2026-03-29T01:00:00Z"},
	    /* What comes twice counts the first time. */
	    {"Europe/Amsterdam", "2026-10-25T02:00:00Z", "2026-10-25T00:00:00Z"},
	    {"Europe/Amsterdam", "2026-10-25T02:30:00Z", "2026-10-25T00:30:00Z"},
	    {"Europe/Amsterdam", "2026-10-25T03:00:00Z", "2026-10-25T02:00:00Z"},
	    /* A whole day that never was. */
	    {"Pacific/Apia", "2011-12-30T12:00:00Z", "2011-12-30T10:00:00Z"},
	    {"Asia/Kathmandu", "9999-12-31T23:59:59Z", "9999-12-31T18:14:59Z"},
	    {"America/New_York", "0001-01-01T00:00:00Z", "0001-01-01T04:56:02Z"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t us = zone_instant(zone_of(cases[i].zone), instant(cases[i].local));

		if (us != instant(cases[i].instant))
			fail_msg("%s in %s", cases[i].local, cases[i].zone);
	}
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(clocks_change_when_the_world_says),
	    TEST(utc_needs_no_file_and_never_changes),
	    TEST(the_segments_of_every_zone_have_neither_holes_nor_overlaps),
	    TEST(a_local_time_is_one_instant),
	    TEST(a_zone_is_loaded_once),
	    TEST(no_name_leads_out_of_the_directory),
	    TEST(an_unknown_zone_is_named),
	    TEST(what_is_no_zone_file_is_unknown),
	    TEST(both_kinds_of_file_say_the_same),
	    TEST(transitions_without_another_offset_are_none),
	    TEST(a_file_that_begins_at_the_big_bang_is_read),
	    TEST(a_file_that_contradicts_itself_is_refused),
	    TEST(a_footer_that_is_no_rule_is_refused),
	    TEST(the_footer_rules_behind_the_last_transition),
	    TEST(a_rule_that_never_changes_anything_is_none),
	    TEST(no_part_of_a_file_is_a_file),
	    TEST(a_damaged_file_is_refused_or_still_a_sequence_of_segments),
	};

	return cmocka_run_group_tests_name("zone", tests, NULL, NULL);
}
