/* What ctx.own takes: good candidates become JSON, and every kind of bad one is told by its number and field. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <lauxlib.h>
#include <lualib.h>

#include <cmocka.h>

#include "script/bind_own.h"

static struct buf out;

static int l_own(lua_State *L)
{
    bind_own_write(L, &out);
    return 0;
}

/* c is a good candidate; with { … } gives it with changes, without "name" without a field. */
static const char prelude[] =
    "local function with(t) local c = { subject = 'a', n = 40, effect = 20, lo = 10, hi = 30, p = 0.01, unit = 'percent', "
    "method = 'my own test' } for k, v in pairs(t) do c[k] = v end return c end "
    "local function without(k) local c = with {} c[k] = nil return c end ";

/* NULL, or the message. Valid until the next call. */
static const char *run(const char *code)
{
    static char text[700];
    lua_State *L = luaL_newstate();
    *(uintptr_t *)lua_getextraspace(L) = 0; /* no vm */
    luaL_openlibs(L);
    lua_pushcfunction(L, l_own);
    lua_setglobal(L, "own");
    const char *chunk = lua_pushfstring(L, "%s%s", prelude, code);
    bool bad = luaL_loadbuffer(L, chunk, strlen(chunk), "=rule") != LUA_OK || lua_pcall(L, 0, 0, 0) != LUA_OK;
    snprintf(text, sizeof text, "%s", bad ? lua_tostring(L, -1) : "");
    lua_close(L);
    return bad ? text : NULL;
}

static void gives(const char *code, const char *json)
{
    const char *why = run(code);
    if (why != NULL)
        fail_msg("%s: %s", code, why);
    if (strcmp(out.data, json) != 0)
        fail_msg("%s\nis not\n%s", out.data, json);
}

static void fails(const char *code, const char *text)
{
    const char *why = run(code);
    if (why == NULL)
        fail_msg("%s is taken", code);
    if (strstr(why, text) == NULL)
        fail_msg("'%s' is not in: %s", text, why);
}

static void good_ones_become_json(void **state)
{
    (void)state;
    gives("own { with {} }", "{\"writes\":\"pattern\",\"candidates\":[{\"key\":\"a\",\"type\":\"pattern\",\"n\":40,\"lo\":10,"
                             "\"effect\":20,\"hi\":30,\"p\":0.01,\"method\":\"my own test\"}],\"unit\":\"percent\"}");
    gives("own({ with { subject = { type = 'tag', key = 'a', label = '#a' }, platform = 'youtube', n = 2.0, why = 'since May' "
          "} },"
          "{ writes = 'trend', gate = 0.5, min_n = 3, pattern_type = 'mine', subject = 'hashtag' })",
          "{\"writes\":\"trend\",\"pattern_type\":\"mine\",\"min_n\":3,\"candidates\":[{\"platform\":\"youtube\",\"label\":\"#"
          "a\","
          "\"key\":\"a\",\"type\":\"tag\",\"n\":2,\"lo\":10,\"effect\":20,\"hi\":30,\"p\":0.01,\"method\":\"my own test\","
          "\"why\":\"since May\"}],\"unit\":\"percent\",\"gate\":0.5}");
    gives("own { with { subject = { key = 'a', type = 'tag' } } }",
          "{\"writes\":\"pattern\",\"candidates\":[{\"key\":\"a\",\"type\":\"tag\",\"n\":40,\"lo\":10,\"effect\":20,"
          "\"hi\":30,\"p\":0.01,\"method\":\"my own test\"}],\"unit\":\"percent\"}");
    gives("own({}, { subject = 'tag' })", "{\"writes\":\"pattern\",\"candidates\":[]}");
    assert_null(run("own { with { lo = 20, hi = 20, p = 0 }, with { subject = 'b', p = 1 } }"));
    assert_null(
        run("own { with { platform = 'x' }, with { platform = 'youtube' }, with {} }")); /* one subject, three findings */
    assert_null(run("local l = {} for i = 1, 10000 do l[i] = with { subject = 's' .. i } end own(l)"));
    assert_null(run("for _, u in ipairs { 'points', 'correlation', 'hours', 'seconds', 'count' } do\n"
                    "own({ with { unit = u, effect = 0.2, lo = 0.1, hi = 0.3 } }, { gate = 0.1 }) end"));
}

