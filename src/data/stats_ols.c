/* Least squares by Householder QR, a block of rows at a time, and the covariance of its coefficients. */
#include <math.h>

#include "data/stats.h"

static const double alias_norm = 1e-9, leverage_rest_min = 0.05;

/* Work beside the centred columns: the triangle, column by column; then what a covariance needs. */
struct triangle {
    size_t width; /* columns and y */
    double *r;    /* width x width, column by column */
    size_t *kept; /* columns that are not aliased, in their order */
    size_t rank;
};

size_t stats_ols_work(const struct stats_design *d)
{
    size_t width = d->columns_n + 1;
    return stats_centred_work(d) + 2 * width * width + width * (1 + sizeof(size_t) / sizeof(double));
}

/* A reflection of the vector (top, rest) onto its first axis. Returns 2 / v'v and leaves v's first entry and the new top. */
static double reflector(double top, double rest2, double *first, double *new_top)
{
    double norm = sqrt(top * top + rest2);
    *new_top = top > 0 ? -norm : norm;
    *first = top - *new_top;
    return 2 / (*first * *first + rest2);
}

/* Rotates a block of rows into the triangle; the block is used up. */
static void absorb_block(struct triangle *t, double *block, size_t rows)
{
    for (size_t k = 0; k < t->width; k++) {
        double *v = block + k * STATS_BLOCK, *top = &t->r[k * t->width + k], rest2 = stats_dot(v, v, rows), first, new_top;
        if (rest2 == 0)
            continue;
        double scale = reflector(*top, rest2, &first, &new_top);
        *top = new_top;
        for (size_t j = k + 1; j < t->width; j++) {
            double *to = block + j * STATS_BLOCK, *head = &t->r[j * t->width + k];
            double s = scale * (first * *head + stats_dot(v, to, rows));
            *head -= s * first;
            for (size_t i = 0; i < rows; i++)
                to[i] -= s * v[i];
        }
    }
}

/* The triangle once more, with the columns left out that earlier ones explain: their rounding must not steer later ones. */
static void drop_aliased(struct triangle *t, const double *norm2)
{
    size_t w = t->width, k = 0;
    for (size_t j = 0; j + 1 < w; j++) {
        double *v = t->r + j * w, whole2 = stats_dot(v + k, v + k, w - k), first, new_top;
        if (!(sqrt(whole2) > alias_norm * sqrt(norm2[j])))
            continue;
        double rest2 = stats_dot(v + k + 1, v + k + 1, w - k - 1);
        if (rest2 > 0) {
            double scale = reflector(v[k], rest2, &first, &new_top);
            v[k] = first;
            for (size_t c = j + 1; c < w; c++) {
                double *to = t->r + c * w, s = scale * stats_dot(v + k, to + k, w - k);
                for (size_t i = k; i < w; i++)
                    to[i] -= s * v[i];
            }
            v[k] = new_top;
        }
        t->kept[k++] = j;
    }
    t->rank = k;
}

static double entry(const struct triangle *t, size_t row, size_t kept)
{
    return t->r[t->kept[kept] * t->width + row];
}

/* R x = v for the kept columns, in place. */
static void back_substitute(const struct triangle *t, double *v)
{
    for (size_t k = t->rank; k-- > 0;) {
        v[k] /= entry(t, k, k);
        for (size_t i = 0; i < k; i++)
            v[i] -= entry(t, i, k) * v[k];
    }
}

static void coefficients(const struct triangle *t, const struct stats_centred *c, double *v, struct stats_fit *fit)
{
    size_t p = t->width - 1;
    const double *qy = t->r + p * t->width;
    for (size_t k = 0; k < t->rank; k++)
        v[k] = qy[k];
    back_substitute(t, v);
    for (size_t j = 0; j < p; j++)
        fit->b[j] = NAN;
    for (size_t k = 0; k < t->rank; k++)
        fit->b[t->kept[k]] = v[k];
    double rss = 0;
    for (size_t from = 0; from < c->rows->n; from += STATS_BLOCK) {
        size_t count = c->rows->n - from < STATS_BLOCK ? c->rows->n - from : STATS_BLOCK;
        double *e = fit->residuals + from;
        stats_centred_fill(c, NULL, from, count);
        for (size_t i = 0; i < count; i++)
            e[i] = c->block[p * STATS_BLOCK + i];
        for (size_t k = 0; k < t->rank; k++)
            for (size_t i = 0; i < count; i++)
                e[i] -= v[k] * c->block[t->kept[k] * STATS_BLOCK + i];
        rss += stats_dot(e, e, count);
    }
    fit->rss = rss;
}

/* The rows of Q in the block's place: Q = X R^-1, column by column. */
static void to_q(const struct triangle *t, double *block, size_t rows)
{
    for (size_t k = 0; k < t->rank; k++) {
        double *q = block + t->kept[k] * STATS_BLOCK;
        for (size_t l = 0; l < k; l++) {
            const double *earlier = block + t->kept[l] * STATS_BLOCK;
            double r = entry(t, l, k);
            for (size_t i = 0; i < rows; i++)
                q[i] -= r * earlier[i];
        }
        double scale = 1 / entry(t, k, k);
        for (size_t i = 0; i < rows; i++)
            q[i] *= scale;
    }
}

