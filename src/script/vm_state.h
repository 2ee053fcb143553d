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
    volatile sig_atomic_t over; /* VM_NONE, or which budget of time is used up; also set by the watchdog */
    enum vm_meter meter;        /* of this call's CPU: VM_LOAD, VM_CALL, VM_CPU */
    bool guarded;               /* the watchdog marks this call when its time is up */
    int64_t started_ns;         /* this call, on vm_cpu_ns's clock */
    int64_t wall_started_ns;    /* this call, on vm_wall_ns's clock */
    int64_t deadline_ns;        /* on vm_cpu_ns's clock */
    int64_t wall_deadline_ns;   /* of the run, or outside of one of this call; on vm_wall_ns's clock */
    unsigned depth;             /* vm_call inside vm_call: the outer budget counts */
    bool had_run;
    bool running;           /* between vm_run_begin and vm_run_end */
    int64_t run_started_ns; /* on vm_wall_ns's clock */
    int64_t run_cpu_ns;     /* of the run's slices */
    enum vm_meter hit;      /* the last limit that was passed, of this run or call */
    struct vm_use use[VM_METERS];
    char limit_text[VM_METERS][80];
    struct run *run; /* whose function is at work (run_state.h); NULL: none */
    unsigned epoch;  /* of the payload in work: a view of another one is dead */
    bool epoch_live;
};

/* The pointer is copied to every coroutine of the state. Its lowest bit marks a coroutine that the hook has stopped. */
static inline struct vm *vm_of(lua_State *L)
{
    return (struct vm *)(*(uintptr_t *)lua_getextraspace(L) & ~(uintptr_t)1);
}

/* May what this coroutine left open be closed (lua_resetthread)? In one that was stopped inside the hook all hooks are off for good, so
 * that its __close functions could run without end. */
bool vm_may_close(lua_State *co);

/* CPU time of this thread, and the monotonic clock; in a sanitizer's build both run slower by what the sanitizer costs, so that budgets
 * mean the same. */
int64_t vm_cpu_ns(void);
int64_t vm_wall_ns(void);

/* --- vm_meter.c: begin and end of an outermost call, with its budget */
void meter_begin(struct vm *vm, bool load);
void meter_end(struct vm *vm);
uint64_t meter_limit(const struct vm *vm, enum vm_meter meter);
void meter_defaults(struct vm_limits *limits);
void meter_texts(struct vm *vm, bool keys); /* keys: name the config's; the host's own states have none */

/* --- vm_error.c */
int error_handler(lua_State *L); /* for lua_pcall */
/* e from what was raised: "what (file:line): message", then the traceback; "file:line: message" alone when loading. -1. */
int error_report(struct vm *vm, int status, const char *raised, bool load, const char *what, struct err *e);

/* Raises when the budget of the call is used up: for C functions that catch errors of Lua code (coroutine.resume, xpcall). */
void vm_check_budget(lua_State *L);

/* The count hook; raising is its only effect on a program. */
void vm_hook(lua_State *L, lua_Debug *ar);

void sandbox_open(lua_State *L);                                     /* builds the globals; raises */
void sandbox_reseed(lua_State *L);                                   /* math.random starts again */
int sandbox_load(lua_State *L, const char *path, const char *shown); /* pushes the compiled chunk; raises */
/* Pushes the globals that a plugin's code sees. The state's own globals (lua_getglobal) are the host's: a plugin cannot bend them. */
void sandbox_env(lua_State *L);
/* Pushes the chunk of a source text, with the table at env as its globals; raises. */
void sandbox_compile(lua_State *L, const char *source, size_t len, const char *shown, int env);
/* Pushes plugin[table][name][function] of the loaded plugin: ("rules", "x.y", "find"), ("reports", "x.top", "run"). May raise. */
void code_push_function(lua_State *L, const char *table, const char *name, const char *function);
/* Pushes the settings given to code_set_config, or an empty table. */
void code_push_config(lua_State *L);
