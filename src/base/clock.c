#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static int64_t read_clock(clockid_t id)
{
    struct timespec ts;
    clock_gettime(id, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t clock_wall_us(void)
{
    const char *fixed = getenv("TIDEMARK_NOW");
    struct tm tm = {0};
    if (fixed != NULL && strptime(fixed, "%Y-%m-%dT%H:%M:%SZ", &tm) != NULL)
        return (int64_t)timegm(&tm) * 1000000;
    return read_clock(CLOCK_REALTIME);
}

int64_t clock_mono_us(void)
{
    return read_clock(CLOCK_MONOTONIC);
}
