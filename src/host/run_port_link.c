/* Who gets which connection. Calls wait in one line for any of them, or, inside a transaction, in the line of theirs. */
#include <string.h>

#include "base/log.h"
#include "host/run_port_private.h"

static void line_add(struct call **first, struct call **last, struct call *c)
{
    c->next = NULL;
    if (*first != NULL)
        (*last)->next = c;
    else
        *first = c;
    *last = c;
}

static struct call *line_take(struct call **first)
{
    struct call *c = *first;
    if (c != NULL) {
        *first = c->next;
        c->next = NULL;
    }
    return c;
}

/* last NULL: the line is one that has no end of its own. */
bool line_remove(struct call **first, struct call **last, struct call *c)
{
    struct call *before = NULL, *at = *first;
    for (; at != NULL && at != c; at = at->next)
        before = at;
    if (at == NULL)
        return false;
    if (before != NULL)
        before->next = c->next;
    else
        *first = c->next;
    if (last != NULL && *last == c)
        *last = before;
    c->next = NULL;
    return true;
}

/* --- connections come and go ---------------------------------------------------------------------------------------------------- */

static bool is_lost(const struct link *l)
{
    return l->lease->conn == NULL || db_conn_transaction(l->lease->conn) == PQTRANS_UNKNOWN;
}

static void fail_line(struct call **first, const struct err *e)
{
    for (struct call *c; (c = line_take(first)) != NULL;) {
        c->req.err = *e;
        call_done(c);
    }
}

/* The next reader to begin makes a new one, and those that see the old one are let go when they come free. */
void snapshot_lost(struct run_port *p)
{
    p->exporter = NULL;
    p->generation++;
    mem_free(p->snapshot);
    p->snapshot = NULL;
    p->port.log(p, LOG_WARN, "a connection to the database was lost: what is read from now on is a newer state of the data");
}

/* The connection goes; who holds it finds out with its next call. */
static void drop(struct link *l)
{
    struct run_port *p = l->port;
    struct err e = {0};
    if (l->lease != NULL)
        db_lease_discard(&l->lease);
    if (p->exporter == l)
        snapshot_lost(p);
    for (struct port_tx *t = p->tx; t != NULL; t = t->next)
        if (t->link == l)
            t->link = NULL;
    for (struct port_cursor *c = p->cursor; c != NULL; c = c->next)
        if (c->link == l)
            c->link = NULL;
    struct call *first = l->first;
    *l = (struct link){.port = p};
    err_set(&e, ERR_LOST, "the transaction was lost with its connection");
    fail_line(&first, &e);
}

static void on_leased(struct wait *w)
{
    struct link *l = w->waiter;
    struct run_port *p = l->port;
    loop_soon_ask(p->soon);
}

static void begin_lease(struct link *l)
{
    l->state = LINK_LEASING;
    l->lease = db_pool_lease(l->port->pool);
    l->lease->wait.waiter = l;
    l->lease->wait.wake = on_leased;
    if (l->lease->wait.done)
        on_leased(&l->lease->wait);
}

/* No way to the database: told to all who wait, unless a connection that works will come free. */
static void lease_failed(struct link *l)
{
    struct run_port *p = l->port;
    struct err e = l->lease->err;
    bool others = false;
    db_lease_end(&l->lease);
    *l = (struct link){.port = p};
    for (unsigned i = 0; i < p->n_link; i++)
        others |= p->link[i].state == LINK_LEASING || p->link[i].running != NULL;
    if (!others)
        fail_line(&p->first, &e);
}

static void take_leased(struct link *l)
{
    if (l->state != LINK_LEASING || !l->lease->wait.done)
        return;
    if (l->lease->err.kind != ERR_NONE) {
        lease_failed(l);
        return;
    }
    l->lease->wait.waiter = NULL;
    l->state = LINK_READY;
}

/* --- lines ---------------------------------------------------------------------------------------------------------------------- */

static bool is_free(const struct link *l)
{
    return l->state == LINK_READY && !l->held && l->running == NULL;
}

static void run(struct link *l, struct call *c)
{
    c->link = l;
    l->running = c;
    l->held |= c->kind == CALL_BEGIN || (c->kind == CALL_OPEN && c->tx == NULL);
    call_send(c);
}

/* A reader that has begun goes first; one that begins while the snapshot is still on its way would miss it. */
static struct link *find_free(struct run_port *p)
{
    struct link *best = NULL;
    for (unsigned i = 0; i < p->n_link; i++) {
        struct link *l = &p->link[i];
        if (!is_free(l))
            continue;
        if (is_lost(l) || (l->begun && l->generation != p->generation)) { /* what it sees is no longer what the others see */
            drop(l);
            continue;
        }
        if ((l->begun || !p->exporting) && (best == NULL || (l->begun && !best->begun)))
            best = l;
    }
    return best;
}

void link_pump(struct run_port *p)
{
    for (struct link *l; p->first != NULL && (l = find_free(p)) != NULL;)
        run(l, line_take(&p->first));
    unsigned waiting = 0, coming = 0;
    for (const struct call *c = p->first; c != NULL && waiting < p->n_link; c = c->next)
        waiting++;
    for (unsigned i = 0; i < p->n_link; i++) {
        const struct link *l = &p->link[i];
        bool cleaning = !l->held && l->running != NULL && l->running->kind == CALL_CLEAN;
        coming += l->state == LINK_LEASING || cleaning || is_free(l);
    }
    for (unsigned i = 0; i < p->n_link && coming < waiting; i++)
        if (p->link[i].state == LINK_NONE) {
            begin_lease(&p->link[i]);
            coming++;
        }
}

