/* The port of a run: whose data, one state of it, transactions, what ends early. */
#include "port_fixture.h"

static const struct run_port_options reads = {0}, writes = {.writes = true};

static void a_run_reads_as_its_owner(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, (struct db_pool_options){0}, reads);
    assert_string_equal(value(&w, "SELECT current_user"), "authenticated");
    assert_string_equal(value(&w, "SELECT count(*) FROM note"), "10");
    assert_string_equal(value(&w, "SELECT string_agg(DISTINCT user_id::text, ',') FROM note"), ANN);
    fails(&w, ask(&w, "INSERT INTO note VALUES (100, 'x')", false), ERR_PLUGIN, "read-only transaction");
    fails(&w, ask(&w, "INSERT INTO note VALUES (100, 'x')", true), ERR_PLUGIN, "a report or a rule only reads");
    world_close(&w);
}

static void a_run_that_writes_commits_each_statement(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, (struct db_pool_options){0}, writes);
    struct port_req *req = await(&w, ask(&w, "INSERT INTO note VALUES (100, 'x'), (101, 'y') RETURNING n", true));
    assert_int_equal(req->err.kind, ERR_NONE);
    assert_int_equal(req->affected, 2);
    assert_int_equal(req->n_row, 2);
    assert_string_equal(req->column[0].name, "n");
    assert_int_equal(req->column[0].type, 23);
    w.port->free(&req);
    assert_string_equal(side(&w.f, "SELECT count(*) FROM tidemark.note WHERE user_id = '" ANN "' AND n >= 100"), "2");
    req = await(&w, ask(&w, "INSERT INTO note VALUES (2, 'again')", true));
    assert_int_equal(req->err.kind, ERR_PLUGIN);
    assert_string_equal(req->err.sqlstate, "23505");
    assert_string_equal(req->trouble.constraint, "note_pkey");
    assert_string_equal(req->trouble.message, "duplicate key value violates unique constraint \"note_pkey\"");
    assert_null(req->trouble.detail); /* under row level security the server does not say which value */
    w.port->free(&req);
    req = await(&w, ask(&w, "SELECT nothing FROM note", false));
    assert_int_equal(req->trouble.position, 8);
    w.port->free(&req);
    fails(&w, ask(&w, "DELETE FROM note", false), ERR_PLUGIN, "cannot execute DELETE in a read-only transaction");
    assert_string_equal(value(&w, "SELECT count(*) FROM note"), "12");
    assert_string_equal(side(&w.f, "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in%'"), "0");
    world_close(&w);
}

static void a_failed_statement_leaves_a_reader_its_state(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, (struct db_pool_options){0}, reads);
    assert_string_equal(value(&w, "SELECT count(*) FROM note"), "10");
    side(&w.f, "INSERT INTO tidemark.note VALUES (102, 'new', '" ANN "')");
    fails(&w, ask(&w, "SELECT 1 / 0", false), ERR_PLUGIN, "division by zero");
    assert_string_equal(value(&w, "SELECT count(*) FROM note"), "10");
    struct port_req *req[8];
    for (int i = 0; i < 8; i++) /* over all its connections, too */
        req[i] = ask(&w, i % 2 ? "SELECT count(*) FROM note, pg_sleep(0.05)" : "SELECT 1 / 0 FROM pg_sleep(0.05)", false);
    for (int i = 0; i < 8; i++)
        if (i % 2)
            assert_string_equal(take(&w, req[i]), "10");
        else
            fails(&w, req[i], ERR_PLUGIN, "division by zero");
    assert_string_equal(side(&w.f, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tidemark'"), "4");
    world_close(&w);
}

static void a_transaction_is_kept_or_taken_back(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, (struct db_pool_options){0}, writes);
    const struct port *p = w.port;
    for (int keep = 0; keep < 2; keep++) {
        struct port_req *req = await(&w, p->begin(p->host, "serializable", true));
        assert_int_equal(req->err.kind, ERR_NONE);
        struct port_tx *tx = req->tx;
        p->free(&req);
        struct port_query q = {.tx = tx, .writes = true, .sql = "UPDATE note SET body = 'changed'"};
        req = await(&w, p->query(p->host, &q));
        assert_int_equal(req->affected, 10);
        p->free(&req);
        q.sql = "SELECT current_setting('transaction_isolation')";
        assert_string_equal(take(&w, p->query(p->host, &q)), "serializable");
        if (keep) {
            req = await(&w, p->commit(p->host, tx, "{\"seen\": {\"n\": 12}, \"gone\": null}"));
            assert_int_equal(req->err.kind, ERR_NONE);
            p->free(&req);
        } else {
            p->rollback(p->host, &tx);
            assert_null(tx);
        }
        assert_string_equal(value(&w, "SELECT count(*) FROM note WHERE body = 'changed'"), keep ? "10" : "0");
    }
    assert_string_equal(side(&w.f, "SELECT plugin || key || value FROM tidemark.plugin_state WHERE user_id = '" ANN "'"),
                        "testseen{\"n\": 12}");
    struct port_req *req = await(&w, p->begin(p->host, NULL, true));
    struct port_tx *tx = req->tx;
    p->free(&req);
    fails(&w, p->query(p->host, &(struct port_query){.tx = tx, .sql = "SELECT 1 / 0"}), ERR_PLUGIN, "division by zero");
    fails(&w, p->commit(p->host, tx, "{\"seen\": 13}"), ERR_PLUGIN,
          "the transaction was rolled back, as a statement in it had failed");
    assert_string_equal(side(&w.f, "SELECT value ->> 'n' FROM tidemark.plugin_state"), "12");
    world_close(&w);
}

