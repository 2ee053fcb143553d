/* Lua values as JSON. Nothing here may raise or call plugin code: raw access only, and no string is made. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "script/bind_json.h"
#include "script/numeric.h"
#include "script/value.h"
#include "script/vm_state.h"

enum { DEPTH_MAX = 64, BYTES_MAX = 16 << 20 };

/* A table may hang in many places of itself, so that little memory means endless text: bytes are counted. */
struct writer {
    lua_State *L;
    const struct vm *vm; /* whose budget it is; NULL in a state without one */
    size_t left;
};

struct member {
    const char *key; /* belongs to the table */
    size_t key_len, at, len;
};

static const char *write_value(struct writer *w, int index, unsigned depth, struct buf *out);

bool value_is_utf8(const char *s, size_t n)
{
    const unsigned char *p = (const unsigned char *)s, *stop = p + n;
    while (p < stop) {
        if (*p < 0x80) {
            p++;
            continue;
        }
        int more = *p >= 0xC2 && *p <= 0xDF ? 1 : (*p & 0xF0) == 0xE0 ? 2 : *p >= 0xF0 && *p <= 0xF4 ? 3 : 0;
        if (more == 0 || stop - p <= more)
            return false;
        if ((*p == 0xE0 && p[1] < 0xA0) || (*p == 0xED && p[1] > 0x9F) || (*p == 0xF0 && p[1] < 0x90) ||
            (*p == 0xF4 && p[1] > 0x8F))
            return false;
        for (int i = 1; i <= more; i++)
            if ((p[i] & 0xC0) != 0x80)
                return false;
        p += more + 1;
    }
    return true;
}

static const char *write_text(const char *s, size_t n, struct buf *out)
{
    if (!value_is_utf8(s, n))
        return "a text that is not UTF-8 cannot be JSON (was it cut in the middle of a character?)";
    json_write_string(s, n, out);
    return NULL;
}

static const char *write_number(lua_State *L, int index, struct buf *out)
{
    if (lua_isinteger(L, index)) {
        buf_printf(out, "%" PRId64, (int64_t)lua_tointeger(L, index));
        return NULL;
    }
    double d = lua_tonumber(L, index);
    if (!isfinite(d))
        return isnan(d) ? "NaN cannot be JSON" : "an infinite number cannot be JSON";
    char text[40];
    for (int digits = 15; digits <= 17; digits++) {
        /* Above 15 digits a bare integer would be read as an id, whose digits matter, and no longer as a number. */
        bool whole = digits > 15 && fabs(d) >= 1e15;
        snprintf(text, sizeof text, whole ? "%.*e" : "%.*g", whole ? digits - 1 : digits, d);
        if (strtod(text, NULL) == d)
            break;
    }
    buf_str(out, text);
    return NULL;
}

static const char *write_array(struct writer *w, int index, lua_Integer n, unsigned depth, struct buf *out)
{
    buf_char(out, '[');
    for (lua_Integer i = 1; i <= n; i++) {
        if (i > 1)
            buf_char(out, ',');
        lua_rawgeti(w->L, index, i);
        const char *wrong = write_value(w, lua_gettop(w->L), depth + 1, out);
        lua_pop(w->L, 1);
        if (wrong != NULL)
            return wrong;
    }
    buf_char(out, ']');
    return NULL;
}

static int by_key(const void *a, const void *b)
{
    const struct member *x = a, *y = b;
    size_t n = x->key_len < y->key_len ? x->key_len : y->key_len;
    int order = memcmp(x->key, y->key, n);
    return order != 0 ? order : (x->key_len > y->key_len) - (x->key_len < y->key_len);
}

/* Lua's own order changes from run to run: members are written aside, then put in order. */
static const char *write_object(struct writer *w, int index, size_t n, unsigned depth, struct buf *out)
{
    lua_State *L = w->L;
    struct member *members = mem_array(n, sizeof *members);
    struct buf aside = {0};
    const char *wrong = NULL;
    size_t count = 0;
    lua_pushnil(L);
    while (lua_next(L, index)) {
        struct member *m = &members[count++];
        m->key = lua_tolstring(L, -2, &m->key_len);
        m->at = aside.len;
        wrong = write_text(m->key, m->key_len, &aside);
        if (wrong == NULL) {
            buf_char(&aside, ':');
            wrong = write_value(w, lua_gettop(L), depth + 1, &aside);
        }
        m->len = aside.len - m->at;
        lua_pop(L, 1);
        if (wrong != NULL) {
            lua_pop(L, 1);
            break;
        }
    }
    if (wrong == NULL) {
        qsort(members, count, sizeof *members, by_key);
        buf_char(out, '{');
        for (size_t i = 0; i < count; i++) {
            if (i > 0)
                buf_char(out, ',');
            buf_add(out, aside.data + members[i].at, members[i].len);
        }
        buf_char(out, '}');
    }
    buf_free(&aside);
    mem_free(members);
    return wrong;
}

