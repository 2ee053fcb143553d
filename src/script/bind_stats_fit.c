/* The objects of the table stats: a design, a fit, a generator of random numbers. */
#include <lauxlib.h>
#include <math.h>
#include <string.h>

#include "data/stats.h"
#include "script/bind_stats.h"

enum { ROWS_MAX = 10 * 1000 * 1000, COLUMNS_MAX = 2000 };
static const char design_name[] = "tidemark.design", fit_name[] = "tidemark.fit", random_name[] = "tidemark.random";

/* Its user value is a list of the columns' memory (struct column), at 0 the groups' (uint32_t). */
struct design {
    size_t n, columns, groups;
};

struct column {
    bool dense;
    double values[]; /* or n bytes */
};

static struct design *check_design(lua_State *L, int arg)
{
    return luaL_checkudata(L, arg, design_name);
}

static int l_design(lua_State *L)
{
    lua_Integer n = luaL_checkinteger(L, 1);
    luaL_argcheck(L, n >= 0 && n <= ROWS_MAX, 1, "the rows must be 0 to 10 million");
    struct design *d = lua_newuserdatauv(L, sizeof *d, 1);
    *d = (struct design){.n = (size_t)n};
    lua_newtable(L);
    lua_setiuservalue(L, -2, 1);
    luaL_setmetatable(L, design_name);
    return 1;
}

/* Takes the column on the top. */
static int keep_column(lua_State *L, struct design *d)
{
    lua_getiuservalue(L, 1, 1);
    lua_insert(L, -2);
    lua_rawseti(L, -2, (lua_Integer)++d->columns);
    lua_pushinteger(L, (lua_Integer)d->columns);
    return 1;
}

/* The value for each of n rows; what is nil becomes NAN, which an estimate over that row will name. */
static void read_values(lua_State *L, int arg, size_t n, double *to)
{
    for (size_t i = 0; i < n; i++) {
        int type = lua_rawgeti(L, arg, (lua_Integer)i + 1);
        if (type != LUA_TNUMBER && type != LUA_TNIL)
            luaL_error(L, "bad argument #%d: value %d of the list is no number but %s", arg, (int)i + 1, luaL_typename(L, -1));
        to[i] = type == LUA_TNUMBER ? lua_tonumber(L, -1) : NAN;
        lua_pop(L, 1);
    }
}

static void check_length(lua_State *L, int arg, size_t n)
{
    luaL_checktype(L, arg, LUA_TTABLE);
    if (lua_rawlen(L, arg) > n)
        luaL_error(L, "bad argument #%d: %d values for %d rows", arg, (int)lua_rawlen(L, arg), (int)n);
}

static int l_add(lua_State *L)
{
    struct design *d = check_design(L, 1);
    check_length(L, 2, d->n);
    luaL_argcheck(L, d->columns < COLUMNS_MAX, 1, "a design has at most 2000 columns");
    struct column *c = lua_newuserdatauv(L, sizeof *c + d->n * sizeof(double), 0);
    c->dense = true;
    read_values(L, 2, d->n, c->values);
    return keep_column(L, d);
}

/* The i-th entry of the list at arg: a row of the design, from 0. */
static uint32_t check_row(lua_State *L, int arg, size_t i, size_t n)
{
    int whole;
    lua_rawgeti(L, arg, (lua_Integer)i + 1);
    lua_Integer row = lua_tointegerx(L, -1, &whole);
    if (!whole || row < 1 || (size_t)row > n)
        luaL_error(L, "bad argument #%d: entry %d is not a row (1 to %d)", arg, (int)i + 1, (int)n);
    lua_pop(L, 1);
    return (uint32_t)(row - 1);
}

