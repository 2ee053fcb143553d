/* The table json of the sandbox. Inside script/ only. */
#pragma once

#include <lua.h>
#include <stdbool.h>

#include "data/json.h"

void value_types(lua_State *L);                   /* the metatables of views and of json.null: value.c */
void bind_json_open(lua_State *L);                /* raises */
bool bind_json_is_array(lua_State *L, int index); /* a table that json.decode made of an array */
void bind_json_mark_array(lua_State *L);          /* the table on the top is such a one from now on */
void bind_json_mark_lists(lua_State *L);          /* so is every table that has the one on the top as its metatable */
/* A document as Lua tables of its own (what json.decode gives); raises. */
void bind_json_push_copy(lua_State *L, const cJSON *item);
