/* Statistics: pure functions over arrays of doubles. No I/O, no allocation: what a function needs beside its arguments the caller
 * gives as work, of the stated size.
 *
 * Errors: a function that returns const char * answers NULL, or a static text that says why there is no answer (its outputs are
 * then not to be read). A function that returns a double answers NAN for arguments outside its domain and for nothing else.
 * Not-a-numbers, infinities, constants, empty and single samples are such errors, never a number. In an output struct NAN
 * marks a member that does not exist for these data (the interval of a correlation of three points). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The functions that look at all pairs, and those that keep all pairs' slopes. */
enum { STATS_PAIRS_MAX = 20000, STATS_SLOPES_MAX = 2000 };
#define STATS_DF_MAX 1e8 /* of chi-square, F and beta; t takes any */

/* --- distributions (stats_dist.c, stats_quantile.c) --------------------------------------------------------------------- */

double stats_normal_cdf(double x);
double stats_normal_sf(double x);
double stats_normal_quantile(double p); /* 0 < p < 1, as in all quantiles */
double stats_t_cdf(double t, double df);
double stats_t_sf(double t, double df);
double stats_t_sf2(double t, double df); /* P(|T| > |t|) */
double stats_t_quantile(double p, double df);
double stats_chi2_cdf(double x, double df);
double stats_chi2_sf(double x, double df);
double stats_chi2_quantile(double p, double df);
double stats_f_cdf(double x, double d1, double d2);
double stats_f_sf(double x, double d1, double d2);
double stats_f_quantile(double p, double d1, double d2);
double stats_beta_cdf(double x, double a, double b);
double stats_beta_sf(double x, double a, double b);
double stats_beta_quantile(double p, double a, double b);

/* For stats_quantile.c: the regularised incomplete functions, the tail asked for computed without cancellation. y = 1 - x. */
double stats_ibeta(double a, double b, double x, double y, bool upper);
double stats_igamma(double a, double x, bool upper);
double stats_lbeta(double a, double b);
#define STATS_T_LARGE_DF 1e5
double stats_t_from_normal(double z, double df); /* for z >= 0 and df above that: the t with the same tail */

/* --- samples (stats_sample.c) ---------------------------------------------------------------------------------------------- */

const char *stats_check(const double *x, size_t n, size_t at_least); /* enough values, all finite */
bool stats_constant(const double *x, size_t n);
void stats_sort(double *x, size_t n);

struct stats_pair {
    double value;
    size_t index;
};
void stats_sort_pairs(struct stats_pair *p, size_t n); /* by value, equal ones by index */

struct stats_welford { /* zero-initialised: nothing seen */
    size_t n;
    double mean, m2;
};
void stats_welford_add(struct stats_welford *w, double x);
double stats_welford_sd(const struct stats_welford *w); /* n - 1 in the denominator; NAN below two values */

double stats_sum(const double *x, size_t n);  /* compensated: as exact as the result's own rounding */
double stats_mean(const double *x, size_t n); /* NAN when empty */
double stats_sd(const double *x, size_t n);   /* two passes, n - 1; NAN below two values */

double stats_sorted_quantile(const double *sorted, size_t n,
                             double q); /* type 7 (Hyndman-Fan); NAN when empty or q not in [0, 1] */
double stats_sorted_median(const double *sorted, size_t n);

#define STATS_MAD_SIGMA 1.4826022185056018 /* 1 / normal_quantile(.75) */
struct stats_median_mad {
    double median, mad_sigma; /* mad_sigma = STATS_MAD_SIGMA * median |x - median| */
    double robust_z_last;     /* (x[n-1] - median) / mad_sigma; NAN when mad_sigma is 0 */
};
const char *stats_median_mad(const double *x, size_t n, double *work /* n */, struct stats_median_mad *out);

void stats_ranks(const double *x, size_t n, struct stats_pair *work /* n */,
                 double *out); /* from 1; equal values share the middle */

