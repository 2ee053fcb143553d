/* Rows that a plugin gives back become a result set that loses nothing; what cannot be shown is told with row and column. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "script/part_rows.h"
#include "script/vm.h"

#include <lua.h>

static char dir[] = "/tmp/tidemark-rows-XXXXXX";

struct reading {
    const struct part_columns *wanted;
    struct rowset *rows;
    bool fits;
};

/* 1: what the file returned, 2: the reading */
static int read_rows(lua_State *L)
{
    struct reading *r = lua_touserdata(L, 2);
    r->fits = part_rows_fit(L, 1);
    part_rows_read(L, 1, r->wanted, &r->rows);
    return 0;
}

static int read_value(const char *code, const struct vm_limits *limits, struct reading *r, struct err *e)
{
    char *path = mem_printf("%s/plugin.lua", dir);
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    fprintf(f, "return %s\n", code);
    fclose(f);
    struct vm *vm = vm_new("t", "/nowhere", dir, limits);
    int rc = vm_load_file(vm, path, "plugins/t/plugin.lua", e);
    if (rc == 0) {
        lua_State *L = vm_lua(vm);
        lua_pushcfunction(L, read_rows);
        lua_insert(L, -2);
        lua_pushlightuserdata(L, r);
        rc = vm_call(vm, 2, 0, "t.top", e);
    }
    vm_free(&vm);
    unlink(path);
    mem_free(path);
    return rc;
}

static void gives(const char *code, const struct part_columns *wanted, const char *csv, const char *json)
{
    struct reading r = {.wanted = wanted};
    struct err e = {0};
    struct buf out = {0};
    if (read_value(code, NULL, &r, &e) != 0)
        fail_msg("%s", e.text);
    rowset_csv(r.rows, &out);
    assert_string_equal(out.data, csv);
    buf_clear(&out);
    if (json != NULL) {
        rowset_json(r.rows, &out);
        assert_string_equal(out.data, json);
    }
    buf_free(&out);
    rowset_free(&r.rows);
}

static void refuses(const char *code, const struct part_columns *wanted, const char *text)
{
    struct reading r = {.wanted = wanted};
    struct err e = {0};
    if (read_value(code, NULL, &r, &e) == 0)
        fail_msg("'%s' was taken", code);
    assert_int_equal(e.kind, ERR_PLUGIN);
    if (strstr(e.text, text) == NULL)
        fail_msg("'%s' is not in: %s", text, e.text);
    rowset_free(&r.rows);
}

static void numbers_keep_their_digits(void **state)
{
    (void)state;
    gives("{ { n = 9007199254740993, x = 0.1, y = 1e300, z = 3.0 } }", NULL, "n,x,y,z\r\n9007199254740993,0.1,1e+300,3\r\n",
          "[\n  {\"n\": 9007199254740993, \"x\": 0.1, \"y\": 1e+300, \"z\": 3}\n]\n");
    gives("{ { x = 1/3 }, { x = 2 } }", NULL, "x\r\n0.3333333333333333\r\n2\r\n", NULL);
    gives("{ { x = 0/0 }, { x = 1/0 }, { x = -1/0 } }", NULL, "x\r\nNaN\r\nInfinity\r\n-Infinity\r\n",
          "[\n  {\"x\": \"NaN\"},\n  {\"x\": \"Infinity\"},\n  {\"x\": \"-Infinity\"}\n]\n");
}

static void absent_and_null_are_empty(void **state)
{
    (void)state;
    gives("{ { a = 1, b = json.null }, { b = 'x' } }", NULL, "a,b\r\n1,\r\n,x\r\n",
          "[\n  {\"a\": 1, \"b\": null},\n  {\"a\": null, \"b\": \"x\"}\n]\n");
}

static void booleans_are_postgres(void **state)
{
    (void)state;
    gives("{ { a = true }, { a = false } }", NULL, "a\r\nt\r\nf\r\n", "[\n  {\"a\": true},\n  {\"a\": false}\n]\n");
}

static void lists_are_arrays_and_tables_are_json(void **state)
{
    (void)state;
    gives("{ { a = { 'x', 'a b', 'q\"', '', 'NULL', json.null } } }", NULL,
          "a\r\n\"{x,\"\"a b\"\",\"\"q\\\"\"\"\",\"\"\"\",\"\"NULL\"\",NULL}\"\r\n",
          "[\n  {\"a\": [\"x\",\"a b\",\"q\\\"\",\"\",\"NULL\",null]}\n]\n");
    gives("{ { a = { k = { 1, 2 } } } }", NULL, "a\r\n\"{\"\"k\"\":[1,2]}\"\r\n", "[\n  {\"a\": {\"k\":[1,2]}}\n]\n");
    gives("{ { a = {} }, { a = { 1 } } }", NULL, "a\r\n{}\r\n{1}\r\n", NULL);
    gives("{ { a = json.decode('[]') } }", NULL, "a\r\n[]\r\n", NULL);
}

static void a_mixed_column_is_text_or_json(void **state)
{
    (void)state;
    gives("{ { a = 1 }, { a = 'x' }, { a = true } }", NULL, "a\r\n1\r\nx\r\ntrue\r\n",
          "[\n  {\"a\": \"1\"},\n  {\"a\": \"x\"},\n  {\"a\": \"true\"}\n]\n");
    gives("{ { a = 1 }, { a = { b = 2 } } }", NULL, "a\r\n1\r\n\"{\"\"b\"\":2}\"\r\n",
          "[\n  {\"a\": 1},\n  {\"a\": {\"b\":2}}\n]\n");
}

