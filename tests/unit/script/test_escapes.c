/* Ways out of the sandbox, tried one by one. Each ends in an error that says what was refused or which limit was hit; afterwards the same
 * state works, and so does another plugin's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "data/json.h"
#include "script/value.h"
#include "script/vm.h"

#include <lua.h>

static char dir[] = "/tmp/tidemark-escapes-XXXXXX", *lib_dir;
static const struct vm_limits small = {
    .memory = (size_t)8 << 20, .call_ms = 50, .load_ms = 50, .stuck_ms = 150, .log_lines = 5};

#define CPU "used more than 50 ms of CPU (limits.call_ms)"
#define MEMORY "used more than 8 MiB of memory (limits.memory_mb)"

static void put(const char *name, const char *text, size_t len)
{
    char *path = mem_printf("%s/%s", dir, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, len, f), len);
    fclose(f);
    mem_free(path);
}

/* A state with the function that the code returns on its stack; NULL with e. */
static struct vm *load(const char *code, size_t len, const struct vm_limits *limits, struct err *e)
{
    char *path = mem_printf("%s/plugin.lua", dir);
    put("plugin.lua", code, len);
    struct vm *vm = vm_new("t", lib_dir, dir, limits);
    if (vm_load_file(vm, path, "plugins/t/plugin.lua", e) != 0)
        vm_free(&vm);
    unlink(path);
    mem_free(path);
    return vm;
}

static int nothing(lua_State *L)
{
    (void)L;
    return 0;
}

static void neighbour_works(void)
{
    static const char good[] = "return function() local t = {} for i = 1, 100 do t[i] = ('%d'):format(i) end "
                               "assert(table.concat(t, ','):find('99,100', 1, true) and #json.encode(t) > 100) end";
    struct err e = {0};
    struct vm *vm = load(good, sizeof good - 1, &(struct vm_limits){.call_ms = 10000}, &e);
    if (vm == NULL || vm_call(vm, 0, 0, "n.good", &e) != 0)
        fail_msg("the neighbour: %s", e.text);
    vm_free(&vm);
}

static void refused_within(const char *code, const char *says, const struct vm_limits *limits)
{
    struct err e = {0}, after = {0};
    struct vm *vm = load(code, strlen(code), limits, &e);
    if (vm != NULL) {
        lua_pushvalue(vm_lua(vm), 1);
        if (vm_call(vm, 0, 0, "t.odd", &e) == 0)
            fail_msg("nothing stopped: %s", code);
        assert_int_equal(e.kind, ERR_PLUGIN);
        assert_int_equal(lua_gettop(vm_lua(vm)), 1);
        if (vm_protect(vm, nothing, NULL, 0, "t.after", &after) != 0)
            fail_msg("%s: afterwards the state is broken: %s", code, after.text);
    }
    if (strstr(e.text, says) == NULL)
        fail_msg("%s\n'%s' is not in: %s", code, says, e.text);
    vm_free(&vm);
    neighbour_works();
}

static void refused(const char *code, const char *says)
{
    refused_within(code, says, &small);
}

static void works(const char *code)
{
    struct err e = {0};
    struct vm_limits patient = small;
    patient.call_ms = 10000;
    struct vm *vm = load(code, strlen(code), &patient, &e);
    if (vm == NULL || vm_call(vm, 0, 0, "t.odd", &e) != 0)
        fail_msg("%s\n%s", code, e.text);
    vm_free(&vm);
}

/* --- what is not there ------------------------------------------------------------------------------------------------------- */

static void bytecode_is_refused(void **state)
{
    (void)state;
    static const char compiled[] = "\x1bLuaT\0\x19\x93\r\n\x1a\n\x04\x08\x08";
    struct err e = {0};
    assert_null(load(compiled, sizeof compiled - 1, &small, &e));
    assert_string_equal(e.text, "plugins/t/plugin.lua: plugins/t/plugin.lua: compiled Lua is not accepted, only source text");
    static const char marked[] = "\xEF\xBB\xBF\x1bLua";
    assert_null(load(marked, sizeof marked - 1, &small, &e));
    assert_non_null(strstr(e.text, "compiled Lua is not accepted"));
    put("code.lua", compiled, sizeof compiled - 1);
    refused("return function() require('code') end", "t/code.lua: compiled Lua is not accepted, only source text");
    refused("return function() return load('\\27Lua') end", "attempt to call a nil value (global 'load')");
    refused("return function() return string.dump(print) end", "attempt to call a nil value (field 'dump')");
    refused("return function() return (''):dump() end", "attempt to call a nil value (method 'dump')");
}

