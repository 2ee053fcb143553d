/* What the files of a connection, and the pool, know of it. A connection lives once: it connects, works, ends; the pool
 * makes the next one. Memory goes only after the loop has closed the handles, so a callback may end its own connection. */
#pragma once

#include "db/conn.h"

enum conn_state {
    CONN_CONNECTING,
    CONN_IDLE,
    CONN_BUSY, /* a statement runs */
    CONN_HELD, /* the statement is over, the request to cancel it is not: it could hit the next one */
    CONN_CLOSED,
};

enum cancel_reason { CANCEL_NONE, CANCEL_ASKED, CANCEL_TIMEOUT };

enum copy_state {
    COPY_NONE,   /* not a COPY */
    COPY_ASKED,  /* the statement is on its way */
    COPY_OPEN,   /* the server takes data */
    COPY_ENDING, /* the end was sent, or is no longer wanted */
};

struct req_private {
    struct db_conn *conn; /* NULL once it is over */
    struct db_req *next;  /* in the connection's queue */
    int refs;             /* the caller's and the connection's */
    char *sql;
    struct db_params *params; /* a copy, while it queues */
    unsigned timeout_ms;
    enum cancel_reason cancel;
    bool setup;          /* the connection's own first statement */
    const char *refused; /* what the statement wants is not offered: the text to fail with */
    enum copy_state copy;
    size_t backlog; /* bytes given to libpq since all of them were sent for the last time */
    char *copy_error;
    struct arena arena;         /* the copies of a batch's statements, while it queues */
    struct db_statement *batch; /* NULL: one statement, which is sql; n_results of them */
    size_t at;                  /* whose answer comes next */
    struct wait started, drained;
};

struct conn_options {
    const char *uri, *application_name;
    unsigned connect_timeout_ms;
};

typedef void (*conn_event_fn)(struct db_conn *c, void *owner);

struct db_conn {
    struct loop *loop;
    PGconn *pg;
    enum conn_state state;
    bool ready;      /* connected and set up once */
    char *target;    /* "database "x" on host:5432 as "y"", for errors */
    uv_poll_t *poll; /* on the heap: closing takes a turn of the loop, and the socket may move before that */
    int fd, events;
    uv_timer_t *timer; /* connect time-out, statement time-out, repeated cancel: one at a time */
    unsigned connect_ms;
    struct db_req *running, *first, *last;
    struct cancel_job *job;
    int64_t cancel_since_us; /* when the server was first asked to cancel what runs */
    unsigned cancel_pause_ms;
    struct err err;          /* why it is closed */
    char notice[512];        /* the last FATAL that came while idle: usually the reason why it is going away */
    conn_event_fn on_change; /* became idle, or closed; may end the connection; NULL: nobody cares any more */
    void *owner;
};

/* conn_connect.c. NULL and e when the options are bad or the first step failed; else on_change tells. */
struct db_conn *conn_open(struct loop *loop, const struct conn_options *options, conn_event_fn on_change, void *owner,
                          struct err *e);
void conn_connect_step(struct db_conn *c);
bool conn_worth_retrying(const struct err *e);
/* Fails what runs and waits with why, gives everything back; the struct itself goes with its timer handle. */
void conn_close(struct db_conn *c, const struct err *why);
void conn_free_later(struct db_conn **c); /* closes too, and says nothing to the owner any more */

/* conn.c */
void conn_watch(struct db_conn *c, int events);
void conn_pump(struct db_conn *c);
void conn_lost(struct db_conn *c); /* libpq says that the connection is gone */
void conn_feed(struct db_conn *c); /* sends what is next, or tells the owner that nothing is */
struct db_req *conn_submit(struct db_conn *c, struct db_req *req, const struct db_params *params);
struct db_req *conn_submit_batch(struct db_conn *c, struct db_req *req, const struct db_statement *statements);
bool conn_alive(struct db_conn *c);      /* idle, and looking at the socket does not say otherwise */
void conn_cancel_all(struct db_conn *c); /* nothing of what was asked for is wanted any more */

/* conn_req.c */
struct db_req *req_new(const char *sql, unsigned timeout_ms);
void req_keep_params(struct db_req *req, const struct db_params *params);
void req_finish(struct db_req *req); /* off the connection already; says done and drops the connection's reference */

/* conn_batch.c */
struct db_req *batch_new(size_t n, unsigned timeout_ms);
void batch_keep(struct db_req *req, const struct db_statement *s);
bool batch_send(struct db_conn *c, const struct db_req *req, const struct db_statement *s); /* false: libpq refused one */
bool batch_take(struct db_req *req, PGresult *res);                                         /* false: it is an error */

/* conn_cancel.c */
void conn_cancel_running(struct db_conn *c, enum cancel_reason reason);
void conn_cancel_detach(struct db_conn *c); /* the job ends by itself */
void conn_arm_deadline(struct db_conn *c);
void conn_on_timer(uv_timer_t *timer);

/* conn_error.c */
void error_of_result(const PGresult *res, const struct db_req *req, struct err *e);
void error_of_connect(const struct db_conn *c, struct err *e);
int error_bad_uri(const char *uri, const char *said, struct err *e);
void error_trimmed(const char *said, char *out, size_t size);

/* copy.c */
void copy_opened(struct db_conn *c);
void copy_flushed(struct db_req *req);
void copy_abort(struct db_req *req, const char *why);
