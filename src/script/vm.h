/* One Lua state of one plugin: its memory cap, its CPU budget, its sandbox.
 *
 * The only room that knows lua.h is script/. Text chunks only; no io, os, debug, load, loadfile, dofile, string.dump,
 * collectgarbage; no finalizers (Lua runs them with hooks off, so that one could loop for ever); require reaches lua/ and the
 * plugin's own folder. The string metatable and the libraries' tables are the state's own, so nothing leaks to another plugin.
 *
 * Two clocks guard a call. A count hook raises once the budget is used, and from then on at every instruction. A C function
 * (string.find with a pathological pattern) cannot be stopped from inside: when it goes on for stuck_ms beyond the budget, a
 * signal handler writes a line that names plugin and call, and ends the process with 76 (script/watchdog.h). */
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
    unsigned stuck_ms;  /* CPU beyond that inside one C function; default 5000 */
    unsigned run_ms;    /* time of one run (report, rule, job, script), waiting included; default 60 000 */
    unsigned cpu_ms;    /* CPU of the plugin's own code in one run; default 60 000 */
    unsigned db_ms;     /* time the database works for one run, all statements added; default 60 000 */
    unsigned log_lines; /* of one run; default 1000 */
    size_t rows;        /* read from the database or given back in one run; default 1 000 000 */
    size_t output;      /* bytes of the result and of what a run prints; default 64 MiB */
};
extern const struct vm_limits vm_limits_default;

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

/* lua_pcall for everything: function and nargs on the stack, nresults left there (a number, not LUA_MULTRET); traceback, plugin
 * name, stack height checked. what names the call in errors ("youtube.videos"). Errors are ERR_PLUGIN; over a budget the text
 * names it: "used more than 200 ms of CPU", "used more than 64 MiB of memory". The budget survives pcall loops: once hit,
 * every further instruction raises. */
int vm_call(struct vm *vm, int nargs, int nresults, const char *what, struct err *e);

/* vm_call for C code that touches Lua values (even making a string can raise): fn runs with arg as light userdata at index 1
 * and leaves nresults on the stack. */
int vm_protect(struct vm *vm, int (*fn)(struct lua_State *L), void *arg, int nresults, const char *what, struct err *e);

/* Bytes in use now and at most so far. */
void vm_memory(const struct vm *vm, size_t *now, size_t *peak);