static void sleeps_do_not_hinder_each_other(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, (struct db_pool_options){0}, reads);
    struct port_req *req[100];
    for (int i = 0; i < 100; i++)
        req[i] = w.port->sleep(w.port->host, (unsigned)(i % 10));
    struct port_req *longer = w.port->sleep(w.port->host, 600000);
    for (int i = 0; i < 100; i++)
        take(&w, req[i]);
    w.port->free(&longer);
    world_close(&w);
}

static void begin(struct world *w, struct port_tx **tx)
{
    struct port_req *req = await(w, w->port->begin(w->port->host, NULL, w->writes));
    assert_int_equal(req->err.kind, ERR_NONE);
    *tx = req->tx;
    w->port->free(&req);
}

static void a_cursor_reads_a_result_piece_by_piece(void **state)
{
    (void)state;
    for (int writing = 0; writing < 2; writing++) {
        struct world w;
        world_open(&w, (struct db_pool_options){0}, writing ? writes : reads);
        const struct port *p = w.port;
        struct port_param limit = {.type = 20, .data = "100000", .len = 6};
        struct port_query q = {
            .sql = "SELECT n, repeat('x', 100) FROM generate_series(1, $1) n;", .param = &limit, .n_param = 1};
        struct port_req *req = await(&w, p->open(p->host, &q));
        assert_int_equal(req->err.kind, ERR_NONE);
        struct port_cursor *cursor = req->cursor;
        p->free(&req);
        size_t rows = 0, pieces = 0, most = 0;
        for (bool last = false; !last; pieces++) {
            req = await(&w, p->fetch(p->host, cursor, 200000));
            assert_int_equal(req->err.kind, ERR_NONE);
            last = req->last;
            rows += req->n_row;
            most = req->n_row > most ? req->n_row : most;
            p->free(&req);
        }
        assert_int_equal(rows, 100000);
        assert_in_range(pieces, 50, 500); /* about 200 kB each, the first ones less */
        assert_in_range(most, 500, 2000);
        p->close(p->host, &cursor);
        assert_null(cursor);
        assert_string_equal(value(&w, "SELECT count(*) FROM pg_cursors WHERE name LIKE 'tidemark%'"), "0");
        fails(&w, p->open(p->host, &(struct port_query){.sql = "DELETE FROM note RETURNING n"}), ERR_PLUGIN,
              "rows one by one come of SELECT, WITH, VALUES or TABLE only");
        req = await(&w, p->open(p->host, &(struct port_query){.sql = "SELECT nothing FROM note"}));
        assert_int_equal(req->trouble.position, 8);
        assert_string_equal(req->err.sqlstate, "42703");
        p->free(&req);
        assert_string_equal(side(&w.f, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tidemark'"), "1");
        world_close(&w);
    }
}

static void a_cursor_ends_with_its_transaction(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, (struct db_pool_options){0}, writes);
    const struct port *p = w.port;
    struct port_tx *tx = NULL;
    begin(&w, &tx);
    struct port_req *req = await(&w, p->open(p->host, &(struct port_query){.tx = tx, .sql = "SELECT n FROM note"}));
    struct port_cursor *cursor = req->cursor, *other = NULL;
    p->free(&req);
    req = await(&w, p->open(p->host, &(struct port_query){.tx = tx, .sql = "SELECT n FROM note"}));
    other = req->cursor;
    p->free(&req);
    p->close(p->host, &other);
    req = await(&w, p->fetch(p->host, cursor, 100000));
    assert_int_equal(req->n_row, 8);
    assert_false(req->last);
    p->free(&req);
    req = await(&w, p->commit(p->host, tx, NULL));
    assert_int_equal(req->err.kind, ERR_NONE);
    p->free(&req);
    fails(&w, p->fetch(p->host, cursor, 100000), ERR_LOST, "the rows cannot be read on: their transaction has ended");
    p->close(p->host, &cursor);
    world_close(&w);
}

static void who_can_never_get_a_connection_is_told(void **state)
{
    (void)state;
    for (int writing = 0; writing < 2; writing++) {
        struct world w;
        world_open(&w, (struct db_pool_options){0}, writing ? writes : reads);
        const struct port *p = w.port;
        struct port_tx *tx[4];
        for (int i = 0; i < 4; i++)
            begin(&w, &tx[i]);
        struct port_req *clock = p->sleep(p->host, 600000); /* as the run's own deadline is */
        struct port_req *first = ask(&w, "SELECT 1", false), *second = ask(&w, "SELECT 2", false);
        fails(&w, first, ERR_PLUGIN,
              "a statement waits for a connection, and all 4 of this run are held by transactions and loops");
        p->rollback(p->host, &tx[2]);
        assert_string_equal(take(&w, second), "2");
        p->free(&clock);
        for (int i = 0; i < 4; i++)
            p->rollback(p->host, &tx[i]);
        world_close(&w);
    }
}

static void a_request_that_nobody_wants_is_cancelled_on_the_server(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, (struct db_pool_options){0}, writes);
    const struct port *p = w.port;
    struct port_req *slow[6];
    for (int i = 0; i < 6; i++) /* two of them wait for a connection */
        slow[i] = ask(&w, "INSERT INTO note SELECT 200 FROM pg_sleep(600)", true);
    for (int i = 0;
         i < 1000 && strcmp(side(&w.f, "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"), "4") != 0; i++)
        take(&w, p->sleep(p->host, 10));
    wait_drop(&slow[0]->wait);
    for (int i = 1; i < 6; i++)
        p->free(&slow[i]);
    fails(&w, slow[0], ERR_CANCELLED, "cancelled");
    assert_string_equal(value(&w, "SELECT count(*) FROM note"), "10");
    for (int i = 0;
         i < 1000 && strcmp(side(&w.f, "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"), "0") != 0; i++)
        take(&w, p->sleep(p->host, 10));
    assert_string_equal(side(&w.f,
                             "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND state = 'active'"
                             " AND pid <> pg_backend_pid()"),
                        "0");
    exec_ok(&w, "INSERT INTO note VALUES (200)");
    world_close(&w);
}