/* Ties of a sample: sums over its groups of t equal values. */
struct stats_ties {
    double pairs, x0, x1; /* t(t-1)/2, t(t-1)(t-2), t(t-1)(2t+5) */
};
void stats_ties(const double *x, size_t n, double *work /* n */, struct stats_ties *out);

/* --- association (stats_corr.c) ---------------------------------------------------------------------------------------------- */

struct stats_pearson {            /* t, p: of n - 2 degrees of freedom, two-sided; t NAN when |r| is 1 */
    double r, t, p, ci_lo, ci_hi; /* interval by Fisher's z; NAN below four points */
};
const char *stats_pearson(const double *x, const double *y, size_t n, double conf, struct stats_pearson *out);
/* work: 2 n, pairs: n. Intervals widened for ranks: sqrt(1.06 / (n - 3)) (Fieller, Hartley and Pearson 1957). */
const char *stats_spearman(const double *x, const double *y, size_t n, double conf, double *work, struct stats_pair *pairs,
                           struct stats_pearson *out);
struct stats_kendall {
    double tau, z, p; /* tau-b; asymptotic, tie-corrected variance (Kendall 1970), no continuity correction */
    double concordant, discordant;
};
const char *stats_kendall(const double *x, const double *y, size_t n, double *work /* n */, struct stats_kendall *out);

/* --- trend (stats_trend.c) ------------------------------------------------------------------------------------------------- */

struct stats_mk {
    double s, var_s, z, p; /* continuity correction, two-sided */
    double nns;            /* n / n* of Hamed and Rao; 1 in the plain test */
};
const char *stats_mann_kendall(const double *x, size_t n, double *work /* n */, struct stats_mk *out);
/* Hamed and Rao 1998: the variance times n / n*, from the autocorrelation of the ranks of the series without its Theil-Sen
 * slope, at the lags where it is significant at alpha. work: n (n - 1) / 2 + 2 n, pairs: n. */
const char *stats_hamed_rao(const double *x, size_t n, double alpha, double *work, struct stats_pair *pairs,
                            struct stats_mk *out);

struct stats_theil_sen {
    double slope, intercept, lo, hi; /* per step, t = 0 … n - 1; interval of the slope by Sen 1968, ranks rounded */
};
const char *stats_theil_sen(const double *x, size_t n, double conf, double *work /* n (n - 1) / 2 + n */,
                            struct stats_theil_sen *out);

/* Least squares line over t = 0 … n - 1 whose errors have a known correlation: rho[k] at distance k (rho[0] is 1; 0 from lags
 * on). The variance of the slope is v * factor for an error variance v; s2 estimates v from the residuals, freed of the bias
 * that the correlation brings: e'e / trace((I - H) R). df = n - 2. */
struct stats_line {
    double slope, intercept, s2, factor, df, se;
};
const char *stats_ols_ar1(const double *y, size_t n, const double *rho, size_t lags, double *residuals /* n, or NULL */,
                          struct stats_line *out);

/* --- tests (stats_test.c) ----------------------------------------------------------------------------------------------------- */

struct stats_welch {
    double t, df, p, diff, se, ci_lo, ci_hi; /* two-sided; diff = mean a - mean b */
};
const char *stats_welch(const double *a, size_t na, const double *b, size_t nb, double conf, struct stats_welch *out);
const char *stats_wilson(double k, double n, double conf, double *lo, double *hi); /* exactly 0 at k = 0, 1 at k = n */

struct stats_beta_binomial {
    double mean, sd, q025, q05, q975; /* of Beta(a + k, b + n - k) */
};
const char *stats_beta_binomial(double k, double n, double a, double b, struct stats_beta_binomial *out);
/* Empirical-Bayes prior from many groups' k of n: moments of the beta-binomial (Kleinman 1973), 10 <= a + b <= sum of n. */
const char *stats_beta_prior(const double *k, const double *n, size_t groups, double *a, double *b);

