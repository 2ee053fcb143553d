#include "script/part_cell.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "script/numeric.h"
#include "script/pg_time.h"
#include "script/value.h"

/* --- shapes -------------------------------------------------------------------------------------------------------------------- */

static const char *what_is(lua_State *L, int index)
{
    switch (lua_type(L, index)) {
    case LUA_TFUNCTION: return "a function cannot be shown";
    case LUA_TTHREAD: return "a coroutine cannot be shown";
    default: return "this value (a userdata) cannot be shown: make a text of it with tostring";
    }
}

static enum part_shape scalar_shape(lua_State *L, int index, const char **wrong)
{
    switch (lua_type(L, index)) {
    case LUA_TNIL: return SHAPE_NONE;
    case LUA_TBOOLEAN: return SHAPE_BOOL;
    case LUA_TNUMBER: return lua_isinteger(L, index) ? SHAPE_INTEGER : SHAPE_NUMBER;
    case LUA_TSTRING: return SHAPE_TEXT;
    default: break;
    }
    if (value_is_null(L, index))
        return SHAPE_NONE;
    if (numeric_text(L, index, NULL) != NULL)
        return SHAPE_NUMBER;
    *wrong = what_is(L, index);
    return SHAPE_NONE;
}

/* 1..n of plain values and nothing else; empty where it is both. */
static enum part_shape table_shape(lua_State *L, int index)
{
    size_t n = lua_rawlen(L, index), seen = 0;
    bool list = true, numbers = true;
    lua_pushnil(L);
    while (list && lua_next(L, index)) {
        const char *wrong = NULL;
        enum part_shape shape = scalar_shape(L, lua_gettop(L), &wrong);
        list = lua_isinteger(L, -2) && wrong == NULL;
        numbers = numbers && shape <= SHAPE_NUMBER;
        seen++;
        lua_pop(L, 1);
    }
    if (!list) {
        lua_pop(L, 1);
        return SHAPE_JSON;
    }
    return seen == 0 ? SHAPE_EMPTY : seen != n ? SHAPE_JSON : numbers ? SHAPE_NUMBERS : SHAPE_LIST;
}

enum part_shape part_shape_of(lua_State *L, int index, enum part_hint hint, const char **wrong)
{
    index = lua_absindex(L, index);
    if (!lua_checkstack(L, 8)) {
        *wrong = "too many values";
        return SHAPE_NONE;
    }
    enum part_shape shape;
    if (lua_type(L, index) == LUA_TTABLE)
        shape = table_shape(L, index);
    else if (value_item(L, index) != NULL)
        shape = SHAPE_JSON;
    else
        shape = scalar_shape(L, index, wrong);
    if (hint == HINT_TIME && (shape == SHAPE_INTEGER || shape == SHAPE_NUMBER || shape == SHAPE_TEXT))
        return SHAPE_TIME;
    return hint == HINT_JSON && shape != SHAPE_NONE ? SHAPE_JSON : shape;
}

enum part_shape part_shape_join(enum part_shape a, enum part_shape b)
{
    if (a == b || b == SHAPE_NONE)
        return a;
    if (a == SHAPE_NONE)
        return b;
    enum part_shape low = a < b ? a : b, high = a < b ? b : a;
    if (low == SHAPE_INTEGER && high == SHAPE_NUMBER)
        return SHAPE_NUMBER;
    if (low == SHAPE_EMPTY)
        return high;
    if (low == SHAPE_NUMBERS && high == SHAPE_LIST)
        return SHAPE_LIST;
    return high < SHAPE_EMPTY ? SHAPE_TEXT : SHAPE_JSON;
}

enum column_kind part_shape_kind(enum part_shape shape)
{
    switch (shape) {
    case SHAPE_INTEGER: return COLUMN_INTEGER;
    case SHAPE_NUMBER: return COLUMN_NUMBER;
    case SHAPE_BOOL: return COLUMN_BOOL;
    case SHAPE_TIME: return COLUMN_TIME;
    case SHAPE_NUMBERS: return COLUMN_NUMBERS;
    case SHAPE_LIST: return COLUMN_ARRAY;
    case SHAPE_EMPTY:
    case SHAPE_JSON: return COLUMN_JSON;
    case SHAPE_NONE:
    case SHAPE_TEXT: break;
    }
    return COLUMN_TEXT;
}

/* --- cells --------------------------------------------------------------------------------------------------------------------- */

/* As PostgreSQL writes a float8: the fewest digits that give the same number again. */
static void write_float(double d, struct buf *out)
{
    char text[40];
    if (isnan(d)) {
        buf_str(out, "NaN");
    } else if (isinf(d)) {
        buf_str(out, d > 0 ? "Infinity" : "-Infinity");
    } else {
        for (int digits = 15; digits <= 17; digits++) {
            snprintf(text, sizeof text, "%.*g", digits, d);
            if (strtod(text, NULL) == d)
                break;
        }
        buf_str(out, text);
    }
}

