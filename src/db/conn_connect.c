/* From an address to a connection that works: libpq's steps on the loop, and the end of a connection. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "db/conn_private.h"

enum { MAX_OPTIONS = 64, SLOW_LOOKUP_MS = 500, SETUP_TIMEOUT_MS = 10000 };

struct keywords {
    const char *key[MAX_OPTIONS + 4], *value[MAX_OPTIONS + 4];
    int n;
};

static void add(struct keywords *k, const char *key, const char *value)
{
    k->key[k->n] = key;
    k->value[k->n++] = value;
}

/* libpq looks at ports so late that a bad one reads like a server that is away. */
static int check_ports(const char *ports, struct err *e)
{
    for (const char *p = ports;; p++) {
        char *end = NULL;
        size_t n = strcspn(p, ",");
        long port = strtol(p, &end, 10);
        if (n > 0 && (end != p + n || port < 1 || port > 65535))
            return err_set(e, ERR_CONFIG, "the database's address cannot be used: \"%.*s\" is not a port (1 to 65535)", (int)n,
                           p);
        p += n;
        if (*p == '\0')
            return 0;
    }
}

/* All of the address's own options, with ours around them: the name it may override, the encoding it may not. */
static PQconninfoOption *parse(const struct conn_options *options, struct keywords *k, struct err *e)
{
    char *said = NULL;
    PQconninfoOption *parsed = PQconninfoParse(options->uri, &said);
    if (parsed == NULL) {
        error_bad_uri(options->uri, said, e);
        PQfreemem(said);
        return NULL;
    }
    add(k, "fallback_application_name", options->application_name);
    for (const PQconninfoOption *o = parsed; o->keyword != NULL && k->n < MAX_OPTIONS; o++) {
        if (o->val != NULL)
            add(k, o->keyword, o->val);
        if (o->val != NULL && strcmp(o->keyword, "port") == 0 && check_ports(o->val, e) != 0) {
            PQconninfoFree(parsed);
            return NULL;
        }
    }
    add(k, "client_encoding", "UTF8");
    k->key[k->n] = k->value[k->n] = NULL;
    return parsed;
}

static void on_notice(void *arg, const PGresult *res)
{
    struct db_conn *c = arg;
    const char *severity = PQresultErrorField(res, PG_DIAG_SEVERITY_NONLOCALIZED);
    char said[sizeof c->notice];
    error_trimmed(PQresultErrorMessage(res), said, sizeof said);
    if (severity != NULL && (strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0))
        memcpy(c->notice, said, sizeof said); /* said to an idle connection, just before its end */
    else if (severity != NULL && strcmp(severity, "WARNING") == 0)
        log_warn("database: %s", said);
    else
        log_debug("database: %s", said);
}

static const char *option(const PQconninfoOption *options, const char *key)
{
    for (const PQconninfoOption *o = options; o->keyword != NULL; o++)
        if (strcmp(o->keyword, key) == 0)
            return o->val != NULL ? o->val : "";
    return "";
}

/* Names the goal as libpq understood it, environment and service file included; never the password. */
static void describe(struct db_conn *c, unsigned timeout_ms)
{
    PQconninfoOption *all = PQconninfo(c->pg);
    if (all == NULL) {
        c->target = mem_dup("the database");
        return;
    }
    const char *host = option(all, "host"), *port = option(all, "port"), *name = option(all, "dbname");
    const char *user = option(all, "user");
    if (host[0] == '\0')
        host = option(all, "hostaddr");
    struct buf text = {0};
    if (name[0] != '\0')
        buf_printf(&text, "database \"%s\" on ", name);
    buf_str(&text, host[0] != '\0' ? host : "the local socket");
    if (port[0] != '\0')
        buf_printf(&text, " port %s", port);
    if (user[0] != '\0')
        buf_printf(&text, " as \"%s\"", user);
    c->target = buf_take(&text);
    int seconds = atoi(option(all, "connect_timeout"));
    c->connect_ms = seconds > 0 && seconds < 1000000 ? (unsigned)seconds * 1000 : timeout_ms;
    PQconninfoFree(all);
}

static void start(struct db_conn *c, const struct keywords *k)
{
    int64_t before = clock_mono_us();
    c->pg = PQconnectStartParams(k->key, k->value, 0);
    int64_t took_ms = (clock_mono_us() - before) / 1000;
    must(c->pg != NULL);
    if (took_ms > SLOW_LOOKUP_MS) /* libpq asks the resolver in the foreground: everything else stood still */
        log_warn("looking up the database's host took %lld ms; \"hostaddr\" in its address avoids that", (long long)took_ms);
    PQsetNoticeReceiver(c->pg, on_notice, c);
    PQsetErrorVerbosity(c->pg, PQERRORS_VERBOSE); /* see error_of_connect */
}

static void free_timer(uv_handle_t *handle)
{
    struct db_conn *c = handle->data;
    mem_free(handle);
    mem_free(c->target);
    mem_free(c);
}