static void the_database_works_for_so_long_and_no_longer(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, (struct db_pool_options){0}, (struct run_port_options){.writes = true, .db_ms = 500});
    const struct port *p = w.port;
    struct port_tx *tx = NULL;
    begin(&w, &tx);
    struct port_query q = {.tx = tx, .writes = true, .sql = "INSERT INTO note VALUES (300)"};
    take(&w, p->query(p->host, &q));
    struct port_req *slow[5];
    for (int i = 0; i < 5; i++) /* one of them waits for a connection */
        slow[i] = ask(&w, "SELECT pg_sleep(600)", false);
    for (int i = 0; i < 5; i++)
        fails(&w, slow[i], ERR_PLUGIN, "used more than 500 ms of database time (limits.db_s)");
    fails(&w, ask(&w, "SELECT 1", false), ERR_PLUGIN, "used more than 500 ms of database time (limits.db_s)");
    struct port_req *req = await(&w, p->commit(p->host, tx, NULL)); /* what was done in time counts */
    assert_int_equal(req->err.kind, ERR_NONE);
    p->free(&req);
    assert_string_equal(side(&w.f, "SELECT count(*) FROM tidemark.note WHERE n = 300"), "1");
    world_close(&w);
}

static void a_lost_connection_is_told_and_replaced(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, (struct db_pool_options){0}, reads);
    char *kill = mem_printf("SELECT pg_terminate_backend(%s, 5000)", value(&w, "SELECT pg_backend_pid()"));
    struct port_req *slow = ask(&w, "SELECT pg_sleep(600)", false);
    side(&w.f, kill);
    fails(&w, slow, ERR_LOST, "terminating connection due to administrator command");
    side(&w.f, "INSERT INTO tidemark.note VALUES (400, 'new', '" ANN "')");
    assert_string_equal(value(&w, "SELECT count(*) FROM note"), "11");
    contains(w.logged, "what is read from now on is a newer state of the data");
    mem_free(kill);
    world_close(&w);

    world_open(&w, (struct db_pool_options){.retry_for_ms = 20000}, writes);
    struct port_tx *tx = NULL;
    begin(&w, &tx);
    control("restart -m fast");
    PQreset(w.f.side);
    fails(&w, w.port->query(w.port->host, &(struct port_query){.tx = tx, .sql = "SELECT 1"}), ERR_LOST, "connection");
    fails(&w, w.port->commit(w.port->host, tx, NULL), ERR_LOST, "the transaction was lost with its connection");
    exec_ok(&w, "INSERT INTO note VALUES (401)");
    world_close(&w);
}

