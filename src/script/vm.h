/* One Lua state of one plugin: its memory cap, its CPU budget, its sandbox.
 *
 * The only room that knows lua.h is script/. Text chunks only; no io, os, debug, load, loadfile, dofile, string.dump,
 * collectgarbage; no finalizers (Lua runs them with hooks off, so that one could loop for ever); require reaches lua/ and the
 * plugin's own folder. The string metatable and the libraries' tables are the state's own, so nothing leaks to another plugin.
 *
 * Two clocks guard a call: its CPU and the wall's. A count hook raises once either is used up, and from then on at every instruction. A
 * C function (string.find with a pathological pattern, a read that waits) cannot be stopped from inside: when it goes on for
 * stuck_ms beyond the budget, a signal handler writes a line that names plugin and call, and ends the process with 76
 * (script/watchdog.h). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct lua_State;

struct vm_limits {      /* 0 in a member: the default */
    size_t memory;      /* bytes of the whole state; default 64 MiB */
    unsigned load_ms;   /* CPU for loading the file; default 500 */
    unsigned call_ms;   /* CPU for one call of a parser; default 200 */
    unsigned stuck_ms;  /* beyond a budget of time inside one C function; default 5000 */
    unsigned run_ms;    /* time of one run (report, rule, job, script), waiting included; default 60 000 */
    unsigned cpu_ms;    /* CPU of the plugin's own code in one run; default 60 000 */
    unsigned db_ms;     /* time the database works for one run, all statements added; default 60 000 */
    unsigned log_lines; /* of one run; default 1000 */
    size_t rows;        /* read from the database or given back in one run; default 1 000 000 */
    size_t output;      /* bytes of the result and of what a run prints; default 64 MiB */
};
extern const struct vm_limits vm_limits_default;

/* What is limited. The state itself measures memory and time; what goes by elsewhere is told to it by vm_count. */
enum vm_meter {
    VM_NONE,
    VM_MEMORY,    /* bytes */
    VM_LOAD,      /* ms of CPU */
    VM_CALL,      /* ms of CPU */
    VM_RUN,       /* ms, waiting included */
    VM_CPU,       /* ms of CPU of one run */
    VM_ROWS,      /* counted */
    VM_OUTPUT,    /* bytes, counted */
    VM_DB,        /* ms, counted */
    VM_LOG_LINES, /* counted */
    VM_METERS,
};

struct vm_use {
    uint64_t now;  /* of the run (or, outside of one, the call) that is at work or was the last */
    uint64_t most; /* of any of this state */
    uint64_t limit;
};
struct vm_usage {
    struct vm_use of[VM_METERS];
};

struct vm;

/* name stands in every error ("youtube"); lib_dir is the folder that holds tidemark/ (…/share/tidemark/lua), dir the plugin's own
 * folder or NULL. limits NULL: the default. */
struct vm *vm_new(const char *name, const char *lib_dir, const char *dir, const struct vm_limits *limits);
void vm_free(struct vm **vm);
struct lua_State *vm_lua(struct vm *vm);
const char *vm_name(const struct vm *vm);

/* Runs a chunk from a file (mode "t", under load_ms) and leaves its one result on the stack. shown is how messages call the file
 * ("plugins/x/plugin.lua"; NULL: path). Errors: ERR_CONFIG for syntax, a missing file or a chunk that raises (with
 * file:line), ERR_PLUGIN for one over its budget. */
int vm_load_file(struct vm *vm, const char *path, const char *shown, struct err *e);

/* A run: between begin and end every outermost vm_call or vm_protect is a slice of it, with what is left of cpu_ms and run_ms as
 * its budget (call_ms does not count), and what vm_count counts adds up over all slices. Outside of a run every call
 * stands for itself: call_ms of CPU, and run_ms of the wall's clock. What must still work for a run that is over (cleaning up) comes after
 * vm_run_end. */
void vm_run_begin(struct vm *vm);
void vm_run_end(struct vm *vm);
/* For whoever waits between two slices: how long the run may still take; 0: it is over. */
unsigned vm_run_left_ms(const struct vm *vm);
/* The deadline moves by what the host itself spent on an answer (an analysis): that is not the plugin's. */
void vm_run_extend(struct vm *vm, int64_t ns);

/* Adds n to a counted meter: 0, or -1 when that is more than its limit allows (and again for whatever is added after that). */
int vm_count(struct vm *vm, enum vm_meter meter, size_t n);
/* The limit that the run (or call) at work, or else the last one, went over; VM_NONE. */
enum vm_meter vm_hit(const struct vm *vm);
/* "used more than 60 s of database time (limits.db_s)"; valid as long as vm. */
const char *vm_limit_text(const struct vm *vm, enum vm_meter meter);
/* "memory", "load", "call", "run", "cpu", "rows", "output", "db", "log_lines". */
const char *vm_meter_name(enum vm_meter meter);
void vm_usage(const struct vm *vm, struct vm_usage *usage);

/* lua_pcall for everything: function and nargs on the stack, nresults left there (a number, not LUA_MULTRET); traceback, plugin
 * name, stack height checked. what names the call in errors ("youtube.videos"). Errors are ERR_PLUGIN; over a budget the text
 * names it and its key in the config: "used more than 200 ms of CPU (limits.call_ms)". The budget survives pcall loops: once
 * hit, every further instruction raises. */
int vm_call(struct vm *vm, int nargs, int nresults, const char *what, struct err *e);

/* vm_call for C code that touches Lua values (even making a string can raise): fn runs with arg as light userdata at index 1
 * and leaves nresults on the stack. */
int vm_protect(struct vm *vm, int (*fn)(struct lua_State *L), void *arg, int nresults, const char *what, struct err *e);

/* Bytes in use now and at most so far. */
void vm_memory(const struct vm *vm, size_t *now, size_t *peak);
