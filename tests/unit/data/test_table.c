/* Tables as a person reads them, byte for byte: tests/golden/table/NAME.txt. TIDEMARK_GOLDEN=write writes them anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "data/table.h"

/* Sun 22 Nov 2026 12:00 UTC */
#define NOW (INT64_C(1795348800) * 1000000)

static void compare_golden(const char *name, const struct buf *got)
{
    char path[256];
    snprintf(path, sizeof path, "tests/golden/table/%s.txt", name);
    const char *mode = getenv("TIDEMARK_GOLDEN");
    if (mode != NULL && strcmp(mode, "write") == 0) {
        FILE *f = fopen(path, "w");
        assert_non_null(f);
        fwrite(got->data, 1, got->len, f);
        fclose(f);
        return;
    }
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    char want[16384];
    size_t n = fread(want, 1, sizeof want - 1, f);
    fclose(f);
    want[n] = '\0';
    assert_string_equal(got->data, want);
}

static char *texts(const char *s)
{
    return (char *)(uintptr_t)s; /* layouts own their texts elsewhere; here they are literals and never freed */
}

static struct rowset *posts(void)
{
    static const struct column columns[] = {
        {"title", COLUMN_TEXT},  {"platform", COLUMN_TEXT}, {"published_at", COLUMN_TIME}, {"views", COLUMN_INTEGER},
        {"lift", COLUMN_NUMBER}, {"tags", COLUMN_ARRAY},    {"is_ours", COLUMN_BOOL},      {"data_until", COLUMN_TIME},
    };
    static const char *const rows[][8] = {
        {"Why cats purr when nobody is looking, explained in twelve seconds", "youtube", "2026-11-21 22:59:00+00", "1234567",
         "24.04", "{cats,\"how to\"}", "t", "2026-11-21 22:59:00+00"},
        {"\xe7\x8c\xab\xe3\x81\xaf\xe3\x81\xaa\xe3\x81\x9c\xe9\xb3\xb4\xe3\x81\x8f\xe3\x81\xae\xe3\x81\x8b \xf0\x9f\x90\xb1 "
         "cafe\xcc\x81",
         "tiktok", "2026-11-20 08:05:30.25+00", "98765", "-13.96", "{}", "f", "2026-11-21 22:59:00+00"},
        {"\x1b[2J\x1b]0;owned\x07 \xe2\x80\xaetxt.exe", "instagram", NULL, "0", "0.04", NULL, NULL, "2026-11-21 22:59:00+00"},
        {"short", "x", "2026-11-19 00:00:00+00", NULL, NULL, "{NULL,a}", "t", "2026-11-21 22:59:00+00"},
    };
    struct rowset *r = rowset_new(columns, 8);
    for (size_t i = 0; i < 4; i++)
        rowset_add(r, rows[i]);
    return r;
}

static struct table_layout posts_layout(void)
{
    static struct table_column columns[8];
    static char *notes[2], *next[2];
    columns[0] = (struct table_column){.name = texts("title"), .title = texts("post"), .decimals = -1, .cut = true};
    columns[1] = (struct table_column){.name = texts("platform"), .decimals = -1, .drop = 1};
    columns[2] = (struct table_column){.name = texts("published_at"), .title = texts("published"), .decimals = -1, .drop = 3};
    columns[3] = (struct table_column){.name = texts("views"), .decimals = -1};
    columns[4] = (struct table_column){.name = texts("lift"), .unit = texts("%"), .decimals = 0, .sign = true, .mark = true};
    columns[5] = (struct table_column){.name = texts("tags"), .decimals = -1, .drop = 2};
    columns[6] = (struct table_column){.name = texts("is_ours"), .decimals = -1, .drop = 4};
    columns[7] = (struct table_column){.name = texts("data_until"), .decimals = -1, .hide = true};
    notes[0] = texts("{rows} posts; lift against the account's other posts of the last 90 days, at the same age of 7 days. "
                     "{nothing} stays.");
    notes[1] = texts("Data to {data_until}.");
    next[0] = texts("tidemark report styles.top");
    next[1] = texts("tidemark report content.top --var days=7");
    return (struct table_layout){
        .title = texts("Best posts"),
        .column = columns,
        .n_column = 8,
        .role[TABLE_BAR] = texts("views"),
        .note = notes,
        .n_note = 2,
        .next = next,
        .n_next = 2,
    };
}

static void render_posts(const char *golden, struct table_style style)
{
    struct rowset *r = posts();
    struct table_layout layout = posts_layout();
    struct buf out = {0};
    style.now = NOW;
    table_render(r, &layout, &style, &out);
    compare_golden(golden, &out);
    size_t line = 0;
    for (char *p = strtok(out.data, "\n"); p != NULL; p = strtok(NULL, "\n"), line++) {
        assert_true(p[strlen(p) - 1] != ' ');                                        /* never a blank at the end */
        if (style.width > 0 && !style.color && strstr(p, "tidemark report") == NULL) /* a command is not broken */
            assert_true(text_width(p) <= style.width);
    }
    assert_true(line > 5);
    buf_free(&out);
    rowset_free(&r);
}

static void at_120_columns_it_shows_bar_and_most_columns(void **state)
{
    (void)state;
    render_posts("posts_120", (struct table_style){.width = 119, .zone = "Europe/Berlin"});
}

static void at_80_columns_it_drops_by_order_and_cuts_names(void **state)
{
    (void)state;
    render_posts("posts_80", (struct table_style){.width = 79, .zone = "Europe/Berlin"});
}

