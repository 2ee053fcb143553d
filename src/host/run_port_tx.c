/* Transactions of a run's own, and results read piece by piece. Each holds a connection. */
#include <string.h>

#include "host/run_port_private.h"

void cursor_free(struct port_cursor *cursor)
{
    struct port_cursor **at = &cursor->port->cursor;
    while (*at != cursor)
        at = &(*at)->next;
    *at = cursor->next;
    mem_free(cursor);
}

void tx_ended(struct port_tx *tx)
{
    struct port_tx **at = &tx->port->tx;
    while (*at != tx)
        at = &(*at)->next;
    *at = tx->next;
    for (struct port_cursor *c = tx->port->cursor; c != NULL; c = c->next)
        if (c->tx == tx) {
            c->tx = NULL;
            c->link = NULL;
        }
    mem_free(tx);
}

struct port_req *port_begin(void *host, const char *isolation, bool writes)
{
    struct run_port *p = host;
    struct call *c = call_new(p, CALL_BEGIN);
    static const char *const levels[][2] = {
        {"read committed", "READ COMMITTED"}, {"repeatable read", "REPEATABLE READ"}, {"serializable", "SERIALIZABLE"}};
    c->writes = writes;
    if (writes && !p->o.writes)
        return &call_fail(c, ERR_PLUGIN, "a report or a rule only reads: what changes data belongs into a job or a script")
                    ->req;
    for (size_t i = 0; isolation != NULL && i < sizeof levels / sizeof *levels; i++)
        if (strcmp(isolation, levels[i][0]) == 0)
            c->isolation = levels[i][1];
    if (isolation != NULL && c->isolation == NULL)
        return &call_fail(c, ERR_PLUGIN,
                          "isolation must be \"read committed\", \"repeatable read\" or \"serializable\", not \"%s\"",
                          isolation)
                    ->req;
    link_submit(c);
    return &c->req;
}

struct port_req *port_commit(void *host, struct port_tx *tx, const char *state_json)
{
    struct run_port *p = host;
    struct call *c = call_new(p, CALL_COMMIT);
    c->tx = tx;
    if (tx->link == NULL)
        return &call_fail(c, ERR_LOST, "the transaction was lost with its connection")->req;
    if (state_json != NULL && p->o.writes)
        c->state_json = arena_dup(&c->arena, state_json);
    link_line_up(tx->link, c);
    return &c->req;
}

/* Whatever the connection runs or was to run for what has ended. */
static void cancel_on(struct link *l, const struct port_tx *tx, const struct port_cursor *cursor)
{
    for (struct call *c = l->first, *next; c != NULL; c = next) {
        next = c->next;
        if ((tx != NULL && c->tx == tx) || (cursor != NULL && c->cursor == cursor)) {
            c->cursor = NULL;
            call_cancel(c);
        }
    }
    struct call *c = l->running;
    if (c != NULL && ((tx != NULL && c->tx == tx) || (cursor != NULL && c->cursor == cursor))) {
        c->cursor = NULL;
        call_cancel(c);
    }
}

void port_rollback(void *host, struct port_tx **ptx)
{
    (void)host;
    struct port_tx *tx = *ptx;
    *ptx = NULL;
    if (tx == NULL)
        return;
    struct link *l = tx->link;
    if (l != NULL)
        cancel_on(l, tx, NULL);
    for (struct call *c = tx->port->all; c != NULL; c = c->all_next)
        if (c->tx == tx) {
            c->tx = NULL;
            c->orphan = true;
        }
    tx_ended(tx);
    if (l != NULL)
        link_release(l);
}

struct port_req *port_open(void *host, const struct port_query *q)
{
    struct run_port *p = host;
    struct call *c = call_of_query(p, CALL_OPEN, q);
    c->number = ++p->cursors;
    call_start(c);
    return &c->req;
}

struct port_req *port_fetch(void *host, struct port_cursor *cursor, size_t max_bytes)
{
    struct run_port *p = host;
    struct call *c = call_new(p, CALL_FETCH);
    c->cursor = cursor;
    c->number = cursor->number;
    c->rows = cursor->rows;
    c->max_bytes = max_bytes;
    c->tx = cursor->tx;
    if (cursor->link == NULL)
        return &call_fail(c, ERR_LOST,
                          "the rows cannot be read on: their transaction has ended or was lost with its connection")
                    ->req;
    link_line_up(cursor->link, c);
    return &c->req;
}

void port_close(void *host, struct port_cursor **pc)
{
    struct run_port *p = host;
    struct port_cursor *cursor = *pc;
    *pc = NULL;
    if (cursor == NULL)
        return;
    struct link *l = cursor->link;
    struct port_tx *tx = cursor->tx;
    unsigned number = cursor->number;
    if (l != NULL)
        cancel_on(l, NULL, cursor);
    for (struct call *c = p->all; c != NULL; c = c->all_next)
        if (c->cursor == cursor)
            c->cursor = NULL;
    cursor_free(cursor);
    if (l == NULL)
        return;
    if (tx == NULL) {
        link_release(l);
        return;
    }
    struct call *c = call_new(p, CALL_CLOSE);
    c->dropped = true;
    c->tx = tx;
    c->number = number;
    link_line_up(l, c);
}
