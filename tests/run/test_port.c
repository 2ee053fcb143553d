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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_reads_as_its_owner),
        cmocka_unit_test(a_run_that_writes_commits_each_statement),
        cmocka_unit_test(a_failed_statement_leaves_a_reader_its_state),
        cmocka_unit_test(a_transaction_is_kept_or_taken_back),
        cmocka_unit_test(sleeps_do_not_hinder_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
