/* What a plugin's function gives back as rows, on its way to a reader. Inside script/ only.
 *
 * Rows are a list of { column = value }, as ctx.db.query gives them or made by hand. The cells become PostgreSQL's text form, so
 * that a table, CSV and JSON of a Lua report are those of a SQL one: nothing is rounded, NaN and infinity stay. A list of plain
 * values is an array, any other table is JSON. */
#pragma once

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

#include "data/rowset.h"

struct part_columns {
    const char *const *name; /* they come first, in this order, … */
    const bool *time;        /* … and hold instants where this says so: seconds since the epoch; NULL: none does */
    size_t n;
    const char *const *beside; /* … and these are there in any case: a chart's, a section's */
    size_t n_beside;
};

/* The value at index as *out, which the caller owns, also when this raises ("row 3, column views: a function cannot be shown").
 * Columns: wanted's, then those of rows.columns, then what else the rows hold, by name. wanted NULL: none. */
void part_rows_read(lua_State *L, int index, const struct part_columns *wanted, struct rowset **out);

/* Is it a list of rows that a table can show: rows of a query, or a list of tables with texts as keys and plain values? */
bool part_rows_fit(lua_State *L, int index);
