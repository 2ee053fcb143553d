/* Samples: order, spread, association, trends, tests, many tests; what has no answer says why. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "data/stats.h"

static void near(double got, double want)
{
    if (!(fabs(got - want) <= 1e-11 * fabs(want) + 1e-14))
        fail_msg("%.17g, expected %.17g", got, want);
}

static void no_answer(const char *why, const char *text)
{
    assert_non_null(why);
    if (strstr(why, text) == NULL)
        fail_msg("'%s' does not say '%s'", why, text);
}

static const double x5[] = {2, 1, 4, 3, 5}, y5[] = {1, 2, 3, 5, 4}, same5[] = {3, 3, 3, 3, 3}, bad5[] = {1, 2, NAN, 4, 5};
static double work[64];
static struct stats_pair pairs[8];

static void one_sample(void **state)
{
    struct stats_welford w = {0};
    struct stats_median_mad mad;
    double ranks[5];
    (void)state;
    assert_true(isnan(stats_welford_sd(&w)));
    for (size_t i = 0; i < 5; i++)
        stats_welford_add(&w, x5[i] + 1000);
    near(w.mean, 1003);
    near(stats_welford_sd(&w), sqrt(2.5));
    near(stats_sd(x5, 5), sqrt(2.5));
    near(stats_sum((double[]){1e16, 1, -1e16}, 3), 1);
    assert_null(stats_median_mad(x5, 5, work, &mad));
    near(mad.median, 3);
    near(mad.mad_sigma, STATS_MAD_SIGMA);
    near(mad.robust_z_last, 2 / STATS_MAD_SIGMA);
    assert_null(stats_median_mad(same5, 5, work, &mad));
    assert_true(isnan(mad.robust_z_last));
    no_answer(stats_median_mad(bad5, 5, work, &mad), "not a number");
    no_answer(stats_median_mad(x5, 0, work, &mad), "no values");
    stats_ranks((double[]){7, 1, 7, 7, 0}, 5, pairs, ranks);
    near(ranks[0], 4);
    near(ranks[2], 4);
    near(ranks[4], 1);
}

static void two_samples(void **state)
{
    struct stats_pearson r;
    struct stats_kendall k;
    struct stats_welch w;
    (void)state;
    assert_null(stats_pearson(x5, y5, 5, 0.95, &r));
    near(r.r, 0.6);
    near(r.t, 0.6 * sqrt(3 / 0.64));
    assert_null(stats_spearman(x5, y5, 5, 0.95, work, pairs, &r));
    near(r.r, 0.6);
    assert_null(stats_kendall(x5, y5, 5, work, &k));
    near(k.tau, 0.4);
    near(k.concordant, 7);
    near(k.z, 4 / sqrt(50 / 3.));
    no_answer(stats_pearson(x5, same5, 5, 0.95, &r), "all values are equal");
    no_answer(stats_pearson(x5, bad5, 5, 0.95, &r), "not a number");
    no_answer(stats_pearson(x5, y5, 2, 0.95, &r), "too few");
    no_answer(stats_pearson(x5, y5, 5, NAN, &r), "confidence");
    no_answer(stats_kendall(same5, y5, 5, work, &k), "all values are equal");
    assert_null(stats_pearson(x5, x5, 5, 0.95, &r));
    assert_true(r.r == 1 && r.p == 0 && isnan(r.t) && isnan(r.ci_lo));
    assert_null(stats_welch(x5, 5, (double[]){1, 1}, 2, 0.95, &w)); /* one of them may be constant */
    near(w.df, 4);
    near(w.t, 2 / sqrt(0.5));
    no_answer(stats_welch(same5, 5, same5, 5, 0.95, &w), "both samples are constant");
    no_answer(stats_welch(x5, 1, y5, 5, 0.95, &w), "too few");
}

static void trends(void **state)
{
    const double up[] = {1, 2, 4, 3, 6, 7, 8, 10};
    struct stats_mk mk, hr;
    struct stats_theil_sen ts;
    struct stats_line line;
    (void)state;
    assert_null(stats_mann_kendall(up, 8, work, &mk));
    near(mk.s, 26);
    near(mk.var_s, 8 * 7 * 21 / 18.);
    near(mk.z, 25 / sqrt(mk.var_s));
    assert_null(stats_hamed_rao(up, 8, 0.05, work, pairs, &hr));
    near(hr.var_s, mk.var_s * hr.nns);
    assert_null(stats_theil_sen(up, 8, 0.95, work, &ts));
    assert_true(ts.lo <= ts.slope && ts.slope <= ts.hi && ts.lo > 0);
    near(ts.intercept, 5 - 3.5 * ts.slope);
    assert_null(stats_theil_sen(same5, 5, 0.95, work, &ts)); /* flat is a slope, but nothing to test */
    near(ts.slope, 0);
    no_answer(stats_mann_kendall(same5, 5, work, &mk), "all values are equal");
    no_answer(stats_mann_kendall(up, 2, work, &mk), "too few");
    no_answer(stats_hamed_rao(bad5, 5, 0.05, work, pairs, &hr), "not a number");
    assert_null(stats_ols_ar1(up, 8, (double[]){1, 0.5, 0.25}, 3, NULL, &line));
    assert_true(line.slope > 0 && line.se > 0 && line.df == 6);
    no_answer(stats_ols_ar1(up, 8, (double[]){0.9}, 1, NULL, &line), "which is 1");
}

