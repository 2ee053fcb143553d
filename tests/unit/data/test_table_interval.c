/* Interval bars, sections, texts in place of numbers and sparklines, byte for byte: tests/golden/table/NAME.txt.
 * TIDEMARK_GOLDEN=write writes them anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "data/table.h"

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

static struct rowset *findings(void)
{
    static const struct column columns[] = {
        {"glyph", COLUMN_TEXT}, {"pattern", COLUMN_TEXT}, {"platform", COLUMN_TEXT}, {"lift", COLUMN_NUMBER},
        {"lo", COLUMN_NUMBER},  {"hi", COLUMN_NUMBER},    {"n", COLUMN_INTEGER},     {"q", COLUMN_NUMBER},
        {"part", COLUMN_TEXT},  {"why", COLUMN_TEXT},     {"tests", COLUMN_INTEGER}, {"written", COLUMN_INTEGER},
    };
    static const char *const no = "not shown to work";
    const char *const rows[][12] = {
        {"up", "Question in first 2 s", "instagram tiktok", "24", "15", "34", "436", "0.00004", NULL, NULL, "34", "9"},
        {"up", "Length 12 to 20 s", "tiktok", "19", "9", "29", "388", "0.0021", NULL, NULL, "34", "9"},
        {"up", "Posted 18 to 21 h", "youtube", "16", "6", "26", "380", "0.0137", NULL, NULL, "34", "9"},
        {"up", "Face in thumbnail", "youtube", "12", "4", "20", "610", "0.0141", NULL, NULL, "34", "9"},
        {"up", "Carousel of 5 or more", "instagram", "11", "4", "18", "740", "0.0142", NULL, NULL, "34", "9"},
        {"down", "Caption over 400 chars", "linkedin", "-14", "-23", "-5", "450", "0.0144", NULL, NULL, "34", "9"},
        {"flat", "Trending audio", "tiktok", "4", "-9", "17", "221", "0.74", no, NULL, "34", "9"},
        {"flat", "#fyp and its kin", "tiktok", "0.5", "-6", "7", "890", "0.93", no, NULL, "34", "9"},
        {"unknown", "Meme format", "x", "220", "-70", "900", "11", NULL, no, "too little data: 11 of 40 posts", "34", "9"},
    };
    struct rowset *r = rowset_new(columns, 12);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        rowset_add(r, rows[i]);
    return r;
}

static void set_roles(struct table_layout *l)
{
    l->role[TABLE_CENTER] = texts("lift");
    l->role[TABLE_LO] = texts("lo");
    l->role[TABLE_HI] = texts("hi");
    l->role[TABLE_SECTION] = texts("part");
    l->role[TABLE_INSTEAD] = texts("why");
    l->role[TABLE_GLYPH] = texts("glyph");
}

static struct table_layout findings_layout(void)
{
    static struct table_column columns[7];
    static char *notes[2];
    columns[0] = (struct table_column){.name = texts("pattern"), .decimals = -1, .cut = true};
    columns[1] = (struct table_column){.name = texts("platform"), .decimals = -1, .drop = 1};
    columns[2] = (struct table_column){.name = texts("lift"), .unit = texts("%"), .decimals = 0, .sign = true};
    columns[3] = (struct table_column){.name = texts("lo"), .title = texts("95"), .unit = texts("%"), .decimals = 0};
    columns[4] = (struct table_column){.name = texts("q"), .decimals = -1, .pvalue = true, .drop = 2};
    columns[5] = (struct table_column){.name = texts("tests"), .decimals = -1, .hide = true};
    columns[6] = (struct table_column){.name = texts("written"), .decimals = -1, .hide = true};
    notes[0] = texts("{written} of {tests} tested patterns; 95 % intervals, q corrected within each rule (BH).");
    notes[1] = texts("Data to Sat 21 Nov 23:59 Europe/Berlin; ! tiktok stops at Fri 20 Nov.");
    struct table_layout l = {
        .title = texts("Findings, 28 d to 21 Nov: engagement rate at 7 d against the account's other posts"),
        .column = columns,
        .n_column = 7,
        .note = notes,
        .n_note = 2,
    };
    set_roles(&l);
    return l;
}

static void render_findings(const char *golden, struct table_style style)
{
    struct rowset *r = findings();
    struct table_layout layout = findings_layout();
    struct buf out = {0};
    table_render(r, &layout, &style, &out);
    compare_golden(golden, &out);
    for (char *p = strtok(out.data, "\n"); p != NULL; p = strtok(NULL, "\n")) {
        assert_true(p[strlen(p) - 1] != ' ');
        if (style.width > 0 && !style.color)
            assert_true(text_width(p) <= style.width);
        for (const char *c = p; style.ascii && *c != '\0'; c++)
            assert_true(*c >= ' ' && *c < 0x7f);
    }
    buf_free(&out);
    rowset_free(&r);
}

static void findings_at_120_columns(void **state)
{
    (void)state;
    render_findings("findings_120", (struct table_style){.width = 119});
}

static void findings_at_80_columns_keep_the_bar_and_lose_the_platform(void **state)
{
    (void)state;
    render_findings("findings_80", (struct table_style){.width = 79});
}

static void findings_in_ascii(void **state)
{
    (void)state;
    render_findings("findings_80_ascii", (struct table_style){.width = 79, .ascii = true});
}

static void findings_in_colour(void **state)
{
    (void)state;
    render_findings("findings_80_color", (struct table_style){.width = 79, .color = true});
}

static void findings_on_a_narrow_terminal_keep_their_numbers(void **state)
{
    (void)state;
    render_findings("findings_50", (struct table_style){.width = 49});
}

static void findings_as_wide_as_they_need(void **state)
{
    (void)state;
    render_findings("findings_wide", (struct table_style){0});
}

static void render(const struct rowset *r, const struct table_layout *layout, struct table_style style, const char *want)
{
    struct buf out = {0};
    table_render(r, layout, &style, &out);
    assert_string_equal(out.data, want);
    buf_free(&out);
}

static struct rowset *intervals(size_t n, const char *const (*rows)[3])
{
    static const struct column columns[] = {{"x", COLUMN_NUMBER}, {"lo", COLUMN_NUMBER}, {"hi", COLUMN_NUMBER}};
    struct rowset *r = rowset_new(columns, 3);
    for (size_t i = 0; i < n; i++)
        rowset_add(r, rows[i]);
    return r;
}

static struct table_layout interval_layout(void)
{
    static struct table_column columns[2];
    columns[0] = (struct table_column){.name = texts("x"), .sign = true};
    columns[1] = (struct table_column){.name = texts("lo"), .title = texts("95 %")};
    struct table_layout l = {.column = columns, .n_column = 2};
    l.role[TABLE_CENTER] = texts("x");
    l.role[TABLE_LO] = texts("lo");
    l.role[TABLE_HI] = texts("hi");
    return l;
}

static void what_leaves_the_scale_has_an_arrow(void **state)
{
    (void)state;
    const char *const rows[][3] = {{"10", "-400", "900"}, {"10", "5", NULL},  {"12", "9", "15"},
                                   {"140", "30", "211"},  {"-5", NULL, NULL}, {NULL, "1", "2"}};
    struct rowset *r = intervals(6, rows);
    struct table_layout layout = interval_layout();
    render(r, &layout, (struct table_style){.width = 44},
           "     x         95 %  −50        0        +50\n"
           "   +10  −400 to 900  ◂━━━━━━━━━━┼━○━━━━━━━━▸\n"
           "   +10       5 to ·             ┊─●────────▸\n"
           "   +12      9 to 15             ┊ ━●\n"
           "  +140    30 to 211             ┊      ────▸\n"
           "    −5            ·\n"
           "     ·       1 to 2\n");
    rowset_free(&r);
}

static void one_sided_scales_begin_at_zero(void **state)
{
    (void)state;
    const char *const rows[][3] = {{"30", "20", "40"}, {"2", "0.3", "4"}, {"0", "0", "0"}};
    struct rowset *r = intervals(3, rows);
    struct table_layout layout = interval_layout();
    /* 0.3 to 4 does not hold zero: neither the numbers nor the bar may say so */
    render(r, &layout, (struct table_style){.width = 44},
           "    x      95 %  0          +20\n"
           "  +30  20 to 40  ┊           ───━━●━━────\n"
           "   +2  0.3 to 4  ┊●━\n"
           "    0    0 to 0  ○\n");
    rowset_free(&r);
}

