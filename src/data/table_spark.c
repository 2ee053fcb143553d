/* Sparklines: a series in as many cells as it has values. Each has a scale of its own, from its lowest to its highest, so that it
 * shows a course and no size: the size stands beside it as a number. */
#include <math.h>
#include <stdlib.h>

#include "data/table_cell.h"

enum { LEVELS = 8 };

static const char *const block[LEVELS] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
static const char *const ascii_block[LEVELS] = {"_", ".", "-", ":", "=", "+", "*", "#"};

/* NAN for a gap. */
static double number_of(const struct buf *element, enum element_kind kind)
{
    char *end;
    if (kind != ELEMENT_TEXT || element->len == 0)
        return NAN;
    double d = strtod(element->data, &end);
    return *end == '\0' && isfinite(d) ? d : NAN;
}

const char *table_spark(const char *array, bool ascii, struct arena *arena)
{
    struct buf out = {0}, element = {0};
    enum element_kind kind;
    double low = INFINITY, high = -INFINITY;
    for (const char *p = array; rowset_element(&p, &element, &kind);) {
        double d = number_of(&element, kind);
        low = d < low ? d : low; /* false for NAN */
        high = d > high ? d : high;
    }
    for (const char *p = array; rowset_element(&p, &element, &kind);) {
        double d = number_of(&element, kind);
        size_t level = high > low && !isnan(d) ? (size_t)lround((d / 2 - low / 2) / (high / 2 - low / 2) * (LEVELS - 1)) : 3;
        buf_str(&out, isnan(d) ? (ascii ? "?" : "·") : ascii ? ascii_block[level] : block[level]);
    }
    const char *text = arena_ndup(arena, out.data ? out.data : "", out.len);
    buf_free(&element);
    buf_free(&out);
    return text;
}
