/* COPY's binary form, byte for byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "data/pgcopy.h"

#define expect_bytes(b, literal) expect_bytes_n(b, literal, sizeof(literal) - 1)

static void expect_bytes_n(struct buf *b, const char *wanted, size_t n)
{
    assert_int_equal(b->len, n);
    assert_memory_equal(b->data, wanted, n);
    buf_clear(b);
}

static void frames_are_as_the_server_reads_them(void **state)
{
    struct buf b = {0};
    (void)state;
    pgcopy_header(&b);
    expect_bytes(&b, "PGCOPY\n\xFF\r\n\0\0\0\0\0\0\0\0\0");
    pgcopy_row(&b, 258);
    expect_bytes(&b, "\1\2");
    pgcopy_trailer(&b);
    expect_bytes(&b, "\xFF\xFF");
    buf_free(&b);
}

static void fields_are_big_endian_behind_their_length(void **state)
{
    struct buf b = {0};
    struct uuid u;
    (void)state;
    pgcopy_null(&b);
    expect_bytes(&b, "\xFF\xFF\xFF\xFF");
    pgcopy_text(&b, "né", 3);
    expect_bytes(&b, "\0\0\0\3n\xC3\xA9");
    pgcopy_text(&b, NULL, 0);
    expect_bytes(&b, "\0\0\0\0");
    pgcopy_int8(&b, -2);
    expect_bytes(&b, "\0\0\0\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFE");
    pgcopy_int8(&b, INT64_C(0x0102030405060708));
    expect_bytes(&b, "\0\0\0\x08\1\2\3\4\5\6\7\x08");
    pgcopy_jsonb(&b, "{}", 2);
    expect_bytes(&b, "\0\0\0\3\1{}");
    assert_true(uuid_parse("00112233-4455-6677-8899-aabbccddeeff", &u));
    pgcopy_uuid(&b, &u);
    expect_bytes(&b, "\0\0\0\x10\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xAA\xBB\xCC\xDD\xEE\xFF");
    buf_free(&b);
}

static void instants_count_from_the_year_2000(void **state)
{
    struct buf b = {0};
    (void)state;
    pgcopy_timestamptz(&b, INT64_C(946684800000000));
    expect_bytes(&b, "\0\0\0\x08\0\0\0\0\0\0\0\0");
    pgcopy_timestamptz(&b, INT64_C(946684799999999));
    expect_bytes(&b, "\0\0\0\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF");
    pgcopy_timestamptz(&b, INT64_MIN);
    expect_bytes(&b, "\0\0\0\x08\x80\0\0\0\0\0\0\0");
    pgcopy_timestamptz(&b, INT64_MIN + 1);
    expect_bytes(&b, "\0\0\0\x08\x80\0\0\0\0\0\0\0");
    pgcopy_timestamptz(&b, INT64_MAX);
    expect_bytes(&b, "\0\0\0\x08\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF");
    buf_free(&b);
}

/* length, digits, weight, sign, dscale, digits of base 10000 */
static void thousandths_become_numeric(void **state)
{
    struct buf b = {0};
    (void)state;
    pgcopy_numeric_milli(&b, 0);
    expect_bytes(&b, "\0\0\0\x08\0\0\0\0\0\0\0\3");
    pgcopy_numeric_milli(&b, 1500); /* 1.500 */
    expect_bytes(&b, "\0\0\0\x0C\0\2\0\0\0\0\0\3\0\1\x13\x88");
    pgcopy_numeric_milli(&b, -1500);
    expect_bytes(&b, "\0\0\0\x0C\0\2\0\0\x40\0\0\3\0\1\x13\x88");
    pgcopy_numeric_milli(&b, 1); /* 0.001 */
    expect_bytes(&b, "\0\0\0\x0A\0\1\xFF\xFF\0\0\0\3\0\x0A");
    pgcopy_numeric_milli(&b, 7000); /* 7 */
    expect_bytes(&b, "\0\0\0\x0A\0\1\0\0\0\0\0\3\0\7");
    pgcopy_numeric_milli(&b, 10000000); /* 10000: one digit of weight 1 */
    expect_bytes(&b, "\0\0\0\x0A\0\1\0\1\0\0\0\3\0\1");
    pgcopy_numeric_milli(&b, 10000999); /* 10000.999: a zero in the middle stays */
    expect_bytes(&b, "\0\0\0\x0E\0\3\0\1\0\0\0\3\0\1\0\0\x27\x06");
    pgcopy_numeric_milli(&b, INT64_MIN); /* -9223372036854775.808 */
    expect_bytes(&b, "\0\0\0\x12\0\5\0\3\x40\0\0\3\x24\x07\x0E\x88\x0E\x65\x12\xA7\x1F\x90");
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_are_as_the_server_reads_them),
        cmocka_unit_test(fields_are_big_endian_behind_their_length),
        cmocka_unit_test(instants_count_from_the_year_2000),
        cmocka_unit_test(thousandths_become_numeric),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
