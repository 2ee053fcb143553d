/* The pool: a slot per connection, a queue of leases. Whatever changes, feed() brings the two together. */
#include "db/pool.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "db/conn_private.h"

enum {
    DEFAULT_MAX = 4,
    DEFAULT_CONNECT_MS = 10000,
    FIRST_DELAY_MS = 50,
    MAX_DELAY_MS = 2000,
    ROLLBACK_TIMEOUT_MS = 5000,
};

enum slot_state { SLOT_EMPTY, SLOT_CONNECTING, SLOT_IDLE, SLOT_LENT, SLOT_SETTLING };

struct slot {
    enum slot_state state;
    struct db_pool *pool;
    struct db_conn *conn;
    struct db_lease *lease; /* LENT */
    bool rolled_back;       /* SETTLING: the pool has sent its ROLLBACK */
    uint64_t used;          /* when it was given back; the last one used goes first, so that the others may rest */
};

struct lease_private {
    struct db_pool *pool; /* NULL: the pool is gone, or the lease is over */
    struct slot *slot;
    struct db_lease *next, *prev; /* while it waits */
    int64_t until_us;             /* no more tries to connect after this */
};

struct db_pool {
    struct loop *loop;
    struct conn_options conn;
    char *uri, *name;
    unsigned max, retry_for_ms;
    struct slot *slots;
    struct db_lease *first, *last;
    uv_timer_t *timer; /* the pause before the next try to connect */
    bool pausing;
    unsigned delay_ms;
    uint64_t uses;
    struct err last_err;
};

static void feed(struct db_pool *pool);

struct db_pool *db_pool_open(struct loop *loop, const struct db_pool_options *options)
{
    struct db_pool *pool = mem_alloc(sizeof *pool);
    pool->loop = loop;
    pool->uri = mem_dup(options->uri != NULL ? options->uri : "");
    pool->name = mem_dup(options->application_name != NULL ? options->application_name : "tidemark");
    pool->max = options->max != 0 ? options->max : DEFAULT_MAX;
    pool->retry_for_ms = options->retry_for_ms;
    pool->delay_ms = FIRST_DELAY_MS;
    pool->conn = (struct conn_options){
        .uri = pool->uri,
        .application_name = pool->name,
        .connect_timeout_ms = options->connect_timeout_ms != 0 ? options->connect_timeout_ms : DEFAULT_CONNECT_MS,
    };
    pool->slots = mem_array(pool->max, sizeof *pool->slots);
    for (unsigned i = 0; i < pool->max; i++)
        pool->slots[i].pool = pool;
    pool->timer = mem_alloc(sizeof *pool->timer);
    uv_timer_init(loop_uv(loop), pool->timer);
    pool->timer->data = pool;
    return pool;
}

static void unlink_lease(struct db_pool *pool, struct db_lease *lease)
{
    struct lease_private *p = lease->priv;
    if (p->prev != NULL)
        p->prev->priv->next = p->next;
    else
        pool->first = p->next;
    if (p->next != NULL)
        p->next->priv->prev = p->prev;
    else
        pool->last = p->prev;
    p->next = p->prev = NULL;
}

static void fail_lease(struct db_pool *pool, struct db_lease *lease, const struct err *e)
{
    unlink_lease(pool, lease);
    lease->priv->pool = NULL;
    lease->err = *e;
    wait_done(&lease->wait);
}

static void on_pause_over(uv_timer_t *timer)
{
    struct db_pool *pool = timer->data;
    pool->pausing = false;
    feed(pool);
}

/* Doubles, with up to half of it taken off at random: many clients of one server must not all come back at once. */
static unsigned next_delay(struct db_pool *pool)
{
    unsigned delay = pool->delay_ms;
    pool->delay_ms = delay * 2 < MAX_DELAY_MS ? delay * 2 : MAX_DELAY_MS;
    uint32_t dice = 0;
    uv_random(NULL, NULL, &dice, sizeof dice, 0, NULL);
    return delay - dice % (delay / 2);
}

/* Leases whose time for trying is over fail; the others wait for the next try. While another connection of ours works, they
 * wait for that one instead. */
