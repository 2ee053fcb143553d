/* Calendar days in a zone, by the C library's zone data. The library knows one zone at a time, that of TZ: it is switched and
 * put back around a question. A switch reads a file, so the answers are kept: payloads ask for few days, many times. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "data/datetime.h"

static const int64_t SECOND_US = 1000000;

enum { ZONE_NAME_MAX = 64, KEPT = 512 };

/* A name, not a path, and a file of zone data: the library itself takes any text for UTC. */
static bool zone_exists(const char *zone)
{
    char path[512], magic[4];
    size_t n = strlen(zone);
    if (n == 0 || n >= ZONE_NAME_MAX || zone[0] == '/' || strstr(zone, "..") != NULL)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!isalnum((unsigned char)zone[i]) && strchr("/_+-", zone[i]) == NULL)
            return false;
    }
    const char *dir = getenv("TZDIR");
    if (snprintf(path, sizeof path, "%s/%s", dir != NULL ? dir : "/usr/share/zoneinfo", zone) >= (int)sizeof path)
        return false;
    FILE *f = fopen(path, "rbe");
    if (f == NULL)
        return false;
    bool ok = fread(magic, 1, sizeof magic, f) == sizeof magic && memcmp(magic, "TZif", sizeof magic) == 0;
    fclose(f);
    return ok;
}

/* Returns what TZ was, for leave_zone. */
static char *enter_zone(const char *zone)
{
    char *old = mem_dup(getenv("TZ"));
    setenv("TZ", zone, 1);
    tzset();
    return old;
}

static void leave_zone(char *old)
{
    if (old != NULL)
        setenv("TZ", old, 1);
    else
        unsetenv("TZ");
    tzset();
    mem_free(old);
}

/* A date as a number that grows with it. */
static int64_t ordinal(const struct tm *tm)
{
    return ((int64_t)tm->tm_year * 12 + tm->tm_mon) * 31 + tm->tm_mday - 1;
}

/* The first second whose local date is the wanted one or a later one. Clocks are no more than a day away from UTC, and looking
 * for the change of date, not for midnight, is right too where midnight is skipped, comes twice, or the whole day is missing. */
static bool first_second(time_t utc_midnight, int64_t wanted, int64_t *us)
{
    time_t low = utc_midnight - 26 * 3600, high = utc_midnight + 26 * 3600; /* the date is before at low, reached at high */
    while (high - low > 1) {
        struct tm tm;
        time_t middle = low + (high - low) / 2;
        if (localtime_r(&middle, &tm) == NULL)
            return false;
        if (ordinal(&tm) >= wanted)
            high = middle;
        else
            low = middle;
    }
    *us = (int64_t)high * SECOND_US;
    return true;
}

static struct kept_day {
    char zone[ZONE_NAME_MAX];
    int year, month, day;
    int64_t us;
} kept[KEPT];

static struct kept_day *kept_place(const char *zone, int year, int month, int day)
{
    uint32_t h = (uint32_t)year * 372U + (uint32_t)month * 31U + (uint32_t)day;
    for (; *zone != '\0'; zone++)
        h = h * 31U + (unsigned char)*zone;
    return &kept[h % KEPT];
}

bool datetime_day_start(const char *zone, int year, int month, int day, int64_t *us)
{
    struct kept_day *k = kept_place(zone, year, month, day);
    if (k->zone[0] != '\0' && strcmp(k->zone, zone) == 0 && k->year == year && k->month == month && k->day == day) {
        *us = k->us;
        return true;
    }
    struct tm tm = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day};
    time_t midnight = timegm(&tm); /* brings days that are out of range into it */
    if (!zone_exists(zone) || gmtime_r(&midnight, &tm) == NULL)
        return false;
    char *old = enter_zone(zone);
    bool ok = first_second(midnight, ordinal(&tm), us);
    leave_zone(old);
    if (ok) {
        *k = (struct kept_day){.year = year, .month = month, .day = day, .us = *us};
        memcpy(k->zone, zone, strlen(zone) + 1);
    }
    return ok;
}

bool datetime_day_of(const char *zone, int64_t us, int *year, int *month, int *day)
{
    struct tm tm;
    time_t at = (time_t)(us / SECOND_US - (us % SECOND_US < 0 ? 1 : 0));
    if (!zone_exists(zone))
        return false;
    char *old = enter_zone(zone);
    bool ok = localtime_r(&at, &tm) != NULL;
    leave_zone(old);
    if (!ok)
        return false;
    *year = tm.tm_year + 1900;
    *month = tm.tm_mon + 1;
    *day = tm.tm_mday;
    return true;
}
