/* Errors keep their kind when a place is put in front, and are cut between characters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
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

static void many_lines_are_cut_between_lines(void **state)
{
    (void)state;
    struct err e = {0};
    err_set_lines(&e, ERR_CONFIG, "one\ntwo", "type x");
    assert_string_equal(e.text, "one\ntwo");
    char text[4000];
    size_t n = 0;
    for (int i = 0; i < 300; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%sline %03d", i ? "\n" : "", i);
    err_set_lines(&e, ERR_CONFIG, text, "type x");
    const char *end = strstr(e.text, "\n… and ");
    assert_non_null(end);
    int last = 0, more = 0;
    assert_int_equal(sscanf(end - 3, "%d", &last), 1);
    assert_int_equal(sscanf(end, "\n… and %d more: type x", &more), 1);
    assert_int_equal(last + 1 + more, 300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_lines_are_cut_between_lines),
        cmocka_unit_test(place_goes_in_front),
        cmocka_unit_test(long_text_is_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