static void connect_failed(struct db_pool *pool, const struct err *e)
{
    bool others = false;
    for (unsigned i = 0; i < pool->max; i++)
        others |= pool->slots[i].state == SLOT_LENT || pool->slots[i].state == SLOT_SETTLING;
    bool retry = conn_worth_retrying(e);
    int64_t now = clock_mono_us(), soonest = INT64_MAX;
    for (struct db_lease *l = pool->first, *next; l != NULL; l = next) {
        next = l->priv->next;
        if (!retry || (!others && now >= l->priv->until_us))
            fail_lease(pool, l, e);
        else if (l->priv->until_us > now && l->priv->until_us < soonest)
            soonest = l->priv->until_us;
    }
    if (pool->first == NULL || pool->pausing)
        return;
    uint64_t delay = next_delay(pool);
    if (soonest != INT64_MAX && (uint64_t)(soonest - now) / 1000 < delay)
        delay = (uint64_t)(soonest - now) / 1000 + 1; /* the last try is at the end of the time, not after it */
    log_debug("%s; next try in %llu ms", e->text, (unsigned long long)delay);
    pool->pausing = true;
    uv_update_time(loop_uv(pool->loop));
    uv_timer_start(pool->timer, on_pause_over, delay, 0);
}

static void empty(struct slot *s)
{
    s->state = SLOT_EMPTY;
    s->lease = NULL;
    if (s->conn != NULL)
        conn_free_later(&s->conn);
}

/* A connection came back. It is idle only when no transaction is open; the pool sees to that, not the borrower. */
static void settle(struct slot *s)
{
    struct db_conn *c = s->conn;
    if (c->state == CONN_BUSY || c->state == CONN_HELD || c->state == CONN_CONNECTING)
        return; /* on_change comes when it is over */
    if (c->state == CONN_CLOSED) {
        empty(s);
    } else if (PQtransactionStatus(c->pg) == PQTRANS_IDLE) {
        s->state = SLOT_IDLE;
        s->used = ++s->pool->uses;
    } else if (!s->rolled_back) {
        s->rolled_back = true;
        struct db_req *req = db_conn_query(c, "ROLLBACK", NULL, ROLLBACK_TIMEOUT_MS);
        db_req_unref(&req);
        return;
    } else {
        empty(s); /* it cannot be rolled back */
    }
    feed(s->pool);
}

static void on_change(struct db_conn *c, void *owner)
{
    struct slot *s = owner;
    struct db_pool *pool = s->pool;
    if (s->state == SLOT_CONNECTING && c->state == CONN_IDLE) {
        pool->delay_ms = FIRST_DELAY_MS;
        s->state = SLOT_IDLE;
        s->used = ++pool->uses;
        feed(pool);
    } else if (s->state == SLOT_CONNECTING && c->state == CONN_CLOSED) {
        struct err e = c->err;
        empty(s);
        connect_failed(pool, &e);
    } else if (s->state == SLOT_SETTLING) {
        settle(s);
    } else if (s->state == SLOT_IDLE && c->state == CONN_CLOSED) {
        empty(s);
    } /* LENT: the borrower's requests have been told */
}

static struct slot *last_used_idle(struct db_pool *pool)
{
    for (;;) {
        struct slot *best = NULL;
        for (unsigned i = 0; i < pool->max; i++) {
            struct slot *s = &pool->slots[i];
            if (s->state == SLOT_IDLE && (best == NULL || s->used > best->used))
                best = s;
        }
        if (best == NULL || conn_alive(best->conn))
            return best;
        /* It died unnoticed; on_change has emptied the slot: look again. */
    }
}

/* true: something is on its way. */
static bool connect_one(struct db_pool *pool)
{
    struct slot *s = NULL;
    for (unsigned i = 0; i < pool->max && s == NULL; i++)
        if (pool->slots[i].state == SLOT_EMPTY)
            s = &pool->slots[i];
    if (s == NULL || pool->pausing)
        return false;
    struct err e = {0};
    s->state = SLOT_CONNECTING;
    s->conn = conn_open(pool->loop, &pool->conn, on_change, s, &e);
    if (s->conn != NULL)
        return true;
    s->state = SLOT_EMPTY;
    connect_failed(pool, &e);
    return false;
}

