/*
 * Time zones: see zone.h. The file's transitions become a table of segments, merged where the
 * offset stays; behind the table stands the rule of the file's footer, which is worked out for
 * the years around the question, each time anew, so that a zone is immutable and small.
 *
 * Every count and index of the file is checked before it is used: a zone is read from a
 * directory that others write.
 */
#include "calendar/zone.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/mem.h"
#include "calendar/civil.h"

enum {
	FILE_BYTES_MAX = 65536,
	HEADER_BYTES = 44,
	TYPE_BYTES = 6,
	OFFSET_MAX_S = 26 * 3600, /* RFC 8536 3.2 */
	NAME_BYTES_MAX = 64,
	YEAR_LAST = 9999,
};

/* A day of the year in the footer. */
struct rule_day {
	enum { DAY_JULIAN, DAY_ZERO_BASED, DAY_WEEKDAY } kind;
	int day;	 /* Jn: 1 to 365 without the leap day; n: 0 to 365 with it */
	int month, week; /* Mm.w.d: week 5 is the last; `day` is the weekday */
	int64_t time_s;	 /* local, from that day's midnight; also negative and above a day */
};

/* The footer: what holds after the table. */
struct rule {
	int32_t std_s, dst_s; /* offsets, east positive */
	char std_name[8], dst_name[8];
	bool has_dst;
	struct rule_day dst_start, dst_end;
};

struct zone {
	struct zone_segment
	    *segments; /* in order, without holes; the last ends at INSTANT_NEVER */
	size_t count;
	bool has_rule; /* the last segment ends with the rule's first change after rule_from_us
			*/
	int64_t rule_from_us; /* the file's last transition, which merging may have taken out */
	struct rule rule;
};

/* A moment from which another offset holds. */
struct change {
	int64_t at_us;
	bool dst;
};

static int
bad(struct err *err, const char *what)
{
	return err_fail(err, ERR_INPUT, "time zone data: %s", what);
}

static int64_t
read_be(const unsigned char *p, size_t width)
{
	uint64_t v = p[0] & 0x80 ? UINT64_MAX : 0;

	for (size_t i = 0; i < width; i++)
		v = v << 8 | p[i];
	return (int64_t)v;
}

/* What follows reads the footer: a POSIX TZ string with the extensions of RFC 8536 3.3.1. */

static bool
read_name(const char **p, char out[8])
{
	bool quoted = **p == '<';
	const char *start = *p + quoted, *end = start;
	size_t len;

	while ((*end >= 'a' && *end <= 'z') || (*end >= 'A' && *end <= 'Z') ||
	       (quoted && ((*end >= '0' && *end <= '9') || *end == '+' || *end == '-')))
		end++;
	len = (size_t)(end - start);
	if (len < 3 || (quoted && *end != '>'))
		return false;
	snprintf(out, 8, "%.*s", (int)len, start);
	*p = end + quoted;
	return true;
}

static bool
read_int(const char **p, int low, int high, int *value)
{
	const char *start = *p;
	int v = 0;

	for (; **p >= '0' && **p <= '9'; (*p)++) {
		v = v * 10 + (**p - '0');
		if (v > high)
			return false;
	}
	*value = v;
	return *p > start && v >= low;
}

/* [+-]h[:mm[:ss]] */
static bool
read_hms(const char **p, int hours_max, int64_t *seconds)
{
	int sign = **p == '-' ? -1 : 1, h, m = 0, s = 0;

	if (**p == '-' || **p == '+')
		(*p)++;
	if (!read_int(p, 0, hours_max, &h))
		return false;
	if (**p == ':') {
		(*p)++;
		if (!read_int(p, 0, 59, &m))
			return false;
		if (**p == ':') {
			(*p)++;
			if (!read_int(p, 0, 59, &s))
				return false;
		}
	}
	*seconds = sign * (h * 3600 + m * 60 + s);
	return true;
}

/* West is positive in POSIX. */
static bool
read_offset(const char **p, int32_t *offset_s)
{
	int64_t s;

	if (!read_hms(p, 24, &s))
		return false;
	*offset_s = (int32_t)-s;
	return true;
}

