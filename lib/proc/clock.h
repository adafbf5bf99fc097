/* The only place that reads the clocks. Everything else takes `now` as an argument. */
#ifndef PROC_CLOCK_H
#define PROC_CLOCK_H

#include <stdint.h>

/* Microseconds since 1970-01-01T00:00:00Z. May jump. */
int64_t clock_wall_us(void);

/* Microseconds since some moment in the past. Never jumps; never meets a wall time in one
 * expression. */
int64_t clock_mono_us(void);

#endif
