/* UUIDs sort in the order they were made, whatever the clock does; SHA-256 is SHA-256. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "data/sha256.h"
#include "data/uuid.h"

static int64_t milliseconds(const struct uuid *u)
{
    int64_t ms = 0;
    for (int i = 0; i < 6; i++)
        ms = ms << 8 | u->bytes[i];
    return ms;
}

static void expect_rising(size_t n, struct uuid *last)
{
    for (size_t i = 0; i < n; i++) {
        struct uuid u = uuid_v7();
        assert_true(memcmp(last->bytes, u.bytes, sizeof u.bytes) < 0);
        assert_int_equal(u.bytes[6] >> 4, 7);
        assert_int_equal(u.bytes[8] >> 6, 2);
        *last = u;
    }
}

/* Stands still, then back, then far ahead. The real clock comes first, the year 2040 last: the order holds for the process. */
static void version_7_rises_whatever_the_clock_does(void **state)
{
    struct uuid last = {{0}};
    (void)state;
    expect_rising(20000, &last);
    setenv("TIDEMARK_NOW", "2001-01-01T00:00:00Z", 1);
    expect_rising(20000, &last);
    setenv("TIDEMARK_NOW", "2040-01-01T00:00:00Z", 1);
    expect_rising(20000, &last);
    assert_int_equal(milliseconds(&last), INT64_C(2208988800000));
    unsetenv("TIDEMARK_NOW");
    expect_rising(1, &last);
}

static void a_child_makes_others(void **state)
{
    int ends[2];
    struct uuid mine, theirs;
    (void)state;
    uuid_v4();
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        theirs = uuid_v4();
        _exit(write(ends[1], &theirs, sizeof theirs) == sizeof theirs ? 0 : 1);
    }
    mine = uuid_v4();
    assert_int_equal(read(ends[0], &theirs, sizeof theirs), sizeof theirs);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_memory_not_equal(mine.bytes, theirs.bytes, sizeof mine.bytes);
    assert_int_equal(mine.bytes[6] >> 4, 4);
    assert_int_equal(mine.bytes[8] >> 6, 2);
    close(ends[0]);
    close(ends[1]);
}

static void text_is_read_in_any_case_and_written_small(void **state)
{
    static const char *const bad[] = {"",
                                      "00112233-4455-6677-8899-aabbccddeef",
                                      "00112233-4455-6677-8899-aabbccddeeff0",
                                      "001122334-455-6677-8899-aabbccddeeff",
                                      "00112233-4455-6677-8899-aabbccddeefg",
                                      "00112233445566778899aabbccddeeff",
                                      "{0112233-4455-6677-8899-aabbccddeef}"};
    struct uuid u;
    char text[37];
    (void)state;
    assert_true(uuid_parse("00112233-4455-6677-8899-AABBCCddeeff", &u));
    uuid_format(&u, text);
    assert_string_equal(text, "00112233-4455-6677-8899-aabbccddeeff");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(uuid_parse(bad[i], &u));
}

static void hashes_are_the_published_ones(void **state)
{
    char hex[65];
    (void)state;
    struct sha256 h = sha256_of("abc", 3);
    sha256_hex(&h, hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    h = sha256_of("", 0);
    sha256_hex(&h, hex);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(version_7_rises_whatever_the_clock_does),
        cmocka_unit_test(a_child_makes_others),
        cmocka_unit_test(text_is_read_in_any_case_and_written_small),
        cmocka_unit_test(hashes_are_the_published_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
