/*
 * Time zones from the system's tzdata (TZif, RFC 8536, its footer included, so that years to
 * come have rules too).
 *
 * A zone is a sequence of segments of constant offset; all questions about daylight saving are
 * questions about neighbouring segments. A loaded zone never changes and may be shared.
 */
#ifndef CALENDAR_ZONE_H
#define CALENDAR_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct zone;

/* A stretch [start_us, end_us) of constant offset. The first starts at INT64_MIN, the last ends
 * at INSTANT_NEVER. */
struct zone_segment {
	int64_t start_us, end_us;
	int32_t offset_s; /* local = UTC + offset */
	bool dst;
	char abbreviation[8];
};

/*
 * Make a zone of the bytes of a TZif file.
 *
 * Owns:  the caller frees *zone with zone_free().
 * Fails: ERR_INPUT when the bytes are no TZif file of version 1 to 4, contradict themselves, or
 * count leap seconds.
 */
MUST_CHECK int zone_parse(const void *data, size_t len, struct zone **zone, struct err *err);
void zone_free(struct zone *zone);

/* The segment that holds `us`. A segment never has the same offset as the one before it. */
struct zone_segment zone_segment_at(const struct zone *zone, int64_t us);

/* The instant of a local time, given as civil_to_us(): the first, where a clock change repeats it;
 * where one skips it, the end of the gap. */
int64_t zone_instant(const struct zone *zone, int64_t civil_us);

/* A cache of the zones used so far, by IANA name, read from one directory of TZif files. One a
 * process. */
struct zones;

/* `dir` is borrowed for the life of the cache; NULL means /usr/share/zoneinfo. */
struct zones *zones_new(const char *dir);
void zones_free(struct zones *zones);

/*
 * Find or load a zone: "UTC", "Europe/Amsterdam". Names are checked, so that none leads out of
 * the directory. "UTC" works without any file.
 *
 * Owns:  *zone is borrowed until zones_refresh() or zones_free().
 * Fails: ERR_INPUT `unknown time zone "X"` (a name that cannot be one is not repeated), or what
 * zone_parse() has against the file; ERR_IO when it cannot be read.
 */
MUST_CHECK int zones_get(
    struct zones *zones, const char *name, const struct zone **zone, struct err *err);

/* How many times a file was read: another number than before says that some zone may be known by other rules
 * than those that another process had when it asked. */
uint64_t zones_reads(const struct zones *zones);

/*
 * Read those zones again whose files are others than when they were read: the system's tzdata was
 * changed. `tell` hears of each that says something else now (`fault` NULL), and of each whose new file
 * is gone or of no use: that one stays as it is, and is looked at again the next time.
 *
 * Costs a look at each file; to be called where no zone is in anybody's hands.
 */
void zones_refresh(struct zones *zones,
    void (*tell)(void *ctx, const char *name, const char *fault), void *ctx);

#endif
