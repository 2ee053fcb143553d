#include "script/pg_rows.h"

#include <lauxlib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "script/bind_json.h"
#include "script/box.h"
#include "script/fault.h"
#include "script/numeric.h"
#include "script/pg_time.h"
#include "script/pg_type.h"
#include "script/value.h"

enum { DEPTH_MAX = 6 }; /* dimensions of an array: PostgreSQL's own */

struct cell {
    const char *call, *column;
};

_Noreturn static void unreadable(lua_State *L, const struct cell *c, const char *what, const char *text)
{
    fault_raise(L, "bug", "unreadable_value", c->call, "%s: column %s: '%s' is no %s", c->call, c->column, text, what);
}

static void push_json(lua_State *L, const char *text, size_t len, const struct cell *c)
{
    struct json_limits limits = {.bytes = SIZE_MAX / 2, .nodes = 5000000, .depth = 200};
    struct json_doc **doc = box_push_json(L);
    struct err e = {0};
    if (json_parse(text, len, &limits, doc, &e) != 0)
        fault_raise(L, "usage", "json", c->call, "%s: column %s: %s", c->call, c->column, e.text);
    bind_json_push_copy(L, json_root(*doc));
    json_free(doc);
    lua_remove(L, -2);
}

static int hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void push_bytes(lua_State *L, const char *text, size_t len, const struct cell *c)
{
    luaL_Buffer b;
    if (len < 2 || text[0] != '\\' || text[1] != 'x' || len % 2 != 0)
        unreadable(L, c, "bytea in hex", "…");
    char *out = luaL_buffinitsize(L, &b, len / 2);
    for (size_t i = 2; i < len; i += 2) {
        int high = hex(text[i]), low = hex(text[i + 1]);
        if (high < 0 || low < 0)
            unreadable(L, c, "bytea in hex", "…");
        *out++ = (char)(high * 16 + low);
    }
    luaL_pushresultsize(&b, len / 2 - 1);
}

/* A float holds microseconds up to 2^32 seconds on both sides of the epoch. */
static void push_time(lua_State *L, const char *text, const struct cell *c)
{
    struct pg_time t;
    if (!pg_time_read(text, &t))
        unreadable(L, c, "time", text);
    if (t.infinite != 0)
        lua_pushnumber(L, t.infinite * (lua_Number)HUGE_VAL);
    else if (t.us == 0)
        lua_pushinteger(L, t.seconds);
    else if (llabs(t.seconds) < INT64_C(1) << 32)
        lua_pushnumber(L, (lua_Number)(t.seconds * 1000000 + t.us) / 1e6);
    else
        lua_pushstring(L, text);
}

static void push_integer(lua_State *L, const char *text, const struct cell *c)
{
    char *end;
    long long n = strtoll(text, &end, 10);
    if (end == text || *end != '\0')
        unreadable(L, c, "integer", text);
    lua_pushinteger(L, n);
}

static void push_float(lua_State *L, const char *text, const struct cell *c)
{
    char *end;
    double d = strtod(text, &end); /* reads NaN and Infinity, too */
    if (end == text || *end != '\0')
        unreadable(L, c, "number", text);
    lua_pushnumber(L, d);
}

static void push_array(lua_State *L, uint32_t element, const char *text, const struct cell *c);

static void push_value(lua_State *L, uint32_t type, const char *text, size_t len, const struct cell *c)
{
    uint32_t element;
    switch (type) {
    case PG_BOOL: lua_pushboolean(L, *text == 't'); return;
    case PG_INT2:
    case PG_INT4:
    case PG_INT8:
    case PG_OID: push_integer(L, text, c); return;
    case PG_FLOAT4:
    case PG_FLOAT8: push_float(L, text, c); return;
    case PG_NUMERIC: numeric_push(L, text, len); return;
    case PG_TIMESTAMP:
    case PG_TIMESTAMPTZ: push_time(L, text, c); return;
    case PG_JSON:
    case PG_JSONB: push_json(L, text, len, c); return;
    case PG_BYTEA: push_bytes(L, text, len, c); return;
    case PG_TEXT: lua_pushlstring(L, text, len); return;
    default: break;
    }
    element = pg_element(type);
    if (element != 0)
        push_array(L, element, text, c);
    else
        lua_pushlstring(L, text, len);
}

/* --- arrays: {a,"b c",NULL,{…}} ------------------------------------------------------------------------------------------------------------ */

struct array {
    lua_State *L;
    uint32_t element;
    const char *at;
    const struct cell *cell;
    struct buf *word; /* in a box */
};

_Noreturn static void bad_array(const struct array *a)
{
    unreadable(a->L, a->cell, "array", "…");
}

static void read_quoted(struct array *a)
{
    for (a->at++; *a->at != '"'; a->at++) {
        if (*a->at == '\\')
            a->at++;
        if (*a->at == '\0')
            bad_array(a);
        buf_char(a->word, *a->at);
    }
    a->at++;
}

static void read_element(struct array *a)
{
    buf_clear(a->word);
    buf_reserve(a->word, 1);
    if (*a->at == '"') {
        read_quoted(a);
    } else {
        size_t n = strcspn(a->at, ",}");
        if (n == 0)
            bad_array(a);
        if (n == 4 && memcmp(a->at, "NULL", 4) == 0) {
            a->at += n;
            lua_getfield(a->L, LUA_REGISTRYINDEX, "json.null");
            return;
        }
        buf_add(a->word, a->at, n);
        a->at += n;
    }
    push_value(a->L, a->element, a->word->data, a->word->len, a->cell);
}

