#include "data/table_cell.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "data/datetime.h"

#define DAY_US (INT64_C(86400) * 1000000)

/* Digits, at most one point, nothing else: what numeric and bigint look like, and float8 mostly. */
static bool is_plain(const char *s)
{
    size_t whole = strspn(s, "0123456789");
    const char *rest = s + whole;
    if (*rest == '.')
        rest += 1 + strspn(rest + 1, "0123456789");
    return whole > 0 && *rest == '\0';
}

/* Rounds half away from zero on the digits themselves: a double would lose some of numeric's. */
static char *round_digits(const char *s, size_t decimals, struct arena *arena)
{
    const char *point = strchr(s, '.');
    size_t whole = point ? (size_t)(point - s) : strlen(s);
    size_t have = point ? strlen(point + 1) : 0;
    char *out = arena_alloc(arena, whole + decimals + 3); /* a carried 1, the point, the end */
    out[0] = '0';
    memcpy(out + 1, s, whole);
    size_t n = whole + 1;
    for (size_t i = 0; i < decimals; i++)
        out[n++] = i < have ? point[1 + i] : '0';
    if (have > decimals && point[1 + decimals] >= '5') {
        size_t i = n - 1;
        while (out[i] == '9')
            out[i--] = '0';
        out[i]++;
    }
    memmove(out + whole + 2, out + whole + 1, decimals);
    out[whole + 1] = '.';
    out[decimals > 0 ? n + 1 : whole + 1] = '\0';
    return out[0] == '0' ? out + 1 : out;
}

static void add_grouped(const char *digits, struct buf *out)
{
    size_t whole = strcspn(digits, ".");
    for (size_t i = 0; i < whole; i++) {
        if (i > 0 && (whole - i) % 3 == 0)
            buf_char(out, ' ');
        buf_char(out, digits[i]);
    }
    buf_str(out, digits + whole);
}

const char *table_number(const char *value, const struct table_column *spec, bool ascii, struct arena *arena, int *sign)
{
    bool negative = value[0] == '-';
    const char *digits = value + negative;
    char plain[400];
    if (!is_plain(digits)) {
        double d = strtod(digits, NULL); /* float8's 1e+20; Infinity and NaN stay words */
        if (isfinite(d) &&
            snprintf(plain, sizeof plain, "%.*f", spec->decimals < 0 ? 6 : spec->decimals, d) < (int)sizeof plain)
            digits = plain;
    }
    bool known = is_plain(digits);
    if (known && spec->decimals >= 0)
        digits = round_digits(digits, (size_t)spec->decimals, arena);
    bool zero = known && strspn(digits, "0.") == strlen(digits);
    *sign = zero || value[0] == 'N' ? 0 : negative ? -1 : 1;
    struct buf out = {0};
    if (*sign < 0)
        buf_str(&out, ascii ? "-" : "−");
    else if (*sign > 0 && spec->sign)
        buf_char(&out, '+');
    if (known)
        add_grouped(digits, &out);
    else
        buf_str(&out, digits);
    const char *text = arena_ndup(arena, out.data, out.len);
    buf_free(&out);
    return text;
}

/* localtime_r knows one zone, the process's: it is lent to the table while its cells are made. One thread prints. */
char *table_zone_enter(const char *zone)
{
    char *before = mem_dup(getenv("TZ"));
    char *value = mem_printf(":%s", zone ? zone : "UTC");
    setenv("TZ", value, 1);
    tzset();
    mem_free(value);
    return before;
}

void table_zone_leave(char *before)
{
    if (before != NULL)
        setenv("TZ", before, 1);
    else
        unsetenv("TZ");
    tzset();
    mem_free(before);
}

static bool is_date(const char *value)
{
    return strlen(value) == 10 && value[4] == '-' && value[7] == '-';
}

static bool parse_time(const char *value, int64_t *us)
{
    struct buf iso = {0};
    rowset_iso_time(value, &iso);
    bool ok = iso.len > 0 && datetime_parse(iso.data, us);
    buf_free(&iso);
    return ok;
}

static bool is_near(int64_t us, int64_t now)
{
    return now != 0 && us > now - 300 * DAY_US && us < now + 60 * DAY_US;
}