static int l_indicator(lua_State *L)
{
    struct design *d = check_design(L, 1);
    luaL_checktype(L, 2, LUA_TTABLE);
    luaL_argcheck(L, d->columns < COLUMNS_MAX, 1, "a design has at most 2000 columns");
    struct column *c = lua_newuserdatauv(L, sizeof *c + d->n, 0);
    c->dense = false;
    unsigned char *flags = (unsigned char *)c->values;
    memset(flags, 0, d->n);
    size_t count = lua_rawlen(L, 2);
    for (size_t i = 0; i < count; i++)
        flags[check_row(L, 2, i, d->n)] = 1;
    return keep_column(L, d);
}

/* Numbers 0, 1, … for the labels list[row] in the order in which they are met; how many there are. Leaves the table label ->
 * number + 1 on the top. rows NULL: all. */
static size_t number_labels(lua_State *L, int arg, const uint32_t *rows, size_t n, uint32_t *out)
{
    size_t found = 0;
    lua_newtable(L);
    for (size_t i = 0; i < n; i++) {
        lua_Integer row = (lua_Integer)(rows != NULL ? rows[i] : i) + 1;
        int type = lua_rawgeti(L, arg, row);
        if (type != LUA_TNUMBER && type != LUA_TSTRING)
            luaL_error(L, "bad argument #%d: row %d has no label (a number or a text) but %s", arg, (int)row,
                       luaL_typename(L, -1));
        if (type == LUA_TNUMBER && isnan(lua_tonumber(L, -1)))
            luaL_error(L, "bad argument #%d: the label of row %d is not a number", arg, (int)row);
        lua_pushvalue(L, -1);
        if (lua_rawget(L, -3) == LUA_TNIL) {
            lua_pop(L, 1);
            lua_pushinteger(L, (lua_Integer)++found);
            lua_pushvalue(L, -2);
            lua_pushvalue(L, -2);
            lua_rawset(L, -5);
        }
        out[i] = (uint32_t)(lua_tointeger(L, -1) - 1);
        lua_pop(L, 2);
    }
    return found;
}

static int l_absorb(lua_State *L)
{
    struct design *d = check_design(L, 1);
    check_length(L, 2, d->n);
    if (d->groups > 0)
        return luaL_error(L, "a design absorbs one set of groups: join the two labels into one, or add indicators");
    lua_getiuservalue(L, 1, 1);
    uint32_t *group = lua_newuserdatauv(L, (d->n + 1) * sizeof *group, 0);
    size_t groups = number_labels(L, 2, NULL, d->n, group);
    lua_pop(L, 1);
    lua_rawseti(L, -2, 0);
    d->groups = groups;
    return 0;
}

/* --- estimating ------------------------------------------------------------------------------------------------------------------ */

/* What both estimates need; all memory lies on Lua's stack. */
struct problem {
    struct stats_design design;
    struct stats_rows rows;
};

static void read_rows(lua_State *L, int options, const struct design *d, struct stats_rows *rows)
{
    bool some = lua_istable(L, options) && lua_getfield(L, options, "rows") != LUA_TNIL;
    if (some && !lua_istable(L, -1))
        luaL_error(L, "the option rows is no list");
    int list = lua_gettop(L);
    rows->n = some ? lua_rawlen(L, list) : d->n;
    if (rows->n > ROWS_MAX)
        luaL_error(L, "more than 10 million rows");
    uint32_t *row = lua_newuserdatauv(L, (rows->n + 1) * sizeof *row, 0);
    for (size_t i = 0; i < rows->n; i++)
        row[i] = some ? check_row(L, list, i, d->n) : (uint32_t)i;
    rows->row = row;
}

