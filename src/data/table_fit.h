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
    size_t mark;                /* the column whose sign gives each row its glyph; n_column: none */
    size_t role[TABLE_N_ROLE];  /* columns; n_column: none */
    size_t bar;                 /* the column behind which a bar is drawn; n_column: none */
    size_t bar_width, bar_most; /* cells; width 0: not drawn */
    double bar_low, bar_high;
    size_t tight;    /* the column with one blank in front of it, where two would cost more; n_column: none */
    size_t tail;     /* the widest text that stands in the place of the cells behind the bar */
    size_t tail_gap; /* the same in front of what stands in the place of the cells behind the bar */
};

enum { TABLE_GUTTER = 2, TABLE_GAP = 2, TABLE_BAR_MAX = 40, TABLE_BAR_MIN = 22, TABLE_CUT_EASY = 32, TABLE_CUT_MIN = 16 };
enum {
    TABLE_INTERVAL_MAX = 44,
    TABLE_CUT_INTERVAL = 22
}; /* beside an interval bar names are cut further before anything goes */

/* Formats every cell and makes it fit style->width as well as the rules allow: numbers are never cut. */
void table_view_init(struct table_view *v, const struct rowset *r, const struct table_layout *layout,
                     const struct table_style *style);
void table_view_fini(struct table_view *v);

/* table_bar.c: the bar of one value, and the scale in the head; bar_width cells at most, blanks at the end left out. */
void table_bar(const struct table_view *v, const char *value, struct buf *out);
void table_bar_scale(struct table_view *v, struct buf *out);

/* The cell of a column's role in a row; NULL where there is none. */
const char *table_role_cell(const struct table_view *v, enum table_role role, size_t row);

/* table_interval.c: the scale of all rows (bar_low, bar_high; equal where there is nothing to draw), one row's cells in their ASCII
 * form (bar_width of them: - = * o | + < > and blanks; true: apart from zero), "15 to 34", the scale in the head. */
void table_interval_find(struct table_view *v);
bool table_interval_row(const struct table_view *v, size_t row, char *cells);
struct table_cell table_interval_text(struct table_view *v, size_t row, const struct table_column *spec);
struct table_cell table_interval_center(struct table_view *v, const char *value, const struct table_column *spec);
void table_interval_scale(struct table_view *v, struct buf *out);
