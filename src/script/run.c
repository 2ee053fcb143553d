/* The driver: it resumes what is ready, waits where nothing is, and takes everything apart at the end. */
#include "script/run.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "script/fault.h"
#include "script/run_state.h"

static const char table_key;

struct run *run_of(lua_State *L)
{
    struct run *r = vm_of(L)->run;
    if (r == NULL) {
        luaL_error(L, "ctx is gone: it may be used inside the run only");
        must(r != NULL); /* that error does not return */
    }
    return r;
}

void run_push_table(lua_State *L)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &table_key);
}

void run_torture(lua_State *L)
{
    if (vm_of(L)->run->torture)
        lua_gc(L, LUA_GCCOLLECT);
}

bool run_writes(const struct run *r)
{
    return r->o->kind != RUN_REPORT && r->o->kind != RUN_RULE;
}

const char *run_kind_name(const struct run *r)
{
    switch (r->o->kind) {
    case RUN_REPORT: return "a report";
    case RUN_RULE: return "a rule";
    case RUN_JOB: return "a job";
    case RUN_COLLECTOR: return "a collector";
    case RUN_SCRIPT: break;
    }
    return "a script";
}

void run_stir(struct run *r)
{
    if (!r->idle.done)
        wait_done(&r->idle);
}

void run_push_ctx(struct lua_State *L)
{
    run_push_table(L);
    lua_getfield(L, -1, "ctx");
    lua_replace(L, -2);
}

/* --- errors that cross ------------------------------------------------------------------------------------------------------------ */

void run_note_trace(lua_State *L)
{
    run_push_table(L); /* error, trace, table */
    lua_insert(L, -2);
    lua_setfield(L, -2, "trace");
    lua_pushvalue(L, -2);
    lua_setfield(L, -2, "traced");
    lua_pop(L, 1);
}

/* Pushes where the error on the top was raised: noted before, or where co stands. */
static void push_trace(lua_State *L, lua_State *co)
{
    run_push_table(L);
    lua_getfield(L, -1, "traced");
    bool noted = lua_rawequal(L, -1, -3);
    lua_pop(L, 1);
    if (noted)
        lua_getfield(L, -1, "trace");
    else
        luaL_traceback(L, co, NULL, 0);
    lua_replace(L, -2);
}

/* --- one slice -------------------------------------------------------------------------------------------------------------------- */

/* Results at 1..n. */
static int take(lua_State *L)
{
    struct run *r = run_of(L);
    r->code->take(L, lua_gettop(L), r->code->arg);
    return 0;
}

/* Out of the lists before anybody hears of its end. */
static void retire(lua_State *L, struct run *r, struct task *t)
{
    run_push_table(L);
    lua_pushnil(L);
    lua_rawsetp(L, -2, t);
    lua_pop(L, 1);
    r->current = NULL;
    if (t == r->main)
        r->main = NULL;
    task_free(&t);
}

/* n results on the top of its stack. */
static void end_well(lua_State *L, struct run *r, struct task *t, int n)
{
    lua_State *co = t->co;
    struct task *parent = t->parent;
    lua_Integer index = t->index;
    luaL_checkstack(L, n + 4, "too many results");
    if (parent == NULL) {
        lua_pushcfunction(L, take);
    } else if (n != 1) { /* one result each: the first, or nil */
        if (n == 0 && !lua_checkstack(co, 1))
            luaL_error(L, "stack overflow");
        lua_settop(co, lua_gettop(co) - n + 1);
        n = 1;
    }
    lua_xmove(co, L, n);
    retire(L, r, t);
    if (parent != NULL) {
        task_report(L, parent, index, false);
        return;
    }
    if (r->code->take != NULL)
        lua_call(L, n, 0);
}

/* The error on the top of its stack. */
static void end_badly(lua_State *L, struct run *r, struct task *t, int status)
{
    lua_State *co = t->co;
    struct task *parent = t->parent;
    lua_Integer index = t->index;
    bool close = lua_checkstack(co, 1);
    if (close) /* <close> variables get the error, too */
        lua_pushvalue(co, -1);
    lua_xmove(co, L, 1);
    push_trace(L, co);
    if (parent == NULL) {
        lua_insert(L, -2);
        fault_report(L, co, status, lua_tostring(L, -2), r->o->what, &r->failure);
    } else if (parent->child_failed) { /* not the first */
        lua_pop(L, 1);
    } else {
        run_note_trace(L);
    }
    run_push_table(L);
    lua_rawgetp(L, -1, t); /* the coroutine stays until this slice is over */
    lua_replace(L, -2);
    lua_insert(L, 1);
    if (close)
        lua_resetthread(co);
    retire(L, r, t);
    if (parent != NULL)
        task_report(L, parent, index, true);
}

