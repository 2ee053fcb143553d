/* Each limit of a run, its text and its key; and ctx.state, which the next run finds. */
#include "run_fake.h"

static struct fake f;

static struct ran limited(struct vm_limits limits, const char *body)
{
    struct vm *vm = fake_vm(body, &limits);
    struct ran ran = fake_run(&f, vm, (struct run_options){.kind = RUN_JOB}, NULL);
    vm_free(&vm);
    return ran;
}

static void cpu_and_memory(void **state)
{
    (void)state;
    fake_init(&f);
    fails_with(limited((struct vm_limits){.cpu_ms = 50}, "ctx.sleep(1) while true do end"), ERR_PLUGIN,
               "t.x (plugins/t/plugin.lua:2): used more than 50 ms of CPU (limits.cpu_s)");
    fails_with(limited((struct vm_limits){.cpu_ms = 50}, "while true do pcall(function() while true do end end) end"),
               ERR_PLUGIN, "used more than 50 ms of CPU (limits.cpu_s)");
    /* it adds up over all slices */
    fails_with(limited((struct vm_limits){.cpu_ms = 50}, "while true do for i = 1, 1e4 do end ctx.sleep(0) end"), ERR_PLUGIN,
               "used more than 50 ms of CPU (limits.cpu_s)");
    fails_with(limited((struct vm_limits){.cpu_ms = 1000}, "ctx.parallel(function() ctx.sleep(1) while true do end end)"),
               ERR_PLUGIN, "used more than 1 s of CPU (limits.cpu_s)");
    fails_with(limited((struct vm_limits){.memory = (size_t)2 << 20}, "local t = {} while true do t[#t + 1] = {} end"),
               ERR_PLUGIN, "t.x (plugins/t/plugin.lua:2): used more than 2 MiB of memory (limits.memory_mb)");
    fake_end(&f);
}

static void the_run_itself(void **state)
{
    (void)state;
    fake_init(&f);
    f.real_time = true;
    f.reply[0] = (struct reply){.match = "hang", .hangs = true};
    fails_with(limited((struct vm_limits){.run_ms = 40}, "ctx.db.query('hang')"), ERR_PLUGIN,
               "t.x (plugins/t/plugin.lua:2): took longer than 40 ms (limits.run_s)");
    fails_with(limited((struct vm_limits){.run_ms = 40}, "while true do pcall(ctx.sleep, 0.001) end"), ERR_PLUGIN,
               "took longer than 40 ms (limits.run_s)");
    fails_with(
        limited((struct vm_limits){.run_ms = 40},
                "ctx.parallel(function() ctx.db.tx(function(tx) tx.query('hang') end) end, function() while true do end end)"),
        ERR_PLUGIN, "took longer than 40 ms (limits.run_s)");
    fake_end(&f);
}

static void the_database_s_time(void **state)
{
    (void)state;
    fake_init(&f);
    f.real_time = true;
    f.reply[0] = (struct reply){.match = "hang", .hangs = true};
    fails_with(limited((struct vm_limits){.db_ms = 20}, "ctx.db.query('hang')"), ERR_PLUGIN,
               "t.x (plugins/t/plugin.lua:2): ctx.db.query: used more than 20 ms of database time (limits.db_s)");
    assert_has(f.calls.data, "cancel");
    fails_with(limited((struct vm_limits){.db_ms = 20}, "while true do pcall(ctx.db.query, 'hang') end"), ERR_PLUGIN,
               "used more than 20 ms of database time (limits.db_s)");
    gives(limited((struct vm_limits){.db_ms = 20}, "local ok, e = pcall(ctx.db.query, 'hang')\n"
                                                   "local ok, again = pcall(ctx.db.tx, function() end)\n"
                                                   "ctx.sleep(0.01) return e.kind, e.code, again.code"),
          "budget budget_db budget_db");
    fake_end(&f);
    fake_init(&f); /* the host has counted it */
    f.reply[0] = (struct reply){.match = "SELECT",
                                .err = {.kind = ERR_PLUGIN, .text = "used more than 60 s of database time (limits.db_s)"}};
    fails_with(run_job(&f, "ctx.db.query('SELECT')"), ERR_PLUGIN,
               "ctx.db.query: used more than 60 s of database time (limits.db_s)");
    fake_end(&f);
}

