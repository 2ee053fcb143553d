/* Small symmetric matrices of the table stats: lists of rows. */
#include <lauxlib.h>
#include <math.h>

#include "data/stats.h"
#include "script/bind_stats.h"

enum { MATRIX_MAX = 500 };

static double *matrix(lua_State *L, int arg, size_t *n)
{
    luaL_checktype(L, arg, LUA_TTABLE);
    *n = lua_rawlen(L, arg);
    luaL_argcheck(L, *n <= MATRIX_MAX, arg, "more than 500 rows");
    double *m = bind_stats_room(L, *n * *n);
    for (size_t i = 0; i < *n; i++) {
        if (lua_rawgeti(L, arg, (lua_Integer)i + 1) != LUA_TTABLE || lua_rawlen(L, -1) != *n)
            luaL_argerror(L, arg, "not a list of rows, each as long as there are rows");
        for (size_t k = 0; k < *n; k++) {
            if (lua_rawgeti(L, -1, (lua_Integer)k + 1) != LUA_TNUMBER)
                luaL_argerror(L, arg, "a value of the matrix is no number");
            m[i * *n + k] = lua_tonumber(L, -1);
            lua_pop(L, 1);
        }
        lua_pop(L, 1);
    }
    return m;
}

static int push_matrix(lua_State *L, const double *m, size_t n)
{
    lua_createtable(L, (int)n, 0);
    for (size_t i = 0; i < n; i++) {
        bind_stats_push_list(L, m + i * n, n);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

static int l_cholesky(lua_State *L)
{
    size_t n;
    double *m = matrix(L, 1, &n);
    const char *why = stats_cholesky(m, n);
    return why != NULL ? bind_stats_fail(L, why) : push_matrix(L, m, n);
}

static int l_inverse(lua_State *L)
{
    size_t n;
    double *m = matrix(L, 1, &n), *inverse = bind_stats_room(L, n * n);
    const char *why = stats_cholesky(m, n);
    if (why != NULL)
        return bind_stats_fail(L, why);
    for (size_t i = 0; i < n * n; i++)
        inverse[i] = i % (n + 1) == 0;
    for (size_t i = 0; i < n; i++)
        stats_cholesky_solve(m, n, inverse + i * n);
    for (size_t i = 0; i < n; i++) /* the same both ways */
        for (size_t k = 0; k < i; k++)
            inverse[i * n + k] = inverse[k * n + i];
    return push_matrix(L, inverse, n);
}

enum solve_by { BY_MATRIX, BY_LOWER, BY_LOWER_T };

static int solved(lua_State *L, enum solve_by by)
{
    size_t n, m;
    double *a = matrix(L, 1, &n), *b = bind_stats_list(L, 2, &m);
    luaL_argcheck(L, n == m, 2, "not as many values as the matrix has rows");
    const char *why = by == BY_MATRIX ? stats_cholesky(a, n) : NULL;
    for (size_t i = 0; i < n && by != BY_MATRIX; i++)
        if (!(a[i * n + i] > 0) || !isfinite(a[i * n + i]))
            why = "not a Cholesky factor: its diagonal is not above 0";
    if (why == NULL)
        why = stats_check(b, n, 1);
    if (why != NULL)
        return bind_stats_fail(L, why);
    switch (by) {
    case BY_MATRIX: stats_cholesky_solve(a, n, b); break;
    case BY_LOWER: stats_lower_solve(a, n, b); break;
    case BY_LOWER_T: stats_lower_solve_t(a, n, b); break;
    }
    why = stats_check(b, n, 1);
    if (why != NULL)
        return bind_stats_fail(L, "the solution is not finite");
    bind_stats_push_list(L, b, n);
    return 1;
}

static int l_solve(lua_State *L)
{
    return solved(L, BY_MATRIX);
}

static int l_lower_solve(lua_State *L)
{
    return solved(L, BY_LOWER);
}

static int l_lower_solve_t(lua_State *L)
{
    return solved(L, BY_LOWER_T);
}

void bind_stats_matrix_functions(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"cholesky", l_cholesky},           {"inverse", l_inverse}, {"solve", l_solve}, {"lower_solve", l_lower_solve},
        {"lower_solve_t", l_lower_solve_t}, {NULL, NULL},
    };
    luaL_setfuncs(L, functions, 0);
}
