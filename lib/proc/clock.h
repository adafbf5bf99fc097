/* The only place that reads the clocks. Everything else takes `now` as an argument. */
#ifndef PROC_CLOCK_H
#define PROC_CLOCK_H

#include <stdint.h>

/* Microseconds since 1970-01-01T00:00:00Z. May jump. */
int64_t clock_wall_us(void);

/* A moment of the wall clock as `2026-11-24T10:55:51.544Z`; after 1970 and before the year 10000. */
enum { CLOCK_TEXT = 32 };
void clock_text(int64_t us, char text[CLOCK_TEXT]);

/* Microseconds since some moment in the past. Never jumps; never meets a wall time in one
 * expression. */
int64_t clock_mono_us(void);

/*
 * How the clocks of the machine stand to each other. Nothing but a jump changes it: the wall clock
 * and the monotonic one are slewed alike, and the boot's clock differs from it by the time that the
 * machine was suspended.
 */
struct clock_offsets {
	int64_t wall_us; /* wall clock before monotonic */
	int64_t boot_us; /* clock of the boot before monotonic */
};

struct clock_offsets clock_offsets(void);

/* What happened to the wall clock between two looks. */
struct clock_jump {
	int64_t slept_us; /* the machine was suspended; 0: it was not */
	int64_t set_us;	  /* the clock was set, by so much forward; 0: it was not */
};

/* Jumps below this are none: the clocks are not read at one instant. */
#define CLOCK_JUMP_MIN_US (250 * 1000)

struct clock_jump clock_compare(struct clock_offsets before, struct clock_offsets now);

#endif
