/* Cancelling on the server, and the clock that asks for it.
 *
 * libpq 15 can only cancel by a blocking call, so that runs in the thread pool. A cancel names a backend, not a statement:
 * until the call has ended the connection is held, or the next statement could be hit. And one that arrives before the
 * statement has begun is ignored by the server: so it is asked again while the statement runs on. */
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "db/conn_private.h"

enum { FIRST_PAUSE_MS = 50, MAX_PAUSE_MS = 1000, GRACE_MS = 10000 };

struct cancel_job {
    uv_work_t work;
    PGcancel *cancel;
    struct db_conn *conn; /* NULL: the connection ended meanwhile */
    bool sent;
    char said[256];
};

static void work(uv_work_t *w)
{
    struct cancel_job *job = w->data;
    job->sent = PQcancel(job->cancel, job->said, (int)sizeof job->said) == 1;
}

static void on_sent(uv_work_t *w, int status)
{
    (void)status;
    struct cancel_job *job = w->data;
    struct db_conn *c = job->conn;
    if (!job->sent)
        log_debug("asking the server to cancel failed: %s", job->said);
    PQfreeCancel(job->cancel);
    mem_free(job);
    if (c == NULL)
        return;
    c->job = NULL;
    if (c->state == CONN_HELD) {
        uv_timer_stop(c->timer);
        c->state = CONN_IDLE;
        conn_feed(c);
    } else if (c->state == CONN_BUSY) {
        uv_timer_start(c->timer, conn_on_timer, c->cancel_pause_ms, 0);
        c->cancel_pause_ms = c->cancel_pause_ms * 2 < MAX_PAUSE_MS ? c->cancel_pause_ms * 2 : MAX_PAUSE_MS;
    }
}

static void start_job(struct db_conn *c)
{
    PGcancel *cancel = PQgetCancel(c->pg);
    if (cancel == NULL)
        return;
    struct cancel_job *job = mem_alloc(sizeof *job);
    job->work.data = job;
    job->cancel = cancel;
    job->conn = c;
    c->job = job;
    must(uv_queue_work(loop_uv(c->loop), &job->work, work, on_sent) == 0);
}

void conn_cancel_running(struct db_conn *c, enum cancel_reason reason)
{
    struct db_req *req = c->running;
    if (c->state != CONN_BUSY || req == NULL || req->priv->cancel != CANCEL_NONE)
        return;
    req->priv->cancel = reason;
    c->cancel_since_us = clock_mono_us();
    c->cancel_pause_ms = FIRST_PAUSE_MS;
    /* While it takes data libpq does not look at errors, so a COPY has to be ended from this side too. */
    copy_abort(req, reason == CANCEL_TIMEOUT ? "timed out" : "cancelled");
    if (c->state != CONN_BUSY || c->job != NULL)
        return;
    uv_timer_start(c->timer, conn_on_timer, GRACE_MS, 0);
    start_job(c);
}

void conn_cancel_detach(struct db_conn *c)
{
    if (c->job != NULL)
        c->job->conn = NULL;
    c->job = NULL;
}

void conn_arm_deadline(struct db_conn *c)
{
    uv_timer_stop(c->timer);
    if (c->running->priv->timeout_ms == 0)
        return;
    uv_update_time(loop_uv(c->loop)); /* the caller may have computed for long since the loop looked at the clock */
    uv_timer_start(c->timer, conn_on_timer, c->running->priv->timeout_ms, 0);
}

static void give_up(struct db_conn *c)
{
    struct err e = {0};
    const struct db_req *req = c->running;
    if (req != NULL && req->priv->cancel == CANCEL_TIMEOUT)
        err_set(&e, ERR_LOST,
                "timed out after %u ms, and the server did not react to the request to cancel within %d s: the connection was "
                "given up",
                req->priv->timeout_ms, GRACE_MS / 1000);
    else
        err_set(&e, ERR_LOST, "the server did not react to the request to cancel within %d s: the connection was given up",
                GRACE_MS / 1000);
    conn_close(c, &e);
}

void conn_on_timer(uv_timer_t *timer)
{
    struct db_conn *c = timer->data;
    if (c->state == CONN_CONNECTING) {
        struct err e = {0};
        err_set(&e, ERR_UNAVAILABLE, "cannot connect to %s: no answer within %u ms", c->target, c->connect_ms);
        conn_close(c, &e);
    } else if (c->state == CONN_BUSY && c->running->priv->cancel == CANCEL_NONE) {
        conn_cancel_running(c, CANCEL_TIMEOUT);
    } else if (c->state == CONN_BUSY || c->state == CONN_HELD) {
        if (c->job != NULL || clock_mono_us() - c->cancel_since_us >= (int64_t)GRACE_MS * 1000) {
            give_up(c);
        } else {
            uv_timer_start(timer, conn_on_timer, GRACE_MS, 0);
            start_job(c);
        }
    }
}
