/* Whatever a plugin does, its call ends within its budgets, with an error that names plugin, place and limit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "script/vm.h"

#include <lua.h>

static char dir[] = "/tmp/tidemark-vm-XXXXXX";

/* Writes code to a file, loads it in a small state, calls what it returns. */
static int run(const char *code, size_t len, struct err *e)
{
    char *path = mem_printf("%s/plugin.lua", dir);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(code, 1, len, f), len);
    fclose(f);
    const struct vm_limits limits = {.memory = (size_t)8 << 20, .call_ms = 50, .load_ms = 50, .stuck_ms = 200};
    struct vm *vm = vm_new("t", "/nowhere", dir, &limits);
    int rc = vm_load_file(vm, path, "plugins/t/plugin.lua", e);
    if (rc == 0) {
        rc = vm_call(vm, 0, 0, "t.odd", e);
        assert_int_equal(lua_gettop(vm_lua(vm)), 0);
    }
    vm_free(&vm);
    unlink(path);
    mem_free(path);
    return rc;
}

static void fails_with(const char *code, const char *text)
{
    struct err e = {0};
    assert_int_equal(run(code, strlen(code), &e), -1);
    if (strstr(e.text, text) == NULL)
        fail_msg("'%s' is not in: %s", text, e.text);
}

static void over_cpu(const char *code)
{
    struct err e = {0};
    assert_int_equal(run(code, strlen(code), &e), -1);
    if (strstr(e.text, "used more than 50 ms of CPU (limits.") == NULL)
        fail_msg("%s", e.text);
    assert_int_equal(e.kind, ERR_PLUGIN);
}

static void works(const char *code)
{
    struct err e = {0};
    if (run(code, strlen(code), &e) != 0)
        fail_msg("%s", e.text);
}

static void endless_code_is_stopped(void **state)
{
    (void)state;
    over_cpu("return function() while true do end end");
    over_cpu("return function() while true do pcall(function() while true do end end) end end");
    over_cpu(
        "return function() while true do xpcall(function() while true do end end, function() while true do end end) end end");
    over_cpu("return function() coroutine.wrap(function() while true do end end)() end");
    over_cpu("return function() while true do local co = coroutine.create(function() while true do end end) "
             "coroutine.resume(co) end end");
    over_cpu("local function tree() while true do pcall(coroutine.wrap(tree)) end end return tree");
    over_cpu("return function() local t <close> = setmetatable({}, { __close = function() while true do end end }) end");
    over_cpu("return function() error(setmetatable({}, { __tostring = function() while true do end end })) end");
    over_cpu("return function() local s = string.rep('x', 1 << 20) while true do s:upper():lower() end end");
}

static void a_budget_is_new_with_each_call(void **state)
{
    (void)state;
    struct err e = {0};
    char *path = mem_printf("%s/two.lua", dir);
    FILE *f = fopen(path, "w");
    fputs("local n = 0 return function() n = n + 1 while n == 1 do end end", f);
    fclose(f);
    const struct vm_limits limits = {.call_ms = 30};
    struct vm *vm = vm_new("t", "/nowhere", NULL, &limits);
    assert_int_equal(vm_load_file(vm, path, NULL, &e), 0);
    lua_pushvalue(vm_lua(vm), 1);
    assert_int_equal(vm_call(vm, 0, 0, "t.two", &e), -1);
    assert_int_equal(vm_call(vm, 0, 0, "t.two", &e), 0);
    vm_free(&vm);
    unlink(path);
    mem_free(path);
}

static void memory_is_capped(void **state)
{
    (void)state;
    fails_with("return function() local t = {} for i = 1, 1e9 do t[i] = { i } end end", "t.odd");
    fails_with("return function() local s = 'x' while true do s = s .. s end end",
               "t.odd: used more than 8 MiB of memory (limits.memory_mb)");
    fails_with("return function() return string.rep('x', 1 << 40) end", "t.odd");
    fails_with("return function() local s = string.rep('x', 1 << 30) end",
               "t.odd: used more than 8 MiB of memory (limits.memory_mb)");
    works("return function() assert(not pcall(string.rep, 'x', 1 << 30)) assert(#string.rep('x', 1000) == 1000) end");
    fails_with("return function() local d = stats.design(2000000) while true do d:indicator({}) end end",
               "t.odd: used more than 8 MiB of memory (limits.memory_mb)");
}

static void statistics_are_there(void **state)
{
    (void)state;
    works("return function() local d = stats.design(6) d:absorb({ 1, 1, 1, 2, 2, 2 }) local x = d:add({ 1, 2, 4, 1, 3, 4 }) "
          "local fit = assert(stats.ols(d, { 1, 2, 3, 4, 5, 7 })) local b, se = fit:coef(x) assert(b > 0.5 and se > 0) "
          "local j = assert(stats.jackknife(d, { 1, 2, 3, 4, 5, 7 }, { 'a', 'a', 'a', 'b', 'b', 'b' }, x)) "
          "assert(j.clusters == 2 and not getmetatable(d) and not pcall(fit.coef, d, 1)) end");
    works("return function() local none, why = stats.pearson({ 1, 2, 3 }, { 4, 4, 4 }) "
          "assert(none == nil and why:find('all values are equal')) end");
    fails_with("return function()\n stats.median({ 1, 'x' }) end",
               "t.odd (plugins/t/plugin.lua:2): bad argument #1: value 2 of the list is no number but string");
}

