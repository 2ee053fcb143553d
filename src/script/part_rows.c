/* Two walks: the first finds the columns and what each of them holds, the second writes the cells. */
#include "script/part_rows.h"

#include <lauxlib.h>
#include <string.h>

#include "script/box.h"
#include "script/part_cell.h"
#include "script/pg_rows.h"
#include "script/pg_type.h"
#include "script/value.h"
#include "script/vm_state.h"

/* The stack of both walks. */
enum { AT_ROWS = 1, AT_ORDER, AT_SHAPES, AT_TIMES, AT_TOP };

enum { COLUMNS_MAX = 1664 }; /* PostgreSQL's own */

static int not_rows(lua_State *L, const char *what)
{
    return luaL_error(L, "must give back a list of rows, such as { { name = \"a\", views = 1 } }, not %s", what);
}

/* --- the columns ----------------------------------------------------------------------------------------------------------- */

/* order[n + 1] = the text on the top, unless it is there; pops it. */
static void add_column(lua_State *L)
{
    lua_pushvalue(L, -1);
    if (lua_rawget(L, AT_SHAPES) == LUA_TNIL) {
        if (lua_rawlen(L, AT_ORDER) >= COLUMNS_MAX)
            luaL_error(L, "gave back rows of more than %d columns", COLUMNS_MAX);
        lua_pushvalue(L, -2);
        lua_pushinteger(L, SHAPE_NONE);
        lua_rawset(L, AT_SHAPES);
        lua_pushvalue(L, -2);
        lua_rawseti(L, AT_ORDER, (lua_Integer)lua_rawlen(L, AT_ORDER) + 1);
    }
    lua_pop(L, 2);
}

static void add_wanted(lua_State *L, const char *const *name, size_t n, const bool *time)
{
    for (size_t i = 0; i < n; i++) {
        lua_pushstring(L, name[i]);
        add_column(L);
        if (time != NULL && time[i]) {
            lua_pushboolean(L, 1);
            lua_setfield(L, AT_TIMES, name[i]);
        }
    }
}

/* rows.columns, where a query made the rows. */
static bool add_own_columns(lua_State *L)
{
    lua_getfield(L, AT_ROWS, "columns");
    bool has = lua_istable(L, -1);
    for (lua_Integer i = 1; has && i <= (lua_Integer)lua_rawlen(L, -1); i++)
        if (lua_rawgeti(L, -1, i) == LUA_TSTRING)
            add_column(L);
        else
            luaL_error(L, "columns of the rows must be a list of names");
    lua_pop(L, 1);
    return has;
}

/* A column that no query made and no row has is a typing error, but only where the query's own names are known. */
static void check_wanted(lua_State *L, const struct part_columns *wanted, size_t n_known)
{
    struct buf *has = box_push(L);
    for (size_t i = n_known + 1; i <= lua_rawlen(L, AT_ORDER); i++) {
        lua_rawgeti(L, AT_ORDER, (lua_Integer)i);
        buf_printf(has, "%s%s", has->len > 0 ? ", " : "", lua_tostring(L, -1));
        lua_pop(L, 1);
    }
    for (size_t i = 0; i < wanted->n; i++) {
        lua_getfield(L, AT_SHAPES, wanted->name[i]);
        bool empty = lua_tointeger(L, -1) == SHAPE_NONE;
        lua_getfield(L, AT_ROWS, "columns");
        for (lua_Integer k = 1; empty && k <= (lua_Integer)lua_rawlen(L, -1); k++) {
            lua_rawgeti(L, -1, k);
            empty = strcmp(lua_tostring(L, -1), wanted->name[i]) != 0;
            lua_pop(L, 1);
        }
        if (empty)
            luaL_error(L, "column '%s' is in columns, but neither the query nor a row has it (other columns: %s)",
                       wanted->name[i], has->len > 0 ? has->data : "none");
        lua_pop(L, 2);
    }
    buf_free(has);
    lua_pop(L, 1);
}

/* --- the first walk ---------------------------------------------------------------------------------------------------------- */

static void check_list(lua_State *L)
{
    if (!lua_istable(L, AT_ROWS))
        not_rows(L, lua_pushfstring(L, "a %s", luaL_typename(L, AT_ROWS)));
    size_t n = lua_rawlen(L, AT_ROWS), numbers = 0;
    lua_pushnil(L);
    while (lua_next(L, AT_ROWS)) {
        lua_pop(L, 1);
        numbers += lua_type(L, -1) == LUA_TNUMBER;
        if (lua_type(L, -1) == LUA_TSTRING && strcmp(lua_tostring(L, -1), "columns") != 0)
            not_rows(L, n > 0 ? "a table that also has names as keys" : "a single table");
    }
    if (numbers != n)
        not_rows(L, "a list with holes (nil inside)");
    if (vm_count(vm_of(L), VM_ROWS, n) != 0)
        luaL_error(L, "%s", vm_limit_text(vm_of(L), VM_ROWS));
}

