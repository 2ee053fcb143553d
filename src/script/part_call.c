#include "script/part_call.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/datetime.h"
#include "script/box.h"
#include "script/part_rows.h"
#include "script/vm_state.h"

static const char script_key;

/* --- calling ----------------------------------------------------------------------------------------------------------------- */

/* The text has been checked by whoever made it; a time is an instant as everywhere, seconds since the epoch. */
static void push_value(lua_State *L, const struct part_arg *arg)
{
    int64_t us = 0;
    switch (arg->type) {
    case PART_INTEGER:
    case PART_NUMBER: must(lua_stringtonumber(L, arg->text) != 0); return;
    case PART_BOOLEAN: lua_pushboolean(L, arg->text[0] == 't'); return;
    case PART_TIME:
        must(datetime_parse(arg->text, &us));
        if (us % 1000000 == 0)
            lua_pushinteger(L, us / 1000000);
        else
            lua_pushnumber(L, (double)us / 1e6);
        return;
    case PART_TEXT: lua_pushstring(L, arg->text); return;
    }
}

static int push(lua_State *L, void *arg)
{
    const struct part_call *call = arg;
    luaL_checkstack(L, 8, NULL);
    sandbox_reseed(L);
    if (call->table != NULL)
        code_push_function(L, call->table, call->name, "run");
    else
        lua_rawgetp(L, LUA_REGISTRYINDEX, &script_key);
    run_push_ctx(L);
    lua_newtable(L);
    for (size_t i = 0; i < call->n_arg; i++) {
        push_value(L, &call->arg[i]);
        if (call->arg[i].name != NULL)
            lua_setfield(L, -2, call->arg[i].name);
        else
            lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 2;
}

static void take(lua_State *L, int n, void *arg)
{
    struct part_call *call = arg;
    if (n == 0 || lua_isnil(L, 1)) {
        if (call->wants_rows)
            luaL_error(L, "must give back a list of rows, but gave nothing: is a return missing?");
        return;
    }
    const struct part_columns wanted = {
        .name = call->column, .time = call->time, .n = call->n_column, .beside = call->beside, .n_beside = call->n_beside};
    part_rows_read(L, 1, &wanted, &call->rows);
}

struct run_code part_code(struct part_call *call)
{
    return (struct run_code){.push = push, .take = take, .arg = call};
}

/* --- scripts ------------------------------------------------------------------------------------------------------------------- */

struct load {
    const char *path, *shown;
    struct err *e;
};

static int compile(lua_State *L)
{
    const struct load *load = lua_touserdata(L, 1);
    return sandbox_load(L, load->path, load->shown);
}

/* What Lua has against the text is told as it is, "file:line: what": a traceback through our own C would say nothing. */
static int load_script(lua_State *L)
{
    struct load *load = lua_touserdata(L, 1);
    lua_pushcfunction(L, compile);
    lua_pushvalue(L, 1);
    int status = lua_pcall(L, 1, 1, 0);
    if (status == LUA_ERRMEM)
        return lua_error(L);
    if (status != LUA_OK)
        err_set(load->e, ERR_CONFIG, "%s", lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "cannot be compiled");
    else
        lua_rawsetp(L, LUA_REGISTRYINDEX, &script_key);
    return 0;
}

int part_script_load(struct vm *vm, const char *path, const char *shown, struct err *e)
{
    struct err said = {0};
    struct load load = {.path = path, .shown = shown, .e = &said};
    const char *slash = strrchr(shown, '/');
    mem_free(vm->shown_dir); /* how messages call a module beside the script */
    vm->shown_dir = slash != NULL ? mem_ndup(shown, (size_t)(slash - shown)) : mem_dup(".");
    if (vm_protect(vm, load_script, &load, 0, shown, e) != 0)
        return -1;
    if (said.kind == ERR_NONE)
        return 0;
    *e = said;
    return -1;
}

void part_time_limit(struct vm *vm, unsigned ms, const char *by)
{
    char *text = vm->limit_text[VM_RUN];
    vm->limits.run_ms = ms;
    snprintf(text, sizeof vm->limit_text[VM_RUN], "took longer than %.6g s (%s)", (double)ms / 1000, by);
}

void part_stop(struct vm *vm)
{
    if (vm != NULL)
        vm->over = VM_RUN;
}

/* --- print ----------------------------------------------------------------------------------------------------------------------- */

static int l_print(lua_State *L)
{
    const struct part_print *print = lua_touserdata(L, lua_upvalueindex(1));
    int n = lua_gettop(L);
    luaL_Buffer b;
    luaL_buffinit(L, &b);
    for (int i = 1; i <= n; i++) {
        if (i > 1)
            luaL_addchar(&b, '\t');
        luaL_tolstring(L, i, NULL);
        luaL_addvalue(&b);
    }
    luaL_addchar(&b, '\n');
    luaL_pushresult(&b);
    size_t len;
    const char *text = lua_tolstring(L, -1, &len);
    if (vm_count(vm_of(L), VM_OUTPUT, len) != 0)
        return luaL_error(L, "%s", vm_limit_text(vm_of(L), VM_OUTPUT));
    print->write(print->arg, text, len);
    return 0;
}

static int set_print(lua_State *L)
{
    lua_pushcclosure(L, l_print, 1); /* 1 */
    sandbox_env(L);
    lua_pushvalue(L, 1);
    lua_setfield(L, -2, "print");
    return 0;
}

int part_print_to(struct vm *vm, const struct part_print *print, struct err *e)
{
    return vm_protect(vm, set_print, (void *)print, 0, vm->name, e);
}