static bool
skip_char(const char **p, char c)
{
	if (**p != c)
		return false;
	(*p)++;
	return true;
}

/* ,date[/time] */
static bool
read_rule_day(const char **p, struct rule_day *d)
{
	if (!skip_char(p, ','))
		return false;
	if (skip_char(p, 'M')) {
		d->kind = DAY_WEEKDAY;
		if (!read_int(p, 1, 12, &d->month) || !skip_char(p, '.') ||
		    !read_int(p, 1, 5, &d->week) || !skip_char(p, '.') ||
		    !read_int(p, 0, 6, &d->day))
			return false;
	} else if (skip_char(p, 'J')) {
		d->kind = DAY_JULIAN;
		if (!read_int(p, 1, 365, &d->day))
			return false;
	} else {
		d->kind = DAY_ZERO_BASED;
		if (!read_int(p, 0, 365, &d->day))
			return false;
	}
	d->time_s = 2 * 3600;
	return !skip_char(p, '/') || read_hms(p, 167, &d->time_s);
}

static bool
read_rule(const char *text, struct rule *r)
{
	const char *p = text;

	*r = (struct rule){0};
	if (!read_name(&p, r->std_name) || !read_offset(&p, &r->std_s))
		return false;
	if (!*p)
		return true;
	r->has_dst = true;
	if (!read_name(&p, r->dst_name))
		return false;
	r->dst_s = r->std_s + 3600;
	if (*p != ',' && !read_offset(&p, &r->dst_s))
		return false;
	return read_rule_day(&p, &r->dst_start) && read_rule_day(&p, &r->dst_end) && !*p;
}

/* Days since 1970-01-01 of that day in `year`. */
static int64_t
rule_day_in(const struct rule_day *d, int year)
{
	int64_t first;
	int day;

	switch (d->kind) {
	case DAY_JULIAN:
		return civil_days(year, 1, 1) + d->day - 1 +
		       (d->day >= 60 && civil_month_length(year, 2) == 29);
	case DAY_ZERO_BASED:
		return civil_days(year, 1, 1) + d->day;
	case DAY_WEEKDAY:
		break;
	}
	first = civil_days(year, d->month, 1);
	day = 1 + (d->day - civil_weekday(first) + 7) % 7 + (d->week - 1) * 7;
	if (day > civil_month_length(year, d->month))
		day -= 7;
	return first + day - 1;
}

static struct change
change_in(const struct rule *r, bool dst, int year)
{
	const struct rule_day *d = dst ? &r->dst_start : &r->dst_end;
	int32_t before_s = dst ? r->std_s : r->dst_s;

	return (struct change){
	    .at_us = rule_day_in(d, year) * DAY_US + (d->time_s - before_s) * SECOND_US,
	    .dst = dst,
	};
}

/*
 * A rule whose two halves are the same, or of which one never ends ("XXX3EDT4,0/0,J365/23"),
 * has no changes: put the one offset that holds in the place of both.
 */
static void
rule_settle(struct rule *r)
{
	enum { YEAR = 2001 };
	int64_t start_us, end_us, next_us;

	if (!r->has_dst)
		return;
	start_us = change_in(r, true, YEAR).at_us;
	end_us = change_in(r, false, YEAR).at_us;
	next_us = change_in(r, true, YEAR + 1).at_us;
	if (end_us >= next_us) {
		r->std_s = r->dst_s;
		memcpy(r->std_name, r->dst_name, sizeof r->std_name);
	}
	if (r->std_s == r->dst_s || start_us == end_us || end_us >= next_us)
		r->has_dst = false;
}

enum { WINDOW_YEARS = 5, WINDOW_CHANGES = 2 * WINDOW_YEARS };

/*
 * The rule's changes in the years around `us`, oldest first. Times of a week beyond the day
 * that they are counted from can carry a change into the neighbouring year; two years to either
 * side are enough for that.
 */
