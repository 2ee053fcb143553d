/* Clocks and calendar days in a zone. */
#include "data/calendar.h"
#include "data/datetime.h"

static const int64_t SECOND_US = 1000000, DAY_S = 86400;

enum datetime_fit datetime_of_local(const struct zone *z, int64_t local_us, enum datetime_pick pick, int64_t *us)
{
    int64_t local = calendar_floor(local_us, SECOND_US), at[2], change;
    int n = zone_instants(z, local / SECOND_US, at, &change);
    bool second = n == 0 ? pick != DATETIME_EARLIER : n == 2 && pick == DATETIME_LATER;
    *us = at[second] * SECOND_US + local_us - local;
    return n == 1 ? DATETIME_ONCE : n == 0 ? DATETIME_LEFT_OUT : DATETIME_TWICE;
}

/* The first instant whose date is this one or a later one. */
static int64_t day_start(const struct zone *z, int64_t days)
{
    int64_t at[2], change;
    int n = zone_instants(z, days * DAY_S, at, &change);
    return (n == 0 ? change : at[0]) * SECOND_US;
}

bool datetime_day_start(const char *zone, int year, int month, int day, int64_t *us)
{
    const struct zone *z = zone_find(zone);
    if (z == NULL)
        return false;
    int64_t y = year;
    int m = 1;
    calendar_add_months(&y, &m, (int64_t)month - 1);
    *us = day_start(z, calendar_days(y, m, 1) + day - 1);
    return true;
}

bool datetime_day_of(const char *zone, int64_t us, int *year, int *month, int *day)
{
    const struct zone *z = zone_find(zone);
    if (z == NULL)
        return false;
    int64_t seconds = calendar_floor(us, SECOND_US) / SECOND_US, y;
    int64_t local = seconds + zone_at(z, seconds).offset;
    calendar_date(calendar_floor(local, DAY_S) / DAY_S, &y, month, day);
    *year = (int)y;
    return true;
}
