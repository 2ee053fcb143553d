/* Regression and jackknife over arrays; small matrices. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "data/stats.h"

enum { N = 300, GROUPS = 6 };
static double x[N], far_off[N], y[N];
static unsigned char tag[N], every[N], member[GROUPS][N];
static uint32_t group[N], all[N];

static void near(double got, double want)
{
    if (!(fabs(got - want) <= 1e-9 * fabs(want) + 1e-13))
        fail_msg("%.17g, expected %.17g", got, want);
}

static void no_answer(const char *why, const char *text)
{
    assert_non_null(why);
    if (strstr(why, text) == NULL)
        fail_msg("'%s' does not say '%s'", why, text);
}

static int make_world(void **state)
{
    struct stats_random r;
    (void)state;
    stats_random_seed(&r, 99);
    for (uint32_t i = 0; i < N; i++) {
        all[i] = i;
        group[i] = (uint32_t)(stats_random_uniform(&r) * GROUPS);
        member[group[i]][i] = every[i] = 1;
        x[i] = stats_random_normal(&r);
        far_off[i] = 2 * x[i] + 5;
        tag[i] = stats_random_uniform(&r) < 0.3;
        y[i] = group[i] + 0.5 * x[i] - tag[i] + stats_random_normal(&r);
    }
    return 0;
}

struct estimate {
    struct stats_fit fit;
    double *work, *memory;
    const char *why;
};

static struct estimate ols(const struct stats_design *d, const double *of, size_t n, enum stats_cov cov)
{
    size_t k = d->columns_n;
    struct stats_rows rows = {n, all, of};
    struct estimate e = {.work = mem_array(stats_ols_work(d), sizeof(double)),
                         .memory = mem_array(k + k * k + n + 1, sizeof(double))};
    e.fit.b = e.memory;
    e.fit.cov = e.fit.b + k;
    e.fit.residuals = e.fit.cov + k * k;
    e.why = stats_ols(d, &rows, cov, e.work, &e.fit);
    return e;
}

static void drop(struct estimate *e)
{
    mem_free(e->work);
    mem_free(e->memory);
}

static void groups_are_columns(void **state)
{
    struct stats_column mine[] = {{x, NULL}, {NULL, tag}}, theirs[GROUPS + 2];
    struct stats_design a = {2, mine, group, GROUPS}, b = {GROUPS + 2, theirs, NULL, 0};
    (void)state;
    for (size_t g = 0; g < GROUPS; g++)
        theirs[g] = (struct stats_column){NULL, member[g]};
    theirs[GROUPS] = mine[0];
    theirs[GROUPS + 1] = mine[1];
    for (int cov = STATS_CLASSIC; cov <= STATS_HC3; cov++) {
        struct estimate ea = ols(&a, y, N, (enum stats_cov)cov), eb = ols(&b, y, N, (enum stats_cov)cov);
        assert_null(ea.why);
        assert_null(eb.why);
        near(ea.fit.df, eb.fit.df);
        near(ea.fit.rss, eb.fit.rss);
        for (size_t i = 0; i < 2; i++) {
            near(ea.fit.b[i], eb.fit.b[GROUPS + i]);
            for (size_t k = 0; k < 2; k++)
                near(ea.fit.cov[i * 2 + k], eb.fit.cov[(GROUPS + i) * (GROUPS + 2) + GROUPS + k]);
        }
        drop(&ea);
        drop(&eb);
    }
}

static void combinations_are_left_out(void **state)
{
    struct stats_column columns[] = {{NULL, every}, {x, NULL}, {far_off, NULL}, {NULL, tag}};
    struct stats_design d = {4, columns, NULL, 0};
    (void)state;
    struct estimate e = ols(&d, y, N, STATS_HC3);
    double estimate, se;
    assert_null(e.why);
    assert_int_equal(e.fit.rank, 3);
    assert_true(isnan(e.fit.b[2]) && !isnan(e.fit.b[3]));
    near(e.fit.cov[2 * 4 + 2], 0);
    no_answer(stats_contrast(&e.fit, 4, (double[]){0, 0, 1, 0}, &estimate, &se), "combination");
    no_answer(stats_contrast(&e.fit, 4, (double[]){0, 0, 0, 0}, &estimate, &se), "no weights");
    no_answer(stats_contrast(&e.fit, 4, (double[]){0, NAN, 0, 0}, &estimate, &se), "not a number");
    assert_null(stats_contrast(&e.fit, 4, (double[]){0, 1, 0, -1}, &estimate, &se));
    near(estimate, e.fit.b[1] - e.fit.b[3]);
    near(se * se, e.fit.cov[5] + e.fit.cov[15] - 2 * e.fit.cov[7]);
    drop(&e);
}

static void nothing_to_estimate(void **state)
{
    double flat[N] = {0}, broken[N];
    struct stats_column columns[] = {{x, NULL}, {broken, NULL}};
    struct stats_design one = {1, columns, NULL, 0}, two = {2, columns, NULL, 0}, none = {0, columns, NULL, 0};
    (void)state;
    memcpy(broken, x, sizeof broken);
    broken[7] = INFINITY;
    struct {
        const struct stats_design *d;
        const double *y;
        size_t n;
        const char *text;
    } cases[] = {
        {&one, flat, N, "explain y completely"},       {&one, x, N, "explain y completely"},
        {&one, y, 1, "no degrees of freedom"},         {&one, y, 0, "no rows"},
        {&two, y, N, "infinite or not a number"},      {&none, y, N, "no columns"},
        {&one, broken, N, "infinite or not a number"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct estimate e = ols(cases[i].d, cases[i].y, cases[i].n, STATS_HC3);
        no_answer(e.why, cases[i].text);
        if (cases[i].d == &two)
            assert_true(e.fit.bad_column == 1 && e.fit.bad_row == 7);
        drop(&e);
    }
}

static void one_cluster_less(void **state)
{
    struct stats_column columns[] = {{x, NULL}, {NULL, tag}};
    struct stats_design d = {2, columns, group, GROUPS};
    struct stats_rows rows = {N, all, y};
    uint32_t order[N], left[N];
    double estimates[GROUPS], part[N], *work = mem_array(stats_jackknife_work(&d, GROUPS), sizeof(double));
    struct stats_jackknife j;
    (void)state;
    assert_null(stats_jackknife(&d, &rows, group, GROUPS, 0, work, order, estimates, &j));
    double squares = 0, mean = stats_mean(estimates, GROUPS);
    for (uint32_t g = 0; g < GROUPS; g++) {
        struct stats_rows rest = {0, left, part};
        for (uint32_t i = 0; i < N; i++)
            if (group[i] != g) {
                left[rest.n] = i;
                part[rest.n++] = y[i];
            }
        double b[2], cov[4], residuals[N], *room = mem_array(stats_ols_work(&d), sizeof(double));
        struct stats_fit fit = {.b = b, .cov = cov, .residuals = residuals};
        assert_null(stats_ols(&d, &rest, STATS_CLASSIC, room, &fit));
        near(estimates[g], b[0]);
        squares += (estimates[g] - mean) * (estimates[g] - mean);
        mem_free(room);
    }
    near(j.se, sqrt((GROUPS - 1.) / GROUPS * squares));
    no_answer(stats_jackknife(&d, &rows, group, 1, 0, work, order, estimates, &j), "two clusters");
    for (uint32_t i = 0; i < N; i++)
        left[i] = i % 2;
    no_answer(stats_jackknife(&d, &rows, left, 2, 0, work, order, estimates, &j), "more than one cluster");
    mem_free(work);
}

static void small_matrices(void **state)
{
    double m[] = {4, 2, 2, 5}, b[] = {8, 9}, indefinite[] = {1, 2, 2, 1}, lopsided[] = {1, 0.5, 0, 1}, none[] = {NAN};
    (void)state;
    assert_null(stats_cholesky(m, 2));
    near(m[0], 2);
    near(m[1], 0);
    near(m[2], 1);
    near(m[3], 2);
    stats_cholesky_solve(m, 2, b);
    near(b[0], 22 / 16.);
    near(b[1], 20 / 16.);
    no_answer(stats_cholesky(indefinite, 2), "not positive definite");
    no_answer(stats_cholesky(lopsided, 2), "not symmetric");
    no_answer(stats_cholesky(none, 1), "not a number");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_are_columns),  cmocka_unit_test(combinations_are_left_out),
        cmocka_unit_test(nothing_to_estimate), cmocka_unit_test(one_cluster_less),
        cmocka_unit_test(small_matrices),
    };
    return cmocka_run_group_tests(tests, make_world, NULL);
}
