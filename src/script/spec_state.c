#include "script/spec_state.h"

#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "script/bind_json.h"
#include "script/bind_stats.h"
#include "script/bind_time.h"
#include "script/box.h"
#include "script/value.h"
#include "script/vm_state.h"

enum { HOOK_STEP = 200000 }; /* instructions between looks at Ctrl-C */

struct spec {
    const struct spec_options *o;
    struct spec_result result;
    char *missing; /* why busted cannot be had */
};

static const char spec_key;

static struct spec *spec_of(lua_State *L)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &spec_key);
    struct spec *s = lua_touserdata(L, -1);
    lua_pop(L, 1);
    return s;
}

/* --- what a spec may ask --------------------------------------------------------------------------------------------------- */

static const char *kind_name(enum err_kind kind)
{
    switch (kind) {
    case ERR_PLUGIN: return "plugin";
    case ERR_INPUT: return "input";
    case ERR_USAGE: return "usage";
    case ERR_CONFIG: return "config";
    case ERR_CANCELLED: return "cancelled";
    case ERR_UNAVAILABLE: return "unavailable";
    default: return "error";
    }
}

/* call(what, args) -> answer | nil, text, kind */
static int l_call(lua_State *L)
{
    const char *what = luaL_checkstring(L, 1), *args = luaL_checkstring(L, 2);
    const struct spec_host *host = spec_of(L)->o->host;
    struct buf *answer = box_push(L);
    struct err e = {0};
    if (host->call(host->host, what, args, answer, &e) != 0) {
        lua_pushnil(L);
        lua_pushstring(L, e.text);
        lua_pushstring(L, kind_name(e.kind));
        return 3;
    }
    lua_pushlstring(L, answer->data != NULL ? answer->data : "", answer->len);
    buf_free(answer);
    return 1;
}

/* recorded(file): for the sentence at the end. */
static int l_recorded(lua_State *L)
{
    spec_of(L)->result.recorded++;
    return 0;
}

static int l_interrupted(lua_State *L)
{
    const struct spec_host *host = spec_of(L)->o->host;
    lua_pushboolean(L, host->interrupted(host->host));
    return 1;
}

static void look_at_signals(lua_State *L, lua_Debug *ar)
{
    (void)ar;
    const struct spec_host *host = spec_of(L)->o->host;
    if (host->interrupted(host->host))
        luaL_error(L, "stopped");
}

/* os.exit would leave the database behind. */
static int l_exit(lua_State *L)
{
    return luaL_error(L, "a spec cannot end the process (os.exit)");
}

/* --- the state ------------------------------------------------------------------------------------------------------------- */

static void set_text(lua_State *L, const char *name, const char *value)
{
    lua_pushstring(L, value);
    lua_setfield(L, -2, name);
}

static void set_function(lua_State *L, const char *name, lua_CFunction f)
{
    lua_pushcfunction(L, f);
    lua_setfield(L, -2, name);
}

/* package.loaded["tidemark.seam"]: what lua/tidemark/testkit.lua finds. */
static void open_seam(lua_State *L, const struct spec_options *o)
{
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
    lua_newtable(L);
    set_text(L, "name", o->name);
    set_text(L, "dir", o->dir);
    set_function(L, "call", l_call);
    set_function(L, "recorded", l_recorded);
    lua_pushboolean(L, o->record);
    lua_setfield(L, -2, "record");
    lua_pushboolean(L, o->pure);
    lua_setfield(L, -2, "pure");
    lua_setfield(L, -2, "tidemark.seam");
    lua_pop(L, 1);
}

static void open_paths(lua_State *L, const char *lib_dir)
{
    lua_getglobal(L, "package");
    lua_getfield(L, -1, "path");
    lua_pushfstring(L, "%s/?.lua;%s", lib_dir, lua_tostring(L, -1));
    lua_setfield(L, -3, "path");
    lua_pop(L, 2);
}

static void push_glyphs(lua_State *L, bool ascii)
{
    lua_newtable(L);
    set_text(L, "passed", ascii ? "ok" : "✓");
    set_text(L, "failed", ascii ? "FAILED" : "✗");
    set_text(L, "skipped", ascii ? "?" : "?");
}

static int push_options(lua_State *L, const struct spec_options *o)
{
    lua_newtable(L);
    lua_newtable(L);
    for (size_t i = 0; i < o->n_file; i++) {
        lua_pushstring(L, o->file[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, "files");
    set_text(L, "filter", o->filter);
    push_glyphs(L, o->ascii);
    lua_setfield(L, -2, "glyphs");
    set_function(L, "interrupted", l_interrupted);
    return 1;
}

static int count_of(lua_State *L, const char *name)
{
    lua_getfield(L, -1, name);
    int n = (int)lua_tointeger(L, -1);
    lua_pop(L, 1);
    return n;
}

static int run(lua_State *L)
{
    struct spec *s = lua_touserdata(L, 1);
    lua_pushvalue(L, 1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &spec_key);
    luaL_openlibs(L);
    lua_getglobal(L, "os");
    set_function(L, "exit", l_exit);
    box_open(L);
    value_types(L);
    bind_json_open(L);
    bind_time_open(L);
    bind_stats_open(L);
    open_paths(L, s->o->lib_dir);
    open_seam(L, s->o);
    lua_sethook(L, look_at_signals, LUA_MASKCOUNT, HOOK_STEP);
    lua_settop(L, 0);

    lua_getglobal(L, "require");
    lua_pushliteral(L, "tidemark.spec_runner");
    lua_call(L, 1, 1);
    lua_getfield(L, -1, "run");
    push_options(L, s->o);
    lua_call(L, 1, 2);
    if (lua_isnil(L, -2)) {
        s->missing = mem_dup(luaL_checkstring(L, -1));
        return 0;
    }
    lua_settop(L, -2);
    s->result.passed = count_of(L, "passed");
    s->result.failed = count_of(L, "failed");
    s->result.skipped = count_of(L, "skipped");
    return 0;
}

static int on_error(lua_State *L)
{
    const char *text = luaL_tolstring(L, 1, NULL);
    luaL_traceback(L, L, text, 1);
    return 1;
}

static int protected_run(lua_State *L, struct spec *s, struct err *e)
{
    lua_pushcfunction(L, on_error);
    lua_pushcfunction(L, run);
    lua_pushlightuserdata(L, s);
    if (lua_pcall(L, 1, 0, 1) != LUA_OK)
        return err_set(e, ERR_PLUGIN, "%s: the specs could not be run: %s", s->o->name, lua_tostring(L, -1));
    if (s->missing != NULL && strstr(s->missing, "module 'busted.core' not found") != NULL)
        return err_set(e, ERR_CONFIG, "busted is not installed, which runs the specs: install the package lua-busted");
    if (s->missing != NULL)
        return err_set(e, ERR_CONFIG, "busted, which runs the specs, does not load: %s", s->missing);
    return 0;
}

int spec_run(const struct spec_options *o, struct spec_result *result, struct err *e)
{
    struct spec s = {.o = o};
    struct vm none = {.depth = 0}; /* the bindings look at it for views of payloads: there are none here */
    lua_State *L = luaL_newstate();
    must(L != NULL);
    *(struct vm **)lua_getextraspace(L) = &none;
    fflush(stdout);
    int rc = protected_run(L, &s, e);
    lua_close(L);
    fflush(stdout);
    mem_free(s.missing);
    *result = s.result;
    return rc;
}
