/* Distribution functions on libm's erfc, lgamma, log1p: regularised incomplete beta and gamma by continued fraction and series,
 * their prefactors written so that large parameters do not cancel. */
#include <math.h>

#include "data/stats.h"

enum { ROUNDS_MAX = 200000 };
static const double half_ln_2pi = 0.91893853320467274178, tiny = 1e-300;

/* ln gamma(x) - ((x - 1/2) ln x - x + ln(2 pi) / 2), for x >= 10: Stirling's series. */
static double stirling(double x)
{
    double y = 1 / (x * x);
    return (1 / 12. - y * (1 / 360. - y * (1 / 1260. - y * (1 / 1680. - y * (1 / 1188. - y * (691 / 360360. - y / 156)))))) / x;
}

/* log1p(d) - d without cancellation: with s = d / (2 + d), log1p(d) = 2 atanh(s) and 2 s - d = -s d. */
static double log1p_minus(double d)
{
    if (d < -0.4 || d > 0.6)
        return log1p(d) - d;
    double s = d / (2 + d), s2 = s * s, sum = 0, power = 1;
    for (int k = 3; k < 60; k += 2) {
        double term = power / k;
        sum += term;
        if (term < 1e-18)
            break;
        power *= s2;
    }
    return 2 * s * s2 * sum - s * d;
}

double stats_lbeta(double a, double b)
{
    if (a > b) {
        double t = a;
        a = b;
        b = t;
    }
    double n = a + b;
    if (a >= 10)
        return half_ln_2pi + stirling(a) + stirling(b) - stirling(n) - 0.5 * log(b) - (a - 0.5) * log1p(b / a) -
               b * log1p(a / b);
    if (b >= 10)
        return lgamma(a) + stirling(b) - stirling(n) + a - a * log(n) - (b - 0.5) * log1p(a / b);
    return lgamma(a) + lgamma(b) - lgamma(n);
}

/* ln of x^a y^b / B(a, b). */
static double beta_prefactor(double a, double b, double x, double y)
{
    if (a >= 10 && b >= 10) { /* relative to the mode a / (a + b), where the first-order terms cancel exactly */
        double n = a + b, off = x * b - y * a;
        return a * log1p_minus(off / a) + b * log1p_minus(-off / b) + 0.5 * (log(a) + log(b / n)) - half_ln_2pi - stirling(a) -
               stirling(b) + stirling(n);
    }
    double lx = y < 0.5 ? log1p(-y) : log(x), ly = x < 0.5 ? log1p(-x) : log(y);
    return a * lx + b * ly - stats_lbeta(a, b);
}

static double away_from_zero(double v)
{
    return fabs(v) < tiny ? tiny : v;
}

/* The lower tail by the continued fraction (Lentz's way), good for x < (a + 1) / (a + b + 2). */
static double beta_fraction(double a, double b, double x, double y)
{
    double c = 1, d = 1 / away_from_zero(1 - (a + b) * x / (a + 1)), h = d;
    for (int m = 1; m < ROUNDS_MAX; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        d = 1 / away_from_zero(1 + even * d);
        c = away_from_zero(1 + even / c);
        h *= d * c;
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        d = 1 / away_from_zero(1 + odd * d);
        c = away_from_zero(1 + odd / c);
        h *= d * c;
        if (fabs(d * c - 1) < 2e-16)
            break;
    }
    return exp(beta_prefactor(a, b, x, y)) * h / a;
}

double stats_ibeta(double a, double b, double x, double y, bool upper)
{
    if (x <= 0)
        return upper ? 1 : 0;
    if (y <= 0)
        return upper ? 0 : 1;
    bool low = x < (a + 1) / (a + b + 2);
    double tail = low ? beta_fraction(a, b, x, y) : beta_fraction(b, a, y, x);
    return fmin(low == upper ? 1 - tail : tail, 1);
}

/* x^a e^-x / gamma(a) */
static double gamma_prefactor(double a, double x)
{
    if (a < 10)
        return exp(a * log(x) - x - lgamma(a));
    double d = (x - a) / a;
    double deviance = d > -0.4 && d < 0.6 ? a * log1p_minus(d) : a * log(x / a) - (x - a);
    return exp(deviance + 0.5 * log(a) - half_ln_2pi - stirling(a));
}

