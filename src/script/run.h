/* One run of a plugin's function that may wait: straight-line Lua on coroutines over an async host.
 *
 * The function runs as a task; ctx.parallel makes more. A task that waits is parked on the request's wait; a completion only queues
 * it, and the driver (this call, on the plain stack) resumes it inside a protected call. Whoever goes first of request and task cuts
 * the link. CPU over all tasks, wall time, rows, output, database time and log lines are counted against the state's vm_limits; what is
 * over is an ERR_PLUGIN that names the limit. A signal cancels: every wait ends in an error of kind "cancelled".
 *
 * TIDEMARK_TORTURE in the environment, not empty: the collector runs as often as it can, and a full collection comes before every slice
 * and at every call of ctx. For tests: what Lua does not hold on to is gone at once. */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "script/port.h"
#include "script/vm.h"

enum run_kind { RUN_REPORT, RUN_RULE, RUN_JOB, RUN_COLLECTOR, RUN_SCRIPT }; /* reports and rules read only */

struct run_options {
    enum run_kind kind;
    const char *what; /* names the run in errors: "youtube.top" */
    const struct port *port;
    double now, as_of;  /* epoch seconds: ctx.now, ctx.as_of */
    const char *config; /* ctx.config: the plugin's settings, checked, as a JSON object; NULL: {} */
    const char *state;  /* ctx.state: as a JSON object; NULL: {} */
};

/* What is run, both inside a protected call. push leaves the function and its arguments on the stack (run_push_ctx gives ctx) and returns
 * the number of arguments; take finds what the function returned at 1..n. Both may raise. */
struct run_code {
    int (*push)(struct lua_State *L, void *arg);
    void (*take)(struct lua_State *L, int n, void *arg); /* NULL: results are not wanted */
    void *arg;
};

void run_push_ctx(struct lua_State *L);

/* 0, or -1 with e: ERR_PLUGIN with traceback, ERR_CANCELLED after a signal, or the kind of a database error that the plugin let pass
 * (ERR_LOST, ERR_TEMPORARY, …). *unsaved: NULL, or gets the changes of ctx.state that no commit of the run has kept yet, as a JSON
 * object ("" when there are none; null deletes a key); when it is NULL the run keeps them itself at its end. */
int run_function(struct vm *vm, const struct run_options *o, const struct run_code *code, struct buf *unsaved, struct err *e);
