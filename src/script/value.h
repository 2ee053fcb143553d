/* JSON documents as Lua sees them, and Lua values as JSON.
 *
 * A document is a lazy view (userdata with __index, __len, __pairs; ipairs works), so that a large payload is not copied.
 * null is json.null (not nil: null is not absent), [] and {} stay apart (json.kind), integers of more than 15 digits arrive
 * as strings of their digits. A view dies with its document: touching it later raises "this payload is gone". */
#pragma once

#include "base/buf.h"
#include "base/mem.h"
#include "data/json.h"
#include "script/vm.h"

/* Installs the table json: null, kind(v), get(v, "a.0.b") (nil where absent), encode(v), decode(text) as globals of the sandbox. */
void value_open(struct vm *vm);

/* Views made by value_push are valid until the value_end that follows. May raise: call it under vm_call or vm_protect only. */
void value_push(struct lua_State *L, const cJSON *item);
void value_begin(struct vm *vm);
void value_end(struct vm *vm);

/* A Lua value (nil, boolean, number, string, json.null, view, table) as compact JSON appended to out: a table with 1..n only
 * is an array, an empty table an object. NULL on success, else what is wrong ("a function cannot be JSON"; NaN, cycles, depth
 * over 64). Does not raise. */
const char *value_write(struct lua_State *L, int index, struct buf *out);
