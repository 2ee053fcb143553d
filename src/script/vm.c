#include "script/vm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "script/vm_state.h"
#include "script/watchdog.h"

enum { HOOK_STEP = 1000 }; /* instructions between looks at the clock: some microseconds */

/* Lua passes the kind of object in osize when ptr is NULL: only a real block has a size. */
static void *allocate(void *ud, void *ptr, size_t osize, size_t nsize)
{
    struct vm *vm = ud;
    size_t old = ptr != NULL ? osize : 0;
    if (nsize == 0) {
        vm->used -= old;
        mem_free(ptr);
        return NULL;
    }
    if (nsize > old && nsize - old > vm->limits.memory - vm->used) {
        vm->memory_hit = true;
        return NULL;
    }
    void *p = mem_realloc(ptr, nsize);
    vm->used = vm->used - old + nsize;
    if (vm->used > vm->peak)
        vm->peak = vm->used;
    return p;
}

void vm_check_budget(lua_State *L)
{
    struct vm *vm = vm_of(L);
    if (!vm->over)
        return;
    lua_sethook(L, vm_hook, LUA_MASKCOUNT, 1);
    luaL_error(L, "%s", vm_limit_text(vm, (enum vm_meter)vm->over));
}

void vm_hook(lua_State *L, lua_Debug *ar)
{
    struct vm *vm = vm_of(L);
    if (!vm->over && (vm->guarded || (vm_cpu_ns() < vm->deadline_ns && vm_wall_ns() < vm->wall_deadline_ns))) {
        if (lua_gethookcount(L) != HOOK_STEP) /* a coroutine kept from a call that went over */
            lua_sethook(L, vm_hook, LUA_MASKCOUNT, HOOK_STEP);
        return;
    }
    if (!vm->over)
        vm->over = vm_wall_ns() < vm->wall_deadline_ns ? (int)vm->meter : VM_RUN;
    lua_sethook(vm->L, vm_hook, LUA_MASKCOUNT, 1);
    if (L != vm->L)
        *(uintptr_t *)lua_getextraspace(L) |= 1;
    lua_sethook(L, vm_hook, LUA_MASKCOUNT, 1);
    /* luaL_error would name the caller's line: inside a hook the running function is level 0 */
    lua_getinfo(L, "Sl", ar);
    if (ar->currentline > 0)
        lua_pushfstring(L, "%s:%d: %s", ar->short_src, ar->currentline, vm_limit_text(vm, (enum vm_meter)vm->over));
    else
        lua_pushstring(L, vm_limit_text(vm, (enum vm_meter)vm->over));
    lua_error(L);
}

bool vm_may_close(lua_State *co)
{
    return !vm_of(co)->over && (*(uintptr_t *)lua_getextraspace(co) & 1) == 0;
}

static int open_state(lua_State *L)
{
    sandbox_open(L);
    return 0;
}

/* Only a bug gets here: everything that can raise runs under vm_call. */
static int on_panic(lua_State *L)
{
    const char *text = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "error without a text";
    fprintf(stderr, "tidemark: bug: unprotected Lua error in plugin %s: %s\n", vm_of(L)->name, text);
    abort();
}

struct vm *vm_new(const char *name, const char *lib_dir, const char *dir, const struct vm_limits *limits)
{
    struct vm *vm = mem_alloc(sizeof *vm);
    vm->name = mem_dup(name);
    vm->lib_dir = mem_dup(lib_dir);
    vm->dir = mem_dup(dir);
    vm->shown_dir = mem_dup(dir);
    vm->limits = limits ? *limits : vm_limits_default;
    meter_defaults(&vm->limits);
    meter_texts(vm, true);

