/* A request's own life: two references, the caller's and the connection's; whichever ends last frees it. */
#include <string.h>

#include "base/mem.h"
#include "db/conn_private.h"

static void cancel_wait(struct wait *w)
{
    db_req_cancel((struct db_req *)w); /* wait is its first member */
}

static void cancel_started(struct wait *w)
{
    struct req_private *p = (struct req_private *)((char *)w - offsetof(struct req_private, started));
    if (p->conn != NULL)
        conn_cancel_running(p->conn, CANCEL_ASKED);
}

static void cancel_drained(struct wait *w)
{
    struct req_private *p = (struct req_private *)((char *)w - offsetof(struct req_private, drained));
    if (p->conn != NULL)
        conn_cancel_running(p->conn, CANCEL_ASKED);
}

struct db_req *req_new(const char *sql, unsigned timeout_ms)
{
    struct db_req *req = mem_alloc(sizeof *req);
    req->priv = mem_alloc(sizeof *req->priv);
    req->priv->refs = 2;
    req->priv->sql = mem_dup(sql);
    req->priv->timeout_ms = timeout_ms;
    req->wait.cancel = cancel_wait;
    req->priv->started.cancel = cancel_started;
    req->priv->drained.cancel = cancel_drained;
    return req;
}

void req_keep_params(struct db_req *req, const struct db_params *params)
{
    if (params == NULL)
        return;
    struct db_params *copy = mem_alloc(sizeof *copy);
    copy->n = params->n;
    for (int i = 0; i < params->n; i++) {
        size_t n = (size_t)params->length[i];
        copy->value[i] = params->value[i] != NULL ? arena_ndup(&copy->arena, params->value[i], n) : NULL;
        copy->length[i] = params->length[i];
        copy->format[i] = params->format[i];
    }
    req->priv->params = copy;
}

static void drop_params(struct req_private *p)
{
    if (p->params != NULL)
        db_params_clear(p->params);
    mem_free(p->params);
    p->params = NULL;
}

static void unref(struct db_req *req)
{
    struct req_private *p = req->priv;
    if (--p->refs > 0)
        return;
    PQclear(req->result);
    PQclear(req->failure);
    for (size_t i = 0; i < req->n_results; i++)
        PQclear(req->results[i]);
    mem_free(req->results);
    drop_params(p);
    arena_free(&p->arena);
    mem_free(p->sql);
    mem_free(p->copy_error);
    mem_free(p);
    mem_free(req);
}

void db_req_unref(struct db_req **req)
{
    struct db_req *r = *req;
    *req = NULL;
    if (r == NULL)
        return;
    r->wait.waiter = r->priv->started.waiter = r->priv->drained.waiter = NULL;
    /* Nobody is left who could end an open COPY, and the connection would wait for it for ever. */
    if (!r->wait.done && r->priv->copy != COPY_NONE)
        db_req_cancel(r);
    unref(r);
}

static void end_wait(struct wait *w)
{
    if (!w->done)
        wait_done(w);
}

void req_finish(struct db_req *req)
{
    req->priv->conn = NULL;
    drop_params(req->priv);
    if (req->err.kind != ERR_NONE) {
        PQclear(req->result);
        req->result = NULL;
    }
    end_wait(&req->priv->started);
    end_wait(&req->priv->drained);
    end_wait(&req->wait);
    unref(req);
}
