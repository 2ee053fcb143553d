/* A result set on its way to a reader: columns, cells as text; and its two exact forms, CSV and JSON. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/mem.h"

enum column_kind {
    COLUMN_TEXT,
    COLUMN_INTEGER,
    COLUMN_NUMBER,
    COLUMN_BOOL,
    COLUMN_TIME,
    COLUMN_JSON,
    COLUMN_ARRAY,
    COLUMN_NUMBERS /* an array of numbers */
};

struct column {
    const char *name; /* as the query calls it: the key in CSV and JSON */
    enum column_kind kind;
};

struct rowset {
    struct arena arena;
    struct column *column;
    size_t n_column;
    const char **cell; /* n_row * n_column; PostgreSQL's text form; NULL is NULL */
    size_t n_row, cap_row;
};

struct rowset *rowset_new(const struct column *columns, size_t n); /* copies names */
void rowset_add(struct rowset *r, const char *const *cells);       /* copies */
const char *rowset_cell(const struct rowset *r, size_t row, size_t column);
/* The column's number, or n_column where there is none. */
size_t rowset_find(const struct rowset *r, const char *name);
void rowset_free(struct rowset **r);

/* RFC 4180: CRLF, a header, NULL an empty cell. Values whole; times as ISO 8601; a cell that a spreadsheet would take for a
 * formula is left as it is: the file is data. */
void rowset_csv(const struct rowset *r, struct buf *out);
/* An array of objects, a row a line. Numbers are numbers with every digit they came with; NaN and Infinity, which JSON does not
 * have, are strings; booleans, arrays and jsonb keep their form. */
void rowset_json(const struct rowset *r, struct buf *out);
/* The same objects, one a line and nothing around them. */
void rowset_ndjson(const struct rowset *r, struct buf *out);

/* "2026-11-21 23:59:00.5+00" as "2026-11-21T23:59:00.5Z"; dates, infinity and what is no time stay as they are. */
void rowset_iso_time(const char *cell, struct buf *out);

/* PostgreSQL's array literal, one element at a time: *at starts at the cell and moves on; element is overwritten. false at the
 * end. A nested array comes whole, with its braces. */
enum element_kind { ELEMENT_TEXT, ELEMENT_NULL, ELEMENT_ARRAY };
bool rowset_element(const char **at, struct buf *element, enum element_kind *kind);
