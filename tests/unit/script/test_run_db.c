/* ctx.db: values both ways, transactions, cursors, and the errors that a plugin can catch. */
#include "run_fake.h"

static struct fake f;

/* What a cell of a type becomes: Lua expression on v. */
static void cell(const char *type, const char *text, const char *expression, const char *result)
{
    char columns[32], body[300];
    const char *const cells[] = {text};
    snprintf(columns, sizeof columns, "v:%s", type);
    snprintf(body, sizeof body, "local v = ctx.db.value('SELECT') return %s", expression);
    fake_init(&f);
    f.reply[0] = (struct reply){.match = "SELECT", .columns = columns, .cells = cells, .n_row = 1};
    struct ran ran = run_job(&f, body);
    if (ran.rc != 0 || strcmp(ran.result, result) != 0)
        fail_msg("%s of type %s: %s gives '%s', not '%s' %s", text, type, expression, ran.result, result, ran.err.text);
    fake_end(&f);
}

/* What a parameter is sent as. */
static void param(const char *expression, const char *sent)
{
    char body[300];
    fake_init(&f);
    f.reply[0] = (struct reply){.match = "SELECT"};
    snprintf(body, sizeof body, "ctx.db.query('SELECT $1', %s)", expression);
    gives(run_job(&f, body), "");
    assert_int_equal(f.n_param, 1);
    if (strcmp(f.param_text[0], sent) != 0)
        fail_msg("%s is sent as %s, not as %s", expression, f.param_text[0], sent);
    fake_end(&f);
}

static void bad(const char *body, const char *text)
{
    fake_init(&f);
    f.reply[0] = (struct reply){.match = "SELECT"};
    fails_with(run_job(&f, body), ERR_PLUGIN, text);
    fake_end(&f);
}

static void numbers_lose_nothing(void **state)
{
    (void)state;
    cell("20", "9223372036854775807", "v == math.maxinteger, math.type(v)", "true integer");
    cell("20", "-9223372036854775808", "v == math.mininteger", "true");
    cell("21", "-5", "v", "-5");
    cell("701", "0.1", "v == 0.1, math.type(v)", "true float");
    cell("701", "3", "math.type(v)", "float");
    cell("701", "NaN", "v ~= v", "true");
    cell("701", "-Infinity", "v == -math.huge", "true");
    cell("1700", "12345678901234567890.123456789", "v", "12345678901234567890.123456789");
    cell("1700", "12.30", "v, v:tonumber() == 12.3, v + 1, v * v, v - v, -v", "12.30 true 13.30 151.2900 0.00 -12.30");
    cell("1700", "12.30", "v > 12, v < 12.31, v == v, v <= 12.3, v / 2", "true true true true 6.15");
    cell("1700", "12", "math.type(v)", "integer");
    cell("1700", "9223372036854775808", "v, v + 1, v - 1, v:tonumber()",
         "9223372036854775808 9223372036854775809 9223372036854775807 9.2233720368548e+18");
    cell("1700", "-0.05", "v + 0.05, v * 100, 'a' .. v, math.type((v * 100):tonumber()), json.encode({ v })",
         "0.0 -5.00 a-0.05 integer [-0.05]");
    cell("1700", "NaN", "v, v > 1, v < 1, v + 1 ~= v + 1", "NaN false false true");
    cell("1700", "Infinity", "v, v > 1, v + 1", "Infinity true inf");
    cell("16", "t", "v", "true");
    cell("16", "f", "v", "false");
    cell("20", NULL, "v", "nil");
}

