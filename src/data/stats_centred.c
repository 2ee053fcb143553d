/* The columns of a design and y, less the means of the absorbed groups, a block of rows at a time. */
#include <math.h>

#include "data/stats.h"

double stats_dot(const double *a, const double *b, size_t n)
{
    double s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        s0 += a[i] * b[i];
        s1 += a[i + 1] * b[i + 1];
        s2 += a[i + 2] * b[i + 2];
        s3 += a[i + 3] * b[i + 3];
    }
    for (; i < n; i++)
        s0 += a[i] * b[i];
    return (s0 + s1) + (s2 + s3);
}

static double value_at(const struct stats_centred *c, size_t column, size_t i)
{
    if (column == c->d->columns_n)
        return c->rows->y[i];
    const struct stats_column *from = &c->d->columns[column];
    return from->dense != NULL ? from->dense[c->rows->row[i]] : from->flags[c->rows->row[i]];
}

size_t stats_centred_work(const struct stats_design *d)
{
    size_t width = d->columns_n + 1;
    return width * STATS_BLOCK + width + (d->group != NULL ? (width + 2) * d->groups : 0);
}

/* The means grow by corrections, so that a large common part costs no digits. */
static const char *open_column(struct stats_centred *c, size_t column)
{
    size_t n = c->rows->n;
    double *mean = c->mean + column * c->d->groups, squares = 0;
    for (size_t i = 0; i < n; i++) {
        double v = value_at(c, column, i);
        if (!isfinite(v) || fabs(v) > 1e150) {
            c->bad_column = column;
            c->bad_row = c->rows->row[i];
            return isfinite(v) ? "a value is too large" : "a value is infinite or not a number";
        }
        squares += v * v;
    }
    c->norm2[column] = squares;
    if (c->d->group == NULL)
        return NULL;
    double *seen = c->seen;
    for (size_t g = 0; g < c->d->groups; g++)
        seen[g] = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t g = c->d->group[c->rows->row[i]];
        mean[g] += (value_at(c, column, i) - mean[g]) / ++seen[g];
    }
    return NULL;
}

const char *stats_centred_open(struct stats_centred *c, const struct stats_design *d, const struct stats_rows *rows,
                               double *work)
{
    *c = (struct stats_centred){.d = d, .rows = rows, .width = d->columns_n + 1};
    if (rows->n == 0)
        return "no rows";
    if (d->columns_n == 0)
        return "no columns";
    if ((double)rows->n * (double)c->width * (double)c->width > STATS_OLS_WORK_MAX)
        return "too many rows and columns: the regression would take too long";
    c->block = work;
    c->norm2 = c->block + c->width * STATS_BLOCK;
    if (d->group != NULL) {
        c->count = c->norm2 + c->width;
        c->seen = c->count + d->groups;
        c->mean = c->seen + d->groups;
        for (size_t i = 0; i < (c->width + 2) * d->groups; i++)
            c->count[i] = 0;
        for (size_t i = 0; i < rows->n; i++)
            c->count[d->group[rows->row[i]]]++;
        for (size_t g = 0; g < d->groups; g++)
            c->used += c->count[g] > 0;
    }
    for (size_t j = 0; j < c->width; j++) {
        const char *why = open_column(c, j);
        if (why != NULL)
            return why;
    }
    return NULL;
}

void stats_centred_fill(const struct stats_centred *c, const uint32_t *order, size_t from, size_t count)
{
    for (size_t j = 0; j < c->width; j++) {
        double *to = c->block + j * STATS_BLOCK;
        const double *mean = c->mean + j * c->d->groups;
        for (size_t i = 0; i < count; i++) {
            size_t at = order != NULL ? order[from + i] : from + i;
            to[i] = value_at(c, j, at);
            if (c->d->group != NULL)
                to[i] -= mean[c->d->group[c->rows->row[at]]];
        }
    }
}
