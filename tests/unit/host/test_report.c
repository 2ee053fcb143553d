/* Report files: all mistakes at once with file and line, parameters bound and never written in, --var checked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/report_file.h"

static char path[64];

static int make_file(void **state)
{
    (void)state;
    strcpy(path, "/tmp/tidemark-report.XXXXXX");
    int fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

static int load(const char *text, struct report **r, struct err *e)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    return report_load(path, "content.top", r, e);
}

/* want: lines "LINE: what"; each stands behind the file's name. */
static void refuse(const char *text, const char *want)
{
    struct report *r = NULL;
    struct err e = {0};
    struct buf lines = {0};
    for (const char *p = want; *p != '\0';) {
        size_t n = strcspn(p, "\n");
        buf_printf(&lines, "%s%s:%.*s", lines.len ? "\n" : "", path, (int)n, p);
        p += n + (p[n] == '\n');
    }
    assert_int_equal(load(text, &r, &e), -1);
    assert_int_equal(e.kind, ERR_CONFIG);
    assert_string_equal(e.text, lines.data);
    buf_free(&lines);
}

static void all_mistakes_come_at_once(void **state)
{
    (void)state;
    refuse("-- titel: Best\n"
           "-- arg: days integr = 7: how far back\n"
           "-- arg: limit integer = ten: how many\n"
           "-- arg: n integer\n"
           "-- column: views \"views\" decimal=1 drop=x\n"
           "-- chart: pie views\n"
           "-- just a remark: with a colon\n"
           "SELECT 1 AS views WHERE $1 > :dayz\n"
           "LIMIT :limit; SELECT 2\n",
           "1: unknown directive 'titel', did you mean 'title'?\n"
           "2: arg days: unknown type 'integr' (there are: text, integer, number, boolean, interval, time)\n"
           "3: arg limit = ten: not a whole number\n"
           "4: arg wants the form: name type = default: what it is\n"
           "5: column: unknown option 'decimal', did you mean 'decimals'?\n"
           "5: drop=x: a whole number from 0 to 99\n"
           "6: chart wants the form: bar COLUMN, or: interval CENTER LOW HIGH\n"
           "1: about is missing: -- about: what the report answers\n"
           "8: $1: write :name and an arg of that name, not a number\n"
           "8: :dayz is no arg of this report, did you mean ':days'?\n"
           "9: a second statement: a report is one query (the first one ends at line 9)\n"
           "2: arg 'days' is never used: the query has no :days");
}

static void mistakes_about_charts_and_sections_come_with_their_lines(void **state)
{
    (void)state;
    refuse("-- about: a\n"
           "-- chart: interval lift lo\n"
           "-- chart: interval lift lo hi more\n"
           "-- chart: interval lift lo hi\n"
           "-- chart: bar lift\n"
           "-- section:\n"
           "-- section: part\n"
           "-- section: part\n"
           "-- instead: why not\n"
           "-- sektion: part\n"
           "-- column: weeks spar\n"
           "SELECT 1 AS lift\n",
           "2: chart wants the form: bar COLUMN, or: interval CENTER LOW HIGH\n"
           "3: chart wants the form: bar COLUMN, or: interval CENTER LOW HIGH\n"
           "5: chart is said twice\n"
           "6: section wants the form: section: COLUMN\n"
           "8: section is said twice\n"
           "9: instead wants the form: instead: COLUMN\n"
           "10: unknown directive 'sektion', did you mean 'section'?\n"
           "11: column: unknown option 'spar', did you mean 'spark'?");
}

static void the_header_says_what_columns_are_for(void **state)
{
    (void)state;
    struct report *r = NULL;
    struct err e = {0};
    assert_int_equal(load("-- about: a\n-- chart: interval lift lo hi\n-- section: part\n-- instead: why\n-- tail: verdict\n"
                          "-- glyph: mark\n-- column: weeks spark\n-- column: q pvalue\n-- column: views brief\nSELECT 1\n",
                          &r, &e),
                     0);
    struct table_layout l = report_layout(r, NULL, 0);
    static const char *const want[] = {
        [TABLE_CENTER] = "lift", [TABLE_LO] = "lo",        [TABLE_HI] = "hi",     [TABLE_SECTION] = "part",
        [TABLE_INSTEAD] = "why", [TABLE_TAIL] = "verdict", [TABLE_GLYPH] = "mark"};
    assert_null(l.role[TABLE_BAR]);
    for (size_t i = TABLE_CENTER; i < TABLE_N_ROLE; i++)
        assert_string_equal(l.role[i], want[i]);
    assert_true(l.column[0].spark && l.column[1].pvalue && l.column[2].brief);
    table_layout_free(&l);
    report_free(&r);
}

