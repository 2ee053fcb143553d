/* Strangers' text: its width, its escapes, where it is cut. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "data/text.h"

static void check(const char *s, size_t width, const char *unicode, const char *ascii)
{
    struct buf out = {0};
    buf_reserve(&out, 1);
    text_escape(s, false, &out);
    assert_string_equal(out.data, unicode);
    assert_int_equal(text_width(s), width);
    buf_clear(&out);
    text_escape(s, true, &out);
    assert_string_equal(out.data, ascii);
    buf_free(&out);
}

static void width_is_counted_in_cells(void **state)
{
    (void)state;
    check("", 0, "", "");
    check("plain", 5, "plain", "plain");
    check("\xe7\x8c\xab", 2, "\xe7\x8c\xab", "?");         /* CJK */
    check("\xf0\x9f\x90\xb1", 2, "\xf0\x9f\x90\xb1", "?"); /* emoji */
    check("cafe\xcc\x81", 4, "cafe\xcc\x81", "cafe");      /* a combining mark */
    check("na\xc3\xafve", 5, "na\xc3\xafve", "na?ve");
}

static void what_terminals_disagree_about_is_left_out(void **state)
{
    (void)state;
    check("\xe2\x9d\xa4\xef\xb8\x8f!", 2, "\xe2\x9d\xa4!", "?!"); /* heart, variation selector 16 */
    check("\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7", 4, "\xf0\x9f\x91\xa9\xf0\x9f\x91\xa7", "??"); /* joined emoji */
    check("\xd9\x85\xe2\x80\x8c\xd8\xa7", 2, "\xd9\x85\xe2\x80\x8c\xd8\xa7", "??"); /* Persian needs its non-joiner */
}

static void what_moves_the_cursor_is_shown(void **state)
{
    (void)state;
    check("a\x1b[2Jb", 9, "a\\x1b[2Jb", "a\\x1b[2Jb");
    check("\r\n\t\x7f", 16, "\\x0d\\x0a\\x09\\x7f", "\\x0d\\x0a\\x09\\x7f");
    check("\xc2\x9b", 4, "\\x9b", "\\x9b"); /* CSI in one character */
    check("\xe2\x80\xae"
          "exe",
          11, "\\u{202e}exe", "\\u{202e}exe");
    check("\xe2\x80\xa8", 8, "\\u{2028}", "\\u{2028}");
    check("a\xe2\x80\x8b", 9, "a\\u{200b}", "a\\u{200b}");
    check("\xff\xc3", 8, "\\xff\\xc3", "\\xff\\xc3");
    check("\xed\xa0\x80", 12, "\\xed\\xa0\\x80", "\\xed\\xa0\\x80"); /* a surrogate */
}

static void cut(const char *s, bool ascii, size_t cells, const char *want, size_t width)
{
    struct buf out = {0};
    buf_reserve(&out, 1);
    assert_int_equal(text_cut(s, ascii, cells, &out), width);
    assert_string_equal(out.data, want);
    buf_free(&out);
}

static void it_is_cut_between_characters_and_escapes(void **state)
{
    (void)state;
    cut("short", false, 5, "short", 5);
    cut("longer", false, 5, "long…", 5);
    cut("longer", true, 5, "lo...", 5);
    cut("Great cats", false, 7, "Great…", 6);
    cut("\xe7\x8c\xab\xe7\x8c\xab\xe7\x8c\xab", false, 4, "\xe7\x8c\xab…", 3);
    cut("ab\x1b\x1b", false, 6, "ab…", 3);
}

static void it_does_not_matter_which_locale_the_process_has(void **state)
{
    (void)state;
    setlocale(LC_ALL, "C");
    check("\xe7\x8c\xab", 2, "\xe7\x8c\xab", "?");
    assert_string_equal(setlocale(LC_ALL, NULL), "C");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(width_is_counted_in_cells),
        cmocka_unit_test(what_terminals_disagree_about_is_left_out),
        cmocka_unit_test(what_moves_the_cursor_is_shown),
        cmocka_unit_test(it_is_cut_between_characters_and_escapes),
        cmocka_unit_test(it_does_not_matter_which_locale_the_process_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