static void rows_log_lines_and_output(void **state)
{
    (void)state;
    const char *const cells[] = {"1", "2", "3", "4"};
    fake_init(&f);
    f.reply[0] = (struct reply){.match = "SELECT", .columns = "n:20", .cells = cells, .n_row = 4, .repeat = 100};
    struct vm_limits ten = {.rows = 10, .log_lines = 3, .output = 1024};
    fails_with(limited(ten, "for i = 1, 3 do ctx.db.query('SELECT') end"), ERR_PLUGIN,
               "ctx.db.query: read or gave back more than 10 rows (limits.rows)");
    gives(limited(ten, "local n = 0\n"
                       "local ok, e = pcall(function() for row in ctx.db.each('SELECT') do n = n + 1 end end)\n"
                       "return n, e.code, e.kind"),
          "8 budget_rows budget");
    fails_with(limited(ten, "for i = 1, 4 do ctx.log.warn('line ' .. i) end"), ERR_PLUGIN,
               "ctx.log.warn: wrote more than 3 lines to the log (limits.log_lines)");
    assert_string_equal(f.logged.data, "2 line 1;2 line 2;2 line 3;");
    fails_with(limited(ten, "ctx.log(('x'):rep(2000))"), ERR_PLUGIN,
               "ctx.log.info: put out more than 1 KiB (limits.output_mb)");
    fails_with(limited(ten, "while true do pcall(ctx.log, 'x') end"), ERR_PLUGIN, "wrote more than 3 lines to the log");
    fake_end(&f);
}

static void lines_of_the_log_are_lines(void **state)
{
    (void)state;
    fake_init(&f);
    gives(run_job(
              &f,
              "ctx.log('a\\nb') ctx.log.debug(7) ctx.log.error(setmetatable({}, { __tostring = function() return 't' end }))"),
          "");
    assert_string_equal(f.logged.data, "1 a b;0 7;3 t;");
    fake_end(&f);
}

static void memory_does_not_grow_with_what_is_over(void **state)
{
    (void)state;
    fake_init(&f);
    const char *const cells[] = {"1"};
    f.reply[0] = (struct reply){.match = "SELECT", .columns = "n:20", .cells = cells, .n_row = 1, .repeat = 3};
    gives(limited(
              (struct vm_limits){.memory = (size_t)1 << 20},
              "for i = 1, 2000 do\n"
              "  ctx.parallel(function() ctx.db.tx(function(tx) tx.query('SELECT') end) end, function() pcall(error, i) end)\n"
              "  for row in ctx.db.each('SELECT') do break end\n"
              "end return 'done'"),
          "done");
    fake_end(&f);
}

/* --- ctx.state ------------------------------------------------------------------------------------------------------------------- */

static struct ran with_state(enum run_kind kind, const char *stored, const char *body, struct buf *unsaved)
{
    struct vm *vm = fake_vm(body, NULL);
    struct ran ran = fake_run(&f, vm, (struct run_options){.kind = kind, .state = stored}, unsaved);
    vm_free(&vm);
    return ran;
}

static void state_goes_with_the_next_commit(void **state)
{
    (void)state;
    fake_init(&f);
    gives(with_state(RUN_JOB, "{\"n\": 1, \"deep\": {\"list\": [1, 2]}, \"old\": true, \"same\": null}",
                     "local s = ctx.state\n"
                     "s.n = s.n + 1 s.deep.list[3] = 3 s.old = nil s.new = 'x'\n"
                     "ctx.db.exec('UPDATE')\n"
                     "ctx.db.tx(function() end)\n"
                     "s.n = 5\n"
                     "pcall(ctx.db.tx, function() s.m = 1 error('no') end)\n"
                     "return s.same == json.null",
                     NULL),
          "true");
    const char *calls = f.calls.data;
    assert_has(calls, "write UPDATE state {");
    assert_has(calls, "\"n\":2");
    assert_has(calls, "\"deep\":{\"list\":[1,2,3]}");
    assert_has(calls, "\"old\":null");
    assert_has(calls, "\"new\":\"x\"");
    assert_null(strstr(calls, "same"));
    assert_has(calls, "};begin;commit;begin;rollback;begin;commit state {");
    assert_has(calls, "\"m\":1");
    assert_has(calls, "\"n\":5");
    fake_end(&f);
}

static void state_that_is_not_touched_costs_nothing(void **state)
{
    (void)state;
    fake_init(&f);
    gives(with_state(RUN_JOB, "{\"n\": 1}", "ctx.db.exec('UPDATE') return ctx.state.n", NULL), "1");
    gives(with_state(RUN_JOB, NULL, "ctx.db.exec('UPDATE')", NULL), "");
    assert_string_equal(f.calls.data, "write UPDATE;write UPDATE;");
    fake_end(&f);
}