static void doors_are_not_there(void **state)
{
    (void)state;
    refused("return function() load('x = 1', 'x', 't', { x = 1 })() end", "attempt to call a nil value (global 'load')");
    refused("return function() loadstring('x = 1') end", "attempt to call a nil value (global 'loadstring')");
    refused("return function() loadfile('/etc/passwd') end", "attempt to call a nil value (global 'loadfile')");
    refused("return function() dofile('/etc/passwd') end", "attempt to call a nil value (global 'dofile')");
    refused("return function() debug.sethook() end", "attempt to index a nil value (global 'debug')");
    refused("return function() debug.getregistry() end", "attempt to index a nil value (global 'debug')");
    refused("return function() require('debug') end", "no module 'debug'");
    refused("return function() package.loaded.os.exit() end", "attempt to index a nil value (global 'package')");
    refused("return function() package.loadlib('/lib/x86_64-linux-gnu/libc.so.6', 'system') end",
            "attempt to index a nil value (global 'package')");
    refused("return function() require('package') end", "no module 'package'");
    refused("return function() io.open('/etc/passwd') end", "attempt to index a nil value (global 'io')");
    refused("return function() io.popen('id') end", "attempt to index a nil value (global 'io')");
    refused("return function() os.execute('id') end", "attempt to index a nil value (global 'os')");
    refused("return function() require('os') end", "no module 'os'");
    refused("return function() collectgarbage('stop') end", "attempt to call a nil value (global 'collectgarbage')");
    refused("return function() collectgarbage('setpause', 100000) end",
            "attempt to call a nil value (global 'collectgarbage')");
    refused("return function() math.randomseed(1) end", "attempt to call a nil value (field 'randomseed')");
    refused("return function() newproxy(true) end", "attempt to call a nil value (global 'newproxy')");
}

static void metatables_of_the_host_are_out_of_reach(void **state)
{
    (void)state;
    refused("return function() getmetatable('').__index = nil end", "attempt to index a boolean value");
    refused("return function() setmetatable('', {}) end", "bad argument #1 to 'setmetatable' (table expected, got string)");
    refused("return function() getmetatable(json.null).__tostring = nil end", "attempt to index a boolean value");
    refused("return function() setmetatable(json.array({}), {}) end", "cannot change a protected metatable");
    refused("return function() getmetatable(stats.design(3)).__gc = print end", "attempt to index a boolean value");
    refused("return function() setmetatable({}, { __gc = function() while true do end end }) end",
            "a plugin cannot have finalizers (__gc)");
    refused("return function() setmetatable({}, { __gc = true }) end", "a plugin cannot have finalizers (__gc)");
    /* a __gc that is put in later is none to Lua */
    works(
        "return function() for i = 1, 1e4 do local mt = {} setmetatable({}, mt) mt.__gc = function() while true do end end end "
        "local s = 'x' for i = 1, 1000 do s = s .. i end end");
}

/* --- loops ------------------------------------------------------------------------------------------------------------------- */

static void loops_end(void **state)
{
    (void)state;
    refused("return function() while true do end end", CPU);
    refused("return function() ::a:: goto a end", CPU);
    refused("return function() repeat local x = {} until false end", CPU);
    refused("return function() for i = math.mininteger, math.maxinteger do end end", CPU);
    refused("return function() for i = 1, math.huge do end end", CPU);
    refused("return function() for i = 1, 0, -1e-300 do end end", CPU);
    refused("return function() for _ in function() return 1 end do end end", CPU);
    refused("return function() local function f() return f() end f() end", CPU);
    refused("while true do end", "plugins/t/plugin.lua:1: used more than 50 ms of CPU (limits.load_ms)");
}

static void catching_does_not_help(void **state)
{
    (void)state;
    refused("return function() while true do pcall(function() while true do end end) end end", CPU);
    refused("return function() local function f() pcall(f) f() end f() end", CPU);
    refused(
        "return function() while true do xpcall(function() while true do end end, function() while true do end end) end end",
        CPU);
    refused("return function() local function h() xpcall(error, h) end while true do xpcall(error, h) end end", CPU);
    refused("return function() repeat until select(2, pcall(error)) end", CPU);
    refused("return function() while true do pcall(error, setmetatable({}, { __tostring = error })) end end", CPU);
}

static void coroutines_win_no_time(void **state)
{
    (void)state;
    refused("return function() coroutine.wrap(function() while true do end end)() end", CPU);
    refused("return function() coroutine.wrap(function() coroutine.wrap(function() while true do end end)() end)() end", CPU);
    refused("return function() while true do pcall(coroutine.wrap(function() while true do end end)) end end", CPU);
    refused("return function() while true do coroutine.resume(coroutine.create(function() while true do end end)) end end",
            CPU);
    refused("local function tree() while true do pcall(coroutine.wrap(tree)) end end return tree", CPU);
    refused("local function tree() local t = {} for i = 1, 3 do t[i] = coroutine.create(tree) end "
            "while true do for i = 1, 3 do coroutine.resume(t[i]) end end end return tree",
            "t.odd");
    refused("return function() while true do coroutine.wrap(function() coroutine.yield() end)() end end", "t.odd");
    refused("return function() coroutine.wrap(coroutine.wrap(coroutine.wrap(function() while true do end end)))() end", CPU);
    refused("local function f() return coroutine.wrap(f)() end return f", "C stack overflow");
    refused("return function() local co co = coroutine.wrap(function() co() end) co() end",
            "cannot resume non-suspended coroutine");
    refused("return function() coroutine.close(coroutine.running()) end", "cannot close a running coroutine");
    refused("return function() coroutine.yield() end", "attempt to yield from outside a coroutine");
}

