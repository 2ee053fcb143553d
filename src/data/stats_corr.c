/* How two samples go together. */
#include <math.h>

#include "data/stats.h"

static const char *check_both(const double *x, const double *y, size_t n, size_t at_least)
{
    const char *why = stats_check(x, n, at_least);
    if (why == NULL)
        why = stats_check(y, n, at_least);
    if (why == NULL && (stats_constant(x, n) || stats_constant(y, n)))
        why = "all values are equal: nothing to correlate";
    return why;
}

static double clamp(double r)
{
    return fmin(1, fmax(-1, r));
}

/* scale: of Fisher's z, 1 for Pearson's coefficient. */
static const char *correlate(const double *x, const double *y, size_t n, double conf, double scale, struct stats_pearson *out)
{
    double mx = stats_mean(x, n), my = stats_mean(y, n), xx = 0, yy = 0, xy = 0;
    for (size_t i = 0; i < n; i++) {
        double dx = x[i] - mx, dy = y[i] - my;
        xx += dx * dx;
        yy += dy * dy;
        xy += dx * dy;
    }
    double bottom = sqrt(xx) * sqrt(yy);
    if (!(bottom > 0) || !isfinite(bottom))
        return "the values are too close or too large to correlate";
    double r = clamp(xy / bottom), rest = (1 - r) * (1 + r);
    *out = (struct stats_pearson){.r = r, .t = NAN, .p = 0, .ci_lo = NAN, .ci_hi = NAN};
    if (rest > 0) {
        out->t = r * sqrt((double)(n - 2) / rest);
        out->p = stats_t_sf2(out->t, (double)(n - 2));
    }
    if (rest > 0 && n > 3) {
        double z = atanh(r), half = stats_normal_quantile(0.5 + 0.5 * conf) * scale / sqrt((double)(n - 3));
        out->ci_lo = tanh(z - half);
        out->ci_hi = tanh(z + half);
    }
    return NULL;
}

static bool good_conf(double conf)
{
    return conf > 0 && conf < 1;
}

const char *stats_pearson(const double *x, const double *y, size_t n, double conf, struct stats_pearson *out)
{
    if (!good_conf(conf))
        return "the confidence must lie between 0 and 1";
    const char *why = check_both(x, y, n, 3);
    return why != NULL ? why : correlate(x, y, n, conf, 1, out);
}

const char *stats_spearman(const double *x, const double *y, size_t n, double conf, double *work, struct stats_pair *pairs,
                           struct stats_pearson *out)
{
    if (!good_conf(conf))
        return "the confidence must lie between 0 and 1";
    const char *why = check_both(x, y, n, 3);
    if (why != NULL)
        return why;
    stats_ranks(x, n, pairs, work);
    stats_ranks(y, n, pairs, work + n);
    return correlate(work, work + n, n, conf, sqrt(1.06), out);
}

const char *stats_kendall(const double *x, const double *y, size_t n, double *work, struct stats_kendall *out)
{
    if (n > STATS_PAIRS_MAX)
        return "more than 20000 values: a method that looks at all pairs would take too long";
    const char *why = check_both(x, y, n, 2);
    if (why != NULL)
        return why;
    double concordant = 0, discordant = 0;
    for (size_t i = 0; i + 1 < n; i++) {
        int64_t with = 0, against = 0;
        for (size_t k = i + 1; k < n; k++) {
            int s = ((x[k] > x[i]) - (x[k] < x[i])) * ((y[k] > y[i]) - (y[k] < y[i]));
            with += s > 0;
            against += s < 0;
        }
        concordant += (double)with;
        discordant += (double)against;
    }
    struct stats_ties tx, ty;
    stats_ties(x, n, work, &tx);
    stats_ties(y, n, work, &ty);
    double m = (double)n, all = m * (m - 1), s = concordant - discordant;
    double var = (all * (2 * m + 5) - tx.x1 - ty.x1) / 18 + 2 * tx.pairs * ty.pairs / all;
    if (n > 2)
        var += tx.x0 * ty.x0 / (9 * all * (m - 2));
    if (!(var > 0))
        return "too few different values for a test";
    out->tau = clamp(s / sqrt(all / 2 - tx.pairs) / sqrt(all / 2 - ty.pairs));
    out->z = s / sqrt(var);
    out->p = 2 * stats_normal_sf(fabs(out->z));
    out->concordant = concordant;
    out->discordant = discordant;
    return NULL;
}