static void a_server_that_is_away_is_told_to_all(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, (struct db_pool_options){.uri = "host=/nowhere"}, reads);
    struct port_req *req[20];
    for (int i = 0; i < 20; i++)
        req[i] = ask(&w, "SELECT 1", false);
    for (int i = 0; i < 20; i++)
        fails(&w, req[i], ERR_UNAVAILABLE, "cannot connect to");
    world_close(&w);
}

static void rights_are_looked_at_before_a_run(void **state)
{
    (void)state;
    struct world w;
    struct err e = {0};
    world_open(&w, (struct db_pool_options){0}, reads);
    side(&w.f, "DROP SCHEMA IF EXISTS reference CASCADE; ");
    side(&w.f, "CREATE SCHEMA reference");
    side(&w.f, "CREATE TABLE reference.holidays (day date)");
    static const char *const tables[] = {"reference.holidays", "reference.nothing", "tidemark.note"};
    assert_int_equal(run_port_check(w.run, tables, 3, &e), -1);
    assert_int_equal(e.kind, ERR_CONFIG);
    assert_string_equal(
        e.text, "plugins.test.grant.tables: reference.holidays may not be read by role authenticated. In \"tidemark db psql\" "
                "type:\n  GRANT USAGE ON SCHEMA reference TO authenticated; GRANT SELECT ON reference.holidays TO "
                "authenticated;\nplugins.test.grant.tables: reference.nothing is not there (written as schema.table?)");
    run_port_close(&w.run);
    side(&w.f, "GRANT USAGE ON SCHEMA reference TO authenticated");
    side(&w.f, "GRANT SELECT ON reference.holidays TO authenticated");
    run_as(&w, ANN, reads);
    assert_int_equal(run_port_check(w.run, tables, 1, &e), 0);
    run_port_close(&w.run);
    run_as(&w, ANN, (struct run_port_options){.role = "nobody_there"});
    assert_int_equal(run_port_check(w.run, NULL, 0, &e), -1);
    contains(e.text, "role \"nobody_there\" does not exist");
    contains(e.text, "CREATE ROLE \"nobody_there\" NOLOGIN; GRANT authenticated TO \"nobody_there\";");
    run_port_close(&w.run);
    run_as(&w, ANN, (struct run_port_options){.role = "postgres"});
    assert_int_equal(run_port_check(w.run, NULL, 0, &e), -1);
    contains(e.text, "'postgres' is a superuser or has BYPASSRLS, so it would see every owner's rows");
    run_port_close(&w.run);
    side(&w.f, "DROP ROLE IF EXISTS test_reader");
    side(&w.f, "CREATE ROLE test_reader NOLOGIN");
    side(&w.f, "GRANT authenticated TO test_reader");
    run_as(&w, ANN, (struct run_port_options){.role = "test_reader"});
    assert_int_equal(run_port_check(w.run, tables + 2, 1, &e), 0);
    assert_string_equal(value(&w, "SELECT current_user || count(*) FROM note"), "test_reader10");
    side(&w.f, "DROP ROLE test_reader");
    world_close(&w);
}

