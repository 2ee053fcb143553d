/* What the database answers, as Lua values. Inside script/ only; everything here may raise.
 *
 * bool -> boolean; int2, int4, int8, oid -> integer; float4, float8 -> float (NaN and infinities stay); numeric -> integer where it is a
 * whole number that fits, else a numeric (script/numeric.h); timestamptz, and timestamp as if in UTC -> seconds since the epoch, an
 * integer where whole, else a float, exact to the microsecond from 1833 to 2106, and beyond that the text; infinities stay; json,
 * jsonb -> as json.decode makes them; arrays of all these -> lists, with json.null for NULL; bytea -> its bytes; everything else
 * (text, uuid, date, interval, inet, …) -> text as PostgreSQL writes it. NULL -> nil. */
#pragma once

#include <lua.h>
#include <stdbool.h>

#include "script/port.h"

/* A cell of a request that is done. call names the function of ctx in errors. */
void pg_cell(lua_State *L, const struct port *port, const struct port_req *req, size_t row, size_t column, const char *call);
/* Pushes the list of the columns' names; raises where two are the same. Rows made with it know which of their columns are times and JSON,
 * so that what is shown of them later is that and no number or list (pg_rows_types). */
void pg_keys(lua_State *L, const struct port_req *req, const char *call);
/* Pushes one row as { column = value }; the list of names is at index keys. */
void pg_row(lua_State *L, const struct port *port, const struct port_req *req, size_t row, int keys, const char *call);
/* Pushes { column = PG_TIMESTAMPTZ or PG_JSONB } of a row that a query made; false, and nothing is pushed, for any other table and where
 * there is no such column. */
bool pg_rows_types(lua_State *L, int row);
/* Pushes all rows as a list, whose columns are the list of names. */
void pg_rows(lua_State *L, const struct port *port, const struct port_req *req, const char *call);