static const char *write_table(struct writer *w, int index, unsigned depth, struct buf *out)
{
    lua_State *L = w->L;
    size_t numbers = 0, names = 0;
    lua_Integer highest = 0;
    lua_pushnil(L);
    while (lua_next(L, index)) {
        lua_pop(L, 1);
        if (lua_type(L, -1) == LUA_TSTRING) {
            names++;
        } else if (lua_isinteger(L, -1) && lua_tointeger(L, -1) >= 1) {
            numbers++;
            if (lua_tointeger(L, -1) > highest)
                highest = lua_tointeger(L, -1);
        } else {
            lua_pop(L, 1);
            return "a table whose keys are neither texts nor 1, 2, 3, … cannot be JSON";
        }
    }
    if (numbers > 0 && names > 0)
        return "a table with both numbers and texts as keys cannot be JSON";
    if (numbers > 0 && (size_t)highest != numbers)
        return "a list with holes (nil inside) cannot be JSON: use json.null";
    if (numbers > 0)
        return write_array(w, index, highest, depth, out);
    if (names == 0) {
        buf_str(out, bind_json_is_array(L, index) ? "[]" : "{}");
        return NULL;
    }
    return write_object(w, index, names, depth, out);
}

static const char *write_other(struct writer *w, int index, struct buf *out)
{
    lua_State *L = w->L;
    const cJSON *item = value_item(L, index);
    const char *digits = numeric_text(L, index, NULL);
    if (item != NULL)
        json_write(item, out);
    else if (digits != NULL && strpbrk(digits, "Nn") != NULL)
        return *digits == 'N' ? "NaN cannot be JSON" : "an infinite number cannot be JSON";
    else if (digits != NULL)
        buf_str(out, digits);
    else if (value_is_null(L, index))
        buf_str(out, "null");
    else
        return "part of a payload that is gone cannot be JSON";
    return NULL;
}

static const char *write_value(struct writer *w, int index, unsigned depth, struct buf *out)
{
    lua_State *L = w->L;
    if (depth > DEPTH_MAX || !lua_checkstack(L, 8))
        return "a table deeper than 64 levels, or inside itself, cannot be JSON";
    size_t before = out->len, len;
    const char *wrong = NULL, *s;
    if (w->left < 2)
        return "more than 16 MiB of JSON";
    if (w->vm != NULL && w->vm->over) /* no hook runs in here: a few small tables can be written for seconds */
        return vm_limit_text(w->vm, (enum vm_meter)w->vm->over);
    switch (lua_type(L, index)) {
    case LUA_TNIL: buf_str(out, "null"); break;
    case LUA_TBOOLEAN: buf_str(out, lua_toboolean(L, index) ? "true" : "false"); break;
    case LUA_TNUMBER: wrong = write_number(L, index, out); break;
    case LUA_TSTRING:
        s = lua_tolstring(L, index, &len);
        wrong = write_text(s, len, out);
        break;
    case LUA_TTABLE:
        wrong = write_table(w, index, depth, out);
        before = out->len; /* what is in it has been counted; but a tree of empty tables has no leaves */
        break;
    case LUA_TUSERDATA: wrong = write_other(w, index, out); break;
    case LUA_TFUNCTION: return "a function cannot be JSON";
    case LUA_TTHREAD: return "a coroutine cannot be JSON";
    default: return "this value cannot be JSON";
    }
    if (wrong == NULL && out->len - before + 2 > w->left)
        return "more than 16 MiB of JSON";
    w->left -= out->len - before + 2;
    return wrong;
}

static const char *write_up_to(lua_State *L, int index, size_t most, struct buf *out)
{
    struct writer w = {.L = L, .vm = vm_of(L), .left = most};
    int top = lua_gettop(L);
    const char *wrong = write_value(&w, lua_absindex(L, index), 0, out);
    lua_settop(L, top);
    return wrong;
}

const char *value_write(struct lua_State *L, int index, struct buf *out)
{
    return write_up_to(L, index, BYTES_MAX, out);
}

const char *value_write_large(struct lua_State *L, int index, struct buf *out)
{
    return write_up_to(L, index, SIZE_MAX / 2, out);
}
