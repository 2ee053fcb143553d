/* Instants (microseconds since the epoch, UTC) to and from text, and calendar days in a zone. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/zone.h"

/* ISO 8601 date-times in the forms platforms send ("2024-01-02T03:04:05.678Z", "+0000", "+01:00", a blank for the T, a
 * trailing " UTC", no zone = UTC, a date alone = midnight UTC) and "Thu Nov 08 02:31:41 +0000 2012". All of s or nothing. */
bool datetime_parse(const char *s, int64_t *us);
/* The same; zoned says whether the text has an offset of its own, or was read as UTC for the lack of one. */
bool datetime_parse_zoned(const char *s, int64_t *us, bool *zoned);

/* What a person types: the above, "now", "now-7d", "now-15m". */
bool datetime_parse_when(const char *s, int64_t now_us, int64_t *us);

/* "15m", "7d", "2h", "30s", "2w" in microseconds. */
bool datetime_parse_duration(const char *s, int64_t *us);

/* ISO 8601 durations: "PT4M13S", "P1DT2H" in seconds. */
bool datetime_parse_iso_duration(const char *s, double *seconds);

/* "2024-01-02T03:04:05Z", or with ".678901" where there are microseconds (trailing zeros cut). size >= 32. */
void datetime_format(int64_t us, char *out, size_t size);

/* "2024-01-02T03:04:05.678" on a clock so many seconds east of UTC, without the offset; digits of the fraction 0 to 6, -1: as many as
 * it takes. "+05:45", "+00:53:28". */
void datetime_format_local(int64_t us, int32_t offset, int digits, char *out, size_t size);
void datetime_format_offset(int32_t offset, char *out, size_t size);

/* --- zones --- */

/* The instant at which the calendar day begins in an IANA zone ("America/Los_Angeles"); days may be out of range
 * (2024-01-32 = 1 February). false: no such zone. */
bool datetime_day_start(const char *zone, int year, int month, int day, int64_t *us);
/* The calendar day an instant falls on in a zone. */
bool datetime_day_of(const char *zone, int64_t us, int *year, int *month, int *day);

/* The instant at which a clock in the zone shows local_us. Where clocks were set forward and it is left out, NATURAL and LATER take
 * it by the offset from before (02:30 is 03:30 then), EARLIER by the one from after. Where they were set back and it comes twice,
 * NATURAL and EARLIER take the first. */
enum datetime_pick { DATETIME_NATURAL, DATETIME_EARLIER, DATETIME_LATER };
enum datetime_fit { DATETIME_ONCE, DATETIME_LEFT_OUT, DATETIME_TWICE };
enum datetime_fit datetime_of_local(const struct zone *z, int64_t local_us, enum datetime_pick pick, int64_t *us);

/* --- spans of time --- */

/* Months and days are the calendar's and have no fixed length; us is exact. All have one sign. */
struct datetime_span {
    int64_t months, days, us;
};
/* "1 month", "2 weeks 1 day", "1h30m", "-90 s", "1.5h", "P1Y2M", "PT4M13.5S". One sign, in front. m is minutes, mo months. */
bool datetime_parse_span(const char *s, struct datetime_span *out);
/* First the months (a day that the month has not becomes its last), then the days, both on the zone's clock, then the exact part. Of
 * a time that comes twice NATURAL takes the one whose offset held before. false: beyond the years 1 to 9999. */
bool datetime_add(const struct zone *z, int64_t us, const struct datetime_span *span, enum datetime_pick pick, int64_t *out);
/* How many whole units (of months or days; one of both is 0) lie between, towards 0. */
int64_t datetime_count(const struct zone *z, int64_t from, int64_t to, const struct datetime_span *unit);
/* "1d2h3m4.5s" or "P1DT2H3M4.5S"; size >= 64. */
void datetime_format_duration(int64_t us, bool iso, char *out, size_t size);
bool datetime_in_range(int64_t us); /* years 1 to 9999 */

/* --- buckets --- */

struct datetime_size { /* one is not 0 */
    int months, days;
    int seconds; /* a divisor of a day */
};
struct datetime_bucket {
    int64_t start, next; /* us */
    char label[48];
};
/* "hour", "day", "week", "month", "quarter", "year", "15m", "6h". *why: what is wrong with another text. */
bool datetime_parse_size(const char *s, struct datetime_size *out, const char **why);
/* Every instant is in one bucket, and the next one begins where it ends. A bucket begins where the zone's clock comes to a multiple of
 * its size or jumps over one. What clocks show twice is two buckets if it is a whole one, else one longer bucket. Days begin as
 * datetime_day_start says, weeks on Mondays. */
void datetime_bucket(const struct zone *z, int64_t us, const struct datetime_size *size, struct datetime_bucket *out);
