/* The Gregorian calendar in whole days since 1970-01-01, with ISO 8601's weeks. No zones, no time of day. */
#pragma once

#include <stdint.h>

int64_t calendar_days(int64_t year, int month, int day); /* month 1 to 12; the day may be out of range */
void calendar_date(int64_t days, int64_t *year, int *month, int *day);
int calendar_month_days(int64_t year, int month);
int calendar_weekday(int64_t days);                             /* 1 = Monday … 7 = Sunday */
void calendar_iso_week(int64_t days, int64_t *year, int *week); /* week 1 has the year's first Thursday */
int64_t calendar_floor(int64_t value, int64_t size);            /* the multiple of size at or below value */
void calendar_add_months(int64_t *year, int *month, int64_t n); /* stays on a month 1 to 12 */
