/* ctx: what a plugin's function gets to work with. */
#include <lauxlib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "script/bind_json.h"
#include "script/box.h"
#include "script/fault.h"
#include "script/run_state.h"

/* --- ctx.log ------------------------------------------------------------------------------------------------------------------------ */

static const char *const log_names[] = {"ctx.log.debug", "ctx.log.info", "ctx.log.warn", "ctx.log.error"};

/* Upvalue 1: the level. */
static int l_log(lua_State *L)
{
    enum log_level level = (enum log_level)lua_tointeger(L, lua_upvalueindex(1));
    const char *call = log_names[level];
    struct run *r = run_of(L);
    if (lua_gettop(L) != 1)
        fault_usage(L, call, "%s takes one text: put it together with .. or string.format", call);
    size_t len;
    luaL_tolstring(L, 1, &len);
    run_torture(L);
    task_count(L, call, VM_LOG_LINES, 1);
    task_count(L, call, VM_OUTPUT, len);
    char *line = lua_newuserdatauv(L, len + 1, 0);
    memcpy(line, lua_tostring(L, -2), len);
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
            line[i] = ' ';
    line[len] = '\0';
    if (r->port->log != NULL)
        r->port->log(r->port->host, level, line);
    return 0;
}

/* ctx.log("…"): the first argument is the table. */
static int l_log_plain(lua_State *L)
{
    lua_remove(L, 1);
    return l_log(L);
}

static void push_log(lua_State *L)
{
    static const char *const levels[] = {"debug", "info", "warn", "error"};
    lua_createtable(L, 0, 4);
    for (int i = LOG_DEBUG; i <= LOG_ERROR; i++) {
        lua_pushinteger(L, i);
        lua_pushcclosure(L, l_log, 1);
        lua_setfield(L, -2, levels[i]);
    }
    lua_createtable(L, 0, 2);
    lua_pushinteger(L, LOG_INFO);
    lua_pushcclosure(L, l_log_plain, 1);
    lua_setfield(L, -2, "__call");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
}

/* --- ctx.sleep ---------------------------------------------------------------------------------------------------------------------- */

static int slept(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    task_answer(L, "ctx.sleep", NULL);
    task_settle(task_current(L));
    return 0;
}

static int l_sleep(lua_State *L)
{
    static const char call[] = "ctx.sleep";
    struct task *t = task_enter(L, call);
    double s = lua_type(L, 1) == LUA_TNUMBER ? lua_tonumber(L, 1) : NAN;
    if (!(s >= 0 && s <= 86400))
        fault_usage(L, call, "%s takes a number of seconds, from 0 to 86400", call);
    if (t->run->port->sleep == NULL)
        fault_usage(L, call, "%s cannot be used here", call);
    t->req = t->run->port->sleep(t->run->port->host, (unsigned)ceil(s * 1000));
    return task_wait(L, t, REQ_OTHER, slept, 0);
}

/* --- ctx.config ------------------------------------------------------------------------------------------------------------------------ */

static int l_frozen(lua_State *L)
{
    return luaL_error(L, "ctx.config cannot be changed: it is what tidemark.lua says");
}

static int next_of(lua_State *L)
{
    lua_settop(L, 2);
    return lua_next(L, 1) ? 2 : 0;
}

/* Upvalue 1: the settings. */
static int l_pairs(lua_State *L)
{
    lua_pushcfunction(L, next_of);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushnil(L);
    return 3;
}

static void push_config(lua_State *L, const char *json)
{
    struct json_doc **doc = box_push_json(L);
    struct err e = {0};
    if (json_parse(json != NULL ? json : "{}", strlen(json != NULL ? json : "{}"), NULL, doc, &e) != 0)
        luaL_error(L, "the plugin's config: %s", e.text);
    lua_newtable(L);                         /* the proxy */
    lua_createtable(L, 0, 4);                /* its metatable */
    bind_json_push_copy(L, json_root(*doc)); /* what is behind it */
    lua_pushvalue(L, -1);
    lua_pushcclosure(L, l_pairs, 1);
    lua_setfield(L, -3, "__pairs");
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, l_frozen);
    lua_setfield(L, -2, "__newindex");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
    json_free(doc);
    lua_remove(L, -2);
}

/* --- ctx ---------------------------------------------------------------------------------------------------------------------------------- */

static void put_time(lua_State *L, const char *key, double seconds)
{
    if (seconds == floor(seconds) && fabs(seconds) < 1e15)
        lua_pushinteger(L, (lua_Integer)seconds);
    else
        lua_pushnumber(L, seconds);
    lua_setfield(L, -2, key);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* What ctx does not have is most likely a typing error: "attempt to call a nil value" would not say so. */
static int no_such(lua_State *L, const char *key)
{
    const char *names[32] = {"state"};
    size_t n = 1;
    lua_pushnil(L);
    while (lua_next(L, 1)) {
        lua_pop(L, 1);
        if (lua_type(L, -1) == LUA_TSTRING && n < sizeof names / sizeof *names)
            names[n++] = lua_tostring(L, -1); /* ctx keeps it */
    }
    const char *near = nearest(key, names, n);
    if (near != NULL)
        return luaL_error(L, "ctx has no '%s', did you mean '%s'?", key, near);
    qsort(names, n, sizeof *names, by_text);
    luaL_Buffer list;
    luaL_buffinit(L, &list);
    for (size_t i = 0; i < n; i++) {
        luaL_addstring(&list, i > 0 ? ", " : "");
        luaL_addstring(&list, names[i]);
    }
    luaL_pushresult(&list);
    return luaL_error(L, "ctx has no '%s' here (it has %s)", key, lua_tostring(L, -1));
}

/* Only what is asked for is made: ctx.state. */
static int l_index(lua_State *L)
{
    if (lua_type(L, 2) != LUA_TSTRING)
        return 0;
    if (strcmp(lua_tostring(L, 2), "state") != 0)
        return no_such(L, lua_tostring(L, 2));
    state_push(L, run_of(L));
    return 1;
}

static int l_newindex(lua_State *L)
{
    if (lua_type(L, 2) == LUA_TSTRING && strcmp(lua_tostring(L, 2), "state") == 0)
        return luaL_error(L, "ctx.state is a table that is there already: set its members, ctx.state.name = value");
    lua_rawset(L, 1);
    return 0;
}

void bind_ctx_open(lua_State *L, struct run *r)
{
    run_push_table(L);
    lua_createtable(L, 0, 12);
    put_time(L, "now", r->o->now);
    put_time(L, "as_of", r->o->as_of);
    push_config(L, r->o->config);
    lua_setfield(L, -2, "config");
    push_log(L);
    lua_setfield(L, -2, "log");
    lua_pushcfunction(L, l_sleep);
    lua_setfield(L, -2, "sleep");
    lua_pushcfunction(L, task_l_parallel);
    lua_setfield(L, -2, "parallel");
    bind_db_push(L);
    lua_setfield(L, -2, "db");
    lua_createtable(L, 0, 3);
    lua_pushcfunction(L, l_index);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, l_newindex);
    lua_setfield(L, -2, "__newindex");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
    lua_setfield(L, -2, "ctx");
    lua_pop(L, 1);
}
