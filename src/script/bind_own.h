/* What ctx.own takes: candidates that a rule has made by statistics of its own, checked field by field. Inside script/ only. */
#pragma once

#include <lua.h>

#include "base/buf.h"

/* The candidates at index 1 and the options at index 2 as one JSON object appended to out: the options, "unit" and "candidates". Raises
 * for the first thing that is wrong, with the candidate's number and the field's name. Calls no code of the plugin. */
void bind_own_write(lua_State *L, struct buf *out);