static void at_40_columns_the_bar_goes_and_numbers_stay_whole(void **state)
{
    (void)state;
    render_posts("posts_40", (struct table_style){.width = 39});
}

static void ascii_has_seven_bits(void **state)
{
    (void)state;
    render_posts("posts_80_ascii", (struct table_style){.width = 79, .ascii = true, .zone = "Europe/Berlin"});
    FILE *f = fopen("tests/golden/table/posts_80_ascii.txt", "r");
    assert_non_null(f);
    for (int c; (c = getc(f)) != EOF;)
        assert_true(c == '\n' || (c >= ' ' && c < 0x7f));
    fclose(f);
}

static void color_is_five_roles_and_never_the_only_sign(void **state)
{
    (void)state;
    render_posts("posts_120_color", (struct table_style){.width = 119, .color = true, .zone = "Europe/Berlin"});
}

static void without_a_width_nothing_is_cut(void **state)
{
    (void)state;
    render_posts("posts_wide", (struct table_style){.zone = "America/Los_Angeles"});
}

static void render(const struct rowset *r, const struct table_layout *layout, struct table_style style, const char *want)
{
    struct buf out = {0};
    table_render(r, layout, &style, &out);
    assert_string_equal(out.data, want);
    buf_free(&out);
}

static struct rowset *numbers(size_t n, const char *const *values)
{
    struct rowset *r = rowset_new(&(struct column){"x", COLUMN_NUMBER}, 1);
    for (size_t i = 0; i < n; i++)
        rowset_add(r, &values[i]);
    return r;
}

static void numbers_are_rounded_on_their_digits_grouped_and_signed(void **state)
{
    (void)state;
    const char *values[] = {"0.05", "-0.04", "1e+20", "99999.95", "-1234.449", "NaN", "-Infinity", "9007199254740993.05"};
    struct rowset *r = numbers(8, values);
    struct table_column c = {.name = texts("x"), .decimals = 1, .sign = true};
    struct table_layout layout = {.column = &c, .n_column = 1};
    render(r, &layout, (struct table_style){0},
           "                               x\n"
           "                            +0.1\n"
           "                             0.0\n"
           "  +100 000 000 000 000 000 000.0\n"
           "                      +100 000.0\n"
           "                        −1 234.4\n"
           "                             NaN\n"
           "                       −Infinity\n"
           "        +9 007 199 254 740 993.1\n");
    rowset_free(&r);
}

static void bars_of_both_signs_share_one_zero(void **state)
{
    (void)state;
    const char *values[] = {"30", "-10", "0", "0.01", NULL};
    struct rowset *r = numbers(5, values);
    struct table_layout layout = {.role[TABLE_BAR] = texts("x")};
    render(r, &layout, (struct table_style){.width = 32},
           "     x  −10   0               30\n"
           "    30        ██████████████████\n"
           "   −10  ██████\n"
           "     0\n"
           "  0.01        ▏\n"
           "     ·\n");
    rowset_free(&r);
}

static void an_empty_result_says_what_to_do(void **state)
{
    (void)state;
    struct rowset *r = numbers(0, NULL);
    char *note = texts("never shown"), *next = texts("tidemark ingest FILE");
    struct table_layout layout = {.title = texts("Trends"),
                                  .empty = texts("No trends yet: {rows} rows."),
                                  .note = &note,
                                  .n_note = 1,
                                  .next = &next,
                                  .n_next = 1};
    render(r, &layout, (struct table_style){.width = 20},
           "Trends\n\nNo trends yet: 0\nrows.\n\nnext    tidemark ingest FILE\n");
    rowset_free(&r);
}

static void times_far_from_now_carry_their_year_and_dates_no_clock(void **state)
{
    (void)state;
    struct column columns[] = {{"a", COLUMN_TIME}, {"d", COLUMN_TIME}};
    struct rowset *r = rowset_new(columns, 2);
    rowset_add(r, (const char *const[]){"2026-10-25 00:30:00+00", "2026-11-21"});
    rowset_add(r, (const char *const[]){"2026-10-25 01:30:00+00", "2019-02-28"});
    struct table_layout layout = {0};
    /* the hour that Berlin has twice: both are 02:30 there */
    render(r, &layout, (struct table_style){.zone = "Europe/Berlin", .now = NOW},
           "  a                 d\n"
           "  Sun 25 Oct 02:30  Sat 21 Nov 2026\n"
           "  Sun 25 Oct 02:30  Thu 28 Feb 2019\n");
    assert_null(getenv("TZ")); /* the zone was lent, not changed */
    rowset_free(&r);
}

int main(void)
{
    unsetenv("TZ");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_120_columns_it_shows_bar_and_most_columns),
        cmocka_unit_test(at_80_columns_it_drops_by_order_and_cuts_names),
        cmocka_unit_test(at_40_columns_the_bar_goes_and_numbers_stay_whole),
        cmocka_unit_test(ascii_has_seven_bits),
        cmocka_unit_test(color_is_five_roles_and_never_the_only_sign),
        cmocka_unit_test(without_a_width_nothing_is_cut),
        cmocka_unit_test(numbers_are_rounded_on_their_digits_grouped_and_signed),
        cmocka_unit_test(bars_of_both_signs_share_one_zero),
        cmocka_unit_test(an_empty_result_says_what_to_do),
        cmocka_unit_test(times_far_from_now_carry_their_year_and_dates_no_clock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
