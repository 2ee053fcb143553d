/* A frame as Lua sees it: a list of rows, each a view with the columns as fields. Inside script/ only.
 *
 * posts[1 .. #posts] are rows, ipairs works; row.field is the value or nil. A field that no frame of posts has is a mistake and
 * raises with the nearest name. Views die with bind_frame_end: touching one later raises "these posts are gone". */
#pragma once

#include <lua.h>

#include "data/frame.h"

void bind_frame_open(lua_State *L); /* the metatables; raises */

/* Pushes the list. The frame must be there until bind_frame_end is called on the value. May raise. */
void bind_frame_push(lua_State *L, const struct frame *f);
/* The list at index is of no use from now on. Does not raise. */
void bind_frame_end(lua_State *L, int index);

/* The frame behind a list; raises where the value is none, or is gone. */
const struct frame *bind_frame_check(lua_State *L, int index);
/* Pushes the view of one row (0-based) of the list at index. May raise. */
void bind_frame_push_row(lua_State *L, int index, size_t row);
