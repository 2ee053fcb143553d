/* Spans of time: read, written, and added to instants. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "data/calendar.h"
#include "data/datetime.h"

static const int64_t SECOND_US = 1000000, DAY_US = INT64_C(86400) * 1000000;
static const int64_t NUMBER_MAX =
    INT64_C(1000000000000); /* of anything; also in microseconds no overflow of what is added up */

struct unit {
    const char *names[5];
    int months, days;
    int64_t us;
};

static const struct unit units[] = {
    {{"y", "yr", "year", "years", NULL}, 12, 0, 0},
    {{"q", "quarter", "quarters", NULL}, 3, 0, 0},
    {{"mo", "month", "months", NULL}, 1, 0, 0},
    {{"w", "week", "weeks", NULL}, 0, 7, 0},
    {{"d", "day", "days", NULL}, 0, 1, 0},
    {{"h", "hr", "hour", "hours", NULL}, 0, 0, INT64_C(3600000000)},
    {{"m", "min", "minute", "minutes", NULL}, 0, 0, 60000000},
    {{"s", "sec", "second", "seconds", NULL}, 0, 0, 1000000},
    {{"ms", NULL}, 0, 0, 1000},
    {{"us", NULL}, 0, 0, 1},
};
static const struct unit iso_date[] = {
    {{"Y", NULL}, 12, 0, 0}, {{"M", NULL}, 1, 0, 0}, {{"W", NULL}, 0, 7, 0}, {{"D", NULL}, 0, 1, 0}};
static const struct unit iso_time[] = {
    {{"H", NULL}, 0, 0, INT64_C(3600000000)}, {{"M", NULL}, 0, 0, 60000000}, {{"S", NULL}, 0, 0, 1000000}};

/* "12", "1.5": the whole and millionths of one; what is finer is cut. */
static bool take_amount(const char **s, int64_t *whole, int64_t *millionths)
{
    *whole = *millionths = 0;
    if (!isdigit((unsigned char)**s))
        return false;
    for (; isdigit((unsigned char)**s); (*s)++) {
        *whole = *whole * 10 + (**s - '0');
        if (*whole > NUMBER_MAX)
            return false;
    }
    if (**s != '.' && **s != ',')
        return true;
    (*s)++;
    if (!isdigit((unsigned char)**s))
        return false;
    for (int64_t place = 100000; isdigit((unsigned char)**s); (*s)++, place /= 10)
        *millionths += (**s - '0') * place;
    return true;
}

static const struct unit *take_unit(const char **s, const struct unit *list, size_t n)
{
    size_t len = 0;
    while (isalpha((unsigned char)(*s)[len]) && (list == units || len == 0))
        len++;
    for (size_t i = 0; i < n; i++) {
        for (const char *const *name = list[i].names; *name != NULL; name++) {
            if (strlen(*name) == len && strncmp(*name, *s, len) == 0) {
                *s += len;
                return &list[i];
            }
        }
    }
    return NULL;
}

/* A fraction only of what has a fixed length. */
static bool take_part(const char **s, const struct unit *list, size_t n, struct datetime_span *out)
{
    int64_t whole, millionths, us;
    if (!take_amount(s, &whole, &millionths))
        return false;
    while (list == units && **s == ' ')
        (*s)++;
    const struct unit *u = take_unit(s, list, n);
    if (u == NULL || (millionths != 0 && u->us == 0))
        return false;
    out->months += whole * u->months;
    out->days += whole * u->days;
    return !__builtin_mul_overflow(whole, u->us, &us) && !__builtin_add_overflow(out->us, us, &out->us) &&
           !__builtin_add_overflow(out->us, millionths * (u->us / 1000000) + millionths * (u->us % 1000000) / 1000000,
                                   &out->us);
}

static bool parse_iso(const char *s, struct datetime_span *out)
{
    size_t parts = 0;
    for (; *s != '\0' && *s != 'T'; parts++)
        if (!take_part(&s, iso_date, sizeof iso_date / sizeof *iso_date, out))
            return false;
    if (*s == 'T') {
        s++;
        do {
            if (!take_part(&s, iso_time, sizeof iso_time / sizeof *iso_time, out))
                return false;
            parts++;
        } while (*s != '\0');
    }
    return parts > 0;
}

static bool parse_words(const char *s, struct datetime_span *out)
{
    do {
        if (!take_part(&s, units, sizeof units / sizeof *units, out))
            return false;
        while (*s == ' ')
            s++;
    } while (*s != '\0');
    return true;
}