static void numbers_that_are_none_are_named(void **state)
{
    (void)state;
    fails("own { with {}, with { subject = 'b', effect = 0/0 } }",
          "rule:1: ctx.own: candidate 2: effect must be a finite number, not NaN");
    fails("own { with { p = 0/0 } }", "candidate 1: p must be a finite number, not NaN");
    fails("own { with { hi = 1/0 } }", "candidate 1: hi must be a finite number, not infinity");
    fails("own { with { lo = '10' } }", "candidate 1: lo must be a number, not a string");
    fails("own { without 'lo' }", "candidate 1: lo is needed");
    fails("own { without 'hi' }", "candidate 1: hi is needed");
    fails("own { without 'effect' }", "candidate 1: effect is needed");
    fails("own { without 'p' }", "candidate 1: p is needed");
    fails("own { without 'n' }", "candidate 1: n is needed");
    fails("own { with { p = 1.01 } }", "candidate 1: p must lie between 0 and 1, not at 1.01");
    fails("own { with { p = -1e-9 } }", "candidate 1: p must lie between 0 and 1, not at -1e-09");
    fails("own { with { p = {} } }", "candidate 1: p must be a number, not a table");
    fails("own { with { lo = 21 } }", "candidate 1: lo <= effect <= hi must hold, not 21 <= 20 <= 30");
    fails("own { with { hi = 19.5 } }", "candidate 1: lo <= effect <= hi must hold, not 10 <= 20 <= 19.5");
    fails("own { with { n = 0 } }", "candidate 1: n must be a whole number from 1 to 2147483647, not 0");
    fails("own { with { n = -5 } }", "n must be a whole number from 1 to 2147483647, not -5");
    fails("own { with { n = 12.5 } }", "n must be a whole number from 1 to 2147483647, not 12.5");
    fails("own { with { n = 2^31 } }", "n must be a whole number from 1 to 2147483647, not 2147483648.0");
    fails("own { with { n = 2^63 } }", "n must be a whole number");
    fails("own { with { n = '40' } }", "n must be a number, not a string");
}

static void a_unit_says_what_its_numbers_can_be(void **state)
{
    (void)state;
    fails("own { without 'unit' }",
          "candidate 1: unit is needed: what effect, lo and hi are, such as \"percent\" or \"log ratio\"");
    fails("own { with { unit = 'prcent' } }", "candidate 1: unit: 'prcent' is none, did you mean 'percent'?");
    fails("own { with { unit = 'stars' } }",
          "candidate 1: unit: 'stars' is none of log ratio, percent, ratio, points, correlation, hours, seconds, count");
    fails("own { with { unit = 7 } }", "candidate 1: unit must be a text, not a number");
    fails("own { with { unit = 'log ratio' } }",
          "candidate 1: effect is 20; in unit 'log ratio' it lies between -15 and 15: 25 % more is ln(1.25) = 0.223");
    fails("own { with { lo = -100 } }", "candidate 1: lo is -100; in unit 'percent' it lies between -99.9999 and 100000000");
    fails("own { with { unit = 'ratio', lo = -1, effect = 1, hi = 2 } }", "candidate 1: lo is -1; in unit 'ratio'");
    fails("own { with {}, with { subject = 'b', unit = 'points' } }",
          "candidate 2: unit is 'points' and that of the candidates before is 'percent': one call, one unit");
    fails("own { with { unit = 'hours' } }",
          "ctx.own: gate is needed with unit 'hours': the smallest effect in that unit that is");
    fails("own({ with { unit = 'hours' } }, { writes = 'trend', gate = 1 })",
          "candidate 1: platform is needed with writes = 'trend': a trend is one platform's");
    fails("own({ with { platform = 'x', unit = 'hours' } }, { writes = 'trend', gate = 1 })",
          "candidate 1: unit 'hours' has no place where writes = 'trend' goes; write a pattern");
    fails("own({ with { unit = 'points' } }, { writes = 'improvement', gate = 1 })", "unit 'points' has no place");
    fails("own({ with { unit = 'hours' } }, { writes = 'style', gate = 1 })", "unit 'hours' has no place");
}

static void texts_are_checked(void **state)
{
    (void)state;
    fails("own { without 'subject' }", "candidate 1: subject is needed: what the finding is about");
    fails("own { with { subject = 5 } }", "candidate 1: subject must be a text, not a number");
    fails("own { with { subject = '' } }", "candidate 1: subject has 0 bytes; 1 to 200 are allowed");
    fails("own { with { subject = '   ' } }", "and not blanks alone");
    fails("own { with { subject = ('x'):rep(201) } }", "candidate 1: subject has 201 bytes; 1 to 200 are allowed");
    fails("own { with { subject = 'a\\0b' } }", "candidate 1: subject must be one line without control characters");
    fails("own { with { subject = 'a\\27[2J' } }", "candidate 1: subject must be one line without control characters");
    fails("own { with { subject = 'caf\\xe9' } }", "a text that is not UTF-8");
    fails("own { with { subject = {} } }", "candidate 1: subject.key is needed");
    fails("own { with { subject = { key = 'a', type = 'tagg' } } }",
          "candidate 1: subject.type: 'tagg' is none, did you mean 'tag'?");
    fails("own { with { subject = { key = 'a', lable = 'b' } } }",
          "candidate 1: unknown field of subject 'lable', did you mean 'label'?");
    fails("own { with { subject = { 'a' } } }", "candidate 1: field of subject: names with values are expected, not a list");
    fails("own { with { platform = 'You Tube' } }",
          "candidate 1: platform 'You Tube' must be lower-case letters, digits and _");
    fails("own { with { platform = ('x'):rep(51) } }", "candidate 1: platform has 51 bytes; 1 to 50 are allowed");
    fails("own { without 'method' }", "candidate 1: method is needed: a text that says how the numbers were made");
    fails("own { with { method = ('m'):rep(301) } }", "candidate 1: method has 301 bytes; 1 to 300 are allowed");
    fails("own { with { method = 'a\\nb' } }", "candidate 1: method must be one line");
    fails("own { with { why = ('w'):rep(501) } }", "candidate 1: why has 501 bytes; 1 to 500 are allowed");
    fails("own { with { why = true } }", "candidate 1: why must be a text, not a boolean");
}

