/* The engine over the port: a thousand coroutines wait over four connections, with errors, cancels, killed backends and a server that
 * restarts; a hundred megabytes stream through little memory. All of it ends with nothing left: no handle, no descriptor, no
 * backend, no task. Seeds are fixed and printed. */
#include <lauxlib.h>
#include <lua.h>
#include <signal.h>

#include "port_fixture.h"

#include "script/run.h"

/* What was freed is kept by the sanitizer, for a while: here it would hide how little is in use. */
__attribute__((visibility("default"))) const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "quarantine_size_mb=4:thread_local_quarantine_size_kb=64";
}

struct stress {
    struct world w;
    struct vm *vm;
    const char *code; /* NULL: stress.lua */
    int64_t seed;
    int n;
    bool calm;
    char said[512];
    uv_timer_t trouble;
    int kills, restart_at, cancel_at;
};

static int push(lua_State *L, void *arg)
{
    const struct stress *s = arg;
    char *path = mem_printf("%s/tests/run/stress.lua", getenv("TIDEMARK_SOURCE"));
    int rc = s->code != NULL ? luaL_loadstring(L, s->code) : luaL_loadfile(L, path);
    mem_free(path);
    if (rc != LUA_OK)
        return lua_error(L);
    run_push_ctx(L);
    lua_pushinteger(L, s->seed);
    lua_pushinteger(L, s->n);
    lua_pushboolean(L, s->calm);
    return 4;
}

static void take_said(lua_State *L, int n, void *arg)
{
    struct stress *s = arg;
    if (n > 0)
        snprintf(s->said, sizeof s->said, "%s", lua_tostring(L, 1));
}

/* Kills one of the run's backends now and then, restarts the server once, or presses Ctrl-C. */
static void on_trouble(uv_timer_t *timer)
{
    struct stress *s = timer->data;
    if (strstr(s->w.logged, "calm") != NULL)
        return;
    s->kills++;
    if (s->kills == s->cancel_at) {
        raise(SIGINT);
    } else if (s->kills == s->restart_at) {
        control("restart -m fast");
        PQreset(s->w.f.side);
    } else if (s->cancel_at == 0) {
        PQclear(PQexec(s->w.f.side, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tidemark'"
                                    " ORDER BY random() LIMIT 1"));
    }
}

static void stress_open(struct stress *s, struct vm_limits limits)
{
    printf("seed %lld, %d coroutines\n", (long long)s->seed, s->n);
    world_open(&s->w, (struct db_pool_options){.retry_for_ms = 30000},
               (struct run_port_options){.writes = true, .db_ms = 600000});
    side(&s->w.f, "CREATE TABLE tidemark.stress (id bigint GENERATED ALWAYS AS IDENTITY, n bigint)");
    side(&s->w.f, "GRANT SELECT, INSERT ON tidemark.stress TO authenticated");
    char *lib = mem_printf("%s/lua", getenv("TIDEMARK_SOURCE"));
    s->vm = vm_new("stress", lib, NULL, &limits);
    mem_free(lib);
}

static int stress_run(struct stress *s, unsigned trouble_ms, struct err *e)
{
    struct run_options o = {.kind = RUN_JOB, .what = "stress.run", .port = s->w.port, .now = 1e9, .as_of = 1e9};
    struct run_code code = {.push = push, .take = take_said, .arg = s};
    if (trouble_ms > 0) {
        uv_timer_init(loop_uv(s->w.f.loop), &s->trouble);
        s->trouble.data = s;
        uv_timer_start(&s->trouble, on_trouble, trouble_ms, trouble_ms);
    }
    int rc = run_function(s->vm, &o, &code, NULL, e);
    if (trouble_ms > 0) {
        uv_close((uv_handle_t *)&s->trouble, NULL);
        loop_poll(s->w.f.loop);
    }
    return rc;
}