static void read_array(struct array *a, int depth)
{
    lua_Integer n = 0;
    if (depth > DEPTH_MAX || *a->at != '{')
        bad_array(a);
    luaL_checkstack(a->L, 8, NULL);
    lua_newtable(a->L);
    bind_json_mark_array(a->L);
    a->at++;
    while (*a->at != '}') {
        if (n > 0 && *a->at++ != ',')
            bad_array(a);
        if (*a->at == '{')
            read_array(a, depth + 1);
        else
            read_element(a);
        lua_rawseti(a->L, -2, ++n);
    }
    a->at++;
}

static void push_array(lua_State *L, uint32_t element, const char *text, const struct cell *c)
{
    struct array a = {.L = L, .element = element, .at = text, .cell = c, .word = box_push(L)};
    if (*text == '[') /* bounds of its own: "[0:1]={…}" */
        a.at = strchr(text, '=') != NULL ? strchr(text, '=') + 1 : text;
    read_array(&a, 1);
    if (*a.at != '\0')
        bad_array(&a);
    buf_free(a.word);
    lua_remove(L, -2);
}

/* --- rows ------------------------------------------------------------------------------------------------------------------------------------ */

void pg_cell(lua_State *L, const struct port *port, const struct port_req *req, size_t row, size_t column, const char *call)
{
    size_t len = 0;
    const char *text = port->cell(req, row, column, &len);
    struct cell c = {.call = call, .column = req->column[column].name};
    if (text == NULL)
        lua_pushnil(L);
    else
        push_value(L, req->column[column].type, text, len, &c);
}

static const char types_key;

/* The metatable that the rows get, left at that of the list of names, which is on the top: nothing where no type needs to be kept. */
static void keep_types(lua_State *L, const struct port_req *req)
{
    bool any = false;
    for (size_t i = 0; i < req->n_column; i++) {
        uint32_t type = req->column[i].type;
        bool time = type == PG_DATE || type == PG_TIMESTAMP || type == PG_TIMESTAMPTZ;
        if (!time && type != PG_JSON && type != PG_JSONB)
            continue;
        if (!any)
            lua_newtable(L);
        any = true;
        lua_pushinteger(L, time ? PG_TIMESTAMPTZ : PG_JSONB);
        lua_setfield(L, -2, req->column[i].name);
    }
    if (!any)
        return;
    lua_createtable(L, 0, 1);
    lua_insert(L, -2);
    lua_rawsetp(L, -2, &types_key);
    lua_setmetatable(L, -2);
}

bool pg_rows_types(lua_State *L, int row)
{
    luaL_checkstack(L, 3, NULL);
    if (!lua_getmetatable(L, row))
        return false;
    if (lua_rawgetp(L, -1, &types_key) == LUA_TTABLE) {
        lua_replace(L, -2);
        return true;
    }
    lua_pop(L, 2);
    return false;
}

void pg_keys(lua_State *L, const struct port_req *req, const char *call)
{
    luaL_checkstack(L, 8, NULL);
    lua_createtable(L, (int)req->n_column, 0);
    lua_newtable(L); /* the names so far */
    for (size_t i = 0; i < req->n_column; i++) {
        lua_pushstring(L, req->column[i].name);
        lua_pushvalue(L, -1);
        if (lua_rawget(L, -3) != LUA_TNIL)
            fault_usage(L, call, "%s: two columns are called %s: name one of them with AS", call, req->column[i].name);
        lua_pop(L, 1);
        lua_pushvalue(L, -1);
        lua_rawseti(L, -4, (lua_Integer)i + 1);
        lua_pushboolean(L, 1);
        lua_rawset(L, -3);
    }
    lua_pop(L, 1);
    keep_types(L, req);
}

void pg_row(lua_State *L, const struct port *port, const struct port_req *req, size_t row, int keys, const char *call)
{
    luaL_checkstack(L, 8, NULL);
    lua_createtable(L, 0, (int)req->n_column);
    for (size_t i = 0; i < req->n_column; i++) {
        lua_rawgeti(L, keys, (lua_Integer)i + 1);
        pg_cell(L, port, req, row, i, call);
        lua_rawset(L, -3);
    }
    if (lua_getmetatable(L, keys))
        lua_setmetatable(L, -2);
}

void pg_rows(lua_State *L, const struct port *port, const struct port_req *req, const char *call)
{
    int room = req->n_row < 1 << 20 ? (int)req->n_row : 1 << 20;
    pg_keys(L, req, call);
    int keys = lua_gettop(L);
    lua_createtable(L, room, 0);
    for (size_t i = 0; i < req->n_row; i++) {
        pg_row(L, port, req, i, keys, call);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_createtable(L, 0, 3); /* rows.columns is no member of the list, so that this stays one */
    lua_createtable(L, 0, 1);
    lua_pushvalue(L, keys);
    lua_setfield(L, -2, "columns");
    lua_setfield(L, -2, "__index");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    bind_json_mark_lists(L);
    lua_setmetatable(L, -2);
}
