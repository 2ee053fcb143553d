/* Waiting: when an answer comes, who goes on, and what a cancelled or failed task leaves behind (nothing). */
#include "run_fake.h"

static const char *const one_cell[] = {"7"};

static struct fake start(void)
{
    return (struct fake){0};
}

static void a_run_sees_its_clock_and_returns(void **state)
{
    (void)state;
    struct fake f = start();
    fake_init(&f);
    gives(run_job(&f, "return ctx.now, ctx.as_of, ctx.config.x"), "100.5 50 nil");
    fake_end(&f);
}

static void a_query_waits(void **state)
{
    (void)state;
    for (int early = 0; early < 2; early++) {
        struct fake f;
        fake_init(&f);
        f.early = early;
        f.reply[0] = (struct reply){.match = "SELECT", .columns = "n:20", .cells = one_cell, .n_row = 1};
        gives(run_job(&f, "local rows = ctx.db.query('SELECT 7 AS n')\n"
                          "return #rows, rows[1].n + 1, rows.columns[1], ctx.db.value('SELECT 1'), ctx.db.one('SELECT 1').n"),
              "1 8 n 7 7");
        assert_string_equal(f.calls.data, "read SELECT 7 AS n;read SELECT 1;read SELECT 1;");
        fake_end(&f);
    }
}

static void sleepers_wake_in_order(void **state)
{
    (void)state;
    struct fake f;
    fake_init(&f);
    gives(run_job(&f, "local order = {}\n"
                      "local function nap(s) return function() ctx.sleep(s) order[#order + 1] = s return s * 10 end end\n"
                      "local a, b, c = ctx.parallel(nap(3), nap(1), nap(2))\n"
                      "return a, b, c, table.concat(order, ',')"),
          "30 10 20 1,2,3");
    fake_end(&f);
}

static void parallel_takes_a_list_too(void **state)
{
    (void)state;
    struct fake f;
    fake_init(&f);
    gives(run_job(&f, "local list = {}\n"
                      "for i = 1, 1000 do list[i] = function() ctx.sleep((i * 7919) % 13) return i end end\n"
                      "local got, sum = ctx.parallel(list), 0\n"
                      "for i = 1, 1000 do assert(got[i] == i) sum = sum + got[i] end\n"
                      "return #got, sum, #ctx.parallel({}), select('#', ctx.parallel())"),
          "1000 500500 0 0");
    assert_true(f.most_waiting > 1000);
    fake_end(&f);
}

static void the_first_error_cancels_the_others(void **state)
{
    (void)state;
    struct fake f;
    fake_init(&f);
    gives(run_job(&f, "local seen = {}\n"
                      "local ok, e = pcall(ctx.parallel, function()\n"
                      "  local ok, e = pcall(ctx.sleep, 100)\n"
                      "  seen[#seen + 1] = e.kind\n"
                      "  seen[#seen + 1] = select(2, pcall(ctx.sleep, 1)).kind\n"
                      "end, function() ctx.sleep(1) error('first') end,\n"
                      "function() ctx.parallel(function() ctx.sleep(50) seen[#seen + 1] = 'no' end) end)\n"
                      "return ok, e, table.concat(seen, ','), ctx.now"),
          "false plugins/t/plugin.lua:7: first cancelled,cancelled 100.5");
    assert_true(f.now_ms < 60000 && f.now_ms >= 1000);
    fake_end(&f);
}

static void an_error_of_a_task_keeps_its_place(void **state)
{
    (void)state;
    struct fake f;
    fake_init(&f);
    struct ran ran = run_job(&f, "ctx.parallel(function() ctx.sleep(1) end, function()\n"
                                 "  local function deep() error('deep down') end\n"
                                 "  ctx.sleep(0) deep()\n"
                                 "end)");
    fails_with(ran, ERR_PLUGIN, "t.x (plugins/t/plugin.lua:3): deep down\nstack traceback:");
    assert_has(ran.err.text, "in local 'deep'");
    fake_end(&f);
}

static void waiting_in_an_own_coroutine_is_an_error(void **state)
{
    (void)state;
    struct fake f;
    fake_init(&f);
    fails_with(run_job(&f, "return coroutine.wrap(function() return ctx.db.query('SELECT 1') end)()"), ERR_PLUGIN,
               "ctx.db.query waits, so it cannot be called inside a coroutine of your own");
    fails_with(run_job(&f, "table.sort({1, 2, 3}, function(a, b) ctx.sleep(1) return a < b end)"), ERR_PLUGIN,
               "ctx.sleep waits, so it cannot be called from a function that table.sort, string.gsub, a metamethod");
    fails_with(run_job(&f, "coroutine.yield(1)"), ERR_PLUGIN,
               "t.x (plugins/t/plugin.lua:2): coroutine.yield may be called inside a coroutine of your own only");
    gives(run_job(&f, "local co = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end)\n"
                      "local a = co() ctx.sleep(1) return a + co()"),
          "3");
    fake_end(&f);
}

static void a_signal_cancels(void **state)
{
    (void)state;
    struct fake f;
    fake_init(&f);
    f.reply[0] = (struct reply){.match = "SELECT", .hangs = true};
    f.interrupt_at = 2;
    fails_with(run_job(&f, "ctx.sleep(1)\n"
                           "local ok, e = pcall(ctx.db.query, 'SELECT 1')\n"
                           "ctx.log(e.kind)\n"
                           "local ok, again = pcall(ctx.sleep, 1)\n"
                           "ctx.log(again.kind .. ' ' .. tostring(again))\n"
                           "return 1"),
               ERR_CANCELLED, "t.x: stopped by a signal");
    assert_string_equal(f.logged.data, "1 cancelled;1 cancelled ctx.sleep: was cancelled;");
    assert_string_equal(f.calls.data, "read SELECT 1;cancel;");
    fake_end(&f);
}

