/* Statements are cut where psql would cut them, and keep the line they begin on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "db/migrate_split.h"

static struct arena arena;

static struct sql_statements cut(const char *text)
{
    struct sql_statements out = {0};
    struct err e = {0};
    assert_int_equal(migrate_split(&arena, text, strlen(text), 1, &out, &e), 0);
    return out;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static void semicolons_end_statements(void **state)
{
    (void)state;
    struct sql_statements s = cut("-- first\nSELECT 1;\n\n  SELECT 2 ;;\nSELECT 3");
    assert_int_equal(s.n, 3);
    assert_string_equal(s.at[0].text, "SELECT 1");
    assert_int_equal(s.at[0].line, 2);
    assert_string_equal(s.at[1].text, "SELECT 2");
    assert_int_equal(s.at[1].line, 4);
    assert_string_equal(s.at[2].text, "SELECT 3");
    assert_int_equal(s.at[2].line, 5);
}

static void quoted_semicolons_end_nothing(void **state)
{
    (void)state;
    static const char *const whole[] = {
        "SELECT ';', 'it''s; fine'",
        "SELECT \"a;b\"",
        "SELECT E'\\';', 1",
        "SELECT '\\', 1",
        "DO $$ BEGIN; END; $$",
        "DO $body$ SELECT $$;$$; $body$",
        "SELECT 1 /* ; /* ; */ ; */ + 1",
        "SELECT 1 -- ; no\n + 1",
        "SELECT a$1$b",
        "SELECT $1",
        "SELECT 'ü;' AS é",
    };
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++) {
        char text[256];
        snprintf(text, sizeof text, "%s;\nSELECT 2;", whole[i]);
        struct sql_statements s = cut(text);
        assert_int_equal(s.n, 2);
        assert_string_equal(s.at[0].text, whole[i]);
        assert_string_equal(s.at[1].text, "SELECT 2");
    }
}

static void nothing_is_no_statement(void **state)
{
    (void)state;
    assert_int_equal(cut("").n, 0);
    assert_int_equal(cut(" \n-- only a comment\n/* and another */ ; ;").n, 0);
}

static void what_is_never_closed_is_named_with_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *error;
    } broken[] = {
        {"SELECT 1;\nSELECT 'x", "2: this quote is never closed"},
        {"\n\nDO $$ BEGIN\nEND", "3: $$ is never closed"},
        {"DO $a$ $b$", "1: $a$ is never closed"},
        {"SELECT 1 /* /* */\n", "1: this comment is never closed"},
    };
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        struct sql_statements out = {0};
        struct err e = {0};
        assert_int_equal(migrate_split(&arena, broken[i].text, strlen(broken[i].text), 1, &out, &e), -1);
        assert_int_equal(e.kind, ERR_CONFIG);
        assert_string_equal(e.text, broken[i].error);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(semicolons_end_statements, teardown),
        cmocka_unit_test_teardown(quoted_semicolons_end_nothing, teardown),
        cmocka_unit_test_teardown(nothing_is_no_statement, teardown),
        cmocka_unit_test_teardown(what_is_never_closed_is_named_with_its_line, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
