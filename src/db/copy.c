/* COPY … FROM STDIN. libpq takes any amount into its buffer and says nothing of what is in there, so what was not yet sent is
 * counted here: an upper bound, zero whenever libpq reports that all of it is gone. */
#include <limits.h>
#include <string.h>

#include "base/mem.h"
#include "db/conn_private.h"

enum { PIECE = 256 * 1024 }; /* libpq doubles its buffer to what it is given; and copies what is left after each send */

struct db_req *db_conn_copy(struct db_conn *c, const char *sql, unsigned timeout_ms)
{
    struct db_req *req = req_new(sql, timeout_ms);
    req->priv->copy = COPY_ASKED;
    return conn_submit(c, req, NULL);
}

struct wait *db_copy_started(struct db_req *req)
{
    return &req->priv->started;
}

static void end(struct db_req *req, const char *error)
{
    struct db_conn *c = req->priv->conn;
    req->priv->copy = COPY_ENDING;
    PQputCopyEnd(c->pg, error); /* a failure shows at the next look at the connection */
    conn_watch(c, UV_READABLE | UV_WRITABLE);
}

/* The server is ready for data; nobody may want to send any more. */
void copy_opened(struct db_conn *c)
{
    struct db_req *req = c->running;
    if (req->priv->copy == COPY_ENDING) {
        end(req, "cancelled");
        return;
    }
    req->priv->copy = COPY_OPEN;
    if (!req->priv->started.done)
        wait_done(&req->priv->started);
}

void copy_abort(struct db_req *req, const char *why)
{
    if (req->priv->copy == COPY_OPEN)
        end(req, why);
    else if (req->priv->copy == COPY_ASKED)
        req->priv->copy = COPY_ENDING;
}

void copy_flushed(struct db_req *req)
{
    req->priv->backlog = 0;
    if (!req->priv->drained.done)
        wait_done(&req->priv->drained);
}

void db_copy_write(struct db_req *req, const void *data, size_t n)
{
    struct db_conn *c = req->priv->conn;
    const char *from = data;
    must(req->priv->copy != COPY_ASKED || c == NULL); /* not before db_copy_started */
    if (c == NULL || req->priv->copy != COPY_OPEN)
        return; /* it ended already: req->wait says how */
    while (n > 0) {
        size_t piece = n < PIECE ? n : PIECE;
        if (PQputCopyData(c->pg, from, (int)piece) != 1) {
            if (PQstatus(c->pg) == CONNECTION_BAD)
                conn_lost(c);
            else
                end(req, "the client is out of memory");
            return;
        }
        from += piece;
        n -= piece;
        req->priv->backlog += piece;
    }
    conn_watch(c, UV_READABLE | UV_WRITABLE);
}

size_t db_copy_backlog(const struct db_req *req)
{
    return req->priv->conn != NULL ? req->priv->backlog : 0;
}

struct wait *db_copy_drained(struct db_req *req)
{
    struct wait *w = &req->priv->drained;
    w->waiter = NULL;
    w->done = db_copy_backlog(req) == 0;
    return w;
}

void db_copy_end(struct db_req *req, const char *error)
{
    if (req->priv->conn == NULL || req->priv->copy == COPY_ENDING)
        return;
    if (error != NULL) {
        mem_free(req->priv->copy_error);
        req->priv->copy_error = mem_dup(error);
    }
    if (req->priv->copy == COPY_OPEN)
        end(req, error);
    else
        db_req_cancel(req); /* it has not begun: there is nothing to keep */
}
