/* A few connections to one database, lent out one at a time.
 *
 * A connection that comes back inside a transaction is rolled back by the pool, unwatched, before anybody gets it. */
#pragma once

#include "base/err.h"
#include "db/conn.h"
#include "db/loop.h"

struct db_pool;
struct db_pool_options {
    const char *uri;              /* anything libpq understands: URI or key=value, "" = the PG* environment */
    const char *application_name; /* default "tidemark" */
    unsigned max;                 /* default 4 */
    unsigned connect_timeout_ms;  /* default 10 000; over all addresses */
    unsigned retry_for_ms;        /* how long a lease keeps trying to connect (a server that restarts); default 0: one try */
};

struct db_pool *db_pool_open(struct loop *loop, const struct db_pool_options *options);
/* Ends idle connections, cancels busy ones, waits for neither politeness nor errors. */
void db_pool_close(struct db_pool **pool);

/* A lease is a request that ends with a connection: read conn after wait.done with err.kind ERR_NONE. */
struct db_lease {
    struct wait wait;
    struct err err;
    struct db_conn *conn;
    struct lease_private *priv;
};
struct db_lease *db_pool_lease(struct db_pool *pool);
void db_lease_end(struct db_lease **lease); /* also before it is done */
/* The same, and the connection ends with it: whatever was left on it (settings, locks, temporary tables) meets nobody. */
void db_lease_discard(struct db_lease **lease);
unsigned db_pool_max(const struct db_pool *pool);