static void columns_come_in_the_order_that_was_asked_for(void **state)
{
    (void)state;
    const char *const name[] = {"z", "gone"}, *const beside[] = {"bar"};
    const struct part_columns wanted = {.name = name, .n = 2, .beside = beside, .n_beside = 1};
    gives("{ { a = 1, z = 2, m = 3 } }", &wanted, "z,gone,bar,a,m\r\n2,,,1,3\r\n", NULL);
    gives("{ columns = { 'm', 'a' }, { a = 1, m = 3, extra = 4, b = 5 } }", NULL, "m,a,b,extra\r\n3,1,5,4\r\n", NULL);
    gives("{ columns = { 'm', 'a' } }", NULL, "m,a\r\n", "[]\n");
    gives("{}", &wanted, "z,gone,bar\r\n", NULL);
}

static void a_column_that_no_query_has_is_a_typing_error(void **state)
{
    (void)state;
    const char *const name[] = {"veiws"};
    const struct part_columns wanted = {.name = name, .n = 1};
    refuses("{ columns = { 'views', 'likes' }, { views = 1 } }", &wanted,
            "column 'veiws' is in columns, but neither the query nor a row has it (other columns: views, likes)");
}

static void what_cannot_be_shown_is_told_with_row_and_column(void **state)
{
    (void)state;
    refuses("{ { a = 1 }, { a = print } }", NULL, "t.top: row 2, column a: a function cannot be shown");
    refuses("{ { a = coroutine.create(print) } }", NULL, "row 1, column a: a coroutine cannot be shown");
    refuses("{ { a = { b = print } } }", NULL, "row 1, column a: a function cannot be JSON");
    refuses("{ { a = '\\xff\\xfe' } }", NULL,
            "row 1, column a: bytes that are no text (UTF-8) cannot be shown: encode(column, 'hex')");
    refuses("{ { a = 'x\\0y' } }", NULL, "row 1, column a: bytes that are no text");
    refuses("{ { 1, 2 } }", NULL, "row 1 is a list: write its values as { name = value }");
    refuses("{ { a = 1 }, 7 }", NULL, "row 2 is no table but a number");
    refuses("{ a = 1 }", NULL, "must give back a list of rows, such as { { name = \"a\", views = 1 } }, not a single table");
    refuses("'text'", NULL, "must give back a list of rows, such as { { name = \"a\", views = 1 } }, not a string");
    refuses("{ [1] = { a = 1 }, [3] = { a = 1 } }", NULL, "not a list with holes (nil inside)");
    refuses("(function() local t = {} t.t = t return { { a = t } } end)()", NULL,
            "row 1, column a: a table deeper than 64 levels");
}

static void limits_are_named(void **state)
{
    (void)state;
    struct reading r = {0};
    struct err e = {0};
    const struct vm_limits few = {.rows = 2}, small = {.output = 1024};
    assert_int_equal(read_value("{ { a = 1 }, { a = 2 }, { a = 3 } }", &few, &r, &e), -1);
    assert_non_null(strstr(e.text, "read or gave back more than 2 rows (limits.rows)"));
    rowset_free(&r.rows);
    assert_int_equal(read_value("{ { a = ('x'):rep(2000) } }", &small, &r, &e), -1);
    assert_non_null(strstr(e.text, "put out more than 1 KiB (limits.output_mb)"));
    rowset_free(&r.rows);
    refuses("(function() local row = {} for i = 1, 2000 do row['c' .. i] = i end return { row } end)()", NULL,
            "gave back rows of more than 1664 columns");
}

static void a_prompt_knows_rows(void **state)
{
    (void)state;
    static const struct {
        const char *code;
        bool fits;
    } cases[] = {
        {"{ { a = 1 }, { b = 'x' } }", true},
        {"{ columns = { 'a' } }", true},
        {"{}", false},
        {"{ { a = { 1 } } }", false},
        {"{ 1 }", false},
        {"{ { } }", false},
        {"{ columns = { 'a' }, { a = { 1 } } }", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct reading r = {0};
        struct err e = {0};
        read_value(cases[i].code, NULL, &r, &e);
        if (r.fits != cases[i].fits)
            fail_msg("%s", cases[i].code);
        rowset_free(&r.rows);
    }
}

static int make_dir(void **state)
{
    (void)state;
    return mkdtemp(dir) != NULL ? 0 : -1;
}

static int remove_dir(void **state)
{
    (void)state;
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_keep_their_digits),
        cmocka_unit_test(absent_and_null_are_empty),
        cmocka_unit_test(booleans_are_postgres),
        cmocka_unit_test(lists_are_arrays_and_tables_are_json),
        cmocka_unit_test(a_mixed_column_is_text_or_json),
        cmocka_unit_test(columns_come_in_the_order_that_was_asked_for),
        cmocka_unit_test(a_column_that_no_query_has_is_a_typing_error),
        cmocka_unit_test(what_cannot_be_shown_is_told_with_row_and_column),
        cmocka_unit_test(limits_are_named),
        cmocka_unit_test(a_prompt_knows_rows),
    };
    return cmocka_run_group_tests_name("part_rows", tests, make_dir, remove_dir);
}
