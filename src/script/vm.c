#include "script/vm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/mem.h"
#include "script/vm_state.h"
#include "script/watchdog.h"

enum { HOOK_STEP = 1000 }; /* instructions between looks at the clock: some microseconds */

const struct vm_limits vm_limits_default = {
    .memory = (size_t)64 << 20,
    .load_ms = 500,
    .call_ms = 200,
    .stuck_ms = 5000,
    .run_ms = 60000,
    .cpu_ms = 60000,
    .db_ms = 60000,
    .log_lines = 1000,
    .rows = 1000000,
    .output = (size_t)64 << 20,
};

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

int64_t vm_cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return ((int64_t)t.tv_sec * 1000000000 + t.tv_nsec) / WATCHDOG_SLOWDOWN;
}

void vm_check_budget(lua_State *L)
{
    struct vm *vm = vm_of(L);
    if (!vm->over)
        return;
    lua_sethook(L, vm_hook, LUA_MASKCOUNT, 1);
    luaL_error(L, "used more than %d ms of CPU", (int)vm->budget_ms);
}

void vm_hook(lua_State *L, lua_Debug *ar)
{
    (void)ar;
    struct vm *vm = vm_of(L);
    if (!vm->over && vm_cpu_ns() < vm->deadline_ns) {
        if (lua_gethookcount(L) != HOOK_STEP) /* a coroutine kept from a call that went over */
            lua_sethook(L, vm_hook, LUA_MASKCOUNT, HOOK_STEP);
        return;
    }
    vm->over = 1;
    lua_sethook(vm->L, vm_hook, LUA_MASKCOUNT, 1);
    vm_check_budget(L);
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
    if (vm->limits.memory == 0)
        vm->limits.memory = vm_limits_default.memory;
    if (vm->limits.load_ms == 0)
        vm->limits.load_ms = vm_limits_default.load_ms;
    if (vm->limits.call_ms == 0)
        vm->limits.call_ms = vm_limits_default.call_ms;
    if (vm->limits.stuck_ms == 0)
        vm->limits.stuck_ms = vm_limits_default.stuck_ms;

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

static int to_text(lua_State *L)
{
    luaL_tolstring(L, 1, NULL);
    return 1;
}

/* Runs in place of the unwinding: makes a string of whatever was raised and adds where that was. An error object's
 * __tostring is plugin code and may fail itself. */
static int on_error(lua_State *L)
{
    if (lua_type(L, 1) != LUA_TSTRING) {
        lua_pushcfunction(L, to_text);
        lua_pushvalue(L, 1);
        if (vm_of(L)->over || lua_pcall(L, 1, 1, 0) != LUA_OK)
            lua_pushfstring(L, "an error object (a %s) that cannot be shown as text", luaL_typename(L, 1));
        lua_replace(L, 1);
        lua_settop(L, 1);
        lua_Debug at;
        for (int level = 1; level < 20 && lua_getstack(L, level, &at); level++) {
            lua_getinfo(L, "Sl", &at);
            if (at.currentline > 0) {
                lua_pushfstring(L, "%s:%d: %s", at.short_src, at.currentline, lua_tostring(L, 1));
                lua_replace(L, 1);
                break;
            }
        }
    }
    luaL_traceback(L, L, lua_tostring(L, 1), 1);
    return 1;
}

struct place {
    const char *file;
    size_t len;       /* of "file:line" */
    const char *rest; /* behind ": " */
};

/* Splits "plugins/x/plugin.lua:12: text". */
static bool split_place(const char *text, struct place *out)
{
    const char *p = strstr(text, ".lua:");
    const char *eol = strchr(text, '\n');
    if (p == NULL || (eol != NULL && p > eol))
        return false;
    p += strlen(".lua:");
    size_t digits = strspn(p, "0123456789");
    if (digits == 0 || p[digits] != ':' || p[digits + 1] != ' ')
        return false;
    *out = (struct place){.file = text, .len = (size_t)(p + digits - text), .rest = p + digits + 2};
    return true;
}

static void budget_text(const struct vm *vm, bool cpu, struct buf *out)
{
    size_t mib = (size_t)1 << 20, n = vm->limits.memory;
    if (cpu)
        buf_printf(out, "used more than %u ms of CPU", vm->budget_ms);
    else if (n % mib == 0)
        buf_printf(out, "used more than %zu MiB of memory", n / mib);
    else
        buf_printf(out, "used more than %zu KiB of memory", n / 1024);
}

enum mode { MODE_CALL, MODE_LOAD };

/* One text from what was raised: "what (file:line): message", then the traceback; "file:line: message" alone when loading. */
static int report(struct vm *vm, int status, const char *raised, enum mode mode, const char *what, struct err *e)
{
    static const char trace_head[] = "\nstack traceback:";
    const char *trace = strstr(raised, trace_head);
    struct buf text = {0}, said = {0};
    struct place place = {0};
    bool placed = split_place(raised, &place);
    const char *rest = placed ? place.rest : raised;
    size_t rest_len = trace != NULL && trace >= rest ? (size_t)(trace - rest) : strlen(rest);

    bool memory = status == LUA_ERRMEM || (vm->memory_hit && strstr(raised, "not enough memory") != NULL);
    if (vm->over || memory)
        budget_text(vm, vm->over != 0, &said);
    else
        buf_add(&said, rest, rest_len);

    if (mode == MODE_LOAD && placed)
        buf_printf(&text, "%.*s: %s", (int)place.len, place.file, said.data ? said.data : "");
    else if (placed)
        buf_printf(&text, "%s (%.*s): %s", what, (int)place.len, place.file, said.data ? said.data : "");
    else
        buf_printf(&text, "%s: %s", what, said.data ? said.data : "");
    if (mode == MODE_CALL && trace != NULL && !vm->over && !memory)
        buf_str(&text, trace);
    err_set(e, mode == MODE_LOAD && !vm->over && !memory ? ERR_CONFIG : ERR_PLUGIN, "%s", text.data);
    buf_free(&text);
    buf_free(&said);
    return -1;
}

static void begin(struct vm *vm, unsigned budget_ms, const char *what)
{
    if (vm->depth++ > 0)
        return;
    vm->over = 0;
    vm->memory_hit = false;
    vm->budget_ms = budget_ms;
    vm->deadline_ns = vm_cpu_ns() + (int64_t)budget_ms * 1000000;
    lua_sethook(vm->L, vm_hook, LUA_MASKCOUNT, HOOK_STEP);
    watchdog_arm(vm, budget_ms, vm->limits.stuck_ms, what);
}

static void end(struct vm *vm)
{
    if (--vm->depth == 0)
        watchdog_disarm();
}

static int run(struct vm *vm, int nargs, int nresults, enum mode mode, const char *what, struct err *e)
{
    lua_State *L = vm->L;
    int base = lua_gettop(L) - nargs; /* where the function is */
    must(base > 0 && nresults >= 0 && lua_checkstack(L, nresults + 2));
    lua_pushcfunction(L, on_error);
    lua_insert(L, base);
    begin(vm, mode == MODE_LOAD ? vm->limits.load_ms : vm->limits.call_ms, what);
    int status = lua_pcall(L, nargs, nresults, base);
    end(vm);

    int failed = 0;
    if (status != LUA_OK) {
        const char *raised = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "an error without a text";
        failed = report(vm, status, raised, mode, what, e);
    } else if (vm->over) {
        failed = report(vm, LUA_ERRRUN, "", mode, what, e);
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
    return run(vm, nargs, nresults, MODE_CALL, what, e);
}

int vm_protect(struct vm *vm, int (*fn)(struct lua_State *L), void *arg, int nresults, const char *what, struct err *e)
{
    must(lua_checkstack(vm->L, 4));
    lua_pushcfunction(vm->L, fn); /* neither of these allocates */
    lua_pushlightuserdata(vm->L, arg);
    return run(vm, 1, nresults, MODE_CALL, what, e);
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
    return run(vm, 1, 1, MODE_LOAD, load.shown, e);
}