static void what_was_kept_comes_back(void **state)
{
    (void)state;
    struct world w;
    struct err e = {0};
    struct buf json = {0};
    world_open(&w, (struct db_pool_options){0}, writes);
    assert_int_equal(run_port_state(w.run, &json, &e), 0);
    assert_string_equal(json.data, "{}");
    take(&w, w.port->query(w.port->host, &(struct port_query){.writes = true,
                                                              .sql = "INSERT INTO note VALUES (500)",
                                                              .state_json = "{\"last\": [1, null, \"x\"]}"}));
    fails(&w,
          w.port->query(
              w.port->host,
              &(struct port_query){.writes = true, .sql = "INSERT INTO note VALUES (500)", .state_json = "{\"last\": 2}"}),
          ERR_PLUGIN, "duplicate key");
    assert_int_equal(run_port_state(w.run, &json, &e), 0);
    assert_string_equal(json.data, "{ \"last\" : [1, null, \"x\"] }");
    run_port_close(&w.run);
    run_as(&w, BOB, writes);
    assert_int_equal(run_port_state(w.run, &json, &e), 0);
    assert_string_equal(json.data, "{}");
    buf_free(&json);
    world_close(&w);
}

static void a_run_that_ends_leaves_nothing(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, (struct db_pool_options){0}, writes);
    const struct port *p = w.port;
    struct port_tx *tx = NULL;
    begin(&w, &tx);
    take(&w, p->query(p->host, &(struct port_query){.tx = tx, .writes = true, .sql = "INSERT INTO note VALUES (600)"}));
    take(&w, p->query(p->host, &(struct port_query){.sql = "SELECT pg_advisory_lock(7)"}));
    struct port_req *open[8];
    for (int i = 0; i < 8; i++)
        open[i] = i % 2 ? p->sleep(p->host, 600000) : ask(&w, "SELECT pg_sleep(600)", false);
    void (*free_req)(struct port_req **) = p->free;
    run_port_close(&w.run);
    for (int i = 0; i < 8; i++) {
        assert_true(open[i]->wait.done);
        assert_int_equal(open[i]->err.kind, ERR_CANCELLED);
        free_req(&open[i]);
    }
    for (int i = 0;
         i < 1000 && strcmp(side(&w.f, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tidemark'"), "0") != 0;
         i++)
        loop_sleep(w.f.loop, 10);
    assert_string_equal(side(&w.f, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"), "0");
    assert_string_equal(side(&w.f, "SELECT count(*) FROM tidemark.note WHERE n = 600"), "0");
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_reads_as_its_owner),
        cmocka_unit_test(a_run_that_writes_commits_each_statement),
        cmocka_unit_test(a_failed_statement_leaves_a_reader_its_state),
        cmocka_unit_test(a_transaction_is_kept_or_taken_back),
        cmocka_unit_test(sleeps_do_not_hinder_each_other),
        cmocka_unit_test(a_cursor_reads_a_result_piece_by_piece),
        cmocka_unit_test(a_cursor_ends_with_its_transaction),
        cmocka_unit_test(who_can_never_get_a_connection_is_told),
        cmocka_unit_test(a_request_that_nobody_wants_is_cancelled_on_the_server),
        cmocka_unit_test(the_database_works_for_so_long_and_no_longer),
        cmocka_unit_test(a_lost_connection_is_told_and_replaced),
        cmocka_unit_test(a_server_that_is_away_is_told_to_all),
        cmocka_unit_test(rights_are_looked_at_before_a_run),
        cmocka_unit_test(what_was_kept_comes_back),
        cmocka_unit_test(a_run_that_ends_leaves_nothing),
    };
    return (getenv("ONLY") ? cmocka_set_test_filter(getenv("ONLY")) : (void)0, cmocka_run_group_tests(tests, NULL, NULL));
}
