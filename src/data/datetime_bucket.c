/* Buckets of time on a zone's clock. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "data/calendar.h"
#include "data/datetime.h"

static const int64_t SECOND_US = 1000000, DAY_S = 86400;

bool datetime_parse_size(const char *s, struct datetime_size *out, const char **why)
{
    static const struct {
        const char *name;
        struct datetime_size size;
    } names[] = {{"minute", {.seconds = 60}}, {"hour", {.seconds = 3600}}, {"day", {.days = 1}},    {"week", {.days = 7}},
                 {"month", {.months = 1}},    {"quarter", {.months = 3}},  {"year", {.months = 12}}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(s, names[i].name) == 0) {
            *out = names[i].size;
            return true;
        }
    }
    int n = 0;
    const char *p = s;
    for (; isdigit((unsigned char)*p) && n < 100000; p++)
        n = n * 10 + (*p - '0');
    int unit = *p == 's' ? 1 : *p == 'm' ? 60 : *p == 'h' ? 3600 : 0;
    *why = "one of minute, hour, day, week, month, quarter, year, or a number with s, m or h: 15m, 6h";
    if (p == s || n == 0 || unit == 0 || p[1] != '\0')
        return false;
    *why = "seconds and minutes must divide an hour (5m, 15m, 30m), hours a day (2h, 6h, 12h)";
    if (n > 86400 / unit || (unit < 3600 && (n * unit > 3600 || 3600 % (n * unit) != 0)) || DAY_S % (n * unit) != 0)
        return false;
    *out = (struct datetime_size){.seconds = n * unit};
    return true;
}

/* --- parts of a day ---------------------------------------------------------------------------------------------------------- */

/* Whether a bucket goes on over the change at span.from, which before ends with. */
static bool goes_on(const struct zone_span *before, const struct zone_span *after, int64_t size)
{
    int64_t change = after->from;
    if (calendar_floor(change - 1 + before->offset, size) != calendar_floor(change + after->offset, size))
        return false;
    return after->offset >= before->offset || size > before->offset - after->offset;
}

static int64_t clock_start(const struct zone *z, int64_t t, int64_t size)
{
    for (;;) {
        struct zone_span s = zone_at(z, t);
        int64_t start = calendar_floor(t + s.offset, size) - s.offset;
        if (start > s.from)
            return start;
        struct zone_span before = zone_at(z, s.from - 1);
        if (!goes_on(&before, &s, size))
            return s.from;
        t = s.from - 1;
    }
}

static int64_t clock_next(const struct zone *z, int64_t t, int64_t size)
{
    for (;;) {
        struct zone_span s = zone_at(z, t);
        int64_t next = calendar_floor(t + s.offset, size) - s.offset + size;
        if (next < s.until)
            return next;
        struct zone_span after = zone_at(z, s.until);
        if (!goes_on(&s, &after, size))
            return s.until;
        t = s.until;
    }
}

/* "2024-10-27 02:00"; with its offset where that is two buckets, so that a label names one. */
static void clock_label(const struct zone *z, int64_t t, int64_t size, char *out, size_t room)
{
    int32_t offset = zone_at(z, t).offset;
    int64_t at[2], change, local = calendar_floor(t + offset, size);
    datetime_format_local(local * SECOND_US, 0, 0, out, room);
    out[10] = ' ';
    if (size % 60 == 0)
        out[16] = '\0';
    if (zone_instants(z, local, at, &change) == 2 && at[1] - at[0] >= size)
        datetime_format_offset(offset, out + strlen(out), room - strlen(out));
}

/* --- days and more ------------------------------------------------------------------------------------------------------------- */

static int64_t date_start(const struct zone *z, int64_t days)
{
    int64_t at[2], change;
    return zone_instants(z, days * DAY_S, at, &change) == 0 ? change : at[0];
}

static void date_label(int64_t first, const struct datetime_size *size, char *out, size_t room)
{
    int64_t year;
    int month, day, week;
    calendar_date(first, &year, &month, &day);
    if (size->days == 1) {
        snprintf(out, room, "%04lld-%02d-%02d", (long long)year, month, day);
    } else if (size->days == 7) {
        calendar_iso_week(first, &year, &week);
        snprintf(out, room, "%04lld-W%02d", (long long)year, week);
    } else if (size->months == 1) {
        snprintf(out, room, "%04lld-%02d", (long long)year, month);
    } else if (size->months == 3) {
        snprintf(out, room, "%04lld-Q%d", (long long)year, (month - 1) / 3 + 1);
    } else {
        snprintf(out, room, "%04lld", (long long)year);
    }
}

/* The first day of the period that a day is in, and of the one after it. */
static void period(int64_t days, const struct datetime_size *size, int64_t *first, int64_t *next)
{
    if (size->days > 0) {
        *first = size->days == 7 ? days - calendar_weekday(days) + 1 : days;
        *next = *first + size->days;
        return;
    }
    int64_t year;
    int month, day;
    calendar_date(days, &year, &month, &day);
    month = (month - 1) / size->months * size->months + 1;
    *first = calendar_days(year, month, 1);
    calendar_add_months(&year, &month, size->months);
    *next = calendar_days(year, month, 1);
}

void datetime_bucket(const struct zone *z, int64_t us, const struct datetime_size *size, struct datetime_bucket *out)
{
    int64_t t = calendar_floor(us, SECOND_US) / SECOND_US;
    if (size->seconds > 0) {
        out->start = clock_start(z, t, size->seconds) * SECOND_US;
        out->next = clock_next(z, t, size->seconds) * SECOND_US;
        clock_label(z, t, size->seconds, out->label, sizeof out->label);
        return;
    }
    int64_t first, next;
    period(calendar_floor(t + zone_at(z, t).offset, DAY_S) / DAY_S, size, &first, &next);
    /* A clock set back over midnight shows the day before once more: those instants are of the new day, as its first one was. */
    while (date_start(z, next) <= t)
        period(next, size, &first, &next);
    out->start = date_start(z, first) * SECOND_US;
    out->next = date_start(z, next) * SECOND_US;
    date_label(first, size, out->label, sizeof out->label);
}
