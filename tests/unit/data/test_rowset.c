/* The exact forms: CSV for spreadsheets, JSON for programs; nothing rounded, nothing lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "data/rowset.h"

static struct rowset *sample(void)
{
    static const struct column columns[] = {
        {"title", COLUMN_TEXT}, {"views", COLUMN_INTEGER}, {"rate", COLUMN_NUMBER}, {"at", COLUMN_TIME},
        {"ours", COLUMN_BOOL},  {"tags", COLUMN_ARRAY},    {"more", COLUMN_JSON},
    };
    struct rowset *r = rowset_new(columns, 7);
    rowset_add(r, (const char *const[]){"say \"hi\", twice\n", "9007199254740993", "0.10000000000000000001",
                                        "2026-11-21 22:59:00.25+00", "t", "{cats,\"a \\\"b\\\\c\",NULL,\"NULL\",\"{x}\"}",
                                        "{\"a\": [1, 2.50]}"});
    rowset_add(r, (const char *const[]){"", "-1", "NaN", "2026-11-21", "f", "{}", NULL});
    rowset_add(r,
               (const char *const[]){NULL, NULL, "-Infinity", "2026-11-21 10:00:00+05:30", NULL, "{{a,b},{c,NULL}}", "null"});
    rowset_add(r, (const char *const[]){"=1+1", "0", "1e+20", "infinity", NULL, NULL, "[]"});
    return r;
}

static void csv_is_rfc_4180(void **state)
{
    (void)state;
    struct rowset *r = sample();
    struct buf out = {0};
    rowset_csv(r, &out);
    assert_string_equal(out.data,
                        "title,views,rate,at,ours,tags,more\r\n"
                        "\"say \"\"hi\"\", twice\n\",9007199254740993,0.10000000000000000001,2026-11-21T22:59:00.25Z,t,"
                        "\"{cats,\"\"a \\\"\"b\\\\c\"\",NULL,\"\"NULL\"\",\"\"{x}\"\"}\",\"{\"\"a\"\": [1, 2.50]}\"\r\n"
                        ",-1,NaN,2026-11-21,f,{},\r\n"
                        ",,-Infinity,2026-11-21T10:00:00+05:30,,\"{{a,b},{c,NULL}}\",null\r\n"
                        "=1+1,0,1e+20,infinity,,,[]\r\n");
    buf_free(&out);
    rowset_free(&r);
}

static void json_keeps_every_digit_and_every_kind(void **state)
{
    (void)state;
    struct rowset *r = sample();
    struct buf out = {0};
    rowset_json(r, &out);
    assert_string_equal(
        out.data,
        "[\n"
        "  {\"title\": \"say \\\"hi\\\", twice\\n\", \"views\": 9007199254740993, \"rate\": 0.10000000000000000001, "
        "\"at\": \"2026-11-21T22:59:00.25Z\", \"ours\": true, \"tags\": [\"cats\",\"a \\\"b\\\\c\",null,\"NULL\",\"{x}\"], "
        "\"more\": {\"a\": [1, 2.50]}},\n"
        "  {\"title\": \"\", \"views\": -1, \"rate\": \"NaN\", \"at\": \"2026-11-21\", \"ours\": false, \"tags\": [], "
        "\"more\": null},\n"
        "  {\"title\": null, \"views\": null, \"rate\": \"-Infinity\", \"at\": \"2026-11-21T10:00:00+05:30\", "
        "\"ours\": null, \"tags\": [[\"a\",\"b\"],[\"c\",null]], \"more\": null},\n"
        "  {\"title\": \"=1+1\", \"views\": 0, \"rate\": 1e+20, \"at\": \"infinity\", \"ours\": null, \"tags\": null, "
        "\"more\": []}\n"
        "]\n");
    buf_free(&out);
    rowset_free(&r);
}

static void no_rows_are_still_a_header_and_an_array(void **state)
{
    (void)state;
    struct rowset *r = rowset_new((const struct column[]){{"a,b", COLUMN_TEXT}}, 1);
    struct buf out = {0};
    rowset_csv(r, &out);
    assert_string_equal(out.data, "\"a,b\"\r\n");
    buf_clear(&out);
    rowset_json(r, &out);
    assert_string_equal(out.data, "[]\n");
    assert_int_equal(rowset_find(r, "a,b"), 0);
    assert_int_equal(rowset_find(r, "a"), 1);
    buf_free(&out);
    rowset_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(csv_is_rfc_4180),
        cmocka_unit_test(json_keeps_every_digit_and_every_kind),
        cmocka_unit_test(no_rows_are_still_a_header_and_an_array),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