static size_t
changes_around(const struct rule *r, int64_t us, struct change out[WINDOW_CHANGES])
{
	const int64_t first_us = civil_days(1, 1, 1) * DAY_US;
	const int64_t last_us = civil_days(YEAR_LAST, 1, 1) * DAY_US;
	int year = civil_from_us(us < first_us ? first_us : us > last_us ? last_us : us).year;
	size_t n = 0;

	for (int y = year - 2; y <= year + 2 && y <= YEAR_LAST; y++) {
		for (int dst = 0; dst <= 1; dst++) {
			struct change c = change_in(r, dst, y);
			size_t at = n++;

			for (; at > 0 && out[at - 1].at_us > c.at_us; at--)
				out[at] = out[at - 1];
			out[at] = c;
		}
	}
	return n;
}

static struct zone_segment
rule_segment(const struct rule *r, bool dst)
{
	struct zone_segment s = {
	    .start_us = INT64_MIN,
	    .end_us = INSTANT_NEVER,
	    .offset_s = dst ? r->dst_s : r->std_s,
	    .dst = dst,
	};

	memcpy(s.abbreviation, dst ? r->dst_name : r->std_name, sizeof s.abbreviation);
	return s;
}

/* The segment that holds `us`, which is not before the table's last; that one holds until the
 * rule says else. */
static struct zone_segment
segment_by_rule(const struct zone *zone, int64_t us)
{
	struct change changes[WINDOW_CHANGES];
	size_t n = changes_around(&zone->rule, us, changes);
	struct zone_segment s = zone->segments[zone->count - 1];

	for (size_t i = 0; i < n; i++) {
		struct zone_segment next = rule_segment(&zone->rule, changes[i].dst);

		if (changes[i].at_us <= zone->rule_from_us || next.offset_s == s.offset_s)
			continue;
		if (changes[i].at_us > us) {
			s.end_us = changes[i].at_us;
			break;
		}
		s = next;
		s.start_us = changes[i].at_us;
	}
	return s;
}

struct zone_segment
zone_segment_at(const struct zone *zone, int64_t us)
{
	size_t low = 0, high = zone->count;

	/* The segment sought is in [low, high). */
	while (high - low > 1) {
		size_t mid = low + (high - low) / 2;

		if (zone->segments[mid].start_us <= us)
			low = mid;
		else
			high = mid;
	}
	if (low + 1 == zone->count && zone->has_rule)
		return segment_by_rule(zone, us);
	return zone->segments[low];
}

int64_t
zone_instant(const struct zone *zone, int64_t civil_us)
{
	/* Offsets differ by at most 52 hours: the first segment that can hold it, or one before. */
	struct zone_segment s = zone_segment_at(zone, civil_us - 53 * HOUR_US);
	int64_t us;

	/* At the top: the local time comes behind every segment before `s`. */
	for (;; s = zone_segment_at(zone, s.end_us)) {
		us = civil_us - s.offset_s * SECOND_US;
		if (us < s.end_us)
			return us > s.start_us ? us : s.start_us;
	}
}

/* One data block of a file: RFC 8536 3.2. */
struct block {
	size_t time_width;
	size_t utc_count, std_count, leap_count, time_count, type_count, char_count;
	const unsigned char *times, *indexes, *types, *chars, *end;
};

/* The block that `at` begins, header first. False when it does not fit before `end`. */
static bool
block_read(
    const unsigned char *at, const unsigned char *end, size_t time_width, struct block *b)
{
	size_t *counts[] = {&b->utc_count, &b->std_count, &b->leap_count, &b->time_count,
	    &b->type_count, &b->char_count};
	size_t left = (size_t)(end - at), need;

	if (left < HEADER_BYTES || memcmp(at, "TZif", 4) != 0)
		return false;
	left -= HEADER_BYTES;
	for (size_t i = 0; i < 6; i++) {
		*counts[i] = (size_t)read_be(at + 20 + 4 * i, 4);
		/* Each counts elements of a byte or more. */
		if (*counts[i] > left)
			return false;
	}
	need = b->time_count * (time_width + 1) + b->type_count * TYPE_BYTES + b->char_count +
	       b->leap_count * (time_width + 4) + b->std_count + b->utc_count;
	if (need > left)
		return false;
	b->time_width = time_width;
	b->times = at + HEADER_BYTES;
	b->indexes = b->times + b->time_count * time_width;
	b->types = b->indexes + b->time_count;
	b->chars = b->types + b->type_count * TYPE_BYTES;
	b->end = at + HEADER_BYTES + need;
	return true;
}