static void a_file_without_a_query_is_refused(void **state)
{
    (void)state;
    refuse("-- about: a\n-- about: b\n\n", "2: about is said twice\n3: no query below the header");
    struct report *r;
    struct err e = {0};
    assert_int_equal(report_load("/nowhere/x.sql", "x", &r, &e), -1);
    assert_string_equal(e.text, "/nowhere/x.sql: No such file or directory");
}

static void names_become_parameters_and_nothing_else_changes(void **state)
{
    (void)state;
    struct report *r = NULL;
    struct err e = {0};
    assert_int_equal(
        load("-- about: all\n-- arg: a integer = 1: x\n-- arg: b text: y\n\n"
             "SELECT ':a', \"x:a\", E'\\':a', $q$:a$q$, 'it''s :a', x::a, m[1:a], /* :a /* :a */ :a */ f(n := 1), -- :a\n"
             "       :b || :a, -:a; -- done\n",
             &r, &e),
        0);
    assert_non_null(strstr(
        r->sql, "SELECT ':a', \"x:a\", E'\\':a', $q$:a$q$, 'it''s :a', x::a, m[1:a], /* :a /* :a */ :a */ f(n := 1), -- :a\n"
                "       $1::text || $2::integer, -$2::integer -- done\n"));
    assert_int_equal(r->n_param, 2);
    assert_int_equal(r->param[0], 1);
    assert_int_equal(r->param[1], 0);
    assert_memory_equal(r->sql_text, "SELECT ':a'", 11); /* without the header */
    report_free(&r);
}

static void the_header_becomes_a_layout(void **state)
{
    (void)state;
    struct report *r = NULL;
    struct err e = {0};
    assert_int_equal(
        load("-- about: Best posts.\n-- title: Best of {days} days by {views}\n-- arg: days integer = 28: how far back\n"
             "-- column: views \"seen by\" unit=\"per day\" decimals=1 sign mark cut drop=2 hide right\n"
             "-- chart: bar views\n-- note: one\n-- note: two {days}\n-- empty: nothing\n-- next: tidemark report a --var "
             "days={days}\n"
             "SELECT :days AS views\n",
             &r, &e),
        0);
    const struct table_column *c = &r->layout.column[0];
    assert_string_equal(c->name, "views");
    assert_string_equal(c->title, "seen by");
    assert_string_equal(c->unit, "per day");
    assert_int_equal(c->decimals, 1);
    assert_true(c->sign && c->mark && c->cut && c->hide);
    assert_int_equal(c->drop, 2);
    assert_int_equal(c->align, ALIGN_RIGHT);
    struct table_layout l = report_layout(r, &(struct report_var){"days", "7"}, 1);
    assert_string_equal(l.title, "Best of 7 days by {views}"); /* a column: the table fills it in */
    assert_string_equal(l.note[1], "two 7");
    assert_string_equal(l.next[0], "tidemark report a --var days=7");
    table_layout_free(&l);
    l = report_layout(r, NULL, 0);
    assert_string_equal(l.title, "Best of 28 days by {views}");
    table_layout_free(&l);
    report_free(&r);
}

static void refuse_var(const struct report *r, const char *name, const char *value, const char *want)
{
    struct db_params p = {0};
    struct err e = {0};
    assert_int_equal(report_bind(r, &(struct report_var){name, value}, 1, &p, &e), -1);
    assert_int_equal(e.kind, ERR_USAGE);
    assert_string_equal(e.text, want);
    db_params_clear(&p);
}