struct stats_circular {
    double mean, R, Z, p; /* mean NAN when R is 0; p of Rayleigh's test (Greenwood and Durand 1955) */
};
const char *stats_circular(const double *h, size_t n, double period, struct stats_circular *out);

struct stats_two_proportion {
    double z, p, diff; /* pooled variance, two-sided; diff = k1/n1 - k2/n2 */
};
const char *stats_two_proportion(double k1, double n1, double k2, double n2, struct stats_two_proportion *out);
const char *stats_fisher(const double *p, size_t n, double *chi2, double *combined);

struct stats_tau2 {    /* DerSimonian and Laird 1986 */
    double tau2, Q, p; /* p: of Q, heterogeneity */
    double mean, se;   /* of the random-effects model */
};
const char *stats_tau2(const double *b, const double *se, size_t n, struct stats_tau2 *out);

/* --- many tests (stats_multi.c) ------------------------------------------------------------------------------------------------ */

const char *stats_bh(const double *p, size_t n, struct stats_pair *work /* n */, double *q);
const char *stats_by(const double *p, size_t n, struct stats_pair *work /* n */, double *q);
/* Smallest level at which e-BH (Wang and Ramdas 2022) rejects: rejected at alpha where q <= alpha. e >= 0. */
const char *stats_ebh(const double *e, size_t n, struct stats_pair *work /* n */, double *q);

/* --- sequential (stats_seq.c) --------------------------------------------------------------------------------------------------- */

/* E-value of the normal-mixture SPRT (Robbins 1970; Johari et al. 2017) for an estimate b of standard error se, against 0: the
 * effect is normal around 0 with standard deviation tau; one-sided, half-normal above (below) 0. 1 / e is an always-valid p. */
enum stats_sided { STATS_TWO_SIDED, STATS_GREATER, STATS_LESS };
double stats_sprt_e(double b, double se, double tau, enum stats_sided sided);
/* The same from information: S = b / se^2, V = 1 / se^2; increments of both count as well. One-sided, greater. */
double stats_halfnormal_e(double S, double V, double tau);

/* xorshift64* (Vigna 2016), its state from the seed by one step of splitmix64. */
struct stats_random {
    uint64_t state;
    double spare;
    bool has_spare;
};
void stats_random_seed(struct stats_random *r, uint64_t seed);
uint64_t stats_random_bits(struct stats_random *r);
double stats_random_uniform(struct stats_random *r); /* inside (0, 1) */
double stats_random_normal(struct stats_random *r);  /* Marsaglia's polar method */

/* --- bootstrap (stats_boot.c) ----------------------------------------------------------------------------------------------------- */

/* Bias-corrected and accelerated interval (Efron 1987). The resamples come from a fixed generator, so that the answer is the same
 * on every machine: x = x * 6364136223846793005 + 1442695040888963407 (mod 2^64), index = ((x >> 33) * n) >> 31. */
enum stats_statistic { STATS_MEAN, STATS_MEDIAN };
struct stats_bca {
    double theta, z0, a, alpha_lo, alpha_hi, lo, hi, boot_mean;
};
const char *stats_bca(const double *x, size_t n, enum stats_statistic statistic, size_t rounds, uint64_t seed, double conf,
                      double *work /* 2 n + rounds */, struct stats_bca *out);

/* --- small symmetric matrices, row by row (stats_matrix.c) ---------------------------------------------------------------------- */

/* The lower Cholesky factor in place; what is above the diagonal becomes 0. */
const char *stats_cholesky(double *m, size_t n);
void stats_cholesky_solve(const double *l, size_t n, double *b); /* L L' x = b, in place */
void stats_lower_solve(const double *l, size_t n, double *b);    /* L x = b, in place */
void stats_lower_solve_t(const double *l, size_t n, double *b);  /* L' x = b, in place */

/* --- regression (stats_ols.c, stats_jackknife.c) ----------------------------------------------------------------------------------- */