/* design at 1, y at 2. */
static void read_problem(lua_State *L, int options, struct problem *p)
{
    struct design *d = check_design(L, 1);
    check_length(L, 2, d->n);
    luaL_checkstack(L, 20, "too deep");
    read_rows(L, options, d, &p->rows);
    double *y = bind_stats_room(L, p->rows.n);
    for (size_t i = 0; i < p->rows.n; i++) {
        int type = lua_rawgeti(L, 2, (lua_Integer)p->rows.row[i] + 1);
        if (type != LUA_TNUMBER && type != LUA_TNIL)
            luaL_error(L, "bad argument #2: value %d of the list is no number but %s", (int)p->rows.row[i] + 1,
                       luaL_typename(L, -1));
        y[i] = type == LUA_TNUMBER ? lua_tonumber(L, -1) : NAN;
        lua_pop(L, 1);
    }
    p->rows.y = y;
    struct stats_column *columns = lua_newuserdatauv(L, (d->columns + 1) * sizeof *columns, 0);
    lua_getiuservalue(L, 1, 1);
    for (size_t j = 0; j < d->columns; j++) {
        lua_rawgeti(L, -1, (lua_Integer)j + 1);
        const struct column *c = lua_touserdata(L, -1);
        columns[j] = (struct stats_column){c->dense ? c->values : NULL, c->dense ? NULL : (const unsigned char *)c->values};
        lua_pop(L, 1);
    }
    p->design = (struct stats_design){.columns_n = d->columns, .columns = columns, .groups = d->groups};
    lua_rawgeti(L, -1, 0);
    p->design.group = d->groups > 0 ? lua_touserdata(L, -1) : NULL;
    lua_pop(L, 2);
}

/* "column 3, row 17: a value is …" where the text is about one value. */
static int fail_at(lua_State *L, const char *why, const struct problem *p, size_t column, size_t row)
{
    lua_pushnil(L);
    if (strncmp(why, "a value ", 8) != 0)
        lua_pushstring(L, why);
    else if (column == p->design.columns_n)
        lua_pushfstring(L, "y, row %d: %s", (int)row + 1, why);
    else
        lua_pushfstring(L, "column %d, row %d: %s", (int)column + 1, (int)row + 1, why);
    return 2;
}

/* A fit's arrays lie behind it. */
struct fit {
    struct stats_fit s;
    size_t columns;
    double memory[];
};

static int l_ols(lua_State *L)
{
    static const char *const kinds[] = {"hc3", "classic", NULL};
    struct problem p;
    lua_settop(L, 3);
    if (!lua_isnil(L, 3))
        luaL_checktype(L, 3, LUA_TTABLE);
    read_problem(L, 3, &p);
    enum stats_cov cov = STATS_HC3;
    if (!lua_isnil(L, 3)) {
        lua_getfield(L, 3, "cov");
        cov = luaL_checkoption(L, -1, "hc3", kinds) == 0 ? STATS_HC3 : STATS_CLASSIC;
    }
    size_t k = p.design.columns_n;
    double *work = bind_stats_room(L, stats_ols_work(&p.design));
    struct fit *fit = lua_newuserdatauv(L, sizeof *fit + (k + k * k + p.rows.n) * sizeof(double), 0);
    *fit = (struct fit){.columns = k};
    fit->s.b = fit->memory;
    fit->s.cov = fit->s.b + k;
    fit->s.residuals = fit->s.cov + k * k;
    luaL_setmetatable(L, fit_name);
    const char *why = stats_ols(&p.design, &p.rows, cov, work, &fit->s);
    return why != NULL ? fail_at(L, why, &p, fit->s.bad_column, fit->s.bad_row) : 1;
}

/* The label with this number in the table on the top. */
static const char *label_of(lua_State *L, lua_Integer number)
{
    for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1))
        if (lua_tointeger(L, -1) == number)
            return luaL_tolstring(L, -2, NULL);
    return "?";
}