static void only_zeros_draw_no_bar(void **state)
{
    (void)state;
    const char *const rows[][3] = {{"0", "0", "0"}, {"NaN", "-Infinity", "Infinity"}};
    struct rowset *r = intervals(2, rows);
    struct table_layout layout = interval_layout();
    render(r, &layout, (struct table_style){.width = 60},
           "    x                   95 %\n"
           "    0                 0 to 0\n"
           "  NaN  −Infinity to Infinity\n");
    rowset_free(&r);
}

static void strangers_text_stays_text(void **state)
{
    (void)state;
    static const struct column columns[] = {
        {"part", COLUMN_TEXT}, {"name", COLUMN_TEXT}, {"x", COLUMN_NUMBER}, {"why", COLUMN_TEXT}};
    struct rowset *r = rowset_new(columns, 4);
    rowset_add(r, (const char *const[]){"\x1b[2Jpart", "\x1b]0;a\x07", "1", "\x1b[31mtoo little data, by far"});
    struct table_layout layout = {0};
    layout.role[TABLE_SECTION] = texts("part");
    layout.role[TABLE_INSTEAD] = texts("why");
    render(r, &layout, (struct table_style){.width = 40},
           "  name          x\n"
           "  \\x1b[2Jpart\n"
           "  \\x1b]0;a\\x07  \\x1b[31mtoo little data…\n");
    rowset_free(&r);
}