static void nothing_is_left(struct stress *s)
{
    run_port_close(&s->w.run);
    for (int i = 0;
         i < 2000 && strcmp(side(&s->w.f, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tidemark'"), "0");
         i++)
        loop_sleep(s->w.f.loop, 10);
    assert_string_equal(side(&s->w.f, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tidemark'"), "0");
    assert_string_equal(side(&s->w.f, "SELECT count(*) FROM pg_prepared_xacts"), "0");
    vm_free(&s->vm);
    world_close(&s->w);
}

static long number_of(const struct stress *s, const char *word)
{
    const char *at = strstr(s->said, word);
    assert_non_null(at);
    return strtol(at + strlen(word), NULL, 10);
}

static const struct vm_limits roomy = {
    .memory = 256u << 20, .run_ms = 600000, .cpu_ms = 600000, .db_ms = 600000, .rows = 100000000};

static void one_round(int64_t seed, int n, bool calm)
{
    struct stress s = {.seed = seed, .n = n, .calm = calm, .restart_at = calm ? 0 : 8};
    struct err e = {0};
    stress_open(&s, roomy);
    if (stress_run(&s, calm ? 0 : 60, &e) != 0)
        fail_msg("%s", e.text);
    printf("  %s\n", s.said);
    assert_int_equal(number_of(&s, "done "), n);
    long kept = number_of(&s, "kept "), unsure = number_of(&s, "unsure ");
    long there = strtol(side(&s.w.f, "SELECT count(*) FROM tidemark.stress"), NULL, 10);
    assert_true(there >= kept && there <= kept + unsure);
    if (calm)
        assert_int_equal(unsure + number_of(&s, "lost "), 0);
    nothing_is_left(&s);
}

static void a_thousand_coroutines_share_four_connections(void **state)
{
    (void)state;
    one_round(20240301, 1000, true);
}

static void they_live_through_kills_and_a_restart(void **state)
{
    (void)state;
    one_round(20240302, 1000, false);
}

/* A hundred each: with a full collection at every step a thousand take minutes. TIDEMARK_TEST_TORTURE=1000 is the full number. */
static void and_with_a_collector_that_never_rests(void **state)
{
    (void)state;
    const char *wanted = getenv("TIDEMARK_TEST_TORTURE");
    int n = wanted != NULL ? (int)strtol(wanted, NULL, 10) : 100;
    setenv("TIDEMARK_TORTURE", "1", 1);
    one_round(20240303, n, true);
    one_round(20240304, n, false);
    unsetenv("TIDEMARK_TORTURE");
}

static void a_signal_ends_all_of_them(void **state)
{
    (void)state;
    struct stress s = {.seed = 20240305, .n = 1000, .cancel_at = 3};
    struct err e = {0};
    s.code = "local ctx, _, n = ... local t = {} for i = 1, n do t[i] = function()"
             " if i % 2 == 0 then ctx.sleep(600) else ctx.db.query('SELECT pg_sleep(600)') end end end ctx.parallel(t)";
    stress_open(&s, roomy);
    loop_catch_signals(s.w.f.loop);
    assert_int_equal(stress_run(&s, 50, &e), -1);
    assert_int_equal(e.kind, ERR_CANCELLED);
    contains(e.text, "stress.run: stopped by a signal");
    nothing_is_left(&s);
}

/* kB, of what the process had in memory at most since the last look. */
static long peak_kb(bool reset)
{
    char line[256];
    long kb = 0;
    FILE *f = fopen("/proc/self/status", "re");
    while (f != NULL && fgets(line, sizeof line, f) != NULL)
        if (strncmp(line, "VmHWM:", 6) == 0)
            kb = strtol(line + 6, NULL, 10);
    if (f != NULL)
        fclose(f);
    f = reset ? fopen("/proc/self/clear_refs", "we") : NULL;
    if (f != NULL) {
        fputs("5", f);
        fclose(f);
    }
    return kb;
}

static void a_hundred_megabytes_stream_through_little_memory(void **state)
{
    (void)state;
    struct stress s = {.seed = 0, .n = 100000};
    struct vm_limits tight = roomy;
    struct err e = {0};
    size_t now = 0, most = 0;
    tight.memory = 8u << 20;
    s.code = "local ctx, _, n = ... local bytes, rows = 0, 0"
             " for row in ctx.db.each(\"SELECT g AS n, repeat('x', 1000) AS body FROM generate_series(1, $1) g\", n) do"
             " rows = rows + 1 bytes = bytes + #row.body assert(row.n == rows) end"
             " return ('rows %d bytes %d'):format(rows, bytes)";
    stress_open(&s, tight);
    peak_kb(true);
    long before = peak_kb(true);
    if (stress_run(&s, 0, &e) != 0)
        fail_msg("%s", e.text);
    long grown = peak_kb(false) - before;
    assert_string_equal(s.said, "rows 100000 bytes 100000000");
    vm_memory(s.vm, &now, &most);
    printf("  the state had %zu kB at most, the process grew by %ld kB\n", most / 1024, grown);
    assert_in_range(most, 1, 8u << 20);
    assert_in_range(grown < 0 ? 0 : grown, 0, 48 * 1024);
    nothing_is_left(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thousand_coroutines_share_four_connections),
        cmocka_unit_test(they_live_through_kills_and_a_restart),
        cmocka_unit_test(and_with_a_collector_that_never_rests),
        cmocka_unit_test(a_signal_ends_all_of_them),
        cmocka_unit_test(a_hundred_megabytes_stream_through_little_memory),
    };
    log_set_level(LOG_ERROR); /* that idle connections were lost is what the test is about */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