static void wrong_vars_are_told_apart(void **state)
{
    (void)state;
    struct report *r = NULL;
    struct err e = {0};
    assert_int_equal(
        load("-- about: x\n-- arg: days integer = 7: d\n-- arg: limit integer = 7: l\nSELECT :days LIMIT :limit\n", &r, &e), 0);
    refuse_var(r, "dayz", "1", "unknown variable 'dayz', did you mean 'days'? (report content.top takes: days, limit)");
    refuse_var(r, "colour", "1", "unknown variable 'colour' (report content.top takes: days, limit)");
    refuse_var(r, "days", "x", "--var days=x: not a whole number");
    refuse_var(r, "days", "", "--var days=: not a whole number");
    refuse_var(r, "days", "9999999999", "--var days=9999999999: too large (at most 2147483647 either way)");
    struct db_params p = {0};
    const struct report_var twice[] = {{"days", "1"}, {"days", "2"}};
    assert_int_equal(report_bind(r, twice, 2, &p, &e), -1);
    assert_string_equal(e.text, "--var days is given twice");
    db_params_clear(&p);
    report_free(&r);
    assert_int_equal(load("-- about: x\n-- arg: account text: whose\nSELECT :account\n", &r, &e), 0);
    assert_int_equal(report_bind(r, NULL, 0, &p, &e), -1);
    assert_string_equal(e.text, "report content.top needs --var account=text: whose");
    db_params_clear(&p);
    report_free(&r);
    assert_int_equal(load("-- about: x\nSELECT 1\n", &r, &e), 0);
    refuse_var(r, "days", "1", "unknown variable 'days' (report content.top takes none)");
    report_free(&r);
}

static void check_value(enum arg_type type, const char *value, const char *want, const char *want_why)
{
    const char *why = "";
    char *got = arg_value(type, value, &why);
    if (want == NULL) {
        assert_null(got);
        assert_string_equal(why, want_why);
    } else {
        assert_non_null(got);
        assert_string_equal(got, want);
    }
    mem_free(got);
}

static void values_are_checked_by_type(void **state)
{
    (void)state;
    check_value(ARG_TEXT, "'; DROP TABLE posts", "'; DROP TABLE posts", NULL);
    check_value(ARG_INTEGER, "-12", "-12", NULL);
    check_value(ARG_INTEGER, "1.5", NULL, "not a whole number");
    check_value(ARG_NUMBER, "1.5", "1.5", NULL);
    check_value(ARG_NUMBER, "nan", NULL, "not a number");
    check_value(ARG_NUMBER, "0x10", NULL, "not a number");
    check_value(ARG_BOOLEAN, "yes", "true", NULL);
    check_value(ARG_BOOLEAN, "maybe", NULL, "neither true nor false");
    check_value(ARG_INTERVAL, "7d", "7 days", NULL);
    check_value(ARG_INTERVAL, "30 days", "30 days", NULL);
    check_value(ARG_INTERVAL, "1 month", "1 months", NULL);
    check_value(ARG_INTERVAL, "7 parsecs", NULL, "not a duration such as 7d, 12h or \"6 months\"");
    check_value(ARG_TIME, "2026-11-21T08:00:00Z", "2026-11-21T08:00:00Z", NULL);
    check_value(ARG_TIME, "yesterday", NULL, "not a time such as 2026-11-21, 2026-11-21T08:00:00Z or now-7d");
    setenv("TIDEMARK_NOW", "2026-11-22T00:00:00Z", 1);
    check_value(ARG_TIME, "now-7d", "2026-11-15T00:00:00Z", NULL);
    unsetenv("TIDEMARK_NOW");
}

static void a_report_is_called_after_its_plugin_and_file(void **state)
{
    (void)state;
    char *name = report_name("patterns", "/a/plugins/patterns/reports/top.sql");
    assert_string_equal(name, "patterns.top");
    mem_free(name);
    name = report_name("freshness", "reports/freshness.sql");
    assert_string_equal(name, "freshness");
    mem_free(name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_mistakes_come_at_once),
        cmocka_unit_test(mistakes_about_charts_and_sections_come_with_their_lines),
        cmocka_unit_test(the_header_says_what_columns_are_for),
        cmocka_unit_test(a_file_without_a_query_is_refused),
        cmocka_unit_test(names_become_parameters_and_nothing_else_changes),
        cmocka_unit_test(the_header_becomes_a_layout),
        cmocka_unit_test(wrong_vars_are_told_apart),
        cmocka_unit_test(values_are_checked_by_type),
        cmocka_unit_test(a_report_is_called_after_its_plugin_and_file),
    };
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
