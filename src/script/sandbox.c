/* The globals a plugin sees. What is not named here is not there. */
#include <errno.h>
#include <fcntl.h>
#include <lualib.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "script/bind_frame.h"
#include "script/bind_json.h"
#include "script/bind_stats.h"
#include "script/bind_time.h"
#include "script/box.h"
#include "script/vm_state.h"

enum { FILE_MAX = 4 << 20, LINE_MAX_BYTES = 8 << 10, NAME_MAX_BYTES = 200 };

/* In the registry: the globals of the plugin's own code. The state's own globals are the host's: what is loaded for the host (the
 * contract) and what C looks up by name runs with them, and no plugin can reach them to bend them. */
static const char env_key[] = "tidemark.env";

/* --- require ---------------------------------------------------------------------------------------------------------- */

/* Opens a regular file only: a pipe or a device would be waited for without end. */
static FILE *open_regular(const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return NULL;
    FILE *f = NULL;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
    else
        f = fdopen(fd, "rb");
    if (f == NULL) {
        int failed = errno;
        close(fd);
        errno = failed;
    }
    return f;
}

/* Reads a file into a box, so that an error of Lua's leaks nothing. NULL with errno when it cannot be read. */
static struct buf *read_file(lua_State *L, const char *path)
{
    struct buf *text = box_push(L);
    FILE *f = open_regular(path);
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

void sandbox_compile(lua_State *L, const char *source, size_t len, const char *shown, int env)
{
    env = lua_absindex(L, env);
    if (len > FILE_MAX)
        luaL_error(L, "%s: larger than 4 MiB", shown);
    if (len >= 3 && memcmp(source, "\xEF\xBB\xBF", 3) == 0)
        source += 3, len -= 3;
    if (len > 0 && source[0] == LUA_SIGNATURE[0])
        luaL_error(L, "%s: compiled Lua is not accepted, only source text", shown);
    const char *chunk = lua_pushfstring(L, "@%s", shown);
    if (luaL_loadbufferx(L, source, len, chunk, "t") != LUA_OK)
        lua_error(L);
    lua_remove(L, -2);
    lua_pushvalue(L, env);
    lua_setupvalue(L, -2, 1);
}

void sandbox_env(lua_State *L)
{
    lua_getfield(L, LUA_REGISTRYINDEX, env_key);
}

int sandbox_load(lua_State *L, const char *path, const char *shown)
{
    struct buf *text = read_file(L, path);
    if (text == NULL)
        return luaL_error(L, "cannot read %s: %s", path, strerror(errno));
    sandbox_env(L);
    sandbox_compile(L, text->len > 0 ? text->data : "", text->len, shown, -1);
    buf_free(text);
    lua_replace(L, -3);
    lua_pop(L, 1);
    return 1;
}

static bool good_module_name(const char *name)
{
    bool start = true;
    if (strlen(name) > NAME_MAX_BYTES)
        return false;
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
    if (text == NULL)
        return false;
    sandbox_compile(L, text->len > 0 ? text->data : "", text->len, shown, lua_upvalueindex(2));
    buf_free(text);
    return true;
}

/* Upvalues: 1 what is loaded (false while it loads), 2 the globals of what is loaded, 3 whether the plugin's own folder counts. */
static int l_require(lua_State *L)
{
    struct vm *vm = vm_of(L);
    const char *name = luaL_checkstring(L, 1);
    lua_settop(L, 1);
    switch (lua_getfield(L, lua_upvalueindex(1), name)) {
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
    const char *own = lua_toboolean(L, lua_upvalueindex(3)) ? vm->dir : NULL;
    if (!try_module(L, vm->lib_dir, "lua", file) && !try_module(L, own, vm->shown_dir, file))
        return luaL_error(L, "no module '%s': neither tidemark's lua/%s.lua nor a file %s.lua beside the plugin", name, file,
                          file);
    lua_pushboolean(L, 0);
    lua_setfield(L, lua_upvalueindex(1), name);
    lua_pushvalue(L, 1);
    lua_call(L, 1, 1);
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        lua_pushboolean(L, 1);
    }
    lua_pushvalue(L, -1);
    lua_setfield(L, lua_upvalueindex(1), name);
    return 1;
}

/* table.require for the globals on the top. */
static void set_require(lua_State *L, bool own_folder)
{
    lua_newtable(L);
    lua_pushvalue(L, -2);
    lua_pushboolean(L, own_folder);
    lua_pushcclosure(L, l_require, 3);
    lua_setfield(L, -2, "require");
}

/* --- base functions that would open a way around the limits -------------------------------------------------------------- */

/* The library's own function, which has no upvalues, in this very call: its errors name the function as the caller wrote it. */
static int original(lua_State *L)
{
    return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

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
    return original(L);
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
    return original(L);
}

/* coroutine.resume and coroutine.close catch errors of a thread that has its own hook: around them the budget is looked at in
 * the thread that goes on, or a tree of coroutines would win a new slice at each of its nodes. */
static int l_resume(lua_State *L)
{
    vm_check_budget(L);
    int n = original(L);
    vm_check_budget(L);
    return n;
}

static int l_close(lua_State *L)
{
    vm_check_budget(L);
    lua_State *co = lua_tothread(L, 1);
    if (co != NULL && !vm_may_close(co))
        return luaL_error(L, "this coroutine was stopped by a limit: what it left open cannot be closed");
    return l_resume(L);
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
    if (lua_status(co) > LUA_YIELD && vm_may_close(co)) { /* not just "cannot resume a running coroutine" */
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

/* --- functions that C would run for ever ------------------------------------------------------------------------------------ */

/* No table of a state has more elements, whatever a __len says: a C loop over them is beyond every hook. */
static void check_elements(lua_State *L, lua_Unsigned n)
{
    if (n > vm_of(L)->limits.memory / sizeof(void *))
        luaL_error(L, "too many elements");
}

/* table.insert and table.remove move what lies behind. */
static int l_shift(lua_State *L)
{
    if (lua_istable(L, 1)) {
        lua_Integer n = luaL_len(L, 1);
        check_elements(L, n > 0 ? (lua_Unsigned)n : 0);
    }
    return original(L);
}

static int l_move(lua_State *L)
{
    lua_Integer from = luaL_checkinteger(L, 2), to = luaL_checkinteger(L, 3);
    if (to >= from)
        check_elements(L, (lua_Unsigned)to - (lua_Unsigned)from);
    return original(L);
}

static int l_rep(lua_State *L)
{
    size_t len, sep = 0;
    luaL_checklstring(L, 1, &len);
    luaL_checkinteger(L, 2);
    luaL_optlstring(L, 3, "", &sep);
    if (len + sep > 0)
        return original(L);
    lua_pushliteral(L, "");
    return 1;
}

/* --- print ------------------------------------------------------------------------------------------------------------------- */

/* For an author who looks for a mistake: the talk goes to stderr, a result never comes from here. */
static int l_print(lua_State *L)
{
    struct vm *vm = vm_of(L);
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
    bool cut = len > LINE_MAX_BYTES;
    if (cut)
        for (len = LINE_MAX_BYTES; len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80;)
            len--;
    if (vm_count(vm, VM_LOG_LINES, 1) != 0)
        return luaL_error(L, "%s", vm_limit_text(vm, VM_LOG_LINES));
    char *line = lua_newuserdatauv(L, len + 1, 0);
    for (size_t i = 0; i < len; i++)
        line[i] = (unsigned char)text[i] < 0x20 || text[i] == 0x7f ? ' ' : text[i];
    line[len] = '\0';
    log_info("%s: %s%s", vm->name, line, cut ? "…" : "");
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

/* A copy of the table on the top, in its place. */
static void copy_table(lua_State *L)
{
    lua_newtable(L);
    lua_pushnil(L);
    while (lua_next(L, -3)) {
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, -4);
    }
    lua_remove(L, -2);
}

/* The plugin's globals: a copy of the host's, libraries and all. */
static void open_env(lua_State *L)
{
    lua_pushglobaltable(L);
    copy_table(L);
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        if (lua_istable(L, -1)) { /* setting a field that is there is fine while walking */
            copy_table(L);
            lua_pushvalue(L, -2);
            lua_insert(L, -2);
            lua_rawset(L, -4);
        } else {
            lua_pop(L, 1);
        }
    }
    lua_pushvalue(L, -1);
    lua_setfield(L, -2, LUA_GNAME);
    set_require(L, true);
    lua_setfield(L, LUA_REGISTRYINDEX, env_key);
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

    lua_pushglobaltable(L);
    drop(L, (const char *const[]){"load", "loadfile", "dofile", "collectgarbage", "warn", NULL});
    wrap_field(L, "setmetatable", "setmetatable", l_setmetatable);
    wrap_field(L, "xpcall", "xpcall", l_xpcall);
    set_require(L, false);
    lua_pushcfunction(L, l_print);
    lua_setfield(L, -2, "print");

    lua_getfield(L, -1, LUA_COLIBNAME);
    wrap_field(L, "resume", "resume", l_resume);
    wrap_field(L, "close", "close", l_close);
    wrap_field(L, "wrap", "resume", l_wrap);
    lua_pop(L, 1);

    lua_getfield(L, -1, LUA_TABLIBNAME);
    wrap_field(L, "insert", "insert", l_shift);
    wrap_field(L, "remove", "remove", l_shift);
    wrap_field(L, "move", "move", l_move);
    lua_pop(L, 1);

    lua_getfield(L, -1, LUA_STRLIBNAME);
    drop(L, (const char *const[]){"dump", NULL});
    wrap_field(L, "rep", "rep", l_rep);
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
    open_env(L);
    sandbox_reseed(L);
}
