/* The rule at the end of a zone file ("CET-1CEST,M3.5.0,M10.5.0/3"), for instants after its table. Inside data/ only. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct zone_day { /* a day of the year, and a time of that day */
    char kind;    /* 'M': week-th weekday of a month; 'J': 1 to 365, never a leap day; 'N': 0 to 365 */
    int month, week, weekday, day;
    int32_t seconds;
};

struct zone_rule {
    char standard[12], daylight[12];
    int32_t standard_offset, daylight_offset; /* seconds east of UTC */
    bool has_daylight;
    struct zone_day begin, end; /* of daylight saving time */
};

bool zone_rule_parse(const char *text, struct zone_rule *out);
/* The instants at which daylight saving time begins and ends in a year. */
void zone_rule_year(const struct zone_rule *r, int64_t year, int64_t *begin, int64_t *end);
