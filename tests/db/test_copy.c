/* COPY … FROM STDIN: whole, failing, given up by either side, and larger than what may lie in memory. */
#include "base/buf.h"
#include "data/pgcopy.h"
#include "fixture.h"

static void rows_go_in_whole(void **state)
{
    (void)state;
    struct fixture f;
    fixture_open(&f, (struct db_pool_options){.max = 1});
    struct db_session *s = session(&f);
    struct err e = {0};
    int64_t rows = 0;
    run_ok(s, "CREATE TEMP TABLE t (id int8, name text)");
    const char *text = "1\tone\n2\ttwo\n";
    assert_int_equal(db_copy_in(s, "COPY t FROM STDIN", text, strlen(text), &rows, &e), 0);
    assert_int_equal(rows, 2);
    struct buf b = {0};
    pgcopy_header(&b);
    pgcopy_row(&b, 2);
    pgcopy_int8(&b, 7777777777777777777);
    pgcopy_text(&b, "é", 2);
    pgcopy_trailer(&b);
    assert_int_equal(db_copy_in(s, "COPY t FROM STDIN (FORMAT binary)", b.data, b.len, &rows, &e), 0);
    assert_int_equal(rows, 1);
    buf_free(&b);
    assert_int_equal(db_copy_in(s, "COPY t FROM STDIN", "", 0, &rows, &e), 0);
    assert_int_equal(rows, 0);
    assert_int_equal(db_exec_count(s, "SELECT FROM t WHERE id = 7777777777777777777 AND name = 'é'", NULL, &e), 1);
    db_session_close(&s);
    fixture_close(&f);
}

static void a_bad_row_is_named(void **state)
{
    (void)state;
    struct fixture f;
    fixture_open(&f, (struct db_pool_options){.max = 1});
    struct db_session *s = session(&f);
    struct err e = {0};
    int64_t rows = 0;
    run_ok(s, "CREATE TEMP TABLE t (id int8 PRIMARY KEY)");
    assert_int_equal(db_copy_in(s, "COPY t FROM STDIN", "1\nx\n", 4, &rows, &e), -1);
    contains(e.text, "invalid input syntax for type bigint: \"x\"");
    contains(e.text, "where: COPY t, line 2, column id: \"x\"");
    assert_int_equal(db_copy_in(s, "COPY t FROM STDIN", "1\n1\n", 4, &rows, &e), -1);
    assert_int_equal(e.kind, ERR_CONFLICT);
    assert_int_equal(db_copy_in(s, "COPY missing FROM STDIN", "1\n", 2, &rows, &e), -1);
    contains(e.text, "relation \"missing\" does not exist");
    assert_int_equal(db_copy_in(s, "SELECT 1", "1\n", 2, &rows, &e), -1);
    contains(e.text, "not a COPY … FROM STDIN: SELECT 1");
    assert_int_equal(db_copy_in(s, "COPY t TO STDOUT", "1\n", 2, &rows, &e), -1);
    contains(e.text, "COPY … TO STDOUT is not supported");
    assert_int_equal(db_exec_count(s, "SELECT FROM t", NULL, &e), 0);
    db_session_close(&s);
    fixture_close(&f);
}

static struct db_req *begun(struct fixture *f, struct db_session *s, unsigned timeout_ms)
{
    struct db_req *req = db_conn_copy(db_session_conn(s), "COPY big FROM STDIN", timeout_ms);
    loop_await(f->loop, db_copy_started(req));
    assert_false(req->wait.done);
    db_copy_write(req, "1\n", 2);
    return req;
}

static void either_side_may_give_up(void **state)
{
    (void)state;
    struct fixture f;
    fixture_open(&f, (struct db_pool_options){.max = 1});
    struct db_session *s = session(&f);
    struct err e = {0};
    run_ok(s, "CREATE TABLE big (x text)");

    struct db_req *req = begun(&f, s, 0);
    db_copy_end(req, "line 3 of a.json is bad");
    loop_await(f.loop, &req->wait);
    assert_int_equal(req->err.kind, ERR_CANCELLED);
    contains(req->err.text, "line 3 of a.json is bad");
    db_req_unref(&req);

    req = begun(&f, s, 0);
    db_req_cancel(req);
    db_copy_write(req, "2\n", 2); /* too late, and harmless */
    loop_await(f.loop, &req->wait);
    assert_int_equal(req->err.kind, ERR_CANCELLED);
    db_req_unref(&req);

    req = begun(&f, s, 40);
    loop_await(f.loop, &req->wait);
    assert_int_equal(req->err.kind, ERR_TEMPORARY);
    contains(req->err.text, "timed out after 40 ms");
    db_req_unref(&req);

    req = begun(&f, s, 0);
    db_req_unref(&req); /* left open by whoever began it */
    run_ok(s, "SELECT 1");

    req = begun(&f, s, 0);
    char *sql = mem_printf("SELECT pg_terminate_backend(%d, 5000)", db_conn_backend_pid(db_session_conn(s)));
    side(&f, sql);
    mem_free(sql);
    loop_await(f.loop, &req->wait);
    assert_int_equal(req->err.kind, ERR_LOST);
    contains(req->err.text, "terminating connection");
    db_req_unref(&req);

    db_rollback(s);
    assert_int_equal(db_exec_count(s, "SELECT FROM big", NULL, &e), 0);
    run_ok(s, "DROP TABLE big");
    db_session_close(&s);
    fixture_close(&f);
}

/* 50 MB, of which never more than a little over 1 MiB may lie in libpq's buffer. */
static void what_waits_to_be_sent_is_known(void **state)
{
    (void)state;
    struct fixture f;
    fixture_open(&f, (struct db_pool_options){.max = 1});
    struct db_session *s = session(&f);
    enum { PIECE = 256 * 1024, PIECES = 200 };
    char *data = mem_alloc(PIECE);
    memset(data, 'x', PIECE);
    for (int i = 63; i < PIECE; i += 64)
        data[i] = '\n';
    side(&f, "CREATE UNLOGGED TABLE big (x text)");
    struct db_req *req = begun(&f, s, 0);
    size_t most = 0;
    for (int i = 0; i < PIECES; i++) {
        db_copy_write(req, data, PIECE);
        size_t backlog = db_copy_backlog(req);
        most = backlog > most ? backlog : most;
        if (backlog >= 1024 * 1024)
            loop_await(f.loop, db_copy_drained(req));
        assert_true(backlog < 1024 * 1024 || db_copy_backlog(req) == 0);
    }
    assert_true(most < 2 * 1024 * 1024);
    db_copy_end(req, NULL);
    loop_await(f.loop, &req->wait);
    assert_int_equal(req->affected, 1 + (int64_t)PIECE * PIECES / 64);
    db_req_unref(&req);
    mem_free(data);
    side(&f, "DROP TABLE big");
    db_session_close(&s);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_go_in_whole),
        cmocka_unit_test(a_bad_row_is_named),
        cmocka_unit_test(either_side_may_give_up),
        cmocka_unit_test(what_waits_to_be_sent_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
