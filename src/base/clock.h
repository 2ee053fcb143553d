/* The two clocks. An instant is an int64_t: microseconds since 1970-01-01T00:00:00Z. */
#pragma once

#include <stdint.h>

int64_t clock_wall_us(void); /* TIDEMARK_NOW (ISO 8601, UTC) overrides it where set: demo data and golden tests */
int64_t clock_mono_us(void); /* for durations; starts anywhere */
