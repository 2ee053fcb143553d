/* Errors that functions of ctx raise: tables that a plugin may catch with pcall and look into.
 *
 * kind      who has to act: "usage" (the call is wrong), "sql" (the statement failed, nothing happened), "lost" (the connection went
 *           away: it may or may not have happened), "temporary" (try again), "cancelled", "budget", "unavailable", "config", "bug"
 * code      a stable word: "unique_violation", "budget_rows", …; sqlstate: the server's five characters, where it spoke
 * message, detail, hint, constraint, schema, table, column, position (in characters of the statement, from 1)
 * plugin, call ("ctx.db.query"), where ("plugins/x/plugin.lua:12"), traceback (taken where it was raised)
 *
 * tostring(e) is the message with its call. Inside script/ only; what pushes may raise. */
#pragma once

#include <lua.h>

#include "base/err.h"
#include "script/port.h"
#include "script/vm.h"

void fault_types(lua_State *L); /* once a state */

_Noreturn void fault_usage(lua_State *L, const char *call, const char *fmt, ...);
/* kind and code as words. */
_Noreturn void fault_raise(lua_State *L, const char *kind, const char *code, const char *call, const char *fmt, ...);
_Noreturn void fault_budget(lua_State *L, const char *call, enum vm_meter meter);
_Noreturn void fault_cancelled(lua_State *L, const char *call);
/* Pushes what a failed request says; sql may be NULL. */
void fault_push_req(lua_State *L, const char *call, const struct port_req *req, const char *sql);

/* The error value at the top of L, which ended co with status: e as for any other failed call of vm, but with the kind of the
 * database's trouble where that was not caught. trace: of an error that is no fault. */
void fault_report(lua_State *L, lua_State *co, int status, const char *trace, const char *what, struct err *e);
/* e for a state that is over a limit, with the line where co stands. Needs no memory of the state's, and does not raise. */
void fault_limit(struct vm *vm, lua_State *co, enum vm_meter meter, const char *what, struct err *e);