static const char *
block_fault(const struct block *b)
{
	if (b->leap_count)
		return "it counts leap seconds, instants do not";
	if (!b->type_count || !b->char_count)
		return "it has no local time";
	for (size_t i = 0; i < b->type_count; i++) {
		const unsigned char *t = b->types + i * TYPE_BYTES;
		int64_t offset_s = read_be(t, 4);

		if (offset_s < -OFFSET_MAX_S || offset_s > OFFSET_MAX_S || t[4] > 1)
			return "a local time is out of range";
		if (t[5] >= b->char_count || !memchr(b->chars + t[5], 0, b->char_count - t[5]))
			return "an abbreviation is out of range";
	}
	for (size_t i = 0; i < b->time_count; i++) {
		const unsigned char *at = b->times + i * b->time_width;

		if (b->indexes[i] >= b->type_count)
			return "a transition leads to no local time";
		if (i &&
		    read_be(at, b->time_width) <= read_be(at - b->time_width, b->time_width))
			return "transitions are not in order";
	}
	return NULL;
}

/* Files may begin at the Big Bang, which microseconds do not reach. */
static int64_t
saturated_us(int64_t s)
{
	if (s < INT64_MIN / SECOND_US)
		return INT64_MIN;
	if (s > INT64_MAX / SECOND_US)
		return INSTANT_NEVER;
	return s * SECOND_US;
}

static struct zone_segment
type_segment(const struct block *b, size_t index)
{
	const unsigned char *t = b->types + index * TYPE_BYTES;
	struct zone_segment s = {
	    .start_us = INT64_MIN,
	    .end_us = INSTANT_NEVER,
	    .offset_s = (int32_t)read_be(t, 4),
	    .dst = t[4],
	};

	snprintf(s.abbreviation, sizeof s.abbreviation, "%.7s", (const char *)b->chars + t[5]);
	return s;
}

/* Make the segments of a block that has no fault. */
static void
add_segments(struct zone *z, const struct block *b)
{
	struct zone_segment *last;

	z->segments = mem_alloc((b->time_count + 1) * sizeof *z->segments);
	z->segments[z->count++] = type_segment(b, 0);
	z->rule_from_us = INT64_MIN;
	for (size_t i = 0; i < b->time_count; i++) {
		struct zone_segment next = type_segment(b, b->indexes[i]);

		next.start_us =
		    saturated_us(read_be(b->times + i * b->time_width, b->time_width));
		if (next.start_us == INSTANT_NEVER)
			break;
		z->rule_from_us = next.start_us;
		last = &z->segments[z->count - 1];
		if (next.start_us == INT64_MIN) {
			*last = next;
		} else if (next.offset_s != last->offset_s) {
			last->end_us = next.start_us;
			z->segments[z->count++] = next;
		}
	}
}

/* Read the footer in [at, end): a TZ string between two newlines. */
static const char *
add_rule(struct zone *z, const unsigned char *at, const unsigned char *end)
{
	const struct zone_segment *last = &z->segments[z->count - 1];
	const unsigned char *stop;
	char text[128];
	size_t len;

	if (at == end || *at != '\n')
		return "it has no footer";
	at++;
	stop = memchr(at, '\n', (size_t)(end - at));
	len = stop ? (size_t)(stop - at) : sizeof text;
	if (len >= sizeof text)
		return "its footer does not end";
	if (!len)
		return NULL;
	memcpy(text, at, len);
	text[len] = '\0';
	if (!read_rule(text, &z->rule))
		return "its footer is no rule";
	/* First: a summer that never ends leaves no standard time to be in. */
	rule_settle(&z->rule);
	if (last->offset_s != z->rule.std_s &&
	    (!z->rule.has_dst || last->offset_s != z->rule.dst_s))
		return "its footer contradicts its last transition";
	z->has_rule = z->rule.has_dst;
	return NULL;
}

