/* Instants to and from text. The calendar is computed here; zones are in datetime_zone.c. */
#include "data/datetime.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "data/calendar.h"

static const int64_t SECOND_US = 1000000, DAY_US = INT64_C(86400) * 1000000;

/* Exactly n digits; moves on. */
static bool take_number(const char **s, int n, int *out)
{
    *out = 0;
    for (int i = 0; i < n; i++) {
        if (!isdigit((unsigned char)(*s)[i]))
            return false;
        *out = *out * 10 + ((*s)[i] - '0');
    }
    *s += n;
    return true;
}

static bool take_char(const char **s, char c)
{
    if (**s != c)
        return false;
    (*s)++;
    return true;
}

static bool take_date(const char **s, int64_t *days)
{
    int year, month, day;
    if (!take_number(s, 4, &year) || !take_char(s, '-') || !take_number(s, 2, &month) || !take_char(s, '-') ||
        !take_number(s, 2, &day))
        return false;
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > calendar_month_days(year, month))
        return false;
    *days = calendar_days(year, month, day);
    return true;
}

/* Digits after the point, to microseconds; what is finer is cut. */
static bool take_fraction(const char **s, int64_t *us)
{
    int64_t unit = SECOND_US;
    if (!isdigit((unsigned char)**s))
        return false;
    for (; isdigit((unsigned char)**s); (*s)++) {
        unit /= 10;
        *us += (**s - '0') * unit;
    }
    return true;
}

/* "03:04", "03:04:05", "03:04:05.678"; a leap second is the next minute's first. */
static bool take_time(const char **s, int64_t *us)
{
    int hour, minute, second = 0;
    if (!take_number(s, 2, &hour) || !take_char(s, ':') || !take_number(s, 2, &minute))
        return false;
    if (take_char(s, ':') && !take_number(s, 2, &second))
        return false;
    if (hour > 23 || minute > 59 || second > 60)
        return false;
    *us = (hour * INT64_C(3600) + minute * 60 + second) * SECOND_US;
    return !take_char(s, '.') || take_fraction(s, us);
}

/* "+01", "+0100", "+01:00", and "+00:53:28" from before there were zones */
static bool take_offset(const char **s, int64_t *us)
{
    int sign = **s == '-' ? -1 : 1, hour, minute = 0, second = 0;
    if (!take_char(s, '+') && !take_char(s, '-'))
        return false;
    if (!take_number(s, 2, &hour))
        return false;
    bool colon = take_char(s, ':');
    if ((colon || isdigit((unsigned char)**s)) && !take_number(s, 2, &minute))
        return false;
    if (colon && take_char(s, ':') && !take_number(s, 2, &second))
        return false;
    if (hour > 23 || minute > 59 || second > 59)
        return false;
    *us = sign * (hour * INT64_C(3600) + minute * 60 + second) * SECOND_US;
    return true;
}

static bool take_zone(const char **s, int64_t *us, bool *zoned)
{
    *us = 0;
    *zoned = **s != '\0';
    if (!*zoned || take_char(s, 'Z') || take_char(s, 'z'))
        return true;
    take_char(s, ' ');
    if (strcmp(*s, "UTC") == 0 || strcmp(*s, "GMT") == 0) {
        *s += 3;
        return true;
    }
    return take_offset(s, us);
}

static bool parse_iso(const char *s, int64_t *us, bool *zoned)
{
    int64_t days, time = 0, offset = 0;
    *zoned = false;
    if (!take_date(&s, &days))
        return false;
    if (*s != '\0') {
        if (!take_char(&s, 'T') && !take_char(&s, 't') && !take_char(&s, ' '))
            return false;
        if (!take_time(&s, &time) || !take_zone(&s, &offset, zoned) || *s != '\0')
            return false;
    }
    *us = days * DAY_US + time - offset;
    return true;
}

/* The 1-based place of a three-letter name in a list of them, 0 where it is not there. */
static int take_name(const char **s, const char *names)
{
    for (int i = 0; names[i * 3] != '\0'; i++) {
        if (strncmp(*s, names + i * 3, 3) == 0) {
            *s += 3;
            return i + 1;
        }
    }
    return 0;
}

/* "Thu Nov 08 02:31:41 +0000 2012" */
static bool parse_ctime(const char *s, int64_t *us)
{
    int64_t time, offset;
    int month, day, year;
    if (take_name(&s, "MonTueWedThuFriSatSun") == 0 || !take_char(&s, ' '))
        return false;
    month = take_name(&s, "JanFebMarAprMayJunJulAugSepOctNovDec");
    if (month == 0 || !take_char(&s, ' ') || !take_number(&s, 2, &day) || !take_char(&s, ' '))
        return false;
    if (!take_time(&s, &time) || !take_char(&s, ' ') || !take_offset(&s, &offset) || !take_char(&s, ' '))
        return false;
    if (!take_number(&s, 4, &year) || *s != '\0' || year < 1 || day < 1 || day > calendar_month_days(year, month))
        return false;
    *us = calendar_days(year, month, day) * DAY_US + time - offset;
    return true;
}

