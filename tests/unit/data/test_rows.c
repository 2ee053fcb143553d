/* Rows of one document: equal keys become one row, no value is lost, every row that went is counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "data/rows.h"

static struct row *add(struct rows *r, const char *id)
{
    struct row *row = rows_add(r);
    row->item = r->n_row - 1;
    row->platform = "youtube";
    row->external_id = id;
    return row;
}

static struct count known(int64_t v)
{
    return (struct count){true, v};
}

static void the_later_value_wins_and_the_earlier_stays_where_there_is_none(void **state)
{
    struct rows r = {0};
    (void)state;
    struct row *row = add(&r, "a");
    row->views = known(1);
    row->likes = known(2);
    row->title = "old";
    row->url = "u";
    row->metrics = "{\"x\":1,\"y\":2,\"n\":5}";
    row->extra = "{\"e\":1}";
    row->has_published_at = true;
    row->published_at = 77;
    add(&r, "b")->views = known(9);
    row = add(&r, "a");
    row->views = known(0);
    row->title = "new";
    row->metrics = "{\"y\":3,\"z\":12345678901234567890,\"n\":null}";
    row = add(&r, "a");
    row->saves = known(4);
    rows_collapse(&r);
    assert_int_equal(r.n_row, 2);
    row = &r.row[0];
    assert_string_equal(row->external_id, "a");
    assert_int_equal(row->item, 0);
    assert_true(row->views.known && row->views.value == 0);
    assert_true(row->likes.known && row->likes.value == 2);
    assert_true(row->saves.known && row->saves.value == 4);
    assert_false(row->shares.known);
    assert_string_equal(row->title, "new");
    assert_string_equal(row->url, "u");
    assert_string_equal(row->metrics, "{\"x\":1,\"y\":3,\"n\":5,\"z\":12345678901234567890}");
    assert_string_equal(row->extra, "{\"e\":1}");
    assert_null(row->features);
    assert_true(row->has_published_at && row->published_at == 77);
    assert_string_equal(r.row[1].external_id, "b");
    assert_int_equal(r.n_drop, 1);
    assert_string_equal(r.drop[0].reason, "duplicate");
    assert_int_equal(r.drop[0].count, 2);
    rows_free(&r);
}

static void rows_that_differ_in_a_part_of_the_key_stay(void **state)
{
    struct rows r = {0};
    (void)state;
    add(&r, "a");
    add(&r, "a")->platform = "x";
    add(&r, "a")->window = WINDOW_DAY;
    struct row *row = add(&r, "a");
    row->window = WINDOW_DAY;
    row->has_window_start = true; /* at 0: not the same as none */
    row = add(&r, "a");
    row->window = WINDOW_DAY;
    row->has_window_start = true;
    row->window_start = 1;
    add(&r, "A");
    rows_collapse(&r);
    assert_int_equal(r.n_row, 6);
    assert_int_equal(r.n_drop, 0);
    rows_free(&r);
}

static void order_survives_when_many_collapse(void **state)
{
    struct rows r = {0};
    (void)state;
    for (int i = 0; i < 20000; i++) {
        struct row *row = add(&r, arena_printf(&r.arena, "p%d", i % 5000));
        row->views = known(i);
    }
    rows_collapse(&r);
    assert_int_equal(r.n_row, 5000);
    assert_int_equal(r.drop[0].count, 15000);
    for (int i = 0; i < 5000; i++) {
        assert_int_equal(r.row[i].item, i);
        assert_int_equal(r.row[i].views.value, 15000 + i);
    }
    rows_free(&r);
}

