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

/* The table json of the sandbox has null, kind(v), get(v, "a.0.b") (nil where absent), encode(v), decode(text): bind_json.c. */
/* Views made by value_push are valid until the value_end that follows. May raise: call it under vm_call or vm_protect only. */
void value_push(struct lua_State *L, const cJSON *item);
void value_begin(struct vm *vm);
void value_end(struct vm *vm);

/* The item behind a view; NULL when the value is no view or its payload is gone. Does not raise. */
const cJSON *value_item(struct lua_State *L, int index);
/* Is it json.null? */
bool value_is_null(struct lua_State *L, int index);

/* A Lua value (nil, boolean, number, string, json.null, view, table) as compact JSON appended to out, keys sorted: a table with
 * 1..n only is an array, an empty table an object (but an empty array of json.decode stays one). NULL on success, else what is
 * wrong ("a function cannot be JSON"; NaN, text that is not UTF-8, depth over 64 as a cycle has, more than 16 MiB). Does not raise. */
const char *value_write(struct lua_State *L, int index, struct buf *out);
/* The same without the limit of 16 MiB: for what the host's own Lua gives (ten thousand results with their evidence). */
const char *value_write_large(struct lua_State *L, int index, struct buf *out);

/* Shortest forms only, no surrogates, nothing cut. */
bool value_is_utf8(const char *s, size_t n);
