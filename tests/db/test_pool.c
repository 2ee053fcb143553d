/* Leases: waiting, dropping, coming back dirty; connections that die, servers that restart. */
#include <signal.h>

#include "fixture.h"

static void kill_backend(struct fixture *f, int pid)
{
    char *sql = mem_printf("SELECT pg_terminate_backend(%d, 5000)", pid);
    assert_string_equal(side(f, sql), "t");
    mem_free(sql);
}

static void wait_for(struct fixture *f, const char *condition)
{
    char *sql = mem_printf("SELECT count(*) > 0 FROM pg_stat_activity WHERE %s", condition);
    for (int i = 0; i < 1000 && strcmp(side(f, sql), "t") != 0; i++)
        loop_sleep(f->loop, 10);
    assert_string_equal(side(f, sql), "t");
    mem_free(sql);
}

static void a_full_pool_makes_leases_wait(void **state)
{
    (void)state;
    struct fixture f;
    fixture_open(&f, (struct db_pool_options){.max = 2});
    struct db_lease *l[5];
    for (int i = 0; i < 5; i++)
        l[i] = db_pool_lease(f.pool);
    loop_await(f.loop, &l[1]->wait);
    loop_await(f.loop, &l[0]->wait);
    assert_false(l[2]->wait.done);
    db_lease_end(&l[2]); /* before it is done */
    wait_drop(&l[3]->wait);
    assert_int_equal(l[3]->err.kind, ERR_CANCELLED);
    struct db_conn *first = l[0]->conn;
    db_lease_end(&l[0]);
    loop_await(f.loop, &l[4]->wait);
    assert_ptr_equal(l[4]->conn, first);
    assert_string_equal(side(&f, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tidemark'"), "2");
    db_lease_end(&l[1]);
    db_lease_end(&l[3]);
    db_pool_close(&f.pool); /* one is still out */
    assert_null(l[4]->conn);
    db_lease_end(&l[4]);
    fixture_close(&f);
}

static void a_connection_returned_in_a_transaction_is_rolled_back(void **state)
{
    (void)state;
    struct fixture f;
    fixture_open(&f, (struct db_pool_options){.max = 1});
    side(&f, "CREATE TABLE dirty (x int)");
    struct err e = {0};
    for (int failed = 0; failed < 2; failed++) {
        struct db_session *s = session(&f);
        int pid = db_conn_backend_pid(db_session_conn(s));
        assert_int_equal(db_begin(s, "", &e), 0);
        run_ok(s, "INSERT INTO dirty VALUES (1)");
        if (failed)
            run_fails(s, "SELECT 1 / 0", ERR_BUG, "division by zero");
        db_session_close(&s);
        s = session(&f);
        assert_int_equal(db_conn_backend_pid(db_session_conn(s)), pid);
        run_fails(s, "SAVEPOINT x", ERR_BUG, "can only be used in transaction blocks");
        assert_int_equal(db_exec_count(s, "SELECT * FROM dirty", NULL, &e), 0);
        db_session_close(&s);
    }
    /* With a statement that still runs, and others behind it, too. */
    struct db_lease *l = db_pool_lease(f.pool);
    loop_await(f.loop, &l->wait);
    struct db_req *req[3];
    req[0] = db_conn_query(l->conn, "BEGIN", NULL, 0);
    req[1] = db_conn_query(l->conn, "SELECT pg_sleep(600)", NULL, 0);
    req[2] = db_conn_query(l->conn, "INSERT INTO dirty VALUES (2)", NULL, 0);
    loop_await(f.loop, &req[0]->wait);
    db_lease_end(&l);
    struct db_session *s = session(&f);
    assert_int_equal(req[1]->err.kind, ERR_CANCELLED);
    assert_int_equal(req[2]->err.kind, ERR_CANCELLED);
    assert_int_equal(db_exec_count(s, "SELECT * FROM dirty", NULL, &e), 0);
    for (int i = 0; i < 3; i++)
        db_req_unref(&req[i]);
    db_session_close(&s);
    side(&f, "DROP TABLE dirty");
    fixture_close(&f);
}

static void a_backend_killed_in_a_statement_is_told_once(void **state)
{
    (void)state;
    struct fixture f;
    fixture_open(&f, (struct db_pool_options){.max = 1});
    struct db_session *s = session(&f);
    struct db_conn *c = db_session_conn(s);
    struct db_req *req = db_conn_query(c, "SELECT pg_sleep(600)", NULL, 0);
    struct db_req *behind = db_conn_query(c, "SELECT 1", NULL, 0);
    wait_for(&f, "query LIKE 'SELECT pg_sleep%'");
    kill_backend(&f, db_conn_backend_pid(c));
    loop_await(f.loop, &req->wait);
    assert_int_equal(req->err.kind, ERR_LOST);
    assert_string_equal(req->err.sqlstate, "57P01");
    contains(req->err.text, "the connection to the database was lost: terminating connection");
    assert_int_equal(behind->err.kind, ERR_LOST);
    struct db_req *late = db_conn_query(c, "SELECT 1", NULL, 0);
    assert_int_equal(late->err.kind, ERR_LOST);
    db_req_unref(&req);
    db_req_unref(&behind);
    db_req_unref(&late);
    run_fails(s, "SELECT 1", ERR_LOST, "was lost");
    run_ok(s, "SELECT 1");
    /* A transaction stays lost until it is given up. */
    struct err e = {0};
    assert_int_equal(db_begin(s, "", &e), 0);
    kill_backend(&f, db_conn_backend_pid(db_session_conn(s)));
    run_fails(s, "SELECT 1", ERR_LOST, "terminating connection");
    run_fails(s, "SELECT 1", ERR_LOST, "transaction was lost");
    db_rollback(s);
    run_ok(s, "SELECT 1");
    db_session_close(&s);
    fixture_close(&f);
}

static void an_idle_connection_that_died_is_not_lent(void **state)
{
    (void)state;
    struct fixture f;
    fixture_open(&f, (struct db_pool_options){.max = 2});
    for (int noticed = 0; noticed < 2; noticed++) {
        struct db_session *s = session(&f);
        int pid = db_conn_backend_pid(db_session_conn(s));
        db_session_close(&s);
        kill_backend(&f, pid);
        if (noticed)
            loop_sleep(f.loop, 20);
        s = session(&f);
        run_ok(s, "SELECT 1");
        db_session_close(&s);
    }
    fixture_close(&f);
}

static void a_restarted_server_is_found_again(void **state)
{
    (void)state;
    struct fixture f;
    fixture_open(&f, (struct db_pool_options){.max = 2, .retry_for_ms = 30000});
    struct db_session *s = session(&f);
    struct db_req *req = db_conn_query(db_session_conn(s), "SELECT pg_sleep(600)", NULL, 0);
    wait_for(&f, "query LIKE 'SELECT pg_sleep%'");
    control("restart -m immediate");
    loop_await(f.loop, &req->wait);
    assert_int_equal(req->err.kind, ERR_LOST);
    db_req_unref(&req);
    db_rollback(s);
    run_ok(s, "SELECT 1"); /* between */
    control("restart -m fast");
    run_fails(s, "SELECT 1", ERR_LOST, "lost");
    run_ok(s, "SELECT 1");
    db_session_close(&s);
    control("stop -m fast");
    assert_int_equal(system("(sleep 1; exec \"$TIDEMARK_PG_CTL\" start) >/dev/null 2>&1 </dev/null &"), 0);
    s = session(&f); /* keeps trying while the server is away */
    run_ok(s, "SELECT 1");
    db_session_close(&s);
    control("restart -m fast"); /* also waits for the start in the background */
    PQreset(f.side);
    fixture_close(&f);
}

static void a_timeout_cancels_on_the_server(void **state)
{
    (void)state;
    struct fixture f;
    fixture_open(&f, (struct db_pool_options){.max = 1});
    struct db_session *s = session(&f);
    int pid = db_conn_backend_pid(db_session_conn(s));
    db_session_timeout(s, 60);
    run_fails(s, "SELECT pg_sleep(600)", ERR_TEMPORARY, "timed out after 60 ms\nstatement: SELECT pg_sleep(600)");
    assert_string_equal(side(&f, "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%sleep(600)' "
                                 "AND pid <> pg_backend_pid()"),
                        "0");
    run_ok(s, "SELECT 1");
    assert_int_equal(db_conn_backend_pid(db_session_conn(s)), pid); /* the same connection goes on */
    db_session_close(&s);
    fixture_close(&f);
}

enum { VICTIMS = 60, BYSTANDERS = 40, STORM = VICTIMS + BYSTANDERS };

static void a_cancel_never_hits_a_bystander(void **state)
{
    (void)state;
    struct fixture f;
    fixture_open(&f, (struct db_pool_options){.max = 4});
    struct db_lease *lease[STORM];
    struct db_req *req[STORM] = {0};
    int hit = 0, cancelled = 0, over = 0;
    for (int i = 0; i < STORM; i++)
        lease[i] = db_pool_lease(f.pool);
    for (int round = 0; over < STORM; round++) {
        must(round < 100000);
        loop_poll(f.loop);
        for (int i = 0; i < STORM; i++) {
            bool victim = i % 5 < 3;
            if (lease[i] == NULL || !lease[i]->wait.done)
                continue;
            if (req[i] == NULL) {
                req[i] = db_conn_query(lease[i]->conn, victim ? "SELECT pg_sleep(600)" : "SELECT pg_sleep(0.002)", NULL, 0);
                if (victim && i % 2 == 0)
                    db_req_cancel(req[i]); /* the server may not even have begun */
            } else if (!req[i]->wait.done) {
                if (victim)
                    db_req_cancel(req[i]); /* asking again is harmless */
            } else {
                cancelled += victim && req[i]->err.kind == ERR_CANCELLED;
                hit += !victim && req[i]->err.kind != ERR_NONE;
                db_req_unref(&req[i]);
                db_lease_end(&lease[i]);
                over++;
            }
        }
        loop_sleep(f.loop, 1);
    }
    assert_int_equal(hit, 0);
    assert_int_equal(cancelled, VICTIMS);
    fixture_close(&f);
}

static void on_alarm(uv_timer_t *timer)
{
    uv_close((uv_handle_t *)timer, NULL);
    kill(getpid(), SIGINT);
}

static void a_signal_cancels_what_is_waited_for(void **state)
{
    (void)state;
    struct fixture f;
    fixture_open(&f, (struct db_pool_options){.max = 1});
    loop_catch_signals(f.loop);
    struct db_session *s = session(&f);
    uv_timer_t timer;
    uv_timer_init(loop_uv(f.loop), &timer);
    uv_timer_start(&timer, on_alarm, 30, 0);
    run_fails(s, "SELECT pg_sleep(600)", ERR_CANCELLED, "cancelled\nstatement: SELECT pg_sleep(600)");
    assert_true(loop_interrupted(f.loop));
    assert_int_equal(loop_signal(f.loop), SIGINT);
    run_ok(s, "SELECT 1"); /* cleaning up is still possible */
    db_session_close(&s);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_pool_makes_leases_wait),
        cmocka_unit_test(a_connection_returned_in_a_transaction_is_rolled_back),
        cmocka_unit_test(a_backend_killed_in_a_statement_is_told_once),
        cmocka_unit_test(an_idle_connection_that_died_is_not_lent),
        cmocka_unit_test(a_restarted_server_is_found_again),
        cmocka_unit_test(a_timeout_cancels_on_the_server),
        cmocka_unit_test(a_cancel_never_hits_a_bystander),
        cmocka_unit_test(a_signal_cancels_what_is_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
