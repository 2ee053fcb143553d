/* Views: a cJSON item in a userdata. The cursor makes walking an array by index linear, cJSON's arrays being lists. */
#include "script/value.h"

#include <math.h>
#include <string.h>

#include "script/bind_json.h"
#include "script/vm_state.h"

struct view {
    const cJSON *item;
    unsigned epoch;
    size_t at;           /* cursor: 0-based index … */
    const cJSON *cursor; /* … of this element; NULL: none yet */
    size_t size;         /* of an array, once counted */
    bool counted;
};

static const char view_name[] = "payload", null_key[] = "json.null";

static struct view *view_at(lua_State *L, int index)
{
    return luaL_testudata(L, index, view_name);
}

static bool alive(lua_State *L, const struct view *v)
{
    const struct vm *vm = vm_of(L);
    return vm->epoch_live && v->epoch == vm->epoch;
}

static struct view *check_view(lua_State *L, int index)
{
    struct view *v = luaL_checkudata(L, index, view_name);
    if (!alive(L, v))
        luaL_error(L, "this payload is gone: keep values, not parts of the document");
    return v;
}

static void push_number(lua_State *L, double d)
{
    if (d == floor(d) && fabs(d) <= 9007199254740992.0)
        lua_pushinteger(L, (lua_Integer)d);
    else
        lua_pushnumber(L, d);
}

void value_push(struct lua_State *L, const cJSON *item)
{
    luaL_checkstack(L, 3, "too many values");
    const char *text;
    switch (json_kind(item)) {
    case JSON_ABSENT: lua_pushnil(L); return;
    case JSON_NULL: lua_getfield(L, LUA_REGISTRYINDEX, null_key); return;
    case JSON_BOOL: lua_pushboolean(L, cJSON_IsTrue(item)); return;
    case JSON_STRING: lua_pushstring(L, json_text(item)); return;
    case JSON_NUMBER:
        text = json_text(item);
        if (text != NULL)
            lua_pushstring(L, text);
        else
            push_number(L, item->valuedouble);
        return;
    case JSON_ARRAY:
    case JSON_OBJECT: break;
    }
    struct view *v = lua_newuserdatauv(L, sizeof *v, 0);
    *v = (struct view){.item = item, .epoch = vm_of(L)->epoch};
    luaL_setmetatable(L, view_name);
}

void value_begin(struct vm *vm)
{
    vm->epoch++;
    vm->epoch_live = true;
}

void value_end(struct vm *vm)
{
    vm->epoch_live = false;
}

const cJSON *value_item(struct lua_State *L, int index)
{
    if (lua_type(L, index) != LUA_TUSERDATA || !lua_checkstack(L, 4))
        return NULL;
    const struct view *v = lua_touserdata(L, index);
    if (!lua_getmetatable(L, index))
        return NULL;
    lua_rawgetp(L, LUA_REGISTRYINDEX, view_name); /* a string key would have to be made, and that can raise */
    bool same = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return same && alive(L, v) ? v->item : NULL;
}

bool value_is_null(struct lua_State *L, int index)
{
    if (lua_type(L, index) != LUA_TUSERDATA || !lua_checkstack(L, 2))
        return false;
    lua_rawgetp(L, LUA_REGISTRYINDEX, null_key);
    bool same = lua_rawequal(L, -1, index < 0 ? index - 1 : index);
    lua_pop(L, 1);
    return same;
}

/* --- the view's metatable ---------------------------------------------------------------------------------------------- */

static const cJSON *element(struct view *v, lua_Integer i)
{
    if (i < 1)
        return NULL;
    size_t want = (size_t)i - 1;
    if (v->cursor == NULL || want < v->at) {
        v->at = 0;
        v->cursor = v->item->child;
    }
    while (v->cursor != NULL && v->at < want) {
        v->cursor = v->cursor->next;
        v->at++;
    }
    return v->cursor;
}

