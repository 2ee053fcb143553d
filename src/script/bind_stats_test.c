/* Tests, intervals and corrections for many tests. */
#include <lauxlib.h>
#include <math.h>

#include "data/stats.h"
#include "script/bind_stats.h"

/* --- tests ---------------------------------------------------------------------------------------------------------------- */

static int l_welch_t(lua_State *L)
{
    size_t na, nb;
    double conf = luaL_optnumber(L, 3, 0.95), *a = bind_stats_list(L, 1, &na), *b = bind_stats_list(L, 2, &nb);
    struct stats_welch out;
    const char *why = stats_welch(a, na, b, nb, conf, &out);
    if (why != NULL)
        return bind_stats_fail(L, why);
    lua_createtable(L, 0, 7);
    BIND_STATS_SET(out, t);
    BIND_STATS_SET(out, df);
    BIND_STATS_SET(out, p);
    BIND_STATS_SET(out, diff);
    BIND_STATS_SET(out, se);
    BIND_STATS_SET(out, ci_lo);
    BIND_STATS_SET(out, ci_hi);
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
    BIND_STATS_SET(out, mean);
    BIND_STATS_SET(out, sd);
    BIND_STATS_SET(out, q025);
    BIND_STATS_SET(out, q05);
    BIND_STATS_SET(out, q975);
    return 1;
}

static int l_beta_prior(lua_State *L)
{
    double *k, *n, a, b;
    size_t groups = bind_stats_two(L, &k, &n);
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
    BIND_STATS_SET(out, mean);
    BIND_STATS_SET(out, R);
    BIND_STATS_SET(out, Z);
    BIND_STATS_SET(out, p);
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
    BIND_STATS_SET(out, z);
    BIND_STATS_SET(out, p);
    BIND_STATS_SET(out, diff);
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
    size_t n = bind_stats_two(L, &b, &se);
    struct stats_tau2 out;
    const char *why = stats_tau2(b, se, n, &out);
    if (why != NULL)
        return bind_stats_fail(L, why);
    lua_createtable(L, 0, 5);
    BIND_STATS_SET(out, tau2);
    BIND_STATS_SET(out, Q);
    BIND_STATS_SET(out, p);
    BIND_STATS_SET(out, mean);
    BIND_STATS_SET(out, se);
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
    BIND_STATS_SET(out, theta);
    BIND_STATS_SET(out, z0);
    BIND_STATS_SET(out, a);
    BIND_STATS_SET(out, alpha_lo);
    BIND_STATS_SET(out, alpha_hi);
    BIND_STATS_SET(out, lo);
    BIND_STATS_SET(out, hi);
    BIND_STATS_SET(out, boot_mean);
    return 1;
}

/* --- many tests, and looking often ---------------------------------------------------------------------------------------- */

static int adjusted(lua_State *L, const char *(*fn)(const double *, size_t, struct stats_pair *, double *))
{
    size_t n;
    double *p = bind_stats_list(L, 1, &n), *q = bind_stats_room(L, n);
    const char *why = fn(p, n, bind_stats_pairs(L, n), q);
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

void bind_stats_test_functions(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"welch_t", l_welch_t},
        {"wilson", l_wilson},
        {"beta_binomial", l_beta_binomial},
        {"beta_prior", l_beta_prior},
        {"circular", l_circular},
        {"two_proportion_z", l_two_proportion_z},
        {"fisher_combine", l_fisher_combine},
        {"tau2", l_tau2},
        {"bca", l_bca},
        {"bh_adjust", l_bh_adjust},
        {"by_adjust", l_by_adjust},
        {"ebh_adjust", l_ebh_adjust},
        {"sprt", l_sprt},
        {NULL, NULL},
    };
    luaL_setfuncs(L, functions, 0);
}