int
zone_parse(const void *data, size_t len, struct zone **zone, struct err *err)
{
	const unsigned char *at = data, *end = at + len;
	struct zone *z = NULL;
	const char *fault;
	struct block b;
	bool has_footer;

	*zone = NULL;
	if (!block_read(at, end, 4, &b))
		return bad(err, "this is no whole TZif file");
	has_footer = at[4] != 0;
	if (has_footer && (at[4] < '2' || at[4] > '4'))
		return bad(err, "its version is not known");
	/* From version 2 on a second block with times of 64 bits says all that the first says.
	 */
	if (has_footer && !block_read(b.end, end, 8, &b))
		return bad(err, "its second part is not whole");
	fault = block_fault(&b);
	if (!fault) {
		z = mem_alloc(sizeof *z);
		add_segments(z, &b);
		if (has_footer)
			fault = add_rule(z, b.end, end);
	}
	if (fault) {
		zone_free(z);
		return bad(err, fault);
	}
	*zone = z;
	return 0;
}

void
zone_free(struct zone *zone)
{
	if (!zone)
		return;
	free(zone->segments);
	free(zone);
}

static struct zone *
zone_utc(void)
{
	struct zone *z = mem_alloc(sizeof *z);

	z->segments = mem_alloc(sizeof *z->segments);
	z->segments[0] = (struct zone_segment){
	    .start_us = INT64_MIN, .end_us = INSTANT_NEVER, .abbreviation = "UTC"};
	z->count = 1;
	return z;
}

/* A file as it was when it was read: a change of it shows here, or in what is in it. */
struct file_mark {
	dev_t device;
	ino_t inode;
	off_t bytes;
	struct timespec modified, changed;
	uint64_t hash;
};

/* The cache: a list, as a server uses a handful of zones. */
struct known {
	struct known *next;
	struct zone *zone;
	struct file_mark mark;
	char name[];
};

struct zones {
	const char *dir;
	struct known *known;
	uint64_t reads;
};

struct zones *
zones_new(const char *dir)
{
	struct zones *zones = mem_alloc(sizeof *zones);

	zones->dir = dir ? dir : "/usr/share/zoneinfo";
	return zones;
}

void
zones_free(struct zones *zones)
{
	struct known *next;

	if (!zones)
		return;
	for (struct known *k = zones->known; k; k = next) {
		next = k->next;
		zone_free(k->zone);
		free(k);
	}
	free(zones);
}

/* Components of letters, digits, `_`, `+` and `-`, with one slash between two: without a dot
 * none leads upwards. */
static bool
name_is_safe(const char *name)
{
	size_t len = strlen(name);

	if (!len || len > NAME_BYTES_MAX || name[0] == '/' || name[len - 1] == '/')
		return false;
	for (const char *p = name; *p; p++) {
		bool fine = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
			    (*p >= '0' && *p <= '9') || *p == '_' || *p == '+' || *p == '-';

		if (!fine && (*p != '/' || p[1] == '/'))
			return false;
	}
	return true;
}

static int
unknown(struct err *err, const char *name)
{
	return err_fail(err, ERR_INPUT, "unknown time zone \"%s\"", name);
}

