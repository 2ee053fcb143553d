/* The globals a plugin sees. What is not named here is not there. */
#include <errno.h>
#include <lualib.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "script/bind_frame.h"
#include "script/bind_json.h"
#include "script/bind_stats.h"
#include "script/bind_time.h"
#include "script/box.h"
#include "script/vm_state.h"

enum { FILE_MAX = 4 << 20 };
static const char loaded_key[] = "tidemark.loaded";

/* --- require ---------------------------------------------------------------------------------------------------------- */

/* Reads a file into a box, so that an error of Lua's leaks nothing. NULL with errno when it cannot be read. */
static struct buf *read_file(lua_State *L, const char *path)
{
    struct buf *text = box_push(L);
    FILE *f = fopen(path, "rbe");
    if (f == NULL)
        return NULL;
    size_t n;
    do {
        buf_reserve(text, 64 * 1024);
        n = fread(text->data + text->len, 1, 64 * 1024, f);
        text->len += n;
    } while (n > 0 && text->len <= FILE_MAX);
    int failed = ferror(f) ? errno : 0;
    fclose(f);
    errno = failed;
    return failed ? NULL : text;
}

static int compile(lua_State *L, const struct buf *text, const char *shown)
{
    if (text->len > FILE_MAX)
        return luaL_error(L, "%s: larger than 4 MiB", shown);
    const char *source = text->len > 0 ? text->data : "";
    size_t len = text->len;
    if (len >= 3 && memcmp(source, "\xEF\xBB\xBF", 3) == 0)
        source += 3, len -= 3;
    if (len > 0 && source[0] == LUA_SIGNATURE[0])
        return luaL_error(L, "%s: compiled Lua is not accepted, only source text", shown);
    const char *chunk = lua_pushfstring(L, "@%s", shown);
    if (luaL_loadbufferx(L, source, len, chunk, "t") != LUA_OK)
        return lua_error(L);
    lua_remove(L, -2);
    return 1;
}

int sandbox_load(lua_State *L, const char *path, const char *shown)
{
    struct buf *text = read_file(L, path);
    if (text == NULL)
        return luaL_error(L, "cannot read %s: %s", path, strerror(errno));
    compile(L, text, shown);
    lua_remove(L, -2);
    return 1;
}

static bool good_module_name(const char *name)
{
    bool start = true;
    for (const char *p = name; *p != '\0'; p++) {
        bool word = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || *p == '_';
        if (!word && (start || *p != '.'))
            return false;
        start = !word;
    }
    return !start;
}

/* Tries DIR/a/b.lua; pushes the compiled chunk when the file is there. */
static bool try_module(lua_State *L, const char *dir, const char *shown_dir, const char *file)
{
    if (dir == NULL)
        return false;
    const char *path = lua_pushfstring(L, "%s/%s.lua", dir, file);
    const char *shown = lua_pushfstring(L, "%s/%s.lua", shown_dir, file);
    struct buf *text = read_file(L, path);
    if (text == NULL && errno != ENOENT && errno != ENOTDIR && errno != EISDIR)
        luaL_error(L, "cannot read %s: %s", path, strerror(errno));
    if (text != NULL)
        compile(L, text, shown);
    return text != NULL;
}

static int l_require(lua_State *L)
{
    struct vm *vm = vm_of(L);
    const char *name = luaL_checkstring(L, 1);
    lua_settop(L, 1);
    lua_getfield(L, LUA_REGISTRYINDEX, loaded_key); /* 2: what is loaded; false while it loads */
    switch (lua_getfield(L, 2, name)) {
    case LUA_TNIL: lua_pop(L, 1); break;
    case LUA_TBOOLEAN:
        if (!lua_toboolean(L, -1))
            return luaL_error(L, "modules require each other in a circle: '%s'", name);
        return 1;
    default: return 1;
    }
    if (!good_module_name(name))
        return luaL_error(L, "require: '%s' is no module name (words joined by dots)", name);
    const char *file = luaL_gsub(L, name, ".", "/");
    if (!try_module(L, vm->lib_dir, "lua", file) && !try_module(L, vm->dir, vm->shown_dir, file))
        return luaL_error(L, "no module '%s': neither tidemark's lua/%s.lua nor a file %s.lua beside the plugin", name, file,
                          file);
    lua_pushboolean(L, 0);
    lua_setfield(L, 2, name);
    lua_pushvalue(L, 1);
    lua_call(L, 1, 1);
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        lua_pushboolean(L, 1);
    }
    lua_pushvalue(L, -1);
    lua_setfield(L, 2, name);
    return 1;
}

/* --- base functions that would open a way around the limits -------------------------------------------------------------- */

/* Lua runs finalizers with hooks off, so that no budget reaches them. */
static int l_setmetatable(lua_State *L)
{
    int type = lua_type(L, 2);
    luaL_argexpected(L, type == LUA_TNIL || type == LUA_TTABLE, 2, "nil or table");
    if (type == LUA_TTABLE) {
        lua_pushliteral(L, "__gc");
        if (lua_rawget(L, 2) != LUA_TNIL)
            return luaL_error(L, "a plugin cannot have finalizers (__gc)");
        lua_pop(L, 1);
    }
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, 1);
    return 1;
}

static int finish_xpcall(lua_State *L, int status, lua_KContext ctx)
{
    (void)status;
    (void)ctx;
    return lua_gettop(L);
}

/* A handler runs inside the hook that raised, with hooks off: once the budget is used, none runs any more. */
static int guarded_handler(lua_State *L)
{
    if (vm_of(L)->over)
        return 1;
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, 1);
    return 1;
}

