/* Tests and intervals of one or two samples, proportions, directions. */
#include <math.h>

#include "data/stats.h"

static const char bad_conf[] = "the confidence must lie between 0 and 1";

static bool good_conf(double conf)
{
    return conf > 0 && conf < 1;
}

const char *stats_welch(const double *a, size_t na, const double *b, size_t nb, double conf, struct stats_welch *out)
{
    if (!good_conf(conf))
        return bad_conf;
    const char *why = stats_check(a, na, 2);
    if (why == NULL)
        why = stats_check(b, nb, 2);
    if (why != NULL)
        return why;
    double sa = stats_sd(a, na), sb = stats_sd(b, nb), va = sa * sa / (double)na, vb = sb * sb / (double)nb, v = va + vb;
    if (stats_constant(a, na) && stats_constant(b, nb))
        return "both samples are constant";
    if (!(v > 0) || !isfinite(v))
        return "the values are too close or too large to compare";
    double fa = va / v, fb = vb / v;
    out->df = 1 / (fa * fa / (double)(na - 1) + fb * fb / (double)(nb - 1));
    out->diff = stats_mean(a, na) - stats_mean(b, nb);
    out->se = sqrt(v);
    out->t = out->diff / out->se;
    out->p = stats_t_sf2(out->t, out->df);
    double half = stats_t_quantile(0.5 + 0.5 * conf, out->df) * out->se;
    out->ci_lo = out->diff - half;
    out->ci_hi = out->diff + half;
    return NULL;
}

/* Counts need not be whole: effective sizes are none. */
static const char *check_share(double k, double n)
{
    if (!isfinite(k) || !isfinite(n))
        return "a count is infinite or not a number";
    if (!(n > 0))
        return "no trials";
    return k < 0 || k > n ? "the successes must lie between 0 and the trials" : NULL;
}

const char *stats_wilson(double k, double n, double conf, double *lo, double *hi)
{
    const char *why = good_conf(conf) ? check_share(k, n) : bad_conf;
    if (why != NULL)
        return why;
    double z = stats_normal_quantile(0.5 + 0.5 * conf), z2 = z * z, miss = n - k;
    double half = z * sqrt(k * miss / n + z2 / 4);
    /* each limit in the form that does not cancel: their product with its conjugate is known */
    *hi = k == n ? 1 : (k + z2 / 2 + half) / (n + z2);
    *lo = k == 0 ? 0 : k * k / n / (k + z2 / 2 + half);
    return NULL;
}

const char *stats_beta_binomial(double k, double n, double a, double b, struct stats_beta_binomial *out)
{
    if (!isfinite(k) || !isfinite(n) || n < 0 || k < 0 || k > n)
        return "the successes must lie between 0 and the trials";
    if (!isfinite(a) || !isfinite(b) || !(a > 0) || !(b > 0))
        return "the prior's parameters must be above 0";
    double pa = a + k, pb = b + n - k, all = pa + pb;
    *out = (struct stats_beta_binomial){
        .mean = pa / all,
        .sd = sqrt(pa * pb / (all + 1)) / all,
        .q025 = stats_beta_quantile(0.025, pa, pb),
        .q05 = stats_beta_quantile(0.05, pa, pb),
        .q975 = stats_beta_quantile(0.975, pa, pb),
    };
    return isnan(out->q025) || isnan(out->q05) || isnan(out->q975) ? "the counts are too large" : NULL;
}

const char *stats_beta_prior(const double *k, const double *n, size_t groups, double *a, double *b)
{
    if (groups == 0)
        return "no groups";
    double successes = 0, trials = 0, squares = 0;
    for (size_t i = 0; i < groups; i++) {
        const char *why = check_share(k[i], n[i]);
        if (why != NULL)
            return why;
        successes += k[i];
        trials += n[i];
        squares += n[i] * n[i];
    }
    /* half a success and half a failure more, so that the prior excludes nothing */
    double mean = (successes + 0.5) / (trials + 1), spread = 0, m = (double)groups;
    for (size_t i = 0; i < groups; i++) {
        double off = k[i] / n[i] - mean;
        spread += n[i] * off * off;
    }
    double room = trials - squares / trials - (m - 1), over = spread / (mean * (1 - mean)) - (m - 1);
    double most = fmax(10, trials), size = most;
    if (room > 0 && over > 0)
        size = fmin(most, fmax(10, room / over - 1));
    else if (!(room > 0)) /* single trials tell nothing about how the groups differ */
        size = 10;
    *a = mean * size;
    *b = (1 - mean) * size;
    return NULL;
}