static void shares_and_directions(void **state)
{
    double lo, hi, a, b, chi2, p;
    struct stats_two_proportion two;
    struct stats_beta_binomial beta;
    struct stats_circular c;
    struct stats_tau2 pool;
    (void)state;
    assert_null(stats_wilson(5, 10, 0.95, &lo, &hi));
    near(lo + hi, 1);
    assert_null(stats_wilson(0, 10, 0.95, &lo, &hi));
    assert_true(lo == 0 && hi < 0.3);
    no_answer(stats_wilson(11, 10, 0.95, &lo, &hi), "between 0 and the trials");
    no_answer(stats_two_proportion(5, 5, 7, 7, &two), "nothing to compare");
    assert_null(stats_beta_binomial(0, 0, 1, 1, &beta));
    near(beta.q05, 0.05);
    no_answer(stats_beta_binomial(1, 1, NAN, 1, &beta), "above 0");
    assert_null(stats_beta_prior((double[]){1, 2}, (double[]){10, 10}, 2, &a, &b));
    near(a / (a + b), 3.5 / 21);
    assert_true(a + b >= 10);
    assert_null(stats_circular((double[]){23, 1}, 2, 24, &c));
    assert_true(c.mean < 1e-9 || c.mean > 24 - 1e-9); /* midnight, not noon */
    assert_null(stats_circular((double[]){0, 12}, 2, 24, &c));
    assert_true(isnan(c.mean) && c.R < 1e-12 && c.p <= 1);
    no_answer(stats_circular((double[]){1}, 1, -24, &c), "above 0");
    assert_null(stats_fisher((double[]){0.05}, 1, &chi2, &p));
    near(p, 0.05);
    no_answer(stats_fisher((double[]){0}, 1, &chi2, &p), "above 0");
    assert_null(stats_tau2((double[]){1, 1}, (double[]){0.1, 0.2}, 2, &pool));
    assert_true(pool.tau2 == 0);
    near(pool.se, sqrt(1 / 125.));
    no_answer(stats_tau2((double[]){1, 1}, (double[]){0.1, 0}, 2, &pool), "above 0");
}

static void many_tests(void **state)
{
    const double p[] = {0.01, 0.04, 0.03, 0.5};
    double q[4];
    (void)state;
    assert_null(stats_bh(p, 4, pairs, q));
    near(q[0], 0.04);
    near(q[1], 0.16 / 3);
    near(q[2], 0.16 / 3);
    near(q[3], 0.5);
    assert_null(stats_by(p, 4, pairs, q));
    near(q[0], 0.04 * 25 / 12);
    assert_null(stats_ebh((double[]){0, 80, 30, 1}, 4, pairs, q));
    near(q[1], 0.05);
    near(q[2], 4 / 60.);
    near(q[0], 1);
    no_answer(stats_bh(p, 0, pairs, q), "no values");
    no_answer(stats_bh((double[]){-0.1}, 1, pairs, q), "between 0 and 1");
    no_answer(stats_by((double[]){NAN}, 1, pairs, q), "not a number");
    no_answer(stats_ebh((double[]){-1}, 1, pairs, q), "below 0");
}

static void bootstrap(void **state)
{
    static double room[10 + 1000];
    struct stats_bca first, again;
    (void)state;
    assert_null(stats_bca(x5, 5, STATS_MEAN, 1000, 42, 0.9, room, &first));
    assert_null(stats_bca(x5, 5, STATS_MEAN, 1000, 42, 0.9, room, &again));
    assert_memory_equal(&first, &again, sizeof first);
    assert_true(1 <= first.lo && first.lo < 3 && 3 < first.hi && first.hi <= 5);
    assert_null(stats_bca(x5, 5, STATS_MEDIAN, 1000, 42, 0.9, room, &again));
    near(again.theta, 3);
    no_answer(stats_bca(same5, 5, STATS_MEAN, 1000, 42, 0.9, room, &again), "all values are equal");
    no_answer(stats_bca(x5, 1, STATS_MEAN, 1000, 42, 0.9, room, &again), "too few");
    no_answer(stats_bca(bad5, 5, STATS_MEAN, 1000, 42, 0.9, room, &again), "not a number");
    no_answer(stats_bca(x5, 5, STATS_MEAN, 5, 42, 0.9, room, &again), "rounds");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_sample), cmocka_unit_test(two_samples),
        cmocka_unit_test(trends),     cmocka_unit_test(shares_and_directions),
        cmocka_unit_test(many_tests), cmocka_unit_test(bootstrap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
