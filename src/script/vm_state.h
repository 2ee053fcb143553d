/* What the files of this room share about a state. Not for other rooms. */
#pragma once

#include <lauxlib.h>
#include <lua.h>
#include <signal.h>

#include "script/vm.h"

struct vm {
    lua_State *L;
    char *name, *lib_dir, *dir;
    char *shown_dir; /* how messages call dir; set by vm_load_file */
    struct vm_limits limits;
    size_t used, peak;
    bool memory_hit;            /* an allocation was refused during this call */
    volatile sig_atomic_t over; /* the CPU budget of this call is used up; also set by the watchdog */
    unsigned budget_ms;         /* of this call */
    int64_t deadline_ns;        /* on vm_cpu_ns's clock */
    unsigned depth;             /* vm_call inside vm_call: the outer budget counts */
    unsigned epoch;             /* of the payload in work: a view of another one is dead */
    bool epoch_live;
};

/* The pointer is copied to every coroutine of the state. */
static inline struct vm *vm_of(lua_State *L)
{
    return *(struct vm **)lua_getextraspace(L);
}

/* CPU time of this thread; in a sanitizer's build it runs slower by what the sanitizer costs, so that budgets mean the same. */
int64_t vm_cpu_ns(void);

/* Raises when the budget of the call is used up: for C functions that catch errors of Lua code (coroutine.resume, xpcall). */
void vm_check_budget(lua_State *L);

/* The count hook; raising is its only effect on a program. */
void vm_hook(lua_State *L, lua_Debug *ar);

void sandbox_open(lua_State *L);                                     /* builds the globals; raises */
void sandbox_reseed(lua_State *L);                                   /* math.random starts again */
int sandbox_load(lua_State *L, const char *path, const char *shown); /* pushes the compiled chunk; raises */
/* Pushes plugin[table][name][function] of the loaded plugin: ("rules", "x.y", "find"), ("reports", "x.top", "run"). May raise. */
void code_push_function(lua_State *L, const char *table, const char *name, const char *function);
/* Pushes the settings given to code_set_config, or an empty table. */
void code_push_config(lua_State *L);