const char *stats_circular(const double *h, size_t n, double period, struct stats_circular *out)
{
    const char *why = isfinite(period) && period > 0 ? stats_check(h, n, 1) : "the period must be above 0";
    if (why != NULL)
        return why;
    double c = 0, s = 0, m = (double)n;
    for (size_t i = 0; i < n; i++) {
        double angle = 2 * M_PI * (fmod(h[i], period) / period);
        c += cos(angle);
        s += sin(angle);
    }
    c /= m;
    s /= m;
    double R = fmin(1, hypot(c, s)), mean = atan2(s, c) / (2 * M_PI) * period, Z = m * R * R, Z2 = Z * Z;
    double p = exp(-Z) * (1 + (2 * Z - Z2) / (4 * m) - (24 * Z - 132 * Z2 + 76 * Z * Z2 - 9 * Z2 * Z2) / (288 * m * m));
    *out = (struct stats_circular){.mean = NAN, .R = R, .Z = Z, .p = fmin(1, fmax(0, p))};
    if (R > 1e-12)
        out->mean = mean < 0 ? mean + period : mean;
    return NULL;
}

const char *stats_two_proportion(double k1, double n1, double k2, double n2, struct stats_two_proportion *out)
{
    const char *why = check_share(k1, n1);
    if (why == NULL)
        why = check_share(k2, n2);
    if (why != NULL)
        return why;
    double pooled = (k1 + k2) / (n1 + n2), var = pooled * (1 - pooled) * (1 / n1 + 1 / n2);
    if (!(var > 0))
        return "all successes or none: nothing to compare";
    out->diff = k1 / n1 - k2 / n2;
    out->z = out->diff / sqrt(var);
    out->p = 2 * stats_normal_sf(fabs(out->z));
    return NULL;
}

const char *stats_fisher(const double *p, size_t n, double *chi2, double *combined)
{
    const char *why = stats_check(p, n, 1);
    if (why != NULL)
        return why;
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        if (!(p[i] > 0 && p[i] <= 1))
            return "a p-value must be above 0 and at most 1";
        sum -= 2 * log(p[i]);
    }
    *chi2 = fmax(0, sum);
    *combined = stats_chi2_sf(*chi2, 2 * (double)n);
    return isnan(*combined) ? "too many p-values" : NULL;
}

const char *stats_tau2(const double *b, const double *se, size_t n, struct stats_tau2 *out)
{
    const char *why = stats_check(b, n, 2);
    if (why == NULL)
        why = stats_check(se, n, 2);
    if (why != NULL)
        return why;
    double w1 = 0, w2 = 0, wb = 0, Q = 0, r1 = 0, rb = 0;
    for (size_t i = 0; i < n; i++) {
        double w = 1 / (se[i] * se[i]);
        if (!(se[i] > 0) || !isfinite(w))
            return "a standard error must be above 0";
        w1 += w;
        w2 += w * w;
        wb += w * b[i];
    }
    for (size_t i = 0; i < n; i++) {
        double off = b[i] - wb / w1;
        Q += off * off / (se[i] * se[i]);
    }
    double room = w1 - w2 / w1;
    if (!isfinite(w2) || !isfinite(Q))
        return "the standard errors are too small";
    double tau2 = room > 0 ? fmax(0, (Q - (double)(n - 1)) / room) : 0;
    for (size_t i = 0; i < n; i++) {
        double w = 1 / (se[i] * se[i] + tau2);
        r1 += w;
        rb += w * b[i];
    }
    *out =
        (struct stats_tau2){.tau2 = tau2, .Q = Q, .p = stats_chi2_sf(Q, (double)(n - 1)), .mean = rb / r1, .se = sqrt(1 / r1)};
    return isnan(out->p) ? "too many estimates" : NULL;
}