static void times_keep_their_microseconds(void **state)
{
    (void)state;
    cell("1184", "2024-01-02 03:04:05.678901+00", "string.format('%.6f', v)", "1704164645.678901");
    cell("1184", "2024-01-02 03:04:05+00", "v, math.type(v)", "1704164645 integer");
    cell("1184", "2024-01-02 08:34:05+05:30", "v", "1704164645");
    cell("1184", "1969-12-31 23:59:59.999999+00", "string.format('%.6f', v)", "-0.000001");
    cell("1184", "infinity", "v", "inf");
    cell("1184", "-infinity", "v", "-inf");
    cell("1184", "294276-12-31 23:59:59+00", "v", "9224318015999");
    cell("1184", "4713-01-01 00:00:00+00 BC", "v", "-210863520000"); /* 10 days before the Julian date of that name */
    cell("1184", "9999-12-31 23:59:59.999999+00", "v", "9999-12-31 23:59:59.999999+00");
    cell("1114", "2024-01-02 03:04:05.5", "v", "1704164645.5");
    cell("1082", "2024-01-02", "v", "2024-01-02");
    param("ctx.db.time(1704164645.678901)", "1184:2024-01-02 03:04:05.678901+00");
    param("ctx.db.time(1704164645)", "1184:2024-01-02 03:04:05+00");
    param("ctx.db.time(-0.000001)", "1184:1969-12-31 23:59:59.999999+00");
    param("ctx.db.time(math.huge)", "1184:infinity");
    param("ctx.db.time(-210863520000)", "1184:4713-01-01 00:00:00+00 BC");
    param("ctx.db.time(9224318015999)", "1184:294276-12-31 23:59:59+00");
    param("ctx.db.time('2024-01-02 03:04:05+02')", "1184:2024-01-02 01:04:05+00");
    param("ctx.db.time('2024-01-02T03:04:05.25Z')", "1184:2024-01-02 03:04:05.250000+00");
    param("ctx.db.time('1969-12-31T23:59:59.75Z')", "1184:1969-12-31 23:59:59.750000+00");
    param("ctx.db.time('infinity')", "1184:infinity");
    bad("ctx.db.time(1704164645678901)", "is it in milliseconds?");
    bad("ctx.db.time('last week')", "ctx.db.time: 'last week' is no time: seconds since 1970, or \"2024-01-02T03:04:05Z\"");
    bad("ctx.db.uuid('x')", "ctx.db.uuid: 'x' is no UUID");
    bad("ctx.db.time({})", "ctx.db.time takes a text, not a table");
}

static void every_microsecond_comes_back(void **state)
{
    (void)state;
    /* a float of seconds, to text and back, at both ends and in the middle of what it holds exactly */
    static const char *const texts[] = {"1833-11-24 17:31:45.000001+00", "1904-02-29 23:59:59.999999+00",
                                        "2024-06-30 12:00:00.123457+00", "2106-02-07 06:28:15.999999+00"};
    for (size_t i = 0; i < 4; i++) {
        char sent[80];
        const char *const cells[] = {texts[i]};
        fake_init(&f);
        f.reply[0] = (struct reply){.match = "SELECT", .columns = "t:1184", .cells = cells, .n_row = 1};
        gives(run_job(&f, "local t = ctx.db.value('SELECT') ctx.db.exec('INSERT', ctx.db.time(t)) return math.type(t)"),
              "float");
        snprintf(sent, sizeof sent, "1184:%s", texts[i]);
        assert_string_equal(f.param_text[0], sent);
        fake_end(&f);
    }
}

static void json_arrays_and_bytes(void **state)
{
    (void)state;
    cell("3802", "{\"a\": [1, null, 12345678901234567890], \"b\": {}}", "v.a[1], v.a[2] == json.null, v.a[3], json.encode(v)",
         "1 true 12345678901234567890 {\"a\":[1,null,\"12345678901234567890\"],\"b\":{}}");
    cell("3802", "null", "v == json.null", "true");
    cell("3802", "[]", "json.encode(v)", "[]");
    cell("1016", "{1,NULL,-3}", "#v, v[1], v[2] == json.null, v[3]", "3 1 true -3");
    cell("1009", "{\"a b\",\"q\\\"\\\\\",NULL,\"NULL\",x,\"\"}", "v[1], v[2], v[3], v[4], v[5], #v[6]",
         "a b q\"\\ null NULL x 0");
    cell("1007", "{{1,2},{3,4}}", "v[2][1], #v, json.encode(v)", "3 2 [[1,2],[3,4]]");
    cell("1007", "[0:1]={7,8}", "v[1], v[2]", "7 8");
    cell("1009", "{}", "#v, json.encode(v)", "0 []");
    cell("1231", "{1.50,2}", "v[1], math.type(v[2])", "1.50 integer");
    cell("1185", "{\"2024-01-02 03:04:05+00\",infinity}", "v[1], v[2]", "1704164645 inf");
    cell("3807", "{\"{\\\"a\\\": 1}\"}", "v[1].a", "1");
    cell("17", "\\x00ff41", "#v, v:byte(1, 3)", "3 0 255 65");
    cell("17", "\\x", "#v", "0");
    cell("2950", "0190a0b0-0000-7000-8000-000000000001", "v", "0190a0b0-0000-7000-8000-000000000001");
    cell("1186", "3 days", "v", "3 days");
}

