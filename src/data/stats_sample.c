/* One sample: sums, spread, order, ranks. */
#include <math.h>

#include "data/stats.h"

const char *stats_check(const double *x, size_t n, size_t at_least)
{
    if (n < at_least)
        return n == 0 ? "no values" : "too few values";
    for (size_t i = 0; i < n; i++)
        if (!isfinite(x[i]))
            return "a value is infinite or not a number";
    return NULL;
}

bool stats_constant(const double *x, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (x[i] != x[0])
            return false;
    return true;
}

/* --- order ------------------------------------------------------------------------------------------------------------------ */

static void insertion(double *x, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        double v = x[i];
        size_t k = i;
        for (; k > 0 && x[k - 1] > v; k--)
            x[k] = x[k - 1];
        x[k] = v;
    }
}

static void sift(double *x, size_t root, size_t n)
{
    double v = x[root];
    for (size_t child = 2 * root + 1; child < n; child = 2 * root + 1) {
        child += child + 1 < n && x[child + 1] > x[child];
        if (x[child] <= v)
            break;
        x[root] = x[child];
        root = child;
    }
    x[root] = v;
}

static void heap_sort(double *x, size_t n)
{
    for (size_t i = n / 2; i-- > 0;)
        sift(x, i, n);
    for (size_t end = n; end-- > 1;) {
        double top = x[0];
        x[0] = x[end];
        x[end] = top;
        sift(x, 0, end);
    }
}

static double middle_of(double a, double b, double c)
{
    return fmax(fmin(a, b), fmin(fmax(a, b), c));
}

/* Quicksort that turns to heapsort where the pivots are bad for long (nobody's data makes it slow). */
static void sort_within(double *x, size_t n, int depth)
{
    while (n > 24) {
        if (depth-- == 0) {
            heap_sort(x, n);
            return;
        }
        double pivot = middle_of(x[0], x[n / 2], x[n - 1]);
        size_t i = 0, k = n - 1;
        for (;;) {
            while (x[i] < pivot)
                i++;
            while (x[k] > pivot)
                k--;
            if (i >= k)
                break;
            double t = x[i];
            x[i++] = x[k];
            x[k--] = t;
        }
        size_t left = k + 1 < n ? k + 1 : i;
        if (left < n - left) {
            sort_within(x, left, depth);
            x += left;
            n -= left;
        } else {
            sort_within(x + left, n - left, depth);
            n = left;
        }
    }
    insertion(x, n);
}

void stats_sort(double *x, size_t n)
{
    int depth = 2;
    for (size_t k = n; k > 1; k /= 2)
        depth += 2;
    sort_within(x, n, depth);
}

static bool pair_less(const struct stats_pair *a, const struct stats_pair *b)
{
    return a->value < b->value || (a->value == b->value && a->index < b->index);
}

static void sift_pair(struct stats_pair *p, size_t root, size_t n)
{
    struct stats_pair v = p[root];
    for (size_t child = 2 * root + 1; child < n; child = 2 * root + 1) {
        child += child + 1 < n && pair_less(&p[child], &p[child + 1]);
        if (!pair_less(&v, &p[child]))
            break;
        p[root] = p[child];
        root = child;
    }
    p[root] = v;
}

void stats_sort_pairs(struct stats_pair *p, size_t n)
{
    for (size_t i = n / 2; i-- > 0;)
        sift_pair(p, i, n);
    for (size_t end = n; end-- > 1;) {
        struct stats_pair top = p[0];
        p[0] = p[end];
        p[end] = top;
        sift_pair(p, 0, end);
    }
}

/* --- sums --------------------------------------------------------------------------------------------------------------------- */

void stats_welford_add(struct stats_welford *w, double x)
{
    double off = x - w->mean;
    w->n++;
    w->mean += off / (double)w->n;
    w->m2 += off * (x - w->mean);
}

double stats_welford_sd(const struct stats_welford *w)
{
    return w->n < 2 ? NAN : sqrt(w->m2 / (double)(w->n - 1));
}

/* Neumaier's summation: what is lost in each addition is added up beside it. */
double stats_sum(const double *x, size_t n)
{
    double sum = 0, lost = 0;
    for (size_t i = 0; i < n; i++) {
        double next = sum + x[i];
        lost += fabs(sum) >= fabs(x[i]) ? (sum - next) + x[i] : (x[i] - next) + sum;
        sum = next;
    }
    return sum + lost;
}

double stats_mean(const double *x, size_t n)
{
    return n == 0 ? NAN : stats_sum(x, n) / (double)n;
}

double stats_sd(const double *x, size_t n)
{
    if (n < 2)
        return NAN;
    double mean = stats_mean(x, n), squares = 0, rest = 0;
    for (size_t i = 0; i < n; i++) {
        double off = x[i] - mean;
        squares += off * off;
        rest += off;
    }
    return sqrt(fmax(0, squares - rest * rest / (double)n) / (double)(n - 1));
}

/* --- quantiles ------------------------------------------------------------------------------------------------------------------ */

double stats_sorted_quantile(const double *sorted, size_t n, double q)
{
    if (n == 0 || !(q >= 0 && q <= 1))
        return NAN;
    double at = q * (double)(n - 1), floor_at = floor(at);
    size_t i = (size_t)floor_at;
    if (i + 1 >= n)
        return sorted[n - 1];
    return sorted[i] + (at - floor_at) * (sorted[i + 1] - sorted[i]);
}

double stats_sorted_median(const double *sorted, size_t n)
{
    if (n == 0)
        return NAN;
    return n % 2 == 1 ? sorted[n / 2] : 0.5 * (sorted[n / 2 - 1] + sorted[n / 2]);
}

const char *stats_median_mad(const double *x, size_t n, double *work, struct stats_median_mad *out)
{
    const char *why = stats_check(x, n, 1);
    if (why != NULL)
        return why;
    for (size_t i = 0; i < n; i++)
        work[i] = x[i];
    stats_sort(work, n);
    out->median = stats_sorted_median(work, n);
    for (size_t i = 0; i < n; i++)
        work[i] = fabs(x[i] - out->median);
    stats_sort(work, n);
    out->mad_sigma = STATS_MAD_SIGMA * stats_sorted_median(work, n);
    out->robust_z_last = out->mad_sigma > 0 ? (x[n - 1] - out->median) / out->mad_sigma : NAN;
    return NULL;
}

/* --- ranks ------------------------------------------------------------------------------------------------------------------------ */

void stats_ranks(const double *x, size_t n, struct stats_pair *work, double *out)
{
    for (size_t i = 0; i < n; i++)
        work[i] = (struct stats_pair){x[i], i};
    stats_sort_pairs(work, n);
    for (size_t i = 0; i < n;) {
        size_t k = i + 1;
        while (k < n && work[k].value == work[i].value)
            k++;
        double rank = 0.5 * (double)(i + 1 + k);
        for (; i < k; i++)
            out[work[i].index] = rank;
    }
}

void stats_ties(const double *x, size_t n, double *work, struct stats_ties *out)
{
    *out = (struct stats_ties){0};
    for (size_t i = 0; i < n; i++)
        work[i] = x[i];
    stats_sort(work, n);
    for (size_t i = 0; i < n;) {
        size_t k = i + 1;
        while (k < n && work[k] == work[i])
            k++;
        double t = (double)(k - i);
        out->pairs += t * (t - 1) / 2;
        out->x0 += t * (t - 1) * (t - 2);
        out->x1 += t * (t - 1) * (2 * t + 5);
        i = k;
    }
}