static int
read_all(int fd, unsigned char *data, size_t cap, size_t *len)
{
	*len = 0;
	while (*len < cap) {
		ssize_t n = read(fd, data + *len, cap - *len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		if (n == 0)
			break;
		*len += (size_t)n;
	}
	return 0;
}

/* Open the zone's file below the directory; *fd stays -1 on failure. */
static int
open_zone(const char *dir, const char *name, int *fd, struct err *err)
{
	int dirfd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int errnum;

	if (dirfd < 0)
		return err_errno(err, ERR_IO, errno, "%s", dir);
	/* Not to be held up by a FIFO that somebody put there. */
	*fd = openat(dirfd, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	errnum = errno;
	close(dirfd);
	if (*fd >= 0)
		return 0;
	if (errnum == ENOENT || errnum == ENOTDIR)
		return unknown(err, name);
	return err_errno(err, ERR_IO, errnum, "%s/%s", dir, name);
}

static struct file_mark
mark_of(const struct stat *st)
{
	return (struct file_mark){
	    st->st_dev, st->st_ino, st->st_size, st->st_mtim, st->st_ctim, 0};
}

static bool
same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool
same_file(const struct file_mark *a, const struct file_mark *b)
{
	return a->device == b->device && a->inode == b->inode && a->bytes == b->bytes &&
	       same_time(a->modified, b->modified) && same_time(a->changed, b->changed);
}

static int
load(const char *dir, const char *name, struct zone **zone, struct file_mark *mark,
    struct err *err)
{
	unsigned char *data = NULL;
	struct stat st;
	size_t len;
	int fd = -1, ret, errnum;

	ret = open_zone(dir, name, &fd, err);
	if (ret)
		goto done;
	if (fstat(fd, &st) < 0) {
		ret = err_errno(err, ERR_IO, errno, "%s/%s", dir, name);
		goto done;
	}
	/* Before it is read: what changes it meanwhile is seen the next time. */
	*mark = mark_of(&st);
	if (!S_ISREG(st.st_mode) || st.st_size > FILE_BYTES_MAX) {
		ret = unknown(err, name);
		goto done;
	}
	data = mem_alloc(FILE_BYTES_MAX);
	errnum = read_all(fd, data, FILE_BYTES_MAX, &len);
	if (errnum)
		ret = err_errno(err, ERR_IO, errnum, "%s/%s", dir, name);
	else if (len < 4 || memcmp(data, "TZif", 4) != 0)
		ret = unknown(err, name);
	else if (zone_parse(data, len, zone, err))
		ret = err_wrap(err, ERR_INPUT, "time zone \"%s\" is of no use", name);
	else
		mark->hash = hash_add(HASH_BEGIN, data, len);

done:
	free(data);
	if (fd >= 0)
		close(fd);
	return ret;
}

int
zones_get(struct zones *zones, const char *name, const struct zone **zone, struct err *err)
{
	struct file_mark mark = {0};
	struct zone *loaded = NULL;
	size_t len = strlen(name);
	struct known *k;
	int ret;

	for (k = zones->known; k; k = k->next) {
		if (!strcmp(k->name, name)) {
			*zone = k->zone;
			return 0;
		}
	}
	if (!name_is_safe(name))
		return err_fail(err, ERR_INPUT,
		    "unknown time zone; a name such as \"Europe/Amsterdam\" is expected");
	if (!strcmp(name, "UTC"))
		loaded = zone_utc();
	else {
		ret = load(zones->dir, name, &loaded, &mark, err);
		if (ret)
			return ret;
	}
	k = mem_alloc(sizeof *k + len + 1);
	memcpy(k->name, name, len + 1);
	zones->reads++;
	k->zone = loaded;
	k->mark = mark;
	k->next = zones->known;
	zones->known = k;
	*zone = loaded;
	return 0;
}

uint64_t
zones_reads(const struct zones *zones)
{
	return zones->reads;
}

static bool
is_as_it_was(const char *dir, const struct known *k)
{
	struct file_mark mark;
	struct stat st;
	struct err unknown;
	int fd = -1;
	bool same;

	if (open_zone(dir, k->name, &fd, &unknown))
		return false;
	same = fstat(fd, &st) == 0;
	close(fd);
	if (!same)
		return false;
	mark = mark_of(&st);
	return same_file(&mark, &k->mark);
}

void
zones_refresh(struct zones *zones, void (*tell)(void *ctx, const char *name, const char *fault),
    void *ctx)
{
	for (struct known *k = zones->known; k; k = k->next) {
		struct file_mark mark = {0};
		struct zone *loaded = NULL;
		struct err err;
		bool other;

		if (!strcmp(k->name, "UTC") || is_as_it_was(zones->dir, k))
			continue;
		if (load(zones->dir, k->name, &loaded, &mark, &err)) {
			tell(ctx, k->name, err.text);
			continue;
		}
		other = mark.hash != k->mark.hash;
		zones->reads += other;
		k->mark = mark;
		zone_free(k->zone);
		k->zone = loaded;
		if (other)
			tell(ctx, k->name, NULL);
	}
}
