#include "script/pg_param.h"

#include <inttypes.h>
#include <lauxlib.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "data/datetime.h"
#include "data/uuid.h"
#include "script/bind_json.h"
#include "script/box.h"
#include "script/fault.h"
#include "script/numeric.h"
#include "script/pg_time.h"
#include "script/pg_type.h"
#include "script/value.h"

enum { PARAMS_MAX = 65535, DEPTH_MAX = 6 };

/* What a maker makes: a value with its type said. */
struct typed {
    uint32_t type;
    bool binary;
    size_t len;
    char data[];
};

static const char typed_key;

static void push_typed(lua_State *L, uint32_t type, bool binary, const char *data, size_t len)
{
    struct typed *v = lua_newuserdatauv(L, sizeof *v + len + 1, 0);
    *v = (struct typed){.type = type, .binary = binary, .len = len};
    memcpy(v->data, data, len);
    v->data[len] = '\0';
    lua_rawgetp(L, LUA_REGISTRYINDEX, &typed_key);
    lua_setmetatable(L, -2);
}

static const struct typed *typed_at(lua_State *L, int index)
{
    if (lua_type(L, index) != LUA_TUSERDATA || !lua_getmetatable(L, index))
        return NULL;
    lua_rawgetp(L, LUA_REGISTRYINDEX, &typed_key);
    bool same = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return same ? lua_touserdata(L, index) : NULL;
}

static int l_typed_tostring(lua_State *L)
{
    const struct typed *v = lua_touserdata(L, 1);
    lua_pushlstring(L, v->data, v->len);
    return 1;
}

/* --- scalars as text ------------------------------------------------------------------------------------------------------------------------- */

static void write_float(double d, struct buf *out)
{
    if (isnan(d))
        buf_str(out, "NaN");
    else if (isinf(d))
        buf_str(out, d < 0 ? "-Infinity" : "Infinity");
    else
        buf_printf(out, "%.17g", d);
}

static void write_hex(const char *data, size_t len, struct buf *out)
{
    buf_str(out, "\\x");
    for (size_t i = 0; i < len; i++)
        buf_printf(out, "%02x", (unsigned char)data[i]);
}

static const char *time_text(lua_State *L, int index, struct buf *out)
{
    struct pg_time t = {0};
    double d = lua_tonumber(L, index);
    if (isnan(d))
        return "NaN is no time";
    if (lua_isinteger(L, index)) {
        t.seconds = lua_tointeger(L, index);
    } else if (isinf(d)) {
        t.infinite = d < 0 ? -1 : 1;
    } else if (fabs(d) < 9.3e12) {
        double whole = floor(d);
        t.seconds = (int64_t)whole;
        t.us = (int)lround((d - whole) * 1e6);
        if (t.us == 1000000)
            t.us = 0, t.seconds++;
    } else {
        return "a time is in seconds since 1970, and this number is no such time (is it in milliseconds?)";
    }
    if (t.seconds > INT64_C(9300000000000) || t.seconds < -INT64_C(9300000000000))
        return "a time is in seconds since 1970, and this number is no such time (is it in milliseconds?)";
    pg_time_write(&t, out);
    return NULL;
}

/* A value that is no table, as PostgreSQL reads it; NULL, or what is wrong. */
static const char *write_scalar(lua_State *L, int index, uint32_t type, struct buf *out)
{
    size_t len;
    const char *text;
    const struct typed *v;
    bool time = type == PG_TIMESTAMPTZ || type == PG_TIMESTAMP;
    switch (lua_type(L, index)) {
    case LUA_TBOOLEAN: buf_char(out, lua_toboolean(L, index) ? 't' : 'f'); return NULL;
    case LUA_TNUMBER:
        if (time)
            return time_text(L, index, out);
        if (lua_isinteger(L, index))
            buf_printf(out, "%" PRId64, (int64_t)lua_tointeger(L, index));
        else
            write_float(lua_tonumber(L, index), out);
        return NULL;
    case LUA_TSTRING:
        text = lua_tolstring(L, index, &len);
        if (type == PG_BYTEA)
            write_hex(text, len, out);
        else if (memchr(text, '\0', len) != NULL)
            return "a text with a NUL byte in it: ctx.db.bytes(…) is for bytes";
        else
            buf_add(out, text, len);
        return NULL;
    default: break;
    }
    text = numeric_text(L, index, &len);
    v = typed_at(L, index);
    if (text != NULL)
        buf_add(out, text, len);
    else if (v != NULL && v->binary)
        write_hex(v->data, v->len, out);
    else if (v != NULL)
        buf_add(out, v->data, v->len);
    else
        return "a value that no column can hold";
    return NULL;
}