bool datetime_parse_span(const char *s, struct datetime_span *out)
{
    *out = (struct datetime_span){0};
    bool minus = *s == '-';
    if (*s == '-' || *s == '+')
        s++;
    while (*s == ' ')
        s++;
    if (strlen(s) > 200 || !(*s == 'P' ? parse_iso(s + 1, out) : parse_words(s, out)))
        return false;
    if (minus)
        *out = (struct datetime_span){-out->months, -out->days, -out->us};
    return true;
}

bool datetime_in_range(int64_t us)
{
    return us >= INT64_C(-62135596800) * SECOND_US && us < INT64_C(253402300800) * SECOND_US;
}

/* An instant as its zone's clock shows it; how far that is from UTC. */
static int64_t local_of(const struct zone *z, int64_t us, int64_t *offset_us)
{
    *offset_us = zone_at(z, calendar_floor(us, SECOND_US) / SECOND_US).offset * SECOND_US;
    return us + *offset_us;
}

static bool move_local(int64_t *local, const struct datetime_span *span)
{
    int64_t midnight = calendar_floor(*local, DAY_US), year;
    int month, day;
    calendar_date(midnight / DAY_US, &year, &month, &day);
    calendar_add_months(&year, &month, span->months);
    if (year < -1 || year > 10001)
        return false;
    int last = calendar_month_days(year, month);
    int64_t days = calendar_days(year, month, day < last ? day : last) + span->days;
    if (days < -800000 || days > 3000000)
        return false;
    *local = days * DAY_US + (*local - midnight);
    return true;
}

bool datetime_add(const struct zone *z, int64_t us, const struct datetime_span *span, enum datetime_pick pick, int64_t *out)
{
    if (span->months != 0 || span->days != 0) {
        int64_t offset, new_offset, local = local_of(z, us, &offset);
        if (!move_local(&local, span))
            return false;
        if (datetime_of_local(z, local, pick, &us) == DATETIME_TWICE && pick == DATETIME_NATURAL &&
            local_of(z, local - offset, &new_offset) == local)
            us = local - offset;
    }
    return !__builtin_add_overflow(us, span->us, out) && datetime_in_range(*out);
}

int64_t datetime_count(const struct zone *z, int64_t from, int64_t to, const struct datetime_span *unit)
{
    int64_t offset, a = local_of(z, from, &offset), b = local_of(z, to, &offset), n;
    if (unit->months != 0) {
        int64_t year_a, year_b;
        int month_a, month_b, day;
        calendar_date(calendar_floor(a, DAY_US) / DAY_US, &year_a, &month_a, &day);
        calendar_date(calendar_floor(b, DAY_US) / DAY_US, &year_b, &month_b, &day);
        n = ((year_b - year_a) * 12 + month_b - month_a) / unit->months;
    } else {
        n = (b - a) / (unit->days * DAY_US);
    }
    int step =
        to < from ? -1 : 1; /* that guess is never too small by more than one: away from it until it is too far, then back */
    for (n += step;; n -= step) {
        struct datetime_span span = {n * unit->months, n * unit->days, 0};
        int64_t at;
        if (n == 0 || (datetime_add(z, from, &span, DATETIME_NATURAL, &at) && (step > 0 ? at <= to : at >= to)))
            return n;
    }
}

void datetime_format_duration(int64_t us, bool iso, char *out, size_t size)
{
    uint64_t rest = us < 0 ? -(uint64_t)us : (uint64_t)us;
    const uint64_t day = 86400000000U, hour = 3600000000U, minute = 60000000U;
    const struct {
        uint64_t n;
        const char *unit, *iso;
    } parts[] = {{rest / day, "d", "D"}, {rest % day / hour, "h", "H"}, {rest % hour / minute, "m", "M"}};
    size_t n = (size_t)snprintf(out, size, "%s%s", us < 0 ? "-" : "", iso ? "P" : "");
    bool any = false, clock = false;
    uint64_t tail = rest % minute;
    for (size_t i = 0; i < 3; i++) {
        if (parts[i].n == 0)
            continue;
        n += (size_t)snprintf(out + n, size - n, "%s%llu%s", iso && i > 0 && !clock ? "T" : "", (unsigned long long)parts[i].n,
                              iso ? parts[i].iso : parts[i].unit);
        clock = clock || i > 0;
        any = true;
    }
    if (tail == 0 && any)
        return;
    char fraction[16] = "";
    if (tail % 1000000 != 0) {
        snprintf(fraction, sizeof fraction, ".%06d", (int)(tail % 1000000));
        for (size_t k = strlen(fraction); fraction[k - 1] == '0'; k--)
            fraction[k - 1] = '\0';
    }
    snprintf(out + n, size - n, "%s%d%s%s", iso && !clock ? "T" : "", (int)(tail / 1000000), fraction, iso ? "S" : "s");
}
