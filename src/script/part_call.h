/* A report's, a job's and a script's function as the code of a run (script/run.h), and rows as what comes out.
 *
 * A script is a chunk of its own, called with (ctx, args): "local ctx, args = ...". */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "data/rowset.h"
#include "script/run.h"
#include "script/vm.h"

enum part_type { PART_TEXT, PART_INTEGER, PART_NUMBER, PART_BOOLEAN, PART_TIME };

struct part_arg {
    const char *name; /* NULL: of a list, as a script's */
    enum part_type type;
    const char *text; /* as PostgreSQL reads it */
};

struct part_call {
    const char *table, *name; /* plugin[table][name].run; table NULL: the script that part_script_load kept */
    const struct part_arg *arg;
    size_t n_arg;
    const char *const *column; /* how a report's columns are ordered (script/part_rows.h) … */
    const bool *time;          /* those that hold instants */
    size_t n_column;
    const char *const *beside; /* … and which are there besides */
    size_t n_beside;
    bool wants_rows;     /* nil is no answer */
    struct rowset *rows; /* what was given back; NULL: nothing was. The caller's, also after a failure (rowset_free) */
};

/* The code of call, which has to live as long as the run. */
struct run_code part_code(struct part_call *call);

/* Compiles a script and keeps it in the state; shown is how messages call it. ERR_CONFIG: "script.lua:3: syntax error near …". */
int part_script_load(struct vm *vm, const char *path, const char *shown, struct err *e);

/* How long a run of this state may take, in place of limits.run_ms; by says who wants it so ("--timeout"). */
void part_time_limit(struct vm *vm, unsigned ms, const char *by);

/* From a signal's handler: whatever the state's code is at ends in an error at its next instruction. vm NULL: nothing. */
void part_stop(struct vm *vm);

/* Where print of a script or of the prompt goes: to somebody's standard output, not to the log. Whoever gets it writes all of it. */
struct part_print {
    void (*write)(void *arg, const char *text, size_t len);
    void *arg;
};

/* From now on print writes there, counted against limits.output. print has to live as long as the state. */
int part_print_to(struct vm *vm, const struct part_print *print, struct err *e);