static void parameters_have_types(void **state)
{
    (void)state;
    param("nil", "0:NULL");
    param("json.null", "0:NULL");
    param("9223372036854775807", "20:9223372036854775807");
    param("0.1", "701:0.10000000000000001");
    param("0/0", "701:NaN");
    param("-math.huge", "701:-Infinity");
    param("true", "16:t");
    param("\"it's\"", "0:it's");
    param("{1, 2, json.null}", "0:{\"1\",\"2\",NULL}");
    param("{{'a', 'b\"\\\\'}, {'', 'NULL'}}", "0:{{\"a\",\"b\\\"\\\\\"},{\"\",\"NULL\"}}");
    param("{}", "0:{}");
    param("ctx.db.array({'a'}, 'text')", "1009:{\"a\"}");
    param("ctx.db.array({1, json.null}, 'int8')", "1016:{\"1\",NULL}");
    param("ctx.db.array({1704164645.5}, 'timestamptz')", "1185:{\"2024-01-02 03:04:05.500000+00\"}");
    param("ctx.db.array({'\\0\\255'}, 'bytea')", "1001:{\"\\\\x00ff\"}");
    param("ctx.db.array({{a = 1}, 'x'}, 'jsonb')", "3807:{\"{\\\"a\\\":1}\",\"\\\"x\\\"\"}");
    param("ctx.db.json({a = {1, json.null}})", "3802:{\"a\":[1,null]}");
    param("ctx.db.bytes('\\x01a')", "17:b:\x01"
                                    "a");
    param("ctx.db.numeric('12.30')", "1700:12.30");
    param("ctx.db.numeric('+.50')", "1700:0.50");
    param("ctx.db.numeric('0012')", "1700:12");
    param("ctx.db.numeric('1e5')", "1700:1e5");
    param("ctx.db.numeric(7)", "1700:7");
    param("ctx.db.numeric('1.5') * 2", "1700:3.0");
    param("ctx.db.uuid('0190a0b0-0000-7000-8000-000000000001')", "2950:0190a0b0-0000-7000-8000-000000000001");
}

static void mistakes_are_told(void **state)
{
    (void)state;
    bad("ctx.db:query('SELECT 1')",
        "t.x (plugins/t/plugin.lua:2): ctx.db.query(sql, …) is called with a dot, not with a colon");
    bad("ctx.db.query(7)", "ctx.db.query takes the statement as a text first, not a number");
    bad("ctx.db.query('SELECT $1', {a = 1})",
        "ctx.db.query: $1 is a table with names, which no column can hold: ctx.db.array(list, type), ctx.db.json(value)");
    bad("ctx.db.query('SELECT $2', 1, print)", "ctx.db.query: $2 is a function, which no column can hold");
    bad("ctx.db.query('SELECT $1', 'a\\0b')", "$1 is a text with a NUL byte in it: ctx.db.bytes(…) is for bytes");
    bad("ctx.db.query('SELECT $1', {1, {print}})", "$1 is a list with a value that no column can hold in it");
    bad("ctx.db.array({1}, 'int88')", "ctx.db.array: unknown type 'int88', did you mean 'int8'?");
    bad("ctx.db.numeric('1,5')", "ctx.db.numeric: '1,5' is no number");
    bad("ctx.db.numeric(1.5)", "ctx.db.numeric takes the digits as a text (\"12.30\"): a float has lost some already");
    bad("ctx.db.json(print)", "ctx.db.json: a function cannot be JSON");
    bad("ctx.db.tx('x')", "ctx.db.tx takes a function: ctx.db.tx(function(tx) … end)");
    bad("ctx.db.tx(print, { isolation = 'chaos' })",
        "isolation is \"read committed\", \"repeatable read\" or \"serializable\"");
    bad("ctx.db.tx(print, { level = 1 })", "ctx.db.tx: unknown option 'level': there is isolation only");
    bad("ctx.sleep('x')", "ctx.sleep takes a number of seconds, from 0 to 86400");
    bad("ctx.sleep(0/0)", "ctx.sleep takes a number of seconds");
    bad("ctx.parallel(1)", "ctx.parallel takes functions; the 1. is a number");
    bad("ctx.config.x = 1", "ctx.config cannot be changed: it is what tidemark.lua says");
    bad("ctx.log('a', 'b')", "ctx.log.info takes one text");
    bad("ctx.db.tx(function(tx) ctx.db.exec('UPDATE') end)",
        "ctx.db.exec would run outside of the transaction that is open: inside ctx.db.tx(function(tx) … end) use tx.exec");
    bad("ctx.db.tx(function(tx) ctx.db.tx(print) end)", "a transaction is open already");
}

