/* One statement, and one that reads or changes rows: decided by its text, as the server would read it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "host/run_guard.h"

static void takes(const char *sql, bool careful)
{
    struct err e = {0};
    if (run_guard(sql, GUARD_QUERY, careful, &e) != 0)
        fail_msg("%s: %s", sql, e.text);
}

static void refuses(const char *sql, enum run_guard_for use, bool careful, const char *text)
{
    struct err e = {0};
    assert_int_equal(run_guard(sql, use, careful, &e), -1);
    assert_int_equal(e.kind, ERR_PLUGIN);
    if (strstr(e.text, text) == NULL)
        fail_msg("%s: '%s' is not in: %s", sql, text, e.text);
}

static void what_reads_or_changes_rows_is_taken(void **state)
{
    (void)state;
    static const char *const good[] = {
        "SELECT 1",
        "  -- a word\n/* and /* another */ */ select 1;",
        "(SELECT 1) UNION (SELECT 2) ; -- the end",
        "((VALUES (1)))",
        "TABLE posts",
        "WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x",
        "MERGE INTO t USING s ON true WHEN MATCHED THEN DELETE",
        "EXPLAIN (ANALYZE) DELETE FROM t",
        "SELECT ';', E'it\\'s; so', \"a;b\", $$;$$, $x$ ; $$ ; $x$, U&'\\003b' FROM t WHERE a = $1 AND b > $2;",
        "SELECT 'set_config', \"of\".set FROM \"of\" -- set_config(1)",
        "SELECT a$b$ FROM t",
        "SELECT 1 /* ; */ ;\n\n",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        takes(good[i], true);
    takes("SELECT query_to_xml('SELECT 1', true, true, '')", false);
}

static void everything_else_is_named(void **state)
{
    (void)state;
    const enum run_guard_for any = GUARD_QUERY;
    static const char *const verbs[] = {"SET",      "RESET",     "DO",      "CALL",    "COPY",     "BEGIN",   "COMMIT",
                                        "ROLLBACK", "SAVEPOINT", "LISTEN",  "NOTIFY",  "TRUNCATE", "CREATE",  "ALTER",
                                        "DROP",     "GRANT",     "REVOKE",  "PREPARE", "EXECUTE",  "DECLARE", "FETCH",
                                        "LOCK",     "VACUUM",    "DISCARD", "SHOW",    "SELECTED"};
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        char sql[64] = "/* SELECT */ ", says[64] = "this one begins with '";
        strcat(strcat(sql, verbs[i]), " x");
        strcat(strcat(says, verbs[i]), "'");
        refuses(sql, any, false, says);
    }
    refuses("", any, false, "the statement is empty");
    refuses(" -- SELECT 1", any, false, "the statement is empty");
    refuses("\"SELECT\" 1", any, false, "begins with '\"SELECT\"'");
    refuses("SELECT 1; DROP TABLE x", any, false,
            "one statement at a time: something comes after the ';', beginning with 'DROP'");
    refuses("SELECT 1;;", any, false, "one statement at a time");
    refuses("SELECT 'a\\'; DROP TABLE x; --'", any, false, "one statement at a time");
    refuses("SELECT $a$ $b$ $A$; SELECT 1", any, false, "the statement ends in the middle of a dollar-quoted text");
    refuses("SELECT 'open", any, false, "the statement ends in the middle of a text");
    refuses("SELECT \"open", any, false, "the statement ends in the middle of a quoted name");
    refuses("SELECT 1 /* /* */", any, false, "the statement ends in the middle of a comment");
    refuses("DELETE FROM t", GUARD_CURSOR, false, "rows one by one come of SELECT, WITH, VALUES or TABLE only");
    refuses("EXPLAIN SELECT 1", GUARD_CURSOR, false, "and this statement begins with 'EXPLAIN'");
}

static void without_a_wall_names_are_looked_at(void **state)
{
    (void)state;
    refuses("SELECT set_config('role', 'none', true)", GUARD_QUERY, true, "set_config is not a plugin's to use");
    refuses("SELECT pg_catalog . Set_Config/**/('a', 'b', true)", GUARD_QUERY, true, "set_config is not a plugin's to use");
    refuses("SELECT \"set_config\"('a', 'b', true)", GUARD_QUERY, true, "set_config is not a plugin's to use");
    refuses("SELECT U&\"set\\005fconfig\"('a', 'b', true)", GUARD_QUERY, true, "a name written as U&\"…\" is not taken here");
    refuses("SELECT query_to_xml('SELECT 1', true, true, '')", GUARD_QUERY, true, "query_to_xml is not a plugin's to use");
    refuses("UPDATE pg_settings SET setting = 1", GUARD_QUERY, true, "pg_settings is not a plugin's to use");
    refuses("SELECT tidemark.act_as($1)", GUARD_QUERY, true, "act_as is not a plugin's to use");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_reads_or_changes_rows_is_taken),
        cmocka_unit_test(everything_else_is_named),
        cmocka_unit_test(without_a_wall_names_are_looked_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
