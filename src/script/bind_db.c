/* ctx.db: query, one, value, exec; each and tx have files of their own. A transaction's tx has the same functions. */
#include <ctype.h>
#include <lauxlib.h>
#include <string.h>
#include <strings.h>

#include "script/fault.h"
#include "script/pg_param.h"
#include "script/pg_rows.h"
#include "script/run_state.h"

enum verb { QUERY, ONE, VALUE, EXEC, N_VERBS };

/* Upvalues of a verb: 1 which, 2 the transaction's handle or nil. */
static const char *call_name(lua_State *L, enum verb verb)
{
    static const char *const alone[] = {"ctx.db.query", "ctx.db.one", "ctx.db.value", "ctx.db.exec"};
    static const char *const inside[] = {"tx.query", "tx.one", "tx.value", "tx.exec"};
    return lua_isnil(L, lua_upvalueindex(2)) ? alone[verb] : inside[verb];
}

void bind_db_statement(lua_State *L, struct task *t, const char *call, struct port_query *q)
{
    size_t len;
    if (lua_istable(L, 1))
        fault_usage(L, call, "%s(sql, …) is called with a dot, not with a colon", call);
    if (lua_type(L, 1) != LUA_TSTRING)
        fault_usage(L, call, "%s takes the statement as a text first, not a %s", call, luaL_typename(L, 1));
    q->sql = lua_tolstring(L, 1, &len);
    if (strlen(q->sql) != len)
        fault_usage(L, call, "%s: the statement has a NUL byte in it", call);
    if (t->run->port->query == NULL)
        fault_usage(L, call, "%s: there is no database here", call);
    if (t->run->db_over) {
        task_refused(L);
        fault_budget(L, call, VM_DB);
    }
    q->param = pg_params(L, 2, &t->arena, call, &q->n_param);
}

void bind_db_check_no_tx(lua_State *L, const struct task *t, const char *call)
{
    if (t->tx != NULL)
        fault_usage(L, call,
                    "%s would run outside of the transaction that is open: inside ctx.db.tx(function(tx) … end) use tx%s", call,
                    strrchr(call, '.'));
}

/* Does the statement begin with a word that changes data? What hides behind WITH, the server finds. */
static bool changes_data(const char *sql)
{
    static const char *const words[] = {"INSERT", "UPDATE", "DELETE", "MERGE"};
    for (;;) {
        sql += strspn(sql, " \t\r\n\f");
        if (strncmp(sql, "--", 2) != 0)
            break;
        sql += strcspn(sql, "\n");
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t n = strlen(words[i]);
        if (strncasecmp(sql, words[i], n) == 0 && !isalnum((unsigned char)sql[n]) && sql[n] != '_')
            return true;
    }
    return false;
}

static int push_one(lua_State *L, const char *call, const struct port_req *req, enum verb verb)
{
    if (req->n_row > 1)
        fault_raise(L, "usage", "too_many_rows", call, "%s: %I rows came where one at most is wanted (LIMIT 1 takes the first)",
                    call, (lua_Integer)req->n_row);
    if (req->n_row == 0 || req->n_column == 0) {
        lua_pushnil(L);
        return 1;
    }
    if (verb == VALUE) {
        pg_cell(L, run_of(L)->port, req, 0, 0, call);
        return 1;
    }
    pg_keys(L, req, call);
    pg_row(L, run_of(L)->port, req, 0, lua_gettop(L), call);
    return 1;
}

static int answered(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    enum verb verb = (enum verb)context;
    const char *call = call_name(L, verb);
    struct port_req *req = task_answer(L, call, lua_tostring(L, 1));
    struct task *t = task_current(L);
    int n = 1;
    if (verb == EXEC) {
        state_kept(L, t);
        lua_pushinteger(L, req->affected);
    } else {
        task_count(L, call, VM_ROWS, req->n_row);
        if (verb == QUERY)
            pg_rows(L, t->run->port, req, call);
        else
            n = push_one(L, call, req, verb);
    }
    task_settle(t);
    return n;
}

static int l_verb(lua_State *L)
{
    enum verb verb = (enum verb)lua_tointeger(L, lua_upvalueindex(1));
    const char *call = call_name(L, verb);
    struct task *t = task_enter(L, call);
    struct run_tx *tx = lua_isnil(L, lua_upvalueindex(2)) ? NULL : bind_db_tx_of(L, lua_upvalueindex(2), call);
    struct port_query q = {.tx = tx != NULL ? tx->tx : NULL};
    if (tx == NULL)
        bind_db_check_no_tx(L, t, call);
    if (verb == EXEC && !run_writes(t->run))
        fault_usage(L, call, "%s is for jobs, collectors and scripts: %s only reads", call, run_kind_name(t->run));
    bind_db_statement(L, t, call, &q);
    q.writes = verb == EXEC || (run_writes(t->run) && (tx != NULL || changes_data(q.sql)));
    if (verb == EXEC && tx == NULL)
        q.state_json = state_changes(L, t);
    t->req = t->run->port->query(t->run->port->host, &q);
    t->using = tx;
    if (tx != NULL)
        tx->busy = true;
    return task_wait(L, t, REQ_DB, answered, verb);
}

void bind_db_push_verbs(lua_State *L)
{
    static const char *const names[] = {"query", "one", "value", "exec"};
    for (int i = 0; i < N_VERBS; i++) {
        lua_pushinteger(L, i);
        lua_pushvalue(L, -2);
        lua_pushcclosure(L, l_verb, 2);
        lua_setfield(L, -3, names[i]);
    }
    lua_pushcclosure(L, bind_db_l_each, 1);
    lua_setfield(L, -2, "each");
}

void bind_db_push(lua_State *L)
{
    bind_db_tx_types(L);
    bind_db_each_types(L);
    pg_types(L);
    lua_createtable(L, 0, 12);
    lua_pushnil(L);
    bind_db_push_verbs(L);
    lua_pushcfunction(L, bind_db_l_tx);
    lua_setfield(L, -2, "tx");
    pg_push_makers(L);
}
