/* Quantiles: the roots of the distribution functions, found on the scale where the logarithm of the tail is nearly straight. */
#include <math.h>

#include "data/stats.h"

enum { STEPS_MAX = 300 };

static bool good_p(double p)
{
    return p > 0 && p < 1; /* false for a not-a-number too */
}

/* Starts with Abramowitz and Stegun 26.2.23 (error below 5e-4); each Halley step trebles the digits. Towards the middle the
 * equation is solved for p - 1/2, where it keeps its digits. */
double stats_normal_quantile(double p)
{
    if (!good_p(p))
        return NAN;
    double q = p - 0.5, low = q < 0 ? p : 1 - p;
    double t = sqrt(-2 * log(low));
    double x = (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))) - t;
    for (int i = 0; i < 4; i++) { /* x < 0: the lower quantile */
        double off = fabs(q) < 0.25 ? 0.5 * erf(x * M_SQRT1_2) + fabs(q) : 0.5 * erfc(-x * M_SQRT1_2) - low;
        double u = off * exp(0.5 * x * x) * 2.50662827463100050242;
        x -= u / (1 + 0.5 * x * u);
    }
    return q < 0 ? x : -x;
}

/* A tail and its density's logarithm as functions of u on the whole line. */
struct curve {
    double (*tail)(const struct curve *c, double u, bool upper);
    double (*log_density)(const struct curve *c, double u); /* of u */
    double a, b, log_scale;
};

/* The u at which the tail is p: Newton on ln tail, which is concave in u, kept inside a bracket. */
static double solve(const struct curve *c, double p, double start, double lo, double hi)
{
    bool upper = p > 0.5;
    double want = log(upper ? 1 - p : p), u = fmin(fmax(start, lo), hi);
    for (int i = 0; i < STEPS_MAX; i++) {
        double tail = c->tail(c, u, upper), off = log(tail) - want; /* -inf where the tail underflows */
        if (upper ? off > 0 : off < 0)
            lo = u;
        else
            hi = u;
        double slope = exp(c->log_density(c, u) - log(tail));
        double next = u - (upper ? -off : off) / slope;
        if (!(next > lo && next < hi)) {
            if (off == 0)
                return u;
            next = 0.5 * (lo + hi);
        }
        if (fabs(next - u) <= 1e-16 * fmax(1, fabs(u)))
            return next;
        u = next;
    }
    return u;
}

/* Beta in u = ln(x / (1 - x)). */
static double beta_tail(const struct curve *c, double u, bool upper)
{
    return stats_ibeta(c->a, c->b, 1 / (1 + exp(-u)), 1 / (1 + exp(u)), upper);
}

static double beta_log_density(const struct curve *c, double u)
{
    return -c->a * log1p(exp(-u)) - c->b * log1p(exp(u)) - c->log_scale;
}

static double beta_logit_quantile(double p, double a, double b)
{
    struct curve c = {beta_tail, beta_log_density, a, b, stats_lbeta(a, b)};
    double low = (log(p) + log(a) + c.log_scale) / a, high = -(log1p(-p) + log(b) + c.log_scale) / b, middle = log(a / b);
    double start = p < 0.5 ? fmin(low, middle) : fmax(high, middle); /* the power law of the nearer end */
    return solve(&c, p, start, -1500, 1500);
}

static bool good_shape(double a)
{
    return isfinite(a) && a > 0 && a <= STATS_DF_MAX;
}

double stats_beta_quantile(double p, double a, double b)
{
    return good_p(p) && good_shape(a) && good_shape(b) ? 1 / (1 + exp(-beta_logit_quantile(p, a, b))) : NAN;
}

double stats_f_quantile(double p, double d1, double d2)
{
    if (!good_p(p) || !good_shape(d1) || !good_shape(d2))
        return NAN;
    double x = exp(beta_logit_quantile(p, 0.5 * d1, 0.5 * d2)) * (d2 / d1);
    return isfinite(x) ? x : NAN;
}

static double gamma_tail(const struct curve *c, double u, bool upper)
{
    return stats_igamma(c->a, exp(u), upper);
}

static double gamma_log_density(const struct curve *c, double u)
{
    return c->a * u - exp(u) - c->log_scale;
}

double stats_chi2_quantile(double p, double df)
{
    if (!good_p(p) || !good_shape(df))
        return NAN;
    double a = 0.5 * df;
    struct curve c = {gamma_tail, gamma_log_density, a, 0, lgamma(a)};
    double low = (log(p) + log(a) + c.log_scale) / a;
    double start = p < 0.5 ? fmin(low, log(a)) : log(a - log1p(-p));
    return 2 * exp(solve(&c, p, start, -1500, 30));
}

/* t^2 / df is the odds of a beta variable; in the middle the probability between 0 and t is the one with the digits. */
double stats_t_quantile(double p, double df)
{
    if (!good_p(p) || !isfinite(df) || df <= 0)
        return NAN;
    double q = p - 0.5, low = q < 0 ? p : 1 - p, sign = q < 0 ? -1 : 1;
    if (q == 0)
        return 0;
    if (df > STATS_T_LARGE_DF)
        return sign * stats_t_from_normal(-stats_normal_quantile(low), df);
    double u;
    if (low > 0.25)
        u = beta_logit_quantile(2 * fabs(q), 0.5, 0.5 * df);
    else
        u = -beta_logit_quantile(2 * low, 0.5 * df, 0.5);
    double t = sqrt(df) * exp(0.5 * u);
    return isfinite(t) ? sign * t : NAN;
}