static int do_slice(lua_State *L)
{
    struct run *r = lua_touserdata(L, 1);
    struct task *t = r->current, *parent = t->parent;
    int n = 0, n_arg = t->nargs;
    lua_settop(L, 0);
    run_torture(L);
    if (n_arg >= 0 && parent != NULL && parent->child_failed) { /* called off before it began */
        lua_Integer index = t->index;
        retire(L, r, t);
        lua_pushnil(L);
        task_report(L, parent, index, true);
        return 0;
    }
    t->nargs = -1;
    int status = lua_resume(t->co, L, n_arg > 0 ? n_arg : 0, &n);
    if (status == LUA_OK) {
        end_well(L, r, t, n);
        return 0;
    }
    if (status == LUA_YIELD && task_waits(t)) {
        lua_pop(t->co, n);
        return 0;
    }
    if (status == LUA_YIELD) {
        luaL_where(t->co, 1);
        lua_pushliteral(t->co, "coroutine.yield may be called inside a coroutine of your own only");
        lua_concat(t->co, 2);
        status = LUA_ERRRUN;
    }
    if (r->vm->over || status == LUA_ERRMEM) /* nothing more may run, or can */
        fault_limit(r->vm, t->co, r->vm->over ? (enum vm_meter)r->vm->over : VM_MEMORY, r->o->what, &r->failure);
    else
        end_badly(L, r, t, status);
    return 0;
}

/* --- time --------------------------------------------------------------------------------------------------------------------------- */

static void on_timer(struct wait *w)
{
    struct run *r = w->waiter;
    w->waiter = NULL;
    run_stir(r);
}

static void disarm(struct run *r, struct port_req **timer)
{
    if (*timer == NULL)
        return;
    (*timer)->wait.waiter = NULL;
    r->port->free(timer);
    *timer = NULL;
}

static void arm(struct run *r, struct port_req **timer, unsigned ms)
{
    disarm(r, timer);
    if (r->port->sleep == NULL)
        return;
    *timer = r->port->sleep(r->o->port->host, ms);
    (*timer)->wait.waiter = r;
    (*timer)->wait.wake = on_timer;
}

/* The run's deadline; it moves while the host answers a question. */
static bool expired(struct run *r)
{
    unsigned left = vm_run_left_ms(r->vm);
    if (left == 0)
        return r->ask_out == 0;
    if (r->deadline == NULL || r->deadline->wait.done)
        arm(r, &r->deadline, left);
    return false;
}

/* The database's time runs on while we wait. */
static void watch_db(struct run *r)
{
    if (r->db_out == 0)
        return;
    task_count_db(r);
    if (r->db_over) {
        for (struct task *t = r->first; t != NULL; t = t->next)
            if (t->req != NULL && t->kind == REQ_DB)
                task_ready(t);
        return;
    }
    int64_t busy = r->db_out < CONNECTIONS ? (int64_t)r->db_out : CONNECTIONS;
    int64_t left_ns = ((int64_t)r->vm->limits.db_ms * 1000000 - r->db_ns) / busy, due = vm_wall_ns() + left_ns;
    if (r->db_guard != NULL && !r->db_guard->wait.done && r->db_guard_due_ns <= due + 1000000)
        return;
    r->db_guard_due_ns = due;
    arm(r, &r->db_guard, (unsigned)(left_ns / 1000000 + 1) * WATCHDOG_SLOWDOWN);
}

/* --- the driver ----------------------------------------------------------------------------------------------------------------------- */

static void cancel(struct run *r)
{
    if (r->cancelled)
        return;
    r->cancelled = true;
    task_cancel_all(r);
}

/* A signal came while the loop ran. */
static void on_cancel(struct wait *w)
{
    cancel((struct run *)((char *)w - offsetof(struct run, idle)));
}

static void await(struct run *r)
{
    r->idle = (struct wait){.cancel = on_cancel};
    r->port->await(r->port->host, &r->idle);
}

static int do_begin(lua_State *L)
{
    struct run *r = lua_touserdata(L, 1);
    lua_settop(L, 0);
    fault_types(L);
    if (r->torture)
        lua_gc(L, LUA_GCINC, 1, 1000, 2);
    sandbox_reseed(L);
    lua_newtable(L); /* 1 */
    lua_pushvalue(L, 1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &table_key);
    state_open(L, r);
    bind_ctx_open(L, r);
    lua_State *co = lua_newthread(L); /* 2 */
    struct task *t = task_new(r, NULL);
    lua_pushvalue(L, 2);
    lua_rawsetp(L, 1, t);
    t->co = co;
    int n = r->code->push(L, r->code->arg);
    must(n >= 0 && lua_gettop(L) >= n + 1);
    if (!lua_checkstack(co, n + 1))
        luaL_error(L, "too many arguments");
    lua_xmove(L, co, n + 1);
    t->nargs = n;
    r->main = t;
    task_ready(t);
    return 0;
}

