/* What the files of a run share: run.c, task.c, bind_ctx.c, bind_db*.c, state.c. Not for other files.
 *
 * Nothing of Lua owns anything of the port: a task owns the request it waits for and the transaction it has open, the run owns its
 * tasks and cursors, and all of it goes when the run ends, however that happens. Lua holds handles; whoever goes first of a handle and
 * what it stands for cuts the link. */
#pragma once

#include <lua.h>

#include "base/buf.h"
#include "base/mem.h"
#include "data/frame.h"
#include "script/port.h"
#include "script/run.h"
#include "script/vm_state.h"
#include "script/watchdog.h"

enum {
    TASKS_MAX = 10000,
    REFUSALS_MAX = 100, /* so many errors may be swallowed of a run that was cancelled or is over a limit */
    CONNECTIONS = 4,    /* as many statements as the host works on at once: the rest only waits for them */
};

/* What a request's time counts for, and whether a signal ends it. */
enum req_kind {
    REQ_OTHER,
    REQ_DB,
    REQ_COMMIT, /* is waited for in any case: whether it happened decides what is true */
    REQ_ASK,    /* the host's own work: not the run's time */
};

struct run_tx {
    struct port_tx *tx;
    struct run_tx **handle; /* Lua's; NULL: collected */
    bool busy;              /* a statement of it is at work */
    bool failed;            /* the server takes nothing more */
};

struct run_cursor {
    struct run *run;
    struct port_cursor *cursor;
    struct port_req *piece; /* the rows at hand; NULL: none yet */
    size_t row;             /* of them, the next one */
    bool last;              /* no piece comes after this one */
    bool busy, closing;     /* a piece is on its way; closed meanwhile */
    struct run_tx *tx;      /* NULL: on its own */
    struct run_cursor **handle;
    struct run_cursor *next, **link;
};

struct task {
    struct run *run;
    lua_State *co; /* kept alive by the run's table, under the task's address; NULL: not begun */
    int nargs;     /* for the first resume */
    struct task *parent;
    lua_Integer index; /* its result's place in what the parent's ctx.parallel gives */
    struct task *next, *prev, *next_ready;
    bool queued;

    struct port_req *req; /* what it waits for, or has just got */
    enum req_kind kind;
    bool counting;        /* req is counted as outstanding */
    bool cancelled;       /* every wait fails */
    int refusals;         /* so often it went on all the same */
    struct arena arena;   /* the request's parameters */
    struct buf json;      /* the request's options, or state */
    struct frame *extra;  /* a question's columns */
    struct run_tx *using; /* the transaction whose statement req is */
    struct run_cursor *reading;
    struct run_tx *tx; /* open: of ctx.db.tx */

    size_t children; /* that ctx.parallel waits for */
    bool joining, child_failed;
};

struct run {
    struct vm *vm;
    const struct run_options *o;
    const struct port *port;
    const struct run_code *code;
    struct task *first, *last, *main;
    size_t n_task;
    struct task *ready, *ready_last, *current;
    struct run_cursor *cursors;
    struct wait idle; /* the run's own: done when something is to do */
    struct port_req *deadline, *db_guard;
    int64_t db_guard_due_ns;

    size_t db_out, ask_out; /* requests outstanding */
    int64_t db_since_ns, db_ns, ask_since_ns;
    uint64_t db_told_ms;
    bool db_over;

    bool cancelled, torture;
    bool state_used; /* somebody asked for ctx.state */
    unsigned refusals;
    struct err failure;
};

/* --- run.c */
struct run *run_of(lua_State *L); /* raises where none is at work */
/* Pushes the run's table: what it keeps alive, and state.c's and bind_ctx.c's members. */
void run_push_table(lua_State *L);
void run_torture(lua_State *L);
/* Where the error on the top of the stack was raised: remembered, for one that crosses a transaction or a task. trace is on top of it and is
 * popped. */
void run_note_trace(lua_State *L);
bool run_writes(const struct run *r);
const char *run_kind_name(const struct run *r); /* "a report" */
/* Something is to do: the driver's wait ends. */
void run_stir(struct run *r);

/* --- task.c: tasks and waiting */
/* A task without a coroutine, not queued. */
struct task *task_new(struct run *r, struct task *parent);
void task_ready(struct task *t);
void task_cancel_all(struct run *r);
struct task *task_next(struct run *r); /* out of the queue; NULL: none is ready */
bool task_waits(const struct task *t);
/* Out of all lists, with what it owns; its coroutine is left to the collector. */
void task_free(struct task **t);

/* Which task a function of ctx works for that is going to wait; raises where that cannot be. call names it ("ctx.db.query"). */
struct task *task_enter(lua_State *L, const char *call);
/* Waits for t->req, then calls k(L, status, context), which begins with task_answer. */
int task_wait(lua_State *L, struct task *t, enum req_kind kind, lua_KFunction k, lua_KContext context);
/* The request, done and without an error; else raises. sql: the statement, for the place of a mistake in it; or NULL. */
struct port_req *task_answer(lua_State *L, const char *call, const char *sql);
/* The task that is at work. */
struct task *task_current(lua_State *L);
/* The request and what belongs to it are needed no longer. Does not raise. */
void task_settle(struct task *t);
/* Counts against a limit; raises when that is over. */
void task_count(lua_State *L, const char *call, enum vm_meter meter, size_t n);
/* An error that the plugin may swallow a few times only. */
void task_refused(lua_State *L);
/* Whatever statement of tx is at work is given up. */
void task_abandon(struct run *r, const struct run_tx *tx);
void task_drop_tx(struct task *t); /* rolls back what is open */
/* The time the database worked for the run is brought up to date. */
void task_count_db(struct run *r);
int task_l_parallel(lua_State *L); /* ctx.parallel */
/* A task of the parent's ctx.parallel has ended: its result, or its error, is on the top of L and is popped. */
void task_report(lua_State *L, struct task *parent, lua_Integer index, bool failed);

/* --- state.c: ctx.state */
void state_open(lua_State *L, struct run *r);                   /* run's table, at the beginning */
void state_push(lua_State *L, struct run *r);                   /* ctx.state */
const char *state_changes(lua_State *L, struct task *t);        /* JSON in t->json, or NULL: nothing changed; raises */
void state_kept(lua_State *L, struct task *t);                  /* the commit of what state_changes said has worked */
bool state_rest(lua_State *L, struct run *r, struct buf *json); /* at the end: is there something? raises */

/* --- bind_ctx.c, bind_db.c, bind_db_tx.c, bind_db_each.c */
void bind_ctx_open(lua_State *L, struct run *r); /* makes ctx */
void bind_db_push(lua_State *L);                 /* ctx.db */
void bind_db_push_verbs(lua_State *L);
struct run_tx *bind_db_tx_of(lua_State *L, int index, const char *call); /* the open transaction of a handle; raises */
int bind_db_l_tx(lua_State *L);
int bind_db_l_each(lua_State *L);
void bind_db_tx_types(lua_State *L);
void bind_db_each_types(lua_State *L);
void bind_db_close_cursor(struct run_cursor **c);
/* A transaction of its own is where the task's statements belong while it is open: raises. */
void bind_db_check_no_tx(lua_State *L, const struct task *t, const char *call);
/* Checks text and parameters, from stack index 1 on, into q. */
void bind_db_statement(lua_State *L, struct task *t, const char *call, struct port_query *q);
