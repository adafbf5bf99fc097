/* The clocks: see clock.h. */
#include "proc/clock.h"

#include <stdio.h>
#include <time.h>

static int64_t
read_us(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t
clock_wall_us(void)
{
	return read_us(CLOCK_REALTIME);
}

void
clock_text(int64_t us, char text[CLOCK_TEXT])
{
	time_t s = (time_t)(us / 1000000);
	struct tm tm = {0};
	size_t n;

	gmtime_r(&s, &tm);
	n = strftime(text, CLOCK_TEXT, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + n, CLOCK_TEXT - n, ".%03dZ", (int)(us / 1000 % 1000));
}

int64_t
clock_mono_us(void)
{
	return read_us(CLOCK_MONOTONIC);
}

struct clock_offsets
clock_offsets(void)
{
	/* Whoever is not interrupted reads all of them within this. */
	enum { CLOSE_US = 500, TRIES = 8 };
	struct clock_offsets best = {0};
	int64_t best_us = INT64_MAX;

	for (int i = 0; i < TRIES && best_us > CLOSE_US; i++) {
		int64_t before_us = clock_mono_us(), took_us;
		struct clock_offsets o;

		o.wall_us = clock_wall_us() - before_us;
		o.boot_us = read_us(CLOCK_BOOTTIME) - before_us;
		took_us = clock_mono_us() - before_us;
		if (took_us < best_us) {
			best = o;
			best_us = took_us;
		}
	}
	return best;
}

static int64_t
jump_of(int64_t us)
{
	return us > -CLOCK_JUMP_MIN_US && us < CLOCK_JUMP_MIN_US ? 0 : us;
}

struct clock_jump
clock_compare(struct clock_offsets before, struct clock_offsets now)
{
	int64_t slept_us = now.boot_us - before.boot_us;
	struct clock_jump jump = {
	    .slept_us = slept_us < 0 ? 0 : jump_of(slept_us),
	    .set_us = jump_of(now.wall_us - before.wall_us - slept_us),
	};

	return jump;
}
