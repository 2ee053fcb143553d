#include "script/pg_time.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

/* Days since 1970-01-01: years run from March, so that the leap day is a year's last. */
static int64_t days_of(int64_t year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400, year_of_era = y - era * 400;
    int64_t day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

static void date_of(int64_t days, int64_t *year, int *month, int *day)
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

/* At least min and at most max digits. */
static bool take_digits(const char **s, int min, int max, int *out)
{
    int n = 0;
    for (*out = 0; n < max && isdigit((unsigned char)**s); n++)
        *out = *out * 10 + (*(*s)++ - '0');
    return n >= min;
}

static bool take(const char **s, char c)
{
    if (**s != c)
        return false;
    (*s)++;
    return true;
}

static bool take_fraction(const char **s, int *us)
{
    int unit = 100000, n = 0;
    for (*us = 0; isdigit((unsigned char)**s); n++, unit /= 10)
        *us += (*(*s)++ - '0') * unit;
    return n > 0 && n <= 6;
}

static bool take_offset(const char **s, int64_t *seconds)
{
    int h = 0, m = 0, sec = 0, sign = **s == '-' ? -1 : 1;
    if (!take(s, '+') && !take(s, '-'))
        return true;
    if (!take_digits(s, 2, 2, &h) || (take(s, ':') && !take_digits(s, 2, 2, &m)) ||
        (take(s, ':') && !take_digits(s, 2, 2, &sec)))
        return false;
    *seconds -= sign * (h * INT64_C(3600) + m * 60 + sec);
    return true;
}

bool pg_time_read(const char *s, struct pg_time *t)
{
    int year, month, day, h = 0, m = 0, sec = 0;
    *t = (struct pg_time){0};
    if (strcmp(s, "infinity") == 0 || strcmp(s, "-infinity") == 0) {
        t->infinite = *s == '-' ? -1 : 1;
        return true;
    }
    if (!take_digits(&s, 4, 6, &year) || !take(&s, '-') || !take_digits(&s, 2, 2, &month) || !take(&s, '-') ||
        !take_digits(&s, 2, 2, &day) || month < 1 || month > 12 || day < 1 || day > 31)
        return false;
    if (take(&s, ' ') || take(&s, 'T')) {
        if (!take_digits(&s, 2, 2, &h) || !take(&s, ':') || !take_digits(&s, 2, 2, &m) ||
            (take(&s, ':') && !take_digits(&s, 2, 2, &sec)) || (take(&s, '.') && !take_fraction(&s, &t->us)))
            return false;
    }
    t->seconds = h * INT64_C(3600) + m * 60 + sec;
    if (!take_offset(&s, &t->seconds))
        return false;
    bool bc = strcmp(s, " BC") == 0;
    t->seconds += days_of(bc ? 1 - (int64_t)year : year, month, day) * 86400;
    return bc || *s == '\0';
}

void pg_time_write(const struct pg_time *t, struct buf *out)
{
    if (t->infinite != 0) {
        buf_str(out, t->infinite < 0 ? "-infinity" : "infinity");
        return;
    }
    int64_t days = t->seconds / 86400, rest = t->seconds % 86400, year;
    int month, day;
    if (rest < 0)
        rest += 86400, days--;
    date_of(days, &year, &month, &day);
    buf_printf(out, "%04" PRId64 "-%02d-%02d %02d:%02d:%02d", year > 0 ? year : 1 - year, month, day, (int)(rest / 3600),
               (int)(rest / 60 % 60), (int)(rest % 60));
    if (t->us != 0)
        buf_printf(out, ".%06d", t->us);
    buf_str(out, "+00");
    if (year <= 0)
        buf_str(out, " BC");
}