/* --- arrays -------------------------------------------------------------------------------------------------------------------------------------- */

static void write_quoted(const char *text, size_t len, struct buf *out)
{
    buf_char(out, '"');
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '"' || text[i] == '\\')
            buf_char(out, '\\');
        buf_char(out, text[i]);
    }
    buf_char(out, '"');
}

/* 1 to n, and nothing else? */
static bool is_list(lua_State *L, int index)
{
    size_t n = lua_rawlen(L, index), seen = 0;
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1), seen++)
        if (!lua_isinteger(L, -2)) {
            lua_pop(L, 2);
            return false;
        }
    return seen == n;
}

/* word: room for one element. */
static const char *write_array(lua_State *L, int index, uint32_t type, int depth, struct buf *out, struct buf *word)
{
    const char *wrong = NULL;
    if (depth > DEPTH_MAX)
        return "a list deeper than 6 levels: PostgreSQL has no such arrays";
    luaL_checkstack(L, 8, NULL);
    if (!is_list(L, index))
        return "a table that is no list";
    lua_Integer n = (lua_Integer)lua_rawlen(L, index);
    buf_char(out, '{');
    for (lua_Integer i = 1; i <= n && wrong == NULL; i++) {
        if (i > 1)
            buf_char(out, ',');
        lua_rawgeti(L, index, i);
        int at = lua_gettop(L);
        bool json = type == PG_JSONB && typed_at(L, at) == NULL;
        if (value_is_null(L, at)) {
            buf_str(out, "NULL");
        } else if (lua_istable(L, at) && !json) {
            wrong = write_array(L, at, type, depth + 1, out, word);
        } else {
            buf_clear(word);
            buf_reserve(word, 1);
            wrong = json ? value_write(L, at, word) : write_scalar(L, at, type, word);
            write_quoted(word->data, word->len, out);
        }
        lua_pop(L, 1);
    }
    buf_char(out, '}');
    return wrong;
}

/* --- parameters ------------------------------------------------------------------------------------------------------------------------------------ */

static const char helpers[] = "ctx.db.array(list, type), ctx.db.json(value), ctx.db.bytes(text), ctx.db.numeric(text), "
                              "ctx.db.uuid(text) or ctx.db.time(…) say "
                              "what it is to the database";

static void text_param(struct port_param *p, uint32_t type, const struct buf *text, struct arena *arena)
{
    p->type = type;
    p->len = text->len;
    p->data = arena_ndup(arena, text->data, text->len);
}

static void table_param(lua_State *L, int index, struct port_param *p, struct arena *arena, const char *call, int number)
{
    struct buf *out = box_push(L), *word = box_push(L);
    if (!is_list(L, index))
        fault_usage(L, call, "%s: $%d is a table with names, which no column can hold: %s", call, number, helpers);
    const char *wrong = write_array(L, index, PG_ANY, 1, out, word);
    if (wrong != NULL)
        fault_usage(L, call, "%s: $%d is a list with %s in it: %s", call, number, wrong, helpers);
    text_param(p, PG_ANY, out, arena);
    buf_free(out);
    buf_free(word);
    lua_pop(L, 2);
}