struct db_conn *conn_open(struct loop *loop, const struct conn_options *options, conn_event_fn on_change, void *owner,
                          struct err *e)
{
    struct keywords k = {0};
    PQconninfoOption *parsed = parse(options, &k, e);
    if (parsed == NULL)
        return NULL;
    struct db_conn *c = mem_alloc(sizeof *c);
    c->loop = loop;
    c->fd = -1;
    c->on_change = on_change;
    c->owner = owner;
    c->timer = mem_alloc(sizeof *c->timer);
    uv_timer_init(loop_uv(loop), c->timer);
    c->timer->data = c;
    start(c, &k);
    describe(c, options->connect_timeout_ms);
    if (PQstatus(c->pg) == CONNECTION_BAD) {
        error_of_connect(c, e);
        /* An option that cannot be understood looks like a server that does not answer; the ping tells them apart. */
        if (e->sqlstate[0] == '\0' && PQpingParams(k.key, k.value, 0) == PQPING_NO_ATTEMPT)
            e->kind = ERR_CONFIG;
        PQconninfoFree(parsed);
        conn_free_later(&c);
        return NULL;
    }
    PQconninfoFree(parsed);
    uv_update_time(loop_uv(loop));
    uv_timer_start(c->timer, conn_on_timer, c->connect_ms, 0);
    conn_watch(c, UV_WRITABLE);
    return c;
}

/* Answers are read by code, so the server's taste in dates must not change them. SET and not set_config(), which not every login may
 * execute. true: statements are on their way. */
static bool set_up(struct db_conn *c)
{
    const char *style = PQparameterStatus(c->pg, "DateStyle"), *zone = PQparameterStatus(c->pg, "TimeZone");
    if (style != NULL && strncmp(style, "ISO", 3) == 0 && zone != NULL && strcmp(zone, "UTC") == 0)
        return false;
    static const struct db_statement settings[] = {{.sql = "SET DateStyle = 'ISO'"}, {.sql = "SET TimeZone = 'UTC'"}};
    struct db_req *req = batch_new(2, SETUP_TIMEOUT_MS);
    req->priv->setup = true;
    /* In front of whatever was asked for meanwhile. */
    struct db_req *first = c->first, *last = c->last;
    c->first = c->last = NULL;
    conn_submit_batch(c, req, settings);
    db_req_unref(&req);
    if (c->state != CONN_CLOSED && first != NULL) {
        c->first = first;
        c->last = last;
    }
    return true;
}

static void connected(struct db_conn *c)
{
    uv_timer_stop(c->timer);
    PQsetErrorVerbosity(c->pg, PQERRORS_DEFAULT);
    PQsetnonblocking(c->pg, 1);
    conn_watch(c, UV_READABLE);
    c->state = CONN_IDLE;
    if (set_up(c))
        return;
    c->ready = true;
    conn_feed(c);
}

void conn_connect_step(struct db_conn *c)
{
    conn_watch(c, 0); /* first: libpq may close this socket, and the next one may get the same number */
    switch (PQconnectPoll(c->pg)) {
    case PGRES_POLLING_READING: conn_watch(c, UV_READABLE); break;
    case PGRES_POLLING_WRITING: conn_watch(c, UV_WRITABLE); break;
    case PGRES_POLLING_OK: connected(c); break;
    default: {
        struct err e = {0};
        error_of_connect(c, &e);
        conn_close(c, &e);
        break;
    }
    }
}

static void fail(struct db_req *req, const struct err *why)
{
    if (req->err.kind == ERR_NONE)
        req->err = *why;
    req_finish(req);
}

void conn_close(struct db_conn *c, const struct err *why)
{
    if (c->state == CONN_CLOSED)
        return;
    c->state = CONN_CLOSED;
    c->err = *why;
    if (!c->ready && c->err.kind == ERR_LOST) {
        c->err.kind = ERR_UNAVAILABLE;
        err_in(&c->err, "cannot connect to %s", c->target);
    }
    uv_timer_stop(c->timer);
    conn_cancel_detach(c);
    if (c->poll != NULL) {
        uv_poll_stop(c->poll);
        PQfinish(c->pg);
        c->pg = NULL;
        conn_watch(c, 0); /* no socket any more: closes the handle */
    }
    PQfinish(c->pg);
    c->pg = NULL;
    struct db_req *running = c->running, *queued = c->first;
    c->running = c->first = c->last = NULL;
    if (running != NULL)
        fail(running, &c->err);
    while (queued != NULL) {
        struct db_req *req = queued;
        queued = req->priv->next;
        req->priv->next = NULL;
        fail(req, &c->err);
    }
    if (c->on_change != NULL)
        c->on_change(c, c->owner);
}

void conn_free_later(struct db_conn **c)
{
    struct db_conn *conn = *c;
    *c = NULL;
    conn->on_change = NULL;
    struct err e = {0};
    err_set(&e, ERR_CANCELLED, "cancelled: the connection was closed");
    conn_close(conn, &e);
    uv_close((uv_handle_t *)conn->timer, free_timer);
}
