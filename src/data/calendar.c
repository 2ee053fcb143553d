#include "data/calendar.h"

#include <stdbool.h>

static bool is_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int calendar_month_days(int64_t year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* Years run from March here, so that the leap day is a year's last. */
int64_t calendar_days(int64_t year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400, year_of_era = y - era * 400;
    int64_t day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

void calendar_date(int64_t days, int64_t *year, int *month, int *day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097, day_of_era = days - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t from_march = (5 * day_of_year + 2) / 153;
    *day = (int)(day_of_year - (153 * from_march + 2) / 5 + 1);
    *month = (int)(from_march < 10 ? from_march + 3 : from_march - 9);
    *year = year_of_era + era * 400 + (*month <= 2);
}

int64_t calendar_floor(int64_t value, int64_t size)
{
    int64_t rest = value % size;
    return value - rest - (rest < 0 ? size : 0);
}

int calendar_weekday(int64_t days)
{
    int64_t monday = calendar_floor(days + 3, 7) - 3; /* 1970-01-01 was a Thursday */
    return (int)(days - monday) + 1;
}

void calendar_iso_week(int64_t days, int64_t *year, int *week)
{
    int64_t thursday = days - calendar_weekday(days) + 4;
    int month, day;
    calendar_date(thursday, year, &month, &day);
    *week = (int)((thursday - calendar_days(*year, 1, 1)) / 7) + 1;
}

void calendar_add_months(int64_t *year, int *month, int64_t n)
{
    int64_t months = *year * 12 + *month - 1 + n, january = calendar_floor(months, 12);
    *year = january / 12;
    *month = (int)(months - january) + 1;
}
