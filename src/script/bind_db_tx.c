/* ctx.db.tx(function(tx) … end): commit when the function returns, rollback when it raises. */
#include <lauxlib.h>
#include <string.h>

#include "base/nearest.h"
#include "script/fault.h"
#include "script/run_state.h"

static const char call[] = "ctx.db.tx", handle_key;

/* The stack of the function that Lua calls. */
enum { AT_FUNCTION = 1, AT_OPTIONS, AT_HANDLE, AT_HANDLER, AT_RESULTS };

static int l_collected(lua_State *L)
{
    struct run_tx **handle = lua_touserdata(L, 1);
    if (*handle != NULL)
        (*handle)->handle = NULL;
    return 0;
}

void bind_db_tx_types(lua_State *L)
{
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &handle_key) == LUA_TNIL) {
        lua_createtable(L, 0, 2);
        lua_pushcfunction(L, l_collected);
        lua_setfield(L, -2, "__gc");
        lua_pushboolean(L, 0);
        lua_setfield(L, -2, "__metatable");
        lua_rawsetp(L, LUA_REGISTRYINDEX, &handle_key);
    }
    lua_pop(L, 1);
}

struct run_tx *bind_db_tx_of(lua_State *L, int index, const char *name)
{
    struct run_tx *const *handle = lua_touserdata(L, index);
    if (*handle == NULL)
        fault_usage(L, name, "%s: the transaction is over: tx may be used inside the function that ctx.db.tx called only",
                    name);
    if ((*handle)->busy)
        fault_usage(L, name, "%s: a statement of this transaction is at work already: one at a time", name);
    return *handle;
}

/* --- the end of one: no Lua -------------------------------------------------------------------------------------------------------------- */

static struct port_tx *cut(struct task *t)
{
    struct run *r = t->run;
    struct run_tx *tx = t->tx;
    struct port_tx *inner = tx->tx;
    task_abandon(r, tx);
    for (struct run_cursor *c = r->cursors, *next; c != NULL; c = next) {
        next = c->next;
        if (c->tx == tx)
            bind_db_close_cursor(&c);
    }
    if (tx->handle != NULL)
        *tx->handle = NULL;
    t->tx = NULL;
    mem_free(tx);
    return inner;
}

void task_drop_tx(struct task *t)
{
    if (t->tx == NULL)
        return;
    struct port_tx *inner = cut(t);
    t->run->port->rollback(t->run->port->host, &inner);
}

/* --- the call ----------------------------------------------------------------------------------------------------------------------------- */

static int committed(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    task_answer(L, call, NULL);
    struct task *t = task_current(L);
    state_kept(L, t);
    task_settle(t);
    return lua_gettop(L) - AT_RESULTS + 1;
}

/* The function has returned (results from AT_RESULTS on), or raised. Nothing here may raise before the transaction is cut. */
static int ended(lua_State *L, int status, lua_KContext context)
{
    (void)context;
    struct task *t = task_current(L);
    bool failed = t->tx->failed, cancelled = t->cancelled || t->run->cancelled;
    if (status != LUA_OK && status != LUA_YIELD) {
        task_drop_tx(t);
        return lua_error(L);
    }
    if (failed || cancelled) {
        task_drop_tx(t);
        if (cancelled)
            fault_cancelled(L, call);
        fault_raise(L, "sql", "in_failed_sql_transaction", call,
                    "a statement of the transaction failed and its error was caught: nothing of the transaction is kept");
    }
    struct port_tx *inner = cut(t);
    task_settle(t);
    t->req = t->run->port->commit(t->run->port->host, inner, t->json.len > 0 ? t->json.data : NULL);
    return task_wait(L, t, REQ_COMMIT, committed, 0);
}

/* What goes with the commit is put together while an error still means rollback. */
static int returned(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    struct task *t = task_current(L);
    buf_clear(&t->json);
    if (run_writes(t->run))
        state_changes(L, t);
    return lua_gettop(L);
}

/* Calls the function at 1 with a tx for the handle at 2. */
static int body(lua_State *L)
{
    lua_createtable(L, 0, 5);
    lua_insert(L, 2);
    bind_db_push_verbs(L);
    lua_callk(L, 1, LUA_MULTRET, 0, returned);
    return returned(L, LUA_OK, 0);
}

static int note(lua_State *L)
{
    lua_settop(L, 1);
    if (vm_of(L)->over)
        return 1;
    luaL_traceback(L, L, NULL, 1);
    run_note_trace(L);
    return 1;
}

static int begun(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    struct port_req *req = task_answer(L, call, NULL);
    struct task *t = task_current(L);
    struct run_tx **handle = lua_touserdata(L, AT_HANDLE);
    t->tx = mem_alloc(sizeof *t->tx);
    t->tx->tx = req->tx;
    t->tx->handle = handle;
    *handle = t->tx;
    task_settle(t);
    lua_pushcfunction(L, note);
    lua_pushcfunction(L, body);
    lua_pushvalue(L, AT_FUNCTION);
    lua_pushvalue(L, AT_HANDLE);
    return ended(L, lua_pcallk(L, 2, LUA_MULTRET, AT_HANDLER, 0, ended), 0);
}

static const char *check_options(lua_State *L)
{
    static const char *const levels[] = {"read committed", "repeatable read", "serializable"};
    const char *isolation = NULL;
    if (lua_isnil(L, AT_OPTIONS))
        return NULL;
    if (!lua_istable(L, AT_OPTIONS))
        fault_usage(L, call, "%s takes a table of options after the function, not a %s", call, luaL_typename(L, AT_OPTIONS));
    for (lua_pushnil(L); lua_next(L, AT_OPTIONS); lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING || strcmp(lua_tostring(L, -2), "isolation") != 0)
            fault_usage(L, call, "%s: unknown option '%s': there is isolation only", call, luaL_tolstring(L, -2, NULL));
        const char *wanted = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
        for (int i = 0; i < 3; i++)
            if (strcmp(levels[i], wanted) == 0)
                isolation = levels[i];
        if (isolation == NULL)
            fault_usage(L, call, "%s: isolation is \"read committed\", \"repeatable read\" or \"serializable\"", call);
    }
    return isolation == levels[0] ? NULL : isolation;
}

int bind_db_l_tx(lua_State *L)
{
    struct task *t = task_enter(L, call);
    lua_settop(L, AT_OPTIONS);
    if (!lua_isfunction(L, AT_FUNCTION))
        fault_usage(L, call, "%s takes a function: %s(function(tx) … end)", call, call);
    if (t->tx != NULL)
        fault_usage(L, call, "%s: a transaction is open already, and there is none inside another", call);
    if (t->run->port->begin == NULL)
        fault_usage(L, call, "%s: there is no database here", call);
    const char *isolation = check_options(L);
    if (t->run->db_over) {
        task_refused(L);
        fault_budget(L, call, VM_DB);
    }
    struct run_tx **handle = lua_newuserdatauv(L, sizeof *handle, 0);
    *handle = NULL;
    lua_rawgetp(L, LUA_REGISTRYINDEX, &handle_key);
    lua_setmetatable(L, -2);
    t->req = t->run->port->begin(t->run->port->host, isolation, run_writes(t->run));
    return task_wait(L, t, REQ_DB, begun, 0);
}
