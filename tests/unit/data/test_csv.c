/* CSV: cells as they stand, errors with their line, cuts only between records. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "data/csv.h"

static void expect_tree(const char *header, const char *body, const char *wanted)
{
    struct json_doc *doc;
    struct err e = {0};
    struct buf b = {0};
    if (csv_parse(header, strlen(header), body, strlen(body), 2, &doc, &e) != 0)
        fail_msg("%s%s: %s", header, body, e.text);
    json_write(json_root(doc), &b);
    assert_string_equal(b.data, wanted);
    buf_free(&b);
    json_free(&doc);
}

static void expect_refused(const char *header, const char *body, size_t body_len, const char *wanted)
{
    struct json_doc *doc = (struct json_doc *)&body_len;
    struct err e = {0};
    assert_int_equal(csv_parse(header, strlen(header), body, body_len, 7, &doc, &e), -1);
    assert_null(doc);
    assert_int_equal(e.kind, ERR_INPUT);
    assert_string_equal(e.text, wanted);
}

static void records_become_objects(void **state)
{
    (void)state;
    expect_tree("id,n\n", "1,2\n3,4\n",
                "{\"columns\":[\"id\",\"n\"],\"rows\":[{\"id\":\"1\",\"n\":\"2\"},{\"id\":\"3\",\"n\":\"4\"}]}");
    expect_tree(
        "\xEF\xBB\xBFid,\"n,m\"\r\n", "1,\"a \"\"b\"\",\r\nc\"\r\n2,",
        "{\"columns\":[\"id\",\"n,m\"],\"rows\":[{\"id\":\"1\",\"n,m\":\"a \\\"b\\\",\\r\\nc\"},{\"id\":\"2\",\"n,m\":null}]}");
    expect_tree("id,n", "1,\"\"\r2, x ",
                "{\"columns\":[\"id\",\"n\"],\"rows\":[{\"id\":\"1\",\"n\":\"\"},{\"id\":\"2\",\"n\":\" x \"}]}");
    expect_tree("id\n", "\n\r\n1\n\n", "{\"columns\":[\"id\"],\"rows\":[{\"id\":\"1\"}]}");
    expect_tree("id\n", "", "{\"columns\":[\"id\"],\"rows\":[]}");
    expect_tree("id,Id\n", "12345678901234567890,\n",
                "{\"columns\":[\"id\",\"Id\"],\"rows\":[{\"id\":\"12345678901234567890\",\"Id\":null}]}");
}

static void a_row_knows_its_line(void **state)
{
    static const char body[] = "1,\"a\nb\r\nc\rd\"\n\n2,x\r\n3,y";
    static const size_t lines[] = {10, 15, 16};
    struct json_doc *doc;
    struct err e = {0};
    (void)state;
    assert_int_equal(csv_parse("id,n\n", 5, body, sizeof body - 1, 10, &doc, &e), 0);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(csv_line(json_at(json_path(json_root(doc), "rows"), i)), lines[i]);
    json_free(&doc);
}

static void bad_records_are_named_by_their_line(void **state)
{
    static const struct {
        const char *header, *body, *error;
    } cases[] = {
        {"", "", "the document is empty"},
        {"\n", "1\n", "line 1: a header is expected, found an empty line"},
        {"a,b,a\n", "", "line 1: two columns are called 'a'; give each its own name"},
        {"a,b\n", "1,2\n1\n", "line 8: 1 cell where the header has 2"},
        {"a,b\n", "1,2,3\n", "line 7: 3 cells where the header has 2"},
        {"a,b\n", "\"x\n\",1\n5,4,\n", "line 9: 3 cells where the header has 2"},
        {"a,b\n", "1,2\n1,\"x\n", "line 8, cell 2: a quoted cell begins here and never ends: its closing '\"' is missing"},
        {"a,b\n", "1,\"x\"y\n",
         "line 7, cell 2: text after the closing '\"' of a quoted cell (a '\"' inside one is written twice)"},
        {"a,b\n", "1\"2\",2\n", "line 7, cell 1: a '\"' inside a cell that is not quoted"},
        {"\"a\n", "1\n", "line 1, cell 1: a quoted cell begins here and never ends: its closing '\"' is missing"},
        {"a\n", "1\n\xFF\n", "line 8: not UTF-8: byte 0xFF begins a character beyond U+10FFFF"},
        {"a\n", "1\n2\n\xE2\x82", "line 9: truncated UTF-8: the text ends in the middle of a character (0xE2 0x82)"},
        {"\xFF\xFE"
         "a\n",
         "", "line 1: not UTF-8: the text is UTF-16, save it as UTF-8"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_refused(cases[i].header, cases[i].body, strlen(cases[i].body), cases[i].error);
    expect_refused("a\n", "1\n\0\n", 4, "line 8: a byte 0x00, which no text has");
}

/* The header's cell, a row and its cell each count. */
static void the_limit_of_values_is_exact(void **state)
{
    struct buf b = {0};
    struct json_doc *doc;
    struct err e = {0};
    (void)state;
    for (int i = 0; i < 249999; i++)
        buf_str(&b, "1\n");
    assert_int_equal(csv_parse("a\n", 2, b.data, b.len, 2, &doc, &e), 0);
    assert_int_equal(json_size(json_path(json_root(doc), "rows")), 249999);
    json_free(&doc);
    buf_str(&b, "1\n");
    expect_refused("a\n", b.data, b.len, "line 250006: more than 500,000 values");
    buf_free(&b);
}

