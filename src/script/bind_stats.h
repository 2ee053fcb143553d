/* The table stats of the sandbox, which is a Lua C module as well: plain Lua has it as require("tidemark_stats"), so that specs
 * run without the host. It needs nothing of a vm: all memory is Lua's own (userdata), so a state's cap counts it and an error
 * frees it. Wrong types raise; data that have no answer give nil and a text that says why. */
#pragma once

#include <lua.h>

void bind_stats_open(lua_State *L); /* sets the global; raises */
int luaopen_tidemark_stats(lua_State *L);

/* For the files of the binding. Each adds its functions to the table on the top. */
void bind_stats_distribution_functions(lua_State *L);
void bind_stats_sample_functions(lua_State *L);
void bind_stats_trend_functions(lua_State *L);
void bind_stats_test_functions(lua_State *L);
void bind_stats_matrix_functions(lua_State *L);
void bind_stats_fit_functions(lua_State *L); /* design, ols, jackknife, generator */

struct stats_pair;
double *bind_stats_list(lua_State *L, int arg, size_t *n);    /* a list of numbers; its memory is pushed */
size_t bind_stats_two(lua_State *L, double **x, double **y);  /* arguments 1 and 2: lists of one length */
double *bind_stats_room(lua_State *L, size_t n);              /* n doubles, pushed */
struct stats_pair *bind_stats_pairs(lua_State *L, size_t n);  /* the same of pairs */
int bind_stats_number(lua_State *L, double v);                /* v as the one result; of NAN why there is none */
int bind_stats_fail(lua_State *L, const char *why);           /* nil, why */
void bind_stats_set(lua_State *L, const char *key, double v); /* into the table on the top; NAN leaves it out */
void bind_stats_push_list(lua_State *L, const double *x, size_t n);
/* A member of out under its own name. */
#define BIND_STATS_SET(out, member) bind_stats_set(L, #member, (out).member)