static void rows_are_counted(void **state)
{
    (void)state;
    const char *const two[] = {"1", "2"};
    fake_init(&f);
    f.reply[0] = (struct reply){.match = "same", .columns = "id:20 id:20", .cells = two, .n_row = 1};
    f.reply[1] = (struct reply){.match = "SELECT", .columns = "n:20", .cells = two, .n_row = 2};
    f.reply[2] = (struct reply){.match = "none", .columns = "n:20", .cells = two};
    f.reply[3] = (struct reply){.match = "UPDATE", .affected = 42};
    gives(run_job(&f,
                  "return ctx.db.exec('UPDATE'), ctx.db.one('none'), ctx.db.value('none'), #ctx.db.query('none'),\n"
                  "json.encode(ctx.db.query('none')), json.encode(ctx.db.query('SELECT')), ctx.db.query('none').columns[1]"),
          "42 nil nil 0 [] [{\"n\":1},{\"n\":2}] n");
    fails_with(run_job(&f, "ctx.db.one('SELECT')"), ERR_PLUGIN, "ctx.db.one: 2 rows came where one at most is wanted");
    fails_with(run_job(&f, "ctx.db.query('same')"), ERR_PLUGIN,
               "ctx.db.query: two columns are called id: name one of them with AS");
    assert_non_null(strstr(f.calls.data, "write UPDATE;"));
    fake_end(&f);
}

static void errors_say_everything(void **state)
{
    (void)state;
    fake_init(&f);
    f.reply[0] = (struct reply){.match = "taken",
                                .err = {.kind = ERR_CONFLICT, .sqlstate = "23505", .text = "the whole"},
                                .trouble = {.message = "duplicate key",
                                            .detail = "Key (id)=(1) already exists.",
                                            .hint = "try another",
                                            .constraint = "posts_pkey",
                                            .position = 20}};
    f.reply[1] = (struct reply){.match = "lost", .err = {.kind = ERR_LOST, .text = "the connection went away"}};
    f.reply[2] = (struct reply){.match = "odd", .err = {.kind = ERR_BUG, .sqlstate = "22Z99", .text = "odd"}};
    gives(run_job(
              &f,
              "local ok, e = pcall(ctx.db.exec, 'SELECT 1\\n  FROM taken, ä')\n"
              "return ok, e.kind, e.code, e.sqlstate, e.constraint, e.detail, e.hint, e.position, e.plugin, e.call, e.where,\n"
              "getmetatable(e), type(e.traceback)"),
          "false sql unique_violation 23505 posts_pkey Key (id)=(1) already exists. try another 20 t ctx.db.exec "
          "plugins/t/plugin.lua:2 false string");
    struct ran ran = run_job(&f, "local function go() ctx.db.exec('SELECT 1\\n  FROM taken, ä') end\ngo()");
    fails_with(ran, ERR_PLUGIN,
               "t.x (plugins/t/plugin.lua:2): ctx.db.exec: duplicate key (23505)\n  line 2 of the statement:   FROM taken, ä\n"
               "  detail: Key (id)=(1) already exists.\n  hint: try another\nstack traceback:\n");
    assert_has(ran.err.text, "in local 'go'");
    assert_string_equal(ran.err.sqlstate, "23505");
    fails_with(run_job(&f, "ctx.db.exec('lost')"), ERR_LOST, "ctx.db.exec: the connection went away");
    fails_with(run_job(&f, "local ok, e = pcall(ctx.db.exec, 'lost') ctx.parallel(function() error(e) end)"), ERR_LOST,
               "t.x (plugins/t/plugin.lua:2): ctx.db.exec: the connection went away");
    gives(run_job(&f, "return select(2, pcall(ctx.db.exec, 'odd')).code, 'x' .. select(2, pcall(ctx.db.exec, 'odd'))"),
          "data_exception xctx.db.exec: odd (22Z99)");
    fails_with(run_job(&f, "error({ mine = 1 })"), ERR_PLUGIN, "t.x (plugins/t/plugin.lua:2): table: ");
    fails_with(run_job(&f, "error(setmetatable({}, { __tostring = function() error('no') end }))"), ERR_PLUGIN,
               "an error object (a table) that cannot be shown as text");
    fails_with(run_job(&f, "error()"), ERR_PLUGIN, "nil");
    fake_end(&f);
}

