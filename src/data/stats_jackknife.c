/* Leave-one-cluster-out: cross-products of the whole less those of one cluster. */
#include <math.h>

#include "data/stats.h"

/* Of a squared norm, what must be left of a column once earlier ones are projected out: below it is rounding of the products. */
static const double pivot_rest = 1e-10, within_groups = 1e-18;

struct cross {
    struct stats_centred c;
    size_t width, coefficient;
    double *whole, *part, *own2; /* width x width, width x width, width: what a column has without anything projected out */
};

size_t stats_jackknife_work(const struct stats_design *d, size_t clusters)
{
    size_t width = d->columns_n + 1;
    return stats_centred_work(d) + 2 * width * width + width + clusters + 1 + (d->group != NULL ? d->groups : 0);
}

/* The k-th column in an order that puts the coefficient's last but y. */
static size_t column_at(const struct cross *x, size_t k)
{
    size_t last = x->width - 2;
    return k > last ? k : k == last ? x->coefficient : k < x->coefficient ? k : k + 1;
}

/* into += the products of the rows order[from … to), its lower half. */
static void add_products(const struct cross *x, const uint32_t *order, size_t from, size_t to, double *into)
{
    for (; from < to; from += STATS_BLOCK) {
        size_t count = to - from < STATS_BLOCK ? to - from : STATS_BLOCK;
        stats_centred_fill(&x->c, order, from, count);
        for (size_t k = 0; k < x->width; k++)
            for (size_t l = 0; l <= k; l++)
                into[k * x->width + l] +=
                    stats_dot(x->c.block + column_at(x, k) * STATS_BLOCK, x->c.block + column_at(x, l) * STATS_BLOCK, count);
    }
}

/* Cholesky of m in place; columns that earlier ones explain are passed over. The coefficient, or NAN. */
static double solve_last(const struct cross *x, double *m)
{
    size_t w = x->width, last = w - 2;
    for (size_t j = 0; j <= last; j++) {
        double *mj = m + j * w, rest = mj[j] - stats_dot(mj, mj, j);
        bool kept = rest > pivot_rest * x->own2[j];
        if (j == last && !kept)
            return NAN;
        double root = kept ? sqrt(rest) : 0;
        mj[j] = root;
        for (size_t i = j + 1; i < w; i++) {
            double *mi = m + i * w;
            mi[j] = kept ? (mi[j] - stats_dot(mi, mj, j)) / root : 0;
        }
    }
    return m[(w - 1) * w + last] / m[last * w + last];
}

/* Rows by cluster; first[k] is where cluster k begins. */
static const char *sort_rows(const struct stats_design *d, const struct stats_rows *rows, const uint32_t *cluster,
                             size_t clusters, double *first, double *home, uint32_t *order)
{
    for (size_t k = 0; k <= clusters; k++)
        first[k] = 0;
    for (size_t g = 0; d->group != NULL && g < d->groups; g++)
        home[g] = -1;
    for (size_t i = 0; i < rows->n; i++) {
        first[cluster[i] + 1]++;
        if (d->group == NULL)
            continue;
        double *at = &home[d->group[rows->row[i]]];
        if (*at >= 0 && *at != cluster[i])
            return "an absorbed group lies in more than one cluster";
        *at = cluster[i];
    }
    for (size_t k = 1; k <= clusters; k++)
        first[k] += first[k - 1];
    for (size_t i = 0; i < rows->n; i++)
        order[(size_t)first[cluster[i]]++] = (uint32_t)i;
    for (size_t k = clusters; k > 0; k--)
        first[k] = first[k - 1];
    first[0] = 0;
    return NULL;
}

static const char *leave_out(const struct cross *x, const uint32_t *order, const double *first, size_t clusters,
                             double *estimates, struct stats_jackknife *out)
{
    size_t w = x->width;
    for (size_t k = 0; k < clusters; k++) {
        for (size_t i = 0; i < w * w; i++)
            x->part[i] = 0;
        add_products(x, order, (size_t)first[k], (size_t)first[k + 1], x->part);
        for (size_t i = 0; i < w * w; i++)
            x->part[i] = x->whole[i] - x->part[i];
        estimates[k] = solve_last(x, x->part);
        if (isnan(estimates[k])) {
            out->bad_cluster = k;
            return "without a cluster the coefficient cannot be estimated";
        }
    }
    return NULL;
}

const char *stats_jackknife(const struct stats_design *d, const struct stats_rows *rows, const uint32_t *cluster,
                            size_t clusters, size_t coefficient, double *work, uint32_t *order, double *estimates,
                            struct stats_jackknife *out)
{
    struct cross x = {.width = d->columns_n + 1, .coefficient = coefficient};
    *out = (struct stats_jackknife){0};
    if (clusters < 2)
        return "a jackknife needs two clusters or more";
    if ((double)clusters * pow((double)x.width, 3) / 6 > STATS_OLS_WORK_MAX)
        return "too many clusters and columns: the jackknife would take too long";
    const char *why = stats_centred_open(&x.c, d, rows, work);
    out->bad_column = x.c.bad_column;
    out->bad_row = x.c.bad_row;
    if (why != NULL)
        return why;
    size_t w = x.width;
    x.whole = work + stats_centred_work(d);
    x.part = x.whole + w * w;
    x.own2 = x.part + w * w;
    double *first = x.own2 + w, *home = first + clusters + 1;
    why = sort_rows(d, rows, cluster, clusters, first, home, order);
    if (why != NULL)
        return why;
    for (size_t i = 0; i < w * w; i++)
        x.whole[i] = 0;
    add_products(&x, order, 0, rows->n, x.whole);
    for (size_t k = 0; k < w; k++) {
        double own = x.whole[k * w + k], raw = x.c.norm2[column_at(&x, k)];
        x.own2[k] = own > within_groups * raw ? own : INFINITY; /* else it is constant within the groups: rounding only */
    }
    for (size_t i = 0; i < w * w; i++)
        x.part[i] = x.whole[i];
    out->b = solve_last(&x, x.part);
    if (isnan(out->b))
        return "the coefficient's column is a combination of the others";
    why = leave_out(&x, order, first, clusters, estimates, out);
    if (why != NULL)
        return why;
    double mean = stats_mean(estimates, clusters), squares = 0, m = (double)clusters;
    for (size_t k = 0; k < clusters; k++)
        squares += (estimates[k] - mean) * (estimates[k] - mean);
    out->se = sqrt((m - 1) / m * squares);
    return out->se > 0 ? NULL : "no estimate changes when a cluster is left out";
}
