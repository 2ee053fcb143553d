#include "script/bind_stats.h"

#include <lauxlib.h>
#include <math.h>
#include <string.h>

#include "data/stats.h"

/* --- in and out --------------------------------------------------------------------------------------------------------------- */

double *bind_stats_room(lua_State *L, size_t n)
{
    return lua_newuserdatauv(L, (n > 0 ? n : 1) * sizeof(double), 0);
}

double *bind_stats_list(lua_State *L, int arg, size_t *n)
{
    luaL_checktype(L, arg, LUA_TTABLE);
    luaL_checkstack(L, 8, "too many values");
    *n = lua_rawlen(L, arg);
    double *x = bind_stats_room(L, *n);
    for (size_t i = 0; i < *n; i++) {
        if (lua_rawgeti(L, arg, (lua_Integer)i + 1) != LUA_TNUMBER)
            luaL_error(L, "bad argument #%d: value %d of the list is no number but %s", arg, (int)i + 1, luaL_typename(L, -1));
        x[i] = lua_tonumber(L, -1);
        lua_pop(L, 1);
    }
    return x;
}

static struct stats_pair *pair_room(lua_State *L, size_t n)
{
    return lua_newuserdatauv(L, (n > 0 ? n : 1) * sizeof(struct stats_pair), 0);
}

/* Two lists of one length. */
static size_t two_lists(lua_State *L, double **x, double **y)
{
    size_t n, m;
    *x = bind_stats_list(L, 1, &n);
    *y = bind_stats_list(L, 2, &m);
    if (n != m)
        luaL_error(L, "the lists have different lengths: %d and %d", (int)n, (int)m);
    return n;
}

int bind_stats_fail(lua_State *L, const char *why)
{
    lua_pushnil(L);
    lua_pushstring(L, why);
    return 2;
}

void bind_stats_set(lua_State *L, const char *key, double v)
{
    if (isnan(v))
        return;
    lua_pushnumber(L, v);
    lua_setfield(L, -2, key);
}

