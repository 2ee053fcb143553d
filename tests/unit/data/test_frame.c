/* What rules read posts from: columns that grow, values that are missing until they are set. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "data/frame.h"

static void values_come_back_and_the_rest_is_missing(void **state)
{
    (void)state;
    struct frame *f = frame_new();
    size_t views = frame_column(f, "views", FRAME_NUMBER), name = frame_column(f, "name", FRAME_TEXT);
    size_t tags = frame_column(f, "tags", FRAME_LIST), gained = frame_column(f, "gained", FRAME_DAILY);
    size_t hidden = frame_column(f, "hidden", FRAME_BOOL);
    const char *const two[] = {"a", "b"};
    const double days[] = {1, 2.5};
    for (int i = 0; i < 1000; i++)
        assert_int_equal(frame_row(f), i);
    frame_number(f, views, 999, 7);
    frame_text(f, name, 998, "x");
    frame_text(f, name, 999, "x");
    frame_list(f, tags, 5, two, 2);
    frame_daily(f, gained, 6, 20000, days, 2);
    frame_flag(f, hidden, 7, true);

    assert_true(isnan(f->column[views].number[0]));
    assert_true(f->column[views].number[999] == 7);
    assert_null(f->column[name].text[0]);
    assert_string_equal(f->column[name].text[999], "x");
    assert_ptr_equal(f->column[name].text[999], f->column[name].text[998]); /* neighbours share */
    assert_int_equal(f->column[tags].list[5]->n, 2);
    assert_string_equal(f->column[tags].list[5]->text[1], "b");
    assert_null(f->column[tags].list[6]);
    assert_int_equal(f->column[gained].daily[6]->first_day, 20000);
    assert_true(f->column[gained].daily[6]->value[1] == 2.5);
    assert_true(f->column[hidden].flag[7] && !f->column[hidden].flag[6]);
    frame_free(&f);
    assert_null(f);
}

static void a_column_that_comes_later_is_missing_everywhere(void **state)
{
    (void)state;
    struct frame *f = frame_new();
    frame_column(f, "a", FRAME_NUMBER);
    for (int i = 0; i < 100; i++)
        frame_row(f);
    size_t b = frame_column(f, "b", FRAME_NUMBER), c = frame_column(f, "c", FRAME_TEXT);
    assert_true(isnan(f->column[b].number[99]));
    assert_null(f->column[c].text[99]);
    assert_int_equal(frame_find(f, "b"), b);
    assert_int_equal(frame_find(f, "nothing"), f->n_column);
    frame_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_come_back_and_the_rest_is_missing),
        cmocka_unit_test(a_column_that_comes_later_is_missing_everywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
