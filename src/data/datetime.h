/* Instants (microseconds since the epoch, UTC) to and from text, and calendar days in a zone. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ISO 8601 date-times in the forms platforms send ("2024-01-02T03:04:05.678Z", "+0000", "+01:00", a blank for the T, a
 * trailing " UTC", no zone = UTC, a date alone = midnight UTC) and "Thu Nov 08 02:31:41 +0000 2012". All of s or nothing. */
bool datetime_parse(const char *s, int64_t *us);

/* What a person types: the above, "now", "now-7d", "now-15m". */
bool datetime_parse_when(const char *s, int64_t now_us, int64_t *us);

/* "15m", "7d", "2h", "30s", "2w" in microseconds. */
bool datetime_parse_duration(const char *s, int64_t *us);

/* ISO 8601 durations: "PT4M13S", "P1DT2H" in seconds. */
bool datetime_parse_iso_duration(const char *s, double *seconds);

/* "2024-01-02T03:04:05Z", or with ".678901" where there are microseconds (trailing zeros cut). size >= 32. */
void datetime_format(int64_t us, char *out, size_t size);

/* The instant at which the calendar day begins in an IANA zone ("America/Los_Angeles"); days may be out of range
 * (2024-01-32 = 1 February). false: no such zone. */
bool datetime_day_start(const char *zone, int year, int month, int day, int64_t *us);
/* The calendar day an instant falls on in a zone. */
bool datetime_day_of(const char *zone, int64_t us, int *year, int *month, int *day);
