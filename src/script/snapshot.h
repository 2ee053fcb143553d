/* A copy of a Lua value, taken out of one state and made again in another: how the host looks at a plugin's table without meeting
 * its code. Tables are walked raw (no metamethod runs), a function becomes a mark that only is of that type. */
#pragma once

#include "base/buf.h"

struct lua_State;

/* Appends the copy of the value to out. NULL, or what is wrong with it ("a table inside itself"). Does not raise. */
const char *snapshot_take(struct lua_State *L, int index, struct buf *out);

/* Pushes what a snapshot holds; may raise (memory). */
void snapshot_push(struct lua_State *L, const struct buf *snapshot);