void bind_stats_push_list(lua_State *L, const double *x, size_t n)
{
    lua_createtable(L, n < 1 << 24 ? (int)n : 0, 0);
    for (size_t i = 0; i < n; i++) {
        lua_pushnumber(L, x[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

/* A table of the members whose names are the keys. */
#define SET(out, member) bind_stats_set(L, #member, (out).member)

static int number(lua_State *L, double v)
{
    if (isnan(v))
        return bind_stats_fail(L, "an argument lies outside the function's domain, or the answer is no number");
    lua_pushnumber(L, v);
    return 1;
}

/* --- distributions ----------------------------------------------------------------------------------------------------------- */

#define DISTRIBUTION_1(name)                                    \
    static int l_##name(lua_State *L)                           \
    {                                                           \
        return number(L, stats_##name(luaL_checknumber(L, 1))); \
    }
#define DISTRIBUTION_2(name)                                                            \
    static int l_##name(lua_State *L)                                                   \
    {                                                                                   \
        return number(L, stats_##name(luaL_checknumber(L, 1), luaL_checknumber(L, 2))); \
    }
#define DISTRIBUTION_3(name)                                                                                    \
    static int l_##name(lua_State *L)                                                                           \
    {                                                                                                           \
        return number(L, stats_##name(luaL_checknumber(L, 1), luaL_checknumber(L, 2), luaL_checknumber(L, 3))); \
    }
DISTRIBUTION_1(normal_cdf)
DISTRIBUTION_1(normal_sf)
DISTRIBUTION_1(normal_quantile)
DISTRIBUTION_2(t_cdf)
DISTRIBUTION_2(t_sf)
DISTRIBUTION_2(t_sf2)
DISTRIBUTION_2(t_quantile)
DISTRIBUTION_2(chi2_cdf)
DISTRIBUTION_2(chi2_sf)
DISTRIBUTION_2(chi2_quantile)
DISTRIBUTION_3(f_cdf)
DISTRIBUTION_3(f_sf)
DISTRIBUTION_3(f_quantile)
DISTRIBUTION_3(beta_cdf)
DISTRIBUTION_3(beta_sf)
DISTRIBUTION_3(beta_quantile)
DISTRIBUTION_3(halfnormal_e)

/* --- samples -------------------------------------------------------------------------------------------------------------------- */

static int l_mean_sd(lua_State *L)
{
    size_t n;
    double *x = bind_stats_list(L, 1, &n);
    const char *why = stats_check(x, n, 1);
    if (why != NULL)
        return bind_stats_fail(L, why);
    lua_createtable(L, 0, 3);
    bind_stats_set(L, "n", (double)n);
    bind_stats_set(L, "mean", stats_mean(x, n));
    bind_stats_set(L, "sd", stats_sd(x, n));
    return 1;
}

static int l_welford(lua_State *L)
{
    size_t n;
    double *x = bind_stats_list(L, 1, &n);
    const char *why = stats_check(x, n, 1);
    if (why != NULL)
        return bind_stats_fail(L, why);
    struct stats_welford w = {0};
    for (size_t i = 0; i < n; i++)
        stats_welford_add(&w, x[i]);
    lua_createtable(L, 0, 3);
    bind_stats_set(L, "n", (double)n);
    bind_stats_set(L, "mean", w.mean);
    bind_stats_set(L, "sd", stats_welford_sd(&w));
    return 1;
}

static int quantile_of(lua_State *L, double q)
{
    size_t n;
    double *x = bind_stats_list(L, 1, &n);
    const char *why = stats_check(x, n, 1);
    if (why != NULL)
        return bind_stats_fail(L, why);
    stats_sort(x, n);
    return number(L, q == 0.5 ? stats_sorted_median(x, n) : stats_sorted_quantile(x, n, q));
}

static int l_quantile(lua_State *L)
{
    return quantile_of(L, luaL_checknumber(L, 2));
}

static int l_median(lua_State *L)
{
    return quantile_of(L, 0.5);
}

static int l_median_mad(lua_State *L)
{
    size_t n;
    double *x = bind_stats_list(L, 1, &n);
    struct stats_median_mad out;
    const char *why = stats_median_mad(x, n, bind_stats_room(L, n), &out);
    if (why != NULL)
        return bind_stats_fail(L, why);
    lua_createtable(L, 0, 3);
    SET(out, median);
    SET(out, mad_sigma);
    SET(out, robust_z_last);
    return 1;
}

static int l_ranks(lua_State *L)
{
    size_t n;
    double *x = bind_stats_list(L, 1, &n);
    const char *why = stats_check(x, n, 1);
    if (why != NULL)
        return bind_stats_fail(L, why);
    double *ranks = bind_stats_room(L, n);
    stats_ranks(x, n, pair_room(L, n), ranks);
    bind_stats_push_list(L, ranks, n);
    return 1;
}

/* --- association ------------------------------------------------------------------------------------------------------------------ */

static int push_correlation(lua_State *L, const struct stats_pearson *out, const char *coefficient)
{
    lua_createtable(L, 0, 5);
    bind_stats_set(L, coefficient, out->r);
    SET(*out, t);
    SET(*out, p);
    SET(*out, ci_lo);
    SET(*out, ci_hi);
    return 1;
}

static int l_pearson(lua_State *L)
{
    double conf = luaL_optnumber(L, 3, 0.95), *x, *y;
    size_t n = two_lists(L, &x, &y);
    struct stats_pearson out;
    const char *why = stats_pearson(x, y, n, conf, &out);
    return why != NULL ? bind_stats_fail(L, why) : push_correlation(L, &out, "r");
}

static int l_spearman(lua_State *L)
{
    double conf = luaL_optnumber(L, 3, 0.95), *x, *y;
    size_t n = two_lists(L, &x, &y);
    struct stats_pearson out;
    double *work = bind_stats_room(L, 2 * n);
    const char *why = stats_spearman(x, y, n, conf, work, pair_room(L, n), &out);
    return why != NULL ? bind_stats_fail(L, why) : push_correlation(L, &out, "rho");
}

static int l_kendall_tau_b(lua_State *L)
{
    double *x, *y;
    size_t n = two_lists(L, &x, &y);
    struct stats_kendall out;
    const char *why = stats_kendall(x, y, n, bind_stats_room(L, n), &out);
    if (why != NULL)
        return bind_stats_fail(L, why);
    lua_createtable(L, 0, 5);
    SET(out, tau);
    SET(out, z);
    SET(out, p);
    SET(out, concordant);
    SET(out, discordant);
    return 1;
}

/* --- trend -------------------------------------------------------------------------------------------------------------------------- */

static int push_mk(lua_State *L, const char *why, const struct stats_mk *out)
{
    if (why != NULL)
        return bind_stats_fail(L, why);
    lua_createtable(L, 0, 5);
    bind_stats_set(L, "S", out->s);
    bind_stats_set(L, "varS", out->var_s);
    SET(*out, z);
    SET(*out, p);
    SET(*out, nns);
    return 1;
}

static int l_mann_kendall(lua_State *L)
{
    size_t n;
    double *x = bind_stats_list(L, 1, &n);
    struct stats_mk out;
    const char *why = stats_mann_kendall(x, n, bind_stats_room(L, n), &out);
    return push_mk(L, why, &out);
}

/* Room for all pairs' slopes and two samples more; nothing where the function refuses the sample for its size anyway. */
static double *slope_room(lua_State *L, size_t n)
{
    return bind_stats_room(L, n <= STATS_SLOPES_MAX ? n * (n + 3) / 2 : 0);
}

static int l_mann_kendall_hamed_rao(lua_State *L)
{
    size_t n;
    double alpha = luaL_optnumber(L, 2, 0.05), *x = bind_stats_list(L, 1, &n), *work = slope_room(L, n);
    struct stats_mk out;
    const char *why = stats_hamed_rao(x, n, alpha, work, pair_room(L, n), &out);
    return push_mk(L, why, &out);
}

static int l_theil_sen(lua_State *L)
{
    size_t n;
    double conf = luaL_optnumber(L, 2, 0.95), *x = bind_stats_list(L, 1, &n);
    struct stats_theil_sen out;
    const char *why = stats_theil_sen(x, n, conf, slope_room(L, n), &out);
    if (why != NULL)
        return bind_stats_fail(L, why);
    lua_createtable(L, 0, 4);
    SET(out, slope);
    SET(out, intercept);
    SET(out, lo);
    SET(out, hi);
    return 1;
}

static int l_ols_ar1(lua_State *L)
{
    size_t n, lags;
    double *y = bind_stats_list(L, 1, &n), *rho = bind_stats_list(L, 2, &lags), *residuals = bind_stats_room(L, n);
    struct stats_line out;
    const char *why = stats_ols_ar1(y, n, rho, lags, residuals, &out);
    if (why != NULL)
        return bind_stats_fail(L, why);
    lua_createtable(L, 0, 7);
    SET(out, slope);
    SET(out, intercept);
    SET(out, s2);
    SET(out, factor);
    SET(out, df);
    SET(out, se);
    bind_stats_push_list(L, residuals, n);
    lua_setfield(L, -2, "residuals");
    return 1;
}

/* --- tests ---------------------------------------------------------------------------------------------------------------------------- */

static int l_welch_t(lua_State *L)
{
    size_t na, nb;
    double conf = luaL_optnumber(L, 3, 0.95), *a = bind_stats_list(L, 1, &na), *b = bind_stats_list(L, 2, &nb);
    struct stats_welch out;
    const char *why = stats_welch(a, na, b, nb, conf, &out);
    if (why != NULL)
        return bind_stats_fail(L, why);
    lua_createtable(L, 0, 7);
    SET(out, t);
    SET(out, df);
    SET(out, p);
    SET(out, diff);
    SET(out, se);
    SET(out, ci_lo);
    SET(out, ci_hi);
    return 1;
}

static int l_wilson(lua_State *L)
{
    double lo, hi;
    const char *why = stats_wilson(luaL_checknumber(L, 1), luaL_checknumber(L, 2), luaL_optnumber(L, 3, 0.95), &lo, &hi);
    if (why != NULL)
        return bind_stats_fail(L, why);
    lua_createtable(L, 0, 2);
    bind_stats_set(L, "lo", lo);
    bind_stats_set(L, "hi", hi);
    return 1;
}

static int l_beta_binomial(lua_State *L)
{
    struct stats_beta_binomial out;
    const char *why = stats_beta_binomial(luaL_checknumber(L, 1), luaL_checknumber(L, 2), luaL_checknumber(L, 3),
                                          luaL_checknumber(L, 4), &out);
    if (why != NULL)
        return bind_stats_fail(L, why);
    lua_createtable(L, 0, 5);
    SET(out, mean);
    SET(out, sd);
    SET(out, q025);
    SET(out, q05);
    SET(out, q975);
    return 1;
}

static int l_beta_prior(lua_State *L)
{
    double *k, *n, a, b;
    size_t groups = two_lists(L, &k, &n);
    const char *why = stats_beta_prior(k, n, groups, &a, &b);
    if (why != NULL)
        return bind_stats_fail(L, why);
    lua_createtable(L, 0, 2);
    bind_stats_set(L, "a", a);
    bind_stats_set(L, "b", b);
    return 1;
}

static int l_circular(lua_State *L)
{
    size_t n;
    double period = luaL_optnumber(L, 2, 24), *h = bind_stats_list(L, 1, &n);
    struct stats_circular out;
    const char *why = stats_circular(h, n, period, &out);
    if (why != NULL)
        return bind_stats_fail(L, why);
    lua_createtable(L, 0, 4);
    SET(out, mean);
    SET(out, R);
    SET(out, Z);
    SET(out, p);
    return 1;
}

static int l_two_proportion_z(lua_State *L)
{
    struct stats_two_proportion out;
    const char *why = stats_two_proportion(luaL_checknumber(L, 1), luaL_checknumber(L, 2), luaL_checknumber(L, 3),
                                           luaL_checknumber(L, 4), &out);
    if (why != NULL)
        return bind_stats_fail(L, why);
    lua_createtable(L, 0, 3);
    SET(out, z);
    SET(out, p);
    SET(out, diff);
    return 1;
}

static int l_fisher_combine(lua_State *L)
{
    size_t n;
    double *p = bind_stats_list(L, 1, &n), chi2, combined;
    const char *why = stats_fisher(p, n, &chi2, &combined);
    if (why != NULL)
        return bind_stats_fail(L, why);
    lua_createtable(L, 0, 2);
    bind_stats_set(L, "chi2", chi2);
    bind_stats_set(L, "p", combined);
    return 1;
}

static int l_tau2(lua_State *L)
{
    double *b, *se;
    size_t n = two_lists(L, &b, &se);
    struct stats_tau2 out;
    const char *why = stats_tau2(b, se, n, &out);
    if (why != NULL)
        return bind_stats_fail(L, why);
    lua_createtable(L, 0, 5);
    SET(out, tau2);
    SET(out, Q);
    SET(out, p);
    SET(out, mean);
    SET(out, se);
    return 1;
}

static int l_bca(lua_State *L)
{
    static const char *const statistics[] = {"mean", "median", NULL};
    enum stats_statistic statistic = luaL_checkoption(L, 2, "mean", statistics) == 0 ? STATS_MEAN : STATS_MEDIAN;
    lua_Integer rounds = luaL_optinteger(L, 3, 2000), seed = luaL_optinteger(L, 4, 42);
    double conf = luaL_optnumber(L, 5, 0.95);
    luaL_argcheck(L, rounds > 0 && rounds <= 1000000, 3, "not a number of rounds");
    size_t n;
    double *x = bind_stats_list(L, 1, &n), *work = bind_stats_room(L, 2 * n + (size_t)rounds);
    struct stats_bca out;
    const char *why = stats_bca(x, n, statistic, (size_t)rounds, (uint64_t)seed, conf, work, &out);
    if (why != NULL)
        return bind_stats_fail(L, why);
    lua_createtable(L, 0, 8);
    SET(out, theta);
    SET(out, z0);
    SET(out, a);
    SET(out, alpha_lo);
    SET(out, alpha_hi);
    SET(out, lo);
    SET(out, hi);
    SET(out, boot_mean);
    return 1;
}

/* --- many tests, and looking often ------------------------------------------------------------------------------------------------------ */

static int adjusted(lua_State *L, const char *(*fn)(const double *, size_t, struct stats_pair *, double *))
{
    size_t n;
    double *p = bind_stats_list(L, 1, &n), *q = bind_stats_room(L, n);
    const char *why = fn(p, n, pair_room(L, n), q);
    if (why != NULL)
        return bind_stats_fail(L, why);
    bind_stats_push_list(L, q, n);
    return 1;
}

static int l_bh_adjust(lua_State *L)
{
    return adjusted(L, stats_bh);
}

static int l_by_adjust(lua_State *L)
{
    return adjusted(L, stats_by);
}

static int l_ebh_adjust(lua_State *L)
{
    return adjusted(L, stats_ebh);
}

static int l_sprt(lua_State *L)
{
    static const char *const sides[] = {"two", "greater", "less", NULL};
    static const enum stats_sided sided[] = {STATS_TWO_SIDED, STATS_GREATER, STATS_LESS};
    double e = stats_sprt_e(luaL_checknumber(L, 1), luaL_checknumber(L, 2), luaL_checknumber(L, 3),
                            sided[luaL_checkoption(L, 4, "two", sides)]);
    if (isnan(e))
        return bind_stats_fail(L, "the estimate must be finite, its standard error and tau above 0");
    lua_createtable(L, 0, 2);
    bind_stats_set(L, "e", e);
    bind_stats_set(L, "p", e > 1 ? 1 / e : 1);
    return 1;
}

/* --- the table ---------------------------------------------------------------------------------------------------------------------------- */

#define FUNCTION(name)  \
    {                   \
#name, l_##name \
    }

__attribute__((visibility("default"))) int luaopen_tidemark_stats(lua_State *L)
{
    static const luaL_Reg functions[] = {
        FUNCTION(normal_cdf),
        FUNCTION(normal_sf),
        FUNCTION(normal_quantile),
        FUNCTION(t_cdf),
        FUNCTION(t_sf),
        FUNCTION(t_sf2),
        FUNCTION(t_quantile),
        FUNCTION(chi2_cdf),
        FUNCTION(chi2_sf),
        FUNCTION(chi2_quantile),
        FUNCTION(f_cdf),
        FUNCTION(f_sf),
        FUNCTION(f_quantile),
        FUNCTION(beta_cdf),
        FUNCTION(beta_sf),
        FUNCTION(beta_quantile),
        FUNCTION(mean_sd),
        FUNCTION(welford),
        FUNCTION(quantile),
        FUNCTION(median),
        FUNCTION(median_mad),
        FUNCTION(ranks),
        FUNCTION(pearson),
        FUNCTION(spearman),
        FUNCTION(kendall_tau_b),
        FUNCTION(mann_kendall),
        FUNCTION(mann_kendall_hamed_rao),
        FUNCTION(theil_sen),
        FUNCTION(ols_ar1),
        FUNCTION(welch_t),
        FUNCTION(wilson),
        FUNCTION(beta_binomial),
        FUNCTION(beta_prior),
        FUNCTION(circular),
        FUNCTION(two_proportion_z),
        FUNCTION(fisher_combine),
        FUNCTION(tau2),
        FUNCTION(bca),
        FUNCTION(bh_adjust),
        FUNCTION(by_adjust),
        FUNCTION(ebh_adjust),
        FUNCTION(sprt),
        FUNCTION(halfnormal_e),
        {NULL, NULL},
    };
    luaL_newlib(L, functions);
    bind_stats_matrix_functions(L);
    bind_stats_fit_functions(L);
    return 1;
}

void bind_stats_open(lua_State *L)
{
    luaopen_tidemark_stats(L);
    lua_setglobal(L, "stats");
}
