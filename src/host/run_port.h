/* The port of a run (script/port.h) over a pool of connections: what a plugin's Lua asks of the database, as one owner.
 *
 * A run uses at most four connections; what wants one more waits its turn. They end with the run, so that nothing a plugin left on
 * one (a lock, a setting) meets the next run.
 * A run that reads has one READ ONLY transaction a connection, begun once, and all of them see one state of the data (a shared
 * snapshot). A failed statement is taken back to a savepoint, so that state stays; only when the connection that the snapshot came
 * from is lost, what is read afterwards is of a newer one, and a line in the log says so.
 * A run that writes has a transaction a statement, begun, done and committed in one round trip, and those it begins itself.
 * The identity is set by the host in every transaction, for that transaction. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "data/uuid.h"
#include "db/pool.h"
#include "script/port.h"

enum { RUN_PORT_CONNECTIONS = 4 };

struct run_port;

struct run_port_options {
    bool writes;        /* jobs, collectors, scripts; else it only reads (reports, rules) */
    bool walled;        /* the server itself keeps the pool's login from becoming anybody else (host/plugin_db.h) */
    const char *plugin; /* whose ctx.state it is: "youtube" */
    const char *what;   /* names the run in errors and log lines: "youtube.top" */
    const char *role;   /* what its statements run as; NULL: authenticated */
    unsigned db_ms;     /* time the database may work for it, all statements added; 0: vm_limits_default's */

    /* A rule's run: the analysis that a question asks for, as a JSON array of candidates. Called from the plain stack. NULL: none. */
    int (*answer)(void *arg, const struct port_question *q, struct buf *candidates, struct err *e);
    void (*log)(void *arg, enum log_level level, const char *text); /* NULL: "what: text" on stderr */
    void *arg;
};

/* Connects nothing yet. The pool should be of at least four connections, and the pool of nobody else's. */
struct run_port *run_port_open(struct loop *loop, struct db_pool *pool, const struct uuid *owner,
                               const struct run_port_options *o);
const struct port *run_port(struct run_port *p); /* as long as p; its await may be called from the plain stack only */
/* Everything that is still open is cancelled, taken back and closed; requests that were not freed yet may be freed later. */
void run_port_close(struct run_port **p);

/* What ctx.state is at the start: a JSON object. Waits, so from the plain stack only. */
int run_port_state(struct run_port *p, struct buf *json, struct err *e);
/* May the run's role read these ("schema.table"), and is the role one that a plugin may run as? ERR_CONFIG says what to type. Waits. */
int run_port_check(struct run_port *p, const char *const *tables, size_t n, struct err *e);