static void series_are_drawn_each_on_its_own_scale(void **state)
{
    (void)state;
    static const struct column columns[] = {{"name", COLUMN_TEXT}, {"weeks", COLUMN_ARRAY}, {"last", COLUMN_NUMBER}};
    struct rowset *r = rowset_new(columns, 3);
    rowset_add(r, (const char *const[]){"up", "{0,1,2,3,4,5,6,7}", "999.4"});
    rowset_add(r, (const char *const[]){"gaps", "{NULL,1e300,-1e300,NaN,NULL}", "21600"});
    rowset_add(r, (const char *const[]){"flat", "{5,5,5}", "-2431"});
    rowset_add(r, (const char *const[]){"none", "{}", "999500"});
    rowset_add(r, (const char *const[]){"null", NULL, NULL});
    struct table_column c[] = {{.name = texts("weeks"), .decimals = -1, .spark = true},
                               {.name = texts("last"), .decimals = 0, .brief = true}};
    struct table_layout layout = {.column = c, .n_column = 2};
    render(r, &layout, (struct table_style){0},
           "  name  weeks       last\n"
           "  up    ▁▂▃▄▅▆▇█     999\n"
           "  gaps  ·█▁··     21.6 k\n"
           "  flat  ▄▄▄       −2.4 k\n"
           "  none             1.0 M\n"
           "  null  ·              ·\n");
    render(r, &layout, (struct table_style){.ascii = true},
           "  name  weeks       last\n"
           "  up    _.-:=+*#     999\n"
           "  gaps  ?#_??     21.6 k\n"
           "  flat  :::       -2.4 k\n"
           "  none             1.0 M\n"
           "  null  -              -\n");
    rowset_free(&r);
}

