/* Documents keep what platforms wrote: digits, case, the last of duplicates; what is no JSON is refused with its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "data/json.h"

static struct json_doc *parse_n(const char *text, size_t n)
{
    struct json_doc *doc;
    struct err e = {0};
    if (json_parse(text, n, NULL, &doc, &e) != 0)
        fail_msg("%s: %s", text, e.text);
    return doc;
}

static struct json_doc *parse(const char *text)
{
    return parse_n(text, strlen(text));
}

static void expect_written(const char *text, const char *wanted)
{
    struct json_doc *doc = parse(text);
    struct buf b = {0};
    json_write(json_root(doc), &b);
    assert_string_equal(b.data, wanted);
    buf_free(&b);
    json_free(&doc);
    assert_null(doc);
}

static void expect_refused_n(const char *text, size_t n, const struct json_limits *limits, const char *wanted)
{
    struct json_doc *doc = (struct json_doc *)&n;
    struct err e = {0};
    char *copy = malloc(n > 0 ? n : 1); /* its own block: the sanitizer sees a read beyond the end */
    memcpy(copy, text, n);
    assert_int_equal(json_parse(copy, n, limits, &doc, &e), -1);
    free(copy);
    assert_null(doc);
    assert_int_equal(e.kind, ERR_INPUT);
    assert_string_equal(e.text, wanted);
}

