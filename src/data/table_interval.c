/* Interval bars: an estimate, its 95 % interval as a thin line and its 50 % interval as a thick one, on one scale for all rows with
 * a line at zero. A row's cells are made in ASCII first: table.c writes them in either form.
 *
 * The 50 % interval is not asked for but derived: each side's half-width times .6745/1.96, the ratio of the normal quantiles. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/table_fit.h"

static const double HALF = 0.6745 / 1.96;

/* A scale never reaches further than so many times the middle one of the estimates that are apart from zero (of all where none
 * is): one far out or a wide interval would press all others flat. */
static const double REACH = 4;

struct interval {
    double center, lo, hi; /* NAN: unknown */
};

static double number(const char *cell)
{
    double d = cell != NULL ? strtod(cell, NULL) : NAN;
    return d;
}

static struct interval interval_of(const struct table_view *v, size_t row)
{
    if (table_role_cell(v, TABLE_INSTEAD, row) != NULL)
        return (struct interval){NAN, NAN, NAN};
    struct interval i = {number(table_role_cell(v, TABLE_CENTER, row)), number(table_role_cell(v, TABLE_LO, row)),
                         number(table_role_cell(v, TABLE_HI, row))};
    if (!isfinite(i.center))
        i.center = NAN;
    return i;
}

/* Something to draw: an estimate, and at least one end. */
static bool is_drawn(struct interval i)
{
    return !isnan(i.center) && (!isnan(i.lo) || !isnan(i.hi));
}

/* The smallest (up) or largest (down) of 1, 2, 5 times a power of ten beside x. */
static double nice(double x, bool up)
{
    double power = pow(10, floor(log10(x)));
    static const double of[] = {1, 2, 5, 10};
    double best = power;
    for (size_t i = 0; i < 4; i++) {
        if (up && of[i] * power >= x * (1 - 1e-9))
            return of[i] * power;
        if (!up && of[i] * power <= x * (1 + 1e-9))
            best = of[i] * power;
    }
    return up ? 10 * power : best;
}