static void transactions_commit_and_roll_back(void **state)
{
    (void)state;
    fake_init(&f);
    f.reply[0] = (struct reply){.match = "bad", .err = {.kind = ERR_BUG, .sqlstate = "42P01", .text = "no such table"}};
    f.reply[1] = (struct reply){.match = "UPDATE", .affected = 3};
    gives(run_job(&f, "return ctx.db.tx(function(tx) ctx.sleep(1) return tx.exec('UPDATE'), 'b', nil end, { isolation = "
                      "'serializable' })"),
          "3 b nil");
    fails_with(run_job(&f, "ctx.db.tx(function(tx) tx.exec('UPDATE') error('mine') end)"), ERR_PLUGIN,
               "t.x (plugins/t/plugin.lua:2): mine\nstack traceback:\n\t[C]: in function 'error'");
    fails_with(run_job(&f, "ctx.db.tx(function(tx) pcall(tx.exec, 'bad') end)"), ERR_PLUGIN,
               "a statement of the transaction failed and its error was caught: nothing of the transaction is kept");
    gives(run_job(&f, "local ok, e = pcall(ctx.db.tx, function(tx) tx.query('bad') end) return e.code, e.call"),
          "undefined_table tx.query");
    gives(run_job(&f, "local kept ctx.db.tx(function(tx) kept = tx end)\n"
                      "return select(2, pcall(kept.exec, 'UPDATE')).message"),
          "tx.exec: the transaction is over: tx may be used inside the function that ctx.db.tx called only");
    assert_string_equal(f.calls.data, "begin serializable;tx write UPDATE;commit;begin;tx write UPDATE;rollback;begin;tx write "
                                      "bad;rollback;begin;tx write bad;rollback;begin;commit;");
    fake_end(&f);
    fake_init(&f);
    f.reply[0] = (struct reply){.match = "commit", .err = {.kind = ERR_LOST, .text = "gone"}};
    gives(run_job(&f, "local ok, e = pcall(ctx.db.tx, function() end) return ok, e.kind, e.call"), "false lost ctx.db.tx");
    fake_end(&f);
    fake_init(&f);
    f.reply[0] = (struct reply){.match = "begin", .err = {.kind = ERR_UNAVAILABLE, .text = "no server"}};
    fails_with(run_job(&f, "ctx.db.tx(function() end)"), ERR_UNAVAILABLE, "ctx.db.tx: no server");
    fake_end(&f);
}

