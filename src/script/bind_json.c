#include "script/bind_json.h"

#include <lauxlib.h>
#include <string.h>

#include "script/box.h"
#include "script/value.h"
#include "script/vm_state.h"

static const char array_key[] = "json.array", null_key[] = "json.null";

bool bind_json_is_array(lua_State *L, int index)
{
    if (!lua_checkstack(L, 2) || !lua_getmetatable(L, index))
        return false;
    lua_rawgetp(L, LUA_REGISTRYINDEX, array_key);
    bool same = lua_rawequal(L, -1, -2);
    lua_pop(L, 1);
    if (!same)
        same = lua_rawgetp(L, -1, array_key) == LUA_TBOOLEAN;
    else
        lua_pushnil(L);
    lua_pop(L, 2);
    return same;
}

void bind_json_mark_array(lua_State *L)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, array_key);
    lua_setmetatable(L, -2);
}

void bind_json_mark_lists(lua_State *L)
{
    lua_pushboolean(L, 1);
    lua_rawsetp(L, -2, array_key);
}

static int l_kind(lua_State *L)
{
    luaL_checkany(L, 1);
    const cJSON *item = value_item(L, 1);
    const char *name = NULL;
    switch (lua_type(L, 1)) {
    case LUA_TNIL: name = "absent"; break;
    case LUA_TBOOLEAN: name = "boolean"; break;
    case LUA_TNUMBER: name = "number"; break;
    case LUA_TSTRING: name = "string"; break;
    case LUA_TTABLE: name = lua_rawlen(L, 1) > 0 || bind_json_is_array(L, 1) ? "array" : "object"; break;
    case LUA_TUSERDATA: name = value_is_null(L, 1) ? "null" : item ? json_kind_name(json_kind(item)) : NULL; break;
    }
    if (name == NULL)
        return luaL_error(L, "json.kind: %s is no value of a document", luaL_typename(L, 1));
    lua_pushstring(L, name);
    return 1;
}

/* One step into a table: its field, or its element where the step is a whole number (from 0, as in every path). */
static void step_table(lua_State *L, const char *key, size_t len)
{
    bool number = len > 0 && len < 10;
    lua_Integer i = 0;
    for (size_t k = 0; k < len && number; k++) {
        number = key[k] >= '0' && key[k] <= '9';
        i = i * 10 + (key[k] - '0');
    }
    lua_pushlstring(L, key, len);
    lua_rawget(L, -2);
    if (lua_isnil(L, -1) && number) {
        lua_pop(L, 1);
        lua_rawgeti(L, -1, i + 1);
    }
    lua_remove(L, -2);
}

static int l_get(lua_State *L)
{
    luaL_checkany(L, 1);
    const char *path = luaL_checkstring(L, 2);
    lua_settop(L, 2);
    lua_pushvalue(L, 1);
    while (*path != '\0' && strcmp(path, ".") != 0) {
        const cJSON *item = value_item(L, -1);
        if (item != NULL) {
            value_push(L, json_path(item, path));
            return 1;
        }
        if (!lua_istable(L, -1)) {
            lua_pushnil(L);
            return 1;
        }
        size_t len = strcspn(path, ".");
        step_table(L, path, len);
        path += len + (path[len] == '.');
    }
    return 1;
}

static int l_encode(lua_State *L)
{
    luaL_checkany(L, 1);
    struct buf *out = box_push(L);
    const char *wrong = value_write(L, 1, out);
    if (wrong != NULL)
        return luaL_error(L, "json.encode: %s", wrong);
    lua_pushlstring(L, out->data, out->len);
    buf_free(out);
    return 1;
}

/* Depth is json_parse's: 64 at most. */
static void push_copy(lua_State *L, const cJSON *item)
{
    luaL_checkstack(L, 4, "too deep");
    enum json_kind kind = json_kind(item);
    if (kind != JSON_ARRAY && kind != JSON_OBJECT) {
        value_push(L, item);
        return;
    }
    lua_newtable(L);
    lua_Integer i = 0;
    for (const cJSON *child = item->child; child != NULL; child = child->next) {
        push_copy(L, child);
        if (kind == JSON_ARRAY) {
            lua_rawseti(L, -2, ++i);
        } else { /* of duplicate keys the last one stays */
            lua_pushstring(L, child->string);
            lua_insert(L, -2);
            lua_rawset(L, -3);
        }
    }
    if (kind == JSON_ARRAY)
        bind_json_mark_array(L);
}

static int l_decode(lua_State *L)
{
    size_t len;
    const char *text = luaL_checklstring(L, 1, &len);
    struct json_doc **doc = box_push_json(L);
    struct err e = {0};
    if (json_parse(text, len, NULL, doc, &e) != 0)
        return luaL_error(L, "json.decode: %s", e.text);
    push_copy(L, json_root(*doc));
    json_free(doc);
    return 1;
}

void bind_json_push_copy(lua_State *L, const cJSON *item)
{
    push_copy(L, item);
}

/* Marks a table: an empty one is [] then. */
static int l_array(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    bind_json_mark_array(L);
    return 1;
}

void bind_json_open(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"kind", l_kind}, {"get", l_get}, {"encode", l_encode}, {"decode", l_decode}, {"array", l_array}, {NULL, NULL},
    };
    lua_newtable(L);
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_rawsetp(L, LUA_REGISTRYINDEX, array_key);

    luaL_newlib(L, functions);
    lua_getfield(L, LUA_REGISTRYINDEX, null_key);
    lua_setfield(L, -2, "null");
    lua_setglobal(L, "json");
}
