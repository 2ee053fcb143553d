/* Zone files: what a rule at their end means, and files that are broken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "data/calendar.h"
#include "data/zone.h"
#include "data/zone_rule.h"

static int64_t instant(int year, int month, int day, int hour, int minute)
{
    return calendar_days(year, month, day) * 86400 + hour * 3600 + minute * 60;
}

static void a_rule_says_when_summer_begins_and_ends(void **state)
{
    static const struct {
        const char *rule;
        int begin[4], end[4]; /* month, day, hour, minute in UTC of 2023 */
    } cases[] = {
        {"CET-1CEST,M3.5.0,M10.5.0/3", {3, 26, 1, 0}, {10, 29, 1, 0}},
        {"EST5EDT,M3.2.0,M11.1.0", {3, 12, 7, 0}, {11, 5, 6, 0}},
        {"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", {9, 30, 15, 30}, {4, 1, 15, 0}},
        {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", {3, 26, 1, 0}, {10, 29, 1, 0}},
        {"IST-2IDT,M3.4.4/26,M10.5.0", {3, 24, 0, 0}, {10, 28, 23, 0}},
        {"AAA0BBB,J60/0,J300/0", {3, 1, 0, 0}, {10, 26, 23, 0}},
        {"AAA0BBB,59/0,299/0", {3, 1, 0, 0}, {10, 26, 23, 0}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct zone_rule r;
        int64_t begin, end;
        const int *b = cases[i].begin, *e = cases[i].end;
        if (!zone_rule_parse(cases[i].rule, &r))
            fail_msg("%s", cases[i].rule);
        zone_rule_year(&r, 2023, &begin, &end);
        if (begin != instant(2023, b[0], b[1], b[2], b[3]) || end != instant(2023, e[0], e[1], e[2], e[3]))
            fail_msg("%s: %lld %lld", cases[i].rule, (long long)begin, (long long)end);
    }
}

static void a_rule_that_is_none_is_refused(void **state)
{
    static const char *const bad[] = {"",
                                      "C-1CEST",
                                      "CET",
                                      "CET-1CEST",
                                      "CET-1CEST,M3.5.0",
                                      "CET-1CEST,M13.5.0,M10.5.0",
                                      "<+01-1",
                                      "CET-999",
                                      "1CET",
                                      "CET-1CEST,M3.6.0,M10.5.0",
                                      "CET-1CEST,M3.5.7,M10.5.0",
                                      "CET-1CEST,J0,J3",
                                      "CET-1CEST,M3.5.0,M10.5.0 ",
                                      "CET-1CEST,M3.5.0/200,M10.5.0",
                                      "AVERYLONGNAMEINDEED-1"};
    struct zone_rule r;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (zone_rule_parse(bad[i], &r))
            fail_msg("'%s' was taken", bad[i]);
}

/* --- files ------------------------------------------------------------------------------------------------------------------ */

static char folder[] = "/tmp/tidemark-zones.XXXXXX";

static void write_zone(const char *name, const void *data, size_t n)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, n, f), n);
    fclose(f);
}

static size_t put(unsigned char *out, size_t n, const void *data, size_t len)
{
    memcpy(out + n, data, len);
    return n + len;
}

/* The counts of a header stand big-endian in this order: UTC marks, standard marks, leap seconds, changes, types, letters. */
static size_t put_header(unsigned char *out, size_t n, int changes, int types, int letters)
{
    unsigned char head[44] = "TZif2";
    head[35] = (unsigned char)changes;
    head[39] = (unsigned char)types;
    head[43] = (unsigned char)letters;
    return put(out, n, head, sizeof head);
}

/* A version 2 file: a first block with a type and nothing else, then one change at 1000 from +1 h to +2 h, and a rule. */
static size_t make_zone(unsigned char *out, const char *rule)
{
    static const unsigned char change[] = {0, 0, 0, 0, 0, 0, 0x03, 0xE8, 1}, one[] = {0, 0, 0x0E, 0x10, 0, 0},
                               two[] = {0, 0, 0x1C, 0x20, 1, 4};
    size_t n = put_header(out, 0, 0, 1, 4);
    n = put(out, n, one, sizeof one);
    n = put(out, n, "ONE", 4);
    n = put_header(out, n, 1, 2, 8);
    n = put(out, n, change, sizeof change);
    n = put(out, n, one, sizeof one);
    n = put(out, n, two, sizeof two);
    n = put(out, n, "ONE\0TWO", 8);
    return n + (size_t)snprintf((char *)out + n, 64, "\n%s\n", rule);
}

static void every_cut_of_a_file_is_no_zone(void **state)
{
    unsigned char data[256];
    size_t n = make_zone(data, "TWO-2");
    char name[32];
    (void)state;
    write_zone("Whole", data, n);
    const struct zone *z = zone_find("Whole");
    assert_non_null(z);
    assert_int_equal(zone_at(z, 999).offset, 3600);
    assert_int_equal(zone_at(z, 1000).offset, 7200);
    assert_string_equal(zone_at(z, 1000).abbreviation, "TWO");
    for (size_t i = 0; i < n; i++) {
        snprintf(name, sizeof name, "Cut%zu", i);
        write_zone(name, data, i);
        if (zone_find(name) != NULL)
            fail_msg("%zu bytes of %zu were taken", i, n);
    }
}

static void bytes_that_lie_never_read_beyond_the_file(void **state)
{
    unsigned char data[256], bent[256];
    size_t n = make_zone(data, "CET-1CEST,M3.5.0,M10.5.0/3");
    char name[32];
    (void)state;
    for (size_t i = 0; i < n; i++) {
        for (int k = 0; k < 3; k++) {
            memcpy(bent, data, n);
            bent[i] = (unsigned char[]){0xFF, 0x7F, 0x00}[k];
            snprintf(name, sizeof name, "Bent%zu-%d", i, k);
            write_zone(name, bent, n);
            const struct zone *z = zone_find(name);
            int64_t at[2], change;
            for (int64_t t = -200000; z != NULL && t < 200000; t += 50000)
                (void)zone_instants(z, t, at, &change);
        }
    }
}

static void utc_needs_no_file(void **state)
{
    (void)state;
    assert_ptr_equal(zone_find("UTC"), zone_utc());
    assert_int_equal(zone_at(zone_utc(), 0).offset, 0);
    assert_null(zone_find("Europe/Berlin")); /* there is none in this folder */
}

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL || setenv("TZDIR", folder, 1);
}

static int take_down(void **state)
{
    char command[128];
    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rule_says_when_summer_begins_and_ends),
        cmocka_unit_test(a_rule_that_is_none_is_refused),
        cmocka_unit_test(every_cut_of_a_file_is_no_zone),
        cmocka_unit_test(bytes_that_lie_never_read_beyond_the_file),
        cmocka_unit_test(utc_needs_no_file),
    };
    return cmocka_run_group_tests(tests, set_up, take_down);
}
