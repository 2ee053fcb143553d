/* ctx.state: what a plugin remembers from run to run.
 *
 * A plain table. What changed is found by comparing the JSON of each key with that of the last commit, so that changes deep inside are
 * found too. The run's table holds: state (what the plugin sees), kept (key -> JSON as it is stored), and per task that commits the
 * changes under way (key -> JSON, or false: to be deleted). */
#include <string.h>

#include "script/bind_json.h"
#include "script/box.h"
#include "script/fault.h"
#include "script/run_state.h"
#include "script/value.h"

static const char call[] = "ctx.state";

void state_open(lua_State *L, struct run *r)
{
    run_push_table(L);
    struct json_doc **doc = box_push_json(L);
    struct err e = {0};
    const char *json = r->o->state != NULL ? r->o->state : "{}";
    struct json_limits limits = {.bytes = SIZE_MAX / 2, .nodes = SIZE_MAX / 2, .depth = 100};
    if (json_parse(json, strlen(json), &limits, doc, &e) != 0)
        luaL_error(L, "ctx.state as it is stored: %s", e.text);
    bind_json_push_copy(L, json_root(*doc));
    json_free(doc);
    lua_remove(L, -2);
    luaL_checktype(L, -1, LUA_TTABLE);
    lua_setfield(L, -2, "state");
    lua_pop(L, 1);
}

/* The JSON of the value on the top takes its place. */
static void encode(lua_State *L, const char *key)
{
    struct buf *out = box_push(L);
    const char *wrong = value_write(L, -2, out);
    if (wrong != NULL)
        fault_usage(L, call, "ctx.state.%s: %s", key, wrong);
    lua_pushlstring(L, out->data, out->len);
    buf_free(out);
    lua_replace(L, -3);
    lua_pop(L, 1);
}

/* Pushes a table: key -> JSON of the state on the top, which it replaces. */
static void snapshot(lua_State *L)
{
    lua_newtable(L);
    lua_insert(L, -2); /* snapshot, state */
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        if (lua_type(L, -2) != LUA_TSTRING)
            fault_usage(L, call, "ctx.state: keys are texts, not a %s", luaL_typename(L, -2));
        encode(L, lua_tostring(L, -2));
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, -5); /* leaves the key */
    }
    lua_pop(L, 1);
}

static int l_read_only(lua_State *L)
{
    struct run *r = run_of(L);
    fault_usage(L, call, "ctx.state cannot be changed by %s, which only reads", run_kind_name(r));
}

static int next_of(lua_State *L)
{
    lua_settop(L, 2);
    return lua_next(L, 1) ? 2 : 0;
}

static int l_pairs(lua_State *L)
{
    lua_pushcfunction(L, next_of);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushnil(L);
    return 3;
}

/* A report sees what is there. The state itself is on the top. */
static void push_proxy(lua_State *L)
{
    lua_newtable(L);
    lua_createtable(L, 0, 4);
    lua_pushvalue(L, -3);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, l_read_only);
    lua_setfield(L, -2, "__newindex");
    lua_pushvalue(L, -3);
    lua_pushcclosure(L, l_pairs, 1);
    lua_setfield(L, -2, "__pairs");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
    lua_replace(L, -2);
}

void state_push(lua_State *L, struct run *r)
{
    run_push_table(L);
    if (!r->state_used) {
        lua_getfield(L, -1, "state");
        lua_pushvalue(L, -1);
        snapshot(L);
        lua_setfield(L, -3, "kept");
        if (r->o->kind == RUN_REPORT)
            push_proxy(L);
        lua_setfield(L, -2, "seen");
        r->state_used = true;
    }
    lua_getfield(L, -1, "seen");
    lua_replace(L, -2);
}

/* Pushes what differs from what is kept (key -> JSON or false) and appends it as an object; 0: nothing does, and out is left alone. */
static size_t changes(lua_State *L, struct buf *out)
{
    size_t n = 0;
    run_push_table(L);
    int table = lua_gettop(L);
    lua_newtable(L);                /* + 1: changed */
    lua_getfield(L, table, "kept"); /* + 2 */
    lua_getfield(L, table, "state");
    snapshot(L); /* + 3: now */
    for (lua_pushnil(L); lua_next(L, table + 3); lua_pop(L, 1)) {
        lua_pushvalue(L, -2);
        lua_rawget(L, table + 2);
        bool same = lua_rawequal(L, -1, -2);
        lua_pop(L, 1);
        if (same)
            continue;
        lua_pushvalue(L, -2);
        lua_pushvalue(L, -2);
        lua_rawset(L, table + 1);
    }
    for (lua_pushnil(L); lua_next(L, table + 2); lua_pop(L, 1)) {
        lua_pushvalue(L, -2);
        if (lua_rawget(L, table + 3) == LUA_TNIL) {
            lua_pushvalue(L, -3);
            lua_pushboolean(L, 0);
            lua_rawset(L, table + 1);
        }
        lua_pop(L, 1);
    }
    for (lua_pushnil(L); lua_next(L, table + 1); lua_pop(L, 1)) {
        buf_char(out, n++ == 0 ? '{' : ',');
        const char *wrong = value_write(L, -2, out);
        if (wrong != NULL)
            fault_usage(L, call, "ctx.state: a key: %s", wrong);
        buf_char(out, ':');
        buf_str(out, lua_isboolean(L, -1) ? "null" : lua_tostring(L, -1));
    }
    if (n > 0)
        buf_char(out, '}');
    lua_settop(L, table + 1);
    lua_replace(L, table);
    return n;
}

const char *state_changes(lua_State *L, struct task *t)
{
    buf_clear(&t->json);
    if (!t->run->state_used)
        return NULL;
    luaL_checkstack(L, 12, NULL);
    size_t n = changes(L, &t->json);
    run_push_table(L);
    lua_insert(L, -2);
    lua_rawsetp(L, -2, &t->json);
    lua_pop(L, 1);
    return n > 0 ? t->json.data : NULL;
}

void state_kept(lua_State *L, struct task *t)
{
    if (!t->run->state_used)
        return;
    luaL_checkstack(L, 8, NULL);
    run_push_table(L);
    int table = lua_gettop(L);
    lua_getfield(L, table, "kept");  /* + 1 */
    lua_rawgetp(L, table, &t->json); /* + 2 */
    if (lua_istable(L, table + 2)) {
        for (lua_pushnil(L); lua_next(L, table + 2);) {
            if (lua_isboolean(L, -1)) {
                lua_pop(L, 1);
                lua_pushnil(L);
            }
            lua_pushvalue(L, -2);
            lua_insert(L, -2);
            lua_rawset(L, table + 1);
        }
    }
    lua_pushnil(L);
    lua_rawsetp(L, table, &t->json);
    lua_settop(L, table - 1);
}

bool state_rest(lua_State *L, struct run *r, struct buf *json)
{
    bool any = changes(L, json) > 0;
    lua_pop(L, 1);
    if (any && r->o->kind == RUN_REPORT)
        fault_usage(L, call, "ctx.state was changed by %s, which only reads", run_kind_name(r));
    return any;
}