static int view_index(lua_State *L)
{
    struct view *v = check_view(L, 1);
    const cJSON *found = NULL;
    size_t len;
    const char *key;
    if (json_kind(v->item) == JSON_ARRAY) {
        if (lua_isinteger(L, 2))
            found = element(v, lua_tointeger(L, 2));
    } else if (lua_type(L, 2) == LUA_TSTRING) {
        key = lua_tolstring(L, 2, &len);
        found = json_get(v->item, key, len);
    }
    value_push(L, found);
    return 1;
}

static int view_len(lua_State *L)
{
    struct view *v = check_view(L, 1);
    if (json_kind(v->item) != JSON_ARRAY)
        return luaL_error(L, "# of an object: only arrays have a length (use pairs)");
    if (!v->counted) {
        v->size = json_size(v->item);
        v->counted = true;
    }
    lua_pushinteger(L, (lua_Integer)v->size);
    return 1;
}

static int next_element(lua_State *L)
{
    struct view *v = check_view(L, 1);
    lua_Integer i = luaL_checkinteger(L, 2) + 1;
    const cJSON *item = element(v, i);
    if (item == NULL)
        return 0;
    lua_pushinteger(L, i);
    value_push(L, item);
    return 2;
}

/* Upvalues: 1 the member that comes next, 2 a table key -> its last member: of duplicate keys the last one counts, 3 the view: it, and
 * not what the caller gives, has to be alive. */
static int next_member(lua_State *L)
{
    check_view(L, lua_upvalueindex(3));
    const cJSON *item = lua_touserdata(L, lua_upvalueindex(1));
    for (; item != NULL; item = item->next) {
        lua_settop(L, 2);
        lua_pushstring(L, item->string);
        lua_pushvalue(L, -1);
        lua_rawget(L, lua_upvalueindex(2));
        if (lua_touserdata(L, -1) == item)
            break;
    }
    if (item == NULL)
        return 0;
    lua_pop(L, 1);
    lua_pushlightuserdata(L, item->next);
    lua_replace(L, lua_upvalueindex(1));
    value_push(L, item);
    return 2;
}

static int view_pairs(lua_State *L)
{
    struct view *v = check_view(L, 1);
    if (json_kind(v->item) == JSON_ARRAY) {
        lua_pushcfunction(L, next_element);
        lua_pushvalue(L, 1);
        lua_pushinteger(L, 0);
        return 3;
    }
    lua_pushlightuserdata(L, v->item->child);
    lua_newtable(L);
    for (cJSON *item = v->item->child; item != NULL; item = item->next) {
        lua_pushstring(L, item->string);
        lua_pushlightuserdata(L, item);
        lua_rawset(L, -3);
    }
    lua_pushvalue(L, 1);
    lua_pushcclosure(L, next_member, 3);
    lua_pushvalue(L, 1);
    lua_pushnil(L);
    return 3;
}

static int view_eq(lua_State *L)
{
    const struct view *a = view_at(L, 1), *b = view_at(L, 2);
    lua_pushboolean(L, a != NULL && b != NULL && a->item == b->item && a->epoch == b->epoch);
    return 1;
}

static int view_newindex(lua_State *L)
{
    return luaL_error(L, "a payload cannot be changed");
}

static int view_tostring(lua_State *L)
{
    struct view *v = check_view(L, 1);
    lua_pushfstring(L, "%s of the payload", json_kind_name(json_kind(v->item)));
    return 1;
}

static int null_tostring(lua_State *L)
{
    lua_pushliteral(L, "null");
    return 1;
}

void value_types(struct lua_State *L)
{
    static const luaL_Reg methods[] = {
        {"__index", view_index},
        {"__newindex", view_newindex},
        {"__len", view_len},
        {"__pairs", view_pairs},
        {"__tostring", view_tostring},
        {"__eq", view_eq},
        {NULL, NULL},
    };
    luaL_newmetatable(L, view_name);
    luaL_setfuncs(L, methods, 0);
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_rawsetp(L, LUA_REGISTRYINDEX, view_name);

    lua_newuserdatauv(L, 0, 0);
    luaL_newmetatable(L, null_key);
    lua_pushcfunction(L, null_tostring);
    lua_setfield(L, -2, "__tostring");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, null_key);
    lua_setfield(L, LUA_REGISTRYINDEX, null_key);
}