/* What is known of the column whose name is at key; types: of the row's query (script/pg_rows.h), 0: none. */
static enum part_hint hint_of(lua_State *L, int key, int types)
{
    lua_pushvalue(L, key);
    bool time = lua_rawget(L, AT_TIMES) != LUA_TNIL;
    lua_pop(L, 1);
    if (time || types == 0)
        return time ? HINT_TIME : HINT_NONE;
    lua_pushvalue(L, key);
    enum part_hint hint = HINT_NONE;
    if (lua_rawget(L, types) == LUA_TNUMBER)
        hint = lua_tointeger(L, -1) == PG_JSONB ? HINT_JSON : HINT_TIME;
    lua_pop(L, 1);
    return hint;
}

/* What the column at the key on -2 holds besides: the value on -1. */
static void look_at(lua_State *L, lua_Integer row, int types)
{
    if (lua_type(L, -2) != LUA_TSTRING)
        luaL_error(L, "row %I is a list: write its values as { name = value }", row);
    const char *wrong = NULL;
    enum part_shape shape = part_shape_of(L, -1, hint_of(L, lua_gettop(L) - 1, types), &wrong);
    if (wrong != NULL)
        luaL_error(L, "row %I, column %s: %s", row, lua_tostring(L, -2), wrong);
    lua_pushvalue(L, -2);
    lua_rawget(L, AT_SHAPES);
    enum part_shape all = part_shape_join((enum part_shape)lua_tointeger(L, -1), shape);
    bool known = !lua_isnil(L, -1), same = known && all == (enum part_shape)lua_tointeger(L, -1);
    lua_pop(L, 1);
    if (!known) {
        lua_pushvalue(L, -2);
        add_column(L);
    }
    if (!same) {
        lua_pushvalue(L, -2);
        lua_pushinteger(L, all);
        lua_rawset(L, AT_SHAPES);
    }
}

static void first_walk(lua_State *L)
{
    lua_Integer n = (lua_Integer)lua_rawlen(L, AT_ROWS);
    for (lua_Integer row = 1; row <= n; row++) {
        if (lua_rawgeti(L, AT_ROWS, row) != LUA_TTABLE)
            luaL_error(L, "row %I is no table but a %s: write it as { name = value }", row, luaL_typename(L, -1));
        bool typed = pg_rows_types(L, AT_TOP);
        lua_pushnil(L);
        while (lua_next(L, AT_TOP)) {
            look_at(L, row, typed ? AT_TOP + 1 : 0);
            lua_pop(L, 1);
        }
        lua_settop(L, AT_TOP - 1);
    }
}

/* What the rows hold beyond the columns that were named, by name: Lua's own order changes from run to run. */
static void sort_rest(lua_State *L, size_t named)
{
    size_t n = lua_rawlen(L, AT_ORDER);
    for (size_t i = named + 2; i <= n; i++) /* few; by insertion */
        for (size_t k = i; k > named + 1; k--) {
            lua_rawgeti(L, AT_ORDER, (lua_Integer)k - 1);
            lua_rawgeti(L, AT_ORDER, (lua_Integer)k);
            if (strcmp(lua_tostring(L, -2), lua_tostring(L, -1)) <= 0) {
                lua_pop(L, 2);
                break;
            }
            lua_rawseti(L, AT_ORDER, (lua_Integer)k - 1);
            lua_rawseti(L, AT_ORDER, (lua_Integer)k);
        }
}

/* --- the second walk --------------------------------------------------------------------------------------------------------- */

struct columns {
    size_t n;
    struct column *column;
    enum part_shape *shape;
    const char **cell;
};

/* In userdata that stay on the stack; names belong to the table of the order. */
static struct columns make_columns(lua_State *L)
{
    struct columns c = {.n = lua_rawlen(L, AT_ORDER)};
    size_t room = c.n + 1;
    c.column = lua_newuserdatauv(L, room * sizeof *c.column, 0);
    c.shape = lua_newuserdatauv(L, room * sizeof *c.shape, 0);
    c.cell = lua_newuserdatauv(L, room * sizeof *c.cell, 0);
    for (size_t i = 0; i < c.n; i++) {
        lua_rawgeti(L, AT_ORDER, (lua_Integer)i + 1);
        lua_pushvalue(L, -1);
        lua_rawget(L, AT_SHAPES);
        c.shape[i] = (enum part_shape)lua_tointeger(L, -1);
        c.column[i] = (struct column){.name = lua_tostring(L, -2), .kind = part_shape_kind(c.shape[i])};
        lua_pop(L, 2);
    }
    return c;
}

