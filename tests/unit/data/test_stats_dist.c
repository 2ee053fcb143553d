/* Distributions against values of 20 digits and against each other; outside the domain there is no number. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "data/stats.h"

static void near(double got, double want, double tolerance)
{
    if (!(fabs(got - want) <= tolerance * fabs(want)))
        fail_msg("%.17g, expected %.17g", got, want);
}

static void known_values(void **state)
{
    (void)state;
    near(stats_normal_cdf(0), 0.5, 0);
    near(stats_normal_sf(1.96), 0.024997895148220435, 1e-14);
    near(stats_normal_sf(10), 7.619853024160526e-24, 1e-13);
    near(stats_normal_quantile(0.975), 1.9599639845400542, 1e-15);
    near(stats_normal_quantile(0.5), 0, 0);
    near(stats_t_cdf(1, 1), 0.75, 1e-15);
    near(stats_t_cdf(-1e6, 1), 1 / (M_PI * 1e6), 1e-11); /* a tail as of 1 / (pi t) */
    near(stats_t_sf2(sqrt(2), 2), 1 - sqrt(0.5), 1e-14);
    near(stats_t_quantile(0.75, 1), 1, 1e-15);
    near(stats_chi2_sf(3, 2), exp(-1.5), 1e-14);
    near(stats_chi2_cdf(1e-12, 2), 5e-13, 1e-12);
    near(stats_f_sf(2, 2, 2), 1 / 3., 1e-14);
    near(stats_beta_cdf(0.25, 1, 1), 0.25, 1e-15);
    near(stats_beta_cdf(0.1, 2, 1), 0.01, 1e-14);
    near(stats_beta_sf(0.1, 1, 3), 0.729, 1e-14);
    near(stats_beta_quantile(0.01, 2, 1), 0.1, 1e-14);
}

/* On both sides of the switch the t distribution is one curve, and at a large df nearly the normal one. */
static void t_of_many_degrees(void **state)
{
    (void)state;
    for (double t = 0.1; t < 30; t *= 1.7) {
        double below = stats_t_sf(t, STATS_T_LARGE_DF), above = stats_t_sf(t, STATS_T_LARGE_DF * (1 + 1e-12));
        near(above, below, 1e-11);
        near(stats_t_sf(t, 1e15), stats_normal_sf(t), 1e-9);
    }
    near(stats_t_quantile(1e-100, 2e5), -stats_t_from_normal(-stats_normal_quantile(1e-100), 2e5), 1e-15);
}

static void tails_add_up(void **state)
{
    (void)state;
    for (double a = 0.5; a < 1e5; a *= 7)
        for (double b = 0.5; b < 1e5; b *= 5) {
            double x = stats_beta_quantile(0.3, a, b);
            near(stats_beta_cdf(x, a, b), 0.3, 1e-10);
            near(stats_beta_cdf(x, a, b) + stats_beta_sf(x, a, b), 1, 1e-14);
            near(stats_f_cdf(stats_f_quantile(0.8, a, b), a, b), 0.8, 1e-10);
        }
    for (double df = 0.1; df < 1e7; df *= 9) {
        near(stats_chi2_sf(stats_chi2_quantile(0.999, df), df), 0.001, 1e-9);
        near(stats_t_sf(stats_t_quantile(0.999, df), df), 0.001, 1e-10);
    }
}

static void outside_the_domain(void **state)
{
    const double none[] = {
        stats_normal_cdf(NAN),
        stats_normal_sf(INFINITY),
        stats_normal_quantile(0),
        stats_normal_quantile(1),
        stats_normal_quantile(-1),
        stats_t_cdf(INFINITY, 3),
        stats_t_sf(1, -1),
        stats_t_sf2(NAN, 3),
        stats_t_quantile(0.5, 0),
        stats_t_quantile(2, 5),
        stats_chi2_cdf(-1, 2),
        stats_chi2_sf(1, NAN),
        stats_chi2_quantile(0.5, 0),
        stats_f_cdf(-1, 1, 1),
        stats_f_sf(1, 1, INFINITY),
        stats_f_quantile(1, 2, 3),
        stats_beta_cdf(-0.1, 1, 1),
        stats_beta_sf(1.1, 1, 1),
        stats_beta_quantile(0.5, 0, 1),
        stats_beta_cdf(0.5, 1, NAN),
        stats_sprt_e(1, 0, 1, 0),
        stats_sprt_e(NAN, 1, 1, 0),
        stats_sprt_e(1, 1, -1, 0),
        stats_halfnormal_e(1, 0, 1),
        stats_mean(NULL, 0),
        stats_sd((double[]){1}, 1),
        stats_sorted_quantile(NULL, 0, 1),
        stats_sorted_median(NULL, 0),
    };
    (void)state;
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        if (!isnan(none[i]))
            fail_msg("call %zu gave %g", i, none[i]);
}

/* Under no effect an e-value of one look exceeds 20 in at most 1 of 20 samples; with one it grows. */
static void evidence(void **state)
{
    struct stats_random r;
    size_t over = 0;
    (void)state;
    stats_random_seed(&r, 4);
    for (int i = 0; i < 400; i++) {
        double sum = 0;
        bool crossed = false;
        for (int n = 1; n <= 200 && !crossed; n++) {
            sum += stats_random_normal(&r);
            crossed = stats_sprt_e(sum / n, 1 / sqrt(n), 0.3, STATS_GREATER) >= 20;
        }
        over += crossed;
    }
    assert_in_range(over, 0, 20);
    near(stats_halfnormal_e(50, 100, 0.2), stats_sprt_e(0.5, 0.1, 0.2, STATS_GREATER), 1e-12);
    assert_true(stats_sprt_e(0.5, 0.1, 0.2, STATS_LESS) < 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_values),       cmocka_unit_test(t_of_many_degrees), cmocka_unit_test(tails_add_up),
        cmocka_unit_test(outside_the_domain), cmocka_unit_test(evidence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