static void probabilities_never_round_to_zero(void **state)
{
    (void)state;
    static const char *const values[] = {"0", "0.00099", "0.001", "0.0137", "0.0994", "0.0996", "0.74", "1", NULL};
    struct rowset *r = rowset_new(&(struct column){"q", COLUMN_NUMBER}, 1);
    for (size_t i = 0; i < 9; i++)
        rowset_add(r, &values[i]);
    struct table_column c = {.name = texts("q"), .decimals = -1, .pvalue = true};
    struct table_layout layout = {.column = &c, .n_column = 1};
    render(r, &layout, (struct table_style){0},
           "       q\n  <0.001\n  <0.001\n   0.001\n   0.014\n   0.099\n    0.10\n    0.74\n    1.00\n       ·\n");
    rowset_free(&r);
}

static void headings_and_tails_make_one_screen(void **state)
{
    (void)state;
    static const struct column columns[] = {
        {"name", COLUMN_TEXT}, {"x", COLUMN_NUMBER},   {"lo", COLUMN_NUMBER},    {"hi", COLUMN_NUMBER}, {"n", COLUMN_INTEGER},
        {"part", COLUMN_TEXT}, {"glyph", COLUMN_TEXT}, {"verdict", COLUMN_TEXT}, {"why", COLUMN_TEXT},
    };
    struct rowset *r = rowset_new(columns, 9);
    rowset_add(r, (const char *const[]){"tag", "24", "15", "34", "436", "What works now  lift at 7 d", "up", NULL, NULL});
    rowset_add(r, (const char *const[]){"model v7", "11", "2", "21", "90", "Is it better?", "up", "no evidence", NULL});
    rowset_add(r, (const char *const[]){"hook", NULL, NULL, NULL, NULL, "Is it better?", "unknown", NULL, "34 of 130 posts"});
    struct table_column c[] = {{.name = texts("x"), .sign = true}, {.name = texts("lo"), .title = texts("95 %")}};
    struct table_layout layout = {.column = c, .n_column = 2, .headings = true};
    set_roles(&layout);
    layout.role[TABLE_CENTER] = texts("x");
    layout.role[TABLE_TAIL] = texts("verdict");
    render(
        r, &layout, (struct table_style){.width = 64, .color = true},
        "\x1b[1mWhat works now\x1b[0m\x1b[2m  lift at 7 d\x1b[0m\n"
        "\x1b[2m  name        x      95 %  0            +20             n\x1b[0m\n"
        "\x1b[34m▲\x1b[0m tag       \x1b[34m+24\x1b[0m  15 to 34  \x1b[2m┊\x1b[0m         \x1b[34m────━━●━━━────\x1b[0m   436\n"
        "\n\x1b[1mIs it better?\x1b[0m\n"
        "\x1b[34m▲\x1b[0m model v7  \x1b[34m+11\x1b[0m   2 to 21  \x1b[2m┊\x1b[0m\x1b[34m────━━━●━━────\x1b[0m           no "
        "evidence\n"
        "\x1b[2m?\x1b[0m hook      34 of 130 posts\n");
    rowset_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(findings_at_120_columns),
        cmocka_unit_test(findings_at_80_columns_keep_the_bar_and_lose_the_platform),
        cmocka_unit_test(findings_in_ascii),
        cmocka_unit_test(findings_in_colour),
        cmocka_unit_test(findings_on_a_narrow_terminal_keep_their_numbers),
        cmocka_unit_test(findings_as_wide_as_they_need),
        cmocka_unit_test(what_leaves_the_scale_has_an_arrow),
        cmocka_unit_test(one_sided_scales_begin_at_zero),
        cmocka_unit_test(only_zeros_draw_no_bar),
        cmocka_unit_test(strangers_text_stays_text),
        cmocka_unit_test(series_are_drawn_each_on_its_own_scale),
        cmocka_unit_test(probabilities_never_round_to_zero),
        cmocka_unit_test(headings_and_tails_make_one_screen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
