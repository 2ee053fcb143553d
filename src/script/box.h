/* C memory that Lua's collector frees when an error jumps over us. */
#pragma once

#include <lua.h>

#include "base/buf.h"
#include "data/json.h"

void box_open(lua_State *L);
struct buf *box_push(lua_State *L);            /* an empty buffer; buf_free it when done, the rest is the collector's */
struct json_doc **box_push_json(lua_State *L); /* a document that is NULL yet */
