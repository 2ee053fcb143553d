/* for row in ctx.db.each(sql, …) do … end: a cursor, read in pieces, so that memory stays bounded. The closing value of the loop closes
 * it, which never waits. */
#include <lauxlib.h>

#include "script/fault.h"
#include "script/pg_rows.h"
#include "script/run_state.h"

enum { PIECE_BYTES = 256 * 1024 };
static const char handle_key;

void bind_db_close_cursor(struct run_cursor **cursor)
{
    struct run_cursor *c = *cursor;
    struct run *r = c->run;
    *cursor = NULL;
    if (c->busy) { /* its reader is told by what it waits for */
        c->closing = true;
        return;
    }
    if (c->handle != NULL)
        *c->handle = NULL;
    *c->link = c->next;
    if (c->next != NULL)
        c->next->link = c->link;
    if (c->piece != NULL)
        r->port->free(&c->piece);
    if (c->cursor != NULL)
        r->port->close(r->port->host, &c->cursor);
    mem_free(c);
}

static int l_close(lua_State *L)
{
    struct run_cursor **handle = lua_touserdata(L, 1);
    struct run_cursor *c = *handle;
    if (c != NULL)
        bind_db_close_cursor(&c);
    return 0;
}

static int l_collected(lua_State *L)
{
    struct run_cursor **handle = lua_touserdata(L, 1);
    struct run_cursor *c = *handle;
    if (c == NULL)
        return 0;
    c->handle = NULL;
    *handle = NULL;
    bind_db_close_cursor(&c);
    return 0;
}

void bind_db_each_types(lua_State *L)
{
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &handle_key) == LUA_TNIL) {
        lua_createtable(L, 0, 3);
        lua_pushcfunction(L, l_collected);
        lua_setfield(L, -2, "__gc");
        lua_pushcfunction(L, l_close);
        lua_setfield(L, -2, "__close");
        lua_pushboolean(L, 0);
        lua_setfield(L, -2, "__metatable");
        lua_rawsetp(L, LUA_REGISTRYINDEX, &handle_key);
    }
    lua_pop(L, 1);
}

/* --- the iterator ------------------------------------------------------------------------------------------------------------------------- */

/* Its upvalues. */
enum { UP_HANDLE = 1, UP_KEYS, UP_CALL, UP_SQL };

static int next_row(lua_State *L);

static const char *up_call(lua_State *L)
{
    return lua_tostring(L, lua_upvalueindex(UP_CALL));
}

static struct run_cursor *up_cursor(lua_State *L)
{
    return *(struct run_cursor **)lua_touserdata(L, lua_upvalueindex(UP_HANDLE));
}

static int fetched(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    struct task *t = task_current(L);
    struct run_cursor *c = up_cursor(L);
    if (c != NULL && c->closing) {
        task_settle(t);
        bind_db_close_cursor(&c);
        return 0;
    }
    struct port_req *req = task_answer(L, up_call(L), lua_tostring(L, lua_upvalueindex(UP_SQL)));
    if (c == NULL) {
        task_settle(t);
        return 0;
    }
    if (c->piece != NULL)
        c->run->port->free(&c->piece);
    c->piece = req;
    c->row = 0;
    c->last = req->last;
    t->req = NULL; /* the piece is the cursor's from here */
    task_settle(t);
    task_count(L, up_call(L), VM_ROWS, c->piece->n_row);
    if (lua_isnil(L, lua_upvalueindex(UP_KEYS))) {
        pg_keys(L, c->piece, up_call(L));
        lua_copy(L, -1, lua_upvalueindex(UP_KEYS));
        lua_pop(L, 1);
    }
    return next_row(L);
}

static int fetch(lua_State *L)
{
    const char *call = up_call(L);
    struct task *t = task_enter(L, call);
    struct run_cursor *c = up_cursor(L);
    if (c->tx != NULL && c->tx->busy)
        fault_usage(L, call, "%s: a statement of this transaction is at work already: one at a time", call);
    if (t->run->db_over) {
        task_refused(L);
        fault_budget(L, call, VM_DB);
    }
    t->req = t->run->port->fetch(t->run->port->host, c->cursor, PIECE_BYTES);
    t->reading = c;
    c->busy = true;
    t->using = c->tx;
    if (c->tx != NULL)
        c->tx->busy = true;
    return task_wait(L, t, REQ_DB, fetched, 0);
}

static int next_row(lua_State *L)
{
    struct run_cursor *c = up_cursor(L);
    if (c == NULL)
        return 0;
    if (c->busy)
        fault_usage(L, up_call(L), "%s: these rows are being read by another function of ctx.parallel", up_call(L));
    if (c->piece != NULL && c->row < c->piece->n_row) {
        lua_pushvalue(L, lua_upvalueindex(UP_KEYS));
        pg_row(L, c->run->port, c->piece, c->row++, lua_gettop(L), up_call(L));
        return 1;
    }
    if (c->piece != NULL && c->last) {
        bind_db_close_cursor(&c);
        return 0;
    }
    return fetch(L);
}

/* Called by the loop. */
static int l_next(lua_State *L)
{
    lua_settop(L, 0);
    run_of(L); /* raises where the run is over */
    return next_row(L);
}

/* --- the call ----------------------------------------------------------------------------------------------------------------------------- */

/* Upvalue 1: the transaction's handle or nil. */
static const char *call_name(lua_State *L)
{
    return lua_isnil(L, lua_upvalueindex(1)) ? "ctx.db.each" : "tx.each";
}

/* The handle is on the top, the statement at 1. */
static int opened(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    struct port_req *req = task_answer(L, call_name(L), lua_tostring(L, 1));
    struct task *t = task_current(L);
    struct run *r = t->run;
    struct run_cursor *c = mem_alloc(sizeof *c), **handle = lua_touserdata(L, -1);
    *c = (struct run_cursor){.run = r, .cursor = req->cursor, .tx = t->using, .handle = handle};
    c->next = r->cursors;
    c->link = &r->cursors;
    if (c->next != NULL)
        c->next->link = &c->next;
    r->cursors = c;
    *handle = c;
    task_settle(t);
    int at = lua_gettop(L);
    lua_pushvalue(L, at);
    lua_pushnil(L);
    lua_pushstring(L, call_name(L));
    lua_pushvalue(L, 1);
    lua_pushcclosure(L, l_next, 4);
    lua_pushnil(L);
    lua_pushnil(L);
    lua_pushvalue(L, at);
    return 4;
}

int bind_db_l_each(lua_State *L)
{
    const char *call = call_name(L);
    struct task *t = task_enter(L, call);
    struct run_tx *tx = lua_isnil(L, lua_upvalueindex(1)) ? NULL : bind_db_tx_of(L, lua_upvalueindex(1), call);
    struct port_query q = {.tx = tx != NULL ? tx->tx : NULL};
    if (tx == NULL)
        bind_db_check_no_tx(L, t, call);
    bind_db_statement(L, t, call, &q);
    struct run_cursor **handle = lua_newuserdatauv(L, sizeof *handle, 0);
    *handle = NULL;
    lua_rawgetp(L, LUA_REGISTRYINDEX, &handle_key);
    lua_setmetatable(L, -2);
    t->req = t->run->port->open(t->run->port->host, &q);
    t->using = tx;
    if (tx != NULL)
        tx->busy = true;
    return task_wait(L, t, REQ_DB, opened, 0);
}
