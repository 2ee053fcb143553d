/* The BCa bootstrap interval of one sample's mean or median. */
#include <math.h>

#include "data/stats.h"

#define BOOT_WORK_MAX 1e8 /* draws: about a second */
enum { BOOT_ROUNDS_MIN = 50, BOOT_ROUNDS_MAX = 100000 };

static size_t draw(uint64_t *state, size_t n)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(((*state >> 33) * (uint64_t)n) >> 31);
}

static double statistic_of(enum stats_statistic statistic, double *sample, size_t n)
{
    if (statistic == STATS_MEAN)
        return stats_mean(sample, n);
    stats_sort(sample, n);
    return stats_sorted_median(sample, n);
}

/* What the statistic changes by when the sorted sample's i-th value is left out. */
static double left_out(enum stats_statistic statistic, const double *sorted, size_t n, size_t i, double theta)
{
    if (statistic == STATS_MEAN)
        return (theta - sorted[i]) / (double)(n - 1);
    size_t rest = n - 1, low = (rest - 1) / 2, high = rest / 2;
    return 0.5 * (sorted[low + (low >= i)] + sorted[high + (high >= i)]) - theta;
}

/* From the jackknife. */
static double acceleration(enum stats_statistic statistic, const double *sorted, size_t n, double theta)
{
    double centre = 0, cubes = 0, squares = 0;
    for (size_t i = 0; i < n; i++)
        centre += left_out(statistic, sorted, n, i, theta) / (double)n;
    for (size_t i = 0; i < n; i++) {
        double off = centre - left_out(statistic, sorted, n, i, theta);
        squares += off * off;
        cubes += off * off * off;
    }
    return squares > 0 ? cubes / (6 * squares * sqrt(squares)) : 0;
}

static const char *check_boot(const double *x, size_t n, size_t rounds, double conf)
{
    if (!(conf > 0 && conf < 1))
        return "the confidence must lie between 0 and 1";
    if (rounds < BOOT_ROUNDS_MIN || rounds > BOOT_ROUNDS_MAX)
        return "the rounds of a bootstrap must be 50 to 100000";
    if ((double)n * (double)rounds > BOOT_WORK_MAX)
        return "values times rounds above 1e8: the bootstrap would take too long";
    const char *why = stats_check(x, n, 2);
    return why == NULL && stats_constant(x, n) ? "all values are equal: nothing to resample" : why;
}

const char *stats_bca(const double *x, size_t n, enum stats_statistic statistic, size_t rounds, uint64_t seed, double conf,
                      double *work, struct stats_bca *out)
{
    const char *why = check_boot(x, n, rounds, conf);
    if (why != NULL)
        return why;
    double *sample = work, *sorted = work + n, *boot = sorted + n, below = 0;
    for (size_t i = 0; i < n; i++)
        sorted[i] = x[i];
    stats_sort(sorted, n);
    out->theta = statistic == STATS_MEAN ? stats_mean(x, n) : stats_sorted_median(sorted, n);
    for (size_t r = 0; r < rounds; r++) {
        for (size_t i = 0; i < n; i++)
            sample[i] = x[draw(&seed, n)];
        boot[r] = statistic_of(statistic, sample, n);
        below += boot[r] < out->theta ? 1 : boot[r] == out->theta ? 0.5 : 0;
    }
    if (below <= 0 || below >= (double)rounds)
        return "the resamples lie on one side of the estimate";
    out->boot_mean = stats_mean(boot, rounds);
    out->z0 = stats_normal_quantile(below / (double)rounds);
    out->a = acceleration(statistic, sorted, n, out->theta);
    double z = stats_normal_quantile(0.5 + 0.5 * conf), low = out->z0 - z, high = out->z0 + z;
    if (!(1 - out->a * low > 0) || !(1 - out->a * high > 0))
        return "too skewed for this interval";
    out->alpha_lo = stats_normal_cdf(out->z0 + low / (1 - out->a * low));
    out->alpha_hi = stats_normal_cdf(out->z0 + high / (1 - out->a * high));
    stats_sort(boot, rounds);
    out->lo = stats_sorted_quantile(boot, rounds, out->alpha_lo);
    out->hi = stats_sorted_quantile(boot, rounds, out->alpha_hi);
    return NULL;
}