static void closing_wins_no_time(void **state)
{
    (void)state;
#define ENDLESS "setmetatable({}, { __close = function() while true do end end })"
    refused("return function() local t <close> = " ENDLESS " end", CPU);
    refused("return function() local t <close> = " ENDLESS " error('x') end", CPU);
    refused("return function() coroutine.wrap(function() local t <close> = " ENDLESS " end)() end", CPU);
    refused("return function() coroutine.wrap(function() local t <close> = " ENDLESS " error('x') end)() end", CPU);
    refused("return function() local co = coroutine.create(function() local t <close> = " ENDLESS " coroutine.yield() end) "
            "coroutine.resume(co) coroutine.close(co) end",
            CPU);
    /* stopped inside the hook, where Lua leaves the coroutine's hooks off: nothing of it may run any more */
    refused("return function() coroutine.wrap(function() local t <close> = " ENDLESS " while true do end end)() end", CPU);
    refused("return function() local co = coroutine.create(function() local t <close> = " ENDLESS " while true do end end) "
            "coroutine.resume(co) coroutine.close(co) end",
            CPU);
    refused("return function() for _ in next, {}, nil, " ENDLESS " do end end", CPU);
}

/* Kept from a call that was stopped, closed in the next one. */
static void a_stopped_coroutine_stays_so(void **state)
{
    (void)state;
    static const char code[] =
        "local co = coroutine.create(function() local t <close> = " ENDLESS " while true do end end) local n = 0\n"
        "local wrapped = coroutine.wrap(function() local t <close> = " ENDLESS " while true do end end)\n"
        "return function() n = n + 1 if n == 1 then coroutine.resume(co) elseif n == 2 then wrapped() end\n"
        "assert(coroutine.status(co) == 'dead')\n"
        "local ok, why = pcall(wrapped) assert(not ok and why == 'cannot resume dead coroutine', why)\n"
        "coroutine.close(co) end";
    struct err e = {0};
    struct vm *vm = load(code, sizeof code - 1, &small, &e);
    assert_non_null(vm);
    static const char *const says[] = {CPU, CPU, "this coroutine was stopped by a limit: what it left open cannot be closed"};
    for (size_t i = 0; i < 3; i++) {
        lua_pushvalue(vm_lua(vm), 1);
        assert_int_equal(vm_call(vm, 0, 0, "t.odd", &e), -1);
        if (strstr(e.text, says[i]) == NULL)
            fail_msg("%s", e.text);
    }
    vm_free(&vm);
}

static void error_objects_do_no_harm(void **state)
{
    (void)state;
    refused("return function() error(setmetatable({}, { __tostring = function() error('no') end })) end",
            "t.odd (plugins/t/plugin.lua:1): an error object (a table) that cannot be shown as text");
    refused("return function() error(setmetatable({}, { __tostring = function() while true do end end })) end", CPU);
    refused("return function() error(setmetatable({}, { __tostring = function() return {} end })) end",
            "an error object (a table) that cannot be shown as text");
    refused("return function() error(setmetatable({}, { __tostring = function(x) error(x) end })) end",
            "an error object (a table) that cannot be shown as text");
    refused("return function() error(setmetatable({}, { __name = ('n'):rep(100000) })) end",
            "t.odd (plugins/t/plugin.lua:1): nnn");
    refused("return function() error(('x'):rep(3 << 20)) end", "t.odd");
    refused("return function() error(coroutine.create(print)) end", "t.odd (plugins/t/plugin.lua:1): thread: ");
    refused("return function() error(nil) end", "t.odd (plugins/t/plugin.lua:1): nil");
    refused("return function() error('\\27[2J\\0after', 0) end", "t.odd: \x1b[2J"); /* what prints it escapes it */
}

/* --- metamethods ------------------------------------------------------------------------------------------------------------- */

static void chains_of_metamethods_end(void **state)
{
    (void)state;
    refused("return function() local t = {} setmetatable(t, { __index = t }) return t.x end",
            "'__index' chain too long; possible loop");
    refused("return function() local t = {} setmetatable(t, { __newindex = t }) t.x = 1 end",
            "'__newindex' chain too long; possible loop");
    refused("return function() local t = setmetatable({}, { __index = function(t, k) return t[k] end }) return t.x end",
            "t.odd");
    refused("return function() local t = setmetatable({}, { __index = function(t, k) return t[k .. 'x'] end }) return t.x end",
            "t.odd");
    refused("return function() local t = setmetatable({}, { __newindex = function(t, k, v) t[k] = v end }) t.x = 1 end",
            "t.odd");
    refused("return function() local mt = {} mt.__eq = function(a, b) return a == b end "
            "return setmetatable({}, mt) == setmetatable({}, mt) end",
            "C stack overflow");
    refused("return function() local mt = {} mt.__lt = function(a, b) return a < b end "
            "return setmetatable({}, mt) < setmetatable({}, mt) end",
            "C stack overflow");
    refused("return function() local t = setmetatable({}, { __len = function(t) return #t end }) return #t end",
            "C stack overflow");
    refused("return function() local t t = setmetatable({}, { __concat = function(a, b) return a .. b end }) return t .. t end",
            "C stack overflow");
    refused("return function() local t = setmetatable({}, { __pairs = function(t) return pairs(t) end }) pairs(t) end",
            "C stack overflow");
    refused("return function() tostring(setmetatable({}, { __tostring = function(t) return tostring(t) end })) end",
            "C stack overflow");
    refused("return function() local mt = { __lt = function() while true do end end } "
            "table.sort({ setmetatable({}, mt), setmetatable({}, mt) }) end",
            CPU);
    refused("return function() table.concat(setmetatable({}, { __len = function() return 1e9 end, "
            "__index = function() return '' end })) end",
            CPU);
}