    /* The state itself and its sandbox are made whatever the cap: the plugin is to hit it, not we. */
    size_t cap = vm->limits.memory;
    vm->limits.memory = SIZE_MAX;
    vm->L = lua_newstate(allocate, vm);
    must(vm->L != NULL);
    *(struct vm **)lua_getextraspace(vm->L) = vm;
    lua_atpanic(vm->L, on_panic);
    lua_pushcfunction(vm->L, open_state);
    must(lua_pcall(vm->L, 0, 0, 0) == LUA_OK);
    vm->limits.memory = cap > vm->used ? cap : vm->used;
    return vm;
}

void vm_free(struct vm **vm)
{
    if (*vm == NULL)
        return;
    lua_close((*vm)->L);
    mem_free((*vm)->name);
    mem_free((*vm)->lib_dir);
    mem_free((*vm)->dir);
    mem_free((*vm)->shown_dir);
    mem_free(*vm);
    *vm = NULL;
}

struct lua_State *vm_lua(struct vm *vm)
{
    return vm->L;
}

const char *vm_name(const struct vm *vm)
{
    return vm->name;
}

void vm_memory(const struct vm *vm, size_t *now, size_t *peak)
{
    *now = vm->used;
    *peak = vm->peak;
}

/* --- calling ---------------------------------------------------------------------------------------------------------- */

static void begin(struct vm *vm, bool load, const char *what)
{
    if (vm->depth++ > 0)
        return;
    meter_begin(vm, load);
    lua_sethook(vm->L, vm_hook, LUA_MASKCOUNT, vm->over ? 1 : HOOK_STEP);
    vm->guarded = watchdog_arm(vm, what);
}

static void end(struct vm *vm)
{
    if (--vm->depth > 0)
        return;
    watchdog_disarm();
    meter_end(vm);
}

static int run(struct vm *vm, int nargs, int nresults, bool load, const char *what, struct err *e)
{
    lua_State *L = vm->L;
    int base = lua_gettop(L) - nargs; /* where the function is */
    must(base > 0 && nresults >= 0 && lua_checkstack(L, nresults + 2));
    lua_pushcfunction(L, error_handler);
    lua_insert(L, base);
    begin(vm, load, what);
    int status = lua_pcall(L, nargs, nresults, base);
    end(vm);

    int failed = 0;
    if (status != LUA_OK) {
        const char *raised = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "an error without a text";
        failed = error_report(vm, status, raised, load, what, e);
    } else if (vm->over) {
        failed = error_report(vm, LUA_ERRRUN, "", load, what, e);
    }
    if (failed)
        lua_settop(L, base - 1);
    else
        lua_remove(L, base);
    must(lua_gettop(L) == base - 1 + (failed ? 0 : nresults));
    return failed;
}

int vm_call(struct vm *vm, int nargs, int nresults, const char *what, struct err *e)
{
    return run(vm, nargs, nresults, false, what, e);
}

int vm_protect(struct vm *vm, int (*fn)(struct lua_State *L), void *arg, int nresults, const char *what, struct err *e)
{
    must(lua_checkstack(vm->L, 4));
    lua_pushcfunction(vm->L, fn); /* neither of these allocates */
    lua_pushlightuserdata(vm->L, arg);
    return run(vm, 1, nresults, false, what, e);
}

struct load {
    const char *path, *shown;
};

static int load_and_run(lua_State *L)
{
    const struct load *load = lua_touserdata(L, 1);
    sandbox_load(L, load->path, load->shown);
    lua_call(L, 0, 1);
    return 1;
}

int vm_load_file(struct vm *vm, const char *path, const char *shown, struct err *e)
{
    struct load load = {.path = path, .shown = shown ? shown : path};
    const char *slash = strrchr(load.shown, '/');
    mem_free(vm->shown_dir);
    vm->shown_dir = slash ? mem_ndup(load.shown, (size_t)(slash - load.shown)) : mem_dup(".");
    must(lua_checkstack(vm->L, 4));
    lua_pushcfunction(vm->L, load_and_run);
    lua_pushlightuserdata(vm->L, &load);
    return run(vm, 1, 1, true, load.shown, e);
}
