#include "host/run_port.h"

#include <limits.h>
#include <stdarg.h>
#include <string.h>

#include "base/log.h"
#include "host/run_guard.h"
#include "host/run_port_private.h"
#include "script/vm.h"

enum { PARAMS_MAX = 65535 }; /* of the protocol */

/* --- calls ------------------------------------------------------------------------------------------------------------------- */

static void cancel_wait(struct wait *w)
{
    call_cancel((struct call *)w); /* wait is the first member of the first member */
}

struct call *call_new(struct run_port *p, enum call_kind kind)
{
    struct call *c = mem_alloc(sizeof *c);
    c->port = p;
    c->kind = kind;
    c->main = c->role = c->snapshot = c->taken_up = SIZE_MAX;
    c->req.wait.cancel = cancel_wait;
    c->all_next = p->all;
    if (p->all != NULL)
        p->all->all_prev = c;
    p->all = c;
    return c;
}

static void free_call(struct call *c)
{
    struct run_port *p = c->port;
    if (c->all_prev != NULL)
        c->all_prev->all_next = c->all_next;
    else if (p != NULL)
        p->all = c->all_next;
    if (c->all_next != NULL)
        c->all_next->all_prev = c->all_prev;
    db_req_unref(&c->db);
    buf_free(&c->candidates);
    arena_free(&c->arena);
    mem_free(c);
}

void call_done(struct call *c)
{
    if (c->kind == CALL_COMMIT && c->tx != NULL) /* it never got to the server */
        port_rollback(c->port, &c->tx);
    if (c->dropped)
        free_call(c);
    else
        wait_done(&c->req.wait);
}

struct call *call_fail(struct call *c, enum err_kind kind, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *text = mem_vprintf(fmt, ap);
    va_end(ap);
    err_set(&c->req.err, kind, "%s", text);
    mem_free(text);
    call_done(c);
    return c;
}

static void end_sleep(struct call *c)
{
    loop_timer_free(&c->timer);
    c->port->sleeping--;
}

void call_cancel(struct call *c)
{
    struct run_port *p = c->port;
    if (p == NULL || c->req.wait.done)
        return;
    if (c->timer != NULL)
        end_sleep(c);
    else if (c->kind == CALL_ASK)
        line_remove(&p->asked, NULL, c);
    else if (c->db != NULL) {
        db_req_cancel(c->db);
        return; /* it ends when the server says so */
    } else if (c->link == NULL || !line_remove(&c->link->first, &c->link->last, c))
        line_remove(&p->first, &p->last, c);
    call_fail(c, ERR_CANCELLED, "cancelled");
}

static void port_free(struct port_req **req)
{
    struct call *c = (struct call *)*req;
    *req = NULL;
    if (c == NULL)
        return;
    c->req.wait.waiter = NULL;
    if (c->req.wait.done) {
        free_call(c);
        return;
    }
    c->dropped = true;
    call_cancel(c);
}

static const char *port_cell(const struct port_req *req, size_t row, size_t column, size_t *len)
{
    const struct call *c = (const struct call *)req;
    if (PQgetisnull(c->answer, (int)row, (int)column))
        return NULL;
    *len = (size_t)PQgetlength(c->answer, (int)row, (int)column);
    return PQgetvalue(c->answer, (int)row, (int)column);
}

/* --- a statement --------------------------------------------------------------------------------------------------------------- */

static int take_params(struct call *c, const struct port_query *q, struct err *e)
{
    struct arena *a = &c->arena;
    if (q->n_param > PARAMS_MAX)
        return err_set(e, ERR_PLUGIN, "%zu parameters are more than a statement takes (%d)", q->n_param, PARAMS_MAX);
    if (q->n_param == 0)
        return 0;
    Oid *type = arena_alloc(a, q->n_param * sizeof *type);
    const char **value = arena_alloc(a, q->n_param * sizeof *value);
    int *length = arena_alloc(a, q->n_param * sizeof *length), *format = arena_alloc(a, q->n_param * sizeof *format);
    for (size_t i = 0; i < q->n_param; i++) {
        const struct port_param *p = &q->param[i];
        if (p->len > INT_MAX)
            return err_set(e, ERR_PLUGIN, "parameter $%zu is longer than 2 GiB", i + 1);
        if (p->data != NULL && !p->binary && memchr(p->data, '\0', p->len) != NULL)
            return err_set(e, ERR_PLUGIN, "parameter $%zu holds a NUL byte, which a PostgreSQL text cannot: ctx.db.bytes can",
                           i + 1);
        type[i] = p->type;
        value[i] = p->data != NULL ? arena_ndup(a, p->data, p->len) : NULL;
        length[i] = (int)p->len;
        format[i] = p->binary;
    }
    c->statement.n = (int)q->n_param;
    c->statement.type = type;
    c->statement.value = value;
    c->statement.length = length;
    c->statement.format = format;
    return 0;
}

static int check_tx(const struct run_port *p, const struct port_query *q, struct err *e)
{
    if (q->writes && !p->o.writes)
        return err_set(e, ERR_PLUGIN, "a report or a rule only reads: what changes data belongs into a job or a script");
    if (q->tx != NULL && q->tx->link == NULL)
        return err_set(e, ERR_LOST, "the transaction was lost with its connection");
    return 0;
}

struct call *call_of_query(struct run_port *p, enum call_kind kind, const struct port_query *q)
{
    struct call *c = call_new(p, kind);
    struct err *e = &c->req.err;
    c->writes = q->writes;
    c->tx = q->tx;
    bool ok = run_guard(q->sql, kind == CALL_OPEN ? GUARD_CURSOR : GUARD_QUERY, !p->o.walled, e) == 0;
    if (ok)
        c->statement.sql = arena_dup(&c->arena, q->sql);
    ok = ok && take_params(c, q, e) == 0 && check_tx(p, q, e) == 0;
    if (ok && q->state_json != NULL)
        c->state_json = arena_dup(&c->arena, q->state_json);
    if (!ok)
        call_done(c);
    return c;
}

