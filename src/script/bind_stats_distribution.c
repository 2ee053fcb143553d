/* Distributions: their areas and their quantiles. */
#include <lauxlib.h>
#include <math.h>

#include "data/stats.h"
#include "script/bind_stats.h"

#define DISTRIBUTION_1(name)                                               \
    static int l_##name(lua_State *L)                                      \
    {                                                                      \
        return bind_stats_number(L, stats_##name(luaL_checknumber(L, 1))); \
    }
#define DISTRIBUTION_2(name)                                                                       \
    static int l_##name(lua_State *L)                                                              \
    {                                                                                              \
        return bind_stats_number(L, stats_##name(luaL_checknumber(L, 1), luaL_checknumber(L, 2))); \
    }
#define DISTRIBUTION_3(name)                                                                                               \
    static int l_##name(lua_State *L)                                                                                      \
    {                                                                                                                      \
        return bind_stats_number(L, stats_##name(luaL_checknumber(L, 1), luaL_checknumber(L, 2), luaL_checknumber(L, 3))); \
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

void bind_stats_distribution_functions(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"normal_cdf", l_normal_cdf},
        {"normal_sf", l_normal_sf},
        {"normal_quantile", l_normal_quantile},
        {"t_cdf", l_t_cdf},
        {"t_sf", l_t_sf},
        {"t_sf2", l_t_sf2},
        {"t_quantile", l_t_quantile},
        {"chi2_cdf", l_chi2_cdf},
        {"chi2_sf", l_chi2_sf},
        {"chi2_quantile", l_chi2_quantile},
        {"f_cdf", l_f_cdf},
        {"f_sf", l_f_sf},
        {"f_quantile", l_f_quantile},
        {"beta_cdf", l_beta_cdf},
        {"beta_sf", l_beta_sf},
        {"beta_quantile", l_beta_quantile},
        {"halfnormal_e", l_halfnormal_e},
        {NULL, NULL},
    };
    luaL_setfuncs(L, functions, 0);
}