#define STATS_OLS_WORK_MAX 5e9 /* rows times columns squared: a few seconds */
enum { STATS_BLOCK = 128 };    /* rows looked at together */

struct stats_column { /* one of the two, a value for each of the design's rows */
    const double *dense;
    const unsigned char *flags; /* 0 or 1 */
};
/* No intercept is implied: absorb groups, or add a column of ones. What an absorbed group's rows have in common is taken out of
 * every column and of y exactly, as if each group had a column of its own. */
struct stats_design {
    size_t columns_n;
    const struct stats_column *columns;
    const uint32_t *group; /* of each row, below groups; NULL: none absorbed */
    size_t groups;
};
/* The rows that take part; y and, in a jackknife, cluster have one entry for each of them. */
struct stats_rows {
    size_t n;
    const uint32_t *row; /* rows of the design */
    const double *y;
};

enum stats_cov { STATS_CLASSIC, STATS_HC3 };
struct stats_fit {
    double *b;              /* per column; NAN: a linear combination of earlier columns and groups (rest of its norm <= 1e-9) */
    double *cov;            /* columns x columns, row by row; 0 where aliased */
    double *residuals;      /* per row that takes part */
    size_t n, rank, groups; /* rows, coefficients and group effects estimated */
    double df, rss, sigma;  /* df = n - rank - groups; sigma^2 = rss / df */
    size_t bad_column, bad_row; /* where an error says "a value": from 0, bad_column = columns for y */
};
/* Householder QR over blocks of rows (TSQR), so that only the small triangle is kept. b, cov, residuals are the caller's.
 * HC3 (MacKinnon and White 1985): residuals over 1 - h, which counts as at least .05; h with the groups' part, 1 / n_g. */
size_t stats_ols_work(const struct stats_design *d);
const char *stats_ols(const struct stats_design *d, const struct stats_rows *rows, enum stats_cov cov, double *work,
                      struct stats_fit *fit);
/* weights per column; why not: a weight on an aliased column. */
const char *stats_contrast(const struct stats_fit *fit, size_t columns, const double *weights, double *estimate, double *se);

/* Leave-one-cluster-out of one coefficient (CR3, Cameron and Miller 2015): se^2 = (K - 1) / K times the sum of squares of the K
 * estimates about their mean. cluster: per row that takes part, below clusters; each absorbed group lies within one cluster.
 * estimates: clusters doubles. order: rows' n. */
struct stats_jackknife {
    double b, se;
    size_t bad_cluster;         /* where an error says "a cluster" */
    size_t bad_column, bad_row; /* as in a fit */
};
size_t stats_jackknife_work(const struct stats_design *d, size_t clusters);
const char *stats_jackknife(const struct stats_design *d, const struct stats_rows *rows, const uint32_t *cluster,
                            size_t clusters, size_t coefficient, double *work, uint32_t *order, double *estimates,
                            struct stats_jackknife *out);

/* For both: the columns less their groups' means, block by block. */
struct stats_centred {
    const struct stats_design *d;
    const struct stats_rows *rows;
    size_t width;  /* columns and y */
    double *mean;  /* width x groups */
    double *count; /* per group: its rows */
    double *seen;  /* per group: rows counted so far */
    double *norm2; /* width: raw sums of squares */
    double *block; /* width x STATS_BLOCK */
    size_t used;   /* groups with rows */
    size_t bad_column, bad_row;
};
size_t stats_centred_work(const struct stats_design *d);
const char *stats_centred_open(struct stats_centred *c, const struct stats_design *d, const struct stats_rows *rows,
                               double *work);
/* Fills the block with the rows' entries order[from …] (NULL: from …), count of them; column j begins at block + j * STATS_BLOCK. */
void stats_centred_fill(const struct stats_centred *c, const uint32_t *order, size_t from, size_t count);
double stats_dot(const double *a, const double *b, size_t n);