/* One row's cells, one behind the other in text. */
static void write_row(lua_State *L, const struct columns *c, lua_Integer row, struct buf *text, size_t *at)
{
    buf_clear(text);
    buf_reserve(text, 1);
    for (size_t i = 0; i < c->n; i++) {
        lua_rawgeti(L, AT_ORDER, (lua_Integer)i + 1);
        lua_rawget(L, -2);
        at[i] = (size_t)-1;
        if (!lua_isnil(L, -1) && !value_is_null(L, -1)) {
            at[i] = text->len;
            const char *wrong = part_cell_write(L, -1, c->shape[i], text);
            if (wrong != NULL)
                luaL_error(L, "row %I, column %s: %s", row, c->column[i].name, wrong);
            buf_char(text, '\0');
        }
        lua_pop(L, 1);
    }
}

static void second_walk(lua_State *L, struct rowset **out)
{
    struct columns c = make_columns(L);
    size_t *at = lua_newuserdatauv(L, (c.n + 1) * sizeof *at, 0);
    struct buf *text = box_push(L);
    *out = rowset_new(c.column, c.n);
    lua_Integer n = (lua_Integer)lua_rawlen(L, AT_ROWS);
    for (lua_Integer row = 1; row <= n; row++) {
        lua_rawgeti(L, AT_ROWS, row);
        write_row(L, &c, row, text, at);
        lua_pop(L, 1);
        if (vm_count(vm_of(L), VM_OUTPUT, text->len) != 0)
            luaL_error(L, "%s", vm_limit_text(vm_of(L), VM_OUTPUT));
        for (size_t i = 0; i < c.n; i++)
            c.cell[i] = at[i] == (size_t)-1 ? NULL : text->data + at[i];
        rowset_add(*out, c.cell);
    }
    buf_free(text);
}

static int read_rows(lua_State *L)
{
    const struct part_columns *wanted = lua_touserdata(L, 2);
    struct rowset **out = lua_touserdata(L, 3);
    lua_settop(L, 1);
    luaL_checkstack(L, 20, NULL);
    lua_newtable(L); /* AT_ORDER: names */
    lua_newtable(L); /* AT_SHAPES: name -> shape */
    lua_newtable(L); /* AT_TIMES: name -> true */
    check_list(L);
    if (wanted != NULL)
        add_wanted(L, wanted->name, wanted->n, wanted->time);
    size_t n_wanted = lua_rawlen(L, AT_ORDER);
    bool queried = add_own_columns(L);
    if (wanted != NULL && !queried)
        add_wanted(L, wanted->beside, wanted->n_beside, NULL);
    size_t named = lua_rawlen(L, AT_ORDER);
    lua_settop(L, AT_TOP - 1);
    first_walk(L);
    sort_rest(L, named);
    if (wanted != NULL && queried)
        check_wanted(L, wanted, n_wanted);
    second_walk(L, out);
    return 0;
}

void part_rows_read(lua_State *L, int index, const struct part_columns *wanted, struct rowset **out)
{
    lua_pushvalue(L, index);
    lua_pushcfunction(L, read_rows);
    lua_insert(L, -2);
    lua_pushlightuserdata(L, (void *)wanted);
    lua_pushlightuserdata(L, out);
    lua_call(L, 3, 0);
}

/* --- is it a table's worth ----------------------------------------------------------------------------------------------------- */

static bool is_plain_row(lua_State *L)
{
    int row = lua_gettop(L);
    bool plain = true, any = false;
    lua_pushnil(L);
    while (plain && lua_next(L, row)) {
        const char *wrong = NULL;
        enum part_shape shape = part_shape_of(L, -1, HINT_NONE, &wrong);
        plain = lua_type(L, -2) == LUA_TSTRING && wrong == NULL && shape < SHAPE_EMPTY;
        any = true;
        lua_pop(L, 1);
    }
    lua_settop(L, row);
    return plain && any;
}

bool part_rows_fit(lua_State *L, int index)
{
    if (!lua_istable(L, index))
        return false;
    index = lua_absindex(L, index);
    int top = lua_gettop(L);
    luaL_checkstack(L, 6, NULL);
    bool queried = lua_getfield(L, index, "columns") == LUA_TTABLE;
    lua_pop(L, 1);
    lua_Integer n = (lua_Integer)lua_rawlen(L, index), counted = 0;
    bool fit = queried || n > 0;
    lua_pushnil(L);
    while (fit && lua_next(L, index)) {
        bool row = lua_istable(L, -1);
        if (lua_isinteger(L, -2))
            fit = row && (queried || is_plain_row(L)) && ++counted <= n;
        else
            fit = queried && row; /* columns */
        lua_pop(L, 1);
    }
    lua_settop(L, top);
    return fit;
}
