/* One value as a table shows it: numbers grouped and signed, times short and in a zone, arrays as words. Not yet escaped. */
#pragma once

#include "data/table.h"

struct table_cell {
    const char *text; /* NULL: there is no value, a gap is shown */
    size_t width;     /* once escaped */
    int sign;         /* of a number as it is shown, after rounding: -1, 0, 1 */
};

struct table_cell table_cell_make(const char *value, enum column_kind kind, const struct table_column *spec,
                                  const struct table_style *style, bool years, struct arena *arena);

/* A decimal number as text: rounded half away from zero to decimals (-1: as it is), grouped, with a true minus. */
const char *table_number(const char *value, const struct table_column *spec, bool ascii, struct arena *arena, int *sign);

/* Whether one of the column's times is too far from style->now to be told without its year. */
bool table_needs_years(const struct rowset *r, size_t column, const struct table_style *style);

/* Between the two, times are told in the zone (NULL: UTC). */
char *table_zone_enter(const char *zone);
void table_zone_leave(char *before);

/* table_spark.c: an array of numbers as ▁▂▃▄▅▆▇█, lowest to highest; a gap is ·. */
const char *table_spark(const char *array, bool ascii, struct arena *arena);
