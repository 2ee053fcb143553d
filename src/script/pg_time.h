/* Instants as PostgreSQL writes and reads them in ISO style, over its whole range (4713 BC to 294276). Inside script/ only. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct pg_time {
    int64_t seconds; /* since the epoch */
    int us;          /* 0 to 999 999 */
    int infinite;    /* -1, 1: -infinity, infinity */
};

/* "2024-01-02 03:04:05.678901+00", "0044-03-15 12:00:00+00:34:08 BC", "infinity"; without an offset: UTC. All of text or nothing. */
bool pg_time_read(const char *text, struct pg_time *t);
/* Appends "2024-01-02 03:04:05.678901+00". */
void pg_time_write(const struct pg_time *t, struct buf *out);
