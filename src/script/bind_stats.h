/* The table stats of the sandbox, which is a Lua C module as well: plain Lua has it as require("tidemark_stats"), so that specs
 * run without the host. It needs nothing of a vm: all memory is Lua's own (userdata), so a state's cap counts it and an error
 * frees it. Wrong types raise; data that have no answer give nil and a text that says why. */
#pragma once

#include <lua.h>

void bind_stats_open(lua_State *L); /* sets the global; raises */
int luaopen_tidemark_stats(lua_State *L);

/* For the files of the binding. */
void bind_stats_fit_functions(lua_State *L);               /* adds design, ols, jackknife, generator to the table on the top */
void bind_stats_matrix_functions(lua_State *L);            /* the same for matrices */
double *bind_stats_list(lua_State *L, int arg, size_t *n); /* a list of numbers; its memory is pushed */
double *bind_stats_room(lua_State *L, size_t n);           /* n doubles, pushed */
int bind_stats_fail(lua_State *L, const char *why);        /* nil, why */
void bind_stats_set(lua_State *L, const char *key, double v); /* into the table on the top; NAN leaves it out */
void bind_stats_push_list(lua_State *L, const double *x, size_t n);
