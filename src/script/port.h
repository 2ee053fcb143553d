/* What a run's Lua may ask of the world: the seam between script/, which knows Lua, and host/, which knows the loop and libpq.
 *
 * Every call that may take time returns a request at once and never calls back before it returns; the request's wait is done when
 * the answer is there. A request belongs to whoever asked for it: port->free ends it, also before it is done (then what runs for it
 * is cancelled, and nobody is told). Nothing here raises, and no callback may touch Lua. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/log.h"
#include "base/wait.h"
#include "data/frame.h"

/* A parameter of a statement. type 0: the server decides what $n is. */
struct port_param {
    uint32_t type;    /* PostgreSQL's OID or 0 */
    bool binary;      /* data is in the type's binary form; else text */
    const char *data; /* NULL: NULL */
    size_t len;
};

struct port_column {
    const char *name;
    uint32_t type; /* PostgreSQL's OID */
    int32_t mod;   /* its type modifier */
};

/* What the server said of a failed statement, beside err; members may be NULL. Valid as long as the request. */
struct port_trouble {
    const char *message, *detail, *hint, *constraint, *schema, *table, *column;
    int position; /* in characters from 1; 0: not said */
};

struct port_tx;     /* a transaction of the run's own: one connection until commit or rollback */
struct port_cursor; /* a result read piece by piece */

struct port_req {
    struct wait wait;
    struct err err; /* kind ERR_NONE: it worked; read it, and what follows, after wait.done */
    struct port_trouble trouble;

    /* query, fetch: the rows, cells in PostgreSQL's text form */
    const struct port_column *column;
    size_t n_column, n_row;
    int64_t affected; /* rows that INSERT, UPDATE, DELETE, MERGE touched, or SELECT gave */
    bool last;        /* fetch: no more rows come */

    struct port_tx *tx;         /* begin */
    struct port_cursor *cursor; /* open */
    const char *answer;         /* ask: candidates as a JSON array */
};

struct port_query {
    struct port_tx *tx; /* NULL: on its own (a run that may write: in a transaction of its own) */
    const char *sql;    /* one statement: SELECT, WITH, VALUES, TABLE, INSERT, UPDATE, DELETE, MERGE or EXPLAIN */
    const struct port_param *param;
    size_t n_param;
    bool writes;            /* exec: else the statement has to leave everything as it is */
    const char *state_json; /* NULL, or changed keys of ctx.state, to be kept by the same commit (tx NULL and writes only) */
};

/* A rule's question to an analysis. */
struct port_question {
    const char *kind;          /* "compare", … */
    const struct frame *extra; /* a row per post */
    const char *opts;          /* JSON */
    size_t number;             /* among the run's questions, from 0: one that nobody waits for any more is not answered */
};

struct port {
    void *host;
    struct port_req *(*query)(void *host, const struct port_query *q);
    /* A cursor for q (which only reads), then pieces of about max_bytes; close never waits. A cursor without tx holds a connection. */
    struct port_req *(*open)(void *host, const struct port_query *q);
    struct port_req *(*fetch)(void *host, struct port_cursor *cursor, size_t max_bytes);
    void (*close)(void *host, struct port_cursor **cursor);
    /* isolation: NULL, "repeatable read" or "serializable". */
    struct port_req *(*begin)(void *host, const char *isolation, bool writes);
    struct port_req *(*commit)(void *host, struct port_tx *tx, const char *state_json); /* frees tx, also when it fails */
    void (*rollback)(void *host, struct port_tx **tx);                                  /* never waits, never fails */
    struct port_req *(*sleep)(void *host, unsigned ms);
    struct port_req *(*ask)(void *host, const struct port_question *q); /* NULL: not a rule's run */
    void (*log)(void *host, enum log_level level, const char *text);
    const char *(*cell)(const struct port_req *req, size_t row, size_t column, size_t *len); /* NULL: NULL; NUL-terminated */
    void (*free)(struct port_req **req);
    /* Runs the loop until w is done. Only the driver of a run calls it, from the plain stack. A signal cancels w. */
    void (*await)(void *host, struct wait *w);
    bool (*interrupted)(void *host); /* a signal asked the process to stop */
};
