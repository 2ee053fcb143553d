/* A result set on its way to a reader: columns with units, cells as text. Owned by whoever made it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"

enum column_kind { COLUMN_TEXT, COLUMN_INTEGER, COLUMN_NUMBER, COLUMN_BOOL, COLUMN_TIME, COLUMN_JSON, COLUMN_ARRAY };

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
void rowset_free(struct rowset **r);
