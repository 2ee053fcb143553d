/* A connection at work: one statement at a time, the others queue. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "db/conn_private.h"

static void on_poll(uv_poll_t *poll, int status, int events)
{
    (void)events; /* libpq finds out what happened, and says it better */
    struct db_conn *c = poll->data;
    if (status < 0)
        c->events = 0; /* an error on the socket: libuv has stopped to look, and what came before the error may not be all */
    if (c->state == CONN_CONNECTING)
        conn_connect_step(c);
    else
        conn_pump(c);
}

static void free_poll(uv_handle_t *handle)
{
    mem_free(handle);
}

/* events 0: look away. The handle follows the socket: libpq opens another one for the next address. */
void conn_watch(struct db_conn *c, int events)
{
    int fd = c->pg != NULL ? PQsocket(c->pg) : -1;
    if (c->poll != NULL && (fd != c->fd || events == 0)) {
        uv_poll_stop(c->poll);
        c->events = 0;
    }
    if (c->poll != NULL && fd != c->fd) {
        uv_close((uv_handle_t *)c->poll, free_poll);
        c->poll = NULL;
    }
    if (fd < 0 || events == c->events)
        return;
    if (c->poll == NULL) {
        c->poll = mem_alloc(sizeof *c->poll);
        must(uv_poll_init(loop_uv(c->loop), c->poll, fd) == 0);
        c->poll->data = c;
        c->fd = fd;
    }
    c->events = events;
    must(uv_poll_start(c->poll, events, on_poll) == 0);
}

static void keep_result(struct db_req *req, PGresult *res)
{
    ExecStatusType status = PQresultStatus(res);
    if (req->n_results > 0 && batch_take(req, res))
        return;
    bool good = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY;
    if (!good && req->err.kind == ERR_NONE) {
        const char *position = PQresultErrorField(res, PG_DIAG_STATEMENT_POSITION);
        req->position = position != NULL ? (int)strtol(position, NULL, 10) : 0;
        error_of_result(res, req, &req->err);
        req->failure = res;
        return;
    } else if (good && req->result == NULL && req->err.kind == ERR_NONE) {
        req->affected = strtoll(PQcmdTuples(res), NULL, 10);
        req->result = res;
        return;
    }
    PQclear(res);
}

void conn_lost(struct db_conn *c)
{
    struct err e = {0};
    char said[512];
    error_trimmed(PQerrorMessage(c->pg), said, sizeof said);
    struct db_req *req = c->running;
    if (req == NULL)
        (void)PQisBusy(c->pg); /* the reason may have come in the same breath */
    if (req != NULL && PQstatus(c->pg) == CONNECTION_BAD) {
        /* The reason may stand in what arrived before the end; libpq no longer blocks. */
        copy_abort(req, "lost");
        for (PGresult *res; (res = PQgetResult(c->pg)) != NULL;) {
            ExecStatusType status = PQresultStatus(res);
            bool reason = status == PGRES_FATAL_ERROR && PQresultErrorField(res, PG_DIAG_SQLSTATE) != NULL;
            if (reason && e.kind == ERR_NONE)
                error_of_result(res, req, &e);
            PQclear(res);
            if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH)
                break; /* libpq would say so for ever */
        }
    }
    if (e.kind == ERR_NONE)
        err_set(&e, ERR_LOST, "the connection to the database was lost: %s", c->notice[0] != '\0' ? c->notice : said);
    e.kind = ERR_LOST;
    if (req == NULL && c->ready)
        log_warn("an idle connection to the database was lost: %s", c->notice[0] != '\0' ? c->notice : said);
    conn_close(c, &e);
}

/* What a request sends: parameters of its one statement, or all statements of a batch. */
struct content {
    const struct db_params *params;
    const struct db_statement *batch;
};

static bool send_content(struct db_conn *c, const struct db_req *req, struct content what)
{
    const struct db_params *p = what.params;
    if (what.batch != NULL)
        return batch_send(c, req, what.batch);
    /* The extended protocol always: it takes one statement only, and parameters only beside it. */
    return PQsendQueryParams(c->pg, req->priv->sql, p != NULL ? p->n : 0, NULL, p != NULL ? p->value : NULL,
                             p != NULL ? p->length : NULL, p != NULL ? p->format : NULL, 0) == 1;
}

