/*
 * Prints what calendars exclude, for tests/calendar/test_ics_oracle.py. On standard input stand, one
 * behind the other, a line and a file in iCalendar's form:
 *
 *	zone|from_us|to_us|step_us|bytes
 *
 * Each line of output is the excluded time from from_us to before to_us, as `begin-end` in
 * microseconds, with blanks between; or `error: ` and the reason. What is excluded, and what is free
 * between, is found where it takes a step's time at least.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calendar/ics.h"
#include "calendar/zone.h"

struct question {
	char zone[80];
	int64_t from_us, to_us, step_us;
	size_t bytes;
};

/* The first excluded instant after `free_us`, which is not, until `excluded_us`, which is. */
static int64_t
begin_between(struct exclusion_reader *r, int64_t free_us, int64_t excluded_us)
{
	struct excluded by;

	while (excluded_us - free_us > 1) {
		int64_t middle_us = free_us + (excluded_us - free_us) / 2;

		if (exclusion_at(r, middle_us, &by))
			excluded_us = middle_us;
		else
			free_us = middle_us;
	}
	return excluded_us;
}

static void
print_excluded(struct exclusion_reader *r, const struct question *q)
{
	int64_t us = q->from_us;

	while (us < q->to_us) {
		struct excluded by;
		int64_t begin_us, end_us;

		if (!exclusion_at(r, us, &by)) {
			us += q->step_us;
			continue;
		}
		begin_us = us == q->from_us ? us : begin_between(r, us - q->step_us, us);
		end_us = by.until_us;
		while (end_us < q->to_us && exclusion_at(r, end_us, &by))
			end_us = by.until_us;
		printf("%" PRId64 "-%" PRId64 " ", begin_us, end_us);
		/* Back to what the steps meet. */
		us = end_us + (q->step_us - (end_us - q->from_us) % q->step_us) % q->step_us;
	}
	putchar('\n');
}

static int
answer(struct zones *zones, struct arena *a, const struct question *q, const char *text,
    struct err *err)
{
	struct exclusion_reader r;
	struct ics ics;
	int ret = ics_read(a, text, q->bytes, q->zone, zones, &ics, err);

	if (!ret)
		ret = exclusion_reader_init(&r, a, &ics.excluded, 1, zones, err);
	if (!ret)
		print_excluded(&r, q);
	return ret;
}

int
main(void)
{
	struct zones *zones = zones_new(NULL);
	struct arena a = ARENA_INIT;
	struct question q;
	struct err err = {""};

	while (scanf("%79[^|]|%" SCNd64 "|%" SCNd64 "|%" SCNd64 "|%zu%*c", q.zone, &q.from_us,
		   &q.to_us, &q.step_us, &q.bytes) == 5) {
		char *text = arena_alloc(&a, q.bytes + 1);

		if (fread(text, 1, q.bytes, stdin) != q.bytes)
			return 1;
		if (answer(zones, &a, &q, text, &err))
			printf("error: %s\n", err.text);
		arena_clear(&a);
	}
	arena_release(&a);
	zones_free(zones);
	return 0;
}
