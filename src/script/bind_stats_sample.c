/* What one sample says of itself, and two of each other. */
#include <lauxlib.h>
#include <math.h>

#include "data/stats.h"
#include "script/bind_stats.h"

/* --- samples -------------------------------------------------------------------------------------------------------------- */

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
    return bind_stats_number(L, q == 0.5 ? stats_sorted_median(x, n) : stats_sorted_quantile(x, n, q));
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
    BIND_STATS_SET(out, median);
    BIND_STATS_SET(out, mad_sigma);
    BIND_STATS_SET(out, robust_z_last);
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
    stats_ranks(x, n, bind_stats_pairs(L, n), ranks);
    bind_stats_push_list(L, ranks, n);
    return 1;
}

/* --- association ---------------------------------------------------------------------------------------------------------- */

static int push_correlation(lua_State *L, const struct stats_pearson *out, const char *coefficient)
{
    lua_createtable(L, 0, 5);
    bind_stats_set(L, coefficient, out->r);
    BIND_STATS_SET(*out, t);
    BIND_STATS_SET(*out, p);
    BIND_STATS_SET(*out, ci_lo);
    BIND_STATS_SET(*out, ci_hi);
    return 1;
}

static int l_pearson(lua_State *L)
{
    double conf = luaL_optnumber(L, 3, 0.95), *x, *y;
    size_t n = bind_stats_two(L, &x, &y);
    struct stats_pearson out;
    const char *why = stats_pearson(x, y, n, conf, &out);
    return why != NULL ? bind_stats_fail(L, why) : push_correlation(L, &out, "r");
}

static int l_spearman(lua_State *L)
{
    double conf = luaL_optnumber(L, 3, 0.95), *x, *y;
    size_t n = bind_stats_two(L, &x, &y);
    struct stats_pearson out;
    double *work = bind_stats_room(L, 2 * n);
    const char *why = stats_spearman(x, y, n, conf, work, bind_stats_pairs(L, n), &out);
    return why != NULL ? bind_stats_fail(L, why) : push_correlation(L, &out, "rho");
}

static int l_kendall_tau_b(lua_State *L)
{
    double *x, *y;
    size_t n = bind_stats_two(L, &x, &y);
    struct stats_kendall out;
    const char *why = stats_kendall(x, y, n, bind_stats_room(L, n), &out);
    if (why != NULL)
        return bind_stats_fail(L, why);
    lua_createtable(L, 0, 5);
    BIND_STATS_SET(out, tau);
    BIND_STATS_SET(out, z);
    BIND_STATS_SET(out, p);
    BIND_STATS_SET(out, concordant);
    BIND_STATS_SET(out, discordant);
    return 1;
}

void bind_stats_sample_functions(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"mean_sd", l_mean_sd}, {"welford", l_welford},       {"quantile", l_quantile},
        {"median", l_median},   {"median_mad", l_median_mad}, {"ranks", l_ranks},
        {"pearson", l_pearson}, {"spearman", l_spearman},     {"kendall_tau_b", l_kendall_tau_b},
        {NULL, NULL},
    };
    luaL_setfuncs(L, functions, 0);
}