bool table_needs_years(const struct rowset *r, size_t column, const struct table_style *style)
{
    for (size_t row = 0; row < r->n_row; row++) {
        const char *cell = rowset_cell(r, row, column);
        int64_t us;
        if (cell != NULL && parse_time(cell, &us) && !is_near(us, style->now))
            return true;
    }
    return false;
}

/* "Sat 21 Nov 23:59", "Sat 21 Nov 2026 23:59"; a date has no clock and no zone. */
static const char *time_text(const char *value, bool years, struct arena *arena)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int64_t us;
    struct tm t;
    if (!parse_time(value, &us))
        return value;
    time_t seconds = (time_t)((us - (us % 1000000 + 1000000) % 1000000) / 1000000);
    if ((is_date(value) ? gmtime_r(&seconds, &t) : localtime_r(&seconds, &t)) == NULL)
        return value;
    char year[16] = "", clock[16] = "";
    if (years)
        snprintf(year, sizeof year, " %d", t.tm_year + 1900);
    if (!is_date(value))
        snprintf(clock, sizeof clock, " %02d:%02d", t.tm_hour, t.tm_min);
    return arena_printf(arena, "%s %d %s%s%s", days[t.tm_wday], t.tm_mday, months[t.tm_mon], year, clock);
}

static const char *array_text(const char *value, struct arena *arena)
{
    struct buf out = {0}, element = {0};
    enum element_kind kind;
    while (rowset_element(&value, &element, &kind)) {
        if (out.len > 0)
            buf_str(&out, ", ");
        buf_str(&out, element.data);
    }
    const char *text = arena_ndup(arena, out.data ? out.data : "", out.len);
    buf_free(&element);
    buf_free(&out);
    return text;
}

/* What rounds to nothing is told as less than the smallest that is shown, never as zero. */
static const char *pvalue_text(const char *value, struct arena *arena)
{
    double p = strtod(value, NULL);
    if (!isfinite(p))
        return value;
    return p < 0.001 ? "<0.001" : arena_printf(arena, "%.*f", p < 0.0995 ? 3 : 2, p);
}

/* Three digits at most and a power of a thousand: 950, 2.4 k, 21.6 k, 1.2 M. */
static const char *brief_text(const char *value, bool ascii, struct arena *arena)
{
    static const char *const power[] = {"", " k", " M", " G", " T"};
    double d = strtod(value, NULL), size = fabs(d);
    if (!isfinite(d))
        return value;
    size_t i = 0;
    while (i < 4 && size >= 999.5) {
        size /= 1000;
        i++;
    }
    const char *minus = d >= 0 ? "" : ascii ? "-" : "−";
    return arena_printf(arena, "%s%.*f%s", minus, i > 0 && size < 99.95 ? 1 : 0, size, power[i]);
}

static const char *number_text(const char *value, const struct table_column *spec, const struct table_style *style,
                               struct arena *arena, int *sign)
{
    const char *text = table_number(value, spec, style->ascii, arena, sign);
    if (spec->pvalue)
        return pvalue_text(value, arena);
    return spec->brief ? brief_text(value, style->ascii, arena) : text;
}

struct table_cell table_cell_make(const char *value, enum column_kind kind, const struct table_column *spec,
                                  const struct table_style *style, bool years, struct arena *arena)
{
    struct table_cell cell = {.text = value, .width = 1};
    if (value == NULL)
        return cell;
    switch (kind) {
    case COLUMN_INTEGER:
    case COLUMN_NUMBER: cell.text = number_text(value, spec, style, arena, &cell.sign); break;
    case COLUMN_BOOL: cell.text = value[0] == 't' ? "yes" : "no"; break;
    case COLUMN_TIME: cell.text = time_text(value, years, arena); break;
    case COLUMN_ARRAY:
    case COLUMN_NUMBERS: cell.text = spec->spark ? table_spark(value, style->ascii, arena) : array_text(value, arena); break;
    case COLUMN_TEXT:
    case COLUMN_JSON: break;
    }
    struct buf escaped = {0};
    cell.width = text_cut(cell.text, style->ascii, SIZE_MAX, &escaped);
    buf_free(&escaped);
    return cell;
}