/* --- the stacks -------------------------------------------------------------------------------------------------------------- */

static void the_c_stack_is_bounded(void **state)
{
    (void)state;
    refused("local function f() return ('x'):gsub('.', f) end return f", "C stack overflow");
    refused("local function f() pcall(f) error('deep') end return f", "t.odd");
    refused("local function f() local ok, why = pcall(f) error(why, 0) end return f", "C stack overflow");
    refused("local function f() assert(xpcall(f, f)) end return f", "t.odd");
    refused("local function f() table.sort({ 3, 2, 1 }, f) end return f", "C stack overflow");
    refused("local function f() for _ in pairs(setmetatable({}, { __pairs = f })) do end end return f", "C stack overflow");
    refused("return function() return ('x'):find(('('):rep(40) .. 'x' .. (')'):rep(40)) end", "too many captures");
    refused("return function() return ('x'):rep(250000):find(('x?'):rep(250000)) end", "pattern too complex");
    refused("return function() return ('x'):find('%f') end", "missing '[' after '%f' in pattern");
    refused("return function() return ('x'):find('[') end", "malformed pattern (missing ']')");
    refused("return function() return ('x'):find('%') end", "malformed pattern (ends with '%')");
    refused("return function() return ('x'):gsub('x', '%2') end", "invalid capture index %2");
    refused("return function() local n = 0 table.sort({ 5, 2, 8, 1, 9, 3, 7, 4, 6, 0, 5, 5 }, function() return true end) end",
            "invalid order function for sorting");
    refused("return function() table.sort({ 1, 'x', {} }) end", "attempt to compare");

    struct err e = {0};
    for (int i = 0; i < 4; i++) {
        static const char *const open[] = {"(", "{", "function() return ", "-{"};
        size_t n = strlen(open[i]), levels = 100000;
        char *code = mem_alloc(n * levels + 16);
        memcpy(code, "return ", 7);
        for (size_t k = 0; k < levels; k++)
            memcpy(code + 7 + k * n, open[i], n);
        assert_null(load(code, 7 + n * levels, &small, &e));
        if (strstr(e.text, "C stack overflow") == NULL)
            fail_msg("%s", e.text);
        mem_free(code);
    }
}

static void require_does_not_run_away(void **state)
{
    (void)state;
    put("a.lua", "return require('b')", 19);
    put("b.lua", "return require('a')", 19);
    refused("return function() require('a') end", "modules require each other in a circle: 'a'");
    for (int i = 0; i < 250; i++) {
        char *name = mem_printf("m%d.lua", i), *text = mem_printf("return require('m%d')", i + 1);
        put(name, text, strlen(text));
        mem_free(name);
        mem_free(text);
    }
    refused("return function() require('m0') end", "C stack overflow");
    put("loop.lua", "while true do end", 17);
    refused("return function() require('loop') end", CPU);
    refused("return function() require('../../etc/passwd') end", "'../../etc/passwd' is no module name (words joined by dots)");
    refused("return function() require('/etc/passwd') end", "is no module name");
    refused("return function() require('') end", "is no module name");
    refused("return function() require(('a.'):rep(500) .. 'a') end", "is no module name");
    char *pipe_path = mem_printf("%s/pipe.lua", dir), *folder = mem_printf("%s/folder.lua", dir);
    assert_int_equal(mkfifo(pipe_path, 0600), 0);
    assert_int_equal(mkdir(folder, 0700), 0);
    refused("return function() require('pipe') end", "pipe.lua: Invalid argument");
    refused("return function() require('folder') end", "no module 'folder'");
    mem_free(pipe_path);
    mem_free(folder);
}

static void the_lua_stack_is_bounded(void **state)
{
    (void)state;
    refused("local function f() return 1 + f() end return f", MEMORY);
    refused_within("local function f() return 1 + f() end return f", "stack overflow",
                   &(struct vm_limits){.memory = (size_t)256 << 20, .call_ms = 2000});
    refused("return function() return table.unpack({}, 1, 1e7) end", "too many results to unpack");
    refused("return function() return table.unpack({}, math.mininteger, math.maxinteger) end", "too many results to unpack");
    refused("return function() return ('x'):rep(4 << 20):byte(1, -1) end", "t.odd");
    refused("return function() return ('b'):rep(1 << 20), string.unpack(('b'):rep(1 << 20), ('x'):rep(1 << 20)) end", MEMORY);
    refused("return function() return select(-1) end", "bad argument #1 to 'select' (index out of range)");
    refused("local function f(...) return f(1, ...) end return f", "t.odd");
    refused("return function() local t = {} for i = 1, 250 do t[i] = i end return coroutine.wrap(function(...) "
            "return f(...) end)(table.unpack(t)) end",
            "attempt to call a nil value (global 'f')");
}

