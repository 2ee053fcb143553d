/* Many tests at once: false discovery rates. */
#include <math.h>

#include "data/stats.h"

/* q of the k-th smallest p of n: the least of p times penalty * n / rank over it and all larger ones. */
static const char *step_up(const double *p, size_t n, double penalty, struct stats_pair *work, double *q)
{
    const char *why = stats_check(p, n, 1);
    if (why != NULL)
        return why;
    for (size_t i = 0; i < n; i++) {
        if (!(p[i] >= 0 && p[i] <= 1))
            return "a p-value must lie between 0 and 1";
        work[i] = (struct stats_pair){p[i], i};
    }
    stats_sort_pairs(work, n);
    double least = 1;
    for (size_t rank = n; rank > 0; rank--) {
        least = fmin(least, work[rank - 1].value * ((double)n * penalty / (double)rank));
        q[work[rank - 1].index] = least;
    }
    return NULL;
}

const char *stats_bh(const double *p, size_t n, struct stats_pair *work, double *q)
{
    return step_up(p, n, 1, work, q);
}

const char *stats_by(const double *p, size_t n, struct stats_pair *work, double *q)
{
    double harmonic = 0;
    for (size_t i = n; i > 0; i--)
        harmonic += 1 / (double)i;
    return step_up(p, n, harmonic, work, q);
}

const char *stats_ebh(const double *e, size_t n, struct stats_pair *work, double *q)
{
    const char *why = stats_check(e, n, 1);
    if (why != NULL)
        return why;
    for (size_t i = 0; i < n; i++) {
        if (e[i] < 0)
            return "an e-value must not be below 0";
        work[i] = (struct stats_pair){-e[i], i};
    }
    stats_sort_pairs(work, n);
    double least = 1;
    for (size_t rank = n; rank > 0; rank--) {
        double value = -work[rank - 1].value;
        if (value > 0)
            least = fmin(least, (double)n / ((double)rank * value));
        q[work[rank - 1].index] = least;
    }
    return NULL;
}