static int l_jackknife(lua_State *L)
{
    struct problem p;
    lua_Integer i = luaL_checkinteger(L, 4);
    luaL_checktype(L, 3, LUA_TTABLE);
    lua_settop(L, 5);
    if (!lua_isnil(L, 5))
        luaL_checktype(L, 5, LUA_TTABLE);
    read_problem(L, 5, &p);
    luaL_argcheck(L, i >= 1 && (size_t)i <= p.design.columns_n, 4, "no such column");
    uint32_t *cluster = lua_newuserdatauv(L, (p.rows.n + 1) * sizeof *cluster, 0);
    uint32_t *order = lua_newuserdatauv(L, (p.rows.n + 1) * sizeof *order, 0);
    size_t clusters = number_labels(L, 3, p.rows.row, p.rows.n, cluster);
    lua_replace(L, 3); /* label -> number */
    double *work = bind_stats_room(L, stats_jackknife_work(&p.design, clusters)), *estimates = bind_stats_room(L, clusters);
    struct stats_jackknife out;
    const char *why = stats_jackknife(&p.design, &p.rows, cluster, clusters, (size_t)i - 1, work, order, estimates, &out);
    if (why != NULL && strncmp(why, "without a cluster ", 18) == 0) {
        lua_settop(L, 3);
        const char *label = label_of(L, (lua_Integer)out.bad_cluster + 1);
        return bind_stats_fail(L, lua_pushfstring(L, "without cluster %s %s", label, why + 18));
    }
    if (why != NULL)
        return fail_at(L, why, &p, out.bad_column, out.bad_row);
    lua_createtable(L, 0, 4);
    bind_stats_set(L, "b", out.b);
    bind_stats_set(L, "se", out.se);
    lua_pushinteger(L, (lua_Integer)clusters);
    lua_setfield(L, -2, "clusters");
    bind_stats_push_list(L, estimates, clusters);
    lua_setfield(L, -2, "estimates");
    return 1;
}

/* --- a fit ------------------------------------------------------------------------------------------------------------------------ */

static struct fit *check_fit(lua_State *L)
{
    return luaL_checkudata(L, 1, fit_name);
}

static size_t check_column(lua_State *L, const struct fit *fit, int arg)
{
    lua_Integer i = luaL_checkinteger(L, arg);
    luaL_argcheck(L, i >= 1 && (size_t)i <= fit->columns, arg, "no such column");
    return (size_t)i - 1;
}

static int l_coef(lua_State *L)
{
    const struct fit *fit = check_fit(L);
    size_t i = check_column(L, fit, 2);
    double var = fit->s.cov[i * fit->columns + i];
    if (isnan(fit->s.b[i]))
        return bind_stats_fail(L, "the column is a combination of earlier ones");
    if (!(var > 0))
        return bind_stats_fail(L, "the coefficient has no variance");
    lua_pushnumber(L, fit->s.b[i]);
    lua_pushnumber(L, sqrt(var));
    return 2;
}

static int l_contrast(lua_State *L)
{
    const struct fit *fit = check_fit(L);
    luaL_checktype(L, 2, LUA_TTABLE);
    double *weights = bind_stats_room(L, fit->columns), estimate, se;
    for (size_t i = 0; i < fit->columns; i++)
        weights[i] = 0;
    for (lua_pushnil(L); lua_next(L, 2) != 0; lua_pop(L, 1)) {
        int whole, number;
        lua_Integer i = lua_type(L, -2) == LUA_TNUMBER ? lua_tointegerx(L, -2, &whole) : 0;
        double w = lua_tonumberx(L, -1, &number);
        if (i < 1 || (size_t)i > fit->columns || !number)
            return luaL_argerror(L, 2, "not a table of column -> weight");
        weights[i - 1] = w;
    }
    const char *why = stats_contrast(&fit->s, fit->columns, weights, &estimate, &se);
    if (why != NULL)
        return bind_stats_fail(L, why);
    lua_pushnumber(L, estimate);
    lua_pushnumber(L, se);
    return 2;
}

static int l_cov(lua_State *L)
{
    const struct fit *fit = check_fit(L);
    size_t i = check_column(L, fit, 2), k = check_column(L, fit, 3);
    if (isnan(fit->s.b[i]) || isnan(fit->s.b[k]))
        return bind_stats_fail(L, "the column is a combination of earlier ones");
    lua_pushnumber(L, fit->s.cov[i * fit->columns + k]);
    return 1;
}

