/* Spans, sizes and buckets on whatever text and instant: nothing overflows, and what is accepted goes back to where it came from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "data/datetime.h"

static uint64_t seed = 20240331;

static uint64_t random_below(uint64_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % n;
}

static void any_text_is_a_span_or_none(void **state)
{
    static const char letters[] = "0123456789999.PTYMWDHS ymowdhinsec-+";
    size_t taken = 0;
    (void)state;
    for (int i = 0; i < 300000; i++) {
        char text[40];
        size_t n = random_below(sizeof text - 1);
        for (size_t k = 0; k < n; k++)
            text[k] = letters[random_below(sizeof letters - 1)];
        text[n] = '\0';
        struct datetime_span span;
        struct datetime_size size;
        const char *why;
        int64_t out;
        (void)datetime_parse_size(text, &size, &why);
        if (!datetime_parse_span(text, &span))
            continue;
        taken++;
        for (int pick = DATETIME_NATURAL; pick <= DATETIME_LATER; pick++)
            (void)datetime_add(zone_find("Europe/Berlin"), INT64_C(1711846800000000), &span, pick, &out);
    }
    assert_true(taken > 300);
}

static void durations_come_back(void **state)
{
    (void)state;
    for (int i = 0; i < 20000; i++) {
        int64_t us = (int64_t)(random_below(UINT64_C(1) << random_below(62)));
        us = random_below(2) ? us : -us;
        for (int iso = 0; iso < 2; iso++) {
            char text[96];
            struct datetime_span span;
            datetime_format_duration(us, iso, text, sizeof text);
            if (!datetime_parse_span(text, &span) || span.months != 0 || span.days * INT64_C(86400000000) + span.us != us)
                fail_msg("%lld: %s", (long long)us, text);
        }
    }
}

static void every_instant_is_in_its_bucket(void **state)
{
    static const char *const zones[] = {
        "UTC",         "Europe/Berlin",   "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu",
        "Asia/Tehran", "Africa/Monrovia", "Pacific/Apia",     "America/St_Johns",    "Africa/Casablanca"};
    static const char *const sizes[] = {"1s", "15m", "hour", "3h", "24h", "day", "week", "month", "quarter", "year"};
    const int64_t first = INT64_C(-62135596800) * 1000000, all = INT64_C(315537897600) * 1000000;
    (void)state;
    for (int i = 0; i < 100000; i++) {
        const struct zone *z = zone_find(zones[random_below(sizeof zones / sizeof *zones)]);
        int64_t us = first + (int64_t)random_below((uint64_t)all);
        struct datetime_size size;
        struct datetime_bucket b, again;
        const char *why;
        assert_non_null(z);
        assert_true(datetime_parse_size(sizes[random_below(sizeof sizes / sizeof *sizes)], &size, &why));
        datetime_bucket(z, us, &size, &b);
        if (us < b.start || us >= b.next)
            fail_msg("%lld is not in %s", (long long)us, b.label);
        datetime_bucket(z, b.next - 1, &size, &again);
        assert_int_equal(again.start, b.start);
        datetime_bucket(z, b.next, &size, &again);
        assert_int_equal(again.start, b.next);
    }
}

static void as_many_units_as_fit_are_counted(void **state)
{
    static const struct datetime_span units[] = {{.days = 1}, {.days = 7}, {.months = 1}, {.months = 3}, {.months = 12}};
    const struct zone *z = zone_find("America/New_York");
    (void)state;
    for (int i = 0; i < 20000; i++) {
        int64_t from = (int64_t)random_below(UINT64_C(4000000000)) * 1000000, out;
        int64_t to = (int64_t)random_below(UINT64_C(4000000000)) * 1000000;
        const struct datetime_span *u = &units[random_below(sizeof units / sizeof *units)];
        int64_t n = datetime_count(z, from, to, u), sign = to < from ? -1 : 1;
        for (int64_t more = 0; more < 2; more++) {
            int64_t k = n + more * sign;
            struct datetime_span span = {k * u->months, k * u->days, 0};
            assert_true(datetime_add(z, from, &span, DATETIME_NATURAL, &out));
            bool beyond = sign > 0 ? out > to : out < to;
            if (beyond != (more == 1))
                fail_msg("%lld to %lld: %lld", (long long)from, (long long)to, (long long)n);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_text_is_a_span_or_none),
        cmocka_unit_test(durations_come_back),
        cmocka_unit_test(every_instant_is_in_its_bucket),
        cmocka_unit_test(as_many_units_as_fit_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