static void equal_reasons_add_up_and_texts_are_copied(void **state)
{
    struct rows r = {0};
    char reason[] = "account", body[] = "{}";
    (void)state;
    rows_drop(&r, reason, 2);
    rows_drop(&r, "retweet", 1);
    rows_drop(&r, "account", 3);
    rows_bad(&r, &(struct row_bad){.item = 4, .line = 5, .code = "missing_id", .text = "no id", .body = body});
    rows_account(&r, &(struct row_account){.platform = "youtube", .external_id = "UC1"});
    reason[0] = body[0] = '?';
    assert_int_equal(r.n_drop, 2);
    assert_string_equal(r.drop[0].reason, "account");
    assert_int_equal(r.drop[0].count, 5);
    assert_string_equal(r.bad[0].body, "{}");
    assert_int_equal(r.bad[0].line, 5);
    assert_null(r.account[0].handle);
    rows_reset(&r);
    assert_int_equal(r.n_drop + r.n_bad + r.n_account + r.n_row, 0);
    assert_false(rows_add(&r)->views.known);
    rows_free(&r);
}

static void kinds_say_what_a_row_is(void **state)
{
    struct row r = {0};
    (void)state;
    assert_string_equal(row_kind(&r), "content-no-metrics");
    r.average_watch_ms = known(0);
    assert_string_equal(row_kind(&r), "content");
    r.window = WINDOW_DAYS_28;
    assert_string_equal(row_kind(&r), "content-period");
    r.average_watch_ms.known = false;
    assert_string_equal(row_kind(&r), "content-period");
    r.wide_export = true;
    assert_string_equal(row_kind(&r), "content-wide-export");
}

static void a_bad_item_keeps_its_bytes_after_a_nul(void **state)
{
    struct rows r = {0};
    char line[] = "{\"a\"\0:1}", text[] = "{}";
    (void)state;
    rows_bad(&r, &(struct row_bad){.code = "unreadable", .text = "t", .body = line, .body_len = sizeof line - 1});
    rows_bad(&r, &(struct row_bad){.code = "missing_id", .text = "t", .body = text});
    rows_bad(&r, &(struct row_bad){.code = "missing_id", .text = "t"});
    memset(line, 'x', sizeof line - 1);
    assert_int_equal(r.bad[0].body_len, 8);
    assert_memory_equal(r.bad[0].body, "{\"a\"\0:1}", 8);
    assert_int_equal(r.bad[1].body_len, 2);
    assert_memory_equal(r.bad[1].body, "{}", 2);
    assert_null(r.bad[2].body);
    assert_int_equal(r.bad[2].body_len, 0);
    rows_free(&r);
}

static void facts_of_one_post_stay_apart(void **state)
{
    struct rows r = {0};
    (void)state;
    add(&r, "a")->views = known(1);
    for (int i = 0; i < 2; i++)
        add(&r, "a")->facts_only = true;
    add(&r, "a")->views = known(2);
    rows_collapse(&r);
    assert_int_equal(r.n_row, 3);
    assert_int_equal(r.row[0].views.value, 2);
    assert_true(r.row[1].facts_only && r.row[2].facts_only && !r.row[0].facts_only);
    assert_int_equal(r.drop[0].count, 1);
    rows_free(&r);
}

static void windows_have_names(void **state)
{
    enum window w;
    (void)state;
    for (int i = WINDOW_LIFETIME; i <= WINDOW_RANGE; i++)
        assert_true(window_parse(window_name((enum window)i), &w) && w == (enum window)i);
    assert_string_equal(window_name(WINDOW_DAYS_28), "days_28");
    assert_false(window_parse("Day", &w));
    assert_false(window_parse("", &w));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_later_value_wins_and_the_earlier_stays_where_there_is_none),
        cmocka_unit_test(rows_that_differ_in_a_part_of_the_key_stay),
        cmocka_unit_test(order_survives_when_many_collapse),
        cmocka_unit_test(equal_reasons_add_up_and_texts_are_copied),
        cmocka_unit_test(kinds_say_what_a_row_is),
        cmocka_unit_test(a_bad_item_keeps_its_bytes_after_a_nul),
        cmocka_unit_test(facts_of_one_post_stay_apart),
        cmocka_unit_test(windows_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
