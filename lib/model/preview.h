/* When a schedule is due, for people: in local time, and what clock changes do to it. Pure. */
#ifndef MODEL_PREVIEW_H
#define MODEL_PREVIEW_H

#include "model/schedule.h"

/* One due time. */
struct preview {
	int64_t due_us;
	size_t trigger;	       /* the first that is due then; */
	size_t trigger_count;  /* with several it is one due time all the same */
	const char *time_zone; /* in which offset_s holds */
	int32_t offset_s;
	struct touch touch; /* of the trigger */
	int64_t spread_us;  /* its run starts so much later: jitter */
	/* What the schedule's calendars make of it, which schedule_preview() does not ask. */
	const char *excluded; /* why it does not run then; NULL: it does */
	int64_t run_us;	      /* when it runs instead; INSTANT_NEVER: not */
	int32_t run_offset_s; /* holds then */
};

/*
 * The due times of all triggers at or after `from_us`, ascending, `cap` at most, into `list`.
 * When the schedule was made does not matter. A local trigger's are shown in its zone, others in
 * `time_zone`.
 *
 * Owns:  zones' names are borrowed from *s, or are `time_zone`.
 * Fails: as zones_get().
 */
MUST_CHECK int schedule_preview(const struct schedule *s, struct zones *zones,
    const char *time_zone, int64_t from_us, struct preview *list, size_t cap, size_t *count,
    struct err *err);

enum { PREVIEW_NOTE = 1600 };

/* What is unusual about a due time, as words without a stop; "" if nothing is. */
void preview_note(const struct preview *p, char out[PREVIEW_NOTE]);

enum { TRIGGER_TEXT = 320 };

/* `cron 30 2 * * 1-5`, `every 15m`, `at 2026-12-24T17:00:00.000Z`. */
void trigger_describe(const struct trigger *t, char out[TRIGGER_TEXT]);

#endif