static void a_signal_ends_code_that_computes(void **state)
{
    (void)state;
    struct fake f;
    fake_init(&f);
    struct vm *vm = fake_vm("ctx.sleep(1) ctx.log('x') while true do pcall(string.rep, 'x', 10) end", NULL);
    f.stopped = vm;
    fails_with(fake_run(&f, vm, (struct run_options){.kind = RUN_JOB}, NULL), ERR_CANCELLED, "t.x: stopped by a signal");
    vm_free(&vm);
    fake_end(&f);
}

static void who_swallows_it_for_ever_is_stopped(void **state)
{
    (void)state;
    struct fake f;
    fake_init(&f);
    f.interrupt_at = 1;
    fails_with(run_job(&f, "while true do pcall(ctx.sleep, 1) end"), ERR_CANCELLED, "t.x: stopped by a signal");
    fake_end(&f);
}

static void a_commit_is_waited_for_whatever_comes(void **state)
{
    (void)state;
    struct fake f;
    fake_init(&f);
    f.interrupt_at = 3; /* begin, exec, commit */
    fails_with(run_job(&f, "ctx.db.tx(function(tx) tx.exec('DELETE') end) ctx.log('kept')"), ERR_CANCELLED,
               "stopped by a signal");
    assert_string_equal(f.calls.data, "begin;tx write DELETE;commit;");
    assert_string_equal(f.logged.data, "1 kept;");
    fake_end(&f);
}

static void a_task_that_ends_leaves_nothing(void **state)
{
    (void)state;
    struct fake f;
    fake_init(&f);
    f.reply[0] = (struct reply){.match = "hang", .hangs = true};
    f.reply[1] = (struct reply){.match = "SELECT", .columns = "n:20", .cells = one_cell, .n_row = 1, .repeat = 9};
    fails_with(run_job(&f, "kept = {}\n"
                           "ctx.parallel(function() kept.each = ctx.db.each('SELECT 1') kept.each() end,\n"
                           "  function() ctx.db.tx(function(tx) kept.tx = tx tx.query('hang') end) end,\n"
                           "  function() ctx.db.query('hang') end,\n"
                           "  function() ctx.sleep(1) error('over') end)"),
               ERR_PLUGIN, "t.x (plugins/t/plugin.lua:6): over");
    fake_end(&f);
}

static void what_was_kept_of_a_run_is_dead(void **state)
{
    (void)state;
    struct fake f;
    fake_init(&f);
    f.reply[0] = (struct reply){.match = "SELECT", .columns = "n:20", .cells = one_cell, .n_row = 1, .repeat = 3};
    struct vm *vm = fake_vm("if old then\n"
                            "  local ok, e = pcall(old.tx.query, 'SELECT 1')\n"
                            "  return tostring(e), (old.each())\n"
                            "end\n"
                            "old = {}\n"
                            "old.each = ctx.db.each('SELECT 1')\n"
                            "assert(old.each().n == 7)\n"
                            "ctx.db.tx(function(tx) old.tx = tx end)\n",
                            NULL);
    gives(fake_run(&f, vm, (struct run_options){.kind = RUN_JOB}, NULL), "");
    gives(fake_run(&f, vm, (struct run_options){.kind = RUN_JOB}, NULL),
          "tx.query: the transaction is over: tx may be used inside the function that ctx.db.tx called only nil");
    vm_free(&vm);
    fake_end(&f);
}

static void answers_in_any_order(void **state)
{
    (void)state;
    for (int seed = 1; seed <= 20; seed++) {
        struct fake f;
        fake_init(&f);
        f.random = seed;
        f.early = seed % 5 == 0;
        f.reply[0] = (struct reply){.match = "bad", .err = {.kind = ERR_BUG, .sqlstate = "23505", .text = "twice"}};
        f.reply[1] = (struct reply){.match = "SELECT", .columns = "n:20", .cells = one_cell, .n_row = 1};
        gives(run_job(&f, "local list, sum, bad = {}, 0, 0\n"
                          "for i = 1, 100 do list[i] = function()\n"
                          "  for k = 1, 5 do\n"
                          "    if (i + k) % 9 == 0 then\n"
                          "      if not pcall(ctx.db.tx, function(tx) tx.exec('bad') end) then bad = bad + 1 end\n"
                          "    elseif (i + k) % 7 == 0 then ctx.sleep(0.01)\n"
                          "    else local v = ctx.db.value('SELECT 7') sum = sum + v end\n"
                          "  end\n"
                          "end end\n"
                          "ctx.parallel(list)\n"
                          "return sum, bad"),
              "2653 55");
        fake_end(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_sees_its_clock_and_returns),
        cmocka_unit_test(a_query_waits),
        cmocka_unit_test(sleepers_wake_in_order),
        cmocka_unit_test(parallel_takes_a_list_too),
        cmocka_unit_test(the_first_error_cancels_the_others),
        cmocka_unit_test(an_error_of_a_task_keeps_its_place),
        cmocka_unit_test(waiting_in_an_own_coroutine_is_an_error),
        cmocka_unit_test(a_signal_cancels),
        cmocka_unit_test(a_signal_ends_code_that_computes),
        cmocka_unit_test(who_swallows_it_for_ever_is_stopped),
        cmocka_unit_test(a_commit_is_waited_for_whatever_comes),
        cmocka_unit_test(a_task_that_ends_leaves_nothing),
        cmocka_unit_test(what_was_kept_of_a_run_is_dead),
        cmocka_unit_test(answers_in_any_order),
    };
    return run_twice(tests);
}