static void a_commit_that_fails_keeps_no_state(void **state)
{
    (void)state;
    fake_init(&f);
    f.reply[0] = (struct reply){.match = "UPDATE", .err = {.kind = ERR_BUG, .sqlstate = "22012", .text = "division by zero"}};
    gives(with_state(RUN_JOB, NULL, "ctx.state.n = 1 return pcall(ctx.db.exec, 'UPDATE') and 1 or 0", NULL), "0");
    assert_string_equal(f.calls.data, "write UPDATE state {\"n\":1};begin;commit state {\"n\":1};");
    fake_end(&f);
    fake_init(&f);
    f.reply[0] = (struct reply){.match = "commit", .err = {.kind = ERR_LOST, .text = "gone"}};
    fails_with(with_state(RUN_JOB, NULL, "ctx.state.n = 1", NULL), ERR_LOST, "t.x: ctx.state could not be kept: gone");
    fails_with(with_state(RUN_JOB, NULL, "ctx.state.n = 1 error('x')", NULL), ERR_PLUGIN, "x");
    assert_string_equal(f.calls.data, "begin;commit state {\"n\":1};");
    fake_end(&f);
}

static void a_rule_hands_its_state_on(void **state)
{
    (void)state;
    struct buf unsaved = {0};
    fake_init(&f);
    gives(with_state(RUN_RULE, "{\"n\": 1}", "ctx.db.tx(function() ctx.state.n = 2 end)", &unsaved), "");
    assert_string_equal(unsaved.data, "{\"n\":2}");
    gives(with_state(RUN_RULE, "{\"n\": 1}", "return ctx.state.n", &unsaved), "1");
    assert_string_equal(unsaved.data, "");
    assert_string_equal(f.calls.data, "begin read;commit;");
    buf_free(&unsaved);
    fake_end(&f);
}

static void state_is_json(void **state)
{
    (void)state;
    fake_init(&f);
    fails_with(with_state(RUN_JOB, NULL, "ctx.state.f = print", NULL), ERR_PLUGIN, "ctx.state.f: a function cannot be JSON");
    fails_with(with_state(RUN_JOB, NULL, "ctx.state[1] = 1", NULL), ERR_PLUGIN, "ctx.state: keys are texts, not a number");
    fails_with(with_state(RUN_JOB, NULL, "ctx.state = {}", NULL), ERR_PLUGIN, "ctx.state is a table that is there already");
    fails_with(with_state(RUN_JOB, NULL, "ctx.state.f = print ctx.db.tx(function() end)", NULL), ERR_PLUGIN,
               "ctx.state.f: a function cannot be JSON");
    fails_with(with_state(RUN_REPORT, "{\"a\": {}}", "ctx.state.a.x = 1", NULL), ERR_PLUGIN,
               "ctx.state was changed by a report, which only reads");
    gives(with_state(RUN_REPORT, "{\"a\": 1, \"b\": 2}",
                     "local n = 0 for k, v in pairs(ctx.state) do n = n + v end return n, ctx.state.c", NULL),
          "3 nil");
    assert_string_equal(f.calls.data, "begin;rollback;");
    fake_end(&f);
}

static void config_is_read_only(void **state)
{
    (void)state;
    fake_init(&f);
    struct vm *vm = fake_vm("local n = 0 for k in pairs(ctx.config) do n = n + 1 end\n"
                            "return ctx.config.region, ctx.config.list[2], n, ctx.config.none",
                            NULL);
    gives(fake_run(&f, vm, (struct run_options){.kind = RUN_REPORT, .config = "{\"region\": \"DE\", \"list\": [1, 2]}"}, NULL),
          "DE 2 2 nil");
    vm_free(&vm);
    fake_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cpu_and_memory),
        cmocka_unit_test(the_run_itself),
        cmocka_unit_test(the_database_s_time),
        cmocka_unit_test(rows_log_lines_and_output),
        cmocka_unit_test(lines_of_the_log_are_lines),
        cmocka_unit_test(memory_does_not_grow_with_what_is_over),
        cmocka_unit_test(state_goes_with_the_next_commit),
        cmocka_unit_test(state_that_is_not_touched_costs_nothing),
        cmocka_unit_test(a_commit_that_fails_keeps_no_state),
        cmocka_unit_test(a_rule_hands_its_state_on),
        cmocka_unit_test(state_is_json),
        cmocka_unit_test(config_is_read_only),
    };
    return run_twice(tests);
}
