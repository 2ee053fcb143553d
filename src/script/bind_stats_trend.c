/* Does a series rise or fall? */
#include <lauxlib.h>
#include <math.h>

#include "data/stats.h"
#include "script/bind_stats.h"

static int push_mk(lua_State *L, const char *why, const struct stats_mk *out)
{
    if (why != NULL)
        return bind_stats_fail(L, why);
    lua_createtable(L, 0, 5);
    bind_stats_set(L, "S", out->s);
    bind_stats_set(L, "varS", out->var_s);
    BIND_STATS_SET(*out, z);
    BIND_STATS_SET(*out, p);
    BIND_STATS_SET(*out, nns);
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
    const char *why = stats_hamed_rao(x, n, alpha, work, bind_stats_pairs(L, n), &out);
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
    BIND_STATS_SET(out, slope);
    BIND_STATS_SET(out, intercept);
    BIND_STATS_SET(out, lo);
    BIND_STATS_SET(out, hi);
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
    BIND_STATS_SET(out, slope);
    BIND_STATS_SET(out, intercept);
    BIND_STATS_SET(out, s2);
    BIND_STATS_SET(out, factor);
    BIND_STATS_SET(out, df);
    BIND_STATS_SET(out, se);
    bind_stats_push_list(L, residuals, n);
    lua_setfield(L, -2, "residuals");
    return 1;
}

void bind_stats_trend_functions(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"mann_kendall", l_mann_kendall},
        {"mann_kendall_hamed_rao", l_mann_kendall_hamed_rao},
        {"theil_sen", l_theil_sen},
        {"ols_ar1", l_ols_ar1},
        {NULL, NULL},
    };
    luaL_setfuncs(L, functions, 0);
}
