/* One Lua value as one cell. Inside script/ only. */
#pragma once

#include <lua.h>

#include "base/buf.h"
#include "data/rowset.h"

/* What a column holds. Plain values come before SHAPE_EMPTY. */
enum part_shape {
    SHAPE_NONE, /* nil and json.null only */
    SHAPE_INTEGER,
    SHAPE_NUMBER,
    SHAPE_BOOL,
    SHAPE_TIME,
    SHAPE_TEXT,
    SHAPE_EMPTY,   /* {}: as its column is, an array or JSON */
    SHAPE_NUMBERS, /* a list of numbers: an array */
    SHAPE_LIST,    /* of plain values: an array */
    SHAPE_JSON,
};

/* What is known of a column beside its values: a query's timestamps come as numbers, its jsonb as tables. */
enum part_hint { HINT_NONE, HINT_TIME, HINT_JSON };

/* Neither raises nor makes a string. wrong: why it cannot be shown. */
enum part_shape part_shape_of(lua_State *L, int index, enum part_hint hint, const char **wrong);
/* What a column is that holds both: numbers of two kinds are numbers, other mixtures texts, or JSON where a table is among them. */
enum part_shape part_shape_join(enum part_shape a, enum part_shape b);
enum column_kind part_shape_kind(enum part_shape shape);

/* Appends the value, which is neither nil nor json.null, as a cell of a column of that shape; NULL, or why it cannot. Does not raise. */
const char *part_cell_write(lua_State *L, int index, enum part_shape shape, struct buf *out);
