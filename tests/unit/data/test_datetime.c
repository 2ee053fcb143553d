/* Instants in the forms platforms send, and calendar days in zones with their odd days. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "data/datetime.h"

static const char *shown(int64_t us)
{
    static char text[64];
    datetime_format(us, text, sizeof text);
    return text;
}

static void every_form_is_the_instant_it_says(void **state)
{
    static const char *const cases[][2] = {
        {"2024-01-02T03:04:05.678Z", "2024-01-02T03:04:05.678Z"},
        {"2024-01-02T03:04:05Z", "2024-01-02T03:04:05Z"},
        {"2024-01-02T03:04:05", "2024-01-02T03:04:05Z"},
        {"2024-01-02 03:04:05", "2024-01-02T03:04:05Z"},
        {"2024-01-02 03:04:05 UTC", "2024-01-02T03:04:05Z"},
        {"2024-01-02T03:04:05+0000", "2024-01-02T03:04:05Z"},
        {"2024-01-02T03:04:05+01:00", "2024-01-02T02:04:05Z"},
        {"2024-01-02T03:04:05-0330", "2024-01-02T06:34:05Z"},
        {"2024-01-02T00:30:00+02", "2024-01-01T22:30:00Z"},
        {"2024-01-02T03:04:05.123456789Z", "2024-01-02T03:04:05.123456Z"},
        {"2024-01-02T03:04Z", "2024-01-02T03:04:00Z"},
        {"2024-02-29", "2024-02-29T00:00:00Z"},
        {"2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"},
        {"1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59.5Z"},
        {"0001-01-01", "0001-01-01T00:00:00Z"},
        {"9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"},
        {"Thu Nov 08 02:31:41 +0000 2012", "2012-11-08T02:31:41Z"},
        {"Wed Feb 29 23:00:00 -0200 2012", "2012-03-01T01:00:00Z"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t us;
        if (!datetime_parse(cases[i][0], &us))
            fail_msg("%s", cases[i][0]);
        assert_string_equal(shown(us), cases[i][1]);
    }
    int64_t us;
    assert_true(datetime_parse("2000-01-01", &us));
    assert_int_equal(us, INT64_C(946684800000000));
}

static void anything_else_is_no_instant(void **state)
{
    static const char *const cases[] = {"",
                                        "2024",
                                        "2024-1-2",
                                        "2024-02-30",
                                        "2023-02-29",
                                        "2024-13-01",
                                        "2024-00-01",
                                        "0000-01-01",
                                        "2024-01-02T",
                                        "2024-01-02T24:00:00Z",
                                        "2024-01-02T03:60:00Z",
                                        "2024-01-02T03:04:05X",
                                        "2024-01-02T03:04:05Z ",
                                        " 2024-01-02",
                                        "2024-01-02T03:04:05.Z",
                                        "2024-01-02T03:04:05+1",
                                        "2024-01-02T03:04:05+01:",
                                        "2024-01-02T03:04:05+24:00",
                                        "Thu Nov 31 02:31:41 +0000 2012",
                                        "Thu Foo 08 02:31:41 +0000 2012",
                                        "Thu Nov 08 02:31:41 2012",
                                        "1704164645",
                                        "now",
                                        "2024-01-02T03:04:05 "};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t us;
        if (datetime_parse(cases[i], &us))
            fail_msg("'%s' was taken for %s", cases[i], shown(us));
    }
}

static void what_a_person_types(void **state)
{
    static const struct {
        const char *text;
        int64_t seconds;
    } durations[] = {{"30s", 30}, {"15m", 900}, {"2h", 7200}, {"7d", 604800}, {"2w", 1209600}, {"0s", 0}};
    static const char *const bad[] = {"", "7", "d", "-7d", "7 d", "7dd", "1y", "99999999999999999999s", "9000000000000000d"};
    int64_t us;
    (void)state;
    for (size_t i = 0; i < sizeof durations / sizeof *durations; i++) {
        assert_true(datetime_parse_duration(durations[i].text, &us));
        assert_int_equal(us, durations[i].seconds * 1000000);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(datetime_parse_duration(bad[i], &us));
    assert_true(datetime_parse_when("now", 1000000, &us) && us == 1000000);
    assert_true(datetime_parse_when("now-15m", 1000000000, &us) && us == 100000000);
    assert_true(datetime_parse_when("1970-01-02", 5, &us) && us == INT64_C(86400000000));
    assert_false(datetime_parse_when("now+1d", 0, &us));
    assert_false(datetime_parse_when("nowhere", 0, &us));
    assert_false(datetime_parse_when("now-", 0, &us));
}

static void iso_durations_are_seconds(void **state)
{
    static const struct {
        const char *text;
        double seconds;
    } cases[] = {{"PT4M13S", 253}, {"P1DT2H", 93600}, {"PT0S", 0},       {"P0D", 0},
                 {"PT1.5S", 1.5},  {"P1W", 604800},   {"PT1H2M3S", 3723}};
    static const char *const bad[] = {"",       "P",      "PT",     "P1DT",  "4M13S", "PT4M13", "P1Y",   "P1M",
                                      "PT1S1M", "PT1.5M", "PT1M1M", "PT-1S", "PT1S ", "PT.5S",  "PT1.S", "PTS"};
    double s;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (!datetime_parse_iso_duration(cases[i].text, &s) || s != cases[i].seconds)
            fail_msg("%s", cases[i].text);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (datetime_parse_iso_duration(bad[i], &s))
            fail_msg("'%s' was taken", bad[i]);
    }
}

static void a_day_begins_where_its_zone_says(void **state)
{
    static const struct {
        const char *zone;
        int year, month, day;
        const char *wanted;
    } cases[] = {
        {"UTC", 2024, 1, 32, "2024-02-01T00:00:00Z"},
        {"UTC", 2024, 13, 1, "2025-01-01T00:00:00Z"},
        {"UTC", 2024, 3, 0, "2024-02-29T00:00:00Z"},
        {"America/Los_Angeles", 2024, 3, 10, "2024-03-10T08:00:00Z"},
        {"America/Los_Angeles", 2024, 3, 11, "2024-03-11T07:00:00Z"},
        {"America/Los_Angeles", 2024, 11, 3, "2024-11-03T07:00:00Z"},
        {"America/Los_Angeles", 2024, 11, 4, "2024-11-04T08:00:00Z"},
        {"Asia/Kolkata", 2024, 1, 1, "2023-12-31T18:30:00Z"},
        {"Pacific/Kiritimati", 2024, 1, 1, "2023-12-31T10:00:00Z"},
        {"America/Sao_Paulo", 2018, 11, 4, "2018-11-04T03:00:00Z"}, /* begins at 01:00: midnight is skipped */
        {"America/Sao_Paulo", 2018, 2, 18, "2018-02-18T03:00:00Z"}, /* the hour before midnight came twice */
        {"America/Havana", 2024, 11, 3, "2024-11-03T04:00:00Z"},    /* midnight comes twice: the first one */
        {"Pacific/Apia", 2011, 12, 30, "2011-12-30T10:00:00Z"},     /* a day that is missing: the next one's begin */
        {"Pacific/Apia", 2011, 12, 31, "2011-12-30T10:00:00Z"},
    };
    (void)state;
    for (int again = 0; again < 2; again++) { /* the second time from what is kept */
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            int64_t us;
            if (!datetime_day_start(cases[i].zone, cases[i].year, cases[i].month, cases[i].day, &us))
                fail_msg("%s", cases[i].zone);
            assert_string_equal(shown(us), cases[i].wanted);
        }
    }
}

