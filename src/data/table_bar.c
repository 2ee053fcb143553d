/* Magnitude bars: one scale for all rows that starts at zero, eighths of a cell to the right of it, halves to the left. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/table_fit.h"

static size_t zero_at(const struct table_view *v)
{
    if (v->bar_low >= 0)
        return 0;
    size_t at = (size_t)lround((double)v->bar_width * -v->bar_low / (v->bar_high - v->bar_low));
    return at == 0 ? 1 : at;
}

/* Cells a value takes, in steps of 1/parts; something that is not zero never shows as nothing. */
static size_t steps(const struct table_view *v, double value, size_t room, size_t parts)
{
    double cells = fabs(value) / (v->bar_high - v->bar_low) * (double)v->bar_width;
    size_t n = (size_t)lround(cells * (double)parts);
    if (n == 0 && value != 0)
        n = 1;
    return n > room * parts ? room * parts : n;
}

static void repeat(const char *glyph, size_t n, struct buf *out)
{
    for (size_t i = 0; i < n; i++)
        buf_str(out, glyph);
}

static void draw_right(const struct table_view *v, double value, size_t zero, struct buf *out)
{
    static const char *const eighth[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    size_t parts = v->style->ascii ? 1 : 8;
    size_t n = steps(v, value, v->bar_width - zero, parts);
    buf_fill(out, ' ', zero);
    repeat(v->style->ascii ? "#" : "█", n / parts, out);
    buf_str(out, eighth[n % parts]);
}

static void draw_left(const struct table_view *v, double value, size_t zero, struct buf *out)
{
    size_t parts = v->style->ascii ? 1 : 2;
    size_t n = steps(v, value, zero, parts);
    buf_fill(out, ' ', zero - (n + parts - 1) / parts);
    if (n % parts != 0)
        buf_str(out, "▐");
    repeat(v->style->ascii ? "#" : "█", n / parts, out);
}

void table_bar(const struct table_view *v, const char *value, struct buf *out)
{
    double d = value ? strtod(value, NULL) : 0;
    if (!isfinite(d) || d == 0)
        return;
    if (d > 0)
        draw_right(v, d, zero_at(v), out);
    else
        draw_left(v, d, zero_at(v), out);
}

static const char *label(struct table_view *v, double value, size_t *width)
{
    char text[400];
    int sign;
    snprintf(text, sizeof text, "%.6f", value);
    struct table_column spec = *v->column[v->bar].spec;
    if (spec.decimals < 0)
        spec.decimals = fabs(value) < 10 && value != round(value) ? 1 : 0;
    const char *s = table_number(text, &spec, v->style->ascii, &v->arena, &sign);
    *width = text_width(s);
    return s;
}

/* "−20      0            +24" over the bars; the low end is left out where it would touch the zero. */
void table_bar_scale(struct table_view *v, struct buf *out)
{
    size_t low_width, high_width, used = 0, zero = zero_at(v);
    const char *low = label(v, v->bar_low, &low_width), *high = label(v, v->bar_high, &high_width);
    if (v->bar_low < 0 && low_width < zero) {
        buf_str(out, low);
        used = low_width;
    }
    if (zero >= v->bar_width)
        zero = v->bar_width - 1;
    buf_fill(out, ' ', zero - used);
    buf_char(out, '0');
    used = zero + 1;
    if (v->bar_high > 0 && used + high_width < v->bar_width) {
        buf_fill(out, ' ', v->bar_width - used - high_width);
        buf_str(out, high);
    }
}
