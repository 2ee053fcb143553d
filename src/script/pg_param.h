/* Lua values as parameters of a statement. Inside script/ only; everything here may raise.
 *
 * nil, json.null -> NULL; boolean -> bool; integer -> int8; float -> float8; text -> whatever $n is; numeric -> numeric; a list -> an
 * array of whatever $n is. The makers ctx.db.array, json, bytes, numeric, uuid, time say the type. */
#pragma once

#include <lua.h>

#include "base/mem.h"
#include "script/port.h"

void pg_types(lua_State *L);       /* once a state: what the makers make */
void pg_push_makers(lua_State *L); /* into the table on the top */
/* The arguments from first to the top. What they point to is the stack's or the arena's. */
const struct port_param *pg_params(lua_State *L, int first, struct arena *arena, const char *call, size_t *n);