/* The run's traces go; what plugins have kept is of no use any more. */
static int do_forget(lua_State *L)
{
    lua_pushnil(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &table_key);
    if (*(bool *)lua_touserdata(L, 1))
        lua_gc(L, LUA_GCINC, 200, 100, 13);
    return 0;
}

static int protect(struct run *r, int (*fn)(lua_State *L), void *arg)
{
    struct err e = {0};
    int rc = vm_protect(r->vm, fn, arg, 0, r->o->what, &e);
    r->current = NULL;
    if (rc != 0 && r->failure.kind == ERR_NONE)
        r->failure = e;
    return r->failure.kind == ERR_NONE ? 0 : -1;
}

/* Until the run's function has returned, or something has ended the run. */
static int drive(struct run *r)
{
    while (r->main != NULL) {
        if (r->port->interrupted != NULL && r->port->interrupted(r->port->host))
            cancel(r);
        if (expired(r)) {
            fault_limit(r->vm, r->main->co, VM_RUN, r->o->what, &r->failure);
            return -1;
        }
        if (r->ready == NULL)
            watch_db(r);
        struct task *t = task_next(r);
        if (t == NULL) {
            await(r);
            continue;
        }
        r->current = t;
        if (protect(r, do_slice, r) != 0)
            return -1;
    }
    return 0;
}

/* --- the end ---------------------------------------------------------------------------------------------------------------------------- */

/* A request of the run's own, waited for from the plain stack. */
static int finish(struct run *r, struct port_req *req)
{
    req->wait.waiter = r;
    req->wait.wake = on_timer;
    while (!req->wait.done)
        await(r);
    return req->err.kind == ERR_NONE ? 0 : -1;
}

static int write_state(struct run *r, const char *json)
{
    void *host = r->port->host;
    struct port_req *req = r->port->begin(host, NULL, true);
    int rc = finish(r, req);
    if (rc == 0) {
        struct port_tx *tx = req->tx;
        r->port->free(&req);
        req = r->port->commit(host, tx, json);
        rc = finish(r, req);
    }
    if (rc != 0) {
        r->failure = req->err;
        err_in(&r->failure, "%s: ctx.state could not be kept", r->o->what);
    }
    r->port->free(&req);
    return rc;
}

struct rest {
    struct run *run;
    struct buf *json;
    bool any;
};

static int do_rest(lua_State *L)
{
    struct rest *rest = lua_touserdata(L, 1);
    rest->any = state_rest(L, rest->run, rest->json);
    return 0;
}

static int keep_state(struct run *r, struct buf *unsaved)
{
    struct buf json = {0};
    struct rest rest = {.run = r, .json = &json};
    int rc = r->state_used ? protect(r, do_rest, &rest) : 0;
    if (unsaved != NULL) {
        buf_clear(unsaved);
        buf_reserve(unsaved, 1);
        if (rc == 0 && rest.any)
            buf_add(unsaved, json.data, json.len);
    } else if (rc == 0 && rest.any) {
        rc = write_state(r, json.data);
    }
    buf_free(&json);
    return rc;
}

/* Nothing here knows Lua: it works however the run ended. */
static void release(struct run *r)
{
    disarm(r, &r->deadline);
    disarm(r, &r->db_guard);
    while (r->first != NULL) {
        struct task *t = r->first;
        task_free(&t);
    }
    while (r->cursors != NULL) {
        struct run_cursor *c = r->cursors;
        bind_db_close_cursor(&c);
    }
}

int run_function(struct vm *vm, const struct run_options *o, const struct run_code *code, struct buf *unsaved, struct err *e)
{
    const char *torture = getenv("TIDEMARK_TORTURE");
    struct run r = {.vm = vm, .o = o, .port = o->port, .code = code, .torture = torture != NULL && *torture != '\0'};
    struct err ignored = {0};
    must(vm->run == NULL);
    vm->run = &r;
    vm_run_begin(vm);
    int rc = protect(&r, do_begin, &r);
    if (rc == 0)
        rc = drive(&r);
    /* a signal's handler ends code that computes by the time limit, which has then not passed */
    bool stopped = r.cancelled || (rc != 0 && vm->over == VM_RUN && vm_run_left_ms(vm) > 0);
    if (rc == 0 && !stopped)
        rc = keep_state(&r, unsaved);
    release(&r);
    vm->run = NULL;
    vm_run_end(vm);
    vm_protect(vm, do_forget, &r.torture, 0, o->what, &ignored);
    if (stopped)
        return err_set(e, ERR_CANCELLED, "%s: stopped by a signal", o->what);
    if (rc != 0)
        *e = r.failure;
    return rc;
}
