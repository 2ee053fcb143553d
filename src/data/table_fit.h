/* The columns of a table on their way to a page: what each cell says, how wide each column is, which go when it is narrow. */
#pragma once

#include "data/table_cell.h"

struct table_view_column {
    const struct table_column *spec;
    const char *head;
    size_t index;   /* of the rowset's column */
    size_t natural; /* width that cuts nothing */
    size_t width;
    bool right, shown, text;
    struct table_cell *cell; /* n_row */
};

struct table_view {
    struct arena arena;
    const struct rowset *rows;
    const struct table_layout *layout;
    const struct table_style *style;
    struct table_view_column *column;
    size_t n_column;
    size_t mark;      /* the column that gives each row its glyph; n_column: none */
    size_t bar;       /* the column drawn as a bar, behind its number; n_column: none */
    size_t bar_width; /* cells; 0: not drawn */
    double bar_low, bar_high;
};

enum { TABLE_GUTTER = 2, TABLE_GAP = 2, TABLE_BAR_MAX = 40, TABLE_BAR_MIN = 22, TABLE_CUT_EASY = 32, TABLE_CUT_MIN = 16 };

/* Formats every cell and makes it fit style->width as well as the rules allow: numbers are never cut. */
void table_view_init(struct table_view *v, const struct rowset *r, const struct table_layout *layout,
                     const struct table_style *style);
void table_view_fini(struct table_view *v);

/* table_bar.c: the bar of one value, and the scale in the head; bar_width cells at most, blanks at the end left out. */
void table_bar(const struct table_view *v, const char *value, struct buf *out);
void table_bar_scale(struct table_view *v, struct buf *out);