static bool is_apart(struct interval i)
{
    return i.lo > 0 || i.hi < 0; /* false for NAN: an open end may hold zero */
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* How far the scale may reach; 0: there is nothing to draw. */
static double reach(const struct table_view *v)
{
    double *size = mem_array(v->rows->n_row ? v->rows->n_row : 1, sizeof *size), middle = 0;
    for (int all = 0; all < 2 && middle == 0; all++) {
        size_t n = 0;
        for (size_t row = 0; row < v->rows->n_row; row++) {
            struct interval i = interval_of(v, row);
            if (is_drawn(i) && (all || is_apart(i)))
                size[n++] = fabs(i.center);
        }
        qsort(size, n, sizeof *size, by_value);
        middle = n > 0 ? size[n / 2] : 0;
    }
    mem_free(size);
    return middle > 0 ? REACH * middle : INFINITY;
}

static void stretch(struct table_view *v, double x, double most)
{
    if (isnan(x))
        return;
    x = fmin(fmax(x, -most), most);
    v->bar_low = fmin(v->bar_low, x);
    v->bar_high = fmax(v->bar_high, x);
}

void table_interval_find(struct table_view *v)
{
    double most = reach(v);
    for (size_t row = 0; row < v->rows->n_row; row++) {
        struct interval i = interval_of(v, row);
        if (!is_drawn(i))
            continue;
        stretch(v, i.center, most);
        stretch(v, isfinite(i.lo) ? i.lo : NAN, most);
        stretch(v, isfinite(i.hi) ? i.hi : NAN, most);
    }
    double range = v->bar_high - v->bar_low;
    if (range <= 0 || !isfinite(range))
        return;
    double step = nice(range / 12, true); /* ends that are round, with a little room beyond the widest */
    v->bar_low = v->bar_low < 0 ? floor((v->bar_low - range / 50) / step) * step : 0;
    v->bar_high = v->bar_high > 0 ? ceil((v->bar_high + range / 50) / step) * step : 0;
    v->bar = v->role[TABLE_LO];
    v->bar_width = v->bar_most = TABLE_INTERVAL_MAX;
}

static size_t cell_at(const struct table_view *v, double x)
{
    double last = (double)(v->bar_width - 1);
    double at = round((x - v->bar_low) / (v->bar_high - v->bar_low) * last);
    return (size_t)fmin(fmax(at, 0), last);
}

static void draw_line(char *cells, size_t from, size_t to, char glyph)
{
    for (size_t i = from; i <= to; i++)
        cells[i] = glyph;
}

bool table_interval_row(const struct table_view *v, size_t row, char *cells)
{
    struct interval i = interval_of(v, row);
    size_t last = v->bar_width - 1, zero = cell_at(v, 0);
    memset(cells, ' ', v->bar_width);
    if (!is_drawn(i))
        return false;
    size_t dot = cell_at(v, i.center);
    bool left = isnan(i.lo) || i.lo < v->bar_low, right = isnan(i.hi) || i.hi > v->bar_high; /* leaves the scale */
    size_t from = left ? 0 : cell_at(v, i.lo), to = right ? last : cell_at(v, i.hi);
    bool apart = is_apart(i);
    draw_line(cells, from, to, '-');
    draw_line(cells, isfinite(i.lo) ? cell_at(v, i.center - HALF * (i.center - i.lo)) : dot,
              isfinite(i.hi) ? cell_at(v, i.center + HALF * (i.hi - i.center)) : dot, '=');
    cells[zero] = apart || zero < from || zero > to ? '|' : '+';
    if (i.center >= v->bar_low && i.center <= v->bar_high)
        cells[dot] = apart ? '*' : 'o';
    if (left)
        cells[0] = '<';
    if (right)
        cells[last] = '>';
    return apart;
}

/* One more decimal for what would round to less than 1: "+0.5", and "0.3 to 2" where zero is not inside. */
static const char *small_number(struct table_view *v, const char *value, const struct table_column *spec, int *sign)
{
    struct table_column finer = *spec;
    double size = fabs(strtod(value, NULL));
    for (int more = 0; spec->decimals >= 0 && size > 0 && more < 2 && size < 0.95 * pow(10, -finer.decimals); more++)
        finer.decimals++;
    const char *text = table_number(value, &finer, v->style->ascii, &v->arena, sign);
    if (*sign != 0 || finer.decimals == spec->decimals)
        return text;
    return table_number("0", spec, v->style->ascii, &v->arena, sign);
}

struct table_cell table_interval_center(struct table_view *v, const char *value, const struct table_column *spec)
{
    struct table_cell cell = {.width = 1};
    if (value == NULL)
        return cell;
    cell.text = small_number(v, value, spec, &cell.sign);
    cell.width = text_width(cell.text);
    return cell;
}

struct table_cell table_interval_text(struct table_view *v, size_t row, const struct table_column *spec)
{
    struct table_cell cell = {.width = 1};
    const char *lo = table_role_cell(v, TABLE_LO, row), *hi = table_role_cell(v, TABLE_HI, row);
    if (lo == NULL && hi == NULL)
        return cell;
    struct table_column plain = *spec;
    plain.sign = false;
    int sign;
    const char *none = v->style->ascii ? "?" : "·";
    cell.text = arena_printf(&v->arena, "%s to %s", lo ? small_number(v, lo, &plain, &sign) : none,
                             hi ? small_number(v, hi, &plain, &sign) : none);
    cell.width = text_width(cell.text);
    return cell;
}

struct label {
    char text[32];
    size_t at, width;
};

static struct label label_at(const struct table_view *v, double value)
{
    struct label l;
    const char *sign = value > 0 ? "+" : value < 0 ? (v->style->ascii ? "-" : "−") : "";
    snprintf(l.text, sizeof l.text, "%s%.10g", sign, fabs(value));
    l.width = text_width(l.text);
    size_t middle = cell_at(v, value);
    l.at = middle > (l.width - 1) / 2 ? middle - (l.width - 1) / 2 : 0;
    if (l.at + l.width > v->bar_width)
        l.at = v->bar_width > l.width ? v->bar_width - l.width : 0;
    return l;
}

/* "−20    0     +20", each over its cell; what would touch its neighbour is left out. */
void table_interval_scale(struct table_view *v, struct buf *out)
{
    double left = -v->bar_low, right = v->bar_high;
    double small = fmin(left, right), large = fmax(left, right);
    double value = nice(small >= 0.3 * large ? small : large, false);
    struct label zero = label_at(v, 0), below = label_at(v, -value), above = label_at(v, value);
    size_t used = 0;
    if (value <= left && below.at + below.width < zero.at) {
        buf_fill(out, ' ', below.at);
        buf_str(out, below.text);
        used = below.at + below.width;
    }
    buf_fill(out, ' ', zero.at - used);
    buf_str(out, zero.text);
    used = zero.at + zero.width;
    if (value <= right && above.at > used) {
        buf_fill(out, ' ', above.at - used);
        buf_str(out, above.text);
    }
}
