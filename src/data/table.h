/* A result set as a person reads it on a terminal. Pure: the width, colour and glyphs are decided by the caller. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "data/rowset.h"

struct table_style {
    unsigned width; /* columns that may be used; 0: as wide as it needs, nothing cut */
    bool ascii, color;
    const char *zone; /* times are shown in it; NULL: UTC */
};

enum table_align { ALIGN_AUTO, ALIGN_LEFT, ALIGN_RIGHT };

struct table_column {
    char *name;   /* of the query's column */
    char *title;  /* shown in the head */
    char *unit;   /* "%", "s", … stands in the head; NULL: none */
    int decimals; /* -1: as it comes; large whole numbers are grouped with a narrow blank as "21 600" */
    bool sign;    /* + and true minus, and a ▲ ▼ = glyph at the row's start when mark is set */
    bool mark;
    bool hide; /* in CSV and JSON only */
    bool cut;  /* text that may be cut with … down to 16 cells */
    int drop;  /* 0: never; 1 goes first when it is narrow, then 2, … */
};

struct table_layout {
    char *title; /* the headline */
    struct table_column *column;
    size_t n_column; /* columns not named here are shown as they come */
    char *bar;       /* name of the column drawn as a magnitude bar, or NULL */
    char **note;     /* sentences below the table */
    size_t n_note;
    char *empty; /* what to say in place of a table without rows, with what to type */
    char **next; /* commands to type next */
    size_t n_next;
};

void table_render(const struct rowset *r, const struct table_layout *layout, const struct table_style *style, struct buf *out);
void table_layout_free(struct table_layout *layout);

void rowset_csv(const struct rowset *r, struct buf *out);  /* RFC 4180, CRLF, a header */
void rowset_json(const struct rowset *r, struct buf *out); /* an array of objects; numbers as numbers, unrounded */

/* Cells text takes on a terminal (wcwidth in a UTF-8 locale of our own); control characters count as the 4 of \x1b. */
size_t text_width(const char *s);
/* Appends s escaped for a terminal: control characters (and bidi controls) as \x1b, \u{202e}; in ASCII everything else beyond 7 bits as ?. */
void text_escape(const char *s, bool ascii, struct buf *out);