static void userdata_param(lua_State *L, int index, struct port_param *p, const char *call, int number)
{
    const struct typed *v = typed_at(L, index);
    const char *digits = numeric_text(L, index, &p->len);
    if (value_is_null(L, index))
        return;
    if (digits != NULL) {
        p->type = PG_NUMERIC;
        p->data = digits;
    } else if (v != NULL) {
        *p = (struct port_param){.type = v->type, .binary = v->binary, .data = v->data, .len = v->len};
    } else {
        fault_usage(L, call, "%s: $%d is part of a document, or another object, which no column can hold: %s", call, number,
                    helpers);
    }
}

static void set_param(lua_State *L, int index, struct port_param *p, struct arena *arena, const char *call, int number)
{
    char text[64];
    switch (lua_type(L, index)) {
    case LUA_TNIL: return;
    case LUA_TBOOLEAN: *p = (struct port_param){.type = PG_BOOL, .data = lua_toboolean(L, index) ? "t" : "f", .len = 1}; return;
    case LUA_TNUMBER:
        if (lua_isinteger(L, index))
            snprintf(text, sizeof text, "%" PRId64, (int64_t)lua_tointeger(L, index));
        else if (isfinite(lua_tonumber(L, index)))
            snprintf(text, sizeof text, "%.17g", lua_tonumber(L, index));
        else
            snprintf(text, sizeof text, "%s",
                     isnan(lua_tonumber(L, index)) ? "NaN"
                     : lua_tonumber(L, index) < 0  ? "-Infinity"
                                                   : "Infinity");
        p->type = lua_isinteger(L, index) ? PG_INT8 : PG_FLOAT8;
        p->data = arena_dup(arena, text);
        p->len = strlen(text);
        return;
    case LUA_TSTRING:
        p->data = lua_tolstring(L, index, &p->len);
        if (memchr(p->data, '\0', p->len) != NULL)
            fault_usage(L, call, "%s: $%d is a text with a NUL byte in it: ctx.db.bytes(…) is for bytes", call, number);
        return;
    case LUA_TTABLE: table_param(L, index, p, arena, call, number); return;
    case LUA_TUSERDATA: userdata_param(L, index, p, call, number); return;
    default: fault_usage(L, call, "%s: $%d is a %s, which no column can hold", call, number, luaL_typename(L, index));
    }
}

const struct port_param *pg_params(lua_State *L, int first, struct arena *arena, const char *call, size_t *n)
{
    int top = lua_gettop(L), count = top - first + 1;
    *n = count > 0 ? (size_t)count : 0;
    if (*n == 0)
        return NULL;
    if (count > PARAMS_MAX)
        fault_usage(L, call, "%s: more than %d parameters", call, PARAMS_MAX);
    luaL_checkstack(L, 12, NULL);
    struct port_param *param = arena_zero(arena, *n * sizeof *param);
    for (int i = 0; i < count; i++)
        set_param(L, first + i, &param[i], arena, call, i + 1);
    return param;
}

/* --- the makers -------------------------------------------------------------------------------------------------------------------------------------- */

static int l_array(lua_State *L)
{
    static const char call[] = "ctx.db.array";
    const char *name = lua_isnoneornil(L, 2) ? "text" : lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";
    uint32_t type = pg_named(name);
    if (!lua_istable(L, 1))
        fault_usage(L, call, "%s takes a list and the type of its elements, not a %s", call, luaL_typename(L, 1));
    if (type == 0) {
        size_t n = 0;
        while (pg_names[n] != NULL)
            n++;
        const char *near = nearest(name, pg_names, n);
        fault_usage(L, call, "%s: unknown type '%s'%s%s%s", call, name, near ? ", did you mean '" : "", near ? near : "",
                    near ? "'?" : " (text, int8, numeric, timestamptz, uuid, jsonb, …)");
    }
    lua_settop(L, 1);
    struct buf *out = box_push(L), *word = box_push(L);
    const char *wrong = write_array(L, 1, type, 1, out, word);
    if (wrong != NULL)
        fault_usage(L, call, "%s: %s", call, wrong);
    push_typed(L, pg_array(type), false, out->data, out->len);
    buf_free(out);
    buf_free(word);
    return 1;
}