static void errors_say_plugin_and_place(void **state)
{
    (void)state;
    fails_with("return function()\n local a\n a.b = 1 end",
               "t.odd (plugins/t/plugin.lua:3): attempt to index a nil value (local 'a')\nstack traceback:");
    fails_with("return function() error({}) end", "t.odd (plugins/t/plugin.lua:1): table: ");
    fails_with("return function() error(setmetatable({}, { __tostring = function() error('no') end })) end",
               "an error object (a table) that cannot be shown as text");
    fails_with("return function() error() end", "t.odd (plugins/t/plugin.lua:1): nil");
    fails_with("local function f() return 1 + f() end return f", "t.odd: used more than 8 MiB of memory (limits.memory_mb)");
    fails_with("x = = 1", "plugins/t/plugin.lua:1: unexpected symbol near '='");
    fails_with("\nerror('bad')", "plugins/t/plugin.lua:2: bad");
    struct err e = {0};
    assert_int_equal(run("x = = 1", 7, &e), -1);
    assert_int_equal(e.kind, ERR_CONFIG);
    const char loop[] = "while true do end";
    assert_int_equal(run(loop, strlen(loop), &e), -1);
    assert_int_equal(e.kind, ERR_PLUGIN);
}

static void ways_out_are_closed(void **state)
{
    (void)state;
    works("return function() for _, n in ipairs { 'io', 'os', 'debug', 'load', 'loadfile', 'dofile', 'collectgarbage', "
          "'package' } do "
          "assert(_G[n] == nil, n) end assert(string.dump == nil) assert(getmetatable('') == false) end");
    fails_with("return function() setmetatable({}, { __gc = function() while true do end end }) end", "finalizers");
    fails_with("return function() require('../x') end", "no module name");
    fails_with("return function() require('nowhere.x') end", "no module 'nowhere.x'");
    const char bytecode[] = "\x1bLua garbage";
    struct err e = {0};
    assert_int_equal(run(bytecode, sizeof bytecode - 1, &e), -1);
    assert_non_null(strstr(e.text, "compiled Lua is not accepted"));
    works("return function() local a = math.random(1000000) assert(a == math.floor(a)) assert(math.randomseed == nil) end");
}

static void coroutines_still_work(void **state)
{
    (void)state;
    works("return function() local s = 0 for v in coroutine.wrap(function() for i = 1, 4 do coroutine.yield(i) end end) do s = "
          "s + v end "
          "assert(s == 10) local ok, why = pcall(coroutine.wrap(function() error('x') end)) assert(not ok and why:find('x')) "
          "local co = coroutine.create(function(a) local b = xpcall(function() return coroutine.yield(a) end, print) return b "
          "end) "
          "assert(select(2, coroutine.resume(co, 7)) == 7) assert(select(2, coroutine.resume(co, 8)) == true) end");
}

/* A pattern that backtracks for ever is inside C, where no hook reaches. */
static void a_pattern_bomb_ends_the_process(void **state)
{
    (void)state;
    static const char code[] =
        "return function() local s = string.rep('a', 4000) return s:find(string.rep('a-', 30) .. 'b') end";
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(fds[1], STDERR_FILENO);
        struct err e = {0};
        run(code, sizeof code - 1, &e);
        _exit(1);
    }
    close(fds[1]);
    char text[512] = "";
    ssize_t n = read(fds[0], text, sizeof text - 1);
    close(fds[0]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(n > 0 && WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 76);
    assert_string_equal(
        text,
        "tidemark: error: t.odd: used more than 50 ms of CPU (limits.call_ms) and is stuck inside a C function; stopped\n");
}

static int count_up(lua_State *L)
{
    (void)L;
    return 0;
}