/* --- memory ------------------------------------------------------------------------------------------------------------------ */

static void memory_is_bounded(void **state)
{
    (void)state;
    refused("return function() return ('x'):rep(1 << 30) end", MEMORY);
    refused("return function() return ('x'):rep(1 << 62) end", "resulting string too large");
    refused("return function() return ('x'):rep(1e15, ('y'):rep(100)) end", "t.odd");
    refused("return function() local s = ('x'):rep(1 << 20) local t = {} for i = 1, 4096 do t[i] = s end return "
            "table.concat(t) end",
            MEMORY);
    refused("return function() local s = 'x' while true do s = s .. s end end", MEMORY);
    refused("return function() return ('%99999s'):format('x') end", "invalid conversion");
    refused("return function() local s = ('%99s'):rep(1e5) local t = {} for i = 1, 200 do t[i] = 'x' end "
            "return s:format(table.unpack(t)) end",
            "bad argument #201 to 'format' (no value)");
    refused("return function() return ('x'):rep(1 << 20):gsub('x', ('y'):rep(1000)) end", MEMORY);
    refused("return function() local t = {} for i = 1, 1e9 do t[i] = {} end end", "t.odd");
    works("return function() local t = {} for i = 1, 50000 do t[i] = {} end end");
    refused("return function() local t = {} for i = 1, 1e9 do t['k' .. i] = i end end", "t.odd");
    refused("return function() local t = {} t[1] = t while true do t = { t, t } end end", "t.odd");
    refused("return function() local t = {} for i = 1, 1e9 do t[i] = function() return i end end end", "t.odd");
    refused("return function() local t = {} for i = 1, 1e9 do t[i] = coroutine.create(print) end end", "t.odd");
    refused("return function() local t = {} for i = 1, 1e9 do t[i] = stats.design(1000) end end", "t.odd");
    refused("return function() stats.theil_sen((function() local t = {} for i = 1, 20000 do t[i] = i end return t end)()) "
            "local s = 'x' while true do s = s .. s end end",
            MEMORY);
    works("return function() for i = 1, 20 do assert(not pcall(string.rep, 'x', 1 << 30)) end end");
}

/* JSON is written outside of the state's memory. */
static void json_refused(const char *code, const char *says)
{
    refused_within(code, says, &(struct vm_limits){.memory = (size_t)32 << 20, .call_ms = 10000});
}

static void json_is_bounded(void **state)
{
    (void)state;
    json_refused("return function() local t = {} for i = 1, 50 do t = { t, t } end json.encode(t) end",
                 "json.encode: more than 16 MiB of JSON");
    /* No hook runs inside of the encoder: it looks at the budget itself, or the process would be ended as stuck. */
    refused_within("return function() local t = {} for i = 1, 50 do t = { t, t } end json.encode(t) end",
                   "used more than 2 ms of CPU (limits.call_ms)",
                   &(struct vm_limits){.memory = (size_t)32 << 20, .call_ms = 2, .stuck_ms = 60});
    json_refused("return function() local t = { 'x' } for i = 1, 50 do t = { a = t, b = t } end json.encode(t) end",
                 "json.encode: more than 16 MiB of JSON");
    json_refused("return function() local t = {} t[1] = t json.encode(t) end",
                 "a table deeper than 64 levels, or inside itself");
    json_refused(
        "return function() local s = ('x'):rep(1 << 20) local t = {} for i = 1, 1000 do t[i] = s end json.encode(t) end",
        "json.encode: more than 16 MiB of JSON");
    json_refused("return function() json.encode({ ('\\xff'):rep(10) }) end", "a text that is not UTF-8 cannot be JSON");
    json_refused("return function() json.encode(0/0) end", "NaN cannot be JSON");
    json_refused("return function() json.encode({ [1e9] = 1 }) end", "a list with holes");
    json_refused("return function() json.encode(setmetatable({ print }, { __pairs = print })) end",
                 "a function cannot be JSON");
    json_refused("return function() json.decode(('['):rep(1 << 20)) end", "json.decode: ");
    json_refused("return function() json.decode(('['):rep(60) .. '1' .. (']'):rep(60) .. 'x') end", "json.decode: ");
    json_refused("return function() json.decode('[' .. ('{},'):rep(600000) .. '1]') end", "json.decode: ");
    json_refused("return function() json.decode('\"\\xff\"') end", "json.decode: ");
    json_refused("return function() json.get({}, ('a.'):rep(1000))() end", "attempt to call a nil value");
}

/* --- long work inside C ------------------------------------------------------------------------------------------------------ */

static void endless_loops_inside_c_are_refused(void **state)
{
    (void)state;
    works("return function() assert((''):rep(1 << 60) == '') assert(('a'):rep(3, ',') == 'a,a,a') end");
    refused("return function() table.move({}, 1, 1 << 60, 2) end", "too many elements");
    refused("return function() table.move({}, math.mininteger, -1, 1) end", "too many elements");
    refused("return function() table.insert(setmetatable({}, { __len = function() return 1 << 60 end }), 1, 'x') end",
            "too many elements");
    refused("return function() table.remove(setmetatable({}, { __len = function() return 1 << 60 end }), 1) end",
            "too many elements");
    refused("return function() table.sort(setmetatable({}, { __len = function() return 1 << 60 end })) end", "array too big");
    works("return function() local t = table.move({ 1, 2, 3 }, 1, 3, 2) table.insert(t, 1, 0) assert(table.remove(t, 1) == 0) "
          "assert(table.concat(t, ',') == '1,1,2,3') end");
}

