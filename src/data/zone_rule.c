#include "data/zone_rule.h"

#include <ctype.h>
#include <string.h>

#include "data/calendar.h"

static bool take_char(const char **s, char c)
{
    if (**s != c)
        return false;
    (*s)++;
    return true;
}

static bool take_number(const char **s, int max, int *out)
{
    if (!isdigit((unsigned char)**s))
        return false;
    for (*out = 0; isdigit((unsigned char)**s) && *out <= max; (*s)++)
        *out = *out * 10 + (**s - '0');
    return *out <= max;
}

/* "CET" or "<+0530>" */
static bool take_name(const char **s, char *out, size_t size)
{
    bool quoted = take_char(s, '<');
    size_t n = 0;
    for (; **s != '\0' && (quoted ? **s != '>' : isalpha((unsigned char)**s)); (*s)++) {
        if (n + 1 >= size)
            return false;
        out[n++] = **s;
    }
    out[n] = '\0';
    return n > 0 && (!quoted || take_char(s, '>'));
}

/* "2", "-1:30", "167:00:00" */
static bool take_clock(const char **s, int32_t *seconds)
{
    int sign = 1, hours, minutes = 0, rest = 0;
    if (take_char(s, '-'))
        sign = -1;
    else
        take_char(s, '+');
    if (!take_number(s, 167, &hours))
        return false;
    if (take_char(s, ':') && (!take_number(s, 59, &minutes) || (take_char(s, ':') && !take_number(s, 59, &rest))))
        return false;
    *seconds = sign * (hours * 3600 + minutes * 60 + rest);
    return true;
}

static bool take_day(const char **s, struct zone_day *out)
{
    *out = (struct zone_day){.kind = 'N', .seconds = 7200};
    if (take_char(s, 'M')) {
        out->kind = 'M';
        if (!take_number(s, 12, &out->month) || out->month < 1 || !take_char(s, '.') || !take_number(s, 5, &out->week) ||
            out->week < 1 || !take_char(s, '.') || !take_number(s, 6, &out->weekday))
            return false;
    } else {
        if (take_char(s, 'J'))
            out->kind = 'J';
        if (!take_number(s, 365, &out->day) || (out->kind == 'J' && out->day < 1))
            return false;
    }
    return !take_char(s, '/') || take_clock(s, &out->seconds);
}

/* What POSIX writes west of Greenwich is positive. */
bool zone_rule_parse(const char *text, struct zone_rule *out)
{
    *out = (struct zone_rule){0};
    const char *s = text;
    int32_t west;
    if (!take_name(&s, out->standard, sizeof out->standard) || !take_clock(&s, &west))
        return false;
    out->standard_offset = -west;
    if (*s == '\0')
        return true;
    out->has_daylight = true;
    out->daylight_offset = out->standard_offset + 3600;
    if (!take_name(&s, out->daylight, sizeof out->daylight))
        return false;
    if (*s != ',') {
        if (!take_clock(&s, &west))
            return false;
        out->daylight_offset = -west;
    }
    return take_char(&s, ',') && take_day(&s, &out->begin) && take_char(&s, ',') && take_day(&s, &out->end) && *s == '\0';
}

static int64_t day_of(const struct zone_day *d, int64_t year)
{
    if (d->kind != 'M') {
        int64_t days = calendar_days(year, 1, 1) + d->day - (d->kind == 'J');
        return days + (d->kind == 'J' && d->day > 59 && calendar_month_days(year, 2) == 29);
    }
    int64_t first = calendar_days(year, d->month, 1);
    int64_t days = first + (d->weekday - calendar_weekday(first) % 7 + 7) % 7 + (d->week - 1) * INT64_C(7);
    return days >= first + calendar_month_days(year, d->month) ? days - 7 : days; /* week 5 is the last one */
}

void zone_rule_year(const struct zone_rule *r, int64_t year, int64_t *begin, int64_t *end)
{
    *begin = day_of(&r->begin, year) * 86400 + r->begin.seconds - r->standard_offset;
    *end = day_of(&r->end, year) * 86400 + r->end.seconds - r->daylight_offset;
}
