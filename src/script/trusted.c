#include "script/trusted.h"

#include <lauxlib.h>
#include <limits.h>
#include <lualib.h>
#include <string.h>

#include "script/bind_frame.h"
#include "script/bind_json.h"
#include "script/box.h"
#include "script/value.h"
#include "script/vm_state.h"

/* Of os only what tells dates: os.date("!…") is how an instant becomes text. */
static int open_os(lua_State *L)
{
    static const char *const gone[] = {"execute", "exit", "getenv", "remove", "rename", "setlocale", "tmpname"};
    luaL_requiref(L, LUA_OSLIBNAME, luaopen_os, 1);
    for (size_t i = 0; i < sizeof gone / sizeof *gone; i++) {
        lua_pushnil(L);
        lua_setfield(L, -2, gone[i]);
    }
    return 0;
}

struct vm *trusted_open(const char *lib_dir, unsigned budget_ms, size_t memory)
{
    struct vm_limits limits = {.memory = memory, .call_ms = budget_ms, .run_ms = UINT_MAX / 2, .stuck_ms = 60000};
    struct vm *vm = vm_new("tidemark", lib_dir, NULL, &limits);
    meter_texts(vm, false);
    struct err e = {0};
    must(vm_protect(vm, open_os, NULL, 0, "tidemark", &e) == 0);
    return vm;
}

struct call {
    const char *module, *function;
    const struct trusted_arg *args;
    size_t n;
    struct buf *json;
};

static const char frames_key;

static void push_arg(lua_State *L, const struct trusted_arg *arg, int frames)
{
    if (arg->kind == TRUSTED_FRAME) {
        bind_frame_push(L, arg->frame);
        lua_pushvalue(L, -1);
        lua_rawseti(L, frames, (lua_Integer)lua_rawlen(L, frames) + 1);
    } else if (arg->text == NULL || arg->kind == TRUSTED_TEXT) {
        lua_pushstring(L, arg->text);
    } else {
        struct json_limits limits = {.bytes = SIZE_MAX / 2, .nodes = SIZE_MAX / 2, .depth = 100};
        struct json_doc **doc = box_push_json(L);
        struct err e = {0};
        if (json_parse(arg->text, strlen(arg->text), &limits, doc, &e) != 0)
            luaL_error(L, "an argument is no JSON: %s", e.text);
        bind_json_push_copy(L, json_root(*doc));
        json_free(doc);
        lua_remove(L, -2);
    }
}

static int do_call(lua_State *L)
{
    struct call *call = lua_touserdata(L, 1);
    sandbox_reseed(L);
    lua_newtable(L); /* 2 */
    lua_pushvalue(L, 2);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &frames_key);
    lua_getglobal(L, "require");
    lua_pushstring(L, call->module);
    lua_call(L, 1, 1); /* 3 */
    lua_getfield(L, 3, call->function);
    luaL_checkstack(L, TRUSTED_ARGS_MAX + 4, "arguments");
    for (size_t i = 0; i < call->n; i++)
        push_arg(L, &call->args[i], 2);
    lua_call(L, (int)call->n, 1);
    const char *wrong = value_write_large(L, -1, call->json);
    if (wrong != NULL)
        return luaL_error(L, "the result: %s", wrong);
    return 0;
}

/* Rows that the code kept are dead from now on: their frame may go. */
static int end_frames(lua_State *L)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &frames_key);
    for (lua_Integer i = 1; lua_istable(L, -1) && i <= (lua_Integer)lua_rawlen(L, -1); i++) {
        lua_rawgeti(L, -1, i);
        bind_frame_end(L, -1);
        lua_pop(L, 1);
    }
    return 0;
}

int trusted_call(struct vm *vm, const char *module, const char *function, const struct trusted_arg *args, size_t n,
                 struct buf *json, struct err *e)
{
    must(n <= TRUSTED_ARGS_MAX);
    struct call call = {.module = module, .function = function, .args = args, .n = n, .json = json};
    struct err ignored = {0};
    buf_clear(json);
    int failed = vm_protect(vm, do_call, &call, 0, module, e);
    bool over = vm->over || vm->memory_hit;
    vm_protect(vm, end_frames, NULL, 0, module, &ignored);
    if (failed && !over)
        e->kind = ERR_BUG;
    return failed;
}
