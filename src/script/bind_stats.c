#include "script/bind_stats.h"

#include <lauxlib.h>
#include <math.h>

#include "data/stats.h"

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

struct stats_pair *bind_stats_pairs(lua_State *L, size_t n)
{
    return lua_newuserdatauv(L, (n > 0 ? n : 1) * sizeof(struct stats_pair), 0);
}

size_t bind_stats_two(lua_State *L, double **x, double **y)
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

int bind_stats_number(lua_State *L, double v)
{
    if (isnan(v))
        return bind_stats_fail(L, "an argument lies outside the function's domain, or the answer is no number");
    lua_pushnumber(L, v);
    return 1;
}

/* --- the table ------------------------------------------------------------------------------------------------------------ */

__attribute__((visibility("default"))) int luaopen_tidemark_stats(lua_State *L)
{
    lua_newtable(L);
    bind_stats_distribution_functions(L);
    bind_stats_sample_functions(L);
    bind_stats_trend_functions(L);
    bind_stats_test_functions(L);
    bind_stats_matrix_functions(L);
    bind_stats_fit_functions(L);
    return 1;
}

void bind_stats_open(lua_State *L)
{
    luaopen_tidemark_stats(L);
    lua_setglobal(L, "stats");
}