static int spin(lua_State *L)
{
    const int64_t *ms = lua_touserdata(L, 1);
    struct timespec t;
    int64_t end = 0;
    do {
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
        int64_t now = (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
        end = end == 0 ? now + *ms : end;
        if (now >= end)
            return 0;
    } while (true);
}

static void what_is_counted_adds_up_over_a_run(void **state)
{
    (void)state;
    struct err e = {0};
    const struct vm_limits limits = {.rows = 10, .db_ms = 1500, .log_lines = 2, .output = 4096};
    struct vm *vm = vm_new("t", "/nowhere", NULL, &limits);
    struct vm_usage use;
    vm_run_begin(vm);
    assert_int_equal(vm_count(vm, VM_ROWS, 10), 0);
    assert_int_equal(vm_protect(vm, count_up, NULL, 0, "t.run", &e), 0);
    assert_int_equal(vm_hit(vm), VM_NONE);
    assert_int_equal(vm_count(vm, VM_ROWS, 1), -1);
    assert_int_equal(vm_count(vm, VM_ROWS, SIZE_MAX), -1); /* and does not wrap around */
    assert_int_equal(vm_hit(vm), VM_ROWS);
    assert_string_equal(vm_meter_name(vm_hit(vm)), "rows");
    assert_int_equal(vm_count(vm, VM_DB, 1500), 0);
    vm_run_end(vm);
    assert_int_equal(vm_protect(vm, count_up, NULL, 0, "t.cleanup", &e), 0);
    assert_int_equal(vm_hit(vm), VM_ROWS); /* what comes after a run leaves its counts */
    assert_string_equal(vm_limit_text(vm, VM_ROWS), "read or gave back more than 10 rows (limits.rows)");
    assert_string_equal(vm_limit_text(vm, VM_DB), "used more than 1500 ms of database time (limits.db_s)");
    assert_string_equal(vm_limit_text(vm, VM_OUTPUT), "put out more than 4 KiB (limits.output_mb)");
    assert_string_equal(vm_limit_text(vm, VM_LOG_LINES), "wrote more than 2 lines to the log (limits.log_lines)");
    assert_string_equal(vm_limit_text(vm, VM_CPU), "used more than 60 s of CPU (limits.cpu_s)");

    vm_run_begin(vm); /* a new run has all of it again */
    assert_int_equal(vm_hit(vm), VM_NONE);
    assert_int_equal(vm_count(vm, VM_ROWS, 3), 0);
    vm_run_end(vm);
    vm_usage(vm, &use);
    assert_int_equal(use.of[VM_ROWS].now, 3);
    assert_true(use.of[VM_ROWS].most > 10);
    assert_int_equal(use.of[VM_ROWS].limit, 10);
    assert_int_equal(use.of[VM_DB].most, 1500);
    assert_true(use.of[VM_MEMORY].now > 0 && use.of[VM_MEMORY].most >= use.of[VM_MEMORY].now);
    vm_free(&vm);
}

static void a_runs_slices_share_one_budget(void **state)
{
    (void)state;
    struct err e = {0};
    const struct vm_limits limits = {.cpu_ms = 100, .call_ms = 1};
    struct vm *vm = vm_new("t", "/nowhere", NULL, &limits);
    int64_t ms = 30, slices = 0;
    vm_run_begin(vm);
    while (slices < 100 && vm_protect(vm, spin, &ms, 0, "t.run", &e) == 0) /* call_ms does not count in a run */
        slices++;
    assert_true(slices >= 3 && slices < 20);
    assert_string_equal(e.text, "t.run: used more than 100 ms of CPU (limits.cpu_s)");
    assert_int_equal(vm_hit(vm), VM_CPU);
    vm_run_end(vm);
    assert_int_equal(vm_protect(vm, count_up, NULL, 0, "t.after", &e), 0); /* cleaning up */
    struct vm_usage use;
    vm_usage(vm, &use);
    assert_true(use.of[VM_CPU].most >= 100 && use.of[VM_CPU].limit == 100);
    vm_free(&vm);
}

static void a_run_has_a_deadline(void **state)
{
    (void)state;
    struct err e = {0};
    const struct vm_limits limits = {.run_ms = 50};
    struct vm *vm = vm_new("t", "/nowhere", NULL, &limits);
    vm_run_begin(vm);
    assert_true(vm_run_left_ms(vm) > 0);
    vm_run_extend(vm, INT64_C(3600000000000));
    assert_true(vm_run_left_ms(vm) > 3000000);
    vm_run_extend(vm, INT64_C(-1));
    vm_run_end(vm);
    assert_int_equal(vm_run_left_ms(vm), 0);
    vm_run_begin(vm);
    while (vm_run_left_ms(vm) > 0)
        usleep(1000); /* it waits between two slices */
    assert_int_equal(vm_protect(vm, count_up, NULL, 0, "t.run", &e), -1);
    assert_string_equal(e.text, "t.run: took longer than 50 ms (limits.run_s)");
    assert_int_equal(vm_hit(vm), VM_RUN);
    vm_run_end(vm);
    vm_free(&vm);
}

static int make_dir(void **state)
{
    (void)state;
    return mkdtemp(dir) == NULL;
}

static int remove_dir(void **state)
{
    (void)state;
    char *path = mem_printf("%s/plugin.lua", dir); /* left by the child that was ended */
    unlink(path);
    mem_free(path);
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(endless_code_is_stopped),
        cmocka_unit_test(a_budget_is_new_with_each_call),
        cmocka_unit_test(memory_is_capped),
        cmocka_unit_test(statistics_are_there),
        cmocka_unit_test(errors_say_plugin_and_place),
        cmocka_unit_test(ways_out_are_closed),
        cmocka_unit_test(coroutines_still_work),
        cmocka_unit_test(what_is_counted_adds_up_over_a_run),
        cmocka_unit_test(a_runs_slices_share_one_budget),
        cmocka_unit_test(a_run_has_a_deadline),
        cmocka_unit_test(a_pattern_bomb_ends_the_process),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
