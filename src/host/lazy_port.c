#include "host/lazy_port.h"

#include "base/mem.h"
#include "host/run_port.h"

struct lazy_port {
    struct port port;
    struct lazy_port_options o;
    struct db_pool *nothing; /* never connects */
    struct run_port *idle;   /* over nothing: sleep, log, await */
    struct run_port *real;   /* NULL: not asked for yet */
};

/* A request of our own: the database cannot be had. Told from the ports' own by its cancel, which nobody calls: it is done. */
static void never_cancelled(struct wait *w)
{
    (void)w;
}

static struct port_req *failed(const struct err *e)
{
    struct port_req *req = mem_alloc(sizeof *req);
    req->wait.done = true;
    req->wait.cancel = never_cancelled;
    req->err = *e;
    return req;
}

/* The real port, or NULL with *no: a request that says why. */
static const struct port *need(struct lazy_port *l, struct port_req **no)
{
    struct err e = {0};
    struct lazy_database db = {0};
    if (l->real == NULL) {
        if (l->o.open(l->o.arg, &db, &e) != 0) {
            *no = failed(&e);
            return NULL;
        }
        const struct run_port_options o = {
            .writes = l->o.writes, .walled = db.walled, .plugin = "prompt", .what = l->o.what, .db_ms = l->o.db_ms};
        l->real = run_port_open(l->o.loop, db.pool, &db.owner, &o);
    }
    return run_port(l->real);
}

static struct port_req *lazy_query(void *host, const struct port_query *q)
{
    struct port_req *no = NULL;
    const struct port *port = need(host, &no);
    struct port_query stateless = *q;
    stateless.state_json = NULL;
    return port != NULL ? port->query(port->host, &stateless) : no;
}

static struct port_req *lazy_open(void *host, const struct port_query *q)
{
    struct port_req *no = NULL;
    const struct port *port = need(host, &no);
    return port != NULL ? port->open(port->host, q) : no;
}

static struct port_req *lazy_begin(void *host, const char *isolation, bool writes)
{
    struct port_req *no = NULL;
    const struct port *port = need(host, &no);
    return port != NULL ? port->begin(port->host, isolation, writes) : no;
}

/* Cursors and transactions come from the real port: it is there. */
static const struct port *real(void *host)
{
    struct lazy_port *l = host;
    must(l->real != NULL);
    return run_port(l->real);
}

static struct port_req *lazy_fetch(void *host, struct port_cursor *cursor, size_t max_bytes)
{
    return real(host)->fetch(real(host)->host, cursor, max_bytes);
}

static void lazy_close_cursor(void *host, struct port_cursor **cursor)
{
    real(host)->close(real(host)->host, cursor);
}

static struct port_req *lazy_commit(void *host, struct port_tx *tx, const char *state_json)
{
    (void)state_json;
    return real(host)->commit(real(host)->host, tx, NULL);
}

static void lazy_rollback(void *host, struct port_tx **tx)
{
    real(host)->rollback(real(host)->host, tx);
}

static const struct port *any(struct lazy_port *l)
{
    return run_port(l->real != NULL ? l->real : l->idle);
}

static struct port_req *lazy_sleep(void *host, unsigned ms)
{
    struct lazy_port *l = host;
    return run_port(l->idle)->sleep(run_port(l->idle)->host, ms);
}

static void lazy_log(void *host, enum log_level level, const char *text)
{
    any(host)->log(any(host)->host, level, text);
}

static void lazy_await(void *host, struct wait *w)
{
    any(host)->await(any(host)->host, w);
}

static bool lazy_interrupted(void *host)
{
    return any(host)->interrupted(any(host)->host);
}

static void (*port_free)(struct port_req **req); /* that of every run_port */

static void lazy_free(struct port_req **req)
{
    if (*req != NULL && (*req)->wait.cancel == never_cancelled) {
        mem_free(*req);
        *req = NULL;
    } else {
        port_free(req);
    }
}

struct lazy_port *lazy_port_open(const struct lazy_port_options *o)
{
    static const struct db_pool_options nowhere = {.uri = "", .max = 1};
    static const struct uuid nobody;
    struct lazy_port *l = mem_alloc(sizeof *l);
    l->o = *o;
    l->nothing = db_pool_open(o->loop, &nowhere);
    const struct run_port_options idle = {.plugin = "prompt", .what = o->what};
    l->idle = run_port_open(o->loop, l->nothing, &nobody, &idle);
    port_free = run_port(l->idle)->free;
    l->port = (struct port){.host = l,
                            .query = lazy_query,
                            .open = lazy_open,
                            .fetch = lazy_fetch,
                            .close = lazy_close_cursor,
                            .begin = lazy_begin,
                            .commit = lazy_commit,
                            .rollback = lazy_rollback,
                            .sleep = lazy_sleep,
                            .log = lazy_log,
                            .cell = run_port(l->idle)->cell,
                            .free = lazy_free,
                            .await = lazy_await,
                            .interrupted = lazy_interrupted};
    return l;
}

const struct port *lazy_port(struct lazy_port *l)
{
    return &l->port;
}

void lazy_port_close(struct lazy_port **l)
{
    if (*l == NULL)
        return;
    run_port_close(&(*l)->real);
    run_port_close(&(*l)->idle);
    db_pool_close(&(*l)->nothing);
    mem_free(*l);
    *l = NULL;
}