static void send_statement(struct db_conn *c, struct db_req *req, struct content what)
{
    c->running = req;
    c->state = CONN_BUSY;
    if (!send_content(c, req, what)) {
        if (PQstatus(c->pg) == CONNECTION_BAD) {
            conn_lost(c);
            return;
        }
        char said[512];
        error_trimmed(PQerrorMessage(c->pg), said, sizeof said);
        err_set(&req->err, ERR_BUG, "cannot send a statement: %s", said);
        if (PQpipelineStatus(c->pg) != PQ_PIPELINE_OFF) { /* some of a batch may be on their way: no way back */
            conn_close(c, &req->err);
            return;
        }
        c->running = NULL;
        c->state = CONN_IDLE;
        req_finish(req);
        conn_feed(c);
        return;
    }
    conn_arm_deadline(c);
    int unsent = PQflush(c->pg);
    if (unsent < 0)
        conn_lost(c);
    else
        conn_watch(c, UV_READABLE | (unsent ? UV_WRITABLE : 0));
}

void conn_feed(struct db_conn *c)
{
    if (c->state != CONN_IDLE)
        return;
    struct db_req *req = c->first;
    if (req == NULL) {
        if (c->on_change != NULL)
            c->on_change(c, c->owner);
        return;
    }
    c->first = req->priv->next;
    if (c->first == NULL)
        c->last = NULL;
    req->priv->next = NULL;
    send_statement(c, req, (struct content){req->priv->params, req->priv->batch});
}

static struct db_req *submit(struct db_conn *c, struct db_req *req, struct content what)
{
    if (c->state == CONN_CLOSED) {
        req->err = c->err;
        if (req->err.kind != ERR_UNAVAILABLE)
            req->err.kind = ERR_LOST;
        req_finish(req);
        return req;
    }
    req->priv->conn = c;
    if (c->state == CONN_IDLE && c->first == NULL) {
        send_statement(c, req, what);
        return req;
    }
    req_keep_params(req, what.params);
    if (what.batch != NULL)
        batch_keep(req, what.batch);
    if (c->last != NULL)
        c->last->priv->next = req;
    else
        c->first = req;
    c->last = req;
    return req;
}

struct db_req *conn_submit(struct db_conn *c, struct db_req *req, const struct db_params *params)
{
    return submit(c, req, (struct content){params, NULL});
}

struct db_req *conn_submit_batch(struct db_conn *c, struct db_req *req, const struct db_statement *statements)
{
    return submit(c, req, (struct content){NULL, statements});
}

struct db_req *db_conn_query(struct db_conn *c, const char *sql, const struct db_params *params, unsigned timeout_ms)
{
    return conn_submit(c, req_new(sql, timeout_ms), params);
}

static void statement_over(struct db_conn *c)
{
    struct db_req *req = c->running;
    c->running = NULL;
    if (c->job == NULL)
        uv_timer_stop(c->timer); /* else it is the grace of the cancel request, which goes on */
    c->state = c->job != NULL ? CONN_HELD : CONN_IDLE;
    if (req->priv->setup && req->err.kind != ERR_NONE) {
        struct err e = req->err;
        e.kind = ERR_UNAVAILABLE;
        err_in(&e, "cannot connect to %s", c->target);
        req_finish(req);
        conn_close(c, &e);
        return;
    }
    c->ready = true;
    req_finish(req);
    conn_feed(c);
}

/* Throws away what a COPY TO STDOUT sends. false: there will be more. */
static bool drain_copy_out(struct db_conn *c)
{
    char *data = NULL;
    int n;
    while ((n = PQgetCopyData(c->pg, &data, 1)) > 0)
        PQfreemem(data);
    return n != 0;
}