static void an_instant_falls_on_a_day(void **state)
{
    int64_t us;
    int y, m, d;
    (void)state;
    assert_true(datetime_parse("2024-03-10T07:59:59.999999Z", &us));
    assert_true(datetime_day_of("America/Los_Angeles", us, &y, &m, &d));
    assert_true(y == 2024 && m == 3 && d == 9);
    assert_true(datetime_day_of("America/Los_Angeles", us + 1, &y, &m, &d));
    assert_true(y == 2024 && m == 3 && d == 10);
    assert_true(datetime_day_of("UTC", -1, &y, &m, &d));
    assert_true(y == 1969 && m == 12 && d == 31);
}

static void unknown_zones_are_refused_and_tz_stays(void **state)
{
    static const char *const bad[] = {
        "",          "Nowhere/City", "/etc/localtime", "../zoneinfo/UTC",    "America/../UTC", "America", "zone.tab",
        "tzdata.zi", "UTC0",         ":UTC",           "America/Los Angeles"};
    int64_t us;
    int y, m, d;
    (void)state;
    setenv("TZ", "Asia/Tokyo", 1);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (datetime_day_start(bad[i], 2024, 1, 1, &us) || datetime_day_of(bad[i], 0, &y, &m, &d))
            fail_msg("'%s' was taken", bad[i]);
    }
    assert_true(datetime_day_start("Europe/Paris", 2023, 5, 5, &us));
    assert_string_equal(getenv("TZ"), "Asia/Tokyo");
    unsetenv("TZ");
    assert_true(datetime_day_start("Europe/Paris", 2023, 5, 6, &us));
    assert_null(getenv("TZ"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_is_the_instant_it_says),
        cmocka_unit_test(anything_else_is_no_instant),
        cmocka_unit_test(what_a_person_types),
        cmocka_unit_test(iso_durations_are_seconds),
        cmocka_unit_test(a_day_begins_where_its_zone_says),
        cmocka_unit_test(an_instant_falls_on_a_day),
        cmocka_unit_test(unknown_zones_are_refused_and_tz_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
