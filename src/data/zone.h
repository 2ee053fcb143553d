/* Time zones by their IANA names, from the machine's own zone files (TZif, RFC 8536; the folder is TZDIR or /usr/share/zoneinfo).
 * Read once and kept as long as the process lives. The C library is not asked: it knows one zone at a time, that of the
 * environment. Seconds are since the epoch, "local" ones what a clock there shows, read as if it were UTC. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct zone;

const struct zone *zone_find(const char *name); /* NULL: no such zone */
const struct zone *zone_utc(void);              /* needs no file; what zone_find gives for "UTC" */

/* A stretch of time [from, until) in which one offset holds; INT64_MIN and INT64_MAX where it has no end. */
struct zone_span {
    int64_t from, until;
    int32_t offset; /* seconds east of UTC */
    bool dst;
    char abbreviation[12];
};
struct zone_span zone_at(const struct zone *z, int64_t seconds);

/* When clocks show local. 1 or 2 (set back: it comes twice): at[0] <= at[1] are the instants. 0 (set forward: it is left out):
 * at[0] reads local with the offset after the change and so lies before it, at[1] the other way round, and *change is it. */
int zone_instants(const struct zone *z, int64_t local, int64_t at[2], int64_t *change);
