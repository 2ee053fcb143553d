/* Tasks: coroutines that may wait. A completion only queues; the driver in run.c resumes. */
#include <string.h>

#include "script/fault.h"
#include "script/run_state.h"

/* --- the lists ------------------------------------------------------------------------------------------------------------------ */

struct task *task_new(struct run *r, struct task *parent)
{
    struct task *t = mem_alloc(sizeof *t);
    t->run = r;
    t->parent = parent;
    t->prev = r->last;
    if (r->last != NULL)
        r->last->next = t;
    else
        r->first = t;
    r->last = t;
    r->n_task++;
    return t;
}

void task_ready(struct task *t)
{
    struct run *r = t->run;
    if (!t->queued) {
        t->queued = true;
        t->next_ready = NULL;
        if (r->ready_last != NULL)
            r->ready_last->next_ready = t;
        else
            r->ready = t;
        r->ready_last = t;
    }
    run_stir(r);
}

struct task *task_next(struct run *r)
{
    struct task *t = r->ready;
    if (t == NULL)
        return NULL;
    r->ready = t->next_ready;
    if (r->ready == NULL)
        r->ready_last = NULL;
    t->queued = false;
    return t;
}

static void unqueue(struct task *t)
{
    struct run *r = t->run;
    struct task **at = &r->ready, *before = NULL;
    while (*at != t) {
        before = *at;
        at = &(*at)->next_ready;
    }
    *at = t->next_ready;
    if (r->ready_last == t)
        r->ready_last = before;
    t->queued = false;
}

bool task_waits(const struct task *t)
{
    return t->req != NULL || t->joining;
}

void task_free(struct task **task)
{
    struct task *t = *task;
    struct run *r = t->run;
    *task = NULL;
    if (t->queued)
        unqueue(t);
    if (t->prev != NULL)
        t->prev->next = t->next;
    else
        r->first = t->next;
    if (t->next != NULL)
        t->next->prev = t->prev;
    else
        r->last = t->prev;
    r->n_task--;
    task_settle(t);
    task_drop_tx(t);
    arena_free(&t->arena);
    buf_free(&t->json);
    mem_free(t);
}

/* --- time that requests take ------------------------------------------------------------------------------------------------------ */

void task_count_db(struct run *r)
{
    int64_t now = vm_wall_ns();
    size_t busy = r->db_out < CONNECTIONS ? r->db_out : CONNECTIONS;
    r->db_ns += (int64_t)busy * (now - r->db_since_ns);
    r->db_since_ns = now;
    uint64_t ms = (uint64_t)r->db_ns / 1000000;
    if (ms > r->db_told_ms && vm_count(r->vm, VM_DB, ms - r->db_told_ms) != 0)
        r->db_over = true;
    r->db_told_ms = ms;
}

static void count_begin(struct task *t)
{
    struct run *r = t->run;
    t->counting = t->kind != REQ_OTHER;
    if (t->kind == REQ_DB || t->kind == REQ_COMMIT) {
        task_count_db(r);
        r->db_out++;
    } else if (t->kind == REQ_ASK && r->ask_out++ == 0) {
        r->ask_since_ns = vm_wall_ns();
    }
}

static void count_end(struct task *t)
{
    struct run *r = t->run;
    if (!t->counting)
        return;
    t->counting = false;
    if (t->kind == REQ_ASK) {
        if (--r->ask_out == 0)
            vm_run_extend(r->vm, (vm_wall_ns() - r->ask_since_ns) * WATCHDOG_SLOWDOWN);
        return;
    }
    task_count_db(r);
    r->db_out--;
}

/* --- waiting ------------------------------------------------------------------------------------------------------------------------ */

static void on_wake(struct wait *w)
{
    struct task *t = w->waiter;
    w->waiter = NULL;
    count_end(t);
    task_ready(t);
}

void task_settle(struct task *t)
{
    count_end(t);
    if (t->req != NULL) {
        t->req->wait.waiter = NULL;
        t->run->port->free(&t->req);
        t->req = NULL;
    }
    if (t->using != NULL)
        t->using->busy = false;
    if (t->reading != NULL)
        t->reading->busy = false;
    t->using = NULL;
    t->reading = NULL;
    frame_free(&t->extra);
    arena_reset(&t->arena);
}