double stats_igamma(double a, double x, bool upper)
{
    if (x <= 0)
        return upper ? 1 : 0;
    double before = gamma_prefactor(a, x);
    if (x < a + 1) {
        double term = 1 / a, sum = term;
        for (int n = 1; n < ROUNDS_MAX && term > sum * 1e-17; n++) {
            term *= x / (a + n);
            sum += term;
        }
        double lower = fmin(sum * before, 1);
        return upper ? 1 - lower : lower;
    }
    double b = x + 1 - a, c = 1 / tiny, d = 1 / b, h = d;
    for (int i = 1; i < ROUNDS_MAX; i++) {
        double an = -i * (i - a);
        b += 2;
        d = 1 / away_from_zero(an * d + b);
        c = away_from_zero(b + an / c);
        h *= d * c;
        if (fabs(d * c - 1) < 2e-16)
            break;
    }
    double tail = fmin(before * h, 1);
    return upper ? tail : 1 - tail;
}

double stats_normal_cdf(double x)
{
    return isfinite(x) ? 0.5 * erfc(-x * M_SQRT1_2) : NAN;
}

double stats_normal_sf(double x)
{
    return stats_normal_cdf(-x);
}

/* Hill's normalising expansion (1970): sqrt(a ln(1 + t^2 / df)) times this is normal, where df is above 1e5 to 1e-20. */
static double hill(double w2, double df)
{
    double a = df - 0.5, b = 48 * a * a;
    double second = (((-0.4 * w2 - 3.3) * w2 - 24) * w2 - 85.5) / (0.8 * w2 * w2 + 100 + b);
    return 1 + (second + w2 + 3) / b;
}

static double t_to_normal(double t, double df)
{
    double w2 = (df - 0.5) * log1p(t * t / df);
    return sqrt(w2) * hill(w2, df);
}

/* Its inverse for z >= 0: the correction moves so slowly that a few rounds settle it. */
double stats_t_from_normal(double z, double df)
{
    double w = z;
    for (int i = 0; i < 4; i++)
        w = z / hill(w * w, df);
    return sqrt(df * expm1(w * w / (df - 0.5)));
}

/* P(T > t) for t >= 0. */
static double t_upper(double t, double df)
{
    if (df > STATS_T_LARGE_DF)
        return stats_normal_sf(t_to_normal(t, df));
    double t2 = t * t;
    if (t2 > 1e300) /* only small df get here with a tail that is a number: y^(df/2) as a power law */
        return 0.5 * exp(0.5 * df * (log(df) - 2 * log(t)) - stats_lbeta(0.5 * df, 0.5)) / (0.5 * df);
    return 0.5 * stats_ibeta(0.5 * df, 0.5, df / (df + t2), t2 / (df + t2), false);
}

static bool good_df(double df)
{
    return isfinite(df) && df > 0;
}

double stats_t_sf(double t, double df)
{
    if (!isfinite(t) || !good_df(df))
        return NAN;
    return t >= 0 ? t_upper(t, df) : 1 - t_upper(-t, df);
}

double stats_t_cdf(double t, double df)
{
    return stats_t_sf(-t, df);
}

double stats_t_sf2(double t, double df)
{
    return 2 * stats_t_sf(fabs(t), df);
}

static bool good_shape(double a)
{
    return good_df(a) && a <= STATS_DF_MAX;
}

double stats_chi2_cdf(double x, double df)
{
    return isfinite(x) && x >= 0 && good_shape(df) ? stats_igamma(0.5 * df, 0.5 * x, false) : NAN;
}

double stats_chi2_sf(double x, double df)
{
    return isfinite(x) && x >= 0 && good_shape(df) ? stats_igamma(0.5 * df, 0.5 * x, true) : NAN;
}

static double f_tail(double x, double d1, double d2, bool upper)
{
    if (!isfinite(x) || x < 0 || !good_shape(d1) || !good_shape(d2))
        return NAN;
    double odds = x * (d1 / d2); /* of the beta variable */
    return stats_ibeta(0.5 * d1, 0.5 * d2, isinf(odds) ? 1 : odds / (1 + odds), 1 / (1 + odds), upper);
}

double stats_f_cdf(double x, double d1, double d2)
{
    return f_tail(x, d1, d2, false);
}

double stats_f_sf(double x, double d1, double d2)
{
    return f_tail(x, d1, d2, true);
}

static bool good_beta(double x, double a, double b)
{
    return isfinite(x) && x >= 0 && x <= 1 && good_shape(a) && good_shape(b);
}

double stats_beta_cdf(double x, double a, double b)
{
    return good_beta(x, a, b) ? stats_ibeta(a, b, x, 1 - x, false) : NAN;
}

double stats_beta_sf(double x, double a, double b)
{
    return good_beta(x, a, b) ? stats_ibeta(a, b, x, 1 - x, true) : NAN;
}
