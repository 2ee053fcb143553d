/* Trends of one evenly spaced series. */
#include <math.h>

#include "data/stats.h"

static const char *check_series(const double *x, size_t n, size_t max)
{
    if (n > max)
        return max == STATS_SLOPES_MAX ? "more than 2000 values: the slopes of all pairs would take too much memory"
                                       : "more than 20000 values: a method that looks at all pairs would take too long";
    const char *why = stats_check(x, n, 3);
    return why == NULL && stats_constant(x, n) ? "all values are equal: no trend to test" : why;
}

static void finish_mk(struct stats_mk *out)
{
    double corrected = out->s > 0 ? out->s - 1 : out->s < 0 ? out->s + 1 : 0;
    out->z = corrected / sqrt(out->var_s);
    out->p = 2 * stats_normal_sf(fabs(out->z));
}

static void mk_score(const double *x, size_t n, double *work, struct stats_mk *out)
{
    double s = 0;
    for (size_t i = 0; i + 1 < n; i++) {
        int64_t sum = 0;
        for (size_t k = i + 1; k < n; k++)
            sum += (x[k] > x[i]) - (x[k] < x[i]);
        s += (double)sum;
    }
    struct stats_ties ties;
    stats_ties(x, n, work, &ties);
    double m = (double)n;
    *out = (struct stats_mk){.s = s, .var_s = (m * (m - 1) * (2 * m + 5) - ties.x1) / 18, .nns = 1};
}

const char *stats_mann_kendall(const double *x, size_t n, double *work, struct stats_mk *out)
{
    const char *why = check_series(x, n, STATS_PAIRS_MAX);
    if (why != NULL)
        return why;
    mk_score(x, n, work, out);
    finish_mk(out);
    return NULL;
}

/* Fills slopes, sorted; their number. */
static size_t sorted_slopes(const double *x, size_t n, double *slopes)
{
    size_t count = 0;
    for (size_t i = 0; i + 1 < n; i++)
        for (size_t k = i + 1; k < n; k++)
            slopes[count++] = (x[k] - x[i]) / (double)(k - i);
    stats_sort(slopes, count);
    return count;
}

const char *stats_theil_sen(const double *x, size_t n, double conf, double *work, struct stats_theil_sen *out)
{
    if (!(conf > 0 && conf < 1))
        return "the confidence must lie between 0 and 1";
    if (n > STATS_SLOPES_MAX)
        return check_series(x, n, STATS_SLOPES_MAX);
    const char *why = stats_check(x, n, 3);
    if (why != NULL)
        return why;
    struct stats_mk mk;
    mk_score(x, n, work, &mk);
    size_t count = sorted_slopes(x, n, work);
    double *copy = work + count;
    for (size_t i = 0; i < n; i++)
        copy[i] = x[i];
    stats_sort(copy, n);
    out->slope = stats_sorted_median(work, count);
    out->intercept = stats_sorted_median(copy, n) - out->slope * 0.5 * (double)(n - 1);
    double half = stats_normal_quantile(0.5 + 0.5 * conf) * sqrt(mk.var_s), all = (double)count;
    double upper = rint((all + half) / 2), lower = rint((all - half) / 2) - 1;
    out->lo = work[lower > 0 ? (size_t)lower : 0];
    out->hi = work[upper < all - 1 ? (size_t)fmax(upper, 0) : count - 1];
    return NULL;
}

const char *stats_hamed_rao(const double *x, size_t n, double alpha, double *work, struct stats_pair *pairs,
                            struct stats_mk *out)
{
    if (!(alpha > 0 && alpha < 1))
        return "alpha must lie between 0 and 1";
    const char *why = check_series(x, n, STATS_SLOPES_MAX);
    if (why != NULL)
        return why;
    mk_score(x, n, work, out);
    size_t count = sorted_slopes(x, n, work);
    double slope = stats_sorted_median(work, count), *rest = work + count, *ranks = rest + n, m = (double)n;
    for (size_t i = 0; i < n; i++)
        rest[i] = x[i] - slope * (double)(i + 1);
    stats_ranks(rest, n, pairs, ranks);
    double squares = 0, sum = 0, limit = stats_normal_quantile(1 - 0.5 * alpha) / sqrt(m);
    for (size_t i = 0; i < n; i++) {
        ranks[i] -= 0.5 * (m + 1);
        squares += ranks[i] * ranks[i];
    }
    for (size_t lag = 1; lag < n && squares > 0; lag++) {
        double acf = 0, left = m - (double)lag;
        for (size_t i = 0; i + lag < n; i++)
            acf += ranks[i] * ranks[i + lag];
        acf /= squares;
        if (fabs(acf) > limit)
            sum += left * (left - 1) * (left - 2) * acf;
    }
    out->nns = 1 + 2 * sum / (m * (m - 1) * (m - 2));
    out->var_s *= out->nns;
    if (!(out->var_s > 0))
        return "the variance corrected for autocorrelation is not positive";
    finish_mk(out);
    return NULL;
}

/* --- a line whose errors are correlated ------------------------------------------------------------------------------------------ */

static const char *check_line(const double *y, size_t n, const double *rho, size_t lags)
{
    if (n > STATS_PAIRS_MAX)
        return "more than 20000 values: a method that looks at all pairs would take too long";
    const char *why = stats_check(y, n, 3);
    if (why != NULL)
        return why;
    if (lags == 0 || rho[0] != 1)
        return "the correlations begin with that at distance 0, which is 1";
    for (size_t k = 0; k < lags; k++)
        if (!(rho[k] >= -1 && rho[k] <= 1))
            return "a correlation is not between -1 and 1";
    return NULL;
}

const char *stats_ols_ar1(const double *y, size_t n, const double *rho, size_t lags, double *residuals, struct stats_line *out)
{
    const char *why = check_line(y, n, rho, lags);
    if (why != NULL)
        return why;
    double m = (double)n, middle = 0.5 * (m - 1), sxx = m * (m * m - 1) / 12, mean = stats_mean(y, n), sxy = 0;
    for (size_t i = 0; i < n; i++)
        sxy += ((double)i - middle) * (y[i] - mean);
    double slope = sxy / sxx, rss = 0;
    for (size_t i = 0; i < n; i++) {
        double e = y[i] - mean - slope * ((double)i - middle);
        rss += e * e;
        if (residuals != NULL)
            residuals[i] = e;
    }
    /* Toeplitz: x'Rx, 1'R1 and trace R by distances */
    double xrx = sxx, ones = m;
    for (size_t k = 1; k < lags && k < n; k++) {
        double dot = 0;
        for (size_t i = 0; i + k < n; i++)
            dot += ((double)i - middle) * ((double)(i + k) - middle);
        xrx += 2 * rho[k] * dot;
        ones += 2 * rho[k] * (m - (double)k);
    }
    double trace = m - ones / m - xrx / sxx;
    if (!(trace > 0) || !(xrx > 0))
        return "these correlations leave no error to estimate";
    *out = (struct stats_line){.slope = slope, .intercept = mean - slope * middle, .s2 = rss / trace};
    out->factor = xrx / (sxx * sxx);
    out->df = m - 2;
    out->se = sqrt(out->s2 * out->factor);
    return NULL;
}