void task_refused(lua_State *L)
{
    struct run *r = run_of(L);
    if (++r->refusals < REFUSALS_MAX)
        return;
    if (!r->vm->over) /* from now on every instruction raises */
        r->vm->over = (int)(vm_hit(r->vm) != VM_NONE ? vm_hit(r->vm) : VM_RUN);
    vm_check_budget(L);
}

void task_count(lua_State *L, const char *call, enum vm_meter meter, size_t n)
{
    if (vm_count(vm_of(L), meter, n) == 0)
        return;
    task_refused(L);
    fault_budget(L, call, meter);
}

/* A task that ctx.parallel called off is one of many that may be: it counts for itself until it goes too far. */
static void refuse_cancelled(lua_State *L, struct task *t, const char *call)
{
    if (!t->cancelled && !t->run->cancelled)
        return;
    if (t->run->cancelled || ++t->refusals >= REFUSALS_MAX)
        task_refused(L);
    fault_cancelled(L, call);
}

struct task *task_current(lua_State *L)
{
    struct run *r = run_of(L);
    if (r->current == NULL)
        luaL_error(L, "ctx is gone: it may be used inside the run only");
    return r->current;
}

struct task *task_enter(lua_State *L, const char *call)
{
    struct task *t = task_current(L);
    if (t->co != L)
        fault_usage(L, call, "%s waits, so it cannot be called inside a coroutine of your own", call);
    if (!lua_isyieldable(L))
        fault_usage(L, call,
                    "%s waits, so it cannot be called from a function that table.sort, string.gsub, a metamethod or a <close> "
                    "variable runs",
                    call);
    run_torture(L);
    task_settle(t);
    refuse_cancelled(L, t, call);
    return t;
}

int task_wait(lua_State *L, struct task *t, enum req_kind kind, lua_KFunction k, lua_KContext context)
{
    must(t->req != NULL);
    t->kind = kind;
    count_begin(t);
    if (t->req->wait.done) { /* the answer came before anybody waited */
        count_end(t);
        return k(L, LUA_OK, context);
    }
    t->req->wait.waiter = t;
    t->req->wait.wake = on_wake;
    return lua_yieldk(L, 0, context, k);
}

/* Why the task goes on although its request is not done. */
static void raise_unfinished(lua_State *L, struct task *t, const char *call)
{
    bool ended = t->req == NULL, db = t->kind == REQ_DB;
    task_settle(t);
    if (ended)
        fault_usage(L, call, "%s: the transaction ended while this statement of it was at work", call);
    refuse_cancelled(L, t, call);
    if (db && t->run->db_over) {
        task_refused(L);
        fault_budget(L, call, VM_DB);
    }
    fault_cancelled(L, call);
}

/* The host counts the database's time too, to the statement, and stops what is at work. */
static bool is_over(const struct err *e)
{
    return e->kind == ERR_PLUGIN && strstr(e->text, "(limits.db_s)") != NULL;
}

struct port_req *task_answer(lua_State *L, const char *call, const char *sql)
{
    struct task *t = task_current(L);
    run_torture(L);
    if (t->req == NULL || !t->req->wait.done)
        raise_unfinished(L, t, call);
    if (t->req->err.kind == ERR_NONE)
        return t->req;
    if (t->using != NULL)
        t->using->failed = true;
    if (is_over(&t->req->err)) {
        t->run->db_over = true;
        t->run->vm->hit = VM_DB;
        task_settle(t);
        task_refused(L);
        fault_budget(L, call, VM_DB);
    }
    fault_push_req(L, call, t->req, sql);
    task_settle(t);
    lua_error(L);
    return NULL;
}

/* --- cancelling --------------------------------------------------------------------------------------------------------------------- */

/* What waits goes on, and finds that its request is not done. A commit is waited for. */
static void interrupt(struct task *t)
{
    t->cancelled = true;
    if (t->req != NULL && t->kind != REQ_COMMIT)
        task_ready(t);
}

void task_cancel_all(struct run *r)
{
    for (struct task *t = r->first; t != NULL; t = t->next)
        interrupt(t);
}

