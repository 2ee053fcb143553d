/* What the files of a run's port know of each other. A call is a request on its way; a link is a connection and what stands in line
 * for it. Completions only put a call on the list of ended ones; run_port_link.c works that off from the loop. */
#pragma once

#include "base/mem.h"
#include "host/run_port.h"

enum { CURSOR_FIRST_ROWS = 8 }; /* nobody knows yet how long a row is */

/* Up to begin they count against the time of the database that a run has; what ends something is always done. */
enum call_kind { CALL_QUERY, CALL_OPEN, CALL_FETCH, CALL_BEGIN, CALL_COMMIT, CALL_CLOSE, CALL_CLEAN, CALL_SLEEP, CALL_ASK };

struct call {
    struct port_req req;   /* first: a request is its call */
    struct run_port *port; /* NULL: closed */
    enum call_kind kind;
    struct call *next;                /* in one line: for any connection, for this one, or of the ended ones */
    struct call *all_next, *all_prev; /* all that were not freed */
    bool dropped;                     /* freed by its owner while it ran */
    bool over_budget;                 /* cancelled because the database's time is used up */

    struct arena arena;
    struct db_statement statement; /* the plugin's, its values copied */
    bool writes;
    const char *state_json, *isolation;
    struct port_tx *tx;         /* it belongs to one, or begins or commits it */
    struct port_cursor *cursor; /* fetch */
    unsigned number;            /* of the cursor: open, fetch, close */
    size_t rows, max_bytes;     /* fetch: so many */
    bool orphan;                /* its transaction was taken back while it ran */

    struct link *link; /* while it runs or stands in line for one */
    struct db_req *db;
    /* Which statement of the batch is the plugin's, sets the role, makes the snapshot or takes it up; SIZE_MAX: none. */
    size_t main, role, snapshot, taken_up;
    const PGresult *answer; /* db's */
    struct buf candidates;
    uv_timer_t *timer;
    struct port_question question;
};

enum link_state { LINK_NONE, LINK_LEASING, LINK_READY };

struct link {
    struct run_port *port;
    enum link_state state;
    struct db_lease *lease;
    struct call *running, *first, *last;
    bool held;           /* by a transaction of the run's own, or a cursor */
    bool begun;          /* a run that reads: its transaction is open, with a savepoint */
    bool dirty;          /* a run that reads: who held it may have left a cursor */
    unsigned generation; /* of the snapshot it sees */
};

struct port_tx {
    struct run_port *port;
    struct link *link; /* NULL: lost */
    struct port_tx *next;
};

struct port_cursor {
    struct run_port *port;
    struct link *link;  /* NULL: its transaction has ended, or is lost */
    struct port_tx *tx; /* NULL: it holds the link itself */
    struct port_cursor *next;
    unsigned number;
    size_t rows; /* of the next piece */
};

struct run_port {
    struct port port;
    struct loop *loop;
    struct db_pool *pool;
    char owner[37];
    struct run_port_options o;
    char *plugin, *what, *role;
    struct link link[RUN_PORT_CONNECTIONS];
    unsigned n_link;
    struct call *first, *last; /* wait for any connection */
    struct call *ended, *ended_last;
    struct call *all;
    struct call *asked; /* questions, for await */
    struct port_tx *tx;
    struct port_cursor *cursor;
    unsigned cursors; /* made so far: their names */
    unsigned sleeping;

    char *snapshot; /* that new readers take up; NULL: the next one to begin makes it */
    bool exporting;
    struct link *exporter;
    unsigned generation;

    int64_t used_us, since_us; /* of the database's time, and since when the statements that run now are not in it */
    unsigned busy;
    bool spent;
    uv_timer_t *budget;
    uv_check_t *check; /* works off what has ended; idle keeps the loop from sleeping meanwhile */
    uv_idle_t *idle;
};

/* run_port.c */
struct call *call_of_query(struct run_port *p, enum call_kind kind, const struct port_query *q); /* done when it is refused */
void call_start(struct call *c);
struct call *call_new(struct run_port *p, enum call_kind kind);
struct call *call_fail(struct call *c, enum err_kind kind, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void call_done(struct call *c); /* tells its owner, or frees it when there is none any more */
void call_cancel(struct call *c);

/* run_port_link.c */
void links_open(struct run_port *p);
void links_close(struct run_port *p);
void link_ended(struct call *c);                   /* a completion: what comes of it happens later */
void link_submit(struct call *c);                  /* for any connection */
void link_line_up(struct link *l, struct call *c); /* for this one, which is held */
void link_release(struct link *l);                 /* by its transaction or cursor */
void link_pump(struct run_port *p);
void links_look_for_deadlock(struct run_port *p);
void snapshot_lost(struct run_port *p);
void links_out_of_time(struct run_port *p); /* what waits, fails */
bool line_remove(struct call **first, struct call **last, struct call *c);

/* run_port_send.c */
void call_send(struct call *c); /* on c->link, which is idle */

/* run_port_answer.c */
void call_take(struct call *c); /* the answer, as the request shows it */

/* run_port_tx.c */
struct port_req *port_open(void *host, const struct port_query *q);
struct port_req *port_fetch(void *host, struct port_cursor *cursor, size_t max_bytes);
void port_close(void *host, struct port_cursor **cursor);
struct port_req *port_begin(void *host, const char *isolation, bool writes);
struct port_req *port_commit(void *host, struct port_tx *tx, const char *state_json);
void port_rollback(void *host, struct port_tx **tx);
void tx_ended(struct port_tx *tx); /* frees it; its cursors are no more */
void cursor_free(struct port_cursor *cursor);

/* run_port_budget.c */
void budget_step(struct run_port *p, int statements); /* +1: one begins, -1: one has ended */
int budget_text(const struct run_port *p, struct err *e);