static const char *write_text(lua_State *L, int index, struct buf *out)
{
    size_t n;
    const char *s = lua_tolstring(L, index, &n);
    if (memchr(s, '\0', n) != NULL || !value_is_utf8(s, n))
        return "bytes that are no text (UTF-8) cannot be shown: encode(column, 'hex') in the query makes a text of them";
    buf_add(out, s, n);
    return NULL;
}

/* Seconds since the epoch as PostgreSQL writes an instant in UTC. */
static const char *write_time(lua_State *L, int index, struct buf *out)
{
    struct pg_time t = {0};
    size_t from = out->len;
    if (lua_type(L, index) == LUA_TSTRING)
        return write_text(L, index, out); /* a date, or a time beyond what a number holds */
    const double most = 8210266876799.0;  /* 294276, PostgreSQL's last year */
    double s = lua_isinteger(L, index) ? (double)lua_tointeger(L, index) : lua_tonumber(L, index);
    if (isinf(s)) {
        t.infinite = s > 0 ? 1 : -1;
    } else if (!(s >= -210866803200.0 && s <= most)) {
        return "is no time: seconds since 1970 are wanted";
    } else {
        double whole = floor(s);
        t.seconds = (int64_t)whole;
        t.us = (int)lround((s - whole) * 1e6);
        t.seconds += t.us / 1000000;
        t.us %= 1000000;
    }
    pg_time_write(&t, out);
    const char *point = strchr(out->data + from, '.'); /* cells before it end in NUL */
    if (point != NULL) {                               /* PostgreSQL ends with the last digit that says something */
        size_t end = (size_t)(point - out->data) + 7;
        char *tail = mem_dup(out->data + end);
        while (out->data[end - 1] == '0')
            end--;
        out->len = end;
        buf_str(out, tail);
        mem_free(tail);
    }
    return NULL;
}

static const char *write_scalar(lua_State *L, int index, bool alone, struct buf *out)
{
    switch (lua_type(L, index)) {
    case LUA_TBOOLEAN:
        if (alone)
            buf_str(out, lua_toboolean(L, index) ? "t" : "f");
        else
            buf_str(out, lua_toboolean(L, index) ? "true" : "false");
        return NULL;
    case LUA_TNUMBER:
        if (lua_isinteger(L, index))
            buf_printf(out, "%" PRId64, (int64_t)lua_tointeger(L, index));
        else
            write_float(lua_tonumber(L, index), out);
        return NULL;
    case LUA_TUSERDATA: buf_str(out, numeric_text(L, index, NULL)); return NULL;
    default: return write_text(L, index, out);
    }
}

/* The element of an array literal that begins at from: quoted where its bytes mean something there. */
static void quote_element(struct buf *out, size_t from)
{
    buf_reserve(out, 1);
    char *copy = mem_ndup(out->data + from, out->len - from);
    bool plain = *copy != '\0' && strcasecmp(copy, "NULL") != 0;
    for (const char *p = copy; *p != '\0'; p++)
        plain = plain && strchr("{},\"\\", *p) == NULL && !isspace((unsigned char)*p);
    if (!plain) {
        out->len = from;
        buf_char(out, '"');
        for (const char *p = copy; *p != '\0'; p++) {
            if (*p == '"' || *p == '\\')
                buf_char(out, '\\');
            buf_char(out, *p);
        }
        buf_char(out, '"');
    }
    mem_free(copy);
}

static const char *write_list(lua_State *L, int index, struct buf *out)
{
    lua_Integer n = (lua_Integer)lua_rawlen(L, index);
    const char *wrong = NULL;
    buf_char(out, '{');
    for (lua_Integer i = 1; i <= n && wrong == NULL; i++) {
        if (i > 1)
            buf_char(out, ',');
        lua_rawgeti(L, index, i);
        size_t from = out->len;
        if (value_is_null(L, -1)) {
            buf_str(out, "NULL");
        } else {
            wrong = write_scalar(L, lua_gettop(L), true, out);
            quote_element(out, from);
        }
        lua_pop(L, 1);
    }
    buf_char(out, '}');
    return wrong;
}

const char *part_cell_write(lua_State *L, int index, enum part_shape shape, struct buf *out)
{
    index = lua_absindex(L, index);
    if (!lua_checkstack(L, 8))
        return "too many values";
    if (shape == SHAPE_JSON || shape == SHAPE_EMPTY)
        return value_write(L, index, out);
    if (shape == SHAPE_LIST || shape == SHAPE_NUMBERS)
        return write_list(L, index, out);
    if (shape == SHAPE_TIME)
        return write_time(L, index, out);
    return write_scalar(L, index, shape == SHAPE_BOOL, out);
}
