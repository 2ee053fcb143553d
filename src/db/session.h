/* Straight-line use of one leased connection, for commands: each call runs the loop until the answer is there. Never from
 * inside a callback.
 *
 * A lost connection fails one call with ERR_LOST, as what belonged to it (locks, settings, a transaction) is gone; the next
 * call outside a transaction, or after db_rollback, takes a new one. */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "db/params.h"
#include "db/pool.h"

struct db_session;

int db_session_open(struct db_pool *pool, struct loop *loop, struct db_session **s, struct err *e);
void db_session_close(struct db_session **s);
struct db_conn *db_session_conn(struct db_session *s); /* NULL when the last try to get a new one failed */
struct loop *db_session_loop(struct db_session *s);
void db_session_timeout(struct db_session *s, unsigned ms); /* for the statements that follow; 0: none */

/* One statement. result NULL: not wanted, else the caller's to PQclear (set only on success). */
int db_exec(struct db_session *s, const char *sql, const struct db_params *params, PGresult **result, struct err *e);
int db_run(struct db_session *s, const char *sql, struct err *e); /* no parameters, no result */
/* The same for the rows that INSERT, UPDATE or DELETE touched; -1 on error. */
int64_t db_exec_count(struct db_session *s, const char *sql, const struct db_params *params, struct err *e);

int db_begin(struct db_session *s, const char *mode /* "", "READ ONLY", … */, struct err *e);
int db_commit(struct db_session *s, struct err *e);
void db_rollback(struct db_session *s); /* never fails: a connection that cannot roll back is closed */

/* COPY in whole: sends data[0..n) and waits for the end. Rows copied in *rows. */
int db_copy_in(struct db_session *s, const char *sql, const void *data, size_t n, int64_t *rows, struct err *e);

/* The same piece by piece: the server is at work on one while the next is made. next: puts more into *piece, which is empty and
 * stays db's; nothing put: that was all. It must not use the session. */
typedef void (*db_copy_next)(void *ctx, struct buf *piece);
int db_copy_pieces(struct db_session *s, const char *sql, db_copy_next next, void *ctx, int64_t *rows, struct err *e);