static void what_is_no_json_is_refused_with_its_place(void **state)
{
    static const struct {
        const char *text, *error;
    } cases[] = {
        {"", "the document is empty"},
        {" \r\n\t", "the document is empty"},
        {"\xEF\xBB\xBF", "the document is empty"},
        {"[1,\n 2,]", "line 2, column 4: a comma before ']'"},
        {"{\"a\":1,}", "line 1, column 8: a comma before '}'"},
        {"[,1]", "line 1, column 2: a value is expected, found ','"},
        {"[1 2]", "line 1, column 4: ',' or ']' is expected after a value, found '2'"},
        {"{\"a\":1 \"b\":2}", "line 1, column 8: ',' or '}' is expected after a value, found '\"'"},
        {"{\"a\" 1}", "line 1, column 6: ':' is expected after the key, found '1'"},
        {"{a:1}", "line 1, column 2: a key in double quotes is expected, found 'a'"},
        {"{\"a\":}", "line 1, column 6: a value is expected, found '}'"},
        {"[1}", "line 1, column 3: ',' or ']' is expected after a value, found '}'"},
        {"]", "line 1, column 1: a value is expected, found ']'"},
        {"{} x", "line 1, column 4: the document has ended, nothing may follow it, found 'x'"},
        {"{}\n{}", "line 2, column 1: the document has ended, nothing may follow it, found '{'"},
        {"[1", "line 1, column 3: the text ends inside an array (it begins at line 1, column 1)"},
        {"{\"a\":\n{\"b\":1", "line 2, column 7: the text ends inside an object (it begins at line 2, column 1)"},
        {"{\"a\":", "line 1, column 6: the text ends inside an object (it begins at line 1, column 1)"},
        {"[\"abc", "line 1, column 6: the text ends inside a string (it begins at line 1, column 2)"},
        {"[\"abc\\", "line 1, column 7: the text ends inside a string (it begins at line 1, column 2)"},
        {"01", "line 1, column 1: a number must not begin with 0 (found 01)"},
        {"-01", "line 1, column 1: a number must not begin with 0 (found 01)"},
        {"[1.]", "line 1, column 4: a digit is expected after the '.', found ']'"},
        {"1.", "line 1, column 3: the text ends where a digit is expected after the '.'"},
        {".5", "line 1, column 1: a number must begin with a digit, found '.'"},
        {"+1", "line 1, column 1: a number must not begin with '+'"},
        {"-", "line 1, column 2: the text ends where a digit is expected after the '-'"},
        {"1e", "line 1, column 3: the text ends where a digit is expected in the exponent"},
        {"[1e+]", "line 1, column 5: a digit is expected in the exponent, found ']'"},
        {"[1e999]", "line 1, column 2: the number 1e999 is too large"},
        {"-1e999", "line 1, column 1: the number -1e999 is too large"},
        {"0x10", "line 1, column 2: the document has ended, nothing may follow it, found 'x10'"},
        {"NaN", "line 1, column 1: 'NaN' is no JSON value, numbers must be finite"},
        {"-Infinity", "line 1, column 1: '-Infinity' is no JSON value, numbers must be finite"},
        {"[True]", "line 1, column 2: 'True' is no JSON value, only true, false and null are"},
        {"truely", "line 1, column 1: a value is expected, found 'truely'"},
        {"['a']", "line 1, column 2: a string stands in double quotes, found a single one"},
        {"[1, // one", "line 1, column 5: a value is expected, found '/' (JSON has no comments)"},
        {"\"a\nb\"", "line 1, column 3: a line break inside a string must be written as \\n"},
        {"\"a\tb\"", "line 1, column 3: a tab inside a string must be written as \\t"},
        {"\"\x01\"", "line 1, column 2: the control character 0x01 inside a string must be written as \\u0001"},
        {"\"\\x\"", "line 1, column 2: a backslash must not stand before 'x'"},
        {"\"\\u12g4\"", "line 1, column 2: four hexadecimal digits are expected after \\u"},
        {"[\"\\u12", "line 1, column 7: the text ends inside a string (it begins at line 1, column 2)"},
        {"\"äö\xFF\"", "line 1, column 4: not UTF-8: byte 0xFF begins a character beyond U+10FFFF"},
        {"\"\x80\"", "line 1, column 2: not UTF-8: byte 0x80 cannot begin a character"},
        {"\"\xC0\xAF\"", "line 1, column 2: not UTF-8: byte 0xC0 begins an overlong form of a character"},
        {"\"\xE0\x80\xAF\"", "line 1, column 2: not UTF-8: byte 0xE0 begins an overlong form of a character"},
        {"\"\xF0\x80\x80\xAF\"", "line 1, column 2: not UTF-8: byte 0xF0 begins an overlong form of a character"},
        {"\"\xED\xA0\x80\"", "line 1, column 2: not UTF-8: bytes 0xED 0xA0 begin half of a surrogate pair"},
        {"\"\xF4\x90\x80\x80\"", "line 1, column 2: not UTF-8: byte 0xF4 begins a character beyond U+10FFFF"},
        {"\"\xC3(\"", "line 1, column 2: not UTF-8: byte 0xC3 begins a character that byte 0x28 does not continue"},
        {"\"\xE2\x82(\"", "line 1, column 2: not UTF-8: byte 0xE2 begins a character that byte 0x28 does not continue"},
        {"\"\xC3", "line 1, column 2: truncated UTF-8: the text ends in the middle of a character (0xC3)"},
        {"[\"a\xF0\x9F\x98", "line 1, column 4: truncated UTF-8: the text ends in the middle of a character (0xF0 0x9F 0x98)"},
        {"\xFF\xFE{", "line 1, column 1: not UTF-8: the text is UTF-16, save it as UTF-8"},
        {"[\xA0]", "line 1, column 2: not UTF-8: byte 0xA0 cannot begin a character"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_refused_n(cases[i].text, strlen(cases[i].text), NULL, cases[i].error);
    expect_refused_n("[\0]", 3, NULL, "line 1, column 2: a value is expected, found byte 0x00");
}

static void long_integers_keep_every_digit(void **state)
{
    static const char *const ids[] = {"7777777777777777777",
                                      "12345678901234567890",
                                      "-9223372036854775808",
                                      "9007199254740993",
                                      "1234567890123456",
                                      "-1234567890123456",
                                      "123456789012345",
                                      "0",
                                      "-5",
                                      "99999999999999999999999999999999999999999999999999999999999999999999999999999999"};
    (void)state;
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        struct json_doc *doc = parse(ids[i]);
        struct arena arena = {0};
        assert_int_equal(json_kind(json_root(doc)), JSON_NUMBER);
        assert_string_equal(json_id(json_root(doc), &arena), ids[i]);
        expect_written(ids[i], ids[i]);
        arena_free(&arena);
        json_free(&doc);
    }
}

static void a_string_that_looks_like_a_mark_stays_a_string(void **state)
{
    struct json_doc *doc = parse("[\"\\u0001#12\", \"\\u0001\", \"\\u0001\\u0001\", \"a\\u0001#1\", {\"\\u0001#1\": 2}]");
    static const char *const texts[] = {"\x01#12", "\x01", "\x01\x01", "a\x01#1"};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(json_kind(json_at(json_root(doc), i)), JSON_STRING);
        assert_string_equal(json_text(json_at(json_root(doc), i)), texts[i]);
    }
    assert_non_null(json_get(json_at(json_root(doc), 4), "\x01#1", 3));
    json_free(&doc);
    doc = json_new();
    cJSON *s = json_new_string(doc, "\x01#7", 3);
    assert_int_equal(json_kind(s), JSON_STRING);
    assert_string_equal(json_text(s), "\x01#7");
    assert_string_equal(json_text(json_new_string(doc, "a\0b", 3)), "a\xEF\xBF\xBD"
                                                                    "b");
    assert_string_equal(json_text(json_new_string(doc, NULL, 0)), "");
    json_free(&doc);
    expect_written("[\"\\u0001#12\",{\"\\u0001\":1}]", "[\"\\u0001#12\",{\"\\u0001\":1}]");
}