/* The tasks of a ctx.parallel and theirs: a task comes before those that it has made. */
static void cancel_children(struct task *parent)
{
    for (struct task *t = parent->next; t != NULL; t = t->next)
        if (t->parent == parent || (t->parent != NULL && t->parent->cancelled))
            interrupt(t);
}

void task_abandon(struct run *r, const struct run_tx *tx)
{
    for (struct task *t = r->first; t != NULL; t = t->next)
        if (t->using == tx) {
            task_settle(t);
            if (t != r->current)
                task_ready(t);
        }
}

/* --- ctx.parallel --------------------------------------------------------------------------------------------------------------------- */

static const char parallel[] = "ctx.parallel";

/* All have ended: their results, or the first error. */
static int joined(lua_State *L, int status, lua_KContext list)
{
    (void)status;
    struct task *t = task_current(L);
    t->joining = false;
    run_push_table(L);
    lua_rawgetp(L, -1, &t->children); /* the results */
    lua_pushnil(L);
    lua_rawsetp(L, -3, &t->children);
    if (t->child_failed) {
        lua_getfield(L, -1, "error");
        return lua_error(L);
    }
    if (list)
        return 1;
    int results = lua_gettop(L), n = (int)lua_tointeger(L, 1);
    luaL_checkstack(L, n, "too many results");
    for (int i = 1; i <= n; i++)
        lua_rawgeti(L, results, i);
    return n;
}

/* The arguments as one list on top of the stack, each a function. */
static lua_Integer check_functions(lua_State *L, bool list)
{
    lua_Integer n = list ? (lua_Integer)lua_rawlen(L, 1) : lua_gettop(L);
    if (!list) {
        lua_createtable(L, (int)n, 0);
        lua_insert(L, 1);
        for (lua_Integer i = n; i >= 1; i--)
            lua_rawseti(L, 1, i);
    }
    lua_settop(L, 1);
    for (lua_Integer i = 1; i <= n; i++) {
        if (lua_rawgeti(L, 1, i) != LUA_TFUNCTION)
            fault_usage(L, parallel, "%s takes functions; the %I. is a %s", parallel, i, luaL_typename(L, -1));
        lua_pop(L, 1);
    }
    return n;
}

/* A task per function; none runs before all are there, so that an error in between leaves nothing behind. */
static void make_tasks(lua_State *L, struct task *parent, lua_Integer n)
{
    struct task *last = parent->run->last;
    run_push_table(L); /* 2 */
    for (lua_Integer i = 1; i <= n; i++) {
        lua_State *co = lua_newthread(L); /* 3 */
        lua_rawgeti(L, 1, i);
        lua_xmove(L, co, 1);
        struct task *t = task_new(parent->run, parent);
        lua_rawsetp(L, 2, t);
        t->co = co;
        t->index = i;
    }
    lua_createtable(L, (int)n, 1);
    lua_rawsetp(L, 2, &parent->children);
    for (struct task *t = last->next; t != NULL; t = t->next)
        task_ready(t);
    parent->children = (size_t)n;
}

int task_l_parallel(lua_State *L)
{
    struct task *t = task_enter(L, parallel);
    bool list = lua_gettop(L) == 1 && lua_istable(L, 1);
    lua_Integer n = check_functions(L, list);
    if (n + (lua_Integer)t->run->n_task > TASKS_MAX)
        fault_usage(L, parallel, "%s: more than %d functions at once", parallel, TASKS_MAX);
    t->child_failed = false;
    make_tasks(L, t, n);
    t->joining = true;
    lua_settop(L, 0);
    lua_pushinteger(L, n);
    if (n == 0)
        return joined(L, LUA_OK, list);
    return lua_yieldk(L, 0, list, joined);
}

void task_report(lua_State *L, struct task *parent, lua_Integer index, bool failed)
{
    run_push_table(L);
    lua_rawgetp(L, -1, &parent->children);
    lua_remove(L, -2);
    lua_insert(L, -2);
    if (!failed) {
        lua_rawseti(L, -2, index);
    } else if (!parent->child_failed) {
        parent->child_failed = true;
        lua_setfield(L, -2, "error");
        cancel_children(parent);
    } else {
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    if (--parent->children == 0)
        task_ready(parent);
}