void call_start(struct call *c)
{
    if (c->req.wait.done)
        return;
    if (c->tx != NULL)
        link_line_up(c->tx->link, c);
    else
        link_submit(c);
}

static struct port_req *port_query(void *host, const struct port_query *q)
{
    struct call *c = call_of_query(host, CALL_QUERY, q);
    call_start(c);
    return &c->req;
}

/* --- what needs no database ---------------------------------------------------------------------------------------------------- */

static void on_slept(void *arg)
{
    struct call *c = arg;
    end_sleep(c);
    call_done(c);
}

static struct port_req *port_sleep(void *host, unsigned ms)
{
    struct run_port *p = host;
    struct call *c = call_new(p, CALL_SLEEP);
    c->timer = loop_timer_new(p->loop, on_slept, c);
    p->sleeping++;
    loop_timer_start(c->timer, ms);
    return &c->req;
}

/* Answered by the next await: an analysis is the host's work, and none of it may run beneath the plugin's own call. */
static struct port_req *port_ask(void *host, const struct port_question *q)
{
    struct run_port *p = host;
    struct call *c = call_new(p, CALL_ASK);
    c->question = (struct port_question){.kind = arena_dup(&c->arena, q->kind),
                                         .extra = q->extra,
                                         .number = q->number,
                                         .opts = q->opts != NULL ? arena_dup(&c->arena, q->opts) : NULL};
    struct call **last = &p->asked;
    while (*last != NULL)
        last = &(*last)->next;
    *last = c;
    return &c->req;
}

static void answer(struct run_port *p)
{
    struct call *c = p->asked;
    p->asked = c->next;
    c->next = NULL;
    if (p->o.answer(p->o.arg, &c->question, &c->candidates, &c->req.err) == 0)
        c->req.answer = c->candidates.data != NULL ? c->candidates.data : "[]";
    else if (c->req.err.kind == ERR_NONE)
        err_set(&c->req.err, ERR_BUG, "the analysis '%s' failed and did not say why", c->question.kind);
    call_done(c);
}

static void port_log(void *host, enum log_level level, const char *text)
{
    const struct run_port *p = host;
    if (p->o.log != NULL)
        p->o.log(p->o.arg, level, text);
    else if (level == LOG_DEBUG)
        log_debug("%s: %s", p->what, text);
    else if (level == LOG_WARN)
        log_warn("%s: %s", p->what, text);
    else if (level == LOG_ERROR)
        log_error("%s: %s", p->what, text);
    else
        log_info("%s: %s", p->what, text);
}

static void port_await(void *host, struct wait *w)
{
    struct run_port *p = host;
    while (p->asked != NULL && !w->done)
        answer(p);
    if (!w->done)
        links_look_for_deadlock(p);
    loop_await(p->loop, w);
}

static bool port_interrupted(void *host)
{
    const struct run_port *p = host;
    return loop_interrupted(p->loop);
}

/* --- the port ------------------------------------------------------------------------------------------------------------------ */

static const struct port functions = {.query = port_query,
                                      .open = port_open,
                                      .fetch = port_fetch,
                                      .close = port_close,
                                      .begin = port_begin,
                                      .commit = port_commit,
                                      .rollback = port_rollback,
                                      .sleep = port_sleep,
                                      .log = port_log,
                                      .cell = port_cell,
                                      .free = port_free,
                                      .await = port_await,
                                      .interrupted = port_interrupted};

struct run_port *run_port_open(struct loop *loop, struct db_pool *pool, const struct uuid *owner,
                               const struct run_port_options *o)
{
    struct run_port *p = mem_alloc(sizeof *p);
    p->port = functions;
    p->port.host = p;
    if (o->answer != NULL)
        p->port.ask = port_ask;
    p->loop = loop;
    p->pool = pool;
    p->o = *o;
    p->o.db_ms = o->db_ms != 0 ? o->db_ms : vm_limits_default.db_ms;
    p->plugin = mem_dup(o->plugin);
    p->what = mem_dup(o->what);
    p->role = mem_dup(o->role != NULL ? o->role : "authenticated");
    uuid_format(owner, p->owner);
    unsigned most = db_pool_max(pool);
    p->n_link = most < RUN_PORT_CONNECTIONS ? most : RUN_PORT_CONNECTIONS;
    for (unsigned i = 0; i < p->n_link; i++)
        p->link[i].port = p;
    links_open(p);
    return p;
}

const struct port *run_port(struct run_port *p)
{
    return &p->port;
}

void run_port_close(struct run_port **pp)
{
    struct run_port *p = *pp;
    *pp = NULL;
    if (p == NULL)
        return;
    for (struct call *c = p->all, *next; c != NULL; c = next) {
        next = c->all_next;
        if (c->timer != NULL)
            end_sleep(c);
        if (!c->req.wait.done)
            db_req_unref(&c->db); /* what runs is cancelled with its lease */
        if (c->dropped) {
            free_call(c);
            continue;
        }
        c->port = NULL;
        if (!c->req.wait.done) {
            err_set(&c->req.err, ERR_CANCELLED, "cancelled: the run is over");
            c->req.wait.done = true;
        }
    }
    links_close(p);
    while (p->tx != NULL)
        tx_ended(p->tx);
    while (p->cursor != NULL)
        cursor_free(p->cursor);
    mem_free(p->snapshot);
    mem_free(p->plugin);
    mem_free(p->what);
    mem_free(p->role);
    mem_free(p);
}