static void numbers_are_written_as_they_read(void **state)
{
    (void)state;
    expect_written("[1.5,0.1,1e3,-0,1E-7,123456789.125]", "[1.5,0.1,1000,0,1e-07,123456789.125]");
    expect_written("[1234567890.12345678901234567890123456789012345678901234567890123456789]", "[1234567890.1234567]");
    expect_written("[1e-999]", "[0]");
}

static void notes_name_what_was_changed(void **state)
{
    static const struct {
        const char *text, *notes;
    } cases[] = {
        {"{\"a\":1,\"b\":1,\"A\":1}", ""},
        {"{\"a\":1,\"\\u0061\":2}", "duplicate key \"a\": the last value counts"},
        {"[{\"a\":1,\"a\":2,\"a\":3}]", "duplicate key \"a\" and 1 more: the last value counts"},
        {"[{\"a\":1},{\"a\":2}]", ""},
        {"\"a\\u0000b\"", "U+FFFD in place of 1 escape (\\u0000 or half of a surrogate pair)"},
        {"{\"x\":\"\\ud800\",\"x\":\"\\udc00\\ud83d\"}",
         "duplicate key \"x\": the last value counts; U+FFFD in place of 3 escapes (\\u0000 or half of a surrogate pair)"},
        {"\"\\ud83d\\ude00\"", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct json_doc *doc = parse(cases[i].text);
        assert_string_equal(json_notes(doc), cases[i].notes);
        json_free(&doc);
    }
    expect_written("\"a\\u0000b\\ud800\\u0041\\ud83d\\ude00\"", "\"a\xEF\xBF\xBD"
                                                                "b\xEF\xBF\xBD"
                                                                "A\xF0\x9F\x98\x80\"");
}

/* More keys than are compared pair by pair. */
static void duplicates_in_a_large_object_are_found(void **state)
{
    struct buf b = {0};
    (void)state;
    buf_char(&b, '{');
    for (int i = 0; i < 5000; i++)
        buf_printf(&b, "\"k%d\":%d,", i, i);
    buf_str(&b, "\"k17\":-1}");
    struct json_doc *doc = parse(b.data);
    int64_t v;
    assert_string_equal(json_notes(doc), "duplicate key \"k17\": the last value counts");
    assert_true(json_int64(json_get(json_root(doc), "k17", 3), &v));
    assert_int_equal(v, -1);
    assert_int_equal(json_size(json_root(doc)), 5001);
    json_free(&doc);
    buf_free(&b);
}

static char *nested(unsigned depth)
{
    char *text = malloc(2 * (size_t)depth);
    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    return text;
}

static void limits_are_kept_to_the_last_one(void **state)
{
    struct json_doc *doc;
    struct err e = {0};
    (void)state;
    char *text = nested(65);
    assert_int_equal(json_parse(text + 1, 128, NULL, &doc, &e), 0);
    json_free(&doc);
    expect_refused_n(text, 130, NULL, "line 1, column 65: nested deeper than 64 levels");
    free(text);
    text = nested(100000);
    expect_refused_n(text, 200000, NULL, "line 1, column 65: nested deeper than 64 levels");
    struct json_limits deep = {1 << 20, 1 << 20, 100000};
    expect_refused_n(text, 200000, &deep, "line 1, column 1001: nested deeper than 1000 levels");
    free(text);
    struct json_limits few = {10, 4, 2};
    assert_int_equal(json_parse("[1,[2],3]", 9, &(struct json_limits){10, 5, 2}, &doc, &e), 0);
    json_free(&doc);
    expect_refused_n("[1,[2],3]", 9, &few, "line 1, column 8: more than 4 values");
    assert_int_equal(json_parse("[1,    2 ]", 10, &few, &doc, &e), 0);
    json_free(&doc);
    expect_refused_n("[1,    2  ]", 11, &few, "document of 11 bytes is larger than 10 bytes");
    size_t mib = (size_t)1 << 20;
    char *big = calloc(1, 17 * mib);
    expect_refused_n(big, 17 * mib, NULL, "document of 17 MiB is larger than 16 MiB");
    expect_refused_n(big, 16 * mib + 1, NULL, "document of 16,777,217 bytes is larger than 16,777,216 bytes");
    free(big);
}

static void the_default_limit_of_values_is_exact(void **state)
{
    struct buf b = {0};
    struct json_doc *doc;
    struct err e = {0};
    (void)state;
    buf_char(&b, '[');
    for (int i = 0; i < 499999; i++)
        buf_str(&b, "0,");
    b.data[b.len - 1] = ']';
    assert_int_equal(json_parse(b.data, b.len, NULL, &doc, &e), 0);
    assert_int_equal(json_size(json_root(doc)), 499999);
    json_free(&doc);
    b.data[b.len - 1] = ',';
    buf_str(&b, "0]");
    expect_refused_n(b.data, b.len, NULL, "line 1, column 1000000: more than 500,000 values");
    buf_free(&b);
}

static void members_are_found_by_exact_case_and_the_last_wins(void **state)
{
    struct json_doc *doc = parse("{\"Views\":1,\"views\":2,\"views\":3,\"\":4,\"view\":5}");
    const cJSON *root = json_root(doc);
    int64_t v;
    (void)state;
    assert_true(json_int64(json_get(root, "views", 5), &v) && v == 3);
    assert_true(json_int64(json_get(root, "Views", 5), &v) && v == 1);
    assert_true(json_int64(json_get(root, "viewsX", 4), &v) && v == 5);
    assert_true(json_int64(json_get(root, "", 0), &v) && v == 4);
    assert_null(json_get(root, "VIEWS", 5));
    assert_null(json_get(root, "view\0x", 6));
    assert_null(json_get(NULL, "a", 1));
    assert_null(json_get(json_at(root, 0), "a", 1));
    json_free(&doc);
}

static void paths_walk_objects_and_arrays(void **state)
{
    struct json_doc *doc = parse("{\"a\":{\"b\":[10,{\"c\":\"x\"}]},\"0\":null,\"n\":null}");
    const cJSON *root = json_root(doc);
    (void)state;
    assert_ptr_equal(json_path(root, ""), root);
    assert_ptr_equal(json_path(root, "."), root);
    assert_string_equal(json_text(json_path(root, "a.b.1.c")), "x");
    assert_int_equal(json_kind(json_path(root, "a.b.0")), JSON_NUMBER);
    assert_int_equal(json_kind(json_path(root, "0")), JSON_NULL);
    static const char *const absent[] = {"a.b.2", "a.b.-1", "a.b.x", "a.c", "a.b.1.c.d", "n.x", "a.b.99999999999999999999",
                                         "a.b."};
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
        assert_int_equal(json_kind(json_path(root, absent[i])), JSON_ABSENT);
    json_free(&doc);
}

static void counts_are_whole_numbers_within_64_bits(void **state)
{
    static const struct {
        const char *text;
        bool ok;
        int64_t value;
    } cases[] = {
        {"12", true, 12},
        {"-3", true, -3},
        {"12.0", true, 12},
        {"1e3", true, 1000},
        {"1.5", false, 0},
        {"\"42\"", true, 42},
        {"\"-1\"", true, -1},
        {"\"\"", false, 0},
        {"\"-\"", false, 0},
        {"\" 1\"", false, 0},
        {"\"1 \"", false, 0},
        {"\"1.0\"", false, 0},
        {"\"+1\"", false, 0},
        {"9223372036854775807", true, INT64_MAX},
        {"9223372036854775808", false, 0},
        {"-9223372036854775808", true, INT64_MIN},
        {"\"9223372036854775808\"", false, 0},
        {"1e19", false, 0},
        {"null", false, 0},
        {"true", false, 0},
        {"[]", false, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct json_doc *doc = parse(cases[i].text);
        int64_t v = 0;
        if (json_int64(json_root(doc), &v) != cases[i].ok || v != cases[i].value)
            fail_msg("%s", cases[i].text);
        json_free(&doc);
    }
    int64_t v;
    assert_false(json_int64(NULL, &v));
}

static void numeric_strings_are_numbers_and_nothing_else_is(void **state)
{
    static const char *const good[] = {"1.5", "\"1.5\"", "\"15e-1\"", "\"01.50\""};
    static const char *const bad[] = {"\"0x1\"", "\"nan\"", "\"inf\"", "\"1e999\"", "\"\"",
                                      "\".\"",   "\"1 \"",  "null",    "\"1e\""};
    (void)state;
    double d = 0;
    for (size_t i = 0; i < 4; i++, d = 0) {
        struct json_doc *doc = parse(good[i]);
        assert_true(json_double(json_root(doc), &d) && d == 1.5);
        json_free(&doc);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct json_doc *doc = parse(bad[i]);
        assert_false(json_double(json_root(doc), &d));
        json_free(&doc);
    }
}

static void trees_of_our_own_are_like_parsed_ones(void **state)
{
    struct json_doc *doc = json_new();
    cJSON *root = json_new_object(doc), *list = json_new_array(doc);
    struct buf b = {0};
    (void)state;
    json_put(doc, root, "list", list);
    for (int i = 0; i < 3; i++) {
        json_append(list, json_new_string(doc, &"abc"[i], 1));
        assert_int_equal(json_text(json_at(list, (size_t)i))[0], "abc"[i]);
    }
    json_set_root(doc, root);
    json_append(list, json_new_object(doc));
    assert_int_equal(json_size(list), 4);
    assert_int_equal(json_kind(json_at(list, 3)), JSON_OBJECT);
    assert_null(json_at(list, 4));
    json_write(json_root(doc), &b);
    assert_string_equal(b.data, "{\"list\":[\"a\",\"b\",\"c\",{}]}");
    buf_free(&b);
    json_free(&doc);
}

static void whatever_is_written_is_json(void **state)
{
    struct buf b = {0};
    (void)state;
    json_write_string("a\"\\\n\x1f\x00\xFFé\xC3", 10, &b);
    assert_string_equal(b.data, "\"a\\\"\\\\\\n\\u001f\xEF\xBF\xBD\xEF\xBF\xBDé\xEF\xBF\xBD\"");
    buf_free(&b);
    expect_written("\xEF\xBB\xBF { \"a\" : [ ] , \"b\" : { } , \"c\" : [ null , true , false ] } ",
                   "{\"a\":[],\"b\":{},\"c\":[null,true,false]}");
    assert_string_equal(json_kind_name(JSON_BOOL), "boolean");
    assert_string_equal(json_kind_name(json_kind(NULL)), "absent");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_json_is_refused_with_its_place),
        cmocka_unit_test(long_integers_keep_every_digit),
        cmocka_unit_test(a_string_that_looks_like_a_mark_stays_a_string),
        cmocka_unit_test(numbers_are_written_as_they_read),
        cmocka_unit_test(notes_name_what_was_changed),
        cmocka_unit_test(duplicates_in_a_large_object_are_found),
        cmocka_unit_test(limits_are_kept_to_the_last_one),
        cmocka_unit_test(the_default_limit_of_values_is_exact),
        cmocka_unit_test(members_are_found_by_exact_case_and_the_last_wins),
        cmocka_unit_test(paths_walk_objects_and_arrays),
        cmocka_unit_test(counts_are_whole_numbers_within_64_bits),
        cmocka_unit_test(numeric_strings_are_numbers_and_nothing_else_is),
        cmocka_unit_test(trees_of_our_own_are_like_parsed_ones),
        cmocka_unit_test(whatever_is_written_is_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
