/* A result set as a person reads it on a terminal. Pure: the width, colour and glyphs are decided by the caller. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "data/rowset.h"
#include "data/text.h"

struct table_style {
    unsigned width; /* columns that may be used (a terminal's less its last one); 0: as wide as it needs, nothing cut */
    bool ascii, color;
    const char *zone; /* times are shown in it; NULL: UTC */
    int64_t now;      /* times within about ten months of it are shown without their year; 0: unknown, always with it */
};

enum table_align { ALIGN_AUTO, ALIGN_LEFT, ALIGN_RIGHT };

struct table_column {
    char *name;   /* of the query's column */
    char *title;  /* shown in the head; NULL: the name, "_" as blanks */
    char *unit;   /* "%", "s", … stands in the head; NULL: none */
    int decimals; /* -1: as it comes; whole parts are grouped as "21 600" */
    bool sign;    /* + and true minus, and a ▲ ▼ = glyph at the row's start when mark is set */
    bool mark;
    bool hide;   /* in CSV, JSON and notes only */
    bool cut;    /* text that may be cut with … down to 16 cells */
    bool spark;  /* an array of numbers, drawn as a sparkline on a scale of its own */
    bool brief;  /* "21.6 k" */
    bool pvalue; /* a probability: "<0.001", "0.014", "0.74" */
    int drop;    /* 0: never; 1 goes first when it is narrow, then 2, … */
    enum table_align align;
};

/* What a column of the query does beside being shown as one of the table's. */
enum table_role {
    TABLE_BAR,     /* drawn as a magnitude bar behind its number */
    TABLE_CENTER,  /* an interval bar: the estimate, … */
    TABLE_LO,      /* … the lower end, shown as "15 to 34" with the bar behind it, … */
    TABLE_HI,      /* … and the upper end */
    TABLE_SECTION, /* rows of one value stand together under it as a sub-headline */
    TABLE_INSTEAD, /* a text in place of the row's numbers, where it is not NULL */
    TABLE_TAIL,    /* a text in place of the cells behind the bar, where it is not NULL */
    TABLE_GLYPH,   /* the row's glyph: up, down, flat, unknown, fault */
    TABLE_N_ROLE
};

/* In title, note, empty and next, {name} stands for the column's value in the first row, {rows} for the number of rows, {zone}
 * for the zone of the times. */
struct table_layout {
    char *title; /* the headline */
    struct table_column *column;
    size_t n_column;          /* columns not named here are shown as they come */
    char *role[TABLE_N_ROLE]; /* names of columns, or NULL */
    bool headings;            /* title and sections are bold up to two blanks, nothing between them and the rows, the first
                                 above the head: parts of one screen */
    char **note;              /* sentences below the table */
    size_t n_note;
    char *empty; /* what to say in place of a table without rows, with what to type */
    char **next; /* commands to type next */
    size_t n_next;
};

void table_render(const struct rowset *r, const struct table_layout *layout, const struct table_style *style, struct buf *out);
void table_layout_free(struct table_layout *layout); /* what it holds, not the struct itself */