static void feed(struct db_pool *pool)
{
    while (pool->first != NULL) {
        struct slot *s = last_used_idle(pool);
        if (s == NULL)
            break;
        struct db_lease *lease = pool->first;
        unlink_lease(pool, lease);
        s->state = SLOT_LENT;
        s->lease = lease;
        s->rolled_back = false;
        lease->priv->slot = s;
        lease->conn = s->conn;
        wait_done(&lease->wait);
    }
    unsigned waiting = 0, connecting = 0;
    for (struct db_lease *l = pool->first; l != NULL; l = l->priv->next)
        waiting++;
    for (unsigned i = 0; i < pool->max; i++)
        connecting += pool->slots[i].state == SLOT_CONNECTING;
    while (connecting < waiting && connect_one(pool))
        connecting++;
}

static void cancel_lease(struct wait *w)
{
    struct db_lease *lease = (struct db_lease *)w; /* wait is its first member */
    struct err e = {0};
    err_set(&e, ERR_CANCELLED, "cancelled while waiting for a connection to the database");
    if (lease->priv->pool != NULL)
        fail_lease(lease->priv->pool, lease, &e);
}

struct db_lease *db_pool_lease(struct db_pool *pool)
{
    struct db_lease *lease = mem_alloc(sizeof *lease);
    struct lease_private *p = lease->priv = mem_alloc(sizeof *p);
    lease->wait.cancel = cancel_lease;
    p->pool = pool;
    p->until_us = clock_mono_us() + (int64_t)pool->retry_for_ms * 1000;
    p->prev = pool->last;
    if (pool->last != NULL)
        pool->last->priv->next = lease;
    else
        pool->first = lease;
    pool->last = lease;
    feed(pool);
    return lease;
}

/* The slot that the connection stands in now, or NULL where the lease had none. */
static struct slot *give_back(struct db_lease **lease)
{
    struct db_lease *l = *lease;
    *lease = NULL;
    if (l == NULL)
        return NULL;
    l->wait.waiter = NULL;
    struct db_pool *pool = l->priv->pool;
    struct slot *s = l->priv->slot;
    if (pool != NULL && s == NULL && !l->wait.done)
        unlink_lease(pool, l);
    mem_free(l->priv);
    mem_free(l);
    if (pool == NULL || s == NULL)
        return NULL;
    s->lease = NULL;
    s->state = SLOT_SETTLING;
    conn_cancel_all(s->conn);
    return s;
}

void db_lease_end(struct db_lease **lease)
{
    struct slot *s = give_back(lease);
    if (s != NULL && s->state == SLOT_SETTLING) /* on_change may have dealt with it meanwhile */
        settle(s);
}

void db_lease_discard(struct db_lease **lease)
{
    struct slot *s = give_back(lease);
    if (s == NULL || s->state == SLOT_EMPTY)
        return;
    struct db_pool *pool = s->pool;
    empty(s); /* the request to cancel, if there is one, goes on its own way */
    feed(pool);
}

unsigned db_pool_max(const struct db_pool *pool)
{
    return pool->max;
}

static void free_timer(uv_handle_t *handle)
{
    mem_free(handle);
}

void db_pool_close(struct db_pool **pool)
{
    struct db_pool *p = *pool;
    *pool = NULL;
    if (p == NULL)
        return;
    struct err e = {0};
    err_set(&e, ERR_CANCELLED, "cancelled: the connections to the database were closed");
    while (p->first != NULL)
        fail_lease(p, p->first, &e);
    for (unsigned i = 0; i < p->max; i++) {
        struct slot *s = &p->slots[i];
        if (s->conn == NULL)
            continue;
        s->conn->on_change = NULL;
        conn_cancel_all(s->conn); /* the request to cancel goes on its own way; nobody waits for its effect */
        if (s->lease != NULL) {
            s->lease->priv->pool = NULL;
            s->lease->conn = NULL;
        }
        empty(s);
    }
    uv_close((uv_handle_t *)p->timer, free_timer);
    mem_free(p->slots);
    mem_free(p->uri);
    mem_free(p->name);
    mem_free(p);
}
