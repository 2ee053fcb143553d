/* A run's port on a throw-away server with just enough of the schema: two owners' rows under row level security. */
#pragma once

#include "fixture.h"

#include "data/uuid.h"
#include "host/run_port.h"

#define ANN "aaaaaaaa-0000-7000-8000-000000000001"
#define BOB "bbbbbbbb-0000-7000-8000-000000000002"

struct world {
    struct fixture f;
    struct run_port *run;
    const struct port *port;
    bool writes;
    char logged[1024];
};

static inline void keep_log(void *arg, enum log_level level, const char *text)
{
    struct world *w = arg;
    snprintf(w->logged, sizeof w->logged, "%d %s", (int)level, text);
}

static inline void run_as(struct world *w, const char *owner, struct run_port_options o)
{
    struct uuid id;
    assert_true(uuid_parse(owner, &id));
    o.plugin = o.plugin != NULL ? o.plugin : "test";
    o.what = "test.run";
    o.log = keep_log;
    o.arg = w;
    w->run = run_port_open(w->f.loop, w->f.pool, &id, &o);
    w->port = run_port(w->run);
    w->writes = o.writes;
}

static inline void world_open(struct world *w, struct db_pool_options pool, struct run_port_options o)
{
    *w = (struct world){0};
    fixture_open(&w->f, pool);
    side(&w->f, "DROP SCHEMA IF EXISTS tidemark CASCADE");
    side(&w->f, "CREATE SCHEMA tidemark");
    side(&w->f, "DO $$ BEGIN CREATE ROLE authenticated NOLOGIN NOINHERIT; EXCEPTION WHEN duplicate_object THEN NULL; END $$");
    side(&w->f, "GRANT USAGE ON SCHEMA tidemark TO authenticated");
    side(&w->f, "CREATE TABLE tidemark.plugin_state (plugin text, key text, value jsonb, updated_at timestamptz, user_id uuid,"
                " PRIMARY KEY (user_id, plugin, key))");
    side(&w->f, "CREATE TABLE tidemark.note (n integer PRIMARY KEY, body text,"
                " user_id uuid DEFAULT (current_setting('request.jwt.claims')::jsonb ->> 'sub')::uuid)");
    side(&w->f, "INSERT INTO tidemark.note SELECT n, 'note ' || n, CASE WHEN n % 2 = 0 THEN '" ANN "' ELSE '" BOB "' END::uuid"
                " FROM generate_series(1, 20) n");
    side(&w->f, "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA tidemark TO authenticated");
    side(&w->f, "ALTER TABLE tidemark.note ENABLE ROW LEVEL SECURITY");
    side(&w->f,
         "CREATE POLICY own ON tidemark.note USING (user_id = (current_setting('request.jwt.claims')::jsonb ->> 'sub')::uuid)");
    run_as(w, ANN, o);
}

static inline void world_close(struct world *w)
{
    run_port_close(&w->run);
    fixture_close(&w->f);
}

/* Waits as a driver does: on a wait of its own, which the requests wake. */
static inline void wake(struct wait *w)
{
    struct wait *driver = w->waiter;
    w->waiter = NULL;
    if (!driver->done)
        wait_done(driver);
}

static inline struct port_req *await(struct world *w, struct port_req *req)
{
    while (!req->wait.done) {
        struct wait driver = {0};
        req->wait.waiter = &driver;
        req->wait.wake = wake;
        w->port->await(w->port->host, &driver);
        req->wait.waiter = NULL;
    }
    return req;
}

static inline struct port_req *ask(struct world *w, const char *sql, bool writes)
{
    return w->port->query(w->port->host, &(struct port_query){.sql = sql, .writes = writes});
}

/* The first cell of what a statement gives; "" for none; the caller compares at once. */
static inline const char *take(struct world *w, struct port_req *req)
{
    static char value[256];
    size_t len = 0;
    await(w, req);
    if (req->err.kind != ERR_NONE)
        fail_msg("%s", req->err.text);
    const char *cell = req->n_row > 0 ? w->port->cell(req, 0, 0, &len) : "";
    snprintf(value, sizeof value, "%s", cell != NULL ? cell : "NULL");
    w->port->free(&req);
    return value;
}

static inline const char *value(struct world *w, const char *sql)
{
    return take(w, ask(w, sql, false));
}

static inline void exec_ok(struct world *w, const char *sql)
{
    take(w, ask(w, sql, true));
}

static inline void fails(struct world *w, struct port_req *req, enum err_kind kind, const char *text)
{
    await(w, req);
    contains(req->err.text, text);
    assert_int_equal(req->err.kind, kind);
    w->port->free(&req);
}
