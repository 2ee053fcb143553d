/* What is sent for a call: its statement, with all that has to stand around it, in one go. */
#include "host/identity.h"
#include "host/run_port_private.h"

enum { STATEMENTS_MAX = 20 };

#define SAVEPOINT "tidemark_read"

struct batch {
    struct call *call;
    struct db_statement s[STATEMENTS_MAX];
    size_t n;
};

static size_t add(struct batch *b, const char *sql)
{
    must(b->n < STATEMENTS_MAX);
    b->s[b->n] = (struct db_statement){.sql = sql};
    return b->n++;
}

static size_t add_main(struct batch *b, const char *sql)
{
    size_t at = add(b, sql);
    b->s[at] = b->call->statement;
    b->s[at].sql = sql;
    b->call->main = at;
    return at;
}

static void add_identity(struct batch *b)
{
    const struct run_port *p = b->call->port;
    const char *who[IDENTITY_WHO];
    identity_who(&b->call->arena, p->owner, p->role, who);
    b->call->role = b->n;
    for (size_t i = 0; i < IDENTITY_WHO; i++)
        add(b, who[i]);
}

/* The limits are a second line behind the host's own: they hold when the host is busy inside the plugin. */
static void add_settings(struct batch *b)
{
    const struct run_port *p = b->call->port;
    for (size_t i = 0; i < IDENTITY_SETTINGS; i++)
        add(b, identity_settings[i]);
    add(b, arena_printf(&b->call->arena, "SET LOCAL statement_timeout = %u", p->o.db_ms));
    if (p->o.writes) /* a run that waits for a row of its own other transaction would wait for all of its time */
        add(b, "SET LOCAL lock_timeout = '30s'");
}

/* The one transaction of a connection that reads. Its state is the first one's of the run. */
static void add_reader(struct batch *b)
{
    struct call *c = b->call;
    struct run_port *p = c->port;
    add(b, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    if (p->snapshot != NULL)
        c->taken_up = add(b, arena_printf(&c->arena, "SET TRANSACTION SNAPSHOT '%s'", p->snapshot));
    add_identity(b);
    add_settings(b);
    if (p->snapshot == NULL) {
        c->snapshot = add(b, "SELECT pg_catalog.pg_export_snapshot()");
        p->exporting = true;
    }
    add(b, "SAVEPOINT " SAVEPOINT);
    c->link->generation = p->generation;
}

static void add_begin(struct batch *b)
{
    const struct call *c = b->call;
    const char *level = c->isolation != NULL ? c->isolation : "READ COMMITTED";
    add(b, arena_printf(&b->call->arena, "BEGIN ISOLATION LEVEL %s %s", level, c->writes ? "READ WRITE" : "READ ONLY"));
    add_identity(b);
    add_settings(b);
}

static void add_state(struct batch *b)
{
    static const char sql[] =
        "WITH given AS (SELECT key, value FROM pg_catalog.jsonb_each($3::pg_catalog.jsonb)),"
        " gone AS (DELETE FROM tidemark.plugin_state s USING given g"
        "  WHERE s.user_id = $1::pg_catalog.uuid AND s.plugin = $2 AND s.key = g.key AND pg_catalog.jsonb_typeof(g.value) = "
        "'null')"
        " INSERT INTO tidemark.plugin_state AS s (user_id, plugin, key, value, updated_at)"
        " SELECT $1::pg_catalog.uuid, $2, key, value, pg_catalog.now() FROM given"
        "  WHERE pg_catalog.jsonb_typeof(value) <> 'null'"
        " ON CONFLICT (user_id, plugin, key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at";
    struct call *c = b->call;
    if (c->state_json == NULL || c->state_json[0] == '\0')
        return;
    const char **value = arena_alloc(&c->arena, 3 * sizeof *value);
    value[0] = c->port->owner;
    value[1] = c->port->plugin;
    value[2] = c->state_json;
    size_t at = add(b, sql);
    b->s[at].n = 3;
    b->s[at].value = value;
}

/* Where the login could be talked into being somebody else, each statement says again who it is for. */
static void add_again(struct batch *b)
{
    if (!b->call->port->o.walled)
        add_identity(b);
}

static void add_statement(struct batch *b, const char *sql)
{
    const struct call *c = b->call;
    const struct run_port *p = c->port;
    if (!p->o.writes && !c->link->begun)
        add_reader(b);
    else if (p->o.writes && c->tx == NULL)
        add_begin(b);
    else
        add_again(b);
    add_main(b, sql);
}

static void build(struct batch *b)
{
    struct call *c = b->call;
    const struct run_port *p = c->port;
    bool failed = db_conn_transaction(c->link->lease->conn) == PQTRANS_INERROR;
    switch (c->kind) {
    case CALL_QUERY:
        add_statement(b, c->statement.sql);
        if (p->o.writes && c->tx == NULL) {
            add_state(b);
            add(b, "COMMIT");
        }
        break;
    case CALL_OPEN:
        add_statement(b, arena_printf(&c->arena, "DECLARE tidemark_%u NO SCROLL CURSOR FOR %s", c->number, c->statement.sql));
        break;
    case CALL_FETCH:
        add_again(b);
        c->main = add(b, arena_printf(&c->arena, "FETCH FORWARD %zu FROM tidemark_%u", c->rows, c->number));
        break;
    case CALL_BEGIN:
        if (p->o.writes)
            add_begin(b);
        else if (!c->link->begun)
            add_reader(b);
        else
            add_identity(b);
        break;
    case CALL_COMMIT:
        if (p->o.writes && !failed)
            add_state(b);
        c->main = add(b, p->o.writes ? "COMMIT" : "ROLLBACK TO SAVEPOINT " SAVEPOINT);
        break;
    case CALL_CLOSE: add(b, arena_printf(&c->arena, "CLOSE tidemark_%u", c->number)); break;
    default: add(b, c->link->begun ? "ROLLBACK TO SAVEPOINT " SAVEPOINT : "ROLLBACK"); break;
    }
}

static void on_done(struct wait *w)
{
    link_ended(w->waiter);
}

void call_send(struct call *c)
{
    struct batch b = {.call = c};
    build(&b);
    budget_step(c->port, 1);
    c->db = db_conn_batch(c->link->lease->conn, b.s, b.n, 0);
    c->db->wait.waiter = c;
    c->db->wait.wake = on_done;
    if (c->db->wait.done)
        on_done(&c->db->wait);
}