/* What is stuck for good ends the process, with a line that says who. */
static void stuck(int (*run)(void), const char *line)
{
    int fds[2], status;
    assert_int_equal(pipe(fds), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(fds[1], STDERR_FILENO);
        _exit(run());
    }
    close(fds[1]);
    char text[512] = "";
    ssize_t n = read(fds[0], text, sizeof text - 1);
    close(fds[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(n > 0 && WIFEXITED(status));
    assert_string_equal(text, line);
    assert_int_equal(WEXITSTATUS(status), 76);
}

static int pattern_bomb(void)
{
    static const char code[] = "return function() pcall(string.find, ('a'):rep(4000), ('a-'):rep(30) .. 'b') end";
    struct err e = {0};
    struct vm *vm = load(code, sizeof code - 1, &small, &e);
    return vm_call(vm, 0, 0, "t.bomb", &e);
}

static int bomb_in_a_coroutine(void)
{
    static const char code[] =
        "return coroutine.wrap(function() return ('a'):rep(100000):gsub(('.-'):rep(20) .. 'b', print) end)";
    struct err e = {0};
    struct vm *vm = load(code, sizeof code - 1, &small, &e);
    return vm_call(vm, 0, 0, "t.bomb", &e);
}

/* A table that is its own __call: Lua looks for the function to call, in C. */
static int endless_call(void)
{
    static const char code[] = "return function() local mt = {} mt.__call = setmetatable({}, mt) mt.__call() end";
    struct err e = {0};
    struct vm *vm = load(code, sizeof code - 1, &small, &e);
    return vm_call(vm, 0, 0, "t.call", &e);
}

static int bomb_while_loading(void)
{
    static const char code[] = "return ('a'):rep(4000):match(('a-'):rep(30) .. 'b')";
    struct err e = {0};
    return load(code, sizeof code - 1, &small, &e) != NULL;
}

static int sleep_well(lua_State *L)
{
    (void)L;
    for (;;)
        pause();
    return 0;
}

static int sleeping(void)
{
    struct err e = {0};
    struct vm *vm = vm_new("t", lib_dir, NULL, &(struct vm_limits){.run_ms = 100, .stuck_ms = 50});
    return vm_protect(vm, sleep_well, NULL, 0, "t.sleeper", &e);
}

static int sleeping_in_a_run(void)
{
    struct err e = {0};
    struct vm *vm = vm_new("t", lib_dir, NULL, &(struct vm_limits){.run_ms = 100, .stuck_ms = 50});
    vm_run_begin(vm);
    if (vm_protect(vm, nothing, NULL, 0, "t.run", &e) != 0)
        return 1;
    return vm_protect(vm, sleep_well, NULL, 0, "t.run", &e);
}

static void what_is_stuck_ends_the_process(void **state)
{
    (void)state;
#define STUCK " and is stuck inside a C function; stopped\n"
    stuck(pattern_bomb, "tidemark: error: t.bomb: " CPU STUCK);
    stuck(bomb_in_a_coroutine, "tidemark: error: t.bomb: " CPU STUCK);
    stuck(endless_call, "tidemark: error: t.call: " CPU STUCK);
    stuck(bomb_while_loading, "tidemark: error: plugins/t/plugin.lua: used more than 50 ms of CPU (limits.load_ms)" STUCK);
    stuck(sleeping, "tidemark: error: t.sleeper: took longer than 100 ms (limits.run_s)" STUCK);
    stuck(sleeping_in_a_run, "tidemark: error: t.run: took longer than 100 ms (limits.run_s)" STUCK);
}

/* --- texts and floods -------------------------------------------------------------------------------------------------------- */

static void garbage_is_answered(void **state)
{
    (void)state;
    refused("return function() utf8.codepoint('\\xff\\xfe') end", "invalid UTF-8 code");
    refused("return function() for _ in utf8.codes('\\xe2\\x82') do end end", "invalid UTF-8 code");
    refused("return function() utf8.char(-1) end", "bad argument #1 to 'char' (value out of range)");
    refused("return function() utf8.offset('\\x80', 1) end", "initial position is a continuation byte");
    refused("return function() utf8.codepoint('abc', 1, 1 << 40) end", "out of bounds");
    refused("return function() string.pack('i17', 1) end", "integral size (17) out of limits [1,16]");
    refused("return function() string.unpack('s8', ('\\xff'):rep(8)) end", "data string too short");
    refused("return function() string.char(256) end", "value out of range");
    refused("return function() return 1 // 0 end", "attempt to divide by zero");
    refused("return function() return math.mininteger // -1 < 0 and 1 % 0 end", "attempt to perform 'n%0'");
    refused("return function() return 2^63 | 0 end", "number has no integer representation");
    refused("return function() next({}, 'x') end", "invalid key to 'next'");
    refused("return function() local t = {} t[0/0] = 1 end", "index is NaN");
    works("return function() assert(utf8.len('\\xff') == nil) assert(utf8.len(('\\xf4'):rep(1000)) == nil) end");
}

static void floods_are_counted(void **state)
{
    (void)state;
    refused("return function() for i = 1, 100 do print('flood', i) end end",
            "t.odd (plugins/t/plugin.lua:1): wrote more than 5 lines to the log (limits.log_lines)");
    refused("return function() while true do pcall(print, 'flood') end end", CPU);
    refused("return function() print(setmetatable({}, { __tostring = function() while true do end end })) end", CPU);
    works("return function() print(('x'):rep(1 << 20)) end"); /* a line is cut at 8 KiB */
}

/* --- what the host relies on ------------------------------------------------------------------------------------------------- */

static int host_uses_its_libraries(lua_State *L)
{
    static const char *const names[] = {"string", "table", "math", "json", "time", "stats", "utf8", "coroutine"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_int_equal(lua_getglobal(L, names[i]), LUA_TTABLE);
        lua_pop(L, 1);
    }
    lua_getglobal(L, "string");
    lua_getfield(L, -1, "find");
    lua_pushliteral(L, "abc");
    lua_pushliteral(L, "b");
    lua_call(L, 2, 1);
    assert_int_equal(lua_tointeger(L, -1), 2);
    lua_getglobal(L, "require");
    lua_pushliteral(L, "tidemark.contract");
    lua_call(L, 1, 1);
    assert_int_equal(lua_getfield(L, -1, "check"), LUA_TFUNCTION);
    return 0;
}

static void the_hosts_libraries_cannot_be_bent(void **state)
{
    (void)state;
    static const char code[] =
        "local contract = require('tidemark.contract') contract.check = function() return { parsers = 7 } end\n"
        "for _, lib in ipairs { string, table, math, utf8, coroutine, json, time, stats } do\n"
        "  for name in pairs(lib) do rawset(lib, name, nil) end end\n"
        "local rawset, g = rawset, _G for name in next, g do rawset(g, name, nil) end\n"
        "return function() assert_is_gone = 1 end";
    struct err e = {0};
    struct vm *vm = load(code, sizeof code - 1, &small, &e);
    if (vm == NULL)
        fail_msg("%s", e.text);
    if (vm_protect(vm, host_uses_its_libraries, NULL, 0, "host", &e) != 0)
        fail_msg("%s", e.text);
    if (vm_call(vm, 0, 0, "t.odd", &e) != 0)
        fail_msg("%s", e.text);
    vm_free(&vm);
    /* a text's methods are the host's too */
    works("string.find = nil _G.string = nil return function() assert(('abc'):find('b') == 2) end");
    works("require('tidemark.text').x = 1 return function() assert(require('tidemark.text').x == 1) end");
}

struct document {
    const cJSON *root;
};

static int give_document(lua_State *L)
{
    const struct document *d = lua_touserdata(L, 1);
    lua_rawgetp(L, LUA_REGISTRYINDEX, "kept");
    value_push(L, d->root);
    lua_call(L, 1, 0);
    return 0;
}

static int keep_function(lua_State *L)
{
    lua_pushvalue(L, 1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, "kept");
    return 0;
}

/* An iterator kept from a payload that is gone, led with one that lives. */
static void a_payload_that_is_gone_cannot_be_walked(void **state)
{
    (void)state;
    static const char code[] =
        "local it, first return function(doc) if it == nil then it, first = pairs(doc) assert(it(first)) "
        "else it(doc) end end";
    struct err e = {0};
    struct vm *vm = load(code, sizeof code - 1, &small, &e);
    assert_non_null(vm);
    lua_pushcfunction(vm_lua(vm), keep_function);
    lua_insert(vm_lua(vm), 1);
    assert_int_equal(vm_call(vm, 1, 0, "keep", &e), 0);
    for (int i = 0; i < 2; i++) {
        struct json_doc *doc = NULL;
        assert_int_equal(json_parse("{\"a\": 1, \"b\": 2}", 16, NULL, &doc, &e), 0);
        value_begin(vm);
        int failed = vm_protect(vm, give_document, &(struct document){json_root(doc)}, 0, "t.odd", &e);
        value_end(vm);
        json_free(&doc);
        assert_int_equal(failed, i == 0 ? 0 : -1);
    }
    assert_non_null(strstr(e.text, "this payload is gone"));
    vm_free(&vm);
}

/* --- everything with anything ------------------------------------------------------------------------------------------------ */

/* Every function that can be reached, and every method of every object that comes back, with arguments of any kind. */
static const char monkey[] =
    "local function boom() error('boom') end\n"
    "local odd = setmetatable({}, { __index = boom, __newindex = boom, __len = boom, __eq = boom, __lt = boom, __call = boom, "
    "__tostring = boom, __pairs = boom, __close = boom, __concat = boom, __name = 7 })\n"
    "local liar = setmetatable({ 1, 2, 3 }, { __len = function() return 1e6 end, __index = function(_, k) return k end })\n"
    "local pool = { 0, 1, -1, 3, 64, 255, 1 << 20, math.maxinteger, math.mininteger, 0.5, 1e308, -1e308, 0/0, 1/0, -1/0, 2^63, "
    "'', "
    "'x', '\\0', '\\xff\\xfe\\x80', '%', '%s%d', '[', '[^', '(()', '%b', '%f', '%1', 'i16', 's8z', '2024-01-01', "
    "'Europe/Berlin', "
    "'../../etc/passwd', 'a.0.b', '{\"a\":[1,null]}', ('y'):rep(10000), true, false, json.null, print, boom, odd, liar, {}, { "
    "1, 2, 3 }, "
    "{ 0/0, 1, 'x' }, { a = 1 }, { 1, 2, nil, 4 }, json.array({}), coroutine.create(boom), coroutine.wrap(boom), "
    "{ 3, 1, 2, 5, 8, 13 }, { 1, 1, 2, 2, 3, 3 }, { { 1, 2 }, { 3, 4 } }, { 'a', 'b', 'a', 'b', 'c', 'c' }, 'hc3', 'median' }\n"
    "local base = #pool\n"
    "local calls = {}\n"
    "local function add(t) for _, v in next, t do\n"
    "  if type(v) == 'function' and v ~= print then calls[#calls + 1] = v\n"
    "  elseif type(v) == 'table' and v ~= t and v ~= _G and #calls < 300 then add(v) end end end\n"
    "add(_G)\n"
    "assert(#calls > 100)\n"
    "local methods = { 'add', 'indicator', 'absorb', 'coef', 'contrast', 'cov', 'residuals', 'sigma', 'uniform', 'normal', "
    "'integer', 'x', 1, '__gc', '__index' }\n"
    "return function()\n"
    "  local any = function() return pool[math.random(#pool)] end\n"
    "  for i = 1, ROUNDS do\n"
    "    local f, a = calls[math.random(#calls)], {}\n"
    "    if math.random(8) == 1 then local o, m = any(), methods[math.random(#methods)]\n"
    "      local ok, v = pcall(function() return o[m] end) if ok and type(v) == 'function' then f, a[1] = v, o end end\n"
    "    for k = #a + 1, math.random(0, 5) do a[k] = any() end\n"
    "    local ok, r = pcall(f, table.unpack(a, 1, 6))\n"
    "    if ok and type(r) ~= 'nil' and (type(r) ~= 'string' or #r < 100000) then pool[math.random(base - 20, base + 40)] = r "
    "end\n"
    "    for k = 1, base + 40 do if pool[k] == nil then pool[k] = k end end\n"
    "  end\nend";

static void any_function_takes_any_argument(void **state)
{
    (void)state;
    const char *rounds = getenv("TIDEMARK_TEST_ROUNDS");
    char *head = mem_printf("local ROUNDS = %s\n", rounds != NULL ? rounds : "20000");
    char *code = mem_printf("%s%s", head, monkey);
    struct vm_limits wide = {.memory = (size_t)256 << 20, .call_ms = 600000, .run_ms = 1200000, .stuck_ms = 60000};
    struct err e = {0};
    struct vm *vm = load(code, strlen(code), &wide, &e);
    if (vm == NULL)
        fail_msg("%s", e.text);
    if (vm_call(vm, 0, 0, "t.monkey", &e) != 0)
        fail_msg("%s", e.text);
    vm_free(&vm);
    mem_free(head);
    mem_free(code);
    neighbour_works();
}

/* --- ------------------------------------------------------------------------------------------------------------------------- */

static int make_dir(void **state)
{
    (void)state;
    const char *source = getenv("TIDEMARK_SOURCE");
    lib_dir = mem_printf("%s/lua", source != NULL ? source : ".");
    return mkdtemp(dir) == NULL;
}

static int remove_dir(void **state)
{
    (void)state;
    char *command = mem_printf("rm -rf '%s'", dir);
    int failed = system(command);
    mem_free(command);
    mem_free(lib_dir);
    return failed;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytecode_is_refused),
        cmocka_unit_test(doors_are_not_there),
        cmocka_unit_test(metatables_of_the_host_are_out_of_reach),
        cmocka_unit_test(loops_end),
        cmocka_unit_test(catching_does_not_help),
        cmocka_unit_test(coroutines_win_no_time),
        cmocka_unit_test(closing_wins_no_time),
        cmocka_unit_test(a_stopped_coroutine_stays_so),
        cmocka_unit_test(error_objects_do_no_harm),
        cmocka_unit_test(chains_of_metamethods_end),
        cmocka_unit_test(the_c_stack_is_bounded),
        cmocka_unit_test(require_does_not_run_away),
        cmocka_unit_test(the_lua_stack_is_bounded),
        cmocka_unit_test(memory_is_bounded),
        cmocka_unit_test(json_is_bounded),
        cmocka_unit_test(endless_loops_inside_c_are_refused),
        cmocka_unit_test(what_is_stuck_ends_the_process),
        cmocka_unit_test(garbage_is_answered),
        cmocka_unit_test(floods_are_counted),
        cmocka_unit_test(the_hosts_libraries_cannot_be_bent),
        cmocka_unit_test(a_payload_that_is_gone_cannot_be_walked),
        cmocka_unit_test(any_function_takes_any_argument),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