static int l_residuals(lua_State *L)
{
    const struct fit *fit = check_fit(L);
    bind_stats_push_list(L, fit->s.residuals, fit->s.n);
    return 1;
}

static int l_sigma(lua_State *L)
{
    lua_pushnumber(L, check_fit(L)->s.sigma);
    return 1;
}

/* Methods are the upvalue; the rest are numbers. */
static int l_fit_index(lua_State *L)
{
    const struct fit *fit = check_fit(L);
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL || lua_type(L, 2) != LUA_TSTRING)
        return 1;
    const char *key = lua_tostring(L, 2);
    if (strcmp(key, "n") == 0)
        lua_pushinteger(L, (lua_Integer)fit->s.n);
    else if (strcmp(key, "rank") == 0)
        lua_pushinteger(L, (lua_Integer)fit->s.rank);
    else if (strcmp(key, "groups") == 0)
        lua_pushinteger(L, (lua_Integer)fit->s.groups);
    else if (strcmp(key, "df") == 0)
        lua_pushnumber(L, fit->s.df);
    else if (strcmp(key, "rss") == 0)
        lua_pushnumber(L, fit->s.rss);
    return 1;
}

/* --- random numbers ----------------------------------------------------------------------------------------------------------------- */

static int l_generator(lua_State *L)
{
    lua_Integer seed = luaL_checkinteger(L, 1);
    stats_random_seed(lua_newuserdatauv(L, sizeof(struct stats_random), 0), (uint64_t)seed);
    luaL_setmetatable(L, random_name);
    return 1;
}

static int l_uniform(lua_State *L)
{
    lua_pushnumber(L, stats_random_uniform(luaL_checkudata(L, 1, random_name)));
    return 1;
}

static int l_normal(lua_State *L)
{
    lua_pushnumber(L, stats_random_normal(luaL_checkudata(L, 1, random_name)));
    return 1;
}

static int l_integer(lua_State *L)
{
    struct stats_random *r = luaL_checkudata(L, 1, random_name);
    lua_Integer n = luaL_checkinteger(L, 2);
    luaL_argcheck(L, n >= 1 && n <= INT32_MAX, 2, "not between 1 and 2147483647");
    lua_pushinteger(L, (lua_Integer)(((stats_random_bits(r) >> 33) * (uint64_t)n) >> 31) + 1);
    return 1;
}

/* --- the types ------------------------------------------------------------------------------------------------------------------------ */

static void make_type(lua_State *L, const char *name, const luaL_Reg *methods, lua_CFunction index)
{
    luaL_newmetatable(L, name);
    lua_newtable(L);
    luaL_setfuncs(L, methods, 0);
    if (index != NULL)
        lua_pushcclosure(L, index, 1);
    lua_setfield(L, -2, "__index");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
}

void bind_stats_fit_functions(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"design", l_design}, {"ols", l_ols}, {"jackknife", l_jackknife}, {"generator", l_generator}, {NULL, NULL},
    };
    static const luaL_Reg design[] = {{"add", l_add}, {"indicator", l_indicator}, {"absorb", l_absorb}, {NULL, NULL}};
    static const luaL_Reg fit[] = {
        {"coef", l_coef},           {"contrast", l_contrast}, {"cov", l_cov},
        {"residuals", l_residuals}, {"sigma", l_sigma},       {NULL, NULL},
    };
    static const luaL_Reg random[] = {{"uniform", l_uniform}, {"normal", l_normal}, {"integer", l_integer}, {NULL, NULL}};
    luaL_setfuncs(L, functions, 0);
    make_type(L, design_name, design, NULL);
    make_type(L, fit_name, fit, l_fit_index);
    make_type(L, random_name, random, NULL);
}