static void the_list_is_a_list_of_different_subjects(void **state)
{
    (void)state;
    fails("own()", "bad argument #1 to 'own' (list of candidates expected, got no value)");
    fails("own('x')", "list of candidates expected, got string");
    fails("own { 1 }", "candidate 1: must be a table, not a number");
    fails("own { a = with {} }", "ctx.own: the candidates are a list { {…}, {…} }, without names");
    fails("own { [1] = with {}, [3] = with {} }", "ctx.own: the candidates are a list without holes: number 2 is missing");
    fails("own { with { q = 0.1 } }", "candidate 1: unknown field 'q'");
    fails("own { with { efect = 1 } }", "candidate 1: unknown field 'efect', did you mean 'effect'?");
    fails("own { with { [1] = 1 } }", "candidate 1: field: names with values are expected, not a list");
    fails("own { with {}, with { subject = 'b' }, with {} }",
          "candidate 3: is about 'a' on all platforms as candidate 1 is: one for each subject and platform");
    fails("own { with { platform = 'x' }, with { platform = 'x', subject = { key = 'a', type = 'tag' } } }",
          "candidate 2: is about 'a' on x as candidate 1 is");
    fails("local l = {} for i = 1, 10001 do l[i] = with { subject = 's' .. i } end own(l)",
          "ctx.own: 10001 candidates; at most 10000 are allowed");
}

static void options_are_checked(void **state)
{
    (void)state;
    fails("own({ with {} }, 5)", "table of options expected, got number");
    fails("own({ with {} }, { gat = 1 })", "ctx.own: unknown option 'gat', did you mean 'gate'?");
    fails("own({ with {} }, { sided = 'two' })", "ctx.own: unknown option 'sided'");
    fails("own({ with {} }, { writes = 'patterns' })", "ctx.own: writes: 'patterns' is none, did you mean 'pattern'?");
    fails("own({ with {} }, { writes = 'content' })",
          "ctx.own: writes: 'content' is none of pattern, style, trend, improvement");
    fails("own({ with {} }, { gate = 0 })", "ctx.own: gate must be above 0 and at most 10 (0.10 is 10 %), not 0");
    fails("own({ with {} }, { gate = 20 })", "ctx.own: gate must be above 0 and at most 10 (0.10 is 10 %), not 20");
    fails("own({ with {} }, { gate = 0/0 })", "ctx.own: gate must be a finite number, not NaN");
    fails("own({ with {} }, { min_n = 0 })", "ctx.own: min_n must be a whole number from 1 to 2147483647, not 0");
    fails("own({ with {} }, { facet = 'smell' })", "ctx.own: facet: 'smell' is none of visual, audio, text");
    fails("own({ with {} }, { subject = 'tags' })", "ctx.own: subject: 'tags' is none, did you mean 'tag'?");
    fails("own({ with {} }, { pattern_type = ('p'):rep(51) })", "ctx.own: pattern_type has 51 bytes; 1 to 50 are allowed");
}

/* No metamethod is asked: what is checked is what is taken. */
static void a_table_that_changes_while_it_is_read_changes_nothing(void **state)
{
    (void)state;
    fails("own { setmetatable({}, { __index = function(_, k) return with {}[k] end }) }", "candidate 1: subject is needed");
    gives(
        "local c = setmetatable(with {}, { __index = function() error('asked') end, __len = function() error('asked') end })\n"
        "own(setmetatable({ c }, { __len = function() return 99 end, __index = function() error('asked') end }))",
        "{\"writes\":\"pattern\",\"candidates\":[{\"key\":\"a\",\"type\":\"pattern\",\"n\":40,\"lo\":10,"
        "\"effect\":20,\"hi\":30,\"p\":0.01,\"method\":\"my own test\"}],\"unit\":\"percent\"}");
}

static int free_out(void **state)
{
    (void)state;
    buf_free(&out);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_ones_become_json),
        cmocka_unit_test(numbers_that_are_none_are_named),
        cmocka_unit_test(a_unit_says_what_its_numbers_can_be),
        cmocka_unit_test(texts_are_checked),
        cmocka_unit_test(the_list_is_a_list_of_different_subjects),
        cmocka_unit_test(options_are_checked),
        cmocka_unit_test(a_table_that_changes_while_it_is_read_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, free_out);
}
