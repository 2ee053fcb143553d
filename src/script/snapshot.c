#include "script/snapshot.h"

#include <string.h>

#include "base/mem.h"
#include "script/vm_state.h"

enum { DEPTH_MAX = 50, BYTES_MAX = 4 << 20 };

enum tag {
    TAG_NIL = 'n',
    TAG_FALSE = '0',
    TAG_TRUE = '1',
    TAG_INTEGER = 'i',
    TAG_NUMBER = 'd',
    TAG_TEXT = 's',
    TAG_TABLE = '{', /* keys and values in turn, until TAG_END */
    TAG_END = '}',
    TAG_FUNCTION = 'f',
    TAG_OTHER = 'o', /* userdata, coroutine */
};

/* --- taking -------------------------------------------------------------------------------------------------------------- */

static const char *take(lua_State *L, int index, unsigned depth, struct buf *out);

static const char *take_table(lua_State *L, int index, unsigned depth, struct buf *out)
{
    const char *wrong = NULL;
    buf_char(out, TAG_TABLE);
    lua_pushnil(L);
    while (wrong == NULL && lua_next(L, index)) {
        int top = lua_gettop(L);
        wrong = take(L, top - 1, depth + 1, out);
        if (wrong == NULL)
            wrong = take(L, top, depth + 1, out);
        lua_settop(L, top - 1);
    }
    buf_char(out, TAG_END);
    return wrong;
}

static void take_number(lua_State *L, int index, struct buf *out)
{
    lua_Integer i = lua_isinteger(L, index) ? lua_tointeger(L, index) : 0;
    lua_Number d = lua_tonumber(L, index);
    buf_char(out, lua_isinteger(L, index) ? TAG_INTEGER : TAG_NUMBER);
    if (lua_isinteger(L, index))
        buf_add(out, (const char *)&i, sizeof i);
    else
        buf_add(out, (const char *)&d, sizeof d);
}

static const char *take(lua_State *L, int index, unsigned depth, struct buf *out)
{
    size_t len;
    const char *s;
    if (depth > DEPTH_MAX || !lua_checkstack(L, 6))
        return "a table deeper than 50 levels, or inside itself";
    if (out->len > BYTES_MAX)
        return "a table of more than 4 MiB";
    switch (lua_type(L, index)) {
    case LUA_TNIL: buf_char(out, TAG_NIL); break;
    case LUA_TBOOLEAN: buf_char(out, lua_toboolean(L, index) ? TAG_TRUE : TAG_FALSE); break;
    case LUA_TNUMBER: take_number(L, index, out); break;
    case LUA_TSTRING:
        s = lua_tolstring(L, index, &len);
        buf_char(out, TAG_TEXT);
        buf_add(out, (const char *)&len, sizeof len);
        buf_add(out, s, len);
        break;
    case LUA_TTABLE: return take_table(L, index, depth, out);
    case LUA_TFUNCTION: buf_char(out, TAG_FUNCTION); break;
    default: buf_char(out, TAG_OTHER);
    }
    return NULL;
}

const char *snapshot_take(struct lua_State *L, int index, struct buf *out)
{
    int top = lua_gettop(L);
    const char *wrong = take(L, lua_absindex(L, index), 0, out);
    lua_settop(L, top);
    return wrong;
}

/* --- making it again ------------------------------------------------------------------------------------------------------ */

static int mark(lua_State *L)
{
    return luaL_error(L, "only a mark of a plugin's function");
}

static const char *push(lua_State *L, const char *p);

static const char *push_table(lua_State *L, const char *p)
{
    lua_newtable(L);
    while (*p != TAG_END) {
        p = push(L, p);
        p = push(L, p);
        lua_rawset(L, -3);
    }
    return p + 1;
}

static const char *push(lua_State *L, const char *p)
{
    lua_Integer i;
    lua_Number d;
    size_t len;
    luaL_checkstack(L, 4, "snapshot");
    switch ((enum tag) * p++) {
    case TAG_FALSE: lua_pushboolean(L, 0); break;
    case TAG_TRUE: lua_pushboolean(L, 1); break;
    case TAG_INTEGER:
        memcpy(&i, p, sizeof i);
        lua_pushinteger(L, i);
        return p + sizeof i;
    case TAG_NUMBER:
        memcpy(&d, p, sizeof d);
        lua_pushnumber(L, d);
        return p + sizeof d;
    case TAG_TEXT:
        memcpy(&len, p, sizeof len);
        lua_pushlstring(L, p + sizeof len, len);
        return p + sizeof len + len;
    case TAG_TABLE: return push_table(L, p);
    case TAG_FUNCTION: lua_pushcfunction(L, mark); break;
    case TAG_OTHER: lua_newuserdatauv(L, 0, 0); break;
    case TAG_NIL:
    case TAG_END: lua_pushnil(L);
    }
    return p;
}

void snapshot_push(struct lua_State *L, const struct buf *snapshot)
{
    push(L, snapshot->data);
}
