/* One connection to Postgres on the loop: a state machine around libpq's non-blocking calls.
 *
 * One statement at a time; requests queue behind each other. A cancelled connection is held, and given nothing, until its
 * cancel request has ended. A lost connection fails its requests with ERR_LOST and stays lost: the pool makes the next one,
 * with doubling delay and jitter. Dates come as ISO in UTC, text as UTF-8, whatever the server prefers. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libpq-fe.h>

#include "base/err.h"
#include "base/wait.h"
#include "db/loop.h"
#include "db/params.h"

struct db_conn;

/* One statement's way. Read the fields after wait.done. Ends with db_req_unref: the connection may still hold it:
 * a statement then runs on unwatched (wait_drop first cancels it), an open COPY is given up. */
struct db_req {
    struct wait wait;
    struct err err;     /* kind ERR_NONE: it worked */
    PGresult *result;   /* owned by the request; NULL on error */
    int64_t affected;   /* rows, from the command tag */
    int position;       /* on error: where in the statement, in characters from 1; 0: the server did not say */
    PGresult *failure;  /* what the server said of the statement that failed, for PQresultErrorField; NULL: it said nothing */
    PGresult **results; /* of a batch: one a statement, n_results of them, NULL from the one that failed on */
    size_t n_results;
    size_t failed; /* of a batch: which statement err is about */
    struct req_private *priv;
};
void db_req_unref(struct db_req **req);

/* Never calls back before it returns; sql may hold one statement only; params may be NULL. timeout_ms 0: none. When it runs
 * out the statement is cancelled on the server and the request fails with ERR_TEMPORARY "timed out after 5000 ms". */
struct db_req *db_conn_query(struct db_conn *c, const char *sql, const struct db_params *params, unsigned timeout_ms);

/* Several statements in one go and one round trip; each is one statement with its own parameters. They run one after the other,
 * and the first that fails ends it: the server skips the rest. BEGIN and COMMIT have to be among them (a batch without them would
 * be one transaction only as far as the server likes). A cancel meets whichever statement runs, and so ends the batch. */
struct db_statement {
    const char *sql;
    int n;           /* parameters */
    const Oid *type; /* NULL: the server decides for all of them; 0: for this one */
    const char *const *value;
    const int *length, *format;
};
struct db_req *db_conn_batch(struct db_conn *c, const struct db_statement *statements, size_t n, unsigned timeout_ms);

/* COPY … FROM STDIN. Wait for the request to be in the copy state (db_copy_started), then write; data is copied by libpq
 * and flushed by the loop. db_copy_backlog says how many bytes wait in libpq's buffer: above ~1 MiB let the loop run
 * (loop_await on db_copy_drained). db_copy_end ends it; error NULL: commit the COPY, else fail it with that text. Then await
 * req->wait. */
struct db_req *db_conn_copy(struct db_conn *c, const char *sql, unsigned timeout_ms);
struct wait *db_copy_started(struct db_req *req); /* done early when the COPY itself failed: look at req->wait.done */
void db_copy_write(struct db_req *req, const void *data, size_t n);
size_t db_copy_backlog(const struct db_req *req);
struct wait *db_copy_drained(struct db_req *req);
void db_copy_end(struct db_req *req, const char *error);

/* Asks the server to cancel what runs. Not an error when nothing does. */
void db_req_cancel(struct db_req *req);

/* Server parameters, pid and so on: NULL or 0 while not connected. */
int db_conn_backend_pid(const struct db_conn *c);
int db_conn_server_version(const struct db_conn *c);
/* PQTRANS_IDLE, _INTRANS, _INERROR, _ACTIVE; _UNKNOWN: it is lost. */
PGTransactionStatusType db_conn_transaction(const struct db_conn *c);