/* What is not offered: the statement is ended, and fails with our text. false: wait for more input. */
static bool refuse_copy(struct db_conn *c, ExecStatusType status)
{
    struct db_req *req = c->running;
    if (status == PGRES_COPY_IN) {
        req->priv->refused = "COPY … FROM STDIN has to be started as a COPY, not as a query";
        PQputCopyEnd(c->pg, req->priv->refused);
        return true;
    }
    req->priv->refused = "COPY … TO STDOUT is not supported";
    if (req->err.kind == ERR_NONE)
        err_set(&req->err, ERR_BUG, "%s", req->priv->refused);
    conn_cancel_running(c, CANCEL_ASKED);
    return drain_copy_out(c);
}

/* After any event, and safe at any time. Handles the end of one statement; the next one's answer comes with the next event. */
void conn_pump(struct db_conn *c)
{
    if (!PQconsumeInput(c->pg)) {
        conn_lost(c);
        return;
    }
    if (c->running == NULL)
        (void)PQisBusy(c->pg); /* makes libpq read what an idle connection was told: notices, and a last FATAL */
    bool taking = c->running != NULL && c->running->priv->copy == COPY_OPEN;
    while (c->running != NULL && !taking && !PQisBusy(c->pg)) {
        PGresult *res = PQgetResult(c->pg);
        struct db_req *req = c->running;
        if (res == NULL && req->n_results > 0 && req->priv->at < req->n_results) {
            req->priv->at++; /* on to the next one's answer; after the last comes the word that all is over */
            continue;
        }
        ExecStatusType status = PQresultStatus(res);
        if (res == NULL || status == PGRES_PIPELINE_SYNC) {
            PQclear(res);
            if (PQpipelineStatus(c->pg) != PQ_PIPELINE_OFF)
                PQexitPipelineMode(c->pg);
            statement_over(c);
            return;
        }
        if (status == PGRES_COPY_IN && c->running->priv->copy != COPY_NONE) {
            PQclear(res);
            copy_opened(c);
            break;
        }
        if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH) {
            PQclear(res);
            if (!refuse_copy(c, status))
                break;
            continue;
        }
        keep_result(c->running, res);
    }
    if (c->state == CONN_CLOSED)
        return;
    int unsent = PQflush(c->pg);
    if (unsent < 0) {
        conn_lost(c);
        return;
    }
    conn_watch(c, UV_READABLE | (unsent ? UV_WRITABLE : 0)); /* idle too: a dead server is noticed at once */
    if (unsent == 0 && c->running != NULL)
        copy_flushed(c->running);
}

static void unlink_queued(struct db_conn *c, struct db_req *req)
{
    struct db_req *before = NULL;
    for (struct db_req *r = c->first; r != NULL && r != req; r = r->priv->next)
        before = r;
    if (before != NULL)
        before->priv->next = req->priv->next;
    else
        c->first = req->priv->next;
    if (c->last == req)
        c->last = before;
    req->priv->next = NULL;
}

void db_req_cancel(struct db_req *req)
{
    struct db_conn *c = req->priv->conn;
    if (c == NULL)
        return;
    if (c->running == req) {
        conn_cancel_running(c, CANCEL_ASKED);
        return;
    }
    unlink_queued(c, req);
    err_set(&req->err, ERR_CANCELLED, "cancelled before it was sent");
    req_finish(req);
}

void conn_cancel_all(struct db_conn *c)
{
    while (c->first != NULL)
        db_req_cancel(c->first);
    if (c->running != NULL)
        db_req_cancel(c->running);
}

/* The loop may not have run for a while: the end of the connection may wait in the socket. Two looks: the first read gets the
 * server's last words, the second finds the end. */
bool conn_alive(struct db_conn *c)
{
    for (int i = 0; i < 2 && c->state == CONN_IDLE; i++)
        if (!PQconsumeInput(c->pg) || PQisBusy(c->pg) || c->notice[0] != '\0')
            conn_lost(c);
    return c->state == CONN_IDLE;
}

int db_conn_backend_pid(const struct db_conn *c)
{
    return c->pg != NULL && c->ready ? PQbackendPID(c->pg) : 0;
}

PGTransactionStatusType db_conn_transaction(const struct db_conn *c)
{
    return c->pg != NULL ? PQtransactionStatus(c->pg) : PQTRANS_UNKNOWN;
}

int db_conn_server_version(const struct db_conn *c)
{
    return c->pg != NULL && c->ready ? PQserverVersion(c->pg) : 0;
}