void link_submit(struct call *c)
{
    struct run_port *p = c->port;
    if (p->spent) {
        budget_text(p, &c->req.err);
        call_done(c);
        return;
    }
    line_add(&p->first, &p->last, c);
    link_pump(p);
}

void link_line_up(struct link *l, struct call *c)
{
    c->link = l;
    if (l->port->spent && c->kind <= CALL_BEGIN) { /* what was done may be committed, and has to be ended */
        budget_text(l->port, &c->req.err);
        call_done(c);
    } else if (l->running == NULL) {
        run(l, c);
    } else {
        line_add(&l->first, &l->last, c);
    }
}

/* A connection that nobody holds is given on only when no transaction of somebody else's is open on it. */
static void settle(struct link *l)
{
    struct run_port *p = l->port;
    PGTransactionStatusType status = db_conn_transaction(l->lease->conn);
    bool dirty = l->dirty || p->o.writes || !l->begun;
    l->dirty = false;
    if (status == PQTRANS_INERROR || (status == PQTRANS_INTRANS && dirty)) {
        struct call *c = call_new(p, CALL_CLEAN);
        c->dropped = true;
        run(l, c);
    }
}

void link_release(struct link *l)
{
    l->held = false;
    l->dirty = true;
    if (l->state == LINK_READY && l->running == NULL && !is_lost(l))
        settle(l);
    link_pump(l->port);
}

static void fail_waiting(struct run_port *p, struct call **first, struct call **last)
{
    for (struct call *c = *first, *next; c != NULL; c = next) {
        next = c->next;
        if (c->kind > CALL_BEGIN)
            continue;
        line_remove(first, last, c);
        budget_text(p, &c->req.err);
        call_done(c);
    }
}

void links_out_of_time(struct run_port *p)
{
    fail_waiting(p, &p->first, &p->last);
    for (unsigned i = 0; i < p->n_link; i++)
        fail_waiting(p, &p->link[i].first, &p->link[i].last);
}

/* --- what has ended ------------------------------------------------------------------------------------------------------------- */

void link_ended(struct call *c)
{
    struct run_port *p = c->port;
    line_add(&p->ended, &p->ended_last, c);
    loop_soon_ask(p->soon);
}

static void end_call(struct call *c)
{
    struct run_port *p = c->port;
    struct link *l = c->link;
    bool clean = c->kind == CALL_CLEAN, failed;
    l->running = NULL;
    budget_step(p, -1);
    call_take(c);
    failed = c->req.err.kind != ERR_NONE;
    c->link = NULL;
    call_done(c); /* may free it */
    if (l->state != LINK_READY || l->running != NULL)
        return; /* its end has made another one run here */
    if (is_lost(l) || (clean && failed)) {
        drop(l);
        return;
    }
    struct call *next = line_take(&l->first);
    if (next != NULL)
        run(l, next);
    else if (!l->held)
        settle(l);
}

static void on_soon(void *arg)
{
    struct run_port *p = arg;
    for (unsigned i = 0; i < p->n_link; i++)
        take_leased(&p->link[i]);
    for (struct call *c; (c = line_take(&p->ended)) != NULL;)
        end_call(c);
    link_pump(p);
}

/* A sleep that wakes what statements wake is a task's, which may hold a connection; the others are the run's own clocks. */
static bool task_sleeps(const struct run_port *p)
{
    if (p->sleeping > 0)
        for (const struct call *c = p->all; c != NULL; c = c->all_next)
            if (c->timer != NULL && c->req.wait.waiter != NULL && c->req.wait.wake == p->first->req.wait.wake)
                return true;
    return false;
}

/* Called when no task of the run can go on. Every connection is held by a transaction or a cursor that nothing runs for: whoever
 * waits for one waits for ever. The one that has waited longest is told; its error lets its own transaction go. */
void links_look_for_deadlock(struct run_port *p)
{
    if (p->first == NULL || p->ended != NULL)
        return;
    for (unsigned i = 0; i < p->n_link; i++)
        if (p->link[i].state != LINK_READY || !p->link[i].held || p->link[i].running != NULL || is_lost(&p->link[i]))
            return;
    if (task_sleeps(p))
        return;
    struct call *c = line_take(&p->first);
    call_fail(
        c, ERR_PLUGIN,
        "a statement waits for a connection, and all %u of this run are held by transactions and loops (ctx.db.tx, "
        "ctx.db.each) that wait too, so none will ever come free: inside ctx.db.tx use the tx it gives (tx.query, tx.each), "
        "and run fewer of them at once",
        p->n_link);
}

void links_open(struct run_port *p)
{
    p->soon = loop_soon_new(p->loop, on_soon, p);
    p->budget = loop_timer_new(p->loop, budget_spent, p);
}

void links_close(struct run_port *p)
{
    for (unsigned i = 0; i < p->n_link; i++)
        if (p->link[i].lease != NULL) {
            p->link[i].lease->wait.waiter = NULL;
            db_lease_discard(&p->link[i].lease);
        }
    loop_soon_free(&p->soon);
    loop_timer_free(&p->budget);
}
