#include "script/box.h"

#include <lauxlib.h>

static const char buf_name[] = "tidemark.buf", json_name[] = "tidemark.document";

static int free_buf(lua_State *L)
{
    buf_free(lua_touserdata(L, 1));
    return 0;
}

static int free_json(lua_State *L)
{
    json_free(lua_touserdata(L, 1));
    return 0;
}

static void make_type(lua_State *L, const char *name, lua_CFunction gc)
{
    luaL_newmetatable(L, name);
    lua_pushcfunction(L, gc);
    lua_setfield(L, -2, "__gc");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
}

void box_open(lua_State *L)
{
    make_type(L, buf_name, free_buf);
    make_type(L, json_name, free_json);
}

struct buf *box_push(lua_State *L)
{
    struct buf *b = lua_newuserdatauv(L, sizeof *b, 0);
    *b = (struct buf){0};
    luaL_setmetatable(L, buf_name);
    return b;
}

struct json_doc **box_push_json(lua_State *L)
{
    struct json_doc **doc = lua_newuserdatauv(L, sizeof *doc, 0);
    *doc = NULL;
    luaL_setmetatable(L, json_name);
    return doc;
}