static int l_xpcall(lua_State *L)
{
    luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_pushvalue(L, 2);
    lua_pushcclosure(L, guarded_handler, 1);
    lua_replace(L, 2);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_callk(L, lua_gettop(L) - 1, LUA_MULTRET, 0, finish_xpcall);
    return finish_xpcall(L, LUA_OK, 0);
}

/* coroutine.resume and coroutine.close catch errors of a thread that has its own hook: after them the budget is looked at in
 * the thread that goes on, or a tree of coroutines would win a new slice at each of its nodes. */
static int l_guarded(lua_State *L)
{
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
    vm_check_budget(L);
    return lua_gettop(L);
}

static int resume_wrapped(lua_State *L)
{
    lua_pushvalue(L, lua_upvalueindex(1)); /* resume, guarded */
    lua_pushvalue(L, lua_upvalueindex(2)); /* the thread */
    lua_rotate(L, 1, 2);
    lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
    if (lua_toboolean(L, 1))
        return lua_gettop(L) - 1;
    lua_State *co = lua_tothread(L, lua_upvalueindex(2));
    if (lua_status(co) > LUA_YIELD) { /* not just "cannot resume a running coroutine" */
        lua_resetthread(co);
        vm_check_budget(L);
    }
    lua_settop(L, 2);
    return lua_error(L);
}

static int l_wrap(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_settop(L, 1);
    lua_pushvalue(L, lua_upvalueindex(1)); /* resume, guarded */
    lua_State *co = lua_newthread(L);
    lua_pushvalue(L, 1);
    lua_xmove(L, co, 1);
    lua_pushcclosure(L, resume_wrapped, 2);
    return 1;
}

/* For an author who looks for a mistake: the talk goes to stderr, a result never comes from here. */
static int l_print(lua_State *L)
{
    int n = lua_gettop(L);
    luaL_Buffer b;
    luaL_buffinit(L, &b);
    for (int i = 1; i <= n; i++) {
        if (i > 1)
            luaL_addchar(&b, ' ');
        luaL_tolstring(L, i, NULL);
        luaL_addvalue(&b);
    }
    luaL_pushresult(&b);
    size_t len;
    const char *text = lua_tolstring(L, -1, &len);
    char *line = lua_newuserdatauv(L, len + 1, 0);
    for (size_t i = 0; i < len; i++)
        line[i] = (unsigned char)text[i] < 0x20 || text[i] == 0x7f ? ' ' : text[i];
    line[len] = '\0';
    log_info("%s: %s", vm_of(L)->name, line);
    return 0;
}

/* --- putting it together ----------------------------------------------------------------------------------------------- */

static void drop(lua_State *L, const char *const *names)
{
    for (; *names != NULL; names++) {
        lua_pushnil(L);
        lua_setfield(L, -2, *names);
    }
}

/* table[name] = a C closure over table[of], for the table on the top. */
static void wrap_field(lua_State *L, const char *name, const char *of, lua_CFunction with)
{
    lua_getfield(L, -1, of);
    lua_pushcclosure(L, with, 1);
    lua_setfield(L, -2, name);
}

static const char random_key[] = "tidemark.randomseed";

void sandbox_reseed(lua_State *L)
{
    lua_getfield(L, LUA_REGISTRYINDEX, random_key);
    lua_pushinteger(L, 20090301);
    lua_call(L, 1, 0);
}

void sandbox_open(lua_State *L)
{
    static const luaL_Reg libs[] = {
        {LUA_GNAME, luaopen_base},
        {LUA_TABLIBNAME, luaopen_table},
        {LUA_STRLIBNAME, luaopen_string},
        {LUA_MATHLIBNAME, luaopen_math},
        {LUA_UTF8LIBNAME, luaopen_utf8},
        {LUA_COLIBNAME, luaopen_coroutine},
        {NULL, NULL},
    };
    for (const luaL_Reg *lib = libs; lib->func != NULL; lib++) {
        luaL_requiref(L, lib->name, lib->func, 1);
        lua_pop(L, 1);
    }
    lua_newtable(L); /* not the registry's own: that one only gives tracebacks their function names */
    lua_setfield(L, LUA_REGISTRYINDEX, loaded_key);

    lua_pushglobaltable(L);
    drop(L, (const char *const[]){"load", "loadfile", "dofile", "collectgarbage", "warn", NULL});
    wrap_field(L, "setmetatable", "setmetatable", l_setmetatable);
    wrap_field(L, "xpcall", "xpcall", l_xpcall);
    lua_pushcfunction(L, l_require);
    lua_setfield(L, -2, "require");
    lua_pushcfunction(L, l_print);
    lua_setfield(L, -2, "print");

    lua_getfield(L, -1, LUA_COLIBNAME);
    wrap_field(L, "resume", "resume", l_guarded);
    wrap_field(L, "close", "close", l_guarded);
    wrap_field(L, "wrap", "resume", l_wrap);
    lua_pop(L, 1);

    lua_getfield(L, -1, LUA_STRLIBNAME);
    drop(L, (const char *const[]){"dump", NULL});
    lua_pop(L, 1);

    lua_getfield(L, -1, LUA_MATHLIBNAME);
    lua_getfield(L, -1, "randomseed");
    lua_setfield(L, LUA_REGISTRYINDEX, random_key);
    drop(L, (const char *const[]){"randomseed", NULL});
    lua_pop(L, 2);

    lua_pushliteral(L, "");
    lua_getmetatable(L, -1);
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 2);
    box_open(L);
    value_types(L);
    bind_json_open(L);
    bind_time_open(L);
    bind_frame_open(L);
    bind_stats_open(L);
    sandbox_reseed(L);
}
