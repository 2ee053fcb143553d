/* A session never changes its connection behind the caller's back: what belongs to it (locks, settings, a transaction) would
 * be gone unnoticed. When the connection is lost, one call says so with ERR_LOST; the next one outside a transaction gets a
 * new connection. */
#include "db/session.h"

#include <string.h>

#include "base/mem.h"
#include "db/conn_private.h"

enum { COPY_BACKLOG = 1024 * 1024, COPY_PIECE = 256 * 1024, ROLLBACK_TIMEOUT_MS = 10000 };

struct db_session {
    struct loop *loop;
    struct db_pool *pool;
    struct db_lease *lease;
    unsigned timeout_ms;
    bool in_tx;
    bool told; /* the caller has had an ERR_LOST for this connection */
};

static int lease(struct db_session *s, struct err *e)
{
    db_lease_end(&s->lease);
    s->lease = db_pool_lease(s->pool);
    s->told = false;
    loop_await(s->loop, &s->lease->wait);
    if (s->lease->err.kind == ERR_NONE)
        return 0;
    *e = s->lease->err;
    s->told = true;
    return -1;
}

int db_session_open(struct db_pool *pool, struct loop *loop, struct db_session **s, struct err *e)
{
    *s = mem_alloc(sizeof **s);
    (*s)->pool = pool;
    (*s)->loop = loop;
    if (lease(*s, e) == 0)
        return 0;
    db_session_close(s);
    return -1;
}

/* Waits for the end of a request, and takes what came of it. */
static int conclude(struct db_session *s, struct db_req *req, PGresult **result, int64_t *affected, struct err *e)
{
    loop_await(s->loop, &req->wait);
    int rc = 0;
    if (req->err.kind != ERR_NONE) {
        *e = req->err;
        s->told |= e->kind == ERR_LOST;
        rc = -1;
    } else {
        if (affected != NULL)
            *affected = req->affected;
        if (result != NULL) {
            *result = req->result;
            req->result = NULL;
        }
    }
    db_req_unref(&req);
    return rc;
}

void db_session_close(struct db_session **s)
{
    if (*s == NULL)
        return;
    db_lease_end(&(*s)->lease);
    mem_free(*s);
    *s = NULL;
}

struct db_conn *db_session_conn(struct db_session *s)
{
    return s->lease->conn;
}

struct loop *db_session_loop(struct db_session *s)
{
    return s->loop;
}

void db_session_timeout(struct db_session *s, unsigned ms)
{
    s->timeout_ms = ms;
}

static int ready(struct db_session *s, struct err *e)
{
    struct db_conn *c = s->lease->conn;
    if (c != NULL && (c->state == CONN_IDLE ? conn_alive(c) : c->state != CONN_CLOSED))
        return 0;
    if (!s->told && c != NULL) {
        s->told = true;
        *e = c->err;
        e->kind = ERR_LOST;
        return -1;
    }
    if (s->in_tx)
        return err_set(e, ERR_LOST, "the transaction was lost with its connection");
    return lease(s, e);
}

static int execute(struct db_session *s, const char *sql, const struct db_params *params, PGresult **result, int64_t *affected,
                   struct err *e)
{
    if (ready(s, e) != 0)
        return -1;
    return conclude(s, db_conn_query(s->lease->conn, sql, params, s->timeout_ms), result, affected, e);
}

int db_exec(struct db_session *s, const char *sql, const struct db_params *params, PGresult **result, struct err *e)
{
    return execute(s, sql, params, result, NULL, e);
}

int db_run(struct db_session *s, const char *sql, struct err *e)
{
    return execute(s, sql, NULL, NULL, NULL, e);
}

int64_t db_exec_count(struct db_session *s, const char *sql, const struct db_params *params, struct err *e)
{
    int64_t affected = 0;
    return execute(s, sql, params, NULL, &affected, e) == 0 ? affected : -1;
}

int db_begin(struct db_session *s, const char *mode, struct err *e)
{
    char *sql = mem_printf("BEGIN %s", mode != NULL ? mode : "");
    int rc = db_run(s, sql, e);
    mem_free(sql);
    s->in_tx |= rc == 0;
    return rc;
}

int db_commit(struct db_session *s, struct err *e)
{
    PGresult *res = NULL;
    int rc = db_exec(s, "COMMIT", NULL, &res, e);
    if (rc == 0 && strcmp(PQcmdStatus(res), "COMMIT") != 0) /* the server answers so after a failed statement */
        rc = err_set(e, ERR_BUG, "the transaction was rolled back, as a statement in it had failed");
    PQclear(res);
    struct db_conn *c = s->lease->conn;
    s->in_tx = rc != 0 && c != NULL && c->state != CONN_CLOSED && PQtransactionStatus(c->pg) != PQTRANS_IDLE;
    return rc;
}

void db_rollback(struct db_session *s)
{
    struct db_conn *c = s->lease->conn;
    s->in_tx = false;
    if (c == NULL || c->state == CONN_CLOSED) {
        s->told = true; /* what was lost is what was to be thrown away */
        return;
    }
    struct err e = {0};
    conn_cancel_all(c);
    if (conclude(s, db_conn_query(c, "ROLLBACK", NULL, ROLLBACK_TIMEOUT_MS), NULL, NULL, &e) != 0) {
        conn_close(c, &e);
        s->told = true;
    }
}

struct outgoing {
    struct db_req *req;
    db_copy_next next;
    void *ctx;
    struct buf piece;
    bool ended;
};

/* As much as may stand in the queue; then the end. */
static void feed(struct outgoing *o)
{
    while (!o->req->wait.done && db_copy_backlog(o->req) < COPY_BACKLOG) {
        buf_clear(&o->piece);
        o->next(o->ctx, &o->piece);
        if (o->piece.len == 0)
            break;
        db_copy_write(o->req, o->piece.data, o->piece.len);
    }
    if (!o->req->wait.done && o->piece.len > 0)
        return;
    o->ended = true;
    db_copy_end(o->req, NULL);
}

int db_copy_pieces(struct db_session *s, const char *sql, db_copy_next next, void *ctx, int64_t *rows, struct err *e)
{
    if (ready(s, e) != 0)
        return -1;
    struct db_req *req = db_conn_copy(s->lease->conn, sql, s->timeout_ms);
    struct outgoing out = {.req = req, .next = next, .ctx = ctx};
    loop_await(s->loop, db_copy_started(req));
    bool began = !req->wait.done;
    for (feed(&out); !out.ended; feed(&out))
        loop_await(s->loop, db_copy_drained(req));
    buf_free(&out.piece);
    int rc = conclude(s, req, NULL, rows, e);
    if (rc == 0 && !began)
        rc = err_set(e, ERR_BUG, "not a COPY … FROM STDIN: %s", sql);
    return rc;
}

struct whole {
    const char *data;
    size_t left;
};

static void next_of_whole(void *ctx, struct buf *piece)
{
    struct whole *w = ctx;
    size_t n = w->left < COPY_PIECE ? w->left : COPY_PIECE;
    buf_add(piece, w->data, n);
    w->data += n;
    w->left -= n;
}

int db_copy_in(struct db_session *s, const char *sql, const void *data, size_t n, int64_t *rows, struct err *e)
{
    struct whole w = {.data = data, .left = n};
    return db_copy_pieces(s, sql, next_of_whole, &w, rows, e);
}