static void cuts_come_after_whole_records(void **state)
{
    static const struct {
        const char *text;
        size_t want, cut;
    } cases[] = {
        {"a,b\nc,d\ne,f\n", 0, 4},
        {"a,b\nc,d\ne,f\n", 4, 4},
        {"a,b\nc,d\ne,f\n", 5, 8},
        {"a,b\nc,d\ne,f\n", 99, 12},
        {"a,b\r\nc", 1, 5},
        {"a\rb\r", 1, 2},
        {"\"a\nb\"\nc\n", 1, 6},
        {"\"a\"\"\n\"\nc\n", 1, 7},
        {"a\"b\nc\n", 1, 4},
        {"\"never\nends\n", 1, 12},
        {"x,\"a\nb\",y\nz", 1, 10},
        {"", 5, 0},
        {"\xEF\xBB\xBF\"a\nb\"\nc\n", 1, 9},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (csv_cut(cases[i].text, strlen(cases[i].text), cases[i].want) != cases[i].cut)
            fail_msg("case %zu", i);
    }
}

static void cells_are_quoted_only_where_they_must(void **state)
{
    static const char *const cases[][2] = {{"", ""},           {"a b", "a b"},       {"a,b", "\"a,b\""},
                                           {"\"", "\"\"\"\""}, {"a\nb", "\"a\nb\""}, {"x\"y\"", "\"x\"\"y\"\"\""},
                                           {"\r", "\"\r\""}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf b = {0};
        csv_write_cell(cases[i][0], strlen(cases[i][0]), &b);
        assert_string_equal(b.data != NULL ? b.data : "", cases[i][1]);
        buf_free(&b);
    }
}

static void records_of_another_width_are_put_aside(void **state)
{
    (void)state;
    static const char header[] = "a,b\n", body[] = "1,2\n3\n4,5\n\"6\",7,8\n9,10\n";
    struct csv_odd_list odd;
    struct json_doc *doc = NULL;
    struct err e = {0};
    assert_int_equal(csv_parse_most(header, 4, body, strlen(body), 2, &doc, &odd, &e), 0);
    assert_int_equal(json_size(json_path(json_root(doc), "rows")), 3);
    assert_int_equal(odd.n, 2);
    assert_int_equal(odd.columns, 2);
    assert_int_equal(odd.item[0].line, 3);
    assert_memory_equal(body + odd.item[0].at, "3\n", odd.item[0].len);
    assert_int_equal(odd.item[1].cells, 3);
    assert_memory_equal(body + odd.item[1].at, "\"6\",7,8\n", odd.item[1].len);
    json_free(&doc);
    mem_free(odd.item);
    assert_int_equal(csv_parse_most(header, 4, "1\n2,3\n", 6, 2, &doc, &odd, &e), -1);
    assert_string_equal(e.text, "line 2: 1 cell where the header has 2");
    assert_null(doc);
    mem_free(odd.item);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_become_objects),
        cmocka_unit_test(a_row_knows_its_line),
        cmocka_unit_test(bad_records_are_named_by_their_line),
        cmocka_unit_test(the_limit_of_values_is_exact),
        cmocka_unit_test(cuts_come_after_whole_records),
        cmocka_unit_test(cells_are_quoted_only_where_they_must),
        cmocka_unit_test(records_of_another_width_are_put_aside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