static void one_statement_of_a_transaction_at_a_time(void **state)
{
    (void)state;
    fake_init(&f);
    fails_with(
        run_job(
            &f,
            "ctx.db.tx(function(tx) ctx.parallel(function() tx.query('SELECT') end, function() tx.query('SELECT') end) end)"),
        ERR_PLUGIN, "tx.query: a statement of this transaction is at work already: one at a time");
    /* the transaction ends while another task's statement of it is on its way */
    f.reply[0] = (struct reply){.match = "hang", .hangs = true};
    gives(run_job(&f, "local tx, why\n"
                      "ctx.parallel(function() ctx.db.tx(function(t) tx = t ctx.sleep(2) end) end,\n"
                      "  function() ctx.sleep(1) why = select(2, pcall(tx.query, 'hang')).message end)\n"
                      "return why"),
          "tx.query: the transaction ended while this statement of it was at work");
    fake_end(&f);
}

static void cursors_read_piece_by_piece(void **state)
{
    (void)state;
    const char *const cells[] = {"1", "a", "2", NULL};
    fake_init(&f);
    f.reply[0] = (struct reply){.match = "SELECT", .columns = "n:20 s:25", .cells = cells, .n_row = 2, .repeat = 50};
    f.reply[1] = (struct reply){.match = "empty", .columns = "n:20", .cells = cells};
    f.reply[2] = (struct reply){.match = "bad", .err = {.kind = ERR_BUG, .sqlstate = "42P01", .text = "no such table"}};
    gives(run_job(&f, "local n, sum, s = 0, 0, ''\n"
                      "for row in ctx.db.each('SELECT $1', 7) do\n"
                      "  n = n + 1 sum = sum + row.n s = row.s or 'nil'\n"
                      "  if n == 3 then ctx.db.exec('UPDATE') end\n"
                      "end\n"
                      "for row in ctx.db.each('empty') do n = n + 1000 end\n"
                      "return n, sum, s"),
          "100 150 nil");
    buf_clear(&f.calls);
    gives(run_job(
              &f,
              "for row in ctx.db.each('SELECT') do break end\n"
              "local ok = pcall(function() for row in ctx.db.each('SELECT') do error('x') end end)\n"
              "local n = 0 ctx.db.tx(function(tx) for row in tx.each('SELECT') do n = n + 1 if n > 5 then return end end end)\n"
              "return ok, n"),
          "false 6");
    assert_string_equal(f.calls.data, "open SELECT;close;open SELECT;close;begin;tx open SELECT;close;commit;");
    fails_with(run_job(&f, "for row in ctx.db.each('bad') do end"), ERR_PLUGIN, "ctx.db.each: no such table (42P01)");
    gives(run_job(&f, "local it, a, b, closing = ctx.db.each('SELECT') it() local close <close> = closing return 1"), "1");
    fails_with(run_job(&f, "local it = ctx.db.each('SELECT') it() it() ctx.parallel(it, it)"), ERR_PLUGIN,
               "ctx.db.each: these rows are being read by another function of ctx.parallel");
    fake_end(&f);
}

static void reports_only_read(void **state)
{
    (void)state;
    const struct run_options report = {.kind = RUN_REPORT};
    fake_init(&f);
    struct vm *vm = fake_vm("ctx.db.tx(function(tx) tx.query('SELECT') end)\n"
                            "return select(2, pcall(ctx.db.exec, 'UPDATE')).message,\n"
                            "select(2, pcall(function() ctx.state.x = 1 end)).message",
                            NULL);
    gives(fake_run(&f, vm, report, NULL),
          "ctx.db.exec is for jobs, collectors and scripts: a report only reads ctx.state cannot be "
          "changed by a report, which only reads");
    assert_string_equal(f.calls.data, "begin read;tx read SELECT;commit;");
    vm_free(&vm);
    fake_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_lose_nothing),
        cmocka_unit_test(times_keep_their_microseconds),
        cmocka_unit_test(every_microsecond_comes_back),
        cmocka_unit_test(json_arrays_and_bytes),
        cmocka_unit_test(parameters_have_types),
        cmocka_unit_test(mistakes_are_told),
        cmocka_unit_test(rows_are_counted),
        cmocka_unit_test(errors_say_everything),
        cmocka_unit_test(transactions_commit_and_roll_back),
        cmocka_unit_test(one_statement_of_a_transaction_at_a_time),
        cmocka_unit_test(cursors_read_piece_by_piece),
        cmocka_unit_test(reports_only_read),
    };
    return run_twice(tests);
}
