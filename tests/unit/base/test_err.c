/* Errors keep their kind when a place is put in front, and are cut between characters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"

static void place_goes_in_front(void **state)
{
    (void)state;
    struct err e = {0};
    assert_int_equal(err_set(&e, ERR_INPUT, "line %d: bad", 3), -1);
    assert_int_equal(err_in(&e, "a.json"), -1);
    assert_string_equal(e.text, "a.json: line 3: bad");
    assert_int_equal(e.kind, ERR_INPUT);
    assert_int_equal(err_exit_code(e.kind), 65);
}

static void long_text_is_cut_between_characters(void **state)
{
    (void)state;
    struct err e = {0};
    char text[3 * sizeof e.text];
    for (size_t i = 0; i + 2 < sizeof text; i += 2)
        memcpy(text + i, "é", 3);
    err_set(&e, ERR_INPUT, "%s", text);
    size_t n = strlen(e.text);
    assert_true(n < sizeof e.text);
    assert_string_equal(e.text + n - 3, "…");
    assert_memory_equal(e.text + n - 5, "é", 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(place_goes_in_front),
        cmocka_unit_test(long_text_is_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