static int l_json(lua_State *L)
{
    static const char call[] = "ctx.db.json";
    luaL_checkany(L, 1);
    lua_settop(L, 1);
    struct buf *out = box_push(L);
    const char *wrong = value_write(L, 1, out);
    if (wrong != NULL)
        fault_usage(L, call, "%s: %s", call, wrong);
    push_typed(L, PG_JSONB, false, out->data, out->len);
    buf_free(out);
    return 1;
}

static const char *check_text(lua_State *L, const char *call, size_t *len)
{
    if (lua_type(L, 1) != LUA_TSTRING)
        fault_usage(L, call, "%s takes a text, not a %s", call, luaL_typename(L, 1));
    return lua_tolstring(L, 1, len);
}

static int l_bytes(lua_State *L)
{
    size_t len;
    const char *text = check_text(L, "ctx.db.bytes", &len);
    push_typed(L, PG_BYTEA, true, text, len);
    return 1;
}

static int l_numeric(lua_State *L)
{
    static const char call[] = "ctx.db.numeric";
    lua_settop(L, 1);
    if (numeric_text(L, 1, NULL) != NULL)
        return 1;
    size_t len;
    if (lua_type(L, 1) == LUA_TNUMBER && !lua_isinteger(L, 1))
        fault_usage(L, call, "%s takes the digits as a text (\"12.30\"): a float has lost some already", call);
    if (lua_isinteger(L, 1))
        lua_tostring(L, 1);
    const char *text = check_text(L, call, &len);
    if (!numeric_make(L, text, len))
        fault_usage(L, call, "%s: '%s' is no number", call, text);
    return 1;
}

static int l_uuid(lua_State *L)
{
    static const char call[] = "ctx.db.uuid";
    size_t len;
    struct uuid id;
    const char *text = check_text(L, call, &len);
    if (strlen(text) != len || !uuid_parse(text, &id))
        fault_usage(L, call, "%s: '%s' is no UUID", call, text);
    push_typed(L, PG_UUID, false, text, len);
    return 1;
}

static int l_time(lua_State *L)
{
    static const char call[] = "ctx.db.time";
    size_t len;
    lua_settop(L, 1);
    struct buf *out = box_push(L);
    if (lua_type(L, 1) == LUA_TNUMBER) {
        const char *wrong = time_text(L, 1, out);
        if (wrong != NULL)
            fault_usage(L, call, "%s: %s", call, wrong);
    } else {
        const char *text = check_text(L, call, &len);
        struct pg_time t;
        int64_t us;
        if (datetime_parse(text, &us)) { /* more forms than PostgreSQL reads */
            t = (struct pg_time){.seconds = us / 1000000 - (us % 1000000 < 0), .us = (int)((us % 1000000 + 1000000) % 1000000)};
            pg_time_write(&t, out);
        } else if (pg_time_read(text, &t)) {
            pg_time_write(&t, out);
        } else {
            fault_usage(L, call, "%s: '%s' is no time: seconds since 1970, or \"2024-01-02T03:04:05Z\"", call, text);
        }
    }
    push_typed(L, PG_TIMESTAMPTZ, false, out->len > 0 ? out->data : "", out->len);
    buf_free(out);
    return 1;
}

void pg_types(lua_State *L)
{
    numeric_types(L);
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &typed_key) == LUA_TNIL) {
        lua_createtable(L, 0, 2);
        lua_pushcfunction(L, l_typed_tostring);
        lua_setfield(L, -2, "__tostring");
        lua_pushboolean(L, 0);
        lua_setfield(L, -2, "__metatable");
        lua_rawsetp(L, LUA_REGISTRYINDEX, &typed_key);
    }
    lua_pop(L, 1);
}

void pg_push_makers(lua_State *L)
{
    static const luaL_Reg makers[] = {
        {"array", l_array}, {"json", l_json}, {"bytes", l_bytes}, {"numeric", l_numeric},
        {"uuid", l_uuid},   {"time", l_time}, {NULL, NULL},
    };
    luaL_setfuncs(L, makers, 0);
}
