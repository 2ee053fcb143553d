/* What became of a call, put where its owner looks. */
#include <stdlib.h>
#include <string.h>

#include "host/run_port_private.h"

static const char *field(const PGresult *failure, int which)
{
    return failure != NULL ? PQresultErrorField(failure, which) : NULL;
}

/* How much of a DECLARE stands before the plugin's statement, in characters. */
static int before_statement(const struct call *c)
{
    int number = 1;
    for (unsigned n = c->number; n >= 10; n /= 10)
        number++;
    return c->kind == CALL_OPEN ? (int)strlen("DECLARE tidemark_ NO SCROLL CURSOR FOR ") + number : 0;
}

static void take_trouble(struct call *c)
{
    struct port_trouble *t = &c->req.trouble;
    const PGresult *f = c->db->failure;
    const char *constraint = field(f, PG_DIAG_CONSTRAINT_NAME);
    *t = (struct port_trouble){
        .message = field(f, PG_DIAG_MESSAGE_PRIMARY),
        .detail = field(f, PG_DIAG_MESSAGE_DETAIL),
        .hint = field(f, PG_DIAG_MESSAGE_HINT),
        .constraint = constraint,
        .schema = field(f, PG_DIAG_SCHEMA_NAME),
        .table = field(f, PG_DIAG_TABLE_NAME),
        .column = field(f, PG_DIAG_COLUMN_NAME),
    };
    int position = c->db->failed == c->main ? c->db->position - before_statement(c) : 0;
    t->position = position > 0 ? position : 0;
}

/* What the server has against a plugin's statement is the plugin's fault; what it has against ours is not. */
static void take_error(struct call *c)
{
    const struct run_port *p = c->port;
    struct err *e = &c->req.err;
    *e = c->db->err;
    if (c->over_budget && (e->kind == ERR_CANCELLED || e->kind == ERR_TEMPORARY)) {
        budget_text(p, e);
        return;
    }
    size_t failed = c->db->failed;
    if (e->kind == ERR_TEMPORARY && strcmp(e->sqlstate, "57014") == 0) { /* the server was faster */
        budget_text(p, e);
        return;
    }
    take_trouble(c);
    if (e->kind != ERR_BUG && e->kind != ERR_CONFLICT)
        return;
    /* What a commit or the keeping of ctx.state meets (a deferred constraint, a value too large) comes of what the plugin did. */
    if (c->kind == CALL_COMMIT || failed == c->main || (c->main != SIZE_MAX && failed > c->main)) {
        e->kind = ERR_PLUGIN;
    } else if (failed == c->role) {
        e->kind = ERR_CONFIG;
        err_in(e, "%s: its statements cannot run as role '%s'", p->what, p->role);
    } else if (failed == c->taken_up) {
        snapshot_lost(c->port);
        err_set(e, ERR_LOST, "the state of the data that this run reads was lost with a connection");
    } else {
        err_in(e, "%s: beginning a transaction for its owner", p->what);
    }
}

static void take_rows(struct call *c)
{
    struct port_req *r = &c->req;
    const PGresult *res = c->db->results[c->main];
    c->answer = res;
    r->n_column = (size_t)PQnfields(res);
    r->n_row = (size_t)PQntuples(res);
    r->affected = strtoll(PQcmdTuples((PGresult *)res), NULL, 10);
    struct port_column *column = arena_alloc(&c->arena, (r->n_column + 1) * sizeof *column);
    for (size_t i = 0; i < r->n_column; i++)
        column[i] = (struct port_column){PQfname(res, (int)i), PQftype(res, (int)i), PQfmod(res, (int)i)};
    r->column = column;
}

/* The next piece: as many rows as fit, by the size of the ones before; carefully more at a time. */
static void take_piece(struct call *c)
{
    struct port_cursor *cursor = c->cursor;
    take_rows(c);
    c->req.last = c->req.n_row < c->rows;
    if (cursor == NULL || c->req.n_row == 0)
        return;
    size_t each = PQresultMemorySize(c->answer) / c->req.n_row;
    size_t fit = c->max_bytes / (each > 0 ? each : 1);
    if (fit > cursor->rows * 8)
        fit = cursor->rows * 8;
    cursor->rows = fit > 0 ? fit : 1;
}

static void take_tx(struct call *c)
{
    struct run_port *p = c->port;
    struct port_tx *tx = mem_alloc(sizeof *tx);
    *tx = (struct port_tx){.port = p, .link = c->link, .next = p->tx};
    p->tx = tx;
    if (c->dropped)
        port_rollback(p, &tx);
    c->req.tx = tx;
}

static void take_cursor(struct call *c)
{
    struct run_port *p = c->port;
    struct port_cursor *cursor = mem_alloc(sizeof *cursor);
    *cursor = (struct port_cursor){.port = p, .link = c->link, .tx = c->tx, .next = p->cursor, .number = c->number};
    cursor->rows = CURSOR_FIRST_ROWS;
    p->cursor = cursor;
    if (c->dropped)
        port_close(p, &cursor);
    c->req.cursor = cursor;
}

/* The server answers a COMMIT of a failed transaction with ROLLBACK, which is no error to it. */
static void take_commit(struct call *c, bool failed)
{
    const struct run_port *p = c->port;
    struct port_tx *tx = c->tx;
    struct link *l = c->link;
    c->tx = NULL;
    if (!failed && p->o.writes && strcmp(PQcmdStatus(c->db->results[c->main]), "COMMIT") != 0)
        err_set(&c->req.err, ERR_PLUGIN, "the transaction was rolled back, as a statement in it had failed");
    tx_ended(tx);
    l->held = false;
    l->dirty = true;
}

/* The transaction that a run reads in is open now, whatever became of the statement behind it. */
static void take_reader(struct call *c)
{
    struct run_port *p = c->port;
    const PGresult *id = c->snapshot != SIZE_MAX ? c->db->results[c->snapshot] : NULL;
    if (c->snapshot != SIZE_MAX)
        p->exporting = false;
    size_t savepoint = c->main != SIZE_MAX ? c->main - 1 : c->db->n_results - 1;
    if (c->db->results[savepoint] == NULL)
        return;
    c->link->begun = true;
    if (id != NULL) {
        p->snapshot = mem_dup(PQgetvalue(id, 0, 0));
        p->exporter = c->link;
    }
}

void call_take(struct call *c)
{
    bool failed = c->db->err.kind != ERR_NONE;
    if (c->orphan) {
        err_set(&c->req.err, ERR_CANCELLED, "cancelled: its transaction was taken back");
        return;
    }
    if (!c->port->o.writes && !c->link->begun && c->kind <= CALL_BEGIN)
        take_reader(c);
    if (failed)
        take_error(c);
    if (failed && (c->kind == CALL_BEGIN || (c->kind == CALL_OPEN && c->tx == NULL)))
        c->link->held = false;
    switch (c->kind) {
    case CALL_QUERY:
        if (!failed)
            take_rows(c);
        break;
    case CALL_FETCH:
        if (!failed)
            take_piece(c);
        break;
    case CALL_BEGIN:
        if (!failed)
            take_tx(c);
        break;
    case CALL_OPEN:
        if (!failed)
            take_cursor(c);
        break;
    case CALL_COMMIT: take_commit(c, failed); break;
    default: break;
    }
}