bool datetime_parse_zoned(const char *s, int64_t *us, bool *zoned)
{
    if (parse_iso(s, us, zoned))
        return true;
    *zoned = true;
    return parse_ctime(s, us);
}

bool datetime_parse(const char *s, int64_t *us)
{
    bool zoned;
    return datetime_parse_zoned(s, us, &zoned);
}

bool datetime_parse_duration(const char *s, int64_t *us)
{
    int64_t n = 0, unit;
    if (!isdigit((unsigned char)*s))
        return false;
    for (; isdigit((unsigned char)*s); s++) {
        if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, *s - '0', &n))
            return false;
    }
    switch (*s) {
    case 's': unit = 1; break;
    case 'm': unit = 60; break;
    case 'h': unit = 3600; break;
    case 'd': unit = 86400; break;
    case 'w': unit = INT64_C(7) * 86400; break;
    default: return false;
    }
    return s[1] == '\0' && !__builtin_mul_overflow(n, unit * SECOND_US, us);
}

bool datetime_parse_when(const char *s, int64_t now_us, int64_t *us)
{
    int64_t ago = 0;
    if (strncmp(s, "now", 3) != 0)
        return datetime_parse(s, us);
    if (s[3] != '\0' && (s[3] != '-' || !datetime_parse_duration(s + 4, &ago)))
        return false;
    return !__builtin_sub_overflow(now_us, ago, us);
}

/* A number and its letter. The letters must come in the order of units; where says how far we are. */
static bool take_iso_part(const char **s, const char *units, const char **where, double *seconds)
{
    static const double size[] = {['W'] = 604800, ['D'] = 86400, ['H'] = 3600, ['M'] = 60, ['S'] = 1};
    double n = 0, place = 1;
    const char *from = *s;
    for (; isdigit((unsigned char)**s); (*s)++)
        n = n * 10 + (**s - '0');
    if (*s == from)
        return false;
    bool fraction = take_char(s, '.');
    if (fraction) {
        if (!isdigit((unsigned char)**s))
            return false;
        for (; isdigit((unsigned char)**s); (*s)++)
            n += (**s - '0') * (place /= 10);
    }
    const char *unit = **s != '\0' ? strchr(*where != NULL ? *where : units, **s) : NULL;
    if (unit == NULL || (fraction && *unit != 'S'))
        return false;
    *where = unit + 1;
    (*s)++;
    *seconds += n * size[(unsigned char)*unit];
    return true;
}

/* Years and months have no fixed length and are refused. */
bool datetime_parse_iso_duration(const char *s, double *seconds)
{
    const char *where = NULL;
    double sum = 0;
    if (!take_char(&s, 'P') || *s == '\0')
        return false;
    while (*s != '\0' && *s != 'T') {
        if (!take_iso_part(&s, "WD", &where, &sum))
            return false;
    }
    if (take_char(&s, 'T')) {
        where = NULL;
        do {
            if (!take_iso_part(&s, "HMS", &where, &sum))
                return false;
        } while (*s != '\0');
    }
    if (sum > 1e15) /* far beyond anything that lasts */
        return false;
    *seconds = sum;
    return true;
}

/* ".5", ".678901", "": the microseconds of a second with so many digits; -1: as many as it takes. */
static void format_fraction(int micros, int digits, char out[16])
{
    snprintf(out, 16, ".%06d", micros);
    size_t n = digits < 0 ? 7 : (size_t)digits + 1;
    while (digits < 0 && n > 1 && out[n - 1] == '0')
        n--;
    out[n > 1 ? n : 0] = '\0';
}

void datetime_format_local(int64_t us, int32_t offset, int digits, char *out, size_t size)
{
    int64_t local = us + offset * SECOND_US, midnight = calendar_floor(local, DAY_US), year;
    int64_t seconds = (local - midnight) / SECOND_US;
    int month, day;
    char fraction[16];
    calendar_date(midnight / DAY_US, &year, &month, &day);
    format_fraction((int)((local - midnight) % SECOND_US), digits, fraction);
    snprintf(out, size, "%04lld-%02d-%02dT%02d:%02d:%02d%s", (long long)year, month, day, (int)(seconds / 3600),
             (int)(seconds / 60 % 60), (int)(seconds % 60), fraction);
}

void datetime_format_offset(int32_t offset, char *out, size_t size)
{
    int32_t seconds = offset < 0 ? -offset : offset;
    int n = snprintf(out, size, "%c%02d:%02d", offset < 0 ? '-' : '+', seconds / 3600, seconds / 60 % 60);
    if (seconds % 60 != 0 && n > 0 && (size_t)n < size)
        snprintf(out + n, size - (size_t)n, ":%02d", seconds % 60);
}

void datetime_format(int64_t us, char *out, size_t size)
{
    datetime_format_local(us, 0, -1, out, size);
    size_t n = strlen(out);
    snprintf(out + n, size - n, "Z");
}