/* meat += Q' diag(u^2) Q over one block, u = e / (1 - h). */
static void add_meat(const struct triangle *t, const struct stats_centred *c, size_t from, size_t count, const double *e,
                     double *meat)
{
    double h[STATS_BLOCK];
    for (size_t i = 0; i < count; i++)
        h[i] = c->d->group != NULL ? 1 / c->count[c->d->group[c->rows->row[from + i]]] : 0;
    for (size_t k = 0; k < t->rank; k++) {
        const double *q = c->block + t->kept[k] * STATS_BLOCK;
        for (size_t i = 0; i < count; i++)
            h[i] += q[i] * q[i];
    }
    for (size_t i = 0; i < count; i++)
        h[i] = e[i] / fmin(1, fmax(leverage_rest_min, 1 - h[i]));
    for (size_t k = 0; k < t->rank; k++) {
        double *q = c->block + t->kept[k] * STATS_BLOCK;
        for (size_t i = 0; i < count; i++)
            q[i] *= h[i];
        for (size_t l = 0; l <= k; l++)
            meat[k * t->width + l] += stats_dot(q, c->block + t->kept[l] * STATS_BLOCK, count);
    }
}

/* cov = R^-1 meat R^-T, where meat (its lower half) is of the rows of Q. */
static void sandwich(const struct triangle *t, double *meat, double *v, struct stats_fit *fit)
{
    size_t p = t->width - 1, w = t->width;
    for (size_t i = 0; i < p * p; i++)
        fit->cov[i] = 0;
    for (size_t k = 0; k < t->rank; k++)
        for (size_t l = k + 1; l < t->rank; l++)
            meat[k * w + l] = meat[l * w + k];
    for (size_t k = 0; k < t->rank; k++) /* rows of meat R^-T */
        back_substitute(t, meat + k * w);
    for (size_t l = 0; l < t->rank; l++) {
        for (size_t k = 0; k < t->rank; k++)
            v[k] = meat[k * w + l];
        back_substitute(t, v);
        for (size_t k = 0; k < t->rank; k++)
            fit->cov[t->kept[k] * p + t->kept[l]] = v[k];
    }
}

static void covariance(const struct triangle *t, const struct stats_centred *c, enum stats_cov cov, double *meat, double *v,
                       struct stats_fit *fit)
{
    for (size_t i = 0; i < t->width * t->width; i++)
        meat[i] = 0;
    for (size_t k = 0; k < t->rank && cov == STATS_CLASSIC; k++)
        meat[k * t->width + k] = fit->rss / fit->df;
    for (size_t from = 0; from < c->rows->n && cov == STATS_HC3; from += STATS_BLOCK) {
        size_t count = c->rows->n - from < STATS_BLOCK ? c->rows->n - from : STATS_BLOCK;
        stats_centred_fill(c, NULL, from, count);
        to_q(t, c->block, count);
        add_meat(t, c, from, count, fit->residuals + from, meat);
    }
    sandwich(t, meat, v, fit);
}

const char *stats_ols(const struct stats_design *d, const struct stats_rows *rows, enum stats_cov cov, double *work,
                      struct stats_fit *fit)
{
    struct stats_centred c;
    const char *why = stats_centred_open(&c, d, rows, work);
    fit->bad_column = c.bad_column;
    fit->bad_row = c.bad_row;
    if (why != NULL)
        return why;
    size_t width = d->columns_n + 1;
    struct triangle t = {.width = width, .r = work + stats_centred_work(d)};
    double *meat = t.r + width * width, *v = meat + width * width;
    t.kept = (size_t *)(void *)(v + width);
    for (size_t i = 0; i < width * width; i++)
        t.r[i] = 0;
    for (size_t from = 0; from < rows->n; from += STATS_BLOCK) {
        size_t count = rows->n - from < STATS_BLOCK ? rows->n - from : STATS_BLOCK;
        stats_centred_fill(&c, NULL, from, count);
        absorb_block(&t, c.block, count);
    }
    drop_aliased(&t, c.norm2);
    fit->n = rows->n;
    fit->rank = t.rank;
    fit->groups = c.used;
    fit->df = (double)rows->n - (double)t.rank - (double)c.used;
    if (t.rank == 0)
        return "no column varies within the rows that take part";
    if (!(fit->df >= 1))
        return "no degrees of freedom left: as many coefficients as rows";
    coefficients(&t, &c, v, fit);
    if (!(fit->rss > 1e-24 * c.norm2[d->columns_n]))
        return "the columns explain y completely: there is no error to estimate";
    fit->sigma = sqrt(fit->rss / fit->df);
    covariance(&t, &c, cov, meat, v, fit);
    return NULL;
}

const char *stats_contrast(const struct stats_fit *fit, size_t columns, const double *weights, double *estimate, double *se)
{
    double sum = 0, var = 0;
    bool any = false;
    for (size_t i = 0; i < columns; i++) {
        if (weights[i] == 0)
            continue;
        if (!isfinite(weights[i]))
            return "a weight is infinite or not a number";
        if (isnan(fit->b[i]))
            return "a column with a weight is a combination of earlier ones";
        any = true;
        sum += weights[i] * fit->b[i];
        for (size_t k = 0; k < columns; k++)
            if (weights[k] != 0)
                var += weights[i] * weights[k] * fit->cov[i * columns + k];
    }
    if (!any)
        return "no weights";
    if (!(var > 0))
        return "the contrast has no variance";
    *estimate = sum;
    *se = sqrt(var);
    return NULL;
}
